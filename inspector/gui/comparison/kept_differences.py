"""Differences of many pairs in few bytes: about a hundred each, where objects of Python take six hundred.

    name of 16 bytes → place in a table of twice as many (open addressing) → row of numbers in one run of bytes
"""
from __future__ import annotations

from array import array
from struct import Struct

from inspector import core

NAME = 16               # bytes of a name, which are as good as drawn by lot
_ROW = Struct(f"<{NAME}s6d4qB")
_FLAGS = {"": 0, "a": 2, "b": 4}        # of a cast; 1: every byte is the same
_MANY, _FULL = 8, 16
_CASTS = {flag: cast for cast, flag in _FLAGS.items()}
_FIRST = 1024           # places of the empty table, a power of two


class KeptDifferences:
    """A mapping from names to differences without a problem."""

    def __init__(self) -> None:
        self._rows = bytearray()
        self._places = array("i", [-1]) * _FIRST            # numbers of rows

    def __len__(self) -> int:
        return len(self._rows) // _ROW.size

    def clear(self) -> None:
        self._rows, self._places = bytearray(), array("i", [-1]) * _FIRST

    def keep(self, name: bytes, found: core.Difference) -> None:
        """A later one of the same name takes the place of an earlier one."""
        row = _ROW.pack(name, found.max_abs, found.rms, found.rel, found.cosine, found.growth, found.norm, found.numel, found.n_different,
                        found.sign_flips, found.nonfinite, _FLAGS[found.cast] | found.equal_bytes | _MANY * found.many | _FULL * found.full)
        place = self._place(name)
        number = self._places[place]
        if number >= 0:
            self._rows[number * _ROW.size:(number + 1) * _ROW.size] = row
            return
        self._places[place] = len(self)
        self._rows += row
        if 2 * len(self) > len(self._places):
            self._grow()

    def get(self, name: bytes) -> core.Difference | None:
        number = self._places[self._place(name)]
        if number < 0:
            return None
        _, most, rms, rel, cosine, growth, norm, numel, different, flips, nonfinite, flags = _ROW.unpack_from(
            self._rows, number * _ROW.size)
        return core.Difference(numel, different, most, rms, rel, cosine, flips, nonfinite, bool(flags & 1), _CASTS[flags & 6], "", growth,
                               norm, bool(flags & _MANY), bool(flags & _FULL))

    def _place(self, name: bytes) -> int:
        """Where it stands, or would."""
        last = len(self._places) - 1
        place = int.from_bytes(name[:8], "little") & last
        while (number := self._places[place]) >= 0 and self._rows[number * _ROW.size:number * _ROW.size + NAME] != name:
            place = (place + 1) & last
        return place

    def _grow(self) -> None:
        self._places = array("i", [-1]) * (2 * len(self._places))
        for number in range(len(self)):
            start = number * _ROW.size
            self._places[self._place(bytes(self._rows[start:start + NAME]))] = number
