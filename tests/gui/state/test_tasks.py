"""Work off the GUI thread: order, silence, cancelling, progress."""
from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from inspector import core
from inspector.gui.state import tasks as module
from inspector.gui.state.tasks import Tasks, WorkersMonitor


def test_that_results_come_back_on_the_gui_thread(tasks: Tasks, qtbot: QtBot) -> None:
    seen: dict[str, object] = {}

    def work(monitor: core.Monitor) -> int:
        seen["work"] = threading.current_thread()
        return 42

    def done(result: int) -> None:
        seen["done"], seen["result"] = threading.current_thread(), result

    with qtbot.waitSignal(tasks.idle):
        tasks.start("a", work, on_done=done)
    assert seen["result"] == 42
    assert seen["done"] is threading.main_thread()
    assert seen["work"] is not threading.main_thread()


def test_that_errors_go_to_on_error_and_cancelled_to_nobody(tasks: Tasks, qtbot: QtBot) -> None:
    told: list[object] = []

    def fails(monitor: core.Monitor) -> None:
        raise core.Corrupt("bad")

    def gives_up(monitor: core.Monitor) -> None:
        raise core.Cancelled

    with qtbot.waitSignal(tasks.idle):
        tasks.start("a", fails, on_done=told.append, on_error=told.append)
        tasks.start("b", gives_up, on_done=told.append, on_error=told.append)
    assert [str(error) for error in told] == ["bad."]


def test_that_an_error_nobody_wants_reaches_the_exception_hook(tasks: Tasks, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    caught: list[BaseException] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: caught.append(error))

    def fails(monitor: core.Monitor) -> None:
        raise ValueError("slip")

    with qtbot.waitSignal(tasks.idle):
        tasks.start("a", fails, on_done=lambda result: None)
    assert [str(error) for error in caught] == ["slip"]


def test_that_a_newer_start_with_the_same_key_silences_the_older(tasks: Tasks, qtbot: QtBot) -> None:
    started, told = threading.Event(), []

    def older(monitor: core.Monitor) -> str:
        started.set()
        while True:
            monitor.check()

    def begin_newer() -> None:
        tasks.start("key", lambda monitor: "newer", on_done=told.append)

    with qtbot.waitSignal(tasks.idle):
        tasks.start("key", older, on_done=told.append, on_error=told.append, on_cancel=lambda: told.append("cancel"))
        assert started.wait(120)
        begin_newer()
    assert told == ["newer"]


def test_that_work_under_one_key_never_overlaps(tasks: Tasks, qtbot: QtBot) -> None:
    inside, most, told = [0], [0], []
    lock, started, release = threading.Lock(), threading.Event(), threading.Event()

    def work(monitor: core.Monitor) -> None:
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        started.set()
        release.wait(120)            # does not listen to being cancelled
        with lock:
            inside[0] -= 1

    with qtbot.waitSignal(tasks.idle):
        tasks.start("key", work, on_done=told.append)
        assert started.wait(120)
        for _ in range(5):
            tasks.start("key", work, on_done=told.append)
        release.set()
    assert most == [1]
    assert told == [None]


def test_that_different_keys_run_side_by_side(tasks: Tasks, qtbot: QtBot) -> None:
    meet = threading.Barrier(2, timeout=120)
    with qtbot.waitSignal(tasks.idle):
        tasks.start("a", lambda monitor: meet.wait(), on_done=lambda result: None)
        tasks.start("b", lambda monitor: meet.wait(), on_done=lambda result: None)


def test_that_cancelling_stops_the_work_and_says_so_at_once(tasks: Tasks, qtbot: QtBot) -> None:
    started, ended, told = threading.Event(), threading.Event(), []

    def work(monitor: core.Monitor) -> None:
        started.set()
        try:
            while True:
                monitor.report(1, 2)
        finally:
            ended.set()

    tasks.start("a", work, on_done=told.append, on_error=told.append, on_cancel=lambda: told.append("cancelled"))
    assert started.wait(120)
    with qtbot.waitSignal(tasks.idle):
        tasks.cancel("a")
    assert told == ["cancelled"]
    assert tasks.running == ()
    assert ended.wait(120)


def test_that_cancelling_what_waits_means_it_never_runs(qtbot: QtBot) -> None:
    tasks = Tasks(workers=1)
    started, release, told = threading.Event(), threading.Event(), []
    with qtbot.waitSignal(tasks.idle):
        tasks.start("first", lambda monitor: (started.set(), release.wait(120)), on_done=lambda result: None)
        assert started.wait(120)
        tasks.start("second", lambda monitor: told.append("ran"), on_done=lambda result: told.append("done"))
        tasks.cancel("second")
        release.set()
    assert tasks.close(120)
    assert told == []


def test_that_a_million_reports_are_a_handful_of_signals(tasks: Tasks, qtbot: QtBot) -> None:
    told: list[tuple[int, int, str]] = []
    reported, go = threading.Event(), threading.Event()

    def work(monitor: core.Monitor) -> None:
        for n in range(20_000):
            monitor.report(n, 20_000, "counting")
        reported.set()
        go.wait(120)

    tasks.start("a", work, on_done=lambda result: None, on_progress=lambda *seen: told.append(seen))
    qtbot.waitUntil(lambda: reported.is_set() and bool(told) and told[-1][0] == 19_999)
    with qtbot.waitSignal(tasks.idle):
        go.set()
    assert len(told) < 400          # one each 50 ms, however long this machine took
    assert told[-1] == (19_999, 20_000, "counting")


def test_that_running_lists_the_oldest_first_with_its_progress(tasks: Tasks, qtbot: QtBot) -> None:
    go = threading.Event()

    def work(monitor: core.Monitor) -> None:
        monitor.report(3, 9, "half way")
        go.wait(120)

    tasks.start("a", work, on_done=lambda result: None, label="Opening a")
    tasks.start("b", work, on_done=lambda result: None, label="Opening b")
    qtbot.waitUntil(lambda: all(task.total == 9 for task in tasks.running))
    assert [(task.label, task.done, task.doing) for task in tasks.running] == [
        ("Opening a", 3, "half way"), ("Opening b", 3, "half way")]
    with qtbot.waitSignal(tasks.idle):
        go.set()


def test_that_idle_comes_after_work_that_a_callback_started(tasks: Tasks, qtbot: QtBot) -> None:
    told: list[str] = []
    tasks.idle.connect(lambda: told.append("idle"))

    def again(result: str) -> None:
        told.append(result)
        tasks.start("b", lambda monitor: "second", on_done=told.append)

    tasks.start("a", lambda monitor: "first", on_done=again)
    qtbot.waitUntil(lambda: "idle" in told)
    assert told == ["first", "second", "idle"]


def test_that_closing_cancels_all_and_tells_nobody(qtbot: QtBot) -> None:
    tasks, told, started = Tasks(), [], threading.Event()

    def work(monitor: core.Monitor) -> None:
        started.set()
        while True:
            monitor.check()

    tasks.start("a", work, on_done=told.append, on_error=told.append)
    assert started.wait(120)
    assert tasks.close(120)
    tasks.start("b", lambda monitor: 1, on_done=told.append)
    assert told == []
    assert tasks.running == ()


def test_that_closing_does_not_wait_for_ever_for_work_that_does_not_listen(qtbot: QtBot) -> None:
    tasks, started, release = Tasks(), threading.Event(), threading.Event()
    tasks.start("dead drive", lambda monitor: (started.set(), release.wait(120)), on_done=lambda result: None)
    assert started.wait(120)
    assert not tasks.close(0.01)
    release.set()
    assert tasks.close(120)              # or it would go on beside the next test


def all_over(tasks: Tasks, *results: Callable[[object], object]) -> None:
    """A task for each of `results`, to be told 0, 1, 2 …; all are over, and the window's thread has yet to hear of the first."""
    last = threading.Event()
    for n, on_done in enumerate(results):
        tasks.start(n, lambda monitor, n=n: n, on_done=on_done)         # type: ignore[misc]
    tasks.start("last", lambda monitor: last.set(), on_done=lambda result: None)
    assert last.wait(120)            # the one worker has told of the others by now


@pytest.fixture
def one_by_one(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tasks]:
    """One worker, and each result is more than there is time for in a turn."""
    monkeypatch.setattr("inspector.gui.state.tasks._PORTION", 1e-9)
    tasks = Tasks(workers=1)
    yield tasks
    assert tasks.close(120)


def test_that_results_that_come_together_are_handed_on_in_several_turns_and_in_their_order(one_by_one: Tasks, qtbot: QtBot) -> None:
    told: list[object] = []
    beat = QTimer()
    beat.timeout.connect(lambda: told.append("turn"))
    all_over(one_by_one, *[told.append] * 5)
    beat.start(0)
    qtbot.waitSignal(one_by_one.idle).wait()
    beat.stop()
    assert [one for one in told if one != "turn"] == [0, 1, 2, 3, 4]
    for n in range(1, 4):           # the first may come before the first turn of the beat
        assert told[told.index(n) + 1] == "turn"


def test_that_what_is_cancelled_while_its_result_waits_to_be_handed_on_is_told_nothing(one_by_one: Tasks, qtbot: QtBot) -> None:
    told: list[object] = []
    all_over(one_by_one, lambda result: (told.append(result), one_by_one.cancel(2)), *[told.append] * 3)
    qtbot.waitSignal(one_by_one.idle).wait()
    assert told == [0, 1, 3]


def test_that_a_result_that_cannot_be_shown_keeps_none_of_the_others(one_by_one: Tasks, qtbot: QtBot) -> None:
    def slips(result: object) -> None:
        raise ValueError("slip")

    told: list[object] = []
    with qtbot.captureExceptions() as caught:
        all_over(one_by_one, told.append, slips, slips, told.append)
        qtbot.waitSignal(one_by_one.idle).wait()
    assert told == [0, 3]
    assert [str(error) for _, error, _ in caught] == ["slip", "slip"]


def test_that_work_goes_on_while_the_result_of_older_work_under_its_key_waits_to_be_handed_on(one_by_one: Tasks, qtbot: QtBot) -> None:
    told: list[object] = []
    again = threading.Event()
    all_over(one_by_one, lambda result: one_by_one.start(1, lambda monitor: again.set(), on_done=told.append), told.append,
             lambda result: told.append(again.wait(120)))
    qtbot.waitSignal(one_by_one.idle).wait()
    assert told == [True, None]         # 1 itself was silenced by the newer


def test_that_closing_lets_go_of_results_that_wait_to_be_handed_on(one_by_one: Tasks, qtbot: QtBot) -> None:
    told: list[object] = []

    def closes(result: object) -> None:
        told.append(result)
        one_by_one.close(10)

    all_over(one_by_one, closes, told.append, told.append)
    waiting = one_by_one.running[1:-1]          # the worker may still have the last in hand
    qtbot.waitUntil(lambda: told == [0])
    QApplication.processEvents()
    assert told == [0]
    assert [task.on_done for task in waiting] == [None] * 2


@pytest.mark.parametrize("act", [lambda tasks: tasks.cancel("nothing"), lambda tasks: tasks.cancel_all()])
def test_that_cancelling_nothing_is_nothing(tasks: Tasks, act: Callable[[Tasks], None]) -> None:
    act(tasks)
    assert tasks.running == ()


@pytest.mark.parametrize(("long", "times"), [(-1.0, 1), (1e9, 0)], ids=["long work", "short work"])
def test_that_memory_is_given_back_after_long_work_and_before_its_result_is_handed_on(
        long: float, times: int, tasks: Tasks, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    given, seen, threads = list[int](), list[int](), set[int]()
    monkeypatch.setattr("inspector.gui.state.tasks._LONG", long)
    monkeypatch.setattr(core, "release_memory", lambda: (given.append(1), threads.add(threading.get_ident())), raising=False)
    with qtbot.waitSignal(tasks.idle):
        tasks.start("a", lambda monitor: 5, on_done=lambda result: seen.append(len(given)))
    assert seen == [times]
    assert threading.get_ident() not in threads


@pytest.fixture
def soon_calm(qapp: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Tasks, list[float]]]:
    """Looks at everything after a quarter of a second; and when it did."""
    looks = list[float]()
    monkeypatch.setattr(module, "_CALM", 250)
    monkeypatch.setattr(core.CollectorByHand, "look",
                        lambda self, thoroughly=False: looks.append(time.monotonic()) if thoroughly else None)
    made = Tasks()
    yield made, looks
    made.close(10)


def test_that_what_is_done_again_and_again_does_not_put_off_the_look_at_everything(soon_calm: tuple[Tasks, list[float]],
                                                                                  qtbot: QtBot) -> None:
    tasks, looks = soon_calm
    again = QTimer()
    again.timeout.connect(lambda: tasks.start("stamps", lambda monitor: None, on_done=lambda _: None, in_passing=True))
    again.start(20)
    with qtbot.waitSignal(tasks.idle):
        tasks.start("work", lambda monitor: None, on_done=lambda _: None)
    qtbot.waitUntil(lambda: len(looks) > 0)
    again.stop()


def test_that_work_and_whoever_does_something_put_it_off(soon_calm: tuple[Tasks, list[float]], qtbot: QtBot) -> None:
    tasks, looks = soon_calm
    again, left, acts = QTimer(), iter(range(30)), list[float]()

    def act() -> None:
        n = next(left, None)
        acts.append(time.monotonic())
        if n is None:
            again.stop()
        elif n % 2:
            tasks.start("work", lambda monitor: None, on_done=lambda _: None)
        else:
            tasks.stir()

    again.timeout.connect(act)
    tasks.stir()                    # nothing was done yet
    with qtbot.waitSignal(tasks.idle):
        tasks.start("work", lambda monitor: None, on_done=lambda _: None)
    again.start(10)
    qtbot.waitUntil(lambda: not again.isActive() and bool(looks) and looks[-1] > acts[-1])
    # a machine that stands still between two acts gives time for a look, but for none right after an act
    assert all(look - max(act for act in [0.0, *acts] if act < look) > 0.2 for look in looks)


def test_that_objects_of_qt_in_cycles_go_in_the_windows_thread_whoever_makes_garbage(tasks: Tasks, qtbot: QtBot) -> None:
    gone: list[threading.Thread] = []
    timer = QTimer()
    timer.me = timer                # type: ignore[attr-defined]
    timer.destroyed.connect(lambda: gone.append(threading.current_thread()), Qt.ConnectionType.DirectConnection)
    del timer

    def litters(monitor: core.Monitor) -> None:
        for _ in range(200_000):
            cycle: list[object] = []
            cycle.append(cycle)

    with qtbot.waitSignal(tasks.idle):
        tasks.start("a", litters, on_done=lambda result: None)
    tasks.close(10)
    gc.collect()
    assert gone == [threading.main_thread()]


class Panel(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def done(self, result: object) -> None:
        self.told.append("done")
        self.setWindowTitle("done")

    def failed(self, error: Exception) -> None:
        self.told.append("failed")
        self.setWindowTitle("failed")

    def cancelled(self) -> None:
        self.told.append("cancelled")
        self.setWindowTitle("cancelled")


def test_that_what_was_deleted_is_told_nothing(tasks: Tasks, qtbot: QtBot) -> None:
    panel, other, go_on = Panel(), Panel(), threading.Event()
    qtbot.addWidget(other)

    def fails(monitor: core.Monitor) -> None:
        go_on.wait(120)
        raise core.Corrupt("bad")

    with qtbot.waitSignal(tasks.idle):
        for one in (panel, other):
            tasks.start(("a", id(one)), lambda monitor: go_on.wait(120), on_done=one.done)
            tasks.start(("b", id(one)), fails, on_done=one.done, on_error=one.failed)
            tasks.start(("c", id(one)), lambda monitor: go_on.wait(120), on_done=one.done, on_cancel=one.cancelled)
        delete(panel)
        tasks.cancel(("c", id(panel)))
        tasks.cancel(("c", id(other)))
        go_on.set()
    assert panel.told == []
    assert sorted(other.told) == ["cancelled", "done", "failed"]


class Window:
    """Has been busy without a pause at the first `busy` looks at its clock, and does nothing afterwards."""

    def __init__(self, busy: int) -> None:
        self.looks, self.then, self._busy, self._used = 0, lambda: None, busy, 0.0

    def used(self) -> float:
        self.looks += 1
        if self.looks <= self._busy:
            self._used = time.monotonic()
        else:
            self.then()
        return self._used


def ask_until_it_looks(monitor: WorkersMonitor, window: Window) -> None:
    before = window.looks
    while window.looks == before:
        monitor.check()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is, a worker waits for the window."""
    monkeypatch.setattr(module, "_COURTESY", 600.0)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("busy", [0, 4])
def test_that_a_worker_waits_as_long_as_the_window_is_at_something(busy: int) -> None:
    window = Window(busy)
    monitor = WorkersMonitor(window)
    assert window.looks == 1
    ask_until_it_looks(monitor, window)
    assert window.looks == max(busy, 1) + 1


def test_that_a_window_that_never_rests_holds_no_worker_up_for_good() -> None:
    window = Window(busy=sys.maxsize)
    ask_until_it_looks(WorkersMonitor(window), window)


@pytest.mark.usefixtures("patient")
def test_that_one_that_is_cancelled_while_it_waits_ends() -> None:
    window = Window(busy=2)
    monitor = WorkersMonitor(window)

    def cancelled_and_busy() -> None:
        monitor.stopped.set()
        window._used = time.monotonic()

    window.then = cancelled_and_busy
    with pytest.raises(core.Cancelled):
        ask_until_it_looks(monitor, window)


@pytest.mark.usefixtures("patient")
def test_that_a_worker_lets_urgent_work_go_first_and_has_an_instant_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    urgent = Window(busy=4)
    monitor = WorkersMonitor(Window(0), urgent)
    with monkeypatch.context() as slowly:
        slowly.setattr(module, "_PATIENCE", 600.0)
        ask_until_it_looks(monitor, urgent)
    assert urgent.looks == 5
    always = Window(busy=sys.maxsize)
    ask_until_it_looks(WorkersMonitor(Window(0), always), always)
    assert always.looks > 1


def test_that_what_urgent_work_takes_of_a_processor_is_known_while_it_is_at_it_and_afterwards(tasks: Tasks, qtbot: QtBot) -> None:
    if not hasattr(time, "pthread_getcpuclockid"):
        pytest.skip("no clock tells how much of a processor a thread takes")

    def works(monitor: core.Monitor) -> float:
        before, until = tasks._urgent.used(), time.thread_time() + 0.02
        while time.thread_time() < until:
            monitor.check()
        return tasks._urgent.used() - before

    taken: list[float] = []
    for urgent in (False, True):
        with qtbot.waitSignal(tasks.idle, timeout=120_000):
            tasks.start("work", works, on_done=taken.append, urgent=urgent)
    assert taken[0] == 0
    assert tasks._urgent.used() >= taken[1] >= 0.02


class Going:
    """Notes in which thread it goes."""

    def __init__(self, threads: list[str]) -> None:
        self._threads = threads

    def __del__(self) -> None:
        self._threads.append(threading.current_thread().name)


def test_that_what_is_let_go_of_goes_in_another_thread_however_deep_it_is(tasks: Tasks, qtbot: QtBot) -> None:
    threads: list[str] = []
    large: object = {"table": MappingProxyType({str(n): (Going(threads), n) for n in range(1_000)}), "one": [Going(threads)]}
    module.let_go(large, None)
    del large
    qtbot.waitUntil(lambda: len(threads) == 1_001)
    assert set(threads) == {"inspector-emptying"}


def test_that_what_others_hold_stays_as_it_is(tasks: Tasks, qtbot: QtBot) -> None:
    threads: list[str] = []
    held = {n: Going(threads) for n in range(1_000)}
    module.let_go((held, Going(threads)), [*held.values()])
    qtbot.waitUntil(lambda: len(threads) == 1)
    assert len(held) == 1_000


def test_that_tables_are_let_go_of_a_little_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    class Noted(list[object]):
        def __delitem__(self, which: Any) -> None:
            longest.append(len(range(*which.indices(len(self)))))
            super().__delitem__(which)

    longest: list[int] = []
    monkeypatch.setattr(module, "_give_way", lambda: None)
    monkeypatch.setattr(module, "gc", SimpleNamespace(get_referents=lambda one: Noted(gc.get_referents(one))))
    module._take_apart([{"a": [object() for _ in range(1_000)], "b": None}])
    assert sum(longest) >= 1_000
    assert max(longest) <= 256
