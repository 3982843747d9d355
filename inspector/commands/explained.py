"""What `check --error` says about the text of an error: what it means, what of the file is meant, and commands that were tried."""
from __future__ import annotations

from typing import Any

from inspector import core

from . import fit

_LONGEST = 1 << 20          # characters of a command
_SENTENCE = 1000


def as_json(said: core.Explanation) -> dict[str, Any]:
    """What `--error` adds to the object of `check --json`."""
    found = {"explanation": {"id": said.id, "meaning": said.meaning, "about": list(said.about), "advice": list(said.advice),
                             "remedies": [{"outcome": one.outcome, "edits": [*map(core.as_option, one.edits)]} for one in said.remedies]}}
    return {**(fit.as_json(said.load) if said.load else {}), **found}


def as_text(said: core.Explanation, file: str) -> str:
    lines = [said.meaning, *(core.visible(text, _SENTENCE) for text in said.about)]
    if said.load is not None:
        lines.append(fit.as_text(said.load, file).rstrip("\n"))
    else:
        for one in said.remedies:
            lines += [f"{one.outcome}:", f"  {core.visible(core.as_command(one.edits, file, 'FIXED'), _LONGEST)}"]
    return "\n".join([*lines, *said.advice]) + "\n"
