"""Lines across depth: a point a tensor, a cursor that reads the nearest, a click that goes there."""
from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, isfinite, log10

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from inspector import core
from inspector.gui.kit import exporting, theme
from inspector.gui.models.plot_scales import Scale, Tick, ValueScale, multiples, nice_step, number, typeset

from .plot_canvas import LINES

MOST_POINTS = 1_500             # points of a line; of more neighbours, the one that lies farthest out stays
_NEAR = 24.0                    # pixels within which a point is meant


class PowerScale:
    """Positive numbers from `low` to `high` by their logarithm, with a little room at both ends."""

    def __init__(self, low: float, high: float) -> None:
        low, high = log10(low), log10(high)
        room = max((high - low) * 0.04, 0.02)
        self._low, self._high = max(low - room, -323.0), min(high + room, 308.2)

    def to_view(self, value: float) -> float:
        return (log10(value) - self._low) / (self._high - self._low) if value > 0 else 0.0

    def to_value(self, at: float) -> float:
        return float(10.0 ** (self._low + at * (self._high - self._low)))

    def ticks(self, start: float, end: float, wanted: int) -> list[Tick]:
        low, high = self.to_value(start), self.to_value(end)
        powers = range(ceil(log10(low)), floor(log10(high)) + 1)
        if len(powers) > 3:
            values = [10.0 ** power for power in powers[::max(1, ceil(len(powers) / max(wanted, 2)))]]
        else:
            values = [mantissa * 10.0 ** power for power in range(floor(log10(low)), len(powers) + ceil(log10(low)))
                      for mantissa in (1, 2, 5) if low <= mantissa * 10.0 ** power <= high]
        if len(values) < 2:
            values = multiples(nice_step(low, high, wanted), low, high)
        return [Tick(self.to_view(value), typeset(number(value, 4))) for value in values]


class LinePlot(QWidget):
    pointed = Signal()              # the cursor is on another point, or on none
    chosen = Signal(str)            # a key was clicked

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: list[core.LayerLine] = []
        self._y: Scale = ValueScale(0, 1)
        self._x: Scale = ValueScale(0, 1, integers=True)
        self._cursor: tuple[int, int] | None = None         # line, point
        self._marked = ""
        self._x_title = self._y_title = ""
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 150)
        self.setAccessibleName(self.tr("Measure across layers"))

    # -- what is shown ------------------------------------------------------------------------------------------------

    @property
    def lines(self) -> Sequence[core.LayerLine]:
        return self._lines

    @property
    def point(self) -> core.LayerPoint | None:
        """What the cursor is on."""
        if self._cursor is None:
            return None
        return self._lines[self._cursor[0]].points[self._cursor[1]]

    def show_lines(self, lines: Sequence[core.LayerLine], *, log: bool, x_title: str, y_title: str = "") -> None:
        before = self.point
        self._lines = [core.LayerLine(line.name, thinned(line.points)) for line in lines if line.points]
        self._x_title, self._y_title = x_title, y_title
        values = [point.y for line in self._lines for point in line.points if isfinite(point.y)]
        positive = [value for value in values if value > 0]
        if log and positive:
            self._y = PowerScale(min(positive), max(positive))
        else:
            low, high = min(values, default=0.0), max(values, default=1.0)
            self._y = ValueScale(min(low, 0.0) if low > -high else low, high)
        places = [point.x for line in self._lines for point in line.points]
        self._x = ValueScale(min(places, default=0), max(places, default=1), integers=True)
        self._cursor = None
        if before is not None:
            self.point_at(before.key)
        self.setAccessibleDescription(self.description())
        self.update()

    def mark(self, key: str) -> None:
        """A ring around the tensor that is selected."""
        if key != self._marked:
            self._marked = key
            self.update()

    def point_at(self, key: str) -> None:
        self._move(next(((i, j) for i, line in enumerate(self._lines) for j, point in enumerate(line.points) if point.key == key), None))

    def description(self) -> str:
        parts = []
        for line in self._lines:
            finite = [point for point in line.points if isfinite(point.y)]
            if finite:
                least, most = min(finite, key=lambda p: p.y), max(finite, key=lambda p: p.y)
                parts.append(self.tr("{name}: {n} tensors, from {low} ({first}) to {high} ({last}).").format(
                    name=core.visible(line.name) or self.tr("All"), n=len(line.points), low=number(least.y), first=core.visible(least.key),
                    high=number(most.y), last=core.visible(most.key)))
        return "\n".join(parts)

    def colour(self, n: int) -> QColor:
        return QColor(theme.colours(self.palette()).series[n % 8])

    def picture(self, scale: float = 2.0) -> QImage:
        return exporting.picture_of(self, self.palette().color(QPalette.ColorRole.Window), scale)

    # -- drawing ------------------------------------------------------------------------------------------------------

    def place_of(self, point: core.LayerPoint) -> QPointF:
        """Where a point is drawn."""
        return self._at(point, self._area)

    @property
    def _area(self) -> QRectF:
        metrics = self.fontMetrics()
        ticks = self._y.ticks(0.0, 1.0, self._wanted())
        left = max((metrics.horizontalAdvance(tick.text) for tick in ticks), default=30) + 14
        left += metrics.height() + 4 if self._y_title else 0
        return QRectF(left, 10, max(self.width() - left - 16, 20), max(self.height() - 2 * metrics.height() - 26, 20))

    def _wanted(self) -> int:
        return max(2, int((self.height() - 50) / (self.fontMetrics().height() * 2.2)))

    def _at(self, point: core.LayerPoint, area: QRectF) -> QPointF:
        return QPointF(area.left() + self._x.to_view(point.x) * area.width(), area.bottom() - self._y.to_view(point.y) * area.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        c, area = theme.colours(self.palette()), self._area
        painter.fillRect(self.rect(), QColor(c.plot_background))
        self._draw_axes(painter, area, c)
        for n, line in enumerate(self._lines):
            self._draw_line(painter, area, n, line)
        for key, colour in ((self._marked, c.text), (self.point.key if self.point else "", c.accent)):
            for line in self._lines if key else ():
                for point in line.points:
                    if point.key == key and isfinite(point.y):
                        painter.setPen(QPen(QColor(colour), 2))
                        painter.setBrush(Qt.BrushStyle.NoBrush)
                        painter.drawEllipse(self._at(point, area), 6, 6)
        if self.hasFocus():
            painter.setPen(QColor(c.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def _draw_axes(self, painter: QPainter, area: QRectF, c: theme.Colours) -> None:
        metrics = self.fontMetrics()
        for tick in self._y.ticks(0.0, 1.0, self._wanted()):
            y = area.bottom() - tick.at * area.height()
            painter.setPen(QColor(c.plot_grid))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(QColor(c.plot_text))
            painter.drawText(QRectF(0, y - 12, area.left() - 7, 24), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, tick.text)
        for tick in self._x.ticks(0.0, 1.0, max(2, int(area.width() / 70))):
            if 0 <= tick.at <= 1:
                x = area.left() + tick.at * area.width()
                painter.drawLine(QPointF(x, area.bottom()), QPointF(x, area.bottom() + 4))
                painter.drawText(QRectF(x - 60, area.bottom() + 5, 120, metrics.height() + 2), Qt.AlignmentFlag.AlignHCenter, tick.text)
        painter.drawText(QRectF(area.left(), area.bottom() + metrics.height() + 7, area.width(), metrics.height() + 4),
                         Qt.AlignmentFlag.AlignHCenter, self._x_title)
        if self._y_title:
            middle = area.center().y()
            painter.save()
            painter.translate(2, middle)
            painter.rotate(-90)
            painter.drawText(QRectF(-self.height() / 2, 0, self.height(), metrics.height() + 4), Qt.AlignmentFlag.AlignCenter,
                             self._y_title)
            painter.restore()

    def _draw_line(self, painter: QPainter, area: QRectF, n: int, line: core.LayerLine) -> None:
        colour = self.colour(n)
        painter.setPen(QPen(colour, 1.6, LINES[n % 8]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        places = [self._at(point, area) for point in line.points if isfinite(point.y)]
        painter.drawPolyline(QPolygonF(places))
        if len(places) * 7 < area.width():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            for place in places:
                painter.drawEllipse(place, 2.6, 2.6)

    # -- the cursor ---------------------------------------------------------------------------------------------------

    def _move(self, cursor: tuple[int, int] | None) -> None:
        if cursor != self._cursor:
            self._cursor = cursor
            self.update()
            self.pointed.emit()

    def _nearest(self, at: QPointF) -> tuple[int, int] | None:
        area, best, found = self._area, _NEAR, None
        for i, line in enumerate(self._lines):
            for j, point in enumerate(line.points):
                if not isfinite(point.y):
                    continue
                place = self._at(point, area)
                if abs(place.x() - at.x()) > best:
                    continue
                apart = (place - at).manhattanLength()
                if apart < best:
                    best, found = apart, (i, j)
        return found

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._move(self._nearest(event.position()))
        self.setCursor(Qt.CursorShape.PointingHandCursor if self._cursor else Qt.CursorShape.ArrowCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._move(self._nearest(event.position()))
            if self.point is not None:
                self.chosen.emit(self.point.key)

    def leaveEvent(self, event: QEvent) -> None:
        self._move(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right along a line, up and down between lines, Enter goes to the tensor."""
        key = Qt.Key(event.key())
        along = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(key, 0)
        across = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(key, 0)
        if not self._lines or event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier):
            super().keyPressEvent(event)
        elif along or across:
            i, j = self._cursor or (0, -1 if along > 0 else 0)
            if across and self._cursor:
                x = self._lines[i].points[j].x
                i = (i + across) % len(self._lines)
                j = min(range(len(self._lines[i].points)), key=lambda n: abs(self._lines[i].points[n].x - x))
            self._move((i, min(max(j + along, 0), len(self._lines[i].points) - 1)))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.point is not None:
            self.chosen.emit(self.point.key)
        elif key == Qt.Key.Key_Escape and self._cursor is not None:
            self._move(None)
        else:
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        return QSize(480, 260)


def thinned(points: Sequence[core.LayerPoint]) -> tuple[core.LayerPoint, ...]:
    every = -(-len(points) // MOST_POINTS)
    if every <= 1:
        return tuple(points)
    return tuple(max(points[at:at + every], key=lambda point: abs(point.y)) for at in range(0, len(points), every))
