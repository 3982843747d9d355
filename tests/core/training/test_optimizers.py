"""Optimizer state by parameter names, held against torch's own optimizers: the name is right or there is none."""
from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector import core
from inspector.core.checkpoint import TensorInfo
from inspector.core.training.optimizers import Optimizer, _State, entry_of, optimizers, parameters_of_state, state_of_parameters
from inspector.core.training.parameter_order import Slot, read

torch = pytest.importorskip("torch")
nn = torch.nn


class Net(nn.Module):
    """With buffers between the parameters, repeated shapes, a tied weight and a scalar."""

    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(1.0))
        self.conv = nn.Conv2d(3, width, 3)
        self.bn = nn.BatchNorm2d(width)
        self.register_buffer("table", torch.zeros(7))
        self.a = nn.Linear(width, width)
        self.b = nn.Linear(width, width)
        self.tied = nn.Linear(width, width, bias=False)
        self.tied.weight = self.b.weight


def stepped(optimizer: Any) -> Any:
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            parameter.grad = torch.ones_like(parameter)
    optimizer.step(lambda: 0.0) if isinstance(optimizer, torch.optim.LBFGS) else optimizer.step()
    return optimizer


def opened(tmp_path: Path, value: Any, **options: Any) -> core.Checkpoint:
    torch.save(value, tmp_path / "x.pth", **options)
    return core.open(tmp_path / "x.pth")


def one(tmp_path: Path, value: Any, **options: Any) -> Optimizer:
    (found,) = optimizers(opened(tmp_path, value, **options))
    return found


def names_of(model: Any, optimizer: Any, prefix: str = "model") -> dict[str, str]:
    """What torch numbers how: index in the saved state -> key of the parameter."""
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    listed = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    return {str(n): f"{prefix}.{names[id(parameter)]}" for n, parameter in enumerate(listed)}


MAKERS: dict[str, tuple[Callable[[Iterable[Any]], Any], str]] = {
    "adam": (lambda p: torch.optim.Adam(p), "Adam"),
    "adamw": (lambda p: torch.optim.AdamW(p), "AdamW"),
    "sgd": (lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9), "SGD with momentum"),
    "adagrad": (lambda p: torch.optim.Adagrad(p), "Adagrad"),
    "rmsprop": (lambda p: torch.optim.RMSprop(p, momentum=0.5), "RMSprop"),
    "adadelta": (lambda p: torch.optim.Adadelta(p), "Adadelta"),
    "adamax": (lambda p: torch.optim.Adamax(p), "Adamax"),
    "nadam": (lambda p: torch.optim.NAdam(p), "NAdam"),
    "asgd": (lambda p: torch.optim.ASGD(p), "ASGD"),
    "rprop": (lambda p: torch.optim.Rprop(p), "Rprop"),
    "adafactor": (lambda p: torch.optim.Adafactor(p), "Adafactor"),
}


@pytest.mark.parametrize("zip", [True, False])
@pytest.mark.parametrize("name", MAKERS)
def test_that_every_parameter_of_torchs_optimizers_is_named(tmp_path: Path, name: str, zip: bool) -> None:
    make, kind = MAKERS[name]
    model = Net()
    optimizer = stepped(make(model.parameters()))
    found = one(tmp_path, {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3},
                _use_new_zipfile_serialization=zip)
    assert found.parameters == names_of(model, optimizer)
    assert (found.path, found.kind, found.of_model, found.reason) == ("optimizer", kind, "model", "")
    assert found.known == len(found.parameters) == 9


def test_that_state_tensors_and_parameters_lead_to_each_other(tmp_path: Path) -> None:
    model = Net()
    optimizer = stepped(torch.optim.Adam(model.parameters()))
    ckpt = opened(tmp_path, {"model": model.state_dict(), "optimizer": optimizer.state_dict()})
    found = optimizers(ckpt)
    assert parameters_of_state(found)["optimizer.state.1.exp_avg"] == "model.conv.weight"
    state = state_of_parameters(found)["model.conv.weight"]
    assert state == ("optimizer.state.1.step", "optimizer.state.1.exp_avg", "optimizer.state.1.exp_avg_sq")
    assert found[0].nbytes == sum(info.nbytes for key, info in ckpt.tensors.items() if key.startswith("optimizer."))


def test_that_frozen_parameters_are_left_out_where_shapes_tell(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(3, 5), nn.Linear(5, 4), nn.Linear(4, 2))
    optimizer = stepped(torch.optim.Adam(model[2].parameters()))
    found = one(tmp_path, {"model": model.state_dict(), "optimizer": optimizer.state_dict()})
    assert found.parameters == {"0": "model.2.weight", "1": "model.2.bias"}


def test_that_what_several_tensors_fit_is_not_guessed(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 2))
    optimizer = stepped(torch.optim.Adam([*model[1].parameters(), *model[2].parameters()]))
    found = one(tmp_path, {"model": model.state_dict(), "optimizer": optimizer.state_dict()})
    assert found.parameters == {"0": None, "1": None, "2": "model.2.weight", "3": "model.2.bias"}
    assert found.reason == "2 of 4 parameters fit more than one tensor of the model"


def test_that_groups_of_decayed_and_other_parameters_are_told_apart(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4), nn.Linear(4, 4), nn.LayerNorm(4))
    decay = [p for p in model.parameters() if p.ndim > 1]
    rest = [p for p in model.parameters() if p.ndim == 1]
    optimizer = stepped(torch.optim.AdamW([{"params": decay}, {"params": rest, "weight_decay": 0.0}]))
    found = one(tmp_path, {"model": model.state_dict(), "optimizer": optimizer.state_dict()})
    assert found.parameters == names_of(model, optimizer)
    assert found.parameters["0"] == "model.0.weight"
    assert found.parameters["1"] == "model.2.weight"


def test_that_one_group_for_every_parameter_is_one_order(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    optimizer = stepped(torch.optim.Adam([{"params": [p]} for p in model.parameters()]))
    found = one(tmp_path, {"model": model.state_dict(), "optimizer": optimizer.state_dict()})
    assert found.parameters == names_of(model, optimizer)


def test_that_groups_of_alike_parameters_are_not_guessed(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    optimizer = stepped(torch.optim.Adam([{"params": model[1].parameters()}, {"params": model[0].parameters()}]))
    found = one(tmp_path, {"model": model.state_dict(), "optimizer": optimizer.state_dict()})
    assert set(found.parameters.values()) == {None}
    assert found.reason


def test_that_names_beside_the_numbers_are_believed(tmp_path: Path) -> None:
    """torch 2.6 and later, with `named_parameters()`."""
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    optimizer = stepped(torch.optim.Adam(reversed([*model.named_parameters()])))
    found = one(tmp_path, {"model": {f"module.{k}": v for k, v in model.state_dict().items()}, "optimizer": optimizer.state_dict()})
    assert found.parameters == {"0": "model.module.1.bias", "1": "model.module.1.weight", "2": "model.module.0.bias",
                                "3": "model.module.0.weight"}


def test_that_names_for_numbers_are_believed(tmp_path: Path) -> None:
    """`torch.distributed.checkpoint.state_dict.get_optimizer_state_dict`."""
    from torch.distributed.checkpoint.state_dict import get_optimizer_state_dict
    model = Net()
    optimizer = stepped(torch.optim.Adam(model.parameters()))
    state = get_optimizer_state_dict(model, optimizer)
    found = one(tmp_path, {"model": model.state_dict(), "optim": state})
    assert found.parameters == {name: f"model.{name}" for name, _ in model.named_parameters()}
    assert found.slots["conv.weight"] == tuple(f"optim.state.conv.weight.{field}" for field in state["state"]["conv.weight"])


def test_that_names_of_another_shape_are_not_believed(tmp_path: Path) -> None:
    model = nn.Linear(4, 4)
    optimizer = stepped(torch.optim.Adam(model.named_parameters()))
    found = one(tmp_path, {"model": nn.Linear(4, 5).state_dict(), "optimizer": optimizer.state_dict()})
    assert set(found.parameters.values()) == {None}
    assert found.reason == "no state dict in the file has parameters of these names"


def test_that_several_optimizers_find_the_model_named_alike(tmp_path: Path) -> None:
    models = {name: nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 1)) for name in "GD"}
    made = {f"optimizer{name}": stepped(torch.optim.Adam(model.parameters())).state_dict() for name, model in models.items()}
    ckpt = opened(tmp_path, {"netD": models["D"].state_dict(), "netG": models["G"].state_dict(), **made})
    assert {found.path: found.of_model for found in optimizers(ckpt)} == {"optimizerG": "netG", "optimizerD": "netD"}


def test_that_an_average_of_the_model_is_not_what_is_trained(tmp_path: Path) -> None:
    model = nn.Linear(4, 4)
    optimizer = stepped(torch.optim.Adam(model.parameters()))
    found = one(tmp_path, {"ema_state_dict": model.state_dict(), "model": model.state_dict(), "optimizer": optimizer.state_dict()})
    assert found.of_model == "model"


def test_that_two_models_alike_are_not_guessed(tmp_path: Path) -> None:
    one_, other = nn.Linear(4, 4), nn.Linear(4, 4)
    optimizer = stepped(torch.optim.Adam(one_.parameters()))
    found = one(tmp_path, {"first": one_.state_dict(), "second": other.state_dict(), "optimizer": optimizer.state_dict()})
    assert (found.of_model, found.known) == (None, 0)
    assert found.reason == "it fits several state dicts alike: first, second"


def test_that_one_optimizer_of_two_models_is_told(tmp_path: Path) -> None:
    encoder, decoder = nn.Linear(4, 3), nn.Linear(3, 4)
    optimizer = stepped(torch.optim.Adam(itertools.chain(encoder.parameters(), decoder.parameters())))
    found = one(tmp_path, {"encoder": encoder.state_dict(), "decoder": decoder.state_dict(), "optimizer": optimizer.state_dict()})
    assert found.models == ("encoder", "decoder")
    assert [*found.parameters.values()] == ["encoder.weight", "encoder.bias", "decoder.weight", "decoder.bias"]


def test_that_optimizers_of_submodules_are_told(tmp_path: Path) -> None:
    """Lightning keeps one state dict and a list of optimizers."""
    model = nn.ModuleDict({"generator": nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4)), "critic": nn.Linear(4, 4)})
    states = [stepped(torch.optim.Adam(part.parameters())).state_dict() for part in model.values()]
    found = optimizers(opened(tmp_path, {"state_dict": model.state_dict(), "optimizer_states": states}))
    assert next(iter(found[0].parameters.values())) == "state_dict.generator.0.weight"
    assert [*found[1].parameters.values()] == ["state_dict.critic.weight", "state_dict.critic.bias"]


def test_that_a_file_of_optimizer_state_alone_says_so(tmp_path: Path) -> None:
    found = one(tmp_path, stepped(torch.optim.Adam(nn.Linear(2, 2).parameters())).state_dict())
    assert (found.path, found.known, found.reason) == ("", 0, "the model itself is not in the file")


def test_that_ids_of_old_torch_are_told_by_the_groups_order(tmp_path: Path) -> None:
    model = Net()
    saved = stepped(torch.optim.Adam(model.parameters())).state_dict()
    ids = [140302396009424 - 72 * n for n in range(len(saved["state"]))]
    saved["param_groups"][0]["params"] = ids
    saved["state"] = {ids[n]: saved["state"][n] for n in sorted(saved["state"], reverse=True)}
    found = one(tmp_path, {"model": model.state_dict(), "optimizer": saved})
    assert [*found.parameters.values()] == [f"model.{name}" for name, _ in model.named_parameters()]


def test_that_no_optimizer_is_seen_where_none_is(tmp_path: Path) -> None:
    assert optimizers(opened(tmp_path, {"state": {"a": torch.zeros(2)}, "param_groups": 3})) == ()
    assert optimizers(opened(tmp_path, Net().state_dict())) == ()
    plain = torch.optim.SGD(Net().parameters(), lr=0.1)
    assert optimizers(opened(tmp_path, {"optimizer": plain.state_dict()})) == ()


def tensor(n: int, shape: tuple[int, ...]) -> TensorInfo:
    return TensorInfo(f"t{n}", shape, "float32", None, (), 0, "", 0)


SHAPES = st.sampled_from([(1,), (2,), (3,)])


@given(st.lists(SHAPES, min_size=1, max_size=6), st.data())
@settings(deadline=None)
def test_that_what_is_told_is_so_in_every_reading(shapes: list[tuple[int, ...]], data: st.DataObject) -> None:
    """Against trying every way to deal the model's tensors to two groups, in order."""
    tensors = [tensor(n, shape) for n, shape in enumerate(shapes)]
    dealt = data.draw(st.lists(st.integers(0, 2), min_size=len(shapes), max_size=len(shapes)))
    groups = [[Slot(f"{group}.{k}", shapes[n]) for k, n in enumerate([n for n, at in enumerate(dealt) if at == group])] for group in (0, 1)]
    ways = []
    for way in itertools.product((0, 1, 2), repeat=len(shapes)):
        picked = [[n for n, at in enumerate(way) if at == group] for group in (0, 1)]
        if all([shapes[n] for n in places] == [slot.shape for slot in group] for places, group in zip(picked, groups, strict=True)):
            ways.append({slot.id: f"t{n}" for places, group in zip(picked, groups, strict=True)
                         for n, slot in zip(places, group, strict=True)})
    found = read(groups, tensors)
    by_convention = found is not None and found.exact and (sum(map(bool, groups)) == 1 or all(len(group) == 1 for group in groups))
    if not any(groups):
        assert found is None
    elif not by_convention:
        assert found is not None
        assert all(way[id] == key for way in ways for id, key in found.found.items())
    else:
        assert {**found.found} in ways  # type: ignore[union-attr]


_SEGMENT = st.sampled_from(("0", "1", "10", "exp_avg", "step", "fc", "weight", ""))


@given(st.lists(st.lists(_SEGMENT, min_size=1, max_size=4).map(".".join), max_size=14, unique=True),
       st.sets(st.lists(_SEGMENT, min_size=1, max_size=2).map(".".join), max_size=6), st.integers(1, 5))
def test_that_what_follows_each_other_is_told_apart_as_one_by_one(rests: list[str], ids: set[str], at_once: int) -> None:
    keys = [f"o.state.{rest}" for rest in rests]
    state = _State(len("o.state."), {id: id for id in ids})
    for first in range(0, len(keys), at_once):
        state.add(keys[first:first + at_once], [(n,) for n in range(len(keys))][first:first + at_once])
    there: dict[str, dict[str, Any]] = {}
    for n, (key, rest) in enumerate(zip(keys, rests, strict=True)):
        id, field = entry_of(rest, ids)
        there.setdefault(id, {})[field] = key, (n,)
    assert [*state] == [*there]
    assert {id: [*state.fields(id).items()] for id in there} == {id: [*fields.items()] for id, fields in there.items()}
    assert state == {id: tuple(key for key, _ in fields.values()) for id, fields in there.items()}
    assert state.unlisted() == [id for id in there if id not in ids]
    assert "not there" not in state
    assert state.fields("not there") == {}


def test_that_the_ids_of_an_optimizer_are_gone_through_once_for_all_its_tensors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from inspector.core.training import optimizers as module
    asked: list[int] = []
    entry_of = module.entry_of

    def watched(rest: str, ids: Any = ()) -> tuple[str, str]:
        asked.append(id(ids))
        return entry_of(rest, ids)
    monkeypatch.setattr(module, "entry_of", watched)
    gone_through: list[str] = []

    class Ids(dict[str, Any]):
        def __iter__(self) -> Any:
            gone_through.append("once")
            return super().__iter__()

    collected = module._Raw.__init__

    def raw(self: Any, *arguments: Any) -> None:
        collected(self, *arguments)
        self.groups["0"] = Ids()
    monkeypatch.setattr(module._Raw, "__init__", raw)
    torch.save({"state": {f"w{n}": {"exp_avg": torch.ones(2)} for n in range(50)},
                "param_groups": [{"lr": 0.1, "params": [f"w{n}" for n in range(50)]}]}, tmp_path / "o.pth")
    (found,) = optimizers(core.open(tmp_path / "o.pth"))
    assert (len(found.parameters), len(set(asked))) == (50, 1)
    during = gone_through.count("once")
    assert during < 10


def test_that_hundreds_of_optimizers_are_not_tried_with_hundreds_of_models_each() -> None:
    state = {"state": {0: {"momentum_buffer": np.ones(2)}}, "param_groups": [{"lr": 0.1, "momentum": 0.9, "params": [0]}]}
    models = {f"m{n}": {"w": np.ones(2)} for n in range(101)}
    [*_, last] = core.optimizers({**models, **{f"o{n}": state for n in range(101)}})
    assert last.models == ()
    assert last.reason == "101 optimizers and 101 models are too many to try each with each"
    [*_, last] = core.optimizers({**models, **{f"o{n}": state for n in range(2)}})
    assert "too many" not in last.reason


def test_that_names_go_with_the_ids_at_their_places_in_whatever_order_both_lists_are_written() -> None:
    lists = {"params": [9, 7, 8], "param_names": ["c", "a", "b", "of none"]}
    state = {n: {"exp_avg": np.ones(n)} for n in (7, 8, 9)}
    model = {name: np.ones(n) for name, n in (("b", 8), ("c", 9), ("a", 7))}
    for group in (lists, dict(reversed(lists.items()))):
        found = core.optimizers(core.edit({"model": model, "optimizer": {"state": state, "param_groups": [group]}}, []))
        assert [dict(one.parameters) for one in found] == [{"9": "model.c", "7": "model.a", "8": "model.b"}]


def test_that_what_is_told_of_an_optimizer_holds_each_id_once() -> None:
    many = 20_000
    ckpt = core.edit({"o": {"state": {n: {"exp_avg": np.ones(1), "step": n} for n in range(many)},
                            "param_groups": [{"params": [*range(many)]}]}}, [])
    core.optimizers(ckpt)                       # what is loaded and kept by others
    tracemalloc.start()
    try:
        found = core.optimizers(ckpt)
        kept, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found[0].slots) == many
    assert kept < 250 * many
    assert most < 350 * many
