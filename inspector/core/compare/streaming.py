"""The values of all pairs, read once each by as many threads as there are cores, and what they come to."""
from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from threading import Lock, local

from ..arrays import TensorReader, chunks_of
from ..checkpoint import Checkpoint, TensorInfo
from ..errors import BadTensor, Cancelled
from ..progress import QUIET, Monitor
from .comparison import Comparison, Difference, Pair, pair_up, with_pairs
from .difference import difference
from .rules import Rule
from .verdict import verdict_of

_AHEAD = 4              # pairs in work for each thread
_TELLING = 16           # elements from which on equal content is no coincidence
_MOST_DIGESTS = 4096    # tensors without partner whose content is looked at


def compare(a: Checkpoint, b: Checkpoint, *, in_a: str | None = None, in_b: str | None = None, values: bool = True,
            rtol: float = 0.0, atol: float = 0.0, accepted: Sequence[Rule] = (),
            rejected: frozenset[tuple[str, str]] = frozenset(), only: Callable[[Pair], bool] = lambda pair: True,
            monitor: Monitor = QUIET) -> Comparison:
    """Which tensors of `a` and `b` are the same and how they differ. `in_a` and `in_b` are paths of state dicts; without
    them, what the two have in common is found. With `values`, the tensors are read, all that `only` wants; elements within
    `atol + rtol * |b|` of each other then count as equal. `accepted` and `rejected` are rules of an earlier comparison.
    Raises UsageError for a state dict that is not there, ReadError when a file has changed, Cancelled."""
    comparison = pair_up(a, b, in_a=in_a, in_b=in_b, accepted=accepted, rejected=rejected, monitor=monitor)
    if not values:
        return with_pairs(comparison, comparison.pairs, verdict_of(comparison))
    comparison = by_content(comparison, rejected, monitor)
    pairs = list(comparison.pairs)
    for number, found in differences(comparison, rtol=rtol, atol=atol, only=only, monitor=monitor):
        pairs[number] = with_difference(pairs[number], found)
    comparison = with_pairs(comparison, pairs)
    return with_pairs(comparison, pairs, verdict_of(comparison))


def with_difference(pair: Pair, found: Difference) -> Pair:
    """The pair with what its values say."""
    if pair.status == "dtype" or found.problem:
        return pair._replace(difference=found)
    status = "values" if found.n_different else "equal" if pair.rule < 0 else "renamed"
    return pair._replace(status=status, difference=found)


def differences(comparison: Comparison, *, rtol: float = 0.0, atol: float = 0.0, only: Callable[[Pair], bool] = lambda pair: True,
                monitor: Monitor = QUIET) -> Iterator[tuple[int, Difference]]:
    """(number of the pair, its difference) of every pair of tensors of the same shape, in the order of the pairs; memory stays
    bounded. Tensors that are the same views on both sides are read once. Raises Cancelled, and ReadError when a file has
    changed."""
    a, b = comparison.a, comparison.b
    todo = [number for number, pair in enumerate(comparison.pairs) if pair.status in ("unread", "dtype") and only(pair)]
    total = sum(_bytes_of(comparison, number) for number in todo)
    with _Readers(a, b, monitor) as readers, ThreadPoolExecutor(os.cpu_count() or 1, "compare") as pool:
        known: dict[object, Future[Difference]] = {}
        running: deque[tuple[int, Future[Difference]]] = deque()
        done = 0

        def first() -> tuple[int, Difference]:
            nonlocal done
            number, future = running.popleft()
            found = future.result()
            done += _bytes_of(comparison, number)
            monitor.report(done, total, comparison.pairs[number].a or "")
            return number, found

        try:
            for number in todo:
                pair = comparison.pairs[number]
                x, y = a.tensors[pair.a or ""], b.tensors[pair.b or ""]
                view = (_view(x), _view(y))
                future = known.get(view) if None not in view else None
                if future is None:
                    future = pool.submit(readers.difference, x, y, rtol, atol, total)
                    if None not in view:
                        known[view] = future
                running.append((number, future))
                while len(running) > _AHEAD * (os.cpu_count() or 1):
                    yield first()
            while running:
                yield first()
        finally:
            readers.stop()
            for _, future in running:
                future.cancel()


class _Readers:
    """A reader of each checkpoint for every thread."""

    def __init__(self, a: Checkpoint, b: Checkpoint, monitor: Monitor) -> None:
        self._a, self._b = a, b
        self._monitor = _Until(monitor)
        self._local = local()
        self._all: list[TensorReader] = []
        self._lock = Lock()

    def __enter__(self) -> _Readers:
        return self

    def __exit__(self, *_: object) -> None:
        for reader in self._all:
            reader.__exit__(None, None, None)

    def stop(self) -> None:
        self._monitor.stopped = True

    def difference(self, x: TensorInfo, y: TensorInfo, rtol: float, atol: float, worth: int) -> Difference:
        if not hasattr(self._local, "pair"):
            pair = TensorReader(self._a, self._monitor), TensorReader(self._b, self._monitor)
            with self._lock:
                self._all += pair
            self._local.pair = pair
        first, second = self._local.pair
        return difference(first, x.key, x, second, y.key, y, rtol=rtol, atol=atol, worth=worth, monitor=self._monitor)


class _Until(Monitor):
    """Says stop in all threads as soon as the one that listens is told to, and reports nothing."""

    def __init__(self, monitor: Monitor) -> None:
        self._asked = monitor
        self.stopped = False

    def report(self, done: int, total: int, doing: str = "") -> None:
        self.check()

    def check(self) -> None:
        if self.stopped:
            raise Cancelled
        self._asked.check()


def _bytes_of(comparison: Comparison, number: int) -> int:
    pair = comparison.pairs[number]
    return comparison.a.tensors[pair.a or ""].nbytes + comparison.b.tensors[pair.b or ""].nbytes


def _view(info: TensorInfo) -> object:
    """What is equal for tensors that are the same view; None where that is not known."""
    if not info.storage or info.extra or chunks_of(info):
        return None
    return info.storage, info.offset, info.shape, info.stride, info.dtype


# -- by content -------------------------------------------------------------------------------------------------------------

def by_content(comparison: Comparison, rejected: frozenset[tuple[str, str]] = frozenset(), monitor: Monitor = QUIET) -> Comparison:
    """Pairs tensors that have no partner and whose content is the same and like no other's: moved ones, whatever their names."""
    if ("", "") in rejected:
        return comparison
    alone_a = [pair.a for pair in comparison.pairs if pair.status == "only-a" and pair.a is not None]
    alone_b = [pair.b for pair in comparison.pairs if pair.status == "only-b" and pair.b is not None]
    if not alone_a or not alone_b or len(alone_a) + len(alone_b) > _MOST_DIGESTS:
        return comparison
    kinds = {_kind(comparison.a.tensors[key]) for key in alone_a} & {_kind(comparison.b.tensors[key]) for key in alone_b}
    found_a = _by_digest(comparison.a, [key for key in alone_a if _kind(comparison.a.tensors[key]) in kinds], monitor)
    found_b = _by_digest(comparison.b, [key for key in alone_b if _kind(comparison.b.tensors[key]) in kinds], monitor)
    moved = {keys[0]: found_b[digest][0] for digest, keys in found_a.items() if len(keys) == len(found_b.get(digest, ())) == 1}
    if not moved:
        return comparison
    rule = Rule("content", "", "", tuple(moved.items()))
    partners = set(moved.values())
    pairs = [Pair(pair.a, moved[pair.a], "unread", len(comparison.rules)) if pair.a in moved else pair for pair in comparison.pairs
             if not (pair.a is None and pair.b in partners)]
    return replace(comparison, pairs=tuple(pairs), rules=(*comparison.rules, rule))


def _kind(info: TensorInfo) -> tuple[object, ...]:
    return (info.shape, info.dtype) if info.numel >= _TELLING and not info.problem else ()


def _by_digest(ckpt: Checkpoint, keys: list[str], monitor: Monitor) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    with TensorReader(ckpt, monitor) as reader:
        for done, key in enumerate(keys):
            monitor.report(done, len(keys), key)
            if _kind(ckpt.tensors[key]):
                try:
                    found.setdefault(reader.digest(key), []).append(key)
                except BadTensor:
                    continue
    return found
