"""Tables of any kind: which rows are selected, of as many as there are."""
from __future__ import annotations

import pytest
from PySide6.QtCore import QAbstractTableModel, QItemSelection, QItemSelectionModel, QModelIndex, QPersistentModelIndex
from PySide6.QtWidgets import QTableView
from pytestqt.qtbot import QtBot

from inspector.gui.kit import tables


class Large(QAbstractTableModel):
    asked = 0

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        self.asked += 1
        return 100_000

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        self.asked += 1
        return 5

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = 0) -> object:
        return None


@pytest.fixture
def table(qtbot: QtBot) -> QTableView:
    made = QTableView()
    qtbot.addWidget(made)
    made.setModel(Large(made))
    tables.list_rows(made)
    return made


def test_that_all_rows_are_told_without_asking_about_each(table: QTableView) -> None:
    table.selectAll()
    model = table.model()
    assert isinstance(model, Large)
    model.asked = 0
    assert tables.selected_rows(table) == list(range(100_000))
    assert model.asked < 100


def test_that_rows_here_and_there_are_told_once_and_in_order(table: QTableView) -> None:
    assert tables.selected_rows(table) == []
    model, chosen = table.model(), QItemSelection()
    for first, last in ((70, 72), (3, 3), (71, 80)):
        chosen.merge(QItemSelection(model.index(first, 0), model.index(last, 4)), QItemSelectionModel.SelectionFlag.Select)
    table.selectionModel().select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)
    assert tables.selected_rows(table) == [3, *range(70, 81)]
