"""Numbers beside the plot: one row a measure, one column a tensor. What a screen reader reads instead of the picture."""
from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from inspector import core

from .. import theme, words
from .plot_scales import number, percent

_DIGITS = 8


class Column(NamedTuple):
    """`name` may be anything and is shown as plain text; `nbytes` are logical bytes."""

    name: str
    summary: core.Summary
    nbytes: int


class _Cell(NamedTuple):
    text: str
    odd: bool = False       # NaN and infinities are what people look for


class StatsTable(QTableWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns: list[Column] = []
        self.setAccessibleName(self.tr("Statistics"))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ContiguousSelection)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 10)
        self.verticalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.verticalHeader().setHighlightSections(False)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setTextElideMode(Qt.TextElideMode.ElideMiddle)

    def show_columns(self, columns: Sequence[Column]) -> None:
        if list(columns) == self._columns:
            return
        self._columns = list(columns)
        self.clear()
        rows = self._measures([column.summary for column in columns])
        self.setRowCount(len(rows))
        self.setColumnCount(len(columns))
        self.setVerticalHeaderLabels(rows)
        for i, column in enumerate(columns):
            heading = QTableWidgetItem(core.visible(column.name))
            heading.setToolTip(words.tip(column.name))
            self.setHorizontalHeaderItem(i, heading)
            for row, cell in enumerate(self._cells(column, brief=len(columns) > 1)[:len(rows)]):
                self.setItem(row, i, _item(cell))
        self.horizontalHeader().setVisible(len(columns) > 1)
        alone = len(columns) == 1
        mode = QHeaderView.ResizeMode
        self.horizontalHeader().setSectionResizeMode(mode.Stretch if alone else mode.Interactive)
        if not alone:
            self.resizeColumnsToContents()
            for i in range(len(columns)):
                self.setColumnWidth(i, min(max(self.columnWidth(i), 96), 190))
        self.setMaximumHeight(self.sizeHint().height())         # an empty stripe below would look like one more measure
        self.updateGeometry()

    def text(self) -> str:
        """All of it, or what is selected, as lines of tab-separated cells with their names."""
        chosen = self.selectedRanges()
        rows = range(self.rowCount()) if not chosen else range(chosen[0].topRow(), chosen[0].bottomRow() + 1)
        columns = range(self.columnCount()) if not chosen else range(chosen[0].leftColumn(), chosen[0].rightColumn() + 1)
        lines = []
        if self.columnCount() > 1:
            lines.append("\t".join(["", *(self._said(self.horizontalHeaderItem(c)) for c in columns)]))
        for r in rows:
            lines.append("\t".join([self._said(self.verticalHeaderItem(r)), *(self._said(self.item(r, c)) for c in columns)]))
        return "\n".join(lines)

    def cell(self, measure: str, column: int = 0) -> str:
        """The text beside the row called `measure`; "" when there is none."""
        row = next((r for r in range(self.rowCount()) if self._said(self.verticalHeaderItem(r)) == measure), -1)
        return self._said(self.item(row, column)) if row >= 0 else ""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(self.text())
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            odd = QColor(theme.colours(self.palette()).danger)
            for row in range(self.rowCount()):
                for column in range(self.columnCount()):
                    item = self.item(row, column)
                    if item is not None and item.data(Qt.ItemDataRole.UserRole):
                        item.setForeground(odd)
        elif event.type() == QEvent.Type.FontChange:
            self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 10)
        super().changeEvent(event)

    def sizeHint(self) -> QSize:
        height = self.rowCount() * self.verticalHeader().defaultSectionSize() + 4
        if self.columnCount() > 1:
            height += self.horizontalHeader().sizeHint().height() + self.horizontalScrollBar().sizeHint().height()
        return QSize(320, height)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 4 * self.verticalHeader().defaultSectionSize())

    def _measures(self, summaries: Sequence[core.Summary]) -> list[str]:
        rows = [self.tr("Minimum"), self.tr("Maximum"), self.tr("Mean"), self.tr("Standard deviation"), self.tr("Elements"),
                self.tr("Finite"), self.tr("Zeros"), self.tr("NaN"), self.tr("±Infinity"), self.tr("Size")]
        if any(summary.below or summary.above for summary in summaries):
            rows.append(self.tr("Outside the range"))
        return rows

    def _cells(self, column: Column, *, brief: bool) -> list[_Cell]:
        s = column.summary
        finite = s.numel - s.nan - s.inf
        moments = [_Cell(number(value, _DIGITS) if finite else "—") for value in (s.min, s.max, s.mean, s.std)]
        size = words.size(column.nbytes) if brief else words.exact_size(column.nbytes)
        return [*moments, _Cell(f"{s.numel:,}"), _Cell(_part(finite, s.numel)), _Cell(_part(s.zeros, s.numel)),
                _Cell(_part(s.nan, s.numel), s.nan > 0), _Cell(_part(s.inf, s.numel), s.inf > 0), _Cell(size),
                _Cell(_part(s.below + s.above, s.numel))]

    @staticmethod
    def _said(item: QTableWidgetItem | None) -> str:
        return item.text() if item is not None else ""


def _part(part: int, whole: int) -> str:
    return f"{part:,} ({percent(part, whole)})" if part else "0"


def _item(cell: _Cell) -> QTableWidgetItem:
    item = QTableWidgetItem(cell.text)
    item.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    if cell.odd:
        item.setForeground(QColor(theme.colours().danger))
        font = item.font()
        font.setBold(True)
        item.setFont(font)
        item.setData(Qt.ItemDataRole.UserRole, True)
    return item
