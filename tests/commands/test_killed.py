"""Commands that are killed at any call, and eight of them that write the same file: one whole file, and nothing left by the next one."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.writing_commands import COMMANDS

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills and forks of POSIX")

ROOT = Path(__file__).resolve().parents[2]
QUICK = {"torch-zip", "sharded over itself", "torch-zip in place", "sharded in place", "an array"}         # the others with `-m slow`


def wrong(what: str, template: Path, work: Path, name: str, *more: str) -> str:
    """What is wrong after all of it, told by a process that can be forked."""
    done = subprocess.run([sys.executable, "-m", "tests.commands.killing", what, template, work, name, *more], cwd=ROOT, check=False,
                          env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    return done.stdout


def slowly(names: set[str]) -> list[object]:
    return [pytest.param(name, marks=[] if name in names else [pytest.mark.slow]) for name in COMMANDS]


@pytest.mark.parametrize("name", slowly(QUICK))
def test_that_a_command_killed_at_any_call_leaves_the_old_or_the_new(template: Path, tmp_path: Path, name: str) -> None:
    assert wrong("sweep", template, tmp_path / "work", name) == ""


@pytest.mark.parametrize("name", slowly({"torch-zip", "sharded", "safetensors in place", "an array"}))
def test_that_of_eight_writers_each_ends_whole_or_is_refused(template: Path, tmp_path: Path, name: str) -> None:
    assert wrong("race", template, tmp_path / "work", name, "3") == ""


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_that_of_eight_writers_each_ends_whole_or_is_refused_for_long(template: Path, tmp_path: Path, name: str) -> None:
    assert wrong("race", template, tmp_path / "work", name, "40") == ""
