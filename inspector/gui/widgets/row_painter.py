"""What the delegates of both trees draw with: colours, texts laid out, pictures, arrows. Python pays for every call into Qt, so all
of it is kept until `forget`."""
from __future__ import annotations

from collections.abc import Callable, Hashable
from math import exp

from PySide6.QtCore import QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPalette, QPen, QPixmap, QPolygonF, QStaticText, QTextOption, QTransform
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QTableView

from inspector import core
from inspector.gui.kit import icons, theme
from inspector.gui.models.plot_scales import typeset

PAD = 8                     # device-independent pixels
INDENT = 14
ARROW = 18                  # the place of the arrow
PICTURE = 16
GAP = 6
_NAME_AT_LEAST = 84         # what deep levels must leave for the name
_KEPT_TEXTS = 4000
_KEPT_SHAPES = 1000         # about 10 kB each at the most
# enum arithmetic is what painting would otherwise spend its time on
SELECTED = QStyle.StateFlag.State_Selected.value
ACTIVE = QStyle.StateFlag.State_Active.value
FOCUSED = QStyle.StateFlag.State_HasFocus.value
_END, _START = Qt.TextElideMode.ElideRight, Qt.TextElideMode.ElideLeft


def arrow_place(depth: int, cell: QRect) -> QRect:
    """Where the arrow of a row lies in its first cell."""
    return QRect(cell.left() + PAD // 2 + _indent(depth, cell.width()), cell.top(), ARROW, cell.height())


def _indent(depth: int, width: int) -> int:
    """Deeper is always further to the right; in a narrow column by less and less, so that names keep their room."""
    wanted, room = depth * INDENT, max(0, width - _NAME_AT_LEAST)
    easy = room // 2
    return wanted if wanted <= easy else easy + round((room - easy) * (1 - exp((easy - wanted) / max(room - easy, 1))))


def elided_name(name: str, room: int, metrics: QFontMetrics) -> str:
    """A name in `room`: its beginning is left out from its middle on, for it is their ends by which names that stand together differ.
    A fourth of the room is for how it begins."""
    if metrics.horizontalAdvance(name) <= room:
        return name
    begin = metrics.elidedText(name, _END, room // 4)
    begin = begin[:-1] if begin.endswith("…") else begin
    return begin + metrics.elidedText(name, _START, room - metrics.horizontalAdvance(begin))


class Ink:
    """The colours of one row, from the palette it is drawn with."""

    def __init__(self, palette: QPalette, group: QPalette.ColorGroup, selected: bool) -> None:
        self.colours = theme.colours(palette)
        self.selected = selected
        chosen = palette.color(group, QPalette.ColorRole.HighlightedText)
        self.highlight = palette.color(group, QPalette.ColorRole.Highlight)
        self.text = chosen if selected else palette.color(group, QPalette.ColorRole.Text)
        self.calm = chosen if selected else palette.color(group, QPalette.ColorRole.PlaceholderText)
        self.danger = chosen if selected else QColor(self.colours.danger)
        self.accent = chosen if selected else QColor(self.colours.accent)
        self.track = QColor(self.colours.track)


class RowPainter(QStyledItemDelegate):
    def __init__(self, view: QTableView) -> None:
        super().__init__(view)
        self._view = view
        self._pictures: dict[tuple[str, int, float], QPixmap] = {}
        self._shapes: dict[Hashable, QPixmap] = {}
        self._inks: dict[tuple[bool, bool], Ink] = {}
        self._laid_out: dict[tuple[str, int, bool], _Text] = {}
        self._metrics = view.fontMetrics()

    def forget(self) -> None:
        """Colours or the font changed."""
        for kept in (self._pictures, self._shapes, self._inks, self._laid_out):
            kept.clear()
        self._metrics = self._view.fontMetrics()

    def _kept(self, key: Hashable, size: QSize, ratio: float, draw: Callable[[QPainter], object]) -> QPixmap:
        """What `draw` draws, with nothing behind it: rounded shapes for a screen of rows take as long as a frame."""
        found = self._shapes.get(key)
        if found is None:
            if len(self._shapes) >= _KEPT_SHAPES:
                self._shapes.clear()
            found = self._shapes[key] = QPixmap(size * ratio)
            found.setDevicePixelRatio(ratio)
            found.fill(Qt.GlobalColor.transparent)
            painter = QPainter(found)
            draw(painter)
            painter.end()
        return found

    @property
    def laid_out(self) -> list[str]:
        """The texts that are ready to be drawn, before they are shortened to their room."""
        return [text for text, _, _ in self._laid_out]

    def _frame(self, painter: QPainter, rect: QRect, ink: Ink) -> None:
        """Around the current row, where it is not selected. All cells are drawn with one painter, whose brush is what the last one left."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(ink.accent, 1, Qt.PenStyle.DotLine))
        painter.drawRect(rect.adjusted(0, 0, -1, -1))

    def _text(self, painter: QPainter, left: int, rect: QRect, room: int, text: str, colour: QColor, *, right: bool = False,
              middle: bool = False) -> None:
        if room > 0:
            found = self._line(painter, room, text, right=right, middle=middle)
            painter.setPen(colour)
            painter.drawStaticText(left + (room - found.width if right else 0), rect.top() + (rect.height() - found.height + 1) // 2,
                                   found.drawn)

    def _line(self, painter: QPainter, room: int, text: str, *, right: bool = False, middle: bool = False) -> _Text:
        """As much of a text as there is room for, laid out."""
        key = (text, room, middle)
        found = self._laid_out.get(key)
        if found is None:
            if len(self._laid_out) >= _KEPT_TEXTS:
                self._laid_out.clear()
            if right and self._metrics.horizontalAdvance(drawn := typeset(text)) <= room:       # columns are as wide as hyphens ask
                text = drawn
            shown = elided_name(text, room, self._metrics) if middle else self._metrics.elidedText(text, _END, room)
            found = self._laid_out[key] = _Text(shown, painter.font())
        return found

    def _arrow(self, painter: QPainter, place: QRect, expanded: bool, colour: QColor) -> None:
        ratio = painter.device().devicePixelRatio()
        own = QRect(0, 0, place.width(), place.height())
        drawn = self._kept(("arrow", own.size().toTuple(), expanded, colour.rgba(), ratio), own.size(), ratio,
                           lambda onto: draw_arrow(onto, own, expanded, colour))
        painter.drawPixmap(place.topLeft(), drawn)

    def _ink(self, active: bool, selected: bool) -> Ink:
        found = self._inks.get((active, selected))
        if found is None:
            group = QPalette.ColorGroup.Active if active else QPalette.ColorGroup.Inactive
            found = self._inks[active, selected] = Ink(self._view.palette(), group, selected)
        return found

    def _picture(self, name: str, tint: QColor, painter: QPainter, size: int = PICTURE) -> QPixmap:
        ratio = painter.device().devicePixelRatio()
        key = (name, tint.rgba(), ratio)
        found = self._pictures.get(key)
        if found is None:
            found = self._pictures[key] = icons.pixmap(name, size, tint.name(), ratio)
        return found


class _Text:
    """One line laid out, never taken for markup. `width` and `height` in device-independent pixels."""

    __slots__ = ("drawn", "height", "text", "width")

    def __init__(self, text: str, font: QFont) -> None:
        self.text = text
        self.drawn = QStaticText(core.isolated(text))
        self.drawn.setTextFormat(Qt.TextFormat.PlainText)
        if not text.isascii():              # a name that begins in Hebrew begins at the left all the same, as the names around it
            option = QTextOption()
            option.setTextDirection(Qt.LayoutDirection.LeftToRight)
            self.drawn.setTextOption(option)
        self.drawn.prepare(QTransform(), font)
        size = self.drawn.size()
        self.width, self.height = round(size.width()), round(size.height())


def draw_arrow(painter: QPainter, place: QRect, expanded: bool, colour: QColor) -> None:
    x, y, reach = place.center().x() + 0.5, place.center().y() + 0.5, 3.5
    points = [QPointF(x - reach, y - reach / 2), QPointF(x, y + reach / 2), QPointF(x + reach, y - reach / 2)] if expanded \
        else [QPointF(x - reach / 2, y - reach), QPointF(x + reach / 2, y), QPointF(x - reach / 2, y + reach)]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(colour, 1.6)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.drawPolyline(QPolygonF(points))
