"""Weights with what an adapter adds to them, in PEFT's arithmetic (peft 0.21 tuners/lora/layer.py `merge`, variants.py)."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inspector.core.checkpoint import PartReader
from inspector.core.dtypes import numpy_dtype

from .low_rank import LowRank

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Merged:
    """base + `product`, whose rows and columns are those of the part "base". `rounded`: the element type that what is added is rounded to
    before, as PEFT does with embeddings; "" where it is added as float32.

    DoRA (`scaled`): that sum times magnitude / length of each row, or with `by_column` of each column, the lengths being those of the sum.
    They are summed up in float64, so that they are right to the last bit of a float32, which torch's own are not always."""

    product: LowRank
    rounded: str = ""
    scaled: bool = False
    by_column: bool = False

    @property
    def unit(self) -> int:
        return self.product.unit

    def decode(self, parts: PartReader, first: int, last: int) -> Array:
        import numpy as np
        rows = self.product.rows_of(first, last)
        values = self._sum(parts, first, last)
        if self.scaled:
            magnitude = parts.numbers("magnitude").reshape(-1)
            with np.errstate(all="ignore"):
                if self.by_column:
                    values = (magnitude / parts.kept("lengths", lambda: self._lengths(parts)))[None, :] * values
                else:
                    values = (magnitude[rows.start:rows.stop] / _length(values, 1))[:, None] * values
        return values.reshape(-1)

    def _sum(self, parts: PartReader, first: int, last: int) -> Array:
        """[rows, columns]."""
        import numpy as np
        rows = self.product.rows_of(first, last)
        added = self.product.decode(parts, first, last).reshape(len(rows), -1)
        with np.errstate(all="ignore"):
            if self.rounded:
                added = added.astype(numpy_dtype(self.rounded)).astype(np.float32)
            found: Array = parts.numbers("base", rows.start, rows.stop).reshape(len(rows), -1) + added
            return found

    def _lengths(self, parts: PartReader) -> Array:
        """Of the columns, for which all rows are needed."""
        import numpy as np
        squares = np.zeros(self.product.cols, np.float64)
        for n in range(-(-self.product.rows * self.product.cols // max(self.unit, 1))):
            values = self._sum(parts, n, n + 1).astype(np.float64)
            squares += np.einsum("ij,ij->j", values, values)
        return np.sqrt(squares).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Shifted:
    """The part "base" + `factor` * the part "B": a bias that an adapter adds to."""

    numel: int
    factor: float

    @property
    def unit(self) -> int:
        return max(self.numel, 1)

    def decode(self, parts: PartReader, first: int, last: int) -> Array:
        import numpy as np
        with np.errstate(all="ignore"):
            found: Array = parts.numbers("base").reshape(-1) + parts.numbers("B").reshape(-1) * np.float32(self.factor)
            return found


def _length(values: Array, axis: int) -> Array:
    import numpy as np
    wide = values.astype(np.float64)
    with np.errstate(all="ignore"):
        found: Array = np.sqrt((wide * wide).sum(axis=axis)).astype(np.float32)
    return found
