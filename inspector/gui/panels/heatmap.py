"""The selected tensor as a picture: any two of its dimensions, kernels side by side, a vector in folded lines.

    selection, slice → worker: core.reduce_slice of all of it → picture
    zoomed in        → worker: core.reduce_slice of what is in view → laid over it, exact when near enough
    cursor           → worker: core.read_values of one element, where only blocks are at hand

At most `BUDGET` bytes are read for a picture; of larger tensors it is made from lines that lie evenly in it.
"""
from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from PySide6.QtCore import QSize, QTimer
from PySide6.QtGui import QGuiApplication, QHideEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QMenu, QPushButton, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from inspector import core
from inspector.gui.kit import exporting, theme, words
from inspector.gui.models.plot_scales import number
from inspector.gui.state.session import Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.boxes import label, one_tensor
from inspector.gui.widgets.colour_maps import MAPS, ColourMap, Limits, limits_of
from inspector.gui.widgets.heatmap_view import HeatmapView, Layer, layer_of
from inspector.gui.widgets.histogram_plot import ask_where_to_save
from inspector.gui.widgets.notice import Heading, Notice
from inspector.gui.widgets.slice_controls import SliceControls

TASK, DETAIL, VALUE, SAVE = "heatmap", "heatmap-detail", "heatmap-value", "heatmap-save"
BUDGET = 192 << 20              # bytes read for one picture
MOST = (1024, 1024)             # blocks of a picture
EXACT = 1 << 20                 # elements that are shown without blocks
KEPT = 12                       # pictures that are kept: 8 MB each at most
PATIENCE = 200                  # milliseconds before work is shown as such
SETTLED = 90                    # milliseconds the view or the cursor rests before more is read for it
_COPIED = 1 << 20               # elements that are put on the clipboard at most


class _Colouring(NamedTuple):
    """How numbers are coloured."""

    colours: ColourMap
    symmetric: bool
    share: float
    dark: bool


class _Picture(NamedTuple):
    """What a worker made of a slice. `odd`: blocks with NaN or infinities."""

    layer: Layer
    colouring: _Colouring
    limits: Limits
    odd: int


class HeatmapPanel(QWidget):
    def __init__(self, session: Session, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._tasks = session, tasks
        self._choose_path = ask_where_to_save
        self._tensor: tuple[core.Checkpoint, core.TensorInfo] | None = None
        self._wanted: tuple[object, ...] = ()
        self._kept: OrderedDict[tuple[object, ...], tuple[core.Checkpoint, _Picture]] = OrderedDict()
        self._value: tuple[int, int, str] | None = None
        self._stale = True
        self._map_chosen = False
        self.heading = Heading()
        self.remark = label(tone="muted", wrap=True)
        self.slices = SliceControls(mosaics=True)
        self.view = HeatmapView()
        self.readout = QLabel()
        self.readout.setAccessibleName(self.tr("Element under the cursor"))
        self.readout.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.notice = Notice(self._start, lambda: self._tasks.cancel(TASK))
        self._patience = self._timer(PATIENCE, self._show_running)
        self._settle = self._timer(SETTLED, self._load_detail)
        self._ask = self._timer(SETTLED, self._load_value)
        self._make_choices()
        self._place()
        self.setAccessibleName(self.tr("Heatmap"))
        self.slices.changed.connect(self.refresh)
        self.view.window_moved.connect(self._settle.start)
        self.view.cursor_moved.connect(self._cursor_moved)
        session.selection_changed.connect(self.refresh)
        session.document_changed.connect(lambda id: self.refresh())

    # -- what is shown ------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Follows the selection, the slice and what the blocks stand for; later, while the panel is hidden."""
        if not self.isVisible():
            self._stale = True
            for task in (TASK, DETAIL, VALUE):
                self._tasks.cancel(task)
            return
        self._stale = False
        found = one_tensor(self._session)
        if isinstance(found, str):
            self._say(found)
            return
        ckpt, info = found
        shape = core.readable_shape(info)
        if self._tensor is None or self._tensor[0] is not ckpt or self._tensor[1] is not info:
            self._tensor, self._wanted = found, ()
            self.heading.set_name(info.key)
            self.remark.setText(self._facts(info))
            if not self._map_chosen:
                self._propose_colours(info)
            self.slices.offer(shape)
        if 0 in shape:
            self._say(self.tr("No elements: the shape is {shape}.").format(shape=words.shape(shape)), named=True)
            return
        wanted = (info.key, self.slices.plane, self._how.currentData())
        if wanted != self._wanted:
            self._wanted = wanted
            self._start()

    def _start(self) -> None:
        if self._tensor is None:
            return
        (ckpt, info), wanted = self._tensor, self._wanted
        self._tasks.cancel(DETAIL)
        kept = self._kept.get(wanted)
        if kept is not None and kept[0] is ckpt:
            self._kept.move_to_end(wanted)
            self._tasks.cancel(TASK)
            self._done(wanted, kept[1])
            return
        plane, how, colouring = self.slices.plane, self._how.currentData(), self._colouring
        self.notice.progress(0, 0)
        self._patience.start()
        self._tasks.start(TASK, lambda monitor: _painted(_whole(ckpt, info.key, plane, how, monitor), colouring),
                          on_done=lambda found: self._done(wanted, found), on_error=self._failed,
                          on_progress=lambda done, total, what: self.notice.progress(
                              done, total, self.tr("{percent} %").format(percent=done * 100 // total) if total else ""),
                          on_cancel=self._cancelled,
                          label=self.tr("Heatmap of {name}").format(name=core.visible(info.key, 60)))

    def _done(self, wanted: tuple[object, ...], found: _Picture) -> None:
        if self._tensor is None or wanted != self._wanted:
            return
        self._patience.stop()
        if found.colouring != self._colouring:            # another colour was chosen meanwhile
            found = _painted(found.layer.part, self._colouring)
        part = found.layer.part
        self._kept[wanted] = (self._tensor[0], found)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        plane = self.slices.plane
        same = self.view.plane.size == plane.size and self.view.base is not None
        self.view.show_plane(plane, found.layer, found.colouring.colours, found.limits, keep_view=same)
        self._pages.setCurrentWidget(self._shown)
        self._how.setVisible(not part.exact)
        self._how_label.setVisible(not part.exact)
        self.remark.setText(self._facts(self._tensor[1], found))
        self._settle.start()

    def _failed(self, error: Exception) -> None:
        self._patience.stop()
        self.view.clear()
        self.notice.fail(error)
        self._pages.setCurrentWidget(self.notice)
        if not isinstance(error, core.InspectorError):
            raise error

    def _cancelled(self) -> None:
        self._patience.stop()
        if self.isVisible() and self._wanted:
            self.notice.say(self.tr("Stopped."), "", self.tr("Draw it"))
            self._pages.setCurrentWidget(self.notice)

    def _show_running(self) -> None:
        if any(task.key == TASK for task in self._tasks.running):
            self.notice.run()
            self._pages.setCurrentWidget(self.notice)

    def _say(self, text: str, *, named: bool = False) -> None:
        self._wanted = ()
        if not named:
            self._tensor = None
            self.heading.set_name(self.tr("Heatmap"))
            self.remark.clear()
            self.slices.offer(())
        self._patience.stop()
        for task in (TASK, DETAIL, VALUE):
            self._tasks.cancel(task)
        self.view.clear()
        self.notice.say(text)
        self._pages.setCurrentWidget(self.notice)

    # -- nearer -------------------------------------------------------------------------------------------------------

    def _load_detail(self) -> None:
        """What is in view, as finely as the screen shows it; nothing where the picture is fine enough."""
        base = self.view.base
        if self._tensor is None or base is None or base.exact or not self.isVisible():
            return
        (ckpt, info), wanted, plane, how = self._tensor, self._wanted, self.slices.plane, self._how.currentData()
        rows, cols = (_margin(span, whole) for span, whole in zip(self.view.in_view, plane.size, strict=True))
        ratio = self.devicePixelRatioF()
        across, down = self.view.pixels_a_cell
        if all(span.step == 1 or span.step * pixels * ratio < 1.5 for span, pixels in ((base.rows, down), (base.cols, across))):
            self._tasks.cancel(DETAIL)
            self.view.set_detail(None, self._limits(base))
            return
        most = (len(rows), len(cols)) if len(rows) * len(cols) <= EXACT else MOST
        self._tasks.start(DETAIL, lambda monitor: core.reduce_slice(
            ckpt, info.key, plane, rows, cols, most=most, how=how, budget=BUDGET, monitor=monitor),
            on_done=lambda part: self._finer(wanted, part), on_error=lambda error: None,
            label=self.tr("Heatmap of {name}").format(name=core.visible(info.key, 60)))

    def _finer(self, wanted: tuple[object, ...], part: core.Reduced) -> None:
        """Single elements reach further than the means of blocks: the colours widen with what has been seen."""
        if wanted == self._wanted and self.view.base is not None:
            found, before = self._limits(part), self.view.limits
            self.view.set_detail(part, Limits(min(found.low, before.low), max(found.high, before.high), found.clipped or before.clipped))

    def _cursor_moved(self) -> None:
        self._value = None
        self._show_readout()
        cell = self.view.cursor_cell
        if cell is not None:
            self._ask.start()
        else:
            self._ask.stop()

    def _load_value(self) -> None:
        """The element under the cursor, in full precision and its own type."""
        cell = self.view.cursor_cell
        at = self.view.plane.position(*cell) if cell else None
        if self._tensor is None or cell is None or at is None:
            return
        (ckpt, info), flat = self._tensor, core.ravel(at, self.view.plane.shape)
        self._tasks.start(VALUE, lambda monitor: exporting.texts(core.read_values(ckpt, info.key, flat, 1)),
                          on_done=lambda texts: self._value_read(cell, texts), on_error=lambda error: None)

    def _value_read(self, cell: tuple[int, int], texts: list[str]) -> None:
        if self.view.cursor_cell == cell and texts:
            self._value = (*cell, texts[0])
            self._show_readout()

    def _show_readout(self) -> None:
        cell, info = self.view.cursor_cell, self._tensor[1] if self._tensor else None
        at = self.view.plane.position(*cell) if cell else None
        if cell is None or at is None or info is None:
            self.readout.setText(self.tr("Point at a cell, or use the arrow keys. Wheel zooms, R shows all."))
            return
        where = "[" + ", ".join(str(n) for n in at) + "]"
        if self._value is not None and self._value[:2] == cell:
            said = f"{where}  =  {self._value[2]}"
        else:
            value = self.view.value_at(*cell)
            said = f"{where}  =  {number(value, 9)}" if value is not None else where
        block = self.view.block_at(*cell)
        if block is not None and len(block[1]) * len(block[2]) > 1:
            said += "   ·   " + self._block_text(block)
        self.readout.setText(said)

    def _block_text(self, block: tuple[float, range, range]) -> str:
        value, size = number(block[0], 6), f"{len(block[1])} × {len(block[2])}"
        if self._how.currentData() == "absmax":
            return self.tr("largest magnitude of {size} here: {value}").format(size=size, value=value)
        if self._how.currentData() == "sample":
            return self.tr("one of {size} here: {value}").format(size=size, value=value)
        return self.tr("mean of {size} here: {value}").format(size=size, value=value)

    def _facts(self, info: core.TensorInfo, found: _Picture | None = None) -> str:
        facts = [info.dtype, words.shape(info.shape), words.size(info.nbytes)]
        kind = core.DTYPES[info.dtype].kind if info.dtype in core.DTYPES else ""
        if kind == "complex":
            facts.append(self.tr("complex numbers are shown by their magnitude"))
        if kind == "quantized":
            facts.append(self.tr("quantized values are shown as the integers that are stored"))
        part = found.layer.part if found is not None else None
        if part is not None and not part.exact:
            size = f"{part.rows.step} × {part.cols.step}"
            facts.append(self.tr("drawn from blocks of {size}, exact when you zoom in").format(size=size))
            if part.read < part.total and self._how.currentData() != "sample":
                facts.append(self.tr("{share} of the elements read").format(share=words.share(part.read, part.total)))
        if found is not None and found.odd:
            facts.append((self.tr("{n} cells with NaN or infinities") if found.layer.part.exact
                          else self.tr("{n} blocks with NaN or infinities")).format(n=f"{found.odd:,}"))
        return " · ".join(facts)

    # -- colours ------------------------------------------------------------------------------------------------------

    @property
    def _colouring(self) -> _Colouring:
        return _Colouring(MAPS[self._colours.currentData()], self._centre.currentData(), self._clip.currentData(),
                     theme.colours(self.palette()).dark)

    def _limits(self, part: core.Reduced) -> Limits:
        return limits_of(part.values, self._centre.currentData(), self._clip.currentData())

    def _propose_colours(self, info: core.TensorInfo) -> None:
        """Weights lie around zero; bytes and truths do not."""
        around = not (info.dtype in core.DTYPES and core.DTYPES[info.dtype].kind in ("uint", "bool"))
        self._centre.setCurrentIndex(self._centre.findData(around))
        self._colours.setCurrentIndex(self._colours.findData("blue-red" if around else "viridis"))

    def _recolour(self) -> None:
        self._map_chosen = True
        if self.view.base is not None:
            self.view.recolour(self._colouring.colours, self._limits(self.view.detail or self.view.base))

    def _make_choices(self) -> None:
        self._colours = self._box(self.tr("Colours"), [
            (self.tr("Blue–red"), "blue-red"), (self.tr("Purple–orange"), "purple-orange"), (self.tr("Viridis"), "viridis"),
            (self.tr("Cividis"), "cividis"), (self.tr("Grey"), "grey")])
        self._centre = self._box(self.tr("Range of the colours"), [
            (self.tr("Around zero"), True), (self.tr("Least to greatest"), False)])
        self._clip = self._box(self.tr("Share of the values within the colours"), [
            (self.tr("All values"), 1.0), ("99.9 %", 0.999), ("99 %", 0.99), ("95 %", 0.95)])
        self._how = self._box(self.tr("What a block shows"), [
            (self.tr("Mean"), "mean"), (self.tr("Largest magnitude"), "absmax"), (self.tr("One element"), "sample")])
        for box in (self._colours, self._centre, self._clip):
            box.activated.connect(self._recolour)
        self._how.activated.connect(self.refresh)

    # -- giving it away -----------------------------------------------------------------------------------------------

    def copy_picture(self) -> None:
        QGuiApplication.clipboard().setImage(self.view.picture())

    def copy_data(self) -> None:
        """The elements in view, tab-separated; the first lines of them when they are too many."""
        rows, cols = self.view.in_view
        if self._tensor is None or not cols:
            return
        rows = rows[:max(1, _COPIED // len(cols))]
        (ckpt, info), plane = self._tensor, self.view.plane
        said = self.tr("Copied {n} rows and {m} columns.").format(n=f"{len(rows):,}", m=f"{len(cols):,}")
        self._tasks.start(SAVE, lambda monitor: b"".join(exporting.table(ckpt, info.key, plane, rows, cols, "\t", monitor)),
                          on_done=lambda data: self._copied(data, said), on_error=self._not_saved, label=self.tr("Copying values"))

    def _copied(self, data: bytes, said: str) -> None:
        QGuiApplication.clipboard().setText(data.decode("ascii"))
        self.readout.setText(said)

    def save_picture(self) -> None:
        if self._tensor is None:
            return
        path = self._choose_path(self, self.tr("Save picture"), exporting.file_name(self._tensor[1].key, ".png"),
                                 self.tr("PNG pictures (*.png)"))
        if path:
            try:
                exporting.write_picture(path, self.view.picture())
            except core.SaveError as error:
                self._not_saved(error)
            else:
                self.readout.setText(self.tr("Saved {path}").format(path=core.visible(path)))

    def _not_saved(self, error: Exception) -> None:
        if not isinstance(error, core.InspectorError):
            raise error
        self.readout.setText(f"{core.visible(error.message, 400)} {core.visible(error.hint, 200)}".strip())

    # -- Qt's side ----------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if any(task.key == TASK for task in self._tasks.running):
            self._wanted = ()
            self._stale = True
        for task in (TASK, DETAIL, VALUE):
            self._tasks.cancel(task)

    def sizeHint(self) -> QSize:
        return QSize(560, 640)

    def _timer(self, wait: int, run: Callable[[], None]) -> QTimer:
        made = QTimer(self)
        made.setSingleShot(True)
        made.setInterval(wait)
        made.timeout.connect(run)
        return made

    @staticmethod
    def _box(name: str, choices: list[tuple[str, object]]) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        box.setToolTip(name)
        for text, data in choices:
            box.addItem(text, data)
        return box

    def _place(self) -> None:
        choices = QHBoxLayout()
        choices.setSpacing(8)
        self._how_label = label(self.tr("Blocks"), tone="muted", selectable=False)
        for widget in (label(self.tr("Colours"), tone="muted", selectable=False), self._colours, self._centre, self._clip,
                       self._how_label, self._how):
            choices.addWidget(widget)
        choices.addStretch(1)
        self._how.hide()
        self._how_label.hide()
        menu = QMenu(self)
        for text, run in ((self.tr("Show all\tR"), self.view.fit), (self.tr("Zoom in\t+"), partial(self.view.zoom, 1.5)),
                          (self.tr("Zoom out\t-"), partial(self.view.zoom, 1 / 1.5)), ("", None),
                          (self.tr("Copy data in view"), self.copy_data), (self.tr("Copy picture"), self.copy_picture),
                          (self.tr("Save picture as PNG…"), self.save_picture)):
            if run is None:
                menu.addSeparator()
            else:
                menu.addAction(text, run)
        self.menu_button = QPushButton(self.tr("Picture"))
        self.menu_button.setAccessibleName(self.tr("Save, copy or zoom the picture"))
        self.menu_button.setFlat(True)
        self.menu_button.setMenu(menu)
        bottom = QHBoxLayout()
        bottom.addWidget(self.readout, 1)
        bottom.addWidget(self.menu_button)
        self._shown = QWidget()
        inside = QVBoxLayout(self._shown)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(6)
        inside.addLayout(choices)
        inside.addWidget(self.view, 1)
        inside.addLayout(bottom)
        self._pages = QStackedLayout()
        self._pages.addWidget(self.notice)
        self._pages.addWidget(self._shown)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 14, 16, 12)
        whole.setSpacing(4)
        whole.addWidget(self.heading)
        whole.addWidget(self.remark)
        whole.addSpacing(6)
        whole.addWidget(self.slices)
        whole.addSpacing(4)
        whole.addLayout(self._pages, 1)


def _painted(part: core.Reduced, colouring: _Colouring) -> _Picture:
    import numpy as np
    limits = limits_of(part.values, colouring.symmetric, colouring.share)
    not_finite = int(np.count_nonzero(~np.isfinite(part.values)))
    return _Picture(layer_of(part, colouring.colours, limits, colouring.dark), colouring, limits, not_finite)


def _whole(ckpt: core.Checkpoint, key: str, plane: core.Plane, how: core.Reduction, monitor: core.Monitor) -> core.Reduced:
    rows, cols = plane.size
    most = (rows, cols) if rows * cols <= EXACT and max(rows, cols) <= 1 << 14 else MOST
    return core.reduce_slice(ckpt, key, plane, most=most, how=how, budget=BUDGET, monitor=monitor)


def _margin(span: range, size: int) -> range:
    """A little more than is in view, so that small movements find it there."""
    more = len(span) // 4
    return range(max(0, span.start - more), min(size, span.stop + more))
