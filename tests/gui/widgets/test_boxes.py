"""What panels are made of."""
from __future__ import annotations

import pytest
from PySide6.QtGui import QFont, QGuiApplication, QPaintEvent, QTextDocument
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from inspector.gui.widgets.boxes import ProgressBar, Prose, label


def lines_of(prose: Prose) -> list[str]:
    block = prose.document().begin()
    layout, text = block.layout(), block.text()
    return [text[line.textStart():line.textStart() + line.textLength()] for line in map(layout.lineAt, range(layout.lineCount()))]


def test_that_no_line_begins_with_a_unit_and_what_is_copied_has_plain_spaces(qtbot: QtBot) -> None:
    text = "A state dict (57 tensors, 3.17 M parameters) of 64 × 3 × 7 × 7, which is 67 % of 12.7 MB."
    prose = Prose(text, "What it is")
    qtbot.addWidget(prose)
    prose.show()
    for width in range(90, 420, 15):
        prose.resize(width, prose.heightForWidth(width))
        QGuiApplication.processEvents()
        assert not [line for line in lines_of(prose) if line.startswith(("M ", "MB", "%", "×"))]
    assert prose.toPlainText() == text
    prose.selectAll()
    prose.copy()
    assert QGuiApplication.clipboard().text() == text


def test_that_a_label_that_wraps_keeps_numbers_with_their_units_too(qtbot: QtBot) -> None:
    made = label("of 3.17 M", wrap=True)
    qtbot.addWidget(made)
    assert made.text() == "of 3.17 M"
    assert QLabel.text(made) == "of 3.17\u00a0M"


def test_that_a_text_is_laid_out_once_for_each_width_it_does_not_fit(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    prose = Prose("words that fit in a line", "Text")
    qtbot.addWidget(prose)
    laid_out: list[int] = []
    page = prose._page

    def noted(width: int) -> QTextDocument:
        laid_out.append(width)
        return page(width)

    monkeypatch.setattr(prose, "_page", noted)
    one = prose.heightForWidth(2000)
    heights = [prose.heightForWidth(width) for width in (60, 61, 60, 61, 900, 800)]
    assert heights[0] == heights[2] > one
    assert heights[4:] == [one, one]
    assert len(laid_out) == 3
    prose.setFont(QFont(prose.font().family(), 40))
    assert prose.heightForWidth(2000) > one


def test_that_a_bar_that_moves_has_nothing_painted_in_the_same_turn(qtbot: QtBot) -> None:
    class Beside(QLabel):
        painted = 0

        def paintEvent(self, event: QPaintEvent) -> None:
            super().paintEvent(event)
            self.painted += 1

    window, beside, bar = QWidget(), Beside("x"), ProgressBar()
    qtbot.addWidget(window)
    layout = QVBoxLayout(window)
    layout.addWidget(beside)
    layout.addWidget(bar)
    with qtbot.waitExposed(window):
        window.show()
    qtbot.waitUntil(lambda: beside.painted > 0)
    QGuiApplication.processEvents()
    before = beside.painted
    beside.update()
    bar.setValue(50)
    assert (beside.painted, bar.value()) == (before, 50)
    qtbot.waitUntil(lambda: beside.painted > before)
    assert bar.updatesEnabled()
