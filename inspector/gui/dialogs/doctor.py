"""Why a checkpoint does not load, and what would help: from the text of the error, or held against another checkpoint.

    text or reference → worker: core.explain_error or core.load_report → what it means, three lists, suggested edits → session.add_edits
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
from inspector.gui.kit import tables, theme, words
from inspector.gui.state.session import Document, Session, State
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.boxes import resize_to_fit

TASK = "doctor"
TYPED = 250                 # ms after the last key
SHOWN = 500                 # keys of each list that are shown
_SIGNS = ("Error(s) in loading state_dict", "Missing key(s) in state_dict", "Unexpected key(s) in state_dict", "size mismatch for",
          "Traceback (most recent call last)", "Weights only load failed", "deserialize object on", "Can't get attribute",
          "No module named", "PytorchStreamReader", "invalid load key", "Invalid magic number", "out of memory", "t pickle",
          "parameter group")
_MOST = 1 << 20             # characters of the clipboard that are looked at

Found = core.LoadReport | core.Explanation | core.AdapterReport
Look = Callable[[core.Checkpoint | None, core.Monitor], Found]


class Doctor(QDialog):
    """Open it with `ask_error`, `check_against` or `check_checkpoint`. `document` is the id of the file that should load."""

    def __init__(self, session: Session, tasks: Tasks, document: int | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._tasks = session, tasks
        self._look: Look | None = None
        self._model = ""                # the path of what the file is held against
        self._merging = False           # the edits are those of the model, which an adapter is put into
        self._steps: tuple[core.Step, ...] = ()
        self._edits: tuple[core.Edit, ...] = ()
        self._remedies: tuple[core.Remedy, ...] = ()
        self._ways: tuple[tuple[str, tuple[core.Edit, ...]], ...] = ()
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(TYPED)
        self._typing.timeout.connect(self.check_text)
        self._place()
        self._fill_files(document)
        resize_to_fit(self, 760, 640)

    # -- ways in ------------------------------------------------------------------------------------------------------

    def ask_error(self) -> None:
        """Asks for the text of an error; one that lies on the clipboard is taken."""
        self.setWindowTitle(self.tr("Explain an error"))
        self._intro.setText(self.tr("Paste what loading or saving said. Nothing is run; its text is enough."))
        copied = QGuiApplication.clipboard().text()[:_MOST]
        if any(sign in copied for sign in _SIGNS):
            self.text.setPlainText(copied)
            self.check_text()
        self.open()
        self.text.setFocus()

    def check_against(self, path: str) -> None:
        """Holds the file against a checkpoint, or a .json of shapes, at `path`."""
        def look(ckpt: core.Checkpoint | None, monitor: core.Monitor) -> Found:
            if ckpt is None:
                raise core.UsageError(self.tr("There is no file to check"), self.tr("Open a checkpoint first."))
            return _held_against(ckpt, path, monitor)
        self._check(look, path)

    def check_checkpoint(self, model: core.Checkpoint) -> None:
        """Holds the file against one that is open already."""
        def look(ckpt: core.Checkpoint | None, monitor: core.Monitor) -> Found:
            if ckpt is None:
                raise core.UsageError(self.tr("There is no file to check"), self.tr("Open a checkpoint first."))
            return _held_against(ckpt, model, monitor)
        self._check(look, model.path)

    def _check(self, look: Look, path: str) -> None:
        self.setWindowTitle(self.tr("Check against a model"))
        self._intro.setText(self.tr("The model has the names and shapes of {path}").format(path=core.visible(path, 300)))
        self.text.hide()
        self._look, self._model = look, path
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
        document = self.document
        error = document.error if document is not None and document.checkpoint is None else None
        unreadable = error if isinstance(error, core.InspectorError) else None
        self._look = lambda ckpt, monitor: core.explain_error(text, ckpt, unreadable=unreadable, monitor=monitor)
        self._run()

    def _file_chosen(self) -> None:
        if self.text.isHidden():
            self._run()
        else:
            self.check_text()               # what is said of a text depends on why a file could not be opened

    def _run(self) -> None:
        if self._look is None:
            return
        look, document = self._look, self.document
        ckpt = document.checkpoint if document is not None else None
        self._tasks.start(TASK, lambda monitor: look(ckpt, monitor), on_done=self._done, on_error=self._failed,
                          label=self.tr("Looking for what would help"))

    def _done(self, found: Found) -> None:
        self.lists.clear()
        if isinstance(found, core.AdapterReport):
            self._show_adapter(found)
            return
        report = found if isinstance(found, core.LoadReport) else found.load
        if isinstance(found, core.Explanation) and report is None:
            self.lists.hide()
            ways = [(words.said(one.outcome, 300), one.edits) for one in found.remedies]
            said = [words.said(text, 600) for text in (*found.about, *found.advice)]
            if len(ways) == 1:              # of several, the box has them
                said.append(self.tr("With this {outcome}:").format(outcome=ways[0][0]))
            self._steps = ()
            self._say(words.said(found.meaning, 400), "\n".join(said), "warning" if ways or found.about else "danger")
            self._offer(ways, remedies=found.remedies)
        elif report is not None:
            self._show_report(report, found.about if isinstance(found, core.Explanation) else ())

    def _show_report(self, report: core.LoadReport, about: Sequence[str]) -> None:
        lists = report.lists
        self._steps = report.suggested
        self._section(self.tr("Missing in the file"), [(key, "") for key in lists.missing])
        self._section(self.tr("Unexpected in the file"), [(key, "") for key in lists.unexpected])
        self._section(self.tr("Of another shape"), [
            (one.key, self.tr("{file} in the file, {model} in the model").format(file=words.shape(one.file), model=words.shape(one.model)))
            for one in lists.mismatched])
        self.lists.setVisible(not lists.loads)
        place = core.join(report.state_dict, "state_dict()") if report.pickled else report.state_dict
        where = self.tr(" (its {name})").format(name=core.visible(place, 80)) if place else ""
        known = [words.said(text, 600) for text in (report.without_values, report.as_cast) if text]
        more = [*known, *(words.said(text, 600) for text in about), *self._others(report)]
        if lists.loads and report.broken:
            self._say(self.tr("Nothing loads it as it is{where}, though all {n} keys fit.").format(where=where, n=f"{lists.fitting:,}"),
                      "\n".join(more), "danger")
        elif lists.loads:
            self._say(self.tr("It loads{where}: all {n} keys fit.").format(where=where, n=f"{lists.fitting:,}"), "\n".join(more),
                      "ok" if report.loads else "warning")
        else:
            outcome = self._merges(report.merges) if report.merges else [*(words.sentence(words.said(note, 800)) for note in report.notes),
                                                                         self._outcome(report)]
            helped = bool(report.suggested or report.merges or lists.loads_in_part)
            self._say(self.tr("It does not load{where}; {n} keys fit as they are.").format(where=where, n=f"{lists.fitting:,}"),
                      "\n".join([*more, *outcome]), "warning" if helped else "danger")
        if report.merges:
            self._offer([(self._merged(one), one.edits) for one in report.merges if one.edits])
        else:
            self._offer([("", report.edits)] if report.suggested else [])

    def _merges(self, merges: Sequence[core.InnerMerge]) -> list[str]:
        """Of a model with its adapters in it: each of them, and what is not known of it."""
        said = [self.tr("It is a model with its adapters in it; one without takes them merged, which was tried.")]
        for one in merges:
            name = core.visible(one.name, 60)
            said.append(self.tr("{name}: {what}").format(name=name, what=words.said(one.fit.sentence, 400)))
            if one.refused:
                said.append(self.tr("Merging {name} is refused: {why}").format(name=name, why=words.said(one.refused, 400)))
            elif one.tried_alpha is not None:
                said.append(self.tr("Nothing says the alpha of {name}: Edit, Merge an Adapter with “:{name}=ALPHA”, as it was in training.")
                            .format(name=name))
        return said

    def _merged(self, one: core.InnerMerge) -> str:
        n = f"{one.after.fitting:,}" if one.after is not None else "0"
        return (self.tr("{name} merged: all {n} keys load") if one.loads else self.tr("{name} merged: {n} keys fit")).format(
            name=core.visible(one.name, 60), n=n)

    def _show_adapter(self, report: core.AdapterReport) -> None:
        """How an adapter fits the model: what does not fit first, then how much each module adds."""
        both = list(zip(report.fit.modules, report.deltas, strict=True))
        self._steps = ()
        self._section(self.tr("Do not fit"), [(one.adapter.name, words.said(one.problem, 200)) for one, _ in both if one.problem])
        self._section(self.tr("Nothing is known of"), [(key, "") for key in report.fit.unknown])
        self._section(self.tr("Fit"), [
            (one.adapter.name, words.said(delta.problem, 200) if delta.norm is None or delta.effective_rank is None else
             self.tr("rank {rank} · norm {norm} · effective rank {effective}").format(
                 rank=f"{one.adapter.rank:,}", norm=f"{delta.norm:.4g}", effective=f"{delta.effective_rank:.3g}"))
            for one, delta in sorted(both, key=lambda both: -(both[1].norm or 0.0)) if not one.problem])
        self._section(self.tr("Whole, in place of the model's"), [(one.key, "") for one in report.fit.whole])
        self._section(self.tr("Of another part of the model"), [(one.name, "") for one in report.fit.elsewhere])
        self.lists.setVisible(self.lists.topLevelItemCount() > 0)
        hint = self.tr("This edit of the model puts it in; that was tried.") if report.merge is not None else ""
        self._say(words.sentence(words.said(report.sentence, 600)), hint, "ok" if report.fits else "danger")
        self._offer([("", (report.merge,))] if report.merge is not None else [], merging=True)

    def _offer(self, ways: Sequence[tuple[str, tuple[core.Edit, ...]]], *, merging: bool = False,
               remedies: Sequence[core.Remedy] = ()) -> None:
        """The edits that help, to be chosen from where there are several ways; each with what it comes to. `merging`: edits of the model
        that the file is held against. `remedies`, of an error: what the ways are, in their order."""
        self._ways, self._merging, self._remedies = tuple(ways), merging, tuple(remedies)
        with QSignalBlocker(self.choice):
            self.choice.clear()
            self.choice.addItems([core.isolated(outcome) for outcome, _ in ways])
        self.choice.setVisible(len(ways) > 1)
        self._choose(0)

    def _choose(self, n: int) -> None:
        self._edits = self._ways[n][1] if self._ways else ()
        texts = [f"--{edit.option} {core.visible(edit.text, 200)}".rstrip() for edit in self._edits]
        if self._ways and not texts:
            texts = [self.tr("Save it under another name: File, Save As.")]
        self.steps.setText("\n".join(texts))
        self.steps.setVisible(bool(texts))
        self.add.setEnabled(bool(self._edits) and self._edited is not None)
        self.copy.setEnabled(bool(self._ways))
        self.add.setText(self.tr("Add this edit") if len(self._edits) == 1 else self.tr("Add these edits"))
        self.add.setToolTip("" if self._edited is not None else self.tr("Open the model to merge it there.") if self._merging else
                            self.tr("Choose the file that should load."))

    @property
    def _edited(self) -> Document | None:
        """What the edits are for."""
        if not self._merging:
            return self.document
        return next((one for one in self._session.documents if one.checkpoint is not None and one.path == self._model), None)

    def _outcome(self, report: core.LoadReport) -> str:
        after = report.after
        if report.suggested and after.loads and (unsized := report.by_name(after)):
            return self.tr("With these edits all {n} keys load, by their names; the error does not tell the shapes of {m}:").format(
                n=f"{after.fitting:,}", m=f"{unsized:,}")
        if report.suggested and after.loads:
            return self.tr("With these edits all {n} keys load:").format(n=f"{after.fitting:,}")
        if report.suggested:
            return self.tr("With these edits {n} keys load with strict=False; {m} stay as the model made them:").format(
                n=f"{after.fitting:,}", m=f"{len(after.missing):,}")
        if report.lists.loads_in_part:
            return self.tr("As it stands, {n} keys load with strict=False; {m} stay as the model made them.").format(
                n=f"{report.lists.fitting:,}", m=f"{len(report.lists.missing):,}")
        return self.tr("No edit is known that would make it fit.")

    def _others(self, report: core.LoadReport) -> list[str]:
        """What is said of further models and of optimizers."""
        said = []
        for path, lists in report.others:
            text = self.tr("{name}: all {n} keys fit.") if lists.loads else self.tr("{name} does not load; {n} keys fit.")
            said.append(text.format(name=core.visible(path, 80), n=f"{lists.fitting:,}"))
        for one in report.optimizers:
            name = core.visible(one.path, 80) or self.tr("The optimizer")
            if one.loads:
                said.append(self.tr("{name} fits: {groups}.").format(name=name, groups=core.wording.groups(one.file)))
            elif one.file != one.model:
                said.append(self.tr("{name} does not load: {groups} in the file, {others} in the reference.").format(
                    name=name, groups=core.wording.groups(one.file), others=core.wording.groups(one.model)))
            else:
                said.append(self.tr("{name} loads, and fails in the first step: {n} of its tensors have another shape.").format(
                    name=name, n=f"{len(one.mismatched):,}"))
        return said

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
        self._clear(words.sentence(words.said(error.message, 400)), words.said(error.hint, 400))

    def _clear(self, text: str, hint: str) -> None:
        self._steps = ()
        self.lists.clear()
        self.lists.hide()
        self._offer([])
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
            theme.repolish(changed)

    # -- what is done -------------------------------------------------------------------------------------------------

    def _add(self) -> None:
        document = self._edited
        if document is None or not self._edits:
            return
        self._session.add_edits(document.id, self._edits)
        self.accept()

    def _copy(self) -> None:
        document = self.document
        path = self._model if self._merging else document.path if document is not None else "FILE"
        chosen = max(self.choice.currentIndex(), 0)
        target = "MERGED" if self._merging else self._remedies[chosen].target(path) if self._remedies else "FIXED"
        try:
            said = core.as_command(self._edits, path, target)
        except core.InspectorError as error:
            self._say(words.sentence(words.said(error.message, 400)), words.said(error.hint, 400), "danger")
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
                if document.checkpoint is not None or document.state is State.FAILED:
                    self.files.addItem(core.isolated(core.visible(document.path, 200)), document.id)
            self.files.addItem(self.tr("no file, only the text"), None)
            at = self.files.findData(chosen) if chosen is not None else -1
            self.files.setCurrentIndex(max(at, 0))

    def _place(self) -> None:
        self._intro = _label(wrap=True)
        self.files = QComboBox()
        self.files.setAccessibleName(self.tr("The file that should load"))
        self.files.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.files.activated.connect(self._file_chosen)
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
        self.choice = QComboBox()
        self.choice.setAccessibleName(self.tr("What helps"))
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.choice.activated.connect(self._choose)
        self.steps = _label(wrap=True)
        self.steps.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.steps.setAccessibleName(self.tr("Suggested edits"))
        said = QVBoxLayout(self.frame)
        said.setContentsMargins(12, 9, 12, 9)
        said.setSpacing(5)
        for widget in (self.verdict, self.hint, self.choice, self.steps):
            said.addWidget(widget)
        self.lists = QTreeWidget()
        self.lists.setHeaderHidden(True)
        self.lists.setColumnCount(2)
        self.lists.setAccessibleName(self.tr("Missing, unexpected and mismatched keys"))
        self.lists.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        tables.keep_order(self.lists)
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


def _held_against(ckpt: core.Checkpoint, model: core.Checkpoint | str, monitor: core.Monitor) -> Found:
    """Of an adapter it is asked whether it fits the model, of another file what `load_state_dict` would say."""
    if core.is_adapter(ckpt):
        return core.adapter_report(ckpt, model, monitor=monitor)
    return core.load_report(ckpt, model, monitor=monitor)


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
