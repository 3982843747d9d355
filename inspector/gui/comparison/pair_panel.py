"""What answers for the selected pair: how it differs, both sides' numbers, their histograms laid over each other, the differences.

    selection → worker: core.pair_details → table and plots;  a group → its counts and what differs most in it
"""
from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QTabBar, QVBoxLayout, QWidget

from inspector import core
from inspector.gui.kit import words
from inspector.gui.models import pair_lines
from inspector.gui.models.pair_tree import PairTree
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.boxes import label
from inspector.gui.widgets.histogram_plot import Curve, Heights, HistogramPlot
from inspector.gui.widgets.notice import Heading, Notice
from inspector.gui.widgets.plot_canvas import load_pyqtgraph
from inspector.gui.widgets.stats_table import Column, StatsTable

from .difference_map import DifferenceMap

TASK = "compare-pair"


class PairPanel(QWidget):
    def __init__(self, tasks: Tasks) -> None:
        super().__init__()
        self._tasks = tasks
        self._asked: tuple[core.Comparison, core.Pair] | None = None
        self._known: tuple[core.Pair, core.PairDetails] | None = None
        self._large = False                     # the person asked for what takes long
        self.heading = Heading()
        self.status = label(strong=True)
        self.figures = label(tone="muted", wrap=True)
        self.table = StatsTable()
        self.plot = HistogramPlot()
        self.distances = HistogramPlot()
        self.map = DifferenceMap(tasks)
        self.notice = Notice(self._read_anyway, lambda: tasks.cancel(TASK))
        self._place()
        self.setAccessibleName(self.tr("The selected pair"))

    # -- what is asked ------------------------------------------------------------------------------------------------

    def show_nodes(self, tree: PairTree | None, nodes: tuple[int, ...]) -> None:
        """Follows the selection."""
        pair = tree.pair(nodes[0]) if tree is not None and len(nodes) == 1 else None
        if tree is not None and pair is not None:
            self._show_pair(tree.figures.comparison, pair)
            return
        self._forget()
        if tree is None or not nodes:
            self.heading.set_name(self.tr("Pair"))
            self._say(self.tr("Nothing is selected."), self.tr("Select a row to see how its two sides differ."))
        elif len(nodes) == 1 and (change := tree.change(nodes[0])) is not None and not int(tree.tensors[nodes[0]]):
            self.heading.set_name(change.key)
            self._say(self.tr("A value, not a tensor."), "\n".join(
                f"{side}:  {'—' if text is None else core.visible(text, 600)}" for side, text in (("A", change.a), ("B", change.b))))
        else:
            self._show_group(tree, nodes)

    def _show_group(self, tree: PairTree, nodes: tuple[int, ...]) -> None:
        pairs = [tree.figures.pairs[n] for n in tree.pairs_below(nodes)]
        self.heading.set_name(tree.key(nodes[0]) if len(nodes) == 1 else self.tr("{n} rows").format(n=f"{len(nodes):,}"))
        named, counts = pair_lines.status_words(), dict.fromkeys(pair_lines.MARKS, 0)
        for pair in pairs:
            counts[pair.status] += 1
            counts["device"] += pair.device
        said = [f"{pair_lines.MARKS[status]}  {count:,}  {named[status]}" for status, count in counts.items() if count]
        worst = sorted((pair for pair in pairs if pair.difference is not None and pair.difference.n_different),
                       key=lambda pair: -(pair.difference.rel if pair.difference is not None else 0.0))[:5]
        if worst:
            said += ["", self.tr("Most different, relatively:")]
            said += [f"{core.visible(pair.a or '', 80)}   {pair.difference.rel:.3g}" for pair in worst if pair.difference is not None]
        self._say(words.tensors(len(pairs)), "\n".join(said))

    def _show_pair(self, comparison: core.Comparison, pair: core.Pair) -> None:
        if self._asked is not None and self._asked[0] is comparison and self._asked[1] == pair:
            return
        same = self._asked is not None and self._asked[0] is comparison and self._asked[1][:2] == pair[:2]
        self._asked = (comparison, pair)
        if not same:
            self._known, self._large = None, False
        self.heading.set_name(pair.a if pair.a == pair.b and pair.a is not None else "  →  ".join(key for key in (pair.a, pair.b) if key))
        self.status.setText(f"{pair_lines.MARKS[pair.status]}   {pair_lines.status_text(pair)}")
        self.figures.setText(self._facts(comparison, pair))
        self.map.show_pair(comparison, pair)
        self._refresh()

    def _facts(self, comparison: core.Comparison, pair: core.Pair) -> str:
        sides = [(name, pair_lines.side_text(ckpt.tensors[key], True)) for name, ckpt, key in (
            ("A", comparison.a, pair.a), ("B", comparison.b, pair.b)) if key is not None]
        lines = [sides[0][1]] if len(sides) == 2 and sides[0][1] == sides[1][1] else [f"{name}:  {text}" for name, text in sides]
        found = pair.difference
        if found is not None and found.problem:
            lines.append(words.sentence(core.visible(found.problem, 400)))
        elif found is not None and found.n_different:
            share = f"{found.n_different:,} / {found.numel:,} ({words.share(found.n_different, found.numel)})"
            cosine = "—" if found.cosine != found.cosine else f"{found.cosine:.6f}"
            lines.append(" · ".join((self.tr("{share} differ").format(share=share), self.tr("largest {x}").format(x=f"{found.max_abs:.4g}"),
                                     self.tr("RMS {x}").format(x=f"{found.rms:.4g}"), self.tr("relative {x}").format(x=f"{found.rel:.4g}"),
                                     self.tr("cosine {x}").format(x=cosine))).replace(" ", "\u00a0").replace("\u00a0·\u00a0", "\u00a0· "))
            more = []
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

    def _refresh(self) -> None:
        """Reads the pair, unless it is known or nobody looks."""
        if self._asked is None or not self.isVisible():
            return
        comparison, pair = self._asked
        if self._known is not None and (self._known[0] == pair or pair.difference is None):
            self._show(self._known[1])
            return
        nbytes = core.pair_nbytes(comparison, pair)
        if nbytes > core.LIMITS.preview and not self._large:
            self._tasks.cancel(TASK)
            self._notice(self.tr("These values take {size}.").format(size=words.size(nbytes)),
                         self.tr("They are read only when you ask, and you can stop at any time."), self.tr("Read them"))
            return

        def work(monitor: core.Monitor) -> core.PairDetails:
            found = core.pair_details(comparison, pair, monitor)
            load_pyqtgraph()            # here, where it delays nobody
            return found

        self._tasks.start(TASK, work, on_done=lambda found: self._done(pair, found), on_error=self._failed, on_cancel=self._cancelled,
                          on_progress=lambda done, total, what: self.notice.progress(done, total, ""),
                          label=self.tr("Histograms of {name}").format(name=core.visible(pair.a or pair.b or "", 60)))

    def _read_anyway(self) -> None:
        self._large = True
        self.notice.run()
        self._refresh()

    def _done(self, pair: core.Pair, found: core.PairDetails) -> None:
        if self._asked is None or self._asked[1][:2] != pair[:2]:
            return
        self._known = (pair, found)
        self._show(found)

    def _failed(self, error: Exception) -> None:
        self.notice.fail(error)
        self._pages.setCurrentWidget(self.notice)
        if not isinstance(error, core.InspectorError):
            raise error

    def _cancelled(self) -> None:
        if self.isVisible() and self._asked is not None:
            self._notice(self.tr("Stopped."), "", self.tr("Read them"))

    def _forget(self) -> None:
        self._asked = self._known = None
        self._large = False
        self._tasks.cancel(TASK)
        self.status.clear()
        self.figures.clear()

    # -- showing ------------------------------------------------------------------------------------------------------

    def _show(self, found: core.PairDetails) -> None:
        assert self._asked is not None
        comparison, pair = self._asked
        sides = ((self.tr("A"), found.sides[0], comparison.a.tensors.get(pair.a or "")),
                 (self.tr("B"), found.sides[1], comparison.b.tensors.get(pair.b or "")))
        there = [(name, summary, info) for name, summary, info in sides if summary is not None and info is not None]
        if not there:
            problem = next((text for text in found.problems if text), "")
            self._notice(self.tr("The values cannot be shown."), words.sentence(core.visible(problem, 400)) if problem else "")
            return
        self.table.show_columns([Column(name, summary, info.nbytes) for name, summary, info in there])
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
        self._pages.setCurrentWidget(self._shown)

    def _no_distances(self, pair: core.Pair) -> str:
        if pair.a is None or pair.b is None:
            return self.tr("Only one of the files has this tensor.")
        if pair.status == "shape":
            return self.tr("The shapes differ, so there are no differences to count.")
        if pair.difference is None:
            return self.tr("The values of this pair were not compared yet.")
        return self.tr("No element differs.") if not pair.difference.n_different else self.tr("These differences cannot be counted.")

    def _say(self, text: str, hint: str) -> None:
        self._notice(text, hint)

    def _notice(self, text: str, hint: str, button: str = "") -> None:
        self.notice.say(text, hint, button)
        self._pages.setCurrentWidget(self.notice)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._tasks.cancel(TASK)

    def _place(self) -> None:
        self.views = QTabBar()
        self.views.setExpanding(False)
        self.views.setDrawBase(False)
        self.views.setAccessibleName(self.tr("What is drawn"))
        for title in (self.tr("Histograms"), self.tr("Differences"), self.tr("Heatmap")):
            self.views.addTab(title)
        drawn = QStackedWidget()
        for widget in (self.plot, self.distances, self.map):
            drawn.addWidget(widget)
        self.views.currentChanged.connect(drawn.setCurrentIndex)
        self.table.setSizePolicy(self.table.sizePolicy().horizontalPolicy(), self.table.sizePolicy().Policy.Maximum)
        self._shown = QWidget()
        inside = QVBoxLayout(self._shown)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(4)
        inside.addWidget(self.views, 0, Qt.AlignmentFlag.AlignLeft)
        inside.addWidget(drawn, 3)
        inside.addWidget(self.table, 2)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.notice)
        self._pages.addWidget(self._shown)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 12)
        column.setSpacing(4)
        column.addWidget(self.heading)
        column.addWidget(self.status)
        column.addWidget(self.figures)
        column.addSpacing(6)
        column.addWidget(self._pages, 1)
