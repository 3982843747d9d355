"""The menu bar: every command of the window with its name, picture and keys, said once. What they do is the window's affair."""
from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Protocol

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from inspector import core
from inspector.gui.kit import icons, theme, words
from inspector.gui.kit.settings import Settings
from inspector.gui.panels import PANELS
from inspector.gui.state import edit_words

_FIRST_OF_GROUPS = ("drop", "cast", "set")
_EDIT_PICTURES = {"strip-prefix": "edit", "drop": "remove"}


class Commands(Protocol):
    def choose_files(self) -> None: ...
    def choose_folder(self) -> None: ...
    def open_paths(self, paths: list[str]) -> None: ...
    def open_demo(self) -> None: ...
    def compare(self) -> None: ...
    def compare_with_file(self) -> None: ...
    def explain_error(self) -> None: ...
    def check_against(self) -> None: ...
    def reload(self) -> None: ...
    def close_file(self) -> None: ...
    def save(self) -> None: ...
    def save_as(self) -> None: ...
    def quit(self) -> None: ...
    def undo(self) -> None: ...
    def redo(self) -> None: ...
    def edit(self, kind: str) -> None: ...
    def load_recipe(self) -> None: ...
    def copy_keys(self) -> None: ...
    def search_keys(self) -> None: ...
    def show_panel(self, index: int) -> None: ...
    def show_panels(self, shown: bool) -> None: ...
    def expand_all(self) -> None: ...
    def collapse_all(self) -> None: ...
    def choose_theme(self, choice: str) -> None: ...
    def reset_layout(self) -> None: ...
    def about(self) -> None: ...
    def list_shortcuts(self) -> None: ...


class Menus(QObject):
    """Actions are kept by name, so that the window can enable them: `menus["reload"]`."""

    def __init__(self, window: QMainWindow, commands: Commands, settings: Settings) -> None:
        super().__init__(window)
        self._window, self._commands, self._settings = window, commands, settings
        self._actions: dict[str, QAction] = {}
        self._undrawn: dict[QMenu, list[tuple[QAction, str]]] = {}
        self._file(commands)
        self._edit(commands)
        self._view(commands)
        self._help(commands)
        settings.recent_changed.connect(self._fill_recent)

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def edits(self) -> list[QAction]:
        """The commands that edit what is selected, for other menus."""
        return [self[f"edit-{kind.name}"] for kind in edit_words.KINDS]

    def shortcuts(self) -> list[tuple[str, str]]:
        """(command, keys) of everything that has keys, in the order of the menus."""
        return [(action.text().replace("&&", "\0").replace("&", "").replace("\0", "&").rstrip("…"),
                 ", ".join(keys.toString(QKeySequence.SequenceFormat.NativeText) for keys in action.shortcuts()))
                for action in self._actions.values() if action.shortcuts()]

    def _file(self, c: Commands) -> None:
        menu = self._window.menuBar().addMenu(self.tr("&File"))
        self._add(menu, "open", self.tr("&Open…"), c.choose_files, "Ctrl+O", "open")
        self._add(menu, "open-folder", self.tr("Open &Folder…"), c.choose_folder, "Ctrl+Shift+O")
        self._recent = QMenu(self.tr("Open &Recent"), menu)
        self._draw_later(menu, self._recent.menuAction(), "history")
        menu.addMenu(self._recent)
        self._recent.aboutToShow.connect(self._fill_recent)     # files may have gone since
        self._fill_recent()
        self._add(menu, "demo", self.tr("Open the &Demo Files"), c.open_demo, "", "demo")
        menu.addSeparator()
        self._add(menu, "save", self.tr("&Save…"), c.save, "Ctrl+S", "save")
        self._add(menu, "save-as", self.tr("Sa&ve As…"), c.save_as, "Ctrl+Shift+S")
        menu.addSeparator()
        self._add(menu, "compare", self.tr("Co&mpare"), c.compare, "Ctrl+D", "compare")
        self._add(menu, "compare-with", self.tr("Compare &With a File…"), c.compare_with_file, "Ctrl+Shift+D")
        self._add(menu, "against", self.tr("Check &Against a Model…"), c.check_against)
        self._add(menu, "doctor", self.tr("E&xplain a Loading Error…"), c.explain_error, "Ctrl+Shift+V", "doctor")
        menu.addSeparator()
        self._add(menu, "reload", self.tr("Re&load"), c.reload, "F5, Ctrl+R", "reload")
        self._add(menu, "close", self.tr("&Close File"), c.close_file, "Ctrl+W", "close")
        menu.addSeparator()
        quit_ = self._add(menu, "quit", self.tr("&Quit"), c.quit, "Ctrl+Q", "quit")
        quit_.setMenuRole(QAction.MenuRole.QuitRole)

    def _edit(self, c: Commands) -> None:
        menu = self._window.menuBar().addMenu(self.tr("&Edit"))
        self._add(menu, "undo", self.tr("&Undo"), c.undo, "Ctrl+Z", "undo")
        self._add(menu, "redo", self.tr("&Redo"), c.redo, "Ctrl+Shift+Z, Ctrl+Y", "redo")
        menu.addSeparator()
        for kind in edit_words.KINDS:
            if kind.name in _FIRST_OF_GROUPS:
                menu.addSeparator()
            self._add(menu, f"edit-{kind.name}", kind.title() + "…", partial(c.edit, kind.name), "", _EDIT_PICTURES.get(kind.name, ""))
        self._add(menu, "load-recipe", self.tr("&Load Recipe…"), c.load_recipe)
        menu.addSeparator()
        self._add(menu, "copy", self.tr("&Copy Key"), c.copy_keys, "Ctrl+Shift+C", "copy")
        menu.addSeparator()
        self._add(menu, "find", self.tr("&Find…"), c.search_keys, "Ctrl+F", "search")

    def _view(self, c: Commands) -> None:
        menu = self._window.menuBar().addMenu(self.tr("&View"))
        for n, panel in enumerate(PANELS):
            self._add(menu, panel.name, panel.title(), partial(c.show_panel, n), f"Ctrl+{n + 1}", panel.icon)
        menu.addSeparator()
        side = self._add(menu, "panels", self.tr("Show &Panels"), lambda: None, "F9", "panel")
        side.setCheckable(True)
        side.setChecked(True)
        side.toggled.connect(c.show_panels)
        menu.addSeparator()
        self._add(menu, "expand", self.tr("&Expand All"), c.expand_all, "Ctrl+Shift+E", "expand")
        self._add(menu, "collapse", self.tr("&Collapse All"), c.collapse_all, "Ctrl+Shift+W", "collapse")
        menu.addSeparator()
        self._themes(menu, c)
        self._add(menu, "reset", self.tr("&Reset Layout"), c.reset_layout, "Ctrl+0")

    def _themes(self, menu: QMenu, c: Commands) -> None:
        themes = menu.addMenu(self.tr("&Theme"))
        self._draw_later(menu, themes.menuAction(), "theme")
        group = QActionGroup(self)
        for choice, text in zip(theme.CHOICES, (self.tr("As the &System"), self.tr("&Light"), self.tr("&Dark")), strict=True):
            action = themes.addAction(text)
            action.setCheckable(True)
            action.setChecked(choice == theme.watcher().choice)
            action.triggered.connect(lambda checked=False, choice=choice: c.choose_theme(choice))
            group.addAction(action)
            self._actions[f"theme-{choice}"] = action

    def _help(self, c: Commands) -> None:
        menu = self._window.menuBar().addMenu(self.tr("&Help"))
        self._add(menu, "shortcuts", self.tr("&Keyboard Shortcuts"), c.list_shortcuts, "F1", "keyboard")
        about = self._add(menu, "about", self.tr("&About Checkpoint Inspector"), c.about, "", "info")
        about.setMenuRole(QAction.MenuRole.AboutRole)

    def _add(self, menu: QMenu, name: str, text: str, run: Callable[[], None], keys: str = "", picture: str = "") -> QAction:
        """Keys are said outright: outside a themed desktop several of Qt's standard keys are empty (Quit, Preferences)."""
        action = QAction(text, self._window)
        if keys:
            action.setShortcuts([QKeySequence(one) for one in keys.split(", ")])
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        if picture:
            self._draw_later(menu, action, picture)
        action.triggered.connect(lambda: run())
        menu.addAction(action)
        self._actions[name] = action
        return action

    def _draw_later(self, menu: QMenu, action: QAction, picture: str) -> None:
        """Pictures are drawn when the menu is first opened: all of them at the start would be a fifth of its time."""
        if menu not in self._undrawn:
            self._undrawn[menu] = []
            menu.aboutToShow.connect(partial(self._draw, menu))
        self._undrawn[menu].append((action, picture))

    def _draw(self, menu: QMenu) -> None:
        for action, picture in self._undrawn[menu]:
            icons.put(action, picture)
        self._undrawn[menu] = []

    def _fill_recent(self) -> None:
        menu = self._recent
        menu.clear()
        for n, path in enumerate(self._settings.recent, 1):
            name = words.menu_text(os.path.basename(os.path.normpath(path)) or path, 60)
            folder = words.menu_text(os.path.dirname(path), 60)
            action = menu.addAction(f"&{n % 10}  {name}   —   {folder}", partial(self._commands.open_paths, [path]))
            action.setEnabled(os.path.lexists(core.file_of(path)))
        menu.setEnabled(bool(self._settings.recent))
        if self._settings.recent:
            menu.addSeparator()
            menu.addAction(self.tr("&Clear This List"), self._settings.clear_recent)
