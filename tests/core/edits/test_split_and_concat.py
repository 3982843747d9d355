"""Tensors split and joined, against torch; one undoes the other."""
from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from torch import nn

from inspector import core
from tests.core.edits.made import net, opened, training

QKV = core.parse_edit("split", "*.qkv.weight=0:*.q.weight,*.k.weight,*.v.weight")
BACK = core.parse_edit("concat", "*.q.weight,*.k.weight,*.v.weight=*.qkv.weight:0")


class Fused(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(4, 12, bias=False)

    def forward(self, x: torch.Tensor) -> Any:
        q, k, v = self.qkv(x).chunk(3, -1)
        return torch.softmax(q @ k.T, -1) @ v


class Apart(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(4, 4, bias=False) for _ in range(3))

    def forward(self, x: torch.Tensor) -> Any:
        return torch.softmax(self.q(x) @ self.k(x).T, -1) @ self.v(x)


@pytest.mark.parametrize("ending", ["pth", "safetensors"])
def test_that_fused_weights_load_into_a_model_that_has_them_apart_and_back(tmp_path: Path, ending: str) -> None:
    torch.manual_seed(0)
    fused = nn.Sequential(*(Fused() for _ in range(12)))
    source, out, again = (tmp_path / f"{name}.{ending}" for name in ("fused", "apart", "again"))
    load = load_file if ending == "safetensors" else lambda path: torch.load(path, weights_only=True)
    (save_file if ending == "safetensors" else torch.save)(fused.state_dict(), source)
    core.save(core.edit(source, [QKV]), out)
    apart = nn.Sequential(*(Apart() for _ in range(12)))
    apart.load_state_dict(load(out))
    given_ = torch.randn(3, 4)
    assert torch.allclose(apart(given_), fused(given_), atol=1e-6)
    for n in range(12):
        assert torch.equal(torch.cat([apart[n].q.weight, apart[n].k.weight, apart[n].v.weight]), fused[n].qkv.weight)     # type: ignore[arg-type, union-attr]
    core.save(core.edit(out, [BACK]), again)
    found = load(again)
    assert found.keys() == fused.state_dict().keys()
    assert all(torch.equal(found[key], value) for key, value in fused.state_dict().items())


@settings(max_examples=40, deadline=None)
@given(shape=st.lists(st.integers(1, 6), min_size=1, max_size=3), data=st.data(), dtype=st.sampled_from(["f2", "f4", "i8", "?"]))
def test_that_joining_undoes_splitting(shape: list[int], data: st.DataObject, dtype: str) -> None:
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    w = np.random.default_rng(0).integers(0, 9, shape).astype(dtype)
    first = data.draw(st.integers(0, shape[dim]))
    parts = core.edit({"w": w, "x": w}, [core.Split("w", dim, (("a", first), ("b", -1)))])
    assert list(parts.tensors) == ["a", "x", "b"]
    assert np.array_equal(parts["a"].numpy(), np.split(w, [first], dim)[0])
    assert np.array_equal(parts["b"].numpy(), np.split(w, [first], dim)[1])
    whole = core.edit(parts, [core.Concat(("a", "b"), "w", dim)])
    assert list(whole.tensors) == ["w", "x"]
    assert np.array_equal(whole["w"].numpy(), w)


@settings(max_examples=30, deadline=None)
@given(sizes=st.lists(st.integers(0, 4), min_size=2, max_size=4), dim=st.integers(0, 1))
def test_that_splitting_undoes_joining(sizes: list[int], dim: int) -> None:
    arrays = {f"p{n}": np.full((size, 3) if dim == 0 else (3, size), n, np.float32) for n, size in enumerate(sizes)}
    whole = core.edit(arrays, [core.Concat(tuple(arrays), "w", dim)])
    assert np.array_equal(whole["w"].numpy(), np.concatenate([*arrays.values()], dim))
    parts = core.edit(whole, [core.Split("w", dim, tuple(zip(arrays, sizes, strict=True)))])
    assert all(np.array_equal(parts[name].numpy(), array) for name, array in arrays.items())


def test_that_other_edits_go_between(tmp_path: Path) -> None:
    w = torch.randn(6, 4)
    ckpt = opened(tmp_path, OrderedDict({"m.w": w, "m.tied": w}))
    edits = [core.Cast("float64"), core.Transpose("m.w"), core.Split("m.w", 1, (("m.a", 4), ("m.b", 2))), core.Transpose("m.a"),
             core.Cast("float32"), core.StripPrefix("m."), core.Transpose("b"), core.Concat(("b", "a"), "w", 0),
             core.Resize("w", 0, 7, "zero")]
    new = core.edit(ckpt, edits)
    core.save(new, tmp_path / "out.pth")
    found = torch.load(tmp_path / "out.pth")
    assert torch.equal(found["w"], torch.cat([w[4:], w[:4], torch.zeros(1, 4)]))
    assert torch.equal(found["tied"], w.T.double().float())         # the same elements as m.w, until that was split
    assert np.array_equal(new["w"][2:5, ::2], found["w"][2:5, ::2].numpy())


def test_that_names_are_taken_by_key_or_in_every_state_dict(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, {"model": OrderedDict(w=torch.randn(4, 2), z=torch.ones(2)), "ema": OrderedDict(w=torch.ones(4, 2)), "e": 1})
    both = core.edit(ckpt, [core.Split("w", 0, (("a", -1), ("b", -1)))])
    assert list(both.tensors) == ["model.a", "model.z", "model.b", "ema.a", "ema.b"]
    core.save(both, tmp_path / "out.pth")
    found = torch.load(tmp_path / "out.pth", weights_only=True)
    assert list(found["model"]) == ["a", "z", "b"]
    assert torch.equal(found["ema"]["b"], torch.ones(2, 2))
    one = core.edit(ckpt, [core.Split("ema.w", 0, (("ema.a", -1), ("ema.b", -1)))])
    assert list(one.tensors) == ["model.w", "model.z", "ema.a", "ema.b"]


def test_that_what_cannot_be_is_refused_with_the_reason(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, OrderedDict(w=torch.ones(4, 2), h=torch.ones(4, 2).half(), n=torch.ones(3, 3), b=torch.ones(2)))
    for text, why in (("w=0:a,b,c", "not made of 3 parts"), ("w=0:a:3,c:2", "not made of 2 parts"), ("w=2:a,c", "none of number 2"),
                      ("w=0:a,b", "there is 'b' already"), ("x=0:a,c", "no tensor 'x'"),
                      ("w=0:a,b.c", "is a tensor")):
        with pytest.raises(core.EditError, match=why):
            core.edit(ckpt, [core.parse_edit("split", text)])
    for text, why in (("w,h=x:0", "--cast float32:h"), ("w,n=x:0", "cannot be joined in dimension 0"), ("w,b=x:0", "cannot be joined"),
                      ("w,x=y:0", "no tensor 'x'"), ("w,n=b:0", "cannot be joined"), ("w,n=w:1", "cannot be joined")):
        with pytest.raises(core.EditError, match=why):
            core.edit(ckpt, [core.parse_edit("concat", text)])
    for option, text in (("split", "w"), ("split", "w=0:a"), ("split", "w=0:a,"), ("split", "w=0:a,a"),
                         ("split", "a.*=0:b,c"), ("concat", "a=b:0"),
                         ("concat", "a,b=c"), ("concat", "a,a=c:0"), ("concat", "a.*,b=c:0")):
        with pytest.raises(core.EditError):
            core.parse_edit(option, text)
    [effect] = core.effects(ckpt, [core.Split("w", 0, (("w", 1), ("rest", -1)))])
    assert effect.changed == ("w", "rest")


def test_that_what_becomes_of_the_optimizer_is_said(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, training(net()))
    [effect] = core.effects(ckpt, [core.Split("fc1.weight", 0, (("fc1.a", -1), ("fc1.b", -1)))])
    assert effect.notes[0] == "model.fc1.weight [4, 3] becomes model.fc1.a [2, 3], model.fc1.b [2, 3]."
    assert effect.notes[1].startswith("The optimizer's state follows, of 1 parameter; ")
    [effect] = core.effects(ckpt, [core.Concat(("fc1.bias", "bn.bias"), "biases", 0)])
    assert effect.notes[0] == "model.fc1.bias [4], model.bn.bias [4] become model.biases [8]."
    assert effect.notes[1].startswith("The optimizer's state follows, of 2 parameters; ")


def test_that_the_optimizer_is_arranged_for_the_parts_before_it_is_split(tmp_path: Path) -> None:
    """What the note advises: the parameters that are the same go on, the parts begin without state, and nothing more is said of it."""
    model = net()
    ckpt = opened(tmp_path, training(model))
    parts = (("fc1.a", -1), ("fc1.b", -1))
    split = core.Split("fc1.weight", 0, parts)
    weights = core.load_state_dict(core.edit(ckpt, [core.Drop("optimizer"), core.Extract("model"), split]))
    torch.save(weights, tmp_path / "ref.pth")
    edits = [core.OptimizerFor(str(tmp_path / "ref.pth")), split]
    assert not any("optimizer" in note for note in core.effects(ckpt, edits)[1].notes)
    core.save(core.edit(ckpt, edits), tmp_path / "out.pth")
    saved = torch.load(tmp_path / "out.pth", weights_only=True)
    names = [name for name in saved["model"] if "running" not in name and "num_" not in name]
    before = [name for name, _ in model.named_parameters()]
    found = {names[number]: slots["exp_avg"] for number, slots in saved["optimizer"]["state"].items()}
    assert set(found) == set(before) - {"fc1.weight"}
    old = torch.load(ckpt.path, weights_only=True)["optimizer"]["state"]
    assert all(torch.equal(value, old[before.index(name)]["exp_avg"]) for name, value in found.items())


def test_that_what_is_cut_and_joined_is_streamed(tmp_path: Path) -> None:
    import tracemalloc
    array = np.arange(6000 * 4000, dtype=np.float32).reshape(6000, 4000)           # 96 MB
    core.save({"w": array}, tmp_path / "a.safetensors")
    expected = np.concatenate([array[1000:, :3000], np.zeros((500, 3000), np.float32), array[:1000, :3000]])
    del array
    edits = [core.Split("w", 0, (("a", 1000), ("b", -1))), core.Resize("b", 0, 5500, "zero"), core.Concat(("b", "a"), "w", 0),
             core.Resize("w", 1, 3000)]
    tracemalloc.start()
    core.save(core.edit(tmp_path / "a.safetensors", edits), tmp_path / "b.safetensors")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 48 << 20
    assert np.array_equal(core.open(tmp_path / "b.safetensors")["w"].numpy(), expected)


def test_that_what_is_turned_and_joined_is_read_in_few_passes(tmp_path: Path) -> None:
    array = np.arange(900 * 700, dtype=np.float32).reshape(900, 700)
    new = core.edit({"w": array, "v": array + 1}, [core.Resize("w", 0, 1000, "zero"), core.Transpose("*"), core.Concat(("w", "v"), "x", 1)])
    expected = np.concatenate([array, np.zeros((100, 700), np.float32), array + 1]).T
    assert np.array_equal(np.concatenate([*core.iter_chunks(new, "x", 1000)]).reshape(expected.shape), expected)
    assert np.array_equal(new["x"][3:9, 890:1010:7], expected[3:9, 890:1010:7])


def test_that_parts_that_cannot_be_of_one_length_are_said_to_be_so() -> None:
    with pytest.raises(core.EditError, match=r"is 6 long in dimension 0, which is not made of 4 parts of the same length"):
        core.edit({"w": np.ones((6, 4))}, [core.parse_edit("split", "w=0:a,b,c,d")])
