"""A window from start to end: the application, what it is made of, and the order in which they come and go."""
from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Sequence

from PySide6.QtCore import QTimer

from inspector import core
from inspector.gui.kit import file_dialogs, theme
from inspector.gui.kit.printing import PageMaker
from inspector.gui.kit.settings import Settings
from inspector.gui.state.session import Session
from inspector.gui.state.tasks import Tasks

from .ahead import Ahead
from .application import Application, existing, keep_qt_quiet
from .input_watch import InputWatch
from .instance_server import Server
from .main_window import MainWindow
from .opening import MANY, Opener
from .screenshot import Screenshot

LISTEN_AFTER = 300          # ms; the files are on the screen by then


def show(paths: list[str], *, remember: bool = True, listen: bool = True, listening: socket.socket | None = None,
         language: str | None = None, pages: PageMaker | None = None) -> int:
    """Shows the window with `paths` until it is closed; in `language` without remembering it. `listen`: later starts are answered, on the
    socket that hears them already, if there is one."""
    if not remember:
        with tempfile.TemporaryDirectory(prefix="inspector-", ignore_cleanup_errors=True) as folder:
            return _show(paths, Settings(os.path.join(folder, "settings.ini")), listen, listening, language, pages)
    return _show(paths, Settings(), listen, listening, language, pages)


def picture(paths: list[str], out: str, language: str | None = None) -> int:
    """Draws the window with `paths` to the file `out`. Nobody's settings are read or written. Raises InspectorError."""
    keep_qt_quiet()
    with tempfile.TemporaryDirectory(prefix="inspector-", ignore_cleanup_errors=True) as folder:
        settings = Settings(os.path.join(folder, "settings.ini"))
        with core.collector_paused(for_good=True):
            app = existing() or Application(settings.theme, language or settings.language)
            window = _window(settings, paths)
        shot = Screenshot(window, out)
        QTimer.singleShot(0, shot.start)
        app.exec()
        window.close()
        if shot.error is not None:
            raise shot.error
        return 0


def _show(paths: list[str], settings: Settings, listen: bool, listening: socket.socket | None, language: str | None,
          pages: PageMaker | None) -> int:
    few = len(paths) <= MANY                # more are asked about first, by the window
    with core.collector_paused(for_good=True):
        app = existing() or Application(settings.theme, language or settings.language)
        app.catcher.install()
        app.catcher.log = settings.log
        window = _window(settings, paths if few else ())
    if pages is not None:
        window.reports.pages = pages
    app.file_asked.connect(lambda path: window.open_paths([path]))
    window.show()
    Ahead(window.session, window.tasks, window.tabs, window.comparison, window)
    InputWatch(app, window.tasks, window)
    window.open_paths([*([] if few else paths), *app.window_is_there()])
    if listen:
        window.keep_session()
        if settings.reopens and not paths and not window.session.documents:
            window.menus["open-again"].trigger()
        QTimer.singleShot(LISTEN_AFTER, lambda: _listen(window, listening))
    try:
        return app.exec()
    finally:
        app.catcher.remove()


def _window(settings: Settings, paths: Sequence[str] = ()) -> MainWindow:
    """A window, made while `paths` are being opened already."""
    session, tasks = Session(), Tasks()
    opener = Opener(session, tasks, settings)
    opener.shows_runs = True
    opener.open(paths)
    window = MainWindow(session, tasks, settings, opener=opener)
    for part in (session, tasks, settings):
        part.setParent(window)
    file_dialogs.remember_in(settings)
    theme.current().apply_style_sheet()
    return window


def _listen(window: MainWindow, listening: socket.socket | None) -> None:
    """Answers later starts from now on, and those that came meanwhile."""
    server = Server(window)

    def asked(paths: list[str]) -> None:
        window.to_front()
        window.open_paths(paths)

    server.asked.connect(asked)
    server.listen(listening)
