"""Loops over elements, compiled with numba when there is enough to do.

Nothing ever waits for a compiler: each loop has a twin in numpy that gives the same numbers, and a loop is compiled (or fetched
from numba's cache, beside its file or in the user's cache folder) by the first request of `WORTH` bytes or more, and used from
then on by all. Without numba, or where it fails, the twins do all the work.
"""
from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any, NamedTuple

WORTH = 32 << 20            # bytes from which on compiling, or only loading the compiler, is sooner done than numpy


class Recipe(NamedTuple):
    """`arguments` are numba's names of types; of an array with its dimensions, of one that is only read with `const`: what comes
    from files is. `fastmath` is numba's."""

    function: Callable[..., Any]
    arguments: str
    fastmath: Any = False


class Loops:
    """The compiled loops of a room, by name. `ready` maps those that were wanted so far to None where that failed."""

    def __init__(self, recipe: Callable[[str], Recipe]) -> None:
        self._recipe = recipe
        self._lock = Lock()
        self.ready: dict[str, Callable[..., Any] | None] = {}

    def get(self, name: str, worth: int) -> Callable[..., Any] | None:
        """The compiled loop if it is there, or when `worth` bytes are to be read. None: the twin is to be used."""
        if name in self.ready:
            return self.ready[name]
        if worth < WORTH:
            return None
        with self._lock:
            if name not in self.ready:
                self.ready[name] = build(self._recipe, name)
        return self.ready[name]


def build(recipe: Callable[[str], Recipe], name: str) -> Callable[..., Any] | None:
    """The loop compiled now, or None."""
    try:
        import numba
        from numba import types
        simple = {str(kind): kind for kind in (types.uint16, types.uint32, types.uint64, types.int32, types.int64,
                                               types.float32, types.float64)}
        function, words, fastmath = recipe(name)
        arguments = []
        for word in words.replace("const ", "const:").split():
            kind, _, rank = word.removeprefix("const:").rstrip("]").partition("[")
            arguments.append(types.Array(simple[kind], int(rank), "C", readonly=word.startswith("const:")) if rank else simple[kind])
        compiled: Callable[..., Any] = numba.njit(tuple(arguments), nogil=True, cache=True, fastmath=fastmath)(function)
        return compiled
    except Exception:       # no numba, one that does not fit this Python or numpy, no folder for its cache …
        return None
