"""The only mutable state of the window: which files are open, how their loading stands, what is selected, which edits wait to be
saved, and which two files are compared.

Panels read it and follow its signals; they never talk to each other. Everything here runs on the GUI thread.
"""
from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from PySide6.QtCore import QObject, Signal

from inspector import core
from inspector.gui.kit import words

Edits = tuple["core.Edit", ...]        # a name, so that no edit is loaded before there is one

_UNDONE = 200           # steps back that are remembered
_MADE = 64              # tables of tensors seen as something else that are kept


class State(Enum):
    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


@dataclass(slots=True)
class Document:
    """One opened file. `checkpoint` is there when READY, `error` when FAILED; `done`/`total`/`doing` while LOADING. `original` is what
    the file holds; `checkpoint` is that after the edits that wait to be saved, as far as they have been applied. With
    `follow_links` somebody agreed that its files may be links out of its folder. `packed` are the packed tensors of `checkpoint`, once they
    are found; `rewritten` is what was another when it was last read again, for a while."""

    id: int
    path: str
    state: State = State.LOADING
    checkpoint: core.Checkpoint | None = None
    error: core.InspectorError | None = None
    done: int = 0
    total: int = 0
    doing: str = ""
    follow_links: bool = False
    original: core.Checkpoint | None = None
    packed: core.PackedView | None = None
    rewritten: core.Rewritten | None = None


@dataclass(slots=True)
class _Pending:
    """The edits of a document, what they were before and after, for undo and redo, and which of them a file holds already."""

    edits: Edits = ()
    past: list[Edits] = field(default_factory=list)
    future: list[Edits] = field(default_factory=list)
    saved: Edits = ()


class SeenAs(NamedTuple):
    """Another type and shape that the bytes of a tensor are taken for, as `core.reinterpret` takes them."""

    dtype: str
    shape: tuple[int, ...]


class Selection(NamedTuple):
    """What the panels answer for: a document, and in it one key or a group of keys. `prefix` "" is the whole file;
    `keys` are the tensor keys below it, in stored order (one for a single tensor, none for a plain value); `value` is
    the key of a plain value when one is selected."""

    document: int
    prefix: str = ""
    keys: tuple[str, ...] = ()
    value: str | None = None


class Compared(NamedTuple):
    """Which two documents are compared, and how. `in_a` and `in_b` are paths of state dicts (None: what the two have in common is
    found); `accepted` are rules that were only offered, `rejected` those that must not be used. `base` is the document that both come
    from, where it was named."""

    a: int
    b: int
    in_a: str | None = None
    in_b: str | None = None
    accepted: tuple[core.Rule, ...] = ()
    rejected: tuple[core.Rule, ...] = ()
    base: int | None = None

    @property
    def ids(self) -> tuple[int, int]:
        return self.a, self.b

    def put(self, side: int, id: int) -> Compared:
        """With another document on one side, compared as it comes; the base stays, unless it is this one."""
        a, b = (id, self.b) if side == 0 else (self.a, id)
        return Compared(a, b, base=None if self.base in (a, b) else self.base)


class Session(QObject):
    document_added = Signal(int)
    document_changed = Signal(int)      # state, progress or content
    document_removed = Signal(int)
    selection_changed = Signal()
    edits_changed = Signal(int)         # the edits that wait, or whether they are saved
    compared_changed = Signal()
    seen_changed = Signal(int)          # what tensors of a document are taken for

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._documents: dict[int, Document] = {}
        self._named: dict[str, dict[int, str]] = {}         # the paths of documents, by the names of their files
        self._next = 1
        self._selection: Selection | None = None
        self._pending: dict[int, _Pending] = {}
        self._compared: Compared | None = None
        self._seen: dict[tuple[int, str], SeenAs] = {}
        self._codes = {False: False, True: True}
        self._made: OrderedDict[tuple[int, Hashable], core.Checkpoint] = OrderedDict()

    @property
    def documents(self) -> tuple[Document, ...]:
        """In the order of opening."""
        return tuple(self._documents.values())

    def document(self, id: int) -> Document | None:
        return self._documents.get(id)

    def name(self, document: Document, folders: int = 0) -> str:
        """The name of its file, as plain text, with folders where others of that name are open, and at least so many."""
        return words.file_name(document.path, self._named.get(core.file_name(document.path), {}).values(), folders)

    @property
    def selection(self) -> Selection | None:
        return self._selection

    @property
    def selected_document(self) -> Document | None:
        return self._documents.get(self._selection.document) if self._selection else None

    def add(self, path: str) -> Document:
        document = Document(self._next, path)
        self._next += 1
        self._documents[document.id] = document
        self._named.setdefault(core.file_name(path), {})[document.id] = path
        self.document_added.emit(document.id)
        return document

    def progress(self, id: int, done: int, total: int, doing: str) -> None:
        document = self._documents.get(id)
        if document is not None and document.state is State.LOADING:
            document.done, document.total, document.doing = done, total, doing
            self.document_changed.emit(id)

    def loaded(self, id: int, checkpoint: core.Checkpoint, rewritten: core.Rewritten | None = None) -> None:
        """`rewritten`: how it is another than the one that was shown before."""
        document = self._documents.get(id)
        if document is not None:
            document.rewritten = rewritten
            document.state, document.checkpoint, document.error = State.READY, checkpoint, None
            document.original, document.packed = checkpoint, None
            self._forget_made(id)
            self._keep_selection(document, checkpoint)
            self.document_changed.emit(id)

    def forget_rewritten(self, id: int) -> None:
        """What was another in a file is no news any more."""
        document = self._documents.get(id)
        if document is not None and document.rewritten is not None:
            document.rewritten = None
            self.document_changed.emit(id)

    def show_edited(self, id: int, checkpoint: core.Checkpoint) -> None:
        """`checkpoint` is what a document's original is after edits. What is selected stays so under its new name."""
        document = self._documents.get(id)
        if document is None or document.checkpoint is None or document.checkpoint is checkpoint:
            return
        before, document.checkpoint, document.packed = document.checkpoint, checkpoint, None
        self._forget_made(id)
        self._carry_selection(document, before, checkpoint)
        self.document_changed.emit(id)

    def show_packed(self, id: int, checkpoint: core.Checkpoint, view: core.PackedView | None) -> None:
        """What is packed in the checkpoint of a document was found."""
        document = self._documents.get(id)
        if document is not None and document.checkpoint is checkpoint and document.packed is not view:
            document.packed = view
            self._forget_made(id)
            self.document_changed.emit(id)

    def _carry_selection(self, document: Document, before: core.Checkpoint, after: core.Checkpoint) -> None:
        chosen = self._selection
        if chosen is None or chosen.document != document.id:
            return
        if not chosen.keys and chosen.value is None:
            return
        if not chosen.prefix and len(chosen.keys) == len(before.tensors):       # all of it
            self.select(Selection(document.id))
            return
        wanted = (*chosen.keys, *(() if chosen.value is None else (chosen.value,)))
        came = [before.edited.origin.get(key) if before.edited else key for key in wanted]
        now = {old: new for new, old in after.edited.origin.items()} if after.edited else {key: key for key in came if key is not None}
        self._select_what_is_left(chosen, [now.get(key) if key is not None else None for key in came], after)

    def _keep_selection(self, document: Document, checkpoint: core.Checkpoint) -> None:
        """After a reload some of what was selected may be gone."""
        chosen = self._selection
        if chosen is not None and chosen.document == document.id and (
                any(key not in checkpoint.tensors for key in chosen.keys)
                or (chosen.value is not None and chosen.value not in checkpoint.values)):
            self._select_what_is_left(chosen, [*chosen.keys, *(() if chosen.value is None else (chosen.value,))], checkpoint)

    def _select_what_is_left(self, chosen: Selection, keys: list[str | None], ckpt: core.Checkpoint) -> None:
        """`keys` are what the keys of `chosen`, and behind them its value, are called in `ckpt`. Where none is left it is what they were
        in, as far as something of that is."""
        value = keys.pop() if chosen.value is not None else None
        names = [key for key in keys if key is not None and key in ckpt.tensors]
        value = value if value is not None and value in ckpt.values else None
        if not names and value is None:
            left = (group for group in core.ancestors(chosen.prefix) if any(core.is_under(key, group) for key in ckpt.tensors))
            self.select(Selection(chosen.document, next(left, "")))
            return
        if value is not None:
            prefix = value
        elif len(names) == 1 and chosen.keys[0] == chosen.prefix:
            prefix = names[0]
        else:
            prefix = chosen.prefix if set(names) <= set(chosen.keys) else _renamed_group(chosen, names)
        self.select(Selection(chosen.document, prefix, tuple(names), value))

    def failed(self, id: int, error: core.InspectorError) -> None:
        document = self._documents.get(id)
        if document is not None:
            document.state, document.error, document.checkpoint, document.original = State.FAILED, error, None, None
            self.document_changed.emit(id)

    def restart(self, id: int) -> None:
        """Loading again. The checkpoint of before stays on show until the new one, or an error, is there."""
        document = self._documents.get(id)
        if document is not None:
            document.state, document.error = State.LOADING, None
            document.done, document.total, document.doing = 0, 0, ""
            self.document_changed.emit(id)

    def cancelled(self, id: int) -> None:
        """Loading was called off: what was there before is shown again, and a document that had nothing goes."""
        document = self._documents.get(id)
        if document is None:
            return
        if document.checkpoint is None:
            self.remove(id)
        else:
            document.state = State.READY
            self.document_changed.emit(id)

    def remove(self, id: int) -> None:
        document = self._documents.pop(id, None)
        if document is not None:
            name = core.file_name(document.path)
            del self._named[name][id]
            if not self._named[name]:
                del self._named[name]
            self._pending.pop(id, None)
            self._seen = {place: seen for place, seen in self._seen.items() if place[0] != id}
            self._forget_made(id)
            if self._compared is not None and id == self._compared.base:
                self.compare(self._compared._replace(base=None))
            if self._compared is not None and id in self._compared.ids:
                self.compare(None)
            if self._selection is not None and self._selection.document == id:
                left = next(reversed(self._documents), None)
                self.select(Selection(left) if left is not None else None)
            self.document_removed.emit(id)

    def select(self, selection: Selection | None) -> None:
        if selection != self._selection:
            self._selection = selection
            self.selection_changed.emit()

    # -- what tensors are taken for

    def seen_as(self, id: int, key: str) -> SeenAs | None:
        """What the bytes of a tensor are taken for; None: for what they are stored as."""
        return self._seen.get((id, self._origin(id, key)))

    def see_as(self, id: int, key: str, seen: SeenAs | None) -> None:
        """From now on, as long as the document is open, whatever it is renamed to."""
        place = id, self._origin(id, key)
        if id not in self._documents or self._seen.get(place) == seen:
            return
        if seen is None:
            del self._seen[place]
        else:
            self._seen[place] = seen
        self.seen_changed.emit(id)

    def as_seen(self, id: int, key: str) -> tuple[core.Checkpoint, core.InspectorError | None]:
        """A checkpoint whose tensor `key` is what that of the document is taken for. With an error, why it cannot be, as of what an edit
        has made smaller: then it is that of the document."""
        document, seen = self._documents[id], self.seen_as(id, key)
        assert document.checkpoint is not None
        ckpt = document.checkpoint
        if seen is None:
            return ckpt, None
        try:
            return self._kept_made(id, (key, seen)) or self._keep_made(id, (key, seen), core.reinterpret(ckpt, key, *seen)), None
        except core.InspectorError as error:
            return ckpt, error

    def shows_codes(self, quantized: bool) -> bool:
        """Whether packed tensors are looked at by what is stored for their elements, not by the values that it stands for. `quantized`: of
        torch's own quantized tensors."""
        return self._codes[quantized]

    def show_codes(self, codes: bool, *, quantized: bool) -> None:
        if codes != self._codes[quantized]:
            self._codes[quantized] = codes
            for id in tuple(self._documents):
                self.seen_changed.emit(id)

    def codes_of(self, id: int, names: tuple[str, ...]) -> core.Checkpoint | None:
        """A checkpoint of the codes of packed tensors of a document, each under the key of what is stored for its elements; None where
        none of them has any."""
        document = self._documents[id]
        if document.packed is None or document.checkpoint is None:
            return None
        found = self._kept_made(id, names)
        if found is None:
            tensors = [tensor for name in names if (tensor := document.packed.tensors.get(name)) is not None and "data" in tensor.parts]
            try:
                found = self._keep_made(id, names, core.stored_codes(document.checkpoint, tensors)) if tensors else None
            except core.InspectorError:
                return None
        return found

    def _origin(self, id: int, key: str) -> str:
        document = self._documents.get(id)
        edited = document.checkpoint.edited if document is not None and document.checkpoint is not None else None
        return edited.origin.get(key, key) if edited is not None else key

    def _kept_made(self, id: int, what: Hashable) -> core.Checkpoint | None:
        return self._made.get((id, what))

    def _keep_made(self, id: int, what: Hashable, made: core.Checkpoint) -> core.Checkpoint:
        """Kept, so that it is the same one when it is asked for again: what was measured of it is known by it."""
        self._made[id, what] = made
        while len(self._made) > _MADE:
            self._made.popitem(last=False)
        return made

    def _forget_made(self, id: int) -> None:
        for place in [place for place in self._made if place[0] == id]:
            del self._made[place]

    # -- edits

    def edits(self, id: int) -> Edits:
        """What is to be done to a document when it is saved, in order."""
        return self._waiting(id).edits

    def set_edits(self, id: int, edits: Iterable[core.Edit]) -> None:
        pending, wanted = self._waiting(id), tuple(edits)
        if id in self._documents and wanted != pending.edits:
            pending.past = [*pending.past, pending.edits][-_UNDONE:]
            pending.edits, pending.future = wanted, []
            self.edits_changed.emit(id)

    def add_edits(self, id: int, edits: Iterable[core.Edit]) -> None:
        """Puts `edits` behind those that wait already."""
        self.set_edits(id, (*self.edits(id), *edits))

    def undo(self, id: int) -> None:
        pending = self._waiting(id)
        if pending.past:
            pending.future.append(pending.edits)
            pending.edits = pending.past.pop()
            self.edits_changed.emit(id)

    def redo(self, id: int) -> None:
        pending = self._waiting(id)
        if pending.future:
            pending.past.append(pending.edits)
            pending.edits = pending.future.pop()
            self.edits_changed.emit(id)

    def can_undo(self, id: int) -> bool:
        return bool(self._waiting(id).past)

    def can_redo(self, id: int) -> bool:
        return bool(self._waiting(id).future)

    def is_modified(self, id: int) -> bool:
        """Whether closing the document would lose edits."""
        pending = self._waiting(id)
        return bool(pending.edits) and pending.edits != pending.saved

    def saved_edits(self, id: int, edits: Edits, *, into_itself: bool) -> None:
        """`edits` are in a file now; `into_itself`: in the document's own, which needs them no more."""
        if id not in self._documents:
            return
        pending = self._waiting(id)
        if into_itself:
            left = pending.edits[len(edits):] if pending.edits[:len(edits)] == edits else ()
            document = self._documents[id]
            if edits and pending.edits == edits and document.checkpoint is not None:
                document.original = document.checkpoint         # what the file holds; it is read again next
            self._pending[id] = _Pending(left)
        else:
            pending.saved = edits
        self.edits_changed.emit(id)

    def _waiting(self, id: int) -> _Pending:
        return self._pending.setdefault(id, _Pending()) if id in self._documents else _Pending()

    # -- comparing

    @property
    def compared(self) -> Compared | None:
        return self._compared

    def compare(self, compared: Compared | None) -> None:
        """Compares two documents that are open, or no longer any."""
        if compared is not None and (compared.a not in self._documents or compared.b not in self._documents):
            compared = None
        if compared is not None and (compared.base not in self._documents or compared.base in compared.ids):
            compared = compared._replace(base=None)
        if compared != self._compared:
            self._compared = compared
            self.compared_changed.emit()


def _renamed_group(chosen: Selection, names: list[str]) -> str:
    """What a group is called once its keys have other names: their common beginning, by whole segments; "" when they have none."""
    if not names or not chosen.prefix:
        return ""
    first, last = core.segments_of(min(names)), core.segments_of(max(names))
    common = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return ".".join(first[:min(common, len(first) - 1)])
