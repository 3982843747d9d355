"""The command that shows a training run: of the files that are open, or of a folder that is chosen; and what its page asks for."""
from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from inspector import core
from inspector.gui.kit import file_dialogs, message_boxes, words
from inspector.gui.state.session import Session
from inspector.gui.state.tasks import Tasks

from .compare_commands import CompareCommands
from .drops import refuse_drops
from .menus import Menus
from .opening import Choose, Opener

if TYPE_CHECKING:                   # loaded when it is first asked for
    from inspector.gui.run.page import RunPage

AVERAGE = "average"


class RunCommands(QObject):
    """The page is one of `pages`, made when it is first needed; `files` is the one to go back to."""

    shown_changed = Signal()
    chosen = Signal()               # another checkpoint or part of the run
    said = Signal(str)              # for the status line

    def __init__(self, window: QWidget, session: Session, tasks: Tasks, opener: Opener, menus: Menus, choose: Choose,
                 comparison: CompareCommands, pages: QStackedWidget, files: QWidget) -> None:
        super().__init__(window)
        self._window, self._session, self._tasks, self._opener = window, session, tasks, opener
        self._choose, self._comparison, self._pages, self._files = choose, comparison, pages, files
        self._page: RunPage | None = None
        menus.on("run", self.show_run)

    @property
    def page(self) -> RunPage:
        if self._page is None:
            from inspector.gui.run.page import RunPage
            self._page = page = RunPage(self._tasks)
            page.back_asked.connect(self.show_files)
            page.timeline.chosen.connect(lambda at, row: self.chosen.emit())
            for signal in (page.reading.found, page.reading.measured):
                signal.connect(self.shown_changed)
            page.open_asked.connect(self._open)
            page.compare_asked.connect(self._compare)
            page.average_asked.connect(self._average)
            page.said_once.connect(self.said)
            self._pages.addWidget(page)
            refuse_drops(page)
        return self._page

    @property
    def shown(self) -> bool:
        return self._page is not None and self._pages.currentWidget() is self._page

    def show_run(self) -> None:
        """The run of the files that are open, where there are several; else of a folder that is chosen now. Goes back from it."""
        paths = [document.path for document in self._session.documents if not core.is_address(document.path)]
        if self.shown:
            self.show_files()
        elif len(paths) > 1:
            folders = {os.path.dirname(path) for path in paths}
            self.show_paths(tuple(folders) if len(folders) == 1 else tuple(paths))
        else:
            self._choose(True, lambda chosen: self.show_paths(tuple(chosen)))

    def show_paths(self, paths: tuple[str, ...]) -> None:
        self._pages.setCurrentWidget(self.page)
        self.page.show_paths(paths)
        self.page.timeline.setFocus(Qt.FocusReason.OtherFocusReason)
        self.shown_changed.emit()

    def show_files(self) -> None:
        if self.shown:
            self._pages.setCurrentWidget(self._files)
            self.shown_changed.emit()

    def _open(self, path: str) -> None:
        self.show_files()
        self._opener.open([path])

    def _compare(self, a: str, b: str) -> None:
        self._comparison.compare_paths([a, b])

    def _average(self, paths: list[str]) -> None:
        ending = os.path.splitext(paths[-1])[1] or ".pth"
        start = os.path.join(os.path.dirname(paths[-1]), f"average{ending}")
        file_dialogs.save_file(self._window, self.tr("Save the mean of the weights"), start, lambda path: self._save(paths, path))

    def _save(self, paths: list[str], path: str) -> None:
        def work(monitor: core.Monitor) -> tuple[core.SaveReport, tuple[core.Likeness, ...]]:
            alike = core.likeness(paths, monitor)
            return core.save(core.average(paths, None, monitor), path, monitor=monitor), alike

        self._tasks.start(AVERAGE, work, on_done=self._saved, on_error=self._not_saved, label=self.tr("Averaging the weights"))

    def _saved(self, done: tuple[core.SaveReport, tuple[core.Likeness, ...]]) -> None:
        report, alike = done
        known = [one.cosine for one in alike if not math.isnan(one.cosine)]
        hint = self.tr("The two that are least alike have a cosine of {cosine}.").format(cosine=f"{min(known):.4f}") if known else ""
        if len(known) < len(alike):
            hint += " " + self.tr("How alike {n} of {all} pairs are cannot be told.").format(
                n=f"{len(alike) - len(known):,}", all=f"{len(alike):,}")
        if any(one.strangers for one in alike):
            hint += " " + self.tr("They hardly come from one run: their mean is likely no model.")
        level = "warning" if any(one.strangers for one in alike) else "info"
        message_boxes.show_message(self._window, level, self.tr("Mean of the weights"),
                                   self.tr("Saved as {name}.").format(name=core.visible(core.file_name(report.path), 80)), hint.strip())
        self._opener.open([report.path])

    def _not_saved(self, error: Exception) -> None:
        if not isinstance(error, core.InspectorError):
            raise error
        message_boxes.show_message(self._window, "danger", self.tr("Mean of the weights"), words.sentence(words.said(error.message, 400)),
                                   words.said(error.hint, 400))
