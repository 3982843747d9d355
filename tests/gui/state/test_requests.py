"""What panels ask workers for: kept, outdated, too large, stopped, failed, paused; and that nothing keeps a closed file."""
from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Hashable, Iterator

import pytest
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.state import requests as module
from inspector.gui.state.requests import Kept, Many, Phase, Request, Requests
from inspector.gui.state.tasks import Tasks
from tests.tables import make


class Worker:
    """Work that waits until it is let go, and counts how often it was begun."""

    def __init__(self) -> None:
        self.begun: list[Hashable] = []
        self.go = threading.Event()
        self.go.set()

    def request(self, source: object, key: Hashable, *, nbytes: int | None = None, error: Exception | None = None) -> Request[str]:
        def work(monitor: core.Monitor) -> str:
            self.begun.append(key)
            monitor.report(1, 4)
            while not self.go.wait(0.005):
                monitor.check()
            if error is not None:
                raise error
            return f"answer to {key}"
        return Request(source, key, work, (lambda monitor: nbytes) if nbytes is not None else None, f"Working on {key}")


@pytest.fixture
def worker() -> Iterator[Worker]:
    made = Worker()
    yield made
    made.go.set()


@pytest.fixture
def ckpt() -> core.Checkpoint:
    return make()


@pytest.fixture
def make_requests(tasks: Tasks) -> Callable[..., Requests[str]]:
    return lambda **how: Requests(tasks, "test", **how)


def phases(requests: Requests[str]) -> list[Phase]:
    """All that it goes through from now on."""
    seen: list[Phase] = []
    requests.changed.connect(lambda: seen.append(requests.phase))
    return seen


def settle(requests: Requests[str], qtbot: QtBot, phase: Phase = Phase.DONE) -> None:
    qtbot.waitUntil(lambda: requests.phase is phase)


def test_that_an_answer_comes_from_a_worker(make_requests: Callable[..., Requests[str]], worker: Worker, ckpt: core.Checkpoint,
                                            qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 600_000)    # quick is what takes less, however slow this machine is
    requests = make_requests()
    seen = phases(requests)
    requests.ask(worker.request(ckpt, "a"))
    settle(requests, qtbot)
    assert requests.result == "answer to a"
    assert seen == [Phase.WAITING, Phase.DONE]          # quick work is not worth mentioning


def test_that_the_same_request_is_not_begun_twice(make_requests: Callable[..., Requests[str]], worker: Worker, ckpt: core.Checkpoint,
                                                  qtbot: QtBot) -> None:
    requests = make_requests()
    worker.go.clear()
    requests.ask(worker.request(ckpt, "a"))
    requests.ask(worker.request(ckpt, "a"))
    worker.go.set()
    settle(requests, qtbot)
    requests.ask(worker.request(ckpt, "a"))
    assert requests.phase is Phase.DONE
    assert worker.begun == ["a"]


def test_that_a_newer_request_ends_the_older_one(make_requests: Callable[..., Requests[str]], worker: Worker, ckpt: core.Checkpoint,
                                                 qtbot: QtBot) -> None:
    requests = make_requests(keep=4)
    answers: list[str | None] = []
    requests.changed.connect(lambda: answers.append(requests.result))
    worker.go.clear()
    requests.ask(worker.request(ckpt, "a"))
    qtbot.waitUntil(lambda: worker.begun == ["a"])
    requests.ask(worker.request(ckpt, "b"))
    worker.go.set()
    settle(requests, qtbot)
    assert [answer for answer in answers if answer] == ["answer to b"]
    assert requests.kept(ckpt, "a") is None


def test_that_what_takes_longer_is_mentioned_with_how_far_it_is(make_requests: Callable[..., Requests[str]], worker: Worker,
                                                                ckpt: core.Checkpoint, qtbot: QtBot,
                                                                monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 1)
    requests = make_requests()
    worker.go.clear()
    requests.ask(worker.request(ckpt, "a"))
    settle(requests, qtbot, Phase.RUNNING)
    qtbot.waitUntil(lambda: requests.progress == (1, 4))
    worker.go.set()
    settle(requests, qtbot)


def test_that_what_is_too_large_waits_for_a_person(make_requests: Callable[..., Requests[str]], worker: Worker, ckpt: core.Checkpoint,
                                                   qtbot: QtBot) -> None:
    requests = make_requests(limit=lambda: 100)
    requests.ask(worker.request(ckpt, "a", nbytes=101))
    settle(requests, qtbot, Phase.TOO_LARGE)
    assert requests.nbytes == 101
    assert worker.begun == []
    requests.go_on()
    assert requests.phase is Phase.RUNNING              # who asked for it sees at once that it goes on
    settle(requests, qtbot)
    assert worker.begun == ["a"]
    requests.ask(worker.request(ckpt, "b", nbytes=100))
    settle(requests, qtbot)
    assert requests.result == "answer to b"


def test_that_a_person_may_stop_it_and_go_on(make_requests: Callable[..., Requests[str]], worker: Worker, ckpt: core.Checkpoint,
                                             tasks: Tasks, qtbot: QtBot) -> None:
    requests = make_requests()
    for stop in (requests.stop, lambda: tasks.cancel("test")):          # by the panel's button, by the activity strip's
        worker.go.clear()
        requests.ask(worker.request(ckpt, "a"))
        stop()
        assert requests.phase is Phase.STOPPED
        requests.ask(worker.request(ckpt, "a"))
        assert requests.phase is Phase.STOPPED                          # asking again is not a person's word
        worker.go.set()
        requests.go_on()
        settle(requests, qtbot)
        requests.ask(None)


def test_that_an_error_is_kept_to_be_said_and_the_work_can_be_tried_again(make_requests: Callable[..., Requests[str]], worker: Worker,
                                                                          ckpt: core.Checkpoint, qtbot: QtBot) -> None:
    requests = make_requests(keep=4)
    error = core.Corrupt("The record is damaged", "Ask for the file again.")
    requests.ask(worker.request(ckpt, "a", error=error))
    settle(requests, qtbot, Phase.FAILED)
    assert requests.error is error
    assert requests.kept(ckpt, "a") is None
    requests.go_on()
    settle(requests, qtbot, Phase.FAILED)
    assert worker.begun == ["a", "a"]


def test_that_a_slip_of_this_program_reaches_whoever_catches_those(make_requests: Callable[..., Requests[str]], worker: Worker,
                                                                   ckpt: core.Checkpoint, qtbot: QtBot) -> None:
    requests = make_requests()
    with qtbot.captureExceptions() as caught:
        requests.ask(worker.request(ckpt, "a", error=ZeroDivisionError()))
        settle(requests, qtbot, Phase.FAILED)
    assert [kind for kind, _, _ in caught] == [ZeroDivisionError]


def test_that_recent_answers_are_at_hand_and_only_so_many(make_requests: Callable[..., Requests[str]], worker: Worker,
                                                          ckpt: core.Checkpoint, qtbot: QtBot) -> None:
    requests = make_requests(keep=2)
    for key in ("a", "b", "a", "c"):
        requests.ask(worker.request(ckpt, key))
        settle(requests, qtbot)
    assert worker.begun == ["a", "b", "c"]
    assert requests.kept_count == 2
    assert requests.kept(ckpt, "b") is None             # asked for longest ago
    requests.ask(worker.request(ckpt, "a"))
    assert requests.result == "answer to a"             # at once


def test_that_an_answer_of_one_source_is_none_of_another(make_requests: Callable[..., Requests[str]], worker: Worker,
                                                         ckpt: core.Checkpoint, qtbot: QtBot) -> None:
    """A file that was loaded again is another checkpoint, though all names in it are the same."""
    requests = make_requests(keep=2)
    requests.ask(worker.request(ckpt, "a"))
    settle(requests, qtbot)
    requests.ask(worker.request(make(), "a"))
    settle(requests, qtbot)
    assert worker.begun == ["a", "a"]


def test_that_what_is_known_from_elsewhere_is_an_answer(make_requests: Callable[..., Requests[str]], worker: Worker,
                                                        ckpt: core.Checkpoint, tasks: Tasks) -> None:
    requests = make_requests(keep=2)
    worker.go.clear()
    requests.ask(worker.request(ckpt, "a"))
    requests.answer(worker.request(ckpt, "b"), "known")
    assert (requests.phase, requests.result) == (Phase.DONE, "known")
    assert requests.kept(ckpt, "b") == "known"
    assert tasks.running == ()


def test_that_what_follows_the_mouse_rests_before_it_is_begun(make_requests: Callable[..., Requests[str]], worker: Worker,
                                                              ckpt: core.Checkpoint, qtbot: QtBot) -> None:
    requests = make_requests(rest=20)
    for key in range(5):
        requests.ask(worker.request(ckpt, key))
        assert requests.phase is Phase.RESTING
    settle(requests, qtbot)
    assert worker.begun == [4]
    requests.ask(worker.request(ckpt, 5))
    requests.ask(None)
    assert requests.phase is Phase.NOTHING


def test_that_nothing_goes_on_while_nobody_looks_but_what_was_asked_for_with_a_click(
        make_requests: Callable[..., Requests[str]], worker: Worker, ckpt: core.Checkpoint, tasks: Tasks, qtbot: QtBot) -> None:
    requests = make_requests(limit=lambda: 100)
    worker.go.clear()
    requests.ask(worker.request(ckpt, "a"))
    requests.pause()
    assert (requests.phase, tasks.running) == (Phase.NOTHING, ())
    requests.ask(worker.request(ckpt, "b", nbytes=101))
    settle(requests, qtbot, Phase.TOO_LARGE)
    requests.pause()
    assert requests.phase is Phase.TOO_LARGE
    requests.go_on()
    requests.pause()
    assert requests.phase is Phase.RUNNING
    worker.go.set()
    settle(requests, qtbot)
    requests.pause()
    assert requests.result == "answer to b"


def test_that_kept_results_keep_no_file(tasks: Tasks) -> None:
    kept: Kept[str] = Kept(4)
    gc.disable()                                        # it takes no collector
    try:
        ckpt, other = make(), make()
        kept.put(ckpt, "a", "of the one")
        kept.put(other, "a", "of the other")
        del ckpt
        assert len(kept) == 1
        assert kept.get(other, "a") == "of the other"
    finally:
        gc.enable()


def test_that_a_result_that_comes_after_its_file_was_closed_is_nobody_s(make_requests: Callable[..., Requests[str]], worker: Worker,
                                                                        qtbot: QtBot) -> None:
    requests = make_requests(keep=4)
    worker.go.clear()
    requests.ask(worker.request(make(), "a"))
    qtbot.waitUntil(lambda: worker.begun == ["a"])
    requests.ask(None)                                  # closed
    assert requests.phase is Phase.NOTHING
    worker.go.set()
    other = make()
    requests.ask(worker.request(other, "b"))            # begun only once the older work has left its worker
    settle(requests, qtbot)
    assert requests.result == "answer to b"
    assert requests.kept_count == 1


class CountedText(str):
    """Knows how often any was hashed."""

    hashed = 0

    def __hash__(self) -> int:
        CountedText.hashed += 1
        return super().__hash__()


def test_that_a_request_for_many_keys_is_found_without_going_through_them() -> None:
    keys: tuple[str, ...] = tuple(CountedText(n) for n in range(1000))
    ckpt, kept = make(keys={"w": (1,)}), Kept[str](4)
    CountedText.hashed = 0
    kept.put(ckpt, ("", Many(keys)), "known")
    assert kept.get(ckpt, ("", Many(keys))) == "known"
    assert CountedText.hashed < 100
    assert kept.get(ckpt, ("", Many((*keys[:-2], "other", keys[-1])))) is None
    assert Many(("a", "b")) == Many(("a", "b")) != Many(("a", "c"))
    assert Many(()) == Many(())
