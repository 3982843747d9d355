"""numpy's numbers and arrays in a pickle: the plain value of a scalar, and where the bytes of an array lie.

Sources: `array_reduce`, `array_setstate` and `arraydescr_reduce` in numpy/_core/src/multiarray (2.x): an array's state is (version,
shape, dtype, Fortran order, bytes or list of objects); that of datetime64's dtype ends in (metadata, (unit, step, 1, 1)).
"""
from __future__ import annotations

import math
from math import prod
from typing import NamedTuple

from inspector.core.checkpoint import Constant, Plain
from inspector.core.graph import BYTEARRAY, BYTES, LIST, PYSTR, PYSTRTEXT, REDUCE, TUPLE, Graph
from inspector.core.pickles.objects.calls import Call, call_of, tuple_items
from inspector.core.pickles.objects.plain import small_integer
from inspector.core.pickles.objects.recognise import NumpyType, numpy_type, numpy_value

from .texts import numpy_time

_TORCH = {("b", 1): "bool", ("i", 1): "int8", ("i", 2): "int16", ("i", 4): "int32", ("i", 8): "int64", ("u", 1): "uint8",
          ("u", 2): "uint16", ("u", 4): "uint32", ("u", 8): "uint64", ("f", 2): "float16", ("f", 4): "float32", ("f", 8): "float64",
          ("c", 8): "complex64", ("c", 16): "complex128"}
_LISTED = 100_000       # elements that a list is made of


class Array(NamedTuple):
    """An array in a pickle. `dtype` is torch's name of its element type, "" where torch has none; `stride` in elements; `constant` are
    its bytes (None: there are none); `objects` the nodes of its elements where those are objects."""

    kind: NumpyType
    dtype: str
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    constant: Constant | None
    objects: tuple[int, ...] = ()
    unit: tuple[str, int] = ("", 1)


def array_of(graph: Graph, n: int) -> Array | None:
    """The numpy array that node `n` is, of whatever class: ndarray, matrix, memmap. None for anything else."""
    if graph.kind[n] != REDUCE:
        return None
    call = call_of(graph, n)
    if call.name == ("numpy.core.numeric", "_frombuffer") and call.args is not None and len(call.args) == 4:
        buffer, dtype, shape, order = call.args
        fortran = graph.loose_text(order) == "F"
        return _array(graph, dtype, shape, fortran, buffer)
    states = graph.states(n)
    if call.name not in (("numpy.core.multiarray", "_reconstruct"), ("numpy.ma.core", "_mareconstruct")) or len(states) != 1:
        return None
    parts = tuple_items(graph, states[0])
    if parts is None or len(parts) < 5:
        return None
    return _array(graph, parts[2], parts[1], graph.boolean(parts[3]) is True or small_integer(graph, parts[3]) == 1, parts[4])


def mask_of(graph: Graph, n: int) -> Array | None:
    """The mask of the masked array that node `n` is."""
    parts = tuple_items(graph, graph.states(n)[0]) if graph.states(n) else None
    own = array_of(graph, n)
    if call_of(graph, n).name != ("numpy.ma.core", "_mareconstruct") or parts is None or len(parts) < 6 or own is None:
        return None
    count: int = prod(own.shape)
    constant = _constant(graph, parts[5], NumpyType("b", 1, "<"), count)
    if constant is None and count:
        return None
    return Array(NumpyType("b", 1, "<"), "bool", own.shape, own.stride, constant)


def _array(graph: Graph, dtype: int, shape: int, fortran: bool, content: int) -> Array | None:
    kind, sizes = numpy_type(graph, dtype), tuple_items(graph, shape)
    dims = [small_integer(graph, size) for size in sizes] if sizes is not None else [None]
    lengths: tuple[int, ...] = tuple(size for size in dims if size is not None)
    if kind is None or len(lengths) < len(dims) or any(size < 0 or size >= 1 << 62 for size in lengths):
        return None
    stride = _strides(lengths, fortran)
    name = _TORCH.get((kind.kind, kind.size), "")
    if kind.kind == "O":
        items = graph.sequence(content) if graph.kind[content] == LIST else []
        return Array(kind, "", lengths, stride, None, tuple(items)) if len(items) == prod(lengths) else None
    constant = _constant(graph, content, kind, prod(lengths))
    if constant is None and prod(lengths) * kind.size:
        return None
    return Array(kind, name, lengths, stride, constant, unit=_unit(graph, dtype) if kind.kind in "mM" else ("", 1))


def _strides(shape: tuple[int, ...], fortran: bool) -> tuple[int, ...]:
    strides, step = [], 1
    for size in shape if fortran else reversed(shape):
        strides.append(step)
        step *= max(size, 1)
    return tuple(strides if fortran else reversed(strides))


def _constant(graph: Graph, n: int, kind: NumpyType, count: int) -> Constant | None:
    """The constant of `count` elements that is given as bytes, or as text that is to be encoded; None where it is not of that size."""
    if graph.kind[n] == REDUCE:
        call = call_of(graph, n)
        if call.name != ("_codecs", "encode") or not call.args:
            return None
        n = call.args[0]
        text = graph.loose_text(n)
        if text is None or len(text) != count * kind.size or not _is_latin(text):
            return None
    elif graph.kind[n] not in (BYTES, BYTEARRAY, PYSTR, PYSTRTEXT) or len(graph.raw(n) or b"") != count * kind.size:
        return None
    unit = kind.size // 2 if kind.kind == "c" else 4 if kind.kind == "U" else kind.size
    return Constant(graph, n, unit if kind.order == ">" and kind.kind in "iufcUmM" else 1)


def _is_latin(text: str) -> bool:
    return text.isascii() or max(text) < "\u0100"


def _unit(graph: Graph, dtype: int) -> tuple[str, int]:
    """The unit of datetime64's or timedelta64's numbers, and how many of it a step is."""
    states = graph.states(dtype)
    parts = tuple_items(graph, states[0]) if states else None
    metadata = tuple_items(graph, parts[8]) if parts is not None and len(parts) > 8 and graph.kind[parts[8]] == TUPLE else None
    said = tuple_items(graph, metadata[1]) if metadata is not None and len(metadata) == 2 else None
    if not said:
        return "", 1
    call = call_of(graph, said[0]) if graph.kind[said[0]] == REDUCE else None
    raw = graph.raw(said[0])
    text = graph.loose_text(call.args[0]) if call is not None and call.args else raw.decode("latin-1") if raw is not None \
        else graph.loose_text(said[0])
    return text or "", small_integer(graph, said[1]) or 1 if len(said) > 1 else 1


# -- values -------------------------------------------------------------------------------------------------------------

def scalar_of(graph: Graph, call: Call) -> tuple[Plain] | None:
    """The plain value of `numpy.core.multiarray.scalar(dtype, bytes)`, in a tuple as it may be None; None where it has none."""
    args = call.args or ()
    kind = numpy_type(graph, args[0]) if len(args) == 2 else None
    if kind is None:
        return None
    constant = _constant(graph, args[1], kind, 1)
    raw = constant.data() if constant is not None else b"" if kind.size == 0 else None
    if raw is None:
        return None
    value = element(kind._replace(order="<"), raw, _unit(graph, args[0]) if kind.kind in "mM" else ("", 1))
    return None if value is None else (value,)


def element(kind: NumpyType, raw: bytes, unit: tuple[str, int]) -> Plain:
    """One little-endian element as a number or text; None where it can be neither."""
    if kind.kind in "mM" and kind.size == 8:
        return numpy_time(int.from_bytes(raw, "little", signed=True), *unit, kind.kind == "M")
    if kind.kind == "f" and kind.size in (12, 16):
        return _extended(raw)
    if kind.kind == "c" and kind.size in (24, 32):
        return complex(_extended(raw[:kind.size // 2]), _extended(raw[kind.size // 2:]))
    return numpy_value(kind, raw)


def _extended(raw: bytes) -> float:
    """x87's 80 bits: 64 of the significand, 15 of the exponent, the sign."""
    significand, top = int.from_bytes(raw[:8], "little"), int.from_bytes(raw[8:10], "little")
    sign, exponent = -1.0 if top >> 15 else 1.0, top & 0x7FFF
    if exponent == 0x7FFF:
        return math.nan if significand & ((1 << 63) - 1) else sign * math.inf
    try:
        return sign * math.ldexp(significand, exponent - 16383 - 63)
    except OverflowError:
        return sign * math.inf


def elements(array: Array) -> list[Plain] | None:
    """All elements in C order; None where there are too many, or some have no plain value."""
    count: int = prod(array.shape)
    if count > _LISTED or array.constant is None:
        return None if count else []
    raw, size = array.constant.data(), array.kind.size
    kind = array.kind._replace(order="<")
    values = [element(kind, raw[at:at + size], array.unit) for at in (place * size for place in places(array))]
    return None if None in values else values


def places(array: Array) -> list[int]:
    """Which stored element each one is, in C order."""
    found = [0]
    for length, step in zip(array.shape, array.stride, strict=True):
        found = [base + i * step for base in found for i in range(length)]
    return found
