"""What the colours of the strip mean, and the keys that go through it."""
from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from inspector.gui.kit import theme

from . import run_words
from .timeline import Timeline

_RAMP, _GAP, _HIGH = 110, 8, 26


class Legend(QWidget):
    """Below `timeline`, beginning with its columns."""

    def __init__(self, timeline: Timeline) -> None:
        super().__init__()
        self._timeline = timeline
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("What the colours mean"))
        timeline.laid_out.connect(self.refresh)

    @property
    def text(self) -> str:
        """All that it says, but for the keys."""
        low, high = self._ends()
        together = max((len(column.files) for column in self._timeline.shown), default=1)
        parts = [self.tr("{what}: {low} to {high}").format(what=self._what(), low=low, high=high) if high else self._what()]
        if together > 1:
            parts.append(self.tr("each column is the mean of up to {n} checkpoints").format(n=together))
        return " · ".join(parts)

    def refresh(self) -> None:
        self.setVisible(bool(self._timeline.groups))
        self.setAccessibleDescription(self.text)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(760, _HIGH)

    def _what(self) -> str:
        return {"change": self.tr("Change against the one before"), "norm": self.tr("Norm"), "std": self.tr("Std"),
                "nan": self.tr("NaN in each")}[self._timeline.measure]

    def _ends(self) -> tuple[str, str]:
        low, high = self._timeline.scale_ends
        if not high:
            return "", ""
        return (run_words.percent(low), run_words.percent(high)) if self._timeline.measure == "change" else (
            run_words.number(low), run_words.number(high))

    def paintEvent(self, event: QPaintEvent) -> None:
        colours, metrics = theme.colours(self.palette()), QFontMetrics(self.font())
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours.window))
        x, middle = float(self._timeline.columns[0]), self.height() / 2
        low, high = self._ends()
        long = metrics.horizontalAdvance(self.text + self.tr("NaN or infinite")) + _RAMP + 18 + 6 * _GAP
        x = x if x + long < self.width() else 14.0

        def say(text: str, colour: str) -> None:
            nonlocal x
            wide = metrics.horizontalAdvance(text)
            painter.setPen(QColor(colour))
            painter.drawText(QRectF(x, 0, wide + 2, self.height()), Qt.AlignmentFlag.AlignVCenter, text)
            x += wide + _GAP

        say(self._what() + (f": {low}" if high else ""), colours.muted)
        if high:
            ramp = QLinearGradient(QPointF(x, 0), QPointF(x + _RAMP, 0))
            for step in range(9):
                ramp.setColorAt(step / 8, self._timeline.colour(step / 8))
            painter.fillRect(QRectF(x, middle - 5, _RAMP, 10), ramp)
            x += _RAMP + _GAP
            say(high, colours.muted)
        x += _GAP
        painter.fillRect(QRectF(x, middle - 5, 18, 10), QColor(colours.danger))
        x += 18 + _GAP
        say(self.tr("NaN or infinite"), colours.muted)
        together = self.text.partition(" · ")[2]
        if together:
            say("· " + together, colours.text)
        keys = self.tr("←→ checkpoint   ↑↓ part   A B mark   Enter opens   Space compares")
        wide = metrics.horizontalAdvance(keys)
        if x + wide + 2 * _GAP < self.width():
            painter.setPen(QColor(colours.muted))
            painter.drawText(self.rect().adjusted(0, 0, -14, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, keys)
        painter.end()
