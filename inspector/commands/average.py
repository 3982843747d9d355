"""`inspector average FILE... -o OUT`: the mean of the weights of several checkpoints of one model, saved like any other."""
from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from typing import Any

from inspector import core
from inspector.sentences import said as spoken

from . import files, load
from .arguments import add_json, add_saving
from .output import Failed, Output

_PAIRS = 15             # told one by one in text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = ("The mean of the weights of several checkpoints of one model: added up in float64, then rounded to each tensor's "
                          "type. Integers, the optimizer and all other values are those of the last file.")
    parser.add_argument("files", metavar="FILE", nargs="+", help="the checkpoints, two or more; the last gives everything but the weights")
    parser.add_argument("-o", "--output", metavar="OUT", help="where to save; its ending says the format, and a folder (/ at its "
                        "end) that it is safetensors in several files")
    parser.add_argument("--weights", metavar="W,W,...", help="by how much each file counts, as in 1,2,1")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done, and how alike the files are")
    add_saving(parser)
    add_json(parser)
    files.add_follow_links(parser)


def run(asked: argparse.Namespace, out: Output) -> int:
    weights = parsed_weights(asked.weights)
    if asked.output is None and not asked.dry_run:
        raise core.UsageError("where shall it be saved?", "Say -o OUT, or --dry-run to see what would be done.")
    checkpoints = [files.opened(path, asked, out) for path in asked.files]
    refused: core.SaveError | None = None
    with files.about(asked.output or ""):
        mean = core.average(checkpoints, weights, out.monitor)
        plan = None
        if asked.output is not None:            # what cannot be saved is told before the files are compared, which takes its time
            plan = core.plan_save(mean, asked.output, format=asked.format, keep_code=asked.keep_code, drop_code=asked.drop_code,
                                  backup=asked.backup, monitor=out.monitor)
            try:
                core.check_plan(plan, asked.allow_loss)
            except core.SaveError as error:
                refused = load("edit").advised(error)
                if not asked.dry_run:
                    raise refused from error
        alike = core.likeness(checkpoints, out.monitor)
        applied = next(iter(core.apply_each(checkpoints[-1], mean.edited.edits if mean.edited else (), out.monitor)))
        lines = [*map(spoken, applied.effect.notes), *likeness_lines(alike, asked.files)]
        answer: dict[str, Any] = {
            "output": asked.output, "dry_run": asked.dry_run, "files": asked.files, "weights": weights or [1.0] * len(asked.files),
            "averaged": core.averaged_keys(checkpoints[-1]), "notes": list(applied.effect.notes),
            "likeness": [{"a": asked.files[one.a], "b": asked.files[one.b], "cosine": core.to_json(one.cosine),
                          "one_run": None if math.isnan(one.cosine) else not one.strangers} for one in alike]}
        if plan is not None:
            answer |= {"format": plan.format, "nbytes": plan.nbytes, "losses": [loss._asdict() for loss in plan.losses],
                       "code": list(plan.code)}
            lines += load("edit").plan_lines(plan, asked.allow_loss)
        if refused is not None:
            answer["error"] = {"id": refused.id, "message": refused.message, "hint": refused.hint, "where": refused.where}
        elif plan is not None and not asked.dry_run:
            try:
                answer["saved"], said = load("edit").saved(plan, asked, out.monitor)
            except core.SaveError as error:
                raise load("edit").advised(error) from error
            lines += said
    if out.json:
        out.answer(answer)
    else:
        lines += [spoken("nothing was written: this is a dry run")] if asked.dry_run else []
        head = spoken(f"mean of {core.wording.count(len(asked.files), 'checkpoint')}")
        out.text("\n".join([head, *(f"  {line}" for line in lines)]) + "\n")
    if refused is not None:
        out.warn(str(Failed(refused, asked.output or "")))
    return 0 if refused is None else 2


def parsed_weights(text: str | None) -> list[float] | None:
    """Raises UsageError."""
    if text is None:
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise core.UsageError(f"--weights {core.visible(text, 80)} is no list of numbers", "Write one for each file, like 1,2,1.") from None


def likeness_lines(alike: Sequence[core.Likeness], paths: Sequence[str]) -> list[str]:
    """Those first that are least alike, with a word of warning where two hardly belong together."""
    lines = []
    for one in sorted(alike, key=lambda one: (not math.isnan(one.cosine), one.cosine))[:_PAIRS]:
        both = f"{core.visible(paths[one.a], 200)} and {core.visible(paths[one.b], 200)}"
        if math.isnan(one.cosine):
            lines.append(f"{both}: how alike they are cannot be told")
        else:
            lines.append(f"{both}: cosine {one.cosine:.4f}" + (
                "; these two are not from one run, it seems: their mean is likely no model" if one.strangers else ""))
    if len(alike) > _PAIRS:
        lines.append(f"and {core.wording.count(len(alike) - _PAIRS, 'pair')} more, more alike than these")
    return [*map(spoken, lines)]
