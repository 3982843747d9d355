"""A line under the comparison that says what just happened beside it, and what can be done about that."""
from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QToolButton, QWidget

from inspector.gui.kit import icons
from inspector.gui.widgets.elided import Elided

Action = tuple[str, Callable[[], object]]


class Notice(QFrame):
    """Hidden until something is said. What is chosen, or the cross, hides it again."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setProperty("level", "info")
        self.setAccessibleName(name)
        self._said = Elided()
        self._runs: list[Callable[[], object]] = []
        self.buttons = [QPushButton() for _ in range(4)]
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 5, 10, 5)
        row.setSpacing(8)
        row.addWidget(self._said, 1)
        for n, button in enumerate(self.buttons):
            button.setProperty("slim", True)
            button.clicked.connect(lambda _=False, n=n: self._run(n))
            row.addWidget(button)
        close = QToolButton()
        icons.put(close, "close")
        close.setAccessibleName(self.tr("Close"))
        close.setToolTip(self.tr("Close"))
        close.clicked.connect(self.clear)
        row.addWidget(close)
        self.hide()

    @property
    def text(self) -> str:
        return self._said.text

    def say(self, text: str, actions: Sequence[Action] = ()) -> None:
        """`text` as it is in a file, and at most four things to do."""
        self._said.set_text(text)
        self._runs = [run for _, run in actions]
        for button, action in zip(self.buttons, (*actions, None, None, None, None), strict=False):
            button.setVisible(action is not None)
            if action is not None:
                button.setText(action[0])
        self.show()

    def clear(self) -> None:
        self._hand_on_focus()
        self._said.set_text("")
        self.hide()

    def _run(self, n: int) -> None:
        run = self._runs[n]
        self.clear()
        run()

    def _hand_on_focus(self) -> None:
        inside = self.focusWidget()
        if inside is not None and inside.hasFocus() and (parent := self.parentWidget()) is not None:
            parent.setFocus(Qt.FocusReason.OtherFocusReason)
