"""Tensors of other programs' files: blocks of GGML, 4-bit integers and DequantizeLinear of ONNX, arrays of NumPy."""
from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from math import prod
from typing import Any

from inspector.core.checkpoint import TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.tensors.decoders.ggml import BLOCKS, Ggml
from inspector.core.tensors.decoders.grid import Grid
from inspector.core.tensors.decoders.narrow import Narrow

from .names import LogicalTensor, Names, counted

_SHORT = 1000                               # characters of a type and a shape that are known again
_FOUR_BITS = ("", "int4", "uint4")        # of DequantizeLinear


def claims(names: Names) -> Iterator[LogicalTensor]:
    form = names.ckpt.edited.source.format if names.ckpt.edited else names.ckpt.format
    if form == "gguf":
        yield from _ggml(names)
    elif form == "onnx":
        yield from _onnx(names)
    elif form in ("dtensor", "megatron"):
        for info in names.special:
            if info.chunks or "DTensor" in (info.extra.subclass if info.extra is not None else ""):
                yield _as_it_is(info.key, info, form)
    elif form == "deepspeed-zero":
        yield from _zero(names)
    elif form in ("npz", "dcp-safetensors"):
        for key, info in names.items():
            yield _as_it_is(key, info, form)


def _zero(names: Names) -> Iterator[LogicalTensor]:
    """The parameters whose master weights the ranks hold, or, in a universal checkpoint, a file for each of them."""
    source = names.ckpt.as_opened
    scheme = f"zero-{source.facts.get('zero_stage', '')}"
    for key, info in names.items():
        if info.state_dict != "":
            continue
        storage = source.storages.get(info.storage)
        extent = storage.extent if storage is not None else None
        own = extent is not None and os.path.basename(source.files[extent.file].path) == "fp32.pt"
        if own or info.chunks or (info.problem and extent is None):
            yield _as_it_is(key, info, scheme)


def _said(info: TensorInfo) -> dict[str, str]:
    return dict(info.extra.header_fields) if info.extra is not None else {}


def _stands_for(info: TensorInfo, program: str) -> tuple[str, tuple[int, ...]]:
    """The type and the sizes of what the bytes stand for, as the reader noted them; "" and its own sizes where they are what they are. A
    tensor that was taken from another file may have anything there."""
    said = _said(info)
    texts = said.get(f"{program}_type", "null"), said.get(f"{program}_shape", "null")
    noted = _noted if sum(map(len, texts)) <= _SHORT else _noted.__wrapped__        # a long one is not kept beyond its file
    return noted(*texts) or ("", info.shape)


@lru_cache(16)                              # many tensors of a file have the same
def _noted(kind_text: str, sizes_text: str) -> tuple[str, tuple[int, ...]] | None:
    try:
        kind, sizes = json.loads(kind_text), json.loads(sizes_text)
    except ValueError:
        return None
    if not isinstance(kind, str) or not isinstance(sizes, list) or not all(type(size) is int and size >= 0 for size in sizes):
        return None
    return kind, tuple(sizes)


def _as_it_is(key: str, info: TensorInfo, scheme: str) -> LogicalTensor:
    bits = DTYPES[info.dtype].bits if info.dtype in DTYPES else None
    return LogicalTensor(key, info.shape, info.dtype, scheme, bits, bits, {"data": key}, None, info.problem)


def _ggml(names: Names) -> Iterator[LogicalTensor]:
    """Tensors of blocks; of those that are said to be the same only the names differ."""
    for info in names.special:
        said = info.extra.header_fields if info.extra is not None else ()
        if not said:
            continue
        alike = names.once(("ggml", info.shape, info.dtype, info.problem, said), partial(_blocks, info))
        if alike is not None:
            yield LogicalTensor(info.key, alike.shape, alike.dtype, alike.scheme, alike.bits, alike.bits_per_weight, {"data": info.key},
                                alike.decoder, alike.problem)


def _blocks(info: TensorInfo) -> LogicalTensor | None:
    kind, shape = _stands_for(info, "ggml")
    if not kind or not shape:
        return None
    block = BLOCKS.get(kind)
    problem = info.problem or ("" if block else f"blocks of the type {kind} are not read")
    decoder = None
    if block and not problem:
        decoder = Ggml(kind, shape[-1]) if len(shape) > 1 else Ggml(kind, block.elements, block.nbytes)
    return LogicalTensor(info.key, shape, "float32", f"gguf-{kind}", block.bits if block else None,
                         8 * info.nbytes / prod(shape) if prod(shape) else None, {"data": info.key}, decoder, problem)


def _onnx(names: Names) -> Iterator[LogicalTensor]:
    parts: set[str] = set()
    for info in names.special:
        text = _said(info).get("dequantized")
        if text:
            found = _dequantized(names, info, json.loads(text))
            if found is not None:
                parts |= {*found.parts.values()}
                yield found
    for key, info in names.items():
        if key in parts:
            continue
        kind, shape = _stands_for(info, "onnx")
        if not kind:
            yield _as_it_is(key, info, "onnx")
            continue
        bits = width_of(kind)
        decoder = None if info.problem else Narrow(kind.rstrip("24") if "int" in kind else kind, bits, prod(shape))
        yield LogicalTensor(key, shape, kind, "onnx", bits, float(bits), {"data": key}, decoder, info.problem)


def width_of(kind: str) -> int:
    """The bits of an element type that is narrower than a byte."""
    return next(int(digit) for digit in kind if digit.isdigit())


def _dequantized(names: Names, info: TensorInfo, said: Mapping[str, Any]) -> LogicalTensor | None:
    """(q - zero point) * scale, by axis or by blocks along it; None where one of them is no initializer."""
    scale, zero = names.get(str(said["scale"])), names.get(str(said["zero_point"])) if said["zero_point"] else None
    if scale is None or (said["zero_point"] and zero is None):
        return None
    kind, shape = _stands_for(info, "onnx")
    zero_kind, zero_shape = _stands_for(zero, "onnx") if zero is not None else ("", ())
    parts = {"data": info.key, "scale": scale.key, **({"zero_point": zero.key} if zero is not None else {})}
    axis, block = said["axis"], counted(said["block_size"]) or 0
    axis = axis + len(shape) if isinstance(axis, int) and axis < 0 else axis
    bits = width_of(kind) if kind else DTYPES[info.dtype].bits if info.dtype in DTYPES else None
    problem, decoder = info.problem, None
    if kind not in _FOUR_BITS or zero_kind not in _FOUR_BITS:
        problem = problem or f"codes of the type {kind if kind not in _FOUR_BITS else zero_kind} are not unpacked with scales"
    if scale.numel == 1 and not block:
        rows, unit, high, wide, cyclic = 1, prod(shape), 1, 0, False
    elif not isinstance(axis, int) or not 0 <= axis < len(shape):
        return LogicalTensor(str(said["name"]), shape, scale.dtype, "onnx-qdq", bits, None, parts, None,
                             "its axis is not one of its dimensions")
    elif block and axis == len(shape) - 1:
        rows, unit, high, wide, cyclic = prod(shape[:-1]), shape[-1], 1, block, False
    elif block:
        rows, unit, high, wide, cyclic = prod(shape[:axis + 1]), prod(shape[axis + 1:]), block, 1, False
        problem = problem or ("" if shape[axis] % block == 0 else "its blocks do not divide it")
    else:
        rows, unit, high, wide, cyclic = prod(shape[:axis + 1]), prod(shape[axis + 1:]), 1, 0, True
        problem = problem or ("" if scale.numel == shape[axis] else "its scales do not fit its axis")
    if not problem:
        wanted = scale.numel if not block else -(-rows // high) * -(-unit // wide)
        if scale.numel != wanted or (zero is not None and (prod(zero_shape) if zero_kind else zero.numel) != scale.numel):
            problem = "its scales do not fit its blocks"
    if not problem:
        decoder = Grid(rows, unit, "nibbles" if kind else "numbers", 4, block_rows=high, block_cols=wide or unit, cyclic=cyclic,
                       signed=kind == "int4", zero="nibbles" if zero_kind else "numbers" if zero is not None else "")
    return LogicalTensor(str(said["name"]), shape, scale.dtype, "onnx-qdq", bits, None, parts, decoder, problem)
