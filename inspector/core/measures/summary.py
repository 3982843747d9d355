"""Exact counts, range, moments and histogram of one tensor or of a group, in bounded passes over its elements.

Everything is computed in float64 (integers keep their exact minimum, maximum and sum); complex elements count by their
magnitude, bool as 0 and 1, quantized ones as the integers that are stored. NaN and infinities are counted and left out of
the rest.
"""
from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from ..arrays import TensorReader
from ..checkpoint import Checkpoint, TensorInfo
from ..dtypes import DTYPES
from ..errors import BadTensor, UsageError
from ..progress import QUIET, Monitor

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

BINS = 64
_ELEMENTS = 1 << 18         # elements taken at once: a few float64 copies of them stay in the processor's cache
_KINDS = ("float", "int", "uint", "bool", "complex", "quantized")


QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class Fine:
    """How many finite elements there are of each value, or of each narrow bucket of values, ascending: enough to bin again
    without reading. `values` are float64 (int64 or uint64 when `kind` is "i" or "u"), `counts` int64, both little-endian bytes.
    With `upper` (as `values`) an entry stands for all elements from `values[i]` to `upper[i]`, both included; without, for
    elements that equal `values[i]`."""

    kind: str
    values: bytes
    counts: bytes
    upper: bytes = b""


@dataclass(frozen=True, slots=True)
class Summary:
    """`numel` elements, of which `nan` are NaN, `inf` infinite (`posinf` and `neginf` of either sign) and `zeros` zero, and
    `subnormal` (of floating types) smaller than the least normal number. `min`, `max` (int for integer types), `mean`, `std`
    (of the population), `l2` (the norm) and `quantiles` (at `QUANTILES`, between neighbours by linear interpolation, as numpy's)
    are over the finite ones and NaN (`quantiles` empty) when there are none. `distinct` is the number of different finite
    values of 8- and 16-bit types, None where it was not counted.

    `counts[i]` finite elements lie in `edges[i] <= x < edges[i + 1]` (the last bin has its right edge too), `below` and `above`
    outside of all bins, which happens only when the caller chose them. No finite element and no bins chosen: both empty.
    `fine` (summaries of single tensors) is for `rebin`. `dequantized`, of quantized tensors whose quantizer is known: the
    summary of the values that the stored integers, which this one is about, stand for."""

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


def summarize_tensor(ckpt: Checkpoint, key: str, bins: int = BINS, monitor: Monitor = QUIET, *,
                     range: tuple[float, float] | None = None, edges: Sequence[float] | None = None) -> Summary:
    """The summary of one tensor. The histogram has `bins` equal bins over `range` (default: from the least to the greatest
    element), or the given increasing `edges`. Raises BadTensor when the values cannot be had or are no numbers."""
    return summarize_group(ckpt, (key,), bins, monitor, range=range, edges=edges)


def summarize_group(ckpt: Checkpoint, keys: Iterable[str], bins: int = BINS, monitor: Monitor = QUIET, *,
                    range: tuple[float, float] | None = None, edges: Sequence[float] | None = None) -> Summary:
    """The summary of all elements of several tensors together; otherwise as `summarize_tensor`."""
    infos = [_numeric(ckpt, key) for key in keys]
    given = _given_edges(bins, range, edges)
    with TensorReader(ckpt, monitor) as reader:
        feed = _Feed(reader, infos, monitor, total=(1 if given else 2) * sum(info.nbytes for info in infos))
        return _summarize(feed, bins, given)


def summarize_each(ckpt: Checkpoint, keys: Iterable[str], bins: int = BINS,
                   monitor: Monitor = QUIET) -> Iterator[tuple[str, Summary | BadTensor]]:
    """(key, its summary, or why there is none) of each tensor by itself; the files are opened once."""
    chosen = list(keys)
    done, total = 0, 2 * sum(ckpt.tensors[key].nbytes for key in chosen if key in ckpt.tensors)
    with TensorReader(ckpt, monitor) as reader:
        for key in chosen:
            try:
                info = _numeric(ckpt, key)
                yield key, _summarize(_Feed(reader, [info], monitor, total, done), bins, None)
            except BadTensor as error:
                yield key, error
            done += 2 * ckpt.tensors[key].nbytes


def _summarize(feed: _Feed, bins: int, given: _Given | None) -> Summary:
    moments = _Moments()
    histogram = _Histogram(given.edges, given.even) if given else None
    for values in feed.values():
        finite = moments.add(values)
        if histogram is not None:
            histogram.add(finite)
    if histogram is None and moments.count:
        histogram = _Histogram(_even_edges(float(moments.min), float(moments.max), bins), even=True)
        for values in feed.values():
            histogram.add(_finite(values))
    return moments.summary(histogram)


def _numeric(ckpt: Checkpoint, key: str) -> TensorInfo:
    info = ckpt.tensors.get(key)
    if info is None:
        raise UsageError(f"there is no tensor {key!r} in this checkpoint", "See `inspector ls` for its keys.")
    if not info.problem and (info.dtype not in DTYPES or DTYPES[info.dtype].kind not in _KINDS or DTYPES[info.dtype].bits % 8):
        raise BadTensor(f"its {info.dtype} elements are packed bits, not numbers", where=key, id="not_numbers")
    return info


class _Given(NamedTuple):
    edges: Array
    even: bool


def _given_edges(bins: int, range: tuple[float, float] | None, edges: Sequence[float] | None) -> _Given | None:
    import numpy as np
    if edges is not None:
        chosen = tuple(float(edge) for edge in edges)
        if len(chosen) < 2 or not all(map(math.isfinite, chosen)) or any(a >= b for a, b in pairwise(chosen)):
            raise UsageError("the edges of bins must be finite and increase")
        return _Given(np.array(chosen), even=False)
    if bins < 1:
        raise UsageError(f"a histogram needs at least one bin, not {bins}")
    if range is None:
        return None
    low, high = float(range[0]), float(range[1])
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise UsageError(f"a range must go from a number up to a number, not from {low} to {high}")
    return _Given(_even_edges(low, high, bins), even=True)


def _even_edges(low: float, high: float, bins: int) -> Array:
    """`bins` equal bins; like numpy's, one wide around a single value."""
    import numpy as np
    if low == high:
        low, high = low - 0.5, high + 0.5
        if low == high:         # so great that a half is lost
            low, high = math.nextafter(low, -math.inf), math.nextafter(high, math.inf)
    part = np.arange(bins + 1) / bins
    edges = low * (1 - part) + high * part
    return np.minimum(np.maximum.accumulate(edges), high)       # rounding never turns them round


class _Feed:
    """The elements of several tensors as float64 (or exact integers), and how far the reading is."""

    def __init__(self, reader: TensorReader, infos: list[TensorInfo], monitor: Monitor, total: int, done: int = 0) -> None:
        self._reader = reader
        self._infos = infos
        self._monitor = monitor
        self._done = done
        self._total = total
        self._kept: Array | None = None
        self._keep = len(infos) == 1 and infos[0].numel <= _ELEMENTS

    def values(self) -> Iterator[Array]:
        """One pass. A tensor of a single chunk is read once and kept."""
        if self._kept is not None:
            yield self._kept
            return
        for info in self._infos:
            item = DTYPES[info.dtype].itemsize if info.dtype in DTYPES else 1
            for chunk in self._reader.chunks(info.key, _ELEMENTS * item, ordered=False):
                values = _plain(chunk, info.dtype)
                if self._keep:
                    self._kept = values
                yield values
                self._done += chunk.nbytes
                self._monitor.report(self._done, self._total, info.key)


def _plain(chunk: Array, dtype: str) -> Array:
    """Elements as numbers numpy computes with: integers stay what they are, anything else becomes float64."""
    import numpy as np
    kind = DTYPES[dtype].kind
    if kind in ("int", "uint", "quantized"):
        return chunk
    if kind == "bool":
        truths: Array = chunk.view(np.uint8) != 0       # whatever byte stands for True
        return truths.view(np.uint8)
    if dtype == "complex32":
        chunk = chunk["real"].astype(np.float64) + 1j * chunk["imag"].astype(np.float64)
    if kind == "complex":
        return _magnitudes(chunk)
    numbers: Array = chunk.astype(np.float64)
    return numbers


def _magnitudes(chunk: Array) -> Array:
    import numpy as np
    chunk = chunk.astype(np.complex128, copy=False)
    with np.errstate(over="ignore", invalid="ignore"):
        sizes: Array = np.abs(chunk)
    sizes[np.isnan(chunk.real) | np.isnan(chunk.imag)] = np.nan       # hypot(inf, nan) is inf
    return sizes


def _finite(values: Array) -> Array:
    import numpy as np
    if values.dtype.kind != "f":
        return values
    good = np.isfinite(values)
    return values if good.all() else values[good]


class _Moments:
    """Running counts, range, sum and squared deviations; chunks are joined by Chan's formula."""

    def __init__(self) -> None:
        self.numel = self.nan = self.inf = self.zeros = self.count = 0
        self.min: float | int = math.inf
        self.max: float | int = -math.inf
        self._mean = 0.0
        self._deviation = 0.0
        self._sum = 0               # of integers, exact
        self._whole = True          # only integers so far

    def add(self, values: Array) -> Array:
        """Takes a chunk in and gives back its finite elements."""
        import numpy as np
        finite = _finite(values)
        self.numel += values.size
        if finite.size != values.size:
            nan = int(np.count_nonzero(np.isnan(values)))
            self.nan += nan
            self.inf += values.size - finite.size - nan
        if finite.size == 0:
            return finite
        self.zeros += finite.size - int(np.count_nonzero(finite))
        self.min = min(self.min, finite.min().item())
        self.max = max(self.max, finite.max().item())
        total = _exact_sum(finite) if finite.dtype.kind in "iu" else None
        self._whole = self._whole and total is not None
        self._sum += total or 0
        with np.errstate(over="ignore", invalid="ignore"):
            mean = total / finite.size if total is not None else float(finite.mean())
            if not math.isfinite(mean):
                mean = float((finite / finite.size).sum())
            deviation = finite - mean
            squares = float(np.dot(deviation, deviation))
        self._join(finite.size, mean, squares)
        return finite

    def _join(self, count: int, mean: float, squares: float) -> None:
        total = self.count + count
        delta = mean - self._mean
        self._mean += delta * (count / total)
        self._deviation += squares + delta * delta * (self.count * (count / total))
        self.count = total

    def summary(self, histogram: _Histogram | None) -> Summary:
        nothing = math.nan
        some = self.count > 0
        mean = self._sum / self.count if some and self._whole else self._mean
        return Summary(self.numel, self.min if some else nothing, self.max if some else nothing, mean if some else nothing,
                       math.sqrt(self._deviation / self.count) if some else nothing, self.nan, self.inf, self.zeros,
                       *(histogram.result() if histogram else ((), (), 0, 0)))


def _exact_sum(values: Array) -> int:
    """Of integers of any width; a chunk is too short for its halves to overflow."""
    import numpy as np
    if values.dtype.itemsize < 8:
        return int(values.sum(dtype=np.int64))
    high = values >> 32
    low = values & np.array(0xFFFFFFFF, values.dtype)
    return (int(high.sum()) << 32) + int(low.sum())


class _Outcome(NamedTuple):
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    below: int
    above: int


class _Histogram:
    """Counts between edges, exact to the edge: an even grid is found by multiplication, and whatever comes so near an edge
    that rounding could have put it on the wrong side is looked up among the edges themselves."""

    def __init__(self, edges: Array, even: bool) -> None:
        import numpy as np
        self._edges = edges
        self._counts = np.zeros(len(edges) - 1, np.int64)
        self._below = self._above = 0
        self._scale = self._doubt = 0.0
        low, high = float(edges[0]), float(edges[-1])
        width = high - low
        if even and sys.float_info.min < width < math.inf and math.isfinite(len(self._counts) / width):
            self._scale = len(self._counts) / width
            self._doubt = 16 * sys.float_info.epsilon * (1 + max(abs(low), abs(high)) / width) * len(self._counts)

    def add(self, finite: Array) -> None:
        import numpy as np
        low, high = self._edges[0], self._edges[-1]
        values = finite.astype(np.float64, copy=False)
        inside = (values >= low) & (values <= high)
        if not inside.all():
            self._below += int(np.count_nonzero(values < low))
            self._above += int(np.count_nonzero(values > high))
            values = values[inside]
        place = self._places(values) if 0 < self._doubt < 0.25 else self._looked_up(values)
        self._counts += np.bincount(place, minlength=len(self._counts))

    def _places(self, values: Array) -> Array:
        import numpy as np
        steps = values - self._edges[0]
        steps *= self._scale
        place: Array = steps.astype(np.int32)
        np.minimum(place, len(self._counts) - 1, out=place)
        steps -= place
        doubtful = np.flatnonzero((steps < self._doubt) | (steps > 1 - self._doubt))
        place[doubtful] = self._looked_up(values[doubtful])
        return place

    def _looked_up(self, values: Array) -> Array:
        import numpy as np
        place: Array = np.searchsorted(self._edges, values, "right") - 1
        np.minimum(place, len(self._counts) - 1, out=place)
        return place

    def result(self) -> _Outcome:
        return _Outcome(tuple(self._edges.tolist()), tuple(self._counts.tolist()), self._below, self._above)
