"""One line of plain text that gives way: its end is left out where it does not fit."""
from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QWidget

from inspector import core
from inspector.gui.kit import words


class Elided(QWidget):
    """`set_text` takes text as it is in a file."""

    def __init__(self) -> None:
        super().__init__()
        self._text = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    @property
    def text(self) -> str:
        """What is shown, safe to show."""
        return self._text

    def set_text(self, text: str) -> None:
        self._text = core.visible(text, 1000)
        self.setAccessibleName(self._text)
        self.setToolTip(words.tip(text))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self._text), self.fontMetrics().height() + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        shown = self.fontMetrics().elidedText(self._text, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
        painter.end()


class ElidedLabel(QLabel):
    """A label that does so, for what is read off now and then; its whole text is its tooltip. `mode` says which part is left out."""

    def __init__(self, mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> None:
        super().__init__()
        self._mode = mode
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def setText(self, text: str) -> None:
        super().setText(text)
        self.setToolTip(words.tip(text))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        room = self.contentsRect()
        shown = self.fontMetrics().elidedText(self.text(), self._mode, room.width())
        painter.drawText(room, self.alignment(), shown)
        painter.end()


class ElidedButton(QPushButton):
    """A button that does so, and is as wide as its whole text where it can be."""

    def __init__(self, text: str, tip: str = "") -> None:
        super().__init__(text)
        self._whole, self._tip = text, tip
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(text)
        self.setToolTip(tip)

    def _besides(self) -> int:
        """The pixels that are no text."""
        return super().sizeHint().width() - self.fontMetrics().horizontalAdvance(self.text().replace("&&", "&"))

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        return QSize(self._besides() + self.fontMetrics().horizontalAdvance(self._whole.replace("&&", "&")), hint.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(min(self._besides() + 6 * self.fontMetrics().averageCharWidth(), self.sizeHint().width()), super().sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        said = self._whole.replace("&&", "&")
        shown = self.fontMetrics().elidedText(said, Qt.TextElideMode.ElideRight, self.width() - self._besides())
        if shown.replace("&", "&&") != self.text():
            self.setText(shown.replace("&", "&&"))
            self.setToolTip(self._tip if shown == said else f"{words.tip(said)}\n{self._tip}".rstrip())
