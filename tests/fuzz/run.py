"""The fuzzer: `python tests/fuzz/run.py --minutes 20`, and in the suite a few seconds of it (`test_fuzz`).

    parent (makes the seeds, watches)  ──  worker (a process with limits)  ──  case N: seed, mutation, everything that is done with it

A case is a function of the seed of the run and its number, so `--case N` does it again and `--keep FOLDER` leaves its file there. A
worker may take `MEMORY` bytes beyond what it has when it begins, and `SECONDS` of processor time for a case; one that is killed, or does
not end, is an escape as well. Prints executions, classes of outcome, and every escape once, with the number that does it again.
"""
from __future__ import annotations

import argparse
import faulthandler
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

if __name__ == "__main__":              # as a script, which has its own folder on the path and not ours
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from tests.fuzz import mutations, seeds

MEMORY = 400 << 20
SECONDS = 10
WALL = 600.0            # seconds after which a worker that says nothing is ended, however little of a processor it had
BATCH = 200             # cases of one worker, so that what one of them leaves behind does not add up


class TooLong(BaseException):
    """A case took more than `SECONDS` of processor time."""


class Escape(NamedTuple):
    """`where` is the innermost place in the program, the same for the same fault."""

    case: int
    seed: str
    after: str
    what: str
    where: str


# -- one case ---------------------------------------------------------------------------------------------------------------------

def prepare(case: int, run: int, folder: Path, work: Path) -> tuple[Path, Path, Random]:
    """Writes the file of a case into `work`: (what is opened, the seed that it was made of, the random numbers for the rest)."""
    random = Random(f"{run}:{case}")
    names = seeds.names(folder)
    seed = folder / random.choice(names)
    other = seeds.damaged(folder / random.choice(names)).read_bytes()
    victim = seeds.damaged(seed)
    data = mutations.mutated(victim.read_bytes(), seed.name.partition("-")[0], other, random)
    path = work / seed.name
    if seed.is_dir():
        shutil.copytree(seed, path)
    (path / victim.name if seed.is_dir() else path).write_bytes(data)
    return path, seed, random


def one(case: int, run: int, folder: Path, work: Path) -> tuple[Counter[str], Escape | None]:
    """Does one case in the empty folder `work`."""
    from tests.fuzz import operations
    (work / "in").mkdir()
    (work / "out").mkdir()
    path, seed, random = prepare(case, run, folder, work / "in")
    outcomes: Counter[str] = Counter()
    after = "open"
    try:
        for operation, outcome in operations.everything(path, seed, work / "out", random):
            outcomes[f"{operation}: {outcome}"] += 1
            after = operation
    except (Exception, TooLong) as error:
        outcomes["ESCAPE"] += 1
        return outcomes, Escape(case, seed.name, after, f"{type(error).__name__}: {' '.join(str(error).split())[:300]}", _place(error))
    return outcomes, None


def _place(error: BaseException) -> str:
    frames = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
              if f"{os.sep}inspector{os.sep}" in frame.filename]
    return " < ".join(reversed(frames[-4:])) or "the harness"


# -- the worker -------------------------------------------------------------------------------------------------------------------

def worker(folder: Path, run: int, first: int, count: int) -> None:
    """Does cases one after the other and prints a line of JSON before and after each."""
    faulthandler.enable()
    os.fsync = lambda fd: None                  # what a sync is for is no question here
    signal.signal(signal.SIGVTALRM, _too_long)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as scratch:
        warm = Path(scratch) / "warm"
        for name in seeds.names(folder)[:3]:    # libraries that are loaded when they are first needed are no case's doing
            _warm_up(folder / name, warm)
        size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() if sys.platform == "linux" else 2 << 30
        resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))
        for case in range(first, first + count):
            _say({"begins": case})
            work = Path(scratch) / str(case)
            work.mkdir()
            outcomes, escape = _limited(case, run, folder, work)
            shutil.rmtree(work, ignore_errors=True)
            if escape is not None and escape.what.startswith(TooLong.__name__):
                work.mkdir()                    # slow is what is slow twice: a busy host's seconds are counted to its guests
                outcomes, escape = _limited(case, run, folder, work)
                shutil.rmtree(work, ignore_errors=True)
            _say({"case": case, "outcomes": outcomes, "escape": escape})


def _limited(case: int, run: int, folder: Path, work: Path) -> tuple[Counter[str], Escape | None]:
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        return one(case, run, folder, work)
    except (MemoryError, TooLong) as error:
        return Counter(ESCAPE=1), Escape(case, "", "", type(error).__name__, _place(error))
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def _warm_up(seed: Path, work: Path) -> None:
    from tests.fuzz import operations
    for number in range(4):
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        for _ in operations.everything(seed, seed, work, Random(number)):
            pass


def _too_long(number: int, frame: object) -> None:
    raise TooLong(f"more than {SECONDS} s of processor time")


def _say(what: dict[str, Any]) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


# -- the parent -------------------------------------------------------------------------------------------------------------------

class Report:
    """What came out so far. `escapes` has the first case of each fault."""

    def __init__(self) -> None:
        self.executions = 0
        self.outcomes: Counter[str] = Counter()
        self.escapes: dict[tuple[str, str], Escape] = {}
        self.times: Counter[tuple[str, str]] = Counter()
        self.interrupted = False

    def add(self, outcomes: dict[str, int], escape: Escape | None) -> None:
        self.executions += 1
        self.outcomes.update(outcomes)
        if escape is not None:
            fault = escape.what.partition(":")[0], escape.where
            self.times[fault] += 1
            self.escapes.setdefault(fault, escape)

    def text(self) -> str:
        lines = [f"{self.executions:,} executions, {sum(self.times.values()):,} escapes of {len(self.escapes):,} kinds", "", "outcomes:"]
        outcomes = sorted(self.outcomes.items(), key=lambda item: (item[0].partition(":")[0], -item[1]))
        lines += [f"{count:>9,}  {name}" for name, count in outcomes]
        return "\n".join([*lines, "", *map(self.told, self.escapes)])

    def told(self, fault: tuple[str, str]) -> str:
        """One kind of escape, with the number of the case that does it again."""
        first = self.escapes[fault]
        return (f"escape: case {first.case} ({first.seed}, after {first.after}), {self.times[fault]:,} times: {first.what}\n"
                f"        {first.where}")


def fuzz(run: int, first: int = 0, *, cases: int | None = None, seconds: float = float("inf"), folder: Path | None = None,
         told: Callable[[Report], None] = lambda report: None) -> Report:
    """Cases from number `first` on until so many are done or the time is over, each worker being given some of them. `folder` holds the
    seeds; without it they are made."""
    report = Report()
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="fuzz-seeds-") as made:
        if folder is None:
            folder = Path(made) / "seeds"
            code = "import sys, pathlib; from tests.fuzz import seeds; seeds.make(pathlib.Path(sys.argv[1]))"
            subprocess.run([sys.executable, "-c", code, str(folder)], check=True, env=_environment(), capture_output=True)
        at = first
        while (cases is None or at < first + cases) and time.monotonic() < end and not report.interrupted:
            count = BATCH if cases is None else min(BATCH, first + cases - at)
            command = [sys.executable, __file__, "--worker", str(folder), "--run", str(run), "--first", str(at), "--cases", str(count)]
            try:
                at = watched(command, at, end, report)
            except KeyboardInterrupt:
                report.interrupted = True
            told(report)
    return report


def watched(command: Sequence[str], first: int, end: float, report: Report, wall: float = WALL) -> int:
    """Runs one worker, until `end` (as `time.monotonic` has it) or until it says nothing for `wall` seconds; the number of the case to go
    on with. Raises RuntimeError for a worker that does not begin."""
    case, begun = first, False
    complaints: list[bytes] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=_environment()) as process:
        listening = threading.Thread(target=lambda: complaints.extend(process.stderr or ()), daemon=True)
        listening.start()
        for found in _lines(process, wall):
            if "begins" in found:
                case, begun = found["begins"], True
                continue
            report.add(found["outcomes"], Escape(*found["escape"]) if found["escape"] else None)
            case, begun = found["case"] + 1, False
            if time.monotonic() > end:
                break
        if begun or time.monotonic() > end:
            process.kill()
        status = process.wait()
        listening.join()
    if begun:
        text = b"".join(complaints).decode("utf-8", "replace")
        place = next((line.strip() for line in text.splitlines() if f"{os.sep}inspector{os.sep}" in line), text[-200:])
        report.add({"ESCAPE": 1}, Escape(case, "", "", f"worker ended with {status}: {text[:200]}", place))
        return case + 1
    if case == first and status != 0 and time.monotonic() < end:
        raise RuntimeError(b"".join(complaints).decode("utf-8", "replace")[-2000:])
    return case


def _lines(process: subprocess.Popen[bytes], wall: float) -> Iterator[dict[str, Any]]:
    """What a worker says; one that says nothing for `wall` seconds after it began is killed."""
    assert process.stdout is not None
    patience = WALL
    while True:
        timer = threading.Timer(patience, process.kill)
        timer.start()
        try:
            line = process.stdout.readline()
        finally:
            timer.cancel()
        if not line.endswith(b"\n"):
            return
        yield json.loads(line)
        patience = wall


def _environment() -> dict[str, str]:
    root = str(Path(__file__).resolve().parents[2])
    return {**os.environ, "PYTHONPATH": root, "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--run", type=int, default=0, help="another number, other cases")
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    parser.add_argument("--cases", type=int, help="so many cases instead of some minutes")
    parser.add_argument("--case", type=int, help="this case alone, here, with its traceback")
    parser.add_argument("--keep", type=Path, help="leave the file of --case in this folder")
    parser.add_argument("--seeds", type=Path, help="a folder with the seeds; they are made there if it is empty")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.worker:
        worker(asked.worker, asked.run, asked.first, asked.cases)
        return 0
    if asked.seeds and not (asked.seeds.is_dir() and seeds.names(asked.seeds)):
        seeds.make(asked.seeds)
    if asked.case is not None:
        return _again(asked)

    known = 0

    def told(report: Report) -> None:
        nonlocal known
        new = list(report.escapes)[known:]
        known += len(new)
        lines = [f"{report.executions:,} executions, {known:,} kinds of escapes", *map(report.told, new)]
        print("\n".join(lines), file=sys.stderr, flush=True)

    report = fuzz(asked.run, asked.first, cases=asked.cases, seconds=float("inf") if asked.cases else 60 * asked.minutes,
                  folder=asked.seeds, told=told)
    print(report.text())
    return 1 if report.escapes else 0


def _again(asked: argparse.Namespace) -> int:
    from tests.fuzz import operations
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.seeds or Path(scratch) / "seeds"
        if not asked.seeds:
            seeds.make(folder)
        out = Path(scratch) / "out"
        out.mkdir()
        kept = asked.keep or Path(scratch) / "in"
        kept.mkdir(exist_ok=True)
        path, seed, random = prepare(asked.case, asked.run, folder, kept)
        os.environ["INSPECTOR_DEBUG"] = "1"
        for operation, outcome in operations.everything(path, seed, out, random):
            print(f"{operation}: {outcome}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
