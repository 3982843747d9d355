"""All tensors of the file, or of a group, at once: their distributions one above the other, or lines across depth; a table that sorts,
what is unhealthy about them.

    selection → scope (the file, or the group) → requests → core.summarize_each, a row a tensor → table, ridges, lines, while it goes on
                                                                                             → core.health → findings

Little is measured at once (`UNASKED` bytes), more when the person says so. What was measured of a checkpoint is kept.
"""
from __future__ import annotations

import fnmatch
import re
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from math import ceil
from typing import Any, NamedTuple, TypeVar, cast

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPointF, QRect, QSize, QStringListModel, Qt, QTimer
from PySide6.QtGui import (
    QFontMetricsF,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPalette,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import (
    QApplication,
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QCompleter,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QRubberBand,
    QScrollArea,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from inspector import core
from inspector.gui.kit import exporting, file_dialogs, tables, theme, words
from inspector.gui.models.layer_table import LARGEST, NAME, NAN, RIDGE, SHAPE, STD, ZEROS, LayerTable, Layout, Row, laid_out, spread
from inspector.gui.models.plot_scales import number, percent, typeset
from inspector.gui.state.requests import Kept, Many, Phase, Request, Requests
from inspector.gui.state.session import Selection, Session
from inspector.gui.state.tasks import Tasks, emptied_elsewhere
from inspector.gui.state.value_checks import ValueChecks
from inspector.gui.widgets.boxes import (
    FindingBox,
    GivesWay,
    ProgressBar,
    as_high_as_it_is,
    empty,
    label,
    leave_the_wheel,
    scrolling,
    tab_before,
    upright_splitter,
)
from inspector.gui.widgets.elided import ElidedLabel
from inspector.gui.widgets.flow import flowing
from inspector.gui.widgets.heading import Heading
from inspector.gui.widgets.histogram_plot import Legend
from inspector.gui.widgets.layer_cells import LayerCells
from inspector.gui.widgets.lazy_panel import SelectionPanel
from inspector.gui.widgets.line_plot import LinePlot, thinned
from inspector.gui.widgets.plot_canvas import LINES
from inspector.gui.widgets.result_pages import ResultPages
from inspector.gui.widgets.ridges import FEW, HIGH, LOW, RidgeAxis, RidgeDelegate, bin_at, cell_of, draw_all, height_of, value_at

T = TypeVar("T")
TASK, HEALTH, PATTERNS, TYPED = "layers", "layers-health", "layers-patterns", "layers-typed"
KEPT = 8                        # checkpoints whose numbers are kept
UNASKED = 256 << 20               # bytes that are measured without being asked for
_REDRAWN = 400                  # milliseconds between two drawings while rows come in
_MOST_LINES = 8                 # as many as there are colours that can be told apart
_FINDINGS = 20                  # findings that are shown
_AT_ONCE = 0.006                # seconds of a turn in which they get their boxes
_WITH_RIDGES = (NAME, SHAPE, STD, LARGEST, NAN, ZEROS, RIDGE)
_WIDE, _NARROW = 102, {NAME: 180, STD: 78, LARGEST: 78, NAN: 64, ZEROS: 68}
_WITH_BAR = 116                 # of a deviation with a bar before it
_FITTED = 2_000                 # rows with which columns are fitted while more come in
_SOUNDED = 300                  # rows that the common scale is made of: all, or evenly among them, for this runs while rows come in
_MORE = 1.5                     # times as many rows make a new scale while they come in
_RIDGE_ROOM = 150               # pixels
LEAST_ROWS = 200                # pixels of height of what is drawn and listed; below that all of the panel scrolls
_TALLEST = 16_000               # pixels of a picture
_CHIPS = 5                      # patterns that are offered
_BINS = 120                     # of a ridge
_LOOKED_AT = 1_000              # names that tell whether there are layers
_MANY = 5_000                   # tensors from which on their ridges are coarse, and what is said of all of them is found out by a worker


class Scope(NamedTuple):
    """What is measured: the tensors `keys` below `prefix` of one checkpoint."""

    checkpoint: core.Checkpoint
    prefix: str
    keys: tuple[str, ...]


class Pattern(NamedTuple):
    """What the names of `keys` have in common; `elements` are those of all of them, where somebody counted."""

    name: str
    keys: frozenset[str]
    elements: int = 0


def patterns_of(ckpt: core.Checkpoint, keys: Sequence[str], monitor: core.Monitor = core.QUIET) -> tuple[Pattern, ...]:
    """For workers: the patterns of several among the model's own tensors, those with the most members first, then the most elements."""
    models = frozenset(core.model_dicts(ckpt))
    own = [key for key in core.stoppable(keys, monitor) if ckpt.tensors[key].state_dict in models] or list(keys)
    found: dict[str, list[str]] = {}
    for key in core.stoppable(core.weights_among(ckpt, own, monitor), monitor):
        found.setdefault(core.pattern_of(key), []).append(key)
    several = [Pattern(name, frozenset(some), sum(ckpt.tensors[key].numel for key in core.stoppable(some, monitor)))
               for name, some in found.items() if len(some) > 1]
    return tuple(sorted(several, key=lambda one: (-len(one.keys), -one.elements))[:_CHIPS])


def matching(keys: Sequence[str], name: str, monitor: core.Monitor = core.QUIET) -> Pattern:
    """For workers: the keys that a pattern fits whole, or from one of their segments on; `*` is any text, `?` one character."""
    fits = re.compile("|".join(fnmatch.translate(f"{front}{name.replace('[', '[[]')}") for front in ("", "*."))).match
    found = []
    for key in core.stoppable(keys, monitor):
        if fits(key):
            found.append(key)
    return Pattern(name, frozenset(found))


def _shared(keys: Sequence[str]) -> str:
    """The path that all of `keys` lie below."""
    if len(keys) < 2:
        return core.parent_of(keys[0]) if keys else ""
    first, last = core.segments_of(min(keys)), core.segments_of(max(keys))
    same = next((n for n, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), min(len(first), len(last)))
    return ".".join(first[:min(same, len(first) - 1)])


class _FindingsArea(QScrollArea):
    """No higher than what is in it takes."""

    def fit(self) -> None:
        inside = self.widget()
        layout = inside.layout() if inside is not None else None
        if layout is not None:
            self.setMaximumHeight(max(layout.heightForWidth(self.width()), 40) + 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.fit()


class LayersPanel(SelectionPanel):
    """`requests` measure, `health` says what to make of it."""

    def __init__(self, session: Session, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(session, tasks, parent)
        self.choose_path = file_dialogs.ask_where_to_save
        self.requests: Requests[None] = self.make_requests(TASK, limit=lambda: UNASKED)
        self._checks = ValueChecks.shared(session, tasks)
        self.health: Requests[tuple[core.Finding, ...]] = self.make_requests(HEALTH, keep=KEPT)
        self.patterns: Requests[tuple[Pattern, ...]] = self.make_requests(PATTERNS, keep=KEPT)
        self.typed: Requests[Pattern] = self.make_requests(TYPED)
        self._scaled = 0                                        # rows that the common scale was last made for
        self._pattern = ""                                      # of the tensors that have ridges; "": all of them
        self._zoom: tuple[float, float] | None = None           # what somebody looks closer at, of the common scale
        self._dragged: float | None = None                      # where the mouse went down in the column of ridges
        self._chosen: tuple[str, ...] = ()                      # several rows that were chosen here: what is shown stays
        self._as_ridges = True
        self._scope: Scope | None = None
        self._known: Kept[dict[str, Row]] = Kept(KEPT, emptied_elsewhere)          # rows of each checkpoint, all its tensors together
        self._arrived: list[Row] = []                           # from the worker, and not yet taken in
        self.heading = Heading()
        self.remark = label(tone="muted", wrap=True)
        self.plot = LinePlot()
        self.legend = Legend()
        self.readout = ElidedLabel()
        self.readout.setAccessibleName(self.tr("Tensor under the cursor"))
        self.model = LayerTable(self)
        self.model.elsewhere = self._sort_elsewhere
        self.ridges = RidgeDelegate(self)
        self.table = self._make_table()
        self.axis = RidgeAxis(self.table)
        self.ridges.changed.connect(self.axis.set_span)
        self.measures, self.across, self.log = QComboBox(), QComboBox(), QCheckBox(self.tr("Lo&g scale"))
        self._at_work: dict[str, Callable[[], None] | None] = {}        # what a worker finds out, and what is to be done after that
        self._to_show: list[core.Finding] = []                  # findings that have no box yet
        self._unshown = 0                                       # how many get none
        self._adding = QTimer(self)
        self._adding.setSingleShot(True)
        self._adding.timeout.connect(self._add_findings)
        self._redraw = QTimer(self)
        self._redraw.setInterval(_REDRAWN)
        self._redraw.timeout.connect(self._catch_up)
        self._make_controls()
        self._place()
        self.setAccessibleName(self.tr("Layers"))
        self.plot.pointed.connect(self._show_readout)
        self.plot.chosen.connect(self._go_to)
        self.requests.changed.connect(self._answered)
        self.health.changed.connect(self._show_health)
        self.pages.message.button.clicked.connect(self.health.go_on)
        self.patterns.changed.connect(self._offer_patterns)
        self.typed.changed.connect(self._take_typed)
        self._show_view()

    @property
    def scope(self) -> Scope | None:
        """What is shown."""
        return self._scope

    @property
    def findings(self) -> tuple[core.Finding, ...]:
        """What is unhealthy about it, as far as that is known."""
        return self.health.result or ()

    # -- what to measure ----------------------------------------------------------------------------------------------

    def follow(self) -> None:
        """A tensor within what is shown is only marked."""
        scope = self._wanted()
        if scope is None:
            self.let_go()
            self.heading.set_name(self.tr("Layers"))
            self.remark.clear()
            self.pages.say(self.tr("There are no tensors here."), self.tr("Select a file or a group of tensors to compare them."))
            return
        if self._scope is None or scope.checkpoint is not self._scope.checkpoint or scope.keys != self._scope.keys:
            self._begin(scope)
        elif self.requests.request is None:
            self._measure(scope)
        self._mark()

    def let_go(self) -> None:
        self._scope = None              # before the requests end, of which nothing is to be shown any more
        super().let_go()
        self._show_chips(())
        self.model.show_rows(None, "", [])
        self._show_findings([])

    def _wanted(self) -> Scope | None:
        selection, document = self._session.selection, self._session.selected_document
        if selection is None or document is None or document.checkpoint is None:
            return None
        ckpt, now = document.checkpoint, self._scope
        if now is not None and len(self._chosen) > 1 and selection.keys == self._chosen and \
                (now.checkpoint is ckpt or (document.packed is not None and now.checkpoint is document.packed.unpacked)):
            return now
        if len(selection.keys) < 2:             # one tensor, or a value: the scope stays where it can
            if now is not None and now.checkpoint is ckpt and (not selection.keys or selection.keys[0] in now.keys) and selection.prefix:
                return now
            keys, prefix = tuple(ckpt.tensors), ""
        else:
            keys, prefix = selection.keys, selection.prefix
        view = document.packed
        if view is not None:
            meant = view.meant(keys)
            if meant != keys and all(key in view.unpacked.tensors for key in meant):
                ckpt, keys = view.unpacked, meant
                if now is not None and now.checkpoint is ckpt and now.keys == keys:
                    return now
        return Scope(ckpt, prefix, keys) if keys else None

    def _begin(self, scope: Scope) -> None:
        """Shows what is known and measures the rest of it."""
        self.requests.ask(None)
        self.health.ask(None)
        self._scope = scope
        if len(scope.keys) >= _MANY:
            self.model.show_rows(None, "", [])          # what a worker lays out takes the place of nothing, not of other rows
        self._pattern, self._zoom, self._chosen = "", None, ()
        self.typed.ask(None)
        self.pattern_edit.clear()
        self._show_chips(())
        ckpt, keys = scope.checkpoint, scope.keys
        self.patterns.ask(Request(ckpt, Many(keys), lambda monitor: patterns_of(ckpt, keys, monitor)))
        self._offer_patterns()          # they may be known, and nothing changes then
        self.heading.set_name(scope.prefix or core.file_name(scope.checkpoint.path))
        self._show_rows()
        self._show_findings([])
        self._offer_layers(scope)
        self._show_lines()
        self._measure(scope)

    def _measure(self, scope: Scope) -> None:
        ckpt, known = scope.checkpoint, self._rows(scope)
        arrived: list[Row] = []
        self._arrived = arrived
        learn = self._checks.taking(ckpt)

        def missing(monitor: core.Monitor) -> list[str]:
            return [key for key in core.stoppable(scope.keys, monitor) if key not in known]

        def size(monitor: core.Monitor) -> int:
            return sum(ckpt.tensors[key].nbytes for key in core.stoppable(missing(monitor), monitor))

        def work(monitor: core.Monitor) -> None:
            bins = _BINS if len(scope.keys) <= _MANY else _BINS // 4
            for key, outcome in core.summarize_each(ckpt, missing(monitor), 1, monitor, fine=True):
                arrived.append(Row.of(key, outcome, bins))
                if learn is not None and isinstance(outcome, core.Summary):
                    learn(key, outcome)

        self.requests.ask(Request(ckpt, Many(scope.keys), work, size,
                                  self.tr("Measuring {tensors}").format(tensors=words.tensors(len(scope.keys)))))

    def _answered(self) -> None:
        """How the measuring stands."""
        phase = self.requests.phase
        self._working.setVisible(phase is Phase.RUNNING)
        if phase.is_busy:
            done, total = self.requests.progress
            self.bar.setRange(0, 1000 if total else 0)
            self.bar.setValue(done * 1000 // total if total else 0)
            if not self._redraw.isActive():
                self._redraw.start()
            return
        self._redraw.stop()
        self._take()
        scope = self._scope
        if scope is None:
            return
        if phase is Phase.DONE:
            self._show_rows()
            self._show_lines()
            self._ask_health(scope)
        if phase in (Phase.TOO_LARGE, Phase.STOPPED):
            self._say_what_is_missing(scope)
        self._show_remark()

    def _say_what_is_missing(self, scope: Scope) -> None:
        measured, ckpt = self._rows(scope), scope.checkpoint

        def work(monitor: core.Monitor) -> tuple[int, int]:
            missing = [ckpt.tensors[key].nbytes for key in core.stoppable(scope.keys, monitor) if key not in measured]
            return len(missing), sum(missing)

        def show(found: tuple[int, int]) -> None:
            if self.requests.phase not in (Phase.TOO_LARGE, Phase.STOPPED):
                return                              # somebody went on meanwhile
            many, size = words.tensors(found[0]), words.size(found[1])
            self.pages.say(self.tr("{tensors} have not been measured yet.").format(tensors=many),
                           self.tr("Reading them takes a while; you can go on working, and stop it at any time."),
                           self.tr("Measure all {tensors}, {size}").format(tensors=many, size=size))

        self._work_out(scope, "missing", work, show)

    def _work_out(self, scope: Scope, what: str, work: Callable[[core.Monitor], T], show: Callable[[T], None]) -> None:
        """Shows what `work` finds about all keys of the scope: at once, or where they are many once a worker has found it. Asked again
        meanwhile, it is done once more after that, not anew, or what comes often would never be shown."""
        if len(scope.keys) < _MANY:
            show(work(core.QUIET))
            return
        if what in self._at_work:
            self._at_work[what] = lambda: self._work_out(scope, what, work, show)
            return
        self._at_work[what] = None

        def done(found: T) -> None:
            again = self._at_work.pop(what, None)
            if scope is self._scope:
                show(found)
            if again is not None:
                again()

        def ended() -> None:
            self._at_work.pop(what, None)

        self._tasks.start(("layers", what), work, on_done=done, on_cancel=ended)

    def _catch_up(self) -> None:
        self._take()
        if not self._as_ridges:
            self._show_lines()

    def _take(self) -> None:
        """Takes in the rows that the worker has finished."""
        count = len(self._arrived)
        fresh, self._arrived[:count] = self._arrived[:count], []
        if self._scope is not None and fresh:
            self._rows(self._scope).update((row.key, row) for row in fresh)
            inside = self._inside
            self.model.add([row for row in fresh if inside is None or row.key in inside])
            if len(self.model.rows) >= _MORE * self._scaled:
                self._show_scale()          # else what has been drawn stays right enough until there is more of it, or all
            self._checks.told(self._scope.checkpoint)

    def _rows(self, scope: Scope) -> dict[str, Row]:
        """What is known of the checkpoint."""
        found = self._known.get(scope.checkpoint, None)
        if found is None:
            found = {}
            self._known.put(scope.checkpoint, None, found)
        return found

    def _show_rows(self) -> None:
        """All that is known of the scope; those with NaN or infinities go to the top. Many are laid out by a worker."""
        scope = self._scope
        if scope is None:
            return
        inside, as_ridges, wish, measured = self._inside, self._as_ridges, self.model.wish, self._rows(scope)

        def work(monitor: core.Monitor) -> tuple[Layout, int]:
            known = dict(measured)                  # more may come in; and here, as of many a copy takes some milliseconds
            rows = [known[key] for key in core.stoppable(scope.keys, monitor) if key in known and (inside is None or key in inside)]
            prefix = _shared([row.key for row in rows]) if as_ridges else scope.prefix
            return laid_out(scope.checkpoint, prefix, rows, wish, monitor), len(known)

        def show(found: tuple[Layout, int]) -> None:
            self.model.show_layout(found[0])
            late = islice(measured.values(), found[1], None)        # what came in while these were laid out
            self.model.add([row for row in late if inside is None or row.key in inside])
            self.table.resizeColumnToContents(SHAPE)
            self._show_scale()
            self._mark()

        self._work_out(scope, "rows", work, show)

    def _sort_elsewhere(self, work: Callable[[core.Monitor], list[int]], show: Callable[[list[int]], None]) -> None:
        if self._scope is None:
            show(work(core.QUIET))
        else:
            self._work_out(self._scope, "order", work, show)

    @property
    def _inside(self) -> frozenset[str] | None:
        """The tensors that the table has; None: all of the scope."""
        if not self._as_ridges or not self._pattern:
            return None
        return next((one.keys for one in self._offered if one.name == self._pattern), None)

    @property
    def _offered(self) -> tuple[Pattern, ...]:
        """The patterns that were found, and the one that was typed."""
        found, typed = self.patterns.result or (), self.typed.result
        return found if typed is None or not typed.keys or any(one.name == typed.name for one in found) else (*found, typed)

    # -- ridges -------------------------------------------------------------------------------------------------------

    def _offer_patterns(self) -> None:
        """The one with the most elements is chosen: a file has more names than can be compared with each other."""
        found = self.patterns.result
        if found is None or self._scope is None or self.patterns.request is None or self.patterns.request.key != Many(self._scope.keys):
            return
        if not self._chips.count():
            self._pattern = max(found, key=lambda one: one.elements).name if found else ""
            self._show_chips(found)
            self._show_rows()

    def _show_chips(self, found: Sequence[Pattern]) -> None:
        while (item := self._chips.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        if self._scope is not None and found:
            for name, count in (*((one.name, len(one.keys)) for one in found), ("", len(self._scope.keys))):
                chip = self._chip(name, count)
                self._chips.addWidget(chip)
                tab_before(chip, self.findings_area)
            self._names.setStringList([one.name for one in found])
        self._chip_row.setVisible(self._as_ridges and bool(found))
        self._show_pattern()

    def _show_pattern(self) -> None:
        """The pattern that is chosen, where it can be changed, and how many it fits."""
        scope, inside = self._scope, self._inside
        several = self._as_ridges and scope is not None and len(scope.keys) > 1
        self.pattern_edit.setText(self._pattern)
        self.pattern_edit.setCursorPosition(0)
        count = len(inside if inside is not None else scope.keys) if scope is not None else 0
        self.pattern_count.setText(f"{count:,}")
        self.pattern_count.setAccessibleName(words.tensors(count))
        self.pattern_count.setToolTip(words.tensors(count))
        self._pattern_field.setVisible(several)

    def _type_pattern(self) -> None:
        """What was typed is a pattern like those that are offered, or one of its own."""
        name, scope = self.pattern_edit.text().strip(), self._scope
        if scope is None or not name or any(one.name == name for one in self._offered):
            self._choose_pattern(name)
            self._show_chips(self._offered)
        else:
            keys = scope.keys
            self.typed.ask(Request(scope.checkpoint, (name, Many(keys)), lambda monitor: matching(keys, name, monitor)))

    def _take_typed(self) -> None:
        if self.typed.phase is not Phase.DONE or self.typed.result is None:
            return
        if not self.typed.result.keys:
            self.readout.setText(self.tr("No key fits {pattern}.").format(pattern=core.visible(self.typed.result.name, 80)))
            return
        self._choose_pattern(self.typed.result.name)
        self._show_chips(self._offered)

    def _chip(self, name: str, count: int) -> QToolButton:
        chip = QToolButton()
        chip.setText(words.menu_text(f"{name or self.tr('All')}  {count:,}", 60))
        chip.setAccessibleName(self.tr("{name}: {n} tensors").format(name=core.visible(name) or self.tr("All"), n=f"{count:,}"))
        chip.setCheckable(True)
        chip.setAutoExclusive(True)
        chip.setChecked(name == self._pattern)
        chip.clicked.connect(partial(self._choose_pattern, name))
        return chip

    def _choose_pattern(self, name: str) -> None:
        self._pattern, self._zoom = name, None
        self._show_pattern()
        self._show_rows()

    def _show_scale(self) -> None:
        """What the ridges are drawn over."""
        rows = self.model.rows
        self._scaled = len(rows)
        some = [row.ridge for row in rows[::max(1, -(-len(rows) // _SOUNDED))] if row.ridge is not None]
        span = (self._zoom or core.ridge_range(some)) if self.common.isChecked() else None
        self.ridges.set_span(span)
        share = core.share_outside(some, span) if span is not None and len(rows) <= _SOUNDED else 0.0         # else it is of a part
        said = percent(round(share * 10**6), 10**6)
        self.axis.set_scale(self.ridges.shown, *(text.format(share=said) if share > 0 else "" for text in (
            self.tr("{share} of the values lie outside"), self.tr("{share} outside"))))
        if len(rows) <= _FITTED or not self.requests.phase.is_busy:
            self._fit_columns()
        few = self.model.rowCount() <= FEW
        self.table.verticalHeader().setDefaultSectionSize((HIGH if few else LOW) if self._as_ridges else self._plain_height)
        self.table.viewport().update()

    def _fit_columns(self) -> None:
        """Beside ridges, columns of zeros say nothing, and shapes give way where there is no room."""
        if not self._as_ridges:
            return
        said = {SHAPE: True, NAN: self.model.totals.nan, ZEROS: self.model.totals.zeros}
        room = self.table.viewport().width() - _NARROW[NAME] - _NARROW[STD] - (_NARROW[NAN] if said[NAN] else 0) - (
            _NARROW[ZEROS] if said[ZEROS] else 0)
        room -= max(self.table.sizeHintForColumn(SHAPE), 60)
        said[SHAPE] = room >= _RIDGE_ROOM
        room -= _NARROW[LARGEST]
        said[LARGEST] = room >= 2 * _RIDGE_ROOM
        room -= _WITH_BAR - _NARROW[STD]
        self._cells.bars = room >= 2 * _RIDGE_ROOM
        self.table.setColumnWidth(STD, _WITH_BAR if self._cells.bars else _NARROW[STD])
        for column, shown in said.items():
            self.table.setColumnHidden(column, not shown)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_columns()

    def _choose_view(self, as_ridges: bool) -> None:
        if as_ridges != self._as_ridges:
            self._as_ridges = as_ridges
            self._show_view()
            self._show_rows()
            self._show_lines()

    def _show_view(self) -> None:
        """Ridges in the table, or a plot of lines above it."""
        ridges = self._as_ridges
        self._top.setVisible(not ridges)
        self._line_controls.setVisible(not ridges)
        self._ridge_controls.setVisible(ridges)
        self._chip_row.setVisible(ridges and self._chips.count() > 0)
        self._show_pattern()
        self.axis.setVisible(ridges)
        self.model.order_by_depth(ridges)
        header = self.table.horizontalHeader()          # what is hidden while it is stretched keeps room for itself
        header.setSectionResizeMode(RIDGE, QHeaderView.ResizeMode.Stretch if ridges else QHeaderView.ResizeMode.Interactive)
        for column in range(self.model.columnCount()):
            self.table.setColumnHidden(column, column not in _WITH_RIDGES if ridges else column == RIDGE)
            self.table.setColumnWidth(column, _NARROW.get(column, _WIDE) if ridges else {NAME: 230, SHAPE: 120}.get(column, _WIDE))
        self._show_readout()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Reads the ridge under the mouse, or looks closer at what it is dragged across; arrow keys read bin by bin."""
        if self._as_ridges and event.type() == QEvent.Type.KeyPress:
            if self._key_pressed(cast(QKeyEvent, event)):
                return True
        elif self._as_ridges and isinstance(event, QMouseEvent):
            if self._drag(event):
                return True
            if event.type() == QEvent.Type.MouseMove:
                self._read_ridge(event.position())
        elif self._as_ridges and event.type() == QEvent.Type.Leave:
            self._show_readout()
        return super().eventFilter(watched, event)

    def _key_pressed(self, event: QKeyEvent) -> bool:
        """← and → go through the bins of the current row."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        index = self.table.currentIndex()
        if step is None or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier or not index.isValid():
            return False
        row = self.model.row_at(index.row())
        span = self.ridges.range_of(row)
        if span is not None and (found := self.ridges.step(row, span, step)) is not None:
            self._say_bin(row, found)
            self.table.viewport().update()
        return True

    def _drag(self, event: QMouseEvent) -> bool:
        """Across the ridges of a common scale: all rows show that part of it. Whether the table shall not know of it."""
        at = event.position()
        if event.type() == QEvent.Type.MouseButtonPress:
            over = self.table.columnAt(int(at.x())) == RIDGE and self.ridges.span is not None
            self._dragged = at.x() if over and event.button() == Qt.MouseButton.LeftButton else None
            return False
        if self._dragged is None or not (event.buttons() | event.button()) & Qt.MouseButton.LeftButton:
            return False
        inner = cell_of(self.table)
        low, high = sorted(min(max(x, inner.left()), inner.right()) for x in (self._dragged, at.x()))
        if event.type() == QEvent.Type.MouseMove:
            if self.band.isHidden() and abs(at.x() - self._dragged) < QApplication.startDragDistance():
                return False
            self.band.setGeometry(QRect(round(low), 0, max(round(high - low), 1), self.table.viewport().height()))
            self.band.show()
            return True
        if event.type() != QEvent.Type.MouseButtonRelease or self.band.isHidden():
            self._dragged = None
            return False
        self._dragged = None
        self.band.hide()
        span = self.ridges.span
        if span is not None and high - low >= QApplication.startDragDistance():
            self._zoom = value_at(span, inner, low), value_at(span, inner, high)
            self._show_scale()
        return True

    def show_all_values(self) -> None:
        """Looks no closer than at all of them."""
        if self._zoom is not None:
            self._zoom = None
            self._show_scale()

    def _read_ridge(self, at: QPointF) -> None:
        index = self.table.indexAt(at.toPoint())
        row = self.model.row_at(index.row()) if index.isValid() else None
        span = self.ridges.range_of(row) if row is not None else None
        found = bin_at(row, span, cell_of(self.table), at.x()) if row is not None and span is not None and index.column() == RIDGE else None
        if row is None:
            self._show_readout()
        else:
            self._say_bin(row, found)

    def _say_bin(self, row: Row, found: tuple[float, float, int] | None) -> None:
        """(from, to, elements) of a bin; without one, all of the row."""
        self.readout.setText(f"{core.visible(row.key, 200)}   ·   " + (spread(row.summary) if found is None else self.tr(
            "{low} … {high}: {n} elements").format(low=typeset(number(found[0], 4)), high=typeset(number(found[1], 4)), n=f"{found[2]:,}")))

    # -- findings -----------------------------------------------------------------------------------------------------

    def _ask_health(self, scope: Scope) -> None:
        """What `core.health` makes of the numbers."""
        ckpt, known = scope.checkpoint, self._rows(scope)

        def work(monitor: core.Monitor) -> tuple[core.Finding, ...]:
            summaries = {key: row.summary for key in core.stoppable(scope.keys, monitor)
                         if (row := known.get(key)) and row.summary is not None}
            return core.health(ckpt, summaries, monitor)

        self.health.ask(Request(ckpt, Many(scope.keys), work, label=self.tr("Looking for what is unhealthy")))

    def _show_health(self) -> None:
        if self.health.phase is Phase.FAILED and self.health.error is not None:
            self.pages.fail(self.health.error)
        elif self.health.result is not None:
            self._show_findings(self.health.result)

    def _show_findings(self, findings: Sequence[core.Finding]) -> None:
        empty(self._findings)
        ranked = sorted(findings, key=lambda finding: -core.LEVELS.index(finding.level))
        self._to_show, self._unshown = ranked[:_FINDINGS], len(ranked) - _FINDINGS
        if ranked:
            self._adding.start()
        else:
            self._adding.stop()
            self.findings_area.hide()

    def _add_findings(self) -> None:
        """Some of those to be shown; the others in the turns after this one, for three boxes take longer than a frame."""
        until = time.perf_counter() + _AT_ONCE
        self.findings_area.show()
        while self._to_show:
            box = FindingBox(self._to_show.pop(0))
            self._findings.addWidget(box)
            box.show()                  # until then a layout does not count it
            if time.perf_counter() > until:
                self._adding.start()
                return
        if self._unshown > 0:
            self._findings.addWidget(label(self.tr("and {n} more").format(n=f"{self._unshown:,}"), tone="muted"))
        self._findings.addStretch(1)
        self.findings_area.fit()

    # -- showing ------------------------------------------------------------------------------------------------------

    def _show_lines(self) -> None:
        scope = self._scope
        if scope is None:
            return
        measure, x = self.measures.currentData(), self.across.currentData()
        if self._as_ridges:                 # they are made when they are looked at: of many tensors that takes some frames
            self._put_lines([], 0, measure, x)
            return
        measured = self._rows(scope)

        def work(monitor: core.Monitor) -> tuple[list[core.LayerLine], int]:
            known = dict(measured)
            summaries = {key: row.summary for key, row in core.stoppable(known.items(), monitor) if row.summary is not None}
            lines = core.layer_lines(summaries, core.weights_among(scope.checkpoint, scope.keys), measure, x)
            return [core.LayerLine(line.name, thinned(line.points)) for line in lines[:_MOST_LINES]], len(lines)

        self._work_out(scope, "lines", work, lambda found: None if self._as_ridges else self._put_lines(*found, measure, x))

    def _put_lines(self, lines: list[core.LayerLine], of: int, measure: str, x: str) -> None:
        by_layer = self.tr("Layer") if x == "layer" else self.tr("Tensor, in the order of the file")
        log = self.log.isChecked() and measure in ("norm", "rms", "std", "absmax")
        self.log.setEnabled(measure in ("norm", "rms", "std", "absmax"))
        self.plot.show_lines(lines, log=log, x_title=by_layer, y_title=self.measures.currentText())
        names = [line.name for line in self.plot.lines]
        self.legend.show_entries([(name, self.plot.colour(n), LINES[n % 8]) for n, name in enumerate(names)] if any(names) else [])
        self._left_out = of - len(lines)
        self._show_readout()

    def _show_readout(self) -> None:
        point = self.plot.point
        if self._as_ridges:
            self.readout.setText(self.tr(
                "Point at a row, or use ← and →, to read it. Drag to look closer, R shows all. A click goes to the tensor."))
        elif point is not None:
            self.readout.setText(f"{core.visible(point.key, 200)}   ·   {self.measures.currentText()}  {typeset(number(point.y, 7))}")
        elif self._left_out:
            self.readout.setText(self.tr("{n} more names have no line: select a group to see its own.").format(n=f"{self._left_out:,}"))
        else:
            self.readout.setText(self.tr("Point at a line, or use the arrow keys, to read it. Click or Enter goes to the tensor."))

    def _show_remark(self) -> None:
        scope = self._scope
        if scope is None:
            return
        measured, ckpt = self._rows(scope), scope.checkpoint

        def work(monitor: core.Monitor) -> tuple[int, int, int]:
            rows = [measured[key] for key in core.stoppable(scope.keys, monitor) if key in measured]
            return (sum(ckpt.tensors[key].stored_nbytes for key in core.stoppable(scope.keys, monitor)),
                    sum(1 for row in core.stoppable(rows, monitor) if row.nonfinite), sum(1 for row in rows if row.summary is None))

        self._work_out(scope, "remark", work, lambda found: self._put_remark(len(scope.keys), *found))

    def _put_remark(self, tensors: int, stored: int, nonfinite: int, unread: int) -> None:
        facts = [words.tensors(tensors), words.size(stored)]
        if nonfinite:
            facts.append(self.tr("{n} with NaN or infinities").format(n=words.tensors(nonfinite)))
        if unread:
            facts.append(self.tr("{n} without numbers").format(n=words.tensors(unread)))
        self.remark.setText(" · ".join(facts))

    def _mark(self) -> None:
        selection = self._session.selection
        key = selection.keys[0] if selection is not None and len(selection.keys) == 1 else ""
        self.plot.mark(key)
        row = self.model.row_of(key) if key else -1
        if row >= 0 and self.table.currentIndex().row() != row:
            self.table.setCurrentIndex(self.model.index(row, NAME))

    def _go_to(self, key: str) -> None:
        document = self._session.selected_document
        if document is not None and self._scope is not None and key in self._scope.checkpoint.tensors:
            self._session.select(Selection(document.id, key, (key,)))

    def _clicked(self, index: QModelIndex) -> None:
        """Several rows, with Ctrl or Shift, are what the other panels are about."""
        rows = tables.selected_rows(self.table)
        if QGuiApplication.keyboardModifiers() == Qt.KeyboardModifier.NoModifier or len(rows) == 1:
            self._activated(self.model.index(rows[0], NAME) if len(rows) == 1 else index)
        elif len(rows) > 1:
            self._choose([self.model.key_at(row) for row in rows])

    def _choose(self, keys: Sequence[str]) -> None:
        document, scope = self._session.selected_document, self._scope
        if document is None or scope is None:
            return
        chosen = set(keys)
        self._chosen = tuple(key for key in scope.keys if key in chosen)
        self._session.select(Selection(document.id, _shared(self._chosen), self._chosen))

    def _activated(self, index: QModelIndex) -> None:
        self._go_to(self.model.key_at(index.row()))

    def _offer_layers(self, scope: Scope) -> None:
        """Depth is the layer's number where there are several layers."""
        if self._across_chosen:
            return
        numbers = {core.layer_of(key) for key in scope.keys[:_LOOKED_AT]} - {None}
        self.across.setCurrentIndex(self.across.findData("layer" if len(numbers) > 3 else "names"))

    # -- giving it away -----------------------------------------------------------------------------------------------

    def copy_rows(self) -> None:
        """What is selected, or all of it."""
        chosen = tables.selected_rows(self.table)
        QGuiApplication.clipboard().setText(self.model.text(chosen if len(chosen) > 1 else None))

    def copy_picture(self) -> None:
        QGuiApplication.clipboard().setImage(self._picture())

    def _picture(self) -> QImage:
        """Of the lines, or of all ridges."""
        if not self._as_ridges:
            return self.plot.picture()
        width, height = self._size_of_all()
        ratio = min(2.0, _TALLEST / height)
        image = QImage(round(width * ratio), round(height * ratio), QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(ratio)
        painter = QPainter(image)
        painter.setFont(self.font())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_all(painter, self.model, self.ridges, width, theme.colours(self.palette()))
        painter.end()
        return image

    def _size_of_all(self) -> tuple[int, float]:
        """Of the picture of all ridges."""
        return max(self.table.width(), 600), height_of(self.model, QFontMetricsF(self.font()))

    def _drawing(self) -> bytes:
        """The same as an SVG document."""
        name = self._scope.prefix if self._scope is not None else ""
        if not self._as_ridges:
            return exporting.drawing_of_widget(self.plot, self.palette().color(QPalette.ColorRole.Base), name)
        width, height = self._size_of_all()

        def draw(painter: QPainter) -> None:
            painter.setFont(self.font())
            draw_all(painter, self.model, self.ridges, width, theme.colours(self.palette()))

        return exporting.drawing_of(QSize(width, ceil(height)), name, draw)

    def _file_name(self, ending: str) -> str:
        scope = self._scope
        return exporting.name_of(scope.checkpoint.path, scope.prefix, "layers", ending) if scope is not None else f"layers{ending}"

    def save_table(self) -> None:
        path = self.choose_path(self, self.tr("Save table"), self._file_name(".tsv"), self.tr("Tab-separated tables (*.tsv)"))
        if path:
            text = self.model.text().encode("utf-8", "backslashreplace") + b"\n"
            exporting.carry_out(path, lambda: exporting.write(path, [text], "table"), self, self.readout.setText)

    def save_picture(self) -> None:
        path = self.choose_path(self, self.tr("Save picture"), self._file_name(".png"), self.tr("PNG pictures (*.png)"))
        if path:
            picture = self._picture()
            exporting.carry_out(path, lambda: exporting.write_picture(path, picture), self, self.readout.setText)

    def save_drawing(self) -> None:
        path = self.choose_path(self, self.tr("Save drawing"), self._file_name(".svg"), self.tr("SVG drawings (*.svg)"))
        if path:
            drawn = self._drawing()
            exporting.carry_out(path, lambda: exporting.write(path, [drawn], "drawing"), self, self.readout.setText)

    # -- places ---------------------------------------------------------------------------------------------------------

    def _make_controls(self) -> None:
        self._left_out = 0
        self._across_chosen = False
        names = {"norm": self.tr("Norm"), "rms": self.tr("Root mean square"), "std": self.tr("Standard deviation"),
                 "absmax": self.tr("Largest magnitude"), "mean": self.tr("Mean"), "zeros": self.tr("Share of zeros"),
                 "nonfinite": self.tr("Share of NaN and infinities")}
        self._fill(self.measures, self.tr("Measure"), [(names[name], name) for name in core.LAYER_MEASURES])
        self.measures.setCurrentIndex(self.measures.findData("rms"))
        self._fill(self.across, self.tr("Across"), [
            (self.tr("Layer numbers"), "layer"), (self.tr("File order, by name"), "names"),
            (self.tr("File order, one line"), "all")])
        self.log.setChecked(True)
        self.measures.activated.connect(self._show_lines)
        self.across.activated.connect(self._across_activated)
        self.log.toggled.connect(self._show_lines)
        self.bar = ProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.stop = QPushButton(self.tr("Stop"))
        self.stop.clicked.connect(self.requests.stop)
        self._working = QWidget()
        row = QHBoxLayout(self._working)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(label(self.tr("Reading values…"), tone="muted", selectable=False))
        row.addWidget(self.bar, 1)
        row.addWidget(self.stop)
        self._working.hide()

    def _across_activated(self) -> None:
        self._across_chosen = True
        self._show_lines()

    @staticmethod
    def _fill(box: QComboBox, name: str, choices: list[tuple[str, Any]]) -> None:
        box.setAccessibleName(name)
        for text, data in choices:
            box.addItem(text, data)

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self.model)
        tables.calm(table, self.tr("All tensors"))
        tables.list_rows(table)
        table.setAlternatingRowColors(True)
        table.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        table.horizontalHeader().setSortIndicatorClearable(True)
        table.setSortingEnabled(True)
        for column in range(self.model.columnCount()):
            table.setColumnWidth(column, _WIDE)
        table.horizontalHeader().moveSection(RIDGE, SHAPE + 1)
        table.horizontalHeader().setMinimumSectionSize(40)
        table.horizontalHeader().setResizeContentsPrecision(40)         # rows: a thousand take a tenth of a second
        table.horizontalHeader().moveSection(table.horizontalHeader().visualIndex(LARGEST), table.horizontalHeader().visualIndex(STD) + 1)
        self._cells = LayerCells(table)
        table.setItemDelegate(self._cells)
        table.setItemDelegateForColumn(RIDGE, self.ridges)
        table.setMouseTracking(True)
        table.viewport().installEventFilter(self)
        table.installEventFilter(self)
        self.band = QRubberBand(QRubberBand.Shape.Rectangle, table.viewport())
        self._plain_height = table.verticalHeader().defaultSectionSize()
        table.activated.connect(self._activated)
        table.clicked.connect(self._clicked)
        for keys, run in ((QKeySequence(QKeySequence.StandardKey.Copy), self.copy_rows), (QKeySequence("R"), self.show_all_values)):
            QShortcut(keys, table, run, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
        return table

    def _place(self) -> None:
        """What is around first, then what is in it: whatever gets a parent gets the style of all that is in it anew."""
        self.area, everything, whole = scrolling(self)
        whole.addWidget(self.heading)
        whole.addWidget(self.remark)
        whole.addSpacing(6)
        shown = QWidget()
        as_high_as_it_is(shown)
        self.pages = ResultPages(shown, self.requests, growing=True)
        whole.addWidget(self.pages, 1)
        inside = QVBoxLayout(shown)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(8)
        self._make_pattern_field()
        self._chip_row, self._chips = flowing(6)
        inside.addLayout(self._views())
        inside.addWidget(self._place_line_controls())
        inside.addWidget(self._chip_row)
        inside.addWidget(self._working)
        split = upright_splitter()
        inside.addWidget(GivesWay(split, LEAST_ROWS), 1)
        self._top, listed, holder = QWidget(), QWidget(), QWidget()
        self.findings_area = _FindingsArea()
        for part, share in ((self._top, 3), (self.findings_area, 1), (listed, 3)):
            split.addWidget(part)
            split.setStretchFactor(split.count() - 1, share)
        upper = QVBoxLayout(self._top)
        upper.setContentsMargins(0, 0, 0, 0)
        upper.setSpacing(4)
        upper.addWidget(self.plot, 1)
        upper.addWidget(self.legend)
        self._findings = QVBoxLayout(holder)
        self._findings.setContentsMargins(0, 0, 0, 0)
        self._findings.setSpacing(6)
        self.findings_area.setWidgetResizable(True)
        self.findings_area.setAccessibleName(self.tr("Findings"))
        self.findings_area.setWidget(holder)
        self.findings_area.hide()
        lower = QVBoxLayout(listed)
        lower.setContentsMargins(0, 0, 0, 0)
        lower.setSpacing(0)
        lower.addWidget(self.table, 1)
        lower.addWidget(self.axis)
        split.setSizes([500, 110, 220])
        inside.addWidget(self.readout)
        leave_the_wheel(*everything.findChildren(QComboBox))

    def _place_line_controls(self) -> QWidget:
        self._line_controls, controls = flowing(8)
        for text, widget in ((self.tr("&Measure"), self.measures), (self.tr("&Across"), self.across)):
            caption = QLabel(text)
            caption.setProperty("tone", "muted")
            caption.setBuddy(widget)
            controls.addWidget(caption)
            controls.addWidget(widget)
        controls.addWidget(self.log)
        return self._line_controls

    def _make_pattern_field(self) -> None:
        self.pattern_edit = QLineEdit()
        self.pattern_edit.setPlaceholderText(self.tr("Pattern: *.weight"))
        self.pattern_edit.setAccessibleName(self.tr("Pattern of names"))
        self.pattern_edit.setToolTip(self.tr("Names of tensors; * is any text. Enter shows those that it fits."))
        self.pattern_edit.setMinimumWidth(120)
        self.pattern_edit.setMaximumWidth(230)
        self.pattern_edit.returnPressed.connect(self._type_pattern)
        self.pattern_count = label(tone="muted", selectable=False)
        self._pattern_field = QWidget()
        field = QHBoxLayout(self._pattern_field)
        field.setContentsMargins(0, 0, 0, 0)
        field.setSpacing(6)
        field.addWidget(self.pattern_edit, 1)
        field.addWidget(self.pattern_count)
        self._names = QStringListModel(self)
        completer = QCompleter(self._names, self)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        tables.keep_order(completer.popup())
        self.pattern_edit.setCompleter(completer)

    def _views(self) -> QHBoxLayout:
        """Ridges or lines; one scale or many; what can be taken away."""
        view, self.as_ridges, self.as_lines = self._switch(self.tr("Ridges"), self.tr("Lines"))
        self.as_ridges.setToolTip(self.tr("The distribution of each tensor, one above the other"))
        self.as_lines.setToolTip(self.tr("A number of each tensor, across depth"))
        self.as_ridges.clicked.connect(partial(self._choose_view, True))
        self.as_lines.clicked.connect(partial(self._choose_view, False))
        self._ridge_controls, self.common, self.own = self._switch(self.tr("Common scale"), self.tr("Each its own"))
        for button in (self.common, self.own):
            button.clicked.connect(self._show_scale)
        out = QPushButton(self.tr("Save"))
        out.setAccessibleName(self.tr("Copy or save what is shown"))
        out.setFlat(True)
        menu = QMenu(out)
        for said, run in ((self.tr("Copy table"), self.copy_rows), (self.tr("Copy picture"), self.copy_picture), ("", None),
                          (self.tr("Save table…"), self.save_table), (self.tr("Save picture as PNG…"), self.save_picture),
                          (self.tr("Save drawing as SVG…"), self.save_drawing)):
            if run is None:
                menu.addSeparator()
            else:
                menu.addAction(said, partial(run))
        out.setMenu(menu)
        choices, line = flowing(14)
        for widget in (view, self._ridge_controls, self._pattern_field):
            line.addWidget(widget)
        row = QHBoxLayout()
        row.addWidget(choices, 1)
        row.addWidget(out, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _switch(self, first: str, second: str) -> tuple[QWidget, QToolButton, QToolButton]:
        """Two buttons of which one is down, the first to begin with, and what they stand in."""
        holder, group = QWidget(), QButtonGroup(self)
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        made = QToolButton(), QToolButton()
        for button, text in zip(made, (first, second), strict=True):
            button.setText(text)
            button.setCheckable(True)
            group.addButton(button)
            row.addWidget(button)
        made[0].setChecked(True)
        return holder, *made
