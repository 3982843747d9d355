"""What a worker was asked for, once it is there; until then, or where there is none, what is the matter and what can be done."""
from __future__ import annotations

from typing import Any, Literal

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from inspector import core
from inspector.gui.kit import words
from inspector.gui.state.requests import Phase, Requests

from .boxes import Wrapped

_STEPS = 1000

Unit = Literal["bytes", "share", ""]        # how it is said how far the work is


class ResultPages(QStackedWidget):
    """`content`, or the message in its place. With `requests` it follows how those stand: `read` names what is done, as in "Compute
    statistics", for the button that asks for it once more; `read_all` the same of {size} bytes that are read only when asked for. A
    `growing` content stays on show while the work goes on."""

    retry_asked = Signal()          # the message's button, where there are no requests to go on with

    def __init__(self, content: QWidget, requests: Requests[Any] | None = None, *, read: str = "", read_all: str = "",
                 unit: Unit = "bytes", growing: bool = False, reading: str = "") -> None:
        """`reading` says what is being done meanwhile, where that is more than reading values."""
        super().__init__()
        self.content, self.message = content, MessagePage()
        self._requests, self._read, self._read_all, self._unit, self._reading = requests, read, read_all, unit, reading
        self.growing = growing
        self.addWidget(self.message)
        self.addWidget(content)
        self.currentChanged.connect(self.updateGeometry)
        if requests is None:
            self.message.button.clicked.connect(self.retry_asked)
        else:
            self.message.button.clicked.connect(requests.go_on)
            self.message.stop.clicked.connect(requests.stop)
            requests.changed.connect(self._follow)

    @property
    def shows_content(self) -> bool:
        return self.currentWidget() is self.content

    def hasHeightForWidth(self) -> bool:
        """A message takes no room for what it stands in the place of: there would be nothing to scroll to."""
        return self.shows_content and super().hasHeightForWidth()

    def minimumSizeHint(self) -> QSize:
        return super().minimumSizeHint() if self.shows_content else self.message.minimumSizeHint()

    def sizeHint(self) -> QSize:
        return super().sizeHint() if self.shows_content else self.message.sizeHint()

    def show_content(self) -> None:
        self.setCurrentWidget(self.content)

    def say(self, text: str, hint: str = "", button: str = "") -> None:
        """A message in the place of the content."""
        self.message.say(text, hint, button)
        self.setCurrentWidget(self.message)

    def fail(self, error: Exception) -> None:
        self.message.fail(error)
        self.setCurrentWidget(self.message)

    def _follow(self) -> None:
        requests = self._requests
        assert requests is not None
        if requests.phase is Phase.DONE or (self.growing and requests.phase.is_busy):
            self.show_content()
        elif requests.phase is Phase.RUNNING:
            self.message.show_progress(*requests.progress, self._unit, self._reading)
            self.setCurrentWidget(self.message)
        elif requests.phase is Phase.TOO_LARGE:
            size = words.size(requests.nbytes)
            self.say(self.tr("These values take {size}.").format(size=size),
                     self.tr("They are read only when you ask, and you can stop at any time."), self._read_all.format(size=size))
        elif requests.phase is Phase.STOPPED:
            self.say(self.tr("Stopped."), "", self._read)
        elif requests.phase is Phase.FAILED and requests.error is not None:
            self.fail(requests.error)


class MessagePage(QWidget):
    """Plain text, and at most one button: what is the matter, or how far the work is."""

    def __init__(self) -> None:
        super().__init__()
        self._text = _label()
        font = self._text.font()
        font.setWeight(font.Weight.DemiBold)
        self._text.setFont(font)
        self._hint = _label()
        self._hint.setProperty("tone", "muted")
        self.button = QPushButton()
        self.button.setProperty("primary", True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setMaximumWidth(320)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.stop = QPushButton(self.tr("Stop"))
        column = QVBoxLayout(self)
        column.setSpacing(10)
        column.addStretch(2)
        column.addWidget(self._text)
        column.addWidget(self._hint)
        for widget in (self.bar, self.button, self.stop):
            row = QHBoxLayout()
            row.addStretch(1)
            row.addWidget(widget, 2 if widget is self.bar else 0)
            row.addStretch(1)
            column.addLayout(row)
        column.addStretch(3)
        self.say("")

    @property
    def text(self) -> str:
        return self._text.text()

    @property
    def hint(self) -> str:
        return self._hint.text()

    def say(self, text: str, hint: str = "", button: str = "") -> None:
        """Without the text of a `button` there is none."""
        self._show(text, hint, running=False)
        self.button.setText(button)
        self.button.setVisible(bool(button))

    def fail(self, error: Exception) -> None:
        """What an error says, and that one may try again, or have the file read again that is another by now."""
        if not isinstance(error, core.InspectorError):
            self.say(self.tr("The values could not be read."), "", self.tr("Try again"))
            return
        hint = words.said(error.hint, 1000)
        if not hint and isinstance(error, core.BadTensor):
            hint = self.tr("The other tensors are not affected.")
        where = self.tr("At {where}.").format(where=core.visible(error.where)) if error.where else ""
        if isinstance(error, core.Changed):             # the button opens it again
            hint = ""
        self.say(words.sentence(words.said(error.message, 1000)), "\n".join(part for part in (hint, where) if part),
                 self.tr("Reload") if isinstance(error, core.Changed) else self.tr("Try again"))

    def show_progress(self, done: int, total: int, unit: Unit, reading: str = "") -> None:
        """`total` is 0 while it is unknown."""
        self.bar.setRange(0, _STEPS if total else 0)
        self.bar.setValue(done * _STEPS // total if total else 0)
        said = {"bytes": self.tr("{done} of {total}").format(done=words.size(done), total=words.size(total)),
                "share": self.tr("{percent} %").format(percent=done * 100 // total) if total else "", "": ""}[unit]
        self._show(reading or self.tr("Reading values…"), said if total else "", running=True)
        self._hint.setVisible(True)             # its place is kept

    def _show(self, text: str, hint: str, *, running: bool) -> None:
        self._text.setText(text)
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        self.bar.setVisible(running)
        self.stop.setVisible(running)
        self.button.setVisible(not running)


def _label() -> Wrapped:
    made = Wrapped()
    made.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made
