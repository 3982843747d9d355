"""The fixture that other projects' tests use."""
from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEST = """
import numpy as np

def test_model(checkpoint_contract):
    checkpoint_contract({"w": np.zeros((2, %d), np.float32)}, "contracts/model.json")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_it.py").write_text(TEST % 3)
    return tmp_path


def run(project: Path, *options: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:pytest-qt",
                           "-p", "inspector.pytest_plugin", *options], cwd=project, capture_output=True, text=True, check=False,
                          env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})
    return done.returncode, done.stdout


def test_that_a_contract_is_written_kept_and_broken(project: Path) -> None:
    code, said = run(project)
    assert code == 1
    assert "--write-contracts" in said
    assert run(project, "--write-contracts")[0] == 0
    contract = project / "tests" / "contracts" / "model.json"
    assert json.loads(contract.read_text())["tensors"] == [{"key": "w", "shape": [2, 3], "dtype": "float32"}]
    assert run(project)[0] == 0
    (project / "tests" / "test_it.py").write_text(TEST % 4)
    code, said = run(project)
    assert code == 1
    assert "shape of w: [2, 4], not [2, 3]" in said


def test_that_pytest_finds_the_plugin_where_the_program_is_installed() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    assert '[project.entry-points.pytest11]\ncheckpoint-inspector = "inspector.pytest_plugin"\n' in text
