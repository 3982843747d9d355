"""The tensors that a checkpoint stands for: `logical`, and the checkpoint that has them instead of their parts, `unpacked`.

    names, metadata, configuration → families → LogicalTensor (what there is) → TensorInfo with a decoder (its values)

A family is asked in the order of the list; what one has claimed no other gets. To add one, write its file and put it in the list.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from math import prod
from types import MappingProxyType

from inspector.core.checkpoint import Checkpoint, Extra, TensorInfo, Unpacked, contiguous, is_contiguous
from inspector.core.dtypes import DTYPES
from inspector.core.progress import QUIET, Monitor

from .decoders.grid import Grid
from .families import (
    awq,
    bitsandbytes,
    compressed_tensors,
    float_blocks,
    gptq,
    lora,
    mlx,
    modelopt,
    mxfp4,
    torch_quantized,
    torchao,
)
from .names import LogicalTensor, Names

FAMILIES: tuple[Callable[[Names], Iterator[LogicalTensor]], ...] = (
    torchao.claims,
    torch_quantized.claims,
    bitsandbytes.claims,
    compressed_tensors.claims,
    gptq.claims,
    awq.claims,
    float_blocks.claims,
    modelopt.claims,
    mxfp4.claims,
    mlx.claims,
    lora.claims,
)


def packed(ckpt: Checkpoint, monitor: Monitor = QUIET) -> dict[str, LogicalTensor]:
    """name -> the packed tensors of `ckpt` alone, in the order of their data in the file. Reads small tensors and the configuration
    beside the file. Raises Cancelled."""
    names = Names(ckpt, monitor)
    taken: set[str] = set()
    found: dict[str, LogicalTensor] = {}
    for claims in FAMILIES:
        for tensor in claims(names):
            monitor.check()
            keys = {*tensor.parts.values(), *tensor.inner}
            if tensor.name not in found and taken.isdisjoint(keys):
                taken |= keys
                found[tensor.name] = tensor
    place = {key: n for n, key in enumerate(ckpt.tensors)}
    return dict(sorted(found.items(), key=lambda item: min((place.get(key, 0) for key in item[1].parts.values()), default=0)))


def logical(ckpt: Checkpoint, monitor: Monitor = QUIET) -> dict[str, LogicalTensor]:
    """name -> tensor that a person means: packed ones as the one that their parts stand for, all others as themselves (scheme "plain").
    Reads small tensors and the configuration beside the file. Raises Cancelled."""
    found = packed(ckpt, monitor)
    parts = _parts_of(ckpt, found.values())
    result: dict[str, LogicalTensor] = {}
    firsts = {min(_keys(ckpt, tensor), key=list(ckpt.tensors).index, default=tensor.name): tensor for tensor in found.values()} if found else {}
    for key, info in ckpt.tensors.items():
        if key in firsts:
            result[firsts[key].name] = firsts[key]
        if key not in parts:
            known = DTYPES.get(info.dtype)
            bits = known.bits if known else None
            result[key] = LogicalTensor(key, info.shape, info.dtype, "plain", bits, bits, {"data": key}, None, info.problem)
    return result


def unpacked(ckpt: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
    """`ckpt` with the tensors that `logical` gives, under their names, instead of their parts: packed ones as float32, whose elements are
    made of the parts when they are read. Those that cannot be made say why. Raises Cancelled."""
    found = packed(ckpt, monitor)
    if not found:
        return ckpt
    gone = _parts_of(ckpt, found.values())
    first = {min(_keys(ckpt, tensor) or [""], key=_places(ckpt)): tensor for tensor in found.values()}
    tensors: dict[str, TensorInfo] = {}
    for key, info in ckpt.tensors.items():
        if key in first:
            tensors[first[key].name] = tensor_of(ckpt, first[key])
        if key not in gone:
            tensors.setdefault(key, info)
    return replace(ckpt, tensors=MappingProxyType(tensors))


def _places(ckpt: Checkpoint) -> Callable[[str], int]:
    place = {key: n for n, key in enumerate(ckpt.tensors)}
    return lambda key: place.get(key, len(place))


def tensor_of(ckpt: Checkpoint, tensor: LogicalTensor) -> TensorInfo:
    """The tensor as float32, with the decoder that makes its elements."""
    first = ckpt.tensors[_keys(ckpt, tensor)[0]]
    if tensor.decoder is None:
        extra, problem = None, f"packed: {tensor.problem}"
    else:
        extra, problem = Extra(unpacked=Unpacked(tensor.scheme, tensor.decoder, tuple(_sources(ckpt, tensor)))), ""
    state_dict = first.state_dict if first.state_dict is not None else _nearest(ckpt, tensor.name)
    return TensorInfo(tensor.name, tensor.shape, "float32", first.device, contiguous(tensor.shape), 0, "", 0, False, state_dict, "strided",
                      problem, first.node, extra)


def _nearest(ckpt: Checkpoint, name: str) -> str | None:
    return max((path for path in ckpt.state_dicts if not path or name.startswith(f"{path}.")), key=len, default=None)


def _sources(ckpt: Checkpoint, tensor: LogicalTensor) -> Iterator[tuple[str, TensorInfo]]:
    for role, key in tensor.parts.items():
        info = ckpt.tensors[key]
        if role == "data" and isinstance(tensor.decoder, Grid):
            info = _in_rows(info, tensor.decoder.rows)
        elif role == "data" and tensor.scheme == "torch-qtensor":
            info = _in_rows(replace_quantizer(info), -(-tensor.numel // tensor.decoder.unit)) if tensor.decoder else info
        yield role, info
    quantizer = ckpt.tensors[tensor.parts["data"]].quantizer if tensor.scheme == "torch-qtensor" else None
    if quantizer is not None and tensor.decoder is not None:
        given = ckpt.tensors[tensor.parts["data"]].parts
        if "scales" in given and "zero_points" in given:
            yield "scale", given["scales"]
            yield "zero_point", given["zero_points"]


def replace_quantizer(info: TensorInfo) -> TensorInfo:
    """The stored integers of a quantized tensor as such."""
    plain = {"qint8": "int8", "quint8": "uint8", "qint32": "int32"}.get(info.dtype, info.dtype)
    return info._replace(dtype=plain, extra=None)


def _in_rows(info: TensorInfo, rows: int) -> TensorInfo:
    """The same elements as a matrix of so many rows, where they lie one behind the other."""
    if len(info.shape) == 2 and info.shape[0] == rows:
        return info
    numel = prod(info.shape)
    if not rows or numel % rows or not is_contiguous(info.shape, info.stride):
        return info
    shape = (rows, numel // rows)
    return info._replace(shape=shape, stride=contiguous(shape))


def _parts_of(ckpt: Checkpoint, found: Iterable[LogicalTensor]) -> set[str]:
    return {key for tensor in found for key in _keys(ckpt, tensor)}


def _keys(ckpt: Checkpoint, tensor: LogicalTensor) -> list[str]:
    """The keys that a packed tensor takes the place of, in its own order of parts."""
    wanted = [*tensor.parts.values(), *tensor.inner]
    if tensor.name in ckpt.tensors:
        wanted.append(tensor.name)
    return list(dict.fromkeys(key for key in wanted if key in ckpt.tensors))


def schemes(found: Mapping[str, LogicalTensor]) -> dict[str, int]:
    """How many tensors there are of each scheme."""
    counts: dict[str, int] = {}
    for tensor in found.values():
        counts[tensor.scheme] = counts.get(tensor.scheme, 0) + 1
    return counts
