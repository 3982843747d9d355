from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from inspector import core
from tests import builders
from tests.core.edits.made import net, opened, training


def ours() -> dict[str, Any]:
    weight = torch.randn(4, 3)
    weights = OrderedDict(a=weight, tied=weight, part=weight[1:3], bias=torch.arange(4.0), n=torch.tensor(7), last=torch.randn(2))
    weights._metadata = OrderedDict({"": {"version": 1}})  # type: ignore[attr-defined]
    return {"epoch": 3, "model": weights}


def theirs() -> dict[str, torch.Tensor]:
    weight = torch.randn(9, 5)
    return {"a": weight, "tied": torch.randn(4, 3).t(), "bias": torch.randn(4, dtype=torch.float64), "n": torch.tensor(True),
            "last": torch.randn(2), "more": torch.ones(2)}


def as_zip(path: Path, tensors: dict[str, torch.Tensor]) -> str:
    torch.save({"state_dict": tensors, "step": 3}, path / "theirs.pth")
    return str(path / "theirs.pth")


def as_legacy(path: Path, tensors: dict[str, torch.Tensor]) -> str:
    torch.save(tensors, path / "theirs.pt", _use_new_zipfile_serialization=False)
    return str(path / "theirs.pt")


def as_safetensors(path: Path, tensors: dict[str, torch.Tensor]) -> str:
    save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, path / "theirs.safetensors")
    return str(path / "theirs.safetensors")


def as_shards(path: Path, tensors: dict[str, torch.Tensor]) -> str:
    core.save(core.open(as_safetensors(path, tensors)), path / "set", format="safetensors-sharded", shard_size=200)
    return str(path / "set")


def as_dcp(path: Path, tensors: dict[str, torch.Tensor]) -> str:
    from torch.distributed import checkpoint as dcp
    dcp.save(dict(tensors), checkpoint_id=path / "dcp", no_dist=True)
    return str(path / "dcp")


WRITERS = [as_zip, as_legacy, as_safetensors, as_shards, as_dcp]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("write", WRITERS)
def test_that_taken_tensors_are_theirs_and_all_others_ours(tmp_path: Path, write: Callable[[Path, dict[str, torch.Tensor]], str]) -> None:
    mine, other = ours(), theirs()
    source = write(tmp_path, other)
    new = core.edit(opened(tmp_path, mine), [core.Take(source, "{a,bias,n}")])
    for key in ("a", "bias", "n"):
        assert torch.equal(core.read_torch(new, f"model.{key}"), other[key])
        assert new.tensors[f"model.{key}"].dtype == str(other[key].dtype).removeprefix("torch.")
    core.save(new, tmp_path / "new.pth")
    there = torch.load(tmp_path / "new.pth", weights_only=True)
    assert list(there) == ["epoch", "model"]
    assert there["epoch"] == 3
    assert there["model"]._metadata == mine["model"]._metadata
    core.save(core.edit(new, [core.Extract("model")]), tmp_path / "new.safetensors", ties="all")
    for saved in (there["model"], load_file(tmp_path / "new.safetensors")):
        for key, tensor in saved.items():
            wanted = other[key] if key in ("a", "bias", "n") else mine["model"][key]
            assert tensor.dtype == wanted.dtype, key
            assert torch.equal(tensor, wanted), key
    assert there["model"]["tied"].untyped_storage().data_ptr() == there["model"]["part"].untyped_storage().data_ptr()
    assert there["model"]["tied"].untyped_storage().data_ptr() != there["model"]["a"].untyped_storage().data_ptr()


def test_that_what_is_tied_there_is_tied_here_and_lies_in_order(tmp_path: Path) -> None:
    weight = torch.randn(5, 3)
    source = as_zip(tmp_path, {"a": weight.t(), "last": weight.t(), "bias": weight[1:2]})
    core.save(core.edit(opened(tmp_path, ours()), [core.Take(source)]), tmp_path / "new.pth")
    found = torch.load(tmp_path / "new.pth", weights_only=True)["model"]
    assert found["a"].data_ptr() == found["last"].data_ptr()
    assert found["a"].is_contiguous()
    assert torch.equal(found["a"], weight.t())
    assert torch.equal(found["bias"], weight[1:2])
    assert found["bias"].untyped_storage().nbytes() == 12


def test_that_edits_before_and_after_work_with_it(tmp_path: Path) -> None:
    mine, other = ours(), theirs()
    source = as_safetensors(tmp_path, other)
    edits = [core.Rename("^part$", "last2"), core.Cast("float16", "model.a"), core.Take(source, "a"), core.Rename("^a$", "b"),
             core.Cast("bfloat16", "model.b"), core.RemapDevices({"cpu": "cuda:1"}), core.Take(source, "last")]
    new = core.edit(opened(tmp_path, mine), edits)
    assert torch.equal(core.read_torch(new, "model.b"), other["a"].bfloat16())
    assert new.tensors["model.last"].device == "cuda:1"
    assert len(new.files) == 2
    core.save(new, tmp_path / "new.pth")
    found = torch.load(tmp_path / "new.pth", weights_only=True, map_location="cpu")["model"]
    assert torch.equal(found["b"], other["a"].bfloat16())
    assert torch.equal(found["last"], other["last"])
    core.save(core.edit(core.open(source), [core.Take(str(tmp_path / "made.pth"), "last"), core.Keep("last")]), tmp_path / "b.pth")
    assert torch.equal(torch.load(tmp_path / "b.pth", weights_only=True)["last"], mine["model"]["last"])


def test_that_numbers_about_an_edited_checkpoint_are_theirs(tmp_path: Path) -> None:
    other = {"a": torch.randn(300, 7)}
    source = as_zip(tmp_path, other)
    new = core.edit(opened(tmp_path, ours()), [core.Take(source)])
    assert core.digest(new, "model.a") == core.digest(core.open(source), "state_dict.a")
    summary = core.summarize(new, ["model.a"])["model.a"]
    assert (summary.min, summary.max) == (other["a"].min().item(), other["a"].max().item())


def test_that_pairs_take_under_other_names_even_within_the_file(tmp_path: Path) -> None:
    mine = ours()
    ckpt = opened(tmp_path, mine)
    new = core.edit(ckpt, [core.Take(ckpt.path, pairs=(("model.last", "model.bias"), ("model.bias", "model.last")))])
    assert new.files == ckpt.files
    core.save(new, ckpt.path)
    found = torch.load(ckpt.path, weights_only=True)["model"]
    assert torch.equal(found["last"], mine["model"]["bias"])
    assert torch.equal(found["bias"], mine["model"]["last"])


def test_that_a_storage_of_ours_that_has_such_a_name_is_not_meant(tmp_path: Path) -> None:
    source = as_safetensors(tmp_path, {"w": torch.ones(3)})
    ckpt = core.edit(opened(tmp_path, {"w": torch.zeros(3)}), [core.Take(source)])
    assert ckpt.edited is not None
    id, = ckpt.edited.taken
    save_file({id: torch.zeros(3), "w": torch.full((3,), 5.0)}, tmp_path / "mine.safetensors")
    new = core.edit(core.open(tmp_path / "mine.safetensors"), [core.Take(source, "w")])
    assert core.read_torch(new, "w").tolist() == [1, 1, 1]


def test_that_parameters_of_a_module_stay_parameters(tmp_path: Path) -> None:
    model, other = net(), nn.Linear(3, 4)
    source = as_safetensors(tmp_path, {"fc1.weight": other.weight.detach()})
    new = core.edit(opened(tmp_path, {"ema": model}), [core.Take(source, "fc1.weight")])
    core.save(new, tmp_path / "new.pth", keep_code=["*"])
    found = torch.load(tmp_path / "new.pth", weights_only=False)["ema"]
    assert isinstance(found.fc1.weight, nn.Parameter)
    assert torch.equal(found.fc1.weight, other.weight)
    assert torch.equal(found.fc2.weight, model.get_parameter("fc2.weight"))


def test_that_no_parameter_becomes_integers(tmp_path: Path) -> None:
    source = as_safetensors(tmp_path, {"w": torch.arange(3)})
    ckpt = opened(tmp_path, {"w": nn.Parameter(torch.ones(3))})
    assert core.edit(ckpt, [core.Take(source)]).tensors["w"] is ckpt.tensors["w"]
    with pytest.raises(core.EditError, match="gradient"):
        core.edit(ckpt, [core.Take(source, pairs=(("w", "w"),))])


def test_that_the_effect_says_what_changes_and_what_does_not(tmp_path: Path) -> None:
    source = as_safetensors(tmp_path, {"fc1.weight": torch.ones(2)})
    effect, = core.effects(opened(tmp_path, training(net())), [core.Take(source, "{fc1,optimizer}")])
    assert effect.changed == ("model.fc1.weight",)
    assert not effect.dropped
    assert not effect.renamed
    assert effect.notes == ("1 tensor keeps its values, for want of any to take: model.fc1.bias.",
                            "1 tensor changes its shape, and a model of the old one does not load the file: model.fc1.weight [4, 3] -> "
                            "[2].",
                            "The optimizer's state stays that of the old values.")


@pytest.mark.parametrize(("edit", "words"), [
    (core.Take("NONE"), "no such file"), (core.Take("THEIRS", "part"), "no tensor of the name 'part'"),
    (core.Take("THEIRS", pairs=(("gone", "a"),)), "no tensor 'gone'"),
    (core.Take("THEIRS", pairs=(("model.a", "gone"),)), "no tensor 'gone'"),
    (core.Take("THEIRS", pairs=(("model.a", "sparse"),)), "sparse_coo"),
])
def test_that_what_cannot_be_taken_is_an_error_that_says_so(tmp_path: Path, edit: core.Take, words: str) -> None:
    torch.save({"a": torch.ones(2), "sparse": torch.eye(3).to_sparse()}, tmp_path / "THEIRS")
    edit = core.Take(str(tmp_path / edit.source), edit.glob, edit.pairs)
    with pytest.raises(core.EditError, match=words):
        core.edit(opened(tmp_path, ours()), [edit])


def test_that_a_file_that_changes_before_the_save_is_an_error(tmp_path: Path) -> None:
    source = as_safetensors(tmp_path, theirs())
    new = core.edit(opened(tmp_path, ours()), [core.Take(source, "a")])
    os.utime(source, ns=(1, 1))
    with pytest.raises(core.Changed):
        core.read_torch(new, "model.a")
    with pytest.raises(core.Changed):
        core.save(new, tmp_path / "new.pth")
    assert not (tmp_path / "new.pth").exists()


def test_that_the_file_taken_from_can_be_the_one_replaced(tmp_path: Path) -> None:
    mine, other = ours(), theirs()
    source = as_zip(tmp_path, other)
    core.save(core.edit(opened(tmp_path, mine), [core.Take(source, "a")]), source)
    found = torch.load(source, weights_only=True)["model"]
    assert torch.equal(found["a"], other["a"])
    assert torch.equal(found["tied"], mine["model"]["tied"])


def test_that_another_shape_is_told_with_both(tmp_path: Path) -> None:
    torch.save({"fc.weight": torch.zeros(100, 84), "fc.bias": torch.zeros(100), "c": torch.zeros(3)}, tmp_path / "a.pth")
    torch.save({"fc.weight": torch.ones(10, 84), "fc.bias": torch.ones(10), "c": torch.ones(3)}, tmp_path / "b.pth")
    notes = core.effects(tmp_path / "a.pth", [core.Take(str(tmp_path / "b.pth"))])[0].notes
    assert any("fc.weight [100, 84] -> [10, 84], fc.bias [100] -> [10]" in note and "2 tensors change their" in note for note in notes)
    notes = core.effects(tmp_path / "a.pth", [core.Take(str(tmp_path / "b.pth"), "c")])[0].notes
    assert not any("shape" in note for note in notes)
    notes = core.effects(tmp_path / "a.pth", [core.Take(str(tmp_path / "b.pth"), pairs=(("c", "fc.bias"),))])[0].notes
    assert any("c [3] -> [10]" in note and "1 tensor changes its shape" in note for note in notes)


@pytest.mark.parametrize("says", [b"K\x02", b"N", b"X\x01\x00\x00\x00a", b")", b"K\x07"], ids=["2", "None", "text", "tuple", "7"])
def test_that_what_is_taken_in_place_of_a_broken_tensor_is_whole(tmp_path: Path, says: bytes) -> None:
    """A call whose requires_grad is no boolean: nothing of that is kept."""
    persistent = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQ"
    call = b"ctorch._utils\n_rebuild_tensor_v2\n(" + persistent + b"K\x00K\x04\x85K\x01\x85" + says + b"ccollections\nOrderedDict\n)RtR"
    (tmp_path / "broken.pth").write_bytes(builders.torch_zip(b"\x80\x02}X\x01\x00\x00\x00w" + call + b"s.", {"data/0": bytes(16)}))
    torch.save({"w": torch.arange(4.0)}, tmp_path / "good.pth")
    broken = core.open(tmp_path / "broken.pth")
    assert broken.tensors["w"].problem.startswith("corrupt")
    core.save(core.edit(broken, [core.Take(str(tmp_path / "good.pth"), "w")]), tmp_path / "out.pth")
    assert torch.equal(torch.load(tmp_path / "out.pth")["w"], torch.arange(4.0))
