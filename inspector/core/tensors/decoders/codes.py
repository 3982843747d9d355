"""Codes out of bytes and words: bit strings, pairs of nibbles, small floats.

E2M1 and E8M0 are those of the OCP Microscaling Formats specification 1.0: codes 0 to 7 are 0, 0.5, 1, 1.5, 2, 3, 4, 6 and bit 3 is the
sign; a byte b of E8M0 is 2**(b - 127), and 255 is NaN.
"""
from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_MANY = 1 << 14         # bytes from which on a table of a megabyte is worth it
_E2M1 = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)


@lru_cache(1)
def e2m1() -> Array:
    """The 16 values of a 4-bit float, by its code (float32)."""
    import numpy as np
    return np.array([*_E2M1, *(-x for x in _E2M1)], np.float32)


@lru_cache(1)
def e8m0() -> Array:
    """The 256 powers of two, by their byte (float32; the lowest is subnormal)."""
    import numpy as np
    exponents = np.arange(256) - 127
    powers = np.ldexp(np.float32(1), exponents).astype(np.float32)
    powers[255] = np.nan
    return powers


@lru_cache(8)
def _pairs(low_first: bool, values: bytes) -> Array:
    """Byte -> its two values, as one 64-bit number that holds both floats."""
    import numpy as np
    table = np.frombuffer(values, np.float32)
    both = np.empty((256, 2), np.float32)
    both[:, 0 if low_first else 1] = table[np.arange(256) & 15]
    both[:, 1 if low_first else 0] = table[np.arange(256) >> 4]
    return both.view(np.uint64).ravel()


@lru_cache(4)
def _quads(low_first: bool, values: bytes) -> Array:
    """Two bytes, the first the lower -> their four values, as one number of 128 bits that holds the floats."""
    import numpy as np
    pairs, both = _pairs(low_first, values), np.empty((65536, 2), np.uint64)
    both[:, 0], both[:, 1] = pairs[np.arange(65536) & 255], pairs[np.arange(65536) >> 8]
    return both.view(np.complex128).ravel()


def nibbles(data: Array, table: Array, low_first: bool = True) -> Array:
    """Two values of a table of 16 for each byte; the last dimension is twice as long."""
    import numpy as np
    values = table.astype(np.float32).tobytes()
    if data.size >= _MANY and data.shape[-1] % 2 == 0 and data.flags.c_contiguous:
        # two bytes at a time; numpy converts indices first, and then takes 16 bytes for each: three times as fast
        four: Array = np.take(_quads(low_first, values), data.view("<u2").astype(np.intp), mode="clip")
        return four.view(np.float32).reshape(*data.shape[:-1], data.shape[-1] * 2)
    found = _pairs(low_first, values)[data]
    return found.view(np.float32).reshape(*data.shape[:-1], data.shape[-1] * 2)


def floats(words: Array, bits: int, count: int, taken: int = 0) -> Array:
    """`bit_string` as float32, with `taken` taken from each code. Codes of four bits come from a table of pairs, which is quickest."""
    import numpy as np
    if bits == 4:
        data = np.ascontiguousarray(words).view(np.uint8).reshape(*words.shape[:-1], -1)
        return nibbles(data, np.arange(16, dtype=np.float32) - np.float32(taken))[..., :count]
    found: Array = bit_string(words, bits, count).astype(np.float32)
    if taken:
        found -= np.float32(taken)
    return found


def four_bits(data: Array, signed: bool) -> Array:
    """The 4-bit integers of a run of bytes, the low nibble first (int8)."""
    import numpy as np
    raw = data.view(np.uint8).reshape(-1)
    found = np.empty(2 * raw.size, np.int8)
    found[0::2], found[1::2] = raw & 15, raw >> 4
    return np.where(found > 7, found - 16, found).astype(np.int8) if signed else found


def bit_string(words: Array, bits: int, count: int) -> Array:
    """`count` codes of so many bits along the last dimension of little-endian words or bytes, one behind the other from bit 0 on, over
    the borders of words too; uint8 for up to 8 bits."""
    import numpy as np
    data = np.ascontiguousarray(words).view(np.uint8).reshape(*words.shape[:-1], -1)
    if bits == 8:
        return data[..., :count]
    if 8 % bits == 0:
        each = 8 // bits
        shifts = np.arange(0, 8, bits, dtype=np.uint8)
        found = (data[..., None] >> shifts) & np.uint8((1 << bits) - 1)
        return found.reshape(*data.shape[:-1], data.shape[-1] * each)[..., :count]
    # a group of 8 codes is `bits` bytes, whatever the width
    groups = -(-count // 8)
    padded = np.zeros((*data.shape[:-1], groups * bits), np.uint8)
    padded[..., :min(data.shape[-1], groups * bits)] = data[..., :groups * bits]
    padded = padded.reshape(*data.shape[:-1], groups, bits)
    found = np.zeros((*data.shape[:-1], groups, 8), np.uint8)
    for n in range(8):
        at, shift = divmod(n * bits, 8)
        low = padded[..., at] >> shift
        if shift + bits > 8:
            low = low | (padded[..., at + 1].astype(np.uint16) << (8 - shift)).astype(np.uint8)
        found[..., n] = low & ((1 << bits) - 1)
    return found.reshape(*data.shape[:-1], groups * 8)[..., :count]


def word_codes(words: Array, bits: int, count: int) -> Array:
    """The same where a 32-bit word holds 32 // bits codes and wastes the rest."""
    import numpy as np
    each = 32 // bits
    values = np.ascontiguousarray(words).view("<u4")
    shifts = np.arange(0, each * bits, bits, dtype=np.uint32)
    found = ((values[..., None] >> shifts) & np.uint32((1 << bits) - 1)).astype(np.uint8)
    return found.reshape(*words.shape[:-1], words.shape[-1] * each)[..., :count]
