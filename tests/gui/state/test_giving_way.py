"""What is worked out over all keys beside the window looks, every few hundred of them, whether that wants the interpreter."""
from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import pytest

from inspector import core
from inspector.gui.models.key_tree import build_key_tree
from inspector.gui.models.layer_table import NAME, Row, Wish, laid_out
from inspector.gui.models.tree_marks import TreeMarks
from inspector.gui.models.tree_rows import TreeRows
from inspector.gui.panels.layers import patterns_of
from inspector.gui.state import signals
from inspector.gui.state.analysis import analyse
from inspector.gui.state.value_checks import Checked, Odd
from tests.tables import make

KEYS = 3_000
LONGEST = 2_500         # calls between two looks: less than one for each key


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


@pytest.mark.parametrize("work", WORKS.values(), ids=WORKS)
def test_that_a_worker_looks_after_the_window_every_few_hundred_keys(
        work: Callable[[core.Checkpoint], Callable[[core.Monitor], object]]) -> None:
    work(_edited())(core.QUIET)         # what is loaded first is
    ready, looks = work(_edited()), Looks()
    with looks.counting():
        ready(looks)
    assert 0 < looks.longest <= LONGEST, looks.where
