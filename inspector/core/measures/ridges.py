"""The shape of each of many tensors, small enough to keep, and what they can all be drawn over."""
from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import NamedTuple

from .summary import Summary, rebin

BINS = 120
_ROOM = 0.5             # of the middle's width that is shown on both sides of it
_SHARE = 0.005          # of all elements that may lie below what all are drawn over, and as many above


class Ridge(NamedTuple):
    """`counts` finite elements in bins of the same width from `low` to `high`, `below` and `above` outside of them."""

    low: float
    high: float
    counts: array[int]
    below: int
    above: int

    @property
    def total(self) -> int:
        return sum(self.counts) + self.below + self.above


def ridge(summary: Summary, bins: int = BINS) -> Ridge | None:
    """The middle 98 % of the elements of a summary that was measured with `fine`, and half as much on either side: an outlier far away
    would make one bin of all the others. None where all finite elements are equal, or none is finite.

    >>> found = core.ridge(core.summarize_tensor({"w": np.float32([0, 1, 1, 2, 3])}, "w", fine=True), bins=3)
    >>> found.low, found.high, found.counts.tolist()
    (0.0, 3.0, [1, 2, 2])
    """
    if not summary.finite or summary.min == summary.max or len(summary.quantiles) < 2:
        return None
    first, last = summary.quantile(0.01), summary.quantile(0.99)
    room = (last - first) * _ROOM or float(summary.max) - float(summary.min)
    low, high = max(float(summary.min), first - room), min(float(summary.max), last + room)
    found = rebin(summary, bins, (low, high)) if low < high else None
    if found is None:
        return None
    return Ridge(found.edges[0], found.edges[-1], array("q", found.counts), found.below, found.above)


def ridge_range(ridges: Iterable[Ridge]) -> tuple[float, float] | None:
    """From where to where all but a two-hundredth of the elements on either side lie, of all tensors together; None where there are none.

    >>> both = [core.ridge(core.summarize_tensor({"w": np.float32(values)}, "w", fine=True)) for values in ([0, 1], [5, 9])]
    >>> core.ridge_range(both)
    (0.0, 9.0)
    """
    import numpy as np
    starts, ends, counts = [], [], []
    for one in ridges:
        width = (one.high - one.low) / len(one.counts)
        edges = one.low + width * np.arange(len(one.counts))
        counts.append(np.frombuffer(one.counts, "<i8"))
        starts.append(edges)
        ends.append(edges + width)
    if not counts:
        return None
    left, right, number = np.concatenate(starts), np.concatenate(ends), np.concatenate(counts)
    there = number > 0
    left, right, number = left[there], right[there], number[there]
    spare = number.sum() * _SHARE
    up, down = np.argsort(left), np.argsort(-right)
    low = float(left[up][np.searchsorted(np.cumsum(number[up]), spare, "right")])
    high = float(right[down][np.searchsorted(np.cumsum(number[down]), spare, "right")])
    return (low, high) if low < high else None


def share_outside(ridges: Iterable[Ridge], span: tuple[float, float]) -> float:
    """The share, from 0 to 1, of the elements that lie outside of `span`, bins that it cuts by their length.

    >>> found = core.ridge(core.summarize_tensor({"w": np.float32([0, 1, 2, 3])}, "w", fine=True), bins=4)
    >>> core.share_outside([found], (0.0, 1.5))
    0.5
    """
    import numpy as np
    total = beyond = 0.0
    for one in ridges:
        edges = np.linspace(one.low, one.high, len(one.counts) + 1)
        counts = np.frombuffer(one.counts, "<i8")
        inside = np.clip(np.minimum(edges[1:], span[1]) - np.maximum(edges[:-1], span[0]), 0, None) / ((one.high - one.low) / len(counts))
        total += one.total
        beyond += one.total - float((counts * np.minimum(inside, 1.0)).sum())
    return max(beyond / total, 0.0) if total else 0.0
