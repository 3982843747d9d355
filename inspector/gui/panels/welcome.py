"""Welcome: the window without a file. Somewhere to drop one, what can be opened, what was open lately, samples to try."""
from __future__ import annotations

import os
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from inspector import core
from inspector.gui.kit import icons, theme, words
from inspector.gui.kit.settings import Settings
from inspector.gui.state import edit_words
from inspector.gui.widgets.boxes import empty, label

SHOWN = 6


class Welcome(QWidget):
    open_asked = Signal()
    demo_asked = Signal()
    again_asked = Signal()              # what was open when the window was closed
    path_asked = Signal(object)         # str; Qt text would drop the surrogates of names that are not UTF-8

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._settings = settings
        self._drop = self._target()
        self.again = QPushButton()
        self.again.setProperty("link", True)
        self.again.hide()
        self.again.clicked.connect(self.again_asked)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        column = QVBoxLayout()
        column.setSpacing(20)
        column.addStretch(2)
        column.addWidget(self._drop)
        column.addWidget(self.again)
        column.addLayout(self._recent)
        column.addStretch(3)
        middle = QWidget()
        middle.setLayout(column)
        middle.setMaximumWidth(720)
        middle.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(28, 20, 28, 20)
        whole.addStretch(1)
        whole.addWidget(middle, 8)
        whole.addStretch(1)
        settings.recent_changed.connect(self.refresh)
        theme.current().changed.connect(self._tint)
        self.refresh()

    def offer(self, names: Sequence[str], edits: int) -> None:
        """Files that were open, to be opened again, with edits that waited; no names for nothing to offer."""
        shown = ", ".join(core.visible(name, 40) for name in names[:3])
        what = self.tr("{names} and {n} more").format(names=shown, n=len(names) - 3) if len(names) > 3 else shown
        if edits:
            what = self.tr("{names}, with {edits} that wait").format(names=what, edits=edit_words.edits(edits))
        empty(self.again.layout() or QHBoxLayout(self.again))
        inside = self.again.layout()
        assert isinstance(inside, QHBoxLayout)
        inside.setContentsMargins(34, 5, 8, 5)
        inside.setSpacing(24)
        title = self.tr("Open again what was open")
        inside.addWidget(_Elided(title, "accent"))
        inside.addStretch(1)
        inside.addWidget(_Elided(what, "muted"))
        icons.put(self.again, "history", "link")
        self.again.setAccessibleName(f"{title}: {what}")
        self.again.setMinimumHeight(self.again.fontMetrics().height() + 16)
        self.again.setVisible(bool(names))

    def refresh(self) -> None:
        """Fills the recent list anew; files that are gone are shown, but cannot be chosen."""
        empty(self._recent)
        recent = self._settings.recent[:SHOWN]
        if not recent:
            return
        title = label(self.tr("Recent files"), tone="muted", strong=True, selectable=False)
        title.setContentsMargins(8, 0, 0, 4)
        self._recent.addWidget(title)
        for path in recent:
            self._recent.addWidget(self._row(path))

    def _target(self) -> QFrame:
        drop = QFrame()
        drop.setObjectName("drop")
        self._picture = QLabel()
        self._picture.setAccessibleName(self.tr("The program's sign"))
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        title = label(self.tr("Drop a checkpoint here"), strong=True, scale=1.6, selectable=False)
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        what = label(self.tr(".pth  .pt  .ckpt  .bin  .safetensors — files or folders, several at once"), tone="muted",
                     selectable=False, wrap=True)
        what.setAlignment(Qt.AlignmentFlag.AlignCenter)
        safe = label(self.tr("Nothing in a file is ever run, and opening reads only what describes the tensors."), tone="muted",
                     selectable=False, wrap=True)
        safe.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.open_button = QPushButton(self.tr("Open…"))
        self.open_button.setProperty("primary", True)
        self.open_button.setAccessibleName(self.tr("Open a checkpoint"))
        icons.put(self.open_button, "open", "accent_text")
        self.open_button.clicked.connect(self.open_asked)
        self.demo_button = QPushButton(self.tr("Open the demo files"))
        self.demo_button.setAccessibleName(self.tr("Open the demo files"))
        self.demo_button.setToolTip(self.tr("Makes two small sample checkpoints and opens them"))
        icons.put(self.demo_button, "demo")
        self.demo_button.clicked.connect(self.demo_asked)
        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        buttons.addStretch(1)
        buttons.addWidget(self.open_button)
        buttons.addWidget(self.demo_button)
        buttons.addStretch(1)
        inside = QVBoxLayout(drop)
        inside.setContentsMargins(30, 36, 30, 34)
        inside.setSpacing(8)
        inside.addWidget(self._picture)
        inside.addSpacing(8)
        inside.addWidget(title)
        inside.addWidget(what)
        inside.addSpacing(10)
        inside.addLayout(buttons)
        inside.addSpacing(10)
        inside.addWidget(safe)
        self._tint()
        return drop

    def _tint(self) -> None:
        self._picture.setPixmap(icons.pixmap(icons.APPLICATION, 84))

    def _row(self, path: str) -> QPushButton:
        there = core.is_address(path) or os.path.lexists(core.file_of(path))
        name, folder = core.file_name(path), core.folder_of(path)
        row = QPushButton()
        row.setProperty("link", True)
        row.setEnabled(there)
        row.setAccessibleName(self.tr("Open {path}").format(path=core.visible(path)))
        row.setToolTip(words.tip(path) if there else self.tr("This file is no longer there"))
        icons.put(row, "file" if not os.path.isdir(path) else "open", "link" if there else "faint")
        row.clicked.connect(lambda: self.path_asked.emit(path))
        inside = QHBoxLayout(row)
        inside.setContentsMargins(34, 5, 8, 5)
        inside.setSpacing(24)
        inside.addWidget(_Elided(core.visible(name), "accent" if there else "muted"))
        inside.addStretch(1)
        inside.addWidget(_Elided(core.visible(folder), "muted"))
        row.setMinimumHeight(row.fontMetrics().height() + 16)
        return row


class _Elided(QLabel):
    """A line that gives way when there is no room. Clicks go through to what it lies on."""

    def __init__(self, text: str, tone: str) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("tone", tone)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setMinimumWidth(40)
        self._whole = text
        self.setAccessibleName(text)
        self.setMaximumWidth(self.fontMetrics().horizontalAdvance(text) + 6)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setText(text)

    def resizeEvent(self, event: object) -> None:
        self.setText(self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideMiddle, self.width()))


