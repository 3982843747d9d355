"""What is selected in the tree, dragged out of the window as a file: a tensor as .npy, several as .safetensors, an open file as itself.

The file is made in a worker from the moment the drag begins, and whether many tensors are too much is found out there, too; whoever asks
for it before it is there waits, and the window goes on. It stays until the window is closed, as file managers copy when the drag is over.
Only copies are offered: nobody may take it away as a move.
"""
from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from PySide6.QtCore import QEventLoop, QMimeData, QObject, Qt, QTemporaryDir, QUrl, Signal
from PySide6.QtGui import QDrag

from inspector import core
from inspector.gui.kit import exporting, icons, theme, words
from inspector.gui.kit.disk import told_soon
from inspector.gui.state.session import Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.tree_view import TreeView

MOST = 512 << 20                # bytes of what is dragged
MANY = 5000                     # tensors from which on they are looked through by a worker, when the drag has begun
_URLS, _TEXT = "text/uri-list", "text/plain"
_PICTURE = 32

Carry = Callable[[QDrag], Qt.DropAction]


class PromisedFile(QMimeData):
    """A file that is being made. `text` is what a text field gets."""

    settled = Signal()

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text
        self._path: str | None = None               # "" when there will be none

    def fulfil(self, path: str) -> None:
        self._path = path
        self.settled.emit()

    def give_up(self) -> None:
        self.fulfil("")

    @property
    def is_there(self) -> bool:
        return bool(self._path)

    def formats(self) -> list[str]:
        return [_URLS, _TEXT]

    def hasFormat(self, mime_type: str) -> bool:
        return mime_type in (_URLS, _TEXT) and (self._path != "" or mime_type == _TEXT)

    def retrieveData(self, mime_type: str, preferred: Any) -> Any:
        """Waits for the file, while the window goes on."""
        if mime_type == _TEXT:
            return self._text
        if mime_type != _URLS:
            return None
        if self._path is None:
            loop = QEventLoop()
            self.settled.connect(loop.quit)
            loop.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
        return [QUrl.fromLocalFile(self._path)] if self._path else None


class DragOut(QObject):
    """`carry` holds the drag until it is dropped; tests give their own."""

    said = Signal(str)              # why there is nothing to drag

    def __init__(self, tree: TreeView, session: Session, tasks: Tasks, parent: QObject) -> None:
        super().__init__(parent)
        self._tree, self._session, self._tasks = tree, session, tasks
        self._folder: QTemporaryDir | None = None
        self._numbers = count()
        self.carry: Carry = lambda drag: drag.exec(Qt.DropAction.CopyAction)
        tree.drag_begun.connect(self.begin)

    def begin(self) -> None:
        """Drags what is selected."""
        document, selection = self._session.selected_document, self._session.selection
        if document is None or selection is None or document.checkpoint is None:
            return
        ckpt = document.checkpoint
        whole = not selection.prefix and selection.value is None and len(selection.keys) in (0, len(ckpt.tensors))
        file = told_soon(lambda: _file_of(document.path), document.path) if whole and ckpt.edited is None else ""
        if file:
            self._drag_file(file)
        elif len(selection.keys) > MANY:            # what they are, and whether they can be dragged, a worker sees to
            self._drag_tensors(ckpt, document.path, selection.prefix, selection.keys)
        elif keys := _present(ckpt, selection.keys):
            if (nbytes := _bytes_of(ckpt, keys)) > MOST:
                self.said.emit(self._too_much(nbytes))
            else:
                self._drag_tensors(ckpt, document.path, selection.prefix, keys)

    def _drag_file(self, path: str) -> None:
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(os.path.abspath(path))])
        self._carried(mime, "file")

    def _too_much(self, nbytes: int) -> str:
        return self.tr("{size} are too much to be dragged. Save them instead: Edit ▸ Extract or Keep, then Save As.").format(
            size=words.size(nbytes))

    def _drag_tensors(self, ckpt: core.Checkpoint, source: str, prefix: str, chosen: Sequence[str]) -> None:
        task = "drag", next(self._numbers)
        alone = len(chosen) == 1
        name = exporting.name_of(source, chosen[0] if alone else prefix or self.tr("selection"), "", ".npy" if alone else ".safetensors")
        mime = PromisedFile("\n".join(chosen))
        folder = os.path.join(self._place(), str(task[1]))

        def work(monitor: core.Monitor) -> str:
            keys = chosen if len(chosen) <= MANY else _present(ckpt, chosen, monitor)
            if len(chosen) > MANY and (nbytes := _bytes_of(ckpt, keys, monitor)) > MOST:
                raise _TooMuch(nbytes)
            if not keys:
                return ""
            os.mkdir(folder)
            path = os.path.join(folder, name)
            if alone:
                exporting.write(path, exporting.array(ckpt, keys[0], monitor), "array", [stamp.path for stamp in ckpt.files])
            else:
                core.save({key: ckpt[key] for key in keys}, path, ties="all", monitor=monitor)
            return path

        def failed(error: Exception) -> None:
            mime.give_up()
            if isinstance(error, _TooMuch):
                self.said.emit(self._too_much(error.nbytes))
                return
            if not isinstance(error, core.InspectorError):
                raise error
            self.said.emit(words.error(error))

        self._tasks.start(task, work, on_done=mime.fulfil, on_error=failed, on_cancel=mime.give_up,
                          label=self.tr("Making {name}").format(name=core.visible(name, 60)))
        if self._carried(mime, "tensor" if alone else "group") is Qt.DropAction.IgnoreAction:
            self._tasks.cancel(task)                # nobody wants it

    def _carried(self, mime: QMimeData, picture: str) -> Qt.DropAction:
        drag = QDrag(self._tree)
        drag.setMimeData(mime)
        drag.setPixmap(icons.pixmap(picture, _PICTURE, theme.colours().accent))
        return self.carry(drag)

    def _place(self) -> str:
        if self._folder is None:
            self._folder = QTemporaryDir()
        return self._folder.path()

    def close(self) -> None:
        """Takes away what was made."""
        if self._folder is not None:
            self._folder.remove()
            self._folder = None


def _file_of(path: str) -> str:
    """The file that is dragged where all of a document is; "" where that is none, but a folder or an address."""
    file = core.file_of(path)
    return file if os.path.isfile(file) else ""


class _TooMuch(Exception):
    """What is dragged is more than is made for nothing."""

    def __init__(self, nbytes: int) -> None:
        super().__init__(nbytes)
        self.nbytes = nbytes


def _present(ckpt: core.Checkpoint, keys: Sequence[str], monitor: core.Monitor = core.QUIET) -> list[str]:
    """Those that there are."""
    return [key for key in core.stoppable(keys, monitor) if key in ckpt.tensors]


def _bytes_of(ckpt: core.Checkpoint, keys: Sequence[str], monitor: core.Monitor = core.QUIET) -> int:
    return sum(ckpt.tensors[key].nbytes for key in core.stoppable(keys, monitor))
