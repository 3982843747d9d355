"""pyqtgraph, loaded in steps shorter than a frame, while the window's thread stands still.

Loading it takes a quarter of a second, so it cannot be done in one turn of the window's thread. Nor may a worker do it beside that thread:
each class of Qt's that Python hears of goes into a table of PySide's that has no lock, and in which the window's thread looks things up
for each event (two crashes in some twenty starts under load). So a thread of its own imports it, and goes on only while the window's thread
waits for it in `_stand_still`, for `STEP` seconds at a time.
"""
from __future__ import annotations

import sys
import threading
import time
from types import FrameType
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from inspector import core

STEP = 0.008            # seconds that the window's thread stands still at a time
POLL = 0.02             # seconds after which a worker that waits looks whether it is still wanted


class PlotLibrary(QObject):
    """Loads it once. Made in the window's thread."""

    loaded = Signal()                       # for those who make something of it before what it is to show is there
    _asked = Signal()
    _imported = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._turn = threading.Condition()
        self._is_loaders = False            # whose turn it is
        self._in_haste = False              # the window's thread needs it now, and stands still until it is there
        self._begun = 0.0                   # when this step began
        self._thread: threading.Thread | None = None
        self._there = threading.Event()     # it can be used
        self._done = threading.Event()      # and whoever heard of it has had a turn of his own
        self._asked.connect(self._stand_still, Qt.ConnectionType.QueuedConnection)
        self._imported.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    @property
    def is_loaded(self) -> bool:
        return self._there.is_set()

    def wait(self, monitor: core.Monitor) -> None:
        """In a worker, until it is loaded and a canvas that is looked at is made, which delays nobody. Raises core.Cancelled."""
        if not self._done.is_set():
            self._begin()
        while not self._done.wait(POLL):
            monitor.check()

    def get(self) -> Any:
        """The library. In the window's thread, which waits for what is not loaded yet."""
        with self._turn:
            if self._thread is not None and not self._there.is_set():
                self._in_haste = self._is_loaders = True
                self._turn.notify_all()
                self._turn.wait_for(self._there.is_set)
        import pyqtgraph
        self._there.set()
        if self._in_haste or self._thread is None:
            self._done.set()
        return pyqtgraph

    # -- the window's thread --

    @Slot()
    def _stand_still(self) -> None:
        with self._turn:
            if self._there.is_set():
                return
            self._is_loaders = True
            self._turn.notify_all()
            self._turn.wait_for(lambda: not self._is_loaders)

    @Slot()
    def _tell(self) -> None:
        self.loaded.emit()
        QTimer.singleShot(0, self, self._done.set)

    # -- the loader's thread --

    def _begin(self) -> None:
        with self._turn:
            if self._thread is None:
                self._thread = threading.Thread(target=self._load, name="inspector-plots", daemon=True)
                self._thread.start()

    def _load(self) -> None:
        try:
            _import_others()
            self._take_turn()
            sys.setprofile(self._called)
            try:
                import pyqtgraph  # noqa: F401
            finally:
                sys.setprofile(None)
        except ImportError:
            pass                                # told where it is used
        finally:
            with self._turn:
                self._is_loaders = False
                self._imported.emit()           # before somebody who waits goes on, and perhaps ends the program
                self._there.set()
                self._turn.notify_all()

    def _called(self, frame: FrameType, event: str, _argument: object) -> None:
        """Told of each call: in its own code no lock is held but those of the modules of it that are being imported."""
        if event in ("call", "c_call") and str(frame.f_globals.get("__name__")).partition(".")[0] == "pyqtgraph":
            self._pause()

    def _pause(self) -> None:
        if not self._in_haste and time.perf_counter() - self._begun > STEP:
            self._take_turn()

    def _take_turn(self) -> None:
        """Lets the window live until it stands still again."""
        with self._turn:
            if not self._in_haste:
                self._is_loaders = False
                self._turn.notify_all()
                self._asked.emit()
                self._turn.wait_for(lambda: self._is_loaders)
        self._begun = time.perf_counter()


def _import_others() -> None:
    """What it imports of others that has nothing of Qt in it, so that the window lives meanwhile."""
    import cProfile  # noqa: F401
    import decimal  # noqa: F401
    import multiprocessing.connection  # noqa: F401
    import pydoc  # noqa: F401
    import sysconfig  # noqa: F401
    import xml.etree.ElementTree  # noqa: F401

    import numpy  # noqa: F401


library = PlotLibrary()
