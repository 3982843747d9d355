"""The commands that change what is shown of the open files, and those that say something about the program."""
from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication

from inspector import core, languages
from inspector.gui.dialogs.preferences import Preferences
from inspector.gui.kit import exporting, file_dialogs, icons, message_boxes, theme, words
from inspector.gui.models import row_table
from inspector.gui.state.session import Selection

from .palette import Palette
from .panel_tabs import NAMES

if TYPE_CHECKING:
    from .main_window import MainWindow


class ViewCommands(QObject):
    """What acts on keys acts on the comparison while that is in front, and else on the tree of files."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        menus = window.menus
        for name, run in (("copy", self.copy_keys), ("find", self.find), ("expand", self.expand_all), ("collapse", self.collapse_all),
                          ("find-next", self.find_next), ("find-previous", partial(self.find_next, backwards=True)),
                          ("palette", self.show_palette), ("next-finding", self.go_to_finding),
                          ("previous-finding", partial(self.go_to_finding, backwards=True)),
                          ("copy-rows", window.tree.copy_rows), ("copy-python", partial(self.copy_as, window.tree.copy_as_python)),
                          ("copy-shapes", partial(self.copy_as, window.tree.copy_shapes)), ("save-rows", self.save_rows),
                          ("show-in-folder", self.show_in_folder), ("reset", window.reset_layout), ("preferences", self.ask_preferences),
                          ("about", self.about), ("shortcuts", self.list_shortcuts)):
            menus.on(name, run)
        menus["panels"].toggled.connect(self.show_panels)
        menus["list"].toggled.connect(self.show_list)
        window.as_list.toggled.connect(menus["list"].setChecked)
        window.as_list.setToolTip(self.tr("Tensors as a list, with columns of what their values say (Ctrl+L)"))
        window.as_list.setAccessibleName(self.tr("Tensors as a list"))
        window.columns.clicked.connect(self.choose_columns)
        window.columns.setToolTip(self.tr("Which columns there are"))
        window.columns.setAccessibleName(self.tr("Columns"))
        window.tabs.menu_asked.connect(self.show_menu)
        menus["full-screen"].toggled.connect(self.show_full_screen)
        menus["as-stored"].toggled.connect(self.show_as_stored)
        window.packed.chosen.connect(menus["as-stored"].setChecked)
        window.model.tree_ready.connect(self._offer_switch)
        window.session.document_removed.connect(self._offer_switch)
        self._offer_switch()
        for name in NAMES:
            menus.on(name, partial(self.show_panel, name))
        for choice in theme.CHOICES:
            menus.on(f"theme-{choice}", partial(self.choose_theme, choice))
        for choice in (languages.SYSTEM, *languages.NAMES):
            menus.on(f"language-{choice}", partial(self.choose_language, choice))

    def copy_keys(self) -> None:
        """The selected keys, raw, one a line; the path, for a whole file without any."""
        window = self._window
        if window.comparison.shown:
            window.comparison.page.view.copy_names()
            return
        selection, document = window.session.selection, window.session.selected_document
        if selection is not None and document is not None:
            raw = "\n".join(selection.keys) if selection.keys else selection.value or selection.prefix or document.path
            QGuiApplication.clipboard().setText(raw)

    def copy_as(self, copy: Callable[[int, Sequence[str]], object]) -> None:
        """The selected tensors, of groups all, as `copy` has them."""
        selection = self._window.session.selection
        if selection is not None:
            copy(selection.document, selection.keys)

    def show_in_folder(self) -> None:
        document = self._window.session.selected_document
        folder = self._window.tree.folder_of(document.id) if document is not None else ""
        if folder:
            QDesktopServices.openUrl(QUrl.fromLocalFile(folder))

    def show_full_screen(self, on: bool) -> None:
        """A window that was as large as the screen is so again afterwards."""
        state, full = self._window.windowState(), Qt.WindowState.WindowFullScreen
        self._window.setWindowState(state | full if on else state & ~full)

    def find(self) -> None:
        field = self._window.comparison.page.search if self._window.comparison.shown else self._window.search.edit
        field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        field.selectAll()

    def find_next(self, *, backwards: bool = False) -> None:
        """To the next row that the filter finds, round; to the filter, where there is none."""
        tree = self._window.tree
        if self._window.comparison.shown:
            self._window.comparison.page.find_next(backwards=backwards)
            return
        if not tree.tree_model.query.terms:
            self.find()
            return
        tree.find_next(backwards=backwards)

    def show_palette(self) -> None:
        self.palette = Palette(self._window)
        self.palette.show_over()

    def measure(self, found: Selection) -> None:
        self._window.session.select(found)
        self.show_panel("statistics")

    def copy_found(self, found: Selection) -> None:
        QGuiApplication.clipboard().setText("\n".join(found.keys))

    def expand_all(self) -> None:
        self._window.comparison.page.model.expand_all() if self._window.comparison.shown else self._window.tree.expand_all()

    def collapse_all(self) -> None:
        self._window.comparison.page.model.collapse_all() if self._window.comparison.shown else self._window.tree.collapse_all()

    def go_to_finding(self, *, backwards: bool = False) -> None:
        """To the next row that something is the matter with, round."""
        tree = self._window.tree
        found = tree.tree_model.next_guilty(tree.currentIndex().row(), backwards)
        if found is not None and not self._window.comparison.shown:
            tree.reveal(*found)

    def show_panel(self, name: str) -> None:
        """Brings a panel to the front, of panels that may have been hidden."""
        self._window.menus["panels"].setChecked(True)
        self._window.tabs.show_panel(name)

    def show_panels(self, on: bool) -> None:
        self._window.right.setVisible(on)
        self._window.tree.show_alone(not on)

    def show_menu(self, document: int, key: str, place: QPoint) -> None:
        """What can be done with a row of the tree, for whoever shows the same elsewhere."""
        tree = self._window.tree
        row = tree.tree_model.reveal(document, key)
        if row is not None:
            tree.menu_for(row).popup(place)

    def show_list(self, on: bool) -> None:
        """All tensors below each other, or the groups that they lie in."""
        self._window.as_list.setChecked(on)
        self._window.tree.show_flat(on)

    def choose_columns(self) -> None:
        button = self._window.columns
        self._window.tree.columns_menu().popup(button.mapToGlobal(button.rect().bottomLeft()))

    def save_rows(self) -> None:
        """The rows that are shown, with the columns that are shown, as a table."""
        documents = self._window.session.documents
        name = exporting.name_of(documents[0].path, "", "tensors", ".tsv") if len(documents) == 1 else "tensors.tsv"
        kinds = (self.tr("TSV tables (*.tsv)"), self.tr("CSV tables (*.csv)"), self.tr("JSON (*.json)"), self.tr("HTML pages (*.html)"))
        path = file_dialogs.ask_where_to_save(self._window, self.tr("Save table"), name, ";;".join(kinds))
        if path:
            self._write_rows(path if os.path.splitext(path)[1] else f"{path}.tsv")

    def _write_rows(self, path: str) -> None:
        model, columns = self._window.model, self._window.tree.shown_columns
        shown = model.rows_shown()
        titles = [str(model.headerData(column, Qt.Orientation.Horizontal)).strip() for column in columns]
        file_title, read = self.tr("File"), [stamp.path for one in shown for stamp in one.rows.tree.checkpoint.files]

        def work(monitor: core.Monitor) -> str:
            try:
                made = row_table.make_table(shown, columns, titles, file_title, monitor)
                exporting.write(path, core.run_table_bytes(made.table, path), core.run_table_output(path), read)
            except core.InspectorError as error:
                return words.error(error)
            said = self.tr("Saved {path}: {n} rows.").format(path=core.visible(path, 300), n=f"{len(made.table.rows):,}")
            if made.unread:
                said += " " + self.tr("What is not read yet is left empty, in {n} of them.").format(n=f"{made.unread:,}")
            return said

        if shown:
            self._window.tasks.start("save-rows", work, on_done=lambda said: self._window.statusBar().showMessage(said, 12_000),
                                     label=self.tr("Saving the table"))

    def show_as_stored(self, on: bool) -> None:
        """Packed weights in the tree as the parts that lie in the file; remembered."""
        self._window.settings.packed_as_stored = on
        self._window.packed.show_choice(on)
        self._window.model.show_as_stored(on)

    def _offer_switch(self) -> None:
        self._window.packed.refresh()
        self._window.menus["as-stored"].setEnabled(self._window.model.has_packed)

    def ask_preferences(self) -> None:
        self.preferences = Preferences(self._window.settings, self._window)
        self.preferences.theme_chosen.connect(lambda choice: self._window.menus[f"theme-{choice}"].trigger())
        self.preferences.language_chosen.connect(lambda choice: self._window.menus[f"language-{choice}"].trigger())
        self.preferences.follow_chosen.connect(self._window.menus["follow"].setChecked)
        self.preferences.find_chosen.connect(self._find_instead)
        self.preferences.open()

    def _find_instead(self, on: bool) -> None:
        self._window.settings.finds = on
        self._window.search.set_hides(not on)
        self._window.filter_bar.refresh()

    def choose_language(self, choice: str) -> None:
        self._window.settings.language = choice
        self._window.statusBar().showMessage(self.tr("The language changes when the window is opened the next time."), 6000)

    def choose_theme(self, choice: str) -> None:
        self._window.settings.theme = choice
        theme.current().choose(choice)

    # -- about the program

    def about(self) -> None:
        what = self.tr("Opens PyTorch and safetensors checkpoints without running anything in them.")
        log = self._window.settings.log
        kept = self.tr("Faults of this program are written down in {path}").format(path=core.visible(log, 300))
        below = "\n".join(message_boxes.versions().splitlines()[1:])
        box = message_boxes.show_message(self._window, icons.APPLICATION, self.tr("About Checkpoint Inspector"),
                                 self.tr("Checkpoint Inspector {version}").format(version=core.version), f"{what}\n\n{below}\n\n{kept}")
        show = box.answer(self.tr("Show the log"), lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(log)), closes=False)
        show.setEnabled(os.path.isfile(log))
        box.answer(self.tr("Copy"), lambda: QGuiApplication.clipboard().setText(message_boxes.versions()), closes=False)

    def list_shortcuts(self) -> None:
        in_the_tree = [(self.tr("Open or close a group in the tree"), "→  ←"), (self.tr("Open everything below"), "*"),
                       (self.tr("Leave the search, clear it"), "Esc")]
        message_boxes.table(self._window, self.tr("Keyboard shortcuts"), (self.tr("Command"), self.tr("Keys")),
                            [*self._window.menus.shortcuts(), *in_the_tree])
