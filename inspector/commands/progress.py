"""How far long work is, on a terminal."""
from __future__ import annotations

import time
from collections.abc import Callable

from inspector import core
from inspector.sentences import said

_EVERY = 0.1        # seconds between two pictures
_AFTER = 0.5        # what is over sooner needs no bar
_BAR = 24
_WHAT = 40


class Bar(core.Monitor):
    """One line that is drawn over itself with `write`, and taken away again by `clear`."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._next = time.monotonic() + _AFTER
        self._width = 0

    def report(self, done: int, total: int, what: str = "") -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _EVERY
        share = min(done / total, 1.0) if total > 0 else 0.0
        filled = int(share * _BAR)
        line = f"[{'#' * filled}{'-' * (_BAR - filled)}] {share:4.0%} {core.visible(said(what), _WHAT)}"
        drawn = line.ljust(self._width)
        self._width = len(line)         # before it is drawn: Ctrl-C may come between the two
        self._write("\r" + drawn)

    def clear(self) -> None:
        if self._width:
            self._write("\r" + " " * self._width + "\r")
            self._width = 0
