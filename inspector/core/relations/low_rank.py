"""The rank of what was added to a matrix, but for rounding: from a sample of it, then of all of it by a randomised decomposition.

N. Halko, P.-G. Martinsson, J. Tropp: Finding structure with randomness (2011), algorithm 5.1: the difference is multiplied by a few random
vectors, and then projected on what they span; rows are read in blocks, twice, so that memory stays bounded.
"""
from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from inspector.core.comparison.differences.first_rows import ABOVE, CORNER, DIGITS, NUMERIC, has_full_rank

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_MORE = 8               # random vectors more than the rank that is expected
_LEFT = 1.7             # how many times noise, which is 1.4 times that of one rounding where a product was rounded too, is what is left
_PART = 64              # rows and columns that tell of most small changes what they are; for so few numpy's library starts no threads
_MOST_BYTES = 96 << 20  # of the products with random vectors

# what numpy's library does on all cores is not begun from several threads, which would wait for each other busily
_at_work: AbstractContextManager[object] = nullcontext() if os.environ.get("OPENBLAS_NUM_THREADS") == "1" else Lock()


class Rank(NamedTuple):
    """`share`: of the square of the whole difference, what is in the first `rank` directions."""

    rank: int
    share: float


def rounding_noise(values: Array, dtype: str) -> float:
    """The root mean square of the errors that rounding to `dtype` leaves in numbers of these sizes."""
    import numpy as np
    digits = DIGITS[dtype]
    sizes = np.abs(values[values != 0])
    if not sizes.size:
        return 0.0
    steps = np.exp2(np.floor(np.log2(sizes)) - digits)
    return float(np.sqrt(np.sum(np.square(steps)) / 12 / values.size))


def rank_of_sample(difference: Array, noise: float, deeply: bool = True) -> int:
    """Of a part of the difference: its rank above the noise, 0 where that is no low rank. Of most, a corner tells that; else than `deeply`
    it is enough."""
    if min(difference.shape) < 8:
        return 0
    corner = difference[:CORNER, :CORNER]
    if (not deeply or corner.shape == difference.shape) and is_full(corner, noise):
        return 0
    with _at_work:
        if has_full_rank(difference, min(difference.shape) // 2, noise):
            return 0
    if not deeply and min(difference.shape) > _PART and _above_noise(difference[:_PART, :_PART], noise) is None:
        return 0
    with _at_work:
        return _above_noise(difference, noise) or 0


def _above_noise(difference: Array, noise: float) -> int | None:
    """The rank above the noise; None where that is more than half of what it could be, or what is left beside it is more than noise: a
    change of full rank, of which some directions may stand out of the noise."""
    import numpy as np
    # the roots of what its Gram matrix has: a tenth of the work, and exact enough above `NUMERIC`
    gram = difference @ difference.T if difference.shape[0] <= difference.shape[1] else difference.T @ difference
    values = np.sqrt(np.maximum(np.linalg.eigvalsh(gram)[::-1], 0.0))
    rank = _above(values, difference.shape, noise)
    if rank > min(difference.shape) // 2:
        return None
    rows, columns = difference.shape
    left = float(np.sum(np.square(values[rank:])))
    explained = (_LEFT * noise) ** 2 * (rows - rank) * (columns - rank) + (NUMERIC * float(values[0])) ** 2 * min(rows, columns)
    return rank if left <= explained else None


def is_full(corner: Array, noise: float) -> bool:
    """Whether a small part of the difference has all the rank that it could have, or nearly."""
    import numpy as np
    rank = _above(np.linalg.svd(corner, compute_uv=False), corner.shape, noise)
    return bool(rank > 3 * min(corner.shape) // 4)


def rank_of(blocks: Callable[[], Iterator[Array]], shape: tuple[int, int], expected: int, noise: float) -> Rank | None:
    """Of the whole: `blocks` gives its rows, some at a time, again whenever it is called. None where the rank is not low after all, or
    the matrix too long."""
    import numpy as np
    rows, columns = shape
    count = min(expected + _MORE, rows, columns)
    if (rows + columns) * count * 8 > _MOST_BYTES:
        return None
    random = np.random.default_rng(0).standard_normal((columns, count))
    spread, square = [], 0.0
    for block in blocks():
        with _at_work:
            spread.append(block @ random)
            square += float(np.vdot(block, block))
    with _at_work:
        basis, _ = np.linalg.qr(np.concatenate(spread))
    projected, start = np.zeros((count, columns)), 0
    for block in blocks():
        with _at_work:
            projected += basis[start:start + len(block)].T @ block
        start += len(block)
    with _at_work:
        values = np.linalg.svd(projected, compute_uv=False)
    rank = _above(values, shape, noise)
    if not 1 <= rank <= expected + _MORE // 2 or not square:
        return None
    return Rank(rank, min(1.0, float(np.sum(np.square(values[:rank]))) / square))


def _above(values: Array, shape: tuple[int, ...], noise: float) -> int:
    """How many singular values are greater than a matrix of this shape would have that is all noise."""
    most = ABOVE * noise * (math.sqrt(shape[0]) + math.sqrt(shape[1]))
    return int((values > max(most, NUMERIC * float(values[0]))).sum())
