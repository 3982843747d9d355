"""Over a list of tensors, while its columns say less than they could: how much is read, and what reading the rest takes."""
from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from inspector.gui.kit import icons, theme, words
from inspector.gui.models.tree_model import DIGEST
from inspector.gui.state.row_values import RowReader
from inspector.gui.state.value_checks import UNASKED
from inspector.gui.widgets.elided import Elided
from inspector.gui.widgets.tree_view import TreeView

HEIGHT = 38


class ListBar(QFrame):
    """Sorting by values that are not read asks for them, where that is much; else they are read at once."""

    def __init__(self, tree: TreeView, reader: RowReader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setProperty("level", "info")
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._tree, self._model, self._reader = tree, tree.tree_model, reader
        self._picture = QLabel()
        self.text = Elided()
        self.read, self.leave = QPushButton(), QPushButton()
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 0, 8, 0)
        row.setSpacing(7)
        row.addWidget(self._picture)
        row.addWidget(self.text, 1)
        for button in (self.read, self.leave):
            button.setProperty("slim", True)
            row.addWidget(button)
        self.read.setProperty("primary", True)
        self.read.clicked.connect(reader.read_all)
        self.leave.clicked.connect(self._leave)
        self._model.sort_waits.connect(self._sort)
        self._model.modelReset.connect(self.refresh)
        reader.over.connect(self._model.sort_what_was_read)
        reader.changed.connect(self.refresh)
        tree.columns_changed.connect(self.refresh)
        theme.current().changed.connect(self._tint)
        self._tint()
        self.refresh()

    def refresh(self) -> None:
        """More is read, or other columns are shown."""
        columns = self._tree.measured_columns if self._model.flat else ()
        waits = self._model.waits_to_sort
        if not columns and waits is None:
            self.hide()
            return
        unread, of, nbytes = self._reader.left(DIGEST in (*columns, waits))
        size, asks = words.size(nbytes), waits is not None and not self._reader.wants_all
        problem, at_work = self._reader.problem, self._reader.at_work
        self.setVisible(bool(unread) and (asks or problem is not None or self._reader.wants_all or not at_work))
        self.setProperty("asks", asks)
        if problem is not None:
            said = words.error(problem)
        elif self._reader.wants_all:
            done, total = self._reader.progress
            said = self.tr("Reading values: {done} of {total}").format(done=words.size(done), total=words.size(total or nbytes))
        elif waits is not None:
            said = self.tr("Sorting by {column} takes the values of {tensors} more.").format(
                column=self._heading(waits), tensors=words.tensors(unread))
        else:
            said = self.tr("The values of {n} of {tensors} are read.").format(n=f"{of - unread:,}", tensors=words.tensors(of))
        self.text.set_text(said)
        self.read.setVisible(not self._reader.wants_all)
        self.read.setText(self.tr("Try again") if problem is not None else
                          self.tr("Read {size} to sort by {column}").format(size=size, column=self._heading(waits))
                          if waits is not None else self.tr("Read {size}").format(size=size))
        self.leave.setVisible(asks or self._reader.wants_all)
        self.leave.setText(self.tr("Stop") if self._reader.wants_all else self.tr("Not now"))

    def _sort(self) -> None:
        """The rows are to be sorted by values that are not read."""
        waits = self._model.waits_to_sort
        if waits is not None and self._reader.left(waits == DIGEST)[2] <= UNASKED and self._reader.problem is None:
            self._reader.look((), waits == DIGEST)
            self._reader.read_all()
        self.refresh()

    def _leave(self) -> None:
        if self._reader.wants_all:
            self._reader.stop()
        self._model.give_up_sorting()

    def _heading(self, column: int) -> str:
        return str(self._model.headerData(column, Qt.Orientation.Horizontal)).strip()

    def _tint(self) -> None:
        self._picture.setPixmap(icons.pixmap("list", 16, theme.colours().info))
