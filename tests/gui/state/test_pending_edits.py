"""Pending edits: kept by the session, applied in a worker, undone and done again."""
from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest
import torch
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.state import edit_words, pending_edits, suggested_edits
from inspector.gui.state.pending_edits import Editing
from inspector.gui.state.session import Document, Selection, Session
from inspector.gui.state.tasks import Tasks
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
    assert "1 element overflow" in said
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
    assert session.selection.prefix == ""


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


@pytest.mark.parametrize(("edit", "rows"), [
    (core.Cast("float16", "model"), [("changed", "model.conv.weight   float32", "model.conv.weight   float16")]),
    (core.SetValue("epoch", 9), [("changed", "epoch   3", "epoch   9")]),
    (core.SetValue("lr", 0.5), [("new", "", "lr   0.5")]),
    (core.SetMetadata("by", "me"), [("new", "", "by   me")]),
    (core.Drop("model"), [("dropped", "model.conv.weight", "")]),
])
def test_that_a_preview_says_what_changes(tmp_path: Path, edit: core.Edit, rows: list[tuple[str, str, str]]) -> None:
    found = pending_edits.preview(core.open(edit_samples.training(tmp_path)), edit)
    assert [(row.kind, row.before, row.after) for row in found.rows[:1]] == rows
    assert found.total == len(found.rows)


def test_that_a_preview_says_whose_values_are_taken(tmp_path: Path) -> None:
    torch.save({"conv.bias": torch.ones(4), "fc.weight": torch.ones(2, dtype=torch.float16)}, tmp_path / "other.pth")
    take = core.Take(str(tmp_path / "other.pth"), "{conv.bias,fc.weight}")
    found = pending_edits.preview(core.open(edit_samples.training(tmp_path)), take)
    assert [(row.before, row.after) for row in found.rows[:2]] == [
        ("model.conv.bias   own values", "model.conv.bias   values of the other file"),
        ("model.fc.weight   5 × 4 · float32 · own values", "model.fc.weight   2 · float16 · values of the other file")]


def test_that_a_preview_of_very_many_keys_is_cut_and_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pending_edits, "ROWS", 2)
    found = pending_edits.preview(core.open(edit_samples.wrapped(tmp_path)), STRIP)
    assert (len(found.rows), found.total) == (2, 3)


def test_that_every_kind_of_edit_has_a_title_that_shows_names_safely() -> None:
    edits = [core.StripPrefix("<b>\u202e."), core.AddPrefix("a."), core.Rename("a", "b"), core.Drop("x"), core.Keep("x"),
             core.Extract("."), core.Extract("x"), CAST, core.Cast("float16", "a*"), core.RemapDevices({"cuda:*": "cpu"}),
             core.Unshare("*"), core.MakePlain("*"), core.MakePlain("a"), core.SetValue("a", 1), core.SetValue("a", delete=True),
             core.SetMetadata("a", "b"),
             core.SetMetadata("a", None), core.Match("/x.pth"), core.Match({"a": (1,)}), core.Take("/x.pth")]
    titles = [edit_words.title(edit) for edit in edits]
    assert len(set(titles)) == len(edits)
    assert "\u202e" not in titles[0]
    assert {edit_words.kind_of(edit) for edit in edits} == {kind.name for kind in edit_words.KINDS}


def test_that_a_preview_says_what_a_refused_value_was_and_becomes(tmp_path: Path) -> None:
    torch.save({"best": np.float64(0.5), "args": argparse.Namespace(lr=1), "seen": np.ones(2)}, tmp_path / "m.pth")
    found = pending_edits.preview(core.open(tmp_path / "m.pth"), core.MakePlain("*"))
    assert [(row.kind, row.before, row.after) for row in found.rows] == [
        ("changed", "seen   float64 [2] · a numpy array", "seen   float64 2"),
        ("changed", "best   0.5 · a numpy number", "best   0.5"),
        ("changed", "args   a Namespace", "args   plain data, key by key")]


# -- what is offered

def test_that_refused_values_are_offered_to_be_made_plain(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(1), "best": np.float64(0.5)}, tmp_path / "m.pth")
    ckpt = core.open(tmp_path / "m.pth")
    finding = next(one for one in ckpt.findings if one.id == "weights-only")
    fix = suggested_edits.fix_for(finding, ckpt, {})
    assert fix is not None
    assert core.loads_with_torch(core.edit(ckpt, fix.edits)).weights_only is True


def test_that_findings_offer_what_repairs_them(tmp_path: Path) -> None:
    import torch
    torch.save({"a": torch.zeros(9000)[:4], "b": torch.zeros(3)}, tmp_path / "view.pth")
    for path, id, after in ((edit_samples.wrapped(tmp_path), "module-prefix", KEYS),
                            (tmp_path / "view.pth", "oversized-storage", ("a", "b"))):
        ckpt = core.open(path)
        [finding] = [finding for finding in ckpt.findings if finding.id == id]
        fix = suggested_edits.fix_for(finding, ckpt, core.sharing(ckpt))
        assert fix is not None
        assert suggested_edits.fix_for(finding._replace(message="Said in other words."), ckpt, core.sharing(ckpt)) == fix
        repaired = core.edit(ckpt, fix.edits)
        assert id not in [finding.id for finding in repaired.findings]
        assert tuple(repaired.tensors) == after


def test_that_selected_keys_become_the_fewest_patterns_that_mean_them(tmp_path: Path) -> None:
    ckpt = core.open(edit_samples.training(tmp_path))
    assert suggested_edits.selected_keys(ckpt, Selection(1, "model", tuple(k for k in ckpt.tensors if k.startswith("model.")))) == ["model"]
    assert suggested_edits.selected_keys(ckpt, Selection(1, "", ("model.conv.weight", "model.conv.bias", "ema.fc.weight"))) \
        == ["model.conv", "ema.fc"]
    assert suggested_edits.selected_keys(ckpt, Selection(1, "epoch", (), "epoch")) == ["epoch"]
    assert suggested_edits.selected_keys(ckpt, Selection(1, "", tuple(ckpt.tensors))) == []
    assert suggested_edits.globs(["a[0]", "b*"]) == ["{a[[]0],b[*]}"]
    assert len(suggested_edits.globs(str(n) for n in range(500))) == 3


def test_that_a_prefix_that_others_have_too_is_stripped_in_its_own_state_dict_only(tmp_path: Path) -> None:
    ckpt = core.open(edit_samples.training(tmp_path))
    chosen = Selection(1, "model.conv", ("model.conv.weight", "model.conv.bias"))
    assert suggested_edits.prefix_of(ckpt, chosen) == "conv."
    assert suggested_edits.strip_for(ckpt, chosen, "conv.") == core.StripPrefix("model.conv.")
    assert suggested_edits.prefix_of(ckpt, Selection(1, "epoch", (), "epoch")) is None
