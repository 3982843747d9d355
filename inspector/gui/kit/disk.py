"""Disks, for which a window does not wait: a network drive that is gone lets whoever asks for a file wait for minutes."""
from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot
from shiboken6 import isValid

T = TypeVar("T")

_SOON = 0.05                    # seconds for which the window waits for an answer


def told_soon(look: Callable[[], T], otherwise: T) -> T:
    """What `look` finds at a path, where that takes a moment; `otherwise` where nothing answers, or it says that it cannot. For what has
    to be known at once."""
    found: list[T] = []

    def ask() -> None:
        with suppress(OSError):
            found.append(look())

    asking = threading.Thread(target=ask, name="inspector-looking", daemon=True)
    asking.start()
    asking.join(_SOON)
    return found[0] if found else otherwise


def told_of(path: str, look: Callable[[str], T], otherwise: T) -> T:
    """What `look` makes of `path`, for which it asks the disk only where a member of an archive may be meant."""
    return told_soon(lambda: look(path), otherwise) if "!" in path else look(path)


def told_later(work: Callable[[], str], owner: QObject, say: Callable[[str], object]) -> None:
    """Does `work`, which needs nothing of the window, beside it; on the GUI thread `say` is called with what comes of it, unless `owner` is
    gone by then. What it raises reaches the exception hook. For what has no `Tasks` at hand."""
    word = _Word(owner, say)

    def run() -> None:
        try:
            found: str | Exception = work()
        except Exception as error:
            found = error
        with suppress(RuntimeError):            # the program ends
            word.found.emit(found)

    _under_way.add(word)
    threading.Thread(target=run, name="inspector-writing", daemon=True).start()


class _Word(QObject):
    """Made on the GUI thread, where what comes of the work is told."""

    found = Signal(object)

    def __init__(self, owner: QObject, say: Callable[[str], object]) -> None:
        super().__init__()
        self._owner, self._say = owner, say
        self.found.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    @Slot(object)
    def _tell(self, found: str | Exception) -> None:
        _under_way.discard(self)
        if isinstance(found, Exception):
            sys.excepthook(type(found), found, found.__traceback__)
        elif isValid(self._owner):
            self._say(found)


_under_way: set[_Word] = set()          # nobody else holds them
