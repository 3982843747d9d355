"""The tensors that a checkpoint stands for: `logical`, and the checkpoint that has them instead of their parts, `unpacked`.

    names, metadata, configuration → families → LogicalTensor (what there is) → TensorInfo with a decoder (its values)

A family is asked in the order of the list, and loaded for that only where its sign stands: a model has one, and most have none. What one
has claimed no other gets. To add one, write its file and put it in the list.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from math import prod
from types import MappingProxyType
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, Extra, PerChannel, Plain, TensorInfo, Unpacked, contiguous, is_contiguous
from inspector.core.dtypes import DTYPES
from inspector.core.keypath import Paths, parent_of
from inspector.core.progress import QUIET, Monitor, sips, stoppable
from inspector.core.runtime import late
from inspector.core.runtime.collector import collector_paused
from inspector.core.tensors.decoders.affine import Affine
from inspector.core.tensors.decoders.grid import Grid

from .families.names import LogicalTensor, Names
from .hints import OTHER_PROGRAMS, may_be_packed


class Family(NamedTuple):
    """`module` is in the room of families; of `signs`, every key by which it knows what it claims has one, or `is_possible` tells."""

    module: str
    signs: tuple[str, ...] = ()
    is_possible: Callable[[Names], bool] = lambda names: False

    def claims(self, names: Names) -> Iterator[LogicalTensor]:
        if any(map(names.mention, self.signs)) or self.is_possible(names):
            claims: Callable[[Names], Iterator[LogicalTensor]] = late.module(f"{__package__}.families.{self.module}").claims
            yield from claims(names)


FAMILIES: tuple[Family, ...] = (
    Family("containers", is_possible=lambda names: names.ckpt.as_opened.format in OTHER_PROGRAMS),
    Family("torchao", is_possible=lambda names: bool(names.special or names.ckpt.metadata)),
    Family("torch_quantized", is_possible=lambda names: bool(names.special)),
    Family("bitsandbytes", (".quant_state.bitsandbytes__", ".SCB")),
    Family("compressed_tensors", (".weight_packed", ".weight_scale")),
    Family("gptq", (".qweight",)),
    Family("awq", (".qweight",)),
    Family("float_blocks", ("_scale_inv", ".scale")),
    Family("modelopt", (".weight_scale",)),
    Family("mxfp4", ("_blocks",)),
    Family("mlx", (".scales",)),
    Family("other_programs", (".weight_scale", ".codebooks")),
    Family("lora", (".lora_",)),
)
PLAIN_TENSOR = '{"_type": "Tensor"}'      # what torchao's metadata says of a tensor that is not packed
_INTEGERS = {"qint8": "int8", "quint8": "uint8", "qint32": "int32"}


def packed(ckpt: Checkpoint, monitor: Monitor = QUIET) -> dict[str, LogicalTensor]:
    """name -> the packed tensors of `ckpt` alone, in the order of their first part in the file. Reads small tensors and the
    configuration beside the file. Raises Cancelled.

    >>> lora = {"fc.lora_A.weight": np.ones((2, 8)), "fc.lora_B.weight": np.ones((4, 2))}
    >>> {name: (found.shape, found.scheme) for name, found in core.packed_tensors(lora).items()}
    {'fc.weight': ((4, 8), 'lora')}
    """
    return packed_among(ckpt, monitor)[0]


def packed_among(ckpt: Checkpoint, monitor: Monitor = QUIET) -> tuple[dict[str, LogicalTensor], Mapping[str, TensorInfo]]:
    """What `packed` gives, and the tensors of `ckpt` for whoever looks at them next: each is made once, which of many takes a while."""
    if not may_be_packed(ckpt, monitor):
        return {}, ckpt.tensors
    with collector_paused(), (names := Names(ckpt, monitor)).reading():
        return _found(names, monitor), names.tensors


def _found(names: Names, monitor: Monitor) -> dict[str, LogicalTensor]:
    tensors = names.tensors
    owner: dict[str, int] = {}                  # of each part, the number in `found` of what it is a part of
    taken = owner.keys()
    found: list[LogicalTensor] = []
    sizes: dict[tuple[tuple[int, ...], tuple[int, ...]], int | None] = {}
    for family in FAMILIES:
        for tensor in stoppable(family.claims(names), monitor):
            keys = tensor.parts.values() if not tensor.inner else keys_of(tensor)
            if taken.isdisjoint(keys) and (tensor.name not in tensors or tensor.name in keys):
                for key in keys:
                    owner[key] = len(found)
                found.append(_with_group(tensors, tensor, sizes))
    order: dict[int, None] = {}
    for piece in sips(tensors, monitor):
        order.update(dict.fromkeys([owner[key] for key in piece if key in owner]))
    return {found[n].name: found[n] for n in order}


def _with_group(tensors: Mapping[str, TensorInfo], tensor: LogicalTensor,
                sizes: dict[tuple[tuple[int, ...], tuple[int, ...]], int | None]) -> LogicalTensor:
    """The tensor with how many elements share a scale, going by how many scales there are. `sizes` are those of shapes seen before."""
    if tensor.decoder is None:
        return tensor
    scales = tensors.get(tensor.parts.get("scale") or tensor.parts.get("absmax") or "")
    if scales is None:
        return tensor
    form = tensor.shape, scales.shape
    if form not in sizes:
        sizes[form] = _group_size(tensor, scales.numel)
    size = sizes[form]
    return tensor.grouped(size) if size is not None else tensor


def _group_size(tensor: LogicalTensor, scales: int) -> int | None:
    numel = tensor.numel
    if not 1 < scales < numel or numel % scales:
        return None
    # a scale of a whole row, or of a block of rows, is no group
    return numel // scales if numel // scales < tensor.shape[-1] else None


def keys_of(tensor: LogicalTensor) -> list[str]:
    """The keys that a packed tensor stands for, each once, its data first."""
    return [*dict.fromkeys((*tensor.parts.values(), *tensor.inner))] if tensor.inner else [*tensor.parts.values()]


def logical(ckpt: Checkpoint, monitor: Monitor = QUIET) -> dict[str, LogicalTensor]:
    """name -> tensor that a person means: packed ones as the one that their parts stand for, all others as themselves (scheme "plain").
    Reads small tensors and the configuration beside the file. Raises Cancelled.

    >>> found = core.logical({"fc.weight": np.ones((4, 2), np.float16)})["fc.weight"]
    >>> found.shape, found.dtype, found.scheme, found.bits
    ((4, 2), 'float16', 'plain', 16)
    """
    every = (_plain(one) if isinstance(one, TensorInfo) else one for _, one in in_order(ckpt, packed(ckpt, monitor)))
    return {tensor.name: tensor for tensor in every}


def _plain(info: TensorInfo) -> LogicalTensor:
    bits = DTYPES[info.dtype].bits if info.dtype in DTYPES else None
    return LogicalTensor(info.key, info.shape, info.dtype, "plain", bits, bits, MappingProxyType({"data": info.key}), None, info.problem)


def unpacked(ckpt: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
    """`ckpt` with the tensors that `logical` gives, under their names, instead of their parts: packed ones as float32, whose elements are
    made of the parts when they are read; those that cannot be made say why. Raises Cancelled.

    >>> import ml_dtypes
    >>> codes = np.ones((2, 2)).astype(ml_dtypes.float8_e4m3fn)
    >>> core.unpacked({"fc.weight": codes, "fc.weight_scale_inv": np.float32([[0.5]])})["fc.weight"].numpy()
    array([[0.5, 0.5],
           [0.5, 0.5]], dtype=float32)
    """
    return instead_of_parts(ckpt, *packed_among(ckpt, monitor))


def instead_of_parts(ckpt: Checkpoint, found: Mapping[str, LogicalTensor], tensors: Mapping[str, TensorInfo],
                     others: bool = False) -> Checkpoint:
    """`ckpt`, whose tensors `packed_among` gave, with `found`, packed ones of it, instead of their parts. `others`: there are more, which
    stay as they are stored."""
    if not found:
        return ckpt
    places = Paths(ckpt.state_dicts)
    every = (one if isinstance(one, TensorInfo) else _tensor_of(tensors, places, one) for _, one in _in_order(tensors, found))
    return replace(ckpt, tensors=MappingProxyType({info.key: info for info in every}),
                   values=MappingProxyType(values_left(ckpt, found.values())),
                   metadata=MappingProxyType(metadata_left(ckpt, found.values(), others)))


def values_left(ckpt: Checkpoint, found: Iterable[LogicalTensor]) -> dict[str, Plain]:
    """The values without the attributes of wrappers that packed tensors are stored in."""
    wrappers = Paths(tensor.name for tensor in found if tensor.inner and tensor.name)
    return {key: value for key, value in ckpt.values.items() if not ("." in key and wrappers.has(parent_of(key)))}


def metadata_left(ckpt: Checkpoint, found: Iterable[LogicalTensor], others: bool = False) -> dict[str, str]:
    """The metadata without what only says how the tensors `found` are packed. `others`: there are packed ones besides, whose program needs
    what is said of the file as a whole; a tensor that it has taken apart is a plain one from now on."""
    names = {tensor.name for tensor in found}
    if others:
        return {key: PLAIN_TENSOR if key in names else text for key, text in ckpt.metadata.items()}
    kept = {key: text for key, text in ckpt.metadata.items() if key not in names and key != "quantization_config"}
    if len(kept) < len(ckpt.metadata):
        kept.pop("tensor_names", None)              # torchao's list of what it has taken apart
    return kept


def in_order(ckpt: Checkpoint, found: Mapping[str, LogicalTensor]) -> Iterator[tuple[str, LogicalTensor | TensorInfo]]:
    """Packed tensors with the first of their parts in the file, where that stands; the others as they are, with their keys."""
    return _in_order(ckpt.tensors, found)


def _in_order(tensors: Mapping[str, TensorInfo], found: Mapping[str, LogicalTensor]) -> Iterator[tuple[str, LogicalTensor | TensorInfo]]:
    owner = {key: tensor for tensor in found.values() for key in keys_of(tensor)}
    done: set[str] = set()
    for key, info in tensors.items():
        tensor = owner.get(key)
        if tensor is None:
            yield key, info
        elif tensor.name not in done:
            done.add(tensor.name)
            yield key, tensor


def tensor_of(ckpt: Checkpoint, tensor: LogicalTensor) -> TensorInfo:
    """The tensor as float32, with the decoder that makes its elements; or as what it is, where there is nothing to make."""
    return _tensor_of(ckpt.tensors, Paths(ckpt.state_dicts), tensor)


def _tensor_of(tensors: Mapping[str, TensorInfo], state_dicts: Paths, tensor: LogicalTensor) -> TensorInfo:
    first = tensors[tensor.parts.get("data") or keys_of(tensor)[0]]
    if tensor.decoder is None and not tensor.problem:
        return first._replace(key=tensor.name)
    extra = None
    if tensor.decoder is not None:
        extra = Extra(unpacked=Unpacked(tensor.scheme, tensor.decoder, tuple(_sources(tensors, tensor)), tensor.words))
    place = state_dicts.nearest(parent_of(tensor.name))
    return TensorInfo(tensor.name, tensor.shape, "float32", first.device, _strides(tensor.shape), 0, "", 0, False, place, "strided",
                      tensor.problem, first.node, extra)


@lru_cache(256)         # of shapes a model has few
def _strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    return contiguous(shape)


def _sources(tensors: Mapping[str, TensorInfo], tensor: LogicalTensor) -> Iterator[tuple[str, TensorInfo]]:
    """The parts as the decoder wants them: its codes as rows, a quantized tensor as its integers and their scales."""
    decoder = tensor.decoder
    for role, key in tensor.parts.items():
        info = tensors[key]
        if role != "data":
            pass
        elif isinstance(decoder, Grid):
            if decoder.stored != "nibbles":
                info = _in_rows(info, decoder.rows)
        elif isinstance(decoder, Affine):
            if isinstance(info.quantizer, PerChannel):
                yield from zip(("scale", "zero_point"), info.quantizer.parts().values(), strict=False)
            info = _in_rows(info._replace(dtype=_INTEGERS.get(info.dtype, info.dtype), extra=None), -(-tensor.numel // decoder.unit))
        yield role, info


def _in_rows(info: TensorInfo, rows: int) -> TensorInfo:
    """The same elements as a matrix of so many rows, where they lie one behind the other."""
    numel = prod(info.shape)
    if (len(info.shape) == 2 and info.shape[0] == rows) or not rows or numel % rows or not is_contiguous(info.shape, info.stride):
        return info
    shape = (rows, numel // rows)
    return info._replace(shape=shape, stride=contiguous(shape))
