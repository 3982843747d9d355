"""Back and forward among the rows of a comparison, the latest fifty that somebody stayed at."""
from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from inspector.gui.models.pair_model import PairModel
from inspector.gui.state.trail import Trail
from inspector.gui.widgets.pair_view import PairView

STAYED = 400                # ms: rows that are only passed by are no steps


class Visits(Trail):
    def __init__(self, view: PairView, model: PairModel, parent: QObject) -> None:
        super().__init__(parent)
        self._view, self._model = view, model
        self._stayed = QTimer(self)
        self._stayed.setSingleShot(True)
        self._stayed.setInterval(STAYED)
        self._stayed.timeout.connect(self.note)
        view.chosen.connect(self._stayed.start)

    def back(self) -> None:
        self.note()                             # from where one is, however short
        super().back()

    def forget(self) -> None:
        """Other files are compared."""
        self._past, self._future = [], []
        self.changed.emit()

    def note(self) -> None:
        """Somebody stays where he is."""
        self._stayed.stop()
        tree, nodes = self._model.tree, self._view.nodes
        key = tree.key(nodes[0]) if tree is not None and nodes else ""
        if not key or (self._past and self._past[-1] == key):
            return
        self._step(key)

    def _go(self, place: str) -> None:
        self._view.go_to(place)
        self._stayed.stop()
        self.changed.emit()
