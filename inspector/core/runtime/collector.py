"""The garbage collector, out of the way while tables of a million small objects grow that hold no cycles."""
from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.RLock()           # one that is given up may go while it is held
_pauses = 0             # that are under way, in whatever thread
_hands = 0              # that hold the collector
_was_on = False         # before the first of them all
_for_good = False       # one of the pauses was
_kept = False           # there are objects that are not to be looked at
_hidden = False         # others were put with them, which are to be: there is no other way past them

_YOUNG, _MIDDLE, _OLD = 700, 10, 10         # what Python's own collector waits for
_FLOOD = 20_000         # objects that came to stay since the middle generation was looked at: rows of tables, not to be walked in the way
_SHARE = 200            # a look at everything takes at most this part of the time


@contextmanager
def collector_paused(for_good: bool = False) -> Iterator[None]:
    """Without the collector, which would walk the growing tables again and again: three times as fast. Whoever found it
    switched off leaves it so; of several pauses at once, in several threads, the last to end switches it on again. `for_good`: it
    never looks at what was made until now either; that goes when nobody refers to it any more. For programs that wait for a person,
    who would notice each look at a million objects. Where a `CollectorByHand` is held, what other pauses make is looked at once, with
    all there is, when it looks thoroughly next, and no more after that.

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


class CollectorByHand:
    """The collector goes nowhere until `look` is called, and then in the thread that calls: Python's own runs in whichever thread makes
    the object that is one too many, and what it takes away goes there. Windows want theirs to go in the thread that made them.

    >>> hand = core.CollectorByHand()
    >>> hand.look()
    >>> hand.close()
    """

    def __init__(self) -> None:
        self._closed = False
        self._looked, self._took = time.monotonic(), 0.0
        self._grown, self._flooded = 0, False
        _begin(by_hand=True)

    def look(self, thoroughly: bool = False) -> None:
        """Takes away what nobody refers to any more, if enough was made since the last look to be worth one. `thoroughly`: among what is
        old, too, which takes a while. Nothing while the collector is paused."""
        if self._closed or not _was_on or _pauses:
            return
        young, middle, old = gc.get_count()
        if thoroughly and (old > _OLD or self._flooded or _hidden) and time.monotonic() - self._looked > _SHARE * self._took:
            begun = time.monotonic()
            _collect_all()
            self._looked = time.monotonic()
            self._took = self._looked - begun
            self._grown, self._flooded = 0, False
        elif young > _YOUNG:
            self._grown += young
            if self._grown > _FLOOD:            # straight to what is old, and looked at with that
                _put_by()
                self._grown, self._flooded = 0, True
            elif middle > _MIDDLE:
                gc.collect(1)
                self._grown = 0
            else:
                gc.collect(0)

    def close(self) -> None:
        """Python collects by itself again."""
        if not self._closed:
            self._closed = True
            _end(by_hand=True)

    def __del__(self) -> None:
        self.close()


def _put_by() -> None:
    """Puts everything young with what is old, without a look at it: else the next collection walks a million young objects in one go and
    the window stands still meanwhile. What is kept for good stays so, and then has it among it until `_collect_all`."""
    global _hidden
    gc.freeze()
    if _kept and _hands:
        _hidden = True
    else:
        gc.unfreeze()


def _collect_all() -> None:
    global _hidden
    hidden, _hidden = _hidden, False            # what another thread puts by meanwhile is looked at the next time
    if hidden:
        gc.unfreeze()
    gc.collect()
    if hidden:
        gc.freeze()


def _begin(by_hand: bool = False) -> None:
    global _pauses, _hands, _was_on, _for_good
    with _lock:
        if not _pauses:
            _for_good = False
            if not _hands:
                _was_on = gc.isenabled()
                gc.disable()
        if by_hand:
            _hands += 1
        else:
            _pauses += 1


def _end(for_good: bool = False, by_hand: bool = False) -> None:
    global _pauses, _hands, _for_good, _kept, _hidden
    with _lock:
        if by_hand:
            _hands -= 1
        else:
            _pauses -= 1
            _for_good = _for_good or for_good
        if _pauses or not _was_on:
            return
        if not by_hand and _for_good:
            gc.freeze()
            _kept = True
        elif not by_hand:
            _put_by()
        if not _hands:
            if _hidden:             # nobody will look thoroughly
                gc.unfreeze()
                _kept = _hidden = False
            gc.enable()
