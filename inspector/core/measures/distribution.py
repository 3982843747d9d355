"""Numbers and how often each occurs: when these are known, everything else follows without another look at the elements."""
from __future__ import annotations

import math
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


class Moments(NamedTuple):
    """`n` numbers, their mean, their squared deviations from it in units of `scale` squared, and their exact sum when they
    are integers."""

    n: int
    mean: float
    squares: float
    scale: float = 1.0
    total: int | None = None

    @property
    def std(self) -> float:
        return self.scale * math.sqrt(self.squares / self.n) if self.n else math.nan

    @property
    def l2(self) -> float:
        if not self.n:
            return math.nan
        return self.scale * math.hypot(math.sqrt(self.squares), math.sqrt(self.n) * (self.mean / self.scale))

    def times(self, times: int) -> Moments:
        return self._replace(n=self.n * times, squares=self.squares * times,
                             total=None if self.total is None else self.total * times)


NOTHING = Moments(0, math.nan, 0.0)


def joined(parts: list[Moments]) -> Moments:
    """The moments of all numbers of the parts together."""
    parts = [part for part in parts if part.n]
    if len(parts) < 2:
        return parts[0] if parts else NOTHING
    count = sum(part.n for part in parts)
    scale = max(part.scale for part in parts)
    total = sum(part.total or 0 for part in parts) if all(part.total is not None for part in parts) else None
    mean = total / count if total is not None else math.fsum(part.mean * (part.n / count) for part in parts)
    squares = math.fsum(part.squares * (part.scale / scale) ** 2 + part.n * ((part.mean - mean) / scale) ** 2 for part in parts)
    return Moments(count, mean, squares, scale, total)


def scale_for(largest: float) -> float:
    """A power of two that numbers up to `largest` are divided by before they are squared: 1.0 unless that would overflow or
    lose them."""
    if largest == 0 or 1e-120 < largest < 1e140:
        return 1.0
    return 2.0 ** min(max(math.frexp(largest)[1], -1021), 1023)


class Distribution:
    """`values` ascending (float64, int64 or uint64), none twice unless `counts` is None, which means once each."""

    def __init__(self, values: Array, counts: Array | None = None) -> None:
        import numpy as np
        self.values = values
        self.counts = counts
        self.ends: Array = np.arange(1, values.size + 1) if counts is None else np.cumsum(counts)

    @property
    def size(self) -> int:
        return int(self.ends[-1]) if self.ends.size else 0

    @property
    def integers(self) -> bool:
        return bool(self.values.dtype.kind != "f")

    def zeros(self) -> int:
        if self.counts is None:
            import numpy as np
            return self.values.size - int(np.count_nonzero(self.values))
        return self._before(self.values.searchsorted(0, "right")) - self._before(self.values.searchsorted(0, "left"))

    def subnormals(self, least_normal: float, zeros: int) -> int:
        """Between `least_normal` and its negative, the `zeros` aside."""
        last, first = self.values.searchsorted(least_normal, "left"), self.values.searchsorted(-least_normal, "right")
        return max(0, self._before(last) - self._before(first) - zeros)

    def _before(self, place: Any) -> int:
        return int(self.ends[place - 1]) if place else 0

    def under(self, thresholds: Array) -> Array:
        """How many numbers are less than each threshold (of the type of `values`: see `histogram.Thresholds`)."""
        import numpy as np
        places: Array = self.values.searchsorted(thresholds, "left")
        if self.counts is None:
            return places
        found: Array = np.concatenate([np.zeros(1, np.int64), self.ends])[places]
        return found

    def at(self, ranks: Array) -> list[float | int]:
        """The numbers with these places in ascending order, from 0."""
        places = ranks if self.counts is None else self.ends.searchsorted(ranks, "right")
        found: list[float | int] = self.values[places].tolist()
        return found

    def moments(self) -> Moments:
        import numpy as np
        if not self.size:
            return NOTHING
        if self.integers:
            return self._integer_moments()
        scale = scale_for(max(-float(self.values[0]), float(self.values[-1])))
        values = self.values if scale == 1.0 else self.values / scale
        with np.errstate(under="ignore"):
            mean = self._sum(values) / self.size
            apart = values - mean
            rest = self._sum(apart) / self.size
            squares = self._sum(apart * apart) - rest * rest * self.size
        return Moments(self.size, (mean + rest) * scale, max(squares, 0.0), scale)

    def _integer_moments(self) -> Moments:
        import numpy as np
        total = exact_sum(self.values, self.counts)
        middle, low, high = total // self.size, int(self.values[0]), int(self.values[-1])
        if high - low < 1 << 62:
            apart = (self.values - self.values.dtype.type(middle)).view(np.int64).astype(np.float64)
        else:
            apart = self.values.astype(np.float64) - float(middle)
        rest = float(total - middle * self.size) / self.size
        return Moments(self.size, total / self.size, max(self._sum(apart * apart) - rest * rest * self.size, 0.0), 1.0, total)

    def _sum(self, values: Array) -> float:
        return float((values if self.counts is None else values * self.counts).sum())


def sum_of_products(x: Array, y: Array) -> float:
    """Of floats in one dimension. Not `numpy.dot`: its library sends such sums to threads of its own, which takes a hundred times as long
    as adding up where all cores have work."""
    import numpy as np
    return float(np.einsum("i,i", x, y))


def sum_of_squares(values: Array) -> float:
    """See `sum_of_products`."""
    return sum_of_products(values, values)


def exact_sum(values: Array, counts: Array | None = None) -> int:
    """The sum of integers, exactly: fewer than 2^31 of them, or with counts whose products fit."""
    import numpy as np
    if counts is not None:
        if values.size and max(abs(int(values[0])), abs(int(values[-1]))) * int(counts.sum()) >= 1 << 62:
            return sum(value * count for value, count in zip(values.tolist(), counts.tolist(), strict=True))
        return int(np.dot(values.astype(np.int64), counts))
    high = values >> 32
    low = values & np.array(0xFFFFFFFF, values.dtype)
    return (int(high.sum()) << 32) + int(low.sum())


def from_counts(values: Array, counts: Array) -> Distribution:
    """Of numbers in any order, some of them perhaps twice (as +0 and -0 are), each with how often it occurs."""
    import numpy as np
    order = np.argsort(values, kind="stable")
    values, counts = values[order], counts[order]
    if values.size > 1:
        first = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
        if first.size < values.size:
            values, counts = values[first], np.add.reduceat(counts, first)
    return Distribution(values, counts)


def merged(parts: list[Distribution]) -> Distribution:
    """All numbers of the parts together; float64 unless all are integers of one type."""
    import numpy as np
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Distribution(np.zeros(0))
    kinds = {part.values.dtype.str for part in parts}
    into = next(iter(kinds)) if len(kinds) == 1 else "<f8"
    return from_counts(np.concatenate([part.values.astype(into) for part in parts]),
                       np.concatenate([np.ones(part.values.size, np.int64) if part.counts is None else part.counts for part in parts]))


@lru_cache(4096)
def ranks_of(shares: tuple[float, ...], size: int) -> list[int]:
    """The places in ascending order, from 0, that the quantiles of `size` numbers lie at or between."""
    spots = [int(share * (size - 1)) for share in shares]
    return sorted({min(place, size - 1) for spot in spots for place in (spot, spot + 1)})


def interpolated(shares: tuple[float, ...], size: int, take: Callable[[list[int]], list[float | int]]) -> tuple[float | int, ...]:
    """Quantiles as numpy's default: between the two nearest numbers in order, linearly. `take` gives the numbers at `ranks_of`."""
    ranks = ranks_of(shares, size)
    number = dict(zip(ranks, take(ranks), strict=True))
    spots = [share * (size - 1) for share in shares]
    return tuple(_between(number[int(spot)], number[min(int(spot) + 1, size - 1)], spot - int(spot)) for spot in spots)


def _between(a: float | int, b: float | int, share: float) -> float | int:
    if a == b or share == 0:
        return a
    gap = b - a
    if abs(gap) > sys.float_info.max:       # the distance is too great, neither end is
        return a * (1 - share) + b * share
    return a + gap * share if share < 0.5 else b - gap * (1 - share)
