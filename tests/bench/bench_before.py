"""Statistics or a comparison by this tree and by another one: whole processes of either in turn (A B B A …), medians.

    git worktree add /tmp/before COMMIT
    python tests/bench/bench_before.py /tmp/before [--folder DIR] [--runs 9] [--megabytes 800] [--tensor-mb 2] [--only stats,diff]

Both trees are compiled to byte code first, and read the same files of float32 from the page cache. By processor time and by the clock;
asserts nothing.
"""
from __future__ import annotations

import argparse
import compileall
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from safetensors.numpy import save_file

ROOT = Path(__file__).resolve().parents[2]


class Took(NamedTuple):
    processor: float
    clock: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "inspector-bench")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--megabytes", type=int, default=800)
    parser.add_argument("--tensor-mb", type=int, default=2)
    parser.add_argument("--only", default="stats,diff")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    trees = {"before": options.before.resolve(), "now": ROOT}
    for tree in trees.values():
        compileall.compile_dir(tree / "inspector", quiet=1)
    a, b = samples(options.folder, options.megabytes, options.tensor_mb)
    for name, arguments in {"stats": ["stats", a], "check": ["check", a], "diff": ["diff", a, b]}.items():
        if name not in options.only.split(","):
            continue
        took: dict[str, list[Took]] = {which: [] for which in trees}
        for turn in range(options.runs + 1):            # the first is not counted
            for which in sorted(trees, reverse=bool(turn % 2)):
                took[which].append(run(trees[which], arguments))
        for column in Took._fields:
            before, now = ([getattr(one, column) for one in took[which][1:]] for which in trees)
            ratio = statistics.median(x / y for x, y in zip(before, now, strict=True))
            print(f"{name} of {options.megabytes} MB in tensors of {options.tensor_mb} MB, {column}: "
                  f"before {statistics.median(before):.3f} s, now {statistics.median(now):.3f} s, {ratio:.2f}x as fast "
                  f"(load {os.getloadavg()[0]:.1f})")


def samples(folder: Path, megabytes: int, tensor_mb: int) -> list[Path]:
    """The second is the first with a little noise."""
    paths = [folder / f"before_{megabytes}MB_{tensor_mb}MB_{side}.safetensors" for side in "ab"]
    if not all(path.exists() for path in paths):
        random = np.random.default_rng(0)
        first = {f"layers.{n:04}.weight": random.standard_normal((1024, tensor_mb << 8), np.float32) * np.float32(0.02 * (1 + n % 64 / 8))
                 for n in range(megabytes // tensor_mb)}
        save_file(first, paths[0])
        save_file({key: value + np.float32(0.001) * random.standard_normal(value.shape, np.float32) for key, value in first.items()},
                  paths[1])
    for path in paths:
        with open(path, "rb") as file:          # into the page cache
            while file.read(16 << 20):
                pass
    return paths


def run(tree: Path, arguments: list[str | Path]) -> Took:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")} | {"PYTHONPATH": str(tree)}
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "inspector", *map(str, arguments)], cwd=tree, env=environment,
                               stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):        # 1: they differ, or something was found
        raise RuntimeError(f"{tree} ended with {process.returncode}")
    return Took(usage.ru_utime + usage.ru_stime, time.perf_counter() - start)


if __name__ == "__main__":
    main()
