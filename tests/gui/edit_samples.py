"""Files for the tests of editing in the window, written by torch, and a window over them."""
from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import torch
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from inspector.gui.dialogs.apply_to_all import ApplyToAll
from inspector.gui.dialogs.save_all import SaveAll
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.kit.settings import Settings
from inspector.gui.state.session import Document, Session
from inspector.gui.state.tasks import Tasks

KEYS = ("conv.weight", "conv.bias", "fc.weight")


class Config:
    """What no program but its own knows."""


def weights(prefix: str = "module.") -> OrderedDict[str, torch.Tensor]:
    shapes = ((4, 3, 3), (4,), (5, 4))
    return OrderedDict((f"{prefix}{key}", torch.arange(torch.Size(shape).numel(), dtype=torch.float32).reshape(shape) + n)
                       for n, (key, shape) in enumerate(zip(KEYS, shapes, strict=True)))


def wrapped(folder: Path, name: str = "last.pth") -> Path:
    """A state dict of a DataParallel model."""
    torch.save(weights(), folder / name)
    return folder / name


def training(folder: Path, name: str = "train.pth") -> Path:
    torch.save({"model": weights(""), "ema": weights(""), "epoch": 3}, folder / name)
    return folder / name


def opened(session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot, path: Path) -> tuple[MainWindow, Document]:
    window = MainWindow(session, tasks, settings)
    window.edits.asks = False               # whoever tests that it asks says so
    qtbot.addWidget(window)
    window.show()
    window.open_paths([str(path)])
    settled(tasks, qtbot)
    [document] = session.documents
    assert document.checkpoint is not None
    return window, document


def settled(tasks: Tasks, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not tasks.running)


def rows(dialog: SaveAll | ApplyToAll) -> list[tuple[str, str, bool]]:
    items = [dialog.files.topLevelItem(n) for n in range(dialog.files.topLevelItemCount())]
    return [(item.text(0), item.text(1), item.checkState(0) is Qt.CheckState.Checked) for item in items if item is not None]
