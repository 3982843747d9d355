"""The pairs of a comparison as a tree, in arrays. No Qt.

    Comparison → Figures (what is known of each pair, and comes to be known) → PairTree (a KeyTree over A's names)

Pair `i` is entry `i` of the tree; the other values that differ follow. What only B has stands where A's names would have it, by
the groups that the rules paired. Sums and extremes over whole subtrees are made anew when figures came in: milliseconds.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inspector import core

from .key_tree import Bools, Ints, KeyTree, Raw, nodes_of

STATUSES = ("equal", "values", "dtype", "shape", "only-a", "only-b", "renamed", "unread", "plain")     # "plain": no tensor
DEVICE = "device"                               # a mark beside the status
FIGURES = ("max", "rms", "rel", "cosine", "share", "sqnr")
LEAST = ("cosine", "sqnr")                      # figures of which the smallest is the worst
METADATA = "(metadata)"

_CODES = {status: code for code, status in enumerate(STATUSES)}
_PLAIN = _CODES["plain"]
_SEVERITY = np.array([0, 6, 4, 8, 7, 7, 3, 1, 5], dtype=np.int32)     # how much each status asks to be looked at
_LEVELS = 16                                    # groups above a name that are looked up
_REPORT_EVERY = 8192

Floats = NDArray[np.float64]


class Figures:
    """The state of all pairs; `changes` counts how often it grew. One is shared by all trees of a comparison."""

    def __init__(self, comparison: core.Comparison) -> None:
        self.comparison = comparison
        self.pairs: list[core.Pair] = list(comparison.pairs)
        self.values = comparison.values
        total = len(self.pairs) + len(self.values)
        self.status: NDArray[np.int8] = np.full(total, _PLAIN, dtype=np.int8)
        self.status[:len(self.pairs)] = [_CODES[pair.status] for pair in self.pairs]
        self.device: Bools = np.zeros(total, dtype=bool)
        self.device[:len(self.pairs)] = [pair.device for pair in self.pairs]
        self.counters: Bools = np.zeros(total, dtype=bool)
        self.counters[:len(self.pairs)] = [_is_counter(comparison, pair) for pair in self.pairs]
        self.of: dict[str, Floats] = {name: np.full(total, np.nan) for name in FIGURES}
        self.changes = 0
        self.fill((n, pair) for n, pair in enumerate(self.pairs) if pair.difference is not None)

    def fill(self, news: Iterable[tuple[int, core.Pair]]) -> None:
        """(number, pair) of pairs whose values are now known."""
        for n, pair in news:
            self.pairs[n] = pair
            self.status[n] = _CODES[pair.status]
            found = pair.difference
            if found is not None and not found.problem:
                ratio = self.comparison.sqnr(pair)
                figures = (found.max_abs, found.rms, found.rel, found.cosine, found.n_different / max(found.numel, 1),
                           np.nan if ratio is None else ratio)
                for name, figure in zip(FIGURES, figures, strict=True):
                    self.of[name][n] = figure
        self.changes += 1

    def counts(self) -> dict[str, int]:
        """status -> how many, and the pairs on other devices."""
        found = np.bincount(self.status, minlength=len(STATUSES))
        return {status: int(count) for status, count in zip(STATUSES, found, strict=True)} | {DEVICE: int(self.device.sum())}


def _is_counter(comparison: core.Comparison, pair: core.Pair) -> bool:
    """Whether a pair is of whole numbers, or of one element that the optimizer's steps are counted in."""
    info = comparison.a.tensors[pair.a] if pair.a is not None else comparison.b.tensors[pair.b or ""]
    known = core.DTYPES.get(info.dtype)
    return (known is not None and known.kind in ("int", "uint", "bool")) or (info.numel == 1 and info.name.endswith("step"))


class PairTree(KeyTree):
    """`flat`: one list without groups."""

    def __init__(self, figures: Figures, names: core.Checkpoint, raw: Raw, flat: bool, monitor: core.Monitor) -> None:
        super().__init__(names, raw, monitor)
        self.figures, self.flat = figures, flat
        self._entered = np.flatnonzero(self.entry >= 0)
        rules = np.array([pair.rule for pair in figures.pairs] + [-1] * len(figures.values), dtype=np.int32)
        self._ruled = self._entered[rules[self.entry[self._entered]] >= 0]
        self._seen = -1                             # the changes of the figures that were summed up
        self._running: NDArray[np.int32] = np.zeros((0, 0), dtype=np.int32)
        self._peaks: dict[str, Floats] = {}

    # -- one node -----------------------------------------------------------------------------------------------------

    def pair(self, n: int) -> core.Pair | None:
        entry = int(self.entry[n])
        return self.figures.pairs[entry] if 0 <= entry < len(self.figures.pairs) else None

    def change(self, n: int) -> core.ValueChange | None:
        """The other value that differs which a node is, if it is one."""
        entry = int(self.entry[n]) - len(self.figures.pairs)
        return self.figures.values[entry] if entry >= 0 else None

    def counts(self, n: int) -> dict[str, int]:
        """status -> how many at or below `n`, those there are."""
        self._sum_figures()
        found = self._running[:, int(self.end[n])] - self._running[:, n]
        return {name: int(count) for name, count in zip((*STATUSES, DEVICE), found, strict=True) if count}

    def peak(self, figure: str, n: int) -> float:
        """The greatest of one of `FIGURES` at or below `n` (of those of `LEAST` the least); NaN while none is known. Steps and other
        counters count where there is nothing else: 400 batches more are no difference of 400 between weights."""
        return float(self._peak(figure)[n])

    def first_renamed(self, n: int) -> int | None:
        """The first pair at or below `n` that a rule has paired."""
        at = int(np.searchsorted(self._ruled, n))
        return int(self._ruled[at]) if at < len(self._ruled) and self._ruled[at] < self.end[n] else None

    # -- many nodes ---------------------------------------------------------------------------------------------------

    def pairs_below(self, nodes: Iterable[int]) -> list[int]:
        """Numbers of all pairs at or below any of `nodes`."""
        entries = self.entry[self.cover(np.fromiter(nodes, dtype=np.int64))]
        found: list[int] = np.sort(entries[(entries >= 0) & (entries < len(self.figures.pairs))]).tolist()
        return found

    def changes_below(self, nodes: Iterable[int]) -> list[core.ValueChange]:
        """The other values at or below any of `nodes`."""
        entries = self.entry[self.cover(np.fromiter(nodes, dtype=np.int64))]
        return [self.figures.values[entry - len(self.figures.pairs)] for entry in np.sort(entries[entries >= len(self.figures.pairs)])]

    def with_status(self, wanted: frozenset[str]) -> Bools:
        """Which nodes are pairs or values of one of the `wanted` statuses, or on other devices if that is wanted."""
        figures = self.figures
        chosen = np.isin(figures.status, [_CODES[status] for status in wanted if status in _CODES])
        if DEVICE in wanted:
            chosen |= figures.device
        hits = np.zeros(len(self), dtype=bool)
        hits[self._entered] = chosen[self.entry[self._entered]]
        return hits

    def ranks(self, column: str) -> Ints:
        if column in FIGURES:
            known = self._peak(column)
            return np.unique(np.where(np.isnan(known), np.inf if column in LEAST else -np.inf, known),
                             return_inverse=True)[1].reshape(-1).astype(np.int32)
        if column == "status":
            own = np.zeros(len(self), dtype=np.int32)
            own[self._entered] = _SEVERITY[self.figures.status[self.entry[self._entered]]]
            worst: Ints = self._upwards(own, np.maximum)
            return worst
        return super().ranks("parameters" if column in ("a", "b") else column)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _sum_figures(self) -> None:
        if self._seen == self.figures.changes:
            return
        self._seen = self.figures.changes
        self._peaks = {}
        own = np.zeros((len(STATUSES) + 1, len(self) + 1), dtype=np.int32)
        entries = self.entry[self._entered]
        own[self.figures.status[entries], self._entered + 1] = 1
        own[-1, self._entered + 1] = self.figures.device[entries]
        self._running = np.cumsum(own, axis=1, dtype=np.int32)

    def _peak(self, figure: str) -> Floats:
        self._sum_figures()
        if figure not in self._peaks:
            combine = np.fmin if figure in LEAST else np.fmax
            entries = self.entry[self._entered]
            own = np.full(len(self), np.nan)
            own[self._entered] = self.figures.of[figure][entries]
            weights = own.copy()
            weights[self._entered[self.figures.counters[entries]]] = np.nan
            weights, everything = self._upwards(weights, combine), self._upwards(own, combine)
            self._peaks[figure] = np.where(np.isnan(weights), everything, weights)
        return self._peaks[figure]

    def _upwards(self, own: Any, combine: np.ufunc) -> Any:
        """What `combine` makes of each node's own and all that is below it."""
        for level in reversed(self.levels[1:]):
            combine.at(own, self.parent[level], own[level])
        return own


def build_pair_tree(figures: Figures, monitor: core.Monitor = core.QUIET, *, flat: bool = False) -> PairTree:
    """The tree of a comparison's pairs under A's names, or one list of them. For workers. Raises Cancelled."""
    comparison = figures.comparison
    a, b = comparison.a.tensors, comparison.b.tensors
    tensors = {name: a[pair.a] if pair.a is not None else b[pair.b or ""]
               for name, pair in zip(aligned_names(comparison, monitor), comparison.pairs, strict=True)}
    values: dict[str, core.Plain] = {}
    for change in comparison.values:
        name = f"{METADATA}.{change.key}" if change.where == "metadata" else change.key
        while name in values:
            name += " "
        values[name] = None
    names = replace(comparison.a, tensors=tensors, values=values, state_dicts=())
    return PairTree(figures, names, nodes_of(names, monitor, flat=flat), flat, monitor)


def aligned_names(comparison: core.Comparison, monitor: core.Monitor = core.QUIET) -> list[str]:
    """What each pair is called: A's name inside the state dict, or for what only B has, the name it would have in A as far as the
    groups above it have a partner there. All are different."""
    names_a, names_b = (_names(ckpt, path) for ckpt, path in zip((comparison.a, comparison.b), comparison.state_dicts, strict=True))
    known: dict[str, str] = {}                  # group of B -> the group of A that it is
    own: set[str] = set()                       # groups of B in which something has the same name in A
    alone = any(pair.a is None for pair in comparison.pairs)
    for n, pair in enumerate(comparison.pairs):
        if not n % _REPORT_EVERY:
            monitor.check()
        if alone and pair.a is not None and pair.b is not None:
            x, y = names_a[pair.a], names_b[pair.b]
            if x == y:
                own.add(core.parent_of(y))
            else:
                _learn(x, y, known)
    taken = {names_a[pair.a] for pair in comparison.pairs if pair.a is not None}
    found = []
    for pair in comparison.pairs:
        name = names_a[pair.a] if pair.a is not None else _in_a(names_b[pair.b or ""], known, own)
        while pair.a is None and name in taken:
            name += " (B)"
        taken.add(name)
        found.append(name)
    return found


def _names(ckpt: core.Checkpoint, path: str) -> dict[str, str]:
    """key -> name inside the state dict."""
    return {key: key if path == core.WHOLE else info.name for key, info in ckpt.tensors.items()}


def _learn(x: str, y: str, known: dict[str, str]) -> None:
    """From one pair of names which groups are the same: as many levels up as the names end alike."""
    for _ in range(_LEVELS):
        leaf_x, leaf_y = core.leaf_of(x), core.leaf_of(y)
        x, y = core.parent_of(x), core.parent_of(y)
        if y in known:              # and so is all above it
            return
        known[y] = x
        if leaf_x != leaf_y or not x or not y:
            return


def _in_a(name: str, known: dict[str, str], own: set[str]) -> str:
    head = name
    for _ in range(_LEVELS):
        head = core.parent_of(head)
        if head in own:
            return name
        if head in known:
            return core.join(known[head], core.relative(name, head))
        if not head:
            break
    return name


__all__ = ["DEVICE", "FIGURES", "LEAST", "METADATA", "STATUSES", "Figures", "PairTree", "aligned_names", "build_pair_tree"]
