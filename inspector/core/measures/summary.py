"""Exact counts, range, moments, quantiles and histogram of one tensor or of a group, in bounded passes over its elements.

    sources (what to read, and as what)  ->  first pass: tables and a stream  ->  range -> edges  ->  later passes  ->  Summary

Tensors of 8- and 16-bit types and small ones need one pass, float32 two (the second reads only what the buckets that an edge or
a quantile lies in hold), others a few more when their values are many. Complex elements count by their magnitude, bool as 0 and 1,
quantized ones as the integers that are stored (and again as the numbers they stand for: `Summary.dequantized`), sparse tensors
by the values that are stored. NaN and infinities are counted and left out of the rest. Integers stay exact up to 64 bits.
"""
from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from inspector.core.checkpoint import Checkpoint, Extra, TensorInfo
from inspector.core.errors import BadTensor, UsageError
from inspector.core.io.neighbours import SMALL
from inspector.core.progress import QUIET, Monitor, in_pieces, stoppable
from inspector.core.runtime import workers
from inspector.core.runtime.elsewhere import each_elsewhere
from inspector.core.tensor_table import each_alone
from inspector.core.tensors import cuts
from inspector.core.tensors.ahead import read_ahead
from inspector.core.tensors.coordinates import coordinates, found_right, take_over
from inspector.core.tensors.decoders.ggml import Ggml
from inspector.core.tensors.reader import ELSEWHERE, TensorReader, array_dtype

from . import kernels, sources
from .distribution import interpolated, ranks_of
from .gather import Gathered, expect
from .histogram import Binned, Fine, Thresholds, binned, check_bins, edges_for, given_edges
from .in_rows import Row, fits_rows, measured_in_rows
from .in_runs import Runs
from .sources import Source

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import numpy as np

    Array = np.ndarray[Any, Any]

BINS = 64
"""Bins of a histogram when nobody says how many."""
QUANTILES = (0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999)
"""The shares of elements, from the least on, that `Summary.quantiles` are at."""
CHUNK = 4 << 20                 # bytes taken at once: fewer, and the steps in Python between them cost a tenth of the time
_BATCH = 2 << 20                # bytes of small tensors that are one job
_ROWS = 128                     # of them at most are read and measured between two looks at the monitor
_HELD = 48 << 20                # bytes of what is read again that are held, by all threads together
_WIDE = 64 << 20                # bytes from which on a tensor is worth all threads at once


@dataclass(frozen=True, slots=True)
class Summary:
    """`numel` elements, of which `nan` are NaN, `inf` infinite (`posinf` and `neginf` of either sign) and `zeros` zero, and
    `subnormal` (of floating types) smaller than the least normal number. `min`, `max` (int for integer types), `mean`, `std`
    (of the population), `l2` (the norm) and `quantiles` (at `QUANTILES`, between neighbours by linear interpolation, as numpy's)
    are over the finite ones and NaN (`quantiles` empty) when there are none. `distinct` is the number of different finite
    values of 8- and 16-bit types, None where it was not counted.

    `counts[i]` finite elements lie in `edges[i] <= x < edges[i + 1]` (the last bin has its right edge too), `below` and `above`
    outside of all bins, which happens only when the caller chose them. No finite element and no bins chosen: both empty.
    `fine` is for `rebin`, and there only when it was asked for: it takes up to a megabyte, a summary without it a few kilobytes.
    `dequantized`, of quantized tensors whose quantizer is known: the summary of the values that the stored integers, which this
    one is about, stand for.

    >>> found = core.summarize({"w": np.float32([0, 1, 2, np.inf])})["w"]
    >>> found.min, found.max, found.mean, found.inf, found.zeros, sum(found.counts)
    (0.0, 2.0, 1.0, 1, 1, 3)
    """

    numel: int
    min: float | int
    max: float | int
    mean: float
    std: float
    nan: int
    inf: int
    zeros: int
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    below: int = 0
    above: int = 0
    l2: float = math.nan
    posinf: int = 0
    neginf: int = 0
    subnormal: int = 0
    quantiles: tuple[float | int, ...] = ()
    distinct: int | None = None
    fine: Fine | None = None
    dequantized: Summary | None = None

    @property
    def finite(self) -> int:
        return self.numel - self.nan - self.inf

    def brief(self) -> Summary:
        """The same without histogram and quantiles, which are nine tenths of its memory.

        >>> found = core.summarize_tensor({"w": np.arange(5.0)}, "w").brief()
        >>> found.mean, found.counts, found.quantiles
        (2.0, (), ())
        """
        return Summary(self.numel, self.min, self.max, self.mean, self.std, self.nan, self.inf, self.zeros, (), (), l2=self.l2,
                       posinf=self.posinf, neginf=self.neginf, subnormal=self.subnormal, distinct=self.distinct)

    def quantile(self, share: float) -> float:
        """The one at `share`, which is one of `QUANTILES`; NaN where there are none.

        >>> core.summarize_tensor({"w": np.arange(5.0)}, "w").quantile(0.25)
        1.0
        """
        return float(self.quantiles[QUANTILES.index(share)]) if self.quantiles else math.nan


def summarize(ckpt: Checkpoint, keys: Iterable[str] | None = None, monitor: Monitor = QUIET, *,
              bins: int = BINS, executor: Executor | None = None) -> dict[str, Summary]:
    """key -> `Summary` of the given tensors. Without `keys`: of all whose values can be had; the others are left out. With `executor`, any
    of `concurrent.futures` (threads, processes, `Client.get_executor()` of dask), its workers read and measure, several one tensor of more
    than 512 MB; the numbers are the same.
    Raises BadTensor for a key whose values cannot be had, UsageError for one that is not there.

    >>> import numpy as np
    >>> found = core.summarize({"w": np.array([1.0, 3.0, np.nan])})["w"]
    >>> found.mean, found.nan, found.numel
    (2.0, 1, 3)
    """
    result = {}
    for key, outcome in summarize_each(ckpt, ckpt.tensors if keys is None else keys, bins, monitor, executor=executor):
        if isinstance(outcome, Summary):
            result[key] = outcome
        elif keys is not None:
            raise outcome
    return result


def summarize_tensor(ckpt: Checkpoint, key: str, bins: int = BINS, monitor: Monitor = QUIET, *,
                     range: tuple[float, float] | None = None, edges: Sequence[float] | None = None, log: bool = False,
                     quantiles: bool = True, fine: bool = False) -> Summary:
    """The summary of one tensor. The histogram has `bins` equal bins (`log`: of equal ratio) over `range` (default: from the
    least element, or the least positive one, to the greatest), or the given increasing `edges`. Without `quantiles` there is
    less to read; with `fine` the result can be binned again (`rebin`). Raises BadTensor when the values cannot be had or are no
    numbers, UsageError for what makes no sense.

    >>> found = core.summarize_tensor({"w": np.float32([0, 1, 2, np.nan])}, "w", bins=2)
    >>> found.min, found.max, found.nan, found.edges, found.counts
    (0.0, 2.0, 1, (0.0, 1.0, 2.0), (1, 2))
    """
    ask = _Ask.of(bins, range, edges, log, quantiles, fine)
    found = sources.of_tensor(ckpt, key)
    with _Run(ckpt, monitor, [found], workers.cores()) as run:
        summary = _with_numbers(run, found, ask)
        run.over()
        return summary


def summarize_group(ckpt: Checkpoint, keys: Iterable[str], bins: int = BINS, monitor: Monitor = QUIET, *,
                    range: tuple[float, float] | None = None, edges: Sequence[float] | None = None, log: bool = False,
                    quantiles: bool = True, fine: bool = False) -> Summary:
    """The summary of all elements of several tensors together; otherwise as `summarize_tensor`.

    >>> found = core.summarize_group({"a": np.float32([0, 1]), "b": np.float32([2, 5])}, ["a", "b"], bins=5)
    >>> found.numel, found.mean, found.counts
    (4, 2.0, (1, 1, 1, 0, 1))
    """
    ask = _Ask.of(bins, range, edges, log, quantiles, fine)
    found = [sources.of_tensor(ckpt, key, fold=False) for key in keys]
    with _Run(ckpt, monitor, found, workers.threads_for((source.nbytes for source in found), ckpt.is_far)) as run:
        summary = _summarize(run, found, ask)
        run.over()
        return summary


def summarize_each(ckpt: Checkpoint, keys: Iterable[str], bins: int = BINS, monitor: Monitor = QUIET, *,
                   executor: Executor | None = None, fine: bool = False) -> Iterator[tuple[str, Summary | BadTensor]]:
    """(key, its summary, or why there is none) of each tensor by itself, in order, on as many threads as there are cores, or on the workers
    of `executor`; with `fine` to be binned again (`rebin`).

    >>> [(key, found.mean) for key, found in core.summarize_each({"a": np.ones(3), "b": np.float32([1, 2])}, ["a", "b"])]
    [('a', 1.0), ('b', 1.5)]
    """
    ask = _Ask.of(bins, None, None, False, True, fine)
    yield from _each(ckpt, keys, ask, monitor) if executor is None else _each_elsewhere(ckpt, keys, ask, executor, monitor)


def _each(ckpt: Checkpoint, keys: Iterable[str], ask: _Ask, monitor: Monitor,
          threads: int = 0) -> Generator[tuple[str, Summary | BadTensor], None, None]:
    """`threads` 0: as many as are worth having."""
    entries = [(key, _checked(ckpt, key)) for key in stoppable(keys, monitor)]
    good = [source for _, source in entries if isinstance(source, Source)]
    threads = threads or workers.threads_for((source.nbytes for source in good), ckpt.is_far)
    with _Run(ckpt, monitor, good, threads, once=ask is _BRIEFLY) as run:
        def work(batch: list[tuple[str, Source | BadTensor]]) -> list[tuple[str, Summary | BadTensor]]:
            together = _in_rows(run, [entry for _, entry in batch if isinstance(entry, Source)], ask) if len(batch) > 1 else {}
            return [(key, entry if isinstance(entry, BadTensor) else together.get(key) or _one(run, key, entry, ask))
                    for key, entry in batch]

        for part in workers.each(_batches(entries), work, run.threads, run.progress.stopped):
            yield from stoppable(part, monitor)
        run.over()


def _each_elsewhere(ckpt: Checkpoint, keys: Iterable[str], ask: _Ask, executor: Executor,
                    monitor: Monitor) -> Generator[tuple[str, Summary | BadTensor], None, None]:
    """As `_each`; each job is a few tensors, or a large one, and measured on one thread of a worker. A huge one is cut."""
    entries = [(key, _checked(ckpt, key)) for key in stoppable(keys, monitor)]
    cut = {key: runs for key, entry in entries if isinstance(entry, Source) and (runs := _runs_of(ckpt, entry))}
    batches = list(_batches(((key, entry) for key, entry in entries if isinstance(entry, Source) and key not in cut), ELSEWHERE))
    jobs = [_Job(coordinates(ckpt, [ckpt.tensors[key] for key, _ in batch]), ask) for batch in batches]
    sizes = [sum(entry.nbytes for _, entry in batch if isinstance(entry, Source)) for batch in batches]
    huge = {key: entry.nbytes * (1 if ask is _BRIEFLY else entry.passes) for key, entry in entries
            if isinstance(entry, Source) and key in cut}
    progress = workers.Progress(monitor, sum(sizes) + sum(huge.values()))
    with closing(each_elsewhere(jobs, _measured, executor, workers.Share(progress, sum(sizes), ""), sizes)) as results:
        known: dict[str, Summary | BadTensor] = {key: entry for key, entry in entries if isinstance(entry, BadTensor)}
        for key, entry in entries:
            if key in cut and key not in known and isinstance(entry, Source):
                share = workers.Share(progress, huge[key], key)
                known[key] = _cut(ckpt, entry, cut[key], ask, executor, share)
                share.end()
            while key not in known:
                found, right = next(results)
                known.update(found)
                take_over(ckpt, right)
            yield key, known[key]


def _runs_of(ckpt: Checkpoint, source: Source) -> tuple[TensorInfo, ...]:
    """Of a tensor that is large for one worker; () where it is not cut."""
    return cuts.runs_of(ckpt, source.info, CHUNK) if source.times == 1 and source.convert is None else ()


def _cut(ckpt: Checkpoint, source: Source, runs: Sequence[TensorInfo], ask: _Ask, executor: Executor,
         monitor: Monitor) -> Summary | BadTensor:
    try:
        return _summarize(Runs(ckpt, source, runs, CHUNK, executor, monitor), [source], ask)
    except BadTensor:               # a worker that reads all of it tells what there is to be told
        [(found, right)] = each_elsewhere([_Job(coordinates(ckpt, [source.info]), ask)], _measured, executor, monitor)
        take_over(ckpt, right)
        return found[0][1]


class _Job(NamedTuple):
    part: Checkpoint
    ask: _Ask


def _measured(job: _Job) -> tuple[list[tuple[str, Summary | BadTensor]], list[tuple[int, int]]]:
    """On a worker: the summaries, and which checksums were compared for them."""
    ask = _BRIEFLY if job.ask == _BRIEFLY else job.ask
    return list(_each(job.part, job.part.tensors, ask, QUIET, threads=1)), found_right(job.part)


def _checked(ckpt: Checkpoint, key: str) -> Source | BadTensor:
    try:
        return sources.of_tensor(ckpt, key)
    except BadTensor as error:
        return error


def measure_each(ckpt: Checkpoint, keys: Iterable[str], monitor: Monitor = QUIET, *,
                 executor: Executor | None = None) -> Iterator[tuple[str, Summary | BadTensor]]:
    """As `summarize_each`, reading everything once: without histograms, quantiles and what quantized integers stand for. Tensors that are
    the same view are measured once."""
    chosen = list(keys)
    first: dict[object, str] = {}
    alone = each_alone(ckpt.tensors)        # the usual case, in which views need not be compared
    stands_for = {key: first.setdefault(key if alone else ((info := ckpt.tensors.get(key)) and info.view) or key, key) for key in chosen}
    known: dict[str, Summary | BadTensor] = {}
    measured = _each(ckpt, first.values(), _BRIEFLY, monitor) if executor is None \
        else _each_elsewhere(ckpt, first.values(), _BRIEFLY, executor, monitor)
    with closing(measured) as results:
        for key in chosen:
            while stands_for[key] not in known:
                known.update([next(results)])
            yield key, known[stands_for[key]]


def rebin(summary: Summary, bins: int = BINS, range: tuple[float, float] | None = None, *, log: bool = False) -> Binned | None:
    """Other bins for a summary that was measured with `fine`, without reading: exact where the counts allow it, and `.exact` says
    whether they did (8- and 16-bit types and small tensors: always; float32: to the resolution of bfloat16). None when the summary
    does not hold enough.

    >>> fine = core.summarize_tensor({"w": np.float16([0, 1, 2, 3])}, "w", fine=True)
    >>> core.rebin(fine, 2).counts, core.rebin(fine, 1, (0.5, 2.5))
    ((2, 2), Binned(edges=(0.5, 2.5), counts=(2,), below=1, above=1, exact=True))
    """
    return None if summary.fine is None else binned(summary.fine, bins, range, log)


_Key = TypeVar("_Key")


def _batches(entries: Iterable[tuple[_Key, Source | BadTensor]], most: int = _BATCH) -> Iterator[list[tuple[_Key, Source | BadTensor]]]:
    """Jobs: neighbours together while they are small, and while they view the same storage, which is then verified once."""
    batch: list[tuple[_Key, Source | BadTensor]] = []
    size, storage = 0, ""
    for key, entry in entries:
        nbytes, where = (entry.nbytes, entry.info.storage) if isinstance(entry, Source) else (0, storage)
        if batch and size + nbytes > most and (where != storage or not where):
            yield batch
            batch, size = [], 0
        batch.append((key, entry))
        size, storage = size + nbytes + 1000, where
    if batch:
        yield batch


class _Ask(NamedTuple):
    """What is wanted. `edges` None: they follow from the least and the greatest element."""

    bins: int
    edges: Array | None
    log: bool
    quantiles: bool
    fine: bool              # enough to bin again

    @classmethod
    def of(cls, bins: int, range: tuple[float, float] | None, edges: Sequence[float] | None, log: bool, quantiles: bool,
           fine: bool) -> _Ask:
        if edges is not None:
            return cls(bins, given_edges(edges), log, quantiles, fine)
        check_bins(bins)
        return cls(bins, None if range is None else edges_for(bins, range, log), log, quantiles, fine)

    def thresholds(self, low: float, high: float, seen: Gathered) -> Thresholds:
        if self.edges is not None:
            return Thresholds(self.edges)
        if not self.log:
            return Thresholds(edges_for(self.bins, (low, high)), everything=True)
        positive = seen.least_positive()
        if not positive:
            raise UsageError("a logarithmic scale needs positive numbers", "Choose a linear one.")
        return Thresholds(edges_for(self.bins, (positive, high), log=True))


_BRIEFLY = _Ask(0, None, False, False, False)       # range, counts and moments, all of which the first pass tells


class _Run:
    """The files, the threads and the progress of one request; a context manager."""

    def __init__(self, ckpt: Checkpoint, monitor: Monitor, found: list[Source], threads: int, once: bool = False) -> None:
        """`once`: nothing is read again, so nothing need be held."""
        sizes = [source.nbytes for source in found]
        self.total = sum(sizes) if once else sum(size * source.passes for size, source in zip(sizes, found, strict=True))
        self.nbytes_in_all = sum(sizes)
        expect(found, self.nbytes_in_all)
        self.progress = progress = workers.Progress(monitor, self.total)
        # without `self`: what goes round in a circle keeps the checkpoint until the collector comes, if it ever does
        ahead = read_ahead(ckpt, [source.info for source in found])
        self._readers = workers.PerThread(lambda: _Holding(TensorReader(ckpt, progress, recycle=True, ahead=ahead),
                                                           0 if once else _HELD // threads))
        self._keeping = workers.PerThread(lambda: TensorReader(ckpt, progress, ahead=ahead))
        self.threads = threads
        self.of_none: dict[str, Summary] = {}       # by element type, of tensors without elements: there may be thousands

    def __enter__(self) -> _Run:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._readers.close()
        self._keeping.close()

    def together(self, infos: list[TensorInfo]) -> list[memoryview | None]:
        """See `TensorReader.together`."""
        found: list[memoryview | None] = self._keeping.get().together(infos)
        return found

    def over(self) -> None:
        """Whatever of the total was not needed is done, too."""
        self.progress.reach(self.total, "")
        kernels.loops.make_missed()

    def first(self, seen: Gathered, found: list[Source]) -> None:
        """The first pass over `found`."""
        self._read(found, seen.into, seen.first_pass)

    def again(self, seen: Gathered) -> None:
        """Another pass over what is not known yet."""
        self._read(seen.again, seen.into, lambda source, number: seen.next_pass(number))

    def _read(self, found: list[Source], into: str, first_pass: Callable[[Source, int], Callable[[Array, int], None]]) -> None:
        """One pass: `first_pass(source, its number)(chunk, the chunk's number)` for all chunks, from several threads where that is
        worth while."""
        if len(found) == 1 or self.threads < 2:
            for number, source in enumerate(found):
                self._read_one(source, into, first_pass(source, number))
            return
        batches = ([number for number, _ in batch] for batch in _batches(enumerate(found)))

        def work(numbers: list[int]) -> None:
            for number in numbers:
                self._read_one(found[number], into, first_pass(found[number], number), alone=False)
        for _ in workers.each(batches, work, self.threads, self.progress.stopped):
            pass

    def _read_one(self, source: Source, into: str, take: Callable[[Array, int], None], alone: bool = True) -> None:
        def work(job: tuple[int, Array]) -> None:
            take(job[1], job[0])
            self.progress.add(job[1].nbytes, source.key)

        wide = alone and self.threads > 1 and source.nbytes >= max(_WIDE, self.nbytes_in_all // (2 * self.threads))
        if wide or source.convert is not None:          # chunks go to other threads, or a quantized tensor's scales are read in between
            jobs: Iterator[tuple[int, Array]] = enumerate(source.chunks(self._keeping.get(), CHUNK, into))
        else:
            jobs = self._readers.get().jobs(source, into)
        for _ in workers.each(jobs, work, self.threads if wide else 1, self.progress.stopped):
            pass


class _Holding:
    """A thread's reader, which holds up to `nbytes` of the beginning of a tensor that is read more than once; a context manager."""

    def __init__(self, reader: TensorReader, nbytes: int) -> None:
        self._reader = reader
        self._nbytes = nbytes
        self._source: Source | None = None
        self._kept: list[Array] = []

    def __exit__(self, *error: object) -> None:
        self._kept.clear()
        self._reader.__exit__(None, None, None)

    def jobs(self, source: Source, into: str) -> Iterator[tuple[int, Array]]:
        """(number of the chunk, chunk) of all that are in a tensor; a chunk is good until the next one is asked for."""
        if source is self._source:
            yield from enumerate(self._kept)
            yield from enumerate(source.chunks(self._reader, CHUNK, into, start=self._reader.held), len(self._kept))
            return
        self._kept.clear()
        self._source = source
        held = 0
        hold = self._nbytes if source.passes > 1 and source.info.dtype == into else 0      # what is converted is not what was read
        for job in enumerate(source.chunks(self._reader, CHUNK, into, hold)):
            if self._reader.held > held:
                held = self._reader.held
                self._kept.append(job[1])
            yield job


def _in_rows(run: _Run, found: list[Source], ask: _Ask) -> dict[str, Summary]:
    """Of those that can be measured together: see `in_rows`."""
    fitting = [source for source in found if source.times == 1 and source.convert is None and 0 < source.nbytes <= SMALL and source.few
               and fits_rows(source.info.dtype)]
    alike: dict[tuple[str, Ggml | None, int, int], list[tuple[Source, memoryview]]] = {}
    for near in in_pieces(fitting, _ROWS):
        run.progress.check()
        for source, data in zip(near, run.together([_blocks_of(source.info) or source.info for source in near]), strict=True):
            if data is not None:
                blocks = source.info.unpacked.decoder if source.info.unpacked is not None else None
                assert blocks is None or isinstance(blocks, Ggml)
                alike.setdefault((source.info.dtype, blocks, source.info.numel, len(data)), []).append((source, data))
    summaries: dict[str, Summary] = {}
    measured = 0
    for (dtype, blocks, numel, _), entries in alike.items():
        for some in in_pieces(entries, _ROWS):
            run.progress.check()
            for (source, _), row in zip(some, _rows_of(dtype, blocks, numel, [data for _, data in some], ask), strict=True):
                if row is not None:
                    summaries[source.key] = Summary(
                        numel, row.min, row.max, row.mean, row.std, 0, 0, row.zeros, row.edges, row.counts,
                        l2=row.l2, subnormal=row.subnormal, quantiles=row.quantiles, distinct=row.distinct, fine=row.fine)
                    measured += source.nbytes
    if measured:
        run.progress.add(measured, found[-1].key)
    return summaries


def _blocks_of(info: TensorInfo) -> TensorInfo | None:
    """The stored tensor that one is made of, block by block."""
    made = info.unpacked
    return made.sources[0][1] if made is not None and isinstance(made.decoder, Ggml) and len(made.sources) == 1 else None


def _rows_of(dtype: str, blocks: Ggml | None, numel: int, rows: list[memoryview], ask: _Ask) -> list[Row | None]:
    import numpy as np
    stored: Array = np.frombuffer(b"".join(rows), np.uint8)
    if blocks is not None:
        if not blocks.are_whole(len(rows[0]), numel):       # each is told by itself what is wrong
            return [None] * len(rows)
        stored = blocks.decoded(stored)
    table = stored.view(array_dtype(dtype)).reshape(len(rows), -1)
    return measured_in_rows(table, dtype, ask.bins, QUANTILES if ask.quantiles else (), ask.fine)


def _one(run: _Run, key: str, source: Source, ask: _Ask) -> Summary | BadTensor:
    info = source.info
    alike = not info.numel and source.convert is None and _is_sound(info)
    if alike and info.dtype in run.of_none:
        return run.of_none[info.dtype]
    try:
        found = _with_numbers(run, source, ask)
    except BadTensor as error:
        return error
    if alike:
        run.of_none[info.dtype] = found
    return found


def _is_sound(info: TensorInfo) -> bool:
    """Whether reading it would find nothing wrong with what is said of it; of tensors without elements, of which nothing else is read, and
    of what is packed not even the parts."""
    known = info.extra
    if info.problem or info.layout != "strided":
        return False
    if known is not None and known.unpacked is not None:
        return known.read_from is None
    return (known is None or known == Extra(header_fields=known.header_fields)) \
        and len(info.shape) == len(info.stride) and min((*info.shape, *info.stride)) >= 0


def _with_numbers(run: _Run, source: Source, ask: _Ask) -> Summary:
    """Of a quantized tensor both the stored integers and what they stand for."""
    summary = _summarize(run, [source], ask)
    meant = sources.dequantized(source) if ask is not _BRIEFLY else None
    return summary if meant is None else replace(summary, dequantized=_summarize(run, [meant], ask._replace(edges=None)))


def _summarize(run: _Run | Runs, found: list[Source], ask: _Ask) -> Summary:
    seen = Gathered(found, run.nbytes_in_all)
    run.first(seen, found)
    seen.close()
    times = found[0].times if len(found) == 1 else 1
    size = seen.finite * times
    if not size:
        return _nothing_finite(seen, times, ask)
    low, high = seen.range()
    asked = ask.thresholds(low, high, seen) if ask is not _BRIEFLY else None
    shares = QUANTILES if ask.quantiles else ()
    ranks = sorted({rank // times for rank in ranks_of(shares, size)})
    more = seen.begin(asked, ranks)
    while more:
        run.again(seen)
        more = not seen.finished()
    number = dict(zip(ranks, seen.at(ranks), strict=True))
    hist = asked.result(seen.under() * times, size, seen.dtype) if asked is not None else Binned((), (), 0, 0)
    moments = seen.moments().times(times)
    return Summary(
        seen.numel * times, low, high, moments.mean, moments.std, (seen.numel - seen.finite - seen.posinf - seen.neginf) * times,
        (seen.posinf + seen.neginf) * times, seen.zeros * times, hist.edges, hist.counts, hist.below, hist.above,
        l2=moments.l2, posinf=seen.posinf * times, neginf=seen.neginf * times, subnormal=seen.subnormal * times,
        quantiles=interpolated(shares, size, lambda wanted: [number[rank // times] for rank in wanted]),
        distinct=seen.distinct, fine=seen.fine() if ask.fine and times == 1 else None)


def _nothing_finite(seen: Gathered, times: int, ask: _Ask) -> Summary:
    chosen = ask.edges is not None
    edges = tuple(ask.edges.tolist()) if ask.edges is not None else ()
    return Summary(seen.numel * times, math.nan, math.nan, math.nan, math.nan,
                   (seen.numel - seen.posinf - seen.neginf) * times, (seen.posinf + seen.neginf) * times, 0,
                   edges, (0,) * (len(edges) - 1) if chosen else (), l2=math.nan, posinf=seen.posinf * times,
                   neginf=seen.neginf * times, distinct=seen.distinct)
