"""A packed checkpoint in the window: its rows, what every panel says of one, and that edits act on what is stored."""
from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.comparison.progress import Step
from inspector.gui.dialogs.doctor import Doctor
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.kit import words
from inspector.gui.kit.settings import Settings
from inspector.gui.models import tree_model
from inspector.gui.models.pair_lines import SQNR
from inspector.gui.models.tree_model import NAME
from inspector.gui.panels.details import Details
from inspector.gui.panels.heatmap import HeatmapPanel
from inspector.gui.panels.overview import Overview
from inspector.gui.panels.statistics import StatisticsPanel
from inspector.gui.panels.values import ValuesPanel
from inspector.gui.state.session import Document, Selection, Session
from inspector.gui.state.tasks import Tasks
from tests.core.packed import packing, sized
from tests.gui import edit_samples
from tests.gui.edit_samples import settled


@pytest.fixture
def made() -> packing.Packed:
    return packing.MAKERS["gptq"](np.random.default_rng(1))


@pytest.fixture
def opened(session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot, tmp_path: Path,
           made: packing.Packed) -> tuple[MainWindow, Document]:
    window, document = edit_samples.opened(session, tasks, settings, qtbot, made.save(tmp_path / "a"))
    window.tree.expand_all()
    row = next(row for row in range(window.tree.model().rowCount()) if window.tree.model().line(row).packed)
    window.tree.select_row(row)
    settled(tasks, qtbot)
    return window, document


def panel(window: MainWindow, name: str, kind: type, qtbot: QtBot) -> object:
    window.view.show_panel(name)
    settled(window.tasks, qtbot)
    [found] = window.findChildren(kind)
    return found


@pytest.mark.usefixtures("opened")
def test_that_selecting_the_row_selects_the_parts(session: Session, made: packing.Packed) -> None:
    selection = session.selection
    assert selection is not None
    assert selection.prefix == made.name
    assert set(selection.keys) == made.parts


def test_that_the_row_stays_selected_where_a_part_has_its_name(session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot,
                                                              tmp_path: Path) -> None:
    made = packing.MAKERS["bnb"](np.random.default_rng(1))
    assert made.name in made.parts
    window, document = edit_samples.opened(session, tasks, settings, qtbot, made.save(tmp_path / "a"))
    session.select(Selection(document.id, made.name, tuple(made.parts)))
    assert window.tree.model().line(window.tree.currentIndex().row()).packed
    session.select(Selection(document.id, made.name, (made.name,)))
    assert not window.tree.model().line(window.tree.currentIndex().row()).packed


def test_that_statistics_are_of_the_values_and_the_stored_integers_a_switch_away(opened: tuple[MainWindow, Document], qtbot: QtBot,
                                                                                made: packing.Packed) -> None:
    window, _ = opened
    found = panel(window, "statistics", StatisticsPanel, qtbot)
    assert isinstance(found, StatisticsPanel)
    qtbot.waitUntil(lambda: found.result is not None)
    assert found.result is not None
    assert found.result.together.numel == made.values.size
    assert found.result.together.max == pytest.approx(made.values.max(), rel=1e-6)
    assert found.table.cell("Size") == words.exact_size(sum(made.tensors[key].nbytes for key in made.parts))
    assert found.form.isVisible()
    found.form.setCurrentIndex(1)
    qtbot.waitUntil(lambda: found.result is not None and found.result.together.max == 15)
    assert found.result is not None
    assert (found.result.together.min, found.result.together.max) == (0, 15)
    assert found.result.together.numel == made.values.size
    part = next(row for row in range(window.tree.model().rowCount()) if window.tree.model().line(row).texts[NAME] == "scales")
    window.tree.select_row(part)
    qtbot.waitUntil(lambda: found.result is not None and found.result.together.numel == made.tensors["m.scales"].size)
    assert not found.form.isVisible()
    assert found.result is not None
    assert found.result.together.numel == made.tensors["m.scales"].size


def test_that_values_details_and_overview_answer_for_the_tensor(opened: tuple[MainWindow, Document], session: Session, qtbot: QtBot,
                                                               made: packing.Packed) -> None:
    window, document = opened
    values = panel(window, "values", ValuesPanel, qtbot)
    assert isinstance(values, ValuesPanel)
    qtbot.waitUntil(lambda: values.model.rowCount() == made.values.shape[0])
    details = panel(window, "details", Details, qtbot)
    assert isinstance(details, Details)
    qtbot.waitUntil(lambda: any(row.name == "Scheme" for row in details.properties.rows))
    heatmap = panel(window, "heatmap", HeatmapPanel, qtbot)
    assert isinstance(heatmap, HeatmapPanel)
    qtbot.waitUntil(lambda: bool(heatmap.remark.text()))
    size = words.size(sum(made.tensors[key].nbytes for key in made.parts))
    assert [shown.remark.text().split(" · ")[2] for shown in (values, heatmap)] == [size, size]
    rows = {row.name: row.value for row in details.properties.rows}
    assert (rows["Scheme"], rows["Bits of a code"]) == ("gptq", "4")
    assert "m.qweight" in str(rows["data"])
    overview = panel(window, "overview", Overview, qtbot)
    assert isinstance(overview, Overview)
    unpack = next(button for button in overview.findChildren(QPushButton) if button.text() == "Unpack to float16")
    unpack.click()
    settled(window.tasks, qtbot)
    assert session.edits(document.id) == (core.Dequantize("float16", made.name),)
    assert document.checkpoint is not None
    assert list(document.checkpoint.tensors) == [made.name, "m.bias"]
    assert document.packed is None


def test_that_the_stored_integers_are_a_switch_away_in_values_and_heatmap_too(opened: tuple[MainWindow, Document], session: Session,
                                                                              qtbot: QtBot, made: packing.Packed) -> None:
    window, document = opened
    values = panel(window, "values", ValuesPanel, qtbot)
    assert isinstance(values, ValuesPanel)
    qtbot.waitUntil(lambda: values.model.rowCount() == made.values.shape[0])
    assert values.seen_as.form.isVisible()
    assert not values.seen_as.button.isVisible()
    values.seen_as.form.setCurrentIndex(1)
    codes = core.stored_codes(document.path, [core.logical(document.path)[made.name]])["m.qweight"].numpy()
    qtbot.waitUntil(lambda: (values.model.rowCount(), values.model.columnCount()) == codes.shape)
    values.model.data(values.model.index(1, 2))
    qtbot.waitUntil(lambda: not values.model.busy)
    assert values.model.data(values.model.index(1, 2)) == str(int(codes[1, 2]))
    heatmap = panel(window, "heatmap", HeatmapPanel, qtbot)
    assert isinstance(heatmap, HeatmapPanel)
    qtbot.waitUntil(lambda: heatmap.view.base is not None)
    assert heatmap.view.base is not None
    np.testing.assert_array_equal(heatmap.view.base.values, codes)
    assert heatmap.seen_as.form.currentIndex() == 1
    heatmap.seen_as.form.setCurrentIndex(0)
    assert not session.shows_codes(quantized=False)
    qtbot.waitUntil(lambda: heatmap.view.base is not None and heatmap.view.base.values.shape == made.values.shape)


def test_that_what_is_stored_is_called_what_it_is(session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot, tmp_path: Path) -> None:
    made = packing.MAKERS["fp8 blocks"](np.random.default_rng(1))
    window, document = edit_samples.opened(session, tasks, settings, qtbot, made.save(tmp_path / "a"))
    session.select(Selection(document.id, made.name, tuple(key for key in made.tensors if key in made.parts)))
    statistics = panel(window, "statistics", StatisticsPanel, qtbot)
    assert isinstance(statistics, StatisticsPanel)
    qtbot.waitUntil(lambda: statistics.result is not None)
    assert statistics.form.tabText(1) == "Stored numbers"


def test_that_the_values_and_each_stored_part_are_saved_as_arrays(opened: tuple[MainWindow, Document], qtbot: QtBot, tmp_path: Path,
                                                                  made: packing.Packed) -> None:
    window, _ = opened
    values = panel(window, "values", ValuesPanel, qtbot)
    assert isinstance(values, ValuesPanel)
    qtbot.waitUntil(lambda: values.model.rowCount() == made.values.shape[0])
    values.choose_path = lambda parent, title, name, kinds: str(tmp_path / name)
    values.save_whole()
    settled(window.tasks, qtbot)
    np.testing.assert_allclose(np.load(tmp_path / f"{made.name}.npy"), made.values, rtol=1e-6)
    values._offer_parts()
    assert {action.text().split("\t")[0] for action in values.parts_menu.actions()} == made.parts
    for action in values.parts_menu.actions():
        action.trigger()
        settled(window.tasks, qtbot)
    for key in made.parts:
        np.testing.assert_array_equal(np.load(tmp_path / f"{key}.npy"), made.tensors[key])


def test_that_a_copied_row_has_the_shape_that_is_meant(opened: tuple[MainWindow, Document], made: packing.Packed) -> None:
    model = opened[0].tree.tree_model
    row = next(row for row in range(model.rowCount()) if model.line(row).packed)
    assert model.copied_fields(row)[:2] == (made.name, "x".join(map(str, made.values.shape)))
    part = next(row for row in range(model.rowCount()) if model.line(row).part)
    assert model.copied_fields(part)[4] == ""


def compared(session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot, *paths: Path) -> MainWindow:
    window = MainWindow(session, tasks, settings)
    window.edits.asks = False
    qtbot.addWidget(window)
    window.resize(1400, 800)
    window.show()
    window.open_paths([str(path) for path in paths])
    settled(tasks, qtbot)
    first, second = session.documents
    window.comparison.compare_documents(first.id, second.id)
    qtbot.waitUntil(lambda: window.comparison.page.progress.step is Step.DONE)
    settled(tasks, qtbot)
    return window


def test_that_a_comparison_with_what_was_packed_has_a_column_of_decibels_in_view(session: Session, tasks: Tasks, settings: Settings,
                                                                                qtbot: QtBot, tmp_path: Path, made: packing.Packed) -> None:
    plain = {made.name: made.values.astype(np.float32) + np.float32(0.001), "m.bias": made.tensors["m.bias"]}
    core.save(plain, tmp_path / "plain.safetensors")
    window = compared(session, tasks, settings, qtbot, made.save(tmp_path / "a"), tmp_path / "plain.safetensors")
    view = window.comparison.page.view
    qtbot.waitUntil(lambda: not view.isColumnHidden(SQNR))
    assert view.horizontalHeader().length() <= view.viewport().width()
    line = next(window.comparison.page.model.line(row) for row in range(window.comparison.page.model.rowCount())
                if window.comparison.page.model.line(row).key == made.name)
    assert line.texts[SQNR].endswith(" dB")
    assert not window.comparison.page.adds_link.isVisible()


def test_that_an_adapter_beside_its_model_says_what_it_adds(session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot,
                                                           tmp_path: Path) -> None:
    lora = {f"base_model.model.fc.lora_{name}.weight": np.ones(shape, np.float32) for name, shape in (("A", (2, 8)), ("B", (4, 2)))}
    core.save(lora, tmp_path / "adapter_model.safetensors")
    (tmp_path / "adapter_config.json").write_text('{"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["fc"]}', "utf-8")
    core.save({"fc.weight": np.ones((4, 8), np.float32)}, tmp_path / "base.safetensors")
    window = compared(session, tasks, settings, qtbot, tmp_path / "adapter_model.safetensors", tmp_path / "base.safetensors")
    page = window.comparison.page
    qtbot.waitUntil(page.adds_link.isVisible)
    page.adds_link.click()
    [doctor] = window.findChildren(Doctor)
    qtbot.waitUntil(lambda: doctor.lists.topLevelItemCount() > 0 and not tasks.running)
    said = [doctor.lists.topLevelItem(0).child(0).text(column) for column in range(doctor.lists.columnCount())]
    assert any("rank 2 · norm" in text for text in said), said
    doctor.copy.click()
    assert f"edit {tmp_path / 'base.safetensors'} -o MERGED --merge-adapter" in QGuiApplication.clipboard().text()
    doctor.add.click()                          # an edit of the model, not of the adapter
    adapter, base = session.documents
    assert [edit.option for edit in session.edits(base.id)] == ["merge-adapter"]
    assert session.edits(adapter.id) == ()


def test_that_the_tree_can_show_what_is_stored_with_the_same_parameters(opened: tuple[MainWindow, Document], session: Session,
                                                                       settings: Settings, qtbot: QtBot, made: packing.Packed) -> None:
    window, document = opened
    tree, model = window.tree, window.tree.model()
    parameters = model.line(0).texts[4]
    assert window.packed.isVisible()
    window.packed.stored.click()
    settled(window.tasks, qtbot)
    window.tree.expand_all()
    lines = [model.line(row) for row in range(model.rowCount())]
    assert not any(line.packed for line in lines)
    assert {line.key for line in lines} >= made.parts
    assert model.line(0).texts[4] == parameters
    assert document.packed is None
    assert settings.packed_as_stored
    assert window.menus["as-stored"].isChecked()
    selection = session.selection
    assert selection is not None
    assert len(selection.keys) == 1
    assert set(selection.keys) <= made.parts
    window.menus["as-stored"].trigger()
    settled(window.tasks, qtbot)
    assert document.packed is not None
    assert any(model.line(row).packed for row in range(model.rowCount()))
    assert window.packed.one.isChecked()
    window.resize(1440, 900)
    qtbot.waitUntil(lambda: not tree.isColumnHidden(tree_model.BITS))


def test_that_columns_are_there_only_where_they_say_something(opened: tuple[MainWindow, Document], session: Session, qtbot: QtBot,
                                                             tmp_path: Path) -> None:
    window, document = opened
    window.resize(1900, 900)                # names keep their part of it, with all columns there
    tree = window.tree
    qtbot.waitUntil(lambda: not tree.isColumnHidden(tree_model.PARAMETERS))
    assert not tree.isColumnHidden(tree_model.BITS)
    assert tree.isColumnHidden(tree_model.DEVICE)
    window.open_paths([str(edit_samples.wrapped(tmp_path))])
    settled(window.tasks, qtbot)
    assert not tree.isColumnHidden(tree_model.DEVICE)
    session.remove(document.id)
    assert tree.isColumnHidden(tree_model.BITS)
    assert not window.packed.isVisible()
    assert not window.menus["as-stored"].isEnabled()


def test_that_the_status_bar_and_overview_say_how_many_are_stored_and_meant(opened: tuple[MainWindow, Document], session: Session,
                                                                           qtbot: QtBot, made: packing.Packed) -> None:
    window, document = opened
    session.select(Selection(document.id))
    qtbot.waitUntil(lambda: "shown as 2" in window.status.text())
    assert f"{len(made.tensors)} tensors stored, shown as 2" in window.status.text()
    overview = panel(window, "overview", Overview, qtbot)
    assert isinstance(overview, Overview)
    qtbot.waitUntil(lambda: any(label.text() == f"{len(made.tensors)} stored" for label in overview.findChildren(QLabel)))


def test_that_dropping_the_row_drops_the_stored_parts(opened: tuple[MainWindow, Document], session: Session, qtbot: QtBot) -> None:
    window, document = opened
    window.menus["edit-drop"].trigger()
    settled(window.tasks, qtbot)
    [edit] = session.edits(document.id)
    assert isinstance(edit, core.Drop)
    assert document.checkpoint is not None
    assert list(document.checkpoint.tensors) == ["m.bias"]


def test_that_of_many_tensors_the_tree_is_shown_before_what_is_packed_is_found(session: Session, tasks: Tasks, settings: Settings,
                                                                              qtbot: QtBot, tmp_path: Path, made: packing.Packed,
                                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_model, "AT_ONCE", 0)
    window, document = edit_samples.opened(session, tasks, settings, qtbot, made.save(tmp_path / "a"))
    qtbot.waitUntil(lambda: document.packed is not None)
    window.tree.expand_all()
    assert any(window.tree.model().line(row).packed for row in range(window.tree.model().rowCount()))


_SIZED = ("bnb int8", "modelopt awq", "modelopt fp8", "torchao Int8Tensor", "torchao MXTensor 4", "kohya", "lora of a convolution",
          "deepseek fp4", "ct act order", "mlx mxfp4")
FAMILIES = {**packing.MAKERS, **{name: partial(made, rows=4, groups=2, size=8) for name, made in sized.SIZED.items() if name in _SIZED}}


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_that_the_overview_counts_what_the_tree_counts(family: str, session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot,
                                                       tmp_path: Path) -> None:
    made = FAMILIES[family](np.random.default_rng(1))
    made = made._replace(tensors={**made.tensors, "norm.weight": np.ones(24, np.float32), "norm.bias": np.ones(24, np.float32)})
    window, document = edit_samples.opened(session, tasks, settings, qtbot, made.save(tmp_path / "a"))
    assert document.checkpoint is not None
    adapter = document.packed is not None and document.packed.tensors[made.name].is_adapter
    session.select(Selection(document.id, "", tuple(document.checkpoint.tensors)))
    overview = panel(window, "overview", Overview, qtbot)
    assert isinstance(overview, Overview)
    root = window.tree.model().line(0)

    def tiles_now() -> dict[str, str]:
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)        # what was drawn before
        labels = [label.text() for label in overview.findChildren(QLabel) if not label.isHidden()]
        return {title: labels[labels.index(title) + 1] for title in ("Tensors", "Parameters")}

    qtbot.waitUntil(lambda: overview.is_settled and tiles_now()["Tensors"] == root.texts[tree_model.SHAPE].split()[0])
    tiles = tiles_now()
    assert tiles["Parameters"] == words.many(int(root.texts[tree_model.PARAMETERS].replace(",", "")))
    if not adapter and document.packed is not None:
        stored = set(made.tensors) - made.parts
        assert tiles["Tensors"] == f"{1 + len(stored):,}"
        assert tiles["Parameters"] == words.many(made.values.size + sum(made.tensors[key].size for key in stored))
