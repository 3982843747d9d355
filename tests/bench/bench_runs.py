"""A run of many checkpoints: how fast it is measured, against statistics of the same files, in how much memory, and what one more costs.

    python tests/bench/bench_runs.py [FILES] [MEGABYTES]

Makes FILES (50) of MEGABYTES (20) each, measures each by itself as `inspector stats` does and all of them as `inspector run`, adds one
and measures again. Ends with status 1 where the run takes more than twice as long as the statistics, more than LIMIT of memory beyond
them, or reads more for the one that was added than it and the one before it.
"""
from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from inspector import core

LIMIT = 100.0           # megabytes
TENSORS = 24


def make(folder: Path, n: int, megabytes: int) -> None:
    random = np.random.default_rng(n)
    rows = megabytes * 1_000_000 // TENSORS // 4 // 500
    model = {f"layers.{i}.weight": random.standard_normal((rows, 500), np.float32) for i in range(TENSORS)}
    core.save({"epoch": n, "loss": 1 / (n + 1), "model": model}, folder / f"epoch_{n}.pth")


def measured(what: str, folder: str, cache: str) -> tuple[float, float, int]:
    """Seconds, megabytes at most, and bytes read, of a process of its own."""
    done = subprocess.run([sys.executable, __file__, what, folder, cache], capture_output=True, text=True, check=True)
    seconds, most, read = done.stdout.split()
    return float(seconds), float(most), int(read)


def bytes_read() -> int:
    """By this process, whether from the disk or from memory."""
    return int(Path("/proc/self/io").read_text().split()[1])


def work(what: str, folder: str, cache: str) -> None:
    begun, before = time.perf_counter(), bytes_read()
    if what == "stats":
        for path in core.checkpoints_in(folder):
            ckpt = core.open(path)
            for _ in core.summarize_each(ckpt, list(ckpt.tensors)):
                pass
    else:
        core.measure_series(core.series(folder), kept=core.KeptNumbers(cache))
    print(time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000, bytes_read() - before)


def main(files: int, megabytes: int) -> int:
    with tempfile.TemporaryDirectory() as made:
        folder, cache = Path(made) / "run", str(Path(made) / "cache")
        folder.mkdir()
        for n in range(files):
            make(folder, n, megabytes)
        time.sleep(0.5)                 # what was written just now is not kept
        stats, run = measured("stats", str(folder), ""), measured("run", str(folder), cache)
        make(folder, files, megabytes)
        time.sleep(0.5)
        one = measured("run", str(folder), cache)
    for name, (seconds, most, read) in (("stats of each", stats), ("run", run), ("run, one more", one)):
        print(f"{name:14} {seconds:6.2f} s  {files * megabytes / seconds / 1000:5.2f} GB/s  {most:5.0f} MB  {read / 1e6:8.1f} MB read")
    good = run[0] <= 2 * stats[0] and run[1] <= stats[1] + LIMIT and one[2] <= 2.5e6 * megabytes
    return 0 if good else 1


if __name__ == "__main__":
    if len(sys.argv) > 3:
        work(*sys.argv[1:4])
    else:
        sys.exit(main(*(int(given) for given in (*sys.argv[1:], *("50", "20")[len(sys.argv) - 1:]))))
