"""A training run: what follows from it, its metrics and parts over the checkpoints, the values of one part, two to compare.

    name, how many, how far; watch, state; back
    remarks, each with its checkpoint
    curves, by what the best is the best; measure, rows
    timeline (curves, strip, norms), or the same as a table
    what its colours mean; keys
    values of the chosen part in every checkpoint
    A, B, what changed between them; average, compare
"""
from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from inspector import core
from inspector.gui.kit import exporting, file_dialogs, theme, words
from inspector.gui.state.requests import Request, Requests
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.boxes import empty, label
from inspector.gui.widgets.elided import Elided

from . import run_words
from .curve_axes import with_curve
from .legend import Legend
from .reading import Reading
from .run_table import RunTable
from .timeline import MEASURES, Timeline
from .violins import Shapes, Violins, shapes_of

SHAPES = "run-shapes"
WATCH = 2000                # ms between two looks at the folder
_CURVES, _CHIPS = 2, 5          # curves to begin with; metrics with a chip of their own, the others are in a menu
_REMARKS, _FEW_REMARKS, _ALL_REMARKS, _LOW = 6, 3, 200, 720        # in a window lower than that they leave room for the rest
_ROWS = 2000                # parts or tensors drawn
_LEAST_LETTERS, _MOST_LETTERS = 14, 32     # that the boxes at the foot have room for; names longer than that are cut
_TENSORS = -1               # in place of a depth: each tensor by itself
_TABLES: tuple[core.RunTableKind, ...] = ("checkpoints", "parts", "tensors")
TABLE, PARTS = "run-table", "run-parts"
_FINER = (0, 1, 2)          # segments more than tell one part from another


class RunPage(QWidget):
    back_asked = Signal()
    open_asked = Signal(str)            # path
    compare_asked = Signal(str, str)
    average_asked = Signal(object)      # paths
    said_once = Signal(str)             # how something went, for the status line

    def __init__(self, tasks: Tasks) -> None:
        super().__init__()
        self._tasks = tasks
        self.reading = Reading(tasks, self)
        self.timeline = Timeline()
        self.violins = Violins(self.timeline)
        self.numbers = RunTable(self.timeline)
        self.shapes: Requests[Shapes] = Requests(tasks, SHAPES, self)
        self.parts: Requests[tuple[core.Track, ...]] = Requests(tasks, PARTS, self, keep=len(_FINER) + 1)
        self._chosen_curves: tuple[str, ...] = ()
        self._all_said = False
        self._metric: str | None = None         # by which the best is the best; None: the one that says most
        self._titled = ""                       # the key whose values are shown
        self._buttons: dict[str, QToolButton] = {}
        self._watching = QTimer(self)
        self._watching.setInterval(WATCH)
        self._watching.timeout.connect(self._look_again)
        self.setAccessibleName(self.tr("Training run"))
        self._place()
        self.reading.begun.connect(self._begin)
        self.reading.found.connect(self._show)
        self.reading.grown.connect(self._show_coming)
        self.reading.measured.connect(self._show)
        self.reading.progressed.connect(self._show_progress)
        self.timeline.chosen.connect(self._chosen)
        self.timeline.marked.connect(self._show_marks)
        self.timeline.open_asked.connect(self._open)
        self.timeline.compare_asked.connect(self._compare)
        self.numbers.open_asked.connect(self._open)
        self.shapes.changed.connect(self._show_shapes)
        self.parts.changed.connect(self._draw_parts)

    def show_paths(self, paths: tuple[str, ...]) -> None:
        self.reading.follow(paths)

    def _begin(self) -> None:
        """It is another run."""
        self._all_said, self._metric = False, None
        self._show()

    # -- places -------------------------------------------------------------------------------------------------------

    def _place(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._head())
        self.said = QFrame()
        self._remarks = QVBoxLayout(self.said)
        self._remarks.setContentsMargins(12, 4, 12, 4)
        self._remarks.setSpacing(0)
        column.addWidget(self.said)
        column.addLayout(self._controls())
        self._drawn = scrolled = QScrollArea()
        scrolled.setWidgetResizable(True)
        scrolled.setFrameShape(QFrame.Shape.NoFrame)
        scrolled.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        rows = QVBoxLayout(inside)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self.timeline)
        self.legend = Legend(self.timeline)
        rows.addWidget(self.legend)
        rows.addWidget(self._values(), 1)
        rows.addStretch(1)
        scrolled.setWidget(inside)
        self._views = QStackedWidget()
        self._views.addWidget(scrolled)
        self._views.addWidget(self.numbers)
        column.addWidget(self._views, 1)
        column.addLayout(self._foot())

    def _head(self) -> QHBoxLayout:
        self.title = label(strong=True, scale=1.2)
        self.details = label(tone="muted")
        self.details.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(140)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.stop = QPushButton(self.tr("Stop"))
        self.stop.clicked.connect(self._stop_or_go_on)
        self.state = _State()
        self.watch = QCheckBox(self.tr("Watch the folder"))
        self.watch.setToolTip(self.tr("Takes up checkpoints that a running training writes, once they are whole"))
        self.watch.toggled.connect(self._watch)
        self.back = QPushButton(self.tr("Back to the files"))
        self.back.clicked.connect(self.back_asked)
        row = QHBoxLayout()
        row.setContentsMargins(12, 10, 12, 8)
        row.setSpacing(10)
        row.addWidget(self.title)
        row.addWidget(self.details, 1)
        for widget in (self.bar, self.state, self.stop, self.watch, self.back):
            row.addWidget(widget)
        return row

    def _controls(self) -> QHBoxLayout:
        self._chips = QHBoxLayout()
        self._chips.setSpacing(6)
        self.measures = QButtonGroup(self)
        self.measures.setExclusive(True)
        row = QHBoxLayout()
        row.setContentsMargins(12, 4, 12, 6)
        row.setSpacing(6)
        row.addLayout(self._chips)
        self.more = QToolButton()
        self.more.setText(self.tr("More"))
        self.more.setToolTip(self.tr("Other numbers that the checkpoints say"))
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setMenu(QMenu(self.more))
        self.best = QToolButton()
        self.best.setToolTip(self.tr("By what the best checkpoint is the best"))
        self.best.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.best.setMenu(QMenu(self.best))
        row.addWidget(self.more)
        row.addWidget(self.best)
        row.addStretch(1)
        texts = {"change": self.tr("Change"), "norm": self.tr("Norm"), "std": self.tr("Std"), "nan": self.tr("NaN")}
        for measure in MEASURES:
            button = QToolButton()
            button.setText(texts[measure])
            button.setCheckable(True)
            button.setChecked(measure == self.timeline.measure)
            button.clicked.connect(partial(self._measure, measure))
            self.measures.addButton(button)
            row.addWidget(button)
        self.rows = QComboBox()
        self.rows.setAccessibleName(self.tr("Rows"))
        self.rows.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.rows.setToolTip(self.tr("How finely the model is taken apart"))
        self.rows.currentIndexChanged.connect(lambda: self._show_timeline())
        row.addWidget(self.rows)
        self.as_table = QToolButton()
        self.as_table.setText(self.tr("Table"))
        self.as_table.setCheckable(True)
        self.as_table.setToolTip(self.tr("The numbers as a table, with the metrics"))
        self.as_table.toggled.connect(self._show_as_table)
        row.addWidget(self.as_table)
        return row

    def _values(self) -> QWidget:
        self.values_title = label(tone="muted", selectable=False)
        self.values = QWidget()
        column = QVBoxLayout(self.values)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(0)
        self.values_title.setContentsMargins(14, 0, 14, 0)
        column.addWidget(self.values_title)
        column.addWidget(self.violins, 1)
        return self.values

    def _foot(self) -> QHBoxLayout:
        self.a, self.b = QComboBox(), QComboBox()
        row = QHBoxLayout()
        row.setContentsMargins(12, 6, 12, 8)
        row.setSpacing(8)
        for text, box in (("A", self.a), ("B", self.b)):
            box.setAccessibleName(self.tr("Checkpoint {letter}").format(letter=text))
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(_LEAST_LETTERS)
            box.setMinimumWidth(box.sizeHint().width())         # with longer names, too, in a narrow window
            box.activated.connect(self._picked)
            row.addWidget(QLabel(text))
            row.addWidget(box)
        self.between = Elided()
        row.addWidget(self.between, 1)
        self.average = QPushButton(self.tr("Average the last {n}…").format(n=5))
        self.average.clicked.connect(self._average)
        self.table = QPushButton(self.tr("Save as table…"))
        self.table.setMenu(self._tables())
        self.compare = QPushButton(self.tr("Compare A and B"))
        self.compare.setProperty("primary", True)
        self.compare.clicked.connect(self._compare)
        row.addWidget(self.average)
        row.addWidget(self.table)
        row.addWidget(self.compare)
        return row

    def _tables(self) -> QMenu:
        menu = QMenu(self)
        texts = {"checkpoints": self.tr("Checkpoints and Their Metrics…"), "parts": self.tr("Parts of the Model…"),
                 "tensors": self.tr("Each Tensor in Each Checkpoint…")}
        for what in _TABLES:
            menu.addAction(texts[what], partial(self._ask_for_table, what))
        return menu

    # -- what there is ------------------------------------------------------------------------------------------------

    @property
    def series(self) -> core.Series | None:
        return self.reading.series

    def _show(self) -> None:
        series, error = self.series, self.reading.error
        if series is None or error is not None:
            self.title.setText(self.tr("Training run"))
            self.details.setText("" if error is None else words.said(f"{error.message}. {error.hint}", 400))
        if series is not None:
            folder = os.path.dirname(os.path.normpath(series[0].path))
            self.title.setText(core.visible(os.path.basename(folder) or folder, 60))
            self.details.setText(self._about(series))
        self._offer_rows()
        self._offer_curves(series)
        self._offer_checkpoints(series)
        self._show_remarks()
        self._show_timeline()
        self._show_progress(0, 0)

    def _about(self, series: core.Series) -> str:
        size = words.size(sum(one.nbytes for one in series))
        text = self.tr("1 checkpoint, {name} · {size}").format(name=core.visible(series[0].name, 40), size=size) if len(series) == 1 else \
            self.tr("{n} checkpoints, {first} … {last} · {size}").format(
                n=f"{len(series):,}", first=core.visible(series[0].name, 40), last=core.visible(series[-1].name, 40), size=size)
        if series.left_out:
            text += " · " + self.tr("{n} left out: {names}").format(
                n=f"{len(series.left_out):,}", names=run_words.names(tuple(os.path.basename(left.path) for left in series.left_out)))
        return text

    def _show_remarks(self) -> None:
        empty(self._remarks)
        series, remarks = self.series, self.reading.remarks
        self.said.setVisible(series is not None and bool(remarks))
        worst = ""
        most = _ALL_REMARKS if self._all_said else _REMARKS if self.height() >= _LOW else _FEW_REMARKS
        for one in remarks[:most] if series is not None else ():
            level = run_words.level(one)
            worst = "danger" if "danger" in (worst, level) else worst or level
            row = QHBoxLayout()
            row.setSpacing(10)
            row.addWidget(label(run_words.remark(series, one), tone=level, wrap=True), 1)       # type: ignore[arg-type]
            name = run_words.checkpoint(series, one.at)                                         # type: ignore[arg-type]
            row.addWidget(_link(name, self.tr("Show this checkpoint"), partial(self._jump, one.at)))
            good = one.facts.get("good")
            if isinstance(good, int):
                name = run_words.checkpoint(series, good)                                       # type: ignore[arg-type]
                row.addWidget(_link(self.tr("Open {name}").format(name=name), self.tr("Open the last checkpoint that is whole"),
                                    partial(self._open, good)))
            holder = QWidget()
            row.setContentsMargins(0, 0, 0, 0)
            holder.setLayout(row)
            self._remarks.addWidget(holder)
        if series is not None and len(remarks) > most:
            more = QPushButton(self.tr("{n} more").format(n=len(remarks) - most))
            more.setProperty("link", True)
            more.clicked.connect(self._say_all)
            self._remarks.addWidget(more, 0, Qt.AlignmentFlag.AlignLeft)
        self.said.setProperty("level", worst or "info")
        self.said.setObjectName("banner")
        theme.repolish(self.said)

    def _say_all(self) -> None:
        self._all_said = True
        self._show_remarks()

    def _jump(self, at: int) -> None:
        self.timeline.choose(at)
        self.timeline.setFocus(Qt.FocusReason.OtherFocusReason)

    def _offer_curves(self, series: core.Series | None) -> None:
        names = [name for name in series.metrics if sum(name in one.metrics for one in series) > 1 or len(series) == 1] \
            if series is not None else []
        kept = tuple(name for name in self._chosen_curves if name in names)
        best = self._best(series)
        losses = [name for name in names if core.direction_of(name) == "down"]
        first = list(dict.fromkeys([*losses[:1], *([best.metric] if best else []), *names]))
        self._chosen_curves = kept or tuple(name for name in first if name in names)[:_CURVES]
        empty(self._chips)
        self._buttons.clear()
        for name in names[:_CHIPS]:
            chip = QToolButton()
            chip.setText(words.menu_text(name, 30))
            chip.setToolTip(words.tip(name))
            chip.setCheckable(True)
            chip.clicked.connect(partial(self._toggle, name))
            self._chips.addWidget(chip)
            self._buttons[name] = chip
        menu = self.more.menu()
        menu.clear()
        for name in names[_CHIPS:]:
            made = menu.addAction(words.menu_text(name, 60), partial(self._toggle, name))
            made.setCheckable(True)
            made.setData(name)
        self.more.setVisible(len(names) > _CHIPS)
        self._offer_best(series)
        self._check_chips()

    def _offer_best(self, series: core.Series | None) -> None:
        judged = [name for name in series.metrics if core.direction_of(name)] if series is not None else []
        self._metric = self._metric if self._metric in judged else None
        best = self._best(series)
        menu = self.best.menu()
        menu.clear()
        for name in (None, *judged):
            made = menu.addAction(self.tr("The one that says most") if name is None else words.menu_text(name, 60),
                                  partial(self._choose_metric, name))
            made.setCheckable(True)
            made.setChecked(name == self._metric)
        self.best.setVisible(bool(judged))
        self.best.setText(f"☆ {words.menu_text(best.metric, 24)}  " if best is not None else "☆  ")
        self.best.setAccessibleName(self.tr("Best by {metric}").format(metric=core.visible(best.metric, 60)) if best is not None else
                                    self.tr("By what the best checkpoint is the best"))

    def _best(self, series: core.Series | None) -> core.Best | None:
        return series.best(self._metric) if series is not None else None

    def _choose_metric(self, name: str | None) -> None:
        self._metric = name
        self._offer_best(self.series)
        if name is not None and name not in self._chosen_curves and name in self._metrics_of_several():
            self._chosen_curves = with_curve(self._chosen_curves, name)
            self._check_chips()
        self._show_timeline()

    def _metrics_of_several(self) -> list[str]:
        return [*self._buttons, *(action.data() for action in self.more.menu().actions())]

    def _check_chips(self) -> None:
        for name, chip in self._buttons.items():
            chip.setChecked(name in self._chosen_curves)
        for action in self.more.menu().actions():
            action.setChecked(action.data() in self._chosen_curves)

    def _toggle(self, name: str) -> None:
        chosen = self._chosen_curves
        self._chosen_curves = tuple(one for one in chosen if one != name) if name in chosen else with_curve(chosen, name)
        self._check_chips()
        self._show_timeline()

    def _offer_rows(self) -> None:
        tracks = self.reading.tracks
        self.rows.blockSignals(True)
        if tracks is None:
            self.rows.clear()               # those of another run
        elif not self.rows.count():
            texts = (self.tr("Parts of the model"), self.tr("Finer parts"), self.tr("Finest parts"))
            for more, text in zip(_FINER, texts, strict=True):
                self.rows.addItem(text, tracks.depth + more)
            self.rows.addItem(self.tr("Each tensor"), _TENSORS)
        self.rows.blockSignals(False)

    def _offer_checkpoints(self, series: core.Series | None) -> None:
        for box in (self.a, self.b):
            box.blockSignals(True)
            box.clear()
            for one in series or ():
                box.addItem(core.isolated(core.visible(one.name, 60)))
            widest = max((self.fontMetrics().horizontalAdvance(box.itemText(n)) for n in range(box.count())), default=0)
            letters = -(-widest // max(1, self.fontMetrics().horizontalAdvance("X"))) + 1         # what Qt counts room in
            box.setMinimumContentsLength(min(max(letters, _LEAST_LETTERS), _MOST_LETTERS))
            box.blockSignals(False)

    def _show_timeline(self) -> None:
        """Of many tensors it takes a while to put them together: a worker does."""
        tracks, depth = self.reading.tracks, self.rows.currentData()
        if tracks is None:
            self.parts.ask(None)
            coming = self.reading.coming
            self._draw(coming.parts[:_ROWS] if coming is not None else ())
            return
        request = Request(tracks.series, depth, partial(_parts_of, tracks, depth), label=self.tr("Putting tensors together"))
        if depth == tracks.depth:
            self.parts.answer(request, self.reading.parts[:_ROWS])
        else:
            self.parts.ask(request)
            self._draw_parts()

    def _show_coming(self) -> None:
        coming = self.reading.coming
        if coming is not None:
            self._draw(coming.parts[:_ROWS])

    def _draw_parts(self) -> None:
        if self.parts.result is not None:
            self._draw(self.parts.result)

    def _draw(self, groups: tuple[core.Track, ...]) -> None:
        series = self.series
        self.timeline.show_run(series, groups, self._chosen_curves, self._best(series))
        self.legend.refresh()
        if self.as_table.isChecked():
            self.numbers.refresh()
        self.values.setVisible(bool(groups) and self.reading.tracks is not None)
        self._show_marks()
        self._chosen(self.timeline.at, self.timeline.row)

    def _show_as_table(self, on: bool) -> None:
        self._views.setCurrentWidget(self.numbers if on else self._drawn)
        if on:
            self.numbers.refresh()
            self.numbers.setFocus(Qt.FocusReason.OtherFocusReason)

    def _measure(self, measure: str) -> None:
        self.timeline.set_measure(measure)
        self._show_timeline()

    # -- one of them --------------------------------------------------------------------------------------------------

    def _chosen(self, at: int, row: int) -> None:
        series, tracks = self.series, self.reading.tracks
        if series is None or tracks is None or not self.timeline.groups:
            self.shapes.ask(None)
            return
        key = self._largest(tracks, self.timeline.groups[row].name)
        self._titled = key
        if key:
            self.shapes.ask(Request(series, key, partial(shapes_of, series, key), label=self.tr("Reading the values of one tensor")))
        self._show_shapes()

    def _largest(self, tracks: core.Tracks, group: str) -> str:
        """The key of the greatest tensor of a part."""
        if self.rows.currentData() == _TENSORS:
            return group
        return tracks.largest_of(group, self.rows.currentData())

    def _show_shapes(self) -> None:
        shapes = self.shapes.result
        self.violins.show_shapes(shapes)
        title = self.tr("{name}: its values in every checkpoint, the middle half dark").format(name=core.visible(self._titled, 80))
        if shapes is not None and shapes.key == self._titled:
            title += self.tr(", cut beyond ±{limit}").format(limit=run_words.number(shapes.limit))
        self.values_title.setText(title if self._titled else "")

    def _show_marks(self) -> None:
        series, marks = self.series, self.timeline.marks
        usable = series is not None and len(series) > 1
        self.table.setEnabled(self.reading.tracks is not None)
        for widget in (self.a, self.b, self.compare, self.average):
            widget.setEnabled(usable)
        if series is None or not usable:
            self.between.set_text("")
            return
        self.a.setCurrentIndex(marks.a)
        self.b.setCurrentIndex(marks.b)
        a, b = series[marks.a], series[marks.b]
        self.between.set_text("  ·  ".join(
            f"{core.visible(name, 30)} {run_words.number(a.metrics[name])} → {run_words.number(b.metrics[name])}"
            for name in self._chosen_curves if name in a.metrics and name in b.metrics))
        self.average.setText(self.tr("Average the last {n}…").format(n=min(5, len(series))))

    def _picked(self) -> None:
        self.timeline.mark(self.a.currentIndex(), self.b.currentIndex())

    def _open(self, at: int) -> None:
        if self.series is not None:
            self.open_asked.emit(self.series[at].path)

    def _compare(self) -> None:
        marks = self.timeline.marks
        if self.series is not None and marks.a >= 0 and marks.b >= 0 and marks.a != marks.b:
            self.compare_asked.emit(self.series[marks.a].path, self.series[marks.b].path)

    def _ask_for_table(self, what: core.RunTableKind) -> None:
        if self.series is None or self.reading.tracks is None:
            return
        folder = os.path.dirname(os.path.normpath(self.series[0].path))
        name = exporting.file_name(f"{os.path.basename(folder)}-{what}", ".csv")
        kinds = (self.tr("CSV tables (*.csv)"), self.tr("TSV tables (*.tsv)"), self.tr("JSON (*.json)"), self.tr("HTML pages (*.html)"))
        file_dialogs.save_file(self, self.tr("Save as table"), os.path.join(folder, name), partial(self._save_table, what),
                               filters=kinds, suffix="csv")

    def _save_table(self, what: core.RunTableKind, path: str) -> None:
        tracks, depth = self.reading.tracks, self.rows.currentData()
        if tracks is None:
            return

        def work(monitor: core.Monitor) -> str:
            try:
                table = core.run_table(tracks, what, depth if depth and depth > 0 else None)
                read = [stamp.path for one in tracks.series for stamp in one.stamps]
                exporting.write(path, core.run_table_bytes(table, path), core.run_table_output(path), read)
            except core.InspectorError as error:
                return words.error(error)
            return self.tr("Saved {path}").format(path=core.visible(path))

        self._tasks.start(TABLE, work, on_done=self.said_once.emit, label=self.tr("Saving the table"))

    def _average(self) -> None:
        if self.series is not None:
            self.average_asked.emit([one.path for one in self.series[-5:]])

    # -- how far ------------------------------------------------------------------------------------------------------

    def _show_progress(self, done: int, total: int) -> None:
        busy = self.reading.reading
        self.bar.setVisible(busy)
        self.bar.setRange(0, 1000 if total else 0)
        self.bar.setValue(done * 1000 // total if total else 0)
        self.stop.setVisible(busy or self.reading.stopped)
        self.stop.setText(self.tr("Stop") if busy else self.tr("Go on"))
        self.state.say(*self._state())

    def _state(self) -> tuple[str, str]:
        """How it stands, and its tone."""
        reading, (read, count) = self.reading, self.reading.count
        if reading.reading and count and reading.tracks is None:
            return self.tr("{n} of {total} read").format(n=f"{read:,}", total=f"{count:,}"), "info"
        if reading.stopped:
            return self.tr("Stopped: {n} of {total} read").format(n=f"{read:,}", total=f"{count:,}"), "warning"
        if reading.watched and reading.series is not None and reading.error is None:
            written = next((left for left in reading.series.left_out if left.reason == "being-written"), None)
            if written is not None:
                return self.tr("{name} is being written").format(name=core.visible(core.file_name(written.path), 40)), "info"
            return self.tr("Waiting for the next"), "ok"
        return "", ""

    def _stop_or_go_on(self) -> None:
        if self.reading.reading:
            self.reading.stop()
        else:
            self.reading.follow(self.reading.paths)

    def _watch(self, on: bool) -> None:
        self.reading.watched = on
        if on:
            self._watching.start()
            self._look_again()
        else:
            self._watching.stop()
        self.state.say(*self._state())

    def _look_again(self) -> None:
        if self.isVisible() and not self.reading.reading:
            self.reading.follow(self.reading.paths)


def _parts_of(tracks: core.Tracks, depth: int, monitor: core.Monitor) -> tuple[core.Track, ...]:
    """For workers: each tensor by itself, or those together whose names begin alike."""
    return tuple(map(tracks.track, tracks.keys[:_ROWS])) if depth == _TENSORS else tracks.groups(depth)[:_ROWS]


def _link(text: str, tip: str, run: Callable[[], object]) -> QPushButton:
    button = QPushButton(text)
    button.setProperty("link", True)
    button.setToolTip(tip)
    button.clicked.connect(lambda: run())
    return button


class _State(QLabel):
    """A few words on a ground of their colour; nothing at all where there is nothing to say."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setContentsMargins(10, 2, 10, 2)
        self.setAccessibleName(self.tr("State of the run"))
        self._tone = ""
        self.hide()

    def say(self, text: str, tone: str) -> None:
        self._tone = tone
        self.setText(text)
        self.setVisible(bool(text))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._tone:
            return
        colours = theme.colours(self.palette())._asdict()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours[f"{self._tone}_background"]))
        painter.drawRoundedRect(QRectF(self.rect()), self.height() / 2, self.height() / 2)
        painter.setPen(QColor(colours[self._tone]))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())
        painter.end()
