"""Code: the texts that lie in the file, to be read. TorchScript's classes, programs of torch.export, sources of module classes.

They come in pieces from a worker, more as one scrolls; what cannot be seen is escaped; nothing in them is markup, and no line
is ever run. Whoever selects a module in the tree sees its class.
"""
from __future__ import annotations

from itertools import chain
from typing import Any, NamedTuple

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QListView, QPushButton, QSplitter, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from inspector import core
from inspector.gui.kit import icons, words
from inspector.gui.state.session import Document, Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.boxes import label
from inspector.gui.widgets.code_view import CodeView

PIECE = 48 << 10            # bytes shown at once: what is coloured within a few tens of milliseconds
MOST = 4 << 20              # bytes of one text that are shown together
SOUGHT = 256 << 20          # bytes through which a declaration is looked for
FOLD = 240                  # characters from which a line goes on in the next
_TASK = "code"
_ELLIPSIS = Qt.TextElideMode.ElideLeft
Index = QModelIndex | QPersistentModelIndex


class Piece(NamedTuple):
    """Part of a text as it is shown: bytes `start` to `end` of `nbytes`. `folded`: lines were too long and go on in the next."""

    name: str
    text: str
    start: int
    end: int
    nbytes: int
    folded: bool


def piece_of(ckpt: core.Checkpoint, name: str, start: int, declaration: str = "", monitor: core.Monitor = core.QUIET) -> Piece:
    """The text from byte `start` on; with `declaration` from the first piece on in which a line begins so, if there is one. For
    workers. Raises what `core.read_text` does."""
    pieces = core.text_pieces(ckpt, name, start, PIECE)
    first = found = next(pieces)
    if declaration:
        for piece in chain((first,), pieces):
            monitor.report(piece.end, piece.nbytes)
            if piece.text.startswith(declaration) or f"\n{declaration}" in piece.text:
                found = piece
                break
            if piece.end > SOUGHT:
                break
    pieces.close()
    text, folded = _folded(core.visible_lines(found.text))
    return Piece(name, text, found.start, found.end, found.nbytes, folded)


def _folded(text: str) -> tuple[str, bool]:
    """The text with long lines broken, after a comma where there is one: a line of a megabyte takes Qt seconds."""
    if max(map(len, text.split("\n")), default=0) <= FOLD:
        return text, False
    lines: list[str] = []
    for line in text.split("\n"):
        while len(line) > FOLD:
            cut = line.rfind(", ", FOLD // 4, FOLD) + 2
            cut = cut if cut > 1 else FOLD
            lines.append(line[:cut])
            line = line[cut:]
        lines.append(line)
    return "\n".join(lines), True


def short_name(name: str) -> str:
    """What a text is called in the list: without the folder that all of TorchScript's lie in, and "net/model · 3" for the third
    of several classes of one name, "code/__torch__/net/model/___torch_mangle_3.py"."""
    short = name.removeprefix("code/").removeprefix("__torch__/")
    folder, mangled, number = short.rpartition("/___torch_mangle_")
    if mangled and number.removesuffix(".py").isdecimal():
        short = f"{folder} · {number.removesuffix('.py')}"
    return core.visible(short, 400)


class Names(QAbstractListModel):
    """The texts of a file, by their short names."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.texts: tuple[tuple[str, int], ...] = ()

    def show(self, texts: dict[str, int]) -> None:
        self.beginResetModel()
        self.texts = tuple(texts.items())
        self.endResetModel()

    def row_of(self, name: str) -> int:
        return next((n for n, (known, _) in enumerate(self.texts) if known == name), -1)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.texts)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        name, nbytes = self.texts[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return short_name(name)
        if role == Qt.ItemDataRole.ToolTipRole:
            return words.tip(f"{name}  ({words.size(nbytes)})")
        return None


class CodePanel(QWidget):
    def __init__(self, session: Session, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._tasks = session, tasks
        self._shown: tuple[Any, ...] = ()           # what of the session was answered last
        self._of: tuple[int, int] = (0, 0)          # whose texts are listed: document, checkpoint
        self._ckpt: core.Checkpoint | None = None
        self._piece: Piece | None = None
        self._wanted = ""                           # the text that is being read or shown
        self.names = Names(self)
        self.view = CodeView()
        self._place()
        self.setAccessibleName(self.tr("Code"))
        self.list.selectionModel().currentChanged.connect(self._chosen)
        self.list.clicked.connect(self._clicked)
        self.view.near_end.connect(self._scrolled)
        session.selection_changed.connect(self.refresh)
        session.document_changed.connect(self._document_changed)
        session.document_removed.connect(self._forget)

    # -- places

    def _place(self) -> None:
        self.list = QListView()
        self.list.setModel(self.names)
        self.list.setUniformItemSizes(True)
        self.list.setTextElideMode(_ELLIPSIS)
        self.list.setAccessibleName(self.tr("Texts in the file"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setProperty("sheet", True)
        self.list.installEventFilter(self.view)
        copy_name = QAction(icons.icon("copy"), self.tr("Copy name"), self.list)
        copy_name.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        copy_name.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy_name.triggered.connect(lambda: QGuiApplication.clipboard().setText(self._wanted))
        self.list.addAction(copy_name)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.title = label("", strong=True)
        self.title.setMinimumWidth(20)
        self.about = label("", tone="muted")
        self.copy_button = _button("copy", self.tr("Copy the text"))
        self.copy_button.clicked.connect(self._copy)
        self.search = _button("search", self.tr("Find in this text (Ctrl+F)"))
        self.search.clicked.connect(self.view.find_text)
        head = QHBoxLayout()
        head.setContentsMargins(12, 6, 8, 6)
        head.setSpacing(8)
        head.addWidget(self.title, 1)
        head.addWidget(self.about)
        head.addWidget(self.search)
        head.addWidget(self.copy_button)
        self.notice = label("", tone="muted", wrap=True)
        self.more = QPushButton(self.tr("Show more"))
        self.more.clicked.connect(self._more)
        foot = QHBoxLayout()
        foot.setContentsMargins(12, 7, 12, 8)
        foot.setSpacing(10)
        foot.addWidget(self.notice, 1)
        foot.addWidget(self.more)
        self._foot = QWidget()
        self._foot.setLayout(foot)
        self.message = label("", tone="muted", wrap=True)
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message.setMargin(28)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.view)
        self.pages.addWidget(self.message)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.pages, 1)
        column.addWidget(self._foot)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(self.list)
        self.splitter.addWidget(right)
        self.splitter.setSizes([210, 560])
        self.splitter.setStretchFactor(0, 2)
        self.splitter.setStretchFactor(1, 5)
        self.splitter.setChildrenCollapsible(False)
        self.list.setMinimumWidth(90)
        right.setMinimumWidth(180)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.splitter)
        self._say(self.tr("There is no code and no other text in this file."))

    # -- following the session

    def refresh(self) -> None:
        document, selection = self._session.selected_document, self._session.selection
        if document is None or selection is None or document.checkpoint is None:
            self._clear()
            return
        showing = (document.id, id(document.checkpoint), selection.prefix, selection.value)
        if showing == self._shown or not self.isVisible():
            return
        self._shown = showing
        fresh = self._list(document, document.checkpoint)
        known = dict(self.names.texts)
        declaration = core.source_of(document.checkpoint, selection.value or selection.prefix, known)
        if declaration is not None:
            self._open(declaration.name, declaration.line)
        elif fresh and known:
            self._open(next(iter(known)), "")

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        self.refresh()

    def _list(self, document: Document, ckpt: core.Checkpoint) -> bool:
        """Lists the texts of `ckpt`; False where they are listed already."""
        if self._of == (document.id, id(ckpt)):
            return False
        self._clear()
        self._shown = (document.id, id(ckpt), *self._shown[2:])
        self._of, self._ckpt = (document.id, id(ckpt)), ckpt
        self.names.show(core.texts(ckpt))
        self.list.setVisible(bool(self.names.texts))
        return True

    def _document_changed(self, id: int) -> None:
        selected = self._session.selected_document
        if selected is not None and selected.id == id:
            self.refresh()

    def _forget(self, id: int) -> None:
        if self._of[0] == id:
            self._clear()

    def _clear(self) -> None:
        self._tasks.cancel(_TASK)
        self._shown, self._of, self._ckpt, self._piece, self._wanted = (), (0, 0), None, None, ""
        self.names.show({})
        self.list.setVisible(False)
        self._say(self.tr("There is no code and no other text in this file."))

    # -- one text

    def _chosen(self, current: QModelIndex) -> None:
        if current.isValid() and self.names.texts[current.row()][0] != self._wanted:
            self._open(self.names.texts[current.row()][0], "")

    def _clicked(self, index: QModelIndex) -> None:
        """The name of what is shown: from its beginning, then."""
        if self._piece is not None and self._piece.start and self.names.texts[index.row()][0] == self._piece.name:
            self._piece = None
            self._open(self._wanted, "")

    def _open(self, name: str, declaration: str) -> None:
        """Shows the text `name`, at the line that begins with `declaration` where there is one."""
        if self._piece is not None and name == self._wanted and (not declaration or self.view.go_to(declaration)):
            return
        ckpt = self._ckpt
        assert ckpt is not None
        self._wanted, self._piece = name, None
        row = self.names.row_of(name)
        if row >= 0 and row != self.list.currentIndex().row():
            self.list.setCurrentIndex(self.names.index(row))
        self.title.setText(short_name(name).rpartition("/")[2])
        self.title.setToolTip(words.tip(name))
        self._tasks.start(_TASK, lambda monitor: piece_of(ckpt, name, 0, declaration, monitor),
                          on_done=lambda piece: self._show(piece, declaration), on_error=self._failed, label=self.tr("Reading the text"))

    def _show(self, piece: Piece, declaration: str) -> None:
        self._piece = piece
        self.view.show_text(piece.name, piece.text)
        self.pages.setCurrentWidget(self.view)
        if declaration:
            self.view.go_to(declaration)
        self._say_what_is_shown()

    def _scrolled(self) -> None:
        if self._piece is not None and self.pages.currentWidget() is self.view:
            self._more()

    def _more(self) -> None:
        """The next piece, where there is one and none is being fetched."""
        piece, ckpt = self._piece, self._ckpt
        if piece is None or ckpt is None or not _goes_on(piece) or any(task.key == _TASK for task in self._tasks.running):
            return
        self._tasks.start(_TASK, lambda monitor: piece_of(ckpt, piece.name, piece.end, "", monitor), on_done=self._append,
                          on_error=self._failed, label=self.tr("Reading the text"))

    def _append(self, piece: Piece) -> None:
        before = self._piece
        if before is None or before.name != piece.name:
            return
        self._piece = piece._replace(start=before.start, folded=before.folded or piece.folded)
        self.view.append(piece.text)
        self._say_what_is_shown()

    def _failed(self, error: Exception) -> None:
        if not isinstance(error, core.InspectorError):
            raise error
        self._say(core.visible(str(error), 1000))

    def _say(self, message: str) -> None:
        """A message in the place of the text."""
        self.message.setText(message)
        self.pages.setCurrentWidget(self.message)
        self._say_what_is_shown()

    def _say_what_is_shown(self) -> None:
        """What is shown of how much, and which buttons make sense."""
        piece = self._piece
        shown = self.pages.currentWidget() is self.view and piece is not None
        self.copy_button.setEnabled(shown)
        self.search.setEnabled(shown)
        if not self._wanted:
            self.title.setText("")
        self.about.setText(words.size(piece.nbytes) if shown and piece is not None else "")
        parts = []
        if shown and piece is not None and (piece.start or piece.end < piece.nbytes):
            said = self.tr("Shown: {start} to {end} of {whole}.") if piece.start else self.tr("Shown: the first {end} of {whole}.")
            parts.append(said.format(start=words.size(piece.start), end=words.size(piece.end), whole=words.size(piece.nbytes)))
            if piece.start:
                parts.append(self.tr("Click its name to see the beginning."))
            elif piece.end < piece.nbytes and not _goes_on(piece):
                parts.append(self.tr("inspector code prints all of it."))
        if shown and piece is not None and piece.folded:
            parts.append(self.tr("Lines of more than {n} characters go on in the next line.").format(n=FOLD))
        self.notice.setText(" ".join(parts))
        self.more.setVisible(shown and piece is not None and _goes_on(piece))
        self._foot.setVisible(bool(parts))

    def _copy(self) -> None:
        """All that is shown, or what is selected of it."""
        cursor = self.view.edit.textCursor()
        chosen = cursor.selection().toPlainText() if cursor.hasSelection() else self.view.edit.toPlainText()
        QGuiApplication.clipboard().setText(chosen)


def _goes_on(piece: Piece) -> bool:
    """Whether more of the text is shown when one asks for it."""
    return piece.end < piece.nbytes and piece.end - piece.start < MOST


def _button(picture: str, name: str) -> QToolButton:
    made = QToolButton()
    icons.put(made, picture)
    made.setToolTip(name)
    made.setAccessibleName(name)
    return made
