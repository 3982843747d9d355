"""The palette: every command, file and key by a few letters of its name.

Commands and files are found at once; keys, from three letters on, by a worker.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
)
from shiboken6 import isValid

from inspector import core
from inspector.gui.kit import icons, theme
from inspector.gui.state.session import Selection

from .menus import plain

if TYPE_CHECKING:
    from .main_window import MainWindow

WIDTH, ROWS = 620, 12
KEYS_FROM = 3               # letters
COMMANDS, KEYS, FILES = 8, 30, 5
_TASK = "palette"
_ROW, _PAD = 30, 12
_DATA = int(Qt.ItemDataRole.UserRole)


class Entry(NamedTuple):
    """What can be chosen. `remark` stands behind `text`, `keys` at the right; with `refusal` it can not be chosen, and that says why."""

    text: str
    run: Callable[[], object]
    remark: str = ""
    keys: str = ""
    picture: str = ""
    refusal: str = ""


def score(text: str, typed: str) -> int | None:
    """How well `typed` fits: each word of it begins a word of `text` (0 where they stand in order from the first on, more the later);
    None where it does not. Without regard to case."""
    words = [word for word in "".join(char if char.isalnum() else " " for char in text.casefold()).split() if word]
    at, total = 0, 0
    for wanted in typed.casefold().split():
        found = next((n for n in range(at, len(words)) if words[n].startswith(wanted)), None)
        if found is None:
            joined = next((n for n, word in enumerate(words) if wanted in word), None)
            if joined is None:
                return None
            total += 20 + joined
        else:
            total += found - at
            at = found + 1
    return total


def best(entries: Sequence[Entry], typed: str, most: int) -> list[Entry]:
    """Those that fit, the best first; the usual order where nothing is typed."""
    found = [(rank, n, entry) for n, entry in enumerate(entries) if (rank := score(entry.text, typed)) is not None]
    found.sort(key=lambda one: (bool(one[2].refusal), one[0], one[1]))
    return [entry for _, _, entry in found[:most]]


class Palette(QFrame):
    """Lies in the window, over everything, until something is chosen, Escape is pressed or the focus goes elsewhere."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._before = QApplication.focusWidget()
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("palette")
        self._window = window
        self._commands = self._all_commands()
        self._files = self._all_files()
        self._bookmarks = self._all_bookmarks()
        self._keys: list[Entry] = []
        self.edit = QLineEdit()
        self.edit.setPlaceholderText(self.tr("Type a command, a key, a file"))
        self.edit.setAccessibleName(self.tr("Command, key or file"))
        self.list = QListWidget()
        self.list.setProperty("sheet", True)
        self.list.setAccessibleName(self.tr("What fits"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setItemDelegate(_Painter(self.list))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addWidget(self.edit)
        column.addWidget(self.list, 1)
        self.edit.textChanged.connect(self._typed)
        self.edit.installEventFilter(self)
        self.list.itemClicked.connect(self._run_item)
        self._fill()

    def show_over(self) -> None:
        """In the middle of the window, a third down."""
        room = self._window.rect()
        width = min(WIDTH, room.width() - 40)
        highest = min(ROWS * _ROW + 64, room.height() - 60)
        self.setGeometry(QRect((room.width() - width) // 2, (room.height() - highest) // 3, width, self.height()))
        self.show()
        self._fit()             # once it has its looks
        self.raise_()
        self.edit.setFocus(Qt.FocusReason.PopupFocusReason)

    @property
    def shown(self) -> list[Entry]:
        return [entry for row in range(self.list.count()) if isinstance(entry := self.list.item(row).data(_DATA), Entry)]

    @property
    def headings(self) -> list[str]:
        """Over which kinds of what is shown there is one."""
        items = (self.list.item(row) for row in range(self.list.count()))
        return [item.text() for item in items if item.data(_DATA) is None]

    # -- what there is ------------------------------------------------------------------------------------------------

    def _all_commands(self) -> list[Entry]:
        found = []
        bar = self._window.filter_bar
        if bar.found is not None:
            n = f"{len(bar.found.keys):,}"
            for text, button, picture in ((self.tr("Measure the {n} shown"), bar.measure, "chart"),
                                          (self.tr("Drop the {n} shown"), bar.drop, "remove"),
                                          (self.tr("Copy the keys of the {n} shown"), bar.copy, "copy"),
                                          (self.tr("Save the {n} shown…"), bar.save, "save")):
                found.append(Entry(text.format(n=n), button.click, bar.what.text, "", picture))
        for name, action in self._window.menus.all():
            text = plain(action.text())
            keys = ", ".join(sequence.toString(sequence.SequenceFormat.NativeText) for sequence in action.shortcuts()[:1])
            if name != "palette":
                refusal = "" if action.isEnabled() else self._refusal()
                found.append(Entry(text, action.trigger, "", keys, self._window.menus.picture(name), refusal))
        return found

    def _refusal(self) -> str:
        session = self._window.session
        if not session.documents:
            return self.tr("no file is open")
        if self._window.comparison.shown:
            return self.tr("not while two files are compared")
        return self.tr("not for what is selected")

    def _all_files(self) -> list[Entry]:
        window = self._window
        found = [Entry(core.visible(core.file_name(document.path), 80), partial(window.session.select, Selection(document.id)),
                       core.visible(core.folder_of(document.path), 80), "", "file") for document in window.session.documents]
        known = {document.path for document in window.session.documents}
        return found + [Entry(core.visible(core.file_name(path), 80), partial(window.open_paths, [path]),
                              core.visible(core.folder_of(path), 80), "", "history")
                        for path in window.settings.recent if path not in known]

    def _all_bookmarks(self) -> list[Entry]:
        session, marked = self._window.session, self._window.marked
        return [Entry(core.visible(key, 200), partial(marked.go_to, id, key), session.name(document), "", "bookmark")
                for id, key in marked.entries() if (document := session.document(id)) is not None]

    def _look_for_keys(self, typed: str) -> None:
        """In a worker: the first keys that hold every word, in the files' order."""
        words = typed.casefold().split()
        wanted = [(document.id, document.checkpoint) for document in self._window.session.documents if document.checkpoint is not None]

        def work(monitor: core.Monitor) -> list[tuple[int, str, bool]]:
            found: list[tuple[int, str, bool]] = []
            for id, ckpt in wanted:
                for table, is_tensor in ((ckpt.tensors, True), (ckpt.values, False)):
                    for key in core.stoppable(table, monitor):
                        folded = key.casefold()
                        if all(word in folded for word in words):
                            found.append((id, key, is_tensor))
                            if len(found) >= KEYS:
                                return found
            return found

        self._window.tasks.start(_TASK, work, on_done=self._keys_found, urgent=True)

    def _keys_found(self, found: list[tuple[int, str, bool]]) -> None:
        session = self._window.session
        several = len(session.documents) > 1
        self._keys = [Entry(core.visible(key, 200), partial(session.select, Selection(id, key, (key,)) if is_tensor
                                                            else Selection(id, key, (), key)),
                            session.name(document) if several else "", "", "tensor" if is_tensor else "value")
                      for id, key, is_tensor in found if (document := session.document(id)) is not None]
        self._fill()

    # -- choosing -----------------------------------------------------------------------------------------------------

    def _typed(self, text: str) -> None:
        self._keys = []
        if len(text.strip()) >= KEYS_FROM:
            self._look_for_keys(text)
        else:
            self._window.tasks.cancel(_TASK)
        self._fill()

    def _fill(self) -> None:
        typed = self.edit.text().strip()
        commands = best(self._commands, typed, COMMANDS if typed else ROWS)
        kinds = [(title, entries) for title, entries in ((self.tr("Commands"), commands), (self.tr("Keys"), self._keys),
                                                         (self.tr("Bookmarks"), best(self._bookmarks, typed, FILES if typed else 0)),
                                                         (self.tr("Files"), best(self._files, typed, FILES if typed else 0))) if entries]
        self.list.clear()
        for title, entries in kinds:
            if len(kinds) > 1:
                heading = QListWidgetItem(title)
                heading.setFlags(Qt.ItemFlag.NoItemFlags)
                self.list.addItem(heading)
            for entry in entries:
                self._add(entry)
        self._fit()
        able = (row for row in range(self.list.count()) if self.list.item(row).flags() & Qt.ItemFlag.ItemIsEnabled)
        self._move_to(next(able, -1))

    def _add(self, entry: Entry) -> None:
        item = QListWidgetItem(entry.text)
        item.setData(_DATA, entry)
        heard = ", ".join(part for part in (entry.text, entry.remark, entry.keys, entry.refusal) if part)
        item.setData(int(Qt.ItemDataRole.AccessibleTextRole), heard)
        if entry.refusal:
            item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)
        self.list.addItem(item)

    def _fit(self) -> None:
        """As high as what there is to choose from."""
        rows = max(1, min(self.list.count(), ROWS))
        if (layout := self.layout()) is not None:
            layout.activate()
        around = self.height() - self.list.viewport().height()
        self.resize(self.width(), min(rows * _ROW + around, self._window.height() - 60))

    def _move_to(self, row: int) -> None:
        self.list.setCurrentRow(row)

    def _step(self, by: int) -> None:
        row = self.list.currentRow()
        for _ in range(self.list.count()):
            row = (row + by) % self.list.count()
            if self.list.item(row).flags() & Qt.ItemFlag.ItemIsEnabled:
                self._move_to(row)
                return

    def _run_item(self, item: QListWidgetItem | None) -> None:
        if item is None or not item.flags() & Qt.ItemFlag.ItemIsEnabled:
            return
        entry: Entry = item.data(_DATA)
        self.leave()
        entry.run()

    def leave(self) -> None:
        """Goes, and gives the focus back to who had it."""
        self.edit.removeEventFilter(self)
        self._window.tasks.cancel(_TASK)
        if self._before is not None and isValid(self._before):
            self._before.setFocus(Qt.FocusReason.PopupFocusReason)
        self.close()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up) and self.list.count():
                self._step(1 if event.key() == Qt.Key.Key_Down else -1)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._run_item(self.list.currentItem())
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.leave()
                return True
        if event.type() == QEvent.Type.FocusOut and QApplication.focusWidget() is not self.edit:
            self.leave()
        return super().eventFilter(watched, event)


class _Painter(QStyledItemDelegate):
    """Text, remark in a calmer tone, keys at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(100, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        entry: Entry | None = index.data(_DATA)
        colours = theme.colours()
        palette: QPalette = option.palette
        rect: QRect = option.rect
        if entry is None:               # a heading
            font = painter.font()
            font.setWeight(font.Weight.DemiBold)
            painter.save()
            painter.setFont(font)
            painter.setPen(colours.muted)
            painter.drawText(rect.adjusted(_PAD, 0, 0, 0), int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), index.data())
            painter.restore()
            return
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen:
            painter.fillRect(rect, palette.color(QPalette.ColorGroup.Active, QPalette.ColorRole.Highlight))
        ink = colours.faint if entry.refusal else colours.selection_text if chosen else colours.text
        calm = colours.faint if entry.refusal else colours.selection_text if chosen else colours.muted
        left, right = rect.left() + _PAD + 16 + 8, rect.right() - _PAD
        if entry.picture:
            painter.drawPixmap(rect.left() + _PAD, rect.top() + (_ROW - 16) // 2, icons.pixmap(entry.picture, 16, ink))
        metrics = option.fontMetrics
        middle = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        said = entry.refusal or entry.keys
        painter.setPen(calm)
        if said:
            width = metrics.horizontalAdvance(said)
            painter.drawText(QRect(right - width, rect.top(), width + 2, _ROW), middle, said)
            right -= width + _PAD
        text = metrics.elidedText(entry.text, Qt.TextElideMode.ElideMiddle, right - left)
        painter.setPen(ink)
        painter.drawText(QRect(left, rect.top(), right - left, _ROW), middle, core.isolated(text))
        left += metrics.horizontalAdvance(text) + _PAD
        if entry.remark and right - left > 40:
            painter.setPen(calm)
            painter.drawText(QRect(left, rect.top(), right - left, _ROW), middle,
                             core.isolated(metrics.elidedText(entry.remark, Qt.TextElideMode.ElideRight, right - left)))
