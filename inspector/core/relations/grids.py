"""Few values in every run of a row: what quantization leaves when the weights are made floating numbers again."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_GROUPS = (0, 256, 128, 64, 32)     # elements that share a scale, 0: a row; as GPTQ, AWQ, bitsandbytes, MX and ggml have them
_LEVELS = (4, 8, 16, 64, 256)
_FEWER = 1.6                        # times more values that A has


_FEWEST = 16                        # elements of a run whose values may stand at even distances by chance
_OFF = 0.01                         # of such a distance, that rounding to float32 leaves
_STEPS = (7, 8, 127, 128)           # from zero to the largest magnitude, of 4 and 8 bits
_STEPS_OF_RANGE = (15, 255)         # from the least to the largest


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
    return min(found)[2] if found else _even_grid(a, b)


def _even_grid(a: Array, b: Array) -> Grid | None:
    """The fewest steps of one size that all rows of `b` are made of, and those of `a` are not: of runs too short to have a value twice."""
    for steps, of_range in (*((steps, False) for steps in _STEPS), *((steps, True) for steps in _STEPS_OF_RANGE)):
        for group in _GROUPS:
            size = group or b.shape[1]
            if size >= _FEWEST and b.shape[1] % size == 0 and _is_even(b.reshape(-1, size), steps, of_range) \
                    and not _is_even(a.reshape(-1, size), steps, of_range):
                return Grid(steps + 1 if of_range else 2 * steps + (steps % 2), group)
    return None


def _is_even(runs: Array, steps: int, of_range: bool) -> bool:
    """Whether each run is of whole multiples of its `steps`-th part, and most of them of more than the ends."""
    import numpy as np
    runs = runs.astype(np.float64)
    if of_range:
        runs = runs - runs.min(1, keepdims=True)
    most = np.abs(runs).max(1, keepdims=True)
    if not np.isfinite(most).all() or np.count_nonzero(most) < max(1, len(most) // 2):
        return False
    at = runs / np.where(most > 0, most, 1) * steps
    whole = np.rint(at)
    return bool((np.abs(at - whole) <= _OFF).all() and (_distinct(whole) > 3).mean() > 0.5)


def _distinct(runs: Array) -> Array:
    """How many different values each row has."""
    import numpy as np
    ordered = np.sort(runs, 1)
    counts: Array = 1 + np.count_nonzero(np.diff(ordered, axis=1), axis=1)
    return counts
