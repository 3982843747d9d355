"""Exact numbers about elements too many to be kept and too different to be counted one by one.

    first pass     `add`: range, moments, zeros, infinities, and (floats) how many share their top 16 bits
    later passes   `begin` says what is still open, `look` at every chunk again, until `finished`: elements that an edge of the
                   histogram lies among are compared with it, and buckets with wanted quantiles in them are opened 16 bits deeper

Any thread may add and look; what comes out does not depend on the order in which chunks come.
"""
from __future__ import annotations

import math
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

from . import kernels
from .distribution import NOTHING, Distribution, Moments, exact_sum, joined, scale_for
from .elements import FLOAT32, FLOAT64
from .histogram import Fine

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_FEW = 1 << 18          # elements that are rather kept and sorted than counted in yet another pass
_FLUSH = 1 << 31        # elements after which a table of uint32 is emptied


def stream(family: str, worth: int) -> Floats | Integers:
    """A stream for elements of that family, of which about `worth` bytes will come."""
    if family in (FLOAT32, FLOAT64):
        return Floats(kernels.FLOAT32 if family == FLOAT32 else kernels.FLOAT64, worth)
    return Integers(family)


class _Tables:
    """Counting tables (of uint32 unless said otherwise), one for each thread that counts at the same time."""

    def __init__(self, shape: tuple[int, ...], kind: str = "u4") -> None:
        self._kind = kind
        self._total: Array | None = None
        self._shape = shape
        self._free: list[tuple[Array, int]] = []
        self._lock = Lock()

    def take(self) -> tuple[Array, int]:
        import numpy as np
        with self._lock:
            if self._free:
                return self._free.pop()
        return np.zeros(self._shape, self._kind), 0

    def give(self, table: Array, count: int) -> None:
        with self._lock:
            if count >= _FLUSH:
                self._empty(table)
                count = 0
            self._free.append((table, count))

    def sum(self) -> Array:
        """All that was counted: int64, or, where that is enough, uint32."""
        import numpy as np
        with self._lock:
            if self._total is None and len(self._free) == 1:
                return self._free[0][0]
            for table, _ in self._free:
                self._empty(table)
            self._free.clear()
            if self._total is None:
                self._total = np.zeros(self._shape, np.int64)
            return self._total

    def _empty(self, table: Array) -> None:
        import numpy as np
        if self._total is None:
            self._total = np.zeros(self._shape, np.int64)
        self._total += table
        table[:] = 0


class Table:
    """How often each value of an 8- or 16-bit type occurs."""

    def __init__(self, nbits: int, worth: int) -> None:
        self._nbits = nbits
        self._worth = worth
        self._tables = _Tables((2, 1 << nbits))

    def add(self, bits: Array) -> None:
        """`bits`: uint8 or uint16."""
        import numpy as np
        table, count = self._tables.take()
        if self._nbits == 8:
            table[0] += np.bincount(bits, minlength=256).astype(np.uint32)
        else:
            kernels.count16(bits, table, self._worth)
        self._tables.give(table, count + bits.size)

    def counts(self) -> Array:
        import numpy as np
        counts: Array = self._tables.sum().sum(axis=0, dtype=np.int64)
        return counts


class Floats:
    """float32 or float64 elements; chunks are arrays of that type."""

    def __init__(self, width: kernels.Width, worth: int) -> None:
        import numpy as np
        self._width = width
        self._worth = worth
        self._lock = Lock()
        self._tables = _Tables((2, kernels.BUCKETS))
        self._rows: list[tuple[int, Array]] = []
        self._scaled: list[tuple[int, Moments]] = []
        self.dtype = np.dtype(np.float64)
        self.numel = self.finite = self.zeros = self.posinf = self.neginf = 0
        self._least, self._greatest = width.magnitude, -width.magnitude
        self._open = _Opened(width.top)
        self._places: kernels.Places | None = None
        self._fine: _Tables | None = None
        self._below: _Tables | None = None
        self._thresholds = np.zeros(0)
        self._cut = np.zeros(0, np.int64)
        self._inside = np.zeros(0, np.int64)
        self._scale = 1.0

    # -- first pass -----------------------------------------------------------------------------------------------------

    def add(self, floats: Array, index: int) -> None:
        """`index` is the chunk's number: sums are taken in that order."""
        table, count = self._tables.take()
        found = kernels.scan(self._width, floats, table, self._worth)
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
        import numpy as np
        kind = np.dtype(self._width.keys)
        bits = np.array(key if key >= 0 else (key ^ self._width.magnitude), kind)
        return float(bits.view(self._width.floats)) + 0.0

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
        ordered = _in_order(self._raw_counts())
        first = kernels.BUCKETS // 2 - (self._width.infinite >> self._width.top)        # of the finite buckets, in order
        last = kernels.BUCKETS - first
        low, high = _all_bounds(self._width)
        counts = ordered[first:last]
        ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        sure = np.searchsorted(high, thresholds, "left")
        cut = (np.searchsorted(low, thresholds, "left") > sure) & (counts[np.minimum(sure, counts.size - 1)] > 0)
        self._inside = ends[sure]
        self._cut = np.flatnonzero(cut)
        self._scale = scale_for(max(abs(self.min), abs(self.max))) if self.finite else 1.0
        weights = np.zeros(kernels.BUCKETS, np.int64)
        weights[first:last] = counts
        if others is not None and others.size:
            np.add.at(weights, (self._keys_of(others.values) >> np.uint64(self._width.top)).astype(np.int64),
                      1 if others.counts is None else others.counts)
        self._open.start(weights, ranks)
        self._prepare(sure[self._cut] + first)
        return self._pass_needed()

    def look(self, floats: Array, index: int) -> None:
        """A chunk again, in a pass that `begin` or `finished` asked for."""
        if self._places is not None and self._fine is not None and self._below is not None:
            table, count = self._fine.take()
            below, _ = self._below.take()
            kernels.place(self._width, floats, self._places._replace(table=table, below=below), self._worth)
            self._fine.give(table, count + floats.size)
            self._below.give(below, 0)
        elif self._open.prefixes is not None:
            self._open.look(self._keys(floats))
        if self._scale != 1.0 and index >= 0:
            self._rescale(floats, index)

    def finished(self, others: Distribution | None = None) -> bool:
        """After a pass: whether all is known now."""
        import numpy as np
        if self._places is not None and self._fine is not None and self._below is not None:
            self._settle(self._below.sum())
            fine = self._fine.sum()
            rows = {int(prefix): self._in_prefix(fine[n], int(prefix)) for n, prefix in enumerate(self._open.prefixes)} \
                if self._open.prefixes is not None else {}
            self._places = self._fine = self._below = None
            self._open.deeper(rows)
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

    # -- in parts -------------------------------------------------------------------------------------------------------

    def _raw_counts(self) -> Array:
        import numpy as np
        counts: Array = self._tables.sum().sum(axis=0, dtype=np.int64)
        return counts

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
        wanted = np.union1d(cut, opened.astype(np.int64))
        if not wanted.size:
            return
        slot = np.zeros(kernels.BUCKETS, np.uint16)
        slot[_raw_buckets(wanted)] = np.arange(1, wanted.size + 1)
        first = np.concatenate([[0], np.searchsorted(cut, wanted, "left"), [cut.size]]).astype(np.int64)
        fine = np.full(wanted.size + 1, opened.size, np.int64)
        fine[np.searchsorted(wanted, opened.astype(np.int64)) + 1] = np.arange(opened.size)
        keep = np.where(fine < opened.size, 0xFFFF, 0).astype(np.uint32)
        self._fine = _Tables((opened.size + 1, kernels.BUCKETS))
        self._below = _Tables((cut.size + wanted.size + 1,), "i8")
        thresholds = np.append(self._thresholds[self._cut].astype(np.float64), np.inf)      # one more, so that each slot has a next
        self._places = kernels.Places(slot, first, thresholds, np.zeros(0, np.int64), fine, keep, np.zeros((0, 0), np.uint32))

    def _settle(self, below: Array) -> None:
        """Adds to the elements surely under each threshold those of its own bucket that are."""
        import numpy as np
        assert self._places is not None
        first = self._places.first
        for which in range(1, first.size - 1):
            low, high = int(first[which]), int(first[which + 1])
            if low < high:
                self._inside[self._cut[low:high]] += np.cumsum(below[low + which:high + which])

    def _in_prefix(self, counts: Array, prefix: int) -> Array:
        """Counts by the bits under a bucket's, ascending with the numbers."""
        return (counts[::-1] if prefix < kernels.BUCKETS // 2 else counts).astype("i8")

    def _rescale(self, floats: Array, index: int) -> None:
        import numpy as np
        values = floats[np.isfinite(floats)].astype(np.float64) / self._scale
        if not values.size:
            return
        mean = float(values.mean())
        apart = values - mean
        part = Moments(values.size, mean * self._scale, float(np.dot(apart, apart)), self._scale)
        with self._lock:
            self._scaled.append((index, part))

    def _pass_needed(self) -> bool:
        return self._places is not None or self._open.prefixes is not None or self._scale != 1.0


class _Opened:
    """Finds the numbers that have given places in ascending order, by opening the buckets they lie in, 16 bits at a time.
    Numbers are keys from 0 up (uint64); `prefixes` are the wanted buckets by the bits from `shift` up."""

    def __init__(self, shift: int) -> None:
        self.shift = shift
        self.prefixes: Array | None = None
        self.found: dict[int, int] = {}
        self._ranks: list[tuple[int, int, int]] = []        # (place, prefix, place within it)
        self._step = 16
        self._rows: dict[int, Array] = {}
        self._kept: list[Array] | None = None
        self._extra: list[tuple[Array, Array]] = []
        self._weight = 0
        self._lock = Lock()

    def start(self, counts: Array, ranks: list[int]) -> None:
        """`counts` by the bits from `shift` up."""
        self._ranks = [(rank, 0, rank) for rank in ranks]
        self._down({0: counts})

    def _down(self, rows: dict[int, Array]) -> None:
        """From `rows`, how often each next 16 bits occur in each wanted prefix, to the prefixes wanted next."""
        import numpy as np
        ends = {prefix: np.cumsum(row) for prefix, row in rows.items()}
        narrower, weight = [], {}
        for rank, prefix, within in self._ranks:
            place = int(np.searchsorted(ends[prefix], within, "right"))
            before = int(ends[prefix][place - 1]) if place else 0
            into = prefix << self._step | place
            narrower.append((rank, into, within - before))
            weight[into] = int(rows[prefix][place])
        self._ranks = narrower
        self._weight = sum(weight.values())
        self._settle_or_go_on()

    def _settle_or_go_on(self) -> None:
        import numpy as np
        if self.shift == 0 or not self._ranks:
            self.found.update((rank, prefix) for rank, prefix, _ in self._ranks)
            self._ranks, self.prefixes = [], None
            return
        self.prefixes = np.unique(np.array([prefix for _, prefix, _ in self._ranks], np.uint64))
        self._step = min(16, self.shift)
        self._rows = {}
        self._extra = []
        self._kept = [] if self._weight <= _FEW else None

    def look(self, keys: Array) -> None:
        """Elements again, in a pass of their own."""
        import numpy as np
        assert self.prefixes is not None
        above = keys >> np.uint64(self.shift)
        places = np.minimum(np.searchsorted(self.prefixes, above), self.prefixes.size - 1)
        good = self.prefixes[places] == above
        keys, places = keys[good], places[good]
        if self._kept is not None:
            with self._lock:
                self._kept.append(keys)
            return
        low = self._low(keys)
        for n, prefix in enumerate(self.prefixes.tolist()):
            counts = np.bincount(low[places == n], minlength=kernels.BUCKETS)
            with self._lock:
                self._rows[prefix] = self._rows[prefix] + counts if prefix in self._rows else counts

    def _low(self, keys: Array) -> Array:
        """The bits under the prefix that are counted next."""
        import numpy as np
        low: Array = ((keys >> np.uint64(self.shift - self._step)) & np.uint64((1 << self._step) - 1)).astype(np.int64)
        return low

    def deeper(self, rows: dict[int, Array]) -> None:
        """Takes counts that were made elsewhere."""
        self._rows = dict(rows)
        self._kept = None

    def weigh(self, keys: Array, counts: Array) -> None:
        """Numbers that are no elements, and how often they occur."""
        self._extra.append((keys, counts))

    def narrow(self) -> None:
        """What the pass has shown."""
        import numpy as np
        if self.prefixes is None:
            return
        if self._kept is not None:
            self._sort()
            return
        for keys, counts in self._extra:
            above = keys >> np.uint64(self.shift)
            low = self._low(keys)
            for prefix in self.prefixes.tolist():
                here = above == np.uint64(prefix)
                row = self._rows.get(prefix, np.zeros(kernels.BUCKETS, np.int64)).astype(np.int64)
                np.add.at(row, low[here], counts[here])
                self._rows[prefix] = row
        rows = self._rows
        self.shift -= self._step
        self._down(rows)

    def _sort(self) -> None:
        import numpy as np
        kept = [(keys, np.ones(keys.size, np.int64)) for keys in self._kept or ()]
        keys = np.concatenate([np.zeros(0, np.uint64), *(part for part, _ in [*kept, *self._extra])])
        counts = np.concatenate([np.zeros(0, np.int64), *(part for _, part in [*kept, *self._extra])])
        order = np.argsort(keys, kind="stable")
        keys, counts = keys[order], counts[order]
        above, ends = keys >> np.uint64(self.shift), np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        for rank, prefix, within in self._ranks:
            start = int(ends[np.searchsorted(above, np.uint64(prefix), "left")])
            self.found[rank] = int(keys[np.searchsorted(ends[1:], start + within, "right")])
        self._ranks, self.prefixes, self._kept = [], None, None


class Integers:
    """int64 or uint64 elements; chunks are arrays of that type."""

    def __init__(self, family: str) -> None:
        import numpy as np
        self.dtype = np.dtype(family)
        self._lock = Lock()
        self._parts: list[tuple[int, Moments]] = []
        self.numel = self.zeros = 0
        self.posinf = self.neginf = 0
        self._least: int | None = None
        self._greatest = 0
        self._thresholds = np.zeros(0, self.dtype)
        self._inside = np.zeros(0, np.int64)
        self._open = _Opened(0)
        self._counts: _Tables | None = None
        self._shift = 0
        self._ranks: list[int] = []
        self._known: Distribution | None = None

    def add(self, values: Array, index: int) -> None:
        """See `Floats.add`."""
        import numpy as np
        if not values.size:
            return
        total, least, greatest = exact_sum(values), int(values.min()), int(values.max())
        middle = total // values.size
        if greatest - least < 1 << 62:
            apart = (values - self.dtype.type(middle)).view(np.int64).astype(np.float64)
        else:
            apart = values.astype(np.float64) - float(middle)
        rest = (total - middle * values.size) / values.size
        squares = max(float(np.dot(apart, apart)) - rest * rest * values.size, 0.0)
        with self._lock:
            self.numel += values.size
            self.zeros += values.size - int(np.count_nonzero(values))
            self._least = least if self._least is None else min(self._least, least)
            self._greatest = max(self._greatest, greatest) if self._parts else greatest
            self._parts.append((index, Moments(values.size, total / values.size, squares, 1.0, total)))

    @property
    def finite(self) -> int:
        return self.numel

    @property
    def min(self) -> int:
        return self._least or 0

    @property
    def max(self) -> int:
        return self._greatest

    def subnormals(self) -> int:
        return 0

    def moments(self) -> Moments:
        return joined([part for _, part in sorted(self._parts, key=lambda entry: entry[0])])

    def begin(self, thresholds: Array, ranks: list[int], others: Distribution | None = None) -> bool:
        """See `Floats.begin`; `others` are integers too."""
        import numpy as np
        self._thresholds, self._ranks = thresholds, ranks
        values = others.values if others is not None and others.size else None
        self._low = min(self.min, int(values[0])) if values is not None else self.min
        top = max(self.max, int(values[-1])) if values is not None else self.max
        self._inside = np.zeros(thresholds.size + 1, np.int64)
        self._shift = max(0, (top - self._low).bit_length() - 16)
        self._counts = _Tables((kernels.BUCKETS,))
        return self.numel > 0

    def look(self, values: Array, index: int) -> None:
        """See `Floats.look`."""
        import numpy as np
        keys = self._keys(values)
        if self._counts is None:
            self._open.look(keys)
            return
        table, count = self._counts.take()
        table += np.bincount((keys >> np.uint64(self._shift)).astype(np.int32), minlength=kernels.BUCKETS).astype(np.uint32)
        self._counts.give(table, count + values.size)
        if self._shift:
            inside = np.bincount(np.searchsorted(self._thresholds, values, "right"), minlength=self._inside.size)
            with self._lock:
                self._inside += inside

    def _keys(self, values: Array) -> Array:
        """Distances from the least number (uint64)."""
        import numpy as np
        bits: Array = np.ascontiguousarray(values).view(np.uint64)
        return bits - np.uint64(self._low & 0xFFFFFFFFFFFFFFFF)

    def finished(self, others: Distribution | None = None) -> bool:
        """See `Floats.finished`."""
        import numpy as np
        extra = (self._keys(others.values.astype(self.dtype)),
                 np.ones(others.values.size, np.int64) if others.counts is None else others.counts) \
            if others is not None and others.size else None
        if self._counts is not None:
            counts = self._counts.sum().astype(np.int64)
            self._counts = None
            if not self._shift:
                there = np.flatnonzero(counts)
                values = (there.astype(np.uint64) + np.uint64(self._low & 0xFFFFFFFFFFFFFFFF)).view(self.dtype)
                self._known = Distribution(values, counts[there])
            if extra is not None:
                counts = counts.copy()
                np.add.at(counts, (extra[0] >> np.uint64(self._shift)).astype(np.int64), extra[1])
            self._open = _Opened(self._shift)
            self._open.start(counts, self._ranks)
            return self._open.prefixes is None
        if extra is not None:
            self._open.weigh(*extra)
        self._open.narrow()
        return self._open.prefixes is None

    def under(self) -> Array:
        """See `Floats.under`."""
        import numpy as np
        if self._known is not None:
            return self._known.under(self._thresholds)
        found: Array = np.cumsum(self._inside[:-1])
        return found

    def at(self, ranks: list[int]) -> list[int]:
        """See `Floats.at`."""
        return [self._open.found[rank] + self._low for rank in ranks]

    def fine(self) -> Fine | None:
        if self._known is None:
            return None
        return Fine(self.dtype.kind, self._known.values.astype(f"<{self.dtype.kind}8").tobytes(),
                    self._known.ends.astype("<i8").tobytes() if self._known.counts is None else
                    self._known.counts.astype("<i8").tobytes())


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
