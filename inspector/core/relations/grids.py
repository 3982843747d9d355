"""Few values in every piece of a matrix: what quantization leaves when the weights are made floating numbers again."""
from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_GROUPS = (0, 256, 128, 64, 32)     # elements that share a scale, 0: a row; as GPTQ, AWQ, bitsandbytes, MX and ggml have them
_BLOCKS = (128, 64, 32)             # rows and columns that share one; as FP8 of DeepSeek has them
_LEVELS = (4, 8, 16, 64, 256)
_FEWER = 1.6                        # times more values that A has
_FIRST = 1024                       # elements of a piece that are looked at before all are: they seldom have few values

_FEWEST = 16                        # elements of a run whose values may stand at even distances by chance
_OFF = 0.01                         # of such a distance, that rounding to float32 leaves
_STEPS = (7, 8, 127, 128)           # from zero to the largest magnitude, of 4 and 8 bits
_STEPS_OF_RANGE = (15, 255)         # from the least to the largest


class Grid(NamedTuple):
    """At most `levels` values in each piece: a "row", `group` elements of it, a "column" or so many of it, a "block" of `group` rows and
    columns, or the "tensor"."""

    levels: int
    group: int
    piece: str = "row"


class Sample(NamedTuple):
    """Of a matrix: some of its rows, whole, and some columns of its first rows, which are all there are where `high`."""

    rows: Array
    box: Array
    high: bool


def grid_of(a: Sample, b: Sample) -> Grid | None:
    """The fewest values, in the largest pieces, that all pieces of `b` have, and those of `a` have not."""
    found = [*_few_values(a.rows, b.rows, "row"), *_few_values(a.box.T, b.box.T, "column"), *_few_of_blocks(a.box, b.box)]
    if min(b.box.shape) > 1 and _may_be_few(b.box[:_FIRST // b.box.shape[1] + 1].reshape(1, -1), b.box.size):
        found += _few(a.box.reshape(1, -1), b.box.reshape(1, -1), 0, "tensor")
    return min(found).grid if found else _even_grid(a.rows, b.rows, "row") or _even_grid(a.box.T, b.box.T, "column", b.high)


class _Found(NamedTuple):
    levels: int     # one of _LEVELS
    size: int       # elements of a piece, negative: the largest first
    grid: Grid


def _few_values(a: Array, b: Array, piece: str) -> Iterator[_Found]:
    for group in _GROUPS:
        size = group or b.shape[1]
        if b.shape[1] % size == 0 and _may_be_few(b[:1, :size], size):
            yield from _few(a.reshape(-1, size), b.reshape(-1, size), group, piece)


def _few_of_blocks(a: Array, b: Array) -> Iterator[_Found]:
    for size in _BLOCKS:
        if size <= min(b.shape) and _may_be_few(b[:size, :size].reshape(1, -1), size * size):
            yield from _few(_blocks(a, size), _blocks(b, size), size, "block")


def _few(a: Array, b: Array, group: int, piece: str) -> Iterator[_Found]:
    """Where the rows of `b` have few values, are long enough for that to tell something, and those of `a` have more."""
    size = b.shape[1]
    if size < 2 * _LEVELS[0]:
        return
    theirs = _distinct(b)
    most = next((levels for levels in _LEVELS if theirs.max() <= levels and 2 * levels <= size), 0)
    if most and theirs.mean() > 1.5 and _distinct(a).mean() >= _FEWER * theirs.mean():
        yield _Found(most, -size, Grid(int(theirs.max()), group, piece))


def _may_be_few(beginning: Array, size: int) -> bool:
    """Whether the beginning of one piece of so many elements does not already have too many values."""
    return int(_distinct(beginning[:, :_FIRST])[0]) <= min(_LEVELS[-1], size // 2)


def _blocks(box: Array, size: int) -> Array:
    """A row for each whole block of `size` rows and columns."""
    down, across = (length // size for length in box.shape)
    whole = box[:down * size, :across * size].reshape(down, size, across, size)
    return whole.swapaxes(1, 2).reshape(down * across, size * size)


def _even_grid(a: Array, b: Array, piece: str, whole: bool = True) -> Grid | None:
    """The fewest steps of one size that all rows of `b` are made of, and those of `a` are not: of runs too short to have a value twice."""
    for steps, of_range in (*((steps, False) for steps in _STEPS), *((steps, True) for steps in _STEPS_OF_RANGE)):
        for group in _GROUPS if whole else _GROUPS[1:]:
            size = group or b.shape[1]
            if size >= _FEWEST and b.shape[1] % size == 0 and _steps_in(b[:1, :size], steps, of_range) is not None \
                    and _is_even(b.reshape(-1, size), steps, of_range) and not _is_even(a.reshape(-1, size), steps, of_range):
                return Grid(steps + 1 if of_range else 2 * steps + (steps % 2), group, piece)
    return None


def _is_even(runs: Array, steps: int, of_range: bool) -> bool:
    """Whether each run is of whole multiples of its `steps`-th part, and most of them of more than the ends."""
    import numpy as np
    whole = _steps_in(runs, steps, of_range)
    if whole is None or np.count_nonzero(whole.any(1)) < max(1, len(whole) // 2):
        return False
    return bool((_distinct(whole) > 3).mean() > 0.5)


def _steps_in(runs: Array, steps: int, of_range: bool) -> Array | None:
    """How many `steps`-th parts of the most that there is in its run each number is; None where some are no whole ones."""
    import numpy as np
    runs = runs.astype(np.float64)
    if of_range:
        runs = runs - runs.min(1, keepdims=True)
    most = np.abs(runs).max(1, keepdims=True)
    if not np.isfinite(most).all():
        return None
    at = runs / np.where(most > 0, most, 1) * steps
    whole: Array = np.rint(at)
    return whole if (np.abs(at - whole) <= _OFF).all() else None


def _distinct(runs: Array) -> Array:
    """How many different values each row has."""
    import numpy as np
    ordered = np.sort(runs, 1)
    counts: Array = 1 + np.count_nonzero(np.diff(ordered, axis=1), axis=1)
    return counts
