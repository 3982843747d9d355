"""Two files side by side: what they come to, the aligned tree, and the selected pair once it is asked for.

    sides (which files, which state dicts)
    base (which file both come from, what became of it; where there is a third file)
    verdict, or how far it is
    chips, search                           which change it is, up, down
    tree, as wide as the window                                | ruler
    Pair  Rules  Relations     (F7; at the right where there is much room)
    what just happened beside it
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from PySide6.QtCore import QByteArray, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QSplitter,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from inspector import core
from inspector.gui.comparison.base_progress import BaseProgress
from inspector.gui.comparison.progress import ComparisonProgress, Step
from inspector.gui.kit import icons, tables, theme, words
from inspector.gui.kit.settings import Settings
from inspector.gui.models import pair_lines
from inspector.gui.models.pair_model import PairModel
from inspector.gui.models.pair_tree import BASE, CONFLICT, PairTree
from inspector.gui.state.session import Selection, Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.boxes import ProgressBar, label, offer_clearing
from inspector.gui.widgets.chips import Chips
from inspector.gui.widgets.elided import Elided
from inspector.gui.widgets.pair_view import PairView

from . import verdicts
from .base_row import BaseRow
from .change_ruler import ChangeRuler
from .notice import Notice
from .pair_panel import PairPanel
from .relations_panel import RelationsPanel
from .rules_panel import RulesPanel
from .sides import Sides
from .visits import Visits

TYPED, RESTED, GROWN = 120, 60, 100     # ms after the last key, the last change of the selection, the first of the values that came in
BESIDE_CHIPS = 470              # pixels that the search, the switch for the list and which change it is take at least
BESIDE_FROM = 1700              # ... and from which on details stand at the right
SHORT_TO, SHORT_FROM = 800, 900         # height of a window under which ten rows and details have no room below each other; its width
WORDS_FROM = 560                # width of the details from which on their buttons are words
BELOW, BESIDE = (480, 300), (1060, 640)
NAMES = "compare-names"
LAYOUT = "comparison"
SPLIT = ("comparison-below", "comparison-beside")


class ComparePage(QWidget):
    back_asked = Signal()
    fit_asked = Signal(int, int)        # documents: the one that is to fit, and into which
    said = Signal()                     # `sentence` is another

    def __init__(self, session: Session, tasks: Tasks, settings: Settings, parent: QWidget | None = None, *,
                 in_turns: bool = False) -> None:
        """`in_turns`: only begun, and made by whoever calls `make_part` until it stands."""
        super().__init__(parent)
        self._session, self._tasks, self._settings = session, tasks, settings
        self._fresh = True
        self._untouched: str | None = None      # the name of the row that was selected for a beginning
        self._begun: tuple[int, int] | None = None      # files that were read once: what they are looked at for came first
        self._sorted_here = False               # nobody asked for the order of the rows
        self._reading = ""              # the key that a row says is being read
        self.drops = (False, False)     # whether a push takes away what is selected in A, in B: the other has nothing there
        self._parts = self._make()
        if not in_turns:
            self.make_all()

    def make_part(self) -> bool:
        """What takes a few milliseconds of it. Whether there is more to be made."""
        return next(self._parts, False)

    def make_all(self) -> None:
        """What is not made yet."""
        while self.make_part():
            pass

    def _make(self) -> Iterator[bool]:
        session, tasks = self._session, self._tasks
        self.progress = ComparisonProgress(session, tasks, self)
        self.model = PairModel(self, tasks)
        self.view = PairView(self.model)
        self.ruler = ChangeRuler(self.view, self.model)
        self.visits = Visits(self.view, self.model, self)
        session.compared_changed.connect(self.visits.forget)
        self.sides = Sides(session, self.progress)
        yield True
        self.held = BaseProgress(session, tasks, self.progress, self)
        self.base = BaseRow(session, self.held)
        self.chips = Chips()
        self.rules = RulesPanel(session, self.progress)
        yield True
        self.relations = RelationsPanel(session, tasks, self.progress)
        yield True
        self.pair = PairPanel(tasks)
        yield True
        self._typing = self._timer(TYPED, self._filter)
        self._selecting = self._timer(RESTED, self._show_selected)
        self._growing = self._timer(GROWN, self._show_grown)
        yield from self._place()
        self._connect()
        self.setAccessibleName(self.tr("Comparison"))
        self.setFocusProxy(self.view)
        self._show_progress()
        self._count()

    # -- places -------------------------------------------------------------------------------------------------------

    def _place(self) -> Iterator[bool]:
        """What is around first, then what is in it: whatever gets a parent gets the style of all that is in it anew."""
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        top = QWidget()
        whole.addWidget(top)
        column = QVBoxLayout(top)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(9)
        column.addWidget(self.sides)
        column.addWidget(self.base)
        column.addWidget(self._make_verdict())
        column.addLayout(self._make_filters())
        yield True
        self.split = QSplitter(Qt.Orientation.Vertical)
        whole.addWidget(self.split, 1)
        self.split.setChildrenCollapsible(False)
        self._place_rows()
        yield True
        self._place_details()
        yield True
        self.split.setStretchFactor(0, 1)
        self._restore_split()
        self.split.splitterMoved.connect(self._keep_split)
        self.notice = Notice(self.tr("What just happened"))
        whole.addWidget(self.notice)
        kept = self._settings.layout(LAYOUT)
        if kept is not None:
            self.details.setHidden(bytes(kept.data()) != b"details")

    def _place_rows(self) -> None:
        rows = QWidget()
        self.split.addWidget(rows)
        row = QHBoxLayout(rows)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.view, 1)
        row.addWidget(self.ruler)
        rows.setMinimumHeight(120)

    def _place_details(self) -> None:
        self.tabs = self.details = QTabWidget()
        self.details.hide()
        self.split.addWidget(self.tabs)
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.pair, self.tr("Pair"))
        self.tabs.addTab(self.rules, self.tr("Rules"))
        self.tabs.addTab(self.relations, self.tr("Relations"))
        self.tabs.setElideMode(Qt.TextElideMode.ElideRight)
        self.tabs.setUsesScrollButtons(False)
        self.tabs.tabBar().setAccessibleName(self.tr("Pair, rules and relations"))
        self.tabs.setMinimumWidth(360)
        close = QToolButton()
        icons.put(close, "close")
        close.setAccessibleName(self.tr("Hide the details"))
        close.setToolTip(self.tr("Hide the details (F7)"))
        close.clicked.connect(self.toggle_details)
        corner = QWidget()
        row = QHBoxLayout(corner)
        row.setContentsMargins(0, 2, 8, 2)
        row.setSpacing(6)
        self.pushes = (QPushButton(), QPushButton())
        for side, button in enumerate(self.pushes):
            button.setProperty("slim", True)
            button.clicked.connect(partial(self._push_pressed, side))
            row.addWidget(button)
        row.addWidget(close)
        self.tabs.setCornerWidget(corner)
        self._show_pushes()

    def _push_words(self) -> tuple[str, str]:
        return (self.tr("Drop from A") if self.drops[0] else self.tr("Take B's into A"),
                self.tr("Drop from B") if self.drops[1] else self.tr("Take A's into B"))

    def _show_pushes(self, nodes: tuple[int, ...] = ()) -> None:
        """What the buttons do with the selected rows, in words; one that could only say that there is nothing to take does nothing."""
        tree = self.progress.tree
        there = tree.statuses_below(nodes) if tree is not None and nodes else frozenset()
        self.drops = there == {"only-a"}, there == {"only-b"}
        takes = bool(there - {"equal", "only-a", "only-b"})
        for button, text, keys, drops in zip(self.pushes, self._push_words(), ("Alt+Left", "Alt+Right"), self.drops, strict=True):
            button.setEnabled(takes or drops)
            button.setAccessibleName(text)
            button.setToolTip(text + "\n" + self.tr("As an edit that waits to be saved ({keys})").format(keys=keys))
        self._fit_details()

    def _fit_details(self) -> None:
        """What it takes to push is words or signs, as there is room."""
        signs = "A ×" if self.drops[0] else "A ←", "× B" if self.drops[1] else "→ B"
        for button, text, sign in zip(self.pushes, self._push_words(), signs, strict=True):
            button.setText(text if self.tabs.width() >= WORDS_FROM else sign)

    def _make_verdict(self) -> QWidget:
        self.verdict = QFrame()
        self.verdict_text, self._further, self._more = label(strong=True, scale=1.05), Elided(), label(wrap=True)
        self.verdict_text.setAccessibleName(self.tr("Verdict"))
        self.bar = ProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(140)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.button = QPushButton()
        self.button.setProperty("slim", True)
        self.button.clicked.connect(self._button_pressed)
        self.rules_link = QPushButton()
        self.rules_link.setProperty("link", True)
        self.rules_link.setToolTip(self.tr("By which rules names were paired, and whether one file would load into the other's model"))
        self.rules_link.clicked.connect(lambda: self.show_details(self.rules))
        self.relations_link = QPushButton()
        self.relations_link.setProperty("link", True)
        self.relations_link.setToolTip(self.tr("Which tensors are others transposed, reshaped, joined, split, cast or changed"))
        self.relations_link.clicked.connect(lambda: self.show_details(self.relations))
        self.relations_link.hide()
        self.adds_link = QPushButton(self.tr("What it adds"))
        self.adds_link.setProperty("link", True)
        self.adds_link.setToolTip(self.tr("Which weights of the model each module of the adapter changes, and how much"))
        self.adds_link.clicked.connect(self._ask_what_is_added)
        first = QHBoxLayout()
        first.setSpacing(12)
        first.addWidget(self.verdict_text)
        first.addWidget(self._further, 1)
        for widget in (self.bar, self.button, self.adds_link, self.rules_link, self.relations_link):
            first.addWidget(widget)
        column = QVBoxLayout(self.verdict)
        column.setContentsMargins(12, 5, 8, 5)
        column.setSpacing(2)
        column.addLayout(first)
        column.addWidget(self._more)
        return self.verdict

    def _make_filters(self) -> QHBoxLayout:
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Filter:  q_proj   *.weight   shape:64x3   -bias"))
        self.search.setAccessibleName(self.tr("Filter the pairs"))
        self.search.setMinimumWidth(150)
        self.search.setMaximumWidth(420)
        picture = QAction(self)
        icons.put(picture, "search", "muted")
        self.search.addAction(picture, QLineEdit.ActionPosition.LeadingPosition)
        offer_clearing(self.search)
        self.search.textChanged.connect(lambda: self._typing.start())
        self.count = label(tone="muted", selectable=False)
        self.list = QPushButton(self.tr("List"))
        self.list.setCheckable(True)
        self.list.setToolTip(self.tr("All pairs in one list, so that sorting goes over all of them"))
        self.list.toggled.connect(self.progress.set_flat)
        self.change = label(tone="muted", selectable=False)
        self.change.setAccessibleName(self.tr("Which change it is"))
        self.up, self.down = QToolButton(), QToolButton()
        for button, picture_name, name, keys, backwards in ((self.up, "up", self.tr("Previous change"), "Alt+Up", True),
                                                            (self.down, "down", self.tr("Next change"), "Alt+Down", False)):
            icons.put(button, picture_name)
            button.setAccessibleName(name)
            button.setToolTip(f"{name} ({keys})")
            button.clicked.connect(lambda _=False, backwards=backwards: self.go_to_change(backwards=backwards))
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.chips, 5)
        row.addWidget(self.count)
        row.addWidget(self.search, 2)
        for widget in (self.list, self.change, self.up, self.down):
            row.addWidget(widget)
        aligned: tuple[QWidget, ...] = (self.count, self.search, self.list, self.change, self.up, self.down)
        for part in aligned:
            row.setAlignment(part, Qt.AlignmentFlag.AlignTop)
            part.setFixedHeight(self.search.sizeHint().height())
        return row

    def _connect(self) -> None:
        for watched in (self.tabs, self.pair, self.search):
            watched.installEventFilter(self)
        self.sides.back_asked.connect(self.back_asked)
        self.sides.close_asked.connect(lambda: self._session.compare(None))
        self.progress.paired.connect(self._paired)
        self.progress.grown.connect(self._grown)
        self.progress.changed.connect(self._show_progress)
        self.chips.changed.connect(self._filter)
        self.model.filtered.connect(self._count)
        self.view.chosen.connect(self._selecting.start)
        self.view.menu_asked.connect(self._fill_menu)
        self.view.details_asked.connect(lambda: self.show_details(self.pair))
        self._session.document_added.connect(self._say_opened)
        self.held.changed.connect(self._show_held)
        self.base.merge_asked.connect(self._merge)
        self.rules.names_asked.connect(self._take_names)
        self.rules.fit_asked.connect(self._ask_fit)
        self.relations.listed.connect(self._show_relations)
        self.relations.add_asked.connect(self._add_made)
        self.relations.show_asked.connect(self.view.go_to)
        self._session.compared_changed.connect(self._other)

    # -- following ----------------------------------------------------------------------------------------------------

    def _other(self) -> None:
        self._fresh = True
        compared = self._session.compared
        if compared is None or compared.ids != self._begun:
            if self._sorted_here and self.model.sorted_by == "sqnr":
                self.view.unsort()
            self._begun, self._sorted_here = None, False
        self.notice.clear()

    def _paired(self) -> None:
        tree = self.progress.tree
        self.model.set_tree(tree)
        if tree is not None:
            self._show_counts(tree)
            if self._fresh:
                self._fresh = False
                self.view.show_exchanged()
                if not self.view.nodes and not self._show_what_was_selected():
                    self.view.select_first()
                    self._untouched = tree.key(self.view.nodes[0]) if self.view.nodes else None
        if tree is None or not self.pair.isVisible():
            self.pair.show_nodes(None, ())          # at once: its files may have been closed
        rules = self.tr("Rules ({n})").format(n=f"{self.rules.count:,}") if self.rules.count else self.tr("Rules")
        self.tabs.setTabText(1, rules)
        apart = tree is not None and self.progress.comparison is not None and bool(self.progress.comparison.offered) and not any(
            pair.a is not None and pair.b is not None for pair in tree.figures.pairs)
        self.rules_link.setText(self.tr("Match by shape and order…") if apart else rules)
        self.rules_link.setVisible(tree is not None)
        self._count()
        self._selecting.start()

    def _show_relations(self) -> None:
        count = self.relations.count
        text = self.tr("Relations ({n})").format(n=f"{count:,}") if count else self.tr("Relations")
        self.tabs.setTabText(self.tabs.indexOf(self.relations), text)
        self.relations_link.setText(text)
        self.relations_link.setVisible(count > 0)

    def _grown(self) -> None:
        if not self._growing.isActive():
            self._growing.start()

    def _show_grown(self) -> None:
        tree = self.progress.tree
        if tree is not None:
            self.view.grow()
            self.view.paint_apart()
            self._show_counts(tree)
            self._selecting.start()             # and with it which of the changes it is

    def _show_held(self) -> None:
        """Who changed what since the base is known, or no longer."""
        tree = self.progress.tree
        if tree is None:
            return
        if self.held.step is Step.IDLE and self.chips.statuses & BASE:         # no base, nothing to filter by
            self.chips.show_only(*self.chips.statuses - BASE)
        self.view.grow()
        self._show_counts(tree)
        if self.chips.statuses & BASE:
            self.model.arrange()
        self._selecting.start()

    def _merge(self, side: int) -> None:
        """What only the other side changed since the base, as edits of this one that wait to be saved."""
        found, compared = self.held.found, self._session.compared
        if found is None or compared is None:
            return
        id = compared.ids[side]

        def done(merge: core.Merge) -> None:
            self.add_edits(id, merge.edits)
            said = []
            if merge.conflicts:
                said.append(self.tr("1 conflict is left: {name} keeps what it has there.").format(name="AB"[side])
                            if len(merge.conflicts) == 1 else self.tr("{n} conflicts are left: {name} keeps what it has there.").format(
                                n=f"{len(merge.conflicts):,}", name="AB"[side]))
            if merge.left:
                said.append(self.tr("No edit brings over {n} more.").format(n=f"{len(merge.left):,}"))
            if said:
                shows = ((self.tr("Show the conflicts"), lambda: self.chips.show_only(CONFLICT)),) if merge.conflicts else ()
                self.notice.say(" ".join(said), shows)

        self._tasks.start(NAMES, lambda monitor: core.merge_of(found, side, monitor), on_done=done, on_error=self._not_added,
                          label=self.tr("Working out the edits"))

    def _show_progress(self) -> None:
        step, said = self.progress.step, verdicts.text_of(self.progress)
        self.adds_link.setVisible(self.progress.verdict is not None and self.progress.verdict.id == "adapter")
        further, _, more = said.more.partition("\n")
        long = self.fontMetrics().horizontalAdvance(said.text) > max(self.width(), 700) * 6 // 10
        if long:                        # an error, or a verdict that is a sentence: what else there is stands below
            further, more = "", said.more
        self.verdict_text.setText(said.text)
        self.verdict_text.setWordWrap(long)
        self._further.set_text(further)
        self._further.setVisible(not long)
        self._more.setText(more)
        self._more.setVisible(bool(more))
        done, total = self.progress.read
        self.bar.setVisible(step in (Step.PAIRING, Step.READING, Step.WAITING))
        self.bar.setRange(0, 1000 if step is Step.READING and total else 0)
        self.bar.setValue(done * 1000 // total if total else 0)
        self.button.setVisible(step in (Step.PAIRING, Step.READING, Step.STOPPED, Step.FAILED))
        failed = self.tr("Reload") if isinstance(self.progress.error, core.Changed) else self.tr("Try again")
        self.button.setText({Step.STOPPED: self.tr("Go on"), Step.FAILED: failed}.get(step, self.tr("Stop")))
        if self.verdict.property("level") != said.level:
            self.verdict.setProperty("level", said.level)
            for widget in (self.verdict_text, self._more):
                widget.setProperty("tone", said.level)
            for changed in (self.verdict, self.verdict_text, self._more):
                theme.repolish(changed)
        if step is not Step.READING and self._growing.isActive():
            self._growing.stop()
            self._show_grown()                  # the last of it at once
        if step is Step.DONE:
            self.view.paint_apart()
        if step is Step.DONE and not self._begin_with_the_worst() and self.model.follows_values:
            self.model.arrange()
        now = self.progress.tree.figures.reading if self.progress.tree is not None else ""
        if now != self._reading:                # rows that said that they were being read say something else
            self._reading = now
            self._grown()
        if step is not Step.READING:
            self._show_place()

    def _show_what_was_selected(self) -> bool:
        """What somebody looked at in one of the files is what the files are compared for; False where it is nothing in here."""
        selection, compared, tree = self._session.selection, self._session.compared, self.progress.tree
        if tree is None or selection is None or compared is None or selection.document not in compared.ids or not selection.prefix:
            return False
        place = tree.figures.comparison.state_dicts[compared.ids.index(selection.document)]
        row = self.model.reveal(selection.prefix if place == core.WHOLE else core.seen_from(selection.prefix, place))
        if row is not None:
            self.view.select_row(row)
        return row is not None

    def _begin_with_the_worst(self) -> bool:
        """What was packed worst is what a comparison of packed weights is looked at for: it comes first and is selected, but where
        somebody has sorted or selected already. True where the rows are in another order now."""
        tree = self.progress.tree
        compared = self._session.compared
        if tree is None or compared is None or self._begun == compared.ids:
            return False
        self._begun, worst = compared.ids, tree.worst_packed()
        if worst is None or self.model.sorted_by is not None:
            return False
        self._sorted_here = True
        self.view.sort_worst_first()
        if [tree.key(node) for node in self.view.nodes] == [self._untouched]:
            row = self.model.reveal_node(worst)
            if row is not None:
                self.view.scrollToTop()         # what lies above it stays in sight where there is room
                self.view.select_row(row)
        return True

    def _button_pressed(self) -> None:
        if self.progress.step is Step.FAILED and isinstance(self.progress.error, core.Changed):
            self._tasks.reread_asked.emit(self.progress.go_on)
        elif self.progress.step in (Step.STOPPED, Step.FAILED):
            self.progress.go_on()
        else:
            self.progress.stop()

    def find_next(self, *, backwards: bool = False) -> None:
        """To the next row that the filter finds, round; into the filter, where there is none."""
        row = self.model.next_hit(self.view.currentIndex().row(), backwards=backwards)
        if row is None:
            self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.search.selectAll()
        else:
            self.view.select_row(row)

    def _filter(self) -> None:
        self._typing.stop()
        self.model.set_filter(self.search.text(), self.chips.statuses)

    def _count(self) -> None:
        found, total = self.model.counts
        self.count.setVisible(found != total)
        self.view.say(self._why_empty(found, total))
        self.count.setText(self.tr("{found} of {total}").format(found=f"{found:,}", total=f"{total:,}"))
        self._show_place()

    def _why_empty(self, found: int, total: int) -> str:
        if self.model.tree is None:
            return self.tr("The pairs will stand here once both files are open and their names are paired.") \
                if self.progress.step is not Step.FAILED else ""
        if not total:
            return self.tr("Neither file holds a tensor here.")
        return self.tr("None of the {n} pairs fits the filter. Esc clears it.").format(n=f"{total:,}") if not found else ""

    def _show_selected(self) -> None:
        nodes = self.view.nodes
        if self.pair.isVisible():               # else once it is
            self.pair.show_nodes(self.progress.tree, nodes)
        self._show_pushes(nodes)
        self._show_place()

    def _show_place(self) -> None:
        """Which of the changes is selected, of how many."""
        at, total = self.model.change_at(self.view.currentIndex().row())
        self.change.setText(self.tr("Change {n} of {total}").format(n=f"{at:,}", total=f"{total:,}") if at
                            else self.tr("1 change") if total == 1 else self.tr("{n} changes").format(n=f"{total:,}"))
        for button in (self.up, self.down):
            button.setEnabled(total > 0)
        self.said.emit()

    @property
    def sentence(self) -> str:
        """For the line under the window: how many pairs are shown, and what the selected one is."""
        found, total = self.model.counts
        if self.model.tree is None:
            return ""
        parts = [self.tr("{found} of {total} pairs shown").format(found=f"{found:,}", total=f"{total:,}") if found != total
                 else self.tr("1 pair") if total == 1 else self.tr("{n} pairs").format(n=f"{total:,}")]
        row, chosen = self.view.currentIndex().row(), len(tables.selected_rows(self.view))
        if chosen > 1:
            parts.append(self.tr("{n} rows selected").format(n=f"{chosen:,}"))
        elif row >= 0:
            line = self.model.line(row)
            parts += [core.visible(line.key, 90), *filter(None, (line.texts[pair_lines.SHAPE], line.texts[pair_lines.DIFFERS]))]
        return " · ".join(parts)

    # -- going from change to change, and what is said of one --------------------------------------------------------------

    def go_to_change(self, *, backwards: bool = False) -> None:
        node = self.model.next_change(self.view.currentIndex().row(), backwards=backwards)
        row = self.model.reveal_node(node) if node is not None else None
        if row is not None:
            self.view.select_row(row)
            self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def toggle_details(self) -> None:
        if self.details.isHidden():
            self.show_details(self.tabs.currentWidget())
        else:
            had_focus = self.details.isAncestorOf(self.focusWidget()) if self.focusWidget() is not None else False
            self.details.hide()
            self._settings.set_layout(LAYOUT, QByteArray(b"rows"))
            if had_focus:
                self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_details(self, panel: QWidget) -> None:
        self.tabs.setCurrentWidget(panel)
        if self.details.isHidden():
            self.details.show()
            self._restore_split()               # what is hidden forgets its room where the other way round was meant
            self._settings.set_layout(LAYOUT, QByteArray(b"details"))
            row = self.view.currentIndex()
            if row.isValid():
                QTimer.singleShot(0, self.view, lambda: self.view.scrollTo(self.view.currentIndex()))

    def _say_opened(self, id: int) -> None:
        """A file that is opened while two others are compared stands behind them."""
        document, compared = self._session.document(id), self._session.compared
        if document is None or compared is None or not self.isVisible():
            return
        name = core.file_name(document.path)
        self.notice.say(self.tr("{name} was opened. The comparison goes on with the two files that it is of.").format(name=name), (
            (self.tr("Compare it as A"), partial(self._put, 0, id)), (self.tr("Compare it as B"), partial(self._put, 1, id)),
            (self.tr("Both come from it"), partial(self._put_base, id)), (self.tr("Back to the files"), self.back_asked.emit)))

    def _put(self, side: int, id: int) -> None:
        compared = self._session.compared
        if compared is not None and self._session.document(id) is not None:
            self._session.compare(compared.put(side, id))

    def _put_base(self, id: int) -> None:
        compared = self._session.compared
        if compared is not None and self._session.document(id) is not None and id not in compared.ids:
            self._session.compare(compared._replace(base=id))

    # -- edits --------------------------------------------------------------------------------------------------------

    def _fill_menu(self, menu: QMenu) -> None:
        """What can be done about the selected rows, for each side."""
        differences, nodes = self._chosen(), self.view.nodes
        if differences is None:
            return
        pairs = differences.pairs
        menu.addSeparator()
        details = menu.addAction(self.tr("Details"), lambda: self.show_details(self.pair))
        details.setShortcut("F7")
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
                made = menu.addAction(texts[wish].format(other=other, n=many), partial(self._add, side, wish, differences))
                if wish == "tensors":
                    made.setShortcut(("Alt+Left", "Alt+Right")[side])
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

    def _add_made(self, side: int, edits: tuple[core.Edit, ...]) -> None:
        compared = self._session.compared
        if compared is not None:
            self.add_edits(compared.ids[side], edits)

    def add_edits(self, id: int, edits: tuple[core.Edit, ...]) -> None:
        """The bar of pending edits says so, and takes them back."""
        document = self._session.document(id)
        if document is None:
            return
        if not edits:
            self.notice.say(self.tr("There is no edit that does this."))
            return
        self.notice.clear()
        chosen = self._session.selection
        if chosen is None or chosen.document != id:
            self._session.select(Selection(id))         # undo and save mean this file from now on
        self._session.add_edits(id, edits)

    def push(self, side: int) -> None:
        """Gives the selected rows of one side (0: A) what the other has there: tensors, values; what the other has not goes, where
        nothing else is selected."""
        tree, compared = self.progress.tree, self._session.compared
        if tree is None or compared is None or not self.view.nodes:
            return
        id, nodes = compared.ids[side], self.view.nodes

        def work(monitor: core.Monitor) -> _Push:
            return _push_of(_differences(tree, nodes), side, monitor)

        def done(found: _Push) -> None:
            if not found.wanted:
                self.notice.say(self._no_push(side, found.missing))
                return
            self.add_edits(id, found.edits)
            if found.edits and found.missing:
                self.notice.say(self._no_push(side, found.missing))

        self._tasks.start(NAMES, work, on_done=done, on_error=self._not_added, label=self.tr("Working out the edits"))

    def _push_pressed(self, side: int, _: bool = False) -> None:
        self.push(side)

    def _no_push(self, side: int, missing: int) -> str:
        if missing == 1:
            return self.tr("1 tensor is not in {name}: an edit gives new values to what a file has, and adds no tensors.").format(
                name="AB"[side])
        if missing:
            return self.tr("{n} tensors are not in {name}: an edit gives new values to what a file has, and adds no tensors.").format(
                n=f"{missing:,}", name="AB"[side])
        return self.tr("There is nothing to take here: the values are the same, or not read yet.")

    def _chosen(self) -> core.Differences | None:
        """What the selected rows are, and what lies in them."""
        tree, nodes = self.progress.tree, self.view.nodes
        return _differences(tree, nodes) if tree is not None and nodes else None

    def _not_added(self, error: Exception) -> None:
        if not isinstance(error, core.InspectorError):
            raise error
        self.notice.say(words.error(error))

    def _ask_fit(self, side: int) -> None:
        compared = self._session.compared
        if compared is not None:
            self.fit_asked.emit(compared.ids[side], compared.ids[1 - side])

    def _ask_what_is_added(self) -> None:
        """The adapter held against the model."""
        verdict = self.progress.verdict
        if verdict is not None and verdict.id == "adapter":
            self._ask_fit(0 if dict(verdict.facts)["adapter"] == "a" else 1)

    def _show_in_file(self, side: int, key: str) -> None:
        compared = self._session.compared
        if compared is not None:
            self.back_asked.emit()
            self._session.select(Selection(compared.ids[side], key, (key,)))

    def step_back(self) -> bool:
        """Stops what is read; or else clears the filter; or else hides the details. False where there is none of them."""
        if self.progress.step in (Step.PAIRING, Step.READING):
            self.progress.stop()
        elif self.search.text() or self.chips.statuses:
            self.search.clear()
            self.chips.clear()
            self._filter()
        elif not self.details.isHidden():
            self.toggle_details()
        else:
            return False
        return True

    # -- Qt's side ----------------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.tabs and event.type() == QEvent.Type.Resize:
            self._fit_details()
        if watched is self.pair and event.type() == QEvent.Type.Show:
            self.pair.show_nodes(self.progress.tree, self.view.nodes)
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

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.step_back():
            event.accept()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Details stand at the right where there is much room, or too little for them and ten rows below each other."""
        super().resizeEvent(event)
        self._fit_chips()
        beside = self.width() >= (SHORT_FROM if self.window().height() < SHORT_TO else BESIDE_FROM)
        wanted = Qt.Orientation.Horizontal if beside else Qt.Orientation.Vertical
        if self.split.orientation() != wanted:
            self.split.setOrientation(wanted)
            self.pair.set_wide(not beside)
            self._restore_split()

    def _fit_chips(self) -> None:
        """On one line, where what stands beside them leaves the room."""
        room = max(self.width() - BESIDE_CHIPS, 0)
        self.chips.set_room(room)
        self.chips.setMinimumWidth(min(self.chips.sizeHint().width(), room))

    def _show_counts(self, tree: PairTree) -> None:
        self.chips.show_counts(tree.figures.counts())
        self._fit_chips()

    # -- how the room is shared ---------------------------------------------------------------------------------------

    @property
    def _beside(self) -> bool:
        return self.split.orientation() == Qt.Orientation.Horizontal

    def _restore_split(self) -> None:
        """As somebody left it, beside or below."""
        kept = self._settings.layout(SPLIT[self._beside])
        sizes = [int(part) for part in bytes(kept.data()).split(b",") if part.isdigit()] if kept is not None else []
        sizes = sizes if len(sizes) == 2 else list(BESIDE if self._beside else BELOW)
        if self._beside and sum(sizes) > self.width() > 0:      # left in a wider window: both have less
            sizes = [size * self.width() // sum(sizes) for size in sizes]
        self.split.setSizes(sizes)

    def _keep_split(self) -> None:
        if not self.details.isHidden():
            self._settings.set_layout(SPLIT[self._beside], QByteArray(",".join(map(str, self.split.sizes())).encode()))

    def _timer(self, wait: int, run: Callable[[], None]) -> QTimer:
        made = QTimer(self)
        made.setSingleShot(True)
        made.setInterval(wait)
        made.timeout.connect(run)
        return made


class _Push(NamedTuple):
    """What is to be done about the selected rows of one side, and how many of them it has not."""

    wanted: list[core.Wish]
    edits: tuple[core.Edit, ...]
    missing: int


def _push_of(chosen: core.Differences, side: int, monitor: core.Monitor) -> _Push:
    wanted: list[core.Wish] = [wish for wish in core.wishes_about(chosen, side) if wish in ("tensors", "values")]
    if chosen.pairs and not chosen.changes and all((pair.a, pair.b)[1 - side] is None for pair in chosen.pairs):
        wanted = ["drop"]
    missing = sum((pair.a, pair.b)[side] is None for pair in chosen.pairs)
    return _Push(wanted, tuple(edit for wish in wanted for edit in core.edits_for_differences(wish, chosen, side, monitor)), missing)


def _differences(tree: PairTree, nodes: tuple[int, ...]) -> core.Differences:
    """What the rows of `nodes` are, and what lies in them."""
    pairs = tree.figures.pairs
    return core.Differences(tree.figures.comparison, tuple([pairs[n] for n in tree.pairs_below(nodes)]), tuple(tree.changes_below(nodes)))
