from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from inspector import core
from inspector.core.edits.tools import dropping
from inspector.core.keypath import join, relative
from tests.core.edits.made import names, net, opened, state_dict, training


@pytest.mark.parametrize(("glob", "left"), [
    ("a", ["b.w", "ab.w"]), ("a.*", ["b.w", "ab.w"]), ("*.w", ["a.x"]), ("b.w", ["a.w", "a.x", "ab.w"]), ("{a,b}.w", ["a.x", "ab.w"]),
    ("a?", ["a.w", "a.x", "b.w"]), ("nothing", ["a.w", "a.x", "b.w", "ab.w"]), ("A", ["a.w", "a.x", "b.w", "ab.w"]),
])
def test_that_a_pattern_means_keys_and_all_under_them(tmp_path: Path, glob: str, left: list[str]) -> None:
    ckpt = opened(tmp_path, {"model": state_dict("a.w", "a.x", "b.w", "ab.w"), "epoch": 1})
    assert names(core.edit(ckpt, [core.Drop(glob)])) == [f"model.{name}" for name in left]


def test_that_storages_state_dicts_and_metadata_go_with_the_last_tensor(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, {"model": state_dict("a.w", "b.w", metadata={"": {}, "a": {}, "a.act": {}, "b": {}}), "ema": state_dict("a.w")})
    new = core.edit(ckpt, [core.Drop("ema"), core.Drop("model.a")])
    assert new.state_dicts == ("model",)
    assert set(new.storages) == {new.tensors["model.b.w"].storage}
    assert dict(new.module_metadata) == {"model": {"": {}, "b": {}}}


def test_that_a_shared_storage_stays_for_whoever_is_left(tmp_path: Path) -> None:
    tied = torch.ones(3)
    new = core.edit(opened(tmp_path, {"a": tied, "b": tied}), [core.Drop("a")])
    assert list(new.storages) == [new.tensors["b"].storage]
    assert core.read_numpy(new, "b").tolist() == [1, 1, 1]


def test_that_lists_close_up(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, {"config": {"layers": [1, [2, 3], 4], "0": {"1": 5}}, "w": torch.ones(1)})
    new = core.edit(ckpt, [core.Drop("config.layers.0"), core.Drop("config.layers.0.0"), core.Drop("config.0.0")])
    assert dict(new.values) == {"config.layers.0.0": 3, "config.layers.1": 4, "config.0.1": 5}
    assert new.edited is not None
    assert new.edited.origin["config.layers.0.0"] == "config.layers.1.1"


def test_that_nothing_left_is_an_error(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, state_dict("a"))
    with pytest.raises(core.EditError, match="nothing would be left"):
        core.edit(ckpt, [core.Drop("*")])
    with pytest.raises(core.EditError, match="nothing fits"):
        core.edit(ckpt, [core.Keep("b")])


def test_that_keeping_is_dropping_the_rest(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, training(net()))
    new = core.edit(ckpt, [core.Keep("{model,epoch}")])
    assert list(new.values) == ["epoch"]
    assert new.state_dicts == ("model",)
    assert names(core.edit(ckpt, [core.Keep("fc1.*")])) == ["model.fc1.weight", "model.fc1.bias"]


@pytest.mark.parametrize("named", [False, True])
def test_that_the_state_of_dropped_parameters_goes_and_the_rest_loads_by_order(tmp_path: Path, named: bool) -> None:
    model = net()
    before = training(model, groups=2 if named else 1, named=named)
    ckpt = opened(tmp_path, before)
    new = core.edit(ckpt, [core.Drop("fc1")])
    kept = [n for n, (name, _) in enumerate(model.named_parameters()) if not name.startswith("fc1")]
    assert sorted({int(key.split(".")[2]) for key in new.tensors if key.startswith("optimizer.state")}) == kept
    listed = [value for key, value in new.values.items() if ".params." in key]
    assert listed == kept
    groups = [key for key in new.values if ".param_groups." in key and key.rpartition(".")[2].isdigit()]
    assert all(int(key.rpartition(".")[2]) < 6 for key in groups)
    if named:
        assert [value for key, value in new.values.items() if ".param_names." in key] == [
            name for name, _ in model.named_parameters() if not name.startswith("fc1")]


def test_that_groups_without_names_are_not_guessed_at(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, training(net(), groups=2))
    effect, = core.effects(ckpt, [core.Drop("fc1")])
    assert effect.dropped == ("model.fc1.weight", "model.fc1.bias")
    assert "fit more than one tensor" in effect.notes[0]


def test_that_attributes_of_objects_stay_with_them(tmp_path: Path) -> None:
    with pytest.raises(core.EditError, match="--extract"):
        core.edit(opened(tmp_path, net()), [core.Drop("fc1")])


def test_that_too_many_alternatives_are_refused() -> None:
    with pytest.raises(core.EditError, match="alternatives"):
        core.parse_edit("drop", "{a,b}" * 12)


@pytest.mark.parametrize("thing", [
    {"a": torch.ones(1), "b": torch.ones(2), "epoch": 3, "lr": 0.1}, {"a": torch.ones(1), "b": torch.ones(2), "epoch": 3},
    {"model": {"w": torch.ones(1)}, "a": torch.ones(1), "epoch": 3}, nn.Linear(2, 2).state_dict(), {"epoch": 3, "a": torch.ones(1)}])
def test_that_what_is_left_is_of_the_kind_that_it_is_when_it_is_opened_again(tmp_path: Path, thing: dict[str, object]) -> None:
    for key in thing:
        torch.save(thing, tmp_path / "whole.pth")
        left = core.edit(tmp_path / "whole.pth", [core.Drop(key)])
        core.save(left, tmp_path / "left.pth")
        assert left.kind == core.open(tmp_path / "left.pth").kind


def test_that_state_under_names_that_begin_with_a_number_goes_along(tmp_path: Path) -> None:
    """As FSDP and torch.distributed.checkpoint.state_dict name it, of a Sequential."""
    net = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Linear(2, 1))
    state = {name: {"step": torch.tensor(1.0), "exp_avg": torch.zeros_like(p)} for name, p in net.named_parameters()}
    groups = [{"lr": 0.1, "params": list(state)}]
    torch.save({"model": net.state_dict(), "optimizer": {"state": state, "param_groups": groups}}, tmp_path / "a.pth")
    core.save(core.edit(tmp_path / "a.pth", [core.Drop("model.1.*")]), tmp_path / "dropped.pth")
    found = torch.load(tmp_path / "dropped.pth", weights_only=True)
    assert [*found["optimizer"]["state"]] == found["optimizer"]["param_groups"][0]["params"] == [*found["model"]] == ["0.weight", "0.bias"]
    core.save(core.edit(tmp_path / "a.pth", [core.Rename(r"^0\.", "stem.")]), tmp_path / "renamed.pth")
    found = torch.load(tmp_path / "renamed.pth", weights_only=True)
    assert [*found["optimizer"]["state"]] == found["optimizer"]["param_groups"][0]["params"] == [*found["model"]]
    assert next(iter(found["model"])) == "stem.weight"


@pytest.mark.parametrize("path", ["", "a", "a.b.c"])
def test_that_a_key_in_one_list_closes_up_as_one_in_several_does(path: str) -> None:
    places = {path: {n: n // 2 for n in range(0, 40, 2)}}
    for key in (join(path, f"{n}{rest}") for n in range(0, 40, 2) for rest in ("", ".w", ".3", ".x.8.y", "..")):
        assert dropping._renumbered_in(key, path, places[path]) == dropping._renumbered(key, places)
        assert dropping._index(key, path) == int(relative(key, path).partition(".")[0])
