"""Commands of the menus about what is seen and copied, and what is remembered of it."""
from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.kit import fault_log, file_dialogs, message_boxes
from inspector.gui.kit.settings import Settings
from inspector.gui.state.session import Selection, Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets import tree_table


@pytest.fixture
def window(session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot, tmp_path: Path) -> MainWindow:
    core.save({"net.a": np.ones((2, 3), np.float32), "net.b": np.zeros(2, np.float32)}, tmp_path / "a.pth")
    made = MainWindow(session, tasks, settings)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    made.open_paths([str(tmp_path / "a.pth")])
    qtbot.waitUntil(lambda: not tasks.running and made.model.tree(session.documents[0].id) is not None)
    return made


def test_that_f11_fills_the_screen_and_comes_back(window: MainWindow) -> None:
    full = window.menus["full-screen"]
    assert full.shortcut() == "F11"
    full.trigger()
    assert window.isFullScreen()
    assert full.isChecked()
    full.trigger()
    assert not window.isFullScreen()
    window.showFullScreen()                 # the desktop's own way
    assert full.isChecked()
    window.showNormal()
    assert not full.isChecked()


def test_that_what_is_selected_is_copied_from_the_menu_groups_with_all_in_them(window: MainWindow, session: Session) -> None:
    session.select(Selection(session.documents[0].id, "net", ("net.a", "net.b")))
    window.menus["copy-shapes"].trigger()
    assert json.loads(QGuiApplication.clipboard().text()) == {"net.a": {"shape": [2, 3], "dtype": "float32"},
                                                              "net.b": {"shape": [2], "dtype": "float32"}}
    window.menus["copy-python"].trigger()
    names: dict[str, object] = {}
    exec(QGuiApplication.clipboard().text(), names)
    assert sorted(names["arrays"]) == ["net.a", "net.b"]  # type: ignore[call-overload]
    window.menus["copy-rows"].trigger()
    assert "net" in QGuiApplication.clipboard().text()


def test_that_the_folder_of_the_selected_file_is_shown(window: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: asked.append(url.toLocalFile()))
    window.menus["show-in-folder"].trigger()
    assert asked == [str(tmp_path)]


def test_that_about_names_the_log_and_shows_it_once_there_is_one(window: MainWindow, settings: Settings, qtbot: QtBot) -> None:
    def shown() -> QPushButton:
        for old in QApplication.topLevelWidgets():
            if isinstance(old, message_boxes.Box):
                old.close()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        window.menus["about"].trigger()
        box, = window.findChildren(message_boxes.Box)
        assert any(settings.log in getattr(child, "text", str)() for child in box.findChildren(QWidget) if hasattr(child, "text"))
        return next(button for button in box.findChildren(QPushButton) if button.text() == "Show the log")

    assert not shown().isEnabled()
    assert fault_log.write_down(settings.log, "a fault")
    assert shown().isEnabled()


def test_that_a_fault_nobody_caught_is_written_down(settings: Settings, qtbot: QtBot) -> None:
    catcher = message_boxes.Catcher()
    catcher.log = settings.log
    try:
        raise ValueError("what \x1b happened")
    except ValueError as error:
        catcher.catch(ValueError, error, error.__traceback__)
    qtbot.waitUntil(lambda: catcher.box is not None)
    text = Path(settings.log).read_text("utf-8")
    assert "what \\x1b happened" in text
    assert "Checkpoint Inspector" in text
    assert os.stat(settings.log).st_mode & 0o077 == 0
    assert catcher.box is not None
    catcher.box.close()


def test_that_a_log_stays_small_and_one_that_cannot_be_written_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fault_log, "MOST", 1000)
    path = str(tmp_path / "faults.log")
    for n in range(100):
        assert fault_log.write_down(path, f"fault {n} " + "x" * 50)
    assert sorted(os.listdir(tmp_path)) == ["faults.log", "faults.log.1"]
    assert all(os.stat(tmp_path / name).st_size < 1200 for name in os.listdir(tmp_path))
    assert "fault 99 " in Path(path).read_text()
    assert not fault_log.write_down("", "nowhere")
    assert not fault_log.write_down(str(tmp_path / "faults.log" / "x"), "in a file")


def test_that_the_folder_of_what_was_saved_is_remembered_after_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                                        qtbot: QtBot) -> None:
    (tmp_path / "out").mkdir()
    asked: list[str] = []

    def choose(parent: object, title: str, start: str, kinds: str) -> tuple[str, str]:
        asked.append(start)
        return str(tmp_path / "out" / "x.csv"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    parent = QWidget()
    qtbot.addWidget(parent)
    for _ in range(2):                      # two starts
        kept = Settings(str(tmp_path / "s.ini"))
        file_dialogs.remember_in(kept)
        file_dialogs.ask_where_to_save(parent, "Save", "a.csv", "")
        kept.sync()
        kept.deleteLater()
        QCoreApplication.sendPostedEvents(kept, QEvent.Type.DeferredDelete)
    assert asked[1] == str(tmp_path / "out" / "a.csv")
    (tmp_path / "out").rmdir()
    kept = Settings(str(tmp_path / "s.ini"))
    file_dialogs.remember_in(kept)
    file_dialogs.ask_where_to_save(parent, "Save", "a.csv", "")
    assert asked[2] == "a.csv"              # a folder that is gone is none to begin in
    kept.deleteLater()
    QCoreApplication.sendPostedEvents(kept, QEvent.Type.DeferredDelete)


@pytest.mark.parametrize("name", ["copy", "copy-rows", "copy-shapes", "copy-python"])
def test_that_many_rows_are_copied_in_several_turns(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    window.view.expand_all()
    window.tree.selectAll()
    monkeypatch.setattr(tree_table, "_AT_ONCE", 120.0)          # however slow the machine
    QGuiApplication.clipboard().clear()
    window.menus[name].trigger()
    at_once = QGuiApplication.clipboard().text()
    assert "net.b" in at_once
    monkeypatch.setattr(tree_table, "_AT_ONCE", -1.0)
    monkeypatch.setattr(tree_table, "_FEW", 1)
    QGuiApplication.clipboard().clear()
    window.menus[name].trigger()
    assert QGuiApplication.clipboard().text() == ("" if name != "copy" else at_once)       # bare keys are one call
    qtbot.waitUntil(lambda: QGuiApplication.clipboard().text() == at_once)


def test_that_rows_that_are_being_copied_are_those_that_were_selected_whatever_comes_between(window: MainWindow,
                                                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    window.view.expand_all()
    window.tree.selectAll()
    monkeypatch.setattr(tree_table, "_AT_ONCE", 120.0)
    window.menus["copy-rows"].trigger()
    at_once = QGuiApplication.clipboard().text()
    monkeypatch.setattr(tree_table, "_AT_ONCE", -1.0)
    monkeypatch.setattr(tree_table, "_FEW", 1)
    QGuiApplication.clipboard().clear()
    window.menus["copy-rows"].trigger()
    window.tree.set_expanded(0, False)
    assert QGuiApplication.clipboard().text() == at_once
