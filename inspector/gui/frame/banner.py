"""The banners over the panels: the file on the disk is no longer the one that was opened, and what a save wrote and verified."""
from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QDateTime, QLocale, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from inspector import core
from inspector.gui.kit import icons, theme, words
from inspector.gui.state.session import Session, State
from inspector.gui.widgets.boxes import Wrapped

from .following import Change, Following

_DAY = 86_400           # seconds


class ChangedBanner(QFrame):
    reload_asked = Signal(int)
    follow_asked = Signal(bool)         # files that change are to be read again unasked, or no longer
    shown_changed = Signal(bool)        # it stands over the panels, or no longer

    def __init__(self, session: Session, following: Following, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setProperty("level", "warning")
        self._session = session
        self._following = following
        self._picture = QLabel()
        self.text = Wrapped()
        self.text.setProperty("tone", "warning")
        self.follow = QCheckBox(self.tr("Follow"))
        self.follow.setToolTip(self.tr("Reads files again whenever they change, without being asked"))
        self.follow.clicked.connect(self.follow_asked)
        again = QPushButton(self.tr("Reload"))
        again.setAccessibleName(self.tr("Reload the file"))
        again.clicked.connect(self._reload)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 7, 8, 7)
        row.setSpacing(10)
        row.addWidget(self._picture)
        row.addWidget(self.text, 1)
        row.addWidget(self.follow)
        row.addWidget(again)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setVisible(False)
        self._tint()
        theme.current().changed.connect(self._tint)
        session.selection_changed.connect(self._show)
        for signal in (session.document_changed, session.edits_changed, following.changed):
            signal.connect(lambda id: self._show())

    def check(self) -> None:
        self._following.check()

    def _show(self) -> None:
        document = self._session.selected_document
        change = self._following.of(document.id) if document is not None and document.state is State.READY else None
        edits = len(self._session.edits(document.id)) if document is not None else 0
        # one that is followed is told of only where it is not read again for now
        shown = change is not None and not (self._following.on and not edits and change.error is None)
        if shown and change is not None:
            self.text.setText(self._said(change, edits))
            self.follow.setChecked(self._following.on)
        self.setVisible(shown)
        self.shown_changed.emit(shown)

    def _said(self, change: Change, edits: int) -> str:
        if change.error is not None and change.error.id == "changed":
            said = self.tr("This file is being written. It is read again once it is whole; what you see is how it was.")
        elif change.at is None:
            said = self.tr("This file is no longer there. What you see is how it was.")
        elif change.error is not None:
            said = self.tr("This file was changed, and what it is now cannot be read: {why}. What you see is how it was.").format(
                why=words.said(change.error.message, 300))
        else:
            when = QDateTime.fromSecsSinceEpoch(int(change.at))
            is_fresh = abs(when.secsTo(QDateTime.currentDateTime())) < _DAY
            time = when.toString("HH:mm:ss") if is_fresh else QLocale().toString(when, QLocale.FormatType.ShortFormat)
            said = self.tr("Changed on disk at {time}. What you see is how it was.").format(time=time)
        if edits:
            said += " " + (self.tr("Your edit is kept and made again after reloading.") if edits == 1 else
                           self.tr("Your {n} edits are kept and made again after reloading.").format(n=f"{edits:,}"))
        return said

    def _reload(self) -> None:
        document = self._session.selected_document
        if document is not None:
            self.setVisible(False)
            self.shown_changed.emit(False)
            self.reload_asked.emit(document.id)

    def _tint(self) -> None:
        self._picture.setPixmap(icons.pixmap("warning", 20, theme.colours().warning))


class SavedBanner(QFrame):
    """Over a file that was just saved, until it is put away."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setProperty("level", "ok")
        self._session = session
        self._path = ""
        self._picture = QLabel()
        self.text = Wrapped()
        self.text.setProperty("tone", "ok")
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        close = QToolButton()
        icons.put(close, "close")
        close.setAccessibleName(self.tr("Put the message away"))
        close.clicked.connect(self.put_away)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 7, 8, 7)
        row.setSpacing(10)
        row.addWidget(self._picture)
        row.addWidget(self.text, 1)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setVisible(False)
        self._tint()
        theme.current().changed.connect(self._tint)
        session.selection_changed.connect(self._show)

    def show_report(self, path: str, report: core.SaveReport, notes: Sequence[str]) -> None:
        """What was written, over the document at `path`."""
        size = words.size(report.nbytes)
        where = self.tr("{size} in {n} files").format(size=size, n=f"{len(report.files):,}") if len(report.files) > 1 else size
        said = self.tr("Saved {tensors}, {where}. Every byte was read back and compared ({time}).").format(
            tensors=words.tensors(report.tensors), where=where, time=core.wording.duration(report.seconds))
        if report.written is not None:
            said = self.tr("Changed in place: {size} were written and read back, the bytes of {tensors} stay where they were "
                           "({time}).").format(
                size=words.size(report.written), tensors=words.tensors(report.tensors), time=core.wording.duration(report.seconds))
        self._path = path
        self.text.setText("\n".join((said, *(words.said(note, 300) for note in notes[:3]))))
        self._show()

    def put_away(self) -> None:
        self._path = ""
        self._show()

    def _show(self) -> None:
        document = self._session.selected_document
        self.setVisible(bool(self._path) and document is not None and document.path == self._path)

    def _tint(self) -> None:
        self._picture.setPixmap(icons.pixmap("ok", 20, theme.colours().ok))
