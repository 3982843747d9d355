"""The map of the bytes, by mouse and by keys."""
from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.kit import theme
from inspector.gui.models.box_fills import TINT, Fill
from inspector.gui.widgets import treemap_view
from inspector.gui.widgets.treemap_view import TreemapView, _Pen
from tests.gui.kit.test_theme import contrast
from tests.tables import make

KEYS = {**{f"net.{block}.{name}.weight": (n + 2, 40) for block in range(3) for n, name in enumerate(("attn", "mlp"))},
        "head.weight": (300, 10), "tied.weight": (300, 10), "scale": (1,)}


@pytest.fixture
def view(qtbot: QtBot) -> TreemapView:
    made = TreemapView()
    qtbot.addWidget(made)
    made.resize(800, 400)
    made.show_root(core.byte_map(make(keys=KEYS, tied=("head.weight", "tied.weight"))), lambda box: Fill(theme.LIGHT.series[0], TINT))
    made.show()
    return made


def middle(view: TreemapView, path: str) -> QPoint:
    place = next(place for place in view.places if place.box.path == path)
    down = place.y + place.title / 2 if place.title else place.y + place.height / 2
    return QPoint(round(place.x + place.width / 2), round(down))


def test_that_a_click_chooses_and_a_double_click_goes_in(view: TreemapView, qtbot: QtBot) -> None:
    chosen: list[core.ByteBox] = []
    entered: list[core.ByteBox] = []
    view.chosen.connect(chosen.append)
    view.entered.connect(entered.append)
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=middle(view, "head.weight"))
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=middle(view, "net"))
    qtbot.mouseDClick(view, Qt.MouseButton.LeftButton, pos=middle(view, "net"))
    assert [box.path for box in chosen] == ["head.weight", "net"]
    assert [box.path for box in entered] == ["net"]


def test_that_the_keys_go_everywhere(view: TreemapView, qtbot: QtBot) -> None:
    entered: list[str] = []
    view.entered.connect(lambda box: entered.append(box.path))
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.current is not None
    first = view.current.path
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.current.path != first
    view.mark("net.1.mlp.weight")
    assert view.current is not None
    assert view.current.path == "net.1.mlp.weight"
    qtbot.keyClick(view, Qt.Key.Key_PageUp)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert entered == [view.current.path]
    assert core.is_under("net.1.mlp.weight", entered[0])
    with qtbot.waitSignal(view.left):
        qtbot.keyClick(view, Qt.Key.Key_Backspace)


def test_that_what_is_marked_is_shown_or_the_group_around_it(view: TreemapView) -> None:
    view.mark("net.2.attn.weight")
    assert view.current is not None
    assert view.current.path == "net.2.attn.weight"
    view.mark("net.2.attn.weight.gone")
    assert view.current.path == "net.2.attn.weight"
    view.mark("elsewhere")
    assert view.current is None
    view.mark("")
    assert view.current is None


def test_that_all_of_a_box_is_said(view: TreemapView) -> None:
    view.mark("head.weight")
    assert view.current is not None
    assert view.said(view.current) == "head.weight · 300 × 10 · float32 · 12 kB · 83 % · the same as tied.weight"
    assert view.accessibleDescription().splitlines()[0] == view.said(view.current)
    assert "net · 6 tensors · 2.4 kB · 17 %" in view.accessibleDescription()


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_that_labels_and_edges_stand_out(colours: theme.Colours) -> None:
    for colour in (*colours.series, colours.faint):
        assert contrast(colours.text, theme.tinted(colour, colours.card, TINT).name()) >= 4.5
        assert contrast(colour, colours.card) >= 3
    assert QColor(theme.tinted("#ffffff", "#000000", 0.5)).name() == "#808080"


def test_that_labels_are_whole_or_not_there(view: TreemapView, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[tuple[float, float, str]] = []
    bold: list[bool] = []
    original = treemap_view._Pen.write

    def write(pen: treemap_view._Pen, x: float, y: float, text: str, colour: str, strong: bool = False) -> None:
        written.append((x, y, text))
        bold.append(strong)
        original(pen, x, y, text, colour, strong)

    monkeypatch.setattr(treemap_view._Pen, "write", write)
    for width in (800, 500, 320, 210):
        written.clear()
        bold.clear()
        view.resize(width, 300)
        qtbot.waitUntil(lambda: bool(written))
        metrics = QFontMetricsF(view._small)
        for (x, y, text), strong in zip(written, bold, strict=True):
            place = max((place for place in view.places if place.has(x, y)), key=lambda place: place.depth)
            assert "…" not in text
            if not strong:
                assert x + metrics.horizontalAdvance(text) <= place.x + place.width
        assert any(text == "head.weight" for _, _, text in written)


def test_that_a_hostile_name_is_plain(qtbot: QtBot) -> None:
    view = TreemapView()
    qtbot.addWidget(view)
    view.resize(500, 300)
    view.show_root(core.byte_map(make(keys={"<b>x</b>\n\u202ey": (40, 40), "z": (3,)})), lambda box: Fill("#2f5fd0", TINT))
    view.show()
    assert view.said(view.places[0].box).startswith("<b>x</b>\\n\\u202ey · 40 × 40")
    assert view.picture().width() == 1000


def test_that_boxes_are_laid_out_once_for_all_that_changes_before_they_are_drawn(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[float, float]] = []
    laid_out = core.map_places
    monkeypatch.setattr(treemap_view.core, "map_places", lambda root, width, height, title: (
        made.append((width, height)), laid_out(root, width, height, title))[1])
    shown = TreemapView()
    qtbot.addWidget(shown)
    root = core.byte_map(make(keys=KEYS))
    shown.show_root(root, lambda box: Fill(theme.LIGHT.series[0], TINT))
    shown.mark("net.1")
    shown.resize(700, 300)
    shown.show_root(root, lambda box: Fill(theme.LIGHT.series[1], TINT))
    shown.mark("net.1.mlp.weight")
    assert made == []
    shown.grab()
    assert made == [(700, 300)]
    assert shown.current is not None
    assert shown.current.path == "net.1.mlp.weight"


def test_that_what_is_under_the_keys_is_told_before_anything_is_drawn(qtbot: QtBot) -> None:
    shown = TreemapView()
    qtbot.addWidget(shown)
    shown.resize(700, 300)
    with qtbot.waitSignal(shown.pointed):
        shown.show_root(core.byte_map(make(keys=KEYS)), lambda box: Fill(theme.LIGHT.series[0], TINT))
        shown.mark("scale")
    assert shown.current is not None
    assert shown.current.path == "scale"
    assert shown.accessibleDescription().startswith(shown.said(shown.current))


class Elsewhere:
    """A worker that works when it is told to."""

    def __init__(self) -> None:
        self.jobs: list[tuple[Callable[[core.Monitor], treemap_view.Places], Callable[[treemap_view.Places], None]]] = []

    def __call__(self, work: Callable[[core.Monitor], treemap_view.Places], take: Callable[[treemap_view.Places], None]) -> None:
        self.jobs.append((work, take))

    def go_on(self) -> None:
        work, take = self.jobs.pop(0)
        take(work(core.QUIET))


@pytest.fixture
def large(qtbot: QtBot) -> tuple[TreemapView, Elsewhere]:
    made, elsewhere = TreemapView(), Elsewhere()
    made.elsewhere = elsewhere
    qtbot.addWidget(made)
    made.resize(800, 400)
    made.show_root(core.byte_map(make(keys={f"layer.{n // 9}.{n % 9}.weight": (n % 50 + 9, 30) for n in range(400)})),
                   lambda box: Fill(theme.LIGHT.series[0], TINT))
    made.show()
    return made, elsewhere


def test_that_many_boxes_are_laid_out_elsewhere_and_shown_once_they_are(large: tuple[TreemapView, Elsewhere]) -> None:
    view, elsewhere = large
    view.mark("layer.3.4.weight")
    view.grab()
    assert view.places == []
    assert view.current is None
    assert len(elsewhere.jobs) == 1                     # however often somebody looked
    elsewhere.go_on()
    assert view.root is not None
    assert view.places == core.map_places(view.root, 800, 400, view._title)
    assert view.current is not None
    assert view.current.path == "layer.3.4.weight"
    view.refill(lambda box: Fill(theme.LIGHT.series[1], TINT))
    view.show_root(view.root, lambda box: Fill(theme.LIGHT.series[2], TINT))
    assert view.places
    assert not elsewhere.jobs                           # the same boxes lie where they lay


def test_that_of_two_sizes_the_later_is_shown_and_the_old_places_stand_until_then(large: tuple[TreemapView, Elsewhere],
                                                                                  qtbot: QtBot) -> None:
    view, elsewhere = large
    assert view.places == []
    elsewhere.go_on()
    before = view.places
    view.resize(500, 300)
    qtbot.waitUntil(lambda: len(elsewhere.jobs) == 1)
    assert view.places is before
    view.resize(400, 280)
    qtbot.waitUntil(lambda: len(elsewhere.jobs) == 2)
    elsewhere.go_on()
    assert view.places is before                        # 500 by 300 is nobody's size any more
    elsewhere.go_on()
    assert view.root is not None
    assert view.places == core.map_places(view.root, 400, 280, view._title)


def test_that_places_for_a_size_that_is_no_more_are_not_the_last(large: tuple[TreemapView, Elsewhere], qtbot: QtBot) -> None:
    view, elsewhere = large
    assert view.places == []                            # asked for 800 by 400
    view.resize(800, 300)
    elsewhere.go_on()                                   # before the turn of the other size has come
    qtbot.waitUntil(lambda: len(elsewhere.jobs) == 1)
    elsewhere.go_on()
    assert view.root is not None
    assert view.places == core.map_places(view.root, 800, 300, view._title)


def test_that_a_picture_of_many_boxes_waits_for_nobody(large: tuple[TreemapView, Elsewhere]) -> None:
    view, elsewhere = large
    assert view.places == []
    view.picture()
    made = view.places
    assert made
    elsewhere.go_on()                                   # what comes late changes nothing
    assert view.places is made
    assert b"layer" in view.drawing()


def test_that_names_that_begin_from_right_to_left_keep_their_parts_in_order(qapp: QApplication) -> None:
    def written(text: str) -> QImage:
        picture = QImage(240, 40, QImage.Format.Format_RGB32)
        picture.fill(Qt.GlobalColor.white)
        painter = QPainter(picture)
        _Pen(painter, (qapp.font(), qapp.font()), {}).write(5, 5, text, "#000000")
        painter.end()
        return picture

    name = "\u05e9\u05dc\u05d5\u05dd.weight"
    assert written(name) == written(f"\u200e{name}")          # a mark that says so
