"""Report and Print: what is in front, a file or a comparison, as a page that is saved, as PDF, or on paper."""
from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from inspector import core
from inspector.gui.kit import file_dialogs, message_boxes, printing, words
from inspector.gui.kit.printing import PageMaker
from inspector.gui.state.session import Session
from inspector.gui.state.tasks import Tasks

from .compare_commands import CompareCommands
from .menus import Menus

if TYPE_CHECKING:                   # loaded when they are first asked for
    from inspector.gui.dialogs.print_preview import PrintPreview
    from inspector.gui.dialogs.report import ReportDialog

TASK = "report"
Make = Callable[[core.Monitor], str]


class ReportCommands(QObject):
    """`pages` makes the pages; without one there are no reports."""

    said = Signal(str, str)         # what came of it, and the file that was written ("": none)

    def __init__(self, window: QWidget, session: Session, tasks: Tasks, menus: Menus, comparison: CompareCommands) -> None:
        super().__init__(window)
        self._window, self._session, self._tasks, self._menus, self._comparison = window, session, tasks, menus, comparison
        self._pages: PageMaker | None = None
        self.dialog: ReportDialog | None = None
        self.preview: PrintPreview | None = None
        menus.on("report", self.report)
        menus.on("compare-report", self.save_comparison)
        menus.on("print", self.print_shown)
        comparison.known_changed.connect(self.enable)
        self.enable()

    @property
    def pages(self) -> PageMaker | None:
        return self._pages

    @pages.setter
    def pages(self, pages: PageMaker) -> None:
        self._pages = pages
        self.enable()

    def enable(self) -> None:
        """The commands for what is in front."""
        document = self._session.selected_document
        compared = self._comparison.shown and self._comparison.judged is not None
        file = not self._comparison.shown and document is not None and document.checkpoint is not None
        self._menus["report"].setEnabled(self._pages is not None and file)
        self._menus["compare-report"].setEnabled(self._pages is not None and compared)
        self._menus["print"].setEnabled(self._pages is not None and (file or compared))

    # -- of a file

    def report(self) -> None:
        from inspector.gui.dialogs.report import ReportDialog
        document = self._session.selected_document
        if document is None or document.checkpoint is None:
            return
        ckpt = document.checkpoint
        self.dialog = ReportDialog(ckpt, self._window)
        self.dialog.save_asked.connect(lambda values: self._save_file(ckpt, values))
        self.dialog.print_asked.connect(lambda values: self._print(self._file(ckpt, values), core.file_name(ckpt.path)))
        self.dialog.destroyed.connect(lambda: setattr(self, "dialog", None))
        self.dialog.open()

    def _file(self, ckpt: core.Checkpoint, values: bool) -> Make:
        pages = self._pages
        assert pages is not None
        return lambda monitor: pages.file(ckpt, values, monitor)

    def _save_file(self, ckpt: core.Checkpoint, values: bool) -> None:
        name = os.path.splitext(core.file_name(ckpt.path))[0]
        self._ask_where(self.tr("Save the report of the file"), ckpt, f"{name}-report.html", self._file(ckpt, values),
                        [stamp.path for stamp in ckpt.files])

    # -- of a comparison

    def save_comparison(self) -> None:
        """All that the window knows of it."""
        found = self._comparison.judged
        if found is None or self._pages is None:
            return
        a, b = (os.path.splitext(core.file_name(ckpt.path))[0] for ckpt in (found.a, found.b))
        held = self._comparison.held
        self._ask_where(self.tr("Save the report of the comparison"), found.a, f"{a}-{b}.html", self._of_comparison(found),
                        [stamp.path for ckpt in (found.a, found.b, *([held.base] if held is not None else [])) for stamp in ckpt.files])

    def _of_comparison(self, found: core.Comparison) -> Make:
        pages = self._pages
        assert pages is not None
        held = self._comparison.held
        return lambda monitor: pages.comparison(found, held)

    # -- saved, and on paper

    def _ask_where(self, title: str, beside: core.Checkpoint, name: str, make: Make, read: Iterable[str]) -> None:
        folder = os.path.expanduser("~") if core.is_address(beside.path) else os.path.dirname(os.path.abspath(beside.path))
        file_dialogs.save_file(self._window, title, os.path.join(folder, name), lambda path: self._write(make, path, [*read]),
                               filters=(self.tr("Pages (*.html)"), self.tr("PDF documents (*.pdf)")), suffix="html")

    def _write(self, make: Make, path: str, read: list[str]) -> None:
        is_pdf = path.lower().endswith(".pdf")

        def work(monitor: core.Monitor) -> str:
            core.check_output(path, "document" if is_pdf else "page", read)     # before anything is read for it
            page = make(monitor)
            data = printing.pdf(page, core.file_name(path), monitor) if is_pdf else page.encode()
            core.write_output(path, data, "document" if is_pdf else "page", read)
            return path

        self._tasks.start(TASK, work, on_done=lambda path: self.said.emit(
            self.tr("{name} was written.").format(name=core.visible(path, 200)), path), on_error=self._failed,
            label=self.tr("Writing the report"))

    def print_shown(self) -> None:
        """What is in front; the values of a large file are read only where that was asked for (see `report`)."""
        from inspector.gui.dialogs.report import READ_UNASKED, nbytes_of_values
        document, found = self._session.selected_document, self._comparison.judged
        if self._comparison.shown and found is not None:
            self._print(self._of_comparison(found), self.tr("Comparison"))
        elif document is not None and (ckpt := document.checkpoint) is not None:
            self._print(self._file(ckpt, nbytes_of_values(ckpt) <= READ_UNASKED), core.file_name(ckpt.path))

    def _print(self, make: Make, title: str) -> None:
        self._tasks.start(TASK, make, on_done=lambda page: self._show_preview(page, title), on_error=self._failed,
                          label=self.tr("Writing the report"))

    def _show_preview(self, page: str, title: str) -> None:
        from inspector.gui.dialogs.print_preview import PrintPreview
        self.preview = PrintPreview(self._tasks, page, core.visible(title, 120), self._window)
        self.preview.destroyed.connect(lambda: setattr(self, "preview", None))
        self.preview.open()

    def _failed(self, error: Exception) -> None:
        if not isinstance(error, core.InspectorError):
            raise error
        self.said.emit(words.error(error), "")


def open_written(path: str) -> None:
    """In whatever the desktop opens such files with."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(path))


def show_outcome(window: QWidget, text: str, path: str) -> None:
    """Says it in a box of its own, from which the file is opened."""
    title = QCoreApplication.translate("ReportCommands", "Report")
    if not path:
        message_boxes.show_message(window, "warning", title, text)
        return
    box = message_boxes.Box(window, "ok", title, text)
    box.answer(QCoreApplication.translate("ReportCommands", "Open it"), lambda: open_written(path))
    box.answer(QCoreApplication.translate("ReportCommands", "Close"), primary=True)
    box.open()
