"""The garbage collector, out of the way while tables of a million small objects grow that hold no cycles."""
from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused(for_good: bool = False) -> Iterator[None]:
    """Without the collector, which would walk the growing tables again and again: three times as fast. Whoever found it
    switched off leaves it so. `for_good`: it never looks at what was made until now either; that goes when nobody refers to
    it any more. For programs that wait for a person, who would notice each look at a million objects."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            # to the oldest generation with everything: else the next collection walks a million young objects in one go and
            # the window stands still meanwhile
            gc.freeze()
            if not for_good:
                gc.unfreeze()
            gc.enable()
