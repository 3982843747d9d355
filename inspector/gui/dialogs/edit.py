"""One edit, asked for: its fields, and the keys before and after it while one types."""
from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from inspector import core
from inspector.gui.kit import words
from inspector.gui.state import edit_words
from inspector.gui.state.pending_edits import ROWS, Editing, Preview, preview
from inspector.gui.state.session import Session
from inspector.gui.state.tasks import Tasks, let_go
from inspector.gui.widgets.boxes import Prose, empty, label, resize_to_fit
from inspector.gui.widgets.preview_table import PreviewTable

from .edit_forms import Choices, form_for

PATIENCE = 120          # ms after the last key before the preview is worked out
SIZE = (760, 600)


class EditDialog(QDialog):
    """Adds an edit of `kind` to a document, beginning with `start` or with what is `suggested` for the first field, or with `at`
    changes the one at that place. `choices` are what that field suggests, by `choices_for`. OK only works once the preview of what
    stands in the fields is there, and that does something."""

    previewed = Signal()        # the preview, or why there is none, is on show

    def __init__(self, session: Session, tasks: Tasks, document: int, kind: str, parent: QWidget | None = None, *,
                 at: int | None = None, suggested: str = "", start: core.Edit | None = None, choices: Choices | None = None) -> None:
        super().__init__(parent)
        self._session, self._tasks, self._document, self._at = session, tasks, document, at
        self._found: Preview | None = None
        self._key = ("edit-preview", id(self))
        edits = session.edits(document)
        start = edits[at] if at is not None and at < len(edits) else start
        self._editing = Editing.shared(session, tasks)
        base = self._editing.base(document, at)
        assert base is not None
        self._base = base
        self._edits = edits
        said = edit_words.kind(kind)
        self.setWindowTitle(said.title())
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.form = form_for(kind, base, start, suggested, choices)
        self.table = PreviewTable()
        self.count = label("", tone="muted")
        self.notes = QVBoxLayout()
        self.notes.setSpacing(4)
        self._place(said)
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(PATIENCE)
        self._wait.timeout.connect(self._look)
        self.form.changed.connect(self._changed)
        self.finished.connect(lambda: self._tasks.cancel(self._key))
        self.finished.connect(self._forget)
        resize_to_fit(self, *SIZE)
        self._changed()

    def _place(self, said: edit_words.Kind) -> None:
        buttons = QDialogButtonBox()
        cancel = QPushButton(self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        buttons.addButton(cancel, QDialogButtonBox.ButtonRole.RejectRole)
        self.ok = QPushButton(self.tr("Add Edit") if self._at is None else self.tr("Change Edit"))
        self.ok.setProperty("primary", True)
        self.ok.clicked.connect(self.accept)
        buttons.addButton(self.ok, QDialogButtonBox.ButtonRole.AcceptRole)
        head = QHBoxLayout()
        head.addWidget(label(self.tr("Preview"), strong=True, selectable=False))
        head.addStretch(1)
        head.addWidget(self.count)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(22, 18, 22, 16)
        whole.setSpacing(12)
        whole.addWidget(label(said.title(), strong=True, scale=1.25, selectable=False))
        about = QLabel(said.about())
        about.setTextFormat(Qt.TextFormat.PlainText)
        about.setWordWrap(True)
        about.setProperty("tone", "muted")
        whole.addWidget(about)
        whole.addWidget(self.form)
        whole.addSpacing(4)
        whole.addLayout(head)
        frame = QFrame()
        frame.setObjectName("factbox")
        frame.setProperty("table", True)        # what the rounded corners leave below the rows looks like them
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(1, 1, 1, 6)
        inside.addWidget(self.table)
        whole.addWidget(frame, 1)
        whole.addLayout(self.notes)
        whole.addWidget(buttons)
        self.ok.setDefault(True)            # a dialog knows its default button only once it is in it

    def accept(self) -> None:
        """Nothing unless the preview is there: Enter is faster than any worker."""
        if self._found is None or self._session.edits(self._document) != self._edits:
            return
        self._editing.remember(self._found)
        edit = self._found.applied.edit
        if self._at is None:
            self._session.add_edits(self._document, (edit,))
        else:
            edits = list(self._edits)
            edits[self._at] = edit
            self._session.set_edits(self._document, edits)
        super().accept()

    def _forget(self) -> None:
        """A preview is a whole checkpoint."""
        found, self._found = self._found, None
        let_go(found)

    def _changed(self) -> None:
        self._forget()
        self.ok.setEnabled(False)
        self._wait.start()

    def _look(self) -> None:
        if not self.form.complete:
            self._tasks.cancel(self._key)
            self._say("")
            return
        try:
            edit = self.form.edit()
        except core.EditError as error:
            self._tasks.cancel(self._key)
            self._fail(error)
            return
        base = self._base
        self._tasks.start(self._key, lambda monitor: preview(base, edit, monitor), on_done=self._show,
                          on_error=self._fail, label=self.tr("Working out a preview"), urgent=True)

    def _show(self, found: Preview) -> None:
        self._forget()
        if found.total:
            self._found = found
        else:                   # what does nothing waits for no save
            let_go(found)
        self.ok.setEnabled(self._found is not None)
        self.table.show_preview(found)
        said = edit_words.counted(found.effect)
        if found.total > len(found.rows):
            said += " · " + self.tr("the first {n} are shown").format(n=f"{ROWS:,}")
        self._say(said, found.effect.notes)

    def _fail(self, error: Exception) -> None:
        if not isinstance(error, core.InspectorError):
            raise error
        self.table.show_preview(None)
        self.count.setText("")
        empty(self.notes)
        message = label(words.sentence(words.said(error.message, 500)), tone="danger", wrap=True)
        message.setAccessibleName(self.tr("What is wrong"))
        self.notes.addWidget(message)
        if error.hint:
            self.notes.addWidget(label(words.said(error.hint, 500), tone="muted", wrap=True))
        self.previewed.emit()

    def _say(self, count: str, notes: tuple[str, ...] = ()) -> None:
        if not count:
            self.table.show_preview(None)
        self.count.setText(count)
        empty(self.notes)
        for note in notes[:4]:
            self.notes.addWidget(Prose(words.said(note, 500), self.tr("Note"), tone="muted"))
        self.previewed.emit()
