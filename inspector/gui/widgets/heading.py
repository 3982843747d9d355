"""The name above what is shown of it."""
from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from inspector import core
from inspector.gui.kit import words

from .row_painter import elided_name


class Heading(QWidget):
    """One line of plain text in bold, the ends of long ones kept: by them siblings differ."""

    def __init__(self) -> None:
        super().__init__()
        self._name = ""
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 1.15)
        font.setWeight(font.Weight.DemiBold)
        self.setFont(font)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    @property
    def name(self) -> str:
        """What is shown, safe to show."""
        return self._name

    def set_name(self, name: str) -> None:
        self._name = core.visible(name)
        self.setAccessibleName(self._name)
        self.setToolTip(words.tip(name))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, self.fontMetrics().height() + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        shown = elided_name(self._name, self.width(), self.fontMetrics())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, core.isolated(shown))
        painter.end()
