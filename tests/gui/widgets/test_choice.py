"""One of a few, side by side."""
from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from inspector.gui.widgets.choice import Choice


def test_that_one_is_always_chosen_and_only_a_person_is_told(qtbot: QtBot) -> None:
    choice = Choice("y", [("Count", 1), ("Log count", 2), ("Density", 3)])
    qtbot.addWidget(choice)
    choice.show()
    told: list[int] = []
    choice.chosen.connect(lambda: told.append(choice.data))
    assert choice.data == 1
    choice.choose(3)
    assert (choice.data, told) == (3, [])
    buttons = choice.findChildren(QPushButton)
    qtbot.mouseClick(buttons[1], Qt.MouseButton.LeftButton)
    assert told == [2]
    QTest.keyClick(buttons[1], Qt.Key.Key_Space)
    assert choice.data == 2
    assert [button.accessibleName() for button in buttons] == ["y: Count", "y: Log count", "y: Density"]
