"""That somebody is doing something is known, in whichever window."""
from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from inspector.gui.frame.input_watch import InputWatch
from inspector.gui.state.tasks import Tasks


class Counting(Tasks):
    stirred = 0

    def stir(self) -> None:
        self.stirred += 1
        super().stir()


@pytest.fixture
def counting(qapp: object) -> Iterator[Counting]:
    made = Counting()
    yield made
    made.close(10)


def shown(qtbot: QtBot) -> QLineEdit:
    made = QLineEdit()
    qtbot.addWidget(made)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


def key(widget: QWidget) -> None:
    QTest.keyClick(widget.windowHandle(), Qt.Key.Key_A)


def click(widget: QWidget) -> None:
    QTest.mouseClick(widget.windowHandle(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(5, 5))


def wheel(widget: QWidget) -> None:
    QTest.wheelEvent(widget.windowHandle(), QPoint(5, 5), QPoint(0, -120))


@pytest.mark.parametrize("act", [key, click, wheel])
def test_that_keys_clicks_and_the_wheel_are_something(act: Callable[[QWidget], None], qapp: QApplication, counting: Counting,
                                                      qtbot: QtBot) -> None:
    window = shown(qtbot)
    watch = InputWatch(qapp, counting, window)
    before = counting.stirred
    act(window)
    assert counting.stirred > before
    watch.deleteLater()


def test_that_a_dialog_is_watched_and_then_the_window_again(qapp: QApplication, counting: Counting, qtbot: QtBot) -> None:
    window = shown(qtbot)
    watch = InputWatch(qapp, counting, window)
    dialog = shown(qtbot)
    before = counting.stirred
    key(dialog)
    assert counting.stirred > before
    with qtbot.waitActive(window):
        dialog.close()
        window.activateWindow()
    before = counting.stirred
    key(window)
    assert counting.stirred > before
    watch.deleteLater()


def test_that_what_changes_without_anybody_is_nothing(qapp: QApplication, counting: Counting, qtbot: QtBot) -> None:
    window = shown(qtbot)
    watch = InputWatch(qapp, counting, window)
    before = counting.stirred
    with qtbot.waitSignal(window.textChanged):
        window.setText("more")
    window.resize(300, 200)
    window.repaint()
    assert counting.stirred == before
    watch.deleteLater()
