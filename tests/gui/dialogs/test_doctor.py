"""Why a file does not load: from the text of an error, and held against another file."""
from __future__ import annotations

import argparse
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot
from safetensors.numpy import save_file

from inspector import core, languages
from inspector.gui.dialogs.doctor import Doctor
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.kit.settings import Settings
from inspector.gui.state.session import Session, State
from inspector.gui.state.tasks import Tasks

NET = {"conv.weight": (4, 3), "conv.bias": (4,), "fc.weight": (10, 4), "fc.bias": (10,)}
ERROR = """Traceback (most recent call last):
RuntimeError: Error(s) in loading state_dict for Net:
\tMissing key(s) in state_dict: "conv.weight", "conv.bias", "fc.weight", "fc.bias".
\tUnexpected key(s) in state_dict: "module.conv.weight", "module.conv.bias", "module.fc.weight", "module.fc.bias".
"""


def write(path: Path, shapes: dict[str, tuple[int, ...]]) -> str:
    save_file({key: np.ones(shape, np.float32) for key, shape in shapes.items()}, str(path))
    return str(path)


@pytest.fixture
def window(session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot, tmp_path: Path) -> MainWindow:
    made = MainWindow(session, tasks, settings)
    qtbot.addWidget(made)
    made.show()
    made.open_paths([write(tmp_path / "wrapped.safetensors", {f"module.{key}": shape for key, shape in NET.items()})])
    settle(made, qtbot)
    return made


def settle(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not window.tasks.running)


def dialog(window: MainWindow) -> Doctor:
    found = window.findChildren(Doctor)[-1]
    assert isinstance(found, Doctor)
    return found


def sections(doctor: Doctor) -> dict[str, list[str]]:
    tops = [doctor.lists.topLevelItem(n) for n in range(doctor.lists.topLevelItemCount())]
    return {top.text(0): [top.child(n).text(0) for n in range(top.childCount())] for top in tops if top is not None}


def test_that_an_error_on_the_clipboard_is_explained_at_once_and_mended(window: MainWindow, session: Session, qtbot: QtBot) -> None:
    QGuiApplication.clipboard().setText(ERROR)
    window.menus["doctor"].trigger()
    settle(window, qtbot)
    doctor = dialog(window)
    assert doctor.text.toPlainText() == ERROR
    assert sections(doctor) == {"Missing in the file  (4)": list(NET),
                                "Unexpected in the file  (4)": sorted(f"module.{key}" for key in NET)}
    assert doctor.hint.text() == "With these edits all 4 keys load, by their names; the error does not tell the shapes of 4:"
    assert doctor.steps.text() == "--strip-prefix module."
    doctor.add.click()
    document = session.documents[0]
    assert session.edits(document.id) == (core.StripPrefix("module."),)
    assert document.checkpoint is not None
    assert set(core.edit(document.checkpoint, session.edits(document.id)).tensors) == set(NET)


def test_that_other_text_on_the_clipboard_is_left_there(window: MainWindow, qtbot: QtBot) -> None:
    QGuiApplication.clipboard().setText("a shopping list")
    window.menus["doctor"].trigger()
    doctor = dialog(window)
    assert doctor.text.toPlainText() == ""
    assert doctor.frame.isHidden()
    doctor.text.setPlainText("IndexError: nothing we know")
    doctor.check_text()
    settle(window, qtbot)
    assert doctor.verdict.text() == "There is no error in this text that is known here."
    assert not doctor.add.isEnabled()
    doctor.reject()


def test_that_an_error_is_explained_without_any_file(session: Session, tasks: Tasks, qtbot: QtBot) -> None:
    doctor = Doctor(session, tasks, None)
    qtbot.addWidget(doctor)
    QGuiApplication.clipboard().setText(ERROR)
    doctor.ask_error()
    qtbot.waitUntil(lambda: not tasks.running)
    assert doctor.steps.text() == "--strip-prefix module."
    assert not doctor.add.isEnabled()
    doctor.copy.click()
    assert QGuiApplication.clipboard().text() == "inspector edit FILE -o FIXED --strip-prefix module."
    doctor.reject()


def test_that_the_command_has_the_name_that_the_program_looks_for(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.menus["doctor"].trigger()
    doctor = dialog(window)
    doctor.text.setPlainText("OSError: Error no file named pytorch_model.bin, model.safetensors found in directory ckpts.")
    doctor.check_text()
    settle(window, qtbot)
    doctor.copy.click()
    assert QGuiApplication.clipboard().text() == f"inspector edit {tmp_path / 'wrapped.safetensors'} -o {tmp_path / 'model.safetensors'}"
    doctor.reject()


def test_that_a_file_is_checked_against_another(window: MainWindow, session: Session, qtbot: QtBot, tmp_path: Path) -> None:
    model = write(tmp_path / "model.safetensors", {**NET, "fc.weight": (12, 4), "fc.bias": (12,)})
    window.files.choose = lambda folders, on_chosen: on_chosen([model])
    window.menus["against"].trigger()
    settle(window, qtbot)
    doctor = dialog(window)
    assert doctor.text.isHidden()
    assert "2 stay as the model made them" in doctor.hint.text()
    assert [option for option, _ in doctor.suggested] == ["--strip-prefix", "--match"]
    doctor.add.click()
    document = session.documents[0]
    assert document.checkpoint is not None
    assert set(core.edit(document.checkpoint, session.edits(document.id)).tensors) == {"conv.weight", "conv.bias"}


def test_that_a_file_that_fits_says_so(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    model = write(tmp_path / "model.safetensors", {f"module.{key}": shape for key, shape in NET.items()})
    window.files.choose = lambda folders, on_chosen: on_chosen([model])
    window.menus["against"].trigger()
    settle(window, qtbot)
    doctor = dialog(window)
    assert doctor.verdict.text() == "It loads: all 4 keys fit."
    assert doctor.frame.property("level") == "ok"
    assert doctor.lists.isHidden()
    doctor.reject()


def test_that_shapes_that_differ_are_listed_with_both(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    shapes = {f"module.{key}": shape for key, shape in NET.items()} | {"module.fc.weight": (12, 4)}
    window.files.choose = lambda folders, on_chosen: on_chosen([write(tmp_path / "model.safetensors", shapes)])
    window.menus["against"].trigger()
    settle(window, qtbot)
    doctor = dialog(window)
    top = doctor.lists.topLevelItem(0)
    assert top is not None
    assert [top.child(0).text(column) for column in (0, 1)] == ["module.fc.weight", "10 × 4 in the file, 12 × 4 in the model"]
    doctor.reject()


def test_that_a_reference_that_is_none_says_why(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "shapes.json").write_text("[1, 2")
    window.files.choose = lambda folders, on_chosen: on_chosen([str(tmp_path / "shapes.json")])
    window.menus["against"].trigger()
    settle(window, qtbot)
    doctor = dialog(window)
    assert doctor.verdict.text() == "It is no JSON."
    assert not doctor.add.isEnabled()
    doctor.reject()


def test_that_the_comparison_asks_whether_one_side_loads_into_the_other(window: MainWindow, session: Session, qtbot: QtBot,
                                                                       tmp_path: Path) -> None:
    window.open_paths([write(tmp_path / "plain.safetensors", NET)])
    settle(window, qtbot)
    window.comparison.compare()
    settle(window, qtbot)
    window.comparison.page.rules.fit_asked.emit(0)
    settle(window, qtbot)
    doctor = dialog(window)
    assert doctor.document is session.documents[0]
    assert doctor.steps.text() == "--strip-prefix module."
    doctor.reject()


REFUSED = ("_pickle.UnpicklingError: Weights only load failed. WeightsUnpickler error: Unsupported global: GLOBAL argparse.Namespace "
           "was not an allowed global by default.")


def test_that_a_refused_value_is_explained_and_one_of_several_ways_is_chosen(session: Session, tasks: Tasks, settings: Settings,
                                                                            qtbot: QtBot, tmp_path: Path) -> None:
    torch.save({"model": {"w": torch.ones(2)}, "args": argparse.Namespace(lr=1)}, tmp_path / "a.pth")
    window = MainWindow(session, tasks, settings)
    qtbot.addWidget(window)
    window.show()
    window.open_paths([str(tmp_path / "a.pth")])
    settle(window, qtbot)
    QGuiApplication.clipboard().setText(REFUSED)
    window.menus["doctor"].trigger()
    settle(window, qtbot)
    doctor = dialog(window)
    assert "argparse.Namespace" in doctor.verdict.text()
    assert doctor.hint.text().startswith("args is a Namespace (argparse.Namespace).")
    assert doctor.steps.text() == "--plain args"
    assert [doctor.choice.itemText(n) for n in range(doctor.choice.count())] == [
        "torch.load takes it, with all these values as plain data", "torch.load takes the state dict of model alone"]
    doctor.choice.setCurrentIndex(1)
    doctor.choice.activated.emit(1)
    assert doctor.steps.text() == "--extract model"
    doctor.add.click()
    assert session.edits(session.documents[0].id) == (core.Extract("model"),)


def told_strictly(target: torch.nn.Module, given: object) -> str:
    try:
        target.load_state_dict(given)       # type: ignore[arg-type]
    except RuntimeError as error:
        return f"RuntimeError: {error}"
    return ""


@pytest.mark.parametrize("prefix", ["module.", "module._orig_mod.", "model.", "net.encoder."])
@pytest.mark.parametrize("inner", [False, True])
def test_that_what_is_advised_of_nested_weights_loads_strictly(prefix: str, inner: bool, session: Session, tasks: Tasks, settings: Settings,
                                                               qtbot: QtBot, tmp_path: Path) -> None:
    def net() -> torch.nn.Sequential:
        return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Linear(4, 10))
    saved = {"epoch": 12, "model_state_dict": {f"{prefix}{key}": value for key, value in net().state_dict().items()}, "loss": 0.1}
    torch.save(saved, tmp_path / "run.pth")
    error = told_strictly(net(), saved["model_state_dict"] if inner else saved)
    assert error
    window = MainWindow(session, tasks, settings)
    qtbot.addWidget(window)
    window.show()
    window.open_paths([str(tmp_path / "run.pth")])
    settle(window, qtbot)
    QGuiApplication.clipboard().setText(error)
    window.menus["doctor"].trigger()
    settle(window, qtbot)
    dialog(window).add.click()
    document = session.documents[0]
    assert document.checkpoint is not None
    core.save(core.edit(document.checkpoint, session.edits(document.id)), tmp_path / "fixed.pth")
    assert told_strictly(net(), torch.load(tmp_path / "fixed.pth", weights_only=True)) == ""


@pytest.mark.parametrize("text", [
    REFUSED, "RuntimeError: Attempting to deserialize object on CUDA device 3 but torch.cuda.device_count() is 1.",
    "RuntimeError: PytorchStreamReader failed reading zip archive: failed finding central directory",
    "ModuleNotFoundError: No module named 'argparse'", "torch.OutOfMemoryError: CUDA out of memory.",
    "ValueError: loaded state dict has a different number of parameter groups"])
def test_that_an_explanation_is_in_the_language_of_the_window(text: str, session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot,
                                                              tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "_current", "zh_CN")
    saved = {"model": {"w": torch.ones(2)}, "args": argparse.Namespace(lr=1), "best": np.float64(1)}
    torch.save(saved, tmp_path / "a.pth")
    document = session.add(str(tmp_path / "a.pth"))
    session.loaded(document.id, core.edit(core.open(tmp_path / "a.pth"), [core.RemapDevices({"cpu": "cuda:3"})]))
    doctor = Doctor(session, tasks, document.id)
    qtbot.addWidget(doctor)
    doctor.text.setPlainText(text)
    doctor.check_text()
    qtbot.waitUntil(lambda: not tasks.running)
    lines = [doctor.verdict.text(), *doctor.hint.text().split("\n"), *(doctor.choice.itemText(n) for n in range(doctor.choice.count()))]
    told = [line for line in lines if line and not line.startswith("state = torch.load(")]      # a line of Python
    assert told
    assert [line for line in told if not re.search("[\u4e00-\u9fff]", line)] == []
    doctor.reject()


def test_that_a_file_that_does_not_open_can_be_asked_about(window: MainWindow, session: Session, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "page.pth").write_bytes(b"<!DOCTYPE html><html><body>Not found</body></html>")
    window.open_paths([str(tmp_path / "page.pth")])
    settle(window, qtbot)
    assert session.documents[-1].state is State.FAILED
    QGuiApplication.clipboard().setText("_pickle.UnpicklingError: invalid load key, '<'.")
    window.menus["doctor"].trigger()
    settle(window, qtbot)
    doctor = dialog(window)
    at = next(n for n in range(doctor.files.count()) if doctor.files.itemText(n).endswith("page.pth"))
    doctor.files.setCurrentIndex(at)
    doctor.files.activated.emit(at)
    settle(window, qtbot)
    assert "HTML" in doctor.hint.text()
    assert not doctor.add.isEnabled()
    doctor.files.setCurrentIndex(0)
    doctor.files.activated.emit(0)
    settle(window, qtbot)
    assert "HTML" not in doctor.hint.text()


def test_that_an_answer_without_an_edit_has_nothing_to_add(session: Session, tasks: Tasks, qtbot: QtBot) -> None:
    doctor = Doctor(session, tasks, None)
    qtbot.addWidget(doctor)
    doctor.text.setPlainText("TypeError: cannot pickle '_thread.lock' object")
    doctor.check_text()
    qtbot.waitUntil(lambda: not tasks.running)
    assert "is a lock" in doctor.verdict.text()
    assert "state_dict()" in doctor.hint.text()
    assert not doctor.add.isEnabled()
    assert not doctor.copy.isEnabled()
    assert doctor.choice.isHidden()
    doctor.reject()


def test_that_keys_that_are_only_missing_say_what_strict_false_does(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    shapes = {f"module.{key}": shape for key, shape in NET.items()} | {"module.new.weight": (3,)}
    window.files.choose = lambda folders, on_chosen: on_chosen([write(tmp_path / "model.safetensors", shapes)])
    window.menus["against"].trigger()
    settle(window, qtbot)
    doctor = dialog(window)
    assert doctor.hint.text() == "As it stands, 4 keys load with strict=False; 1 stay as the model made them."
    assert not doctor.add.isEnabled()
    doctor.reject()


def test_that_an_adapter_is_held_against_its_base_as_an_adapter(window: MainWindow, session: Session, tasks: Tasks, qtbot: QtBot,
                                                                tmp_path: Path) -> None:
    folder = tmp_path / "adapter"
    folder.mkdir()
    path = write(folder / "adapter_model.safetensors", {f"base_model.model.{name}": shape for name, shape in (
        ("conv.lora_A.weight", (2, 3)), ("conv.lora_B.weight", (4, 2)), ("fc.lora_A.weight", (2, 5)), ("fc.lora_B.weight", (10, 2)))})
    (folder / "adapter_config.json").write_text('{"r": 2, "lora_alpha": 2}', "utf-8")
    base = write(tmp_path / "base.safetensors", NET)
    window.open_paths([path])
    settle(window, qtbot)
    doctor = Doctor(session, tasks, session.documents[1].id, window)
    doctor.check_against(base)
    settle(window, qtbot)
    assert doctor.verdict.text() == ("It does not fit: of 2 modules 1 does not go with the weight there is; LoRA of rank 2; scale 1.")
    assert sections(doctor) == {"Do not fit  (1)": ["fc"], "Fit  (1)": ["conv"]}
    assert not doctor.add.isEnabled()
    doctor.reject()


def test_that_a_model_with_its_adapters_in_it_is_told_how_each_is_merged(window: MainWindow, session: Session, qtbot: QtBot,
                                                                         tmp_path: Path) -> None:
    (tmp_path / "peft" / "style").mkdir(parents=True)
    shapes: dict[str, tuple[int, ...]] = {"fc.base_layer.weight": (10, 4)}
    for name in ("default", "style", "old"):
        shapes |= {f"fc.lora_A.{name}.weight": (2, 4), f"fc.lora_B.{name}.weight": (10, 2)}
    path = write(tmp_path / "peft" / "model.safetensors", {f"base_model.model.{key}": shape for key, shape in shapes.items()})
    for folder in (tmp_path / "peft", tmp_path / "peft" / "style"):
        (folder / "adapter_config.json").write_text('{"peft_type": "LORA", "r": 2, "lora_alpha": 4}', "utf-8")
    base = write(tmp_path / "base.safetensors", {"fc.weight": (10, 4)})
    window.open_paths([path])
    settle(window, qtbot)
    document = session.documents[-1]
    doctor = Doctor(session, window.tasks, document.id, window)
    doctor.check_against(base)
    settle(window, qtbot)
    assert "It is a model with its adapters in it" in doctor.hint.text()
    assert "Nothing says the alpha of old" in doctor.hint.text()
    ways = [doctor.choice.itemText(n) for n in range(doctor.choice.count())]
    assert ways == ["default merged: all 1 keys load", "style merged: all 1 keys load"]
    doctor._choose(1)
    assert doctor.steps.text() == "--merge-adapter :style"
    doctor.add.click()
    settle(window, qtbot)
    after = document.checkpoint
    assert after is not None
    assert [*after.tensors] == ["fc.weight"]


def test_that_what_is_said_of_a_layer_is_a_sentence(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.open_paths([write(tmp_path / "layers.safetensors", {f"layers.{n}.weight": (2, 2) for n in range(3)})])
    settle(window, qtbot)
    window.menus["doctor"].trigger()
    doctor = dialog(window)
    doctor.text.setPlainText("RuntimeError: Error(s) in loading state_dict for Net:\n"
                             '\tMissing key(s) in state_dict: "layers.3.weight".\n\tUnexpected key(s) in state_dict: "layers.0.weight".')
    qtbot.waitUntil(lambda: "numbered" in doctor.hint.text())
    assert next(line for line in doctor.hint.text().split("\n") if "numbered" in line).startswith("The layers")
