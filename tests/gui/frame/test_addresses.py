"""Checkpoints that are not on this computer, in the window."""
from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QMimeData, QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.core.io import remote
from inspector.gui.frame import instance
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.frame.opening import Opener, address_in, paths_in
from inspector.gui.kit import message_boxes
from inspector.gui.kit.settings import Settings
from inspector.gui.state.session import Session, State
from inspector.gui.state.tasks import Tasks
from tests.web import Web, serving

Idle = Callable[[Tasks], None]
SECRET = "s3cr3tvalue"


@pytest.fixture
def window(session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot) -> MainWindow:
    made = MainWindow(session, tasks, settings)
    qtbot.addWidget(made)
    return made


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    pytest.importorskip("aiohttp", reason="reading over HTTP needs aiohttp: pip install 'checkpoint-inspector[remote]'")
    (tmp_path / "served").mkdir()
    core.make_demo(tmp_path / "served")
    remote.forget_headers()
    with serving(tmp_path / "served") as found:
        yield found
        remote.close_connections()
        gc.collect()


def answer(window: MainWindow, text: str) -> None:
    box = window.findChild(message_boxes.Box)
    assert box is not None
    line = box.findChild(QLineEdit)
    assert line is not None
    line.setText(text)
    next(button for button in box.buttons.buttons() if button.text() == "Open").click()


def test_that_an_address_is_asked_for_and_opened(window: MainWindow, session: Session, tasks: Tasks, settings: Settings, web: Web,
                                                 idle: Idle) -> None:
    name = next(path.name for path in web.folder.iterdir() if path.suffix == ".pth")
    window.menus["open-address"].trigger()
    answer(window, f" {web.url(name)}?token={SECRET} ")
    idle(tasks)
    document = session.selected_document
    assert document is not None
    assert document.state is State.READY
    assert core.file_name(document.path) == name
    assert settings.recent == (f"{web.url(name)}?token=***",)
    settings.sync()
    assert SECRET not in window.windowTitle() + Path(settings.path).read_text()
    assert name in window.windowTitle()
    assert web.nbytes < 400_000          # values are not asked for behind the person's back


def test_that_the_same_address_is_selected_again_without_asking_the_server(window: MainWindow, session: Session, tasks: Tasks, web: Web,
                                                                           idle: Idle) -> None:
    name = next(path.name for path in web.folder.iterdir())
    window.open_paths([web.url(name)])
    idle(tasks)
    web.forget()
    window.open_paths([web.url(name)])
    idle(tasks)
    assert (len(session.documents), web.requests) == (1, [])


def test_that_what_cannot_be_read_is_said_in_its_place(window: MainWindow, session: Session, tasks: Tasks, web: Web, idle: Idle) -> None:
    window.open_paths([web.url(f"gone.pth?token={SECRET}"), "file:///nowhere.pth"])
    idle(tasks)
    assert [document.state for document in session.documents] == [State.FAILED, State.FAILED]
    assert SECRET not in str(session.documents[0].error)


def test_that_an_address_may_be_typed_as_browsers_show_it(window: MainWindow, opens: dict[str, object], tmp_path: Path,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    asked: list[str] = []
    monkeypatch.setattr(window.opener, "open", lambda paths: asked.extend(paths))
    (tmp_path / "example.com").mkdir()
    (tmp_path / "example.com" / "a.pth").touch()
    for typed in ("example.org/a.pth", "hub.local:8080/b.pth", "example.com/a.pth", "runs/last.pth", "s3://bucket/a.pth"):
        window.menus["open-address"].trigger()
        answer(window, typed)
    assert asked == ["https://example.org/a.pth", "https://hub.local:8080/b.pth", "example.com/a.pth", "runs/last.pth", "s3://bucket/a.pth"]


def test_that_a_copied_address_is_there_already(window: MainWindow, qtbot: QtBot) -> None:
    for copied, there in (("https://host/a.pth", "https://host/a.pth"), ("some words", ""), ("https://a\nhttps://b", "")):
        QGuiApplication.clipboard().setText(copied)
        window.menus["open-address"].trigger()
        box = window.findChildren(message_boxes.Box)[-1]
        line = box.findChild(QLineEdit)
        assert line is not None
        assert line.text() == there
        with qtbot.waitSignal(box.destroyed):
            box.close()
    QGuiApplication.clipboard().clear()


@pytest.mark.parametrize(("url", "address"), [
    (b"https://host/a%20b.pth?download=true", "https://host/a%20b.pth?download=true"), (b"s3://bucket/a.pth", "s3://bucket/a.pth"),
    (b"hf://org/repo/a.safetensors", "hf://org/repo/a.safetensors"), (b"ftp://host/a", None), (b"mailto:a@b", None), (b"data:,x", None),
    (b"reference://host/a", None), (b"file:///a.pth", None)])
def test_that_links_of_known_kinds_are_taken(url: bytes, address: str | None) -> None:
    assert address_in(QUrl.fromEncoded(QByteArray(url))) == address


def test_that_a_dropped_link_is_an_address() -> None:
    mime = QMimeData()
    mime.setData("text/uri-list", QByteArray(b"https://host/a.pth\r\n"))
    assert paths_in(mime) == ["https://host/a.pth"]


def test_that_an_address_handed_to_another_window_keeps_what_lets_one_in() -> None:
    shown = core.without_secrets(f"https://host.example/a.pth?token={SECRET}")
    line = instance.message([core.with_secrets(shown), "b.pth"], "/runs")
    assert SECRET in json.loads(line)["args"][0]
    paths = instance.parse(line)
    assert paths is not None
    assert [core.absolute_path(path) for path in paths] == [shown, "/runs/b.pth"]


def test_that_a_recent_address_can_be_chosen(window: MainWindow, settings: Settings, opens: dict[str, object]) -> None:
    settings.add_recent("https://host/run/a.pth")
    window.menus.recent.aboutToShow.emit()
    action = window.menus.recent.actions()[0]
    assert action.isEnabled()
    assert "a.pth" in action.text()


def test_that_an_opener_takes_addresses_as_they_are(session: Session, tasks: Tasks, settings: Settings, opens: dict[str, object],
                                                     idle: Idle) -> None:
    opener = Opener(session, tasks, settings)
    opener.open(["https://host/a.pth"])
    idle(tasks)
    assert [document.path for document in session.documents] == ["https://host/a.pth"]
    assert opener.find("https://host/a.pth") is session.documents[0]
