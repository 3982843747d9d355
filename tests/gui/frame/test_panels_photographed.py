"""Every panel, photographed as five people see it: light, dark, on a small screen, in Chinese, in longer words. No text lacks room."""
from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PySide6.QtCore import QTranslator
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QLabel, QPushButton, QStyle, QStyleOptionComboBox, QToolButton, QWidget
from pytestqt.qtbot import QtBot
from safetensors.numpy import save_file

from inspector import core
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.frame.panel_tabs import NAMES as PANELS
from inspector.gui.kit import theme, translators
from inspector.gui.kit.settings import Settings
from inspector.gui.panels.overview import Overview
from inspector.gui.state.session import Selection, Session
from inspector.gui.state.tasks import Tasks
from tests.core.packed import packing
from tests.gui.longer import Longer

VARIANTS = {"light": ("light", (1360, 860), "en"), "dark": ("dark", (1360, 860), "en"), "small": ("light", (1024, 700), "en"),
            "chinese": ("dark", (1024, 700), "zh_CN"), "longer": ("light", (1024, 700), "longer")}
_OWN_TEXT = ("QLabel", "Fitting", "QPushButton", "QToolButton", "QCheckBox", "QComboBox")
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model with kernels, layers, experts, something that is NaN and something all zero."""
    weights = {"stem.weight": RNG.normal(size=(16, 3, 5, 5)), "head.weight": RNG.normal(size=(10, 32)), "head.bias": np.full(10, np.nan)}
    for layer in range(6):
        weights[f"layers.{layer}.attention.q_proj.weight"] = RNG.normal(size=(32, 32)) * (layer != 3)
        weights |= {f"layers.{layer}.mlp.experts.{n}.up_proj.weight": RNG.normal(size=(48, 32)) for n in range(4)}
    file = tmp_path_factory.mktemp("photographed") / "a checkpoint with a rather long name.safetensors"
    core.save({key: values.astype(np.float32) for key, values in weights.items()}, file)
    return str(file)


@pytest.fixture
def language(qapp: QApplication, request: pytest.FixtureRequest) -> Iterator[str]:
    wanted = VARIANTS[request.param][2]
    before = {*qapp.findChildren(QTranslator)}
    if wanted == "longer":
        qapp.installTranslator(Longer(qapp))
    else:
        translators.install(qapp, wanted)
    yield request.param
    for translator in {*qapp.findChildren(QTranslator)} - before:
        qapp.removeTranslator(translator)
    translators.install(qapp, "en")


@pytest.mark.parametrize("language", VARIANTS, indirect=True)
def test_that_no_text_of_a_panel_is_cut(language: str, path: str, session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot,
                                        tmp_path: Path) -> None:
    look, size, _ = VARIANTS[language]
    theme.current().choose(look)
    window = MainWindow(session, tasks, settings)
    qtbot.addWidget(window)
    window.resize(*size)
    window.show()
    theme.current().apply_style_sheet()
    window.open_paths([path])
    qtbot.waitUntil(lambda: not tasks.running and session.selected_document is not None)
    document = session.selected_document
    assert document is not None
    wrong: list[str] = []
    for key in ("", "stem.weight", "head.weight", "layers.3.attention.q_proj.weight"):
        session.select(Selection(document.id, key, (key,) if key else ()))
        for name in PANELS:
            if window.tabs.isTabVisible(PANELS.index(name)):
                window.tabs.show_panel(name)
                panel = window.tabs.panel(name)
                qtbot.waitUntil(lambda shown=panel: not tasks.running and (not isinstance(shown, Overview) or shown.is_settled))
                QApplication.processEvents()
                picture = window.grab().toImage()
                assert not picture.isNull()
                wrong += [f"{name} of {key or 'the file'}: {said}" for said in cut(window)]
    assert sorted(set(wrong)) == []
    window.close()


def cut(window: QWidget) -> list[str]:
    """Texts of Qt's own widgets that have less room than they take; ours that elide say all of it in their tooltip."""
    found = []
    for widget in (*window.findChildren(QLabel), *window.findChildren(QPushButton), *window.findChildren(QToolButton),
                   *window.findChildren(QCheckBox), *window.findChildren(QComboBox)):
        if not widget.isVisible() or type(widget).__name__ not in _OWN_TEXT:
            continue
        text = widget.currentText() if isinstance(widget, QComboBox) else widget.text()
        if not text or (isinstance(widget, QLabel) and widget.wordWrap()):
            continue
        room = _room(widget)
        taken = QFontMetrics(widget.font()).horizontalAdvance(text.replace("&", "").split("\n")[0])
        if taken > room + 1 and widget.toolTip() == "" and "…" not in text:
            found.append(f"{text!r} takes {taken} of {room}")
    return found


def _room(widget: QWidget) -> int:
    if isinstance(widget, QComboBox):
        option = QStyleOptionComboBox()
        widget.initStyleOption(option)
        edit = QStyle.SubControl.SC_ComboBoxEditField
        return widget.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, edit, widget).width()
    return widget.width()


@pytest.mark.parametrize("language", ["small", "chinese"], indirect=True)
def test_that_nothing_of_a_page_lies_beside_the_narrowest_panel(language: str, session: Session, tasks: Tasks, settings: Settings,
                                                                qtbot: QtBot, tmp_path: Path) -> None:
    """Pages of a file with findings of every level and of a packed tensor, made where there is room and then without it."""
    big = torch.zeros(40_000)
    names = [f"module.language_model.encoder.layers.{n}.self_attention.q_proj.weight" for n in range(8)]
    weights = {name: big[number * 16:number * 16 + 16].view(4, 4).t() for number, name in enumerate(names)}
    torch.save({"model": weights, "tied": weights[names[0]], "args": argparse.Namespace(lr=1)}, tmp_path / "a.pth")
    made = packing.bitsandbytes(np.random.default_rng(1), (9, 33), 8, True)
    long = "language_model.layers.11.self_attention.q_proj.weight"
    save_file({key.replace(made.name, long): values for key, values in made.tensors.items()}, tmp_path / "packed.safetensors")
    window = MainWindow(session, tasks, settings)
    qtbot.addWidget(window)
    window.resize(1400, 700)
    window.show()
    theme.current().apply_style_sheet()
    window.open_paths([str(tmp_path / "a.pth"), str(tmp_path / "packed.safetensors")])
    qtbot.waitUntil(lambda: not tasks.running and len(session.documents) == 2)
    overview = window.tabs.panel("overview")
    assert isinstance(overview, Overview)
    wrong = []
    for document, key in ((session.documents[0], ""), (session.documents[1], long)):
        window.work.setSizes([400, 1000])
        keys = tuple(name for name in document.checkpoint.tensors if name.startswith(key)) if document.checkpoint and key else ()
        session.select(Selection(document.id, key, keys))
        qtbot.waitUntil(lambda: not tasks.running and overview.is_settled)
        window.work.setSizes([1400, 1])
        qtbot.waitUntil(lambda: overview.area.viewport().width() < 400)
        QApplication.processEvents()
        page = overview.area.widget()
        if page.width() > overview.area.viewport().width():
            wrong.append(f"{key or 'the file'}: {page.width()} of {overview.area.viewport().width()}")
        wrong += cut(page)
    assert not wrong
    window.close()


def test_that_a_text_without_room_is_found(qtbot: QtBot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    label = QLabel("rather more text than there is room for", holder)
    label.setFixedWidth(40)
    holder.show()
    assert len(cut(holder)) == 1
    label.setFixedWidth(400)
    assert cut(holder) == []
