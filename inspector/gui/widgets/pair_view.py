"""The aligned tree of a comparison: a table whose delegate draws it as a tree, with the keys and clicks of a tree."""
from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QItemSelection, QItemSelectionModel, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QMenu, QTableView, QWidget

from inspector.gui.kit import icons, tables, words
from inspector.gui.models.pair_lines import COLUMNS, COSINE, DIFFERS, MAX, NAME, RMS, SHAPE, SHARE, SQNR
from inspector.gui.models.pair_model import MANY_NODES, PairModel
from inspector.gui.models.pair_tree import PairTree, Place

from .pair_delegate import PairDelegate
from .row_painter import PAD
from .tree_table import TreeTable

COPY_AT_MOST = 100_000
RUNS_AT_MOST = 2000         # pieces of a selection that survive a new order: Qt takes the square of their number
KEPT_AT_MOST = 64           # selected nodes that are looked for in another tree
LOOKED_AT = 200             # rows by which the column of shapes is made as wide as it need be
REARRANGE = 500             # ms between two new orders while values come in
LARGEST_FROM, MORE_FROM, MOST_FROM = 640, 1280, 1640    # widths from which on there is room for the largest difference, for RMS and
                                        # cosine, and for the share that differs
DTYPES_FROM = 1080                      # and for dtypes beside the shapes

_DIFFERS = (250, 330)                   # device-independent pixels
_NAMES = 42                             # percent of the width that names have at least
_WIDEST_SHAPE = 300
_SAMPLES = {MAX: "8.888e+08", RMS: "8.888e+08", COSINE: "-0.888888", SHARE: "100.00 %", SQNR: "108.8 dB"}
_SELECT = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_NOTHING = Qt.KeyboardModifier.NoModifier | Qt.KeyboardModifier.KeypadModifier

Sides = tuple[tuple[str, str], tuple[str, str]]     # the paths of both files and of the state dicts that are compared


class PairView(TreeTable):
    name_at_least = 200
    chosen = Signal()                       # other nodes are selected
    menu_asked = Signal(QMenu)              # a menu for the selected rows, to be added to
    details_asked = Signal()                # of the selected row

    def __init__(self, model: PairModel, parent: QWidget | None = None) -> None:
        super().__init__(model, parent)
        self._model = model
        self._kept: tuple[PairTree | None, tuple[int, ...], tuple[Place, ...]] = (None, (), ())
        self._kept_sides: Sides | None = None       # of the tree that the places are of
        self._empty = ""
        self._widths: tuple[object, int, int] | None = None         # of the shapes of a tree
        self._fitting = self._pulled = False        # columns are made to fit now; somebody pulled at them
        self._rearrange = QTimer(self)
        self._rearrange.setSingleShot(True)
        self._rearrange.setInterval(REARRANGE)
        self._rearrange.timeout.connect(model.arrange)
        self.delegate: PairDelegate = PairDelegate(model, self)
        self._set_looks(self.delegate, self.tr("Pairs of tensors"))
        self.setModel(model)
        self._head()
        self.horizontalHeader().sectionResized.connect(self._section_resized)
        self._fit_columns()
        model.modelAboutToBeReset.connect(self._remember)
        model.modelReset.connect(self._restore)
        self.selectionModel().selectionChanged.connect(lambda: self.chosen.emit())

    def _fit_columns(self) -> None:
        """Names have the room that is left and never less than a good part of it; figures go where there is no room for them."""
        width, metrics = max(self.viewport().width(), self.name_at_least), self.fontMetrics()
        self._fitting = True
        self._model.set_with_dtypes(width >= DTYPES_FROM)
        more = width >= MORE_FROM
        shown = {MAX: width >= LARGEST_FROM, RMS: more, COSINE: more, SHARE: width >= MOST_FROM, SQNR: self._is_packed}
        for column, sample in _SAMPLES.items():
            title = str(self._model.headerData(column, Qt.Orientation.Horizontal))
            self.setColumnHidden(column, not shown[column])
            if shown[column]:
                self.setColumnWidth(column, max(metrics.horizontalAdvance(sample), metrics.horizontalAdvance(title) + 12) + 2 * PAD + 2)
        self.setColumnWidth(DIFFERS, max(_DIFFERS[0], min(_DIFFERS[1], width * 24 // 100)))
        least, whole = self._shape_widths()
        left = width * (100 - _NAMES) // 100 - sum(self.columnWidth(column) for column in (DIFFERS, *(c for c in shown if shown[c])))
        self.setColumnWidth(SHAPE, max(least, min(whole, left, _WIDEST_SHAPE)) if width >= DTYPES_FROM else least)
        self._fit_name()
        self._fitting = False

    @property
    def _is_packed(self) -> bool:
        tree = self._model.tree
        return tree is not None and tree.figures.comparison.is_packed

    def _shape_widths(self) -> tuple[int, int]:
        """What the column of shapes needs for the shapes alone, and for all that stands there, going by the first rows."""
        title = self.fontMetrics().horizontalAdvance(str(self._model.headerData(SHAPE, Qt.Orientation.Horizontal))) + 2 * PAD
        if self._widths is None or self._widths[0] is not self._model.tree:
            shapes = set(self._model.shapes(LOOKED_AT))         # a model has few
            least, whole = ([self.delegate.width_of_shape(shape, all_of_it) for shape in shapes] for all_of_it in (False, True))
            tree = self._model.tree         # what the group of all of them says
            group = self.fontMetrics().horizontalAdvance(words.tensors(len(tree.figures.pairs))) + 2 * PAD + 2 if tree is not None else 0
            self._widths = (tree, max([*least, title, group]), max([*whole, title, group]))
        return self._widths[1:]

    def say(self, text: str) -> None:
        """What stands there while there are no rows."""
        if text != self._empty:
            self._empty = text
            self.viewport().update()

    @property
    def says(self) -> str:
        """What is said in the place of rows; "" while there are some."""
        return "" if self._model.rowCount() else self._empty

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.says:
            painter = QPainter(self.viewport())
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            room = self.viewport().rect().adjusted(24, 24, -24, -24)
            painter.drawText(room, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap, self.says)
            painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._pulled:
            super().resizeEvent(event)
        else:
            QTableView.resizeEvent(self, event)
            self._fit_columns()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and getattr(self, "delegate", None) is not None:
            self._widths = None
            self._fit_columns()

    def _section_resized(self, *_: int) -> None:
        if not self._fitting and self._fitted:
            self._pulled = True         # somebody knows better
            self._model.set_with_dtypes(True)

    # -- rows that change ---------------------------------------------------------------------------------------------

    def grow(self) -> None:
        """More values are known."""
        self._model.grow()
        if self._model.follows_values and not self._rearrange.isActive():
            self._rearrange.start()

    @property
    def nodes(self) -> tuple[int, ...]:
        """The selected nodes, top to bottom; the current one first when only one matters."""
        return self._model.nodes(tables.selected_rows(self))

    def go_to(self, key: str) -> None:
        """Selects the pair or value called `key`, wherever it is folded away, and has the keyboard."""
        row = self._model.reveal(key)
        if row is not None:
            self.select_row(row)
            self.setFocus(Qt.FocusReason.OtherFocusReason)

    def select_first(self) -> None:
        """The first row that is a pair, so that there is something to look at."""
        rows = range(min(self._model.rowCount(), 200))
        found = next((row for row in rows if self._model.is_pair(row)), 0)
        if self._model.rowCount():
            self.select_row(found)

    def sort_worst_first(self) -> None:
        """The worst of the packed tensors before the others, as a click on the head of their column would."""
        self.horizontalHeader().setSortIndicator(SQNR, Qt.SortOrder.AscendingOrder)

    def unsort(self) -> None:
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)

    def _remember(self) -> None:
        tree = self._model.tree
        nodes = self.nodes if tree is not None else ()
        current = self.currentIndex()
        if current.isValid() and tree is not None:
            node = self._model.node(current.row())
            nodes = (node, *(other for other in nodes if other != node)) if node in nodes else nodes
        if nodes and tree is not None:          # what a filter hides stays selected in mind
            self._kept = (tree, nodes, tuple(tree.place(node) for node in nodes[:KEPT_AT_MOST]))
            self._kept_sides = _sides(tree)

    def show_exchanged(self) -> None:
        """What was selected before A and B were exchanged is shown, wherever it is folded away now."""
        tree = self._model.tree
        nodes = self._found_again(tree) if tree is not None and self._is_exchanged(tree) else ()
        if nodes:
            self._model.reveal_node(nodes[0])

    def _is_exchanged(self, tree: PairTree) -> bool:
        sides = _sides(tree)
        return sides != self._kept_sides and sides[::-1] == self._kept_sides

    def _found_again(self, tree: PairTree) -> tuple[int, ...]:
        """The nodes of another tree that are what was selected."""
        places = self._kept[2]
        if self._is_exchanged(tree):
            return tree.at_exchanged(places)
        return tuple(found for place in places if (found := tree.find(place.key)))

    def paint_apart(self) -> None:
        """After what has set up or changed much else in the window: many pairs are painted in a turn of their own."""
        if self._model.tree is not None and len(self._model.tree) >= MANY_NODES:
            self.paint_later()

    def _restore(self) -> None:
        """The same nodes are selected, in another tree those of the same names, or that were these before A and B were exchanged."""
        tree, (kept, nodes, places) = self._model.tree, self._kept
        if tree is None:
            self._kept = (None, (), places)     # the names, for another tree of the same files; not the tree
            self._widths = None
            return
        if kept is not tree:
            self.paint_apart()
            if not self._pulled:
                self._fit_columns()
            else:
                self._fitting = True        # not somebody's doing
                self.setColumnHidden(SQNR, not self._is_packed)
                self._fitting = False
            nodes = self._found_again(tree)
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
        elif row >= 0 and event.key() in _ENTER and not event.modifiers() & ~_NOTHING and not self.folds(row):
            self.details_asked.emit()
        elif row >= 0 and not event.modifiers() & ~_NOTHING and self._tree_key(event.key(), row):
            pass
        elif row >= 0 and event.text() == "*":
            self._model.set_expanded_below(row, True)
        else:
            super().keyPressEvent(event)
            return
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        row = self.rowAt(event.position().toPoint().y())
        if row >= 0 and not self.folds(row) and event.button() == Qt.MouseButton.LeftButton:
            self.details_asked.emit()
            event.accept()
        else:
            super().mouseDoubleClickEvent(event)

    # -- menu and clipboard -------------------------------------------------------------------------------------------

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
        self._copy(fields[0] or fields[1] for fields in map(self._model.copied_fields, self._copied_rows()))

    def copy_rows(self) -> None:
        """The selected rows as tab-separated values: key in A, key in B, status, both sides, figures."""
        self._copy("\t".join(map(words.tsv, fields)) for fields in map(self._model.copied_fields, self._copied_rows()))

    def _copied_rows(self) -> list[int]:
        return tables.selected_rows(self)[:COPY_AT_MOST]


def _sides(tree: PairTree) -> Sides:
    comparison = tree.figures.comparison
    return (comparison.a.path, comparison.state_dicts[0]), (comparison.b.path, comparison.state_dicts[1])


def _runs(rows: list[int]) -> list[tuple[int, int]]:
    """First and last of each run of neighbours."""
    found: list[tuple[int, int]] = []
    for row in rows:
        if found and row == found[-1][1] + 1:
            found[-1] = (found[-1][0], row)
        else:
            found.append((row, row))
    return found
