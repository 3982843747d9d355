"""What is odd about a file that can be read all the same."""
from __future__ import annotations

from typing import Literal, NamedTuple

Level = Literal["info", "warning", "danger"]
LEVELS: tuple[Level, ...] = ("info", "warning", "danger")


class Finding(NamedTuple):
    """`id` is a stable name ("unknown-code"), `where` the member and offset ("data.pkl:123") or a key, `message` one
    sentence, `hint` what a person can do about it."""

    id: str
    level: Level
    where: str
    message: str
    hint: str = ""


def worst(findings: tuple[Finding, ...]) -> Level | None:
    """The highest level among `findings`, or None when there are none."""
    return max((f.level for f in findings), key=LEVELS.index, default=None)
