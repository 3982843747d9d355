"""Statistics or a comparison by this tree and by another one: whole processes of either in turn, medians.

    git worktree add /tmp/before COMMIT
    python tests/bench/bench_before.py /tmp/before [--folder DIR] [--runs 9] [--megabytes 800] [--tensor-mb 2] [--only stats,diff]

Both trees are compiled to byte code first, and read the same files of float32 from the page cache. By processor time and by the clock;
asserts nothing.
"""
from __future__ import annotations

import argparse
import compileall
import os
import tempfile
from pathlib import Path

import numpy as np
from bench_open import ROOT, in_turn, inspector, show
from safetensors.numpy import save_file


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
    for tree in (options.before, ROOT):
        compileall.compile_dir(tree / "inspector", quiet=1)
    a, b = samples(options.folder, options.megabytes, options.tensor_mb)
    for name, arguments in {"stats": ["stats", a], "check": ["check", a], "diff": ["diff", a, b]}.items():
        if name in options.only.split(","):
            command = inspector(*arguments)
            now, before = in_turn(options.runs, command, command, options.before.resolve(), fine=(0, 1))       # 1: they differ
            print(f"{name} of {options.megabytes} MB in tensors of {options.tensor_mb} MB, load {os.getloadavg()[0]:.1f}")
            show("now", now, "before", before, "1.25 where a fifth was to go")


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


if __name__ == "__main__":
    main()
