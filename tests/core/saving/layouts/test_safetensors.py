"""safetensors files, with the safetensors package as oracle."""
from __future__ import annotations

import json
import struct
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import save_file as save_numpy
from safetensors.torch import load_file, save_file

from inspector import core
from inspector.core.checkpoint import Edited
from tests import builders
from tests.core.saving import samples


def header(path: Path) -> dict[str, object]:
    raw = path.read_bytes()
    found = json.loads(raw[8:8 + struct.unpack("<Q", raw[:8])[0]])
    assert isinstance(found, dict)
    return found


def test_that_an_unedited_file_comes_back_byte_for_byte(tmp_path: Path) -> None:
    save_file({"b": torch.randn(3, 4), "a": torch.arange(5), "h": torch.randn(7).half()}, tmp_path / "a.safetensors",
              {"format": "pt", "note": "é \" \\ \n"})
    core.save(core.open(tmp_path / "a.safetensors"), tmp_path / "b.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_that_safetensors_reads_what_came_from_torch(tmp_path: Path) -> None:
    state = {key: value for key, value in samples.odd_state().items() if isinstance(value, torch.Tensor)}
    ckpt = samples.saved(tmp_path / "a.pth", state)
    report = core.save(ckpt, tmp_path / "b.safetensors", ties="all")
    loaded = load_file(tmp_path / "b.safetensors")
    assert set(loaded) == set(state)
    assert report.tensors == len(state)
    for key, value in state.items():
        assert loaded[key].dtype == value.dtype
        assert torch.equal(loaded[key], value.detach()), key
    with safe_open(tmp_path / "b.safetensors", "pt") as file:
        assert file.metadata() == {"format": "pt"}


def metadata_of(path: Path) -> dict[str, str] | None:
    with safe_open(path, "pt") as file:
        found: dict[str, str] | None = file.metadata()
    return found


@pytest.mark.parametrize(("edits", "more"), [
    ([], {"head.weight": "body.emb.weight"}),
    ([core.SetMetadata("author", "me")], {"author": "me", "head.weight": "body.emb.weight"}),
    ([core.SetMetadata("format", "mine")], {"format": "mine", "head.weight": "body.emb.weight"}),
    ([core.Extract("body")], {}),
    ([core.Drop("head.*")], {}),
])
def test_that_whatever_is_made_of_a_pytorch_file_says_format_pt(tmp_path: Path, edits: list[core.Edit], more: dict[str, str]) -> None:
    shared = torch.randn(4, 4)
    torch.save({"body": {"emb.weight": shared, "norm.weight": torch.ones(2)}, "head.weight": shared}, tmp_path / "a.pth")
    new = core.edit(core.open(tmp_path / "a.pth"), edits)
    core.save(new, tmp_path / "b.safetensors", allow_loss=True)
    core.save(new, tmp_path / "set", format="safetensors-sharded", shard_size=64, allow_loss=True)
    shards = sorted((tmp_path / "set").glob("*.safetensors"))
    assert shards
    for path in (tmp_path / "b.safetensors", *shards):
        assert metadata_of(path) == {"format": "pt", **more}, path


def test_that_a_tied_tensor_named_format_does_not_say_what_the_format_is(tmp_path: Path) -> None:
    shared = torch.randn(4)
    torch.save({"emb": shared, "format": shared}, tmp_path / "a.pth")
    core.save(core.open(tmp_path / "a.pth"), tmp_path / "b.safetensors")
    assert metadata_of(tmp_path / "b.safetensors") == {"format": "pt", "emb": "format"}
    assert set(load_file(tmp_path / "b.safetensors")) == {"format"}


def test_that_a_safetensors_file_gets_no_metadata_that_it_did_not_have_except_beside_new_ones(tmp_path: Path) -> None:
    for name, metadata in (("none", None), ("np", {"format": "np", "a": "b"}), ("odd", {"a": "b"})):
        save_file({"w": torch.ones(2)}, tmp_path / f"{name}.safetensors", metadata)
        core.save(core.open(tmp_path / f"{name}.safetensors"), tmp_path / "again.safetensors")
        assert metadata_of(tmp_path / "again.safetensors") == metadata
        core.save(core.edit(tmp_path / f"{name}.safetensors", [core.SetMetadata("by", "me")]), tmp_path / "more.safetensors")
        assert metadata_of(tmp_path / "more.safetensors") == {**(metadata or {"format": "pt"}), "by": "me"}


def test_that_elements_are_aligned_to_their_size(tmp_path: Path) -> None:
    ckpt = samples.saved(tmp_path / "a.pth", {"flag": torch.tensor([True] * 3), "f": torch.randn(2), "d": torch.randn(2).double()})
    report = core.save(ckpt, tmp_path / "b.safetensors")
    found = core.open(tmp_path / "b.safetensors")
    assert list(found.tensors) == ["d", "f", "flag"]
    for info in found.tensors.values():
        extent = found.storages[info.storage].extent
        assert extent is not None
        assert extent.offset % core.DTYPES[info.dtype].itemsize == 0
    assert any("wider elements" in note for note in report.notes)


def test_that_ties_keep_the_name_that_save_model_keeps(tmp_path: Path) -> None:
    shared = torch.randn(4, 4)
    ckpt = samples.saved(tmp_path / "a.pth", {"z.weight": shared, "emb.weight": shared, "slice": shared[:2]})
    plan = core.plan_save(ckpt, tmp_path / "b.safetensors")
    assert plan.losses == ()
    assert any("z.weight is the same tensor as emb.weight" in note for note in plan.notes)
    assert any("slice" in note and "bytes of its own" in note for note in plan.notes)
    core.save(plan)
    assert set(load_file(tmp_path / "b.safetensors")) == {"emb.weight", "slice"}
    assert core.open(tmp_path / "b.safetensors").metadata["z.weight"] == "emb.weight"
    core.save(ckpt, tmp_path / "all.safetensors", ties="all")
    assert set(load_file(tmp_path / "all.safetensors")) == {"z.weight", "emb.weight", "slice"}


def test_that_what_safetensors_has_no_kind_for_is_listed_up_front(tmp_path: Path) -> None:
    sparse = torch.sparse_coo_tensor([[0, 2]], [1.0, 2.0], (3,), check_invariants=True)
    ckpt = samples.saved(tmp_path / "a.pth", {"ok": torch.ones(2), "c128": torch.ones(2, dtype=torch.complex128), "q": samples.quantized(),
                                              "s": sparse, "meta": torch.empty(3, device="meta")})
    plan = core.plan_save(ckpt, tmp_path / "b.safetensors")
    assert {(loss.id, loss.where) for loss in plan.losses} == {
        ("dtype", "c128"), ("quantized", "q"), ("layout", "s"), ("no-values", "meta")}
    with pytest.raises(core.SaveError) as caught:
        core.save(plan)
    assert caught.value.id == "loss"
    assert not (tmp_path / "b.safetensors").exists()
    core.save(plan, allow_loss=True)
    assert set(load_file(tmp_path / "b.safetensors")) == {"ok"}


def test_that_every_lost_value_is_listed_and_needs_a_yes(tmp_path: Path) -> None:
    ckpt = samples.saved(tmp_path / "a.pth", {"epoch": 3, "w": torch.ones(2), "args": {"lr": 0.1},
                                              "module": torch.nn.BatchNorm1d(2).state_dict()})
    plan = core.plan_save(ckpt, tmp_path / "b.safetensors")
    assert [(loss.id, loss.where) for loss in plan.losses] == [("python-value", "epoch"), ("python-value", "args.lr")]
    assert any("_metadata" in note for note in plan.notes)
    with pytest.raises(core.SaveError, match="epoch"):
        core.save(plan)
    core.save(plan, allow_loss=True)
    assert "module.running_mean" in load_file(tmp_path / "b.safetensors")


def test_that_the_weights_of_a_whole_model_need_no_yes(tmp_path: Path) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    ckpt = samples.saved(tmp_path / "a.pth", model)
    plan = core.plan_save(ckpt, tmp_path / "b.safetensors")
    assert plan.losses == ()
    assert any("class" in note for note in plan.notes)
    core.save(plan)
    model.load_state_dict(load_file(tmp_path / "b.safetensors"), strict=True)


def test_that_an_expanded_tensor_over_the_budget_is_refused(tmp_path: Path) -> None:
    ckpt = samples.saved(tmp_path / "a.pth", {"wide": torch.ones(1).expand(1 << 29)})
    with pytest.raises(core.SaveError, match="expanded"):
        core.plan_save(ckpt, tmp_path / "b.safetensors")


@pytest.mark.parametrize(("key", "id"), [("__metadata__", "bad_name"), ("a\ud800", "bad_name")])
def test_that_names_safetensors_cannot_have_are_refused(tmp_path: Path, key: str, id: str) -> None:
    ckpt = samples.saved(tmp_path / "a.pth", {"x": torch.ones(2)})
    info = ckpt.tensors["x"]._replace(key=key)
    renamed = core.Checkpoint(ckpt.path, ckpt.format, ckpt.kind, ckpt.files, {key: info}, storages=ckpt.storages, state_dicts=("",),
                              edited=Edited(ckpt, {key: "x"}))
    with pytest.raises(core.SaveError) as caught:
        core.plan_save(renamed, tmp_path / "b.safetensors")
    assert caught.value.id == id


@pytest.mark.parametrize("key", ["", "a/b", "a\0b", "\u202ekey", "ключ"])
def test_that_odd_names_come_back_as_they_were(tmp_path: Path, key: str) -> None:
    ckpt = samples.saved(tmp_path / "a.pth", {key: torch.ones(2), "other": torch.zeros(1)})
    for name in ("b.safetensors", "c.pth"):
        core.save(ckpt, tmp_path / name)
        assert key in core.open(tmp_path / name).tensors


def test_that_types_narrower_than_a_byte_keep_their_bytes_and_shapes(tmp_path: Path) -> None:
    body = bytes(range(3 + 6 + 3))
    raw = builders.safetensors({"f4": {"dtype": "F4", "shape": [2, 3], "data_offsets": [0, 3]},
                                "pairs": {"dtype": "F4", "shape": [3, 4], "data_offsets": [3, 9]},
                                "f6": {"dtype": "F6_E2M3", "shape": [4], "data_offsets": [9, 12]}}, body)
    (tmp_path / "a.safetensors").write_bytes(raw)
    core.save(core.open(tmp_path / "a.safetensors"), tmp_path / "b.safetensors")
    assert header(tmp_path / "b.safetensors") == header(tmp_path / "a.safetensors")
    assert (tmp_path / "b.safetensors").read_bytes().endswith(body)


def test_that_fields_safetensors_does_not_define_are_kept(tmp_path: Path) -> None:
    raw = builders.safetensors({"a": {"dtype": "U8", "shape": [2], "data_offsets": [0, 2], "group": {"size": [1.50, None]}}}, b"ab")
    (tmp_path / "a.safetensors").write_bytes(raw)
    core.save(core.open(tmp_path / "a.safetensors"), tmp_path / "b.safetensors")
    assert header(tmp_path / "b.safetensors") == header(tmp_path / "a.safetensors")
    plan = core.plan_save(core.open(tmp_path / "a.safetensors"), tmp_path / "b.pth")
    assert "extra-field" in [loss.id for loss in plan.losses]


_DTYPES = st.sampled_from([np.dtype(name) for name in ("<f8", "<f4", "<f2", "<i8", "<i4", "<i2", "i1", "u1", "?", "<u2", "<u4", "<u8")]
                          + [np.dtype(ml_dtypes.bfloat16)])
_SHAPES = st.lists(st.integers(0, 4), max_size=3).map(tuple)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=8).filter(lambda key: key != "__metadata__"),
                       st.tuples(_DTYPES, _SHAPES, st.randoms(use_true_random=False)), max_size=6),
       st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), st.text(st.characters(codec="utf-8"), max_size=5), max_size=3))
def test_that_any_file_of_safetensors_comes_back_byte_for_byte(tmp_path: Path, drawn: dict[str, object], metadata: dict[str, str]) -> None:
    arrays = {key: np.frombuffer(random.randbytes(dtype.itemsize * int(np.prod(shape))), dtype).reshape(shape)  # type: ignore[attr-defined]
              for key, (dtype, shape, random) in drawn.items()}  # type: ignore[misc]
    save_numpy(arrays, tmp_path / "a.safetensors", metadata or None)
    ckpt = core.open(tmp_path / "a.safetensors")
    core.save(ckpt, tmp_path / "b.safetensors", allow_loss=True)
    again = core.open(tmp_path / "b.safetensors")
    samples.same(ckpt, again)
    assert dict(again.metadata) == dict(ckpt.metadata)
    if list(header(tmp_path / "a.safetensors")) == list(header(tmp_path / "b.safetensors")):
        assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_that_of_a_whole_model_only_its_state_dict_is_written(tmp_path: Path) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(3, 2))
    model.register_buffer("scratch", torch.ones(2), persistent=False)
    model[0].plain = torch.ones(3)
    torch.save(model, tmp_path / "model.pt")
    report = core.save(core.open(tmp_path / "model.pt"), tmp_path / "w.safetensors")
    assert set(core.open(tmp_path / "w.safetensors").tensors) == set(model.state_dict())
    assert any("no part of its state dict" in note for note in report.notes)
