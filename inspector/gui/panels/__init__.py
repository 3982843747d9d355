"""What answers for the selection. One more panel is one more file and one more line in `PANELS`."""
from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from inspector import core
from inspector.gui.state.session import Session
from inspector.gui.state.tasks import Tasks

from .code import CodePanel
from .details import Details
from .edits import EditsPanel
from .heatmap import HeatmapPanel
from .layers import LayersPanel
from .overview import Overview
from .statistics import StatisticsPanel
from .values import ValuesPanel


class Panel(NamedTuple):
    """`name` is its stable name, `title` says what it is called, `icon` a picture of `icons`. With `fits` it is there only for
    checkpoints that it has something to say about."""

    name: str
    title: Callable[[], str]
    icon: str
    build: Callable[[Session, Tasks, QWidget | None], QWidget]
    fits: Callable[[core.Checkpoint], bool] | None = None


PANELS: tuple[Panel, ...] = (
    Panel("overview", lambda: QCoreApplication.translate("Panels", "Overview"), "overview", Overview),
    Panel("statistics", lambda: QCoreApplication.translate("Panels", "Statistics"), "chart", StatisticsPanel),
    Panel("heatmap", lambda: QCoreApplication.translate("Panels", "Heatmap"), "heatmap", HeatmapPanel),
    Panel("values", lambda: QCoreApplication.translate("Panels", "Values"), "values", ValuesPanel),
    Panel("layers", lambda: QCoreApplication.translate("Panels", "Layers"), "layers", LayersPanel),
    Panel("details", lambda: QCoreApplication.translate("Panels", "Details"), "details", Details),
    Panel("edits", lambda: QCoreApplication.translate("Panels", "Edits"), "edit", EditsPanel),
    Panel("code", lambda: QCoreApplication.translate("Panels", "Code"), "code", CodePanel, lambda ckpt: bool(core.texts(ckpt))),
)
