"""The run that the page is about: found, opened and measured in a worker, followed while it is written.

    follow(paths) → worker: core.series → shown at once → worker: core.measured_series, the newest first → shown as it comes → all of it
"""
from __future__ import annotations

from collections import deque
from time import monotonic
from typing import NamedTuple

from PySide6.QtCore import QObject, Signal

from inspector import core
from inspector.gui.state.tasks import Tasks

FINDING, MEASURING = "run-find", "run-measure"
SETTLED = 2.0               # seconds that a file has stood still for before it is taken, while a training writes

_SOON, _SHARE = 0.2, 5       # seconds after which what came in is shown, and how many times longer than it takes to put it together

_Measured = tuple["core.Tracks", "tuple[core.Remark, ...]", "tuple[core.Track, ...]"]


class Coming(NamedTuple):
    """What is known while checkpoints are still being read: the parts of the model in those that were."""

    tracks: core.Tracks
    parts: tuple[core.Track, ...]


class Reading(QObject):
    """`series` is None while nothing is known, `tracks` until the values were read; `coming` is what there is of them before; `error`
    says why there is nothing. `count`: how many checkpoints were read, of how many."""

    begun = Signal()            # it is another run: of this one nothing is known yet
    found = Signal()            # which checkpoints there are, or why there are none
    grown = Signal()            # `coming` has more
    measured = Signal()         # their values
    progressed = Signal(object, object)         # bytes, which may be more than an int of Qt holds

    def __init__(self, tasks: Tasks, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self.paths: tuple[str, ...] = ()
        self.series: core.Series | None = None
        self.tracks: core.Tracks | None = None
        self.remarks: tuple[core.Remark, ...] = ()
        self.parts: tuple[core.Track, ...] = ()         # of the model, as far apart as tells more than one
        self.coming: Coming | None = None
        self.count = (0, 0)
        self._came: deque[tuple[int, Coming | None]] = deque()         # from the worker: how many were read, and what they are together
        self.error: core.InspectorError | None = None
        self.reading = False
        self.stopped = False
        self.watched = False
        self._reader = core.SeriesReader()

    def follow(self, paths: tuple[str, ...]) -> None:
        """Looks at the run that `paths` are, or hold."""
        another = paths != self.paths
        self.paths, self.error, self.stopped = paths, None, False
        if another:
            self.series = self.tracks = self.coming = None
            self.remarks, self.parts, self.count = (), (), (0, 0)
            self._reader = core.SeriesReader()
            self.begun.emit()
        self._begin()
        settled, reader = (SETTLED if self.watched else 0.0), self._reader
        self._tasks.start(FINDING, lambda monitor: core.series(paths, settled=settled, reader=reader, monitor=monitor),
                          on_done=self._found, on_error=self._failed, on_progress=self._tell, on_cancel=self._cancelled,
                          label=self.tr("Looking for checkpoints of the run"))

    def stop(self) -> None:
        for key in (FINDING, MEASURING):
            self._tasks.cancel(key)

    def _begin(self) -> None:
        self.reading = True
        self.progressed.emit(0, 0)

    def _tell(self, done: int, total: int, what: str) -> None:
        grown = False
        while self._came:
            read, coming = self._came.popleft()
            self.count = (read, self.count[1])
            if coming is not None and self.tracks is None:
                self.coming, grown = coming, True
        if grown:
            self.grown.emit()
        self.progressed.emit(done, total)

    def _found(self, series: core.Series) -> None:
        if self.tracks is not None and self.series is not None and series == self.series:
            self.reading = False            # nothing new
            self.progressed.emit(0, 0)
            return
        if self.tracks is None:
            self.series = series            # the measured ones stay until the new ones are, too
        came: deque[tuple[int, Coming | None]] = deque()
        self._came, self.count = came, (0, len(series))
        self.found.emit()

        def work(monitor: core.Monitor) -> _Measured:
            found: dict[int, core.MeasuredCheckpoint | core.InspectorError] = {}
            then = monotonic() + _SOON
            for at, one in core.measured_series(series, newest_first=True, monitor=monitor):
                found[at] = one
                coming = None
                if monotonic() >= then:
                    begun = monotonic()
                    coming = _together(series, found)
                    then = monotonic() + max(_SOON, _SHARE * (monotonic() - begun))
                came.append((len(found), coming))
            tracks = core.tracks_of(series, found)
            return tracks, core.remarks(tracks, core.average_lags(tracks, monitor=monitor)), tracks.groups()

        self._tasks.start(MEASURING, work, on_done=self._read, on_error=self._failed, on_progress=self._tell, on_cancel=self._cancelled,
                          label=self.tr("Reading the checkpoints of the run"))

    def _read(self, found: _Measured) -> None:
        self.tracks, self.remarks, self.parts = found
        self.coming, self.count = None, (len(self.tracks.series), len(self.tracks.series))
        self.series = self.tracks.series
        self.reading = False
        self.measured.emit()

    def _failed(self, error: Exception) -> None:
        self.reading = False
        if not isinstance(error, core.InspectorError):
            raise error
        self.error = error
        self.found.emit()

    def _cancelled(self) -> None:
        self.reading = False
        self.stopped = True
        self.found.emit()


def _together(series: core.Series, found: dict[int, core.MeasuredCheckpoint | core.InspectorError]) -> Coming:
    known = tuple(one if isinstance(one := found.get(at), core.MeasuredCheckpoint) else None for at in range(len(series)))
    tracks = core.Tracks(series, known)
    return Coming(tracks, tracks.groups())
