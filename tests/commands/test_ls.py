"""What `ls` says of optimizers, in text and in JSON."""
from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from inspector import cli, core
from inspector.commands import ls, ls_json
from tests.core.packed import packing


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


def test_that_packed_tensors_are_asked_for_by_scheme_and_bits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = packing.MAKERS["gptq"](np.random.default_rng(1))
    path = str(made.save(tmp_path / "a"))
    for text in ("scheme:gptq", "bits:4"):
        assert cli.main(["ls", "--json", "--match", text, path]) == 0
        assert {row["key"] for row in json.loads(capsys.readouterr().out)["tensors"]} == made.parts
        assert cli.main(["stats", "--json", "--logical", "--match", text, path]) == 0
        assert [row["key"] for row in json.loads(capsys.readouterr().out)["tensors"]] == [made.name]
    for text, said in (("scheme:awq", "no packed tensor is scheme:awq"), ("bits:x", "names no number of bits")):
        assert cli.main(["ls", "--match", text, path]) == 2
        assert said in capsys.readouterr().err
