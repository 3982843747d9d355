"""A layout whose items stand one behind the other, in as many lines as it takes."""
from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class Flow(QLayout):
    """From left to right, in as many lines as it takes."""

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
                size = size.expandedTo(item.sizeHint())
        return size

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    def _arrange(self, rect: QRect, move: bool) -> int:
        x, y, line = rect.left(), rect.top(), list[tuple[QLayoutItem, int]]()
        for item in self._items:
            if item.isEmpty():
                continue
            width = item.sizeHint().width()
            if line and x + width > rect.right() + 1:
                y += self._place(line, y, move) + self._gap
                x, line = rect.left(), []
            line.append((item, x))
            x += width + self._gap
        return y + self._place(line, y, move) - rect.top()

    def _place(self, line: list[tuple[QLayoutItem, int]], top: int, move: bool) -> int:
        """What stands in one line, in the middle of its height, which it gives."""
        sizes = [item.sizeHint() for item, _ in line]
        height = max((size.height() for size in sizes), default=0)
        for (item, left), size in zip(line, sizes, strict=True):
            if move:
                item.setGeometry(QRect(QPoint(left, top + (height - size.height()) // 2), size))
        return height
