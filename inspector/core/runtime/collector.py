"""The garbage collector, out of the way while tables of a million small objects grow that hold no cycles."""
from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_pauses = 0             # that are under way, in whatever thread
_was_on = False         # before the first of them
_for_good = False       # one of them was


@contextmanager
def collector_paused(for_good: bool = False) -> Iterator[None]:
    """Without the collector, which would walk the growing tables again and again: three times as fast. Whoever found it
    switched off leaves it so; of several pauses at once, in several threads, the last to end switches it on again. `for_good`: it
    never looks at what was made until now either; that goes when nobody refers to it any more. For programs that wait for a person,
    who would notice each look at a million objects.

    >>> import gc
    >>> with core.collector_paused():
    ...     gc.isenabled()
    ...
    False
    """
    _begin()
    try:
        yield
    finally:
        _end(for_good)


def _begin() -> None:
    global _pauses, _was_on, _for_good
    with _lock:
        if not _pauses:
            _was_on, _for_good = gc.isenabled(), False
            gc.disable()
        _pauses += 1


def _end(for_good: bool) -> None:
    global _pauses, _for_good
    with _lock:
        _pauses -= 1
        _for_good = _for_good or for_good
        if _pauses or not _was_on:
            return
        # to the oldest generation with everything: else the next collection walks a million young objects in one go and
        # the window stands still meanwhile
        gc.freeze()
        if not _for_good:
            gc.unfreeze()
        gc.enable()
