"""The banner over the panels: the file on the disk is no longer the one that was opened. Looked for in a task whenever the
window comes to the front."""
from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from . import icons, theme
from .opening import has_changed
from .session import Session, State
from .tasks import Tasks


class ChangedBanner(QFrame):
    reload_asked = Signal(int)

    def __init__(self, session: Session, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setProperty("level", "warning")
        self._session = session
        self._tasks = tasks
        self._changed: set[int] = set()
        self._picture = QLabel()
        text = QLabel(self.tr("This file was changed or removed after it was opened. What you see is how it was."))
        text.setProperty("tone", "warning")
        text.setWordWrap(True)
        again = QPushButton(self.tr("Reload"))
        again.setAccessibleName(self.tr("Reload the file"))
        again.clicked.connect(self._reload)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 7, 8, 7)
        row.setSpacing(10)
        row.addWidget(self._picture)
        row.addWidget(text, 1)
        row.addWidget(again)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setVisible(False)
        self._tint()
        theme.watcher().changed.connect(self._tint)
        session.selection_changed.connect(self._show)
        session.document_changed.connect(self._forget)
        session.document_removed.connect(self._forget)

    def look(self) -> None:
        """Compares every open file with its stamp, in a worker: a network drive may take its time."""
        ready = [document for document in self._session.documents if document.state is State.READY]
        if ready:
            self._tasks.start("stamps", lambda monitor: {document.id for document in ready if has_changed(document)},
                              on_done=self._found, on_error=lambda error: None)

    def _found(self, changed: set[int]) -> None:
        self._changed = changed
        self._show()

    def _forget(self, id: int) -> None:
        document = self._session.document(id)
        if document is None or document.state is not State.READY or document.checkpoint is None:
            self._changed.discard(id)
        self._show()

    def _show(self) -> None:
        document = self._session.selected_document
        self.setVisible(document is not None and document.state is State.READY and document.id in self._changed)

    def _reload(self) -> None:
        document = self._session.selected_document
        if document is not None:
            self._changed.discard(document.id)
            self.setVisible(False)
            self.reload_asked.emit(document.id)

    def _tint(self) -> None:
        self._picture.setPixmap(icons.pixmap("warning", 20, theme.colours().warning))
