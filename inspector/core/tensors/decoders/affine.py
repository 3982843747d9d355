"""torch's own quantized tensors: integers with one scale, or one for each index of a dimension."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inspector.core.checkpoint import PartReader

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Affine:
    """(code - zero_point) * scale. Rows are the dimensions up to `axis`, `channels` of them in a turn, `unit` the elements behind.
    Without `channels` one `scale` and `zero_point` are those of all."""

    unit: int
    scale: float = 1.0
    zero_point: int = 0
    channels: int = 0

    def decode(self, parts: PartReader, first: int, last: int) -> Array:
        import numpy as np
        values = np.array(parts.numbers("data", first, last), np.float32).reshape(last - first, -1)
        with np.errstate(all="ignore"):
            if self.channels:
                rows = np.arange(first, last) % self.channels
                values -= parts.numbers("zero_point").ravel()[rows, None]
                values *= parts.numbers("scale").ravel()[rows, None]
            else:
                values -= np.float32(self.zero_point)
                values *= np.float32(self.scale)
        return values.reshape(-1)
