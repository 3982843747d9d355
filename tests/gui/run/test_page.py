"""The page of a training run, driven as a person does: looked at, gone through by keys, compared, averaged, watched."""
from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QLabel, QPushButton, QStyle, QStyleOptionComboBox
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.kit import file_dialogs, theme
from inspector.gui.kit.settings import Settings
from inspector.gui.run.page import RunPage
from inspector.gui.state.session import Session
from inspector.gui.state.tasks import Tasks

EPOCHS = 5


def epoch(folder: Path, n: int, age: float = 60.0) -> str:
    """A checkpoint as if it was written `age` seconds ago: a frozen part, and a NaN from the fifth epoch on."""
    random = np.random.default_rng(n)
    head = random.normal(size=(6, 4)).astype(np.float32)
    if n >= EPOCHS:
        head[0, 0] = np.nan
    path = folder / f"epoch_{n}.pth"
    model = {"base.weight": np.ones((4, 4), np.float32), "head.weight": head, "head.bias": random.normal(size=6).astype(np.float32)}
    core.save({"epoch": n, "loss": 1.0 / n, "val_acc": n / 10, "model": model}, path)
    then = time.time() - age
    os.utime(path, (then, then))
    return str(path)


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch: pytest.MonkeyPatch, _plain_theme: None) -> None:
    monkeypatch.setenv("INSPECTOR_CACHE", "")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    run = tmp_path / "run"
    run.mkdir()
    for n in range(1, EPOCHS + 1):
        epoch(run, n)
    return run


@pytest.fixture
def page(qtbot: QtBot, tasks: Tasks) -> RunPage:
    made = RunPage(tasks)
    qtbot.addWidget(made)
    made.resize(1100, 760)
    made.show()
    return made


@pytest.fixture
def show(qtbot: QtBot, page: RunPage) -> Callable[[Path], None]:
    def shown(folder: Path) -> None:
        with qtbot.waitSignal(page.reading.measured):
            page.show_paths((str(folder),))

    return shown


def texts(page: RunPage) -> list[str]:
    return [label.text() for label in page.said.findChildren(QLabel)]


def test_that_what_follows_from_the_run_is_said_and_leads_to_its_checkpoint(page: RunPage, folder: Path, show: Any, qtbot: QtBot) -> None:
    show(folder)
    assert texts(page)[0] == "First NaN in epoch 5: model.head.weight. The last file without is epoch 4."
    assert "Frozen throughout: base." in texts(page)
    button = page.said.findChildren(QPushButton)[0]
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert page.timeline.at == 4


def test_that_in_a_low_window_the_first_remarks_are_said_and_the_others_on_request(
        page: RunPage, folder: Path, show: Any, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.gui.run.page._FEW_REMARKS", 1)
    show(folder)
    every = texts(page)
    page.resize(1000, 600)
    page.show_paths(("elsewhere",))
    show(folder)
    assert texts(page) == every[:1]
    more = page.said.findChildren(QPushButton)[-1]
    assert more.text() == f"{len(every) - 1} more"
    more.click()
    qtbot.waitUntil(lambda: texts(page) == every)        # those of before go with the next turn of the loop


def test_that_it_begins_at_the_best_with_the_parts_and_two_curves(page: RunPage, folder: Path, show: Any) -> None:
    show(folder)
    assert page.title.text() == "run"
    assert "5 checkpoints, epoch_1.pth … epoch_5.pth" in page.details.text()
    assert [group.name for group in page.timeline.groups] == ["base", "head"]
    assert page.timeline.curves == ("loss", "val_acc")
    assert page.timeline.at == 4
    assert page.timeline.best == (4, "val_acc", 0.5)


def test_that_a_folder_of_epochs_opens_as_a_run_and_a_file_opened_then_is_shown(
        window: MainWindow, folder: Path, session: Session, qtbot: QtBot) -> None:
    window.open_paths([str(folder)])
    qtbot.waitUntil(lambda: window.runs.shown and window.runs.page.reading.tracks is not None)
    assert session.documents == ()
    assert window.settings.recent == (str(folder),)
    window.open_paths([str(folder / "epoch_2.pth")])
    assert not window.runs.shown
    assert [document.path for document in session.documents] == [str(folder / "epoch_2.pth")]
    window.open_paths([str(folder)])
    qtbot.waitUntil(lambda: window.runs.shown)
    qtbot.mouseClick(window.runs.page.back, Qt.MouseButton.LeftButton)
    assert window.pages.currentWidget() is window.work


def test_that_three_chosen_files_of_one_run_open_as_it_and_stay_files(
        window: MainWindow, folder: Path, session: Session, qtbot: QtBot) -> None:
    paths = [str(folder / f"epoch_{n}.pth") for n in (1, 3, 5)]
    window.open_paths(paths)
    qtbot.waitUntil(lambda: window.runs.shown and window.runs.page.reading.tracks is not None)
    assert window.runs.page.series is not None
    assert [one.path for one in window.runs.page.series] == paths
    assert [document.path for document in session.documents] == paths
    window.runs.show_files()
    window.open_paths([str(folder / "epoch_2.pth"), str(folder / "epoch_4.pth")])
    qtbot.waitUntil(lambda: len(session.documents) == 5 and not window.tasks.running)
    assert not window.runs.shown


def test_that_three_chosen_files_of_other_models_stay_files(window: MainWindow, tmp_path: Path, session: Session, qtbot: QtBot) -> None:
    paths = [core.save({f"part{n}.w": np.ones((n + 1, 2), np.float32)}, tmp_path / f"part{n}.pth").path for n in range(3)]
    window.open_paths(paths)
    qtbot.waitUntil(lambda: len(session.documents) == 3 and not window.tasks.running)
    assert not window.runs.shown


def test_that_a_folder_of_different_models_opens_as_files(window: MainWindow, tmp_path: Path, session: Session, qtbot: QtBot) -> None:
    for n in range(3):
        core.save({f"part{n}.w": np.ones((n + 1, 2), np.float32)}, tmp_path / f"part{n}.pth")
    window.open_paths([str(tmp_path)])
    qtbot.waitUntil(lambda: len(session.documents) == 3)
    assert not window.runs.shown


def test_that_names_at_the_foot_are_whole(page: RunPage, folder: Path, show: Any) -> None:
    """As long as those of checkpoints are: a letter that is cut makes another ending of one."""
    for path in folder.iterdir():
        path.rename(path.with_name(f"checkpoint_{path.name}"))
    show(folder)
    for box in (page.a, page.b):
        option = QStyleOptionComboBox()
        box.initStyleOption(option)
        room = box.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, box)
        assert box.itemText(0) == "checkpoint_epoch_1.pth"
        assert room.width() >= box.fontMetrics().horizontalAdvance(box.itemText(0))


def test_that_keys_move_mark_and_ask(page: RunPage, folder: Path, show: Any, qtbot: QtBot) -> None:
    show(folder)
    timeline = page.timeline
    for key in (Qt.Key.Key_Home, Qt.Key.Key_Right, Qt.Key.Key_Down):
        qtbot.keyClick(timeline, key)
    assert (timeline.at, timeline.row) == (1, 1)
    assert timeline.accessibleDescription().startswith("epoch 2 · head · change ")
    qtbot.keyClick(timeline, Qt.Key.Key_A)
    qtbot.keyClick(timeline, Qt.Key.Key_End)
    qtbot.keyClick(timeline, Qt.Key.Key_B)
    assert timeline.marks == (1, 4)
    assert page.a.currentText() == "epoch_2.pth"
    assert page.between.text == "loss 0.5 → 0.2  ·  val_acc 0.2 → 0.5"
    with qtbot.waitSignal(page.compare_asked) as asked:
        qtbot.keyClick(timeline, Qt.Key.Key_Space)
    assert [os.path.basename(path) for path in asked.args] == ["epoch_2.pth", "epoch_5.pth"]
    with qtbot.waitSignal(page.open_asked) as opened:
        qtbot.keyClick(timeline, Qt.Key.Key_Return)
    assert opened.args[0].endswith("epoch_5.pth")


def test_that_each_tensor_can_have_a_row_of_its_own(page: RunPage, folder: Path, show: Any, qtbot: QtBot) -> None:
    show(folder)
    page.rows.setCurrentIndex(page.rows.count() - 1)
    assert page.rows.currentText() == "Each tensor"
    qtbot.waitUntil(lambda: len(page.timeline.groups) == 3)
    assert [group.name for group in page.timeline.groups] == ["model.base.weight", "model.head.weight", "model.head.bias"]
    page.timeline.choose(0, 2)
    assert page.values_title.text().startswith("model.head.bias:")
    page.rows.setCurrentIndex(0)
    assert [group.name for group in page.timeline.groups] == ["base", "head"]


@pytest.mark.parametrize(("n", "name", "first"), [(0, "t.csv", "file,epoch,step,loss,val_acc,change,nan,inf"),
                                                  (1, "t.tsv", "part\tfile\tepoch"), (2, "t.json", '{"inspector_run_table": 1'),
                                                  (2, "t.html", "<!doctype html>")])
def test_that_what_is_shown_is_saved_as_a_table(page: RunPage, folder: Path, show: Any, qtbot: QtBot, tmp_path: Path,
                                                monkeypatch: pytest.MonkeyPatch, n: int, name: str, first: str) -> None:
    show(folder)
    starts: list[str] = []

    def answer(parent: object, title: str, start: str, on_chosen: Callable[[str], object], **more: object) -> None:
        starts.append(os.path.basename(start))
        on_chosen(str(tmp_path / name))

    monkeypatch.setattr(file_dialogs, "save_file", answer)
    with qtbot.waitSignal(page.said_once) as said:
        page.table.menu().actions()[n].trigger()
    assert said.args[0].startswith("Saved ")
    assert starts == [f"run-{('checkpoints', 'parts', 'tensors')[n]}.csv"]
    assert (tmp_path / name).read_text().startswith(first)


def test_that_a_table_never_takes_the_place_of_a_checkpoint(page: RunPage, folder: Path, show: Any, qtbot: QtBot,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    show(folder)
    before = (folder / "epoch_1.pth").read_bytes()
    monkeypatch.setattr(file_dialogs, "save_file", lambda parent, title, start, on_chosen, **more: on_chosen(str(folder / "epoch_1.pth")))
    with qtbot.waitSignal(page.said_once) as said:
        page.table.menu().actions()[0].trigger()
    assert "no kind of table" in said.args[0]
    assert (folder / "epoch_1.pth").read_bytes() == before


def test_that_a_click_chooses_a_cell_and_with_control_marks_b(page: RunPage, folder: Path, show: Any, qtbot: QtBot) -> None:
    show(folder)
    left, wide = page.timeline.columns
    place = QPoint(int(left + 2.5 * wide), page.timeline.height() - 24)
    qtbot.mouseClick(page.timeline, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, place)
    assert (page.timeline.at, page.timeline.row, page.timeline.marks.b) == (2, 1, 2)


def test_that_the_values_of_the_largest_tensor_of_a_part_are_read(page: RunPage, folder: Path, show: Any, qtbot: QtBot) -> None:
    show(folder)
    page.timeline.choose(0, 1)
    qtbot.waitUntil(lambda: page.shapes.result is not None and page.shapes.result.key == "model.head.weight")
    found = page.shapes.result
    assert found is not None
    assert [shape is not None and shape.broken for shape in found.shapes] == [False] * 4 + [True]
    assert all(shape is not None and sum(shape.counts) <= 24 for shape in found.shapes)


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_that_it_is_painted_in_either_theme_and_when_there_is_little_room(page: RunPage, folder: Path, show: Any, choice: str) -> None:
    theme.current().choose(choice)
    show(folder)
    for width in (1100, 540):
        page.resize(width, 700)
        picture: QImage = page.grab().toImage()
        left, wide = page.timeline.columns
        at = page.timeline.mapTo(page, QPoint(int(left + 4.5 * wide), page.timeline.height() - 24))
        ratio = picture.devicePixelRatio()
        colour = picture.pixelColor(int((at.x() - wide / 3) * ratio), int((at.y() + 5) * ratio))
        assert colour.name() == theme.colours(page.palette()).danger


def test_that_nothing_of_another_run_stays(page: RunPage, folder: Path, show: Any, tmp_path: Path, qtbot: QtBot) -> None:
    show(folder)
    page.timeline.choose(3, 1)
    page.rows.setCurrentIndex(1)
    alone = tmp_path / "alone"
    alone.mkdir()
    epoch(alone, 1)
    page.show_paths((str(alone),))
    assert (page.details.text(), page.timeline.series, page.rows.count(), page.a.count(), page.said.isVisible()) == ("", None, 0, 0, False)
    qtbot.waitUntil(lambda: page.reading.tracks is not None)
    assert page.details.text().startswith("1 checkpoint, epoch_1.pth · ")
    assert (page.timeline.at, page.timeline.marks, page.rows.currentIndex()) == (0, (-1, -1), 0)


def test_that_the_values_stand_in_the_columns_of_the_checkpoints_at_any_width(page: RunPage, folder: Path, show: Any, qtbot: QtBot,
                                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.gui.run.timeline._WIDEST", 1000)
    show(folder)
    qtbot.waitUntil(lambda: page.shapes.result is not None)
    for width in (900, 1600):
        page.resize(width, 760)
        left, wide = page.timeline.columns
        picture = page.violins.grab().toImage()
        ratio = picture.devicePixelRatio()
        colour = QColor(theme.colours(page.palette()).selection_idle)
        assert picture.pixelColor(int((left + (page.timeline.at + 0.5) * wide) * ratio), int(2 * ratio)) == colour


def test_that_a_folder_without_checkpoints_is_answered_in_words(page: RunPage, tmp_path: Path, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.reading.found):
        page.show_paths((str(tmp_path),))
    assert "there is no checkpoint in" in page.details.text()
    assert not page.compare.isEnabled()


def test_that_a_checkpoint_which_training_writes_is_taken_up_once_it_stands_still(page: RunPage, folder: Path, show: Any,
                                                                                  qtbot: QtBot) -> None:
    show(folder)
    page.timeline.choose(1, 1)
    page.timeline.mark(0, 2)
    page.watch.setChecked(True)
    qtbot.waitUntil(lambda: not page.reading.reading)
    fresh = epoch(folder, 6, age=-1000.0)           # younger than any look, however slow
    page.reading.follow(page.reading.paths)
    qtbot.waitUntil(lambda: not page.reading.reading)
    assert page.series is not None
    assert len(page.series) == 5
    os.utime(fresh, (time.time() - 60, time.time() - 60))
    with qtbot.waitSignal(page.reading.measured):
        page.reading.follow(page.reading.paths)
    assert len(page.series) == 6
    assert (page.timeline.at, page.timeline.row, page.timeline.marks) == (1, 1, (0, 2))


# -- in the window --------------------------------------------------------------------------------------------------------------

@pytest.fixture
def window(qtbot: QtBot, session: Session, tasks: Tasks, settings: Settings) -> MainWindow:
    made = MainWindow(session, tasks, settings)
    qtbot.addWidget(made)
    made.show()
    return made


def test_that_the_menu_shows_the_run_of_the_open_files_and_goes_back(window: MainWindow, folder: Path, qtbot: QtBot) -> None:
    window.open_paths(sorted(map(str, folder.iterdir())))
    qtbot.waitUntil(lambda: len(window.session.documents) == 5 and not window.tasks.running)
    window.runs.show_files()
    with qtbot.waitSignal(window.runs.page.reading.measured):
        with qtbot.waitSignal(window.runs.page.reading.found):
            window.menus["run"].trigger()
        assert window.windowTitle() == f"{folder.name} — Checkpoint Inspector"          # before any values were read
    assert window.runs.shown
    assert len(window.runs.page.timeline.series or ()) == 5
    assert window.status.text().startswith("epoch 5")
    assert window.windowTitle() == f"{folder.name} — Checkpoint Inspector"
    window.runs.page.compare.click()
    assert window.comparison.shown
    window.comparison.show_files()
    window.runs.show_run()
    window.runs.page.back.click()
    assert window.pages.currentWidget() is window.work


def test_that_the_last_are_averaged_and_the_mean_is_opened(window: MainWindow, folder: Path, qtbot: QtBot,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    target = folder.parent / "mean.pth"
    monkeypatch.setattr(file_dialogs, "save_file", lambda parent, title, start, on_chosen, **more: on_chosen(str(target)))
    monkeypatch.setattr("inspector.gui.frame.run_commands.message_boxes.show_message", lambda *said: None)
    (folder / "epoch_5.pth").unlink()
    with qtbot.waitSignal(window.runs.page.reading.measured):
        window.runs.show_paths((str(folder),))
    window.runs.page.average.click()
    qtbot.waitUntil(lambda: any(document.path == str(target) for document in window.session.documents))
    heads = [core.read_numpy(folder / f"epoch_{n}.pth", "model.head.bias").astype(np.float64) for n in range(1, 5)]
    assert np.array_equal(core.read_numpy(target, "model.head.bias"), (sum(heads) / 4).astype(np.float32))
    qtbot.waitUntil(lambda: not window.tasks.running)


def test_that_it_is_said_where_it_cannot_be_told_how_alike_the_averaged_are(window: MainWindow, tmp_path: Path, qtbot: QtBot,
                                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(2):
        core.save({"epoch": n, "model": {"w": np.full((4, 4), np.nan, np.float32)}}, tmp_path / f"epoch_{n}.pth")
    said: list[tuple[str, ...]] = []
    monkeypatch.setattr(file_dialogs, "save_file", lambda parent, title, start, on_chosen, **more: on_chosen(str(tmp_path / "mean.pth")))
    monkeypatch.setattr("inspector.gui.frame.run_commands.message_boxes.show_message", lambda *words: said.append(words))
    with qtbot.waitSignal(window.runs.page.reading.measured):
        window.runs.show_paths((str(tmp_path),))
    window.runs.page.average.click()
    qtbot.waitUntil(lambda: bool(said))
    assert said[0][-1] == "How alike 1 of 1 pairs are cannot be told."
    qtbot.waitUntil(lambda: not window.tasks.running)


def test_that_values_are_shown_of_a_tensor_that_a_wrapper_renamed(page: RunPage, tmp_path: Path, show: Any, qtbot: QtBot) -> None:
    for n in range(3):
        prefix = "module." if n == 1 else ""
        core.save({"epoch": n, "model": {f"{prefix}a.w": np.full((4, 4), n, np.float32), f"{prefix}b.w": np.ones(2, np.float32)}},
                  tmp_path / f"epoch_{n}.pth")
    show(tmp_path)
    qtbot.waitUntil(lambda: page.shapes.result is not None)
    assert page.shapes.result is not None
    assert page.shapes.result.key == "model.a.w"
    assert all(shape is not None for shape in page.shapes.result.shapes)


# -- what stands where ----------------------------------------------------------------------------------------------------------

def saved(folder: Path, n: int, model: dict[str, Any], **said: float) -> str:
    path = folder / f"epoch_{n}.pth"
    core.save({"epoch": n, **said, "model": model}, path)
    then = time.time() - 60
    os.utime(path, (then, then))
    return str(path)


def pixel(page: RunPage, column: int, row: int) -> QColor:
    """The colour of a cell, near its corner."""
    timeline = page.timeline
    picture = timeline.grab().toImage()
    left, wide = timeline.columns
    top = timeline.height() - 14 - (len(timeline.groups) - row) * 20
    return picture.pixelColor(*(int(place * picture.devicePixelRatio()) for place in (left + column * wide + 3, top + 4)))


def test_that_the_last_whole_checkpoint_can_be_opened_from_what_is_said(page: RunPage, folder: Path, show: Any, qtbot: QtBot) -> None:
    show(folder)
    button = next(button for button in page.said.findChildren(QPushButton) if button.text() == "Open epoch 4")
    with qtbot.waitSignal(page.open_asked) as opened:
        button.click()
    assert opened.args[0].endswith("epoch_4.pth")


def test_that_a_menu_picks_what_the_best_is_the_best_by(page: RunPage, folder: Path, show: Any, tmp_path: Path) -> None:
    show(folder)
    actions = {action.text(): action for action in page.best.menu().actions()}
    assert [*actions] == ["The one that says most", "loss", "val_acc"]
    assert page.best.accessibleName() == "Best by val_acc"
    actions["loss"].trigger()
    assert page.timeline.best == (4, "loss", 0.2)
    assert page.best.accessibleName() == "Best by loss"
    next(iter(page.best.menu().actions())).trigger()
    assert page.timeline.best == (4, "val_acc", 0.5)


def test_that_curves_share_two_axes_at_most_and_numbers_without_a_chip_are_in_a_menu(page: RunPage, tmp_path: Path, show: Any) -> None:
    names = ("loss", "val_loss", "val_acc", "train_acc", "lr", "val_f1", "test_err")
    for n in range(1, 4):
        saved(tmp_path, n, {"w": np.ones((3, 3), np.float32) * n}, **dict.fromkeys(names, 10.0 ** (-n)))
    show(tmp_path)
    assert page.timeline.curves == ("loss", "val_acc")
    page._buttons["lr"].click()
    assert page.timeline.curves == ("val_acc", "lr")
    assert [axis.is_log for axis in page.timeline.axes.values()] == [False, False]
    page._buttons["val_loss"].click()
    assert page.timeline.curves == ("lr", "val_loss")
    assert [axis.is_log for axis in page.timeline.axes.values()] == [False, True]
    assert [action.text() for action in page.more.menu().actions()] == ["val_f1", "test_err"]
    page.more.menu().actions()[1].trigger()
    assert page.timeline.curves == ("lr", "val_loss", "test_err")
    assert len(page.timeline.axes) == 2


def test_that_a_checkpoint_that_cannot_be_read_has_a_red_column_where_its_name_belongs(page: RunPage, folder: Path, show: Any,
                                                                                      qtbot: QtBot) -> None:
    (folder / "epoch_2.pth").write_bytes((folder / "epoch_2.pth").read_bytes()[:700])
    show(folder)
    assert [column.files for column in page.timeline.shown] == [(0,), (), (1,), (2,), (3,)]
    left, wide = page.timeline.columns
    lost = page.timeline.lost_at(left + 1.5 * wide)
    assert lost is not None
    assert os.path.basename(lost.path) == "epoch_2.pth"
    assert pixel(page, 1, 0) == QColor(theme.colours(page.palette()).danger_background)
    qtbot.keyClick(page.timeline, Qt.Key.Key_Home)
    qtbot.keyClick(page.timeline, Qt.Key.Key_Right)
    assert page.timeline.sentence().startswith("epoch 3 · ")
    qtbot.mouseClick(page.timeline, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
                     QPoint(int(left + 1.5 * wide), page.timeline.height() - 24))
    assert page.timeline.at == 1


def test_that_what_has_another_shape_is_hatched_from_there_on(page: RunPage, tmp_path: Path, show: Any) -> None:
    for n in range(1, 5):
        rows = 6 if n < 3 else 9
        saved(tmp_path, n, {**{f"body.{k}": np.full((2, 2), n, np.float32) for k in range(9)},
                            "head.weight": np.full((rows, 4), n, np.float32)})
    show(tmp_path)
    assert [(group.name, group.reshaped) for group in page.timeline.groups] == [("body", -1), ("head", 2)]
    page.timeline.choose(1, 1)
    assert "another shape" not in page.timeline.sentence()
    page.timeline.choose(2, 1)
    assert page.timeline.sentence().endswith("another shape than at first")


def test_that_of_very_many_neighbours_share_a_column_and_that_is_said(page: RunPage, tmp_path: Path, show: Any, qtbot: QtBot) -> None:
    for n in range(1, 181):
        b = np.nan if n == 100 else n
        saved(tmp_path, n, {"a.weight": np.full(2, n, np.float32), "b.weight": np.full(2, b, np.float32)}, loss=1.0 / n)
    page.resize(700, 700)
    show(tmp_path)
    _, wide = page.timeline.columns
    assert wide >= 6
    assert sum(len(column.files) for column in page.timeline.shown) == 180
    together = len(page.timeline.shown[0].files)
    assert together > 1
    assert f"each column is the mean of up to {together} checkpoints" in page.legend.accessibleDescription()
    assert pixel(page, page.timeline.column_of(99), 1) == QColor(theme.colours(page.palette()).danger)
    qtbot.keyClick(page.timeline, Qt.Key.Key_Home)
    qtbot.keyClick(page.timeline, Qt.Key.Key_Right)
    assert page.timeline.at == 1
    page.resize(1700, 700)
    assert len(page.timeline.shown) == 180
    assert "mean" not in page.legend.accessibleDescription()


def test_that_the_newest_are_shown_first_while_others_are_still_read(page: RunPage, folder: Path, qtbot: QtBot,
                                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.gui.run.reading._SOON", 0.0)
    monkeypatch.setattr("inspector.gui.run.reading._SHARE", 0)
    go_on, came = threading.Event(), core.measured_series

    def slowly(series: core.Series, **options: Any) -> Iterator[Any]:
        for n, found in enumerate(came(series, **options)):
            yield found
            if n == 1:
                options["monitor"].report(1, 5)
                assert go_on.wait(120)

    monkeypatch.setattr(core, "measured_series", slowly)
    page.show_paths((str(folder),))
    qtbot.waitUntil(lambda: page.reading.coming is not None and page.reading.count == (2, 5))
    assert [[point is not None for point in group.points] for group in page.timeline.groups] == [[False, False, False, True, True]] * 2
    assert page.state.text() == "2 of 5 read"
    assert page.reading.tracks is None
    with qtbot.waitSignal(page.reading.measured):
        go_on.set()
    assert page.state.isHidden()
    assert all(point is not None for group in page.timeline.groups for point in group.points)


def test_that_a_watched_run_says_what_it_waits_for(page: RunPage, folder: Path, show: Any, qtbot: QtBot) -> None:
    show(folder)
    assert page.state.isHidden()
    page.watch.setChecked(True)
    qtbot.waitUntil(lambda: not page.reading.reading)
    assert page.state.text() == "Waiting for the next"
    page.watch.setChecked(False)
    assert page.state.isHidden()


def test_that_more_bytes_than_fit_a_machine_word_of_qt_are_told(page: RunPage) -> None:
    page.reading.reading = True
    page.reading.progressed.emit(3 << 31, 1 << 33)
    assert (page.bar.value(), page.bar.maximum()) == (750, 1000)
    page.reading.reading = False
