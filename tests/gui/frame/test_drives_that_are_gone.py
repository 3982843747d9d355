"""The window asks no file system for anything itself: a network drive that is gone answers after minutes."""
from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.dialogs.save import SaveDialog
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.kit import disk
from inspector.gui.kit.settings import Settings
from inspector.gui.state.session import Selection, Session, State
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.histogram_plot import Curve, HistogramPlot
from tests.gui.edit_samples import settled
from tests.gui.showing import written

LOOKS = ("stat", "lstat", "scandir", "listdir", "open", "access", "readlink")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "drive" / "runs").mkdir(parents=True)
    for name in ("a.pth", "b.pth", "runs/c.pth", "runs/d.pth"):
        torch.save({"fc.weight": torch.ones(2, 2), "fc.bias": torch.ones(2)}, tmp_path / "drive" / name)
    (tmp_path / "drive" / "notes.txt").write_text("no checkpoint")
    return tmp_path / "drive"


@pytest.fixture
def watch(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], list[str]]:
    """Which calls the thread of the window makes from now on for files of the folder; any other thread first calls what is given."""
    def begin(elsewhere: Callable[[], object]) -> list[str]:
        asked: list[str] = []
        for name in LOOKS:
            monkeypatch.setattr(os, name, _noting(name, getattr(os, name), str(folder), asked, elsewhere))
        return asked
    return begin


def _noting(name: str, real: Callable[..., Any], folder: str, asked: list[str], elsewhere: Callable[[], object]) -> Callable[..., Any]:
    def look(*given: Any, **more: Any) -> Any:
        if given and isinstance(given[0], str | os.PathLike) and os.fspath(given[0]).startswith(folder):
            if threading.current_thread() is threading.main_thread():
                asked.append(f"{name} {given[0]}")
            else:
                elsewhere()
        return real(*given, **more)
    return look


@pytest.fixture
def window(session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot) -> MainWindow:
    made = MainWindow(session, tasks, settings)
    made.edits.asks = False
    qtbot.addWidget(made)
    made.show()
    return made


def test_that_no_command_asks_for_a_file_in_the_windows_thread(window: MainWindow, session: Session, tasks: Tasks, folder: Path,
                                                              watch: Callable[[Callable[[], object]], list[str]], qtbot: QtBot) -> None:
    asked = watch(lambda: None)
    window.open_paths([str(folder / name) for name in ("a.pth", "b.pth", "notes.txt", "runs")])
    settled(tasks, qtbot)
    assert [Path(document.path).name for document in session.documents] == ["a.pth", "b.pth", "notes.txt", "c.pth", "d.pth"]
    first, second = session.documents[:2]
    for document in session.documents:
        session.select(Selection(document.id))
        settled(tasks, qtbot)
    window.open_paths([first.path])                     # once more
    settled(tasks, qtbot)
    window.menus.recent.aboutToShow.emit()
    window.tree.menu_for(0).deleteLater()
    assert window.tree.folder_of(first.id) == str(folder)
    dragged: list[object] = []
    window.drag_out.carry = lambda drag: (dragged.append(drag), Qt.DropAction.CopyAction)[1]
    window.drag_out.begin()
    assert dragged
    for document in (first, second):
        session.add_edits(document.id, (core.Drop("fc.bias"),))
    settled(tasks, qtbot)
    dialog = window.edits.save_document(first.id, own=True)
    assert isinstance(dialog, SaveDialog)
    with qtbot.waitSignal(dialog.planned):
        pass
    dialog.save.click()
    settled(tasks, qtbot)
    assert (list(first.checkpoint or ()), session.edits(first.id)) == (["fc.weight"], ())
    window.edits.save_all()
    settled(tasks, qtbot)
    plot = HistogramPlot(choose_path=lambda *_: str(folder / "bins.csv"))
    qtbot.addWidget(plot)
    plot.show_curves([Curve("fc.weight", (0.0, 1.0), (4,))])
    plot.save_table()
    written(qtbot)
    assert asked == []
    assert (folder / "bins.csv").exists()


def test_that_a_folder_that_does_not_answer_at_once_is_looked_into_when_it_does(
        window: MainWindow, session: Session, tasks: Tasks, folder: Path, watch: Callable[[Callable[[], object]], list[str]],
        qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "_SOON", 0.05)
    answers = threading.Event()
    asked = watch(answers.wait)
    window.open_paths([str(folder / "runs"), str(folder / "a.pth")])
    assert [document.state for document in session.documents] == [State.LOADING] * 2
    window.menus.recent.aboutToShow.emit()
    window.tree.menu_for(0).deleteLater()
    assert asked == []
    answers.set()
    settled(tasks, qtbot)
    assert sorted(Path(document.path).name for document in session.documents) == ["a.pth", "c.pth", "d.pth"]
    assert {document.state for document in session.documents} == {State.READY}
