"""What is worked out over all keys beside the window looks, every few hundred of them, whether that wants the interpreter."""
from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

import numpy as np
import pytest

from inspector import core
from inspector.gui.models.key_tree import build_key_tree
from inspector.gui.models.layer_table import NAME, Row, Wish, laid_out
from inspector.gui.models.pair_tree import Figures, build_pair_tree
from inspector.gui.models.tree_marks import TreeMarks
from inspector.gui.models.tree_rows import TreeRows
from inspector.gui.panels.layers import patterns_of
from inspector.gui.state import signals
from inspector.gui.state.analysis import analyse
from inspector.gui.state.changes import changes_of
from inspector.gui.state.pending_edits import preview
from inspector.gui.state.value_checks import Checked, Odd
from tests.tables import make

KEYS = 3_000
LONGEST = 2_500         # calls between two looks: less than one for each key …
PASSES = 6              # over all keys, in what goes over them again and again, that look every 64 of them


class Looks(core.Monitor):
    """Counts the calls, of Python and of C, from one look to the next, in this thread."""

    def __init__(self) -> None:
        self.calls, self.longest, self.where = 0, 0, ""

    def report(self, done: int, total: int, what: str = "") -> None:
        self.check()

    def check(self) -> None:
        self.calls = 0

    @contextmanager
    def counting(self) -> Iterator[None]:
        def called(frame: FrameType, event: str, of: object) -> None:
            if event in ("call", "c_call"):
                self.calls += 1
                if self.calls > self.longest:
                    self.longest = self.calls
                    if self.calls == LONGEST:
                        self.where = "".join(traceback.format_stack(frame, 6))

        before = sys.getprofile()
        sys.setprofile(called)
        try:
            yield
        finally:
            sys.setprofile(before)


class Stop(core.Monitor):
    """Ends the work at its look of this number."""

    def __init__(self, at: int) -> None:
        self.left = at

    def report(self, done: int, total: int, what: str = "") -> None:
        self.check()

    def check(self) -> None:
        self.left -= 1
        if self.left <= 0:
            raise core.Cancelled


SAME = core.Difference(12, equal_bytes=True)
SUMMARY = core.Summary(12, 0.0, 0.0, 0.0, 0.0, 0, 0, 12, (), ())


def _edited() -> core.Checkpoint:
    keys = {f"layers.{n // 10}.{n % 10}.weight": (4, 3) for n in range(KEYS)}
    opened = make("/x/a.pth", keys={**keys, "layers.0.0.lora_A.weight": (2, 3)})           # may be packed, and is not
    return core.edit(opened, [core.AddPrefix("model.")])


def _as_marks(ckpt: core.Checkpoint) -> Callable[[core.Monitor], object]:
    tree, found = build_key_tree(ckpt), signals._work_out(ckpt, None, 1, None, core.QUIET)
    return lambda monitor: TreeMarks(tree, found, monitor)


def _as_signals(ckpt: core.Checkpoint) -> Callable[[core.Monitor], object]:
    """Of a file in which every tensor is zero."""
    assert ckpt.edited is not None
    source = ckpt.edited.source
    odd = {key: Odd(12, 12, 0.0, 0.0, 1, 0) for key in source.tensors}
    checked = Checked(KEYS, KEYS, dict.fromkeys(odd, (1, 0)), core.value_findings(source, odd), False, odd)
    again = core.Rewritten(changed=tuple(odd))
    return lambda monitor: signals._work_out(ckpt, checked, 1, again, monitor)


def _as_rows_of_another_tree(ckpt: core.Checkpoint) -> Callable[[core.Monitor], object]:
    assert ckpt.edited is not None
    older, rows = TreeRows(build_key_tree(ckpt.edited.source)), TreeRows(build_key_tree(ckpt))
    older.set_below(0, True)
    return lambda monitor: rows.take_over(older, monitor)


def _as_layers(wish: Wish) -> Callable[[core.Checkpoint], Callable[[core.Monitor], object]]:
    def work(ckpt: core.Checkpoint) -> Callable[[core.Monitor], object]:
        rows = [Row(key, SUMMARY) for key in ckpt.tensors]
        return lambda monitor: laid_out(ckpt, "", rows, wish, monitor)

    return work


def _as_map(ckpt: core.Checkpoint) -> Callable[[core.Monitor], object]:
    map = core.byte_map(ckpt)
    return lambda monitor: core.map_places(map, 4_000, 4_000, 16, monitor)


def _as_health(ckpt: core.Checkpoint) -> Callable[[core.Monitor], object]:
    summaries = dict.fromkeys(ckpt.tensors, SUMMARY)
    return lambda monitor: core.health(ckpt, summaries, monitor)


def _as_groups(ckpt: core.Checkpoint) -> Callable[[core.Monitor], object]:
    keys = tuple(ckpt.tensors)
    findings = [core.Finding("all-zero", "warning", key, "All zero.", "", keys=keys) for key in ("a", "b")]
    return lambda monitor: core.count_places(core.grouped_findings(findings, monitor), monitor)


WORKS: dict[str, Callable[[core.Checkpoint], Callable[[core.Monitor], object]]] = {
    "tree": lambda ckpt: lambda monitor: build_key_tree(ckpt, monitor),
    "rows of another tree": _as_rows_of_another_tree,
    "analysis": lambda ckpt: lambda monitor: analyse(ckpt, monitor),
    "sizes": lambda ckpt: lambda monitor: core.sizes(ckpt, monitor),
    "marks": _as_marks,
    "signals": lambda ckpt: lambda monitor: signals._work_out(ckpt, None, 1, None, monitor),
    "signals of what is wrong everywhere": _as_signals,
    "map": lambda ckpt: lambda monitor: core.byte_map(ckpt, monitor=monitor),
    "places of the map": _as_map,
    "sharing": lambda ckpt: lambda monitor: core.sharing(ckpt, monitor),
    "counts": lambda ckpt: lambda monitor: core.counts(ckpt, monitor=monitor),
    "totals": lambda ckpt: lambda monitor: core.totals(ckpt, monitor=monitor),
    "description": lambda ckpt: lambda monitor: core.describe(ckpt, monitor),
    "packed": lambda ckpt: lambda monitor: core.may_be_packed(ckpt, monitor),
    "experts": lambda ckpt: lambda monitor: core.experts(ckpt, monitor),
    "recognised": lambda ckpt: lambda monitor: core.packed_tensors(ckpt, monitor),
    "health": _as_health,
    "groups of findings": _as_groups,
    "patterns": lambda ckpt: lambda monitor: patterns_of(ckpt, tuple(ckpt.tensors), monitor),
    "measurable": lambda ckpt: lambda monitor: core.measurable(ckpt, tuple(ckpt.tensors), monitor),
    "layers by depth": _as_layers(Wish(by_depth=True)),
    "layers by name": _as_layers(Wish(NAME, True)),
    "layers by number": _as_layers(Wish(3, True)),
}


def _compared(rename: core.Edit | None) -> Callable[[core.Checkpoint], Callable[[core.Monitor], object]]:
    """Pairing with what has other names, as far as it does, the tree of the pairs, and what it all comes to."""
    def work(ckpt: core.Checkpoint) -> Callable[[core.Monitor], object]:
        other = core.edit(ckpt, [rename] if rename is not None else [])

        def compare(monitor: core.Monitor) -> object:
            found = core.pair_up(ckpt, other, monitor=monitor)
            build_pair_tree(Figures(found, monitor), monitor)
            read = [core.with_difference(pair, SAME) for pair in core.stoppable(found.pairs, monitor)]
            return changes_of(core.judged(core.with_pairs(found, read), monitor), monitor)

        return compare

    return work


def _previewed(edit: core.Edit) -> Callable[[core.Checkpoint], Callable[[core.Monitor], object]]:
    return lambda ckpt: lambda monitor: preview(ckpt, edit, monitor)


OF_MANY_STEPS: dict[str, Callable[[core.Checkpoint], Callable[[core.Monitor], object]]] = {
    "comparing": _compared(None),
    "comparing with a prefix": _compared(core.AddPrefix("net.")),
    "comparing with other words": _compared(core.Rename("layers", "blocks")),
    "adding a prefix": _previewed(core.AddPrefix("net.")),
    "stripping a prefix": _previewed(core.StripPrefix("model.")),
    "renaming": _previewed(core.Rename("layers", "blocks")),
    "dropping": _previewed(core.Drop("*.1.weight")),
}


@pytest.mark.parametrize("work", WORKS.values(), ids=WORKS)
def test_that_a_worker_looks_after_the_window_every_few_hundred_keys(
        work: Callable[[core.Checkpoint], Callable[[core.Monitor], object]]) -> None:
    work(_edited())(core.QUIET)         # what is loaded first is
    ready, looks = work(_edited()), Looks()
    with looks.counting():
        ready(looks)
    assert 0 < looks.longest <= LONGEST, looks.where


@pytest.mark.parametrize("work", OF_MANY_STEPS.values(), ids=OF_MANY_STEPS)
def test_that_comparing_and_editing_look_after_the_window_in_each_pass(
        work: Callable[[core.Checkpoint], Callable[[core.Monitor], object]]) -> None:
    counting = Stop(1 << 30)
    work(_edited())(counting)
    assert (1 << 30) - counting.left >= PASSES * KEYS // 64


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> core.Checkpoint:
    path = tmp_path_factory.mktemp("saved") / "a.pth"
    core.save({f"layers.{n // 10}.{n % 10}.weight": np.full((4, 3), n, np.float32) for n in range(KEYS)}, path)
    return core.open(path)


def _planned(ckpt: core.Checkpoint, name: str, edits: Sequence[core.Edit]) -> Callable[[core.Monitor], object]:
    edited = core.edit(ckpt, edits)
    return lambda monitor: core.plan_save(edited, os.path.join(os.path.dirname(ckpt.path), name), monitor=monitor)


OF_FILES: dict[str, Callable[[core.Checkpoint], Callable[[core.Monitor], object]]] = {
    "opening": lambda ckpt: lambda monitor: core.open(ckpt.path, monitor=monitor),
    "planning renamed": lambda ckpt: _planned(ckpt, "b.pth", [core.AddPrefix("net.")]),
    "planning without some": lambda ckpt: _planned(ckpt, "b.pth", [core.Drop("*.1.weight")]),
    "planning for safetensors": lambda ckpt: _planned(ckpt, "b.safetensors", [core.AddPrefix("net.")]),
}


@pytest.mark.parametrize("work", [work for name, work in OF_FILES.items() if name != "opening"])
def test_that_planning_a_save_looks_after_the_window_in_each_pass(
        work: Callable[[core.Checkpoint], Callable[[core.Monitor], object]], saved: core.Checkpoint) -> None:
    counting = Stop(1 << 30)
    work(core.open(saved.path))(counting)
    assert (1 << 30) - counting.left >= PASSES * KEYS // 64


@pytest.mark.parametrize("at", [1, 2, 9, 30])
@pytest.mark.parametrize("work", OF_FILES.values(), ids=OF_FILES)
def test_that_work_on_a_file_ends_at_any_look_and_can_be_done_again(
        work: Callable[[core.Checkpoint], Callable[[core.Monitor], object]], saved: core.Checkpoint, at: int) -> None:
    ready, folder = work(core.open(saved.path)), os.path.dirname(saved.path)
    before = os.listdir(folder)
    with pytest.raises(core.Cancelled):
        ready(Stop(at))
    assert os.listdir(folder) == before
    ready(core.QUIET)
