"""What the selected tensors hold: a table of measures and a histogram.

    selection → requests → core.group_statistics → controls (bars, range, bins, together or apart) → table and plot

Small selections are measured at once, larger ones (`core.LIMITS.preview` bytes) when the person says so. Only a change of range reads
the tensors again; everything else is made from what was counted.
"""
from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod
from typing import NamedTuple

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QComboBox, QWidget

from inspector import core
from inspector.gui.kit import words
from inspector.gui.models.plot_scales import number, typeset
from inspector.gui.state.looked_at import QUANTIZED, LookedAt, looked_at
from inspector.gui.state.requests import Many, Phase, Request, Requests
from inspector.gui.state.session import Document, Selection, Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.state.value_checks import ValueChecks
from inspector.gui.widgets.boxes import GivesWay, leave_the_wheel, scrolling, upright_splitter
from inspector.gui.widgets.heading import Heading
from inspector.gui.widgets.histogram_controls import HistogramControls
from inspector.gui.widgets.histogram_plot import Curve, HistogramPlot
from inspector.gui.widgets.lazy_panel import SelectionPanel
from inspector.gui.widgets.plot_library import library
from inspector.gui.widgets.quantile_strip import Spread
from inspector.gui.widgets.result_pages import ResultPages
from inspector.gui.widgets.seen_as import SeenAsBar
from inspector.gui.widgets.stats_table import Column, StatsTable
from inspector.gui.widgets.value_chips import ValueChips, at_the_ends, chips_of

TASK, PLACES = "statistics", "statistics-places"
KEPT = 32                       # results that are kept
_MANY_KINDS = 32                # distinct values from which on they are a distribution
_ENDS = {"qint8": (-128, 127), "quint8": (0, 255), "quint4x2": (0, 15)}           # of integers that stand for other values
LEAST_PICTURE = 300             # pixels of height of the plot and the table; below that all of the panel scrolls
_PRESSED = 0.1                  # of the width that all values take


class Group(NamedTuple):
    """What is measured: tensors `keys`, all that is selected below `prefix` of one checkpoint."""

    checkpoint: core.Checkpoint
    prefix: str
    keys: tuple[str, ...]


class _Where(NamedTuple):
    """Where the first of what is not finite is: "NaN in KEY, row 7". `key` is a tensor of the document."""

    key: str
    said: str


class StatisticsPanel(SelectionPanel):
    def __init__(self, session: Session, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(session, tasks, parent)
        self._group: Group | None = None
        self._checks = ValueChecks.shared(session, tasks)
        self.requests: Requests[core.GroupStatistics] = self.make_requests(TASK, keep=KEPT, limit=lambda: core.LIMITS.preview)
        self.places: Requests[dict[core.SearchTarget, _Where]] = self.make_requests(PLACES, keep=KEPT)
        self.heading = Heading()
        self.seen_as = SeenAsBar(session)
        self.remark, self.form = self.seen_as.remark, self.seen_as.form
        self.chips = ValueChips()
        self.controls = HistogramControls()
        self.plot = HistogramPlot(named_beside=True)
        self.table = StatsTable()
        self._place()
        self.setAccessibleName(self.tr("Statistics"))
        self.requests.changed.connect(self._answered)
        self.controls.shown_changed.connect(self._show_result)
        self.controls.range_changed.connect(self.refresh)
        self.table.checked_changed.connect(self._show_result)
        self.controls.layers_asked.connect(partial(self.panel_asked.emit, "layers"))
        self.places.changed.connect(self._show_chips)
        self.chips.sought.connect(self._seek)
        self.plot.range_dragged.connect(self._zoom_in)
        self.plot.all_asked.connect(self._zoom_out)

    @property
    def result(self) -> core.GroupStatistics | None:
        """What is shown."""
        return self.requests.result

    # -- what to measure ----------------------------------------------------------------------------------------------

    def follow(self) -> None:
        group = self._wanted()
        if group is None:
            self.let_go()
            return
        if self._group is None or group.checkpoint is not self._group.checkpoint or group[1:] != self._group[1:]:
            self._group = group
            self.heading.set_name(self._heading(group))
            self.remark.setText(self._remark(group))
            self.controls.expect(len(group.keys))
        self.controls.show()
        span = self.controls.span
        request = self._request(group, span)
        # a fixed range within all values that were counted finely enough needs no reading
        whole = self._of_all_values(group, span.log) if span.kind == "fixed" else None
        within = whole.between(span.low, span.high) if whole is not None else None
        if within is not None and not request.is_same(self.requests.request):
            self.requests.answer(request, within)
        else:
            self.requests.ask(request)

    def let_go(self) -> None:
        super().let_go()
        self._group = None

    def _wanted(self) -> Group | None:
        """What the selection asks for; None when that is nothing to measure, which is then said."""
        selection, document = self._session.selection, self._session.selected_document
        if selection is None or document is None or document.checkpoint is None:
            self._say(self.tr("Statistics"), self.tr("Nothing is selected."),
                      self.tr("Select a tensor, or a group of tensors, to see what its values are like."))
            return None
        if selection.value is not None:
            self._say(selection.value, self.tr("This is a single value, not a tensor."),
                      self.tr("Its value stands in the list and under Details."))
            return None
        keys = _keys(selection, document.checkpoint)
        if not keys:
            self._say(selection.prefix or document.path, self.tr("There are no tensors here."),
                      self.tr("Select a tensor, or a group of tensors, to see what its values are like."))
            return None
        return self._as_looked_at(document, Group(document.checkpoint, selection.prefix, keys))

    def _as_looked_at(self, document: Document, group: Group) -> Group:
        """One tensor as whatever it is looked at; of several, packed ones by what they stand for, or by the codes of them alone where what
        is stored is asked for."""
        at = looked_at(self._session)
        if isinstance(at, LookedAt):
            self.seen_as.offer(at)
            return Group(at.checkpoint, group.prefix, (at.info.key,))
        view = document.packed
        meant = view.meant(group.keys) if view is not None else group.keys
        packed = [view.tensors[key] for key in meant if key in view.tensors and view.tensors[key].scheme != QUANTIZED] if view is not None \
            else []
        coded = tuple(tensor.name for tensor in packed if not tensor.is_adapter)
        self.seen_as.offer_codes(bool(coded))
        if view is None or not packed:
            return group
        codes = self._session.codes_of(document.id, coded) if coded and self._session.shows_codes(quantized=False) else None
        if codes is not None:
            return Group(codes, group.prefix, tuple(codes.tensors))
        # a key that is both is the packed tensor's; parts that were chosen alone are not in the other checkpoint
        there = tuple(key for key in meant if key in view.unpacked.tensors)
        return Group(view.unpacked, group.prefix, there) if len(there) == len(meant) else group

    def _request(self, group: Group, span: core.BinRange) -> Request[core.GroupStatistics]:
        ckpt, keys = group.checkpoint, group.keys

        def work(monitor: core.Monitor) -> core.GroupStatistics:
            found = core.group_statistics(ckpt, core.measurable(ckpt, keys, monitor), span, monitor)
            if found.together.counts:
                library.wait(monitor)    # here, where it delays nobody
            return found

        return Request(ckpt, (Many(keys), span), work, lambda monitor: core.measurable(ckpt, keys, monitor).nbytes,
                       self.tr("Statistics of {name}").format(name=core.visible(self._heading(group), 60)))

    def _of_all_values(self, group: Group, log: bool) -> core.GroupStatistics | None:
        """The statistics over all values, where they are known."""
        return self.requests.kept(group.checkpoint, (Many(group.keys), core.ALL_VALUES._replace(log=log)))

    def _zoom_in(self, low: float, high: float) -> None:
        """A range was dragged out of the plot."""
        if self._group is not None and self.result is not None:
            whole = self._of_all_values(self._group, self.controls.span.log) or self.result
            self.controls.choose(span="fixed", bounds=core.edges_near(whole.together.edges, low, high))

    def _zoom_out(self) -> None:
        if self.controls.span.kind != "all":
            self.controls.choose(span="all")

    # -- showing ------------------------------------------------------------------------------------------------------

    def _say(self, heading: str, text: str, hint: str) -> None:
        self.heading.set_name(heading)
        self.remark.clear()
        self.seen_as.offer(None)
        self.controls.hide()
        self.chips.show_chips([])
        self.pages.say(text, hint)

    def _answered(self) -> None:
        if self.requests.phase is Phase.DONE and self._group is not None and self.result is not None:
            self.remark.setText(self._remark(self._group, self.result))
            self._checks.learn(self._group.checkpoint, dict(self.result.each))
            self.controls.offer(self.result)
            self._show_result()

    def _show_result(self) -> None:
        found, group = self.result, self._group
        if found is None or group is None:
            return
        apart = self.controls.apart and len(found.each) > 1
        self.plot.subject = group.checkpoint.path, group.keys[0] if len(group.keys) == 1 else group.prefix
        parts = [(core.seen_from(key, group.prefix), summary, group.checkpoint.tensors[key].stored_nbytes) for key, summary in found.each]
        whole = (self._heading(group), found.together, found.nbytes)
        columns = [whole]
        meant = found.together.dequantized if len(found.each) == 1 else None
        if meant is not None:
            columns = [(self.tr("Stored integers"), *whole[1:]), (self.tr("Dequantized"), meant, found.nbytes)]
        self._ask_places(found, group)
        self._show_chips()
        if apart:
            self.table.show_series([Column(*one) for one in parts], [Column(self.tr("Together"), *whole[1:])])
        else:
            self.table.show_columns([Column(*column) for column in columns])
        self._give_room()
        instead = self._instead(found, group)
        if instead:
            self.plot.show_message(instead)
            self.controls.set_bins(0, 0)
            return
        if apart and not self.table.checked:
            self.plot.show_message(self.tr("Nothing is checked in the table below."))
            self.controls.set_bins(0, 0)
            return
        checked = sorted(self.table.checked) if apart else []
        numbers = [n for n in checked if sum(parts[n][1].counts)] if apart else [0]
        shown = [parts[n] for n in numbers] if apart else [whole]
        bins = self.controls.bins(max(summary.numel for _, summary, _ in shown) if shown else 1)
        curves = [Curve(name, *core.merge_bins(summary, bins), series=n) for n, (name, summary, _) in zip(numbers, shown, strict=True)]
        self.plot.show_curves(curves, heights=self.controls.heights(apart), integers=found.whole, hint=self._hint(found),
                              log=self.controls.span.log, spreads=[Spread.of(name, summary) for name, summary, _ in shown],
                              accents=self._at_the_ends(found.together, curves), stands_for=self._stands_for(group))
        self.controls.set_bins(bins, len(curves[0].counts) if curves else 0)

    def _limits(self, group: Group) -> tuple[int, int] | None:
        return _ENDS.get(group.checkpoint.tensors[group.keys[0]].dtype) if len(group.keys) == 1 else None

    def _at_the_ends(self, summary: core.Summary, curves: list[Curve]) -> list[Curve]:
        """What lies at the ends of a type that stands for other values, in the bars it is drawn in."""
        limits = self._limits(self._group) if self._group is not None else None
        if limits is None or len(curves) != 1:
            return []
        (least, greatest), edges = at_the_ends(summary, limits), curves[0].edges
        return [Curve("", part, (count,)) for part, count in ((edges[:2], least), (edges[-2:], greatest)) if count]

    def _stands_for(self, group: Group) -> Callable[[float], float] | None:
        """What the integers of a tensor with one scale stand for."""
        quantizer = group.checkpoint.tensors[group.keys[0]].quantizer if len(group.keys) == 1 else None
        if not isinstance(quantizer, core.PerTensor):
            return None
        scale, zero_point = quantizer.scale, quantizer.zero_point
        return lambda stored: (stored - zero_point) * scale

    def _ask_places(self, found: core.GroupStatistics, group: Group) -> None:
        """Where the first NaN and the first infinity are; in which tensor, is known of a few that were measured one by one."""
        each = dict(found.each) if found.each else {group.keys[0]: found.together} if len(group.keys) == 1 else {}
        wanted: dict[core.SearchTarget, list[str]] = {
            "nan": [key for key, one in each.items() if one.nan], "inf": [key for key, one in each.items() if one.inf]}
        if not any(wanted.values()):
            self.places.ask(None)
            return
        ckpt, prefix, alone = group.checkpoint, group.prefix, len(each) == 1
        counts: dict[core.SearchTarget, int] = {"nan": found.together.nan, "inf": found.together.inf}
        several = {what: self.tr("in {tensors}").format(tensors=words.tensors(len(keys))) for what, keys in wanted.items()}

        def work(monitor: core.Monitor) -> dict[core.SearchTarget, _Where]:
            found = {}
            for what, keys in wanted.items():
                if len(keys) > 1:
                    found[what] = _Where(keys[0], several[what])
                elif keys:
                    found[what] = _Where(keys[0], _said_of_place(ckpt, keys[0], "" if alone else core.seen_from(keys[0], prefix), what,
                                                                 counts[what], monitor))
            return found

        self.places.ask(Request(ckpt, (Many(group.keys), "places"), work))

    def _show_chips(self) -> None:
        found, group = self.result, self._group
        if found is None or group is None:
            return
        limits = self._limits(group)
        where = {what: one.said for what, one in (self.places.result or {}).items()}
        self.chips.show_chips(chips_of(found.together, floats="float" in found.kinds, limits=limits, where=where)
                              if found.together.numel else [])

    def _seek(self, what: core.SearchTarget) -> None:
        """The first of what a chip counts, among the values of its tensor."""
        found, group, document = self.result, self._group, self._session.selected_document
        if found is None or group is None or document is None or document.checkpoint is None:
            return
        if len(group.keys) > 1:
            counts = ((key, {"nan": one.nan, "inf": one.inf, "zero": one.zeros}) for key, one in found.each)
            key = next((key for key, count in counts if count.get(what)), None)
            if key is None or key not in document.checkpoint.tensors:
                return
            self._session.select(Selection(document.id, key, (key,)))
        self.place_asked.emit(what)

    def _give_room(self) -> None:
        """What a short table leaves is the plot's."""
        plot, table = self._split.sizes()
        if table > self.table.maximumHeight():
            self._split.setSizes([plot + table - self.table.maximumHeight(), self.table.maximumHeight()])

    def _instead(self, found: core.GroupStatistics, group: Group) -> str:
        """What is said where there is nothing to draw; "" when there is."""
        s = found.together
        if s.numel == 0:
            shape = group.checkpoint.tensors[group.keys[0]].shape
            return self.tr("No elements: the shape is {shape}.").format(shape=words.shape(shape)) if len(group.keys) == 1 \
                else self.tr("No elements: all of these tensors are empty.")
        if not s.finite:
            if s.numel == 1:
                return self.tr("The only value is {value}.").format(value=self.tr("NaN") if s.nan else self.tr("infinite"))
            return self.tr("No finite values: all {n} elements are NaN or infinite.").format(n=f"{s.numel:,}")
        if s.numel == 1:
            return self.tr("The only value is {value}.").format(value=typeset(number(s.min, 9)))
        if s.min == s.max:
            return self.tr("All {n} finite values are {value}.").format(n=f"{s.finite:,}", value=typeset(number(s.min, 9)))
        if not sum(s.counts):
            return self.tr("No values lie in the chosen range.")
        return ""

    def _hint(self, found: core.GroupStatistics) -> str:
        """What helps when outliers press all bars into one; "" otherwise."""
        if self.controls.span == core.ALL_VALUES and _is_pressed(found.together):
            return self.tr("Outliers press the bars together: choose the range 1 % to 99 %.")
        return ""

    def _heading(self, group: Group) -> str:
        if len(group.keys) == 1:
            return group.keys[0]
        if len(group.keys) == len(group.checkpoint.tensors) and not group.prefix:
            return core.file_name(group.checkpoint.path)
        return group.prefix if self._is_whole(group) else words.tensors(len(group.keys))

    def _is_whole(self, group: Group) -> bool:
        """Whether all that lies below the prefix is measured: a few tensors chosen one by one are not called by what is around them."""
        head = f"{group.prefix}."
        return bool(group.prefix) and sum(1 for key in group.checkpoint.tensors if key.startswith(head)) <= len(group.keys)

    def _remark(self, group: Group, found: core.GroupStatistics | None = None) -> str:
        facts = [] if self._heading(group) == words.tensors(len(group.keys)) else [words.tensors(len(group.keys))]
        if len(group.keys) == 1:
            tensor = group.checkpoint.tensors[group.keys[0]]
            facts = [core.visible(tensor.type_words), words.shape(tensor.shape), words.size(tensor.stored_nbytes), *self._scales(tensor)]
        elif found is not None:
            facts += [self.tr("{n} elements").format(n=words.many(found.together.numel)), words.size(found.nbytes)]
        if found is not None and found.counters:
            facts.append(self.tr("without {tensors} of whole numbers, such as {key}").format(
                tensors=words.tensors(len(found.counters)), key=core.visible(found.counters[0], 60)))
        if found is not None and "complex" in found.kinds:
            facts.append(self.tr("complex numbers count by their magnitude"))
        if found is not None and "quantized" in found.kinds:
            facts.append(self.tr("the histogram is of the integers that are stored") if found.together.dequantized is not None
                         else self.tr("quantized values are shown as the integers that are stored"))
        if found is not None and found.n_left_out:
            key, why = found.left_out[0]
            facts.append(self.tr("left out {tensors} that cannot be read, such as {key}: {why}").format(
                tensors=words.tensors(found.n_left_out), key=core.visible(key, 80), why=words.said(why.message, 200)))
        return " · ".join(facts)

    def _scales(self, tensor: core.TensorInfo) -> list[str]:
        """How the integers of a quantized tensor become values."""
        quantizer = tensor.quantizer
        if isinstance(quantizer, core.PerTensor):
            return [self.tr("scale {scale}, zero point {zero}").format(scale=number(quantizer.scale, 5), zero=f"{quantizer.zero_point:,}")]
        if isinstance(quantizer, core.PerChannel) and 0 <= quantizer.axis < len(tensor.shape):
            return [self.tr("{n} scales, one for each index of dim {axis}").format(
                n=f"{tensor.shape[quantizer.axis]:,}", axis=quantizer.axis)]
        return []

    # -- places ---------------------------------------------------------------------------------------------------------

    def _place(self) -> None:
        self.area, everything, whole = scrolling(self)
        whole.addWidget(self.heading)
        whole.addWidget(self.seen_as)
        whole.addWidget(self.chips)
        whole.addSpacing(6)
        whole.addWidget(self.controls)
        whole.addSpacing(6)
        split = self._split = upright_splitter()
        self.pages = ResultPages(GivesWay(split, LEAST_PICTURE), self.requests, read=self.tr("Compute statistics"),
                                 read_all=self.tr("Compute statistics of {size}"))
        whole.addWidget(self.pages, 1)
        split.addWidget(self.plot)
        split.addWidget(self.table)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 0)
        split.setSizes([360, 264])
        leave_the_wheel(*everything.findChildren(QComboBox))


def _said_of_place(ckpt: core.Checkpoint, key: str, name: str, what: core.SearchTarget, count: int, monitor: core.Monitor) -> str:
    """Where the `count` elements of a tensor that are `what` lie: at an index, all in one row, or from where on. `name` is "" where there
    is no other tensor."""
    translate = QCoreApplication.translate
    shape = core.readable_shape(ckpt.tensors[key])
    flat = core.find_next(ckpt, key, 0, what, monitor)
    within = translate("StatisticsPanel", "in {name}").format(name=core.visible(name, 60)) if name else ""
    if flat is None or not shape or count == prod(shape):
        return within
    at = core.unravel(flat, shape)
    index = ", ".join(str(n) for n in at)
    row = prod(shape[1:])
    if count == 1:
        said = translate("StatisticsPanel", "at [{index}]").format(index=index)
    elif len(shape) > 1 and core.find_next(ckpt, key, (at[0] + 1) * row, what, monitor) == flat:
        said = translate("StatisticsPanel", "row {n}").format(n=at[0])
    else:
        said = translate("StatisticsPanel", "from [{index}] on").format(index=index)
    return translate("StatisticsPanel", "{within}, {place}").format(within=within, place=said) if within else said


def _keys(selection: Selection, checkpoint: core.Checkpoint) -> tuple[str, ...]:
    """The tensors that are selected; all of the file when no prefix and no keys are named."""
    if not selection.keys and not selection.prefix:
        return tuple(checkpoint.tensors)
    return selection.keys


def _is_pressed(found: core.Summary) -> bool:
    """Whether a few values far out leave nearly all others, which are of many kinds, less than a tenth of the width."""
    width = float(found.max) - float(found.min)
    if not 0 < width < float("inf") or (found.distinct if found.distinct is not None else found.finite) < _MANY_KINDS:
        return False
    if found.quantiles:
        low, high = float(found.quantile(0.01)), float(found.quantile(0.99))
        kinds = found.distinct is not None or len(set(found.quantiles)) == len(found.quantiles)
        return kinds and high - low < _PRESSED * width
    low, high = _middle(found)
    return high - low < _PRESSED * width


def _middle(found: core.Summary) -> tuple[float, float]:
    """Where 1 % and 99 % lie, as far as the bins tell."""
    whole, below = sum(found.counts), 0
    ends: list[float] = []
    for n, count in enumerate(found.counts):
        below += count
        if not ends and below >= 0.01 * whole:
            ends.append(found.edges[n])
        if below >= 0.99 * whole:
            return ends[0], found.edges[n + 1]
    return found.edges[0], found.edges[-1]
