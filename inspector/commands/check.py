"""`inspector check FILE`: what is wrong with a checkpoint, and whether it would load into a model."""
from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from inspector import core
from inspector.sentences import said as spoken

from . import adapter, cluster, explained, files, fit, load, reports
from .columns import findings_text
from .output import Failed, Output, headline

READS_ONLY = True
_FEW = 5                # tensors named of those that could not be judged
_LONGEST = 1 << 20      # characters of a command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = ("Say what is wrong with a checkpoint and with the values in it; exit 1 when something is, 2 when it cannot be "
                          "read, 3 when nothing is but not everything could be judged.")
    files.add_files(parser)
    parser.add_argument("--quick", action="store_true", help="go by the metadata alone: no tensor is read")
    parser.add_argument("--against", metavar="REF", help="a checkpoint of a model, or a .json of its shapes: would the file load into it?")
    parser.add_argument("--model", metavar="PACKAGE.MODULE:CALLABLE",
                        help="the same against a real model, which is made in a process of its own")
    parser.add_argument("--error", metavar="TXT", help="a file with the error that loading or saving gave: its text, as it was printed")
    parser.add_argument("--state-dict", metavar="PATH", help="the state dict of FILE that is loaded, as in model_state_dict")
    parser.add_argument("--html", metavar="OUT", help="also write a page: what the file is, findings, a map of its bytes, "
                        "its modules, all tensors with their numbers")
    parser.add_argument("--sarif", metavar="OUT", help="also write what was found as SARIF, for code scanning")
    parser.add_argument("--junit", metavar="OUT", help="also write it as JUnit's XML, for test reports of CI")
    cluster.add_dask(parser)


def run(asked: argparse.Namespace, out: Output) -> int:
    if asked.html is not None:
        core.check_output(asked.html, "page", asked.files)
    if asked.sarif is not None:
        core.check_output(asked.sarif, "sarif", asked.files)
    if asked.junit is not None:
        core.check_output(asked.junit, "junit", asked.files)
    core.check_apart((asked.html, asked.sarif, asked.junit))
    looked: list[reports.Looked] = []
    bodies: list[Sequence[str]] = []
    try:
        with cluster.executor_of(asked) as asked.executor:
            status = files.run_each(asked, out, lambda one, to: _one(one, to, looked, bodies))
    except Failed:
        _write_reports(asked, looked, bodies)
        raise
    _write_reports(asked, looked, bodies)
    return status


def _write_reports(asked: argparse.Namespace, looked: Sequence[reports.Looked], bodies: Sequence[Sequence[str]]) -> None:
    if asked.html is not None:
        load("file_page").write(bodies, [one.path for one in looked], asked.html, asked.files)
    if asked.sarif is not None:
        reports.write_sarif(asked.sarif, looked, asked.files)
    if asked.junit is not None:
        reports.write_junit(asked.junit, looked, asked.files)


def _one(asked: argparse.Namespace, out: Output, looked: list[reports.Looked], bodies: list[Sequence[str]]) -> int:
    """`looked` and `bodies` get what is written of the file elsewhere."""
    if sum(option is not None for option in (asked.against, asked.model, asked.error)) > 1:
        raise core.UsageError("--against, --model and --error ask the same in three ways", "Give one of them.")
    text = None
    if asked.error is not None:
        with files.about(asked.error):
            text = core.read_text_file(asked.error)
    try:
        ckpt = files.opened(asked.file, asked, out)
        with files.about(asked.file):
            told = core.explain_error(text, ckpt, state_dict=asked.state_dict, monitor=out.monitor) if text is not None else None
            added = _adapter_report(asked, ckpt, out.monitor)
            fitted = told.load if told else None if added else _load_report(asked, ckpt, out.monitor)
            deltas = None if fitted is None or asked.quick else [core.deltas_of(ckpt, one.fit, out.monitor) for one in fitted.merges]
            report = core.check_report(ckpt, out.monitor, values=not asked.quick, executor=asked.executor)
            findings = report.findings
            fixes = [*core.fixes_for_each(ckpt, findings, out.monitor)]
    except Failed as failed:
        if failed.about != asked.file:      # what it is held against cannot be read, of which nothing is said by a report on the file
            raise
        looked.append(reports.Looked(asked.file, failed.error.findings, error=failed.error))
        if asked.html is not None:
            bodies.append(load("file_page").body_of_unreadable(asked.file, failed.error))
        # what was learnt before the file broke off may be what matters most
        told = _of_unreadable(text, failed.error, out.monitor)
        if told is not None and not out.json:
            out.text(explained.as_text(told, asked.file))
        if out.json:
            out.answer({**as_json(asked.file, None, [(finding, ()) for finding in failed.error.findings], failed.error),
                        **(explained.as_json(told) if told else {})})
        elif failed.error.findings:
            out.text(findings_text(failed.error.findings, out.paint) + "\n")
        raise

    def answer() -> list[str]:
        """What was asked, which comes before what else there is to say."""
        return [explained.as_text(told, asked.file)] if told else [adapter.as_text(added, asked.against)] if added else \
            [fit.as_text(fitted, asked.file, deltas)] if fitted else []

    if asked.html is not None:
        bodies.append(load("file_page").body_of(ckpt, report, fixes, answer(), out.monitor))
    looked.append(reports.Looked(asked.file, findings, replace(report, summaries={}, packed=None), fitted, added))
    unjudged = list(report.refused)
    status = 1 if added and not added.fits else _status(findings, fitted, unjudged)
    if out.json:
        out.answer({**as_json(asked.file, ckpt, fixes), "read": _read_json(report), **({"unjudged": unjudged} if unjudged else {}),
                    **(explained.as_json(told) if told else adapter.as_json(added) if added else
                       fit.as_json(fitted, deltas) if fitted else {})})
    else:
        said = [findings_text(findings, out.paint)] if findings else [] if status else [out.paint(spoken("nothing wrong"), "good")]
        if status == 3:
            said.append(_unjudged_text(ckpt, unjudged))
        said += _read_text(report)
        lines = [headline(ckpt, report.packed), *answer(), *said, *_torch_line(ckpt, findings)]
        out.text("\n".join(lines) + "\n" + fixes_text(asked.file, fixes))
    return status


def _of_unreadable(text: str | None, error: core.InspectorError, monitor: core.Monitor) -> core.Explanation | None:
    """What the text of an error means of a file that cannot be read; None without one, and where that is not known."""
    if text is None or not isinstance(error, core.ReadError):
        return None
    try:
        return core.explain_error(text, unreadable=error, monitor=monitor)
    except core.UsageError:
        return None


def _status(findings: tuple[core.Finding, ...], load: core.LoadReport | None, unjudged: Sequence[str]) -> int:
    """0 nothing is wrong, 1 something is, 3 nothing that could be judged is. What a person is only told of is not wrong."""
    if core.worst(findings) in ("warning", "danger") or (load is not None and not load.loads):
        return 1
    return 3 if unjudged else 0


def _unjudged_text(ckpt: core.Checkpoint, unjudged: Sequence[str]) -> str:
    shown = ", ".join(core.visible(key, 80) for key in unjudged[:_FEW]) + (" …" if len(unjudged) > _FEW else "")
    return spoken(f"nothing wrong was found, but the values of {len(unjudged):,} of {core.wording.count(len(ckpt.tensors), 'tensor')} "
                  f"cannot be looked at: {shown}")


def _read_json(report: core.CheckReport) -> dict[str, int]:
    read = report.read
    return {"tensors": read.tensors, "of": read.of, "nbytes": read.nbytes, "of_nbytes": read.of_nbytes}


def _read_text(report: core.CheckReport) -> list[str]:
    """How much all of that goes by."""
    read, size = report.read, core.wording.size
    if not read.of:
        return []
    if not report.values:
        return [spoken(f"values were not looked at (--quick): {size(read.of_nbytes)} in {core.wording.count(read.of, 'tensor')}")]
    return [spoken(f"read {read.tensors:,} of {core.wording.count(read.of, 'tensor')}, {size(read.nbytes)} of {size(read.of_nbytes)}")]


def _torch_line(ckpt: core.Checkpoint, findings: Sequence[core.Finding]) -> list[str]:
    """Whether torch.load takes the file, where no finding says it already."""
    if any(finding.id == "weights-only" for finding in findings):
        return []
    return [core.visible(spoken(core.loads_with_torch(ckpt).sentence()), 400)]


def _adapter_report(asked: argparse.Namespace, ckpt: core.Checkpoint, monitor: core.Monitor) -> core.AdapterReport | None:
    """Of an adapter it is asked whether it fits its base, which `load_state_dict` does not say."""
    if asked.against is None or not core.is_adapter(ckpt):
        return None
    return core.adapter_report(ckpt, _reference(asked.against, monitor), values=not asked.quick, monitor=monitor)


def _load_report(asked: argparse.Namespace, ckpt: core.Checkpoint, monitor: core.Monitor) -> core.LoadReport | None:
    if asked.model is not None:
        return core.load_report(ckpt, core.shapes_of_model(asked.model), state_dict=asked.state_dict, monitor=monitor)
    if asked.against is None:
        return None
    return core.load_report(ckpt, _reference(asked.against, monitor), state_dict=asked.state_dict, monitor=monitor)


def _reference(path: str, monitor: core.Monitor) -> core.Checkpoint | core.Reference:
    with files.about(path):
        return core.read_reference(path, monitor)


Fixes = Sequence[tuple[core.Finding, Sequence[core.Edit]]]
"""Findings, each with the edits that end it."""


def as_json(path: str, ckpt: core.Checkpoint | None, found: Fixes, error: core.InspectorError | None = None) -> dict[str, Any]:
    """The object of `check --json`; with "error" when the file could not be read, and what was found before that."""
    answer: dict[str, Any] = {"path": path, "format": ckpt.format if ckpt else None, "kind": ckpt.kind if ckpt else None,
                              "findings": [{**finding.to_json(), "fixes": [*map(core.as_option, edits)]} for finding, edits in found]}
    if ckpt is not None:
        told = core.loads_with_torch(ckpt)
        answer["torch_load"] = {"weights_only": told.weights_only, "release": told.release, "reason": told.reason,
                                "refused": [{"name": one.name, "key": one.key, "words": one.words} for one in told.refused],
                                "devices": [*told.devices]}
    if error is not None:
        answer["error"] = {"id": error.id, "message": error.message, "hint": error.hint, "where": error.where}
    return answer


def fixes_text(path: str, found: Fixes) -> str:
    """A command for each finding that edits end; one for those that the same edits do."""
    ids: dict[str, list[str]] = {}
    for finding, edits in found:
        if edits:
            ids.setdefault(core.visible(core.as_command(edits, path, "FIXED"), _LONGEST), []).append(finding.id)
    if not ids:
        return ""
    lines = [f"  {', '.join(dict.fromkeys(about))}:\n    {command}" for command, about in ids.items()]
    return "\n".join(["", spoken("edits that end it, each tried; FIXED is the new file:"), *lines, ""])
