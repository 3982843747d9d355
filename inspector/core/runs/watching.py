"""A run that is followed while a training writes it: looked at again and again, told when it is another one.

Half a file is never taken for a checkpoint: one that was written to a moment ago waits, one that is cut short is left out, and of all
that is read it is proved afterwards that nothing was written meanwhile. What could not be had is tried again at the next look, which
comes later the longer nothing happens.
"""
from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator

from inspector.core.errors import FileMissing, ReadError, UsageError
from inspector.core.progress import QUIET, Monitor

from .kept import KeptNumbers
from .series import Series, SeriesReader, series
from .tracks import Tracks, measure_series

EVERY = 2.0             # seconds between two looks
SETTLED = 2.0           # seconds that a file has stood still for before it is taken
_PATIENT = 4            # times as long between two looks when nothing happens


def watched(paths: Iterable[str | os.PathLike[str]], *, match: str | None = None, everything: bool = False, every: float = EVERY,
            settled: float = SETTLED, kept: KeptNumbers | None = None, exact: bool = False, monitor: Monitor = QUIET,
            wait: Callable[[float], object] = time.sleep) -> Iterator[Tracks]:
    """The run as it is now, and again whenever it is another one: a checkpoint more, or one that was written anew. Goes on until `monitor`
    says so (Cancelled), waiting with `wait` between two looks; a folder that is empty still is waited for. Raises UsageError where the
    paths can never be a run, or nothing matches.

    >>> paths = [core.save({"epoch": n, "val_acc": n / 10, "w": np.full(4, n + 1.)}, folder / f"{n}.pth").path for n in range(3)]
    >>> len(next(core.watched([folder], settled=0)).series)
    3
    """
    given, reader = list(paths), SeriesReader(everything)
    missing = next((path for path in given if not os.path.lexists(path)), None)
    if missing is not None:
        raise FileMissing(os.fsdecode(missing))
    last: Series | None = None
    pause = every
    while True:
        monitor.check()
        try:
            now = series(given, everything=everything, settled=settled, reader=reader, monitor=monitor)
        except UsageError:
            if not any(os.path.isdir(path) for path in given):
                raise
            now = None                  # nothing there yet
        except ReadError:
            now = None                  # nothing that is whole
        if now is not None and (last is None or now.checkpoints != last.checkpoints):
            tracks = _measured(now, match, kept, exact, monitor)
            if tracks is not None:
                # what changed while it was read is missing from it, and looked for again
                last, pause = tracks.series if match is None else now, every
                yield tracks
        else:
            pause = min(pause * 1.5, every * _PATIENT)
        wait(pause)


def _measured(now: Series, match: str | None, kept: KeptNumbers | None, exact: bool, monitor: Monitor) -> Tracks | None:
    try:
        return measure_series(now, match=match, kept=kept, exact=exact, monitor=monitor)
    except ReadError:
        return None
