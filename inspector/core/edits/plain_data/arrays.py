"""numpy's numbers as plain values: of a scalar, and of the elements of an array."""
from __future__ import annotations

import math
from math import prod

from inspector.core.checkpoint import Plain
from inspector.core.graph import Graph
from inspector.core.pickles.objects.arrays import Array, constant_of, places, unit_of
from inspector.core.pickles.objects.calls import Call
from inspector.core.pickles.objects.recognise import NumpyType, numpy_type, numpy_value

from .texts import numpy_time

_LISTED = 100_000       # elements that a list is made of


def scalar_of(graph: Graph, call: Call) -> tuple[Plain] | None:
    """The plain value of `numpy.core.multiarray.scalar(dtype, bytes)`, in a tuple as it may be None; None where it has none."""
    args = call.args or ()
    kind = numpy_type(graph, args[0]) if len(args) == 2 else None
    if kind is None:
        return None
    constant = constant_of(graph, args[1], kind, 1)
    raw = constant.data() if constant is not None else b"" if kind.size == 0 else None
    if raw is None:
        return None
    value = element(kind._replace(order="<"), raw, unit_of(graph, args[0]) if kind.kind in "mM" else ("", 1))
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
