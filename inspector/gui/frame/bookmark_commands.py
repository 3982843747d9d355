"""Keys that were marked: the command that marks them, the list in the menu, the way from one to the next."""
from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from inspector.gui.kit import words
from inspector.gui.state.bookmarks import Bookmarks

if TYPE_CHECKING:
    from .main_window import MainWindow

_LISTED = 40


class BookmarkCommands(QObject):
    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.bookmarks = Bookmarks(window.session, window.settings, self)
        window.model.bookmarks = self.bookmarks
        for name, run in (("bookmark", self.toggle), ("next-bookmark", self.go_on),
                          ("previous-bookmark", partial(self.go_on, backwards=True)), ("clear-bookmarks", self.bookmarks.clear)):
            window.menus.on(name, run)
        window.menus.bookmarks.aboutToShow.connect(self._list)
        window.tree.own_actions = lambda: [window.menus["bookmark"]]
        self.bookmarks.changed.connect(window.model.draw_again)
        for signal in (self.bookmarks.changed, window.session.selection_changed, window.session.document_changed,
                       window.session.document_removed, window.comparison.shown_changed, window.runs.shown_changed):
            signal.connect(self.refresh)
        self.refresh()

    def entries(self) -> list[tuple[int, str]]:
        """Document and key of all that is marked, file by file."""
        return [(document.id, key) for document in self._window.session.documents for key in self.bookmarks.of(document.id)]

    def refresh(self) -> None:
        window, chosen = self._window, self._window.tree.chosen_keys()
        in_front = not window.comparison.shown and not window.runs.shown
        window.menus["bookmark"].setEnabled(in_front and chosen is not None)
        window.menus["bookmark"].setChecked(chosen is not None and set(chosen[1]) <= set(self.bookmarks.of(chosen[0])))
        any_ = any(self.bookmarks.of(document.id) for document in window.session.documents)
        for name in ("next-bookmark", "previous-bookmark"):
            window.menus[name].setEnabled(in_front and any_)
        window.menus["clear-bookmarks"].setEnabled(any_)

    def toggle(self) -> None:
        chosen = self._window.tree.chosen_keys()
        if chosen is not None:
            self.bookmarks.toggle(*chosen)
        self.refresh()                  # the command shows what came of it, where nothing did, too

    def go_on(self, *, backwards: bool = False) -> None:
        """To the next marked row below the current one, or above it; round."""
        tree = self._window.tree
        found = tree.tree_model.next_marked(tree.currentIndex().row(), backwards)
        if found is not None:
            self.go_to(*found)

    def go_to(self, document: int, key: str) -> None:
        """Out of a comparison, and out of a filter that hides it."""
        window = self._window
        if window.comparison.shown:
            window.menus["compare"].trigger()
        if not window.tree.reveal(document, key):
            window.search.setText("")
            window.tree.reveal(document, key)
        window.tree.setFocus()

    def _list(self) -> None:
        """Behind the commands of the menu those to go to each of the marked keys, the latest marked last."""
        menu, entries = self._window.menus.bookmarks, self.entries()
        for action in menu.actions():
            if action.data() == "listed":
                menu.removeAction(action)
                action.deleteLater()
        several = len({document for document, _ in entries}) > 1
        for document, key in entries[-_LISTED:]:
            found = self._window.session.document(document)
            place = f"   —   {words.menu_text(self._window.session.name(found), 60)}" if several and found is not None else ""
            action = menu.addAction(f"{words.menu_text(key, 80)}{place}", partial(self.go_to, document, key))
            action.setData("listed")
