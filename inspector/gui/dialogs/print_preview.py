"""A page as it will be on paper, and the way there. It is laid out in a worker, as often as the paper changes."""
from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QPageLayout, QPainter
from PySide6.QtPrintSupport import QPrintDialog, QPrinter, QPrintPreviewWidget
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from inspector import core
from inspector.gui.kit import printing, words
from inspector.gui.kit.printing import Paper
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.boxes import label, resize_to_fit

SIZE = (820, 760)
SHOWN = 8               # sheets in the preview, which is drawn on the window's own time
_ZOOM = 1.2


class PrintPreview(QDialog):
    """`laid_out` when there is something to be seen."""

    laid_out = Signal()

    def __init__(self, tasks: Tasks, page: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks, self._page, self._key = tasks, page, ("print", id(self))
        self.paper: Paper | None = None
        self.setWindowTitle(self.tr("Print"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        self.printer.setDocName(title)
        self.printer.setPageLayout(printing.usual_layout())
        self.preview = QPrintPreviewWidget(self.printer)
        self.preview.setAccessibleName(self.tr("The page on paper"))
        self.preview.paintRequested.connect(self.draw)
        self.said = label(self.tr("Laying out the page …"), tone="muted", selectable=False)
        self.way = QComboBox()
        self.way.setAccessibleName(self.tr("Which way up"))
        self.way.addItem(self.tr("Upright"), QPageLayout.Orientation.Portrait)
        self.way.addItem(self.tr("Across"), QPageLayout.Orientation.Landscape)
        self.way.currentIndexChanged.connect(self._turn)
        self.go = QPushButton(self.tr("Print…"))
        self.go.setProperty("primary", True)
        self.go.setDefault(True)
        self.go.setEnabled(False)
        self.go.clicked.connect(self._ask)
        cancel = QPushButton(self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        smaller = self._zoom("−", self.tr("Smaller"), lambda: self.preview.zoomOut(_ZOOM))
        larger = self._zoom("+", self.tr("Larger"), lambda: self.preview.zoomIn(_ZOOM))
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.way)
        row.addWidget(smaller)
        row.addWidget(larger)
        row.addWidget(self.said, 1)
        row.addWidget(cancel)
        row.addWidget(self.go)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 16, 16, 14)
        whole.setSpacing(12)
        whole.addWidget(self.preview, 1)
        whole.addLayout(row)
        resize_to_fit(self, *SIZE)
        self.finished.connect(lambda: tasks.cancel(self._key))
        self._lay_out()

    def _zoom(self, text: str, name: str, zoom: Callable[[], object]) -> QPushButton:
        button = QPushButton(text)
        button.setAccessibleName(name)
        button.setToolTip(name)
        button.setFixedWidth(42)           # what is around the sign takes 30
        button.clicked.connect(lambda: zoom())
        return button

    def draw(self, printer: QPrinter) -> None:
        """The first sheets, as many as are drawn in no time; an empty one while there are none."""
        if self.paper is None:
            QPainter(printer).end()
        else:
            printing.draw(self.paper, printer, printer.resolution(), range(min(self.paper.sheets, SHOWN)))

    def _turn(self) -> None:
        self.printer.setPageOrientation(self.way.currentData())
        self._lay_out()

    def _lay_out(self) -> None:
        page, layout, home = self._page, QPageLayout(self.printer.pageLayout()), self._tasks
        self.go.setEnabled(False)
        self.said.setText(self.tr("Laying out the page …"))
        self._tasks.start(self._key, lambda monitor: Paper(page, layout, monitor).given_to(home), on_done=self._show,
                          label=self.tr("Laying out the page"))

    def _show(self, paper: Paper) -> None:
        self.paper = paper
        self.go.setEnabled(True)
        many = f"{paper.sheets:,}"
        self.said.setText(self.tr("{n} sheets, of which the first {shown} are shown").format(n=many, shown=SHOWN) if paper.sheets > SHOWN
                          else self.tr("{n} sheets").format(n=many) if paper.sheets != 1 else self.tr("1 sheet"))
        self.preview.updatePreview()
        self.laid_out.emit()

    def _ask(self) -> None:
        """Which printer; paper that is chosen there is laid out anew before anything is printed."""
        before = QPageLayout(self.printer.pageLayout())
        asking = QPrintDialog(self.printer, self)
        asking.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        asking.setOption(QPrintDialog.PrintDialogOption.PrintPageRange)
        assert self.paper is not None
        asking.setMinMax(1, self.paper.sheets)
        asking.accepted.connect(lambda: self._chosen(before))
        QDialog.open(asking)            # its own wants a slot by its name

    def _chosen(self, before: QPageLayout) -> None:
        if self.printer.pageLayout().isEquivalentTo(before):
            self.print_now()
            return
        with QSignalBlocker(self.way):
            self.way.setCurrentIndex(self.way.findData(self.printer.pageLayout().orientation()))
        self.laid_out.connect(self.print_now, Qt.ConnectionType.SingleShotConnection)
        self._lay_out()

    def print_now(self) -> None:
        """Gives the sheets to the printer as they were laid out, in a worker: a long table takes a while."""
        assert self.paper is not None
        paper, printer, home = self.paper.given_to(None), self.printer, self._tasks
        first, last = printer.fromPage() or 1, printer.toPage() or None
        for widget in (self.go, self.way, self.preview):
            widget.setEnabled(False)
        self.said.setText(self.tr("Printing …"))

        def work(monitor: core.Monitor) -> None:
            paper.given_to(QObject())
            try:
                printing.draw(paper, printer, printer.resolution(), range(paper.sheets)[first - 1:last], monitor)
            finally:
                paper.given_to(home)

        self._tasks.start(self._key, work, on_done=lambda done: self.accept(), on_error=self._not_printed,
                          label=self.tr("Printing"))

    def _not_printed(self, error: Exception) -> None:
        for widget in (self.go, self.way, self.preview):
            widget.setEnabled(True)
        if not isinstance(error, core.InspectorError):
            raise error
        self.said.setText(words.error(error))
