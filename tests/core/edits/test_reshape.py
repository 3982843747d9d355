"""Tensors under another shape, against torch; reshaped back they are as before."""
from __future__ import annotations

from collections import OrderedDict
from math import prod
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from inspector import core
from tests.core.edits.made import opened


def test_that_a_patch_embedding_as_a_matrix_computes_the_same(tmp_path: Path) -> None:
    convolution, linear = nn.Conv2d(3, 8, 4, 4), nn.Linear(48, 8)
    core.save(core.edit(opened(tmp_path, convolution.state_dict()), [core.Reshape("weight", (8, -1))]), tmp_path / "out.pth")
    linear.load_state_dict(torch.load(tmp_path / "out.pth", weights_only=True))
    image = torch.randn(1, 3, 4, 4)
    assert torch.allclose(linear(image.reshape(1, 48)), convolution(image).reshape(1, 8), atol=1e-6)


def test_that_ties_stay_and_the_optimizer_is_reshaped_along(tmp_path: Path) -> None:
    model = nn.ModuleDict({"a": nn.Linear(3, 4, bias=False), "b": nn.Linear(3, 4, bias=False)})
    model["b"].weight = model["a"].weight
    optimizer = torch.optim.AdamW(model.parameters())
    model["a"](torch.randn(4, 3)).sum().backward()
    optimizer.step()
    ckpt = opened(tmp_path, {"model": model.state_dict(), "optimizer": optimizer.state_dict()})
    edits = [core.Reshape("a.weight", (2, 2, 3))]
    core.save(core.edit(ckpt, edits), tmp_path / "out.pth")
    found = torch.load(tmp_path / "out.pth", weights_only=True)
    assert found["model"]["a.weight"].data_ptr() == found["model"]["b.weight"].data_ptr()
    assert torch.equal(found["model"]["a.weight"], model["a"].weight.reshape(2, 2, 3))
    moments = optimizer.state_dict()["state"][0]
    assert torch.equal(found["optimizer"]["state"][0]["exp_avg"], moments["exp_avg"].reshape(2, 2, 3))
    assert torch.equal(found["optimizer"]["state"][0]["step"], moments["step"])
    [effect] = core.effects(ckpt, edits)
    assert effect.notes == ("2 tensors of the optimizer are reshaped along.",)


def test_that_what_does_not_fit_is_left_alone_or_refused_by_name(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, OrderedDict(w=torch.randn(4, 3), b=torch.ones(5)))
    new = core.edit(ckpt, [core.Reshape("*", (6, 2))])
    assert new.tensors["w"].shape == (6, 2)
    assert new.tensors["b"] is ckpt.tensors["b"]
    [effect] = core.effects(ckpt, [core.Reshape("*", (6, 2))])
    assert effect.notes == ("Left alone: 1 tensor of another number of elements.",)
    with pytest.raises(core.EditError, match="has 5 elements"):
        core.edit(ckpt, [core.Reshape("b", (2, -1))])


@settings(max_examples=60, deadline=None)
@given(shape=st.lists(st.integers(0, 5), max_size=4), dtype=st.sampled_from(["f2", "f4", "f8", "i8", "u1", "?", "c8"]),
       strided=st.booleans(), data=st.data())
def test_that_it_is_what_numpy_makes_and_back_it_is_as_before(shape: list[int], dtype: str, strided: bool, data: st.DataObject) -> None:
    w = np.random.default_rng(0).integers(0, 100, shape).astype(dtype)
    if strided and shape:
        w = w.swapaxes(0, -1)[::2]
    factors = [n for n in range(1, w.size + 1) if w.size % n == 0] or [0]
    first = data.draw(st.sampled_from(factors))
    wanted = (first, -1) if first else w.shape[::-1]
    ckpt = core.edit({"w": w}, [])
    once = core.edit(ckpt, [core.Reshape("w", wanted)])
    assert np.array_equal(once["w"].numpy(), w.reshape(wanted))
    assert np.array_equal(once["w"][:1], w.reshape(wanted)[:1])
    back = core.edit(once, [core.Reshape("w", w.shape)])
    assert np.array_equal(back["w"].numpy(), w)
    assert core.digest(back, "w") == core.digest(ckpt, "w")


def test_that_it_goes_with_the_other_edits_that_rearrange(tmp_path: Path) -> None:
    """Each of them reads what the one before has made."""
    w = torch.randn(4, 6)
    ckpt = opened(tmp_path, OrderedDict(w=w, v=w + 1))
    edits = [core.Transpose("w"), core.Reshape("w", (3, 8)), core.Transpose("w"), core.Reshape("w", (2, 3, 4)), core.Cast("float64", "w"),
             core.Reshape("v", (1, 4, 6)), core.Transpose("v", (2, 0, 1)), core.Split("v", 0, (("v1", 2), ("v2", -1))),
             core.Concat(("v1", "v2"), "v", 0), core.Reshape("v", (24,))]
    core.save(core.edit(ckpt, edits), tmp_path / "out.pth")
    found = torch.load(tmp_path / "out.pth", weights_only=True)
    assert torch.equal(found["w"], w.T.reshape(3, 8).T.reshape(2, 3, 4).double())
    assert torch.equal(found["v"], (w + 1)[None].permute(2, 0, 1).reshape(24))


@pytest.mark.parametrize("text", ["w=2,-1", "a.*.w=1,2,3", "w="])
def test_that_a_recipe_brings_it_back(text: str) -> None:
    edit = core.parse_edit("reshape", text)
    assert edit.text == text
    assert core.from_recipe(core.to_recipe([edit])) == [edit]


@pytest.mark.parametrize("text", ["w", "=2", "w=-1,-1", "w=a", "w=0,-1", "w=-2", "w=" + "1," * 70 + "1"])
def test_that_what_is_no_shape_is_refused(text: str) -> None:
    with pytest.raises(core.EditError):
        core.parse_edit("reshape", text)


def test_that_a_scalar_and_a_vector_of_one_become_each_other() -> None:
    ckpt = core.edit({"w": np.ones(1)}, [core.Reshape("w", ())])
    assert ckpt["w"].shape == ()
    assert prod(core.edit(ckpt, [core.Reshape("w", (1, 1))])["w"].shape) == 1


def test_that_the_modules_are_listed_once_for_all_tensors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of thousands of tensors asked all state dicts which of them are modules."""
    asked = []
    modules = core.Checkpoint.modules.fget              # type: ignore[attr-defined]
    monkeypatch.setattr(core.Checkpoint, "modules", property(lambda ckpt: (asked.append(1), modules(ckpt))[1]))
    counts = []
    for n in (2, 20):
        torch.save({f"w{i}": torch.ones(2, 3) for i in range(n)}, tmp_path / "a.pth")
        asked.clear()
        core.edit(tmp_path / "a.pth", [core.Reshape("w*", (6,))])
        counts.append(len(asked))
    assert counts[0] == counts[1]
