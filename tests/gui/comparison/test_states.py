"""What a comparison says of files that are one, or have nothing in common, and how its parts share the room."""
from __future__ import annotations

import re

import numpy as np
from PySide6.QtCore import Qt

from inspector import core
from inspector.gui.comparison.page import ComparePage
from inspector.gui.models.pair_lines import COSINE, SHAPE, accessible
from inspector.gui.widgets.row_painter import PAD

from .desk import BASE, Desk, changed, write


def test_that_files_without_a_common_key_are_matched_by_shape_and_order_where_somebody_says_so(desk: Desk) -> None:
    seed = np.random.default_rng(3)
    a = {f"{name}.w": seed.normal(size=shape).astype(np.float32)
         for name, shape in (("zeta", (4, 6)), ("north", (4, 6)), ("alpha", (3, 3)), ("solo", (2, 9)))}
    b = {f"{name}.k": seed.normal(size=shape).astype(np.float32)
         for name, shape in (("up", (4, 6)), ("left", (4, 6)), ("down", (3, 3)), ("more", (7, 7)))}
    page = desk.compare(a, b, details=False)
    assert page.verdict_text.text() == "No key of A is in B."
    assert page.rules_link.text() == "Match by shape and order…"
    page.rules_link.click()
    box = next(box for box in page.rules.boxes if box.text().startswith("Equal shapes, in the order"))
    box.click()
    desk.finish()
    tree = page.model.tree
    assert tree is not None
    paired = {pair.a: pair.b for pair in tree.figures.pairs if pair.a is not None and pair.b is not None}
    names = core.open(desk.folder / "a.safetensors").tensors, core.open(desk.folder / "b.safetensors").tensors
    for shape in ((4, 6), (3, 3)):                  # as they lie in the files, which sort by name
        sides = [[key for key, info in side.items() if info.shape == shape] for side in names]
        assert [paired[key] for key in sides[0]] == sides[1]
    assert "solo.w" not in paired


def test_that_one_file_under_two_paths_is_said_to_be_the_same(desk: Desk) -> None:
    path = write(desk.folder / "a.safetensors", BASE)
    (desk.folder / "link.safetensors").hardlink_to(path)
    (desk.folder / "copy.safetensors").write_bytes((desk.folder / "a.safetensors").read_bytes())
    desk.window.open_paths([path, str(desk.folder / "link.safetensors"), str(desk.folder / "copy.safetensors")])
    desk.settle()
    one, link, copy = (document.id for document in desk.session.documents)
    desk.window.comparison.compare_documents(one, link)
    desk.finish()
    assert desk.page.verdict_text.text() == "A and B are the same file."
    desk.window.comparison.compare_documents(one, copy)
    desk.finish()
    assert desk.page.verdict_text.text() == "Identical: the same tensors, values and metadata."


def test_that_the_room_of_the_details_is_remembered_below_and_beside(desk: Desk) -> None:
    page = desk.compare(BASE, changed())
    for width in (1400, 1800):
        desk.window.resize(width, 1000)
        desk.settle()
        handle, sizes = page.split.handle(1), page.split.sizes()
        page.split.moveSplitter(sizes[0] - 60, 1)
        assert handle is not None
        assert page.split.sizes() != sizes
    beside = page.split.sizes()
    desk.window.resize(1400, 1000)
    desk.settle()
    desk.window.resize(1800, 1000)
    desk.settle()
    assert page.split.sizes() == beside
    again = ComparePage(desk.session, desk.window.tasks, desk.settings)        # of the next start
    desk.qtbot.addWidget(again)
    again.resize(page.size())
    again.show()
    assert again.split.sizes() == beside


def test_that_ten_rows_are_left_beside_the_details_in_a_short_window(desk: Desk) -> None:
    page = desk.compare(BASE, changed())
    desk.select("layers.1.weight")
    page.push(1)
    desk.finish()
    assert page.split.orientation() == Qt.Orientation.Vertical         # 1400 x 900
    desk.window.resize(1024, 700)
    desk.settle()
    assert page.details.visibleRegion().boundingRect() == page.details.rect()
    assert page.view.viewport().height() >= 10 * page.view.rowHeight(0)
    assert page.view.columnWidth(0) >= page.view.name_at_least
    taken = page.pair.figures
    assert taken.height() >= taken.heightForWidth(taken.width())        # what is below scrolls, and nothing is cut
    assert page.split.sizes()[1] >= page.tabs.minimumWidth()
    for button, arrow in zip(page.pushes, ("A ←", "→ B"), strict=True):
        assert (button.text(), "Take " in button.accessibleName()) == (arrow, True)
    desk.window.resize(1400, 900)
    desk.settle()
    assert page.split.orientation() == Qt.Orientation.Vertical
    assert page.pushes[0].text() == "Take B's into A"


def test_that_chips_tell_what_is_not_there_where_there_is_room(desk: Desk) -> None:
    page = desk.compare(BASE, {**BASE, "fc.weight": BASE["fc.weight"] + 1})
    faint = {name for name, chip in page.chips.chips.items() if not chip.isHidden() and not chip.isEnabled()}
    assert faint == {"shape", "cast", "only-a", "only-b"}
    desk.window.resize(1024, 700)
    desk.settle()
    assert all(chip.isEnabled() for chip in page.chips.chips.values() if not chip.isHidden())


def test_that_what_is_not_there_is_only_told_where_all_chips_stand_in_one_line(desk: Desk) -> None:
    page = desk.compare(BASE, changed(), details=False)
    page.chips.show_counts({"values": 123_456, "only-a": 12_345, "counter": 12_345, "renamed": 12_345})
    faint = []
    for width in (1310, 1360, 1400, 1900):
        desk.window.resize(width, 860)
        desk.settle()
        shown = [chip for chip in page.chips.chips.values() if not chip.isHidden()]
        assert page.chips.chips["counter"] in shown
        assert len({chip.y() for chip in shown}) == 1, width
        faint.append(any(not chip.isEnabled() for chip in shown))
    assert (faint[0], faint[-1]) == (False, True)


def test_that_what_only_one_file_has_is_dropped_by_that_name_and_never_taken(desk: Desk) -> None:
    page = desk.compare({**BASE, "old.weight": np.ones((2, 2), np.float32)}, {**BASE, "new.weight": np.ones((3, 2), np.float32),
                                                                             "fc.weight": BASE["fc.weight"] + 1})
    commands = desk.window.menus["push-to-a"], desk.window.menus["push-to-b"]

    def offered() -> list[tuple[str, bool]]:
        assert [button.text() for button in page.pushes] == [command.text().replace("&", "") for command in commands]
        return [(button.text(), button.isEnabled()) for button in page.pushes]

    desk.select("old.weight")
    assert offered() == [("Drop from A", True), ("Take A's into B", False)]
    desk.select("new.weight")
    assert offered() == [("Take B's into A", False), ("Drop from B", True)]
    desk.select("conv.weight")                                      # equal
    assert offered() == [("Take B's into A", False), ("Take A's into B", False)]
    desk.select("fc.weight")
    assert offered() == [("Take B's into A", True), ("Take A's into B", True)]


def test_that_a_cosine_below_zero_is_shown_whole(desk: Desk) -> None:
    page = desk.compare(BASE, {key: -array for key, array in BASE.items()}, details=False)
    desk.window.resize(1400, 800)
    desk.settle()
    text = page.model.line(page.model.reveal("fc.weight") or 0).texts[COSINE]
    assert text == "-1.000000"
    assert page.view.fontMetrics().horizontalAdvance(text) <= page.view.columnWidth(COSINE) - 2 * PAD


def test_that_the_head_says_dtype_only_where_dtypes_stand_below_it(desk: Desk) -> None:
    page = desk.compare(BASE, changed(), details=False)
    for width, title in ((1400, "Shape, dtype"), (1024, "Shape"), (1400, "Shape, dtype")):
        desk.window.resize(width, 800)
        desk.settle()
        assert page.model.headerData(SHAPE, Qt.Orientation.Horizontal) == title


def test_that_a_row_is_spoken_in_words(desk: Desk) -> None:
    page = desk.compare(BASE, changed(), details=False)
    spoken = {line.key: accessible(line) for line in map(page.model.line, range(page.model.rowCount()))}
    assert spoken["layers.0.weight"].startswith("0.weight, cast only, ")
    assert ", 16×16, float32 to float16, " in spoken["layers.0.weight"]
    assert re.match(r"1\.weight, values differ, [0-9.]+ percent, 16×16, float32, level 2$", spoken["layers.1.weight"])
    assert "10×16 to 12×16" in spoken["fc.weight"]


def test_that_what_is_read_of_a_pair_is_one_count_over_all_passes(desk: Desk) -> None:
    page = desk.compare(BASE, changed(), details=False)
    tree, said = page.model.tree, list[tuple[int, int]]()
    assert tree is not None

    class Told(core.Monitor):
        def report(self, done: int, total: int, what: str = "") -> None:
            said.append((done, total))

    found = tree.figures.comparison
    pair = next(pair for pair in tree.figures.pairs if pair.a == "layers.1.weight")
    core.pair_details(found, pair, Told())
    assert said == sorted(said)
    assert said[-1] == (3 * core.pair_nbytes(found, pair),) * 2
