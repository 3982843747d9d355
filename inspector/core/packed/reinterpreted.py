"""The stored bytes of a tensor as elements of another type and shape: what nobody recognises, looked at by hand."""
from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from math import prod
from types import MappingProxyType
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, Extra, TensorInfo, Unpacked, contiguous, is_contiguous
from inspector.core.dtypes import DTYPES, SAFETENSORS
from inspector.core.errors import NoSuchKey, UsageError
from inspector.core.keypath import quoted, visible
from inspector.core.tensors.decoders.narrow import Narrow
from inspector.core.wording import count

from .families.names import LogicalTensor

_SHORT = {"f64": "float64", "f32": "float32", "f16": "float16", "bf16": "bfloat16", "half": "float16", "float": "float32",
          "double": "float64", "e4m3": "float8_e4m3fn", "e5m2": "float8_e5m2", "e4m3fn": "float8_e4m3fn", "e4m3fnuz": "float8_e4m3fnuz",
          "e5m2fnuz": "float8_e5m2fnuz", "e8m0": "float8_e8m0fnu", "f8_e4m3": "float8_e4m3fn", "f8_e5m2": "float8_e5m2",
          **{f"{sign[0]}{bits}": f"{sign}{bits}" for sign in ("int", "uint") for bits in range(1, 65)}}
_NARROW = {"nf4": 4, "bnb-fp4": 4, "float4_e2m1": 4, "float6_e2m3": 6, "float6_e3m2": 6}
_HIGH = frozenset({"nf4", "bnb-fp4"})       # bitsandbytes puts the first of two elements in the high nibble
_SCHEMES_HIGH_FIRST = frozenset({"bnb-nf4", "bnb-fp4"})
_ALIKE = {"fp4": "float4_e2m1", "e2m1": "float4_e2m1", "float4": "float4_e2m1", "float4_e2m1fn_x2": "float4_e2m1",
          "e2m3": "float6_e2m3", "e3m2": "float6_e3m2"}
_SIZES = re.compile(r"\s*[\[(]?\s*(-?\d{1,19}(?:\s*[,x×]\s*-?\d{1,19})*)?\s*,?\s*[\])]?\s*")
_NAMES = "f32, bf16, f16, e4m3, e5m2, e8m0, i8, u16 …, u1 to u7, i2 to i7, fp4 (e2m1), nf4, bnb-fp4, e2m3, e3m2"
_DIMENSIONS = 64
_OFFERED = ("float64", "float32", "bfloat16", "float16", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz",
            "float8_e8m0fnu", "int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8", "int4", "uint4", "int2", "uint2",
            "uint1", "nf4", "bnb-fp4", "float4_e2m1", "float6_e2m3", "float6_e3m2", "int3", "uint3", "int5", "uint5", "int6", "uint6",
            "int7", "uint7")
_MOST = 1 << 63           # elements


class ElementType(NamedTuple):
    """A type that stored bytes can be taken for. `name` is torch's or safetensors' spelling where there is one; narrower than a byte, it is
    packed, with the first element in the high bits if `high_first`."""

    name: str
    bits: int
    high_first: bool = False

    @property
    def is_narrow(self) -> bool:
        return self.bits < 8

    @property
    def is_integer(self) -> bool:
        return self.name.startswith(("int", "uint"))


class FittingType(NamedTuple):
    """A type that the bytes of a tensor are whole elements of, and the shape that it has then if no other is asked for."""

    type: ElementType
    shape: tuple[int, ...]


def element_type(text: str) -> ElementType:
    """The type that `text` names: torch's or safetensors' names, short ones ("u4", "bf16", "e4m3", "nf4"), and for those narrower than a
    byte "-high" or "-low" behind it, which say where in a byte the first element is. Raises UsageError.

    >>> core.element_type("u4"), core.element_type("bf16").name
    (ElementType(name='uint4', bits=4, high_first=False), 'bfloat16')
    """
    name, order = text.strip().lower().removeprefix("torch."), ""
    for ending in ("-high", "-low"):
        if name.endswith(ending):
            name, order = name.removesuffix(ending), ending
    name = {safe.lower(): torch for safe, torch in SAFETENSORS.items()}.get(name) or _SHORT.get(name) or _ALIKE.get(name) or name
    known, narrow = DTYPES.get(name), re.fullmatch(r"u?int([1-7])", name)
    bits = _NARROW.get(name) or (int(narrow[1]) if narrow is not None else known.bits if known is not None else 0)
    if not bits or name == "int1" or (known is not None and known.kind in ("quantized", "other", "bool") and bits >= 8):
        raise UsageError(f"{quoted(text, 40)} is no type that bytes can be read as", f"There are {_NAMES}.")
    if order and (bits >= 8 or 8 % bits):
        raise UsageError(f"{visible(name, 40)} has no order of elements in a byte", f"Write it without {order}.")
    return ElementType(name, bits, order == "-high" or (not order and name in _HIGH))


def parse_shape(text: str) -> tuple[int, ...]:
    """The shape that "64x128", "64,128" or "[64, 128]" spells; one size may be -1. Raises UsageError.

    >>> core.parse_shape("64 × 128"), core.parse_shape("[-1, 3]")
    ((64, 128), (-1, 3))
    """
    found = _SIZES.fullmatch(text)
    sizes = tuple(int(size) for size in re.findall(r"-?\d+", found[1] or "")) if found is not None else None
    if sizes is None or len(sizes) > _DIMENSIONS or any(size < -1 for size in sizes) or sizes.count(-1) > 1 or (
            prod(map(abs, sizes)) >= _MOST):
        raise UsageError(f"{quoted(text, 60)} is no shape", "Write it as 64x128; one size may be -1.")
    return sizes


def reinterpret(ckpt: Checkpoint, key: str, dtype: str, shape: tuple[int, ...] | None = None) -> Checkpoint:
    """A checkpoint of the tensor `key` alone, its stored bytes taken for elements of `dtype` (see `element_type`) of that shape, without a
    change to the file: everything that reads or measures tensors does so with it. One size of `shape` may be -1; without it the last
    dimension is as much longer or shorter as the elements are narrower or wider. "u4:64x128" is a type and a shape in one. Elements
    narrower than a byte come as float32, which holds them exactly (integers as int8 where slices are read). Nothing is read for it.

    Raises NoSuchKey; UsageError for an unknown type, for sizes that the bytes do not fit, and for a tensor whose bytes do not lie one
    behind the other.

    >>> ckpt = core.open(core.make_demo(folder)[0])
    >>> key = "model_state_dict.module.stem.conv.weight"
    >>> seen = core.reinterpret(ckpt, key, "u4")
    >>> ckpt[key].shape, seen[key].shape, float(seen[key].numpy().max())
    ((24, 1, 5, 5), (24, 1, 5, 40), 15.0)
    """
    info = _info(ckpt, key)
    named, _, sizes = dtype.partition(":")
    shape = parse_shape(sizes) if sizes and shape is None else shape
    to = element_type(named)
    _check(info)
    found = _seen_as(info, to, _shape(info, to, shape))
    return Checkpoint(ckpt.path, ckpt.format, "tensor", ckpt.files, MappingProxyType({key: found}), storages=ckpt.storages,
                      state_dicts=(), facts=ckpt.facts, edited=ckpt.edited)


def fitting_types(ckpt: Checkpoint, key: str) -> tuple[FittingType, ...]:
    """The types that the stored bytes of the tensor `key` can be taken for with `reinterpret`: floats, then integers, then what is narrower
    than a byte (of which a few bits may be left over in the last one). Where rows would not be whole elements, the shape is one of a single
    dimension. Nothing is read for it.

    Raises NoSuchKey; UsageError where the tensor has no run of bytes that could be taken for anything.

    >>> ckpt = core.open(core.make_demo(folder)[0])
    >>> key = "model_state_dict.module.stem.conv.weight"
    >>> [(fit.type.name, fit.shape) for fit in core.fitting_types(ckpt, key) if fit.type.name in ("int16", "nf4")]
    [('int16', (24, 1, 5, 10)), ('nf4', (24, 1, 5, 40))]
    """
    info = _info(ckpt, key)
    _check(info)
    found = []
    for name in _OFFERED:
        to = element_type(name)
        for shape in (None, (-1,)):
            try:
                seen = _seen_as(info, to, _shape(info, to, shape))
            except UsageError:
                continue
            found.append(FittingType(to, seen.shape))
            break
    return tuple(found)


def stored_codes(ckpt: Checkpoint, tensors: Iterable[LogicalTensor]) -> Checkpoint:
    """A checkpoint of what packed tensors of `ckpt` store for their elements, each under its own key: the codes one by one, in the order in
    which they lie, where several are in one stored number; else the numbers that are stored. Nothing is read for it. Raises UsageError for
    a tensor that has no such part, as an adapter has not.

    >>> experts = {"w_blocks": np.full((1, 2, 1, 16), 0x21, np.uint8), "w_scales": np.full((1, 2, 1), 127, np.uint8)}
    >>> codes = core.stored_codes(experts, core.packed_tensors(experts).values())
    >>> codes["w_blocks"].shape, codes["w_blocks"][0, 0, 0, :4]
    ((1, 2, 1, 32), array([1., 2., 1., 2.], dtype=float32))
    """
    found = {}
    for tensor in tensors:
        key = tensor.parts.get("data")
        if key is None:
            raise UsageError(f"the tensor {visible(tensor.name, 80)} has no codes", "Take one of its parts.")
        found[key] = _codes(ckpt, tensor, _info(ckpt, key))
    return replace(ckpt, kind="tensor", tensors=MappingProxyType(found), values=MappingProxyType({}), state_dicts=())


def _codes(ckpt: Checkpoint, tensor: LogicalTensor, info: TensorInfo) -> TensorInfo:
    known, bits = DTYPES.get(info.dtype), int(tensor.bits or 0)
    if known is None or known.kind not in ("int", "uint") or not 0 < bits < known.bits or known.bits % bits or info.numel == tensor.numel:
        return info
    each = known.bits // bits
    # rows may be filled up to whole numbers; what is more than that is no run of codes, as in blocks that have their scales
    if not 0 <= info.numel * each - tensor.numel <= (each - 1) * prod(tensor.shape[:-1]):
        return info
    order = "-high" if tensor.scheme in _SCHEMES_HIGH_FIRST else ""
    try:
        return reinterpret(ckpt, info.key, f"u{bits}{order}").tensors[info.key]
    except UsageError:          # it lies in several pieces, or was made by an edit
        return info


def _info(ckpt: Checkpoint, key: str) -> TensorInfo:
    info = ckpt.tensors.get(key)
    if info is None:
        raise NoSuchKey(key, ckpt)
    return info


def _check(info: TensorInfo) -> None:
    """Raises UsageError where there is no run of bytes that could be taken for something else."""
    name = f"the tensor {visible(info.key, 80)}"
    if info.problem:
        raise UsageError(f"{name} cannot be read: {info.problem}", "Nothing can be made of its bytes.")
    if info.unpacked is not None or info.layout != "strided":
        raise UsageError(f"{name} is made of other tensors and has no bytes of its own", "Take one of its parts.")
    if info.read_from is not None:
        raise UsageError(f"{name} is converted by an edit", "Take it from the file as it is, or save it first.")
    if info.dtype not in DTYPES:
        raise UsageError(f"{name} has the element type {visible(info.dtype, 40)}, whose width is unknown",
                         "Nothing can be made of its bytes.")
    if not is_contiguous(info.shape, info.stride):
        raise UsageError(f"the elements of {name} do not lie one behind the other", "Take the tensor that it is a view of.")


def _shape(info: TensorInfo, to: ElementType, asked: tuple[int, ...] | None) -> tuple[int, ...]:
    """The shape, with as many elements of the type as the bytes are. Raises UsageError."""
    name, bits = f"the tensor {visible(info.key, 80)}", info.nbytes * 8
    there = f"{name} has {count(info.nbytes, 'byte')}"
    if asked is None:
        old = DTYPES[info.dtype].bits
        last = info.shape[-1] if info.shape else 1
        if old >= 8 and (last * old) % to.bits == 0:
            wide = last * old // to.bits
            return (*info.shape[:-1], wide) if info.shape or wide != 1 else ()
        if bits % to.bits:
            raise UsageError(f"{there}, which is no whole number of elements of {to.name}", "Give a shape.")
        if old >= 8:
            raise UsageError(f"rows of {count(last, 'element')} of {info.dtype} are no whole number of elements of {to.name}",
                             f"Give a shape: {bits // to.bits:,} elements fit.")
        return (bits // to.bits,)
    if -1 in asked:
        others = prod(size for size in asked if size >= 0)
        if not others or bits // to.bits % others:
            raise UsageError(f"{there}, {count(bits // to.bits, 'element')} of {to.name}: that is no multiple of {others:,}",
                             "Give another shape.")
        asked = tuple(bits // to.bits // others if size == -1 else size for size in asked)
    wanted = -(-prod(asked) * to.bits // 8)
    if wanted != info.nbytes:
        raise UsageError(f"{there}, and {'x'.join(map(str, asked)) or 'one element'} of {to.name} would be {wanted:,}",
                         f"{bits // to.bits:,} elements fit.")
    return asked


def _seen_as(info: TensorInfo, to: ElementType, shape: tuple[int, ...]) -> TensorInfo:
    old = DTYPES[info.dtype].bits
    plain = info._replace(shape=shape, stride=contiguous(shape), requires_grad=False, state_dict=None)
    extra = Extra(chunks=info.chunks) if info.chunks else None
    if to.is_narrow:
        width = max(old // 8, 1)
        rows = (info.nbytes // width,)
        whole = info._replace(dtype=info.dtype if old >= 8 else "uint8", shape=rows, stride=(1,), extra=extra)
        if info.chunks and len(info.chunks[0].offsets) != 1:
            raise UsageError(f"the tensor {visible(info.key, 80)} lies in several boxes", "Save it as one tensor first.")
        kind = to.name.rstrip("1234567") if to.is_integer else to.name
        decoder = Narrow(kind, to.bits, prod(shape), width, to.high_first)
        return plain._replace(dtype="float32", offset=0, storage="", storage_nbytes=0,
                              extra=Extra(unpacked=Unpacked(to.name, decoder, (("data", whole),), whole=to.is_integer)))
    if info.chunks:
        if old != to.bits or shape != info.shape:
            raise UsageError(f"the tensor {visible(info.key, 80)} lies in several pieces", "Save it as one tensor first.")
        return plain._replace(dtype=to.name, extra=extra)
    at = info.offset * max(old // 8, 1)
    if at % (to.bits // 8):
        raise UsageError(f"the tensor {visible(info.key, 80)} begins at byte {at:,} of its storage, which is no multiple of the "
                         f"{count(to.bits // 8, 'byte')} of {to.name}", "Take a narrower type.")
    return plain._replace(dtype=to.name, offset=at // (to.bits // 8), extra=None)
