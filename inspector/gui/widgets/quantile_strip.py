"""Where the values of each curve lie, above the plot and over the same axis: the ends, what most and what half of them are between.

    ●┄┄╎┄┄├──┼───▐█│██▌───┼──┤┄┄╎┄┄●     ends · 0.1 % · 1 % · 5 % · 25 % · median · 75 % · 95 % · 99 % · 99.9 %
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, cast

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from inspector import core
from inspector.gui.kit import theme, words
from inspector.gui.models.plot_scales import number

_ROW, _EDGE = 16, 5             # pixels of a curve, and above and below all of them


class Spread(NamedTuple):
    """`quantiles` are at `core.QUANTILES`."""

    name: str
    least: float
    most: float
    quantiles: tuple[float, ...]

    @classmethod
    def of(cls, name: str, summary: core.Summary) -> Spread | None:
        """None where there is nothing to spread."""
        if summary.finite < 2 or len(summary.quantiles) != len(core.QUANTILES):
            return None
        return cls(name, float(summary.min), float(summary.max), tuple(float(value) for value in summary.quantiles))


Placing = Callable[[float], float]


class QuantileStrip(QWidget):
    """`show_spreads`; where values are drawn says `placing`, from a value to a pixel, and `room` from where to where."""

    def __init__(self) -> None:
        super().__init__()
        self.spreads: tuple[Spread, ...] = ()
        self._series: tuple[int, ...] = ()
        self._placing: Placing | None = None
        self._room = (0.0, 0.0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Quantiles"))
        self.hide()

    def show_spreads(self, spreads: Sequence[Spread], series: Sequence[int] = ()) -> None:
        """`series` are the numbers of their colours, one after the other where none are given."""
        self.spreads = tuple(spreads)
        self._series = tuple(series) or tuple(range(len(spreads)))
        self.setVisible(bool(spreads))
        self.setAccessibleDescription("\n".join(self.said(one) for one in spreads))
        self.updateGeometry()
        self.update()

    def place(self, placing: Placing, room: tuple[float, float]) -> None:
        self._placing, self._room = placing, room
        self.update()

    def said(self, one: Spread) -> str:
        first, low, five, lower, middle, upper, ninety_five, high, last = (number(value, 5) for value in one.quantiles)
        return self.tr("{name}: {least} to {most}; 0.1 to 99.9 %: {first} to {last}; 1 to 99 %: {low} to {high}; 5 to 95 %: {five} to "
                       "{ninety_five}; 25 to 75 %: {lower} to {upper}; median {middle}").format(
            name=core.visible(one.name, 120), least=number(one.least, 5), most=number(one.most, 5), first=first, last=last, low=low,
            high=high, five=five, ninety_five=ninety_five, lower=lower, upper=upper, middle=middle)

    def sizeHint(self) -> QSize:
        return QSize(200, _ROW * max(len(self.spreads), 1) + 2 * _EDGE)

    def paintEvent(self, event: QPaintEvent) -> None:
        c = theme.colours(self.palette())
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(c.plot_background))
        if self._placing is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(QRectF(self._room[0] - 4, 0, self._room[1] - self._room[0] + 8, self.height()))
        for n, one in enumerate(self.spreads):
            self._draw(painter, one, _EDGE + (n + 0.5) * _ROW, QColor(c.series[self._series[n] % len(c.series)]), c)
        painter.end()

    def _draw(self, painter: QPainter, one: Spread, y: float, colour: QColor, c: theme.Colours) -> None:
        least, most = self._x(one.least), self._x(one.most)
        first, low, five, lower, middle, upper, ninety_five, high, last = (self._x(value) for value in one.quantiles)
        painter.setPen(QPen(colour, 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(least, y), QPointF(most, y))
        painter.setPen(QPen(colour, 1))
        for x in (first, last):
            painter.drawLine(QPointF(x, y - 3), QPointF(x, y + 3))
        painter.setPen(QPen(colour, 1.4))
        painter.drawLine(QPointF(low, y), QPointF(high, y))
        for x, half in ((low, 4.0), (high, 4.0), (five, 2.5), (ninety_five, 2.5)):
            painter.drawLine(QPointF(x, y - half), QPointF(x, y + half))
        painter.setBrush(theme.tinted(colour.name(), c.plot_background, 0.35))
        painter.drawRoundedRect(QRectF(lower, y - 5, max(upper - lower, 2.0), 10), 1.5, 1.5)
        painter.setPen(QPen(colour, 2))
        painter.drawLine(QPointF(middle, y - 5), QPointF(middle, y + 5))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        for x in (least, most):
            painter.drawEllipse(QPointF(x, y), 2.4, 2.4)

    def _x(self, value: float) -> float:
        """Not further than just out of sight: lines to far away are drawn badly."""
        left, right = self._room
        return min(max(self._placing(value), left - 50), right + 50) if self._placing is not None else left

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            help = cast(QHelpEvent, event)
            n = int((help.pos().y() - _EDGE) // _ROW)
            if 0 <= n < len(self.spreads):
                QToolTip.showText(help.globalPos(), words.tip(self.said(self.spreads[n])), self)
            return True
        return super().event(event)
