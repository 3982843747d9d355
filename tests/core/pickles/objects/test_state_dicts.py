"""Which dicts are state dicts: what scripts choose from, what loads without being named, what counts as a model's."""
from __future__ import annotations

import io
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from inspector import core

T = torch.ones(2, 3)
SCALAR = torch.tensor(0.5)


def net() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Linear(3, 2))


def trained() -> tuple[nn.Module, torch.optim.Optimizer, torch.Tensor]:
    model = net()
    optimizer = torch.optim.Adam(model.parameters())
    loss = model(torch.ones(4, 3)).sum()
    loss.backward()
    optimizer.step()
    return model, optimizer, loss


def opened(tmp_path: Path, value: Any) -> core.Checkpoint:
    torch.save(value, tmp_path / "a.pth")
    return core.open(tmp_path / "a.pth")


def random_states() -> dict[str, Any]:
    return {"torch_rng_state": torch.get_rng_state(), "cuda_rng_state": [torch.get_rng_state()]}


MODEL = {"w": T, "b": torch.ones(2)}
CASES: dict[str, tuple[Any, str, list[str]]] = {
    # what is saved, its kind, its state dicts
    "a loss beside the model": ({"epoch": 1, "model_state_dict": MODEL, "loss": SCALAR}, "training-checkpoint", ["model_state_dict"]),
    "a loss with a gradient": ({"model": MODEL, "loss": SCALAR.clone().requires_grad_()}, "training-checkpoint", ["model"]),
    "a loss of one dimension": ({"model": MODEL, "loss": torch.ones(1), "epoch": 3, "args": {}}, "training-checkpoint", ["model"]),
    "many scalars": ({"model": MODEL, **{f"m{i}": SCALAR for i in range(9)}}, "training-checkpoint", ["model"]),
    "scalars in a dict": ({"model": MODEL, "best": {"loss": SCALAR, "acc": SCALAR}}, "training-checkpoint", ["model"]),
    "meters": ({"model": MODEL, "extra_state": {"metrics": {"train": [["loss", {"val": SCALAR, "count": 3}]]}}},
               "training-checkpoint", ["model"]),
    "meters of vectors": ({"model": MODEL, "metrics": {"confusion": T, "precision": T}}, "training-checkpoint", ["model"]),
    "callbacks": ({"state_dict": MODEL, "callbacks": {"ModelCheckpoint{}": {"best_model_score": SCALAR, "dirpath": "/x"}}},
                  "training-checkpoint", ["state_dict"]),
    "random states": ({"model": MODEL, **random_states()}, "training-checkpoint", ["model"]),
    "a dict of random states": ({"model": MODEL, "rng_states": {"cpu": torch.get_rng_state(), "cuda": torch.get_rng_state()}},
                                "training-checkpoint", ["model"]),
    "sample inputs": ({"model": MODEL, "example_inputs": {"ids": T, "mask": T}, "sample_input": T}, "training-checkpoint", ["model"]),
    "statistics of the data": ({"model": MODEL, "mean": torch.ones(3), "std": torch.ones(3)}, "training-checkpoint", ["model"]),
    "learning rates as tensors": ({"model": MODEL, "sched": {"base_lrs": [SCALAR], "last": SCALAR}}, "training-checkpoint", ["model"]),
    "a gradient scaler": ({"model": MODEL, "scaler": {"scale": SCALAR, "growth": 2.0}}, "training-checkpoint", ["model"]),
    "weights at the root": (MODEL, "state-dict", [""]),
    "weights and a number": ({**MODEL, "epoch": 3}, "state-dict", [""]),
    "a few weights among values": ({"w": T, "epoch": 3, "lr": 1.0, "name": "x"}, "training-checkpoint", [""]),
    "scalars alone": ({"logit_scale": SCALAR}, "state-dict", [""]),
    "scalars and values": ({"loss": SCALAR, "epoch": 3}, "training-checkpoint", []),
    "a nested extra state": (OrderedDict({"l.weight": T, "l._extra_state": io.BytesIO(b"x")}), "state-dict", [""]),
    "extra states of many layers": (OrderedDict({f"{i}.{name}": T if name == "w" else {"scale": 1.0}
                                                 for i in range(5) for name in ("w", "_extra_state")}), "state-dict", [""]),
    "several models": ({"netG": MODEL, "netD": MODEL, "step": 3}, "training-checkpoint", ["netG", "netD"]),
    "a module of scalars by state_dict": ({"model": MODEL, "criterion": nn.ParameterDict({"t": nn.Parameter(SCALAR)}).state_dict()},
                                          "training-checkpoint", ["model", "criterion"]),
}


@pytest.mark.parametrize(("value", "kind", "state_dicts"), CASES.values(), ids=CASES.keys())
def test_that_state_dicts_are_those_of_models(tmp_path: Path, value: Any, kind: str, state_dicts: list[str]) -> None:
    ckpt = opened(tmp_path, value)
    assert (ckpt.kind, list(ckpt.state_dicts)) == (kind, state_dicts)
    assert {info.state_dict for info in ckpt.tensors.values()} - {None} == set(state_dicts)


def test_that_every_tensor_is_listed_whether_it_is_a_models_or_not(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, {"model": MODEL, "loss": SCALAR, "mean": torch.ones(3), **random_states()})
    assert {key: info.state_dict for key, info in ckpt.tensors.items()} == {
        "model.w": "model", "model.b": "model", "loss": None, "mean": None, "torch_rng_state": None, "cuda_rng_state.0": None}


def test_that_the_models_dict_loads_without_being_named(tmp_path: Path) -> None:
    model, optimizer, loss = trained()
    torch.save({"model_state_dict": model.state_dict(), "optimizer_state_dict": optimizer.state_dict(), "loss": loss.detach(), "epoch": 1},
               tmp_path / "a.pth")
    assert net().load_state_dict(core.load_state_dict(tmp_path / "a.pth")).missing_keys == []
    assert list(core.open(tmp_path / "a.pth").state_dicts) == ["model_state_dict", "optimizer_state_dict.state"]


def test_that_many_keys_are_judged_as_few_are(tmp_path: Path) -> None:
    many = {f"w{i}": torch.ones(2) for i in range(4000)}
    assert list(opened(tmp_path, {"model": many, "loss": SCALAR}).state_dicts) == ["model"]
    assert list(opened(tmp_path, {**many, "epoch": 1}).state_dicts) == [""]
