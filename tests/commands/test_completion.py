"""Completion scripts and the manual page, made from the parsers."""
from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from inspector import cli
from inspector.commands import COMMANDS
from inspector.commands.arguments import parser_of


def made(kind: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert cli.main(["completion", kind]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("kind", ["bash", "zsh", "fish", "man"])
def test_that_every_command_and_option_is_in_it(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = made(kind, capsys).replace("\\-", "-")
    for name in COMMANDS:
        assert name in text
        for option in parser_of(name).options:
            assert (f"-l {option[2:]} " if kind == "fish" and option.startswith("--") else option if kind != "fish" else "") in text, option


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
@pytest.mark.parametrize(("words", "expected"), [
    (["inspector", "di"], {"diff", "digest", "dir.pth"}), (["inspector", "ls", "--no"], {"--no-values"}),
    (["inspector", "help", "ver"], {"verify", "version"}), (["inspector", "check", "a.pth", "--qui"], {"--quick"})])
def test_that_bash_completes(words: list[str], expected: set[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "dir.pth").write_text("")
    script = made("bash", capsys) + f"""
COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}
_inspector
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stderr == ""
    assert set(done.stdout.split()) == expected


@pytest.mark.parametrize(("shell", "check"), [("zsh", "-n"), ("fish", "--no-execute")])
def test_that_the_other_shells_can_read_theirs(shell: str, check: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    (tmp_path / "script").write_text(made(shell, capsys))
    assert subprocess.run([shell, check, str(tmp_path / "script")], capture_output=True, text=True, check=False).stderr == ""


def test_that_quotes_in_help_do_not_end_a_string(capsys: pytest.CaptureFixture[str]) -> None:
    for kind in ("zsh", "fish"):
        for line in made(kind, capsys).splitlines():
            assert line.replace("'\\''", "").count("'") % 2 == 0, line


def test_that_the_page_is_roff_with_a_section_for_each_command(capsys: pytest.CaptureFixture[str]) -> None:
    page = made("man", capsys)
    assert page.startswith(".TH INSPECTOR 1 ")
    assert len(re.findall(r"^\.SS inspector ", page, re.MULTILINE)) == len(COMMANDS)
    assert not re.search(r"(?<!\\)-(?!\\)", page.split(".SH NAME")[1].replace("\\-", ""))
    if shutil.which("groff"):
        done = subprocess.run(["groff", "-man", "-Tutf8", "-Kutf8", "-ww"], input=page, capture_output=True, text=True, check=True)
        assert done.stderr == ""
