"""How long work says how far it is and learns that it should stop."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

PIECE = 16_384
SIP = 512
GLANCE = 64


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


class Share(Monitor):
    """The work on number `n` (from 0) of `many`, told to the `whole` as a part of all: each has `STEPS` of them. `name` is told instead of
    "2 of 3: " and what the work calls its step; without one, a single work is told as it tells itself.

    >>> class Bar(core.Monitor):
    ...     def report(self, done, total, what=""):
    ...         print(done, total, what)
    ...
    >>> core.Share(Bar(), 1, 3).report(5, 10, "reading")
    1500 3000 2 of 3: reading
    """

    STEPS = 1_000

    def __init__(self, whole: Monitor, n: int, many: int, name: str = "") -> None:
        self._whole, self._n, self._many, self._name = whole, n, many, name

    def report(self, done: int, total: int, what: str = "") -> None:
        if self._many == 1 and not self._name:
            self._whole.report(done, total, what)
        else:
            self._tell(min(done, total) * self.STEPS // total if total > 0 else 0, what)

    def over(self) -> None:
        if self._many > 1 or self._name:
            self._tell(self.STEPS, "")

    def check(self) -> None:
        self._whole.check()

    def _tell(self, part: int, what: str) -> None:
        place = f"{self._n + 1:,} of {self._many:,}"
        self._whole.report(self._n * self.STEPS + part, self._many * self.STEPS, self._name or (f"{place}: {what}" if what else place))


QUIET = Monitor()
"""Tells nobody and never stops: the default of every `monitor=`."""


def in_pieces(items: Iterable[T], most: int = PIECE) -> Iterator[list[T]]:
    """`items` in lists of at most `most`. What runs over a million of them within one call of C, as `set` and `Counter` do, lets no
    other thread have the interpreter until it is through, and a window stands still; over a piece, that is a millisecond."""
    source = iter(items)
    while piece := list(islice(source, most)):
        yield piece


def stoppable(items: Iterable[T], monitor: Monitor) -> Iterator[T]:
    """`items`, of which there may be millions, for a loop in Python that can be stopped and lets a window go first: it asks `monitor` every
    millisecond or so. Raises Cancelled.

    >>> sum(number for number in core.stoppable(range(1_000), core.QUIET))
    499500
    """
    for piece in in_pieces(items, GLANCE):
        monitor.check()
        yield from piece


def sips(items: Iterable[T], monitor: Monitor) -> Iterator[list[T]]:
    """The same for what is quickly gone through, but made as it is asked for: in lists of at most `SIP`, with a look at `monitor` before
    each."""
    for piece in in_pieces(items, SIP):
        monitor.check()
        yield piece


def distinct(items: Iterable[T], monitor: Monitor = QUIET) -> set[T]:
    """The set of `items`, of which there may be millions. Raises Cancelled."""
    found: set[T] = set()
    for piece in sips(items, monitor):
        found.update(piece)
    return found


def counted(items: Iterable[T], monitor: Monitor = QUIET) -> dict[T, int]:
    """How many times each of `items` occurs, of which there may be millions. Raises Cancelled."""
    found: Counter[T] = Counter()
    for piece in sips(items, monitor):
        found.update(piece)
    return found
