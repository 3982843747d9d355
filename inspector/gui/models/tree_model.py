"""The tree of all open files as a flat table of visible rows.

A real tree model does not scale in Python: a million nodes take minutes to filter and to sort. So a row number stands for (document,
node) through one array per document, and the delegate draws indent and arrow. The model follows the session: a document without its
tree yet is one row that says how far it is, one that failed has its reason below it.

Where there are many nodes, rows are filtered, sorted and expanded in a worker, on a copy, and only put in place here; what is wished
meanwhile is done together with it.
"""
from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal

from inspector import core
from inspector.gui.kit import words
from inspector.gui.state.row_values import RowReader
from inspector.gui.state.session import Document, Selection, Session, State
from inspector.gui.state.signals import FileSignals

from . import search, tree_lines
from .row_table import ShownRows
from .tree_lines import (
    BITS,
    BYTES,
    COLUMNS,
    DEVICE,
    DIGEST,
    DTYPE,
    MAX,
    MEAN,
    MEASURED,
    MIN,
    NAME,
    NAN,
    NORM,
    NUMBERS,
    PARAMETERS,
    SHAPE,
    STD,
    VALUES,
    ZEROS,
    Kind,
    Line,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from inspector.gui.state.bookmarks import Bookmarks
    from inspector.gui.state.row_values import RowValues, TensorKind

    from .key_tree import KeyTree
    from .tree_marks import TreeMarks
    from .tree_rows import TreeRows

    Nodes = NDArray[np.int64] | tuple[int, ...]
    Change = Callable[[TreeRows], object]

Index = QModelIndex | QPersistentModelIndex

LINE = int(Qt.ItemDataRole.UserRole)            # the `Line` of the row
KEY = LINE + 1                                  # the raw key
RAW = LINE + 2                                  # the number behind "parameters" and "bytes"

AT_ONCE = 4000              # tensors up to which packed ones are looked for before the tree is shown, not after
MANY_NODES = 20_000         # from which on a worker arranges the rows; below, that takes a few milliseconds

_CACHED_LINES = 2000
_MEASURED_NAMES = tuple(COLUMNS[column] for column in MEASURED)
_ROOT = QModelIndex()
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


class StartsTasks(Protocol):
    """What is needed of `Tasks`."""

    def start(self, key: Hashable, work: Callable[[core.Monitor], Any], *, on_done: Callable[[Any], None],
              on_cancel: Callable[[], None] | None = None, label: str = "", urgent: bool = False) -> None: ...

    def cancel(self, key: Hashable) -> None: ...


@dataclass(slots=True)
class _Branch:
    """One document's part of the table."""

    document: Document
    rows: TreeRows | None = None
    checkpoint: core.Checkpoint | None = None       # whose tree `rows` is, or is being made
    laying_out: bool = False
    failed: bool = False
    marks: TreeMarks | None = None                  # of the tree of `rows`, or of an older one

    def __len__(self) -> int:
        return 2 if self.failed else len(self.rows.rows) if self.rows is not None else 1


class _Copied(NamedTuple):
    """Rows of a document, at which version they were copied, and the copy, which a worker changes."""

    document: int
    rows: TreeRows
    version: int
    changed: TreeRows


class _Chosen(NamedTuple):
    """Nodes of a document that somebody selected; without its tree, the document itself."""

    document: int
    tree: KeyTree | None
    nodes: Nodes

    @property
    def is_large(self) -> bool:
        """Whether looking up the keys takes long."""
        if self.tree is None:
            return False
        import numpy as np
        return len(self.nodes) >= MANY_NODES or int(self.tree.tensors[np.asarray(self.nodes, dtype=np.int64)].sum()) >= MANY_NODES

    def selection(self) -> Selection:
        tree, nodes = self.tree, self.nodes
        if tree is None:
            return Selection(self.document)
        top = int(nodes[0]) if len(nodes) == 1 else tree.lowest_common(nodes)
        value = tree.key(top) if len(nodes) == 1 and tree.is_value(top) else None
        return Selection(self.document, tree.key(top), tree.tensor_keys(nodes), value)


class TreeModel(QAbstractTableModel):
    """`tasks` lays out new trees off the GUI thread, and arranges the rows of large ones; without it (tests, small tools) that is done
    at once."""

    tree_ready = Signal(int)            # a document's tree is on show
    counts_changed = Signal()           # how many entries the filter finds
    marks_changed = Signal()            # what rows are guilty of
    shrinking = Signal(int)             # a document is about to lose all rows but its own
    sort_waits = Signal()               # for values that are not all read, or no longer

    def __init__(self, session: Session, tasks: StartsTasks | None = None, parent: QObject | None = None,
                 reader: RowReader | None = None) -> None:
        """`reader` reads what the columns of a list say of values."""
        super().__init__(parent)
        self._reader = reader
        self.bookmarks: Bookmarks | None = None
        self.chosen: Callable[[], tuple[dict[int, Nodes], int | None]] = lambda: ({}, None)     # of which `ranges` is asked for next
        self._flat = False
        self._waiting_sort: tuple[str, bool] | None = None      # by values that are to be read first
        self._session = session
        self._tasks = tasks
        self._branches: list[_Branch] = []
        self._starts: list[int] = []
        self._lines: dict[int, Line] = {}
        self._ranges: dict[TensorKind, tuple[float, float]] | None = None       # of the small histograms of a list
        self._query = search.Query()
        self._hides = True
        self._sorting: tuple[str, bool] | None = None
        self._as_stored = False
        self._changes: list[Change] = []                # that a worker is to make, in order
        session.document_added.connect(self._add)
        session.document_changed.connect(self._follow)
        session.document_removed.connect(self._remove)
        for document in session.documents:
            self._add(document.id)

    # -- what Qt asks -------------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() or not self._branches else self._starts[-1] + len(self._branches[-1])

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        column = index.column()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if column in NUMBERS else _LEFT
        if role not in (Qt.ItemDataRole.DisplayRole, LINE, KEY, RAW, Qt.ItemDataRole.ToolTipRole,
                        Qt.ItemDataRole.AccessibleTextRole):
            return None
        line = self.line(index.row())
        if role == Qt.ItemDataRole.DisplayRole:
            return line.text(column)
        if role == LINE:
            return line
        if role == KEY:
            return line.key
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return tree_lines.accessible(line) if column == NAME else line.text(column)
        branch, _ = self._locate(index.row())
        tree = branch.rows.tree if branch.rows is not None else None
        if role == RAW:
            return tree_lines.raw(line, column, tree) if tree is not None else None
        if column in MEASURED:
            return words.tip(self.measured(index.row(), column))
        return tree_lines.tooltip(line, column, tree, branch.document)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(COLUMNS):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            title = {NAME: self.tr("Name"), SHAPE: self.tr("Shape"), DTYPE: self.tr("Dtype"), DEVICE: self.tr("Device"),
                     PARAMETERS: self.tr("Parameters"), BYTES: self.tr("Bytes"), BITS: self.tr("Bits/weight"),
                     VALUES: self.tr("Values"), MIN: self.tr("Min"), MAX: self.tr("Max"), MEAN: self.tr("Mean"), STD: self.tr("Std"),
                     NAN: self.tr("NaN, Inf"), ZEROS: self.tr("Zeros"), NORM: self.tr("Norm"), DIGEST: self.tr("Digest")}[section]
            # styles draw the sort arrow at the right edge, over text that stands there
            return title + "\u2003" if section in NUMBERS and self._sorting_by(section) else title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if section in NUMBERS else _LEFT
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sorts siblings; -1 restores the file's order. Files stay in the order of opening. By what values say only once these are read:
        until then `sort_waits`, and the rows stay as they are."""
        wanted = (COLUMNS[column], order == Qt.SortOrder.DescendingOrder) if 0 <= column < len(COLUMNS) else None
        if wanted == self._sorting and self._waiting_sort is None:
            return
        self._waiting_sort = None
        for branch in self._branches:
            self.values_of(branch.document.id)
        if column in MEASURED and self._reader is not None and self._reader.left(column == DIGEST)[0]:
            self._waiting_sort = wanted
        else:
            self._sort_by(wanted)
        self.sort_waits.emit()

    def _sort_by(self, wanted: tuple[str, bool] | None) -> None:
        if wanted == self._sorting and (wanted is None or wanted[0] not in _MEASURED_NAMES):
            return
        self._sorting = wanted
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, PARAMETERS, len(COLUMNS) - 1)
        self._change(self._sort_change())

    def _sort_change(self) -> _Sort:
        measured = self._sorting is not None and self._sorting[0] in _MEASURED_NAMES
        return _Sort(self._sorting, self._reader.of if measured and self._reader is not None else None)

    @property
    def sorting(self) -> tuple[int, bool] | None:
        """The column by which the rows are sorted, and whether from the greatest down."""
        return (COLUMNS.index(self._sorting[0]), self._sorting[1]) if self._sorting is not None else None

    @property
    def waits_to_sort(self) -> int | None:
        """The column by which the rows are to be sorted once its values are read."""
        return COLUMNS.index(self._waiting_sort[0]) if self._waiting_sort is not None else None

    def sort_what_was_read(self) -> None:
        """More values are known: what waits for them is done, what was sorted by them is sorted again."""
        if self._waiting_sort is not None:
            column, descending = COLUMNS.index(self._waiting_sort[0]), self._waiting_sort[1]
            self.sort(column, Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder)
        elif self._sorting is not None and self._sorting[0] in _MEASURED_NAMES:
            self._sort_by(self._sorting)

    def give_up_sorting(self) -> None:
        """Nobody wants to wait for it; the rows stay as they are."""
        self._waiting_sort = None
        self.sort_waits.emit()

    def _sorting_by(self, column: int) -> bool:
        return self._sorting is not None and self._sorting[0] == COLUMNS[column]

    # -- a list -------------------------------------------------------------------------------------------------------

    @property
    def flat(self) -> bool:
        """Whether the rows are a list of tensors, not a tree of groups."""
        return self._flat

    def show_flat(self, on: bool) -> None:
        """All tensors and values of a file right below it, with what was measured of them; or the groups that they lie in."""
        if on == self._flat:
            return
        self._flat, self._waiting_sort = on, None
        if not on and self._sorting is not None and self._sorting[0] in _MEASURED_NAMES:
            self._sorting = None
        self._change(_Arrange(on, self._sort_change()))
        self.sort_waits.emit()

    def values_of(self, document: int) -> RowValues | None:
        """What was measured of a document's tensors; None in a tree, and while it is not there."""
        tree = self.tree(document)
        return self._reader.follow(document, tree) if self._flat and self._reader is not None and tree is not None else None

    def rows_shown(self) -> list[ShownRows]:
        """The rows below the files, as they stand now, for a worker."""
        return [ShownRows(branch.document, branch.rows, branch.rows.rows[1:].copy(), self.values_of(branch.document.id))
                for branch in self._branches if branch.rows is not None and len(branch.rows.rows) > 1]

    def seen(self, first: int, last: int) -> list[tuple[RowValues, NDArray[np.int64]]]:
        """The nodes on rows `first ..= last` of a list, each file's with what was measured of it."""
        import numpy as np
        return [(values, np.asarray(nodes, dtype=np.int64)) for id, nodes in self.nodes([(first, last)]).items()
                if (values := self.values_of(id)) is not None]

    def measured(self, row: int, column: int) -> str:
        """What a cell of MEASURED says, with all its digits; "" where there is nothing."""
        line = self.line(row)
        values = self.values_of(line.document)
        return tree_lines.figure(values, line.node, column) if values is not None and line.measured and line.node is not None else ""

    def range_of(self, kind: TensorKind) -> tuple[float, float] | None:
        """The range over which the small histograms of all rows of a kind that the filter finds are drawn; None while it is not known."""
        import numpy as np
        if self._ranges is None:
            self._ranges = {}
            for branch in self._branches:
                rows, values = branch.rows, self.values_of(branch.document.id)
                if rows is None or values is None:
                    continue
                nodes = values.tree.measurable if rows.hits is None or not rows.is_filtered else rows.hits
                for each, (low, high) in values.spans(np.flatnonzero(nodes)).items():
                    known = self._ranges.get(each, (low, high))
                    self._ranges[each] = min(low, known[0]), max(high, known[1])
        return self._ranges.get(kind)

    def values_came(self) -> None:
        """Rows say more than they did."""
        self._lines.clear()
        self._ranges = None

    # -- rows ---------------------------------------------------------------------------------------------------------

    def line(self, row: int) -> Line:
        """What row `row` says."""
        found = self._lines.get(row)
        if found is None:
            if len(self._lines) >= _CACHED_LINES:
                self._lines.clear()
            found = self._lines[row] = self._make_line(row)
        return found

    def row_of(self, document: int, node: int) -> int | None:
        """Where a node stands; None while it is hidden or not there."""
        for start, branch in zip(self._starts, self._branches, strict=True):
            if branch.document.id == document:
                if node == 0 or branch.rows is None:
                    return start
                row = branch.rows.row_of(node)
                return None if row is None else start + row
        return None

    def parent_row(self, row: int) -> int | None:
        """The row of the group or file that `row` lies in."""
        branch, place = self._locate(row)
        if place == 0:
            return None
        if branch.rows is None:
            return row - place
        up = branch.rows.parent(int(branch.rows.rows[place]))
        return None if up is None else self.row_of(branch.document.id, up)

    def nodes(self, ranges: Iterable[tuple[int, int]]) -> dict[int, Nodes]:
        """The nodes on rows `first ..= last` of each range, by document; a file without a tree gives its root, 0."""
        found: dict[int, list[NDArray[np.int64]]] = {}
        roots: dict[int, Nodes] = {}
        for first, last in ranges:
            for start, branch in zip(self._starts, self._branches, strict=True):
                low, high = max(first - start, 0), min(last - start + 1, len(branch))
                if low < high and branch.rows is not None:
                    found.setdefault(branch.document.id, []).append(branch.rows.rows[low:high])
                elif low < high:
                    roots[branch.document.id] = (0,)
        for branch in self._branches:
            if branch.rows is not None and branch.document.id in found:
                roots[branch.document.id] = _sorted(found[branch.document.id], branch.rows)
        return roots

    def ranges(self, nodes: dict[int, Nodes], most: int | None = None) -> list[tuple[int, int]] | None:
        """The opposite of `nodes`: ranges of rows on which those of `nodes` stand that are visible. None when they are more than
        `most`."""
        result: list[tuple[int, int]] = []
        for start, branch in zip(self._starts, self._branches, strict=True):
            wanted = nodes.get(branch.document.id)
            if wanted is None:
                continue
            runs = branch.rows.runs_of(wanted, most) if branch.rows is not None else [(0, 0)]
            if runs is None:
                return None
            result += [(start + first, start + last) for first, last in runs]
        return result if most is None or len(result) <= most else None

    def hits(self) -> dict[int, Nodes]:
        """The nodes that the filter finds, by document, whether their groups are open or not."""
        import numpy as np
        return {branch.document.id: np.flatnonzero(branch.rows.hits) for branch in self._branches
                if branch.rows is not None and branch.rows.hits is not None and branch.rows.hits.any()}

    def bytes_of_hits(self, document: int) -> int:
        """Bytes of the tensors that the filter finds in a document."""
        at = self._at(document)
        rows = self._branches[at].rows if at is not None else None
        if rows is None or rows.hits is None:
            return 0
        tree = rows.tree
        return int(tree.entry_nbytes[tree.entry[rows.hits & tree.is_tensor]].sum())

    def selection(self, chosen: dict[int, Nodes], current: int) -> Selection | None:
        """What the panels should answer for when these `nodes` are selected and `current` is the current row. A selection
        belongs to one file: that of the current row, or the first. None while the rows are still those of an older checkpoint,
        whose keys may be gone."""
        found = self._chosen(chosen, current)
        return found.selection() if found is not None else None

    def ask_selection(self, chosen: dict[int, Nodes], current: int, answer: Callable[[Selection | None], None]) -> None:
        """Calls `answer` with the `selection`: at once, or where there are many nodes when a worker has looked up their keys. Asking again
        forgets what was asked before."""
        self._ask("selection", self._chosen(chosen, current), answer)

    def _ask(self, task: str, found: _Chosen | None, answer: Callable[[Selection | None], None]) -> None:
        if self._tasks is not None:
            self._tasks.cancel(task)
        if found is None or self._tasks is None or not found.is_large:
            answer(found.selection() if found is not None else None)
            return
        branch = next(branch for branch in self._branches if branch.document.id == found.document)

        def looked_up(selection: Selection) -> None:
            if branch in self._branches and branch.rows is not None and branch.rows.tree is found.tree:
                answer(selection)

        self._tasks.start(task, lambda monitor: found.selection(), on_done=looked_up, urgent=True)

    def ask_hits(self, chosen: dict[int, Nodes], answer: Callable[[Selection | None], None]) -> None:
        """The same, for the hits of one document, whatever is selected."""
        self._ask("hits", self._chosen(chosen, -1), answer)

    def shown_of(self, selection: Selection) -> Selection | None:
        """What of a selected group the filter finds; None where that is all of it, or nothing is filtered."""
        at = self._at(selection.document)
        rows = self._branches[at].rows if at is not None else None
        if rows is None or rows.hits is None or not rows.is_filtered or selection.value is not None or len(selection.keys) < 2:
            return None
        import numpy as np
        tree = rows.tree
        node = tree.find(selection.prefix, several=True) if selection.prefix else 0
        if node is None or int(tree.tensors[node]) != len(selection.keys):
            return None                             # keys that were chosen one by one are meant as they are
        below = np.flatnonzero(rows.hits[node:int(tree.end[node])]) + node
        keys = tree.tensor_keys(below) if len(below) else ()
        return selection._replace(keys=keys) if len(keys) < len(selection.keys) else None

    def _chosen(self, chosen: dict[int, Nodes], current: int) -> _Chosen | None:
        if not chosen:
            return None
        id = self._locate(current)[0].document.id if 0 <= current < self.rowCount() else -1
        id = id if id in chosen else next(iter(chosen))
        branch = next(branch for branch in self._branches if branch.document.id == id)
        if branch.rows is None:
            return _Chosen(id, None, ())
        if branch.rows.tree.checkpoint is not branch.document.checkpoint:
            return None
        return _Chosen(id, branch.rows.tree, chosen[id])

    def find_name(self, text: str, first: int) -> int | None:
        """The first row from `first` on, and round, whose name starts with `text` in any case."""
        text = text.casefold()
        candidates = [start + row for start, branch in zip(self._starts, self._branches, strict=True)
                      for row in self._named(branch, text)]
        at = bisect_right(candidates, first - 1)
        return next(iter(candidates[at:] + candidates[:at]), None)

    @property
    def trees(self) -> tuple[KeyTree, ...]:
        """Those that are on show."""
        return tuple(branch.rows.tree for branch in self._branches if branch.rows is not None)

    @property
    def has_packed(self) -> bool:
        """Whether an open file has packed tensors that look otherwise when they are shown as stored."""
        return any(tree.view is not None and (tree.as_stored or tree.has_rows) for tree in self.trees)

    def show_as_stored(self, on: bool) -> None:
        """Packed tensors as the parts that are stored, or each as the one that it is."""
        if on == self._as_stored:
            return
        self._as_stored = on
        for branch in self._branches:
            if branch.checkpoint is not None and (branch.rows is None or branch.rows.tree.view is not None):
                self._lay_out(branch.document.id, branch.checkpoint)

    def tree(self, document: int) -> KeyTree | None:
        """The key tree of a document, once it is there."""
        return next((branch.rows.tree for branch in self._branches
                     if branch.document.id == document and branch.rows is not None), None)

    def copied_fields(self, row: int) -> tuple[str, ...]:
        """Raw key, shape, dtype, device, parameters and bytes of a row, for the clipboard."""
        branch, _ = self._locate(row)
        return tree_lines.fields(self.line(row), branch.rows.tree if branch.rows is not None else None, branch.document)

    # -- expanding ----------------------------------------------------------------------------------------------------

    def set_expanded(self, row: int, expanded: bool) -> None:
        line = self.line(row)
        branch, place = self._locate(row)
        if branch.rows is None or line.node is None or not line.has_children or line.expanded == expanded:
            return
        if expanded:
            self._expand(branch.rows, line.node, row, place)
        else:
            self._collapse(branch.rows, line.node, row, place)
        self._row_changed(row)

    def set_expanded_below(self, row: int, expanded: bool) -> None:
        """Expands or collapses the node of `row` and everything below it."""
        branch, place = self._locate(row)
        if branch.rows is not None:
            self._change(partial(_set_below, branch.rows.tree, int(branch.rows.rows[place]), expanded))

    def expand_all(self) -> None:
        self._change(lambda rows: rows.set_below(0, True))

    def collapse_all(self) -> None:
        """Only the files and what lies directly in them remain."""
        self._change(lambda rows: rows.set_depth(1))

    def reveal(self, document: int, key: str, *, several: bool = False) -> int | None:
        """Expands what lies above `key` and gives its row; None when there is no such key, or the filter hides it. `several`: see
        `KeyTree.find`."""
        at = self._at(document)
        if at is not None and not key:
            return self._starts[at]
        rows = None if at is None else self._branches[at].rows
        node = None if rows is None else rows.tree.find(key, several=several)
        if rows is None or node is None:
            return None
        if rows.row_of(node) is None:
            self._reset(lambda other: other.reveal(node) if other is rows else None)
        return self.row_of(document, node)

    # -- filtering ----------------------------------------------------------------------------------------------------

    @property
    def query(self) -> search.Query:
        return self._query

    def set_filter(self, text: str) -> search.Query:
        """Shows what `text` finds (see `search`) and what is above it, or all where it does not hide. Terms that mean nothing are left out
        and come back as problems of the query."""
        query = search.parse(text)
        changed = query.terms != self._query.terms
        self._query = query
        if changed:
            if self._changes and isinstance(self._changes[-1], _Filter):
                self._changes.pop()             # nobody waits for it any more
            self._change(_Filter(query, self._hides))
        return query

    @property
    def hides(self) -> bool:
        """Whether the filter hides what it does not find; else it is there to go from one to the next."""
        return self._hides

    def set_hides(self, hides: bool) -> None:
        if hides != self._hides:
            self._hides = hides
            if self._query.terms:
                self._change(_Filter(self._query, hides))

    @property
    def counts(self) -> tuple[int, int]:
        """How many tensors and values the filter finds, of how many."""
        trees = [branch.rows for branch in self._branches if branch.rows is not None]
        total = sum(len(rows.tree.keys) for rows in trees)
        return sum(len(rows.tree.keys) if rows.hits is None else rows.hit_count for rows in trees), total

    def is_hit(self, row: int) -> bool:
        """Whether a row is itself what the filter finds."""
        branch, place = self._locate(row)
        return branch.rows is not None and branch.rows.hits is not None and bool(branch.rows.hits[branch.rows.rows[place]])

    def first_hit(self) -> int | None:
        """The first row that the filter finds; None without a filter, or when it finds nothing that can be seen."""
        for start, branch in zip(self._starts, self._branches, strict=True):
            if branch.rows is not None and branch.rows.hits is not None:
                hits = branch.rows.hits[branch.rows.rows]
                if hits.any():
                    return start + int(hits.argmax())
        return None

    # -- what rows are guilty of --------------------------------------------------------------------------------------

    def show_signals(self, found: FileSignals, document: int) -> None:
        """Marks the rows of a document with what is known of it, as soon as a worker has looked up which rows that are."""
        at = self._at(document)
        rows = self._branches[at].rows if at is not None else None
        if rows is None or rows.tree.checkpoint is not found.checkpoint:
            return                                  # they are asked for again once the tree is there
        tree = rows.tree

        def done(marks: TreeMarks) -> None:
            for branch in self._branches:
                if branch.document.id == document:
                    branch.marks = marks
                    self._lines.clear()
                    self.marks_changed.emit()

        if self._tasks is None:
            done(_marks_of(tree, found, core.QUIET))
        else:
            self._tasks.start(("marks", document), lambda monitor: _marks_of(tree, found, monitor), on_done=done)

    def next_guilty(self, row: int, backwards: bool = False) -> tuple[int, str] | None:
        """The document and key of the next tensor or value behind `row` that something is the matter with, or before it; round, where
        there is none."""
        if not self._branches:
            return None
        at, place = 0, -1
        if 0 <= row < self.rowCount():
            branch, place = self._locate(row)
            at = self._branches.index(branch)
        files = range(len(self._branches))
        order = [*files[at::-1], *files[:at:-1]] if backwards else [*files[at:], *files[:at]]
        for n, index in enumerate((*order, at)):
            branch = self._branches[index]
            if branch.marks is None or branch.rows is None or branch.marks.tree is not branch.rows.tree:
                continue
            node = (int(branch.rows.rows[place]) if place >= 0 else 0) if n == 0 else len(branch.rows.tree) if backwards else 0
            found = branch.marks.next(node, backwards)
            if found is not None:
                return branch.document.id, branch.rows.tree.key(found)
        return None

    def next_marked(self, row: int, backwards: bool = False) -> tuple[int, str] | None:
        """The document and key of the next bookmark behind `row`, or before it, in groups that are closed, too; round."""
        at = place = -1
        if 0 <= row < self.rowCount():
            branch, own = self._locate(row)
            at = self._branches.index(branch)
            place = branch.rows.place_of(int(branch.rows.rows[own])) if branch.rows is not None else 0
        found = sorted((n, rows.place_of(node), branch.document.id, key) for n, branch in enumerate(self._branches)
                       if self.bookmarks is not None and (rows := branch.rows) is not None for key in self.bookmarks.of(branch.document.id)
                       if (node := rows.tree.find(key)) is not None)
        if not found:
            return None
        behind = [one for one in found if (one[:2] < (at, place) if backwards else one[:2] > (at, place))]
        return ((behind or found)[-1 if backwards else 0])[2:]

    def draw_again(self) -> None:
        """What rows say besides their keys changed."""
        self._lines.clear()
        self.marks_changed.emit()

    def next_hit(self, row: int, backwards: bool = False) -> int | None:
        """The next row behind `row`, or before it, that the filter finds; round."""
        import numpy as np
        parts = [start + np.flatnonzero(rows.hits[rows.rows]) for start, branch in zip(self._starts, self._branches, strict=True)
                 if (rows := branch.rows) is not None and rows.hits is not None]
        found = np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
        if not len(found):
            return None
        at = int(np.searchsorted(found, row, side="left" if backwards else "right"))
        return int(found[(at - 1 if backwards else at) % len(found)])

    def reveal_hit(self, row: int, backwards: bool = False) -> int | None:
        """The same, with hits in groups that are closed, which it opens."""
        import numpy as np
        places = [np.empty(0, dtype=np.int64) if branch.rows is None or branch.rows.hits is None
                  else np.flatnonzero(branch.rows.hits[branch.rows.order]) for branch in self._branches]
        count = sum(map(len, places))
        if not count:
            return None
        passed = 0                                          # hits before the one that is looked for, or -1
        if 0 <= row < self.rowCount():
            branch, own = self._locate(row)
            at = self._branches.index(branch)
            place = branch.rows.place_of(int(branch.rows.rows[own])) if branch.rows is not None else 0
            passed = sum(map(len, places[:at])) + int(np.searchsorted(places[at], place, side="left" if backwards else "right"))
        passed = (passed - 1 if backwards else passed) % count
        for branch, hits in zip(self._branches, places, strict=True):
            if passed < len(hits) and (rows := branch.rows) is not None:
                node = int(rows.order[hits[passed]])
                if rows.row_of(node) is None:
                    self._reset(partial(_reveal, rows, node))
                return self.row_of(branch.document.id, node)
            passed -= len(hits)
        return None

    # -- following the session ----------------------------------------------------------------------------------------

    def _show_rows(self, document: int, rows: TreeRows, wanted: list[Change]) -> None:
        """Puts the rows of a document's new tree on show, to which the changes `wanted` have been made."""
        at = self._at(document)
        if at is None or self._branches[at].checkpoint is not rows.tree.checkpoint:
            return                                  # closed or loaded again meanwhile
        if rows.tree.view is not None and rows.tree.as_stored != self._as_stored:
            self._lay_out(document, rows.tree.checkpoint)
            return
        self._session.show_packed(document, rows.tree.checkpoint, None if rows.tree.as_stored else rows.tree.view)
        self._replace(at, rows)
        if wanted != self._standing_changes():      # something else was wished for while it was laid out
            for change in (_Arrange(self._flat, self._sort_change()), _Filter(self._query, self._hides)):
                self._change(change)
        self.tree_ready.emit(document)
        self.counts_changed.emit()

    def _standing_changes(self) -> list[Change]:
        """What is to be done to the rows of every tree: what was typed and which column was clicked on."""
        return [*([_Arrange(True, _Sort(None))] if self._flat else []), *([_Filter(self._query, self._hides)] if self._query.terms else []),
                *([self._sort_change()] if self._sorting is not None else [])]

    def _add(self, id: int) -> None:
        document = self._session.document(id)
        if document is None:
            return
        row = self.rowCount()
        self.beginInsertRows(_ROOT, row, row)
        self._branches.append(_Branch(document))
        self._lines.clear()             # names are told apart by folders now that were not before
        self._ranges = None
        self._starts.append(row)
        self.endInsertRows()
        self._follow(id)

    def _follow(self, id: int) -> None:
        """The document's state, progress or content changed."""
        at = self._at(id)
        if at is None:
            return
        branch = self._branches[at]
        document = branch.document
        if document.state is State.FAILED:
            self._fail(at)
            return
        if branch.failed:
            self._shrink(at)
        self._row_changed(self._starts[at])
        checkpoint = document.checkpoint
        if document.state is State.READY and checkpoint is not None and checkpoint is not branch.checkpoint:
            branch.checkpoint = checkpoint
            branch.laying_out = True
            self._lay_out(id, checkpoint)

    def _lay_out(self, id: int, checkpoint: core.Checkpoint) -> None:
        at = self._at(id)
        older, wanted = self._branches[at].rows if at is not None else None, self._standing_changes()
        if self._tasks is None:
            self._show_rows(id, _rows_of(checkpoint, older, wanted, core.QUIET, as_stored=self._as_stored), wanted)
        else:
            def work(monitor: core.Monitor) -> TreeRows:
                with core.collector_paused(for_good=True):
                    return _rows_of(checkpoint, older, wanted, monitor, packed=not many, as_stored=as_stored)

            def done(rows: TreeRows) -> None:
                self._show_rows(id, rows, wanted)
                if many:
                    self._find_packed(id, checkpoint)

            many, as_stored = len(checkpoint.tensors) > AT_ONCE, self._as_stored
            self._tasks.start(("tree", id), work, on_done=done, label=self.tr("Laying out the keys"), urgent=True)

    def _find_packed(self, id: int, checkpoint: core.Checkpoint) -> None:
        """Of many tensors, once the tree is on show: another tree where some are packed."""
        at = self._at(id)
        older, wanted = self._branches[at].rows if at is not None else None, self._standing_changes()
        if at is None or self._tasks is None or self._branches[at].checkpoint is not checkpoint:
            return

        as_stored = self._as_stored

        def work(monitor: core.Monitor) -> TreeRows | None:
            if not core.may_be_packed(checkpoint, monitor):
                return None
            with core.collector_paused(for_good=True):
                rows = _rows_of(checkpoint, older, wanted, monitor, as_stored=as_stored)
            return rows if rows.tree.view is not None else None

        self._tasks.start(("packed", id), work, on_done=lambda rows: self._show_rows(id, rows, wanted) if rows is not None else None,
                          label=self.tr("Looking for packed weights"))

    def _fail(self, at: int) -> None:
        branch = self._branches[at]
        if branch.failed:
            self._row_changed(self._starts[at], 2)
            return
        self._shrink(at)
        row = self._starts[at] + 1
        self.beginInsertRows(_ROOT, row, row)
        branch.failed = True
        self._recount()
        self.endInsertRows()
        self._row_changed(row - 1)

    def _shrink(self, at: int) -> None:
        """Leaves of a document only its own row."""
        branch, row = self._branches[at], self._starts[at]
        if len(branch) > 1:
            self.shrinking.emit(branch.document.id)
            self.beginRemoveRows(_ROOT, row + 1, row + len(branch) - 1)
            branch.rows, branch.checkpoint, branch.failed = None, None, False
            self._recount()
            self.endRemoveRows()
        branch.rows, branch.checkpoint, branch.failed, branch.laying_out = None, None, False, False

    def _replace(self, at: int, rows: TreeRows) -> None:
        branch, row = self._branches[at], self._starts[at]
        if branch.rows is not None:
            self.beginResetModel()
            branch.rows, branch.laying_out = rows, False
            self._recount()
            self.endResetModel()
            return
        new = len(rows.rows) - 1
        if new:
            self.beginInsertRows(_ROOT, row + 1, row + new)
        branch.rows, branch.laying_out = rows, False
        self._recount()
        if new:
            self.endInsertRows()
        self._row_changed(row)

    def _remove(self, id: int) -> None:
        at = self._at(id)
        if at is None:
            return
        if self._tasks is not None:
            self._tasks.cancel(("tree", id))
            self._tasks.cancel(("marks", id))
        row, rows = self._starts[at], self._branches[at].rows
        gone = [rows, self._branches[at].marks, self._branches[at].checkpoint]
        self.beginRemoveRows(_ROOT, row, row + len(self._branches[at]) - 1)
        del self._branches[at]
        self._recount()
        self.endRemoveRows()
        self.counts_changed.emit()
        if self._tasks is not None and rows is not None and len(rows.tree) >= MANY_NODES:
            # whoever lets go of the last reference takes a hundred thousand objects down; the others have done so by the next turn
            QTimer.singleShot(0, self, partial(self._let_go, id, gone))

    def _let_go(self, id: int, gone: list[Any]) -> None:
        assert self._tasks is not None
        self._tasks.start(("gone", id), lambda monitor: gone.clear(), on_done=lambda _: None)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _expand(self, rows: TreeRows, node: int, row: int, place: int) -> None:
        below = rows.if_expanded(node)
        if len(below):
            self.beginInsertRows(_ROOT, row + 1, row + len(below))
        rows.expand(node, place, below)
        self._recount()
        if len(below):
            self.endInsertRows()

    def _collapse(self, rows: TreeRows, node: int, row: int, place: int) -> None:
        gone = rows.count_below(place)
        if gone:
            self.beginRemoveRows(_ROOT, row + 1, row + gone)
        rows.collapse(node, place, gone)
        self._recount()
        if gone:
            self.endRemoveRows()

    @property
    def is_arranging(self) -> bool:
        """Whether a worker arranges the rows, so that other ones will soon be there."""
        return bool(self._changes)

    def _change(self, change: Change) -> None:
        """Changes the rows of all documents: at once, or soon where there are many."""
        if self._tasks is None or (not self._changes and sum(len(rows.tree) for rows in self._all_rows()) < MANY_NODES):
            self._reset(change)
            self.counts_changed.emit()
        else:
            self._changes.append(change)
            self._change_in_worker()

    def _change_in_worker(self) -> None:
        assert self._tasks is not None
        changes = tuple(self._changes)
        copied = [_Copied(branch.document.id, branch.rows, branch.rows.version, branch.rows.copy())
                  for branch in self._branches if branch.rows is not None]
        chosen, most = self.chosen()

        def work(monitor: core.Monitor) -> None:
            for one in copied:
                for change in changes:
                    monitor.check()
                    change(one.changed)
                if one.document in chosen:
                    one.changed.find_runs(chosen[one.document], most)

        self._tasks.start("rows", work, on_done=lambda _: self._put(len(changes), copied), on_cancel=self._changes.clear, urgent=True)

    def _put(self, done: int, copied: list[_Copied]) -> None:
        """Puts what a worker made in the place of what it was made of; when that has changed, or there is more by now, all begins
        anew."""
        made = {one.document: one for one in copied}
        for branch in self._branches:
            one = made.get(branch.document.id)
            if branch.rows is not None and (one is None or one.rows is not branch.rows or one.version != branch.rows.version):
                self._change_in_worker()
                return
        del self._changes[:done]
        self.beginResetModel()
        for branch in self._branches:
            if branch.rows is not None:
                branch.rows = made[branch.document.id].changed
        self._recount()
        self.endResetModel()
        self.counts_changed.emit()

    def _all_rows(self) -> list[TreeRows]:
        return [branch.rows for branch in self._branches if branch.rows is not None]

    def _reset(self, change: Change) -> None:
        """Changes the rows of all documents at once. The view finds its selection and place again by node."""
        self.beginResetModel()
        for rows in self._all_rows():
            change(rows)
        self._recount()
        self.endResetModel()

    def _recount(self) -> None:
        self._lines.clear()
        self._ranges = None
        self._starts = []
        row = 0
        for branch in self._branches:
            self._starts.append(row)
            row += len(branch)

    def _row_changed(self, row: int, count: int = 1) -> None:
        for changed in range(row, row + count):
            self._lines.pop(changed, None)
        self.dataChanged.emit(self.index(row, 0), self.index(row + count - 1, len(COLUMNS) - 1))

    def _at(self, document: int) -> int | None:
        return next((i for i, branch in enumerate(self._branches) if branch.document.id == document), None)

    def _locate(self, row: int) -> tuple[_Branch, int]:
        """The document of a row, and the row counted from that document's own."""
        at = bisect_right(self._starts, row) - 1
        return self._branches[at], row - self._starts[at]

    def _make_line(self, row: int) -> Line:
        branch, place = self._locate(row)
        if place == 0:
            return tree_lines.file_line(branch.document, branch.rows, branch.laying_out, branch.marks,
                                        self._session.name(branch.document))
        if branch.rows is None:
            return tree_lines.message_line(branch.document)
        marks = branch.marks if branch.marks is not None and branch.marks.tree is branch.rows.tree else None
        bookmarks = self.bookmarks.of(branch.document.id) if self.bookmarks is not None else ()
        return tree_lines.node_line(branch.document, branch.rows, int(branch.rows.rows[place]), marks, self.values_of(branch.document.id),
                                    bookmarks)

    def _named(self, branch: _Branch, text: str) -> list[int]:
        """Rows of a document, counted from its own, whose name starts with `text`."""
        first = [0] if tree_lines.file_line(branch.document, None, False).texts[NAME].casefold().startswith(text) else []
        if branch.rows is None:
            return first
        tree, rows = branch.rows.tree, branch.rows.rows
        if branch.rows.flat:
            import numpy as np
            return first + [row for row in np.flatnonzero(search.starting(tree, text)[rows]).tolist() if row]
        found = branch.rows.rows_named(lambda name: name.startswith(text) or text.startswith(name + "."))
        return first + [row for row in found if row and ("." not in text or tree.label(int(rows[row])).casefold().startswith(text))]


def _reveal(mine: TreeRows, node: int, rows: TreeRows) -> None:
    if rows is mine:
        rows.reveal(node)


def _marks_of(tree: KeyTree, found: FileSignals, monitor: core.Monitor) -> TreeMarks:
    from .tree_marks import TreeMarks
    return TreeMarks(tree, found, monitor)


@dataclass(frozen=True, slots=True)
class _Filter:
    """Shows what `query` finds, and where it `hides`, nothing else."""

    query: search.Query
    hides: bool

    def __call__(self, rows: TreeRows) -> None:
        rows.show_only(search.find(rows.tree, self.query) if self.query.terms else None, hides=self.hides)


@dataclass(frozen=True, slots=True)
class _Sort:
    """Sorts siblings by `wanted`, a column and whether descending; None: as in the file. `values_of` a tree are what a list may be sorted
    by."""

    wanted: tuple[str, bool] | None
    values_of: Callable[[KeyTree], RowValues | None] | None = None

    def __call__(self, rows: TreeRows) -> None:
        values = self.values_of(rows.tree) if self.values_of is not None else None
        if self.wanted is None or (self.values_of is not None and values is None):
            rows.sort(None)
        else:
            rows.sort(*self.wanted, values.ranks(*self.wanted) if values is not None else None)


@dataclass(frozen=True, slots=True)
class _Arrange:
    """As a list or as a tree, sorted as `sort` says."""

    flat: bool
    sort: _Sort

    def __call__(self, rows: TreeRows) -> None:
        if rows.flat != self.flat:
            rows.set_flat(self.flat)
        self.sort(rows)


def _set_below(tree: KeyTree, node: int, expanded: bool, rows: TreeRows) -> None:
    if rows.tree is tree:
        rows.set_below(node, expanded)


def _rows_of(checkpoint: core.Checkpoint, older: TreeRows | None, wanted: Sequence[Change], monitor: core.Monitor,
             packed: bool = True, as_stored: bool = False) -> TreeRows:
    """The rows of a checkpoint's tree after the changes `wanted`; what was expanded in an `older` tree of the file stays so. In a worker:
    the arrays come with numpy, which takes a tenth of a second to load, while the window is painted."""
    from . import key_tree, tree_rows
    view = core.packed_view(checkpoint, monitor) if packed and core.may_be_packed(checkpoint, monitor) else None
    tree = key_tree.build_key_tree(checkpoint, monitor, view.without_rows() if view is not None and as_stored else view)
    tree.as_stored = as_stored
    rows = tree_rows.TreeRows(tree)
    if older is not None:
        rows.take_over(older, monitor)
    for change in wanted:
        change(rows)
    return rows


def _sorted(parts: Sequence[NDArray[np.int64]], rows: TreeRows) -> NDArray[np.int64]:
    """Nodes of `rows`, each once. A million are marked in a tenth of the time that sorting them takes."""
    import numpy as np
    marked = np.zeros(len(rows.tree), dtype=bool)
    for part in parts:
        marked[part] = True
    return np.flatnonzero(marked)


__all__ = ["BITS", "BYTES", "COLUMNS", "DEVICE", "DIGEST", "DTYPE", "KEY", "LINE", "MAX", "MEAN", "MEASURED", "MIN", "NAME", "NAN", "NORM",
           "NUMBERS", "PARAMETERS", "RAW", "SHAPE", "STD", "VALUES", "ZEROS", "Kind", "Line", "TreeModel"]
