"""An optimizer's state for a changed model: torch takes it, and goes on with what was kept as if nothing had happened."""
from __future__ import annotations

import json
import pickle
import warnings
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed.checkpoint as dcp
from safetensors.torch import save_file
from torch import nn

from inspector import core
from tests.core.edits.made import opened
from tests.core.formats.sets.several_ranks import written_by_ranks
from tests.core.saving.test_nested_sets import make_set

MAKERS: dict[str, Any] = {
    "Adam": torch.optim.Adam, "AdamW": torch.optim.AdamW, "AMSGrad": lambda given: torch.optim.Adam(given, amsgrad=True),
    "foreach": lambda given: torch.optim.AdamW(given, foreach=True), "fused": lambda given: torch.optim.AdamW(given, fused=True),
    "SGD": lambda given: torch.optim.SGD(given, lr=0.1, momentum=0.9), "plain SGD": lambda given: torch.optim.SGD(given, lr=0.1),
    "RMSprop": lambda given: torch.optim.RMSprop(given, momentum=0.5), "Adagrad": torch.optim.Adagrad,
    "Adafactor": torch.optim.Adafactor}


def old() -> nn.Module:
    return nn.Sequential(OrderedDict(body=nn.Linear(3, 4), norm=nn.BatchNorm1d(4), head=nn.Linear(4, 2)))


def changed() -> nn.Module:
    """Another head, a new layer, another order."""
    return nn.Sequential(OrderedDict(stem=nn.Linear(3, 3), norm=nn.BatchNorm1d(4), body=nn.Linear(3, 4), head=nn.Linear(4, 5)))


KEPT = ("body.weight", "body.bias", "norm.weight", "norm.bias")


def step(model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    for name, parameter in model.named_parameters():
        parameter.grad = parameter.detach() * 0.5 + len(name) / 10
    optimizer.step()


def groups_of(model: nn.Module, groups: int, named: bool) -> Any:
    every = [*model.named_parameters()]
    ending, beginning = ("weight", "") if named else ("", ("stem", "body", "norm"))
    mine = [name for name, _ in every if name.endswith(ending) and name.startswith(beginning)]
    parts = [every] if groups == 1 else [[pair for pair in every if (pair[0] in mine) is first] for first in (True, False)]
    return [{"params": part if named else [p for _, p in part], "lr": 0.01 * (n + 1)} for n, part in enumerate(parts)]


def trained(make: Any, groups: int, named: bool, path: Path) -> tuple[nn.Module, torch.optim.Optimizer, core.Checkpoint]:
    torch.manual_seed(0)
    model = old()
    optimizer = make(groups_of(model, groups, named))
    for _ in range(3):
        step(model, optimizer)
    return model, optimizer, opened(path, {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 2})


@pytest.mark.parametrize("reference", ["stepped", "weights", "contract"])
@pytest.mark.parametrize(("groups", "named"), [(1, False), (1, True), (2, False), (2, True)])
@pytest.mark.parametrize("kind", MAKERS)
def test_that_what_is_kept_goes_on_as_if_nothing_had_happened(tmp_path: Path, kind: str, groups: int, named: bool, reference: str) -> None:
    make = MAKERS[kind]
    model, optimizer, ckpt = trained(make, groups, named, tmp_path)
    new = changed()
    if reference == "stepped":
        other = make(groups_of(new, groups, named))
        step(new, other)
        torch.save({"model": new.state_dict(), "optimizer": other.state_dict()}, tmp_path / "ref.pth")
    elif reference == "weights":
        torch.save(new.state_dict(), tmp_path / "ref.pth")
    else:
        core.save_contract(core.contract(new.state_dict()), tmp_path / "ref.json")
    path = tmp_path / ("ref.json" if reference == "contract" else "ref.pth")
    if groups == 2 and not named and kind == "plain SGD":        # there is no state whose shapes could tell
        with pytest.raises(core.EditError, match="cannot be told"):
            core.edit(ckpt, [core.OptimizerFor(str(path))])
        return
    core.save(core.edit(ckpt, [core.OptimizerFor(str(path))]), tmp_path / "out.pth")
    saved = torch.load(tmp_path / "out.pth", weights_only=True)
    with torch.no_grad():
        for name, parameter in new.named_parameters():
            if name in KEPT:
                parameter.copy_(saved["model"][name])
    arranged = new
    parameters = groups_of(arranged, groups, named)
    going_on = make(parameters)
    going_on.load_state_dict(saved["optimizer"])
    for one, two in zip(going_on.state_dict()["param_groups"], optimizer.state_dict()["param_groups"], strict=True):
        assert {k: v for k, v in one.items() if k not in ("params", "param_names")} == \
            {k: v for k, v in two.items() if k not in ("params", "param_names")}
    for _ in range(3):
        step(model, optimizer)
        step(new, going_on)
    there, here = dict(model.named_parameters()), dict(new.named_parameters())
    for name in KEPT:
        assert torch.equal(there[name], here[name]), name


def test_that_what_happens_is_said(tmp_path: Path) -> None:
    _, _, ckpt = trained(torch.optim.AdamW, 1, False, tmp_path)
    torch.save(changed().state_dict(), tmp_path / "ref.pth")
    [effect] = core.effects(ckpt, [core.OptimizerFor(str(tmp_path / "ref.pth"))])
    assert effect.notes == (
        "4 parameters keep their state in optimizer, 1 group in the order of the reference.",
        "2 parameters begin without state: stem.weight, stem.bias.",
        "2 parameters have other shapes and begin without state (--resize takes them along): head.weight, head.bias.")


def test_that_factored_state_is_said_not_to_be_understood(tmp_path: Path) -> None:
    _, _, ckpt = trained(torch.optim.Adafactor, 1, False, tmp_path)
    torch.save(changed().state_dict(), tmp_path / "ref.pth")
    [effect] = core.effects(ckpt, [core.OptimizerFor(str(tmp_path / "ref.pth"))])
    assert any("not understood" in note and "row_var" in note for note in effect.notes)


def test_that_it_goes_after_a_resize(tmp_path: Path) -> None:
    model, optimizer, ckpt = trained(torch.optim.AdamW, 1, False, tmp_path)
    new = changed()
    torch.save(new.state_dict(), tmp_path / "ref.pth")
    edits = [core.Resize("head.weight", 0, 5), core.Resize("head.bias", 0, 5), core.OptimizerFor(str(tmp_path / "ref.pth")),
             core.Drop("epoch")]
    core.save(core.edit(ckpt, edits), tmp_path / "out.pth")
    saved = torch.load(tmp_path / "out.pth", weights_only=True)
    assert list(saved) == ["model", "optimizer"]
    before = optimizer.state_dict()["state"]
    names = [name for name, _ in model.named_parameters()]
    for number, (name, _) in enumerate(new.named_parameters()):
        if name.startswith("stem"):
            assert number not in saved["optimizer"]["state"]
            continue
        mine, theirs = saved["optimizer"]["state"][number], before[names.index(name)]
        assert torch.equal(mine["exp_avg"][:len(theirs["exp_avg"])], theirs["exp_avg"])
        assert mine["exp_avg"].shape == dict(new.named_parameters())[name].shape


def test_that_state_by_names_keeps_them(tmp_path: Path) -> None:
    """As FullyShardedDataParallel.optim_state_dict and torch.distributed.checkpoint have it."""
    model = old()
    state = OrderedDict((name, {"exp_avg": torch.full_like(p, n), "exp_avg_sq": torch.ones_like(p), "step": torch.tensor(3.0)})
                        for n, (name, p) in enumerate(model.named_parameters()))
    ckpt = opened(tmp_path, {"model": model.state_dict(), "optimizer": {
        "state": state, "param_groups": [{"lr": 0.1, "params": [*state]}]}})
    torch.save(changed().state_dict(), tmp_path / "ref.pth")
    core.save(core.edit(ckpt, [core.OptimizerFor(str(tmp_path / "ref.pth"))]), tmp_path / "out.pth")
    saved = torch.load(tmp_path / "out.pth", weights_only=True)["optimizer"]
    assert saved["param_groups"] == [{"lr": 0.1, "params": [name for name, _ in changed().named_parameters()]}]
    assert set(saved["state"]) == set(KEPT)
    assert all(torch.equal(saved["state"][name]["exp_avg"], state[name]["exp_avg"]) for name in KEPT)


def test_that_other_groups_of_the_reference_take_the_options_of_those_they_come_from(tmp_path: Path) -> None:
    _, _, ckpt = trained(torch.optim.AdamW, 2, True, tmp_path)
    new = changed()
    every = dict(new.named_parameters())
    other = torch.optim.AdamW([{"params": [(name, every[name]) for name in names]} for names in (
        ("head.bias", "body.bias"), ("stem.weight",), ("norm.weight", "body.weight"))])
    for parameter in every.values():
        parameter.grad = torch.ones_like(parameter)
    other.step()
    torch.save({"model": new.state_dict(), "optimizer": other.state_dict()}, tmp_path / "ref.pth")
    core.save(core.edit(ckpt, [core.OptimizerFor(str(tmp_path / "ref.pth"))]), tmp_path / "out.pth")
    saved = torch.load(tmp_path / "out.pth", weights_only=True)["optimizer"]
    assert [(group["lr"], group["params"]) for group in saved["param_groups"]] == [(0.02, [0, 1]), (0.02, [2]), (0.01, [3, 4])]
    other.load_state_dict(saved)
    assert set(saved["state"]) == {1, 3, 4}


def test_that_frozen_parameters_stay_out(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = old()
    optimizer = torch.optim.AdamW(model.head.parameters())      # type: ignore[union-attr]
    step(model, optimizer)
    ckpt = opened(tmp_path, {"model": model.state_dict(), "optimizer": optimizer.state_dict()})
    new = nn.Sequential(OrderedDict(body=nn.Linear(3, 4), norm=nn.BatchNorm1d(4), more=nn.Linear(4, 4), head=nn.Linear(4, 2)))
    torch.save(new.state_dict(), tmp_path / "ref.pth")
    core.save(core.edit(ckpt, [core.OptimizerFor(str(tmp_path / "ref.pth"))]), tmp_path / "out.pth")
    saved = torch.load(tmp_path / "out.pth", weights_only=True)["optimizer"]
    torch.optim.AdamW([*new.more.parameters(), *new.head.parameters()]).load_state_dict(saved)     # type: ignore[union-attr]
    assert set(saved["state"]) == {2, 3}


def test_that_a_state_of_nothing_that_is_left_is_an_empty_one(tmp_path: Path) -> None:
    _, _, ckpt = trained(torch.optim.AdamW, 1, False, tmp_path)
    new = nn.Linear(2, 2)
    torch.save(new.state_dict(), tmp_path / "ref.pth")
    core.save(core.edit(ckpt, [core.OptimizerFor(str(tmp_path / "ref.pth"))]), tmp_path / "out.pth")
    saved = torch.load(tmp_path / "out.pth", weights_only=True)["optimizer"]
    assert saved["state"] == {}
    torch.optim.AdamW(new.parameters()).load_state_dict(saved)


@pytest.mark.parametrize("kind", ["safetensors", "a sharded set", "a contract of it"])
def test_that_a_reference_without_an_order_gives_none(tmp_path: Path, kind: str) -> None:
    """safetensors sorts by names: a bias would have the state of its weight, and torch would take it without a word."""
    _, _, ckpt = trained(torch.optim.AdamW, 1, False, tmp_path)
    reference = tmp_path / "ref.safetensors"

    def refer(weights: dict[str, torch.Tensor]) -> core.OptimizerFor:
        save_file(weights, reference)
        if kind == "a contract of it":
            core.save_contract(core.contract(reference), tmp_path / "ref.json")
            return core.OptimizerFor(str(tmp_path / "ref.json"))
        if kind == "a sharded set":
            index = tmp_path / "model.safetensors.index.json"
            index.write_text(json.dumps({"metadata": {}, "weight_map": dict.fromkeys(weights, reference.name)}))
            return core.OptimizerFor(str(index))
        return core.OptimizerFor(str(reference))

    with pytest.raises(core.EditError, match=r"'stem\.bias' stands .* sorted by name"):
        core.edit(ckpt, [refer(changed().state_dict())])
    fewer = nn.Sequential(OrderedDict(norm=nn.BatchNorm1d(4), body=nn.Linear(3, 4)))
    edit = refer(fewer.state_dict())
    [effect] = core.effects(ckpt, [edit])
    assert effect.notes[0] == "4 parameters keep their state in optimizer, 1 group in the order of the file, as the reference keeps none."
    after = core.edit(ckpt, [edit])
    assert [after.values[f"optimizer.param_groups.0.params.{n}"] for n in range(4)] == [0, 1, 2, 3]
    for n in range(4):
        assert (core.read_numpy(after, f"optimizer.state.{n}.exp_avg") == core.read_numpy(ckpt, f"optimizer.state.{n}.exp_avg")).all()


def test_that_a_reference_may_be_a_set_of_files_or_a_folder_of_torch_distributed(tmp_path: Path) -> None:
    _, _, ckpt = trained(torch.optim.AdamW, 1, False, tmp_path)
    weights = changed().state_dict()
    names = [*weights]
    for number, part in enumerate((names[:4], names[4:])):
        torch.save({name: weights[name] for name in part}, tmp_path / f"pytorch_model-0000{number + 1}-of-00002.bin")
    index = tmp_path / "pytorch_model.bin.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": {
        name: f"pytorch_model-0000{(n >= 4) + 1}-of-00002.bin" for n, name in enumerate(names)}}))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dcp.save({"model": weights}, checkpoint_id=str(tmp_path / "dcp"), no_dist=True)
    torch.save(weights, tmp_path / "ref.pth")
    wanted, *others = (core.edit(ckpt, [core.OptimizerFor(str(tmp_path / name))]) for name in ("ref.pth", index.name, "dcp"))
    for found in others:
        assert found.values == wanted.values
        assert {key: info.shape for key, info in found.tensors.items()} == {key: info.shape for key, info in wanted.tensors.items()}


@pytest.mark.parametrize("plan", [True, False])
def test_that_a_reference_of_several_ranks_gives_the_order_of_its_model_or_none(tmp_path: Path, plan: bool) -> None:
    _, _, ckpt = trained(torch.optim.AdamW, 1, False, tmp_path)
    weights = changed().state_dict()
    torch.save(weights, tmp_path / "ref.pth")
    folder = written_by_ranks(tmp_path / "dcp", [{"model": weights}] * 2)
    stored = [*dcp.FileSystemReader(folder).read_metadata().state_dict_metadata]
    assert stored != [f"model.{name}" for name in weights]                 # rank after rank
    if not plan:
        metadata = dcp.FileSystemReader(folder).read_metadata()
        metadata.planner_data = None
        (folder / ".metadata").write_bytes(pickle.dumps(metadata))
    edit = core.OptimizerFor(str(folder))
    if not plan:
        with pytest.raises(core.EditError, match="in the order of the new model's parameters cannot be told"):
            core.edit(ckpt, [edit])
        return
    found, wanted = core.edit(ckpt, [edit]), core.edit(ckpt, [core.OptimizerFor(str(tmp_path / "ref.pth"))])
    assert found.values == wanted.values
    assert [*found.tensors] == [*wanted.tensors]


def test_that_a_set_of_files_goes_on_as_the_one_file_does(tmp_path: Path) -> None:
    model, optimizer, ckpt = trained(torch.optim.AdamW, 2, False, tmp_path)
    parts = [{"model": model.state_dict()}, {"optimizer": optimizer.state_dict(), "epoch": 2}]
    make_set(tmp_path / "set", parts)
    torch.save(changed().state_dict(), tmp_path / "ref.pth")
    edit = core.OptimizerFor(str(tmp_path / "ref.pth"))
    core.save(core.edit(core.open(tmp_path / "set"), [edit]), tmp_path / "from_set.pth")
    core.save(core.edit(ckpt, [edit]), tmp_path / "from_one.pth")
    found, wanted = (torch.load(tmp_path / name) for name in ("from_set.pth", "from_one.pth"))
    assert found["optimizer"]["param_groups"] == wanted["optimizer"]["param_groups"]
    assert found["optimizer"]["state"].keys() == wanted["optimizer"]["state"].keys() != set()
    assert all(torch.equal(value, wanted["optimizer"]["state"][n][name]) for n, state in found["optimizer"]["state"].items()
               for name, value in state.items())
    assert found["epoch"] == 2


def test_that_what_cannot_be_done_is_refused_with_the_reason(tmp_path: Path) -> None:
    _, optimizer, ckpt = trained(torch.optim.AdamW, 1, False, tmp_path)
    torch.save(changed().state_dict(), tmp_path / "ref.pth")
    edit = core.OptimizerFor(str(tmp_path / "ref.pth"))
    torch.save(optimizer.state_dict(), tmp_path / "alone.pth")
    for path, why in ((tmp_path / "ref.pth", "no optimizer"), (tmp_path / "alone.pth", "cannot be told")):
        with pytest.raises(core.EditError, match=why):
            core.edit(path, [edit])
    (tmp_path / "no.json").write_text("{}")
    for name, why in (("gone.pth", "gone.pth"), ("no.json", "no contract")):
        with pytest.raises(core.EditError, match=why):
            core.edit(ckpt, [core.OptimizerFor(str(tmp_path / name))])
