"""Segments of names that are written from right to left stand where they are in the file, wherever a name is shown."""
from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtGui import QGuiApplication, QImage, QTextCursor
from PySide6.QtWidgets import QLabel, QTableView, QTreeWidget, QTreeWidgetItem, QWidget
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.kit import tables, words
from inspector.gui.widgets.boxes import Prose, label
from inspector.gui.widgets.elided import Elided, ElidedLabel
from inspector.gui.widgets.heading import Heading
from inspector.gui.widgets.preview_table import PreviewTable
from inspector.gui.widgets.row_painter import _Text

KEY, TURNED = "net.שכבה.1.אב.w", "net.אב.1.שכבה.w"


def _elided(text: str) -> QWidget:
    made = Elided()
    made.set_text(text)
    return made


def _elided_label(text: str) -> QWidget:
    made = ElidedLabel()
    made.setText(text)
    return made


def _heading(text: str) -> QWidget:
    made = Heading()
    made.set_name(text)
    return made


def _table(text: str) -> QTableView:
    made = PreviewTable()
    made.shown.show((core.EffectRow("renamed", text, "other"),))
    return made


def _tree(text: str) -> QTreeWidget:
    made = QTreeWidget()
    tables.keep_order(made)
    made.addTopLevelItem(QTreeWidgetItem([text]))
    return made


@pytest.mark.parametrize("make", [_elided, _elided_label, _heading, _table, _tree, label, lambda text: label(text, wrap=True),
                                  lambda text: Prose(text, "name")])
def test_that_segments_stand_in_the_order_of_the_file(make: Callable[[str], QWidget], qtbot: QtBot,
                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    def picture(text: str) -> QImage:
        widget = make(text)
        qtbot.addWidget(widget)
        widget.resize(400, 60)
        widget.show()
        return widget.grab().toImage()

    shown, turned = picture(KEY), picture(TURNED)
    assert shown != turned
    monkeypatch.setattr(core, "isolated", lambda text: text)
    assert picture(TURNED) == shown                 # as Qt turns the whole of it around
    assert picture(KEY) == turned


def test_that_rows_tooltips_and_menus_show_them_so_too() -> None:
    assert _Text(KEY, QGuiApplication.font()).drawn.text() == core.isolated(KEY)
    assert words.tip(KEY) == f"<qt>{core.isolated(KEY)}</qt>"
    assert words.menu_text(KEY) == core.isolated(KEY)


@pytest.mark.parametrize("wrap", [True, False])
def test_that_a_label_says_what_it_was_given(wrap: bool, qtbot: QtBot) -> None:
    made = label(KEY, wrap=wrap)
    qtbot.addWidget(made)
    assert (made.text(), QLabel.text(made)) == (KEY, core.isolated(KEY))


def test_that_what_is_copied_of_prose_has_no_marks_in_it(qtbot: QtBot) -> None:
    made = Prose(f"{KEY} has no elements.", "Finding")
    qtbot.addWidget(made)
    made.moveCursor(QTextCursor.MoveOperation.Start)
    made.moveCursor(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
    assert made.createMimeDataFromSelection().text() == f"{KEY} has no elements."
