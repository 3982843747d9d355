"""An optimizer goes on after its parameters were split and joined: proved by stepping torch's own."""
from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from inspector import core
from tests.core.edits.made import net, opened, training

Model = nn.Module
D = 4


def fused() -> Model:
    torch.manual_seed(0)
    return nn.ModuleList(nn.ModuleDict(OrderedDict(qkv=nn.Linear(D, 3 * D), out=nn.Linear(D, D))) for _ in range(2))


def apart() -> Model:
    torch.manual_seed(1)
    return nn.ModuleList(nn.ModuleDict(OrderedDict(q=nn.Linear(D, D), k=nn.Linear(D, D), v=nn.Linear(D, D), out=nn.Linear(D, D)))
                         for _ in range(2))


SPLITS = [f"*.qkv.{leaf}=0:*.q.{leaf},*.k.{leaf},*.v.{leaf}" for leaf in ("weight", "bias")]
JOINS = [f"*.q.{leaf},*.k.{leaf},*.v.{leaf}=*.qkv.{leaf}:0" for leaf in ("weight", "bias")]
OPTIMIZERS: dict[str, Any] = {
    "Adam": torch.optim.Adam, "AdamW": torch.optim.AdamW, "AMSGrad": lambda given: torch.optim.Adam(given, amsgrad=True),
    "fused": lambda given: torch.optim.AdamW(given, fused=True), "foreach": lambda given: torch.optim.Adam(given, foreach=True),
    "capturable": lambda given: torch.optim.NAdam(given, capturable=False),
    "SGD": lambda given: torch.optim.SGD(given, lr=0.1, momentum=0.9, weight_decay=0.01), "SGD alone": torch.optim.SGD,
    "RMSprop": lambda given: torch.optim.RMSprop(given, centered=True, momentum=0.5), "Adagrad": torch.optim.Adagrad,
    "Adadelta": torch.optim.Adadelta, "Adamax": torch.optim.Adamax, "RAdam": torch.optim.RAdam}


def groups_of(model: Model, groups: bool, named: bool = False) -> Any:
    if not groups:
        return model.named_parameters() if named else model.parameters()
    there = list(model.named_parameters())
    return [{"params": [one if named else one[1] for one in there if one[0].endswith("bias") is bias], "weight_decay": 0.0 if bias else 0.1}
            for bias in (False, True)]


def step(model: Model, optimizer: torch.optim.Optimizer, times: int = 1) -> None:
    """With gradients that are those of the elements alone, the same however these lie in parameters."""
    for n in range(times):
        for parameter in model.parameters():
            parameter.grad = parameter.detach() * (0.5 + n) + 0.1
        optimizer.step()


def saved(path: Path, model: Model, optimizer: torch.optim.Optimizer) -> core.Checkpoint:
    return opened(path, {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 1})


def edits(option: str, texts: list[str]) -> list[core.Edit]:
    return [core.parse_edit(option, text) for text in texts]


def as_one(model: Model) -> dict[str, torch.Tensor]:
    found = {key: value.detach() for key, value in model.state_dict().items()}
    for n in (0, 1):
        for leaf in ("weight", "bias"):
            if f"{n}.q.{leaf}" in found:
                found[f"{n}.qkv.{leaf}"] = torch.cat([found.pop(f"{n}.{part}.{leaf}") for part in "qkv"])
    return found


def goes_on(path: Path, model: Model, make: Any, groups: bool, named: bool = False) -> Model:
    """A model and its optimizer as torch loads them of a file, one step further."""
    found = torch.load(path, weights_only=True)
    model.load_state_dict(found["model"])
    optimizer = make(groups_of(model, groups, named))
    optimizer.load_state_dict(found["optimizer"])
    step(model, optimizer, 2)
    return model


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("groups", [False, True])
@pytest.mark.parametrize("kind", OPTIMIZERS)
@pytest.mark.parametrize("way", ["split", "concat"])
def test_that_split_and_joined_parameters_go_on_as_they_would_have(tmp_path: Path, way: str, kind: str, groups: bool, turned: bool) -> None:
    if kind == "SGD alone" and groups:
        pytest.skip("without any state, nothing tells which parameter is in which group")
    make = OPTIMIZERS[kind]
    one, other = (fused(), apart()) if way == "split" else (apart(), fused())
    optimizer = make(groups_of(one, groups))
    step(one, optimizer, 3)
    ckpt = saved(tmp_path, one, optimizer)
    texts = SPLITS if way == "split" else JOINS
    changes = edits(way, texts[::-1] if turned else texts)              # biases first, or weights
    core.save(core.edit(ckpt, changes), tmp_path / "out.pth")
    there = goes_on(tmp_path / "out.pth", other, make, groups)
    step(one, optimizer, 2)
    wanted, found = as_one(one), as_one(there)
    assert found.keys() == wanted.keys()
    for key, value in wanted.items():           # what is left of a vector is rounded otherwise where torch has one loop for all of it
        torch.testing.assert_close(found[key], value, rtol=0, atol=1e-6 if kind == "fused" else 0)


def test_that_the_steps_are_no_longer_one_tensor(tmp_path: Path) -> None:
    """Which Adam counts up in place."""
    model = fused()
    optimizer = torch.optim.Adam(model.parameters())
    step(model, optimizer)
    core.save(core.edit(saved(tmp_path, model, optimizer), edits("split", SPLITS)), tmp_path / "out.pth")
    found = torch.load(tmp_path / "out.pth", weights_only=True)["optimizer"]
    steps = [slots["step"].data_ptr() for slots in found["state"].values()]
    assert len(set(steps)) == len(steps) == 16
    assert sorted(found["state"]) == found["param_groups"][0]["params"] == list(range(16))


def test_that_there_and_back_is_what_was(tmp_path: Path) -> None:
    model = fused()
    optimizer = torch.optim.AdamW(groups_of(model, True))
    step(model, optimizer, 2)
    ckpt = saved(tmp_path, model, optimizer)
    core.save(core.edit(ckpt, edits("split", SPLITS)), tmp_path / "apart.pth")
    core.save(core.edit(tmp_path / "apart.pth", edits("concat", JOINS)), tmp_path / "again.pth")       # from a file, by its names
    core.save(core.edit(ckpt, [*edits("split", SPLITS), *edits("concat", JOINS)]), tmp_path / "at_once.pth")
    old = torch.load(ckpt.path, weights_only=True)["optimizer"]
    for name in ("again", "at_once"):
        new = torch.load(tmp_path / f"{name}.pth", weights_only=True)["optimizer"]
        assert [group["params"] for group in new["param_groups"]] == [group["params"] for group in old["param_groups"]]
        assert new["state"].keys() == old["state"].keys()
        for number, slots in old["state"].items():
            assert all(torch.equal(value, new["state"][number][field]) for field, value in slots.items())


def test_that_names_are_put_beside_the_numbers_and_told_from_them(tmp_path: Path) -> None:
    model = fused()
    optimizer = torch.optim.Adam(model.parameters())
    step(model, optimizer)
    core.save(core.edit(saved(tmp_path, model, optimizer), edits("split", SPLITS)), tmp_path / "out.pth")
    ckpt = core.open(tmp_path / "out.pth")
    names = [name for name, _ in apart().named_parameters()]
    [found] = core.optimizers(ckpt)
    assert [found.parameters[str(n)] for n in range(16)] == [f"model.{name}" for name in names]
    assert [ckpt.values[f"optimizer.param_groups.0.param_names.{n}"] for n in range(16)] == names


def test_that_other_edits_before_are_kept_in_the_state(tmp_path: Path) -> None:
    model = fused()
    optimizer = torch.optim.Adam(model.parameters())
    step(model, optimizer)
    ckpt = saved(tmp_path, model, optimizer)
    changes = [core.Cast("float64", "optimizer.state.*.exp_avg"), core.Drop("optimizer.state.0.exp_avg_sq"),
               *edits("split", SPLITS), core.Transpose("0.k.weight")]
    core.save(core.edit(ckpt, changes), tmp_path / "out.pth")
    old = torch.load(ckpt.path, weights_only=True)["optimizer"]["state"]
    new = torch.load(tmp_path / "out.pth", weights_only=True)
    state = new["optimizer"]["state"]
    parts = [state[0]["exp_avg"], state[2]["exp_avg"].T, state[4]["exp_avg"]]
    assert torch.equal(torch.cat(parts), old[0]["exp_avg"].double())
    assert [set(state[n]) for n in (0, 2, 4, 1)] == [{"step", "exp_avg"}] * 3 + [{"step", "exp_avg", "exp_avg_sq"}]


def test_that_an_optimizer_by_names_follows(tmp_path: Path) -> None:
    """As FSDP's full state and torch.distributed.checkpoint.state_dict have it."""
    model = fused()
    optimizer = torch.optim.Adam(model.parameters())
    step(model, optimizer)
    names = [name for name, _ in model.named_parameters()]
    plain = optimizer.state_dict()
    by_name = {"state": {names[n]: slots for n, slots in plain["state"].items()},
               "param_groups": [{**plain["param_groups"][0], "params": names}]}
    ckpt = opened(tmp_path, {"model": model.state_dict(), "optimizer": by_name})
    core.save(core.edit(ckpt, edits("split", SPLITS)), tmp_path / "out.pth")
    found = torch.load(tmp_path / "out.pth", weights_only=True)["optimizer"]
    wanted = [name for name, _ in apart().named_parameters()]
    assert found["param_groups"][0]["params"] == wanted
    assert set(found["state"]) == set(wanted)
    assert torch.equal(torch.cat([found["state"][f"1.{part}.weight"]["exp_avg"] for part in "qkv"]), plain["state"][4]["exp_avg"])


def test_that_an_optimizer_that_never_stepped_gets_its_lists(tmp_path: Path) -> None:
    model = fused()
    ckpt = saved(tmp_path, model, torch.optim.Adam(model.parameters()))
    core.save(core.edit(ckpt, edits("split", SPLITS)), tmp_path / "out.pth")
    there = goes_on(tmp_path / "out.pth", apart(), torch.optim.Adam, False)
    step(model, torch.optim.Adam(model.parameters()), 2)
    assert all(torch.equal(as_one(there)[key], value) for key, value in as_one(model).items())


def test_that_another_order_can_be_had_afterwards(tmp_path: Path) -> None:
    """What the note says: a model whose modules stand otherwise takes it after --optimizer-for."""
    def otherwise() -> Model:
        return nn.ModuleList(nn.ModuleDict(OrderedDict(out=nn.Linear(D, D), v=nn.Linear(D, D), k=nn.Linear(D, D), q=nn.Linear(D, D)))
                             for _ in range(2))
    model = fused()
    optimizer = torch.optim.Adam(model.parameters())
    step(model, optimizer, 2)
    ckpt = saved(tmp_path, model, optimizer)
    torch.save(otherwise().state_dict(), tmp_path / "ref.pth")
    changes = [*edits("split", SPLITS), core.OptimizerFor(str(tmp_path / "ref.pth"))]
    assert "behind" in core.effects(ckpt, changes)[0].notes[-1]
    core.save(core.edit(ckpt, changes), tmp_path / "out.pth")
    there = goes_on(tmp_path / "out.pth", otherwise(), torch.optim.Adam, False)
    step(model, optimizer, 2)
    assert all(torch.equal(as_one(there)[key], value) for key, value in as_one(model).items())


def kept(ckpt: core.Checkpoint, change: core.Edit, why: str) -> None:
    """The state is what it was, and why is said."""
    after = core.edit(ckpt, [change])
    assert [key for key in after.tensors if key.startswith("optimizer.")] == [key for key in ckpt.tensors if key.startswith("optimizer.")]
    [effect] = core.effects(ckpt, [change])
    assert why in effect.notes[-1]
    assert "does not follow" in effect.notes[-1]


def test_that_what_cannot_follow_stays_with_the_reason(tmp_path: Path) -> None:
    model = apart()
    optimizer = torch.optim.Adam(model.named_parameters())
    step(model, optimizer)
    join = edits("concat", JOINS)[0]
    for name, change, why in (
            ("steps", lambda s: s["state"][0].update(step=torch.tensor(7.0)), "are not the same"),
            ("none", lambda s: s["state"].pop(2), "other things are kept"),
            ("factored", lambda s: [slots.update(exp_avg_sq_row=torch.ones(3)) for slots in s["state"].values()], "form of its own"),
            ("options", lambda s: s.update(param_groups=[
                {**s["param_groups"][0], "params": [0, 1], "param_names": s["param_groups"][0]["param_names"][:2]},
                {**s["param_groups"][0], "lr": 5.0, "params": [*range(2, 16)], "param_names": s["param_groups"][0]["param_names"][2:]}]),
             "lr is not the same"),
            ("unknown", lambda s: s.update(state={n: {"mystery": torch.ones(3)} for n in range(3)},
                                           param_groups=[{"lr": 1.0, "params": [0, 1, 2]}]), "")):
        state = optimizer.state_dict()
        state["state"] = {n: dict(slots) for n, slots in state["state"].items()}
        change(state)
        folder = tmp_path / name
        folder.mkdir()
        kept(opened(folder, {"model": model.state_dict(), "optimizer": state}), join, why)


def test_that_a_tied_parameter_stays_whole_for_the_optimizer(tmp_path: Path) -> None:
    model = nn.ModuleDict({"embed": nn.Embedding(6, 4), "head": nn.Linear(4, 6, bias=False)})
    model["head"].weight = model["embed"].weight
    optimizer = torch.optim.Adam(model.parameters())
    step(model, optimizer)
    kept(saved(tmp_path, model, optimizer), core.parse_edit("split", "embed.weight=0:embed.a,embed.b"), "which stays as it is")


def test_that_a_safetensors_file_has_nothing_to_follow(tmp_path: Path) -> None:
    core.save({"w": torch.ones(4, 2)}, tmp_path / "a.safetensors")
    [effect] = core.effects(tmp_path / "a.safetensors", [core.parse_edit("split", "w=0:a,b")])
    assert not any("optimizer" in note for note in effect.notes)


def test_that_a_legacy_file_follows_too(tmp_path: Path) -> None:
    ckpt_path = tmp_path / "old.pth"
    torch.save(training(net()), ckpt_path, _use_new_zipfile_serialization=False)
    core.save(core.edit(ckpt_path, [core.parse_edit("split", "fc1.weight=0:fc1.a,fc1.b")]), tmp_path / "out.pth")
    old, new = (torch.load(path, weights_only=True)["optimizer"] for path in (ckpt_path, tmp_path / "out.pth"))
    assert new["param_groups"][0]["param_names"][:3] == ["fc1.a", "fc1.b", "fc1.bias"]
    assert torch.equal(torch.cat([new["state"][0]["exp_avg"], new["state"][1]["exp_avg"]]), old["state"][0]["exp_avg"])
    assert torch.equal(new["state"][2]["exp_avg"], old["state"][1]["exp_avg"])
