"""The architecture of the models in a file."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from pytestqt.qtbot import QtBot
from torch import nn

from inspector import core
from inspector.gui.panels import modules
from inspector.gui.panels.modules import ModulesPanel
from inspector.gui.state.session import Selection, Session
from inspector.gui.state.tasks import Tasks


@pytest.fixture
def panel(session: Session, tasks: Tasks, qtbot: QtBot) -> ModulesPanel:
    made = ModulesPanel(session, tasks)
    qtbot.addWidget(made)
    made.resize(700, 500)
    made.show()
    return made


def show(session: Session, tasks: Tasks, qtbot: QtBot, path: Path) -> None:
    document = session.add(str(path))
    session.loaded(document.id, core.open(path))
    session.select(Selection(document.id, ""))
    qtbot.waitUntil(lambda: not tasks.running)


def test_that_a_pickled_model_is_shown_as_print_shows_it(panel: ModulesPanel, session: Session, tasks: Tasks, qtbot: QtBot,
                                                         tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.Dropout(0.1))
    torch.save(model, tmp_path / "m.pth")
    show(session, tasks, qtbot, tmp_path / "m.pth")
    qtbot.waitUntil(lambda: panel.pages.currentWidget() is panel.view)
    assert panel.view.edit.toPlainText() == repr(model)
    assert panel.title.text() == "9 parameters"
    assert "pickled" in panel.about.text()


def test_that_what_was_inferred_is_said_to_be_and_a_file_without_a_model_is_told(panel: ModulesPanel, session: Session, tasks: Tasks,
                                                                                qtbot: QtBot, tmp_path: Path) -> None:
    core.save({"model": {"a.weight": np.zeros((2, 3))}, "epoch": 1}, tmp_path / "s.pth")
    show(session, tasks, qtbot, tmp_path / "s.pth")
    qtbot.waitUntil(lambda: panel.pages.currentWidget() is panel.view)
    assert panel.view.edit.toPlainText().splitlines()[0] == "# model"
    assert "Inferred" in panel.about.text()
    core.save({"epoch": 1}, tmp_path / "n.pth")
    show(session, tasks, qtbot, tmp_path / "n.pth")
    qtbot.waitUntil(lambda: "no model" in panel.message.text())
    assert panel.pages.currentWidget() is panel.message
    assert not panel.copy_button.isEnabled()


def test_that_a_model_of_very_many_modules_is_cut_and_the_rest_counted(panel: ModulesPanel, session: Session, tasks: Tasks, qtbot: QtBot,
                                                                      tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modules, "LINES", 10)
    core.save({f"a{n}.weight": np.zeros((n + 1, 2)) for n in range(30)}, tmp_path / "m.pth")
    show(session, tasks, qtbot, tmp_path / "m.pth")
    qtbot.waitUntil(lambda: panel.pages.currentWidget() is panel.view)
    assert len(panel.view.edit.toPlainText().splitlines()) == 10
    assert "23 lines more" in panel.about.text()
