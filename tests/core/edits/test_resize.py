"""Rows cut off and added: the kept ones bit for bit, tied tensors and the optimizer's moments in step, against torch."""
from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from inspector import core
from tests.core.edits.made import opened


class Language(nn.Module):
    """An embedding, and a head that is tied to it."""

    def __init__(self, words: int) -> None:
        super().__init__()
        self.embed, self.body = nn.Embedding(words, 4), nn.Linear(4, 4)
        self.head = nn.Linear(4, words)
        self.head.weight = self.embed.weight

    def forward(self, words: torch.Tensor) -> Any:
        return self.head(self.body(self.embed(words)))


MAKERS: dict[str, Any] = {
    "Adam": torch.optim.Adam, "AdamW": torch.optim.AdamW, "AMSGrad": lambda given: torch.optim.Adam(given, amsgrad=True),
    "SGD": lambda given: torch.optim.SGD(given, lr=0.1, momentum=0.9), "RMSprop": torch.optim.RMSprop}


def trained(words: int, make: Any, path: Path, groups: bool = False) -> tuple[Language, torch.optim.Optimizer, core.Checkpoint]:
    torch.manual_seed(0)
    model = Language(words)
    parameters: Any = [{"params": [*model.body.parameters()], "lr": 0.01}, {"params": [model.embed.weight, model.head.bias]}] if groups \
        else model.parameters()
    optimizer = make(parameters)
    for _ in range(3):
        step(model, optimizer, words)
    return model, optimizer, opened(path, {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 1})


def step(model: nn.Module, optimizer: torch.optim.Optimizer, words: int) -> None:
    """One step with gradients for the first `words` rows alone."""
    for parameter in model.parameters():        # the very same numbers for both models, as products of matrices of other sizes are not
        parameter.grad = torch.zeros_like(parameter)
        parameter.grad[:words] = parameter.detach()[:words] * 0.5 + 0.1
    optimizer.step()


@pytest.mark.parametrize("groups", [False, True])
@pytest.mark.parametrize("kind", MAKERS)
def test_that_a_larger_model_goes_on_where_the_smaller_one_stopped(tmp_path: Path, kind: str, groups: bool) -> None:
    model, optimizer, ckpt = trained(10, MAKERS[kind], tmp_path, groups)
    core.save(core.edit(ckpt, [core.Resize("embed.weight", 0, 13), core.Resize("head.bias", 0, 13, "zero")]), tmp_path / "out.pth")
    there = torch.load(tmp_path / "out.pth", weights_only=True)
    larger = Language(13)
    larger.load_state_dict(there["model"])
    assert there["model"]["head.weight"].data_ptr() == there["model"]["embed.weight"].data_ptr()
    words = torch.arange(10)
    assert torch.allclose(larger(words)[:, :10], model(words), atol=1e-6)
    parameters: Any = [{"params": [*larger.body.parameters()], "lr": 0.01}, {"params": [larger.embed.weight, larger.head.bias]}] if groups \
        else larger.parameters()
    going_on = MAKERS[kind](parameters)
    going_on.load_state_dict(there["optimizer"])
    for _ in range(3):
        step(model, optimizer, 10)
        step(larger, going_on, 10)
    assert torch.equal(larger.embed.weight[:10], model.embed.weight)
    assert torch.equal(larger.body.weight, model.body.weight)
    assert torch.equal(larger.head.bias[:10], model.head.bias)


def test_that_rows_are_cut_off_in_all_of_it(tmp_path: Path) -> None:
    model, _, ckpt = trained(10, torch.optim.AdamW, tmp_path)
    core.save(core.edit(ckpt, [core.Resize("model.embed.weight", 0, 6), core.Resize("head.bias", -1, 6)]), tmp_path / "out.pth")
    there = torch.load(tmp_path / "out.pth", weights_only=True)
    smaller = Language(6)
    smaller.load_state_dict(there["model"])
    words = torch.arange(6)
    assert torch.allclose(smaller(words), model(words)[:, :6], atol=1e-6)
    optimizer = torch.optim.AdamW(smaller.parameters())
    optimizer.load_state_dict(there["optimizer"])
    step(smaller, optimizer, 6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("dim", [0, 1, 2])
def test_that_new_rows_are_the_mean_of_the_old(tmp_path: Path, dtype: torch.dtype, dim: int) -> None:
    w = torch.randn(3, 5, 4).to(dtype)
    ckpt = opened(tmp_path, {"w": w})
    core.save(core.edit(ckpt, [core.Resize("w", dim, 8)]), tmp_path / "out.pth")
    found = torch.load(tmp_path / "out.pth")["w"]
    there = w.shape[dim]
    assert torch.equal(found.narrow(dim, 0, there), w)
    mean = w.double().mean(dim, keepdim=True).float().to(dtype)
    assert torch.equal(found.narrow(dim, there, 8 - there), mean.expand([8 - there if d == dim else n for d, n in enumerate(w.shape)]))


def test_that_random_rows_are_as_far_apart_as_the_old_and_the_same_each_time(tmp_path: Path) -> None:
    w = torch.randn(200, 100) * 0.3 + 5
    ckpt = opened(tmp_path, OrderedDict(w=w, v=w + 1))
    new = core.edit(ckpt, [core.Resize("w", 0, 400, "random"), core.Resize("v", 0, 400, "random")])
    core.save(new, tmp_path / "one.safetensors")
    core.save(new, tmp_path / "two.pth")
    found = torch.load(tmp_path / "two.pth")
    assert torch.equal(found["w"][:200], w)
    more = found["w"][200:]
    assert abs(float(more.std()) - 0.3) < 0.01
    assert abs(float(more.mean())) < 0.01
    assert not torch.equal(more, found["v"][200:])
    assert np.array_equal(core.open(tmp_path / "one.safetensors")["w"].numpy(), found["w"].numpy())
    assert np.array_equal(new["w"][250:260, 3:7], found["w"][250:260, 3:7].numpy())       # a part of it, without the rest


def test_that_a_star_means_every_layer_and_a_name_every_state_dict(tmp_path: Path) -> None:
    layers = OrderedDict((f"layers.{n}.bias", torch.ones(3)) for n in range(3))
    ckpt = opened(tmp_path, {"model": layers, "ema": OrderedDict(layers)})
    new = core.edit(ckpt, [core.Resize("layers.*.bias", 0, 5, "zero")])
    assert {info.shape for info in new.tensors.values()} == {(5,)}
    one = core.edit(ckpt, [core.Resize("ema.layers.1.bias", 0, 5, "zero")])
    assert [key for key, info in one.tensors.items() if info.shape == (5,)] == ["model.layers.1.bias", "ema.layers.1.bias"]     # tied
    assert list(new["ema.layers.2.bias"].numpy()) == [1, 1, 1, 0, 0]


def test_that_what_happens_is_said(tmp_path: Path) -> None:
    _, _, ckpt = trained(10, torch.optim.AdamW, tmp_path)
    [effect] = core.effects(ckpt, [core.Resize("embed.weight", 0, 13)])
    assert effect.notes == (
        "model.embed.weight: [10, 4] -> [13, 4], 3 more, the mean of those that were there; model.head.weight with it, tied.",
        "2 tensors of the optimizer change along, with zeros for new rows.")
    [effect] = core.effects(ckpt, [core.Resize("embed.weight", 0, 9)])
    assert effect.notes[0].startswith("model.embed.weight: [10, 4] -> [9, 4], the last 1 are cut off;")
    assert effect.notes[1] == "2 tensors of the optimizer are cut along."
    [effect] = core.effects(ckpt, [core.Resize("embed.weight", 0, 10)])
    assert effect.nothing
    assert effect.notes == ("model.embed.weight has 10 already.",)


def test_that_factored_state_is_said_not_to_be_understood(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = nn.Linear(4, 6)
    optimizer = torch.optim.Adafactor(model.parameters())
    model(torch.randn(2, 4)).sum().backward()
    optimizer.step()
    ckpt = opened(tmp_path, {"model": model.state_dict(), "optimizer": optimizer.state_dict()})
    [effect] = core.effects(ckpt, [core.Resize("weight", 0, 8)])
    assert any("not understood" in note and "row_var" in note for note in effect.notes)
    assert effect.changed == ("model.weight",)


def test_that_what_cannot_be_resized_is_refused_with_the_reason(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, {"i": torch.arange(3), "s": torch.eye(3).to_sparse(), "e": torch.ones(0, 2), "w": torch.ones(2, 2)})
    for edit, why in ((core.Resize("i", 0, 4), "only be zeros"), (core.Resize("s", 0, 4), "layout is sparse_coo"),
                      (core.Resize("e", 0, 4), "no rows to take the mean of"), (core.Resize("w", 2, 4), "none of number 2"),
                      (core.Resize("x", 0, 4), "no tensor 'x'")):
        with pytest.raises(core.EditError, match=why):
            core.edit(ckpt, [edit])
    new = core.edit(ckpt, [core.Resize("i", 0, 5, "zero"), core.Resize("e", 0, 2, "zero")])
    assert list(new["i"].numpy()) == [0, 1, 2, 0, 0]
    assert not new["e"].numpy().any()
    for text in ("w=0", "w:3", "w=0:3:most", "w=x:3", "=0:3"):
        with pytest.raises(core.EditError):
            core.parse_edit("resize", text)
    torch.save(nn.Linear(2, 2), tmp_path / "module.pth")
    with pytest.raises(core.EditError, match="extract"):
        core.edit(tmp_path / "module.pth", [core.Resize("weight", 0, 4)])


@settings(max_examples=40, deadline=None)
@given(shape=st.lists(st.integers(1, 5), min_size=1, max_size=3), more=st.integers(0, 6), data=st.data(),
       fill=st.sampled_from(core.FILLS))
def test_that_cutting_off_what_was_added_gives_what_was_there(shape: list[int], more: int, data: st.DataObject, fill: str) -> None:
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    w = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    there = shape[dim]
    grown = core.edit({"w": w}, [core.Resize("w", dim, there + more, fill)])
    assert grown["w"].shape[dim] == there + more
    assert np.array_equal(np.take(grown["w"].numpy(), range(there), dim), w)
    back = core.edit(grown, [core.Resize("w", dim, there, fill)])
    assert np.array_equal(back["w"].numpy(), w)


def test_that_it_goes_with_other_edits_in_any_order(tmp_path: Path) -> None:
    w = torch.randn(4, 3)
    ckpt = opened(tmp_path, OrderedDict({"m.w": w, "m.c": torch.view_as_complex(torch.randn(3, 2)).conj()}))
    new = core.edit(ckpt, [core.Cast("float16"), core.Resize("m.w", 0, 6, "zero"), core.Cast("float64"), core.Resize("m.w", 1, 2),
                           core.StripPrefix("m."), core.Resize("c", 0, 4, "zero"), core.Unshare("*")])
    core.save(new, tmp_path / "out.pth")
    found = torch.load(tmp_path / "out.pth")
    assert torch.equal(found["w"], torch.cat([w.half(), torch.zeros(2, 3).half()])[:, :2].double())
    assert torch.equal(found["c"], torch.cat([torch.load(tmp_path / "made.pth")["m.c"], torch.zeros(1)]))


def test_that_bytes_of_other_tensors_are_not_touched(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, OrderedDict(w=torch.randn(4, 3), other=torch.randn(5)[::2], odd=torch.tensor([float("nan"), -0.0])))
    core.save(core.edit(ckpt, [core.Resize("w", 0, 6)]), tmp_path / "out.pth")
    after = core.open(tmp_path / "out.pth")
    for key in ("other", "odd"):
        assert core.digest(after, key) == core.digest(ckpt, key)
        assert after.tensors[key].stride == ckpt.tensors[key].stride
