"""The tree under hands: keys, clicks, menu, selection, columns."""
from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QItemSelectionModel, QPoint, QRect, Qt
from PySide6.QtGui import QDesktopServices, QFocusEvent, QGuiApplication, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QStyle, QStyleOptionViewItem
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.kit import theme
from inspector.gui.models import tree_model
from inspector.gui.models.key_tree import build_key_tree
from inspector.gui.models.tree_model import BYTES, DEVICE, DTYPE, NAME, PARAMETERS, SHAPE, TreeModel
from inspector.gui.models.tree_rows import TreeRows
from inspector.gui.state.session import Selection, Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets import row_painter, tree_view
from inspector.gui.widgets.tree_delegate import arrow_rect
from inspector.gui.widgets.tree_view import TreeView

NET = ("enc.0.w", "enc.0.b", "enc.1.w", "enc.1.b", "head.w")
Key = Qt.Key


def tensor(key: str, shape: tuple[int, ...] = (2, 3), **more: Any) -> core.TensorInfo:
    return core.TensorInfo(key, shape, "float32", "cpu", (1,) * len(shape), 0, key, 0, **more)


def checkpoint(*keys: str, **values: Any) -> core.Checkpoint:
    return core.Checkpoint("/x/model.pt", "torch-zip", "state-dict", (), {key: tensor(key) for key in keys}, values)


@pytest.fixture
def view(session: Session, qtbot: QtBot) -> TreeView:
    view = TreeView(session, TreeModel(session))
    qtbot.addWidget(view)
    view.resize(620, 500)
    with qtbot.waitExposed(view):
        view.show()
    view.activateWindow()
    view.setFocus()
    return view


@pytest.fixture
def show(session: Session) -> Callable[..., int]:
    def show(*keys: str, path: str = "/x/model.pt", **values: Any) -> int:
        document = session.add(path)
        session.loaded(document.id, checkpoint(*keys, **values))
        return document.id
    return show


def names(view: TreeView) -> list[str]:
    return [view.model().index(row, NAME).data() for row in range(view.model().rowCount())]


def row_of(view: TreeView, name: str) -> int:
    return names(view).index(name)


def press(view: TreeView, *keys: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> str:
    """Presses keys and gives the name of the row that is then current."""
    for key in keys:
        QTest.keyClick(view, key, modifier)
    return str(view.tree_model.index(view.currentIndex().row(), NAME).data())


def click(view: TreeView, row: int, *, arrow: bool = False, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
          double: bool = False) -> None:
    cell = view.visualRect(view.model().index(row, NAME))
    place = arrow_rect(view.tree_model.line(row), cell).center() if arrow else QPoint(cell.right() - 20, cell.center().y())
    act = QTest.mouseDClick if double else QTest.mouseClick
    act(view.viewport(), Qt.MouseButton.LeftButton, modifier, place)


# -- keys -------------------------------------------------------------------------------------------------------------


def test_that_arrows_walk_expand_and_collapse(view: TreeView, show: Callable[..., int]) -> None:
    show(*NET)
    view.select_row(0)
    assert press(view, Key.Key_Down) == "enc"
    assert press(view, Key.Key_Right) == "0"                       # already open: to the first child
    assert press(view, Key.Key_Left) == "0"
    assert "w" not in names(view)[2:4]
    assert press(view, Key.Key_Left) == "enc"
    assert press(view, Key.Key_Left, Key.Key_Left) == "model.pt"
    assert names(view) == ["model.pt", "enc", "head.w"]
    assert press(view, Key.Key_Left, Key.Key_Left) == "model.pt"
    assert names(view) == ["model.pt"]
    assert press(view, Key.Key_Right, Key.Key_Right, Key.Key_Right, Key.Key_Down) == "0"
    assert press(view, Key.Key_Up) == "enc"


def test_that_home_end_and_pages_go_through_the_rows(view: TreeView, show: Callable[..., int]) -> None:
    show(*(f"w{i}" for i in range(100)))
    view.select_row(50)
    assert press(view, Key.Key_End) == "w99"
    assert press(view, Key.Key_Home) == "model.pt"
    assert press(view, Key.Key_PageDown) not in ("model.pt", "w99")
    assert press(view, Key.Key_PageUp) == "model.pt"
    press(view, Key.Key_End, modifier=Qt.KeyboardModifier.ShiftModifier)
    assert view.selected_ranges() == [(0, 100)]


def test_that_star_plus_minus_and_enter_open_and_close(view: TreeView, show: Callable[..., int]) -> None:
    show(*NET)
    view.collapse_all()
    view.select_row(row_of(view, "enc"))
    QTest.keyClicks(view, "*")
    assert len(names(view)) == 9
    QTest.keyClicks(view, "-")
    assert names(view) == ["model.pt", "enc", "head.w"]
    QTest.keyClicks(view, "+")
    assert len(names(view)) == 9
    press(view, Key.Key_Return)
    assert len(names(view)) == 3
    press(view, Key.Key_Enter, modifier=Qt.KeyboardModifier.KeypadModifier)
    assert len(names(view)) == 9
    assert press(view, Key.Key_Return) == "enc"


def pause(view: TreeView) -> None:
    """After which typing begins a new name."""
    QApplication.sendEvent(view, QFocusEvent(QEvent.Type.FocusOut))


def test_that_typing_goes_to_names(view: TreeView, show: Callable[..., int]) -> None:
    show("conv1.w", "conv2.w", "fc.w")
    view.select_row(0)
    QTest.keyClicks(view, "f")
    assert view.currentIndex().row() == row_of(view, "fc.w")
    pause(view)
    QTest.keyClicks(view, "con")
    assert view.currentIndex().row() == row_of(view, "conv1.w")
    pause(view)
    QTest.keyClicks(view, "c")
    assert view.currentIndex().row() == row_of(view, "conv2.w")
    QTest.keyClicks(view, "c")
    assert view.currentIndex().row() == row_of(view, "conv1.w")


def test_that_keys_do_nothing_bad_in_an_empty_tree(view: TreeView) -> None:
    for key in (Key.Key_Left, Key.Key_Right, Key.Key_Home, Key.Key_End, Key.Key_Return, Key.Key_A, Key.Key_Asterisk):
        QTest.keyClick(view, key)
    view.enter()
    assert view.model().rowCount() == 0


def test_that_tab_leaves_the_tree(view: TreeView, show: Callable[..., int]) -> None:
    show(*NET)
    view.select_row(1)
    press(view, Key.Key_Tab)
    assert view.currentIndex().row() == 1
    assert view.currentIndex().column() == NAME


# -- mouse ------------------------------------------------------------------------------------------------------------


def test_that_the_arrow_opens_without_selecting(view: TreeView, show: Callable[..., int]) -> None:
    show(*NET)
    view.select_row(0)
    click(view, row_of(view, "enc"), arrow=True)
    assert names(view) == ["model.pt", "enc", "head.w"]
    assert view.selected_ranges() == [(0, 0)]
    click(view, row_of(view, "enc"), arrow=True)
    assert len(names(view)) == 9
    click(view, 1)
    assert view.selected_ranges() == [(1, 1)]


def test_that_a_double_click_toggles(view: TreeView, show: Callable[..., int]) -> None:
    show(*NET)
    click(view, 1, double=True)
    assert names(view) == ["model.pt", "enc", "head.w"]
    click(view, 2, double=True)
    assert names(view) == ["model.pt", "enc", "head.w"]


def test_that_collapsing_over_the_current_row_selects_the_group(view: TreeView, show: Callable[..., int], session: Session) -> None:
    id = show(*NET)
    view.reveal(id, "enc.1.w")
    click(view, 1, arrow=True)
    assert view.selected_ranges() == [(1, 1)]
    assert session.selection == Selection(id, "enc", NET[:4])
    view.expand_all()
    view.reveal(id, "enc.1.w")
    view.collapse_all()
    assert session.selection == Selection(id, "enc", NET[:4])


# -- selection --------------------------------------------------------------------------------------------------------


def test_that_what_is_selected_is_the_sessions_selection(view: TreeView, show: Callable[..., int], session: Session) -> None:
    id = show(*NET, epoch=3)
    view.select_row(0)
    assert session.selection == Selection(id, "", NET)
    click(view, row_of(view, "head.w"))
    assert session.selection == Selection(id, "head.w", ("head.w",))
    click(view, row_of(view, "epoch"))
    assert session.selection == Selection(id, "epoch", (), "epoch")
    click(view, 3)
    click(view, 6, modifier=Qt.KeyboardModifier.ControlModifier)
    assert session.selection == Selection(id, "enc", ("enc.0.w", "enc.1.w"))
    click(view, 4)
    click(view, 6, modifier=Qt.KeyboardModifier.ShiftModifier)
    assert session.selection == Selection(id, "enc", ("enc.0.b", "enc.1.w", "enc.1.b"))


def test_that_a_selection_made_elsewhere_is_shown(view: TreeView, show: Callable[..., int], session: Session) -> None:
    id = show(*NET)
    view.collapse_all()
    session.select(Selection(id, "enc.1.b", ("enc.1.b",)))
    assert names(view)[view.currentIndex().row()] == "b"
    assert len(view.selected_ranges()) == 1
    session.select(Selection(id))
    assert view.currentIndex().row() == 0
    assert session.selection == Selection(id, "", NET)
    session.select(Selection(id, "enc.0"))
    assert session.selection == Selection(id, "enc.0", NET[:2])
    session.select(None)
    assert view.selected_ranges() == []


def test_that_a_file_selected_while_loading_means_all_its_keys_later(view: TreeView, session: Session) -> None:
    document = session.add("/x/model.pt")
    session.select(Selection(document.id))
    assert view.selected_ranges() == [(0, 0)]
    session.loaded(document.id, checkpoint(*NET))
    assert session.selection == Selection(document.id, "", NET)
    assert view.selected_ranges() == [(0, 0)]


def test_that_a_reloaded_file_keeps_the_selected_key_or_falls_back_to_the_file(view: TreeView, show: Callable[..., int],
                                                                              session: Session) -> None:
    id = show(*NET)
    view.reveal(id, "head.w")
    session.restart(id)
    session.loaded(id, checkpoint("aaa", *NET))
    assert session.selection == Selection(id, "head.w", ("head.w",))
    assert view.selected_ranges() == [(row_of(view, "head.w"),) * 2]
    session.restart(id)
    session.loaded(id, checkpoint("aaa"))
    assert session.selection == Selection(id, "", ("aaa",))


def test_that_a_reload_that_fails_keeps_its_file_selected(view: TreeView, show: Callable[..., int], session: Session) -> None:
    id = show(*NET)
    show("x", path="/x/other.pt")
    view.reveal(id, "head.w")
    wanted = session.selection
    session.restart(id)
    session.failed(id, core.Truncated("The file ends early"))
    assert session.selection == wanted
    assert view.selected_ranges() == [(0, 0)]
    session.restart(id)
    session.loaded(id, checkpoint(*NET))
    assert session.selection == wanted
    assert names(view)[view.currentIndex().row()] == "head.w"


def test_that_selection_and_place_survive_filter_and_sort(view: TreeView, show: Callable[..., int], session: Session) -> None:
    id = show(*(f"w{i}" for i in range(200)))
    view.reveal(id, "w150")
    wanted = session.selection
    view.tree_model.set_filter("w15")
    assert names(view)[view.currentIndex().row()] == "w150"
    assert len(view.selected_ranges()) == 1
    view.tree_model.set_filter("w9")
    assert view.selected_ranges() == []
    assert session.selection == wanted
    assert view.verticalScrollBar().value() == 0
    view.tree_model.set_filter("")
    assert names(view)[view.selected_ranges()[0][0]] == "w150"
    view.sortByColumn(NAME, Qt.SortOrder.DescendingOrder)
    assert names(view)[view.selected_ranges()[0][0]] == "w150"
    assert view.viewport().rect().intersects(view.visualRect(view.currentIndex()))
    assert session.selection == wanted


def test_that_closing_a_file_leaves_no_selection_in_it(view: TreeView, show: Callable[..., int], session: Session) -> None:
    id = show(*NET)
    other = show("x", path="/x/other.pt")
    view.reveal(id, "enc.0.w")
    session.remove(id)
    assert session.selection is not None
    assert session.selection.document == other
    session.remove(other)
    assert session.selection is None
    assert view.model().rowCount() == 0


def test_that_everything_can_be_selected_at_once(view: TreeView, show: Callable[..., int], session: Session) -> None:
    id = show(*NET, epoch=1)
    view.selectAll()
    assert session.selection == Selection(id, "", NET)
    QApplication.processEvents()


# -- menu and clipboard -----------------------------------------------------------------------------------------------


def test_that_the_menu_offers_what_can_be_done(view: TreeView, show: Callable[..., int], qtbot: QtBot) -> None:
    id = show(*NET)
    view.select_row(1)
    menu = view.menu_for(1)
    actions = {action.text(): action for action in menu.actions() if action.text()}
    assert list(actions) == ["Copy key", "Copy row as TSV", "Expand all below", "Collapse all below", "Compare with a file…",
                             "Close file"]
    actions["Collapse all below"].trigger()
    assert names(view) == ["model.pt", "enc", "head.w"]
    actions["Expand all below"].trigger()
    assert len(names(view)) == 9
    actions["Copy key"].trigger()
    assert QGuiApplication.clipboard().text() == "enc"
    with qtbot.waitSignal(view.close_requested, check_params_cb=lambda closed: closed == id):
        actions["Close file"].trigger()
    menu.close()
    leaf = view.menu_for(3)
    assert not {action.text(): action for action in leaf.actions()}["Expand all below"].isEnabled()
    leaf.close()


def test_that_copied_keys_are_raw(view: TreeView, show: Callable[..., int]) -> None:
    show("a\u202eb\nc", "<b>")
    view.selectAll()
    press(view, Key.Key_C, modifier=Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "/x/model.pt\na\u202eb\nc\n<b>"


def test_that_tensors_are_copied_as_python_that_reads_them_and_as_shapes(view: TreeView, session: Session, tmp_path: Path) -> None:
    core.save({"a'b": np.arange(6.0).reshape(2, 3), "c": np.zeros(2)}, tmp_path / "m.pth")
    document = session.add(str(tmp_path / "m.pth"))
    session.loaded(document.id, core.open(tmp_path / "m.pth"))
    view.reveal(document.id, "a'b")
    actions = {action.text(): action for action in view.menu_for(view.currentIndex().row()).actions()}
    actions["Copy as Python"].trigger()
    names: dict[str, Any] = {}
    exec(QGuiApplication.clipboard().text(), names)
    assert names["array"].tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    actions["Copy shape as JSON"].trigger()
    assert json.loads(QGuiApplication.clipboard().text()) == {"a'b": {"shape": [2, 3], "dtype": "float64"}}
    view.selectAll()
    next(action for action in view.menu_for(view.currentIndex().row()).actions() if action.text() == "Copy as Python").trigger()
    exec(QGuiApplication.clipboard().text(), names)
    assert names["arrays"].keys() == {"a'b", "c"}


def test_that_the_folder_of_a_file_is_shown_where_there_is_one(view: TreeView, session: Session, show: Callable[..., int], tmp_path: Path,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: asked.append(url.toLocalFile()))
    core.save({"a": np.zeros(2)}, tmp_path / "m.pth")
    document = session.add(str(tmp_path / "m.pth"))
    session.loaded(document.id, core.open(tmp_path / "m.pth"))
    view.select_row(0)
    action = next(action for action in view.menu_for(0).actions() if action.text() == "Show in folder")
    action.trigger()
    assert asked == [str(tmp_path)]
    session.add("https://example.org/m.pth")
    row = view.model().rowCount() - 1
    action = next(action for action in view.menu_for(row).actions() if action.text() in ("Show in folder", "Close file"))
    assert action.text() == "Close file" or not action.isEnabled()


@pytest.mark.parametrize(("key", "cell"), [
    ("=1+1", "'=1+1"), ("@x", "'@x"), ("+cmd", "'+cmd"), ("a\nb", '"a\nb"'), ('say "hi"', '"say ""hi"""'), ("=a\tb", '"\'=a\tb"'),
    ("plain", "plain"), ("-1.5", "-1.5")],
    ids=["formula", "at", "plus", "newline", "quote", "tab", "plain", "number"])
def test_that_copied_rows_are_safe_in_a_spreadsheet(view: TreeView, session: Session, key: str, cell: str) -> None:
    document = session.add("/x/model.pt")
    session.loaded(document.id, core.Checkpoint("/x/model.pt", "torch-zip", "state-dict", (), {key: tensor(key, (64, 3))}))
    view.reveal(document.id, key)
    view.copy_rows()
    assert QGuiApplication.clipboard().text() == f"{cell}\t64x3\tfloat32\tcpu\t192\t768"


# -- looks ------------------------------------------------------------------------------------------------------------


def test_that_a_third_click_on_a_title_restores_the_files_order(view: TreeView, show: Callable[..., int]) -> None:
    show("b", "c", "a")
    header = view.horizontalHeader()
    place = QPoint(header.sectionViewportPosition(NAME) + 20, header.height() // 2)
    for expected in (["a", "b", "c"], ["c", "b", "a"], ["b", "c", "a"]):
        QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
        assert names(view)[1:] == expected
    assert header.sortIndicatorSection() == -1


def test_that_columns_fill_the_view_until_somebody_pulls_one(view: TreeView, show: Callable[..., int]) -> None:
    show(*NET)
    QApplication.processEvents()
    header = view.horizontalHeader()
    assert header.length() == view.viewport().width()
    view.resize(800, 500)
    assert header.length() == view.viewport().width()
    view.setColumnWidth(SHAPE, 300)
    view.resize(900, 500)
    assert view.columnWidth(SHAPE) == 300
    kept = header.saveState()
    view.reset_columns()
    assert header.length() == view.viewport().width()
    header.restoreState(kept)
    assert view.columnWidth(SHAPE) == 300


def test_that_columns_that_say_one_thing_are_told_elsewhere(view: TreeView, show: Callable[..., int], session: Session) -> None:
    document = show(*NET)
    assert view.isColumnHidden(DEVICE)
    assert view.isColumnHidden(DTYPE)
    assert not view.isColumnHidden(PARAMETERS)
    assert view.unseen(document, "enc.0.w") == view.unseen(document, "") == ["float32", "cpu"]
    other = session.add("/x/other.pt")
    infos = {"w": core.TensorInfo("w", (2,), "bfloat16", "cpu", (1,), 0, "w", 0)}
    session.loaded(other.id, core.Checkpoint("/x/other.pt", "torch-zip", "state-dict", (), infos, {}))
    assert not view.isColumnHidden(DTYPE)
    assert view.unseen(other.id, "w") == ["cpu"]
    session.remove(other.id)
    assert view.isColumnHidden(DTYPE)


def test_that_names_keep_their_part_of_a_narrow_view(view: TreeView, show: Callable[..., int]) -> None:
    document = show(*NET)
    view.resize(340, 500)
    QApplication.processEvents()
    assert view.isColumnHidden(PARAMETERS)
    assert not view.isColumnHidden(SHAPE)
    assert view.columnWidth(NAME) >= 0.38 * view.viewport().width()
    assert view.unseen(document, "enc.0.w")[-1] == "6 parameters"
    view.resize(620, 500)
    QApplication.processEvents()
    assert not view.isColumnHidden(PARAMETERS)


def test_that_a_person_chooses_columns_and_has_them_back(view: TreeView, show: Callable[..., int], session: Session, qtbot: QtBot) -> None:
    show(*NET)
    menu = view.columns_menu()
    offered = {action.text(): action for action in menu.actions()}
    assert offered["Shape"].isChecked()
    assert not offered["Device"].isChecked()
    offered["Device"].trigger()
    offered["Bytes"].trigger()
    assert not view.isColumnHidden(DEVICE)
    assert view.isColumnHidden(BYTES)
    show("another", path="/x/another.pt")
    assert not view.isColumnHidden(DEVICE)
    other = TreeView(session, TreeModel(session))
    qtbot.addWidget(other)
    other.choose_columns(view.chosen_columns + " name -nonsense")
    assert not other.isColumnHidden(DEVICE)
    assert other.isColumnHidden(BYTES)
    other.reset_columns()
    assert other.isColumnHidden(DEVICE)
    assert not other.isColumnHidden(BYTES)
    assert other.chosen_columns == ""


def test_that_drawing_follows_the_palette(view: TreeView, show: Callable[..., int], session: Session) -> None:
    show(*NET, epoch=3, note="x" * 1_000_000)
    session.progress(session.add("/x/waiting.pt").id, 1, 2, "reading")
    session.failed(session.add("/x/broken.pt").id, core.Corrupt("No"))
    view.select_row(2)
    pictures: list[QImage] = []
    for choice in ("light", "dark", "light"):
        theme.current().choose(choice)
        QApplication.processEvents()
        pictures.append(view.grab().toImage())
    assert pictures[0] != pictures[1]
    assert pictures[0] == pictures[2]
    for picture, colours in ((pictures[0], theme.LIGHT), (pictures[1], theme.DARK)):
        seen = {picture.pixelColor(x, y).name() for x in range(0, picture.width(), 2) for y in range(picture.height())}
        assert colours.base in seen
        assert colours.danger in seen
        assert colours.accent in seen


def test_that_the_frame_of_the_current_row_covers_no_name(view: TreeView, show: Callable[..., int]) -> None:
    """Cells before it, and signs in its own, leave a brush in the painter that all of them share."""
    show(*NET)
    option = QStyleOptionViewItem()
    option.rect = QRect(0, 0, 300, 26)
    pictures = []
    for brush in (Qt.BrushStyle.NoBrush, Qt.BrushStyle.SolidPattern):
        option.state = QStyle.StateFlag.State_HasFocus | QStyle.StateFlag.State_Active
        picture = QImage(300, 26, QImage.Format.Format_RGB32)
        picture.fill(Qt.GlobalColor.white)
        painter = QPainter(picture)
        painter.setBrush(brush)
        view.delegate.paint(painter, option, view.model().index(0, NAME))
        painter.end()
        pictures.append(picture)
    assert pictures[0] == pictures[1]
    option.state = QStyle.StateFlag.State_Active
    without = QImage(300, 26, QImage.Format.Format_RGB32)
    without.fill(Qt.GlobalColor.white)
    painter = QPainter(without)
    view.delegate.paint(painter, option, view.model().index(0, NAME))
    painter.end()
    assert without != pictures[0]
    assert without.copy(1, 1, 297, 23) == pictures[0].copy(1, 1, 297, 23)


def test_that_a_megabyte_key_is_laid_out_short(view: TreeView, show: Callable[..., int]) -> None:
    """The delegate never sees more than the shortened text."""
    show("x" * 1_000_000, "a." * 200_000 + "b")
    view.grab()
    assert max(map(len, view.delegate.laid_out)) <= 300
    view.resizeColumnToContents(NAME)
    assert view.columnWidth(NAME) < 10_000


def test_that_deep_levels_leave_room_for_the_name(view: TreeView, show: Callable[..., int]) -> None:
    keys = [".".join(["g"] * depth + ["w"]) for depth in range(1, 300)]
    id = show(*keys)
    view.expand_all()
    assert view.reveal(id, keys[-1])
    cell = view.visualRect(view.currentIndex())
    assert arrow_rect(view.tree_model.line(view.currentIndex().row()), cell).right() < cell.right() - 60
    view.grab()


def test_that_qt_finds_no_fault_behind_a_view(view: TreeView, show: Callable[..., int], qtmodeltester: ModelTester) -> None:
    show(*NET)
    view.sortByColumn(BYTES, Qt.SortOrder.DescendingOrder)
    view.collapse_all()
    qtmodeltester.check(view.tree_model)


# -- all that is shown, and more than Qt can be told of ------------------------------------------------------------------


def test_that_select_all_means_what_is_found_while_filtering(view: TreeView, session: Session, show: Callable[..., int]) -> None:
    id = show(*NET, epoch=3)
    view.tree_model.set_filter("b")
    view.tree_model.collapse_all()
    press(view, Key.Key_A, modifier=Qt.KeyboardModifier.ControlModifier)
    assert session.selection == Selection(id, "enc", ("enc.0.b", "enc.1.b"))
    view.tree_model.set_filter("")
    view.expand_all()
    assert [names(view)[row] for first, last in view.selected_ranges() for row in range(first, last + 1)] == ["b", "b"]


def test_that_rows_scattered_over_many_places_are_selected_all_the_same(view: TreeView, session: Session, show: Callable[..., int],
                                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_view, "RUNS_AT_MOST", 3)
    keys = tuple(f"layer{n}.{leaf}" for n in range(6) for leaf in ("w", "b"))
    show(*keys)
    view.expand_all()
    without = view.grab().toImage()
    view.tree_model.set_filter("b -w")
    press(view, Key.Key_A, modifier=Qt.KeyboardModifier.ControlModifier)
    view.tree_model.set_filter("")
    assert session.selection is not None
    assert session.selection.keys == keys[1::2]
    assert [row for row in range(len(names(view))) if view.is_chosen(row)] == [row for row, name in enumerate(names(view)) if name == "b"]
    assert view.grab().toImage() != without
    view.copy_keys()
    assert QGuiApplication.clipboard().text() == "\n".join(keys[1::2])
    view.select_row(1)
    assert not any(map(view.is_chosen, range(len(names(view)))))
    assert view.selected_ranges() == [(1, 1)]


def test_that_where_what_is_selected_stands_is_found_by_the_worker_that_arranges_the_rows(
        session: Session, tasks: Tasks, show: Callable[..., int], idle: Callable[[Tasks], None], qtbot: QtBot,
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_model, "MANY_NODES", 2)
    view = TreeView(session, TreeModel(session, tasks))
    qtbot.addWidget(view)
    show(*NET)
    idle(tasks)
    view.expand_all()
    idle(tasks)
    view.select_row(row_of(view, "enc"))
    found: list[str] = []
    runs = TreeRows._runs

    def noted(rows: TreeRows, nodes: Any, most: int | None) -> list[tuple[int, int]] | None:
        found.append(threading.current_thread().name)
        return runs(rows, nodes, most)

    monkeypatch.setattr(TreeRows, "_runs", noted)
    view.tree_model.set_filter("enc")
    idle(tasks)
    assert [names(view)[first:last + 1] for first, last in view.selected_ranges()] == [["enc"]]
    assert found == ["inspector-worker"]


def test_that_what_was_found_is_of_those_nodes_and_rows_only() -> None:
    rows = TreeRows(build_key_tree(checkpoint(*NET)))
    rows.set_below(0, True)
    nodes = np.array([2, 3, 6])
    rows.find_runs(nodes, 9)
    expected = rows.runs_of([2, 3, 6], 9)
    rows.find_runs(nodes, 9)
    assert rows.runs_of(nodes, 9) == expected
    rows.find_runs(nodes, 9)
    rows.set_below(0, False)
    assert rows.runs_of(nodes, 9) == []
    rows.find_runs(nodes, 1)
    rows.set_below(0, True)
    assert rows.runs_of(nodes, 9) == expected


def test_that_arrows_and_what_names_have_room_for_are_drawn_again_as_they_were(view: TreeView, show: Callable[..., int],
                                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    show(*NET)
    view.expand_all()
    view.tree_model.set_filter("w")
    before = view.grab().toImage()
    for name in ("draw_arrow", "elided_name"):
        monkeypatch.setattr(row_painter, name, lambda *_: pytest.fail("made anew"))
    view.viewport().update()
    assert view.grab().toImage() == before


MANY = tuple(f"module.layers.{n}.{name}" for n in range(40) for name in ("w", "b", "c"))


def shown_around(view: TreeView) -> tuple[str, int]:
    """The key of the current row, and how far below the top of the view it stands."""
    row = view.currentIndex().row()
    return view.tree_model.line(row).key, row - view.verticalScrollBar().value()


@pytest.mark.parametrize("after", [
    MANY[9:],                                                       # rows above went
    ("module.new.w", *MANY),                                        # or came
    tuple(key for key in MANY if key != "module.layers.20.b"),      # or one beside it went
    tuple(key.removeprefix("module.") for key in MANY)])
def test_that_the_current_row_stays_where_it_stood_when_keys_come_go_and_change_names(
        view: TreeView, show: Callable[..., int], session: Session, after: tuple[str, ...]) -> None:
    id = show(*MANY)
    view.expand_all()
    view.select_row(row_of_key(view, "module.layers.20.w"))
    view.verticalScrollBar().setValue(view.currentIndex().row() - 7)
    document = session.document(id)
    assert document is not None
    assert document.checkpoint is not None
    origin = dict(zip(after, MANY, strict=True)) if len(after) == len(MANY) else {key: key for key in after}
    tensors = {key: tensor(origin[key])._replace(key=key) for key in after}
    session.show_edited(id, dataclasses.replace(checkpoint(), tensors=tensors, edited=core.Edited(document.checkpoint, origin)))
    key = "module.layers.20.w" if "module.layers.20.w" in after else "layers.20.w"
    assert shown_around(view) == (key, 7)
    assert session.selection == Selection(id, key, (key,))


def test_that_a_view_scrolled_away_from_the_current_row_stays_there(view: TreeView, show: Callable[..., int], session: Session) -> None:
    id = show(*MANY)
    view.expand_all()
    view.select_row(row_of_key(view, "module.layers.2.w"))
    view.verticalScrollBar().setValue(row_of_key(view, "module.layers.25.c"))
    session.show_edited(id, checkpoint(*MANY[3:]))
    assert view.tree_model.line(view.verticalScrollBar().value()).key == "module.layers.25.c"
    assert session.selection == Selection(id, "module.layers.2.w", ("module.layers.2.w",))


def test_that_what_is_left_around_a_dropped_row_is_selected_without_a_jump(view: TreeView, show: Callable[..., int],
                                                                          session: Session) -> None:
    id = show(*MANY)
    view.expand_all()
    view.select_row(row_of_key(view, "module.layers.20.b"))
    view.verticalScrollBar().setValue(view.currentIndex().row() - 7)
    top = view.tree_model.line(view.verticalScrollBar().value()).key
    session.show_edited(id, checkpoint(*(key for key in MANY if key != "module.layers.20.b")))
    assert view.tree_model.line(view.verticalScrollBar().value()).key == top
    assert session.selection == Selection(id, "module.layers.20", ("module.layers.20.w", "module.layers.20.c"))
    assert view.tree_model.line(view.currentIndex().row()).key == "module.layers.20"


def test_that_rows_chosen_one_by_one_stay_chosen_when_another_goes(view: TreeView, show: Callable[..., int], session: Session) -> None:
    id = show(*MANY)
    view.expand_all()
    keys = ("module.layers.1.w", "module.layers.3.w", "module.layers.3.b")
    for key in keys:
        view.selectionModel().select(view.model().index(row_of_key(view, key), 0),
                                     QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows)
    assert session.selection is not None
    assert session.selection.keys == keys
    session.show_edited(id, checkpoint(*(key for key in MANY if key != "module.layers.2.w")))
    assert session.selection.keys == keys
    chosen = [view.tree_model.line(row).key for first, last in view.selected_ranges() for row in range(first, last + 1)]
    assert chosen == list(keys)


def test_that_what_was_chosen_under_a_filter_stays_in_sight_without_it(view: TreeView, show: Callable[..., int], session: Session) -> None:
    id = show(*MANY)
    view.collapse_all()
    view.tree_model.set_filter("layers.30.b")
    view.select_row(row_of_key(view, "module.layers.30.b"))
    view.tree_model.set_filter("")
    assert session.selection == Selection(id, "module.layers.30.b", ("module.layers.30.b",))
    row = row_of_key(view, "module.layers.30.b")
    assert view.selected_ranges() == [(row, row)]
    assert view.viewport().rect().contains(view.visualRect(view.model().index(row, NAME)))


def test_that_a_group_is_told_with_its_keys_though_a_filter_hides_it(view: TreeView, show: Callable[..., int], session: Session) -> None:
    """All that was found was dropped: what is left around it is not on show."""
    id = show(*MANY)
    view.tree_model.set_filter("layers.20.b")
    view.select_row(row_of_key(view, "module.layers.20.b"))
    session.show_edited(id, checkpoint(*(key for key in MANY if key != "module.layers.20.b")))
    assert view.tree_model.rowCount() == 1
    assert session.selection == Selection(id, "module.layers.20", ("module.layers.20.w", "module.layers.20.c"))
    view.tree_model.set_filter("")
    row = row_of_key(view, "module.layers.20")
    assert view.selected_ranges() == [(row, row)]
    assert view.currentIndex().row() == row


def test_that_what_is_selected_elsewhere_while_a_filter_hides_it_is_selected_without_it(view: TreeView, show: Callable[..., int],
                                                                                     session: Session) -> None:
    id = show(*MANY)
    view.collapse_all()
    view.tree_model.set_filter("layers.30.b")
    view.select_row(row_of_key(view, "module.layers.30.b"))
    session.select(Selection(id, "module.layers.7.w", ("module.layers.7.w",)))
    assert view.selected_ranges() == []
    view.tree_model.set_filter("")
    row = row_of_key(view, "module.layers.7.w")
    assert view.selected_ranges() == [(row, row)]
    assert view.currentIndex().row() == row
    assert session.selection == Selection(id, "module.layers.7.w", ("module.layers.7.w",))


def row_of_key(view: TreeView, key: str) -> int:
    return next(row for row in range(view.tree_model.rowCount()) if view.tree_model.line(row).key == key)


def test_that_many_rows_are_painted_in_a_turn_of_their_own(view: TreeView, show: Callable[..., int], qtbot: QtBot,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_view, "MANY_NODES", 1)
    show(*NET)
    assert not view.viewport().updatesEnabled()
    qtbot.waitUntil(view.viewport().updatesEnabled)
