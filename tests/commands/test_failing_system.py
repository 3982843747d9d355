"""Every command that writes, on a system that fails: the old file whole or the new one, no temporary left, one line of error."""
from __future__ import annotations

import errno
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from inspector import cli, core
from tests.commands import writing_commands
from tests.commands.writing_commands import COMMANDS, Command, state_of
from tests.failing_system import Calls, Fault, calls

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the calls of POSIX")

FAULTS = [Fault(0), Fault(0, for_good=True), Fault(0, code=errno.ENOSPC), Fault(0, code=errno.ENOSPC, for_good=True),
          Fault(0, code=errno.EINTR), Fault(0, code=errno.EACCES), Fault(0, "half"), Fault(0, "half", for_good=True),
          Fault(0, "afterwards")]


class Cases:
    """One command, again and again in a fresh copy of the template."""

    def __init__(self, command: Command, template: Path, folder: Path, capsys: pytest.CaptureFixture[str],
                 monkeypatch: pytest.MonkeyPatch) -> None:
        self.command, self.template, self.work, self.capsys = command, template, folder / "work", capsys
        writing_commands.renew(self.work, template)
        monkeypatch.chdir(self.work)
        self.old = state_of(self.work / command.target)
        assert (self.old is not None) == command.old
        self.run(None)                                      # what is imported is there then
        self.fresh()
        self.counted, self.good, _ = self.run(None)
        assert self.good in (0, 1)
        self.new = state_of(self.work / command.target)
        assert self.new not in (self.old, None)
        self.fresh()
        self.before = self.files()

    def fresh(self) -> None:
        writing_commands.renew(self.work, self.template)

    def run(self, fault: Fault | None) -> tuple[Calls, int, str]:
        with calls(self.work, fault) as made:
            code = cli.main(self.command.arguments)
        return made, code, self.capsys.readouterr().err

    def left(self) -> list[str]:
        return writing_commands.left(self.work)

    def files(self) -> dict[str, bytes]:
        return writing_commands.files(self.work)

    def one(self, fault: Fault) -> str:
        """What is wrong after the fault; "" when nothing is."""
        made, code, said = self.run(fault)
        told = f"{fault} hit {made.hit[:3]}: {code} {said!r}"
        if code not in (0, 1, 3) and (said.count("\n") != 1 or not said.startswith("inspector: ") or "this is a bug" in said):
            return told
        if code == 2 and self.files() == self.before:
            return ""
        if "could not take it back" in said and fault.for_good:         # but it can when the system is well again
            core.recover(self.work / self.command.target)
        found = state_of(self.work / self.command.target)
        if found != (self.old if code == 2 else self.new) and not (self.command.first and found == self.new):
            return f"{told}: {'old' if found == self.old else 'new' if found == self.new else 'neither'}"
        left = self.left()
        # the next save clears what cannot be deleted, what is there although the system said no, and a lock that was not to be had
        stays = fault.for_good or {"unlink", "flock"} & {*made.hit} or (made.hit == ["open"] and fault.how == "afterwards")
        if left and not stays and not all(name.endswith(".lock") for name in left):
            return f"{told}: leaves {left}"
        if left:
            _, code, said = self.run(None)
            if self.left() or (code, state_of(self.work / self.command.target)) != (self.good, self.new):
                return f"{told}: leaves {left}, and the next time {code} {said!r} {self.left()}"
        self.fresh()
        return ""

    def all(self, faults: Iterator[Fault]) -> None:
        wrong = []
        for fault in faults:
            if found := self.one(fault):
                wrong.append(found)
                self.fresh()
        if wrong:
            pytest.fail("\n".join([f"{len(wrong)} faults", *wrong[:40]]), pytrace=False)


@pytest.fixture
def cases(template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Cases]:
    return lambda name: Cases(COMMANDS[name], template, tmp_path, capsys, monkeypatch)


def some(made: Calls) -> Iterator[Fault]:
    """A fault at each call, of another kind each time; three where something changes."""
    for at in range(len(made.made)):
        for turn in range(3 if at in made.changing else 1):
            yield FAULTS[(at + 4 * turn) % len(FAULTS)]._replace(at=at)


@pytest.mark.parametrize("name", COMMANDS)
def test_that_whatever_call_fails_the_old_or_the_new_is_there_whole(cases: Callable[[str], Cases], name: str) -> None:
    found = cases(name)
    found.all(some(found.counted))


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_that_whatever_call_fails_in_whatever_way_the_old_or_the_new_is_there_whole(cases: Callable[[str], Cases], name: str) -> None:
    found = cases(name)
    found.all(fault._replace(at=at) for at in range(len(found.counted.made)) for fault in FAULTS)
