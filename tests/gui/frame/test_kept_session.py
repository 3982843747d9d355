"""What was open is kept and comes back: files, selection, edits that wait, the comparison; whatever became of the file they are kept in."""
from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.frame import kept_session
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.kit.settings import Settings
from inspector.gui.state.pending_edits import Editing
from inspector.gui.state.session import Selection, Session, State
from inspector.gui.state.tasks import Tasks

Idle = Callable[[Tasks], None]
Start = Callable[[], MainWindow]


@pytest.fixture
def start(settings: Settings, qtbot: QtBot) -> Start:
    """Starts the program once more: a window, with the settings of the one before."""
    def start() -> MainWindow:
        made = MainWindow(Session(), Tasks(), Settings(settings.path))
        for part in (made.session, made.tasks, made.settings):
            part.setParent(made)
        qtbot.addWidget(made, before_close_func=lambda window: window.tasks.close(10))
        made.show()
        made.keep_session()
        return made
    return start


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    made = []
    for n in range(3):
        torch.save({"epoch": n, "model": {f"module.layer{i}.w": torch.full((4,), float(n)) for i in range(3)}}, tmp_path / f"{n}.pth")
        made.append(str(tmp_path / f"{n}.pth"))
    return made


def test_that_files_selection_panel_and_edits_come_back(start: Start, files: list[str], idle: Idle, qtbot: QtBot) -> None:
    first = start()
    first.open_paths(files)
    idle(first.tasks)
    second = first.session.documents[1]
    first.session.add_edits(second.id, [core.StripPrefix("module.")])
    idle(first.tasks)
    assert first.tree.reveal(second.id, "model.layer1.w")
    first.view.show_panel("values")
    assert first.keeper is not None
    first.keeper.write()                    # as it does by itself; and then the process is killed

    again = start()
    assert again.pages.currentWidget() is again.welcome
    assert again.welcome.again.isVisible()
    assert "0.pth, 1.pth, 2.pth" in again.welcome.again.accessibleName()
    assert "1 edit" in again.welcome.again.accessibleName()
    again.welcome.again.click()
    qtbot.waitUntil(lambda: again.session.selection is not None and again.session.selection.keys == ("model.layer1.w",))
    idle(again.tasks)
    assert [document.path for document in again.session.documents] == files
    restored = again.session.documents[1]
    assert again.session.edits(restored.id) == (core.StripPrefix("module."),)
    assert Editing.shared(again.session, again.tasks).ready(restored.id)
    assert again.session.selection == Selection(restored.id, "model.layer1.w", ("model.layer1.w",))
    assert again.tabs.current == "values"
    assert not again.menus["open-again"].isEnabled()
    first.session.set_edits(second.id, [])


def test_that_edits_of_a_file_that_is_away_are_kept_until_it_is_there_again(start: Start, files: list[str], idle: Idle) -> None:
    first = start()
    first.open_paths(files[:2])
    idle(first.tasks)
    first.session.add_edits(first.session.documents[0].id, [core.StripPrefix("module.")])
    idle(first.tasks)
    assert first.keeper is not None
    first.keeper.write()
    away = Path(files[0]).rename(Path(files[0]).with_suffix(".away"))
    for _ in range(2):
        again = start()
        again.welcome.again.click()
        idle(again.tasks)
        assert [document.state for document in again.session.documents] == [State.FAILED, State.READY]
        assert again.keeper is not None
        again.keeper.write()
    away.rename(files[0])
    last = start()
    last.welcome.again.click()
    idle(last.tasks)
    assert last.session.edits(last.session.documents[0].id) == (core.StripPrefix("module."),)
    for window in (first, last):
        window.session.set_edits(window.session.documents[0].id, [])


def test_that_a_comparison_comes_back(start: Start, files: list[str], idle: Idle, qtbot: QtBot) -> None:
    first = start()
    first.open_paths(files)
    idle(first.tasks)
    a, b, c = (document.id for document in first.session.documents)
    first.comparison.compare_documents(c, a)
    idle(first.tasks)
    assert first.session.compared is not None
    first.session.compare(first.session.compared._replace(base=b))
    idle(first.tasks)
    first.close()
    again = start()
    again.menus["open-again"].trigger()
    qtbot.waitUntil(lambda: again.session.compared is not None)
    compared = again.session.compared
    assert compared is not None
    paths = {document.id: document.path for document in again.session.documents}
    assert [paths[id] for id in compared.ids] == [files[2], files[0]]
    qtbot.waitUntil(lambda: again.session.compared is not None and again.session.compared.base is not None)
    assert again.session.compared is not None
    assert paths[again.session.compared.base or 0] == files[1]
    idle(again.tasks)


def test_that_a_start_with_files_leaves_what_was_open_to_be_opened_later(start: Start, files: list[str], idle: Idle) -> None:
    first = start()
    first.open_paths(files[:1])
    idle(first.tasks)
    first.close()
    second = start()
    second.open_paths(files[1:2])
    idle(second.tasks)
    assert second.keeper is not None
    second.keeper.write()
    assert second.menus["open-again"].isEnabled()
    second.menus["open-again"].trigger()
    idle(second.tasks)
    assert {document.path for document in second.session.documents} == set(files[:2])


def test_that_it_is_written_by_itself_and_for_nobody_else(start: Start, files: list[str], idle: Idle, qtbot: QtBot,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_session, "EVERY", 50)
    window = start()
    window.open_paths(files[:1])
    idle(window.tasks)
    assert window.keeper is not None
    path = Path(window.keeper.path)
    qtbot.waitUntil(path.exists)
    qtbot.waitUntil(lambda: json.loads(path.read_text())["now"]["files"][0]["path"] == files[0])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("text", [
    "", "{", "[]", "null", '{"version": 2}', '{"version": 1}', '{"version": 1, "now": 7, "before": []}', "[" * 50_000,
    '{"version": 1, "now": {"files": [7, {}, {"path": 3}, {"path": ""}]}}',
    '{"version": 1, "now": {"files": {"path": "/a"}}}'])
def test_that_what_cannot_be_read_is_nothing(start: Start, settings: Settings, text: str) -> None:
    (Path(settings.beside) / "session.json").write_text(text)
    assert not start().menus["open-again"].isEnabled()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes of POSIX")
def test_that_a_pipe_in_its_place_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "session.json"
    os.mkfifo(path)
    code = f"from inspector.gui.frame import kept_session as k; assert k._read({str(path)!r}) == (k.Kept(), k.Kept())"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


@pytest.mark.parametrize("path", ["a\0b", "\ud800", "/", "http://[", "s3://", "x" * 100_000, "\x1b[31m"])
def test_that_a_strange_path_is_told_as_one_that_cannot_be_opened(start: Start, settings: Settings, idle: Idle, path: str) -> None:
    kept = {"files": [{"path": path, "selected": "\0", "recipe": "[]", "edits": -10**4000}]}
    (Path(settings.beside) / "session.json").write_text(json.dumps({"version": 1, "now": kept}))
    settings._set_json("recent", [path])
    settings._set_json("recent-facts", {path: [(1 << 40) - 1, 10**4000, "?"]})
    settings.sync()
    window = start()
    window.menus["open-again"].trigger()
    idle(window.tasks)
    assert not any(document.checkpoint for document in window.session.documents)


@pytest.mark.parametrize("text", [
    '{"path": "FILE", "selected": "no.such.key", "recipe": "not a recipe", "edits": 3}',
    '{"path": "FILE", "selected": 7, "recipe": {"a": 1}, "edits": "many"}',
    '{"path": "FILE", "recipe": "{\\"recipe\\": 1, \\"edits\\": [{\\"no-such-edit\\": 1}]}"}'])
def test_that_a_file_comes_back_though_what_is_said_of_it_is_wrong(start: Start, settings: Settings, files: list[str], idle: Idle,
                                                                   text: str) -> None:
    (Path(settings.beside) / "session.json").write_text('{"version": 1, "now": {"shown": 99, "compared": [0, 0], "panel": "no such panel", '
                                                        f'"files": [{text.replace("FILE", files[0])}]}}}}')
    window = start()
    window.menus["open-again"].trigger()
    idle(window.tasks)
    [document] = window.session.documents
    assert document.checkpoint is not None
    assert window.session.edits(document.id) == ()


def test_that_preferences_hold_at_once(start: Start) -> None:
    window = start()
    window.menus["preferences"].trigger()
    asked = window.view.preferences
    asked.theme.setCurrentIndex(asked.theme.findData("dark"))
    assert window.settings.theme == "dark"
    assert window.menus["theme-dark"].isChecked()
    asked.language.setCurrentIndex(asked.language.findData("zh_CN"))
    assert window.settings.language == "zh_CN"
    assert asked.said.isVisible()
    asked.reopen.click()
    assert Settings(window.settings.path).reopens
    asked.follow.click()
    assert window.menus["follow"].isChecked()
    assert window.settings.follows
    asked.reject()
    assert not asked.isVisible()
