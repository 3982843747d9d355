"""Two checkpoints side by side: which tensors are the same, how their values differ, what else they have to do with each other."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from inspector.core.comparison.differences.streaming import by_content, differences, with_difference
from inspector.core.comparison.differences.verdict import verdict_of
from inspector.core.comparison.pairing.pairs import Comparison, Pair, pair_up, with_pairs
from inspector.core.comparison.pairing.rules import Rule
from inspector.core.opening import CheckpointLike, opened
from inspector.core.progress import QUIET, Monitor
from inspector.core.relations.finding import relations_of
from inspector.core.relations.lineage import lineage_of

if TYPE_CHECKING:
    from concurrent.futures import Executor


def compare(a: CheckpointLike, b: CheckpointLike, *, in_a: str | None = None,
            in_b: str | None = None, values: bool = True, rtol: float = 0.0, atol: float = 0.0, accepted: Sequence[Rule] = (),
            rejected: frozenset[tuple[str, str]] = frozenset(), only: Callable[[Pair], bool] = lambda pair: True,
            weights_only: bool = False, monitor: Monitor = QUIET, executor: Executor | None = None) -> Comparison:
    """Which tensors of `a` and `b`, checkpoints or paths of them, are the same and how they differ. `in_a` and `in_b` are paths of
    state dicts; without them, what the two have in common is found. With `values`, the tensors are read, all that `only` wants;
    elements within `atol + rtol * |b|` of each other then count as equal. `accepted` and `rejected` are rules of an earlier comparison.
    `weights_only`: whether the models' weights are the same is all that is asked; optimizers, epochs and options do not count.
    The values of pairs are compared by the workers of `executor` where one is given. Raises UsageError for a state dict that is not
    there, ReadError when a file has changed, Cancelled.

    >>> import numpy as np
    >>> found = core.compare({"w": np.zeros(4), "b": np.ones(2)}, {"w": np.array([0, 0, 0, 2.0]), "b": np.ones(2)})
    >>> [(pair.a, pair.status) for pair in found.pairs]
    [('w', 'values'), ('b', 'equal')]
    """
    comparison = pair_up(opened(a, monitor), opened(b, monitor), in_a=in_a, in_b=in_b, accepted=accepted,
                         rejected=rejected, weights_only=weights_only, monitor=monitor)
    if not values:
        return with_pairs(comparison, comparison.pairs, verdict_of(comparison, monitor))
    comparison = by_content(comparison, rejected, monitor)
    pairs = list(comparison.pairs)
    for number, found in differences(comparison, rtol=rtol, atol=atol, only=only, monitor=monitor, executor=executor):
        pairs[number] = with_difference(pairs[number], found)
    return judged(replace(comparison, pairs=tuple(pairs)), monitor)


def judged(comparison: Comparison, monitor: Monitor = QUIET) -> Comparison:
    """The comparison, whose values were read, with what is rearranged in it, where B's values come from and what it comes to. Errors as
    `compare`.

    >>> pairs = core.pair_up(core.edit({"w": np.ones(3)}, []), core.edit({"module.w": np.ones(3)}, []))
    >>> read = [core.with_difference(pairs.pairs[at], found) for at, found in core.differences(pairs)]
    >>> core.judged(core.with_pairs(pairs, read)).verdict.id
    'same-weights'
    """
    found = relations_of(comparison, monitor)
    comparison = replace(comparison, rearranged=found.rearranged, undecided=found.undecided, unsearched=found.unsearched)
    comparison = replace(comparison, lineage=lineage_of(comparison, monitor))
    return replace(comparison, verdict=verdict_of(comparison, monitor))
