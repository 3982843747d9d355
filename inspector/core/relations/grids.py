"""Few values in every run of a row: what quantization leaves when the weights are made floating numbers again."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_GROUPS = (0, 256, 128, 64, 32)     # elements that share a scale, 0: a row; as GPTQ, AWQ, bitsandbytes, MX and ggml have them
_LEVELS = (4, 8, 16, 64, 256)
_FEWER = 1.6                        # times more values that A has


class Grid(NamedTuple):
    levels: int
    group: int


def grid_of(a: Array, b: Array) -> Grid | None:
    """The fewest values, in the longest runs, that all rows of `b` have, and those of `a` have not."""
    found = []
    for group in _GROUPS:
        size = group or b.shape[1]
        if size < 2 * _LEVELS[0] or b.shape[1] % size:
            continue
        theirs = _distinct(b.reshape(-1, size))
        most = next((levels for levels in _LEVELS if theirs.max() <= levels and 2 * levels <= size), 0)
        if most and theirs.mean() > 1.5 and _distinct(a.reshape(-1, size)).mean() >= _FEWER * theirs.mean():
            found.append((most, -size, Grid(int(theirs.max()), group)))
    return min(found)[2] if found else None


def _distinct(runs: Array) -> Array:
    """How many different values each row has."""
    import numpy as np
    ordered = np.sort(runs, 1)
    counts: Array = 1 + np.count_nonzero(np.diff(ordered, axis=1), axis=1)
    return counts
