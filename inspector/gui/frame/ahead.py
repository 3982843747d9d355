"""What is shown only when somebody asks for it, made ready before: a little in a turn of the event loop, while nothing else goes on.

    a file is shown, nothing runs → modules, one a turn → panels, one a turn → with a second file, the page of a comparison, part by part

All at once they take several frames. Whoever asks meanwhile gets the rest at once, as without this. Modules are loaded in the window's
thread, for nothing that knows Qt may be loaded beside it (see `plot_library`), and in an order in which each brings no other along.
"""
from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from inspector.core.runtime import late
from inspector.gui.state.session import Session, State
from inspector.gui.state.tasks import Tasks

from .compare_commands import CompareCommands
from .panel_tabs import PanelTabs

_REST = 30              # milliseconds between two turns, for whoever does something meanwhile
_CALM = 300             # ... and before the first: who types sets something to work with each letter, and what it finds is looked at
_WINDOW = (
    "widgets.flow", "widgets.heading", "widgets.result_pages", "widgets.plot_library", "widgets.plot_canvas", "widgets.quantile_strip",
    "widgets.histogram_svg", "widgets.histogram_plot", "widgets.choice", "widgets.histogram_controls", "widgets.seen_as",
    "widgets.stats_table", "widgets.value_chips", "panels.statistics",
    "models.layer_table", "widgets.layer_cells", "widgets.line_plot", "widgets.ridges", "panels.layers",
    "models.pair_tree", "models.pair_lines", "models.pair_model", "widgets.pair_delegate", "widgets.chips", "widgets.pair_view",
    "widgets.colour_maps", "widgets.kernel_sheet", "widgets.slice_controls", "widgets.heatmap_view",
    "state.changes", "comparison", "comparison.kept_differences", "comparison.known", "comparison.progress", "comparison.base_progress",
    "comparison.base_row", "comparison.change_ruler", "comparison.difference_map", "comparison.notice", "comparison.pair_panel",
    "comparison.verdicts", "comparison.relation_table", "comparison.relations_panel", "comparison.rules_panel", "comparison.sides",
    "comparison.visits", "comparison.page",
    "widgets.kernel_page", "panels.heatmap", "models.value_grid", "panels.values", "widgets.description", "panels.details",
    "widgets.preview_table", "panels.edits", "widgets.code_highlighter", "widgets.code_view", "panels.modules", "panels.code")
_CORE = ("packed.reinterpreted", "packed.view", "by_path.packed", "architecture.modules", "architecture.torch_words",
         "architecture.inferred", "architecture.pickled", "architecture.listing", "architecture.orientation", "by_path.architecture")
MODULES = (*(f"inspector.gui.{name}" for name in _WINDOW), *(f"inspector.core.{name}" for name in _CORE))


class Ahead(QObject):
    """Begins by itself, whenever nothing runs any more."""

    def __init__(self, session: Session, tasks: Tasks, tabs: PanelTabs, comparison: CompareCommands, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._tasks, self._tabs, self._comparison = session, tasks, tabs, comparison
        self._left = iter(MODULES)
        self._turn = QTimer(self)           # none that goes off once: nothing that is shown waits for it
        self._turn.timeout.connect(self._go_on)
        tasks.idle.connect(self._wait)

    @property
    def at_work(self) -> bool:
        return self._turn.isActive()

    def _wait(self) -> None:
        self._turn.start(_CALM)

    def _go_on(self) -> None:
        if self._tasks.running or not self._make_part():
            self._turn.stop()
        else:
            self._turn.setInterval(_REST)

    def _make_part(self) -> bool:
        """Whether there is more to be made."""
        if not any(document.state is State.READY for document in self._session.documents):
            return False
        name = next(self._left, None)
        if name is not None:
            late.module(name)
            return True
        if self._tabs.make_ahead():
            return True
        return len(self._session.documents) > 1 and self._comparison.make_ahead()
