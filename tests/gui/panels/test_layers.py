"""The layers panel: every tensor once, the odd ones first, nothing large unasked, a click leads to the tensor."""
from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QToolButton, QWidget
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.models import key_tree, layer_table
from inspector.gui.models.layer_table import LARGEST, NAME, RIDGE, SHAPE, STD, LayerTable, Row
from inspector.gui.models.layer_table import NAN as NAN_COLUMN
from inspector.gui.panels import layers
from inspector.gui.panels.layers import LayersPanel
from inspector.gui.state.requests import Kept
from inspector.gui.state.session import Selection, Session
from inspector.gui.state.tasks import Tasks, emptied_elsewhere
from inspector.gui.widgets.boxes import FindingBox
from inspector.gui.widgets.line_plot import MOST_POINTS, LinePlot, PowerScale
from inspector.gui.widgets.ridges import cell_of, ticks_of
from tests.gui.showing import written
from tests.tables import checkpoint

NAN = float("nan")
RNG = np.random.default_rng(0)


def model(n: int = 6) -> dict[str, Any]:
    """The same numbers each time, whichever tests ran before."""
    rng, arrays = np.random.default_rng(0), {}
    for i in range(n):
        arrays[f"net.layers.{i}.fc.weight"] = (rng.normal(size=(8, 8)) * 2.0 ** i).astype(np.float32)
        arrays[f"net.layers.{i}.fc.bias"] = np.full(8, i, np.float32)
    arrays["net.head.weight"] = rng.normal(size=(4, 8)).astype(np.float32)
    return arrays


class Desk:
    def __init__(self, folder: Path, session: Session, tasks: Tasks, qtbot: QtBot) -> None:
        self.folder, self.session, self.tasks, self.qtbot = folder, session, tasks, qtbot
        self.panel = LayersPanel(session, tasks)
        qtbot.addWidget(self.panel)
        self.panel.resize(700, 800)
        self.panel.show()
        self.show_all()
        self.document = 0

    def open(self, arrays: Mapping[str, Any], problems: Mapping[str, str] | None = None) -> core.Checkpoint:
        folder = self.folder / str(len(self.session.documents))
        folder.mkdir()
        ckpt = checkpoint(folder, arrays, problems)
        self.document = self.session.add(ckpt.path).id
        self.session.loaded(self.document, ckpt)
        self.select()
        return ckpt

    def select(self, prefix: str = "", *keys: str) -> None:
        self.session.select(Selection(self.document, prefix, keys))
        self.wait()

    def wait(self) -> None:
        self.qtbot.waitUntil(lambda: not self.tasks.running)

    def show_all(self) -> None:
        """Lines, and in the table all tensors."""
        self.panel.as_lines.click()

    def column(self, n: int) -> list[str]:
        return [str(self.panel.model.data(self.panel.model.index(row, n))) for row in range(self.panel.model.rowCount())]


@pytest.fixture
def desk(tmp_path: Path, session: Session, tasks: Tasks, qtbot: QtBot) -> Desk:
    return Desk(tmp_path, session, tasks, qtbot)


def test_that_every_tensor_of_a_small_file_is_measured_at_once(desk: Desk) -> None:
    arrays = model()
    desk.open(arrays)
    rows = desk.panel.model.rows
    assert [row.key for row in rows] == list(arrays)
    for row in rows:
        values = arrays[row.key].astype(np.float64)
        assert row.summary is not None
        assert (row.summary.min, row.summary.max) == (values.min(), values.max())


def test_that_the_empty_key_is_named_as_in_the_tree(desk: Desk) -> None:
    desk.open({"": np.ones(2, np.float32), "w": np.ones(2, np.float32)})
    assert desk.column(0) == ['""', "w"]


def test_that_tab_comes_to_the_patterns_before_the_tensors(desk: Desk) -> None:
    desk.panel.as_ridges.click()
    desk.open(model())
    chain, widget = [], desk.panel.nextInFocusChain()
    while widget is not desk.panel:
        chain.append(widget)
        widget = widget.nextInFocusChain()
    chips = [found for found in desk.panel.findChildren(QToolButton) if found.accessibleName().endswith(" tensors")]
    assert len(chips) > 1
    assert chain.index(desk.panel.pattern_edit) < min(map(chain.index, chips))
    assert max(map(chain.index, chips)) < chain.index(desk.panel.findings_area) < chain.index(desk.panel.table)


def test_that_lines_go_across_the_layers(desk: Desk) -> None:
    arrays = model()
    desk.open(arrays)
    lines = {line.name: line for line in desk.panel.plot.lines}
    assert set(lines) == {"net.layers.*.fc.weight", "net.layers.*.fc.bias"}
    assert [point.x for point in lines["net.layers.*.fc.bias"].points] == list(range(6))
    assert [point.y for point in lines["net.layers.*.fc.bias"].points] == list(range(6))
    box = desk.panel.across
    box.setCurrentIndex(box.findData("all"))
    box.activated.emit(box.currentIndex())
    assert [len(line.points) for line in desk.panel.plot.lines] == [13]


def test_that_a_large_file_is_measured_when_asked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "UNASKED", 100)
    desk.open(model())
    assert not desk.panel.model.rows
    assert desk.panel.pages.message.button.text() == "Measure all 13 tensors, 1.86 kB"
    desk.qtbot.mouseClick(desk.panel.pages.message.button, Qt.MouseButton.LeftButton)
    desk.wait()
    assert len(desk.panel.model.rows) == 13


def test_that_what_is_said_of_many_tensors_is_the_same_and_found_out_by_a_worker(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def said() -> tuple[object, ...]:
        lines = [(line.name, [(point.x, point.y) for point in line.points]) for line in desk.panel.plot.lines]
        return desk.panel.remark.text(), lines, desk.panel.pages.message.button.text()

    arrays = {f"layers.{n}.{name}": np.arange(8, dtype=np.float32) * (n + 1) for n in range(6) for name in ("w", "b")}
    desk.open(arrays)
    measured = said()
    monkeypatch.setattr(layers, "UNASKED", 0)
    desk.open(arrays)
    unmeasured = said()
    threads: list[str] = []
    truly = core.layer_lines

    def noted(*args: Any) -> Any:
        threads.append(threading.current_thread().name)
        return truly(*args)

    monkeypatch.setattr(core, "layer_lines", noted)
    monkeypatch.setattr(layers, "_MANY", 2)
    desk.open(arrays)
    assert said() == unmeasured
    desk.panel.requests.go_on()
    desk.wait()
    assert said()[:2] == measured[:2]
    assert set(threads) == {"inspector-worker"}


def test_that_what_was_measured_is_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    original = core.summarize_each
    monkeypatch.setattr(core, "summarize_each", lambda ckpt, keys, *more, **named: original(
        ckpt, asked.extend(keys) or keys, *more, **named))
    arrays = model()
    desk.open(arrays)
    some = tuple(key for key in arrays if "layers.1" in key)
    desk.select("net.layers.1", *some)
    assert [row.key for row in desk.panel.model.rows] == list(some)
    desk.select()
    assert asked == list(arrays)


def test_that_stopping_keeps_what_there_is_and_goes_on_from_there(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    original, calls = core.summarize_each, list[list[str]]()

    def slow(ckpt: core.Checkpoint, keys: list[str], bins: int, monitor: core.Monitor, **named: bool) -> Iterator[Any]:
        calls.append(list(keys))
        for n, found in enumerate(original(ckpt, keys, bins, **named)):
            if len(calls) == 1 and n == 5:
                while True:
                    monitor.report(5, 13)
            yield found

    monkeypatch.setattr(core, "summarize_each", slow)
    arrays = model()
    ckpt = checkpoint(desk.folder, arrays)
    document = desk.session.add(ckpt.path)
    desk.session.loaded(document.id, ckpt)
    desk.session.select(Selection(document.id))
    desk.qtbot.waitUntil(lambda: desk.panel.bar.value() > 0 and desk.panel.model.rowCount() == 5)
    desk.qtbot.mouseClick(desk.panel.stop, Qt.MouseButton.LeftButton)
    desk.qtbot.waitUntil(lambda: desk.panel.pages.message.isVisible())
    assert desk.panel.pages.message.button.text().startswith("Measure all 8 tensors")
    desk.qtbot.mouseClick(desk.panel.pages.message.button, Qt.MouseButton.LeftButton)
    desk.wait()
    assert len(desk.panel.model.rows) == 13
    assert calls[1] == list(arrays)[5:]


def test_that_odd_tensors_come_first_and_broken_ones_are_told(desk: Desk) -> None:
    arrays = model(3)
    arrays["net.layers.2.fc.weight"][0, 0] = NAN
    desk.open(arrays, {"net.head.weight": "its bytes are not in the file"})
    assert desk.column(NAME)[:2] == ["net.layers.2.fc.weight", "net.head.weight"]
    assert "1 tensor with NaN or infinities" in desk.panel.remark.text()
    assert "1 tensor without numbers" in desk.panel.remark.text()
    row = desk.panel.model.row_of("net.head.weight")
    assert "its bytes" in str(desk.panel.model.data(desk.panel.model.index(row, NAME), Qt.ItemDataRole.ToolTipRole))


@pytest.mark.parametrize("order", [Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder])
def test_that_sorting_keeps_what_has_no_number_on_top(desk: Desk, order: Qt.SortOrder) -> None:
    arrays = model()
    arrays["bad"] = np.array([NAN, NAN], np.float32)
    desk.open(arrays)
    desk.panel.model.sort(2, order)
    names = desk.column(NAME)
    assert names[0] == "bad"
    sizes = [math.sqrt((arrays[name].astype(np.float64) ** 2).mean()) for name in names[1:]]
    assert sizes == sorted(sizes, reverse=order == Qt.SortOrder.DescendingOrder)
    desk.panel.model.sort(NAME, Qt.SortOrder.AscendingOrder)
    assert desk.column(NAME)[0] == "bad"
    assert desk.column(NAME)[1] == "net.head.weight"
    desk.panel.model.sort(-1, Qt.SortOrder.AscendingOrder)
    assert desk.column(NAME)[1:3] == list(arrays)[:2]


def test_that_many_rows_are_laid_out_and_sorted_by_a_worker_and_end_as_few_do(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = {f"net.layers.{n}.fc.weight": np.full((2, 2), (n * 7) % 12 + 1, np.float32) * [[1, 2], [3, 4]] for n in range(12)}
    arrays["net.layers.3.fc.weight"][0, 0] = NAN

    def orders() -> list[list[str]]:
        found = []
        for column, order in ((-1, Qt.SortOrder.AscendingOrder), (4, Qt.SortOrder.DescendingOrder), (NAME, Qt.SortOrder.DescendingOrder)):
            desk.panel.model.sort(column, order)
            desk.wait()
            found.append(desk.column(NAME))
        desk.panel.model.sort(-1)
        desk.wait()
        return found

    desk.panel.as_ridges.click()
    desk.open(arrays)
    few = orders()
    threads: list[str] = []
    truly = layer_table.order_of

    def noted(ckpt: core.Checkpoint | None, rows: list[Row], wish: Any, monitor: core.Monitor) -> list[int]:
        if rows:
            threads.append(threading.current_thread().name)
        return truly(ckpt, rows, wish, monitor)

    monkeypatch.setattr(layer_table, "order_of", noted)
    monkeypatch.setattr(layers, "_MANY", 2)
    desk.open(arrays)
    assert not desk.panel.table.isColumnHidden(NAN_COLUMN)
    assert orders() == few
    assert len(threads) >= 5
    assert set(threads) == {"inspector-worker"}


def test_that_what_is_asked_while_rows_are_laid_out_is_what_is_shown_in_the_end(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sorted by another column, and put back, before the worker is ready: the last wish counts, and no row is lost or twice."""
    arrays = {f"net.layers.{n}.fc.weight": np.full((2, 2), (n * 7) % 12 + 1, np.float32) * [[1, 2], [3, 4]] for n in range(12)}
    desk.panel.as_ridges.click()
    monkeypatch.setattr(layers, "_MANY", 2)
    desk.open(arrays)
    model = desk.panel.model
    desk.panel.as_lines.click()
    model.sort(NAME, Qt.SortOrder.DescendingOrder)
    model.sort(4, Qt.SortOrder.AscendingOrder)
    desk.panel.as_ridges.click()
    model.sort(4, Qt.SortOrder.DescendingOrder)
    desk.wait()
    deviations = [row.summary.std for n in range(model.rowCount()) if (row := model.row_at(n)).summary is not None]
    assert deviations == sorted(deviations, reverse=True)
    assert sorted(model.key_at(n) for n in range(model.rowCount())) == sorted(arrays)


@pytest.mark.parametrize("wish", [layer_table.Wish(), layer_table.Wish(by_depth=True),
                                  *(layer_table.Wish(column, down) for column in range(10) for down in (False, True))])
def test_that_many_rows_are_not_sorted_in_one_go(wish: layer_table.Wish, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which would keep the interpreter."""
    rows = [Row(f"layers.{n % 12}.w{n % 3}", None) for n in range(40)]
    expected = layer_table.order_of(None, rows, wish)
    longest: list[int] = []

    def noted(many: Any, **more: Any) -> list[Any]:
        found = sorted(many, **more)
        longest.append(len(found))
        return found

    for module in (layer_table, key_tree):
        monkeypatch.setattr(module, "sorted", noted, raising=False)
    monkeypatch.setattr(key_tree, "_SORT_CHUNK", 8)
    assert layer_table.order_of(None, rows, wish) == expected
    assert max(longest, default=0) <= 8


def test_that_rows_of_a_closed_file_go_in_another_thread(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []

    class Noted(dict[str, Row]):
        def popitem(self) -> tuple[str, Row]:
            threads.append(threading.current_thread().name)
            return super().popitem()

    kept = Kept[Noted](2, emptied_elsewhere)
    rows = Noted({"a": Row("a", None), "b": Row("b", None)})
    ckpt = core.edit({"a": np.ones(3, np.float32)}, [])
    kept.put(ckpt, None, rows)
    del ckpt
    desk.qtbot.waitUntil(lambda: len(threads) == 3)         # the last finds nothing more
    assert not rows
    assert not len(kept)
    assert set(threads) == {"inspector-emptying"}


def test_that_choosing_a_tensor_selects_it_and_the_page_stays(desk: Desk) -> None:
    arrays = model()
    desk.open(arrays)
    key = "net.layers.3.fc.weight"
    desk.panel.table.activated.emit(desk.panel.model.index(desk.panel.model.row_of(key), NAME))
    assert desk.session.selection == Selection(desk.document, key, (key,))
    assert len(desk.panel.model.rows) == 13
    desk.panel.plot.chosen.emit("net.head.weight")
    assert desk.session.selection == Selection(desk.document, "net.head.weight", ("net.head.weight",))
    assert desk.panel.model.key_at(desk.panel.table.currentIndex().row()) == "net.head.weight"


def test_that_lines_are_read_by_mouse_and_keys(desk: Desk, qtbot: QtBot) -> None:
    desk.open(model())
    plot = desk.panel.plot
    qtbot.keyClick(plot, Qt.Key.Key_Right)
    qtbot.keyClick(plot, Qt.Key.Key_Right)
    assert plot.point is not None
    assert plot.point.x == 1
    assert plot.point.key in desk.panel.readout.text()
    name = plot.point.key
    qtbot.keyClick(plot, Qt.Key.Key_Down)
    assert plot.point.key != name
    assert plot.point.x == 1
    qtbot.keyClick(plot, Qt.Key.Key_Return)
    assert desk.session.selection is not None
    assert desk.session.selection.prefix == plot.point.key
    point = plot.lines[0].points[4]
    qtbot.mouseMove(plot, plot.place_of(point).toPoint())
    qtbot.waitUntil(lambda: plot.point is not None and plot.point.x == 4)


def test_that_findings_about_health_are_shown_where_the_core_has_them(desk: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    def health(ckpt: core.Checkpoint, summaries: Mapping[str, core.Summary], monitor: core.Monitor) -> list[core.Finding]:
        return [core.Finding("dead", "warning", key, "All of it is zero.") for key in list(summaries)[:2]]

    monkeypatch.setattr(core, "health", health, raising=False)
    desk.open(model())
    qtbot.waitUntil(lambda: len(desk.panel.findings_area.findChildren(FindingBox)) == 2)
    assert desk.panel.findings_area.isVisible()
    assert len(desk.panel.findings) == 2
    monkeypatch.setattr(core, "health", lambda ckpt, summaries, monitor: [])
    assert desk.panel.scope is not None
    desk.select("net.layers.1", *(key for key in desk.panel.scope.keys if "layers.1" in key))
    assert not desk.panel.findings_area.isVisible()


def test_that_a_finding_is_whole_where_there_is_room(desk: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "health", lambda ckpt, summaries, monitor: [
        core.Finding("dead", "warning", "net", "All of it is zero.", "It was perhaps never trained.")])
    desk.panel.resize(800, 900)
    desk.open(model())
    area = desk.panel.findings_area
    qtbot.waitUntil(lambda: area.isVisible() and area.height() > 60 and area.verticalScrollBar().maximum() == 0)
    least = area.maximumHeight()
    desk.panel.resize(300, 900)
    qtbot.waitUntil(lambda: area.maximumHeight() >= least and area.verticalScrollBar().maximum() == 0)


def test_that_many_findings_get_their_boxes_in_several_turns(desk: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.open(model())
    layout = desk.panel._findings

    def shown() -> list[QWidget]:
        return [widget for n in range(layout.count()) if (item := layout.itemAt(n)) and (widget := item.widget())]

    turns: list[int] = []
    monkeypatch.setattr(layers, "time", SimpleNamespace(perf_counter=count(step=1.0).__next__))     # each box takes as long as a turn may
    desk.panel._adding.timeout.connect(lambda: turns.append(len(shown())))
    desk.panel._show_findings([core.Finding("dead", "info" if n else "danger", f"w{n}", "All of it is zero.") for n in range(30)])
    qtbot.waitUntil(lambda: len(turns) > 0)
    assert shown()[0].property("level") == "danger"
    qtbot.waitUntil(lambda: len(shown()) == 21)
    assert turns[:20] == [*range(1, 21)]
    assert cast(QLabel, shown()[-1]).text() == "and 10 more"
    desk.panel._show_findings([core.Finding("dead", "info", "w", "All of it is zero.")] * 30)
    desk.panel._show_findings([])
    assert not desk.panel._adding.isActive()
    assert shown() == []


def test_that_table_and_picture_are_given_away(desk: Desk, tmp_path: Path) -> None:
    desk.open(model(1))
    desk.panel.copy_rows()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].split("\t")[:3] == ["Tensor", "Shape", "RMS"]
    assert len(lines) == 4
    out = tmp_path / "out.tsv"
    desk.panel.choose_path = lambda *args: str(out)
    desk.panel.save_table()
    written(desk.qtbot)
    assert out.read_text().splitlines() == lines
    desk.panel.save_picture()
    written(desk.qtbot)
    assert "no PNG picture" in desk.panel.readout.text()            # it is a table, and stays one
    assert out.read_text().splitlines() == lines
    desk.panel.choose_path = lambda *args: str(tmp_path / "out.png")
    desk.panel.save_picture()
    written(desk.qtbot)
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")


def test_that_all_ridges_are_given_away_as_a_drawing(desk: Desk, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    desk.open({f"net.layers.{i}.weight": rng.normal(size=(8, 8)).astype(np.float32) for i in range(3)})
    names = []
    desk.panel.choose_path = lambda parent, title, name, kinds: names.append(name) or str(tmp_path / f"{len(names)}.svg")
    desk.panel.save_drawing()
    written(desk.qtbot)
    desk.panel.as_ridges.click()
    desk.panel.save_drawing()
    written(desk.qtbot)
    assert {name.rpartition(".")[2] for name in names} == {"svg"}
    lines, ridges = (ElementTree.fromstring((tmp_path / f"{n}.svg").read_bytes()) for n in (1, 2))
    assert lines.tag.endswith("svg")
    said = "".join(ridges.itertext())
    assert len(desk.column(NAME)) == 3
    assert all(name in said for name in desk.column(NAME))
    assert not any(one.tag.endswith("image") for one in ridges.iter())      # every ridge is a curve that can be made larger


def test_that_the_model_keeps_qts_rules(tmp_path: Path, qtmodeltester: ModelTester) -> None:
    ckpt = checkpoint(tmp_path, model(2))
    table = LayerTable()
    rows = [Row.of(key, outcome) for key, outcome in core.summarize_each(ckpt, ckpt.tensors, 1)]
    table.show_rows(ckpt, "net", rows[:3])
    table.add(rows[3:])
    assert table.data(table.index(0, NAME)) == "layers.0.fc.weight"
    qtmodeltester.check(table)


def test_that_very_long_lines_keep_their_outliers(qtbot: QtBot) -> None:
    points = tuple(core.LayerPoint(n, 99.0 if n == 7777 else 1.0, f"t{n}") for n in range(10_000))
    plot = LinePlot()
    qtbot.addWidget(plot)
    plot.show_lines([core.LayerLine("", points)], log=False, x_title="")
    [line] = plot.lines
    assert len(line.points) <= MOST_POINTS
    assert max(line.points, key=lambda point: point.y).key == "t7777"


def ridge_keys(desk: Desk) -> list[str]:
    return [desk.panel.model.key_at(row) for row in range(desk.panel.model.rowCount())]


def test_that_ridges_are_of_one_name_in_all_layers_in_their_order(desk: Desk) -> None:
    arrays = {f"net.layers.{i}.{name}.weight": RNG.normal(size=(8, 8)).astype(np.float32)
              for i in (0, 10, 11, 2) for name in ("fc1", "fc2")}
    arrays["net.embed.weight"] = RNG.normal(size=(90, 8)).astype(np.float32)
    arrays |= {f"net.layers.{i}.norm.bias": np.arange(8, dtype=np.float32) for i in (0, 10, 11, 2)}
    desk.panel.as_ridges.click()
    desk.open(arrays)
    assert ridge_keys(desk) == [f"net.layers.{i}.fc{n}.weight" for i in (0, 2, 10, 11) for n in (1, 2)]
    assert desk.column(NAME)[0] == "0.fc1.weight"
    chips = {chip.text().split("  ")[0]: chip for chip in desk.panel.findChildren(QToolButton) if "  " in chip.text()}
    assert [*chips] == ["fc*.weight", "norm.bias", "All"]
    chips["norm.bias"].click()
    assert ridge_keys(desk) == [f"net.layers.{i}.norm.bias" for i in (0, 2, 10, 11)]
    chips["All"].click()
    assert len(ridge_keys(desk)) == len(arrays)
    desk.panel.as_lines.click()
    assert ridge_keys(desk) == [*arrays]


def test_that_ridges_share_a_scale_or_have_their_own(desk: Desk) -> None:
    arrays = {f"layers.{i}.w": np.linspace(-1, 1, 401, dtype=np.float32) * 10.0 ** -i for i in range(3)}
    desk.panel.as_ridges.click()
    desk.open(arrays)
    assert desk.panel.ridges.span is not None
    assert desk.panel.ridges.span == pytest.approx((-1, 1), rel=0.1)
    desk.panel.own.click()
    assert desk.panel.ridges.span is None
    ranges = [desk.panel.ridges.range_of(desk.panel.model.row_at(n)) for n in range(3)]
    assert [found and found[1] for found in ranges] == pytest.approx([1, 0.1, 0.01], rel=0.01)


def ridges_of(desk: Desk, n: int = 3) -> QRectF:
    """A common scale, and where it is drawn."""
    desk.panel.as_ridges.click()
    desk.open({f"layers.{i}.w": np.linspace(-1, 1, 401, dtype=np.float32) for i in range(n)})
    desk.panel.grab()
    return cell_of(desk.panel.table)


def test_that_dragging_across_a_ridge_looks_closer_in_all_rows_and_r_shows_all_again(desk: Desk) -> None:
    inner, panel = ridges_of(desk), desk.panel
    whole, viewport = panel.ridges.span, panel.table.viewport()
    assert whole is not None
    chosen = desk.session.selection
    middle, quarter = [QPoint(round(inner.left() + inner.width() * share), 20) for share in (0.5, 0.75)]
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=quarter)
    for place in (quarter - QPoint(30, 0), middle):
        QTest.mouseMove(viewport, place)
        move = QMouseEvent(QEvent.Type.MouseMove, QPointF(place), QPointF(viewport.mapToGlobal(place)), Qt.MouseButton.NoButton,
                           Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(viewport, move)
    assert panel.band.isVisible()
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=middle)
    assert not panel.band.isVisible()
    assert panel.ridges.span == pytest.approx((0, whole[1] / 2), abs=0.02)
    assert panel.axis.remark.endswith("of the values lie outside")
    assert desk.session.selection == chosen             # it was no click
    panel.table.setFocus()
    QTest.keyClick(panel.table, Qt.Key.Key_R)
    assert panel.ridges.span == whole


def test_that_lines_leave_no_room_for_ridges_in_the_table(desk: Desk) -> None:
    ridges_of(desk)
    desk.panel.as_lines.click()
    header = desk.panel.table.horizontalHeader()
    desk.panel.grab()
    places = sorted((header.sectionViewportPosition(n), header.sectionSize(n)) for n in range(header.count())
                    if not header.isSectionHidden(n))
    assert header.sectionSize(RIDGE) == 0
    assert [at + size for at, size in places[:-1]] == [at for at, _ in places[1:]]


def test_that_arrow_keys_read_bin_by_bin(desk: Desk) -> None:
    ridges_of(desk)
    table, said = desk.panel.table, desk.panel.readout
    table.setCurrentIndex(desk.panel.model.index(1, NAME))
    ridge = desk.panel.model.row_at(1).ridge
    assert ridge is not None
    read = []
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left):
        QTest.keyClick(table, key)
        read.append(said.text())
    assert read[0] == read[2] != read[1]
    assert read[0].startswith("layers.1.w")
    assert all(text.endswith("elements") for text in read)
    for _ in range(len(ridge.counts)):
        QTest.keyClick(table, Qt.Key.Key_Right)
    assert said.text().partition("…")[2].split(":")[0].strip() == "1"         # and no further
    desk.panel.grab()                                   # the line is drawn


def test_that_several_rows_are_what_other_panels_are_about_and_stay_among_the_others(desk: Desk) -> None:
    ridges_of(desk, 5)
    table, viewport = desk.panel.table, desk.panel.table.viewport()

    def click(row: int, modifier: Qt.KeyboardModifier) -> None:
        QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, modifier, table.visualRect(desk.panel.model.index(row, NAME)).center())
        desk.wait()

    click(1, Qt.KeyboardModifier.NoModifier)
    assert desk.session.selection is not None
    assert desk.session.selection.keys == ("layers.1.w",)
    click(3, Qt.KeyboardModifier.ControlModifier)
    assert desk.session.selection.keys == ("layers.1.w", "layers.3.w")
    assert len(desk.column(NAME)) == 5
    assert [index.row() for index in table.selectionModel().selectedRows()] == [1, 3]
    click(1, Qt.KeyboardModifier.ControlModifier)
    assert desk.session.selection.keys == ("layers.3.w",)
    click(2, Qt.KeyboardModifier.NoModifier)
    click(4, Qt.KeyboardModifier.ShiftModifier)
    assert desk.session.selection.keys == ("layers.2.w", "layers.3.w", "layers.4.w")
    assert len(desk.column(NAME)) == 5


def test_that_ridges_take_no_second_reading(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    original = core.summarize_each
    monkeypatch.setattr(core, "summarize_each", lambda ckpt, keys, *more, **named: original(
        ckpt, asked.extend(keys) or keys, *more, **named))
    arrays = model()
    desk.open(arrays)
    desk.panel.as_ridges.click()
    assert asked == [*arrays]
    for row in desk.panel.model.rows:
        assert row.ridge is not None
        assert row.ridge.total == arrays[row.key].size
        assert row.summary is not None
        assert row.summary.fine is None, "a megabyte a tensor"


def test_that_a_ridge_is_read_under_the_mouse_and_gone_to_by_a_click(desk: Desk, qtbot: QtBot) -> None:
    desk.panel.as_ridges.click()
    desk.open(model())
    table = desk.panel.table
    cell = table.visualRect(desk.panel.model.index(2, RIDGE))
    at, none = QPointF(cell.center()), Qt.MouseButton.NoButton
    QApplication.sendEvent(table.viewport(), QMouseEvent(QEvent.Type.MouseMove, at, table.viewport().mapToGlobal(at), none, none,
                                                         Qt.KeyboardModifier.NoModifier))
    assert "elements" in desk.panel.readout.text()
    assert desk.panel.readout.text().startswith(desk.panel.model.key_at(2))
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=cell.center())
    assert desk.session.selection is not None
    assert desk.session.selection.prefix == desk.panel.model.key_at(2)


def test_that_what_has_no_shape_is_said_in_words(desk: Desk, tmp_path: Path) -> None:
    desk.panel.as_ridges.click()
    desk.open({"l.0.w": np.zeros((4, 4), np.float32), "l.1.w": np.array([NAN, NAN], np.float32), "l.2.w": np.float32([1, 2, 3, 9]),
               "l.3.w": np.full(3, 2, np.int8)})
    tips = [str(desk.panel.model.data(desk.panel.model.index(row, RIDGE), Qt.ItemDataRole.ToolTipRole)) for row in range(3)]
    assert "every value is 0" in tips[0]
    assert "median 2.5" in tips[2]
    assert not desk.panel.table.isColumnHidden(NAN_COLUMN)
    image = desk.panel.grab().toImage()
    assert image.width() == 700
    desk.panel.choose_path = lambda *args: str(tmp_path / "ridges.png")
    desk.panel.save_picture()
    written(desk.qtbot)
    assert (tmp_path / "ridges.png").read_bytes().startswith(b"\x89PNG")
    assert "PNG" not in desk.panel.readout.text()


@pytest.mark.parametrize(("low", "high"), [(1e-30, 1e30), (0.9, 1.1), (5e-324, 1e308), (1.0, 1.0), (0.02, 3.0)])
def test_that_powers_have_ticks_within_the_axis(low: float, high: float) -> None:
    scale = PowerScale(low, high)
    ticks = scale.ticks(0.0, 1.0, 6)
    assert 1 <= len(ticks) <= 14
    assert all(-0.01 <= tick.at <= 1.01 for tick in ticks)
    assert scale.to_value(scale.to_view(high)) == pytest.approx(high, rel=1e-6)


def test_that_deviations_have_bars_beside_the_widest_where_there_is_room(desk: Desk) -> None:
    desk.open({f"layers.{n}.w": np.linspace(-n - 1, n, 40, dtype=np.float32).reshape(4, 10) for n in range(4)})
    panel = desk.panel
    panel.as_ridges.click()
    panel.resize(1000, 800)
    desk.wait()
    assert not panel.table.isColumnHidden(LARGEST)
    assert desk.column(LARGEST) == ["1", "2", "3", "4"]
    assert desk.column(SHAPE)[0] == "4×10"
    assert panel.model.widest == max(row.summary.std for row in panel.model.rows if row.summary is not None)
    wide = panel.table.columnWidth(STD)
    panel.resize(430, 800)
    assert panel.table.isColumnHidden(LARGEST)
    assert panel.table.columnWidth(STD) < wide


def test_that_a_pattern_that_is_typed_shows_what_it_fits(desk: Desk, qtbot: QtBot) -> None:
    desk.panel.as_ridges.click()
    desk.open({f"net.layers.{i}.{name}": np.ones((4, 4), np.float32) for i in range(3) for name in ("q.weight", "k.weight", "bias")})
    panel = desk.panel

    def type_(text: str) -> None:
        panel.pattern_edit.setText(text)
        qtbot.keyClick(panel.pattern_edit, Qt.Key.Key_Return)
        desk.wait()

    type_("layers.?.[qk]*")                 # brackets mean themselves
    assert "No key fits layers.?.[qk]*." in panel.readout.text()
    type_("layers.*.q.w*")
    assert ridge_keys(desk) == [f"net.layers.{i}.q.weight" for i in range(3)]
    chips = {chip.text().split("  ")[0]: chip for chip in panel.findChildren(QToolButton) if "  " in chip.text()}
    assert chips["layers.*.q.w*"].isChecked()
    assert chips["layers.*.q.w*"].text().endswith("3")
    type_("")
    assert len(ridge_keys(desk)) == 9
    desk.open({"other": np.ones(4, np.float32), "another": np.ones(5, np.float32)})
    assert panel.pattern_edit.text() == ""
    assert set(ridge_keys(desk)) == {"other", "another"}


@pytest.mark.parametrize(("name", "fitting"), [("w", {"w", "a.w"}), ("a.*", {"a.w", "a.b.w2"}), ("*", {"w", "a.w", "a.b.w2"}),
                                               ("w?", {"a.b.w2"}), ("W", set())])
def test_that_a_pattern_fits_whole_segments(name: str, fitting: set[str]) -> None:
    assert layers.matching(["w", "a.w", "a.b.w2"], name).keys == fitting


@given(st.floats(1e-6, 1e6), st.sampled_from((150.0, 338.0, 900.0)))
def test_that_the_axis_below_the_ridges_says_how_wide_they_are(most: float, width: float) -> None:
    assert len(ticks_of((-most, most), width)) > 2


def test_that_all_of_a_low_panel_can_be_scrolled_to_and_nothing_is_cut(desk: Desk) -> None:
    desk.open(model())
    desk.panel.resize(400, 240)
    desk.select()
    area, inside = desk.panel.area, desk.panel.area.widget()
    assert area.verticalScrollBar().maximum() > 0
    assert inside.width() == area.viewport().width()
    for part in (desk.panel.pattern_edit, desk.panel.heading, desk.panel.readout, desk.panel.axis):
        assert part.height() >= part.sizeHint().height(), part.accessibleName()
    desk.panel.resize(700, 800)
    desk.wait()
    assert area.verticalScrollBar().maximum() == 0
