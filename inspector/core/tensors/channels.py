"""A weight by its channels: how large those of each output and of each input are, and the kernels of a convolution one by one.

The first dimension of a weight counts the outputs, the second the inputs, what follows is a kernel (torch.nn.Linear, torch.nn.Conv1d to
Conv3d; of transposed convolutions the two are the other way round, which shapes do not tell).
"""
from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

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


class ChannelNorms(NamedTuple):
    """L2 norms of the finite elements of each output and of each input, float64."""

    outputs: Array
    inputs: Array


class KernelSheet(NamedTuple):
    """`tiles[n, c]` are the kernels (height, width) of output `first + n`, float64: of the one input `input`, or of all inputs where it is
    None. `norms` are of the whole weight."""

    tiles: Array
    first: int
    input: int | None
    norms: ChannelNorms


def channel_norms(ckpt: Checkpoint, key: str, monitor: Monitor = QUIET) -> ChannelNorms:
    """Of a tensor of at least two dimensions, which is read once. Raises UsageError for one of fewer, BadTensor when its values cannot be
    had, Cancelled.

    >>> found = core.channel_norms({"w": np.float32([[3, 0], [4, 1]])}, "w")
    >>> found.outputs.round(2).tolist(), found.inputs.tolist()
    ([3.0, 4.12], [5.0, 1.0])
    """
    import numpy as np
    outputs, inputs, _ = _counts(ckpt, key)
    found = ChannelNorms(np.zeros(outputs), np.zeros(inputs))
    for first, block in _runs(ckpt, key, monitor):
        _add(found, first, block)
    return _rooted(found)


def kernel_sheet(ckpt: Checkpoint, key: str, input: int | None = None, first: int = 0, monitor: Monitor = QUIET) -> KernelSheet:
    """The kernels of a weight of three dimensions (which has kernels of one row) or four, from output `first` on, at most `MOST_KERNELS`
    outputs of them; of `input`, or of every input. The weight is read once. Raises UsageError for other shapes, and as `channel_norms`.

    >>> found = core.kernel_sheet({"conv": np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2)}, "conv", input=1)
    >>> found.tiles.shape, found.tiles[1, 0].tolist()
    ((2, 1, 2, 2), [[16.0, 17.0], [18.0, 19.0]])
    """
    import numpy as np
    outputs, inputs, kernel = _counts(ckpt, key)
    if not kernel or len(kernel) > 2 or not (input is None or 0 <= input < inputs) or not 0 <= first < max(outputs, 1):
        raise UsageError(f"{visible(key)} has no such kernels", f"Its shape is {[outputs, inputs, *kernel]}.")
    height, width = (1, *kernel)[-2:]
    shown = min(outputs - first, MOST_KERNELS)
    found = ChannelNorms(np.zeros(outputs), np.zeros(inputs))
    tiles = np.zeros((shown, inputs if input is None else 1, height, width))
    for start, block in _runs(ckpt, key, monitor):
        _add(found, start, block)
        low, high = max(start, first), min(start + len(block), first + shown)
        if low < high:
            wanted = block[low - start:high - start, slice(None) if input is None else slice(input, input + 1)]
            tiles[low - first:high - first] = wanted.reshape(high - low, -1, height, width)
    return KernelSheet(tiles, first, input, _rooted(found))


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


def _add(found: ChannelNorms, first: int, block: Array) -> None:
    """The squares of what is finite."""
    import numpy as np
    squares = np.where(np.isfinite(block), block, 0.0)
    with np.errstate(over="ignore"):
        squares *= squares
    rest = tuple(range(2, block.ndim))
    by_channel = squares.sum(axis=rest) if rest else squares
    found.outputs[first:first + len(block)] += by_channel.sum(axis=1)
    found.inputs[:] += by_channel.sum(axis=0)


def _rooted(found: ChannelNorms) -> ChannelNorms:
    import numpy as np
    return ChannelNorms(np.sqrt(found.outputs), np.sqrt(found.inputs))
