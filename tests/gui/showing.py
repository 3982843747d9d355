"""A panel on the screen, and a checkpoint selected for it."""
from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QCoreApplication, QEvent, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.kit import disk
from inspector.gui.state.session import Document, Selection, Session
from inspector.gui.state.tasks import Tasks

Shown = TypeVar("Shown", bound=QWidget)


def placed(panel: Shown, qtbot: QtBot) -> Shown:
    qtbot.addWidget(panel)
    panel.resize(700, 800)
    panel.show()
    return panel


def show(session: Session, tasks: Tasks, qtbot: QtBot, ckpt: core.Checkpoint, prefix: str = "", keys: tuple[str, ...] = (),
         value: str | None = None) -> Document:
    """Opens `ckpt`, selects in it, and waits until nothing is being worked out any more."""
    document = session.add(ckpt.path)
    session.loaded(document.id, ckpt)
    session.select(Selection(document.id, prefix, keys, value))
    calm = [0]                          # turns in a row: what came last is drawn in the next, on show in one after, and may ask for more

    def is_settled() -> bool:
        busy = bool(tasks.running) or any(map(_is_making, QApplication.topLevelWidgets()))
        calm[0] = 0 if busy else calm[0] + 1
        return calm[0] > 3

    qtbot.waitUntil(is_settled)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)        # what was drawn before all was known
    return document


def written(qtbot: QtBot) -> None:
    """What is being exported is on the disk, and what came of it has been told."""
    qtbot.waitUntil(lambda: not disk._under_way)


def _is_making(widget: QWidget) -> bool:
    """Whether something of it is to be done soon: in the next turn, or after a rest."""
    timers = widget.findChildren(QTimer) if widget.isVisible() else []
    return any(timer.isActive() and timer.isSingleShot() and timer.interval() < 1000 for timer in timers)
