"""The walks of .github/CONTRIBUTING.md are applied to a copy of the house, whose tests and walls then hold."""
from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / ".github" / "CONTRIBUTING.md"
SECTIONS = re.split(r"^## ", PAGE.read_text("utf-8") if PAGE.is_file() else "", flags=re.MULTILINE)[1:]
WALKS = ("A check", "An edit", "A format", "A command", "A panel")


def blocks(section: str) -> list[tuple[str, str]]:
    return re.findall(r"^```(python|diff)\n(.*?)^```", section, re.DOTALL | re.MULTILINE)


def changed(text: str, diff: list[str]) -> str:
    """`text` with the lines of the diff in it, whose old ones must stand there once."""
    old, new = ("\n".join(line[1:] for line in diff if line[0] in kinds) for kinds in (" -", " +"))
    assert text.count(old) == 1, f"{text.count(old)} times: {old}"
    return text.replace(old, new)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The house with all walks applied, and the tests they come with."""
    house = tmp_path_factory.mktemp("house")
    leave = shutil.ignore_patterns("__pycache__")
    for name in ("inspector", "tests"):
        shutil.copytree(ROOT / name, house / name, ignore=leave)
    (house / "resources").symlink_to(ROOT / "resources")
    shutil.copy(ROOT / "pyproject.toml", house)
    tests = []
    for section in SECTIONS:
        if not section.startswith(WALKS):
            continue
        for kind, text in blocks(section):
            head, _, body = text.partition("\n")
            name = head.removeprefix("# ").removeprefix("--- ")
            path = house / name
            if kind == "diff":
                path.write_text(changed(path.read_text("utf-8"), body.splitlines()), "utf-8")
            else:
                assert not path.exists(), name
                path.write_text(body, "utf-8")
                tests += [name] if name.startswith("tests/") else []
    return house, tests


def test_that_every_walk_is_there() -> None:
    titles = [section.splitlines()[0] for section in SECTIONS]
    assert [title for title in titles if title in WALKS] == list(WALKS)


def test_that_the_walks_work_and_the_walls_stand(copy: tuple[Path, list[str]]) -> None:
    house, tests = copy
    assert len(tests) == len(WALKS)
    environment = {**os.environ, "PYTHONPATH": str(house)}
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, "tests/test_architecture.py",
                           "tests/core/test_front_door.py"], cwd=house, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]


def test_that_what_is_walked_to_is_clean(copy: tuple[Path, list[str]]) -> None:
    house, tests = copy
    made = [name for section in SECTIONS if section.startswith(WALKS) for kind, text in blocks(section)
            if kind == "python" and (name := text.splitlines()[0].removeprefix("# ")).startswith("inspector/")]
    done = subprocess.run([sys.executable, "-m", "ruff", "check", *made, *tests], cwd=house, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_that_the_commands_of_the_page_are_those_that_ci_runs() -> None:
    text = PAGE.read_text("utf-8")
    for name in re.findall(r"tests/[\w/]+\.py(?= -k)", text):
        assert (ROOT / name).is_file(), name
    ci = (ROOT / ".ci" / "run").read_text("utf-8")
    asked = [one.strip() for one in re.findall(r"\.venv/bin/((?:ruff|mypy) [^&#\n]*)", text)]
    assert len(asked) == 2
    assert [one for one in asked if f".venv/bin/{one}\n" not in ci] == []


def test_that_the_changelog_tells_a_release_and_is_no_diary() -> None:
    text = (ROOT / ".github" / "CHANGELOG.md").read_text("utf-8")
    release = text.partition("## Unreleased\n")[2].partition("\n## ")[0].splitlines()
    assert 50 < len(release) <= 180
    assert {line for line in release if line and release.count(line) > 1} == set()         # as merges leave them
    assert [line for line in release if line and not line.startswith(("- ", "  ", "### ", "**"))] == []
