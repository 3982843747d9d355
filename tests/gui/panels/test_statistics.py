"""The statistics panel: every kind of selection, nothing large unasked, the newest selection only."""
from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit, QSlider, QTableWidget, QWidget
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.kit import theme
from inspector.gui.panels.statistics import KEPT, StatisticsPanel
from inspector.gui.state.session import Selection, Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.histogram_plot import Heights
from tests.gui.showing import written
from tests.tables import checkpoint

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

NAN, INF = float("nan"), float("inf")
FLOATS = np.random.default_rng(0).normal(size=1000).astype(np.float32)


class Desk:
    """A panel, and the ways a person makes it show something."""

    def __init__(self, folder: Path, session: Session, tasks: Tasks, qtbot: QtBot) -> None:
        self.folder, self.session, self.tasks, self.qtbot = folder, session, tasks, qtbot
        self.panel = StatisticsPanel(session, tasks)
        qtbot.addWidget(self.panel)
        self.panel.resize(600, 700)
        self.panel.show()
        self.document = 0

    def open(self, arrays: Mapping[str, Any], problems: Mapping[str, str] | None = None) -> core.Checkpoint:
        folder = self.folder / str(len(self.session.documents))
        folder.mkdir()
        ckpt = checkpoint(folder, arrays, problems)
        document = self.session.add(ckpt.path)
        self.session.loaded(document.id, ckpt)
        self.document = document.id
        return ckpt

    def select(self, *keys: str, prefix: str | None = None, value: str | None = None) -> None:
        self.session.select(Selection(self.document, (keys[0] if keys else "") if prefix is None else prefix, keys, value))
        self.wait()

    def wait(self) -> None:
        for _ in range(2):                  # where things are is looked for once they are counted
            self.qtbot.waitUntil(lambda: not self.tasks.running)

    @property
    def shows_result(self) -> bool:
        return self.panel.pages.shows_content

    @property
    def said(self) -> str:
        return "" if self.shows_result else f"{self.panel.pages.message.text} {self.panel.pages.message.hint}"


@pytest.fixture
def desk(tmp_path: Path, session: Session, tasks: Tasks, qtbot: QtBot) -> Iterator[Desk]:
    made = Desk(tmp_path, session, tasks, qtbot)
    yield made
    made.panel.hide()


def test_that_one_tensor_is_measured_at_once(desk: Desk) -> None:
    desk.open({"w": FLOATS})
    desk.select("w")
    table, plot = desk.panel.table, desk.panel.plot
    assert table.cell("Minimum") == f"{float(FLOATS.min()):.8g}"
    assert table.cell("Elements") == "1,000"
    assert table.cell("Size") == "4 kB (4,000 bytes)"
    assert [curve.name for curve in plot.curves] == ["w"]
    assert sum(plot.curves[0].counts) == 1000
    assert desk.panel.remark.text() == "float32 · 1000 · 4 kB"


@pytest.mark.parametrize(("values", "message"), [
    (np.zeros((0, 3), np.float32), "No elements: the shape is 0 × 3."),
    (np.float32(2.5), "The only value is 2.5."),
    (np.float32(NAN), "The only value is NaN."),
    (np.full(9, NAN, np.float32), "No finite values: all 9 elements are NaN or infinite."),
    (np.array([INF, -INF], np.float32), "No finite values: all 2 elements are NaN or infinite."),
    (np.ones(64, np.float32), "All 64 finite values are 1."),
    (np.array([True, True]), "All 2 finite values are 1."),
], ids=["empty", "scalar", "scalar-nan", "nan", "inf", "constant", "bool-constant"])
def test_that_what_cannot_be_drawn_is_said(desk: Desk, values: Any, message: str) -> None:
    desk.open({"w": values})
    desk.select("w")
    assert desk.shows_result
    assert desk.panel.plot.message == message
    assert desk.panel.table.rowCount() >= 11


@pytest.mark.parametrize("values", [
    np.array([-3e38, 0, 3e38], np.float32), np.array([True, False, True]), np.arange(-5, 5), np.array([0, 2 ** 63 - 1]),
    np.array([1 + 2j, 3 - 4j], np.complex64), np.array([NAN, 1, 2], np.float16),
], ids=["huge", "bool", "int", "int64", "complex", "some-nan"])
def test_that_any_numbers_are_drawn(desk: Desk, values: Any) -> None:
    desk.open({"w": values})
    desk.select("w")
    assert len(desk.panel.plot.curves) == 1
    assert not desk.panel.grab().isNull()


def test_that_nan_and_infinity_stand_out(desk: Desk) -> None:
    desk.open({"w": np.array([NAN, INF, 0, 1, 2], np.float32)})
    desk.select("w")
    assert desk.panel.table.cell("NaN") == "1 (20.0 %)"
    assert desk.panel.table.cell("±Infinity") == "1 (20.0 %)"
    assert desk.panel.table.cell("Zeros") == "1 (20.0 %)"


def test_that_complex_numbers_are_said_to_count_by_magnitude(desk: Desk) -> None:
    desk.open({"w": np.array([3 + 4j, 0], np.complex64)})
    desk.select("w")
    assert "magnitude" in desk.panel.remark.text()
    assert desk.panel.table.cell("Maximum") == "5"


def test_that_nothing_selected_says_what_to_do(desk: Desk) -> None:
    assert "Nothing is selected" in desk.said
    assert "Select a tensor" in desk.said


def test_that_a_plain_value_says_that_it_is_none_of_ours(desk: Desk) -> None:
    desk.open({"w": FLOATS})
    desk.select(prefix="epoch", value="epoch")
    assert "not a tensor" in desk.said


def test_that_a_group_without_tensors_says_so(desk: Desk) -> None:
    desk.open({"w": FLOATS})
    desk.select(prefix="args")
    assert "no tensors" in desk.said


def test_that_a_broken_tensor_says_why_and_what_to_do(desk: Desk) -> None:
    desk.open({"w": FLOATS}, {"w": "its record was cut off"})
    desk.select("w")
    assert "cut off" in desk.said
    assert not desk.panel.pages.message.button.isHidden()
    assert len(desk.said.splitlines()) <= 3


def test_that_a_changed_file_says_so(desk: Desk) -> None:
    ckpt = desk.open({"w": FLOATS})
    Path(ckpt.path).write_bytes(b"something else")
    desk.select("w")
    assert desk.said
    assert not desk.shows_result


def test_that_a_few_tensors_are_shown_one_by_one_until_they_are_wanted_together(desk: Desk) -> None:
    desk.open({"a.weight": FLOATS, "a.bias": FLOATS[:10] * 3, "b": FLOATS})
    desk.select("a.weight", "a.bias", prefix="a")
    table = desk.panel.table
    assert [curve.name for curve in desk.panel.plot.curves] == ["weight", "bias"]
    assert [table.verticalHeaderItem(row).text() for row in range(table.rowCount())] == ["weight", "bias", "Together"]
    assert [table.cell("Elements", row) for row in range(3)] == ["1,000", "10", "1,010"]
    assert desk.panel.controls.heights(True) is Heights.LOG
    assert len(desk.panel.plot.strip.spreads) == 2
    desk.panel.controls.choose(apart=False)
    assert [curve.name for curve in desk.panel.plot.curves] == ["a"]
    assert table.cell("Elements") == "1,010"


def test_that_what_a_short_table_leaves_is_the_plot_s(desk: Desk) -> None:
    desk.open({"a": FLOATS, "b": FLOATS})
    desk.select("a", "b", prefix="")
    panel = desk.panel
    desk.qtbot.waitUntil(lambda: panel.table.height() <= panel.table.maximumHeight() < 264)
    bottom = panel.table.mapTo(panel, panel.table.rect().bottomLeft()).y()
    assert panel.height() - bottom < 40


def test_that_a_nan_of_one_of_several_is_red_in_its_row(desk: Desk) -> None:
    desk.open({"a": FLOATS, "b": np.array([1, NAN, INF, 0], np.float32)})
    desk.select("a", "b", prefix="")
    table = desk.panel.table
    assert [[table.cell(name, row) for name in ("NaN", "Inf", "Zeros")] for row in (0, 1)] == [["0", "0", "0"], ["1", "1", "1"]]
    assert [bool(table.item(row, 1).data(Qt.ItemDataRole.UserRole)) for row in (0, 1)] == [False, True]
    assert table.text().splitlines()[0].split("\t")[:3] == ["Series", "NaN", "Inf"]
    assert table.text().splitlines()[2].split("\t")[:3] == ["b", "1", "1"]


def _click(desk: Desk, row: int, x: int | None = None) -> None:
    """On the name of a row, or `x` pixels into its cell."""
    table = desk.panel.table
    cell = table.visualRect(table.model().index(row, 0))
    at = QPoint(cell.left() + x if x is not None else cell.right() - 6, cell.center().y())
    desk.qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)


def test_that_what_is_checked_is_drawn_in_a_colour_that_stays(desk: Desk) -> None:
    desk.open({"a": FLOATS, "b": FLOATS + 1, "c": FLOATS + 2})
    desk.select("a", "b", "c", prefix="")
    panel, table = desk.panel, desk.panel.table

    def drawn() -> list[tuple[str, int | None]]:
        return [(curve.name, curve.series) for curve in panel.plot.curves]

    assert drawn() == [("a", 0), ("b", 1), ("c", 2)]
    assert not panel.plot.legend.isVisible()
    table.setCurrentCell(0, 3)
    desk.qtbot.keyClick(table, Qt.Key.Key_Space)
    assert drawn() == [("b", 1), ("c", 2)]
    assert [spread.name for spread in panel.plot.strip.spreads] == ["b", "c"]
    assert [entry.accessibleName() for entry in panel.plot.legend.entries] == ["b", "c"]
    panel.controls.choose(heights=Heights.DENSITY)
    assert drawn() == [("b", 1), ("c", 2)]
    desk.qtbot.keyClick(table, Qt.Key.Key_Space)
    assert len(drawn()) == 3
    table.check(frozenset())
    assert panel.plot.message == "Nothing is checked in the table below."
    table.setCurrentCell(3, 0)                 # all of them together are no series
    desk.qtbot.keyClick(table, Qt.Key.Key_Space)
    assert table.checked == frozenset()


def test_that_names_in_the_legend_are_whole_where_there_is_room(desk: Desk) -> None:
    theme.current().apply_style_sheet()
    desk.open({f"blocks.{n}.mlp.2.weight": FLOATS + n for n in range(3)})
    desk.select(*(f"blocks.{n}.mlp.2.weight" for n in range(3)), prefix="blocks")
    table = desk.panel.table
    cell = table.visualRect(table.model().index(1, 0))
    drawn = table.viewport().grab(cell).toImage()
    table.setColumnWidth(0, table.columnWidth(0) + 60)
    assert table.viewport().grab(cell.adjusted(0, 0, -1, 0)).toImage() == drawn.copy(0, 0, drawn.width() - 1, drawn.height())


def test_that_a_click_on_a_name_shows_only_that_one_and_again_all(desk: Desk) -> None:
    desk.open({"a": FLOATS, "b": FLOATS + 1, "c": FLOATS + 2})
    desk.select("a", "b", "c", prefix="")
    table = desk.panel.table
    _click(desk, 1)
    assert table.checked == {1}
    assert [curve.name for curve in desk.panel.plot.curves] == ["b"]
    _click(desk, 1)
    assert table.checked == {0, 1, 2}
    _click(desk, 0, 10)                        # the box
    assert table.checked == {1, 2}
    assert [curve.name for curve in desk.panel.plot.curves] == ["b", "c"]
    _click(desk, 3)
    assert table.checked == {1, 2}
    desk.select("a", "b", prefix="")
    assert table.checked == {0, 1}


@pytest.mark.parametrize(("values", "said"), [
    (np.float32([[1, 2], [NAN, NAN], [3, 4]]), "2 NaN row 1"), (np.float32([[1, NAN], [NAN, 2]]), "2 NaN from [0, 1] on"),
    (np.float32([[1, 2], [3, NAN]]), "1 NaN at [1, 1]"), (np.float32([1, NAN, NAN]), "2 NaN from [1] on"),
    (np.full((3, 2), NAN, np.float32), "6 NaN")])
def test_that_a_chip_says_where_and_leads_to_the_first(desk: Desk, values: Any, said: str) -> None:
    desk.open({"w": values, "a": np.ones((3, 3), np.float32), "b": np.ones(9, np.float32)})
    desk.select("w")
    assert desk.panel.chips.chips[0].text == said
    asked: list[object] = []
    desk.panel.place_asked.connect(asked.append)
    buttons = desk.panel.chips.findChildren(QAbstractButton)
    assert not any("Inf" in button.accessibleName() for button in buttons)         # a word, as it leads nowhere
    buttons[0].click()
    assert asked == ["nan"]
    desk.select("w", "a", prefix="")
    assert desk.panel.chips.chips[0].text == said.replace(" NaN", " NaN in w" + ("," if said.count(" ") > 1 else ""))
    desk.panel.chips.findChildren(QAbstractButton)[0].click()
    assert asked == ["nan", "nan"]
    assert desk.session.selection is not None
    assert desk.session.selection.keys == ("w",)


def test_that_many_tensors_are_told_together_and_lead_to_layers(desk: Desk) -> None:
    desk.open({f"layer.{n}": FLOATS + n for n in range(9)})
    desk.select(*(f"layer.{n}" for n in range(9)), prefix="layer")
    assert [curve.name for curve in desk.panel.plot.curves] == ["layer"]
    asked: list[str] = []
    desk.panel.panel_asked.connect(asked.append)
    assert desk.panel.controls.layers.text() == "9 tensors one by one in Layers"
    desk.panel.controls.layers.click()
    assert asked == ["layers"]
    desk.select("layer.0", "layer.1", prefix="")
    assert not desk.panel.controls.layers.isVisible()


def test_that_the_remark_on_several_tensors_says_more_than_the_heading(desk: Desk) -> None:
    desk.open({"a": FLOATS, "b": FLOATS, "c": FLOATS})
    desk.select("a", "b", prefix="")
    assert (desk.panel.heading.name, desk.panel.remark.text()) == ("2 tensors", "2,000 elements · 8 kB")


def test_that_the_whole_file_is_measured_when_its_root_is_selected(desk: Desk) -> None:
    desk.open({"a": FLOATS, "b": FLOATS})
    desk.select(prefix="")
    assert desk.panel.table.cell("Elements", 2) == "2,000"


def test_that_tensors_left_out_of_a_group_are_named(desk: Desk) -> None:
    desk.open({"a": FLOATS, "b": FLOATS}, {"b": "its record was cut off"})
    desk.select("a", "b", prefix="")
    assert "left out 1 tensor" in desk.panel.remark.text()
    assert "cut off" in desk.panel.remark.text()


def test_that_large_selections_are_measured_only_when_asked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "LIMITS", core.Limits(preview=3000))
    desk.open({"w": FLOATS})
    desk.select("w")
    assert not desk.shows_result
    assert desk.panel.pages.message.button.text() == "Compute statistics of 4 kB"
    desk.qtbot.mouseClick(desk.panel.pages.message.button, Qt.MouseButton.LeftButton)
    desk.wait()
    assert desk.shows_result


def test_that_a_measurement_can_be_stopped_and_asked_for_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()

    measure = core.group_statistics

    def slow(*arguments: Any) -> Any:
        while not gate.wait(0.01):
            arguments[3].report(1, 2)
        return measure(*arguments)

    monkeypatch.setattr(core, "group_statistics", slow)
    desk.open({"w": FLOATS})
    desk.session.select(Selection(desk.document, "w", ("w",)))
    desk.qtbot.waitUntil(lambda: desk.panel.pages.message.stop.isVisible())
    desk.qtbot.waitUntil(lambda: desk.panel.pages.message.bar.value() == 500)
    desk.qtbot.mouseClick(desk.panel.pages.message.stop, Qt.MouseButton.LeftButton)
    assert desk.panel.pages.message.text == "Stopped."
    gate.set()
    desk.qtbot.mouseClick(desk.panel.pages.message.button, Qt.MouseButton.LeftButton)
    desk.wait()
    assert desk.shows_result


def test_that_a_newer_selection_silences_the_older(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()

    measure = core.group_statistics

    def slow_for_a(ckpt: core.Checkpoint, group: Any, *rest: Any) -> Any:
        if "a" in group.keys:
            gate.wait(120)
        return measure(ckpt, group, *rest)

    monkeypatch.setattr(core, "group_statistics", slow_for_a)
    desk.open({"a": FLOATS, "b": FLOATS[:7]})
    desk.session.select(Selection(desk.document, "a", ("a",)))
    desk.session.select(Selection(desk.document, "b", ("b",)))
    gate.set()
    desk.wait()
    assert desk.panel.table.cell("Elements") == "7"
    assert desk.panel.heading.accessibleName() == "b"


def counted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    calls: list[tuple[str, ...]] = []

    measure = core.group_statistics

    def counting(ckpt: core.Checkpoint, group: Any, *rest: Any) -> Any:
        calls.append(group.keys)
        return measure(ckpt, group, *rest)

    monkeypatch.setattr(core, "group_statistics", counting)
    return calls


def test_that_what_was_measured_once_is_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counted(monkeypatch)
    desk.open({"a": FLOATS, "b": FLOATS})
    for key in ("a", "b", "a", "b"):
        desk.select(key)
        assert desk.shows_result
    assert calls == [("a",), ("b",)]


def test_that_other_bins_bars_and_views_need_no_new_reading(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counted(monkeypatch)
    desk.open({"a": FLOATS, "b": FLOATS})
    desk.select("a", "b", prefix="")
    controls = desk.panel.controls
    for bins in (10, 360):
        controls.choose(bins=bins, heights=Heights.DENSITY, apart=bins == 10)
        assert {len(curve.counts) for curve in desk.panel.plot.curves} == {bins}
    assert len(calls) == 1


def test_that_another_range_is_read_anew(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counted(monkeypatch)
    desk.open({"w": np.arange(1000, dtype=np.float32)})
    desk.select("w")
    desk.panel.controls.choose(span="middle")
    desk.wait()
    curve = desk.panel.plot.curves[0]
    assert curve.edges[0] == pytest.approx(10, abs=3)
    assert curve.edges[-1] == pytest.approx(990, abs=3)
    assert desk.panel.table.cell("Outside the range").split()[0] in {str(n) for n in range(12, 30)}
    desk.panel.controls.choose(span="fixed", bounds=(100.0, 200.0))
    desk.wait()
    assert (desk.panel.plot.curves[0].edges[0], desk.panel.plot.curves[0].edges[-1]) == (100, 200)
    assert len(calls) == 3


def test_that_bars_pressed_together_by_outliers_are_explained(desk: Desk) -> None:
    desk.open({"w": np.concatenate([FLOATS, [np.float32(1e30)]])})
    desk.select("w")
    assert "1 % to 99 %" in desk.panel.plot.readout
    desk.panel.controls.choose(span="middle")
    desk.wait()
    assert "1 % to 99 %" not in desk.panel.plot.readout


@pytest.mark.parametrize("values", [[1, 2, 3, 9] * 1000, [0.0, 1.0] * 300, [5.0] * 900 + [1e30], np.linspace(-1, 1, 500)])
def test_that_few_kinds_of_values_and_even_ones_are_no_outliers(desk: Desk, values: Any) -> None:
    desk.open({"w": np.float32(values), "v": np.float32(values)})
    desk.select("w")
    assert "1 % to 99 %" not in desk.panel.plot.readout


def test_that_what_is_not_a_number_stands_at_the_top_of_the_table(desk: Desk) -> None:
    desk.open({"w": np.float32([1, NAN, 2, 0, INF]), "v": FLOATS})
    desk.select("w")
    table = desk.panel.table
    names = [table.verticalHeaderItem(row).text() for row in range(table.rowCount())]
    assert names[:4] == ["NaN", "±Infinity", "Zeros", "Minimum"]
    desk.select("v")
    names = [table.verticalHeaderItem(row).text() for row in range(table.rowCount())]
    assert names[0] == "Minimum"
    assert {"NaN", "±Infinity", "Zeros"} < set(names)


def test_that_a_few_tensors_are_not_called_by_what_is_around_them(desk: Desk) -> None:
    desk.open({"a.b.x": FLOATS, "a.b.y": FLOATS, "a.b.z": FLOATS, "c": FLOATS})
    desk.select("a.b.x", "a.b.y", prefix="a.b")
    assert desk.panel.heading.name == "2 tensors"
    desk.select("a.b.x", "a.b.y", "a.b.z", prefix="a.b")
    assert desk.panel.heading.name == "a.b"
    desk.select("a.b.x", "a.b.y", "a.b.z", "c", prefix="")
    assert desk.panel.heading.name == "values.raw"


def test_that_a_range_without_values_says_so(desk: Desk) -> None:
    desk.open({"w": FLOATS})
    desk.select("w")
    desk.panel.controls.choose(span="fixed", bounds=(50.0, 60.0))
    desk.wait()
    assert desk.panel.plot.message == "No values lie in the chosen range."


@pytest.mark.parametrize(("low", "high"), [("", ""), ("2", "1"), ("x", "1"), ("nan", "1"), ("-inf", "1")])
def test_that_half_typed_bounds_show_all_values(desk: Desk, low: str, high: str) -> None:
    desk.open({"w": FLOATS})
    desk.select("w")
    controls = desk.panel.controls
    controls.low.setText(low)
    controls.high.setText(high)
    controls.choose(span="fixed")
    desk.wait()
    assert sum(desk.panel.plot.curves[0].counts) == 1000


def test_that_a_hidden_panel_measures_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counted(monkeypatch)
    desk.panel.hide()
    desk.open({"w": FLOATS})
    desk.select("w")
    assert calls == []
    desk.panel.show()
    desk.wait()
    assert calls == [("w",)]
    assert desk.shows_result


def test_that_a_file_loaded_anew_is_measured_anew(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counted(monkeypatch)
    desk.open({"w": FLOATS})
    desk.select("w")
    folder = tmp_path / "again"
    folder.mkdir()
    desk.session.loaded(desk.document, checkpoint(folder, {"w": FLOATS[:5]}))
    desk.wait()
    assert desk.panel.table.cell("Elements") == "5"
    assert len(calls) == 2


def test_that_a_closed_file_leaves_nothing_behind(desk: Desk) -> None:
    desk.open({"w": FLOATS})
    desk.select("w")
    desk.session.remove(desk.document)
    assert "Nothing is selected" in desk.said
    desk.qtbot.waitUntil(lambda: desk.panel.requests.kept_count == 0)


def test_that_few_results_are_kept(desk: Desk) -> None:
    desk.open({str(n): FLOATS[:n + 2] for n in range(KEPT + 5)})
    for n in range(KEPT + 5):
        desk.select(str(n))
    assert desk.panel.requests.kept_count == KEPT


def test_that_a_slip_of_ours_is_not_hidden(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def slips(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(core, "group_statistics", slips)
    desk.open({"w": FLOATS})
    with desk.qtbot.captureExceptions() as caught:
        desk.select("w")
    assert [kind for kind, _, _ in caught] == [ZeroDivisionError]
    assert "could not be read" in desk.said


def test_that_hostile_names_are_plain_text_everywhere(desk: Desk) -> None:
    name = "<b>x</b>\n\u202eevil&"
    desk.open({name: FLOATS, f"{name}.2": FLOATS})
    desk.select(name, f"{name}.2", prefix="")
    desk.panel.controls.choose(apart=True)
    assert desk.panel.table.verticalHeaderItem(0).text() == "<b>x</b>\\n\\u202eevil&"
    for widget in desk.panel.findChildren(QWidget):
        assert "\u202e" not in widget.toolTip() + widget.accessibleName()
        assert "<b>x" not in widget.toolTip()
    for label in desk.panel.findChildren(QLabel):
        assert label.textFormat() == Qt.TextFormat.PlainText


def test_that_whatever_takes_the_keyboard_has_a_name(desk: Desk) -> None:
    desk.open({"a": FLOATS, "b": FLOATS})
    desk.select("a", "b", prefix="")
    for widget in desk.panel.findChildren(QWidget):
        kinds = (QAbstractButton, QComboBox, QLineEdit, QSlider, QTableWidget)
        if isinstance(widget, kinds) and widget.focusPolicy() and widget.isVisible():
            own = widget.text() if isinstance(widget, QAbstractButton) else ""
            assert widget.accessibleName() or own, widget


def test_that_the_table_is_copied_as_text(desk: Desk, qtbot: QtBot) -> None:
    desk.open({"w": np.array([1.0, 3.0], np.float32)})
    desk.select("w")
    qtbot.keyClick(desk.panel.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().splitlines()[:3] == ["Minimum\t1", "Maximum\t3", "Mean\t2"]


def test_that_other_files_do_not_disturb_what_is_shown(desk: Desk) -> None:
    desk.open({"w": FLOATS})
    desk.select("w")
    before = desk.panel.result
    desk.open({"other": FLOATS[:3]})
    desk.wait()
    assert desk.panel.result is before


# -- ranges by hand, logarithms, drawings --------------------------------------------------------------------------------------

def drag(desk: Desk, start: float, end: float) -> None:
    """With the left button across the plot, from one share of it to another."""
    canvas = desk.panel.plot.canvas
    assert canvas is not None
    viewport = canvas.widget.viewport()
    area = canvas.area
    places = [canvas.widget.mapFromScene(area.left() + area.width() * (0.01 + share) / 1.02, area.center().y()) for share in (start, end)]
    desk.qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=places[0])
    for step in range(1, 5):
        desk.qtbot.mouseMove(viewport, places[0] + (places[1] - places[0]) * step / 4)
    desk.qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=places[1])
    desk.wait()


def test_that_a_range_dragged_out_is_shown_without_reading_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    values = FLOATS
    desk.open({"w": values})
    desk.select("w")
    calls = counted(monkeypatch)
    drag(desk, 0.25, 0.75)
    curve = desk.panel.plot.curves[0]
    low, high = float(curve.edges[0]), float(curve.edges[-1])
    span = float(FLOATS.max() - FLOATS.min())
    assert low == pytest.approx(FLOATS.min() + span / 4, abs=span / 20)
    assert high == pytest.approx(FLOATS.max() - span / 4, abs=span / 20)
    assert curve.total == np.count_nonzero((values >= low) & (values < high))
    assert not calls
    drag(desk, 0.5, 0.53)                       # fewer bins than are worth showing: this is read
    assert len(calls) == 1
    assert len(desk.panel.plot.curves[0].counts) >= 10
    desk.panel.plot.reset_view()
    desk.wait()
    assert desk.panel.plot.curves[0].total == FLOATS.size
    assert len(calls) == 1


def test_that_a_click_is_no_range(desk: Desk) -> None:
    desk.open({"w": FLOATS})
    desk.select("w")
    drag(desk, 0.5, 0.501)
    assert desk.panel.controls.span.kind == "all"
    assert "Point at a bar" not in desk.panel.plot.readout


@pytest.mark.parametrize("values", [
    FLOATS, np.abs(FLOATS) + 1, -np.abs(FLOATS) - 1, FLOATS * np.float32(1e30), FLOATS * np.float32(1e-40),
    np.array([0, 1e-30, 1], np.float32), np.arange(-500, 500), np.array([-1.7e308, 0, 1.7e308])])
def test_that_a_logarithmic_axis_counts_everything(desk: Desk, values: Any) -> None:
    desk.open({"w": values})
    desk.select("w")
    desk.panel.controls.choose(log=True)
    desk.wait()
    curve = desk.panel.plot.curves[0]
    assert curve.total == values.size
    assert list(curve.edges) == sorted(curve.edges)
    assert np.histogram(values.astype(np.float64), np.array(curve.edges))[0].tolist() == list(curve.counts)
    scale = desk.panel.plot.value_scale(float(curve.edges[0]), float(curve.edges[-1]))
    places = [scale.to_view(float(edge)) for edge in curve.edges]
    assert places == sorted(places)
    assert (places[0], places[-1]) == (pytest.approx(0), pytest.approx(1))
    assert all(-0.01 <= tick.at <= 1.01 for tick in scale.ticks(0, 1, 8))
    for edge, place in zip(curve.edges, places, strict=True):
        assert scale.to_value(place) == pytest.approx(float(edge), rel=1e-6, abs=abs(float(curve.edges[-1])) * 1e-9)


def test_that_the_drawing_is_svg_that_names_cannot_break(desk: Desk, tmp_path: Path) -> None:
    from xml.etree import ElementTree

    from PySide6.QtSvg import QSvgRenderer
    desk.open({"<b>&\"": FLOATS, "plain": FLOATS * 2})
    desk.select("<b>&\"", "plain", prefix="")
    desk.panel.controls.choose(apart=True)
    path = tmp_path / "out.svg"
    desk.panel.plot.choose_path = lambda *args: str(path)
    desk.panel.plot.save_drawing()
    written(desk.qtbot)
    texts = [found.text for found in ElementTree.parse(path).iter() if found.tag.endswith("text")]
    assert "<b>&\"" in texts
    assert QSvgRenderer(str(path)).isValid()
    steps = [found.get("d", "") for found in ElementTree.parse(path).iter() if found.get("fill-opacity")]
    assert [step.count("V") for step in steps] == [len(curve.counts) + 1 for curve in desk.panel.plot.curves]


@pytest.mark.filterwarnings("ignore:.*quantiz.*", "ignore:TypedStorage")
def test_that_quantized_tensors_show_stored_integers_beside_what_they_stand_for(desk: Desk) -> None:
    torch = pytest.importorskip("torch")
    path = desk.folder / "q.pth"
    torch.save({"w": torch.quantize_per_tensor(torch.linspace(-1, 1, 64), 0.01, 3, torch.qint8)}, path)
    ckpt = core.open(path)
    document = desk.session.add(str(path))
    desk.session.loaded(document.id, ckpt)
    desk.document = document.id
    desk.select("w")
    table = desk.panel.table
    assert [table.horizontalHeaderItem(column).text() for column in range(table.columnCount())] == ["Stored integers", "Dequantized"]
    assert (table.cell("Minimum"), table.cell("Maximum")) == ("-97", "103")
    assert (float(table.cell("Minimum", 1)), float(table.cell("Maximum", 1))) == (-1.0, 1.0)
    assert "integers that are stored" in desk.panel.remark.text()
    assert "scale 0.01, zero point 3" in desk.panel.remark.text()
    canvas = desk.panel.plot.canvas
    assert canvas is not None
    labels = [label.replace("−", "-").split("\n") for label in canvas.tick_labels("bottom")]
    assert len(labels) > 2
    assert [float(meant) for _, meant in labels] == pytest.approx([(int(stored) - 3) * 0.01 for stored, _ in labels])


def test_that_counters_among_weights_are_left_out_of_a_group_and_measured_alone(desk: Desk) -> None:
    desk.open({"bn.weight": FLOATS, "bn.steps": np.array(239_005, np.int64), "ids": np.arange(500, dtype=np.int64)})
    desk.select("bn.weight", "bn.steps", prefix="bn")
    assert desk.panel.table.cell("Maximum") == f"{float(FLOATS.max()):.8g}"
    assert "without 1 tensor of whole numbers, such as bn.steps" in desk.panel.remark.text()
    desk.select("bn.steps")
    assert "239" in desk.panel.plot.message
    assert "without" not in desk.panel.remark.text()
    desk.select("bn.weight", "bn.steps", "ids", prefix="")
    assert desk.panel.table.cell("Elements", 3) == "1,501"      # so many are no counters


def test_that_chips_and_quantiles_stand_above_the_plot(desk: Desk) -> None:
    desk.open({"w": np.float32([0, 1, 2, NAN, 500]), "n": np.arange(9, dtype=np.int16), "v": FLOATS})
    desk.select("w")
    assert [chip.text for chip in desk.panel.chips.chips][:3] == ["1 NaN at [3]", "0 Inf", "20.0 % zeros"]
    assert desk.panel.chips.chips[-1].text == "✗ fp8 e4m3"
    assert [spread.name for spread in desk.panel.plot.strip.spreads] == ["w"]
    assert " … " in desk.panel.table.cell("0.1 % to 99.9 %")
    desk.select("n")
    assert len(desk.panel.chips.chips) == 3
    desk.select(value="w")
    assert not desk.panel.chips.chips


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_that_range_and_bins_are_chosen_in_what_opens_below(desk: Desk, qtbot: QtBot) -> None:
    controls = desk.panel.controls
    assert not controls.popup.isVisible()
    controls._range.showPopup()
    assert controls.popup.isVisible()
    assert not controls.low.isEnabled()
    with qtbot.waitSignal(controls.range_changed):
        controls.ranges[1].click()
    assert controls.span == core.MIDDLE_VALUES
    controls.ranges[2].click()
    assert controls.low.isEnabled()
    qtbot.keyClick(controls.popup, Qt.Key.Key_Escape)
    assert not controls.popup.isVisible()
    controls.choose(span="all")
    assert controls.ranges[0].isChecked()


@pytest.mark.filterwarnings("ignore:.*quantiz.*", "ignore:TypedStorage")
@pytest.mark.parametrize(("least", "most", "chip"), [(-1.3, 2.0, "3 at the edge, -128, 127"), (-0.5, 0.5, "")])
def test_that_integers_at_the_edge_of_their_type_are_counted(desk: Desk, least: float, most: float, chip: str) -> None:
    torch = pytest.importorskip("torch")
    torch.save({"w": torch.quantize_per_tensor(torch.tensor([least, 0, 0.1, most, most]), 0.01, 0, torch.qint8)}, desk.folder / "q.pth")
    document = desk.session.add(str(desk.folder / "q.pth"))
    desk.session.loaded(document.id, core.open(desk.folder / "q.pth"))
    desk.document = document.id
    desk.select("w")
    found = [one for one in desk.panel.chips.chips if "edge" in one.text]
    assert [one.text for one in found] == ([chip] if chip else [])
    assert [one.counts for one in desk.panel.plot.accents] == ([(1,), (2,)] if chip else [])
    assert [one.sought for one in found] == (["max"] if chip else [])
    assert all(one.tone == "warning" for one in found)


def test_that_plot_and_table_do_not_lie_over_each_other_in_a_low_window(desk: Desk) -> None:
    desk.open({"w": FLOATS})
    desk.select("w")
    panel = desk.panel
    split = panel.plot.parentWidget()
    assert split is not None
    split.setParent(None)
    desk.qtbot.addWidget(split)
    split.setFixedSize(487, 305)                # what a window 700 high has for them, with a pending edit, where Chinese is spoken
    split.show()
    split.grab()
    assert panel.plot.geometry().bottom() < panel.table.geometry().top()
    assert panel.plot.menu_button.geometry().bottom() < panel.plot.height()


def test_that_a_panel_narrower_than_a_word_cuts_nothing_else(desk: Desk) -> None:
    desk.open({f"layer.{n}": FLOATS for n in range(9)} | {"a_very_long_name_of_a_counter_of_batches." + "n" * 40: np.array(3, np.int64)})
    desk.panel.resize(330, 300)
    desk.select(*(info for info in desk.session.documents[0].checkpoint.tensors), prefix="")        # type: ignore[union-attr]
    inside = desk.panel.area.widget()
    assert inside.width() == desk.panel.area.viewport().width()
    for part in desk.panel.controls.findChildren(QAbstractButton):
        if part.isVisible():
            assert part.mapTo(inside, part.rect().topRight()).x() < inside.width(), part.text()


def test_that_nothing_is_offered_of_one_tensor_while_it_is_read(desk: Desk) -> None:
    desk.open({"a": FLOATS, "b": FLOATS + 1, "c": FLOATS + 2})
    desk.select("a", "b", prefix="")
    shows = [button for button in desk.panel.controls.findChildren(QAbstractButton) if button.text() == "Together"]
    assert shows[0].isVisible()
    desk.session.select(Selection(desk.document, "c", ("c",)))
    assert (desk.panel.requests.phase.is_busy, shows[0].isVisible()) == (True, False)
    desk.wait()
    assert not shows[0].isVisible()
