"""The pairs of a comparison as a flat table of visible rows, as `tree_model` is for files: a delegate draws it as a tree."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from inspector import core
from inspector.gui.state.tasks import Tasks

from . import pair_lines, search
from .pair_lines import COLUMNS, NAME, SHAPE, PairLine
from .pair_tree import FIGURES, PairTree
from .tree_rows import TreeRows

Index = QModelIndex | QPersistentModelIndex
Change = Callable[[TreeRows], None]

TASK = "pair-rows"
MANY_NODES = 20_000             # of a tree whose rows a worker arranges
LINE = int(Qt.ItemDataRole.UserRole)
_ROOT = QModelIndex()
_CACHED_LINES = 2000
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


class Overview(NamedTuple):
    """The pairs and values that are not filtered out, in the order of the rows, whether they lie in a collapsed group or not: the
    number of each one's status in `pair_tree.STATUSES`, and how far apart each is, 0 to 1."""

    statuses: NDArray[np.int8]
    strengths: NDArray[np.float64]


class _Places(NamedTuple):
    """Of all nodes in the order of the rows: how many pairs and values stand before each that are not filtered out, at which places those
    stand, and which entries they are."""

    order: NDArray[Any]
    before: NDArray[np.int64]
    shown: NDArray[np.int64]
    entries: NDArray[Any]


class PairModel(QAbstractTableModel):
    """`set_tree`, then `grow` whenever its figures did. The root has no row of its own."""

    filtered = Signal()

    def __init__(self, parent: QObject | None = None, tasks: Tasks | None = None) -> None:
        """With `tasks` the rows of large trees are arranged by a worker."""
        super().__init__(parent)
        self._tasks = tasks
        self._changes: list[Change] = []            # of the rows, that a worker is to make
        self._rows: TreeRows | None = None
        self._tree: PairTree | None = None
        self._lines: dict[int, PairLine] = {}
        self._query = search.Query()
        self._statuses: frozenset[str] = frozenset()
        self._sorting: tuple[str, bool] | None = None
        self._known: tuple[object, _Places] | None = None
        self._differing: tuple[_Places, int, NDArray[np.int64]] | None = None       # of which places and changes of the figures
        self._with_dtypes = True                    # there is room for them

    # -- what Qt asks -------------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() or self._rows is None else len(self._rows.rows) - 1

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or self._tree is None:
            return None
        column = index.column()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if column > SHAPE else _LEFT
        if role not in (Qt.ItemDataRole.DisplayRole, LINE, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        line = self.line(index.row())
        if role == Qt.ItemDataRole.DisplayRole:
            return line.texts[column]
        if role == LINE:
            return line
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return pair_lines.accessible(line) if column == NAME else line.texts[column]
        return pair_lines.tooltip(line, column, self._tree)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(COLUMNS):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            title = (self.tr("Name"), self.tr("What differs"),
                     self.tr("Shape, dtype") if self._with_dtypes else self.tr("Shape"), self.tr("Largest"), self.tr("RMS"),
                     self.tr("Cosine"), self.tr("Differ"), self.tr("SQNR"))[section]
            sorted_ = self._sorting is not None and self._sorting[0] == COLUMNS[section]
            return title + "\u2003" if section > SHAPE and sorted_ else title       # styles draw the arrow over what stands there
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if section > SHAPE else _LEFT
        if role == Qt.ItemDataRole.ToolTipRole:
            return ("", self.tr("What differs, and how far: the norm of the difference over that of A, the bar by logarithm. Groups show "
                                "how many of each, and how far all of it is together"),
                    self.tr("Shape and dtype, those of A and of B where they differ"), self.tr("The largest distance of two elements"),
                    self.tr("The root of the mean squared distance"),
                    self.tr("The cosine of the two as vectors; 1 is the same direction"),
                    self.tr("The share of elements that differ"),
                    self.tr("Of packed tensors: the values over the errors of packing them, in decibels; the least is the worst"),
                    )[section] or None
        return None

    @property
    def with_dtypes(self) -> bool:
        """Whether dtypes stand beside the shapes, where they have room."""
        return self._with_dtypes

    def set_with_dtypes(self, on: bool) -> None:
        if on != self._with_dtypes:
            self._with_dtypes = on
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, SHAPE, SHAPE)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sorts siblings, groups by the most different below them; -1 restores the order of A."""
        wanted = (COLUMNS[column], order == Qt.SortOrder.DescendingOrder) if 0 <= column < len(COLUMNS) else None
        if wanted != self._sorting:
            self._sorting = wanted
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)
            self._change(self._sorter())

    # -- what is shown ------------------------------------------------------------------------------------------------

    @property
    def tree(self) -> PairTree | None:
        return self._tree

    def set_tree(self, tree: PairTree | None) -> None:
        """Another tree, or none; groups of the same names stay open."""
        if self._changes and self._tasks is not None:
            self._tasks.cancel(TASK)
        self._changes.clear()
        self.beginResetModel()
        older, self._tree, self._known, self._differing = self._rows, tree, None, None
        self._rows, arranged = None, bool(self._query.terms or self._statuses or self._sorting)
        later = arranged and tree is not None and self._tasks is not None and len(tree) >= MANY_NODES
        if tree is not None:
            self._rows, tree.rows = tree.rows or TreeRows(tree), None
            if older is not None and not tree.flat and self._is_grouped(older):
                self._rows.take_over(older)
            if arranged and not later:
                self._filter()(self._rows)
                self._sorter()(self._rows)
        self._lines.clear()
        self.endResetModel()
        self.filtered.emit()
        if later:
            self.arrange()

    def grow(self) -> None:
        """More values are known: rows that are on show say so."""
        self._lines.clear()
        if self.rowCount():
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, len(COLUMNS) - 1))

    @property
    def sorted_by(self) -> str | None:
        """Which of `COLUMNS` the rows are sorted by; None while they stand in the order of A."""
        return self._sorting[0] if self._sorting is not None else None

    @property
    def follows_values(self) -> bool:
        """Whether which rows are shown, or their order, depends on what is still being read."""
        return bool(self._statuses) or (self._sorting is not None and self._sorting[0] in ("differs", *FIGURES))

    def arrange(self) -> None:
        """Filters and sorts anew, after `grow`."""
        chosen, sorted_ = self._filter(), self._sorter()

        def again(rows: TreeRows) -> None:
            chosen(rows)
            sorted_(rows)

        self._change(again)

    def set_filter(self, text: str, statuses: frozenset[str]) -> search.Query:
        """Shows what `text` finds (see `search`) among pairs of these statuses (none: all). Terms that mean nothing are left out
        and come back as problems of the query."""
        query = search.parse(text)
        if query.terms != self._query.terms or statuses != self._statuses:
            self._query, self._statuses = query, statuses
            self._change(self._filter())
        self._query = query
        return query

    @property
    def counts(self) -> tuple[int, int]:
        """How many pairs and values the filter finds, of how many."""
        if self._rows is None or self._tree is None:
            return 0, 0
        total = len(self._tree.keys)
        return (total if self._rows.hits is None else self._rows.hit_count), total

    # -- changes, one after the other ------------------------------------------------------------------------------------

    def next_change(self, row: int, *, backwards: bool = False) -> int | None:
        """The node of the next pair or value after `row` (-1: from the start) that differs, round; None where none does."""
        places = self._places()
        changed = self._changed()
        if places is None or self._rows is None or not len(changed):
            return None
        here = self._rows.place_of(self.node(row)) if row >= 0 else len(places.order) if backwards else -1
        at = int(np.searchsorted(changed, here)) - 1 if backwards else int(np.searchsorted(changed, here, side="right"))
        return int(places.order[changed[at % len(changed)]])

    def next_hit(self, row: int, *, backwards: bool = False) -> int | None:
        """The next row that is a pair or value which the filter finds, round; None without a filter, or where it finds none."""
        if self._rows is None or self._rows.hits is None:
            return None
        rows = np.flatnonzero(self._rows.hits[self._rows.rows[1:]])
        if not len(rows):
            return None
        at = int(np.searchsorted(rows, row)) - 1 if backwards else int(np.searchsorted(rows, row, side="right"))
        return int(rows[at % len(rows)])

    def change_at(self, row: int) -> tuple[int, int]:
        """Which of the changes stands at `row`, from 1 (0: none does), and how many there are."""
        changed = self._changed()
        if self._rows is None or row < 0:
            return 0, len(changed)
        place = self._rows.place_of(self.node(row))
        at = int(np.searchsorted(changed, place))
        return (at + 1 if at < len(changed) and changed[at] == place else 0), len(changed)

    def reveal_node(self, node: int) -> int | None:
        """Opens what lies above a node and gives its row."""
        if self.row_of(node) is None:
            self._reset(lambda rows: rows.reveal(node))
        return self.row_of(node)

    def overview(self) -> Overview:
        places, tree = self._places(), self._tree
        if places is None or tree is None:
            return Overview(np.zeros(0, np.int8), np.zeros(0))
        entries = places.entries
        rel = np.nan_to_num(tree.figures.of["rel"][entries], nan=0.0, posinf=1.0)
        with np.errstate(divide="ignore"):
            strengths = np.where(rel > 0, np.clip((np.log10(rel) + 5) / 5, 0.02, 1.0), 0.0)
        return Overview(tree.figures.status[entries], strengths)

    def span_of(self, first: int, last: int) -> tuple[int, int]:
        """Which part of the `overview` lies at the rows `first` to `last`, and in collapsed groups among them."""
        places, rows, tree = self._places(), self._rows, self._tree
        if places is None or rows is None or tree is None or first < 0 or last < first:
            return 0, 0
        bottom = self.node(last)
        end = rows.place_of(bottom) + (1 if rows.is_expanded(bottom) else int(tree.size[bottom]))
        return int(places.before[rows.place_of(self.node(first))]), int(places.before[end])

    def row_in_overview(self, number: int) -> int | None:
        """The row of the pair or value at this place of the `overview`, or of the collapsed group that it is in."""
        places, rows = self._places(), self._rows
        if places is None or rows is None or self._tree is None or not 0 <= number < places.before[-1]:
            return None
        node: int | None = int(places.order[int(np.searchsorted(places.before, number, side="right")) - 1])
        while node and (row := self.row_of(node)) is None:
            node = rows.parent(node)
        return row if node else None

    def _places(self) -> _Places | None:
        rows, tree = self._rows, self._tree
        if rows is None or tree is None:
            return None
        state = (tree, rows.version)
        if self._known is None or self._known[0] != state:
            entries = tree.entry[rows.order]
            there = entries >= 0 if rows.hits is None else (entries >= 0) & rows.hits[rows.order]
            before = np.zeros(len(there) + 1, dtype=np.int64)
            np.cumsum(there, out=before[1:])
            shown = np.flatnonzero(there)
            self._known = (state, _Places(rows.order, before, shown, entries[shown]))
        return self._known[1]

    def _changed(self) -> NDArray[np.int64]:
        """At which places those stand that differ, as far as is known."""
        places, tree = self._places(), self._tree
        if places is None or tree is None:
            return np.zeros(0, dtype=np.int64)
        changes = tree.figures.changes
        if self._differing is None or self._differing[0] is not places or self._differing[1] != changes:
            self._differing = places, changes, places.shown[tree.figures.changed[places.entries]]
        return self._differing[2]

    # -- rows ---------------------------------------------------------------------------------------------------------

    def line(self, row: int) -> PairLine:
        found = self._lines.get(row)
        if found is None:
            assert self._rows is not None
            assert self._tree is not None
            if len(self._lines) >= _CACHED_LINES:
                self._lines.clear()
            found = self._lines[row] = pair_lines.line_of(self._rows, self._tree, self.node(row))
        return found

    def shapes(self, most: int) -> list[tuple[pair_lines.Piece, ...]]:
        """What stands in the column of shapes of pairs from all over the tree, shown or not: not their whole lines, which take as long as
        all else when a tree comes."""
        if self._tree is None:
            return []
        pairs = np.flatnonzero((self._tree.entry >= 0) & (self._tree.entry < len(self._tree.figures.pairs)))
        chosen = pairs[::max(1, -(-len(pairs) // most))]
        return [pair_lines.shape_of(self._tree.figures.comparison, self._tree.figures.pairs[entry])
                for entry in self._tree.entry[chosen].tolist()]

    def node(self, row: int) -> int:
        assert self._rows is not None
        return int(self._rows.rows[row + 1])

    def nodes(self, rows: list[int]) -> tuple[int, ...]:
        """Of several rows, which are in order."""
        if not rows or self._rows is None:
            return ()
        all_rows = self._rows.rows[1:]
        one_run = rows[-1] - rows[0] == len(rows) - 1
        return tuple((all_rows[rows[0]:rows[-1] + 1] if one_run else all_rows[np.array(rows)]).tolist())

    def is_pair(self, row: int) -> bool:
        """Whether a row is two tensors, or one that has no partner: no group, and no other value. Quicker than its line."""
        return self._tree is not None and self._tree.pair(self.node(row)) is not None

    def row_of(self, node: int) -> int | None:
        """Where a node stands; None while it is hidden."""
        row = self._rows.row_of(node) if self._rows is not None else None
        return None if row is None or row == 0 else row - 1

    def rows_of(self, nodes: NDArray[np.int64]) -> list[int]:
        return [] if self._rows is None else [row - 1 for row in self._rows.rows_of(nodes).tolist() if row]

    def parent_row(self, row: int) -> int | None:
        up = self._rows.parent(self.node(row)) if self._rows is not None else None
        return None if up is None else self.row_of(up)

    def reveal(self, key: str) -> int | None:
        """Opens what lies above the pair or value called `key` and gives its row."""
        node = self._tree.find(key) if self._tree is not None else None
        if node is None or node == 0:
            return None
        if self.row_of(node) is None:
            self._reset(lambda rows: rows.reveal(node))
        return self.row_of(node)

    def set_expanded(self, row: int, expanded: bool) -> None:
        rows, line = self._rows, self.line(row)
        if rows is None or not line.has_children or line.expanded == expanded:
            return
        if expanded:
            below = rows.if_expanded(line.node)
            self.beginInsertRows(_ROOT, row + 1, row + len(below))
            rows.expand(line.node, row + 1, below)
            self._lines.clear()
            self.endInsertRows()
        else:
            gone = rows.count_below(row + 1)
            self.beginRemoveRows(_ROOT, row + 1, row + gone)
            rows.collapse(line.node, row + 1, gone)
            self._lines.clear()
            self.endRemoveRows()
        self.dataChanged.emit(self.index(row, 0), self.index(row, len(COLUMNS) - 1))

    def set_expanded_below(self, row: int, expanded: bool) -> None:
        node = self.node(row)
        self._change(lambda rows: rows.set_below(node, expanded))

    def expand_all(self) -> None:
        self._change(lambda rows: rows.set_below(0, True))

    def collapse_all(self) -> None:
        self._change(lambda rows: rows.set_depth(1))

    def copied_fields(self, row: int) -> tuple[str, ...]:
        assert self._tree is not None
        return pair_lines.fields(self.line(row), self._tree)

    # -- inside -------------------------------------------------------------------------------------------------------

    @staticmethod
    def _is_grouped(rows: TreeRows) -> bool:
        return isinstance(rows.tree, PairTree) and not rows.tree.flat

    def _filter(self) -> Change:
        """Shows what is asked for now, and nothing else."""
        tree, query, statuses = self._tree, self._query, self._statuses

        def change(rows: TreeRows) -> None:
            if tree is None or not (query.terms or statuses):
                rows.show_only(None)
                return
            hits = search.find(tree, query)
            rows.show_only(hits & tree.with_status(statuses) if statuses else hits)

        return change

    def _sorter(self) -> Change:
        sorting = self._sorting
        return lambda rows: rows.sort(*sorting) if sorting is not None else rows.sort(None)

    def _change(self, change: Change) -> None:
        """Changes the rows: at once, or soon where there are many."""
        if self._rows is None:
            return
        if self._tasks is None or (not self._changes and len(self._rows.tree) < MANY_NODES):
            self._reset(change)
            self.filtered.emit()
        else:
            self._changes.append(change)
            self._change_in_worker()

    def _change_in_worker(self) -> None:
        rows, changes = self._rows, tuple(self._changes)
        if rows is None or self._tasks is None:
            return
        version, copied = rows.version, rows.copy()

        def work(monitor: core.Monitor) -> None:
            for change in changes:
                monitor.check()
                change(copied)

        def put(_: None) -> None:
            if self._rows is not rows or rows.version != version:           # something was opened or closed meanwhile
                self._change_in_worker()
                return
            del self._changes[:len(changes)]
            self.beginResetModel()
            self._rows = copied
            self._lines.clear()
            self.endResetModel()
            self.filtered.emit()

        self._tasks.start(TASK, work, on_done=put, on_cancel=self._changes.clear, urgent=True)

    def _reset(self, change: Callable[[TreeRows], None]) -> None:
        if self._rows is None:
            return
        self.beginResetModel()
        change(self._rows)
        self._lines.clear()
        self.endResetModel()
