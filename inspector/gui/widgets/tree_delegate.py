"""Draws the rows of the tree: indent, arrow, picture and name in the first column, calm sums of groups, numbers to the right,
values and progress across columns. Only what is on the screen is ever drawn, and from short texts, so a screenful is cheap.
"""
from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPalette, QPen, QPixmap, QPolygonF, QStaticText, QTransform
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from .. import icons, theme
from ..models.tree_model import BYTES, NAME, PARAMETERS, SHAPE, Kind, Line, TreeModel

Index = QModelIndex | QPersistentModelIndex

PAD = 8                     # device-independent pixels
INDENT = 14
ARROW = 18                  # the place of the arrow
PICTURE = 16
MARK = 12                   # of a tensor that shares its storage, at the right edge of its name
GAP = 6
_NAME_AT_LEAST = 120        # what deep levels must leave for the name
_BAR = 4
_KEPT_TEXTS = 4000
# enum arithmetic is what painting would otherwise spend its time on
_SELECTED = QStyle.StateFlag.State_Selected.value
_ACTIVE = QStyle.StateFlag.State_Active.value
_FOCUSED = QStyle.StateFlag.State_HasFocus.value

_PICTURES = {Kind.FILE: "file", Kind.LOADING: "file", Kind.FAILED: "danger", Kind.GROUP: "group", Kind.TENSOR: "tensor",
             Kind.VALUE: "value"}
_MIDDLE, _END = Qt.TextElideMode.ElideMiddle, Qt.TextElideMode.ElideRight


def arrow_rect(line: Line, cell: QRect) -> QRect:
    """Where the arrow of a row lies in its first cell."""
    return QRect(cell.left() + PAD // 2 + _indent(line.depth, cell.width()), cell.top(), ARROW, cell.height())


def _indent(depth: int, width: int) -> int:
    return min(depth * INDENT, max(0, width - _NAME_AT_LEAST))


class TreeDelegate(QStyledItemDelegate):
    """Python pays for every call into Qt, so colours, texts laid out and pictures are kept until `forget`."""

    def __init__(self, model: TreeModel, view: QTableView) -> None:
        super().__init__(view)
        self._model, self._view = model, view
        self._pictures: dict[tuple[str, int, float], QPixmap] = {}
        self._inks: dict[tuple[bool, bool], _Ink] = {}
        self._laid_out: dict[tuple[str, int, bool], _Text] = {}
        self._metrics = view.fontMetrics()

    def forget(self) -> None:
        """Colours or the font changed."""
        for kept in (self._pictures, self._inks, self._laid_out):
            kept.clear()
        self._metrics = self._view.fontMetrics()

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
        selected = bool(state & _SELECTED)
        ink = self._ink(bool(state & _ACTIVE), selected)
        if selected:
            painter.fillRect(rect, ink.highlight)
        if line.spans and (column != NAME or line.kind is Kind.MESSAGE):
            self._spanning(painter, rect, line, ink)
        elif column == NAME:
            self._name(painter, rect, line, ink)
        else:
            self._cell(painter, rect, line, column, ink)
        if state & _FOCUSED and not selected and column == NAME:
            painter.setPen(QPen(ink.accent, 1, Qt.PenStyle.DotLine))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))

    def _name(self, painter: QPainter, rect: QRect, line: Line, ink: _Ink) -> None:
        arrow = arrow_rect(line, rect)
        left = arrow.right() + 2
        room = rect.right() - GAP - left - PICTURE - GAP
        if room < PICTURE:                                  # a very narrow column: nothing may stick out of it
            return
        if line.has_children and line.kind is not Kind.FAILED:
            _draw_arrow(painter, arrow, line.expanded, ink.calm)
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

    def _cell(self, painter: QPainter, rect: QRect, line: Line, column: int, ink: _Ink) -> None:
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

    def _spanning(self, painter: QPainter, rect: QRect, line: Line, ink: _Ink) -> None:
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

    def _text(self, painter: QPainter, left: int, rect: QRect, room: int, text: str, colour: QColor, *, right: bool = False,
              middle: bool = False) -> None:
        if room <= 0:
            return
        key = (text, room, middle)
        found = self._laid_out.get(key)
        if found is None:
            if len(self._laid_out) >= _KEPT_TEXTS:
                self._laid_out.clear()
            found = self._laid_out[key] = _Text(self._metrics.elidedText(text, _MIDDLE if middle else _END, room), painter.font())
        painter.setPen(colour)
        painter.drawStaticText(left + (room - found.width if right else 0), rect.top() + (rect.height() - found.height + 1) // 2,
                               found.drawn)

    def _ink(self, active: bool, selected: bool) -> _Ink:
        found = self._inks.get((active, selected))
        if found is None:
            group = QPalette.ColorGroup.Active if active else QPalette.ColorGroup.Inactive
            found = self._inks[active, selected] = _Ink(self._view.palette(), group, selected)
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

    __slots__ = ("drawn", "height", "width")

    def __init__(self, text: str, font: QFont) -> None:
        self.drawn = QStaticText(text)
        self.drawn.setTextFormat(Qt.TextFormat.PlainText)
        self.drawn.prepare(QTransform(), font)
        size = self.drawn.size()
        self.width, self.height = round(size.width()), round(size.height())


class _Ink:
    """The colours of one row, from the palette it is drawn with."""

    def __init__(self, palette: QPalette, group: QPalette.ColorGroup, selected: bool) -> None:
        colours = theme.colours(palette)
        chosen = palette.color(group, QPalette.ColorRole.HighlightedText)
        self.highlight = palette.color(group, QPalette.ColorRole.Highlight)
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


def _draw_progress(painter: QPainter, bar: QRectF, progress: float, ink: _Ink) -> int:
    """How much room it took, to the left of what follows."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink.track)
    painter.drawRoundedRect(bar, _BAR / 2, _BAR / 2)
    painter.setBrush(ink.accent)
    painter.drawRoundedRect(QRectF(bar.left(), bar.top(), max(_BAR, bar.width() * progress), _BAR), _BAR / 2, _BAR / 2)
    return int(bar.width()) + PAD + GAP


def _draw_share(painter: QPainter, cell: QRect, share: float, ink: _Ink) -> None:
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
