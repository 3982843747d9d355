"""What the first rows of two matrices, looked at while they are at hand, rule out of how B came from A: so that few are read again.

Numbers of 8 bits or fewer recur in every run of them, however they are scaled; what a low rank changed has that rank in every part of it.
"""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from inspector.core.checkpoint import TensorInfo, is_contiguous

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

DIGITS = {"float64": 52, "float32": 23, "float16": 10, "bfloat16": 7}
CORNER = 32             # rows and columns of which the rank is found
ABOVE = 1.5             # how far above the greatest singular value of noise one must be
NUMERIC = 1e-6          # of the greatest, what arithmetic itself leaves
_RUN = 32               # elements that share a scale at least
_RUNS = 64
_FEW = 16               # runs that tell of most numbers that they hardly ever recur
_LEVELS = 256
_SURELY = 5.0           # standard deviations


def ruled_out(a: TensorInfo, x: Array, b: TensorInfo, y: Array) -> tuple[bool, bool]:
    """Whether the elements `x` and `y`, with which the matrices `a` and `b` begin, tell that B is not A in few values, and that it is not
    A and something of low rank. False where they do not, or are too few."""
    import numpy as np
    if a.dtype not in DIGITS or b.dtype not in DIGITS or not all(is_contiguous(info.shape, info.stride) for info in (a, b)):
        return False, False
    rows, width = (a.shape[0], math.prod(a.shape[1:])) if len(a.shape) > 1 else (1, a.numel)
    if rows == 1:
        runs = y[:min(y.size, _RUN * _RUNS) // _RUN * _RUN].astype(np.float64).reshape(-1, _RUN)
        return not may_be_few(runs), False
    if min(rows, width) < _RUN or min(x.size, y.size) < _RUN * width:
        return False, False
    one, other = (table[:_RUN * width].reshape(_RUN, width)[:, :min(width, _RUNS) // _RUN * _RUN].astype(np.float64) for table in (x, y))
    return (not may_be_few(other.reshape(-1, _RUN)) and not may_be_few(other.T),
            has_full_rank(other[:, :CORNER] - one[:, :CORNER], 3 * CORNER // 4, coarse_noise(other, b.dtype)))


def may_be_few(runs: Array) -> bool:
    """Whether values may recur in the rows of `runs` as often as they do where each has 256 of them at most: that is least often where all
    of those are as frequent."""
    return _may_recur(runs[:_FEW]) and _may_recur(runs)


def _may_recur(runs: Array) -> bool:
    import numpy as np
    ordered = np.sort(runs, 1)
    expected = len(runs) * math.comb(runs.shape[1], 2) / _LEVELS
    return int(np.count_nonzero(ordered[:, 1:] == ordered[:, :-1])) > expected - _SURELY * math.sqrt(expected)


def coarse_noise(values: Array, dtype: str) -> float:
    """Not less than the root mean square of the errors that rounding to `dtype` leaves in these numbers."""
    import numpy as np
    return float(np.abs(values).max()) * 2.0 ** -DIGITS[dtype] / math.sqrt(12)


def has_full_rank(difference: Array, low: int, noise: float) -> bool:
    """Whether more than `low` singular values of a matrix are surely above those that noise would have in one of its shape: as many rows
    alone have them, and no matrix has fewer than a part of it. False where that is to be looked at more closely."""
    import numpy as np
    rows, columns = difference.shape
    with np.errstate(all="ignore"):
        part = difference[:low + 1]
        least = max(ABOVE * noise * (math.sqrt(rows) + math.sqrt(columns)), NUMERIC * math.sqrt(np.vdot(difference, difference)))
        gram = part @ part.T
        gram.flat[::len(part) + 1] -= least ** 2
        if len(part) <= low or not np.isfinite(gram).all():
            return False
        try:
            np.linalg.cholesky(gram)            # of what has only eigenvalues above that
        except np.linalg.LinAlgError:
            return False
    return True
