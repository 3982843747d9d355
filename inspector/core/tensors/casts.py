"""Elements of one type as elements of another, as torch's `Tensor.to(dtype)` on the CPU converts them, and what gets lost.

Floats are rounded to nearest, ties to even. torch goes through float32 on the way to every type of 16 or 8 bits
(c10/util/Half.h, BFloat16.h, Float8_*.h take a float), so that a float64 is rounded twice; the same is done here. Too big for
float8_e4m3fn, which has no infinity, is its greatest value; for the others infinity, or NaN where there is none. Floats out of
an integer's range are what the processor makes of them, through int64. NaN stays NaN, its payload is nobody's promise.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from inspector.core.dtypes import DTYPES, numpy_dtype

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_PARTS = {"complex128": "float64", "complex64": "float32", "complex32": "float16"}
_NO_TARGET = {"float8_e8m0fnu": "is a type of scales: powers of two, without zero and sign"}
_E4M3FN = "float8_e4m3fn"
_E4M3FN_MOST = 464.0        # what is rounded to 448, its greatest, not cut off


class Losses(NamedTuple):
    """How many elements change beyond rounding: `overflow` became infinite, NaN, the greatest value or another integer;
    `underflow` were not zero and are now; `nan` were NaN and cannot be."""

    overflow: int = 0
    underflow: int = 0
    nan: int = 0

    def plus(self, other: Losses) -> Losses:
        return Losses(*(a + b for a, b in zip(self, other, strict=True)))


def why_not(source: str, target: str) -> str:
    """Why elements of type `source` cannot become `target`, or "" when they can."""
    if source == target:
        return ""
    for name in (source, target):
        known = DTYPES.get(name)
        if known is None:
            return f"{name} is no element type"
        if known.kind == "quantized":
            return f"{name} is quantized: its integers mean something only with their scales"
        if known.kind == "other":
            return f"{name} has no arithmetic"
    if target in _NO_TARGET:
        return f"{target} {_NO_TARGET[target]}"
    if DTYPES[source].kind == "complex" and DTYPES[target].kind not in ("complex", "bool"):
        return "the imaginary part would be lost"
    return ""


def converter(source: str, target: str) -> Callable[[bytes | memoryview], memoryview]:
    """What turns little-endian elements of `source` into such of `target`. They must be convertible (`why_not`)."""
    def convert(data: bytes | memoryview) -> memoryview:
        import numpy as np
        with np.errstate(all="ignore"):
            return _bytes(_converted(_load(data, source), source, target))

    return (lambda data: memoryview(data)) if source == target else convert


def losses(data: bytes | memoryview, source: str, target: str) -> Losses:
    """What the conversion of these elements loses."""
    import numpy as np
    if source == target or target == "bool":
        return Losses()
    with np.errstate(all="ignore"):
        before = _load(data, source)
        part = _PARTS.get(target, target)
        after = _numbers(_real(before, part), part)
        if DTYPES[part].kind in ("int", "uint"):
            return _losses_of_integers(before, after, part)
        finite = np.isfinite(before)
        over = finite & (np.abs(before) > _E4M3FN_MOST) if part == _E4M3FN else finite & ~np.isfinite(after)
        if part == _E4M3FN:
            over |= np.isinf(before)
        return Losses(int(np.count_nonzero(over)), int(np.count_nonzero((before != 0) & (after == 0))))


def _losses_of_integers(before: Array, after: Array, target: str) -> Losses:
    import numpy as np
    if before.dtype.kind == "b":
        return Losses()
    low, high = int(np.iinfo(after.dtype).min), int(np.iinfo(after.dtype).max)
    if before.dtype.kind in "iu":
        there = np.iinfo(before.dtype)
        over = np.zeros(before.shape, bool)
        if there.min < low:
            over |= before < low
        if there.max > high:
            over |= before > high
        return Losses(int(np.count_nonzero(over)))
    whole = np.trunc(before)
    over = ~np.isnan(before) & ((whole < low) | (whole >= high + 1))
    under = (before != 0) & (after == 0) & ~over & ~np.isnan(before)
    return Losses(int(np.count_nonzero(over)), int(np.count_nonzero(under)), int(np.count_nonzero(np.isnan(before))))


def _load(data: bytes | memoryview, source: str) -> Array:
    """The elements as numbers that numpy itself calculates with; the parts of complex ones one after the other."""
    import numpy as np
    if source == "bool":
        true: Array = np.frombuffer(data, np.uint8) != 0
        return true
    name = _PARTS.get(source, source)
    return _numbers(np.frombuffer(data, numpy_dtype(name)), name)


def _numbers(values: Array, name: str) -> Array:
    import numpy as np
    known: Array = values.astype(np.float32) if DTYPES[name].extended or name == "float16" else values
    return known


def _converted(values: Array, source: str, target: str) -> Array:
    import numpy as np
    is_complex = source in _PARTS
    if target == "bool":
        true: Array = values != 0
        return true[0::2] | true[1::2] if is_complex else true
    if target not in _PARTS:
        return _real(values, target)
    parts = _real(values, _PARTS[target])
    if is_complex:
        return parts
    both = np.zeros(2 * len(parts), parts.dtype)
    both[0::2] = parts
    return both


def _real(values: Array, target: str) -> Array:
    import numpy as np
    if DTYPES[target].kind in ("int", "uint"):
        if values.dtype.kind == "f" and target == "uint32":
            values = values.astype(np.int64)
        whole: Array = values.astype(numpy_dtype(target))
        return whole
    if DTYPES[target].bits <= 16:
        values = values.astype(np.float32, copy=False)
    result: Array = values.astype(numpy_dtype(target))
    if target == _E4M3FN:
        too_big = np.abs(values) > _E4M3FN_MOST         # NaN is not
        result.view(np.uint8)[too_big] = np.where(np.signbit(values[too_big]), 0xFE, 0x7E)
    return result


def _bytes(values: Array) -> memoryview:
    import numpy as np
    return np.ascontiguousarray(values).view(np.uint8).data
