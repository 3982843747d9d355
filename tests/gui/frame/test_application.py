"""Starting the window: the application, what nobody caught, files the desktop hands over."""
from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QUrl
from PySide6.QtGui import QFileOpenEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from inspector.gui import app
from inspector.gui.frame import application, instance, windows
from inspector.gui.frame.application import Application
from inspector.gui.kit import message_boxes
from inspector.gui.kit.message_boxes import Box, Catcher

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def catcher(qtbot: QtBot) -> Iterator[Catcher]:
    made = Catcher()
    made.install()
    yield made
    made.remove()
    if made.box is not None:
        made.box.close()


def fail(text: str) -> None:
    raise ValueError(text)


def test_that_what_nobody_caught_is_said_with_a_report_to_copy(catcher: Catcher, qtbot: QtBot) -> None:
    try:
        fail("key <b>x</b>\u202e")
    except ValueError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    box = catcher.box
    assert box is not None
    assert all(label.textFormat().name == "PlainText" for label in box.findChildren(QLabel) if label.text())
    next(button for button in box.buttons.buttons() if button.text() == "Copy report").click()
    copied = QGuiApplication.clipboard().text()
    assert "ValueError: key <b>x</b>\\u202e" in copied
    assert "Qt 6" in copied
    next(button for button in box.buttons.buttons() if button.text() == "Details").click()
    assert not box.details.isHidden()


def test_that_a_second_fault_is_added_to_the_box_that_is_open(catcher: Catcher, qtbot: QtBot) -> None:
    for text in ("first", "second", "second"):
        catcher.catch(ValueError, ValueError(text), None)
    assert catcher.box is not None
    report = catcher.box.details.toPlainText()
    assert report.count("ValueError: first") == 1
    assert report.count("ValueError: second") == 1


def test_that_a_fault_in_another_thread_is_shown_on_the_gui_thread(catcher: Catcher, qtbot: QtBot) -> None:
    thread = threading.Thread(target=lambda: catcher.catch(ValueError, ValueError("elsewhere"), None))
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: catcher.box is not None)


def test_that_after_closing_the_box_the_next_fault_gets_a_new_one(catcher: Catcher, qtbot: QtBot) -> None:
    catcher.catch(ValueError, ValueError("one"), None)
    assert catcher.box is not None
    catcher.box.close()
    qtbot.waitUntil(lambda: catcher.box is None)
    catcher.catch(ValueError, ValueError("two"), None)
    assert "two" in catcher.box.details.toPlainText()


def test_that_ctrl_c_goes_its_own_way(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: seen.append(kind))
    made = Catcher()
    made.catch(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert seen == [KeyboardInterrupt]
    assert made.box is None


def test_that_a_question_acts_on_yes_only(qtbot: QtBot) -> None:
    told: list[str] = []
    for answer in ("Cancel", "Go on"):
        box = message_boxes.ask(None, "Title", "Question?", "", "Go on", lambda: told.append("yes"))
        next(button for button in box.buttons.buttons() if button.text() == answer).click()
    assert told == ["yes"]


def test_that_escape_closes_a_box(qtbot: QtBot) -> None:
    box = message_boxes.show_message(None, "info", "Title", "<b>Text</b>")
    assert isinstance(box, Box)
    with qtbot.waitSignal(box.finished):
        box.reject()


class Stub:
    """An Application without making a second QApplication."""

    def __init__(self) -> None:
        self.waiting: list[str] = []
        self._window_is_there = False
        self.told: list[str] = []

    class _Signal:
        def __init__(self, told: list[str]) -> None:
            self.emit = told.append

    @property
    def file_asked(self) -> Stub._Signal:
        return Stub._Signal(self.told)

    _ask = Application._ask
    window_is_there = Application.window_is_there


@pytest.mark.parametrize(("url", "path"), [("file:///runs/a.pth", "/runs/a.pth"), ("file://host/share/a.pth", None),
                                           ("http://x/a.pth", None)])
def test_that_files_asked_before_the_window_wait_for_it(qapp: QApplication, url: str, path: str | None) -> None:
    """macOS: a double click in Finder is an event, not an argument."""
    stub = Stub()
    event = QFileOpenEvent(QUrl(url))
    assert event.type() is QEvent.Type.FileOpen
    assert Application.event(stub, event)  # type: ignore[arg-type]
    assert stub.window_is_there() == ([path] if path else [])
    assert Application.event(stub, event)  # type: ignore[arg-type]
    assert stub.told == ([path] if path else [])


@pytest.mark.parametrize(("more", "handed"), [({}, True), ({"new_window": True}, False), ({"demo": True}, False),
                                              ({"screenshot": "x.png"}, False)], ids=["plain", "new-window", "demo", "screenshot"])
def test_that_only_a_plain_start_is_handed_over(monkeypatch: pytest.MonkeyPatch, more: dict[str, object], handed: bool) -> None:
    seen: list[object] = []
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setattr(instance, "start", lambda paths: seen.append("handed") or instance.Start(handed_over=True))
    monkeypatch.setattr(windows, "show", lambda paths, **how: bool(seen.append(how)) or 0)
    monkeypatch.setattr(windows, "picture", lambda paths, out, language: bool(seen.append(out)) or 0)
    assert app.run(["/a.pt"], **more) == 0  # type: ignore[arg-type]
    assert (seen == ["handed"]) is handed
    if more.get("demo"):
        assert seen == [{"remember": False, "listen": False, "listening": None, "language": None, "pages": None}]


def test_that_a_whole_start_opens_a_file_and_ends(tmp_path: Path) -> None:
    """In a process of its own, as a person starts it: a window, a tree, no plot library, no torch, and a clean end."""
    code = """
import sys
from PySide6.QtCore import QTimer
from inspector.gui import app
from inspector.gui.frame import windows
make = windows._window
def watched(settings, paths=()):
    window = make(settings, paths)
    def look():
        if window.tasks.running or not window.session.documents:
            QTimer.singleShot(5, look)
            return
        heavy = [name for name in ("torch", "pyqtgraph", "llvmlite") if name in sys.modules]
        assert not heavy, heavy
        assert window.isVisible()
        window.close()
    QTimer.singleShot(0, look)
    return window
windows._window = watched
sys.exit(app.run(["missing.pth"]))
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120,
                          check=False)
    assert (done.returncode, done.stdout) == (0, "")
    assert "Traceback" not in done.stderr


def test_that_the_application_is_known_to_the_desktop() -> None:
    code = ("from inspector.gui.frame.application import Application; a = Application('dark'); "
            "assert a.desktopFileName() == 'checkpoint-inspector'; assert a.style().name() == 'fusion'; "
            "assert not a.windowIcon().isNull(); assert a.palette().window().color().lightness() < 128")
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=120)


def test_that_there_is_one_application_of_ours_at_most(qapp: QApplication) -> None:
    assert application.existing() is None or isinstance(application.existing(), Application)


def test_that_messages_are_opened_by_notices_alone() -> None:
    for path in (ROOT / "inspector" / "gui").rglob("*.py"):
        text = path.read_text("utf-8")
        assert "QMessageBox" not in text, path


