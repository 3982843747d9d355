"""One bar in several colours: parts of a whole, first to last; what is left is the track."""
from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from inspector.gui.kit import theme

_HEIGHT = 10
_NARROWEST = 2.0        # pixels of a part that is there at all


class Segment(NamedTuple):
    """`part` of the whole, 0 to 1, in `colour`."""

    part: float
    colour: str


class Segments(QWidget):
    def __init__(self, segments: Sequence[Segment], name: str) -> None:
        super().__init__()
        self.segments = segments
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(120, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        whole = QRectF(0, 0, self.width(), _HEIGHT)
        rounded = QPainterPath()
        rounded.addRoundedRect(whole, _HEIGHT / 2, _HEIGHT / 2)
        painter.setClipPath(rounded)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.fillRect(whole, QColor(theme.colours(self.palette()).track))
        left = 0.0
        for segment in self.segments:
            if segment.part > 0:
                width = min(max(segment.part * whole.width(), _NARROWEST), whole.width() - left)
                painter.fillRect(QRectF(left, 0, width, _HEIGHT), QColor(segment.colour))
                left += width
