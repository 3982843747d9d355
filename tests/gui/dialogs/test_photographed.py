"""Every dialog in Chinese, and with texts half as long again as the English ones: no text has less room than it takes."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QTranslator
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from inspector import core, languages
from inspector.gui.dialogs.apply_to_all import ApplyToAll
from inspector.gui.dialogs.doctor import Doctor
from inspector.gui.dialogs.edit import EditDialog
from inspector.gui.dialogs.edit_forms import _FORMS as FORMS
from inspector.gui.dialogs.preferences import Preferences
from inspector.gui.dialogs.print_preview import PrintPreview
from inspector.gui.dialogs.report import ReportDialog
from inspector.gui.dialogs.save import SaveDialog
from inspector.gui.dialogs.save_all import SaveAll
from inspector.gui.kit import translators
from inspector.gui.kit.settings import Settings
from inspector.gui.state.session import Document, Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets import boxes
from tests.gui.frame.test_panels_photographed import cut
from tests.gui.longer import Longer


@pytest.fixture(params=["chinese", "longer"])
def speech(qapp: QApplication, request: pytest.FixtureRequest) -> Iterator[str]:
    before = {*qapp.findChildren(QTranslator)}
    if request.param == "chinese":
        translators.install(qapp, "zh_CN")
    else:
        qapp.installTranslator(Longer(qapp))
    yield request.param
    for translator in {*qapp.findChildren(QTranslator)} - before:
        qapp.removeTranslator(translator)
        translator.deleteLater()
    languages.use("en")


def _for_others(session: Session, tasks: Tasks, document: Document) -> QDialog:
    session.loaded(session.add(document.path + " 2").id, core.open(document.path))
    session.add_edits(document.id, (core.StripPrefix("module."),))
    return ApplyToAll(session, tasks, document.id)


def _all(session: Session, tasks: Tasks, document: Document) -> QDialog:
    session.add_edits(document.id, (core.StripPrefix("module."),))
    return SaveAll(session, tasks)


Make = Callable[[Session, Tasks, Settings, Document, str], QDialog]
DIALOGS: dict[str, Make] = {
    "preferences": lambda session, tasks, settings, document, folder: Preferences(settings),
    "apply-to-all": lambda session, tasks, settings, document, folder: _for_others(session, tasks, document),
    "report": lambda session, tasks, settings, document, folder: ReportDialog(core.open(document.path)),
    "save": lambda session, tasks, settings, document, folder: SaveDialog(tasks, document, f"{folder}/new.safetensors"),
    "save-all": lambda session, tasks, settings, document, folder: _all(session, tasks, document),
    "print": lambda session, tasks, settings, document, folder: PrintPreview(tasks, "<h1>One</h1>", "one"),
    "doctor": lambda session, tasks, settings, document, folder: Doctor(session, tasks, document.id)}


def _edit(kind: str) -> Make:
    return lambda session, tasks, settings, document, folder: EditDialog(session, tasks, document.id, kind)


DIALOGS |= {f"edit {kind}": _edit(kind) for kind in FORMS}


@pytest.mark.parametrize("dialog", DIALOGS)
def test_that_no_text_of_a_dialog_is_cut(dialog: str, speech: str, session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot,
                                         tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boxes, "FRAME", (0, 100))           # the screen of tests is 800 pixels high
    weights = {f"module.layers.{n}.weight": np.zeros((4, 4), np.float32) for n in range(3)}
    path = core.save({"epoch": 1, "model": weights}, tmp_path / "one.pth").path
    document = session.add(path)
    session.loaded(document.id, core.open(path))
    made = DIALOGS[dialog](session, tasks, settings, document, str(tmp_path))
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(lambda: not tasks.running)
    QApplication.processEvents()
    assert (made.width() <= 1024, made.height() <= 700) == (True, True)
    assert cut(made) == []
    made.close()
