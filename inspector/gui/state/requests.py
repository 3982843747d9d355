"""What stands behind every panel that asks a worker and waits.

    ask(request) → kept? ── yes ────────────────────────────────→ DONE
                     │ no
                   rests (a moment, where the request follows the mouse)
                     │
                   worker: larger than the limit? ── yes ─→ TOO_LARGE ── go_on ─┐
                     │ no                                                       │
                   WAITING → RUNNING (after a moment) → DONE, FAILED or STOPPED ← the same, without a limit

A newer request ends the one before. Results are kept, the latest few, for as long as what they are about is there: a file that was
closed keeps nothing here alive, and a result that comes too late is nobody's.
"""
from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar
from weakref import ref

from PySide6.QtCore import QObject, QTimer, Signal

from inspector import core

from .tasks import Tasks

PATIENCE = 200                  # milliseconds at work before that is worth mentioning

GRACE = 4000                    # milliseconds in which a file that was written to is read again, where that is done unasked

R = TypeVar("R")


class Phase(Enum):
    NOTHING = "nothing"         # is asked
    RESTING = "resting"         # until nothing else is asked for a moment
    WAITING = "waiting"         # at work, for so short a time that nobody need know
    RUNNING = "running"
    TOO_LARGE = "too large"     # to be read unasked
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"         # by a person

    @property
    def is_busy(self) -> bool:
        return self in (Phase.RESTING, Phase.WAITING, Phase.RUNNING)


class Many:
    """Keys of tensors, of which there may be a million, in what a request is told apart by. Of a tuple each would be hashed whenever the
    request is looked for, which keeps the window waiting."""

    __slots__ = ("_keys",)

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._keys = keys

    def __hash__(self) -> int:
        keys, middle = self._keys, len(self._keys) // 2
        return hash((len(keys), keys[:1], keys[middle:middle + 1], keys[-1:]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Many) and (self._keys is other._keys or self._keys == other._keys)


@dataclass(frozen=True, slots=True, eq=False)
class Request(Generic[R]):
    """What is to be worked out: something of `source` (a checkpoint, a comparison), told apart from other such things by `key`.
    `work` runs in a worker, and so does `size`, which gives the bytes that it will read."""

    source: object
    key: Hashable
    work: Callable[[core.Monitor], R]
    size: Callable[[core.Monitor], int] | None = None
    label: str = ""

    def is_same(self, other: Request[Any] | None) -> bool:
        return other is not None and self.source is other.source and self.key == other.key


class Kept(Generic[R]):
    """The latest results, at most so many, none of which keeps its source alive: when that goes, they go. `parting` is given
    each that goes with its source, in whatever thread that is."""

    def __init__(self, most: int, parting: Callable[[R], None] | None = None) -> None:
        self._most = most
        self._parting = parting
        self._results: OrderedDict[tuple[int, Hashable], tuple[ref[Any], R]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._results)

    def get(self, source: object, key: Hashable) -> R | None:
        found = self._results.get((id(source), key))
        if found is None or found[0]() is not source:
            return None
        self._results.move_to_end((id(source), key))
        return found[1]

    def put(self, source: object, key: Hashable, result: R) -> None:
        place, kept, parting = (id(source), key), self._results, self._parting

        def gone(dead: ref[Any]) -> None:
            if place in kept and kept[place][0] is dead:
                result = kept.pop(place)[1]
                if parting is not None:
                    parting(result)

        kept[place] = (ref(source, gone), result)
        kept.move_to_end(place)
        while len(kept) > self._most:
            kept.popitem(last=False)

    def clear(self) -> None:
        self._results.clear()


class Requests(QObject, Generic[R]):
    """One request at a time, under the key `task` of `tasks`. `keep` results are kept. What takes more bytes than `limit` gives is
    read only when a person says so (`go_on`). `rest`: milliseconds for which a request must stand before it is begun."""

    changed = Signal()          # the phase, or how far the work is

    def __init__(self, tasks: Tasks, task: Hashable, parent: QObject | None = None, *, keep: int = 0,
                 limit: Callable[[], int] | None = None, rest: int = 0) -> None:
        super().__init__(parent)
        self._tasks, self._task, self._limit = tasks, task, limit
        self._kept: Kept[R] = Kept(keep)
        self._phase = Phase.NOTHING
        self._request: Request[R] | None = None
        self._result: R | None = None
        self._error: Exception | None = None
        self._progress = (0, 0)
        self._nbytes = 0
        self._wanted = False            # by a person, who said so
        self._patience = self._timer(PATIENCE, self._mention)
        self._rest = self._timer(rest, self._begin)
        self._grace = self._timer(GRACE, self._give_up)

    # -- how things stand

    @property
    def phase(self) -> Phase:
        return self._phase

    @property
    def request(self) -> Request[R] | None:
        """What was asked last; None when it is nothing."""
        return self._request

    @property
    def result(self) -> R | None:
        """There when DONE."""
        return self._result

    @property
    def error(self) -> Exception | None:
        """There when FAILED."""
        return self._error

    @property
    def progress(self) -> tuple[int, int]:
        """How much is done, of how much (0: unknown), in the work's own units."""
        return self._progress

    @property
    def nbytes(self) -> int:
        """What would be read, when TOO_LARGE."""
        return self._nbytes

    def kept(self, source: object, key: Hashable) -> R | None:
        """A result that is still at hand."""
        return self._kept.get(source, key)

    @property
    def kept_count(self) -> int:
        return len(self._kept)

    # -- what is asked

    def ask(self, request: Request[R] | None) -> None:
        """Answers `request`, at once where the result is kept; None asks for nothing any more. The same request again, while it is
        being answered or has been, changes nothing."""
        if request is None:
            self._end()
            self._set(Phase.NOTHING, None)
        elif not request.is_same(self._request):
            self._end()
            kept = self._kept.get(request.source, request.key)
            if kept is not None:
                self._set(Phase.DONE, request, result=kept)
            elif self._rest.interval():
                self._set(Phase.RESTING, request)
                self._rest.start()
            else:
                self._set(Phase.WAITING, request)
                self._start(request, self._most_bytes())

    def answer(self, request: Request[R], result: R) -> None:
        """Answers `request` with what is known from elsewhere."""
        self._end()
        self._kept.put(request.source, request.key, result)
        self._set(Phase.DONE, request, result=result)

    def go_on(self) -> None:
        """A person wants it: what is too large too, and what was stopped or failed once more; of a file that is another by now, that it is
        read again, after which the same is asked of what it holds then."""
        if self._phase is Phase.FAILED and isinstance(self._error, core.Changed):
            self._tasks.reread_asked.emit(self._once_more)
            return
        self._once_more()

    def _once_more(self) -> None:
        request = self._request
        if request is not None and self._phase in (Phase.TOO_LARGE, Phase.FAILED, Phase.STOPPED):
            self._wanted = True
            self._set(Phase.RUNNING, request)
            self._start(request, None)

    def stop(self) -> None:
        """A person wants it to end."""
        self._tasks.cancel(self._task)

    def pause(self) -> None:
        """Nobody looks: what is at work ends and must be asked for again; what was answered stays. What a person asked for with a
        click goes on."""
        if self._phase.is_busy and not self._wanted:
            self.ask(None)

    # -- at work

    def _begin(self) -> None:
        if self._request is not None:
            self._set(Phase.WAITING, self._request)
            self._start(self._request, self._most_bytes())

    def _most_bytes(self) -> int | None:
        return self._limit() if self._limit is not None else None

    def _start(self, request: Request[R], limit: int | None) -> None:
        def work(monitor: core.Monitor) -> R | _TooLarge:
            if limit is not None and request.size is not None and (nbytes := request.size(monitor)) > limit:
                return _TooLarge(nbytes)
            return request.work(monitor)

        if self._phase is Phase.WAITING:
            self._patience.start()
        self._tasks.start(self._task, work, on_done=lambda found: self._done(request, found),
                          on_error=lambda error: self._failed(request, error), on_progress=self._moved,
                          on_cancel=self._stopped, label=request.label)

    def _end(self) -> None:
        """Of whatever was asked before; its end is nobody's."""
        self._rest.stop()
        self._patience.stop()
        self._grace.stop()
        self._request, self._wanted = None, False
        self._tasks.cancel(self._task)

    def _mention(self) -> None:
        if self._phase is Phase.WAITING:
            self._set(Phase.RUNNING, self._request)

    def _moved(self, done: int, total: int, what: str) -> None:
        self._progress = (done, total)
        if self._phase is Phase.RUNNING:
            self.changed.emit()

    def _done(self, request: Request[R], found: R | _TooLarge) -> None:
        self._patience.stop()
        if isinstance(found, _TooLarge):
            self._nbytes = found.nbytes
            self._set(Phase.TOO_LARGE, request)
        else:
            self._kept.put(request.source, request.key, found)
            self._set(Phase.DONE, request, result=found)

    def _failed(self, request: Request[R], error: Exception) -> None:
        if isinstance(error, core.Changed) and self._tasks.rereads:
            self._error = error
            self._grace.start()             # the file is read again, and the same asked of it
            return
        self._patience.stop()
        self._set(Phase.FAILED, request, error=error)
        if not isinstance(error, core.InspectorError):
            raise error

    def _give_up(self) -> None:
        self._patience.stop()
        if self._phase.is_busy:
            self._set(Phase.FAILED, self._request, error=self._error)

    def _stopped(self) -> None:
        self._patience.stop()
        self._grace.stop()
        if self._request is not None:
            self._set(Phase.STOPPED, self._request)

    def _set(self, phase: Phase, request: Request[R] | None, *, result: R | None = None, error: Exception | None = None) -> None:
        if phase is Phase.NOTHING and self._phase is Phase.NOTHING:
            return
        self._phase, self._request, self._result, self._error = phase, request, result, error
        if phase in (Phase.RESTING, Phase.WAITING):
            self._progress = (0, 0)
        self.changed.emit()

    def _timer(self, wait: int, run: Callable[[], None]) -> QTimer:
        made = QTimer(self)
        made.setSingleShot(True)
        made.setInterval(wait)
        made.timeout.connect(run)
        return made


@dataclass(frozen=True, slots=True)
class _TooLarge:
    nbytes: int
