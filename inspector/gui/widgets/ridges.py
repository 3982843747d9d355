"""Histograms of many tensors one above the other: a column of a table over one scale, or each over its own, and the axis below it."""
from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from math import sqrt
from typing import Any, cast

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView, QWidget
from shiboken6 import VoidPtr

from inspector import core
from inspector.gui.kit import theme, words
from inspector.gui.models.layer_table import NAME, RIDGE, LayerTable, Row, spread
from inspector.gui.models.plot_scales import Tick, ValueScale

HIGH, LOW, FEW = 34, 22, 40             # pixels of a row, while there are few and when there are more
_SIDE, _TOP = 8.0, 3.0                  # pixels around a ridge
_BEYOND, _FAR = 0.05, 1e9               # of the width: how far from it what is out of sight is drawn, and how far it is told
_KEPT = 400                             # rows that are kept as they were drawn: 60 kB each
_AT_ONCE = 0.006                        # seconds of a turn in which rows are drawn

_memory: Any = VoidPtr                  # whose types leave out all arguments but one
Span = tuple[float, float]
_Drawn = tuple[int, int, int, float, bool, bool, Span | None]
Index = QModelIndex | QPersistentModelIndex


class RidgeDelegate(QStyledItemDelegate):
    """Draws `Row.ridge` over `span`, or over its own range where there is none. What was drawn is kept: a frame is only copies of it. Two
    hundred rows are drawn in several turns: those that come into sight one after the other; over another span, what was on show (`shown`)
    stands until there are all."""

    changed = Signal(object)            # what is on show: it is drawn over another span now

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.span: Span | None = None
        self.shown: Span | None = None
        self._read: tuple[str, int] | None = None           # key and number of the bin that the arrow keys are at
        # by row, and the row so that it stays that one
        self._kept: dict[_Drawn, tuple[Row, QPixmap]] = {}
        self._view: QTableView | None = None                # that draws with it
        self._until = 0.0                                   # when it has drawn enough in this turn; 0: it has drawn nothing
        self._missing = False                               # whether a row in sight was not drawn yet
        self._turn = QTimer(self)
        self._turn.setSingleShot(True)
        self._turn.timeout.connect(self._next_turn)

    def set_span(self, span: Span | None) -> None:
        if span == self.span:
            return
        self.span = span
        self._kept = {key: found for key, found in self._kept.items() if key[-1] == self.shown}
        if self._view is not None and self._view.isVisible() and self._kept:
            self._turn.start()
        else:
            self._show()

    def forget(self) -> None:
        """They are drawn otherwise from now on."""
        self._kept.clear()

    @property
    def is_whole(self) -> bool:
        """Whether there is nothing left to be drawn."""
        return not self._turn.isActive()

    def _show(self) -> None:
        self.shown = self.span
        self.changed.emit(self.shown)
        if self._view is not None:
            self._view.viewport().update()

    def _next_turn(self) -> None:
        """Draws on what is to be shown next, or has the view ask for what is missing."""
        self._until = 0.0
        if self.shown != self.span and self._view is not None:
            until = time.perf_counter() + _AT_ONCE
            if all(time.perf_counter() < until for _ in self._draw_in_sight(self._view)):
                self._show()
            else:
                self._turn.start()
        elif self._missing and self._view is not None:
            self._missing = False
            self._view.viewport().update()
            self._turn.start()

    def _draw_in_sight(self, view: QTableView) -> Iterator[None]:
        """Rows that stand in the table now, over the span that is wanted."""
        model, c, viewport = cast(LayerTable, view.model()), theme.colours(view.palette()), view.viewport()
        first, last = view.rowAt(0), view.rowAt(viewport.height() - 1)
        end = min(last if last >= 0 else model.rowCount() - 1, first + _KEPT // 2)
        for n in range(first, end + 1) if first >= 0 and not view.isColumnHidden(RIDGE) else ():
            index = model.index(n, RIDGE)
            chosen = view.selectionModel().isSelected(index)
            key = _key(model.row_at(n), view.visualRect(index).size(), viewport.devicePixelRatio(), c, chosen, self.span)
            if self._of(key, model.row_at(n)) is None:
                self._draw_anew(key, model.row_at(n), view.font(), c)
                yield

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row, area = cast(LayerTable, index.model()).row_at(index.row()), option.rect
        c, chosen = theme.colours(option.palette), bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen or index.row() % 2:
            painter.fillRect(area, QColor(c.selection if chosen else c.alternate))
        if isinstance(option.widget, QTableView):
            self._view = option.widget
        key = _key(row, area.size(), painter.device().devicePixelRatio(), c, chosen, self.shown)
        drawn = self._of(key, row)
        if drawn is None:
            first = not self._until
            if first:
                self._until = time.perf_counter() + _AT_ONCE
            if first or time.perf_counter() < self._until:
                drawn = self._draw_anew(key, row, painter.font(), c)
            else:
                self._missing = True
            self._turn.start()
        if drawn is not None:
            painter.drawPixmap(area.topLeft(), drawn)
        span = self._range_of(row, self.shown)
        if self._read is not None and self._read[0] == row.key and row.ridge is not None and span is not None:
            low, high, _ = _bin(row.ridge, self._read[1])
            x = placing(span, QRectF(area).adjusted(_SIDE, 0, -_SIDE, 0))((low + high) / 2)
            painter.setPen(QPen(QColor(c.text), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(x, area.top() + 1), QPointF(x, area.bottom() - 1))

    def step(self, row: Row, span: Span, by: int) -> tuple[float, float, int] | None:
        """(from, to, elements) of the next bin of a row within `span`, or the one before, from the median on; None where it has none."""
        if row.ridge is None or row.summary is None:
            return None
        ridge, last = row.ridge, len(row.ridge.counts) - 1
        width = (ridge.high - ridge.low) / len(ridge.counts)
        first, end = (min(max(int((value - ridge.low) / width), 0), last) for value in span)
        if self._read is not None and self._read[0] == row.key:
            at = self._read[1] + by
        else:
            at = int((float(row.summary.quantile(0.5)) - ridge.low) / width)
        at = min(max(at, first), end)
        self._read = row.key, at
        return _bin(ridge, at)

    def _of(self, key: _Drawn, row: Row) -> QPixmap | None:
        kept = self._kept.get(key)
        return kept[1] if kept is not None and kept[0] is row else None

    def _draw_anew(self, key: _Drawn, row: Row, font: QFont, c: theme.Colours) -> QPixmap:
        while len(self._kept) >= _KEPT:
            del self._kept[next(iter(self._kept))]
        _, width, height, ratio, _, chosen, span = key
        found = QPixmap(QSize(width, height) * ratio)
        self._kept[key] = row, found
        found.setDevicePixelRatio(ratio)
        found.fill(Qt.GlobalColor.transparent)
        painter = QPainter(found)
        painter.setFont(font)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_over(span, painter, row, QRectF(0, 0, width, height), c, c.selection_text if chosen else c.muted)
        painter.end()
        return found

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(240, HIGH)

    def draw(self, painter: QPainter, row: Row, area: QRectF, c: theme.Colours, ink: str) -> None:
        """A row in `area`; `ink` is for words."""
        self._draw_over(self.span, painter, row, area, c, ink)

    def _draw_over(self, common: Span | None, painter: QPainter, row: Row, area: QRectF, c: theme.Colours, ink: str) -> None:
        inner = area.adjusted(_SIDE, _TOP, -_SIDE, -1)
        span = self._range_of(row, common)
        if row.summary is None or row.ridge is None or span is None:
            self._draw_single(common, painter, row, inner, c, ink)
            return
        to_x = placing(span, inner)
        colour = QColor(c.series[0])
        for (first, last), share in zip(((0.01, 0.99), (0.25, 0.75)), (26, 46), strict=True):
            left, right = to_x(row.summary.quantile(first)), to_x(row.summary.quantile(last))
            shade = QColor(colour)
            shade.setAlpha(share)
            painter.fillRect(QRectF(left, inner.top(), max(right - left, 1.0), inner.height()), shade)
        fill = QColor(colour)
        fill.setAlpha(120)
        outline = _outline(row.ridge, inner, span)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        smooth = bool(painter.renderHints() & QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)          # six times as fast, and its edge is drawn over
        painter.drawPolygon(outline)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, smooth)
        painter.setPen(QPen(colour, 1))
        painter.drawPolyline(outline)
        middle = to_x(row.summary.quantile(0.5))
        painter.setPen(QPen(QColor(c.text), 1.2))
        painter.drawLine(QPointF(middle, inner.top() + 2), QPointF(middle, inner.bottom()))

    def _draw_single(self, common: Span | None, painter: QPainter, row: Row, inner: QRectF, c: theme.Colours, ink: str) -> None:
        """Nothing to draw a shape of: said in words, with a line where all values are."""
        left = inner.left()
        said = spread(row.summary) if row.summary is not None and row.summary.finite else self.tr("no finite value") \
            if row.summary is not None and row.summary.numel else words.said(row.problem, 200)
        value = float(row.summary.min) if row.summary is not None and row.summary.finite else None
        if value is not None and common is not None and common[0] <= value <= common[1]:
            at = placing(common, inner)(value)
            painter.setPen(QPen(QColor(c.warning), 2))
            painter.drawLine(QPointF(at, inner.top()), QPointF(at, inner.bottom()))
            wide = QFontMetricsF(painter.font()).horizontalAdvance(said)
            right = at + 7 + wide <= inner.right() or inner.right() - at >= at - inner.left()
            left = at + 7 if right else max(at - 7 - wide, inner.left())
            inner = inner if right else inner.adjusted(0, 0, at - 5 - inner.right(), 0)
        painter.setPen(QColor(ink))
        metrics = QFontMetricsF(painter.font())
        said = metrics.elidedText(said, Qt.TextElideMode.ElideRight, inner.right() - left)
        painter.drawText(QRectF(left, inner.top(), inner.right() - left, inner.height()), Qt.AlignmentFlag.AlignVCenter, said)

    def range_of(self, row: Row) -> Span | None:
        """What a row is drawn over."""
        return self._range_of(row, self.span)

    def _range_of(self, row: Row, common: Span | None) -> Span | None:
        if common is not None:
            return common
        return (row.ridge.low, row.ridge.high) if row.ridge is not None and row.ridge.low < row.ridge.high else None


def _key(row: Row, size: QSize, ratio: float, c: theme.Colours, chosen: bool, span: Span | None) -> _Drawn:
    return id(row), size.width(), size.height(), ratio, c.dark, chosen, span


def _outline(ridge: core.Ridge, inner: QRectF, span: Span) -> QPolygonF:
    """Middles of the bins that lie within; several of one pixel are one, the highest of them. By numpy, which puts them into the polygon
    itself: a point made in Python takes a thousandth of a millisecond, and two hundred rows in sight have twenty thousand."""
    import numpy as np
    counts = np.frombuffer(ridge.counts, np.int64)
    left, width, base = inner.left(), inner.width(), inner.bottom()
    low, high = (left + width * min(max(ValueScale(*span).to_view(value), -_FAR), _FAR) for value in (ridge.low, ridge.high))
    x = low + (high - low) / len(counts) * np.arange(0.5, len(counts))
    first, last = np.searchsorted(x, (left - 2, inner.right() + 2))
    x, y = x[first:last], np.sqrt(counts[first:last])
    pixels = x.astype(np.int64)
    new = np.flatnonzero(pixels[1:] != pixels[:-1]) + 1
    if len(new) + 1 < len(x):
        new = np.concatenate(([0], new))
        x, y = x[new], np.maximum.reduceat(y, new)
    found = QPolygonF()
    found.resize(len(x) + 2)
    points = np.frombuffer(_memory(found.data(), 16 * (len(x) + 2), True), np.float64).reshape(-1, 2)
    points[1:-1, 0] = x
    points[1:-1, 1] = base - (inner.height() - 1) / sqrt(max(int(counts.max()), 1)) * y
    near, far = left - _BEYOND * width, inner.right() + _BEYOND * width
    points[0] = min(max(low, near), far), base
    points[-1] = min(max(high, near), far), base
    return found


def placing(span: Span, inner: QRectF) -> Callable[[float], float]:
    """From values to pixels, no further than just out of sight."""
    scale, left, width = ValueScale(*span), inner.left(), inner.width()
    return lambda value: left + width * min(max(scale.to_view(value), -_BEYOND), 1 + _BEYOND)


def bin_at(row: Row, span: Span, inner: QRectF, x: float) -> tuple[float, float, int] | None:
    """(from, to, elements) of the bin of a row that is drawn at a pixel; None where there is none."""
    if row.ridge is None:
        return None
    value = value_at(span, inner, x)
    width = (row.ridge.high - row.ridge.low) / len(row.ridge.counts)
    n = int((value - row.ridge.low) / width) if row.ridge.low <= value < row.ridge.high else -1
    return _bin(row.ridge, n) if 0 <= n < len(row.ridge.counts) else None


def _bin(ridge: core.Ridge, n: int) -> tuple[float, float, int]:
    width = (ridge.high - ridge.low) / len(ridge.counts)
    return ridge.low + n * width, ridge.low + (n + 1) * width, ridge.counts[n]


def value_at(span: Span, inner: QRectF, x: float) -> float:
    """The value that is drawn at a pixel."""
    return ValueScale(*span).to_value((x - inner.left()) / inner.width())


def cell_of(table: QTableView) -> QRectF:
    """From where to where ridges are drawn in their column, in the viewport's pixels."""
    return QRectF(table.columnViewportPosition(RIDGE), 0, table.columnWidth(RIDGE), 1).adjusted(_SIDE, 0, -_SIDE, 0)


class RidgeAxis(QWidget):
    """Ticks under the column of ridges of `table`, and a remark beside them."""

    def __init__(self, table: QTableView) -> None:
        super().__init__()
        self._table = table
        self._span: Span | None = None
        self._remark = self._short = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        table.horizontalHeader().sectionResized.connect(lambda *_: self.update())
        table.horizontalHeader().sectionMoved.connect(lambda *_: self.update())
        table.horizontalScrollBar().valueChanged.connect(lambda *_: self.update())

    @property
    def remark(self) -> str:
        return self._remark

    def set_scale(self, span: Span | None, remark: str, short: str = "") -> None:
        """`short` says the same where there is little room."""
        self._remark, self._short = remark, short
        self.setAccessibleName(remark)
        self.setToolTip(remark)
        self.set_span(span)

    def set_span(self, span: Span | None) -> None:
        self._span = span
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, self.fontMetrics().height() + 10)

    def paintEvent(self, event: QPaintEvent) -> None:
        c = theme.colours(self.palette())
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(c.base))
        painter.setPen(QColor(c.border))
        painter.drawLine(0, 0, self.width(), 0)
        inner = cell_of(self._table)
        metrics = QFontMetricsF(self.font())
        painter.setPen(QColor(c.plot_text))
        if self._span is not None and inner.width() > 60:
            _draw_ticks(painter, self._span, inner, 0, self.width())
        painter.setPen(QColor(c.muted))
        room = QRectF(8, 5, inner.left() - 20, self.height() - 6)
        said = self._short if self._short and metrics.horizontalAdvance(self._remark) > room.width() else self._remark
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, metrics.elidedText(said, Qt.TextElideMode.ElideRight, room.width()))
        painter.end()


def draw_all(painter: QPainter, model: LayerTable, delegate: RidgeDelegate, width: float, c: theme.Colours) -> None:
    """Every row with its name, and the axis, `width` pixels wide and as high as `height_of` says: for pictures."""
    metrics = QFontMetricsF(painter.font())
    names = [str(model.data(model.index(row, NAME))) for row in range(model.rowCount())]
    left = min(max((metrics.horizontalAdvance(name) for name in names), default=0.0) + 24, width / 2)
    painter.fillRect(QRectF(0, 0, width, height_of(model, metrics)), QColor(c.base))
    for n, name in enumerate(names):
        line = QRectF(12, n * HIGH, left - 20, HIGH)
        painter.setPen(QColor(c.text))
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter,
                         core.isolated(metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, line.width())))
        delegate.draw(painter, model.row_at(n), QRectF(left, n * HIGH, width - left, HIGH), c, c.muted)
    if delegate.span is not None:
        painter.setPen(QColor(c.plot_text))
        _draw_ticks(painter, delegate.span, QRectF(left, 0, width - left, 1).adjusted(_SIDE, 0, -_SIDE, 0), len(names) * HIGH, width)


def height_of(model: LayerTable, metrics: QFontMetricsF) -> float:
    return model.rowCount() * HIGH + metrics.height() + 14


def ticks_of(span: Span, width: float) -> list[Tick]:
    """A few; a zero alone would say nothing of how wide they are."""
    scale, wanted = ValueScale(*span), max(int(width / 90), 2)
    return next((ticks for n in (wanted, wanted + 1, 2 * wanted) if len(ticks := scale.ticks(0.0, 1.0, n)) > 2),
                scale.ticks(0.0, 1.0, 3 * wanted))


def _draw_ticks(painter: QPainter, span: Span, inner: QRectF, top: float, width: float) -> None:
    metrics = QFontMetricsF(painter.font())
    end = inner.left() - 40
    for tick in ticks_of(span, inner.width()):
        x, wide = inner.left() + inner.width() * tick.at, metrics.horizontalAdvance(tick.text)
        if tick.text and x - wide / 2 >= end and x + wide / 2 <= width:
            painter.drawLine(QPointF(x, top + 1), QPointF(x, top + 5))
            painter.drawText(QPointF(x - wide / 2, top + 6 + metrics.ascent()), tick.text)
            end = x + wide / 2 + 10
