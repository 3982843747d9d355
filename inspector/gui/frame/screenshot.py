"""A picture of the window, drawn off screen once everything that was asked for is shown.

What is on it can be chosen by the environment, for documentation and tests:
    INSPECTOR_THEME=light|dark      QT_SCALE_FACTOR=2      INSPECTOR_SCREENSHOT_SIZE=1440x900
    INSPECTOR_SCREENSHOT_PANEL=overview|statistics|heatmap|values|layers|details|edits|code|compare
    INSPECTOR_SCREENSHOT_KEY=conv1.weight       INSPECTOR_SCREENSHOT_RECIPE=fix.json (edits that wait for the first file)
"""
from __future__ import annotations

import os
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from inspector import core
from inspector.gui.kit import exporting
from inspector.gui.state.session import Selection, State

if TYPE_CHECKING:
    from .main_window import MainWindow

SIZE = (1440, 900)
PATIENCE = 300_000          # ms until the picture is given up
_CALM = 3                   # turns of the event loop: what is posted in one may post more for the next
_FEW = 24                   # keys that are all shown; with more, the tree opens as far as it thinks fit


class Screenshot(QObject):
    """`error` says afterwards what went wrong, or is None."""

    def __init__(self, window: MainWindow, out: str) -> None:
        super().__init__(window)
        self._window, self._out = window, out
        self.error: core.InspectorError | None = None
        self._arranged = False
        self._painted = False
        self._calm = 0                  # turns of the event loop in which nothing went on
        window.opener.confirm = lambda count, on_yes: on_yes()      # there is nobody to ask
        self._turn = QTimer(self)
        self._turn.setSingleShot(True)
        self._turn.timeout.connect(self._poll)
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.timeout.connect(self._give_up)

    def start(self) -> None:
        width, height = _size(os.environ.get("INSPECTOR_SCREENSHOT_SIZE", ""))
        self._window.resize(width, height)
        # a third for the tree's names and columns, the rest for what is said about them
        self._window.work.setSizes([width * 45 // 100, width * 55 // 100])
        self._window.show()
        self._late.start(PATIENCE)
        self._window.tasks.changed.connect(self._again)
        self._again()

    def _again(self) -> None:
        """Something goes on: it is to be calm from now on."""
        self._calm = 0
        self._turn.start(0)

    def _poll(self) -> None:
        """Goes on once nothing runs in a worker, nothing is about to be started, and what was posted has been done."""
        if self._window.tasks.running:
            return                      # it says so when it changes
        soon = self._soon()
        if soon is not None:
            self._calm = 0
            self._turn.start(soon)
        elif self._calm < _CALM:
            self._calm += 1
            self._turn.start(0)
        else:
            self._next()

    def _soon(self) -> int | None:
        """In how many milliseconds the first of the window's timers goes off that run only once: a rest after which something is
        read or drawn. None when none runs."""
        timers = [timer.remainingTime() for timer in self._window.findChildren(QTimer)
                  if timer.isSingleShot() and timer.isActive() and timer is not self._turn and timer is not self._late]
        return min(timers, default=None)

    def _next(self) -> None:
        if not self._arranged:
            self._arranged = True
            self._arrange()
            if self.error is None:
                self._again()
        elif not self._painted:
            self._painted = True            # some of what is shown is only read once it is to be painted
            self._window.grab()
            self._again()
        else:
            self._shoot()

    def _arrange(self) -> None:
        """The first file, or its asked key, on the asked panel; the tree opened as far as it stays easy to read."""
        window, session = self._window, self._window.session
        first = next(iter(session.documents), None)
        if first is None:
            return
        panel = os.environ.get("INSPECTOR_SCREENSHOT_PANEL", "overview")
        if panel == "compare" and len(session.documents) > 1:
            self._compare()
            return
        if panel == "run":
            window.runs.show_run()
            return
        window.view.show_panel(panel)
        recipe = os.environ.get("INSPECTOR_SCREENSHOT_RECIPE", "")
        if recipe and first.checkpoint is not None:
            window.edits.asks = False
            window.tasks.start("recipe", lambda monitor: core.read_recipe(recipe),
                               on_done=lambda edits: session.add_edits(first.id, edits))
        loaded = [document.checkpoint for document in session.documents if document.checkpoint is not None]
        if sum(len(ckpt.tensors) + len(ckpt.values) for ckpt in loaded) <= _FEW:
            window.tree.expand_all()
        wanted = self._wanted(first.id)
        if wanted is not None:
            session.select(wanted)

    def _compare(self) -> None:
        """The first two files side by side, at the asked key."""
        window = self._window
        first, second = window.session.documents[:2]
        window.comparison.compare_documents(first.id, second.id)
        page, key = window.comparison.page, os.environ.get("INSPECTOR_SCREENSHOT_KEY", "")
        paired = page.model.tree is not None
        self._arranged = paired or page.progress.error is not None         # again once the names are paired
        if paired:
            row = page.model.reveal(key) if key else None
            if key and row is None and first.checkpoint is not None:
                self._refuse(core.NoSuchKey(key, first.checkpoint))
            if row is not None:
                page.view.select_row(row)
                page.show_details(page.pair)

    def _wanted(self, id: int) -> Selection | None:
        """What is to be selected; None where there is nothing of that name, and no picture to be taken."""
        document = self._window.session.document(id)
        key = os.environ.get("INSPECTOR_SCREENSHOT_KEY", "")
        if document is None or document.checkpoint is None or not key:
            return Selection(id)
        ckpt, view = document.checkpoint, document.packed
        row = next((path for path, name in view.groups.items() if name == key), None) if view is not None else None
        if view is not None and row is not None:
            return Selection(id, row, tuple(name for name in ckpt.tensors if view.owners.get(name) == key))
        if key in ckpt.tensors:
            return Selection(id, key, (key,))
        if key in ckpt.values:
            return Selection(id, key, (), key)
        head = f"{key}."
        below = tuple(name for name in ckpt.tensors if name.startswith(head))
        if not below and not any(name.startswith(head) for name in ckpt.values):
            self._refuse(core.NoSuchKey(key, ckpt))
            return None
        return Selection(id, key, below)

    def _refuse(self, error: core.InspectorError) -> None:
        self.error = error
        self._done()

    def _shoot(self) -> None:
        window = self._window
        window.activateWindow()
        (window.comparison.page.view if window.comparison.shown else window.tree).setFocus()              # no blinking cursor
        QApplication.processEvents()
        try:
            exporting.write_picture(self._out, window.grab().toImage())
        except core.SaveError as refused:
            self.error = refused
        failed = [document for document in window.session.documents if document.state is State.FAILED]
        if failed and failed[0].error is not None and self.error is None:
            error = failed[0].error
            message = f"{core.visible(failed[0].path, 1000)}: {error.message}"
            self.error = core.ReadError(message, error.hint, error.where, id=error.id)
        self._done()

    def _give_up(self) -> None:
        self.error = core.InspectorError("The window was not ready for its picture after five minutes", "Try a smaller file.")
        self._done()

    def _done(self) -> None:
        self._turn.stop()
        self._late.stop()
        self._window.tasks.changed.disconnect(self._again)
        QApplication.exit(0)


def _size(text: str) -> tuple[int, int]:
    """"1440x900" as numbers, within reason; SIZE for anything else."""
    width, cross, height = text.partition("x")
    if not cross or not width.isdecimal() or not height.isdecimal():
        return SIZE
    return min(max(int(width), 520), 8000), min(max(int(height), 360), 8000)
