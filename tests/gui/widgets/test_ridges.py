"""The outline of a ridge: where its bins are drawn."""
from __future__ import annotations

from array import array

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QRectF
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QTableView
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.models.layer_table import RIDGE, LayerTable, Row
from inspector.gui.widgets import ridges
from inspector.gui.widgets.ridges import RidgeDelegate, Span, _outline

CELL = QRectF(10, 2, 100, 21)


def points(counts: list[int], low: float, high: float, span: Span) -> list[tuple[float, float]]:
    found = _outline(core.Ridge(low, high, array("q", counts), 0, 0), CELL, span)
    return [(round(found.at(n).x(), 6), round(found.at(n).y(), 6)) for n in range(found.size())]


def test_that_every_bin_has_a_point_at_its_middle_as_high_as_the_root_of_its_count() -> None:
    assert points([1, 4, 0, 4], 0, 4, (0, 4)) == [(10, 23), (22.5, 13), (47.5, 3), (72.5, 23), (97.5, 3), (110, 23)]


def test_that_of_several_bins_in_a_pixel_the_highest_is_drawn() -> None:
    drawn = points([n % 10 for n in range(1000)], 0, 1, (0, 1))
    assert [y for _, y in drawn] == [23, *[3] * 100, 23]
    assert [int(x) for x, _ in drawn[1:-1]] == list(range(10, 110))


def test_that_only_bins_in_sight_have_points_and_the_ends_lie_just_out_of_it() -> None:
    drawn = points([9] * 10, 0, 10, (4, 6))
    assert drawn == [(5, 23), (35, 3), (85, 3), (115, 23)]
    assert points([9] * 10, 0, 1e300, (-1, 1)) == [(60, 23), (115, 23)]
    assert points([9] * 10, 5, 6, (0, 1e-300)) == [(115, 23), (115, 23)]


def test_that_counts_that_are_all_zero_lie_flat() -> None:
    assert {y for _, y in points([0, 0], 0, 1, (0, 1))} == {23}


@pytest.fixture
def table(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> QTableView:
    """Of twelve ridges in sight, of which one is drawn in a turn."""
    monkeypatch.setattr(ridges, "_AT_ONCE", 0)
    ckpt = core.edit({f"layers.{n}.w": np.linspace(-1, 1, 401, dtype=np.float32) for n in range(12)}, [])
    model = LayerTable()
    model.show_rows(ckpt, "", [Row.of(key, found, 120) for key, found in core.summarize_each(ckpt, [*ckpt.tensors], 1, fine=True)])
    table = QTableView()
    model.setParent(table)
    table.setModel(model)
    delegate = RidgeDelegate(table)
    delegate.set_span((-1.0, 1.0))
    table.setItemDelegateForColumn(RIDGE, delegate)
    for column in range(model.columnCount()):
        table.setColumnHidden(column, column != RIDGE)
    table.setColumnWidth(RIDGE, 300)
    qtbot.addWidget(table)
    table.resize(340, 500)
    table.show()
    return table


def delegate_of(table: QTableView) -> RidgeDelegate:
    found = table.itemDelegateForColumn(RIDGE)
    assert isinstance(found, RidgeDelegate)
    return found


def picture(table: QTableView) -> QImage:
    return table.viewport().grab().toImage()


def test_that_rows_that_come_into_sight_are_drawn_one_after_the_other(table: QTableView, qtbot: QtBot) -> None:
    delegate, drawn = delegate_of(table), set[int]()
    while not delegate.is_whole or not drawn:
        QCoreApplication.processEvents()
        drawn.add(len(delegate._kept))
    assert drawn >= set(range(2, 13))
    whole = picture(table)
    assert whole == picture(table)
    delegate.forget()
    assert picture(table) != whole
    qtbot.waitUntil(lambda: delegate.is_whole)
    assert picture(table) == whole


def test_that_what_was_drawn_stands_until_all_of_it_is_drawn_over_another_span(table: QTableView, qtbot: QtBot) -> None:
    delegate = delegate_of(table)
    qtbot.waitUntil(lambda: delegate.is_whole and len(delegate._kept) == 12)
    before, told, turns = picture(table), list[Span | None](), 0
    delegate.changed.connect(told.append)
    delegate.set_span((-3.0, 3.0))
    while not delegate.is_whole:
        assert not told
        assert delegate.shown == (-1.0, 1.0)
        assert picture(table) == before
        turns += 1
        QCoreApplication.processEvents()
    assert turns > 12
    assert told == [(-3.0, 3.0)]
    assert picture(table) != before
    delegate.set_span((-1.0, 1.0))
    qtbot.waitUntil(lambda: delegate.is_whole)
    assert picture(table) == before


def test_that_a_span_that_is_wanted_no_more_is_drawn_no_further(table: QTableView, qtbot: QtBot) -> None:
    delegate = delegate_of(table)
    qtbot.waitUntil(lambda: delegate.is_whole and len(delegate._kept) == 12)
    told: list[Span | None] = []
    delegate.changed.connect(told.append)
    delegate.set_span((-3.0, 3.0))
    QCoreApplication.processEvents()
    delegate.set_span((-2.0, 2.0))
    assert {key[-1] for key in delegate._kept} == {(-1.0, 1.0)}
    qtbot.waitUntil(lambda: delegate.is_whole)
    assert told == [(-2.0, 2.0)]


def test_that_a_table_that_nobody_sees_is_drawn_over_another_span_at_once(table: QTableView, qtbot: QtBot) -> None:
    delegate = delegate_of(table)
    qtbot.waitUntil(lambda: delegate.is_whole and len(delegate._kept) == 12)
    table.hide()
    delegate.set_span((-3.0, 3.0))
    assert delegate.shown == (-3.0, 3.0)
