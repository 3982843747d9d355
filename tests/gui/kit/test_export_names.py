"""What files are called that are made of a checkpoint, and where they are first looked for."""
from __future__ import annotations

import os
import threading
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFileDialog, QLabel, QWidget
from pytestqt.qtbot import QtBot

from inspector.gui.kit import disk, exporting, file_dialogs


@pytest.mark.parametrize(("path", "key", "name"), [
    ("/runs/last.pth", "fc.weight", "last-fc.weight-histogram.png"), ("/runs/last.pth", "", "last-histogram.png"),
    ("model.tar.gz", "w", "model.tar-w-histogram.png"),
    ("", "", "histogram.png"), ("/x/.pth", "a/b", "pth-a_b-histogram.png")])
def test_that_a_name_says_of_what_file_and_tensor_it_is(path: str, key: str, name: str) -> None:
    assert exporting.name_of(path, key, "histogram", ".png") == name


def test_that_the_next_file_is_saved_to_the_folder_of_the_one_before(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parent, begun = QWidget(), list[str]()
    qtbot.addWidget(parent)
    answers = iter([str(tmp_path / "a.png"), "", "elsewhere/b.png"])

    def chosen(parent: QWidget, title: str, name: str, kinds: str) -> tuple[str, str]:
        begun.append(name)
        return next(answers), kinds

    monkeypatch.setattr(file_dialogs._Kept, "folder", "")
    monkeypatch.setattr(file_dialogs._Kept, "settings", None)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", chosen)
    for _ in range(3):
        file_dialogs.ask_where_to_save(parent, "Save", "x.png", "")
    assert begun == ["x.png", str(tmp_path / "x.png"), str(tmp_path / "x.png")]
    assert file_dialogs._Kept.folder == "elsewhere"


def test_that_a_dialog_does_not_begin_in_a_folder_that_does_not_answer(qtbot: QtBot, tmp_path: Path,
                                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    parent, begun, answers = QWidget(), list[str](), threading.Event()
    qtbot.addWidget(parent)
    is_dir = os.path.isdir
    monkeypatch.setattr(disk, "_SOON", 0.001)
    monkeypatch.setattr(os.path, "isdir", lambda path: is_dir(path) if path != str(tmp_path) else answers.wait(120))
    monkeypatch.setattr(file_dialogs._Kept, "folder", str(tmp_path))
    monkeypatch.setattr(file_dialogs._Kept, "settings", None)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda parent, title, name, kinds: (begun.append(name), ("", kinds))[1])
    file_dialogs.ask_where_to_save(parent, "Save", "x.png", "")
    file_dialogs.save_file(parent, "Save", str(tmp_path / "y.png"), begun.append)
    dialog = parent.findChild(QFileDialog)
    assert begun == ["x.png"]
    assert dialog is not None
    assert dialog.directory().absolutePath() != str(tmp_path)
    assert [os.path.basename(path) for path in dialog.selectedFiles()] == ["y.png"]
    dialog.reject()
    answers.set()


def test_that_a_drawing_is_a_document_whose_words_are_text(qtbot: QtBot) -> None:
    words = QLabel("<b>conv&1</b>")
    words.setTextFormat(Qt.TextFormat.PlainText)
    qtbot.addWidget(words)
    words.resize(200, 40)
    drawn = exporting.drawing_of_widget(words, QColor("#ffffff"), "a<b>.weight")
    root = ElementTree.fromstring(drawn)
    assert root.tag.endswith("svg")
    assert "".join(root.itertext()).count("<b>conv&1</b>") == 1
    assert "a<b>.weight" in "".join(root.itertext())
