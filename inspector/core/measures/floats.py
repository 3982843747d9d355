"""Exact numbers about floats too many to be sorted and too different to be counted one by one.

    first pass     `add`: range, moments, zeros, infinities, and (floats) how many share their top 16 bits
    later passes   `begin` says what is still open, `count_again` at every chunk again, until `finished`: elements that an edge of the
                   histogram lies among are compared with it, and buckets with wanted quantiles in them are opened 16 bits deeper

Any thread may add and look; what comes out does not depend on the order in which chunks come.
"""
from __future__ import annotations

import math
from functools import cache
from struct import unpack
from threading import Lock
from typing import TYPE_CHECKING, Any

from . import kernels
from .distribution import NOTHING, Distribution, Moments, from_counts, joined, scale_for, sum_of_squares
from .histogram import Fine
from .selecting import Opened, Shared
from .tables import Tables

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


class Floats(Shared):
    """float32 or float64 elements; chunks are arrays of that type."""

    def __init__(self, width: kernels.Width, nbytes_in_all: int) -> None:
        import numpy as np
        self._width = width
        self._nbytes_in_all = nbytes_in_all
        self._lock = Lock()
        self._tables = Tables((2, kernels.BUCKETS))
        self._rows: list[tuple[int, Array]] = []
        self._scaled: list[tuple[int, Moments]] = []
        self.dtype = np.dtype(np.float64)
        self.numel = self.finite = self.zeros = self.posinf = self.neginf = 0
        self._least, self._greatest = width.magnitude, -width.magnitude
        self._open = Opened(width.top)
        self._buckets: kernels.WantedBuckets | None = None
        self._fine: Tables | None = None
        self._below: Tables | None = None
        self._thresholds = np.zeros(0)
        self._cut = np.zeros(0, np.int64)
        self._inside = np.zeros(0, np.int64)
        self._scale = 1.0
        self._coarse: Array | None = None

    # -- first pass -----------------------------------------------------------------------------------------------------

    def add(self, floats: Array, index: int) -> None:
        """`index` is the chunk's number: sums are taken in that order."""
        table, count = self._tables.take()
        found = kernels.scan(self._width, floats, table, self._nbytes_in_all)
        self._tables.give(table, count + floats.size)
        with self._lock:
            self.numel += floats.size
            self.finite += found.finite
            self.zeros += found.zeros
            self.posinf += found.posinf
            self.neginf += found.neginf
            if found.finite:
                self._least, self._greatest = min(self._least, found.least), max(self._greatest, found.greatest)
                self._rows.append((index, found.rows))

    @property
    def min(self) -> float:
        return self._number(self._least)

    @property
    def max(self) -> float:
        return self._number(self._greatest)

    def _number(self, key: int) -> float:
        width = self._width
        bits = (key if key >= 0 else key ^ width.magnitude).to_bytes((width.sign + 1) // 8, "little", signed=True)
        number: float = unpack("<f" if width.sign == 31 else "<d", bits)[0]
        return number + 0.0

    def subnormals(self) -> int:
        """Smaller than the least normal number, but not zero."""
        first = self._width.infinite // 255 if self._width is kernels.FLOAT32 else self._width.infinite // 2047
        half = kernels.BUCKETS // 2
        coarse = self._raw_counts()
        last = first >> self._width.top
        return int(coarse[:last].sum() + coarse[half:half + last].sum()) - self.zeros

    def moments(self) -> Moments:
        """Raises nothing; call after `finished`, which sees to squares that are too great or too small for float64."""
        import numpy as np
        if not self.finite:
            return NOTHING
        if self._scaled:
            return joined([part for _, part in sorted(self._scaled, key=lambda entry: entry[0])])
        rows = np.concatenate([rows for _, rows in sorted(self._rows, key=lambda entry: entry[0])])
        rows = rows[rows[:, 0] > 0]
        number, near, total, squares = rows.T
        mean = math.fsum([*(number * near).tolist(), *total.tolist()]) / self.finite
        within = np.maximum(squares - total * (total / number), 0)
        apart = near + total / number - mean
        return Moments(self.finite, mean, math.fsum((within + number * apart * apart).tolist()))

    # -- later passes ---------------------------------------------------------------------------------------------------

    def begin(self, thresholds: Array, ranks: list[int], others: Distribution | None = None) -> bool:
        """Asks how many elements are less than each threshold (ascending) and which elements have these places (ascending) among
        the finite ones and `others` together. Whether another pass is needed to know."""
        import numpy as np
        self._thresholds = thresholds
        there, counts = self._occupied()
        first = kernels.BUCKETS // 2 - (self._width.infinite >> self._width.top)        # of the finite buckets, in order
        low, high = _all_bounds(self._width)
        ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        sure = np.searchsorted(high, thresholds, "left")
        place = np.searchsorted(there, sure + first, "left")
        cut = (np.searchsorted(low, thresholds, "left") > sure) & (np.append(there, -1)[place] == sure + first)
        self._inside = ends[place]
        self._cut = np.flatnonzero(cut)
        self._scale = scale_for(max(abs(self.min), abs(self.max))) if self.finite else 1.0
        if others is not None and others.size:
            keys = self._keys_of(others.values)
            more = from_counts(np.concatenate([there, (keys >> np.uint64(self._width.top)).astype(np.int64)]),
                               np.concatenate([counts, np.ones(keys.size, np.int64) if others.counts is None else others.counts]))
            assert more.counts is not None
            there, counts = more.values, more.counts
        self._open.start(there, counts, ranks)
        self._prepare(sure[self._cut] + first)
        return self._pass_needed()

    def begin_moments(self) -> bool:
        """As `begin`, for nothing but the moments."""
        self._scale = scale_for(max(abs(self.min), abs(self.max)))
        return self._pass_needed()

    def count_again(self, floats: Array, index: int) -> None:
        """A chunk again, in a pass that `begin` or `finished` asked for."""
        if self._buckets is not None and self._below is not None:
            below, _ = self._below.take()
            if self._fine is None:
                kept = kernels.keep_wanted(self._width, floats, self._buckets, below, self._open.weight, self._nbytes_in_all)
                self._open.keep(self._keys(kept))
            else:
                table, count = self._fine.take()
                kernels.count_wanted(self._width, floats, self._buckets, below, table, self._nbytes_in_all)
                self._fine.give(table, count + floats.size)
            self._below.give(below, 0)
        elif self._open.prefixes is not None:
            self._open.count_again(self._keys(floats))
        if self._scale != 1.0 and index >= 0:
            self._rescale(floats, index)

    def finished(self, others: Distribution | None = None) -> bool:
        """After a pass: whether all is known now."""
        import numpy as np
        if self._buckets is not None and self._below is not None:
            self._settle(self._below.sum())
            if self._fine is not None:
                fine = self._fine.sum()
                self._open.deeper({int(prefix): self._in_prefix(fine[n], int(prefix)) for n, prefix in enumerate(self._open.prefixes)}
                                  if self._open.prefixes is not None else {})
            self._buckets = self._fine = self._below = None
        if others is not None and others.size:
            self._open.weigh(self._keys_of(others.values),
                             np.ones(others.values.size, np.int64) if others.counts is None else others.counts)
        self._open.narrow()
        self._scale = 1.0
        return not self._pass_needed()

    def under(self) -> Array:
        """How many elements are less than each threshold."""
        return self._inside

    def at(self, ranks: list[int]) -> list[float]:
        """The elements (or numbers of `others`) with these places."""
        half = 1 << self._width.sign
        return [self._number(self._open.found[rank] - half) for rank in ranks]

    def fine(self) -> Fine:
        """How many elements are in each bucket."""
        import numpy as np
        ordered = _in_order(self._raw_counts())
        first = kernels.BUCKETS // 2 - (self._width.infinite >> self._width.top)
        there = np.flatnonzero(ordered[first:kernels.BUCKETS - first]) + first
        low, high = (bounds[there - first] for bounds in _all_bounds(self._width))
        if there.size:
            low[0], high[-1] = self.min, self.max
        return Fine("f", low.astype("<f8").tobytes(), ordered[there].astype("<i8").tobytes(), high.astype("<f8").tobytes())

    # -- by other processes ---------------------------------------------------------------------------------------------

    def for_part(self) -> Floats:
        """See `gather.Gathered.for_part`."""
        part = Floats(self._width, self._nbytes_in_all)
        part._open, part._buckets, part._scale = self._open.for_part(), self._buckets, self._scale
        part._fine, part._below = (None if tables is None else tables.for_part() for tables in (self._fine, self._below))
        return part

    def take_in(self, part: Floats) -> None:
        self._tables.take_in(part._tables)
        self._open.take_in(part._open)
        for mine, theirs in ((self._fine, part._fine), (self._below, part._below)):
            if mine is not None and theirs is not None:
                mine.take_in(theirs)
        with self._lock:
            self.numel += part.numel
            self.finite += part.finite
            self.zeros += part.zeros
            self.posinf += part.posinf
            self.neginf += part.neginf
            self._least, self._greatest = min(self._least, part._least), max(self._greatest, part._greatest)
            self._rows += part._rows
            self._scaled += part._scaled

    # -- in parts -------------------------------------------------------------------------------------------------------

    def _raw_counts(self) -> Array:
        """Of all that was added; from then on nothing is."""
        if self._coarse is None:
            self._coarse = self._tables.both()
        return self._coarse

    def _occupied(self) -> tuple[Array, Array]:
        """The finite buckets that have elements, ascending with the numbers, and how many each has (int64): seldom more than a few
        thousand of 65,536."""
        import numpy as np
        counts, half = self._raw_counts(), kernels.BUCKETS // 2
        last = self._width.infinite >> self._width.top
        negative, positive = counts[half:half + last], counts[:last]
        under, over = np.flatnonzero(negative != 0)[::-1], np.flatnonzero(positive != 0)
        return np.concatenate([half - 1 - under, half + over]), np.concatenate([negative[under], positive[over]]).astype(np.int64)

    def _keys(self, floats: Array) -> Array:
        """Order keys of the finite elements, from 0 (uint64)."""
        import numpy as np
        keys = floats.view(self._width.keys).astype(np.int64)
        size = keys & self._width.magnitude
        finite = size < self._width.infinite
        keys = np.where(keys < 0, -1 - size, size)[finite]
        return self._from_zero(keys)

    def _keys_of(self, values: Array) -> Array:
        return self._keys(values.astype(self._width.floats))

    def _from_zero(self, keys: Array) -> Array:
        import numpy as np
        shifted: Array = keys.view(np.uint64) + np.uint64(1 << self._width.sign)
        return shifted & np.uint64((1 << self._width.sign + 1) - 1)

    def _prepare(self, cut: Array) -> None:
        """The tables for a second pass. `cut`: of each threshold in `_cut`, the bucket it lies in, in order."""
        import numpy as np
        opened = self._open.prefixes if self._open.prefixes is not None else np.zeros(0, np.uint64)
        marked = np.zeros(kernels.BUCKETS, bool)
        marked[cut] = marked[opened.astype(np.int64)] = True
        wanted = np.flatnonzero(marked)
        if not wanted.size:
            return
        slot = np.zeros(kernels.BUCKETS, np.uint16)
        slot[_raw_buckets(wanted)] = np.arange(1, wanted.size + 1)
        first = np.concatenate([[0], np.searchsorted(cut, wanted, "left"), [cut.size]]).astype(np.uint64)
        fine = np.full(wanted.size + 1, opened.size, np.uint64)
        fine[np.searchsorted(wanted, opened.astype(np.int64)) + 1] = np.arange(opened.size)
        keep = np.where(fine < opened.size, 0xFFFF, 0).astype(np.uint32)
        self._fine = None if self._open.are_few else Tables((opened.size + 1, kernels.BUCKETS))
        self._below = Tables((cut.size + wanted.size + 1,), "i8")
        thresholds = np.append(self._thresholds[self._cut].astype(np.float64), np.inf)      # one more, so that each slot has a next
        self._buckets = kernels.WantedBuckets(slot, first, thresholds, fine, keep)

    def _settle(self, below: Array) -> None:
        """Adds to the elements surely under each threshold those of its own bucket that are."""
        import numpy as np
        assert self._buckets is not None
        first = self._buckets.first[1:].astype(np.int64)
        which = np.repeat(np.arange(1, first.size), first[1:] - first[:-1])       # the bucket that each threshold cuts
        ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(below[np.arange(which.size) + which])])
        self._inside[self._cut] += ends[1:] - ends[first[which - 1]]

    def _in_prefix(self, counts: Array, prefix: int) -> Array:
        """Counts by the bits under a bucket's, ascending with the numbers."""
        return counts[::-1] if prefix < kernels.BUCKETS // 2 else counts

    def _rescale(self, floats: Array, index: int) -> None:
        import numpy as np
        values = floats[np.isfinite(floats)].astype(np.float64) / self._scale
        if not values.size:
            return
        mean = float(values.mean())
        apart = values - mean
        part = Moments(values.size, mean * self._scale, sum_of_squares(apart), self._scale)
        with self._lock:
            self._scaled.append((index, part))

    def _pass_needed(self) -> bool:
        return self._buckets is not None or self._open.prefixes is not None or self._scale != 1.0


@cache
def _all_bounds(width: kernels.Width) -> tuple[Array, Array]:
    """The least and the greatest number in each finite bucket, ascending (float64)."""
    import numpy as np
    finite = width.infinite >> width.top
    low = np.arange(-finite, finite, dtype=np.int64) << width.top
    both = (low, low + ((1 << width.top) - 1))
    bits = (np.where(keys < 0, keys ^ width.magnitude, keys).astype(width.keys) for keys in both)
    first, last = (part.view(width.floats).astype(np.float64) for part in bits)
    return first, last


def _in_order(counts: Array) -> Array:
    """Counts by raw top bits, as counts by buckets ascending with their numbers."""
    import numpy as np
    half = kernels.BUCKETS // 2
    ordered: Array = np.concatenate([counts[half:][::-1], counts[:half]])
    return ordered


def _raw_buckets(ordered: Array) -> Array:
    import numpy as np
    half = kernels.BUCKETS // 2
    raw: Array = np.where(ordered >= half, ordered - half, kernels.BUCKETS - 1 - ordered)
    return raw
