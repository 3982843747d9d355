"""All tensors of the file, or of a group, at once: lines across depth, a table that sorts, what is unhealthy about them.

    selection → scope (the file, or the group) → requests → core.summarize_each, a row a tensor → table and lines, while it goes on
                                                                                             → core.health → findings

Little is measured at once (`UNASKED` bytes), more when the person says so. What was measured of a checkpoint is kept.
"""
from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from PySide6.QtCore import QModelIndex, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from inspector import core
from inspector.gui.kit import exporting, file_dialogs, tables, words
from inspector.gui.models.layer_table import NAME, LayerTable, Row
from inspector.gui.models.plot_scales import number
from inspector.gui.state.requests import Kept, Phase, Request, Requests
from inspector.gui.state.session import Selection, Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.state.value_checks import ValueChecks
from inspector.gui.widgets.boxes import FindingBox, empty, label
from inspector.gui.widgets.heading import Heading
from inspector.gui.widgets.histogram_plot import Legend
from inspector.gui.widgets.lazy_panel import SelectionPanel
from inspector.gui.widgets.line_plot import LinePlot
from inspector.gui.widgets.plot_canvas import LINES
from inspector.gui.widgets.result_pages import ResultPages

TASK, HEALTH = "layers", "layers-health"
KEPT = 8                        # checkpoints whose numbers are kept
UNASKED = 200 * 10 ** 6         # bytes that are measured without being asked for
_REDRAWN = 400                  # milliseconds between two drawings while rows come in
_MOST_LINES = 8                 # as many as there are colours that can be told apart
_FINDINGS = 20                  # findings that are shown


class Scope(NamedTuple):
    """What is measured: the tensors `keys` below `prefix` of one checkpoint."""

    checkpoint: core.Checkpoint
    prefix: str
    keys: tuple[str, ...]


class LayersPanel(SelectionPanel):
    """`requests` measure, `health` says what to make of it."""

    def __init__(self, session: Session, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(session, tasks, parent)
        self.choose_path = file_dialogs.ask_where_to_save
        self.requests: Requests[None] = self.make_requests(TASK, limit=lambda: UNASKED)
        self._checks = ValueChecks.shared(session, tasks)
        self.health: Requests[tuple[core.Finding, ...]] = self.make_requests(HEALTH, keep=KEPT)
        self._scope: Scope | None = None
        self._known: Kept[dict[str, Row]] = Kept(KEPT)          # rows of each checkpoint, all its tensors together
        self._arrived: list[Row] = []                           # from the worker, and not yet taken in
        self.heading = Heading()
        self.remark = label(tone="muted", wrap=True)
        self.plot = LinePlot()
        self.legend = Legend()
        self.readout = QLabel()
        self.readout.setTextFormat(Qt.TextFormat.PlainText)
        self.readout.setAccessibleName(self.tr("Tensor under the cursor"))
        self.readout.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.model = LayerTable(self)
        self.table = self._make_table()
        self.measures, self.across, self.log = QComboBox(), QComboBox(), QCheckBox(self.tr("Lo&g scale"))
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
        super().let_go()
        self._scope = None
        self.model.show_rows(None, "", [])
        self._show_findings([])

    def _wanted(self) -> Scope | None:
        selection, document = self._session.selection, self._session.selected_document
        if selection is None or document is None or document.checkpoint is None:
            return None
        ckpt, now = document.checkpoint, self._scope
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
        self.heading.set_name(scope.prefix or scope.checkpoint.path)
        self._show_rows()
        self._show_findings([])
        self._offer_layers(scope)
        self._show_lines()
        self._measure(scope)

    def _measure(self, scope: Scope) -> None:
        ckpt, known = scope.checkpoint, self._rows(scope)
        arrived: list[Row] = []
        self._arrived = arrived

        def missing() -> list[str]:
            return [key for key in scope.keys if key not in known]

        def work(monitor: core.Monitor) -> None:
            for key, outcome in core.summarize_each(ckpt, missing(), 1, monitor):
                arrived.append(Row.of(key, outcome))

        self.requests.ask(Request(ckpt, scope.keys, work, lambda: sum(ckpt.tensors[key].nbytes for key in missing()),
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
            self._mark()
            self._ask_health(scope)
        if phase in (Phase.TOO_LARGE, Phase.STOPPED):
            self._say_what_is_missing(scope)
        self._show_remark()

    def _say_what_is_missing(self, scope: Scope) -> None:
        known = self._rows(scope)
        missing = [scope.checkpoint.tensors[key] for key in scope.keys if key not in known]
        many, size = words.tensors(len(missing)), words.size(sum(info.nbytes for info in missing))
        self.pages.say(self.tr("{tensors} have not been measured yet.").format(tensors=many),
                       self.tr("Reading them takes a while; you can go on working, and stop it at any time."),
                       self.tr("Measure all {tensors}, {size}").format(tensors=many, size=size))

    def _catch_up(self) -> None:
        self._take()
        self._show_lines()

    def _take(self) -> None:
        """Takes in the rows that the worker has finished."""
        count = len(self._arrived)
        fresh, self._arrived[:count] = self._arrived[:count], []
        if self._scope is not None and fresh:
            self._rows(self._scope).update((row.key, row) for row in fresh)
            self.model.add(fresh)
            self._checks.learn(self._scope.checkpoint, {row.key: row.summary for row in fresh if row.summary is not None})

    def _rows(self, scope: Scope) -> dict[str, Row]:
        """What is known of the checkpoint."""
        found = self._known.get(scope.checkpoint, None)
        if found is None:
            found = {}
            self._known.put(scope.checkpoint, None, found)
        return found

    def _show_rows(self) -> None:
        """All that is known of the scope; those with NaN or infinities go to the top."""
        if self._scope is not None:
            known = self._rows(self._scope)
            self.model.show_rows(self._scope.checkpoint, self._scope.prefix, [known[key] for key in self._scope.keys if key in known])

    # -- findings -----------------------------------------------------------------------------------------------------

    def _ask_health(self, scope: Scope) -> None:
        """What `core.health` makes of the numbers."""
        ckpt, known = scope.checkpoint, self._rows(scope)
        summaries = {key: row.summary for key in scope.keys if (row := known.get(key)) and row.summary is not None}
        self.health.ask(Request(ckpt, scope.keys, lambda monitor: core.health(ckpt, summaries, monitor),
                                label=self.tr("Looking for what is unhealthy")))

    def _show_health(self) -> None:
        if self.health.phase is Phase.FAILED and self.health.error is not None:
            self.pages.fail(self.health.error)
        elif self.health.result is not None:
            self._show_findings(self.health.result)

    def _show_findings(self, findings: Sequence[core.Finding]) -> None:
        empty(self._findings)
        ranked = sorted(findings, key=lambda finding: -core.LEVELS.index(finding.level))
        for finding in ranked[:_FINDINGS]:
            self._findings.addWidget(FindingBox(finding))
        if len(ranked) > _FINDINGS:
            self._findings.addWidget(label(self.tr("and {n} more").format(n=f"{len(ranked) - _FINDINGS:,}"), tone="muted"))
        self._findings.addStretch(1)
        self.findings_area.setVisible(bool(ranked))

    # -- showing ------------------------------------------------------------------------------------------------------

    def _show_lines(self) -> None:
        scope = self._scope
        if scope is None:
            return
        measure, x = self.measures.currentData(), self.across.currentData()
        summaries = {key: row.summary for key, row in self._rows(scope).items() if row.summary is not None}
        lines = core.layer_lines(summaries, core.weights_among(scope.checkpoint, scope.keys), measure, x)
        by_layer = self.tr("Layer") if x == "layer" else self.tr("Tensor, in the order of the file")
        log = self.log.isChecked() and measure in ("norm", "rms", "std", "absmax")
        self.log.setEnabled(measure in ("norm", "rms", "std", "absmax"))
        self.plot.show_lines(lines[:_MOST_LINES], log=log, x_title=by_layer)
        names = [line.name for line in self.plot.lines]
        self.legend.show_entries([(name, self.plot.colour(n), LINES[n % 8]) for n, name in enumerate(names)] if any(names) else [])
        self._left_out = max(0, len(lines) - _MOST_LINES)
        self._show_readout()

    def _show_readout(self) -> None:
        point = self.plot.point
        if point is not None:
            self.readout.setText(f"{core.visible(point.key, 200)}   ·   {self.measures.currentText()}  {number(point.y, 7)}")
        elif self._left_out:
            self.readout.setText(self.tr("{n} more names have no line: select a group to see its own.").format(n=f"{self._left_out:,}"))
        else:
            self.readout.setText(self.tr("Point at a line, or use the arrow keys, to read it. Click or Enter goes to the tensor."))

    def _show_remark(self) -> None:
        scope = self._scope
        if scope is None:
            return
        known = self._rows(scope)
        rows = [known[key] for key in scope.keys if key in known]
        facts = [words.tensors(len(scope.keys)), words.size(sum(scope.checkpoint.tensors[key].stored_nbytes for key in scope.keys))]
        nonfinite, unread = sum(1 for row in rows if row.nonfinite), sum(1 for row in rows if row.summary is None)
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

    def _activated(self, index: QModelIndex) -> None:
        self._go_to(self.model.key_at(index.row()))

    def _offer_layers(self, scope: Scope) -> None:
        """Depth is the layer's number where there are several layers."""
        if self._across_chosen:
            return
        numbers = {core.layer_of(key) for key in scope.keys[:5000]} - {None}
        self.across.setCurrentIndex(self.across.findData("layer" if len(numbers) > 3 else "names"))

    # -- giving it away -----------------------------------------------------------------------------------------------

    def copy_rows(self) -> None:
        """What is selected, or all of it."""
        chosen = sorted({index.row() for index in self.table.selectionModel().selectedRows()})
        QGuiApplication.clipboard().setText(self.model.text(chosen if len(chosen) > 1 else None))

    def copy_picture(self) -> None:
        QGuiApplication.clipboard().setImage(self.plot.picture())

    def save_table(self) -> None:
        path = self.choose_path(self, self.tr("Save table"), "layers.tsv", self.tr("Tab-separated tables (*.tsv)"))
        if path:
            text = self.model.text().encode("utf-8", "backslashreplace") + b"\n"
            self.readout.setText(exporting.outcome(path, lambda: exporting.write(path, [text], "table")))

    def save_picture(self) -> None:
        path = self.choose_path(self, self.tr("Save picture"), "layers.png", self.tr("PNG pictures (*.png)"))
        if path:
            self.readout.setText(exporting.outcome(path, lambda: exporting.write_picture(path, self.plot.picture())))

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
        self.bar = QProgressBar()
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
            table.setColumnWidth(column, 230 if column == NAME else 120 if column == 1 else 102)
        table.activated.connect(self._activated)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), table, self.copy_rows,
                  context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
        return table

    def _place(self) -> None:
        controls = QHBoxLayout()
        controls.setSpacing(8)
        for text, widget in ((self.tr("&Measure"), self.measures), (self.tr("&Across"), self.across)):
            caption = QLabel(text)
            caption.setProperty("tone", "muted")
            caption.setBuddy(widget)
            controls.addWidget(caption)
            controls.addWidget(widget)
        controls.addWidget(self.log)
        controls.addStretch(1)
        out = QPushButton(self.tr("Save"))
        out.setAccessibleName(self.tr("Copy or save what is shown"))
        out.setFlat(True)
        menu = QMenu(out)
        for said, run in ((self.tr("Copy table"), self.copy_rows), (self.tr("Copy picture"), self.copy_picture), ("", None),
                          (self.tr("Save table…"), self.save_table), (self.tr("Save picture as PNG…"), self.save_picture)):
            if run is None:
                menu.addSeparator()
            else:
                menu.addAction(said, partial(run))
        out.setMenu(menu)
        top = QWidget()
        upper = QVBoxLayout(top)
        upper.setContentsMargins(0, 0, 0, 0)
        upper.setSpacing(4)
        upper.addWidget(self.plot, 1)
        upper.addWidget(self.legend)
        below = QHBoxLayout()
        below.addWidget(self.readout, 1)
        below.addWidget(out)
        upper.addLayout(below)
        holder = QWidget()
        self._findings = QVBoxLayout(holder)
        self._findings.setContentsMargins(0, 0, 0, 0)
        self._findings.setSpacing(6)
        self.findings_area = QScrollArea()
        self.findings_area.setWidgetResizable(True)
        self.findings_area.setWidget(holder)
        self.findings_area.hide()
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(9)
        split.setStyleSheet("QSplitter::handle { background: transparent; }"
                            "QSplitter::handle:hover { background: palette(highlight); }")
        for part, share in ((top, 3), (self.findings_area, 1), (self.table, 3)):
            split.addWidget(part)
            split.setStretchFactor(split.count() - 1, share)
        split.setSizes([330, 120, 330])
        shown = QWidget()
        inside = QVBoxLayout(shown)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(8)
        inside.addLayout(controls)
        inside.addWidget(self._working)
        inside.addWidget(split, 1)
        self.pages = ResultPages(shown, self.requests, growing=True)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 14, 16, 12)
        whole.setSpacing(4)
        whole.addWidget(self.heading)
        whole.addWidget(self.remark)
        whole.addSpacing(6)
        whole.addWidget(self.pages, 1)
