"""Several saves one behind the other in one file, as two calls of torch.save or pickle.dump with one open file leave them.

    FILE!0, FILE!1, …       address them, the first being 0, as members of archives are addressed

torch.load and pickle.load read pickles and streams one after the other from an open file, and the first of them from a path. Of zip
archives torch.load takes the directory of the last for that of the whole file, which names places in the first: it reads none, or one
by accident.
"""
from __future__ import annotations

from inspector.core.errors import ReadError
from inspector.core.findings import Finding
from inspector.core.formats.before_1_6 import torch_legacy
from inspector.core.formats.before_1_6.pickle_stream import PickleStream
from inspector.core.formats.shared.joblib_arrays import InlineArrays
from inspector.core.formats.shared.pickle_head import HEAD, is_binary_pickle, is_stream
from inspector.core.formats.zip.tail import last_end
from inspector.core.io.sources import SourceFile
from inspector.core.limits import LIMITS, Limits
from inspector.core.pickles.decode.machine import Budget
from inspector.core.progress import QUIET, Monitor

from .several_archives import MOST, Save, addresses_of, archives_to, offered


def others(source: SourceFile, limits: Limits, monitor: Monitor) -> Finding | None:
    """What there is to say of the saves behind the first one, which is what was read of the file. Raises Cancelled."""
    found = saves_in(source, limits, monitor)
    if len(found) < 2:
        return None
    follow = "1 more save follows" if len(found) == 2 else f"{len(found) - 1:,} more saves follow"
    return Finding("more-saves", "warning", f"byte {found[1].offset}", f"{follow} this one, as torch.save and pickle.dump leave them when "
                   "they are called again with the same open file.", f"Open {addresses_of(1, len(found))} to see what is there.",
                   members=offered(len(found)))


def saves_in(source: SourceFile, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> list[Save]:
    """The saves that the file begins with, in order, as far as each is whole or the last; fewer than two where there are not several.
    Raises Cancelled."""
    archives = archives_to(source, source.size)
    first = archives[0].offset if archives else source.size
    found: list[Save] = []
    at, budget = 0, Budget(limits)
    if not archives and (end := last_end(source)) is not None:
        before = archives_to(source, end)
        if before[0].offset == 0:
            found, at = before, end
    while at < first and len(found) < MOST:
        monitor.check()
        nbytes = _length(source, at, limits, monitor, budget)
        if nbytes <= 0:
            return found
        found.append(Save(at, nbytes))
        at += nbytes
    return found + archives if at == first else found


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
