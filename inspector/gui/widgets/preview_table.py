"""The table of keys before and after an edit: only what is on the screen is ever asked for."""
from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHeaderView, QTableView, QWidget

from inspector import core
from inspector.gui.kit import icons, tables, theme, words
from inspector.gui.state import edit_words
from inspector.gui.state.pending_edits import Preview

_ROOT = QModelIndex()
_PICTURES = {"renamed": "next", "dropped": "close", "changed": "edit", "new": "add"}
_TONES = {"renamed": "accent", "dropped": "danger", "changed": "warning", "new": "ok"}


class PreviewModel(QAbstractTableModel):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[core.EffectRow, ...] = ()

    def show(self, rows: tuple[core.EffectRow, ...]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else 2

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (self.tr("Before"), self.tr("After"))[section]
        return None

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, after = self.rows[index.row()], index.column() == 1
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, after)
        if role == Qt.ItemDataRole.ToolTipRole:
            return words.tip(self._text(row, after))
        c = theme.colours()
        if role == Qt.ItemDataRole.DecorationRole and after:
            return icons.icon(_PICTURES[row.kind], str(c._asdict()[_TONES[row.kind]]))
        if role == Qt.ItemDataRole.ForegroundRole:
            gone = row.kind == "dropped"
            return QColor(c.muted if gone and after else c.text if after or gone else c.muted)
        return None

    def _text(self, row: core.EffectRow, after: bool) -> str:
        if after and row.kind == "dropped":
            return self.tr("left out")
        return edit_words.row_texts(row)[after]


class PreviewTable(QTableView):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shown = PreviewModel(self)
        self.setModel(self.shown)
        tables.calm(self, self.tr("Keys before and after"))
        tables.list_rows(self)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        for each in (header, self.verticalHeader()):        # a header asks whether whole columns are selected, cell by cell
            each.setSectionsClickable(False)

    def show_preview(self, found: Preview | None) -> None:
        rows = found.rows if found is not None else ()
        if rows is not self.shown.rows:
            self.shown.show(rows)
