"""A strided tensor that JSON describes: checked, so that nothing in it reaches outside its storage unless `problem` says so.

The rules are those of `pickles.tensors`; aten/src/ATen/native/Resize.h (`checkInBoundsForStorage`) is their source.
"""
from __future__ import annotations

from typing import Any

from inspector.core.checkpoint import Extra, Storage, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.tensors.strides import span
from inspector.core.wording import count

_RANK = 64                  # dimensions that a broken shape is still shown with
_INT64 = 1 << 63


def integer(value: Any) -> int | None:
    """An integer of 64 bits, as protobuf's JSON writes it: a number, or decimal digits in quotes."""
    if isinstance(value, str) and 0 < len(value) <= 20 and value.isascii() and value.removeprefix("-").isdecimal():
        value = int(value)
    return value if type(value) is int and -_INT64 <= value < _INT64 else None


def integers(values: Any) -> tuple[int, ...] | None:
    """A list of such integers; None when it is anything else."""
    if not isinstance(values, list):
        return None
    found = tuple(number for value in values if (number := integer(value)) is not None)
    return found if len(found) == len(values) else None


def described(key: str, shape: tuple[int, ...] | None, stride: tuple[int, ...] | None, offset: int | None, dtype: str | None,
              device: str | None, storage: Storage | None, *, requires_grad: bool = False, state_dict: str | None = None,
              problem: str = "", extra: Extra | None = None) -> TensorInfo:
    """The tensor with what is known of it; None stands for what the description says in no understandable way. `problem` is
    what the caller knows is wrong."""
    problem = problem or _problem(shape, stride, offset, dtype, storage)
    known_shape, known_stride = shape or (), stride or ()
    if problem:                                     # the product of many enormous sizes is never computed
        known_shape, known_stride = known_shape[:_RANK], known_stride[:_RANK]
    return TensorInfo(key, known_shape, dtype or "unknown", device, known_stride, offset or 0, storage.id if storage else "",
                      storage.nbytes if storage else 0, requires_grad, state_dict, "strided", problem, -1, extra)


def _problem(shape: tuple[int, ...] | None, stride: tuple[int, ...] | None, offset: int | None, dtype: str | None,
             storage: Storage | None) -> str:
    if shape is None or stride is None or offset is None:
        return "corrupt: its size, stride or offset is not made of integers"
    if len(shape) != len(stride):
        return f"corrupt: {count(len(shape), 'size')} but {count(len(stride), 'stride')}"
    if offset < 0 or any(size < 0 for size in shape) or any(step < 0 for step in stride):
        return "corrupt: a size, a stride or the offset is negative"
    if _enormous(shape):
        return "corrupt: more elements than 64 bits can count"
    if dtype is None:
        return "unknown_dtype: no type of torch's"
    if storage is None:
        return "corrupt: no record where the tensor's values should be"
    if storage.problem:
        return storage.problem
    reach = span(shape, stride)
    capacity = storage.nbytes * 8 // DTYPES[dtype].bits
    if reach and offset + reach > capacity:
        return f"out_of_bounds: needs {count(offset + reach, 'element')}, the storage has {capacity}"
    return ""


def _enormous(shape: tuple[int, ...]) -> bool:
    if 0 in shape:
        return False
    n = 1
    for size in shape:
        n *= size
        if n >= _INT64:
            return True
    return False
