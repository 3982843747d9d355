"""Four-bit codes of a tensor laid flat, with a scale for each run of elements whatever its shape: bitsandbytes."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inspector.core.checkpoint import PartReader

from . import codes

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Flat:
    """Element 2i is the high nibble of byte i, 2i + 1 the low one; the value is `quant_map[code] * absmax[element // block]`. With
    `nested_block`, absmax itself is a code of 8 bits: `nested_quant_map[code] * nested_absmax[place // nested_block] + nested_offset`.
    `unit` is whole bytes and whole blocks."""

    numel: int
    block: int
    nested_block: int = 0
    nested_offset: float = 0.0

    @property
    def unit(self) -> int:
        return self.block * (1 if self.block % 2 == 0 else 2)

    def decode(self, parts: PartReader, first: int, last: int) -> Array:
        import numpy as np
        begin, end = first * self.unit, min(last * self.unit, self.numel)
        data = parts.codes("data", begin // 2, -(-end // 2)).view(np.uint8).reshape(-1)
        values = codes.nibbles(data, parts.numbers("quant_map").ravel(), low_first=False)
        scales = self._scales(parts, begin // self.block, -(-end // self.block))
        padded = len(scales) * self.block
        if padded > len(values):                    # the last block is short
            values = np.concatenate([values, np.zeros(padded - len(values), np.float32)])
        blocks = values[:padded].reshape(-1, self.block)
        blocks *= scales[:, None]
        return blocks.reshape(-1)[:end - begin]

    def _scales(self, parts: PartReader, first: int, last: int) -> Array:
        import numpy as np
        if not self.nested_block:
            plain: Array = parts.numbers("absmax").ravel()[first:last]
            return plain
        places = np.arange(first, last) // self.nested_block
        found: Array = parts.numbers("nested_quant_map").ravel()[parts.codes("absmax").ravel()[first:last]]
        found *= parts.numbers("nested_absmax").ravel()[places]
        found += np.float32(self.nested_offset)
        return found
