"""The pickle stream of torch before 1.6, with the installed torch as oracle, and read as `_legacy_load` of torch 1.0 to 1.5 reads it."""
from __future__ import annotations

import io
import pickle
import struct
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import nn

from inspector import core
from tests import builders
from tests.core.saving import samples

WIDTHS = {"DoubleStorage": 8, "FloatStorage": 4, "HalfStorage": 2, "LongStorage": 8, "IntStorage": 4, "ShortStorage": 2, "CharStorage": 1,
          "ByteStorage": 1, "BoolStorage": 1, "BFloat16Storage": 2, "ComplexFloatStorage": 8, "QInt8Storage": 1, "QUInt8Storage": 1}


def legacy(ckpt: core.Checkpoint | Path, path: Path, **options: Any) -> Any:
    """What torch reads of the file that is saved."""
    core.save(ckpt, path, format="torch-legacy", **options)
    assert core.open(path).format == "torch-legacy"
    return torch.load(path, weights_only=True)


def read_as_torch_1_5(path: Path) -> tuple[list[Any], dict[str, tuple[str, int, bytes]]]:
    """([magic, version, sys_info, keys], key -> (class, elements, bytes)): the steps of `_legacy_load` in torch/serialization.py 1.5."""
    file = io.BytesIO(path.read_bytes())
    named: dict[str, tuple[str, int]] = {}

    class Unpickler(pickle.Unpickler):
        def persistent_load(self, saved_id: Any) -> Any:
            assert isinstance(saved_id, tuple)
            typename, data = saved_id[0], saved_id[1:]
            assert typename == "storage"
            storage_type, root_key, location, size, view_metadata = data
            assert view_metadata is None
            assert isinstance(location, str)
            named.setdefault(root_key, (storage_type.__name__, size))
            return None

        def find_class(self, module: str, name: str) -> Any:
            return (lambda *args: None) if name.startswith("_rebuild") else super().find_class(module, name)

    head = [pickle.load(file) for _ in range(3)]
    Unpickler(file).load()
    keys = pickle.load(file)
    assert set(keys) == set(named)
    found = {}
    for key in keys:
        cls, size = named[key]
        (number,) = struct.unpack("<q", file.read(8))
        assert number == size
        data = file.read(size * WIDTHS[cls])
        assert len(data) == size * WIDTHS[cls]
        found[key] = cls, size, data
    assert file.read() == b""
    return [*head, keys], found


def preamble(path: Path) -> list[Any]:
    with path.open("rb") as file:
        return [pickle.load(file) for _ in range(3)]


def test_that_it_begins_as_torch_begins_it(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(2)}, tmp_path / "zip.pth")
    torch.save({"w": torch.ones(2)}, tmp_path / "theirs.pth", _use_new_zipfile_serialization=False)
    legacy(tmp_path / "zip.pth", tmp_path / "ours.pth")
    assert preamble(tmp_path / "ours.pth") == preamble(tmp_path / "theirs.pth")
    assert (tmp_path / "ours.pth").read_bytes()[:24] == (tmp_path / "theirs.pth").read_bytes()[:24]
    assert (tmp_path / "ours.pth").read_bytes()[-16:] == (tmp_path / "theirs.pth").read_bytes()[-16:]


def test_that_torch_of_then_finds_every_storage_with_its_elements(tmp_path: Path) -> None:
    base = torch.arange(12.0).reshape(3, 4)
    state = {"base": base, "view": base.t()[1:], "tied": base, "half": torch.ones(5).half(), "n": torch.tensor(7), "none": torch.empty(0)}
    torch.save({"model": state, "epoch": 3}, tmp_path / "a.pth")
    legacy(tmp_path / "a.pth", tmp_path / "b.pth")
    head, storages = read_as_torch_1_5(tmp_path / "b.pth")
    assert head[:2] == [0x1950A86A20F9469CFC6C, 1001]
    assert sorted(cls for cls, _, _ in storages.values()) == ["FloatStorage", "FloatStorage", "HalfStorage", "LongStorage"]
    assert ("FloatStorage", 12, base.numpy().tobytes()) in storages.values()


def test_that_all_that_a_zip_file_holds_comes_back(tmp_path: Path) -> None:
    state = samples.odd_state()
    ckpt = samples.saved(tmp_path / "a.pth", state)
    core.save(ckpt, tmp_path / "b.pth", format="torch-legacy")
    again = core.open(tmp_path / "b.pth")
    assert samples.digests(again) == samples.digests(ckpt)
    assert [info[1:6] for info in again.tensors.values()] == [info[1:6] for info in ckpt.tensors.values()]
    # and back again into a zip file: what torch reads of both is the same
    core.save(again, tmp_path / "c.pth")
    assert str(torch.load(tmp_path / "c.pth", weights_only=False)) == str(torch.load(tmp_path / "a.pth", weights_only=False))
    assert str(torch.load(tmp_path / "b.pth", weights_only=False)) == str(torch.load(tmp_path / "a.pth", weights_only=False))


def test_that_views_and_ties_stay_and_values_and_metadata_too(tmp_path: Path) -> None:
    net = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3))
    weight = net[0].weight
    torch.save({"model": net.state_dict(), "again": weight, "row": weight[1], "lr": [0.1, (1, "a")], "none": None}, tmp_path / "a.pth")
    found = legacy(tmp_path / "a.pth", tmp_path / "b.pth")
    assert found["model"]._metadata == net.state_dict()._metadata
    assert found["lr"] == [0.1, (1, "a")]
    assert found["again"].untyped_storage().data_ptr() == found["row"].untyped_storage().data_ptr()
    assert torch.equal(found["row"], weight[1])
    nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3)).load_state_dict(found["model"])


@pytest.mark.parametrize("edits", [[core.StripPrefix("module.")], [core.Cast("float16")], [core.RemapDevices({"*": "cuda:1"})],
                                   [core.Drop("module.0.bias")], [core.SetValue("note", "x")], [core.Unshare("*")]])
def test_that_edits_are_saved_in_it(tmp_path: Path, edits: list[core.Edit]) -> None:
    net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 2))
    torch.save({f"module.{key}": value for key, value in net.state_dict().items()}, tmp_path / "a.pth")
    new = core.edit(tmp_path / "a.pth", edits)
    core.save(new, tmp_path / "b.pth", format="torch-legacy")
    core.save(new, tmp_path / "c.pth", format="torch-zip")
    old, now = (torch.load(tmp_path / name, weights_only=True, map_location="cpu") for name in ("b.pth", "c.pth"))
    assert list(old) == list(now)
    assert all(torch.equal(old[key], now[key]) if isinstance(now[key], torch.Tensor) else old[key] == now[key] for key in now)
    assert [info.device for info in core.open(tmp_path / "b.pth").tensors.values()] == [
        info.device for info in core.open(tmp_path / "c.pth").tensors.values()]


def test_that_any_kind_of_file_can_be_written_so(tmp_path: Path) -> None:
    state = {"a.weight": torch.randn(4, 3), "a.bias": torch.randn(4), "n": torch.arange(5)}
    save_file(state, tmp_path / "a.safetensors")
    core.save(core.open(tmp_path / "a.safetensors"), tmp_path / "set", format="safetensors-sharded", shard_size=50)
    torch.save(state, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    for source in ("a.safetensors", "set", "old.pth"):
        found = legacy(tmp_path / source, tmp_path / "b.pth")
        assert found.keys() == state.keys()
        assert all(torch.equal(found[key], state[key]) for key in state)
        read_as_torch_1_5(tmp_path / "b.pth")
    net = nn.Linear(3, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")             # torch.jit is on its way out
        torch.jit.save(torch.jit.script(net), str(tmp_path / "ts.pt"))
    found = legacy(core.edit(tmp_path / "ts.pt", [core.Extract(".")]), tmp_path / "b.pth")
    assert torch.equal(found["weight"], net.weight)


def test_that_a_whole_model_and_unknown_objects_are_kept(tmp_path: Path) -> None:
    net = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
    torch.save(net, tmp_path / "a.pth")
    core.save(core.open(tmp_path / "a.pth"), tmp_path / "b.pth", format="torch-legacy", keep_code=["*"])
    again = torch.load(tmp_path / "b.pth", weights_only=False)
    assert torch.equal(again(torch.ones(1, 3)), net(torch.ones(1, 3)))


def test_that_what_torch_of_then_does_not_know_is_said(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(2), "m": torch.empty(2, device="meta")}, tmp_path / "a.pth")
    plan = core.plan_save(tmp_path / "a.pth", tmp_path / "b.pth", format="torch-legacy")
    assert any("before 1.6 will not read it" in note and "_rebuild_meta_tensor_no_storage" in note for note in plan.notes)
    assert legacy(tmp_path / "a.pth", tmp_path / "b.pth")["m"].is_meta
    torch.save({"w": torch.ones(2), "odd": torch.ones(2, dtype=torch.uint16)}, tmp_path / "odd.pth")
    with pytest.raises(core.SaveError, match=r"odd \(uint16\)"):         # nor does torch of today read what it writes of it itself
        core.plan_save(tmp_path / "odd.pth", tmp_path / "b.pth", format="torch-legacy")
    for late, named in ((torch.ones(2, dtype=torch.complex64), "ComplexFloatStorage"), (torch.eye(3).to_sparse(), "coalesced")):
        torch.save({"w": late}, tmp_path / "late.pth")
        plan = core.plan_save(tmp_path / "late.pth", tmp_path / "b.pth", format="torch-legacy")
        assert any("before 1.6 will not read it" in note and named in note for note in plan.notes)
    torch.save({"w": torch.ones(2)}, tmp_path / "a.pth")
    assert not any("will not read" in note for note in core.plan_save(tmp_path / "a.pth", tmp_path / "b.pth", format="torch-legacy").notes)


def test_that_other_members_and_big_endian_storages_have_no_place_in_it(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(2)}, tmp_path / "a.pth")
    data = {"archive/data.pkl": builders_pickle(tmp_path / "a.pth"), "archive/byteorder": b"big", "archive/data/0": bytes(8),
            "archive/version": b"3\n"}
    (tmp_path / "big.pth").write_bytes(builders.zipped(data))
    with pytest.raises(core.SaveError, match="big-endian"):
        core.plan_save(tmp_path / "big.pth", tmp_path / "b.pth", format="torch-legacy")
    (tmp_path / "more.pth").write_bytes(builders.zipped({**data, "archive/byteorder": b"little", "archive/extra/x.txt": b"x"}))
    plan = core.plan_save(tmp_path / "more.pth", tmp_path / "b.pth", format="torch-legacy")
    assert [loss.id for loss in plan.losses] == ["other-members"]


def builders_pickle(path: Path) -> bytes:
    import zipfile
    with zipfile.ZipFile(path) as archive:
        return archive.read(next(name for name in archive.namelist() if name.endswith("data.pkl")))


def test_that_the_size_is_known_before_and_the_file_replaced_whole(tmp_path: Path) -> None:
    torch.save({"w": torch.randn(100_000), "v": torch.randn(3)}, tmp_path / "a.pth")
    plan = core.plan_save(tmp_path / "a.pth", tmp_path / "a.pth", format="torch-legacy")
    want = torch.load(tmp_path / "a.pth", weights_only=True)
    report = core.save(plan, verify="torch")
    assert report.nbytes == plan.nbytes == (tmp_path / "a.pth").stat().st_size
    assert any("2 of 2 tensors compared" in note for note in report.notes)
    found = torch.load(tmp_path / "a.pth", weights_only=True)
    assert all(torch.equal(found[key], want[key]) for key in want)
    assert [path.name for path in tmp_path.iterdir()] == ["a.pth"]
    with pytest.raises(core.SaveError, match="named like a safetensors"):
        core.plan_save(tmp_path / "a.pth", tmp_path / "a.safetensors", format="torch-legacy")


dtypes = st.sampled_from([torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int8, torch.uint8, torch.bool,
                          torch.complex64])
shapes = st.lists(st.integers(0, 4), max_size=3)
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | st.tuples(shapes, dtypes)
names = st.text(min_size=1, max_size=4)
nested = st.recursive(leaves, lambda inner: st.dictionaries(names, inner, max_size=4) | st.lists(inner, max_size=3), max_leaves=12)


def made(plan: Any) -> Any:
    if isinstance(plan, tuple):
        return torch.ones(plan[0], dtype=plan[1])
    if isinstance(plan, dict):
        return {key: made(value) for key, value in plan.items()}
    return [made(value) for value in plan] if isinstance(plan, list) else plan


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.text(min_size=1, max_size=4), nested, min_size=1, max_size=5))
def test_that_nested_objects_come_back_equal(tmp_path: Path, plan: dict[str, Any]) -> None:
    torch.save(made(plan), tmp_path / "a.pth")
    core.save(core.open(tmp_path / "a.pth"), tmp_path / "b.pth", format="torch-legacy", keep_code=["*"])
    assert repr(torch.load(tmp_path / "b.pth", weights_only=False)) == repr(torch.load(tmp_path / "a.pth", weights_only=False))
