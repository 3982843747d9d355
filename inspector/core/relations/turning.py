"""Tensors whose dimensions come in another order, or are others: tried one after the other, as there are few."""
from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import TYPE_CHECKING, Any

from inspector.core.checkpoint import TensorInfo, contiguous, is_contiguous
from inspector.core.comparison.pairing.pairs import Difference, Rearranged
from inspector.core.errors import BadTensor

from .holding import Sides, how_it_holds, is_like, permuted

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_ALIKE = 0.5            # cosine of a corner from which on the whole is looked at
_MOST_DIMS = 5          # of tensors whose dimensions are permuted
_PROBE = 24             # elements of a side of the corner that is read first


def turned(sides: Sides, a: TensorInfo, b: TensorInfo, exactly: bool = True) -> Rearranged | None:
    """How b's values are a's with other dimensions, if they are; else than `exactly` also cast or nearly."""
    for order in orders_of(a.shape, b.shape):
        found = _difference(sides, permuted(a, order), b, exactly)
        if found is not None:
            held, figures, scale = how_it_holds([found], a.dtype == b.dtype)
            return Rearranged("transposed" if order == (1, 0) else "permuted", (a.key,), (b.key,), order, held=held, difference=figures,
                              scale=scale)
    if a.shape != b.shape and exactly:
        both = (reshaped(a, b.shape), b) if is_contiguous(a.shape, a.stride) \
            else (a, reshaped(b, a.shape)) if is_contiguous(b.shape, b.stride) else None
        if both is not None and _difference(sides, *both, exactly) is not None:
            return Rearranged("reshaped", (a.key,), (b.key,))
    return None


def orders_of(a: tuple[int, ...], b: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """In which orders the dimensions of a tensor of shape `a` give shape `b`."""
    if len(a) == len(b) <= _MOST_DIMS:
        for order in permutations(range(len(a))):
            if order != tuple(range(len(a))) and tuple(a[d] for d in order) == b:
                yield order


def reshaped(info: TensorInfo, shape: tuple[int, ...]) -> TensorInfo:
    return info._replace(shape=shape, stride=contiguous(shape))


def _difference(sides: Sides, x: TensorInfo, y: TensorInfo, exactly: bool) -> Difference | None:
    """Of two that are equal, or at least alike; by a corner first: most are neither, and what begins with zeros
    and is to be equal mostly differs in the middle or at the end."""
    try:
        sizes = tuple(min(size, _PROBE) if d >= len(x.shape) - 2 else 1 for d, size in enumerate(x.shape))
        ends = tuple(size - probed for size, probed in zip(x.shape, sizes, strict=True))
        places = ((0,) * len(sizes), tuple(end // 2 for end in ends), ends)
        for first in places if exactly else places[:1]:
            one, other = (reader.box(info, first, sizes) for reader, info in ((sides.a, x), (sides.b, y)))
            if not (_are_equal(one, other) if exactly else _point_one_way(one, other)):
                return None
        found = sides.difference(x, y)
    except BadTensor:
        return None
    return found if not found.problem and (not found.n_different if exactly else is_like(found)) else None


def _are_equal(one: Array, other: Array) -> bool:
    return bool(((one == other) | ((one != one) & (other != other))).all())


def _point_one_way(one: Array, other: Array) -> bool:
    import numpy as np
    x, y = (values.astype(np.float64).reshape(-1) for values in (one, other))
    with np.errstate(all="ignore"):
        return bool(x @ y >= _ALIKE * np.sqrt((x @ x) * (y @ y)))
