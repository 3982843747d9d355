"""The bar over the status line while edits wait to be saved: how many, what the last one is, and what to do with them."""
from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QPushButton, QSizePolicy, QWidget

from inspector.gui.kit import icons, theme, words
from inspector.gui.state import edit_words
from inspector.gui.state.session import Document, Session
from inspector.gui.widgets.elided import Elided

HEIGHT = 42
_LISTED = 20                # files in a menu
_ALL_FROM = 640             # width from which on there is room for every button


class PendingBar(QFrame):
    undo_asked = Signal(int)            # of a document
    save_asked = Signal(int)
    show_asked = Signal(int)
    all_asked = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setProperty("level", "info")
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._session = session
        self._place()
        for signal in (session.edits_changed, session.document_removed, session.document_changed):
            signal.connect(lambda id: self.refresh())
        session.selection_changed.connect(self.refresh)
        theme.current().changed.connect(self._tint)
        self.refresh()

    @property
    def waiting(self) -> list[Document]:
        """The documents that have edits which are in no file."""
        return [document for document in self._session.documents if self._session.is_modified(document.id)]

    def refresh(self) -> None:
        waiting = self.waiting
        had_focus = self.isAncestorOf(self.focusWidget()) if self.focusWidget() is not None else False
        self.setVisible(bool(waiting))
        if not waiting:
            if had_focus and (window := self.window()) is not None:
                window.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        counts = [len(self._session.edits(document.id)) for document in waiting]
        n = sum(counts)
        if len(waiting) == 1:
            self.count.setText(self.tr("1 pending edit") if n == 1 else self.tr("{n} pending edits").format(n=f"{n:,}"))
            name = self._session.name(waiting[0])
            last = edit_words.title(self._session.edits(waiting[0].id)[-1])
            self.what.set_text(self.tr("in {file}: {edit}. Nothing is written until you save.").format(file=name, edit=last))
        else:
            self.count.setText(self.tr("{n} pending edits").format(n=f"{n:,}"))
            self.what.set_text(self.tr("in {n} files. Nothing is written until you save.").format(n=f"{len(waiting):,}"))
        self.setAccessibleName(f"{self.count.text()} {self.what.text}")
        self._tint()

    def _ask(self, signal: SignalInstance) -> None:
        """For the document that the buttons mean: the selected one, where it has edits."""
        waiting, selected = self.waiting, self._session.selected_document
        if waiting:
            meant = selected if selected is not None and selected in waiting else waiting[-1]
            signal.emit(meant.id)

    def _save(self) -> None:
        waiting = self.waiting
        if len(waiting) == 1:
            self.save_asked.emit(waiting[0].id)
        elif waiting:
            self.menu_of(waiting).popup(self.save.mapToGlobal(self.save.rect().topLeft()))

    def menu_of(self, waiting: Sequence[Document]) -> QMenu:
        """To save all of them, or one."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Save all {n}…").format(n=f"{len(waiting):,}"), self.all_asked.emit)
        menu.addSeparator()
        for document in waiting[:_LISTED]:
            text = self.tr("Save {name}…").format(name=words.menu_text(self._session.name(document), 60))
            menu.addAction(text, partial(self.save_asked.emit, document.id))
        return menu

    def _place(self) -> None:
        self._picture = QLabel()
        self.count = QLabel()
        self.count.setTextFormat(Qt.TextFormat.PlainText)
        self.count.setProperty("tone", "info")
        font = self.count.font()
        font.setWeight(font.Weight.DemiBold)
        self.count.setFont(font)
        self.what = Elided()
        self.undo = QPushButton(self.tr("Undo"))
        icons.put(self.undo, "undo")
        self.undo.clicked.connect(lambda: self._ask(self.undo_asked))
        self.show_ = QPushButton(self.tr("Show edits"))
        self.show_.clicked.connect(lambda: self._ask(self.show_asked))
        self.save = QPushButton(self.tr("Save…"))
        self.save.setProperty("primary", True)
        icons.put(self.save, "save", "accent_text")
        self.save.clicked.connect(self._save)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 0, 10, 0)
        row.setSpacing(9)
        row.addWidget(self._picture)
        row.addWidget(self.count)
        row.addWidget(self.what, 1)
        for button in (self.undo, self.show_, self.save):
            button.setProperty("slim", True)
            row.addWidget(button)

    def _tint(self) -> None:
        self._picture.setPixmap(icons.pixmap("edit", 18, theme.colours().info))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.show_.setVisible(self.width() >= _ALL_FROM)
