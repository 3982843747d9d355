"""The kernels of a convolution, a tile each, with square cells; and how large each output and each input is, as bars."""
from __future__ import annotations

from math import ceil, isfinite, sqrt
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QSizePolicy, QToolTip, QWidget

from inspector import core
from inspector.gui.kit import exporting, theme
from inspector.gui.models.plot_scales import number

from .colour_maps import MAPS, ColourMap, Limits, painted, table_of

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_LARGEST, _SMALLEST = 24, 2             # pixels of a cell where all of them fit
_CLOSEST = 96                           # and where a person looks closer
_CHANNELS, _BETWEEN = 3, 8              # channels of a kernel whose numbers are shown, and pixels between them
_ELEMENTS = 1 << 20                     # of all tiles of one input
_EDGE = 8                               # pixels around the sheet
_FORMAT = QImage.Format.Format_ARGB32_Premultiplied             # of a sheet: 32 bits a pixel, no line longer than its pixels


def sheet_image(tiles: Array, *, common: bool, shown: ColourMap, dark: bool, rgb: bool = False, around: bool = True) -> QImage:
    """For workers: `tiles` (kernels × channels × height × width) one below the other, a pixel an element. `rgb`: three channels are red,
    green and blue, in which the middle grey is zero; else each is coloured by `shown`, channels beside each other with a pixel of nothing
    between. Each kernel reaches to its own largest magnitude, or all to that of all (`common`); from there to its negative, or to zero
    where they are not `around` zero. NaN and infinities are as `shown` has them."""
    import numpy as np
    count, channels, height, width = tiles.shape
    finite = np.isfinite(tiles)
    sizes = np.where(finite, np.abs(tiles), 0.0)
    top = sizes.max(axis=(1, 2, 3), keepdims=True, initial=0.0) if not common else np.full((count, 1, 1, 1), sizes.max(initial=0.0))
    scaled = np.where(finite, tiles, np.nan) / np.where(top > 0, top, 1.0)
    if not rgb:
        limits = Limits(-1.0 if around else 0.0, 1.0)
        table = table_of(shown, dark)
        parts = [painted(scaled[:, n].reshape(count * height, width), limits, table, shown.nonfinite) for n in range(channels)]
        return parts[0].convertToFormat(_FORMAT) if channels == 1 else _beside(parts)
    pixels = np.full((count, height, width, 4), 255, np.uint8)
    pixels[..., :3] = np.nan_to_num(np.round((scaled.transpose(0, 2, 3, 1) + 1) * 127.5), nan=0.0)
    bad, colour = ~finite.all(axis=1), QColor(shown.nonfinite)
    pixels[bad, :3] = colour.red(), colour.green(), colour.blue()
    return QImage(pixels.tobytes(), width, count * height, 4 * width, QImage.Format.Format_RGBA8888).convertToFormat(_FORMAT)


def _beside(parts: list[QImage]) -> QImage:
    width, height = parts[0].width(), parts[0].height()
    made = QImage((width + 1) * len(parts) - 1, height, _FORMAT)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    for n, part in enumerate(parts):
        painter.drawImage(n * (width + 1), 0, part)
    painter.end()
    return made


_ZOOMS = {Qt.Key.Key_Plus: 1.5, Qt.Key.Key_Equal: 1.5, Qt.Key.Key_Minus: 1 / 1.5, Qt.Key.Key_0: 0, Qt.Key.Key_R: 0}


class KernelSheetView(QAbstractScrollArea):
    """`chosen` gives the number of a kernel (an output), `opened` that it is to be looked at element by element."""

    chosen = Signal(int)
    pointed = Signal()
    opened = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._tiles: Array | None = None
        self._first = 0
        self._order: list[int] = []
        self._current = -1                  # places among the tiles as they are ordered
        self._hovered = -1
        self._cell = 0                      # pixels of a cell that a person chose; 0: as many as fit
        self._layout = (1, _SMALLEST, 2)
        self._drawn: tuple[object, QImage] | None = None        # what of the tiles is in sight, and of what that was made
        self.setFrameShape(self.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.setMinimumSize(200, 160)
        self.setAccessibleName(self.tr("Kernels"))

    # -- what is shown ------------------------------------------------------------------------------------------------

    def show_tiles(self, image: QImage, tiles: Array, first: int, order: list[int]) -> None:
        """`image` as `sheet_image` has it of `tiles`; `order` are places among `tiles`, the first to be drawn first."""
        self._image, self._tiles, self._first, self._order, self._drawn = image, tiles, first, order, None
        self._current = min(self._current, len(order) - 1) if self._current >= 0 else -1
        self._arrange()

    def clear(self) -> None:
        self._image, self._tiles, self._order, self._current, self._drawn = None, None, [], -1, None
        self._arrange()

    @property
    def current(self) -> int:
        """The output whose kernel is chosen; -1 while none is."""
        return self._first + self._order[self._current] if 0 <= self._current < len(self._order) else -1

    @property
    def pointed_element(self) -> tuple[int, int, int] | None:
        """(output, row, column) under the mouse."""
        at = self.viewport().mapFromGlobal(self.cursor().pos())
        return self.element_at(QPointF(at)) if self._hovered >= 0 else None

    def choose(self, output: int) -> None:
        """The kernel of an output, which is brought into sight."""
        place = output - self._first
        self._current = self._order.index(place) if place in self._order else -1
        if self._current >= 0:
            rect, bar = self.place_of(self._current), self.verticalScrollBar()
            bar.setValue(round(min(max(bar.value(), rect.bottom() + _EDGE - self.viewport().height() + bar.value()),
                                   rect.top() - _EDGE + bar.value())))
        self.viewport().update()

    def tile(self, output: int) -> Array | None:
        """The elements of a kernel: channels × height × width."""
        place = output - self._first
        found: Array | None = self._tiles[place] if self._tiles is not None and 0 <= place < len(self._tiles) else None
        return found

    def image_of(self, output: int) -> QImage | None:
        height = self._height
        return self._image.copy(0, (output - self._first) * height, self._image.width(), height) if self._image is not None else None

    # -- places -------------------------------------------------------------------------------------------------------

    @property
    def _height(self) -> int:
        return int(self._tiles.shape[2]) if self._tiles is not None else 1

    @property
    def _width(self) -> int:
        """Of a tile, with all of its channels that are beside each other."""
        return self._image.width() if self._image is not None else 1

    def zoom(self, factor: float) -> None:
        """The cells so much larger; 0 lets all of them fit."""
        cell = self.layout_of_tiles[1]
        bigger = ceil(cell * factor) if factor > 1 else int(cell * factor)
        widest = max((self.viewport().width() - 2 * _EDGE) // max(self._width, 1), _SMALLEST)
        self._cell = min(max(bigger, _SMALLEST), _CLOSEST, widest) if factor else 0
        self._arrange()
        if self.current >= 0:
            self.choose(self.current)

    @property
    def layout_of_tiles(self) -> tuple[int, int, int]:
        """Columns, pixels of a cell, pixels between tiles: as large as fits, and scrolled where that would be too small."""
        return self._layout

    def _lay_out(self) -> tuple[int, int, int]:
        room, count = self.viewport().width() - 2 * _EDGE, max(len(self._order), 1)
        high = max(self.viewport().height() - 2 * _EDGE, 1)
        if self._cell:
            gap = self._gap(self._cell)
            return max((room + gap) // (self._width * self._cell + gap), 1), self._cell, gap
        for cell in range(_LARGEST, _SMALLEST - 1, -1):
            gap = self._gap(cell)
            across, down = self._width * cell + gap, self._height * cell + gap
            columns = max((room + gap) // across, 1)
            wanted = ceil(sqrt(count * self._height / self._width))
            columns = min(columns, max(wanted, ceil(count / max((high + gap) // down, 1))))
            if ceil(count / columns) * down - gap <= high and columns * across - gap <= room:
                return columns, cell, gap
        gap = max(2, _SMALLEST * 2)
        cell = max(_SMALLEST, min(6, room // max(self._width, 1)))
        return max((room + gap) // (self._width * cell + gap), 1), cell, gap

    def _gap(self, cell: int) -> int:
        """Pixels between tiles; where a tile is several beside each other, they are further apart than those."""
        parted = self._tiles is not None and self._width > self._tiles.shape[3]
        return 2 * cell + 2 if parted else max(2, cell // 2)

    def place_of(self, place: int) -> QRectF:
        """Where the tile at a place in the order is drawn, in the viewport's pixels."""
        columns, cell, gap = self.layout_of_tiles
        row, column = divmod(place, columns)
        top = _EDGE + row * (self._height * cell + gap) - self.verticalScrollBar().value()
        return QRectF(_EDGE + column * (self._width * cell + gap), top, self._width * cell, self._height * cell)

    def _place_at(self, at: QPointF) -> int:
        columns, cell, gap = self.layout_of_tiles
        column = int((at.x() - _EDGE) // (self._width * cell + gap))
        row = int((at.y() - _EDGE + self.verticalScrollBar().value()) // (self._height * cell + gap))
        place = row * columns + column
        return place if 0 <= column < columns and row >= 0 and place < len(self._order) and self.place_of(place).contains(at) else -1

    def element_at(self, at: QPointF) -> tuple[int, int, int] | None:
        """(output, row, column) of the element that is drawn there."""
        place = self._place_at(at)
        if place < 0:
            return None
        rect, cell = self.place_of(place), self.layout_of_tiles[1]
        return self._first + self._order[place], int((at.y() - rect.top()) // cell), int((at.x() - rect.left()) // cell)

    def _arrange(self) -> None:
        self._layout = columns, cell, gap = self._lay_out()
        rows = ceil(len(self._order) / columns)
        whole = rows * (self._height * cell + gap) - gap + 2 * _EDGE
        bar = self.verticalScrollBar()
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(self._height * cell + gap)
        bar.setRange(0, max(whole - self.viewport().height(), 0))
        self._hovered = -1
        self.viewport().update()

    # -- Qt's side ----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        c = theme.colours(self.palette())
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), QColor(c.card))
        if self._image is None:
            return
        painter.drawImage(0, 0, self._in_sight(self._image))
        for place in sorted({self._current, self._hovered} & set(range(len(self._order)))):
            mark = QColor(c.series[1] if place == self._current else c.text)
            painter.setPen(QPen(mark, 2.5 if place == self._current else 1))
            painter.drawRect(self.place_of(place).adjusted(-1.5, -1.5, 1.5, 1.5))
        if self.hasFocus():
            painter.setPen(QPen(QColor(c.accent), 1))
            painter.drawRect(QRectF(self.viewport().rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def _in_sight(self, image: QImage) -> QImage:
        """The tiles where they stand, by numpy: there may be thousands in sight, each of which takes a hundredth of a millisecond to be
        drawn by itself. Nothing is smoothed, and what lies between them is transparent."""
        columns, cell, gap = self._layout
        size, at = self.viewport().size(), self.verticalScrollBar().value()
        made_of = self._layout, size, at
        if self._drawn is None or self._drawn[0] != made_of:
            import numpy as np
            high, wide = self._height, self._width
            down, across = high * cell + gap, wide * cell + gap
            y, x = np.arange(size.height()) - _EDGE + at, np.arange(size.width()) - _EDGE
            first, last = max(int(y[0]) // down, 0), max(int(y[-1]) // down, 0) + 1
            order = np.array(self._order[first * columns:last * columns], np.intp)
            order = np.append(order, np.zeros(-len(order) % columns, np.intp))
            pixels = np.frombuffer(image.constBits(), np.uint32).reshape(-1, high, wide)[order]
            pixels[len(self._order) - first * columns:] = 0
            pixels = pixels.reshape(-1, columns, high, wide).swapaxes(1, 2).reshape(-1, columns * wide)
            pixels = np.pad(pixels, ((0, 1), (0, 1)))           # what lies between them is the last row, and the last column
            rows, cols = _elements(y - first * down, down, cell, high, len(pixels) - 1), _elements(x, across, cell, wide, columns * wide)
            pixels = np.ascontiguousarray(pixels[rows][:, cols])
            found = QImage(pixels.data, size.width(), size.height(), _FORMAT).copy()
            self._drawn = made_of, found
        return self._drawn[1]

    def picture(self, scale: float = 2.0) -> QImage:
        return exporting.picture_of(self.viewport(), self.palette().color(QPalette.ColorRole.Base), scale)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hovered = self._place_at(event.position())
        self.pointed.emit()
        self.viewport().update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = -1
        self.pointed.emit()
        self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self._place_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and place >= 0:
            self._go(place)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._place_at(event.position()) >= 0 and self.current >= 0:
            self.opened.emit(self.current)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        columns = self.layout_of_tiles[0]
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -columns, Qt.Key.Key_Down: columns}
        key = Qt.Key(event.key())
        last = len(self._order) - 1
        if key in steps and last >= 0:
            self._go(0 if self._current < 0 else min(max(self._current + steps[key], 0), last))
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End) and last >= 0:
            self._go(0 if key == Qt.Key.Key_Home else last)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current >= 0:
            self.opened.emit(self.current)
        elif key in _ZOOMS and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(_ZOOMS[key])
        else:
            super().keyPressEvent(event)

    def _go(self, place: int) -> None:
        self._current = place
        self.choose(self.current)
        self.chosen.emit(self.current)


def _elements(pixels: Array, step: int, cell: int, size: int, end: int) -> Array:
    """Which element is drawn at each of `pixels`: tiles of `size` elements of `cell` pixels begin every `step` pixels; `end` is what lies
    between and beyond them."""
    import numpy as np
    tile, inside = np.divmod(pixels, step)
    found = tile * size + inside // cell
    return np.where((inside < size * cell) & (found >= 0) & (found < end), found, end)


class KernelCard(QWidget):
    """The numbers of one kernel, each in a cell of its colour: its channels beside each other."""

    def __init__(self) -> None:
        super().__init__()
        self._tile: Array | None = None
        self._names: list[str] = []
        self._map = MAPS["blue-red"]
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def show_tile(self, tile: Array | None, names: list[str], shown: ColourMap) -> None:
        self._tile, self._names, self._map = tile, names, shown
        self.setAccessibleDescription(self._said())
        self.updateGeometry()
        self.update()

    def _said(self) -> str:
        if self._tile is None:
            return ""
        return "\n".join(f"{name}: " + "; ".join(" ".join(number(float(value), 3) for value in row) for row in part)
                         for name, part in zip(self._names, self._tile, strict=False))

    def _cell(self, room: int) -> float:
        """Pixels of a cell, in so many for all channels."""
        if self._tile is None:
            return 0.0
        channels, _, width = self._tile.shape
        shown = min(channels, _CHANNELS)
        return float(min((room - (shown - 1) * _BETWEEN) / (max(width, 1) * max(shown, 1)), 38.0))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return 10 if self._tile is None else ceil(self._cell(max(width, 120)) * self._tile.shape[1]) + self.fontMetrics().height() + 6

    def sizeHint(self) -> QSize:
        return QSize(120, self.heightForWidth(120))

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._tile is None:
            return
        import numpy as np
        c, cell = theme.colours(self.palette()), self._cell(self.width())
        painter = QPainter(self)
        small = painter.font()
        small.setPointSizeF(small.pointSizeF() * 0.8)
        sizes = np.abs(self._tile[np.isfinite(self._tile)])
        top = float(sizes.max()) if sizes.size else 1.0
        table, x = table_of(self._map, c.dark), 0.0
        for name, part in zip(self._names, self._tile[:_CHANNELS], strict=False):
            for i, row in enumerate(part):
                for j, value in enumerate(row.tolist()):
                    self._draw_cell(painter, QRectF(x + j * cell, i * cell, cell - 1, cell - 1), value, top or 1.0, table, small)
            wide = cell * part.shape[1]
            painter.setFont(small if len(self._names) > 1 else self.font())
            painter.setPen(QColor(c.muted))
            room = ceil(wide) if len(self._names) > 1 else self.width()
            if painter.fontMetrics().horizontalAdvance(name) > room:
                name = name.partition(" ")[2] or name           # which input it is, without the word
            said = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QPointF(x, cell * len(part) + self.fontMetrics().ascent() + 3), said)
            x += wide + _BETWEEN
        painter.end()

    def _draw_cell(self, painter: QPainter, rect: QRectF, value: float, top: float, table: Array, font: Any) -> None:
        place = min(max(int((value / top + 1) / 2 * 255), 0), 255) if isfinite(value) else -1
        fill = QColor(*table[place].tolist()) if place >= 0 else QColor(self._map.nonfinite)
        painter.fillRect(rect, fill)
        said = f"{value:.2f}" if 0.005 <= abs(value) < 1000 or value == 0 else f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e")
        if QFontMetricsF(font).horizontalAdvance(said) < rect.width() - 1 and rect.height() > 12:
            painter.setFont(font)
            light = 0.299 * fill.red() + 0.587 * fill.green() + 0.114 * fill.blue()
            painter.setPen(QColor("#000000" if light > 140 else "#ffffff"))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, said)


class NormBars(QWidget):
    """A bar for each channel; what is zero has a mark in the colour of a warning. `chosen` gives the number of the channel clicked."""

    chosen = Signal(int)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._norms: list[float] = []
        self._current = -1
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_norms(self, norms: list[float]) -> None:
        self._norms, self._current = norms, -1
        if norms:
            self.setAccessibleDescription(self.tr("{n} channels, norms from {low} to {high}, {zero} of them zero").format(
                n=f"{len(norms):,}", low=number(min(norms), 4), high=number(max(norms), 4), zero=f"{norms.count(0.0):,}"))
        self.update()

    def mark(self, channel: int) -> None:
        self._current = channel
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, 56)

    def paintEvent(self, event: QPaintEvent) -> None:
        c, count = theme.colours(self.palette()), len(self._norms)
        if not count:
            return
        painter = QPainter(self)
        base, top = self.height() - 4.0, max(self._norms) or 1.0
        step = self.width() / count
        for left, right, first, last in self._columns():
            most = max(self._norms[first:last])
            marked = first <= self._current < last
            colour = QColor(c.series[1] if marked else c.series[0])
            if not marked:
                colour.setAlpha(170)
            gap = 1.0 if step > 3 else 0.0
            painter.fillRect(QRectF(left, base - most / top * (base - 2), max(right - left - gap, 0.6), most / top * (base - 2)), colour)
            if min(self._norms[first:last]) == 0:
                painter.fillRect(QRectF(left, base, max(right - left, 1.0), 4), QColor(c.warning))
        painter.end()

    def _columns(self) -> list[tuple[float, float, int, int]]:
        """(left, right, first channel, the one after the last) of each bar: several channels share one where there are more than pixels."""
        count, width = len(self._norms), max(self.width(), 1)
        bars = min(count, width)
        return [(n * width / bars, (n + 1) * width / bars, n * count // bars, (n + 1) * count // bars) for n in range(bars)]

    def _channel_at(self, x: float) -> int:
        return min(max(int(x / max(self.width(), 1) * len(self._norms)), 0), len(self._norms) - 1) if self._norms else -1

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._channel_at(event.position().x())
        if event.button() == Qt.MouseButton.LeftButton and found >= 0:
            self.chosen.emit(found)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            help = cast(QHelpEvent, event)
            found = self._channel_at(help.pos().x())
            if found >= 0:
                QToolTip.showText(help.globalPos(), self.tr("{n}: norm {value}").format(n=found, value=number(self._norms[found], 5)), self)
            return True
        return super().event(event)


def ranked(norms: Array) -> list[int]:
    """Places from the largest norm to the smallest."""
    import numpy as np
    found: list[int] = np.argsort(-norms, kind="stable").tolist()
    return found


def is_sheet(shape: tuple[int, ...], *, transposed: bool = False) -> bool:
    """Whether a sheet of kernels can be drawn of a weight of that shape: that of a 2-D convolution, not too large."""
    return len(shape) == 4 and 0 not in shape and 1 < max(shape[2:]) <= 64 and (
        min(shape[1 if transposed else 0], core.MOST_KERNELS) * shape[2] * shape[3] <= _ELEMENTS)
