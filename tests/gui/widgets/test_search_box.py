"""The search box: filters, counts, explains, and lets go."""
from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.kit import theme
from inspector.gui.models.tree_model import TreeModel
from inspector.gui.state.session import Session
from inspector.gui.widgets.search_box import SearchBox
from inspector.gui.widgets.tree_view import TreeView


@pytest.fixture
def box(session: Session, qtbot: QtBot) -> Iterator[SearchBox]:
    top = QWidget()
    qtbot.addWidget(top)
    tree = TreeView(session, TreeModel(session), top)
    tree.setGeometry(0, 60, 600, 300)
    box = SearchBox(tree, top)
    box.setGeometry(0, 0, 600, 60)
    with qtbot.waitExposed(top):
        top.show()
    top.activateWindow()
    box.setFocus()
    document = session.add("/x/model.pt")
    keys = ("enc.q_proj", "enc.k_proj", "head")
    session.loaded(document.id, core.Checkpoint("/x/model.pt", "torch-zip", "state-dict", (), {
        key: core.TensorInfo(key, (2, 3), "float32", "cpu", (3, 1), 0, key, 0) for key in keys}, {"epoch": 1}))
    yield box
    top.close()


def rows(box: SearchBox) -> int:
    return box.tree.tree_model.rowCount()


def test_that_typing_filters_after_a_moment(box: SearchBox, qtbot: QtBot) -> None:
    QTest.keyClicks(box.edit, "q_proj")
    assert rows(box) == 6
    qtbot.waitUntil(lambda: rows(box) == 3)
    assert box.tree.tree_model.counts == (1, 4)


def test_that_escape_clears_and_then_leaves(box: SearchBox) -> None:
    box.setText("q_proj")
    assert rows(box) == 3
    QTest.keyClick(box.edit, Qt.Key.Key_Escape)
    assert box.text() == ""
    assert rows(box) == 6
    QTest.keyClick(box.edit, Qt.Key.Key_Escape)
    assert box.tree.hasFocus()


@pytest.mark.parametrize("key", [Qt.Key.Key_Down, Qt.Key.Key_Return])
def test_that_down_goes_to_the_tree_with_what_is_typed(box: SearchBox, qtbot: QtBot, key: Qt.Key) -> None:
    QTest.keyClicks(box.edit, "k_proj")
    with qtbot.waitSignal(box.left):
        QTest.keyClick(box.edit, key)
    assert rows(box) == 3
    assert box.tree.hasFocus()
    assert box.tree.currentIndex().row() == 2


def test_that_a_bad_term_is_explained_and_nothing_is_lost(box: SearchBox) -> None:
    box.setText("q_proj shape:4y")
    assert rows(box) == 3
    assert box.text() == "q_proj shape:4y"
    assert box.hint.text() == "shape:4y is not understood. Write shapes like shape:4096 or shape:64x3x7x7."
    assert box.edit.palette().color(QPalette.ColorRole.Text).name() == theme.colours().danger
    box.setText("q_proj shape:")
    assert box.hint.text() == "Write shapes like shape:4096 or shape:64x3x7x7."
    assert box.edit.palette().color(QPalette.ColorRole.Text).name() == theme.colours().text
    box.setText("q_proj")
    assert not box.hint.isVisible()


def test_that_markup_in_a_bad_term_stays_text(box: SearchBox) -> None:
    box.setText("shape:<b>x</b>")
    assert box.hint.textFormat() == Qt.TextFormat.PlainText
    assert "<b>x</b>" in box.hint.text()


def test_that_the_count_follows_documents_that_come_and_go(box: SearchBox, session: Session) -> None:
    box.setText("proj")
    assert box.tree.tree_model.counts == (2, 4)
    session.remove(session.documents[0].id)
    assert box.tree.tree_model.counts == (0, 0)


def test_that_the_warning_colour_follows_the_theme(box: SearchBox) -> None:
    box.setText("dtype:quark")
    for choice, colours in (("dark", theme.DARK), ("light", theme.LIGHT)):
        theme.current().choose(choice)
        assert box.edit.palette().color(QPalette.ColorRole.Text).name() == colours.danger
        assert box.hint.palette().color(QPalette.ColorRole.WindowText).name() == colours.danger


def test_that_the_box_has_a_name_and_teaches_its_language(box: SearchBox) -> None:
    assert box.edit.accessibleName()
    assert "dtype:bf16" in box.edit.placeholderText()



def test_that_finding_hides_nothing_and_goes_from_hit_to_hit(box: SearchBox, qtbot: QtBot) -> None:
    box.set_hides(False)
    before = rows(box)
    assert box.edit.placeholderText().startswith("Find:")
    QTest.keyClicks(box.edit, "proj")
    qtbot.waitUntil(lambda: box.tree.currentIndex().row() >= 0)
    assert rows(box) >= before
    assert box.tree.tree_model.counts == (2, 4)
    first = box.tree.currentIndex().row()
    assert box.tree.tree_model.is_hit(first)
    QTest.keyClick(box.edit, Qt.Key.Key_Return)
    second = box.tree.currentIndex().row()
    assert second != first
    assert box.tree.tree_model.is_hit(second)
    QTest.keyClick(box.edit, Qt.Key.Key_Return)
    assert box.tree.currentIndex().row() == first
    QTest.keyClick(box.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert box.tree.currentIndex().row() == second
    assert box.edit.hasFocus()
    QTest.keyClick(box.edit, Qt.Key.Key_Down)
    assert box.tree.hasFocus()
    assert box.tree.currentIndex().row() == second
    box.setText("")
    assert rows(box) >= before
    assert box.tree.currentIndex().row() == second


def test_that_return_right_after_typing_goes_to_the_first_hit_and_not_past_it(box: SearchBox) -> None:
    box.set_hides(False)
    QTest.keyClicks(box.edit, "head")
    QTest.keyClick(box.edit, Qt.Key.Key_Return)
    assert box.tree.tree_model.is_hit(box.tree.currentIndex().row())
    assert box.edit.hasFocus()


def test_that_escape_in_the_tree_clears_the_filter_too_and_stays_there(box: SearchBox) -> None:
    box.setText("q_proj")
    box.tree.setFocus()
    box.tree.select_row(2)
    QTest.keyClick(box.tree, Qt.Key.Key_Escape)
    assert (box.text(), rows(box)) == ("", 6)
    assert box.tree.hasFocus()
    assert box.tree.tree_model.line(box.tree.currentIndex().row()).key == "enc.q_proj"
