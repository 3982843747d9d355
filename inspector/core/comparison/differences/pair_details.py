"""What is read about one pair: summaries of both sides over the same bins, a histogram of the differences, a slice of them."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from inspector.core.checkpoint import Checkpoint
from inspector.core.comparison.pairing.pairs import Comparison, Pair
from inspector.core.dtypes import DTYPES
from inspector.core.errors import BadTensor
from inspector.core.measures.bin_edges import even_bins
from inspector.core.measures.histogram import Binned
from inspector.core.measures.merging import without_histogram
from inspector.core.measures.summary import Summary, summarize_tensor
from inspector.core.progress import QUIET, Monitor
from inspector.core.tensors.slices import Plane, Reduced, numbers, read_values, readable_shape, reduce_slice

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_BINS = 120
_WHOLE = frozenset(("int", "uint", "bool", "quantized"))
_REAL = frozenset(("float", "int", "uint", "bool"))
_PIECE = 1 << 20                # elements read at once
_BUDGET = 96 << 20              # bytes of each side read for a slice
_EXACT = 1 << 20                # elements that are given one by one
_LONGEST = 1 << 14              # of a side of such a slice
_MOST = (1024, 1024)            # blocks of a slice with more


class PairDetails(NamedTuple):
    """`sides` are the summaries of A and of B over the same bins, without any where all values are one or none is finite; None where a side
    has none or cannot be measured (`problems` says why). `whole`: all values are whole numbers. `differences` is a histogram of b - a,
    None where there can be none."""

    sides: tuple[Summary | None, Summary | None]
    problems: tuple[str, str]
    whole: bool
    differences: Binned | None


def pair_nbytes(comparison: Comparison, pair: Pair) -> int:
    """Logical bytes of both sides.

    >>> found = core.compare({"w": np.float32([1, 2, 4])}, {"w": np.float64([1, 2, 3])})
    >>> core.pair_nbytes(found, found.pairs[0])
    36
    """
    return sum(ckpt.tensors[key].nbytes for ckpt, key in _sides(comparison, pair) if key is not None)


def pair_details(comparison: Comparison, pair: Pair, monitor: Monitor = QUIET) -> PairDetails:
    """Reads both sides of a pair, twice or thrice; what is reported is one count of the bytes over all of it. Raises Cancelled, and
    ReadError when a file has changed.

    >>> found = core.compare({"w": np.float32([1, 2, 4])}, {"w": np.float32([1, 2, 3])})
    >>> [side.max for side in core.pair_details(found, found.pairs[0]).sides]
    [4.0, 3.0]
    """
    sides = _sides(comparison, pair)
    measured: list[Summary | None] = []
    problems = ["", ""]
    sizes = [ckpt.tensors[key].nbytes if key is not None else 0 for ckpt, key in sides]
    passes = _Passes(monitor, sum(sizes) * (3 if _has_distances(comparison, pair) else 2))
    for n, (ckpt, key) in enumerate(sides):
        try:
            measured.append(summarize_tensor(ckpt, key, 1, passes.next(sizes[n]), range=(0.0, 1.0)) if key is not None else None)
        except BadTensor as error:
            problems[n] = error.message
            measured.append(None)
    infos = [ckpt.tensors[key] for ckpt, key in sides if key is not None]
    whole = all(DTYPES[info.dtype].kind in _WHOLE for info in infos if info.dtype in DTYPES)
    finite = [summary for summary in measured if summary is not None and summary.finite]
    low, high = (min((float(one.min) for one in finite), default=math.nan), max((float(one.max) for one in finite), default=math.nan))
    if finite and low < high:
        edges, even = even_bins(low, high, whole=whole, bins=_BINS)
        for n, (ckpt, key) in enumerate(sides):
            if measured[n] is not None and key is not None:
                told = passes.next(sizes[n])
                measured[n] = summarize_tensor(ckpt, key, len(edges) - 1, told, range=(edges[0], edges[-1])) if even \
                    else summarize_tensor(ckpt, key, monitor=told, edges=edges)
    else:
        measured = [summary and without_histogram(summary) for summary in measured]         # whose one bin was there to be measured at all
    first, second = measured
    return PairDetails((first, second), (problems[0], problems[1]), whole,
                       difference_histogram(comparison, pair, passes.next(sum(sizes))))


class _Passes(Monitor):
    """One report for several passes, each of which counts for itself."""

    def __init__(self, monitor: Monitor, total: int) -> None:
        self._monitor, self._total = monitor, total
        self._before = self._size = 0

    def next(self, size: int) -> _Passes:
        """From now on, what is reported is of a pass over so many bytes."""
        self._before, self._size = self._before + self._size, size
        return self

    def report(self, done: int, total: int, what: str = "") -> None:
        part = self._size * min(done, total) // total if total else 0
        self._monitor.report(min(self._before + part, self._total), self._total, what)

    def check(self) -> None:
        self._monitor.check()


def difference_histogram(comparison: Comparison, pair: Pair, monitor: Monitor = QUIET) -> Binned | None:
    """How the finite elements of b - a are spread, in bins that are symmetric about zero; None where nothing differs, where that has
    not been found out (`pair.difference`), and where there is no such thing. Raises as `pair_details`.

    >>> found = core.compare({"w": np.float32([1, 2, 4])}, {"w": np.float32([1, 2, 3])})
    >>> core.difference_histogram(found, found.pairs[0]).edges[0]
    -1.0
    """
    import numpy as np
    found = pair.difference
    if found is None or not _has_distances(comparison, pair):
        return None
    x, y = comparison.a.tensors[pair.a or ""], comparison.b.tensors[pair.b or ""]
    edges = np.linspace(-found.max_abs, found.max_abs, _BINS + 2)        # an odd number of bins, one of them about zero
    counts = np.zeros(_BINS + 1, dtype=np.int64)
    for start in range(0, x.numel, _PIECE):
        monitor.report(start, x.numel)
        one, other = (numbers(read_values(ckpt, info.key, start, _PIECE, monitor), info.dtype).astype(np.float64)
                      for ckpt, info in ((comparison.a, x), (comparison.b, y)))
        with np.errstate(invalid="ignore", over="ignore"):
            gap = other - one
        counts += np.histogram(gap[np.isfinite(gap)], edges)[0]
    monitor.report(x.numel, x.numel)
    return Binned(tuple(edges.tolist()), tuple(counts.tolist()), 0, 0)


def _has_distances(comparison: Comparison, pair: Pair) -> bool:
    found = pair.difference
    if found is None or found.problem or not found.n_different or not math.isfinite(found.max_abs) or not found.max_abs:
        return False
    return all(DTYPES[info.dtype].kind in _REAL and readable_shape(info) == info.shape
               for info in (comparison.a.tensors[pair.a or ""], comparison.b.tensors[pair.b or ""]))


def difference_slice(comparison: Comparison, pair: Pair, plane: Plane, rows: range, cols: range,
                     monitor: Monitor = QUIET) -> Reduced:
    """b - a on `plane`: single elements where they are few enough, else the means of blocks. Raises as `pair_details`.

    >>> found = core.compare({"w": np.float32([[1, 2, 4]])}, {"w": np.float32([[1, 2, 3]])})
    >>> core.difference_slice(found, found.pairs[0], core.matrix_plane((1, 3)), range(1), range(3)).values
    array([[ 0.,  0., -1.]])
    """
    import numpy as np
    most = (len(rows), len(cols)) if len(rows) * len(cols) <= _EXACT and max(len(rows), len(cols)) <= _LONGEST else _MOST
    one, other = (reduce_slice(ckpt, key or "", plane, rows, cols, most=most, budget=_BUDGET, monitor=monitor)
                  for ckpt, key in _sides(comparison, pair))
    with np.errstate(invalid="ignore", over="ignore"):
        return other._replace(values=other.values - one.values, read=min(one.read, other.read))


def _sides(comparison: Comparison, pair: Pair) -> tuple[tuple[Checkpoint, str | None], tuple[Checkpoint, str | None]]:
    return (comparison.a, pair.a), (comparison.b, pair.b)
