"""What is said of a file, and of which of its keys."""
from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.models.key_tree import build_key_tree
from inspector.gui.models.tree_marks import TreeMarks
from inspector.gui.state.session import Session
from inspector.gui.state.signals import FileSignals, Kind, Mark, Signals, findings_of, signals_of
from inspector.gui.state.tasks import Tasks
from inspector.gui.state.value_checks import Checked, Odd
from tests.commands.test_salvaged import ROWS
from tests.tables import make

Idle = Callable[[Tasks], None]


def finding(id: str, level: core.Level, *keys: str, code: tuple[str, ...] = ()) -> core.Finding:
    return core.Finding(id, level, "", "What it is.", keys=keys, code=code)


def of(*findings: core.Finding, checked: Checked | None = None, edits: int = 0) -> list[tuple[Kind, str]]:
    ckpt = dataclasses.replace(make("/x/a.pth"), findings=findings)
    found = signals_of(ckpt, findings_of(ckpt, checked), edits, dict(checked.bad) if checked else {})
    return [(signal.kind, signal.text) for signal in found]


def test_that_what_runs_commands_comes_before_all_else() -> None:
    assert of(finding("weights-only", "warning", "x", code=("posix.system",)), finding("broken-tensor", "danger", "a", "b"),
              finding("unknown-code", "danger", "x", code=("posix.system",)), edits=2) == [
        (Kind.RUNS, "Runs commands"), (Kind.BROKEN, "2 broken"), (Kind.CLASSES, "Not for weights_only"), (Kind.EDITED, "2 edits")]


def test_that_an_unknown_function_is_not_called_a_command() -> None:
    assert of(finding("unknown-code", "danger", "x", code=("nets.build",))) == [(Kind.RUNS, "Calls unknown code")]


@pytest.mark.parametrize(("found", "said"), [
    (finding("truncated-archive", "danger"), (Kind.BROKEN, "Cut short")),
    (finding("unknown-code", "warning", "m", code=("nets.A", "nets.B")), (Kind.CLASSES, "Needs 2 classes")),
    (finding("unknown-code", "warning", "m", code=("nets.A",)), (Kind.CLASSES, "Needs 1 class")),
    (finding("hidden-member", "danger"), (Kind.WRONG, "1 danger")), (finding("trailing", "warning"), (Kind.ODD, "1 warning"))])
def test_that_each_finding_has_its_kind(found: core.Finding, said: tuple[Kind, str]) -> None:
    assert of(found) == [said]


@pytest.mark.parametrize("name", ROWS)
def test_that_a_file_of_which_only_a_part_could_be_read_is_marked_as_broken(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"m{ROWS[name].suffix}"
    path.write_bytes(ROWS[name].raw)
    ckpt = core.open(path)
    signal, *_ = signals_of(ckpt, findings_of(ckpt, None), 0, {})
    assert (signal.kind, signal.level) == (Kind.BROKEN if ROWS[name].broken else Kind.WRONG, "danger")
    assert len(signal.keys) == ROWS[name].broken


def test_that_notes_are_no_signals_and_nothing_to_report_is_one() -> None:
    assert of(finding("module-prefix", "info", "a")) == [(Kind.OK, "Nothing to report")]
    assert of(finding("module-prefix", "info", "a"), edits=1) == [(Kind.OK, "Nothing to report"), (Kind.EDITED, "1 edit")]


def test_that_nan_is_said_once_it_is_known() -> None:
    nan = finding("nan-values", "danger", "model.weight")
    assert of(checked=Checked(2, 2, {"model.weight": (3, 0)}, (nan,))) == [(Kind.NAN, "3 NaN")]
    assert of(checked=Checked(2, 2, {"model.weight": (0, 4)}, (nan,))) == [(Kind.NAN, "4 Inf")]
    assert of(checked=Checked(2, 2, {"model.weight": (3, 4)}, (nan,))) == [(Kind.NAN, "7 NaN, Inf")]
    assert of(checked=Checked(2, 2, {}, ())) == [(Kind.OK, "Nothing to report")]


def test_that_nan_follows_its_tensor_through_renames_and_goes_with_it(session: Session, tasks: Tasks, idle: Idle) -> None:
    signals = Signals.shared(session, tasks)
    document = session.add("/x/a.pth")
    session.loaded(document.id, make("/x/a.pth"))
    key = next(iter(make("/x/a.pth").tensors))
    signals._checks._checked.put(document.original, None, Checked(2, 2, {key: (3, 0)}, (finding("nan-values", "danger", key),),
                                                                  odd={key: Odd(8, 5, 0.0, 1.0, 3, 0)}))
    signals._checks.changed.emit(document.id)
    idle(tasks)
    found = signals.of(document)
    assert found is not None
    assert found.bad == {key: (3, 0)}
    assert document.original is not None
    for edit, bad in ((core.Rename("weight", "heft"), {key.replace("weight", "heft"): (3, 0)}), (core.Drop(key), {})):
        session.show_edited(document.id, core.edit(document.original, [edit]))
        idle(tasks)
        found = signals.of(document)
        assert found is not None
        assert found.bad == bad
        assert [said.message for said in found.findings if said.id == "nan-values"] == \
            [f"3 elements are NaN, in 1 tensor: {now} (3)." for now in bad]
        assert [signal.kind for signal in found.signals][:1] == ([Kind.NAN] if bad else [Kind.OK])


def test_that_groups_have_the_glyph_of_the_worst_below_them() -> None:
    infos = [core.TensorInfo(key, (2,), "float32", "cpu", (1,), 0, key, 0) for key in ("a.x.w", "a.x.b", "a.y.w", "c.w")]
    ckpt = core.Checkpoint("/x/m.pt", "torch-zip", "state-dict", (), {info.key: info for info in infos}, {"c.n": 1})
    nan, zero = finding("nan-values", "danger", "a.x.b"), finding("all-zero", "warning", "c.w", "a.y.w")
    checked = Checked(4, 4, {"a.x.b": (1, 0)}, (nan, zero))
    found = FileSignals(ckpt, signals_of(ckpt, (nan, zero), 1, checked.bad), checked, (nan, zero), core.grouped_findings((nan, zero)), 2,
                        checked.bad, frozenset({"a.x.w", "c.n"}))
    tree = build_key_tree(ckpt)
    marks = TreeMarks(tree, found)
    said = {tree.key(node): marks.of(node, group=bool(tree.has_children[node])) for node in range(1, len(tree))}
    edited, worst, zeros = Mark(Kind.EDITED), Mark(Kind.NAN), Mark(Kind.ZERO)
    assert said == {"a": (edited, worst), "a.x": (edited, worst), "a.x.w": (edited,), "a.x.b": (Mark(Kind.NAN, "1 NaN"),),
                    "a.y": (zeros,), "a.y.w": (Mark(Kind.ZERO, "all 0"),), "c": (edited, zeros), "c.w": (Mark(Kind.ZERO, "all 0"),),
                    "c.n": (edited,)}
    assert marks.file == (Mark(Kind.EDITED, "1 edit"), Mark(Kind.NAN, "1 NaN"))
    assert [tree.key(node) for node in marks.guilty.tolist()] == ["a.x.b", "a.y.w", "c.w"]


def test_that_signals_go_with_their_file(session: Session, tasks: Tasks, idle: Idle, qtbot: QtBot) -> None:
    signals = Signals.shared(session, tasks)
    document = session.add("/x/a.pth")
    with qtbot.waitSignal(signals.changed):
        session.loaded(document.id, make("/x/a.pth"))
    assert signals.of(document) is not None
    session.remove(document.id)
    assert signals.of(document) is None
