"""Zip archives one behind the other in one file: where each lies, and what is said of such a file.

Of such archives torch.load takes the directory of the last for that of the whole file, which names places in the first: it reads none, or
one by accident. What other saves there may be in a file is looked for by `saves`, when something follows what was read.
"""
from __future__ import annotations

from typing import NamedTuple

from inspector.core.errors import Unsupported
from inspector.core.formats.zip.tail import archive_before
from inspector.core.io.sources import SourceFile

MOST = 10_000               # saves that are told apart
_SHOWN = 100                # … and offered


class Save(NamedTuple):
    """One of them: `nbytes` from `offset`."""

    offset: int
    nbytes: int


def refuse_archives(source: SourceFile) -> None:
    """Raises Unsupported where the zip archive at the end of the file is one of several that it is made of."""
    if archive_before(source, source.size) in (None, 0) or source.stamp.path.endswith(".distcp"):      # DCP's index says where each lies
        return
    found = archives_to(source, source.size)
    if found[0].offset == 0:
        raise Unsupported(f"this file holds {len(found):,} ZIP archives one behind the other, as torch.save leaves them when it is called "
                          "again with the same open file; torch.load does not find its way in it",
                          f"To see what is in one of them, open {addresses_of(0, len(found))}, and save it to a file of its own.",
                          id="container", members=offered(len(found)))


def archives_to(source: SourceFile, end: int) -> list[Save]:
    """The zip archives one behind the other, the last of which ends at `end`."""
    found: list[Save] = []
    while len(found) < MOST and (start := archive_before(source, end)) is not None:
        found.append(Save(start, end - start))
        end = start
    return found[::-1]


def addresses_of(first: int, end: int) -> str:
    """The saves number `first` to `end` as they are opened, for people."""
    last = f"FILE!{end - 1}"
    return last if end - first == 1 else f"FILE!{first} {'or' if end - first == 2 else 'to'} {last}"


def offered(count: int) -> tuple[str, ...]:
    """What the first of so many saves are called behind the name of their file."""
    return tuple(map(str, range(min(count, _SHOWN))))
