"""`inspector check FILE`: what is wrong with a checkpoint, and whether it would load into a model."""
from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from inspector import core

from . import files, fit
from .columns import findings_text
from .output import Failed, Output

READS_ONLY = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Say what is wrong with a checkpoint; exit 1 when something is, 2 when it cannot be read."
    files.add_file(parser)
    parser.add_argument("--against", metavar="REF", help="a checkpoint of a model, or a .json of its shapes: would the file load into it?")
    parser.add_argument("--model", metavar="PACKAGE.MODULE:CALLABLE",
                        help="the same against a real model, which is made in a process of its own")
    parser.add_argument("--error", metavar="TXT", help="a file with the error that load_state_dict gave")
    parser.add_argument("--state-dict", metavar="PATH", help="the state dict of FILE that is loaded, as in model_state_dict")


def run(asked: argparse.Namespace, out: Output) -> int:
    if sum(option is not None for option in (asked.against, asked.model, asked.error)) > 1:
        raise core.UsageError("--against, --model and --error ask the same in three ways", "Give one of them.")
    try:
        ckpt = files.opened(asked.file, asked, out)
        with files.about(asked.file):
            load = _load_report(asked, ckpt, out.monitor)
            findings = core.check(ckpt, out.monitor)
    except Failed as failed:
        # what was learnt before the file broke off may be what matters most
        if out.json:
            out.answer(as_json(asked.file, None, failed.error.findings, failed.error))
        elif failed.error.findings:
            out.text(findings_text(failed.error.findings) + "\n")
        raise
    if out.json:
        out.answer({**as_json(asked.file, ckpt, findings), **(fit.as_json(load) if load else {})})
    else:
        told = findings_text(findings) if findings else "nothing wrong"
        out.text("\n".join([core.headline(ckpt), told, *_torch_line(ckpt, findings)]) + "\n")
        if load:
            out.text("\n" + fit.as_text(load, asked.file))
    return 1 if core.worst(findings) in ("warning", "danger") or (load and not load.lists.loads) else 0


def _torch_line(ckpt: core.Checkpoint, findings: Sequence[core.Finding]) -> list[str]:
    """Whether torch.load takes the file, where no finding says it already."""
    if any(finding.id == "weights-only" for finding in findings):
        return []
    return [core.visible(core.loads_with_torch(ckpt).sentence(), 400)]


def _load_report(asked: argparse.Namespace, ckpt: core.Checkpoint, monitor: core.Monitor) -> core.LoadReport | None:
    if asked.error is not None:
        return core.doctor(core.read_text_file(asked.error), ckpt, state_dict=asked.state_dict, monitor=monitor)
    if asked.model is not None:
        return core.load_report(ckpt, core.shapes_of_model(asked.model), state_dict=asked.state_dict, monitor=monitor)
    if asked.against is None:
        return None
    reference = core.read_reference(asked.against, monitor)
    return core.load_report(ckpt, reference, state_dict=asked.state_dict, monitor=monitor)


def as_json(path: str, ckpt: core.Checkpoint | None, findings: Sequence[core.Finding],
               error: core.InspectorError | None = None) -> dict[str, Any]:
    """The object of `check --json`; with "error" when the file could not be read, and what was found before that."""
    answer: dict[str, Any] = {"path": path, "format": ckpt.format if ckpt else None, "kind": ckpt.kind if ckpt else None,
                              "findings": [finding.to_json() for finding in findings]}
    if ckpt is not None:
        told = core.loads_with_torch(ckpt)
        answer["torch_load"] = {"weights_only": told.weights_only, "release": told.release, "reason": told.reason,
                                "refused": [{"name": one.name, "key": one.key, "words": one.words} for one in told.refused]}
    if error is not None:
        answer["error"] = {"id": error.id, "message": error.message, "hint": error.hint, "where": error.where}
    return answer
