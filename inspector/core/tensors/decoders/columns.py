"""Codes of a matrix that is stored the other way round, [in, out] in words of 32 bits: a row of the weight is a column of what is stored.

value[out, in] = (code - zero) * scale of the group that `in` is in.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inspector.core.checkpoint import PartReader

from . import codes

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_AWQ = (0, 2, 4, 6, 1, 3, 5, 7)         # the column, of eight, that nibble k of a word holds


@dataclass(frozen=True, slots=True)
class BitColumns:
    """Each column of `data` is a string of codes down the input; those of `zero_point` run along the output, and `added` is what is to
    be added to them. `g_idx` says the group of each input. Raises ValueError for groups that there are not."""

    rows: int
    unit: int
    bits: int
    added: int

    def decode(self, parts: PartReader, first: int, last: int) -> Array:
        import numpy as np
        words = np.ascontiguousarray(parts.codes("data", first, last, 1).T)
        values = codes.floats(words, self.bits, self.unit)
        zeros = self._zeros(parts, first, last) + np.float32(self.added)
        groups = parts.kept("groups", lambda: _checked(parts.codes("g_idx"), zeros.shape[1]))
        return _scaled(values, zeros, parts.numbers("scale", first, last, 1).T, groups)

    def _zeros(self, parts: PartReader, first: int, last: int) -> Array:
        """[rows, groups]; where codes do not go over the borders of words only the words they are in are read."""
        import numpy as np
        if 32 % self.bits:
            found: Array = codes.bit_string(parts.codes("zero_point"), self.bits, self.rows)[:, first:last].T.astype(np.float32)
            return found
        each = 32 // self.bits
        lowest, highest = first // each, -(-last // each)
        found = codes.bit_string(parts.codes("zero_point", lowest, highest, 1), self.bits, (highest - lowest) * each)
        return found[:, first - lowest * each:last - lowest * each].T.astype(np.float32)


@dataclass(frozen=True, slots=True)
class NibbleColumns:
    """Eight columns to a word, in the order 0 2 4 6 1 3 5 7, of `data` and `zero_point` alike; groups of `group` inputs."""

    rows: int
    unit: int
    group: int

    def decode(self, parts: PartReader, first: int, last: int) -> Array:
        import numpy as np
        lowest, highest = first // 8, -(-last // 8)
        kept = slice(first - 8 * lowest, last - 8 * lowest)
        values = _eights(parts.codes("data", lowest, highest, 1))[kept]
        zeros = _eights(parts.codes("zero_point", lowest, highest, 1))[kept]
        return _scaled(values, zeros, parts.numbers("scale", first, last, 1).T, np.arange(self.unit) // self.group)


def _checked(groups: Array, count: int) -> Array:
    if groups.size and not 0 <= int(groups.min()) <= int(groups.max()) < count:
        raise ValueError("its activation order names groups that there are not")
    return groups


def _eights(words: Array) -> Array:
    """The codes of [in, words] as [8 * words, in], float32."""
    import numpy as np
    turned = np.ascontiguousarray(words.T).view(np.uint32)
    found = np.empty((len(turned), 8, turned.shape[1]), np.float32)
    for k, column in enumerate(_AWQ):
        found[:, column] = (turned >> np.uint32(4 * k)) & np.uint32(15)
    return found.reshape(-1, turned.shape[1])


def _scaled(values: Array, zeros: Array, scales: Array, groups: Array) -> Array:
    """(code - zero) * scale; `zeros` and `scales` are [rows, groups], `groups` the group of each column."""
    import numpy as np
    zeros, scales = np.ascontiguousarray(zeros), np.ascontiguousarray(scales)
    each = values.shape[1] // scales.shape[1] if scales.shape[1] else 0
    with np.errstate(all="ignore"):
        if each * scales.shape[1] == values.shape[1] and np.array_equal(groups, np.arange(values.shape[1]) // each):
            box = values.reshape(len(values), -1, each)
            box -= zeros[:, :, None]
            box *= scales[:, :, None]
        else:
            values -= zeros[:, groups]
            values *= scales[:, groups]
    return values.reshape(-1)
