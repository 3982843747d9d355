"""What answers for the selected pair: how it differs, both sides' numbers, their histograms laid over each other, the differences.

    selection → worker: core.pair_details → table and plots;  a group → its counts and what differs most in it
"""
from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QScrollArea, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from inspector import core
from inspector.gui.kit import words
from inspector.gui.models import pair_lines
from inspector.gui.models.pair_tree import STATUSES, PairTree
from inspector.gui.state.requests import Phase, Request, Requests
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.boxes import label
from inspector.gui.widgets.heading import Heading
from inspector.gui.widgets.histogram_plot import Curve, Heights, HistogramPlot
from inspector.gui.widgets.lazy_panel import LazyPanel
from inspector.gui.widgets.plot_library import library
from inspector.gui.widgets.result_pages import ResultPages
from inspector.gui.widgets.stats_table import Column, StatsTable

from .difference_map import DifferenceMap

TASK = "compare-pair"
KEPT = 16                       # pairs that are kept
QWIDGETSIZE_MAX = (1 << 24) - 1     # Qt's, which PySide6 has under no name that is checked
LEAST_PICTURE = 200             # pixels of height
BESIDE_NAME = 260               # pixels that the name takes at least on one line with what is drawn
MOST_DIFFERENT = 5              # pairs of a group that are named


class PairPanel(LazyPanel):
    def __init__(self, tasks: Tasks) -> None:
        super().__init__(tasks)
        self._pair: tuple[core.Comparison, core.Pair] | None = None
        self.requests: Requests[core.PairDetails] = self.make_requests(TASK, keep=KEPT, limit=lambda: core.LIMITS.preview)
        self.heading = Heading()
        self.status = label(strong=True)
        self.figures = label(tone="muted", wrap=True)
        self.table = StatsTable()
        self.plot = HistogramPlot()
        self.distances = HistogramPlot()
        self.map = DifferenceMap(tasks)
        self._place()
        self.setAccessibleName(self.tr("The selected pair"))
        self.requests.changed.connect(self._answered)

    # -- what is asked ------------------------------------------------------------------------------------------------

    def show_nodes(self, tree: PairTree | None, nodes: tuple[int, ...]) -> None:
        """Follows the selection."""
        pair = tree.pair(nodes[0]) if tree is not None and len(nodes) == 1 else None
        if tree is not None and pair is not None:
            n = tree.number_of(nodes[0])
            status = tree.figures.status_of(n)
            word = pair_lines.words_of(tree.figures, n, pair, status)[0]
            self._show_pair(tree.figures.comparison, pair, f"{pair_lines.MARKS[status]}   {word}")
            return
        self._pair = None
        self.views.hide()                   # nothing is drawn of a group or of a value
        self.requests.ask(None)
        self.map.show_nothing()
        self.status.clear()
        self.figures.clear()
        if tree is None or not nodes:
            self.heading.set_name(self.tr("Pair"))
            self.pages.say(self.tr("Nothing is selected.") if tree is not None else self.tr("The names are not paired yet."),
                           self.tr("Select a row to see how its two sides differ.") if tree is not None else "")
        elif len(nodes) == 1 and (change := tree.change(nodes[0])) is not None and not int(tree.tensors[nodes[0]]):
            self.heading.set_name(change.key)
            self.pages.say(pair_lines.change_text(change), "\n".join(
                f"{side}:  {'—' if text is None else core.visible(text, 600)}" for side, text in (("A", change.a), ("B", change.b))))
        else:
            self._show_group(tree, nodes)

    def _show_group(self, tree: PairTree, nodes: tuple[int, ...]) -> None:
        """How many of each status, and what differs most of what was read."""
        figures, numbers = tree.figures, tree.numbers_below(nodes)
        self.heading.set_name(tree.key(nodes[0]) if len(nodes) == 1 else self.tr("{n} rows").format(n=f"{len(nodes):,}"))
        named, counts = pair_lines.status_words(), np.bincount(figures.status[numbers], minlength=len(STATUSES))
        said = [f"{pair_lines.MARKS[status]}  {count:,}  {named[status]}"
                for status, count in zip(STATUSES, counts.tolist(), strict=True) if count]
        marked = [(mark, int(np.count_nonzero(which[numbers]))) for mark, which in figures.marks.items()]
        said += [f"{pair_lines.MARKS[mark]}  {count:,}  {named[mark]}" for mark, count in marked if count]
        lines = ["     ".join(said)]
        rel = np.where(np.isin(figures.status[numbers], [STATUSES.index("values"), STATUSES.index("cast")]),
                       np.nan_to_num(figures.of["rel"][numbers], nan=0.0, posinf=np.finfo(np.float64).max), 0.0)
        worst = _greatest(rel, MOST_DIFFERENT)
        if worst:
            lines += ["", self.tr("Most different, relatively:")]
            lines += [f"{core.visible(figures.pairs[int(numbers[n])].a or '', 80)}   "
                      f"{pair_lines.distance_text(float(figures.of['rel'][numbers[n]]))}" for n in worst]
        if counts[STATUSES.index("unread")]:
            lines += ["", self.tr("Not all of it was read yet.")]
        self.pages.say(words.tensors(len(numbers)), "\n".join(lines))

    def _show_pair(self, comparison: core.Comparison, pair: core.Pair, said: str) -> None:
        before = self._pair
        self.status.setText(said)
        if before is not None and before[0] is comparison and before[1] == pair:
            return
        # its values were compared meanwhile: what is known already stays on show, and what was agreed to needs no second word
        self.pages.growing = before is not None and before[0] is comparison and before[1][:2] == pair[:2] and (
            self.requests.phase is Phase.DONE or self.requests.phase.is_busy)
        self._pair = (comparison, pair)
        self.views.show()
        self.heading.set_name(pair.a if pair.a is not None else pair.b or "")       # two names on one line would be cut to none
        self.figures.setText(self._facts(comparison, pair))
        self.map.show_pair(comparison, pair)
        self.refresh()

    def _facts(self, comparison: core.Comparison, pair: core.Pair) -> str:
        sides = [(name, pair_lines.side_text(ckpt.tensors[key], True)) for name, ckpt, key in (
            ("A", comparison.a, pair.a), ("B", comparison.b, pair.b)) if key is not None]
        lines = [sides[0][1]] if len(sides) == 2 and sides[0][1] == sides[1][1] else [f"{name}:  {text}" for name, text in sides]
        if pair.a is not None and pair.b is not None and pair.a != pair.b:
            lines.insert(0, self.tr("in B:  {key}").format(key=core.visible(pair.b, 400)))
        found = pair.difference
        if found is not None and found.problem:
            lines.append(words.sentence(words.said(found.problem, 400)))
        elif found is not None and found.n_different:
            share = f"{found.n_different:,} / {found.numel:,} ({words.share(found.n_different, found.numel)})"
            cosine = "—" if found.cosine != found.cosine else f"{found.cosine:.6f}"
            relative = pair_lines.distance_text(found.rel)
            lines.append(" · ".join((self.tr("{share} differ").format(share=share), self.tr("largest {x}").format(x=f"{found.max_abs:.4g}"),
                                     self.tr("RMS {x}").format(x=f"{found.rms:.4g}"), self.tr("relative {x}").format(x=relative),
                                     self.tr("cosine {x}").format(x=cosine))).replace(" ", "\u00a0").replace("\u00a0·\u00a0", "\u00a0· "))
            ratio = comparison.sqnr(pair)
            more = [] if ratio is None else [self.tr("values over errors {x}").format(x=core.wording.decibels(ratio))]
            if found.sign_flips:
                more.append(self.tr("{n} signs flipped").format(n=f"{found.sign_flips:,}"))
            if found.nonfinite:
                more.append(self.tr("{n} differ in NaN or infinity").format(n=f"{found.nonfinite:,}"))
            if found.cast:
                more.append(self.tr("{side} is exactly the other one, cast").format(side=found.cast.upper()))
            lines += [" · ".join(more)] if more else []
        elif found is not None:
            lines.append(self.tr("Every byte is the same.") if found.equal_bytes else self.tr("Every value is the same."))
        return "\n".join(lines)

    # -- reading ------------------------------------------------------------------------------------------------------

    def follow(self) -> None:
        if self._pair is None:
            return
        comparison, pair = self._pair

        def work(monitor: core.Monitor) -> core.PairDetails:
            found = core.pair_details(comparison, pair, monitor)
            library.wait(monitor)       # here, where it delays nobody
            return found

        size = None if self.pages.growing else lambda monitor: core.pair_nbytes(comparison, pair)
        self.requests.ask(Request(comparison, (pair.a, pair.b, pair.difference), work, size,
                                  self.tr("Histograms of {name}").format(name=core.visible(pair.a or pair.b or "", 60))))

    def _answered(self) -> None:
        if self.requests.phase is Phase.DONE and self.requests.result is not None and self._pair is not None:
            self._show(self.requests.result, *self._pair)

    # -- showing ------------------------------------------------------------------------------------------------------

    def _show(self, found: core.PairDetails, comparison: core.Comparison, pair: core.Pair) -> None:
        sides = ((self.tr("A"), found.sides[0], comparison.a.tensors.get(pair.a or "")),
                 (self.tr("B"), found.sides[1], comparison.b.tensors.get(pair.b or "")))
        there = [(name, summary, info) for name, summary, info in sides if summary is not None and info is not None]
        if not there:
            problem = next((text for text in found.problems if text), "")
            self.pages.say(self.tr("The values cannot be shown."), words.sentence(words.said(problem, 400)) if problem else "")
            return
        self.table.show_columns([Column(name, summary, info.stored_nbytes) for name, summary, info in there])
        curves = [Curve(name, summary.edges, summary.counts) for name, summary, _ in there if sum(summary.counts)]
        if curves:
            unlike = len({summary.numel for _, summary, _ in there}) > 1
            self.plot.show_curves(curves, heights=Heights.DENSITY if unlike else Heights.COUNT, integers=found.whole)
        else:
            self.plot.show_message(self.tr("There is nothing to draw: all values are the same, or none is finite."))
        if found.differences is not None:
            curve = Curve(self.tr("B minus A"), found.differences.edges, found.differences.counts)
            self.distances.show_curves([curve], heights=Heights.LOG,
                                       hint=self.tr("How far each element moved, on a logarithmic scale of counts."))
        else:
            self.distances.show_message(self._no_distances(pair))

    def _no_distances(self, pair: core.Pair) -> str:
        if pair.a is None or pair.b is None:
            return self.tr("Only one of the files has this tensor.")
        if pair.status == "shape":
            return self.tr("The shapes differ, so there are no differences to count.")
        if pair.difference is None:
            return self.tr("The values of this pair were not compared yet.")
        return self.tr("No element differs.") if not pair.difference.n_different else self.tr("These differences cannot be counted.")

    # -- places -------------------------------------------------------------------------------------------------------

    def set_wide(self, wide: bool) -> None:
        """Numbers beside what is drawn, or below it."""
        self._inside.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        self._room.set_scrolls(not wide)

    def _place(self) -> None:
        self.views = QTabBar()
        self.views.setExpanding(False)
        self.views.setDrawBase(False)
        self.views.setAccessibleName(self.tr("What is drawn"))
        for title in (self.tr("Histograms"), self.tr("Differences"), self.tr("Heatmap")):
            self.views.addTab(title)
        named = QHBoxLayout()
        named.setSpacing(12)
        named.addWidget(self.status)
        named.addWidget(self.heading, 1)
        self._head = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._head.setSpacing(4)
        self._head.addLayout(named, 1)
        self._head.addWidget(self.views)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 8, 16, 8)
        column.setSpacing(4)
        column.addLayout(self._head)
        shown, picture, numbers, drawn = QWidget(), QWidget(), QWidget(), QStackedWidget()
        self._room = _Room(shown, picture)
        self.pages = ResultPages(self._room, self.requests, read=self.tr("Read them"), read_all=self.tr("Read them"),
                                 reading=self.tr("Reading A and B …"))
        column.addWidget(self.pages, 1)
        self._inside = QBoxLayout(QBoxLayout.Direction.LeftToRight, shown)
        self._inside.setContentsMargins(0, 0, 0, 0)
        self._inside.setSpacing(14)
        self._inside.addWidget(picture, 3)
        self._inside.addWidget(numbers, 2)
        for side, parts in ((picture, (drawn,)), (numbers, (self.figures, self.table))):
            column = QVBoxLayout(side)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(4)
            for part in parts:
                column.addWidget(part, 0 if part is self.figures else 1)
            for widget in (self.plot, self.distances, self.map) if side is picture else ():
                drawn.addWidget(widget)
        self.views.currentChanged.connect(drawn.setCurrentIndex)

    def sizeHint(self) -> QSize:
        return QSize(560, 300)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._head.setDirection(QBoxLayout.Direction.LeftToRight if self.width() >= BESIDE_NAME + self.views.sizeHint().width()
                                else QBoxLayout.Direction.TopToBottom)


class _Room(QScrollArea):
    """What stands below a picture scrolls with it; what stands beside it is as high as there is room."""

    def __init__(self, inside: QWidget, picture: QWidget) -> None:
        super().__init__()
        self._inside, self._picture, self._scrolls = inside, picture, False
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(inside)

    def set_scrolls(self, scrolls: bool) -> None:
        self._scrolls = scrolls
        self._fit()

    def _fit(self) -> None:
        room = self.viewport().height()
        self._inside.setMaximumHeight(QWIDGETSIZE_MAX if self._scrolls else room)
        self._picture.setMaximumHeight(max(LEAST_PICTURE, room * 6 // 10) if self._scrolls else QWIDGETSIZE_MAX)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()
        super().resizeEvent(event)


def _greatest(numbers: NDArray[np.float64], most: int) -> list[int]:
    """Where the greatest of those above zero are, the greatest first. Of a hundred thousand only so many are sorted."""
    found = np.flatnonzero(numbers > 0)
    if len(found) > most:
        found = found[numbers[found] >= np.partition(numbers[found], -most)[-most]]
    at: list[int] = found[np.argsort(-numbers[found], kind="stable")][:most].tolist()
    return at
