"""Files that change while they are open: told, read again when asked or by themselves, never half, with all that the person did kept."""
from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.frame import following
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.kit.settings import Settings
from inspector.gui.models.tree_model import NAME, RAW
from inspector.gui.state import requests
from inspector.gui.state.session import Document, Selection, Session, State
from inspector.gui.state.signals import Kind
from inspector.gui.state.tasks import Tasks

Idle = Callable[[Tasks], None]
SECONDS = float(os.environ.get("INSPECTOR_WATCHED_SECONDS", "3"))


def save(path: Path, n: int, **more: object) -> None:
    """As a training does it that leaves the old file or the new one; `torch.save` into place is what the last test is about."""
    beside = path.with_suffix(".new")
    torch.save({"epoch": n, "model": {"base": {"w": torch.ones(64), "b": torch.ones(4)}, "head": {"w": torch.full((64,), float(n))}},
                **more}, beside)
    then = time.time() - 60 + n / 100
    os.utime(beside, (then, then))
    os.replace(beside, path)


@pytest.fixture
def window(session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    monkeypatch.setattr(following, "EVERY", 100)
    monkeypatch.setattr(following, "BETWEEN", 0.05)
    made = MainWindow(session, tasks, settings)
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "last.pth"
    save(made, 1)
    return made


@pytest.fixture
def document(window: MainWindow, session: Session, tasks: Tasks, path: Path, idle: Idle) -> Document:
    window.open_paths([str(path)])
    idle(tasks)
    return session.documents[0]


def epoch(document: Document) -> object:
    return document.original.values["epoch"] if document.original is not None else None


def marks(window: MainWindow) -> dict[str, set[Kind]]:
    """What is marked in the tree, by the raw key."""
    model = window.tree.tree_model
    return {line.key: {mark.kind for mark in line.marks} for row in range(model.rowCount())
            if (line := model.line(row)).marks and line.key}


def test_that_a_change_is_told_without_anybody_looking_and_read_on_request(window: MainWindow, document: Document, path: Path,
                                                                           qtbot: QtBot) -> None:
    save(path, 2)
    qtbot.waitUntil(lambda: window.banner.isVisible())
    assert window.banner.text.text().startswith("Changed on disk at ")
    assert epoch(document) == 1
    window.banner.findChild(QPushButton).click()
    qtbot.waitUntil(lambda: epoch(document) == 2)
    qtbot.waitUntil(lambda: not window.banner.isVisible())
    qtbot.waitUntil(lambda: marks(window).get("model.head.w") == {Kind.CHANGED})
    assert Kind.CHANGED in marks(window)["epoch"]
    assert "model.base.w" not in marks(window)
    assert "read again: 2 changed" in window.statusBar().currentMessage()


def test_that_a_panel_which_meets_a_changed_file_reloads_it(window: MainWindow, document: Document, session: Session, path: Path,
                                                           qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    window.view.show_panel("statistics")
    monkeypatch.setattr(window.following, "check", lambda: None)        # nobody noticed yet
    save(path, 2, more=torch.ones(3))
    session.select(Selection(document.id, "model.head.w", ("model.head.w",)))
    statistics = window.tabs.panel("statistics")
    assert statistics is not None
    qtbot.waitUntil(lambda: any(button.text() == "Reload" and button.isVisible() for button in statistics.findChildren(QPushButton)))
    next(button for button in statistics.findChildren(QPushButton) if button.text() == "Reload" and button.isVisible()).click()
    qtbot.waitUntil(lambda: document.checkpoint is not None and "more" in document.checkpoint.tensors)


def test_that_marks_of_what_changed_go_after_a_while(window: MainWindow, document: Document, path: Path, qtbot: QtBot,
                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "MARKED", 1)
    save(path, 2, added=torch.ones(2))
    with qtbot.waitSignal(window.following.read_again) as told:
        window.menus["reload"].trigger()
    assert told.args == [document.id, core.Rewritten(new=("added",), changed=("model.head.w", "epoch"))]
    qtbot.waitUntil(lambda: document.rewritten is None and not marks(window))


def test_that_a_followed_file_is_read_again_by_itself_and_what_a_person_did_stays(
        window: MainWindow, document: Document, session: Session, path: Path, qtbot: QtBot, tasks: Tasks, idle: Idle) -> None:
    model = window.tree.tree_model
    window.menus["follow"].setChecked(True)
    collapsed = next(row for row in range(model.rowCount()) if model.line(row).key == "model.base")
    model.set_expanded(collapsed, False)
    window.view.show_panel("details")
    session.select(Selection(document.id, "model.head.w", ("model.head.w",)))
    model.set_filter("w")
    idle(tasks)
    rows = [model.index(row, NAME).data(RAW) for row in range(model.rowCount())]
    save(path, 2, other=torch.ones(3))
    qtbot.waitUntil(lambda: epoch(document) == 2)
    idle(tasks)
    assert not window.banner.isVisible()
    assert [model.index(row, NAME).data(RAW) for row in range(model.rowCount())] == rows
    assert session.selection == Selection(document.id, "model.head.w", ("model.head.w",))
    assert window.tabs.current == "details"
    model.set_filter("")
    idle(tasks)
    assert not model.line(next(row for row in range(model.rowCount()) if model.line(row).key == "model.base")).expanded


def test_that_edits_that_wait_are_never_lost(window: MainWindow, document: Document, session: Session, path: Path, qtbot: QtBot,
                                             tasks: Tasks, idle: Idle) -> None:
    window.menus["follow"].setChecked(True)
    session.add_edits(document.id, [core.Drop("model.base.b")])
    idle(tasks)
    save(path, 2)
    qtbot.waitUntil(lambda: window.banner.isVisible())
    assert "Your edit is kept and made again after reloading." in window.banner.text.text()
    assert epoch(document) == 1
    window.banner.findChild(QPushButton).click()
    qtbot.waitUntil(lambda: epoch(document) == 2)
    idle(tasks)
    assert session.edits(document.id) == (core.Drop("model.base.b"),)
    assert document.checkpoint is not None
    assert list(document.checkpoint.tensors) == ["model.base.w", "model.head.w"]


def test_that_a_followed_file_that_is_half_there_leaves_what_is_shown(window: MainWindow, document: Document, path: Path, qtbot: QtBot,
                                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "AGAIN", 0.05)
    window.menus["follow"].setChecked(True)
    save(path, 2)
    whole = path.read_bytes()
    qtbot.waitUntil(lambda: epoch(document) == 2)
    path.write_bytes(b"PK")
    qtbot.waitUntil(lambda: window.banner.isVisible())
    assert "cannot be read" in window.banner.text.text()
    assert document.state is State.READY
    assert epoch(document) == 2
    path.unlink()
    qtbot.waitUntil(lambda: "no longer there" in window.banner.text.text())
    assert document.state is State.READY
    path.write_bytes(whole)
    qtbot.waitUntil(lambda: not window.banner.isVisible())
    assert epoch(document) == 2


def test_that_following_is_remembered(window: MainWindow, document: Document, settings: Settings, path: Path, qtbot: QtBot) -> None:
    save(path, 2)
    qtbot.waitUntil(lambda: window.banner.isVisible())
    window.banner.follow.click()
    qtbot.waitUntil(lambda: epoch(document) == 2)
    assert window.menus["follow"].isChecked()
    assert settings.follows


def test_that_a_file_moved_away_and_back_is_the_one_that_was_opened(window: MainWindow, document: Document, path: Path,
                                                                    qtbot: QtBot) -> None:
    away = path.with_name("away.pth")
    os.rename(path, away)
    qtbot.waitUntil(lambda: window.banner.isVisible())
    assert window.banner.text.text().startswith("This file is no longer there.")
    shutil.copy2(away, path)
    qtbot.waitUntil(lambda: "Changed on disk" in window.banner.text.text())     # the same, but another file


WRITER = """
import sys, threading, torch
path, told = sys.argv[1], threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), told.set()), daemon=True).start()
print("ready", flush=True)
n = 0
while not told.wait(0.1 if n % 20 else min(0.1 * 2 ** (n // 20), 10)):      # whoever takes longer to read it gets longer, now and then
    n += 1
    torch.save({"epoch": n, "model": {f"layer{k}": {"w": torch.full((20_000,), float(n)), "b": torch.full((3,), float(n))}
                                      for k in range(8)}}, path)
torch.save({"epoch": -1, "model": {f"layer{k}": {"w": torch.full((20_000,), -1.0), "b": torch.full((3,), -1.0)} for k in range(8)}}, path)
"""


def test_that_a_training_which_saves_into_place_every_100_ms_is_followed_without_half_a_state(
        window: MainWindow, document: Document, session: Session, path: Path, tasks: Tasks, qtbot: QtBot,
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "GRACE", 600_000)             # however long this machine takes to read it again
    window.menus["follow"].setChecked(True)
    window.view.show_panel("statistics")
    window.resize(1200, 760)
    seen: set[object] = set()
    errors: list[str] = []
    message = window.tabs.panel("statistics").pages.message

    def shown(id: int) -> None:
        seen.add(epoch(document))
        if document.state is not State.READY or len(document.original.tensors if document.original is not None else ()) not in (3, 16):
            errors.append(f"{document.state}: {document.error}")

    def texts() -> None:
        if message.isVisible() and "changed" in message.text:
            errors.append(message.text)

    peek = QTimer()
    peek.timeout.connect(texts)
    session.document_changed.connect(shown)
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        end = time.monotonic() + SECONDS
        qtbot.waitUntil(lambda: document.original is not None and "model.layer0.w" in document.original.tensors)
        session.select(Selection(document.id, "model.layer0", ("model.layer0.w", "model.layer0.b")))
        peek.start(20)
        qtbot.waitUntil(lambda: len(seen) > 2 and time.monotonic() > end, timeout=int(SECONDS * 1000) + 120_000)
        process.stdin.close()
        qtbot.waitUntil(lambda: process.poll() is not None)
    qtbot.waitUntil(lambda: epoch(document) == -1)
    peek.stop()
    assert process.returncode == 0
    assert not errors


def test_that_a_worker_looks_at_what_is_to_be_watched_before_the_window_asks_for_it(
        window: MainWindow, document: Document, session: Session, tasks: Tasks, path: Path, idle: Idle, qtbot: QtBot,
        monkeypatch: pytest.MonkeyPatch) -> None:
    looked: set[bool] = set()
    look = following._answering

    def noted(paths: list[str]) -> list[str]:
        looked.add(threading.current_thread() is threading.main_thread())
        return look(paths)

    monkeypatch.setattr(following, "_answering", noted)
    other = path.with_name("other.pth")
    save(other, 1)
    window.open_paths([str(other)])
    watched = window.following._watched
    qtbot.waitUntil(lambda: watched() >= {str(path), str(other), str(path.parent)})
    assert looked == {False}
    session.remove(session.documents[-1].id)
    assert str(other) not in watched()
