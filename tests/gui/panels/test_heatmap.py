"""The heatmap: what is drawn is what is in the file, near and far; the newest selection only; everything by keys as well."""
from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.core.tensors import channels
from inspector.gui.kit import theme
from inspector.gui.panels import heatmap
from inspector.gui.panels.heatmap import HeatmapPanel
from inspector.gui.state.session import Selection, Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.colour_maps import MAPS, Limits, limits_of, painted, table_of
from inspector.gui.widgets.heatmap_view import _steps
from tests.gui.showing import written
from tests.tables import checkpoint

NAN, INF = float("nan"), float("inf")


class Desk:
    """A panel, and the ways a person makes it show something."""

    def __init__(self, folder: Path, session: Session, tasks: Tasks, qtbot: QtBot) -> None:
        self.folder, self.session, self.tasks, self.qtbot = folder, session, tasks, qtbot
        self.panel = HeatmapPanel(session, tasks)
        qtbot.addWidget(self.panel)
        self.panel.resize(640, 700)
        self.panel.show()
        self.document = 0

    def open(self, arrays: Mapping[str, Any], problems: Mapping[str, str] | None = None) -> core.Checkpoint:
        folder = self.folder / str(len(self.session.documents))
        folder.mkdir()
        ckpt = checkpoint(folder, arrays, problems)
        self.document = self.session.add(ckpt.path).id
        self.session.loaded(self.document, ckpt)
        return ckpt

    def select(self, *keys: str) -> None:
        self.session.select(Selection(self.document, keys[0] if len(keys) == 1 else "group", keys))
        self.wait()

    def wait(self) -> None:
        """Until nothing runs and no timer is about to start something."""
        panel = self.panel
        asked = (panel.requests, panel.detail, panel.value)
        self.qtbot.waitUntil(lambda: not any(requests.phase.is_busy for requests in asked) and not self.tasks.running)

    @property
    def shown(self) -> Any:
        assert self.panel.view.base is not None
        return self.panel.view.base.values


@pytest.fixture
def desk(tmp_path: Path, session: Session, tasks: Tasks, qtbot: QtBot) -> Desk:
    return Desk(tmp_path, session, tasks, qtbot)


def test_that_a_matrix_is_drawn_as_it_is(desk: Desk) -> None:
    values = np.random.default_rng(0).normal(size=(7, 9)).astype(np.float32)
    desk.open({"w": values})
    desk.select("w")
    np.testing.assert_array_equal(desk.shown, values)
    top = float(np.abs(values).max())
    assert (desk.panel.view.limits.low, desk.panel.view.limits.high) == (-top, top)


def test_that_kernels_lie_side_by_side_with_gaps_between(desk: Desk) -> None:
    values = np.random.default_rng(0).normal(size=(4, 3, 5, 5)).astype(np.float32)
    desk.open({"conv": values})
    desk.select("conv")
    desk.panel.slices.choose(mosaic=True)
    desk.wait()
    np.testing.assert_array_equal(desk.shown, values.transpose(0, 2, 1, 3).reshape(20, 15))
    assert desk.panel.view.plane.unit == (5, 5)
    desk.panel.slices.choose(mosaic=False)
    desk.wait()
    np.testing.assert_array_equal(desk.shown, values[0, 0])


def test_that_any_two_dimensions_can_be_chosen_and_the_others_moved(desk: Desk) -> None:
    values = np.arange(2 * 3 * 4 * 40, dtype=np.float32).reshape(2, 3, 4, 40)
    desk.open({"t": values})
    desk.select("t")
    desk.panel.slices.choose(mosaic=False)
    desk.panel.slices.choose(rows=3, cols=1)
    desk.panel.slices.show_element((1, 0, 2, 0))
    desk.wait()
    np.testing.assert_array_equal(desk.shown, values[1, :, 2, :].T)
    desk.panel.slices.step(1)
    desk.wait()
    np.testing.assert_array_equal(desk.shown, values[1, :, 3, :].T)
    desk.panel.slices.step(1)
    assert desk.panel.slices.plane.index[0::2] == (1, 0) or desk.panel.slices.plane.index[2] == 0


def test_that_one_dimension_cannot_go_both_ways(desk: Desk) -> None:
    desk.open({"t": np.zeros((2, 3), np.float32)})
    desk.select("t")
    rows = next(box for box in desk.panel.findChildren(QComboBox) if box.accessibleName() == "Rows")
    rows.setCurrentIndex(1)
    rows.activated.emit(1)
    plane = desk.panel.slices.plane
    assert (plane.rows, plane.cols) == ((1,), (0,))


def test_that_a_vector_is_folded_and_its_end_is_seen(desk: Desk) -> None:
    desk.open({"b": np.arange(1, 101, dtype=np.float32)})
    desk.select("b")
    desk.panel.slices.choose(fold=30)
    desk.wait()
    assert desk.shown.shape == (4, 30)
    view = desk.panel.view
    assert view.plane.position(3, 9) == (99,)
    assert view.plane.position(3, 10) is None
    picture = view.grab().toImage()
    at = view.pixel_of(3.5, 20.5).toPoint() * picture.devicePixelRatio()
    assert picture.pixelColor(at) == QColor(theme.colours().window)


def test_that_a_small_matrix_says_that_every_element_is_drawn(desk: Desk) -> None:
    desk.open({"w": np.ones((4, 5), np.float32)})
    desk.select("w")
    assert "every element drawn" in desk.panel.remark.text()


def test_that_a_large_matrix_is_reduced_and_exact_when_zoomed_in(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heatmap, "EXACT", 1000)
    monkeypatch.setattr(heatmap, "MOST", (20, 20))
    values = np.random.default_rng(1).normal(size=(200, 300)).astype(np.float32)
    desk.open({"w": values})
    desk.select("w")
    view = desk.panel.view
    assert view.base is not None
    assert (view.base.rows.step, view.base.cols.step) == (10, 15)
    assert view.base.values[2, 3] == max(values[20:30, 45:60].flat, key=abs)
    assert desk.panel.remark.text().endswith("each dot is the largest of 10 × 15, exact when you zoom in")
    view.zoom(40, view.pixel_of(100, 150))
    desk.wait()
    assert view.detail is not None
    assert view.detail.exact
    rows, cols = view.in_view
    assert rows.start in view.detail.rows
    assert cols[-1] in view.detail.cols
    row, col = rows[len(rows) // 2], cols[len(cols) // 2]
    assert view.value_at(row, col) == values[row, col]
    view.fit()
    desk.wait()
    view.go_to(57, 123)
    desk.wait()
    assert desk.panel.readout.text().startswith(f"[57, 123]  =  {values[57, 123]!s}")


def test_that_what_a_block_shows_can_be_chosen(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heatmap, "EXACT", 10)
    monkeypatch.setattr(heatmap, "MOST", (2, 2))
    values = np.zeros((20, 20), np.float32)
    values[3, 4] = -9
    desk.open({"w": values})
    desk.select("w")
    assert desk.shown[0, 0] == -9
    box = desk.panel.how
    box.setCurrentIndex(box.findData("mean"))
    box.activated.emit(box.currentIndex())
    desk.wait()
    assert desk.shown[0, 0] == pytest.approx(-0.09)


def test_that_nan_and_infinities_are_said_and_coloured_apart(desk: Desk) -> None:
    desk.open({"w": np.array([[1, NAN], [INF, -1]], np.float32)})
    desk.select("w")
    assert "2 cells with NaN or infinities" in desk.panel.remark.text()
    view = desk.panel.view
    picture = view.grab().toImage()
    odd = QColor(MAPS["blue-red"].nonfinite)
    corner = (view.pixel_of(0, 1) + QPointF(4, 4)).toPoint() * picture.devicePixelRatio()
    assert picture.pixelColor(corner) == odd
    view.go_to(0, 1)
    desk.wait()
    assert "nan" in desk.panel.readout.text()


def test_that_arrow_keys_move_the_cursor_and_others_zoom(desk: Desk, qtbot: QtBot) -> None:
    desk.open({"w": np.arange(30, dtype=np.int64).reshape(5, 6)})
    desk.select("w")
    view = desk.panel.view
    view.go_to(2, 2)
    for key, cell in ((Qt.Key.Key_Right, (2, 3)), (Qt.Key.Key_Down, (3, 3)), (Qt.Key.Key_Up, (2, 3)), (Qt.Key.Key_Left, (2, 2))):
        qtbot.keyClick(view, key)
        assert view.cursor_cell == cell
    desk.wait()
    assert desk.panel.readout.text().split("   ·   ") == ["[2, 2]  =  14", "norm of row 2: 35.76, of column 2: 36.61"]
    before = view.pixels_a_cell
    qtbot.keyClick(view, Qt.Key.Key_Minus)
    qtbot.keyClick(view, Qt.Key.Key_Plus)
    qtbot.keyClick(view, Qt.Key.Key_R)
    assert view.pixels_a_cell == before
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert view.cursor_cell is None


def test_that_the_mouse_reads_drags_and_zooms(desk: Desk, qtbot: QtBot) -> None:
    desk.open({"w": np.arange(10_000, dtype=np.float32).reshape(100, 100)})
    desk.select("w")
    view = desk.panel.view

    def moved() -> bool:                        # again, where what comes beside the picture has made it smaller
        qtbot.mouseMove(view, QPoint(2, 2))     # a pointer that stands where it stood moves nothing
        qtbot.mouseMove(view, view.pixel_of(10.5, 20.5).toPoint())
        return view.cursor_cell == (10, 20)
    desk.qtbot.waitUntil(moved)
    view.zoom(4, view.area.center())
    before = view.in_view
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=view.area.center().toPoint())
    qtbot.mouseMove(view, view.area.center().toPoint() - QPoint(60, 40))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=view.area.center().toPoint())
    assert view.in_view[0].start > before[0].start
    assert view.in_view[1].start > before[1].start


def test_that_the_newest_selection_is_shown(desk: Desk) -> None:
    desk.open({"a": np.zeros((300, 300), np.float32), "b": np.ones((3, 3), np.float32)})
    desk.session.select(Selection(desk.document, "a", ("a",)))
    desk.select("b")
    assert desk.shown.shape == (3, 3)
    assert desk.panel.heading.accessibleName() == "b"


def test_that_pictures_are_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    original = core.reduce_slice
    monkeypatch.setattr(core, "reduce_slice", lambda *args, **more: calls.append(args[1]) or original(*args, **more))
    desk.open({"a": np.zeros((3, 3), np.float32), "b": np.ones((3, 3), np.float32)})
    for key in ("a", "b", "a", "b"):
        desk.select(key)
    assert calls == ["a", "b"]


@pytest.mark.parametrize(("arrays", "said"), [
    ({"w": np.zeros((0, 4), np.float32)}, "No elements"), ({"a": np.zeros(3), "b": np.zeros(3)}, "Select one tensor of these 2")])
def test_that_what_cannot_be_drawn_is_said(desk: Desk, arrays: dict[str, Any], said: str) -> None:
    desk.open(arrays)
    desk.select(*arrays)
    assert said in desk.panel.pages.message.text
    assert desk.panel.pages.message.isVisible()


def test_that_a_broken_tensor_says_what_is_wrong(desk: Desk) -> None:
    desk.open({"w": np.zeros((3, 3), np.float32)}, {"w": "its bytes are not in the file"})
    desk.select("w")
    assert desk.panel.pages.message.text == "Its bytes are not in the file."
    assert desk.panel.pages.message.button.text() == "Try again"


def test_that_it_is_given_away_as_picture_and_text(desk: Desk, tmp_path: Path) -> None:
    desk.open({"../a/b:c": np.array([[1.5, -2], [3, 0.25]], np.float32)})
    desk.select("../a/b:c")
    names = []
    desk.panel.choose_path = lambda parent, title, name, kinds: names.append(name) or str(tmp_path / "out.png")
    desk.panel.save_picture()
    written(desk.qtbot)
    assert names == ["values-.._a_b_c-heatmap.png"]
    assert not QImage(str(tmp_path / "out.png")).isNull()
    desk.panel.choose_path = lambda parent, title, name, kinds: names.append(name) or str(tmp_path / "out.svg")
    desk.panel.save_drawing()
    written(desk.qtbot)
    assert names[1:] == ["values-.._a_b_c-heatmap.svg"]
    root = ElementTree.fromstring((tmp_path / "out.svg").read_bytes())
    assert root.tag.endswith("svg")
    assert any(one.tag.endswith("image") for one in root.iter())            # the blocks
    assert any(char.isdigit() for char in "".join(root.itertext()))         # what the colours stand for
    desk.panel.copy_data()
    desk.wait()
    assert QGuiApplication.clipboard().text() == "1.5\t-2.0\n3.0\t0.25\n"
    desk.panel.choose_path = lambda parent, title, name, kinds: str(tmp_path / "no" / "where.png")
    desk.panel.save_picture()
    written(desk.qtbot)
    assert "cannot be written: No such file or directory" in desk.panel.readout.text()


def test_that_colours_follow_the_choice_and_the_theme(desk: Desk) -> None:
    desk.open({"w": np.array([[-1.0, 1.0]], np.float32)})
    desk.select("w")
    view = desk.panel.view
    seen = set()
    for name, choice in (("blue-red", "light"), ("blue-red", "dark"), ("viridis", "dark")):
        theme.current().choose(choice)
        desk.qtbot.waitUntil(lambda dark=choice == "dark": theme.colours(view.palette()).dark == dark)
        desk.panel.colours.setCurrentIndex(desk.panel.colours.findData(name))
        desk.panel.colours.activated.emit(desk.panel.colours.currentIndex())
        picture = view.grab().toImage()
        seen.add(picture.pixelColor((view.pixel_of(0, 0) + QPointF(5, 5)).toPoint()).name())
    assert len(seen) == 3


def test_that_nothing_is_read_while_it_is_hidden(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.panel.hide()
    monkeypatch.setattr(core, "reduce_slice", lambda *args, **more: pytest.fail("read while hidden"))
    desk.open({"w": np.zeros((3, 3), np.float32)})
    desk.select("w")
    assert not desk.tasks.running


def test_that_every_button_and_choice_has_a_name(desk: Desk) -> None:
    desk.open({"w": np.zeros((3, 3, 3, 3), np.float32)})
    desk.select("w")
    for widget in (*desk.panel.findChildren(QComboBox), *desk.panel.findChildren(QAbstractButton)):
        if widget.isVisible() and widget.focusPolicy() != Qt.FocusPolicy.NoFocus:
            assert widget.accessibleName() or (isinstance(widget, QAbstractButton) and widget.text())


# -- colours -------------------------------------------------------------------------------------------------------------------

def test_that_limits_are_symmetric_and_clip_as_asked() -> None:
    values = np.concatenate([np.linspace(-1, 1, 999), [50.0, NAN, INF]])
    assert limits_of(values, True) == Limits(-50, 50, False)
    clipped = limits_of(values, True, 0.99)
    assert clipped.high == -clipped.low < 1.1
    assert clipped.clipped
    assert limits_of(values, False) == Limits(-1, 50, False)
    assert limits_of(np.array([NAN]), True) == Limits(-1, 1)
    assert limits_of(np.zeros(3), True) == Limits(-1, 1)
    low, high, _ = limits_of(np.full(4, 3.0), False)
    assert low < 3 < high


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("dark", [False, True])
def test_that_lightness_tells_small_from_large_without_hue(name: str, dark: bool) -> None:
    """Along each arm of a map lightness only rises or only falls: what is seen by eyes that see no colours at all."""
    table = table_of(MAPS[name], dark, 101).astype(float)
    light = (table / 255) ** 2.2 @ np.array([0.2126, 0.7152, 0.0722])
    arms = (light[:51], light[50:]) if name in ("blue-red", "purple-orange") else (light,)
    for arm in arms:
        steps = np.diff(arm)
        assert (steps >= -2e-3).all() or (steps <= 2e-3).all()
        assert abs(arm[-1] - arm[0]) > 0.25
    odd = np.array(QColor(MAPS[name].nonfinite).getRgb()[:3], float)
    assert np.abs(table - odd).sum(axis=1).min() > 40


def test_that_numbers_land_on_their_colours_at_the_ends_of_float64() -> None:
    table = table_of(MAPS["grey"], False)
    image = painted(np.array([[-1.7e308, 0.0, 1.7e308, NAN, -INF]]), Limits(-1.7e308, 1.7e308), table, "#ff0000")
    shown = [image.pixelColor(x, 0).red() for x in range(3)]
    assert shown[0] == 0
    assert abs(shown[1] - 128) <= 1
    assert shown[2] == 255
    assert image.pixelColor(3, 0) == image.pixelColor(4, 0) == QColor("#ff0000")


def test_that_a_convolution_opens_as_a_sheet_of_kernels(desk: Desk) -> None:
    values = np.random.default_rng(0).normal(size=(16, 3, 5, 5)).astype(np.float32)
    values[3] = 0
    desk.open({"conv": values, "w": values[0, 0]})
    desk.select("conv")
    page = desk.panel.kernels
    assert page.isVisible()
    assert "16 kernels of 5 × 5, 3 inputs" in desk.panel.remark.text()
    desk.qtbot.mouseClick(page.view.viewport(), Qt.MouseButton.LeftButton, pos=page.view.place_of(7).center().toPoint())
    assert page.current == 7
    np.testing.assert_array_equal(page.view.tile(7), values[7])
    assert page.card.accessibleDescription().startswith("input 0 · red: ")
    desk.select("w")
    assert not page.isVisible()
    assert desk.panel.readout.isVisible()


@pytest.mark.parametrize("width", [640, 1000])
def test_that_the_cards_beside_kernels_come_to_rest_in_any_height(desk: Desk, width: int) -> None:
    """They were as high as their present width had them: a scroll bar made them narrower, lower and itself needless, over and over."""
    desk.open({"conv": np.random.default_rng(0).normal(size=(16, 3, 5, 5)).astype(np.float32)})
    desk.select("conv")
    desk.panel.kernels._choose(7)
    for height in range(420, 860, 2):
        desk.panel.resize(width, height)
        desk.qtbot.wait(1)
    assert desk.panel.kernels.card.height() == desk.panel.kernels.card.heightForWidth(desk.panel.kernels.card.width())


def test_that_many_inputs_are_looked_at_one_by_one(desk: Desk) -> None:
    values = np.random.default_rng(0).normal(size=(8, 6, 3, 3)).astype(np.float32)
    desk.open({"conv": values, "rgb": values[:, :3]})
    desk.select("conv")
    page = desk.panel.kernels
    np.testing.assert_array_equal(page.view.tile(2), values[2, :1])
    desk.panel.slices.show_element((0, 4, 0, 0))
    desk.wait()
    np.testing.assert_array_equal(page.view.tile(2), values[2, 4:5])
    assert desk.panel.colours.isVisible()
    desk.select("rgb")
    np.testing.assert_array_equal(page.view.tile(2), values[2, :3])
    assert not desk.panel.colours.isVisible()           # red, green and blue are
    next(button for button in desk.panel.findChildren(QAbstractButton) if button.text() == "Each" and button.isVisible()).click()
    desk.wait()
    np.testing.assert_array_equal(page.view.tile(2), values[2, :3])
    assert page.view.image_of(2).width() == 3 * 3 + 2           # three tiles in a row
    page._choose(2)
    assert page.card.accessibleDescription().splitlines()[1].startswith("input 1: ")
    assert desk.panel.colours.isVisible()
    page.choose(inputs="norm")
    desk.wait()
    np.testing.assert_allclose(page.view.tile(2)[0], np.sqrt((values[2, :3].astype(np.float64) ** 2).sum(axis=0)))


def test_that_the_slider_says_which_of_how_many_inputs_it_is(desk: Desk) -> None:
    desk.open({"conv": np.random.default_rng(0).normal(size=(8, 6, 3, 3)).astype(np.float32)})
    desk.select("conv")
    said = [label.text() for label in desk.panel.slices.findChildren(QLabel)]
    assert "input 0 of 6" in said
    desk.panel.slices.show_element((0, 4, 0, 0))
    desk.wait()
    caption = next(label for label in desk.panel.slices.findChildren(QLabel) if label.text().startswith("input"))
    assert caption.text() == "input 4 of 6"
    desk.panel.kernels.choose(inputs="norm")
    desk.wait()
    assert not [label for label in desk.panel.slices.findChildren(QLabel) if label.text().startswith("input") and label.isVisible()]


def test_that_alike_kernels_stand_side_by_side_and_lead_to_each_other(desk: Desk) -> None:
    rng = np.random.default_rng(0)
    two = rng.normal(size=(2, 1, 3, 3))
    values = np.concatenate([two[n % 2][None] * (n + 1) + rng.normal(size=(1, 1, 3, 3)) * 1e-3 for n in range(10)]).astype(np.float32)
    desk.open({"conv": values})
    desk.select("conv")
    page = desk.panel.kernels
    page.choose(order="alike")
    desk.wait()
    kinds = [n % 2 for n in page.view._order]
    assert sorted(page.view._order) == list(range(10))
    assert sum(a != b for a, b in itertools.pairwise(kinds)) == 1
    page._choose(4)
    shown = [button for button in page._alike if button.isVisible()]
    assert {button.property("output") for button in shown} == {0, 2, 6, 8}
    assert shown[0].text().endswith("\n1.00")
    shown[0].click()
    assert page.current == shown[0].property("output") or page.current % 2 == 0


def test_that_a_transposed_convolution_swaps_inputs_and_outputs_and_says_so(desk: Desk) -> None:
    values = np.random.default_rng(0).normal(size=(6, 4, 3, 3)).astype(np.float32)
    desk.open({"up.weight": values, "up.bias": np.zeros(4, np.float32)})
    desk.select("up.weight")
    page = desk.panel.kernels
    assert "4 kernels of 3 × 3, 6 inputs · transposed" in desk.panel.remark.text()
    desk.panel.slices.show_element((5, 0, 0, 0))
    desk.wait()
    np.testing.assert_array_equal(page.view.tile(3)[0], values[5, 3])
    asked: list[object] = []
    desk.panel.place_asked.connect(asked.append)
    page.view.choose(2)
    desk.qtbot.keyClick(page.view, Qt.Key.Key_Return)
    assert asked == [(5, 2, 0, 0)]


def test_that_many_kernels_have_pages(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "MOST_KERNELS", 4)
    monkeypatch.setattr(channels, "MOST_KERNELS", 4)
    values = np.random.default_rng(0).normal(size=(10, 1, 3, 3)).astype(np.float32)
    desk.open({"conv": values})
    desk.select("conv")
    page = desk.panel.kernels
    assert page._pages.isVisible()
    assert page._page.text() == "0 to 3 of 10"
    page._on.click()
    desk.wait()
    assert page._page.text() == "4 to 7 of 10"
    np.testing.assert_array_equal(page.view.tile(5), values[5])
    page._on.click()
    desk.wait()
    assert (page._page.text(), page._on.isEnabled()) == ("8 to 9 of 10", False)
    page.outputs.chosen.emit(1)                 # a bar of another page
    desk.wait()
    assert (page._page.text(), page.current) == ("0 to 3 of 10", 1)


def test_that_kernels_are_looked_at_closer(desk: Desk) -> None:
    desk.open({"conv": np.random.default_rng(0).normal(size=(8, 1, 3, 3)).astype(np.float32)})
    desk.select("conv")
    view = desk.panel.kernels.view
    fitting = view.layout_of_tiles[1]
    desk.qtbot.keyClick(view, Qt.Key.Key_Plus)
    assert view.layout_of_tiles[1] > fitting
    for _ in range(12):
        desk.qtbot.keyClick(view, Qt.Key.Key_Minus)
    assert view.layout_of_tiles[1] == 2
    desk.qtbot.keyClick(view, Qt.Key.Key_0)
    assert view.layout_of_tiles[1] == fitting


def test_that_planes_of_a_tensor_lie_side_by_side(desk: Desk) -> None:
    values = np.random.default_rng(0).normal(size=(3, 20, 30)).astype(np.float32)
    desk.open({"planes": values})
    desk.select("planes")
    np.testing.assert_array_equal(desk.shown, np.concatenate(list(values), axis=1))
    assert desk.panel.view.plane.unit == (1, 30)


def test_that_enter_on_a_kernel_or_a_cell_leads_to_its_values(desk: Desk) -> None:
    values = np.random.default_rng(0).normal(size=(8, 6, 3, 3)).astype(np.float32)
    desk.open({"conv": values})
    desk.select("conv")
    asked: list[object] = []
    desk.panel.place_asked.connect(asked.append)
    desk.panel.slices.show_element((0, 5, 0, 0))
    desk.wait()
    view = desk.panel.kernels.view
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_End, Qt.Key.Key_Left, Qt.Key.Key_Return):
        desk.qtbot.keyClick(view, key)
    assert asked == [(6, 5, 0, 0)]
    desk.panel.slices.choose(mosaic=True)
    desk.wait()
    for key in (Qt.Key.Key_End, Qt.Key.Key_Left, Qt.Key.Key_Enter, Qt.Key.Key_Home, Qt.Key.Key_Return):
        desk.qtbot.keyClick(desk.panel.view, key)
    assert asked[1:] == [(7, 5, 2, 1), (0, 0, 0, 0)]


def test_that_a_matrix_has_the_norms_of_its_rows_and_columns_beside_it(desk: Desk) -> None:
    values = np.random.default_rng(0).normal(size=(7, 9)).astype(np.float32)
    values[2] = 0
    values[:, 4:6] = 0
    desk.open({"w": values, "v": np.arange(20, dtype=np.float32), "conv": np.zeros((2, 2, 3, 3), np.float32)})
    desk.select("w")
    assert desk.panel.view.margins is not None
    rows, columns = desk.panel.view.margins
    np.testing.assert_allclose(rows, np.linalg.norm(values.astype(np.float64), axis=1))
    np.testing.assert_allclose(columns, np.linalg.norm(values.astype(np.float64), axis=0))
    assert [chip.text for chip in desk.panel.chips.chips][1:] == ["1 of 7 rows all zero", "2 of 9 columns all zero"]
    assert desk.panel.chips.chips[0].text.endswith(" % zeros")
    area = desk.panel.view.area
    desk.panel.slices.choose(rows=1, cols=0)
    desk.wait()
    np.testing.assert_array_equal(desk.panel.view.margins[0], columns)
    desk.qtbot.keyClick(desk.panel.view, Qt.Key.Key_Right)
    desk.wait()
    assert "norm of row 4: 2.404" in desk.panel.readout.text()
    desk.select("v")
    assert desk.panel.view.margins is None
    assert desk.panel.view.area.top() < area.top()
    assert not desk.panel.chips.chips
    assert not desk.panel.beside.isVisible()


def _drag(desk: Desk, start: QPointF, end: QPointF) -> None:
    view = desk.panel.view
    desk.qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=start.toPoint())
    desk.qtbot.mouseMove(view, end.toPoint())
    desk.qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=end.toPoint())


def test_that_dragging_on_a_strip_looks_at_that_range(desk: Desk) -> None:
    desk.open({"w": np.random.default_rng(0).normal(size=(300, 400)).astype(np.float32)})
    desk.select("w")
    view = desk.panel.view
    whole, top, right = view.in_view, view.pixel_of(0, 100), view.pixel_of(60, 400)
    above = view._seen.top() - 20
    _drag(desk, QPointF(top.x(), above), QPointF(view.pixel_of(0, 180).x(), above))
    rows, cols = view.in_view
    assert rows == whole[0]
    assert abs(cols.start - 100) <= 1
    assert abs(cols.stop - 180) <= 1
    beside = view._seen.right() + 10
    _drag(desk, QPointF(beside, right.y()), QPointF(beside, view.pixel_of(90, 0).y()))
    assert abs(view.in_view[0].start - 60) <= 2
    assert abs(view.in_view[0].stop - 90) <= 2
    assert view.in_view[1] == cols
    before = view.in_view
    desk.qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPointF(view._seen.center().x(), above).toPoint())
    assert view.in_view == before
    desk.qtbot.keyClick(view, Qt.Key.Key_0)
    assert view.in_view == whole


def test_that_norms_means_zeros_or_nothing_stand_beside_a_matrix(desk: Desk) -> None:
    values = np.random.default_rng(0).normal(size=(7, 9)).astype(np.float32)
    values[2], values[3, :5] = 0, 0
    desk.open({"w": values})
    desk.select("w")
    view, wide = desk.panel.view, values.astype(np.float64)

    def choose(data: str) -> None:
        button = next(button for button in desk.panel.beside.findChildren(QAbstractButton) if button.text() == data)
        button.click()

    choose("Mean")
    assert view.margins is not None
    np.testing.assert_allclose(view.margins[0], abs(wide.mean(axis=1)))
    choose("Zeros")
    np.testing.assert_allclose(view.margins[0], (values == 0).mean(axis=1))
    np.testing.assert_allclose(view.margins[1], (values == 0).mean(axis=0))
    assert view._dead is not None
    assert view._dead[0].tolist() == [row == 2 for row in range(7)]
    view.go_to(3, 0)
    assert "zeros in row 3: 55.6%, in column 0: 28.6%" in desk.panel.readout.text()
    top = view.area.top()
    choose("None")
    assert view.margins is None
    assert view.area.top() < top


@pytest.mark.parametrize(("low", "high"), [(0, 1000), (-3.5, 12.25), (990, 1005), (40, 41)])
def test_that_bars_of_margins_show_the_largest_of_what_shares_a_pixel(low: float, high: float) -> None:
    sizes = np.random.default_rng(0).random(1000)
    sizes[41] = 0
    steps = _steps(sizes, low, high, 100.0, 40.0, sizes == 0)
    first, last = max(int(np.floor(low)), 0), min(int(np.ceil(high)), 1000)
    assert max(height for _, _, height, _ in steps) == pytest.approx(sizes[first:last].max() / sizes.max() * 40)
    assert any(zero for *_, zero in steps) == (first <= 41 < last)
    assert all(0 <= a < b <= 100 for a, b, _, _ in steps)


def _order(desk: Desk, text: str) -> QAbstractButton:
    button = next(button for button in desk.panel.order.findChildren(QAbstractButton) if button.text() == text)
    button.click()
    desk.wait()
    return button


def test_that_rows_of_a_matrix_lie_by_norm_or_likeness_and_are_called_by_their_numbers(desk: Desk) -> None:
    base = np.random.default_rng(0).normal(size=(4, 9))
    values = (base[np.arange(12) % 4] * np.linspace(1, 2, 12)[:, None]).astype(np.float32)
    values[5] = 0
    desk.open({"w": values, "conv": np.ones((2, 2, 3, 3), np.float32), "v": np.arange(9, dtype=np.float32)})
    desk.select("w")
    norms = np.linalg.norm(values.astype(np.float64), axis=1)
    ranks = np.argsort(-norms, kind="stable")
    asked: list[object] = []
    desk.panel.place_asked.connect(asked.append)
    _order(desk, "By norm")
    view = desk.panel.view
    np.testing.assert_array_equal(desk.shown, values[ranks])
    assert "rows by norm" in desk.panel.remark.text()
    assert view.margins is not None
    np.testing.assert_allclose(view.margins[0], norms[ranks])
    assert view._dead is not None
    assert view._dead[0].tolist() == [False] * 11 + [True]
    view.go_to(2, 3)
    desk.wait()
    assert desk.panel.readout.text().startswith(f"[{ranks[2]}, 3]  =  {values[ranks[2], 3]!s}")
    assert f"norm of row {ranks[2]}:" in desk.panel.readout.text()
    desk.qtbot.keyClick(view, Qt.Key.Key_Return)
    assert asked == [(ranks[2], 3)]
    desk.panel.copy_data()
    desk.wait()
    copied = [[float(field) for field in line.split("\t")] for line in QGuiApplication.clipboard().text().splitlines()]
    np.testing.assert_array_equal(np.float32(copied), values[ranks])
    _order(desk, "Alike")
    kinds = [n % 4 for n in core.alike_order(values)]
    np.testing.assert_array_equal(desk.shown, values[core.alike_order(values)])
    assert sum(a != b for a, b in itertools.pairwise(kinds[:-1])) == 3
    _order(desk, "As stored")
    np.testing.assert_array_equal(desk.shown, values)
    assert "rows" not in desk.panel.remark.text()
    for other in ("conv", "v"):
        desk.select(other)
        assert not desk.panel.order.isVisible()


def test_that_a_large_matrix_in_another_order_is_exact_when_zoomed_in(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heatmap, "EXACT", 1000)
    monkeypatch.setattr(heatmap, "MOST", (20, 20))
    values = np.random.default_rng(1).normal(size=(200, 300)).astype(np.float32)
    desk.open({"w": values})
    desk.select("w")
    _order(desk, "By norm")
    ranked = values[np.argsort(-np.linalg.norm(values.astype(np.float64), axis=1), kind="stable")]
    assert desk.shown[2, 3] == max(ranked[20:30, 45:60].flat, key=abs)
    view = desk.panel.view
    view.zoom(40, view.pixel_of(100, 150))
    desk.wait()
    assert view.detail is not None
    assert view.detail.exact
    rows, cols = view.in_view
    row, col = rows[len(rows) // 2], cols[len(cols) // 2]
    assert view.value_at(row, col) == ranked[row, col]


def test_that_too_many_rows_are_not_compared_with_each_other_and_the_button_says_why(desk: Desk) -> None:
    desk.open({"many": np.ones((core.ALIKE_AT_MOST + 1, 2), np.float32), "few": np.ones((3, 2), np.float32)})
    desk.select("many")
    button = _order(desk, "Alike")
    assert not button.isEnabled()
    assert "More than 8,192 rows" in button.toolTip()
    desk.select("few")
    assert button.isEnabled()
    assert button.toolTip().startswith("Of the rows.")


def test_that_all_of_a_low_and_narrow_panel_can_be_scrolled_to_and_nothing_is_cut(desk: Desk) -> None:
    desk.open({"fc.weight": np.random.default_rng(3).normal(size=(128, 96)).astype(np.float32),
               "conv.weight": np.random.default_rng(3).normal(size=(64, 3, 5, 5)).astype(np.float32)})
    desk.panel.resize(430, 330)
    for key in ("fc.weight", "conv.weight"):
        desk.select(key)
        inside, area = desk.panel.area.widget(), desk.panel.area
        assert area.verticalScrollBar().maximum() > 0
        assert inside.width() == area.viewport().width()
        for kind in (QComboBox, QAbstractButton):
            for part in inside.findChildren(kind):
                if part.isVisible():
                    assert part.width() >= part.minimumSizeHint().width(), part.accessibleName()
                    right, bottom = part.mapTo(inside, part.rect().bottomRight()).toTuple()
                    assert (right < inside.width(), bottom < inside.height()) == (True, True), part.accessibleName()
        shown = desk.panel.kernels if desk.panel.kernels.isVisible() else desk.panel.view
        assert shown.height() >= heatmap.LEAST_PICTURE
    desk.panel.resize(640, 700)
    desk.wait()
    assert desk.panel.area.verticalScrollBar().maximum() == 0


def test_that_the_wheel_scrolls_past_a_choice_and_changes_nothing(desk: Desk) -> None:
    desk.open({"fc.weight": np.zeros((128, 96), np.float32)})
    desk.panel.resize(430, 330)
    desk.select("fc.weight")
    box, bar = desk.panel.colours, desk.panel.area.verticalScrollBar()
    QTest.wheelEvent(desk.panel.window().windowHandle(), box.mapTo(desk.panel.window(), box.rect().center()), QPoint(0, -120))
    assert (box.currentIndex(), bar.value() > 0) == (0, True)


def test_that_an_element_is_read_with_a_minus(desk: Desk) -> None:
    desk.open({"t": np.full((2, 2), -1.5, np.float32)})
    desk.select("t")
    desk.panel.view.setFocus()
    desk.qtbot.keyClick(desk.panel.view, Qt.Key.Key_Right)
    desk.qtbot.keyClick(desk.panel.view, Qt.Key.Key_Left)
    desk.wait()
    assert desk.panel.readout.text().startswith("[1, 0]  =  −1.5")
