"""Work off the GUI thread: the file that knows threads.

    start(key, work, on_done=…)  →  queue  →  worker thread: work(monitor)  →  GUI thread: on_done(result) or on_error(error)

Work under one key runs one after the other, and a newer start silences and cancels the older. Progress is polled from the GUI
thread every 50 ms while anything runs, so a worker that reports a million times costs the window nothing. Results are handed on in
the order in which they came, some milliseconds' worth in one turn of the event loop. The signal that
carries results lives on `Tasks`, which is made on the GUI thread: on an emitter made in a worker, slots would run there.
"""
from __future__ import annotations

import gc
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from types import TracebackType
from typing import Any, Protocol, TypeVar

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from shiboken6 import isValid

from inspector import core

T = TypeVar("T")

INTERVAL = 50                   # milliseconds between two looks at the progress
SWITCH = 0.0001                 # seconds
_NICE = 10
_PORTION = 0.004        # seconds of a turn of the event loop, after which what else has come waits for the next
_CALM = 10_000          # milliseconds without work, after which there is time for what takes long
_LONG = 0.1                     # seconds of processor time, from which on a task may have left memory lying about
_GLANCE = 0.001                 # seconds between two looks of a worker at what the window does
_STEP = 0.003                   # seconds for which it waits then, again and again
_COURTESY = 0.15                # for which it waits at most before it works again
_BUSY = 0.15                    # of a processor, from which on the window is at something
_AT_WORK = 0.1                  # from which on urgent work is not waiting for something itself
_PATIENCE = 0.05                # seconds for which other work lets it go first, before it has an instant
_MOMENT = 100           # milliseconds in which all have heard that something is gone, and what is shown instead is
_TABLE = 256                    # from so many on, things in one thing are let go of by themselves
_WORKERS = max(3, min(4, os.cpu_count() or 1))


class _Clock(Protocol):
    def used(self) -> float: ...


class _Window:
    """How much of a processor the window's thread takes, for workers to leave it the interpreter while it is at something: Python hands
    that to whichever thread asks, so that beside three workers a turn of the event loop would take four times as long. Made in that
    thread; where no clock tells (Windows), nobody waits."""

    def __init__(self) -> None:
        self._clock = _clock_of_this_thread()

    def used(self) -> float:
        """Seconds of processor time so far."""
        return time.clock_gettime(self._clock) if self._clock is not None else 0.0


class _Urgent:
    """How much of a processor the workers take that are at something urgent, for the others to leave them the interpreter, too. One that
    waits for a disk, or for what another worker has begun, takes none, and nobody waits for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at_work: dict[int, tuple[int, float]] = {}        # thread -> its clock, and what that said when the work was begun
        self._over = 0.0

    @contextmanager
    def work(self) -> Iterator[None]:
        """What a worker does inside is urgent."""
        thread, clock = threading.get_ident(), _clock_of_this_thread()
        if clock is None:
            yield
            return
        with self._lock:
            self._at_work[thread] = clock, time.clock_gettime(clock)
        try:
            yield
        finally:
            with self._lock:
                self._over += time.clock_gettime(clock) - self._at_work.pop(thread)[1]

    def used(self) -> float:
        """Seconds of processor time so far."""
        with self._lock:
            return self._over + sum(time.clock_gettime(clock) - begun for clock, begun in self._at_work.values())


def _clock_of_this_thread() -> int | None:
    return time.pthread_getcpuclockid(threading.get_ident()) if hasattr(time, "pthread_getcpuclockid") else None


class _Share:
    """Of a processor, what the threads of a clock had since the last look."""

    def __init__(self, clock: _Clock) -> None:
        self._clock = clock
        self._looked, self._used = time.monotonic(), clock.used()

    def is_over(self, limit: float) -> bool:
        now, used = time.monotonic(), self._clock.used()
        share = (used - self._used) / max(now - self._looked, 1e-6)
        self._looked, self._used = now, used
        return share > limit


class WorkersMonitor(core.Monitor):
    """Notes how far the work is, for the GUI thread to look at, ends it when asked to, and has it wait while the window is busy: in the
    long run for no more than half of the time, or an animation would hold it up for good, but at any moment for as long as a turn takes
    that should not have taken so long: a second at work allows for a second of waiting, which is kept up to `_COURTESY`. Beside urgent
    work (`urgent`, for all other) it gets an instant now and then: what it is at may be what the other has to wait for."""

    def __init__(self, window: _Clock, urgent: _Clock | None = None) -> None:
        self.stopped = threading.Event()
        self.progress: tuple[int, int, str] = (0, 0, "")
        self._window = _Share(window)
        self._urgent = _Share(urgent) if urgent is not None else None
        self._counted = time.monotonic()
        self._next = self._counted + _GLANCE
        self._courtesy = _COURTESY      # seconds for which it may wait; `_counted`: until when work has earned them

    def report(self, done: int, total: int, what: str = "") -> None:
        self.progress = (done, total, what)
        self.check()

    def check(self) -> None:
        if self.stopped.is_set():
            raise core.Cancelled
        now = time.monotonic()
        if now < self._next:
            return
        self._courtesy = min(_COURTESY, self._courtesy + now - self._counted)
        while self._courtesy > 0 and self._window.is_over(_BUSY):
            now, begun = self._wait(), now
            self._courtesy -= now - begun
        if self._urgent is not None:
            until = now + _PATIENCE
            while now < until and self._urgent.is_over(_AT_WORK):
                now = self._wait()
        self._counted = now
        self._next = now + _GLANCE

    def _wait(self) -> float:
        if self.stopped.wait(_STEP):
            raise core.Cancelled
        return time.monotonic()


def _nothing(monitor: core.Monitor) -> None:
    """What is left to do for a task that is over."""


class Task:
    """One piece of work, as the activity strip lists it. `done` and `total` are in the work's own units (0: unknown)."""

    def __init__(self, key: Hashable, work: Callable[[core.Monitor], Any], label: str, monitor: WorkersMonitor, urgent: bool) -> None:
        self.key = key
        self.label = label
        self.urgent = urgent
        self.done, self.total, self.doing = 0, 0, ""
        self.work = work
        self.monitor = monitor
        self.silenced = False
        self.result: Any = None
        self.error: Exception | None = None
        self.on_done: Callable[[Any], None] | None = None
        self.on_error: Callable[[Exception], None] | None = None
        self.on_progress: Callable[[int, int, str], None] | None = None
        self.on_cancel: Callable[[], None] | None = None

    def silence(self) -> None:
        self.silenced = True
        self.monitor.stopped.set()

    def let_go(self) -> None:
        """It is over: what it was about must not live on because somebody still has the task in hand."""
        self.work, self.result, self.error = _nothing, None, None
        self.on_done = self.on_error = self.on_progress = self.on_cancel = None


class Tasks(QObject):
    changed = Signal()          # which tasks run, or how far they are
    idle = Signal()             # nothing runs or waits any more
    reread_asked = Signal(object)       # somebody met a file that is another by now and wants it read again; to be called where none is
    _finished = Signal(object)

    def __init__(self, parent: QObject | None = None, *, workers: int = _WORKERS) -> None:
        super().__init__(parent)
        self._tasks: dict[Hashable, Task] = {}          # the newest of each key, whose callbacks will be called
        self._busy: dict[Hashable, Task] = {}           # what a worker has or will get; at most one of each key
        self._held: dict[Hashable, Task] = {}           # waits until the older one of its key has left the worker
        self._queue: deque[Task | None] = deque()
        self._ready = threading.Condition()
        self._over: deque[Task] = deque()               # done, and to be handed on in one of the next turns
        self._spent = 0.0                               # of the turn that runs, in handing on
        self._threads: list[threading.Thread] = []
        self._workers = workers
        self._closed = False
        self.rereads = False                # files that change are read again unasked: who meets another file waits for that
        # a window takes and gives back the interpreter at every call into Qt; each time a busy worker may keep it this long
        sys.setswitchinterval(min(sys.getswitchinterval(), SWITCH))
        self._window, self._urgent = _Window(), _Urgent()
        # what is in cycles and of Qt must go in this thread, whoever makes garbage
        self._collector = core.CollectorByHand()
        self._calm = QTimer(self)           # a look at everything takes long enough to be noticed by whoever is doing something
        self._calm.setInterval(_CALM)
        self._calm.timeout.connect(self._look_at_all)
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL)
        self._timer.timeout.connect(self._poll)
        self._turns = QTimer(self)          # one a turn, from the first result on until none is left
        self._turns.setInterval(0)
        self._turns.timeout.connect(self._begin_turn)
        self._finished.connect(self._take, Qt.ConnectionType.QueuedConnection)

    @property
    def running(self) -> tuple[Task, ...]:
        """Waiting or at work, oldest first."""
        return tuple(self._tasks.values())

    def start(self, key: Hashable, work: Callable[[core.Monitor], T], *, on_done: Callable[[T], None],
              on_error: Callable[[Exception], None] | None = None, on_progress: Callable[[int, int, str], None] | None = None,
              on_cancel: Callable[[], None] | None = None, label: str = "", urgent: bool = False,
              in_passing: bool = False) -> None:
        """Calls `work(monitor)` in a worker and then one of the callbacks on the GUI thread: `on_done` with its result,
        `on_error` with what it raised (without one, the exception hook gets it), `on_cancel` when a person cancelled it.
        A newer start with the same key silences the older, which then calls nothing. `urgent`: somebody waits for it, so it does not
        give way to other programs, and other work gives way to it. `in_passing`: done again and again, whether anything goes on or not,
        so the window is as calm after it as before."""
        if self._closed:
            return
        older = self._tasks.pop(key, None)
        if older is not None:
            older.silence()
        task = Task(key, work, label, WorkersMonitor(self._window, None if urgent else self._urgent), urgent)
        task.on_done, task.on_error, task.on_progress, task.on_cancel = on_done, on_error, on_progress, on_cancel
        self._tasks[key] = task
        if key in self._busy:
            self._held[key] = task
        else:
            self._hand_out(task)
        self._timer.start()
        if not in_passing:
            self._calm.stop()
        self.changed.emit()

    def cancel(self, key: Hashable) -> None:
        """Asks the work under `key` to end; its callbacks will not be called, save `on_cancel`, now."""
        task = self._tasks.pop(key, None)
        if task is None:
            return
        task.silence()
        self._held.pop(key, None)
        self.changed.emit()
        if task.on_cancel is not None and not _is_gone(task.on_cancel):
            task.on_cancel()
        self._rest()

    def cancel_all(self) -> None:
        for key in list(self._tasks):
            self.cancel(key)

    def close(self, timeout: float = 2.0) -> bool:
        """Cancels everything and waits at most `timeout` seconds for the workers; True when all have ended. One that never
        returns (a read from a dead network drive) is left behind: workers are daemons and do not keep the process alive."""
        self._closed = True
        self.cancel_all()
        for timer in (self._timer, self._calm, self._turns):
            timer.stop()
        while self._over:
            self._over.popleft().let_go()
        with self._ready:
            self._queue.clear()
            self._queue.extend([None] * len(self._threads))
            self._ready.notify_all()
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._collector.close()
        return not any(thread.is_alive() for thread in self._threads)

    def _hand_out(self, task: Task) -> None:
        self._busy[task.key] = task
        if len(self._threads) < min(self._workers, len(self._busy)):
            thread = threading.Thread(target=self._work, name="inspector-worker", daemon=True)
            self._threads.append(thread)
            thread.start()
        with self._ready:
            self._queue.append(task)
            self._ready.notify()

    def _work(self) -> None:
        """The life of a worker. Nothing of Qt is touched here but the one queued signal."""
        while True:
            with self._ready:
                while not self._queue:
                    self._ready.wait()
                task = self._queue.popleft()
            if task is None:
                return
            try:
                if not task.urgent:
                    _give_way()
                if not task.silenced:
                    begun = time.thread_time()
                    with self._urgent.work() if task.urgent else nullcontext():
                        task.result = task.work(task.monitor)
                    if time.thread_time() - begun > _LONG:
                        core.release_memory()
            except core.Cancelled:
                task.silenced = True
            except Exception as error:
                task.error = error
            if self._closed:
                continue
            try:
                self._finished.emit(task)
            except RuntimeError:            # the window went away meanwhile
                return
            del task

    @Slot(object)
    def _take(self, task: Task) -> None:
        """What came in one turn of the event loop is all posted in one go: the window must not stand still until the last is shown."""
        if self._busy.get(task.key) is task:
            del self._busy[task.key]
        held = self._held.pop(task.key, None)
        if held is not None:
            self._hand_out(held)
        if self._closed:
            task.let_go()
            return
        if not self._turns.isActive():
            self._turns.start()
        self._over.append(task)
        if len(self._over) == 1 and self._spent < _PORTION:
            self._settle()

    def _begin_turn(self) -> None:
        self._spent = 0.0
        if not self._over:
            self._turns.stop()
        while self._over and self._spent < _PORTION:
            self._settle()

    def _settle(self) -> None:
        task, begun = self._over.popleft(), time.perf_counter()
        try:
            if self._tasks.get(task.key) is task:
                del self._tasks[task.key]
                self.changed.emit()
                if not task.silenced:
                    self._deliver(task)
        finally:
            task.let_go()
            self._rest()
            self._spent += time.perf_counter() - begun

    def _deliver(self, task: Task) -> None:
        if task.error is None:
            if task.on_done is not None and not _is_gone(task.on_done):
                task.on_done(task.result)
        elif task.on_error is not None:
            if not _is_gone(task.on_error):
                task.on_error(task.error)
        else:
            traceback: TracebackType | None = task.error.__traceback__
            sys.excepthook(type(task.error), task.error, traceback)

    def _poll(self) -> None:
        self._collector.look()
        moved = False
        for task in list(self._tasks.values()):
            seen = task.monitor.progress
            if seen != (task.done, task.total, task.doing):
                task.done, task.total, task.doing = seen
                moved = True
                if task.on_progress is not None and not _is_gone(task.on_progress):
                    task.on_progress(*seen)
        if moved:
            self.changed.emit()

    def _rest(self) -> None:
        if not self._tasks and self._timer.isActive():
            self._timer.stop()
            self._collector.look()
            if not self._calm.isActive():
                self._calm.start()
            self.idle.emit()

    def stir(self) -> None:
        """A person is doing something: what takes long enough to be noticed is put off."""
        if self._calm.isActive():
            self._calm.start()

    def _look_at_all(self) -> None:
        self._calm.stop()
        self._collector.look(thoroughly=True)


def emptied_elsewhere(many: dict[Any, Any]) -> None:
    """Takes what nobody wants any more out of `many`, in a thread of its own and a little at a time: a hundred thousand objects take a
    fifth of a second to go. May be called in any thread; nothing of Qt may be among them."""
    _start_emptying(_empty, many)


def let_go(*large: object) -> None:
    """Has what is given, and is held by nobody else any more a moment later, go in a thread of its own: a table of a hundred thousand
    tensors keeps a window for twenty milliseconds. For whoever tells others that something is gone, the last of whom would take it
    apart. Nothing of Qt may be among it."""
    held = [one for one in large if one is not None]
    if held:
        QTimer.singleShot(_MOMENT, lambda: _start_emptying(_take_apart, held))


def _start_emptying(work: Callable[[Any], None], many: Any) -> None:
    with suppress(RuntimeError):            # the program ends, and all goes with it
        threading.Thread(target=work, args=(many,), name="inspector-emptying", daemon=True).start()


def _take_apart(held: list[object]) -> None:
    """Lets go of all in the list, layer by layer as far as nobody else holds them, and of what is in a table a little at a time: all at
    once is one call of C, in which no other thread gets the interpreter."""
    _give_way()
    while held:
        one = held.pop()
        if sys.getrefcount(one) > 2:        # which counts itself
            continue
        inside = gc.get_referents(one)
        del one
        if len(inside) < _TABLE:
            held += inside
        while inside:
            del inside[-_TABLE:]


def _empty(many: dict[Any, Any]) -> None:
    _give_way()
    with suppress(KeyError):
        while True:
            many.popitem()


def _is_gone(callback: Callable[..., None]) -> bool:
    """Whether it is a method of something of Qt that was deleted meanwhile; signals do not call those either."""
    owner = getattr(callback, "__self__", None)
    return isinstance(owner, QObject) and not isValid(owner)


def _give_way() -> None:
    """From now on the window's thread goes first when there is more to do than processors are free for, before this one and those
    that it starts. Linux has priorities for each thread; elsewhere, the system sees to windows itself."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
