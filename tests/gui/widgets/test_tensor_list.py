"""Tensors as a list: rows, columns of its own, their order, and sorting by what values say."""
from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QPainter
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from inspector.gui.frame import list_bar
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.kit import file_dialogs, theme
from inspector.gui.kit.settings import Settings
from inspector.gui.models.tree_lines import Spark
from inspector.gui.models.tree_model import (
    BYTES,
    DIGEST,
    MAX,
    MEAN,
    NAME,
    NAN,
    SHAPE,
    STD,
    VALUES,
    ZEROS,
    TreeModel,
)
from inspector.gui.state import row_values
from inspector.gui.state.session import Selection, Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets import tree_delegate
from inspector.gui.widgets.row_painter import Ink
from inspector.gui.widgets.tree_view import TreeView

Idle = Callable[[Tasks], None]
DESCENDING = Qt.SortOrder.DescendingOrder
STDS = {"enc.0.w": 1.0, "enc.0.b": 3.0, "enc.1.w": 2.0, "head.w": 0.5}


@pytest.fixture
def window(session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot, tmp_path: Path) -> MainWindow:
    path = tmp_path / "net.pth"
    sample = torch.tensor([-1.0, 1.0])
    torch.save({"epoch": 3, "model": {key: std * sample.repeat(n + 1) for n, (key, std) in enumerate(STDS.items())}}, path)
    made = MainWindow(session, tasks, settings)
    qtbot.addWidget(made)
    made.resize(1400, 800)
    with qtbot.waitExposed(made):
        made.show()
    made.open_paths([str(path)])
    settle(made, qtbot)
    return made


def settle(window: MainWindow, qtbot: QtBot) -> None:
    """Until nothing runs, and nothing is about to."""
    qtbot.waitUntil(lambda: not window.tasks.running and not window.tree._look.isActive()
                    and all(document.checkpoint is not None for document in window.session.documents))


def names(model: TreeModel) -> list[str]:
    return [model.line(row).texts[NAME] for row in range(model.rowCount())]


def shown(view: TreeView) -> list[int]:
    header = view.horizontalHeader()
    return [column for place in range(header.count()) if not view.isColumnHidden(column := header.logicalIndex(place))]


def test_that_a_list_has_whole_keys_below_the_file(window: MainWindow, qtbot: QtBot) -> None:
    ModelTester(window.model)
    window.menus["list"].trigger()
    settle(window, qtbot)
    assert window.as_list.isChecked()
    assert names(window.model) == ["net.pth", *(f"model.{key}" for key in STDS), "epoch"]
    window.tree.set_expanded(0, False)
    assert names(window.model) == ["net.pth"]
    window.tree.set_expanded(0, True)
    assert window.model.parent_row(2) == 0
    window.as_list.click()
    settle(window, qtbot)
    assert "model" in names(window.model)


def test_that_beside_panels_there_is_one_number_and_alone_there_are_many(window: MainWindow, qtbot: QtBot) -> None:
    window.menus["list"].trigger()
    settle(window, qtbot)
    assert shown(window.tree) == [NAME, SHAPE, STD]
    window.menus["panels"].trigger()
    settle(window, qtbot)
    assert {VALUES, SHAPE, MAX, MEAN, STD, NAN, ZEROS, BYTES} <= set(shown(window.tree))
    assert shown(window.tree)[:3] == [NAME, VALUES, SHAPE]
    window.menus["panels"].trigger()
    window.menus["list"].trigger()
    settle(window, qtbot)
    assert not set(shown(window.tree)) & {VALUES, STD}


def test_that_cells_say_what_was_read(window: MainWindow, qtbot: QtBot) -> None:
    window.menus["panels"].trigger()
    window.menus["list"].trigger()
    assert window.model.line(1).text(STD) in ("…", "1")
    settle(window, qtbot)
    assert [window.model.line(row).text(STD) for row in range(1, 5)] == ["1", "3", "2", "0.5"]
    spark = window.model.line(1).spark
    assert spark is not None
    assert (spark.low, spark.high) == (-1, 1)
    assert spark.heights[0] == spark.heights[-1] == 255
    assert not any(spark.heights[1:-1])
    assert not window.list_bar.isVisible()
    assert not window.tree.grab().isNull()
    window.tree.select_row(1)
    window.tree.copy_rows()
    assert "\t".join(("1", "0", "1", "0", "0")) in QGuiApplication.clipboard().text()


def test_that_a_click_on_a_heading_sorts_by_values(window: MainWindow, qtbot: QtBot) -> None:
    window.menus["list"].trigger()
    settle(window, qtbot)
    window.tree.horizontalHeader().setSortIndicator(STD, DESCENDING)
    settle(window, qtbot)
    assert names(window.model)[1:5] == ["model.enc.0.b", "model.enc.1.w", "model.enc.0.w", "model.head.w"]
    assert names(window.model)[5] == "epoch"
    window.search.setText("enc")
    settle(window, qtbot)
    assert names(window.model)[1:] == ["model.enc.0.b", "model.enc.1.w", "model.enc.0.w"]
    window.search.setText("")
    window.tree.horizontalHeader().setSortIndicator(NAME, DESCENDING)
    settle(window, qtbot)
    assert names(window.model)[1:5] == [f"model.{key}" for key in sorted(STDS, reverse=True)]
    window.tree.horizontalHeader().setSortIndicator(STD, DESCENDING)
    window.menus["list"].trigger()          # a tree has no such column
    settle(window, qtbot)
    assert window.model.sorting is None


def test_that_sorting_by_what_is_not_read_asks_where_that_is_much(window: MainWindow, qtbot: QtBot,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (row_values, list_bar):
        monkeypatch.setattr(module, "UNASKED", 0)
    window.menus["list"].trigger()
    settle(window, qtbot)
    bar = window.list_bar
    assert bar.isVisible()
    assert bar.text.text == "The values of 0 of 4 tensors are read."
    assert bar.read.text() == "Read 80 B"
    header = window.tree.horizontalHeader()
    header.setSortIndicator(STD, DESCENDING)
    settle(window, qtbot)
    assert bar.read.text() == "Read 80 B to sort by Std"
    assert names(window.model)[1] == "model.enc.0.w"
    bar.leave.click()
    assert header.sortIndicatorSection() not in (STD,)
    assert window.model.waits_to_sort is None
    header.setSortIndicator(STD, DESCENDING)
    bar.read.click()
    settle(window, qtbot)
    assert names(window.model)[1] == "model.enc.0.b"
    assert not bar.isVisible()


def test_that_digests_are_read_when_their_column_is_wanted(window: MainWindow, qtbot: QtBot) -> None:
    window.menus["list"].trigger()
    window.tree.choose_column(DIGEST, True)
    settle(window, qtbot)
    said = window.model.line(1).text(DIGEST)
    assert len(said) == 12
    assert set(said) <= set("0123456789abcdef")
    assert window.model.measured(1, DIGEST).startswith(said)


def test_that_headings_are_dragged_and_come_back_as_they_were(window: MainWindow, qtbot: QtBot, session: Session) -> None:
    window.menus["list"].trigger()
    settle(window, qtbot)
    tree, header = window.tree, window.tree.horizontalHeader()
    header.moveSection(header.visualIndex(STD), 1)
    tree.choose_column(MAX, True)
    assert shown(tree) == [NAME, STD, SHAPE, MAX]
    kept = tree.chosen_columns
    window.menus["list"].trigger()
    assert shown(tree)[:2] == [NAME, SHAPE]         # the tree has its own order
    window.menus["list"].trigger()
    assert shown(tree) == [NAME, STD, SHAPE, MAX]
    next(action for action in tree.columns_menu().actions() if action.text() == "As It Was").trigger()
    assert shown(tree) == [NAME, SHAPE, STD]
    tree.choose_columns(kept)
    assert shown(tree) == [NAME, STD, SHAPE, MAX]


def test_that_the_list_is_there_again_in_the_next_window(window: MainWindow, qtbot: QtBot, settings: Settings) -> None:
    window.menus["list"].trigger()
    window.tree.choose_column(MAX, True)
    window.keep_layout()
    other = MainWindow(Session(), window.tasks, settings)
    qtbot.addWidget(other)
    assert other.menus["list"].isChecked()
    assert other.model.flat
    assert not other.tree.isColumnHidden(MAX)


def test_that_a_key_chosen_elsewhere_is_found_in_the_list(window: MainWindow, qtbot: QtBot, session: Session) -> None:
    window.menus["list"].trigger()
    settle(window, qtbot)
    session.select(Selection(session.documents[0].id, "model.enc.1.w", ("model.enc.1.w",)))
    assert window.model.line(window.tree.currentIndex().row()).key == "model.enc.1.w"
    window.tree.keyboardSearch("model.head")
    assert window.model.line(window.tree.currentIndex().row()).key == "model.head.w"
    window.menus["list"].trigger()
    settle(window, qtbot)
    assert window.model.line(window.tree.currentIndex().row()).key == "model.head.w"


def test_that_hits_are_marked_inside_names(window: MainWindow, qtbot: QtBot) -> None:
    window.menus["list"].trigger()
    window.tree.clearSelection()

    def marked() -> int:
        picture, ground = window.tree.viewport().grab().toImage(), QColor(theme.current().colours.warning_background)
        return sum(picture.pixelColor(x, y) == ground for x in range(0, picture.width(), 2) for y in range(0, picture.height(), 4))

    settle(window, qtbot)
    assert marked() == 0
    window.search.setText("enc")
    settle(window, qtbot)
    some = marked()
    assert some > 0
    window.search.setText("enc -head")
    settle(window, qtbot)
    assert marked() == some


def test_that_small_histograms_come_a_few_in_a_turn_until_all_stand_there(window: MainWindow, qtbot: QtBot,
                                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: dict[int, list[object]] = {}
    turns = [0]
    draw, more = tree_delegate.TreeDelegate._draw_spark, tree_delegate.TreeDelegate._draw_more

    def draw_spark(self: tree_delegate.TreeDelegate, painter: QPainter, cell: QRectF, spark: Spark, span: tuple[float, float],
                   ink: Ink) -> None:
        drawn.setdefault(turns[0], []).append(spark)
        draw(self, painter, cell, spark, span, ink)

    def draw_more(self: tree_delegate.TreeDelegate) -> None:
        turns[0] += 1
        more(self)

    monkeypatch.setattr(tree_delegate, "NEW_SPARKS", 1)
    monkeypatch.setattr(tree_delegate.TreeDelegate, "_draw_spark", draw_spark)
    delegate = window.tree.itemDelegate()
    assert isinstance(delegate, tree_delegate.TreeDelegate)
    delegate._turn.timeout.disconnect()
    delegate._turn.timeout.connect(lambda: draw_more(delegate))
    window.menus["panels"].trigger()
    window.menus["list"].trigger()
    settle(window, qtbot)
    sparks = {window.model.line(row).spark for row in range(1, 5)}
    assert len(sparks) == 4
    qtbot.waitUntil(lambda: sparks <= {spark for some in drawn.values() for spark in some})
    assert {len(some) for some in drawn.values()} == {1}


def test_that_small_histograms_share_the_range_of_their_kind_of_what_is_found(window: MainWindow, qtbot: QtBot) -> None:
    window.menus["panels"].trigger()
    window.menus["list"].trigger()
    settle(window, qtbot)
    kinds = {spark.kind for row in range(window.model.rowCount()) if (spark := window.model.line(row).spark) is not None}
    weights, biases = (next(kind for kind in kinds if kind[0] == name) for name in "wb")
    assert window.model.range_of(weights) == pytest.approx((-2, 2), abs=0.1)
    assert window.model.range_of(biases) == pytest.approx((-3, 3), abs=0.1)
    assert window.model.range_of(("w", 9)) is None
    window.search.setText("head")
    settle(window, qtbot)
    assert window.model.range_of(weights) == pytest.approx((-0.5, 0.5), abs=0.1)


def saved(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, path: Path) -> list[dict[str, str]]:
    monkeypatch.setattr(file_dialogs, "ask_where_to_save", lambda *asked: str(path))
    window.menus["save-rows"].trigger()
    settle(window, qtbot)
    with path.open(newline="", encoding="utf-8") as lines:
        return [*csv.DictReader(lines, delimiter="," if path.suffix == ".csv" else "\t")]


def test_that_the_list_is_saved_as_it_is_shown(window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    window.menus["list"].setChecked(True)
    settle(window, qtbot)
    tree = window.tree
    for column in range(tree.model().columnCount()):
        tree.setColumnHidden(column, column not in (NAME, SHAPE, BYTES, STD))
    tree.columns_changed.emit()
    tree.horizontalHeader().moveSection(tree.horizontalHeader().visualIndex(STD), 1)
    tree.sortByColumn(STD, DESCENDING)
    settle(window, qtbot)
    for ending in (".tsv", ".csv"):
        rows = saved(window, qtbot, monkeypatch, tmp_path / f"rows{ending}")
        assert list(rows[0]) == ["Name", "Std", "Shape", "Bytes"]
        tensors = [row for row in rows if row["Std"]]
        assert [(row["Name"], float(row["Std"])) for row in tensors] == [
            (f"model.{key}", pytest.approx(std)) for key, std in sorted(STDS.items(), key=lambda one: -one[1])]
        assert {row["Name"]: (row["Shape"], row["Bytes"]) for row in tensors}["model.enc.0.b"] == ("4", "16")
    assert next(row for row in rows if row["Name"] == "epoch")["Shape"] == "3"          # a value stands where it is shown
    assert "5 rows" in window.statusBar().currentMessage()
    tree.sortByColumn(NAME, Qt.SortOrder.AscendingOrder)
    window.search.setText("enc")
    settle(window, qtbot)
    qtbot.waitUntil(lambda: len(saved(window, qtbot, monkeypatch, tmp_path / "some.tsv")) == 3)


def test_that_what_was_not_read_is_left_empty_and_said(window: MainWindow, qtbot: QtBot, tmp_path: Path,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_values, "UNASKED", 0)
    window.menus["list"].setChecked(True)
    settle(window, qtbot)
    values = window.model.values_of(window.session.documents[0].id)
    assert values is not None
    values.state[:] = row_values.UNREAD
    monkeypatch.setattr(window.tree.reader, "look", lambda *asked: None)
    rows = saved(window, qtbot, monkeypatch, tmp_path / "rows.tsv")
    assert {row["Std"] for row in rows} == {""}
    assert "left empty, in 4 of them" in window.statusBar().currentMessage()


def test_that_rows_of_a_tree_are_saved_with_their_groups_and_no_file_is_written_over(
        window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    window.menus["expand"].trigger()
    settle(window, qtbot)
    rows = saved(window, qtbot, monkeypatch, tmp_path / "tree.tsv")
    assert {row["Name"] for row in rows} >= {"model", "model.enc.0", "model.head.w", "epoch"}
    taken = tmp_path / "net.pth"
    monkeypatch.setattr(file_dialogs, "ask_where_to_save", lambda *asked: str(taken))
    window.menus["save-rows"].trigger()
    settle(window, qtbot)
    assert "Saved" not in window.statusBar().currentMessage()
    assert torch.load(taken, weights_only=True)["epoch"] == 3
