"""What is odd about a file that can be read all the same."""
from __future__ import annotations

from typing import Literal, NamedTuple

Level = Literal["info", "warning", "danger"]
"""How grave a finding is; `check` fails from "warning" on."""
LEVELS: tuple[Level, ...] = ("info", "warning", "danger")
"""All levels, the gravest last."""


class Finding(NamedTuple):
    """`id` is a stable name ("unknown-code"), `where` the member and offset ("data.pkl:123") or a key, `message` one
    sentence, `hint` what a person can do about it: text to be shown, with names from the file made visible.

    The rest is the same as facts, with names as they are in the file, for whoever acts on it. `keys`: all tensors, values or
    (of "module-prefix") state dicts that it is about, in the order of the file that was opened. `prefix`: what names begin
    with, its dot included. `devices`: location tags. `code`: dotted names that a pickle would import. `members`: records of an
    archive or files of a set. Each is empty where it does not apply.

    >>> found = core.check({"w": np.float32([1, np.nan])})[0]
    >>> found.id, found.level, found.keys
    ('nan-values', 'danger', ('w',))
    """

    id: str
    level: Level
    where: str
    message: str
    hint: str = ""
    keys: tuple[str, ...] = ()
    prefix: str = ""
    devices: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    members: tuple[str, ...] = ()

    def to_json(self) -> dict[str, str]:
        """What `--json` prints of it: the texts."""
        return dict(zip(self._fields[:5], self[:5], strict=True))


def worst(findings: tuple[Finding, ...]) -> Level | None:
    """The highest level among `findings`, or None when there are none.

    >>> core.worst(core.check({"w": np.float32([1, np.nan])})), core.worst(())
    ('danger', None)
    """
    return max((f.level for f in findings), key=LEVELS.index, default=None)
