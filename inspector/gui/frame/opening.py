"""How files come in: by argument, dialog, recent list, drop, a second start or the desktop. Each becomes a task, then a document.

    paths → known already? select it (and reload when it changed) : Session.add → task → Session.loaded or Session.failed

Nothing here opens a box: what is wrong with a file is said in its place in the window.
"""
from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from PySide6.QtCore import QMimeData, QObject, QUrl, Signal

from inspector import core
from inspector.gui.kit import message_boxes
from inspector.gui.kit.disk import told_soon
from inspector.gui.kit.settings import Settings
from inspector.gui.state.requests import Kept
from inspector.gui.state.session import Document, Selection, Session, State
from inspector.gui.state.tasks import Tasks, let_go
from inspector.gui.state.value_checks import UNASKED

Digests = Mapping[str, "str | core.BadTensor"]
Choose = Callable[[bool, Callable[[list[str]], None]], None]        # asks for files, or a folder, and hands on what was chosen

_RUN = 3                        # chosen files that may be a run
MANY = 20                       # more files than this at once are asked about
FOLDER_CAP = 2000               # entries of a folder that are looked at
LINKS = ("http", "https", "s3", "gs", "hf")
SUFFIXES = (".pt", ".pth", ".ckpt", ".safetensors", ".bin", ".th", ".pt2", ".tar", ".pkl", ".mdlus", ".params", ".torch")


class Opener(QObject):
    """`confirm(count, on_yes)` is asked before many files are opened; tests and the screenshot give their own."""

    opened = Signal(int)                # document id, once it is READY or FAILED
    run_found = Signal(object)          # a folder in which lie the checkpoints of one run, or their files: tuple[str, ...]
    refreshed = Signal(int, object)     # document id, None or why the file could not be read again: what was shown is still

    def __init__(self, session: Session, tasks: Tasks, settings: Settings, parent: QObject | None = None, *,
                 confirm: Callable[[int, Callable[[], None]], None] | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._tasks = tasks
        self._settings = settings
        self.confirm = confirm or (lambda count, on_yes: on_yes())
        self.shows_runs = False                 # somebody waits for `run_found`; else they are files like others
        self._digests: Kept[Digests] = Kept(MANY)
        self._unsure: set[int] = set()          # documents that may be folders, which were not there to say so

    def open(self, paths: Iterable[str]) -> None:
        """Opens files and folders; a folder that is no checkpoint of its own gives the checkpoints lying in it."""
        wanted = list(dict.fromkeys(core.absolute_path(path) for path in paths))
        if len(wanted) > MANY:
            self.confirm(len(wanted), lambda: self._open_all(wanted))
        else:
            self._open_all(wanted)

    def open_document(self, path: str) -> None:
        """Opens what was a document before, a folder as well as a file; nothing where it is one already."""
        if self.find(path) is None:
            self._open_file(path, select=False)

    def find(self, path: str) -> Document | None:
        """The open document of a path."""
        return self._by_path().get(_place(path))

    def _by_path(self) -> dict[str, Document]:
        """Of several of one path the first."""
        return {os.path.normcase(document.path): document for document in reversed(self._session.documents)}

    def reload(self, id: int, *, own: bool = False) -> None:
        """`own`: it was saved here, so that what is another in it is no news."""
        document = self._session.document(id)
        if document is not None:
            self._session.restart(id)
            self._load(document, None if own else document.original)

    def refresh(self, id: int) -> None:
        """Reads again what is READY, showing what was until the new one is there, also where that fails: see `refreshed`."""
        document = self._session.document(id)
        if document is None or document.original is None or document.state is not State.READY:
            return
        path, original, digests = document.path, document.original, self._digests.get(document.original, None)

        def done(found: _ReadAgain) -> None:
            if document.state is State.READY and document.original is original:
                self._take(id, found)
                self.refreshed.emit(id, None)

        def failed(error: Exception) -> None:
            self.refreshed.emit(id, error if isinstance(error, core.InspectorError) else self._our_fault(error))

        self._tasks.start(_key(id), lambda monitor: _read_again(path, original, digests, document.follow_links, monitor), on_done=done,
                          on_error=failed, label=self.tr("Reading {name} again").format(
                              name=core.visible(core.file_name(document.path), 60)))

    def get_to_know(self, id: int) -> None:
        """Takes digests of a document whose file has no checksums, so that it can be told what changes in it."""
        document = self._session.document(id)
        original = document.original if document is not None else None
        if original is not None and self._digests.get(original, None) is None:
            self._tasks.start(("digests", id), lambda monitor: _digests_of(original, monitor),
                              on_done=lambda found: self._digests.put(original, None, found) if found is not None else None)

    def _take(self, id: int, found: _ReadAgain) -> None:
        if found.digests is not None:
            self._digests.put(found.checkpoint, None, found.digests)
        self._session.loaded(id, found.checkpoint, found.rewritten)

    def is_at_work(self, id: int) -> bool:
        """Whether a document is being opened or read again."""
        return any(task.key == _key(id) for task in self._tasks.running)

    def open_anyway(self, id: int) -> None:
        """Opens a document though links lead out of its folder."""
        document = self._session.document(id)
        if document is not None:
            document.follow_links = True
            self.reload(id)

    def close(self, id: int) -> None:
        self._tasks.cancel(_key(id))
        self._tasks.cancel(("digests", id))
        self._tasks.cancel(("changed", id))
        self._unsure.discard(id)
        document = self._session.document(id)
        if document is not None:
            let_go(document.checkpoint, document.original, document.packed)
        self._session.remove(id)

    def cancel(self, id: int) -> None:
        self._tasks.cancel(_key(id))

    def _open_all(self, paths: list[str], select: bool = True) -> None:
        """Opens all, and selects the first of them where it may; three or more that are checkpoints of one run are shown as that, too."""
        here = [path for path in paths if not core.is_address(path)]
        found = told_soon(lambda: {path: os.path.realpath(path) for path in here if os.path.isdir(path)}, None)
        folders = found or {}                   # what does not answer is taken for a file, until a worker knows
        twice = {path for path, real in folders.items() if next(one for one in folders if folders[one] == real) != path}    # by a link
        files = tuple(path for path in paths if not core.is_address(path) and path not in folders)
        known = self._by_path()
        if self.shows_runs and len(files) >= _RUN and len(files) == len(paths) and known.keys().isdisjoint(map(_place, files)):
            self._tasks.start("run-chosen", lambda monitor: core.is_run(files, monitor), on_done=lambda is_run: self._chosen(files, is_run),
                              on_error=lambda error: None, label=self.tr("Looking for checkpoints of one run"))
        for n, path in enumerate(paths):
            if path in twice:
                continue
            place = _place(path)
            if place in known:
                self._again(known[place], select=select and n == 0)
            elif path in folders:
                self._open_folder(path, select=select and n == 0)
            else:
                document = known[os.path.normcase(path)] = self._open_file(path, select=select and n == 0)
                if found is None:
                    self._unsure.add(document.id)

    def _chosen(self, files: tuple[str, ...], is_run: bool) -> None:
        if is_run and self._by_path().keys() >= set(map(_place, files)):           # nobody closed one meanwhile
            self.run_found.emit(files)

    def _open_file(self, path: str, select: bool = True) -> Document:
        document = self._session.add(path)
        if select or self._session.selection is None:
            self._session.select(Selection(document.id))
        self._load(document)
        return document

    def _again(self, document: Document, select: bool) -> None:
        if select and self._session.selected_document is not document:
            self._session.select(Selection(document.id))
        if document.state is State.FAILED:
            self.reload(document.id)
        elif document.state is State.READY:
            self._tasks.start(("changed", document.id), lambda monitor: has_changed(document),
                              on_done=lambda changed: self.reload(document.id) if changed else None)

    def _open_folder(self, folder: str, select: bool) -> None:
        def look(monitor: core.Monitor) -> list[str] | None:
            one = core.checkpoint_in(folder)
            if self.shows_runs and not one and core.is_run(folder, monitor):
                return None
            return checkpoints_in(folder) if not one else [] if one == folder else [one]

        def found(paths: list[str] | None) -> None:
            if paths is None:
                self._settings.add_recent(folder)
                self.run_found.emit((folder,))
            elif not paths:                       # one checkpoint, or none: the reader knows best what to say about it
                self._open_file(folder, select)
            elif len(paths) > MANY:
                self.confirm(len(paths), lambda: self._open_all(paths, select))
            else:
                self._open_all(paths, select)

        def failed(error: Exception) -> None:
            self._open_file(folder, select)

        self._tasks.start(("folder", folder), look, on_done=found, on_error=failed, label=self.tr("Looking into the folder"))

    def _load(self, document: Document, before: core.Checkpoint | None = None) -> None:
        id, path = document.id, document.path
        digests = self._digests.get(before, None) if before is not None else None

        def done(found: _ReadAgain) -> None:
            self._settings.add_recent(path)
            self._take(id, found)
            self.opened.emit(id)

        def failed(error: Exception) -> None:
            if id in self._unsure and isinstance(error, core.Unsupported) and error.id == "not_regular_file":
                selected = self._session.selected_document is document
                self.close(id)
                self._open_folder(path, selected)
                return
            self._session.failed(id, error if isinstance(error, core.InspectorError) else self._our_fault(error))
            self.opened.emit(id)

        def work(monitor: core.Monitor) -> _ReadAgain:
            if before is not None:
                return _read_again(path, before, digests, document.follow_links, monitor)
            with core.collector_paused(for_good=True):
                return _ReadAgain(_opened(path, document.follow_links, monitor))

        self._tasks.start(_key(id), work, on_done=done, on_error=failed,
                          on_progress=lambda done, total, doing: self._session.progress(id, done, total, doing),
                          on_cancel=lambda: self._session.cancelled(id), urgent=True,
                          label=self.tr("Opening {name}").format(name=core.visible(core.file_name(path), 60)))

    def _our_fault(self, error: Exception) -> core.InspectorError:
        wrapped = core.ReadError(self.tr("Checkpoint Inspector made a mistake while reading this file"),
                                 self.tr("Nothing in the file was run. Please copy the report and send it to us."),
                                 id="internal")
        wrapped.__cause__ = error
        wrapped.__notes__ = [message_boxes.report_of(error)]
        return wrapped


class _ReadAgain(NamedTuple):
    """`rewritten`: how it is another than before; `digests` of its tensors, where its file has no checksums that tell."""

    checkpoint: core.Checkpoint
    rewritten: core.Rewritten | None = None
    digests: Digests | None = None


def _read_again(path: str, before: core.Checkpoint, digests: Digests | None, follow_links: bool, monitor: core.Monitor) -> _ReadAgain:
    """The checkpoint that was `before`, as it is between two writes."""
    with core.collector_paused(for_good=True):
        now = _opened(path, follow_links, monitor, core.open_between_writes)
    if now.files == before.files:
        return _ReadAgain(now, None, digests)
    new = _digests_of(now, monitor)
    return _ReadAgain(now, core.rewritten(before, now, (digests, new) if digests is not None and new is not None else None, monitor), new)


def _digests_of(ckpt: core.Checkpoint, monitor: core.Monitor) -> Digests | None:
    """Of small files without checksums: so much is read as for finding NaN."""
    if ckpt.nbytes > UNASKED or ckpt.is_far or not any(
            isinstance(storage.extent, core.Extent) and storage.extent.crc is None for storage in ckpt.storages.values()):
        return None
    try:
        return dict(core.digests(ckpt, monitor=monitor))
    except core.InspectorError:             # it is another one by now
        return None


def _opened(path: str, follow_links: bool, monitor: core.Monitor, opener: Callable[..., core.Checkpoint] | None = None) -> core.Checkpoint:
    """The checkpoint at `path`, ready to be asked for single tensors: a table numbers its keys when it first is, which takes 40 ms for a
    hundred thousand."""
    found = _recovered_first(path, follow_links, monitor, opener or core.open)
    found.tensors.get("")
    return found


def _recovered_first(path: str, follow_links: bool, monitor: core.Monitor, opener: Callable[..., core.Checkpoint]) -> core.Checkpoint:
    """The checkpoint at `path`. A change in place that was interrupted is taken back first, where there was one."""
    try:
        checkpoint = opener(path, monitor=monitor, follow_links=follow_links)
    except core.InspectorError:
        if not _recovered(path):
            raise
    else:
        if not (any(finding.id == "interrupted" for finding in checkpoint.findings) and _recovered(path)):
            return checkpoint
    return opener(path, monitor=monitor, follow_links=follow_links)


def _recovered(path: str) -> bool:
    try:
        return core.recover(path)
    except (OSError, core.InspectorError):
        return False


def paths_in(mime: QMimeData) -> list[str]:
    """The files and folders of this machine, and the addresses of others, among what is dragged or pasted, each once, in order."""
    return list(dict.fromkeys(path for url in mime.urls() if (path := local_path(url) or address_in(url)) is not None))


def address_in(url: QUrl) -> str | None:
    """A link to a file on a web server, in a bucket or on the hub; None for whatever else a link may be."""
    return url.toString(QUrl.ComponentFormattingOption.FullyEncoded) if url.scheme() in LINKS and url.host() else None


def local_path(url: QUrl) -> str | None:
    """`url` as a path, or None for what lies elsewhere: http:, or file://host/… which would reach for the network. Undone from
    its encoded form, so that names which are not UTF-8 survive."""
    if not url.isLocalFile() or url.host() not in ("", "localhost"):
        return None
    if os.name == "nt":
        path = url.toLocalFile()
        return None if path.startswith(("//", "\\\\")) else path
    encoded = url.path(QUrl.ComponentFormattingOption.FullyEncoded)
    path = os.fsdecode(unquote_to_bytes(encoded))
    return path if path and "\0" not in path and not path.startswith("//") else None


def checkpoints_in(folder: str) -> list[str]:
    """Files directly in `folder` that are named like checkpoints, in the order of their names. Raises OSError."""
    found = []
    with os.scandir(folder) as entries:
        for count, entry in enumerate(entries):
            if count >= FOLDER_CAP:
                break
            if entry.name.lower().endswith(SUFFIXES) and not entry.name.startswith(".") and entry.is_file():
                found.append(entry.path)
    return sorted(found)


def has_changed(document: Document) -> bool:
    """True when a file of the document is no longer what was opened, or is gone. Servers are not asked: that would take a while."""
    ckpt = document.original
    return ckpt is not None and not ckpt.is_far and core.has_changed(ckpt)


def _place(path: str) -> str:
    """By which a document of that path is found."""
    return os.path.normcase(core.absolute_path(path))


def _key(id: int) -> tuple[str, int]:
    return ("open", id)
