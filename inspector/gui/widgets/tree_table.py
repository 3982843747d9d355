"""A table that looks and behaves like a tree: its model says which rows there are, its delegate draws indent and arrow.

The first column holds the names, takes the room that the others leave, and its arrows fold and unfold.
"""
from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Protocol

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QPersistentModelIndex, Qt, QTimer
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QMenu, QTableView, QWidget

from inspector.gui.kit import tables

from .row_painter import GAP, PICTURE, RowPainter, arrow_place

NAME = 0                    # the column
_AT_ONCE = 0.006            # seconds of a turn in which lines are copied
_FEW = 20                   # lines from one look at the clock to the next

_SELECT = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows


class Row(Protocol):
    """What the table needs to know of a row."""

    @property
    def depth(self) -> int: ...
    @property
    def has_children(self) -> bool: ...
    @property
    def expanded(self) -> bool: ...


class Rows(Protocol):
    """The model, as far as the table speaks to it."""

    def line(self, row: int) -> Row: ...
    def parent_row(self, row: int) -> int | None: ...
    def set_expanded(self, row: int, expanded: bool) -> None: ...
    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = ...) -> int: ...
    def index(self, row: int, column: int, parent: QModelIndex | QPersistentModelIndex = ...) -> QModelIndex: ...


class TreeTable(QTableView):
    name_at_least = 150         # device-independent pixels

    def __init__(self, rows: Rows, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = rows
        self._fitted = 0        # how wide all columns are while they fill the view
        self._painting = QTimer(self)
        self._painting.setSingleShot(True)
        self._painting.timeout.connect(lambda: self.viewport().setUpdatesEnabled(True))
        self._to_copy: Iterator[str] = iter(())
        self._copied: list[str] = []
        self._copying = QTimer(self)
        self._copying.timeout.connect(self._copy_some)

    # -- looks --------------------------------------------------------------------------------------------------------

    def _set_looks(self, delegate: RowPainter, accessible_name: str) -> None:
        self.delegate = delegate
        self.setItemDelegate(delegate)
        tables.calm(self, accessible_name)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.verticalHeader().hide()
        self._fit_rows()

    def _head(self) -> None:
        """Once the model is set."""
        model = self.model()
        for signal in (model.rowsAboutToBeInserted, model.rowsAboutToBeRemoved, model.modelAboutToBeReset):
            signal.connect(self._copy_rest)         # lines are of rows as they stand
        header = self.horizontalHeader()
        header.setSectionsClickable(True)
        header.setMinimumSectionSize(36)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        # a header asks whether whole columns are selected, cell by cell: at a million rows, for minutes. Ours shows no selection
        for each in (header, self.verticalHeader()):
            each.setSelectionModel(QItemSelectionModel(self.model(), each))

    def _fit_rows(self) -> None:
        self.verticalHeader().setDefaultSectionSize(max(PICTURE, self.fontMetrics().height()) + 2 * GAP - 2)

    def _fit_name(self) -> None:
        """Gives the first column what the others leave."""
        others = self.horizontalHeader().length() - self.columnWidth(NAME)
        self.setColumnWidth(NAME, max(self.name_at_least, self.viewport().width() - others))
        self._fitted = self.horizontalHeader().length()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # columns that filled the view go on filling it; those somebody pulled otherwise stay
        if self.horizontalHeader().length() in (self._fitted, event.oldSize().width()):
            self._fit_name()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            if getattr(self, "delegate", None) is not None:         # not while the base class is still being made
                self.delegate.forget()
            self._fit_rows()

    # -- rows ---------------------------------------------------------------------------------------------------------

    def paint_later(self) -> None:
        """Many rows came, which took half a frame: they are painted in a turn of their own, and what was there stays until then."""
        self.viewport().setUpdatesEnabled(False)
        self._painting.start()

    @property
    def paints_later(self) -> bool:
        return self._painting.isActive()

    def select_row(self, row: int) -> None:
        """Makes `row` the only selected row, as a click on it would."""
        index = self._rows.index(row, NAME)
        self.selectionModel().setCurrentIndex(index, _SELECT)
        self.scrollTo(index)

    def set_expanded(self, row: int, expanded: bool) -> None:
        self._rows.set_expanded(row, expanded)

    def folds(self, row: int) -> bool:
        """Whether the arrow of a row does anything."""
        return self._rows.line(row).has_children

    # -- keys ---------------------------------------------------------------------------------------------------------

    def _tree_key(self, key: int, row: int) -> bool:
        """Left, Right and Enter; False for other keys."""
        line = self._rows.line(row)
        if key == Qt.Key.Key_Right:
            if line.has_children and not line.expanded:
                self._rows.set_expanded(row, True)
            elif line.has_children and row + 1 < self._rows.rowCount():
                self.select_row(row + 1)
        elif key == Qt.Key.Key_Left:
            up = self._rows.parent_row(row)
            if line.expanded and self.folds(row):
                self.set_expanded(row, False)
            elif up is not None:
                self.select_row(up)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.set_expanded(row, not line.expanded)
        else:
            return False
        return True

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        """Home and End mean rows, not columns."""
        ends = {QAbstractItemView.CursorAction.MoveHome: 0, QAbstractItemView.CursorAction.MoveEnd: self._rows.rowCount() - 1}
        return self._rows.index(ends[action], NAME) if action in ends else super().moveCursor(action, modifiers)

    # -- mouse --------------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self._arrow_at(event)
        if row is None:
            super().mousePressEvent(event)
        else:
            self.set_expanded(row, not self._rows.line(row).expanded)
            event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        row = self._arrow_at(event)
        if row is None and event.button() == Qt.MouseButton.LeftButton:
            row = self.rowAt(event.position().toPoint().y())
        if row is not None and row >= 0:
            self.set_expanded(row, not self._rows.line(row).expanded)
            event.accept()

    def _arrow_at(self, event: QMouseEvent) -> int | None:
        """The row whose arrow is clicked, if one is."""
        point = event.position().toPoint()
        index = self.indexAt(point)
        if event.button() != Qt.MouseButton.LeftButton or not index.isValid() or index.column() != NAME:
            return None
        hit = self.folds(index.row()) and arrow_place(self._rows.line(index.row()).depth, self.visualRect(index)).contains(point)
        return index.row() if hit else None

    # -- menu and clipboard -------------------------------------------------------------------------------------------

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        row = self.currentIndex().row() if by_key else self.rowAt(event.pos().y())
        if row >= 0:
            place = self.visualRect(self._rows.index(row, NAME)).center() if by_key else event.pos()
            self.menu_for(row).popup(self.viewport().mapToGlobal(place))

    def menu_for(self, row: int) -> QMenu:
        """What can be done with a row."""
        raise NotImplementedError

    def _copy(self, lines: Iterable[str]) -> None:
        """Puts lines on the clipboard: at once, or soon where there are many, of which a hundred thousand take a second."""
        self._to_copy, self._copied = iter(lines), []
        self._copying.start()
        self._copy_some()

    def _copy_some(self) -> None:
        until = time.perf_counter() + _AT_ONCE
        while some := [*islice(self._to_copy, _FEW)]:
            self._copied += some
            if time.perf_counter() > until:
                return
        self._copy_rest()

    def _copy_rest(self) -> None:
        if self._copying.isActive():
            self._copying.stop()
            text = "\n".join([*self._copied, *self._to_copy])
            self._to_copy, self._copied = iter(()), []
            if text:
                QGuiApplication.clipboard().setText(text)
