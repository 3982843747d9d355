"""Editing as a person does it: the fix on a finding, the menus, the dialog with its preview, the panel, saving, closing."""
from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.core.saving import verify
from inspector.core.saving.disk import overwrite
from inspector.gui.dialogs import edit_forms
from inspector.gui.dialogs.edit import EditDialog
from inspector.gui.dialogs.edit_forms import Form
from inspector.gui.dialogs.save import SaveDialog
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.kit import file_dialogs
from inspector.gui.kit.message_boxes import Box
from inspector.gui.kit.settings import Settings
from inspector.gui.models.tree_model import NAME
from inspector.gui.panels.edits import EditsPanel
from inspector.gui.state.session import Document, Selection, Session
from inspector.gui.state.tasks import Tasks
from tests.gui import edit_samples
from tests.gui.edit_samples import KEYS, settled, weights


@pytest.fixture
def opened(session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot, tmp_path: Path) -> tuple[MainWindow, Document]:
    return edit_samples.opened(session, tasks, settings, qtbot, edit_samples.wrapped(tmp_path))


def button(widget: QWidget, text: str, qtbot: QtBot | None = None) -> QPushButton:
    """With a `qtbot` once it is there: what is found is put into boxes in turns of the window's own."""
    def there() -> list[QPushButton]:
        return [found for found in widget.findChildren(QPushButton) if found.text() == text and found.isVisibleTo(widget)]

    if qtbot is not None:
        qtbot.waitUntil(lambda: bool(there()))
    return there()[0]


def panel_of(window: MainWindow) -> EditsPanel:
    window.view.show_panel("edits")
    found = window.tabs.panel("edits")
    assert isinstance(found, EditsPanel)
    return found


def dialog_of(window: MainWindow, qtbot: QtBot) -> EditDialog:
    found = window.findChild(EditDialog)
    assert found is not None
    return found


def typed(form: Form, name: str, text: str) -> None:
    field = form.fields[name]
    field.setEditText(text) if hasattr(field, "setEditText") else field.setText(text)


def planned(dialog: SaveDialog, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: dialog.plan is not None)


def same(path: Path, expected: dict[str, torch.Tensor]) -> None:
    found = torch.load(path, weights_only=True)
    assert list(found) == list(expected)
    assert all(torch.equal(found[key], tensor) for key, tensor in expected.items())


def test_that_a_click_on_the_fix_a_look_and_a_save_repair_the_file(opened: tuple[MainWindow, Document], session: Session, tasks: Tasks,
                                                                   qtbot: QtBot, tmp_path: Path) -> None:
    window, document = opened
    button(window, "Strip “module.”", qtbot).click()
    settled(tasks, qtbot)
    assert document.checkpoint is not None
    assert tuple(document.checkpoint.tensors) == KEYS
    assert window.isWindowModified()
    assert window.windowTitle() == f"{Path(document.path).parent.name}/last.pth[*] — Checkpoint Inspector"
    assert not [found for found in window.findChildren(QPushButton) if found.text() == "Strip “module.”" and found.isVisible()]
    window.view.expand_all()
    line = next(window.model.line(row) for row in range(window.model.rowCount()) if window.model.line(row).key == "fc.weight")
    assert line.edited == "was: module.fc.weight"
    row = window.model.row_of(document.id, line.node or 0)
    assert row is not None
    assert "was: module.fc.weight" in window.model.data(window.model.index(row, NAME), Qt.ItemDataRole.ToolTipRole)
    panel = panel_of(window)
    assert panel.list.count() == 1
    assert [(row.before, row.after) for row in panel.table.shown.rows] == [(f"module.{key}", key) for key in KEYS]
    panel.save.click()
    dialog = window.findChild(SaveDialog)
    assert dialog is not None
    planned(dialog, qtbot)
    assert dialog.in_place.isVisible()                  # names only: no tensor would be copied
    assert dialog.save.text() == "Save"
    target = tmp_path / "fixed.pth"
    dialog.path.setText(str(target))
    planned(dialog, qtbot)
    assert dialog.save.text() == "Save"
    with qtbot.waitSignal(dialog.done_saving):
        dialog.save.click()
    settled(tasks, qtbot)
    assert [one.path for one in session.documents] == [document.path, str(target)]
    assert session.selected_document is session.documents[1]
    assert "Every byte was read back and compared" in window.saved.text.text()
    assert window.saved.isVisible()
    assert not session.is_modified(document.id)
    same(target, weights(""))
    same(Path(document.path), weights())                # the old file is as it was


def test_that_ctrl_s_saves_over_the_file_itself_which_then_has_no_edits(opened: tuple[MainWindow, Document], session: Session,
                                                                        tasks: Tasks, qtbot: QtBot) -> None:
    window, document = opened
    assert not window.menus["save"].isEnabled()
    session.add_edits(document.id, [core.StripPrefix("module.")])
    window.menus["save"].trigger()                      # before the edit is applied: it waits for that
    settled(tasks, qtbot)
    dialog = window.findChild(SaveDialog)
    assert dialog is not None
    assert dialog.path.text() == document.path
    qtbot.waitUntil(lambda: dialog.plan is not None)        # which may have been before `settled` was over
    with qtbot.waitSignal(dialog.done_saving):
        dialog.save.click()
    settled(tasks, qtbot)
    same(Path(document.path), weights(""))
    assert len(session.documents) == 1
    assert session.edits(document.id) == ()
    assert document.checkpoint is not None
    assert document.checkpoint.edited is None
    assert tuple(document.checkpoint.tensors) == KEYS
    assert window.saved.isVisible()
    assert not window.isWindowModified()
    assert not window.banner.isVisible()


def test_that_the_menu_edits_what_is_selected_at_once(opened: tuple[MainWindow, Document], session: Session, tasks: Tasks,
                                                      qtbot: QtBot) -> None:
    window, document = opened
    session.select(Selection(document.id, "module", tuple(f"module.{key}" for key in KEYS)))
    assert window.menus["edit-strip-prefix"].text() == "Strip Prefix “module.”"
    window.menus["edit-strip-prefix"].trigger()
    settled(tasks, qtbot)
    session.select(Selection(document.id, "conv", ("conv.weight", "conv.bias")))
    assert window.menus["edit-drop"].text() == "Drop 2 Tensors"
    texts = [action.text() for action in window.tree.menu_for(1).actions()]
    assert {"Drop 2 Tensors", "Keep Only 2 Tensors", "Rename…", "Cast…", "Remap Devices…"} <= set(texts)
    window.menus["edit-drop"].trigger()
    settled(tasks, qtbot)
    assert session.edits(document.id) == (core.StripPrefix("module."), core.Drop("conv"))
    window.menus["undo"].trigger()
    settled(tasks, qtbot)
    assert session.edits(document.id) == (core.StripPrefix("module."),)
    window.menus["redo"].trigger()
    settled(tasks, qtbot)
    assert len(session.edits(document.id)) == 2
    assert not window.menus["redo"].isEnabled()


def test_that_the_name_of_one_tensor_is_there_to_be_changed(opened: tuple[MainWindow, Document], session: Session, tasks: Tasks,
                                                            qtbot: QtBot) -> None:
    window, document = opened
    session.select(Selection(document.id, "module.fc.weight", ("module.fc.weight",)))
    window.menus["edit-rename"].trigger()
    settled(tasks, qtbot)
    dialog = dialog_of(window, qtbot)
    assert (dialog.form.text("pattern"), dialog.form.text("replacement")) == (r"^module\.fc\.weight$", "module.fc.weight")
    with qtbot.waitSignal(dialog.previewed):
        typed(dialog.form, "replacement", "module.head.weight")
    assert dialog.table.shown.rows[0][1:3] == ("module.fc.weight", "module.head.weight")
    dialog.reject()


def test_that_the_dialog_previews_while_one_types_and_refuses_what_is_wrong(opened: tuple[MainWindow, Document], session: Session,
                                                                           tasks: Tasks, qtbot: QtBot) -> None:
    window, document = opened
    window.menus["edit-rename"].trigger()
    settled(tasks, qtbot)
    dialog = dialog_of(window, qtbot)
    assert not dialog.ok.isEnabled()
    with qtbot.waitSignal(dialog.previewed):
        typed(dialog.form, "pattern", r"module\.(\w+)\.")
    with qtbot.waitSignal(dialog.previewed):
        typed(dialog.form, "replacement", r"net.\1.")
    assert dialog.table.shown.rows[0][1:3] == ("module.conv.weight", "net.conv.weight")
    assert dialog.count.text() == "3 renamed"
    assert dialog.ok.isEnabled()
    with qtbot.waitSignal(dialog.previewed):
        typed(dialog.form, "pattern", r"nothing\.(so)")
    assert dialog.count.text() == "No key changes"
    assert not dialog.ok.isEnabled()
    typed(dialog.form, "pattern", "(")
    assert not dialog.ok.isEnabled()
    dialog.accept()                                     # Enter, before the preview is there
    with qtbot.waitSignal(dialog.previewed):
        pass
    assert not dialog.ok.isEnabled()
    assert dialog.table.shown.rows == ()
    assert session.edits(document.id) == ()
    with qtbot.waitSignal(dialog.previewed):
        typed(dialog.form, "pattern", r"module\.(\w+)\.")
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    settled(tasks, qtbot)
    assert session.edits(document.id) == (core.Rename(r"module\.(\w+)\.", r"net.\1."),)


_NOTHING = ("renumber", "dequantize", "unshare", "match")       # do nothing in the file of these tests


def adapter_beside(document: Document) -> str:
    """The folder of an adapter for one of its weights."""
    assert document.original is not None
    rows, cols = document.original["module.fc.weight"].shape
    folder = Path(document.path).parent / "adapter"
    folder.mkdir()
    core.save({"base_model.model.module.fc.lora_A.weight": np.ones((2, cols), np.float32),
               "base_model.model.module.fc.lora_B.weight": np.ones((rows, 2), np.float32)}, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text('{"r": 2, "lora_alpha": 4}')
    return str(folder)


@pytest.mark.parametrize(("kind", "fields", "edit"), [
    ("strip-prefix", {"prefix": "module."}, core.StripPrefix("module.")),
    ("add-prefix", {"prefix": "net."}, core.AddPrefix("net.")),
    ("renumber", {"place": "module.layer.#", "by": "+1"}, core.Renumber("module.layer.#", 1)),
    ("drop", {"glob": "*.bias"}, core.Drop("*.bias")),
    ("keep", {"glob": "*.bias"}, core.Keep("*.bias")),
    ("extract", {"path": "module"}, core.Extract("module")),
    ("cast", {"dtype": "bfloat16", "glob": ""}, core.Cast("bfloat16")),
    ("merge-adapter", {"path": "ADAPTER"}, core.MergeAdapter("ADAPTER")),
    ("dequantize", {"dtype": "float16", "glob": ""}, core.Dequantize("float16")),
    ("device", {"from": "*", "to": "cuda:0"}, core.RemapDevices({"*": "cuda:0"})),
    ("unshare", {"glob": "*"}, core.Unshare("*")),
    ("copy", {"from": "module.fc.weight", "to": "lm_head.weight"}, core.Copy("module.fc.weight", "lm_head.weight")),
    ("resize", {"key": "module.fc.weight", "dim": "0", "size": "7", "fill": "zero"}, core.Resize("module.fc.weight", 0, 7, "zero")),
    ("transpose", {"glob": "*.weight"}, core.Transpose("*.weight")),
    ("reshape", {"glob": "module.fc.weight", "shape": "-1, 2"}, core.Reshape("module.fc.weight", (-1, 2))),
    ("reorder", {"glob": "*.conv.*", "order": "pairs", "heads": "2"}, core.Reorder("*.conv.*", "pairs", 2)),
    ("split", {"key": "module.fc.weight", "dim": "1", "parts": "module.a:1, module.b"},
     core.Split("module.fc.weight", 1, (("module.a", 1), ("module.b", -1)))),
    ("concat", {"parts": "module.fc.weight, module.again", "key": "module.both", "dim": "0"},
     core.Concat(("module.fc.weight", "module.again"), "module.both", 0)),
    ("set", {"path": "a=b", "value": "[]"}, core.SetValue("a=b", [])),
    ("set-metadata", {"key": "by", "value": "me"}, core.SetMetadata("by", "me")),
    ("match", {"path": "REFERENCE"}, core.Match("REFERENCE")),
    ("take", {"path": "REFERENCE", "glob": "*.bias"}, core.Take("REFERENCE", "*.bias")),
])
def test_that_every_kind_can_be_asked_for_and_changed_again(opened: tuple[MainWindow, Document], session: Session, tasks: Tasks,
                                                           qtbot: QtBot, kind: str, fields: dict[str, str], edit: core.Edit) -> None:
    window, document = opened
    if kind == "match":
        fields, edit = {"path": document.path}, core.Match(document.path)
    if kind == "take":
        fields, edit = {**fields, "path": document.path}, core.Take(document.path, "*.bias")
    if kind == "merge-adapter":
        adapter = adapter_beside(document)
        fields, edit = {"path": adapter}, core.MergeAdapter(adapter)
    before: tuple[core.Edit, ...] = ()
    if kind == "concat":
        before = (core.Copy("module.fc.weight", "module.again"),)
        session.add_edits(document.id, before)
        settled(tasks, qtbot)
    dialog = EditDialog(session, tasks, document.id, kind, window)
    dialog.show()
    for name, text in fields.items():
        typed(dialog.form, name, text)
    with qtbot.waitSignal(dialog.previewed):
        pass
    for widget in dialog.findChildren(QWidget):
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible() and not widget.inherits("QLabel"):
            assert widget.accessibleName() or getattr(widget, "text", str)(), widget
    assert dialog.ok.isEnabled() == (kind not in _NOTHING)
    dialog.accept()
    settled(tasks, qtbot)
    if kind in _NOTHING:
        assert session.edits(document.id) == before
        dialog.reject()
        session.add_edits(document.id, (edit,))         # as a recipe may
        settled(tasks, qtbot)
    assert session.edits(document.id) == (*before, edit)
    window.edits.change(document.id, len(before))
    settled(tasks, qtbot)
    again = window.findChildren(EditDialog)[-1]
    assert again.form.edit() == edit
    again.reject()
    settled(tasks, qtbot)


@pytest.mark.parametrize(("kind", "first"), [("strip-prefix", "module."), ("extract", "module"), ("device", "cuda:*")])
def test_that_a_worker_looks_at_every_key_for_what_a_field_suggests(opened: tuple[MainWindow, Document], tasks: Tasks, qtbot: QtBot,
                                                                    monkeypatch: pytest.MonkeyPatch, kind: str, first: str) -> None:
    window, document = opened
    look, make = edit_forms._LOOKED_UP[kind]
    looked: list[bool] = []

    def noted(ckpt: core.Checkpoint) -> edit_forms.Choices:
        looked.append(threading.current_thread() is threading.main_thread())
        return look(ckpt)._replace(usual=first)

    monkeypatch.setitem(edit_forms._LOOKED_UP, kind, (noted, make))
    window.edits._ask(document.id, kind)
    settled(tasks, qtbot)
    dialog = dialog_of(window, qtbot)
    assert looked == [False]
    assert next(dialog.form.text(name) for name in dialog.form.fields) == first
    dialog.reject()


def test_that_a_dialog_asked_for_while_an_edit_is_applied_begins_with_what_that_makes(
        opened: tuple[MainWindow, Document], tasks: Tasks, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    window, document = opened
    before, go_on, look = document.checkpoint, threading.Event(), edit_forms.choices_for

    def late(kind: str, base: core.Checkpoint) -> edit_forms.Choices | None:
        go_on.wait(120)
        return look(kind, base)

    monkeypatch.setattr(edit_forms, "choices_for", late)
    window.edits._ask(document.id, "strip-prefix")
    window.session.add_edits(document.id, [core.AddPrefix("first.")])
    qtbot.waitUntil(lambda: document.checkpoint is not before)
    go_on.set()
    settled(tasks, qtbot)
    dialog = dialog_of(window, qtbot)
    assert dialog._base is document.checkpoint
    dialog.reject()


def test_that_what_a_field_suggests_is_gathered_no_further_than_it_is_shown(qtbot: QtBot) -> None:
    form = Form(lambda form: core.Drop(form.text("key")))
    qtbot.addWidget(form)
    many = iter([*["a"] * 3, *map(str, range(1000))])
    form.choice("key", "Key", many)
    box = form.fields["key"]
    assert isinstance(box, QComboBox)
    assert [box.itemText(n) for n in (0, 1, box.count() - 1)] == ["a", "0", "198"]
    assert next(many) == "199"


def test_that_the_optimizer_of_another_model_can_be_asked_for_and_changed_again(opened: tuple[MainWindow, Document], qtbot: QtBot) -> None:
    _, document = opened
    assert document.checkpoint is not None
    for start, suggested in ((core.OptimizerFor("new.pth"), ""), (None, "new.pth")):
        form = edit_forms.form_for("optimizer-for", document.checkpoint, start, suggested)
        qtbot.addWidget(form)
        assert form.complete
        assert form.edit() == core.OptimizerFor("new.pth")


def test_that_edits_are_moved_removed_and_cleared_in_the_panel(opened: tuple[MainWindow, Document], session: Session, tasks: Tasks,
                                                               qtbot: QtBot) -> None:
    window, document = opened
    panel = panel_of(window)
    assert panel.pages.currentIndex() == 0
    one, two, three = core.Cast("float16"), core.StripPrefix("module."), core.Drop("fc")
    session.add_edits(document.id, [one, two, three])
    settled(tasks, qtbot)
    assert panel.pages.currentIndex() == 1
    panel.list.setFocus()
    panel.list.setCurrentRow(2)
    qtbot.keyClick(panel.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    settled(tasks, qtbot)
    assert session.edits(document.id) == (one, three, two)
    assert panel.list.currentRow() == 1
    panel.list.moved.emit(0, 2)                         # what a drag asks for
    settled(tasks, qtbot)
    assert session.edits(document.id) == (three, two, one)
    panel.list.setCurrentRow(0)
    qtbot.keyClick(panel.list, Qt.Key.Key_Delete)
    settled(tasks, qtbot)
    assert session.edits(document.id) == (two, one)
    button(panel, "Clear").click()
    settled(tasks, qtbot)
    assert panel.pages.currentIndex() == 0
    button(panel, "Redo" if session.can_redo(document.id) else "Load Recipe…")
    session.undo(document.id)
    settled(tasks, qtbot)
    assert panel.pages.currentIndex() == 1


def test_that_an_edit_that_fails_is_said_at_its_place(opened: tuple[MainWindow, Document], session: Session, tasks: Tasks,
                                                      qtbot: QtBot) -> None:
    window, document = opened
    session.add_edits(document.id, [core.Keep("nothing")])
    settled(tasks, qtbot)
    panel = panel_of(window)
    assert "nothing would be left" in panel.list.item(0).toolTip()
    assert not panel.save.isEnabled()
    window.menus["save"].trigger()
    assert window.findChild(SaveDialog) is None


def test_that_edits_are_copied_and_kept_as_a_recipe(opened: tuple[MainWindow, Document], session: Session, tasks: Tasks, qtbot: QtBot,
                                                    tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    window, document = opened
    edits = (core.StripPrefix("module."), core.Cast("float16"))
    session.add_edits(document.id, edits)
    settled(tasks, qtbot)
    panel = panel_of(window)
    panel.actions_["command"].trigger()
    assert QGuiApplication.clipboard().text().startswith("inspector edit ")
    assert "--strip-prefix module. --cast float16" in QGuiApplication.clipboard().text()
    panel.actions_["python"].trigger()
    assert "core.StripPrefix(prefix='module.')" in QGuiApplication.clipboard().text()
    panel.actions_["recipe"].trigger()
    assert core.from_recipe(QGuiApplication.clipboard().text()) == list(edits)
    recipe = tmp_path / "fix.json"
    monkeypatch.setattr(file_dialogs, "save_file", lambda parent, title, start, on_chosen, **more: on_chosen(str(recipe)))
    monkeypatch.setattr(file_dialogs, "open_file", lambda parent, title, start, on_chosen, **more: on_chosen(str(recipe)))
    panel.actions_["save-recipe"].trigger()
    settled(tasks, qtbot)
    session.set_edits(document.id, ())
    window.menus["load-recipe"].trigger()
    settled(tasks, qtbot)
    assert session.edits(document.id) == edits
    recipe.write_text("{")
    panel.actions_["load-recipe"].trigger()
    settled(tasks, qtbot)
    boxes = window.findChildren(Box)
    assert "cannot be used" in boxes[-1].windowTitle() + "".join(label.text() for label in boxes[-1].findChildren(QWidget, "") if
                                                                  label.inherits("QLabel"))
    boxes[-1].close()


@pytest.mark.parametrize("answer", ["Discard", "Cancel"])
def test_that_closing_a_file_with_edits_asks(opened: tuple[MainWindow, Document], session: Session, tasks: Tasks, qtbot: QtBot,
                                             answer: str) -> None:
    window, document = opened
    window.edits.asks = True
    session.add_edits(document.id, [core.StripPrefix("module.")])
    settled(tasks, qtbot)
    window.menus["close"].trigger()
    assert len(session.documents) == 1
    [box] = window.findChildren(Box)
    button(box, answer).click()
    assert len(session.documents) == (1 if answer == "Cancel" else 0)
    window.edits.asks = False


def test_that_closing_the_window_with_edits_asks_and_goes_on_once_they_are_saved(opened: tuple[MainWindow, Document], session: Session,
                                                                                tasks: Tasks, qtbot: QtBot) -> None:
    window, document = opened
    window.edits.asks = True
    session.add_edits(document.id, [core.StripPrefix("module.")])
    settled(tasks, qtbot)
    window.close()
    assert window.isVisible()
    [box] = window.findChildren(Box)
    button(box, "Save…").click()
    dialog = window.findChild(SaveDialog)
    assert dialog is not None
    planned(dialog, qtbot)
    with qtbot.waitSignal(dialog.done_saving):
        dialog.save.click()
    assert not window.isVisible()
    same(Path(document.path), weights(""))


def test_that_a_save_in_place_is_reported_as_one_and_the_file_shown_anew(opened: tuple[MainWindow, Document], session: Session,
                                                                         tasks: Tasks, qtbot: QtBot) -> None:
    window, document = opened
    told: list[int] = []
    window.following.read_again.connect(lambda id, found: told.append(id))
    button(window, "Strip “module.”", qtbot).click()
    settled(tasks, qtbot)
    panel_of(window).save.click()
    dialog = window.findChild(SaveDialog)
    assert dialog is not None
    planned(dialog, qtbot)
    with qtbot.waitSignal(dialog.done_saving):
        dialog.save.click()
    settled(tasks, qtbot)
    assert list(session.documents) == [document]
    assert "in place" in window.saved.text.text()
    assert window.saved.isVisible()
    assert not session.is_modified(document.id)
    assert document.checkpoint is not None
    assert tuple(document.checkpoint.tensors) == KEYS
    same(Path(document.path), weights(""))
    assert document.rewritten is None                   # who saved it knows what is another in it
    assert told == []


def test_that_an_interrupted_change_is_taken_back_when_the_file_is_opened(session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot,
                                                                          tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def stop(*_: object) -> None:
        raise Killed

    path = edit_samples.wrapped(tmp_path)
    before = path.read_bytes()
    edited = core.edit(core.open(path), [core.StripPrefix("module.")])
    with monkeypatch.context() as patch:
        patch.setattr(verify, "read_back", stop)
        patch.setattr(overwrite, "_back", stop)
        with pytest.raises(Killed):
            core.save(edited, in_place=True)
    assert path.read_bytes() != before
    _, document = edit_samples.opened(session, tasks, settings, qtbot, path)
    assert document.checkpoint is not None
    assert tuple(document.checkpoint.tensors) == tuple(f"module.{key}" for key in KEYS)
    assert path.read_bytes() == before


@pytest.mark.parametrize(("place", "by", "said"), [
    ("layer", "-1", "“layer” does not say which number changes Write one # for it, as in blocks.#, and * for each number before it."),
    ("a.#.b.#", "-1", "“a.#.b.#” does not say which number changes"), ("layer.#", "one", "“one” is not what can be added"),
    ("layer.#", "0", "Write a whole number with its sign, as in -1 or +1."), ("layer.#=1", "=-1", "“=-1” is not what can be added")])
def test_that_layers_that_cannot_be_renumbered_so_are_told_in_words_of_the_form(
        opened: tuple[MainWindow, Document], qtbot: QtBot, place: str, by: str, said: str) -> None:
    checkpoint = opened[1].checkpoint
    assert checkpoint is not None
    form = edit_forms.form_for("renumber", checkpoint, suggested=place)
    qtbot.addWidget(form)
    typed_by = form.fields["by"]
    assert isinstance(typed_by, QLineEdit)
    typed_by.setText(by)
    with pytest.raises(core.EditError) as refused:
        form.edit()
    told = f"{refused.value.message} {refused.value.hint}"
    assert said in told
    assert "=" not in told.replace(place, "").replace(by, "")
