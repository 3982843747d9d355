"""Why a checkpoint does not load, and what would help: from the text of the error, or held against another checkpoint.

    text or reference → worker: core.doctor or core.load_report → three lists, suggested edits → session.add_edits
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from inspector import core
from inspector.gui.kit import words
from inspector.gui.state.session import Document, Session
from inspector.gui.state.tasks import Tasks

TASK = "doctor"
TYPED = 250                 # ms after the last key
SHOWN = 500                 # keys of each list that are shown
_SIGNS = ("Error(s) in loading state_dict", "Missing key(s) in state_dict", "Unexpected key(s) in state_dict", "size mismatch for")
_MOST = 1 << 20             # characters of the clipboard that are looked at

Look = Callable[[core.Checkpoint | None, core.Monitor], core.LoadReport]


class Doctor(QDialog):
    """Open it with `ask_error`, `check_against` or `check_checkpoint`. `document` is the id of the file that should load."""

    def __init__(self, session: Session, tasks: Tasks, document: int | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._tasks = session, tasks
        self._look: Look | None = None
        self._steps: tuple[core.Step, ...] = ()
        self._edits: tuple[core.Edit, ...] = ()
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(TYPED)
        self._typing.timeout.connect(self.check_text)
        self._place()
        self._fill_files(document)
        self.resize(760, 640)

    # -- ways in ------------------------------------------------------------------------------------------------------

    def ask_error(self) -> None:
        """Asks for the text of an error; one that lies on the clipboard is taken."""
        self.setWindowTitle(self.tr("Explain a loading error"))
        self._intro.setText(self.tr("Paste what load_state_dict said. Nothing is run; its text is enough."))
        copied = QGuiApplication.clipboard().text()[:_MOST]
        if any(sign in copied for sign in _SIGNS):
            self.text.setPlainText(copied)
            self.check_text()
        self.open()
        self.text.setFocus()

    def check_against(self, path: str) -> None:
        """Holds the file against a checkpoint, or a .json of shapes, at `path`."""
        def look(ckpt: core.Checkpoint | None, monitor: core.Monitor) -> core.LoadReport:
            if ckpt is None:
                raise core.UsageError(self.tr("There is no file to check"), self.tr("Open a checkpoint first."))
            return core.load_report(ckpt, path, monitor=monitor)
        self._check(look, path)

    def check_checkpoint(self, model: core.Checkpoint) -> None:
        """Holds the file against one that is open already."""
        def look(ckpt: core.Checkpoint | None, monitor: core.Monitor) -> core.LoadReport:
            if ckpt is None:
                raise core.UsageError(self.tr("There is no file to check"), self.tr("Open a checkpoint first."))
            return core.load_report(ckpt, model, monitor=monitor)
        self._check(look, model.path)

    def _check(self, look: Look, path: str) -> None:
        self.setWindowTitle(self.tr("Check against a model"))
        self._intro.setText(self.tr("The model has the names and shapes of {path}").format(path=core.visible(path, 300)))
        self.text.hide()
        self._look = look
        self._run()
        self.open()

    # -- what is shown ------------------------------------------------------------------------------------------------

    @property
    def document(self) -> Document | None:
        id = self.files.currentData()
        return self._session.document(id) if id is not None else None

    @property
    def suggested(self) -> tuple[core.Step, ...]:
        return self._steps

    def check_text(self) -> None:
        self._typing.stop()
        text = self.text.toPlainText()
        if not text.strip():
            self._tasks.cancel(TASK)
            self._clear("", "")
            return
        self._look = lambda ckpt, monitor: core.doctor(text, ckpt, monitor=monitor)
        self._run()

    def _run(self) -> None:
        if self._look is None:
            return
        look, document = self._look, self.document
        ckpt = document.checkpoint if document is not None else None
        self._tasks.start(TASK, lambda monitor: look(ckpt, monitor), on_done=self._done, on_error=self._failed,
                          label=self.tr("Looking for what would help"))

    def _done(self, report: core.LoadReport) -> None:
        lists = report.lists
        self._steps, self._edits = report.suggested, report.edits
        self.lists.clear()
        self._section(self.tr("Missing in the file"), [(key, "") for key in lists.missing])
        self._section(self.tr("Unexpected in the file"), [(key, "") for key in lists.unexpected])
        self._section(self.tr("Of another shape"), [
            (one.key, self.tr("{file} in the file, {model} in the model").format(file=words.shape(one.file), model=words.shape(one.model)))
            for one in lists.mismatched])
        self.lists.setVisible(not lists.loads)
        where = self.tr(" (its {name})").format(name=core.visible(report.state_dict, 80)) if report.state_dict else ""
        if lists.loads:
            self._say(self.tr("It loads{where}: all {n} keys fit.").format(where=where, n=f"{lists.fitting:,}"), "", "ok")
        else:
            self._say(self.tr("It does not load{where}; {n} keys fit as they are.").format(where=where, n=f"{lists.fitting:,}"),
                      self._outcome(report), "warning" if report.suggested else "danger")
        self.steps.setText("\n".join(f"{option} {core.visible(text, 200)}" for option, text in report.suggested))
        self.steps.setVisible(bool(report.suggested))
        self.add.setEnabled(bool(report.suggested) and self.document is not None)
        self.copy.setEnabled(bool(report.suggested))
        self.add.setText(self.tr("Add this edit") if len(report.suggested) == 1 else self.tr("Add these edits"))
        self.add.setToolTip("" if self.document is not None else self.tr("Choose the file that should load."))

    def _outcome(self, report: core.LoadReport) -> str:
        after = report.after
        if not report.suggested:
            return self.tr("No edit is known that would make it fit.")
        if after.loads:
            return self.tr("With these edits all {n} keys load:").format(n=f"{after.fitting:,}")
        return self.tr("With these edits {n} keys load with strict=False; {m} stay as the model made them:").format(
            n=f"{after.fitting:,}", m=f"{len(after.missing):,}")

    def _section(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        if not rows:
            return
        top = QTreeWidgetItem([f"{title}  ({len(rows):,})", ""])
        font = top.font(0)
        font.setWeight(font.Weight.DemiBold)
        top.setFont(0, font)
        self.lists.addTopLevelItem(top)
        for key, more in rows[:SHOWN]:
            item = QTreeWidgetItem([core.visible(key), more])
            item.setToolTip(0, words.tip(key))
            top.addChild(item)
        if len(rows) > SHOWN:
            top.addChild(QTreeWidgetItem([self.tr("and {n} more").format(n=f"{len(rows) - SHOWN:,}"), ""]))
        top.setExpanded(len(rows) <= 50 or self.lists.topLevelItemCount() == 1)

    def _failed(self, error: Exception) -> None:
        if not isinstance(error, core.InspectorError):
            raise error
        self._clear(words.sentence(core.visible(error.message, 400)), core.visible(error.hint, 400))

    def _clear(self, text: str, hint: str) -> None:
        self._steps, self._edits = (), ()
        self.lists.clear()
        self.lists.hide()
        self.steps.hide()
        self.add.setEnabled(False)
        self.copy.setEnabled(False)
        self._say(text, hint, "warning" if text else "")

    def _say(self, text: str, hint: str, level: str) -> None:
        self.verdict.setText(text)
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
        self.frame.setProperty("level", level)
        self.frame.setVisible(bool(text))
        for widget in (self.verdict, self.hint):
            widget.setProperty("tone", level)
        for changed in (self.frame, self.verdict, self.hint):
            changed.style().unpolish(changed)
            changed.style().polish(changed)

    # -- what is done -------------------------------------------------------------------------------------------------

    def _add(self) -> None:
        document = self.document
        if document is None or not self._steps:
            return
        self._session.add_edits(document.id, self._edits)
        self.accept()

    def _copy(self) -> None:
        document = self.document
        try:
            said = core.as_command(self._edits, document.path if document is not None else "FILE", "FIXED")
        except core.InspectorError as error:
            self._say(words.sentence(core.visible(error.message, 400)), core.visible(error.hint, 400), "danger")
            return
        QGuiApplication.clipboard().setText(said)

    def done(self, result: int) -> None:
        self._typing.stop()
        self._tasks.cancel(TASK)
        super().done(result)

    # -- places -------------------------------------------------------------------------------------------------------

    def _fill_files(self, chosen: int | None) -> None:
        with QSignalBlocker(self.files):
            for document in self._session.documents:
                if document.checkpoint is not None:
                    self.files.addItem(core.visible(document.path, 200), document.id)
            self.files.addItem(self.tr("no file, only the text"), None)
            at = self.files.findData(chosen) if chosen is not None else -1
            self.files.setCurrentIndex(max(at, 0))

    def _place(self) -> None:
        self._intro = _label(wrap=True)
        self.files = QComboBox()
        self.files.setAccessibleName(self.tr("The file that should load"))
        self.files.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.files.activated.connect(lambda: self._run())
        self.text = QPlainTextEdit()
        self.text.setAccessibleName(self.tr("The text of the error"))
        self.text.setPlaceholderText('RuntimeError: Error(s) in loading state_dict for Net:\n'
                                     '\tMissing key(s) in state_dict: "fc.weight", …')
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setTabChangesFocus(True)
        self.text.setMaximumHeight(180)
        self.text.textChanged.connect(self._typing.start)
        self.frame = QFrame()
        self.verdict, self.hint = _label(wrap=True, strong=True), _label(wrap=True)
        self.verdict.setAccessibleName(self.tr("What it comes to"))
        self.steps = _label(wrap=True)
        self.steps.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.steps.setAccessibleName(self.tr("Suggested edits"))
        said = QVBoxLayout(self.frame)
        said.setContentsMargins(12, 9, 12, 9)
        said.setSpacing(5)
        for widget in (self.verdict, self.hint, self.steps):
            said.addWidget(widget)
        self.lists = QTreeWidget()
        self.lists.setHeaderHidden(True)
        self.lists.setColumnCount(2)
        self.lists.setAccessibleName(self.tr("Missing, unexpected and mismatched keys"))
        self.lists.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.lists.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.lists.setUniformRowHeights(True)
        self.lists.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.lists.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.lists.header().setStretchLastSection(False)
        self.add, self.copy, close = QPushButton(self.tr("Add these edits")), QPushButton(self.tr("Copy the command")), \
            QPushButton(self.tr("Close"))
        self.add.setProperty("primary", True)
        self.add.setDefault(True)
        for button, run in ((self.add, self._add), (self.copy, self._copy), (close, self.reject)):
            button.setAutoDefault(False)
            button.clicked.connect(partial(_pressed, run))
        file = QHBoxLayout()
        file.setSpacing(8)
        file.addWidget(_label(self.tr("File")))
        file.addWidget(self.files, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.copy)
        buttons.addStretch(1)
        buttons.addWidget(close)
        buttons.addWidget(self.add)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(20, 18, 20, 16)
        whole.setSpacing(12)
        whole.addWidget(self._intro)
        whole.addLayout(file)
        whole.addWidget(self.text)
        whole.addWidget(self.frame)
        whole.addWidget(self.lists, 1)
        whole.addStretch(0)
        whole.addLayout(buttons)
        self._clear("", "")


def _label(text: str = "", *, wrap: bool = False, strong: bool = False) -> QLabel:
    made = QLabel()
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setText(text)
    made.setWordWrap(wrap)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    made.setSizePolicy(QSizePolicy.Policy.Preferred if not wrap else QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    if strong:
        font = made.font()
        font.setWeight(font.Weight.DemiBold)
        made.setFont(font)
    return made


def _pressed(run: Callable[[], object], _: bool = False) -> None:
    run()
