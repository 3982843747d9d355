"""A run that is written while it is looked at: only whole checkpoints, each with the numbers of one moment."""
from __future__ import annotations

import contextlib
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from inspector import core

Save = Callable[..., Path]
ELEMENTS = 50_000
WRITER = f"""
import sys, threading, torch
folder, told = sys.argv[1], threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), told.set()), daemon=True).start()
print("ready", flush=True)
n = 0
while not told.wait(0.1):
    n += 1
    for name in ("last", f"epoch_{{n % 3}}"):
        torch.save({{"epoch": n, "model": {{"w": torch.full(({ELEMENTS},), float(n)), "b": torch.full((3,), float(n))}}}},
                   f"{{folder}}/{{name}}.pth")
"""
SECONDS = float(os.environ.get("INSPECTOR_WATCHED_SECONDS", "4"))


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[tuple[Path, subprocess.Popen[str]]]:
    """A process that writes with torch.save over the same files every 100 ms, until nobody has anything to say to it."""
    with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield tmp_path, process
        process.kill()


def test_that_of_files_which_are_written_over_no_half_state_is_ever_shown(writer: tuple[Path, subprocess.Popen[str]]) -> None:
    folder, process = writer
    reader = core.SeriesReader()
    seen, end = 0, time.monotonic() + SECONDS
    while time.monotonic() < end + (0 if seen else 120):        # a machine that has much else to do comes upon a whole one later
        assert process.poll() is None
        try:
            found = core.measure_series(core.series(folder, reader=reader), kept=core.KeptNumbers(""))
        except (core.UsageError, core.ReadError):
            continue                    # nothing whole at that moment
        w, b = found.track("model.w"), found.track("model.b")
        for one, wide, short in zip(found.series, w.points, b.points, strict=True):
            assert wide is not None
            assert short is not None
            if wide.read and short.read:
                assert one.epoch is not None
                assert wide.norm == pytest.approx(one.epoch * math.sqrt(ELEMENTS), rel=1e-6)
                assert short.norm == pytest.approx(one.epoch * math.sqrt(3), rel=1e-6)
                seen += 1
    assert seen
    process.communicate()
    assert process.returncode == 0


class Looks:
    """Between two looks something happens, and after the last the watching ends."""

    def __init__(self, *happens: Callable[[], object]) -> None:
        self._happens = list(happens)
        self.pauses: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.pauses.append(seconds)
        if not self._happens:
            raise core.Cancelled
        self._happens.pop(0)()


def told(folder: Path, looks: Looks) -> list[core.Tracks]:
    """What is told of the folder until the looks are over."""
    found = []
    with contextlib.suppress(core.Cancelled):
        for tracks in core.watched([folder], wait=looks):
            found.append(tracks)
    return found


def epochs(found: list[core.Tracks]) -> list[list[object]]:
    return [[one.epoch for one in tracks.series] for tracks in found]


def old(path: Path) -> Path:
    os.utime(path, (time.time() - 60,) * 2)
    return path


def test_that_each_new_checkpoint_is_told_once_and_only_when_it_stands_still(tmp_path: Path, save: Save) -> None:
    def write(n: int) -> Path:
        return save(f"run/{n}.pth", {"epoch": n, "model": {"w": torch.full((5,), float(n))}})

    (tmp_path / "run").mkdir()
    looks = Looks(lambda: old(write(1)), lambda: None, lambda: write(2), lambda: old(tmp_path / "run" / "2.pth"), lambda: old(write(3)))
    assert epochs(told(tmp_path / "run", looks)) == [[1], [1, 2], [1, 2, 3]]
    assert max(looks.pauses) > min(looks.pauses)


def test_that_a_file_which_is_cut_short_waits_until_it_is_whole(tmp_path: Path, save: Save) -> None:
    path = save("run/1.pth", {"epoch": 1, "model": {"w": torch.ones(500)}})
    whole = path.read_bytes()
    path.write_bytes(whole[:len(whole) // 2])
    old(path)
    def finish() -> None:
        path.write_bytes(whole)
        old(path)

    assert epochs(told(tmp_path / "run", Looks(lambda: None, finish))) == [[1]]


def test_that_a_checkpoint_that_is_written_anew_is_told_again(tmp_path: Path, save: Save) -> None:
    for n in (1, 2):
        old(save(f"run/{n}.pth", {"epoch": n, "model": {"w": torch.full((5,), float(n))}}))
    def again() -> None:
        save("run/2.pth", {"epoch": 2, "model": {"w": torch.full((5,), 9.0)}})
        os.utime(tmp_path / "run" / "2.pth", (time.time() - 50,) * 2)

    points = [tracks.track("model.w").points[1] for tracks in told(tmp_path / "run", Looks(again))]
    assert [point and round(point.norm / math.sqrt(5)) for point in points] == [2, 9]


def test_that_what_is_not_there_cannot_be_watched(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        next(iter(core.watched([tmp_path / "nowhere"])))
