"""The run drawn: curves of metrics, a strip with a row for each part of the model, and how its norm went; one column a checkpoint, or
for several neighbours where there is no room.

    ←/→ checkpoint    ↑/↓ part    A, B mark    Enter opens    Space compares A and B
"""
from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QBrush,
    QColor,
    QFont,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from inspector import core
from inspector.gui.kit import theme, words
from inspector.gui.models.plot_scales import typeset
from inspector.gui.widgets.colour_maps import MAPS

from . import run_words
from .curve_axes import Axis, axes_of, kind_of
from .run_columns import Cell, Column, cell_of, columns_of

CURVES, HEAD, ROW, GAP = 132, 40, 20, 2
LEFT, RIGHT, EDGE = 168, 168, 14
NARROW = 620                # below it there is no room for what stands at the right
MEASURES = ("change", "norm", "std", "nan")
_WIDEST = 64                # pixels of a column
_TICK = 46                  # pixels of the numbers of an axis
_NORM = 84                  # pixels of the course of a norm
_LETTERS = 24               # pixels of a cell from which on it says NaN


class Mark(NamedTuple):
    """The checkpoints marked A and B, by their numbers (-1: none)."""

    a: int = -1
    b: int = -1


class _Row(NamedTuple):
    """What stands in a row of the strip, found once and painted again and again: its name, the rectangles of its cells with what they are
    filled with and the words in them, how its norm went, and the last norm."""

    name: str
    cells: list[tuple[QRectF, QColor | QBrush, str]]
    norm: QPainterPath | None
    last: str


class Timeline(QWidget):
    chosen = Signal(int, int)           # checkpoint, part
    marked = Signal()
    laid_out = Signal()                 # `shown` are other columns
    open_asked = Signal(int)
    compare_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.series: core.Series | None = None
        self.groups: tuple[core.Track, ...] = ()
        self.curves: tuple[str, ...] = ()
        self.axes: dict[str, Axis] = {}         # of the curves, the left one first
        self.shown: tuple[Column, ...] = ()
        self._column_of: dict[int, int] = {}    # checkpoint -> column
        self.measure = "change"
        self.at, self.row = 0, 0
        self.marks = Mark()
        self.best: core.Best | None = None
        self.scale_ends = (0.0, 0.0)
        self._broken: int | None = None         # the first checkpoint with a NaN or an infinity
        self._map: list[QColor] = []
        self._rows: dict[int, _Row] = {}        # those that were seen, as long as they are what they were
        self._heads: tuple[str, ...] = ()       # of the checkpoints
        self._widest = 0                        # of those, in pixels
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Checkpoints of the run"))

    # -- what is shown

    def show_run(self, series: core.Series | None, groups: Sequence[core.Track], curves: Sequence[str], best: core.Best | None) -> None:
        before = self.series
        self.series, self.groups, self.curves, self.best = series, tuple(groups), tuple(curves), best
        self.axes = axes_of(series, self.curves) if series is not None else {}
        count = len(series) if series is not None else 0
        if before is None and count:
            self.at = best.at if best is not None else count - 1
            self.marks = Mark(0, count - 1) if count > 1 else Mark()
        self.at = min(self.at, max(count - 1, 0))
        self.row = min(self.row, max(len(self.groups) - 1, 0))
        self.marks = Mark(*(n if n < count else count - 1 for n in self.marks))
        self.scale_ends = self._find_ends()
        firsts = [n for group in self.groups for n, point in enumerate(group.points) if point is not None and (point.nan or point.inf)]
        self._broken = min(firsts, default=None)
        if series is not before:
            self._heads = tuple(run_words.short(series, n) for n in range(count)) if series is not None else ()
        self._widest = 0
        self._rows.clear()
        self._lay_out()
        self.updateGeometry()
        self._said()

    def set_measure(self, measure: str) -> None:
        self.measure = measure
        self.scale_ends = self._find_ends()
        self._rows.clear()
        self.update()

    def mark(self, a: int | None = None, b: int | None = None) -> None:
        self.marks = Mark(self.marks.a if a is None else a, self.marks.b if b is None else b)
        self.marked.emit()
        self.update()

    def choose(self, at: int, row: int | None = None) -> None:
        if self.series is None or not len(self.series):
            return
        self.at = min(max(at, 0), len(self.series) - 1)
        if row is not None and self.groups:
            self.row = min(max(row, 0), len(self.groups) - 1)
        self._said()
        self.chosen.emit(self.at, self.row)

    def sentence(self) -> str:
        """What is chosen, in words: "epoch 20 · blocks.5.mlp · change 52 % · norm 7.09"."""
        if self.series is None or not len(self.series):
            return ""
        return " · ".join(run_words.cell(self.series, self.at, self.groups[self.row]) if self.groups else
                          [run_words.checkpoint(self.series, self.at)])

    def _said(self) -> None:
        said = self.sentence()
        if said != self.accessibleDescription():
            self.setAccessibleDescription(said)         # "epoch 20 · blocks.5.mlp · change 52 %", and a reader says it
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))
        self.update()

    # -- places

    def sizeHint(self) -> QSize:
        return QSize(760, self.heightForWidth(760))

    def minimumSizeHint(self) -> QSize:
        return QSize(360, self.heightForWidth(360))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return (CURVES if self.curves else 0) + HEAD + len(self.groups) * ROW + EDGE

    @property
    def _sides(self) -> tuple[int, int]:
        """Pixels left and right of the columns."""
        return (LEFT, RIGHT) if self.width() >= NARROW else (110, EDGE)

    @property
    def columns(self) -> tuple[float, float]:
        """Where the first column begins, and how wide each is."""
        left, right = self._sides
        return left, min((self.width() - left - right) / max(len(self.shown), 1), _WIDEST)

    def _lay_out(self) -> None:
        shown = columns_of(self.series, self.width() - sum(self._sides)) if self.series is not None else ()
        if shown != self.shown:
            self.shown = shown
            self._column_of = {at: n for n, column in enumerate(shown) for at in column.files}
            self.laid_out.emit()

    def column_of(self, at: int) -> int:
        """In which column checkpoint `at` stands."""
        return self._column_of.get(at, 0)

    @property
    def _right(self) -> float:
        """Where the last column ends."""
        left, wide = self.columns
        return left + wide * len(self.shown)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._rows.clear()
        self._lay_out()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self._rows.clear()                      # fonts, colours
        self._widest = 0

    @property
    def _strip(self) -> int:
        return (CURVES if self.curves else 0) + HEAD

    def place_of(self, point: QPointF) -> tuple[int, int] | None:
        """(checkpoint, part) under a point; the part is -1 above the strip."""
        if self.series is None:
            return None
        left, wide = self.columns
        column, row = int((point.x() - left) // wide), int((point.y() - self._strip) // ROW)
        if not 0 <= column < len(self.shown) or row >= len(self.groups) or not self.shown[column].files:
            return None
        files = self.shown[column].files
        return (self.at if self.at in files else files[0]), max(row, -1)

    def lost_at(self, x: float) -> core.LeftOut | None:
        """The checkpoint that cannot be read in the column there."""
        left, wide = self.columns
        column = int((x - left) // wide)
        return self.shown[column].lost if 0 <= column < len(self.shown) else None

    # -- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.series is None or not len(self.series):
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.colours(self.palette())
        painter.fillRect(self.rect(), QColor(colours.base))
        self._paint_columns(painter, colours)
        if self.curves:
            self._paint_curves(painter, colours)
        self._paint_head(painter, colours)
        self._paint_strip(painter, colours, event.rect())
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours.accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    def _paint_columns(self, painter: QPainter, colours: theme.Colours) -> None:
        left, wide = self.columns
        height = self._strip
        if self.best is not None:
            painter.fillRect(QRectF(left + self.column_of(self.best.at) * wide, 0, wide, height), QColor(colours.ok_background))
        if self._broken is not None:
            first = left + self.column_of(self._broken) * wide
            painter.fillRect(QRectF(first, 0, self._right - first, height), QColor(colours.danger_background))

    def _paint_curves(self, painter: QPainter, colours: theme.Colours) -> None:
        assert self.series is not None
        top, bottom = 14.0, CURVES - 10.0
        left = self.columns[0]
        painter.setPen(QPen(QColor(colours.plot_grid), 1))
        for y in (top, (top + bottom) / 2, bottom):
            painter.drawLine(QPointF(left, y), QPointF(self._right, y))
        self._paint_ticks(painter, colours, top, bottom)
        metrics = QFontMetrics(self.font())
        for n, name in enumerate(self.curves):
            colour, axis = QColor(colours.series[(n + 1) % len(colours.series)]), self.axes[kind_of(name)]
            painter.setFont(self.font())
            painter.setPen(colour)
            room = QRect(EDGE, 8 + 22 * n, int(left) - EDGE - (_TICK if self.width() >= NARROW else EDGE), 20)
            text = core.visible(name, 40) + (self.tr(", log") if axis.is_log else "")
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
                             core.isolated(metrics.elidedText(text, Qt.TextElideMode.ElideRight, room.width())))
            self._paint_curve(painter, [one.metrics.get(name, math.nan) for one in self.series], axis, colour, top, bottom)
        if self.best is not None and self.width() >= NARROW:
            self._paint_best(painter, colours, int(self._right) + EDGE + (_TICK if len(self.axes) > 1 else 0))

    def _paint_ticks(self, painter: QPainter, colours: theme.Colours, top: float, bottom: float) -> None:
        """The numbers of the left axis, and of the right one, where there is room."""
        if self.width() < NARROW:
            return
        painter.setFont(_smaller(self.font()))
        painter.setPen(QColor(colours.muted))
        left = self.columns[0]
        for axis, x, side in zip(self.axes.values(), (left - _TICK - 5, self._right + 5),
                                 (Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignLeft), strict=False):
            for y, value in ((top, axis.high), ((top + bottom) / 2, axis.middle), (bottom, axis.low)):
                painter.drawText(QRectF(x, y - 9, _TICK, 18), side | Qt.AlignmentFlag.AlignVCenter, typeset(f"{value:.3g}"))

    def _paint_curve(self, painter: QPainter, values: Sequence[float], axis: Axis, colour: QColor, top: float, bottom: float) -> None:
        """Of a column with several checkpoints, the mean of those that say it."""
        path, is_down = QPainterPath(), False
        dots: list[QPointF] = []
        left, wide = self.columns
        for n, column in enumerate(self.shown):
            if not column.files:
                continue                    # nothing is known of one that cannot be read, not even that it says nothing
            known = [value for at in column.files if math.isfinite(value := values[at])]
            if not known:
                is_down = False             # the line breaks
                continue
            point = QPointF(left + (n + 0.5) * wide, bottom - axis.share(sum(known) / len(known)) * (bottom - top))
            if is_down:
                path.lineTo(point)
            else:
                path.moveTo(point)
            is_down = True
            dots.append(point)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, 2))
        painter.drawPath(path)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        radius = 3 if wide >= 10 else 1.5
        for point in dots:
            painter.drawEllipse(point, radius, radius)

    def _paint_best(self, painter: QPainter, colours: theme.Colours, x: int) -> None:
        assert self.series is not None
        assert self.best is not None
        painter.setPen(QColor(colours.ok))
        painter.setFont(_bold(self.font()))
        room = QRect(x, 10, self.width() - x - 6, 20)
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft, "★ " + run_words.checkpoint(self.series, self.best.at))
        painter.setFont(self.font())
        painter.setPen(QColor(colours.text))
        text = f"{core.visible(self.best.metric, 30)} {run_words.number(self.best.value)}"
        painter.drawText(room.translated(0, 20), Qt.AlignmentFlag.AlignLeft,
                         QFontMetrics(self.font()).elidedText(text, Qt.TextElideMode.ElideRight, room.width()))

    def _paint_head(self, painter: QPainter, colours: theme.Colours) -> None:
        assert self.series is not None
        left, wide = self.columns
        top = self._strip - HEAD
        painter.fillRect(QRectF(0, top, self.width(), HEAD - 4), QColor(colours.window))
        painter.setPen(QColor(colours.muted))
        painter.setFont(self.font())
        titles = {"epoch": self.tr("Epoch"), "step": self.tr("Step"), "name": self.tr("File")}
        painter.drawText(QRect(EDGE, top, int(left) - EDGE, 20), Qt.AlignmentFlag.AlignVCenter, titles[self.series.order])
        if self.width() >= NARROW:
            painter.drawText(QRect(int(self._right) + EDGE, top, RIGHT - EDGE, 20), Qt.AlignmentFlag.AlignVCenter,
                             self.tr("Norm, over the run"))
        metrics = QFontMetrics(self.font())
        self._widest = self._widest or max(map(metrics.horizontalAdvance, self._heads)) + 8
        widest = self._widest
        every = max(1, math.ceil(widest / wide))
        chosen = self.column_of(self.at)
        for n, column in enumerate(self.shown):
            centre = left + (n + 0.5) * wide
            if not column.files:
                self._paint_lost_head(painter, colours, centre, top)
                continue
            at = self.at if n == chosen else column.files[0]
            if n == chosen or (n % every == 0 and abs(n - chosen) >= every):
                painter.setPen(QColor(colours.text if n == chosen else colours.muted))
                painter.setFont(_bold(self.font()) if n == chosen else self.font())
                painter.drawText(QRectF(centre - widest, top, 2 * widest, 20), Qt.AlignmentFlag.AlignCenter,
                                 self._heads[at])
            letters = [letter for letter, place in (("A", self.marks.a), ("B", self.marks.b)) if place in column.files]
            if letters:
                badge = QRectF(centre - 8, top + 20, 16, 14)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(colours.series[0 if letters[0] == "A" else 1]))
                painter.drawRoundedRect(badge, 3, 3)
                painter.setPen(QColor(colours.base))
                painter.setFont(_smaller(_bold(self.font())))
                painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, letters[0])
            elif self.best is not None and self.best.at in column.files:
                painter.setPen(QColor(colours.ok))
                painter.setFont(self.font())
                painter.drawText(QRectF(centre - 10, top + 18, 20, 16), Qt.AlignmentFlag.AlignCenter, "☆")

    def _paint_lost_head(self, painter: QPainter, colours: theme.Colours, centre: float, top: float) -> None:
        painter.setPen(QColor(colours.danger))
        painter.setFont(_bold(self.font()))
        painter.drawText(QRectF(centre - 10, top, 20, 20), Qt.AlignmentFlag.AlignCenter, "?")

    def _paint_strip(self, painter: QPainter, colours: theme.Colours, seen: QRect) -> None:
        assert self.series is not None
        left, wide = self.columns
        small = _smaller(self.font())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for n in range(max((seen.top() - self._strip) // ROW, 0), min((seen.bottom() - self._strip) // ROW + 1, len(self.groups))):
            self._paint_row(painter, colours, n, small)         # of a thousand tensors a screenful is drawn
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        height = len(self.groups) * ROW - GAP
        for place, n in ((self.marks.a, 0), (self.marks.b, 1)):
            if place >= 0 and height > 0:
                painter.setPen(QPen(QColor(colours.series[n]), 2))
                painter.drawRect(QRectF(left + self.column_of(place) * wide - 1, self._strip - 1, wide, height + 2))
        if self.groups:
            painter.setPen(QPen(QColor(colours.text), 2))
            painter.drawRect(QRectF(left + self.column_of(self.at) * wide, self._strip + self.row * ROW, max(wide - GAP, 4),
                                    ROW - GAP).adjusted(1, 1, -1, -1))

    def _paint_row(self, painter: QPainter, colours: theme.Colours, n: int, small: QFont) -> None:
        left = int(self.columns[0])
        top = self._strip + n * ROW
        row = self._rows.get(n)
        if row is None:
            row = self._rows[n] = self._row_of(self.groups[n], colours, top)
        if n == self.row:
            painter.fillRect(QRectF(0, top, self.width(), ROW), QColor(colours.selection_idle))
        painter.setPen(QColor(colours.text))
        painter.setFont(self.font())
        painter.drawText(QRect(EDGE, top, left - EDGE - 8, ROW), Qt.AlignmentFlag.AlignVCenter, core.isolated(row.name))
        for room, filling, said in row.cells:
            painter.fillRect(room, filling)
            if said:
                painter.setPen(QColor(colours.base))
                painter.setFont(small)
                painter.drawText(room, Qt.AlignmentFlag.AlignCenter, said)
        if row.norm is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours.series[0]), 1.3))
            painter.drawPath(row.norm)
            painter.setPen(QColor(colours.muted))
            painter.setFont(small)
            painter.drawText(QRectF(self._right + EDGE + _NORM + 8, top, 60, ROW), Qt.AlignmentFlag.AlignVCenter, row.last)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _row_of(self, group: core.Track, colours: theme.Colours, top: int) -> _Row:
        left, wide = self.columns
        name = QFontMetrics(self.font()).elidedText(core.visible(group.name, 80), Qt.TextElideMode.ElideMiddle, int(left) - EDGE - 8)
        gap = GAP if wide > 8 else 0
        cells: list[tuple[QRectF, QColor | QBrush, str]] = []
        for n, column in enumerate(self.shown):
            x = round(left + n * wide)
            room = QRectF(x, top, round(left + (n + 1) * wide) - x - gap, ROW - GAP)
            if column.files:
                cell = cell_of(group.points, column.files, self.measure, group.reshaped)
                if cell is not None:
                    cells += ((room, filling, said) for filling, said in self._fillings(cell, colours, wide))
            elif column.lost is not None:
                cells.append((room, QColor(colours.danger_background), ""))
        norm, last = self._norm_of(group, self._right + EDGE, top + 3) if self.width() >= NARROW else (None, "")
        return _Row(name, cells, norm, last)

    def _fillings(self, cell: Cell, colours: theme.Colours, wide: float) -> Iterator[tuple[QColor | QBrush, str]]:
        if not cell.read:
            yield QColor(colours.warning_background), ""
        elif cell.nan or cell.inf:
            yield QColor(colours.danger), ("NaN" if cell.nan else "inf") if wide >= _LETTERS else ""
        else:
            if cell.value is None or (cell.value == 0 and self.measure == "change"):
                yield QColor(colours.track), ""
            else:
                yield self.colour(1.0 if math.isinf(cell.value) else _place(cell.value, *self.scale_ends)), ""
            if cell.reshaped:
                yield QBrush(QColor(colours.text), Qt.BrushStyle.BDiagPattern), ""

    def _norm_of(self, group: core.Track, left: float, top: float) -> tuple[QPainterPath | None, str]:
        """How the norm went, and the last one that is a number."""
        norms = [(n, point.norm) for n, point in enumerate(group.points)
                 if point is not None and point.norm == point.norm and not point.nan and not point.inf]
        if not norms:
            return None, ""
        low, high = min(norm for _, norm in norms), max(norm for _, norm in norms)
        wide, tall = _NORM / max(len(group.points) - 1, 1), ROW - 6
        shares = [(n, (norm - low) / (high - low) if high > low else 0.5) for n, norm in norms]
        path = QPainterPath()
        path.addPolygon(QPolygonF([QPointF(left + wide * n, top + tall * (1 - share)) for n, share in shares]))
        return path, run_words.number(norms[-1][1])

    def _find_ends(self) -> tuple[float, float]:
        """The least and the greatest number in the strip, for its colours."""
        measured = attrgetter(self.measure)
        values = [value for group in self.groups for point in group.points if point is not None and point.read
                  and 0 < (value := measured(point)) < math.inf and not point.nan and not point.inf]
        return (min(values), max(values)) if values else (0.0, 0.0)

    def colour(self, share: float) -> QColor:
        """That of the strip for a place between its ends, 0 to 1."""
        if not self._map:
            self._map = [QColor(name) for name in MAPS["viridis"].anchors(theme.colours(self.palette()).dark)]
        place = min(max(share, 0.0), 1.0) * (len(self._map) - 1)
        n = min(int(place), len(self._map) - 2)
        a, b, part = self._map[n], self._map[n + 1], place - n
        return QColor(*(round(one + (other - one) * part) for one, other in ((a.red(), b.red()), (a.green(), b.green()),
                                                                          (a.blue(), b.blue()))))

    # -- mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self.place_of(event.position())
        if place is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.mark(b=place[0])
        self.choose(place[0], place[1] if place[1] >= 0 else None)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        place = self.place_of(event.position())
        if place is not None:
            self.open_asked.emit(place[0])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
        key = Qt.Key(event.key())
        if key in moves:
            self.choose(self.at + moves[key][0], self.row + moves[key][1])
        elif key == Qt.Key.Key_Home:
            self.choose(0)
        elif key == Qt.Key.Key_End and self.series is not None:
            self.choose(len(self.series) - 1)
        elif key == Qt.Key.Key_A:
            self.mark(a=self.at)
        elif key == Qt.Key.Key_B:
            self.mark(b=self.at)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.open_asked.emit(self.at)
        elif key == Qt.Key.Key_Space:
            self.compare_asked.emit()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            place, lost = self.place_of(QPointF(event.pos())), self.lost_at(event.pos().x())
            if lost is not None:
                QToolTip.showText(event.globalPos(), words.tip(run_words.lost(lost)), self)
            elif place is None or self.series is None:
                QToolTip.hideText()
            else:
                kept, self.at, self.row = (self.at, self.row), place[0], place[1] if place[1] >= 0 else self.row
                text = self.sentence()
                self.at, self.row = kept
                QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def focusInEvent(self, event: object) -> None:
        self.update()

    def focusOutEvent(self, event: object) -> None:
        self.update()


def _place(value: float, low: float, high: float) -> float:
    """Where a number lies between the ends, by its logarithm."""
    if value <= 0 or not high > low > 0:
        return 0.0 if value <= 0 else 0.5
    return (math.log(value) - math.log(low)) / (math.log(high) - math.log(low))


def _bold(font: QFont) -> QFont:
    made = QFont(font)
    made.setWeight(QFont.Weight.DemiBold)
    return made


def _smaller(font: QFont) -> QFont:
    made = QFont(font)
    made.setPointSizeF(font.pointSizeF() * 0.85)
    return made
