"""Two files held against the one that both come from: who changed what since, and what both changed each in its own way.

A tensor counts as kept where shape, element type and the bytes of its elements are those of the base. Every tensor whose bytes have to
tell is read once, for its digest; what is the same bytes of the same file on two sides is not read at all.
"""
from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, cast

from inspector.core.checkpoint import Checkpoint, TensorInfo, WeaklyReferable
from inspector.core.comparison.pairing.as_meant import stored_as
from inspector.core.comparison.pairing.match import match
from inspector.core.comparison.pairing.pairs import Comparison, Difference, Pair, pair_up
from inspector.core.comparison.pairing.sides import WHOLE, choose_both, shapes_of, tensors_of
from inspector.core.comparison.pairing.values import has_metadata, same_value, values_within
from inspector.core.errors import BadTensor
from inspector.core.opening import CheckpointLike, opened
from inspector.core.plain_values import one_line
from inspector.core.progress import QUIET, Monitor
from inspector.core.runtime.workers import Progress, Share
from inspector.core.tensors.content_digest import kind_of
from inspector.core.tensors.identity import identity_of
from inspector.core.tensors.reader import digests
from inspector.core.training.weights import is_unread

from .streaming import differences

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from inspector.core.checkpoint import Plain

STATUSES = ("conflict", "a", "b", "alike", "kept", "unread")

_ABSENT = object()

Content = str | BadTensor
Known = MutableMapping[Hashable, str]


class Triple(NamedTuple):
    """A tensor in three files by its keys, None where one has none. `in_a` and `in_b` say what became of the base's there:

        kept, values, dtype, shape      as it was, or what is another
        added, removed, absent          not in the base; gone; in neither of the two
        unread                          its values could not be compared

    and `status` what that comes to: "kept" by both; changed in "a" or in "b" alone; in both "alike"; "conflict": by both, not alike;
    "unread": could not be judged, as `problem` says ("" where no values were to be read). `from_base` has the differences of A's and B's
    from the base where they were asked for."""

    base: str | None
    a: str | None
    b: str | None
    status: str
    in_a: str
    in_b: str
    problem: str = ""
    from_base: tuple[Difference | None, Difference | None] = (None, None)


class ValueTriple(NamedTuple):
    """A value that is no tensor, where one of the three is another: each on one line, None where a side has none. `where` is "value" or
    "metadata"; `status` as that of a tensor."""

    key: str
    base: str | None
    a: str | None
    b: str | None
    status: str
    where: str = "value"


@dataclass(frozen=True, slots=True)
class ThreeWay(WeaklyReferable):
    """`tensors` begin with a triple for each pair of `comparison` (of A and B as they are stored), in its order; those that only the base
    has follow. `state_dict` is the one compared of `base`."""

    comparison: Comparison
    base: Checkpoint
    state_dict: str
    tensors: tuple[Triple, ...]
    values: tuple[ValueTriple, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """status -> number of tensors, all statuses in order."""
        found = Counter(one.status for one in self.tensors)
        return {status: found[status] for status in STATUSES if status != "unread" or found[status]}

    @property
    def counts_with_values(self) -> dict[str, int]:
        """status -> number of tensors and of values that are no tensors."""
        found = Counter(one.status for one in self.values)
        return {status: sum(one.status == status for one in self.tensors) + found[status] for status in STATUSES}

    @property
    def statuses(self) -> frozenset[str]:
        """Those of all tensors and values."""
        return frozenset(one.status for one in self.tensors) | {one.status for one in self.values}

    @property
    def conflicts(self) -> tuple[Triple | ValueTriple, ...]:
        """What both changed, each in its own way."""
        both: list[Triple | ValueTriple] = [*self.tensors, *self.values]
        return tuple(one for one in both if one.status == "conflict")


def compare_with_base(comparison: Comparison, base: CheckpointLike, *, in_base: str | None = None, values: bool = True,
                      distances: Callable[[Triple], bool] = lambda triple: False, only: Callable[[Pair], bool] = lambda pair: True,
                      known: Known | None = None, monitor: Monitor = QUIET, executor: Executor | None = None) -> ThreeWay:
    """What became of the tensors and values of `base` in A and in B, the two of `comparison`, which may be of structure alone. `in_base` is
    the path of a state dict; without it, what base and A have in common is found. Without `values` nothing is read, and only what shapes
    and element types tell is judged; packed tensors go by their parts, as they are stored; `only` leaves out the values of other pairs. Of
    triples that `distances` wants, how far each side is from the base is worked out, which reads them again. `known` keeps digests for the
    next time, by what is read. Raises UsageError for a state dict that is not there, ReadError when a file has changed, Cancelled;
    `monitor` is told bytes.

    >>> base, a, b = ({"w": np.float32([1, 2]), "v": np.float32([v])} for v in (1, 2, 3))
    >>> found = core.compare_with_base(core.pair_up(a, b), base)
    >>> [(one.a, one.status) for one in found.tensors]
    [('w', 'kept'), ('v', 'conflict')]
    """
    base = opened(base, monitor)
    if comparison.stored is not None:           # who changed what is a question about what is stored
        comparison = pair_up(*comparison.stored, in_a=comparison.state_dicts[0], in_b=comparison.state_dicts[1],
                             weights_only=comparison.weights_only, as_stored=True, monitor=monitor)
    here = comparison.state_dicts[0]            # of the whole file the base may have one state dict, or be as whole
    path = choose_both(base, comparison.a, in_base, None if here == WHOLE else here, comparison.weights_only)[0]
    triples = list(_triples(comparison, base, path, monitor))
    contents = _Contents((base, comparison.a, comparison.b), {} if known is None else known)
    judged_pairs = len(comparison.pairs)
    wanted = [values and (n >= judged_pairs or only(comparison.pairs[n])) for n in range(len(triples))]
    contents.read([triple for triple, wants in zip(triples, wanted, strict=True) if wants], monitor, executor)
    found = [contents.judged(triple) for triple in triples]
    found = _with_distances(found, base, comparison, distances, monitor, executor)
    plain = () if comparison.weights_only else tuple(_values((base, comparison.a, comparison.b), (path, *comparison.state_dicts)))
    return ThreeWay(comparison, base, path, tuple(found), plain)


def with_triples(found: ThreeWay, tensors: Sequence[Triple], values: Sequence[ValueTriple]) -> ThreeWay:
    """The same with other triples, such as some of its own.

    >>> base, a, b = ({"w": np.float32([1, 2]), "v": np.float32([v])} for v in (1, 2, 3))
    >>> found = core.compare_with_base(core.pair_up(a, b), base)
    >>> core.with_triples(found, [one for one in found.tensors if one.status != "kept"], ()).counts["kept"]
    0
    """
    return replace(found, tensors=tuple(tensors), values=tuple(values))


# -- which tensor is which --------------------------------------------------------------------------------------------------------

def _triples(comparison: Comparison, base: Checkpoint, path: str, monitor: Monitor) -> Iterator[Triple]:
    """Of every pair, then of what only the base has; by the partner that A's has in the base, or else B's."""
    theirs = tensors_of(base, path, comparison.weights_only, monitor)
    partners = []
    for ckpt, state_dict in zip((comparison.a, comparison.b), comparison.state_dicts, strict=True):
        tensors = tensors_of(ckpt, state_dict, comparison.weights_only, monitor)
        pairs = match(shapes_of(theirs, monitor), shapes_of(tensors, monitor), monitor=monitor).pairs
        partners.append({tensors[mine].key: theirs[name].key for name, mine in pairs.items()})
    taken: set[str] = set()
    found: list[tuple[str | None, Pair]] = []
    for pair in comparison.pairs:
        own = [None if mine is None else known.get(mine) for mine, known in zip((pair.a, pair.b), partners, strict=True)]
        key = own[0] if own[0] is not None else own[1]              # "" is a key, too
        key = None if key in taken else key
        if key is not None:
            taken.add(key)
        found.append((key, pair))
    for key, pair in found:
        yield Triple(key, pair.a, pair.b, "unread", "unread", "unread")
    for info in theirs.values():
        if info.key not in taken:
            yield Triple(info.key, None, None, "alike", "removed", "removed")


# -- what became of it -------------------------------------------------------------------------------------------------------------

class _Contents:
    """What the elements of tensors are, by digest, as far as they had to be read. `ckpts` are base, A and B."""

    def __init__(self, ckpts: tuple[Checkpoint, Checkpoint, Checkpoint], known: Known) -> None:
        self._ckpts, self._known = ckpts, known
        self._found: list[dict[str, Content]] = [{}, {}, {}]

    def read(self, triples: Sequence[Triple], monitor: Monitor, executor: Executor | None) -> None:
        """The digests of all tensors whose bytes decide something."""
        wanted: list[dict[str, None]] = [{}, {}, {}]
        for triple in triples:
            keys = (triple.base, triple.a, triple.b)
            for one, other in ((0, 1), (0, 2), (1, 2)):
                x, y = keys[one], keys[other]
                if x is not None and y is not None and _is_alike(self._info(one, x), self._info(other, y)) \
                        and not self._are_same_bytes((one, x), (other, y)):
                    wanted[one][x] = wanted[other][y] = None
        todo = [[key for key in keys if not self._is_known(side, key)] for side, keys in enumerate(wanted)]
        sizes = [sum(self._info(side, key).nbytes for key in keys) for side, keys in enumerate(todo)]
        progress = Progress(monitor, sum(sizes))
        for side, ckpt in enumerate(self._ckpts):
            share = Share(progress, sizes[side], "")
            for key, outcome in digests(ckpt, todo[side], share, executor=executor):
                content = outcome if isinstance(outcome, BadTensor) else f"{outcome} {kind_of(ckpt, ckpt.tensors[key], monitor)}"
                self._found[side][key] = content
                identity = identity_of(ckpt, key)
                if identity is not None and not isinstance(content, BadTensor):
                    self._known[identity] = content
            share.end()

    def judged(self, triple: Triple) -> Triple:
        """With what became of the tensor in A and B, and what that comes to."""
        problems: list[str] = []
        deeds = [self._deed(triple.base, side, key, problems) for side, key in ((1, triple.a), (2, triple.b))]
        return triple._replace(status=self._status(triple, deeds, problems), in_a=deeds[0], in_b=deeds[1],
                               problem=problems[0] if problems else "")

    def _deed(self, base: str | None, side: int, key: str | None, problems: list[str]) -> str:
        if base is None or key is None:
            return "absent" if base is None and key is None else "added" if base is None else "removed"
        x, y = self._info(0, base), self._info(side, key)
        if missing := [info.problem for info in (x, y) if is_unread(info)]:
            problems += missing
            return "unread"
        if x.shape != y.shape or x.layout != y.layout:
            return "shape"
        if not _is_alike(x, y):
            return "dtype"
        same = self._are_same((0, base), (side, key), problems)
        return "unread" if same is None else "kept" if same else "values"

    def _status(self, triple: Triple, deeds: list[str], problems: list[str]) -> str:
        if "unread" in deeds:
            return "unread"
        calm = [deed in ("kept", "absent") for deed in deeds]
        if all(calm):
            return "kept"
        if any(calm):
            return "b" if calm[0] else "a"
        if triple.a is None or triple.b is None:
            return "alike" if triple.a is triple.b else "conflict"
        if not _is_alike(self._info(1, triple.a), self._info(2, triple.b)):
            return "conflict"
        same = self._are_same((1, triple.a), (2, triple.b), problems)
        return "unread" if same is None else "alike" if same else "conflict"

    def _are_same(self, one: tuple[int, str], other: tuple[int, str], problems: list[str]) -> bool | None:
        """Whether the elements are the same; None where that cannot be told."""
        if self._are_same_bytes(one, other):
            return True
        contents = self._content(*one), self._content(*other)
        problems += [content.message for content in contents if isinstance(content, BadTensor)]
        if any(content is None or isinstance(content, BadTensor) for content in contents):
            return None
        return contents[0] == contents[1]

    def _are_same_bytes(self, one: tuple[int, str], other: tuple[int, str]) -> bool:
        identity = identity_of(self._ckpts[one[0]], one[1])
        return identity is not None and identity == identity_of(self._ckpts[other[0]], other[1])

    def _is_known(self, side: int, key: str) -> bool:
        return identity_of(self._ckpts[side], key) in self._known

    def _content(self, side: int, key: str) -> Content | None:
        found = self._found[side].get(key)
        return found if found is not None else self._known.get(identity_of(self._ckpts[side], key))

    def _info(self, side: int, key: str) -> TensorInfo:
        return self._ckpts[side].tensors[key]


def _is_alike(x: TensorInfo, y: TensorInfo) -> bool:
    """Whether only the elements can differ."""
    return x.shape == y.shape and x.layout == y.layout and stored_as(x) == stored_as(y)


def _with_distances(triples: list[Triple], base: Checkpoint, comparison: Comparison, wants: Callable[[Triple], bool], monitor: Monitor,
                    executor: Executor | None) -> list[Triple]:
    """How far each side is from the base, of the triples that are wanted."""
    chosen = [n for n, triple in enumerate(triples) if wants(triple)]
    for side, ckpt in enumerate((comparison.a, comparison.b)):
        numbers = [n for n in chosen if (triples[n].in_a, triples[n].in_b)[side] in ("values", "dtype")]
        pairs = tuple(Pair(triples[n].base, (triples[n].a, triples[n].b)[side], "unread") for n in numbers)
        held = replace(comparison, a=base, b=ckpt, pairs=pairs, rules=(), offered=())
        for at, found in differences(held, monitor=monitor, executor=executor):
            both = list(triples[numbers[at]].from_base)
            both[side] = found
            triples[numbers[at]] = triples[numbers[at]]._replace(from_base=(both[0], both[1]))
    return triples


# -- values that are no tensors -----------------------------------------------------------------------------------------------------

def _values(ckpts: Sequence[Checkpoint], paths: Sequence[str]) -> Iterator[ValueTriple]:
    yield from _changed([values_within(ckpt, path) for ckpt, path in zip(ckpts, paths, strict=True)], "value")
    if has_metadata(ckpts, paths):
        yield from _changed([ckpt.metadata for ckpt in ckpts], "metadata")


def _changed(tables: Sequence[Mapping[str, object]], where: str) -> Iterator[ValueTriple]:
    for key in dict.fromkeys(key for table in tables for key in table):
        base, a, b = (table.get(key, _ABSENT) for table in tables)
        changed = not _same(base, a), not _same(base, b)
        if any(changed):
            status = ("alike" if _same(a, b) else "conflict") if all(changed) else "a" if changed[0] else "b"
            texts = [None if one is _ABSENT else one_line(cast("Plain", one)) for one in (base, a, b)]
            yield ValueTriple(key, texts[0], texts[1], texts[2], status, where)


def _same(x: object, y: object) -> bool:
    """By their bits, as tensors are: 0.0 is not -0.0 here, where the question is what was changed."""
    if x is y or x is _ABSENT or y is _ABSENT or not same_value(x, y):
        return x is y
    return not (isinstance(x, float) and isinstance(y, float)) or x != x or math.copysign(1.0, x) == math.copysign(1.0, y)


__all__ = ["STATUSES", "ThreeWay", "Triple", "ValueTriple", "compare_with_base", "with_triples"]
