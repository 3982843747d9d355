"""What is measured of one checkpoint of a run, and of the step from the one before it: one pass over both, tensor by tensor.

Each file is read once as itself and once as the one before, never more, and never more than a few megabytes of it are held.
"""
from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

from inspector.core.checkpoint import Checkpoint, TensorInfo, is_contiguous
from inspector.core.comparison.differences import kernels
from inspector.core.comparison.differences.difference import difference
from inspector.core.errors import BadTensor
from inspector.core.limits import LIMITS
from inspector.core.measures.passing import Passed, Passing
from inspector.core.measures.summary import summarize_tensor
from inspector.core.progress import QUIET, Monitor
from inspector.core.runtime import workers
from inspector.core.runtime.elsewhere import each_elsewhere
from inspector.core.tensors.coordinates import coordinates
from inspector.core.tensors.reader import ELSEWHERE, TensorReader

from .sketches import Sketching, has_sketch

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import numpy as np

    Array = np.ndarray[Any, Any]

_CHUNK = 2 << 20
_BATCH = 1 << 20            # bytes of small tensors that are one job
SAME, MOVED, UNKNOWN = 1, 2, 0


class Own(NamedTuple):
    """Of each tensor, in the order of the outline: `norm` (L2) and `std` of its finite elements, how many are `nan` and `inf`. Where a
    tensor could not be read, `norm` is NaN and `nan` is -1."""

    norm: array[float]
    std: array[float]
    nan: array[int]
    inf: array[int]


class Step(NamedTuple):
    """Of each tensor, against the one of the same key in the checkpoint before: `moved` is the L2 norm of the difference and `before`
    that of the tensor before, both over what is finite in both; NaN where there is nothing to compare with. `same` is `SAME` when every
    element is equal (NaN equals NaN), `MOVED` when one is not, `UNKNOWN` where that was not found out. `error` is the relative standard
    error of `moved`, 0 where it is exact; without any, all are."""

    moved: array[float]
    before: array[float]
    same: array[int]
    error: Sequence[float] = ()


class Measured(NamedTuple):
    """What `measure` found; `sketches` of each tensor (`Sketching.result`), None where it has none."""

    own: Own | None
    step: Step | None
    sketches: list[tuple[bytes, bytes] | None]


def measure(ckpt: Checkpoint, keys: Sequence[str], before: Checkpoint | None, nbytes_in_all: int, monitor: Monitor = QUIET,
            *, own: bool = True, old_keys: Sequence[str] | None = None, width: int = 0,
            executor: Executor | None = None) -> Measured:
    """The numbers of the tensors `keys` of `ckpt`, unless `own` are known, with sketches of `width` unless that is 0, and of the step
    from `before`, where they may have `old_keys` ("": it has none), unless there is none: on threads, or by the workers of `executor`.
    `monitor` is told the bytes of `ckpt`'s tensors. Raises Cancelled, and ReadError when a file has changed."""
    first: dict[object, int] = {}
    old = keys if old_keys is None else old_keys
    stands_for = [first.setdefault(_view(ckpt, before, key, old[n]), n) for n, key in enumerate(keys)]
    alone = [*first.values()]
    wanted = _Wanted(ckpt, before, keys, old, nbytes_in_all, own, width if own else 0)
    known = _here(wanted, alone, monitor) if executor is None else _elsewhere(wanted, alone, executor, monitor)
    rows = [known[n] for n in stands_for]
    return Measured(Own(*_columns("ddqq", [row.own for row in rows])) if own else None,
                    Step(*_columns("ddb", [row.step for row in rows])) if before is not None else None, [row.sketch for row in rows])


class _Wanted(NamedTuple):
    """Tensor `keys[n]` of `ckpt` is measured, if its `own` numbers are wanted, with a sketch of `width`, and compared with `old_keys[n]`
    of `before`."""

    ckpt: Checkpoint
    before: Checkpoint | None
    keys: Sequence[str]
    old_keys: Sequence[str]
    nbytes_in_all: int
    own: bool
    width: int

    def nbytes(self, batch: Sequence[int]) -> int:
        return sum(self.ckpt.tensors[self.keys[n]].nbytes for n in batch)

    def coordinates(self, batch: Sequence[int]) -> _Wanted:
        """Of some of the tensors, for another process."""
        keys, old_keys = (tuple(names[n] for n in batch) for names in (self.keys, self.old_keys))
        old = self.before and coordinates(self.before, [self.before.tensors[key] for key in old_keys if key in self.before.tensors])
        mine = coordinates(self.ckpt, [self.ckpt.tensors[key] for key in keys])
        return self._replace(ckpt=mine, before=old, keys=keys, old_keys=old_keys)


def _here(wanted: _Wanted, alone: Sequence[int], monitor: Monitor) -> dict[int, _Measured]:
    progress = workers.Progress(monitor, wanted.nbytes(alone))
    readers = workers.PerThread(lambda: _Pair(wanted, progress))

    def work(batch: list[int]) -> list[tuple[int, _Measured]]:
        pair: _Pair = readers.get()
        found = [(n, pair.measure(n)) for n in batch]
        progress.add(wanted.nbytes(batch), wanted.keys[batch[-1]])
        return found

    known: dict[int, _Measured] = {}
    batches = list(_batches(wanted, alone))
    threads = workers.threads_for(map(wanted.nbytes, batches))
    with closing(readers), closing(workers.each(batches, work, threads, progress.stopped)) as results:
        for part in results:
            known.update(part)
    kernels.loops.make_missed()
    return known


def _elsewhere(wanted: _Wanted, alone: Sequence[int], executor: Executor, monitor: Monitor) -> dict[int, _Measured]:
    batches = list(_batches(wanted, alone, ELSEWHERE))
    known: dict[int, _Measured] = {}
    jobs, sizes = [wanted.coordinates(batch) for batch in batches], [wanted.nbytes(batch) for batch in batches]
    with closing(each_elsewhere(jobs, _measured, executor, monitor, sizes)) as results:
        for batch, rows in zip(batches, results, strict=True):
            known.update(zip(batch, rows, strict=True))
    return known


def _measured(wanted: _Wanted) -> list[_Measured]:
    """On a worker."""
    with closing(workers.PerThread(lambda: _Pair(wanted, QUIET))) as readers:
        pair: _Pair = readers.get()
        return [pair.measure(n) for n in range(len(wanted.keys))]


def _columns(kinds: str, rows: Sequence[tuple[float, ...]]) -> list[Any]:
    return [array(kind, (row[n] for row in rows)) for n, kind in enumerate(kinds)]


class _Measured(NamedTuple):
    own: tuple[float, float, int, int]
    step: tuple[float, float, int]
    sketch: tuple[bytes, bytes] | None = None


_UNREAD = (math.nan, math.nan, -1, -1)
_NO_STEP = (math.nan, math.nan, UNKNOWN)


def _view(ckpt: Checkpoint, before: Checkpoint | None, key: str, old_key: str) -> object:
    """Equal for tensors that are the same elements in both checkpoints."""
    mine = ckpt.tensors[key].view
    if before is None:
        return mine or key
    other = before.tensors.get(old_key)
    theirs = other and other.view
    return (mine, theirs) if mine is not None and theirs is not None else key


def _batches(wanted: _Wanted, alone: Sequence[int], most: int = _BATCH) -> Iterator[list[int]]:
    """Neighbours together while they are small, and while they view the same storage, which is then verified once."""
    batch: list[int] = []
    size, storage = 0, ""
    for n in alone:
        info = wanted.ckpt.tensors[wanted.keys[n]]
        if batch and size + info.nbytes > most and (info.storage != storage or not info.storage):
            yield batch
            batch, size = [], 0
        batch.append(n)
        size, storage = size + info.nbytes + 1000, info.storage
    if batch:
        yield batch


class _Tapped(TensorReader):
    """A reader whose chunks are measured as they go by."""

    tap: _Taken | None = None

    def chunks(self, key: str | TensorInfo, max_bytes: int = LIMITS.chunk, *, ordered: bool = True, hold: int = 0,
               start: int = 0) -> Iterator[Array]:
        tap, self.tap = self.tap, None              # who reads a tensor once more has been told
        for chunk in super().chunks(key, max_bytes, ordered=ordered, hold=hold, start=start):
            if tap is not None:
                tap.take(chunk)
            yield chunk


class _Taken:
    """What is made of the elements of a tensor on their way: its numbers, and its sketch where its elements lie in C order."""

    def __init__(self, wanted: _Wanted, info: TensorInfo) -> None:
        self.passing = Passing(wanted.ckpt, info.key, wanted.nbytes_in_all)
        self.sketching = Sketching(info, wanted.width) if wanted.width and has_sketch(info) else None
        self._in_order = is_contiguous(info.shape, info.stride)

    def take(self, chunk: Array) -> None:
        self.passing.take(chunk)
        if self.sketching is not None and self._in_order:
            self.sketching.take(chunk)

    def sketch(self, reader: TensorReader, info: TensorInfo) -> tuple[bytes, bytes] | None:
        if self.sketching is None:
            return None
        if not self._in_order:
            for chunk in reader.chunks(info, _CHUNK):
                self.sketching.take(chunk)
        return self.sketching.result()


class _Pair:
    """The two checkpoints, for one thread; a context manager."""

    def __init__(self, wanted: _Wanted, monitor: Monitor) -> None:
        self._wanted, self._ckpt, self._before, self._monitor = wanted, wanted.ckpt, wanted.before, _Checks(monitor)
        self._own = _Tapped(wanted.ckpt, self._monitor, recycle=True)
        self._old = TensorReader(wanted.before, self._monitor, recycle=True) if wanted.before is not None else None

    def __exit__(self, *error: object) -> None:
        self._own.__exit__(None, None, None)
        if self._old is not None:
            self._old.__exit__(None, None, None)

    def measure(self, n: int) -> _Measured:
        key, old_key, nbytes_in_all, own = self._wanted.keys[n], self._wanted.old_keys[n], self._wanted.nbytes_in_all, self._wanted.own
        info = self._ckpt.tensors[key]
        try:
            taken = _Taken(self._wanted, info) if own else None
        except BadTensor:
            return _Measured(_UNREAD, _NO_STEP)
        try:
            step = self._step(info, old_key, taken, nbytes_in_all)
            if taken is None:
                return _Measured(_UNREAD, step or _NO_STEP)
            if step is None or info.layout != "strided":
                taken = _Taken(self._wanted, info)                      # the other may have ended half way
                for chunk in self._own.chunks(info, _CHUNK, ordered=False):
                    self._monitor.check()
                    taken.take(chunk)
            return _Measured(self._numbers(key, taken.passing), step or _NO_STEP, taken.sketch(self._own, info))
        except BadTensor:
            return _Measured(_UNREAD, _NO_STEP)

    def _step(self, info: TensorInfo, old_key: str, taken: _Taken | None, nbytes_in_all: int) -> tuple[float, float, int] | None:
        """None where there is nothing to compare with."""
        other = self._before.tensors.get(old_key) if self._before is not None else None
        if other is None or self._old is None or other.shape != info.shape or other.layout != info.layout or other.problem:
            return None
        self._own.tap = taken if info.layout == "strided" else None
        try:
            found = difference(self._old, old_key, other, self._own, info.key, info, nbytes_in_all=nbytes_in_all, monitor=self._monitor)
        finally:
            self._own.tap = None
        if info.layout != "strided":
            return (0.0, math.nan, SAME) if found.equal_bytes else (math.nan, math.nan, UNKNOWN)
        if found.problem:
            return None
        if 0 < found.numel == found.nonfinite:
            return math.nan, math.nan, MOVED if found.n_different else SAME
        moved = found.rms * math.sqrt(max(found.numel - found.nonfinite, 1))
        before = moved / found.rel if found.rel and math.isfinite(found.rel) else 0.0 if found.rel else math.nan
        return moved, before, MOVED if found.n_different else SAME

    def _numbers(self, key: str, passing: Passing) -> tuple[float, float, int, int]:
        found = passing.result()
        if found is None:
            summary = summarize_tensor(self._ckpt, key, 1, self._monitor, quantiles=False)
            found = Passed(summary.l2, summary.mean, summary.std, summary.nan, summary.inf)
        return found.l2, found.std, found.nan, found.inf


class _Checks(Monitor):
    """Progress is told tensor by tensor; whether to stop is asked all the time."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor

    def check(self) -> None:
        self._monitor.check()
