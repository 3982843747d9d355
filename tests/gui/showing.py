"""A panel on the screen, and a checkpoint selected for it."""
from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QCoreApplication, QEvent, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from inspector import core
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
    for _ in range(3):                  # what came last is drawn in the next turns, on show in one after, and may ask for more
        qtbot.waitUntil(lambda: not tasks.running and not any(map(_is_making, QApplication.topLevelWidgets())))
        QCoreApplication.processEvents()
    qtbot.waitUntil(lambda: not tasks.running)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)        # what was drawn before all was known
    return document


def _is_making(widget: QWidget) -> bool:
    """Whether something of it is to be done in the next turn."""
    timers = widget.findChildren(QTimer) if widget.isVisible() else []
    return any(timer.isActive() and timer.isSingleShot() and not timer.interval() for timer in timers)
