"""Many small tensors compared together: those of one type and size are the rows of two tables.

The numbers are those that `difference` gives for each pair; what it would have to look at more closely is left to it.
"""
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from inspector.core.checkpoint import TensorInfo
from inspector.core.comparison.pairing.pairs import Difference
from inspector.core.dtypes import DTYPES
from inspector.core.progress import QUIET, Monitor, stoppable
from inspector.core.tensors.casts import converter
from inspector.core.tensors.reader import TensorReader, array_dtype

from .difference import EXACT, as_kind, better_scales, has_float64, is_cast, most_of, numbers_of, of_sums, quick
from .first_rows import FirstRows, first_rows
from .kernels import Apart, apart_rows, apart_rows_numpy

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


def differences_in_rows(a: TensorReader, b: TensorReader, pairs: Sequence[tuple[TensorInfo, TensorInfo]], *, rtol: float = 0.0,
                        atol: float = 0.0, nbytes_in_all: int = 0,
                        monitor: Monitor = QUIET) -> tuple[list[Difference | None], list[FirstRows | None]]:
    """Of pairs of tensors of the same shape, a few megabytes in all, as `difference_so_far`; None for each that is to be compared by
    itself. Raises ReadError when a file has changed, Cancelled."""
    found: list[Difference | None] = [None] * len(pairs)
    rows_of: list[FirstRows | None] = [None] * len(pairs)
    alike: dict[tuple[str, str, int], list[int]] = {}
    data_a, data_b = a.together([one for one, _ in pairs]), b.together([other for _, other in pairs])
    for number, (info_a, info_b) in enumerate(stoppable(pairs, monitor)):
        data = data_a[number]
        if data is not None and data_b[number] is not None:
            alike.setdefault((info_a.dtype, info_b.dtype, len(data) // DTYPES[info_a.dtype].itemsize), []).append(number)
    for (dtype_a, dtype_b, numel), numbers in alike.items():
        monitor.check()
        x, y = _table(data_a, numbers, dtype_a), _table(data_b, numbers, dtype_b)
        rows = _apart(x, y, dtype_a, dtype_b, rtol, atol, nbytes_in_all)
        if rows is None:
            continue
        same, casts, wide = _same_bytes(x, y, dtype_a, dtype_b), _casts(x, y, dtype_a, dtype_b), has_float64(dtype_a, dtype_b)
        for row, (number, sums) in enumerate(stoppable(zip(numbers, rows, strict=True), monitor)):
            if math.isfinite(sum(sums)) and better_scales(sums, wide) == (1.0, 1.0):
                told = first_rows(pairs[number][0], x[row], pairs[number][1], y[row]) if sums.different else (False, False)
                if isinstance(told, FirstRows):
                    rows_of[number], told = told, (False, False)
                found[number] = of_sums(numel, sums, sums, (1.0, 1.0), same[row] and not sums.different, casts[row], told)
    return found, rows_of


def _table(data: list[memoryview | None], numbers: list[int], dtype: str) -> Array:
    import numpy as np
    return np.frombuffer(b"".join(data[number] or b"" for number in numbers), array_dtype(dtype)).reshape(len(numbers), -1)


def _apart(x: Array, y: Array, a: str, b: str, rtol: float, atol: float, nbytes_in_all: int) -> list[Apart] | None:
    """Of each row; None where numpy's numbers are not enough."""
    if kind := quick(a, b):
        return apart_rows(as_kind(kind, x), as_kind(kind, y), rtol=rtol, atol=atol, nbytes_in_all=nbytes_in_all)
    if "complex" in (DTYPES[a].kind, DTYPES[b].kind):
        return None
    one, other = numbers_of(x, a), numbers_of(y, b)
    if one.dtype.kind in "iu" and other.dtype.kind in "iu" and max(most_of(one), most_of(other)) > EXACT:
        return None
    return apart_rows_numpy(one, other, rtol=rtol, atol=atol)


def _same_bytes(x: Array, y: Array, a: str, b: str) -> list[bool]:
    import numpy as np
    if a != b:
        return [False] * len(x)
    same: list[bool] = (x.view(np.uint8) == y.view(np.uint8)).all(axis=1).tolist()
    return same


def _casts(x: Array, y: Array, a: str, b: str) -> list[str]:
    """As `Difference.cast`, of each row."""
    import numpy as np
    fits = {"b": np.zeros(len(x), bool), "a": np.zeros(len(x), bool)}
    for side, one, source, other, target in (("b", x, a, y, b), ("a", y, b, x, a)):
        if is_cast(source, target):
            made = np.frombuffer(converter(source, target)(one.tobytes()), np.uint8).reshape(len(x), -1)
            fits[side] = (made == other.view(np.uint8).reshape(len(x), -1)).all(axis=1)
    found: list[str] = np.where(fits["b"], "b", np.where(fits["a"], "a", "")).tolist()
    return found
