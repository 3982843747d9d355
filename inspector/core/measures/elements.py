"""What the stored bits of an element type are as numbers, and in which way its elements are counted.

    table     types of 8 and 16 bits: counting each of their 256 or 65,536 values says everything
    float32, float64    counted by their top 16 bits first; complex elements are their magnitudes, in float64
    int64, uint64       integers of 32 and 64 bits
"""
from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from inspector.core.dtypes import DTYPES, numpy_dtype

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

TABLE, FLOAT32, FLOAT64, INT64, UINT64 = "table", "float32", "float64", "int64", "uint64"
_KINDS = ("float", "int", "uint", "bool", "complex", "quantized")


def measurable(dtype: str) -> bool:
    """Whether elements of torch's `dtype` are numbers of whole bytes."""
    known = DTYPES.get(dtype)
    return known is not None and known.kind in _KINDS and known.bits % 8 == 0


def family(dtype: str) -> str:
    """In which way elements of a measurable type are counted: see the module."""
    known = DTYPES[dtype]
    if known.bits <= 16:
        return TABLE
    if known.kind in ("float", "complex"):
        return FLOAT32 if dtype == "float32" else FLOAT64
    return UINT64 if dtype == "uint64" else INT64


def common(families: set[str]) -> str:
    """The way in which elements counted in several of the ways (tables apart) are counted together."""
    return next(iter(families)) if len(families) == 1 else FLOAT64


def numbers(chunk: Array, dtype: str, into: str) -> Array:
    """Elements as they come from the file, as numbers of the family `into`."""
    import numpy as np
    if dtype == "complex32":
        with np.errstate(invalid="ignore"):
            chunk = chunk["real"].astype(np.float64) + 1j * chunk["imag"].astype(np.float64)
    if DTYPES[dtype].kind == "complex":
        chunk = _magnitudes(chunk)
    numbers: Array = chunk.astype(into, copy=False)
    return numbers


def _magnitudes(chunk: Array) -> Array:
    import numpy as np
    with np.errstate(over="ignore", invalid="ignore"):      # a NaN that signals does so when it is converted
        chunk = chunk.astype(np.complex128, copy=False)
        sizes: Array = np.abs(chunk)
    sizes[np.isnan(chunk.real) | np.isnan(chunk.imag)] = np.nan       # hypot(inf, nan) is inf
    return sizes


@cache
def table_values(dtype: str) -> Array:
    """The number that each of the 256 or 65,536 bit patterns is: int64 for integers and bool, float64 for floats. Read-only."""
    import numpy as np
    known = DTYPES[dtype]
    bits = np.arange(1 << known.bits).astype(f"<u{known.itemsize}")
    if known.kind == "bool":
        values = (bits != 0).astype(np.int64)           # whatever byte stands for True
    elif known.kind == "float":
        with np.errstate(all="ignore"):
            values = bits.view(numpy_dtype(dtype)).astype(np.float64)
    else:
        values = bits.view(known.numpy).astype(np.int64)
    values.flags.writeable = False
    table: Array = values
    return table


class Ranked(NamedTuple):
    """The finite numbers of a table type, ascending, none twice (`values`, float64 or int64), and of each bit pattern which of them
    it is (`rank`, uint16); -inf, +inf and NaN follow them in this order."""

    values: Array
    rank: Array


@cache
def ranked(dtype: str) -> Ranked:
    """Read-only."""
    import numpy as np
    numbers = table_values(dtype)
    finite = np.isfinite(numbers)
    values = np.unique(numbers[finite]) + 0             # -0 is 0, and it is written as 0
    rank = np.searchsorted(values, np.where(finite, numbers, 0))
    for n, special in enumerate((numbers == -np.inf, numbers == np.inf, np.isnan(numbers))):
        rank[special] = values.size + n
    return Ranked(values, rank.astype(np.uint16))


@cache
def least_normal(dtype: str) -> float:
    """The smallest positive normal number of a floating type; 0.0 for any other."""
    import numpy as np
    if DTYPES[dtype].kind != "float":
        return 0.0
    plain = numpy_dtype(dtype)
    if not DTYPES[dtype].extended:
        return float(np.finfo(plain).smallest_normal)
    import ml_dtypes
    return float(ml_dtypes.finfo(plain).smallest_normal)


def is_floating(dtype: str) -> bool:
    return DTYPES[dtype].kind == "float"
