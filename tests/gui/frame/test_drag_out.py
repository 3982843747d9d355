"""Tensors that are pulled out of the tree as files."""
from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDrag, QDragEnterEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from safetensors.numpy import load_file, save_file

from inspector.gui.frame import drag_out
from inspector.gui.frame.drag_out import PromisedFile
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.kit.settings import Settings
from inspector.gui.models.tree_model import NAME
from inspector.gui.state.session import Selection, Session
from inspector.gui.state.tasks import Tasks

ARRAYS = {"net.a": np.arange(6, dtype=np.float32).reshape(2, 3), "net.b": np.float16([1, 2]), "c": np.int64([7])}


@pytest.fixture
def window(session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot, tmp_path: Path) -> MainWindow:
    (tmp_path / "in").mkdir()
    save_file(ARRAYS, str(tmp_path / "in" / "model.safetensors"))
    made = MainWindow(session, tasks, settings)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    made.open_paths([str(tmp_path / "in" / "model.safetensors")])
    qtbot.waitUntil(lambda: not tasks.running and made.model.tree(session.documents[0].id) is not None)
    return made


def dropped(window: MainWindow, take: Callable[[QMimeData], object]) -> list[object]:
    """What is taken of the drags that follow."""
    taken: list[object] = []

    def carry(drag: QDrag) -> Qt.DropAction:
        taken.append(take(drag.mimeData()))
        return Qt.DropAction.CopyAction

    window.drag_out.carry = carry
    return taken


def path_in(mime: QMimeData) -> str:
    url, = mime.urls()
    return url.toLocalFile()


def test_that_a_tensor_is_an_npy_file_named_after_it(window: MainWindow, session: Session) -> None:
    taken = dropped(window, lambda mime: (path_in(mime), mime.text()))
    session.select(Selection(session.documents[0].id, "net.a", ("net.a",)))
    window.drag_out.begin()
    (path, text), = taken  # type: ignore[misc]
    assert (os.path.basename(path), text) == ("model-net.a.npy", "net.a")
    np.testing.assert_array_equal(np.load(path), ARRAYS["net.a"])
    window.close()
    assert not os.path.exists(path)


def test_that_several_are_a_file_of_tensors_with_their_bytes_and_names(window: MainWindow, session: Session) -> None:
    taken = dropped(window, path_in)
    session.select(Selection(session.documents[0].id, "net", ("net.a", "net.b")))
    window.drag_out.begin()
    path, = taken
    found = load_file(str(path))
    assert {key: (value.dtype, value.tolist()) for key, value in found.items()} == {
        key: (ARRAYS[key].dtype, ARRAYS[key].tolist()) for key in ("net.a", "net.b")}
    assert os.path.basename(str(path)) == "model-net.safetensors"


def test_that_an_open_file_is_itself(window: MainWindow, session: Session, tmp_path: Path) -> None:
    taken = dropped(window, path_in)
    session.select(Selection(session.documents[0].id))
    window.drag_out.begin()
    assert taken == [str(tmp_path / "in" / "model.safetensors")]


def test_that_nobody_makes_a_file_that_is_too_large_to_be_dragged(window: MainWindow, session: Session,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drag_out, "MOST", 10)
    taken, said = dropped(window, path_in), []
    window.drag_out.said.connect(said.append)
    session.select(Selection(session.documents[0].id, "net.a", ("net.a",)))
    window.drag_out.begin()
    assert taken == []
    assert "too much" in said[0]


def test_that_many_are_looked_through_by_a_worker_once_the_drag_has_begun(window: MainWindow, session: Session, qtbot: QtBot,
                                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drag_out, "MANY", 1)
    taken, said = dropped(window, lambda mime: [url.toLocalFile() for url in mime.urls()]), []
    window.drag_out.said.connect(said.append)
    session.select(Selection(session.documents[0].id, "net", ("net.a", "net.b")))
    window.drag_out.begin()
    (path,), = taken  # type: ignore[misc]
    assert sorted(load_file(path)) == ["net.a", "net.b"]
    monkeypatch.setattr(drag_out, "MOST", 10)
    window.drag_out.begin()
    assert taken[1:] == [[]]
    assert len(said) == 1
    assert "too much" in said[0]


def test_that_a_drag_that_is_given_up_stops_the_work(window: MainWindow, session: Session, tasks: Tasks, qtbot: QtBot) -> None:
    window.drag_out.carry = lambda drag: Qt.DropAction.IgnoreAction
    session.select(Selection(session.documents[0].id, "net.a", ("net.a",)))
    window.drag_out.begin()
    assert [task.key for task in tasks.running if isinstance(task.key, tuple) and task.key[0] == "drag"] == []


def test_that_a_promise_that_is_not_kept_has_no_file(qtbot: QtBot) -> None:
    mime = PromisedFile("key")
    mime.give_up()
    assert not mime.is_there
    assert not mime.hasUrls()
    assert mime.urls() == []
    assert mime.text() == "key"


def test_that_a_pull_begins_a_drag_of_the_row_that_was_pressed(window: MainWindow, session: Session, qtbot: QtBot) -> None:
    window.tree.expand_all()
    model = window.model
    qtbot.waitUntil(lambda: model.rowCount() == 5)
    rows = {model.line(row).key: row for row in range(model.rowCount())}
    taken = dropped(window, path_in)
    view = window.tree.viewport()
    at = window.tree.visualRect(model.index(rows["net.b"], NAME)).center()
    QTest.mousePress(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    QTest.mouseMove(view, at + QPoint(2, 0))
    assert taken == []
    QTest.mouseMove(view, at + QPoint(QApplication.startDragDistance() + 4, 0))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    assert [os.path.basename(str(path)) for path in taken] == ["model-net.b.npy"]


def test_that_pressing_one_of_several_keeps_them_for_the_drag_and_lets_go_of_the_others_on_a_click(
        window: MainWindow, session: Session, qtbot: QtBot) -> None:
    window.tree.expand_all()
    model = window.model
    qtbot.waitUntil(lambda: model.rowCount() == 5)
    rows = {model.line(row).key: row for row in range(model.rowCount())}
    view, none = window.tree.viewport(), Qt.KeyboardModifier.NoModifier

    def place(key: str) -> QPoint:
        return window.tree.visualRect(model.index(rows[key], NAME)).center()

    def both() -> None:
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, none, place("net.a"))
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, place("net.b"))

    both()
    taken = dropped(window, path_in)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, none, place("net.b"))
    QTest.mouseMove(view, place("net.b") + QPoint(30, 0))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, none, place("net.b"))
    assert sorted(load_file(str(taken[0]))) == ["net.a", "net.b"]
    both()
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, none, place("net.b"))
    assert session.selection is not None
    assert session.selection.keys == ("net.b",)


def test_that_what_comes_from_elsewhere_is_still_invited(window: MainWindow, tmp_path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([f"file://{tmp_path}/in/model.safetensors"])
    event = QDragEnterEvent(QPoint(50, 50), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(window, event)
    assert event.isAccepted()
    assert event.dropAction() is Qt.DropAction.CopyAction
    assert isinstance(event.position(), QPointF)
