"""The window without a file."""
from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from inspector.gui.kit.settings import Settings
from inspector.gui.panels.welcome import Welcome


def rows(welcome: Welcome) -> list[QPushButton]:
    return [button for button in welcome.findChildren(QPushButton)
            if button not in (welcome.open_button, welcome.demo_button) and not button.isHidden()]


def test_that_the_two_ways_in_are_buttons(settings: Settings, qtbot: QtBot) -> None:
    welcome = Welcome(settings)
    qtbot.addWidget(welcome)
    with qtbot.waitSignal(welcome.open_asked):
        qtbot.mouseClick(welcome.open_button, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(welcome.demo_asked):
        qtbot.keyClick(welcome.demo_button, Qt.Key.Key_Space)


def test_that_recent_files_open_and_missing_ones_are_grey(settings: Settings, qtbot: QtBot, tmp_path: Path) -> None:
    there = tmp_path / "there.pth"
    there.write_bytes(b"x")
    settings.add_recent("/gone/away.pth")
    settings.add_recent(str(there))
    welcome = Welcome(settings)
    qtbot.addWidget(welcome)
    first, second = rows(welcome)
    assert first.isEnabled()
    assert not second.isEnabled()
    with qtbot.waitSignal(welcome.path_asked) as asked:
        qtbot.mouseClick(first, Qt.MouseButton.LeftButton)
    assert asked.args == [str(there)]


def test_that_the_list_follows_what_is_opened_and_cleared(settings: Settings, qtbot: QtBot) -> None:
    welcome = Welcome(settings)
    qtbot.addWidget(welcome)
    assert rows(welcome) == []
    settings.add_recent("/a.pt")
    assert len(rows(welcome)) == 1
    settings.clear_recent()
    assert rows(welcome) == []


def test_that_names_are_shown_literally(settings: Settings, qtbot: QtBot) -> None:
    settings.add_recent("/x/<b>a<i>&\u202e\n.pt")
    welcome = Welcome(settings)
    qtbot.addWidget(welcome)
    welcome.resize(900, 700)
    shown = rows(welcome)[0].findChildren(QLabel)
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in shown)
    assert any(label.accessibleName() == "<b>a<i>&\\u202e\\n.pt" for label in shown)
