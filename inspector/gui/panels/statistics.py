"""What the selected tensors hold: a table of measures and a histogram.

    selection → (kept?) → worker: measuring.measure → kept → controls (bars, range, bins, together or apart) → table and plot

Small selections are measured at once, larger ones (`core.LIMITS.preview` bytes) when the person says so. Nothing is measured
while the panel is hidden. Only a change of range reads the tensors again; everything else is made from what was counted.
"""
from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import NamedTuple

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QSplitter, QStackedLayout, QVBoxLayout, QWidget

from inspector import core
from inspector.gui.kit import words
from inspector.gui.models.plot_scales import number
from inspector.gui.state.session import Selection, Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.boxes import label
from inspector.gui.widgets.histogram_controls import HistogramControls
from inspector.gui.widgets.histogram_plot import Curve, HistogramPlot
from inspector.gui.widgets.notice import Heading, Notice
from inspector.gui.widgets.plot_canvas import load_pyqtgraph
from inspector.gui.widgets.stats_table import Column, StatsTable

TASK = "statistics"
KEPT = 32                       # results that are kept
PATIENCE = 200                  # milliseconds before a running measurement is shown as such


class TooLarge(NamedTuple):
    """More bytes than are read without being asked for."""

    nbytes: int


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """What is measured: tensors `keys` of one checkpoint, in one range. Each is only equal to itself."""

    document: int
    checkpoint: core.Checkpoint
    prefix: str
    keys: tuple[str, ...]
    span: core.BinRange

    def same_tensors(self, other: Request | None) -> bool:
        return other is not None and self.checkpoint is other.checkpoint and self.prefix == other.prefix and self.keys == other.keys


class Kept:
    """The latest results, by document, keys and range. A checkpoint that was loaded anew has none."""

    def __init__(self, most: int = KEPT) -> None:
        self._most = most
        self._results: OrderedDict[tuple[int, tuple[str, ...], core.BinRange], tuple[core.Checkpoint, core.GroupStatistics]] = OrderedDict()

    def get(self, request: Request) -> core.GroupStatistics | None:
        key = (request.document, request.keys, request.span)
        found = self._results.get(key)
        if found is None or found[0] is not request.checkpoint:
            return None
        self._results.move_to_end(key)
        return found[1]

    def put(self, request: Request, result: core.GroupStatistics) -> None:
        key = (request.document, request.keys, request.span)
        self._results[key] = (request.checkpoint, result)
        self._results.move_to_end(key)
        while len(self._results) > self._most:
            self._results.popitem(last=False)

    def forget(self, document: int) -> None:
        for key in [key for key in self._results if key[0] == document]:
            del self._results[key]


class StatisticsPanel(QWidget):
    def __init__(self, session: Session, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._tasks = tasks
        self._kept = Kept()
        self._request: Request | None = None
        self._result: core.GroupStatistics | None = None
        self._stale = True
        self.heading = Heading()
        self.remark = label(tone="muted", wrap=True)
        self.notice = Notice(self._compute, self._cancel)
        self.controls = HistogramControls()
        self.plot = HistogramPlot()
        self.table = StatsTable()
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE)
        self._patience.timeout.connect(self._show_running)
        self._place()
        self.setAccessibleName(self.tr("Statistics"))
        self.controls.shown_changed.connect(self._show_result)
        self.controls.range_changed.connect(self.refresh)
        self.plot.range_dragged.connect(self._zoom_in)
        self.plot.all_asked.connect(self._zoom_out)
        session.selection_changed.connect(self.refresh)
        session.document_changed.connect(self._document_changed)
        session.document_removed.connect(self._kept.forget)

    @property
    def result(self) -> core.GroupStatistics | None:
        """What is shown."""
        return self._result

    # -- what to measure ----------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Follows the selection and the chosen range; later, while the panel is hidden."""
        if not self.isVisible():
            self._stale = True
            self._tasks.cancel(TASK)
            return
        self._stale = False
        request = self._wanted()
        if request is None:
            return
        known = request.same_tensors(self._request)
        if known and self._request is not None and request.span == self._request.span and (self._result or self._running()):
            return
        if not known:
            self.heading.set_name(self._heading(request))
            self.remark.setText(self._remark(request))
        self._request = request
        self._result = None
        self.controls.show()
        kept = self._kept.get(request) or self._within(request)
        if kept is not None:
            self._stop()
            self._done(request, kept)
        else:
            self._start(request, core.LIMITS.preview)

    def _zoom_in(self, low: float, high: float) -> None:
        """A range was dragged out of the plot."""
        request = self._request
        if request is None or self._result is None:
            return
        whole = self._kept.get(replace(request, span=core.ALL_VALUES._replace(log=request.span.log)))
        self.controls.choose(span="fixed", bounds=core.edges_near((whole or self._result).together.edges, low, high))

    def _zoom_out(self) -> None:
        if self.controls.span.kind != "all":
            self.controls.choose(span="all")

    def _within(self, request: Request) -> core.GroupStatistics | None:
        """A fixed range within all values that were counted finely enough needs no reading."""
        span = request.span
        if span.kind != "fixed":
            return None
        whole = self._kept.get(replace(request, span=core.ALL_VALUES._replace(log=span.log)))
        return whole.between(span.low, span.high) if whole is not None else None

    def _wanted(self) -> Request | None:
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
        checkpoint = document.checkpoint
        keys = _keys(selection, checkpoint)
        if not keys:
            self._say(selection.prefix or document.path, self.tr("There are no tensors here."),
                      self.tr("Select a tensor, or a group of tensors, to see what its values are like."))
            return None
        return Request(document.id, checkpoint, selection.prefix, keys, self.controls.span)

    def _document_changed(self, id: int) -> None:
        if self._request is not None and self._request.document == id:
            document = self._session.document(id)
            if document is None or document.checkpoint is not self._request.checkpoint:
                self._kept.forget(id)
                self.refresh()
        elif self._request is None and self.isVisible():
            self.refresh()

    # -- measuring ----------------------------------------------------------------------------------------------------

    def _start(self, request: Request, limit: int | None) -> None:
        def work(monitor: core.Monitor) -> core.GroupStatistics | TooLarge:
            group = core.measurable(request.checkpoint, request.keys)
            if limit is not None and group.nbytes > limit:
                return TooLarge(group.nbytes)
            found = core.group_statistics(request.checkpoint, group, request.span, monitor)
            if found.together.counts:
                load_pyqtgraph()        # here, where it delays nobody
            return found

        self._result = None
        self.notice.progress(0, 0)
        self._patience.start()
        self._tasks.start(TASK, work, on_done=lambda found: self._done(request, found),
                          on_error=lambda error: self._failed(request, error),
                          on_progress=lambda done, total, what: self.notice.progress(done, total),
                          on_cancel=lambda: self._cancelled(request),
                          label=self.tr("Statistics of {name}").format(name=core.visible(self._heading(request), 60)))

    def _running(self) -> bool:
        return any(task.key == TASK for task in self._tasks.running)

    def _stop(self) -> None:
        request, self._request = self._request, None        # so that its end is nobody's
        self._tasks.cancel(TASK)
        self._request = request
        self._patience.stop()

    def _compute(self) -> None:
        if self._request is not None:
            self._start(self._request, None)
            self._show_running()

    def _cancel(self) -> None:
        self._tasks.cancel(TASK)

    def _done(self, request: Request, found: core.GroupStatistics | TooLarge) -> None:
        if request is not self._request:
            return
        self._patience.stop()
        if isinstance(found, TooLarge):
            size = words.size(found.nbytes)
            self._notice(self.tr("These values take {size}.").format(size=size),
                         self.tr("They are read only when you ask, and you can stop at any time."),
                         self.tr("Compute statistics of {size}").format(size=size))
            return
        self._kept.put(request, found)
        self._result = found
        self._pages.setCurrentWidget(self._shown)
        self.remark.setText(self._remark(request, found))
        self.controls.offer(found)
        self._show_result()

    def _failed(self, request: Request, error: Exception) -> None:
        if request is not self._request:
            return
        self._patience.stop()
        if not isinstance(error, core.InspectorError):
            self._notice(self.tr("The statistics could not be computed."), "", self.tr("Try again"))
            raise error
        self.notice.fail(error)
        self._pages.setCurrentWidget(self.notice)

    def _cancelled(self, request: Request) -> None:
        if request is not self._request or not self.isVisible():
            return
        self._patience.stop()
        self._notice(self.tr("Stopped."), "", self.tr("Compute statistics"))

    # -- showing ------------------------------------------------------------------------------------------------------

    def _say(self, heading: str, text: str, hint: str) -> None:
        self._stop()
        self._request = None
        self._result = None
        self.heading.set_name(heading)
        self.remark.clear()
        self.controls.hide()
        self._notice(text, hint)

    def _notice(self, text: str, hint: str, button: str = "") -> None:
        self.notice.say(text, hint, button)
        self._pages.setCurrentWidget(self.notice)

    def _show_running(self) -> None:
        if self._result is None and self._running():
            self.notice.run()
            self._pages.setCurrentWidget(self.notice)

    def _show_result(self) -> None:
        found, request = self._result, self._request
        if found is None or request is None:
            return
        apart = self.controls.apart and len(found.each) > 1
        parts = [(core.seen_from(key, request.prefix), summary, request.checkpoint.tensors[key].nbytes) for key, summary in found.each]
        whole = (self._heading(request), found.together, found.nbytes)
        columns = [(self.tr("Together"), *whole[1:]), *parts] if apart else [whole]
        meant = found.together.dequantized if len(found.each) == 1 else None
        if meant is not None:
            columns = [(self.tr("Stored integers"), *whole[1:]), (self.tr("Dequantized"), meant, found.nbytes)]
        self.table.show_columns([Column(*column) for column in columns])
        instead = self._instead(found, request)
        if instead:
            self.plot.show_message(instead)
            self.controls.set_bins(0, 0)
            return
        shown = [part for part in parts if sum(part[1].counts)] if apart else [whole]
        bins = self.controls.bins(max(summary.numel for _, summary, _ in shown) if shown else 1)
        curves = [Curve(name, *core.merge_bins(summary, bins)) for name, summary, _ in shown]
        self.plot.show_curves(curves, heights=self.controls.heights(apart), integers=found.whole, hint=self._hint(found, request),
                              log=request.span.log)
        self.controls.set_bins(bins, len(curves[0].counts) if curves else 0)

    def _instead(self, found: core.GroupStatistics, request: Request) -> str:
        """What is said where there is nothing to draw; "" when there is."""
        s = found.together
        if s.numel == 0:
            shape = request.checkpoint.tensors[request.keys[0]].shape
            return self.tr("No elements: the shape is {shape}.").format(shape=words.shape(shape)) if len(request.keys) == 1 \
                else self.tr("No elements: all of these tensors are empty.")
        if not s.finite:
            if s.numel == 1:
                return self.tr("The only value is {value}.").format(value=self.tr("NaN") if s.nan else self.tr("infinite"))
            return self.tr("No finite values: all {n} elements are NaN or infinite.").format(n=f"{s.numel:,}")
        if s.numel == 1:
            return self.tr("The only value is {value}.").format(value=number(s.min, 9))
        if s.min == s.max:
            return self.tr("All {n} finite values are {value}.").format(n=f"{s.finite:,}", value=number(s.min, 9))
        if not sum(s.counts):
            return self.tr("No values lie in the chosen range.")
        return ""

    def _hint(self, found: core.GroupStatistics, request: Request) -> str:
        """What helps when outliers press all bars into one; "" otherwise."""
        few = sorted(found.together.counts, reverse=True)[:len(found.together.counts) // 100]
        if request.span == core.ALL_VALUES and sum(few) > 0.95 * found.together.finite:
            return self.tr("Outliers press the bars together: choose the range 1 % to 99 %.")
        return ""

    def _heading(self, request: Request) -> str:
        if len(request.keys) == 1:
            return request.keys[0]
        return request.prefix or (request.checkpoint.path if len(request.keys) == len(request.checkpoint.tensors)
                                  else words.tensors(len(request.keys)))

    def _remark(self, request: Request, found: core.GroupStatistics | None = None) -> str:
        facts = [words.tensors(len(request.keys))]
        if len(request.keys) == 1:
            tensor = request.checkpoint.tensors[request.keys[0]]
            facts = [tensor.dtype, words.shape(tensor.shape), words.size(tensor.nbytes)]
        elif found is not None:
            facts.append(words.size(found.nbytes))
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
                tensors=words.tensors(found.n_left_out), key=core.visible(key, 80), why=core.visible(why.message, 200)))
        return " · ".join(facts)

    # -- Qt's side ----------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self._running():
            self._stale = True
            self._stop()

    def sizeHint(self) -> QSize:
        return QSize(560, 640)

    def _place(self) -> None:
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.addWidget(self.plot)
        split.addWidget(self.table)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 0)
        split.setSizes([360, 264])
        split.setHandleWidth(9)
        split.setStyleSheet("QSplitter::handle { background: transparent; }"
                            "QSplitter::handle:hover { background: palette(highlight); }")
        self._shown = QWidget()
        inside = QVBoxLayout(self._shown)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(10)
        inside.addWidget(split, 1)
        self._pages = QStackedLayout()
        self._pages.addWidget(self.notice)
        self._pages.addWidget(self._shown)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 14, 16, 12)
        whole.setSpacing(4)
        whole.addWidget(self.heading)
        whole.addWidget(self.remark)
        whole.addSpacing(6)
        whole.addWidget(self.controls)
        whole.addSpacing(6)
        whole.addLayout(self._pages, 1)


def _keys(selection: Selection, checkpoint: core.Checkpoint) -> tuple[str, ...]:
    """The tensors that are selected; all of the file when no prefix and no keys are named."""
    if not selection.keys and not selection.prefix:
        return tuple(checkpoint.tensors)
    return selection.keys

