"""The banners over the panels: the file on the disk is no longer the one that was opened (looked for in a task whenever the window
comes to the front), and what a save wrote and verified."""
from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from inspector import core
from inspector.gui.kit import icons, theme, words
from inspector.gui.state.session import Session, State
from inspector.gui.state.tasks import Tasks

from .opening import has_changed


class ChangedBanner(QFrame):
    reload_asked = Signal(int)
    shown_changed = Signal(bool)        # it stands over the panels, or no longer

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
        theme.current().changed.connect(self._tint)
        session.selection_changed.connect(self._show)
        session.document_changed.connect(self._forget)
        session.document_removed.connect(self._forget)

    def check(self) -> None:
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
        shown = document is not None and document.state is State.READY and document.id in self._changed
        self.setVisible(shown)
        self.shown_changed.emit(shown)

    def _reload(self) -> None:
        document = self._session.selected_document
        if document is not None:
            self._changed.discard(document.id)
            self._show()
            self.reload_asked.emit(document.id)

    def _tint(self) -> None:
        self._picture.setPixmap(icons.pixmap("warning", 20, theme.colours().warning))


class SavedBanner(QFrame):
    """Over a file that was just saved, until it is put away."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setProperty("level", "ok")
        self._session = session
        self._path = ""
        self._picture = QLabel()
        self.text = QLabel()
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setProperty("tone", "ok")
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        close = QToolButton()
        icons.put(close, "close")
        close.setAccessibleName(self.tr("Put the message away"))
        close.clicked.connect(self.put_away)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 7, 8, 7)
        row.setSpacing(10)
        row.addWidget(self._picture)
        row.addWidget(self.text, 1)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setVisible(False)
        self._tint()
        theme.current().changed.connect(self._tint)
        session.selection_changed.connect(self._show)

    def show_report(self, path: str, report: core.SaveReport, notes: Sequence[str]) -> None:
        """What was written, over the document at `path`."""
        size = words.size(report.nbytes)
        where = self.tr("{size} in {n} files").format(size=size, n=f"{len(report.files):,}") if len(report.files) > 1 else size
        said = self.tr("Saved {tensors}, {where}. Every byte was read back and compared ({time}).").format(
            tensors=words.tensors(report.tensors), where=where, time=core.wording.duration(report.seconds))
        if report.written is not None:
            said = self.tr("Changed in place: {size} were written and read back, the bytes of {tensors} stay where they were "
                           "({time}).").format(
                size=words.size(report.written), tensors=words.tensors(report.tensors), time=core.wording.duration(report.seconds))
        self._path = path
        self.text.setText("\n".join((said, *(core.visible(note, 300) for note in notes[:3]))))
        self._show()

    def put_away(self) -> None:
        self._path = ""
        self._show()

    def _show(self) -> None:
        document = self._session.selected_document
        self.setVisible(bool(self._path) and document is not None and document.path == self._path)

    def _tint(self) -> None:
        self._picture.setPixmap(icons.pixmap("ok", 20, theme.colours().ok))
