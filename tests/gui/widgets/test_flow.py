"""Rows that take as many lines as they need: nothing is narrower than its text."""
from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from inspector.gui.widgets.flow import Flow, _Sized, flowing


@pytest.fixture
def row(qtbot: QtBot) -> tuple[QWidget, list[QPushButton], QLineEdit]:
    """Three buttons and a field, 10 pixels apart."""
    made, line = flowing(10)
    qtbot.addWidget(made)
    buttons, field = [QPushButton(text) for text in ("Common", "Each its own", "Per kernel")], QLineEdit()
    field.setMinimumWidth(80)
    for widget in (*buttons, field):
        line.addWidget(widget)
    return made, buttons, field


def _resized(row: QWidget, width: int) -> None:
    row.resize(width, row.heightForWidth(width))
    row.show()


def test_that_what_has_no_room_goes_to_the_next_line_whole(row: tuple[QWidget, list[QPushButton], QLineEdit]) -> None:
    made, buttons, field = row
    _resized(made, sum(button.sizeHint().width() for button in buttons) + 20)
    assert [button.width() for button in buttons] == [button.sizeHint().width() for button in buttons]
    assert len({button.y() for button in buttons}) == 1
    assert field.y() >= buttons[0].geometry().bottom() + 10
    assert field.geometry().bottom() < made.height()


def test_that_a_field_takes_what_its_line_leaves_and_no_more_than_it_may(row: tuple[QWidget, list[QPushButton], QLineEdit]) -> None:
    made, buttons, field = row
    before = sum(button.sizeHint().width() + 10 for button in buttons)
    _resized(made, before + 90)
    assert (field.x(), field.width()) == (before, 90)
    field.setMaximumWidth(120)
    _resized(made, before + 300)
    assert (field.x(), field.width()) == (before, 120)


def test_that_what_is_hidden_takes_no_room(row: tuple[QWidget, list[QPushButton], QLineEdit]) -> None:
    made, buttons, field = row
    buttons[0].hide()
    _resized(made, 600)
    assert buttons[1].x() == 0
    for widget in (*buttons, field):
        widget.hide()
    assert made.heightForWidth(600) == 0


def test_that_what_changes_is_seen_though_sizes_are_kept(row: tuple[QWidget, list[QPushButton], QLineEdit]) -> None:
    made, buttons, field = row
    _resized(made, 2000)
    low = made.heightForWidth(2000)
    assert field.x() == sum(button.sizeHint().width() + 10 for button in buttons)
    buttons[1].setText("A text that takes far more room than what stood there")
    buttons[2].hide()
    QApplication.processEvents()
    assert field.x() == sum(button.sizeHint().width() + 10 for button in buttons[:2])
    buttons[2].show()
    buttons[0].setMinimumSize(300, 4 * low)
    QApplication.processEvents()
    assert made.heightForWidth(2000) == 4 * low
    assert field.x() == 300 + sum(button.sizeHint().width() + 10 for button in buttons[1:]) + 10
    added = QPushButton("One more")
    line = made.layout()
    assert isinstance(line, Flow)
    line.addWidget(added)
    added.show()
    QApplication.processEvents()
    assert added.x() > field.x()
    line.takeAt(0)
    assert made.heightForWidth(2000) == low


def test_that_sizes_are_asked_for_once_however_often_a_page_asks_for_its_height(
        row: tuple[QWidget, list[QPushButton], QLineEdit], monkeypatch: pytest.MonkeyPatch) -> None:
    made, *_ = row
    _resized(made, 300)
    asked: list[object] = []
    of = _Sized.of
    monkeypatch.setattr(_Sized, "of", lambda item: (asked.append(item), of(item))[1])
    for width in (250, 300, 350):
        made.heightForWidth(width)
    assert asked == []
    made.setStyleSheet("* { font-size: 30pt; }")
    QApplication.processEvents()
    assert asked != []
    assert made.heightForWidth(10) > 100
