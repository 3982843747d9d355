"""How long the tree takes at 1,000,000 nodes. Run as a script; prints a table.

    QT_QPA_PLATFORM=offscreen python tests/bench/bench_tree.py [layers]
"""
from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from inspector import core
from inspector.gui.models.key_tree import KeyTree, build_key_tree


def giant(layers: int = 100, experts: int = 1000) -> core.Checkpoint:
    """A mixture of experts: 6 tensors and 10 nodes an expert, 8 levels; 600,000 tensors in 1,000,302 nodes by default."""
    tensors = {}
    for layer in range(layers):
        for expert in range(experts):
            for name, shape in (("gate_proj", (512, 2048)), ("up_proj", (512 + expert, 2048)), ("down_proj", (2048, 512))):
                for leaf, dims, dtype in (("weight", shape, "bfloat16"), ("weight_scale", (shape[0],), "float32")):
                    key = f"model.language.layers.{layer}.mlp.experts.{expert}.{name}.{leaf}"
                    tensors[key] = core.TensorInfo(key, dims, dtype, "cpu", (1,) * len(dims), 0, key, 0)
    return core.Checkpoint("/models/giant.safetensors", "safetensors", "state-dict", (), tensors)


def timed(what: str, work: Callable[[], object]) -> None:
    start, cpu = time.perf_counter(), time.thread_time()
    work()
    spent, at_work = time.perf_counter() - start, time.thread_time() - cpu
    print(f"{what:<44}{spent * 1000:>10,.1f} ms   {at_work * 1000:>10,.1f} ms at work", flush=True)


def stalls(work: Callable[[], object]) -> float:
    """Milliseconds: the longest that another thread had to wait for the interpreter while `work` ran in a worker."""
    worker = threading.Thread(target=work)
    worst, last = 0.0, time.perf_counter()
    worker.start()
    while worker.is_alive():
        time.sleep(0.002)
        now = time.perf_counter()
        worst, last = max(worst, now - last), now
    return worst * 1000


def main(layers: int) -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QApplication

    from inspector.gui.models.tree_model import TreeModel
    from inspector.gui.state.session import Selection, Session
    from inspector.gui.widgets.tree_view import TreeView

    app = QApplication.instance() or QApplication(sys.argv)
    checkpoint = giant(layers)
    trees: list[KeyTree] = []
    timed("build", lambda: trees.append(build_key_tree(checkpoint)))
    tree = trees[0]
    print(f"{'  nodes, tensors, levels':<44}{len(tree):>10,}  {len(tree.infos):,}  {int(tree.depth.max())}")
    print(f"{'  longest stall of another thread':<44}{stalls(lambda: build_key_tree(checkpoint)):>10,.1f} ms")

    session = Session()
    model = _Given(tree)
    shown = TreeModel(session, model)
    view = TreeView(session, shown)
    view.resize(900, 1000)
    view.show()
    document = session.add(checkpoint.path)
    session.select(Selection(document.id))
    timed("put on show", lambda: session.loaded(document.id, checkpoint))

    def screen() -> None:
        app.processEvents()
        view.viewport().repaint()

    def step(what: str, work: Callable[[], object]) -> None:
        timed(what, work)
        timed("  paint one screen", screen)

    step("expand all", view.expand_all)
    step("collapse all", view.collapse_all)
    row = shown.reveal(document.id, "model.language.layers.3.mlp.experts")
    assert row is not None
    step("collapse one (a layer's experts)", lambda: shown.set_expanded(row, False))
    step("expand one (1,000 rows)", lambda: shown.set_expanded(row, True))
    step("expand all", view.expand_all)
    for what, text in (("no match", "zzz"), ("777: 600 hits", "777"), ("down_proj: 200k hits", "down_proj"),
                       ("layers.3.: a dot", "layers.3."), ("*.layers.1?.*.up_proj.*e", "*.layers.1?.*.up_proj.*e"),
                       ("dtype:f32 >2kB -up", "dtype:f32 >2kB -up"), ("cleared", "")):
        step(f"filter {what}", lambda text=text: shown.set_filter(text))
    for column, name in ((0, "name"), (5, "bytes"), (1, "shape")):
        step(f"sort by {name}", lambda column=column: view.sortByColumn(column, Qt.SortOrder.DescendingOrder))
    step("file order", lambda: view.sortByColumn(-1, Qt.SortOrder.AscendingOrder))
    step("select all", view.selectAll)
    step("select the file", lambda: view.select_row(0))
    view.hide()


class _Given:
    """Stands for `Tasks`: the tree is there already."""

    def __init__(self, tree: KeyTree) -> None:
        self._tree = tree

    def start(self, key: object, work: object, *, on_done: Callable[[KeyTree], None], label: str = "",
              urgent: bool = False) -> None:
        on_done(self._tree)

    def cancel(self, key: object) -> None:
        pass


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
