"""The tree of open files: a table whose delegate draws it as a tree, with the keys and clicks of a tree.

What is selected here becomes the session's selection, and the other way round. Selection, current row and place survive every
change of the rows, by node.
"""
from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QByteArray, QElapsedTimer, QItemSelection, QItemSelectionModel, QPoint, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QAction, QDesktopServices, QFocusEvent, QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QMenu, QWidget

from inspector import core
from inspector.gui.kit import icons, words
from inspector.gui.kit.disk import told_soon
from inspector.gui.models import copied
from inspector.gui.models.tree_model import (
    BITS,
    BYTES,
    COLUMNS,
    DEVICE,
    DIGEST,
    DTYPE,
    MANY_NODES,
    MAX,
    MEAN,
    MEASURED,
    MIN,
    NAME,
    NAN,
    NORM,
    PARAMETERS,
    SHAPE,
    STD,
    VALUES,
    ZEROS,
    Kind,
    TreeModel,
)
from inspector.gui.state.session import Selection, Session

from .row_painter import PAD
from .tree_delegate import SPARK, TreeDelegate
from .tree_table import TreeTable

if TYPE_CHECKING:
    from inspector.gui.models.key_tree import KeyTree
    from inspector.gui.models.tree_model import Nodes
    from inspector.gui.state.row_values import RowReader

COMPARE_AT_MOST = 8         # files that the menu offers to compare with
COPY_AT_MOST = 100_000      # rows put on the clipboard
MODES = TREE, BESIDE, ALONE = "tree", "list", "wide-list"       # each with columns of its own
RUNS_AT_MOST = 400          # of selected rows that Qt is told of: for each cell it draws, it looks through all of them

_SAMPLES = {SHAPE: "512×512×3×3", DTYPE: "bfloat16", DEVICE: "cuda:0", PARAMETERS: "138,416,128", BYTES: "44.7 MB", BITS: "4.19",
            VALUES: "", MIN: "−5.185e−5", MAX: "−5.185e−5", MEAN: "−5.185e−5", STD: "0.002617", NAN: "129", ZEROS: "1,234",
            NORM: "1,234.5", DIGEST: "0123456789ab"}
_NAMES, _LISTED_NAMES = 0.39, 0.27      # of the view; where names would get less, columns give way
_GIVE_WAY = (DEVICE, PARAMETERS, DTYPE, BITS, BYTES, SHAPE)         # in this order
_LISTED_GIVE_WAY = (DEVICE, PARAMETERS, DIGEST, NORM, BITS, ZEROS, MEAN, DTYPE, BYTES, NAN, MIN, MAX, VALUES, STD, SHAPE)
_USUAL = {BESIDE: (SHAPE, STD), ALONE: (VALUES, SHAPE, DTYPE, MIN, MAX, MEAN, STD, NAN, ZEROS, BYTES)}      # columns of a list
_LIST_ORDER = (NAME, VALUES, SHAPE, DTYPE, DEVICE, PARAMETERS, MIN, MAX, MEAN, STD, NAN, ZEROS, NORM, DIGEST, BITS, BYTES)
_ORDERS = {TREE: tuple(range(len(COLUMNS))), BESIDE: _LIST_ORDER, ALONE: _LIST_ORDER}
_LOOK = 60                  # milliseconds for which rows must stand before what is on the screen is read
_SELECT = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
_NOTHING = Qt.KeyboardModifier.NoModifier | Qt.KeyboardModifier.KeypadModifier


class _RowKey(NamedTuple):
    """A row, told by what stands on it; a node means something only in its tree."""

    document: int
    node: int
    tree: KeyTree | None


class TreeView(TreeTable):
    close_requested = Signal(int)       # the document id of the file to close
    compare_requested = Signal(int, int)    # documents; with 0, a file that is still to be chosen
    columns_changed = Signal()
    drag_begun = Signal()               # what is selected is being pulled out of the view

    def __init__(self, session: Session, model: TreeModel, parent: QWidget | None = None) -> None:
        super().__init__(model, parent)
        self._session = session
        self._model = model
        self._chosen: dict[int, tuple[KeyTree | None, Nodes]] = {}     # what a person selected, shown or not
        # of the tree, of a list beside panels, and of one alone: columns that somebody chose, or does not want, and their order
        self._wishes: dict[str, dict[int, bool]] = {mode: {} for mode in MODES}
        self._orders: dict[str, tuple[int, ...]] = dict(_ORDERS)
        self._alone = False                     # no panels are shown beside it
        self._ordering = False
        self.reader: RowReader | None = None    # that reads what the columns of a list say of values
        self._look = QTimer(self)
        self._look.setSingleShot(True)
        self._look.setInterval(_LOOK)
        self._look.timeout.connect(self._look_at_rows)
        self._scattered = False                 # over more runs of rows than Qt is told of: drawn from `_chosen`
        self._afterwards: Callable[[], None] | None = None      # what is to be done once the rows are arranged
        self._reported: Selection | None = None     # what the session was last told
        self._current: _RowKey | None = None
        self._top: _RowKey | None = None
        self._in_view: list[tuple[int, _RowKey]] = []       # what was on the screen before all rows changed, and how far down
        self._replaced: set[int] = set()        # documents whose tree took the place of an older one just now
        self._filter = ""
        self._pressed: QPoint | None = None     # where a drag would have begun
        self._one_of_many: int | None = None    # a selected row that was pressed: alone when it is let go, all of them when it is dragged
        self._own = False                       # the selection is being set, not made
        self._typed, self._typing = "", QElapsedTimer()
        self.edit_actions: Callable[[], list[QAction]] = list       # what else a menu of keys offers
        self.own_actions: Callable[[], list[QAction]] = list        # and what it offers of keys that changes nothing in them
        self._set_looks(TreeDelegate(model, self, self.is_chosen), self.tr("Files and keys"))
        self.setModel(model)
        model.chosen = lambda: (self._chosen_nodes(), RUNS_AT_MOST)
        self._head()
        header = self.horizontalHeader()
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._choose_at)
        header.setSectionsMovable(True)
        header.setFirstSectionMovable(False)
        header.sectionMoved.connect(self._moved)
        self.reset_columns()
        model.modelAboutToBeReset.connect(self._remember)
        model.modelReset.connect(self._restore)
        model.tree_ready.connect(self._tree_came)
        model.shrinking.connect(self._tree_goes)
        self.selectionModel().selectionChanged.connect(self._report_selection)
        session.selection_changed.connect(self._follow)
        session.document_removed.connect(self._forget)
        for signal in (session.document_changed, session.edits_changed):        # in whose turn all else in the window is set up anew
            signal.connect(self._paint_apart)
        model.tree_ready.connect(self.fit_columns)
        model.tree_ready.connect(lambda _: self._look.start())
        model.sort_waits.connect(self._show_sorting)
        self.verticalScrollBar().valueChanged.connect(lambda _: self._look.start())
        session.document_removed.connect(self.fit_columns)
        self.fit_columns()
        self._follow()

    # -- looks --------------------------------------------------------------------------------------------------------

    def reset_columns(self, modes: Sequence[str] = MODES) -> None:
        """The columns, their order and widths of a first start, and the file's order."""
        for mode in modes:
            self._wishes[mode], self._orders[mode] = {}, _ORDERS[mode]
        for column, sample in _SAMPLES.items():
            self.setColumnWidth(column, self._room(column, sample))
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setColumnWidth(NAME, self.name_at_least)
        self._put_in_order()
        self._fit_name()

    def _room(self, column: int, sample: str) -> int:
        metrics = self.fontMetrics()
        room = max(metrics.horizontalAdvance(sample), metrics.horizontalAdvance(self._heading(column)) + 4) + 2 * PAD + 2
        return max(room, SPARK) if column == VALUES else room

    def _fit_name(self) -> None:
        self._choose_columns()
        super()._fit_name()

    def fit_columns(self) -> None:
        """Other files are open, or a kept layout came back."""
        if self._choose_columns():
            super()._fit_name()

    def restore_header(self, state: QByteArray) -> None:
        """Widths of an earlier window; which columns there are, and their order, is known apart from them."""
        if self.horizontalHeader().restoreState(state):
            self.horizontalHeader().setFirstSectionMovable(False)
        self._put_in_order()
        self.fit_columns()

    @property
    def _mode(self) -> str:
        return TREE if not self._model.flat else ALONE if self._alone else BESIDE

    def show_flat(self, on: bool) -> None:
        """All tensors as a list, with columns of its own, or the tree of groups."""
        if on == self._model.flat:
            return
        self._model.show_flat(on)
        self._show_sorting()
        self._put_in_order()
        self._fit_name()
        self._look.start()

    def show_alone(self, alone: bool) -> None:
        """Whether there are no panels beside it, so that a list has room for more columns."""
        self._alone = alone
        self._put_in_order()
        self._fit_name()
        self._look.start()

    def _put_in_order(self) -> None:
        header, self._ordering = self.horizontalHeader(), True
        for place, column in enumerate(self._orders[self._mode]):
            header.moveSection(header.visualIndex(column), place)
        self._ordering = False

    def _moved(self) -> None:
        """A heading was dragged to another place."""
        if not self._ordering:
            header = self.horizontalHeader()
            self._orders[self._mode] = tuple(header.logicalIndex(place) for place in range(header.count()))

    def _show_sorting(self) -> None:
        """The arrow in the heading says by what the rows are sorted, or will be."""
        waits, sorting, header = self._model.waits_to_sort, self._model.sorting, self.horizontalHeader()
        if waits is None:
            column, descending = sorting if sorting is not None else (-1, False)
            header.blockSignals(True)
            header.setSortIndicator(column, Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder)
            header.blockSignals(False)
            header.viewport().update()

    def _choose_columns(self) -> bool:
        """A column that says the same in all rows is not there, and some give way to names, but for those that somebody chose. Whether
        that changed anything."""
        there = self._telling()
        wide = self.viewport().width()
        order, names = (_LISTED_GIVE_WAY, _LISTED_NAMES if self._alone else _NAMES) if self._model.flat else (_GIVE_WAY, _NAMES)
        for column in order:
            others = sum(self._room(one, sample) for one, sample in _SAMPLES.items() if there[one])
            there[column] = there[column] and wide - others >= names * wide
        there |= {column: shown for column, shown in self._wanted.items() if self._model.flat or column not in MEASURED}
        changed = [column for column, shown in there.items() if self.isColumnHidden(column) == shown]
        for column in changed:
            self.setColumnHidden(column, not there[column])
        if changed:
            self._look.start()
            self.columns_changed.emit()
        return bool(changed)

    def _telling(self) -> dict[int, bool]:
        """Which columns say more than one thing, over all files; in a list, which of them there are unless somebody wants others."""
        trees = self._model.trees
        dtypes, devices = ({of(tree) for tree in trees} - {()} for of in (_dtype, _device))
        found = {SHAPE: True, BYTES: True, DTYPE: not trees or None in dtypes or len(dtypes) > 1,
                 DEVICE: not trees or None in devices or len(devices) > 1,
                 PARAMETERS: not trees or any(tree.has_parameters(0) for tree in trees),
                 BITS: any(tree.view is not None for tree in trees)} | dict.fromkeys(MEASURED, False)
        if not self._model.flat:
            return found
        return {column: column in _USUAL[self._mode] and (shown or column in MEASURED) for column, shown in found.items()}

    @property
    def _wanted(self) -> dict[int, bool]:
        return self._wishes[self._mode]

    @property
    def measured_columns(self) -> tuple[int, ...]:
        """Those of them that are shown and take reading, in their order."""
        header = self.horizontalHeader()
        return tuple(column for place in range(header.count()) if (column := header.logicalIndex(place)) in MEASURED
                     and not self.isColumnHidden(column))

    @property
    def shown_columns(self) -> tuple[int, ...]:
        """Those that are shown and say something as text, in their order."""
        header = self.horizontalHeader()
        return tuple(column for place in range(header.count()) if (column := header.logicalIndex(place)) != VALUES
                     and not self.isColumnHidden(column))

    def _look_at_rows(self) -> None:
        """Has the rows on the screen read, where columns of a list wait for that."""
        if self.reader is None or not self._model.flat or not self.measured_columns:
            return
        last = self.rowAt(self.viewport().height() - 1)
        seen = self._model.seen(max(self.rowAt(0), 0), last if last >= 0 else self._model.rowCount() - 1)
        self.reader.look(seen, DIGEST in self.measured_columns)

    def values_came(self) -> None:
        """More is known of rows on the screen."""
        if self._model.flat:
            self._model.values_came()
            self.viewport().update()

    def unseen(self, document: int, key: str) -> list[str]:
        """What columns that are not there would say of a row: type, device, parameters."""
        tree = self._model.tree(document)
        node = (tree.find(key, several=True) if key else 0) if tree is not None else None
        row = self._model.row_of(document, node) if node is not None else None
        if tree is None or node is None or row is None or (line := self._model.line(row)).spans:
            return []
        told = [line.text(column) for column, of in ((DTYPE, tree.common_dtype), (DEVICE, tree.common_device))
                if self.isColumnHidden(column) and of(node)]
        if self.isColumnHidden(PARAMETERS) and line.text(PARAMETERS):
            told.append(self.tr("{n} parameters").format(n=line.text(PARAMETERS)))
        return [text for text in told if text]

    def columns_menu(self) -> QMenu:
        """Which columns there are."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for column in sorted(_SAMPLES, key=self.horizontalHeader().visualIndex):
            if column in MEASURED and not self._model.flat:
                continue
            heading = self._heading(column).strip()
            # what stands behind a tab is at the right, and calm
            action = menu.addAction("\t".join((heading, self.tr("reads values"))) if column in MEASURED else heading)
            action.setCheckable(True)
            action.setChecked(not self.isColumnHidden(column))
            action.toggled.connect(partial(self.choose_column, column))
        menu.addSeparator()
        menu.addAction(self.tr("As It Was"), lambda: self.reset_columns((self._mode,)))
        return menu

    def _choose_at(self, place: QPoint) -> None:
        self.columns_menu().popup(self.horizontalHeader().mapToGlobal(place))

    def choose_column(self, column: int, shown: bool) -> None:
        """Whatever the rows say, and however little room there is for names."""
        self._wanted[column] = shown
        self._fit_name()

    @property
    def chosen_columns(self) -> str:
        """Those that somebody chose, "device" or chose against, "-dtype"; of lists behind their name, with the order of all."""
        parts = []
        for mode in MODES:
            chosen = [COLUMNS[column] if shown else f"-{COLUMNS[column]}" for column, shown in self._wishes[mode].items()]
            order = [] if self._orders[mode] == _ORDERS[mode] else [f"order={','.join(COLUMNS[column] for column in self._orders[mode])}"]
            parts += [" ".join((mode, *chosen, *order))] if chosen or order else []
        return "|".join(parts)

    def choose_columns(self, names: str) -> None:
        """The same, of an earlier window."""
        known = {name: column for column, name in enumerate(COLUMNS) if column != NAME}
        for part in names.split("|"):
            mode, *chosen = part.split() or [""]
            if mode not in MODES:
                continue
            self._wishes[mode] = {known[name.lstrip("-")]: not name.startswith("-") for name in chosen if name.lstrip("-") in known}
            for text in chosen:
                order = tuple(known.get(name, NAME) for name in text.removeprefix("order=").split(","))
                if text.startswith("order=") and sorted(order) == sorted(_ORDERS[mode]) and order[0] == NAME:
                    self._orders[mode] = order
        self._put_in_order()
        self._fit_name()

    def _heading(self, column: int) -> str:
        return str(self._model.headerData(column, Qt.Orientation.Horizontal))

    # -- selection ----------------------------------------------------------------------------------------------------

    @property
    def tree_model(self) -> TreeModel:
        return self._model

    def enter(self) -> None:
        """Makes sure that some row is current, so that the keys work at once: the first found, while filtering."""
        if self._model.is_arranging:
            self._afterwards = self.enter
            return
        current = self.currentIndex().row()
        if current >= 0 and self._model.is_hit(current):
            return
        found = self._model.first_hit() if self._model.hides else self._model.reveal_hit(current)
        if found is not None:
            self.select_row(found)
        elif current < 0 and self._model.rowCount():
            self.select_row(0)

    def find_next(self, *, backwards: bool = False) -> None:
        """Selects the next row that the filter finds, round."""
        if self._model.is_arranging:
            self._afterwards = partial(self.find_next, backwards=backwards)
            return
        current = self.currentIndex().row()
        row = (self._model.next_hit if self._model.hides else self._model.reveal_hit)(current, backwards)
        if row is not None:
            self.select_row(row)

    def reveal(self, document: int, key: str) -> bool:
        """Selects `key` of a document, opening what lies above it. False when it is not there, or filtered out."""
        row = self._model.reveal(document, key)
        if row is not None:
            self.select_row(row)
        return row is not None

    def chosen_keys(self, most: int = 100) -> tuple[int, tuple[str, ...]] | None:
        """A document and the keys of the rows that are chosen in it, a group by its own; None where there are none, or very many."""
        for id, (tree, nodes) in self._chosen.items():
            if tree is not None and 0 < len(nodes) <= most and (keys := tuple(tree.key(int(node)) for node in nodes if node)):
                return id, keys
        return None

    def selectAll(self) -> None:
        """Selects what is shown: while filtering, all that is found, in groups that are closed too, but not the groups around it."""
        if self._model.is_arranging:
            self._afterwards = self.selectAll
            return
        if not self._model.query.terms or not self._model.hides:
            super().selectAll()
        elif hits := self._model.hits():
            self._report(hits)
            self._own = True
            self._show_chosen(hits)
            self._own = False

    def selected_ranges(self) -> list[tuple[int, int]]:
        """First and last rows of each selected run, top to bottom."""
        return sorted({(part.top(), part.bottom()) for part in self.selectionModel().selection().toList()})

    def _report_selection(self) -> None:
        """A person selected something: the session learns it."""
        if self._own:
            return
        self._report(self._model.nodes(self.selected_ranges()))

    def _report(self, nodes: dict[int, Nodes]) -> None:
        self._chosen = {id: (self._model.tree(id), chosen) for id, chosen in nodes.items()}
        self._scattered = False

        def tell(selection: Selection | None) -> None:
            if selection is not None:
                self._reported = selection
                self._session.select(selection)

        self._model.ask_selection(nodes, self.currentIndex().row(), tell)

    def _follow(self) -> None:
        """Somebody else selected something: the tree shows it."""
        selection = self._session.selection
        if selection is self._reported is not None:
            return
        self._reported = None           # that one may come back, as it was: by Back
        if selection is None:
            self._choose(None)
        elif not self._is_outdated(selection.document):     # else once its new tree is there
            row = self._row_of(selection)
            self._choose(row)
            if row is None:
                self._bear_in_mind(selection)
            self._complete(selection)

    def _is_outdated(self, document: int) -> bool:
        """Whether the tree of a document is that of what it was before."""
        tree, found = self._model.tree(document), self._session.document(document)
        return tree is not None and found is not None and found.checkpoint is not None and tree.checkpoint is not found.checkpoint

    def _row_of(self, selection: Selection) -> int | None:
        """The row of what is selected, with what lies above it opened."""
        key = selection.value if selection.value is not None else selection.prefix
        return self._model.reveal(selection.document, key, several=len(selection.keys) > 1)

    def _complete(self, selection: Selection) -> None:
        """Somebody selected a file or group without saying which keys that means. A filter may hide its row."""
        if selection.keys or selection.value is not None:
            return

        def tell(full: Selection | None) -> None:
            if full is not None and self._session.selection == selection and full[:2] == selection[:2] and full != selection:
                self._reported = full
                self._session.select(full)

        self._model.ask_selection(self._chosen_nodes(), self.currentIndex().row(), tell)

    def _bear_in_mind(self, selection: Selection) -> None:
        """What a filter hides is selected all the same, and shown so once it is on show."""
        tree, key = self._model.tree(selection.document), selection.value if selection.value is not None else selection.prefix
        node = tree.find(key, several=len(selection.keys) > 1) if tree is not None and key else None
        if tree is not None and node is not None and (len(selection.keys) < 2 or int(tree.tensors[node]) == len(selection.keys)):
            self.selectionModel().clearCurrentIndex()
            self._chosen = {selection.document: (tree, (node,))}
            self._current = _RowKey(selection.document, node, tree)

    def _choose(self, row: int | None, *, scrolls: bool = True) -> None:
        """Selects a row without telling the session."""
        self._own = True
        top = self.verticalScrollBar().value()
        if row is None:
            self.clearSelection()
        else:
            self.select_row(row)
        if not scrolls:
            self.verticalScrollBar().setValue(top)
        self._own = self._scattered = False
        self._chosen = {id: (self._model.tree(id), nodes)
                        for id, nodes in self._model.nodes([(row, row)] if row is not None else []).items()}

    def _paint_apart(self, document: int) -> None:
        tree = self._model.tree(document)
        if tree is not None and len(tree) >= MANY_NODES:
            self.paint_later()

    def _tree_came(self, document: int) -> None:
        """A tree took the place of a waiting row, or of an older tree whose nodes had other numbers."""
        tree, replaced = self._model.tree(document), document in self._replaced
        self._paint_apart(document)
        self._replaced.discard(document)
        selection = self._session.selection
        if selection is None or selection.document != document or self._is_outdated(document):
            return
        row = found_itself = self._row_of(selection)
        if row is None and tree is not None and not self._model.query.terms:
            # the row of a packed tensor is gone where its parts are shown, and a group when all that was in it was dropped
            row = next((found for key in (*selection.keys[:1], *core.ancestors(selection.prefix))
                        if (found := self._model.reveal(document, key)) is not None), None)
        if row is not None:
            self._choose(row, scrolls=not replaced)
            self._report_selection() if found_itself is None else self._report_keys(selection, row)
        else:
            self._bear_in_mind(selection)
            self._complete(selection)

    def _report_keys(self, selection: Selection, row: int) -> None:
        """Keys that were chosen one by one, and not the group of `row`, are found in a new tree one by one."""
        tree, node = self._model.tree(selection.document), self._model.line(row).node
        if tree is None or node is None or not 1 < len(selection.keys) <= RUNS_AT_MOST or int(tree.tensors[node]) == len(selection.keys) \
                or tree.packed(node) is not None:
            self._report_selection()
            return
        nodes = {found for key in selection.keys if (found := tree.find(key)) is not None}
        self._report({selection.document: tuple(sorted(nodes))})
        self._own = True
        self._show_chosen({selection.document: tuple(sorted(nodes))})
        self._own = False

    def _forget(self, document: int) -> None:
        """Of a closed file no place is worth remembering, and a place keeps its tree."""
        self._chosen.pop(document, None)
        self._current, self._top = (None if place is not None and place.document == document else place
                                    for place in (self._current, self._top))

    def _tree_goes(self, document: int) -> None:
        """Left alone, Qt would make some row of another file current."""
        row_key = self._key_of(self.currentIndex().row())
        if row_key is not None and row_key.document == document:
            self._choose(self._model.row_of(document, 0))

    # -- rows that change ---------------------------------------------------------------------------------------------

    def _remember(self) -> None:
        self._own = True
        self._current = self._key_of(self.currentIndex().row()) or self._current       # hidden rows stay current in mind
        first, last = self.rowAt(0), self.rowAt(self.viewport().height() - 1)
        self._top = self._key_of(first)
        rows = range(first, last + 1 if last >= 0 else self._model.rowCount()) if first >= 0 else range(0)
        here = self.currentIndex().row()
        self._in_view = [(row - first, key) for row in (*([here] if here in rows else []), *rows)
                         if (key := self._key_of(row)) is not None]

    def _restore(self) -> None:
        """After all rows changed: the same nodes are selected, those that can be seen."""
        if self._model.rowCount() >= MANY_NODES:
            self.paint_later()
        before = self.verticalScrollBar().value()
        nodes = self._chosen_nodes()
        current = self._row(self._current)
        if current is not None:
            self.selectionModel().setCurrentIndex(self._model.index(current, NAME), QItemSelectionModel.SelectionFlag.NoUpdate)
        self._show_chosen(nodes)
        self._own = False
        new_filter = self._model.query.text != self._filter
        self._filter = self._model.query.text
        top = 0 if new_filter and self._model.hides else self._nearest_row(self._top)
        replaced = {place.document for _, place in self._in_view if self._model.tree(place.document) is not place.tree}
        self._replaced |= replaced
        if replaced:
            top = self._top_as_before(before)
        self._in_view = []
        if top is not None:
            self.verticalScrollBar().setValue(top)
        if current is not None and not replaced:
            self.scrollTo(self._model.index(current, NAME))
        elif new_filter and not self._filter and self._current is not None:
            document, node, tree = self._current
            if tree is not None and tree is self._model.tree(document):
                self._model.reveal(document, tree.key(node))        # what was found stays in sight
        self._look.start()
        if self._afterwards is not None and not self._model.is_arranging:
            then, self._afterwards = self._afterwards, None
            then()

    def _chosen_nodes(self) -> dict[int, Nodes]:
        """What is selected of the trees that are on show."""
        return {id: chosen for id, (tree, chosen) in self._chosen.items() if self._model.tree(id) is tree}

    def _top_as_before(self, before: int) -> int:
        """Which row is the topmost so that what was on the screen stays where it was, though a tree was replaced: the current row, if it
        was to be seen, else the first that is still there."""
        for down, place in self._in_view:
            tree = self._model.tree(place.document)
            if tree is not None and place.tree is not None and tree is not place.tree:
                node = tree.counterpart(place.tree, place.node)
                row = self._model.row_of(place.document, node) if node is not None else None
            else:
                row = self._row(place)
            if row is not None:
                return row - down
        return before

    def _show_chosen(self, nodes: dict[int, Nodes]) -> None:
        """Selects the rows of `nodes` that can be seen, without telling the session."""
        selection = QItemSelection()
        ranges = self._model.ranges(nodes, RUNS_AT_MOST)
        self._scattered = ranges is None
        for first, last in ranges or ():
            selection.select(self._model.index(first, 0), self._model.index(last, len(COLUMNS) - 1))
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self.viewport().update()

    def _is_selected(self, row: int) -> bool:
        return self.is_chosen(row) or self.selectionModel().isRowSelected(row)

    def is_chosen(self, row: int) -> bool:
        """Whether a row is selected though Qt was not told."""
        if not self._scattered:
            return False
        line = self._model.line(row)
        tree, nodes = self._chosen.get(line.document, (None, ()))
        if line.node is None or not len(nodes) or tree is not self._model.tree(line.document):
            return False
        at = bisect_left(nodes, line.node)
        return at < len(nodes) and int(nodes[at]) == line.node

    def _key_of(self, row: int) -> _RowKey | None:
        if not 0 <= row < self._model.rowCount():
            return None
        line = self._model.line(row)
        return _RowKey(line.document, line.node or 0, self._model.tree(line.document))

    def _row(self, row_key: _RowKey | None) -> int | None:
        """Where a place is now, or None while it is hidden or gone."""
        if row_key is None or self._model.tree(row_key.document) is not row_key.tree:
            return None
        return self._model.row_of(row_key.document, row_key.node)

    def _nearest_row(self, row_key: _RowKey | None) -> int | None:
        """The row of a place, or of the nearest group above it that can be seen."""
        if row_key is None or row_key.tree is None:
            return self._row(row_key)
        ways = [row_key.node, *row_key.tree.ancestors(row_key.node)]
        return next((row for node in ways if (row := self._row(row_key._replace(node=node))) is not None), None)

    # -- expanding ----------------------------------------------------------------------------------------------------

    def expand_all(self) -> None:
        self._model.expand_all()

    def collapse_all(self) -> None:
        self._model.collapse_all()
        self._keep_a_current_row()

    def set_expanded(self, row: int, expanded: bool) -> None:
        """A current row that would vanish hands over to the group that swallows it."""
        current = self.currentIndex().row()
        if not expanded and current > row and row in self._rows_above(current):
            self.select_row(row)
        self._model.set_expanded(row, expanded)

    def _rows_above(self, row: int) -> list[int]:
        rows = []
        up = self._model.parent_row(row)
        while up is not None:
            rows.append(up)
            up = self._model.parent_row(up)
        return rows

    def _set_below(self, row: int, expanded: bool) -> None:
        self._model.set_expanded_below(row, expanded)
        self._keep_a_current_row()

    def _keep_a_current_row(self) -> None:
        if not self.currentIndex().isValid() and (row := self._nearest_row(self._current)) is not None:
            self.select_row(row)

    # -- keys ---------------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.currentIndex().row()
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_keys()
        elif row >= 0 and not event.modifiers() & ~_NOTHING and self._tree_key(event.key(), row):
            pass
        elif row >= 0 and event.text() == "*":
            self._set_below(row, True)
        elif row >= 0 and event.text() in ("+", "-"):
            self.set_expanded(row, event.text() == "+")
        else:
            super().keyPressEvent(event)
            return
        event.accept()

    def keyboardSearch(self, search: str) -> None:
        """Typing goes to the next name that starts so; typing on, from the present row."""
        going_on = self._typing.isValid() and self._typing.elapsed() < QApplication.keyboardInputInterval()
        self._typed = self._typed + search if going_on else search
        self._typing.start()
        first = max(0, self.currentIndex().row())
        repeated = len(set(self._typed)) == 1
        row = self._model.find_name(search if repeated else self._typed, first + (1 if repeated else 0))
        if row is not None:
            self.select_row(row)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        plain = event.button() == Qt.MouseButton.LeftButton and not event.modifiers() and self._arrow_at(event) is None
        index = self.indexAt(event.position().toPoint())
        self._pressed = event.position().toPoint() if plain and index.isValid() else None
        self._one_of_many = None
        if self._pressed is not None and self._is_selected(index.row()) and len(self._chosen_rows(2)) > 1:
            self._one_of_many = index.row()
            event.accept()
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Rows are pulled out, not selected by a stroke: Shift does that."""
        if self._pressed is None or not event.buttons() & Qt.MouseButton.LeftButton:
            super().mouseMoveEvent(event)
        elif (event.position().toPoint() - self._pressed).manhattanLength() >= QApplication.startDragDistance():
            self._pressed = self._one_of_many = None
            self.setState(QAbstractItemView.State.NoState)
            self.drag_begun.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        alone, self._pressed, self._one_of_many = self._one_of_many, None, None
        if alone is not None:
            self.select_row(alone)
        super().mouseReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """What is typed when one comes back begins a new name."""
        super().focusOutEvent(event)
        self._typing.invalidate()

    def folds(self, row: int) -> bool:
        line = self._model.line(row)
        return line.has_children and line.kind is not Kind.FAILED

    # -- menu and clipboard -------------------------------------------------------------------------------------------

    def menu_for(self, row: int) -> QMenu:
        """What can be done with the row under the mouse."""
        line = self._model.line(row)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        many = len(self._chosen_rows(2)) > 1
        copy = menu.addAction(self.tr("Copy keys") if many else self.tr("Copy path") if not line.key else self.tr("Copy key"),
                              self.copy_keys)
        icons.put(copy, "copy")
        copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        menu.addAction(self.tr("Copy rows as TSV") if many else self.tr("Copy row as TSV"), self.copy_rows)
        if line.kind is Kind.TENSOR:
            menu.addAction(self.tr("Copy as Python"), lambda: self.copy_as_python(line.document, self._copied_tensors(line.document)))
            menu.addAction(self.tr("Copy shapes as JSON") if many else self.tr("Copy shape as JSON"),
                           lambda: self.copy_shapes(line.document, self._copied_tensors(line.document)))
        menu.addActions([action for action in self.own_actions() if action.isEnabled()])
        if line.kind is Kind.FILE:
            folder = self.folder_of(line.document)
            show = menu.addAction(self.tr("Show in folder"), lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(folder)))
            show.setEnabled(bool(folder))
        menu.addSeparator()
        expand = menu.addAction(self.tr("Expand all below"), lambda: self._set_below(row, True))
        icons.put(expand, "expand")
        collapse = menu.addAction(self.tr("Collapse all below"), lambda: self._set_below(row, False))
        icons.put(collapse, "collapse")
        for action in (expand, collapse):
            action.setEnabled(line.has_children and line.kind is not Kind.FAILED)
        menu.addSeparator()
        self._add_compare_actions(menu, line.document)
        menu.addSeparator()
        menu.addActions([action for action in self.edit_actions() if action.isEnabled()])
        menu.addSeparator()
        close = menu.addAction(self.tr("Close file"), lambda: self.close_requested.emit(line.document))
        icons.put(close, "close")
        return menu

    def _add_compare_actions(self, menu: QMenu, document: int) -> None:
        """With each of the last few other files, or one that is not open yet."""
        others = [other for other in self._session.documents if other.id != document][-COMPARE_AT_MOST:]
        for other in others:
            name = words.menu_text(other.path.replace("\\", "/").rsplit("/", 1)[-1], 60)
            action = menu.addAction(self.tr("Compare with {name}").format(name=name),
                                    partial(self.compare_requested.emit, document, other.id))
            icons.put(action, "compare")
        menu.addAction(self.tr("Compare with a file…"), partial(self.compare_requested.emit, document, 0))

    def copy_keys(self) -> None:
        """The selected rows' keys, raw, one a line; a file's path for its own row."""
        self._copy(self._model.copied_fields(row)[0] for row in self._copied_rows())

    def copy_rows(self) -> None:
        """The selected rows as tab-separated values: key, shape, dtype, device, parameters, bytes, and what a list shows of values."""
        columns = [column for column in self.measured_columns if column != VALUES]
        self._copy("\t".join(map(words.tsv, (*self._model.copied_fields(row), *(self._model.measured(row, column) for column in columns))))
                   for row in self._copied_rows())

    def copy_as_python(self, document: int, keys: Sequence[str]) -> None:
        """What reads these tensors of a file in a script."""
        found = self._session.document(document)
        if found is not None and found.checkpoint is not None:
            edited = found.checkpoint.edited            # the file on disk has the names of before
            self._copy(copied.in_python(found.path, [edited.origin[key] for key in keys if key in edited.origin] if edited else keys))

    def copy_shapes(self, document: int, keys: Sequence[str]) -> None:
        """Their shapes and types."""
        found = self._session.document(document)
        if found is not None and found.checkpoint is not None:
            self._copy(copied.in_json(found.checkpoint, keys))

    def _copied_tensors(self, document: int) -> list[str]:
        lines = map(self._model.line, self._copied_rows())
        return [line.key for line in lines if line.document == document and line.kind is Kind.TENSOR]

    def folder_of(self, document: int) -> str:
        """Where a file lies; "" where that is no folder of this computer, or does not answer."""
        found = self._session.document(document)
        return told_soon(lambda: _folder_of(found.path), "") if found is not None and not core.is_address(found.path) else ""

    def _copied_rows(self) -> list[int]:
        return self._chosen_rows(COPY_AT_MOST)

    def _chosen_rows(self, most: int) -> list[int]:
        """The first of the selected rows, at most so many."""
        ranges = self._model.ranges({id: nodes for id, (_, nodes) in self._chosen.items()}) if self._scattered else self.selected_ranges()
        rows: list[int] = []
        for first, last in ranges or ():
            rows += range(first, min(last, first + most - len(rows) - 1) + 1)
            if len(rows) >= most:
                break
        return rows


def _folder_of(path: str) -> str:
    folder = os.path.dirname(os.path.abspath(core.file_of(path)))
    return folder if os.path.isdir(folder) else ""


def _dtype(tree: KeyTree) -> tuple[str | None, ...] | None:
    return tree.common_dtype(0)


def _device(tree: KeyTree) -> tuple[str | None, ...] | None:
    return tree.common_device(0)
