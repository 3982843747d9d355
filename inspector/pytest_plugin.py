"""For pytest: the fixture `checkpoint_contract`, which fails a test when a checkpoint or a model no longer is what was agreed.

    def test_that_the_exporter_keeps_its_contract(checkpoint_contract, tmp_path):
        export(tmp_path / "model.safetensors")
        checkpoint_contract(tmp_path / "model.safetensors", "contracts/model.json")

The contract lies beside the test. `pytest --write-contracts` writes those that are not there yet, and anew those that no longer hold.
"""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inspector import core

CheckContract = Callable[..., None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("checkpoint-inspector").addoption(
        "--write-contracts", action="store_true", help="write the contracts of checkpoint_contract instead of holding files against them")


@pytest.fixture
def checkpoint_contract(request: pytest.FixtureRequest) -> CheckContract:
    """A function of (checkpoint, contract): the checkpoint is a path, an opened one, or a mapping as `model.state_dict()`; the contract is
    the path of one (`inspector contract FILE -o C.json`), from the folder of the test. `state_dict` is the path of the one that is
    meant, `unexpected` allows names that the contract has not. Fails the test naming what does not fit, and where there is no contract."""
    def check(checkpoint: Any, contract: str | Path, *, state_dict: str | None = None, unexpected: bool = False) -> None:
        path = request.path.parent / contract
        if request.config.getoption("--write-contracts"):
            path.parent.mkdir(parents=True, exist_ok=True)
            core.save_contract(core.contract(checkpoint, state_dict), path)
        elif not path.exists():
            pytest.fail(f"there is no contract {path}: pytest --write-contracts writes it", pytrace=False)
        core.assert_fits(checkpoint, path, state_dict, unexpected=unexpected)
    return check
