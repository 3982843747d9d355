"""What tensors without an equal partner are made of: of which of the other file's, in which arrangement, and how well that holds.

Candidates come from shapes and from digests of slices (`sampling`), which are found in an index (`index`); what their places make up is
named (`naming`) and then compared element by element (`holding`). Only what was found so is told. What holds nearly is looked for
among what is then left, by coarse digests. Vectors have no slices: they go as the weight of their module does, or by their elements.
What is then left is held against what has its shape (`likeness`).
Where there are too many tensors the largest are looked at, and how many were not is told.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any, NamedTuple

from inspector.core.checkpoint import TensorInfo
from inspector.core.comparison.differences.streaming import Readers
from inspector.core.comparison.pairing.pairs import Comparison, Difference, Pair, Rearranged, Undecided, Unsearched
from inspector.core.dtypes import DTYPES
from inspector.core.errors import BadTensor
from inspector.core.hashing import as_key
from inspector.core.progress import QUIET, Monitor, stoppable
from inspector.core.runtime.workers import PerThread, Progress, cores, each
from inspector.core.tensors.reader import TensorReader

from .growing import grown, grows_along
from .holding import Sides, how_it_holds
from .index import Index
from .likeness import by_likeness
from .naming import named
from .sampling import Slices, coarsest, families, slices_of
from .turning import turned
from .vectors import Arrangement, by_elements, by_weights, undecided_among

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

TELLING = 16            # elements from which on equal values are no coincidence
_ALIKE = 0.5            # cosine from which on a pair is taken for what its names say
_SAME_NORM = 1e-9       # relative: a rearrangement changes no norm
_MOST = 32768           # tensors that are looked at: 6 kB and about a millisecond each
_MOST_SLICES = 12 << 20     # of all of them, for which there is memory
_MOST_COARSE = 4 << 20
_MOST_GROWN = 4096      # pairs of shapes that differ in one dimension


class Found(NamedTuple):
    """What `relations_of` comes to."""

    rearranged: tuple[Rearranged, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    unsearched: Unsearched | None = None


def relations_of(comparison: Comparison, monitor: Monitor = QUIET) -> Found:
    """What pairs of other shapes or values, and tensors without a partner, have to do with each other. Raises ReadError when a file has
    changed, Cancelled."""
    with ExitStack() as stack:
        a, b = (stack.enter_context(TensorReader(ckpt, monitor)) for ckpt in (comparison.a, comparison.b))
        return _Search(comparison, Sides(a, b, monitor), monitor).run()


class _Search:
    def __init__(self, comparison: Comparison, sides: Sides, monitor: Monitor) -> None:
        self.comparison, self.sides, self.monitor = comparison, sides, monitor
        self.found: list[Rearranged] = []
        self.arrangements: list[Arrangement] = []
        self.copied: list[set[int]] = [set(), set()]
        self.passed_over: list[set[str]] = [set(), set()]       # keys of A and of B
        self.not_nearly: list[set[str]] = [set(), set()]        # keys of A and of B that were not asked what they nearly are

    def run(self) -> Found:
        for pair in stoppable(self.comparison.pairs, self.monitor):
            if _may_be_turned(self.comparison, pair):
                one = turned(self.sides, self.comparison.a.tensors[pair.a or ""], self.comparison.b.tensors[pair.b or ""])
                self.found += [one] if one is not None else []
        left_a, left_b = self._left()
        if not left_a or not left_b:
            return Found(tuple(self.found))
        count = len(left_a) + len(left_b)
        self._by_slices(*self._largest(_with_slices(left_a), _with_slices(left_b), self.passed_over))
        left_a, left_b = self._left()
        self.found += by_weights(self.sides, self.arrangements, left_a, left_b)
        self.found += grown(self.sides, self._of_other_shapes())
        left_a, left_b = (_vectors(left) for left in self._left())
        left_a, left_b = self._largest(left_a, left_b, self.passed_over)
        partners = [(pair.a, pair.b) for pair in stoppable(self.comparison.pairs, self.monitor)
                    if pair.a is not None and pair.b is not None]
        self.found += by_elements(self.sides, left_a, left_b, partners, self.passed_over)
        alike, too_many = by_likeness(self.sides, *self._largest(*self._left(), self.passed_over))
        named = set(partners)
        self.found += [one for one in alike if (one.a[0], one.b[0]) not in named]       # which are compared as a pair
        for over, keys in zip(self.not_nearly, too_many, strict=True):
            over |= keys
        undecided = tuple(undecided_among(self.sides, *self._largest(*self._left(alone=True), [set(), set()])))
        return Found(tuple(self.found), undecided, self._unsearched(count, undecided))

    def _largest(self, left_a: list[TensorInfo], left_b: list[TensorInfo],
                 passed_over: list[set[str]]) -> tuple[list[TensorInfo], list[TensorInfo]]:
        """As many of both as are looked at, the largest of each; half of them of either side, or more of one where the other has fewer. The
        keys of the others come into `passed_over`."""
        chosen = []
        for side, (mine, other) in enumerate(((left_a, left_b), (left_b, left_a))):
            room = max(_MOST // 2, _MOST - len(other))
            if len(mine) > room:
                kept = {info.key for info in sorted(mine, key=lambda info: -info.nbytes)[:room]}
                passed_over[side] |= {info.key for info in mine if info.key not in kept}
                mine = [info for info in mine if info.key in kept]
            chosen.append(mine)
        return chosen[0], chosen[1]

    def _unsearched(self, count: int, undecided: Sequence[Undecided]) -> Unsearched | None:
        """How many of `count` were passed over, but for those that were explained all the same."""
        explained: list[Rearranged | Undecided] = [*self.found, *undecided]
        found = {key for one in explained for key in one.a}, {key for one in explained for key in one.b}
        tensors, nearly = (sum(len(over - known) for over, known in zip(both, found, strict=True))
                           for both in (self.passed_over, self.not_nearly))
        return Unsearched(tensors, count, nearly) if tensors or nearly else None

    def _left(self, alone: bool = False) -> tuple[list[TensorInfo], list[TensorInfo]]:
        """What is not explained yet, each view once; `alone`: what has no partner by name."""
        left = []
        for side, (ckpt, done) in enumerate(((self.comparison.a, {key for one in self.found for key in one.a}),
                                             (self.comparison.b, {key for one in self.found for key in one.b}))):
            wanted = {key: None for pair in stoppable(self.comparison.pairs, self.monitor)
                      if (key := (pair.a, pair.b)[side]) is not None and key not in done
                      and (pair.a is None or pair.b is None if alone else _is_open(self.comparison, pair))}
            views: dict[object, TensorInfo] = {}
            for key in stoppable(wanted, self.monitor):
                if is_plain(info := ckpt.tensors[key]):
                    views.setdefault(info.view, info)
            left.append([*views.values()])
        return left[0], left[1]

    def _of_other_shapes(self) -> list[tuple[TensorInfo, TensorInfo]]:
        """The pairs of which neither is explained, the largest where there are too many."""
        found = []
        done = {key for one in self.found for key in one.a}, {key for one in self.found for key in one.b}
        for pair in stoppable(self.comparison.pairs, self.monitor):
            if pair.status == "shape" and pair.a is not None and pair.b is not None and pair.a not in done[0] and pair.b not in done[1]:
                a, b = self.comparison.a.tensors[pair.a], self.comparison.b.tensors[pair.b]
                if is_plain(a) and is_plain(b) and grows_along(a.shape, b.shape) is not None:
                    found.append((a, b))
        if len(found) > _MOST_GROWN:
            found.sort(key=lambda pair: -pair[0].numel)
            for a, b in found[_MOST_GROWN:]:
                self.passed_over[0].add(a.key)
                self.passed_over[1].add(b.key)
        return found[:_MOST_GROWN]

    # -- by slices -------------------------------------------------------------------------------------------------------------

    def _by_slices(self, left_a: list[TensorInfo], left_b: list[TensorInfo]) -> None:
        sides = [left_a, left_b]
        common = _sizes(sides[0]) & _sizes(sides[1])
        sides = [[info for info in side if any(family.size(info.shape) in common for family in families(info.shape))] for side in sides]
        if not all(sides):
            return
        rounded = coarsest([info.dtype for side in sides for info in side])
        tables = self._tables(sides, rounded, common)
        known = [_free(side, table) for side, table in zip(sides, tables, strict=True)]
        free = [there for there, _ in known]
        self.copied = [copied for _, copied in known]
        for coarse in (False, True):
            if coarse:
                sides, tables, free = _floats(sides, tables, free)
                if not all(one.any() for one in free):
                    return
                if sum(map(_slices_in, tables)) > _MOST_COARSE:
                    self.not_nearly = [{side[number].key for number in table} for side, table in zip(sides, tables, strict=True)]
                    return
            indexes = [Index(table, coarse) for table in tables]
            wholes = sorted(((side, number) for side in (0, 1) for number in tables[side]),
                            key=lambda one: (-sides[one[0]][one[1]].numel, one))
            proposed: list[_Proposal] = []
            for side, number in wholes:
                self.monitor.check()
                if free[side][number] and sides[side][number].numel >= TELLING:
                    proposed += self._look_up(side, number, sides, tables[side][number], indexes[1 - side], free)
            self._hold(proposed, free, not coarse)

    def _look_up(self, side: int, number: int, sides: list[list[TensorInfo]], table: list[Slices], index: Index,
                 free: list[Array]) -> Iterator[_Proposal]:
        """What tensor `number` of one side seems to be made of; its pieces are then no longer free."""
        for slices in table:
            pieces = sorted(index.made_of(slices, free[1 - side]), key=lambda piece: int(piece.numbers[0]))
            if pieces:
                infos = tuple(sides[1 - side][piece.tensor] for piece in pieces)
                copied = number in self.copied[side] or pieces[0].tensor in self.copied[1 - side]
                free[side][number] = False
                for piece in pieces:
                    free[1 - side][piece.tensor] = False
                yield _Proposal(Arrangement(sides[side][number], slices.family, tuple(pieces), infos, side == 0), number, copied)
                return

    def _hold(self, proposed: list[_Proposal], free: list[Array], exactly: bool) -> None:
        """Takes those whose elements are as proposed; the tensors of the others are free again."""
        progress = Progress(self.monitor, sum(one.arrangement.whole.nbytes for one in proposed))
        readers = PerThread(lambda: Readers(TensorReader(self.comparison.a, progress), TensorReader(self.comparison.b, progress)))

        def look(one: _Proposal) -> Rearranged | None:
            mine = readers.get()
            found = _held(Sides(mine.a, mine.b, progress), one.arrangement, exactly)
            progress.add(one.arrangement.whole.nbytes, one.arrangement.whole.key)
            return found

        with closing(readers), closing(each(proposed, look, cores(), progress.stopped)) as results:
            for one, found in zip(proposed, results, strict=True):
                if found is None:
                    side = 0 if one.arrangement.whole_in_a else 1
                    free[side][one.number] = True
                    for piece in one.arrangement.pieces:
                        free[1 - side][piece.tensor] = True
                elif found.kind != "moved" or not one.copied:
                    self.found.append(found)
                    self.arrangements.append(one.arrangement)

    def _tables(self, sides: list[list[TensorInfo]], rounded: str, common: set[int]) -> list[dict[int, list[Slices]]]:
        """The slices of all, read by as many threads as there are cores."""
        jobs = [(side, number) for side in (0, 1) for number in range(len(sides[side]))]
        progress = Progress(self.monitor, sum(info.nbytes for side in sides for info in side))
        readers = PerThread(lambda: Readers(TensorReader(self.comparison.a, progress), TensorReader(self.comparison.b, progress)))
        found: list[dict[int, list[Slices]]] = [{}, {}]
        total = 0

        def read(job: tuple[int, int]) -> list[Slices]:
            side, number = job
            info, mine = sides[side][number], readers.get()
            try:
                table = slices_of((mine.a, mine.b)[side], info, rounded, progress)
            except BadTensor:
                table = []
            progress.add(info.nbytes, info.key)
            return [slices for slices in table if slices.family.size(info.shape) in common]

        with closing(readers), closing(each(jobs, read, cores(), progress.stopped)) as results:
            for (side, number), table in zip(jobs, results, strict=True):
                total += sum(len(slices.exact) for slices in table)
                if table and total <= _MOST_SLICES:
                    found[side][number] = table
                elif table:
                    self.passed_over[side].add(sides[side][number].key)
        return found


class _Proposal(NamedTuple):
    """An arrangement that digests speak for; `number` is that of the whole on its side. `copied`: others have the same elements."""

    arrangement: Arrangement
    number: int
    copied: bool


def _held(sides: Sides, arrangement: Arrangement, exactly: bool) -> Rearranged | None:
    """The arrangement by its name, once its elements were compared."""
    whole, family, pieces, infos, whole_in_a = arrangement
    same_dtype = all(info.dtype == whole.dtype for info in infos)
    if len(pieces) == 1 and len(whole.shape) > 2:           # dimensions in another order say more than slices that are
        one = turned(sides, *((whole, infos[0]) if whole_in_a else (infos[0], whole)), exactly and same_dtype)
        if one is not None:
            return one
    try:
        found = sides.differences(whole, family, pieces, infos, whole_in_a)
    except BadTensor:
        return None
    if found is None:
        return None
    held, worst, scale = how_it_holds(found, same_dtype)
    return named(whole, family, pieces, infos, whole_in_a)._replace(held=held, difference=worst, scale=scale)


# -- what may be looked at ---------------------------------------------------------------------------------------------------------

def is_plain(info: TensorInfo) -> bool:
    """Whether other views of its storage can be made."""
    known = DTYPES.get(info.dtype)
    return info.layout == "strided" and not info.extra and bool(info.storage) and not info.problem and info.numel > 0 and \
        known is not None and known.bits % 8 == 0


def _may_be_turned(comparison: Comparison, pair: Pair) -> bool:
    if pair.a is None or pair.b is None or pair.status not in ("shape", "values"):
        return False
    a, b = comparison.a.tensors[pair.a], comparison.b.tensors[pair.b]
    return is_plain(a) and is_plain(b) and a.dtype == b.dtype and a.numel == b.numel >= TELLING and \
        (pair.status == "shape" or not _is_alike(pair.difference))


def _is_open(comparison: Comparison, pair: Pair) -> bool:
    """Whether a pair's tensors may belong to others, or to each other in another arrangement."""
    if pair.a is None or pair.b is None or pair.status == "shape":
        return True
    found = pair.difference
    if pair.status not in ("values", "dtype") or found is None or found.problem or not found.n_different or found.cast:
        return False
    return not _is_alike(found) or _is_of_one_norm(found)


def _is_alike(found: Difference | None) -> bool:
    return found is not None and found.cosine >= _ALIKE


def _is_of_one_norm(found: Difference) -> bool:
    """Whether both sides are equally long, as they are when only the order of the elements differs."""
    return abs(found.growth - 1) <= _SAME_NORM and found.numel >= TELLING


def _with_slices(left: Iterable[TensorInfo]) -> list[TensorInfo]:
    return [info for info in left if len(info.shape) > 1 and info.numel > 1]


def _vectors(left: Iterable[TensorInfo]) -> list[TensorInfo]:
    return [info for info in left if len(info.shape) == 1]


def _sizes(infos: Iterable[TensorInfo]) -> set[int]:
    return {family.size(info.shape) for info in infos for family in families(info.shape)}


def _free(side: Sequence[TensorInfo], table: dict[int, list[Slices]]) -> tuple[Array, set[int]]:
    """Which tensors may be taken for a part, of those that are all the same the first; and which are the same as another."""
    import numpy as np
    free = np.zeros(len(side), bool)
    seen: dict[tuple[object, ...], int] = {}
    copied: set[int] = set()
    for number, slices in table.items():
        content = (as_key(side[number].shape), *(one.exact.tobytes() for one in slices[:3]))
        first = seen.setdefault(content, number)
        if first != number:
            copied |= {first, number}
        free[number] = first == number and any(one.telling.any() for one in slices)
    return free, copied


def _floats(sides: list[list[TensorInfo]], tables: list[dict[int, list[Slices]]],
            free: list[Array]) -> tuple[list[list[TensorInfo]], list[dict[int, list[Slices]]], list[Array]]:
    """Those of floating numbers that are left."""
    left = []
    for side, table, there in zip(sides, tables, free, strict=True):
        left.append({number: slices for number, slices in table.items()
                     if there[number] and DTYPES[side[number].dtype].kind == "float"})
        there[[number for number in range(len(side)) if number not in left[-1]]] = False
    return sides, left, free


def _slices_in(table: dict[int, list[Slices]]) -> int:
    return sum(len(slices.exact) for one in table.values() for slices in one)
