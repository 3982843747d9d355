"""What stands in the place of a result: nothing yet, how far it is, why there is none, and what can be done about that."""
from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.state.requests import Phase, Request, Requests
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.result_pages import ResultPages
from tests.tables import make


@pytest.fixture
def requests(tasks: Tasks) -> Requests[str]:
    return Requests(tasks, "test", limit=lambda: 1000)


@pytest.fixture
def pages(requests: Requests[str], qtbot: QtBot) -> ResultPages:
    made = ResultPages(QLabel("content"), requests, read="Read them", read_all="Read all {size}")
    qtbot.addWidget(made)
    made.show()
    return made


def request(work: Callable[[core.Monitor], str], nbytes: int = 0) -> Request[str]:
    return Request(make(), "key", work, lambda monitor: nbytes)


def test_that_a_result_is_shown_when_it_is_there(pages: ResultPages, requests: Requests[str], qtbot: QtBot) -> None:
    pages.say("Nothing is selected.", "Select something.")
    assert (pages.message.text, pages.message.hint, pages.shows_content) == ("Nothing is selected.", "Select something.", False)
    assert pages.message.button.isHidden()
    requests.ask(request(lambda monitor: "found"))
    qtbot.waitUntil(lambda: pages.shows_content)


def test_that_what_is_large_is_read_with_a_click(pages: ResultPages, requests: Requests[str], qtbot: QtBot) -> None:
    requests.ask(request(lambda monitor: "found", 4000))
    qtbot.waitUntil(lambda: pages.message.text == "These values take 4 kB.")
    assert pages.message.button.text() == "Read all 4 kB"
    qtbot.mouseClick(pages.message.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: pages.shows_content)


def test_that_a_file_that_is_another_by_now_is_to_be_read_again_and_not_asked_once_more(pages: ResultPages, requests: Requests[str],
                                                                                       tasks: Tasks, qtbot: QtBot) -> None:
    def work(monitor: core.Monitor) -> str:
        asked.append("work")
        if len(asked) == 1:
            raise core.Changed("the file changed since it was opened", "Open it again.")
        return "found"

    asked: list[str] = []
    otherwise: list[Callable[[], object]] = []
    tasks.reread_asked.connect(otherwise.append)
    requests.ask(request(work))
    qtbot.waitUntil(lambda: requests.phase is Phase.FAILED)
    assert (pages.message.text, pages.message.hint) == ("The file changed since it was opened.", "")
    assert pages.message.button.text() == "Reload"
    qtbot.mouseClick(pages.message.button, Qt.MouseButton.LeftButton)
    assert (asked, requests.phase) == (["work"], Phase.FAILED)
    otherwise[0]()                      # the file came back as it was
    qtbot.waitUntil(lambda: pages.shows_content)


def test_that_it_says_how_far_it_is_and_can_be_stopped(pages: ResultPages, requests: Requests[str], qtbot: QtBot) -> None:
    go = threading.Event()

    def work(monitor: core.Monitor) -> str:
        monitor.report(500, 2000)
        while not go.wait(0.005):
            monitor.check()
        return "found"

    requests.ask(request(work))
    qtbot.waitUntil(lambda: pages.message.stop.isVisible() and pages.message.bar.value() == 250)
    assert (pages.message.text, pages.message.hint) == ("Reading values…", "500 B of 2 kB")
    qtbot.mouseClick(pages.message.stop, Qt.MouseButton.LeftButton)
    assert (pages.message.text, pages.message.button.text()) == ("Stopped.", "Read them")
    go.set()
    qtbot.mouseClick(pages.message.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: pages.shows_content)


def test_that_what_was_shown_stays_for_the_moment_that_quick_work_takes(pages: ResultPages, requests: Requests[str],
                                                                        qtbot: QtBot) -> None:
    requests.ask(request(lambda monitor: "one"))
    qtbot.waitUntil(lambda: pages.shows_content)
    requests.ask(request(lambda monitor: "other"))
    assert requests.phase is Phase.WAITING
    assert pages.shows_content                          # no flicker
    qtbot.waitUntil(lambda: requests.result == "other")


def test_that_an_error_says_what_to_do(pages: ResultPages, requests: Requests[str], qtbot: QtBot) -> None:
    def fail(monitor: core.Monitor) -> str:
        raise core.BadTensor("its <b>bytes</b> are gone", where="data/3")

    requests.ask(request(fail))
    qtbot.waitUntil(lambda: requests.phase is Phase.FAILED)
    assert pages.message.text == "Its <b>bytes</b> are gone."
    assert pages.message.hint == "The other tensors are not affected.\nAt data/3."
    assert pages.message.button.text() == "Try again"
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in pages.message.findChildren(QLabel))


def test_that_a_content_that_grows_is_on_show_meanwhile(requests: Requests[str], qtbot: QtBot) -> None:
    pages = ResultPages(QLabel(), requests, growing=True)
    qtbot.addWidget(pages)
    requests.ask(request(lambda monitor: "found"))
    assert requests.phase.is_busy
    assert pages.shows_content


def test_that_without_requests_the_button_is_whoever_s_asks(qtbot: QtBot) -> None:
    pages = ResultPages(QLabel())
    qtbot.addWidget(pages)
    pages.fail(core.Changed("the file has changed", "Reload it."))
    with qtbot.waitSignal(pages.retry_asked):
        pages.message.button.click()


def test_that_a_message_takes_no_room_for_what_it_stands_in_the_place_of(qtbot: QtBot) -> None:
    content = QLabel("content")
    content.setMinimumHeight(500)
    pages = ResultPages(content)
    qtbot.addWidget(pages)
    pages.say("Select one tensor.")
    assert pages.minimumSizeHint().height() < 300
    pages.show_content()
    assert pages.minimumSizeHint().height() >= 500
