"""Welcome: the window without a file. Somewhere to drop one, what was open lately, and what else there is to know at first."""
from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLayout, QPushButton, QVBoxLayout, QWidget

from inspector import core
from inspector.desktop import install
from inspector.gui.kit import icons, theme, words
from inspector.gui.kit.settings import Settings
from inspector.gui.state import edit_words
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.boxes import label
from inspector.gui.widgets.recent_rows import RecentRows
from inspector.gui.widgets.start_cards import StartCards, key

SHOWN = 8
WIDTH, MARGIN = 940, 28         # of the column, and what is left beside it
TARGET = 212                    # height of where files are dropped
_FLAT = 132                     # the same in a small window
_GAP = 16
_CARDS_FROM = 780               # width


class _Found(NamedTuple):
    """`there`: the recent files that are still there, and whether each is a folder. `is_default`: as in `install`."""

    there: dict[str, bool]
    is_default: bool | None


class Welcome(QWidget):
    """`tasks` look for the files of before; without them that is done at once, and nothing is known of the desktop."""

    open_asked = Signal()
    folder_asked = Signal()
    demo_asked = Signal()
    again_asked = Signal()              # what was open when the window was closed
    explain_asked = Signal()
    path_asked = Signal(object)         # str; Qt text would drop the surrogates of names that are not UTF-8
    compare_asked = Signal(object)      # the same

    def __init__(self, settings: Settings, tasks: Tasks | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._settings, self._tasks = settings, tasks
        self._found: _Found | None = None
        self._stale = False             # the list is of before, and nobody sees it
        self._drop = self._target()
        self.notice = self._notice()
        self.title = label(self.tr("Recent"), tone="muted", strong=True, selectable=False)
        self.again = QPushButton()
        self.again.setProperty("link", True)
        self.again.clicked.connect(self.again_asked)
        self.recent, self.cards, self._keys = RecentRows(), StartCards(), self._shortcuts()
        self._place()
        self.recent.open_asked.connect(self.path_asked)
        self.recent.compare_asked.connect(self.compare_asked)
        self.recent.remove_asked.connect(settings.remove_recent)
        self.cards.explain_asked.connect(self.explain_asked)
        self.cards.default_asked.connect(self._make_default)
        self.cards.not_now_asked.connect(self._not_now)
        settings.recent_changed.connect(self.refresh)
        theme.current().changed.connect(self._tint)
        self._tint()
        self.offer((), 0)
        self.refresh()

    # -- what is said

    def offer(self, names: Sequence[str], edits: int) -> None:
        """Files that were open, to be opened again, with edits that waited; no names for nothing to offer."""
        files = self.tr("1 file") if len(names) == 1 else self.tr("{n} files").format(n=f"{len(names):,}")
        what = self.tr("{names}, {edits}").format(names=files, edits=edit_words.edits(edits)) if edits else files
        text = self.tr("Open again what was open: {files}").format(files=what)
        shown = ", ".join(core.visible(name, 40) for name in names[:3])
        told = self.tr("{names} and {n} more").format(names=shown, n=len(names) - 3) if len(names) > 3 else shown
        self.again.setText(text)
        self.again.setAccessibleName(f"{text}: {told}")
        self.again.setToolTip(words.tip(told))
        self.again.setVisible(bool(names))
        self._show_head()

    def say(self, name: str, error: core.InspectorError | None) -> None:
        """What was opened and is no checkpoint; None takes it back."""
        self.notice.setVisible(error is not None)
        if error is not None:
            said = self.tr("{name}: {problem}").format(name=core.visible(name, 80), problem=words.error(error))
            self.said.setText(said)
            self.notice.setAccessibleName(said)
        self._fit()

    def refresh(self) -> None:
        """Shows the recent files anew; those that are gone are shown, but cannot be opened. Behind another page once it is shown again:
        three hundred files that are opened at once are as many changes of the list."""
        self._stale = self.isHidden() and self.testAttribute(Qt.WidgetAttribute.WA_WState_ExplicitShowHide)
        if self._stale:
            return
        files = list(self._settings.recent_files[:SHOWN])
        if self._tasks is None:
            self._found = _Found(_there([file.path for file in files]), None)
        else:
            paths = [file.path for file in files]
            self._tasks.start("first page", lambda monitor: _Found(_there(paths), install.is_default()), on_done=self._take)
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self.refresh()

    def _take(self, found: _Found) -> None:
        if found == self._found:
            return
        self._found = found
        wanted = self._settings.offers_double_click
        self.cards.offer(None if not wanted else bool(found.is_default), applies=found.is_default is not None)
        self._show()

    def _show(self) -> None:
        files = list(self._settings.recent_files[:SHOWN])
        # all of them are taken to be there until somebody has looked
        there = self._found.there if self._found is not None else dict.fromkeys((file.path for file in files), False)
        focused = next((n for n, row in enumerate(self.recent.rows) if row.hasFocus()), None)
        self.recent.show_files(files, there)
        if focused is not None and self.recent.rows:
            self.recent.rows[min(focused, len(self.recent.rows) - 1)].setFocus(Qt.FocusReason.OtherFocusReason)
        self._order()
        self._show_head()
        self._fit()

    def _show_head(self) -> None:
        self.title.setVisible(bool(self.recent.rows))
        self._head.setVisible(bool(self.recent.rows) or not self.again.isHidden())

    # -- double click

    def _make_default(self) -> None:
        if self._tasks is not None:
            self._tasks.start("make default", lambda monitor: install.run("install", default=True), on_done=lambda _: self.cards.tell(
                self.tr("Checkpoints open with this program from now on.")), on_error=self._could_not,
                label=self.tr("Telling the desktop"))

    def _could_not(self, error: Exception) -> None:
        why = words.error(error) if isinstance(error, core.InspectorError) else core.visible(str(error), 200)
        self.cards.tell(self.tr("{why} Or run: inspector desktop install").format(why=why))
        if not isinstance(error, core.InspectorError):
            raise error

    def _not_now(self) -> None:
        self._settings.offers_double_click = False
        self.cards.offer(None)
        self.open_button.setFocus(Qt.FocusReason.OtherFocusReason)
        self._fit()

    # -- places

    def _target(self) -> QFrame:
        drop = QFrame()
        drop.setObjectName("drop")
        self._picture = QLabel()
        self._picture.setAccessibleName(self.tr("The program's sign"))
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        title = label(self.tr("Drop a checkpoint here"), strong=True, scale=1.6, selectable=False)
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._what = label(self.tr("one or more files, or a folder of epochs. Nothing in a file is ever run."), tone="muted",
                           selectable=False, wrap=True)
        self._what.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.open_button, self.folder_button = QPushButton(self.tr("Open…")), QPushButton(self.tr("Open folder…"))
        self.demo_button = QPushButton(self.tr("Try the demo"))
        self.open_button.setProperty("primary", True)
        for button, picture, tone, name, asked in (
                (self.open_button, "open", "accent_text", self.tr("Open a checkpoint"), self.open_asked),
                (self.folder_button, "folder", "", self.tr("Open a folder"), self.folder_asked),
                (self.demo_button, "demo", "", self.tr("Try the demo"), self.demo_asked)):
            button.setAccessibleName(name)
            icons.put(button, picture, tone)
            button.clicked.connect(asked)
        self.demo_button.setToolTip(self.tr("Makes two small sample checkpoints and opens them"))
        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        buttons.addStretch(1)
        for button in (self.open_button, self.folder_button, self.demo_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        inside = QVBoxLayout(drop)
        inside.setContentsMargins(20, 8, 20, 8)
        inside.setSpacing(8)
        inside.addStretch(1)
        inside.addWidget(self._picture)
        inside.addWidget(title)
        inside.addWidget(self._what)
        inside.addSpacing(4)
        inside.addLayout(buttons)
        inside.addStretch(1)
        return drop

    def _notice(self) -> QFrame:
        notice = QFrame()
        notice.setProperty("level", "warning")
        self._warning = QLabel()
        self.said = label(tone="warning", wrap=True)
        row = QHBoxLayout(notice)
        row.setContentsMargins(12, 7, 12, 7)
        row.setSpacing(9)
        row.addWidget(self._warning, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.said, 1)
        notice.hide()
        return notice

    def _shortcuts(self) -> QWidget:
        keys = QWidget()
        row = QHBoxLayout(keys)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addStretch(1)
        for n, (pressed, what) in enumerate((("Ctrl+O", self.tr("open")), ("Ctrl+K", self.tr("any command")), ("F1", self.tr("all keys")))):
            if n:
                row.addSpacing(14)
            row.addWidget(key(pressed))
            row.addWidget(label(what, tone="muted", selectable=False))
        row.addStretch(1)
        return keys

    def _place(self) -> None:
        self._head = QWidget()
        head = QHBoxLayout(self._head)
        head.setContentsMargins(10, 0, 4, 0)
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(self.again)
        listed = QVBoxLayout()
        listed.setSpacing(4)
        for part in (self.notice, self._head, self.recent):
            listed.addWidget(part)
        self._parts = (self.cards, self.cards.links, self._keys)
        column = QVBoxLayout()
        column.setSpacing(_GAP)
        column.addStretch(1)
        column.addWidget(self._drop)
        column.addLayout(listed)
        for part in self._parts:
            column.addWidget(part)
        column.addStretch(2)
        middle = QWidget()
        middle.setLayout(column)
        column.setContentsMargins(0, 0, 0, 0)
        self._middle = middle
        whole = QHBoxLayout(self)
        whole.setContentsMargins(MARGIN, 12, MARGIN, 12)
        whole.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        whole.addStretch(1)
        whole.addWidget(middle)
        whole.addStretch(1)

    def _order(self) -> None:
        """From top to bottom with Tab."""
        c = self.cards
        order = [self.open_button, self.folder_button, self.demo_button, self.again, *self.recent.rows, c.make_default, c.not_now,
                 c.explain_button, c.opens_link, c.double_link, c.explain_link]
        for before, after in pairwise(order):
            self.setTabOrder(before, after)

    def _fit(self) -> None:
        """What there is room for: where to drop and what was open before all else, then cards, or links instead of them."""
        wide = max(min(WIDTH, self.width() - 2 * MARGIN), 1)
        self._middle.setFixedWidth(wide)
        room = self.height() - 24
        small = room < TARGET + 260
        self._what.setVisible(not small)
        self._picture.setVisible(not small)
        inside = self._drop.layout()
        target = max(_FLAT if small else TARGET, inside.sizeHint().height() if inside is not None else 0)
        self._drop.setFixedHeight(target)
        left = room - target - _GAP
        if not self.notice.isHidden():
            left -= self.notice.heightForWidth(wide) if self.notice.hasHeightForWidth() else self.notice.sizeHint().height()
        left -= 0 if self._head.isHidden() else self._head.sizeHint().height() + 4
        for n, row in enumerate(self.recent.rows):
            height = max(row.sizeHint().height(), row.minimumHeight())
            row.setVisible(height <= left or not n)
            left -= height
        cards, links, keys = (part.sizeHint().height() + _GAP for part in self._parts)
        with_cards = wide >= _CARDS_FROM and cards <= left
        self.cards.setVisible(with_cards)
        self.cards.links.setVisible(not with_cards and links <= left and not small)
        left -= cards if with_cards else links
        self._keys.setVisible(keys <= left and not small)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def minimumSizeHint(self) -> QSize:
        """It makes do with what there is."""
        return QSize(320, 200)

    def _tint(self) -> None:
        colours = theme.colours()
        self._picture.setPixmap(icons.pixmap("archive", 36, colours.accent))
        self._warning.setPixmap(icons.pixmap("warning", 16, colours.warning))
        if self._found is not None:
            self._show()


def _there(paths: Sequence[str]) -> dict[str, bool]:
    """Those of `paths` that are there, and whether each is a folder. What lies at an address is taken to be there."""
    return {path: not core.is_address(path) and os.path.isdir(path) for path in paths
            if core.is_address(path) or os.path.lexists(core.file_of(path))}
