"""The values of all pairs, read once each by as many threads as there are cores."""
from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.comparison.pairing.pairs import Comparison, Difference, Pair
from inspector.core.comparison.pairing.rules import Rule
from inspector.core.dtypes import DTYPES
from inspector.core.errors import BadTensor
from inspector.core.io.neighbours import SMALL
from inspector.core.progress import QUIET, Monitor, stoppable
from inspector.core.runtime.elsewhere import each_elsewhere
from inspector.core.runtime.workers import PerThread, Progress, Share, cores, each, threads_for
from inspector.core.tensor_table import each_alone
from inspector.core.tensors.ahead import read_ahead
from inspector.core.tensors.coordinates import coordinates
from inspector.core.tensors.reader import ELSEWHERE, TensorReader

from . import kernels
from .difference import difference, difference_so_far, expect, told_by_rows
from .first_rows import FirstRows
from .in_rows import differences_in_rows
from .in_runs import difference_in_runs, runs_of_both

if TYPE_CHECKING:
    from concurrent.futures import Executor

_BATCH = 1 << 20        # bytes of small tensors of either side that are one job
_LARGE_BATCH = 16 << 20  # … of those that are not small
_PAIRS = 64             # small pairs that are one job of another process
_TELLING = 16           # elements from which on equal content is no coincidence
_BEGINNING = 1024       # elements by which it is seen that two are not the same
_MOST = (1 << 63) - 1       # bytes: shapes in damaged files say more, which nobody can read
_MOST_DIGESTS = 4096    # tensors without partner whose content is looked at


def with_difference(pair: Pair, found: Difference) -> Pair:
    """The pair with what its values say.

    >>> a, b = core.edit({"w": np.float32([1, 2])}, []), core.edit({"w": np.float32([1, 3])}, [])
    >>> pairs = core.pair_up(a, b)
    >>> [core.with_difference(pairs.pairs[at], found).status for at, found in core.differences(pairs)]
    ['values']
    """
    if pair.status == "dtype" or found.problem:
        return pair._replace(difference=found)
    status = "values" if found.n_different else "equal" if pair.rule < 0 else "renamed"
    return pair._replace(status=status, difference=found)


def differences(comparison: Comparison, *, rtol: float = 0.0, atol: float = 0.0, only: Callable[[Pair], bool] = lambda pair: True,
                monitor: Monitor = QUIET, executor: Executor | None = None) -> Generator[tuple[int, Difference], None, None]:
    """(number of the pair, its difference) of every pair of tensors of the same shape, in the order of the pairs; memory stays
    bounded. Tensors that are the same views on both sides are read once, by the workers of `executor` where one is given. Raises
    Cancelled, and ReadError when a file has changed.

    >>> a, b = core.edit({"w": np.float32([1, 2, 4])}, []), core.edit({"w": np.float32([1, 2, 3])}, [])
    >>> [(at, found.n_different, found.max_abs) for at, found in core.differences(core.pair_up(a, b))]
    [(0, 1, 1.0)]
    """
    todo = [number for number, pair in enumerate(stoppable(comparison.pairs, monitor)) if pair.status in ("unread", "dtype") and only(pair)]
    first = _first_of_each_view(comparison, todo, monitor)
    chosen = [number for number in stoppable(todo, monitor) if first[number] == number]
    seen: dict[int, Difference] = {}
    if executor is not None:
        with closing(_differences_elsewhere(comparison, chosen, rtol, atol, executor, monitor)) as found:
            for number in stoppable(todo, monitor):
                while first[number] not in seen:
                    seen.update(next(found))
                yield number, seen[first[number]]
        return
    of_types: Counter[tuple[str, str]] = Counter()
    sizes = array("q"), array("q")
    for number in stoppable(chosen, monitor):
        a, b = _sides(comparison, number)
        size_a, size_b = min(a.nbytes, _MOST), min(b.nbytes, _MOST)
        sizes[0].append(size_a)
        sizes[1].append(size_b)
        of_types[a.dtype, b.dtype] += size_a + size_b
    for types, nbytes in of_types.items():
        expect(*types, nbytes)
    nbytes_in_all = of_types.total()
    progress = Progress(monitor, nbytes_in_all)
    ahead_a = read_ahead(comparison.a, (_sides(comparison, number)[0] for number in stoppable(chosen, monitor)))
    ahead_b = read_ahead(comparison.b, (_sides(comparison, number)[1] for number in stoppable(chosen, monitor)))
    readers = PerThread(lambda: Readers(TensorReader(comparison.a, progress, recycle=True, ahead=ahead_a),
                                        TensorReader(comparison.b, progress, recycle=True, ahead=ahead_b)))

    def read(batch: _Batch) -> list[Difference]:
        mine, found, together, sides = readers.get(), list[Difference](), 0, batch.sides
        in_rows, rows = ([None] * len(sides), list[FirstRows | None]([None] * len(sides))) if len(sides) == 1 or batch.are_large else \
            differences_in_rows(mine.a, mine.b, sides, rtol=rtol, atol=atol, nbytes_in_all=nbytes_in_all, monitor=progress)
        for at, ((a, b), nbytes, one) in enumerate(stoppable(zip(sides, batch.sizes, in_rows, strict=True), progress)):
            if one is None:
                share = Share(progress, nbytes, a.key)
                one, rows[at] = difference_so_far(mine.a, a.key, a, mine.b, b.key, b, rtol=rtol, atol=atol, nbytes_in_all=nbytes_in_all,
                                                  monitor=share)
                share.end()
            else:
                together += nbytes
            found.append(one)
        if together:
            progress.add(together, sides[-1][0].key)
        return told_by_rows(found, rows)

    threads = threads_for((), far=True) if comparison.a.is_far or comparison.b.is_far else cores()
    jobs = _in_batches(zip((_sides(comparison, number) for number in stoppable(chosen, monitor)), *sizes, strict=True),
                       min(_LARGE_BATCH, nbytes_in_all // (8 * threads)))
    with closing(readers), closing(each(jobs, read, threads, progress.stopped)) as results:
        reads = chain.from_iterable(results)
        for number in stoppable(todo, monitor):
            if first[number] not in seen:
                seen[first[number]] = next(reads)
            yield number, seen[first[number]]
    kernels.loops.make_missed()


class _Batch(NamedTuple):
    """A job: pairs of tensors, and the bytes of both tensors of each."""

    sides: list[tuple[TensorInfo, TensorInfo]]
    sizes: list[int]
    are_large: bool


def _in_batches(pairs: Iterable[tuple[tuple[TensorInfo, TensorInfo], int, int]], most: int) -> Generator[_Batch, None, None]:
    """Pairs of small tensors that follow one another together, and of larger ones those that are `most` bytes together, whose first rows
    are then looked at in one go. With each pair come the bytes of either side."""
    batch, size = _Batch([], [], False), 0
    for both, size_a, size_b in pairs:
        nbytes = max(size_a, size_b)
        is_large = nbytes > SMALL
        if not batch.sides or is_large != batch.are_large or size + nbytes > (most if is_large else _BATCH):
            if batch.sides:
                yield batch
            batch, size = _Batch([], [], is_large), 0
        batch.sides.append(both)
        batch.sizes.append(size_a + size_b)
        size += nbytes + 1000
    if batch.sides:
        yield batch


class _Pairs(NamedTuple):
    """What another process is to compare: the tensors of `a` with those of `b`, as they come; `numbers` are those of the pairs."""

    a: Checkpoint
    b: Checkpoint
    numbers: tuple[int, ...]
    keys: tuple[tuple[str, str], ...]
    rtol: float
    atol: float


def _differences_elsewhere(comparison: Comparison, numbers: list[int], rtol: float, atol: float, executor: Executor,
                           monitor: Monitor) -> Generator[list[tuple[int, Difference]], None, None]:
    jobs, sizes = [], []
    batch: list[int] = []
    nbytes = 0
    cut = {number: runs for number in numbers if (runs := runs_of_both(comparison, comparison.pairs[number])) is not None}
    numbers = [number for number in numbers if number not in cut]
    for place, number in enumerate(numbers):
        batch.append(number)
        nbytes += _bytes_of(comparison, number)
        if nbytes < ELSEWHERE and len(batch) < _PAIRS and place + 1 < len(numbers):
            continue
        keys = tuple((comparison.pairs[one].a or "", comparison.pairs[one].b or "") for one in batch)
        jobs.append(_Pairs(coordinates(comparison.a, [comparison.a.tensors[a] for a, _ in keys]),
                           coordinates(comparison.b, [comparison.b.tensors[b] for _, b in keys]), tuple(batch), keys, rtol, atol))
        sizes.append(nbytes)
        batch, nbytes = [], 0
    progress = Progress(monitor, sum(sizes) + sum(_bytes_of(comparison, number) for number in cut))
    yield from each_elsewhere(jobs, _compared, executor, Share(progress, sum(sizes), ""), sizes)
    for number, runs in cut.items():
        share = Share(progress, _bytes_of(comparison, number), runs.a.key)
        try:
            yield [(number, difference_in_runs(comparison, runs, rtol, atol, executor, share))]
        except BadTensor:           # a worker that reads all of both tells what there is to be told
            whole = _Pairs(coordinates(comparison.a, [runs.a]), coordinates(comparison.b, [runs.b]), (number,),
                           ((runs.a.key, runs.b.key),), rtol, atol)
            yield from each_elsewhere([whole], _compared, executor, share)
        share.end()


def _compared(job: _Pairs) -> list[tuple[int, Difference]]:
    """On a worker."""
    with TensorReader(job.a, ahead=read_ahead(job.a, job.a.tensors.values())) as a, \
            TensorReader(job.b, ahead=read_ahead(job.b, job.b.tensors.values())) as b:
        return [(number, difference(a, key_a, job.a.tensors[key_a], b, key_b, job.b.tensors[key_b], rtol=job.rtol, atol=job.atol,
                                    nbytes_in_all=job.a.tensors[key_a].nbytes))
                for number, (key_a, key_b) in zip(job.numbers, job.keys, strict=True)]


class Readers:
    """A reader of each checkpoint, for one thread."""

    def __init__(self, a: TensorReader, b: TensorReader) -> None:
        self.a, self.b = a, b

    def __exit__(self, *error: object) -> None:
        self.a.__exit__(None, None, None)
        self.b.__exit__(None, None, None)


def _first_of_each_view(comparison: Comparison, numbers: list[int], monitor: Monitor) -> dict[int, int]:
    """The first of the pairs that are the same views on both sides, for each; itself where that is not known."""
    if each_alone(comparison.a.tensors, monitor) or each_alone(comparison.b.tensors, monitor):
        # the usual case, in which views need not be compared
        return {number: number for number in stoppable(numbers, monitor)}
    first: dict[object, int] = {}
    found = {}
    for number in stoppable(numbers, monitor):
        views = tuple(info.view for info in _sides(comparison, number))
        found[number] = number if None in views else first.setdefault(views, number)
    return found


def _sides(comparison: Comparison, number: int) -> tuple[TensorInfo, TensorInfo]:
    pair = comparison.pairs[number]
    return comparison.a.tensors[pair.a or ""], comparison.b.tensors[pair.b or ""]


def _bytes_of(comparison: Comparison, number: int) -> int:
    a, b = _sides(comparison, number)
    return a.nbytes + b.nbytes


# -- by content -------------------------------------------------------------------------------------------------------------

def by_content(comparison: Comparison, rejected: frozenset[tuple[str, str]] = frozenset(), monitor: Monitor = QUIET) -> Comparison:
    """Pairs tensors that have no partner and whose content is the same and like no other's: moved ones, whatever their names. Zeros or
    ones are like all others.

    >>> a, b = core.edit({"x": np.arange(20.), "y": np.arange(20.) ** 2}, []), core.edit({"left": np.arange(20.) ** 2}, [])
    >>> [(pair.a, pair.b) for pair in core.by_content(core.pair_up(a, b)).pairs]
    [('x', None), ('y', 'left')]
    """
    if ("", "") in rejected:
        return comparison
    alone_a = [pair.a for pair in stoppable(comparison.pairs, monitor) if pair.status == "only-a" and pair.a is not None]
    alone_b = [pair.b for pair in stoppable(comparison.pairs, monitor) if pair.status == "only-b" and pair.b is not None]
    if not alone_a or not alone_b or len(alone_a) + len(alone_b) > _MOST_DIGESTS:
        return comparison
    kinds = {_kind(comparison.a.tensors[key]) for key in alone_a} & {_kind(comparison.b.tensors[key]) for key in alone_b}
    alike_a, alike_b = _that_begin_alike(comparison, [key for key in alone_a if _kind(comparison.a.tensors[key]) in kinds],
                                         [key for key in alone_b if _kind(comparison.b.tensors[key]) in kinds], monitor)
    found_a, found_b = _by_digest(comparison.a, alike_a, monitor), _by_digest(comparison.b, alike_b, monitor)
    moved = {keys[0]: found_b[digest][0] for digest, keys in found_a.items() if len(keys) == len(found_b.get(digest, ())) == 1}
    with TensorReader(comparison.a, monitor) as reader:
        moved = {x: y for x, y in moved.items() if not is_constant(reader, comparison.a.tensors[x])}
    if not moved:
        return comparison
    rule = Rule("content", "", "", tuple(moved.items()))
    partners = set(moved.values())
    pairs = [Pair(pair.a, moved[pair.a], "unread", len(comparison.rules)) if pair.a in moved else pair
             for pair in stoppable(comparison.pairs, monitor)
             if not (pair.a is None and pair.b in partners)]
    return replace(comparison, pairs=tuple(pairs), rules=(*comparison.rules, rule))


def _kind(info: TensorInfo) -> tuple[object, ...]:
    return (info.shape, info.dtype) if info.numel >= _TELLING and not info.problem else ()


def _that_begin_alike(comparison: Comparison, alone_a: list[str], alone_b: list[str], monitor: Monitor) -> tuple[list[str], list[str]]:
    """Those that begin as one of the other side does, so that hardly any is read in vain."""
    begins: list[dict[str, object]] = [{}, {}]
    for found, ckpt, keys in zip(begins, (comparison.a, comparison.b), (alone_a, alone_b), strict=True):
        with TensorReader(ckpt, monitor) as reader:
            for key in keys:
                monitor.check()
                info = ckpt.tensors[key]
                if _kind(info):
                    try:
                        found[key] = (_kind(info), beginning(reader, info))
                    except BadTensor:
                        continue
    both = set(begins[0].values()) & set(begins[1].values())
    return [key for key, one in begins[0].items() if one in both], [key for key, one in begins[1].items() if one in both]


def beginning(reader: TensorReader, info: TensorInfo) -> bytes:
    """The first elements, as they are; b"" of a tensor that is not simply strided."""
    if info.layout != "strided":
        return b""
    sizes: list[int] = []
    room = _BEGINNING
    for size in reversed(info.shape if DTYPES[info.dtype].bits % 8 == 0 else (info.nbytes,)):
        sizes.insert(0, min(size, max(1, room)))
        room //= max(1, sizes[0])
    return reader.box(info, (0,) * len(sizes), tuple(sizes)).tobytes()


def _by_digest(ckpt: Checkpoint, keys: list[str], monitor: Monitor) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    with TensorReader(ckpt, monitor, ahead=read_ahead(ckpt, [ckpt.tensors[key] for key in keys])) as reader:
        for done, key in enumerate(keys):
            monitor.report(done, len(keys), key)
            if _kind(ckpt.tensors[key]):
                try:
                    found.setdefault(reader.digest(key), []).append(key)
                except BadTensor:
                    continue
    return found


def is_constant(reader: TensorReader, info: TensorInfo) -> bool:
    """Whether all elements are the same."""
    first: object = None
    for chunk in reader.chunks(info, ordered=False):
        first = chunk[0] if first is None else first
        if not bool((chunk == first).all()):
            return False
    return True
