"""Two files side by side, driven as a person does: open, compare, filter, sort, look at a pair, switch rules, make edits."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QByteArray, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.comparison import pair_panel
from inspector.gui.comparison.progress import ComparisonProgress, Step
from inspector.gui.frame import screenshot
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.frame.screenshot import Screenshot
from inspector.gui.kit import words
from inspector.gui.models.pair_lines import MAX, NAME
from inspector.gui.state.session import Compared, Selection, Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets import pair_view

from .desk import BASE, Arrays, Desk, changed, write


def test_that_two_open_files_are_compared_at_once(desk: Desk) -> None:
    page = desk.compare(BASE, changed())
    assert desk.window.comparison.shown
    assert desk.statuses() == {"conv.weight": "equal", "layers.1.weight": "values", "layers.0.weight": "dtype", "fc.weight": "shape",
                               "extra.weight": "only-b", "conv.bias": "only-a"}
    assert page.progress.verdict is not None
    assert page.verdict_text.text() == "The same network, trained further."
    assert "a.safetensors and b.safetensors" in desk.window.windowTitle()
    assert {status: chip.count for status, chip in page.chips.chips.items() if chip.isEnabled()} == {
        "equal": 1, "values": 1, "cast": 1, "shape": 1, "only-a": 1, "only-b": 1}


def test_that_what_was_selected_in_a_file_is_selected_in_the_comparison(desk: Desk) -> None:
    _, b = desk.open(BASE, changed())
    desk.session.select(Selection(b, "layers.1.weight", ("layers.1.weight",)))
    desk.window.menus["compare"].trigger()
    desk.finish()
    assert desk.page.model.line(desk.page.view.currentIndex().row()).key == "layers.1.weight"
    assert desk.page.view.selectionModel().isRowSelected(desk.page.view.currentIndex().row())


def test_that_what_was_selected_in_a_state_dict_is_found_by_its_name_there(desk: Desk, tmp_path: Path) -> None:
    desk.window.open_paths(core.make_demo(tmp_path))
    desk.settle()
    a = desk.session.documents[0]
    assert a.checkpoint is not None
    key = [key for key, info in a.checkpoint.tensors.items() if info.state_dict == "model_state_dict"][5]
    desk.session.select(Selection(a.id, key, (key,)))
    desk.window.comparison.compare()
    desk.finish()
    line = desk.page.model.line(desk.page.view.currentIndex().row())
    assert core.join("model_state_dict", line.key) == key or line.key == key


def test_that_the_structure_is_there_before_any_value_was_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Step] = []
    monkeypatch.setattr(core, "differences", lambda comparison, **more: iter(()))
    desk.open(BASE, changed())
    desk.page.progress.paired.connect(lambda: seen.append(desk.page.progress.step))
    desk.window.comparison.compare()
    desk.finish()
    assert seen[0] is Step.PAIRING
    assert desk.statuses()["conv.weight"] == "unread"
    assert desk.page.model.rowCount() > 4


def test_that_many_pairs_are_painted_in_a_turn_of_their_own(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pair_view, "MANY_NODES", 1)
    desk.open(BASE, changed())
    waits: list[bool] = []
    desk.page.progress.paired.connect(lambda: waits.append(not desk.page.view.viewport().updatesEnabled()))
    desk.window.comparison.compare()
    desk.finish()
    assert waits[0]
    assert desk.page.view.viewport().updatesEnabled()


def test_that_files_under_the_same_names_are_identical(desk: Desk) -> None:
    page = desk.compare(BASE, BASE)
    assert page.verdict_text.text() == "Identical: the same tensors, values and metadata."
    assert page.verdict.property("level") == "ok"


def test_that_chips_and_words_filter(desk: Desk) -> None:
    page = desk.compare(BASE, changed())
    page.chips.chips["values"].click()
    assert desk.shown() == ["layers.1.weight"]
    page.chips.chips["shape"].click()
    assert set(desk.shown()) == {"layers.1.weight", "fc.weight"}
    desk.qtbot.keyClicks(page.search, "fc")
    desk.settle()
    assert desk.shown() == ["fc.weight"]
    assert page.count.text() == "1 of 6"
    desk.qtbot.keyClick(page.search, Qt.Key.Key_Escape)
    page.chips.clear()
    assert len(desk.shown()) == 6


def test_that_the_list_sorts_all_pairs_by_difference(desk: Desk) -> None:
    other = {key: value + np.float32(step) for step, (key, value) in zip((0.1, 3, 0.5, 0.2, 9), BASE.items(), strict=True)}
    page = desk.compare(BASE, other)
    page.list.click()
    desk.settle()
    page.view.horizontalHeader().setSortIndicator(MAX, Qt.SortOrder.DescendingOrder)
    assert desk.shown() == ["fc.weight", "conv.bias", "layers.0.weight", "layers.1.weight", "conv.weight"]
    page.view.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
    page.list.click()
    desk.settle()
    assert page.model.tree is not None
    assert not page.model.tree.flat


def test_that_a_pair_shows_both_histograms_with_the_same_bins_and_how_far_elements_moved(desk: Desk) -> None:
    page = desk.compare(BASE, changed())
    desk.select("layers.1.weight")
    one, other = page.pair.plot.curves
    assert tuple(one.edges) == tuple(other.edges)
    assert one.total == other.total == 256
    moved, = page.pair.distances.curves
    assert moved.total == 256
    fullest = max(range(len(moved.counts)), key=moved.counts.__getitem__)
    assert moved.edges[fullest] <= 0.25 <= moved.edges[fullest + 1] + 1e-9
    assert "256 / 256 (100 %) differ" in page.pair.figures.text()
    assert page.pair.table.columnCount() == 2


def test_that_a_pair_of_other_shapes_says_why_there_is_no_difference(desk: Desk) -> None:
    page = desk.compare(BASE, changed())
    desk.select("fc.weight")
    assert len(page.pair.plot.curves) == 2
    assert page.pair.distances.message == "The shapes differ, so there are no differences to count."
    desk.select("conv.bias")
    assert len(page.pair.plot.curves) == 1
    assert page.pair.distances.message == "Only one of the files has this tensor."


def test_that_the_heatmap_holds_b_minus_a(desk: Desk) -> None:
    page = desk.compare(BASE, changed())
    page.pair.views.setCurrentIndex(2)
    desk.select("layers.1.weight")
    base = page.pair.map.view.base
    assert base is not None
    assert base.exact
    np.testing.assert_allclose(base.values, 0.25, atol=1e-6)
    desk.select("conv.weight")
    assert page.pair.map.pages.message.text == "No element differs."


def test_that_a_group_says_what_is_in_it(desk: Desk) -> None:
    page = desk.compare(BASE, changed())
    row = page.model.parent_row(page.model.reveal("layers.1.weight") or 0)
    assert row is not None
    page.view.select_row(row)
    desk.settle()
    assert page.pair.pages.message.text == "2 tensors"
    assert "≠  1  Values" in page.pair.pages.message.hint
    assert "layers.1.weight" in page.pair.pages.message.hint


def wrapped() -> Arrays:
    return {f"module.{key}": value for key, value in BASE.items()}


def test_that_switching_a_rule_off_pairs_the_names_without_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    page = desk.compare(wrapped(), BASE)
    assert set(desk.statuses().values()) == {"renamed"}
    assert page.tabs.tabText(1) == "Rules (1)"
    assert [box.text() for box in page.rules.boxes] == ["Wrapper:  module.  →  (nothing)"] or \
        [box.text() for box in page.rules.boxes] == ["Prefix:  module.  →  (nothing)"]
    page.rules.boxes[0].click()
    desk.finish()
    compared = desk.session.compared
    assert compared is not None
    assert [(rule.a, rule.b) for rule in compared.rejected] == [("module.", "")]
    tree = page.model.tree
    assert tree is not None
    assert all((rule.a, rule.b) != ("module.", "") for rule in tree.figures.comparison.rules)
    again = next(box for box in page.rules.boxes if "module." in box.text() and not box.isChecked())
    again.click()
    desk.finish()
    assert desk.session.compared == compared._replace(rejected=())
    assert set(desk.statuses().values()) == {"renamed"}


def test_that_an_offered_rule_can_be_switched_on(desk: Desk) -> None:
    mine = {f"blocks.{n}.weight": np.full((2, n + 1), n, np.float32) for n in range(4)}
    theirs = {f"layers.{n + 1}.weight": value for n, value in enumerate(mine.values())}
    page = desk.compare(mine, theirs)
    found = page.progress.comparison
    assert found is not None
    offered = found.offered[0]
    page.rules.set_used(offered, True)
    desk.finish()
    assert set(desk.statuses().values()) == {"renamed"}
    page.rules.set_used(offered, False)
    desk.finish()
    compared = desk.session.compared
    assert compared is not None
    assert compared.accepted == compared.rejected == ()


def test_that_names_of_the_other_file_become_an_edit_that_does_it_and_can_be_undone(desk: Desk) -> None:
    page = desk.compare(wrapped(), BASE)
    a = desk.session.documents[0]
    page.rules.names_asked.emit(0, page.progress.comparison.rules if page.progress.comparison else ())
    desk.settle()
    assert desk.session.edits(a.id) == (core.StripPrefix("module."),)
    assert "module." in desk.window.pending.what.text
    assert a.checkpoint is not None
    assert set(core.edit(a.checkpoint, desk.session.edits(a.id)).tensors) == set(BASE)
    desk.window.pending.undo.click()
    assert desk.session.edits(a.id) == ()
    assert desk.window.pending.isHidden()


def test_that_the_menu_of_rows_makes_edits_of_either_side(desk: Desk) -> None:
    desk.compare(BASE, changed())
    a, b = desk.session.documents
    desk.select("conv.bias")
    desk.menu()["A: Drop 1 tensor"].trigger()
    desk.settle()
    assert desk.session.edits(a.id) == (core.Drop("conv.bias"),)
    desk.select("layers.0.weight")
    menu = desk.menu()
    assert {"A: Cast to the dtypes of B", "B: Cast to the dtypes of A", "Show in the file A"} <= set(menu)
    menu["B: Cast to the dtypes of A"].trigger()
    desk.settle()
    assert desk.session.edits(b.id) == (core.Cast("float32", "layers.0.weight"),)
    assert b.checkpoint is not None
    assert core.edit(b.checkpoint, desk.session.edits(b.id)).tensors["layers.0.weight"].dtype == "float32"


def test_that_a_row_can_be_shown_in_its_file_and_the_comparison_found_again(desk: Desk) -> None:
    desk.compare(BASE, changed())
    desk.select("extra.weight")
    desk.menu()["Show in the file B"].trigger()
    desk.settle()
    assert not desk.window.comparison.shown
    selection = desk.session.selection
    assert selection is not None
    assert (selection.document, selection.keys) == (desk.session.documents[1].id, ("extra.weight",))
    step = desk.page.progress.step
    desk.window.menus["compare"].trigger()
    assert desk.window.comparison.shown
    assert desk.page.progress.step is step


def test_that_metadata_of_the_other_file_can_be_taken(desk: Desk) -> None:
    a = write(desk.folder / "a.safetensors", BASE, {"epoch": "1", "only": "here"})
    b = write(desk.folder / "b.safetensors", BASE, {"epoch": "2"})
    desk.window.open_paths([a, b])
    desk.settle()
    desk.window.comparison.compare()
    desk.finish()
    found = desk.page.progress.comparison
    assert found is not None
    desk.page._add(0, "values", core.Differences(found, (), tuple(found.values)))
    desk.settle()
    assert set(desk.session.edits(desk.session.documents[0].id)) == {core.SetMetadata("epoch", "2"), core.SetMetadata("only", None)}


def test_that_tensors_of_the_other_file_can_be_taken_and_given_back(desk: Desk) -> None:
    page = desk.compare(wrapped(), changed())
    a, b = desk.session.documents
    desk.select("module.fc.weight")
    desk.menu()["A: Take the tensors of B"].trigger()
    desk.settle()
    taken = core.Take(b.path, pairs=(("module.fc.weight", "fc.weight"),))
    assert desk.session.edits(a.id) == (taken,)
    assert desk.window.pending.count.text() == "1 pending edit"
    assert core.from_recipe(core.to_recipe(desk.session.edits(a.id))) == [taken]
    desk.finish()
    assert desk.statuses()["module.fc.weight"] == "renamed"                  # it is their very tensor now, under our name
    assert desk.statuses()["module.layers.1.weight"] == "values"
    assert a.checkpoint is not None
    assert np.array_equal(core.read_numpy(a.checkpoint, "module.fc.weight"), changed()["fc.weight"])
    desk.window.view.expand_all()
    tree = desk.window.model
    assert "was: 10 × 16, other values" in {tree.line(row).edited for row in range(tree.rowCount())}
    desk.window.menus["undo"].trigger()
    desk.settle()
    desk.finish()
    assert desk.session.edits(a.id) == ()
    assert desk.statuses()["module.fc.weight"] == "shape"
    assert page.notice.isHidden()


def test_that_a_wish_that_no_edit_fulfils_is_said(desk: Desk) -> None:
    page = desk.compare(BASE, BASE)
    found = page.progress.comparison
    assert found is not None
    page._add(0, "drop", core.Differences(found, ()))
    desk.settle()
    assert page.notice.text == "There is no edit that does this."
    page._add(0, "values", core.Differences(found, (), (core.ValueChange("metadata", "epoch", "1", "2"),)))
    desk.settle()
    assert desk.session.edits(desk.session.documents[0].id) == ()


def test_that_stopping_keeps_what_is_there_and_going_on_reads_the_rest(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    truly = core.differences
    read: list[int] = []

    def slowly(comparison: core.Comparison, **more: Any) -> Any:
        for n, found in truly(comparison, **more):
            read.append(n)
            yield n, found
            while len(read) == 2:
                more["monitor"].report(len(read), 5)        # raises when it is stopped

    monkeypatch.setattr(core, "differences", slowly)
    desk.open(BASE, BASE)
    page = desk.page
    desk.window.comparison.compare()
    desk.qtbot.waitUntil(lambda: list(desk.statuses().values()).count("equal") == 2 if page.model.tree else False)
    page.button.click()
    assert page.progress.step is Step.STOPPED
    assert page.button.text() == "Go on"
    desk.settle()
    assert list(desk.statuses().values()).count("unread") == 3
    read.append(-1)
    page.button.click()
    desk.finish()
    assert set(desk.statuses().values()) == {"equal"}
    assert sorted(n for n in read if n >= 0) == [0, 1, 2, 3, 4]


def test_that_closing_a_file_ends_its_comparison(desk: Desk) -> None:
    page = desk.compare(BASE, changed())
    desk.session.remove(desk.session.documents[0].id)
    assert desk.session.compared is None
    assert not desk.window.comparison.shown
    assert page.progress.step is Step.IDLE
    assert page.model.rowCount() == 0


def test_that_a_file_that_cannot_be_opened_says_so_in_its_place(desk: Desk) -> None:
    (desk.folder / "bad.safetensors").write_bytes(b"\xff" * 64)
    a = write(desk.folder / "a.safetensors", BASE)
    desk.window.open_paths([a, str(desk.folder / "bad.safetensors")])
    desk.settle()
    desk.window.comparison.compare()
    desk.settle()
    assert desk.page.progress.step is Step.FAILED
    assert desk.page.verdict.property("level") == "danger"
    assert desk.page.verdict_text.text()


def test_that_sides_can_be_exchanged_and_chosen_anew(desk: Desk) -> None:
    ids = desk.open(BASE, changed(), wrapped())
    desk.session.compare(Compared(ids[0], ids[1]))
    desk.finish()
    desk.page.sides.swap.click()
    desk.finish()
    assert desk.session.compared == Compared(ids[1], ids[0])
    assert desk.statuses()["extra.weight"] == "only-a"
    box = desk.page.sides.files[1]
    box.setCurrentIndex(box.findData(ids[2]))
    box.activated.emit(box.currentIndex())
    desk.finish()
    assert desk.session.compared == Compared(ids[1], ids[2])


@pytest.mark.parametrize(("there", "selected", "afterwards"), [
    (wrapped, "layers.1.weight", "module.layers.1.weight"),
    (wrapped, "layers", "module.layers"),
    (lambda: {**wrapped(), "module.layers.2.weight": np.ones((2, 2), np.float32)}, "layers.2.weight", "module.layers.2.weight"),
    (lambda: {key: value for key, value in wrapped().items() if "1" not in key}, "layers.1.weight", "module.layers.1.weight"),
    (lambda: {key.replace("1", "2").replace("0", "1"): value for key, value in BASE.items()}, "layers.1.weight", "layers.2.weight")])
def test_that_what_is_selected_stays_so_when_sides_are_exchanged(desk: Desk, there: Callable[[], Arrays], selected: str,
                                                                 afterwards: str) -> None:
    more = {f"more.{n}.{m}.weight": np.full((3,), n * 40 + m, np.float32) for n in range(8) for m in range(8)}
    prefix = "module." if "module.fc.weight" in there() else ""
    page = desk.compare(BASE | more, there() | {f"{prefix}{key}": value for key, value in more.items()})
    desk.select(selected)
    page.model.collapse_all()
    desk.select(selected)
    assert page.model.tree is not None
    for name in (afterwards, selected):
        desk.window.menus["swap-sides"].trigger()
        desk.finish()
        assert [page.model.tree.key(node) for node in page.view.nodes] == [name]
        assert page.model.node(page.view.currentIndex().row()) == page.view.nodes[0]


def test_that_names_from_right_to_left_keep_their_order_in_the_title_and_where_files_and_state_dicts_are_chosen(
        desk: Desk, tmp_path: Path) -> None:
    name, place = "1.\u05e9\u05dc\u05d5\u05dd.2.\u05d0\u05d1.pth", "\u05e9\u05dc\u05d5\u05dd 1"
    for folder in (name, "b.pth", "c.pth"):
        torch.save({place: {"w": torch.ones(2), "v": torch.ones(3)}, "other": {"w": torch.ones(2)}}, tmp_path / folder)
    for one in (name, "b.pth", "c.pth"):            # not at once: they would be a run
        desk.window.open_paths([str(tmp_path / one)])
        desk.settle()
    desk.session.select(Selection(desk.session.documents[0].id))
    assert core.isolated(name) in desk.window.windowTitle()
    desk.window.comparison.compare()
    desk.finish()
    sides = desk.page.sides
    assert core.isolated(name) in desk.window.windowTitle()
    assert core.isolated(name) in [sides.files[0].itemText(n) for n in range(3)]
    assert words.tip(str(tmp_path / name)) in [box.toolTip() for box in sides.files]
    assert core.isolated(place) in [sides.dicts[0].itemText(n) for n in range(sides.dicts[0].count())]
    assert "2066" not in sides.dicts[0].toolTip()
    _, b, c = (document.id for document in desk.session.documents)
    desk.session.compare(Compared(b, c))
    desk.finish()
    assert core.isolated(name) in [desk.page.base.files.itemText(n) for n in range(desk.page.base.files.count())]


def test_that_the_state_dict_can_be_chosen_where_there_are_several(desk: Desk, tmp_path: Path) -> None:
    desk.window.open_paths(core.make_demo(tmp_path))
    desk.settle()
    desk.window.comparison.compare()
    desk.finish()
    box = desk.page.sides.dicts[0]
    assert not box.isHidden()
    assert desk.page.sides.dicts[1].isHidden()
    assert box.currentText() == "model_state_dict  (found)"
    assert "model_state_dict  (found)" in box.toolTip()
    around = box.sizeHint().width() - box.fontMetrics().horizontalAdvance(box.currentText())
    assert around > 0
    assert list(desk.statuses().values()).count("dtype") == 77
    box.setCurrentIndex(box.findData("optimizer_state_dict.state"))
    assert box.sizeHint().width() == around + box.fontMetrics().horizontalAdvance("optimizer_state_dict.state")      # not the longest
    box.activated.emit(box.currentIndex())
    desk.finish()
    compared = desk.session.compared
    assert compared is not None
    assert compared.in_a == "optimizer_state_dict.state"
    assert "dtype" not in desk.statuses().values()


def test_that_the_menu_of_the_tree_compares_with_other_files(desk: Desk) -> None:
    ids = desk.open(BASE, changed(), BASE)
    menu = desk.window.tree.menu_for(0)
    offered = [action for action in menu.actions() if action.text().startswith("Compare with")]
    assert [action.text() for action in offered] == ["Compare with b.safetensors", "Compare with c.safetensors", "Compare with a file…"]
    offered[1].trigger()
    desk.finish()
    assert desk.session.compared == Compared(ids[0], ids[2])


def test_that_a_file_that_is_not_open_yet_can_be_chosen(desk: Desk) -> None:
    path = write(desk.folder / "other.safetensors", changed())
    desk.open(BASE)
    desk.window.files.choose = lambda folders, on_chosen: on_chosen([path])
    desk.window.menus["compare"].trigger()
    desk.finish()
    assert desk.statuses()["extra.weight"] == "only-b"


def drop(window: MainWindow, uris: str, x: int) -> None:
    mime = QMimeData()
    mime.setData("text/uri-list", QByteArray(uris.encode()))
    copy, buttons, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(60, 60), copy, mime, buttons, keys))
    QApplication.sendEvent(window, QDragMoveEvent(QPoint(x, 300), copy, mime, buttons, keys))
    QApplication.sendEvent(window, QDropEvent(QPointF(x, 300), copy, mime, buttons, keys))


@pytest.mark.parametrize("right", [True, False])
def test_that_a_second_file_is_opened_or_compared_by_where_it_is_dropped(desk: Desk, right: bool) -> None:
    path = write(desk.folder / "other.safetensors", changed())
    desk.open(BASE)
    drop(desk.window, Path(path).as_uri(), desk.window.width() - 80 if right else 80)
    desk.settle()
    assert len(desk.session.documents) == 2
    assert (desk.session.compared is not None) is right


def test_that_two_files_dropped_together_can_be_compared(desk: Desk) -> None:
    paths = [write(desk.folder / name, arrays) for name, arrays in (("a.safetensors", BASE), ("b.safetensors", changed()))]
    drop(desk.window, "\r\n".join(Path(path).as_uri() for path in paths), desk.window.width() - 80)
    desk.finish()
    assert desk.session.compared is not None
    assert desk.statuses()["extra.weight"] == "only-b"


def test_that_rows_are_copied_with_both_names(desk: Desk) -> None:
    page = desk.compare(wrapped(), BASE)
    desk.select("module.fc.weight")
    page.view.copy_rows()
    fields = QGuiApplication.clipboard().text().split("\t")
    assert fields[:3] == ["module.fc.weight", "fc.weight", "renamed"]
    desk.window.menus["copy"].trigger()
    assert QGuiApplication.clipboard().text() == "module.fc.weight"


def test_that_the_keys_of_a_tree_work(desk: Desk) -> None:
    page = desk.compare(BASE, changed())
    row = page.model.parent_row(page.model.reveal("layers.1.weight") or 0) or 0
    page.view.select_row(row)
    expanded = page.model.rowCount()
    desk.qtbot.keyClick(page.view, Qt.Key.Key_Left)
    assert page.model.rowCount() < expanded
    desk.qtbot.keyClick(page.view, Qt.Key.Key_Right)
    assert page.model.rowCount() == expanded
    desk.qtbot.keyClick(page.view, Qt.Key.Key_End)
    assert page.view.currentIndex().row() == page.model.rowCount() - 1
    assert page.model.data(page.model.index(row, NAME), Qt.ItemDataRole.AccessibleTextRole)


def test_that_a_file_loaded_anew_is_compared_anew(desk: Desk) -> None:
    page = desk.compare(BASE, BASE)
    write(desk.folder / "b.safetensors", changed())
    desk.window.opener.reload(desk.session.documents[1].id)
    desk.qtbot.waitUntil(lambda: page.progress.step is Step.DONE and desk.statuses().get("extra.weight") == "only-b")


def test_that_moved_tensors_are_found_by_their_content(desk: Desk) -> None:
    rng = np.random.default_rng(3)
    weight = rng.normal(size=(7, 5)).astype(np.float32)
    page = desk.compare({**BASE, "one.thing": weight, "same.shape": weight * 2}, {**BASE, "quite_other": weight, "elsewhere": weight * 3})
    tree = page.model.tree
    assert tree is not None
    assert {pair.b for pair in tree.figures.pairs if pair.a == "one.thing"} == {"quite_other"}
    assert any("Equal content" in box.text() for box in page.rules.boxes)


def test_that_a_picture_can_be_taken_of_a_comparison(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr(screenshot.QApplication, "exit", ended.append)
    monkeypatch.setenv("INSPECTOR_SCREENSHOT_PANEL", "compare")
    monkeypatch.setenv("INSPECTOR_SCREENSHOT_KEY", "layers.1.weight")
    paths = [write(desk.folder / name, arrays) for name, arrays in (("a.safetensors", BASE), ("b.safetensors", changed()))]
    out = desk.folder / "out.png"
    shot = Screenshot(desk.window, str(out))
    desk.window.open_paths(paths)
    shot.start()
    desk.qtbot.waitUntil(lambda: bool(ended))
    assert shot.error is None
    assert not QImage(str(out)).isNull()
    assert desk.page.progress.step is Step.DONE
    assert desk.page.pair.heading.accessibleName() == "layers.1.weight"


def test_that_nothing_is_asked_of_the_core_while_nothing_is_compared(session: Session, tasks: Tasks) -> None:
    progress = ComparisonProgress(session, tasks)
    document = session.add("/a.pth")
    session.compare(Compared(document.id, 99))
    assert session.compared is None
    assert progress.step is Step.IDLE
    progress.go_on()
    progress.stop()
    assert not tasks.running


Made = Callable[..., core.Checkpoint]


def test_that_the_session_keeps_edits_until_their_document_goes(session: Session, checkpoint: Made, qtbot: QtBot) -> None:
    document = session.add("/a.pth")
    with qtbot.waitSignal(session.edits_changed, check_params_cb=lambda id: id == document.id):
        session.add_edits(document.id, [core.StripPrefix("module.")])
    session.add_edits(document.id, [core.Drop("fc")])
    assert session.edits(document.id) == (core.StripPrefix("module."), core.Drop("fc"))
    with qtbot.assertNotEmitted(session.edits_changed):
        session.set_edits(document.id, session.edits(document.id))
        session.set_edits(99, [core.Drop("fc")])
    session.remove(document.id)
    assert session.edits(document.id) == ()


@settings(deadline=None)
@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0, 1e300]) | st.floats(0, 1), max_size=60), st.integers(1, 10))
def test_that_the_greatest_are_those_that_sorting_all_would_give(numbers: list[float], most: int) -> None:
    plainly = sorted((n for n in range(len(numbers)) if numbers[n] > 0), key=lambda n: -numbers[n])[:most]
    assert pair_panel._greatest(np.array(numbers, dtype=np.float64), most) == plainly
