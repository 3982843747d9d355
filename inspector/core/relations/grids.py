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
    for most in _LEVELS:
        for group in _GROUPS:
            size = group or b.shape[1]
            if size < 2 * most or b.shape[1] % size:
                continue
            mine, theirs = (_distinct(rows.reshape(-1, size)) for rows in (a, b))
            if int(theirs.max()) <= most and float(mine.mean()) >= _FEWER * float(theirs.mean()) and float(theirs.mean()) > 1.5:
                return Grid(int(theirs.max()), group)
    return None


def _distinct(runs: Array) -> Array:
    """How many different values each row has."""
    import numpy as np
    ordered = np.sort(runs, 1)
    counts: Array = 1 + np.count_nonzero(np.diff(ordered, axis=1), axis=1)
    return counts
