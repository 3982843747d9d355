"""Back and forward: which key was looked at on which panel, the latest fifty."""
from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QObject

from inspector.gui.state.session import Selection, Session
from inspector.gui.state.trail import Trail

from .panel_tabs import NAMES, PanelTabs

_KEYS = 1000            # of a selection that are remembered; of a larger one its group is


class Visit(NamedTuple):
    selection: Selection
    panel: str


class History(Trail):
    def __init__(self, session: Session, tabs: PanelTabs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._tabs = session, tabs
        self._going = False
        session.selection_changed.connect(self._note)
        session.document_removed.connect(self._forget)
        tabs.currentChanged.connect(self._note)
        self._note()

    def _go(self, visit: Visit) -> None:
        self._going = True
        self._tabs.show_panel(visit.panel)
        self._session.select(visit.selection)
        self._going = False
        self.changed.emit()

    def _note(self) -> None:
        """Somebody went somewhere. The same visit with other keys (a group whose keys became known) is no step."""
        selection = self._session.selection
        if selection is None or self._going:
            return
        kept = selection if len(selection.keys) <= _KEYS else selection._replace(keys=())
        here = Visit(kept, NAMES[self._tabs.currentIndex()])
        before: Visit | None = self._past[-1] if self._past else None
        if before is not None and before.panel == here.panel and _place_of(before.selection) == _place_of(kept):
            self._past[-1] = here
            return
        self._step(here)

    def _forget(self, id: int) -> None:
        """There is no way to a file that was closed."""
        for visits in (self._past, self._future):
            visits[:] = [visit for visit in visits if visit.selection.document != id]
        self.changed.emit()


def _place_of(selection: Selection) -> tuple[object, ...]:
    """What makes two selections two visits: of several keys from all over, which they are."""
    return selection.document, selection.prefix, selection.value
