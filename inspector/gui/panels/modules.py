"""Modules: the architecture as `print(model)` shows it, of the models in the file; which of it was inferred is said."""
from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from inspector import core
from inspector.gui.kit import words
from inspector.gui.state.requests import Phase, Request, Requests
from inspector.gui.state.session import Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.boxes import label, tool_button
from inspector.gui.widgets.code_view import CodeView
from inspector.gui.widgets.lazy_panel import SelectionPanel

TASK = "modules"
LINES = 10_000              # shown; the command prints them all
_NAME = "modules.py"        # in which language the text is coloured


class Shown(NamedTuple):
    """`models` in the text, all of them `inferred` or none; lines `left` out."""

    text: str
    models: int
    parameters: int
    inferred: bool
    left: int


def shown_of(ckpt: core.Checkpoint, monitor: core.Monitor = core.QUIET) -> Shown | None:
    """For workers. None where there is no model."""
    if not core.model_dicts(ckpt):
        return None
    found = core.architectures(ckpt, monitor=monitor)
    lines: list[str] = []
    for one in found:
        lines += [f"# {core.visible(one.path)}"] if len(found) > 1 or one.path else []
        lines += [*core.architecture_text(one).split("\n"), ""]
    parameters = sum(one.root.total for one in found)
    text = "\n".join(lines[:LINES]).rstrip("\n")
    return Shown(text, len(found), parameters, any(one.inferred for one in found), max(len(lines) - LINES, 0))


class ModulesPanel(SelectionPanel):
    """Asks once for each file."""

    def __init__(self, session: Session, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(session, tasks, parent)
        self.requests: Requests[Shown | None] = self.make_requests(TASK, keep=2)
        self.setAccessibleName(self.tr("Modules"))
        self.view = CodeView()
        self.title = label("", strong=True)
        self.about = label("", tone="muted", wrap=True)
        self.search = tool_button("search", self.tr("Find in this text (Ctrl+F)"))
        self.search.clicked.connect(self.view.find_text)
        self.copy_button = tool_button("copy", self.tr("Copy the text"))
        self.copy_button.clicked.connect(self._copy)
        said = QVBoxLayout()
        said.setSpacing(2)
        said.addWidget(self.title)
        said.addWidget(self.about)
        head = QHBoxLayout()
        head.setContentsMargins(12, 8, 8, 8)
        head.setSpacing(8)
        head.addLayout(said, 1)
        head.addWidget(self.search, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.copy_button, 0, Qt.AlignmentFlag.AlignTop)
        self.message = label("", tone="muted", wrap=True)
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message.setMargin(28)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.view)
        self.pages.addWidget(self.message)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.pages, 1)
        self.requests.changed.connect(self._answered)
        self._say("")

    def follow(self) -> None:
        document = self._session.selected_document
        ckpt = document.checkpoint if document is not None else None
        if ckpt is None:
            self.let_go()
            return
        self.requests.ask(Request(ckpt, TASK, lambda monitor: shown_of(ckpt, monitor), label=self.tr("Looking at the modules")))

    def let_go(self) -> None:
        super().let_go()
        self._say("")

    def _answered(self) -> None:
        phase, found = self.requests.phase, self.requests.result
        if phase is Phase.FAILED and isinstance(self.requests.error, core.InspectorError):
            self._say(words.error(self.requests.error))
        elif phase is Phase.RUNNING:
            self._say(self.tr("Looking at the modules …"))
        elif phase is Phase.DONE and found is None:
            self._say(self.tr("There is no model in this file."))
        elif phase is Phase.DONE and found is not None:
            self._show(found)

    def _show(self, found: Shown) -> None:
        self.title.setText(words.parameters(found.parameters))
        said = [self.tr("Inferred from names and shapes: what has no parameters, such as activations and dropout, is not in the file.")
                if found.inferred else self.tr("As it was pickled. What a class of one's own would print is known to its code only.")]
        if found.left:
            said.append(self.tr("{n} lines more: inspector modules prints them.").format(n=f"{found.left:,}"))
        self.about.setText(" ".join(said))
        self.view.show_text(_NAME, found.text)
        self.pages.setCurrentWidget(self.view)
        self._enable(True)

    def _say(self, message: str) -> None:
        """A message in the place of the text."""
        self.title.setText("")
        self.about.setText("")
        self.message.setText(message)
        self.pages.setCurrentWidget(self.message)
        self._enable(False)

    def _enable(self, there: bool) -> None:
        self.search.setEnabled(there)
        self.copy_button.setEnabled(there)

    def _copy(self) -> None:
        cursor = self.view.edit.textCursor()
        QGuiApplication.clipboard().setText(cursor.selection().toPlainText() if cursor.hasSelection() else self.view.edit.toPlainText())
