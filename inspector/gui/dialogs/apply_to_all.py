"""The pending edits of one file for the others that are open: what they would do to each is worked out first, then they wait there, too."""
from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from inspector import core
from inspector.gui.kit import tables, theme, words
from inspector.gui.state import edit_words
from inspector.gui.state.pending_edits import Editing
from inspector.gui.state.session import Document, Edits, Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.boxes import label, resize_to_fit

SIZE = (720, 520)
_WIDE, _ROW = 250, 26     # of the names; high
_NAME, _SAID = range(2)
_ID = int(Qt.ItemDataRole.UserRole)


class Planned(NamedTuple):
    """What the edits would do to a file: `lines` for each, `said` of all of them, whether that is `anything`; `error` is why they cannot be
    applied."""

    lines: tuple[str, ...]
    said: str
    anything: bool
    error: core.InspectorError | None = None


def plan(ckpt: core.Checkpoint, edits: Edits, monitor: core.Monitor = core.QUIET) -> Planned:
    """For workers. Nothing is kept of what the edits make: fifty large files are looked at one after the other."""
    lines: list[str] = []
    renamed = dropped = changed = 0
    last = ckpt
    try:
        for applied in core.apply_each(ckpt, edits, monitor):
            effect, last = applied.effect, applied.after
            renamed, dropped, changed = renamed + len(effect.renamed), dropped + len(effect.dropped), changed + len(effect.changed)
            lines.append(" · ".join((edit_words.counted(effect), *(words.said(note, 160) for note in effect.notes[:1]))))
    except core.InspectorError as error:
        said = words.sentence(words.said(error.message, 300))
        return Planned((*lines, said), said, False, error)
    anything = bool(renamed or dropped or changed) or ckpt.metadata != last.metadata
    return Planned(tuple(lines), lines[0] if len(lines) == 1 else edit_words.counts(renamed, dropped, changed), anything)


class ApplyToAll(QDialog):
    """Puts the edits of `document` behind those that the other files have, where they are ticked. A file that they would not touch, or
    that has them already, is not ticked unasked; one to which they cannot be applied cannot be."""

    def __init__(self, session: Session, tasks: Tasks, document: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._tasks, self._key = session, tasks, ("apply-to-all", id(self))
        self._editing = Editing.shared(session, tasks)
        self._edits = session.edits(document)
        self._document = document
        self._looked_at: dict[int, core.Checkpoint] = {}
        self.setWindowTitle(self.tr("Apply to All Open Files"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.files = QTreeWidget()
        self.files.setAccessibleName(self.tr("What would change in each file"))
        self.files.setHeaderLabels([self.tr("File"), self.tr("What would change")])
        tables.keep_order(self.files)
        self.files.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.files.setUniformRowHeights(True)
        self.files.setTextElideMode(Qt.TextElideMode.ElideMiddle)       # epochs differ in their last letters
        self.files.header().resizeSection(_NAME, _WIDE)
        self.files.itemChanged.connect(lambda item: self._count())
        self.said = label("", tone="muted", wrap=True)
        self._place()
        for signal in (session.document_changed, session.document_removed, self._editing.applied):
            signal.connect(self._follow)
        self.finished.connect(lambda: tasks.cancel(self._key))
        resize_to_fit(self, *SIZE)
        self._look()

    def _place(self) -> None:
        name = core.visible(core.file_name(self._documents()[self._document].path), 60)
        buttons = QDialogButtonBox()
        cancel = QPushButton(self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        buttons.addButton(cancel, QDialogButtonBox.ButtonRole.RejectRole)
        self.ok = QPushButton(self.tr("Apply"))
        self.ok.setProperty("primary", True)
        self.ok.clicked.connect(self.accept)
        buttons.addButton(self.ok, QDialogButtonBox.ButtonRole.AcceptRole)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 18, 22, 16)
        column.setSpacing(12)
        title = self.tr("{edits} of {name}, for the other files").format(edits=edit_words.edits(len(self._edits)), name=name)
        column.addWidget(label(title, strong=True, scale=1.25, wrap=True, selectable=False))
        column.addWidget(label(self.tr("What is applied waits in each file behind the edits that it has already. Nothing is written until "
                                       "you save, and each file has its own Undo."), tone="muted", wrap=True, selectable=False))
        column.addWidget(self.files, 1)
        column.addWidget(self.said)
        column.addWidget(buttons)
        self.ok.setDefault(True)

    def _documents(self) -> Mapping[int, Document]:
        return {document.id: document for document in self._session.documents}

    # -- what would change

    def _ready(self) -> dict[int, core.Checkpoint]:
        """The other files, as their own edits leave them."""
        return {id: document.checkpoint for id, document in self._documents().items()
                if id != self._document and document.checkpoint is not None and self._editing.ready(id)}

    def _follow(self, id: int) -> None:
        now = self._ready()
        if now.keys() != self._looked_at.keys() or any(now[id] is not self._looked_at[id] for id in now):
            self._look()

    def _look(self) -> None:
        edits, wanted = self._edits, self._ready()
        self._looked_at = wanted
        self.ok.setEnabled(False)
        self.said.setText(self.tr("Working out what would change …"))

        def work(monitor: core.Monitor) -> dict[int, Planned]:
            found = {}
            for n, (id, ckpt) in enumerate(wanted.items()):
                monitor.report(n, len(wanted))
                found[id] = plan(ckpt, edits, monitor)
            return found

        self._tasks.start(self._key, work, on_done=self._show, label=self.tr("Working out what would change"))

    def _show(self, found: Mapping[int, Planned]) -> None:
        documents = self._documents()
        alike = Counter(core.file_name(document.path) for document in documents.values())
        with QSignalBlocker(self.files):
            self.files.clear()
            for id, planned in found.items():
                path = documents[id].path
                name = core.file_name(path)
                self._add(id, core.visible(path if alike[name] > 1 else name, 120), path, planned)
        self._count()

    def _add(self, id: int, name: str, path: str, planned: Planned) -> None:
        has_them = self._session.edits(id)[-len(self._edits):] == self._edits
        said = self.tr("has these edits already") if has_them else planned.said
        item = QTreeWidgetItem([name, said])
        item.setData(_NAME, _ID, id)
        item.setSizeHint(_NAME, QSize(0, _ROW))
        item.setToolTip(_NAME, words.tip(path))
        item.setToolTip(_SAID, words.tip(said))
        can = planned.error is None and not has_them
        if can:
            item.setCheckState(_NAME, Qt.CheckState.Checked if planned.anything else Qt.CheckState.Unchecked)
        else:
            item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsUserCheckable)
        if planned.error is not None:
            item.setForeground(_SAID, QColor(theme.colours().danger))
        for edit, line in zip(self._edits, planned.lines, strict=False):
            item.addChild(child := QTreeWidgetItem([edit_words.title(edit), line]))
            for column in (_NAME, _SAID):
                child.setToolTip(column, words.tip(child.text(column)))
        self.files.addTopLevelItem(item)

    @property
    def ticked(self) -> list[int]:
        """The files that get the edits."""
        items = (self.files.topLevelItem(n) for n in range(self.files.topLevelItemCount()))
        return [item.data(_NAME, _ID) for item in items if item is not None and item.checkState(_NAME) is Qt.CheckState.Checked]

    def _count(self) -> None:
        n, of = len(self.ticked), self.files.topLevelItemCount()
        self.ok.setEnabled(n > 0)
        self.ok.setText(self.tr("Apply") if not n else self.tr("Apply to 1 File") if n == 1
                        else self.tr("Apply to {n} Files").format(n=f"{n:,}"))
        left = len(self._session.documents) - 1 - of
        self.said.setText(self.tr("{n} of {of} other files are chosen.").format(n=f"{n:,}", of=f"{of:,}") + (
            " " + self.tr("Not ready, and so left out: {n}.").format(n=f"{left:,}") if left > 0 else ""))

    def accept(self) -> None:
        """Only what was looked at as it is now: Enter is faster than any worker."""
        if self.ok.isEnabled():
            for id in self.ticked:
                self._session.add_edits(id, self._edits)
            super().accept()
