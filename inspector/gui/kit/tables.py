"""How tables look, whatever is in them: calm, without a grid, left by the Tab key."""
from __future__ import annotations

from typing import Any

from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QStyledItemDelegate, QTableView

from inspector import core

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


def calm(table: QTableView, name: str, *, padding: int = 9) -> None:
    """`name` is what a screen reader calls it; rows are `padding` higher than the text. Nothing is edited, wrapped or framed, and no
    header is emphasised where cells are selected."""
    if type(table.itemDelegate()) is QStyledItemDelegate:       # nobody draws its cells in another way
        keep_order(table)
    table.setAccessibleName(name)
    table.setFrameShape(QFrame.Shape.NoFrame)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setTabKeyNavigation(False)
    table.setCornerButtonEnabled(False)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
    table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    for header in (table.horizontalHeader(), table.verticalHeader()):
        header.setHighlightSections(False)
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + padding)


class _Cells(QStyledItemDelegate):
    def displayText(self, value: Any, locale: QLocale | QLocale.Language) -> str:
        return core.isolated(super().displayText(value, locale))


def keep_order(view: QAbstractItemView | None) -> None:
    """Names with segments that run from right to left keep the order of their segments in it. None: Qt says so of completers."""
    if view is not None:
        view.setItemDelegate(_Cells(view))


def selected_rows(table: QAbstractItemView) -> list[int]:
    """The rows in which something is selected, from the top down. Qt's own list has an object for each, and asks the model about each cell:
    for a hundred thousand it takes seconds."""
    runs = [range(part.top(), part.bottom() + 1) for part in table.selectionModel().selection().toList()]
    return list(runs[0]) if len(runs) == 1 else sorted(set[int]().union(*runs))


def list_rows(table: QTableView) -> None:
    """Its rows are what is selected, and have no numbers."""
    table.setProperty("sheet", True)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.verticalHeader().hide()
    table.horizontalHeader().setDefaultAlignment(_LEFT)
