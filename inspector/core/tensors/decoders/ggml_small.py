"""The block types of GGML of one to three bits, and its floats of four: codes that name points of a table, with signs apart.

Source: gguf 0.19 (llama.cpp's gguf-py) quants.py, `dequantize_blocks` of each type; of Q8_K ggml-quants.c `dequantize_row_q8_K`. Each takes
blocks of 256 elements (MXFP4 32, NVFP4 64) as rows of bytes and gives rows of float32.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .ggml_points import points

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_DOUBLED = (0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12)        # kvalues_mxfp4: twice what E2M1 means
_DELTA = 0.125              # IQ1S_DELTA


def _half(data: Array) -> Array:
    import numpy as np
    found: Array = np.ascontiguousarray(data[:, :2]).view("<f2").astype(np.float32)
    return found


def _words(data: Array, dtype: str) -> Array:
    import numpy as np
    return np.ascontiguousarray(data).view(dtype)


def _bits(data: Array) -> Array:
    """The eight bits of each byte, lowest first, as the factors that they stand for: 1 and, where one is set, -1."""
    import numpy as np
    found: Array = 1 - 2 * np.unpackbits(np.ascontiguousarray(data)[..., None], axis=-1, bitorder="little").astype(np.float32)
    return found


def _signs(codes: Array) -> Array:
    """The signs that seven bits stand for: the eighth makes their number even (ksigns_iq2xs)."""
    import numpy as np
    codes = codes.astype(np.uint8)
    odd = codes ^ (codes >> 4)
    odd ^= odd >> 2
    odd ^= odd >> 1
    return _bits(codes | ((odd & 1) << 7))


def _nibble_scales(data: Array) -> Array:
    """Two scales of four bits in each byte."""
    import numpy as np
    found: Array = np.stack([data & 15, data >> 4], axis=2).reshape(len(data), -1).astype(np.float32)
    return found


def iq2_xxs(data: Array) -> Array:
    import numpy as np
    words = _words(data[:, 2:], "<u4").reshape(len(data), -1, 2)
    steps = _half(data) * (np.float32(0.5) + (words[:, :, 1] >> 28).astype(np.float32)) * np.float32(0.25)
    signs = _signs((words[:, :, 1, None] >> np.array([0, 7, 14, 21], np.uint32)) & 127)
    named = points("iq2_xxs")[_words(words[:, :, 0], "u1").reshape(len(data), -1, 4)]
    found: Array = steps[:, :, None, None] * named * signs
    return found


def iq2_xs(data: Array) -> Array:
    import numpy as np
    codes = _words(data[:, 2:66], "<u2")
    steps = _half(data) * (np.float32(0.5) + _nibble_scales(data[:, 66:])) * np.float32(0.25)
    found: Array = steps[:, :, None, None] * (points("iq2_xs")[codes & 511] * _signs(codes >> 9)).reshape(len(data), -1, 2, 8)
    return found


def iq2_s(data: Array) -> Array:
    import numpy as np
    high = (data[:, 66:74, None] >> np.array([0, 2, 4, 6], np.uint8)) & 3
    codes = data[:, 2:34].astype(np.uint16) | (high.astype(np.uint16) << 8).reshape(len(data), -1)
    steps = _half(data) * (np.float32(0.5) + _nibble_scales(data[:, 74:])) * np.float32(0.25)
    found: Array = steps[:, :, None, None] * (points("iq2_s")[codes] * _bits(data[:, 34:66])).reshape(len(data), -1, 2, 8)
    return found


def iq3_xxs(data: Array) -> Array:
    import numpy as np
    words = _words(data[:, 66:], "<u4")
    steps = _half(data) * (np.float32(0.5) + (words >> 28).astype(np.float32)) * np.float32(0.5)
    signs = _signs((words[:, :, None] >> np.array([0, 7, 14, 21], np.uint32)) & 127)
    found: Array = steps[:, :, None, None] * points("iq3_xxs")[data[:, 2:66]].reshape(len(data), -1, 4, 8) * signs
    return found


def iq3_s(data: Array) -> Array:
    import numpy as np
    high = (data[:, 66:74, None] >> np.arange(8, dtype=np.uint8)) & 1
    codes = data[:, 2:66].astype(np.uint16) | (high.astype(np.uint16) << 8).reshape(len(data), -1)
    steps = _half(data) * (1 + 2 * _nibble_scales(data[:, 106:]))
    signs = _bits(data[:, 74:106]).reshape(len(data), -1, 4, 8)
    found: Array = steps[:, :, None, None] * points("iq3_s")[codes].reshape(len(data), -1, 4, 8) * signs
    return found


def iq1_s(data: Array) -> Array:
    import numpy as np
    words = _words(data[:, 34:], "<u2")
    steps = _half(data) * (2 * ((words >> 12) & 7) + 1).astype(np.float32)
    delta = np.where(words & 0x8000, np.float32(-_DELTA), np.float32(_DELTA))
    high = (words[:, :, None] >> np.array([0, 3, 6, 9], np.uint16)) & 7
    codes = data[:, 2:34].astype(np.uint16) | (high << 8).reshape(len(data), -1)
    named = points("iq1_s")[codes].reshape(len(data), -1, 4, 8)
    found: Array = steps[:, :, None, None] * (named + delta[:, :, None, None])
    return found


def iq1_m(data: Array) -> Array:
    """The only one whose half lies in parts: a nibble in each of four words."""
    import numpy as np
    words = _words(data[:, 48:], "<u2")
    nibbles = (words & 0xF000) >> np.array([12, 8, 4, 0], np.uint16)
    whole = np.bitwise_or.reduce(nibbles, axis=1, keepdims=True).astype("<u2").view("<f2").astype(np.float32)
    scales = ((words[:, :, None] >> np.array([0, 3, 6, 9], np.uint16)) & 7).reshape(len(data), -1)
    steps = whole * (2 * scales + 1).astype(np.float32)
    high = (data[:, 32:48, None] >> np.array([0, 4], np.uint8)).reshape(len(data), -1)
    codes = data[:, :32].astype(np.uint16) | ((high & 7).astype(np.uint16) << 8)
    delta = np.where(high & 8, np.float32(-_DELTA), np.float32(_DELTA))
    named = (points("iq1_s")[codes] + delta[:, :, None]).reshape(len(data), -1, 2, 8)
    found: Array = steps[:, :, None, None] * named
    return found


def tq1_0(data: Array) -> Array:
    """Five digits of base three in a byte, four in the last ones."""
    import numpy as np
    powers = np.array([1, 3, 9, 27, 81], np.uint8)[:, None]
    parts = [(data[:, None, first:last] * powers[:count]).reshape(len(data), -1)
             for first, last, count in ((0, 32, 5), (32, 48, 5), (48, 52, 4))]
    digits = (np.concatenate(parts, axis=1).astype(np.uint16) * 3) >> 8
    found: Array = _half(data[:, 52:]) * (digits.astype(np.float32) - 1)
    return found


def tq2_0(data: Array) -> Array:
    import numpy as np
    codes = (data[:, :64].reshape(len(data), -1, 1, 32) >> np.array([0, 2, 4, 6], np.uint8)[:, None]) & 3
    found: Array = _half(data[:, 64:]) * (codes.reshape(len(data), -1).astype(np.float32) - 1)
    return found


def q8_k(data: Array) -> Array:
    """The sums behind the codes are there for products, not for values."""
    import numpy as np
    found: Array = _words(data[:, :4], "<f4") * data[:, 4:260].view(np.int8).astype(np.float32)
    return found


def _doubled(low: Array, high: Array) -> Array:
    import numpy as np
    found: Array = np.array(_DOUBLED, np.float32)[np.concatenate([low, high], axis=-1)]
    return found


def mxfp4(data: Array) -> Array:
    """Half a power of two times twice the number; 255 is a power like the others (ggml_e8m0_to_fp32_half)."""
    import numpy as np
    steps = np.ldexp(np.float32(1), data[:, :1].astype(np.int32) - 128).astype(np.float32)
    found: Array = steps * _doubled(data[:, 1:] & 15, data[:, 1:] >> 4)
    return found


def nvfp4(data: Array) -> Array:
    """Four scales of E4M3 without a sign, half of them times twice the number; 127 is zero."""
    import numpy as np
    exponent, fraction = (data[:, :4] >> 3).astype(np.int32) & 15, (data[:, :4] & 7).astype(np.float32)
    steps = np.where(exponent == 0, fraction * np.float32(2.0 ** -9), np.ldexp(1 + fraction / 8, exponent - 7)).astype(np.float32)
    steps = np.where((data[:, :4] == 0) | (data[:, :4] == 127), np.float32(0), steps * np.float32(0.5))
    groups = data[:, 4:].reshape(len(data), 4, 8)
    found: Array = steps[:, :, None] * _doubled(groups & 15, groups >> 4)
    return found
