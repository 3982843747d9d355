"""Kernels as tiles, and the norms of their channels."""
from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from inspector.gui.kit import theme
from inspector.gui.widgets.colour_maps import MAPS
from inspector.gui.widgets.kernel_sheet import KernelCard, KernelSheetView, NormBars, is_sheet, ranked, sheet_image

BLUE_RED = MAPS["blue-red"]
RNG = np.random.default_rng(0)


def colour(image: object, x: int, y: int) -> tuple[int, int, int]:
    found: QColor = image.pixelColor(x, y)  # type: ignore[attr-defined]
    return found.red(), found.green(), found.blue()


def test_that_three_inputs_are_red_green_and_blue_around_the_middle_grey() -> None:
    tiles = np.zeros((2, 3, 1, 3))
    tiles[0, 0, 0, 0], tiles[0, 1, 0, 1], tiles[1, 2, 0, 2] = 2.0, -2.0, 4.0
    image = sheet_image(tiles, common=False, shown=BLUE_RED, dark=False, rgb=True)
    assert (image.width(), image.height()) == (3, 2)
    assert colour(image, 0, 0) == (255, 128, 128)
    assert colour(image, 1, 0) == (128, 0, 128)
    assert colour(image, 2, 1) == (128, 128, 255)
    common = sheet_image(tiles, common=True, shown=BLUE_RED, dark=False, rgb=True)
    assert colour(common, 0, 0) == (191, 128, 128)


def test_that_each_input_is_a_tile_of_its_own_with_nothing_between() -> None:
    tiles = RNG.normal(size=(2, 3, 2, 4))
    image = sheet_image(tiles, common=True, shown=BLUE_RED, dark=False)
    assert (image.width(), image.height()) == (3 * 4 + 2, 4)
    assert [image.pixelColor(x, 3).alpha() for x in range(14)] == [255] * 4 + [0] + [255] * 4 + [0] + [255] * 4
    largest = np.full((1, 1, 2, 4), np.abs(tiles).max())
    alone = sheet_image(np.concatenate([tiles[:, 1:2], largest]), common=True, shown=BLUE_RED, dark=False)
    assert [colour(image, 5 + x, 2) for x in range(4)] == [colour(alone, x, 2) for x in range(4)]


def test_that_nan_has_a_colour_of_its_own() -> None:
    tiles = np.ones((1, 3, 2, 2))
    tiles[0, 1, 0, 1] = np.nan
    image = sheet_image(tiles, common=False, shown=BLUE_RED, dark=False, rgb=True)
    assert image.pixelColor(1, 0).name() == BLUE_RED.nonfinite
    assert sheet_image(tiles[:, 1:2], common=False, shown=BLUE_RED, dark=False).pixelColor(1, 0).name() == BLUE_RED.nonfinite


@pytest.mark.parametrize(("count", "kernel", "size"), [(64, (7, 7), (500, 500)), (4, (3, 3), (500, 300)), (1, (1, 3), (300, 300)),
                                                       (4096, (3, 3), (400, 300)), (10, (64, 64), (220, 200))])
def test_that_tiles_have_square_cells_and_never_overlap(count: int, kernel: tuple[int, int], size: tuple[int, int], qtbot: QtBot) -> None:
    view = KernelSheetView()
    qtbot.addWidget(view)
    view.resize(*size)
    tiles = RNG.normal(size=(count, 1, *kernel))
    view.show_tiles(sheet_image(tiles, common=False, shown=BLUE_RED, dark=False), tiles, 0, list(range(count)))
    view.show()
    columns, cell, gap = view.layout_of_tiles
    first, second = view.place_of(0), view.place_of(1)
    assert (first.width(), first.height()) == (kernel[1] * cell, kernel[0] * cell)
    assert second.left() >= first.right() + gap or second.top() >= first.bottom() + gap
    last = view.place_of(count - 1)
    assert last.bottom() <= view.viewport().height() + view.verticalScrollBar().maximum()
    assert view.place_of(columns - 1).right() <= max(view.viewport().width(), first.width() + 16)
    view.choose(count - 1)
    assert view.place_of(count - 1).intersects(view.viewport().rect().toRectF())


def test_that_elements_are_found_where_they_are_drawn(qtbot: QtBot) -> None:
    view = KernelSheetView()
    qtbot.addWidget(view)
    view.resize(400, 400)
    tiles = RNG.normal(size=(9, 1, 3, 5))
    view.show_tiles(sheet_image(tiles, common=False, shown=BLUE_RED, dark=False), tiles, 20, [*range(8, -1, -1)])
    view.show()
    cell = view.layout_of_tiles[1]
    rect = view.place_of(1)
    assert view.element_at(rect.topLeft() + QPointF(4 * cell + 1, 2 * cell + 1)) == (27, 2, 4)
    chosen: list[int] = []
    view.chosen.connect(chosen.append)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=rect.center().toPoint())
    assert chosen == [27]
    tile = view.tile(27)
    assert tile is not None
    np.testing.assert_array_equal(tile, tiles[7])
    assert view.picture().width() == 2 * view.viewport().width()


def test_that_a_card_reads_out_its_numbers(qtbot: QtBot) -> None:
    card = KernelCard()
    qtbot.addWidget(card)
    card.resize(200, 200)
    card.show()
    card.show_tile(np.array([[[0.5, -1.0], [np.nan, 2.0]]]), ["input 4"], BLUE_RED)
    assert card.accessibleDescription() == "input 4: 0.5 -1; NaN 2"
    assert card.sizeHint().height() > 40
    assert card.grab().width() == 200


def test_that_bars_say_how_many_channels_are_zero_and_which_is_clicked(qtbot: QtBot) -> None:
    bars = NormBars("Norms")
    qtbot.addWidget(bars)
    bars.resize(100, 56)
    bars.show()
    bars.show_norms([1.0, 0.0, 3.0, 0.0])
    assert bars.accessibleDescription() == "4 channels, norms from 0 to 3, 2 of them zero"
    chosen: list[int] = []
    bars.chosen.connect(chosen.append)
    qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, pos=QPoint(60, 20))
    assert chosen == [2]
    bars.show_norms([1.0] * 5000)
    assert bars.grab().width() == 100


def test_that_shapes_are_sheets_where_they_are_kernels() -> None:
    assert [is_sheet(shape) for shape in ((64, 3, 7, 7), (64, 3, 1, 1), (3, 3), (2, 2, 2, 2, 2), (0, 3, 3, 3), (4, 4, 100, 100))] == [
        True, False, False, False, False, False]
    assert ranked(np.array([1.0, 3.0, 2.0, 3.0])) == [1, 3, 2, 0]


@pytest.mark.parametrize("scrolled", [0, 37, 10**6])
@pytest.mark.parametrize(("shape", "size"), [((64, 1, 7, 7), (500, 500)), ((4096, 1, 3, 3), (400, 300)), ((7, 3, 3, 5), (333, 201))])
def test_that_each_tile_is_drawn_where_it_stands(shape: tuple[int, int, int, int], size: tuple[int, int], scrolled: int,
                                                 qtbot: QtBot) -> None:
    view, tiles = KernelSheetView(), RNG.normal(size=shape)
    qtbot.addWidget(view)
    view.resize(*size)
    image, order = sheet_image(tiles, common=False, shown=BLUE_RED, dark=False), RNG.permutation(shape[0]).tolist()
    view.show_tiles(image, tiles, 0, order)
    view.show()
    view.verticalScrollBar().setValue(scrolled)
    found = view.viewport().grab().toImage()
    wanted = QImage(found.size(), found.format())
    wanted.fill(QColor(theme.colours(view.palette()).card))
    painter = QPainter(wanted)
    for place, tile in enumerate(order):
        painter.drawImage(view.place_of(place), image, QRectF(0, tile * shape[2], image.width(), shape[2]))
    painter.end()
    assert found == wanted
