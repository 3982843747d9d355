"""A layout whose items stand one behind the other, in as many lines as it takes."""
from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QSizePolicy, QWidget


class Flow(QLayout):
    """From left to right, in as many lines as it takes. What can use more width takes its least at first, and shares what its line
    leaves."""

    def __init__(self, parent: QWidget, gap: int) -> None:
        """`gap` pixels between neighbours and between lines."""
        super().__init__(parent)
        self._gap = gap
        self._items: list[QLayoutItem] = []
        self._known: list[_Sized] | None = None         # of what is shown; asked again and again while a page is laid out
        self._heights: dict[int, int] = {}
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)
        self.invalidate()

    def invalidate(self) -> None:
        self._known = None
        self._heights.clear()
        super().invalidate()

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        if not 0 <= index < len(self._items):
            return None
        self.invalidate()
        return self._items.pop(index)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        if width not in self._heights:
            self._heights[width] = self._arrange(QRect(0, 0, width, 0), move=False)
        return self._heights[width]

    def sizeHint(self) -> QSize:
        size = QSize(0, 0)
        for one in self._shown():
            size = size.expandedTo(one.least)
        return size

    def minimumSize(self) -> QSize:
        """Of what gives way, less than it would like."""
        size = QSize(0, 0)
        for one in self._shown():
            size = size.expandedTo(QSize(min(one.item.minimumSize().width(), one.least.width()), one.least.height()))
        return size

    def width_in_a_line(self) -> int:
        """What it takes for all to stand in one line."""
        shown = self._shown()
        return sum(one.least.width() for one in shown) + self._gap * max(len(shown) - 1, 0)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    def _shown(self) -> list[_Sized]:
        if self._known is None:
            self._known = [_Sized.of(item) for item in self._items if not item.isEmpty()]
        return self._known

    def _arrange(self, rect: QRect, move: bool) -> int:
        x, y, line = rect.left(), rect.top(), list[_Sized]()
        for one in self._shown():
            width = one.least.width()
            if line and x + width > rect.right() + 1:
                y += self._place(line, QRect(QPoint(rect.left(), y), rect.bottomRight()), move) + self._gap
                x, line = rect.left(), []
            line.append(one)
            x += width + self._gap
        return y + self._place(line, QRect(QPoint(rect.left(), y), rect.bottomRight()), move) - rect.top()

    def _place(self, line: list[_Sized], rect: QRect, move: bool) -> int:
        """What stands in one line at the top of `rect`, in the middle of its height, which it gives."""
        height = max((one.least.height() for one in line), default=0)
        if move:
            sizes = [QSize(min(one.least.width(), rect.width()), one.least.height()) for one in line]
            self._widen(line, sizes, rect.width() - sum(size.width() for size in sizes) - self._gap * (len(line) - 1))
            x = rect.left()
            for one, size in zip(line, sizes, strict=True):
                one.item.setGeometry(QRect(QPoint(x, rect.top() + (height - size.height()) // 2), size))
                x += size.width() + self._gap
        return height

    @staticmethod
    def _widen(line: list[_Sized], sizes: list[QSize], left: int) -> None:
        growing = [(one.item, size) for one, size in zip(line, sizes, strict=True) if one.grows]
        for n, (item, size) in enumerate(growing):
            more = max(min(left // (len(growing) - n), item.maximumSize().width() - size.width()), 0)
            size.setWidth(size.width() + more)
            left -= more


class _Sized(NamedTuple):
    item: QLayoutItem
    least: QSize
    grows: bool

    @classmethod
    def of(cls, item: QLayoutItem) -> _Sized:
        hint, grows = item.sizeHint(), bool(item.expandingDirections() & Qt.Orientation.Horizontal)
        return cls(item, QSize(item.minimumSize().width(), hint.height()) if grows else hint, grows)


def flowing(gap: int) -> tuple[QWidget, Flow]:
    """A row that becomes as high as its lines, and its layout."""
    made = QWidget()
    policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    policy.setHeightForWidth(True)
    made.setSizePolicy(policy)
    return made, Flow(made, gap)
