"""What the bytes of a tensor are taken for: chosen once, shown by every panel, gone with one click, and never a change to the file."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from inspector import core, languages
from inspector.gui.panels.heatmap import HeatmapPanel
from inspector.gui.panels.statistics import StatisticsPanel
from inspector.gui.panels.values import ValuesPanel
from inspector.gui.state.session import SeenAs, Selection, Session
from inspector.gui.state.tasks import Tasks
from tests.gui.showing import placed, show

Array = np.ndarray[Any, Any]
WORDS = np.random.default_rng(5).integers(-2**31, 2**31, (6, 8), dtype=np.int64).astype(np.int32)
NIBBLES = np.stack([WORDS.view(np.uint8) & 15, WORDS.view(np.uint8) >> 4], axis=-1).reshape(6, 64)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    core.save({"words": WORDS, "other": np.arange(5, dtype=np.float32), "odd": np.zeros((2, 2), np.float32).T}, tmp_path / "a.safetensors")
    return tmp_path / "a.safetensors"


@pytest.fixture
def values(session: Session, tasks: Tasks, qtbot: QtBot, path: Path) -> ValuesPanel:
    panel = placed(ValuesPanel(session, tasks), qtbot)
    show(session, tasks, qtbot, core.open(path), "words", ("words",))
    return panel


def entries(menu: QMenu) -> dict[str, QAction]:
    """Of the menu and those below it, by what stands before the tab."""
    found: dict[str, QAction] = {}
    menu.aboutToShow.emit()
    for action in menu.actions():
        below = action.menu()
        if isinstance(below, QMenu):
            found |= {one.text().split("\t")[0]: one for one in below.actions()}
        elif not action.isSeparator():
            found[action.text().split("\t")[0]] = action
    return found


def cells(panel: ValuesPanel, tasks: Tasks, qtbot: QtBot) -> list[list[str]]:
    model = panel.model
    shape = range(model.rowCount()), range(model.columnCount())
    for row in shape[0]:
        for col in shape[1]:
            model.data(model.index(row, col))       # asks for it
    qtbot.waitUntil(lambda: not model.busy and not tasks.running)
    return [[model.data(model.index(row, col)) for col in shape[1]] for row in shape[0]]


def test_that_a_chosen_type_shows_the_stored_bits_and_one_click_goes_back(values: ValuesPanel, session: Session, tasks: Tasks,
                                                                         qtbot: QtBot, path: Path) -> None:
    before = path.read_bytes()
    bar = values.seen_as
    assert bar.button.text() == "As stored"
    assert not bar.chip.isVisible()
    entries(bar.menu)["uint4"].trigger()
    assert cells(values, tasks, qtbot) == [[str(n) for n in row] for row in NIBBLES]
    assert (bar.chip.text(), bar.button.text(), bar.shape.text()) == ("Seen as uint4", "uint4", "6 × 64")
    assert bar.chip.isVisible()
    assert values.readout.text() == f"[0, 0] = {NIBBLES[0, 0]}"
    assert values.remark.text().startswith("uint4 · 6 × 64 · 192 B")
    qtbot.mouseClick(bar.reset, Qt.MouseButton.LeftButton)
    assert cells(values, tasks, qtbot) == [[str(n) for n in row] for row in WORDS]
    assert not bar.chip.isVisible()
    assert path.read_bytes() == before
    document = session.selected_document
    assert document is not None
    assert not session.edits(document.id)


def test_that_a_shape_can_be_typed_and_one_that_does_not_fit_is_said_in_a_line(values: ValuesPanel, tasks: Tasks, qtbot: QtBot) -> None:
    bar = values.seen_as
    entries(bar.menu)["int8"].trigger()
    bar.shape.selectAll()
    qtbot.keyClicks(bar.shape, "12x-1")
    qtbot.keyClick(bar.shape, Qt.Key.Key_Return)
    assert cells(values, tasks, qtbot) == [[str(n) for n in row] for row in WORDS.view(np.int8).reshape(12, 16)]
    assert not bar.problem.isVisible()
    for wrong, why in (("7x9", "192 bytes"), ("5x-1", "no multiple"), ("a", "no shape"), ("", "would be 1")):
        bar.shape.setText(wrong)
        qtbot.keyClick(bar.shape, Qt.Key.Key_Return)
        assert bar.problem.isVisible(), wrong
        assert why in bar.problem.text()
        assert "\n" not in bar.problem.text()
        assert values.model.rowCount() == 12        # what was shown stays
    bar.shape.setText("[24, 8]")
    qtbot.keyClick(bar.shape, Qt.Key.Key_Return)
    assert not bar.problem.isVisible()
    assert (values.model.rowCount(), values.model.columnCount()) == (24, 8)


def test_that_the_order_of_the_elements_in_a_byte_can_be_chosen(values: ValuesPanel, tasks: Tasks, qtbot: QtBot) -> None:
    bar = values.seen_as
    entries(bar.menu)["uint4"].trigger()
    assert bar.order.isVisible()
    assert not bar.order.currentData()
    bar.order.setCurrentIndex(1)
    bar.order.activated.emit(1)
    assert cells(values, tasks, qtbot)[0] == [str(n) for n in NIBBLES.reshape(6, 32, 2)[0, :, ::-1].reshape(-1)]
    entries(bar.menu)["nf4 (bitsandbytes)"].trigger()
    assert bar.order.currentData()
    entries(bar.menu)["int16"].trigger()
    assert not bar.order.isVisible()


def test_that_only_what_fits_is_offered(values: ValuesPanel, session: Session) -> None:
    found = entries(values.seen_as.menu)
    assert {"As stored: int32", "float32", "bfloat16", "float8_e4m3fn", "uint4", "int4", "nf4 (bitsandbytes)", "fp4 (e2m1)"} <= set(found)
    assert [name for name, action in found.items() if action.isChecked()] == ["As stored: int32"]
    document = session.selected_document
    assert document is not None
    session.select(Selection(document.id, "other", ("other",)))
    found = entries(values.seen_as.menu)
    assert "float64" not in found
    assert "int32" in found


def test_that_each_tensor_is_remembered_by_itself_until_its_file_is_closed(values: ValuesPanel, session: Session, tasks: Tasks,
                                                                          qtbot: QtBot, path: Path) -> None:
    entries(values.seen_as.menu)["uint4"].trigger()
    document = session.selected_document
    assert document is not None
    session.select(Selection(document.id, "other", ("other",)))
    assert values.seen_as.button.text() == "As stored"
    session.select(Selection(document.id, "words", ("words",)))
    assert values.seen_as.button.text() == "uint4"
    assert document.original is not None
    session.show_edited(document.id, core.edit(document.original, [core.Rename("words", "renamed")]))
    session.select(Selection(document.id, "renamed", ("renamed",)))
    assert session.seen_as(document.id, "renamed") == SeenAs("uint4", (6, 64))
    assert values.seen_as.button.text() == "uint4"
    session.remove(document.id)
    show(session, tasks, qtbot, core.open(path), "words", ("words",))
    assert values.seen_as.button.text() == "As stored"


def test_that_what_an_edit_has_changed_is_shown_as_it_is_and_why_is_said(values: ValuesPanel, session: Session) -> None:
    entries(values.seen_as.menu)["uint4"].trigger()
    document = session.selected_document
    assert document is not None
    assert document.original is not None
    session.show_edited(document.id, core.edit(document.original, [core.Cast("float32", "words")]))
    assert "converted by an edit" in values.seen_as.problem.text()
    assert not values.seen_as.chip.isVisible()
    assert values.model.columnCount() == 8


def test_that_statistics_and_heatmap_show_the_same_and_nothing_is_learnt_of_the_file_from_it(session: Session, tasks: Tasks, qtbot: QtBot,
                                                                                           path: Path) -> None:
    statistics = placed(StatisticsPanel(session, tasks), qtbot)
    heatmap = placed(HeatmapPanel(session, tasks), qtbot)
    document = show(session, tasks, qtbot, core.open(path), "words", ("words",))
    session.see_as(document.id, "words", SeenAs("uint4", (6, 64)))
    qtbot.waitUntil(lambda: not tasks.running and statistics.result is not None and heatmap.view.base is not None)
    assert statistics.result is not None
    found = statistics.result.together
    assert (found.numel, found.min, found.max, found.zeros) == (NIBBLES.size, 0, 15, int((NIBBLES == 0).sum()))
    assert len(statistics.plot.curves[0].counts) == 16
    assert sum(statistics.plot.curves[0].counts) == NIBBLES.size
    base = heatmap.view.base
    assert base is not None
    np.testing.assert_array_equal(base.values, NIBBLES)
    assert statistics.seen_as.chip.isVisible()
    assert heatmap.seen_as.chip.isVisible()
    session.see_as(document.id, "words", SeenAs("bfloat16", (6, 16)))
    qtbot.waitUntil(lambda: not tasks.running and statistics.result is not None and statistics.result.together.numel == 96)
    session.see_as(document.id, "words", None)
    qtbot.waitUntil(lambda: not tasks.running and statistics.result is not None and statistics.result.together.numel == 48)
    assert statistics.result.together.max == int(WORDS.max())


def test_that_it_can_be_reached_with_the_keyboard(values: ValuesPanel) -> None:
    bar = values.seen_as
    entries(bar.menu)["uint4"].trigger()
    for widget in (bar.button, bar.shape, bar.order, bar.reset):
        assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus, widget
        assert widget.accessibleName(), widget
    bar.reset.setFocus()
    bar.see_as_stored()
    assert not bar.chip.isVisible()


def test_that_a_tensor_without_bytes_of_its_own_says_why(session: Session, tasks: Tasks, qtbot: QtBot, tmp_path: Path) -> None:
    import torch
    torch.save({"t": torch.arange(12.0).reshape(4, 3).T}, tmp_path / "t.pt")
    panel = placed(ValuesPanel(session, tasks), qtbot)
    show(session, tasks, qtbot, core.open(tmp_path / "t.pt"), "t", ("t",))
    assert not panel.seen_as.button.isEnabled()
    assert "The elements of the tensor t" in panel.seen_as.button.toolTip()


def test_that_what_does_not_fit_is_said_in_chinese(values: ValuesPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "_current", "zh_CN")
    for shape in ((7, 9), (5, -1)):
        values.seen_as.see_as("int8", shape)
        assert values.seen_as.problem.text().startswith("张量 words 有 192 字节"), values.seen_as.problem.text()
        assert "elements" not in values.seen_as.problem.text()
