"""Counting tables that several threads fill, and the way to count types of 8 and 16 bits."""
from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

from . import kernels

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_FLUSH = 1 << 31        # elements after which a table of uint32 is emptied


class Tables:
    """Counting tables (of uint32 unless said otherwise), one for each thread that counts at the same time."""

    def __init__(self, shape: tuple[int, ...], kind: str = "u4") -> None:
        self._kind = kind
        self._total: Array | None = None
        self._shape = shape
        self._free: list[tuple[Array, int]] = []
        self._lock = Lock()

    def __getstate__(self) -> tuple[str, tuple[int, ...], Array | None]:
        """For another process: what was counted, in as few bytes as hold it."""
        import numpy as np
        counted = self.sum() if self._free or self._total is not None else None
        return self._kind, self._shape, counted if counted is None else counted.astype(np.min_scalar_type(int(counted.max(initial=0))))

    def __setstate__(self, state: tuple[str, tuple[int, ...], Array | None]) -> None:
        import numpy as np
        kind, shape, counted = state
        Tables.__init__(self, shape, kind)
        self._total = counted if counted is None else counted.astype(np.int64)

    def for_part(self) -> Tables:
        """Tables of the same shape in which nothing is counted yet."""
        return Tables(self._shape, self._kind)

    def take_in(self, part: Tables) -> None:
        """Adds what was counted there."""
        import numpy as np
        if not part._free and part._total is None:
            return
        counted = part.sum()
        with self._lock:
            if self._total is None:
                self._total = np.zeros(self._shape, np.int64)
            self._total += counted

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

    def both(self) -> Array:
        """The sum of the two rows of all tables: int64, or, where that is enough, uint32."""
        first, second = self.sum()
        counts: Array = first + second      # after `_FLUSH` elements uint32 still has room for as many
        return counts

    def _empty(self, table: Array) -> None:
        import numpy as np
        if self._total is None:
            self._total = np.zeros(self._shape, np.int64)
        self._total += table
        table[:] = 0


class Table:
    """How often each value of an 8- or 16-bit type occurs."""

    def __init__(self, nbits: int, nbytes_in_all: int) -> None:
        self._nbits = nbits
        self._nbytes_in_all = nbytes_in_all
        self._tables = Tables((2, 1 << nbits))

    def add(self, bits: Array) -> None:
        """`bits`: uint8 or uint16."""
        import numpy as np
        table, count = self._tables.take()
        if self._nbits == 8:
            table[0] += np.bincount(bits, minlength=256).astype(np.uint32)
        else:
            kernels.count16(bits, table, self._nbytes_in_all)
        self._tables.give(table, count + bits.size)

    def for_part(self) -> Table:
        """See `gather.Gathered.for_part`."""
        return Table(self._nbits, self._nbytes_in_all)

    def take_in(self, part: Table) -> None:
        self._tables.take_in(part._tables)

    def counts(self) -> Array:
        """int64."""
        import numpy as np
        counts: Array = self._tables.both().astype(np.int64, copy=False)
        return counts
