"""The block types of GGML: 32 or 256 elements and their scales together in some bytes; those of few bits are in `ggml_small`.

Source: gguf 0.19 (llama.cpp's gguf-py) quants.py, `dequantize_blocks` of each type, and ggml-common.h for the layouts.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from inspector.core.checkpoint import PartReader

from . import ggml_small as small

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_NONLINEAR = (-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113)        # kvalues_iq4nl


class Block(NamedTuple):
    """`elements` in so many `nbytes`; `bits` of one code."""

    elements: int
    nbytes: int
    bits: int
    decode: Callable[[Array], Array]


@dataclass(frozen=True, slots=True)
class Ggml:
    """Rows of blocks of the type `kind` (a key of `BLOCKS`), `unit` elements each; of one dimension single blocks, `step` bytes each."""

    kind: str
    unit: int
    step: int = 1

    def decode(self, parts: PartReader, first: int, last: int) -> Array:
        import numpy as np
        return self.decoded(np.ascontiguousarray(parts.codes("data", first * self.step, last * self.step)).view(np.uint8))

    def are_whole(self, nbytes: int, numel: int) -> bool:
        """Whether so many bytes are the blocks of so many elements, none of which is filled up."""
        block = BLOCKS[self.kind]
        return nbytes % block.nbytes == 0 and nbytes // block.nbytes * block.elements == numel and self.unit % block.elements == 0

    def decoded(self, data: Array) -> Array:
        """The elements of whole blocks, of one tensor or of several."""
        import numpy as np
        block = BLOCKS[self.kind]
        with np.errstate(all="ignore"):
            return block.decode(data.reshape(-1, block.nbytes)).astype(np.float32, copy=False).reshape(-1)


def _half(data: Array) -> Array:
    """A little-endian half at the beginning of each row, as a column."""
    import numpy as np
    found: Array = np.ascontiguousarray(data[:, :2]).view("<f2").astype(np.float32)
    return found


def _halves_of_bytes(data: Array) -> Array:
    """All low nibbles of a row, then all high ones."""
    import numpy as np
    found: Array = np.concatenate([data & 15, data >> 4], axis=1)
    return found


def _fifth_bits(data: Array) -> Array:
    """The 32 bits of four bytes, lowest first, each as a 5th bit (16)."""
    import numpy as np
    bits = np.unpackbits(np.ascontiguousarray(data), axis=1, bitorder="little")
    found: Array = bits << 4
    return found


def _q4_0(data: Array) -> Array:
    found: Array = _half(data) * (_halves_of_bytes(data[:, 2:]).astype("f4") - 8)
    return found


def _q4_1(data: Array) -> Array:
    found: Array = _half(data) * _halves_of_bytes(data[:, 4:]).astype("f4") + _half(data[:, 2:])
    return found


def _q5_0(data: Array) -> Array:
    found: Array = _half(data) * ((_halves_of_bytes(data[:, 6:]) | _fifth_bits(data[:, 2:6])).astype("f4") - 16)
    return found


def _q5_1(data: Array) -> Array:
    found: Array = _half(data) * (_halves_of_bytes(data[:, 8:]) | _fifth_bits(data[:, 4:8])).astype("f4") + _half(data[:, 2:])
    return found


def _q8_0(data: Array) -> Array:
    import numpy as np
    found: Array = _half(data) * data[:, 2:].view(np.int8).astype(np.float32)
    return found


def _scales_and_minima(packed: Array) -> tuple[Array, Array]:
    """The eight 6-bit scales and eight 6-bit minima of twelve bytes."""
    import numpy as np
    d, m, both = packed[:, 0:4], packed[:, 4:8], packed[:, 8:12]
    scales = np.concatenate([d & 0x3F, (both & 0x0F) | ((d >> 2) & 0x30)], axis=1)
    minima = np.concatenate([m & 0x3F, (both >> 4) | ((m >> 2) & 0x30)], axis=1)
    return scales.astype(np.float32), minima.astype(np.float32)


def _shifted(data: Array, shifts: tuple[int, ...], mask: int) -> Array:
    """[rows, groups, shifts, bytes of a group]: every code of a shift, then those of the next, for each group of 32 bytes."""
    import numpy as np
    groups = data.reshape(len(data), -1, 1, 32)
    found: Array = (groups >> np.array(shifts, np.uint8).reshape(1, 1, -1, 1)) & np.uint8(mask)
    return found


def _q2_k(data: Array) -> Array:
    import numpy as np
    scales, codes = data[:, :16], data[:, 16:80]
    d, least = _half(data[:, 80:]), _half(data[:, 82:])
    steps = (d * (scales & 15).astype(np.float32))[:, :, None]
    minima = (least * (scales >> 4).astype(np.float32))[:, :, None]
    found: Array = steps * _shifted(codes, (0, 2, 4, 6), 3).reshape(len(data), 16, 16).astype(np.float32) - minima
    return found


def _q3_k(data: Array) -> Array:
    import numpy as np
    mask, codes, packed, d = data[:, :32], data[:, 32:96], data[:, 96:108], _half(data[:, 108:])
    low = _shifted_bytes(packed[:, :8], (0, 4), 15)
    high = _shifted_bytes(packed[:, 8:], (0, 2, 4, 6), 3)
    scales = (low | (high << 4)).view(np.int8).astype(np.float32) - 32
    bits = ((mask[:, None, :] >> np.arange(8, dtype=np.uint8).reshape(1, 8, 1)) & 1) ^ 1
    values = _shifted(codes, (0, 2, 4, 6), 3).reshape(len(data), 16, 16).astype(np.float32) - (
        bits.reshape(len(data), 16, 16) << 2).astype(np.float32)
    found: Array = (d * scales)[:, :, None] * values
    return found


def _shifted_bytes(data: Array, shifts: tuple[int, ...], mask: int) -> Array:
    import numpy as np
    found = (data[:, None, :] >> np.array(shifts, np.uint8).reshape(1, -1, 1)) & np.uint8(mask)
    return found.reshape(len(data), -1)


def _q4_k(data: Array) -> Array:
    import numpy as np
    scales, minima = _scales_and_minima(data[:, 4:16])
    codes = _shifted(data[:, 16:144], (0, 4), 15).reshape(len(data), 8, 32).astype(np.float32)
    found: Array = (_half(data) * scales)[:, :, None] * codes - (_half(data[:, 2:]) * minima)[:, :, None]
    return found


def _q5_k(data: Array) -> Array:
    import numpy as np
    scales, minima = _scales_and_minima(data[:, 4:16])
    low = _shifted(data[:, 48:176], (0, 4), 15).reshape(len(data), 8, 32)
    high = (data[:, None, 16:48] >> np.arange(8, dtype=np.uint8).reshape(1, 8, 1)) & 1
    codes = (low | (high << 4)).astype(np.float32)
    found: Array = (_half(data) * scales)[:, :, None] * codes - (_half(data[:, 2:]) * minima)[:, :, None]
    return found


def _q6_k(data: Array) -> Array:
    import numpy as np
    low = (data[:, :128].reshape(len(data), 2, 1, 64) >> np.array([0, 4], np.uint8).reshape(1, 1, 2, 1)) & 15
    high = (data[:, 128:192].reshape(len(data), 2, 1, 32) >> np.array([0, 2, 4, 6], np.uint8).reshape(1, 1, 4, 1)) & 3
    codes = (low.reshape(len(data), 8, 32) | (high.reshape(len(data), 8, 32) << 4)).view(np.int8).astype(np.float32) - 32
    steps = _half(data[:, 208:]) * data[:, 192:208].view(np.int8).astype(np.float32)
    found: Array = steps[:, :, None] * codes.reshape(len(data), 16, 16)
    return found


def _nonlinear(codes: Array) -> Array:
    import numpy as np
    found: Array = np.array(_NONLINEAR, np.float32)[codes]
    return found


def _iq4_nl(data: Array) -> Array:
    found: Array = _half(data) * _nonlinear(_halves_of_bytes(data[:, 2:]))
    return found


def _iq4_xs(data: Array) -> Array:
    import numpy as np
    highs = np.ascontiguousarray(data[:, 2:4]).view("<u2")
    high = (highs >> np.arange(0, 16, 2, dtype=np.uint16)) & 3
    low = np.stack([data[:, 4:8] & 15, data[:, 4:8] >> 4], axis=2).reshape(len(data), 8)
    scales = (low | (high << 4)).astype(np.float32) - 32
    groups = data[:, 8:136].reshape(len(data), 8, 16)
    codes = np.concatenate([groups & 15, groups >> 4], axis=2)
    found: Array = (_half(data) * scales)[:, :, None] * _nonlinear(codes)
    return found


BLOCKS: dict[str, Block] = {
    "q4_0": Block(32, 18, 4, _q4_0), "q4_1": Block(32, 20, 4, _q4_1), "q5_0": Block(32, 22, 5, _q5_0), "q5_1": Block(32, 24, 5, _q5_1),
    "q8_0": Block(32, 34, 8, _q8_0), "q2_k": Block(256, 84, 2, _q2_k), "q3_k": Block(256, 110, 3, _q3_k), "q4_k": Block(256, 144, 4, _q4_k),
    "q5_k": Block(256, 176, 5, _q5_k), "q6_k": Block(256, 210, 6, _q6_k), "iq4_nl": Block(32, 18, 4, _iq4_nl),
    "iq4_xs": Block(256, 136, 4, _iq4_xs), "iq2_xxs": Block(256, 66, 2, small.iq2_xxs), "iq2_xs": Block(256, 74, 2, small.iq2_xs),
    "iq2_s": Block(256, 82, 2, small.iq2_s), "iq3_xxs": Block(256, 98, 3, small.iq3_xxs), "iq3_s": Block(256, 110, 3, small.iq3_s),
    "iq1_s": Block(256, 50, 1, small.iq1_s), "iq1_m": Block(256, 56, 1, small.iq1_m), "tq1_0": Block(256, 54, 2, small.tq1_0),
    "tq2_0": Block(256, 66, 2, small.tq2_0), "q8_k": Block(256, 292, 8, small.q8_k), "mxfp4": Block(32, 17, 4, small.mxfp4),
    "nvfp4": Block(64, 36, 4, small.nvfp4),
}
