"""Many small tensors measured together: those of one type and size are the rows of a table.

The numbers are those of each by itself, to the last bit: rows are sorted and added up as single arrays are. What takes a closer look,
as infinities do, is left to who measures one by one.
"""
from __future__ import annotations

import math
from functools import partial
from itertools import compress
from typing import TYPE_CHECKING, Any, NamedTuple

from inspector.core.dtypes import DTYPES

from . import elements
from .distribution import interpolated, ranks_of
from .histogram import Fine, even_edges

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_SQUARED = 1e-120, 1e140        # between these sizes nothing is lost when numbers are squared
_WHOLE = 1 << 52                # sums of integers up to here are exact in float64


class Row(NamedTuple):
    """What is known of one tensor, all elements of which are finite."""

    min: float | int
    max: float | int
    mean: float
    std: float
    l2: float
    zeros: int
    subnormal: int
    distinct: int | None
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    quantiles: tuple[float | int, ...]
    fine: Fine | None


def fits_rows(dtype: str) -> bool:
    """Whether tensors of that type can be measured in rows."""
    known = DTYPES[dtype]
    return known.bits >= 8 and known.kind in ("float", "int", "uint")


def measured_in_rows(stored: Array, dtype: str, bins: int, shares: tuple[float, ...], fine: bool) -> list[Row | None]:
    """Of each row of `stored`, whose elements are `dtype`s; `bins` 0: no histogram. None where it is to be measured by itself."""
    import numpy as np
    family = elements.family(dtype)
    distinct: list[int] | None = None
    if family == elements.TABLE:
        numbers = elements.ranked(dtype)
        ranks = np.sort(numbers.rank[stored.view(f"u{stored.itemsize}")], axis=1)
        good = ranks[:, -1] < numbers.values.size
        ranks = ranks[good]
        distinct = (1 + np.count_nonzero(ranks[:, 1:] != ranks[:, :-1], axis=1)).tolist()
        values = numbers.values[ranks]
    else:
        values = stored.astype(family, copy=False)
        good = np.isfinite(values).all(axis=1)
        values = values[good]
        values = np.sort(values.astype("f8") + 0.0 if values.dtype.kind == "f" else values, axis=1)        # -0 is 0
    usual = _are_usual(values)
    if not usual.all():
        good[good] = usual
        values, told = values[usual], usual.tolist()
        distinct = None if distinct is None else [*compress(distinct, told)]
    found: list[Row | None] = [None] * len(stored)
    for number, row in zip(np.flatnonzero(good).tolist(), _rows(values, dtype, distinct, bins, shares, fine), strict=True):
        found[number] = row
    return found


def _are_usual(values: Array) -> Array:
    """Of which rows neither squares nor sums need care."""
    import numpy as np
    least, greatest = values[:, 0], values[:, -1]
    if values.dtype.kind == "f":
        sizes = np.maximum(np.abs(least), np.abs(greatest))
        floats: Array = (sizes == 0) | ((sizes > _SQUARED[0]) & (sizes < _SQUARED[1]))
        return floats
    most = _WHOLE // values.shape[1]
    whole: Array = greatest <= most
    return whole & (least >= -most) if values.dtype.kind == "i" else whole


def _rows(values: Array, dtype: str, distinct: list[int] | None, bins: int, shares: tuple[float, ...], fine: bool) -> list[Row]:
    """Of numbers that ascend in each row."""
    import numpy as np
    rows, size = values.shape
    if not rows:
        return []
    zeros = size - np.count_nonzero(values, axis=1)
    least = elements.least_normal(dtype)
    subnormal = np.maximum(np.count_nonzero(values < least, axis=1) - np.count_nonzero(values <= -least, axis=1) - zeros, 0) if least \
        else np.zeros(rows, np.int64)
    mean, squares = _moments(values)
    l2 = map(math.hypot, np.sqrt(squares).tolist(), (math.sqrt(size) * mean).tolist())
    low, high = values[:, 0], values[:, -1]
    edges, counts = _histograms(values, even_edges(low.astype("f8"), high.astype("f8"), bins)) if bins else ([()] * rows, [()] * rows)
    return [Row(*one) for one in zip(
        low.tolist(), high.tolist(), mean.tolist(), np.sqrt(squares / size).tolist(), l2, zeros.tolist(), subnormal.tolist(),
        distinct if distinct is not None else [None] * rows, edges, counts, _quantiles(values, shares),
        _fine(values) if fine else [None] * rows, strict=True)]


def _moments(values: Array) -> tuple[Array, Array]:
    """The mean of each row, and its squared deviations from it: as `Distribution.moments`."""
    import numpy as np
    size = values.shape[1]
    with np.errstate(under="ignore"):
        if values.dtype.kind == "f":
            mean = values.sum(axis=1) / size
            apart = values - mean[:, None]
            rest = apart.sum(axis=1) / size
            return mean + rest, np.maximum((apart * apart).sum(axis=1) - rest * rest * size, 0.0)
        total = values.astype(np.int64).sum(axis=1)
        middle = total // size
        apart = (values.astype(np.int64) - middle[:, None]).astype(np.float64)
        rest = (total - middle * size).astype(np.float64) / size
        return total / size, np.maximum((apart * apart).sum(axis=1) - rest * rest * size, 0.0)


def _histograms(values: Array, edges: Array) -> tuple[list[tuple[float, ...]], list[tuple[int, ...]]]:
    """The edges of each row and how many numbers lie between them: as `Thresholds` has it."""
    import numpy as np
    if values.dtype.kind == "f":
        limits = edges.copy()
        limits[:, -1] = np.nextafter(edges[:, -1], np.inf)
    else:
        whole = np.ceil(edges)
        whole[:, -1] = np.floor(edges[:, -1]) + 1
        limits = whole.astype(values.dtype)
    under = np.array([row.searchsorted(wanted, "left") for row, wanted in zip(values, limits, strict=True)])
    under[:, 0], under[:, -1] = 0, values.shape[1]
    return [*map(tuple, edges.tolist())], [*map(tuple, (under[:, 1:] - under[:, :-1]).tolist())]


def _fine(values: Array) -> list[Fine]:
    """As `gather.fine_of` of each row."""
    import numpy as np
    rows, size = values.shape
    first = np.ones((rows, size), bool)
    np.not_equal(values[:, 1:], values[:, :-1], out=first[:, 1:])
    places = np.flatnonzero(first)
    kind = values.dtype.kind
    numbers = values.ravel()[places].astype(f"<{kind}8").tobytes()
    counts = np.diff(places, append=rows * size).astype("<i8").tobytes()
    ends = (8 * np.cumsum(np.count_nonzero(first, axis=1))).tolist()
    return [Fine(kind, numbers[start:end], counts[start:end]) for start, end in zip([0, *ends], ends, strict=False)]


def _quantiles(values: Array, shares: tuple[float, ...]) -> list[tuple[float | int, ...]]:
    import numpy as np
    rows, size = values.shape
    if not shares:
        return [()] * rows
    if values.dtype.kind != "f":        # some are numbers of the tensor, and integers, and others are not
        ranks = ranks_of(shares, size)
        return [interpolated(shares, size, partial(_same, row)) for row in values[:, ranks].tolist()]
    spots = np.array([share * (size - 1) for share in shares])
    first = spots.astype(np.int64)
    a, b, share = values[:, first], values[:, np.minimum(first + 1, size - 1)], spots - first
    gap = b - a
    between = np.where(share < 0.5, a + gap * share, b - gap * (1 - share))
    return [*map(tuple, np.where((a == b) | (share == 0), a, between).tolist())]


def _same(row: list[float | int], _ranks: list[int]) -> list[float | int]:
    return row
