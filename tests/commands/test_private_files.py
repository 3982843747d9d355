"""What is made of a file that others may not read is not to be read by them either; what is replaced keeps its permissions."""
from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from inspector import cli, core
from tests.commands import writing_commands
from tests.commands.writing_commands import COMMANDS, Command

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")

NEW = {"t.pth": "new.pth", "t.safetensors": "new.safetensors", "set": "new"}
IN_PLACE = {name: command for name, command in COMMANDS.items() if "--in-place" in command.arguments}


@pytest.fixture
def work(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the template under a mask of 022."""
    writing_commands.renew(tmp_path / "work", template)
    monkeypatch.chdir(tmp_path / "work")
    before = os.umask(0o022)
    yield tmp_path / "work"
    os.umask(before)


def modes(path: Path) -> set[int]:
    files = [path / name for name in os.listdir(path)] if path.is_dir() else [path]
    assert files
    return {stat.S_IMODE(os.stat(file).st_mode) for file in files}


def made_anew(command: Command, work: Path) -> Path:
    """Runs the command with a target that is not there yet."""
    target = f"new{Path(command.target).suffix}"
    arguments = [target if word == command.target and n and command.arguments[n - 1].startswith("-") else word
                 for n, word in enumerate(command.arguments)]
    assert cli.main(arguments) in (0, 1)
    return work / target


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o666, 0o444])
@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in IN_PLACE])
def test_that_a_new_file_may_be_read_by_no_others_than_what_it_is_made_of(work: Path, name: str, mode: int) -> None:
    for source in ("a.pth", "b.safetensors", *(f"set/{one}" for one in os.listdir("set"))):
        os.chmod(work / source, mode)
    os.chmod(work / "c.safetensors", 0o644)
    assert modes(made_anew(COMMANDS[name], work)) == {(mode | 0o600) & 0o644}


@pytest.mark.parametrize("mask", [0o077, 0o027, 0])
def test_that_the_mask_holds_besides(work: Path, mask: int) -> None:
    for source in ("a.pth", "b.safetensors"):
        os.chmod(work / source, 0o664)
    os.umask(mask)
    for name in ("torch-zip", "sharded", "safetensors", "an array", "a page"):
        assert modes(made_anew(COMMANDS[name], work)) == {0o664 & ~mask}
    assert os.umask(mask) == mask


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o666, 0o755])
@pytest.mark.parametrize("name", COMMANDS)
def test_that_what_is_replaced_or_changed_keeps_its_permissions(work: Path, name: str, mode: int) -> None:
    command = COMMANDS[name]
    if not command.old:
        return
    target = work / command.target
    for path in target.iterdir() if target.is_dir() else [target]:
        path.chmod(mode)
    assert cli.main(command.arguments) in (0, 1)
    assert modes(target) == {mode}


def test_that_files_of_a_set_stay_private_where_its_index_is_not(work: Path) -> None:
    for path in (work / "set").iterdir():
        path.chmod(0o644 if path.suffix == ".json" else 0o600)
    assert cli.main(COMMANDS["sharded"].arguments) == 0
    for path in (work / "set").iterdir():
        assert modes(path) == {0o644 if path.suffix == ".json" else 0o600}


def test_that_nothing_is_open_to_others_while_it_is_written(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, set[int]] = {}
    really = os.open

    def watched(path: str, flags: int, *more: int, **named: int) -> int:
        fd = really(path, flags, *more, **named)
        if flags & os.O_CREAT:
            seen.setdefault(os.path.basename(path)[:12], set()).add(stat.S_IMODE(os.fstat(fd).st_mode))
        return fd

    os.umask(0)
    monkeypatch.setattr(os, "open", watched)
    for command in COMMANDS.values():
        cli.main(command.arguments)
    assert seen == {writing_commands.PREFIX: {0o600}}



def test_that_a_mapping_in_memory_gets_the_permissions_of_new_files(work: Path) -> None:
    import numpy as np
    core.save({"w": np.zeros(3)}, work / "new.safetensors")
    assert modes(work / "new.safetensors") == {0o644}
