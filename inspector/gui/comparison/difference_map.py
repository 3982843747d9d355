"""The differences of one pair as a picture: any two dimensions, kernels side by side, a vector in folded lines.

    pair, slice → worker: core.difference_slice of all of it → picture;  zoomed in → the same of what is in view, laid over it
"""
from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from inspector import core
from inspector.gui.kit import theme
from inspector.gui.models.plot_scales import number
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.colour_maps import MAPS, Limits, limits_of
from inspector.gui.widgets.heatmap_view import HeatmapView, Layer, layer_of
from inspector.gui.widgets.notice import Notice
from inspector.gui.widgets.slice_controls import SliceControls

TASK, DETAIL = "compare-map", "compare-map-detail"
MAP = MAPS["blue-red"]          # no difference is its neutral middle
SETTLED = 90                    # ms the view rests before more is read for it


class DifferenceMap(QWidget):
    """`show_pair`; nothing is read while it is hidden."""

    def __init__(self, tasks: Tasks) -> None:
        super().__init__()
        self._tasks = tasks
        self._asked: tuple[core.Comparison, core.Pair] | None = None
        self._drawn: object = None
        self.slices = SliceControls(mosaics=True)
        self.view = HeatmapView()
        self.view.setAccessibleName(self.tr("Differences, B minus A"))
        self.notice = Notice(self._start, lambda: tasks.cancel(TASK))
        self.readout = QLabel()
        self.readout.setAccessibleName(self.tr("Difference under the cursor"))
        self.readout.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLED)
        self._settle.timeout.connect(self._load_detail)
        self._shown = QWidget()
        inside = QVBoxLayout(self._shown)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.view, 1)
        inside.addWidget(self.readout)
        self._pages = QStackedLayout()
        self._pages.addWidget(self.notice)
        self._pages.addWidget(self._shown)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.slices)
        column.addLayout(self._pages, 1)
        self.slices.changed.connect(self._refresh)
        self.view.window_moved.connect(self._settle.start)
        self.view.cursor_moved.connect(self._read_out)

    def show_pair(self, comparison: core.Comparison, pair: core.Pair) -> None:
        self._asked, self._drawn = (comparison, pair), None
        found = pair.difference
        info = comparison.a.tensors.get(pair.a or "")
        nothing = found is None or bool(found.problem) or not found.n_different or info is None or 0 in info.shape
        self.slices.setVisible(not nothing)
        self.slices.offer(core.readable_shape(info) if info is not None and not nothing else ())
        self._refresh()

    def _refresh(self) -> None:
        if self._asked is None or not self.isVisible():
            return
        why = self._why_not(self._asked[1])
        if why:
            self._tasks.cancel(TASK)
            self.view.clear()
            self._say(why)
        elif self._drawn != self.slices.plane:
            self._start()

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

    def _start(self) -> None:
        if self._asked is None:
            return
        comparison, pair = self._asked
        plane = self.slices.plane
        self._drawn = plane
        rows, cols = (range(size) for size in plane.size)
        self._tasks.cancel(DETAIL)
        dark = theme.colours(self.palette()).dark

        def work(monitor: core.Monitor) -> tuple[Layer, Limits]:
            part = core.difference_slice(comparison, pair, plane, rows, cols, monitor)
            limits = limits_of(part.values, True)
            return layer_of(part, MAP, limits, dark), limits

        self._tasks.start(TASK, work, on_done=lambda found: self._done(plane, *found), on_error=self._failed, on_cancel=self._cancelled,
                          label=self.tr("Drawing the differences"))

    def _done(self, plane: core.Plane, layer: Layer, limits: Limits) -> None:
        if plane != self._drawn:
            return
        self.view.show_plane(plane, layer, MAP, limits)
        self._pages.setCurrentWidget(self._shown)
        self._read_out()
        self._settle.start()

    def _failed(self, error: Exception) -> None:
        self._drawn = None
        self.view.clear()
        self.notice.fail(error)
        self._pages.setCurrentWidget(self.notice)
        if not isinstance(error, core.InspectorError):
            raise error

    def _cancelled(self) -> None:
        self._drawn = None
        if self.isVisible():
            self.notice.say(self.tr("Stopped."), "", self.tr("Draw it"))
            self._pages.setCurrentWidget(self.notice)

    def _say(self, text: str) -> None:
        self.notice.say(text)
        self._pages.setCurrentWidget(self.notice)

    # -- nearer -------------------------------------------------------------------------------------------------------

    def _load_detail(self) -> None:
        base = self.view.base
        if self._asked is None or base is None or base.exact or not self.isVisible() or self._drawn is None:
            return
        across, down = self.view.pixels_a_cell
        if all(span.step == 1 or span.step * pixels < 1.5 for span, pixels in ((base.rows, down), (base.cols, across))):
            return
        (comparison, pair), plane = self._asked, self.slices.plane
        rows, cols = self.view.in_view
        self._tasks.start(DETAIL, lambda monitor: core.difference_slice(comparison, pair, plane, rows, cols, monitor),
                          on_done=lambda part: self._finer(plane, part), on_error=lambda error: None,
                          label=self.tr("Drawing the differences"))

    def _finer(self, plane: core.Plane, part: core.Reduced) -> None:
        """Single elements reach further than the means of blocks."""
        if plane == self._drawn and self.view.base is not None:
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
            self.readout.setText(f"{where}  =  {number(value, 9)}")
        elif block is not None:
            self.readout.setText(self.tr("{where}   mean of {size} here: {value}").format(
                where=where, size=f"{len(block[1])} × {len(block[2])}", value=number(block[0], 6)))

    # -- Qt's side ----------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        for task in (TASK, DETAIL):
            self._tasks.cancel(task)
