"""Back and forward among the rows of a comparison, the latest fifty that somebody stayed at."""
from __future__ import annotations

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from inspector.gui.models.pair_model import PairModel
from inspector.gui.widgets.pair_view import PairView

MOST = 50
STAYED = 400                # ms: rows that are only passed by are no steps


class Visits(QObject):
    changed = Signal()          # whether there is a way back, or forward

    def __init__(self, view: PairView, model: PairModel, parent: QObject) -> None:
        super().__init__(parent)
        self._view, self._model = view, model
        self._past: list[str] = []              # keys, the present one last
        self._future: list[str] = []            # the nearest last
        self._stayed = QTimer(self)
        self._stayed.setSingleShot(True)
        self._stayed.setInterval(STAYED)
        self._stayed.timeout.connect(self.note)
        view.chosen.connect(self._stayed.start)

    @property
    def can_go_back(self) -> bool:
        return len(self._past) > 1

    @property
    def can_go_forward(self) -> bool:
        return bool(self._future)

    def back(self) -> None:
        self.note()                             # from where one is, however short
        if self.can_go_back:
            self._future.append(self._past.pop())
            self._go()

    def forward(self) -> None:
        if self._future:
            self._past.append(self._future.pop())
            self._go()

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
        self._past = [*self._past, key][-MOST:]
        self._future.clear()
        self.changed.emit()

    def _go(self) -> None:
        row = self._model.reveal(self._past[-1])
        if row is not None:
            self._view.select_row(row)
            self._view.setFocus(Qt.FocusReason.OtherFocusReason)
        self._stayed.stop()
        self.changed.emit()
