"""Keys that somebody marked, to come back to them: kept for the next start, of each file by the names that they have in it."""
from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtCore import QObject, Signal

from inspector import core
from inspector.gui.kit.settings import Settings

from .session import Document, Session

MOST = 200              # of one file


class Bookmarks(QObject):
    """Of tensors, values and groups. One that an edit renamed is known by its new name, one that was dropped waits until that is undone."""

    changed = Signal()

    def __init__(self, session: Session, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._settings = session, settings
        self._kept: dict[int, tuple[str, ...]] = {}             # as the file itself calls them
        self._files: dict[int, core.Checkpoint | None] = {}     # that these are names of
        self._now: dict[int, tuple[core.Checkpoint | None, tuple[str, ...]]] = {}
        session.document_changed.connect(self._follow)
        session.edits_changed.connect(self._follow)
        session.document_removed.connect(self._forget)

    def of(self, id: int) -> tuple[str, ...]:
        """The keys of a document that are marked, in the order of marking, as they are called now."""
        document = self._session.document(id)
        if document is None:
            return ()
        known = self._now.get(id)
        if known is None or known[0] is not document.checkpoint:
            known = self._now[id] = document.checkpoint, self._called_now(document)
        return known[1]

    def toggle(self, id: int, keys: Iterable[str]) -> None:
        """Marks `keys`, or no longer where all of them are."""
        document, wanted = self._session.document(id), tuple(keys)
        if document is None or not wanted:
            return
        edited = self._edited(document)
        came = _renamed(wanted, edited.origin) if edited is not None else {}
        origins = tuple(came.get(key, key) for key in wanted)
        kept = self._names(document)
        left = tuple(name for name in kept if name not in origins)
        self._keep(document, left if set(origins) <= set(kept) else (*kept, *(name for name in origins if name not in kept))[-MOST:])

    def clear(self) -> None:
        """Of the files that are open."""
        for document in self._session.documents:
            if self._names(document):
                self._keep(document, ())

    def _names(self, document: Document) -> tuple[str, ...]:
        if document.id not in self._kept:
            self._kept[document.id] = self._settings.bookmarks(core.without_secrets(document.path))[-MOST:]
        return self._kept[document.id]

    def _keep(self, document: Document, names: tuple[str, ...]) -> None:
        self._kept[document.id] = names
        self._settings.set_bookmarks(core.without_secrets(document.path), names)
        self._now.pop(document.id, None)
        self.changed.emit()

    def _called_now(self, document: Document) -> tuple[str, ...]:
        names, edited = self._names(document), self._edited(document)
        if not names or edited is None:
            return names
        now = _renamed(names, {old: new for new, old in edited.origin.items()})
        return tuple(now[name] for name in names if name in now)

    @staticmethod
    def _edited(document: Document) -> core.Edited | None:
        """Where the names of a document are others than in its file, from which ones they come."""
        return document.checkpoint.edited if document.checkpoint is not None and document.checkpoint is not document.original else None

    def _follow(self, id: int) -> None:
        """What was saved into the file itself has the names there that edits gave it."""
        document = self._session.document(id)
        if document is None or document.original is self._files.get(id):
            return
        self._files[id] = file = document.original
        if file is not None and file.edited is not None and self._names(document):
            names = self._names(document)
            now = _renamed(names, {old: new for new, old in file.edited.origin.items()})
            self._keep(document, tuple(now.get(name, name) for name in names))

    def _forget(self, id: int) -> None:
        for table in (self._kept, self._files, self._now):
            table.pop(id, None)


def _renamed(wanted: Iterable[str], names: Mapping[str, str]) -> dict[str, str]:
    """What keys became by `names`, and groups as the first key tells that is below them still; those that are gone are not in it. The
    names are gone through once, however many are looked for."""
    found = {name: names[name] for name in wanted if name in names}
    groups = {f"{name}.": name for name in wanted if name not in found}
    heads = tuple(groups)
    for old, new in names.items():
        if not heads:
            break
        if old.startswith(heads):
            for head in [head for head in heads if old.startswith(head)]:
                tail = old[len(head) - 1:]
                if new.endswith(tail):
                    found[groups.pop(head)] = new.removesuffix(tail)
            heads = tuple(groups)
    return found
