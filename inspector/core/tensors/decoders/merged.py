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


_LANES = 8              # sums that torch adds up side by side


@dataclass(frozen=True, slots=True)
class Merged:
    """base + `product`, whose rows and columns are those of the part "base". `rounded`: the element type that what is added is rounded to
    before, as PEFT does with embeddings; "" where it is added as float32.

    DoRA (`scaled`): that sum times magnitude / length of each row, or with `by_column` of each column, the lengths being those of the sum,
    or, where other adapters are in the base already (`again`), of the part "unmerged" + `product`. They are added up as torch adds them."""

    product: LowRank
    rounded: str = ""
    scaled: bool = False
    by_column: bool = False
    again: bool = False

    @property
    def unit(self) -> int:
        return self.product.unit

    def decode(self, parts: PartReader, first: int, last: int) -> Array:
        import numpy as np
        rows = self.product.rows_of(first, last)
        values = self._sum(parts, first, last, "base")
        if self.scaled:
            magnitude = parts.numbers("magnitude").reshape(-1)
            with np.errstate(all="ignore"):
                if self.by_column:
                    values = (magnitude / parts.kept("lengths", lambda: self._lengths(parts)))[None, :] * values
                else:
                    meant = self._sum(parts, first, last, "unmerged") if self.again else values
                    values = (magnitude[rows.start:rows.stop] / lengths_of_rows(meant))[:, None] * values
        return values.reshape(-1)

    def _sum(self, parts: PartReader, first: int, last: int, role: str) -> Array:
        """[rows, columns]."""
        import numpy as np
        rows = self.product.rows_of(first, last)
        added = self.product.decode(parts, first, last).reshape(len(rows), -1)
        with np.errstate(all="ignore"):
            if self.rounded:
                added = added.astype(numpy_dtype(self.rounded)).astype(np.float32)
            found: Array = parts.numbers(role, rows.start, rows.stop).reshape(len(rows), -1) + added
            return found

    def _lengths(self, parts: PartReader) -> Array:
        """Of the columns, for which all rows are needed."""
        import numpy as np
        squares = np.zeros(self.product.cols, np.float32)
        for n in range(-(-self.product.rows * self.product.cols // max(self.unit, 1))):
            squares = squares_of_columns(squares, self._sum(parts, n, n + 1, "unmerged" if self.again else "base"))
        return np.sqrt(squares)


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


def lengths_of_rows(values: Array) -> Array:
    """The lengths of the rows of a float32 matrix, to the last bit those of `torch.linalg.norm(values, dim=1)` on x86-64 (torch 2.13
    aten/src/ATen/native/cpu/ReduceOpsKernel.cpp): eight sums side by side, which are added in order; then those left over one by one, where
    what is no four of them is multiplied and added in one step."""
    import numpy as np
    count, n = values.shape
    whole, fours = n - n % _LANES, n - n % 4
    with np.errstate(all="ignore"):
        squares = values * values
        total = np.zeros(count, np.float32)
        if whole:
            lanes = np.add.reduce(squares[:, :whole].reshape(count, whole // _LANES, _LANES), axis=1)
            for lane in range(_LANES):
                total = total + lanes[:, lane]
        for n in range(whole, fours):
            total = total + squares[:, n]
        for n in range(fours, values.shape[1]):
            total = (values[:, n].astype(np.float64) ** 2 + total).astype(np.float32)
        found: Array = np.sqrt(total)
    return found


def squares_of_columns(before: Array, values: Array) -> Array:
    """`before`, sums of squares of the columns above, and the squares of these rows added to it one by one, as torch does where the rows of
    what it has the lengths of do not lie one behind the other."""
    import numpy as np
    with np.errstate(all="ignore"):
        found: Array = np.add.reduce(np.concatenate([before[None], values * values]), axis=0)
    return found
