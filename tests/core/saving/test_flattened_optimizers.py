"""Optimizer state that torch.distributed.checkpoint lays flat, saved as one file: nested again, and taken by an optimizer."""
from __future__ import annotations

import warnings
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed.checkpoint as dcp
from torch import nn
from torch.distributed.checkpoint.format_utils import dcp_to_torch_save
from torch.distributed.checkpoint.state_dict import get_state_dict

from inspector import core

MAKERS: dict[str, Any] = {"AdamW": torch.optim.AdamW, "SGD": lambda given: torch.optim.SGD(given, lr=0.1, momentum=0.9),
                          "RMSprop": torch.optim.RMSprop, "plain SGD": lambda given: torch.optim.SGD(given, lr=0.1)}


def old() -> nn.Module:
    return nn.Sequential(OrderedDict(body=nn.Linear(3, 4), head=nn.Linear(4, 2)))


def changed() -> nn.Module:
    return nn.Sequential(OrderedDict(stem=nn.Linear(3, 3), head=nn.Linear(4, 5), body=nn.Linear(3, 4)))


def step(model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    for name, parameter in model.named_parameters():
        parameter.grad = parameter.detach() * 0.5 + len(name) / 10
    optimizer.step()


def groups_of(model: nn.Module, groups: int) -> Any:
    every = [*model.parameters()]
    return every if groups == 1 else [{"params": every[:2], "lr": 0.01}, {"params": every[2:], "lr": 0.02, "weight_decay": 0.5}]


@pytest.fixture(params=[(kind, groups) for kind in MAKERS for groups in (1, 2)], ids=lambda given: f"{given[0]}-{given[1]}")
def trained(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[nn.Module, torch.optim.Optimizer, Path]:
    kind, groups = request.param
    torch.manual_seed(0)
    model = old()
    optimizer = MAKERS[kind](groups_of(model, groups))
    for _ in range(3):
        step(model, optimizer)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        weights, state = get_state_dict(model, optimizer)
        dcp.save({"model": weights, "optim": state, "epoch": 3}, checkpoint_id=str(tmp_path / "dcp"), no_dist=True)
    return model, optimizer, tmp_path / "dcp"


def test_that_the_file_is_the_one_that_torch_makes_of_the_folder(trained: Any, tmp_path: Path) -> None:
    folder = trained[2]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dcp_to_torch_save(folder, tmp_path / "torch.pth")
    core.save(core.open(folder), tmp_path / "ours.pth")
    wanted, found = (torch.load(tmp_path / name, weights_only=True) for name in ("torch.pth", "ours.pth"))
    assert set(found) == set(wanted)
    assert found["optim"]["param_groups"] == wanted["optim"]["param_groups"]
    assert found["epoch"] == 3
    state, theirs = found["optim"].get("state", {}), wanted["optim"].get("state", {})
    assert {name: set(slots) for name, slots in state.items()} == {name: set(slots) for name, slots in theirs.items()}
    assert all(torch.equal(torch.as_tensor(value), torch.as_tensor(theirs[name][slot]))
               for name, slots in state.items() for slot, value in slots.items() if value is not None)
    assert all(torch.equal(value, wanted["model"][name]) for name, value in found["model"].items())


@pytest.mark.parametrize("first", ["the folder itself", "saved as one file"])
def test_that_its_optimizer_goes_on_for_a_changed_model(trained: Any, tmp_path: Path, first: str) -> None:
    model, optimizer, folder = trained
    new = changed()
    torch.save(new.state_dict(), tmp_path / "ref.pth")
    edit = core.OptimizerFor(str(tmp_path / "ref.pth"))
    if not core.optimizers(core.open(folder)):
        pytest.skip("plain SGD keeps nothing")
    source = folder
    if first == "saved as one file":
        source = tmp_path / "one.pth"
        core.save(core.open(folder), source)
    core.save(core.edit(source, [edit]), tmp_path / "out.pth")
    saved = torch.load(tmp_path / "out.pth", weights_only=True)["optim"]
    names = [name for name, _ in new.named_parameters()]
    assert sorted(name for group in saved["param_groups"] for name in group["params"]) == sorted(names)
    kept = ("body.weight", "body.bias")
    assert set(saved.get("state", {})) == ({*kept} if optimizer.state else set())
    # as FSDP's rekey_optim_state_dict numbers them
    order = [name for group in saved["param_groups"] for name in group["params"]]
    at = iter(range(len(order)))
    numbered = {"state": {order.index(name): slots for name, slots in saved.get("state", {}).items()},
                "param_groups": [{**group, "params": [next(at) for _ in group["params"]]} for group in saved["param_groups"]]}
    every = dict(new.named_parameters())
    other = type(optimizer)([{"params": [every[name] for name in group["params"]]} for group in saved["param_groups"]], lr=0.5)
    other.load_state_dict(numbered)
    new.load_state_dict({name: value for name, value in model.state_dict().items() if name in kept}, strict=False)
    step(model, optimizer)
    step(new, other)
    assert all(torch.equal(new.state_dict()[name], model.state_dict()[name]) for name in kept)


@pytest.fixture
def numbered(tmp_path: Path) -> tuple[nn.Module, torch.optim.Optimizer, Path]:
    """`optimizer.state_dict()` as it is, without the names that `get_state_dict` gives."""
    torch.manual_seed(0)
    model = old()
    optimizer = torch.optim.AdamW(groups_of(model, 2))
    step(model, optimizer)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dcp.save({"model": model.state_dict(), "optim": optimizer.state_dict()}, checkpoint_id=str(tmp_path / "dcp"), no_dist=True)
    return model, optimizer, tmp_path / "dcp"


def test_that_state_by_numbers_is_by_numbers_again_and_not_by_their_texts(numbered: Any, tmp_path: Path) -> None:
    """torch passes over state under "0" without a word, and the optimizer begins anew."""
    model, optimizer, folder = numbered
    core.save(core.open(folder), tmp_path / "one.pth")
    saved = torch.load(tmp_path / "one.pth", weights_only=True)["optim"]
    wanted = optimizer.state_dict()
    assert saved["param_groups"] == wanted["param_groups"]
    assert [*saved["state"]] == [*wanted["state"]]
    again = old()
    again.load_state_dict(model.state_dict())
    other = torch.optim.AdamW(groups_of(again, 2))
    other.load_state_dict(saved)
    step(model, optimizer)
    step(again, other)
    assert all(torch.equal(value, again.state_dict()[name]) for name, value in model.state_dict().items())


def test_that_state_by_numbers_goes_on_for_a_changed_model(numbered: Any, tmp_path: Path) -> None:
    model, optimizer, folder = numbered
    new = changed()
    torch.save(new.state_dict(), tmp_path / "ref.pth")
    core.save(core.edit(folder, [core.OptimizerFor(str(tmp_path / "ref.pth")), core.Drop("model")]), tmp_path / "out.pth")
    saved = torch.load(tmp_path / "out.pth", weights_only=True)["optim"]
    names = [name for name, _ in new.named_parameters()]
    first, rest = (["body.weight", "body.bias"], [name for name in names if not name.startswith("body")])     # stem stands beside head
    assert [group["params"] for group in saved["param_groups"]] == [[0, 1], [2, 3, 4, 5]]
    assert [(group["lr"], group["betas"], group["weight_decay"]) for group in saved["param_groups"]] == \
        [(group["lr"], group["betas"], group["weight_decay"]) for group in optimizer.state_dict()["param_groups"]]
    every = dict(new.named_parameters())
    other = torch.optim.AdamW([{"params": [every[name] for name in group]} for group in (first, rest)])
    other.load_state_dict(saved)
    kept = ("body.weight", "body.bias")
    new.load_state_dict({name: value for name, value in model.state_dict().items() if name in kept}, strict=False)
    step(model, optimizer)
    step(new, other)
    assert all(torch.equal(new.state_dict()[name], model.state_dict()[name]) for name in kept)


def test_that_the_state_of_nothing_that_is_left_is_an_empty_one(numbered: Any, tmp_path: Path) -> None:
    new = nn.Linear(2, 2)
    torch.save(new.state_dict(), tmp_path / "ref.pth")
    core.save(core.edit(numbered[2], [core.OptimizerFor(str(tmp_path / "ref.pth"))]), tmp_path / "out.pth")
    saved = torch.load(tmp_path / "out.pth", weights_only=True)["optim"]
    assert saved["state"] == {}
    assert sorted(len(group["params"]) for group in saved["param_groups"]) == [0, 2]
