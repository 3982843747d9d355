"""Elements of four bits, two in a byte and the low one first."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inspector.core.checkpoint import PartReader

from . import codes

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_RUN = 1 << 16


@dataclass(frozen=True, slots=True)
class Nibbles:
    """`numel` elements of the type `kind`: "int4", "uint4" or "float4_e2m1"."""

    kind: str
    numel: int

    @property
    def unit(self) -> int:
        return _RUN

    def decode(self, parts: PartReader, first: int, last: int) -> Array:
        import numpy as np
        begin, end = first * _RUN, min(last * _RUN, self.numel)
        data = parts.codes("data", begin // 2, -(-end // 2)).view(np.uint8).reshape(-1)
        if self.kind == "float4_e2m1":
            return codes.nibbles(data, codes.e2m1())[:end - begin]
        return codes.four_bits(data, self.kind == "int4")[:end - begin].astype(np.float32)
