"""Numbers beside the plot: one row a measure, or, of several tensors, one row a tensor, which is the legend, too: what is checked is drawn.
What a screen reader reads instead of the picture."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from PySide6.QtCore import QEvent, QLocale, QModelIndex, QPersistentModelIndex, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QKeyEvent, QKeySequence, QMouseEvent, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from inspector import core
from inspector.gui.kit import tables, theme, words
from inspector.gui.models.plot_scales import number, percent, typeset

from .row_painter import elided_name

_DIGITS = 8
_BRIEFLY = 4                    # digits where measures stand beside each other
_NAMES, _SHORT_NAMES = 240, 150     # pixels for the names of tensors, at the most, and where the numbers beside them need the room
_BOX = 8                        # pixels
_MARGIN = 4                     # pixels beside a text
_GIVE_WAY = (10, 9, 8, 6, 3, 2)     # columns, the first to go where there is no room: size, elements, norm, mean, zeros, infinities
_SWATCH = 11                    # pixels of a square of colour


class Column(NamedTuple):
    """`name` may be anything and is shown as plain text; `nbytes` are what it takes: of a packed tensor, all its parts."""

    name: str
    summary: core.Summary
    nbytes: int


class _Cell(NamedTuple):
    text: str
    nonfinite: bool = False       # NaN and infinities are what people look for


class _Cells(QStyledItemDelegate):
    """Numbers with a minus, and names by whose ends siblings are told apart."""

    def displayText(self, value: object, locale: QLocale | QLocale.Language) -> str:
        return typeset(super().displayText(value, locale))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        table = self.parent()
        if not isinstance(table, StatsTable) or not table.names_rows or index.column():
            super().paint(painter, option, index)
            return
        own = QStyleOptionViewItem(option)
        self.initStyleOption(own, index)
        own.text = core.isolated(shown_name(own, index, table))
        table.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, own, painter, table)


def shown_name(option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex, table: QTableWidget) -> str:
    """What of the name in the first column there is room for; from where the names differ, if they were all alike without that."""
    room = table.style().subElementRect(QStyle.SubElement.SE_ItemViewItemText, option, table).width() - 2 * _MARGIN
    name, metrics = str(index.data()), option.fontMetrics
    cut = elided_name(name, room, metrics)
    names = [item.text() for row in range(table.rowCount()) if (item := table.item(row, 0)) is not None]
    same = [other for other in names if elided_name(other, room, metrics) == cut]
    if cut == name or len(same) == 1:
        return cut
    first, last = min(same), max(same)          # what begins both, begins all
    alike = first.rfind(".", 0, next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), 0)) + 1
    if not alike:
        return cut
    return metrics.elidedText("…" + name[alike:], Qt.TextElideMode.ElideRight, room)


class StatsTable(QTableWidget):
    checked_changed = Signal()      # other rows are to be drawn

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns: list[Column] = []
        self._across = False
        self._series = 0                    # rows that are drawn where they are checked: the first ones
        self._pressed = -1                  # the row whose name the mouse went down on
        tables.calm(self, self.tr("Statistics"), padding=10)
        self.setItemDelegate(_Cells(self))
        self.setSelectionMode(QAbstractItemView.SelectionMode.ContiguousSelection)
        self.setAlternatingRowColors(True)
        self.verticalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.horizontalHeader().setTextElideMode(Qt.TextElideMode.ElideMiddle)

    def show_series(self, series: Sequence[Column], rest: Sequence[Column] = ()) -> None:
        """A row each, with the measures that are looked at first beside each other. Before `series` stand a check box and the colour they
        are drawn in; `rest` are more rows, without. What is checked stays so for tensors of the same names."""
        columns = [*series, *rest]
        if self._across and columns == self._columns and self._series == len(series):
            return
        same = self._across and [one.name for one in self._columns[:self._series]] == [one.name for one in series]
        checked = self.checked if same else frozenset(range(len(series)))
        self._columns, self._across, self._series = columns, True, len(series)
        measures = self._measures()
        with QSignalBlocker(self):
            self.clear()
            self.setRowCount(len(columns))
            self.setColumnCount(len(measures) + 1)
            first = QTableWidgetItem(self.tr("Series"))
            first.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            self.setHorizontalHeaderItem(0, first)
            for column, (name, _) in enumerate(measures, 1):
                self.setHorizontalHeaderItem(column, QTableWidgetItem(name))
            for row, one in enumerate(columns):
                self.setVerticalHeaderItem(row, QTableWidgetItem(core.visible(one.name, 200)))
                self.setItem(row, 0, self._name_of(row, one, row in checked))
                for column, (_, cell) in enumerate(measures, 1):
                    self.setItem(row, column, _item(cell(one), number=True))
        self.verticalHeader().hide()
        self.horizontalHeader().setVisible(True)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self._fit()
        self.setMaximumHeight(self.sizeHint().height())
        self.updateGeometry()

    def _fit(self) -> None:
        """A number is shown whole or not at all: where the rows are longer than the table, names are shortened, then the measures go that
        are looked at least. All of them are copied."""
        header, room = self.horizontalHeader(), self.viewport().width()
        for n in range(self.columnCount()):             # what is hidden says that it needs no room
            self.setColumnHidden(n, False)
        widths = [max(self.sizeHintForColumn(n), header.sectionSizeHint(n)) + 1 for n in range(self.columnCount())]
        widths[0] += _BOX                               # the box has a border, which Qt leaves out of what it says of its width
        names = min(widths[0], _NAMES)
        hidden: set[int] = set()
        for n in _GIVE_WAY:
            if sum(widths[1:]) - sum(widths[one] for one in hidden) + min(names, _SHORT_NAMES) <= room:
                break
            hidden.add(n)
        numbers = sum(width for n, width in enumerate(widths) if n and n not in hidden)
        widths[0] = max(min(names, room - numbers), min(names, _SHORT_NAMES))
        for n, width in enumerate(widths):
            self.setColumnHidden(n, n in hidden)
            self.setColumnWidth(n, width)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._across:
            self._fit()

    def _name_of(self, row: int, one: Column, checked: bool) -> QTableWidgetItem:
        item = QTableWidgetItem(core.visible(one.name, 200))
        item.setToolTip(words.tip(one.name))
        if row < self._series:
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if checked else Qt.CheckState.Unchecked)
            item.setData(Qt.ItemDataRole.DecorationRole, self._swatch(row))
        return item

    def _swatch(self, row: int) -> QPixmap:
        shown = theme.colours(self.palette()).series
        made = QPixmap(round(_SWATCH * self.devicePixelRatioF()), round(_SWATCH * self.devicePixelRatioF()))
        made.setDevicePixelRatio(self.devicePixelRatioF())
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(shown[row % len(shown)]))
        painter.drawRoundedRect(0, 0, _SWATCH, _SWATCH, 2.5, 2.5)
        painter.end()
        return made

    @property
    def names_rows(self) -> bool:
        """Whether there is a row for each tensor."""
        return self._across

    @property
    def checked(self) -> frozenset[int]:
        """The rows that are drawn."""
        return frozenset(row for row, item in self._named() if item.checkState() is Qt.CheckState.Checked)

    def _named(self) -> list[tuple[int, QTableWidgetItem]]:
        """The rows that can be checked, with the cell that has the box."""
        return [(row, item) for row in range(self._series) if (item := self.item(row, 0)) is not None]

    def check(self, rows: frozenset[int]) -> None:
        """As if a person had."""
        if rows == self.checked:
            return
        with QSignalBlocker(self):
            for row, item in self._named():
                item.setCheckState(Qt.CheckState.Checked if row in rows else Qt.CheckState.Unchecked)
        self.viewport().update()
        self.checked_changed.emit()

    def check_only(self, row: int) -> None:
        """That one alone; all of them, where it was alone."""
        self.check(frozenset({row}) if self.checked != {row} else frozenset(range(self._series)))

    def show_columns(self, columns: Sequence[Column]) -> None:
        if not self._across and list(columns) == self._columns:
            return
        self._columns, self._across, self._series = list(columns), False, 0
        self.clear()
        for n in range(self.columnCount()):
            self.setColumnHidden(n, False)
        self.verticalHeader().show()
        rows = self._rows(columns)
        self.setRowCount(len(rows))
        self.setColumnCount(len(columns))
        self.setVerticalHeaderLabels([name for name, _ in rows])
        for i, column in enumerate(columns):
            heading = QTableWidgetItem(core.isolated(core.visible(column.name)))
            heading.setToolTip(words.tip(column.name))
            self.setHorizontalHeaderItem(i, heading)
            for row, (_, cell) in enumerate(rows):
                self.setItem(row, i, _item(cell(column)))
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
        if self.columnCount() > 1 or self._across:
            named = [] if self._across and 0 in columns else [""]
            lines.append("\t".join([*named, *(self._said(self.horizontalHeaderItem(c)) for c in columns)]))
        for r in rows:
            named = [] if self._across and 0 in columns else [self._said(self.verticalHeaderItem(r))]
            lines.append("\t".join([*named, *(self._said(self.item(r, c)) for c in columns)]))
        return "\n".join(lines)

    def cell(self, measure: str, column: int = 0) -> str:
        """What `measure` is of the tensor that is so far from the first; "" when there is none."""
        if self._across:
            place = next((c for c in range(self.columnCount()) if self._said(self.horizontalHeaderItem(c)) == measure), -1)
            return self._said(self.item(column, place)) if place >= 0 else ""
        row = next((r for r in range(self.rowCount()) if self._said(self.verticalHeaderItem(r)) == measure), -1)
        return self._said(self.item(row, column)) if row >= 0 else ""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(self.text())
        elif event.key() == Qt.Key.Key_Space and 0 <= self.currentRow() < self._series:
            self.check(self.checked ^ {self.currentRow()})
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and 0 <= self.currentRow() < self._series:
            self.check_only(self.currentRow())
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        plain = event.button() == Qt.MouseButton.LeftButton and event.modifiers() == Qt.KeyboardModifier.NoModifier
        self._pressed = index.row() if plain and index.column() == 0 and index.row() < self._series else -1
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Qt toggles where the box is; beside it is the name."""
        before, index = self.checked, self.indexAt(event.position().toPoint())
        super().mouseReleaseEvent(event)
        if self.checked != before:
            self.checked_changed.emit()
        elif index.column() == 0 and index.row() == self._pressed >= 0:
            self.check_only(index.row())
        self._pressed = -1

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            for row, named in self._named():
                named.setData(Qt.ItemDataRole.DecorationRole, self._swatch(row))
            danger = QColor(theme.colours(self.palette()).danger)
            for row in range(self.rowCount()):
                for column in range(self.columnCount()):
                    item = self.item(row, column)
                    if item is not None and item.data(Qt.ItemDataRole.UserRole):
                        item.setForeground(danger)
        elif event.type() == QEvent.Type.FontChange:
            self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 10)
        super().changeEvent(event)

    def sizeHint(self) -> QSize:
        height = self.rowCount() * self.verticalHeader().defaultSectionSize() + 4
        if self.columnCount() > 1 or self._across:
            height += self.horizontalHeader().sizeHint().height() + self.horizontalScrollBar().sizeHint().height()
        return QSize(320, height)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 4 * self.verticalHeader().defaultSectionSize())

    def _measures(self) -> list[tuple[str, Callable[[Column], _Cell]]]:
        return [(self.tr("NaN"), lambda c: _Cell(f"{c.summary.nan:,}", c.summary.nan > 0)),
                (self.tr("Inf"), lambda c: _Cell(f"{c.summary.inf:,}", c.summary.inf > 0)),
                (self.tr("Zeros"), lambda c: _Cell(f"{c.summary.zeros:,}")),
                (self.tr("Min"), lambda c: _value(c, c.summary.min, _BRIEFLY)),
                (self.tr("Max"), lambda c: _value(c, c.summary.max, _BRIEFLY)),
                (self.tr("Mean"), lambda c: _value(c, c.summary.mean, _BRIEFLY)),
                (self.tr("Std"), lambda c: _value(c, c.summary.std, _BRIEFLY)),
                (self.tr("Norm"), lambda c: _value(c, c.summary.l2, _BRIEFLY)),
                (self.tr("Elements"), lambda c: _Cell(f"{c.summary.numel:,}")), (self.tr("Size"), lambda c: _Cell(words.size(c.nbytes)))]

    def _rows(self, columns: Sequence[Column]) -> list[tuple[str, Callable[[Column], _Cell]]]:
        """The measures that these tensors have, and how each is written."""
        found = [column.summary for column in columns]
        several = len(columns) > 1
        rows: list[tuple[str, Callable[[Column], _Cell]]] = [
            (self.tr("Minimum"), lambda c: _value(c, c.summary.min)), (self.tr("Maximum"), lambda c: _value(c, c.summary.max)),
            (self.tr("Mean"), lambda c: _value(c, c.summary.mean)), (self.tr("Standard deviation"), lambda c: _value(c, c.summary.std))]
        if any(s.quantiles and s.finite > 1 for s in found):
            rows += [(self.tr("Median"), lambda c: _quantiles(c, 0.5)), (self.tr("25 % to 75 %"), lambda c: _quantiles(c, 0.25, 0.75)),
                     (self.tr("5 % to 95 %"), lambda c: _quantiles(c, 0.05, 0.95)),
                     (self.tr("1 % to 99 %"), lambda c: _quantiles(c, 0.01, 0.99)),
                     (self.tr("0.1 % to 99.9 %"), lambda c: _quantiles(c, 0.001, 0.999))]
        rows += [(self.tr("Norm (L2)"), lambda c: _value(c, c.summary.l2)), (self.tr("Elements"), lambda c: _Cell(f"{c.summary.numel:,}")),
                 (self.tr("Finite"), lambda c: _Cell(_part(c.summary.finite, c.summary.numel)))]
        counted: list[tuple[bool, tuple[str, Callable[[Column], _Cell]]]] = [
            (any(s.nan for s in found),
             (self.tr("NaN"), lambda c: _Cell(_part(c.summary.nan, c.summary.numel), c.summary.nan > 0))),
            (any(s.inf for s in found),
             (self.tr("±Infinity"), lambda c: _Cell(_part(c.summary.inf, c.summary.numel), c.summary.inf > 0))),
            (any(s.zeros for s in found), (self.tr("Zeros"), lambda c: _Cell(_part(c.summary.zeros, c.summary.numel))))]
        # what there is of them comes first: in a low window nobody sees the end of the table
        rows = [*(row for there, row in counted if there), *rows, *(row for there, row in counted if not there)]
        if any(s.subnormal for s in found):
            rows.append((self.tr("Subnormal"), lambda c: _Cell(_part(c.summary.subnormal, c.summary.numel))))
        if any(s.distinct is not None for s in found):
            rows.append((self.tr("Distinct values"), lambda c: _Cell("—" if c.summary.distinct is None else f"{c.summary.distinct:,}")))
        rows.append((self.tr("Size"), lambda c: _Cell(words.size(c.nbytes) if several else words.exact_size(c.nbytes))))
        if any(s.below or s.above for s in found):
            rows.append((self.tr("Outside the range"), lambda c: _Cell(_part(c.summary.below + c.summary.above, c.summary.numel))))
        return rows

    @staticmethod
    def _said(item: QTableWidgetItem | None) -> str:
        return words.without_marks(item.text()) if item is not None else ""


def _value(column: Column, value: float, digits: int = _DIGITS) -> _Cell:
    return _Cell(number(value, digits) if column.summary.finite else "—")


def _quantiles(column: Column, *shares: float) -> _Cell:
    found = column.summary
    return _Cell(" … ".join(number(found.quantile(share), 6) for share in shares) if found.quantiles else "—")


def _part(part: int, whole: int) -> str:
    return f"{part:,} ({percent(part, whole)})" if part else "0"


def _item(cell: _Cell, *, number: bool = False) -> QTableWidgetItem:
    """`number`: it stands below others, digit below digit."""
    item = QTableWidgetItem(cell.text)
    item.setTextAlignment((Qt.AlignmentFlag.AlignRight if number else Qt.AlignmentFlag.AlignLeft) | Qt.AlignmentFlag.AlignVCenter)
    if cell.nonfinite:
        item.setForeground(QColor(theme.colours().danger))
        font = item.font()
        font.setBold(True)
        item.setFont(font)
        item.setData(Qt.ItemDataRole.UserRole, True)
    return item
