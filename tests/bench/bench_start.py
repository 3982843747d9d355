"""How soon the keys of a file are on the screen, from the start of the process. Run by hand, on an idle machine:

    QT_QPA_PLATFORM=offscreen python tests/bench/bench_start.py [--runs 5] FILE ...

Starts the program with each FILE, as a double-click does, and ends it as soon as the first row of a key has been painted. By the clock from
the moment that the system made the process; by processor time of all of its threads, and of the window's own, which neighbours change
little. Byte code is kept in a folder of its own, as that of an installed program is, and the first run, which makes it, does not count.
The bar, which nothing asserts: 2 s for 100,000 keys.
"""
from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHILD = """
import os, sys, time
from inspector.gui.widgets.tree_view import TreeView
paint = TreeView.paintEvent

def painted(self, event):
    paint(self, event)
    if self.tree_model.trees:
        with open("/proc/self/stat") as stat, open("/proc/uptime") as uptime:
            begun = int(stat.read().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
            alive = float(uptime.read().split()[0]) - begun
        print(alive, time.process_time(), time.thread_time(), self.tree_model.rowCount(), flush=True)
        os._exit(0)

TreeView.paintEvent = painted
from inspector.gui.app import run
run([sys.argv[1]], new_window=True)
"""


def start(path: str, folder: str) -> tuple[float, float, float]:
    """Seconds: by the clock, of all threads, of the window's."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": os.path.join(folder, "code"), "XDG_CONFIG_HOME": folder,
                   "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run([sys.executable, "-c", CHILD, path], env=environment, capture_output=True, text=True, check=True, timeout=300)
    clock, every, own, _ = map(float, done.stdout.split())
    return clock, every, own


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--runs", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        start(asked.files[0], folder)
        for path in asked.files:
            runs = [start(path, folder) for _ in range(asked.runs)]
            clock, every, own = (statistics.median(one) for one in zip(*runs, strict=True))
            print(f"{os.path.basename(path):<40} {clock:6.2f} s by the clock ({min(one[0] for one in runs):.2f} to "
                  f"{max(one[0] for one in runs):.2f})   {every:6.2f} s of processor time, {own:.2f} of the window's thread", flush=True)


if __name__ == "__main__":
    main()
