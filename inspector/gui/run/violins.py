"""The values of one tensor in every checkpoint: a shape as wide as its histogram for each, the middle half dark."""
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from inspector import core
from inspector.gui.kit import theme
from inspector.gui.models.plot_scales import typeset

from . import run_words
from .timeline import Timeline

BINS = 48
HEIGHT = 132
_CUT = 1.25             # times what 99 % of the healthy checkpoints reach


class Shape(NamedTuple):
    """Counts of the bins from -limit to limit, and the quartiles; `broken` says that there is NaN or an infinity."""

    counts: tuple[int, ...]
    quartiles: tuple[float, float]
    broken: bool


class Shapes(NamedTuple):
    """Those of one tensor: `limit` is where values are cut at either end."""

    key: str
    limit: float
    shapes: tuple[Shape | None, ...]


def shapes_of(series: core.Series, key: str, monitor: core.Monitor) -> Shapes:
    """Reads the tensor in every checkpoint, twice: first how far its values reach, then how they lie. What cannot be read is None."""
    first: list[tuple[core.Checkpoint, str, core.Summary] | None] = []
    for done, one in enumerate(series):
        monitor.report(done, 2 * len(series), one.name)
        try:
            ckpt = one.open(monitor)
            stored = one.outline.stored_key(key)
            first.append((ckpt, stored, core.summarize_tensor(ckpt, stored, 1, monitor)) if stored in ckpt.tensors else None)
        except core.InspectorError:
            first.append(None)
    reach = [max(abs(summary.quantile(0.01)), abs(summary.quantile(0.99))) for found in first if found is not None
             and (summary := found[2]).quantiles and not summary.nan and not summary.inf]
    middle = sorted(reach)[len(reach) // 2] if reach else 1.0
    limit = _CUT * (max(one for one in reach if one <= 4 * middle) if reach and middle else 1.0) or 1.0
    shapes: list[Shape | None] = []
    for done, found in enumerate(first):
        monitor.report(len(series) + done, 2 * len(series), key)
        if found is None:
            shapes.append(None)
            continue
        ckpt, stored, summary = found
        broken = bool(summary.nan or summary.inf)
        if not summary.finite:
            shapes.append(Shape((), (math.nan, math.nan), broken))
            continue
        counts = core.summarize_tensor(ckpt, stored, BINS, monitor, range=(-limit, limit), quantiles=False).counts
        shapes.append(Shape(tuple(counts), (summary.quantile(0.25), summary.quantile(0.75)), broken))
    return Shapes(key, limit, tuple(shapes))


class Violins(QWidget):
    """Below `timeline`, in its columns."""

    def __init__(self, timeline: Timeline) -> None:
        super().__init__()
        self._timeline = timeline
        self._shapes: Shapes | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(HEIGHT)
        self.setMaximumHeight(2 * HEIGHT)
        self.setAccessibleName(self.tr("Values of one tensor in every checkpoint"))

    def show_shapes(self, shapes: Shapes | None) -> None:
        self._shapes = shapes
        said = "" if shapes is None else core.visible(shapes.key, 80)
        self.setAccessibleDescription(said)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(760, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.colours(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(colours.base))
        if self._shapes is None:
            return
        (left, wide), shown = self._timeline.columns, self._timeline.shown
        chosen = self._timeline.column_of(self._timeline.at)
        high = self.height()
        middle, half = high / 2, high / 2 - 10
        painter.setPen(QColor(colours.muted))
        for y, text in ((10.0, self._shapes.limit), (high - 10.0, -self._shapes.limit)):
            painter.drawText(QRectF(0, y - 10, left - 10, 20), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                             typeset(run_words.number(text)))
        painter.setPen(QColor(colours.plot_grid))
        painter.drawLine(QPointF(left, middle), QPointF(left + wide * len(shown), middle))
        for n, column in enumerate(shown):
            centre = left + (n + 0.5) * wide
            if n == chosen:
                painter.fillRect(QRectF(centre - wide / 2, 0, wide, high), QColor(colours.selection_idle))
            # of several checkpoints in a column the chosen one, or the first
            at = next((at for at in column.files if at == self._timeline.at), column.files[0] if column.files else -1)
            shape = self._shapes.shapes[at] if 0 <= at < len(self._shapes.shapes) else None
            if shape is None:
                continue
            if shape.broken:
                painter.setPen(QColor(colours.danger))
                painter.drawText(QRectF(centre - 30, high - 18, 60, 16), Qt.AlignmentFlag.AlignCenter, "NaN" if wide > 24 else "!")
            if shape.counts:
                self._paint(painter, colours, shape, self._shapes.limit, (centre, wide * 0.44), (middle, half))

    def _paint(self, painter: QPainter, colours: theme.Colours, shape: Shape, limit: float, across: tuple[float, float],
               down: tuple[float, float]) -> None:
        (centre, wide), (middle, half) = across, down
        top = max(shape.counts) or 1
        steps = len(shape.counts)
        widths = [wide * math.sqrt(count / top) for count in shape.counts]
        ys = [middle + half - 2 * half * (n + 0.5) / steps for n in range(steps)]
        path = _outline(centre, widths, ys)
        fill = QColor(colours.series[0])
        fill.setAlphaF(0.45)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawPath(path)
        low, high = (min(max(value, -limit), limit) for value in shape.quartiles)
        painter.setBrush(QColor(colours.series[0]))
        bar = min(6.0, wide / 2)
        painter.drawRect(QRectF(centre - bar / 2, middle - high / limit * half, bar, max((high - low) / limit * half, 2.0)))


def _outline(centre: float, widths: Sequence[float], ys: Sequence[float]) -> QPainterPath:
    path = QPainterPath(QPointF(centre + widths[0], ys[0]))
    for width, y in zip(widths[1:], ys[1:], strict=True):
        path.lineTo(centre + width, y)
    for width, y in zip(reversed(widths), reversed(ys), strict=True):
        path.lineTo(centre - width, y)
    path.closeSubpath()
    return path
