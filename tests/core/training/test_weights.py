"""One count of parameters for everybody: what the model counts, a parameter once."""
from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import nn

from inspector import core
from inspector.core.tensor_table import TensorTable
from inspector.core.training import weights
from inspector.core.training.weights import optimizer_states


def net() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Linear(3, 2))


def trained() -> tuple[nn.Module, torch.optim.Optimizer]:
    model = net()
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(4, 3)).sum().backward()
    optimizer.step()
    return model, optimizer


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(5, 4)
        self.head = nn.Linear(4, 5, bias=False)
        self.head.weight = self.embed.weight


def elements(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def saved() -> dict[str, tuple[Any, nn.Module]]:
    model, optimizer = trained()
    tied = Tied()
    weights = model.state_dict()
    return {
        "state dict": (weights, model), "whole module": (model, model), "tied": (tied.state_dict(), tied), "tied module": (tied, tied),
        "training": ({"epoch": 1, "model_state_dict": weights, "optimizer_state_dict": optimizer.state_dict(), "loss": torch.tensor(1.),
                      "rng_state": torch.get_rng_state(), "mean": torch.ones(3), "sample_input": torch.ones(1, 3)}, model),
        "wrapped": (OrderedDict((f"module.{key}", value) for key, value in weights.items()), model),
        "gan": ({"netG": weights, "netD": Tied().state_dict()}, nn.ModuleList([model, tied])),
        "random states in a dict": ({"state_dict": weights, "rng": {"torch": torch.get_rng_state(), "cuda": [torch.ones(2)]}}, model),
        "a list": ([torch.ones(2), torch.ones(3)], nn.ParameterList([torch.ones(2), torch.ones(3)])),
        "a tensor": (torch.ones(2, 3), nn.ParameterList([torch.ones(2, 3)])),
    }


@pytest.mark.parametrize("name", saved())
def test_that_parameters_are_those_of_the_model(tmp_path: Path, name: str) -> None:
    value, model = saved()[name]
    torch.save(value, tmp_path / "a.pth")
    ckpt = core.open(tmp_path / "a.pth")
    wanted = elements(model)
    assert core.counts(ckpt).parameters == wanted
    assert f" {wanted:,} parameters" in core.headline(ckpt)
    assert core.totals(ckpt).parameters == wanted
    models = core.describe(ckpt).models
    assert not models or sum(found.parameters for found in models) == wanted
    assert core.counts(tmp_path / "a.pth") == core.counts(ckpt)


def test_that_what_is_no_parameter_is_counted_by_what_it_is(tmp_path: Path) -> None:
    value, model = saved()["training"]
    torch.save(value, tmp_path / "a.pth")
    found = core.counts(tmp_path / "a.pth")
    assert found == core.Counts(elements(model), sum(buffer.numel() for buffer in model.buffers()), 2 * elements(model) + 6,
                                1 + value["rng_state"].numel() + 3 + 3)


def test_that_a_flat_file_counts_alike(tmp_path: Path) -> None:
    model, _ = trained()
    save_file(model.state_dict(), tmp_path / "a.safetensors")
    assert core.counts(tmp_path / "a.safetensors")[:2] == (elements(model), 7)


def test_that_the_count_of_some_is_theirs(tmp_path: Path) -> None:
    model, optimizer = trained()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, tmp_path / "a.pth")
    ckpt = core.open(tmp_path / "a.pth")
    assert core.counts(ckpt, [key for key in ckpt.tensors if key.startswith("model.0")]) == core.Counts(12)
    assert core.counts(ckpt, ["model.1.running_mean", "optimizer.state.0.exp_avg"]) == core.Counts(0, 3, 9)


def test_that_spectral_norm_has_buffers_and_weight_norm_parameters() -> None:
    def info(key: str) -> core.TensorInfo:
        return core.TensorInfo(key, (3,), "float32", "cpu", (1,), 0, key, 12, state_dict="")

    def counted(*keys: str) -> core.Counts:
        tensors = {key: info(key) for key in keys}
        return core.counts(core.Checkpoint("", "torch-zip", "state-dict", (), tensors, state_dicts=("",)))

    assert counted("conv.weight_orig", "conv.weight_u", "conv.weight_v") == core.Counts(3, 6)
    assert counted("conv.weight_g", "conv.weight_v") == core.Counts(6, 0)


def test_that_what_an_attribute_of_a_module_holds_is_not_its_own(tmp_path: Path) -> None:
    student = net()
    student.teacher = [net()]               # type: ignore[assignment]
    torch.save(student, tmp_path / "a.pth")
    assert core.counts(tmp_path / "a.pth").parameters == elements(net())


def test_that_a_key_of_a_million_dots_is_told_from_what_lies_below_another() -> None:
    keys = ["a" + "." * 1_000_000, "a" + "." * 1_000_001, "a", *(f"{n}" + "." * 1_000_000 for n in range(40))]
    infos = {key: core.TensorInfo(key, (), "float32", None, (), 0, key, 0) for key in keys}
    found = core.counts(core.Checkpoint("/x/a.pt", "torch-zip", "other", (), infos, {}))
    assert (found.parameters, found.others) == (41, 2)


def many_dicts(**others: Any) -> dict[str, Any]:
    def layer(n: int) -> dict[str, Any]:
        return {f"{n}.weight": torch.full((2, 1 + n % 3), 1.0), f"{n}.bias": torch.ones((), dtype=torch.half if n % 2 else torch.float)}
    return {**{f"net{n}": layer(n) for n in range(30)}, "ema": {f"{n}.w": torch.ones(2) for n in range(5)}, **others}


@pytest.mark.parametrize("others", [
    {}, {"epoch": 3, "bn": {"running_mean": torch.ones(3), "weight": torch.ones(3)}}, {"masks": {"a": torch.ones(3, dtype=torch.bool)}},
    {"optimizer": {"state": {n: {"exp_avg": torch.ones(n + 1)} for n in range(9)},
                   "param_groups": [{"lr": 0.1, "params": list(range(9))}]}},
    {"alone": torch.ones(3)}, {"conv": {"weight_v": torch.ones(3), "weight_orig": torch.ones(3)}, "c": {"weight_v": torch.ones(2)}}])
def test_that_columns_of_many_dicts_count_as_their_tensors_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                              others: dict[str, Any]) -> None:
    monkeypatch.setattr("inspector.core.pickles.objects.bulk.WORTH_IT", 1)
    torch.save(many_dicts(**others), tmp_path / "a.pth")
    ckpt = core.open(tmp_path / "a.pth")
    assert isinstance(ckpt.tensors, TensorTable)
    assert ckpt.tensors.each_alone
    one_by_one = replace(ckpt, tensors=dict(ckpt.tensors))
    assert core.counts(ckpt) == core.counts(one_by_one)
    assert core.describe(ckpt) == core.describe(one_by_one)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from([None, "", "model", "ema", "optimizer.state"]),
                          st.sampled_from(["w", "running_mean", "weight_v", "a.optim", "optim.b", "weight_orig"]),
                          st.sampled_from(["float32", "int64", "unknown", "bool"]), st.sampled_from(["", "s"])), max_size=12))
def test_that_many_tensors_together_count_as_each_by_its_role(drawn: list[tuple[str | None, str, str, str]]) -> None:
    infos = {}
    for n, (place, name, dtype, storage) in enumerate(drawn):
        key = f"{place}.{n}.{name}" if place else f"{n}.{name}" if n % 2 else f"{name}.{n}"
        infos[key] = core.TensorInfo(key, (n + 1,), dtype, None, (1,), 0, storage or key, 4 * n + 4, state_dict=place)
    ckpt = core.Checkpoint("", "torch-zip", "training-checkpoint", (), infos, {"optimizer.param_groups.0.lr": 1.0},
                           state_dicts=("", "model", "ema", "optimizer.state"))
    role, found, seen = core.roles(ckpt), {"parameter": 0, "buffer": 0, "optimizer": 0, "other": 0}, set()
    for info in infos.values():
        view = role(info) == "optimizer", info.view
        if view not in seen:
            seen.add(view)
            found[role(info)] += info.numel
    assert core.counts(ckpt) == core.Counts(*found.values())


class Counted(dict[str, Any]):
    """Values that know how often somebody went through them."""

    times = 0

    def __iter__(self) -> Iterator[str]:
        self.times += 1
        return super().__iter__()


def test_that_values_are_gone_through_once_however_many_optimizers_there_are() -> None:
    state = {"state": {0: {"momentum_buffer": np.ones(2)}}, "param_groups": [{"lr": 0.1, "params": [0]}]}
    ckpt = core.edit({f"o{n}": state for n in range(20)}, [])
    values = Counted(ckpt.values)
    assert len(optimizer_states(replace(ckpt, values=values))) == 20
    assert values.times == 1


@pytest.mark.parametrize("keys", [["", "grad", "a", "a.b"], ["a.b", "a.b.c", "a.b.d", "a.e", "x"], ["a.b.c", "a.c", "a.b.d", "a", "a.b"]])
def test_that_a_tensor_lies_below_another_whatever_was_asked_before(keys: list[str]) -> None:
    is_beneath = weights._beneath(SimpleNamespace(tensors=dict.fromkeys(keys)))         # type: ignore[arg-type]
    for key in (*keys, *reversed(keys)):
        assert is_beneath(key) == any(key != other and (not other or key.startswith(f"{other}.")) for other in keys), key
