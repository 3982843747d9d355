from __future__ import annotations

import warnings
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from inspector import core
from tests.core.edits.made import net, opened, state_dict, training


def saved(ckpt: core.Checkpoint, path: Path) -> Any:
    core.save(ckpt, path)
    return torch.load(path, weights_only=True) if path.suffix == ".pth" else load_file(path)


def test_that_both_names_view_one_storage_of_the_new_file(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, OrderedDict({"emb.weight": torch.randn(8, 4), "norm.weight": torch.ones(4)}))
    new = core.edit(ckpt, [core.Copy("emb.weight", "lm_head.weight")])
    assert list(new.tensors) == ["emb.weight", "norm.weight", "lm_head.weight"]
    there = saved(new, tmp_path / "out.pth")
    assert there["emb.weight"].data_ptr() == there["lm_head.weight"].data_ptr()
    assert torch.equal(there["lm_head.weight"], core.read_torch(ckpt, "emb.weight"))
    assert (tmp_path / "out.pth").stat().st_size < (tmp_path / "made.pth").stat().st_size + 400
    head = nn.ModuleDict({"emb": nn.Embedding(8, 4), "norm": nn.LayerNorm(4, bias=False), "lm_head": nn.Linear(4, 8, bias=False)})
    head.load_state_dict(there)


def test_that_a_name_means_every_state_dict_that_has_it_and_a_key_just_one(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, {"model": state_dict("emb.weight", "b"), "ema": state_dict("emb.weight"), "epoch": 1})
    both = core.edit(ckpt, [core.Copy("emb.weight", "head.weight")])
    assert [key for key in both.tensors if "head" in key] == ["model.head.weight", "ema.head.weight"]
    assert {both.tensors[key].state_dict for key in both.tensors} == {"model", "ema"}
    assert list(saved(both, tmp_path / "both.pth")["model"]) == ["emb.weight", "b", "head.weight"]
    one = core.edit(ckpt, [core.Copy("ema.emb.weight", "ema.head.weight")])
    assert [key for key in one.tensors if "head" in key] == ["ema.head.weight"]
    assert list(saved(one, tmp_path / "out.pth")["ema"]) == ["emb.weight", "head.weight"]


def test_that_a_group_is_copied_with_all_that_is_in_it_and_only_by_whole_segments(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, state_dict("encoder.0.weight", "encoder.0.bias", "encoder2.weight"))
    new = core.edit(ckpt, [core.Copy("encoder", "momentum_encoder")])
    assert list(new.tensors)[3:] == ["momentum_encoder.0.weight", "momentum_encoder.0.bias"]


def test_that_a_copy_can_be_copied_renamed_cast_and_outlive_its_first_name(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, state_dict("a", "b"))
    new = core.edit(ckpt, [core.Copy("a", "c"), core.Copy("c", "d"), core.Rename("^d$", "e"), core.Cast("float16", "{a,c,e}"),
                           core.Drop("a")])
    there = saved(new, tmp_path / "out.pth")
    assert {name: value.dtype for name, value in there.items()} == {"b": torch.float32, "c": torch.float16, "e": torch.float16}
    assert there["c"].data_ptr() == there["e"].data_ptr()
    assert torch.equal(there["c"], core.read_torch(ckpt, "a").half())


@pytest.mark.parametrize("legacy", [False, True])
def test_that_whatever_torch_saves_can_be_copied(tmp_path: Path, legacy: bool) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        things = {"view": torch.arange(40.0)[8:20].reshape(3, 4).t(), "parameter": nn.Parameter(torch.randn(3)), "empty": torch.empty(0, 3),
                  "sparse": torch.eye(3).to_sparse(), "quantized": torch.quantize_per_tensor(torch.randn(6), 0.1, 3, torch.qint8)}
        torch.save(things, tmp_path / "made.pth", _use_new_zipfile_serialization=not legacy)
        new = core.edit(tmp_path / "made.pth", [core.Copy(name, f"new.{name}") for name in things])
        there = saved(new, tmp_path / "out.pth")
    for name, value in things.items():
        other = there[f"new.{name}"]
        assert other.layout == value.layout
        dense = [one.dequantize() if one.is_quantized else one.to_dense() for one in (other, value)]
        assert torch.equal(*dense)
        if value.layout == torch.strided and value.numel():
            assert other.data_ptr() == there[name].data_ptr()


def test_that_safetensors_gets_every_name_that_was_asked_for(tmp_path: Path) -> None:
    save_file({"emb.weight": torch.randn(8, 4)}, tmp_path / "a.safetensors")
    new = core.edit(tmp_path / "a.safetensors", [core.Copy("emb.weight", "lm_head.weight")])
    there = saved(new, tmp_path / "out.safetensors")
    assert torch.equal(there["emb.weight"], there["lm_head.weight"])
    tied = saved(new, tmp_path / "out.pth")
    assert tied["emb.weight"].data_ptr() == tied["lm_head.weight"].data_ptr()


def test_that_an_effect_lists_the_new_keys(tmp_path: Path) -> None:
    [effect] = core.effects(opened(tmp_path, state_dict("a", "b")), [core.Copy("a", "c")])
    assert (effect.renamed, effect.dropped, effect.changed) == ((), (), ("c",))


@pytest.mark.parametrize(("edit", "words"), [
    (core.Copy("gone", "c"), "no tensor 'gone'"), (core.Copy("epoch", "c"), "no tensor 'epoch'"),
    (core.Copy("model.fc1.weight", "model.fc1.bias"), "'model.fc1.bias' already"), (core.Copy("fc1.weight", "fc1"), "holds others"),
    (core.Copy("model.fc1.weight", "epoch"), "'epoch' already"), (core.Copy("model.fc1.weight", "epoch.w"), "'epoch' is a single value"),
    (core.Copy("model.fc1.weight", "model.fc1.bias.more"), "is a tensor"),
    (core.Copy("model.fc1.weight", "config.layers.3"), "is a list"), (core.Copy("model.fc1.weight", "x."), "no name"),
])
def test_that_a_copy_that_cannot_be_is_refused_with_its_name(tmp_path: Path, edit: core.Edit, words: str) -> None:
    with pytest.raises(core.EditError, match=words):
        core.edit(opened(tmp_path, training(net())), [edit])


def test_that_a_module_is_to_be_extracted_before(tmp_path: Path) -> None:
    with pytest.raises(core.EditError, match="whole module") as refused:
        core.edit(opened(tmp_path, net()), [core.Copy("fc1.weight", "fc3.weight")])
    assert "--extract" in refused.value.hint


@pytest.mark.parametrize("text", ["", "a", "=b", "a=", "{", '{"from": "a"}', '{"from": "a", "to": 3}', '{"from": "", "to": "b"}'])
def test_that_a_text_that_names_no_two_tensors_is_refused(text: str) -> None:
    with pytest.raises(core.EditError):
        core.parse_edit("copy", text)


class _Words(nn.Module):
    def __init__(self, tied: bool) -> None:
        super().__init__()
        self.embed = nn.Embedding(5, 3)
        self.head = nn.Linear(3, 5, bias=False)
        if tied:
            self.head.weight = self.embed.weight


def test_that_what_it_means_for_the_optimizer_is_said_and_the_advice_works(tmp_path: Path) -> None:
    model = _Words(tied=True)
    optimizer = torch.optim.AdamW(model.parameters())
    model.embed.weight.grad = torch.ones(5, 3)
    optimizer.step()
    weights = model.state_dict()
    del weights["head.weight"]
    ckpt = opened(tmp_path, {"model": weights, "optimizer": optimizer.state_dict()})
    copy = core.Copy("embed.weight", "head.weight")
    note, = core.effects(ckpt, [copy])[0].notes
    assert note.startswith("The optimizer's state stays as it is: of tensors that the model ties it keeps one.")
    there = saved(core.edit(ckpt, [copy]), tmp_path / "tied.pth")
    tied = _Words(tied=True)
    tied.load_state_dict(there["model"], strict=True)
    torch.optim.AdamW(tied.parameters()).load_state_dict(there["optimizer"])
    torch.save(_Words(tied=False).state_dict(), tmp_path / "untied.pth")
    edits = [core.OptimizerFor(str(tmp_path / "untied.pth")), copy]
    assert core.effects(ckpt, edits)[1].notes == ()
    there = saved(core.edit(ckpt, edits), tmp_path / "apart.pth")
    apart = _Words(tied=False)
    apart.load_state_dict(there["model"], strict=True)
    other = torch.optim.AdamW(apart.parameters())
    other.load_state_dict(there["optimizer"])
    assert [*other.state] == [apart.embed.weight]
    assert torch.equal(other.state[apart.embed.weight]["exp_avg"], optimizer.state[model.embed.weight]["exp_avg"])


def test_that_of_weights_alone_nothing_is_said_of_optimizers(tmp_path: Path) -> None:
    assert core.effects(opened(tmp_path, state_dict("emb.weight")), [core.Copy("emb.weight", "head.weight")])[0].notes == ()
