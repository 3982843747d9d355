"""What became of one tensor: cast, rounded, multiplied, masked, changed by something of low rank, quantized, trained on, or another.

Each is looked for in some rows first; what must hold for all elements is then looked at in all.
"""
from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from inspector.core.checkpoint import TensorInfo, is_contiguous
from inspector.core.comparison.differences.difference import chunks_of_both
from inspector.core.comparison.differences.first_rows import CORNER, DIGITS
from inspector.core.comparison.pairing.lineage import Delta
from inspector.core.comparison.pairing.pairs import Difference, Pair
from inspector.core.errors import BadTensor
from inspector.core.progress import Monitor
from inspector.core.tensors.casts import converter, why_not
from inspector.core.tensors.reader import TensorReader, array_dtype

from .grids import Sample, grid_of
from .low_rank import is_full, rank_of, rank_of_sample, rounding_noise

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_ROWS, _COLUMNS = 256, 256      # of the sample whose rank is found
_GRID_ROWS = 8
_BOX_ROWS, _BOX_COLUMNS = 512, 256      # twice the values of 8 bits, and two blocks of 128
_RUN = 32                       # rows of a sample that follow each other: read at once
_MOVED = 0.5                    # of rows and of columns something must have changed in
_LONGEST_ROW = 1 << 16
_LONGEST = 1e150                # norms whose squares are numbers
_FIRST = 4096                   # elements that most tests fail at
_BLOCK = 4 << 20                # bytes of rows read at once
_RELATED = 0.3                  # cosine
_TELLING = 64                   # elements from which on a direction tells something
_ROUNDED_TO = ("bfloat16", "float16", "float8_e4m3fn", "float8_e5m2")
_MASKED = 0.01                  # the least share that is called a mask
_SAME = 1e-6            # relative, what sums are off by at most
_LEAST_FACTOR = 1e-7            # of which it is asked whether it is one over a whole number
_ANGLE = 4.0                    # times rounding, the angle up to which two are multiples


class Both:
    """A pair with its readers. `deeply`: whether a high rank is looked for that is still low."""

    def __init__(self, a: TensorReader, x: TensorInfo, b: TensorReader, y: TensorInfo, monitor: Monitor, deeply: bool = True) -> None:
        self.a, self.x, self.b, self.y = a, x, b, y
        self.monitor = monitor
        self.deeply = deeply
        self._first: tuple[Array, Array] | None = None

    def chunks(self) -> Iterator[tuple[Array, Array]]:
        return chunks_of_both(self.a, self.x, self.b, self.y)

    def first(self) -> tuple[Array, Array]:
        """Some elements of either, the same; read once."""
        if self._first is None:
            with closing(chunks_of_both(self.a, self.x, self.b, self.y, _FIRST * 8)) as chunks:
                x, y = next(chunks)
                self._first = x[:_FIRST].copy(), y[:_FIRST].copy()
        return self._first


def delta_of(both: Both, pair: Pair) -> Delta:
    """The fact about a pair that was compared. Raises Cancelled, and ReadError when a file has changed."""
    delta, found = Delta(pair.a or "", pair.b or "", "changed"), pair.difference
    if found is None or found.problem:
        return delta._replace(kind="unread")
    if not found.n_different:
        return delta._replace(kind="equal" if both.x.dtype == both.y.dtype else "cast", exact=True)
    if found.cast:
        return delta._replace(kind="cast", mode="nearest")
    if both.x.dtype not in DIGITS or both.y.dtype not in DIGITS or found.nonfinite or found.numel < _TELLING:
        return delta
    try:
        return next(filter(None, (look(both, delta, found) for look in _LOOKS)), delta)
    except BadTensor:
        return delta._replace(kind="unread")


# -- what holds for all elements ----------------------------------------------------------------------------------------------------

def _rounded(both: Both, delta: Delta, found: Difference) -> Delta | None:
    if found.sign_flips:
        return None
    own = DIGITS[both.y.dtype]
    for target in _ROUNDED_TO:
        if why_not(both.x.dtype, target) or why_not(target, both.y.dtype) or DIGITS.get(target, 3) > own or target == both.x.dtype:
            continue
        for mode in ("nearest", "towards zero"):
            if mode == "nearest" and target == both.y.dtype:
                continue                        # a cast, which was looked at
            if mode == "towards zero" and target != "bfloat16":
                continue
            if _holds(both, _rounder(both, target, mode)):
                return delta._replace(kind="rounded", to=target, mode=mode, exact=True)
    return None


def _rounder(both: Both, target: str, mode: str) -> Callable[[Array, Array], bool]:
    import numpy as np
    through, back = converter(both.x.dtype, target), converter(target, both.y.dtype)

    def test(x: Array, y: Array) -> bool:
        if mode == "nearest":                   # the type that it is kept in may round what is least once more, as float16 does
            wanted = np.frombuffer(back(through(np.ascontiguousarray(x).tobytes())), array_dtype(both.y.dtype)).astype(np.float64)
        else:                                   # the upper half of float32
            with np.errstate(over="ignore", invalid="ignore"):      # what float32 does not hold is no number of it
                narrow = x.astype(np.float32)
            wanted = (narrow.view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32).astype(np.float64)
        return bool((wanted == y.astype(np.float64)).all())
    return test


def _masked(both: Both, delta: Delta, found: Difference) -> Delta | None:
    share = found.n_different / found.numel
    if share < _MASKED or not _is_a_part(found) or not _holds(both, lambda x, y: bool(((x == y.astype(x.dtype)) | (y == 0)).all())):
        return None
    return delta._replace(kind="masked", share=share, exact=True)


def _is_a_part(found: Difference) -> bool:
    """Whether B may be A with some elements zero: its product with A is then the square of its own norm."""
    return not found.growth or abs(found.cosine - found.growth) <= _SAME


def _scaled(both: Both, delta: Delta, found: Difference) -> Delta | None:
    import numpy as np
    noise = 2.0 ** -min(DIGITS[both.x.dtype], DIGITS[both.y.dtype])
    factor = math.copysign(found.growth, found.cosine)
    if 1 - found.cosine ** 2 > (_ANGLE * noise) ** 2 or abs(factor - 1) <= noise or not math.isfinite(factor):
        return None
    to = array_dtype(both.y.dtype)

    def tested(scale: float) -> Callable[[Array, Array], bool]:
        def test(x: Array, y: Array) -> bool:
            with np.errstate(all="ignore"):
                return bool(((x.astype(np.float64) * scale).astype(np.float32).astype(to) == y).all())
        return test
    for scale in _plain_factors(factor, noise):
        if _holds(both, tested(scale)):
            return delta._replace(kind="scaled", scale=scale, exact=True)
    return delta._replace(kind="scaled", scale=factor)


def _plain_factors(factor: float, noise: float) -> Iterator[float]:
    """The factors that somebody may have written where the norms, which rounding has changed, come to `factor`: the one of fewest digits
    first, then one over a whole number, the root of one or one over it, then more digits."""
    import numpy as np
    size = abs(factor)
    digits = [float(f"{size:.{n}g}") for n in range(1, 8)]
    found = digits[:2]
    if size > 1:
        found.append(math.sqrt(round(size ** 2)))
    elif size > _LEAST_FACTOR:
        found += [1 / round(1 / size), 1 / math.sqrt(round(size ** -2))]
    found += digits[2:]
    near = [one for one in found if abs(one / size - 1) <= noise]
    for one in dict.fromkeys((*near, float(np.float32(size)))):
        yield math.copysign(one, factor)


def _holds(both: Both, test: Callable[[Array, Array], bool]) -> bool:
    """Whether a test of elements holds for all; most fail at the first."""
    if not test(*both.first()):
        return False
    for x, y in both.chunks():
        both.monitor.check()
        if not test(x, y):
            return False
    return True


# -- what is found in rows ---------------------------------------------------------------------------------------------------------

def _low_rank(both: Both, delta: Delta, found: Difference) -> Delta | None:
    import numpy as np
    shape = _as_matrix(both.x.shape)
    if min(shape) < 16 or (found.full and not both.deeply) or max(found.norm, found.rms * math.sqrt(found.numel)) > _LONGEST:
        return None
    rows, columns = (_spread(size, most) for size, most in zip(shape, (_ROWS, _COLUMNS), strict=True))
    if shape[1] > _LONGEST_ROW and None in map(_as_table, (both.x, both.y)):
        return None
    if not both.deeply and min(shape) > CORNER:
        x, y = _boxes(both, rows[:CORNER], columns[:CORNER])
        if is_full(y - x, rounding_noise(y, both.y.dtype)):
            return None
    x, y = _boxes(both, rows, columns)
    moved = y != x
    if moved.any(0).mean() < _MOVED or moved.any(1).mean() < _MOVED:        # some rows alone are of low rank whatever became of them
        return None
    noise = rounding_noise(y, both.y.dtype)
    expected = rank_of_sample(y - x, noise, both.deeply)
    if not expected:
        return None

    def blocks() -> Iterator[Array]:
        step = max(1, _BLOCK // (8 * shape[1]))
        for start in range(0, shape[0], step):
            both.monitor.check()
            numbers = np.arange(start, min(start + step, shape[0]))
            yield _rows(both.b, both.y, numbers) - _rows(both.a, both.x, numbers)
    whole = rank_of(blocks, shape, expected, noise)
    if whole is None:
        return None
    return delta._replace(kind="low-rank", rank=whole.rank, share=whole.share)


def _quantized(both: Both, delta: Delta, found: Difference) -> Delta | None:
    import numpy as np
    shape = _as_matrix(both.x.shape)
    if found.many or shape[1] < 32 or shape[1] > _LONGEST_ROW or found.cosine < 0.5:
        return None
    rows, high, wide = _spread(shape[0], _GRID_ROWS), np.arange(min(shape[0], _BOX_ROWS)), np.arange(min(shape[1], _BOX_COLUMNS))
    boxes = _boxes(both, high, wide)
    grid = grid_of(*(Sample(_rows(reader, info, rows), box, len(high) == shape[0])
                     for reader, info, box in ((both.a, both.x, boxes[0]), (both.b, both.y, boxes[1]))))
    return None if grid is None else delta._replace(kind="quantized", levels=grid.levels, group=grid.group, piece=grid.piece,
                                                    sampled=len(rows) if grid.piece == "row" else len(high))


def _related(both: Both, delta: Delta, found: Difference) -> Delta | None:
    return delta._replace(kind="related" if found.cosine >= _RELATED else "unrelated")


_LOOKS: tuple[Callable[[Both, Delta, Difference], Delta | None], ...] = (_rounded, _masked, _scaled, _quantized, _low_rank, _related)


def _spread(size: int, most: int) -> Array:
    """At most `most` numbers below `size`, in runs that are spread over all."""
    import numpy as np
    if size <= most:
        return np.arange(size)
    run = min(_RUN, most)
    starts = np.linspace(0, size - run, max(1, most // run)).astype(int)
    return np.unique(starts[:, None] + np.arange(run))


def _as_matrix(shape: tuple[int, ...]) -> tuple[int, int]:
    return (shape[0], math.prod(shape[1:])) if len(shape) > 1 else (1, math.prod(shape))


def _as_table(info: TensorInfo) -> TensorInfo | None:
    """The tensor taken as a matrix, as a view of its storage; None where there is no such view."""
    rows, columns = _as_matrix(info.shape)
    if len(info.shape) < 2 or not is_contiguous(info.shape[1:], info.stride[1:]):
        return info if len(info.shape) == 2 else None
    return info._replace(shape=(rows, columns), stride=(info.stride[0], 1))


def _boxes(both: Both, rows: Array, columns: Array) -> tuple[Array, Array]:
    """The same elements of both tensors taken as matrices, as float64."""
    x, y = (_rows(reader, info, rows)[:, columns] if (table := _as_table(info)) is None else _sample(reader, table, rows, columns)
            for reader, info in ((both.a, both.x), (both.b, both.y)))
    return x, y


def _sample(reader: TensorReader, table: TensorInfo, rows: Array, columns: Array) -> Array:
    """Some elements of a matrix, as float64, however long its rows are. Rows that are not long are read whole: thousands of reads of a few
    elements each take longer."""
    import numpy as np
    start, end = int(columns[0]), int(columns[-1]) + 1
    if end - start <= _LONGEST_ROW:
        return np.concatenate([reader.box(table, (int(down[0]), start), (len(down), end - start))[:, columns - start].astype(np.float64)
                               for down in _runs(rows)])
    return np.concatenate([np.concatenate([reader.box(table, (int(down[0]), int(across[0])), (len(down), len(across))).astype(np.float64)
                                           for across in _runs(columns)], 1) for down in _runs(rows)])


def _runs(numbers: Array) -> list[Array]:
    """Numbers that follow each other."""
    import numpy as np
    return np.split(numbers, np.flatnonzero(np.diff(numbers) != 1) + 1)


def _rows(reader: TensorReader, info: TensorInfo, rows: Array) -> Array:
    """Some rows of the tensor taken as a matrix, as float64; those that follow each other are read at once."""
    import numpy as np
    if len(info.shape) < 2:
        return reader.box(info, (0,) * len(info.shape), info.shape).astype(np.float64).reshape(1, -1)
    parts, rest = [], (0,) * (len(info.shape) - 1)
    for run in _runs(rows):
        box = reader.box(info, (int(run[0]), *rest), (len(run), *info.shape[1:]))
        parts.append(box.astype(np.float64).reshape(len(run), -1))
    return np.concatenate(parts)
