"""A row of switches, one for each status, with its sign and how many there are. Those that are on show only their pairs."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from inspector.gui.kit import theme, words
from inspector.gui.models.pair_lines import status_helps, status_words

from .flow import Flow
from .pair_delegate import draw_sign

ORDER = ("conflict", "by-a", "by-b", "by-both", "shape", "values", "cast", "only-a", "only-b", "plain", "unreadable", "unread", "equal",
         "counter", "renamed", "device")
USUAL = frozenset(("shape", "values", "cast", "only-a", "only-b", "equal"))        # what one looks for, were there none of it
_SIGN, _PAD, _GAP = 16, 8, 6
_FAINT = 0.45               # how much of a chip is seen of which there is none


class Chips(QWidget):
    """`statuses` are those switched on; none is all."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._quiet = False         # several change at once
        self._room = 0              # pixels of a line for those of which there is none, too
        names, helps = status_words(), status_helps()
        self.chips = {status: _Chip(status, names[status], helps[status]) for status in ORDER}
        row = Flow(self, _GAP)
        for status, chip in self.chips.items():
            row.addWidget(chip)
            chip.toggled.connect(self._toggled)
            chip.alone_asked.connect(partial(self.show_only, status))
        self.setAccessibleName(self.tr("Show only"))

    @property
    def statuses(self) -> frozenset[str]:
        return frozenset(status for status, chip in self.chips.items() if chip.isChecked())

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """What is not there has a faint chip where there is room, or none, unless it is on."""
        for status, chip in self.chips.items():
            chip.set_count(counts.get(status, 0))
        self._show()

    def set_room(self, room: int) -> None:
        """What is not there is told, too, where that leaves all of them in one line of so many pixels."""
        if room != self._room:
            self._room = room
            self._show()

    def _show(self) -> None:
        there = any(chip.count for chip in self.chips.values())
        for chip in self.chips.values():
            chip.setEnabled(bool(chip.count) or chip.isChecked())
        usual = [chip for status, chip in self.chips.items() if chip.isEnabled() or (there and status in USUAL)]
        shown = usual if _width(usual) <= self._room else [chip for chip in usual if chip.isEnabled()]
        for chip in self.chips.values():
            chip.setVisible(chip in shown)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """All of them in one line, where that is to be had."""
        return QSize(_width([chip for chip in self.chips.values() if not chip.isHidden()]), super().sizeHint().height())

    def show_only(self, *statuses: str) -> None:
        """Switches on these and no other."""
        before, self._quiet = self.statuses, True
        for status, chip in self.chips.items():
            chip.setChecked(status in statuses)
        self._quiet = False
        if self.statuses != before:
            self.changed.emit()

    def clear(self) -> None:
        self.show_only()

    def _toggled(self) -> None:
        if not self._quiet:
            self.changed.emit()


def _width(chips: Sequence[_Chip]) -> int:
    """Of so many in one line."""
    return sum(chip.sizeHint().width() for chip in chips) + _GAP * max(len(chips) - 1, 0)


class _Chip(QAbstractButton):
    alone_asked = Signal()

    def __init__(self, status: str, name: str, help: str) -> None:
        super().__init__()
        self._status = status
        self._count = 0
        self.setText(name)
        self.setToolTip(words.tip(f"{name}: {help}"))
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_count(0)

    def set_count(self, count: int) -> None:
        if count != self._count or not self.accessibleName():
            self._count = count
            self.setAccessibleName(f"{self.text()}: {count:,}")
            self.updateGeometry()
            self.update()

    @property
    def count(self) -> int:
        return self._count

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        width = metrics.horizontalAdvance(self.text()) + metrics.horizontalAdvance(f"{self._count:,}")
        return QSize(width + _SIGN + 2 * _GAP + 2 * _PAD, metrics.height() + 10)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier and self.rect().contains(event.position().toPoint()):
            self.setDown(False)
            self.alone_asked.emit()
            event.accept()
        else:
            super().mouseReleaseEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.colours(self.palette())
        on = self.isChecked()
        painter.setOpacity(1.0 if self.isEnabled() else _FAINT)
        edge = colours.accent if on or self.hasFocus() else colours.border
        painter.setPen(QPen(QColor(edge), 1))
        painter.setBrush(QColor(colours.selection if on else colours.hover if self.underMouse() else colours.card))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), self.height() / 2, self.height() / 2)
        draw_sign(painter, QRectF(_PAD, (self.height() - _SIGN) / 2, _SIGN, _SIGN), self._status, colours)
        left, middle = _PAD + _SIGN + _GAP, Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(colours.selection_text if on else colours.text))
        painter.drawText(QRect(left, 0, self.width(), self.height()), middle, self.text())
        painter.setPen(QColor(colours.selection_text if on else colours.muted))
        painter.drawText(QRect(0, 0, self.width() - _PAD, self.height()), middle | Qt.AlignmentFlag.AlignRight, f"{self._count:,}")
        painter.end()

    def enterEvent(self, event: QEvent) -> None:
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self.update()
