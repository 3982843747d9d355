"""Open files that change on the disk: noticed by the system's word and by a look every two seconds, told, and read again by themselves
where the person wants that.

    the system, the clock, the window coming to the front → worker: has it changed? → a banner, or Opener.refresh → what changed is marked

Half a file is never shown: a refresh opens between two writes, leaves what is shown alone until then, and is tried again, later each
time, where it could not. A file with edits that wait is never read again unasked.
"""
from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication

from inspector import core
from inspector.gui.kit.settings import Settings
from inspector.gui.state.session import Document, Session, State
from inspector.gui.state.tasks import Tasks

from .opening import Opener, has_changed

EVERY = 2000            # ms between two looks
SOON = 100              # ms after the system said that something was written: a save is many writes
BETWEEN = 0.5           # seconds at least between two readings of a file that changes all the time
AGAIN, LONGEST = 1.0, 30.0          # seconds after which a reading that failed is tried again, twice as many each time
MARKED = 15_000         # ms for which it is marked what changed
_MOST = 200             # files that the system is asked to watch; the others are looked at
TASK, RELOAD, WATCH = "stamps", "stamps-reload", "stamps-watch"


@dataclass(slots=True)
class Change:
    """What is known of a document whose file is another. `at`: when it was last written to (seconds since 1970), None when it is gone;
    `error` is why it could not be read again, `tries` how often, `next` the monotonic time before which it is not tried again."""

    at: float | None = None
    error: core.InspectorError | None = None
    tries: int = 0
    next: float = 0.0


class Following(QObject):
    """Lives on the GUI thread."""

    changed = Signal(int)               # what is known of a document
    read_again = Signal(int, object)    # a document, and how it is another: core.Rewritten

    def __init__(self, session: Session, tasks: Tasks, settings: Settings, opener: Opener, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._tasks, self._settings, self._opener = session, tasks, settings, opener
        self._changes: dict[int, Change] = {}
        self._read: dict[int, float] = {}               # when a document was read last
        self._fading: dict[int, QTimer] = {}
        self._watcher = QFileSystemWatcher(self)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self.check)
        self._clock = QTimer(self)
        self._clock.setInterval(EVERY)
        self._clock.timeout.connect(self.check)
        self._watcher.fileChanged.connect(lambda path: self._wait(SOON))
        self._watcher.directoryChanged.connect(lambda path: self._wait(SOON))
        session.document_changed.connect(self._follow)
        session.document_removed.connect(self._forget)
        opener.opened.connect(self._opened)
        opener.refreshed.connect(self._refreshed)
        tasks.rereads = self.on
        tasks.reread_asked.connect(self.reload)

    @property
    def on(self) -> bool:
        """Whether files that change are read again unasked."""
        return self._settings.follows

    def set_on(self, on: bool) -> None:
        self._settings.follows = self._tasks.rereads = on
        for document in self._session.documents:
            self.changed.emit(document.id)
            if on:
                self._opener.get_to_know(document.id)
        self.check()

    def of(self, id: int) -> Change | None:
        """How the file of a document is another than the one that is shown; None while it is not."""
        return self._changes.get(id)

    def check(self) -> None:
        """Compares every open file with its stamp, in a worker: a network drive may take its time."""
        ready = [document for document in self._session.documents if document.state is State.READY and not _is_far(document)]
        if not ready or self._is_looking():
            return
        new = self._not_watched()

        def look(monitor: core.Monitor) -> tuple[list[tuple[int, core.Checkpoint | None, float | None]], list[str]]:
            return ([(document.id, document.original, _written(document)) for document in ready if has_changed(document)],
                    _answering(new))

        def done(found: tuple[list[tuple[int, core.Checkpoint | None, float | None]], list[str]]) -> None:
            self._found(found[0])
            self._watch_too(found[1])

        self._tasks.start(TASK, look, on_done=done, on_error=lambda error: None, in_passing=True)

    def _is_looking(self) -> bool:
        """One worker at a time: a drive that is gone keeps it."""
        return any(task.key in (TASK, WATCH) for task in self._tasks.running)

    def reload(self, otherwise: Callable[[], object]) -> None:
        """Opens again whatever is another by now: somebody wants it. Where nothing is, the file came back as it was."""
        ready = [document for document in self._session.documents if document.state is State.READY]
        far = [(document.id, document.original) for document in ready if _is_far(document)]

        def done(found: list[tuple[int, core.Checkpoint | None]]) -> None:
            for id, original in found or far:           # servers are not asked: their files are opened where no other can be meant
                document = self._session.document(id)
                if document is not None and document.original is original:
                    self._opener.reload(id)
            if not found and not far:
                otherwise()

        self._tasks.start(RELOAD, lambda monitor: [(document.id, document.original) for document in ready if has_changed(document)],
                          on_done=done)

    def _found(self, found: list[tuple[int, core.Checkpoint | None, float | None]]) -> None:
        told = set(self._changes)
        for id, original, at in found:
            document = self._session.document(id)
            if document is None or document.original is not original or document.state is not State.READY:
                continue
            told.discard(id)
            change = self._changes.setdefault(id, Change())
            change.at = at
            self.changed.emit(id)
            self._read_again(document, change)
        for id in told:                         # as it was, once more
            if (document := self._session.document(id)) is None or document.state is State.READY:
                self._forget_change(id)

    def _read_again(self, document: Document, change: Change) -> None:
        """Where nobody has to be asked, and nobody is in the middle of something."""
        if not self.on or self._session.edits(document.id) or self._opener.is_at_work(document.id) \
                or QApplication.activeModalWidget() is not None:
            return
        now = time.monotonic()
        wait = max(change.next, self._read.get(document.id, 0.0) + BETWEEN) - now
        if wait > 0:
            self._wait(int(wait * 1000) + 1)
        else:
            self._opener.refresh(document.id)

    def _wait(self, milliseconds: int) -> None:
        if not self._soon.isActive():
            self._soon.start(milliseconds)

    # -- what became of it --------------------------------------------------------------------------------------------

    def _opened(self, id: int) -> None:
        """Opened, or read again because somebody asked for it."""
        self._read[id] = time.monotonic()
        self._forget_change(id)
        document = self._session.document(id)
        if document is not None and document.rewritten is not None:
            self._mark(document)
        if self.on:
            self._opener.get_to_know(id)

    def _refreshed(self, id: int, error: core.InspectorError | None) -> None:
        document = self._session.document(id)
        if document is None:
            return
        if error is None:
            self._opened(id)
            self._wait(SOON)                    # it may be another one already
            return
        change = self._changes.setdefault(id, Change())
        change.error, change.tries = error, change.tries + 1
        change.next = time.monotonic() + min(AGAIN * 2 ** (change.tries - 1), LONGEST)
        self.changed.emit(id)

    def _mark(self, document: Document) -> None:
        """What changed stays marked for a while."""
        id = document.id
        timer = self._fading.get(id)
        if timer is None:
            timer = self._fading[id] = QTimer(self)
            timer.setSingleShot(True)
            timer.setInterval(MARKED)
            timer.timeout.connect(lambda: self._session.forget_rewritten(id))
        timer.start()
        self.read_again.emit(id, document.rewritten)

    def _follow(self, id: int) -> None:
        document = self._session.document(id)
        if document is not None and document.state is State.READY:
            if not self._clock.isActive():
                self._clock.start()
            self._watch()
        elif document is not None and document.state is State.FAILED:
            self._forget_change(id)

    def _forget(self, id: int) -> None:
        self._forget_change(id)
        self._read.pop(id, None)
        timer = self._fading.pop(id, None)
        if timer is not None:
            timer.stop()
            timer.deleteLater()
        if not self._session.documents:
            self._clock.stop()
        self._watch()

    def _forget_change(self, id: int) -> None:
        if self._changes.pop(id, None) is not None:
            self.changed.emit(id)

    def _watch(self) -> None:
        """Has the system tell of the files that are open, and of their folders: one that is replaced is another file of the same name. Qt
        looks at what it is to watch, and the window would wait for that: a worker looks first."""
        gone = self._watched() - self._to_watch()
        if gone:
            self._watcher.removePaths(sorted(gone))
        new = self._not_watched()
        if new and not self._is_looking():          # else they are looked at with the stamps, two seconds later
            self._tasks.start(WATCH, lambda monitor: _answering(new), on_done=self._watch_too, on_error=lambda error: None,
                              in_passing=True)

    def _watch_too(self, answering: list[str]) -> None:
        found = set(answering) & set(self._not_watched())       # they may have been closed meanwhile
        if found:
            self._watcher.addPaths(sorted(found))

    def _to_watch(self) -> set[str]:
        stamps = [stamp.path for document in self._session.documents if document.original is not None and not _is_far(document)
                  for stamp in document.original.files]
        return set(stamps[:_MOST]) | {os.path.dirname(path) for path in stamps[:_MOST]}

    def _watched(self) -> set[str]:
        return {*self._watcher.files(), *self._watcher.directories()}

    def _not_watched(self) -> list[str]:
        return sorted(self._to_watch() - self._watched())


def _is_far(document: Document) -> bool:
    return document.original is None or document.original.is_far


def _answering(paths: list[str]) -> list[str]:
    """Those at which there is something. For workers."""
    return [path for path in paths if os.path.lexists(path)]


def _written(document: Document) -> float | None:
    """When the youngest file of a document was written to; None where one is gone."""
    assert document.original is not None
    try:
        return max((os.stat(stamp.path).st_mtime for stamp in document.original.files), default=None)
    except OSError:
        return None
