"""What the overview says of a file, a group, a tensor and a value."""
from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QPlainTextEdit, QPushButton, QTableWidget, QTextEdit, QWidget
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.comparison.progress import ComparisonProgress, Step
from inspector.gui.kit import theme, words
from inspector.gui.panels import overview as module
from inspector.gui.panels.details import Details
from inspector.gui.panels.overview import Overview
from inspector.gui.state import signals, value_checks
from inspector.gui.state.analysis import Analyses
from inspector.gui.state.pending_edits import Editing
from inspector.gui.state.session import Compared, Document, Selection, Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.state.value_checks import ValueChecks
from inspector.gui.widgets import finding_groups as groups
from inspector.gui.widgets import texts
from inspector.gui.widgets.boxes import Bar, Columns, FactBox, Fold, Prose
from inspector.gui.widgets.byte_map_box import ByteMapBox
from inspector.gui.widgets.finding_groups import GroupBox, NoteLine
from inspector.gui.widgets.segments import Segments
from tests.gui.showing import placed, show, written

Make = Callable[..., core.Checkpoint]
HOSTILE = "<b>x</b><img src='file:///etc/passwd'>&\u202e\n\0\udc80"


@pytest.fixture
def panel(session: Session, tasks: Tasks, qtbot: QtBot) -> Overview:
    return placed(Overview(session, tasks), qtbot)


def said(panel: QWidget) -> str:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)        # what was drawn before
    texts = [label.text() for label in panel.findChildren(QLabel) if not label.isHidden()]
    texts += [edit.toPlainText() for edit in panel.findChildren(QTextEdit)]
    texts += [edit.toPlainText() for edit in panel.findChildren(QPlainTextEdit)]
    texts += [bar.accessibleName() for bar in panel.findChildren(Bar)]
    return "\n".join(texts)


def test_that_a_file_is_described(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot, checkpoint: Make) -> None:
    show(session, tasks, qtbot, checkpoint(values={"epoch": 50, "best_acc": 0.9}))
    text = said(panel)
    for part in ("last.pth", "Training checkpoint", "epoch 50", "16", "+ 12 optimizer", "float32: 112 B", "cuda:0: 112 B",
                 "PyTorch zip", "1 kB (1,000 bytes)", "/runs/last.pth", "little"):
        assert part in text


def test_that_findings_say_their_level_in_words_worst_first(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                            checkpoint: Make) -> None:
    show(session, tasks, qtbot, checkpoint(findings=(core.Finding("a", "info", "model", "Small.", ""),
                                                     core.Finding("b", "danger", "data.pkl:9", "Big.", "Do this."))))
    boxes = panel.findChildren(GroupBox)
    assert [box.accessibleName() for box in boxes] == ["Danger: Big."]
    (note,) = panel.findChildren(NoteLine)
    assert note.accessibleName() == "Note: Small."
    assert note.text.text == "Small."
    assert all(part in said(panel) for part in ("2 findings", "Do this.", "data.pkl:9"))
    boxes[0].actions()[0].trigger()
    assert QGuiApplication.clipboard().text() == "Danger: Big.\nDo this.\ndata.pkl:9"


def test_that_long_texts_of_a_finding_are_two_lines_until_more_is_asked_for(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                                           checkpoint: Make) -> None:
    message = "Needs classes 🙂: " + ", ".join(f"models.common.Block{n}" for n in range(40)) + "."
    show(session, tasks, qtbot, checkpoint(findings=(core.Finding("a", "warning", "", message, "Ask its author."),
                                                     core.Finding("b", "warning", "", "Small.", ""))))
    long, small = panel.findChildren(GroupBox)
    text = long.title
    qtbot.waitUntil(lambda: long.more.isVisible())
    assert text.toPlainText() != message
    assert text.toPlainText().endswith("…")
    assert message.startswith(text.toPlainText()[:-1])
    assert text.height() <= 2 * text.fontMetrics().lineSpacing() + 2
    assert not small.more.isVisible()
    long.actions()[0].trigger()
    assert message in QGuiApplication.clipboard().text()
    before = long.height()
    qtbot.keyClick(long.more, Qt.Key.Key_Space)
    assert text.toPlainText() == message
    qtbot.waitUntil(lambda: long.height() > before)
    qtbot.keyClick(long.more, Qt.Key.Key_Space)
    assert text.toPlainText().endswith("…")


def test_that_thousands_of_findings_of_a_kind_are_one_box_and_its_places_a_list(panel: Overview, session: Session, tasks: Tasks,
                                                                               qtbot: QtBot, checkpoint: Make) -> None:
    show(session, tasks, qtbot, checkpoint(findings=tuple(core.Finding("a", "warning", f"data.pkl:{n}", f"No {n}.") for n in range(5000))))
    (box,) = panel.findChildren(GroupBox)
    assert box.title.toPlainText() == "No 0. There are 4,999 more like it."
    assert box.more.text() == "5,000 places"
    assert box.places is None
    box.more.click()
    assert box.places is not None
    assert box.places.model().rowCount() == 5000
    assert len(box.findChildren(Prose)) <= 1 + groups.MESSAGES_SHOWN


def test_that_more_than_three_kinds_are_shown_when_asked_and_stay_so(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                                     checkpoint: Make) -> None:
    document = show(session, tasks, qtbot, checkpoint(findings=tuple(core.Finding(f"a{n}", "warning", "", f"No {n}.") for n in range(5))))
    assert len(panel.findChildren(GroupBox)) == module.BOXES_SHOWN
    next(button for button in panel.findChildren(QPushButton) if button.text() == "Show 2 more").click()
    assert len(panel.findChildren(GroupBox)) == 5
    learn_more(session, tasks, document)
    assert len(panel.findChildren(GroupBox)) == 5
    assert not any(button.text() == "Show 2 more" and button.isVisible() for button in panel.findChildren(QPushButton))


def learn_more(session: Session, tasks: Tasks, document: Document) -> None:
    """The page is drawn again, as when the values of the file were read."""
    signals.Signals.shared(session, tasks).changed.emit(document.id)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_that_what_was_unfolded_stays_so_when_the_page_learns_more(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                                   checkpoint: Make) -> None:
    document = show(session, tasks, qtbot, checkpoint(findings=(
        core.Finding("all-zero", "warning", "model.bias", "All are zero.", "", keys=("model.bias", "model.weight")),
        core.Finding("b", "info", "", "Small.", "Read on."))))
    (box,), (note,) = panel.findChildren(GroupBox), panel.findChildren(NoteLine)
    box.more.click()
    note.show_.click()
    learn_more(session, tasks, document)
    box, small = sorted(panel.findChildren(GroupBox), key=lambda one: one.group.level, reverse=True)
    assert (box.more.text(), small.more.text()) == ("Less", "Less")
    assert box.places is not None
    box.more.click()
    small.more.click()
    learn_more(session, tasks, document)
    (box,), (note,) = panel.findChildren(GroupBox), panel.findChildren(NoteLine)
    assert (box.more.text(), note.box) == ("2 places", None)


def test_that_chips_and_places_lead_to_their_rows(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot, checkpoint: Make) -> None:
    document = show(session, tasks, qtbot, checkpoint(values={"epoch": 50}, findings=(
        core.Finding("all-zero", "warning", "", "All.", "", keys=("model.bias", "epoch", "model", "gone")),)))
    (box,) = panel.findChildren(GroupBox)
    chips = [button for button in box.findChildren(QPushButton) if button.property("chip")]
    assert [chip.text() for chip in chips] == ["model.bias", "epoch", "model", "gone"]
    chips[0].click()
    assert session.selection == Selection(document.id, "model.bias", ("model.bias",))
    session.select(Selection(document.id))
    qtbot.waitUntil(lambda: panel.is_settled)
    (box,) = panel.findChildren(GroupBox)
    box.unfold(True)
    assert box.places is not None
    wanted = session.selection
    for row, wanted in ((1, Selection(document.id, "epoch", (), "epoch")), (2, Selection(document.id, "model", ("model.weight",
                                                                                                               "model.bias")))):
        box.places.activated.emit(box.places.model().index(row, 0))
        assert session.selection == wanted
    box.places.clicked.emit(box.places.model().index(3, 0))         # no row has it
    assert session.selection == wanted


def test_that_all_places_are_counted_once_and_listed_with_one_click(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                                    checkpoint: Make) -> None:
    show(session, tasks, qtbot, checkpoint(findings=(
        core.Finding("nan-values", "danger", "", "NaN.", "", keys=("model.bias", "model.weight")),
        core.Finding("infinite-values", "danger", "", "Inf.", "", keys=("model.bias",)),
        core.Finding("c", "info", "", "Small.", "", keys=("model.bias",)))))
    places = next(button for button in panel.findChildren(QPushButton) if button.accessibleName() == "2 places, list all")
    places.click()
    assert [one.places.model().rowCount() for one in panel.findChildren(GroupBox) if one.places] == [2, 1, 1]
    places.click()
    assert not any(one.places.isVisible() for one in panel.findChildren(GroupBox) if one.places)


def test_that_one_edit_is_offered_once_however_much_it_ends(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                            tmp_path: Path) -> None:
    import torch
    torch.save(torch.nn.Linear(2, 2), tmp_path / "a.pth")
    document = show(session, tasks, qtbot, core.open(tmp_path / "a.pth"))
    assert len(set(Analyses.shared(session, tasks).fixes(document).values())) == 1
    assert len(Analyses.shared(session, tasks).fixes(document)) == 2
    qtbot.waitUntil(lambda: any(box.fix for box in panel.findChildren(GroupBox)))
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert [button.text() for button in panel.findChildren(QPushButton) if "Extract" in button.text()] == ["Extract the weights"]


def test_that_a_click_on_a_large_tensor_or_a_part_selects_it(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                             checkpoint: Make) -> None:
    document = show(session, tasks, qtbot, checkpoint())
    bar = next(bar for bar in panel.findChildren(Bar) if bar.accessibleName().startswith("model.weight"))
    qtbot.keyClick(bar, Qt.Key.Key_Space)
    assert session.selection == Selection(document.id, "model.weight", ("model.weight",))
    session.select(Selection(document.id))
    bar = next(bar for bar in panel.findChildren(Bar) if bar.accessibleName().startswith("model:") and not bar.isHidden())
    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton)
    assert session.selection == Selection(document.id, "model", ("model.weight", "model.bias"))


def test_that_a_tensor_is_described(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot, checkpoint: Make) -> None:
    show(session, tasks, qtbot, checkpoint(), "model.weight", ("model.weight",))
    for part in ("model.weight", "4 × 3", "48 B", "5 % of file", "cuda:0", "float32"):
        assert part in said(panel)


@pytest.mark.parametrize("key", ["model", "model.weight"])
def test_that_no_part_of_a_file_that_is_cut_short_is_more_than_all_of_it(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                                         checkpoint: Make, key: str) -> None:
    cut = core.FileStamp("/runs/last.pth", 40, 0, 0, 0, 0)
    show(session, tasks, qtbot, checkpoint(stamp=cut), key, ("model.weight", "model.bias") if key == "model" else (key,))
    assert "48 B" in said(panel) or "64 B" in said(panel)
    assert " % of file" not in said(panel)
    assert "Share of file" not in said(panel)


def test_that_a_tensor_that_cannot_be_read_says_why(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                    checkpoint: Make) -> None:
    ckpt = checkpoint()
    broken = ckpt.tensors["model.bias"]._replace(problem="Its bytes lie outside the file.")
    ckpt.tensors["model.bias"] = broken  # type: ignore[index]
    show(session, tasks, qtbot, ckpt, "model.bias", ("model.bias",))
    assert "Its bytes lie outside the file." in said(panel)


@pytest.mark.parametrize(("value", "shown"), [
    (50, "50"), (True, "True"), (None, "None"), (2 ** 70, str(2 ** 70)), (float("nan"), "nan"),
    ("two\nlines\tand\u202e", "two\nlines\tand\\u202e"), (b"\0\xff", "b'\\x00\\xff'"), ({}, "{}"), (1 << 100_000, "0x1000"),
    (core.Opaque("omegaconf.ListConfig", "ListConfig([1])"), "ListConfig([1])")],
    ids=["int", "bool", "none", "big-int", "nan", "text", "bytes", "empty", "huge-int", "opaque"])
def test_that_a_value_is_shown_whole(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot, checkpoint: Make,
                                     value: core.Plain, shown: str) -> None:
    show(session, tasks, qtbot, checkpoint(values={"v": value}), "v", (), "v")
    assert shown in panel.findChildren(QPlainTextEdit)[-1].toPlainText()


def test_that_a_long_text_is_shown_in_part_until_asked_and_copied_whole(panel: Overview, session: Session, tasks: Tasks,
                                                                        qtbot: QtBot, checkpoint: Make) -> None:
    text = "x" * (1 << 20)
    show(session, tasks, qtbot, checkpoint(values={"v": text}), "v", (), "v")
    edit = panel.findChildren(QPlainTextEdit)[-1]
    assert len(edit.toPlainText()) < 2 * texts.TEXT_SHOWN
    next(button for button in panel.findChildren(QPushButton) if button.text() == "Copy value").click()
    assert QGuiApplication.clipboard().text() == text
    next(button for button in panel.findChildren(QPushButton) if "Show all" in button.text()).click()
    assert edit.toPlainText().replace("\n", "") == text


def test_that_names_from_files_are_literal_everywhere(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                      checkpoint: Make) -> None:
    ckpt = checkpoint(f"/runs/{HOSTILE.replace(chr(0), '')}", keys={HOSTILE: (2,), f"{HOSTILE}.b": (3,)},
                      values={f"v{HOSTILE}": HOSTILE}, metadata={HOSTILE: HOSTILE},
                      findings=(core.Finding("x", "danger", HOSTILE, HOSTILE, HOSTILE),))
    for selection in (("", (), None), (HOSTILE, (HOSTILE,), None), (f"v{HOSTILE}", (), f"v{HOSTILE}")):
        show(session, tasks, qtbot, ckpt, *selection)
        assert "<b>x</b>" in said(panel)
        assert "\u202e" not in said(panel)
        for label in panel.findChildren(QLabel):
            assert label.textFormat() is Qt.TextFormat.PlainText or label.text() == ""
        for bar in panel.findChildren(Bar):
            assert "<b>x" not in bar.toolTip()
        assert all(not edit.acceptRichText() for edit in panel.findChildren(Prose))


def test_that_a_megabyte_key_is_elided(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot, checkpoint: Make) -> None:
    key = "k" * (1 << 20)
    show(session, tasks, qtbot, checkpoint(keys={key: (2,), "b": (2,)}))
    assert all(len(edit.toPlainText()) <= 2000 for edit in panel.findChildren(QTextEdit))
    assert all(len(bar.accessibleName()) < 400 and len(bar.toolTip()) < 4000 for bar in panel.findChildren(Bar))


def test_that_small_metadata_is_a_list_and_large_a_table(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                         checkpoint: Make) -> None:
    show(session, tasks, qtbot, checkpoint(metadata={"format": "pt"}))
    assert "format" in said(panel)
    show(session, tasks, qtbot, checkpoint(metadata={f"name{n}": "<i>text</i>" for n in range(100)}))
    table = panel.findChild(QTableWidget)
    assert table.rowCount() == 100
    assert table.item(3, 1).text() == "<i>text</i>"
    assert "<i>" not in table.item(3, 1).toolTip()


def test_that_totals_are_made_once_per_file_and_forgotten_with_it(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                                checkpoint: Make) -> None:
    document = show(session, tasks, qtbot, checkpoint())
    session.select(Selection(document.id, "model.bias", ("model.bias",)))
    session.select(Selection(document.id))
    assert not tasks.running
    qtbot.waitUntil(lambda: panel.is_settled)
    assert "Training checkpoint" in said(panel)
    session.remove(document.id)
    del document
    qtbot.waitUntil(lambda: panel.requests.kept_count == 0)      # work that was cancelled may hold the file a moment longer


def test_that_everything_is_drawn_again_in_the_other_theme(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                           checkpoint: Make) -> None:
    theme.current().choose("light")
    show(session, tasks, qtbot, checkpoint())
    before = panel.grab().toImage().pixelColor(5, 5)
    theme.current().choose("dark")
    qtbot.waitUntil(lambda: panel.grab().toImage().pixelColor(5, 5) != before)


def test_that_a_file_without_tensors_is_still_described(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                        checkpoint: Make) -> None:
    show(session, tasks, qtbot, checkpoint(keys={}, values={"a": 1}, kind="other"))
    assert "Python data" in said(panel)


@pytest.mark.parametrize("kind", ["state-dict", "training-checkpoint", "module", "torchscript", "tensor", "other"])
def test_that_every_kind_has_its_sentence(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot, checkpoint: Make,
                                          kind: str) -> None:
    show(session, tasks, qtbot, checkpoint(kind=kind))
    assert kind.replace("-", " ") in said(panel)


def test_that_every_focusable_widget_has_a_name(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                checkpoint: Make) -> None:
    document = show(session, tasks, qtbot, checkpoint(values={"v": "text"}, metadata={"a": "b"},
                                                      findings=(core.Finding("x", "danger", "w", "m", "h"),)))
    for selection in (Selection(document.id), Selection(document.id, "v", (), "v"),
                      Selection(document.id, "model.bias", ("model.bias",))):
        session.select(selection)
        qtbot.waitUntil(lambda: panel.is_settled)
        for widget in panel.findChildren(QWidget):
            if widget.focusPolicy() != Qt.FocusPolicy.NoFocus and not isinstance(widget, QLabel):
                assert widget.accessibleName(), widget


def test_that_a_part_of_a_group_is_not_taken_for_the_whole(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                           checkpoint: Make) -> None:
    ckpt = checkpoint(keys={"enc.a": (5,), "enc.b": (7,), "enc.c": (11,)})
    document = show(session, tasks, qtbot, ckpt, "enc", ("enc.a", "enc.b", "enc.c"))
    assert "23" in said(panel)
    session.select(Selection(document.id, "enc", ("enc.a", "enc.b")))
    qtbot.waitUntil(lambda: "Parameters\n12" in said(panel))
    assert "23" not in said(panel)


def trained(tmp_path: Path) -> core.Checkpoint:
    """As torch saves it: a net with a tied weight and a view, its Adam state, and a small view of a large storage."""
    torch = pytest.importorskip("torch")
    model = torch.nn.Linear(4, 4)
    optimizer = torch.optim.AdamW(model.parameters())
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    state = model.state_dict()
    torch.save({"epoch": 50, "model": state | {"head": state["weight"], "row": state["weight"][1, :2]}, "optimizer": optimizer.state_dict(),
                "sample": torch.zeros(100_000)[:3]}, tmp_path / "run.pth")
    return core.open(tmp_path / "run.pth")


def links(panel: QWidget) -> dict[str, Bar]:
    return {bar.accessibleName(): bar for bar in panel.findChildren(Bar) if not bar.isHidden()}


def test_that_one_sentence_says_what_a_training_checkpoint_is(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                              tmp_path: Path) -> None:
    show(session, tasks, qtbot, trained(tmp_path))
    assert ("Training checkpoint, PyTorch ≥ 1.6 zip, epoch 50: model (4 tensors, 22 parameters, float32, saved on cpu) and AdamW state"
            " for 2 parameter tensors, which is <1 % of the file.") in said(panel)


@pytest.mark.parametrize(("value", "line"), [
    (1, "torch.load takes it as it is, with weights_only=True."), (Path("runs"), ""),
])
def test_that_a_file_says_whether_torch_takes_it_in_one_place(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                              tmp_path: Path, value: object, line: str) -> None:
    import torch
    torch.save({"w": torch.ones(2), "where": value}, tmp_path / "a.pth")
    ckpt = core.open(tmp_path / "a.pth")
    show(session, tasks, qtbot, ckpt)
    qtbot.waitUntil(lambda: not tasks.running and panel.is_settled)     # every part of the page, whichever came first
    lines = [prose.toPlainText() for prose in panel.findChildren(Prose) if prose.accessibleName() == "Whether torch.load takes it"]
    assert lines == ([line] if line else [])
    assert ("refuses it: where is a path" in said(panel)) is not bool(line)


def test_that_a_file_of_another_device_says_what_torch_needs(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                              tmp_path: Path) -> None:
    import torch
    torch.save({"w": torch.ones(2)}, tmp_path / "cpu.pth")
    core.save(core.edit(tmp_path / "cpu.pth", [core.RemapDevices({"cpu": "cuda:3"})]), tmp_path / "a.pth")
    show(session, tasks, qtbot, core.open(tmp_path / "a.pth"))
    assert "torch.load takes it with weights_only=True, and with map_location=\"cpu\" where there is no cuda:3." in said(panel)


def test_that_bytes_are_told_apart_and_lead_to_their_finding(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                             tmp_path: Path) -> None:
    ckpt = trained(tmp_path)
    assert any(finding.id == "oversized-storage" for finding in ckpt.findings)
    panel.resize(700, 160)
    document, checks = show(session, tasks, qtbot, ckpt), ValueChecks.shared(session, tasks)
    qtbot.waitUntil(lambda: checks.of(document) is not None and not tasks.running and panel.is_settled)    # drawn again
    assert f"{words.size(ckpt.nbytes)} file, {words.size(core.sizes(ckpt).reachable)} reachable" in said(panel)
    (bar,) = panel.findChildren(Segments)
    assert [segment.part > 0.9 for segment in bar.segments] == [False, True]
    box = next(box for box in panel.findChildren(GroupBox) if "reachable" in box.accessibleName())
    why = next(button for button in panel.findChildren(QPushButton) if button.text() == "Why?")
    qtbot.waitUntil(lambda: panel.area.verticalScrollBar().maximum() > 400)
    panel.area.verticalScrollBar().setValue(panel.area.verticalScrollBar().maximum())
    assert box.visibleRegion().isEmpty()
    why.click()
    qtbot.waitUntil(lambda: not box.visibleRegion().isEmpty())


def test_that_tensors_of_one_storage_can_be_followed(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                     tmp_path: Path) -> None:
    document = show(session, tasks, qtbot, trained(tmp_path))

    def shown() -> dict[str, Bar]:
        """Once the page is drawn again with what a worker found last."""
        qtbot.waitUntil(lambda: not tasks.running and panel.is_settled)
        return links(panel)

    qtbot.keyClick(shown()["model.weight = model.head = …: 64 B"], Qt.Key.Key_Space)
    assert session.selection == Selection(document.id, "model.weight", ("model.weight",))
    found = shown()
    assert {"model.head: same tensor", "model.row: view of this", "optimizer.state.0.exp_avg: its optimizer state"} <= set(found)
    qtbot.keyClick(found["optimizer.state.0.exp_avg: its optimizer state"], Qt.Key.Key_Space)
    assert "It is optimizer state of model.weight." in said(panel)
    session.select(Selection(document.id, "model.head", ("model.head",)))
    assert {"model.weight: same tensor", "optimizer.state.0.exp_avg: its optimizer state"} <= set(shown())
    session.select(Selection(document.id, "optimizer.state.0.exp_avg", ("optimizer.state.0.exp_avg",)))
    qtbot.keyClick(shown()["model.weight: its parameter"], Qt.Key.Key_Space)
    assert session.selection == Selection(document.id, "model.weight", ("model.weight",))


def test_that_tensors_with_only_the_root_in_common_are_not_the_file(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                                    checkpoint: Make) -> None:
    ckpt = checkpoint(keys={"a.w": (5,), "b.w": (7,), "c.w": (11,)})
    show(session, tasks, qtbot, ckpt, "", ("a.w", "c.w"))
    assert "2 tensors selected" in said(panel)
    assert "Parameters\n16" in said(panel)
    assert "State dict" not in said(panel)
    show(session, tasks, qtbot, ckpt, "", ("a.w", "b.w", "c.w"))
    assert "selected" not in said(panel)


def test_that_what_is_known_is_found_out_once_for_all_panels(session: Session, tasks: Tasks, qtbot: QtBot, checkpoint: Make,
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    describe = core.describe
    monkeypatch.setattr(core, "describe", lambda ckpt, monitor: (made.append(ckpt.path), describe(ckpt, monitor))[1])
    panels = [placed(Overview(session, tasks), qtbot), placed(Details(session, tasks), qtbot)]
    document = show(session, tasks, qtbot, checkpoint(), "model.bias", ("model.bias",))
    session.select(Selection(document.id))
    assert isinstance(panels[0], Overview)
    qtbot.waitUntil(lambda: isinstance(panels[0], Overview) and panels[0].is_settled)
    assert len(panels) == 2
    assert made == ["/runs/last.pth"]
    assert document.checkpoint is not None
    assert Analyses.shared(session, tasks).of(document) is not None
    closed = weakref.ref(document.checkpoint)
    session.remove(document.id)
    del document
    qtbot.waitUntil(lambda: closed() is None)


def boxes_of(panel: Overview) -> ByteMapBox:
    """The map, once it has its room on the page, and its places."""
    assert panel.map is not None
    view = panel.map.view
    while not view.places or view.width() < view.minimumWidth() or view.height() < view.heightForWidth(view.width()):
        QCoreApplication.processEvents()
    return panel.map


def middle(box: ByteMapBox, path: str) -> QPoint:
    place = next(place for place in box.view.places if place.box.path == path)
    return QPoint(round(place.x + place.width / 2), round(place.y + (place.title or place.height) / 2))


KEYS = {"model.layers.0.weight": (40, 30), "model.layers.0.bias": (40,), "model.layers.1.weight": (40, 30), "model.head.weight": (90, 20),
        "optimizer.state.0.exp_avg": (40, 30)}


def test_that_what_is_clicked_in_the_map_is_selected_and_the_page_stays(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                                      checkpoint: Make) -> None:
    document = show(session, tasks, qtbot, checkpoint(keys=KEYS))
    box = boxes_of(panel)
    assert box.way[0] == "last.pth"
    qtbot.mouseClick(box.view, Qt.MouseButton.LeftButton, pos=middle(box, "model.head.weight"))
    assert session.selection == Selection(document.id, "model.head.weight", ("model.head.weight",))
    assert boxes_of(panel) is box
    assert box.view.current is not None
    assert box.view.current.path == "model.head.weight"
    qtbot.mouseClick(box.view, Qt.MouseButton.LeftButton, pos=middle(box, "model"))
    assert session.selection == Selection(document.id, "model", tuple(key for key in KEYS if key.startswith("model.")))
    assert boxes_of(panel) is box
    session.select(Selection(document.id, "model.head.weight", ("model.head.weight",)))          # from the tree
    assert panel.map is None
    assert "90 × 20" in said(panel)


def test_that_going_into_a_group_and_out_again_changes_the_map_only(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                                   checkpoint: Make) -> None:
    document = show(session, tasks, qtbot, checkpoint(keys=KEYS))
    box = boxes_of(panel)
    qtbot.mouseDClick(box.view, Qt.MouseButton.LeftButton, pos=middle(box, "model"))
    qtbot.waitUntil(lambda: box.view.root is not None and box.view.root.path == "model")
    assert box.way[:2] == ["last.pth", "model"]
    assert {place.box.path for place in box.view.places if not place.depth} == {"model.layers", "model.head.weight"}
    qtbot.keyClick(box.view, Qt.Key.Key_Backspace)
    qtbot.waitUntil(lambda: box.view.root is not None and box.view.root.path == "")
    assert session.selection is not None
    assert session.selection.document == document.id
    qtbot.mouseDClick(box.view, Qt.MouseButton.LeftButton, pos=middle(box, "model.head.weight"))
    assert session.selection == Selection(document.id, "model.head.weight", ("model.head.weight",))
    assert panel.map is None


def test_that_colours_say_kind_type_or_device(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot, checkpoint: Make) -> None:
    show(session, tasks, qtbot, checkpoint(keys=KEYS))
    box = boxes_of(panel)
    assert [name.split(":")[0] for name in box.swatches] == ["Matrices", "Optimizer state", "Vectors"]
    buttons = {button.text(): button for button in box.colourings.buttons()}
    buttons["Dtype"].click()
    assert box.swatches == ["float32: 100 %"]
    buttons["Device"].click()
    assert box.swatches == ["cuda:0: 100 %"]
    session.select(None)
    show(session, tasks, qtbot, checkpoint("/runs/other.pth", keys=KEYS))
    assert boxes_of(panel).swatches == ["cuda:0: 100 %"], "the choice is for all files"


def open_real(session: Session, tasks: Tasks, qtbot: QtBot, path: Path, arrays: dict[str, np.ndarray]) -> Document:
    core.save(arrays, path)
    return show(session, tasks, qtbot, core.open(str(path)))


def point_at(box: ByteMapBox, key: str) -> None:
    assert box.view.places
    box.view.mark(key)


REAL = {"net.a.weight": np.float32([[1, 2], [3, 4]]), "net.b.weight": np.float32([[1, np.nan, 2]]), "head": np.zeros(5, np.float32)}


def test_that_boxes_are_coloured_by_values_only_once_these_were_read(
        panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(value_checks, "UNASKED", 10)
    document = open_real(session, tasks, qtbot, tmp_path / "a.safetensors", REAL)
    box = boxes_of(panel)
    assert not box.buttons["change"].isVisible()
    box.buttons["std"].click()
    qtbot.waitUntil(lambda: boxes_of(panel).read_button.isVisible())
    box = boxes_of(panel)
    assert box.swatches == ["not read: 3 tensors"]
    assert box.read_button.text() == f"Read {words.size(document.checkpoint.nbytes)}" if document.checkpoint else ""
    box.read_button.click()
    qtbot.waitUntil(lambda: panel.map is not None and panel.map.swatches[:1] == ["0 … 1.12"])
    box = boxes_of(panel)
    assert not box.read_button.isVisible()
    point_at(box, "net.a.weight")
    assert "std 1.118" in box.line.text
    box.buttons["nan"].click()
    assert box.swatches == ["NaN or infinite: 1 tensor", "all finite: 2 tensors"]
    point_at(box, "net.b.weight")
    assert "1 NaN or infinite" in box.line.text
    fill = {place.box.path: box._fill_of(place.box) for place in box.view.places if place.is_leaf}
    assert fill["net.b.weight"].colour == theme.colours(box.palette()).danger != fill["net.a.weight"].colour


def test_that_renamed_tensors_keep_what_was_read_of_them_and_changed_ones_do_not(
        panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot, tmp_path: Path) -> None:
    document = open_real(session, tasks, qtbot, tmp_path / "a.safetensors", REAL)
    checks, _ = ValueChecks.shared(session, tasks), Editing(session, tasks)
    qtbot.waitUntil(lambda: (known := checks.of(document)) is not None and known.is_complete)
    session.add_edits(document.id, [core.Rename("net.a.weight", "net.c.weight"), core.Cast("float16", "head")])
    qtbot.waitUntil(lambda: document.checkpoint is not None and "net.c.weight" in document.checkpoint.tensors and not tasks.running)
    found = panel._values("std")
    assert found is not None
    assert found.look("net.c.weight") == pytest.approx(1.118, abs=1e-3)
    assert found.look("net.a.weight") is None
    assert found.look("head") is None


def test_that_boxes_are_coloured_by_a_comparison_that_was_read(
        panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot, tmp_path: Path) -> None:
    one = open_real(session, tasks, qtbot, tmp_path / "a.safetensors", {"w": np.ones(50, np.float32), "v": np.ones(50, np.float32)})
    two = open_real(session, tasks, qtbot, tmp_path / "b.safetensors", {"w": np.full(50, 1.25, np.float32), "u": np.ones(90, np.float32)})
    progress = ComparisonProgress(session, tasks)
    session.compare(Compared(one.id, two.id))
    qtbot.waitUntil(lambda: progress.step is Step.DONE)
    box = boxes_of(panel)
    assert box.buttons["change"].isVisible()
    box.buttons["change"].click()
    assert box.swatches == ["the same … 100 % of A's norm, or more", "NaN, of another shape or alone: 1 tensor"]
    point_at(box, "w")
    assert "changed by 25 % of A's norm" in box.line.text
    session.remove(one.id)
    assert not box.buttons["change"].isVisible()
    assert box.swatches[0].startswith("Vectors")
    progress.stop()


def test_that_the_map_is_given_away_as_a_drawing(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot, checkpoint: Make,
                                                 tmp_path: Path) -> None:
    show(session, tasks, qtbot, checkpoint(keys=KEYS))
    box = boxes_of(panel)
    names: list[str] = []
    box.choose_path = lambda parent, title, name, kinds: (names.append(name), str(tmp_path / name))[1]
    box.save_drawing()
    written(qtbot)
    assert names == ["last-bytes.svg"]
    root = ElementTree.fromstring((tmp_path / "last-bytes.svg").read_bytes())
    assert "head" in "".join(root.itertext())
    assert not any(one.tag.endswith("image") for one in root.iter())


def test_that_the_map_of_a_group_is_of_that_group(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot, checkpoint: Make) -> None:
    keys = tuple(key for key in KEYS if key.startswith("model."))
    show(session, tasks, qtbot, checkpoint(keys=KEYS), "model", keys)
    box = boxes_of(panel)
    assert box.way[0] == "model"
    assert box.view.root is not None
    assert (box.view.root.path, box.view.root.tensors) == ("model", 4)


def test_that_a_redrawn_page_keeps_its_place_in_the_map(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                       checkpoint: Make) -> None:
    show(session, tasks, qtbot, checkpoint(keys=KEYS))
    box = boxes_of(panel)
    qtbot.mouseDClick(box.view, Qt.MouseButton.LeftButton, pos=middle(box, "model"))
    qtbot.waitUntil(lambda: box.view.root is not None and box.view.root.path == "model")
    theme.current().choose("dark")
    qtbot.waitUntil(lambda: panel.map is not None and panel.map is not box and panel.map.view.root is not None)
    assert boxes_of(panel).view.root is not None
    assert boxes_of(panel).way[:2] == ["last.pth", "model"]


def test_that_a_mixture_says_its_experts(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot, checkpoint: Make) -> None:
    keys = {f"model.layers.{layer}.experts.{n}.w": (100, 10) for layer in (0, 1) for n in range(4)} | {"model.embed": (100, 20)}
    show(session, tasks, qtbot, checkpoint(keys=keys))
    assert "in 2 layers\n" in said(panel) + "\n"
    assert "active" not in said(panel)
    show(session, tasks, qtbot, checkpoint("/runs/b.pth", keys=keys, values={"config.num_experts_per_tok": 1}))
    assert "in 2 layers, 1 on a token (config.num_experts_per_tok)" in said(panel)
    assert "4,000 active" in said(panel)
    show(session, tasks, qtbot, checkpoint("/runs/c.pth"))
    assert "Experts" not in said(panel)


def test_that_the_map_is_given_away_as_table_and_picture(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot, checkpoint: Make,
                                                         tmp_path: Path) -> None:
    show(session, tasks, qtbot, checkpoint(keys=KEYS))
    box, asked = boxes_of(panel), list[str]()

    def choose(parent: QWidget, title: str, name: str, kinds: str) -> str:
        asked.append(name)
        return str(tmp_path / name)

    box.choose_path = choose
    box.save_table()
    written(qtbot)
    box.save_picture()
    written(qtbot)
    assert asked == ["last-bytes.tsv", "last-bytes.png"]
    lines = (tmp_path / asked[0]).read_text().splitlines()
    assert lines[0].split("\t") == ["tensor", "bytes", "tensors", "dtype", "shape"]
    assert {line.split("\t")[0]: int(line.split("\t")[1]) for line in lines[1:]}["model.head.weight"] == 7200
    assert (tmp_path / asked[1]).read_bytes().startswith(b"\x89PNG")


def test_that_a_note_is_one_line_until_all_of_it_is_asked_for(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                              checkpoint: Make) -> None:
    panel.resize(700, 600)
    show(session, tasks, qtbot, checkpoint(findings=(core.Finding("a", "info", "model", "Small. " * 60, "Read on."),)))
    (note,) = panel.findChildren(NoteLine)
    qtbot.waitUntil(lambda: 0 < note.height() < 50)
    assert "Read on." not in said(panel)
    note.show_.click()
    assert note.box is not None
    assert "Read on." in said(panel)
    qtbot.waitUntil(lambda: note.height() > 50)


def test_that_what_the_map_says_too_is_folded_and_stays_as_it_was_left(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                                       checkpoint: Make) -> None:
    document = show(session, tasks, qtbot, checkpoint(keys={"enc.a": (5,), "dec.b": (7,)}))
    (fold,) = panel.findChildren(Fold)
    qtbot.waitUntil(fold.isVisible)

    def parts() -> list[bool]:
        return [bar.isVisible() for bar in panel.findChildren(Bar) if bar.accessibleName().startswith("enc")]

    assert fold.button.text() == "Data types · Devices · Parts · Largest tensors"
    assert not any(parts())
    fold.button.click()
    qtbot.waitUntil(lambda: any(parts()))
    assert "Data types" in next(fold for fold in panel.findChildren(Fold) if fold.button.isChecked()).button.accessibleName()
    session.select(Selection(document.id, "enc.a", ("enc.a",)))
    session.select(Selection(document.id))
    qtbot.waitUntil(lambda: any(fold.button.isChecked() for fold in panel.findChildren(Fold)))


def test_that_dropped_tensors_are_a_line_of_their_own(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                      tmp_path: Path) -> None:
    import torch
    torch.save({"a": torch.ones(50_000), "b": torch.ones(250_000)}, tmp_path / "a.pth")
    ckpt = core.open(tmp_path / "a.pth")
    document = show(session, tasks, qtbot, ckpt)
    qtbot.waitUntil(lambda: "reachable" in said(panel) and not tasks.running)
    assert "Dropped" not in said(panel)
    session.show_edited(document.id, core.edit(ckpt, [core.Drop("b")]))
    qtbot.waitUntil(lambda: "Dropped" in said(panel) and not tasks.running)
    assert "1 MB" in said(panel)
    (bar,) = panel.findChildren(Segments)
    assert sum(segment.part for segment in bar.segments) <= 1


def test_that_a_file_without_tensors_says_so(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot, checkpoint: Make) -> None:
    show(session, tasks, qtbot, checkpoint(keys={}, values={"epoch": 3}))
    qtbot.waitUntil(lambda: "No tensors in this file." in said(panel))


def test_that_space_asks_for_statistics_and_the_menu_for_what_the_tree_offers(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                                              checkpoint: Make) -> None:
    document = show(session, tasks, qtbot, checkpoint(keys={"enc.a": (500, 5), "dec.b": (700, 5)}))
    qtbot.waitUntil(lambda: not tasks.running and panel.map is not None and bool(panel.map.view.places))
    assert panel.map is not None
    view = panel.map.view
    qtbot.keyClick(view, Qt.Key.Key_Home)
    with qtbot.waitSignal(panel.panel_asked) as asked:
        qtbot.keyClick(view, Qt.Key.Key_Space)
    assert asked.args == ["statistics"]
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, view.rect().center(), view.mapToGlobal(view.rect().center()))
    with qtbot.waitSignal(panel.menu_asked) as menu:
        QApplication.sendEvent(view, event)
    assert menu.args is not None
    assert menu.args[:2] == [document.id, session.selection.prefix if session.selection is not None else ""]


def test_that_news_of_one_moment_are_drawn_once(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot, checkpoint: Make,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    document = show(session, tasks, qtbot, checkpoint(keys={"a": (2,)}))
    drawn: list[int] = []
    monkeypatch.setattr(panel, "_redraw", lambda: drawn.append(document.id))
    panel._analyses.ready.emit(document.id)
    panel._signals.changed.emit(document.id)
    assert not drawn            # others take it in in the same turn
    qtbot.waitUntil(lambda: bool(drawn))
    QCoreApplication.processEvents()
    assert drawn == [document.id]


def test_that_a_map_goes_with_its_page_and_waits_for_no_collector(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                                 checkpoint: Make) -> None:
    show(session, tasks, qtbot, checkpoint(keys={"a.w": (2,), "b.w": (3,)}))
    qtbot.waitUntil(lambda: panel.map is not None and bool(panel.map.view.places))
    gc.disable()
    try:
        assert panel.map is not None
        box = weakref.ref(panel.map)
        panel._redraw()
        qtbot.waitUntil(lambda: panel.map is not None and panel.map.isVisible() and not tasks.running)
        assert panel.map is not box()
        qtbot.waitUntil(lambda: box() is None)
    finally:
        gc.enable()


def test_that_a_page_has_its_places_before_it_is_painted(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                         checkpoint: Make) -> None:
    panel.resize(400, 800)          # in which the numbers take two rows
    found: list[tuple[int, int, int]] = []

    def look() -> None:             # called after the panel itself, before anything else
        holder = next((one for one in panel.findChildren(Columns) if one.isVisible()), None)
        if holder is not None:
            tops = {box.y() for box in holder.findChildren(FactBox)}
            found.append((len(tops), holder.heightForWidth(holder.width()) - holder.height(), holder.findChildren(FactBox)[0].width()))

    panel._painting.timeout.connect(look)
    show(session, tasks, qtbot, checkpoint(values={"epoch": 50}))
    qtbot.waitUntil(lambda: panel.is_settled)
    assert panel.updatesEnabled()
    assert found
    assert all(rows == 2 and lacking <= 0 and width > 120 for rows, lacking, width in found)


def test_that_a_page_is_made_box_by_box_and_painted_once_it_is_whole(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                                     checkpoint: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    show(session, tasks, qtbot, checkpoint())
    monkeypatch.setattr(module, "_AT_ONCE", 0)
    turns, painted = [], []
    make = panel._go_on_making
    panel._making.timeout.disconnect()
    panel._making.timeout.connect(lambda: (turns.append(len(panel._made.findChildren(QLabel))), make()))
    panel._painting.timeout.connect(lambda: painted.append(said(panel)))
    panel._redraw()
    assert not panel.updatesEnabled()
    qtbot.waitUntil(lambda: panel.is_settled)
    assert turns == sorted(turns)
    assert len(set(turns)) > 4
    assert panel.updatesEnabled()
    assert ["/runs/last.pth" in text for text in painted] == [True]


def test_that_making_a_page_is_given_up_when_its_file_is_closed(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                                checkpoint: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    document = show(session, tasks, qtbot, checkpoint())
    monkeypatch.setattr(module, "_AT_ONCE", 0)
    panel._redraw()
    while len(panel._made.findChildren(QLabel)) < 3:
        QCoreApplication.processEvents()
    assert not panel.is_settled
    assert document.checkpoint is not None
    closed = weakref.ref(document.checkpoint)
    session.remove(document.id)
    del document
    assert panel.is_settled
    qtbot.waitUntil(lambda: closed() is None)
    assert said(panel) == ""


def test_that_a_calm_file_has_notes_and_no_findings(panel: Overview, session: Session, tasks: Tasks, qtbot: QtBot,
                                                        tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    torch.save({f"module.{name}": torch.ones(2) for name in "ab"}, tmp_path / "a.pth")
    ckpt = core.open(tmp_path / "a.pth")
    assert {finding.level for finding in ckpt.findings} == {"info"}
    show(session, tasks, qtbot, ckpt)
    qtbot.waitUntil(lambda: "No problem found" in said(panel))
    notes = len(panel.findChildren(NoteLine))
    assert notes
    assert words.level("info", notes) in said(panel).split("\n")
    assert "finding" not in said(panel)
