"""A layout whose items stand one behind the other, in as many lines as it takes."""
from __future__ import annotations

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
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), move=False)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        size = QSize(0, 0)
        for item in self._items:
            if not item.isEmpty():
                size = size.expandedTo(_least(item))
        return size

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    def _arrange(self, rect: QRect, move: bool) -> int:
        x, y, line = rect.left(), rect.top(), list[QLayoutItem]()
        for item in self._items:
            if item.isEmpty():
                continue
            width = _least(item).width()
            if line and x + width > rect.right() + 1:
                y += self._place(line, QRect(QPoint(rect.left(), y), rect.bottomRight()), move) + self._gap
                x, line = rect.left(), []
            line.append(item)
            x += width + self._gap
        return y + self._place(line, QRect(QPoint(rect.left(), y), rect.bottomRight()), move) - rect.top()

    def _place(self, line: list[QLayoutItem], rect: QRect, move: bool) -> int:
        """What stands in one line at the top of `rect`, in the middle of its height, which it gives."""
        sizes = [_least(item) for item in line]
        height = max((size.height() for size in sizes), default=0)
        if move:
            self._widen(line, sizes, rect.width() - sum(size.width() for size in sizes) - self._gap * (len(line) - 1))
            x = rect.left()
            for item, size in zip(line, sizes, strict=True):
                item.setGeometry(QRect(QPoint(x, rect.top() + (height - size.height()) // 2), size))
                x += size.width() + self._gap
        return height

    @staticmethod
    def _widen(line: list[QLayoutItem], sizes: list[QSize], left: int) -> None:
        growing = [(item, size) for item, size in zip(line, sizes, strict=True) if _grows(item)]
        for n, (item, size) in enumerate(growing):
            more = max(min(left // (len(growing) - n), item.maximumSize().width() - size.width()), 0)
            size.setWidth(size.width() + more)
            left -= more


def _grows(item: QLayoutItem) -> bool:
    return bool(item.expandingDirections() & Qt.Orientation.Horizontal)


def _least(item: QLayoutItem) -> QSize:
    hint = item.sizeHint()
    return QSize(item.minimumSize().width(), hint.height()) if _grows(item) else hint


def flowing(gap: int) -> tuple[QWidget, Flow]:
    """A row that becomes as high as its lines, and its layout."""
    made = QWidget()
    policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    policy.setHeightForWidth(True)
    made.setSizePolicy(policy)
    return made, Flow(made, gap)
