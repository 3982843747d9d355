"""The values table: each cell is the element it says it is, nothing is read that is not looked at, any index can be reached."""
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QItemSelection, QItemSelectionModel, Qt
from PySide6.QtGui import QColor, QGuiApplication
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.kit import exporting, theme
from inspector.gui.models import value_grid
from inspector.gui.models.value_grid import ValueGrid, bits_of, is_nonfinite, text_of
from inspector.gui.panels.values import ValuesPanel, parse_index
from inspector.gui.state.session import Selection, Session
from inspector.gui.state.tasks import Tasks
from tests.tables import checkpoint

NAN, INF = float("nan"), float("inf")
Display = Qt.ItemDataRole.DisplayRole


class Desk:
    """A panel, and the ways a person makes it show something."""

    def __init__(self, folder: Path, session: Session, tasks: Tasks, qtbot: QtBot) -> None:
        self.folder, self.session, self.tasks, self.qtbot = folder, session, tasks, qtbot
        self.panel = ValuesPanel(session, tasks)
        qtbot.addWidget(self.panel)
        self.panel.resize(700, 600)
        self.panel.show()
        self.document = 0

    def open(self, arrays: Mapping[str, Any], problems: Mapping[str, str] | None = None) -> core.Checkpoint:
        folder = self.folder / str(len(self.session.documents))
        folder.mkdir()
        ckpt = checkpoint(folder, arrays, problems)
        self.document = self.session.add(ckpt.path).id
        self.session.loaded(self.document, ckpt)
        return ckpt

    def select(self, *keys: str) -> None:
        self.session.select(Selection(self.document, keys[0] if len(keys) == 1 else "group", keys))
        self.wait()

    def wait(self) -> None:
        """Until all that was looked at is read."""
        self.panel.table.viewport().repaint()
        self.qtbot.waitUntil(lambda: not self.panel.model.busy and not self.tasks.running)

    def cell(self, row: int, col: int, role: int = Display) -> Any:
        model = self.panel.model
        model.data(model.index(row, col), role)
        self.wait()
        return model.data(model.index(row, col), role)

    def header(self, section: int, orientation: Qt.Orientation) -> str:
        return str(self.panel.model.headerData(section, orientation))


@pytest.fixture
def desk(tmp_path: Path, session: Session, tasks: Tasks, qtbot: QtBot) -> Desk:
    return Desk(tmp_path, session, tasks, qtbot)


def test_that_cells_are_the_elements_of_the_slice(desk: Desk) -> None:
    values = np.arange(2 * 70 * 40, dtype=np.int32).reshape(2, 70, 40)
    desk.open({"t": values})
    desk.select("t")
    assert desk.cell(65, 33) == str(values[0, 65, 33])
    desk.panel.slices.show_element((1, 0, 0))
    assert desk.cell(65, 33) == str(values[1, 65, 33])
    desk.panel.slices.choose(rows=2, cols=0)
    assert (desk.panel.model.rowCount(), desk.panel.model.columnCount()) == (40, 2)
    assert desk.cell(39, 1) == str(values[1, 0, 39])


def test_that_a_cell_says_that_it_is_being_read_and_then_what_it_is(desk: Desk) -> None:
    desk.open({"t": np.full((3, 3), 1.5, np.float32)})
    desk.session.select(Selection(desk.document, "t", ("t",)))
    model = desk.panel.model
    assert model.data(model.index(2, 2)) == "…"
    desk.wait()
    assert model.data(model.index(2, 2)) == "1.5"


def test_that_only_what_is_looked_at_is_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    original = core.read_slice
    monkeypatch.setattr(core, "read_slice", lambda *args: read.append(args[3:5]) or original(*args))
    desk.open({"t": np.zeros((5000, 2000), np.float32)})
    desk.select("t")
    assert 0 < len(read) < 20
    assert all(rows.stop <= 128 and cols.stop <= 128 for rows, cols in read)


def test_that_pages_are_dropped_when_they_are_too_many(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(value_grid, "KEPT", 3)
    desk.open({"t": np.arange(64 * 10, dtype=np.int64).reshape(640, 1)})
    desk.select("t")
    for row in range(0, 640, 64):
        assert desk.cell(row, 0) == str(row)
    assert desk.panel.model.page_count <= 3


def test_that_a_vector_wraps_and_its_end_is_empty(desk: Desk) -> None:
    desk.open({"b": np.arange(21, dtype=np.int16)})
    desk.select("b")
    assert desk.panel.model.columnCount() == 8
    assert [desk.header(row, Qt.Orientation.Vertical) for row in range(3)] == ["0", "8", "16"]
    assert desk.cell(2, 4) == "20"
    assert desk.cell(2, 5) is None


def test_that_nan_and_infinities_are_named_and_coloured(desk: Desk) -> None:
    desk.open({"t": np.array([[NAN, INF, -INF, 1]], np.float32)})
    desk.select("t")
    assert [desk.cell(0, n) for n in range(4)] == ["NaN", "inf", "-inf", "1"]
    danger = QColor(theme.colours().danger)
    assert [desk.cell(0, n, Qt.ItemDataRole.ForegroundRole) == danger for n in range(4)] == [True, True, True, False]


def test_that_an_index_leads_to_its_element_on_whichever_slice(desk: Desk) -> None:
    values = np.arange(3 * 4 * 5 * 6, dtype=np.int64).reshape(3, 4, 5, 6)
    desk.open({"t": values})
    desk.select("t")
    for text, at in (("2, 0, 3, 5", (2, 0, 3, 5)), ("[1 2 0 1]", (1, 2, 0, 1)), ("359", (2, 3, 4, 5)), ("-1", (2, 3, 4, 5)),
                     ("0,-1,0,0", (0, 3, 0, 0))):
        desk.panel.goto.setText(text)
        desk.panel.go_to_typed()
        desk.wait()
        assert desk.panel.current == at
        index = desk.panel.table.currentIndex()
        assert desk.panel.model.data(index) == str(values[at])
        assert desk.panel.readout.text().startswith(f"{list(at)} = {values[at]}")
    desk.panel.goto.setText("3,0,0,0")
    desk.panel.go_to_typed()
    assert "no such element" in desk.panel.readout.text()


def test_that_the_window_moves_over_more_rows_than_a_table_can_have(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.gui.models.value_grid.ROWS", 100)
    values = np.arange(5000, dtype=np.int32).reshape(5000, 1)
    desk.open({"t": values})
    desk.select("t")
    assert desk.panel.model.rowCount() == 100
    desk.panel.go_to((4321, 0))
    desk.wait()
    assert desk.panel.model.data(desk.panel.table.currentIndex()) == "4321"
    assert desk.panel.current == (4321, 0)
    assert desk.header(desk.panel.table.currentIndex().row(), Qt.Orientation.Vertical) == "4,321"


def test_that_the_next_odd_value_is_found(desk: Desk) -> None:
    values = np.zeros((2, 30, 30), np.float32)
    values[0, 5, 6], values[1, 7, 8], values[1, 9, 9], values[0, 0, 1] = NAN, NAN, 12, -3
    desk.open({"t": values, "i": np.arange(5)})
    desk.select("t")
    places = []
    for what in ("nan", "nan", "nan", "max", "min"):
        desk.panel.find_next(what)
        desk.wait()
        places.append(desk.panel.current)
    assert places == [(0, 5, 6), (1, 7, 8), (0, 5, 6), (1, 9, 9), (0, 0, 1)]
    desk.select("i")
    desk.panel.find_next("nan")
    desk.wait()
    assert desk.panel.readout.text() == "There is no NaN in this tensor."


def test_that_a_selection_is_copied_as_tsv_without_waiting_for_it_to_be_read(desk: Desk) -> None:
    values = np.arange(300 * 50, dtype=np.int64).reshape(300, 50)
    desk.open({"t": values})
    desk.select("t")
    model = desk.panel.model
    area = QItemSelection(model.index(200, 40), model.index(202, 41))
    desk.panel.table.selectionModel().select(area, QItemSelectionModel.SelectionFlag.ClearAndSelect)
    desk.panel.copy_selection()
    desk.wait()
    want = "\n".join("\t".join(str(n) for n in row) for row in values[200:203, 40:42])
    assert QGuiApplication.clipboard().text() == want


@pytest.mark.parametrize("kind", ["csv", "npy"])
def test_that_the_slice_is_saved_whole(desk: Desk, tmp_path: Path, kind: str) -> None:
    values = np.random.default_rng(3).normal(size=(3, 90, 70)).astype(np.float32)
    desk.open({"CON": values})
    desk.select("CON")
    desk.panel.slices.show_element((2, 0, 0))
    names = []
    path = tmp_path / "out"
    desk.panel.choose_path = lambda parent, title, name, kinds: names.append(name) or str(path)
    desk.panel.save(kind)
    desk.wait()
    assert names == [f"_CON.{kind}"]
    found = np.load(path) if kind == "npy" else np.loadtxt(path, np.float32, delimiter=",")
    np.testing.assert_array_equal(found, values[2])


@pytest.mark.parametrize("shape", [(3, 90, 70), (5,), (), (0, 4)])
@pytest.mark.parametrize("dtype", [np.float32, np.int16, ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, np.bool_])
def test_that_the_whole_tensor_is_saved_in_its_shape(desk: Desk, tmp_path: Path, shape: tuple[int, ...], dtype: Any) -> None:
    values = np.random.default_rng(3).integers(-3, 4, shape).astype(dtype)
    ckpt = desk.open({"w": values})
    path = tmp_path / "out.npy"
    exporting.write(str(path), exporting.array(ckpt, "w"), "array")
    found = np.load(path)
    assert found.shape == shape
    np.testing.assert_array_equal(found.astype(np.float32), values.astype(np.float32))


def test_that_what_is_saved_is_what_is_seen(desk: Desk, tmp_path: Path) -> None:
    values = np.arange(24, dtype=np.uint8).reshape(4, 6)
    desk.open({"w": values})
    desk.select("w")
    desk.panel.seen_as.see_as("u4", (2, 24))
    desk.panel.choose_path = lambda *args: str(tmp_path / "out.npy")
    desk.panel.save_whole()
    desk.wait()
    found = np.load(tmp_path / "out.npy")
    assert found.dtype == np.int8
    np.testing.assert_array_equal(found, np.stack([values & 15, values >> 4], -1).reshape(2, 24))


def test_that_what_cannot_be_saved_is_said_and_leaves_nothing(desk: Desk, tmp_path: Path) -> None:
    desk.open({"t": np.zeros((2, 2), np.float32)})
    desk.select("t")
    desk.panel.choose_path = lambda *args: str(tmp_path / "no" / "where.csv")
    desk.panel.save("csv")
    desk.wait()
    assert "cannot be written: No such file or directory" in desk.panel.readout.text()


def test_that_a_broken_tensor_says_what_is_wrong(desk: Desk) -> None:
    desk.open({"w": np.zeros((3, 3), np.float32), "e": np.zeros((0, 3), np.float32)}, {"w": "its bytes are not in the file"})
    desk.select("w")
    assert desk.panel.pages.message.text == "Its bytes are not in the file."
    desk.select("e")
    assert "No elements" in desk.panel.pages.message.text


def test_that_the_model_keeps_qts_rules(tmp_path: Path, tasks: Tasks, qtmodeltester: ModelTester, qtbot: QtBot) -> None:
    ckpt = checkpoint(tmp_path, {"t": np.zeros((5, 4), np.float32)})
    model = ValueGrid(tasks)
    model.show_plane(ckpt, ckpt.tensors["t"], core.matrix_plane((5, 4)))
    qtmodeltester.check(model)
    qtbot.waitUntil(lambda: not model.busy)
    model.clear()
    assert model.rowCount() == 0


# -- numbers as text -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("value", "format", "text"), [
    (np.float32(0.1), "auto", "0.1"), (np.float32(0.1), "fixed", "0.100000"), (np.float32(0.1), "scientific", "1.000000e-01"),
    (np.float32(-2), "bits", "0xc0000000"), (np.float32(NAN), "fixed", "NaN"), (np.float64(-INF), "scientific", "-inf"),
    (ml_dtypes.bfloat16(1), "bits", "0x3f80"), (ml_dtypes.bfloat16(NAN), "auto", "NaN"), (ml_dtypes.float8_e4m3fn(448), "auto", "448"),
    (np.int64(-2 ** 63), "auto", str(-2 ** 63)), (np.uint64(2 ** 64 - 1), "bits", "0x" + "f" * 16), (np.bool_(True), "auto", "True"),
    (np.complex64(complex(1, -2)), "auto", "1-2j"), (np.complex64(complex(NAN, INF)), "auto", "NaN+infj"), (np.int8(-1), "bits", "0xff")])
def test_that_numbers_are_written_as_chosen(value: Any, format: str, text: str) -> None:
    assert text_of(value, format) == text


def test_that_odd_values_are_told_in_every_type() -> None:
    half = np.array([(NAN, 0)], [("real", "<f2"), ("imag", "<f2")])[0]
    assert all(map(is_nonfinite, (np.float16(NAN), ml_dtypes.bfloat16(INF), ml_dtypes.float8_e5m2(NAN), np.complex64(complex(0, INF)),
                                  half)))
    assert not any(map(is_nonfinite, (np.float32(0), np.int8(3), np.bool_(False), ml_dtypes.bfloat16(2), np.complex64(1))))


@given(st.floats(width=32))
def test_that_exported_text_reads_back_as_the_same_number(value: float) -> None:
    text = exporting.texts(np.array([value], np.float32))[0]
    assert np.array([float(text)], np.float32).tobytes() == np.array([value], np.float32).tobytes() or value != value
    assert bits_of(np.float32(value)) == f"0x{int.from_bytes(np.float32(value).tobytes(), 'little'):08x}"


@pytest.mark.parametrize("dtype", [ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2, np.float16])
def test_that_all_small_floats_read_back_as_they_are(dtype: Any) -> None:
    size = np.dtype(dtype).itemsize
    values = np.arange(256 ** size, dtype=f"u{size}").view(dtype)
    wide = values.astype(np.float32)
    back = np.array([float(text) for text in exporting.texts(values)], np.float32).astype(dtype)
    good = np.isfinite(wide)
    np.testing.assert_array_equal(back[good].view(f"u{size}"), values[good].view(f"u{size}"))


@pytest.mark.parametrize(("key", "name"), [
    ("layer.0.weight", "layer.0.weight.npy"), ("../../etc/passwd", "_.._etc_passwd.npy"), ("CON", "_CON.npy"),
    ("aux.weight", "_aux.weight.npy"),
    ("a:b*c?", "a_b_c_.npy"), ("", "tensor.npy"), (" . ", "tensor.npy"), ("权重", "权重.npy"), ("a\x00b\n\u202ec", "abc.npy")])
def test_that_names_of_files_are_safe(key: str, name: str) -> None:
    assert exporting.file_name(key, ".npy") == name


@given(st.text())
def test_that_no_key_leads_out_of_its_folder(key: str) -> None:
    name = exporting.file_name(key, ".csv")
    assert "/" not in name
    assert "\\" not in name
    assert not name.startswith((".", " "))
    assert len(name) <= 130


@given(st.lists(st.integers(1, 6), min_size=0, max_size=4).map(tuple), st.data())
def test_that_every_index_can_be_typed(shape: tuple[int, ...], data: st.DataObject) -> None:
    at = tuple(data.draw(st.integers(0, size - 1)) for size in shape)
    assert parse_index(str(core.ravel(at, shape)), shape) == at
    if at:
        assert parse_index(", ".join(map(str, at)), shape) == at
        assert parse_index(str([n - size for n, size in zip(at, shape, strict=True)]), shape) == at
    assert parse_index("x", shape) is None
    assert parse_index(str(int(np.prod(shape))), shape) is None


def test_that_numbers_are_drawn_with_a_minus_and_copied_with_a_hyphen(desk: Desk) -> None:
    desk.open({"t": np.array([[-1.5, -INF], [-2e-9, 3]], np.float32), "c": np.array([[1 - 2j]], np.complex64)})
    desk.select("t")
    delegate, model = desk.panel.table.itemDelegate(), desk.panel.model
    shown = [delegate.displayText(desk.cell(row, col), desk.panel.locale()) for row in (0, 1) for col in (0, 1)]
    assert shown == ["−1.5", "−inf", "−2e−09", "3"]
    desk.panel.table.setCurrentIndex(model.index(0, 0))
    assert desk.panel.readout.text() == "[0, 0] = −1.5   0xbfc00000"
    desk.panel.table.selectAll()
    desk.panel.copy_selection()
    desk.wait()
    assert QGuiApplication.clipboard().text().split() == ["-1.5", "-inf", "-2e-09", "3.0"]
    desk.select("c")
    assert delegate.displayText(desk.cell(0, 0), desk.panel.locale()) == "1−2j"
