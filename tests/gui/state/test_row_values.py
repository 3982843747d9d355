"""Numbers beside the rows of a list: what is read, in which order, and what stays known."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.models import tree_lines
from inspector.gui.models.key_tree import KeyTree, build_key_tree
from inspector.gui.state import row_values
from inspector.gui.state.row_values import COUNTS, FIGURES, READ, UNREAD, RowReader, RowValues
from inspector.gui.state.session import Session
from inspector.gui.state.tasks import Tasks

Idle = Callable[[Tasks], None]


@pytest.fixture
def file(tmp_path: Path) -> str:
    torch.manual_seed(3)
    bad = torch.randn(5)
    bad[2] = float("nan")
    torch.save({"a": torch.randn(20, 30), "b": bad, "zero": torch.zeros(7), "n": torch.arange(6)}, tmp_path / "a.pth")
    return str(tmp_path / "a.pth")


def reader_of(session: Session, tasks: Tasks, path: str) -> tuple[RowReader, KeyTree, RowValues]:
    document = session.add(path)
    ckpt = core.open(path)
    session.loaded(document.id, ckpt)
    reader, tree = RowReader(session, tasks), build_key_tree(ckpt)
    return reader, tree, reader.follow(document.id, tree)


def node(tree: KeyTree, key: str) -> int:
    found = tree.find(key)
    assert found is not None
    return found


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keys whose values are read, in order."""
    seen: list[str] = []
    real = core.summarize_each

    def each(ckpt: core.Checkpoint, keys: Any, *more: Any, **named: Any) -> Iterator[Any]:
        for key, found in real(ckpt, keys, *more, **named):
            seen.append(key)
            yield key, found

    monkeypatch.setattr(core, "summarize_each", each)
    return seen


def test_that_there_are_no_tables_of_figures_before_any_are_read(session: Session, tasks: Tasks, file: str, idle: Idle) -> None:
    """The window asks for what is known of a tree at once, and would have to find their memory."""
    reader, tree, values = reader_of(session, tasks, file)
    at = node(tree, "a")
    assert not values.spans(np.array([at]))
    assert tree_lines.figure(values, at, tree_lines.MEAN, 4) == tree_lines.UNREAD
    assert values.left(digest=True).size == 4
    tables = {"figures", "counts", "inner", "heights", "digests"}
    assert not tables & set(vars(values))
    reader.look([(values, np.array([at]))], digest=True)
    idle(tasks)
    assert tables <= set(vars(values))
    assert not hasattr(values, "others")


def test_that_numbers_are_those_of_torch(session: Session, tasks: Tasks, file: str, idle: Idle) -> None:
    reader, tree, values = reader_of(session, tasks, file)
    reader.look([(values, np.array([node(tree, "a")]))], digest=True)
    idle(tasks)
    stored = torch.load(file)
    for key in ("a", "n", "zero"):
        one, at = stored[key].double(), node(tree, key)
        figures = dict(zip(FIGURES, values.figures[at].tolist(), strict=True))
        assert figures["min"] == one.min()
        assert figures["max"] == one.max()
        assert figures["mean"] == pytest.approx(float(one.mean()))
        assert figures["std"] == pytest.approx(float(one.std(correction=0)))
        assert figures["norm"] == pytest.approx(float(one.norm()))
        assert values.counts[at, COUNTS.index("zeros")] == int((one == 0).sum())
    assert values.counts[node(tree, "b"), COUNTS.index("nan")] == 1
    assert values.digests[node(tree, "a")].decode() == core.digest(core.open(file), "a")[:32]
    assert reader.left() == (0, 4, 0)


def test_that_what_is_on_the_screen_is_read_first(session: Session, tasks: Tasks, file: str, read: list[str], idle: Idle) -> None:
    reader, tree, values = reader_of(session, tasks, file)
    reader.look([(values, np.array([node(tree, "zero")]))], digest=False)
    idle(tasks)
    assert read[0] == "zero"
    assert sorted(read) == ["a", "b", "n", "zero"]


def test_that_of_a_large_file_only_what_is_on_the_screen_is_read_unasked(session: Session, tasks: Tasks, file: str, read: list[str],
                                                                        idle: Idle, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> None:
    monkeypatch.setattr(row_values, "UNASKED", 100)
    reader, tree, values = reader_of(session, tasks, file)
    reader.look([(values, np.array([node(tree, "a"), node(tree, "b"), node(tree, "zero")]))], digest=False)
    idle(tasks)
    assert read == []                               # the first of them alone is more than that
    reader.look([(values, np.array([node(tree, "b"), node(tree, "zero")]))], digest=False)
    idle(tasks)
    assert read == ["b", "zero"]
    assert reader.left()[:2] == (2, 4)
    with qtbot.waitSignal(reader.over):
        reader.read_all()
    assert reader.left() == (0, 4, 0)
    assert sorted(read) == ["a", "b", "n", "zero"]   # each once


def test_that_an_edit_has_nothing_read_again_that_it_left_alone(session: Session, tasks: Tasks, file: str, read: list[str],
                                                               idle: Idle) -> None:
    reader, tree, values = reader_of(session, tasks, file)
    reader.look([(values, np.array([1]))], digest=False)
    idle(tasks)
    before = float(values.figures[node(tree, "a"), 0])
    read.clear()
    edited = core.edit(tree.checkpoint, [core.Rename("^a$", "first"), core.Drop("zero"), core.Cast("float16", "b")])
    other = build_key_tree(edited)
    known = reader.follow(session.documents[0].id, other)
    reader.look([(known, np.array([node(other, "first")]))], digest=False)
    idle(tasks)
    assert read == ["b"]                            # other elements than before
    assert float(known.figures[node(other, "first"), 0]) == before
    assert (known.state[other.measurable] == READ).all()


def test_that_what_cannot_be_read_is_said_once_and_hurts_nothing_else(session: Session, tasks: Tasks, tmp_path: Path, idle: Idle) -> None:
    path = tmp_path / "cut.pth"
    torch.save({"a": torch.randn(20, 30), "b": torch.randn(5000)}, path)
    path.write_bytes(path.read_bytes()[:6000])
    reader, tree, values = reader_of(session, tasks, str(path))
    reader.look([(values, np.array([1]))], digest=False)
    idle(tasks)
    assert reader.left()[0] == 0
    assert sorted(values.state[tree.measurable].tolist()) == [READ, row_values.FAILED]
    assert reader.problem is None


def test_that_a_file_that_is_gone_is_said_and_tried_again_when_asked(session: Session, tasks: Tasks, file: str, idle: Idle,
                                                                    tmp_path: Path) -> None:
    reader, tree, values = reader_of(session, tasks, file)
    Path(file).rename(tmp_path / "elsewhere")
    reader.look([(values, np.array([1]))], digest=False)
    idle(tasks)
    assert reader.problem is not None or (values.state[tree.measurable] == row_values.FAILED).all()
    assert not reader.at_work


def test_that_rows_that_were_not_read_sort_last_either_way(session: Session, tasks: Tasks, file: str) -> None:
    _, tree, values = reader_of(session, tasks, file)
    summaries = core.summarize(tree.checkpoint)
    for key in ("a", "n", "b"):
        values.put(node(tree, key), summaries[key])
    assert values.state[node(tree, "zero")] == UNREAD
    for descending in (False, True):
        ranks = values.ranks("max", descending)
        keys = sorted(("a", "n", "b", "zero"), key=lambda key: int(ranks[node(tree, key)]))
        greatest = sorted(("a", "n", "b"), key=lambda key: summaries[key].max, reverse=descending)
        assert keys == [*greatest, "zero"]


def test_that_what_the_list_reads_tells_of_nan_everywhere(session: Session, tasks: Tasks, file: str, idle: Idle) -> None:
    reader, _, values = reader_of(session, tasks, file)
    checks = row_values.ValueChecks.shared(session, tasks)
    reader.look([(values, np.array([1]))], digest=False)
    idle(tasks)
    found = checks.of(session.documents[0])
    assert found is not None
    assert found.is_complete
    assert found.bad == {"b": (1, 0)}


def test_that_a_closed_file_leaves_nothing(session: Session, tasks: Tasks, file: str, idle: Idle) -> None:
    reader, tree, values = reader_of(session, tasks, file)
    reader.look([(values, np.array([1]))], digest=False)
    idle(tasks)
    session.remove(session.documents[0].id)
    idle(tasks)
    assert reader.of(tree) is None
    assert reader.left() == (0, 0, 0)
