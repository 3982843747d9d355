"""What `check --against`, `--model` and `--error` say: the three lists of `load_state_dict` and the edits that help."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from inspector import core
from inspector.sentences import said as spoken

from . import adapter

_SHOWN = 20
_NAMED = 6                  # keys in a sentence
_LONGEST = 1 << 20          # characters of a command


def as_json(report: core.LoadReport, deltas: adapter.Deltas = None) -> dict[str, Any]:
    """What these options add to the object of `check --json`; `deltas` as in `as_text`."""
    found: dict[str, Any] = {"load": {**_lists_json(report.lists), "state_dict": report.state_dict, "broken": list(report.broken)},
             "suggested": [*map(core.as_option, report.edits)],
             "after": {"missing": list(report.after.missing), "unexpected": list(report.after.unexpected),
                       "mismatched": [one.key for one in report.after.mismatched], "fitting": report.after.fitting}}
    if not report.lists.loads and report.lists.loads_in_part:
        found["strict_false"] = {"fitting": report.lists.fitting, "missing": list(report.lists.missing)}
    if report.notes and not report.lists.loads and not report.merges:
        found["notes"] = report.notes
    if report.merges:
        found["adapters"] = adapter.merges_json(report.merges, deltas)
    if report.others:
        found["others"] = [{**_lists_json(lists), "state_dict": path} for path, lists in report.others]
    if report.alike:
        found["alike"] = list(report.alike)
    if report.casts:
        found["casts"] = [{"file": was, "model": becomes, "keys": number} for was, becomes, number in report.casts]
    if report.optimizers:
        found["optimizers"] = [{"path": one.path, "loads": one.loads, "file": list(one.file), "model": list(one.model),
                                "mismatched": [*map(_mismatch_json, one.mismatched)]} for one in report.optimizers]
    return found


def _lists_json(lists: core.Lists) -> dict[str, Any]:
    return {"missing": list(lists.missing), "unexpected": list(lists.unexpected), "mismatched": [*map(_mismatch_json, lists.mismatched)]}


def _mismatch_json(one: core.Mismatch) -> dict[str, Any]:
    return {"key": one.key, "file": list(one.file), "model": list(one.model)}


def as_text(report: core.LoadReport, file: str, deltas: adapter.Deltas = None) -> str:
    """`deltas`: what the modules of each of the report's `merges` add, where that was looked at."""
    lists = report.lists
    parts = [*_said(lists, core.join(report.state_dict, "state_dict()") if report.pickled else report.state_dict, bool(report.broken))]
    parts += map(spoken, filter(None, (report.without_values, report.as_cast)))
    if report.alike:
        also = ", ".join(core.visible(path, 80) for path in report.alike)
        parts.append(spoken(f"{also} would load as well (--state-dict chooses)"))
    if not lists.loads and lists.loads_in_part and not (report.suggested and lists.unexpected):
        ignored = f", leaves {core.wording.count(len(lists.unexpected), 'unexpected key')} alone" if lists.unexpected else ""
        parts.append(spoken(f"as it stands, {_not_strict(lists)}{ignored}"))
    if not report.merges and not lists.loads:
        parts += map(spoken, report.notes)
    if report.merges:
        parts.append(adapter.merges_text(report.merges, file, deltas))
    elif report.suggested:
        every = f"all {report.after.fitting:,} keys load" if report.after.fitting != 1 else "its one key loads"
        if unsized := report.by_name(report.after):
            names = "their names" if report.after.fitting != 1 else "its name"
            every += f", by {names} (the error does not tell the shapes of {unsized:,})"
        outcome = "the weights alone" if lists.loads else f"then {every}" if report.after.loads else f"then {_not_strict(report.after)}"
        command = core.visible(core.as_command(report.edits, file, "FIXED"), _LONGEST)
        parts.append(spoken(f"{outcome}:") + f"\n  {command}")
    elif not lists.loads and not lists.loads_in_part and not report.merges:
        parts.append(spoken("no edit is known that would make it fit"))
    for path, other in report.others:
        parts += _said(other, path)
    parts += map(optimizer_text, report.optimizers)
    return "\n".join(part for part in parts if part) + "\n"


def _said(lists: core.Lists, path: str, is_broken: bool = False) -> Iterator[str]:
    where = f" (its {core.visible(path)})" if path else ""
    if lists.loads and is_broken:
        yield spoken(f"nothing loads it as it is{where}, though all {core.wording.count(lists.fitting, 'key')} fit")
        return
    if lists.loads:
        yield spoken(f"load_state_dict would load it{where}: all {core.wording.count(lists.fitting, 'key')} fit")
        return
    yield spoken(f"load_state_dict would refuse it{where}; {core.wording.count(lists.fitting, 'key')} fit")
    yield _list("missing in the file", [core.visible(key) for key in lists.missing])
    yield _list("unexpected in the file", [core.visible(key) for key in lists.unexpected])
    yield _list("of another shape", [*map(_mismatch, lists.mismatched)])


def _mismatch(one: core.Mismatch) -> str:
    return spoken(f"{core.visible(one.key)}: {core.wording.shape_list(one.file)} in the file, "
                  f"{core.wording.shape_list(one.model)} in the model")


def _not_strict(lists: core.Lists) -> str:
    """What `strict=False` does: it forgives names, and the model keeps what it was made with where it gets nothing."""
    if lists.mismatched:
        return f"{core.wording.count(lists.fitting, 'key')} fit"
    kept = f"; {core.wording.count(len(lists.missing), 'key')} keep{'s' * (len(lists.missing) == 1)} the model's initial values: " \
        + _few(lists.missing) if lists.missing else ""
    return f"load_state_dict(…, strict=False) loads {core.wording.count(lists.fitting, 'key')}{kept}"


def _few(keys: Sequence[str]) -> str:
    return ", ".join(core.visible(key, 80) for key in keys[:_NAMED]) + (f" and {len(keys) - _NAMED:,} more" if len(keys) > _NAMED else "")


def optimizer_text(one: core.OptimizerFit) -> str:
    """Whether its `load_state_dict` would take the state."""
    where = core.visible(one.path, 80) or "the file"
    if one.file != one.model:
        return spoken(f"its optimizer's load_state_dict would refuse {where}: {core.wording.groups(one.file)} in the file, "
                      f"{core.wording.groups(one.model)} in the reference")
    if one.mismatched:
        return "\n".join([spoken(f"its optimizer would load {where} and fail in the first step:"),
                          _list("of another shape", [*map(_mismatch, one.mismatched)])])
    return spoken(f"its optimizer's load_state_dict would load {where}: {core.wording.groups(one.file)}")


def _list(title: str, lines: list[str]) -> str:
    if not lines:
        return ""
    more = ["  " + spoken(f"… and {len(lines) - _SHOWN:,} more")] if len(lines) > _SHOWN else []
    return "\n".join([spoken(f"{title} ({len(lines):,}):"), *(f"  {line}" for line in lines[:_SHOWN]), *more])
