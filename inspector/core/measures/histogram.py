"""Edges of bins, exactly which elements lie between them, and binning again without reading."""
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from inspector.core.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


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


class Binned(NamedTuple):
    """`counts[i]` elements lie in `edges[i] <= x < edges[i + 1]` (the last bin has its right edge too). Not `exact`: some bucket
    was cut by an edge, and its elements were shared out by length."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    below: int
    above: int
    exact: bool = True


def binned(fine: Fine, bins: int, range: tuple[float, float] | None, log: bool) -> Binned:
    """Bins counted from `fine` alone; `range` None: from the least (when `log`: the least positive) to the greatest element."""
    import numpy as np
    kind = f"<{fine.kind}8"
    low, counts = np.frombuffer(fine.values, kind), np.frombuffer(fine.counts, "<i8")
    high = np.frombuffer(fine.upper, kind) if fine.upper else low
    if not low.size:
        return Binned((), (), 0, 0)
    if range is None:
        positive = low[low > 0]
        if log and not positive.size:
            raise UsageError("a logarithmic scale needs positive numbers", "Choose a linear one.")
        range = float(positive[0] if log else low[0]), float(high[-1])
        edges = edges_for(bins, range, log)
        asked = Thresholds(edges, everything=not log)
    else:
        edges = edges_for(bins, range, log)
        asked = Thresholds(edges)
    limits = asked.of(low.dtype)
    ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    sure = np.searchsorted(high, limits, "left")            # buckets that lie wholly under each limit
    touched = np.searchsorted(low, limits, "left")
    under = ends[sure]
    cut = np.flatnonzero(touched > sure)
    if cut.size:
        bucket = sure[cut]
        share = (limits[cut] - low[bucket]).astype(np.float64) / np.maximum(high[bucket] - low[bucket], 5e-324)
        under[cut] += np.rint(counts[bucket] * np.clip(share, 0, 1)).astype(np.int64)
    return asked.result(under, int(ends[-1]), low.dtype)._replace(exact=not cut.size)


class Thresholds:
    """Edges as questions "how many are less than this?", exact for every type of element. `everything`: the edges were made
    to hold all finite elements, whatever rounding did to the outermost."""

    def __init__(self, edges: Array, everything: bool = False) -> None:
        import numpy as np
        self.edges = edges
        self.everything = everything
        self._floats = edges.copy()
        self._floats[-1] = np.nextafter(edges[-1], np.inf)          # the last bin has its right edge too

    def of(self, dtype: np.dtype[Any]) -> Array:
        """The thresholds as numbers of `dtype` (float64, int64 or uint64)."""
        import numpy as np
        if dtype.kind == "f":
            return self._floats
        info = np.iinfo(dtype)
        limits = np.ceil(self.edges)
        limits[-1] = np.floor(self.edges[-1])
        over, low = limits >= float(info.max), limits < float(info.min)
        whole = np.where(over | low, 0, limits).astype(dtype)
        whole[-1] += 1
        whole[low] = info.min
        whole[over] = info.max      # and that itself is less, too: see `result`
        return whole

    def result(self, under: Array, size: int, dtype: np.dtype[Any]) -> Binned:
        """The histogram, from how many of `size` elements of that type are less than each threshold (changes `under`)."""
        if dtype.kind != "f":
            import numpy as np
            under = np.where(np.ceil(self.edges) >= float(np.iinfo(dtype).max), size, under)
        if self.everything:
            under[0], under[-1] = 0, size
        counts = tuple((under[1:] - under[:-1]).tolist())
        return Binned(tuple(self.edges.tolist()), counts, int(under[0]), size - int(under[-1]))


def given_edges(edges: Sequence[float]) -> Array:
    """Raises UsageError when they are no edges."""
    import numpy as np
    chosen = np.array([float(edge) for edge in edges])
    if chosen.size < 2 or not np.isfinite(chosen).all() or (chosen[1:] <= chosen[:-1]).any():
        raise UsageError("the edges of bins must be finite and increase")
    return chosen


def edges_for(bins: int, range: tuple[float, float], log: bool = False) -> Array:
    """`bins` bins over `range`, equal in size or (`log`) in ratio. Raises UsageError when there can be none."""
    check_bins(bins)
    low, high = float(range[0]), float(range[1])
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise UsageError(f"a range must go from a number up to a number, not from {low} to {high}")
    if log and low <= 0:
        raise UsageError(f"a logarithmic scale cannot begin at {low}", "Begin it above zero, or choose a linear one.")
    return _log_edges(low, high, bins) if log else _even_edges(low, high, bins)


def check_bins(bins: int) -> None:
    if bins < 1:
        raise UsageError(f"a histogram needs at least one bin, not {bins}")


def _even_edges(low: float, high: float, bins: int) -> Array:
    """`bins` equal bins; like numpy's, one wide around a single value."""
    import numpy as np
    edges: Array = even_edges(np.array([low]), np.array([high]), bins)[0]
    return edges


def even_edges(low: Array, high: Array, bins: int) -> Array:
    """The same for many ranges, a row each."""
    import numpy as np
    single = low == high
    if single.any():
        low, high = np.where(single, low - 0.5, low), np.where(single, high + 0.5, high)
        lost = low == high      # so great that a half is
        low, high = np.where(lost, np.nextafter(low, -np.inf), low), np.where(lost, np.nextafter(high, np.inf), high)
    part = np.arange(bins + 1) / bins
    low, high = low[:, None], high[:, None]
    edges: Array = low * (1 - part) + high * part
    return np.minimum(np.maximum.accumulate(edges, axis=1), high)       # rounding never turns them round


def _log_edges(low: float, high: float, bins: int) -> Array:
    import numpy as np
    if low == high:
        low, high = low / 2 or low, high * 2
    edges = np.exp2(np.linspace(math.log2(low), math.log2(high), bins + 1))
    edges[0], edges[-1] = low, high
    return np.minimum(np.maximum.accumulate(np.maximum(edges, low)), high)
