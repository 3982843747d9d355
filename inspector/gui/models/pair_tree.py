"""The pairs of a comparison as a tree, in arrays. No Qt.

    Comparison → Figures (what is known of each pair, and comes to be known) → PairTree (a KeyTree over A's names)

Pair `i` is entry `i` of the tree; the other values that differ follow. What only B has stands where A's names would have it, by
the groups that the rules paired. Of groups that are asked for, sums and extremes are kept, and what came in is added to them: a hundred
thousand pairs are gone through once, not each time that some of them were read.
"""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from inspector import core

from .key_tree import Bools, Ints, KeyTree, Raw, nodes_of
from .tree_rows import TreeRows

# what a pair or a value is, for whoever looks at it: "equal" under whatever name, "cast" where only the element type differs,
# "unreadable" where the values could not be compared; "plain": no tensor
STATUSES = ("equal", "values", "cast", "shape", "only-a", "only-b", "counter", "unread", "unreadable", "plain")
RENAMED, DEVICE = "renamed", "device"           # marks beside the status
CONFLICT, BY_A, BY_B, BY_BOTH = BASE_MARKS = ("conflict", "by-a", "by-b", "by-both")       # who changed it since the base
BASE = frozenset(BASE_MARKS)
MARKED = (RENAMED, DEVICE, *BASE_MARKS)
CHANGES = frozenset({"values", "cast", "shape", "only-a", "only-b", "unreadable", "plain"})    # what is gone through, one after the other
FIGURES = ("max", "rms", "rel", "cosine", "share", "sqnr")
LEAST = ("cosine", "sqnr")                      # figures of which the smallest is the worst
METADATA = "(metadata)"

_CODES = {status: code for code, status in enumerate(STATUSES)}
_PLAIN, _UNREAD, _COUNTER = (_CODES[status] for status in ("plain", "unread", "counter"))
_APART = tuple(_CODES[status] for status in ("shape", "only-a", "only-b", "unreadable"))       # more different than any distance says
_CHANGED = np.isin(np.arange(len(STATUSES)), [_CODES[status] for status in CHANGES])
_LEVELS = 16                                    # groups above a name that are looked up
_SUMS = 256                                     # groups whose sums are kept: more than stand on a screen
_COUNTED = ("num_batches_tracked", "step", "steps", "epoch", "epochs", "iteration", "iterations", "global_step")

Floats = NDArray[np.float64]


class News(NamedTuple):
    """What came to be known of the pairs of these numbers, row by row."""

    numbers: NDArray[np.int64]
    pairs: list[core.Pair]
    codes: NDArray[np.int8]
    figures: Floats                         # in the order of FIGURES
    squares: Floats                         # of the distance and of A's norm
    counted: dict[int, tuple[str, str]]


class Place(NamedTuple):
    """Where a node is, for another tree: its key; of the first pair at or below it what both files call it, and how many names above
    that the node is."""

    key: str
    a: str | None = None
    b: str | None = None
    above: int = 0


class Figures:
    """The state of all pairs; `changes` counts how often it grew, `came` holds the numbers that came in each time, `held` counts the times
    when marks were set. One is shared by all trees of a comparison. `reading` is the key whose values are being read ("" while none are),
    `counted` what counters stand at, by the number of their pair."""

    def __init__(self, comparison: core.Comparison, monitor: core.Monitor = core.QUIET) -> None:
        self.comparison = comparison
        self.pairs: list[core.Pair] = list(comparison.pairs)
        self.values = comparison.values
        total = len(self.pairs) + len(self.values)
        self.counters: Bools = np.zeros(total, dtype=bool)
        self.counters[:len(self.pairs)] = [_is_counter(comparison, pair) for pair in core.stoppable(self.pairs, monitor)]
        self.status: NDArray[np.int8] = np.full(total, _PLAIN, dtype=np.int8)
        self.status[:len(self.pairs)] = [self._code(n, pair) for n, pair in enumerate(core.stoppable(self.pairs, monitor))]
        self.marks: dict[str, Bools] = {mark: np.zeros(total, dtype=bool) for mark in MARKED}
        self.marks[DEVICE][:len(self.pairs)] = [pair.device for pair in core.stoppable(self.pairs, monitor)]
        self.marks[RENAMED][:len(self.pairs)] = [pair.rule >= 0 for pair in core.stoppable(self.pairs, monitor)]
        self.of: dict[str, Floats] = {name: np.full(total, np.nan) for name in FIGURES}
        # squares of the distance and of A's norm, of pairs that count in a group's distance; NaN where they are not known
        self.apart: Floats = np.full(total, np.nan)
        self.norms: Floats = np.full(total, np.nan)
        self.reading = ""
        self.counted: dict[int, tuple[str, str]] = {}
        self.changes = self.held = 0
        self.came: list[NDArray[np.int64]] = []
        self._totals: tuple[int, dict[str, int]] = (-1, {})         # the changes that they are of
        self.fill([(n, pair) for n, pair in enumerate(core.stoppable(self.pairs, monitor)) if pair.difference is not None], monitor)

    def counters_read(self) -> int:
        """How many counters are on both sides and were compared."""
        found = (self.pairs[n].difference for n in np.flatnonzero(self.counters))
        return sum(1 for one in found if one is not None and not one.problem)

    def fill(self, news: Sequence[tuple[int, core.Pair]], monitor: core.Monitor = core.QUIET) -> None:
        """(number, pair) of pairs whose values are now known."""
        self.take(self.prepared(news, monitor))

    def prepared(self, news: Sequence[tuple[int, core.Pair]], monitor: core.Monitor = core.QUIET) -> News:
        """The same as `take` wants it. Any thread may ask for it."""
        packed = self.comparison.is_packed
        figures = np.full((len(news), len(FIGURES)), np.nan)
        squares = np.full((len(news), 2), np.nan)
        counted: dict[int, tuple[str, str]] = {}
        for row, (n, pair) in enumerate(core.stoppable(news, monitor)):
            found = pair.difference
            if found is None or found.problem:
                continue
            ratio = self.comparison.sqnr(pair) if packed else None
            figures[row] = (found.max_abs, found.rms, found.rel, found.cosine, found.n_different / max(found.numel, 1),
                            np.nan if ratio is None else ratio)
            if self.counters[n]:
                if (numbers := counted_of(found)) is not None:
                    counted[n] = numbers
            else:
                apart = found.rel * found.norm if found.norm else found.rms * found.numel ** 0.5
                squares[row] = _squared(apart), _squared(found.norm)
        numbers_ = np.array([n for n, _ in news], dtype=np.int64)
        codes = np.array([self._code(n, pair) for n, pair in news], dtype=np.int8)
        return News(numbers_, [pair for _, pair in news], codes, figures, squares, counted)

    def take(self, news: News) -> None:
        """Quick: what is to be worked out was."""
        for n, pair in zip(news.numbers.tolist(), news.pairs, strict=True):
            self.pairs[n] = pair
        self.status[news.numbers] = news.codes
        for column, name in enumerate(FIGURES):
            self.of[name][news.numbers] = news.figures[:, column]
        self.apart[news.numbers], self.norms[news.numbers] = news.squares.T
        self.counted.update(news.counted)
        self.came.append(news.numbers)
        self.changes += 1

    def hold(self, since: NDArray[np.int8] | None) -> None:
        """Who changed each pair and value since the base: a place in `BASE_MARKS`, or -1 where nobody did; None: nothing is known."""
        if since is None and not any(self.marks[mark].any() for mark in BASE_MARKS):
            return                              # as it was: sums that were made in a worker stay good
        for place, mark in enumerate(BASE_MARKS):
            self.marks[mark] = np.zeros(len(self.status), dtype=bool) if since is None else since == place
        self.changes += 1
        self.held += 1

    def since_base(self, n: int) -> str:
        """One of `BASE_MARKS`, or ""."""
        return next((mark for mark in BASE_MARKS if self.marks[mark][n]), "")

    def counts(self) -> dict[str, int]:
        """status -> how many, and the pairs under other names and on other devices."""
        if self._totals[0] != self.changes:
            found = np.bincount(self.status, minlength=len(STATUSES)).tolist()
            self._totals = self.changes, dict(zip(STATUSES, found, strict=True)) | {
                mark: int(np.count_nonzero(which)) for mark, which in self.marks.items()}
        return self._totals[1]

    def status_of(self, n: int) -> str:
        return STATUSES[self.status[n]]

    @property
    def changed(self) -> Bools:
        """Which pairs and values differ, as far as is known. Counters are none of them."""
        found: Bools = _CHANGED[self.status]
        return found

    def distances(self) -> Floats:
        """How far apart each pair is, relatively: infinite where there is more to it than values, 0 where nothing differs or is known."""
        found: Floats = np.nan_to_num(self.of["rel"], nan=0.0)
        found[np.isin(self.status, _APART)] = np.inf
        found[self.status == _COUNTER] = 0.0
        found[self.status == _PLAIN] = np.finfo(np.float64).tiny
        return found

    def _code(self, n: int, pair: core.Pair) -> int:
        found = pair.difference
        if found is not None and found.problem:
            return _CODES["unreadable"]
        if pair.status in ("shape", "only-a", "only-b"):
            return _CODES[pair.status]
        if found is None:
            return _UNREAD
        if self.counters[n] and found.n_different:
            return _COUNTER
        if pair.status == "dtype" and (not found.n_different or found.cast):
            return _CODES["cast"]
        return _CODES["values" if found.n_different else "equal"]


def counted_of(found: core.Difference) -> tuple[str, str] | None:
    """What a counter that went on stands at on both sides, from what was found of it: one number has itself for its norm. None where
    that does not tell."""
    if found.numel != 1 or not found.n_different or found.sign_flips or found.nonfinite:
        return None
    a, b = found.norm, found.norm * found.growth if found.norm else found.max_abs        # what counts goes up from 0
    if not all(x == x and x < 2.0 ** 53 for x in (a, b, found.max_abs)):
        return None
    b = a + found.max_abs if b > a else a - found.max_abs
    return (f"{int(a):,}", f"{int(b):,}") if a == int(a) and b == int(b) and b >= 0 else None


def _squared(x: float) -> float:
    return x * x if abs(x) < 1e150 else np.inf


def _is_counter(comparison: core.Comparison, pair: core.Pair) -> bool:
    """Whether a pair is one number that counts steps, batches or epochs, on each side that there is."""
    infos = [ckpt.tensors[key] for ckpt, key in ((comparison.a, pair.a), (comparison.b, pair.b)) if key is not None]
    return all(info.numel == 1 and core.leaf_of(info.name) in _COUNTED for info in infos)


@dataclass(slots=True)
class _Sum:
    """Of all at or below a node, what is not None or missing: how many of each status and mark, `PairTree._squares`, extremes."""

    counts: NDArray[np.int64]
    marked: list[int]
    squares: Floats | None = None
    peaks: dict[str, float] = field(default_factory=dict)


class PairTree(KeyTree):
    """`flat`: one list without groups. `rows` are those to begin with, made where the tree was."""

    def __init__(self, figures: Figures, names: core.Checkpoint, raw: Raw, flat: bool, monitor: core.Monitor) -> None:
        super().__init__(names, raw, monitor)
        self.figures, self.flat = figures, flat
        self._entered = np.flatnonzero(self.entry >= 0)
        rules = np.array([pair.rule for pair in figures.pairs] + [-1] * len(figures.values), dtype=np.int32)
        self._ruled = self._entered[rules[self.entry[self._entered]] >= 0]
        self._nodes = np.zeros(len(rules), dtype=np.int64)              # of each pair and value
        self._nodes[self.entry[self._entered]] = self._entered
        self._marked: dict[str, Bools] = {}
        self._seen = (-1, 0)                        # `held` of the figures, and how often some `came`, that the following are of
        self._status: NDArray[np.int8] = np.zeros(0, dtype=np.int8)     # of each node; of a group, one more than there are
        self._kept: dict[str, Floats] = {}
        self._groups: dict[int, _Sum] = {}
        self.rows: TreeRows | None = None

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
        found = self._sum(n)
        counts = *found.counts.tolist()[:-1], *found.marked
        return {name: count for name, count in zip((*STATUSES, *MARKED), counts, strict=True) if count}

    def sum_up_shown(self) -> None:
        """What groups say that are shown to begin with. For workers, while nobody else has the tree or its figures."""
        for n in self.rows.rows[:_SUMS].tolist() if self.rows is not None else ():
            if self.has_children[n]:
                self._sum(n)

    def peak(self, figure: str, n: int) -> float:
        """The greatest of one of `FIGURES` at or below `n` (of those of `LEAST` the least); NaN while none is known. Counters are none of
        a group's: 400 batches more are no difference of 400 between weights."""
        own = float(self.figures.of[figure][self.entry[n]]) if self.entry[n] >= 0 else np.nan
        peaks = self._sum(n).peaks
        if figure not in peaks:
            peaks[figure] = _peak_of(figure, np.nan, self._figure(figure)[n:int(self.end[n])])
        return _peak_of(figure, own, peaks[figure])

    def distance(self, n: int) -> float:
        """How far apart the pairs at or below `n` are together, the norm of all differences over that of all of A, as far as their values
        are known; counters are left out. NaN where nothing is known."""
        found = self._sum(n)
        if found.squares is None:       # summed for each: differences of running sums would lose what is small beside what comes first
            found.squares = self._squares(slice(n, int(self.end[n])))
        a, b, known = found.squares.tolist()
        return float("nan") if not known else (a / b) ** 0.5 if b > 0 else float("inf") if a > 0 else 0.0

    def number_of(self, n: int) -> int:
        """Of a node that is a pair or value: which of the figures' it is."""
        return int(self.entry[n])

    def worst_packed(self) -> int | None:
        """The node of the packed tensor with the least signal over its error; None where none is known to have an error."""
        ratios = self.figures.of["sqnr"]
        known = np.flatnonzero(ratios < np.inf)
        return int(np.flatnonzero(self.entry == known[np.argmin(ratios[known])])[0]) if len(known) else None

    def place(self, n: int) -> Place:
        below = self.entry[n:int(self.end[n])]
        pairs = np.flatnonzero((below >= 0) & (below < len(self.figures.pairs)))
        if not len(pairs):
            return Place(self.key(n))
        pair = self.figures.pairs[int(below[pairs[0]])]
        return Place(self.key(n), pair.a, pair.b, int(self.depth[n + int(pairs[0])] - self.depth[n]))

    def at_exchanged(self, places: Sequence[Place]) -> tuple[int, ...]:
        """The nodes that stood at these places before A and B were exchanged: pairs have the names of the other side now."""
        wanted = {(place.b, place.a) for place in places if (place.a, place.b) != (None, None)}
        number = {(pair.a, pair.b): n for n, pair in enumerate(self.figures.pairs) if (pair.a, pair.b) in wanted}
        found = []
        for place in places:
            n = number.get((place.b, place.a))
            node = self.find(place.key) if n is None else int(self._nodes[n])
            for _ in range(place.above if n is not None else 0):
                node = int(self.parent[node]) if node else None
            found.append(node)
        return tuple(node for node in found if node)

    def first_renamed(self, n: int) -> int | None:
        """The first pair at or below `n` that a rule has paired."""
        at = int(np.searchsorted(self._ruled, n))
        return int(self._ruled[at]) if at < len(self._ruled) and self._ruled[at] < self.end[n] else None

    # -- many nodes ---------------------------------------------------------------------------------------------------

    def pairs_below(self, nodes: Iterable[int]) -> list[int]:
        """Numbers of all pairs at or below any of `nodes`, ascending."""
        found: list[int] = self.numbers_below(nodes).tolist()
        return found

    def numbers_below(self, nodes: Iterable[int]) -> NDArray[np.int64]:
        """The same as an array."""
        entries = self.entry[self.cover(np.fromiter(nodes, dtype=np.int64))]
        below = np.zeros(len(self.figures.pairs), dtype=bool)           # marked, which is quicker than sorting them
        below[entries[(entries >= 0) & (entries < len(below))]] = True
        return np.flatnonzero(below)

    def statuses_below(self, nodes: Iterable[int]) -> frozenset[str]:
        """Those of all pairs and values at or below any of `nodes`."""
        entries = self.entry[self.cover(np.fromiter(nodes, dtype=np.int64))]
        return frozenset(STATUSES[code] for code in np.flatnonzero(np.bincount(self.figures.status[entries[entries >= 0]])).tolist())

    def changes_below(self, nodes: Iterable[int]) -> list[core.ValueChange]:
        """The other values at or below any of `nodes`."""
        entries = self.entry[self.cover(np.fromiter(nodes, dtype=np.int64))]
        return [self.figures.values[entry - len(self.figures.pairs)] for entry in np.sort(entries[entries >= len(self.figures.pairs)])]

    def with_status(self, wanted: frozenset[str]) -> Bools:
        """Which nodes are pairs or values of one of the `wanted` statuses, or on other devices if that is wanted."""
        figures = self.figures
        chosen = np.isin(figures.status, [_CODES[status] for status in wanted if status in _CODES])
        for mark in MARKED:
            if mark in wanted:
                chosen |= figures.marks[mark]
        hits = np.zeros(len(self), dtype=bool)
        hits[self._entered] = chosen[self.entry[self._entered]]
        return hits

    def ranks(self, column: str) -> Ints:
        if column in FIGURES:
            known = self._peak(column)
            return np.unique(np.where(np.isnan(known), np.inf if column in LEAST else -np.inf, known),
                             return_inverse=True)[1].reshape(-1).astype(np.int32)
        if column == "differs":
            own = np.zeros(len(self))
            own[self._entered] = self.figures.distances()[self.entry[self._entered]]
            return np.unique(self._upwards(own, np.maximum), return_inverse=True)[1].reshape(-1).astype(np.int32)
        return super().ranks(column)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """At the figures, where they grew: at what came since."""
        (held, looked), figures = self._seen, self.figures
        self._seen = figures.held, len(figures.came)
        if held != figures.held:
            self._status = self._of_nodes(figures.status, len(STATUSES))
            self._marked = {mark: self._of_nodes(which, False) for mark, which in figures.marks.items()}
            self._kept, self._groups = {}, {}
        elif looked < len(figures.came):
            self._add(np.unique(self._nodes[np.concatenate(figures.came[looked:])]))

    def _add(self, nodes: NDArray[np.int64]) -> None:
        """What is known of these, ascending, to what is kept."""
        numbers = self.entry[nodes]
        before, now = self._status[nodes], self.figures.status[numbers]
        self._status[nodes] = now
        for name, kept in self._kept.items():
            kept[nodes] = self._known(name, numbers)
        if (before != _UNREAD).any():           # of these something is in the sums already
            self._groups.clear()
        groups = np.array([*self._groups], dtype=np.int64)
        firsts, ends = np.searchsorted(nodes, groups).tolist(), np.searchsorted(nodes, self.end[groups]).tolist()
        for found, first, end in zip(self._groups.values(), firsts, ends, strict=True):
            if first < end:
                new = nodes[first:end]
                found.counts += _numbers_of(now[first:end]) - _numbers_of(before[first:end])
                if found.squares is not None:
                    found.squares += self._squares(new)
                for name, peak in found.peaks.items():
                    found.peaks[name] = _peak_of(name, peak, self._kept[name][new])

    def _sum(self, n: int) -> _Sum:
        self._look()
        if n not in self._groups:
            if len(self._groups) >= _SUMS:
                self._groups.clear()
            inside = slice(n, int(self.end[n]))
            marked = [int(np.count_nonzero(self._marked[mark][inside])) for mark in MARKED]
            self._groups[n] = _Sum(_numbers_of(self._status[inside]), marked)
        return self._groups[n]

    def _squares(self, where: slice | NDArray[np.int64]) -> Floats:
        """Of nodes whose distance and whose norm are known: the sums of both, squared, and how many there are."""
        apart, norms = self._figure("apart")[where], self._figure("norms")[where]
        known = np.isfinite(apart) & np.isfinite(norms)
        return np.array([apart[known].sum(), norms[known].sum(), np.count_nonzero(known)])

    def _figure(self, name: str) -> Floats:
        """One of `FIGURES` of each node, NaN of groups and counters; or of what its distance is made of."""
        self._look()
        if name not in self._kept:
            self._kept[name] = self._figure_now(name)
        return self._kept[name]

    def _figure_now(self, name: str) -> Floats:
        found: Floats = self._of_nodes(self._known(name, slice(None)), np.nan)
        return found

    def _known(self, name: str, numbers: slice | Ints) -> Floats:
        """The same of some pairs and values."""
        figures = self.figures
        if name in ("apart", "norms"):
            return (figures.apart if name == "apart" else figures.norms)[numbers]
        return np.where(figures.counters[numbers], np.nan, figures.of[name][numbers])

    def _of_nodes(self, of_entries: NDArray[Any], of_groups: Any) -> NDArray[Any]:
        made = np.full(len(self), of_groups, dtype=of_entries.dtype)
        made[self._entered] = of_entries[self.entry[self._entered]]
        return made

    def _peak(self, figure: str) -> Floats:
        """Of every node. Any thread may ask for it."""
        combine = np.fmin if figure in LEAST else np.fmax
        found = self._upwards(self._figure_now(figure), combine)
        found[self._entered] = combine(found[self._entered], self.figures.of[figure][self.entry[self._entered]])
        kept: Floats = found
        return kept

    def _upwards(self, own: Any, combine: np.ufunc) -> Any:
        """What `combine` makes of each node's own and all that is below it."""
        for level in reversed(self.levels[1:]):
            combine.at(own, self.parent[level], own[level])
        return own


def _numbers_of(statuses: NDArray[np.int8]) -> NDArray[np.int64]:
    """How many there are of each status; the last is that of groups."""
    return np.bincount(statuses, minlength=len(STATUSES) + 1)


def _peak_of(figure: str, known: float, more: Any) -> float:
    combine = np.fmin if figure in LEAST else np.fmax
    return float(combine(known, combine.reduce(np.atleast_1d(more))))


def build_pair_tree(figures: Figures, monitor: core.Monitor = core.QUIET, *, flat: bool = False) -> PairTree:
    """The tree of a comparison's pairs under A's names, or one list of them. For workers. Raises Cancelled."""
    comparison = figures.comparison
    a, b = comparison.a.tensors, comparison.b.tensors
    tensors = {name: a[pair.a] if pair.a is not None else b[pair.b or ""]
               for name, pair in core.stoppable(zip(aligned_names(comparison, monitor), comparison.pairs, strict=True), monitor)}
    values: dict[str, core.Plain] = {}
    for change in comparison.values:
        name = f"{METADATA}.{change.key}" if change.where == "metadata" else change.key
        while name in values:
            name += " "
        values[name] = None
    names = replace(comparison.a, tensors=tensors, values=values, state_dicts=())
    made = PairTree(figures, names, nodes_of(names, monitor, flat=flat), flat, monitor)
    made.rows = TreeRows(made)
    made.find("")               # its names are looked up from now on: an index of a list of a hundred thousand takes as long as a frame
    return made


def aligned_names(comparison: core.Comparison, monitor: core.Monitor = core.QUIET) -> list[str]:
    """What each pair is called: A's name inside the state dict, or for what only B has, the name it would have in A as far as the
    groups above it have a partner there. All are different."""
    names_a, names_b = (_names(ckpt, path, monitor)
                        for ckpt, path in zip((comparison.a, comparison.b), comparison.state_dicts, strict=True))
    known: dict[str, str] = {}                  # group of B -> the group of A that it is
    own: set[str] = set()                       # groups of B in which something has the same name in A
    alone = any(pair.a is None for pair in core.stoppable(comparison.pairs, monitor))
    for pair in core.stoppable(comparison.pairs, monitor) if alone else ():
        if pair.a is not None and pair.b is not None:
            x, y = names_a[pair.a], names_b[pair.b]
            if x == y:
                own.add(core.parent_of(y))
            else:
                _learn(x, y, known)
    taken = {names_a[pair.a] for pair in core.stoppable(comparison.pairs, monitor) if pair.a is not None}
    found = []
    for pair in core.stoppable(comparison.pairs, monitor):
        name = names_a[pair.a] if pair.a is not None else _in_a(names_b[pair.b or ""], known, own)
        while pair.a is None and name in taken:
            name += " (B)"
        taken.add(name)
        found.append(name)
    return found


def _names(ckpt: core.Checkpoint, path: str, monitor: core.Monitor) -> dict[str, str]:
    """key -> name inside the state dict."""
    if path == core.WHOLE:
        return {key: key for key in core.stoppable(ckpt.tensors, monitor)}
    return {key: info.name for key, info in core.stoppable(ckpt.tensors.items(), monitor)}


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


__all__ = ["CHANGES", "DEVICE", "FIGURES", "LEAST", "MARKED", "METADATA", "RENAMED", "STATUSES", "Figures", "PairTree", "Place",
           "aligned_names", "build_pair_tree"]
