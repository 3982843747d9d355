"""Draws the rows of a comparison. What differs is one cell: a sign in its own colour and shape with a word, or of a group its signs with
how many there are of each; a bar for how far, and the number. The shape is never cut: what stands behind it gives way."""
from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPixmap
from PySide6.QtWidgets import QStyleOptionViewItem, QTableView

from inspector.gui.kit import theme
from inspector.gui.models.pair_lines import CALM, DIFFERS, MARKS, NAME, SHAPE, TONES, PairLine, Piece, bar_part, distance_text
from inspector.gui.models.pair_model import PairModel

from .row_painter import ACTIVE, ARROW, FOCUSED, GAP, INDENT, PAD, PICTURE, SELECTED, Ink, RowPainter, arrow_place

Index = QModelIndex | QPersistentModelIndex

NARROWEST_BAR, WIDEST_BAR = 44, 76      # device-independent pixels
BETWEEN = 6                             # pieces of a shape
ROOMY = 300                             # of the cell, from which on the bar is wide
_BAR = 6
_WIDEST = "<0.001 %"


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
        elif column == DIFFERS:
            width += PICTURE + GAP + WIDEST_BAR + GAP
        return QSize(width, self._metrics.height() + 2 * GAP)

    def width_of_shape(self, shape: tuple[Piece, ...], whole: bool) -> int:
        """What a row needs in the column of shapes: for all of it, or for what must not be cut."""
        pieces = [piece for piece in shape if whole or not piece.spare]
        return sum(self._metrics.horizontalAdvance(piece.text) for piece in pieces) + BETWEEN * (len(pieces) - 1) + 2 * PAD + 2

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        line, column = self._model.line(index.row()), index.column()
        rect, state = option.rect, option.state.value
        selected = bool(state & SELECTED)
        ink = self._ink(bool(state & ACTIVE), selected)
        if selected:
            painter.fillRect(rect, ink.highlight)
        if column == NAME:
            self._name(painter, rect, line, ink)
        elif column == DIFFERS:
            self._differs(painter, rect, line, ink)
        elif column == SHAPE:
            self._shape(painter, rect, line, ink)
        elif line.texts[column]:
            self._text(painter, rect.left() + PAD, rect, rect.width() - 2 * PAD, line.texts[column],
                       ink.text if line.status else ink.calm, right=True)
        if state & FOCUSED and not selected and column == NAME:
            self._frame(painter, rect, ink)

    def _name(self, painter: QPainter, rect: QRect, line: PairLine, ink: Ink) -> None:
        arrow = arrow_place(line.depth, rect)
        left = arrow.right() + 2
        room = rect.right() - GAP - left - PICTURE - GAP
        if room < PICTURE:
            return
        if line.has_children:
            self._arrow(painter, arrow, line.expanded, ink.calm)
        picture = "group" if not line.status else "value" if line.status == "plain" else "tensor"
        tint = ink.accent if not line.status else ink.calm
        painter.drawPixmap(left, rect.top() + (rect.height() - PICTURE) // 2, self._picture(picture, tint, painter))
        self._text(painter, left + PICTURE + GAP, rect, room, line.texts[NAME], ink.calm if line.is_calm else ink.text, middle=True)

    # -- what differs -------------------------------------------------------------------------------------------------

    def _differs(self, painter: QPainter, rect: QRect, line: PairLine, ink: Ink) -> None:
        left, end = rect.left() + PAD, rect.right() - PAD
        if line.distance == line.distance:
            number = self._metrics.horizontalAdvance(_WIDEST)
            bar = WIDEST_BAR if rect.width() >= ROOMY else NARROWEST_BAR
            place = QRect(end - number - GAP - bar, rect.top(), bar, rect.height())
            self._bar(painter, place, line, ink)
            self._text(painter, end - number, rect, number + PAD, distance_text(line.distance), ink.text if line.status else ink.calm)
            end = place.left() - GAP
        if not line.status:
            self._counts(painter, rect, left, end, line, ink)
            return
        painter.drawPixmap(left, rect.top() + (rect.height() - PICTURE) // 2, self._sign(painter, line.sign, ink))
        left += PICTURE + GAP
        word = line.word if self._metrics.horizontalAdvance(line.word) <= end - left else line.brief
        colour = ink.danger if line.problem else ink.calm if line.is_calm else ink.text
        self._text(painter, left, rect, end - left, word, colour)

    def _sign(self, painter: QPainter, status: str, ink: Ink) -> QPixmap:
        ratio = painter.device().devicePixelRatio()

        def draw(onto: QPainter) -> None:
            onto.setFont(painter.font())
            draw_sign(onto, QRectF(0, 0, PICTURE, PICTURE), status, ink.colours)

        return self._kept(("sign", status, ratio), QSize(PICTURE, PICTURE), ratio, draw)

    def _bar(self, painter: QPainter, place: QRect, line: PairLine, ink: Ink) -> None:
        """Full at all of A's norm; hollow at its end while more is to be read."""
        ratio, part = painter.device().devicePixelRatio(), bar_part(line.distance)
        filled = round(max(part * place.width(), _BAR) * 8) / 8 if part else 0.0            # an eighth of a pixel is not to be seen

        def draw(onto: QPainter) -> None:
            onto.setRenderHint(QPainter.RenderHint.Antialiasing)
            onto.setPen(Qt.PenStyle.NoPen)
            onto.setBrush(ink.track)
            onto.drawRoundedRect(QRectF(0, 0, place.width(), _BAR), _BAR / 2, _BAR / 2)
            if filled:
                onto.setBrush(QColor(ink.colours.bar))
                onto.setOpacity(0.5 if line.is_open else 1.0)
                onto.drawRoundedRect(QRectF(0, 0, filled, _BAR), _BAR / 2, _BAR / 2)

        drawn = self._kept(("bar", place.width(), filled, line.is_open, ratio), QSize(place.width(), _BAR), ratio, draw)
        painter.drawPixmap(place.left(), place.top() + (place.height() - _BAR) // 2, drawn)

    def _counts(self, painter: QPainter, rect: QRect, left: int, end: int, line: PairLine, ink: Ink) -> None:
        """Of a group: each sign with how many there are, as many as find room."""
        for n, (status, count) in enumerate(line.counts):
            text = f"{MARKS[status]} {count:,}"
            width = self._metrics.horizontalAdvance(text)
            more = any(other not in CALM for other, _ in line.counts[n + 1:])
            if left + width + (self._metrics.horizontalAdvance(" …") if more else 0) > end:
                self._text(painter, left, rect, end - left, "…" if more or status not in CALM else "", ink.calm)
                return
            colour = ink.text if ink.selected else sign_colours(status, ink.colours)[0]
            self._text(painter, left, rect, width + 2, text, colour)
            left += width + 10

    # -- shape --------------------------------------------------------------------------------------------------------

    def _shape(self, painter: QPainter, rect: QRect, line: PairLine, ink: Ink) -> None:
        """What is spare only where all of it has room."""
        pieces = line.shape
        room = rect.width() - 2 * PAD
        if not self._model.with_dtypes or self.width_of_shape(line.shape, True) - 2 * PAD - 2 > room:
            pieces = tuple(piece for piece in pieces if not piece.spare)
        left = rect.left() + PAD
        for piece in pieces:
            width = self._metrics.horizontalAdvance(piece.text)
            self._text(painter, left, rect, width + 2, piece.text, self._tone(piece, line, ink))
            left += width + BETWEEN

    @staticmethod
    def _tone(piece: Piece, line: PairLine, ink: Ink) -> QColor:
        if ink.selected:
            return ink.text
        if piece.tone == "new":
            return QColor(ink.colours.link)
        return ink.calm if piece.tone == "calm" or line.is_calm else ink.text
