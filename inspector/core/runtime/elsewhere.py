"""Work on the workers of any `concurrent.futures.Executor`: threads, processes, a cluster.

A job is coordinates, never bytes: what is sent is a function of this program, found by its name, and where to read. A job that fails is
sent again, for another worker may fare better; when the workers themselves are lost, what is left is done here. So a result never depends
on who made it, and losing a worker loses nothing.
"""
from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, TypeVar

from inspector.core.errors import Cancelled
from inspector.core.progress import QUIET, Monitor

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

_Job = TypeVar("_Job")
_Result = TypeVar("_Result")

TRIES = 3               # of one job, before it is done here
_AHEAD = 256            # jobs that wait for workers: their results come back in order
_POLL = 0.1             # seconds between two looks at whether to stop


def each_elsewhere(jobs: Sequence[_Job], work: Callable[[_Job], _Result], executor: Executor, monitor: Monitor = QUIET,
                   sizes: Sequence[int] = ()) -> Generator[_Result, None, None]:
    """`work(job)` of every job, in order. `sizes`: of each job, what `monitor` is told when it is over. Raises what `work` raises, here in
    the end, and Cancelled."""
    todo = enumerate(jobs)
    begun: deque[tuple[int, Future[_Result] | None]] = deque()
    done, total = 0, sum(sizes)
    lost = False                    # the executor takes nothing any more
    try:
        while True:
            while len(begun) < _AHEAD and (entry := next(todo, None)) is not None:
                future = None if lost else _submitted(executor, work, entry[1])
                lost = lost or future is None
                begun.append((entry[0], future))
            if not begun:
                return
            number, future = begun.popleft()
            result, lost = _result(jobs[number], work, executor, future, lost, monitor)
            if sizes:
                done += sizes[number]
                monitor.report(done, total)
            yield result
    finally:
        for _, future in begun:
            if future is not None:
                future.cancel()


def _submitted(executor: Executor, work: Callable[[_Job], _Result], job: _Job) -> Future[_Result] | None:
    """None when the executor takes nothing: it was shut down, or its workers are gone."""
    try:
        return executor.submit(work, job)
    except RuntimeError:            # BrokenExecutor is one
        return None


def _result(job: _Job, work: Callable[[_Job], _Result], executor: Executor, future: Future[_Result] | None, lost: bool,
            monitor: Monitor) -> tuple[_Result, bool]:
    """What came of a job, and whether the executor is lost."""
    from concurrent.futures import BrokenExecutor
    for left in reversed(range(TRIES)):
        if future is None:
            break
        _wait(future, monitor)
        try:
            return future.result(), lost
        except Cancelled:
            raise
        except BrokenExecutor:
            lost = True
            break
        except Exception:           # of the job, of its worker or of the way there: another try, and the last one here, tells
            future = _submitted(executor, work, job) if left and not lost else None
            lost = lost or (left > 0 and future is None)
    monitor.check()
    return work(job), lost


def _wait(future: Future[_Result], monitor: Monitor) -> None:
    import threading
    over = threading.Event()
    future.add_done_callback(lambda _: over.set())
    while not future.done() and not over.wait(_POLL):
        monitor.check()
