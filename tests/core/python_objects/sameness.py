"""Whether two objects are the same throughout: types, order of keys, every bit of every tensor, and what shares memory with what."""
from __future__ import annotations

from collections.abc import Iterator
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
