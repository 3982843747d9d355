"""The numbers with given places in ascending order, among elements too many to be sorted."""
from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

from .kernels import BUCKETS

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_FEW = 1 << 18          # elements that are rather kept and sorted than counted in yet another pass


class Shared:
    """What several threads fill; it goes to another process without its lock."""

    _lock: Lock

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._lock = Lock()


class Opened(Shared):
    """Finds the numbers that have given places in ascending order, by opening the buckets they lie in, 16 bits at a time.
    Numbers are keys from 0 up (uint64); `prefixes` are the wanted buckets by the bits from `shift` up, with `weight` numbers in them."""

    def __init__(self, shift: int) -> None:
        self.shift = shift
        self.prefixes: Array | None = None
        self.found: dict[int, int] = {}
        self._ranks: list[tuple[int, int, int]] = []        # (place, prefix, place within it)
        self._step = 16
        self._rows: dict[int, Array] = {}
        self._kept: list[Array] | None = None
        self._extra: list[tuple[Array, Array]] = []
        self.weight = 0
        self._lock = Lock()

    def start(self, places: Array, counts: Array, ranks: list[int]) -> None:
        """`places` are the bits from `shift` up that occur, ascending, and `counts` (int64) how often each does."""
        import numpy as np
        ends = np.cumsum(counts)
        found = np.searchsorted(ends, np.array(ranks, np.int64), "right")
        within = np.array(ranks, np.int64) - (ends[found] - counts[found])
        self._ranks = list(zip(ranks, places[found].tolist(), within.tolist(), strict=True))
        self.weight = int(counts[list(dict.fromkeys(found.tolist()))].sum()) if ranks else 0
        self._settle_or_go_on()

    def _down(self, rows: dict[int, Array]) -> None:
        """From `rows`, how often each next 16 bits occur in each wanted prefix, to the prefixes wanted next."""
        counted = {prefix: _Counted(row) for prefix, row in rows.items()}
        narrower, weight = [], {}
        for rank, prefix, within in self._ranks:
            place, before = counted[prefix].find(within)
            into = prefix << self._step | place
            narrower.append((rank, into, within - before))
            weight[into] = int(rows[prefix][place])
        self._ranks = narrower
        self.weight = sum(weight.values())
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
        self._kept = [] if self.weight <= _FEW else None

    def count_again(self, keys: Array) -> None:
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
            counts = np.bincount(low[places == n], minlength=BUCKETS)
            with self._lock:
                self._rows[prefix] = self._rows[prefix] + counts if prefix in self._rows else counts

    @property
    def are_few(self) -> bool:
        """Whether the wanted elements are to be kept, not counted."""
        return self.prefixes is None or self._kept is not None

    def keep(self, keys: Array) -> None:
        """Wanted elements, as far as they are few."""
        if self._kept is not None and keys.size:
            with self._lock:
                self._kept.append(keys)

    def for_part(self) -> Opened:
        """See `gather.Gathered.for_part`."""
        part = Opened(self.shift)
        part.prefixes, part._step, part.weight = self.prefixes, self._step, self.weight
        part._kept = None if self._kept is None else []
        return part

    def take_in(self, part: Opened) -> None:
        with self._lock:
            if self._kept is not None:
                self._kept += part._kept or ()
                return
            for prefix, counts in part._rows.items():
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
                row = self._rows.get(prefix, np.zeros(BUCKETS, np.int64)).astype(np.int64)
                np.add.at(row, low[here], counts[here])
                self._rows[prefix] = row
        rows = self._rows
        self.shift -= self._step
        self._down(rows)

    def _sort(self) -> None:
        import numpy as np
        if not self._extra:
            keys = np.sort(np.concatenate([np.zeros(0, np.uint64), *(self._kept or ())]))
            for rank, prefix, within in self._ranks:
                self.found[rank] = int(keys[int(keys.searchsorted(np.uint64(prefix << self.shift))) + within])
            self._ranks, self.prefixes, self._kept = [], None, None
            return
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


class _Counted:
    """Counts of 65,536 values, summed up by their upper 8 bits: only a few of all their sums are ever asked for."""

    def __init__(self, row: Array) -> None:
        import numpy as np
        self._row = row.reshape(256, 256)
        self._ends: Array = self._row.sum(axis=1, dtype=np.int64).cumsum()

    def find(self, place: int) -> tuple[int, int]:
        """The value that the element with this place in ascending order has, and how many elements are less."""
        import numpy as np
        upper = int(self._ends.searchsorted(place, "right"))
        before = int(self._ends[upper - 1]) if upper else 0
        ends = self._row[upper].cumsum(dtype=np.int64)
        lower = int(ends.searchsorted(place - before, "right"))
        return upper << 8 | lower, before + (int(ends[lower - 1]) if lower else 0)
