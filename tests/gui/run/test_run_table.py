"""The run as a table: the numbers of the strip, cell by cell, for eyes and for a screen reader."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.run.page import RunPage
from inspector.gui.state.tasks import Tasks


@pytest.fixture
def page(qtbot: QtBot, tmp_path: Path) -> Any:
    for n in range(1, 4):
        body = np.full((4, 4), float(2 ** n), np.float32)
        if n == 3:
            body[0, 0] = np.nan
        core.save({"epoch": n, "loss": 1 / n, "body.w": body, "head.w": np.ones(3, np.float32)}, tmp_path / f"{n}.pth")
    tasks = Tasks()
    page = RunPage(tasks)
    qtbot.addWidget(page)
    page.resize(1000, 700)
    page.show()
    page.show_paths((str(tmp_path),))
    qtbot.waitUntil(lambda: page.reading.tracks is not None and not tasks.running)
    page.as_table.click()
    yield page
    tasks.close()


def cells(page: RunPage, role: Qt.ItemDataRole = Qt.ItemDataRole.DisplayRole) -> list[list[Any]]:
    model = page.numbers.cells
    return [[model.index(row, column).data(role) for column in range(model.columnCount())] for row in range(model.rowCount())]


def test_that_metrics_and_parts_are_rows_and_checkpoints_columns(page: RunPage) -> None:
    model = page.numbers.cells
    assert [model.headerData(n, Qt.Orientation.Vertical) for n in range(model.rowCount())] == ["loss", "body", "head"]
    assert [model.headerData(n, Qt.Orientation.Horizontal) for n in range(3)] == ["epoch 1 A", "epoch 2", "epoch 3 ★ B"]
    assert cells(page) == [["1", "0.5", "0.3333"], ["", "100 %", "NaN"], ["", "0 %", "0 %"]]
    page._measure("norm")
    assert cells(page)[1] == ["8", "16", "NaN"]
    page._measure("nan")
    assert cells(page)[1] == ["0", "0", "1"]


def test_that_every_cell_says_where_it_is_and_all_that_is_known(page: RunPage) -> None:
    said = cells(page, Qt.ItemDataRole.AccessibleTextRole)
    assert said[1][1] == "epoch 2, body, change 100 %, norm 16"
    assert said[1][2] == "epoch 3, body, NaN, change 100 %, norm 30.98"
    assert said[0][1] == "epoch 2, loss, 0.5"


def test_that_a_screen_reader_finds_a_table_of_as_many_cells(page: RunPage) -> None:
    found = QAccessible.queryAccessibleInterface(page.numbers)
    assert found is not None
    assert found.role() == QAccessible.Role.Table
    said = [child.text(QAccessible.Text.Name) for n in range(found.childCount()) if (child := found.child(n)) is not None]
    assert len(said) == 4 * 4               # with the headers
    assert {"epoch 2, body, change 100 %, norm 16", "epoch 2, loss, 0.5", "epoch 2", "body"} <= set(said)


def test_that_what_is_current_in_one_is_chosen_in_the_other(page: RunPage, qtbot: QtBot) -> None:
    table, timeline = page.numbers, page.timeline
    timeline.choose(0, 1)
    assert (table.currentIndex().row(), table.currentIndex().column()) == (2, 0)
    table.setFocus()
    qtbot.waitUntil(table.hasFocus)
    qtbot.keyClick(table, Qt.Key.Key_Right)
    assert (timeline.at, timeline.row) == (1, 1)
    qtbot.keyClick(table, Qt.Key.Key_Up)
    qtbot.keyClick(table, Qt.Key.Key_Up)
    assert (timeline.at, timeline.row) == (1, 0)
    assert table.currentIndex().row() == 0                   # the loss: a row above the parts
    qtbot.keyClick(table, Qt.Key.Key_A)
    assert timeline.marks.a == 1
    assert table.cells.headerData(1, Qt.Orientation.Horizontal) == "epoch 2 A"
    with qtbot.waitSignal(page.open_asked) as asked:
        qtbot.keyClick(table, Qt.Key.Key_Return)
    assert str(asked.args[0]).endswith("2.pth")
    page.as_table.click()
    assert timeline.isVisible()
    assert not table.isVisible()
