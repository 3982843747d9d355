"""Several checkpoints as one: of every container, into every container."""
from __future__ import annotations

import argparse
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from inspector import core

ENCODER = {"encoder.weight": torch.arange(6.0).reshape(2, 3), "encoder.bias": torch.ones(2)}
DECODER = {"decoder.weight": torch.zeros(3, dtype=torch.float16), "steps": torch.tensor(7)}
KINDS = ("zip", "legacy", "safetensors", "pickle", "numpy")


def written(path: Path, value: dict[str, torch.Tensor], kind: str) -> Path:
    path = path.with_suffix(".safetensors" if kind == "safetensors" else ".pth")
    if kind == "safetensors":
        save_file(value, path)
    elif kind == "pickle":
        path.write_bytes(pickle.dumps(value))
    elif kind == "numpy":
        path.write_bytes(pickle.dumps({key: tensor.numpy() for key, tensor in value.items()}))
    else:
        torch.save(value, path, _use_new_zipfile_serialization=kind == "zip")
    return path


def same(found: dict[str, Any], want: dict[str, torch.Tensor]) -> bool:
    return set(found) == set(want) and all(found[key].dtype == want[key].dtype and torch.equal(found[key], want[key]) for key in want)


@pytest.mark.parametrize("other", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_that_the_keys_of_all_are_in_the_one_file(tmp_path: Path, kind: str, other: str) -> None:
    merged = core.merge([written(tmp_path / "a", ENCODER, kind), written(tmp_path / "b", DECODER, other)])
    assert set(merged.tensors) == {*ENCODER, *DECODER}
    assert merged.state_dicts == ("",)
    core.save(merged, tmp_path / "one.pth")
    core.save(merged, tmp_path / "one.safetensors")
    core.save(merged, tmp_path / "set", shard_size=20)
    assert same(torch.load(tmp_path / "one.pth", weights_only=True), {**ENCODER, **DECODER})
    assert same(load_file(tmp_path / "one.safetensors"), {**ENCODER, **DECODER})
    assert same(core.load_state_dict(tmp_path / "set"), {**ENCODER, **DECODER})


def test_that_a_set_of_files_is_merged_like_one(tmp_path: Path) -> None:
    core.save(core.open(written(tmp_path / "a", ENCODER, "safetensors")), tmp_path / "set", shard_size=20)
    for name, kind in (("one.safetensors", "safetensors"), ("one.pth", "zip")):
        core.save(core.merge([tmp_path / "set", written(tmp_path / "b", DECODER, kind)]), tmp_path / name)
        assert same(core.load_state_dict(tmp_path / name), {**ENCODER, **DECODER})


def test_that_what_is_nested_is_joined_and_objects_stay(tmp_path: Path) -> None:
    tied = torch.ones(4)
    first = {"model": OrderedDict(a=tied, b=tied), "config": {"lr": 0.1, "net": {"depth": 3}}, "args": argparse.Namespace(seed=1),
             "epoch": 3}
    second = {"model": OrderedDict(c=torch.arange(3.0)), "config": {"net": {"width": 4}}, "epoch": 3, "history": [1, {"loss": 0.5}]}
    torch.save(first, tmp_path / "a.pth")
    torch.save(second, tmp_path / "b.pth")
    merged = core.merge([tmp_path / "a.pth", str(tmp_path / "b.pth")])
    core.save(merged, tmp_path / "one.pth", keep_code=["*"])
    found = torch.load(tmp_path / "one.pth", weights_only=False)
    assert list(found) == ["model", "config", "args", "epoch", "history"]
    assert (found["config"], found["args"], found["epoch"]) == ({"lr": 0.1, "net": {"depth": 3, "width": 4}}, first["args"], 3)
    assert found["history"] == [1, {"loss": 0.5}]
    assert found["model"]["a"] is found["model"]["b"]
    assert found["model"]["c"].tolist() == [0, 1, 2]
    core.save(core.edit(merged, [core.Extract("model")]), tmp_path / "model.safetensors")
    assert load_file(tmp_path / "model.safetensors")["c"].tolist() == [0, 1, 2]


def test_that_the_versions_of_modules_are_those_of_all(tmp_path: Path) -> None:
    one, two = nn.Sequential(OrderedDict(fc=nn.Linear(2, 2))).state_dict(), nn.Sequential(OrderedDict(bn=nn.BatchNorm1d(2))).state_dict()
    torch.save(one, tmp_path / "a.pth")
    torch.save(two, tmp_path / "b.pth")
    core.save(core.merge([tmp_path / "a.pth", tmp_path / "b.pth"]), tmp_path / "one.pth")
    found = torch.load(tmp_path / "one.pth", weights_only=True)
    nn.Sequential(OrderedDict(fc=nn.Linear(2, 2), bn=nn.BatchNorm1d(2))).load_state_dict(found)
    assert found._metadata == {"": {"version": 1}, "fc": {"version": 1}, "bn": {"version": 2}}


def test_that_texts_of_safetensors_are_kept_and_a_difference_is_told(tmp_path: Path) -> None:
    save_file(ENCODER, tmp_path / "a.safetensors", {"format": "pt", "author": "x"})
    save_file(DECODER, tmp_path / "b.safetensors", {"author": "y", "license": "mit"})
    merged = core.merge([tmp_path / "a.safetensors", tmp_path / "b.safetensors"])
    assert [finding.id for finding in merged.findings if "author" in finding.message] == ["merged-metadata"]
    core.save(merged, tmp_path / "one.safetensors")
    with safe_open(tmp_path / "one.safetensors", "pt") as file:
        assert file.metadata() == {"format": "pt", "author": "x", "license": "mit"}


@pytest.mark.parametrize(("one", "other", "key"), [
    ({"w": torch.ones(2)}, {"w": torch.ones(2)}, "w"), ({"epoch": 3, "w": torch.ones(1)}, {"epoch": 4}, "epoch"),
    ({"m": {"w": torch.ones(2)}}, {"m": {"w": torch.ones(2)}}, "m.w"), ({"m": {"w": torch.ones(2)}}, {"m": torch.ones(2)}, "m"),
    ({"m": [1]}, {"m": [2]}, "m"), ({"x": True}, {"x": 1}, "x"),
])
@pytest.mark.parametrize("swapped", [False, True])
def test_that_two_things_of_one_name_are_refused(tmp_path: Path, one: Any, other: Any, key: str, swapped: bool) -> None:
    torch.save(other if swapped else one, tmp_path / "a.pth")
    torch.save(one if swapped else other, tmp_path / "b.pth")
    with pytest.raises(core.EditError, match=key) as refused:
        core.merge([tmp_path / "a.pth", tmp_path / "b.pth"])
    assert (refused.value.id, refused.value.where) == ("clash", key)


def test_that_two_tensors_of_one_name_are_refused_in_safetensors(tmp_path: Path) -> None:
    with pytest.raises(core.EditError, match="neither can be told"):
        core.merge([written(tmp_path / "a", ENCODER, "safetensors"), written(tmp_path / "b", ENCODER, "safetensors")])


@pytest.mark.parametrize("value", [torch.ones(2), [torch.ones(2)], nn.Linear(2, 2)], ids=["tensor", "list", "module"])
def test_that_what_is_no_dict_is_refused(tmp_path: Path, value: Any) -> None:
    torch.save(value, tmp_path / "a.pth")
    with pytest.raises(core.EditError) as refused:
        core.merge([written(tmp_path / "b", ENCODER, "zip"), tmp_path / "a.pth"])
    assert refused.value.id == "no_dict"


def test_that_a_merged_file_may_replace_one_of_its_own(tmp_path: Path) -> None:
    one, other = written(tmp_path / "a", ENCODER, "zip"), written(tmp_path / "b", DECODER, "zip")
    core.save(core.merge([one, other]), one)
    assert same(torch.load(one, weights_only=True), {**ENCODER, **DECODER})


def test_that_edited_checkpoints_are_merged_as_they_are_now(tmp_path: Path) -> None:
    one = core.edit(written(tmp_path / "a", ENCODER, "zip"), [core.StripPrefix("encoder."), core.Drop("bias")])
    other = core.edit(written(tmp_path / "b", DECODER, "safetensors"), [core.AddPrefix("d.")])
    core.save(core.merge([one, other]), tmp_path / "one.pth")
    assert set(torch.load(tmp_path / "one.pth", weights_only=True)) == {"weight", "d.decoder.weight", "d.steps"}
    with pytest.raises(core.EditError) as refused:
        core.merge([core.edit(one, [core.Cast("float64")]), other])
    assert refused.value.id == "converted"


def test_that_one_is_itself_and_none_is_a_mistake(tmp_path: Path) -> None:
    ckpt = core.open(written(tmp_path / "a", ENCODER, "zip"))
    assert core.merge([ckpt]) is ckpt
    with pytest.raises(core.UsageError):
        core.merge([])


def test_that_values_are_those_of_each_file(tmp_path: Path) -> None:
    merged = core.merge([written(tmp_path / "a", ENCODER, "numpy"), written(tmp_path / "b", DECODER, "legacy")])
    assert np.array_equal(core.read_numpy(merged, "encoder.weight"), ENCODER["encoder.weight"].numpy())
    assert core.read_numpy(merged, "steps") == 7
ONE_TO_PYTHON = [(1, True), (0, -0.0), (2 ** 70, 2.0 ** 70), ((1,), (True,)), ((1, ("a", 0)), (1.0, ("a", False))),
                 (torch.float32, torch.float32)]
TWO_TO_PYTHON = [(1, "1"), (None, "None"), ((1,), "(1,)"), (("1",), (1,)), (b"a", "b'a'"), ((), ((),))]


@pytest.mark.parametrize(("one", "other"), ONE_TO_PYTHON + [(b, a) for a, b in ONE_TO_PYTHON])
def test_that_keys_that_are_one_to_python_are_one(tmp_path: Path, one: Any, other: Any) -> None:
    torch.save({"m": {one: {"x": 5, "a": torch.ones(1)}}, "n": {one: 7}}, tmp_path / "a.pth")
    torch.save({"m": {other: {"x": 5, "b": torch.zeros(1)}}, "n": {other: 7}}, tmp_path / "b.pth")
    core.save(core.merge([tmp_path / "a.pth", tmp_path / "b.pth"]), tmp_path / "one.pth")
    found = torch.load(tmp_path / "one.pth", weights_only=True)
    assert found["n"] == {one: 7}
    assert list(found["m"][other]) == ["x", "a", "b"]
    torch.save({"m": {other: 6}}, tmp_path / "b.pth")
    with pytest.raises(core.EditError, match="neither can be told"):
        core.merge([tmp_path / "a.pth", tmp_path / "b.pth"])


@pytest.mark.parametrize(("one", "other"), TWO_TO_PYTHON + [(b, a) for a, b in TWO_TO_PYTHON])
def test_that_keys_that_only_look_alike_are_two(tmp_path: Path, one: Any, other: Any) -> None:
    torch.save({"m": {one: torch.ones(1)}}, tmp_path / "a.pth")
    torch.save({"m": {other: torch.zeros(1)}}, tmp_path / "b.pth")
    core.save(core.merge([tmp_path / "a.pth", tmp_path / "b.pth"]), tmp_path / "one.pth")
    found = torch.load(tmp_path / "one.pth", weights_only=True)["m"]
    assert [*found] == [one, other]
    assert [found[one].item(), found[other].item()] == [1, 0]
