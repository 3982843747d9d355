"""Folders that are one checkpoint without an index: numbered files, one model beside what belongs to it, an archive unzipped."""
from __future__ import annotations

import errno
import os
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from inspector import core

W = np.arange(4, dtype=np.float32)


def shard(folder: Path, name: str, key: str) -> None:
    if name.endswith(".safetensors"):
        save_file({key: W}, folder / name)
    else:
        torch.save({key: torch.from_numpy(W)}, folder / name)


def ids(ckpt: core.Checkpoint) -> list[str]:
    return [finding.id for finding in ckpt.findings]


@pytest.mark.parametrize(("pattern", "format"), [
    ("model-{:05}-of-00003.safetensors", "safetensors-sharded"), ("diffusion_pytorch_model.fp16-{:05}-of-00003.safetensors",
                                                                  "safetensors-sharded"),
    ("pytorch_model-{:05}-of-00003.bin", "torch-sharded"), ("net-{}-of-3.pt", "torch-sharded"), ("part_{:02}_of_03.pth", "torch-sharded"),
])
def test_that_numbered_files_without_an_index_are_one_checkpoint(tmp_path: Path, pattern: str, format: str) -> None:
    for number in (3, 1, 2):
        shard(tmp_path, pattern.format(number), f"layer{number}.weight")
    (tmp_path / "config.json").write_text("{}")
    ckpt = core.open(tmp_path)
    assert (ckpt.format, ckpt.kind, ckpt.path) == (format, "state-dict", str(tmp_path))
    assert list(ckpt.tensors) == ["layer1.weight", "layer2.weight", "layer3.weight"]
    assert ids(ckpt) == ["no-index"]
    assert core.is_set(tmp_path)
    core.save(ckpt, tmp_path.parent / "one.safetensors")
    np.testing.assert_array_equal(core.read_numpy(tmp_path.parent / "one.safetensors", "layer3.weight"), W)


def test_that_a_number_that_is_not_there_is_told(tmp_path: Path) -> None:
    shard(tmp_path, "model-00001-of-00004.safetensors", "a")
    shard(tmp_path, "model-00003-of-00004.safetensors", "b")
    ckpt = core.open(tmp_path)
    assert list(ckpt.tensors) == ["a", "b"]
    (missing,) = [finding for finding in ckpt.findings if finding.id == "missing-shard"]
    assert missing.level == "warning"
    assert "model-00002-of-00004.safetensors, model-00004-of-00004.safetensors" in missing.message


def test_that_a_part_that_cannot_be_read_is_told_and_the_rest_shown(tmp_path: Path) -> None:
    shard(tmp_path, "model-00001-of-00002.safetensors", "a")
    (tmp_path / "model-00002-of-00002.safetensors").write_bytes(b"<html><title>404</title>")
    ckpt = core.open(tmp_path)
    assert list(ckpt.tensors) == ["a"]
    assert "web page" in next(finding.message for finding in ckpt.findings if finding.id == "missing-shard")


def test_that_a_set_of_which_nothing_can_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "model-00001-of-00002.safetensors").write_bytes(b"")
    with pytest.raises(core.Corrupt, match="empty"):
        core.open(tmp_path)


def test_that_a_key_in_two_parts_is_told(tmp_path: Path) -> None:
    for number in (1, 2):
        shard(tmp_path, f"model-{number:05}-of-00002.safetensors", "a")
    ckpt = core.open(tmp_path)
    assert len(ckpt.tensors) == 2
    assert all("ambiguous" in info.problem for info in ckpt.tensors.values())


def test_that_two_sets_in_one_folder_are_not_guessed_at(tmp_path: Path) -> None:
    shard(tmp_path, "model-00001-of-00002.safetensors", "a")
    shard(tmp_path, "other-00001-of-00002.safetensors", "a")
    with pytest.raises(core.Unsupported, match="without an index"):
        core.open(tmp_path)


def test_that_one_file_of_a_set_without_an_index_names_the_folder(tmp_path: Path) -> None:
    shard(tmp_path, "model-00001-of-00002.safetensors", "a")
    shard(tmp_path, "model-00002-of-00002.safetensors", "b")
    (finding,) = core.open(tmp_path / "model-00001-of-00002.safetensors").findings
    assert finding.id == "one-of-a-set"
    assert str(tmp_path) in finding.hint


# -- one file with weights ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("files", "chosen"), [
    (["model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth", "training_args.bin"], "model.safetensors"),
    (["model.safetensors", "optimizer.bin", "random_states_0.pkl", "scaler.pt", "custom_checkpoint_0.pkl"], "model.safetensors"),
    (["pytorch_model.bin", "model.safetensors"], "model.safetensors"),
    (["diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.fp16.safetensors"], "diffusion_pytorch_model.safetensors"),
    (["diffusion_pytorch_model.bin", "diffusion_pytorch_model.safetensors"], "diffusion_pytorch_model.safetensors"),
    (["adapter_model.safetensors"], "adapter_model.safetensors"), (["pytorch_model.bin", "rng_state_3.pth"], "pytorch_model.bin"),
    (["whatever.ckpt"], "whatever.ckpt"), (["best.pth", "optimizer_state.pt"], "best.pth"),
])
def test_that_a_folder_with_one_model_opens_as_that(tmp_path: Path, files: list[str], chosen: str) -> None:
    for name in files:
        shard(tmp_path, name, name)
    for name in ("config.json", "tokenizer.model", "README.md", "vocab.txt"):
        (tmp_path / name).write_text("{}")
    ckpt = core.open(tmp_path)
    assert list(ckpt.tensors) == [chosen]
    assert ckpt.path == str(tmp_path / chosen)
    assert core.checkpoint_in(tmp_path) == str(tmp_path / chosen)
    assert not core.is_set(tmp_path)


@pytest.mark.parametrize("files", [["best.pth", "last.pth"], ["model.safetensors", "adapter_model.safetensors"],
                                   ["model.pt", "model.ema.pt", "last.pt"], ["optimizer.pt", "scheduler.pt"]])
def test_that_of_several_models_none_is_chosen(tmp_path: Path, files: list[str]) -> None:
    for name in files:
        shard(tmp_path, name, "a")
    with pytest.raises(core.Unsupported) as caught:
        core.open(tmp_path)
    assert files[0] in caught.value.message
    assert core.checkpoint_in(tmp_path) == ""


# -- an archive unzipped ----------------------------------------------------------------------------------------------------------

@pytest.fixture
def unzipped(tmp_path: Path) -> Path:
    """What torch.save wrote, unzipped; the file itself lies beside it."""
    layer = torch.nn.Linear(3, 2)
    weights = layer.state_dict()
    weights["tied"] = weights["weight"]
    torch.save({"epoch": 3, "model": weights, "args": {"lr": 0.5}}, tmp_path / "net.pth")
    with zipfile.ZipFile(tmp_path / "net.pth") as archive:
        archive.extractall(tmp_path / "out")
    return tmp_path / "out" / "net"


@pytest.mark.parametrize("which", ["inner", "outer"])
def test_that_an_unzipped_archive_is_what_it_was(unzipped: Path, tmp_path: Path, which: str) -> None:
    whole = core.open(tmp_path / "net.pth")
    path = unzipped if which == "inner" else unzipped.parent
    ckpt = core.open(path)
    assert (ckpt.format, ckpt.kind, ckpt.path) == (whole.format, whole.kind, str(path))
    assert list(ckpt.tensors.items()) == list(whole.tensors.items())
    assert dict(ckpt.values) == dict(whole.values)
    assert "unzipped" in ids(ckpt)
    assert core.is_set(path)
    assert core.checkpoint_in(path) == str(path)
    for key in ckpt.tensors:
        np.testing.assert_array_equal(core.read_numpy(ckpt, key), core.read_numpy(whole, key))


@pytest.mark.parametrize("name", ["model.safetensors.index.json", "model.safetensors"])
def test_that_what_is_wrong_with_a_folder_names_the_file(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(core.NotACheckpoint, match=re.escape(f"(0 bytes) (at {name})")):
        core.open(tmp_path)


def test_that_an_unzipped_archive_is_saved_as_torch_reads_it(unzipped: Path, tmp_path: Path) -> None:
    core.save(core.open(unzipped), tmp_path / "again.pth")
    loaded, wanted = (torch.load(tmp_path / name, weights_only=True) for name in ("again.pth", "net.pth"))
    assert loaded["epoch"] == 3
    assert all(torch.equal(loaded["model"][key], value) for key, value in wanted["model"].items())
    assert loaded["model"]["tied"].data_ptr() == loaded["model"]["weight"].data_ptr()


@pytest.mark.filterwarnings("ignore")             # scripting is deprecated
def test_that_a_script_unzipped_is_a_script(tmp_path: Path) -> None:
    torch.jit.script(torch.nn.Linear(3, 2)).save(tmp_path / "s.pt")
    with zipfile.ZipFile(tmp_path / "s.pt") as archive:
        archive.extractall(tmp_path / "out")
    ckpt = core.open(tmp_path / "out")
    assert (ckpt.format, list(ckpt.tensors)) == ("torchscript", ["weight", "bias"])
    core.save(ckpt, tmp_path / "again.pt")
    assert torch.jit.load(tmp_path / "again.pt")(torch.ones(1, 3)).shape == (1, 2)


def test_that_a_storage_that_is_not_there_is_told(unzipped: Path) -> None:
    (unzipped / "data" / "0").unlink()
    ckpt = core.open(unzipped)
    assert [key for key, info in ckpt.tensors.items() if info.problem] == ["model.weight", "model.tied"]


def test_that_a_storage_that_changes_is_noticed(unzipped: Path) -> None:
    ckpt = core.open(unzipped)
    os.utime(unzipped / "data" / "1", ns=(1, 1))
    with pytest.raises(core.Changed):
        core.read_numpy(ckpt, "model.bias")
    core.read_numpy(ckpt, "model.weight")


@pytest.mark.skipif(os.name != "posix", reason="links and pipes as POSIX has them")
def test_that_links_out_of_an_unzipped_archive_are_not_followed(unzipped: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"x" * 24)
    (unzipped / "data" / "0").unlink()
    (unzipped / "data" / "0").symlink_to(tmp_path / "secret")
    with pytest.raises(core.Unsupported) as caught:
        core.open(unzipped)
    assert caught.value.id == "outside_folder"
    (unzipped / "data" / "0").unlink()
    os.mkfifo(unzipped / "data" / "0")
    ckpt = core.open(unzipped)
    assert "unreadable" in ckpt.tensors["model.weight"].problem


def closed_to_us(monkeypatch: pytest.MonkeyPatch, *folders: Path) -> None:
    listed = os.scandir

    def scandir(path: str) -> object:
        if Path(path) in folders:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)


def test_that_a_folder_that_cannot_be_listed_is_not_said_to_be_no_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shard(tmp_path, "model.safetensors", "w")
    closed_to_us(monkeypatch, tmp_path)
    with pytest.raises(core.Unreadable, match="could not list the folder: Permission denied"):
        core.checkpoint_in(tmp_path)
    assert not core.is_set(tmp_path)                # and the file in it opens all the same
    assert core.open(tmp_path / "model.safetensors").format == "safetensors"


def test_that_a_folder_that_the_system_does_not_tell_is_not_taken_for_one_of_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`edit set -o set` then wrote a set into the set, and said that it had saved it."""
    shard(tmp_path, "model.safetensors", "w")
    asked = os.stat

    def stat(path: str, **more: object) -> object:
        if path == str(tmp_path):
            raise OSError(errno.EIO, os.strerror(errno.EIO), path)
        return asked(path, **more)

    monkeypatch.setattr(os, "stat", stat)
    with pytest.raises(core.Unreadable, match=r"could not read it: .*EIO"):
        core.checkpoint_in(str(tmp_path))


def test_that_a_folder_that_cannot_be_listed_is_among_those_that_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a/model.safetensors", "b/model.safetensors", "c/model.safetensors"):
        (tmp_path / name).parent.mkdir()
        shard(tmp_path, name, "w")
    closed_to_us(monkeypatch, tmp_path / "b")
    found = [str(Path(one).relative_to(tmp_path)) for one in core.checkpoints_in(tmp_path)]
    assert found == ["a/model.safetensors", "c/model.safetensors", "b"]
    with pytest.raises(core.Unreadable, match="could not list the folder"):
        core.open(tmp_path / found[-1])


def test_that_the_folder_of_a_tensorflow_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "variables").mkdir()
    (tmp_path / "saved_model.pb").write_bytes(b"")
    with pytest.raises(core.InspectorError) as caught:
        core.open(tmp_path)
    assert (caught.value.id, "TensorFlow SavedModel" in caught.value.message) == ("tensorflow", True)
