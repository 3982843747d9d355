"""Asking for the name of one file, with the desktop's own dialog. Tests put their own answers here."""
from __future__ import annotations

import os
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

Chosen = Callable[[str], object]


def open_file(parent: QWidget, title: str, start: str, on_chosen: Chosen, *, filters: tuple[str, ...] = ()) -> None:
    """A file that is there."""
    dialog = _dialog(parent, title, start, on_chosen, filters)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.open()


def save_file(parent: QWidget, title: str, start: str, on_chosen: Chosen, *, filters: tuple[str, ...] = (), suffix: str = "") -> None:
    """A file that may be there; what that means is said by whoever asks."""
    dialog = _dialog(parent, title, start, on_chosen, filters)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)
    dialog.setDefaultSuffix(suffix)
    dialog.open()


def ask_where_to_save(parent: QWidget, title: str, name: str, kinds: str) -> str:
    """The path a person chose, or "". Waits for the answer. It begins in the folder that the one before was saved to."""
    path = QFileDialog.getSaveFileName(parent, title, os.path.join(_Kept.folder, name), kinds)[0]
    if path:
        _Kept.folder = os.path.dirname(path)
    return path


class _Kept:
    folder = ""                 # of what was saved last, while the program runs


def _dialog(parent: QWidget, title: str, start: str, on_chosen: Chosen, filters: tuple[str, ...]) -> QFileDialog:
    dialog = QFileDialog(parent, title, os.path.dirname(start))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    if filters:
        dialog.setNameFilters(list(filters))
    if os.path.basename(start):
        dialog.selectFile(start)
    dialog.fileSelected.connect(on_chosen)
    return dialog
