"""What `check --error` says about the text of an error: what it means, what of the file is meant, and commands that were tried."""
from __future__ import annotations

from typing import Any

from inspector import core
from inspector.sentences import heading, said

from . import fit

_LONGEST = 1 << 20          # characters of a command
_SENTENCE = 1000


def as_json(told: core.Explanation) -> dict[str, Any]:
    """What `--error` adds to the object of `check --json`."""
    found = {"explanation": {"id": told.id, "meaning": told.meaning, "about": list(told.about), "advice": list(told.advice),
                             "remedies": [{"outcome": one.outcome, "edits": [*map(core.as_option, one.edits)],
                                           **({"name": one.name} if one.name else {})} for one in told.remedies]}}
    return {**(fit.as_json(told.load) if told.load else {}), **found}


def as_text(found: core.Explanation, file: str) -> str:
    lines = [said(found.meaning), *(core.visible(said(text), _SENTENCE) for text in found.about)]
    if found.load is not None:
        lines.append(fit.as_text(found.load, file).rstrip("\n"))
    else:
        for one in found.remedies:
            lines += [heading(one.outcome), f"  {core.visible(core.as_command(one.edits, file, one.target(file)), _LONGEST)}"]
    return "\n".join([*lines, *map(said, found.advice)]) + "\n"
