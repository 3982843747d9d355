"""What comes from a file and is put into a dict or a set.

Python's hashes of texts and bytes are keyed by the process; those of numbers, and of tuples of numbers such as shapes, are known to
whoever writes a file. He can choose ninety thousand of one hash, and a dict that holds them takes minutes. So numbers from a file go
into a dict as text (`as_key`), or into one that never holds many (`Few`).
"""
from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

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
