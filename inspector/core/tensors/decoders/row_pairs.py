"""Pairs of rows in one row of bytes, and columns that are scaled besides: how ModelOpt writes 4-bit weights of AWQ.

Sources: nvidia-modelopt 0.47 torch/export/quant_utils.py (`pack_int4_in_uint8`), torch/quantization/nn/modules/tensor_quantizer.py
(`pre_quant_scale`).
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inspector.core.checkpoint import Decoder, PartReader

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class RowPairs:
    """[rows, cols] of 4-bit integers in two's complement: a byte of "data" [rows / 2, cols] has that of an even row in its low half and
    that of the row behind it in the other. Each is multiplied with the scale of its row and its block of `block` columns."""

    rows: int
    cols: int
    block: int

    @property
    def unit(self) -> int:
        return 2 * self.cols

    def decode(self, parts: PartReader, first: int, last: int) -> Array:
        import numpy as np
        stored = parts.codes("data", first, last).view(np.uint8).reshape(last - first, self.cols)
        values = np.empty((last - first, 2, self.cols), np.float32)
        values[:, 0], values[:, 1] = (stored << 4).view(np.int8) >> 4, stored.view(np.int8) >> 4
        scales = parts.numbers("scale", 2 * first, 2 * last).reshape(2 * (last - first), -1)
        with np.errstate(all="ignore"):
            blocks = values.reshape(len(scales), -1, self.block)
            blocks *= scales[:, :, None]
        return blocks.reshape(-1)


@dataclass(frozen=True, slots=True)
class ScaledColumns:
    """What `inner` makes, a matrix of `cols` columns, each multiplied with its element of the part `by`: the input is multiplied with that
    before the weight, which comes to the same."""

    inner: Decoder
    cols: int
    by: str

    @property
    def unit(self) -> int:
        return self.inner.unit

    def decode(self, parts: PartReader, first: int, last: int) -> Array:
        import numpy as np
        with np.errstate(all="ignore"):
            found: Array = self.inner.decode(parts, first, last).reshape(-1, self.cols) * parts.numbers(self.by).reshape(-1)
        return found.reshape(-1)
