"""Counts how many keys of any dict or set share a hash, or are led past each other, while a program runs: what a dict costs is one
comparison for each pair of those.

Python's hashes of numbers and of tuples of numbers are known to whoever writes a file; those of texts and bytes are not, they are keyed
by the process. So a file of texts can do nothing, and one of numbers takes a minute for 90,000 keys if a program puts them in a dict.
"""
from __future__ import annotations

import sys
import threading
from collections import Counter
from random import Random
from types import FrameType
from typing import Any

PRIME = (1 << 61) - 1               # the hash of an integer is its remainder by this
_MASK = (1 << 64) - 1
_P1, _P2, _P5 = 11400714785074694791, 14029467366897019727, 2870177450012600261     # Objects/tupleobject.c
_FEWEST = 120                       # keys from which on a dict is looked at


class HashWatch:
    """While it is entered, every dict and set that a function of the program has in a variable, or in an object in one, is looked at when
    the function returns. `worst` is where -> the most keys with one hash."""

    def __init__(self, room: str = "inspector") -> None:
        self.worst: dict[str, int] = {}
        self._room = room
        self._seen: dict[int, int] = {}         # id -> how many keys it had

    def __enter__(self) -> HashWatch:
        self._before = sys.getprofile()
        threading.setprofile(self._look)
        sys.setprofile(self._look)
        return self

    def __exit__(self, *error: object) -> None:
        sys.setprofile(self._before)
        threading.setprofile(None)

    def _look(self, frame: FrameType, event: str, argument: Any) -> None:
        if event != "return" or f"/{self._room}/" not in frame.f_code.co_filename.replace("\\", "/"):
            return
        held = [*frame.f_locals.values(), argument]
        for one in held:
            self._look_at(one, frame)
            if type(one).__module__.startswith(self._room):
                for inner in (*getattr(one, "__dict__", {}).values(), *(getattr(one, name, None) for name in _slots(type(one)))):
                    self._look_at(inner, frame)

    def _look_at(self, one: Any, frame: FrameType) -> None:
        if not isinstance(one, dict | set | frozenset) or len(one) < _FEWEST or len(one) < 2 * self._seen.get(id(one), 0):
            return
        self._seen[id(one)] = len(one)
        hashes = [*map(hash, [*one])]
        most = max(*Counter(hashes).values(), longest_walk(hashes))
        where = f"{frame.f_code.co_filename.rpartition('/inspector/')[2]} {frame.f_code.co_qualname}" if sys.version_info >= (3, 11) else \
            f"{frame.f_code.co_filename.rpartition('/inspector/')[2]} {frame.f_code.co_name}"
        self.worst[where] = max(self.worst.get(where, 0), most)

    @property
    def most(self) -> int:
        return max(self.worst.values(), default=0)


def _slots(cls: type) -> tuple[str, ...]:
    return tuple(name for one in cls.__mro__ for name in ([one.__slots__] if isinstance(one.__dict__.get("__slots__"), str)
                                                          else one.__dict__.get("__slots__", ())))


def longest_walk(hashes: list[int]) -> int:
    """Full places that one of them is led past when a dict is filled with them, in this order (Objects/dictobject.c)."""
    size, longest, table = 8, 0, set[int]()
    for n, hash_ in enumerate(hashes):
        if n >= size * 2 // 3:              # it grows, and what is in it gets other places
            while size < 3 * n:
                size *= 2
            table = set()
            for other in hashes[:n]:
                table.add(_place(other, size, table)[0])
        place, walked = _place(hash_, size, table)
        table.add(place)
        longest = max(longest, walked)
    return longest


def _place(hash_: int, size: int, table: set[int]) -> tuple[int, int]:
    perturb, mask, walked = hash_ & _MASK, size - 1, 0
    place = perturb & mask
    while place in table:
        perturb >>= 5
        place = (5 * place + perturb + 1) & mask
        walked += 1
    return place, walked


def walking(bits: int = 9) -> list[int]:
    """Integers of 32 bits, as many as a dict of 2**bits places takes: the first lie in a row, and each of the others is led along it."""
    size, mask = 1 << bits, (1 << bits) - 1
    row = [0]
    while len(row) < size * 45 // 100:
        row.append((5 * row[-1] + 1) & mask)
    at = {place: n for n, place in enumerate(row)}
    found, chosen, random = row.copy(), set(row), Random(0)
    while len(found) < size * 2 // 3:
        number = random.getrandbits(32)
        place, perturb = number & mask, number
        while perturb and place in at:
            perturb >>= 5
            place = (5 * place + perturb + 1) & mask
        if not perturb and at.get(place, size) < len(row) // 2 and number not in chosen:
            found.append(number)
            chosen.add(number)
    return found


def integers(count: int) -> list[int]:
    """Of one hash."""
    return [7 + n * PRIME for n in range(count)]


def reals(count: int) -> list[float]:
    """Of as few hashes as there can be: a number times 2**61 has that of the number."""
    found = [m * 2.0 ** (61 * k) for m in range(1, count // 12 + 2) for k in range(-4, 9)]
    return found[:count]


def pairs(count: int, first: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    """Tuples of `first` and two more numbers, all of one hash."""
    state = _P5
    for lane in first:
        state = _mixed(state, lane)
    wanted = (_mixed(state, 99) + 12345 * _P2) & _MASK
    inverse, found, a = pow(_P2, -1, 1 << 64), [], 1
    while len(found) < count:
        a += 1
        b = (wanted - _mixed(state, a)) * inverse & _MASK
        if b < PRIME:
            found.append((*first, a, b))
    assert len({hash(one) for one in found}) == 1
    return found


def _mixed(state: int, lane: int) -> int:
    state = (state + lane * _P2) & _MASK
    return ((state << 31) | (state >> 33)) * _P1 & _MASK


def _mixed_before(state: int, lane: int) -> int:
    return _mixed(state, lane)
