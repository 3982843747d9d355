"""Whether two objects are the same throughout: types, order of keys, every bit of every tensor, and what shares memory with what."""
from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from inspector import core


def difference(ours: Any, theirs: Any, path: str = "", seen: dict[int, int] | None = None) -> str:
    """Where `ours` first differs from `theirs`, "" where it does nowhere."""
    seen = {} if seen is None else seen
    if type(ours) is not type(theirs):
        return f"{path}: {type(ours).__name__} for {type(theirs).__name__}"
    if id(theirs) in seen:
        return "" if seen[id(theirs)] == id(ours) or not isinstance(theirs, list | dict | torch.Tensor) else f"{path}: not one object"
    if isinstance(theirs, torch.Tensor):
        seen[id(theirs)] = id(ours)
        return _of_tensors(ours, theirs, path)
    if isinstance(theirs, dict):
        seen[id(theirs)] = id(ours)
        if list(map(repr, ours)) != list(map(repr, theirs)):
            return f"{path}: other keys"
        if getattr(ours, "_metadata", None) != getattr(theirs, "_metadata", None):
            return f"{path}: other _metadata"
        return next(filter(None, (difference(mine, its, f"{path}.{key}", seen)
                                  for (key, its), mine in zip(theirs.items(), ours.values(), strict=True))), "")
    if isinstance(theirs, list | tuple) and not isinstance(theirs, torch.Size):
        seen[id(theirs)] = id(ours)
        if len(ours) != len(theirs):
            return f"{path}: other length"
        return next(filter(None, (difference(mine, its, f"{path}.{i}", seen)
                                  for i, (mine, its) in enumerate(zip(ours, theirs, strict=True)))), "")
    if isinstance(theirs, torch.storage.TypedStorage):
        return "" if ours.tolist() == theirs.tolist() and ours.dtype == theirs.dtype else f"{path}: other storage"
    return "" if repr(ours) == repr(theirs) else f"{path}: {ours!r} for {theirs!r}"


def _of_tensors(ours: torch.Tensor, theirs: torch.Tensor, path: str) -> str:
    for what, mine, its in (("shape", ours.shape, theirs.shape), ("dtype", ours.dtype, theirs.dtype),
                            ("layout", ours.layout, theirs.layout), ("gradient", ours.requires_grad, theirs.requires_grad),
                            ("device", ours.device, theirs.device)):
        if mine != its:
            return f"{path}: {what} {mine} for {its}"
    if theirs.is_nested:
        return _of_tensors(ours.values(), theirs.values(), path)
    if theirs.layout == torch.strided and not theirs.is_meta and (ours.stride(), ours.storage_offset()) != (theirs.stride(),
                                                                                                        theirs.storage_offset()):
        return f"{path}: another view"
    if theirs.is_meta:
        return ""
    if theirs.is_quantized:
        return "" if ours.qscheme() == theirs.qscheme() and torch.equal(ours.int_repr(), theirs.int_repr()) and \
            torch.equal(ours.dequantize(), theirs.dequantize()) else f"{path}: other values"
    return "" if raw_bytes(ours) == raw_bytes(theirs) else f"{path}: other values"


def raw_bytes(tensor: torch.Tensor) -> bytes:
    tensor = tensor.detach()
    dense = tensor.to_dense() if tensor.layout != torch.strided else tensor
    flat = dense.resolve_conj().resolve_neg().contiguous().reshape(-1)
    return bytes(flat.view(torch.uint8).numpy()) if flat.numel() else b""


def tensors_in(value: Any) -> Iterator[Any]:
    """All tensors and arrays, each as often as it stands there, circles once."""
    todo, seen = [value], set()
    while todo:
        one = todo.pop()
        if isinstance(one, torch.Tensor | np.ndarray | core.QuantizedArray):
            yield one
        elif isinstance(one, dict | list | tuple) and id(one) not in seen:
            seen.add(id(one))
            todo += reversed(list(one.values() if isinstance(one, dict) else one))


def address(value: Any) -> int:
    if isinstance(value, torch.Tensor):
        return value.data_ptr()
    array = value.stored if isinstance(value, core.QuantizedArray) else value
    found: int = array.__array_interface__["data"][0]
    return found


def plain_difference(ours: Any, theirs: Any) -> str:
    """The same of objects with arrays: values, types, shapes, strides, and that those which overlap do so in the same way. (Arrays that
    lie apart in one piece of memory need not lie so again.)"""
    found = _of_plain(ours, theirs, "", set())
    if found:
        return found
    pairs = sorted(((address(its), its.nbytes, address(mine)) for mine, its in zip(arrays_in(ours), arrays_in(theirs), strict=True)
                    if its.flags.c_contiguous and its.size))
    for (before, nbytes, place), (at, _, here) in pairwise(pairs):
        if at < before + nbytes and here - place != at - before:
            return f"{nbytes} bytes: not shared as before"
    return ""


def _of_plain(ours: Any, theirs: Any, path: str, seen: set[int]) -> str:
    if type(ours) is not type(theirs):
        return f"{path}: {type(ours).__name__} for {type(theirs).__name__}"
    if isinstance(theirs, dict | list):
        if id(theirs) in seen:
            return ""
        seen.add(id(theirs))
    if isinstance(theirs, np.ndarray):
        alike = (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape) and (not theirs.size or ours.strides == theirs.strides)
        return "" if alike and ours.tobytes() == theirs.tobytes() else f"{path}: another array"
    if isinstance(theirs, dict):
        if list(map(repr, ours)) != list(map(repr, theirs)) or getattr(ours, "_metadata", None) != getattr(theirs, "_metadata", None):
            return f"{path}: other keys"
        return next(filter(None, (_of_plain(mine, its, f"{path}.{key}", seen)
                                  for (key, its), mine in zip(theirs.items(), ours.values(), strict=True))), "")
    if isinstance(theirs, list | tuple):
        if len(ours) != len(theirs):
            return f"{path}: other length"
        return next(filter(None, (_of_plain(mine, its, f"{path}.{i}", seen)
                                  for i, (mine, its) in enumerate(zip(ours, theirs, strict=True)))), "")
    if isinstance(theirs, core.QuantizedArray):
        return _of_plain(ours.stored, theirs.stored, path, seen) or next(
            filter(None, (_of_plain(getattr(ours, name), getattr(theirs, name), f"{path}.{name}", seen)
                          for name in ("dtype", "scheme", "scales", "zero_points", "axis"))), "")
    if isinstance(theirs, core.SparseArray | core.NestedArray):
        return _of_plain((ours.layout, dict(ours.parts)), (theirs.layout, dict(theirs.parts)), path, seen)
    return "" if repr(ours) == repr(theirs) else f"{path}: {ours!r} for {theirs!r}"


def arrays_in(value: Any) -> list[Any]:
    return [one for one in tensors_in(value) if isinstance(one, np.ndarray)]
