"""New rows of a tensor that grows: zeros, the mean of the rows that it has, or random numbers as far apart as its own.

A "row" is all elements at one index of the dimension that grows; the decoder makes the box of the new ones, in C order.
"""
from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from inspector.core.checkpoint import PartReader

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_RUN = 4096             # elements that are made together where any number would do
_BYTES = 4 << 20        # of the old rows, read at once


@dataclass(frozen=True, slots=True)
class Zeros:
    numel: int
    unit: int = _RUN

    def decode(self, parts: PartReader, first: int, last: int) -> Array:
        import numpy as np
        return np.zeros(min(last * self.unit, self.numel) - first * self.unit, np.float32)


@dataclass(frozen=True, slots=True)
class MeanRows:
    """`count` rows more along `dim` of the tensor "old", which is of `shape`, each the mean of those that are there: taken in float64,
    given as float32."""

    shape: tuple[int, ...]
    dim: int
    count: int

    @property
    def unit(self) -> int:
        return max(prod(self.shape[self.dim + 1:]), 1)

    def decode(self, parts: PartReader, first: int, last: int) -> Array:
        import numpy as np
        means = parts.kept("means", lambda: self._means(parts))
        found: Array = means[np.arange(first, last) // self.count].reshape(-1)
        return found

    def _means(self, parts: PartReader) -> Array:
        """A line of means for each index of the dimensions before `dim`."""
        import numpy as np
        size, before = self.shape[self.dim], self.shape[:self.dim]
        means = np.zeros((prod(before), self.unit), np.float32)
        steps = max(1, _BYTES // 4 // max(prod(self.shape[1:]), 1))
        if self.dim == 0:
            total = np.zeros(self.unit, np.float64)
            for at in range(0, size, steps):
                some = parts.numbers("old", at, at + steps)
                total += some.reshape(len(some), -1).sum(0, dtype=np.float64)
            with np.errstate(all="ignore"):
                means[0] = total / size
            return means
        lines = prod(before[1:])
        for at in range(0, self.shape[0], steps):
            some = parts.numbers("old", at, at + steps)
            with np.errstate(all="ignore"):
                found = some.reshape(len(some) * lines, size, self.unit).mean(1, dtype=np.float64)
                means[at * lines:(at + len(some)) * lines] = found
        return means


@dataclass(frozen=True, slots=True)
class RandomNormal:
    """`numel` numbers of a normal distribution about zero with the standard deviation of the tensor "old", which is of `shape`. The same
    for the same `seed`, in whichever order they are made."""

    numel: int
    shape: tuple[int, ...]
    seed: int
    unit: int = _RUN

    def decode(self, parts: PartReader, first: int, last: int) -> Array:
        import numpy as np
        std = parts.kept("std", lambda: self._std(parts))
        made = np.concatenate([np.random.Generator(np.random.Philox(key=[self.seed, run])).standard_normal(self.unit)
                               for run in range(first, last)])
        with np.errstate(all="ignore"):
            found: Array = (made * std).astype(np.float32)
        return found[:min(last * self.unit, self.numel) - first * self.unit]

    def _std(self, parts: PartReader) -> Any:
        import numpy as np
        steps = max(1, _BYTES // 4 // max(prod(self.shape[1:]), 1))
        mean = squares = np.float64(0)
        count = 0
        for at in range(0, self.shape[0] if self.shape else 1, steps):      # Chan's way to add up parts
            some = (parts.numbers("old", at, at + steps) if self.shape else parts.numbers("old")).astype(np.float64)
            with np.errstate(all="ignore"):
                there, own = some.mean(), some.var() * some.size
                apart = there - mean
                total = count + some.size
                squares = squares + own + apart * apart * count * some.size / total
                mean = mean + apart * some.size / total
            count = total
        with np.errstate(all="ignore"):
            return np.sqrt(squares / count)
