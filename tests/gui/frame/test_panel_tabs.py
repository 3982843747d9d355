"""The row of tabs: in a narrow window some are in a menu, and none is lost."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QTabBar
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.frame.panel_tabs import NAMES
from inspector.gui.kit import theme
from inspector.gui.kit.settings import Settings
from inspector.gui.panels.values import ValuesPanel
from inspector.gui.state.session import Selection, Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.lazy_panel import SelectionPanel


@pytest.fixture
def window(session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot, tmp_path: Path) -> MainWindow:
    core.save({"fc.weight": np.full((3, 2), np.nan, np.float32)}, tmp_path / "a.safetensors")
    made = MainWindow(session, tasks, settings)
    qtbot.addWidget(made)
    theme.current().apply_style_sheet()
    made.resize(1400, 700)
    made.show()
    made.open_paths([str(tmp_path / "a.safetensors")])
    qtbot.waitUntil(lambda: not tasks.running and session.selected_document is not None)
    return made


def test_that_a_wide_window_has_all_tabs_in_sight(window: MainWindow) -> None:
    assert window.tabs.left_out == []
    assert not window.tabs.more.isVisible()
    assert window.tabs.tabBar().sizeHint().width() <= window.tabs.width()


def test_that_tabs_with_less_around_their_names_move_together_at_once(window: MainWindow) -> None:
    bar = window.tabs._bar
    shown = [n for n in range(bar.count()) if bar.isTabVisible(n)]
    wide = sum(bar.tabRect(n).width() for n in shown)
    bar.make_slim(True)
    slim = sum(bar.tabRect(n).width() for n in shown)
    assert slim < wide
    assert slim == sum(bar.own_size(n).width() for n in shown)


def test_that_tabs_are_arranged_once_for_what_they_show(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    tabs, tried = window.tabs, list[bool]()
    window.resize(1024, 700)
    window.work.setSizes([664, 360])
    window._refresh()
    monkeypatch.setattr(tabs._bar, "make_slim", tried.append)
    window._refresh()
    assert not tried
    for change in (lambda: tabs.show_badges(1, "danger", 2), lambda: tabs.show_badges(1, "warning", 2), lambda: tabs.show_panel("values"),
                   lambda: window.work.setSizes([600, 424])):
        change()
        assert tried
        tried.clear()


def test_that_a_tab_without_room_shows_no_badge_over_another_one(window: MainWindow) -> None:
    tabs = window.tabs
    window.resize(1024, 700)
    window.work.setSizes([664, 360])
    assert "edits" in tabs.left_out
    tabs.show_badges(1, "danger", 2)
    badge = tabs.tabBar().tabButton(NAMES.index("edits"), QTabBar.ButtonPosition.RightSide)
    assert badge is not None
    assert not badge.isVisible()
    window.resize(1900, 700)
    window.work.setSizes([900, 1000])
    assert badge.isVisible()


@pytest.mark.parametrize("width", [1024, 800, 700])
def test_that_tabs_without_room_are_in_a_menu_and_come_forward_when_they_are_chosen(window: MainWindow, qtbot: QtBot, width: int) -> None:
    tabs = window.tabs
    window.resize(width, 700)
    window.work.setSizes([width - 360, 360])
    assert len(tabs.left_out) > 1
    assert tabs.more.isVisible()
    assert tabs.tabBar().sizeHint().width() + tabs.more.width() <= tabs.width()
    assert tabs.more.geometry().right() < tabs.width()
    seen = [n for n in range(tabs.count()) if tabs.isTabVisible(n) and tabs.tabBar().tabRect(n).width() > 20]
    assert {NAMES[n] for n in seen} | set(tabs.left_out) == {NAMES[n] for n in range(tabs.count()) if tabs.isTabVisible(n)}
    missing = tabs.left_out[-1]
    tabs.more.menu().aboutToShow.emit()
    listed = tabs.more.menu().actions()
    assert [action.text() for action in listed] == [tabs.tabText(NAMES.index(name)) for name in tabs.left_out]
    listed[-1].trigger()
    assert tabs.current == missing
    assert missing not in tabs.left_out
    assert tabs.tabBar().tabRect(NAMES.index(missing)).width() > 20
    for name in list(tabs.left_out):
        window.menus[name].trigger()
        assert tabs.current == name
        assert name not in tabs.left_out
    window.resize(1900, 700)
    window.work.setSizes([900, 1000])
    assert tabs.left_out == []
    assert not tabs.more.isVisible()


def test_that_a_place_leads_to_its_element_among_the_values(window: MainWindow, session: Session, tasks: Tasks, qtbot: QtBot,
                                                            tmp_path: Path) -> None:
    values = np.zeros((40, 30), np.float32)
    values[33, 7] = values[35, 1] = np.nan
    core.save({"w": values}, tmp_path / "b.safetensors")
    window.open_paths([str(tmp_path / "b.safetensors")])
    qtbot.waitUntil(lambda: not tasks.running and len(session.documents) == 2)
    session.select(Selection(session.documents[1].id, "w", ("w",)))
    window.tabs.show_panel("statistics")
    statistics = window.tabs.panel("statistics")
    assert isinstance(statistics, SelectionPanel)
    for place, found in (((12, 3), (12, 3)), ("nan", (33, 7)), ("nan", (33, 7)), ("zero", (0, 0))):
        statistics.place_asked.emit(place)
        assert window.tabs.current == "values"
        panel = window.tabs.panel("values")
        assert isinstance(panel, ValuesPanel)
        qtbot.waitUntil(lambda panel=panel, found=found: not tasks.running and panel.current == found)
