"""What was open, kept for the next start: files, what was selected in each, edits that wait, what was compared, the panel in front.

    session.json beside the settings: {"version": 1, "now": {...}, "before": {...}}

It is written every few seconds while something changes, and at the end, so that neither a crash nor a power cut takes edits away.
`before` is the session that was not opened again yet. Paths and names only: nothing of what a file holds, no secret of an address.
"""
from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import QDir, QFile, QObject, QSaveFile, QTimer, Signal

from inspector import core
from inspector.gui.state.session import Compared, Document, Selection, State

if TYPE_CHECKING:
    from .main_window import MainWindow

VERSION = 1
EVERY = 5000                # ms
_FILES = 50
_LONGEST = 8 << 20          # bytes of the file, and of a recipe in it


class KeptFile(NamedTuple):
    """One file: its path, the key or group that was selected in it, and the recipe of the edits that waited."""

    path: str
    selected: str = ""
    recipe: str = ""
    edits: int = 0


class Kept(NamedTuple):
    """A session. `shown`, `compared` and the `base` of both are numbers of `files`."""

    files: tuple[KeptFile, ...] = ()
    shown: int = 0
    compared: tuple[int, int] | None = None
    panel: str = ""
    base: int | None = None

    @property
    def edits(self) -> int:
        return sum(file.edits for file in self.files)


class SessionKeeper(QObject):
    """Of the window that answers later starts: one writer. `path` is the file."""

    changed = Signal()          # what can be opened again

    def __init__(self, window: MainWindow, path: str) -> None:
        super().__init__(window)
        self._window, self._session, self.path = window, window.session, path
        self._selected: dict[int, str] = {}
        self._waiting: dict[int, KeptFile] = {}         # documents that are opened again, and what is to happen then
        self._wanted: tuple[int, str] | None = None     # what is to be selected, once it is there
        self._compared: Compared | None = None
        self._written = ""
        now, before = _read(path)
        self.before: Kept = now if now.files else before
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(EVERY)
        self._timer.timeout.connect(self.write)
        self._session.selection_changed.connect(self._select)
        self._session.document_changed.connect(self._go_on)
        self._session.document_removed.connect(self._forget)
        window.model.tree_ready.connect(self._reveal)
        for signal in (self._session.document_added, self._session.document_removed, self._session.edits_changed):
            signal.connect(self._later)
        self._session.compared_changed.connect(self._later)

    # -- keeping

    def now(self) -> Kept:
        """What is open."""
        documents = [document for document in self._session.documents if document.state is not State.FAILED
                     or (document.id in self._waiting and self._waiting[document.id].recipe)][:_FILES]         # it may be there once more
        ids = [document.id for document in documents]
        compared = self._session.compared
        pair = (ids.index(compared.a), ids.index(compared.b)) if compared is not None and set(compared.ids) <= set(ids) else None
        base = ids.index(compared.base) if pair is not None and compared is not None and compared.base in ids else None
        selected = self._session.selected_document
        return Kept(tuple(map(self._file, documents)), ids.index(selected.id) if selected is not None and selected.id in ids else 0, pair,
                    self._window.tabs.current, base)

    def write(self) -> None:
        """Replaces the file, whole or not at all; where that cannot be, nothing is kept."""
        self._timer.stop()
        text = json.dumps({"version": VERSION, "now": _as_json(self.now()), "before": _as_json(self.before)}, ensure_ascii=True)
        if text == self._written or len(text) > _LONGEST:
            return
        QDir().mkpath(os.path.dirname(self.path))
        file = QSaveFile(self.path)
        if file.open(QSaveFile.OpenModeFlag.WriteOnly):
            file.setPermissions(QFile.Permission.ReadOwner | QFile.Permission.WriteOwner)
            file.write(text.encode("ascii"))
            if file.commit():
                self._written = text

    def _file(self, document: Document) -> KeptFile:
        waiting = self._waiting.get(document.id)
        if waiting is not None:
            return waiting
        edits = self._session.edits(document.id) if self._session.is_modified(document.id) else ()
        recipe = core.to_recipe(edits) if edits else ""
        return KeptFile(document.path, self._selected.get(document.id, ""), recipe if len(recipe) <= _LONGEST else "", len(edits))

    def _select(self) -> None:
        chosen = self._session.selection
        if chosen is not None:
            self._selected[chosen.document] = chosen.value or chosen.prefix
            if chosen.value or chosen.prefix:
                self._wanted = None             # the person went on
            self._later()

    def _forget(self, id: int) -> None:
        self._selected.pop(id, None)
        self._waiting.pop(id, None)

    def _later(self, *what: object) -> None:
        if not self._timer.isActive():
            self._timer.start()

    # -- opening again

    def open_again(self) -> None:
        """Opens what was open: each file, then what was selected in it and the edits that waited."""
        kept, self.before = self.before, Kept()
        opener = self._window.opener
        known = {document.id for document in self._session.documents}
        ids = []
        for file in kept.files:
            opener.open_document(file.path)
            document = opener.find(file.path)
            ids.append(document.id if document is not None else 0)
            if document is not None and document.id not in known:
                self._waiting[document.id] = file
        if kept.compared is not None:
            self._compared = Compared(ids[kept.compared[0]], ids[kept.compared[1]], base=ids[kept.base] if kept.base is not None else None)
        if kept.files:
            self._session.select(Selection(ids[kept.shown]))
            self._window.tabs.show_panel(kept.panel)
            self._wanted = (ids[kept.shown], kept.files[kept.shown].selected)
        for id in ids:
            self._go_on(id)
        self.changed.emit()
        self._later()

    def _go_on(self, id: int) -> None:
        document = self._session.document(id)
        if document is None or document.state is not State.READY or id not in self._waiting:
            return
        file = self._waiting.pop(id)
        if file.recipe:
            with contextlib.suppress(core.InspectorError):      # of another version of this program, or the file was written to
                self._session.add_edits(id, core.from_recipe(file.recipe))
        self._reveal()
        if self._compared is not None and not set(self._compared.ids) & set(self._waiting):
            compared, self._compared = self._compared, None
            if all(self._session.document(id) is not None for id in compared.ids):
                self._window.comparison.compare_documents(*compared.ids)
                if compared.base is not None and self._session.document(compared.base) is not None:
                    self._session.compare(compared)


    def _reveal(self, *of: object) -> None:
        """Selects what was selected, under the name that edits gave it."""
        if self._wanted is None or self._wanted[0] in self._waiting:
            return
        id, key = self._wanted
        document = self._session.document(id)
        gone = not key or document is None or self._session.selected_document is not document
        if gone or (document is not None and document.state is State.READY and self._window.tree.reveal(id, key)):
            self._wanted = None


# -- the file, which anybody may have written to

def _as_json(kept: Kept) -> dict[str, Any]:
    return {**kept._asdict(), "files": [file._asdict() for file in kept.files]}


def _read(path: str) -> tuple[Kept, Kept]:
    """(what was open when it was last written, what was open before that and has not been opened again)."""
    file = QFile(path)
    is_one = os.path.isfile(path)               # a pipe would be waited for
    text = bytes(file.read(_LONGEST + 1).data()) if is_one and file.open(QFile.OpenModeFlag.ReadOnly) else b""
    try:
        found = json.loads(text) if len(text) <= _LONGEST else None
    except (ValueError, RecursionError):
        return Kept(), Kept()
    if not isinstance(found, dict) or found.get("version") != VERSION:
        return Kept(), Kept()
    return _kept(found.get("now")), _kept(found.get("before"))


def _kept(given: Any) -> Kept:
    if not isinstance(given, Mapping) or not isinstance(given.get("files"), list):
        return Kept()
    files = tuple(KeptFile(file["path"], _typed(file, "selected", str), _typed(file, "recipe", str), _typed(file, "edits", int))
                  for file in given["files"][:_FILES] if isinstance(file, Mapping) and _typed(file, "path", str))
    numbers = range(len(files))
    shown = _typed(given, "shown", int)
    pair, base = _pair(given.get("compared"), numbers), given.get("base")
    return Kept(files, shown if shown in numbers else 0, pair, _typed(given, "panel", str),
                base if type(base) is int and base in numbers and pair is not None and base not in pair else None)


def _pair(given: Any, numbers: range) -> tuple[int, int] | None:
    if not isinstance(given, list) or len(given) != 2 or any(type(one) is not int or one not in numbers for one in given):
        return None
    return (given[0], given[1]) if given[0] != given[1] else None


def _typed(given: Mapping[str, Any], name: str, kind: type) -> Any:
    found = given.get(name)
    return found if type(found) is kind else kind()
