"""The mean of tensors of several checkpoints: added up in float64 (complex numbers in complex128), in the order of the files."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inspector.core.checkpoint import PartReader

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Mean:
    """The sum of weight * part over the sum of the weights. The parts are "0", "1" …; `into` is "float64" or
    "complex128", which every element is in between; `unit` elements of each part are one step along its first dimension."""

    weights: tuple[float, ...]
    into: str
    unit: int

    def decode(self, parts: PartReader, first: int, last: int) -> Array:
        import numpy as np
        total: Array | None = None
        with np.errstate(all="ignore"):
            for n, weight in enumerate(self.weights):
                values = parts.converted(str(n), first, last, self.into) * weight
                total = values if total is None else np.add(total, values, out=total)
            assert total is not None
            mean: Array = total / sum(self.weights)
        return mean
