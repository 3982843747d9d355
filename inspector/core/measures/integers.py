"""Exact numbers about 32- and 64-bit integers too many to be sorted; in passes as those of `floats`."""
from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

from .distribution import Distribution, Moments, exact_sum, joined, sum_of_squares
from .histogram import Fine
from .kernels import BUCKETS
from .selecting import Opened, Shared
from .tables import Tables

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


class Integers(Shared):
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
        self._open = Opened(0)
        self._counts: Tables | None = None
        self._low = self._shift = 0
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
        squares = max(sum_of_squares(apart) - rest * rest * values.size, 0.0)
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
        self._counts = Tables((BUCKETS,))
        return self.numel > 0

    def count_again(self, values: Array, index: int) -> None:
        """See `Floats.count_again`."""
        import numpy as np
        keys = self._keys(values)
        if self._counts is None:
            self._open.count_again(keys)
            return
        table, count = self._counts.take()
        table += np.bincount((keys >> np.uint64(self._shift)).astype(np.int32), minlength=BUCKETS).astype(np.uint32)
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
            self._open = Opened(self._shift)
            there = np.flatnonzero(counts)
            self._open.start(there, counts[there], self._ranks)
            return self._open.prefixes is None
        if extra is not None:
            self._open.weigh(*extra)
        self._open.narrow()
        return self._open.prefixes is None

    def for_part(self) -> Integers:
        """See `gather.Gathered.for_part`."""
        import numpy as np
        part = Integers(self.dtype.name)
        part._thresholds, part._inside = self._thresholds, np.zeros_like(self._inside)
        part._low, part._shift, part._open = self._low, self._shift, self._open.for_part()
        part._counts = None if self._counts is None else self._counts.for_part()
        return part

    def take_in(self, part: Integers) -> None:
        if self._counts is not None and part._counts is not None:
            self._counts.take_in(part._counts)
        self._open.take_in(part._open)
        with self._lock:
            if part._least is not None:
                self._least = part._least if self._least is None else min(self._least, part._least)
                self._greatest = max(self._greatest, part._greatest) if self._parts else part._greatest
            self.numel += part.numel
            self.zeros += part.zeros
            self._parts += part._parts
            self._inside += part._inside

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
