"""Transposed tensors, against torch; twice is as before."""
from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from inspector import core
from tests.core.edits.made import opened


def test_that_a_transposed_state_dict_computes_the_same(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    there = model.state_dict()
    ckpt = opened(tmp_path, OrderedDict((key, value.T.contiguous() if value.ndim == 2 else value) for key, value in there.items()))
    core.save(core.edit(ckpt, [core.Transpose("*.weight")]), tmp_path / "out.pth")
    other = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    found = torch.load(tmp_path / "out.pth", weights_only=True)
    assert all(value.is_contiguous() for value in found.values())
    other.load_state_dict(found)
    given_ = torch.randn(2, 3)
    assert torch.equal(other(given_), model(given_))


def test_that_ties_stay_and_the_optimizer_is_turned_along(tmp_path: Path) -> None:
    model = nn.ModuleDict({"a": nn.Linear(3, 2, bias=False), "b": nn.Linear(3, 2, bias=False)})
    model["b"].weight = model["a"].weight
    optimizer = torch.optim.AdamW(model.parameters())
    model["a"](torch.randn(4, 3)).sum().backward()
    optimizer.step()
    ckpt = opened(tmp_path, {"model": model.state_dict(), "optimizer": optimizer.state_dict()})
    new = core.edit(ckpt, [core.Transpose("a.weight")])
    core.save(new, tmp_path / "out.pth")
    found = torch.load(tmp_path / "out.pth", weights_only=True)
    assert found["model"]["a.weight"].data_ptr() == found["model"]["b.weight"].data_ptr()
    assert torch.equal(found["model"]["a.weight"], model["a"].weight.T)
    moments = optimizer.state_dict()["state"][0]
    assert torch.equal(found["optimizer"]["state"][0]["exp_avg"], moments["exp_avg"].T)
    assert torch.equal(found["optimizer"]["state"][0]["exp_avg_sq"], moments["exp_avg_sq"].T)
    [effect] = core.effects(ckpt, [core.Transpose("a.weight")])
    assert effect.notes == ("2 tensors of the optimizer are turned along.",)
    untouched = core.edit(ckpt, [core.Transpose("*.step")])
    assert untouched.tensors == ckpt.tensors


def test_that_of_more_dimensions_the_last_two_change_places_and_fewer_are_left(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, OrderedDict(w=torch.randn(2, 3, 4), b=torch.ones(3)))
    new = core.edit(ckpt, [core.Transpose("*")])
    assert np.array_equal(new["w"].numpy(), core.read_numpy(ckpt, "w").swapaxes(1, 2))
    assert new.tensors["b"] is ckpt.tensors["b"]
    [effect] = core.effects(ckpt, [core.Transpose("*")])
    assert effect.notes == ("Of 1 tensor of more than two dimensions the last two change places: w [2, 3, 4].",
                            "Left alone: 1 tensor that is no matrix.")
    with pytest.raises(core.EditError, match="nothing to transpose"):
        core.edit(ckpt, [core.Transpose("b")])


@settings(max_examples=40, deadline=None)
@given(shape=st.lists(st.integers(0, 5), min_size=2, max_size=4), dtype=st.sampled_from(["f2", "f4", "f8", "i8", "u1", "?", "c8"]),
       strided=st.booleans())
def test_that_twice_is_as_before(shape: list[int], dtype: str, strided: bool) -> None:
    w = (np.random.default_rng(0).integers(0, 100, shape)).astype(dtype)
    ckpt = core.edit({"w": w.swapaxes(0, -1)[::2] if strided else w}, [])
    once = core.edit(ckpt, [core.Transpose("w")])
    assert np.array_equal(once["w"].numpy(), ckpt["w"].numpy().swapaxes(-1, -2))
    assert np.array_equal(core.edit(once, [core.Transpose("w")])["w"].numpy(), ckpt["w"].numpy())


@settings(max_examples=30, deadline=None)
@given(order=st.permutations(range(4)), shape=st.tuples(*[st.integers(1, 4)] * 4))
def test_that_an_order_of_dimensions_is_that_of_torch_and_its_inverse_the_way_back(order: list[int], shape: tuple[int, ...]) -> None:
    w = np.random.default_rng(0).random(shape)
    ckpt = core.edit({"w": w}, [])
    once = core.edit(ckpt, [core.Transpose("w", tuple(order))])
    assert np.array_equal(once["w"].numpy(), w.transpose(order))
    back = core.edit(once, [core.Transpose("w", tuple(map(order.index, range(4))))])
    assert np.array_equal(back["w"].numpy(), w)


def test_that_an_order_is_written_behind_the_name_and_only_fits_as_many_dimensions() -> None:
    edit = core.parse_edit("transpose", "*.kernel=3,2,0,1")
    assert edit == core.Transpose("*.kernel", (3, 2, 0, 1))
    assert core.from_recipe(core.to_recipe([edit])) == [edit]
    assert core.parse_edit("transpose", "a=b") == core.Transpose("a=b")
    new = core.edit({"a": np.ones((1, 2, 3, 4)), "b": np.ones((2, 3))}, [core.Transpose("*", (3, 2, 0, 1))])
    assert (new["a"].shape, new["b"].shape) == ((4, 3, 1, 2), (2, 3))
    with pytest.raises(core.EditError, match="is no order"):
        core.parse_edit("transpose", "w=0,2")
    with pytest.raises(core.EditError, match="2 dimensions"):
        core.edit({"b": np.ones((2, 3))}, [core.Transpose("b", (0, 2, 1))])
