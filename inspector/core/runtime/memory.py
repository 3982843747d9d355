"""Memory that nobody uses any more goes back to the system."""
from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache


def release_memory() -> bool:
    """Gives back the pages that this process has for nothing. glibc keeps what lies between blocks in use, in its arenas, of which
    every thread has its own: after a large file was opened that is a third of all. Takes a few milliseconds, in which other threads go on.
    False where the system has no such call, as it needs none.

    >>> import sys
    >>> core.release_memory() or not sys.platform.startswith("linux")
    True
    """
    trim = _trim()
    return trim is not None and trim(0) >= 0


@cache                  # a library that is opened again and again is a circle each time
def _trim() -> Callable[[int], int] | None:
    if not sys.platform.startswith("linux"):
        return None
    import ctypes
    found: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)      # other libraries of C have none
    return found
