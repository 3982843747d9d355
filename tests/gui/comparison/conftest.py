"""What tests of the comparison share."""
from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from inspector.gui.frame.main_window import MainWindow
from inspector.gui.kit.settings import Settings
from inspector.gui.state.session import Session
from inspector.gui.state.tasks import Tasks

from .desk import Desk


@pytest.fixture
def desk(session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot, tmp_path: Path) -> Desk:
    window = MainWindow(session, tasks, settings)
    qtbot.addWidget(window)
    window.resize(1400, 900)
    window.show()
    return Desk(window, qtbot, tmp_path, settings)
