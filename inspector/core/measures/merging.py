"""Several summaries as one, many bins as few, a range within a range: what can be had without reading again."""
from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from .summary import Summary

BIN_CHOICES = (10, 15, 20, 30, 40, 60, 90, 120, 180, 240, 360, 720)
"""Numbers of bins that `bin_edges.FINE_BINS` merges into evenly."""
_FEWEST = 40                    # bins of a part that is good enough to be shown without reading again
_SHARED = 12                    # a part has a multiple of so many, which many numbers of bins can be made of that are equally wide
_BINS_FOR = ((60, 10), (300, 20), (1_000, 30), (10_000, 60), (100_000, 90))       # up to so many elements, so many bins
_MOST_BINS = 120


def merge_summaries(parts: Sequence[Summary]) -> Summary:
    """The summary of all elements of `parts` (at least one) together: exact counts, range and norm, moments to rounding; without
    quantiles and a histogram, which cannot be had from them.

    >>> parts = core.summarize({"a": np.float32([0, 1]), "b": np.float32([2, 5])})
    >>> core.merge_summaries(list(parts.values())).mean
    2.0
    """
    if len(parts) == 1:
        return without_histogram(parts[0])
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
    return Summary(sum(part.numel for part in parts), low, high, mean, std, sum(part.nan for part in parts),
                   sum(part.inf for part in parts), sum(part.zeros for part in parts), (), (),
                   l2=math.hypot(*(part.l2 for part in counted)) if counted else math.nan,
                   posinf=sum(part.posinf for part in parts), neginf=sum(part.neginf for part in parts),
                   subnormal=sum(part.subnormal for part in parts))


def without_histogram(summary: Summary) -> Summary:
    return replace(summary, edges=(), counts=(), below=0, above=0)


def with_counts_of(summary: Summary, counted: Summary) -> Summary:
    """`summary` with the histogram of another one of the same elements."""
    return replace(summary, edges=counted.edges, counts=counted.counts, below=counted.below, above=counted.above)


def added_counts(parts: Sequence[Summary]) -> Summary:
    """The first of `parts`, which have the same edges, with the counts of all. Only its histogram is that of all."""
    return replace(parts[0], counts=tuple(map(sum, zip(*(part.counts for part in parts), strict=True))),
                   below=sum(part.below for part in parts), above=sum(part.above for part in parts))


def merge_bins(summary: Summary, bins: int) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Edges and counts of at most `bins` bins, each made of equally many of the summary's; the last has fewer only where their number
    cannot be shared out evenly among nearly as many.

    >>> core.merge_bins(core.summarize_tensor({"w": np.arange(8.)}, "w", bins=4), 2)
    ((0.0, 3.5, 7.0), (4, 4))
    """
    fine = len(summary.counts)
    least = max(1, -(-fine // max(bins, 1)))
    every = next((n for n in range(least, 2 * least) if fine % n == 0), least)
    counts = tuple(sum(summary.counts[i:i + every]) for i in range(0, len(summary.counts), every))
    edges = summary.edges[:-1:every] + summary.edges[-1:]
    return edges, counts


def sensible_bins(numel: int) -> int:
    """How many bins `numel` elements fill, one of `BIN_CHOICES`: few elements in many bins are only noise.

    >>> core.sensible_bins(100), core.sensible_bins(1_000_000)
    (20, 120)
    """
    return next((bins for most, bins in _BINS_FOR if numel <= most), _MOST_BINS)


def edges_near(edges: Sequence[float], low: float, high: float) -> tuple[float, float]:
    """Of `edges` those next to two bounds, or a few bins before the second, so that `cut_out` can do without reading and what it cuts
    out can be merged evenly; the bounds where too few bins lie between.

    >>> core.edges_near([0., 1., 2., 3., 4.], 0.9, 3.2)
    (0.9, 3.2)
    """
    first, last = _nearest(edges, low), _nearest(edges, high)
    if last - first < _FEWEST:
        return low, high
    return edges[first], edges[last - (last - first) % _SHARED]


def cut_out(summary: Summary, low: float, high: float) -> Summary | None:
    """The summary with only its bins between two of its edges, what lies in the others being counted as below and above. None when
    the bounds are no edges, or the bins between them too few to be worth showing: the tensors should be read again."""
    first, last = _nearest(summary.edges, low), _nearest(summary.edges, high)
    if last - first < _FEWEST or (summary.edges[first], summary.edges[last]) != (low, high):
        return None
    return replace(summary, edges=summary.edges[first:last + 1], counts=summary.counts[first:last],
                   below=summary.below + sum(summary.counts[:first]), above=summary.above + sum(summary.counts[last:]))


def _nearest(edges: Sequence[float], value: float) -> int:
    """The number of the edge next to `value`; -1 when there are none."""
    at = min(bisect_left(edges, value), len(edges) - 1)
    return at - 1 if at > 0 and edges[at] - value > value - edges[at - 1] else at
