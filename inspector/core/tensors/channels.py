"""A weight by its channels: how large those of each output and of each input are, and the kernels of a convolution one by one.

The first dimension of a weight counts the outputs, the second the inputs, what follows is a kernel (torch.nn.Linear, torch.nn.Conv1d to
Conv3d); of transposed convolutions (torch.nn.ConvTranspose1d to 3d) the two are the other way round, which whoever asks has to know.
"""
from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.errors import BadTensor, NoSuchKey, UsageError
from inspector.core.keypath import visible
from inspector.core.progress import QUIET, Monitor

from .slices import numbers, read_values, readable_shape

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

MOST_KERNELS = 4_096
"""Kernels that `kernel_sheet` shows at once, at most."""
_AT_ONCE = 1 << 19              # elements


ALIKE_AT_MOST = 8_192
"""Lines that `alike_order` puts in order, at most: it takes as many steps, each over all of them."""
_SKETCHED = 64                  # numbers that a longer line is told by


RowOrder = Literal["norm", "alike"]
"""The rows of a matrix: the largest norm first, or alike ones side by side."""


class ChannelNorms(NamedTuple):
    """L2 norms of the finite elements of each output and of each input, float64; or whatever else there is one of for each."""

    outputs: Array
    inputs: Array


class ChannelMeasures(NamedTuple):
    """Of each output and each input: the L2 norm and the mean of the finite elements, and the share of all of its elements that is zero."""

    norms: ChannelNorms
    means: ChannelNorms
    zeros: ChannelNorms


class KernelSheet(NamedTuple):
    """`tiles[n, c]` are the kernels (height, width) of output `first + n`, float64: of the one input `input`, or of all inputs where it is
    None; with `over`, there is one of each output, whose elements are the L2 norms over all inputs. `norms` are of the whole weight."""

    tiles: Array
    first: int
    input: int | None
    norms: ChannelNorms
    over: bool = False


def channel_norms(ckpt: Checkpoint, key: str, monitor: Monitor = QUIET, *, transposed: bool = False) -> ChannelNorms:
    """Of a tensor of at least two dimensions, which is read once. `transposed`: the first counts the inputs. Raises UsageError for one of
    fewer, BadTensor when its values cannot be had, Cancelled.

    >>> found = core.channel_norms({"w": np.float32([[3, 0], [4, 1]])}, "w")
    >>> found.outputs.round(2).tolist(), found.inputs.tolist()
    ([3.0, 4.12], [5.0, 1.0])
    """
    return channel_measures(ckpt, key, monitor, transposed=transposed).norms


def channel_measures(ckpt: Checkpoint, key: str, monitor: Monitor = QUIET, *, transposed: bool = False) -> ChannelMeasures:
    """As `channel_norms`, with the means and the shares of zeros, in the same pass.

    >>> found = core.channel_measures({"w": np.float32([[3, 0], [4, 1]])}, "w")
    >>> found.means.outputs.tolist(), found.zeros.inputs.tolist()
    ([1.5, 2.5], [0.0, 0.5])
    """
    outputs, inputs, kernel = _counts(ckpt, key)
    found = _Sums(outputs, inputs)
    for first, block in _runs(ckpt, key, monitor):
        found.add(first, block)
    return found.measures(prod(kernel), transposed=transposed)


def kernel_sheet(ckpt: Checkpoint, key: str, input: int | None = None, first: int = 0, monitor: Monitor = QUIET, *, over: bool = False,
                 transposed: bool = False) -> KernelSheet:
    """The kernels of a weight of three dimensions (which has kernels of one row) or four, from output `first` on, at most `MOST_KERNELS`
    outputs of them; of `input`, of every input, or the norms `over` all of them. The weight is read once. `transposed`: the first dimension
    counts the inputs. Raises UsageError for other shapes, and as `channel_norms`.

    >>> found = core.kernel_sheet({"conv": np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2)}, "conv", input=1)
    >>> found.tiles.shape, found.tiles[1, 0].tolist()
    ((2, 1, 2, 2), [[16.0, 17.0], [18.0, 19.0]])
    """
    import numpy as np
    rows, cols, kernel = _counts(ckpt, key)
    outputs, inputs = (cols, rows) if transposed else (rows, cols)
    if not kernel or len(kernel) > 2 or not (input is None or 0 <= input < inputs) or not 0 <= first < max(outputs, 1):
        raise UsageError(f"{visible(key)} has no such kernels", f"Its shape is {[rows, cols, *kernel]}.")
    height, width = (1, *kernel)[-2:]
    shown = min(outputs - first, MOST_KERNELS)
    sums = _Sums(rows, cols)
    tiles = np.zeros((shown, inputs if input is None and not over else 1, height, width))
    for start, block in _runs(ckpt, key, monitor):
        sums.add(start, block)
        if transposed:
            block, at, begin = block[:, first:first + shown].swapaxes(0, 1), start, first
        else:
            begin = max(start, first)
            block, at = block[begin - start:max(first + shown - start, 0)], 0
        _lay(tiles[begin - first:begin - first + len(block)], block.reshape(*block.shape[:2], height, width), at, input, over)
    if over:
        np.sqrt(tiles, out=tiles)
    return KernelSheet(tiles, first, None if over else input, sums.measures(prod(kernel), transposed=transposed).norms, over)


def _lay(tiles: Array, block: Array, at: int, input: int | None, over: bool) -> None:
    """Into `tiles` (outputs × channels), what a sheet shows of `block` (the same outputs × inputs from number `at` on)."""
    import numpy as np
    if over:
        with np.errstate(over="ignore", invalid="ignore"):
            tiles[:, 0] += (block * block).sum(axis=1)
    elif input is None:
        tiles[:, at:at + block.shape[1]] = block
    elif at <= input < at + block.shape[1]:
        tiles[:, 0] = block[:, input - at]


def alike_order(lines: Array, monitor: Monitor = QUIET) -> list[int]:
    """Places of `lines` (at most `ALIKE_AT_MOST`, one a row) such that neighbours are alike: the longest first, after each the one that is
    left with the largest cosine to it; those that are all zero last. Longer lines are told by random projections of them. NaN and
    infinities count as 0.

    >>> core.alike_order(np.float32([[1, 0], [0, 2], [1, 0.1], [0, 0], [0.2, 1]]))
    [1, 4, 2, 0, 3]
    """
    count = len(lines)
    if not lines.size:
        return list(range(count))
    _check_count(count)
    flat, longest = _told(lines, sketched=lines[0].size > _SKETCHED < count)
    return _alike(flat, longest, monitor)


def row_order(ckpt: Checkpoint, key: str, by: RowOrder, monitor: Monitor = QUIET) -> list[int]:
    """The rows of a matrix (of outputs, where there are kernels) by their norms, the largest first, or as `alike_order` puts them. It is
    read once. Raises as `channel_norms`, and UsageError for more than `ALIKE_AT_MOST` rows by likeness.

    >>> core.row_order({"w": np.float32([[1, 0], [0, 2], [1, 0.1], [0, 0], [0.2, 1]])}, "w", "norm")
    [1, 4, 2, 0, 3]
    """
    import numpy as np
    if by == "norm":
        ranked: list[int] = np.argsort(-channel_norms(ckpt, key, monitor).outputs, kind="stable").tolist()
        return ranked
    outputs, inputs, kernel = _counts(ckpt, key)
    each = inputs * prod(kernel)
    _check_count(outputs)
    sketched = each > _SKETCHED and (outputs > _SKETCHED or outputs * each > _AT_ONCE)
    told = [_told(block, sketched=sketched) for _, block in _runs(ckpt, key, monitor)]
    if not told:
        return list(range(outputs))
    return _alike(np.concatenate([flat for flat, _ in told]), np.concatenate([longest for _, longest in told]), monitor)


def _check_count(count: int) -> None:
    if count > ALIKE_AT_MOST:
        raise UsageError(f"{count:,} are too many to put alike ones side by side", f"At most {ALIKE_AT_MOST:,} are.")


def _told(lines: Array, *, sketched: bool) -> tuple[Array, Array]:
    """What tells lines apart, by direction: themselves, or the same random projections of each; and how long they are."""
    import numpy as np
    flat, tops = _within_one(lines)
    longest = np.sqrt((flat * flat).sum(axis=1)) * tops
    return (flat @ np.random.default_rng(0).standard_normal((flat.shape[1], _SKETCHED)) if sketched else flat), longest


def _alike(flat: Array, longest: Array, monitor: Monitor) -> list[int]:
    import numpy as np
    count = len(flat)
    flat, sizes = _at_length_one(flat)
    left, order = np.flatnonzero(sizes > 0), []
    here = int(np.argmax(longest)) if len(left) else -1
    while len(left):
        order.append(here)
        left = left[left != here]
        if len(left):
            if not len(order) % 256:
                monitor.report(len(order), count)
            here = int(left[np.argmax(flat[left] @ flat[here])])
    return [*order, *np.flatnonzero(sizes == 0).tolist()]


def unit_lines(lines: Array) -> Array:
    """Each of `lines` (one a row, of any further dimensions) at length 1, float32, flat; those that are all zero stay so. NaN and
    infinities count as 0.

    >>> core.unit_lines(np.float32([[3, 4], [0, 0]])).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    import numpy as np
    return np.asarray(_at_length_one(_within_one(lines)[0])[0], np.float32)


def most_alike(units: Array, place: int, count: int) -> list[tuple[int, float]]:
    """(place, cosine) of the `count` of `units` (of `unit_lines`) that are most like that at `place`, the most alike first; those that are
    all zero are like none.

    >>> core.most_alike(core.unit_lines(np.float32([[1, 0], [2, 0], [0, 3], [0, 0]])), 0, 2)
    [(1, 1.0), (2, 0.0)]
    """
    import numpy as np
    if not units[place].any():
        return []
    cosines = units @ units[place]
    ranked = [n for n in np.argsort(-cosines, kind="stable")[:count + 1 + int((~units.any(axis=1)).sum())].tolist()
              if n != place and units[n].any()]
    return [(n, float(cosines[n])) for n in ranked[:count]]


def _at_length_one(flat: Array) -> tuple[Array, Array]:
    """Each line divided by its length, those that are all zero as they are; and the lengths."""
    import numpy as np
    sizes = np.sqrt((flat * flat).sum(axis=1))
    return flat / np.where(sizes > 0, sizes, 1.0)[:, None], sizes


def _within_one(lines: Array) -> tuple[Array, Array]:
    """Each divided by its own largest finite magnitude, so that squares of it are numbers; and those magnitudes."""
    import numpy as np
    flat = np.nan_to_num(np.asarray(lines, np.float64).reshape(len(lines), -1), nan=0.0, posinf=0.0, neginf=0.0)
    tops = np.abs(flat).max(axis=1, initial=0.0)
    return flat / np.maximum(tops, 1e-300)[:, None], tops


def _counts(ckpt: Checkpoint, key: str) -> tuple[int, int, tuple[int, ...]]:
    """Outputs, inputs, the shape of a kernel."""
    shape = readable_shape(_info(ckpt, key))
    if len(shape) < 2:
        raise UsageError(f"{visible(key)} has no channels", f"Its shape is {list(shape)}.")
    return shape[0], shape[1], shape[2:]


def _info(ckpt: Checkpoint, key: str) -> TensorInfo:
    info = ckpt.tensors.get(key)
    if info is None:
        raise NoSuchKey(key, ckpt)
    return info


def _runs(ckpt: Checkpoint, key: str, monitor: Monitor) -> Iterator[tuple[int, Array]]:
    """(number of the first, outputs × inputs × kernel) of some outputs at a time, as float64; of a large output, parts of it are put
    together."""
    import numpy as np
    info = _info(ckpt, key)
    outputs, inputs, kernel = _counts(ckpt, key)
    each = inputs * prod(kernel)
    if not outputs or not each:
        return
    at_once = max(1, _AT_ONCE // each)
    for first in range(0, outputs, at_once):
        monitor.report(first * each, outputs * each)
        count = min(at_once, outputs - first)
        values = numbers(read_values(ckpt, key, first * each, count * each, monitor), info.dtype)
        if values.dtype.kind not in "fiub":
            raise BadTensor("its elements are no numbers", where=key, id="not_numbers")
        yield first, np.asarray(values, np.float64).reshape(count, inputs, *kernel)


class _Sums:
    """Sums by the first and by the second dimension, while a weight is read."""

    def __init__(self, rows: int, cols: int) -> None:
        import numpy as np
        self._rows, self._cols = rows, cols
        self._squares, self._values, self._finite, self._zeros = (
            ChannelNorms(np.zeros(rows), np.zeros(cols)) for _ in range(4))

    def add(self, first: int, block: Array) -> None:
        import numpy as np
        finite = np.isfinite(block)
        values = np.where(finite, block, 0.0)
        with np.errstate(over="ignore"):
            squares = values * values
        rest = tuple(range(2, block.ndim))
        for sums, part in ((self._squares, squares), (self._values, values), (self._finite, finite), (self._zeros, block == 0)):
            by_channel = part.sum(axis=rest) if rest else part
            with np.errstate(over="ignore", invalid="ignore"):
                sums.outputs[first:first + len(block)] += by_channel.sum(axis=1)
                sums.inputs[:] += by_channel.sum(axis=0)

    def measures(self, each: int, *, transposed: bool) -> ChannelMeasures:
        """`each`: elements of a kernel."""
        import numpy as np
        norms = ChannelNorms(*map(np.sqrt, self._squares))
        means = ChannelNorms(*(values / np.maximum(finite, 1) for values, finite in zip(self._values, self._finite, strict=True)))
        sizes = max(self._cols * each, 1), max(self._rows * each, 1)
        zeros = ChannelNorms(*(count / size for count, size in zip(self._zeros, sizes, strict=True)))
        found = ChannelMeasures(norms, means, zeros)
        return ChannelMeasures(*(ChannelNorms(part.inputs, part.outputs) for part in found)) if transposed else found
