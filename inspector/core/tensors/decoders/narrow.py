"""Elements of less than eight bits, packed one behind the other without scales: integers, small floats, entries of a codebook.

Sources: OCP Microscaling Formats specification 1.0 (E2M1, E2M3, E3M2); bitsandbytes 0.50.2, functional.py (`get_4bit_type`) for NF4 and
its FP4.
"""
from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import lcm
from typing import TYPE_CHECKING, Any

from inspector.core.checkpoint import PartReader

from . import codes

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_NF4 = (-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
        -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
        0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0)
_FP4 = (0.0, 0.0625 / 12, 8 / 12, 1.0, 4 / 12, 6 / 12, 2 / 12, 3 / 12)
_BLOCK = 1024               # times the shortest run that has whole elements on both sides


@dataclass(frozen=True, slots=True)
class Narrow:
    """`numel` elements of `bits` bits out of stored elements of `width` bytes. `kind` is what a code is: "uint", "int" (two's complement),
    or the name of a table. `high_first`: the first element of a byte is in its highest bits, which takes bits that divide eight."""

    kind: str
    bits: int
    numel: int
    width: int = 1
    high_first: bool = False

    @property
    def _bytes(self) -> int:
        """Of a unit: whole stored elements, and as many bytes as eight codes have."""
        return lcm(self.width, self.bits) * _BLOCK

    @property
    def unit(self) -> int:
        return self._bytes * 8 // self.bits

    def decode(self, parts: PartReader, first: int, last: int) -> Array:
        import numpy as np
        each, count = self._bytes // self.width, min(last * self.unit, self.numel) - first * self.unit
        stored = parts.codes("data", first * each, last * each)
        found = codes.bit_string(np.ascontiguousarray(stored).view(np.uint8).reshape(-1), self.bits, -(-count // 8) * 8)
        if self.high_first:
            each = 8 // self.bits
            found = found[:len(found) // each * each].reshape(-1, each)[:, ::-1].reshape(-1)
        return table(self.kind, self.bits)[found[:count]]


@lru_cache(32)
def table(kind: str, bits: int) -> Array:
    """The values of all codes of so many bits (float32)."""
    import numpy as np
    if kind == "float4_e2m1":
        return codes.e2m1()
    if kind == "nf4":
        return np.array(_NF4, np.float32)
    if kind == "bnb-fp4":
        return np.array([*_FP4, 0.0, *(-x for x in _FP4[1:])], np.float32)
    if kind.startswith("float6"):
        return _float(2, 3) if kind == "float6_e2m3" else _float(3, 2)
    numbers = np.arange(1 << bits)
    return (np.where(numbers >> (bits - 1), numbers - (1 << bits), numbers) if kind == "int" else numbers).astype(np.float32)


def _float(exponent: int, mantissa: int) -> Array:
    """All values of a float without infinities and NaN: sign, exponent, mantissa, from the highest bit down."""
    import numpy as np
    numbers = np.arange(1 << (1 + exponent + mantissa))
    exponents, fractions = numbers >> mantissa & ((1 << exponent) - 1), numbers & ((1 << mantissa) - 1)
    bias = (1 << (exponent - 1)) - 1
    size = np.where(exponents, np.ldexp(1.0 + fractions / (1 << mantissa), exponents - bias),
                    np.ldexp(fractions / (1 << mantissa), 1 - bias))
    return np.where(numbers >> (exponent + mantissa), -size, size).astype(np.float32)
