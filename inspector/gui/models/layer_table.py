"""Every tensor with its numbers, as a table that sorts: what cannot be measured and what has NaN comes first either way."""
from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any, NamedTuple

from PySide6.QtCore import QAbstractTableModel, QCoreApplication, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from inspector import core
from inspector.gui.kit import theme, words

from .key_tree import in_order, natural_key
from .plot_scales import number, percent, typeset

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_DIGIT = re.compile("[0-9]")
NAME, SHAPE, STD, NAN, INF, ZEROS, LARGEST, RIDGE = 0, 1, 4, 7, 8, 9, 11, 12


class Row(NamedTuple):
    """A tensor and its summary, or why there is none; the shape of its distribution, where the values are several."""

    key: str
    summary: core.Summary | None
    problem: str = ""
    ridge: core.Ridge | None = None

    @classmethod
    def of(cls, key: str, outcome: core.Summary | core.BadTensor, bins: int = 0) -> Row:
        """With `bins` its ridge is made of what the summary has to bin again, which is then let go."""
        if not isinstance(outcome, core.Summary):
            return cls(key, None, words.said(outcome.message, 300))
        found = core.ridge(outcome, bins) if bins else None
        return cls(key, outcome if outcome.fine is None else replace(outcome, fine=None), ridge=found)

    @property
    def nonfinite(self) -> int:
        """NaN and infinities."""
        return self.summary.nan + self.summary.inf if self.summary else 0


class Column(NamedTuple):
    title: str
    value: Callable[[core.Summary], float]
    text: Callable[[core.Summary], str]


def _columns() -> tuple[Column, ...]:
    """Those after name and shape."""
    take = core.LAYER_MEASURES
    return (
        Column(QCoreApplication.translate("LayerTable", "RMS"), take["rms"], lambda s: _figure(s, take["rms"](s))),
        Column(QCoreApplication.translate("LayerTable", "Mean"), lambda s: s.mean, lambda s: _figure(s, s.mean)),
        Column(QCoreApplication.translate("LayerTable", "Std"), lambda s: s.std, lambda s: _figure(s, s.std)),
        Column(QCoreApplication.translate("LayerTable", "Min"), lambda s: float(s.min), lambda s: _figure(s, s.min)),
        Column(QCoreApplication.translate("LayerTable", "Max"), lambda s: float(s.max), lambda s: _figure(s, s.max)),
        Column("NaN", lambda s: s.nan, lambda s: f"{s.nan:,}"),
        Column("±Inf", lambda s: s.inf, lambda s: f"{s.inf:,}"),
        Column(QCoreApplication.translate("LayerTable", "Zeros"), take["zeros"], lambda s: percent(s.zeros, s.numel)),
        Column(QCoreApplication.translate("LayerTable", "Norm"), take["norm"], lambda s: _figure(s, take["norm"](s))),
        Column(QCoreApplication.translate("LayerTable", "Abs max"), _largest, lambda s: _figure(s, _largest(s))),
    )


def _largest(s: core.Summary) -> float:
    return max(abs(float(s.min)), abs(float(s.max)))


class Wish(NamedTuple):
    """By what rows are to be sorted: a column, and whether the greatest come first; by depth where nobody chose one."""

    column: int | None = None
    down: bool = False
    by_depth: bool = False


class Layout(NamedTuple):
    """Rows, in stored order, as a table shows them."""

    ckpt: core.Checkpoint | None
    prefix: str
    rows: list[Row]
    wish: Wish
    order: list[int]
    totals: Totals


class Totals(NamedTuple):
    """Of all rows: the greatest deviation, and whether any has NaN or zeros."""

    widest: float = 0.0
    nan: bool = False
    zeros: bool = False

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Totals:
        widest, nan, zeros = 0.0, False, False
        for row in rows:
            if (one := row.summary) is not None:
                widest = max(widest, one.std) if isfinite(one.std) else widest
                nan, zeros = nan or one.nan > 0, zeros or one.zeros > 0
        return cls(widest, nan, zeros)

    def __or__(self, other: Totals) -> Totals:
        return Totals(max(self.widest, other.widest), self.nan or other.nan, self.zeros or other.zeros)


def laid_out(ckpt: core.Checkpoint | None, prefix: str, rows: Sequence[Row], wish: Wish, monitor: core.Monitor = core.QUIET) -> Layout:
    """For workers, where there are many."""
    return Layout(ckpt, prefix, list(rows), wish, order_of(ckpt, rows, wish, monitor), Totals.of(core.stoppable(rows, monitor)))


class LayerTable(QAbstractTableModel):
    """`elsewhere`, where it is set, has what it is given found out by a worker if there is much to do, and the other thing done with it."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.elsewhere: Callable[[Callable[[core.Monitor], list[int]], Callable[[list[int]], None]], None] = \
            lambda work, show: show(work(core.QUIET))
        self._ckpt: core.Checkpoint | None = None
        self._prefix = ""
        self._rows: list[Row] = []
        self._order: list[int] = []
        self._columns = _columns()
        self._totals = Totals()
        self.wish = Wish()

    @property
    def totals(self) -> Totals:
        return self._totals

    @property
    def widest(self) -> float:
        """The greatest deviation of all rows."""
        return self._totals.widest

    @property
    def prefix(self) -> str:
        """What the names are shown without."""
        return self._prefix

    @property
    def rows(self) -> Sequence[Row]:
        """In stored order."""
        return self._rows

    def show_rows(self, ckpt: core.Checkpoint | None, prefix: str, rows: Sequence[Row]) -> None:
        self.show_layout(laid_out(ckpt, prefix, rows, self.wish))

    def show_layout(self, found: Layout) -> None:
        """If it was made for another wish than there is by now, that is seen to next."""
        self.beginResetModel()
        self._ckpt, self._prefix, self._rows, self._order, self._totals = found.ckpt, found.prefix, found.rows, found.order, found.totals
        self.endResetModel()
        if found.wish != self.wish:
            self._rearrange()

    def add(self, rows: Sequence[Row]) -> None:
        """More of them, at the end until everything is measured."""
        if rows:
            first = len(self._rows)
            self.beginInsertRows(_ROOT, first, first + len(rows) - 1)
            self._rows.extend(rows)
            self._totals |= Totals.of(rows)
            self._order.extend(range(first, len(self._rows)))
            self.endInsertRows()

    def order_by_depth(self, by_depth: bool) -> None:
        """Whether what nobody sorted goes by the numbers of layers, as far as the keys have them, rather than by the file."""
        if by_depth != self.wish.by_depth:
            self.wish = self.wish._replace(by_depth=by_depth)
            if self.wish.column is None:
                self._rearrange()

    def row_at(self, row: int) -> Row:
        return self._rows[self._order[row]]

    def key_at(self, row: int) -> str:
        return self._rows[self._order[row]].key

    def row_of(self, key: str) -> int:
        """-1 when it is not there."""
        return next((at for at, n in enumerate(self._order) if self._rows[n].key == key), -1)

    def text(self, rows: Sequence[int] | None = None) -> str:
        """Lines of tab-separated cells under their titles."""
        count = range(RIDGE)
        lines = ["\t".join(str(self.headerData(c, Qt.Orientation.Horizontal)) for c in count)]
        for row in range(len(self._order)) if rows is None else rows:
            shown = self._rows[self._order[row]]
            lines.append("\t".join([core.visible(shown.key), *(self._text(shown, c) for c in count if c)]))
        return "\n".join(lines)

    # -- Qt's side ----------------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._order)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else 3 + len(self._columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _LEFT if section <= SHAPE or section == RIDGE else _RIGHT
        if role == Qt.ItemDataRole.ToolTipRole and section == RIDGE:
            return self.tr("1 % to 99 % and 25 % to 75 % of the elements shaded, a line at the median; heights are roots of counts.")
        if role == Qt.ItemDataRole.DisplayRole:
            if section == NAME:
                return self.tr("Tensor")
            if section == RIDGE:
                return self.tr("Distribution")
            return self.tr("Shape") if section == SHAPE else self._columns[section - 2].title
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _LEFT if index.column() <= SHAPE else _RIGHT
        row = self._rows[self._order[index.row()]]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, index.column())
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == RIDGE:
            return words.tip("  ".join(part for part in (row.key, spread(row.summary), row.problem) if part))
        if role == Qt.ItemDataRole.AccessibleTextRole and index.column() == RIDGE:
            return spread(row.summary)
        if role == Qt.ItemDataRole.ToolTipRole:
            return words.tip(f"{row.key}  {row.problem}".strip() if index.column() == NAME or row.problem else
                             self._text(row, index.column()))
        if role == Qt.ItemDataRole.ForegroundRole:
            c = theme.colours()
            if row.summary is None:
                return QColor(c.muted if index.column() <= SHAPE else c.faint)
            nonfinite = {NAN: row.summary.nan, INF: row.summary.inf}.get(index.column(), row.nonfinite if index.column() == NAME else 0)
            return QColor(c.danger) if nonfinite else None
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """By a column; -1 is the order of the file, those with NaN or infinities first."""
        self.wish = Wish(None if column < 0 else column, column >= 0 and order == Qt.SortOrder.DescendingOrder, self.wish.by_depth)
        self._rearrange()

    def _rearrange(self) -> None:
        ckpt, rows, these, wish = self._ckpt, self._rows[:], self._rows, self.wish

        def show(order: list[int]) -> None:
            if these is self._rows and wish == self.wish:               # else others came meanwhile, or another wish, and were seen to
                self._put_order([*order, *range(len(order), len(these))])

        self.elsewhere(lambda monitor: order_of(ckpt, rows, wish, monitor), show)

    def _put_order(self, order: list[int]) -> None:
        self.layoutAboutToBeChanged.emit()
        kept = self.persistentIndexList()
        keys = [self._order[index.row()] for index in kept]
        self._order = order
        places = {n: at for at, n in enumerate(self._order)} if kept else {}
        self.changePersistentIndexList(kept, [self.index(places[n], index.column()) for n, index in zip(keys, kept, strict=True)])
        self.layoutChanged.emit()

    def _text(self, row: Row, column: int) -> str:
        if column == NAME:
            return core.visible(core.seen_from(row.key, self._prefix), 200) or '""'
        if column == SHAPE:
            info = self._ckpt.tensors.get(row.key) if self._ckpt else None
            return words.table_shape(info.shape) if info else ""
        if column == RIDGE:
            return ""
        return "—" if row.summary is None else self._columns[column - 2].text(row.summary)


def spread(summary: core.Summary | None) -> str:
    """The median and what lies around it, in a line."""
    if summary is None or not summary.finite or len(summary.quantiles) < len(core.QUANTILES):
        return ""
    if summary.min == summary.max:
        return QCoreApplication.translate("LayerTable", "every value is {value}").format(value=typeset(number(summary.min, 6)))
    low, lower, middle, upper, high = (typeset(number(summary.quantile(share), 4)) for share in (0.01, 0.25, 0.5, 0.75, 0.99))
    return QCoreApplication.translate("LayerTable", "1 to 99 %: {low} … {high}, 25 to 75 %: {lower} … {upper}, median {middle}").format(
        low=low, high=high, lower=lower, upper=upper, middle=middle)


def order_of(ckpt: core.Checkpoint | None, rows: Sequence[Row], wish: Wish, monitor: core.Monitor = core.QUIET) -> list[int]:
    """The numbers of the rows as they are to be shown. For workers, where there are many."""
    import numpy as np
    nonfinite = np.array([row.summary is None or row.nonfinite > 0 for row in core.stoppable(rows, monitor)], bool)
    if wish.column is None:
        return _depths(rows, monitor) if wish.by_depth else np.argsort(~nonfinite, kind="stable").tolist()
    column = STD if wish.column == RIDGE else wish.column           # the widest on top, or the narrowest
    if column <= SHAPE:
        ranks = [_rank(ckpt, row.key, column) for row in core.stoppable(rows, monitor)]
        return [*core.stoppable(in_order(ranks, down=wish.down, monitor=monitor), monitor)]
    take = _columns()[column - 2].value
    values = np.array([np.nan if row.summary is None else take(row.summary) for row in core.stoppable(rows, monitor)], np.float64)
    missing = np.isnan(values)
    ranked = np.where(missing, 0.0, -values if wish.down else values)
    order: list[int] = np.lexsort((ranked, ~nonfinite, ~missing)).tolist()
    return order


def _depths(rows: Sequence[Row], monitor: core.Monitor) -> list[int]:
    """As in the file, but "layers.2" before "layers.10", which files that are sorted by letters have the other way round."""
    met: dict[str, int] = {}
    ranks: list[tuple[int, str, int]] = []
    for n, row in enumerate(core.stoppable(rows, monitor)):
        layer = row.key[:len(row.key) - len(core.ending_of(row.key))]
        ranks.append((met.setdefault(_DIGIT.split(layer, maxsplit=1)[0], n), natural_key(layer), n) if layer else (n, "", n))
    return [*core.stoppable(in_order(ranks, monitor=monitor), monitor)]


def _rank(ckpt: core.Checkpoint | None, key: str, column: int) -> Any:
    if column == NAME:
        return _natural(key)
    info = ckpt.tensors.get(key) if ckpt else None
    return (info.numel, info.shape) if info else (0, ())


_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def _figure(s: core.Summary, value: float) -> str:
    return number(value, 4) if s.finite else "—"


def _natural(key: str) -> list[tuple[int, int, str]]:
    return [(0, int(part), "") if part.isdecimal() and len(part) < 19 else (1, 0, part) for part in core.segments_of(key)]
