"""The QApplication: names, style, icon, exception hook, and files the desktop hands over (macOS) before a window exists."""
from __future__ import annotations

import logging
import sys

from PySide6.QtCore import QEvent, QMessageLogContext, QtMsgType, Signal, qInstallMessageHandler
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication

from inspector import core, languages
from inspector.gui.kit import icons, message_boxes, theme, translators

from .opening import local_path

DESKTOP_NAME = "checkpoint-inspector"       # of the .desktop file, so that docks and Wayland know whose window it is


class Application(QApplication):
    file_asked = Signal(object)         # str; see welcome.path_asked

    def __init__(self, choice: str = "system", language: str = languages.SYSTEM) -> None:
        super().__init__([DESKTOP_NAME])
        # how long a worker may keep the interpreter when the window wants it: the default, 5 ms, is felt with several of them
        sys.setswitchinterval(0.0005)
        self.setApplicationName(DESKTOP_NAME)
        self.setApplicationDisplayName("")          # the window titles say it themselves
        self.setApplicationVersion(core.version)
        self.setDesktopFileName(DESKTOP_NAME)
        self.setWindowIcon(icons.application_icon())
        self.waiting: list[str] = []
        self._window_is_there = False
        self.language = translators.install(self, language)
        theme.current().choose(choice)
        self.catcher = message_boxes.Catcher(self)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FileOpen and isinstance(event, QFileOpenEvent):
            path = local_path(event.url())
            if path is not None:
                self._ask(path)
            return True
        return super().event(event)

    def window_is_there(self) -> list[str]:
        """From now on asked files are told by the signal; gives those that came before."""
        self._window_is_there = True
        early, self.waiting = self.waiting, []
        return early

    def _ask(self, path: str) -> None:
        if self._window_is_there:
            self.file_asked.emit(path)
        else:
            self.waiting.append(path)


def keep_qt_quiet() -> None:
    """Lets Qt's complaint about the off-screen platform pass unheard; other messages go to the log, which shows warnings."""
    log = logging.getLogger("inspector.qt")

    def hear(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
        if "propagateSizeHints" not in text:
            log.log(logging.DEBUG if kind in (QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg) else logging.WARNING, "%s", text)

    qInstallMessageHandler(hear)


def existing() -> Application | None:
    """The application of this process, if it is ours already (tests)."""
    found = QApplication.instance()
    return found if isinstance(found, Application) else None
