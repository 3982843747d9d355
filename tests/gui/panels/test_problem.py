"""A file that cannot be opened, said in its place."""
from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.panels.problem import Problem
from inspector.gui.state.session import Selection, Session
from inspector.gui.state.tasks import Tasks


def test_that_a_folder_is_not_called_a_file(session: Session, tasks: Tasks, qtbot: QtBot, tmp_path: Path) -> None:
    empty, text = tmp_path / "empty", tmp_path / "notes.txt"
    empty.mkdir()
    text.write_text("no checkpoint")
    panel = Problem(session, tasks)
    qtbot.addWidget(panel)
    for path, title, name in ((empty, "This folder cannot be opened", "Folder"), (text, "This file cannot be opened", "File")):
        document = session.add(str(path))
        with pytest.raises(core.InspectorError) as caught:
            core.open(path)
        session.failed(document.id, caught.value)
        session.select(Selection(document.id))
        said = [found.text() for found in panel.widget().findChildren(QLabel)]
        assert title in said
        assert name in said
