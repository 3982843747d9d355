"""Files opened lately, one a row: what was last known of each, its place, its size, when it was opened, and what can be done with it."""
from __future__ import annotations

import os
from collections.abc import Hashable, Mapping
from functools import partial

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale, QPoint, QSize, Qt, QUrl, Signal
from PySide6.QtGui import QContextMenuEvent, QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from inspector import core, languages
from inspector.gui.kit import icons, theme, words
from inspector.gui.kit.disk import told_of
from inspector.gui.kit.settings import RecentFile
from inspector.gui.state import signals

_SIZE, _WHEN = 84, 104          # of the columns at the right, at the least
_SIGN = 15
_WEEK = 7                       # days of which a day is told by its name


class RecentRows(QWidget):
    """Keys reach every row. One whose file is gone opens the menu of what can still be done with it: it can be taken off the list."""

    open_asked = Signal(object)         # str; Qt text would drop the surrogates of names that are not UTF-8
    compare_asked = Signal(object)
    remove_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[QPushButton] = []
        self._made: dict[Hashable, QPushButton] = {}        # by all that goes into what they show
        self._files: list[RecentFile] = []
        self._there: list[bool] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)

    def show_files(self, files: list[RecentFile], there: Mapping[str, bool]) -> None:
        """`there` has the paths that are still there, and whether each is a folder. A row that would be as it was stays: each takes some
        milliseconds to make."""
        self._files, self._there = files, [file.path in there for file in files]
        says = [(file, there.get(file.path), when(file.at), theme.colours(), languages.current(), self.font().key()) for file in files]
        before, self._made = self._made, {}
        for n, (file, said) in enumerate(zip(files, says, strict=True)):
            self._made[said] = before.pop(said) if said in before else self._row(n, file, bool(there.get(file.path)))
            self._column.insertWidget(n, self._made[said])
        for gone in before.values():
            self._column.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        self.rows = [*self._made.values()]

    def menu_for(self, n: int) -> QMenu:
        """What can be done with a file, whether it is there or not."""
        file, there = self._files[n], self._there[n]
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        open_ = menu.addAction(self.tr("Open"), lambda: self.open_asked.emit(file.path))
        compare = menu.addAction(self.tr("Compare with…"), lambda: self.compare_asked.emit(file.path))
        folder = told_of(file.path, lambda path: core.folder_of(core.file_of(path)), core.folder_of(file.path))
        show = menu.addAction(self.tr("Show in folder"), lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(folder)))
        menu.addSeparator()
        menu.addAction(self.tr("Remove from this list"), lambda: self.remove_asked.emit(file.path))
        for action in (open_, compare):
            action.setEnabled(there)
        show.setEnabled(there and not core.is_address(file.path))
        return menu

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Of the row with the mouse or the keys."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        n = next((n for n, row in enumerate(self.rows)
                  if (row.hasFocus() if by_key else row.geometry().contains(event.pos()))), None)
        if n is not None:
            place = self.rows[n].geometry().center() if by_key else event.pos()
            self.menu_for(n).popup(self.mapToGlobal(QPoint(place)))

    def _choose(self, path: str) -> None:
        n = next(n for n, file in enumerate(self._files) if file.path == path)
        if self._there[n]:
            self.open_asked.emit(path)
        else:
            self.menu_for(n).popup(self.mapToGlobal(self.rows[n].geometry().center()))

    def _row(self, n: int, file: RecentFile, is_folder: bool) -> QPushButton:
        there = self._there[n]
        name, folder = core.visible(core.file_name(file.path)), _from_home(core.folder_of(file.path))
        size = (words.size(file.nbytes) if file.nbytes else "") if there else self.tr("not there now")
        opened = when(file.at) if file.at else ""
        kind = next((kind for kind in signals.Kind if kind.value == file.sign), None) if there else None
        row = QPushButton()
        row.setProperty("link", True)
        said = [core.visible(file.path), size, signals.sign_name(kind) if kind is not None else "", opened]
        spoken = ", ".join(part for part in said if part)
        row.setAccessibleName(self.tr("Open {path}").format(path=spoken) if there else spoken)
        row.setToolTip(words.tip(file.path) if there else self.tr("This file is no longer there"))
        icons.put(row, "folder" if is_folder else "file", "link" if there else "faint")
        row.clicked.connect(partial(self._choose, file.path))
        inside = QHBoxLayout(row)
        inside.setContentsMargins(34, 0, 10, 0)
        inside.setSpacing(10)
        inside.addWidget(Line(name, "" if there else "faint"))
        inside.addWidget(Line(core.visible(folder), "muted" if there else "faint"))
        inside.addStretch(1)
        sign = QLabel()
        sign.setTextFormat(Qt.TextFormat.PlainText)
        sign.setFixedWidth(_SIGN)
        sign.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        if kind is not None:
            colours = theme.colours()._asdict()
            sign.setPixmap(icons.pixmap(signals.PICTURES[kind], _SIGN, colours["link" if kind is signals.Kind.EDITED
                                                                               else signals.LEVELS[kind]]))
            sign.setAccessibleName(signals.sign_name(kind))
        inside.addWidget(sign)
        for text, least in ((size, _SIZE), (opened, _WHEN)):
            cell = Line(text, "muted" if there else "faint")
            cell.setMinimumWidth(max(least, cell.fontMetrics().horizontalAdvance(text) + 2))
            cell.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            inside.addWidget(cell)
        row.setMinimumHeight(row.fontMetrics().height() + 16)
        return row


class Line(QLabel):
    """A line that gives way in its middle when there is no room. Clicks go through to what it lies on."""

    def __init__(self, text: str, tone: str) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("tone", tone)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._whole = text
        self.setMinimumWidth(min(40, self.sizeHint().width()))
        self.setAccessibleName(text)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setText(text)

    def sizeHint(self) -> QSize:
        """Of the whole line, also while there is less on show."""
        return QSize(self.fontMetrics().horizontalAdvance(self._whole) + 1, super().sizeHint().height())

    def resizeEvent(self, event: object) -> None:
        self.setText(core.isolated(self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideMiddle, self.width())))


def when(at: int, now: QDateTime | None = None) -> str:
    """"Today 09:14", "Yesterday", "Monday", "12 Nov", in the zone of this computer."""
    there, here = QDateTime.fromSecsSinceEpoch(at), now or QDateTime.currentDateTime()
    days, locale = there.date().daysTo(here.date()), QLocale(languages.current())
    if days == 0:
        return QCoreApplication.translate("RecentRows", "Today {time}").format(time=locale.toString(there.time(), "HH:mm"))
    if days == 1:
        return QCoreApplication.translate("RecentRows", "Yesterday")
    if 0 < days < _WEEK:
        return locale.dayName(there.date().dayOfWeek())
    return locale.toString(there.date(), QCoreApplication.translate("RecentRows", "d MMM") if there.date().year() == here.date().year()
                           else QCoreApplication.translate("RecentRows", "d MMM yyyy"))


def _from_home(folder: str) -> str:
    home = os.path.expanduser("~")
    return "~" + folder[len(home):] if folder == home or folder.startswith(home + os.sep) else folder
