"""How long it takes to strip a prefix and save again, as ratios in one run against what a user would do otherwise: `cp` of the same
file and one read of the copy, and torch.load, rename, torch.save. Whole processes in turn (A B C A B C …).

    python tests/bench/bench_save.py [--folder DIR] [--runs 5] [--gigabytes 4] [--format torch-zip|safetensors]

Prints a table and asserts nothing: these are measurements, the bars they are held against stand beside them. The sample is
written once into DIR with torch and kept there; what is made of it is deleted after each turn.
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

# a stand-in for the edit where the tree has no `core.edit` yet: the same tables with other names
STRIP = """
import sys
from inspector import core
ckpt = core.open(sys.argv[1])
core.save(core.edit(ckpt, [core.StripPrefix("module.")]), sys.argv[2])
"""
RESAVE = "import sys; from inspector import core; core.save(core.open(sys.argv[1]), sys.argv[2])"
COPY = "cp -- \"$1\" \"$2\" && cat -- \"$2\" > /dev/null"
DURABLE = "cp -- \"$1\" \"$2\" && sync -- \"$2\" && cat -- \"$2\" > /dev/null"
TORCH = """
import sys, torch
loaded = torch.load(sys.argv[1], weights_only=True)
torch.save({key.removeprefix("module."): value for key, value in loaded.items()}, sys.argv[2])
"""


class Run(NamedTuple):
    seconds: float
    megabytes: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "inspector-bench")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--gigabytes", type=float, default=4.0)
    parser.add_argument("--format", default="torch-zip", choices=("torch-zip", "safetensors"))
    parser.add_argument("--unedited", action="store_true", help="save it as it is instead of stripping the prefix")
    parser.add_argument("--durable", action="store_true", help="make the copy of `cp` durable too, as ours is")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    source, made = sample(options), options.folder / ("resaved.pth" if options.format == "torch-zip" else "resaved.safetensors")
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, {options.runs} runs each, medians; MB is the peak of the process")
    print(f"{source.name}: {source.stat().st_size / 1e9:.2f} GB to {made.name}")
    ours = python(RESAVE if options.unedited else STRIP, source, made)
    copy = ["sh", "-c", DURABLE if options.durable else COPY, "sh", str(source), str(made)]
    a, b, c = in_turn(options.runs, made, ours, copy, python(TORCH, source, made))
    show("strip and save", a)
    show("cp and one read", b)
    show("torch.load, rename, save", c)
    ratio("ours / cp and one read", a, b, "at most 1.3")
    ratio("torch / ours", c, a, "at least 2")
    print(f"  {'peak memory':28} {max(run.megabytes for run in a):8.0f} MB   bar: under 200")


def sample(options: argparse.Namespace) -> Path:
    path: Path = options.folder / f"module_{options.gigabytes:g}GB.pth"
    if not path.exists():
        print(f"writing {path} …", flush=True)
        partial = path.with_name(path.name + ".partial")
        code = f"""
import torch
n = {int(options.gigabytes * (1 << 30))} // (4 * 4096 * 1024)
torch.save({{f"module.layers.{{i}}.weight": torch.randn(4096, 1024) for i in range(n)}}, {str(partial)!r})"""
        subprocess.run([sys.executable, "-c", code], check=True)
        partial.rename(path)
    return path


def in_turn(runs: int, made: Path, *commands: list[str]) -> list[list[Run]]:
    measured: list[list[Run]] = [[] for _ in commands]
    for turn in range(runs + 1):                # the first of each only warms the caches
        for command, into in zip(commands, measured, strict=True):
            run = measure(command)
            made.unlink()
            os.sync()                           # what one leaves to be written is not the next one's to wait for
            if turn:
                into.append(run)
    return measured


def measure(command: list[str]) -> Run:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)       # an installed program has its bytecode at hand
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return Run(seconds, usage.ru_maxrss / 1024)


def show(what: str, runs: list[Run]) -> None:
    seconds = [run.seconds for run in runs]
    print(f"  {what:28} {statistics.median(seconds):8.2f} s  ({min(seconds):.2f} to {max(seconds):.2f})  "
          f"{statistics.median(run.megabytes for run in runs):7.0f} MB")


def ratio(what: str, a: list[Run], b: list[Run], bar: str) -> None:
    ratios = sorted(x.seconds / y.seconds for x, y in zip(a, b, strict=True))
    print(f"  {what:28} {statistics.median(ratios):8.2f} x  ({ratios[0]:.2f} to {ratios[-1]:.2f})   bar: {bar}")


def python(code: str, *arguments: str | Path) -> list[str]:
    return [sys.executable, "-c", code, *map(str, arguments)]


if __name__ == "__main__":
    main()
