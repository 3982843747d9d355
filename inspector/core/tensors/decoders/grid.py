"""Matrices of codes with a scale for each block of rows and columns: most of what is packed.

value = (code - zero) * scale [* or / one scale of all] [+ bias], where the blocks are of `block_rows` rows and `block_cols` columns, the
last ones shorter where that does not divide. Tensors of more dimensions are matrices of their rows, `unit` elements long.
"""
from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from inspector.core.checkpoint import PartReader
from inspector.core.dtypes import float_table

from . import codes

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

Stored = Literal["numbers", "e2m1", "bit string", "words", "nibbles"]


@dataclass(frozen=True, slots=True)
class Grid:
    """`stored` says what the rows of `data` are: numbers as they stand (of the 8-bit float `data_type`, where that is not what they are
    declared to be), pairs of 4-bit floats with the low nibble first, a string of codes of `bits` bits, 32-bit words that hold
    32 // bits codes each, or a run of 4-bit integers without regard to rows (`signed`: in two's complement); `offset` is taken from each
    code of bit strings and words.

    The scales: `exponents` says that they are bytes of E8M0, `scale_type` that they are bytes of that type; `cyclic` that rows beyond the
    last scale begin anew with the first; `by_column` that the part "g_idx" says which scale of a row a column has.

    `zero` says how the part "zero_point" is stored: numbers, as many as scales, codes like those of the data, packed down its first
    dimension, or a run of 4-bit integers. With `zero_behind` it is added behind the multiplication. `multiply` and `divide` name a part
    with one number that all scales are multiplied with or divided by, `add` one that is added as scales are multiplied."""

    rows: int
    unit: int
    stored: Stored = "numbers"
    bits: int = 8
    offset: int = 0
    block_rows: int = 1
    block_cols: int = 0                 # 0: as many as there are
    exponents: bool = False
    scale_type: str = ""
    data_type: str = ""
    cyclic: bool = False
    by_column: bool = False
    zero: Literal["", "numbers", "packed", "nibbles"] = ""
    signed: bool = False
    zero_behind: bool = False
    multiply: str = ""
    divide: str = ""
    add: str = ""
    factor: float = 1.0                 # of all scales
    middle: float = 0.0                 # taken from each code, before all else

    def decode(self, parts: PartReader, first: int, last: int) -> Array:
        import numpy as np
        values = self._codes(parts, first, last)
        if self.middle:
            values -= np.float32(self.middle)
        with np.errstate(all="ignore"):
            if self.zero and not self.zero_behind:
                self._combine(parts, values, self._zeros(parts), first, np.subtract)
            self._combine(parts, values, self._scales(parts), first, np.multiply)
            if self.zero and self.zero_behind:
                self._combine(parts, values, self._zeros(parts), first, np.add)
            if self.add:
                self._combine(parts, values, self._table(parts.numbers(self.add)), first, np.add)
        return values.reshape(-1)

    # -- what is stored ---------------------------------------------------------------------------------------------------

    def _codes(self, parts: PartReader, first: int, last: int) -> Array:
        import numpy as np
        count = last - first
        if self.stored == "numbers":
            if self.data_type:
                values: Array = float_table(self.data_type)[parts.codes("data", first, last).view(np.uint8).reshape(count, -1)]
                return values
            return np.array(parts.numbers("data", first, last), np.float32).reshape(count, -1)
        if self.stored == "nibbles":
            begin, end = first * self.unit, last * self.unit
            found = codes.four_bits(parts.codes("data", begin // 2, -(-end // 2)), self.signed)
            return found[begin % 2:begin % 2 + end - begin].astype(np.float32).reshape(count, -1)
        data = parts.codes("data", first, last)
        if self.stored == "e2m1":
            return codes.nibbles(data.view(np.uint8).reshape(count, -1), codes.e2m1())[:, :self.unit]
        if self.stored == "bit string":
            return codes.floats(data.reshape(count, -1), self.bits, self.unit, self.offset)
        found = codes.word_codes(data.reshape(count, -1), self.bits, self.unit).astype(np.float32)
        return found - np.float32(self.offset)

    def _scales(self, parts: PartReader) -> Array:
        import numpy as np
        if self.exponents:
            scales = codes.e8m0()[parts.codes("scale").view(np.uint8)]
        elif self.scale_type:
            scales = float_table(self.scale_type)[parts.codes("scale").view(np.uint8)]
        else:
            scales = parts.numbers("scale")
        if self.divide:
            scales = scales / parts.numbers(self.divide).ravel()[0]
        if self.multiply:
            scales = scales * parts.numbers(self.multiply).ravel()[0]
        if self.factor != 1.0:
            scales = scales * np.float32(self.factor)
        return self._table(scales)

    def _zeros(self, parts: PartReader) -> Array:
        import numpy as np
        if self.zero == "numbers":
            return self._table(parts.numbers("zero_point"))
        if self.zero == "nibbles":
            zeros = codes.four_bits(parts.codes("zero_point"), self.signed)         # perhaps one more, in the last byte
            return self._table(zeros[:parts.numbers("scale").size].astype(np.float32))
        unpack = codes.word_codes if self.stored == "words" else codes.bit_string
        rows = -(-self.rows // self.block_rows)
        found: Array = unpack(np.ascontiguousarray(parts.codes("zero_point").T), self.bits, rows).T.astype(np.float32)
        return found - np.float32(self.offset)

    def _table(self, table: Array) -> Array:
        """[blocks of rows, blocks of columns], whatever the shape that it is stored in."""
        if table.ndim == 2 and not self.cyclic:
            return table
        return table.reshape(-1, max(1, -(-self.unit // (self.block_cols or self.unit or 1))) if not self.by_column else table.shape[-1])

    # -- both together ----------------------------------------------------------------------------------------------------

    def _combine(self, parts: PartReader, values: Array, table: Array, first: int, how: Any) -> None:
        """values[i, j] = `how`(values[i, j], what the block of row first + i and column j has), in place."""
        import numpy as np
        count = len(values)
        rows = np.arange(first, first + count) // self.block_rows
        picked = table if len(table) == 1 else table[rows % len(table) if self.cyclic else rows]
        wide = self.block_cols or self.unit
        if picked.shape[1] == 1:
            how(values, picked, out=values)
        elif self.by_column:
            how(values, picked[:, parts.codes("g_idx")], out=values)
        elif self.unit % wide == 0:
            box = values.reshape(count, -1, wide)
            how(box, picked[:, :, None], out=box)
        else:
            how(values, np.repeat(picked, wide, axis=1)[:, :self.unit], out=values)


grid = lru_cache(256)(Grid)
"""A `Grid`, one for all tensors that are laid out alike."""
