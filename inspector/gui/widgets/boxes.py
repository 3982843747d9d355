"""What panels are made of: plain-text labels, boxes, tiles, bars, fact grids. No panel knows another."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import ceil

from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QObject, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QColor,
    QFontMetricsF,
    QGuiApplication,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextDocument,
    QTextOption,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QProgressBar,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QTextEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from inspector import core
from inspector.gui.kit import icons, theme, words
from inspector.gui.state.session import Selection

from .elided import ElidedButton
from .flow import flowing

FRAME = 16, 48                  # what a window manager puts around a window, at the most
_ENDLESS = 1_000_000            # pixels of a line


def tool_button(picture: str, name: str) -> QToolButton:
    """A small button that is a picture; `name` says what it does."""
    made = QToolButton()
    icons.put(made, picture)
    made.setToolTip(name)
    made.setAccessibleName(name)
    return made


def is_whole(selection: Selection, ckpt: core.Checkpoint) -> bool:
    """Whether a selection is all of the file. Tensors from all over it have only the root in common and are not."""
    return not selection.prefix and selection.value is None and (not selection.keys or len(selection.keys) == len(ckpt.tensors))


def offer_clearing(edit: QLineEdit) -> None:
    """A field with Qt's own button that empties it. Neither that nor the picture of an action in a field has a name by itself."""
    for button in edit.findChildren(QToolButton):
        button.setAccessibleName(edit.accessibleName())
    edit.setClearButtonEnabled(True)
    for button in edit.findChildren(QToolButton):
        if not button.accessibleName():
            button.setAccessibleName(QCoreApplication.translate("Boxes", "Clear"))


class _NoWheel(QObject):
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.Wheel:
            return False
        event.ignore()                  # it goes to what the choice stands in
        return True


def leave_the_wheel(*choices: QComboBox) -> None:
    """The wheel scrolls what these stand in, and does not choose another of them on the way."""
    for box in choices:
        box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)          # which the wheel would have brought
        box.installEventFilter(_NoWheel(box))


def resize_to_fit(window: QWidget, width: int, height: int) -> None:
    """As large as that, or as its screen is: below the edge of a small one lie the buttons of a dialog."""
    window.resize(QSize(width, height).boundedTo(window.screen().availableGeometry().size() - QSize(*FRAME)))


def tab_before(widget: QWidget, other: QWidget) -> None:
    """Tab comes to `widget`, which was made later than what stands around it, before `other`."""
    before = other.previousInFocusChain()
    while before is not None and before is not other and (before is widget or not before.focusPolicy() & Qt.FocusPolicy.TabFocus):
        before = before.previousInFocusChain()
    if before is not None and before is not other:
        QWidget.setTabOrder(before, widget)


def scrolling(panel: QWidget) -> tuple[QScrollArea, QWidget, QVBoxLayout]:
    """All that stands in a panel, which scrolls where the window is too low for it, and its layout. What can be drawn in any room stands
    in a `GivesWay`."""
    area, everything = QScrollArea(), QWidget()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(everything)
    as_high_as_it_is(everything)
    column = QVBoxLayout(panel)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(area)
    whole = QVBoxLayout(everything)
    whole.setContentsMargins(16, 14, 16, 12)
    whole.setSpacing(4)
    return area, everything, whole


def upright_splitter() -> QSplitter:
    """For what stands one above the other and is dragged apart; none of it goes away, and the handle is seen when it is pointed at."""
    split = QSplitter(Qt.Orientation.Vertical)
    split.setChildrenCollapsible(False)
    split.setHandleWidth(9)
    split.setStyleSheet("QSplitter::handle { background: transparent; }"
                        "QSplitter::handle:hover { background: palette(highlight); }")
    return split


def as_high_as_it_is(whole: QWidget) -> None:
    """Its height goes by its width, and not by what it would take were it as narrow as it can be; where it is narrower than the longest
    word in it, that is cut, and not the end of each line."""
    whole.setMinimumSize(1, 1)


class GivesWay(QWidget):
    """A picture that takes the room that others leave, whatever it would like, and at least so many pixels of height."""

    def __init__(self, picture: QWidget, least: int) -> None:
        super().__init__()
        self._least = least
        self.setMinimumHeight(least)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(picture)

    def sizeHint(self) -> QSize:
        return QSize(0, self._least)

    def hasHeightForWidth(self) -> bool:
        return False


class Wrapped(QLabel):
    """Plain text in as many lines as it takes, none of which begins with a unit."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)

    def setText(self, text: str) -> None:
        super().setText(core.isolated(core.wording.unbroken(text)))

    def text(self) -> str:
        return words.without_marks(super().text()).replace("\u00a0", " ")


class _Line(QLabel):
    """Plain text on one line, whose `text` is what it was given."""

    def setText(self, text: str) -> None:
        super().setText(core.isolated(text))

    def text(self) -> str:
        return words.without_marks(super().text())


def label(text: str = "", *, tone: str = "", strong: bool = False, scale: float = 1.0, wrap: bool = False,
          selectable: bool = True) -> QLabel:
    """Plain text, whatever it says. `tone` is "muted", "danger" …; `scale` multiplies the font's size."""
    made = Wrapped() if wrap else _Line()
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setText(text)
    if selectable:
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if tone:
        made.setProperty("tone", tone)
    restyle(made, strong, scale)
    return made


def restyle(widget: QWidget, strong: bool, scale: float) -> None:
    font = widget.font()
    font.setPointSizeF(font.pointSizeF() * scale)
    if strong:
        font.setWeight(font.Weight.DemiBold)
    widget.setFont(font)


class Prose(QTextEdit):
    """Text of any length that wraps anywhere, as high as it needs to be, selectable; for words that quote a file. Plain only."""

    def __init__(self, text: str, name: str, *, tone: str = "", strong: bool = False, scale: float = 1.0) -> None:
        super().__init__()
        self._heights: dict[int, int] = {}          # by width: layouts ask for three or four, again and again
        self._unwrapped: tuple[float, int] | None = None        # how wide and high it is in lines of any length
        self._measured_in = self.font()
        self.setAcceptRichText(False)
        self.setReadOnly(True)
        self.setAcceptDrops(False)
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # not Fixed: that would cap the height at what the size hint needs at its own width
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.viewport().setAutoFillBackground(False)
        self.document().setDocumentMargin(0)
        self.setObjectName("prose")
        if tone:
            self.setProperty("tone", tone)
        restyle(self, strong, scale)
        self._whole, self._lines = core.isolated(core.wording.unbroken(text)), 0
        self.setPlainText(self._whole)

    def shorten(self, lines: int) -> None:
        """Shows so many lines at most, the last with its end left out; 0: all of them."""
        self._lines = lines
        self._forget_heights()
        self.updateGeometry()
        self._show_lines()

    def needs_more_than(self, lines: int) -> bool:
        """Whether more than `lines` are needed for all of it."""
        return _end_of(self._page(self.width()), lines) is not None

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._lines:
            self._show_lines()

    def _show_lines(self) -> None:
        start = _end_of(self._page(self.width()), self._lines) if self._lines else None
        shown = self._whole
        if start is not None:
            units = self._whole.encode("utf-16-le", "surrogatepass")        # as Qt counts them
            before, rest = (part.decode("utf-16-le", "surrogatepass") for part in (units[:2 * start], units[2 * start:]))
            shown = before + self.fontMetrics().elidedText(rest.replace("\n", " "), Qt.TextElideMode.ElideRight, self.width() - 2)
        if core.wording.unbroken(shown) != core.wording.unbroken(self.toPlainText()):         # which has no such spaces
            self.setPlainText(shown)

    def createMimeDataFromSelection(self) -> QMimeData:
        """What is taken on has no marks in it."""
        taken = QMimeData()
        taken.setText(words.without_marks(self.textCursor().selection().toPlainText()))
        return taken

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        """So that layouts know the right height at once, before anything is drawn."""
        if self._measured_in != (font := self.font()):
            self._measured_in = font
            self._forget_heights()
        if self._unwrapped is None:
            page = self._page(_ENDLESS)
            self._unwrapped = page.idealWidth(), self._height_of(page)
        if width >= self._unwrapped[0]:         # as most are: words of a line
            return self._unwrapped[1]
        if width not in self._heights:
            self._heights[width] = self._height_of(self._page(width))
        return self._heights[width]

    def _height_of(self, page: QTextDocument) -> int:
        height = page.size().height()
        return ceil(min(height, self._lines * page.firstBlock().layout().lineAt(0).height() if self._lines else height))

    def _forget_heights(self) -> None:
        self._unwrapped = None
        self._heights.clear()

    def _page(self, width: int) -> QTextDocument:
        """All of it, laid out in `width`."""
        shown, page = self.document(), QTextDocument()          # a clone of the document would belong to nobody, and stay
        page.setDefaultFont(shown.defaultFont())
        page.setDefaultTextOption(shown.defaultTextOption())
        page.setDocumentMargin(0)
        page.setPlainText(self._whole)
        page.setTextWidth(max(width, 1))
        page.size()             # which lays it out
        return page

    def sizeHint(self) -> QSize:
        return QSize(200, self.heightForWidth(200))

    def minimumSizeHint(self) -> QSize:
        return QSize(60, ceil(QFontMetricsF(self.font()).height()))


def _end_of(page: QTextDocument, lines: int) -> int | None:
    """Where the last of so many lines starts, in UTF-16 units, when there are more."""
    block, start, n = page.begin(), 0, 0
    while block.isValid():
        layout = block.layout()
        for line in range(layout.lineCount()):
            if n == lines:
                return start
            start, n = block.position() + layout.lineAt(line).textStart(), n + 1
        block = block.next()
    return None


def fact(text: str, name: str) -> QWidget:
    """A value as a selectable label, or as one that wraps anywhere when its words are long."""
    if max(map(len, text.split()), default=0) <= 18 and core.isolated(text) == text:       # of which a copy has no marks in it
        made = label(text, wrap=True)
        made.setAccessibleName(name)
        return made
    return Prose(text, name)


class Fitting(QLabel):
    """A short text in bold, `scale` times as large as others where it has the room, else as large as it can be and whole."""

    def __init__(self, text: str, scale: float) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setText(text)
        self.setMinimumWidth(20)
        restyle(self, True, scale)
        self._largest, self._smallest = self.font().pointSizeF(), self.font().pointSizeF() / scale * 0.8
        self._height = super().sizeHint().height()

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self._height)

    def minimumSizeHint(self) -> QSize:
        return QSize(20, self._height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        font = self.font()
        font.setPointSizeF(self._largest)
        taken = QFontMetricsF(font).horizontalAdvance(self.text()) + 2
        wanted = self._largest if taken <= self.width() else max(self._largest * self.width() / taken, self._smallest)
        if abs(wanted - self.font().pointSizeF()) > 0.05:
            font.setPointSizeF(wanted)
            self.setFont(font)
        self.setToolTip(words.tip(self.text()) if wanted == self._smallest else "")


class FactBox(QFrame):
    """A titled box. `body` is where its content goes; `trailing` stands at the right of its title, in further lines where it is narrow."""

    def __init__(self, title: str = "", *trailing: QWidget) -> None:
        super().__init__()
        self.setObjectName("factbox")
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(16, 13, 16, 15)
        self.body.setSpacing(9)
        if title:
            holder, head = flowing(8)
            said = label(title, strong=True, selectable=False)
            said.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
            for widget in (said, *trailing):
                head.addWidget(widget)
            self.body.addWidget(holder)


class Columns(QWidget):
    """Boxes side by side while each has `narrowest` pixels, else in fewer columns."""

    def __init__(self, boxes: Sequence[QWidget], narrowest: int, spacing: int) -> None:
        super().__init__()
        self._boxes, self._narrowest, self._columns = boxes, narrowest, 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(spacing)
        self.setMinimumWidth(narrowest)         # the grid's own minimum would keep the page from getting narrower
        self._arrange(len(boxes))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        fitting = max(self.width() // self._narrowest, 1)
        columns = len(self._boxes)
        while columns > fitting:
            columns = (columns + 1) // 2 if columns > 1 else 1
        self._arrange(columns)

    def _arrange(self, columns: int) -> None:
        if columns == self._columns:
            return
        for column in range(self._columns):
            self._grid.setColumnStretch(column, 0)
        self._columns = columns
        for n, box in enumerate(self._boxes):
            self._grid.addWidget(box, n // columns, n % columns)
        for column in range(columns):
            self._grid.setColumnStretch(column, 1)
        self.updateGeometry()


def tiles(entries: Iterable[tuple[str, str, str]]) -> QWidget:
    """Big numbers side by side: (caption, number, remark beneath it or "")."""
    boxes = []
    for caption, number, remark in entries:
        box = FactBox()
        box.body.setContentsMargins(14, 10, 12, 11)
        box.body.setSpacing(1)
        box.body.addWidget(label(caption, tone="muted", selectable=False))
        shown = Fitting(number, 1.55)
        shown.setAccessibleName(caption)
        box.body.addWidget(shown)
        if remark:
            box.body.addWidget(label(remark, tone="muted", wrap=True))
        box.body.addStretch(1)
        boxes.append(box)
    return Columns(boxes, 125, 10)


def facts(entries: Iterable[tuple[str, str]]) -> QGridLayout:
    """Name and value, one pair a row; pairs without a value are left out."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(22)
    grid.setVerticalSpacing(7)
    grid.setColumnStretch(1, 1)
    for row, (name, value) in enumerate((name, value) for name, value in entries if value):
        if len(name) <= 24:
            grid.addWidget(label(name, tone="muted", selectable=False), row, 0, Qt.AlignmentFlag.AlignTop)
        else:
            caption = Prose(name, name, tone="muted")
            caption.setMaximumWidth(170)
            grid.addWidget(caption, row, 0)         # no alignment: it would take the height out of the layout's hands
        grid.addWidget(fact(value, name), row, 1)
    return grid


class ProgressBar(QProgressBar):
    """Paints what it shows in its turn, as other widgets do: Qt's own paints at once, and with itself whatever else in the window waits to
    be painted, so that it all was one turn with the news that moved it."""

    def setValue(self, value: int) -> None:
        self.setUpdatesEnabled(False)
        super().setValue(value)
        self.setUpdatesEnabled(True)


class Bar(QAbstractButton):
    """A row of a breakdown: a name, what is said on the right, and a bar as long as `part` (0 to 1; None: no bar). With `on_click` it is a
    button that keyboard and mouse reach; with `raw` its name can be copied."""

    def __init__(self, name: str, said: str, part: float | None, *, remark: str = "", colour: str = "", raw: str | None = None,
                 on_click: Callable[[], object] | None = None) -> None:
        super().__init__()
        self._name, self._said, self._remark = name, said, remark
        self._part = None if part is None else min(max(part, 0.0), 1.0)
        self._colour = colour
        self.setAccessibleName(f"{name}: {said}")
        self.setToolTip(words.tip(f"{name}  {remark}".strip()))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if on_click else Qt.FocusPolicy.NoFocus)
        if on_click is not None:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
            self.clicked.connect(lambda: on_click())
        self._live = on_click is not None
        if raw is not None:
            copy = QAction(icons.icon("copy"), self.tr("Copy key"), self)
            copy.triggered.connect(lambda: QGuiApplication.clipboard().setText(raw))
            self.addAction(copy)
            self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def sizeHint(self) -> QSize:
        return QSize(240, self.fontMetrics().height() + (15 if self._part is not None else 8))

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        c = theme.colours(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect())
        if self._live and (self.underMouse() or self.hasFocus()):
            painter.setBrush(QColor(c.hover))
            painter.setPen(QColor(c.accent) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        inner = area.adjusted(6, 2, -6, -2) if self._part is not None else area.adjusted(6, 4, -6, -4)
        metrics = QFontMetricsF(self.font())
        line = QRectF(inner.left(), inner.top(), inner.width(), metrics.height())
        said = metrics.horizontalAdvance(self._said)
        painter.setPen(QColor(c.muted))
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._said)
        room = line.width() - said - 14
        remark = metrics.horizontalAdvance(self._remark) + 10 if self._remark else 0
        if remark > room * 0.45:
            remark = 0
        name = metrics.elidedText(self._name, Qt.TextElideMode.ElideMiddle, max(room - remark, 20))
        painter.setPen(QColor(c.link if self._part is None and self._live else c.text))
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, core.isolated(name))
        if remark:
            painter.setPen(QColor(c.muted))
            beside = line.left() + metrics.horizontalAdvance(name) + 10
            painter.drawText(QPointF(beside, line.top() + metrics.ascent()), self._remark)
        if self._part is None:
            return
        painter.setPen(Qt.PenStyle.NoPen)
        track = QRectF(inner.left(), inner.bottom() - 5, inner.width(), 4)
        painter.setBrush(QColor(c.track))
        painter.drawRoundedRect(track, 2, 2)
        if self._part > 0:
            painter.setBrush(QColor(self._colour or c.accent))
            painter.drawRoundedRect(QRectF(track.left(), track.top(), max(track.width() * self._part, 3.0), 4), 2, 2)

    def enterEvent(self, event: object) -> None:
        self.update()

    def leaveEvent(self, event: object) -> None:
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._live and event.button() == Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
        else:
            event.ignore()


class FindingBox(QFrame):
    """One finding: its level as picture and word, what is odd, where, and what to do. Selectable; Ctrl+C copies all of it."""

    def __init__(self, finding: core.Finding) -> None:
        super().__init__()
        self.setProperty("level", finding.level)
        level = {"danger": self.tr("Danger"), "warning": self.tr("Warning"), "info": self.tr("Note")}[finding.level]
        picture = QLabel()
        picture.setPixmap(icons.pixmap(finding.level, 20, theme.colours()._asdict()[finding.level]))
        picture.setAccessibleName(level)
        message = words.said(finding.message, 1000)
        column = QVBoxLayout()
        column.setSpacing(3)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(label(level, tone=finding.level, strong=True, selectable=False), 0, Qt.AlignmentFlag.AlignTop)
        if finding.where:
            head.addWidget(Prose(core.visible(finding.where, 120), self.tr("Where"), tone="muted"), 1)
        else:
            head.addStretch(1)
        column.addLayout(head)
        column.addWidget(Prose(message, level))
        if finding.hint:
            column.addWidget(Prose(words.said(finding.hint, 1000), self.tr("What to do"), tone="muted"))
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 10, 12, 10)
        row.setSpacing(11)
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(column, 1)
        raw = "\n".join(part for part in (f"{level}: {finding.message}", finding.hint, finding.where) if part)
        copy = QAction(icons.icon("copy"), self.tr("Copy"), self)
        copy.triggered.connect(lambda: QGuiApplication.clipboard().setText(raw))
        self.addAction(copy)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.setAccessibleName(f"{level}: {message}")


class Fold(QWidget):
    """What is not looked at each time: a heading that shows what is below it, and hides it again."""

    toggled = Signal(bool)

    def __init__(self, title: str, content: QWidget, unfolded: bool) -> None:
        super().__init__()
        self._title, self._content = title, content
        self.button = ElidedButton(title)
        self.button.setProperty("link", True)
        self.button.setCheckable(True)
        self.button.toggled.connect(self._turn)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(content)
        self.button.setChecked(unfolded)
        self._turn(unfolded)

    def _turn(self, on: bool) -> None:
        icons.put(self.button, "down" if on else "next", "link")
        self.button.setAccessibleName(f"{self._title}, " + (self.tr("shown") if on else self.tr("hidden")))
        self._content.setVisible(on)
        self.toggled.emit(on)


def empty(layout: QLayout) -> None:
    """Takes everything out of a layout."""
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif inner is not None:
            empty(inner)


def format_name(format: str) -> str:
    """What a person calls a container; names of formats are not translated, but the words around them."""
    return {"torch-zip": QCoreApplication.translate("Formats", "PyTorch zip (torch 1.6 and later)"),
            "torch-legacy": QCoreApplication.translate("Formats", "PyTorch legacy (torch 0.1.10 to 1.5)"),
            "torch-tar": QCoreApplication.translate("Formats", "PyTorch tar (torch before 0.1.10)"), "torchscript": "TorchScript archive",
            "torch-export": "torch.export archive",
            "safetensors": "safetensors", "safetensors-sharded": "safetensors, sharded", "torch-sharded": "PyTorch, sharded",
            "dcp": "torch.distributed.checkpoint", "pickle": "bare pickle"}.get(format, format)
