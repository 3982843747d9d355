"""Clocks that jump, and times of files that mean nothing: neither decides what is read, kept or replaced."""
from __future__ import annotations

import os
import sys
import time
from itertools import count
from pathlib import Path

import pytest

from inspector import cli, core
from tests.commands import writing_commands
from tests.commands.writing_commands import COMMANDS, state_of

TIMES = {"all the same": 1_700_000_000, "1970": 0, "before 1970": -10 ** 9, "in 2262": 9 * 10 ** 9}


@pytest.fixture
def work(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    writing_commands.renew(tmp_path / "work", template)
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def results(work: Path, template: Path) -> dict[str, object]:
    found = {}
    for name, command in COMMANDS.items():
        assert cli.main(command.arguments) in (0, 1), name
        found[name] = state_of(work / command.target)
        assert writing_commands.left(work) == []
        writing_commands.renew(work, template)
    return found


def test_that_a_clock_that_jumps_changes_nothing(work: Path, template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = results(work, template)
    jumps = count()
    really = time.time
    monkeypatch.setattr(time, "time", lambda: really() + (10 ** 8, -10 ** 8, 0, 3600)[next(jumps) % 4])
    monkeypatch.setattr(time, "time_ns", lambda: int(time.time() * 1e9))
    assert results(work, template) == wanted


@pytest.mark.parametrize("when", TIMES)
def test_that_times_of_files_decide_nothing(work: Path, template: Path, tmp_path: Path, when: str) -> None:
    wanted = results(work, template)
    odd = tmp_path / "odd"
    writing_commands.renew(odd, template)
    for folder, _, names in os.walk(odd):
        for name in names:
            os.utime(os.path.join(folder, name), (TIMES[when], TIMES[when]))
    writing_commands.renew(work, odd)
    assert os.stat(work / "a.pth").st_mtime == TIMES[when]
    assert results(work, odd) == wanted


@pytest.mark.skipif(sys.platform == "win32", reason="times of changes as POSIX has them")
@pytest.mark.parametrize("which", ["a.pth", "t.pth"])
def test_that_a_file_rewritten_within_its_size_and_time_is_noticed(work: Path, which: str) -> None:
    plan = core.plan_save(core.edit(core.open(work / "a.pth"), [core.StripPrefix("module.")]), work / "t.pth")
    before = os.stat(work / which)
    data = bytearray((work / which).read_bytes())
    data[len(data) // 2] ^= 1
    with open(work / which, "r+b") as file:
        file.write(data)
    os.utime(work / which, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = os.stat(work / which)
    assert (after.st_size, after.st_mtime_ns, after.st_ino) == (before.st_size, before.st_mtime_ns, before.st_ino)
    with pytest.raises(core.InspectorError) as caught:
        core.save(plan)
    assert caught.value.id == "changed"
    assert (work / which).read_bytes() == data
    assert writing_commands.left(work) == []
