"""What tests of commands share: a command that is run in this process, and what it said."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from inspector import cli
from tests.commands import writing_commands

Run = Callable[..., tuple[int, str, str]]
"""The words of a command -> its exit status, what stands on standard output, and on standard error."""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: object) -> tuple[int, str, str]:
        code = cli.main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err
    return run


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are named from a folder of the test's own."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What each of `writing_commands` begins with; copied, never written to."""
    return writing_commands.make_template(tmp_path_factory.mktemp("template") / "work")
