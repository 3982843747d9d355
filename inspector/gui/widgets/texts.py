"""Long texts and tables from a file: a value, whole; metadata by name."""
from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QPlainTextEdit, QPushButton, QTableWidget, QTableWidgetItem

from inspector import core
from inspector.gui.kit import icons, tables, words

from .boxes import FactBox

TEXT_SHOWN = 64 * 1024          # characters of a text value before "Show all"
METADATA_ROWS = 500
translate = QCoreApplication.translate


def value_box(value: core.Plain) -> FactBox:
    """A plain value, a long text in part until more is asked for, and a button that copies all of it."""
    raw = full_text(value)
    box = FactBox(translate("Texts", "Value"))
    text = QPlainTextEdit()
    text.setReadOnly(True)
    text.setAcceptDrops(False)
    text.setAccessibleName(translate("Texts", "Value"))
    text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
    text.setPlainText(_lines(raw[:TEXT_SHOWN]))
    lines = min(max(raw[:TEXT_SHOWN].count("\n") + 1 + len(raw) // 70, 3), 24)
    text.setFixedHeight(text.fontMetrics().lineSpacing() * lines + 24)
    box.body.addWidget(text)
    buttons = QHBoxLayout()
    copy = QPushButton(translate("Texts", "Copy value"))
    icons.put(copy, "copy")
    copy.setAccessibleName(copy.text())
    copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(raw))
    buttons.addWidget(copy)
    if len(raw) > TEXT_SHOWN:
        more = QPushButton(translate("Texts", "Show all {n} characters").format(n=f"{len(raw):,}"))
        more.setAccessibleName(more.text())
        more.clicked.connect(lambda: text.setPlainText(_lines(raw)))
        more.clicked.connect(more.hide)
        buttons.addWidget(more)
    buttons.addStretch(1)
    box.body.addLayout(buttons)
    return box


def full_text(value: core.Plain) -> str:
    """A plain value as text, whole: a string as it is, an unknown object as its one line."""
    if isinstance(value, str):
        return value
    if isinstance(value, core.Opaque):
        return value.text
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 8000:
        return hex(value)               # decimal digits of a huge integer take quadratic time
    return repr(value)


def _lines(raw: str) -> str:
    """Text with its own line breaks and tabs, everything else invisible made visible. A line without end is broken up, since Qt
    lays out one paragraph at a time."""
    step = 2000
    shown = []
    for line in raw.replace("\r\n", "\n").split("\n"):
        for start in range(0, len(line), step) or (0,):
            piece = line[start:start + step]
            shown.append("\t".join(core.visible(part, step) for part in piece.split("\t")))
    return "\n".join(shown)


def table_of(entries: Mapping[str, str], first: str, second: str) -> QTableWidget:
    """Names and texts, each with a tooltip of its own."""
    rows = list(entries.items())[:METADATA_ROWS]
    table = QTableWidget(len(rows), 2)
    table.setHorizontalHeaderLabels([first, second])
    tables.calm(table, f"{first}, {second}")
    tables.list_rows(table)
    table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
    for row, (name, text) in enumerate(rows):
        for column, raw in enumerate((name, text)):
            item = QTableWidgetItem(core.visible(raw, 400))
            item.setToolTip(words.tip(raw))
            table.setItem(row, column, item)
    table.setMinimumHeight(220)
    return table
