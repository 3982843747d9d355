"""What the filter finds as a selection, the palette, and ways back."""
from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.dialogs.edit import EditDialog
from inspector.gui.dialogs.save import SaveDialog
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.frame.menus import plain
from inspector.gui.frame.palette import Palette, best, score
from inspector.gui.kit.message_boxes import Box
from inspector.gui.kit.settings import Settings
from inspector.gui.panels.overview import Overview
from inspector.gui.state.session import Selection, Session
from inspector.gui.state.tasks import Tasks

Idle = Callable[[Tasks], None]
KEYS = [f"layers.{n}.{leaf}" for n in range(4) for leaf in ("norm.weight", "fc.weight", "fc.bias")]


@pytest.fixture
def window(session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot, tmp_path: Path) -> MainWindow:
    path = tmp_path / "net.pth"
    torch.save({"epoch": 3, "model": {key: torch.randn(2, 3) for key in KEYS}}, path)
    made = MainWindow(session, tasks, settings)
    qtbot.addWidget(made)
    made.resize(1400, 800)
    with qtbot.waitExposed(made):
        made.show()
    made.edits.asks = False
    made.open_paths([str(path)])
    qtbot.waitUntil(lambda: not tasks.running and session.documents[0].checkpoint is not None)
    return made


def filtered(window: MainWindow, text: str, idle: Idle) -> None:
    window.search.setText(text)
    idle(window.tasks)


def test_that_the_bar_says_how_many_are_found_and_means_them(window: MainWindow, session: Session, idle: Idle) -> None:
    bar = window.filter_bar
    assert not bar.isVisible()
    filtered(window, "norm", idle)
    assert bar.isVisible()
    assert (bar.count.text(), bar.what.text) == ("4 shown of 13", "96 B")
    bar.copy.click()
    assert QGuiApplication.clipboard().text().splitlines() == [f"model.layers.{n}.norm.weight" for n in range(4)]
    bar.measure.click()
    assert window.tabs.current == "statistics"
    assert session.selection is not None
    assert len(session.selection.keys) == 4
    assert bar.drop.accessibleName() == "Drop 4 tensors"
    bar.drop.click()
    idle(window.tasks)
    document = session.documents[0]
    assert document.checkpoint is not None
    assert [key for key in document.checkpoint.tensors if "norm" in key] == []
    assert len(document.checkpoint.tensors) == 8
    assert bar.what.text == "No key matches “norm”."
    filtered(window, "", idle)
    assert not bar.isVisible()


def test_that_renaming_what_is_found_begins_with_a_pattern_that_means_just_that(window: MainWindow, session: Session, idle: Idle,
                                                                                 qtbot: QtBot) -> None:
    bar = window.filter_bar
    filtered(window, "fc.bias", idle)
    assert bar.rename.accessibleName() == "Rename 4 tensors"
    bar.rename.click()
    idle(window.tasks)
    dialog = window.findChild(EditDialog)
    assert dialog is not None
    assert (dialog.form.text("pattern"), dialog.form.text("replacement")) == (r"^layers\.(\d+)\.fc\.bias$", r"layers.\1.fc.bias")
    replacement = dialog.form.fields["replacement"]
    assert isinstance(replacement, QLineEdit)
    replacement.setText(r"layers.\1.fc.shift")
    qtbot.waitUntil(dialog.ok.isEnabled)
    dialog.ok.click()
    idle(window.tasks)
    document = session.documents[0]
    assert document.checkpoint is not None
    assert [key.removeprefix("model.") for key in document.checkpoint.tensors] == [key.replace("fc.bias", "fc.shift") for key in KEYS]


def test_that_as_many_buttons_have_words_as_fit(window: MainWindow, idle: Idle) -> None:
    bar = window.filter_bar
    filtered(window, "norm", idle)
    buttons = (bar.measure, bar.rename, bar.drop, bar.copy, bar.save)
    at: dict[int, list[str]] = {}
    for width in range(320, 1000, 20):
        bar.resize(width, bar.height())         # the window may lay it out again
        said = [button.text() for button in buttons]
        at[bar.width()] = said
        room = bar.width() - sum(part.sizeHint().width() for part in (bar.count, *buttons)) - 16 - 22 - 7 * 7
        assert bar.what.isHidden() == (room < bar.what.sizeHint().width())         # a size is shown whole or not at all
        if said != ["", "", "4", "", "4…"]:
            assert sum(part.sizeHint().width() for part in (bar.count, *buttons)) + 16 + 22 + 6 * 7 <= bar.width()
        assert [button.isHidden() for button in buttons] == [False, bar.width() < 430, False, bar.width() < 430, False]
    seen = [said for said, _ in groupby(at[width] for width in sorted(at))]
    assert seen[0] == ["", "", "4", "", "4…"]           # and what the pictures do not say comes first
    assert seen[1] == ["", "Rename…", "4", "", "4…"]
    assert seen[-1] == ["Measure", "Rename…", "Drop 4", "Copy", "Save these 4…"]
    assert sorted(seen, key=lambda said: len("".join(said))) == seen


def test_that_what_no_pattern_means_alone_is_said_instead_of_renaming_more(window: MainWindow, session: Session, idle: Idle,
                                                                           tmp_path: Path) -> None:
    torch.save({part: {"weight": torch.ones(2)} for part in ("model", "ema")}, tmp_path / "both.pth")
    window.open_paths([str(tmp_path / "both.pth")])
    idle(window.tasks)
    filtered(window, "ema.weight", idle)
    window.filter_bar.rename.click()
    idle(window.tasks)
    box = window.findChild(Box)
    assert box is not None
    assert "No pattern means just what is found: 1 tensor." in [line.text() for line in box.findChildren(QLabel)]
    assert window.findChild(EditDialog) is None
    box.close()


def test_that_a_filter_that_finds_nothing_says_what_may_have_been_meant_and_can_be_cleared(window: MainWindow, idle: Idle) -> None:
    bar = window.filter_bar
    filtered(window, "nrom shape:2x3", idle)
    assert (bar.count.isVisible(), bar.what.text) == (False, "No key matches “nrom shape:2x3”.")
    assert bar.instead.text() == "Did you mean norm shape:2x3?"
    assert not any(button.isVisible() for button in (bar.measure, bar.rename, bar.drop, bar.copy, bar.save))
    bar.instead.click()
    idle(window.tasks)
    assert (window.search.text(), bar.count.text()) == ("norm shape:2x3", "4 shown of 13")
    assert not bar.instead.isVisible()
    assert not bar.clear.isVisible()
    filtered(window, "nrom shape:7x7", idle)            # nothing is found by the right word either
    assert (bar.instead.isVisible(), bar.clear.isVisible()) == (False, True)
    bar.clear.click()
    idle(window.tasks)
    assert (window.search.text(), bar.isVisible()) == ("", False)


def test_that_these_can_be_saved_alone_and_nothing_is_pending(window: MainWindow, session: Session, idle: Idle, qtbot: QtBot,
                                                              tmp_path: Path) -> None:
    filtered(window, "bias", idle)
    window.filter_bar.save.click()
    idle(window.tasks)
    dialog = window.findChild(SaveDialog)
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.plan is not None)
    assert dialog.plan is not None
    assert core.save(dialog.plan).tensors == 4
    found = core.open(dialog.plan.path)
    assert list(found.tensors) == [f"model.layers.{n}.fc.bias" for n in range(4)]
    assert not found.values
    assert session.edits(session.documents[0].id) == ()
    dialog.reject()


def test_that_dropping_a_group_under_a_filter_asks_which_are_meant(window: MainWindow, session: Session, idle: Idle) -> None:
    filtered(window, "bias", idle)
    id = session.documents[0].id
    assert window.tree.reveal(id, "model.layers.1")
    idle(window.tasks)
    window.menus["edit-drop"].trigger()
    box = window.findChild(Box)
    assert box is not None
    box.buttons.layout().activate()
    buttons = sorted(box.findChildren(QPushButton), key=lambda button: button.x())
    assert [button.text() for button in buttons] == ["Drop: the 1 shown", "Drop: all 3", "Cancel"]         # the way out is last
    next(button for button in box.findChildren(QPushButton) if button.text() == "Drop: the 1 shown").click()
    idle(window.tasks)
    ckpt = session.documents[0].checkpoint
    assert ckpt is not None
    assert [key for key in ckpt.tensors if key.startswith("model.layers.1")] == ["model.layers.1.norm.weight", "model.layers.1.fc.weight"]


def test_that_what_goes_hands_the_keyboard_to_the_tree_and_not_to_the_filter(window: MainWindow, session: Session, idle: Idle,
                                                                             qtbot: QtBot) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    id = session.documents[0].id
    session.add_edits(id, (core.Drop("epoch"),))
    idle(window.tasks)
    window.pending.undo.setFocus()
    window.pending.undo.click()
    assert not window.pending.isVisible()
    assert window.focusWidget() is window.tree
    overview = window.tabs.panel("overview")
    assert isinstance(overview, Overview)

    def inside() -> list[QAbstractButton]:
        return [button for button in overview.area.viewport().findChildren(QAbstractButton)
                if button.isVisible() and button.focusPolicy() is not Qt.FocusPolicy.NoFocus]

    window.view.show_panel("overview")
    qtbot.waitUntil(lambda: bool(inside()) and not window.tasks.running)
    inside()[0].setFocus()
    session.add_edits(id, (core.Drop("epoch"),))
    idle(window.tasks)
    assert window.focusWidget() is overview.area


def test_that_a_size_is_not_cut_where_several_files_have_hits(window: MainWindow, idle: Idle, tmp_path: Path) -> None:
    torch.save({"norm": torch.ones(10)}, tmp_path / "another.pth")
    window.open_paths([str(tmp_path / "another.pth")])
    idle(window.tasks)
    filtered(window, "norm", idle)
    bar = window.filter_bar
    bar.parentWidget().layout().activate()
    for width in range(300, 900, 7):
        bar.resize(width, bar.height())
        bar.layout().activate()
        size = bar.what.text.partition(";")[0]
        assert "; in " in bar.what.text
        assert bar.what.isHidden() or bar.what.width() >= bar.what.fontMetrics().horizontalAdvance(size + "; …")
        assert bar.what.isHidden() == bool(bar.count.toolTip())


def test_that_edits_of_several_tensors_say_how_many(window: MainWindow, session: Session) -> None:
    id = session.documents[0].id
    session.select(Selection(id, "model.layers.1", tuple(f"model.{key}" for key in KEYS if key.startswith("layers.1"))))
    assert window.menus["edit-drop"].text() == "Drop 3 Tensors"


def test_that_f3_goes_from_one_that_is_found_to_the_next(window: MainWindow, session: Session, idle: Idle) -> None:
    filtered(window, "layers.2", idle)
    seen = []
    window.tree.select_row(0)
    for name in ("find-next", "find-next", "find-next", "find-next", "find-previous"):
        window.menus[name].trigger()
        assert session.selection is not None
        seen.append(session.selection.prefix.rpartition("layers.2.")[2])
    assert seen == ["norm.weight", "fc.weight", "fc.bias", "norm.weight", "fc.bias"]


def test_that_who_prefers_to_find_is_taken_from_hit_to_hit_and_nothing_is_hidden(window: MainWindow, settings: Settings, session: Session,
                                                                                 idle: Idle) -> None:
    """At once, and at the next start."""
    window.view.collapse_all()
    before = window.model.rowCount()
    window.menus["preferences"].trigger()
    window.view.preferences.finding.click()
    window.view.preferences.close()
    assert settings.finds
    filtered(window, "norm", idle)
    assert window.model.rowCount() >= before
    bar = window.filter_bar
    assert bar.isVisible()
    assert (bar.count.text(), bar.what.text) == ("4 found of 13", "96 B")
    found = []
    for _ in range(5):
        assert session.selection is not None
        found.append(session.selection.keys)
        window.menus["find-next"].trigger()
    assert found == [(f"model.layers.{n % 4}.norm.weight",) for n in range(5)]
    bar.measure.click()
    assert session.selection is not None
    assert len(session.selection.keys) == 4
    again = MainWindow(Session(), window.tasks, settings)
    assert again.search.edit.placeholderText().startswith("Find:")
    assert not again.model.hides
    again.deleteLater()
    window.menus["preferences"].trigger()
    window.view.preferences.finding.click()
    idle(window.tasks)
    assert bar.count.text() == "4 shown of 13"


def test_that_the_tree_goes_back_to_the_row_that_was_chosen_in_it(window: MainWindow, session: Session, idle: Idle) -> None:
    """Though it told of that row itself, and what was looked at since was chosen elsewhere."""
    window.tree.select_row(0)
    idle(window.tasks)
    session.select(Selection(session.documents[0].id, "model.layers.0.fc.bias", ("model.layers.0.fc.bias",)))
    assert not window.tree.selectionModel().isRowSelected(0)
    window.menus["back"].trigger()
    assert session.selection is not None
    assert session.selection.prefix == ""
    assert window.tree.selectionModel().isRowSelected(0)


def test_that_one_comes_back_to_where_one_was(window: MainWindow, session: Session, idle: Idle) -> None:
    id = session.documents[0].id
    assert not window.history.can_go_forward
    for key in ("model.layers.0.fc.bias", "model.layers.3.fc.weight"):
        session.select(Selection(id, key, (key,)))
    window.view.show_panel("statistics")
    window.menus["back"].trigger()
    assert (session.selection.prefix, window.tabs.current) == ("model.layers.3.fc.weight", "overview")    # type: ignore[union-attr]
    window.menus["back"].trigger()
    assert session.selection is not None
    assert session.selection.prefix == "model.layers.0.fc.bias"
    window.menus["forward"].trigger()
    window.menus["forward"].trigger()
    assert (session.selection.prefix, window.tabs.current) == ("model.layers.3.fc.weight", "statistics")
    assert not window.menus["forward"].isEnabled()
    window.edits.close(id)
    assert not window.menus["back"].isEnabled()


# -- the palette ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "typed", "found"), [
    ("Drop 26 Tensors", "dr", True), ("Explain a Loading Error…", "lo er", True), ("Explain a Loading Error…", "er lo", True),
    ("Reset Layout", "out", True), ("Reset Layout", "xyz", False), ("Undo", "", True)])
def test_that_words_fit_by_how_they_begin_or_by_what_is_in_them(text: str, typed: str, found: bool) -> None:
    assert (score(text, typed) is not None) is found


@pytest.fixture
def palette(window: MainWindow) -> Palette:
    window.menus["palette"].trigger()
    return window.view.palette


def test_that_a_command_is_found_by_its_letters_and_run(window: MainWindow, palette: Palette) -> None:
    palette.edit.setText("sta")
    assert palette.shown[0].text == "Statistics"
    rows = sum(palette.list.sizeHintForRow(row) for row in range(palette.list.count()))
    assert rows <= palette.list.viewport().height() <= rows + 4      # as high as what there is to choose from
    QTest.keyClick(palette.edit, Qt.Key.Key_Return)
    assert window.tabs.current == "statistics"


def test_that_a_key_is_found_and_selected(window: MainWindow, session: Session, palette: Palette, idle: Idle) -> None:
    palette.edit.setText("2 norm")
    idle(window.tasks)
    assert [entry.text for entry in palette.shown] == ["model.layers.2.norm.weight"]
    assert palette.headings == []               # over one kind of things there is nothing to tell apart
    QTest.keyClick(palette.edit, Qt.Key.Key_Return)
    assert session.selection is not None
    assert session.selection.keys == ("model.layers.2.norm.weight",)


@pytest.mark.parametrize(("text", "said"), [
    ("&Open…", "Open…"), ("打开(&O)…", "打开…"), ("Save && &Quit", "Save & Quit"), ("f(x)", "f(x)")])
def test_that_commands_are_named_without_their_access_keys(text: str, said: str) -> None:
    assert plain(text) == said


def test_that_headings_tell_kinds_apart_and_cannot_be_chosen(window: MainWindow, palette: Palette, idle: Idle) -> None:
    palette.edit.setText("mod")
    idle(window.tasks)
    assert palette.headings[:2] == ["Commands", "Keys"]
    rows = [palette.list.item(row) for row in range(palette.list.count())]
    assert rows[0].text() == "Commands"
    assert palette.list.currentRow() == 1
    for _ in range(len(rows)):
        QTest.keyClick(palette.edit, Qt.Key.Key_Down)
        assert palette.list.currentItem().text() not in palette.headings
    QTest.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=palette.list.visualItemRect(rows[0]).center())
    assert palette.isVisible()


def test_that_what_cannot_be_done_stands_last_and_says_why(palette: Palette) -> None:
    palette.edit.setText("undo")
    [entry] = [entry for entry in palette.shown if entry.text == "Undo"]
    assert entry.refusal == "not for what is selected"
    QTest.keyClick(palette.edit, Qt.Key.Key_Return)         # nothing happens
    assert palette.isVisible()
    assert [entry.refusal == "" for entry in best(palette._commands, "", 1000)] == sorted(
        [entry.refusal == "" for entry in palette._commands], reverse=True)


def test_that_the_palette_offers_what_is_shown(window: MainWindow, idle: Idle) -> None:
    filtered(window, "bias", idle)
    window.menus["palette"].trigger()
    palette = window.view.palette
    palette.edit.setText("drop")
    assert palette.shown[0].text == "Drop the 4 shown"
    QTest.keyClick(palette.edit, Qt.Key.Key_Escape)
    assert not palette.isVisible()
