"""What comes from a file and is put into a dict or a set.

Python's hashes of texts and bytes are keyed by the process; those of numbers, and of tuples of numbers such as shapes, are known to
whoever writes a file. He can choose ninety thousand of one hash, and a dict that holds them takes minutes. Nor need they have one hash:
of numbers of 32 bits he can choose such as are led through one row of full places, each through all that came before. So numbers from
a file go into a dict as text (`as_key`), into one that never holds many (`Few`), or into one whose places nobody foresees (`ByNumber`);
and those of an array are told apart in their order (`distinct`), where numpy would take a table with hashes that all processes share.
"""
from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FEW = 64

K = TypeVar("K")
V = TypeVar("V")


def as_key(*parts: object) -> str:
    """Equal for equal `parts`, which are numbers, texts, None and tuples of them."""
    return repr(parts)


class Few(dict[K, V]):
    """What `make` comes to for each key, made once for the first of them: of those that occur again and again there are few."""

    def __init__(self, make: Callable[[K], V]) -> None:
        self._make = make

    def __missing__(self, key: K) -> V:
        value = self._make(key)
        if len(self) < _FEW:
            self[key] = value
        return value


_SECRET = int.from_bytes(os.urandom(7), "little")       # of 56 bits: less than what integers are hashed by the remainder of


class ByNumber(Generic[V]):
    """By integers of a file that have 64 bits at most. Raises KeyError as a dict does."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: dict[int, V] = {}

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, number: int) -> bool:
        return number ^ _SECRET in self._held

    def __getitem__(self, number: int) -> V:
        try:
            return self._held[number ^ _SECRET]
        except KeyError:
            raise KeyError(number) from None

    def __setitem__(self, number: int, value: V) -> None:
        self._held[number ^ _SECRET] = value

    def get(self, number: int) -> V | None:
        """None for a number that is not there."""
        return self._held.get(number ^ _SECRET)

    def discard(self, number: int) -> None:
        """Takes the number out, if it is there."""
        self._held.pop(number ^ _SECRET, None)

    def values(self) -> Iterable[V]:
        """In the order in which their numbers came."""
        return self._held.values()


def distinct(numbers: NDArray[Any]) -> NDArray[Any]:
    """Each of the numbers once, ascending, whatever the shape; of NaN as many as there are. `numpy.unique` gives the same, since numpy 2.3
    out of a hash table with FNV-1a (numpy/_core/src/multiarray/unique.cpp): nineteen thousand chosen numbers take half a second there."""
    import numpy as np
    found: np.ndarray[Any, Any] = np.sort(numbers, axis=None)
    first = np.ones(found.size, bool)
    np.not_equal(found[1:], found[:-1], out=first[1:])
    return found[first]
