"""Save and Save As: where to, in which format, what is lost and what must be said before; then how far it is.

The plan is made anew in a worker whenever an answer changes, and only what was planned and shown is written.
"""
from __future__ import annotations

import os
from collections.abc import Mapping

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from inspector import core
from inspector.gui.kit import file_dialogs, words
from inspector.gui.state.session import Document
from inspector.gui.state.tasks import Tasks, let_go
from inspector.gui.widgets.boxes import ProgressBar, empty, label, resize_to_fit

from .save_parts import (
    DROP,
    KEEP,
    QUESTIONS,
    Box,
    Ready,
    code_box,
    error_box,
    is_own,
    loss_box,
    notes_box,
    plan_box,
    plan_for,
    question_box,
)

PATIENCE = 200          # ms after the last key before a plan is made
SIZE = (680, 640)
SHARDED = "safetensors-sharded"
_SUFFIXES = {"torch-zip": (".pth", ".pt", ".ckpt", ".bin", ".th", ".tar", ".pkl"), "safetensors": (".safetensors",),
             "torchscript": (".pt", ".pth"), "torch-legacy": (".pth", ".pt", ".ckpt", ".bin", ".th", ".tar", ".pkl")}
_STEPS = 1000


class SaveDialog(QDialog):
    """Saves what a document's edits made of it to `path`, as far as the person does not say otherwise. `done_saving` has the report,
    the path that was asked for, what the report says beyond the plan, and whether it went into the file that is open."""

    planned = Signal()                      # the plan, or why there is none, is on show
    done_saving = Signal(object, str, object, bool)

    def __init__(self, tasks: Tasks, document: Document, path: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        assert document.checkpoint is not None
        self._tasks, self._document, self._ckpt = tasks, document, document.checkpoint
        self._plan_key, self._save_key = ("save-plan", id(self)), ("save", document.id)
        self._ready: Ready | None = None
        self._error: core.InspectorError | None = None
        self._said = ""                     # what came of the last attempt
        self._allowed: set[str] = set()
        self._code: dict[str, str] = {}     # every name of unknown code that was seen -> KEEP, DROP or ""
        self._meant: tuple[core.Loss, ...] = ()
        self.setWindowTitle(self.tr("Save"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.pages = QStackedWidget()
        self.pages.addWidget(self._form(path))
        self.pages.addWidget(self._progress())
        whole = QVBoxLayout(self)
        whole.setContentsMargins(22, 18, 22, 16)
        whole.addWidget(self.pages)
        self.save.setDefault(True)
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(PATIENCE)
        self._wait.timeout.connect(self._make_plan)
        self.finished.connect(lambda: self._tasks.cancel(self._plan_key))
        resize_to_fit(self, *SIZE)
        self._format_chosen()
        self._changed()

    # -- places

    def _form(self, path: str) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        name = core.visible(core.file_name(self._document.path), 60)
        column.addWidget(label(self.tr("Save {name}").format(name=name), strong=True, scale=1.25, selectable=False))
        rows = QFormLayout()
        rows.setHorizontalSpacing(16)
        rows.setVerticalSpacing(9)
        rows.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.path = QLineEdit(path)
        self.path.setAccessibleName(self.tr("File"))
        self.path.textChanged.connect(self._path_changed)
        browse = QPushButton(self.tr("Browse…"))
        browse.setAccessibleName(self.tr("Choose where to save"))
        browse.clicked.connect(self._browse)
        rows.addRow(self.tr("File"), _beside(self.path, browse))
        self.format = QComboBox()
        self.format.setAccessibleName(self.tr("Format"))
        for text, value in ((self.tr("As the name says"), ""), (self.tr("PyTorch"), "torch-zip"),
                            (self.tr("PyTorch before 1.6"), "torch-legacy"), ("safetensors", "safetensors"),
                            (self.tr("safetensors in several files"), SHARDED)):
            self.format.addItem(text, value)
        if self._ckpt.format == "torchscript":
            self.format.addItem(self.tr("TorchScript archive"), "torchscript")
        self.format.activated.connect(lambda at: self._format_chosen(rename=True))
        self.shard = QLineEdit("5GB")
        self.shard.setAccessibleName(self.tr("Size of each file"))
        self.shard.setFixedWidth(90)
        self.shard.textChanged.connect(self._changed)
        self._of_each = label(self.tr("of at most"), tone="muted", selectable=False)
        rows.addRow(self.tr("Format"), _beside(self.format, self._of_each, self.shard))
        self.verify = QCheckBox(self.tr("Have torch or safetensors read the new file, too"))
        self.verify.setToolTip(self.tr("Every byte is read back and compared in any case."))
        rows.addRow("", self.verify)
        self.in_place = QCheckBox(self.tr("Change the file itself, without copying the tensors"))
        self.in_place.setToolTip(self.tr("Possible where only names, devices, metadata and plain values change. What is overwritten is "
                                         "written down first: a save that is interrupted is taken back."))
        self.in_place.setChecked(True)
        self.in_place.hide()                # until a plan says that it can be
        self.in_place.toggled.connect(self._changed)
        rows.addRow("", self.in_place)
        self.backup = QCheckBox("")
        self.backup.setToolTip(self.tr("It keeps its contents under the other name. Nothing that has that name already is replaced."))
        self.backup.hide()                  # until a plan says that something is replaced
        self.backup.toggled.connect(self._changed)
        rows.addRow("", self.backup)
        column.addLayout(rows)
        messages = QWidget()
        messages.setObjectName("page")
        self.messages = QVBoxLayout(messages)
        self.messages.setContentsMargins(0, 4, 0, 4)
        self.messages.setSpacing(10)
        area = QScrollArea()
        area.setWidget(messages)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName(self.tr("What will be written"))
        column.addWidget(area, 1)
        buttons = QDialogButtonBox()
        self.cancel = QPushButton(self.tr("Cancel"))
        self.cancel.clicked.connect(self.reject)
        buttons.addButton(self.cancel, QDialogButtonBox.ButtonRole.RejectRole)
        self.save = QPushButton(self.tr("Save"))
        self.save.setProperty("primary", True)
        self.save.clicked.connect(self._begin)
        buttons.addButton(self.save, QDialogButtonBox.ButtonRole.AcceptRole)
        column.addWidget(buttons)
        return page

    def _progress(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setSpacing(12)
        column.addStretch(2)
        self.saving = label("", strong=True, scale=1.25, wrap=True, selectable=False)
        self.bar = ProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress of saving"))
        self.doing = label("", tone="muted", selectable=False)
        self.safe = label("", tone="muted", wrap=True, selectable=False)
        for line in (self.saving, self.doing, self.safe):
            line.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.stop = QPushButton(self.tr("Cancel"))
        self.stop.setAccessibleName(self.tr("Cancel saving"))
        self.stop.clicked.connect(self._stop)
        column.addWidget(self.saving)
        column.addWidget(self.bar)
        column.addWidget(self.doing)
        column.addWidget(self.safe)
        column.addWidget(self.stop, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        return page

    # -- answers

    def _browse(self) -> None:
        file_dialogs.save_file(self, self.tr("Save the checkpoint"), self.path.text(), self.path.setText)

    def _path_changed(self) -> None:
        self._allowed.clear()               # what was allowed was allowed for another file
        self.in_place.hide()
        self.backup.hide()
        with QSignalBlocker(self.in_place):
            self.in_place.setChecked(True)
        self._changed()

    def _format_chosen(self, rename: bool = False) -> None:
        format = str(self.format.currentData())
        for widget in (self._of_each, self.shard):
            widget.setVisible(format == SHARDED)
        stem, suffix = os.path.splitext(self.path.text())
        if rename and format == SHARDED and suffix:
            self.path.setText(stem)
        elif rename and format in _SUFFIXES and suffix.lower() not in _SUFFIXES[format]:
            self.path.setText((stem if suffix else self.path.text()) + _SUFFIXES[format][0])
        self._changed()

    def _changed(self) -> None:
        let_go(self.plan)
        self._ready = None
        self._update_save()
        self._wait.start()

    def _decided(self, names: Mapping[str, str]) -> None:
        self._code.update(names)
        self._changed()

    def _allow(self, what: str, on: bool) -> None:
        (self._allowed.add if on else self._allowed.discard)(what)
        self._changed()

    def _lose(self, on: bool) -> None:
        self._meant = self.plan.losses if on and self.plan is not None else ()
        self._update_save()

    # -- the plan

    @property
    def plan(self) -> core.SavePlan | None:
        """What is written, as far as it is known and answered by now."""
        return self._ready.plan if self._ready is not None else None

    def _make_plan(self) -> None:
        path, format = self.path.text().strip(), str(self.format.currentData())
        if not path:
            self._tasks.cancel(self._plan_key)
            self._failed(core.SaveError(self.tr("the file has no name yet"), ""))
            return
        ckpt, shard = self._ckpt, self.shard.text().strip() if format == SHARDED else ""
        keep = [name for name, choice in self._code.items() if choice == KEEP]
        drop = [name for name, choice in self._code.items() if choice == DROP]
        allow = tuple(self._allowed)
        path = core.absolute_path(os.path.expanduser(path))
        in_place, backup = self.in_place.isChecked(), self.backup.isChecked()

        def work(monitor: core.Monitor) -> Ready:
            return Ready.of(plan_for(ckpt, path, monitor, in_place=in_place, backup=backup, format=format or None,
                                     shard_size=shard or None, keep_code=keep, drop_code=drop, allow=allow), ckpt, monitor)

        self._tasks.start(self._plan_key, work, on_done=self._show, on_error=self._failed, label=self.tr("Planning"), urgent=True)

    def _show(self, ready: Ready) -> None:
        self._ready, self._error = ready, None
        plan = ready.plan
        if self.in_place.isChecked():
            self.in_place.setVisible(plan.in_place is not None)
        self.backup.setVisible(bool(plan.backup))
        self.backup.setText(self.tr("Keep the old file as {name}").format(name=words.menu_text(plan.backup, 60)))
        for name in plan.code:
            self._code.setdefault(name, "")
        if plan.losses != self._meant:
            self._meant = ()
        self._show_messages()

    def _failed(self, error: Exception) -> None:
        if not isinstance(error, core.InspectorError):
            raise error
        self._ready, self._error = None, error
        self._show_messages()

    def _show_messages(self) -> None:
        """Everything that is to be known and answered."""
        empty(self.messages)
        if self._said:
            self.messages.addWidget(Box("info", self._said))
        error, plan = self._error, self.plan
        if error is not None and error.id in QUESTIONS:
            self.messages.addWidget(question_box(error, False, lambda on: self._allow(error.id, on)))
        elif error is not None:
            self.messages.addWidget(error_box(error))
        if plan is not None and plan.room > plan.free:
            self.messages.addWidget(Box("danger", self.tr("There is not enough room: {size} are free.").format(size=words.size(plan.free)),
                                    self.tr("Make room, or save to another disk.")))
        if self._code and plan is not None:
            self.messages.addWidget(code_box(self._code, self._code, self._decided))
        if plan is not None and plan.losses:
            self.messages.addWidget(loss_box(plan.losses, plan.label, bool(self._meant), self._lose))
        for what in sorted(self._allowed):
            self.messages.addWidget(Box("info", self.tr("Allowed: {what}").format(what=QUESTIONS[what]())))
        if plan is not None and self._ready is not None:
            self.messages.addWidget(plan_box(self._ready, self._ckpt, len((self._document.original or self._ckpt).tensors)))
            if plan.notes:
                self.messages.addWidget(notes_box(plan.notes))
        self.messages.addStretch(1)
        self._update_save()
        self.planned.emit()

    def _update_save(self) -> None:
        plan = self.plan
        self.save.setEnabled(plan is not None and not plan.code and (not plan.losses or plan.losses == self._meant)
                             and plan.room <= plan.free)
        replaces = plan is not None and plan.replaces is not None and plan.in_place is None
        self.save.setText(self.tr("Replace") if replaces else self.tr("Save"))
        (self.cancel if replaces and self._ready is not None and not self._ready.own else self.save).setDefault(True)

    # -- saving

    def _begin(self) -> None:
        plan, asked = self.plan, os.path.abspath(os.path.expanduser(self.path.text().strip()))
        if plan is None or not self.save.isEnabled():
            return
        allow_loss, verify = bool(plan.losses), "torch" if self.verify.isChecked() else ""
        self._said = ""
        name = core.visible(os.path.basename(asked), 80)
        self.saving.setText(self.tr("Saving {name}").format(name=name))
        self.doing.setText(self.tr("{size} to write and to read back").format(
            size=words.size(plan.nbytes if plan.in_place is None else plan.in_place.nbytes)))
        self.safe.setText(self.tr("What is there now stays until the new file is whole and verified.") if plan.in_place is None
                          else self.tr("What is overwritten is written down first: a save that is interrupted is taken back."))
        self.bar.setRange(0, 0)
        self.pages.setCurrentIndex(1)
        self.stop.setFocus()
        known, ckpt = frozenset(plan.notes), self._ckpt

        def work(monitor: core.Monitor) -> tuple[core.SaveReport, bool]:
            report = core.save(plan, allow_loss=allow_loss, verify=verify, monitor=monitor)
            return report, is_own(ckpt, report.path)

        self._tasks.start(self._save_key, work, on_done=lambda done: self._saved(*done, asked, known), on_error=self._not_saved,
                          on_progress=self._moved, on_cancel=self._cancelled, label=self.tr("Saving {name}").format(name=name))

    def _moved(self, done: int, total: int, doing: str) -> None:
        self.bar.setRange(0, _STEPS if total else 0)
        if total:
            self.bar.setValue(min(done * _STEPS // total, _STEPS))
        said = {"writing": self.tr("Writing"), "verifying": self.tr("Reading it back")}.get(doing, core.visible(doing, 60))
        self.doing.setText(f"{said}  {min(done * 100 // total, 100)} %" if total else said)

    def _saved(self, report: core.SaveReport, own: bool, asked: str, known: frozenset[str]) -> None:
        self.done_saving.emit(report, asked, tuple(note for note in report.notes if note not in known), own)
        self.accept()

    def _not_saved(self, error: Exception) -> None:
        self.pages.setCurrentIndex(0)
        self._failed(error)

    def _stop(self) -> None:
        self._tasks.cancel(self._save_key)

    def _cancelled(self) -> None:
        self.pages.setCurrentIndex(0)
        self._said = self.tr("Saving was cancelled. Nothing was changed.")
        self._changed()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter after a name that another file has replaces nothing, and does not throw the name away either."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.cancel.isDefault() and \
                self.focusWidget() in (self.path, self.shard):
            self.cancel.setFocus(Qt.FocusReason.TabFocusReason)
            event.accept()
        else:
            super().keyPressEvent(event)

    def reject(self) -> None:
        """While it saves, leaving means to cancel it first."""
        if self.pages.currentIndex() == 1:
            self._stop()
        else:
            super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.pages.currentIndex() == 1:
            self._stop()
            event.ignore()
        else:
            super().closeEvent(event)


def _beside(*widgets: QWidget) -> QWidget:
    both = QWidget()
    row = QHBoxLayout(both)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    for n, widget in enumerate(widgets):
        row.addWidget(widget, 1 if n == 0 else 0)
    return both
