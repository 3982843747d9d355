"""Draws the rows of a comparison: a sign in its own colour and shape before each name, counts of a group by their signs, the two
sides calm where they agree."""
from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionViewItem, QTableView

from inspector.gui.kit import theme
from inspector.gui.models.pair_lines import MARKS, NAME, STATUS, TONES, A, B, PairLine
from inspector.gui.models.pair_model import PairModel

from .row_painter import ACTIVE, ARROW, FOCUSED, GAP, INDENT, PAD, PICTURE, SELECTED, Ink, RowPainter, arrow_place, draw_arrow

Index = QModelIndex | QPersistentModelIndex


def sign_colours(status: str, colours: theme.Colours) -> tuple[QColor, QColor]:
    """Of the sign of a status, and of what lies behind it."""
    table, tone = colours._asdict(), TONES[status]
    return QColor(table[tone] if tone else colours.muted), QColor(table[f"{tone}_background"] if tone else colours.track)


def draw_sign(painter: QPainter, place: QRectF, status: str, colours: theme.Colours) -> None:
    """A rounded square with the sign of a status."""
    ink, ground = sign_colours(status, colours)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(place, 4, 4)
    font = QFont(painter.font())
    font.setPixelSize(max(1, round(place.height() * 0.78)))
    font.setWeight(QFont.Weight.Bold)
    painter.setFont(font)
    painter.setPen(ink)
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter, MARKS[status])
    painter.restore()


class PairDelegate(RowPainter):
    def __init__(self, model: PairModel, view: QTableView) -> None:
        super().__init__(view)
        self._model = model

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        line, column = self._model.line(index.row()), index.column()
        width = self._metrics.horizontalAdvance(line.texts[column]) + 2 * PAD
        if column == NAME:
            width += line.depth * INDENT + ARROW + PICTURE + GAP
        return QSize(width, self._metrics.height() + 2 * GAP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        line, column = self._model.line(index.row()), index.column()
        rect, state = option.rect, option.state.value
        selected = bool(state & SELECTED)
        ink = self._ink(bool(state & ACTIVE), selected)
        if selected:
            painter.fillRect(rect, ink.highlight)
        if column == NAME:
            self._name(painter, rect, line, ink)
        elif column == STATUS and not line.status:
            self._counts(painter, rect, line, ink)
        else:
            self._cell(painter, rect, line, column, ink)
        if state & FOCUSED and not selected and column == NAME:
            painter.setPen(QPen(ink.accent, 1, Qt.PenStyle.DotLine))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))

    def _name(self, painter: QPainter, rect: QRect, line: PairLine, ink: Ink) -> None:
        arrow = arrow_place(line.depth, rect)
        left = arrow.right() + 2
        room = rect.right() - GAP - left - PICTURE - GAP
        if room < PICTURE:
            return
        if line.has_children:
            draw_arrow(painter, arrow, line.expanded, ink.calm)
        top = rect.top() + (rect.height() - PICTURE) // 2
        if line.problem:
            painter.drawPixmap(left, top, self._picture("danger", ink.danger, painter))
        elif line.status:
            draw_sign(painter, QRectF(left, top, PICTURE, PICTURE), line.status, ink.colours)
        else:
            painter.drawPixmap(left, top, self._picture("group", ink.accent, painter))
        self._text(painter, left + PICTURE + GAP, rect, room, line.texts[NAME],
                   ink.calm if line.status in ("equal", "unread") else ink.text, middle=True)

    def _cell(self, painter: QPainter, rect: QRect, line: PairLine, column: int, ink: Ink) -> None:
        text = line.texts[column]
        if not text:
            return
        colour = ink.text
        if not line.status or (column in (A, B) and line.same) or line.status in ("equal", "unread"):
            colour = ink.calm
        if column == STATUS and not ink.selected:
            colour = ink.danger if line.problem else sign_colours(line.status, ink.colours)[0]
        self._text(painter, rect.left() + PAD, rect, rect.width() - 2 * PAD, text, colour, right=column > B)

    def _counts(self, painter: QPainter, rect: QRect, line: PairLine, ink: Ink) -> None:
        """Of a group: each sign with how many there are, as many as find room."""
        left, end = rect.left() + PAD, rect.right() - PAD
        for n, (status, count) in enumerate(line.counts):
            text = f"{MARKS[status]} {count:,}"
            width = self._metrics.horizontalAdvance(text)
            more = n + 1 < len(line.counts)
            if left + width + (self._metrics.horizontalAdvance(" …") if more else 0) > end:
                self._text(painter, left, rect, end - left, "…", ink.calm)
                return
            colour = ink.text if ink.selected else sign_colours(status, ink.colours)[0]
            self._text(painter, left, rect, width + 2, text, colour)
            left += width + 10
