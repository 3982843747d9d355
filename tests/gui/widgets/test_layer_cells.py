"""The cells of the table of layers: drawn without the style, and saying what the model says."""
from __future__ import annotations

from weakref import ref

import numpy as np
import pytest
from PySide6.QtCore import QItemSelectionModel, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QTableView
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.kit import theme
from inspector.gui.models.layer_table import NAME, RIDGE, STD, LayerTable, Row
from inspector.gui.widgets.layer_cells import BAR, LayerCells
from inspector.gui.widgets.row_painter import RowPainter


def rows_of(**arrays: object) -> tuple[core.Checkpoint, list[Row]]:
    ckpt = core.edit(arrays, [])
    return ckpt, [Row.of(key, found, 20) for key, found in core.summarize_each(ckpt, [*arrays], 1, fine=True)]


@pytest.fixture
def table(qtbot: QtBot) -> QTableView:
    made = QTableView()
    qtbot.addWidget(made)
    made.setModel(LayerTable(made))
    made.setItemDelegate(LayerCells(made))
    made.resize(1400, 300)
    made.show()
    return made


def show(table: QTableView, **arrays: object) -> LayerCells:
    model, cells = table.model(), table.itemDelegate()
    assert isinstance(model, LayerTable)
    assert isinstance(cells, LayerCells)
    model.show_rows(*rows_of(**arrays)[:1], "", rows_of(**arrays)[1])
    table.viewport().repaint()
    return cells


def drawn(table: QTableView, row: int, column: int) -> QImage:
    return table.viewport().grab(table.visualRect(table.model().index(row, column))).toImage()


def colours_in(image: QImage) -> set[str]:
    return {QColor(image.pixel(x, y)).name() for x in range(image.width()) for y in range(image.height())}


def test_that_every_cell_says_what_the_model_has(table: QTableView) -> None:
    cells = show(table, weight=np.arange(6, dtype=np.float32).reshape(2, 3))
    model = table.model()
    said = [str(model.data(model.index(0, column))) for column in range(RIDGE)]
    assert "weight" in said
    assert set(said) <= set(cells.laid_out)


def test_that_nothing_is_kept_of_a_file_that_is_shown_no_more(table: QTableView) -> None:
    show(table, weight=np.arange(6, dtype=np.float32).reshape(2, 3))
    model = table.model()
    assert isinstance(model, LayerTable)
    ridge = model.row_at(0).ridge
    assert ridge is not None
    kept = ref(ridge.counts)
    del ridge
    assert kept() is not None
    model.show_rows(None, "", [])
    assert kept() is None


def test_that_other_figures_of_the_same_key_are_drawn(table: QTableView) -> None:
    show(table, weight=np.full((2, 3), 0.5, np.float32))
    cells = show(table, weight=np.full((2, 3), 77.25, np.float32))
    assert any("77.25" in text for text in cells.laid_out)


def test_that_a_name_with_nan_is_drawn_in_the_colour_of_danger(table: QTableView) -> None:
    calm = np.ones((2, 3), np.float32)
    bad = calm.copy()
    bad[0, 0] = np.nan
    show(table, bad=bad, calm=calm)
    c = theme.colours(table.palette())
    reddest = {name: max((QColor(colour).red() - QColor(colour).blue() for colour in colours_in(drawn(table, row, NAME))), default=0)
               for row, name in enumerate(("bad", "calm"))}
    assert c.danger
    assert reddest["bad"] > 60 > reddest["calm"] + 30


def test_that_a_selected_row_is_drawn_on_the_highlight(table: QTableView) -> None:
    show(table, one=np.ones((2, 3), np.float32), two=np.ones((2, 3), np.float32))
    index = table.model().index(1, NAME)
    before = drawn(table, 1, NAME).pixelColor(2, 2)
    table.selectionModel().select(index, QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows)
    highlights = {table.palette().color(group, table.palette().ColorRole.Highlight).name()
                  for group in (table.palette().ColorGroup.Active, table.palette().ColorGroup.Inactive)}
    assert drawn(table, 1, NAME).pixelColor(2, 2).name() in highlights
    assert before.name() not in highlights


def test_that_a_double_click_on_the_edge_makes_a_column_wide_enough(table: QTableView) -> None:
    show(table, **{"a.rather.long.name.of.a.tensor.that.needs.room": np.ones((2, 3), np.float32)})
    table.setColumnWidth(NAME, 30)
    table.resizeColumnToContents(NAME)
    name = str(table.model().data(table.model().index(0, NAME), Qt.ItemDataRole.DisplayRole))
    assert table.columnWidth(NAME) >= table.fontMetrics().horizontalAdvance(name) + 16


def test_that_a_name_is_drawn_anew_when_more_of_it_is_left_out(table: QTableView) -> None:
    model, cells = table.model(), table.itemDelegate()
    assert isinstance(model, LayerTable)
    assert isinstance(cells, LayerCells)
    ckpt, rows = rows_of(**{"layers.0.w": np.ones(4), "layers.1.w": np.ones(4)})
    for prefix, said in (("", "layers.0.w"), ("layers", "0.w")):
        model.show_rows(ckpt, prefix, rows)                 # the same rows
        table.viewport().repaint()
        assert cells._cell(model.index(0, NAME), NAME)[0] == said


def test_that_a_bar_is_as_long_as_a_deviation_is_great(table: QTableView) -> None:
    sample = np.array([-1, 1], np.float32)
    cells = show(table, a=sample * 2, b=sample, none=sample * 0)
    cells.bars = True
    cells.forget()
    table.setColumnWidth(STD, 130)
    table.viewport().repaint()
    accent = QColor(theme.colours().accent).name()

    def long(row: int) -> int:
        image = drawn(table, row, STD)
        return max(sum(QColor(image.pixel(x, y)).name() == accent for x in range(image.width())) for y in range(image.height()))

    assert [long(row) for row in range(3)] == [BAR, BAR // 2, 0]


def test_that_shapes_are_drawn_once_and_anew_in_other_colours(qtbot: QtBot) -> None:
    table, drawn = QTableView(), list[float]()
    qtbot.addWidget(table)
    painter = RowPainter(table)

    def draw(onto: QPainter) -> None:
        drawn.append(onto.device().devicePixelRatio())
        onto.fillRect(0, 0, 2, 4, QColor("#ff0000"))

    found = [painter._kept("half", QSize(4, 4), 2.0, draw).toImage() for _ in range(3)]
    assert drawn == [2.0]
    assert [found[0].pixelColor(x, 3).alpha() for x in (0, 3, 4, 7)] == [255, 255, 0, 0]
    painter.forget()
    painter._kept("half", QSize(4, 4), 2.0, draw)
    assert drawn == [2.0, 2.0]
