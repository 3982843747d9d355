"""What other repositories use of this one: git's diffs, the hooks of pre-commit, the action of GitHub."""
from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[1]
GIT = shutil.which("git")
BASH = shutil.which("bash")


@pytest.fixture
def command(tmp_path: Path) -> Path:
    """A folder with `inspector` in it, for PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "inspector"
    script.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {shlex.quote(sys.executable)} -m inspector "$@"\n')
    script.chmod(0o755)
    return folder


def output(arguments: list[str], folder: Path, command: Path, **environment: str) -> tuple[int, str]:
    path = f"{command}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, timeout=120, check=False,
                          env={**os.environ, "PATH": path, "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", **environment})
    return done.returncode, done.stdout + done.stderr


@pytest.mark.skipif(GIT is None or os.name == "nt", reason="needs git and a shell")
def test_that_git_shows_what_changed_in_a_checkpoint(tmp_path: Path, command: Path) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    set_up = re.search(r"```gitconfig\n(.*?)```", readme, re.DOTALL)
    assert set_up is not None
    folder = tmp_path / "models"
    folder.mkdir()

    def git(*arguments: str) -> str:
        code, said = output([str(GIT), "-c", "user.name=n", "-c", "user.email=e", *arguments], folder, command)
        assert code == 0, said
        return said

    git("init", "-q")
    with (folder / ".git" / "config").open("a") as config:
        config.write(set_up[1])
    (folder / ".gitattributes").write_text("*.pth diff=checkpoint\n")
    torch.save({"a": torch.ones(2), "b": torch.zeros(3), "epoch": 1}, folder / "m.pth")
    git("add", ".")
    git("commit", "-qm", "one")
    torch.save({"a": torch.ones(2), "b": torch.ones(3), "c.a.very.long.name.of.a.key": torch.ones(1), "epoch": 2}, folder / "m.pth")
    changed = [line for line in git("diff", "--no-color").splitlines() if re.match(r"[+-](?![+-])", line)]
    assert [line.split()[0] for line in changed] == ["-b", "-epoch", "+b", "+c.a.very.long.name.of.a.key", "+epoch"]
    assert "c.a.very.long.name.of.a.key" in git("difftool", "--no-prompt", "--tool=checkpoint")


def test_that_the_hooks_are_commands_that_tell_good_files_from_bad(tmp_path: Path) -> None:
    text = (ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")
    entries = re.findall(r"^  entry: (.*)$", text, re.MULTILINE)
    patterns = re.findall(r"^  files: (.*)$", text, re.MULTILINE)
    torch.save({"w": torch.arange(3.0)}, tmp_path / "good.pth")
    (tmp_path / "bad.pth").write_bytes(b"nothing")
    assert len(entries) == len(patterns) == 2
    for entry, pattern in zip(entries, patterns, strict=True):
        program, *arguments = entry.split()
        assert program == "inspector"
        for name in ("good.pth", "a/b.safetensors", "x.ckpt"):
            assert re.search(pattern, name)
        assert not re.search(pattern, "notes.txt")
        run = [sys.executable, "-m", "inspector", *arguments]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        codes = [subprocess.run([*run, *files], cwd=tmp_path, capture_output=True, timeout=120, check=False, env=environment).returncode
                 for files in (["good.pth"], ["good.pth", "bad.pth"])]
        assert codes == [0, 2]


@pytest.mark.skipif(BASH is None or os.name == "nt", reason="needs bash")
def test_that_the_action_checks_what_it_is_given(tmp_path: Path, command: Path) -> None:
    text = (ROOT / ".github" / "actions" / "check" / "action.yml").read_text("utf-8")
    script = re.sub("^ {8}", "", text[text.index("      run: |\n") + len("      run: |\n"):], flags=re.MULTILINE)
    used = set(re.findall(r"INPUT_(\w+)", script))
    declared = {name.upper() for name in re.findall(r"^  (\w+):$", text[text.index("inputs:"):text.index("runs:")], re.MULTILINE)}
    assert used == declared
    (tmp_path / "weights").mkdir()
    torch.save({"w": torch.arange(3.0)}, tmp_path / "weights" / "good.pth")
    torch.save({"w": torch.full((3,), torch.nan)}, tmp_path / "bad.pth")

    def run(files: str, **inputs: str) -> tuple[int, str]:
        given = {f"INPUT_{name}": inputs.get(name, "") for name in declared} | {"INPUT_FILES": files}
        return output([str(BASH), "--noprofile", "--norc", "-eo", "pipefail", "-c", script], tmp_path, command, **given)

    assert run("weights/*.pth")[0] == 0
    assert run("weights", SARIF="out.sarif", JUNIT="out.xml")[0] == 0
    assert (tmp_path / "out.sarif").exists()
    assert (tmp_path / "out.xml").exists()
    assert run("weights bad.pth")[0] == 1
    assert run("bad.pth", QUICK="true")[0] == 0
    assert run("weights/good.pth", AGAINST="bad.pth")[0] == 0
    code, said = run("gone.pth")
    assert (code, "there is no gone.pth" in said) == (2, True)
