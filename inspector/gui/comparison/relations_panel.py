"""All relations between the two files: a list that is filtered, what it lets one think, and edits, recipes and commands made of them.

    kind, text                                         Edits of A   Edits of B   Recipe
    what, in A, in B, how well it holds, what it rests on
    what edits come to
    seems: …, and what that rests on
"""
from __future__ import annotations

import os
from functools import partial
from typing import Literal

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPersistentModelIndex, QPoint, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QMenu,
    QPushButton,
    QStackedWidget,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from inspector import core
from inspector.gui.comparison.progress import ComparisonProgress, Step
from inspector.gui.kit import file_dialogs, tables, theme, words
from inspector.gui.kit.disk import told_of
from inspector.gui.state import edit_words
from inspector.gui.state.session import Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.boxes import empty, label, offer_clearing

from .relation_table import HOLDS, IN_A, IN_B, RESTS, WHAT, Relation, RelationTable, relations_of
from .verdicts import inference_text, rearranged_text

LISTING, MAKING = "relations", "relations-edits"
_SHOWN = {"merged-lora": "low-rank", "low-rank": "low-rank", "quantized": "quantized", "rounded": "rounded", "scaled": "scaled",
          "pruned": "masked", "replaced": "unrelated", "fine-tuned": "related", "unrelated": "unrelated"}       # inference -> facts
_TYPED = 120                # ms after the last key
_FITTED = (WHAT, RESTS, HOLDS)      # columns that are as wide as what stands in them, as far as there is room, the last one giving way …
_NAMES = 150                # … to the keys: pixels that each of both columns keeps
_ROWS = 200                 # whose widths are looked at
Use = Literal["edits", "command", "recipe"]


class RelationsPanel(QWidget):
    add_asked = Signal(int, object)         # side, edits
    show_asked = Signal(str)                # a key of A, or of B: the pair in the tree
    listed = Signal()                       # `count` is another

    def __init__(self, session: Session, tasks: Tasks, progress: ComparisonProgress) -> None:
        super().__init__()
        self._session, self._tasks, self._progress = session, tasks, progress
        self._judged: core.Comparison | None = None         # what the list is of
        self._listed = False
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(_TYPED)
        self._typing.timeout.connect(self._filter)
        self.model = RelationTable(self)
        self.setAccessibleName(self.tr("Relations between the files"))
        self._place()
        progress.changed.connect(self.follow)
        progress.paired.connect(self.follow)
        self.follow()

    @property
    def count(self) -> int:
        return self.model.counts[1]

    # -- places -------------------------------------------------------------------------------------------------------

    def _place(self) -> None:
        self.table = self._make_table()
        self.empty = label(tone="muted", wrap=True, selectable=False)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setMargin(24)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.table)
        self.pages.addWidget(self.empty)
        self.said = label(wrap=True)
        self.said.setAccessibleName(self.tr("What the edits come to"))
        self._thoughts = QVBoxLayout()
        self._thoughts.setSpacing(2)
        self.thoughts = QWidget()
        self.thoughts.setLayout(self._thoughts)
        self._thoughts.setContentsMargins(16, 4, 16, 8)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._make_head())
        column.addWidget(self.pages, 1)
        self.said.setContentsMargins(16, 4, 16, 4)
        self.said.hide()
        column.addWidget(self.said)
        column.addWidget(self.thoughts)

    def _make_head(self) -> QHBoxLayout:
        self.kind = QComboBox()
        self.kind.setAccessibleName(self.tr("Kind of relation"))
        self.kind.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.kind.currentIndexChanged.connect(lambda: self._filter())
        self.search = QLineEdit()
        offer_clearing(self.search)
        self.search.setPlaceholderText(self.tr("Filter:  q_proj   exactly   -bias"))
        self.search.setAccessibleName(self.tr("Filter the relations"))
        self.search.setMinimumWidth(120)
        self.search.setMaximumWidth(320)
        self.search.textChanged.connect(lambda: self._typing.start())
        self.which = label(tone="muted", selectable=False)
        self.which.setAccessibleName(self.tr("What edits are made of"))
        self.edits = tuple(QPushButton(text) for text in (self.tr("Edits of A"), self.tr("Edits of B")))
        tips = (self.tr("Makes A's tensors what B has, as edits that wait to be saved"),
                self.tr("Makes B's tensors what A has, as edits that wait to be saved"))
        self.recipe = QPushButton(self.tr("Recipe"))
        self.recipe.setAccessibleName(self.tr("Recipe: copy as a command, save"))
        menu = QMenu(self.recipe)
        for side, name in enumerate("AB"):
            menu.addAction(self.tr("Copy as Command for {name}").format(name=name), partial(self.make, side, "command"))
            menu.addAction(self.tr("Save Recipe for {name}…").format(name=name), partial(self.make, side, "recipe"))
            if not side:
                menu.addSeparator()
        self.recipe.setMenu(menu)
        row = QHBoxLayout()
        row.setContentsMargins(12, 6, 12, 6)
        row.setSpacing(8)
        row.addWidget(self.kind)
        row.addWidget(self.search, 1)
        row.addStretch(1)
        row.addWidget(self.which)
        for side, button in enumerate(self.edits):
            button.setToolTip(tips[side])
            button.clicked.connect(partial(self._edits_pressed, side))
        for widget in (*self.edits, self.recipe):
            widget.setProperty("slim", True)
            row.addWidget(widget)
        return row

    def _make_table(self) -> _Table:
        table = _Table()
        table.setModel(self.model)
        tables.calm(table, self.tr("Relations"))
        tables.list_rows(table)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setSortingEnabled(True)
        header = table.horizontalHeader()
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setSortIndicatorClearable(True)
        header.setResizeContentsPrecision(_ROWS)
        table.setItemDelegateForColumn(HOLDS, _Sentences(table))
        for column in _FITTED:
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
        for column in (IN_A, IN_B):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        table.selectionModel().selectionChanged.connect(lambda: self._say_which())
        self.model.modelReset.connect(self._say_which)
        table.activated.connect(lambda index: self._show(index.row()))
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._menu)
        return table

    # -- following ----------------------------------------------------------------------------------------------------

    def follow(self) -> None:
        """The list is that of the comparison whose values were read last."""
        judged = self._progress.judged
        if judged is not self._judged:
            self._judged, self._listed = judged, False
            self.said.hide()
            self._tasks.cancel(LISTING)
            if judged is None:
                self._take(())
            else:
                self._tasks.start(LISTING, partial(relations_of, judged), on_done=self._take, label=self.tr("Listing the relations"))
        elif judged is None:
            self._say_why_empty()

    def _take(self, found: tuple[Relation, ...]) -> None:
        self._listed = self._judged is not None
        self.model.show_relations(found)
        self.table.fit()
        self._offer_kinds()
        self._show_thoughts()
        self._filter()
        self.listed.emit()

    def _offer_kinds(self) -> None:
        before = str(self.kind.currentData() or "")
        with QSignalBlocker(self.kind):
            self.kind.clear()
            self.kind.addItem(self.tr("All kinds"), "")
            for kind, count in self.model.kinds.items():
                self.kind.addItem(f"{self.model.name_of(kind)}  {count:,}", kind)
            self.kind.setCurrentIndex(max(self.kind.findData(before), 0))

    def _show_thoughts(self) -> None:
        """What no file says, apart from what was found, and each with what it rests on."""
        empty(self._thoughts)
        thoughts = self._judged.lineage.inferences if self._judged is not None else ()
        untold = self.model.counts[1] > 0 and self._leaves_changes_untold()
        self.thoughts.setVisible(bool(thoughts) or untold)
        if untold:
            self._thoughts.addWidget(label(self._untold(), wrap=True))
        for one in thoughts:
            text = self.tr("Seems: {what}. Concluded from {n} of {all} tensors.").format(
                what=inference_text(one), n=f"{one.tensors:,}", all=f"{one.of:,}")
            line = QWidget()
            row = QHBoxLayout(line)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(10)
            row.addWidget(label(text, wrap=True), 1)
            kind = _SHOWN.get(one.id, "")
            if kind in self.model.kinds:
                link = QPushButton(self.tr("Show the facts"))
                link.setProperty("link", True)
                link.setToolTip(words.tip(self.tr("Among others {keys}").format(keys=", ".join(one.rests_on))))
                link.clicked.connect(partial(self._show_kind, kind))
                row.addWidget(link)
            self._thoughts.addWidget(line)

    def _leaves_changes_untold(self) -> bool:
        """Whether edits wait and the changes of values were not looked at with them (`KnownDifferences.judged`)."""
        judged = self._judged
        return judged is not None and not judged.lineage.of and (judged.a.edited is not None or judged.b.edited is not None)

    def _untold(self) -> str:
        return self.tr("While edits wait, only what was found transposed, reshaped, joined or split before them is told; "
                       "what was cast or changed is not.")

    def _show_kind(self, kind: str, _: bool = False) -> None:
        self.search.clear()
        self.kind.setCurrentIndex(max(self.kind.findData(kind), 0))
        self._filter()

    def _filter(self) -> None:
        self._typing.stop()
        self.model.set_filter(str(self.kind.currentData() or ""), self.search.text())
        self._say_why_empty()

    def _say_why_empty(self) -> None:
        shown, total = self.model.counts
        self.pages.setCurrentIndex(0 if shown else 1)
        if total:
            text = self.tr("None of the {n} relations fits the filter.").format(n=f"{total:,}")
        elif self._judged is None and self._progress.step in (Step.STOPPED, Step.FAILED):
            text = self.tr("Relations are told once all values were read; not all were.")
        elif not self._listed:
            text = self.tr("Relations are looked for once the values are read.")
        elif self._leaves_changes_untold():
            text = self._untold()
        else:
            text = self.tr("Nothing was found beyond what the pairs say: no tensor is another one transposed, reshaped, joined, split, "
                           "cast or changed in a way that can be named.")
        self.empty.setText(text)
        for widget in (self.kind, self.search, *self.edits, self.recipe):
            widget.setEnabled(total > 0)
        self._say_which()

    # -- what is chosen -----------------------------------------------------------------------------------------------

    @property
    def selected_rows(self) -> list[int]:
        return tables.selected_rows(self.table)

    def chosen(self) -> list[Relation]:
        """The selected ones; else all that are shown."""
        rows = self.selected_rows
        return [self.model.relation_at(row) for row in (rows or range(self.model.rowCount()))]

    def _say_which(self) -> None:
        rows, (shown, total) = len(self.selected_rows), self.model.counts
        self.which.setText("" if not total else self.tr("{n} selected").format(n=f"{rows:,}") if rows else
                           self.tr("all {n}").format(n=f"{total:,}") if shown == total else
                           self.tr("{n} of {total} shown").format(n=f"{shown:,}", total=f"{total:,}"))

    def _show(self, row: int) -> None:
        one = self.model.relation_at(row)
        self.show_asked.emit((one.a or one.b)[0])

    def _menu(self, at: QPoint) -> None:
        row = self.table.indexAt(at).row()
        if row < 0:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Show in the Tree"), partial(self._show, row))
        menu.addAction(self.tr("Copy"), self.copy).setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        menu.addSeparator()
        for side, button in enumerate(self.edits):
            menu.addAction(button.text(), partial(self.make, side, "edits"))
        menu.popup(self.table.viewport().mapToGlobal(at))

    def copy(self) -> None:
        """The selected rows, or all that are shown, as a table."""
        QGuiApplication.clipboard().setText(self.model.text(self.selected_rows or range(self.model.rowCount())))

    # -- what is made of it -------------------------------------------------------------------------------------------

    def _edits_pressed(self, side: int, _: bool = False) -> None:
        self.make(side, "edits")

    def make(self, side: int, use: Use) -> None:
        """The edits by which what is chosen becomes what the other file has. All at once go with the names that rules pair."""
        judged, compared = self._judged, self._session.compared
        document = self._session.document(compared.ids[side]) if compared is not None else None
        if judged is None or document is None:
            return
        before = self._session.edits(document.id)           # the comparison has them, a command and a recipe begin with them
        chosen = self.chosen()
        whole = len(chosen) == self.count
        only = None if whole else [one.does for one in chosen if one.does is not None]
        self._tasks.start(MAKING, lambda monitor: core.conversion_of(judged, side, monitor, only=only),
                          on_done=lambda found: self._made(side, use, document.path, before, found), on_error=self._wrong,
                          label=self.tr("Working out the edits"))

    def _made(self, side: int, use: Use, path: str, before: tuple[core.Edit, ...], found: core.Conversion) -> None:
        if not found.edits:
            self._say("\n".join((self.tr("No edit does this."), *self._left(found))), "warning")
            return
        reach = self.tr("with them {done} of {of} tensors have the name, shape and type that they have in {name}").format(
            done=f"{found.done:,}", of=f"{found.of:,}", name="BA"[side])
        text = "\n".join((f"{edit_words.edits(len(found.edits))}: {reach}.", *self._left(found)))
        if use == "edits":
            self.add_asked.emit(side, found.edits)
            self._say(text)
        elif use == "command":
            try:
                target = told_of(path, core.edited_path, path)
                QGuiApplication.clipboard().setText(core.as_command((*before, *found.edits), path, target))
            except core.EditError as error:
                self._wrong(error)
                return
            self._say(self.tr("Copied.") + " " + text)
        else:
            start = os.path.splitext(core.file_name(path) if core.is_address(path) else path)[0] + ".json"
            file_dialogs.save_file(self.window(), self.tr("Save the recipe"), start,
                                   lambda chosen: self._save(chosen, (*before, *found.edits), path, text),
                                   filters=(self.tr("Recipes ({patterns})").format(patterns="*.json"),), suffix="json")

    def _save(self, path: str, edits: tuple[core.Edit, ...], source: str, text: str) -> None:
        saved = self.tr("Saved {path}.").format(path=core.visible(path, 200))
        self._tasks.start(MAKING, lambda monitor: core.save_recipe(edits, path, (source,)),
                          on_done=lambda nothing: self._say(f"{saved} {text}"), on_error=self._wrong, label=self.tr("Saving the recipe"))

    def _left(self, found: core.Conversion) -> list[str]:
        """What edits cannot do, as far as it can be listed."""
        lines = [self.tr("No edit does this: {what}").format(what=rearranged_text(one)) for one in found.left[:2]]
        more = len(found.left) - len(lines)
        return [*lines, *([self.tr("and {n} more").format(n=f"{more:,}")] if more > 0 else [])]

    def _wrong(self, error: Exception) -> None:
        if not isinstance(error, core.InspectorError):
            raise error
        self._say(words.error(error), "danger")

    def _say(self, text: str, tone: str = "") -> None:
        self.said.setText(text)
        self.said.setProperty("tone", tone)
        theme.repolish(self.said)
        self.said.show()

    # -- Qt's side ----------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.key() == Qt.Key.Key_Escape and (self.search.text() or self.kind.currentIndex() > 0):
            self._show_kind("")
        elif event.key() == Qt.Key.Key_Escape and self.selected_rows:
            self.table.selectionModel().setCurrentIndex(self.table.rootIndex(), QItemSelectionModel.SelectionFlag.Clear)
        else:
            super().keyPressEvent(event)


class _Table(QTableView):
    """Its sentences are whole where there is room, and the keys have the rest; a column that somebody drew wider or narrower stays so."""

    def __init__(self) -> None:
        super().__init__()
        self._wanted: dict[int, int] = {}
        self._given: dict[int, int] = {}

    def fit(self) -> None:
        """Gives each column the room that its texts take."""
        header = self.horizontalHeader()
        self._wanted = {column: max(self.sizeHintForColumn(column), header.sectionSizeHint(column)) + 1 for column in _FITTED}
        self._given.clear()
        self._share()

    def _share(self) -> None:
        room = self.viewport().width() - 2 * _NAMES
        for column, wanted in self._wanted.items():
            if self._given.get(column, self.columnWidth(column)) == self.columnWidth(column):
                self._given[column] = min(wanted, max(room, self.horizontalHeader().sectionSizeHint(column)))
                self.setColumnWidth(column, self._given[column])
            room -= self.columnWidth(column)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()


class _Sentences(QStyledItemDelegate):
    """Where there is no room for a sentence, its end is left out: what counts stands first."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().initStyleOption(option, index)
        option.textElideMode = Qt.TextElideMode.ElideRight
