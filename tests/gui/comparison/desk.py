"""A window in which two files are compared, driven as a person does, and small files for it."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot
from safetensors.numpy import save_file

from inspector.gui.comparison.page import ComparePage
from inspector.gui.comparison.progress import Step
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.kit.settings import Settings

Arrays = dict[str, np.ndarray[Any, Any]]
SEED = np.random.default_rng(7)
BASE: Arrays = {"conv.weight": SEED.normal(size=(8, 3, 3, 3)).astype(np.float32), "conv.bias": np.arange(8, dtype=np.float32),
                "layers.0.weight": SEED.normal(size=(16, 16)).astype(np.float32),
                "layers.1.weight": SEED.normal(size=(16, 16)).astype(np.float32),
                "fc.weight": SEED.normal(size=(10, 16)).astype(np.float32)}


def write(path: Path, arrays: Arrays, metadata: dict[str, str] | None = None) -> str:
    save_file(arrays, str(path), metadata)
    return str(path)


def changed() -> Arrays:
    """`BASE` with one layer trained on, one dtype, one shape, one name more and one less."""
    other = {key: value.copy() for key, value in BASE.items()}
    other["layers.1.weight"] = other["layers.1.weight"] + np.float32(0.25)
    other["layers.0.weight"] = other["layers.0.weight"].astype(np.float16)
    other["fc.weight"] = np.ones((12, 16), np.float32)
    other["extra.weight"] = np.ones((2, 2), np.float32)
    del other["conv.bias"]
    return other


class Desk:
    def __init__(self, window: MainWindow, qtbot: QtBot, folder: Path, settings: Settings) -> None:
        self.window, self.qtbot, self.folder = window, qtbot, folder
        self.session = window.session
        self.settings: Settings = settings

    @property
    def page(self) -> ComparePage:
        return self.window.comparison.page

    def open(self, *sides: Arrays, names: tuple[str, ...] = ("a.safetensors", "b.safetensors", "c.safetensors")) -> list[int]:
        paths = [write(self.folder / name, arrays) for name, arrays in zip(names, sides, strict=False)]
        self.window.open_paths(paths)
        self.settle()
        return [document.id for document in self.session.documents]

    def compare(self, *sides: Arrays, details: bool = True) -> ComparePage:
        self.open(*sides)
        self.window.menus["compare"].trigger()
        if details:
            self.page.show_details(self.page.pair)
        self.finish()
        return self.page

    def finish(self) -> None:
        self.qtbot.waitUntil(lambda: self.page.progress.step is Step.DONE, timeout=120_000)
        self.settle()

    def settle(self) -> None:
        """Nothing runs, and no timer of the page waits to start something."""
        def calm() -> bool:
            waits = any(timer.isActive() and timer.isSingleShot() for timer in self.window.findChildren(QTimer))
            return not self.window.tasks.running and not waits
        self.qtbot.waitUntil(calm, timeout=120_000)

    def statuses(self) -> dict[str, str]:
        tree = self.page.model.tree
        assert tree is not None
        return {pair.a or pair.b or "": pair.status for pair in tree.figures.pairs}

    def select(self, key: str) -> None:
        row = self.page.model.reveal(key)
        assert row is not None
        self.page.view.select_row(row)
        self.settle()

    def shown(self) -> list[str]:
        model = self.page.model
        return [line.key for row in range(model.rowCount()) if (line := model.line(row)).status]

    def menu(self) -> dict[str, QAction]:
        menu = self.page.view.menu_for(self.page.view.currentIndex().row())
        found: dict[str, QAction] = {}
        title = ""
        for action in menu.actions():
            if not action.isEnabled() and action.text().startswith("In "):
                title = action.text()[3]
            elif action.text():
                found[f"{title}: {action.text()}" if title and not action.text().startswith("Show") else action.text()] = action
        self.kept: QMenu = menu
        return found
