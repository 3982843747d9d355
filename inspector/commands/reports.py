"""What `check` found, for programs that gather results: SARIF 2.1.0 (code scanning of GitHub, GitLab, Azure) and JUnit's XML (every CI).

Sources: OASIS, Static Analysis Results Interchange Format 2.1.0, §3.13 to §3.27; JUnit's XML as `windyroad/JUnit-Schema` has it.
"""
from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from inspector import __version__, core

from . import fit

_LEVELS = {"danger": "error", "warning": "warning", "info": "note"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_MANY = 1000            # keys told one by one of those that do not fit


class Looked(NamedTuple):
    """One file that was checked. `error` says why it could not be read; `report` is None then."""

    path: str
    findings: Sequence[core.Finding]
    report: core.CheckReport | None = None
    load: core.LoadReport | None = None
    adapter: core.AdapterReport | None = None
    error: core.InspectorError | None = None


class _Result(NamedTuple):
    rule: str
    level: str          # "error", "warning", "note"
    where: str
    text: str


def write_sarif(path: str, looked: Iterable[Looked], inputs: Sequence[str]) -> None:
    """Raises SaveError."""
    import json
    core.write_output(path, json.dumps(sarif(looked), indent=1).encode() + b"\n", "sarif", inputs)


def write_junit(path: str, looked: Iterable[Looked], inputs: Sequence[str]) -> None:
    """Raises SaveError."""
    core.write_output(path, junit(looked).encode(), "junit", inputs)


def sarif(looked: Iterable[Looked]) -> dict[str, Any]:
    """One run with a result for each finding. A file that could not be read is a result and makes the run one that did not succeed;
    how much of each file was read stands with the file."""
    looked = [*looked]
    found = [(n, result) for n, one in enumerate(looked) for result in _results(one)]
    rules = {rule: n for n, rule in enumerate(dict.fromkeys(result.rule for _, result in found))}
    return {
        "$schema": _SCHEMA, "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "checkpoint-inspector", "version": __version__, "semanticVersion": __version__,
                                "rules": [{"id": rule, "name": rule} for rule in rules]}},
            "invocations": [{"executionSuccessful": all(one.error is None for one in looked)}],
            "artifacts": [{"location": {"uri": _uri(one.path)}, "properties": _coverage(one)} for one in looked],
            "results": [{
                "ruleId": result.rule, "ruleIndex": rules[result.rule], "level": result.level,
                "message": {"text": result.text},
                "locations": [{"physicalLocation": {"artifactLocation": {"uri": _uri(looked[n].path), "index": n},
                                                    "region": {"startLine": 1}},       # GitHub takes no result without a line
                               **({"logicalLocations": [{"fullyQualifiedName": result.where}]} if result.where else {})}],
            } for n, result in found],
        }],
    }


def junit(looked: Iterable[Looked]) -> str:
    """A suite for each file: a test that it opens, one for each kind of finding of level warning or danger, one for the values (skipped
    where they were not or could not be looked at), one for the model or the base that it was held against."""
    suites = [(one, [*_cases(one)]) for one in looked]
    total = [case for _, cases in suites for case in cases]
    lines = ['<?xml version="1.0" encoding="utf-8"?>', f'<testsuites name="checkpoint-inspector" {_counts(total)}>']
    for one, cases in suites:
        lines.append(f'  <testsuite name={_quoted(core.visible(one.path, 500))} {_counts(cases)}>')
        for name, tag, text in cases:
            head = f'    <testcase classname={_quoted(core.visible(one.path, 500))} name={_quoted(name)}'
            inside = f'<{tag} message={_quoted(text)}/>' if tag != "system-out" else f'<{tag}>{_escaped(text)}</{tag}>'
            lines.append(f'{head}>{inside}</testcase>' if tag else f'{head}/>')
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def _results(one: Looked) -> Iterator[_Result]:
    for finding in one.findings:
        yield _Result(finding.id, _LEVELS[finding.level], core.visible(finding.where, 500),
                      core.visible(f"{finding.message} {finding.hint}".strip(), 2000))
    if one.error is not None:
        yield _Result(one.error.id, "error", core.visible(one.error.where, 500), core.visible(str(one.error), 2000))
    if one.report is not None and one.report.refused:
        for key in [*one.report.refused][:_MANY]:
            yield _Result("not-judged", "note", core.visible(key, 500), "The values of this tensor cannot be looked at.")
    if one.load is not None:
        for within, lists in (("", one.load.lists), *one.load.others):
            yield from _not_fitting(lists, f"{within}." if within else "")
        for optimizer in one.load.optimizers:
            if not optimizer.loads:
                yield _Result("optimizer-mismatch", "error", core.visible(optimizer.path, 500), fit.optimizer_text(optimizer))
    if one.adapter is not None and not one.adapter.fits:
        yield _Result("adapter-mismatch", "error", "", core.visible(one.adapter.sentence, 2000))
        for module in one.adapter.fit.modules[:_MANY]:
            if module.problem:
                yield _Result("adapter-mismatch", "error", core.visible(module.adapter.name, 500), core.visible(module.problem, 2000))


def _not_fitting(lists: core.Lists, prefix: str) -> Iterator[_Result]:
    for rule, keys, text in (("missing-key", lists.missing, "The model has this key and the file has not."),
                             ("unexpected-key", lists.unexpected, "The file has this key and the model has not.")):
        for key in keys[:_MANY]:
            yield _Result(rule, "error", core.visible(prefix + key, 500), text)
    for mismatch in lists.mismatched[:_MANY]:
        yield _Result("size-mismatch", "error", core.visible(prefix + mismatch.key, 500),
                      f"{core.wording.shape_list(mismatch.file)} in the file, {core.wording.shape_list(mismatch.model)} in the model.")


def _coverage(one: Looked) -> dict[str, Any]:
    if one.report is None:
        return {}
    read = one.report.read
    return {"valuesWereRead": one.report.values, "tensors": read.of, "tensorsRead": read.tensors, "nbytes": read.of_nbytes,
            "nbytesRead": read.nbytes}


_Case = tuple[str, str, str]
"""The name of a test, what it came to ("" passed, "failure", "error", "skipped", "system-out"), and in words."""


def _cases(one: Looked) -> Iterator[_Case]:
    if one.error is not None:
        yield "opens", "error", core.visible(str(one.error), 2000)
    else:
        yield "opens", "", ""
    by_id: dict[str, list[core.Finding]] = {}
    for finding in one.findings:
        by_id.setdefault(finding.id, []).append(finding)
    for id, findings in by_id.items():
        text = "\n".join(core.visible(f"{finding.where}: {finding.message} {finding.hint}".strip(": "), 2000) for finding in findings)
        yield id, "failure" if core.worst(tuple(findings)) in ("warning", "danger") else "system-out", text
    if one.report is not None:
        if not one.report.values:
            yield "values", "skipped", "values were not looked at (--quick)"
        elif one.report.refused:
            yield "values", "skipped", f"the values of {core.wording.count(len(one.report.refused), 'tensor')} cannot be looked at"
        else:
            yield "values", "system-out", f"read {one.report.read.tensors:,} of {core.wording.count(one.report.read.of, 'tensor')}"
    if one.load is not None:
        yield "load_state_dict", "" if one.load.loads else "failure", "" if one.load.loads else _load_text(one.load)
    if one.adapter is not None:
        yield "adapter", "system-out" if one.adapter.fits else "failure", core.visible(one.adapter.sentence, 2000)


def _load_text(load: core.LoadReport) -> str:
    every = [load.lists, *(lists for _, lists in load.others)]
    missing, unexpected = sum(len(lists.missing) for lists in every), sum(len(lists.unexpected) for lists in every)
    mismatched = sum(len(lists.mismatched) for lists in every)
    return "\n".join([f"{missing:,} missing, {unexpected:,} unexpected, {mismatched:,} of another shape",
                      *([load.without_values] if load.broken else []),
                      *(fit.optimizer_text(one) for one in load.optimizers if not one.loads)])


def _counts(cases: Sequence[_Case]) -> str:
    count = {tag: sum(case[1] == tag for case in cases) for tag in ("failure", "error", "skipped")}
    return f'tests="{len(cases)}" failures="{count["failure"]}" errors="{count["error"]}" skipped="{count["skipped"]}"'


def _escaped(text: str) -> str:
    """`core.visible` has spelled out the control characters, which XML cannot hold at all."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _quoted(text: str) -> str:
    return '"' + _escaped(text).replace('"', "&quot;").replace("\n", "&#10;") + '"'


def _uri(path: str) -> str:
    """As SARIF wants it: relative as it was given, so that it is found in a repository, or a whole file: address."""
    if "://" in path:
        return path
    from urllib.parse import quote
    if os.path.isabs(path):
        from pathlib import Path
        return Path(path).as_uri()
    return quote(path.replace(os.sep, "/"))
