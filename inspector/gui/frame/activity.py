"""The activity strip: what is being worked on, how far it is, and a way to stop it. Empty when nothing takes long."""
from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QWidget

from inspector import core
from inspector.gui.kit import icons, words
from inspector.gui.state.tasks import Task, Tasks
from inspector.gui.widgets.boxes import ProgressBar

PATIENCE = 250          # ms before work is worth mentioning
_STEPS = 1000


class Activity(QWidget):
    def __init__(self, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self.text = QLabel()
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.bar = ProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(120)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.stop = QToolButton()
        icons.put(self.stop, "close")
        self.stop.setAccessibleName(self.tr("Cancel"))
        self.stop.setToolTip(self.tr("Cancel"))
        self.stop.clicked.connect(self._stop)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 0, 4, 0)
        row.setSpacing(9)
        row.addWidget(self.text)
        row.addWidget(self.bar)
        row.addWidget(self.stop)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE)
        self._patience.timeout.connect(self._show)
        tasks.changed.connect(self._changed)
        self.setVisible(False)

    def _changed(self) -> None:
        if not self._tasks.running:
            self._patience.stop()
            self.setVisible(False)
        elif self.isVisible():
            self._show()
        elif not self._patience.isActive():
            self._patience.start()

    def _show(self) -> None:
        running = self._tasks.running
        if not running:
            return
        first = next((task for task in running if task.label), running[0])
        text = first.label or self.tr("Working")
        if len(running) > 1:
            more = self.tr("1 more task") if len(running) == 2 else self.tr("{n} more tasks").format(n=len(running) - 1)
            text = f"{text} · {more}"
        self.text.setText(text + _percent(first))
        self.text.setAccessibleName(text)
        self.bar.setRange(0, _STEPS if first.total else 0)
        if first.total:
            self.bar.setValue(min(first.done * _STEPS // first.total, _STEPS))
        self.setVisible(True)

    def _stop(self) -> None:
        running = self._tasks.running
        if len(running) == 1:
            self._tasks.cancel(running[0].key)
        elif running:
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            for task in running[:20]:
                menu.addAction(self.tr("Cancel: {what}").format(what=words.menu_text(task.label or self.tr("Working"))),
                               partial(self._tasks.cancel, task.key))
            menu.addSeparator()
            menu.addAction(self.tr("Cancel all"), self._tasks.cancel_all)
            menu.popup(self.stop.mapToGlobal(self.stop.rect().topLeft()))


def _percent(task: Task) -> str:
    said = f"  {task.done * 100 // task.total} %" if task.total and task.done <= task.total else ""
    return f"  {core.visible(task.doing, 40)}{said}" if task.doing else said
