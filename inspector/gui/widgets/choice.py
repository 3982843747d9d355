"""One of a few: buttons side by side that exclude each other, with a name before them."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QPushButton, QWidget


class Choice(QWidget):
    chosen = Signal()           # by a person

    def __init__(self, name: str, choices: Sequence[tuple[str, Any]], *, tip: str = "") -> None:
        """`choices` are texts and what they mean; the first is chosen. A screen reader hears `name` before each."""
        super().__init__()
        self._data = [data for _, data in choices]
        self._tip = tip
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        label = QLabel(name)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setProperty("tone", "muted")
        row.addWidget(label)
        row.addSpacing(6)
        self.setAccessibleName(name)
        for n, (text, _) in enumerate(choices):
            button = QPushButton(text)
            button.setCheckable(True)
            button.setProperty("segment", "left" if n == 0 else "right" if n == len(choices) - 1 else "middle")
            button.setAccessibleName(f"{name}: {text}")
            button.setToolTip(tip)
            self._group.addButton(button, n)
            row.addWidget(button)
        self._group.button(0).setChecked(True)
        self._group.idClicked.connect(lambda: self.chosen.emit())

    @property
    def data(self) -> Any:
        """What the chosen one means."""
        return self._data[self._group.checkedId()]

    def allow(self, data: Any, why_not: str) -> None:
        """Whether there is that one, and why there is not ("": there is)."""
        button = self._group.button(self._data.index(data))
        button.setEnabled(not why_not)
        button.setToolTip(why_not or self._tip)

    def choose(self, data: Any) -> None:
        """Without saying so."""
        self._group.button(self._data.index(data)).setChecked(True)
