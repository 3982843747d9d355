"""Findings of one kind: what is odd, what it is about, what to do and, when somebody asks, every place where it is so."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

from PySide6.QtCore import (
    QAbstractListModel,
    QCoreApplication,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSignalBlocker,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QAction, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QListView, QPushButton, QVBoxLayout, QWidget

from inspector import core
from inspector.gui.kit import icons, theme, words
from inspector.gui.state import signals

from .boxes import Prose, label
from .elided import Elided, ElidedButton
from .flow import flowing

CHIPS_SHOWN = 5
MESSAGES_SHOWN = 20             # of findings, each in its own words; the places of all of them are listed
_BRIEF = 2                      # lines of each text until more is asked for
_TITLE = 90                     # letters of a sentence that is written as a heading
_CHIP = 28                      # letters of a chip
_TEXT_AT_LEAST = 460            # width of the text with a button beside it
_PLACES = 8                     # that are in sight
_ROOT = QModelIndex()
Fix: TypeAlias = tuple[str, Callable[[], object]]


class GroupBox(QFrame):
    """`fix` is a button that mends it, beside the text or below it where there is little room; `primary`: the one that a page is about.
    Names and places are shown in part until it is unfolded. Selectable; Ctrl+C copies all of it."""

    place_chosen = Signal(object)   # str; Qt text would drop the surrogates of names that are not UTF-8
    turned = Signal(bool)           # unfolded or folded again

    def __init__(self, group: core.FindingGroup, fix: Fix | None = None, *, primary: bool = False, unfolded: bool = False) -> None:
        super().__init__()
        self.group = group
        self.places: PlaceList | None = None
        self._unfolded = self._beside = False
        self._all: QWidget | None = None
        self.setProperty("level", group.level)
        level = {"danger": self.tr("Danger"), "warning": self.tr("Warning"), "info": self.tr("Note")}[group.level]
        title = words.said(group.title, 1000)
        self.setAccessibleName(f"{level}: {title}")
        self.picture = QLabel()
        self.picture.setPixmap(icons.pixmap(picture_of(group), 20, theme.colours()._asdict()[group.level]))
        self.picture.setAccessibleName(level)
        heading = len(title) <= _TITLE
        self.title = Prose(title, level, strong=heading, tone=group.level)
        self._texts = [self.title, *([Prose(words.said(group.hint, 1000), self.tr("What to do"), tone="muted")] if group.hint else [])]
        self._column = QVBoxLayout()
        self._column.setSpacing(4)
        for text in self._texts:
            self._column.addWidget(text)
            text.installEventFilter(self)
        self.more = QPushButton()
        self.more.setProperty("link", True)
        self.more.clicked.connect(lambda: self.unfold(not self._unfolded))
        self._column.addWidget(self._names())
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(12, 10, 12, 10)
        self._row.setSpacing(11)
        self._row.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignTop)
        self._row.addLayout(self._column, 1)
        self.fix = fix_button(*fix, primary=primary) if fix is not None else None
        if self.fix is not None:
            self._column.addWidget(self.fix, 0, Qt.AlignmentFlag.AlignLeft)
        self._offer_copying(level)
        self.unfold(unfolded)

    def _names(self) -> QWidget:
        """The first of what it is about, each a way to it, and the way to all."""
        holder, row = flowing(6)
        for name in self.group.names[:CHIPS_SHOWN]:
            row.addWidget(self._chip(name))
        if not self.group.names and len(self.group.places) == 1:
            row.addWidget(label(core.visible(self.group.places[0], 80), tone="muted"))
        row.addWidget(self.more)
        return holder

    def _chip(self, name: str) -> QPushButton:
        shown, about = short_name(name, self.group.about), self.group.about
        chip = ElidedButton(words.menu_text(shown, _CHIP), words.tip(name) if name else "")
        chip.setProperty("chip", True)
        chip.setAccessibleName(core.visible(name, 200) or shown)
        chip.clicked.connect(partial(self.place_chosen.emit, name) if about == "key" else lambda: self.unfold(True))
        return chip

    def unfold(self, on: bool) -> None:
        """Shows all of it and every place, or the first of them again."""
        changed, self._unfolded = on != self._unfolded, on
        if on and self._all is None:
            self._all = self._whole()
            self._column.insertWidget(self._column.indexOf(self._texts[-1]) + 2, self._all)
        if self._all is not None:
            self._all.setVisible(on)
        for text in self._texts:
            text.shorten(0 if on else _BRIEF)
        self._say_more()
        if changed:
            self.turned.emit(on)

    def _whole(self) -> QWidget:
        """Each finding in its own words, as far as the title has not said them, and the places."""
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 2, 0, 0)
        column.setSpacing(6)
        told = [finding.message for finding in self.group.findings if finding.message != self.group.title]
        for message in told[:MESSAGES_SHOWN]:
            column.addWidget(Prose(words.said(message, 1000), self.tr("Finding")))
        if len(told) > MESSAGES_SHOWN:
            column.addWidget(label(self.tr("{n} more").format(n=f"{len(told) - MESSAGES_SHOWN:,}"), tone="muted"))
        if self.group.places:
            self.places = PlaceList(self.group.places, self.tr("Places"))
            self.places.chosen.connect(self.place_chosen)
            column.addWidget(self.places)
        return whole

    def _say_more(self) -> None:
        hidden = len(self.group.names) - CHIPS_SHOWN
        if self._unfolded:
            text = self.tr("Less")
        elif hidden > 0:
            text = self.tr("{n} more · where").format(n=f"{hidden:,}")
        elif len(self.group.places) > 1:
            text = words.places(len(self.group.places))
        else:
            text = self.tr("more")
        self.more.setText(text)
        self.more.setAccessibleName(f"{text}: {self.title.accessibleName()}" if self._unfolded else self.tr("Show all of the finding"))
        self.more.setVisible(self._unfolded or self._has_more())

    def _has_more(self) -> bool:
        group = self.group
        return len(group.places) > 1 or len(group.names) > CHIPS_SHOWN or any(one.message != group.title for one in group.findings) \
            or any(text.needs_more_than(_BRIEF) for text in self._texts)

    def _offer_copying(self, level: str) -> None:
        raw = "\n".join(part for finding in self.group.findings
                        for part in (f"{level}: {finding.message}", finding.hint, finding.where) if part)
        copy = QAction(icons.icon("copy"), self.tr("Copy"), self)
        copy.triggered.connect(lambda: QGuiApplication.clipboard().setText(raw))
        self.addAction(copy)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and not self._unfolded:
            if self.isVisible():        # what appears has all that it lies in laid out at once, which is just being laid out: a crash
                QTimer.singleShot(0, self, self._say_more)
            else:
                self._say_more()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = self.fix is not None and self.width() - self.fix.sizeHint().width() >= _TEXT_AT_LEAST
        if self.fix is None or beside == self._beside:
            return
        self._beside = beside
        (self._column if beside else self._row).removeWidget(self.fix)
        if beside:
            self._row.addWidget(self.fix, 0, Qt.AlignmentFlag.AlignVCenter)
        else:
            self._column.addWidget(self.fix, 0, Qt.AlignmentFlag.AlignLeft)


class NoteLine(QWidget):
    """Findings that are only good to know, in one line with the button that mends them; all of it in a `GroupBox` in its place, when
    somebody asks."""

    place_chosen = Signal(object)
    turned = Signal(bool)

    def __init__(self, group: core.FindingGroup, fix: Fix | None = None, *, unfolded: bool = False) -> None:
        super().__init__()
        self.group, self._fix = group, fix
        self.box: GroupBox | None = None
        title = words.said(group.title, 1000)
        self.setAccessibleName(self.tr("Note: {text}").format(text=title))
        picture = QLabel()
        picture.setPixmap(icons.pixmap("info", 16, theme.colours().info))
        picture.setAccessibleName(self.tr("Note"))
        self.text = Elided()
        self.text.set_text(title)
        self.show_ = QPushButton(self.tr("Show"))
        self.show_.setProperty("link", True)
        self.show_.setAccessibleName(self.tr("Show all of the note"))
        self.show_.clicked.connect(lambda: self.unfold(True))
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._line = QWidget()
        row = QHBoxLayout(self._line)
        row.setContentsMargins(14, 0, 4, 0)
        row.setSpacing(11)
        row.addWidget(picture)
        row.addWidget(self.text, 1)
        if fix is not None:
            row.addWidget(fix_button(*fix))
        row.addWidget(self.show_)
        self._column.addWidget(self._line)
        if unfolded:
            with QSignalBlocker(self):
                self.unfold(True)

    def unfold(self, on: bool) -> None:
        """The box in place of the line, or the line again."""
        if on == (self.box is not None):
            return
        focused = self.isAncestorOf(self.focusWidget() or self) and QGuiApplication.focusObject() is not None
        if on:
            self.box = GroupBox(self.group, self._fix, unfolded=True)
            self.box.place_chosen.connect(self.place_chosen)
            self.box.turned.connect(self.unfold)
            self._column.addWidget(self.box)
        elif self.box is not None:
            self.box.hide()
            self.box.deleteLater()
            self.box = None
        self._line.setVisible(not on)
        if focused:
            (self.box.more if self.box is not None else self.show_).setFocus(Qt.FocusReason.OtherFocusReason)
        self.turned.emit(on)


class PlaceList(QListView):
    """Where something is, one place a row; Enter, or a click, goes there. Only rows in sight are ever asked for."""

    chosen = Signal(object)

    def __init__(self, places: Sequence[str], name: str) -> None:
        super().__init__()
        self._places = _Places(places, self)
        self.setModel(self._places)
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setProperty("sheet", True)
        self.setUniformItemSizes(True)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.clicked.connect(self._choose)
        self.activated.connect(self._choose)
        row = self.fontMetrics().height() + 8
        self.setFixedHeight(row * min(len(places), _PLACES) + 12)

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())

    def _choose(self, index: QModelIndex) -> None:
        self.chosen.emit(self._places.places[index.row()])


class _Places(QAbstractListModel):
    def __init__(self, places: Sequence[str], parent: QObject) -> None:
        super().__init__(parent)
        self.places = places

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.places)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        place = self.places[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return core.visible(place, 300) or self.tr("the whole file")
        return words.tip(place) if role == Qt.ItemDataRole.ToolTipRole and place else None


def picture_of(group: core.FindingGroup) -> str:
    """The sign that its rows in the tree have, too."""
    kind = signals.kind_of(group.findings[0])
    return signals.PICTURES[kind] if kind is not None else group.level


def short_name(name: str, about: str) -> str:
    """What a chip says: the class of code, the end of a key, the file of a member."""
    if not name:
        return QCoreApplication.translate("FindingGroups", "the whole file")
    if about == "code":
        return name.rpartition(".")[2] or name
    if about == "key":
        short = ".".join(name.split(".")[-2:])
        return short if len(short) <= _CHIP else f"…{short[1 - _CHIP:]}"
    return name.rpartition("/")[2] or name if about == "member" else name


def fix_button(text: str, run: Callable[[], object], *, primary: bool = False) -> QPushButton:
    button = ElidedButton(text, QCoreApplication.translate("FindingBox", "Adds an edit that waits until you save. It can be undone."))
    button.setProperty("primary", primary)
    icons.put(button, "fix", "accent_text" if primary else "")
    button.clicked.connect(lambda: run())
    return button
