"""What a file that was replaced and kept is called: its name with .bak behind it, .bak2 where there is one already, and so on."""
from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import count

_ENDING = ".bak"
_LOOKED_AT = 100            # names


def backup_names(of: str) -> Iterator[str]:
    """What a backup of the file `of` may be called, the first choice first. Endless."""
    yield of + _ENDING
    for n in count(2):
        yield f"{of}{_ENDING}{n}"


def is_backup_of(name: str, of: str) -> bool:
    """Whether backups of the file `of` are called so."""
    return re.fullmatch(re.escape(of + _ENDING) + r"\d*", name) is not None


def free_backup_name(folder: str, of: str) -> str:
    """The first that nothing has."""
    return next(name for name in backup_names(of) if not os.path.lexists(os.path.join(folder, name)))


def names_that_are_backups(path: str, found: os.stat_result) -> int:
    """How many of the names of the file at `path`, which looks like `found`, are those of backups of it beside it: made by hand, or left by
    a save that was killed before it replaced anything."""
    folder, of = os.path.split(path)
    names = 0
    for name, _ in zip(backup_names(of), range(_LOOKED_AT), strict=False):
        try:
            here = os.lstat(os.path.join(folder, name))
        except OSError:
            break                       # they are numbered one after the other
        names += os.path.samestat(here, found)
    return names
