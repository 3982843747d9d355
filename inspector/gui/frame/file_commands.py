"""The commands that open, reload and close files, and the questions that go with them."""
from __future__ import annotations

import os
import re
from collections.abc import Callable

from PySide6.QtCore import QObject, QStandardPaths, Qt, QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from inspector import core
from inspector.gui.kit import file_dialogs, message_boxes
from inspector.gui.kit.disk import told_soon
from inspector.gui.kit.settings import Settings
from inspector.gui.state.session import Session
from inspector.gui.state.tasks import Tasks

from .menus import Menus
from .opening import Choose, Opener, local_path

_LONGEST = 4096         # characters of an address
_WITHOUT_SCHEME = re.compile(r"[\w-]+(\.[\w-]+)*\.[a-z]{2,}(:\d+)?/", re.ASCII | re.IGNORECASE)


class FileCommands(QObject):
    """`close` closes a document, with whatever must be asked before. `choose` asks for files; tests give their own."""

    def __init__(self, window: QWidget, session: Session, tasks: Tasks, settings: Settings, opener: Opener, menus: Menus,
                 close: Callable[[int], None], choose: Choose | None = None) -> None:
        super().__init__(window)
        self._window, self._session, self._tasks, self._settings, self._opener = window, session, tasks, settings, opener
        self._close = close
        self.choose: Choose = choose or self._choose
        opener.confirm = self._confirm
        for name, run in (("open", self.choose_files), ("open-folder", self.choose_folder), ("open-address", self.ask_address),
                          ("demo", self.open_demo),
                          ("reload", self.reload), ("close", self.close_file), ("quit", window.close)):
            menus.on(name, run)
        menus.recent_chosen.connect(self.open_path)

    def choose_files(self) -> None:
        self.choose(False, self._opener.open)

    def choose_folder(self) -> None:
        self.choose(True, self._opener.open)

    def ask_address(self) -> None:
        """Asks for an address; one that was copied lately is there already."""
        copied = QGuiApplication.clipboard().text().strip()
        message_boxes.ask_text(self._window, self.tr("Open address"), self.tr("Open a checkpoint where it lies"),
                               self.tr("Only what describes the tensors is fetched, and values when you look at them. A password or token "
                                       "in the address is shown nowhere and not remembered."), self.tr("Address"),
                               "https://…  s3://…  gs://…  hf://…", self.tr("Open"), self._open_address,
                               copied if len(copied) < _LONGEST and core.is_address(copied) and "\n" not in copied else "")

    def _open_address(self, text: str) -> None:
        if _WITHOUT_SCHEME.match(text) and not told_soon(lambda: os.path.lexists(text), False):
            text = f"https://{text}"            # as browsers show it, and take it
        url = QUrl(text)
        self._opener.open([local_path(url) or text if url.scheme() == "file" else text])

    def open_path(self, path: str) -> None:
        self._opener.open([path])

    def open_demo(self) -> None:
        folder = os.path.join(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericCacheLocation),
                              "checkpoint-inspector", "demo")
        self._tasks.start("demo", lambda monitor: core.make_demo(folder), on_done=self._opener.open, on_error=self._no_demo,
                          label=self.tr("Making the demo files"))

    def reload(self) -> None:
        document = self._session.selected_document
        if document is not None:
            self._opener.reload(document.id)

    def close_file(self) -> None:
        document = self._session.selected_document
        if document is not None:
            self._close(document.id)

    # -- asking

    def _choose(self, folders: bool, on_chosen: Callable[[list[str]], None]) -> None:
        dialog = QFileDialog(self._window, self.tr("Open a folder") if folders else self.tr("Open checkpoints"),
                             file_dialogs.existing(self._settings.folder))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if folders:
            dialog.setFileMode(QFileDialog.FileMode.Directory)
        else:
            dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
            dialog.setNameFilters([self.tr("Checkpoints ({patterns})").format(
                patterns="*.pth *.pt *.ckpt *.safetensors *.bin *.th *.tar *.pt2 *.json"), self.tr("All files (*)")])

        def chosen(paths: list[str]) -> None:
            if paths:
                self._settings.folder = os.path.dirname(paths[0])
                on_chosen(paths)

        dialog.filesSelected.connect(chosen)
        dialog.open()

    def _confirm(self, count: int, on_yes: Callable[[], None]) -> None:
        message_boxes.ask(self._window, self.tr("Open many files?"), self.tr("These are {n} files.").format(n=f"{count:,}"),
                          self.tr("Opening reads only what describes the tensors, but a long list may be hard to find your way in."),
                          self.tr("Open {n} files").format(n=f"{count:,}"), on_yes)

    def _no_demo(self, error: Exception) -> None:
        message_boxes.show_message(self._window, "warning", self.tr("Demo files"), self.tr("The demo files could not be written."),
                           core.visible(str(error), 400))
