"""Which dicts of a file are state dicts: names of parameters with their tensors, and no loss beside a model, no meter, no state of
random numbers, no sample input.

A dict that `Module.state_dict` made says so by its `_metadata`. Of any other, more than half of the entries are tensors and one of them
at least has a dimension. Only the root may have fewer, where somebody keeps an epoch and arguments among the weights; not when the
weights are a dict of their own in it.
"""
from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from inspector.core.keypath import leaf_of
from inspector.core.naming_conventions import USUAL_WEIGHTS, holds_no_weights, is_weights

Judgement = Literal["yes", "likely", "perhaps", "no"]


class Entries(NamedTuple):
    """What a dict holds itself: how many entries there are, but for the extra states of modules; how many of them are tensors, and
    whether any of those has dimensions and is not named as a state of random numbers."""

    all: int
    tensors: int
    has_vectors: bool

    @property
    def mostly_tensors(self) -> bool:
        return 2 * self.tensors > self.all


def judged(entries: Entries, path: str, has_metadata: bool = False) -> Judgement:
    """Whether the dict at `path` is a state dict, as far as itself and its name tell. Of the root it may depend on the others
    ("likely", "perhaps"): see `root_stays`."""
    if has_metadata:
        return "yes" if entries.tensors else "no"
    if not entries.has_vectors:
        return "yes" if not path and entries.tensors and entries.tensors == entries.all else "no"
    if path and holds_no_weights(leaf_of(path)):
        return "no"
    if entries.mostly_tensors:
        return "yes" if path else "likely"
    return "no" if path else "perhaps"


def root_stays(judgement: Judgement, others: Iterable[str]) -> bool:
    """Whether the root is a state dict, `others` being all others that were found."""
    weights = [path for path in others if path and is_weights(path) and not is_state(path)]
    if judgement == "likely":
        return not any(path in USUAL_WEIGHTS for path in weights)
    return judgement == "yes" or (judgement == "perhaps" and not weights)


def is_state(path: str) -> bool:
    """Whether a state dict is named as the "state" of an optimizer."""
    return leaf_of(path) == "state"
