"""Edited checkpoints, other containers, and code that nobody knows: what is in the file afterwards."""
from __future__ import annotations

import pickletools
import zipfile
from collections import OrderedDict
from pathlib import Path

import pytest
import torch

from inspector import core
from inspector.core.saving import plan
from tests import builders
from tests.core.saving import samples


def opcodes(path: Path) -> list[tuple[str, object]]:
    with zipfile.ZipFile(path) as archive:
        name = next(name for name in archive.namelist() if name.endswith("data.pkl"))
        return [(opcode.name, arg) for opcode, arg, _ in pickletools.genops(archive.read(name))]


def test_that_a_rename_changes_only_the_names(tmp_path: Path) -> None:
    ckpt = samples.saved(tmp_path / "a.pth", samples.plain_state())
    core.save(core.edit(ckpt, [core.StripPrefix("module.")]), tmp_path / "b.pth")
    before, after = opcodes(tmp_path / "a.pth"), opcodes(tmp_path / "b.pth")
    changed = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    assert [(a[1], b[1]) for a, b in changed] == [(key, key.removeprefix("module.")) for key in ckpt.tensors]
    with zipfile.ZipFile(tmp_path / "a.pth") as old, zipfile.ZipFile(tmp_path / "b.pth") as new:
        for name in old.namelist():
            if "/data/" in name:
                assert old.read(name) == new.read(name)
    loaded = torch.load(tmp_path / "b.pth", weights_only=True)
    old_state = torch.load(tmp_path / "a.pth", weights_only=True)
    assert all(torch.equal(loaded[key.removeprefix("module.")], value) for key, value in old_state.items())


def test_that_an_object_that_is_saved_as_it_was_found_is_not_decoded_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ckpt = samples.saved(tmp_path / "a.pth", samples.plain_state())
    real, decoded = plan.decode, list[bytes]()
    monkeypatch.setattr(plan, "decode", lambda data, *some, **more: decoded.append(data) or real(data, *some, **more))
    core.plan_save(ckpt, tmp_path / "b.pth")
    assert not decoded
    core.plan_save(core.edit(ckpt, [core.StripPrefix("module.")]), tmp_path / "b.pth")
    assert len(decoded) == 1


def test_that_names_that_would_collide_are_told_before_anything_is_written(tmp_path: Path) -> None:
    ckpt = samples.saved(tmp_path / "a.pth", {"module.x": torch.ones(1), "x": torch.zeros(1)})
    before = sorted(tmp_path.iterdir())
    with pytest.raises(core.EditError) as caught:
        core.save(core.edit(ckpt, [core.StripPrefix("module.")]), tmp_path / "b.pth")
    assert "module.x" in str(caught.value)
    assert sorted(tmp_path.iterdir()) == before


def test_that_a_cast_counts_what_it_changes_and_leaves_the_rest_alone(tmp_path: Path) -> None:
    values = torch.tensor([1e30, float("nan"), -0.0, 1.0, 1e-30])
    ckpt = samples.saved(tmp_path / "a.pth", {"x": values, "kept": values.clone()})
    edits = [core.Cast("float16", "x")]
    told = " ".join(note for effect in core.effects(ckpt, edits, read=True) for note in effect.notes)
    assert "overflow" in told or "infinit" in told
    edited = core.edit(ckpt, edits)
    for name in ("b.pth", "b.safetensors"):
        core.save(edited, tmp_path / name)
        found = core.read_torch(core.open(tmp_path / name), "x")
        assert torch.equal(found.nan_to_num(7), values.half().nan_to_num(7))
        assert torch.signbit(found[2])
        assert core.digest(core.open(tmp_path / name), "kept") == core.digest(ckpt, "kept")
    assert torch.equal(torch.load(tmp_path / "b.pth", weights_only=True)["x"].nan_to_num(7), values.half().nan_to_num(7))


def test_that_dropped_tensors_are_gone_from_the_file(tmp_path: Path) -> None:
    secret = torch.full((1000,), 1234.5)
    ckpt = samples.saved(tmp_path / "a.pth", {"secret": secret, "open": torch.ones(3)})
    for name in ("b.pth", "b.safetensors"):
        core.save(core.edit(ckpt, [core.Drop("secret")]), tmp_path / name)
        assert secret.numpy().tobytes()[:64] not in (tmp_path / name).read_bytes()
        assert list(core.open(tmp_path / name).tensors) == ["open"]


def test_that_bytes_of_a_dropped_view_that_stay_are_told(tmp_path: Path) -> None:
    both = torch.arange(2000.0)
    ckpt = samples.saved(tmp_path / "a.pth", {"secret": both[1000:], "open": both[:1000]})
    edited = core.edit(ckpt, [core.Drop("secret")])
    plan = core.plan_save(edited, tmp_path / "b.pth")
    assert any("dropped tensors stay in the file" in note for note in plan.notes)
    core.save(plan)
    apart = core.edit(edited, [core.Unshare("*")])
    clean = core.plan_save(apart, tmp_path / "c.pth")
    assert not any("stay in the file" in note for note in clean.notes)
    for what, name in ((clean, None), (apart, tmp_path / "c.safetensors")):
        report = core.save(what, name)
        assert both[1000:].numpy().tobytes()[:64] not in Path(report.path).read_bytes()


def test_that_remapped_devices_are_in_the_file(tmp_path: Path) -> None:
    ckpt = samples.saved(tmp_path / "a.pth", samples.plain_state())
    core.save(core.edit(ckpt, [core.RemapDevices({"cpu": "cuda:3"})]), tmp_path / "gpu.pth")
    gpu = core.open(tmp_path / "gpu.pth")
    assert {info.device for info in gpu.tensors.values()} == {"cuda:3"}
    core.save(core.edit(gpu, [core.RemapDevices({"cuda:*": "cpu"})]), tmp_path / "cpu.pth")
    assert torch.load(tmp_path / "cpu.pth", weights_only=True).keys() == ckpt.tensors.keys()
    assert samples.digests(core.open(tmp_path / "cpu.pth")) == samples.digests(ckpt)


class Stranger:
    """Known to nobody but this test."""

    def __init__(self) -> None:
        self.weight = torch.ones(2)


def test_that_unknown_code_is_kept_or_dropped_only_on_demand(tmp_path: Path) -> None:
    ckpt = samples.saved(tmp_path / "a.pth", {"model": {"w": torch.ones(3)}, "who": Stranger(), "epoch": 3})
    name = f"{Stranger.__module__}.Stranger"
    plan = core.plan_save(ckpt, tmp_path / "b.pth")
    assert plan.code == (name,)
    with pytest.raises(core.SaveError) as caught:
        core.save(plan, allow_loss=True)
    assert caught.value.id == "unknown-code"
    assert name in caught.value.message
    core.save(ckpt, tmp_path / "kept.pth", keep_code=[name])
    samples.same(ckpt, core.open(tmp_path / "kept.pth"))
    for pattern in (name, "*.Stranger"):
        report = core.save(ckpt, tmp_path / "dropped.pth", drop_code=[pattern])
        assert report.notes
        assert torch.load(tmp_path / "dropped.pth", weights_only=True).keys() == {"model", "epoch"}
    extracted = core.edit(ckpt, [core.Extract("model")])
    assert core.plan_save(extracted, tmp_path / "c.pth").code == ()


def test_that_another_pickle_in_the_archive_is_decided_about_too(tmp_path: Path) -> None:
    pickles = builders.trip_pickles()
    (tmp_path / "a.pth").write_bytes(builders.torch_zip(b"\x80\x02}X\x01\x00\x00\x00aK\x01s.", {"evil.pkl": pickles["reduce"]}))
    ckpt = core.open(tmp_path / "a.pth")
    assert core.plan_save(ckpt, tmp_path / "b.pth").code == ("tests_trip_module.trip",)
    core.save(ckpt, tmp_path / "b.pth", drop_code=["tests_trip_module.*"])
    with zipfile.ZipFile(tmp_path / "b.pth") as archive:
        assert not any("evil" in name for name in archive.namelist())
    core.save(ckpt, tmp_path / "c.pth", keep_code=["tests_trip_module.trip"])
    with zipfile.ZipFile(tmp_path / "c.pth") as archive:
        assert archive.read("archive/evil.pkl") == pickles["reduce"]


@pytest.mark.parametrize("trip", list(builders.trip_pickles()))
def test_that_no_way_of_calling_slips_through(tmp_path: Path, trip: str) -> None:
    (tmp_path / "a.pth").write_bytes(builders.torch_zip(builders.trip_pickles()[trip]))
    try:
        ckpt = core.open(tmp_path / "a.pth")
    except core.ReadError:
        return
    plan = core.plan_save(ckpt, tmp_path / "b.pth")
    left = builders.TRIP_MODULE.encode() in b"".join(
        payload.data or b"" for payload in plan.work[0].members.values())  # type: ignore[union-attr]
    assert bool(plan.code) or not left


def test_that_a_legacy_file_becomes_an_archive(tmp_path: Path) -> None:
    ckpt = samples.saved(tmp_path / "a.pth", {key: value for key, value in samples.odd_state().items() if key not in ("bf", "grad")},
                         _use_new_zipfile_serialization=False)
    assert ckpt.format == "torch-legacy"
    core.save(ckpt, tmp_path / "b.pth")
    samples.same(ckpt, core.open(tmp_path / "b.pth"))
    a, b = (torch.load(tmp_path / name, weights_only=True) for name in ("a.pth", "b.pth"))
    assert torch.equal(a["view"], b["view"])
    assert b["whole"].data_ptr() == b["tied"].data_ptr()


def test_that_torch_shards_become_one_archive(tmp_path: Path) -> None:
    state = samples.plain_state(4)
    keys = list(state)
    for n, part in enumerate((keys[:2], keys[2:]), 1):
        torch.save(OrderedDict((key, state[key]) for key in part), tmp_path / f"pytorch_model-0000{n}-of-00002.bin")
    index = {"metadata": {}, "weight_map": {key: f"pytorch_model-0000{1 + (n > 1)}-of-00002.bin" for n, key in enumerate(keys)}}
    import json
    (tmp_path / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    ckpt = core.open(tmp_path)
    assert ckpt.format == "torch-sharded"
    (tmp_path / "out").mkdir()
    core.save(ckpt, tmp_path / "out" / "one.pth")
    loaded = torch.load(tmp_path / "out" / "one.pth", weights_only=True)
    assert all(torch.equal(loaded[key], value) for key, value in state.items())
    core.save(ckpt, tmp_path / "out", format="safetensors-sharded")
    assert samples.digests(core.open(tmp_path / "out")) == samples.digests(ckpt)


@pytest.mark.filterwarnings("ignore")
def test_that_a_distributed_checkpoint_becomes_one_file(tmp_path: Path) -> None:
    from torch.distributed.checkpoint import FileSystemWriter, save
    state = samples.plain_state(3)
    save(dict(state), storage_writer=FileSystemWriter(tmp_path / "dcp"), no_dist=True)
    ckpt = core.open(tmp_path / "dcp")
    for name in ("one.pth", "one.safetensors"):
        core.save(ckpt, tmp_path / name, allow_loss=True)
        found = core.open(tmp_path / name)
        assert {key: core.digest(found, key) for key in state} == {key: core.digest(ckpt, key) for key in state}


def test_that_an_object_that_cannot_be_carried_over_is_a_loss(tmp_path: Path) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    ckpt = samples.saved(tmp_path / "a.pth", model)
    extracted = core.edit(ckpt, [core.Extract("")])
    core.save(extracted, tmp_path / "w.pth")
    model.load_state_dict(torch.load(tmp_path / "w.pth", weights_only=True), strict=True)


def test_that_a_scripted_model_becomes_a_state_dict(tmp_path: Path) -> None:
    import warnings
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.script(model), str(tmp_path / "a.pt"))
    ckpt = core.open(tmp_path / "a.pt")
    core.save(ckpt, tmp_path / "w.pth", format="torch-zip", allow_loss=True)
    model.load_state_dict(torch.load(tmp_path / "w.pth", weights_only=True), strict=True)
    changed = core.edit(ckpt, [core.Cast("float16")])
    with pytest.raises(core.SaveError) as caught:
        core.plan_save(changed, tmp_path / "b.pt", format="torchscript")
    assert caught.value.id == "torchscript"


def test_that_real_files_come_back(corpus: Path, tmp_path: Path) -> None:
    """Those up to 200 kB, as what they are and as safetensors."""
    saved = 0
    for path in sorted((corpus / "files").iterdir()):
        if path.stat().st_size > 200_000:
            continue
        try:
            ckpt = core.open(path)
        except core.ReadError:
            continue
        core.save(ckpt, tmp_path / "w.safetensors", allow_loss=True)
        if not ckpt.format.startswith("safetensors"):
            has_object = ckpt.format != "torch-export" and bool(ckpt.pickles) and ckpt.pickles[0].member != "attributes.pkl"
            chosen = "torchscript" if ckpt.format == "torchscript" and has_object else "torch-zip"
            if not has_object and not ckpt.tensors:
                continue                        # a program without weights: there is nothing to write
            core.save(ckpt, tmp_path / "w.pth", format=chosen, keep_code=["*"], allow_loss=True)
            # views of others in old tars are named by the others now; programs told by JSON become state dicts
            if ckpt.format != "torch-tar" and has_object:
                samples.same(ckpt, core.open(tmp_path / "w.pth"))
        saved += 1
    assert saved > 20


def test_that_a_pattern_for_code_takes_unknown_code_only(tmp_path: Path) -> None:
    """`*` fits torch's own names, too, and the weights need those."""
    value = {"epoch": 3, "state_dict": torch.nn.Linear(2, 2).state_dict(), "hyper_parameters": {"cfg": Config(), "lr": 0.1}}
    torch.save(value, tmp_path / "a.ckpt")
    for pattern in ("*", "torch*", "?*"):
        keep = ["*"] if pattern == "torch*" else []
        core.save(core.open(tmp_path / "a.ckpt"), tmp_path / "b.ckpt", drop_code=[pattern], keep_code=keep)
        there = core.open(tmp_path / "b.ckpt")
        assert list(there.tensors) == ["state_dict.weight", "state_dict.bias"]
        assert (there.values["epoch"], there.values["hyper_parameters.lr"]) == (3, 0.1)
        assert ("hyper_parameters.cfg" in there.values) is (pattern == "torch*")


class Config:
    pass
