"""What a comparison is: pairs of tensors with what differs in each, the rules by which names were paired, and the values."""
from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, log10, nan
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, TensorInfo, WeaklyReferable
from inspector.core.opening import CheckpointLike, opened
from inspector.core.progress import QUIET, Monitor, stoppable
from inspector.core.training.weights import is_unread

from .as_meant import as_meant, stored_as
from .lineage import NOTHING, Lineage
from .match import match
from .rules import Matching, Rule
from .sides import WHOLE, choose_both, shapes_of, tensors_of
from .values import ValueChange, value_changes

STATUSES = ("equal", "values", "dtype", "shape", "only-a", "only-b", "renamed", "unread")


class Difference(NamedTuple):
    """How the elements of a pair differ, b minus a, in float64. `n_different` of `numel` elements differ (NaN equals NaN,
    0.0 equals -0.0); `max_abs` and `rms` are of the differences between finite elements, `rel` is their norm over a's
    (inf when a is all zero and b is not), `cosine` of the two as vectors (nan when one is all zero), `sign_flips` the
    elements of opposite sign; `nonfinite` counts elements of which one at least is NaN or infinite and which differ.
    `equal_bytes`: every byte is the same. `cast` is "a" or "b" when that one is exactly the other cast to its dtype.
    `problem` says why there are no figures, or is "". `growth` is b's norm over a's (1 when both are zero, inf when only a is),
    `norm` a's. `many`: its first rows tell that b is not a in few values,
    `full` that it is not a and something of low rank; False where they do not, or were not looked at."""

    numel: int = 0
    n_different: int = 0
    max_abs: float = 0.0
    rms: float = 0.0
    rel: float = 0.0
    cosine: float = 1.0
    sign_flips: int = 0
    nonfinite: int = 0
    equal_bytes: bool = False
    cast: str = ""
    problem: str = ""
    growth: float = 1.0
    norm: float = 0.0
    many: bool = False
    full: bool = False

    def back(self) -> Difference:
        """The same, seen from B."""
        if self.growth == 0.0:
            rel = inf if self.rel else 0.0
        elif self.growth == inf:
            rel = 1.0               # to zero
        else:
            rel = self.rel / self.growth
        growth = 1 / self.growth if self.growth else inf
        norm = self.norm * self.growth if self.norm else self.rms * max(self.numel - self.nonfinite, 1) ** 0.5
        return self._replace(cast={"a": "b", "b": "a"}.get(self.cast, self.cast), rel=rel, growth=growth, norm=norm, many=False, full=False)


class Pair(NamedTuple):
    """Two tensors that are the same part of the network, by their keys; None where a side has none. `status` is one of
    `STATUSES`: "renamed" says that only the name differs, "unread" that shapes and dtypes agree and no value was read yet;
    with "dtype" the values may be equal or not (see `difference`). `rule` is the number in `Comparison.rules` of the rule
    that paired them, -1 for equal names; `device` says that the saved devices differ."""

    a: str | None
    b: str | None
    status: str
    rule: int = -1
    device: bool = False
    difference: Difference | None = None


class Grown(NamedTuple):
    """`common` slices along a dimension are in both, `more` in the longer tensor alone: its first `start`, and the last. A slice has `size`
    elements. `made` says what those are that it has more:

        zeros       all elements zero
        constant    all elements `value`
        mean        each the mean of the common slices, but for rounding
        near-mean   so at a relative distance of `distance`
        copy        copies of the common slice `row`
        again       the common ones once more, from the first on
        copies      copies of common slices, the first of them of `row`
        own         values of their own, with the standard deviation `std`; that of the common ones is `others`, None where it was not
                    taken

    and "" that nothing was told."""

    common: int
    more: int
    start: int
    size: int
    made: str = ""
    value: float = 0.0
    row: int = 0
    distance: float = 0.0
    std: float | None = None
    others: float | None = None


class Rearranged(NamedTuple):
    """Tensors of one file that tensors of the other are made of. `a` and `b` are keys, one of them is one key. `kind` is

        transposed   a matrix
        permuted     `dims` is the order of A's dimensions in B
        reshaped     the same elements in the same order, in other dimensions
        reordered    the slices along `dims[0]` in another order, `orders[0]`
        joined       the tensors of the side that has several, one after the other along `dims[0]`
        stacked      the same along a dimension of its own; with two `dims`, several at each place of `dims[0]`, joined along `dims[1]`
        moved        the same as it is, under another name
        grown        B's has more slices along `dims[0]`, else it is A's: `grown` says what they are
        cut          B's has fewer

    `turned`: each of the several, or the one, was transposed as well. `orders` says, for each of the several or the one, in which order
    its slices stand in B: "" their own, "halves" that of the rotary halves of each of `groups` heads, whose elements alternate in A,
    "pairs" the way back, "groups" in `groups` runs with slices of the others between, "reversed", "other" in none of these; () is all
    their own. `held` says how well: "exact" (element by element), "cast" (one is just the other in its element type), "scaled"
    (`scale` times A is B but for rounding) or "near"; `difference` has the figures of the worst of the tensors, None where it is exact.
    `basis`: what the arrangement was concluded from where elements do not tell it apart, "weight": that of the weight of the same
    module."""

    kind: str
    a: tuple[str, ...]
    b: tuple[str, ...]
    dims: tuple[int, ...] = ()
    turned: bool = False
    orders: tuple[str, ...] = ()
    groups: int = 0
    held: str = "exact"
    difference: Difference | None = None
    scale: float = 1.0
    basis: str = ""
    grown: Grown | None = None

    @property
    def is_whole(self) -> bool:
        """Whether nothing is in one side that is not in the other."""
        return self.grown is None


class Undecided(NamedTuple):
    """Tensors without a partner that all hold the same values, so that nothing in them tells which is which; `constant`: one value."""

    a: tuple[str, ...]
    b: tuple[str, ...]
    constant: bool = False


class Unsearched(NamedTuple):
    """Of the `of` tensors without an equal partner, how many were not looked at for what they are made of (`tensors`; the largest were),
    and of how many it was not asked what they nearly are (`nearly`), because there were too many."""

    tensors: int
    of: int
    nearly: int = 0


class Verdict(NamedTuple):
    """What the comparison comes to, and never more than was looked at. `id` is one of

        identical                the same tensors, values and metadata, all of them read
        same-weights             all tensors are in both with the same values, in another container or under other names
        cast                     the same, but for element types
        rearranged               the same, some of them transposed, reshaped, split or joined
        partly-same              what both have is the same, but tensors are missing or of another shape
        partly-read              what could be read is the same, but not all could be read
        parts                    two parts of one checkpoint, which hold different pieces of it
        fine-tuned               the tensors that both have point the same way
        unrelated-values         they do not
        different-architectures  most tensors have no partner
        unreadable               no values could be read
        quantized                one is the other, packed: `facts` has "original" ("a", "b", or "" where both are packed), "sqnr" of all
                                 packed tensors together in dB, "packed" (how many), "worst" (a key of A) and "worst_sqnr"
        structure                no values were to be read
        adapter                  one is an adapter, the other a model that it may be for
        empty                    nothing to compare

    `facts` are figures for the sentence: "pairs", "only_a", "only_b", "shapes" (pairs of other shapes), "read" and "unread" (pairs),
    "moved" (pairs of other values), "casts", "renamed", "rearranged" (pairs and tensors without partner that `Rearranged` explains),
    "nearly" (how many of these explanations hold only nearly or but for a factor), "arranged_a" and "arranged_b" (of those only in A
    and only in B, how many it explains), "grown" (pairs of which one is the other with more slices, if there are). Of an adapter:
    "adapter" (the side that is one, "a" or "b"), "fit" (how it fits the other, a sentence), "fits" (0 or 1), "modules" and "fitting".
    `moved` and `frozen` are the groups of layers whose values did and did not change."""

    id: str
    facts: tuple[tuple[str, int | float | str], ...] = ()
    moved: tuple[str, ...] = ()
    frozen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison(WeaklyReferable):
    """`state_dicts` are the ones compared (`"*"`: all tensors of the file, with `weights_only` those of its models); `pairs` go in
    stored order of A, what only B has comes after what stands before it there. Where packed tensors are compared as what they stand for,
    `a` and `b` have these instead of their parts, and `stored` are the two as they were given."""

    a: Checkpoint
    b: Checkpoint
    state_dicts: tuple[str, str]
    pairs: tuple[Pair, ...]
    rules: tuple[Rule, ...] = ()
    offered: tuple[Rule, ...] = ()
    values: tuple[ValueChange, ...] = ()
    rearranged: tuple[Rearranged, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    unsearched: Unsearched | None = None
    lineage: Lineage = NOTHING
    verdict: Verdict | None = None
    weights_only: bool = False
    stored: tuple[Checkpoint, Checkpoint] | None = None

    @property
    def is_packed(self) -> bool:
        """Whether any tensor of a pair is made of packed parts."""
        return self.stored is not None

    def sqnr(self, pair: Pair) -> float | None:
        """How far a packed tensor is from what it was made of, in decibels: 10 log10 of the squares of the values over those of their
        errors. The side that is not packed has the values, A where both are packed; None where there is nothing packed, or nothing was
        read. inf: no value differs."""
        found, sides = pair.difference, (self.a.tensors.get(pair.a or ""), self.b.tensors.get(pair.b or ""))
        x, y = sides
        if x is None or y is None or found is None or found.problem or (x.unpacked is None and y.unpacked is None):
            return None
        rel = found.rel
        if x.unpacked is not None and y.unpacked is None and rel:
            rel = rel / found.growth if 0.0 < found.growth < inf else 1.0 if found.growth else inf
        return inf if rel == 0.0 else -20.0 * log10(rel) if 0.0 < rel < inf else nan

    @property
    def counts(self) -> dict[str, int]:
        """status -> number of pairs, all statuses in order."""
        found = Counter(pair.status for pair in self.pairs)
        return {status: found[status] for status in STATUSES if status != "unread" or found[status]}

    @property
    def same(self) -> bool:
        """Nothing differs: same names, values, shapes, dtypes, devices, and the same other values."""
        return all(pair.status == "equal" and not pair.device for pair in self.pairs) and not self.values


def pair_up(a: CheckpointLike, b: CheckpointLike, *, in_a: str | None = None, in_b: str | None = None,
            accepted: Sequence[Rule] = (), rejected: frozenset[tuple[str, str]] = frozenset(), weights_only: bool = False,
            as_stored: bool = False, monitor: Monitor = QUIET) -> Comparison:
    """The comparison of structure alone, from metadata: no tensor is read. `in_a`, `in_b` are paths of state dicts. `weights_only`
    leaves out what is no weight of a model: optimizers, random states, and values that are no tensors; `as_stored` pairs the parts of
    packed tensors instead of what they stand for. Raises UsageError for a state dict that is not there, errors of `open`, Cancelled.

    >>> found = core.pair_up(core.edit({"module.w": np.ones(3)}, []), core.edit({"w": np.ones(3)}, []))
    >>> [(pair.a, pair.b, pair.status) for pair in found.pairs]
    [('module.w', 'w', 'unread')]
    """
    stored = opened(a, monitor), opened(b, monitor)
    a, b = stored if as_stored else as_meant(*stored, monitor)
    path_a, path_b = choose_both(a, b, in_a, in_b, weights_only, monitor)
    tensors_a, tensors_b = tensors_of(a, path_a, weights_only, monitor), tensors_of(b, path_b, weights_only, monitor)
    matching = match(shapes_of(tensors_a, monitor), shapes_of(tensors_b, monitor), accepted=tuple(accepted), rejected=rejected,
                     monitor=monitor)
    by_rule = {name: number for number, rule in enumerate(matching.rules) for name, _ in stoppable(rule.pairs, monitor)}
    pairs = []
    for name, other in stoppable(_in_order(list(tensors_a), list(tensors_b), matching, monitor), monitor):
        x, y = tensors_a.get(name or ""), tensors_b.get(other or "")
        if name is None or x is None:
            assert y is not None
            pairs.append(Pair(None, y.key, "only-b"))
        elif other is None or y is None:
            pairs.append(Pair(x.key, None, "only-a"))
        else:
            pairs.append(Pair(x.key, y.key, _status(x, y), by_rule.get(name, -1), _differ(x.device, y.device)))
    return Comparison(a, b, (path_a, path_b), tuple(pairs), matching.rules, matching.offered,
                      () if weights_only else tuple(value_changes(*stored, path_a, path_b, monitor)), weights_only=weights_only,
                      stored=stored if stored[0] is not a or stored[1] is not b else None)


def with_pairs(comparison: Comparison, pairs: Sequence[Pair], verdict: Verdict | None = None, *,
               values: Sequence[ValueChange] | None = None) -> Comparison:
    """The comparison with other pairs, such as some of its own.

    >>> found = core.compare({"a": np.ones(3), "b": np.ones(2)}, {"a": np.zeros(3), "b": np.ones(2)})
    >>> [pair.a for pair in core.with_pairs(found, [pair for pair in found.pairs if pair.status != "equal"]).pairs]
    ['a']
    """
    return replace(comparison, pairs=tuple(pairs), verdict=verdict, values=comparison.values if values is None else tuple(values))


def _status(x: TensorInfo, y: TensorInfo) -> str:
    """What the tables tell of two tensors before they are read."""
    if is_unread(x) or is_unread(y):
        return "unread"
    return "shape" if x.shape != y.shape or x.layout != y.layout else "dtype" if stored_as(x) != stored_as(y) else "unread"


def _differ(x: str | None, y: str | None) -> bool:
    """A format without devices says nothing about them."""
    return x is not None and y is not None and x != y


def _in_order(a: list[str], b: list[str], matching: Matching, monitor: Monitor) -> list[tuple[str | None, str | None]]:
    """All pairs in A's order; what only B has follows the pair that stands before it in B."""
    partner = {y: x for x, y in stoppable(matching.pairs.items(), monitor)}
    after: dict[str | None, list[str]] = {}
    last: str | None = None
    for name in stoppable(b, monitor):
        if name in partner:
            last = name
        else:
            after.setdefault(last, []).append(name)
    result: list[tuple[str | None, str | None]] = [(None, name) for name in after.get(None, ())]
    for name in stoppable(a, monitor):
        other = matching.pairs.get(name)
        result.append((name, other))
        if other is not None:
            result += [(None, extra) for extra in after.get(other, ())]
    return result


__all__ = ["STATUSES", "WHOLE", "Comparison", "Difference", "Grown", "Pair", "Rearranged", "Undecided", "Verdict", "pair_up", "with_pairs"]
