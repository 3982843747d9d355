"""The selected tensor as a picture: any two of its dimensions, kernels side by side, a vector in folded lines.

    selection, slice → worker: core.reduce_slice of all of it → picture
    zoomed in        → worker: core.reduce_slice of what is in view → laid over it, exact when near enough
    cursor           → worker: core.read_values of one element, where only blocks are at hand

At most `BUDGET` bytes are read for a picture; of larger tensors it is made from lines that lie evenly in it.
"""
from __future__ import annotations

from functools import partial
from typing import NamedTuple

from PySide6.QtGui import QGuiApplication, QImage, QPalette
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from inspector import core
from inspector.gui.kit import exporting, file_dialogs, theme, words
from inspector.gui.models.plot_scales import number, percent, typeset
from inspector.gui.state.looked_at import looked_at
from inspector.gui.state.requests import Phase, Request, Requests
from inspector.gui.state.session import Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.boxes import GivesWay, as_high_as_it_is, label, leave_the_wheel, scrolling
from inspector.gui.widgets.choice import Choice
from inspector.gui.widgets.colour_maps import MAPS, ColourMap, Limits, limits_of
from inspector.gui.widgets.elided import ElidedLabel
from inspector.gui.widgets.flow import flowing
from inspector.gui.widgets.heading import Heading
from inspector.gui.widgets.heatmap_view import HeatmapView, Layer, layer_of
from inspector.gui.widgets.kernel_page import KernelPage, Sheet
from inspector.gui.widgets.kernel_sheet import sheet_image
from inspector.gui.widgets.lazy_panel import SelectionPanel
from inspector.gui.widgets.result_pages import ResultPages
from inspector.gui.widgets.seen_as import SeenAsBar
from inspector.gui.widgets.slice_controls import SliceControls
from inspector.gui.widgets.value_chips import Chip, ValueChips

TASK, DETAIL, VALUE, SAVE = "heatmap", "heatmap-detail", "heatmap-value", "heatmap-save"
NORMS = "heatmap-norms"
BUDGET = 192 << 20              # bytes read for one picture
MOST = (1024, 1024)             # blocks of a picture
EXACT = 1 << 20                 # elements that are shown without blocks
KEPT = 12                       # pictures that are kept: 8 MB each at most
SETTLED = 90                    # milliseconds the view or the cursor rests before more is read for it
LEAST_PICTURE = 190             # pixels of height; below that all of the panel scrolls
_COPIED = 1 << 20               # elements that are put on the clipboard at most


class _Colouring(NamedTuple):
    """How numbers are coloured."""

    colours: ColourMap
    symmetric: bool
    share: float
    dark: bool


class _Picture(NamedTuple):
    """What a worker made of a slice. `nonfinite`: blocks with NaN or infinities; `order`: the row at each place, None as stored;
    `by`: which order that is."""

    layer: Layer
    colouring: _Colouring
    limits: Limits
    nonfinite: int
    order: list[int] | None
    by: core.RowOrder | None


class HeatmapPanel(SelectionPanel):
    """`requests` are for the picture; `detail` and `value` for what is in view and under the cursor."""

    def __init__(self, session: Session, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(session, tasks, parent)
        self.choose_path = file_dialogs.ask_where_to_save
        self._tensor: tuple[core.Checkpoint, core.TensorInfo] | None = None
        self._map_chosen = False
        self._order: list[int] | None = None       # of what is shown: the row at each place
        self._by: core.RowOrder | None = None
        self.requests: Requests[_Picture | Sheet] = self.make_requests(TASK, keep=KEPT)
        self.detail: Requests[core.Reduced] = self.make_requests(DETAIL, rest=SETTLED)
        self.norms: Requests[core.ChannelMeasures] = self.make_requests(NORMS, keep=KEPT)
        self.value: Requests[str] = self.make_requests(VALUE, rest=SETTLED)
        self.heading = Heading()
        self.seen_as = SeenAsBar(session)
        self.remark = self.seen_as.remark
        self.chips = ValueChips()
        self.chips.sought.connect(lambda what: self.place_asked.emit(what))
        self.slices = SliceControls(mosaics=True)
        self.view = HeatmapView()
        self.kernels = KernelPage()
        self.readout = ElidedLabel()
        self.readout.setAccessibleName(self.tr("Element under the cursor"))
        self._make_choices()
        self._place()
        self.setAccessibleName(self.tr("Heatmap"))
        self.requests.changed.connect(self._answered)
        self.detail.changed.connect(self._show_detail)
        self.value.changed.connect(self._show_readout)
        self.norms.changed.connect(self._show_norms)
        self.slices.changed.connect(self.refresh)
        self.view.window_moved.connect(self._ask_detail)
        self.view.cursor_moved.connect(self._cursor_moved)
        self.view.opened.connect(self._open_cell)
        self.kernels.changed.connect(self._sheet_changed)
        self.kernels.opened.connect(self._open_kernel)

    # -- what is shown ------------------------------------------------------------------------------------------------

    def follow(self) -> None:
        """The selection, the slice and what the blocks stand for."""
        at = looked_at(self._session)
        self.seen_as.offer(None if isinstance(at, str) else at)
        if isinstance(at, str):
            self.let_go()
            self.heading.set_name(self.tr("Heatmap"))
            self.remark.clear()
            self.slices.offer(())
            self.pages.say(at)
            return
        ckpt, info = at.checkpoint, at.info
        shape = core.readable_shape(info)
        if self._tensor is None or self._tensor[0] is not ckpt or self._tensor[1] is not info:
            self._tensor = ckpt, info
            self.heading.set_name(info.key)
            self.remark.setText(self._facts(info))
            if not self._map_chosen:
                self._propose_colours(info)
            transposed = core.is_transposed(ckpt, info.key)
            self.slices.offer(shape, transposed=transposed)
            outputs, inputs = shape[:2] if len(shape) == 4 else (0, 0)
            self.kernels.offer(*((inputs, outputs) if transposed else (outputs, inputs)), transposed=transposed)
        if 0 in shape:
            self.requests.ask(None)
            self._clear_view()
            self.pages.say(self.tr("No elements: the shape is {shape}.").format(shape=words.shape(shape)))
            return
        if self.slices.sheet and info.nbytes <= BUDGET:
            self._ask_sheet(ckpt, info)
            return
        plane, how, colouring = self.slices.plane, self.how.currentData(), self._colouring
        by = self._offer_order(info, plane)
        self.requests.ask(Request(ckpt, (info.key, plane, how, by),
                                  lambda monitor: _drawn(ckpt, info.key, plane, how, by, colouring, monitor),
                                  label=self.tr("Heatmap of {name}").format(name=core.visible(info.key, 60))))

    def _offer_order(self, info: core.TensorInfo, plane: core.Plane) -> core.RowOrder | None:
        """In which order rows are wanted: only those of a matrix that is read whole."""
        there = len(plane.shape) == 2 and not plane.fold and plane.rows == (0,) and 1 not in plane.shape and info.nbytes <= BUDGET
        self._has_order = there
        many = plane.size[0] > core.ALIKE_AT_MOST
        self.order.allow("alike", self.tr("More than {n} rows are not compared with each other.").format(n=f"{core.ALIKE_AT_MOST:,}")
                         if there and many else "")
        by: core.RowOrder | None = self.order.data
        return None if not there or (by == "alike" and many) else by

    def _ask_sheet(self, ckpt: core.Checkpoint, info: core.TensorInfo) -> None:
        page, colouring = self.kernels, self._colouring
        inputs, common, first, transposed, alike = page.shows, page.common, page.first, page.transposed, page.order == "alike"
        self.slices.show_one_input(inputs == "one")
        input = self.slices.input if inputs == "one" else None

        def work(monitor: core.Monitor) -> Sheet:
            found = core.kernel_sheet(ckpt, info.key, input, first, monitor, over=inputs == "norm", transposed=transposed)
            image = sheet_image(found.tiles, common=common, shown=colouring.colours, dark=colouring.dark, rgb=inputs == "rgb",
                                around=inputs != "norm")
            order = core.alike_order(found.tiles, monitor) if alike else None
            return Sheet(found, image, colouring.colours, inputs, core.unit_lines(found.tiles), order)

        self.requests.ask(Request(ckpt, (info.key, "sheet", inputs, input, first, common, alike, colouring), work,
                                  label=self.tr("Kernels of {name}").format(name=core.visible(info.key, 60))))

    def _sheet_changed(self) -> None:
        if self._tensor is not None:
            self.slices.show_one_input(self.kernels.shows == "one")
        self.refresh()

    def _open_kernel(self, output: int) -> None:
        """Element by element, among the values."""
        if self._tensor is not None:
            input = self.slices.input
            self.place_asked.emit((input, output, 0, 0) if self.kernels.transposed else (output, input, 0, 0))

    def _open_cell(self) -> None:
        at = self.view.position(self.view.cursor_cell)
        if at is not None:
            self.place_asked.emit(at)

    def let_go(self) -> None:
        super().let_go()
        self._tensor = None
        self._clear_view()

    def _clear_view(self) -> None:
        for requests in (self.detail, self.value, self.norms):
            requests.ask(None)
        self._show_zeros()
        self.view.clear()
        self.kernels.clear()

    def _answered(self) -> None:
        if self.requests.phase is Phase.FAILED:
            self._clear_view()
        elif self.requests.phase is Phase.DONE and self.requests.result is not None and self._tensor is not None:
            found = self.requests.result
            self._shown.setCurrentIndex(1 if isinstance(found, Sheet) else 0)
            self.kernels.readout.setVisible(isinstance(found, Sheet))
            self.kernels.show_choices(isinstance(found, Sheet))
            if isinstance(found, Sheet):
                self.norms.ask(None)
                self.beside.hide()
                self.order.hide()
                self._show_zeros()
            for widget in self._of_pictures:
                widget.setVisible(not isinstance(found, Sheet))
            coloured = isinstance(found, Sheet) and found.inputs == "rgb"           # red, green and blue are its colours
            self.colours_label.setVisible(not coloured)
            self.colours.setVisible(not coloured)
            if isinstance(found, Sheet):
                self._show_sheet(found, self._tensor[1])
            else:
                self._show_picture(found, self._tensor[1])

    def _show_sheet(self, found: Sheet, info: core.TensorInfo) -> None:
        self.how.hide()
        self.how_label.hide()
        self.kernels.show_sheet(found)
        outputs, inputs = len(found.found.norms.outputs), len(found.found.norms.inputs)
        text = self.tr("{n} kernels of {size}, {m} inputs") if inputs != 1 else self.tr("{n} kernels of {size}, 1 input")
        kernels = text.format(n=f"{outputs:,}", size=words.shape(info.shape[2:]), m=f"{inputs:,}")
        turned = [self.tr("transposed: dim 0 counts the inputs")] if self.kernels.transposed else []
        self.remark.setText(" · ".join([self._facts(info), kernels, *turned]))

    def _show_picture(self, found: _Picture, info: core.TensorInfo) -> None:
        if found.colouring != self._colouring:          # another colour was chosen meanwhile
            found = _painted(found.layer.part, self._colouring, found.order, found.by)
        plane, part = self.slices.plane, found.layer.part
        same = self.view.plane.size == plane.size and self.view.base is not None
        self._order, self._by = found.order, found.by
        self.order.setVisible(self._has_order)
        self.view.show_plane(plane, found.layer, found.colouring.colours, found.limits, keep_view=same, order=found.order)
        self._ask_norms(info, plane)
        self.how.setVisible(not part.exact)
        self.how_label.setVisible(not part.exact)
        self.remark.setText(self._facts(info, found))
        self.detail.ask(None)
        self._ask_detail()

    def _ask_norms(self, info: core.TensorInfo, plane: core.Plane) -> None:
        """What a matrix has beside it: how large each of its rows and columns is."""
        fits = len(plane.shape) == 2 and not plane.fold and 1 not in plane.shape and info.nbytes <= BUDGET and self._tensor is not None
        self.beside.setVisible(fits)
        self.view.reserve_margins(fits and self.beside.data != "none")
        self._show_zeros()
        if not fits or self._tensor is None:
            self.norms.ask(None)
            return
        ckpt = self._tensor[0]
        self.norms.ask(Request(ckpt, info.key, lambda monitor: core.channel_measures(ckpt, info.key, monitor),
                               label=self.tr("Norms of {name}").format(name=core.visible(info.key, 60))))
        self._show_norms()              # they may be known, and nothing changes then

    def _show_norms(self) -> None:
        """What was chosen to stand beside a matrix, and how much of it is zero."""
        found, plane = self.norms.result, self.slices.plane
        self._show_zeros()
        if found is None or self._tensor is None or self.beside.data == "none":
            return
        by = {"norm": found.norms, "mean": found.means, "zeros": found.zeros}[self.beside.data]
        parts = abs(by.outputs), abs(by.inputs)
        dead = found.norms.outputs == 0, found.norms.inputs == 0
        turned = plane.rows != (0,)
        if self._order is not None:
            parts, dead = (parts[0][self._order], parts[1]), (dead[0][self._order], dead[1])
        self.view.set_margins(*(parts[::-1] if turned else parts), dead[::-1] if turned else dead)

    def _show_zeros(self) -> None:
        """How much of a matrix is zero; which of its rows and columns are so whole is marked beside it."""
        found = self.norms.result
        if found is None or not self.beside.isVisibleTo(self):
            self.chips.show_chips([])
            return
        share = float(found.zeros.outputs.mean()) if found.zeros.outputs.size else 0.0
        rows, cols = (int((norms == 0).sum()) for norms in found.norms)
        chips = [Chip(self.tr("{share} zeros").format(share=percent(round(share * 10 ** 6), 10 ** 6)), "warning" if share >= 0.5 else "",
                      self.tr("The share of all elements that is zero"), "zero" if share else None)]
        if rows:
            chips.append(Chip(self.tr("{n} of {all} rows all zero").format(n=f"{rows:,}", all=f"{len(found.norms.outputs):,}"), "warning",
                              self.tr("Outputs that nothing reaches: they are marked at the right")))
        if cols:
            chips.append(Chip(self.tr("{n} of {all} columns all zero").format(n=f"{cols:,}", all=f"{len(found.norms.inputs):,}"), "warning",
                              self.tr("Inputs that are not used: they are marked above")))
        self.chips.show_chips(chips)

    # -- nearer -------------------------------------------------------------------------------------------------------

    def _ask_detail(self) -> None:
        """What is in view, as finely as the screen shows it; nothing where the picture is fine enough."""
        base = self.view.base
        if self._tensor is None or base is None or base.exact or not self.isVisible():
            self.detail.ask(None)
            return
        (ckpt, info), plane, how, order = self._tensor, self.slices.plane, self.how.currentData(), self._order
        rows, cols = (_margin(span, whole) for span, whole in zip(self.view.in_view, plane.size, strict=True))
        ratio = self.devicePixelRatioF()
        across, down = self.view.pixels_a_cell
        if all(span.step == 1 or span.step * pixels * ratio < 1.5 for span, pixels in ((base.rows, down), (base.cols, across))):
            self.detail.ask(None)
            if self.view.detail is not None:
                self.view.set_detail(None, self._limits(base))
            return
        most = (len(rows), len(cols)) if len(rows) * len(cols) <= EXACT else MOST
        by = self._by
        self.detail.ask(Request(ckpt, (info.key, plane, how, rows, cols, most, by), lambda monitor: core.reduce_slice(
            ckpt, info.key, plane, rows, cols, most=most, how=how, budget=BUDGET, order=order, monitor=monitor),
            label=self.tr("Heatmap of {name}").format(name=core.visible(info.key, 60))))

    def _show_detail(self) -> None:
        """Single elements reach further than the means of blocks: the colours widen with what has been seen."""
        part = self.detail.result
        if part is not None and self.view.base is not None:
            found, before = self._limits(part), self.view.limits
            self.view.set_detail(part, Limits(min(found.low, before.low), max(found.high, before.high), found.clipped or before.clipped))

    def _cursor_moved(self) -> None:
        """The element under the cursor, in full precision and its own type."""
        cell = self.view.cursor_cell
        at = self.view.position(cell)
        if self._tensor is None or cell is None or at is None:
            self.value.ask(None)
        else:
            (ckpt, info), flat = self._tensor, core.ravel(at, self.view.plane.shape)
            self.value.ask(Request(ckpt, (info.key, at), lambda monitor: exporting.texts(core.read_values(ckpt, info.key, flat, 1))[0]))
        self._show_readout()

    def _show_readout(self) -> None:
        cell, info = self.view.cursor_cell, self._tensor[1] if self._tensor else None
        at = self.view.position(cell)
        if cell is None or at is None or info is None:
            self.readout.setText(self.tr("Point at a cell, or use the arrow keys. Wheel zooms, R shows all."))
            return
        where = "[" + ", ".join(str(n) for n in at) + "]"
        if self.value.result is not None and self.value.request is not None and self.value.request.key == (info.key, at):
            said = f"{where}  =  {self.value.result}"
        else:
            value = self.view.value_at(*cell)
            said = f"{where}  =  {number(value, 9)}" if value is not None else where
        block = self.view.block_at(*cell)
        if block is not None and len(block[1]) * len(block[2]) > 1:
            said += "   ·   " + self._block_text(block)
        if self.norms.result is not None and len(at) == 2:
            said += "   ·   " + self._said_of_lines(self.norms.result, at[0], at[1])
        self.readout.setText(typeset(said))

    def _said_of_lines(self, found: core.ChannelMeasures, row: int, column: int) -> str:
        """What stands beside a matrix, of one row and one column."""
        if self.beside.data == "mean":
            means = found.means
            return self.tr("mean of row {row}: {down}, of column {column}: {across}").format(
                row=row, down=number(float(means.outputs[row]), 4), column=column, across=number(float(means.inputs[column]), 4))
        if self.beside.data == "zeros":
            zeros = found.zeros
            return self.tr("zeros in row {row}: {down}, in column {column}: {across}").format(
                row=row, down=f"{zeros.outputs[row]:.1%}", column=column, across=f"{zeros.inputs[column]:.1%}")
        norms = found.norms
        return self.tr("norm of row {row}: {down}, of column {column}: {across}").format(
            row=row, down=number(float(norms.outputs[row]), 4), column=column, across=number(float(norms.inputs[column]), 4))

    def _block_text(self, block: tuple[float, range, range]) -> str:
        value, size = number(block[0], 6), f"{len(block[1])} × {len(block[2])}"
        if self.how.currentData() == "extreme":
            return self.tr("largest magnitude of {size} here: {value}").format(size=size, value=value)
        if self.how.currentData() == "sample":
            return self.tr("one of {size} here: {value}").format(size=size, value=value)
        return self.tr("mean of {size} here: {value}").format(size=size, value=value)

    def _facts(self, info: core.TensorInfo, found: _Picture | None = None) -> str:
        facts = [core.visible(info.type_words), words.shape(info.shape), words.size(info.stored_nbytes)]
        kind = core.DTYPES[info.dtype].kind if info.dtype in core.DTYPES else ""
        if kind == "complex":
            facts.append(self.tr("complex numbers are shown by their magnitude"))
        if kind == "quantized":
            facts.append(self.tr("quantized values are shown as the integers that are stored"))
        part = found.layer.part if found is not None else None
        if part is not None and not part.exact:
            dot = {"mean": self.tr("each dot is the mean of {size}, exact when you zoom in"),
                   "extreme": self.tr("each dot is the largest of {size}, exact when you zoom in"),
                   "sample": self.tr("each dot is one of {size}, exact when you zoom in")}[self.how.currentData()]
            facts.append(dot.format(size=f"{part.rows.step} × {part.cols.step}"))
            if part.read < part.total and self.how.currentData() != "sample":
                facts.append(self.tr("made from {share} of the elements").format(share=words.share(part.read, part.total)))
        elif part is not None:
            facts.append(self.tr("every element drawn"))
        if found is not None and found.order is not None:
            facts.append(self.tr("rows by norm") if found.by == "norm" else self.tr("alike rows side by side"))
        if found is not None and found.nonfinite:
            facts.append((self.tr("{n} cells with NaN or infinities") if found.layer.part.exact
                          else self.tr("{n} blocks with NaN or infinities")).format(n=f"{found.nonfinite:,}"))
        return " · ".join(facts)

    # -- colours ------------------------------------------------------------------------------------------------------

    @property
    def _colouring(self) -> _Colouring:
        return _Colouring(MAPS[self.colours.currentData()], self.centre.currentData(), self.clip.currentData(),
                     theme.colours(self.palette()).dark)

    def _limits(self, part: core.Reduced) -> Limits:
        return limits_of(part.values, self.centre.currentData(), self.clip.currentData())

    def _propose_colours(self, info: core.TensorInfo) -> None:
        """Weights lie around zero; bytes and truths do not."""
        around = not (info.dtype in core.DTYPES and core.DTYPES[info.dtype].kind in ("uint", "bool")) and not (
            info.unpacked is not None and info.unpacked.whole and info.unpacked.scheme.startswith("uint"))
        self.centre.setCurrentIndex(self.centre.findData(around))
        self.colours.setCurrentIndex(self.colours.findData("blue-red" if around else "viridis"))

    def _recolour(self) -> None:
        self._map_chosen = True
        if self._shown.currentIndex():
            self.refresh()
        if self.view.base is not None:
            self.view.recolour(self._colouring.colours, self._limits(self.view.detail or self.view.base))

    def _beside_chosen(self) -> None:
        self.view.reserve_margins(self.beside.data != "none")
        self._show_norms()
        self._show_readout()

    def _make_choices(self) -> None:
        self.colours = self._box(self.tr("Colours"), [
            (self.tr("Blue–red"), "blue-red"), (self.tr("Purple–orange"), "purple-orange"), (self.tr("Viridis"), "viridis"),
            (self.tr("Cividis"), "cividis"), (self.tr("Grey"), "grey")])
        self.centre = self._box(self.tr("Range of the colours"), [
            (self.tr("Around zero"), True), (self.tr("Least to greatest"), False)])
        self.clip = self._box(self.tr("Share of the values within the colours"), [
            (self.tr("All values"), 1.0), ("99.9 %", 0.999), ("99 %", 0.99), ("95 %", 0.95)])
        self.how = self._box(self.tr("What a block shows"), [
            (self.tr("Largest magnitude"), "extreme"), (self.tr("Mean"), "mean"), (self.tr("One element"), "sample")])
        self.beside = Choice(self.tr("Beside it"), [(self.tr("Norm"), "norm"), (self.tr("Mean"), "mean"), (self.tr("Zeros"), "zeros"),
                                                    (self.tr("None"), "none")],
                             tip=self.tr("Of each row and each column. Drag along it to look at a part."))
        self.beside.chosen.connect(self._beside_chosen)
        self._has_order = False
        self.order = Choice(self.tr("Order"), [(self.tr("As stored"), None), (self.tr("By norm"), "norm"), (self.tr("Alike"), "alike")],
                            tip=self.tr("Of the rows. Alike: after each the one whose elements point most where its own do."))
        self.order.chosen.connect(self.refresh)
        for box in (self.colours, self.centre, self.clip):
            box.activated.connect(self._recolour)
        self.how.activated.connect(self.refresh)

    # -- giving it away -----------------------------------------------------------------------------------------------

    def _zoom(self, factor: float) -> None:
        """0 shows all."""
        if self._shown.currentIndex():
            self.kernels.view.zoom(factor)
        elif factor:
            self.view.zoom(factor)
        else:
            self.view.fit()

    def copy_picture(self) -> None:
        QGuiApplication.clipboard().setImage(self._picture())

    def _picture(self) -> QImage:
        return self.kernels.view.picture() if self._shown.currentIndex() else self.view.picture()

    def copy_data(self) -> None:
        """The elements in view, tab-separated; the first lines of them when they are too many."""
        rows, cols = self.view.in_view
        if self._tensor is None or not cols:
            return
        rows = rows[:max(1, _COPIED // len(cols))]
        (ckpt, info), plane, order = self._tensor, self.view.plane, self._order
        runs = [rows] if order is None else [range(row, row + 1) for row in (order[place] for place in rows)]
        said = self.tr("Copied {n} rows and {m} columns.").format(n=f"{len(rows):,}", m=f"{len(cols):,}")
        self._tasks.start(SAVE, lambda monitor: b"".join(
            line for run in runs for line in exporting.table(ckpt, info.key, plane, run, cols, "\t", monitor)),
                          on_done=lambda data: self._copied(data, said), on_error=self._not_copied, label=self.tr("Copying values"))

    def _copied(self, data: bytes, said: str) -> None:
        QGuiApplication.clipboard().setText(data.decode("ascii"))
        self.readout.setText(said)

    def _file_name(self, ending: str) -> str:
        assert self._tensor is not None
        return exporting.name_of(self._tensor[0].path, self._tensor[1].key, "kernels" if self._shown.currentIndex() else "heatmap", ending)

    def save_picture(self) -> None:
        if self._tensor is None:
            return
        path = self.choose_path(self, self.tr("Save picture"), self._file_name(".png"), self.tr("PNG pictures (*.png)"))
        if path:
            picture = self._picture()
            exporting.carry_out(path, lambda: exporting.write_picture(path, picture), self, self.readout.setText)

    def save_drawing(self) -> None:
        if self._tensor is None:
            return
        path = self.choose_path(self, self.tr("Save drawing"), self._file_name(".svg"), self.tr("SVG drawings (*.svg)"))
        if path:
            shown = self.kernels.view.viewport() if self._shown.currentIndex() else self.view
            drawn = exporting.drawing_of_widget(shown, self.palette().color(QPalette.ColorRole.Base), self._tensor[1].key)
            exporting.carry_out(path, lambda: exporting.write(path, [drawn], "drawing"), self, self.readout.setText)

    def _not_copied(self, error: Exception) -> None:
        if not isinstance(error, core.InspectorError):
            raise error
        self.readout.setText(words.error(error))

    # -- places ---------------------------------------------------------------------------------------------------------

    @staticmethod
    def _box(name: str, choices: list[tuple[str, object]]) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        box.setToolTip(name)
        for text, data in choices:
            box.addItem(text, data)
        return box

    def _place(self) -> None:
        """What is around first, then what is in it: whatever gets a parent gets the style of all that is in it anew."""
        self.area, everything, whole = scrolling(self)
        whole.addWidget(self.heading)
        whole.addWidget(self.seen_as)
        whole.addWidget(self.chips)
        whole.addSpacing(6)
        whole.addWidget(self.slices)
        whole.addSpacing(4)
        shown = QWidget()
        as_high_as_it_is(shown)
        self.pages = ResultPages(shown, self.requests, read=self.tr("Draw it"), unit="share")
        whole.addWidget(self.pages, 1)
        inside = QVBoxLayout(shown)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(6)
        choices, row = flowing(8)
        inside.addWidget(choices)
        self.how_label = label(self.tr("Blocks"), tone="muted", selectable=False)
        self.colours_label = label(self.tr("Colours"), tone="muted", selectable=False)
        for widget in (self.colours_label, self.colours, self.centre, self.clip, self.how_label, self.how, self.beside, self.order,
                       *self.kernels.choices):
            row.addWidget(widget)
        self.kernels.show_choices(False)
        self.how.hide()
        self.how_label.hide()
        menu = QMenu(self)
        for text, run in ((self.tr("Show all\tR"), partial(self._zoom, 0)), (self.tr("Zoom in\t+"), partial(self._zoom, 1.5)),
                          (self.tr("Zoom out\t-"), partial(self._zoom, 1 / 1.5)), ("", None),
                          (self.tr("Copy data in view"), self.copy_data), (self.tr("Copy picture"), self.copy_picture),
                          (self.tr("Save picture as PNG…"), self.save_picture), (self.tr("Save drawing as SVG…"), self.save_drawing)):
            if run is None:
                menu.addSeparator()
            else:
                menu.addAction(text, run)
        self.menu_button = QPushButton(self.tr("Picture"))
        self.menu_button.setAccessibleName(self.tr("Save, copy or zoom the picture"))
        self.menu_button.setFlat(True)
        self.menu_button.setMenu(menu)
        self._shown = QStackedWidget()
        inside.addWidget(GivesWay(self._shown, LEAST_PICTURE), 1)
        self._shown.addWidget(self.view)
        self._shown.addWidget(self.kernels)
        bottom = QHBoxLayout()
        inside.addLayout(bottom)
        bottom.addWidget(self.readout, 1)
        bottom.addWidget(self.kernels.readout, 1)
        self.kernels.readout.hide()
        self._of_pictures = (self.readout, self.centre, self.clip)
        self.beside.hide()
        self.order.hide()
        bottom.addWidget(self.menu_button)
        leave_the_wheel(*everything.findChildren(QComboBox))


def _drawn(ckpt: core.Checkpoint, key: str, plane: core.Plane, how: core.Reduction, by: core.RowOrder | None, colouring: _Colouring,
           monitor: core.Monitor) -> _Picture:
    order = core.row_order(ckpt, key, by, monitor) if by is not None else None
    return _painted(_whole(ckpt, key, plane, how, order, monitor), colouring, order, by)


def _painted(part: core.Reduced, colouring: _Colouring, order: list[int] | None,
             by: core.RowOrder | None) -> _Picture:
    import numpy as np
    limits = limits_of(part.values, colouring.symmetric, colouring.share)
    layer = layer_of(part, colouring.colours, limits, colouring.dark)
    return _Picture(layer, colouring, limits, int(np.count_nonzero(~np.isfinite(part.values))), order, by)


def _whole(ckpt: core.Checkpoint, key: str, plane: core.Plane, how: core.Reduction, order: list[int] | None,
           monitor: core.Monitor) -> core.Reduced:
    rows, cols = plane.size
    most = (rows, cols) if rows * cols <= EXACT and max(rows, cols) <= 1 << 14 else MOST
    return core.reduce_slice(ckpt, key, plane, most=most, how=how, budget=BUDGET, order=order, monitor=monitor)


def _margin(span: range, size: int) -> range:
    """A little more than is in view, so that small movements find it there."""
    more = len(span) // 4
    return range(max(0, span.start - more), min(size, span.stop + more))
