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

from inspector import core  # noqa: E402
from inspector.gui.models.key_tree import KeyTree, build_key_tree  # noqa: E402


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
    start = time.perf_counter()
    work()
    print(f"{what:<44}{(time.perf_counter() - start) * 1000:>10,.1f} ms", flush=True)


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
