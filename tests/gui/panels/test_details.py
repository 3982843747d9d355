"""Everything raw."""
from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.panels.details import Details, Properties, Records
from inspector.gui.state.session import Selection, Session
from inspector.gui.state.tasks import Tasks
from tests.gui.showing import placed, show

Make = Callable[..., core.Checkpoint]


@pytest.fixture
def panel(session: Session, tasks: Tasks, qtbot: QtBot) -> Details:
    return placed(Details(session, tasks), qtbot)


def properties(panel: Details) -> dict[str, str]:
    return {row.name: row.value for row in panel.properties.rows if row.value is not None}


def test_that_a_file_lists_container_state_dicts_and_records(panel: Details, session: Session, tasks: Tasks, qtbot: QtBot,
                                                             checkpoint: Make) -> None:
    show(session, tasks, qtbot, checkpoint(members=3, metadata={"format": "pt"},
                                           findings=(core.Finding("odd", "warning", "x", "It is odd.", "Leave it."),)))
    found = properties(panel)
    assert found["byteorder"] == "little"
    assert found["model"] == "_metadata for 1 modules"
    assert found["format"] == "pt"
    assert found["warning · odd"] == "It is odd. Leave it."
    assert panel.records.rowCount() == 3
    assert panel.records.cells(1) == ("archive/data/1", "1", "8", "8", "stored", "00000001", "")


def test_that_sixty_thousand_records_are_drawn_row_by_row(panel: Details, session: Session, tasks: Tasks, qtbot: QtBot,
                                                          checkpoint: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[int] = set()
    cells = Records.cells
    monkeypatch.setattr(Records, "cells", lambda self, row: (asked.add(row), cells(self, row))[1])
    show(session, tasks, qtbot, checkpoint(members=60_000))
    panel.grab()
    assert panel.records.rowCount() == 60_000
    assert len(asked) < 300


def test_that_a_tensor_lists_where_it_lies(panel: Details, session: Session, tasks: Tasks, qtbot: QtBot, checkpoint: Make) -> None:
    show(session, tasks, qtbot, checkpoint(), "model.bias", ("model.bias",))
    found = properties(panel)
    assert found["Shape"] == "[4]"
    assert found["Offset in the file"] == "64 (0x40)"
    assert found["CRC-32"] == "0000beef"
    assert found["Device"] == "cuda:0"
    assert found["Compression"] == "stored"


def test_that_tensors_in_the_same_storage_can_be_followed(panel: Details, session: Session, tasks: Tasks, qtbot: QtBot,
                                                          checkpoint: Make) -> None:
    ckpt = checkpoint(tied=("model.weight", "optimizer.state.0.exp_avg"))
    document = show(session, tasks, qtbot, ckpt, "model.weight", ("model.weight",))
    assert [panel.records.cells(n)[0] for n in range(panel.records.rowCount())] == ["optimizer.state.0.exp_avg"]
    panel.list.activated.emit(panel.records.index(0, 0))
    assert session.selection == Selection(document.id, "optimizer.state.0.exp_avg", ("optimizer.state.0.exp_avg",))


def test_that_a_tensor_without_storage_says_so(panel: Details, session: Session, tasks: Tasks, qtbot: QtBot,
                                               checkpoint: Make) -> None:
    ckpt = checkpoint()
    extra = core.Extra(quantizer=core.PerTensor("per_tensor_affine", 0.5, 3))
    ckpt.tensors["model.bias"] = ckpt.tensors["model.bias"]._replace(storage="", extra=extra)  # type: ignore[index]
    show(session, tasks, qtbot, ckpt, "model.bias", ("model.bias",))
    assert properties(panel)["Name"] == "none"
    assert properties(panel)["Scale"] == "0.5"


def test_that_what_is_unusual_about_a_tensor_has_its_rows(panel: Details, session: Session, tasks: Tasks, qtbot: QtBot,
                                                          checkpoint: Make) -> None:
    ckpt = checkpoint()
    info, part = ckpt.tensors["model.bias"], ckpt.tensors["model.weight"]
    for extra, expected in (
            (core.Extra(core.SparseCoo(part, part, True), subclass="my.Thing"),
             {"Class": "my.Thing", "Coalesced": "yes", "indices": "[4, 3] float32, in storage 0"}),
            (core.Extra(core.Jagged(part, info, None, 1)), {"Form": "(3, *, 3)", "Ragged dimension": "1"}),
            (core.Extra(quantizer=core.PerChannel("per_channel_affine", part, (1.0,), 1)),
             {"Quantization scheme": "per_channel_affine", "Channels along dimension": "1", "scales": "[4, 3] float32, in storage 0"}),
            (core.Extra(conj=True, neg=True, read_from=part),
             {"Conjugate": "yes", "Negative": "yes", "Values from": "[4, 3] float32, in storage 0"}),
            (core.Extra(header_fields=(("unit\n", '"m"'),)), {"unit\\n": '"m"'})):
        ckpt.tensors["model.bias"] = info._replace(extra=extra)  # type: ignore[index]
        show(session, tasks, qtbot, ckpt, "model.bias", ("model.bias",))
        assert expected.items() <= properties(panel).items()


def test_that_groups_and_values_have_their_rows(panel: Details, session: Session, tasks: Tasks, qtbot: QtBot,
                                                checkpoint: Make) -> None:
    document = show(session, tasks, qtbot, checkpoint(values={"note": "hello", "thing": core.Opaque("a.B", "B()", 7)}), "model",
                    ("model.weight", "model.bias"))
    assert properties(panel)["Elements"] == "16"
    assert properties(panel)["State dict"] == "yes"
    session.select(Selection(document.id, "note", (), "note"))
    assert (properties(panel)["Type"], properties(panel)["Length"]) == ("str", "5")
    session.select(Selection(document.id, "thing", (), "thing"))
    assert properties(panel)["Node in the pickle"] == "7"


def test_that_rows_are_copied_raw(panel: Details, session: Session, tasks: Tasks, qtbot: QtBot, checkpoint: Make) -> None:
    """Shown escaped, copied as it is."""
    key = "model.\u202eweight"
    show(session, tasks, qtbot, checkpoint(keys={key: (2,)}), key, (key,))
    row = next(n for n, row in enumerate(panel.properties.rows) if row.name == "Key")
    assert panel.properties.index(row, 1).data() == "model.\\u202eweight"
    panel.table.selectRow(row)
    panel.table.actions()[0].trigger()
    assert QGuiApplication.clipboard().text() == f"Key\t{key}"


def test_that_tooltips_hold_no_markup_of_the_file(panel: Details, session: Session, tasks: Tasks, qtbot: QtBot,
                                                  checkpoint: Make) -> None:
    key = "<img src='file:///etc/passwd'>" * 5
    show(session, tasks, qtbot, checkpoint(keys={key: (2,)}), key, (key,))
    for n in range(panel.properties.rowCount()):
        tip = panel.properties.index(n, 1).data(Qt.ItemDataRole.ToolTipRole)
        assert tip is None or "<img" not in tip


def test_that_nothing_is_made_while_the_panel_is_hidden(panel: Details, session: Session, tasks: Tasks, qtbot: QtBot,
                                                        checkpoint: Make) -> None:
    panel.hide()
    show(session, tasks, qtbot, checkpoint())
    assert panel.properties.rowCount() == 0
    panel.show()
    assert panel.properties.rowCount() > 5


def test_that_closing_the_file_empties_the_panel(panel: Details, session: Session, tasks: Tasks, qtbot: QtBot,
                                                 checkpoint: Make) -> None:
    document = show(session, tasks, qtbot, checkpoint(), "model.bias", ("model.bias",))
    session.remove(document.id)
    assert panel.properties.rowCount() == 0


@pytest.mark.parametrize("nanoseconds", [-11644473600 * 10 ** 9, 2 ** 63 - 1, 10 ** 30, 0])
def test_that_any_time_stamp_can_be_shown(panel: Details, session: Session, tasks: Tasks, qtbot: QtBot, checkpoint: Make,
                                          nanoseconds: int) -> None:
    show(session, tasks, qtbot, checkpoint(stamp=core.FileStamp("/a", 2 ** 63 - 1, nanoseconds, 0, 1, 1)))
    assert properties(panel)["Modified"]


def test_that_the_models_keep_qts_rules(qtmodeltester: ModelTester, session: Session, tasks: Tasks, qtbot: QtBot, checkpoint: Make,
                                        panel: Details) -> None:
    show(session, tasks, qtbot, checkpoint(members=5))
    for model in (panel.properties, panel.records):
        assert isinstance(model, Properties | Records)
        qtmodeltester.check(model, force_py=True)


def test_that_a_tensor_in_chunks_lists_where_each_lies(panel: Details, session: Session, tasks: Tasks, qtbot: QtBot,
                                                       checkpoint: Make) -> None:
    made = checkpoint(keys={"w": (4, 3)})
    there, gone = made.storages["0"], made.storages["0"]._replace(extent=None)
    chunks = (core.Chunk((0, 0), (2, 3), there, 0, (3, 1)), core.Chunk((2, 0), (2, 3), gone, 0, (3, 1)))
    tensors = {"w": made.tensors["w"]._replace(extra=core.Extra(chunks=chunks))}
    show(session, tasks, qtbot, dataclasses.replace(made, tensors=tensors), "w", ("w",))
    found = properties(panel)
    assert found["[0:2, 0:3]"] == "last.pth, byte 0"
    assert found["[2:4, 0:3]"] == "not there"


def test_that_state_of_an_optimizer_leads_to_its_parameter_and_back(panel: Details, session: Session, tasks: Tasks, qtbot: QtBot,
                                                                    checkpoint: Make) -> None:
    ckpt = checkpoint(keys={"model.weight": (4, 3), "model.bias": (4,), "optimizer.state.0.exp_avg": (4, 3),
                            "optimizer.state.1.exp_avg": (4,)}, values={"optimizer.param_groups.0.params.0": 0,
                                                                       "optimizer.param_groups.0.params.1": 1})
    tensors = {key: info._replace(state_dict=key.rpartition(".")[0] if key.startswith("model") else "optimizer.state")
               for key, info in ckpt.tensors.items()}
    ckpt = dataclasses.replace(ckpt, tensors=tensors, state_dicts=("model", "optimizer.state"))
    document = show(session, tasks, qtbot, ckpt, "optimizer.state.1.exp_avg", ("optimizer.state.1.exp_avg",))
    assert properties(panel)["State of"] == "model.bias"
    assert (panel.records.cells(0)[0], panel.records.cells(0)[-1]) == ("model.bias", "its parameter")
    panel.list.activated.emit(panel.records.index(0, 0))
    assert session.selection == Selection(document.id, "model.bias", ("model.bias",))
    assert [(panel.records.cells(0)[0], panel.records.cells(0)[-1])] == [("optimizer.state.1.exp_avg", "its optimizer state")]
    assert "State of" not in properties(panel)


def test_that_tensors_from_all_over_the_file_are_not_the_file(panel: Details, session: Session, tasks: Tasks, qtbot: QtBot,
                                                              checkpoint: Make) -> None:
    show(session, tasks, qtbot, checkpoint(members=3), "", ("model.weight", "optimizer.state.0.exp_avg"))
    assert properties(panel) == {"Tensors": "2", "Elements": "24"}
    assert panel.records.rowCount() == 0


@pytest.mark.parametrize("width", [380, 520, 1000])
def test_that_shapes_and_numbers_of_related_tensors_are_whole(panel: Details, session: Session, tasks: Tasks, qtbot: QtBot,
                                                              width: int) -> None:
    weight = np.zeros((100, 300, 17, 17), np.uint8)
    view = weight[:99]
    panel.resize(width, 500)
    key = "model.layers.10.feed_forward.experts.17.down_projection.weight"
    show(session, tasks, qtbot, core.edit({key: view, key.replace("17", "18"): weight}, []), key, (key,))
    qtbot.waitUntil(lambda: panel.records.rowCount() > 0)
    metrics = panel.list.fontMetrics()
    for column in range(1, panel.records.columnCount()):
        texts = [panel.records.cells(row)[column] for row in range(panel.records.rowCount())]
        assert panel.list.isColumnHidden(column) or max(map(metrics.horizontalAdvance, texts)) + 8 < panel.list.columnWidth(column)
    assert panel.list.columnWidth(0) >= 140


def test_that_names_of_related_tensors_have_the_room_of_what_their_pages_tell(panel: Details, session: Session, tasks: Tasks,
                                                                              qtbot: QtBot) -> None:
    weight = np.zeros((10, 32), np.float32)
    panel.resize(563, 500)
    show(session, tasks, qtbot, core.edit({"model.module.head.weight": weight, "model.module.tied.weight": weight}, []),
         "model.module.head.weight", ("model.module.head.weight",))
    qtbot.waitUntil(lambda: panel.records.rowCount() > 0)
    metrics = panel.list.fontMetrics()
    assert metrics.horizontalAdvance("model.module.tied.weight") + 8 < panel.list.columnWidth(0)
    assert panel.list.horizontalScrollBar().maximum() == 0
    assert panel.list.isColumnHidden(3)
    panel.resize(900, 500)
    assert not any(map(panel.list.isColumnHidden, range(panel.records.columnCount())))
