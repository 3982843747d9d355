"""What `ls` says of optimizers, in text and in JSON."""
from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from inspector import core
from inspector.commands import ls, ls_json


@pytest.fixture
def ckpt(tmp_path: Path) -> core.Checkpoint:
    model = torch.nn.Linear(3, 4)
    optimizer = torch.optim.AdamW(model.parameters())
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    torch.save({"epoch": 50, "model_state_dict": model.state_dict(), "optimizer": optimizer.state_dict()}, tmp_path / "x.pth")
    return core.open(tmp_path / "x.pth")


def test_that_the_sentence_about_the_file_stands_above_the_tables(ckpt: core.Checkpoint) -> None:
    assert core.sentence(core.describe(ckpt)) in "".join(ls.as_text(ckpt)).splitlines()


def test_that_state_tensors_name_their_parameter(ckpt: core.Checkpoint) -> None:
    lines = "".join(ls.as_text(ckpt)).splitlines()
    (line,) = [line for line in lines if line.startswith("optimizer.state.1.exp_avg ")]
    assert line.endswith("state of model_state_dict.bias")
    assert not any(line.endswith("model_state_dict.bias") for line in lines if line.startswith("model_state_dict"))


@pytest.mark.parametrize("digest", [False, True])
def test_that_json_adds_the_parameter_to_state_tensors_only(ckpt: core.Checkpoint, digest: bool) -> None:
    said = json.loads(ls_json.as_json(ckpt, dict(core.digests(ckpt)) if digest else None))["tensors"]
    found = {row["key"]: row.get("parameter") for row in said}
    assert found["optimizer.state.0.exp_avg_sq"] == "model_state_dict.weight"
    assert found["model_state_dict.weight"] is None
    assert all("parameter" not in row for row in said if row["key"].startswith("model"))
