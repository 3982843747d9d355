"""A sparse tensor's parts as one array, checked before anything is written.

Sources: torch/docs/source/sparse.rst (COO, CSR, CSC, BSR, BSC); values of equal COO indices add up, as in `Tensor.to_dense`.
"""
from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Any

from inspector.core.checkpoint import TensorInfo
from inspector.core.errors import BadTensor
from inspector.core.hashing import distinct

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_BY_ROW = ("sparse_csr", "sparse_bsr")
_BLOCKS = ("sparse_bsr", "sparse_bsc")


def dense(info: TensorInfo, parts: Mapping[str, Array]) -> Array:
    """The array of `info.shape` that `parts` (as `TensorInfo.parts` names them) describe, zero where they say nothing. Raises
    BadTensor where they contradict each other or the shape."""
    if info.layout == "sparse_coo":
        return _from_coordinates(info, parts["indices"], parts["values"])
    names = ("crow_indices", "col_indices") if info.layout in _BY_ROW else ("ccol_indices", "row_indices")
    return _from_compressed(info, parts[names[0]], parts[names[1]], parts["values"])


def _from_coordinates(info: TensorInfo, indices: Array, values: Array) -> Array:
    import numpy as np
    _insist(info, indices.ndim == 2 and values.ndim >= 1 and indices.shape[1] == values.shape[0]
            and indices.shape[0] <= len(info.shape) and values.shape[1:] == info.shape[indices.shape[0]:])
    sizes = info.shape[:indices.shape[0]]
    _within(info, indices, np.array(sizes, np.int64).reshape(-1, 1))
    flat = np.zeros(len(indices[0]) if len(indices) else values.shape[0], np.int64)
    for row, size in zip(indices, sizes, strict=True):
        flat = flat * size + row
    out = np.zeros((prod(sizes), *values.shape[1:]), values.dtype)
    if len(distinct(flat)) == len(flat):
        out[flat] = values
    elif values.dtype == np.bool_:
        np.logical_or.at(out, flat, values)
    else:
        try:
            np.add.at(out, flat, values)
        except TypeError as error:
            raise BadTensor(f"several values of type {info.dtype} for one element are not added up", where=info.key,
                            id="unsupported") from error
    return out.reshape(info.shape)


def _from_compressed(info: TensorInfo, outer: Array, inner: Array, values: Array) -> Array:
    """Batches, then two sparse dimensions (of blocks for BSR and BSC), then dense ones."""
    import numpy as np
    batch = outer.ndim - 1
    _insist(info, batch >= 0 and inner.ndim == outer.ndim and len(info.shape) >= batch + 2 and values.ndim > batch
            and outer.shape[:-1] == inner.shape[:-1] == values.shape[:batch] == info.shape[:batch]
            and inner.shape[-1] == values.shape[batch])
    block = values.shape[batch + 1:batch + 3] if info.layout in _BLOCKS else (1, 1)
    rest = values.shape[batch + 1 + (2 if info.layout in _BLOCKS else 0):]
    sparse = info.shape[batch:batch + 2]
    _insist(info, len(block) == 2 and 0 not in block and rest == info.shape[batch + 2:]
            and all(size % width == 0 for size, width in zip(sparse, block, strict=True)))
    grid = tuple(size // width for size, width in zip(sparse, block, strict=True))
    major, minor = grid if info.layout in _BY_ROW else grid[::-1]
    count, stored = prod(info.shape[:batch]), inner.shape[-1]
    starts = outer.reshape(count, -1).astype(np.int64)
    steps = np.diff(starts)
    _insist(info, starts.shape[1] == major + 1 and not starts[:, 0].any() and (steps >= 0).all()
            and (starts[:, -1] == stored).all())
    _within(info, inner, np.array(minor))
    lanes = np.repeat(np.arange(count * major), steps.reshape(-1))       # batch and place in the compressed dimension at once
    first, second = (lanes % major if major else lanes), inner.reshape(-1)
    row, column = (first, second) if info.layout in _BY_ROW else (second, first)
    out = np.zeros((count, grid[0], grid[1], *block, *rest), values.dtype)
    out[lanes // major if major else lanes, row, column] = values.reshape(count * stored, *block, *rest)
    return out.swapaxes(2, 3).reshape(info.shape)


def _within(info: TensorInfo, indices: Array, ends: Array) -> None:
    _insist(info, indices.dtype.kind == "i" and bool(((indices >= 0) & (indices < ends)).all()))


def _insist(info: TensorInfo, right: object) -> None:
    if not right:
        raise BadTensor(f"its indices are not those of a {info.layout} tensor of its shape",
                        "The file is damaged or its description of this tensor is wrong.", info.key, id="corrupt")
