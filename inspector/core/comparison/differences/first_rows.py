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
_FEW = 16               # runs of either direction, of those in a corner, that would tell of few values
_LEVELS = 256
_SURELY = 5.0           # standard deviations


def ruled_out(a: TensorInfo, x: Array, b: TensorInfo, y: Array) -> tuple[bool, bool]:
    """Whether the elements `x` and `y`, with which the matrices `a` and `b` begin, tell that B is not A in few values, and that it is not
    A and something of low rank. False where they do not, or are too few."""
    import numpy as np
    if a.dtype not in DIGITS or b.dtype not in DIGITS or not is_contiguous(a.shape, a.stride) or not is_contiguous(b.shape, b.stride):
        return False, False
    with np.errstate(all="ignore"):         # NaN of any kind may be among them
        return _ruled_out(a, x, b, y)


def _ruled_out(a: TensorInfo, x: Array, b: TensorInfo, y: Array) -> tuple[bool, bool]:
    import numpy as np
    rows, width = (a.shape[0], math.prod(a.shape[1:])) if len(a.shape) > 1 else (1, a.numel)
    if rows == 1:
        runs = y[:min(y.size, _RUN * _RUNS) // _RUN * _RUN].astype(np.float64).reshape(-1, _RUN)
        return not may_be_few(runs), False
    if min(rows, width) < _RUN or min(x.size, y.size) < _RUN * width:
        return False, False
    table = y[:_RUN * width].reshape(_RUN, width)
    one, other = x[:_RUN * width].reshape(_RUN, width)[:, :CORNER].astype(np.float64), table[:, :CORNER].astype(np.float64)
    many = not _may_recur(other.reshape(1, -1), _FEW) or _are_many(table[:, :min(width, _RUNS) // _RUN * _RUN].astype(np.float64))
    return many, has_full_rank(other - one, 3 * CORNER // 4, coarse_noise(other, b.dtype))


def _are_many(table: Array) -> bool:
    return not may_be_few(table.reshape(-1, _RUN)) and not may_be_few(table.T)


def may_be_few(runs: Array) -> bool:
    """Whether values may recur in the rows of `runs` as often as they do where each has 256 of them at most: that is least often where all
    of those are as frequent."""
    return _may_recur(runs, len(runs))


def _may_recur(values: Array, count: int) -> bool:
    """Whether as many values recur in the rows of `values`, which may be longer than runs, as in `count` runs with 256 each."""
    import numpy as np
    ordered = np.sort(values, 1)
    expected = count * math.comb(_RUN, 2) / _LEVELS
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
    part, square = difference[:low + 1], float(np.vdot(difference, difference))
    if rows <= low or not math.isfinite(square):
        return False
    least = max(ABOVE * noise * (math.sqrt(rows) + math.sqrt(columns)), NUMERIC * math.sqrt(square))
    gram = part @ part.T
    gram.flat[::low + 2] -= least * least
    try:
        np.linalg.cholesky(gram)            # of what has only eigenvalues above that
    except np.linalg.LinAlgError:
        return False
    return True
