"""A picture of numbers to look into: zoom, pan, a cursor that reads a cell, a colour bar, thin gaps between kernels.

    set_plane → set_base (all of it, perhaps in blocks) → window_moved → set_detail (what is looked at, exactly)

All is in coordinates of cells: element `(row, col)` of the plane covers `row … row + 1`, `col … col + 1`, whichever copy it is
drawn from. Nothing is read here.
"""
from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
    QStaticText,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from inspector import core
from inspector.gui.kit import exporting, theme
from inspector.gui.models.plot_scales import ValueScale, multiples, nice_step, number, typeset

from .colour_maps import MAPS, ColourMap, Limits, painted, table_of

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_STRIP = 40                     # pixels of the margins that tell how large rows and columns are
_BAR = 14                       # pixels across the colour bar
_STRETCH = 5.0                  # planes longer than this, against the room there is, fill it instead of keeping cells square
_CLOSEST = 96.0                 # pixels of a cell at most
_MARKED = 400                   # blocks with NaN or infinities that are marked where they would be too small to see
_LEAST_DRAG = 4.0               # pixels: less is a click
_MARK = 4.0                     # pixels of such a mark
_WRITTEN = (30, 15)             # pixels of a cell from which on its number is written into it
_KEPT_NUMBERS = 20_000          # that are kept as they are written
_BLACK, _WHITE = QColor("#000000"), QColor("#ffffff")


def layer_of(part: core.Reduced, shown: ColourMap, limits: Limits, dark: bool) -> Layer:
    """For workers: the picture of a million blocks takes longer than a window should stand still."""
    import numpy as np
    image = painted(part.values, limits, table_of(shown, dark), shown.nonfinite)
    return Layer(part, image, np.argwhere(~np.isfinite(part.values))[:_MARKED].tolist())


class Layer(NamedTuple):
    """A copy of part of the plane, its picture, and where the first blocks with NaN or infinities are in it."""

    part: core.Reduced
    image: QImage
    nonfinite: list[tuple[int, int]]


class HeatmapView(QWidget):
    cursor_moved = Signal()
    opened = Signal()               # the cell under the cursor is to be seen among the values
    window_moved = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plane = core.Plane((0,), (), (0,))
        self._base: Layer | None = None
        self._detail: Layer | None = None
        self._order: Sequence[int] | None = None
        self._map = MAPS["blue-red"]
        self._limits = Limits(0.0, 1.0)
        self._origin = QPointF(0, 0)        # the cell coordinates in the plot's upper left corner
        self._scale = (1.0, 1.0)            # pixels a cell, across and down
        self._fitted = True
        self._cursor: tuple[int, int] | None = None
        self._dragged: QPointF | None = None
        self._margins_wanted = False
        self._margins: tuple[Array, Array] | None = None
        self._dead: tuple[Array, Array] | None = None
        self._marked: tuple[bool, float, float] | None = None      # on the strip above or at the right: from which pixel to which
        self._numbers: dict[float | None, QStaticText] = {}         # laid out in a font, for so much room; None: NaN
        self._numbers_look: tuple[str, float] | None = None
        self._fitted_images: list[tuple[object, QImage]] = []
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 160)
        self.setAccessibleName(self.tr("Heatmap"))

    # -- what is shown ------------------------------------------------------------------------------------------------

    @property
    def plane(self) -> core.Plane:
        return self._plane

    @property
    def base(self) -> core.Reduced | None:
        return self._base.part if self._base else None

    @property
    def _dark(self) -> bool:
        return theme.colours(self.palette()).dark

    @property
    def limits(self) -> Limits:
        return self._limits

    @property
    def cursor_cell(self) -> tuple[int, int] | None:
        """Row and column."""
        return self._cursor

    def show_plane(self, plane: core.Plane, layer: Layer, shown: ColourMap, limits: Limits, *, keep_view: bool = False,
                   order: Sequence[int] | None = None) -> None:
        """All of `plane`, from now on. `layer` is painted as `shown` and `limits` say. `order`: of a matrix, the row that lies at each
        place; rows are places everywhere here but in `position` and the labels."""
        self._plane, self._map, self._limits, self._order = plane, shown, limits, order
        self._base, self._detail = layer, None
        if not keep_view:
            self._cursor = None
            self.fit()
        self.update()
        self.cursor_moved.emit()

    def position(self, cell: tuple[int, int] | None) -> tuple[int, ...] | None:
        """The index of the element that is drawn there; None where there is none."""
        if cell is None:
            return None
        row, col = cell
        if self._order is not None and 0 <= row < len(self._order):
            row = self._order[row]
        return self._plane.position(row, col)

    @property
    def detail(self) -> core.Reduced | None:
        return self._detail.part if self._detail else None

    def set_detail(self, part: core.Reduced | None, limits: Limits) -> None:
        """A finer copy of what is looked at, or that none is needed; all is drawn within `limits`."""
        if part is None and self._detail is None and limits == self._limits:
            return
        if limits != self._limits and self._base is not None:
            self._limits = limits
            self._base = self._painted(self._base.part)
        self._detail = self._painted(part) if part is not None else None
        self.update()
        self.cursor_moved.emit()

    def recolour(self, shown: ColourMap, limits: Limits) -> None:
        self._map, self._limits = shown, limits
        self._repaint()

    def clear(self) -> None:
        self._base = self._detail = self._cursor = None
        self.update()

    def reserve_margins(self, wanted: bool) -> None:
        """Room above and at the right for what `set_margins` brings; what is there belonged to another picture."""
        self._margins = None
        if wanted != self._margins_wanted:
            self._margins_wanted = wanted
            if self._fitted:
                self.fit()
        self.update()

    def set_margins(self, rows: Array, cols: Array, dead: tuple[Array, Array] | None = None) -> None:
        """How large each row and each column is, and which of them are all zero: those of size 0, where it is not said."""
        self._margins = rows, cols
        self._dead = dead if dead is not None else (rows == 0, cols == 0)
        self.update()

    @property
    def margins(self) -> tuple[Array, Array] | None:
        return self._margins

    def value_at(self, row: int, col: int) -> float | None:
        """The element there, when it is at hand exactly."""
        for layer in (self._detail, self._base):
            if layer is not None and layer.part.exact and row in layer.part.rows and col in layer.part.cols:
                return float(layer.part.values[layer.part.rows.index(row), layer.part.cols.index(col)])
        return None

    def block_at(self, row: int, col: int) -> tuple[float, range, range] | None:
        """The block drawn there: its number, and the rows and columns it stands for."""
        layer = next((layer for layer in (self._detail, self._base) if layer and _covers(layer.part, row, col)), None)
        if layer is None:
            return None
        rows, cols = layer.part.rows, layer.part.cols
        i, j = (row - rows.start) // rows.step, (col - cols.start) // cols.step
        down, across = (range(span[n], min(span[n] + span.step, span.stop)) for span, n in ((rows, i), (cols, j)))
        return float(layer.part.values[i, j]), down, across

    # -- the view -----------------------------------------------------------------------------------------------------

    @property
    def area(self) -> QRectF:
        """Where the plane is drawn, in pixels."""
        metrics = self.fontMetrics()
        left = metrics.horizontalAdvance("0") * max(len(f"{self._row_label(self._plane.size[0]):,}"), 3) + 14
        right = _BAR + 14 + metrics.horizontalAdvance("-0.0000000") + 6
        beside = _STRIP + 6 if self._margins_wanted else 0
        wide, high = self.width() - left - right - beside, self.height() - metrics.height() - 14 - beside
        return QRectF(left, 6 + beside, max(wide, 20), max(high, 20))

    @property
    def _seen(self) -> QRectF:
        """Where there is something of the plane, in pixels."""
        return QRectF(self.pixel_of(0, 0), self.pixel_of(*self._plane.size)) & self.area

    def strip_at(self, at: QPointF) -> bool | None:
        """Whether the strip above (True) or at the right (False) is there; None: neither."""
        seen = self._seen
        if self._margins is None:
            return None
        if QRectF(seen.left(), seen.top() - 3 - _STRIP, seen.width(), _STRIP + 3).contains(at):
            return True
        return False if QRectF(seen.right(), seen.top(), _STRIP + 6, seen.height()).contains(at) else None

    def look_at(self, rows: range | None = None, cols: range | None = None) -> None:
        """So many rows, or columns, over all the room there is; what is not named stays as it is."""
        area, (across, down) = self.area, self._scale
        if cols:
            across = min(area.width() / len(cols), _CLOSEST)
            self._origin.setX(cols.start)
        if rows:
            down = min(area.height() / len(rows), _CLOSEST)
            self._origin.setY(rows.start)
        self._scale = across, down
        self._fitted = False
        self._moved()

    @property
    def in_view(self) -> tuple[range, range]:
        """Rows and columns that are at least partly in view."""
        area, (across, down) = self.area, self._scale
        rows, cols = self._plane.size
        return (_span(self._origin.y(), self._origin.y() + area.height() / down, rows),
                _span(self._origin.x(), self._origin.x() + area.width() / across, cols))

    @property
    def pixels_a_cell(self) -> tuple[float, float]:
        return self._scale

    def fit(self) -> None:
        """All of the plane in view: cells square unless that left most of the room empty."""
        area, (rows, cols) = self.area, self._plane.size
        across, down = area.width() / max(cols, 1), area.height() / max(rows, 1)
        if max(across, down) / min(across, down) <= _STRETCH:
            across = down = min(across, down)
        across, down = min(across, _CLOSEST), min(down, _CLOSEST)
        if rows == 1:
            down = min(down, 48.0)
        self._scale = across, down
        self._origin = QPointF(0, 0)
        self._fitted = True
        self._moved()

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """About the pixel `at`, the cursor or the middle."""
        area = self.area
        if at is None and self._cursor is not None:
            at = self.pixel_of(self._cursor[0] + 0.5, self._cursor[1] + 0.5)
            at = at if area.contains(at) else None
        at = area.center() if at is None else at
        cell = self._place_of(at)
        rows, cols = self._plane.size
        least = min(area.width() / max(cols, 1), self._scale[0]), min(area.height() / max(rows, 1), self._scale[1])
        if factor < 1 and self._scale[0] * factor <= least[0] and self._scale[1] * factor <= least[1]:
            self.fit()
            return
        across, down = self._scale
        if factor > 1 and across != down:       # a stretched plane becomes square as it is looked into
            across, down = min(across * factor, max(across, down * factor)), min(down * factor, max(down, across * factor))
        else:
            across, down = across * factor, down * factor
        self._scale = min(across, _CLOSEST), min(down, _CLOSEST)
        self._fitted = False
        self._origin = QPointF(cell.x() - (at.x() - area.left()) / self._scale[0], cell.y() - (at.y() - area.top()) / self._scale[1])
        self._moved()

    def pan(self, across: float, down: float) -> None:
        """By so many pixels."""
        self._origin += QPointF(across / self._scale[0], down / self._scale[1])
        self._fitted = False
        self._moved()

    def go_to(self, row: int, col: int) -> None:
        """The cursor on a cell, and it in view."""
        rows, cols = self._plane.size
        if not rows or not cols:
            return
        self._cursor = min(max(row, 0), rows - 1), min(max(col, 0), cols - 1)
        area, at = self.area, self.pixel_of(self._cursor[0], self._cursor[1])
        cell = QRectF(at, at + QPointF(*self._scale))
        if not area.adjusted(-1, -1, 1, 1).contains(cell):
            self._origin = QPointF(self._cursor[1] + 0.5 - area.width() / 2 / self._scale[0],
                                   self._cursor[0] + 0.5 - area.height() / 2 / self._scale[1])
            self._moved()
        self.update()
        self.cursor_moved.emit()

    def _moved(self) -> None:
        """Keeps the plane in view."""
        area, (rows, cols) = self.area, self._plane.size
        right, bottom = cols - area.width() / self._scale[0], rows - area.height() / self._scale[1]
        self._origin = QPointF(min(max(self._origin.x(), 0.0), max(right, 0.0)), min(max(self._origin.y(), 0.0), max(bottom, 0.0)))
        self.update()
        self.window_moved.emit()

    def _place_of(self, at: QPointF) -> QPointF:
        area = self.area
        return QPointF(self._origin.x() + (at.x() - area.left()) / self._scale[0],
                       self._origin.y() + (at.y() - area.top()) / self._scale[1])

    def pixel_of(self, row: float, col: float) -> QPointF:
        area = self.area
        return QPointF(area.left() + (col - self._origin.x()) * self._scale[0], area.top() + (row - self._origin.y()) * self._scale[1])

    # -- drawing ------------------------------------------------------------------------------------------------------

    def picture(self, scale: float = 2.0) -> QImage:
        """As it looks now, with the colour bar, `scale` pixels per point."""
        return exporting.picture_of(self, self.palette().color(QPalette.ColorRole.Window), scale)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._base is None:
            return
        painter = QPainter(self)
        c = theme.colours(self.palette())
        area = self.area
        seen = self._seen
        painter.save()
        painter.setClipRect(seen)
        for layer in (self._base, self._detail):
            if layer is not None:
                self._draw_layer(painter, layer, seen)
        self._cover_the_end(painter, c)
        self._draw_gaps(painter, QColor(c.border), seen)      # which no map has in its middle
        self._write_numbers(painter)
        painter.restore()
        painter.setPen(QColor(c.border))
        painter.drawRect(seen.adjusted(-0.5, -0.5, 0.5, 0.5))
        self._draw_ticks(painter, seen, QColor(c.plot_text))
        self._draw_bar(painter, c)
        self._draw_margins(painter, seen, c)
        self._draw_cursor(painter, QColor(c.text), area)
        if self.hasFocus():
            painter.setPen(QColor(c.accent))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def _draw_margins(self, painter: QPainter, seen: QRectF, c: theme.Colours) -> None:
        """The norm of each column above, of each row at the right; of several in a pixel the largest. Where one is zero there is a mark."""
        if self._margins is None or self._dead is None or seen.width() < 1 or seen.height() < 1:
            return
        low, high = self._place_of(seen.topLeft()), self._place_of(seen.bottomRight())
        rows, cols = self._margins
        base = seen.top() - 3
        for first, last, most, zero in _steps(cols, low.x(), high.x(), seen.width(), _STRIP, self._dead[1]):
            painter.fillRect(QRectF(seen.left() + first, base - most, last - first, most), QColor(c.series[0]))
            if zero:
                painter.fillRect(QRectF(seen.left() + first, base - 1, last - first, 3), QColor(c.bar))
        base = seen.right() + 3
        for first, last, most, zero in _steps(rows, low.y(), high.y(), seen.height(), _STRIP, self._dead[0]):
            painter.fillRect(QRectF(base, seen.top() + first, most, last - first), QColor(c.series[0]))
            if zero:
                painter.fillRect(QRectF(base - 2, seen.top() + first, 3, last - first), QColor(c.bar))
        if self._marked is not None:
            above, start, end = self._marked
            mark = QColor(c.accent)
            mark.setAlpha(70)
            start, end = sorted((start, end))
            painter.fillRect(QRectF(start, seen.top() - 3 - _STRIP, end - start, _STRIP + 3) if above else
                             QRectF(seen.right(), start, _STRIP + 6, end - start), mark)

    def _draw_layer(self, painter: QPainter, layer: Layer, seen: QRectF) -> None:
        """Only the blocks in view, so that no picture is ever stretched to millions of pixels."""
        rows, cols = layer.part.rows, layer.part.cols
        low, high = self._place_of(seen.topLeft()), self._place_of(seen.bottomRight())
        first = max(floor((low.y() - rows.start) / rows.step), 0), max(floor((low.x() - cols.start) / cols.step), 0)
        last = (min(ceil((high.y() - rows.start) / rows.step), len(rows)), min(ceil((high.x() - cols.start) / cols.step), len(cols)))
        if last[0] <= first[0] or last[1] <= first[1]:
            return
        target = QRectF(self.pixel_of(rows.start + first[0] * rows.step, cols.start + first[1] * cols.step),
                        self.pixel_of(rows.start + last[0] * rows.step, cols.start + last[1] * cols.step))
        painter.save()
        painter.setClipRect(QRectF(self.pixel_of(rows.start, cols.start), self.pixel_of(rows.stop, cols.stop)),
                            Qt.ClipOperation.IntersectClip)
        painter.drawImage(target, self._fitting(layer, first, last, target))
        for i, j in layer.nonfinite:              # a single one among millions must be seen
            at = self.pixel_of(rows.start + (i + 0.5) * rows.step, cols.start + (j + 0.5) * cols.step)
            if self._scale[1] * rows.step < _MARK or self._scale[0] * cols.step < _MARK:
                painter.fillRect(QRectF(at.x() - _MARK / 2, at.y() - _MARK / 2, _MARK, _MARK), QColor(self._map.nonfinite))
        painter.restore()

    def _fitting(self, layer: Layer, first: tuple[int, int], last: tuple[int, int], target: QRectF) -> QImage:
        """The blocks from `first` to `last`; where they are finer than the screen, means of neighbours, but only along that side:
        blocks that are seen keep sharp edges. Kept, for the cursor makes everything be drawn again."""
        ratio = self.devicePixelRatioF()
        wide = max(1, min(last[1] - first[1], round(target.width() * ratio)))
        high = max(1, min(last[0] - first[0], round(target.height() * ratio)))
        wanted = (layer.image.cacheKey(), first, last, wide, high)
        kept = next((image for key, image in self._fitted_images if key == wanted), None)
        if kept is None:
            part = layer.image.copy(first[1], first[0], last[1] - first[1], last[0] - first[0])
            kept = part.scaled(wide, high, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
            self._fitted_images = [*self._fitted_images[-1:], (wanted, kept)]
        return kept

    def _cover_the_end(self, painter: QPainter, c: theme.Colours) -> None:
        """What lies behind the last element of a fold is not there."""
        fold, numel = self._plane.fold, _numel(self._plane.shape)
        if fold and numel % fold:
            rows, _ = self._plane.size
            painter.fillRect(QRectF(self.pixel_of(rows - 1, numel % fold), self.pixel_of(rows, fold)), QColor(c.window))

    def _draw_gaps(self, painter: QPainter, ground: QColor, seen: QRectF) -> None:
        """Between the kernels of a mosaic, once there is room."""
        for unit, scale, span, across in ((self._plane.unit[0], self._scale[1], self.in_view[0], True),
                                          (self._plane.unit[1], self._scale[0], self.in_view[1], False)):
            if unit < 2 or unit * scale < 5:
                continue
            painter.setPen(QPen(ground, min(max(scale * 0.25, 1.0), 3.0)))
            for at in range(span.start // unit * unit, span.stop + 1, unit):
                if across:
                    y = self.pixel_of(at, 0).y()
                    painter.drawLine(QPointF(seen.left(), y), QPointF(seen.right(), y))
                else:
                    x = self.pixel_of(0, at).x()
                    painter.drawLine(QPointF(x, seen.top()), QPointF(x, seen.bottom()))

    def _write_numbers(self, painter: QPainter) -> None:
        across, down = self._scale
        if across < _WRITTEN[0] or down < _WRITTEN[1]:
            return
        font = self.font()
        font.setPointSizeF(max(font.pointSizeF() * 0.78, 6.0))
        painter.setFont(font)
        rows, cols = self.in_view
        values, known = self._exact(rows, cols)
        ground = painted(values, self._limits, table_of(self._map, theme.colours(self.palette()).dark), self._map.nonfinite)
        look = font.key(), across
        if look != self._numbers_look or len(self._numbers) > _KEPT_NUMBERS:
            self._numbers_look = look
            self._numbers.clear()
        for i, (row, there, line) in enumerate(zip(rows, known.tolist(), values.tolist(), strict=True)):
            for j, (col, value) in enumerate(zip(cols, line, strict=True)):
                if not there[j] or (self._plane.fold and self._plane.position(row, col) is None):
                    continue
                name = value if value == value else None
                shown = self._numbers.get(name)
                if shown is None:
                    shown = self._numbers[name] = _laid_out(value, font, across - 4)
                at = self.pixel_of(row, col)
                painter.setPen(_ink(ground.pixelColor(j, i)))
                painter.drawStaticText(at + QPointF(across - shown.size().width(), down - shown.size().height()) / 2, shown)

    def _exact(self, rows: range, cols: range) -> tuple[Array, Array]:
        """The elements there, and which of them are at hand exactly; others are NaN."""
        import numpy as np
        values, known = np.full((len(rows), len(cols)), np.nan), np.zeros((len(rows), len(cols)), bool)
        for layer in (self._base, self._detail):
            if layer is not None and layer.part.exact:
                of = [range(max(span.start, part.start), min(span.stop, part.stop))
                      for span, part in ((rows, layer.part.rows), (cols, layer.part.cols))]
                if all(of):
                    here, there = (tuple(slice(span.start - start, span.stop - start) for span, start in zip(of, starts, strict=True))
                                   for starts in ((rows.start, cols.start), (layer.part.rows.start, layer.part.cols.start)))
                    values[here], known[here] = layer.part.values[there], True
        return values, known

    def _draw_ticks(self, painter: QPainter, seen: QRectF, ink: QColor) -> None:
        metrics = self.fontMetrics()
        painter.setPen(ink)
        rows, cols = self.in_view
        last = -1e9
        for row in self._tick_cells(rows, self._plane.unit[0], self._scale[1], metrics.height() * 2.2):
            y = self.pixel_of(row + self._plane.unit[0] / 2, 0).y()
            if seen.top() <= y <= seen.bottom():
                painter.drawText(QRectF(0, y - 20, seen.left() - 7, 40), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                                 f"{self._row_label(row):,}")
        widest = metrics.horizontalAdvance(f"{max(cols.stop, 1):,}")
        for col in self._tick_cells(cols, self._plane.unit[1], self._scale[0], widest + 22):
            x = self.pixel_of(0, col + self._plane.unit[1] / 2).x()
            if seen.left() <= x <= seen.right() and x - last > widest + 6:
                painter.drawText(QRectF(x - 60, seen.bottom() + 4, 120, metrics.height() + 2),
                                 Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, f"{col // self._plane.unit[1]:,}")
                last = x

    def _tick_cells(self, span: range, unit: int, scale: float, apart: float) -> list[int]:
        """First cells of the rows (or tiles) that get a label at least `apart` pixels from each other."""
        low, high = span.start / unit, span.stop / unit
        step = max(1.0, nice_step(low, high, max(int((high - low) * unit * scale / apart), 1)))
        return [int(at) * unit for at in multiples(float(ceil(step)), low, high)]

    def _row_label(self, row: int) -> int:
        if self._order is not None and row < len(self._order):
            return self._order[row]
        return row * self._plane.fold if self._plane.fold else row // self._plane.unit[0]

    def _draw_bar(self, painter: QPainter, c: theme.Colours) -> None:
        area, metrics = self.area, self.fontMetrics()
        bar = QRectF(area.right() + 14 + (_STRIP + 6 if self._margins_wanted else 0), area.top(), _BAR, area.height())
        if any(layer.nonfinite for layer in (self._base, self._detail) if layer is not None):
            bar.setHeight(max(bar.height() - metrics.height() - 10, 20))
            swatch = QRectF(bar.left(), bar.bottom() + 10, _BAR, min(metrics.height(), _BAR))
            painter.fillRect(swatch, QColor(self._map.nonfinite))
            painter.setPen(QColor(c.plot_text))
            painter.drawText(QRectF(swatch.right() + 7, swatch.center().y() - 20, 200, 40), Qt.AlignmentFlag.AlignVCenter,
                             self.tr("NaN, ±∞"))
        table = table_of(self._map, c.dark)
        image = QImage(1, len(table), QImage.Format.Format_RGB32)
        for i, (red, green, blue) in enumerate(table.tolist()):
            image.setPixelColor(0, len(table) - 1 - i, QColor(red, green, blue))
        painter.drawImage(bar, image)
        painter.setPen(QColor(c.border))
        painter.drawRect(bar)
        scale = ValueScale(self._limits.low, self._limits.high)
        painter.setPen(QColor(c.plot_text))
        for tick in scale.ticks(0.0, 1.0, max(int(bar.height() / (metrics.height() * 2.4)), 2)):
            y = bar.bottom() - tick.at * bar.height()
            painter.drawLine(QPointF(bar.right() + 1, y), QPointF(bar.right() + 4, y))
            painter.drawText(QRectF(bar.right() + 7, y - 20, 200, 40), Qt.AlignmentFlag.AlignVCenter, tick.text)

    def _draw_cursor(self, painter: QPainter, ink: QColor, area: QRectF) -> None:
        if self._cursor is None:
            return
        block = self.block_at(*self._cursor)
        rows, cols = (block[1], block[2]) if block else (range(self._cursor[0], self._cursor[0] + 1),
                                                        range(self._cursor[1], self._cursor[1] + 1))
        box = QRectF(self.pixel_of(rows.start, cols.start), self.pixel_of(rows.stop, cols.stop))
        grow = max(0.0, (7 - min(box.width(), box.height())) / 2)
        box = box.adjusted(-grow, -grow, grow, grow)
        if not area.intersects(box):
            return
        painter.setClipRect(area.adjusted(-4, -4, 4, 4))
        for pen, by in ((QPen(QColor("#ffffff"), 3.0), 0.0), (QPen(QColor("#000000"), 1.2), 0.0)):
            painter.setPen(pen)
            painter.drawRect(box.adjusted(-by, -by, by, by))
        painter.setClipping(False)

    def _painted(self, part: core.Reduced) -> Layer:
        return layer_of(part, self._map, self._limits, self._dark)

    def _repaint(self) -> None:
        for name, layer in (("_base", self._base), ("_detail", self._detail)):
            if layer is not None:
                setattr(self, name, self._painted(layer.part))
        self.update()

    # -- Qt's side ----------------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(520, 420)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._repaint()
        super().changeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit() if self._fitted else self._moved()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta().y()
        if turned and self._base is not None:
            self.zoom(1.25 ** (turned / 120), event.position())
            event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        above = self.strip_at(event.position())
        if above is not None:
            at = event.position().x() if above else event.position().y()
            self._marked = above, at, at
        else:
            self._dragged = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged = None
        self.unsetCursor()
        if self._marked is not None:
            above, start, end = self._marked
            self._marked = None
            self._choose_range(above, *sorted((start, end)))
            self.update()

    def _choose_range(self, above: bool, start: float, end: float) -> None:
        """What was dragged over on a strip; a click is no range."""
        if end - start < _LEAST_DRAG:
            return
        area, (rows, cols) = self.area, self._plane.size
        low, high = self._place_of(QPointF(start, area.top()) if above else QPointF(area.left(), start)), self._place_of(
            QPointF(end, area.top()) if above else QPointF(area.left(), end))
        if above:
            self.look_at(cols=_span(low.x(), high.x(), cols))
        else:
            self.look_at(rows=_span(low.y(), high.y(), rows))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._marked is not None:
            above, start, _ = self._marked
            seen = self._seen
            end = min(max(at.x(), seen.left()), seen.right()) if above else min(max(at.y(), seen.top()), seen.bottom())
            self._marked = above, start, end
            self.update()
            return
        above_now = self.strip_at(at)
        if self._dragged is None and above_now is not None:
            self.setCursor(Qt.CursorShape.SplitHCursor if above_now else Qt.CursorShape.SplitVCursor)
        elif self._dragged is None:
            self.unsetCursor()
        if self._dragged is not None:
            moved = self._dragged - at
            if moved.manhattanLength() >= 2:
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
                self.pan(moved.x(), moved.y())
                self._dragged = at
            return
        cell = self._place_of(at)
        row, col = floor(cell.y()), floor(cell.x())
        inside = self.area.contains(at) and self._plane.position(row, col) is not None
        self._point_at((row, col) if inside and self._base is not None else None)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.fit()

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        far = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        steps = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
        key = Qt.Key(event.key())
        if self._base is None or event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier):
            super().keyPressEvent(event)
        elif key in steps:
            rows, cols = self.in_view
            row, col = self._cursor or ((rows.start + rows.stop) // 2, (cols.start + cols.stop) // 2)
            block = self.block_at(row, col)
            down, across = (len(block[1]), len(block[2])) if block else (1, 1)
            self.go_to(row + steps[key][0] * far * down, col + steps[key][1] * far * across)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self.zoom(1 / 1.5 if key == Qt.Key.Key_Minus else 1.5)
        elif key in (Qt.Key.Key_R, Qt.Key.Key_0):
            self.fit()
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            last = self._plane.size
            self.go_to(*((0, 0) if key == Qt.Key.Key_Home else (last[0] - 1, last[1] - 1)))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._cursor is not None:
            self.opened.emit()
        elif key == Qt.Key.Key_Escape and self._cursor is not None:
            self._point_at(None)
        else:
            super().keyPressEvent(event)

    def _point_at(self, cell: tuple[int, int] | None) -> None:
        if cell != self._cursor:
            self._cursor = cell
            self.update()
            self.cursor_moved.emit()


def _covers(part: core.Reduced, row: int, col: int) -> bool:
    return part.rows.start <= row < part.rows.stop and part.cols.start <= col < part.cols.stop


def _span(low: float, high: float, size: int) -> range:
    return range(min(max(floor(low), 0), size), min(max(ceil(high), 0), size))


def _numel(shape: tuple[int, ...]) -> int:
    n = 1
    for size in shape:
        n *= size
    return n


def _laid_out(value: float, font: QFont, room: float) -> QStaticText:
    """A number with as many digits as there is room for; nothing where there is for none."""
    metrics = QFontMetricsF(font)
    found = QStaticText(next((text for text in (typeset(number(value, digits)) for digits in (4, 3, 2, 1))
                              if metrics.horizontalAdvance(text) <= room), ""))
    found.setTextFormat(Qt.TextFormat.PlainText)
    found.prepare(QTransform(), font)
    return found


def _ink(ground: QColor) -> QColor:
    """Black or white, whichever is easier to read on `ground`."""
    light = 0.299 * ground.redF() + 0.587 * ground.greenF() + 0.114 * ground.blueF()
    return _BLACK if light > 0.5 else _WHITE


def _steps(sizes: Array, low: float, high: float, pixels: float, most: float, dead: Array) -> list[tuple[float, float, float, bool]]:
    """(from, to, height, whether one is `dead`) of bars over `pixels` for the places `low` to `high` of `sizes`, at most one a pixel; the
    largest of all is `most` high."""
    import numpy as np
    first, last = max(floor(low), 0), min(ceil(high), len(sizes))
    top = float(sizes.max(initial=0.0)) or 1.0
    if last <= first or high <= low:
        return []
    count = min(last - first, max(int(pixels), 1))
    starts = first + np.arange(count) * (last - first) // count
    part = sizes[first:last]
    largest, any_dead = np.maximum.reduceat(part, starts - first), np.logical_or.reduceat(dead[first:last], starts - first)
    edges = (np.append(starts, last) - low) * (pixels / (high - low))
    return [(max(a, 0.0), min(b, pixels), float(size) / top * most, bool(zero)) for a, b, size, zero in zip(
        edges[:-1].tolist(), edges[1:].tolist(), largest.tolist(), any_dead.tolist(), strict=True)]
