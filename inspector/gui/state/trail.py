"""Back and forward among the places where somebody was, the latest fifty."""
from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

MOST = 50


class Trail(QObject):
    """What a place is, and how one goes there, is said by who derives from it."""

    changed = Signal()          # whether there is a way back, or forward

    def __init__(self, parent: QObject | None) -> None:
        super().__init__(parent)
        self._past: list[Any] = []              # the present place last
        self._future: list[Any] = []            # the nearest last

    @property
    def can_go_back(self) -> bool:
        return len(self._past) > 1

    @property
    def can_go_forward(self) -> bool:
        return bool(self._future)

    def back(self) -> None:
        if self.can_go_back:
            self._future.append(self._past.pop())
            self._go(self._past[-1])

    def forward(self) -> None:
        if self._future:
            self._past.append(self._future.pop())
            self._go(self._past[-1])

    def _go(self, place: Any) -> None:
        raise NotImplementedError

    def _step(self, place: Any) -> None:
        """Somebody went there."""
        self._past = [*self._past, place][-MOST:]
        self._future.clear()
        self.changed.emit()
