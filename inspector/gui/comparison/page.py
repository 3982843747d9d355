"""Two files side by side: what they come to, the aligned tree, the selected pair, the rules.

    sides (which files, which state dicts)
    verdict, or how far it is
    chips, search
    tree                                | Pair  Rules
    what was just added to the edits
"""
from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from inspector import core
from inspector.gui.comparison.progress import ComparisonProgress, Step
from inspector.gui.kit import icons, words
from inspector.gui.models.pair_model import PairModel
from inspector.gui.state.session import Selection, Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.boxes import label
from inspector.gui.widgets.chips import Chips
from inspector.gui.widgets.pair_view import PairView

from . import verdicts
from .pair_panel import PairPanel
from .rules_panel import RulesPanel
from .sides import Sides

TYPED, RESTED = 120, 60         # ms after the last key, after the last change of the selection
SPLIT = (760, 520)
NAMES = "compare-names"


class ComparePage(QWidget):
    back_asked = Signal()
    fit_asked = Signal(int, int)        # documents: the one that is to fit, and into which

    def __init__(self, session: Session, tasks: Tasks) -> None:
        super().__init__()
        self._session, self._tasks = session, tasks
        self.progress = ComparisonProgress(session, tasks, self)
        self.model = PairModel(self)
        self.view = PairView(self.model)
        self.sides = Sides(session, self.progress)
        self.chips = Chips()
        self.pair = PairPanel(tasks)
        self.rules = RulesPanel(session, self.progress)
        self._fresh = True
        self._added: tuple[int, tuple[core.Edit, ...]] | None = None
        self._typing = self._timer(TYPED, self._filter)
        self._selecting = self._timer(RESTED, self._show_selected)
        self._place()
        self._connect()
        self.setAccessibleName(self.tr("Comparison"))
        self._show_progress()

    # -- places -------------------------------------------------------------------------------------------------------

    def _place(self) -> None:
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.setChildrenCollapsible(False)
        self.split.addWidget(self.view)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.pair, self.tr("Pair"))
        self.tabs.addTab(self.rules, self.tr("Rules"))
        self.tabs.tabBar().setAccessibleName(self.tr("Pair and rules"))
        self.tabs.setMinimumWidth(340)
        self.split.addWidget(self.tabs)
        self.split.setStretchFactor(0, 3)
        self.split.setStretchFactor(1, 2)
        self.split.setSizes(list(SPLIT))
        top = QWidget()
        column = QVBoxLayout(top)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(9)
        column.addWidget(self.sides)
        column.addWidget(self._make_verdict())
        column.addLayout(self._make_filters())
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(top)
        whole.addWidget(self.split, 1)
        whole.addWidget(self._make_strip())

    def _make_verdict(self) -> QWidget:
        self.verdict = QFrame()
        self.verdict_text, self._more = label(strong=True, wrap=True, scale=1.1), label(wrap=True)
        self.verdict_text.setAccessibleName(self.tr("Verdict"))
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(160)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.button = QPushButton()
        self.button.clicked.connect(self._button_pressed)
        said = QVBoxLayout()
        said.setSpacing(2)
        said.addWidget(self.verdict_text)
        said.addWidget(self._more)
        row = QHBoxLayout(self.verdict)
        row.setContentsMargins(12, 8, 12, 8)
        row.setSpacing(12)
        row.addLayout(said, 1)
        row.addWidget(self.bar)
        row.addWidget(self.button)
        return self.verdict

    def _make_filters(self) -> QHBoxLayout:
        self.search = QLineEdit()
        self.search.setClearButtonEnabled(True)
        self.search.setPlaceholderText(self.tr("Filter:  q_proj   *.weight   shape:64x3   -bias"))
        self.search.setAccessibleName(self.tr("Filter the pairs"))
        self.search.setMinimumWidth(180)
        self.search.setMaximumWidth(420)
        picture = QAction(self)
        icons.put(picture, "search", "muted")
        self.search.addAction(picture, QLineEdit.ActionPosition.LeadingPosition)
        self.search.textChanged.connect(lambda: self._typing.start())
        self.search.installEventFilter(self)
        self.count = label(tone="muted", selectable=False)
        self.list = QPushButton(self.tr("List"))
        self.list.setCheckable(True)
        self.list.setToolTip(self.tr("All pairs in one list, so that sorting goes over all of them"))
        self.list.toggled.connect(self.progress.set_flat)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.chips, 3)
        row.addWidget(self.count)
        row.addWidget(self.search, 2)
        row.addWidget(self.list)
        for widget in (self.count, self.search, self.list):
            row.setAlignment(widget, Qt.AlignmentFlag.AlignTop)
        return row

    def _make_strip(self) -> QWidget:
        """Says what was added to the edits, and takes it back."""
        self.strip = QFrame()
        self.strip.setObjectName("banner")
        self.strip.setProperty("level", "info")
        self.added = QLabel()
        self.added.setTextFormat(Qt.TextFormat.PlainText)
        self.added.setProperty("tone", "info")
        self.added.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.added.setAccessibleName(self.tr("Edits that were added"))
        self.undo = QPushButton(self.tr("Undo"))
        self.undo.clicked.connect(self._undo)
        row = QHBoxLayout(self.strip)
        row.setContentsMargins(14, 6, 10, 6)
        row.addWidget(self.added, 1)
        row.addWidget(self.undo)
        self.strip.hide()
        return self.strip

    def _connect(self) -> None:
        self.sides.back_asked.connect(self.back_asked)
        self.sides.close_asked.connect(lambda: self._session.compare(None))
        self.progress.paired.connect(self._paired)
        self.progress.grown.connect(self._grown)
        self.progress.changed.connect(self._show_progress)
        self.chips.changed.connect(self._filter)
        self.model.filtered.connect(self._count)
        self.view.chosen.connect(self._selecting.start)
        self.view.menu_asked.connect(self._fill_menu)
        self.rules.names_asked.connect(self._take_names)
        self.rules.fit_asked.connect(self._ask_fit)
        self._session.compared_changed.connect(self._other)

    # -- following ----------------------------------------------------------------------------------------------------

    def _other(self) -> None:
        self._fresh = True
        self.strip.hide()

    def _paired(self) -> None:
        tree = self.progress.tree
        self.model.set_tree(tree)
        if tree is not None:
            self.chips.show_counts(tree.figures.counts())
            if self._fresh:
                self._fresh = False
                if not self.view.nodes:
                    self.view.select_first()
        else:
            self.pair.show_nodes(None, ())          # at once: its files may have been closed
        self.tabs.setTabText(1, self.tr("Rules ({n})").format(n=f"{self.rules.count:,}") if self.rules.count else self.tr("Rules"))
        self._count()
        self._selecting.start()

    def _grown(self) -> None:
        tree = self.progress.tree
        if tree is not None:
            self.view.grow()
            self.chips.show_counts(tree.figures.counts())
            self._selecting.start()

    def _show_progress(self) -> None:
        step, said = self.progress.step, verdicts.text_of(self.progress)
        self.verdict_text.setText(said.text)
        self._more.setText(said.more)
        self._more.setVisible(bool(said.more))
        done, total = self.progress.read
        self.bar.setVisible(step in (Step.PAIRING, Step.READING, Step.WAITING))
        self.bar.setRange(0, 1000 if step is Step.READING and total else 0)
        self.bar.setValue(done * 1000 // total if total else 0)
        self.button.setVisible(step in (Step.PAIRING, Step.READING, Step.STOPPED, Step.FAILED))
        self.button.setText({Step.STOPPED: self.tr("Go on"), Step.FAILED: self.tr("Try again")}.get(step, self.tr("Stop")))
        if self.verdict.property("level") != said.level:
            self.verdict.setProperty("level", said.level)
            for widget in (self.verdict_text, self._more):
                widget.setProperty("tone", said.level)
            for changed in (self.verdict, self.verdict_text, self._more):
                changed.style().unpolish(changed)
                changed.style().polish(changed)
        if step is Step.DONE and self.model.follows_values:
            self.model.arrange()

    def _button_pressed(self) -> None:
        if self.progress.step in (Step.STOPPED, Step.FAILED):
            self.progress.go_on()
        else:
            self.progress.stop()

    def _filter(self) -> None:
        self._typing.stop()
        self.model.set_filter(self.search.text(), self.chips.statuses)

    def _count(self) -> None:
        found, total = self.model.counts
        self.count.setVisible(found != total)
        self.count.setText(self.tr("{found} of {total}").format(found=f"{found:,}", total=f"{total:,}"))

    def _show_selected(self) -> None:
        self.pair.show_nodes(self.progress.tree, self.view.nodes)

    # -- edits --------------------------------------------------------------------------------------------------------

    def _fill_menu(self, menu: QMenu) -> None:
        """What can be done about the selected rows, for each side."""
        tree, nodes = self.progress.tree, self.view.nodes
        if tree is None or not nodes:
            return
        pairs = [tree.figures.pairs[n] for n in tree.pairs_below(nodes)]
        differences = core.Differences(tree.figures.comparison, tuple(pairs), tuple(tree.changes_below(nodes)))
        for side, (name, other) in enumerate((("A", "B"), ("B", "A"))):
            wishes = core.wishes_about(differences, side)
            if not wishes:
                continue
            menu.addSeparator()
            menu.addAction(self.tr("In {name}:").format(name=name)).setEnabled(False)
            texts = {"names": self.tr("Rename to the names of {other}"), "dtypes": self.tr("Cast to the dtypes of {other}"),
                     "devices": self.tr("Take the devices of {other}"), "values": self.tr("Take the values of {other}"),
                     "tensors": self.tr("Take the tensors of {other}"), "drop": self.tr("Drop {n}")}
            many = words.tensors(sum((pair.a, pair.b)[side] is not None for pair in pairs))
            for wish in wishes:
                menu.addAction(texts[wish].format(other=other, n=many), partial(self._add, side, wish, differences))
        menu.addSeparator()
        for side, name in enumerate("AB"):
            key = next((key for pair in pairs[:1] if len(nodes) == 1 and (key := (pair.a, pair.b)[side]) is not None), None)
            if key is not None:
                menu.addAction(self.tr("Show in the file {name}").format(name=name), partial(self._show_in_file, side, key))

    def _take_names(self, side: int, rules: tuple[core.Rule, ...]) -> None:
        tree = self.progress.tree
        if tree is not None:
            comparison = tree.figures.comparison
            pairs = tuple(pair for pair in comparison.pairs if pair.rule >= 0 and comparison.rules[pair.rule] in rules)
            self._add(side, "names", core.Differences(comparison, pairs))

    def _add(self, side: int, wish: core.Wish, differences: core.Differences) -> None:
        """Works the edits out, and puts them where they wait to be saved."""
        compared = self._session.compared
        if compared is None:
            return
        id = compared.ids[side]
        self._tasks.start(NAMES, lambda monitor: core.edits_for_differences(wish, differences, side, monitor),
                          on_done=lambda edits: self.add_edits(id, edits), on_error=self._not_added, label=self.tr("Working out the edits"))

    def add_edits(self, id: int, edits: tuple[core.Edit, ...]) -> None:
        document = self._session.document(id)
        if document is None:
            return
        if not edits:
            self._say(self.tr("There is no edit that does this."))
            return
        self._session.add_edits(id, edits)
        self._added = (id, edits)
        shown = "   ".join(f"--{edit.option} {core.visible(edit.text, 60)}" for edit in edits[:4])
        more = self.tr(" and {n} more").format(n=f"{len(edits) - 4:,}") if len(edits) > 4 else ""
        name = core.visible(document.path.replace("\\", "/").rsplit("/", 1)[-1], 60)
        self._say(self.tr("To do when {name} is saved:   {edits}").format(name=name, edits=shown + more), undo=True)

    def _say(self, text: str, undo: bool = False) -> None:
        self.added.setText(text)
        self.added.setToolTip(words.tip(text))
        self.undo.setVisible(undo)
        self.strip.show()

    def _not_added(self, error: Exception) -> None:
        if not isinstance(error, core.InspectorError):
            raise error
        self._say(words.error(error))

    def _undo(self) -> None:
        if self._added is None:
            return
        id, edits = self._added
        there = self._session.edits(id)
        if there[len(there) - len(edits):] == edits:
            self._session.set_edits(id, there[:len(there) - len(edits)])
        self._added = None
        self.strip.hide()

    def _ask_fit(self, side: int) -> None:
        compared = self._session.compared
        if compared is not None:
            self.fit_asked.emit(compared.ids[side], compared.ids[1 - side])

    def _show_in_file(self, side: int, key: str) -> None:
        compared = self._session.compared
        if compared is not None:
            self.back_asked.emit()
            self._session.select(Selection(compared.ids[side], key, (key,)))

    # -- Qt's side ----------------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Escape and self.search.text():
                self.search.clear()
                self._filter()
                return True
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape):
                self._filter()
                self.view.setFocus(Qt.FocusReason.OtherFocusReason)
                return True
        return super().eventFilter(watched, event)

    def _timer(self, wait: int, run: Callable[[], None]) -> QTimer:
        made = QTimer(self)
        made.setSingleShot(True)
        made.setInterval(wait)
        made.timeout.connect(run)
        return made
