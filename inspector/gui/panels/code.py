"""Code: the texts that lie in the file, to be read. TorchScript's classes, programs of torch.export, sources of module classes.

They come in pieces from a worker, more as one scrolls; what cannot be seen is escaped; nothing in them is markup, and no line
is ever run. Whoever selects a module in the tree sees its class.
"""
from __future__ import annotations

from itertools import chain
from typing import Any, NamedTuple

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QListView, QPushButton, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from inspector import core
from inspector.gui.kit import icons, words
from inspector.gui.state.requests import Phase, Request, Requests
from inspector.gui.state.session import Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.boxes import label, tool_button
from inspector.gui.widgets.code_view import CodeView
from inspector.gui.widgets.lazy_panel import SelectionPanel

PIECE = 48 << 10            # bytes shown at once: what is coloured within a few tens of milliseconds
MOST = 4 << 20              # bytes of one text that are shown together
SOUGHT = 256 << 20          # bytes through which a declaration is looked for
FOLD = 240                  # characters from which a line goes on in the next
TASK = "code"
_ELLIPSIS = Qt.TextElideMode.ElideLeft
Index = QModelIndex | QPersistentModelIndex


class Piece(NamedTuple):
    """Part of a text as it is shown: bytes `start` to `end` of `nbytes`. `folded`: lines were too long and go on in the next. It was
    read for the line that begins with `declaration`, where that is not empty."""

    name: str
    text: str
    start: int
    end: int
    nbytes: int
    folded: bool
    declaration: str = ""


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
    return Piece(name, text, found.start, found.end, found.nbytes, folded, declaration)


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


class CodePanel(SelectionPanel):
    """`requests` read the next piece of a text: its name, from which byte on, at which declaration."""

    def __init__(self, session: Session, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(session, tasks, parent)
        self.requests: Requests[Piece] = self.make_requests(TASK)
        self._ckpt: core.Checkpoint | None = None   # whose texts are listed
        self._shown: tuple[str, str | None] | None = None           # what of the selection was answered last
        self._piece: Piece | None = None
        self._wanted = ""                           # the text that is being read or shown
        self.names = Names(self)
        self.view = CodeView()
        self._place()
        self.setAccessibleName(self.tr("Code"))
        self.list.selectionModel().currentChanged.connect(self._chosen)
        self.list.clicked.connect(self._clicked)
        self.view.near_end.connect(self._scrolled)
        self.requests.changed.connect(self._answered)

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
        self.copy_button = tool_button("copy", self.tr("Copy the text"))
        self.copy_button.clicked.connect(self._copy)
        self.search = tool_button("search", self.tr("Find in this text (Ctrl+F)"))
        self.search.clicked.connect(self.view.find_text)
        head = QHBoxLayout()
        head.setContentsMargins(12, 6, 8, 6)
        head.setSpacing(8)
        head.addWidget(self.title, 1)
        head.addWidget(self.about)
        head.addWidget(self.search)
        head.addWidget(self.copy_button)
        self.extent = label("", tone="muted", wrap=True)
        self.more = QPushButton(self.tr("Show more"))
        self.more.clicked.connect(self._more)
        foot = QHBoxLayout()
        foot.setContentsMargins(12, 7, 12, 8)
        foot.setSpacing(10)
        foot.addWidget(self.extent, 1)
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

    def follow(self) -> None:
        document, selection = self._session.selected_document, self._session.selection
        if document is None or selection is None or document.checkpoint is None:
            self.let_go()
            return
        fresh = document.checkpoint is not self._ckpt
        if fresh:
            self._list(document.checkpoint)
        showing = (selection.prefix, selection.value)
        if showing == self._shown and self.requests.request is not None:
            return
        self._shown = showing
        known = dict(self.names.texts)
        declaration = core.source_of(document.checkpoint, selection.value or selection.prefix, known)
        if declaration is not None:
            self._open(declaration.name, declaration.line)
        elif known and (fresh or self._piece is None):
            self._open(next(iter(known)), "")

    def let_go(self) -> None:
        super().let_go()
        self._shown, self._ckpt, self._piece, self._wanted = None, None, None, ""
        self.names.show({})
        self.list.setVisible(False)
        self._say(self.tr("There is no code and no other text in this file."))

    def _list(self, ckpt: core.Checkpoint) -> None:
        """Lists the texts of `ckpt`."""
        self.let_go()
        self._ckpt = ckpt
        self.names.show(core.texts(ckpt))
        self.list.setVisible(bool(self.names.texts))

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
        self._ask(ckpt, name, 0, declaration)

    def _ask(self, ckpt: core.Checkpoint, name: str, start: int, declaration: str) -> None:
        self.requests.ask(Request(ckpt, (name, start, declaration), lambda monitor: piece_of(ckpt, name, start, declaration, monitor),
                                  label=self.tr("Reading the text")))

    def _answered(self) -> None:
        piece = self.requests.result
        if self.requests.phase is Phase.FAILED and isinstance(self.requests.error, core.InspectorError):
            self._say(core.visible(str(self.requests.error), 1000))
        elif piece is not None and self._piece is None:
            self._show(piece)
        elif piece is not None:
            self._append(piece)

    def _show(self, piece: Piece) -> None:
        self._piece = piece
        self.view.show_text(piece.name, piece.text)
        self.pages.setCurrentWidget(self.view)
        if piece.declaration:
            self.view.go_to(piece.declaration)
        self._show_extent()

    def _scrolled(self) -> None:
        if self._piece is not None and self.pages.currentWidget() is self.view:
            self._more()

    def _more(self) -> None:
        """The next piece, where there is one and none is being fetched."""
        piece, ckpt = self._piece, self._ckpt
        if piece is not None and ckpt is not None and _goes_on(piece) and not self.requests.phase.is_busy:
            self._ask(ckpt, piece.name, piece.end, "")

    def _append(self, piece: Piece) -> None:
        before = self._piece
        if before is None or before.name != piece.name:
            return
        self._piece = piece._replace(start=before.start, folded=before.folded or piece.folded)
        self.view.append(piece.text)
        self._show_extent()

    def _say(self, message: str) -> None:
        """A message in the place of the text."""
        self.message.setText(message)
        self.pages.setCurrentWidget(self.message)
        self._show_extent()

    def _show_extent(self) -> None:
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
        self.extent.setText(" ".join(parts))
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
