"""The cells of words and figures in the table of layers. A style takes a tenth of a millisecond for each; two hundred rows are a frame."""
from __future__ import annotations

from math import isfinite
from typing import cast

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyleOptionViewItem, QTableView

from inspector.gui.models.layer_table import NAME, SHAPE, STD, LayerTable, Row

from .row_painter import ACTIVE, FOCUSED, PAD, SELECTED, Ink, RowPainter

Index = QModelIndex | QPersistentModelIndex
BAR = 30                        # pixels, of the widest
_KEPT = 8000


class LayerCells(RowPainter):
    """Draws a cell of a `LayerTable` as its `data` has it; its texts are kept for as long as the row is the same, and what names
    are shown without."""

    def __init__(self, view: QTableView) -> None:
        super().__init__(view)
        self.bars = False               # before the deviations
        self._look: tuple[int, str] | None = None
        self._cells: dict[tuple[int, int], tuple[Row, str, str, QColor | None]] = {}    # by row, and the row so that it stays that one
        view.model().modelReset.connect(self._forget_rows)

    def forget(self) -> None:
        super().forget()
        self._forget_rows()

    def _forget_rows(self) -> None:
        """Those of a file that was closed hold what was measured of it."""
        self._cells.clear()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Wide enough for the whole text: a double click on the edge of a column asks for it."""
        return QSize(self._metrics.horizontalAdvance(self._cell(index, index.column())[0]) + 2 * PAD + 2, self._metrics.height())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        look = option.palette.cacheKey(), option.font.key()
        if look != self._look:
            self._look = look
            self.forget()
        state, rect, column = option.state.value, option.rect, index.column()
        selected = bool(state & SELECTED)
        ink = self._ink(bool(state & ACTIVE), selected)
        if selected:
            painter.fillRect(rect, ink.highlight)
        text, colour = self._cell(index, column)
        if column == STD and self.bars and rect.width() >= BAR + self._metrics.horizontalAdvance(text) + 3 * PAD:
            self._bar(painter, rect, cast(LayerTable, index.model()), index.row(), ink)
        self._text(painter, rect.left() + PAD, rect, rect.width() - 2 * PAD, text, ink.text if selected or colour is None else colour,
                   right=column > SHAPE, middle=column == NAME)
        if state & FOCUSED and not selected:
            self._frame(painter, rect, ink)

    def _bar(self, painter: QPainter, rect: QRect, model: LayerTable, row: int, ink: Ink) -> None:
        """The deviation beside that of the widest."""
        summary, widest = model.row_at(row).summary, model.widest
        place = QRect(rect.left() + PAD, rect.center().y() - 2, BAR, 5)
        painter.fillRect(place, ink.track)
        if summary is not None and isfinite(summary.std) and widest > 0:
            place.setWidth(max(round(BAR * summary.std / widest), 1 if summary.std else 0))
            painter.fillRect(place, ink.accent)

    def _cell(self, index: Index, column: int) -> tuple[str, QColor | None]:
        model = cast(LayerTable, index.model())
        row = model.row_at(index.row())
        found = self._cells.get((id(row), column))
        if found is None or found[0] is not row or found[1] != model.prefix:
            if len(self._cells) >= _KEPT:
                self._cells.clear()
            found = row, model.prefix, str(model.data(index)), model.data(index, Qt.ItemDataRole.ForegroundRole)
            self._cells[id(row), column] = found
        return found[2:]
