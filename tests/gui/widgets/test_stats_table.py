"""Numbers of several tensors beside each other: whole, whatever room there is."""
from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.widgets.stats_table import Column, StatsTable, shown_name

NAMES = [f"model_state_dict.module.encoder.layers.{n}.linear1.weight" for n in range(3)]
FIRST_TO_LAST = ["NaN", "Min", "Max", "Std"]        # what stays longest


@pytest.fixture
def table(qtbot: QtBot) -> StatsTable:
    table = StatsTable()
    qtbot.addWidget(table)
    values = np.random.default_rng(0).normal(size=123_456).astype(np.float32)
    found = core.summarize({"w": values})["w"]
    table.show_series([Column(name, found, values.nbytes) for name in NAMES])
    table.show()
    return table


def resized(table: StatsTable, width: int) -> None:
    table.resize(width, 160)
    QCoreApplication.processEvents()        # headers are laid out a turn later


def shown(table: StatsTable) -> list[str]:
    return [table.horizontalHeaderItem(column).text() for column in range(table.columnCount()) if not table.isColumnHidden(column)]


@pytest.mark.parametrize("width", [1000, 760, 640, 520, 460])
def test_that_no_number_of_a_row_is_cut(table: StatsTable, width: int) -> None:
    resized(table, width)
    assert sum(table.columnWidth(column) for column in range(table.columnCount())) <= width
    assert set(FIRST_TO_LAST) <= set(shown(table))
    for column in range(table.columnCount()):
        if column and not table.isColumnHidden(column):
            assert table.columnWidth(column) >= table.sizeHintForColumn(column)


def test_that_names_give_way_before_measures_and_come_back(table: StatsTable) -> None:
    resized(table, 2000)
    everything, wide = shown(table), table.columnWidth(0)
    assert everything[-1] == "Size"
    resized(table, sum(table.columnWidth(column) for column in range(table.columnCount())) - 20)
    assert shown(table) == everything
    assert table.columnWidth(0) < wide
    resized(table, 500)
    assert "Size" not in shown(table)
    assert table.cell("Size", 1) == "494 kB"
    assert "494 kB" in table.text()                     # what is not shown is copied all the same
    resized(table, 2000)
    assert (shown(table), table.columnWidth(0)) == (everything, wide)


@pytest.mark.parametrize(("width", "room"), [(760, ""), (460, ""), (460, "m….linear1.weight"), (460, "…0.line…")])
def test_that_names_that_are_shortened_differ(table: StatsTable, width: int, room: str) -> None:
    resized(table, width)
    if room:
        table.setColumnWidth(0, table.fontMetrics().horizontalAdvance(room) + 30)
    names = []
    for row in range(len(NAMES)):
        index, option = table.model().index(row, 0), QStyleOptionViewItem()
        table.itemDelegate().initStyleOption(option, index)
        option.rect = table.visualRect(index)
        names.append(shown_name(option, index, table))
    assert all("…" in name for name in names)
    assert len(set(names)) == len(NAMES)


def test_that_names_beside_that_of_all_together_differ_in_little_room(table: StatsTable) -> None:
    found = core.summarize({"w": np.ones(5, np.float32)})["w"]
    table.show_series([Column(name, found, 20) for name in NAMES], [Column("Together", found, 60)])
    test_that_names_that_are_shortened_differ(table, 460, "m….linear1.weight")


def test_that_what_is_copied_has_the_hyphen_that_programs_read(table: StatsTable) -> None:
    assert table.itemDelegate().displayText("-1.5", table.locale()) == "−1.5"
    least = table.item(0, 4)
    assert least is not None
    assert least.text().startswith("-")
    assert least.text() in table.text()


def test_that_measures_below_each_other_are_all_shown_after_a_narrow_row(table: StatsTable) -> None:
    resized(table, 460)
    found = core.summarize({"w": np.ones(5, np.float32)})["w"]
    table.show_columns([Column(str(n), found, 20) for n in range(10)])
    assert not any(table.isColumnHidden(column) for column in range(10))
