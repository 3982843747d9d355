"""Problem: a file that cannot be opened, said in its place: what is wrong, where, what to do, and what was learnt before."""
from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from inspector import core
from inspector.gui.kit import icons, theme, words
from inspector.gui.state.session import Document, Session, State
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.boxes import FactBox, FindingBox, Prose, empty, facts, label

FINDINGS_CAP = 100
MEMBERS_CAP = 12                # members of an archive that get a button


class Problem(QScrollArea):
    retry_asked = Signal(int)
    close_asked = Signal(int)
    anyway_asked = Signal(int)          # to open it in spite of links that lead out of its folder
    path_asked = Signal(object)         # str: FILE!member; see welcome.path_asked

    def __init__(self, session: Session, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        page = QWidget()
        page.setObjectName("page")
        self._content = QVBoxLayout(page)
        self._content.setContentsMargins(28, 26, 28, 26)
        self._content.setSpacing(16)
        self.setWidget(page)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(self.tr("Problem"))
        self._shown: core.InspectorError | None = None
        session.selection_changed.connect(self.refresh)
        session.document_changed.connect(self._follow)
        theme.current().changed.connect(self._repaint)

    def _follow(self, id: int) -> None:
        self.refresh()

    def refresh(self) -> None:
        document = self._session.selected_document
        error = document.error if document is not None and document.state is State.FAILED else None
        if error is self._shown:
            return
        self._shown = error
        empty(self._content)
        if document is not None and error is not None:
            self._draw(document, error)

    def _repaint(self) -> None:
        self._shown = None
        self.refresh()

    def _draw(self, document: Document, error: core.InspectorError) -> None:
        c = theme.colours()
        is_folder = error.id == "not_regular_file" and isinstance(error, core.Unsupported)      # pipes and devices are no checkpoints
        message, hint = words.said(error.message, 2000), words.said(self._hint(error), 2000)
        head = QHBoxLayout()
        head.setSpacing(15)
        picture = QLabel()
        picture.setPixmap(icons.pixmap("archive", 34, c.accent) if error.members else icons.pixmap("danger", 34, c.danger))
        head.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        text = QVBoxLayout()
        text.setSpacing(8)
        title = self.tr("Choose what to open") if error.members else self.tr("This folder cannot be opened") if is_folder \
            else self.tr("This file cannot be opened")
        text.addWidget(label(title, strong=True, scale=1.35))
        text.addWidget(Prose(words.sentence(message), self.tr("What is wrong"), scale=1.05))
        if hint:
            text.addWidget(Prose(hint, self.tr("What to do"), tone="muted", scale=1.05))
        head.addLayout(text, 1)
        self._content.addLayout(head)
        self._content.addLayout(self._buttons(document, error))
        if error.members:
            self._content.addWidget(self._inside(document.path, error.members))
        box = FactBox()
        box.body.addLayout(facts([(self.tr("Folder") if is_folder else self.tr("File"), core.visible(document.path, 1000)),
                                   (self.tr("Where"), core.visible(error.where)),
                                   (self.tr("Kind of problem"), error.id.replace("_", " "))]))
        self._content.addWidget(box)
        if error.findings:
            learnt = FactBox(self.tr("What was learnt before"))
            for finding in error.findings[:FINDINGS_CAP]:
                learnt.body.addWidget(FindingBox(finding))
            self._content.addWidget(learnt)
        self._content.addStretch(1)

    def _hint(self, error: core.InspectorError) -> str:
        if error.id == "outside_folder":        # without what scripts do
            return self.tr("Open it only if you, or somebody you trust, made these links.")
        return error.hint

    def _inside(self, path: str, members: Sequence[str]) -> FactBox:
        """What lies in an archive, to be opened with a click."""
        box = FactBox(self.tr("In this archive"))
        for n, member in enumerate(members[:MEMBERS_CAP]):
            button = QPushButton(self.tr("Open {name}").format(name=words.menu_text(member, 100)))
            button.setAccessibleName(self.tr("Open {name}").format(name=core.visible(member)))
            button.setToolTip(words.tip(member))
            button.setProperty("primary", n == 0)
            icons.put(button, "archive", "" if n else "accent_text")
            button.clicked.connect(lambda _=False, inner=f"{path}!{member}": self.path_asked.emit(inner))
            box.body.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        if len(members) > MEMBERS_CAP:
            more = self.tr("{count} more can be opened as FILE!MEMBER.").format(count=f"{len(members) - MEMBERS_CAP:,}")
            box.body.addWidget(label(more, tone="muted"))
        return box

    def _buttons(self, document: Document, error: core.InspectorError) -> QHBoxLayout:
        id = document.id
        row = QHBoxLayout()
        row.setContentsMargins(49, 0, 0, 0)
        row.setSpacing(10)
        again = QPushButton(self.tr("Try again"))
        again.setProperty("primary", not error.members)
        icons.put(again, "reload", "" if error.members else "accent_text")
        again.clicked.connect(lambda: self.retry_asked.emit(id))
        close = QPushButton(self.tr("Close"))
        close.clicked.connect(lambda: self.close_asked.emit(id))
        copy = QPushButton(self.tr("Copy report"))
        icons.put(copy, "copy")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(report(document, error)))
        buttons = [again, close, copy]
        if error.id == "outside_folder":
            anyway = QPushButton(self.tr("Open anyway"))
            icons.put(anyway, "link")
            anyway.clicked.connect(lambda: self.anyway_asked.emit(id))
            buttons.insert(1, anyway)
        for button in buttons:
            button.setAccessibleName(button.text())
            row.addWidget(button)
        row.addStretch(1)
        return row


def report(document: Document, error: core.InspectorError) -> str:
    """All that is known about the failure, as text to send to somebody."""
    lines = [f"Checkpoint Inspector {core.version}", core.visible(document.path, 1000)]
    lines.append(f"{error.id}: {core.visible(error.message, 2000)}")
    lines += [part for part in (core.visible(error.hint, 2000), core.visible(error.where)) if part]
    lines += [f"[{f.level}] {core.visible(f.message, 2000)} {core.visible(f.where)}" for f in error.findings]
    return "\n".join([*lines, *getattr(error, "__notes__", [])])
