"""The commands that edit and save: from the menus to the session's pending edits, the dialogs, and what must be asked before edits
are lost."""
from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMainWindow

from inspector import core
from inspector.gui.kit import file_dialogs, message_boxes, words
from inspector.gui.kit.disk import told_of
from inspector.gui.state import edit_words
from inspector.gui.state.pending_edits import Editing
from inspector.gui.state.session import Document, Selection, Session, State
from inspector.gui.state.suggested_edits import part_of
from inspector.gui.state.tasks import Tasks

from .banner import SavedBanner
from .menus import Menus
from .opening import Opener

if TYPE_CHECKING:
    from inspector.gui.dialogs.edit_forms import Choices
    from inspector.gui.dialogs.save import SaveDialog
    from inspector.gui.dialogs.save_all import SaveAll, Saved

_OF_KEYS = ("drop", "keep", "unshare")
_AT_ONCE = ("strip-prefix", "drop", "keep", "extract", "unshare", "plain")       # need no dialog where the selection says it all


class EditCommands(QObject):
    """`show_edits` brings the panel of pending edits to the front."""

    def __init__(self, window: QMainWindow, session: Session, tasks: Tasks, opener: Opener, menus: Menus, saved: SavedBanner,
                 show_edits: Callable[[], None]) -> None:
        super().__init__(window)
        self._window, self._session, self._tasks, self._opener = window, session, tasks, opener
        self._menus, self._saved, self._show_edits = menus, saved, show_edits
        self._editing = Editing.shared(session, tasks)
        self._then_save: int | None = None      # a document to be saved once its edits are applied
        self.asks = True                        # before edits are lost
        # what of a selected group is shown, where a filter leaves some of it out
        self.shown_of: Callable[[Selection], Selection | None] = lambda selection: None
        for name, run in (("undo", self.undo), ("redo", self.redo), ("save", self.save), ("save-as", self.save_as),
                          ("save-all", self.save_all), ("load-recipe", self.load_recipe), ("apply-to-all", self.apply_to_all)):
            menus.on(name, run)
        for kind in edit_words.KINDS:
            menus.on(f"edit-{kind.name}", partial(self.edit, kind.name))
        self._editing.applied.connect(self._applied)
        self._editing.save_asked.connect(lambda id: self.save_document(id, own=True))
        self._editing.change_asked.connect(self.change)
        self._editing.recipe_asked.connect(self.load_recipe)
        self._editing.others_asked.connect(self.apply_to_all)
        session.selection_changed.connect(self.refresh)
        for signal in (session.document_changed, session.document_removed, session.edits_changed):
            signal.connect(lambda id: self.refresh())
        self.refresh()

    # -- which commands there are

    def refresh(self) -> None:
        document, selection = self._session.selected_document, self._session.selection
        ready = document is not None and document.state is State.READY and document.checkpoint is not None
        id = document.id if document is not None else 0
        self._menus["undo"].setEnabled(ready and self._session.can_undo(id))
        self._menus["redo"].setEnabled(ready and self._session.can_redo(id))
        self._menus["save"].setEnabled(ready and bool(self._session.edits(id)))
        self._menus["save-as"].setEnabled(ready)
        self._menus["save-all"].setEnabled(any(self._session.is_modified(one.id) for one in self._session.documents))
        self._menus["load-recipe"].setEnabled(ready)
        self._menus["apply-to-all"].setEnabled(ready and self._editing.for_others(id))
        one = ready and selection is not None and (selection.value is not None or selection.keys == (selection.prefix,))
        for kind in edit_words.KINDS:
            action = self._menus[f"edit-{kind.name}"]
            action.setEnabled(ready and not (kind.name == "extract" and one))
            action.setText(self._text(kind, document, selection))

    def _text(self, kind: edit_words.Kind, document: Document | None, selection: Selection | None) -> str:
        """Dots where a dialog will ask; what is stripped, where that is known."""
        ckpt = document.checkpoint if document is not None else None
        if ckpt is None or selection is None or kind.name not in _AT_ONCE:
            return kind.title() + "…"
        if kind.name == "strip-prefix":
            prefix = core.prefix_of(part_of(selection), ckpt)
            return self.tr("Strip Prefix “{prefix}”").format(prefix=core.visible(prefix, 40).replace("&", "&&")) if prefix \
                else kind.title() + "…"
        if not part_of(selection).is_part_of(ckpt):
            return kind.title() + "…"
        n = len(selection.keys)
        return self.tr("{edit} {n} Tensors").format(edit=kind.title(), n=f"{n:,}") if n > 1 and kind.name in _OF_KEYS else kind.title()

    # -- editing

    def undo(self) -> None:
        self._with(lambda document: self._session.undo(document.id))

    def redo(self) -> None:
        self._with(lambda document: self._session.redo(document.id))

    def edit(self, kind: str) -> None:
        document, selection = self._session.selected_document, self._session.selection
        if document is None or selection is None or document.checkpoint is None:
            return
        shown = self.shown_of(selection) if kind in _OF_KEYS else None
        if shown is None or not shown.keys:
            self.edit_part(kind, selection)
            return
        title = edit_words.kind(kind).title()
        message_boxes.choose(
            self._window, title, self.tr("What is filtered away belongs to {group} too.").format(
                group=core.visible(selection.prefix, 80) or core.visible(core.file_name(document.path), 80)),
            self.tr("{some} of {all} are shown.").format(some=f"{len(shown.keys):,}", all=words.tensors(len(selection.keys))),
            ((self.tr("{edit}: the {n} shown").format(edit=title, n=f"{len(shown.keys):,}"), lambda: self.edit_part(kind, shown)),
             (self.tr("{edit}: all {n}").format(edit=title, n=f"{len(selection.keys):,}"), lambda: self.edit_part(kind, selection))))

    def edit_part(self, kind: str, selection: Selection) -> None:
        """Just what `selection` says."""
        document = self._session.document(selection.document)
        if document is None or document.checkpoint is None:
            return
        id, ckpt, part = document.id, document.checkpoint, part_of(selection)

        def work(monitor: core.Monitor) -> tuple[tuple[core.Edit, ...], str, core.Edit | None]:
            names_one = kind == "rename" and part.keys == (part.prefix,)        # whose name is there to be changed
            return (core.edits_for_part(kind, part, ckpt), core.text_for_part(kind, part, ckpt),
                    core.rename_for(part.keys, ckpt, monitor) if names_one else None)

        self._tasks.start("edit-part", work, on_done=lambda found: self._begin(id, ckpt, kind, *found),
                          label=self.tr("Working out the edit"))

    def _begin(self, id: int, ckpt: core.Checkpoint, kind: str, edits: tuple[core.Edit, ...], text: str, start: core.Edit | None) -> None:
        """Adds the edits that the selection asks for by itself, or asks for one."""
        document = self._session.document(id)
        if document is None or document.checkpoint is not ckpt:
            return
        if edits:
            self._session.add_edits(id, edits)
        else:
            self._ask(id, kind, suggested=text, start=start)

    def rename_only(self, selection: Selection) -> None:
        """Asks for new names of just the tensors of `selection`."""
        document = self._session.document(selection.document)
        if document is None or document.checkpoint is None:
            return
        id, ckpt, keys = document.id, document.checkpoint, selection.keys
        self._tasks.start("edit-part", lambda monitor: core.rename_for(keys, ckpt, monitor),
                          on_done=lambda found: self._begin_rename(id, ckpt, len(keys), found), label=self.tr("Working out the edit"))

    def _begin_rename(self, id: int, ckpt: core.Checkpoint, n: int, found: core.Rename | None) -> None:
        document = self._session.document(id)
        if document is None or document.checkpoint is not ckpt:
            return
        if found is not None:
            self._ask(id, "rename", start=found)
        else:
            message_boxes.show_message(
                self._window, "info", edit_words.kind("rename").title(),
                self.tr("No pattern means just what is found: {tensors}.").format(tensors=words.tensors(n)),
                self.tr("Their names are those of a whole model or of an optimizer, or others in the file have them too. Filter for a part "
                        "of them, or extract their state dict first."))

    def save_only(self, selection: Selection) -> None:
        """Saves the tensors of `selection` as a file of their own; nothing is pending afterwards."""
        document = self._session.document(selection.document)
        if document is None or document.checkpoint is None or document.state is not State.READY:
            return
        ckpt, keys = document.checkpoint, selection.keys
        whole = len(keys) == len(ckpt.tensors)
        self._tasks.start("save-only", lambda monitor: core.edit(ckpt, () if whole else core.edits_for_only(keys, ckpt), monitor),
                          on_done=lambda kept: self._save_kept(document, kept), on_error=self._not_kept,
                          label=self.tr("Working out the edit"))

    def _save_kept(self, document: Document, kept: core.Checkpoint) -> None:
        from inspector.gui.dialogs.save import SaveDialog
        dialog = SaveDialog(self._tasks, replace(document, checkpoint=kept), self._beside(document), self._window)
        dialog.done_saving.connect(self._saved_apart)
        dialog.open()

    def _saved_apart(self, report: core.SaveReport, asked: str, notes: tuple[str, ...]) -> None:
        path = report.path if len(report.files) > 1 else asked
        self._opener.open([path])
        self._saved.show_report(path, report, notes)

    def _not_kept(self, error: Exception) -> None:
        said = words.error(error) if isinstance(error, core.InspectorError) else core.visible(str(error), 400)
        message_boxes.show_message(self._window, "warning", self.tr("Save"), self.tr("These tensors cannot be saved alone."), said)

    def change(self, id: int, at: int) -> None:
        """Asks for a pending edit again."""
        if at < len(self._session.edits(id)) and self._editing.base(id, at) is not None:
            kind = edit_words.kind_of(self._session.edits(id)[at])
            self._ask(id, kind, at=at)

    def _ask(self, id: int, kind: str, *, at: int | None = None, suggested: str = "", start: core.Edit | None = None) -> None:
        base = self._editing.base(id, at)
        if base is None:
            return

        def work(monitor: core.Monitor) -> Choices:
            from inspector.gui.dialogs.edit_forms import choices_for
            return choices_for(kind, base)

        def done(choices: Choices) -> None:
            if self._editing.base(id, at) is not base:              # edits were applied meanwhile, or the file was read again
                self._ask(id, kind, at=at, suggested=suggested, start=start)
                return
            from inspector.gui.dialogs.edit import EditDialog
            EditDialog(self._session, self._tasks, id, kind, self._window, at=at, suggested=suggested, start=start, choices=choices).open()

        self._tasks.start("edit-form", work, on_done=done, label=self.tr("Working out the edit"), urgent=True)

    def load_recipe(self) -> None:
        document = self._session.selected_document
        if document is not None:
            id = document.id
            file_dialogs.open_file(self._window, self.tr("Load a recipe"), "", lambda path: self._load(path, id),
                               filters=(self.tr("Recipes ({patterns})").format(patterns="*.json"), self.tr("All files (*)")))

    def _load(self, path: str, id: int) -> None:
        self._tasks.start("recipe", lambda monitor: core.read_recipe(path), on_done=lambda edits: self._session.add_edits(id, edits),
                          on_error=lambda error: self._no_recipe(path, error), label=self.tr("Reading the recipe"))

    def _no_recipe(self, path: str, error: Exception) -> None:
        said = self.tr("The recipe {name} cannot be used.").format(name=core.visible(os.path.basename(path), 80))
        message_boxes.show_message(self._window, "warning", self.tr("Recipe"), said, core.visible(str(error), 600))

    def apply_to_all(self) -> None:
        """Asks which of the other files get the edits of this one."""
        document = self._session.selected_document
        if document is not None and self._editing.for_others(document.id):
            from inspector.gui.dialogs.apply_to_all import ApplyToAll
            ApplyToAll(self._session, self._tasks, document.id, self._window).open()

    def _applied(self, id: int) -> None:
        """An edit that cannot be applied says so in its panel; a save that waited begins."""
        self.refresh()
        document = self._session.selected_document
        if self._editing.error(id) is not None:
            self._then_save = None
            if document is not None and document.id == id:
                self._show_edits()
        elif self._then_save == id and self._editing.ready(id):
            self._then_save = None
            self.save_document(id, own=True)

    # -- saving

    def save(self) -> None:
        self._with(lambda document: self.save_document(document.id, own=True))

    def save_as(self) -> None:
        self._with(lambda document: self.save_document(document.id, own=False))

    def save_all(self, then: Callable[[], object] | None = None) -> None:
        """Asks which of the files with pending edits to save, each in its own place. `then` is called once all of them are."""
        from inspector.gui.dialogs.save_all import SaveAll
        dialog = SaveAll(self._session, self._tasks, self._window)
        dialog.done_saving.connect(lambda found: self._after_all(dialog, found, then))
        dialog.open()

    def _after_all(self, dialog: SaveAll, found: Sequence[Saved], then: Callable[[], object] | None) -> None:
        for one in found:
            if one.report is not None:
                self._take_in(one.wish.id, one.wish.edits, one.report, one.wish.path, one.own, opens=then is None)
        if then is not None and not any(self._session.is_modified(document.id) for document in self._session.documents):
            dialog.accept()
            then()

    def save_document(self, id: int, *, own: bool, then: Callable[[], object] | None = None) -> SaveDialog | None:
        """Asks where to and saves: over the document's `own` file, or beside it. `then` is called once it is saved."""
        document = self._session.document(id)
        if document is None or document.checkpoint is None:
            return None
        if not self._editing.ready(id):
            if self._editing.error(id) is not None:
                self._show_edits()
            else:
                self._then_save = id
            return None
        from inspector.gui.dialogs.save import SaveDialog
        from inspector.gui.dialogs.save_parts import own_path
        edits = self._session.edits(id)
        path = told_of(document.path, own_path, document.path) if own else self._beside(document)
        dialog = SaveDialog(self._tasks, document, path, self._window)
        dialog.done_saving.connect(lambda report, asked, notes, own: self._after(id, edits, report, asked, notes, own, then))
        dialog.open()
        return dialog

    @staticmethod
    def _beside(document: Document) -> str:
        return told_of(document.path, core.edited_path, "")

    def _after(self, id: int, edits: tuple[core.Edit, ...], report: core.SaveReport, asked: str, notes: tuple[str, ...],
               own: bool, then: Callable[[], object] | None) -> None:
        """The new file is opened beside the old one, or in its place, and the report stands over it."""
        path = self._take_in(id, edits, report, asked, own, opens=then is None)
        if then is not None:
            then()
        else:
            self._saved.show_report(path, report, notes)

    def _take_in(self, id: int, edits: tuple[core.Edit, ...], report: core.SaveReport, asked: str, own: bool, *,
                 opens: bool) -> str:
        """What was saved needs its edits no more, where it went into its `own` file; what is there now is opened, where it is to be. Gives
        its path."""
        document = self._session.document(id)
        itself = own and document is not None and document.checkpoint is not None
        self._session.saved_edits(id, edits, into_itself=itself)
        path = document.path if document is not None and itself else report.path if len(report.files) > 1 else asked
        if opens and itself:
            self._opener.reload(id, own=True)
        elif opens:
            self._opener.open([path])
        return path

    # -- before edits are lost

    def close(self, id: int) -> None:
        """Closes a document, or asks first."""
        document = self._session.document(id)
        if document is None or not self.asks or not self._session.is_modified(id):
            self._opener.close(id)
            return
        message_boxes.ask_to_save(
            self._window, self.tr("Save the edits?"),
            self.tr("{name} has {edits} that are not saved.").format(name=self._session.name(document),
                                                                     edits=edit_words.edits(len(self._session.edits(id)))),
            self.tr("The file on disk is as it was. What you do not save is lost."),
            lambda: self.save_document(id, own=True, then=lambda: self._opener.close(id)), lambda: self._opener.close(id))

    def may_close(self) -> bool:
        """Whether the window may close now. If not, the person is asked, and the window closes once it may."""
        modified = [document for document in self._session.documents if self._session.is_modified(document.id)]
        if not modified or not self.asks:
            return True
        first = modified[0]
        self._session.select(Selection(first.id))
        text = self.tr("{name} has {edits} that are not saved.").format(
            name=self._session.name(first), edits=edit_words.edits(len(self._session.edits(first.id)))) \
            if len(modified) == 1 else self.tr("{n} files have edits that are not saved.").format(n=len(modified))
        save = partial(self.save_document, first.id, own=True, then=self._window.close) if len(modified) == 1 \
            else partial(self.save_all, self._window.close)
        message_boxes.ask_to_save(self._window, self.tr("Save the edits?"), text,
                                  self.tr("The files on disk are as they were. What you do not save is lost."), save, self._leave)
        return False

    def _leave(self) -> None:
        self.asks = False
        self._window.close()

    def _with(self, act: Callable[[Document], object]) -> None:
        document = self._session.selected_document
        if document is not None and document.checkpoint is not None:
            act(document)
