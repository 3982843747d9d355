"""The one file that draws with pyqtgraph, which is imported when the first canvas is made and never before (half a second, 50 MB).

What pyqtgraph does not do is done here: colours follow the theme (it ignores QPalette), ticks are plain numbers without SI
prefixes, counts on a log scale are drawn as log10(count + 1) on an ordinary axis (its own log mode fills wrongly), and all
is drawn in view coordinates 0..1, see `plot_scales`.
"""
from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QColor, QPen

from inspector.gui.kit import theme
from inspector.gui.models.plot_scales import CountScale, Scale, Tick, ValueScale

from .plot_library import library

# dashes tell the fifth curve from the first where colours do not
LINES = (Qt.PenStyle.SolidLine,) * 4 + (Qt.PenStyle.DashLine,) * 4


class Canvas:
    """pyqtgraph's part, put together from its parts: one plot, two axes, curves, a band under the cursor."""

    def __init__(self) -> None:
        pyqtgraph = library.get()
        self._graph: Any = pyqtgraph
        self.widget: Any = pyqtgraph.PlotWidget(enableMenu=False)
        self.widget.viewport().setFocusPolicy(Qt.FocusPolicy.NoFocus)           # the plot is one thing, with one name
        self.widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)                  # afterwards: the viewport hands its own on to it
        self.widget.setFrameShape(self.widget.Shape.NoFrame)
        self.x: Scale = ValueScale(0, 1)
        self.y: Scale = CountScale(1)
        self._item = self.widget.getPlotItem()
        self._item.hideButtons()
        self._item.setClipToView(False)
        self._view = self._item.getViewBox()
        self._view.setLimits(xMin=-0.03, xMax=1.03, yMin=-0.006, yMax=1.06, minXRange=1e-4, minYRange=1e-6)
        self._view.setMouseEnabled(x=True, y=False)         # bars stand on their axis, however close one looks
        self._view.disableAutoRange()
        self._view.sigRangeChanged.connect(lambda *_: self._set_ticks())
        self._view.sigResized.connect(lambda *_: self._set_ticks())
        for name in ("left", "bottom"):
            self._item.getAxis(name).enableAutoSIPrefix(False)
        # an axis with a grid leaves out the labels at its ends, so the grid belongs to an axis without labels
        self._item.showAxis("right")
        grid = self._item.getAxis("right")
        grid.setStyle(showValues=False, tickLength=0)
        grid.setWidth(1)
        grid.setGrid(230)
        grid.setPen(pyqtgraph.mkPen(None))
        grid.setZValue(-1000)                   # behind the curves
        self._item.layout.setContentsMargins(2, 6, 14, 2)
        self._band = pyqtgraph.LinearRegionItem((0, 0), movable=False)
        self._band.setZValue(20)
        self._band.hide()
        self._item.addItem(self._band, ignoreBounds=True)
        self.on_moved: Callable[[], object] = lambda: None          # what is in view changed, or where it is
        self._below: Callable[[float], str] | None = None
        self._drawn: list[Any] = []
        self._ticks: dict[str, list[Tick]] = {}
        self._series: list[QColor] = []

    def set_scales(self, x: Scale, y: Scale, below: Callable[[float], str] | None = None) -> None:
        """`below` is what stands beneath a number of the lower axis, in a line of its own."""
        self.x, self.y, self._below = x, y, below
        metrics = self.widget.fontMetrics()
        self._item.getAxis("bottom").setHeight(3 * metrics.height() + 10 if below is not None else None)

    def set_colours(self, colours: theme.Colours) -> None:
        """Takes effect on curves with the next `set_curves`."""
        self._series = [QColor(name) for name in colours.series]
        self.widget.setBackground(QColor(colours.plot_background))
        for name in ("left", "bottom"):
            axis = self._item.getAxis(name)
            axis.setPen(QColor(colours.plot_text))
            axis.setTickPen(QColor(colours.plot_text))
            axis.setTextPen(QColor(colours.plot_text))
            axis.setTickFont(self.widget.font())
        self._item.getAxis("right").setTickPen(QColor(colours.plot_grid))
        self._accent = QColor(colours.accent)
        if self.widget.hasFocus():
            self.show_focus(True)
        accent = QColor(self._accent)
        accent.setAlpha(80)
        self._band.setBrush(accent)
        for edge in self._band.lines:
            edge.setPen(self._graph.mkPen(None))

    def show_focus(self, on: bool) -> None:
        """A frame, where keys are heard."""
        self._view.setBorder(self._graph.mkPen(self._accent, width=2) if on else self._graph.mkPen(None))

    def set_labels(self, x: str, y: str) -> None:
        """Fixed texts of ours: pyqtgraph reads labels as HTML."""
        self._item.setLabel("bottom", html.escape(x))
        self._item.setLabel("left", html.escape(y))

    def set_curves(self, curves: Sequence[tuple[Sequence[float], Sequence[float]]], series: Sequence[int], *,
                   accents: int = 0) -> None:
        """Draws curves given as (edges, heights) in place of the present ones; `series` are the numbers of their colours. The last
        `accents` of them lie over the others."""
        for old in self._drawn:
            self._item.removeItem(old)
        self._drawn = []
        for i, (n, (edges, heights)) in enumerate(zip(series, curves, strict=True)):
            pen = QPen(self._series[n], 1.4, LINES[n])
            pen.setCosmetic(True)
            fill = QColor(self._series[n])
            fill.setAlpha(200 if i >= len(curves) - accents else 110 if len(curves) - accents == 1 else 40)
            drawn = self._graph.PlotCurveItem(
                x=_array(self.x.to_view(float(edge)) for edge in edges),
                y=_array(self.y.to_view(height) for height in heights),
                stepMode="center", fillLevel=0, pen=pen, brush=fill, antialias=True)
            drawn.setZValue(20 if i >= len(curves) - accents else 10 - i)
            self._item.addItem(drawn)
            self._drawn.append(drawn)
        self._set_ticks()

    @property
    def area(self) -> QRectF:
        """Where curves are drawn, in the scene's coordinates."""
        return QRectF(self._view.sceneBoundingRect())

    def pixel_of(self, value: float) -> float:
        """Where a value is drawn across the widget."""
        (left, right), area = self._view.viewRange()[0], self.area
        return area.left() + (self.x.to_view(value) - float(left)) / (float(right) - float(left)) * area.width()

    @property
    def in_view(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The view coordinates that are shown, across and upwards."""
        (left, right), (low, high) = self._view.viewRange()
        return (left, right), (low, high)

    def tick_labels(self, axis: str) -> list[str]:
        """The texts at "left" or "bottom"."""
        return [tick.text for tick in self._ticks.get(axis, ())]

    def reset(self) -> None:
        self._view.setRange(xRange=(-0.01, 1.01), yRange=(-0.006, 1.04), padding=0)
        self._set_ticks()

    def zoom(self, factor: float, centre: float | None) -> None:
        (low, high), _ = self._view.viewRange()
        at = min(max((low + high) / 2 if centre is None else centre, low), high)
        self._view.setXRange(at - (at - low) * factor, at + (high - at) * factor, padding=0)

    def mark(self, span: tuple[float, float] | None) -> None:
        """A band over the values of `span`."""
        self._band.setVisible(span is not None)
        if span is not None:
            self._band.setRegion((self.x.to_view(span[0]), self.x.to_view(span[1])))

    def view_x(self, point: QPoint) -> float | None:
        """The view coordinate under a point of the viewport; None off the plot's own area."""
        scene = self.widget.mapToScene(point)
        if not self._view.sceneBoundingRect().contains(scene):
            return None
        return float(self._view.mapSceneToView(scene).x())

    def _set_ticks(self) -> None:
        (left, right), (low, high) = self._view.viewRange()
        metrics = self.widget.fontMetrics()
        across = int(self._view.width() / (metrics.horizontalAdvance("0") * 10 + 1))
        upwards = int(self._view.height() / (metrics.height() * 2.2 + 1))
        for name, scale, start, end, wanted in (("bottom", self.x, left, right, across), ("left", self.y, low, high, upwards)):
            # pyqtgraph draws grid lines per level of ticks, so the unlabelled ones come second
            ticks = scale.ticks(start, end, min(max(wanted, 2), 12))
            labelled, minor = [tick for tick in ticks if tick.text], [tick for tick in ticks if not tick.text]
            axis = self._item.getAxis(name)
            if name == "bottom" and self._below is not None:
                labelled = [tick._replace(text=f"{tick.text}\n{self._below(scale.to_value(tick.at))}") for tick in labelled]
            axis.setTicks([labelled, minor])
            self._ticks[name] = labelled
            if name == "left":
                self._item.getAxis("right").setTicks([labelled, minor])
                # its own way is to find the width while painting and to lay out anew afterwards: labels jump, then overlap
                widest = max((metrics.horizontalAdvance(tick.text) for tick in labelled), default=0)
                axis.setWidth(widest + metrics.height() + 16)
        self.on_moved()


def _array(values: Iterable[float]) -> Any:
    import numpy
    return numpy.fromiter(values, dtype=numpy.float64)
