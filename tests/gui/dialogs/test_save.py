"""Save and Save As: what must be said before it may begin, how far it is, and what comes of it."""
from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QPushButton, QTextEdit, QWidget
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.dialogs.save import SaveDialog
from inspector.gui.kit import file_dialogs, theme
from inspector.gui.state.session import Session
from inspector.gui.state.tasks import Tasks
from tests.gui import edit_samples

Make = Callable[[Path, Path], SaveDialog]


@pytest.fixture
def dialog(session: Session, tasks: Tasks, qtbot: QtBot) -> Make:
    """Opens `source` and a dialog that would save it at `target`, once its first plan is there."""
    def make(source: Path, target: Path) -> SaveDialog:
        document = session.add(str(source))
        session.loaded(document.id, core.open(source))
        made = SaveDialog(tasks, document, str(target))
        made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        qtbot.addWidget(made)
        with qtbot.waitSignal(made.planned):
            made.show()
        return made
    return make


def said(dialog: SaveDialog) -> str:
    """What stands below the fields."""
    shown = [dialog.messages.itemAt(n).widget() for n in range(dialog.messages.count())]
    widgets = [inner for widget in shown if widget is not None for inner in widget.findChildren(QWidget)]
    return "\n".join([label.text() for label in widgets if isinstance(label, QLabel)]
                     + [edit.toPlainText() for edit in widgets if isinstance(edit, QTextEdit)]
                     + [tick.text() for tick in widgets if isinstance(tick, QCheckBox)])


def tick(dialog: SaveDialog, text: str) -> QCheckBox:
    return [found for found in dialog.findChildren(QCheckBox) if found.text() == text][-1]


def chosen(dialog: SaveDialog, format: str, qtbot: QtBot) -> None:
    with qtbot.waitSignal(dialog.planned):
        dialog.format.setCurrentIndex(dialog.format.findData(format))
        dialog.format.activated.emit(dialog.format.currentIndex())


def written(dialog: SaveDialog, qtbot: QtBot) -> core.SaveReport:
    with qtbot.waitSignal(dialog.done_saving) as caught:
        dialog.save.click()
    assert caught.args is not None
    report = caught.args[0]
    assert isinstance(report, core.SaveReport)
    return report


def test_that_the_plan_is_shown_before_anything_is_written(dialog: Make, tmp_path: Path, qtbot: QtBot) -> None:
    made = dialog(edit_samples.wrapped(tmp_path), tmp_path / "new.pth")
    for part in ("PyTorch zip", "nothing: the name is free", "Free space", "bytes)"):
        assert part in said(made)
    assert made.save.isEnabled()
    assert made.save.text() == "Save"
    assert os.listdir(tmp_path) == ["last.pth"]
    report = written(made, qtbot)
    assert report.tensors == 3
    assert sorted(os.listdir(tmp_path)) == ["last.pth", "new.pth"]


def test_that_it_is_said_how_many_tensors_of_the_file_are_written(dialog: Make, tasks: Tasks, session: Session, tmp_path: Path,
                                                                  qtbot: QtBot) -> None:
    source = edit_samples.wrapped(tmp_path)
    assert "Tensors\n3\n" in said(dialog(source, tmp_path / "all.pth"))
    [document] = session.documents
    ckpt = core.edit(core.open(source), [core.Drop("module.conv.bias")])
    some = SaveDialog(tasks, replace(document, checkpoint=ckpt), str(tmp_path / "some.pth"))
    some.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(some)
    with qtbot.waitSignal(some.planned):
        some.show()
    assert "Tensors\n2 of 3\n" in said(some)
    assert written(some, qtbot).tensors == 2


def edited(session: Session, tasks: Tasks, qtbot: QtBot, source: Path) -> SaveDialog:
    """A dialog that would save new device tags over the file they are edits of."""
    document = session.add(str(source))
    session.loaded(document.id, core.edit(core.open(source), [core.parse_edit("device", "cpu=cuda:0")]))
    made = SaveDialog(tasks, document, str(source))
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(made)
    with qtbot.waitSignal(made.planned):
        made.show()
    return made


def test_that_a_save_over_the_open_file_copies_no_tensor_where_it_can(session: Session, tasks: Tasks, tmp_path: Path,
                                                                      qtbot: QtBot) -> None:
    source = edit_samples.wrapped(tmp_path)
    inode = os.stat(source).st_ino
    made = edited(session, tasks, qtbot, source)
    assert "its tensors stay where they are" in said(made)
    assert made.in_place.isVisible()
    assert made.save.text() == "Save"
    with qtbot.waitSignal(made.planned):
        made.in_place.click()
    assert "the file that is open" in said(made)
    assert "its tensors stay" not in said(made)
    assert made.save.text() == "Replace"
    with qtbot.waitSignal(made.planned):
        made.in_place.click()
    report = written(made, qtbot)
    assert report.written is not None
    assert os.stat(source).st_ino == inode
    assert {info.device for info in core.open(source).tensors.values()} == {"cuda:0"}


def test_that_no_change_in_place_is_offered_for_another_name_or_format(session: Session, tasks: Tasks, tmp_path: Path,
                                                                       qtbot: QtBot) -> None:
    made = edited(session, tasks, qtbot, edit_samples.wrapped(tmp_path))
    assert made.in_place.isVisible()
    with qtbot.waitSignal(made.planned):
        made.path.setText(str(tmp_path / "other.pth"))
    assert not made.in_place.isVisible()
    with qtbot.waitSignal(made.planned):
        made.path.setText(str(tmp_path / "last.pth"))
    assert made.in_place.isVisible()
    chosen(made, "safetensors", qtbot)
    assert not made.in_place.isVisible()


def test_that_a_file_without_edits_is_written_anew(dialog: Make, tmp_path: Path) -> None:
    made = dialog(edit_samples.wrapped(tmp_path), tmp_path / "last.pth")
    assert not made.in_place.isVisible()
    assert made.save.text() == "Replace"


def test_that_what_a_format_cannot_hold_must_be_meant(dialog: Make, tmp_path: Path, qtbot: QtBot) -> None:
    from safetensors.torch import load_file
    made = dialog(edit_samples.training(tmp_path), tmp_path / "out.pth")
    chosen(made, "safetensors", qtbot)
    assert made.path.text() == str(tmp_path / "out.safetensors")
    assert "epoch = 3 is no tensor" in said(made)
    assert not made.save.isEnabled()
    tick(made, "Write anyway, without these").click()
    assert made.save.isEnabled()
    written(made, qtbot)
    assert sorted(load_file(tmp_path / "out.safetensors"))[0] == "ema.conv.bias"


def test_that_unknown_code_is_kept_or_dropped_name_by_name(dialog: Make, tmp_path: Path, qtbot: QtBot) -> None:
    theme.current().apply_style_sheet()
    torch.save({"w": torch.zeros(2), "config": edit_samples.Config()}, tmp_path / "code.pth")
    made = dialog(tmp_path / "code.pth", tmp_path / "out.pth")
    assert not made.save.isEnabled()
    [choice] = [box for box in made.findChildren(QComboBox) if box.accessibleName() == "tests.gui.edit_samples.Config"]
    [name] = [text for text in made.findChildren(QTextEdit) if text.toPlainText() == "tests.gui.edit_samples.Config"]
    assert abs(choice.geometry().center().y() - name.geometry().center().y()) <= 1
    with qtbot.waitSignal(made.planned):
        choice.setCurrentIndex(choice.findData("drop"))
        choice.activated.emit(choice.currentIndex())
    assert made.save.isEnabled()
    written(made, qtbot)
    assert list(torch.load(tmp_path / "out.pth", weights_only=True)) == ["w"]


def test_that_a_read_only_file_is_replaced_only_when_that_is_said(dialog: Make, tmp_path: Path, qtbot: QtBot) -> None:
    source = edit_samples.wrapped(tmp_path)
    target = edit_samples.training(tmp_path, "old.pth")
    target.chmod(0o444)
    made = dialog(source, target)
    assert "read-only" in said(made)
    assert not made.save.isEnabled()
    with qtbot.waitSignal(made.planned):
        tick(made, "Replace it although it is read-only").click()
    assert made.save.isEnabled()
    assert made.save.text() == "Replace"
    with qtbot.waitSignal(made.planned):
        made.path.setText(str(tmp_path / "other.pth"))
    with qtbot.waitSignal(made.planned):
        made.path.setText(str(target))
    assert not made.save.isEnabled()                    # the answer was about another file meanwhile


def test_that_a_target_that_cannot_be_is_said_in_place(dialog: Make, tmp_path: Path, qtbot: QtBot) -> None:
    made = dialog(edit_samples.wrapped(tmp_path), tmp_path / "nowhere" / "x.pth")
    assert "nowhere cannot be used" in said(made)
    assert not made.save.isEnabled()
    with qtbot.waitSignal(made.planned):
        made.path.setText(" ")
    assert "no name yet" in said(made)


def test_that_a_set_of_files_is_written_into_a_folder(dialog: Make, tmp_path: Path, qtbot: QtBot) -> None:
    made = dialog(edit_samples.wrapped(tmp_path), tmp_path / "set.pth")
    assert not made.shard.isVisible()
    chosen(made, "safetensors-sharded", qtbot)
    assert made.path.text() == str(tmp_path / "set")
    with qtbot.waitSignal(made.planned):
        made.shard.setText("a few")
    assert not made.save.isEnabled()
    with qtbot.waitSignal(made.planned):
        made.shard.setText("100")
    assert "in 3 files" in said(made)
    report = written(made, qtbot)
    assert os.path.basename(report.path) == "model.safetensors.index.json"
    assert len(core.open(tmp_path / "set").tensors) == 3


def test_that_the_format_of_torch_before_1_6_is_offered(dialog: Make, tmp_path: Path, qtbot: QtBot) -> None:
    made = dialog(edit_samples.wrapped(tmp_path), tmp_path / "new.safetensors")
    chosen(made, "torch-legacy", qtbot)
    assert made.path.text() == str(tmp_path / "new.pth")
    assert "PyTorch legacy" in said(made)
    assert "no checksums" in said(made)
    report = written(made, qtbot)
    assert report.format == "torch-legacy"
    assert core.open(tmp_path / "new.pth").format == "torch-legacy"
    assert torch.load(tmp_path / "new.pth", weights_only=True)


def test_that_browse_asks_for_a_name(dialog: Make, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    made = dialog(edit_samples.wrapped(tmp_path), tmp_path / "new.pth")
    monkeypatch.setattr(file_dialogs, "save_file", lambda parent, title, start, on_chosen, **more: on_chosen(str(tmp_path / "c.pth")))
    with qtbot.waitSignal(made.planned):
        next(button for button in made.findChildren(QPushButton) if button.text() == "Browse…").click()
    assert made.path.text() == str(tmp_path / "c.pth")


def test_that_saving_tells_how_far_it_is_and_can_be_cancelled(dialog: Make, tmp_path: Path, qtbot: QtBot, tasks: Tasks,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    made = dialog(edit_samples.wrapped(tmp_path), tmp_path / "new.pth")
    ended = threading.Event()

    def slow(plan: core.SavePlan, *, allow_loss: bool, verify: str, monitor: core.Monitor) -> core.SaveReport:
        try:
            monitor.report(1, 4, "writing")         # gives way to the window, and may be cancelled there
            while not ended.wait(0.01):
                monitor.check()
        finally:
            ended.set()
        raise AssertionError("not cancelled")

    monkeypatch.setattr(core, "save", slow)
    made.save.click()
    assert made.pages.currentIndex() == 1
    qtbot.waitUntil(lambda: "25 %" in made.doing.text())
    with qtbot.waitSignal(made.planned):
        qtbot.keyClick(made, Qt.Key.Key_Escape)
    assert made.isVisible()
    assert made.pages.currentIndex() == 0
    assert "Nothing was changed" in said(made)
    assert ended.wait(120)
    qtbot.waitUntil(lambda: not tasks.running)
    assert not (tmp_path / "new.pth").exists()
    qtbot.keyClick(made, Qt.Key.Key_Escape)
    assert not made.isVisible()


def test_that_a_save_that_fails_is_told_and_can_be_tried_again(dialog: Make, tmp_path: Path, qtbot: QtBot) -> None:
    source = edit_samples.wrapped(tmp_path)
    made = dialog(source, tmp_path / "new.pth")
    source.write_bytes(b"another")
    with qtbot.waitSignal(made.planned):
        made.save.click()
    assert made.pages.currentIndex() == 0
    assert not made.save.isEnabled()
    assert not (tmp_path / "new.pth").exists()


def test_that_torch_reads_the_new_file_too_when_asked(dialog: Make, tmp_path: Path, qtbot: QtBot) -> None:
    made = dialog(edit_samples.wrapped(tmp_path), tmp_path / "new.pth")
    made.verify.setChecked(True)
    with qtbot.waitSignal(made.done_saving, timeout=120_000) as caught:
        made.save.click()
    assert caught.args is not None
    assert any("torch" in note for note in caught.args[2])


def test_that_another_file_is_replaced_by_a_click_not_by_enter_alone(dialog: Make, tmp_path: Path, qtbot: QtBot) -> None:
    source = edit_samples.wrapped(tmp_path)
    torch.save({"old": torch.ones(2)}, tmp_path / "other.pth")
    before = (tmp_path / "other.pth").read_bytes()
    made = dialog(source, tmp_path / "other.pth")
    assert (made.save.text(), made.cancel.isDefault()) == ("Replace", True)
    made.activateWindow()
    made.path.setFocus()
    qtbot.waitUntil(made.path.hasFocus)
    qtbot.keyClick(made.path, Qt.Key.Key_Return)
    assert made.isVisible()
    assert made.cancel.hasFocus()
    assert made.path.text() == str(tmp_path / "other.pth")
    assert (tmp_path / "other.pth").read_bytes() == before
    with qtbot.waitSignal(made.planned):
        made.path.setText(str(tmp_path / "free.pth"))
    assert (made.save.text(), made.save.isDefault()) == ("Save", True)
    assert not made.backup.isVisible()


def test_that_a_file_that_is_replaced_can_be_kept(dialog: Make, tmp_path: Path, qtbot: QtBot) -> None:
    torch.save({"old": torch.ones(2)}, tmp_path / "other.pth")
    before = (tmp_path / "other.pth").read_bytes()
    made = dialog(edit_samples.wrapped(tmp_path), tmp_path / "other.pth")
    assert made.backup.isVisible()
    assert made.backup.text() == "Keep the old file as other.pth.bak"
    assert not made.backup.isChecked()
    with qtbot.waitSignal(made.planned):
        made.backup.click()
    assert "The old file is kept as other.pth.bak." in said(made)
    assert written(made, qtbot).backup == str(tmp_path / "other.pth.bak")
    assert (tmp_path / "other.pth.bak").read_bytes() == before


@pytest.mark.parametrize("gone", [True, False])
def test_that_a_file_that_is_another_by_now_is_no_source_to_save_from(gone: bool, dialog: Make, tmp_path: Path, qtbot: QtBot) -> None:
    source = edit_samples.wrapped(tmp_path)
    made = dialog(source, tmp_path / "new.pth")
    assert made.save.isEnabled()
    source.unlink()
    if not gone:
        edit_samples.training(tmp_path, source.name)
    with qtbot.waitSignal(made.planned):
        made.path.setText(str(tmp_path / "newer.pth"))
    assert not made.save.isEnabled()
    assert "The file is gone, or another than it was when it was opened." in said(made)
    assert "Reload it first" in said(made)
