"""Draws the rows of the tree: indent, arrow, picture and name in the first column, calm sums of groups, numbers to the right,
values and progress across columns. Only what is on the screen is ever drawn, and from short texts, so a screenful is cheap.
"""
from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionViewItem, QTableView

from inspector.gui.models.tree_model import BYTES, NAME, PARAMETERS, SHAPE, Kind, Line, TreeModel

from .row_painter import ACTIVE, ARROW, FOCUSED, GAP, INDENT, PAD, PICTURE, SELECTED, Ink, RowPainter, arrow_place, draw_arrow

Index = QModelIndex | QPersistentModelIndex

MARK = 12                   # of a tensor that shares its storage, at the right edge of its name
_BAR = 4

_PICTURES = {Kind.FILE: "file", Kind.LOADING: "file", Kind.FAILED: "danger", Kind.GROUP: "group", Kind.TENSOR: "tensor",
             Kind.VALUE: "value"}


def arrow_rect(line: Line, cell: QRect) -> QRect:
    """Where the arrow of a row lies in its first cell."""
    return arrow_place(line.depth, cell)


class TreeDelegate(RowPainter):
    """`is_chosen` says of a row whether it is selected though Qt does not know."""

    def __init__(self, model: TreeModel, view: QTableView, is_chosen: Callable[[int], bool] = lambda row: False) -> None:
        super().__init__(view)
        self._model, self._is_chosen = model, is_chosen

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Wide enough for the whole text: a double click on the edge of a column asks for it."""
        line, column = self._model.line(index.row()), index.column()
        width = self._metrics.horizontalAdvance(line.texts[column]) + 2 * PAD
        if column == NAME:
            width += line.depth * INDENT + ARROW + PICTURE + GAP + (MARK + GAP) * (line.shared + bool(line.edited))
        return QSize(80 if line.spans and column != NAME else width, self._metrics.height() + 2 * GAP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        line, column = self._model.line(index.row()), index.column()
        rect, state = option.rect, option.state.value
        selected = bool(state & SELECTED) or self._is_chosen(index.row())
        ink = self._ink(bool(state & ACTIVE), selected)
        if selected:
            painter.fillRect(rect, ink.highlight)
        if line.spans and (column != NAME or line.kind is Kind.MESSAGE):
            self._spanning(painter, rect, line, ink)
        elif column == NAME:
            self._name(painter, rect, line, ink)
        else:
            self._cell(painter, rect, line, column, ink)
        if state & FOCUSED and not selected and column == NAME:
            painter.setPen(QPen(ink.accent, 1, Qt.PenStyle.DotLine))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))

    def _name(self, painter: QPainter, rect: QRect, line: Line, ink: Ink) -> None:
        arrow = arrow_rect(line, rect)
        left = arrow.right() + 2
        room = rect.right() - GAP - left - PICTURE - GAP
        if room < PICTURE:                                  # a very narrow column: nothing may stick out of it
            return
        if line.has_children and line.kind is not Kind.FAILED:
            draw_arrow(painter, arrow, line.expanded, ink.calm)
        wrong = bool(line.problem)
        picture = "danger" if wrong and line.kind is Kind.TENSOR else _PICTURES[line.kind]
        tint = ink.danger if wrong else ink.calm if line.kind in (Kind.TENSOR, Kind.VALUE) else ink.accent
        painter.drawPixmap(left, rect.top() + (rect.height() - PICTURE) // 2, self._picture(picture, tint, painter))
        if line.shared and room > 4 * PICTURE:
            room -= MARK + GAP
            painter.drawPixmap(rect.right() - GAP - MARK, rect.top() + (rect.height() - MARK) // 2,
                               self._picture("link", ink.calm, painter, MARK))
        if line.edited and room > 4 * PICTURE:
            room -= MARK + GAP
            after = MARK + GAP if line.shared else 0
            painter.drawPixmap(rect.right() - GAP - MARK - after, rect.top() + (rect.height() - MARK) // 2,
                               self._picture("edit", ink.accent, painter, MARK))
        self._text(painter, left + PICTURE + GAP, rect, room, line.texts[NAME],
                   ink.danger if line.kind is Kind.FAILED else ink.text, middle=True)

    def _cell(self, painter: QPainter, rect: QRect, line: Line, column: int, ink: Ink) -> None:
        text = line.texts[column]
        if not text:
            return
        calm = line.kind is Kind.GROUP or line.kind is Kind.FILE
        if column == BYTES and line.kind is Kind.GROUP:
            _draw_share(painter, rect, line.share, ink)
        room = rect.width() - 2 * PAD
        if line.briefs and column in line.briefs and self._metrics.horizontalAdvance(text) > room:
            text = line.briefs[column]                      # half a number would be another number
        self._text(painter, rect.left() + PAD, rect, room, text, ink.calm if calm else ink.text,
                   right=column in (PARAMETERS, BYTES))

    def _spanning(self, painter: QPainter, rect: QRect, line: Line, ink: Ink) -> None:
        """Each cell draws its part of what goes across the row: a message, a value, or how far a file is."""
        painter.save()
        painter.setClipRect(rect)
        message = line.kind is Kind.MESSAGE
        header = self._view.horizontalHeader()
        first = NAME if message else SHAPE
        left = self._view.columnViewportPosition(first) + (INDENT + ARROW + PAD // 2 if message else PAD)
        right = self._view.columnViewportPosition(NAME) + header.length() - PAD
        if line.kind is Kind.LOADING and line.progress is not None:
            left += _draw_progress(painter, QRectF(left, rect.center().y() - _BAR / 2 + 0.5, min(160, (right - left) // 2), _BAR),
                                   line.progress, ink)
        colour = ink.text if line.kind is Kind.VALUE else ink.calm if line.kind is Kind.LOADING else ink.danger
        self._text(painter, left, rect, right - left, line.texts[first], colour)
        painter.restore()


def _draw_progress(painter: QPainter, bar: QRectF, progress: float, ink: Ink) -> int:
    """How much room it took, to the left of what follows."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink.track)
    painter.drawRoundedRect(bar, _BAR / 2, _BAR / 2)
    painter.setBrush(ink.accent)
    painter.drawRoundedRect(QRectF(bar.left(), bar.top(), max(_BAR, bar.width() * progress), _BAR), _BAR / 2, _BAR / 2)
    return int(bar.width()) + PAD + GAP


def _draw_share(painter: QPainter, cell: QRect, share: float, ink: Ink) -> None:
    """A bar behind the bytes of a group: its part of the file."""
    width = (cell.width() - PAD) * share
    if width < 2:
        return
    bar = QRectF(cell.right() + 1 - PAD / 2 - width, cell.top() + 4, width, cell.height() - 8)
    colour = QColor(ink.accent)
    colour.setAlphaF(0.14)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(bar, 2, 2)
