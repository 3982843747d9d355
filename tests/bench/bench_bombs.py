"""Processor time and peak of each command on each bomb of `tests/core/formats/test_bombs.py`, and on an index of a million keys. By hand:

    python tests/bench/bench_bombs.py [--folder DIR] [--commands check,stats,…] [--only GLOB] [--bar 5] [--before DIR]

The bombs are written once into DIR and kept there. Prints a line for each: processor seconds, the peak beyond that of the same command on
a small file, and what is over the bars: `SLOW` more than `--bar` seconds, `MEM` more than 300 MB and 64 times the file, `HANG` more than
`--seconds`. With `--before`, another checkout, what that one takes stands before it, in turn.
"""
from __future__ import annotations

import argparse
import fnmatch
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from inspector import core  # noqa: E402
from tests.core.formats import test_bombs as bombs  # noqa: E402

COMMANDS = {"ls": "ls FILE", "json": "ls --json FILE", "check": "check FILE", "stats": "stats FILE", "diff": "diff FILE FILE",
            "digest": "digest FILE -o OUT.json", "verify": "verify FILE OUT.json", "modules": "modules FILE", "contract": "contract FILE",
            "edit": "edit FILE -o OUT.pth --dry-run --add-prefix x.", "show": "show FILE nothing",
            "run": "run --no-cache FILE SMALL", "code": "code FILE"}


class Cost(NamedTuple):
    seconds: float
    peak: int
    status: int
    said: str


def gallery(folder: Path) -> Iterator[Path]:
    """The bombs, written where they are not there yet; of those that are pickles, in the containers that are read in ways of their own."""
    made = {**{name: make for table in (bombs.OTHERS, bombs.TEXTS) for name, make in table.items()},
            "million/model.safetensors.index.json": lambda: ('{"weight_map":{' + bombs._json(
                1_000_000, lambda n: f'"layers.{n}.weight":"a.safetensors"') + "}}").encode()}
    for name, make in bombs.PICKLES.items():
        for container in ("deflated.pth", "legacy.pt", "tar.pt", ".metadata"):
            path = f"{name}/{container}" if container.startswith(".") else f"{name}.{container}"
            made[path] = lambda make=make, container=container: bombs.CONTAINERS[container](make())     # type: ignore[misc]
    for name, write in made.items():
        path = folder / (f"{name.partition('.')[0]}/{name}" if name.endswith(".index.json") and "/" not in name else name)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(write())
        yield path


def cost(command: str, path: Path, small: str, root: str, seconds: int, work: str) -> Cost:
    words = [{"FILE": str(path), "SMALL": small}.get(word, word) for word in COMMANDS[command].split()]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen([sys.executable, "-m", "inspector", *words], stdout=subprocess.DEVNULL, stderr=errors, cwd=work,
                                   env={**os.environ, "PYTHONPATH": root, "OPENBLAS_NUM_THREADS": "1"},
                                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds)))
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss << 10, process.returncode, errors.read().decode()[-120:].strip())


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "inspector-bombs")
    parser.add_argument("--commands", default=",".join(COMMANDS))
    parser.add_argument("--only", default="*")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--bar", type=float, default=5)
    parser.add_argument("--before", default="")
    asked = parser.parse_args(arguments)
    files = [path for path in gallery(asked.folder) if fnmatch.fnmatch(str(path.relative_to(asked.folder)), asked.only)]
    with tempfile.TemporaryDirectory() as work:
        small = core.make_demo(work)[0]
        commands = asked.commands.split(",")
        bases = {command: cost(command, Path(small), small, str(ROOT), asked.seconds, work).peak for command in commands}
        for path in files:
            for command in commands:
                costs = [cost(command, path, small, root, asked.seconds, work) for root in (asked.before, str(ROOT)) if root]
                beyond = [one.peak - bases[command] for one in costs]
                over = "HANG" * (costs[-1].status < 0) + " SLOW" * (costs[-1].seconds > asked.bar) \
                    + " MEM" * (beyond[-1] > bombs.BASE + bombs.FACTOR * path.stat().st_size)
                told = " ".join(f"{one.seconds:6.1f} s {more >> 20:5} MB" for one, more in zip(costs, beyond, strict=True))
                refused = costs[-1].said if costs[-1].status == 2 else ""
                print(f"{command:8} {path.relative_to(asked.folder)!s:46} {told}  {over.strip()}  {refused}", flush=True)


if __name__ == "__main__":
    main()
