"""All pairs of a comparison from top to bottom on a narrow strip beside the rows: where they differ and how much; a frame around what is
on the screen. A click or a drag goes there.

    PairModel.overview() → one line of pixels, made anew at most a few times a second → painted as wide as the strip
"""
from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractItemView, QSizePolicy, QWidget

from inspector.gui.kit import theme
from inspector.gui.models.pair_lines import TONES
from inspector.gui.models.pair_model import Overview, PairModel
from inspector.gui.models.pair_tree import STATUSES
from inspector.gui.widgets.pair_view import PairView

WIDTH = 16              # device-independent pixels
TALLEST = 6             # of a pair, where there are few
AGAIN = 150             # ms between two pictures while values come in
_EDGE = 3
_ORDER = ("equal", "counter", "unread", "plain", "cast", "values", "only-b", "only-a", "unreadable", "shape")  # the worst of a pixel last
_RANK = np.array([_ORDER.index(status) for status in STATUSES])


class ChangeRuler(QWidget):
    def __init__(self, view: PairView, model: PairModel) -> None:
        super().__init__()
        self._view, self._model = view, model
        self._line: QImage | None = None
        self._stale = True                  # there is a newer line to be drawn
        self._count = 0                     # pairs that are drawn
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(AGAIN)
        self._again.timeout.connect(self._forget)
        self.setFixedWidth(WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(self.tr("Where the changes are"))
        self.setToolTip(self.tr("All pairs, first to last: where they differ, and how much"))
        for signal in (model.modelReset, model.dataChanged, model.rowsInserted, model.rowsRemoved):
            signal.connect(self._later)
        view.verticalScrollBar().valueChanged.connect(self.update)
        view.verticalScrollBar().rangeChanged.connect(self.update)
        theme.current().changed.connect(self._forget)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, 100)

    def _later(self) -> None:
        if not self._again.isActive():
            self._again.start()

    def _forget(self) -> None:
        self._stale = True
        self.update()

    @property
    def _top(self) -> int:
        """Where the first pair stands: beside the first row."""
        return self._view.horizontalHeader().height() + 1

    @property
    def _pixels_a_pair(self) -> float:
        room = max(1, self.height() - self._top - 1)
        return min(TALLEST, room / self._count) if self._count else 0.0

    # -- painting -----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._stale and self._view.paints_later:     # as long as the rows do: not in one turn with them, nor with what they wait for
            self._later()
        elif self._stale:
            self._draw()
        painter = QPainter(self)
        colours = theme.colours(self.palette())
        painter.fillRect(self.rect(), QColor(colours.window))
        painter.fillRect(0, 0, 1, self.height(), QColor(colours.border))
        painter.fillRect(0, self._top - 2, self.width(), 1, QColor(colours.border))
        if self._line is not None and self._count:
            painter.drawImage(QRectF(_EDGE + 1, self._top, self.width() - 2 * _EDGE - 1, self._pixels_a_pair * self._count), self._line)
            first, last = self._on_screen()
            if last > first:
                top, bottom = (self._top + at * self._pixels_a_pair for at in (first, last))
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.setPen(QPen(QColor(colours.accent), 1.5))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(QRectF(1.75, top + 0.5, self.width() - 2.5, max(bottom - top, 4) - 0.5), 3, 3)
        painter.end()

    def _draw(self) -> None:
        """One pixel wide, as high as the pairs are on this screen."""
        found = self._model.overview()
        self._stale, self._line, self._count = False, None, len(found.statuses)
        if not self._count:
            return
        height = max(1, round(self._pixels_a_pair * self._count * self.devicePixelRatio()))
        pixels = _pixels(found, height, theme.colours(self.palette()), gaps=self._pixels_a_pair >= 4)
        self._kept = pixels
        self._line = QImage(pixels.data, 1, height, 4, QImage.Format.Format_RGB32)

    def _on_screen(self) -> tuple[int, int]:
        first = self._view.rowAt(0)
        last = self._view.rowAt(self._view.viewport().height() - 1)
        return self._model.span_of(first, last if last >= 0 else self._model.rowCount() - 1)

    # -- going there --------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._go_to(event.position().y())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._go_to(event.position().y())

    def _go_to(self, y: float) -> None:
        if not self._count:
            return
        number = min(max(int((y - self._top) / self._pixels_a_pair), 0), self._count - 1)
        row = self._model.row_in_overview(number)
        if row is not None:
            self._view.scrollTo(self._model.index(row, 0), QAbstractItemView.ScrollHint.PositionAtCenter)


def _pixels(found: Overview, height: int, colours: theme.Colours, *, gaps: bool) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    """A colour for each pixel: that of the worst of the pairs that it stands for, the fuller the further apart they are. `gaps`: a pixel
    between pairs is left blank."""
    count = len(found.statuses)
    worst = _RANK[found.statuses] + 0.999 * found.strengths
    edges = np.arange(height) * count // height
    at_least = np.minimum(edges, count - 1)
    key = np.maximum.reduceat(worst, at_least) if height <= count else worst[at_least]
    rank = key.astype(int)
    strength = np.clip((key - rank) / 0.999, 0, 1)
    table = np.array([_colour(colours, status) for status in _ORDER], dtype=float)
    ground = np.array(_rgb(colours.track), dtype=float)
    differs = np.isin(rank, [_ORDER.index("values"), _ORDER.index("cast")])
    part = np.where(differs, 0.4 + 0.6 * strength, 1.0)[:, None]
    rgb = np.rint(table[rank] * part + ground * (1 - part)).astype(np.uint32)
    if gaps:
        rgb[np.flatnonzero(np.diff(edges, append=count))] = np.array(_rgb(colours.window))
    made: np.ndarray[tuple[int], np.dtype[np.uint32]] = 0xFF000000 | rgb[:, 0] << 16 | rgb[:, 1] << 8 | rgb[:, 2]
    return np.ascontiguousarray(made, dtype=np.uint32)


def _colour(colours: theme.Colours, status: str) -> tuple[int, int, int]:
    table = colours._asdict()
    name = {"values": "bar", "plain": "bar", "equal": "track", "counter": "track", "unread": "track"}.get(status) or TONES[status]
    return _rgb(str(table[name]))


def _rgb(colour: str) -> tuple[int, int, int]:
    made = QColor(colour)
    return made.red(), made.green(), made.blue()
