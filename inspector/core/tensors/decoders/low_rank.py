"""The product of two thin matrices, scaled: what an adapter adds to a weight."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inspector.core.checkpoint import PartReader

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


_BLOCK = 64             # rows that are multiplied together: always the same ones, so that a part is what it is in the whole


@dataclass(frozen=True, slots=True)
class LowRank:
    """`factor` * B A, with A [rank, cols] and B [rows, rank], whatever dimensions the tensors have behind those. `transposed`: that
    product is stored the other way round, so that its columns are the rows."""

    rank: int
    rows: int
    cols: int
    factor: float
    transposed: bool = False

    @property
    def unit(self) -> int:
        return _BLOCK * self.cols

    def rows_of(self, first: int, last: int) -> range:
        """The rows that are made together as units `first` to `last`."""
        return range(first * _BLOCK, min(last * _BLOCK, self.rows))

    def decode(self, parts: PartReader, first: int, last: int) -> Array:
        import numpy as np
        found = [self._block(parts, n * _BLOCK, min((n + 1) * _BLOCK, self.rows)) for n in range(first, last)]
        return np.concatenate(found)

    def _block(self, parts: PartReader, first: int, last: int) -> Array:
        import numpy as np
        if self.transposed:
            left, right = parts.numbers("A", first, last, 1).T, parts.numbers("B").T
        else:
            left, right = parts.numbers("B", first, last).reshape(last - first, self.rank), parts.numbers("A").reshape(self.rank, -1)
        with np.errstate(all="ignore"):
            product: Array = left @ right
            return (product * np.float32(self.factor)).reshape(-1)
