"""A weight with what several adapters add to it, one after the other, DoRA among them, in PEFT's arithmetic.

DoRA's lengths are those of the weight without other adapters. PEFT gets that weight by taking out again what was merged before, in
reverse order, and merges it once more from there (peft 0.21 tuners/lora/layer.py `_unmerged_base_weight`, variants.py `merge_unsafe` and
`unmerge`): the rounding of those steps is in its result, and so in this one.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from inspector.core.checkpoint import PartReader
from inspector.core.dtypes import numpy_dtype

from .low_rank import LowRank
from .merged import lengths_of_rows, squares_of_columns

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

Point = tuple[int, int]             # while this adapter is being merged, the lengths of that one


class Step(NamedTuple):
    """What one adapter adds. `rounded`: to the weight's element type before it is added, as PEFT does with embeddings; `scaled`: DoRA."""

    product: LowRank
    rounded: bool = False
    scaled: bool = False


@dataclass(frozen=True, slots=True)
class MergedInTurn:
    """The part "base", which has elements of `dtype`, with all `steps`, whose parts have their number behind the role ("A0", "B0",
    "magnitude0"). `by_column`: DoRA scales columns, not rows."""

    steps: tuple[Step, ...]
    dtype: str
    by_column: bool = False

    @property
    def unit(self) -> int:
        return self.steps[0].product.unit

    def decode(self, parts: PartReader, first: int, last: int) -> Array:
        return self._merge(parts, first, last).reshape(-1)

    def _merge(self, parts: PartReader, first: int, last: int, stop: Point | None = None) -> Array:
        """[rows, columns] of these units; with `stop` what the lengths are taken of at that point."""
        import numpy as np
        rows = self.steps[0].product.rows_of(first, last)
        added = [step.product.decode(_Numbered(parts, n), first, last).reshape(len(rows), -1) for n, step in enumerate(self.steps)]
        lengths: dict[int, Array] = {}

        def factor(n: int) -> Array:
            magnitude = parts.numbers(f"magnitude{n}").reshape(-1)
            found: Array = magnitude[None, :] / lengths[n] if self.by_column else \
                magnitude[rows.start:rows.stop, None] / lengths[n][:, None]
            return found

        def measured(point: Point, values: Array) -> Array:
            found: Array = parts.kept(f"lengths{point}", lambda: self._lengths(parts, point)) if self.by_column else \
                lengths_of_rows(values)
            return found

        def put(n: int, weight: Array) -> Array:
            if not self.steps[n].scaled:
                return self._rounded(weight + (self._rounded(added[n]) if self.steps[n].rounded else added[n]))
            return self._rounded(factor(n) * (weight + added[n]))

        def taken_out(n: int, weight: Array) -> Array:
            return self._rounded(weight / factor(n) - added[n] if self.steps[n].scaled else weight - self._rounded(added[n]))

        with np.errstate(all="ignore"):
            weight: Array = parts.numbers("base", rows.start, rows.stop).reshape(len(rows), -1)
            for now, step in enumerate(self.steps):
                if step.scaled:
                    for n in reversed(range(now)):
                        weight = taken_out(n, weight)
                    alone = weight
                    for n in (now, *range(now)):
                        if not self.steps[n].scaled:
                            continue
                        if (now, n) == stop:
                            wanted: Array = alone + added[n]
                            return wanted
                        lengths[n] = measured((now, n), alone + added[n])
                    for n in range(now):
                        weight = put(n, weight)
                weight = put(now, weight)
        return weight

    def _rounded(self, values: Array) -> Array:
        import numpy as np
        return values if self.dtype == "float32" else values.astype(numpy_dtype(self.dtype)).astype(np.float32)

    def _lengths(self, parts: PartReader, point: Point) -> Array:
        """Of the columns, for which all rows are needed."""
        import numpy as np
        product = self.steps[0].product
        squares = np.zeros(product.cols, np.float32)
        for n in range(-(-product.rows * product.cols // max(self.unit, 1))):
            squares = squares_of_columns(squares, self._merge(parts, n, n + 1, point))
        found: Array = np.sqrt(squares)
        return found


class _Numbered(NamedTuple):
    """The parts of one step under the names that all have."""

    parts: PartReader
    n: int

    def codes(self, role: str, first: int = 0, last: int | None = None, axis: int = 0) -> Any:
        return self.parts.codes(f"{role}{self.n}", first, last, axis)

    def numbers(self, role: str, first: int = 0, last: int | None = None, axis: int = 0) -> Any:
        return self.parts.numbers(f"{role}{self.n}", first, last, axis)

    def converted(self, role: str, first: int, last: int, dtype: str) -> Any:
        return self.parts.converted(f"{role}{self.n}", first, last, dtype)

    def kept(self, name: str, make: Callable[[], Any]) -> Any:
        return self.parts.kept(f"{name}{self.n}", make)
