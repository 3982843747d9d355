"""What the first rows of two matrices, looked at while they are at hand, rule out of how B came from A: so that few are read again.

Numbers of 8 bits or fewer recur in every run of them, however they are scaled; what a low rank changed has that rank in every part of it.
"""
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

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
_TOGETHER = 32          # pairs that are looked at at once


class FirstRows(NamedTuple):
    """What is looked at of two matrices: the corners of both, 32 rows and columns, and of B's first rows two runs each (float64); and the
    noise that B's element type leaves in its corner."""

    one: Array
    other: Array
    runs: Array
    noise: float


def ruled_out(a: TensorInfo, x: Array, b: TensorInfo, y: Array) -> tuple[bool, bool]:
    """Whether the elements `x` and `y`, with which the matrices `a` and `b` begin, tell that B is not A in few values, and that it is not
    A and something of low rank. False where they do not, or are too few."""
    found = first_rows(a, x, b, y)
    return ruled_out_by([found])[0] if isinstance(found, FirstRows) else found


def first_rows(a: TensorInfo, x: Array, b: TensorInfo, y: Array) -> FirstRows | tuple[bool, bool]:
    """What `ruled_out_by` looks at, of many pairs at once; what is ruled out where that is known right away."""
    import numpy as np
    if a.dtype not in DIGITS or b.dtype not in DIGITS or not is_contiguous(a.shape, a.stride) or not is_contiguous(b.shape, b.stride):
        return False, False
    rows, width = (a.shape[0], math.prod(a.shape[1:])) if len(a.shape) > 1 else (1, a.numel)
    if rows > 1 and (min(rows, width) < _RUN or min(x.size, y.size) < _RUN * width):
        return False, False
    with np.errstate(all="ignore"):         # NaN of any kind may be among them
        if rows == 1:
            runs = y[:min(y.size, _RUN * _RUNS) // _RUN * _RUN].astype(np.float64).reshape(-1, _RUN)
            return not may_be_few(runs), False
        table = y[:_RUN * width].reshape(_RUN, width)
        other = table[:, :CORNER].astype(np.float64)
        return FirstRows(x[:_RUN * width].reshape(_RUN, width)[:, :CORNER].astype(np.float64), other,
                         table[:, :min(width, _RUNS) // _RUN * _RUN].astype(np.float64), coarse_noise(other, b.dtype))


def ruled_out_by(found: Sequence[FirstRows]) -> list[tuple[bool, bool]]:
    """As `ruled_out`, of several pairs: numpy takes less time for all of them than for each."""
    import numpy as np
    told: list[tuple[bool, bool]] = []
    for first in range(0, len(found), _TOGETHER):
        some = found[first:first + _TOGETHER]
        with np.errstate(all="ignore"):
            one, other = np.stack([rows.one for rows in some]), np.stack([rows.other for rows in some])
            recur = _that_recur(other.reshape(len(some), 1, -1), _FEW)
            many = [not recurs or _are_many(rows.runs) for recurs, rows in zip(recur, some, strict=True)]
            full = _have_full_rank(other - one, 3 * CORNER // 4, [rows.noise for rows in some])
        told += zip(many, full, strict=True)
    return told


def _are_many(table: Array) -> bool:
    return not may_be_few(table.reshape(-1, _RUN)) and not may_be_few(table.T)


def may_be_few(runs: Array) -> bool:
    """Whether values may recur in the rows of `runs` as often as they do where each has 256 of them at most: that is least often where all
    of those are as frequent."""
    return _may_recur(runs, len(runs))


def _may_recur(values: Array, count: int) -> bool:
    return _that_recur(values[None], count)[0]


def _that_recur(values: Array, count: int) -> list[bool]:
    """In which of several tables as many values recur in the rows, which may be longer than runs, as in `count` runs with 256 each."""
    import numpy as np
    ordered = np.sort(values, 2)
    expected = count * math.comb(_RUN, 2) / _LEVELS
    equal = np.count_nonzero(ordered[:, :, 1:] == ordered[:, :, :-1], axis=(1, 2))
    found: list[bool] = (equal > expected - _SURELY * math.sqrt(expected)).tolist()
    return found


def coarse_noise(values: Array, dtype: str) -> float:
    """Not less than the root mean square of the errors that rounding to `dtype` leaves in these numbers."""
    import numpy as np
    return float(np.abs(values).max()) * 2.0 ** -DIGITS[dtype] / math.sqrt(12)


def has_full_rank(difference: Array, low: int, noise: float) -> bool:
    """Whether more than `low` singular values of a matrix are surely above those that noise would have in one of its shape: as many rows
    alone have them, and no matrix has fewer than a part of it. False where that is to be looked at more closely."""
    return _have_full_rank(difference[None], low, [noise])[0]


def _have_full_rank(differences: Array, low: int, noises: Sequence[float]) -> list[bool]:
    """The same of several matrices of one shape."""
    import numpy as np
    many, rows, columns = differences.shape
    if rows <= low:
        return [False] * many
    with np.errstate(all="ignore"):
        parts, squares = differences[:, :low + 1], np.einsum("nij,nij->n", differences, differences)
        good = np.isfinite(squares)
        least = np.maximum(ABOVE * np.array(noises) * (math.sqrt(rows) + math.sqrt(columns)), NUMERIC * np.sqrt(np.where(good, squares, 0)))
        if not good.all():
            parts, least = parts[good], least[good]
        grams = parts @ parts.swapaxes(1, 2)
        grams[:, range(low + 1), range(low + 1)] -= (least * least)[:, None]
    found = np.zeros(many, bool)
    if _are_positive(grams):
        found[good] = True
    elif len(grams) > 1:
        found[good] = [_are_positive(gram) for gram in grams]
    told: list[bool] = found.tolist()
    return told


def _are_positive(grams: Array) -> bool:
    """Whether all eigenvalues of all of them are."""
    import numpy as np
    try:
        np.linalg.cholesky(grams)
    except np.linalg.LinAlgError:
        return False
    return True
