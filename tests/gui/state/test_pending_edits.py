"""Pending edits: kept by the session, applied in a worker, undone and done again."""
from __future__ import annotations

import argparse
import threading
from pathlib import Path
from typing import Any
from weakref import finalize

import numpy as np
import pytest
import torch
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.core.edits.tools import references
from inspector.gui.dialogs.edit import EditDialog
from inspector.gui.state import edit_words, pending_edits, suggested_edits
from inspector.gui.state.analysis import Analyses
from inspector.gui.state.pending_edits import Editing
from inspector.gui.state.session import Document, Selection, Session
from inspector.gui.state.tasks import Tasks
from tests.core.edits.made import counted_edits
from tests.gui import edit_samples
from tests.gui.edit_samples import KEYS, settled

STRIP, CAST = core.StripPrefix("module."), core.Cast("float16")


def load(session: Session, path: Path) -> Document:
    document = session.add(str(path))
    session.loaded(document.id, core.open(path))
    return document


@pytest.fixture
def document(session: Session, tasks: Tasks, tmp_path: Path) -> Document:
    Editing.shared(session, tasks)
    return load(session, edit_samples.wrapped(tmp_path))


def keys(document: Document) -> tuple[str, ...]:
    assert document.checkpoint is not None
    return tuple(document.checkpoint.tensors)


def test_that_the_checkpoint_is_the_edited_one_and_the_original_stays(session: Session, tasks: Tasks, qtbot: QtBot,
                                                                      document: Document) -> None:
    original = document.original
    session.add_edits(document.id, [STRIP])
    settled(tasks, qtbot)
    assert keys(document) == KEYS
    assert document.original is original
    assert original is not None
    assert tuple(original.tensors) == tuple(f"module.{key}" for key in KEYS)
    [step] = Editing.shared(session, tasks).steps(document.id)
    assert step.preview is not None
    assert [(row.before, row.after) for row in step.preview.rows] == [(f"module.{key}", key) for key in KEYS]
    assert edit_words.counted(step.preview.effect) == "3 renamed"


def test_that_undo_and_redo_go_back_and_forth(session: Session, tasks: Tasks, qtbot: QtBot, document: Document) -> None:
    session.add_edits(document.id, [STRIP])
    session.add_edits(document.id, [core.Drop("fc")])
    settled(tasks, qtbot)
    assert keys(document) == KEYS[:2]
    session.undo(document.id)
    settled(tasks, qtbot)
    assert keys(document) == KEYS
    session.undo(document.id)
    settled(tasks, qtbot)
    assert document.checkpoint is document.original
    assert not session.can_undo(document.id)
    session.redo(document.id)
    session.redo(document.id)
    settled(tasks, qtbot)
    assert keys(document) == KEYS[:2]
    assert not session.can_redo(document.id)
    session.undo(document.id)
    session.add_edits(document.id, [CAST])
    assert not session.can_redo(document.id)
    settled(tasks, qtbot)


def test_that_an_edit_that_cannot_be_applied_says_so_and_stops_those_behind_it(session: Session, tasks: Tasks, qtbot: QtBot,
                                                                              document: Document) -> None:
    session.add_edits(document.id, [STRIP, core.Extract("nothing"), CAST])
    settled(tasks, qtbot)
    there = Editing.shared(session, tasks)
    first, second, third = there.steps(document.id)
    assert first.after is document.checkpoint
    assert second.error is not None
    assert "nothing" in second.error.message
    assert third.after is None
    assert third.error is None
    assert not there.ready(document.id)
    session.set_edits(document.id, [STRIP, CAST])
    settled(tasks, qtbot)
    assert there.ready(document.id)
    assert there.error(document.id) is None
    assert there.steps(document.id)[0].after is first.after          # what was applied already is not applied again


def test_that_what_a_conversion_loses_is_counted_by_reading(session: Session, tasks: Tasks, qtbot: QtBot, tmp_path: Path) -> None:
    import torch
    torch.save({"w": torch.tensor([1e30, 1.0, 1e-30])}, tmp_path / "w.pth")
    there = Editing.shared(session, tasks)
    document = load(session, tmp_path / "w.pth")
    session.add_edits(document.id, [CAST])
    settled(tasks, qtbot)
    [step] = there.steps(document.id)
    said = " ".join(there.notes(document.id, step))
    assert "1 element overflows" in said
    assert "1 element underflow" in said


def test_that_what_is_selected_stays_so_under_its_new_name(session: Session, tasks: Tasks, qtbot: QtBot, document: Document) -> None:
    session.select(Selection(document.id, "module.fc.weight", ("module.fc.weight",)))
    session.add_edits(document.id, [STRIP])
    settled(tasks, qtbot)
    assert session.selection == Selection(document.id, "fc.weight", ("fc.weight",))
    session.select(Selection(document.id, "conv", ("conv.weight", "conv.bias")))
    session.undo(document.id)
    settled(tasks, qtbot)
    assert session.selection == Selection(document.id, "module.conv", ("module.conv.weight", "module.conv.bias"))
    session.add_edits(document.id, [core.Drop("module.conv")])
    settled(tasks, qtbot)
    assert session.selection is not None
    assert session.selection.prefix == "module"             # what it was in


def test_that_a_file_that_is_loaded_again_gets_its_edits_again(session: Session, tasks: Tasks, qtbot: QtBot, document: Document) -> None:
    session.add_edits(document.id, [STRIP])
    settled(tasks, qtbot)
    session.restart(document.id)
    session.loaded(document.id, core.open(document.path))
    settled(tasks, qtbot)
    assert keys(document) == KEYS
    assert Editing.shared(session, tasks).ready(document.id)


def test_that_edits_saved_elsewhere_are_no_reason_to_ask_and_edits_saved_in_place_are_done(session: Session, document: Document,
                                                                                           tasks: Tasks, qtbot: QtBot) -> None:
    session.add_edits(document.id, [STRIP])
    assert session.is_modified(document.id)
    session.saved_edits(document.id, session.edits(document.id), into_itself=False)
    assert not session.is_modified(document.id)
    session.add_edits(document.id, [CAST])
    assert session.is_modified(document.id)
    session.saved_edits(document.id, session.edits(document.id), into_itself=True)
    assert session.edits(document.id) == ()
    assert not session.can_undo(document.id)
    settled(tasks, qtbot)


@pytest.mark.parametrize(("edit", "texts"), [
    (core.Cast("float16", "model"), ("model.conv.weight   float32", "model.conv.weight   float16")),
    (core.SetValue("epoch", 9), ("epoch   3", "epoch   9")),
    (core.SetValue("lr", 0.5), ("", "lr   0.5")),
    (core.SetMetadata("by", "me"), ("", "by   me")),
    (core.Drop("model"), ("model.conv.weight", "")),
    (core.Rename("conv", "c\u202e"), ("model.conv.weight", "model.c\\u202e.weight")),
])
def test_that_a_preview_says_what_changes(tmp_path: Path, edit: core.Edit, texts: tuple[str, str]) -> None:
    found = pending_edits.preview(core.open(edit_samples.training(tmp_path)), edit)
    assert edit_words.row_texts(found.rows[0]) == texts
    assert found.total == len(found.rows)


def test_that_a_preview_says_whose_values_are_taken(tmp_path: Path) -> None:
    torch.save({"conv.bias": torch.ones(4), "fc.weight": torch.ones(2, dtype=torch.float16)}, tmp_path / "other.pth")
    take = core.Take(str(tmp_path / "other.pth"), "{conv.bias,fc.weight}")
    found = pending_edits.preview(core.open(edit_samples.training(tmp_path)), take)
    assert [edit_words.row_texts(row) for row in found.rows[:2]] == [
        ("model.conv.bias   own values", "model.conv.bias   values of the other file"),
        ("model.fc.weight   5 × 4 · float32 · own values", "model.fc.weight   2 · float16 · values of the other file")]


def test_that_a_preview_says_that_bytes_are_a_tensor_s_own_now(tmp_path: Path) -> None:
    tied = torch.ones(3)
    torch.save({"a": tied, "b": tied, "view": torch.zeros(100)[:5]}, tmp_path / "tied.pth")
    found = pending_edits.preview(core.open(tmp_path / "tied.pth"), core.Unshare("*"))
    assert [edit_words.row_texts(row) for row in found.rows] == [
        ("b   shared bytes", "b   bytes of its own"), ("view   400 B", "view   20 B")]


def test_that_a_preview_of_very_many_keys_is_cut_and_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pending_edits, "ROWS", 2)
    found = pending_edits.preview(core.open(edit_samples.wrapped(tmp_path)), STRIP)
    assert (len(found.rows), found.total) == (2, 3)


# -- once

def test_that_an_edit_is_applied_once_however_often_it_is_looked_at(session: Session, tasks: Tasks, qtbot: QtBot, document: Document,
                                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    applied, drop = counted_edits(monkeypatch), core.Drop("fc")
    session.add_edits(document.id, [STRIP])
    settled(tasks, qtbot)
    session.add_edits(document.id, [drop, CAST])
    settled(tasks, qtbot)
    assert applied == [STRIP, drop, CAST]
    for change in (session.undo, session.redo, session.undo, session.undo, session.redo, session.redo):
        change(document.id)
        settled(tasks, qtbot)
    assert Editing.shared(session, tasks).ready(document.id)
    assert applied == [STRIP, drop, CAST]
    session.set_edits(document.id, [drop, STRIP])       # another order is something else
    settled(tasks, qtbot)
    assert applied == [STRIP, drop, CAST, drop, STRIP]


def test_that_an_edit_that_was_previewed_is_not_applied_again_when_it_is_added(session: Session, tasks: Tasks, qtbot: QtBot,
                                                                               document: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    applied = counted_edits(monkeypatch)
    dialog = EditDialog(session, tasks, document.id, "strip-prefix")
    qtbot.addWidget(dialog)
    with qtbot.waitSignal(dialog.previewed):
        pass
    dialog.accept()
    settled(tasks, qtbot)
    assert keys(document) == KEYS
    assert applied == [STRIP]


def test_that_a_reference_is_opened_once_and_one_that_changed_again(session: Session, tasks: Tasks, qtbot: QtBot, document: Document,
                                                                    tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read, opens = references.read, list[str]()

    def reading(path: str, **more: Any) -> core.Checkpoint:
        opens.append(path)
        return read(path, **more)

    monkeypatch.setattr(references, "read", reading)
    other = tmp_path / "other.pth"
    torch.save(edit_samples.weights(), other)
    session.add_edits(document.id, [core.Match(str(other)), core.Take(str(other))])
    settled(tasks, qtbot)
    session.undo(document.id)
    settled(tasks, qtbot)
    assert opens == [str(other)]
    torch.save({"module.fc.weight": torch.ones(5, 4)}, other)
    session.redo(document.id)
    settled(tasks, qtbot)
    assert len(opens) == 2
    there = Editing.shared(session, tasks)
    assert there.ready(document.id)
    assert document.checkpoint is not None
    assert torch.equal(core.read_torch(document.checkpoint, "module.fc.weight"), torch.ones(5, 4))


def test_that_a_closed_file_leaves_no_checkpoints_behind(session: Session, tasks: Tasks, qtbot: QtBot, document: Document) -> None:
    session.add_edits(document.id, [STRIP])
    settled(tasks, qtbot)
    session.undo(document.id)
    settled(tasks, qtbot)
    there = Editing.shared(session, tasks)
    assert there._recent
    session.remove(document.id)
    assert not there._recent
    assert not there._steps


def test_that_what_was_applied_to_a_closed_file_goes_in_another_thread(session: Session, tasks: Tasks, qtbot: QtBot,
                                                                       document: Document) -> None:
    session.add_edits(document.id, [STRIP])
    settled(tasks, qtbot)
    threads: list[str] = []
    finalize(document.checkpoint, lambda: threads.append(threading.current_thread().name))
    session.undo(document.id)
    settled(tasks, qtbot)
    session.remove(document.id)
    qtbot.waitUntil(lambda: bool(threads))
    assert threads == ["inspector-emptying"]


def test_that_every_kind_of_edit_has_a_title_that_shows_names_safely() -> None:
    edits = [core.StripPrefix("<b>\u202e."), core.AddPrefix("a."), core.Rename("a", "b"), core.Renumber("a.#", -1), core.Drop("x"),
             core.Keep("x"),
             core.Extract("."), core.Extract("x"), CAST, core.Cast("float16", "a*"), core.Dequantize("float16"),
             core.Dequantize("float16", "a*"), core.MergeAdapter("/y/adapter/"), core.RemapDevices({"cuda:*": "cpu"}),
             core.Unshare("*"), core.Copy("a", "b"), core.MakePlain("*"), core.MakePlain("a"), core.SetValue("a", 1),
             core.SetValue("a", delete=True), core.SetMetadata("a", "b"), core.DropBroken(),
             core.Resize("a", 0, 2), core.Transpose("a"), core.Reshape("a", (2, -1)), core.Reorder("a", "halves", 1),
             core.Split("a", 0, (("b", -1), ("c", -1))), core.Concat(("b", "c"), "a", 0),
             core.OptimizerFor("/z.pth"),
             core.SetMetadata("a", None), core.Match("/x.pth"), core.Match({"a": (1,)}), core.Take("/x.pth")]
    titles = [edit_words.title(edit) for edit in edits]
    assert len(set(titles)) == len(edits)
    assert "\u202e" not in titles[0]
    assert {edit_words.kind_of(edit) for edit in edits} == {kind.name for kind in edit_words.KINDS}


def test_that_a_preview_says_what_a_refused_value_was_and_becomes(tmp_path: Path) -> None:
    torch.save({"best": np.float64(0.5), "args": argparse.Namespace(lr=1), "seen": np.ones(2)}, tmp_path / "m.pth")
    found = pending_edits.preview(core.open(tmp_path / "m.pth"), core.MakePlain("*"))
    assert [(row.kind, *edit_words.row_texts(row)) for row in found.rows] == [
        ("changed", "seen   float64 2 · a numpy array", "seen   float64 2"),
        ("changed", "best   0.5 · a numpy number", "best   0.5"),
        ("changed", "args   a Namespace", "args   plain data, key by key")]


# -- what is offered

@pytest.mark.parametrize(("id", "fixes", "text"), [
    ("module-prefix", [core.StripPrefix("module.")], "Strip “module.”"),
    ("wrapped-part", [core.Rename("a", "b")], "Strip “module.” from the parts"),
    ("saved-on-gpu", [core.RemapDevices({"*": "cpu"})], "Set device to cpu"),
    ("oversized-storage", [core.Unshare("a")], "Keep only what is used"),
    ("shared-storage", [core.Unshare("a")], "Give each its own bytes"),
    ("of-tomorrow", [core.Copy("a", "b")], "Tie “b”"),
    ("unknown-code", [core.Extract(".")], "Extract the weights"),
    ("unknown-code", [core.Extract("a&\u202eb")], "Extract the weights of a&&\\u202eb"),
    ("broken-tensor", [core.Drop("a")], "Drop what is broken"),
    ("corrupt-member", [core.Extract("."), core.Drop("a")], "Drop what is broken"),
    ("of-tomorrow", [core.Drop("a")], "Repair"),
])
def test_that_a_button_says_what_it_does(id: str, fixes: list[core.Edit], text: str) -> None:
    assert suggested_edits.text_of(core.Finding(id, "info", "", "", prefix="module."), fixes) == text


def test_that_the_fixes_of_findings_are_tried_in_a_worker_once_a_checkpoint(session: Session, tasks: Tasks, qtbot: QtBot,
                                                                            document: Document) -> None:
    known = Analyses.shared(session, tasks)
    assert known.fixes(document) == {}
    with qtbot.waitSignal(known.ready):
        pass
    assert {finding.id: fixes for finding, fixes in known.fixes(document).items()} == {"module-prefix": (STRIP,)}
    assert known.fixes(document) is known.fixes(document)
    session.add_edits(document.id, [STRIP])
    settled(tasks, qtbot)
    assert known.fixes(document) == {}
    settled(tasks, qtbot)


@pytest.mark.parametrize(("glob", "title"), [
    ("{a.w,a.b,c}", "Drop a.w and 2 more"), ("{a,b}.w", "Drop {a,b}.w"), ("*.w", "Drop *.w"), ("{a}", "Drop {a}")])
def test_that_a_list_of_keys_is_titled_by_the_first(glob: str, title: str) -> None:
    assert edit_words.title(core.Drop(glob)) == title
