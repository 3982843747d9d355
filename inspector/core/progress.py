"""How long work says how far it is and learns that it should stop."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

_PIECE = 16_384


class Monitor:
    """The quiet default: reports go nowhere and nothing is ever cancelled. Subclasses override either method; both may be
    called from any thread and must be cheap.

    >>> class Bar(core.Monitor):
    ...     def report(self, done, total, what=""):
    ...         print(f"{done} of {total} bytes")
    ...
    >>> found = core.summarize({"w": np.ones(3)}, monitor=Bar())
    24 of 24 bytes
    """

    def report(self, done: int, total: int, what: str = "") -> None:
        """`done` of `total` bytes (or items), `what` names the present step. Raises `Cancelled` when asked to stop."""

    def check(self) -> None:
        """Raises `Cancelled` when asked to stop."""


QUIET = Monitor()
"""Tells nobody and never stops: the default of every `monitor=`."""


def in_pieces(items: Iterable[T], most: int = _PIECE) -> Iterator[list[T]]:
    """`items` in lists of at most `most`. What runs over a million of them within one call of C, as `set` and `Counter` do, lets no
    other thread have the interpreter until it is through, and a window stands still; over a piece, that is a millisecond."""
    source = iter(items)
    while piece := list(islice(source, most)):
        yield piece


def distinct(items: Iterable[T]) -> set[T]:
    """The set of `items`, of which there may be millions."""
    found: set[T] = set()
    for piece in in_pieces(items):
        found.update(piece)
    return found


def counted(items: Iterable[T]) -> dict[T, int]:
    """How many times each of `items` occurs, of which there may be millions."""
    found: Counter[T] = Counter()
    for piece in in_pieces(items):
        found.update(piece)
    return found
