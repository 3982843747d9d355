"""The slices of one side's tensors, found by their digests, and which tensors a whole is made of."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from inspector.core.hashing import distinct

from .places import Places, fitted, places_of
from .sampling import Family, Slices

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_FEW = 24               # slices with one digest that are told apart one by one
_MOST_ENTRIES = 1 << 22     # of all of those together
_ENTRIES = 1 << 20      # that are looked at at once
_KNOWN = 0.2            # of a piece's slices that must be recognised by coarse digests
_FEWEST = 3
_PROBES = 48


class Piece(NamedTuple):
    """A tensor, by its number, of which every slice of `family` stands in a whole. `places` says where, None: in an order that no
    nested runs give, `numbers`."""

    tensor: int
    family: Family
    places: Places | None
    numbers: Array


class Index:
    """Of tensors by their numbers."""

    def __init__(self, tables: Mapping[int, list[Slices]], coarse: bool) -> None:
        import numpy as np
        self.coarse = coarse
        self.tables = tables
        self.families = [(tensor, slices) for tensor, table in tables.items() for slices in table]
        counts = [len(slices.exact) for _, slices in self.families]
        keys = [slices.coarse if coarse else slices.exact for _, slices in self.families]
        digests = np.concatenate(keys) if keys else np.zeros(0, np.uint64)
        order = np.argsort(digests, kind="stable")
        self._digests = digests[order]
        self._family = np.repeat(np.arange(len(counts), dtype=np.int32), counts)[order]
        starts = np.cumsum([0, *counts])
        self._slice = (order - np.repeat(starts[:-1], counts)[order]).astype(np.int32) if counts else np.zeros(0, np.int32)
        self._tensor = np.array([tensor for tensor, _ in self.families], np.int64)
        self._count = np.array(counts, np.int64)

    def made_of(self, whole: Slices, free: Array) -> list[Piece]:
        """The free tensors (`free`: by number) that the slices of `whole` are, each of them whole and all slices taken up; [] where
        they are none, or nothing in them tells them apart."""
        import numpy as np
        wanted = whole.coarse if self.coarse else whole.exact
        count = len(wanted)
        if count > 4 * _PROBES:
            probes = wanted[:: count // _PROBES]
            first = np.searchsorted(self._digests, probes)
            there = self._digests[np.minimum(first, len(self._digests) - 1)] == probes if len(self._digests) else np.zeros(1, bool)
            if there.mean() < (_KNOWN / 2 if self.coarse else 0.8):
                return []
        first, last = (np.searchsorted(self._digests, wanted, side) for side in ("left", "right"))
        many = last - first
        clear = _told_apart(many, whole.telling)
        if not clear.size:
            return []
        of, at = _spread(clear, first[clear], many[clear])
        ok = free[self._tensor[self._family[at]]]
        of, at = of[ok], at[ok]
        families = self._chosen(of, self._family[at], count)
        if not families:
            return []
        if self.coarse:
            return self._fitted(families, of, at, count)
        return self._placed(families, wanted, of, at, first, last)

    def _chosen(self, of: Array, family: Array, count: int) -> list[int]:
        """The families whose slices make up all `count` of the whole: of each tensor the one that is recognised best."""
        import numpy as np
        there, earliest, votes = np.unique(family, return_index=True, return_counts=True)
        share = votes / self._count[there]
        best: dict[int, tuple[float, int]] = {}
        for number, part in zip(there.tolist(), share.tolist(), strict=True):
            tensor = int(self._tensor[number])
            if part >= (_KNOWN if self.coarse else 0.02) and part > best.get(tensor, (0.0, 0))[0]:
                best[tensor] = (part, number)
        if not best:
            return []
        for _, number in sorted(best.values(), reverse=True):       # one that is all of it, before any several
            if self._count[number] == count:
                return [number]
        where = dict(zip(there.tolist(), of[earliest].tolist(), strict=True))       # `of` never falls
        found, total = [], 0
        for _, number in sorted(best.values(), key=lambda one: (-round(one[0], 1), where.get(one[1], 0))):
            if total + self._count[number] <= count:
                found.append(number)
                total += int(self._count[number])
        return sorted(found, key=lambda number: where.get(number, 0)) if total == count else []

    def _placed(self, families: list[int], wanted: Array, of: Array, at: Array, first: Array, last: Array) -> list[Piece]:
        """Which slice of which family stands where. Slices that are all the same are taken in their order."""
        import numpy as np
        starts = np.cumsum([0, *(self._count[number] for number in families)])
        start_of = np.full(len(self.families), -1, np.int64)
        start_of[families] = starts[:-1]
        count = len(wanted)
        mine = start_of[self._family[at]] >= 0
        of, at = of[mine], at[mine]
        taken = np.full(count, -1, np.int64)                # which slice of all families, in a row
        only, times = np.unique(of, return_counts=True)
        single = np.isin(of, only[times == 1])
        own = start_of[self._family[at[single]]] + self._slice[at[single]]
        taken[of[single]] = own
        if len(distinct(own)) != len(own):
            return []
        left = np.ones(count, bool)
        left[own] = False
        open_places = np.flatnonzero(taken < 0)
        _, earliest, group, times = np.unique(wanted[open_places], return_index=True, return_inverse=True, return_counts=True)
        begin, many = first[open_places[earliest]], (last - first)[open_places[earliest]]
        if int(many.sum()) > 64 * count + 4096:
            return []
        parts = []
        for piece in _cut(many):
            same, entries = _spread(np.arange(len(times))[piece], begin[piece], many[piece])
            starting = start_of[self._family[entries]]
            candidates = starting + self._slice[entries]
            ok = starting >= 0
            ok[ok] = left[candidates[ok]]
            parts.append((same[ok], candidates[ok]))
            if not np.array_equal(np.bincount(same[ok], minlength=len(times))[piece], times[piece]):
                return []
        if parts:
            same, candidates = (np.concatenate(part) for part in zip(*parts, strict=True))
            taken[open_places[np.argsort(group, kind="stable")]] = candidates[np.lexsort((candidates, same))]
        found = []
        where = np.empty(count, np.int64)
        where[taken] = np.arange(count)
        for number, begin, end in zip(families, starts[:-1], starts[1:], strict=True):
            numbers = where[begin:end]
            tensor, slices = self.families[number]
            found.append(Piece(tensor, slices.family, places_of(numbers), numbers))
        return found

    def _fitted(self, families: list[int], of: Array, at: Array, count: int) -> list[Piece]:
        """The same where only some slices are recognised, and some of those wrongly."""
        import numpy as np
        found = []
        family = self._family[at]
        order = np.argsort(family, kind="stable")
        for number in families:
            mine = order[slice(*np.searchsorted(family, (number, number + 1), sorter=order))]
            own, numbers = self._slice[at[mine]].astype(int), of[mine]
            if len(own) < min(_FEWEST, self._count[number]):
                return []
            places = fitted(own, numbers, int(self._count[number]), count)
            if places is None:
                return []
            tensor, slices = self.families[number]
            found.append(Piece(tensor, slices.family, places, places.numbers))
        covered = np.sort(np.concatenate([piece.numbers for piece in found]))
        return found if len(covered) == count and (covered == np.arange(count)).all() else []


def _told_apart(many: Array, telling: Array) -> Array:
    """The slices that have few enough others with their digest (`many`), and fewer where they are many together."""
    import numpy as np
    few = _FEW
    while True:
        clear = np.flatnonzero((many > 0) & (many <= few) & telling)
        if few == 1 or int(many[clear].sum()) <= _MOST_ENTRIES:
            return clear
        few //= 2


def _cut(many: Array) -> Iterator[slice]:
    """Groups that have so many entries each, some at a time: those of not too many entries, but at least one."""
    import numpy as np
    ends = np.cumsum(many)
    low = 0
    while low < len(many):
        high = max(low + 1, int(np.searchsorted(ends, (int(ends[low - 1]) if low else 0) + _ENTRIES, "right")))
        yield slice(low, high)
        low = high


def _spread(of: Array, first: Array, many: Array) -> tuple[Array, Array]:
    """Each of `of` as many times as it has entries, and the entries."""
    import numpy as np
    repeated = np.repeat(of, many)
    offsets = np.arange(int(many.sum())) - np.repeat(np.cumsum(many) - many, many)
    return repeated, np.repeat(first, many) + offsets
