"""How much each tensor changed, as the comparison that was last read through has it: for pictures of the files that it was of."""
from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple
from weakref import ref

from PySide6.QtCore import QObject, Signal

from inspector import core

from .session import Document, Session


class FileChanges(NamedTuple):
    """By the keys of one of two files: how far its tensors are from those of the other, relative to A's norm (see `core.Difference`); NaN
    where there is nothing to measure: no partner, or one of another shape. Keys that were not compared are not there."""

    other: str
    by_key: Mapping[str, float]


class Changes(QObject):
    """One a session, on the GUI thread. Kept until either file is closed or becomes another."""

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._kept: dict[int, tuple[ref[core.Checkpoint], FileChanges]] = {}
        session.document_removed.connect(self._forget)

    @staticmethod
    def shared(session: Session) -> Changes:
        """The one of `session`."""
        return session.findChild(Changes) or Changes(session)

    def keep(self, ids: tuple[int, int], comparison: core.Comparison, found: tuple[Mapping[str, float], Mapping[str, float]]) -> None:
        """Takes in what `changes_of` made of a comparison of these documents."""
        paths = comparison.a.path, comparison.b.path
        sides = zip(ids, (comparison.a, comparison.b), found, reversed(paths), strict=True)
        self._kept = {id: (ref(ckpt), FileChanges(other, by_key)) for id, ckpt, by_key, other in sides}
        self.changed.emit()

    def of(self, document: Document) -> FileChanges | None:
        """None where it was not compared as it is now."""
        found = self._kept.get(document.id)
        return found[1] if found is not None and document.checkpoint is not None and found[0]() is document.checkpoint else None

    def _forget(self, id: int) -> None:
        if id in self._kept:
            self._kept.clear()
            self.changed.emit()


def changes_of(comparison: core.Comparison, monitor: core.Monitor = core.QUIET) -> tuple[dict[str, float], dict[str, float]]:
    """By A's keys, and by B's. In a worker."""
    a: dict[str, float] = {}
    b: dict[str, float] = {}
    for pair in core.stoppable(comparison.pairs, monitor):
        change = _change(pair)
        if change is not None:
            for keys, key in ((a, pair.a), (b, pair.b)):
                if key is not None:
                    keys[key] = change
    return a, b


def _change(pair: core.Pair) -> float | None:
    if pair.a is None or pair.b is None or pair.status == "shape":
        return math.nan
    if pair.difference is None:
        return 0.0 if pair.status in ("equal", "renamed") else None
    if pair.difference.problem or pair.difference.nonfinite:
        return math.nan
    return pair.difference.rel
