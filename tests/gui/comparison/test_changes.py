"""Going from change to change, taking one side's into the other, and that nothing is read twice for it."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QMouseEvent
from PySide6.QtWidgets import QApplication

from inspector import core
from inspector.commands.window import Pages
from inspector.gui.comparison.progress import Step
from inspector.gui.kit import file_dialogs
from inspector.gui.models import pair_lines
from inspector.gui.models.pair_lines import COSINE, DIFFERS, MAX, NAME, RMS, SHAPE, SHARE
from inspector.gui.state.session import Compared

from .desk import BASE, Desk, changed, write

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys in A of the pairs whose values were read."""
    truly, found = core.differences, list[str]()

    def noted(comparison: core.Comparison, **more: Any) -> Any:
        for n, difference in truly(comparison, **more):
            found.append(comparison.pairs[n].a or "")
            yield n, difference

    monkeypatch.setattr(core, "differences", noted)
    return found


def key_of(desk: Desk) -> str:
    return desk.page.model.line(desk.page.view.currentIndex().row()).key


def test_that_commands_go_from_change_to_change_and_the_page_says_which_it_is(desk: Desk) -> None:
    page = desk.compare(BASE, changed())
    page.view.setFocus()
    page.view.clearSelection()
    page.view.setCurrentIndex(page.model.index(-1, 0))
    seen = []
    for n in range(1, 6):
        desk.window.menus["next-change"].trigger()
        desk.settle()
        seen.append(key_of(desk))
        assert page.change.text() == f"Change {n} of 5"
    assert sorted(seen) == ["conv.bias", "extra.weight", "fc.weight", "layers.0.weight", "layers.1.weight"]
    desk.window.menus["previous-change"].trigger()
    assert key_of(desk) == seen[3]
    page.down.click()
    assert key_of(desk) == seen[4]


def test_that_what_is_equal_has_no_change_to_go_to(desk: Desk) -> None:
    page = desk.compare(BASE, BASE)
    assert page.change.text() == "0 changes"
    assert not page.down.isEnabled()
    page.go_to_change()


def test_that_a_command_takes_the_tensor_of_one_side_into_the_other_and_only_that_pair_is_read_again(desk: Desk, read: list[str]) -> None:
    page = desk.compare(BASE, changed())
    assert sorted(read) == ["conv.weight", "layers.0.weight", "layers.1.weight"]
    read.clear()
    a, b = desk.session.documents
    desk.select("layers.1.weight")
    desk.window.menus["push-to-b"].trigger()           # A's into B
    desk.settle()
    desk.finish()
    assert desk.session.edits(b.id) == (core.Take(a.path, pairs=(("layers.1.weight", "layers.1.weight"),)),)
    assert desk.session.edits(a.id) == ()
    assert read == ["layers.1.weight"]
    assert desk.statuses()["layers.1.weight"] == "equal"
    assert b.checkpoint is not None
    assert np.array_equal(core.read_numpy(b.checkpoint, "layers.1.weight"), BASE["layers.1.weight"])
    assert desk.window.pending.count.text() == "1 pending edit"
    read.clear()
    desk.window.menus["undo"].trigger()
    desk.settle()
    desk.finish()
    assert read == []                                               # that was known before
    assert desk.statuses()["layers.1.weight"] == "values"
    desk.select("layers.1.weight")
    page.pushes[0].click()                                          # B's into A
    desk.settle()
    desk.finish()
    assert desk.session.edits(a.id) == (core.Take(b.path, pairs=(("layers.1.weight", "layers.1.weight"),)),)


def test_that_what_was_open_and_selected_stays_so_after_an_edit(desk: Desk) -> None:
    page = desk.compare(BASE, changed())
    desk.window.menus["collapse"].trigger()
    desk.select("layers.1.weight")
    before = [page.model.line(row).key for row in range(page.model.rowCount())]
    seen: list[int] = []
    page.model.modelReset.connect(lambda: seen.append(page.model.rowCount()))
    desk.window.menus["push-to-a"].trigger()
    desk.settle()
    desk.finish()
    assert desk.statuses()["layers.1.weight"] == "equal"
    assert [page.model.line(row).key for row in range(page.model.rowCount())] == before
    assert key_of(desk) == "layers.1.weight"
    assert 0 not in seen                                            # never empty in between


def test_that_files_that_come_back_are_not_read_again(desk: Desk, read: list[str]) -> None:
    ids = desk.open(BASE, changed(), BASE)
    desk.session.compare(Compared(ids[0], ids[1]))
    desk.finish()
    before = len(read)
    verdict = desk.page.verdict_text.text(), desk.page.sentence
    desk.session.compare(Compared(ids[0], ids[2]))
    desk.finish()
    assert len(read) > before
    read.clear()
    desk.session.compare(Compared(ids[0], ids[1]))
    desk.finish()
    assert read == []
    assert (desk.page.verdict_text.text(), desk.page.sentence.split(" · ")[0]) == (verdict[0], verdict[1].split(" · ")[0])


def test_that_going_to_the_files_and_back_starts_nothing(desk: Desk, read: list[str]) -> None:
    desk.compare(BASE, changed())
    read.clear()
    for _ in range(2):
        desk.window.menus["compare"].trigger()
        desk.settle()
    assert desk.window.comparison.shown
    assert desk.page.progress.step is Step.DONE
    assert read == []


def test_that_renaming_reads_no_values(desk: Desk, read: list[str]) -> None:
    desk.compare({f"module.{key}": value for key, value in BASE.items()}, changed())
    read.clear()
    a = desk.session.documents[0]
    desk.session.add_edits(a.id, [core.StripPrefix("module.")])
    desk.settle()
    desk.finish()
    assert "conv.weight" in desk.statuses()
    assert read == []


def test_that_a_file_written_anew_is_read_anew(desk: Desk, read: list[str]) -> None:
    desk.compare(BASE, BASE)
    read.clear()
    write(Path(desk.session.documents[1].path), BASE)
    desk.window.opener.reload(desk.session.documents[1].id)
    desk.qtbot.waitUntil(lambda: len(read) == 5 and desk.page.progress.step is Step.DONE)


def test_that_what_is_rearranged_stays_said_while_other_edits_wait(desk: Desk) -> None:
    turned = {**BASE, "fc.weight": np.ascontiguousarray(BASE["fc.weight"].T)}
    page = desk.compare(BASE, turned)
    said = page.verdict_text.text()
    assert "transposed" in said
    desk.session.add_edits(desk.session.documents[0].id, [core.AddPrefix("net.")])
    desk.settle()
    desk.finish()
    assert page.verdict_text.text() == said
    assert [(one.a, one.b) for one in page.progress.rearranged] == [(("net.fc.weight",), ("fc.weight",))]
    desk.session.add_edits(desk.session.documents[0].id, [core.Drop("net.fc.weight")])
    desk.settle()
    desk.finish()
    assert page.progress.rearranged == ()


def test_that_what_only_one_side_has_is_not_added_but_said_and_can_go(desk: Desk) -> None:
    page = desk.compare(BASE, changed())
    a, b = desk.session.documents
    desk.select("extra.weight")                                     # only in B
    desk.window.menus["push-to-a"].trigger()            # B's into A: A has none
    desk.settle()
    assert desk.session.edits(a.id) == ()
    assert page.notice.text == "1 tensor is not in A: an edit gives new values to what a file has, and adds no tensors."
    desk.window.menus["push-to-b"].trigger()           # A's into B: A has nothing there
    desk.settle()
    assert desk.session.edits(b.id) == (core.Drop("extra"),)
    desk.finish()
    desk.select("conv.weight")
    desk.window.menus["push-to-b"].trigger()
    desk.settle()
    assert page.notice.text == "There is nothing to take here: the values are the same, or not read yet."


def test_that_a_plain_value_is_taken_as_well(desk: Desk) -> None:
    paths = [write(desk.folder / f"{name}.safetensors", BASE, {"epoch": n}) for name, n in (("a", "1"), ("b", "2"))]
    desk.window.open_paths(paths)
    desk.settle()
    desk.window.comparison.compare()
    desk.finish()
    desk.select("(metadata).epoch")
    assert desk.page.model.line(desk.page.view.currentIndex().row()).word == "1 → 2"
    desk.window.menus["push-to-a"].trigger()
    desk.settle()
    assert desk.session.edits(desk.session.documents[0].id) == (core.SetMetadata("epoch", "2"),)


def test_that_the_table_has_the_window_for_itself_until_details_are_asked_for(desk: Desk) -> None:
    page = desk.compare(BASE, changed(), details=False)
    assert page.details.isHidden()
    desk.select("layers.1.weight")
    assert not page.pair.plot.curves                                # nothing was read for a panel that nobody asked for
    desk.qtbot.keyClick(page.view, Qt.Key.Key_Return)
    desk.settle()
    assert not page.details.isHidden()
    assert len(page.pair.plot.curves) == 2
    desk.window.menus["pair-details"].trigger()
    assert page.details.isHidden()


def test_that_a_pair_is_described_once_it_is_seen_and_then_at_once(desk: Desk) -> None:
    page = desk.compare(BASE, changed(), details=False)
    desk.select("layers.1.weight")
    assert page.pair.heading.name == "Pair"                         # nothing is worked out for nobody each time that values come in
    page.show_details(page.pair)
    assert page.pair.heading.name == "layers.1.weight"
    page.toggle_details()
    desk.select("fc.weight")
    page.show_details(page.pair)
    assert page.pair.heading.name == "fc.weight"
    page.rules_link.click()
    assert page.tabs.currentWidget() is page.rules


@pytest.mark.parametrize(("width", "shown"), [(1024, {NAME, DIFFERS, SHAPE, MAX}), (1400, {NAME, DIFFERS, SHAPE, MAX, RMS, COSINE}),
                                              (1800, {NAME, DIFFERS, SHAPE, MAX, RMS, COSINE, SHARE})])
def test_that_columns_fold_and_names_keep_their_room_and_shapes_are_whole(desk: Desk, width: int, shown: set[int]) -> None:
    page = desk.compare(BASE, changed(), details=False)
    desk.window.resize(width, 700)
    desk.settle()
    assert {column for column in range(page.model.columnCount()) if not page.view.isColumnHidden(column)} == shown
    room = page.view.viewport().width()
    assert page.view.columnWidth(NAME) >= 0.4 * room
    assert page.view.horizontalHeader().length() <= room
    shapes = page.model.shapes(100)
    assert len(shapes) == 6
    shapes += [page.model.line(row).shape for row in range(page.model.rowCount())]      # and how many tensors there are in groups
    assert all(page.view.delegate.width_of_shape(shape, False) <= page.view.columnWidth(SHAPE) for shape in shapes)


def test_that_no_line_is_made_to_find_out_how_wide_shapes_are(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    page = desk.compare(BASE, changed(), details=False)
    desk.window.view.expand_all()
    desk.settle()
    lines = [page.model.line(row) for row in range(page.model.rowCount())]
    assert sorted(page.model.shapes(100)) == sorted(line.shape for line in lines if line.status)
    made: list[int] = []
    monkeypatch.setattr(pair_lines, "line_of", lambda rows, tree, node: made.append(node))
    page.view._widths = None
    page.view._fit_columns()
    assert made == []


def test_that_a_file_opened_meanwhile_is_seen_and_can_be_compared_instead(desk: Desk) -> None:
    page = desk.compare(BASE, changed())
    ids = [document.id for document in desk.session.documents]
    desk.window.open_paths([write(desk.folder / "c.safetensors", BASE)])
    desk.settle()
    assert not page.notice.isHidden()
    assert page.notice.text.startswith("c.safetensors was opened.")
    assert page.sides.files[0].count() == page.sides.files[1].count() == 3
    assert desk.session.compared == Compared(*ids)
    assert [button.text() for button in page.notice.buttons] == ["Compare it as A", "Compare it as B", "Both come from it",
                                                                        "Back to the files"]
    page.notice.buttons[1].click()
    desk.finish()
    assert desk.session.compared == Compared(ids[0], desk.session.documents[2].id)
    assert page.notice.isHidden()


def test_that_the_line_under_the_window_says_how_many_pairs_are_shown_and_what_is_selected(desk: Desk) -> None:
    page = desk.compare(BASE, changed())
    desk.select("layers.0.weight")
    assert desk.window.status.text() == "6 pairs · layers.0.weight · 16×16  float32  →  float16 · cast only, 0.02 %"
    page.chips.chips["values"].click()
    assert desk.window.status.text().startswith("1 of 6 pairs shown")
    desk.window.menus["compare"].trigger()
    assert "pairs" not in desk.window.status.text()


def test_that_a_click_with_control_shows_only_that_status(desk: Desk) -> None:
    page = desk.compare(BASE, changed())
    for status in ("values", "shape"):
        page.chips.chips[status].click()
    desk.qtbot.mouseClick(page.chips.chips["cast"], Qt.MouseButton.LeftButton, CTRL)
    assert page.chips.statuses == {"cast"}
    assert desk.shown() == ["layers.0.weight"]


def test_that_f3_goes_to_the_next_pair_that_the_filter_finds(desk: Desk) -> None:
    page = desk.compare(BASE, changed())
    page.search.setText("layers")
    desk.settle()
    desk.window.menus["find-next"].trigger()
    first = key_of(desk)
    desk.window.menus["find-next"].trigger()
    assert {first, key_of(desk)} == {"layers.0.weight", "layers.1.weight"}
    desk.window.menus["find-previous"].trigger()
    assert key_of(desk) == first


def test_that_a_click_on_the_ruler_goes_there(desk: Desk) -> None:
    many = {f"blocks.{n:03}.weight": np.full((2, 2), n, np.float32) for n in range(400)}
    other = {**many, "blocks.390.weight": np.zeros((2, 3), np.float32)}
    page = desk.compare(many, other, details=False)
    desk.window.menus["expand"].trigger()
    page.view.scrollToTop()
    page.ruler.grab()
    height = page.ruler.height()
    desk.qtbot.mouseClick(page.ruler, Qt.MouseButton.LeftButton, pos=QPoint(8, height - 4))
    bottom = page.view.rowAt(page.view.viewport().height() - 4)
    assert bottom == -1 or page.model.line(bottom).key.startswith("blocks.39")
    colours = {page.ruler.grab().toImage().pixelColor(8, y).name() for y in range(height)}
    assert len(colours) >= 3                            # ground, what is equal, what is of another shape, the frame


def test_that_the_ruler_is_not_drawn_anew_in_one_turn_with_what_rows_wait_for(desk: Desk) -> None:
    many = {f"blocks.{n:03}.weight": np.full((2, 2), n, np.float32) for n in range(40)}
    page = desk.compare(many, {**many, "blocks.39.weight": np.zeros((2, 3), np.float32)}, details=False)
    before = page.ruler.grab().toImage()
    page.search.setText("blocks.39")
    desk.settle()
    page.view.paint_later()
    page.ruler._forget()
    page.ruler.repaint()
    assert page.view.paints_later
    assert page.ruler._stale
    desk.qtbot.waitUntil(lambda: not page.ruler._stale)
    assert not page.view.paints_later
    assert page.ruler.grab().toImage() != before


def test_that_dragging_along_the_ruler_scrolls_and_moving_over_it_does_not(desk: Desk) -> None:
    many = {f"blocks.{n:03}.weight": np.full((2, 2), n, np.float32) for n in range(400)}
    page = desk.compare(many, {**many, "blocks.390.weight": np.zeros((2, 3), np.float32)}, details=False)
    desk.window.menus["expand"].trigger()
    page.view.scrollToTop()
    page.ruler.grab()
    height, bar = page.ruler.height(), page.view.verticalScrollBar()
    desk.qtbot.mouseMove(page.ruler, QPoint(8, height // 2))
    assert bar.value() == 0
    desk.qtbot.mousePress(page.ruler, Qt.MouseButton.LeftButton, pos=QPoint(8, 6))
    seen = [bar.value()]
    for part in (0.3, 0.6, 0.9):
        at = QPointF(8, height * part)
        move = QMouseEvent(QEvent.Type.MouseMove, at, page.ruler.mapToGlobal(at), Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton,
                           Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(page.ruler, move)
        seen.append(bar.value())
    assert seen == sorted(set(seen))
    top = page.model.line(page.view.rowAt(page.view.viewport().height() // 2)).key
    assert top.startswith(("blocks.35", "blocks.36"))


def test_that_a_stopped_comparison_says_how_much_is_known(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    truly = core.differences
    read: list[int] = []

    def slowly(comparison: core.Comparison, **more: Any) -> Any:
        for n, found in truly(comparison, **more):
            read.append(n)
            yield n, found
            while len(read) == 2:
                more["monitor"].report(len(read), 5, "layers.0.weight")        # raises when it is stopped

    monkeypatch.setattr(core, "differences", slowly)
    desk.open(BASE, BASE)
    page = desk.page
    desk.window.comparison.compare()
    desk.qtbot.waitUntil(lambda: list(desk.statuses().values()).count("equal") == 2 if page.model.tree else False)
    tree = page.model.tree
    assert tree is not None
    desk.qtbot.waitUntil(lambda: tree.figures.reading == "layers.0.weight")
    assert page._further.text.startswith("2 of 5 pairs known · 0 differ so far")
    page.button.click()
    assert page.verdict_text.text() == "Stopped."
    assert tree.figures.reading == ""
    desk.settle()
    words = [page.model.line(row).word for row in range(page.model.rowCount()) if page.model.line(row).status]
    assert words.count("not read yet") == 3
    read.append(-1)
    page.button.click()
    desk.finish()


def test_that_counters_say_what_they_stand_at_and_are_no_change(desk: Desk) -> None:
    mine = {**BASE, "bn.num_batches_tracked": np.array(5628, np.int64)}
    page = desk.compare(mine, {**BASE, "bn.num_batches_tracked": np.array(7036, np.int64)})
    desk.select("bn.num_batches_tracked")
    assert page.model.line(page.view.currentIndex().row()).word == "counter, 5,628 → 7,036"
    assert page.change.text() == "0 changes"
    assert "1 counter left out" in page._further.text


def test_that_a_counter_which_began_at_nothing_says_so(desk: Desk) -> None:
    mine = {**BASE, "bn.num_batches_tracked": np.array(0, np.int64)}
    page = desk.compare(mine, {**BASE, "bn.num_batches_tracked": np.array(7036, np.int64)})
    desk.select("bn.num_batches_tracked")
    assert page.model.line(page.view.currentIndex().row()).word == "counter, 0 → 7,036"


def test_that_counters_were_read_like_all_others_where_nothing_differs(desk: Desk) -> None:
    both = {**BASE, "bn.num_batches_tracked": np.array(5628, np.int64)}
    page = desk.compare(both, both)
    assert page._further.text == "6 tensors in both, 6 of them read"


def test_that_counters_of_one_side_alone_are_not_taken_from_those_that_were_read(desk: Desk) -> None:
    mine = {**BASE, **{f"optimizer.state.{n}.step": np.array(9, np.int64) for n in range(4)}}
    page = desk.compare(mine, {**BASE, "layers.1.weight": BASE["layers.1.weight"] + np.float32(0.25)})
    assert page._further.text.startswith("1 of 5 tensors differ")


def test_that_layers_are_named_without_the_state_dict_that_all_are_in(desk: Desk) -> None:
    both = {f"model.{key}": value for key, value in BASE.items()}
    page = desk.compare(both, {**both, "model.layers.1.weight": both["model.layers.1.weight"] + np.float32(0.01)})
    changed, frozen = page._more.text().splitlines()[-2:]
    assert changed == "Changed: layers.1"
    assert frozen.startswith("Frozen: conv")


def test_that_nothing_is_drawn_of_a_group(desk: Desk) -> None:
    page = desk.compare(BASE, changed())
    desk.select("layers.1.weight")
    assert page.pair.views.isVisible()
    desk.select("layers")
    assert not page.pair.views.isVisible()
    desk.select("layers.1.weight")
    assert page.pair.views.isVisible()


def test_that_leaving_the_comparison_gives_the_keyboard_to_the_tree(desk: Desk) -> None:
    desk.compare(BASE, changed())
    assert desk.window.focusWidget() is desk.page.view
    desk.window.menus["compare"].trigger()
    assert desk.window.focusWidget() is desk.window.tree


def compare_what_changed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two equal files, of which reading says once that one is another by now."""
    def gone(comparison: core.Comparison, **more: Any) -> Any:
        raise core.Changed("the file changed since it was opened", "Open it again.")
        yield

    desk.open(BASE, BASE)
    with monkeypatch.context() as patched:
        patched.setattr(core, "differences", gone)
        desk.window.comparison.compare()
        desk.qtbot.waitUntil(lambda: desk.page.progress.step is Step.FAILED)


def test_that_a_comparison_of_a_file_that_is_another_by_now_offers_to_reload_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    compare_what_changed(desk, monkeypatch)
    assert desk.page.button.text() == "Reload"
    write(desk.folder / "b.safetensors", {**BASE, "more": np.ones(3, np.float32)})
    desk.page.button.click()
    desk.finish()
    assert desk.statuses()["more"] == "only-b"


def test_that_what_came_back_as_it_was_is_compared_after_all(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    compare_what_changed(desk, monkeypatch)
    desk.page.button.click()
    desk.finish()
    assert set(desk.statuses().values()) == {"equal"}


def test_that_rows_are_copied_with_what_differs(desk: Desk) -> None:
    page = desk.compare(BASE, changed())
    desk.select("fc.weight")
    page.view.copy_rows()
    assert QGuiApplication.clipboard().text().split("\t")[:5] == ["fc.weight", "fc.weight", "shape", "10 × 16  float32", "12 × 16  float32"]


def test_that_keys_of_the_comparison_mean_back_and_forward_among_the_files(desk: Desk) -> None:
    desk.compare(BASE, changed())
    menus = desk.window.menus
    assert menus["push-to-b"].isEnabled()
    assert not menus["forward"].isEnabled()
    assert menus["push-to-b"].shortcut() == menus["forward"].shortcut() == "Alt+Right"
    assert menus["next-change"].shortcut() == "Alt+Down"
    menus["compare"].trigger()
    assert not menus["push-to-b"].isEnabled()


def test_that_a_report_is_written_where_somebody_says(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    menus, out = desk.window.menus, desk.folder / "report.html"
    desk.open(BASE, changed())
    desk.window.comparison.compare()
    assert not menus["compare-report"].isEnabled()              # nothing is known yet, and nobody said how to write one
    desk.window.reports.pages = Pages()
    desk.finish()
    monkeypatch.setattr(file_dialogs, "save_file", lambda parent, title, start, on_chosen, **more: on_chosen(str(out)))
    assert menus["compare-report"].isEnabled()
    menus["compare-report"].trigger()
    desk.settle()
    page = out.read_text()
    assert "the same network, trained further" in page
    assert "layers.1.weight" in page
    assert desk.page.notice.text == f"{out} was written."
    taken = desk.session.documents[0].path
    monkeypatch.setattr(file_dialogs, "save_file", lambda parent, title, start, on_chosen, **more: on_chosen(taken))
    menus["compare-report"].trigger()
    desk.settle()
    assert "was written" not in desk.page.notice.text           # the file that is compared is not written over
    assert core.open(taken).tensors
    desk.window.menus["compare"].trigger()
    assert not menus["compare-report"].isEnabled()


def test_that_an_empty_table_says_why_and_escape_leads_back(desk: Desk) -> None:
    page = desk.compare(BASE, changed())
    page.view.setFocus()
    page.search.setText("nothing like it")
    desk.settle()
    assert page.model.rowCount() == 0
    assert page.view.says == "None of the 6 pairs fits the filter. Esc clears it."
    desk.qtbot.keyClick(page.view, Qt.Key.Key_Escape)
    desk.settle()
    assert page.search.text() == page.view.says == ""
    assert len(desk.shown()) == 6
    page.chips.chips["shape"].click()
    desk.qtbot.keyClick(page.view, Qt.Key.Key_Escape)
    assert not page.chips.statuses
    assert not page.details.isHidden()
    desk.qtbot.keyClick(page.view, Qt.Key.Key_Escape)
    assert page.details.isHidden()
    assert not page.step_back()


def test_that_a_pair_under_two_names_is_headed_by_one_and_has_the_other_below(desk: Desk) -> None:
    page = desk.compare({f"module.{key}": value for key, value in BASE.items()}, changed())
    desk.select("module.layers.1.weight")
    assert page.pair.heading.name == "module.layers.1.weight"
    assert "in B:  layers.1.weight" in page.pair.figures.text()


def test_that_files_with_nothing_in_common_are_said_to_have_nothing(desk: Desk) -> None:
    page = desk.compare({"one": np.ones((2, 2), np.float32)}, {"other.thing": np.zeros((3, 5), np.float32)})
    assert page.verdict_text.text() == "No key of A is in B."
    assert page._further.text == "1 only in A · 1 only in B"
    assert page.rules_link.text() == "Rules"                        # nothing else to match them by


def test_that_one_goes_back_and_forward_among_the_rows_of_a_comparison(desk: Desk) -> None:
    page = desk.compare(BASE, changed())
    menus = desk.window.menus
    assert menus["compare-back"].shortcut() == "Ctrl+["
    for key in ("conv.weight", "fc.weight", "layers.1.weight"):
        desk.select(key)
        page.visits.note()

    def current() -> str:
        return page.model.line(page.view.currentIndex().row()).key

    menus["compare-back"].trigger()
    assert current() == "fc.weight"
    menus["compare-back"].trigger()
    assert current() == "conv.weight"
    menus["compare-forward"].trigger()
    assert current() == "fc.weight"
    assert menus["compare-forward"].isEnabled()
    desk.select("layers.0.weight")
    page.visits.note()
    assert not menus["compare-forward"].isEnabled()             # another way was taken
    assert not menus["back"].isEnabled()                        # the same keys mean the files there
    menus["compare"].trigger()
    assert not menus["compare-back"].isEnabled()


def test_that_f9_hides_the_map_of_changes_beside_the_rows(desk: Desk) -> None:
    page = desk.compare(BASE, changed())
    ruler = desk.window.menus["ruler"]
    assert ruler.shortcut() == desk.window.menus["panels"].shortcut() == "F9"
    assert page.ruler.isVisible()
    ruler.trigger()
    assert not page.ruler.isVisible()
    ruler.trigger()
    assert page.ruler.isVisible()
    desk.window.menus["compare"].trigger()
    assert not ruler.isEnabled()
    assert desk.window.menus["panels"].isEnabled()
