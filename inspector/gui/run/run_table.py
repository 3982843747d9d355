"""The run as a table: a row for each metric and each part of the model, a column for each checkpoint. The same numbers as the strip's, for
those who read them, and for a screen reader, to which a picture has no cells."""
from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtWidgets import QApplication, QTableView

from inspector import core
from inspector.gui.kit import tables, theme, words

from . import run_words
from .timeline import Timeline

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_KEYS = (Qt.Key.Key_A, Qt.Key.Key_B, Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)        # that the timeline knows


class RunModel(QAbstractTableModel):
    """What a timeline shows, as cells; told by `refresh` when that is something else."""

    def __init__(self, timeline: Timeline) -> None:
        super().__init__(timeline)
        self._timeline = timeline
        self._metrics: tuple[str, ...] = ()

    def refresh(self) -> None:
        self.beginResetModel()
        series = self._timeline.series
        self._metrics = series.metrics if series is not None else ()
        self.endResetModel()

    @property
    def first_part(self) -> int:
        """The row of the first part; above it are the metrics."""
        return len(self._metrics)

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._metrics) + len(self._timeline.groups)

    def columnCount(self, parent: Index = _ROOT) -> int:
        series = self._timeline.series
        return 0 if parent.isValid() or series is None else len(series)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        series = self._timeline.series
        if role != Qt.ItemDataRole.DisplayRole or series is None:
            return None
        if orientation == Qt.Orientation.Vertical:
            return core.visible(self._name(section), 60)
        marks = [letter for letter, at in (("A", self._timeline.marks.a), ("B", self._timeline.marks.b)) if at == section]
        best = ["★"] if self._timeline.best is not None and self._timeline.best.at == section else []
        return " ".join((run_words.checkpoint(series, section), *best, *marks))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        series = self._timeline.series
        if not index.isValid() or series is None:
            return None
        row, at = index.row(), index.column()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(series, row, at)
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            said = ", ".join(self._words(series, row, at))
            return words.tip(said) if role == Qt.ItemDataRole.ToolTipRole else said
        if role == Qt.ItemDataRole.ForegroundRole and row >= self.first_part:
            point = self._timeline.groups[row - self.first_part].points[at]
            return QColor(theme.colours().danger) if point is not None and point.broken else None
        return None

    def _name(self, row: int) -> str:
        return self._metrics[row] if row < self.first_part else self._timeline.groups[row - self.first_part].name

    def _text(self, series: core.Series, row: int, at: int) -> str:
        if row < self.first_part:
            return run_words.number(series[at].metrics.get(self._metrics[row]))
        point, measure = self._timeline.groups[row - self.first_part].points[at], self._timeline.measure
        if point is None or not point.read:
            return ""
        if measure == "nan":
            return f"{point.nan:,}"
        if point.broken:
            return "NaN" if point.nan else self.tr("infinite")
        value = {"change": point.change, "norm": point.norm, "std": point.std}[measure]
        return "" if math.isnan(value) else run_words.change(point) if measure == "change" else run_words.number(value)

    def _words(self, series: core.Series, row: int, at: int) -> list[str]:
        """All that is to be said of a cell, its place first."""
        if row >= self.first_part:
            return run_words.cell(series, at, self._timeline.groups[row - self.first_part])
        return [run_words.checkpoint(series, at), core.visible(self._metrics[row], 60),
                run_words.number(series[at].metrics.get(self._metrics[row])) or self.tr("not said")]


class RunTable(QTableView):
    """The table beside a timeline; what is current in one is chosen in the other."""

    open_asked = Signal(int)

    def __init__(self, timeline: Timeline) -> None:
        super().__init__()
        self._timeline = timeline
        self.cells = RunModel(timeline)
        self.setModel(self.cells)
        tables.calm(self, self.tr("Numbers of the run"), padding=15)
        self.setTabKeyNavigation(False)
        self.verticalHeader().show()
        self.activated.connect(lambda index: self.open_asked.emit(index.column()))
        timeline.chosen.connect(self._follow)
        timeline.marked.connect(self._show_marks)

    def refresh(self) -> None:
        """The timeline shows something else."""
        self.cells.refresh()
        self._follow(self._timeline.at, self._timeline.row)

    def _show_marks(self) -> None:
        count = self.cells.columnCount()
        if count:
            self.cells.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, count - 1)

    def _follow(self, at: int, row: int) -> None:
        current = self.currentIndex()
        if current.column() == at and current.row() < self.cells.first_part and current.isValid():
            return                              # among the metrics
        index = self.cells.index(row + self.cells.first_part, at)
        if index.isValid() and index != current:
            self.setCurrentIndex(index)

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        if current.isValid() and self.hasFocus():
            part = current.row() - self.cells.first_part
            self._timeline.choose(current.column(), part if part >= 0 else None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _KEYS and not event.modifiers():
            QApplication.sendEvent(self._timeline, QKeyEvent(QEvent.Type.KeyPress, event.key(), event.modifiers()))
        else:
            super().keyPressEvent(event)
