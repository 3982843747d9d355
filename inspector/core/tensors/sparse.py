"""A sparse tensor's parts as one array, checked before anything is written; whether the indices of a tensor lie within it at all.

Sources: torch/docs/source/sparse.rst (COO, CSR, CSC, BSR, BSC); values of equal indices add up, as in `Tensor.to_dense`.
torch/csrc/utils/tensor_new.cpp (`_validate_sparse_*_args`), which torch.load leaves out.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from typing import TYPE_CHECKING, Any, Protocol

from inspector.core.checkpoint import Jagged, Nested, SparseCompressed, SparseCoo, TensorInfo
from inspector.core.errors import BadTensor
from inspector.core.hashing import distinct

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_BY_ROW = ("sparse_csr", "sparse_bsr")
_BLOCKS = ("sparse_bsr", "sparse_bsc")
_AT_ONCE = 1 << 18      # indices


class Parts(Protocol):
    """What is asked of `reader.TensorReader`."""

    def check(self, info: TensorInfo, expand: bool = True) -> None: ...
    def chunks(self, key: str | TensorInfo, max_bytes: int = ...) -> Iterator[Array]: ...
    def box(self, key: str | TensorInfo, first: tuple[int, ...], sizes: tuple[int, ...]) -> Array: ...


class Shaped(Protocol):
    """A part, read or not."""

    @property
    def shape(self) -> tuple[int, ...]: ...


def dense(info: TensorInfo, parts: Mapping[str, Array]) -> Array:
    """The array of `info.shape` that `parts` (as `TensorInfo.parts` names them) describe, zero where they say nothing. Raises
    BadTensor where they contradict each other or the shape."""
    if info.layout == "sparse_coo":
        return _from_coordinates(info, parts["indices"], parts["values"])
    names = ("crow_indices", "col_indices") if info.layout in _BY_ROW else ("ccol_indices", "row_indices")
    return _from_compressed(info, parts[names[0]], parts[names[1]], parts["values"])


def _from_coordinates(info: TensorInfo, indices: Array, values: Array) -> Array:
    import numpy as np
    sizes = _sizes(info, indices, values)
    _within(info, indices, np.array(sizes, np.int64).reshape(-1, 1))
    flat = np.zeros(len(indices[0]) if len(indices) else values.shape[0], np.int64)
    for row, size in zip(indices, sizes, strict=True):
        flat = flat * size + row
    return _added_up(info, prod(sizes), flat, values).reshape(info.shape)


def _added_up(info: TensorInfo, count: int, places: Array, values: Array) -> Array:
    """`count` rows, zero but for `values` in their places."""
    import numpy as np
    out = np.zeros((count, *values.shape[1:]), values.dtype)
    if len(distinct(places)) == len(places):
        out[places] = values
    elif values.dtype == np.bool_:
        np.logical_or.at(out, places, values)
    else:
        try:
            np.add.at(out, places, values)
        except TypeError as error:
            raise BadTensor(f"several values of type {info.dtype} for one element are not added up", where=info.key,
                            id="unsupported") from error
    return out


def _sizes(info: TensorInfo, indices: Shaped, values: Shaped) -> tuple[int, ...]:
    """Of the dimensions that the rows of `indices` are for."""
    _insist(info, len(indices.shape) == 2 and len(values.shape) >= 1 and indices.shape[1] == values.shape[0]
            and indices.shape[0] <= len(info.shape) and values.shape[1:] == info.shape[indices.shape[0]:])
    return info.shape[:indices.shape[0]]


def _from_compressed(info: TensorInfo, outer: Array, inner: Array, values: Array) -> Array:
    """Batches, then two sparse dimensions (of blocks for BSR and BSC), then dense ones."""
    import numpy as np
    block, grid = _blocks(info, outer, inner, values)
    batch = outer.ndim - 1
    rest = info.shape[batch + 2:]
    major, minor = grid if info.layout in _BY_ROW else grid[::-1]
    count, stored = prod(info.shape[:batch]), inner.shape[-1]
    starts = outer.reshape(count, -1).astype(np.int64)
    steps = np.diff(starts)
    _insist(info, not starts[:, 0].any() and (steps >= 0).all() and (starts[:, -1] == stored).all())
    _within(info, inner, np.array(minor))
    lanes = np.repeat(np.arange(count * major), steps.reshape(-1))       # batch and place in the compressed dimension at once
    first, second = (lanes % major if major else lanes), inner.reshape(-1).astype(np.int64)
    row, column = (first, second) if info.layout in _BY_ROW else (second, first)
    places = ((lanes // major if major else lanes) * grid[0] + row) * grid[1] + column
    out = _added_up(info, count * prod(grid), places, values.reshape(count * stored, *block, *rest))
    return out.reshape(count, *grid, *block, *rest).swapaxes(2, 3).reshape(info.shape)


def _blocks(info: TensorInfo, outer: Shaped, inner: Shaped, values: Shaped) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The sizes of a block, and how many there are down and across."""
    batch = len(outer.shape) - 1
    _insist(info, batch >= 0 and len(inner.shape) == len(outer.shape) and len(info.shape) >= batch + 2 and len(values.shape) > batch
            and outer.shape[:-1] == inner.shape[:-1] == values.shape[:batch] == info.shape[:batch]
            and inner.shape[-1] == values.shape[batch])
    block = values.shape[batch + 1:batch + 3] if info.layout in _BLOCKS else (1, 1)
    rest = values.shape[batch + 1 + (2 if info.layout in _BLOCKS else 0):]
    sparse = info.shape[batch:batch + 2]
    _insist(info, len(block) == 2 and 0 not in block and rest == info.shape[batch + 2:]
            and all(size % width == 0 for size, width in zip(sparse, block, strict=True)))
    grid = tuple(size // width for size, width in zip(sparse, block, strict=True))
    _insist(info, outer.shape[-1] == grid[0 if info.layout in _BY_ROW else 1] + 1)
    return block, grid


def _within(info: TensorInfo, indices: Array, ends: Array | int) -> None:
    _insist(info, indices.dtype.kind == "i" and bool(((indices >= 0) & (indices < ends)).all()))


def _insist(info: TensorInfo, right: object) -> None:
    if not right:
        raise BadTensor(f"its indices are not those of a {info.layout} tensor of its shape",
                        "The file is damaged or its description of this tensor is wrong.", info.key, id="corrupt")


# -- whether they lie within, without unfolding anything ------------------------------------------------------------------

def check_indices(info: TensorInfo, reader: Parts) -> None:
    """Raises BadTensor where the indices of a tensor that is made of others contradict its shape or point outside of it; whatever the
    `reader` raises. A bounded part of them is held at a time."""
    made_of = info.extra.made_of if info.extra is not None else None
    for part in info.parts.values():
        reader.check(part, expand=False)        # an index for each element, not the same for more than are there
    if isinstance(made_of, SparseCoo):
        for row, size in enumerate(_sizes(info, made_of.indices, made_of.values)):
            for at in range(0, made_of.indices.shape[1], _AT_ONCE):
                _within(info, reader.box(made_of.indices, (row, at), (1, min(_AT_ONCE, made_of.indices.shape[1] - at))), size)
    elif isinstance(made_of, SparseCompressed):
        _check_compressed(info, made_of, reader)
    elif isinstance(made_of, Nested):
        _check_nested(info, made_of, reader)
    elif isinstance(made_of, Jagged):
        _check_jagged(info, made_of, reader)


def _check_compressed(info: TensorInfo, made_of: SparseCompressed, reader: Parts) -> None:
    import numpy as np
    outer, inner = made_of.compressed_indices, made_of.plain_indices
    _, grid = _blocks(info, outer, inner, made_of.values)
    lane, stored = outer.shape[-1], inner.shape[-1]
    for found in reader.chunks(inner):
        _within(info, found, grid[1 if info.layout in _BY_ROW else 0])
    at, before = 0, np.zeros(1, np.int64)
    for found in reader.chunks(outer):
        _within(info, found, stored + 1)
        place = (at + np.arange(len(found))) % lane
        steps = np.diff(found, prepend=before)
        _insist(info, not found[place == 0].any() and (steps[place != 0] >= 0).all() and (found[place == lane - 1] == stored).all())
        at, before = at + len(found), found[-1:]


def is_ascending(info: TensorInfo, reader: Parts) -> bool:
    """Whether the indices of each row (or column) of a compressed tensor that `check_indices` lets pass ascend, none of them twice."""
    import numpy as np
    made_of = info.extra.made_of if info.extra is not None else None
    if not isinstance(made_of, SparseCompressed):
        return True
    outer, inner = made_of.compressed_indices, made_of.plain_indices
    lane, stored = outer.shape[-1], inner.shape[-1]
    starts = _starts(reader.chunks(outer, 8 * _AT_ONCE), lane, stored)
    known, at, before = np.zeros(0, np.int64), 0, np.zeros(0, np.int64)
    for found in reader.chunks(inner, 8 * _AT_ONCE):
        # those that do not ascend must begin a row
        falls = at + 1 - len(before) + np.flatnonzero(np.diff(found, prepend=before) <= 0)
        at, before = at + len(found), found[-1:].astype(np.int64)
        falls = falls[~np.isin(falls, known)]
        while len(falls) and (not len(known) or known[-1] <= falls[-1]):
            following = next(starts, None)
            if following is None:
                break
            known = following
            falls = falls[~np.isin(falls, known)]
        if len(falls):
            return False
    return True


def _starts(chunks: Iterator[Array], lane: int, stored: int) -> Iterator[Array]:
    """Where the rows begin, counted through all of a batch."""
    import numpy as np
    at = 0
    for found in chunks:
        yield found + (at + np.arange(len(found))) // lane * stored
        at += len(found)


def _check_nested(info: TensorInfo, made_of: Nested, reader: Parts) -> None:
    import numpy as np
    tensors, dims = made_of.sizes.shape
    for at in range(0, tensors, _AT_ONCE):
        rows = min(_AT_ONCE, tensors - at)
        sizes, strides = (reader.box(part, (at, 0), (rows, dims)) for part in (made_of.sizes, made_of.strides))
        offsets = reader.box(made_of.offsets, (at,), (rows,))
        _insist(info, min(one.min(initial=0) for one in (sizes, strides, offsets)) >= 0)
        # in numbers that grow too large to be exact, and never wrap around
        reach = offsets + ((sizes - 1.0) * strides).sum(axis=1) + 1.0
        _insist(info, (np.where((sizes == 0).any(axis=1), 0, reach) <= made_of.values.numel).all())


def _check_jagged(info: TensorInfo, made_of: Jagged, reader: Parts) -> None:
    import numpy as np
    end, offsets, lengths = made_of.values.shape[made_of.ragged_dim - 1], made_of.offsets, made_of.lengths
    tensors = offsets.shape[0] - 1
    _insist(info, lengths is None or lengths.shape == (tensors,))
    for at in range(0, tensors, _AT_ONCE):
        count = min(_AT_ONCE, tensors - at)
        starts = reader.box(offsets, (at,), (count + 1,))
        _within(info, starts, end + 1)
        sizes = np.diff(starts) if lengths is None else reader.box(lengths, (at,), (count,))
        _within(info, sizes, end + 1)
        _insist(info, (starts[:-1] + sizes <= end).all())
