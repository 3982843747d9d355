"""The differences of one pair as a picture: any two dimensions, kernels side by side, a vector in folded lines.

    pair, slice → worker: core.difference_slice of all of it → picture;  zoomed in → the same of what is in view, laid over it
"""
from __future__ import annotations

from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from inspector import core
from inspector.gui.kit import theme
from inspector.gui.models.plot_scales import number, typeset
from inspector.gui.state.requests import Phase, Request, Requests
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.colour_maps import MAPS, Limits, limits_of
from inspector.gui.widgets.heatmap_view import HeatmapView, Layer, layer_of
from inspector.gui.widgets.lazy_panel import LazyPanel
from inspector.gui.widgets.result_pages import ResultPages
from inspector.gui.widgets.slice_controls import SliceControls

TASK, DETAIL = "compare-map", "compare-map-detail"
MAP = MAPS["blue-red"]          # no difference is its neutral middle
SETTLED = 90                    # ms the view rests before more is read for it


class DifferenceMap(LazyPanel):
    """`requests` are for the picture, `detail` for what is in view."""

    def __init__(self, tasks: Tasks) -> None:
        super().__init__(tasks)
        self._pair: tuple[core.Comparison, core.Pair] | None = None
        self.requests: Requests[tuple[Layer, Limits]] = self.make_requests(TASK)
        self.detail: Requests[core.Reduced] = self.make_requests(DETAIL, rest=SETTLED)
        self.slices = SliceControls(mosaics=True)
        self.view = HeatmapView()
        self.view.setAccessibleName(self.tr("Differences, B minus A"))
        self.readout = QLabel()
        self.readout.setAccessibleName(self.tr("Difference under the cursor"))
        self.readout.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        shown = QWidget()
        inside = QVBoxLayout(shown)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.view, 1)
        inside.addWidget(self.readout)
        self.pages = ResultPages(shown, self.requests, read=self.tr("Draw it"), unit="share")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.slices)
        column.addWidget(self.pages, 1)
        self.requests.changed.connect(self._answered)
        self.detail.changed.connect(self._show_detail)
        self.slices.changed.connect(self.refresh)
        self.view.window_moved.connect(self._ask_detail)
        self.view.cursor_moved.connect(self._read_out)

    def show_pair(self, comparison: core.Comparison, pair: core.Pair) -> None:
        self._pair = (comparison, pair)
        found = pair.difference
        info = comparison.a.tensors.get(pair.a or "")
        nothing = found is None or bool(found.problem) or not found.n_different or info is None or 0 in info.shape
        self.slices.setVisible(not nothing)
        self.slices.offer(core.readable_shape(info) if info is not None and not nothing else ())
        self.refresh()

    def show_nothing(self) -> None:
        self._pair = None
        for requests in (self.requests, self.detail):
            requests.ask(None)
        self.view.clear()

    def follow(self) -> None:
        if self._pair is None:
            return
        comparison, pair = self._pair
        why = self._why_not(pair)
        if why:
            self.requests.ask(None)
            self.view.clear()
            self.pages.say(why)
            return
        plane, dark = self.slices.plane, theme.colours(self.palette()).dark
        rows, cols = (range(size) for size in plane.size)

        def work(monitor: core.Monitor) -> tuple[Layer, Limits]:
            part = core.difference_slice(comparison, pair, plane, rows, cols, monitor)
            limits = limits_of(part.values, True)
            return layer_of(part, MAP, limits, dark), limits

        self.requests.ask(Request(comparison, (pair.a, pair.b, plane), work, label=self.tr("Drawing the differences")))

    def _why_not(self, pair: core.Pair) -> str:
        found = pair.difference
        if pair.status == "shape":
            return self.tr("The shapes differ, so there are no differences to draw.")
        if pair.a is None or pair.b is None:
            return self.tr("Only one of the files has this tensor.")
        if found is None:
            return self.tr("The values of this pair were not compared yet.")
        if found.problem:
            return self.tr("The values of this pair cannot be compared.")
        return "" if found.n_different else self.tr("No element differs.")

    def _answered(self) -> None:
        if self.requests.phase is Phase.FAILED:
            self.view.clear()
        elif self.requests.result is not None:
            layer, limits = self.requests.result
            self.view.show_plane(self.slices.plane, layer, MAP, limits)
            self._read_out()
            self.detail.ask(None)
            self._ask_detail()

    # -- nearer -------------------------------------------------------------------------------------------------------

    def _ask_detail(self) -> None:
        base = self.view.base
        if self._pair is None or base is None or base.exact or not self.isVisible():
            return
        across, down = self.view.pixels_a_cell
        if all(span.step == 1 or span.step * pixels < 1.5 for span, pixels in ((base.rows, down), (base.cols, across))):
            return
        (comparison, pair), plane = self._pair, self.slices.plane
        rows, cols = self.view.in_view
        self.detail.ask(Request(comparison, (pair.a, pair.b, plane, rows, cols),
                                lambda monitor: core.difference_slice(comparison, pair, plane, rows, cols, monitor),
                                label=self.tr("Drawing the differences")))

    def _show_detail(self) -> None:
        """Single elements reach further than the means of blocks."""
        part = self.detail.result
        if part is not None and self.view.base is not None:
            found, before = limits_of(part.values, True), self.view.limits
            self.view.set_detail(part, Limits(min(found.low, before.low), max(found.high, before.high)))

    def _read_out(self) -> None:
        cell = self.view.cursor_cell
        at = self.view.plane.position(*cell) if cell else None
        if cell is None or at is None:
            self.readout.setText(self.tr("B minus A. Point at a cell to read it. Wheel zooms, dragging moves, R shows all."))
            return
        where = "[" + ", ".join(str(n) for n in at) + "]"
        value, block = self.view.value_at(*cell), self.view.block_at(*cell)
        if value is not None:
            self.readout.setText(f"{where}  =  {typeset(number(value, 9))}")
        elif block is not None:
            self.readout.setText(self.tr("{where}   mean of {size} here: {value}").format(
                where=where, size=f"{len(block[1])} × {len(block[2])}", value=typeset(number(block[0], 6))))
