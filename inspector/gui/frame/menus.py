"""The menu bar: every command of the window with its name, picture and keys, said once. What a command does is told by those who do
it (`on`)."""
from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from inspector import core, languages
from inspector.gui.kit import icons, theme, words
from inspector.gui.kit.disk import told_soon
from inspector.gui.kit.settings import Settings
from inspector.gui.panels import PANELS
from inspector.gui.state import edit_words

_FIRST_OF_GROUPS = ("drop", "cast", "set")
_REARRANGING = ("renumber", "resize", "transpose", "reshape", "reorder", "split", "concat", "optimizer-for")     # in a menu of their own
_EDIT_PICTURES = {"strip-prefix": "edit", "drop": "remove"}


def plain(text: str) -> str:
    """The text of a command without its access key, which Chinese has in brackets behind it."""
    return re.sub(r"\(&\w\)", "", text).replace("&&", "\0").replace("&", "").replace("\0", "&")


class Menus(QObject):
    """Actions are kept by name, so that they can be enabled: `menus["reload"]`. `recent` is the menu of recent files."""

    recent_chosen = Signal(object)      # str; Qt text would drop the surrogates of names that are not UTF-8

    def __init__(self, window: QMainWindow, settings: Settings) -> None:
        super().__init__(window)
        self._window, self._settings = window, settings
        self._actions: dict[str, QAction] = {}
        self._runs: dict[str, Callable[[], object]] = {}
        self._pictures: dict[QAction, str] = {}
        self._undrawn: dict[QMenu, list[tuple[QAction, str]]] = {}
        self._file()
        self._edit()
        self._view()
        self._help()
        settings.recent_changed.connect(self._offer_recent)

    def on(self, name: str, run: Callable[[], object]) -> None:
        """Says what the command `name` does."""
        assert name in self._actions, name
        self._runs[name] = run

    @property
    def unconnected(self) -> list[str]:
        """Commands of which nobody has said what they do."""
        return [name for name, action in self._actions.items() if name not in self._runs and not action.isCheckable()]

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def picture(self, name: str) -> str:
        """What stands before a command ("": nothing)."""
        return self._pictures.get(self._actions[name], "")

    def edits(self) -> list[QAction]:
        """The commands that edit what is selected, for other menus; some of them are in one below."""
        self.rearrange.setEnabled(any(self[f"edit-{name}"].isEnabled() for name in _REARRANGING))
        return [self.rearrange.menuAction() if kind.name in _REARRANGING else self[f"edit-{kind.name}"] for kind in edit_words.KINDS
                if kind.name not in _REARRANGING[1:]]

    def all(self) -> list[tuple[str, QAction]]:
        """Every command by its name, in the order of the menus."""
        return list(self._actions.items())

    def shortcuts(self) -> list[tuple[str, str]]:
        """(command, keys) of everything that has keys, in the order of the menus."""
        return [(plain(action.text()).rstrip("…"),
                 ", ".join(keys.toString(QKeySequence.SequenceFormat.NativeText) for keys in action.shortcuts()))
                for action in self._actions.values() if action.shortcuts()]

    def _file(self) -> None:
        menu = self._window.menuBar().addMenu(self.tr("&File"))
        self._add(menu, "open", self.tr("&Open…"), "Ctrl+O", "open")
        self._add(menu, "open-folder", self.tr("Open &Folder…"), "Ctrl+Shift+O")
        self._add(menu, "open-address", self.tr("Ope&n Address…"), "Ctrl+Alt+O")
        self.recent = QMenu(self.tr("Open &Recent"), menu)
        self._draw_later(menu, self.recent.menuAction(), "history")
        menu.addMenu(self.recent)
        self.recent.aboutToShow.connect(self._fill_recent)      # then only: whether the files are there still takes a look at each
        self._offer_recent()
        self._add(menu, "open-again", self.tr("Open Again What Was Open"), "Ctrl+Shift+T").setEnabled(False)
        self._add(menu, "demo", self.tr("Open the &Demo Files"), "", "demo")
        menu.addSeparator()
        self._add(menu, "save", self.tr("&Save…"), "Ctrl+S", "save")
        self._add(menu, "save-as", self.tr("Sa&ve As…"), "Ctrl+Shift+S")
        self._add(menu, "save-all", self.tr("Sav&e All…"), "Ctrl+Alt+S")
        self._add(menu, "save-rows", self.tr("Save Rows as Ta&ble…"))
        self._add(menu, "report", self.tr("Repor&t…"))
        self._add(menu, "print", self.tr("&Print…"), "Ctrl+P")
        menu.addSeparator()
        self._add(menu, "compare", self.tr("Co&mpare"), "Ctrl+D", "compare")
        self._add(menu, "compare-with", self.tr("Compare &With a File…"), "Ctrl+Shift+D")
        self._add(menu, "run", self.tr("Training R&un…"), "Ctrl+Shift+R", "chart")
        self._add(menu, "against", self.tr("Check &Against a Model…"))
        self._add(menu, "doctor", self.tr("E&xplain a Loading Error…"), "Ctrl+Shift+V", "doctor")
        menu.addSeparator()
        self._add(menu, "reload", self.tr("Re&load"), "F5, Ctrl+R", "reload")
        follow = self._add(menu, "follow", self.tr("Follow Files That Chan&ge"))
        follow.setCheckable(True)
        follow.setChecked(self._settings.follows)
        self._add(menu, "show-in-folder", self.tr("Show &in Folder"))
        self._add(menu, "close", self.tr("&Close File"), "Ctrl+W", "close")
        menu.addSeparator()
        preferences = self._add(menu, "preferences", self.tr("Preferences…"), "Ctrl+,")
        preferences.setMenuRole(QAction.MenuRole.PreferencesRole)
        quit_ = self._add(menu, "quit", self.tr("&Quit"), "Ctrl+Q", "quit")
        quit_.setMenuRole(QAction.MenuRole.QuitRole)

    def _edit(self) -> None:
        menu = self._window.menuBar().addMenu(self.tr("&Edit"))
        self._add(menu, "undo", self.tr("&Undo"), "Ctrl+Z", "undo")
        self._add(menu, "redo", self.tr("&Redo"), "Ctrl+Shift+Z, Ctrl+Y", "redo")
        menu.addSeparator()
        for kind in edit_words.KINDS:
            if kind.name in _FIRST_OF_GROUPS:
                menu.addSeparator()
            if kind.name == _REARRANGING[0]:
                self.rearrange = menu.addMenu(self.tr("Rearrange"))
            into = self.rearrange if kind.name in _REARRANGING else menu
            self._add(into, f"edit-{kind.name}", kind.title() + "…", "", _EDIT_PICTURES.get(kind.name, ""))
        self._add(menu, "load-recipe", self.tr("&Load Recipe…"))
        self._add(menu, "apply-to-all", self.tr("Apply These Edits to &All Open Files…"))
        menu.addSeparator()
        self._add(menu, "copy", self.tr("&Copy Key"), "Ctrl+Shift+C", "copy")
        more = menu.addMenu(self.tr("Copy As"))
        self._add(more, "copy-rows", self.tr("Copy Ro&ws as TSV"))
        self._add(more, "copy-python", self.tr("Copy as P&ython"))
        self._add(more, "copy-shapes", self.tr("Copy Shapes as &JSON"))
        menu.addSeparator()
        self._add(menu, "find", self.tr("&Find…"), "Ctrl+F", "search")
        self._add(menu, "find-next", self.tr("Find Ne&xt"), "F3", "down")
        self._add(menu, "find-previous", self.tr("Find &Previous"), "Shift+F3", "up")
        menu.addSeparator()
        self._add(menu, "next-finding", self.tr("&Next Finding"), "F8", "down")
        self._add(menu, "previous-finding", self.tr("Pre&vious Finding"), "Shift+F8", "up")

    def _view(self) -> None:
        menu = self._window.menuBar().addMenu(self.tr("&View"))
        self._add(menu, "palette", self.tr("Comman&ds and Keys…"), "Ctrl+K", "keyboard")
        menu.addSeparator()
        for n, panel in enumerate(PANELS):
            self._add(menu, panel.name, panel.title(), f"Ctrl+{n + 1}", panel.icon)
        menu.addSeparator()
        self._add(menu, "back", self.tr("&Back"), "Alt+Left, Ctrl+[")
        self._add(menu, "forward", self.tr("&Forward"), "Alt+Right, Ctrl+]")
        self._bookmarks(menu)
        menu.addSeparator()
        side = self._add(menu, "panels", self.tr("Show &Panels"), "F9", "panel")
        side.setCheckable(True)
        side.setChecked(True)
        listed = self._add(menu, "list", self.tr("Tensors as a &List"), "Ctrl+L", "list")
        listed.setCheckable(True)
        stored = self._add(menu, "as-stored", self.tr("Packed &Weights as Stored"), "", "box")
        stored.setCheckable(True)
        stored.setChecked(self._settings.packed_as_stored)
        menu.addSeparator()
        self._comparison(menu)
        self._add(menu, "expand", self.tr("&Expand All"), "Ctrl+Shift+E", "expand")
        self._add(menu, "collapse", self.tr("&Collapse All"), "Ctrl+Shift+W", "collapse")
        menu.addSeparator()
        full = self._add(menu, "full-screen", self.tr("F&ull Screen"), "F11")
        full.setCheckable(True)
        self._themes(menu)
        self._languages(menu)
        self._add(menu, "reset", self.tr("&Reset Layout"), "Ctrl+0")

    def _bookmarks(self, menu: QMenu) -> None:
        self.bookmarks = menu.addMenu(self.tr("Boo&kmarks"))
        self._draw_later(menu, self.bookmarks.menuAction(), "bookmark")
        mark = self._add(self.bookmarks, "bookmark", self.tr("&Bookmark What Is Selected"), "Ctrl+B", "bookmark")
        mark.setCheckable(True)
        self._add(self.bookmarks, "next-bookmark", self.tr("&Next Bookmark"), "F4", "down")
        self._add(self.bookmarks, "previous-bookmark", self.tr("&Previous Bookmark"), "Shift+F4", "up")
        self._add(self.bookmarks, "clear-bookmarks", self.tr("&Remove All Bookmarks"))
        self.bookmarks.addSeparator()

    def _comparison(self, menu: QMenu) -> None:
        """What there is to do on the page of two files side by side; there the keys of back and forward mean its sides."""
        listed = menu.addMenu(self.tr("Comp&arison"))
        self._draw_later(menu, listed.menuAction(), "compare")
        self._add(listed, "next-change", self.tr("&Next Change"), "Alt+Down", "down")
        self._add(listed, "previous-change", self.tr("&Previous Change"), "Alt+Up", "up")
        self._add(listed, "compare-back", self.tr("Back to the Ro&w Before"), "Ctrl+[")
        self._add(listed, "compare-forward", self.tr("&Forward Again"), "Ctrl+]")
        listed.addSeparator()
        self._add(listed, "push-to-b", self.tr("Take A's into &B"), "Alt+Right", "next")
        self._add(listed, "push-to-a", self.tr("Take B's into &A"), "Alt+Left")
        listed.addSeparator()
        self._add(listed, "compare-base", self.tr("The File Both C&ome From…"))
        self._add(listed, "swap-sides", self.tr("E&xchange A and B"), "Alt+\\", "swap")
        self._add(listed, "pair-details", self.tr("&Details of the Pair"), "F7", "details")
        ruler = self._add(listed, "ruler", self.tr("&Map of Changes"), "F9")
        ruler.setCheckable(True)
        ruler.setChecked(True)
        self._add(listed, "compare-report", self.tr("&Report as a Page…"), "", "save")
        menu.addSeparator()

    def _themes(self, menu: QMenu) -> None:
        themes = menu.addMenu(self.tr("&Theme"))
        self._draw_later(menu, themes.menuAction(), "theme")
        group = QActionGroup(self)
        for choice, text in zip(theme.CHOICES, (self.tr("As the &System"), self.tr("&Light"), self.tr("&Dark")), strict=True):
            action = themes.addAction(text)
            action.setCheckable(True)
            action.setChecked(choice == theme.current().choice)
            group.addAction(action)
            self._keep(f"theme-{choice}", action)

    def _languages(self, menu: QMenu) -> None:
        chosen = self._settings.language
        listed = menu.addMenu(self.tr("Lan&guage"))
        group = QActionGroup(self)
        for choice, text in ((languages.SYSTEM, self.tr("As the &System")), *languages.NAMES.items()):
            action = listed.addAction(text)
            action.setCheckable(True)
            action.setChecked(choice == chosen)
            group.addAction(action)
            self._keep(f"language-{choice}", action)

    def _help(self) -> None:
        menu = self._window.menuBar().addMenu(self.tr("&Help"))
        self._add(menu, "shortcuts", self.tr("&Keyboard Shortcuts"), "F1", "keyboard")
        about = self._add(menu, "about", self.tr("&About Checkpoint Inspector"), "", "info")
        about.setMenuRole(QAction.MenuRole.AboutRole)

    def _add(self, menu: QMenu, name: str, text: str, keys: str = "", picture: str = "") -> QAction:
        """Keys are said outright: outside a themed desktop several of Qt's standard keys are empty (Quit, Preferences)."""
        action = QAction(text, self._window)
        if keys:
            action.setShortcuts([QKeySequence(one) for one in keys.split(", ")])
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        if picture:
            self._draw_later(menu, action, picture)
        menu.addAction(action)
        self._keep(name, action)
        return action

    def _keep(self, name: str, action: QAction) -> None:
        self._actions[name] = action
        action.triggered.connect(lambda: self._runs[name]() if name in self._runs else None)       # a switch says `toggled`

    def _draw_later(self, menu: QMenu, action: QAction, picture: str) -> None:
        """Pictures are drawn when the menu is first opened: all of them at the start would be a fifth of its time."""
        if menu not in self._undrawn:
            self._undrawn[menu] = []
            menu.aboutToShow.connect(partial(self._draw, menu))
        self._pictures[action] = picture
        self._undrawn[menu].append((action, picture))

    def _draw(self, menu: QMenu) -> None:
        for action, picture in self._undrawn[menu]:
            icons.put(action, picture)
        self._undrawn[menu] = []

    def _offer_recent(self) -> None:
        self.recent.setEnabled(bool(self._settings.recent))

    def _fill_recent(self) -> None:
        menu = self.recent
        menu.clear()
        paths = self._settings.recent
        gone = told_soon(lambda: {path for path in paths if not core.is_address(path) and not os.path.lexists(core.file_of(path))},
                         set[str]())
        for n, path in enumerate(paths, 1):
            name = words.menu_text(core.file_name(path), 60)
            folder = words.menu_text(core.folder_of(path), 60)
            action = menu.addAction(f"&{n % 10}  {name}   —   {folder}", partial(self.recent_chosen.emit, path))
            action.setEnabled(path not in gone)
        menu.addSeparator()
        menu.addAction(self.tr("&Clear This List"), self._settings.clear_recent)
