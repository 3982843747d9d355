"""How long comparing takes, as ratios against torch in one run, whole processes in turn (A B A B …).

    python tests/bench/bench_compare.py [--folder DIR] [--runs 3] [--gigabytes 2] [--tensors 100000] [--only values,structure]

Prints tables and asserts nothing; the bars stand beside the figures. The samples are written once into DIR and kept there.
"""
from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

RIVAL = """
import sys, torch
a, b = (torch.load(path, mmap=True, weights_only=True) for path in sys.argv[1:3])
for key, x in a.items():
    x, y = x.float(), b[key].float()
    d = x - y
    d.abs().max(), (d * d).mean(), torch.nn.functional.cosine_similarity(x.flatten(), y.flatten(), dim=0), (x != y).sum()
"""
OURS = """
import resource, sys
from inspector import core
a, b = map(core.open, sys.argv[1:3])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = core.compare(a, b, values=len(sys.argv) < 4)
print(len(found.pairs), found.verdict.id, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""
READ = """
import os, sys, time
from concurrent.futures import ThreadPoolExecutor
import numpy
def read(path):
    room, total = numpy.empty(16 << 20, numpy.uint8), 0
    with open(path, "rb", buffering=0) as file:
        while n := file.readinto(room):
            total += n
    return total
start = time.perf_counter()
with ThreadPoolExecutor(2) as pool:
    total = sum(pool.map(read, sys.argv[1:3]))
array = numpy.ones(1 << 26, numpy.float32)
array.max()
again = time.perf_counter()
with ThreadPoolExecutor(os.cpu_count()) as pool:
    parts = numpy.array_split(array, os.cpu_count())
    for _ in range(8):
        list(pool.map(numpy.max, parts))
print(total / (again - start) / 1e9, 8 * array.nbytes / (time.perf_counter() - again) / 1e9)
"""


class Run(NamedTuple):
    seconds: float
    said: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "inspector-bench")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--gigabytes", type=float, default=2.0)
    parser.add_argument("--tensors", type=int, default=100_000)
    parser.add_argument("--only", default="values,structure")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    if "values" in options.only.split(","):
        for dtype in ("float32", "bfloat16"):
            values(options, dtype)
    if "structure" in options.only.split(","):
        structure(options)


def values(options: argparse.Namespace, dtype: str) -> None:
    paths = [options.folder / f"compare_{dtype}_{options.gigabytes:g}GB_{side}.pth" for side in "ab"]
    if not all(path.exists() for path in paths):
        run(f"""
import torch, sys
torch.manual_seed(0)
n = int({options.gigabytes} * 1e9 / torch.{dtype}.itemsize / (1 << 22))
state = {{f"layers.{{i}}.weight": torch.randn(2048, 2048).to(torch.{dtype}) for i in range(n)}}
torch.save(state, sys.argv[1])
torch.save({{key: (value + 0.01 * torch.randn(2048, 2048)).to(torch.{dtype}) for key, value in state.items()}}, sys.argv[2])
""", *paths)
    read, memory = map(float, run(READ, *paths).said.split())
    ours, theirs = [], []
    for _ in range(options.runs):
        ours.append(run(OURS, *paths))
        theirs.append(run(RIVAL, *paths))
    mine, other = (statistics.median(one.seconds for one in runs) for runs in (ours, theirs))
    nbytes = sum(path.stat().st_size for path in paths)
    print(f"values of two {options.gigabytes:g} GB files, {dtype}: ours {mine:.2f} s ({nbytes / mine / 1e9:.2f} GB/s, memory "
          f"+{max(float(one.said.split()[2]) for one in ours):.0f} MB, bar 200), torch {other:.2f} s: {other / mine:.1f}x (bar 5x); "
          f"file reads {read:.1f} GB/s, memory {memory:.1f} GB/s: {nbytes / mine / 1e9 / memory:.0%} of it (bar 25 %)")


def structure(options: argparse.Namespace) -> None:
    paths = [options.folder / f"compare_{options.tensors}_{side}.pth" for side in "ab"]
    if not all(path.exists() for path in paths):
        run(f"""
import torch, sys
for path, prefix in zip(sys.argv[1:3], ("", "module.")):
    torch.save({{f"{{prefix}}layers.{{i // 100}}.experts.{{i % 100}}.weight": torch.ones(4) for i in range({options.tensors})}}, path)
""", *paths)
    runs = [run(OURS, *paths, "structure") for _ in range(options.runs)]
    print(f"structure of two files of {options.tensors:,} tensors, another prefix in each: "
          f"{statistics.median(one.seconds for one in runs):.2f} s (bar 10 s), {runs[0].said}")


def run(code: str, *arguments: object) -> Run:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment["PYTHONPATH"] = str(Path(__file__).resolve().parents[2])
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], check=True, capture_output=True, text=True, env=environment)
    return Run(time.perf_counter() - start, done.stdout.strip())


if __name__ == "__main__":
    main()
