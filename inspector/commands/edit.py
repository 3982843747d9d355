"""`inspector edit`: repairs a checkpoint, or many, and saves what comes out.

Edits apply left to right as they were typed, recipes in their place among them. What each does, what the format cannot hold and how
large the file becomes is said before a byte is written; with --dry-run nothing is.
"""
from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from inspector import core
from inspector.sentences import said as spoken

from . import files
from .arguments import add_json, add_saving
from .output import Failed, Output

_EXAMPLES = 3
_LOSSES = 5
_KEY = 80
_ENDINGS = {"safetensors": ".safetensors", "torch-zip": ".pth", "torch-legacy": ".pth", "torchscript": ".pt"}
_VALUES = {"strip-prefix": "PREFIX", "add-prefix": "PREFIX", "rename": "REGEX=REPL", "drop": "GLOB", "keep": "GLOB", "extract": "PATH",
           "device": "FROM=TO", "cast": "DTYPE[:GLOB]", "dequantize": "DTYPE[:GLOB]", "copy": "FROM=TO", "match": "REF",
           "take": "FILE[:GLOB]", "merge-adapter": "FOLDER|:NAME", "resize": "KEY=DIM:N[:FILL]", "transpose": "GLOB[=DIMS]",
           "reshape": "GLOB=SIZES",
           "reorder": "GLOB=ORDER:HEADS", "split": "KEY=DIM:A,B", "concat": "A,B=KEY:DIM", "optimizer-for": "REF",
           "set-metadata": "NAME=TEXT", "set": "PATH=VALUE", "plain": "GLOB", "unshare": "GLOB", "unset-metadata": "NAME", "unset": "PATH"}
_HELP = {"strip-prefix": "take a prefix like module. from names; _orig_mod. and its like also from their middle",
         "add-prefix": "put a prefix before names", "rename": "replace every match in a name; \\1 is the first group",
         "drop": "leave out tensors and values, and the optimizer's state with them",
         "drop-broken": "leave out what is cut off, missing or corrupt, by name",
         "keep": "leave out all others; {a,b}.* keeps either",
         "extract": "a sub-dict, a module's state dict (.) or an adapter of a PeftModel (:NAME) becomes the root",
         "device": "other device tags, as in 'cuda:*=cpu'", "cast": "another element type, as in float16 or bfloat16:encoder.*",
         "copy": "one more name for a tensor, tied to it, as in model.embed_tokens.weight=lm_head.weight",
         "resize": "cut rows off or add some (FILL: mean, zero, random, row5), tied and in the optimizer too, as in embed.weight=0:32064",
         "transpose": "the last two dimensions change places, or all as in *.kernel=3,2,0,1; in the optimizer too",
         "reshape": "the same elements in other dimensions, as in patch_embed.weight=768,3,16,-1",
         "reorder": "rows of rotary heads to halves, as transformers has them, or to pairs, as in *.wq.weight=halves:32",
         "split": "one tensor as several, as in qkv.weight=0:q.weight,k.weight,v.weight; A:64 says how long; * is any",
         "concat": "several tensors as one, as in attn.q.weight,attn.k.weight=attn.qk.weight:0; * is any",
         "optimizer-for": "the optimizer's state in the order and with the parameters of REF: a checkpoint of the new model, or a contract",
         "dequantize": "packed weights as the numbers that they stand for",
         "merge-adapter": "add what a LoRA or DoRA adapter adds, as PEFT's merge_and_unload does; : is the one in the file itself",
         "match": "leave out what REF has not, or has in another shape",
         "take": "values, shapes and types of FILE's tensors of the same names", "set-metadata": "a text in safetensors' metadata",
         "set": "a plain value; VALUE is JSON or a text",
         "plain": "values that torch.load (weights_only=True) refuses as plain data: numbers, texts, lists, dicts, tensors",
         "unshare": "bytes of its own for a tensor that shares them",
         "unset-metadata": "take a text out of the metadata", "unset": "take a value out"}
_EPILOG = """\
Edits apply left to right. OUT may be IN: the new file replaces it only when it is whole and verified.
Several IN are merged into the file OUT: the keys of all, edits after that. Where OUT is a folder (or ends in /) each is saved into it by
itself, unless --shard-size or --format safetensors-sharded makes one set of them. --in-place instead of -o writes new names, devices,
metadata and plain values into IN itself, at once whatever its size, and says why where that cannot be. A file's ending says its format,
unless --format does.
"""


class _Collected(argparse.Action):
    """Options of different names in the order in which they were typed."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None) -> None:
        namespace.steps = [*namespace.steps, ((option or "").removeprefix("--"), values if self.nargs is None else "")]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Repair a checkpoint and save it: without its classes, without its devices, nothing run."
    parser.epilog = _EPILOG
    parser.set_defaults(steps=[])
    parser.add_argument("files", metavar="IN", nargs="+",
                        help="the checkpoint; several are merged into the file OUT, or saved into the folder OUT")
    parser.add_argument("-o", "--output", metavar="OUT", help="where to save")
    parser.add_argument("--in-place", action="store_true", help="change names, devices and values in the file itself, copying no tensor")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    add_json(parser)
    files.add_follow_links(parser)
    edits = parser.add_argument_group("edits")
    for name in core.edit_options():
        form: dict[str, Any] = {"metavar": _VALUES.get(name, "TEXT")} if core.takes_text(name) else {"nargs": 0}
        edits.add_argument(f"--{name}", action=_Collected, help=_HELP.get(name), **form)
    edits.add_argument("--recipe", metavar="FILE", action=_Collected, help="the edits of a recipe, here among the others")
    edits.add_argument("--save-recipe", metavar="FILE", help="write the edits as a recipe")
    saving = parser.add_argument_group("saving")
    add_saving(saving)
    saving.add_argument("--shard-size", metavar="SIZE", help="of each file of safetensors-sharded, like 5GB")
    saving.add_argument("--ties", choices=("one", "all"),
                        help="safetensors: keep one name of tied tensors (all of what was joined from ranks of DeepSpeed's), or all of "
                             "them, each with bytes of its own")
    saving.add_argument("--allow", metavar="WHAT", action="append", default=[],
                        choices=("replace-link", "break-hard-links", "read-only"), help="what is refused unless it is meant: "
                        "replace-link, break-hard-links, read-only")


@dataclass
class Done:
    """What came of one file: as text, as JSON, and why it failed, if it did."""

    text: str
    answer: dict[str, Any]
    error: core.InspectorError | None = None


def run(asked: argparse.Namespace, out: Output) -> int:
    answers, failed = [], []
    for done in results(asked, out.monitor):
        answers.append(done.answer)
        if done.text and not out.json:
            out.text(done.text)
        if done.error is not None:
            failed.append(done.answer["error"])
            out.warn(str(Failed(done.error, done.answer["path"])))
    if out.json:
        out.answer({"dry_run": asked.dry_run, "files": answers, **({"error": failed[0]} if failed else {})})
    return 2 if failed else 0


def results(asked: argparse.Namespace, monitor: core.Monitor) -> Iterator[Done]:
    """Edits and saves one file after the other. Raises InspectorError for a request that makes no sense; what goes wrong with one
    file is told in its `Done`."""
    edits = steps(asked.steps)
    _check_in_place(asked)
    if asked.save_recipe and asked.dry_run:
        core.check_output(asked.save_recipe, "recipe", asked.files)
    elif asked.save_recipe:
        core.save_recipe(edits, asked.save_recipe, asked.files)
    if _merges(asked):
        yield _one(asked, asked.files, asked.output, edits, monitor)
        return
    if asked.in_place:
        targets: Sequence[str | None] = asked.files
    elif asked.output is None:
        if asked.dry_run or asked.save_recipe:
            targets = [None] * len(asked.files)
        else:
            raise core.UsageError("where shall it be saved?", "Say -o OUT, --in-place to change IN itself, or --dry-run to see what "
                                  "would be done.")
    else:
        targets = _targets(asked)
    for source, target in zip(asked.files, targets, strict=True):
        yield _one(asked, [source], target, edits, monitor)


def _merges(asked: argparse.Namespace) -> bool:
    """Whether several files become one: OUT names a file, or a set of files that is made of them."""
    if len(asked.files) < 2 or asked.output is None:
        return False
    if asked.format == "safetensors-sharded" or asked.shard_size is not None or os.path.isfile(asked.output):
        return True
    return not os.path.isdir(asked.output) and bool(os.path.splitext(asked.output)[1])


def _check_in_place(asked: argparse.Namespace) -> None:
    given = next((name for name, value in (("-o", asked.output), ("--format", asked.format), ("--shard-size", asked.shard_size))
                  if value is not None), None)
    if asked.in_place and given is not None:
        raise core.UsageError(f"--in-place and {given} cannot both be meant", "Leave out --in-place to save a copy, which may replace IN.")
    if asked.in_place and asked.backup:
        raise core.UsageError("--in-place copies nothing, so nothing of the old file could be kept",
                              "Leave out --in-place and say -o IN --backup.")


def steps(typed: Iterable[tuple[str, str]]) -> list[core.Edit]:
    """The edits in the order in which they were typed, those of recipes in their place. Raises InspectorError naming the option."""
    edits: list[core.Edit] = []
    for option, text in typed:
        try:
            edits += core.read_recipe(text) if option == "recipe" else [core.parse_edit(option, text)]
        except core.InspectorError as error:
            written = f"--{option} {core.visible(text, 200)}".rstrip()
            raise core.UsageError(f"{written}: {error.message}", error.hint) from error
    return edits


def _targets(asked: argparse.Namespace) -> list[str]:
    """Where each file is saved. Raises UsageError when two would be the same, or OUT is no folder for several."""
    out, files = asked.output, asked.files
    sharded = asked.format == "safetensors-sharded" or asked.shard_size is not None
    if len(files) == 1:
        inside = os.path.isdir(out) and not sharded and not core.is_set(files[0])
        return [os.path.join(out, _name(files[0], asked.format)) if inside else out]
    if os.path.lexists(out) and not os.path.isdir(out):
        raise core.UsageError(f"{core.visible(out)} is a file, and several checkpoints need a folder", "Name a folder.")
    names = [_name(file, asked.format) for file in files]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise core.UsageError(f"two of the files would be saved as {core.visible(twice)}", "Save them one by one.")
    if not asked.dry_run:
        try:
            os.makedirs(out, exist_ok=True)
        except OSError as error:
            raise core.SaveError(f"the folder {core.visible(out)} cannot be made: {error.strerror}", "Name another one.") from error
    return [os.path.join(out, name) for name in names]


def _name(file: str, format: str | None) -> str:
    """What the new file of `file` is called in a folder."""
    name = core.file_name(core.file_of(file).rstrip("/\\")) or "checkpoint"
    ending = _ENDINGS.get(format or "")
    stem, old = os.path.splitext(name)
    if format == "safetensors-sharded" or os.path.isdir(core.file_of(file)):
        return stem if format == "safetensors-sharded" else name
    return name if ending is None or (ending == ".pth" and old.lower() != ".safetensors") else stem + ending


def _one(asked: argparse.Namespace, sources: list[str], target: str | None, edits: list[core.Edit], monitor: core.Monitor) -> Done:
    source = " + ".join(sources)
    answer: dict[str, Any] = {"path": sources[0], **({"merged": sources} if len(sources) > 1 else {}), "output": target}
    lines: list[str] = []
    half: list[core.Finding] = []
    try:
        parts = []
        for answer["path"] in sources:              # what cannot be opened is to be named
            if not asked.dry_run and _recovered(answer["path"]):
                lines.append(_note("a change in place that was interrupted was taken back first"))
            parts.append(core.open(answer["path"], monitor=monitor, follow_links=asked.follow_links))
            half += (one for one in parts[-1].findings if one.id == "interrupted")
        answer["path"] = sources[0]
        ckpt = core.merge(parts, monitor)
        lines += [_note(f"{one.message} {one.hint}".strip())
                  for one in [*half, *(one for one in ckpt.findings if one.id == "merged-metadata")]]
        edited, effects = ckpt, []
        for step in core.apply_each(ckpt, edits, monitor, read=True):
            edited = step.after
            effects.append(step.effect)
        answer["edits"] = [_effect_json(effect) for effect in effects]
        lines += [line for effect in effects for line in effect_lines(effect)]
        answer["nbytes_before"] = ckpt.nbytes
        if target is None:
            answer["nbytes_tensors"] = [_nbytes(ckpt), _nbytes(edited)]
            head = spoken(f"{core.wording.size(_nbytes(ckpt))} of tensors before, {core.wording.size(_nbytes(edited))} after")
            return Done(_text(source, None, head, lines, dry=True), answer)
        plan = core.plan_save(edited, target, format=asked.format, shard_size=asked.shard_size, keep_code=asked.keep_code,
                              drop_code=asked.drop_code, ties=asked.ties, allow=asked.allow, in_place=asked.in_place,
                              backup=asked.backup, monitor=monitor)
        answer |= _plan_json(plan)
        lines += plan_lines(plan, asked.allow_loss)
        head = spoken(f"{plan.format}, {core.wording.size(ckpt.nbytes)} before, {core.wording.size(plan.nbytes)} after")
        if plan.in_place is not None:
            head = spoken(f"{plan.format} in place, {core.wording.size(plan.in_place.nbytes)} written")
        if not asked.dry_run:
            answer["saved"], said = saved(plan, asked, monitor)
            lines += said
        return Done(_text(source, target, head, lines, dry=asked.dry_run), answer)
    except core.InspectorError as error:
        if half and isinstance(error, core.EditError):      # it is of a mixture of two states, and says nothing of either
            error = core.SaveError(half[0].message.rstrip("."), half[0].hint, id=half[0].id)
        answer["error"] = {"id": error.id, "message": error.message, "hint": error.hint, "where": error.where}
        return Done(_text(source, target, "", lines, dry=False) if lines else "", answer, advised(error))


def saved(plan: core.SavePlan, asked: argparse.Namespace, monitor: core.Monitor) -> tuple[dict[str, Any], list[str]]:
    """Carries the plan out, and says what came of it: as JSON, and in lines. Raises SaveError."""
    report = core.save(plan, allow_loss=asked.allow_loss, verify=asked.verify, monitor=monitor)
    return ({"path": report.path, "files": list(report.files), "nbytes": report.nbytes, "tensors": report.tensors,
             "seconds": report.seconds, "notes": list(report.notes), "written": report.written, "backup": report.backup or None},
            [*(_note(text) for text in report.notes if text not in plan.notes), spoken(report.text)])


def _recovered(source: str) -> bool:
    try:
        return core.recover(source)
    except OSError:                     # whoever cannot write there cannot take anything back; reading it says what is wrong
        return False


def advised(error: core.InspectorError) -> core.InspectorError:
    """The error with what to type, where the library names its arguments."""
    advice = {"loss": "--allow-loss saves it all the same; another --format may hold more.",
              "unknown-code": "Say --keep-code NAME or --drop-code NAME for each ('*' is all), or --extract only the weights."}
    if error.id in advice and isinstance(error, core.SaveError):
        return core.SaveError(error.message, advice[error.id], error.where, id=error.id)
    if error.id == "in-place":
        return core.SaveError(error.message, "Leave out --in-place and say -o OUT to save a copy; OUT may be IN.", error.where, id=error.id)
    if error.id in ("replace-link", "break-hard-links", "read-only"):
        return core.SaveError(error.message, f"{error.hint} --allow {error.id} does it.".strip(), error.where, id=error.id)
    return error


def _nbytes(ckpt: core.Checkpoint) -> int:
    return sum({info.storage or key: info.storage_nbytes for key, info in ckpt.tensors.items()}.values())


# -- as text ------------------------------------------------------------------------------------------------------------------

def _text(source: str, target: str | None, head: str, lines: Iterable[str], dry: bool) -> str:
    to = f" -> {core.visible(target, 1000)}" if target is not None else ""
    parts = [f"{core.visible(source, 1000)}{to}" + (f": {head}" if head else ""), *(f"  {line}" for line in lines)]
    return "\n".join([*parts, *(["  " + spoken("nothing was written: this is a dry run")] if dry else [])]) + "\n"


def effect_lines(effect: core.Effect) -> list[str]:
    """An edit, how much it does, a few examples, and what else there is to say."""
    counts = [spoken(f"{len(keys):,} {word}") for keys, word in ((effect.renamed, "renamed"), (effect.dropped, "dropped"),
                                                         (effect.changed, "changed")) if keys]
    lines = [f"{option_text(effect.edit)}: {', '.join(counts) or spoken('no key changes')}"]
    renamed = [f"{core.visible(old, _KEY)} -> {core.visible(new, _KEY)}" for old, new in effect.renamed[:_EXAMPLES]]
    lines += _some(renamed, len(effect.renamed))
    if not isinstance(effect.edit, core.DropBroken):            # whose notes name each, and why
        lines += _some([f"- {core.visible(key, _KEY)}" for key in effect.dropped[:_EXAMPLES]], len(effect.dropped))
    if not effect.renamed and not effect.dropped:
        lines += _some([f"* {core.visible(key, _KEY)}" for key in effect.changed[:_EXAMPLES]], len(effect.changed))
    return [*lines, *(f"    {core.visible(spoken(text), 600)}" for text in effect.notes)]


def option_text(edit: core.Edit) -> str:
    """The edit as it is typed."""
    try:
        return core.visible(f"--{edit.option} {edit.text}".rstrip(" "), 160)
    except core.EditError:
        return f"--{edit.option} (names and shapes)"


def _some(examples: list[str], count: int) -> list[str]:
    more = count - len(examples)
    return [f"    {line}" for line in examples] + (["    " + spoken(f"… and {more:,} more")] if more > 0 else [])


def plan_lines(plan: core.SavePlan, allowed: bool) -> list[str]:
    """What is lost, which code is not known, and what else there is to say about saving."""
    lines = [*map(_note, plan.notes)]
    if plan.losses:
        lines.append(spoken(f"{len(plan.losses):,} lost" + ("" if allowed else ", which is refused without --allow-loss") + ":"))
        lines += _some([core.visible(spoken(loss.message), 300) for loss in plan.losses[:_LOSSES]], len(plan.losses))
    if plan.code:
        lines.append(spoken("unknown code, which is refused without --keep-code or --drop-code:"))
        lines += _some([core.visible(name, _KEY) for name in plan.code[:_LOSSES]], len(plan.code))
    if plan.room > plan.free:
        lines.append(spoken(f"there is not enough room: {core.wording.size(plan.free)} are free"))
    return lines


def _note(text: str) -> str:
    return f"{spoken('note:')} {core.visible(spoken(text), 400)}"


# -- as JSON ------------------------------------------------------------------------------------------------------------------

def _effect_json(effect: core.Effect) -> dict[str, Any]:
    return {"edit": option_text(effect.edit), "renamed": [list(pair) for pair in effect.renamed], "dropped": list(effect.dropped),
            "changed": list(effect.changed), "notes": list(effect.notes)}


def _plan_json(plan: core.SavePlan) -> dict[str, Any]:
    return {"format": plan.format, "in_place": plan.in_place is not None,
            "files": [{"name": file.name, "nbytes": file.nbytes} for file in plan.files],
            "nbytes_after": plan.nbytes, "losses": [loss._asdict() for loss in plan.losses], "code": list(plan.code),
            "deletes": list(plan.deletes),
            "notes": list(plan.notes)}
