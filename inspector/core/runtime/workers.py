"""Many tensors at a time, on as many threads as there are cores: reading, checksums, digests and the loops of
`measures.kernels` all run without the interpreter's lock."""
from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from threading import Event, Lock, local
from typing import Any, TypeVar

from inspector.core.errors import Cancelled
from inspector.core.progress import Monitor

_Job = TypeVar("_Job")
_Result = TypeVar("_Result")
_MOST = 16
_FAR = 8
_BIG = 256 << 10
_ENOUGH = 8 << 20
_AHEAD = 4          # jobs a thread that are begun before the first one's result is taken


def cores() -> int:
    """How many threads are worth having."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(there, _MOST))


def threads_for(sizes: Iterable[int], far: bool = False) -> int:
    """How many threads are worth having for tensors of so many bytes each: those that are small keep the interpreter busy, not
    the processor. Of `far` files, which take their time to come, several are asked for at once."""
    if far:
        return max(cores(), _FAR)
    return cores() if sum(size for size in sizes if size >= _BIG) > _ENOUGH else 1


class Progress(Monitor):
    """What several threads have done of `total` bytes, told to `monitor` one at a time and never backwards. When one of them fails or
    the person has had enough, all are told to stop."""

    def __init__(self, monitor: Monitor, total: int) -> None:
        self._monitor = monitor
        self._total = total
        self._done = 0
        self._lock = Lock()
        self.stopped = Event()

    def add(self, nbytes: int, what: str) -> None:
        """Raises Cancelled."""
        self.check()
        with self._lock:
            self._done = min(self._done + nbytes, self._total)
            self._monitor.report(self._done, self._total, what)

    def reach(self, done: int, what: str) -> None:
        """All up to `done` is over, however much of it was needed."""
        with self._lock:
            if done > self._done:
                self._done = min(done, self._total)
                self._monitor.report(self._done, self._total, what)

    def check(self) -> None:
        if self.stopped.is_set():
            raise Cancelled("stopped")
        self._monitor.check()


class Share(Monitor):
    """One job's share of a `Progress`, of `nbytes`: what it reports is added there as it comes, and what is left at its `end`."""

    def __init__(self, progress: Progress, nbytes: int, what: str) -> None:
        self._progress, self._nbytes, self._what = progress, nbytes, what
        self._done = 0

    def report(self, done: int, total: int, what: str = "") -> None:
        more = min(done, self._nbytes) - self._done
        if more > 0:
            self._done += more
            self._progress.add(more, self._what)

    def check(self) -> None:
        self._progress.check()

    def end(self) -> None:
        self.report(self._nbytes, self._nbytes)


def each(jobs: Iterable[_Job], work: Callable[[_Job], _Result], threads: int, stop: Event) -> Generator[_Result, None, None]:
    """`work(job)` of every job, in order, on so many threads. Whatever ends this early sets `stop` and waits for the threads."""
    if threads < 2:
        yield from map(work, jobs)
        return
    from concurrent.futures import Future, ThreadPoolExecutor
    pool = ThreadPoolExecutor(threads, "tensors")
    begun: deque[Future[_Result]] = deque()
    waiting = iter(jobs)
    try:
        while True:
            while len(begun) < threads * _AHEAD:
                job: Any = next(waiting, pool)
                if job is pool:
                    break
                begun.append(pool.submit(work, job))
            if not begun:
                return
            yield begun.popleft().result()
    except BaseException:
        stop.set()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


class PerThread:
    """One `make()` for each thread that asks; all are left when this is closed, by whichever thread."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._mine = local()
        self._made: list[Any] = []

    def get(self) -> Any:
        found = getattr(self._mine, "made", None)
        if found is None:
            found = self._mine.made = self._make()
            self._made.append(found)
        return found

    def close(self) -> None:
        for made in self._made:
            made.__exit__(None, None, None)
        self._made.clear()
