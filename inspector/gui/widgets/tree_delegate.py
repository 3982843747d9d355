"""Draws the rows of the tree: indent, arrow, picture and name in the first column, calm sums of groups, numbers to the right,
values and progress across columns. Only what is on the screen is ever drawn, and from short texts, so a screenful is cheap.
"""
from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPalette, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from .. import icons, theme
from ..models.tree_model import BYTES, LINE, NAME, SHAPE, Kind, Line

Index = QModelIndex | QPersistentModelIndex

PAD = 8                     # device-independent pixels
INDENT = 16
ARROW = 18                  # the place of the arrow
PICTURE = 16
GAP = 6
_NAME_AT_LEAST = 120        # what deep levels must leave for the name
_BAR = 4

_PICTURES = {Kind.FILE: "file", Kind.LOADING: "file", Kind.FAILED: "danger", Kind.GROUP: "group", Kind.TENSOR: "tensor",
             Kind.VALUE: "value"}
_MIDDLE, _END = Qt.TextElideMode.ElideMiddle, Qt.TextElideMode.ElideRight


def arrow_rect(line: Line, cell: QRect) -> QRect:
    """Where the arrow of a row lies in its first cell."""
    return QRect(cell.left() + PAD // 2 + _indent(line.depth, cell.width()), cell.top(), ARROW, cell.height())


def _indent(depth: int, width: int) -> int:
    return min(depth * INDENT, max(0, width - _NAME_AT_LEAST))


class TreeDelegate(QStyledItemDelegate):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures: dict[tuple[str, str, float], QPixmap] = {}

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Wide enough for the whole text: a double click on the edge of a column asks for it."""
        line: Line = index.data(LINE)
        metrics = option.fontMetrics  # type: ignore[attr-defined]
        width = metrics.horizontalAdvance(line.texts[index.column()]) + 2 * PAD
        if index.column() == NAME:
            width += line.depth * INDENT + ARROW + PICTURE + GAP
        return QSize(80 if line.spans and index.column() != NAME else width, metrics.height() + 2 * GAP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        line: Line | None = index.data(LINE)
        if line is None:
            return
        rect: QRect = option.rect  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        palette: QPalette = option.palette  # type: ignore[attr-defined]
        selected = bool(state & QStyle.StateFlag.State_Selected)
        group = QPalette.ColorGroup.Active if state & QStyle.StateFlag.State_Active else QPalette.ColorGroup.Inactive
        ink = _Ink(palette, group, selected)
        painter.save()
        painter.setClipRect(rect)
        if selected:
            painter.fillRect(rect, palette.brush(group, QPalette.ColorRole.Highlight))
        if line.kind is Kind.MESSAGE:
            self._text(painter, self._from(NAME, option, rect).adjusted(_indent(1, 10_000) + ARROW + PAD, 0, -PAD, 0),
                       line.texts[NAME], ink.danger, elide=_END)
        elif index.column() == NAME:
            self._name(painter, rect, line, ink)
        elif line.spans:
            self._across(painter, self._from(SHAPE, option, rect).adjusted(PAD, 0, -PAD, 0), line, ink)
        else:
            self._cell(painter, rect, line, index.column(), ink)
        if state & QStyle.StateFlag.State_HasFocus and not selected and index.column() == NAME:
            painter.setPen(QPen(ink.accent, 1, Qt.PenStyle.DotLine))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))
        painter.restore()

    def _name(self, painter: QPainter, rect: QRect, line: Line, ink: _Ink) -> None:
        arrow = arrow_rect(line, rect)
        if line.has_children and line.kind is not Kind.FAILED:
            _draw_arrow(painter, arrow, line.expanded, ink.calm)
        left = arrow.right() + 2
        wrong = bool(line.problem)
        picture = "danger" if wrong and line.kind is Kind.TENSOR else _PICTURES[line.kind]
        tint = ink.danger if wrong else ink.calm if line.kind in (Kind.TENSOR, Kind.VALUE) else ink.accent
        painter.drawPixmap(left, rect.top() + (rect.height() - PICTURE) // 2, self._picture(picture, tint, painter))
        room = rect.adjusted(left + PICTURE + GAP - rect.left(), 0, -GAP, 0)
        self._text(painter, room, line.texts[NAME], ink.danger if line.kind is Kind.FAILED else ink.text, elide=_MIDDLE)

    def _cell(self, painter: QPainter, rect: QRect, line: Line, column: int, ink: _Ink) -> None:
        numbers = column in (BYTES, BYTES - 1)
        calm = line.kind in (Kind.GROUP, Kind.FILE)
        if column == BYTES and calm and line.kind is Kind.GROUP and line.share > 0:
            _draw_share(painter, rect, line.share, ink)
        self._text(painter, rect.adjusted(PAD, 0, -PAD, 0), line.texts[column], ink.calm if calm else ink.text,
                   elide=_MIDDLE if column == SHAPE else _END, right=numbers)

    def _across(self, painter: QPainter, room: QRect, line: Line, ink: _Ink) -> None:
        """A value, or how far a file is, from the second column on."""
        if line.kind is Kind.LOADING and line.progress is not None:
            bar = QRectF(room.left(), room.center().y() - _BAR / 2 + 0.5, min(160, room.width() // 2), _BAR)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ink.track)
            painter.drawRoundedRect(bar, _BAR / 2, _BAR / 2)
            painter.setBrush(ink.accent)
            painter.drawRoundedRect(QRectF(bar.left(), bar.top(), max(_BAR, bar.width() * line.progress), _BAR), _BAR / 2, _BAR / 2)
            room = room.adjusted(int(bar.width()) + PAD + GAP, 0, 0, 0)
        self._text(painter, room, line.texts[SHAPE],
                   ink.text if line.kind is Kind.VALUE else ink.danger if line.kind is Kind.FAILED else ink.calm, elide=_END)

    def _text(self, painter: QPainter, room: QRect, text: str, colour: QColor, *, elide: Qt.TextElideMode, right: bool = False) -> None:
        if not text or room.width() <= 0:
            return
        painter.setPen(colour)
        shown = painter.fontMetrics().elidedText(text, elide, room.width())
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        painter.drawText(room, int(side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine), shown)

    def _picture(self, name: str, tint: QColor, painter: QPainter) -> QPixmap:
        ratio = painter.device().devicePixelRatio()
        key = (name, tint.name(), ratio)
        found = self._pictures.get(key)
        if found is None:
            found = self._pictures[key] = icons.pixmap(name, PICTURE, tint.name(), ratio)
        return found

    @staticmethod
    def _from(column: int, option: QStyleOptionViewItem, rect: QRect) -> QRect:
        """The row from `column` to its right end."""
        view = option.widget  # type: ignore[attr-defined]
        if not isinstance(view, QTableView):
            return rect
        header = view.horizontalHeader()
        left = view.columnViewportPosition(column)
        return QRect(left, rect.top(), header.length() - header.sectionPosition(column), rect.height())


class _Ink:
    """The colours of one row, from the palette it is drawn with."""

    def __init__(self, palette: QPalette, group: QPalette.ColorGroup, selected: bool) -> None:
        colours = theme.colours(palette)
        chosen = palette.color(group, QPalette.ColorRole.HighlightedText)
        self.text = chosen if selected else palette.color(group, QPalette.ColorRole.Text)
        self.calm = chosen if selected else palette.color(group, QPalette.ColorRole.PlaceholderText)
        self.danger = chosen if selected else QColor(colours.danger)
        self.accent = chosen if selected else QColor(colours.accent)
        self.track = QColor(colours.track)


def _draw_arrow(painter: QPainter, place: QRect, expanded: bool, colour: QColor) -> None:
    x, y, reach = place.center().x() + 0.5, place.center().y() + 0.5, 3.5
    points = [QPointF(x - reach, y - reach / 2), QPointF(x, y + reach / 2), QPointF(x + reach, y - reach / 2)] if expanded \
        else [QPointF(x - reach / 2, y - reach), QPointF(x + reach / 2, y), QPointF(x - reach / 2, y + reach)]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(colour, 1.6)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.drawPolyline(QPolygonF(points))


def _draw_share(painter: QPainter, cell: QRect, share: float, ink: _Ink) -> None:
    """A thin line under the bytes of a group: its part of the file."""
    whole = cell.width() - 2 * PAD
    width = max(1.0, whole * share)
    line = QRectF(cell.right() + 1 - PAD - width, cell.bottom() - 3, width, 2)
    colour = QColor(ink.accent)
    colour.setAlphaF(0.45)
    painter.fillRect(line, colour)
