"""All files with pending edits, each saved where Save would: what is written and what is lost is told of each first, then one after the
other is, and what came of it is told in the same place.

Plans are made anew when it is their turn, for those of fifty large files would not fit into memory; what would be lost then has to be what
was agreed to. One that fails keeps its file as it was, and the others go on.
"""
from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from PySide6.QtCore import QCoreApplication, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QProgressBar,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from inspector import core
from inspector.gui.kit import tables, theme, words
from inspector.gui.kit.disk import told_soon
from inspector.gui.state.pending_edits import Editing
from inspector.gui.state.session import Document, Edits, Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.boxes import label, resize_to_fit

from .save_parts import QUESTIONS, is_own, own_path, plan_for

translate = QCoreApplication.translate
SIZE = (760, 540)
_WIDE, _ROW = 260, 26           # of the names; high
_NAME, _SAID = range(2)
_ID = int(Qt.ItemDataRole.UserRole)
_LOSSES = 20                    # listed one by one


class Wish(NamedTuple):
    """A file that is to be saved as its `edits` leave it."""

    id: int
    name: str
    path: str
    edits: Edits
    ckpt: core.Checkpoint


class Planned(NamedTuple):
    """What saving would do; `refused` is why it cannot be done here ("": it can). `needs` are the files of others that it reads, `target`
    is the one that it writes, links followed."""

    losses: tuple[core.Loss, ...] = ()
    nbytes: int = 0
    in_place: bool = False
    replaces: bool = False
    needs: frozenset[str] = frozenset()
    refused: str = ""
    target: str = ""


class Saved(NamedTuple):
    """What came of it; without a report `why` says why not, "" where it was not its turn before it was stopped. `own`: it went into the
    file that is open."""

    wish: Wish
    report: core.SaveReport | None = None
    why: str = ""
    own: bool = False


def plan(wish: Wish, monitor: core.Monitor) -> Planned:
    """For workers."""
    try:
        found = plan_for(wish.ckpt, wish.path, monitor)
    except core.InspectorError as error:
        return Planned(refused=translate("SaveAll", "{why} Save it by itself.").format(why=words.sentence(words.said(error.message, 300)))
                       if error.id in QUESTIONS else _said(error))
    refused = ""
    if found.code:
        refused = translate("SaveAll", "It names code that is not known here. Save it by itself, and say of each name whether it is kept.")
    elif found.room > found.free:
        refused = translate("SaveAll", "There is not enough room: {size} are free.").format(size=words.size(found.free))
    own = {os.path.realpath(stamp.path) for stamp in wish.ckpt.as_opened.files}
    needs = frozenset(os.path.realpath(stamp.path) for stamp in wish.ckpt.files) - own
    nbytes = found.nbytes if found.in_place is None else found.in_place.nbytes
    return Planned(found.losses, nbytes, found.in_place is not None, found.replaces is not None, needs, refused,
                   os.path.realpath(wish.path))


def in_turn(wishes: Sequence[Wish], plans: dict[int, Planned]) -> Iterator[Wish]:
    """What others take tensors from comes after them, as far as they do not all take from each other."""
    left = list(wishes)
    while left:
        free = next((one for one in left if not any(plans[one.id].target in plans[other.id].needs for other in left if other is not one)),
                    left[0])
        left.remove(free)
        yield free


class _Stop:
    """Asked for by a person, and looked at by the worker."""

    asked = False


class _Stoppable(core.Monitor):
    """`whole`, which a person may also ask to stop: a save that is past that is told as done, however late it was stopped."""

    def __init__(self, whole: core.Monitor, stop: _Stop) -> None:
        self._whole, self._stop = whole, stop

    def report(self, done: int, total: int, what: str = "") -> None:
        self.check()
        self._whole.report(done, total, what)

    def check(self) -> None:
        self._whole.check()
        if self._stop.asked:
            raise core.Cancelled


class SaveAll(QDialog):
    """`done_saving` has what came of each that was to be saved."""

    done_saving = Signal(object)

    def __init__(self, session: Session, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._tasks = session, tasks
        self._plan_key, self._save_key = ("save-all-plan", id(self)), "save-all"
        self._editing = Editing.shared(session, tasks)
        self._wishes: dict[int, Wish] = {}
        self._plans: dict[int, Planned] = {}
        self._stop = _Stop()
        self._saving = self._over = False
        self._saved: list[Saved] = []               # by the worker
        self.setWindowTitle(self.tr("Save All"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self._place()
        for signal in (session.document_changed, session.document_removed, session.edits_changed, self._editing.applied):
            signal.connect(self._follow)
        self.finished.connect(lambda: tasks.cancel(self._plan_key))
        resize_to_fit(self, *SIZE)
        self._look()

    def _place(self) -> None:
        self.title = label(self.tr("Save all files with pending edits"), strong=True, scale=1.25, wrap=True, selectable=False)
        self.hint = label(self.tr("Each is saved where Save would: in place of the file that is open, which stays until the new one is "
                                  "whole and read back. A file that would lose something is only saved if you tick it."),
                          tone="muted", wrap=True, selectable=False)
        self.files = QTreeWidget()
        self.files.setAccessibleName(self.tr("What is written of each file"))
        self.files.setHeaderLabels([self.tr("File"), self.tr("What is written")])
        tables.keep_order(self.files)
        self.files.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.files.setWordWrap(True)                # why one is not saved is read here
        self.files.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.files.header().resizeSection(_NAME, _WIDE)
        self.files.itemChanged.connect(lambda item: self._count())
        self.said = label("", tone="muted", wrap=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress of saving"))
        self.bar.hide()
        buttons = QDialogButtonBox()
        self.cancel = QPushButton(self.tr("Cancel"))
        self.cancel.clicked.connect(self.reject)
        buttons.addButton(self.cancel, QDialogButtonBox.ButtonRole.RejectRole)
        self.ok = QPushButton(self.tr("Save"))
        self.ok.setProperty("primary", True)
        self.ok.clicked.connect(self.accept)
        self.ok.setDefault(True)
        buttons.addButton(self.ok, QDialogButtonBox.ButtonRole.AcceptRole)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 18, 22, 16)
        column.setSpacing(12)
        for widget, stretch in ((self.title, 0), (self.hint, 0), (self.files, 1), (self.said, 0), (self.bar, 0), (buttons, 0)):
            column.addWidget(widget, stretch)

    # -- what would be written

    def _waiting(self) -> list[Document]:
        return [document for document in self._session.documents if self._session.is_modified(document.id)]

    def _wanted(self) -> dict[int, Wish]:
        waiting = self._waiting()
        alike = Counter(core.file_name(document.path) for document in waiting)
        members = {document.path: document.path for document in waiting if "!" in document.path}       # of archives, perhaps
        paths = {document.path: own_path(document.path) for document in waiting if document.path not in members}
        paths |= told_soon(lambda: {path: own_path(path) for path in members}, members)
        return {document.id: Wish(document.id, _name(document, alike), paths[document.path], self._session.edits(document.id),
                                  document.checkpoint)
                for document in waiting if document.checkpoint is not None and self._editing.ready(document.id)}

    def _follow(self, id: int) -> None:
        if not self._saving and not self._over and self._wanted() != self._wishes:
            self._look()

    def _look(self) -> None:
        wishes = self._wishes = self._wanted()
        self.ok.setEnabled(False)
        self.said.setText(self.tr("Working out what is written …"))

        def work(monitor: core.Monitor) -> dict[int, Planned]:
            found = {}
            for n, wish in enumerate(wishes.values()):
                monitor.report(n, len(wishes))
                found[wish.id] = plan(wish, monitor)
            return found

        self._tasks.start(self._plan_key, work, on_done=self._show, label=self.tr("Working out what is written"), urgent=True)

    def _show(self, found: dict[int, Planned]) -> None:
        self._plans = found
        targets = Counter(planned.target for planned in found.values())
        with QSignalBlocker(self.files):
            self.files.clear()
            for id, planned in found.items():
                wish = self._wishes[id]
                if not planned.refused and targets[planned.target] > 1:
                    planned = planned._replace(refused=self.tr("Another of these would have the same name. Save it by itself."))
                self._add(wish, planned)
            for document in self._waiting():
                if document.id not in found:
                    self._refuse(self._row(core.visible(core.file_name(document.path), 120), document.path,
                                           self.tr("its edits cannot be applied, or not yet")))
        self._count()

    def _row(self, name: str, path: str, said: str) -> QTreeWidgetItem:
        item = QTreeWidgetItem([name, said])
        item.setSizeHint(_NAME, QSize(0, _ROW))
        item.setToolTip(_NAME, words.tip(path))
        item.setToolTip(_SAID, words.tip(said))
        self.files.addTopLevelItem(item)
        return item

    def _refuse(self, item: QTreeWidgetItem) -> None:
        item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsUserCheckable)
        item.setForeground(_SAID, QColor(theme.colours().danger))

    def _add(self, wish: Wish, planned: Planned) -> None:
        if planned.refused:
            self._refuse(self._row(wish.name, wish.path, planned.refused))
            return
        size = words.size(planned.nbytes)
        said = self.tr("{size} are written into the file") if planned.in_place else self.tr("{size}, in place of the file") \
            if planned.replaces else self.tr("{size}, as {name} beside it")
        said = said.format(size=size, name=core.visible(os.path.basename(wish.path), 80))
        lost = planned.losses
        if lost:
            count = self.tr("one thing is lost") if len(lost) == 1 else self.tr("{n} things are lost").format(n=f"{len(lost):,}")
            said = f"{said} · {count}"
        item = self._row(wish.name, wish.path, said)
        item.setData(_NAME, _ID, wish.id)
        item.setCheckState(_NAME, Qt.CheckState.Unchecked if lost else Qt.CheckState.Checked)
        if lost:
            item.setForeground(_SAID, QColor(theme.colours().warning))
            lines = [words.said(loss.message, 300) for loss in lost[:_LOSSES]]
            lines += [self.tr("… and {n} more").format(n=f"{len(lost) - _LOSSES:,}")] if len(lost) > _LOSSES else []
            for line in lines:
                item.addChild(child := QTreeWidgetItem(["", line]))
                child.setToolTip(_SAID, words.tip(line))
            item.setExpanded(True)

    @property
    def ticked(self) -> list[int]:
        """The files that are saved."""
        items = (self.files.topLevelItem(n) for n in range(self.files.topLevelItemCount()))
        return [item.data(_NAME, _ID) for item in items if item is not None and item.checkState(_NAME) is Qt.CheckState.Checked]

    def _count(self) -> None:
        if self._saving or self._over:
            return
        n, of = len(self.ticked), self.files.topLevelItemCount()
        self.ok.setEnabled(n > 0)
        self.ok.setText(self.tr("Save") if not n else self.tr("Save 1 File") if n == 1 else self.tr("Save {n} Files").format(n=f"{n:,}"))
        size = words.size(sum(self._plans[id].nbytes for id in self.ticked))
        self.said.setText(self.tr("{n} of {of} files are chosen, {size} to write and to read back.").format(
            n=f"{n:,}", of=f"{of:,}", size=size))

    # -- saving

    def accept(self) -> None:
        """Only what was planned and told as it is now: Enter is faster than any worker."""
        if self._over:
            super().accept()
        elif self.ok.isEnabled() and not self._saving:
            self._begin()

    def _begin(self) -> None:
        plans = self._plans
        wishes = tuple(in_turn([self._wishes[id] for id in self.ticked], plans))
        saved, stop = self._saved, self._stop
        self._saving = True
        self.ok.setEnabled(False)
        self.files.setEnabled(False)
        self.bar.setRange(0, 0)
        self.bar.show()
        self.cancel.setFocus()

        def work(monitor: core.Monitor) -> None:
            for n, wish in enumerate(wishes):
                share = core.Share(_Stoppable(monitor, stop), n, len(wishes), wish.name)
                saved.append(_save(wish, plans[wish.id].losses, stop, share))

        self._tasks.start(self._save_key, work, on_done=lambda _: self._finish(wishes), on_error=lambda error: self._broken(wishes, error),
                          on_progress=self._moved, on_cancel=lambda: self._finish(wishes), label=self.tr("Saving all files"))

    def _moved(self, done: int, total: int, name: str) -> None:
        self.bar.setRange(0, total)
        self.bar.setValue(done)
        self.said.setText(self.tr("Saving {name} ({n} of {of})").format(
            name=name, n=f"{min(done // core.Share.STEPS + 1, total // core.Share.STEPS):,}", of=f"{total // core.Share.STEPS:,}"))

    def _broken(self, wishes: Sequence[Wish], error: Exception) -> None:
        self._finish(wishes)
        raise error

    def _finish(self, wishes: Sequence[Wish]) -> None:
        """What came of each; those that are not among what the worker told were not its turn."""
        found = [*self._saved, *(Saved(wish) for wish in wishes[len(self._saved):])]
        self._saving, self._over = False, True
        n, left = sum(one.report is not None for one in found), sum(one.report is None for one in found)
        self.title.setText(self.tr("Nothing was saved") if not n else self.tr("1 file is saved") if n == 1
                           else self.tr("{n} files are saved").format(n=f"{n:,}"))
        in_place = any(one.report is not None and one.report.written is not None for one in found)
        self.hint.setText(self.tr("What was written was read back; of what was changed in place all other bytes stay where they were.")
                          if in_place and not left else self.tr("Every byte was read back and compared.") if not left else
                          self.tr("1 is not: it is as it was, and its edits wait as before.") if left == 1 else
                          self.tr("{n} are not: they are as they were, and their edits wait as before.").format(n=f"{left:,}"))
        self.bar.hide()
        self.said.clear()
        self.files.setEnabled(True)
        with QSignalBlocker(self.files):
            self.files.clear()
            self.files.setHeaderLabels([self.tr("File"), self.tr("What came of it")])
            for one in found:
                self._tell(one)
        self.cancel.hide()
        self.ok.setText(self.tr("Close"))
        self.ok.setEnabled(True)
        self.ok.setFocus()
        self.done_saving.emit(found)

    def _tell(self, one: Saved) -> None:
        report = one.report
        if report is None:
            self._refuse(self._row(one.wish.name, one.wish.path, one.why or self.tr("It was stopped before.")))
            return
        said = self.tr("saved, {size}").format(size=words.size(report.nbytes)) if report.written is None \
            else self.tr("changed in place, {size} were written").format(size=words.size(report.written))
        item = self._row(one.wish.name, one.wish.path, said)
        for note in report.notes[:_LOSSES]:
            item.addChild(child := QTreeWidgetItem(["", words.said(note, 300)]))
            child.setToolTip(_SAID, words.tip(note))

    def reject(self) -> None:
        """While it saves, leaving means to stop: the file that is being written stays as it is, and the rest is left."""
        if self._saving:
            self._stop.asked = True
            self.said.setText(self.tr("Stopping …"))
        else:
            super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._saving:
            self.reject()
            event.ignore()
        else:
            super().closeEvent(event)


def _name(document: Document, alike: Counter[str]) -> str:
    name = core.file_name(document.path)
    return core.visible(document.path if alike[name] > 1 else name, 120)


def _save(wish: Wish, agreed: tuple[core.Loss, ...], stop: _Stop, monitor: core.Monitor) -> Saved:
    """For workers."""
    if stop.asked:
        return Saved(wish)
    try:
        found = plan_for(wish.ckpt, wish.path, monitor)
        if found.losses != agreed:
            return Saved(wish, why=translate("SaveAll", "Something else would be lost than was told. Save it by itself."))
        report = core.save(found, allow_loss=bool(agreed), monitor=monitor)
        return Saved(wish, report, own=is_own(wish.ckpt, report.path))
    except core.Cancelled:
        stop.asked = True
        return Saved(wish)
    except core.InspectorError as error:
        return Saved(wish, why=_said(error))


def _said(error: core.InspectorError) -> str:
    return " ".join((words.sentence(words.said(error.message, 300)), words.said(error.hint, 200))).strip()
