"""Panels work only while somebody looks, and keep nothing of a file that is no longer in front."""
from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.state.requests import Phase, Request, Requests
from inspector.gui.state.session import Selection, Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.lazy_panel import SelectionPanel
from tests.tables import make


class Panel(SelectionPanel):
    """Asks for the path of the selected file."""

    def __init__(self, session: Session, tasks: Tasks, go: threading.Event) -> None:
        super().__init__(session, tasks)
        self.requests: Requests[str] = self.make_requests("test", keep=4)
        self.followed = 0
        self._go = go

    def follow(self) -> None:
        self.followed += 1
        document = self._session.selected_document
        ckpt = document.checkpoint if document is not None else None
        if ckpt is None:
            self.let_go()
            return
        path = ckpt.path

        def work(monitor: core.Monitor) -> str:
            while not self._go.wait(0.005):
                monitor.check()
            return path

        self.requests.ask(Request(ckpt, "path", work))


@pytest.fixture
def go() -> Iterator[threading.Event]:
    made = threading.Event()
    yield made
    made.set()


@pytest.fixture
def panel(session: Session, tasks: Tasks, go: threading.Event, qtbot: QtBot) -> Panel:
    made = Panel(session, tasks, go)
    qtbot.addWidget(made)
    return made


def opened(session: Session, path: str) -> int:
    id = session.add(path).id
    session.loaded(id, make(path))
    session.select(Selection(id))
    return id


def test_that_a_hidden_panel_asks_for_nothing_and_catches_up(panel: Panel, session: Session, go: threading.Event, qtbot: QtBot) -> None:
    go.set()
    opened(session, "/runs/a.pth")
    assert (panel.followed, panel.requests.phase) == (0, Phase.NOTHING)
    panel.show()
    qtbot.waitUntil(lambda: panel.requests.result == "/runs/a.pth")
    panel.hide()
    panel.show()
    assert panel.followed == 1                          # nothing has changed
    assert panel.requests.result == "/runs/a.pth"


def test_that_what_was_at_work_is_asked_for_again_when_somebody_looks(panel: Panel, session: Session, go: threading.Event,
                                                                      tasks: Tasks, qtbot: QtBot) -> None:
    panel.show()
    opened(session, "/runs/a.pth")
    assert panel.requests.phase.is_busy
    panel.hide()
    assert tasks.running == ()
    go.set()
    panel.show()
    qtbot.waitUntil(lambda: panel.requests.result == "/runs/a.pth")


def test_that_a_change_of_another_file_is_none_of_its_business(panel: Panel, session: Session, go: threading.Event) -> None:
    go.set()
    panel.show()
    other = opened(session, "/runs/other.pth")
    opened(session, "/runs/a.pth")
    before = panel.followed
    session.progress(other, 1, 2, "reading")
    assert panel.followed == before


def test_that_a_hidden_panel_lets_go_of_a_file_that_is_no_longer_selected(panel: Panel, session: Session, go: threading.Event,
                                                                          qtbot: QtBot) -> None:
    go.set()
    panel.show()
    first = opened(session, "/runs/a.pth")
    qtbot.waitUntil(lambda: panel.requests.phase is Phase.DONE)
    panel.hide()
    opened(session, "/runs/b.pth")
    assert (panel.requests.phase, panel.requests.request) == (Phase.NOTHING, None)
    session.remove(first)
    qtbot.waitUntil(lambda: panel.requests.kept_count == 0)
