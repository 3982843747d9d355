"""What answers for the selection. One more panel is one more file and one more line in `PANELS`."""
from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from ..session import Session
from ..tasks import Tasks
from .details import Details
from .edits import EditsPanel
from .overview import Overview
from .statistics import StatisticsPanel


class Panel(NamedTuple):
    """`name` is its stable name, `title` says what it is called, `icon` a picture of `icons`."""

    name: str
    title: Callable[[], str]
    icon: str
    build: Callable[[Session, Tasks, QWidget | None], QWidget]


PANELS: tuple[Panel, ...] = (
    Panel("overview", lambda: QCoreApplication.translate("Panels", "Overview"), "overview", Overview),
    Panel("statistics", lambda: QCoreApplication.translate("Panels", "Statistics"), "chart", StatisticsPanel),
    Panel("details", lambda: QCoreApplication.translate("Panels", "Details"), "details", Details),
    Panel("edits", lambda: QCoreApplication.translate("Panels", "Edits"), "edit", EditsPanel),
)
