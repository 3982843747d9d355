"""Files that are dragged over the window and dropped: to be opened, or beside that, to be compared or shown as a run."""
from __future__ import annotations

from typing import cast

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QPlainTextEdit, QTextEdit, QVBoxLayout, QWidget

from inspector import core
from inspector.gui.kit import theme
from inspector.gui.state.session import Session

from .opening import paths_in

MARGIN = 10
_TWO = 2                    # are compared, more are a run


class DropOverlay(QWidget):
    """Lies over the window while files are dragged across it: a place to open them, and beside it one to compare
    them, or, where they are many, to show them as a run."""

    open_asked = Signal(object)         # paths: list[str]; Qt text would drop the surrogates of names that are not UTF-8
    compare_asked = Signal(object)      # one path, to be compared with the selected file, or two
    run_asked = Signal(object)          # three paths or more, of the checkpoints of a training run

    def __init__(self, window: QWidget, session: Session) -> None:
        super().__init__(window)
        self._session = session
        self._beside = self.compare_asked       # what is asked for in the second place
        self._are_here = True                   # files of this computer, all of them
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._zones = [_DropZone(), _DropZone()]
        inside = QHBoxLayout(self)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(MARGIN)
        for zone in self._zones:
            inside.addWidget(zone, 1)
        self.hide()
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, window: QObject, event: QEvent) -> bool:
        """What happens to the window."""
        if event.type() == QEvent.Type.Resize:
            self._fit()
        elif isinstance(event, QDragEnterEvent):            # before its own kin: it is a move too, and a drop
            self._enter(event)
        elif isinstance(event, QDragMoveEvent):
            self._move(event)
        elif event.type() == QEvent.Type.DragLeave:
            self.hide()
        elif isinstance(event, QDropEvent):
            self._drop(event)
        else:
            return False
        return event.type() != QEvent.Type.Resize

    def _enter(self, event: QDragEnterEvent) -> None:
        paths = _from_elsewhere(event)
        if paths:
            _copy(event)
            document = self._session.selected_document
            self._are_here = not any(map(core.is_address, paths))
            self._invite(len(paths), core.file_name(document.path) if document is not None and len(paths) == 1 else "")
        else:
            event.ignore()

    def _move(self, event: QDragMoveEvent) -> None:
        if self.isVisible() or _from_elsewhere(event):
            _copy(event)
            x = event.position().x()
            if self._zones[1].isVisible():
                for zone, hot in zip(self._zones, (not self._is_beside(x), self._is_beside(x)), strict=True):
                    zone.set_hot(hot)

    def _drop(self, event: QDropEvent) -> None:
        beside = self._is_beside(event.position().x())
        self.hide()
        paths = _from_elsewhere(event)
        if not paths:
            event.ignore()
            return
        _copy(event)
        (self._beside if beside else self.open_asked).emit(paths)

    def _invite(self, count: int, other: str) -> None:
        """`other` is the name of the file that a single one could be compared with."""
        self._zones[0].say(self.tr("Drop to open it") if count == 1 else self.tr("Drop to open {n} files").format(n=f"{count:,}"))
        self._zones[1].say(self.tr("Drop to compare it with\n{name}").format(name=core.visible(other, 40)) if other
                           else self.tr("Drop to compare them") if count == _TWO
                           else self.tr("Drop to show them as one training run"))
        self._zones[1].setVisible(bool(other) or count == _TWO or (count > _TWO and self._are_here))
        self._beside = self.run_asked if count > _TWO else self.compare_asked
        self._fit()
        self.raise_()
        self.show()

    def _is_beside(self, x: float) -> bool:
        """Whether files dropped there, in the window's coordinates, are dropped in the second place."""
        return self.isVisible() and self._zones[1].isVisible() and x > self.x() + self.width() / 2

    def _fit(self) -> None:
        self.setGeometry(cast(QWidget, self.parent()).rect().adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN))


class _DropZone(QFrame):
    """A part of the veil; a hot one is where the files would go."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("dropoverlay")
        self._text = QLabel()
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setProperty("tone", "info")
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text.setWordWrap(True)
        font = self._text.font()
        font.setPointSizeF(font.pointSizeF() * 1.8)
        font.setWeight(font.Weight.DemiBold)
        self._text.setFont(font)
        inside = QVBoxLayout(self)
        inside.addWidget(self._text)

    def say(self, text: str) -> None:
        self._text.setText(text)
        self.set_hot(False)

    def set_hot(self, hot: bool) -> None:
        if self.property("hot") != hot:
            self.setProperty("hot", hot)
            theme.repolish(self)


def refuse_drops(widget: QWidget) -> None:
    """A file dropped on a text field is opened, not typed."""
    for edit in (*widget.findChildren(QLineEdit), *widget.findChildren(QPlainTextEdit), *widget.findChildren(QTextEdit)):
        edit.setAcceptDrops(False)


def _from_elsewhere(event: QDropEvent) -> list[str]:
    """The files that are dragged here, but for those from this window: nothing is opened by a drag that is given up."""
    return [] if event.source() is not None else paths_in(event.mimeData())


def _copy(event: QDropEvent) -> None:
    """Always a copy: on X11 the proposed action may be Move, and accepting that lets the source delete the person's file."""
    event.setDropAction(Qt.DropAction.CopyAction)
    event.accept()
