"""What the statistics panel asks of the core, in a worker: one checkpoint, some keys, one range, fine bins.

    weigh → (too much to read unasked) | pass 1: moments of each tensor → edges for all of them → pass 2: counts → Measured

All tensors share the same edges, so that curves can be laid over each other and added up. There are many more bins than
are shown: `rebin` merges them into any wanted number exactly, without reading gigabytes again. No Qt here.
"""
from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log10
from typing import NamedTuple

from inspector import core

FINE = 720                      # bins that are counted; a multiple of every number of bins that can be chosen
BIN_CHOICES = (10, 15, 20, 30, 40, 60, 90, 120, 180, 240, 360, 720)
MOST_APART = 8                  # tensors that are kept apart; more are only added up
_FEWEST = 40                    # bins of a part that is shown without reading again
_COUNTERS = 0.01                # the most of all elements that is left out
_LOOKS = 4                      # passes spent at most on finding percentiles; without outliers it is one
_SMALL = 1 << 18                # elements; smaller tensors are measured with the file opened once for all of them
_WHOLE = ("int", "uint", "bool", "quantized")
_EXACT = 2 ** 52                # up to here whole numbers and their halves are exact in float64


class Span(NamedTuple):
    """The range that is binned: all finite values, the middle between two shares of them, or fixed bounds; evenly, or by the
    logarithm of sizes (`log`)."""

    kind: str = "all"           # "all" "middle" "fixed"
    low: float = 0.0            # "middle": shares, such as 0.01 and 0.99; "fixed": the bounds
    high: float = 0.0
    log: bool = False


ALL = Span()
MIDDLE = Span("middle", 0.01, 0.99)


class TooLarge(NamedTuple):
    """More bytes than are read without being asked for."""

    nbytes: int


@dataclass(frozen=True, slots=True)
class Measured:
    """`together` counts all tensors that could be read; `each` has (key, summary), in order, of at most `MOST_APART`; all have
    the same `edges`. `left_out` says which tensors could not be read, and why (the first hundred of `n_left_out`). `whole`:
    all values are whole numbers. `kinds`: the kinds of element types (see `core.Dtype`). `nbytes`: logical bytes. `aside`:
    counters among weights, which were not measured."""

    together: core.Summary
    each: tuple[tuple[str, core.Summary], ...]
    left_out: tuple[tuple[str, core.BadTensor], ...]
    n_left_out: int
    n_tensors: int
    whole: bool
    kinds: frozenset[str]
    nbytes: int
    aside: tuple[str, ...] = ()


def measure(ckpt: core.Checkpoint, keys: Sequence[str], span: Span = ALL, monitor: core.Monitor = core.QUIET, *,
            limit: int | None = None) -> Measured | TooLarge:
    """Measures the tensors `keys`, counters among weights aside, or says that they are more than `limit` bytes. Raises BadTensor when
    none can be read, and what reading files raises."""
    keys, aside = _without_counters(ckpt, [key for key in keys if key in ckpt.tensors])
    nbytes = sum(ckpt.tensors[key].nbytes for key in keys)
    if limit is not None and nbytes > limit:
        return TooLarge(nbytes)
    if len(keys) == 1 and span == ALL and core.DTYPES[ckpt.tensors[keys[0]].dtype].kind not in _WHOLE:
        return replace(_at_once(ckpt, keys[0], monitor), aside=aside)
    steps = _Steps(monitor, (3 if span.kind == "middle" else 2) * nbytes)
    moments, left_out = _moments(ckpt, keys, steps)
    if keys and not moments:
        raise left_out[0][1]
    good = list(moments)
    if len(good) == 1 == len(keys) and span.kind != "fixed":
        return replace(_alone(ckpt, good[0], span, moments[good[0]], steps), aside=aside)
    kinds = frozenset(core.DTYPES[ckpt.tensors[key].dtype].kind for key in good)
    whole = bool(kinds) and kinds <= frozenset(_WHOLE)
    together = join(list(moments.values()))
    grid = _grid(ckpt, good, together, span, whole, steps)
    each: dict[str, core.Summary] = {}
    if len(good) <= MOST_APART:
        each = {key: _counted(ckpt, [key], grid, steps) if grid else _without_histogram(moments[key]) for key in good}
    if grid:
        counted = _added(list(each.values())) if each else _counted(ckpt, good, grid, steps)
        together = replace(together, edges=counted.edges, counts=counted.counts, below=counted.below, above=counted.above)
    return Measured(together, tuple(each.items()), tuple(left_out[:100]), len(left_out), len(good), whole, kinds, nbytes, aside)


def _without_counters(ckpt: core.Checkpoint, keys: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """What is measured of a group, and what is left out: a few whole numbers among weights, like the steps that a batch norm counts,
    would press all bars of the weights into one."""
    kinds = {name: dtype.kind for name, dtype in core.DTYPES.items()}
    counters = {key for key in keys if kinds.get(ckpt.tensors[key].dtype) in ("int", "uint", "bool")}
    counted = sum(ckpt.tensors[key].numel for key in counters)
    if not counters or counted > _COUNTERS * sum(ckpt.tensors[key].numel for key in keys):
        return keys, ()
    return [key for key in keys if key not in counters], tuple(key for key in keys if key in counters)


def rebin(summary: core.Summary, bins: int) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Edges and counts of about `bins` bins, each made of equally many fine ones (the last may have fewer)."""
    every = max(1, -(-len(summary.counts) // max(bins, 1)))
    counts = tuple(sum(summary.counts[i:i + every]) for i in range(0, len(summary.counts), every))
    edges = summary.edges[:-1:every] + summary.edges[-1:]
    return edges, counts


def sensible_bins(numel: int) -> int:
    """Few elements in many bins are only noise."""
    return next((bins for most, bins in ((60, 10), (300, 20), (1_000, 30), (10_000, 60), (100_000, 90)) if numel <= most), 120)


def join(parts: Sequence[core.Summary]) -> core.Summary:
    """The summary of all elements of `parts`, without a histogram."""
    if len(parts) == 1:
        return _without_histogram(parts[0])
    counted = [part for part in parts if part.finite]
    total = sum(part.finite for part in counted)
    low: float = min((part.min for part in counted), default=math.nan)
    high: float = max((part.max for part in counted), default=math.nan)
    mean = math.fsum(part.mean * (part.finite / total) for part in counted) if counted else math.nan
    # deviations by their size first: the square of 1e300 is infinite, its share in itself is not
    sizes = [math.hypot(part.std, part.mean - mean) for part in counted]
    largest = max(sizes, default=math.nan)
    std = largest * math.sqrt(math.fsum(part.finite / total * (size / largest) ** 2
                                        for part, size in zip(counted, sizes, strict=True))) if largest > 0 else largest
    return core.Summary(sum(part.numel for part in parts), low, high, mean, std, sum(part.nan for part in parts),
                        sum(part.inf for part in parts), sum(part.zeros for part in parts), (), (),
                        l2=math.hypot(*(part.l2 for part in counted)) if counted else math.nan,
                        posinf=sum(part.posinf for part in parts), neginf=sum(part.neginf for part in parts),
                        subnormal=sum(part.subnormal for part in parts))


def snapped(found: Measured, low: float, high: float) -> tuple[float, float]:
    """The edges next to two bounds, so that `narrowed` can do without reading; the bounds where too few bins lie between."""
    edges = found.together.edges
    first, last = _nearest(edges, low), _nearest(edges, high)
    return (edges[first], edges[last]) if last - first >= _FEWEST else (low, high)


def narrowed(found: Measured, low: float, high: float) -> Measured | None:
    """`found`, of which only the bins between two of its edges are left. None when the bounds are no edges, or the bins between
    them too few: the tensors should be read again."""
    edges = found.together.edges
    first, last = _nearest(edges, low), _nearest(edges, high)
    if last - first < _FEWEST or (edges[first], edges[last]) != (low, high):
        return None

    def cut(s: core.Summary) -> core.Summary:
        return replace(s, edges=s.edges[first:last + 1], counts=s.counts[first:last], below=s.below + sum(s.counts[:first]),
                       above=s.above + sum(s.counts[last:]))
    return replace(found, together=cut(found.together), each=tuple((key, cut(s)) for key, s in found.each))


def _nearest(edges: Sequence[float], value: float) -> int:
    """The number of the edge next to `value`; -1 when there are none."""
    at = min(bisect_left(edges, value), len(edges) - 1)
    return at - 1 if at > 0 and edges[at] - value > value - edges[at - 1] else at


def log_grid(low: float, high: float, bins: int = FINE) -> Grid:
    """Edges at equal ratios on both sides of zero, and one bin around it for all that is smaller than `least_size`."""
    least = least_size(low, high)
    sides = [size for size in (-low, high) if size > least]
    decades = [log10(size) - log10(least) for size in sides]
    edges = {low, high}
    share = (bins - 1) / sum(decades) if decades else 0.0
    for sign, size in ((-1, -low), (1, high)):
        if size > least:
            n = max(1, int((log10(size) - log10(least)) * share))
            edges |= {sign * least * 10 ** ((log10(size) - log10(least)) * i / n) for i in range(n)}
    kept = sorted(edge for edge in edges if low <= edge <= high)
    return Grid(tuple(kept), even=False) if len(kept) > 1 else grid_between(low, high, False, bins)


def least_size(low: float, high: float) -> float:
    """Where the strip around zero of a logarithmic axis from `low` to `high` ends: six decades below the greatest size, or the
    smaller bound when zero lies outside."""
    most = max(abs(low), abs(high))
    least = max(most * 1e-6, 5e-324)
    return max(least, min(abs(low), abs(high))) if low > 0 or high < 0 else least


class Grid(NamedTuple):
    """Edges of bins; `even` ones are counted faster."""

    edges: tuple[float, ...]
    even: bool


def grid_between(low: float, high: float, whole: bool, bins: int = FINE) -> Grid:
    """Even bins from `low` to `high`. For whole numbers every bin holds the same number of them, its edges lying halfway
    between; the bins then reach somewhat further than asked."""
    if whole and abs(low) < _EXACT and abs(high) < _EXACT:
        first, last = math.floor(low), math.ceil(high)
        width = -(-(last - first + 1) // bins)
        n = -(-(last - first + 1) // width)
        return Grid(tuple(first - 0.5 + i * width for i in range(n + 1)), even=True)
    if low == high:
        low, high = math.nextafter(low, -math.inf), math.nextafter(high, math.inf)
    inner = (low * ((bins - i) / bins) + high * (i / bins) for i in range(1, bins))
    edges = tuple(sorted({low, *(edge for edge in inner if low < edge < high), high}))
    return Grid(edges, even=len(edges) == bins + 1)


def _grid(ckpt: core.Checkpoint, keys: list[str], together: core.Summary, span: Span, whole: bool, steps: _Steps) -> Grid | None:
    """The bins for `span`; None when there is nothing to draw: no finite value, or always the same."""
    if span.kind == "fixed":
        return (log_grid(span.low, span.high) if span.log else grid_between(span.low, span.high, whole)) if together.finite else None
    if not together.finite or together.min == together.max:
        return None
    low, high = float(together.min), float(together.max)
    if span.kind == "middle":
        low, high = _middle(ckpt, keys, (low, high), (span.low, span.high), together.finite, whole, steps)
    return log_grid(low, high) if span.log else grid_between(low, high, whole)


def _middle(ckpt: core.Checkpoint, keys: list[str], bounds: tuple[float, float], shares: tuple[float, float], total: int,
            whole: bool, steps: _Steps) -> tuple[float, float]:
    """Bounds between which the values from the first share to the second lie, to a hundredth of their distance. Where one
    outlier of 1e38 puts everything else into a few even bins, the next look is by powers of two."""
    low, high = bounds
    grid = grid_between(low, high, whole)
    for look in range(_LOOKS):
        found = _counted(ckpt, keys, grid, steps)
        first, last = _bin_of_share(found, shares[0] * total), _bin_of_share(found, shares[1] * total)
        low, high = grid.edges[first], grid.edges[last + 1]
        if (grid.even and last - first >= 100) or len(grid.edges) < 3 or (whole and grid.edges[1] - grid.edges[0] <= 1):
            break
        grid = _powers_between(low, high) if look == 0 and last - first < 8 else grid_between(low, high, whole)
    return low, high


def _powers_between(low: float, high: float) -> Grid:
    sizes = [2.0 ** power for power in range(-140, 1024, 1 if max(-low, high) < 2.0 ** 200 else 4)]
    inner = (edge for size in (0.0, *sizes) for edge in (-size, size) if low < edge < high)
    return Grid(tuple(sorted({low, *inner, high})), even=False)


def _bin_of_share(found: core.Summary, wanted: float) -> int:
    """The bin in which the `wanted`-th value lies."""
    seen = found.below
    for i, count in enumerate(found.counts):
        seen += count
        if seen >= wanted:
            return i
    return len(found.counts) - 1


def _moments(ckpt: core.Checkpoint, keys: Sequence[str],
             steps: _Steps) -> tuple[dict[str, core.Summary], list[tuple[str, core.BadTensor]]]:
    """Of each tensor its summary without a useful histogram, in one pass; and those that cannot be read."""
    small = [key for key in keys if ckpt.tensors[key].numel <= _SMALL]
    steps.begin(sum(ckpt.tensors[key].nbytes for key in small))
    found: dict[str, core.Summary | core.BadTensor] = dict(core.summarize_each(ckpt, small, 1, steps))
    for key in keys:
        if key not in found:
            steps.begin(ckpt.tensors[key].nbytes)
            try:
                found[key] = core.summarize_tensor(ckpt, key, 1, steps, range=(0.0, 1.0))
            except core.BadTensor as error:
                found[key] = error
    moments, left_out = {}, []
    for key in keys:
        outcome = found[key]
        if isinstance(outcome, core.BadTensor):
            left_out.append((key, outcome))
        else:
            moments[key] = outcome
    return moments, left_out


def _counted(ckpt: core.Checkpoint, keys: list[str], grid: Grid, steps: _Steps) -> core.Summary:
    steps.begin(sum(ckpt.tensors[key].nbytes for key in keys))
    if grid.even:
        return core.summarize_group(ckpt, keys, len(grid.edges) - 1, steps, range=(grid.edges[0], grid.edges[-1]), quantiles=False)
    return core.summarize_group(ckpt, keys, monitor=steps, edges=grid.edges, quantiles=False)


def _added(parts: list[core.Summary]) -> core.Summary:
    """Only the counts of the result are those of all `parts`."""
    return replace(parts[0], counts=tuple(map(sum, zip(*(part.counts for part in parts), strict=True))),
                   below=sum(part.below for part in parts), above=sum(part.above for part in parts))


def _at_once(ckpt: core.Checkpoint, key: str, monitor: core.Monitor) -> Measured:
    """One tensor of no whole numbers, all of it: numbers and bins come out of the same passes."""
    info = ckpt.tensors[key]
    found = core.summarize_tensor(ckpt, key, FINE, monitor)
    if not found.finite or found.min == found.max:
        found = _without_histogram(found)
    return Measured(found, ((key, found),), (), 0, 1, False, frozenset((core.DTYPES[info.dtype].kind,)), info.nbytes)


def _alone(ckpt: core.Checkpoint, key: str, span: Span, found: core.Summary, steps: _Steps) -> Measured:
    """One tensor: its own quantiles say where the middle is."""
    info = ckpt.tensors[key]
    kind = core.DTYPES[info.dtype].kind
    low, high = (float(found.min), float(found.max)) if span.kind == "all" else (
        float(found.quantiles[0]), float(found.quantiles[-1])) if found.quantiles else (math.nan, math.nan)
    if found.finite and found.min != found.max:
        grid = log_grid(low, high) if span.log else grid_between(low, high, kind in _WHOLE)
        counted = _counted(ckpt, [key], grid, steps)
        found = replace(found, edges=counted.edges, counts=counted.counts, below=counted.below, above=counted.above)
    else:
        found = _without_histogram(found)
    return Measured(found, ((key, found),), (), 0, 1, kind in _WHOLE, frozenset((kind,)), info.nbytes)


def _without_histogram(summary: core.Summary) -> core.Summary:
    return replace(summary, edges=(), counts=(), below=0, above=0)


class _Steps(core.Monitor):
    """Many readings told as one, of `total` bytes over all passes."""

    def __init__(self, monitor: core.Monitor, total: int) -> None:
        self._monitor = monitor
        self._total = total
        self._before = self._part = 0

    def begin(self, nbytes: int) -> None:
        """The reading of so many bytes begins, all earlier ones are over."""
        self._before += self._part
        self._part = nbytes
        self.report(0, 0)

    def report(self, done: int, total: int, what: str = "") -> None:
        now = self._before + (self._part * done // total if total else 0)
        self._monitor.report(min(now, self._total), self._total, what)

    def check(self) -> None:
        self._monitor.check()
