"""Work given to any executor: whoever does it, and whoever is lost, what comes out is the same."""
from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from typing import Any

import pytest

from inspector.core.errors import Cancelled, Unreadable
from inspector.core.progress import Monitor
from inspector.core.runtime.elsewhere import TRIES, each_elsewhere


class Odd(Executor):
    """Runs nothing by itself: `does(number of the submission, function, job)` says what becomes of it."""

    def __init__(self, does: Callable[[int, Callable[..., Any], Any], Any]) -> None:
        self.does = does
        self.count = 0

    def submit(self, work: Any, /, *args: Any, **named: Any) -> Future[Any]:
        number, self.count = self.count, self.count + 1
        future: Future[Any] = Future()
        try:
            future.set_result(self.does(number, work, *args))
        except RuntimeError as error:
            if str(error) == "closed":
                raise
            future.set_exception(error)
        except BaseException as error:
            future.set_exception(error)
        return future


def twice(job: int) -> int:
    return 2 * job


def test_that_results_come_in_order() -> None:
    with ThreadPoolExecutor(3) as pool:
        assert list(each_elsewhere(range(1000), twice, pool)) == [2 * job for job in range(1000)]


def test_that_a_job_that_fails_is_sent_again() -> None:
    def does(number: int, work: Callable[..., Any], job: int) -> Any:
        if number % 2 == 0:
            raise OSError("this worker has no such disk")
        return work(job)
    odd = Odd(does)
    assert list(each_elsewhere(range(5), twice, odd)) == [0, 2, 4, 6, 8]
    assert odd.count > 5


def test_that_what_no_worker_can_do_is_done_here() -> None:
    def does(number: int, work: Callable[..., Any], job: int) -> Any:
        raise ModuleNotFoundError("inspector is not installed on the workers")
    odd = Odd(does)
    assert list(each_elsewhere(range(3), twice, odd)) == [0, 2, 4]
    assert odd.count == 3 * TRIES


def test_that_the_last_try_here_tells_what_is_wrong() -> None:
    def work(job: int) -> int:
        raise Unreadable("the disk is failing")
    with ThreadPoolExecutor(1) as pool, pytest.raises(Unreadable, match="failing"):
        list(each_elsewhere(range(3), work, pool))


def test_that_lost_workers_lose_nothing() -> None:
    def does(number: int, work: Callable[..., Any], job: int) -> Any:
        if number >= 2:
            raise BrokenExecutor("a process was killed")
        return work(job)
    assert list(each_elsewhere(range(6), twice, Odd(does))) == [0, 2, 4, 6, 8, 10]


def test_that_an_executor_that_was_shut_down_is_done_without() -> None:
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    assert list(each_elsewhere(range(3), twice, pool)) == [0, 2, 4]


def test_that_progress_is_told_and_the_person_may_cancel() -> None:
    told: list[tuple[int, int]] = []
    goes_on = threading.Event()

    class Stops(Monitor):
        def report(self, done: int, total: int, what: str = "") -> None:
            told.append((done, total))

        def check(self) -> None:
            if told:
                raise Cancelled("enough")

    def work(job: int) -> int:
        if job:
            goes_on.wait(20)
        return job
    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(Cancelled):
            list(each_elsewhere(range(4), work, pool, Stops(), [10, 20, 30, 40]))
        goes_on.set()
    assert told == [(10, 100)]


def test_that_what_is_left_unasked_is_not_begun() -> None:
    begun: list[int] = []
    with ThreadPoolExecutor(1) as pool:
        results = each_elsewhere(range(200), begun.append, pool)
        next(results)
        results.close()
    assert len(begun) < 200
