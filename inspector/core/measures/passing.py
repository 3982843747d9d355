"""The numbers of one tensor from chunks that somebody else reads, for whom it is on the way."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from inspector.core.checkpoint import Checkpoint

from . import sources
from .gather import Gathered

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


class Passed(NamedTuple):
    """`l2` (the norm), `mean` and `std` (of the population) of the finite elements, NaN where there are none; how many are NaN, and
    infinite."""

    l2: float
    mean: float
    std: float
    nan: int
    inf: int


class Passing:
    """`take` every chunk of a tensor, as `TensorReader.chunks` gives them in whichever order, then ask for the `result`."""

    def __init__(self, ckpt: Checkpoint, key: str, nbytes_in_all: int) -> None:
        """`nbytes_in_all`: how much will be measured in all. Raises BadTensor when its elements are no numbers."""
        self._source = sources.of_tensor(ckpt, key, fold=False)
        self._seen = Gathered([self._source], nbytes_in_all)
        self._take = self._seen.first_pass(self._source, 0)
        self._chunks = 0

    def take(self, chunk: Array) -> None:
        self._take(self._source.numbers(chunk, self._seen.into), self._chunks)
        self._chunks += 1

    def result(self) -> Passed | None:
        """None when the numbers are so great or so small that their squares take another pass (`summarize_tensor`)."""
        seen = self._seen
        seen.close()
        if seen.finite and seen.begin(None, []):
            return None
        moments = seen.moments()
        return Passed(moments.l2, moments.mean, moments.std, seen.numel - seen.finite - seen.posinf - seen.neginf,
                      seen.posinf + seen.neginf)
