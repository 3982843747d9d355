"""What a comparison of 100,000 pairs asks of the window's thread, step by step, in its own processor time. Run by hand:

    QT_QPA_PLATFORM=offscreen python tests/bench/bench_pairs.py [PAIRS]

Made-up checkpoints; nothing is read. The bar is 33 ms for each step, 16 for what is painted: the neighbours on a busy machine do not count.
"""
from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from inspector import core
from inspector.gui.comparison.change_ruler import ChangeRuler
from inspector.gui.models.pair_model import PairModel
from inspector.gui.models.pair_tree import Figures, build_pair_tree
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.pair_view import PairView

TOGETHER = 2000         # pairs that come in at once


def step(name: str, work: Callable[[], object]) -> None:
    before = time.thread_time()
    work()
    print(f"{name:<36} {(time.thread_time() - before) * 1000:7.1f} ms")


def main(pairs: int) -> None:
    app = QApplication([])
    names = [f"model.layers.{n // 2000}.experts.{n // 4 % 500}.{'abcd'[n % 4]}.weight" for n in range(pairs)]
    tensors = {key: core.TensorInfo(key, (4, 2), "float32", "cpu", (2, 1), 0, "", 0, state_dict="") for key in names}
    ckpt = core.Checkpoint("/a.pth", "torch-zip", "state-dict", (), tensors, state_dicts=("",))
    comparison = core.pair_up(ckpt, ckpt)
    figures = Figures(comparison)
    tree, flat, edited = build_pair_tree(figures), build_pair_tree(figures, flat=True), build_pair_tree(Figures(comparison))
    tasks = Tasks()
    model = PairModel(None, tasks)
    view = PairView(model)
    ruler = ChangeRuler(view, model)
    view.resize(1200, 700)
    ruler.resize(16, 700)
    for widget in (view, ruler):
        widget.show()
    app.processEvents()
    step("another tree", lambda: model.set_tree(tree))
    step("its rows, painted", view.grab)
    step("the ruler, painted", ruler.grab)
    apart = core.Difference(8, 8, 0.1, 0.1, 0.02, 0.99, norm=1.0)
    news = figures.prepared([(n, core.with_difference(figures.pairs[n], apart)) for n in range(min(TOGETHER, pairs))])
    step(f"{TOGETHER:,} values come in", lambda: (figures.take(news), view.grow()))
    step("rows, painted", view.grab)
    step("which change it is, of how many", lambda: model.change_at(0))
    step("the ruler, painted", ruler.grab)
    step("the next change", lambda: model.reveal_node(model.next_change(0) or 0))
    step("one list", lambda: model.set_tree(flat))
    step("its rows, painted", view.grab)
    model.set_tree(build_pair_tree(figures))
    step("the tree after an edit", lambda: model.set_tree(edited))
    tasks.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
