"""What `check --against`, `--model` and `--error` say: the three lists of `load_state_dict` and the edits that help."""
from __future__ import annotations

from typing import Any

from inspector import core

_SHOWN = 20
_LONGEST = 1 << 20          # characters of a command


def as_json(report: core.LoadReport) -> dict[str, Any]:
    """What these options add to the object of `check --json`."""
    lists = report.lists
    return {"load": {"missing": list(lists.missing), "unexpected": list(lists.unexpected),
                     "mismatched": [{"key": one.key, "file": list(one.file), "model": list(one.model)} for one in lists.mismatched],
                     "state_dict": report.state_dict},
            "suggested": [*map(core.as_option, report.edits)],
            "after": {"missing": list(report.after.missing), "unexpected": list(report.after.unexpected),
                      "mismatched": [one.key for one in report.after.mismatched], "fitting": report.after.fitting}}


def as_text(report: core.LoadReport, file: str) -> str:
    lists = report.lists
    where = f" (its {core.visible(report.state_dict)})" if report.state_dict else ""
    if lists.loads:
        parts = [f"load_state_dict would load it{where}: all {lists.fitting:,} keys fit"]
    else:
        parts = [f"load_state_dict would refuse it{where}; {lists.fitting:,} keys fit"]
        parts += [_list("missing in the file", [core.visible(key) for key in lists.missing]),
                  _list("unexpected in the file", [core.visible(key) for key in lists.unexpected]),
                  _list("of another shape", [f"{core.visible(one.key)}: {core.wording.shape_list(one.file)} in the file, "
                                             f"{core.wording.shape_list(one.model)} in the model"
                                             for one in lists.mismatched])]
    if report.suggested:
        after = report.after
        outcome = f"all {after.fitting:,} keys load" if after.loads else \
            f"{after.fitting:,} keys load with strict=False; {len(after.missing):,} stay as the model made them"
        command = core.visible(core.as_command(report.edits, file, "FIXED"), _LONGEST)
        parts.append(f"then {outcome}:\n  {command}")
    elif not lists.loads:
        parts.append("no edit is known that would make it fit")
    return "\n".join(part for part in parts if part) + "\n"


def _list(title: str, lines: list[str]) -> str:
    if not lines:
        return ""
    more = [f"  … and {len(lines) - _SHOWN:,} more"] if len(lines) > _SHOWN else []
    return "\n".join([f"{title} ({len(lines):,}):", *(f"  {line}" for line in lines[:_SHOWN]), *more])
