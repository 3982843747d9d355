"""Asking for the name of one file, with the desktop's own dialog. Tests put their own answers here."""
from __future__ import annotations

import os
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from .disk import told_soon
from .settings import Settings

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
    folder = _Kept.settings.export_folder if _Kept.settings is not None else _Kept.folder
    path = QFileDialog.getSaveFileName(parent, title, os.path.join(existing(folder), name), kinds)[0]
    if path:
        _Kept.folder = os.path.dirname(path)
        if _Kept.settings is not None:
            _Kept.settings.export_folder = _Kept.folder
    return path


def existing(folder: str) -> str:
    """`folder`, for a dialog to begin in; "" where it is not there, or does not answer: Qt would wait for it."""
    return folder if folder and told_soon(lambda: os.path.isdir(folder), False) else ""


def remember_in(settings: Settings) -> None:
    """From now on the folder of what is saved is remembered there, until the settings are gone."""
    _Kept.settings = settings
    settings.destroyed.connect(_Kept.forget)


class _Kept:
    folder = ""                 # of what was saved last, while the program runs
    settings: Settings | None = None

    @classmethod
    def forget(cls) -> None:
        cls.settings = None


def _dialog(parent: QWidget, title: str, start: str, on_chosen: Chosen, filters: tuple[str, ...]) -> QFileDialog:
    folder, name = os.path.split(start)
    folder = existing(folder)
    dialog = QFileDialog(parent, title, folder)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    if filters:
        dialog.setNameFilters(list(filters))
    if name:
        dialog.selectFile(os.path.join(folder, name))
    dialog.fileSelected.connect(on_chosen)
    return dialog
