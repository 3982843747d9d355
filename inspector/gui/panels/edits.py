"""Edits: what waits to be saved of the selected file, in order, with what each does; and the keys before and after one of them."""
from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QDropEvent, QGuiApplication, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from inspector import core
from inspector.gui.kit import file_dialogs, icons, theme, words
from inspector.gui.kit.disk import told_of
from inspector.gui.state import edit_words
from inspector.gui.state.pending_edits import Editing, Step
from inspector.gui.state.session import Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.boxes import empty, label, upright_splitter
from inspector.gui.widgets.preview_table import PreviewTable

_TITLE, _SAID, _WRONG = (int(Qt.ItemDataRole.UserRole) + n for n in range(3))
RECIPE = ".json"


class EditsPanel(QWidget):
    def __init__(self, session: Session, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._session, self._tasks = session, tasks
        self._editing = Editing.shared(session, tasks)
        self._shown: tuple[Any, ...] = ()
        self._filling = False
        self.list = _List()
        self.list.setItemDelegate(_Lines(self.list))
        self.list.moved.connect(self._move)
        self.list.currentRowChanged.connect(lambda row: self._detail())
        self.list.itemDoubleClicked.connect(lambda item: self._change())
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(lambda at: self._menu().popup(self.list.viewport().mapToGlobal(at)))
        self._make_actions()
        self.table = PreviewTable()
        self.pages = QStackedWidget()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.pages)
        self._place_nothing()
        self._place_some()
        session.selection_changed.connect(self.refresh)
        for signal in (session.document_changed, session.document_removed, session.edits_changed, self._editing.applied):
            signal.connect(self._follow)
        self.refresh()

    # -- places: what is around first, then what is in it, for whatever gets a parent gets the style of all that is in it anew

    def _place_nothing(self) -> None:
        page = QWidget()
        self.pages.addWidget(page)
        column = QVBoxLayout(page)
        column.setContentsMargins(40, 40, 40, 40)
        column.setSpacing(10)
        column.addStretch(2)
        for text, tone, scale in ((self.tr("No pending edits"), "", 1.3),
                                  (self.tr("Edits wait here until you save; the file on disk stays as it is. Right-click a key in the "
                                           "tree, use the Edit menu, or click a fix beside a finding in the Overview."), "muted", 1.0)):
            line = label(text, tone=tone, strong=not tone, scale=scale, wrap=True, selectable=False)
            line.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(line)
        self.undone = self._button(self.tr("Redo"), "redo", self._redo)
        load = self._button(self.tr("Load Recipe…"), "open", self._load)
        row = QHBoxLayout()
        column.addSpacing(6)
        column.addLayout(row)
        column.addStretch(3)
        row.addStretch(1)
        row.addWidget(load)
        row.addWidget(self.undone)
        row.addStretch(1)

    def _place_some(self) -> None:
        page = QWidget()
        self.pages.addWidget(page)
        column = QVBoxLayout(page)
        column.setContentsMargins(20, 16, 20, 14)
        column.setSpacing(10)
        head = QHBoxLayout()
        column.addLayout(head)
        self.head = label("", strong=True, scale=1.15, selectable=False)
        head.addWidget(self.head)
        head.addStretch(1)
        for action in ("undo", "redo"):
            head.addWidget(self._tool(action))
        more = QPushButton(self.tr("Recipe"))
        more.setAccessibleName(self.tr("Recipe: copy, save, load"))
        menu = QMenu(more)
        for name in ("command", "python", "recipe"):
            menu.addAction(self.actions_[name])
        menu.addSeparator()
        for name in ("save-recipe", "load-recipe", "others"):
            menu.addAction(self.actions_[name])
        more.setMenu(menu)
        head.addWidget(more)
        self.save = QPushButton(self.tr("Save…"))
        self.save.setProperty("primary", True)
        self.save.setAccessibleName(self.tr("Save the edited file"))
        self.save.clicked.connect(lambda: self._with(self._editing.save_asked.emit))
        head.addWidget(self.save)
        both = upright_splitter()
        column.addWidget(both, 1)
        box, below = QFrame(), QWidget()
        box.setObjectName("factbox")
        box.setProperty("table", True)
        both.addWidget(box)
        both.addWidget(below)
        both.setStretchFactor(0, 1)
        both.setStretchFactor(1, 2)
        both.setSizes([230, 460])
        inside = QVBoxLayout(box)
        inside.setContentsMargins(1, 6, 1, 4)
        inside.setSpacing(4)
        inside.addWidget(self.list, 1)
        row = QHBoxLayout()
        inside.addLayout(row)
        row.setContentsMargins(8, 0, 8, 2)
        row.setSpacing(2)
        for action in ("up", "down", "change", "remove"):
            row.addWidget(self._tool(action))
        row.addStretch(1)
        clear = QPushButton(self.tr("Clear"))
        clear.setProperty("link", True)
        clear.setAccessibleName(self.tr("Remove all edits"))
        clear.clicked.connect(lambda: self._with(lambda id: self._session.set_edits(id, ())))
        row.addWidget(clear)
        self._place_below(below)

    def _place_below(self, below: QWidget) -> None:
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.trouble = QVBoxLayout()
        self.notes = QVBoxLayout()
        self.notes.setSpacing(4)
        column.addLayout(self.trouble)
        column.addLayout(self.notes)
        self.trouble.setSpacing(4)
        frame = QFrame()
        frame.setObjectName("factbox")
        frame.setProperty("table", True)
        column.addWidget(frame, 1000)
        column.addStretch(1)
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(1, 1, 1, 6)
        inside.addWidget(self.table)
        self.frame = frame

    def _button(self, text: str, picture: str, run: Callable[[], object]) -> QPushButton:
        button = QPushButton(text)
        icons.put(button, picture)
        button.setAccessibleName(text)
        button.clicked.connect(lambda: run())
        return button

    def _tool(self, action: str) -> QToolButton:
        button = QToolButton()
        button.setDefaultAction(self.actions_[action])
        button.setAccessibleName(self.actions_[action].text())
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _make_actions(self) -> None:
        self.actions_: dict[str, QAction] = {}
        for name, text, picture, keys, run in (
                ("undo", self.tr("Undo"), "undo", "", lambda: self._with(self._session.undo)),
                ("redo", self.tr("Redo"), "redo", "", self._redo),
                ("up", self.tr("Move up"), "move-up", "Alt+Up", lambda: self._shift(-1)),
                ("down", self.tr("Move down"), "move-down", "Alt+Down", lambda: self._shift(1)),
                ("change", self.tr("Change…"), "edit", "Return", self._change),
                ("remove", self.tr("Remove"), "remove", "Del", self._remove),
                ("command", self.tr("Copy as Command"), "copy", "", lambda: self._copy("command")),
                ("python", self.tr("Copy as Python"), "copy", "", lambda: self._copy("python")),
                ("recipe", self.tr("Copy as Recipe"), "copy", "", lambda: self._copy("recipe")),
                ("save-recipe", self.tr("Save Recipe…"), "save", "", self._store),
                ("load-recipe", self.tr("Load Recipe…"), "open", "", self._load),
                ("others", self.tr("Apply to All Open Files…"), "next", "", self._editing.others_asked.emit)):
            action = QAction(text, self)
            icons.put(action, picture)
            if keys:
                action.setShortcut(QKeySequence(keys))
                action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
                self.list.addAction(action)
                action.setToolTip(f"{text} ({keys})")
            action.triggered.connect(lambda checked=False, run=run: run())
            self.actions_[name] = action

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for name in ("change", "up", "down", "remove"):
            menu.addAction(self.actions_[name])
        return menu

    # -- what is shown

    def _id(self) -> int | None:
        document = self._session.selected_document
        return document.id if document is not None else None

    def _with(self, act: Callable[[int], object]) -> None:
        id = self._id()
        if id is not None:
            act(id)

    def _follow(self, id: int) -> None:
        if id == self._id():
            self.refresh()

    def refresh(self) -> None:
        id = self._id()
        steps = self._editing.steps(id) if id is not None else ()
        self.pages.setCurrentIndex(1 if steps else 0)
        self.undone.setVisible(id is not None and self._session.can_redo(id))
        if id is None:
            self._shown = ()
            self.table.show_preview(None)
            return
        self.actions_["undo"].setEnabled(self._session.can_undo(id))
        self.actions_["redo"].setEnabled(self._session.can_redo(id))
        self.save.setEnabled(self._editing.ready(id))
        self.actions_["others"].setEnabled(self._editing.for_others(id))
        shown = (id, *((step, self._editing.notes(id, step)) for step in steps))
        if len(shown) != len(self._shown) or any(a is not b and not _same(a, b) for a, b in zip(shown, self._shown, strict=True)):
            self._shown = shown
            self._fill(id, steps)

    def _fill(self, id: int, steps: tuple[Step, ...]) -> None:
        row = self.list.currentRow()
        grown = len(steps) > self.list.count()
        self._filling = True
        self.list.clear()
        for step in steps:
            item = QListWidgetItem()
            title, said, wrong = edit_words.title(step.edit), self._effect_text(id, step), step.error is not None
            item.setData(_TITLE, title)
            item.setData(_SAID, said)
            item.setData(_WRONG, wrong)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{title}, {said}")
            item.setToolTip(words.tip(f"{title} — {said}"))
            self.list.addItem(item)
        self._filling = False
        self.head.setText(edit_words.edits(len(steps)))
        at = next((n for n, step in enumerate(steps) if step.error is not None), len(steps) - 1 if grown or row < 0 else row)
        self.list.setCurrentRow(min(at, len(steps) - 1), QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self._detail()

    def _effect_text(self, id: int, step: Step) -> str:
        if step.error is not None:
            return words.sentence(words.said(step.error.message, 300))
        if step.preview is None:
            return self.tr("waits for the edit before it") if self._editing.error(id) is not None else self.tr("being applied …")
        notes = self._editing.notes(id, step)
        said = edit_words.counted(step.preview.effect)
        return f"{said} · {words.said(notes[0], 160)}" if notes and step.preview.effect.nothing else said

    def _detail(self) -> None:
        """The keys of the current edit, before and after it."""
        if self._filling:
            return
        id, row = self._id(), self.list.currentRow()
        empty(self.trouble)
        empty(self.notes)
        steps = self._editing.steps(id) if id is not None else ()
        step = steps[row] if 0 <= row < len(steps) else None
        for name, on in (("up", row > 0), ("down", 0 <= row < len(steps) - 1), ("change", step is not None),
                         ("remove", step is not None)):
            self.actions_[name].setEnabled(on)
        if id is None or step is None:
            self.table.show_preview(None)
            return
        if step.error is not None:
            self._trouble(step.error, self.tr("Change this edit, or remove it. Those behind it wait."))
        for note in self._editing.notes(id, step)[:4]:
            self.notes.addWidget(label(words.said(note, 400), tone="muted", wrap=True))
        self.table.show_preview(step.preview)
        self.frame.setVisible(step.preview is not None and bool(step.preview.rows))

    # -- what can be done

    def _move(self, row: int, to: int) -> None:
        id = self._id()
        edits = list(self._session.edits(id)) if id is not None else []
        if id is None or row == to or not (0 <= row < len(edits) and 0 <= to < len(edits)):
            return
        edits.insert(to, edits.pop(row))
        self._session.set_edits(id, edits)
        self.list.setCurrentRow(to)

    def _shift(self, by: int) -> None:
        self._move(self.list.currentRow(), self.list.currentRow() + by)

    def _remove(self) -> None:
        id, row = self._id(), self.list.currentRow()
        if id is not None and row >= 0:
            edits = self._session.edits(id)
            self._session.set_edits(id, (*edits[:row], *edits[row + 1:]))

    def _redo(self) -> None:
        self._with(self._session.redo)

    def _change(self) -> None:
        id, row = self._id(), self.list.currentRow()
        if id is not None and 0 <= row < len(self._session.edits(id)):
            self._editing.change_asked.emit(id, row)

    def _copy(self, form: str) -> None:
        document = self._session.selected_document
        if document is None:
            return
        edits, target = self._session.edits(document.id), told_of(document.path, core.edited_path, document.path)
        try:
            text = core.as_command(edits, document.path, target) if form == "command" \
                else core.as_python(edits, document.path, target) if form == "python" else core.to_recipe(edits)
        except core.EditError as error:
            self._wrong(error)
            return
        QGuiApplication.clipboard().setText(text)

    def _store(self) -> None:
        document = self._session.selected_document
        if document is not None:
            edits = self._session.edits(document.id)
            start = os.path.splitext(core.file_name(document.path) if core.is_address(document.path) else document.path)[0] + RECIPE
            file_dialogs.save_file(self.window(), self.tr("Save the recipe"), start, lambda path: self._store_at(path, edits),
                               filters=(self.tr("Recipes ({patterns})").format(patterns="*.json"),), suffix="json")

    def _store_at(self, path: str, edits: tuple[core.Edit, ...]) -> None:
        self._tasks.start("recipe", lambda monitor: core.save_recipe(edits, path), on_done=lambda nothing: None,
                          on_error=self._wrong, label=self.tr("Saving the recipe"))

    def _load(self) -> None:
        self._editing.recipe_asked.emit()

    def _wrong(self, error: Exception) -> None:
        if not isinstance(error, core.InspectorError):
            raise error
        empty(self.trouble)
        self._trouble(error, "")

    def _trouble(self, error: core.InspectorError, hint: str) -> None:
        for text, tone in ((words.sentence(words.said(error.message, 600)), "danger"), (words.said(error.hint, 600), ""),
                           (hint, "muted")):
            if text:
                self.trouble.addWidget(label(text, tone=tone, wrap=True))


def _same(a: Any, b: Any) -> bool:
    """Whether two steps with their notes show the same."""
    return isinstance(a, tuple) and isinstance(b, tuple) and a[0] is b[0] and a[1] == b[1]


class _List(QListWidget):
    """Rows can be dragged: `moved(from, to)` asks for it, nothing moves by itself."""

    moved = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumHeight(96)
        self.setAccessibleName(self.tr("Pending edits"))

    def dropEvent(self, event: QDropEvent) -> None:
        row = self.currentRow()
        over = self.indexAt(event.position().toPoint()).row()
        below = self.dropIndicatorPosition() == QAbstractItemView.DropIndicatorPosition.BelowItem
        to = self.count() - 1 if over < 0 else over + (1 if below and over < row else -1 if not below and over > row else 0)
        event.setDropAction(Qt.DropAction.CopyAction)       # a move would have Qt take the row out once more
        event.accept()
        self.moved.emit(row, to)


class _Lines(QStyledItemDelegate):
    """A number, what the edit is, and below it what it does."""

    _PAD, _GAP = 12, 3

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(100, 2 * option.fontMetrics.height() + 3 * self._GAP + 8)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        c = theme.colours()
        painter.save()
        chosen, wrong = bool(option.state & QStyle.StateFlag.State_Selected), bool(index.data(_WRONG))
        if chosen:
            painter.fillRect(option.rect, QColor(c.selection))
        inner = option.rect.adjusted(self._PAD, self._GAP + 4, -self._PAD, -self._GAP - 4)
        height = option.fontMetrics.height()
        number = QRect(inner.left(), inner.top(), 22, height)
        text = inner.adjusted(28, 0, 0, 0)
        painter.setPen(QColor(c.danger if wrong else c.selection_text if chosen else c.muted))
        painter.drawText(number, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{index.row() + 1}.")
        font = option.font
        font.setWeight(font.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(QColor(c.selection_text if chosen else c.text))
        self._line(painter, QRect(text.left(), text.top(), text.width(), height), str(index.data(_TITLE)))
        font.setWeight(font.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(c.danger if wrong else c.selection_text if chosen else c.muted))
        self._line(painter, QRect(text.left(), text.top() + height + self._GAP, text.width(), height), str(index.data(_SAID)))
        painter.restore()

    def _line(self, painter: QPainter, place: QRect, text: str) -> None:
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, place.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine,
                         core.isolated(shown))
