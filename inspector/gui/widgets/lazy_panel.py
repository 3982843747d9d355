"""What only works while it can be seen: the ground that panels stand on."""
from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from PySide6.QtCore import QPoint, QSize, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from inspector import core
from inspector.gui.state.requests import Requests
from inspector.gui.state.session import Session
from inspector.gui.state.tasks import Tasks


class LazyPanel(QWidget):
    """A panel says in `follow` what it shows, and asks for it; that is called when there may be something new and the panel is on show,
    or once it is. What it asks for is paused while nobody looks."""

    def __init__(self, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._stale = True
        self._requests: list[Requests[Any]] = []

    def follow(self) -> None:
        """Shows what is to be shown now."""
        raise NotImplementedError

    def refresh(self) -> None:
        """There may be something else to show: at once, or when somebody looks."""
        if self.isVisible():
            self._stale = False
            self.follow()
        else:
            self._stale = True
            self._pause()

    def make_requests(self, task: Hashable, *, keep: int = 0, limit: Callable[[], int] | None = None, rest: int = 0) -> Requests[Any]:
        """See `Requests`; of this panel, so that they pause with it."""
        made: Requests[Any] = Requests(self._tasks, task, self, keep=keep, limit=limit, rest=rest)
        self._requests.append(made)
        return made

    def _pause(self) -> None:
        for requests in self._requests:
            self._stale = self._stale or requests.phase.is_busy
            requests.pause()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._pause()

    def sizeHint(self) -> QSize:
        return QSize(560, 640)


class SelectionPanel(LazyPanel):
    """A panel that answers for what is selected. Of a file that is no longer it, a hidden one keeps nothing (`let_go`): it may have been
    closed."""

    panel_asked = Signal(str)                   # the name of another panel, of the same selection
    place_asked = Signal(object)                # an element of the selected tensor among its values: by its index, or a core.SearchTarget
    menu_asked = Signal(int, str, QPoint)       # what can be done with a key of a document, at a place of the screen

    def __init__(self, session: Session, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(tasks, parent)
        self._session = session
        self._followed: core.Checkpoint | None = None
        session.selection_changed.connect(self.refresh)
        session.document_changed.connect(self._document_changed)
        session.seen_changed.connect(self._document_changed)

    def refresh(self) -> None:
        document = self._session.selected_document
        selected = document.checkpoint if document is not None else None
        if self.isVisible():
            self._followed = selected
        elif self._followed is not None and selected is not self._followed:
            self._followed = None
            self.let_go()
        super().refresh()

    def seek(self, place: tuple[int, ...] | core.SearchTarget) -> None:
        """Leads to an element of the selected tensor, in a panel that shows single ones: by its index, or the first that is so."""

    def let_go(self) -> None:
        """Forgets what is shown. Panels that hold more than what they asked for add to this."""
        for requests in self._requests:
            requests.ask(None)

    def _document_changed(self, id: int) -> None:
        document = self._session.selected_document
        if document is not None and document.id == id:
            self.refresh()
