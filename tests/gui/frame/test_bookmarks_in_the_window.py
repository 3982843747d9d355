"""Marking keys, and coming back to them: the command, the sign on rows, the menu, the way round, the palette."""
from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from inspector.gui.frame.main_window import MainWindow
from inspector.gui.kit.settings import Settings
from inspector.gui.models.tree_model import NAME
from inspector.gui.state.session import Compared, Document, Selection, Session
from inspector.gui.state.tasks import Tasks
from tests.gui import edit_samples
from tests.gui.edit_samples import settled


@pytest.fixture
def opened(session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot, tmp_path: Path) -> tuple[MainWindow, Document]:
    return edit_samples.opened(session, tasks, settings, qtbot, edit_samples.training(tmp_path))


def marked_rows(window: MainWindow) -> list[str]:
    return [line.key for row in range(window.model.rowCount()) if (line := window.model.line(row)).bookmarked]


def mark(window: MainWindow, id: int, *keys: str) -> None:
    for key in keys:
        assert window.tree.reveal(id, key)
        window.menus["bookmark"].trigger()


def listed(window: MainWindow) -> list[str]:
    window.menus.bookmarks.aboutToShow.emit()
    return [action.text() for action in window.menus.bookmarks.actions() if action.data() == "listed"]


def test_that_what_is_selected_is_marked_on_its_row_and_no_longer(opened: tuple[MainWindow, Document], session: Session) -> None:
    window, document = opened
    command = window.menus["bookmark"]
    window.tree.reveal(document.id, "model.fc.weight")
    assert command.isEnabled()
    assert not command.isChecked()
    command.trigger()
    assert command.isChecked()
    assert marked_rows(window) == ["model.fc.weight"]
    row = window.tree.currentIndex().row()
    heard = window.model.data(window.model.index(row, NAME), Qt.ItemDataRole.AccessibleTextRole)
    assert heard.split(", ")[-1] == "bookmarked"
    assert command in window.tree.menu_for(row).actions()
    command.trigger()
    assert not command.isChecked()
    assert marked_rows(window) == []
    session.select(Selection(document.id))              # the file itself is no key
    assert not command.isEnabled()


def test_that_groups_and_values_are_marked_too(opened: tuple[MainWindow, Document]) -> None:
    window, document = opened
    mark(window, document.id, "ema", "epoch")
    assert marked_rows(window) == ["ema", "epoch"]


def test_that_f4_goes_round_them_into_closed_groups(opened: tuple[MainWindow, Document], session: Session) -> None:
    window, document = opened
    mark(window, document.id, "ema.fc.weight", "model.conv.bias", "epoch")
    window.tree.collapse_all()
    session.select(Selection(document.id))
    went = []
    for _ in range(4):
        window.menus["next-bookmark"].trigger()
        went.append(window.model.line(window.tree.currentIndex().row()).key)
    assert went == ["model.conv.bias", "ema.fc.weight", "epoch", "model.conv.bias"]
    window.menus["previous-bookmark"].trigger()
    assert window.model.line(window.tree.currentIndex().row()).key == "epoch"
    assert session.selection == Selection(document.id, "epoch", (), "epoch")


def test_that_the_menu_lists_them_and_leads_out_of_a_filter_and_a_comparison(opened: tuple[MainWindow, Document], session: Session,
                                                                            tasks: Tasks, qtbot: QtBot, tmp_path: Path) -> None:
    window, document = opened
    mark(window, document.id, "ema.fc.weight")
    assert listed(window) == ["ema.fc.weight"]
    window.open_paths([str(edit_samples.wrapped(tmp_path))])
    settled(tasks, qtbot)
    other = session.documents[1]
    mark(window, other.id, "module.conv.bias")
    assert listed(window) == ["ema.fc.weight   —   train.pth", "module.conv.bias   —   last.pth"]
    window.search.setText("nothing has this name")
    qtbot.waitUntil(lambda: bool(window.model.query.terms))
    session.compare(Compared(document.id, other.id))
    settled(tasks, qtbot)
    assert window.comparison.shown
    assert not window.menus["bookmark"].isEnabled()
    assert not window.menus["next-bookmark"].isEnabled()
    window.menus.bookmarks.actions()[-2].trigger()
    qtbot.waitUntil(lambda: session.selection == Selection(document.id, "ema.fc.weight", ("ema.fc.weight",)))
    assert not window.comparison.shown
    window.menus["clear-bookmarks"].trigger()
    assert listed(window) == []
    assert not window.menus["clear-bookmarks"].isEnabled()


def test_that_the_palette_finds_them_by_a_few_letters(opened: tuple[MainWindow, Document], session: Session) -> None:
    window, document = opened
    mark(window, document.id, "ema.fc.weight", "model.fc.weight")
    session.select(Selection(document.id))
    window.view.show_palette()
    palette = window.view.palette
    palette.edit.setText("em")
    assert "Bookmarks" in palette.headings or len(palette.shown) == 1
    entry = next(entry for entry in palette.shown if entry.picture == "bookmark")
    assert entry.text == "ema.fc.weight"
    palette.leave()
    entry.run()
    assert session.selection == Selection(document.id, "ema.fc.weight", ("ema.fc.weight",))


def test_that_all_chosen_rows_are_marked(opened: tuple[MainWindow, Document]) -> None:
    window, document = opened
    window.tree.expand_all()
    window.search.setText("fc")
    window.tree.setFocus()
    window.tree.selectAll()
    window.menus["bookmark"].trigger()
    assert {"model.fc.weight", "ema.fc.weight"} <= set(window.marked.bookmarks.of(document.id))
