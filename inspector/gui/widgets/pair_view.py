"""The aligned tree of a comparison: a table whose delegate draws it as a tree, with the keys and clicks of a tree."""
from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QItemSelection, QItemSelectionModel, QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeyEvent, QKeySequence, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QMenu, QTableView, QWidget

from .. import icons, words
from ..models.pair_lines import COLUMNS, NAME
from ..models.pair_model import PairModel
from .pair_delegate import PairDelegate
from .row_painter import GAP, PAD, PICTURE, arrow_place

NAME_AT_LEAST = 200
COPY_AT_MOST = 100_000
RUNS_AT_MOST = 2000         # pieces of a selection that survive a new order: Qt takes the square of their number
REARRANGE = 500             # ms between two new orders while values come in

_SAMPLES = ("", "≠ 107  − 58  + 58", "64 × 64 × 3 × 3  float32", "64 × 64 × 3 × 3  float32", "8.888e+08", "8.888e+08", "8.888e+08",
            "0.888888", "100.00 %")
_SELECT = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
_NOTHING = Qt.KeyboardModifier.NoModifier | Qt.KeyboardModifier.KeypadModifier


class PairView(QTableView):
    chosen = Signal()                       # other nodes are selected
    menu_asked = Signal(QMenu)              # a menu for the selected rows, to be added to

    def __init__(self, model: PairModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._kept: tuple[object, tuple[int, ...], tuple[str, ...]] = (None, (), ())
        self._fitted = 0
        self._delegate = PairDelegate(model, self)
        self.setItemDelegate(self._delegate)
        self._rearrange = QTimer(self)
        self._rearrange.setSingleShot(True)
        self._rearrange.setInterval(REARRANGE)
        self._rearrange.timeout.connect(model.arrange)
        self._look()
        self.setModel(model)
        self._head()
        model.modelAboutToBeReset.connect(self._remember)
        model.modelReset.connect(self._restore)
        self.selectionModel().selectionChanged.connect(lambda: self.chosen.emit())

    # -- looks --------------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        self.setAccessibleName(self.tr("Pairs of tensors"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self._fit_rows()

    def _head(self) -> None:
        header = self.horizontalHeader()
        header.setSectionsClickable(True)
        header.setHighlightSections(False)
        header.setMinimumSectionSize(36)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        for each in (header, self.verticalHeader()):        # see tree_view: a header asks about whole columns, cell by cell
            each.setSelectionModel(QItemSelectionModel(self._model, each))
        metrics = self.fontMetrics()
        for column, sample in enumerate(_SAMPLES):
            title = str(self._model.headerData(column, Qt.Orientation.Horizontal))
            self.setColumnWidth(column, max(metrics.horizontalAdvance(sample), metrics.horizontalAdvance(title) + 12) + 2 * PAD + 2)
        self._fit_name()

    def _fit_rows(self) -> None:
        self.verticalHeader().setDefaultSectionSize(max(PICTURE, self.fontMetrics().height()) + 2 * GAP - 2)

    def _fit_name(self) -> None:
        """Gives the first column what the others leave."""
        others = self.horizontalHeader().length() - self.columnWidth(NAME)
        self.setColumnWidth(NAME, max(NAME_AT_LEAST, self.viewport().width() - others))
        self._fitted = self.horizontalHeader().length()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.horizontalHeader().length() in (self._fitted, event.oldSize().width()):
            self._fit_name()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            if getattr(self, "_delegate", None) is not None:        # not while the base class is still being made
                self._delegate.forget()
            self._fit_rows()

    # -- rows that change ---------------------------------------------------------------------------------------------

    def grow(self) -> None:
        """More values are known."""
        self._model.grow()
        if self._model.follows_values and not self._rearrange.isActive():
            self._rearrange.start()

    @property
    def nodes(self) -> tuple[int, ...]:
        """The selected nodes, top to bottom; the current one first when only one matters."""
        rows = sorted({row for part in self.selectionModel().selection().toList() for row in range(part.top(), part.bottom() + 1)})
        return tuple(self._model.node(row) for row in rows)

    def select_row(self, row: int) -> None:
        index = self._model.index(row, NAME)
        self.selectionModel().setCurrentIndex(index, _SELECT)
        self.scrollTo(index)

    def select_first(self) -> None:
        """The first row that is a pair, so that there is something to look at."""
        rows = range(min(self._model.rowCount(), 200))
        found = next((row for row in rows if self._model.line(row).status not in ("", "plain")), 0)
        if self._model.rowCount():
            self.select_row(found)

    def _remember(self) -> None:
        tree = self._model.tree
        nodes = self.nodes if tree is not None else ()
        current = self.currentIndex()
        if current.isValid() and tree is not None:
            node = self._model.node(current.row())
            nodes = (node, *(other for other in nodes if other != node)) if node in nodes else nodes
        if nodes and tree is not None:          # what a filter hides stays selected in mind
            self._kept = (tree, nodes, tuple(tree.key(node) for node in nodes[:64]))

    def _restore(self) -> None:
        """The same nodes are selected, in another tree those of the same names."""
        tree, (kept, nodes, keys) = self._model.tree, self._kept
        if tree is None:
            return
        if kept is not tree:
            nodes = tuple(found for key in keys if (found := tree.find(key)))
        rows = self._model.rows_of(np.array(nodes, dtype=np.int64)) if nodes else []
        selection = QItemSelection()
        for top, bottom in _runs(rows)[:RUNS_AT_MOST]:
            selection.select(self._model.index(top, 0), self._model.index(bottom, len(COLUMNS) - 1))
        first = self._model.row_of(nodes[0]) if nodes else None
        if first is not None:
            self.selectionModel().setCurrentIndex(self._model.index(first, NAME), QItemSelectionModel.SelectionFlag.NoUpdate)
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if first is not None:
            self.scrollTo(self._model.index(first, NAME))
        self.chosen.emit()

    # -- keys and mouse -----------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.currentIndex().row()
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_names()
        elif row >= 0 and not event.modifiers() & ~_NOTHING and self._tree_key(event.key(), row):
            pass
        elif row >= 0 and event.text() == "*":
            self._model.set_expanded_below(row, True)
        else:
            super().keyPressEvent(event)
            return
        event.accept()

    def _tree_key(self, key: int, row: int) -> bool:
        line = self._model.line(row)
        if key == Qt.Key.Key_Right:
            if line.has_children and not line.expanded:
                self._model.set_expanded(row, True)
            elif line.has_children and row + 1 < self._model.rowCount():
                self.select_row(row + 1)
        elif key == Qt.Key.Key_Left:
            up = self._model.parent_row(row)
            if line.expanded:
                self._model.set_expanded(row, False)
            elif up is not None:
                self.select_row(up)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._model.set_expanded(row, not line.expanded)
        else:
            return False
        return True

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        """Home and End mean rows, not columns."""
        ends = {QAbstractItemView.CursorAction.MoveHome: 0, QAbstractItemView.CursorAction.MoveEnd: self._model.rowCount() - 1}
        return self._model.index(ends[action], NAME) if action in ends else super().moveCursor(action, modifiers)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self._arrow_at(event)
        if row is None:
            super().mousePressEvent(event)
        else:
            self._model.set_expanded(row, not self._model.line(row).expanded)
            event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        row = self._arrow_at(event)
        if row is None and event.button() == Qt.MouseButton.LeftButton:
            row = self.rowAt(event.position().toPoint().y())
        if row is not None and row >= 0:
            self._model.set_expanded(row, not self._model.line(row).expanded)
            event.accept()

    def _arrow_at(self, event: QMouseEvent) -> int | None:
        """The row whose arrow is clicked, if one is."""
        point = event.position().toPoint()
        index = self.indexAt(point)
        if event.button() != Qt.MouseButton.LeftButton or not index.isValid() or index.column() != NAME:
            return None
        line = self._model.line(index.row())
        return index.row() if line.has_children and arrow_place(line.depth, self.visualRect(index)).contains(point) else None

    # -- menu and clipboard -------------------------------------------------------------------------------------------

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        row = self.currentIndex().row() if by_key else self.rowAt(event.pos().y())
        if row >= 0:
            place = self.visualRect(self._model.index(row, NAME)).center() if by_key else event.pos()
            self.menu_for(row).popup(self.viewport().mapToGlobal(place))

    def menu_for(self, row: int) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        icons.put(menu.addAction(self.tr("Copy names"), self.copy_names), "copy")
        menu.addAction(self.tr("Copy rows as TSV"), self.copy_rows)
        menu.addSeparator()
        icons.put(menu.addAction(self.tr("Expand all below"), lambda: self._model.set_expanded_below(row, True)), "expand")
        icons.put(menu.addAction(self.tr("Collapse all below"), lambda: self._model.set_expanded_below(row, False)), "collapse")
        self.menu_asked.emit(menu)
        return menu

    def copy_names(self) -> None:
        """The keys of the selected rows in A, or in B where A has none, one a line."""
        self._copy("\n".join(fields[0] or fields[1] for fields in map(self._model.copied_fields, self._rows())))

    def copy_rows(self) -> None:
        """The selected rows as tab-separated values: key in A, key in B, status, both sides, figures."""
        self._copy("\n".join("\t".join(map(words.tsv, fields)) for fields in map(self._model.copied_fields, self._rows())))

    def _rows(self) -> list[int]:
        return sorted({index.row() for index in self.selectionModel().selectedRows()})[:COPY_AT_MOST]

    def _copy(self, text: str) -> None:
        if text:
            QGuiApplication.clipboard().setText(text)


def _runs(rows: list[int]) -> list[tuple[int, int]]:
    """First and last of each run of neighbours."""
    found: list[tuple[int, int]] = []
    for row in rows:
        if found and row == found[-1][1] + 1:
            found[-1] = (found[-1][0], row)
        else:
            found.append((row, row))
    return found
