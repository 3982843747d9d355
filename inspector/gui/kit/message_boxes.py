"""The only file that opens message boxes. All of them show plain text, and none starts an event loop of its own.

What nobody caught ends here too: `install` puts the exception hooks in place, so that a slip in this program is a box that
says what happened and what to do, with a report to copy, and the window stays.
"""
from __future__ import annotations

import platform
import sys
import traceback
from collections.abc import Callable, Sequence
from types import TracebackType

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal, qVersion
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from inspector import core

from . import fault_log, icons, tables, theme

_REPORT_LIMIT = 60_000          # characters


class Box(QDialog):
    """An icon, one sentence in bold, what to do, and details on demand; everything selectable."""

    def __init__(self, parent: QWidget | None, level: str, title: str, text: str, hint: str = "", details: str = "") -> None:
        super().__init__(parent)
        self.setWindowTitle(core.isolated(core.visible(title)))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(True)
        picture = QLabel()
        picture.setPixmap(icons.pixmap(level, 32, theme.colours()._asdict().get(level, "")))
        picture.setAlignment(Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(8)
        for line, name, strong in ((text, self.tr("Message"), True), (hint, self.tr("What to do"), False)):
            if line:
                words.addWidget(_line(line, name, strong))
        top = QHBoxLayout()
        top.setSpacing(16)
        top.addWidget(picture)
        top.addLayout(words, 1)
        self.details = QPlainTextEdit(details[:_REPORT_LIMIT])
        self.details.setReadOnly(True)
        self.details.setAccessibleName(self.tr("Details"))
        self.details.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.details.setMinimumSize(560, 220)
        self.details.setVisible(False)
        self.buttons = QDialogButtonBox()
        self._whole = whole = QVBoxLayout(self)
        whole.setContentsMargins(22, 20, 22, 16)
        whole.setSpacing(16)
        whole.addLayout(top)
        whole.addWidget(self.details, 1)
        whole.addWidget(self.buttons)
        if details:
            self._offer_details(details)

    def put(self, widget: QWidget) -> None:
        """Adds something to look at above the buttons."""
        self._whole.insertWidget(1, widget, 1)

    def answer(self, text: str, on_click: Callable[[], object] | None = None, *, primary: bool = False, closes: bool = True,
               another: bool = False) -> QPushButton:
        """Adds a button; clicking it closes the box first, so that what follows may open another. `another` way to go on stands between
        the `primary` one and the way out."""
        button = QPushButton(text)
        button.setAccessibleName(text)
        role = QDialogButtonBox.ButtonRole.AcceptRole if primary else QDialogButtonBox.ButtonRole.DestructiveRole if another \
            else QDialogButtonBox.ButtonRole.RejectRole if closes else QDialogButtonBox.ButtonRole.ActionRole
        button.setProperty("primary", primary)      # before the style sheet sees it
        self.buttons.addButton(button, role)
        if primary:
            button.setDefault(True)
        if closes:
            button.clicked.connect(self.close)
        if on_click is not None:
            button.clicked.connect(lambda: on_click())
        return button

    def _offer_details(self, details: str) -> None:
        show = self.answer(self.tr("Details"), closes=False)
        show.setCheckable(True)
        show.toggled.connect(self.details.setVisible)
        show.toggled.connect(lambda: self.adjustSize())
        self.answer(self.tr("Copy report"), lambda: QGuiApplication.clipboard().setText(details), closes=False)


def show_message(parent: QWidget | None, level: str, title: str, text: str, hint: str = "", details: str = "") -> Box:
    """A message with one button. `level` is "info", "warning" or "danger"."""
    box = Box(parent, level, title, text, hint, details)
    box.answer(QCoreApplication.translate("MessageBoxes", "Close"), primary=True)
    box.open()
    return box


def ask(parent: QWidget | None, title: str, text: str, hint: str, yes: str, on_yes: Callable[[], object]) -> Box:
    """A question. `on_yes` is called when the button `yes` is chosen; Escape and Cancel do nothing."""
    box = Box(parent, "info", title, text, hint)
    box.answer(QCoreApplication.translate("MessageBoxes", "Cancel"))
    box.answer(yes, on_yes, primary=True)
    box.open()
    return box


def ask_text(parent: QWidget | None, title: str, text: str, hint: str, label: str, example: str, yes: str,
             on_text: Callable[[str], object], start: str = "") -> Box:
    """A question that is answered by a line of text. `on_text` is given it when the button `yes` is chosen; Escape and Cancel do
    nothing."""
    box = Box(parent, "info", title, text, hint)
    line = QLineEdit(start)
    line.setAccessibleName(label)
    line.setPlaceholderText(example)
    line.setMinimumWidth(460)
    line.selectAll()
    box.put(line)
    box.answer(QCoreApplication.translate("MessageBoxes", "Cancel"))
    button = box.answer(yes, lambda: on_text(line.text().strip()), primary=True)
    line.textChanged.connect(lambda typed: button.setEnabled(bool(typed.strip())))
    button.setEnabled(bool(start))
    box.open()
    line.setFocus()
    return box


def choose(parent: QWidget | None, title: str, text: str, hint: str, ways: Sequence[tuple[str, Callable[[], object]]]) -> Box:
    """A question with several answers, the first of which is proposed. Escape and Cancel do nothing."""
    box = Box(parent, "info", title, text, hint)
    box.answer(QCoreApplication.translate("MessageBoxes", "Cancel"))
    for n, (said, run) in enumerate(reversed(ways), 1):
        box.answer(said, run, primary=n == len(ways), another=n < len(ways))
    box.open()
    return box


def ask_to_save(parent: QWidget | None, title: str, text: str, hint: str, on_save: Callable[[], object],
                on_discard: Callable[[], object]) -> Box:
    """Whether to save what would be lost. Escape and Cancel do nothing."""
    box = Box(parent, "warning", title, text, hint)
    box.answer(QCoreApplication.translate("MessageBoxes", "Discard"), on_discard, another=True)
    box.answer(QCoreApplication.translate("MessageBoxes", "Cancel"))
    box.answer(QCoreApplication.translate("MessageBoxes", "Save…"), on_save, primary=True)
    box.open()
    return box


def versions() -> str:
    """What a report of a fault should say about where it happened, one fact a line."""
    return "\n".join((f"Checkpoint Inspector {core.version}", f"Python {platform.python_version()}",
                      f"Qt {qVersion()} ({QGuiApplication.platformName()})", core.wording.system_name()))


class Catcher(QObject):
    """Shows what nobody caught. Further faults while a box is open are added to its report, never a second box."""

    caught = Signal(str)                    # the report; from any thread, shown on the GUI thread
    LIMIT = 20

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.box: Box | None = None
        self.log = ""                           # the file that reports are kept in, if there is one
        self._reports: list[str] = []
        self._before = sys.excepthook
        self.caught.connect(self._show)

    def install(self) -> None:
        sys.excepthook = self.catch

    def remove(self) -> None:
        if sys.excepthook == self.catch:
            sys.excepthook = self._before

    def catch(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, Exception):             # Ctrl+C and exits go their way
            self._before(kind, error, trace)
            return
        self.caught.emit(report_of(error, trace))

    def _show(self, report: str) -> None:
        if self.box is not None:
            if report not in self._reports and len(self._reports) < self.LIMIT:
                self._reports.append(report)
                fault_log.write_down(self.log, report)
                self.box.details.appendPlainText("\n" + report)
            return
        self._reports = [report]
        kept = fault_log.write_down(self.log, versions() + "\n\n" + report)
        self.box = show_message(QApplication.activeWindow(), "danger", self.tr("Something went wrong"),
                        self.tr("Checkpoint Inspector made a mistake. Your files were not changed."),
                        self.tr("You can go on working; what you just did may be incomplete. If it happens again, please copy the "
                                "report and send it to us together with what you were doing.")
                        + ("\n\n" + self.tr("It is kept in {path}").format(path=core.visible(self.log, 300)) if kept else ""),
                        versions() + "\n\n" + report)
        self.box.destroyed.connect(self._gone)

    def _gone(self, *_: object) -> None:
        self.box = None


def report_of(error: BaseException, trace: TracebackType | None = None) -> str:
    """The traceback as text on visible characters only: a message may quote a file."""
    lines = "".join(traceback.format_exception(type(error), error, trace if trace is not None else error.__traceback__))
    return "\n".join(core.visible(line, 2000) for line in lines.splitlines())


def _line(text: str, name: str, strong: bool) -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setText(core.isolated(text))
    label.setAccessibleName(name)
    label.setWordWrap(True)
    label.setMinimumWidth(380)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if strong:
        font = label.font()
        font.setWeight(font.Weight.DemiBold)
        label.setFont(font)
    return label


def table(parent: QWidget | None, title: str, columns: tuple[str, str], rows: list[tuple[str, str]]) -> Box:
    """Two columns of text to look something up in."""
    box = Box(parent, "keyboard", title, title)
    sheet = QTableWidget(len(rows), 2)
    sheet.setHorizontalHeaderLabels(list(columns))
    tables.calm(sheet, title)
    tables.list_rows(sheet)
    sheet.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    for n, row in enumerate(rows):
        for column, text in enumerate(row):
            sheet.setItem(n, column, QTableWidgetItem(text))
    sheet.resizeColumnToContents(1)
    sheet.setMinimumSize(460, 420)
    box.put(sheet)
    box.answer(QCoreApplication.translate("MessageBoxes", "Close"), primary=True)
    box.open()
    return box
