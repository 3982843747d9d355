"""What tensors are recognised by before they are read as a whole: digests of their rows, columns and other slices.

A conversion moves slices about: it transposes them, joins them, stacks them, puts the rows of each head in another order. What it
leaves alone is what stands in a slice. So every slice gets a digest of a few of its elements, always those at the same places, and
slices of two files with one digest are candidates for being the same. One pass over each tensor, in bounded memory.

There are two digests: of the elements' bits, for what holds exactly, and of their coarse sizes within the slice, which little noise and
a common factor do not change, for what holds nearly.
"""
from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from inspector.core.checkpoint import TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.progress import Monitor
from inspector.core.tensors.casts import converter
from inspector.core.tensors.reader import TensorReader, array_dtype

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

SAMPLES = 16                # elements of a slice that its digest is of
MOST_SLICES = 1 << 19       # in one family; those of more are not looked at
_PIECE = 4 << 20            # bytes read at once
_AT_ONCE = 1 << 14      # slices whose coarse digests are made at once
_MOST_DIMS = 6
_COARSE = 2.0               # steps to a standard deviation
_ROUNDING = ("float64", "float32", "float16", "bfloat16")       # ever fewer digits
_ODD = 0x9E3779B97F4A7C15


class Family(NamedTuple):
    """Slices of a tensor: one for each place in the dimensions `each`, which goes over the dimensions `over`."""

    each: tuple[int, ...]
    over: tuple[int, ...]

    def count(self, shape: Sequence[int]) -> int:
        return math.prod(shape[d] for d in self.each)

    def size(self, shape: Sequence[int]) -> int:
        """Elements of one slice."""
        return math.prod(shape[d] for d in self.over)


class Slices(NamedTuple):
    """The digests of one family's slices, in C order of its places. `telling`: whether the elements looked at are not all the same."""

    family: Family
    exact: Array
    coarse: Array
    telling: Array


def families(shape: tuple[int, ...]) -> list[Family]:
    """The families of a tensor's slices that anybody would join, stack or put in another order, the one of fewest slices first: all of
    it, slices along each dimension, rows of trailing dimensions, fibres along one."""
    every = tuple(range(len(shape)))
    if len(shape) < 2 or len(shape) > _MOST_DIMS:
        return []
    found = [Family((), every)]
    found += [Family((d,), every[:d] + every[d + 1:]) for d in every]
    found += [Family(every[:k], every[k:]) for k in every[2:]]
    found += [Family(every[:d] + every[d + 1:], (d,)) for d in every]
    kept = {(family.each, family.over): family for family in found
            if family.count(shape) <= MOST_SLICES and (family.size(shape) >= 2)}
    return sorted(kept.values(), key=lambda family: family.count(shape))


def coarsest(dtypes: Sequence[str]) -> str:
    """The floating type of fewest digits among `dtypes`, to which all are rounded before they are compared; "" when there is none."""
    there = [name for name in _ROUNDING if name in dtypes]
    return there[-1] if there else ""


def slices_of(reader: TensorReader, info: TensorInfo, rounded: str, monitor: Monitor) -> list[Slices]:
    """Of a strided tensor of two dimensions or more. `rounded` is the type that floats are rounded to first. Raises BadTensor."""
    import numpy as np
    shape = info.shape
    wanted = [(family, places_in(tuple(shape[d] for d in family.over))) for family in families(shape)]
    values = [np.zeros((*(shape[d] for d in family.each), len(places)), np.float32) for family, places in wanted]
    for lows, piece in pieces(reader, info, monitor):
        sizes = piece.shape
        for (family, places), found in zip(wanted, values, strict=True):
            low, size = (np.array([of[d] for d in family.over], np.int64) for of in (lows, sizes))
            at = places - low
            inside = np.flatnonzero(((at >= 0) & (at < size)).all(1))
            if inside.size:
                turned = piece.transpose(*family.each, *family.over)
                here: tuple[Any, ...] = (*(slice(lows[d], lows[d] + sizes[d]) for d in family.each), inside)
                found[here] = _plain(turned[(..., *at[inside].T)], info.dtype, rounded)
    return [digests(family, found.reshape(-1, found.shape[-1]), family.size(shape))
            for (family, _), found in zip(wanted, values, strict=True)]


@lru_cache(maxsize=256)
def places_in(sizes: tuple[int, ...]) -> Array:
    """Which elements of a slice are looked at: those whose numbers in C order are spread over it, the same for all slices of as many
    elements. A row for each, a column for each dimension."""
    import numpy as np
    numel = math.prod(sizes)
    if numel <= SAMPLES:
        flat = np.arange(numel)
    else:
        golden = (np.arange(SAMPLES, dtype=np.float64) * 0.6180339887498949 + 0.31) % 1.0       # spread, with no period of a layer's
        flat = np.unique((golden * numel).astype(np.int64))
    return np.stack(np.unravel_index(flat, sizes), 1).astype(np.int64)


def pieces(reader: TensorReader, info: TensorInfo, monitor: Monitor) -> Iterator[tuple[tuple[int, ...], Array]]:
    """(first index, elements) of boxes that together are the tensor."""
    width = DTYPES[info.dtype].itemsize
    sizes = box_within(info.shape, max(1, _PIECE // width))
    for lows in product(*(range(0, n, size) for n, size in zip(info.shape, sizes, strict=True))):
        monitor.check()
        yield lows, reader.box(info, lows, tuple(min(size, n - low) for n, size, low in zip(info.shape, sizes, lows, strict=True)))


def box_within(shape: tuple[int, ...], most: int) -> tuple[int, ...]:
    """The sizes of boxes of at most `most` elements that run on in C order."""
    sizes, inner = list(shape), 1
    for d in reversed(range(len(shape))):
        sizes[d] = min(shape[d], max(1, most // inner))
        inner *= sizes[d]
        if sizes[d] < shape[d]:
            return (*(1,) * d, *sizes[d:])
    return tuple(sizes)


def _plain(values: Array, dtype: str, rounded: str) -> Array:
    """Elements as float32, equal for equal elements; floats rounded as a cast to `rounded` would."""
    import numpy as np
    known = DTYPES[dtype]
    with np.errstate(all="ignore"):
        if known.kind == "complex":
            real, imaginary = (values["real"], values["imag"]) if values.dtype.names else (values.real, values.imag)
            mixed: Array = (real.astype(np.float64) * 1.7 + imaginary.astype(np.float64)).astype(np.float32)
            return mixed
        if known.kind == "float" and rounded and dtype in _ROUNDING and _ROUNDING.index(dtype) < _ROUNDING.index(rounded):
            values = np.frombuffer(converter(dtype, rounded)(values.tobytes()), array_dtype(rounded)).reshape(values.shape)
        plain: Array = values.astype(np.float32) + np.float32(0.0)       # 0.0 for -0.0
        return plain


def digests(family: Family, values: Array, size: int) -> Slices:
    """`values`: a row of samples for each slice of `size` elements."""
    import numpy as np
    bits = values.view(np.uint32)
    parts = [_coarse(values[start:start + _AT_ONCE], size) for start in range(0, max(1, len(values)), _AT_ONCE)]
    return Slices(family, _hashed(bits, size), np.concatenate(parts), (bits != bits[:, :1]).any(1))


def _coarse(values: Array, size: int) -> Array:
    import numpy as np
    with np.errstate(all="ignore"):
        root = np.sqrt(np.mean(np.square(values.astype(np.float64)), 1, keepdims=True))
        steps = np.floor(values / np.where(root > 0, root, 1.0) * _COARSE + 0.5)
        return _hashed(np.nan_to_num(steps, nan=99.0, posinf=98.0, neginf=97.0).astype(np.int32).view(np.uint32), size)


def _hashed(words: Array, size: int) -> Array:
    import numpy as np
    result = np.full(len(words), (size * _ODD) & ((1 << 64) - 1), np.uint64)
    with np.errstate(over="ignore"):
        for column in words.T:
            result ^= column.astype(np.uint64)
            result *= np.uint64(_ODD)
            result ^= result >> np.uint64(29)
    return result
