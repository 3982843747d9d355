"""Where bins begin and end: even ones, of whole numbers, or of equal ratio on both sides of zero.

Edges are chosen once for several tensors, so that their histograms can be laid over each other and added up.
"""
from __future__ import annotations

import math
from typing import NamedTuple

FINE_BINS = 720
"""Bins that are counted where others are made of them: a multiple of every number that anybody wants to see (`BIN_CHOICES`)."""
_DECADES = 6                    # of sizes on a logarithmic axis, below the greatest
_LEAST = 5e-324
_EXACT = 2 ** 52                # up to here whole numbers and their halves are exact in float64


class BinRange(NamedTuple):
    """What is binned: "all" finite values, those in the "middle" between two shares of them (`low` and `high`, such as 0.01 and 0.99),
    or those between two "fixed" bounds; evenly, or by the logarithm of sizes on both sides of zero (`log`).

    >>> found = core.group_statistics({"w": np.arange(100.)}, ["w"], core.BinRange("fixed", 0.0, 10.0))
    >>> found.together.edges[-1], found.together.above
    (10.0, 89)
    """

    kind: str = "all"
    low: float = 0.0
    high: float = 0.0
    log: bool = False


ALL_VALUES = BinRange()
"""All finite values, evenly."""
MIDDLE_VALUES = BinRange("middle", 0.01, 0.99)
"""The values between the first and the last hundredth, evenly."""


class BinEdges(NamedTuple):
    """Increasing edges, one more than there are bins; `even` ones are counted faster."""

    edges: tuple[float, ...]
    even: bool


def even_bins(low: float, high: float, *, whole: bool, bins: int = FINE_BINS) -> BinEdges:
    """Even bins from `low` to `high`. For `whole` numbers every bin holds the same number of them, its edges lying halfway
    between; the bins then reach somewhat further than asked, and are fewer where there are fewer numbers."""
    if whole and abs(low) < _EXACT and abs(high) < _EXACT:
        first, last = math.floor(low), math.ceil(high)
        width = -(-(last - first + 1) // bins)
        n = -(-(last - first + 1) // width)
        return BinEdges(tuple(first - 0.5 + i * width for i in range(n + 1)), even=True)
    if low == high:
        low, high = math.nextafter(low, -math.inf), math.nextafter(high, math.inf)
    inner = (low * ((bins - i) / bins) + high * (i / bins) for i in range(1, bins))
    edges = tuple(sorted({low, *(edge for edge in inner if low < edge < high), high}))
    return BinEdges(edges, even=len(edges) == bins + 1)


def log_bins(low: float, high: float, bins: int = FINE_BINS) -> BinEdges:
    """Edges at equal ratios on both sides of zero, and one bin around it for all that is smaller than `linear_threshold`."""
    least = linear_threshold(low, high)
    sides = [size for size in (-low, high) if size > least]
    decades = [math.log10(size) - math.log10(least) for size in sides]
    edges = {low, high}
    in_all = sum(decades)
    share = (bins - 1) / in_all if in_all else 0.0          # neighbours have the same logarithm
    for sign, size in ((-1, -low), (1, high)):
        if size > least:
            n = max(1, int((math.log10(size) - math.log10(least)) * share))
            edges |= {sign * least * 10 ** ((math.log10(size) - math.log10(least)) * i / n) for i in range(n)}
    kept = sorted(edge for edge in edges if low <= edge <= high)
    return BinEdges(tuple(kept), even=False) if len(kept) > 1 else even_bins(low, high, whole=False, bins=bins)


def linear_threshold(low: float, high: float) -> float:
    """Where the strip around zero of a logarithmic axis from `low` to `high` ends (what a "symlog" axis calls linthresh): six decades
    below the greatest size, or the smaller bound when zero lies outside.

    >>> core.linear_threshold(-1000.0, 10.0)
    0.001
    """
    most = max(abs(low), abs(high))
    least = max(most * 10.0 ** -_DECADES, _LEAST)
    return max(least, min(abs(low), abs(high))) if low > 0 or high < 0 else least


def powers_between(low: float, high: float) -> BinEdges:
    """Edges at the powers of two of either sign between two bounds, for values whose sizes differ by more than even bins can tell."""
    sizes = [2.0 ** power for power in range(-140, 1024, 1 if max(-low, high) < 2.0 ** 200 else 4)]
    inner = (edge for size in (0.0, *sizes) for edge in (-size, size) if low < edge < high)
    return BinEdges(tuple(sorted({low, *inner, high})), even=False)
