"""Reports of a file from the window, as a page, as PDF, on paper."""
from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot
from safetensors.numpy import save_file

from inspector.commands.window import Pages
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.kit import file_dialogs, message_boxes
from inspector.gui.kit.settings import Settings
from inspector.gui.state.session import Session
from inspector.gui.state.tasks import Tasks


@pytest.fixture
def path(tmp_path: Path) -> str:
    found = str(tmp_path / "a.safetensors")
    save_file({"fc.weight": np.linspace(-1, 2, 64, dtype=np.float32).reshape(8, 8), "fc.bias": np.float32([1, np.nan, 3])}, found)
    return found


@pytest.fixture
def window(session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot, path: str) -> MainWindow:
    made = MainWindow(session, tasks, settings)
    qtbot.addWidget(made)
    made.show()
    made.open_paths([path])
    qtbot.waitUntil(lambda: not tasks.running)
    return made


def answer(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(file_dialogs, "save_file", lambda parent, title, start, on_chosen, **more: on_chosen(path))


def boxes() -> list[message_boxes.Box]:
    return [one for one in QApplication.topLevelWidgets() if isinstance(one, message_boxes.Box) and one.isVisible()]


def test_that_there_are_no_reports_where_nobody_makes_pages(window: MainWindow) -> None:
    assert not window.menus["report"].isEnabled()
    assert not window.menus["print"].isEnabled()
    window.reports.pages = Pages()
    assert window.menus["report"].isEnabled()
    assert window.menus["print"].shortcut() == "Ctrl+P"


@pytest.mark.parametrize("values", [True, False])
def test_that_a_report_says_what_was_read(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
                                          values: bool) -> None:
    window.reports.pages = Pages()
    out = tmp_path / "report.html"
    answer(monkeypatch, str(out))
    window.menus["report"].trigger()
    dialog = window.reports.dialog
    assert dialog is not None
    assert dialog.values.isChecked()            # of a small file
    dialog.values.setChecked(values)
    with qtbot.waitSignal(window.reports.said) as said:
        dialog.save_button.click()
    assert said.args == [f"{out} was written.", str(out)]
    text = out.read_text("utf-8")
    assert "8×8" in text
    assert "fc.bias" in text
    assert ("read 2 of 2 tensors" in text) is values
    assert ("nan-values" in text) is values
    assert ("were not looked at" in text) is not values
    assert [button.text() for box in boxes() for button in box.findChildren(QPushButton)] == ["Open it", "Close"]
    assert os.stat(out).st_mode & 0o777 == os.stat(tmp_path / "a.safetensors").st_mode & 0o666


def test_that_a_name_that_ends_in_pdf_is_a_pdf(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    window.reports.pages = Pages()
    answer(monkeypatch, str(tmp_path / "report.pdf"))
    window.menus["report"].trigger()
    assert window.reports.dialog is not None
    with qtbot.waitSignal(window.reports.said):
        window.reports.dialog.save_button.click()
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")


def test_that_the_file_itself_is_never_replaced_by_its_report(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch,
                                                             path: str) -> None:
    window.reports.pages = Pages()
    before = Path(path).read_bytes()
    answer(monkeypatch, path)
    window.menus["report"].trigger()
    assert window.reports.dialog is not None
    with qtbot.waitSignal(window.reports.said) as said:
        window.reports.dialog.save_button.click()
    assert said.args is not None
    assert said.args[1] == ""
    assert Path(path).read_bytes() == before


@pytest.mark.qt_log_ignore("Returned false", "propagateSizeHints")          # Qt says so itself
def test_that_what_is_printed_is_laid_out_first_and_again_when_the_paper_turns(window: MainWindow, qtbot: QtBot, tmp_path: Path,
                                                                               tasks: Tasks, monkeypatch: pytest.MonkeyPatch) -> None:
    window.reports.pages = Pages()
    window.menus["print"].trigger()
    qtbot.waitUntil(lambda: window.reports.preview is not None)
    preview = window.reports.preview
    assert preview is not None
    assert preview.go.isEnabled() == (preview.paper is not None)       # which can have come by now
    qtbot.waitUntil(lambda: preview.paper is not None)
    assert preview.go.isEnabled()
    assert preview.said.text() == f"{preview.paper.sheets} sheet" + ("s" if preview.paper.sheets != 1 else "") if preview.paper else ""
    upright = preview.paper
    with qtbot.waitSignal(preview.laid_out):
        preview.way.setCurrentIndex(1)
    assert preview.paper is not upright
    preview.printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    preview.printer.setOutputFileName(str(tmp_path / "gone" / "printed.pdf"))
    printed = preview.paper
    monkeypatch.setattr("inspector.gui.dialogs.print_preview.Paper", None)          # it is laid out already
    preview.print_now()
    qtbot.waitUntil(preview.go.isEnabled)
    assert preview.paper is printed
    assert "takes nothing" in preview.said.text()
    preview.printer.setOutputFileName(str(tmp_path / "printed.pdf"))
    with qtbot.waitSignal(preview.accepted):
        preview.print_now()
    assert (tmp_path / "printed.pdf").read_bytes().startswith(b"%PDF-")
    qtbot.waitUntil(lambda: not tasks.running)


def test_that_a_comparison_in_front_is_what_is_printed(window: MainWindow, qtbot: QtBot, tmp_path: Path, tasks: Tasks,
                                                       session: Session) -> None:
    save_file({"fc.weight": np.ones((8, 8), np.float32)}, str(tmp_path / "b.safetensors"))
    window.open_paths([str(tmp_path / "b.safetensors")])
    qtbot.waitUntil(lambda: len(session.documents) == 2 and not tasks.running)
    window.reports.pages = Pages()
    window.menus["compare"].trigger()
    assert not window.menus["report"].isEnabled()
    qtbot.waitUntil(lambda: window.menus["print"].isEnabled() and not tasks.running)
    window.menus["print"].trigger()
    qtbot.waitUntil(lambda: window.reports.preview is not None and window.reports.preview.paper is not None)
    assert window.reports.preview is not None
    assert window.reports.preview.printer.docName() == "Comparison"
    window.reports.preview.reject()
