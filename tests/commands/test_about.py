"""What `ls` says of optimizers, in text and in JSON."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from inspector import core
from inspector.commands import about, ls, ls_json

torch = pytest.importorskip("torch")


@pytest.fixture
def ckpt(tmp_path: Path) -> core.Checkpoint:
    model = torch.nn.Linear(3, 4)
    optimizer = torch.optim.AdamW(model.parameters())
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    torch.save({"epoch": 50, "model_state_dict": model.state_dict(), "optimizer": optimizer.state_dict()}, tmp_path / "x.pth")
    return core.open(tmp_path / "x.pth")


def test_that_one_sentence_says_what_it_is(ckpt: core.Checkpoint) -> None:
    said = about.description(core.describe(ckpt))
    share = round(100 * 136 / ckpt.nbytes)
    assert said == ("Training checkpoint, PyTorch ≥ 1.6 zip, epoch 50: model_state_dict (2 tensors, 16 parameters, float32, saved on cpu) "
                    f"and AdamW state for all of them, which is {share} % of the file.")
    assert said in ls.as_text(ckpt)


def test_that_state_tensors_name_their_parameter(ckpt: core.Checkpoint) -> None:
    lines = ls.as_text(ckpt).splitlines()
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


def test_that_parts_beside_are_told_and_little_is_not_nothing() -> None:
    optimizer = core.Optimizer("opt", "", {"0": None, "1": "m.a"}, {}, ("m",), False, 3, "")
    model = core.Model("m", 1, 12_345_678, 0, 9, ("float32",), (None,), "", False)
    said = about.description(core.Description("E", "other", (("loss", 0.12345),), (model,), (optimizer,), ("s",), ("a",), ("r",), 1000))
    assert said == ("Python data, E, loss 0.1235: m (1 tensor, 12.3 M parameters, float32) and optimizer state for 2 parameter tensors, 1 "
                    "of them known by name, which is less than 1 % of the file; with scheduler, gradient scaler and random state.")
