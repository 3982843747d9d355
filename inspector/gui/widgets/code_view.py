"""A read-only view of code: fixed pitch, lightly coloured, with a bar to find text in it (Ctrl+F while it has the focus)."""
from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QKeyEvent,
    QKeySequence,
    QPalette,
    QResizeEvent,
    QTextCursor,
    QTextDocument,
    QTextOption,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QPlainTextEdit, QTextEdit, QToolButton, QVBoxLayout, QWidget

from inspector.gui.kit import icons, theme

from .boxes import offer_clearing
from .code_highlighter import Highlighter, language_of

DELAY = 120                 # milliseconds after the last key
MARKED = 400                # places that are marked at once
_NARROW = 280               # pixels from which the bar says how many places there are
_TAB = 4                    # characters that a tab is wide


class CodeView(QWidget):
    """`show_text` puts a text in, `append` goes on with it. `near_end` asks for more of it."""

    near_end = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.edit = QPlainTextEdit()
        self.edit.setObjectName("code")
        self.edit.setAccessibleName(self.tr("Text"))
        self.edit.setReadOnly(True)
        self.edit.setAcceptDrops(False)
        self.edit.setUndoRedoEnabled(False)
        self.edit.setFrameShape(QFrame.Shape.NoFrame)
        self.edit.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.edit.setWordWrapMode(QTextOption.WrapMode.NoWrap)
        self.edit.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setStyleHint(QFont.StyleHint.Monospace)
        font.setPointSizeF(self.font().pointSizeF())
        self.edit.setFont(font)
        self.edit.setTabStopDistance(self.edit.fontMetrics().horizontalAdvance(" ") * _TAB)
        self.edit.document().setDocumentMargin(10)
        self.highlighter = Highlighter(self.edit.document())
        self.find_bar = FindBar(self.edit)
        self.find_bar.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.find_bar)
        column.addWidget(self.edit, 1)
        self.setFocusProxy(self.edit)
        self.edit.installEventFilter(self)
        self.find_bar.edit.installEventFilter(self)
        self.edit.verticalScrollBar().valueChanged.connect(self._scrolled)
        theme.current().changed.connect(self._recolour)
        self._recolour()

    def show_text(self, name: str, text: str) -> None:
        """Shows `text` from its top on; its `name` says in which language it is."""
        self.highlighter.set_language(language_of(name))
        self.edit.setPlainText(text)
        self.find_bar.refresh()

    def append(self, text: str) -> None:
        """Adds what follows, without moving what is seen."""
        end = QTextCursor(self.edit.document())
        end.movePosition(QTextCursor.MoveOperation.End)
        end.insertText(text)
        self.find_bar.refresh()

    def go_to(self, declaration: str) -> bool:
        """Brings the line that begins with `declaration` to the top and puts the cursor there. False where there is none."""
        block = self.edit.document().begin()
        while block.isValid():
            if block.text().startswith(declaration):
                self.edit.setTextCursor(QTextCursor(block))
                self.edit.verticalScrollBar().setValue(block.firstLineNumber())
                return True
            block = block.next()
        return False

    def find_text(self) -> None:
        """Opens the bar, with what is selected in it."""
        chosen = self.edit.textCursor().selectedText()
        self.find_bar.open(chosen if chosen and "\u2029" not in chosen and len(chosen) <= 200 else "")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and is_find(event):
            if event.type() == QEvent.Type.ShortcutOverride:        # before the window's own Ctrl+F
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                self.find_text()
                return True
        return super().eventFilter(watched, event)

    def _scrolled(self, value: int) -> None:
        bar = self.edit.verticalScrollBar()
        if value >= bar.maximum() - bar.pageStep():
            self.near_end.emit()

    def _recolour(self) -> None:
        c = theme.colours()
        palette = self.edit.palette()
        palette.setColor(QPalette.ColorRole.Base, QColor(c.base))
        palette.setColor(QPalette.ColorRole.Text, QColor(c.text))
        self.edit.setPalette(palette)
        self.highlighter.recolour()
        self.find_bar.refresh()


class FindBar(QFrame):
    """Finds plain text in `edit`, whatever its case: all places are marked, Enter goes to the next, Shift+Enter back."""

    def __init__(self, edit: QPlainTextEdit) -> None:
        super().__init__()
        self._text = edit
        self._found: list[int] = []
        self._marks: list[QTextEdit.ExtraSelection] = []
        self._place = -1                        # the one that was gone to last
        self.setObjectName("findbar")
        self.edit = QLineEdit()
        self.edit.setPlaceholderText(self.tr("Find in this text"))
        self.edit.setAccessibleName(self.tr("Find in this text"))
        offer_clearing(self.edit)
        self.count = QLabel()
        self.count.setTextFormat(Qt.TextFormat.PlainText)
        self.count.setProperty("tone", "muted")
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 7, 10, 7)
        row.setSpacing(6)
        row.addWidget(self.edit, 1)
        row.addWidget(self.count)
        for picture, name, run in (("up", self.tr("Previous (Shift+Enter)"), lambda: self.go(-1)), ("down", self.tr("Next (Enter)"),
                                   lambda: self.go(1)), ("close", self.tr("Close (Esc)"), self.leave)):
            button = QToolButton()
            icons.put(button, picture)
            button.setToolTip(name)
            button.setAccessibleName(name)
            button.clicked.connect(run)
            row.addWidget(button)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(DELAY)
        self._pause.timeout.connect(self._look)
        self.edit.textChanged.connect(self._pause.start)
        self.edit.installEventFilter(self)

    def open(self, text: str) -> None:
        self.show()
        if text:
            self.edit.setText(text)
        self.edit.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.edit.selectAll()
        self.refresh()

    def leave(self) -> None:
        self.hide()
        self.refresh()
        self._text.setFocus(Qt.FocusReason.OtherFocusReason)

    def go(self, step: int) -> None:
        """To the next place, or the one before; round at the ends."""
        if self._pause.isActive():
            self._pause.stop()
            self._look()
            return
        if not self._found:
            return
        at = self._text.textCursor().selectionStart()
        if step > 0:
            place = next((found for found in self._found if found > at), self._found[0])
        else:
            place = next((found for found in reversed(self._found) if found < at), self._found[-1])
        self._choose(place)

    def refresh(self) -> None:
        """Looks again: the text or the colours have changed, or the bar was opened or closed."""
        wanted = self.edit.text() if not self.isHidden() else ""
        self._found = _places(self._text.document(), wanted)
        self._marks = [self._mark(place, theme.colours().warning_background) for place in self._found[:MARKED]]
        self._text.setExtraSelections(self._marks)
        self._count()

    def _mark(self, place: int, background: str, text: str = "") -> QTextEdit.ExtraSelection:
        mark = QTextEdit.ExtraSelection()
        mark.format.setBackground(QColor(background))
        if text:
            mark.format.setForeground(QColor(text))
        mark.cursor = self._cursor(place)
        return mark

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.count.setVisible(self.width() >= _NARROW)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape:
                self.leave()
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.go(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
                return True
        return super().eventFilter(watched, event)

    def _look(self) -> None:
        """For what was typed: the next place from where the cursor is."""
        self.refresh()
        if self._found:
            at = self._text.textCursor().selectionStart()
            self._choose(next((found for found in self._found if found >= at), self._found[0]))

    def _choose(self, place: int) -> None:
        start = self._cursor(place)
        start.setPosition(place)                # the mark says where it is: a selection would hide it
        self._text.setTextCursor(start)
        self._text.centerCursor()
        self._place = place
        c = theme.colours()
        self._text.setExtraSelections([*self._marks, self._mark(place, c.accent, c.accent_text)])
        self._count()

    def _cursor(self, place: int) -> QTextCursor:
        cursor = QTextCursor(self._text.document())
        cursor.setPosition(place)
        cursor.setPosition(place + _units(self.edit.text()), QTextCursor.MoveMode.KeepAnchor)
        return cursor

    def _count(self) -> None:
        if self.isHidden() or not self.edit.text():
            said = ""
        elif not self._found:
            said = self.tr("not found")
        else:
            at = self._found.index(self._place) + 1 if self._place in self._found else 0
            said = self.tr("{n} of {count}").format(n=f"{at:,}", count=f"{len(self._found):,}") if at else f"{len(self._found):,}"
        self.count.setText(said)


def is_find(event: QKeyEvent) -> bool:
    return event.matches(QKeySequence.StandardKey.Find)


def _places(document: QTextDocument, wanted: str) -> list[int]:
    """Where `wanted` stands in the text, in Qt's characters (UTF-16)."""
    if not wanted:
        return []
    text = document.toPlainText()
    folded, looked = text.lower(), wanted.lower()
    if len(folded) != len(text):                # a few letters get longer: then case counts
        folded, looked = text, wanted
    found, at = [], folded.find(looked)
    wide = not text.isascii() and any(ord(char) > 0xFFFF for char in text)
    while at >= 0:
        found.append(_units(text[:at]) if wide else at)
        if wide and len(found) >= MARKED:
            break
        at = folded.find(looked, at + len(looked))
    return found


def _units(text: str) -> int:
    return len(text) + sum(1 for char in text if char > "\uffff") if not text.isascii() else len(text)
