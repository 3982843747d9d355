"""Draws the rows of the tree: indent, arrow, picture and name in the first column, calm sums of groups, numbers to the right,
values and progress across columns. Only what is on the screen is ever drawn, and from short texts, so a screenful is cheap.
"""
from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QStyleOptionViewItem, QTableView

from inspector.gui.kit import theme
from inspector.gui.models.tree_lines import UNREAD, UNREADABLE, Spark
from inspector.gui.models.tree_model import BYTES, NAME, NAN, NUMBERS, SHAPE, VALUES, ZEROS, Kind, Line, TreeModel
from inspector.gui.state.signals import LEVELS, PICTURES, Mark
from inspector.gui.state.signals import Kind as Signs

from .row_painter import ACTIVE, ARROW, FOCUSED, GAP, INDENT, PAD, PICTURE, SELECTED, Ink, RowPainter, arrow_place

Index = QModelIndex | QPersistentModelIndex

MARK = 14                   # a sign at the right edge of a name
PILL, PILL_PAD, GLYPH = 18, 7, 12       # of a sign with words: height, room beside them, its picture
SPARK = 112                 # of a small histogram
NEW_SPARKS = 8              # drawn in one turn of the event loop
NAME_AT_LEAST = 96          # what pills must leave for the name
_BAR = 4
_EDITED = Mark(Signs.EDITED)

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
        self._small = _smaller(view.font())
        self._small_metrics = QFontMetrics(self._small)
        self._new_sparks, self._lacking = 0, False          # drawn in this turn; some were left for the next
        self._turn = QTimer(self)
        self._turn.setSingleShot(True)
        self._turn.timeout.connect(self._draw_more)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Wide enough for the whole text: a double click on the edge of a column asks for it."""
        line, column = self._model.line(index.row()), index.column()
        width = self._metrics.horizontalAdvance(line.text(column)) + 2 * PAD
        if column == VALUES:
            width = SPARK
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
        elif column == VALUES and line.spark is not None:
            spark = self._spark(rect.size(), painter.device().devicePixelRatio(), line.spark, ink)
            if spark is not None:
                painter.drawPixmap(rect.topLeft(), spark)
        else:
            self._cell(painter, rect, line, column, ink)
        if state & FOCUSED and not selected and column == NAME:
            self._frame(painter, rect, ink)

    def _name(self, painter: QPainter, rect: QRect, line: Line, ink: Ink) -> None:
        arrow = arrow_rect(line, rect)
        left = arrow.right() + 2
        room = rect.right() - GAP - left - PICTURE - GAP
        if room < PICTURE:                                  # a very narrow column: nothing may stick out of it
            return
        if line.has_children and line.kind is not Kind.FAILED:
            self._arrow(painter, arrow, line.expanded, ink.calm)
        wrong = bool(line.problem)
        picture = "danger" if wrong and line.kind is Kind.TENSOR else "box" if line.packed else _PICTURES[line.kind]
        tint = ink.danger if wrong else ink.calm if line.kind in (Kind.TENSOR, Kind.VALUE) else ink.accent
        painter.drawPixmap(left, rect.top() + (rect.height() - PICTURE) // 2, self._picture(picture, tint, painter))
        right = rect.right() - GAP
        for picture, there, tint in (("bookmark", line.bookmarked, ink.accent), ("link", line.shared, ink.calm)):
            if there and room > 4 * PICTURE:
                painter.drawPixmap(right - MARK, rect.top() + (rect.height() - MARK) // 2, self._picture(picture, tint, painter, MARK))
                right, room = right - MARK - GAP, room - MARK - GAP
        marks = line.marks
        if line.edited and not any(mark.kind is Signs.EDITED for mark in marks):
            marks = (_EDITED, *marks)
        if marks:
            room -= self._marks(painter, rect, right, room, marks, line, ink)
        guilty = line.kind is Kind.FAILED or (line.kind in (Kind.TENSOR, Kind.VALUE)
                                              and any(mark.kind in (Signs.RUNS, Signs.BROKEN) for mark in marks))
        if self._model.query.words and line.kind in (Kind.GROUP, Kind.TENSOR, Kind.VALUE):
            self._mark_hits(painter, left + PICTURE + GAP, rect, self._line(painter, room, line.texts[NAME], middle=True).text)
        self._text(painter, left + PICTURE + GAP, rect, room, line.texts[NAME], ink.danger if guilty else ink.text, middle=True)

    def _mark_hits(self, painter: QPainter, left: int, rect: QRect, shown: str) -> None:
        """A ground under what the filter looks for in a name."""
        ground = QColor(theme.colours(self._view.palette()).warning_background)
        for first, last in self._model.query.places_in(shown):
            start = self._metrics.horizontalAdvance(shown[:first])
            painter.fillRect(QRect(left + start, rect.top() + 4, self._metrics.horizontalAdvance(shown[:last]) - start, rect.height() - 8),
                             ground)

    def _marks(self, painter: QPainter, rect: QRect, right: int, room: int, marks: tuple[Mark, ...], line: Line, ink: Ink) -> int:
        """Draws signs to the left of `right` and gives how much of `room` they took: pills as long as the name keeps enough, else
        glyphs."""
        wide = sum(self._pill_width(mark) + GAP for mark in marks)
        narrow = sum(MARK + GAP for _ in marks)
        pills = room - wide >= min(NAME_AT_LEAST, self._metrics.horizontalAdvance(line.texts[NAME]))
        if not pills and room - narrow < 2 * PICTURE:
            return 0
        for mark in reversed(marks):
            if mark.text and pills:
                width = self._pill_width(mark)
                self._pill(painter, QRectF(right - width, rect.top() + (rect.height() - PILL) / 2, width, PILL), mark)
            else:
                width = MARK
                level = LEVELS[mark.kind]
                own = QColor(ink.colours._asdict()["link" if level == "info" else level])
                colour = ink.text if ink.selected and level == "info" else own
                painter.drawPixmap(right - MARK, rect.top() + (rect.height() - MARK) // 2,
                                   self._picture(PICTURES[mark.kind], colour, painter, MARK))
            right -= width + GAP
        return wide if pills else narrow

    def _pill_width(self, mark: Mark) -> int:
        if not mark.text:
            return MARK
        return PILL_PAD + GLYPH + 4 + self._small_metrics.horizontalAdvance(mark.text) + PILL_PAD

    def _pill(self, painter: QPainter, place: QRectF, mark: Mark) -> None:
        colours = theme.colours(self._view.palette())
        level = LEVELS[mark.kind]
        back, text = QColor(colours._asdict()[f"{level}_background"]), QColor(colours._asdict()[level])
        if mark.kind is Signs.RUNS:                         # the one that is filled
            back, text = text, QColor(colours.base)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(back)
        painter.drawRoundedRect(place, PILL / 2, PILL / 2)
        painter.drawPixmap(int(place.left()) + PILL_PAD, int(place.top()) + (PILL - GLYPH) // 2,
                           self._picture(PICTURES[mark.kind], text, painter, GLYPH))
        font = painter.font()
        painter.setFont(self._small)
        painter.setPen(text)
        painter.drawText(place.adjusted(PILL_PAD + GLYPH + 4, 0, 0, 0), int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft),
                         mark.text)
        painter.setFont(font)

    def forget(self) -> None:
        super().forget()
        self._small = _smaller(self._view.font())
        self._small_metrics = QFontMetrics(self._small)

    def _cell(self, painter: QPainter, rect: QRect, line: Line, column: int, ink: Ink) -> None:
        text = line.text(column)
        if not text:
            return
        calm = (line.kind is Kind.GROUP and not line.packed) or line.kind is Kind.FILE or line.part
        if column == BYTES and line.kind is Kind.GROUP:
            _draw_share(painter, rect, line.share, ink)
        if column in (NAN, ZEROS) and text == "0":
            calm = True
        wrong = column == NAN and line.measured and text not in ("0", UNREAD, UNREADABLE)
        room = rect.width() - 2 * PAD
        if line.briefs and column in line.briefs and self._metrics.horizontalAdvance(text) > room:
            text = line.briefs[column]                      # half a number would be another number
        self._text(painter, rect.left() + PAD, rect, room, text, ink.danger if wrong else ink.calm if calm or text == UNREAD else ink.text,
                   right=column in NUMBERS)

    def _spark(self, size: QSize, ratio: float, spark: Spark, ink: Ink) -> QPixmap | None:
        """A small histogram over the range of all rows of its kind; None where it comes with one of the next turns: a screen of new
        ones takes as long as a frame."""
        span = self._model.range_of(spark.kind) or (spark.low, spark.high)
        key = spark, span, size.width(), size.height(), ratio, ink.accent.rgba()
        if key not in self._shapes:
            if not self._turn.isActive():
                self._new_sparks, self._lacking = 0, False
                self._turn.start()
            if self._new_sparks == NEW_SPARKS:
                self._lacking = True
                return None
            self._new_sparks += 1
        cell = QRectF(0, 0, size.width(), size.height())
        return self._kept(key, size, ratio, lambda painter: self._draw_spark(painter, cell, spark, span, ink))

    def _draw_more(self) -> None:
        if self._lacking:
            self._view.viewport().update(self._view.columnViewportPosition(VALUES), 0, self._view.columnWidth(VALUES),
                                         self._view.viewport().height())

    def _draw_spark(self, painter: QPainter, cell: QRectF, spark: Spark, span: tuple[float, float], ink: Ink) -> None:
        """What lies outside of the range is left out."""
        low, high = span
        ground = cell.adjusted(PAD, 4, -PAD, -4)
        scale = ground.width() / (high - low) if high > low else 0.0
        painter.setClipRect(ground)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if low < 0 < high:
            painter.setPen(QPen(ink.track if not ink.selected else ink.text, 1))
            middle = round(ground.left() - low * scale) + 0.5
            painter.drawLine(QPointF(middle, ground.top()), QPointF(middle, ground.bottom()))
        left, right = (ground.left() + (value - low) * scale for value in (spark.low, spark.high))
        right = max(right, left + 1.5)                      # all elements are the same: a stroke
        step = (right - left) / len(spark.heights)
        points = [QPointF(left, ground.bottom())]
        for n, height in enumerate(spark.heights):
            points.append(QPointF(left + (n + 0.5) * step, ground.bottom() - height / 255 * ground.height()))
        points.append(QPointF(right, ground.bottom()))
        fill = QColor(ink.accent)
        fill.setAlphaF(0.3)
        painter.setBrush(fill)
        painter.setPen(QPen(ink.accent, 1))
        painter.drawPolygon(QPolygonF(points))

    def _spanning(self, painter: QPainter, rect: QRect, line: Line, ink: Ink) -> None:
        """Each cell draws its part of what goes across the row: a message, a value, or how far a file is."""
        painter.save()
        painter.setClipRect(rect)
        message = line.kind is Kind.MESSAGE
        header = self._view.horizontalHeader()
        first = NAME if message else SHAPE
        # whichever column stands beside the names
        left = self._view.columnViewportPosition(NAME) + (INDENT + ARROW + PAD // 2 if message else self._view.columnWidth(NAME) + PAD)
        right = self._view.columnViewportPosition(NAME) + header.length() - PAD
        if line.kind is Kind.LOADING and line.progress is not None:
            left += _draw_progress(painter, QRectF(left, rect.center().y() - _BAR / 2 + 0.5, min(160, (right - left) // 2), _BAR),
                                   line.progress, ink)
        runs = any(mark.kind is Signs.RUNS for mark in line.marks)
        colour = ink.calm if line.kind is Kind.LOADING else ink.text if line.kind is Kind.VALUE and not runs else ink.danger
        self._text(painter, left, rect, right - left, line.texts[first], colour)
        painter.restore()


def _smaller(font: QFont) -> QFont:
    made = QFont(font)
    made.setPointSizeF(font.pointSizeF() * 0.86) if font.pointSizeF() > 0 else made.setPixelSize(round(font.pixelSize() * 0.86))
    return made


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
