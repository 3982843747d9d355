"""That a person is doing something, wherever in the program: what takes long enough to be noticed waits until nobody is.

    keys, clicks, wheel and moves → the window of the system that has the keyboard → Tasks.stir

The windows of the system are watched, as there are few of them and they hear each thing once; a filter of the whole program would be
asked about every event of every widget.
"""
from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QGuiApplication, QWindow
from shiboken6 import isValid

from inspector.gui.state.tasks import Tasks

_DOING = frozenset((QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove, QEvent.Type.Wheel, QEvent.Type.TouchBegin,
                    QEvent.Type.TouchUpdate, QEvent.Type.NativeGesture))


class InputWatch(QObject):
    def __init__(self, app: QGuiApplication, tasks: Tasks, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._window: QWindow | None = None
        app.focusWindowChanged.connect(self._follow)
        self._follow(app.focusWindow())

    def _follow(self, window: QWindow | None) -> None:
        """Another has the keyboard, or none of ours: then the last one is watched on, which the pointer may still be over."""
        if window is None or window is self._window:
            return
        if self._window is not None and isValid(self._window):
            self._window.removeEventFilter(self)
        self._window = window
        window.installEventFilter(self)

    def eventFilter(self, window: QObject, event: QEvent) -> bool:
        if event.type() in _DOING:
            self._tasks.stir()
        return False
