"""In place of numbers: what is the matter and what can be done, or how far the work is. And the name above them."""
from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from inspector import core
from inspector.gui.kit import words


class Notice(QWidget):
    def __init__(self, on_button: Callable[[], None], on_cancel: Callable[[], None]) -> None:
        super().__init__()
        self._text = _label()
        font = self._text.font()
        font.setWeight(font.Weight.DemiBold)
        self._text.setFont(font)
        self._hint = _label()
        self._hint.setProperty("tone", "muted")
        self.button = QPushButton()
        self.button.setProperty("primary", True)
        self.button.clicked.connect(on_button)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setMaximumWidth(320)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.cancel = QPushButton(self.tr("Stop"))
        self.cancel.clicked.connect(on_cancel)
        box = QVBoxLayout(self)
        box.setSpacing(10)
        box.addStretch(2)
        box.addWidget(self._text)
        box.addWidget(self._hint)
        for widget in (self.bar, self.button, self.cancel):
            row = QHBoxLayout()
            row.addStretch(1)
            row.addWidget(widget, 2 if widget is self.bar else 0)
            row.addStretch(1)
            box.addLayout(row)
        box.addStretch(3)
        self._show(running=False)

    @property
    def text(self) -> str:
        return self._text.text()

    @property
    def hint(self) -> str:
        return self._hint.text()

    def say(self, text: str, hint: str = "", button: str = "") -> None:
        """Plain text. Without the text of a `button` there is none."""
        self._text.setText(text)
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        self.button.setText(button)
        self._show(running=False)
        self.button.setVisible(bool(button))

    def fail(self, error: Exception) -> None:
        """What an error says, and that one may try again."""
        if not isinstance(error, core.InspectorError):
            self.say(self.tr("The values could not be read."), "", self.tr("Try again"))
            return
        hint = core.visible(error.hint, 1000)
        if not hint and isinstance(error, core.BadTensor):
            hint = self.tr("The other tensors are not affected.")
        where = self.tr("At {where}.").format(where=core.visible(error.where)) if error.where else ""
        self.say(words.sentence(core.visible(error.message, 1000)), "\n".join(part for part in (hint, where) if part),
                 self.tr("Try again"))

    def run(self) -> None:
        self._text.setText(self.tr("Reading values…"))
        self._hint.setVisible(True)
        self._show(running=True)

    def progress(self, done: int, total: int, text: str | None = None) -> None:
        """`text` stands for "so many bytes of so many"."""
        self.bar.setRange(0, 1000 if total else 0)
        self.bar.setValue(done * 1000 // total if total else 0)
        said = self.tr("{done} of {total}").format(done=words.size(done), total=words.size(total)) if text is None else text
        self._hint.setText(said if total else "")

    def _show(self, *, running: bool) -> None:
        self.bar.setVisible(running)
        self.cancel.setVisible(running)
        self.button.setVisible(not running)


class Heading(QWidget):
    """One line of plain text in bold, its middle left out where it does not fit."""

    def __init__(self) -> None:
        super().__init__()
        self._name = ""
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 1.15)
        font.setWeight(font.Weight.DemiBold)
        self.setFont(font)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def set_name(self, name: str) -> None:
        self._name = core.visible(name)
        self.setAccessibleName(self._name)
        self.setToolTip(words.tip(name))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, self.fontMetrics().height() + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        shown = self.fontMetrics().elidedText(self._name, Qt.TextElideMode.ElideMiddle, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
        painter.end()


def _label() -> QLabel:
    made = QLabel()
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(True)
    made.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made
