"""Several saves one behind the other in one file, as two calls of torch.save or pickle.dump with one open file leave them.

    FILE!0, FILE!1, …       address them, the first being 0, as members of archives are addressed

torch.load and pickle.load read pickles and streams one after the other from an open file, and the first of them from a path. Of zip
archives torch.load takes the directory of the last for that of the whole file, which names places in the first: it reads none, or one
by accident.
"""
from __future__ import annotations

from typing import NamedTuple

from inspector.core.errors import ReadError, Unsupported
from inspector.core.findings import Finding
from inspector.core.formats.before_1_6 import torch_legacy
from inspector.core.formats.before_1_6.pickle_stream import PickleStream
from inspector.core.formats.shared.joblib_arrays import InlineArrays
from inspector.core.formats.shared.pickle_head import HEAD, is_binary_pickle, is_stream
from inspector.core.formats.zip.tail import archive_before, last_end
from inspector.core.io.sources import SourceFile
from inspector.core.limits import LIMITS, Limits
from inspector.core.pickles.decode.machine import Budget
from inspector.core.progress import QUIET, Monitor

_MOST = 10_000              # saves that are told apart
_SHOWN = 100                # … and offered


class Save(NamedTuple):
    """One of them: `nbytes` from `offset`."""

    offset: int
    nbytes: int


def refuse_archives(source: SourceFile) -> None:
    """Raises Unsupported where the zip archive at the end of the file is one of several that it is made of."""
    if archive_before(source, source.size) in (None, 0) or source.stamp.path.endswith(".distcp"):      # DCP's index says where each lies
        return
    found = _archives(source, source.size)
    if found[0].offset == 0:
        raise Unsupported(f"this file holds {len(found):,} ZIP archives one behind the other, as torch.save leaves them when it is called "
                          "again with the same open file; torch.load does not find its way in it",
                          f"To see what is in one of them, open {_addresses(0, len(found))}, and save it to a file of its own.",
                          id="container", members=tuple(map(str, range(min(len(found), _SHOWN)))))


def others(source: SourceFile, limits: Limits, monitor: Monitor) -> Finding | None:
    """What there is to say of the saves behind the first one, which is what was read of the file. Raises Cancelled."""
    found = saves_in(source, limits, monitor)
    if len(found) < 2:
        return None
    follow = "1 more save follows" if len(found) == 2 else f"{len(found) - 1:,} more saves follow"
    return Finding("more-saves", "warning", f"byte {found[1].offset}", f"{follow} this one, as torch.save and pickle.dump leave them when "
                   "they are called again with the same open file.", f"Open {_addresses(1, len(found))} to see what is there.",
                   members=tuple(map(str, range(min(len(found), _SHOWN)))))


def _addresses(first: int, end: int) -> str:
    last = f"FILE!{end - 1}"
    return last if end - first == 1 else f"FILE!{first} {'or' if end - first == 2 else 'to'} {last}"


def saves_in(source: SourceFile, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> list[Save]:
    """The saves that the file begins with, in order, as far as each is whole or the last; fewer than two where there are not several.
    Raises Cancelled."""
    archives = _archives(source, source.size)
    first = archives[0].offset if archives else source.size
    found: list[Save] = []
    at, budget = 0, Budget(limits)
    if not archives and (end := last_end(source)) is not None:
        before = _archives(source, end)
        if before[0].offset == 0:
            found, at = before, end
    while at < first and len(found) < _MOST:
        monitor.check()
        nbytes = _length(source, at, limits, monitor, budget)
        if nbytes <= 0:
            return found
        found.append(Save(at, nbytes))
        at += nbytes
    return found + archives if at == first else found


def _archives(source: SourceFile, end: int) -> list[Save]:
    """The zip archives one behind the other, the last of which ends at `end`."""
    found: list[Save] = []
    while len(found) < _MOST and (start := archive_before(source, end)) is not None:
        found.append(Save(start, end - start))
        end = start
    return found[::-1]


def _length(source: SourceFile, at: int, limits: Limits, monitor: Monitor, budget: Budget) -> int:
    """How many bytes the pickle or the stream of torch's at `at` has; 0 where there is none that can be read."""
    left = source.size - at
    head = source.read(at, min(HEAD, left))
    try:
        if is_stream(head):
            return torch_legacy.length_of(source.window(at, left, source.stamp.path), limits, monitor)
        if is_binary_pickle(head):
            return PickleStream(source, at, source.size, limits, monitor, budget).decode(0, "pickle", InlineArrays()).end
    except ReadError:
        return 0
    return 0
