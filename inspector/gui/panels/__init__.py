"""What answers for the selection. One more panel is one more file, a function that loads it when its tab is first looked at, and a
line in `PANELS`."""
from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from inspector import core
from inspector.gui.state.session import Session
from inspector.gui.state.tasks import Tasks


class Panel(NamedTuple):
    """`name` is its stable name, `title` says what it is called, `icon` a picture of `icons`. With `fits` it is there only for
    checkpoints that it has something to say about."""

    name: str
    title: Callable[[], str]
    icon: str
    build: Callable[[Session, Tasks, QWidget | None], QWidget]
    fits: Callable[[core.Checkpoint], bool] | None = None


def _overview(session: Session, tasks: Tasks, parent: QWidget | None) -> QWidget:
    from .overview import Overview
    return Overview(session, tasks, parent)


def _statistics(session: Session, tasks: Tasks, parent: QWidget | None) -> QWidget:
    from .statistics import StatisticsPanel
    return StatisticsPanel(session, tasks, parent)


def _heatmap(session: Session, tasks: Tasks, parent: QWidget | None) -> QWidget:
    from .heatmap import HeatmapPanel
    return HeatmapPanel(session, tasks, parent)


def _values(session: Session, tasks: Tasks, parent: QWidget | None) -> QWidget:
    from .values import ValuesPanel
    return ValuesPanel(session, tasks, parent)


def _layers(session: Session, tasks: Tasks, parent: QWidget | None) -> QWidget:
    from .layers import LayersPanel
    return LayersPanel(session, tasks, parent)


def _details(session: Session, tasks: Tasks, parent: QWidget | None) -> QWidget:
    from .details import Details
    return Details(session, tasks, parent)


def _edits(session: Session, tasks: Tasks, parent: QWidget | None) -> QWidget:
    from .edits import EditsPanel
    return EditsPanel(session, tasks, parent)


def _modules(session: Session, tasks: Tasks, parent: QWidget | None) -> QWidget:
    from .modules import ModulesPanel
    return ModulesPanel(session, tasks, parent)


def _code(session: Session, tasks: Tasks, parent: QWidget | None) -> QWidget:
    from .code import CodePanel
    return CodePanel(session, tasks, parent)


PANELS: tuple[Panel, ...] = (
    Panel("overview", lambda: QCoreApplication.translate("Panels", "Overview"), "overview", _overview),
    Panel("statistics", lambda: QCoreApplication.translate("Panels", "Statistics"), "chart", _statistics),
    Panel("heatmap", lambda: QCoreApplication.translate("Panels", "Heatmap"), "heatmap", _heatmap),
    Panel("values", lambda: QCoreApplication.translate("Panels", "Values"), "values", _values),
    Panel("layers", lambda: QCoreApplication.translate("Panels", "Layers"), "layers", _layers),
    Panel("details", lambda: QCoreApplication.translate("Panels", "Details"), "details", _details),
    Panel("edits", lambda: QCoreApplication.translate("Panels", "Edits"), "edit", _edits),
    Panel("modules", lambda: QCoreApplication.translate("Panels", "Modules"), "group", _modules, lambda ckpt: bool(core.model_dicts(ckpt))),
    Panel("code", lambda: QCoreApplication.translate("Panels", "Code"), "code", _code, lambda ckpt: bool(core.texts(ckpt))),
)
