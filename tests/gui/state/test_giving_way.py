"""What is worked out over all keys beside the window looks, every few hundred of them, whether that wants the interpreter."""
from __future__ import annotations

from collections.abc import Callable

import pytest

from inspector import core
from inspector.gui.models.key_tree import build_key_tree
from inspector.gui.models.tree_marks import TreeMarks
from inspector.gui.state import signals
from inspector.gui.state.analysis import analyse
from tests.tables import make

KEYS = 6_000
LONGEST = 1_024         # keys between two looks


class Looks(core.Monitor):
    def __init__(self) -> None:
        self.many = 0

    def report(self, done: int, total: int, what: str = "") -> None:
        self.check()

    def check(self) -> None:
        self.many += 1


def _marks(ckpt: core.Checkpoint, monitor: core.Monitor) -> None:
    TreeMarks(build_key_tree(ckpt), signals._work_out(ckpt, None, 1, None, core.QUIET), monitor)


@pytest.mark.parametrize("work", [
    build_key_tree, analyse, core.sizes, _marks,
    lambda ckpt, monitor: signals._work_out(ckpt, None, 1, None, monitor),
    lambda ckpt, monitor: core.map_places(core.byte_map(ckpt), 4_000, 4_000, 16, monitor),
    lambda ckpt, monitor: core.sharing(ckpt, monitor), lambda ckpt, monitor: core.counts(ckpt, monitor=monitor),
    lambda ckpt, monitor: core.totals(ckpt, monitor=monitor), core.describe, core.may_be_packed, core.experts, core.packed_tensors,
], ids=["tree", "analysis", "sizes", "marks", "signals", "map", "sharing", "counts", "totals", "description", "packed", "experts",
        "recognised"])
def test_that_a_worker_looks_after_the_window_every_so_many_keys(work: Callable[[core.Checkpoint, core.Monitor], object]) -> None:
    keys = {f"layers.{n // 10}.{n % 10}.weight": (4, 3) for n in range(KEYS)}
    opened = make("/x/a.pth", keys={**keys, "layers.0.0.lora_A.weight": (2, 3)})           # may be packed, and is not
    looks = Looks()
    work(core.edit(opened, [core.AddPrefix("model.")]), looks)
    assert looks.many >= KEYS // LONGEST
