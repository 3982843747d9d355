"""What is there already where a save goes."""
from __future__ import annotations

import os
import socket
import stat
import sys
from pathlib import Path

import pytest
import torch

from inspector import core
from inspector.core.saving import targets
from tests.core.saving import samples

posix = pytest.mark.skipif(sys.platform == "win32", reason="permissions, links and attributes of POSIX")


@pytest.fixture
def ckpt(tmp_path: Path) -> core.Checkpoint:
    (tmp_path / "in").mkdir()
    return samples.saved(tmp_path / "in" / "a.pth", {"x": torch.arange(5)})


def refused(ckpt: core.Checkpoint, path: Path, id: str, **options: object) -> None:
    with pytest.raises(core.SaveError) as caught:
        core.plan_save(ckpt, path, **options)  # type: ignore[arg-type]
    assert caught.value.id == id
    assert caught.value.hint


def test_that_saving_over_the_file_that_is_read_works(ckpt: core.Checkpoint) -> None:
    before = samples.digests(ckpt)
    core.save(ckpt, ckpt.path)
    assert samples.digests(core.open(ckpt.path)) == before
    core.save(core.open(ckpt.path), ckpt.path, format="safetensors")
    assert samples.digests(core.open(ckpt.path)) == before
    assert samples.left(Path(ckpt.path).parent) == []


@posix
def test_that_a_link_into_a_hugging_face_cache_is_not_written_through(ckpt: core.Checkpoint, tmp_path: Path) -> None:
    cache = tmp_path / "models--owner--name"
    (cache / "blobs").mkdir(parents=True)
    (cache / "snapshots" / "abc").mkdir(parents=True)
    blob, link = cache / "blobs" / "0f" / "..", cache / "snapshots" / "abc" / "model.safetensors"
    blob = cache / "blobs" / "0123abcd"
    blob.write_bytes(b"contents named by their hash")
    link.symlink_to("../../blobs/0123abcd")
    refused(ckpt, link, "replace-link")
    refused(ckpt, blob, "cache-blob")
    report = core.save(ckpt, link, allow=["replace-link"])
    assert not link.is_symlink()
    assert list(core.open(link).tensors) == ["x"]
    assert blob.read_bytes() == b"contents named by their hash"
    assert any("stays as it is" in note for note in report.notes)


@posix
def test_that_an_ordinary_link_is_followed_and_told(ckpt: core.Checkpoint, tmp_path: Path) -> None:
    (tmp_path / "real.pth").write_bytes(b"old")
    (tmp_path / "link.pth").symlink_to("real.pth")
    report = core.save(ckpt, tmp_path / "link.pth")
    assert (tmp_path / "link.pth").is_symlink()
    assert list(core.open(tmp_path / "real.pth").tensors) == ["x"]
    assert any("link" in note for note in report.notes)


@posix
def test_that_other_names_of_the_file_must_be_given_up_on_purpose(ckpt: core.Checkpoint, tmp_path: Path) -> None:
    (tmp_path / "one.pth").write_bytes(b"old")
    os.link(tmp_path / "one.pth", tmp_path / "two.pth")
    refused(ckpt, tmp_path / "one.pth", "break-hard-links")
    core.save(ckpt, tmp_path / "one.pth", allow=["break-hard-links"])
    assert (tmp_path / "two.pth").read_bytes() == b"old"


@posix
def test_that_mode_and_attributes_are_kept(ckpt: core.Checkpoint, tmp_path: Path) -> None:
    new, old = tmp_path / "new.pth", tmp_path / "old.pth"
    mask = os.umask(0o027)
    try:
        core.save(ckpt, new)
    finally:
        os.umask(mask)
    assert stat.S_IMODE(new.stat().st_mode) == 0o640
    old.write_bytes(b"old")
    old.chmod(0o604)
    kept = _mark(old, "user.note")
    core.save(ckpt, old)
    assert stat.S_IMODE(old.stat().st_mode) == 0o604
    assert not kept or os.getxattr(old, "user.note") == b"told"


def _mark(path: Path, name: str) -> bool:
    if sys.platform != "linux":
        return False
    try:
        os.setxattr(path, name, b"told")
    except OSError:
        return False
    return True


@posix
def test_that_attributes_that_cannot_be_kept_are_told(ckpt: core.Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform != "linux":
        pytest.skip("extended attributes of Linux")
    (tmp_path / "old.pth").write_bytes(b"old")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "not allowed")

    monkeypatch.setattr(os, "listxattr", lambda path, **_: ["security.label"] if str(path).endswith("old.pth") else [])
    monkeypatch.setattr(os, "getxattr", lambda *_, **__: b"x")
    monkeypatch.setattr(os, "setxattr", refuse)
    report = core.save(ckpt, tmp_path / "old.pth")
    assert any("security.label" in note for note in report.notes)


@posix
def test_that_a_read_only_file_is_honoured(ckpt: core.Checkpoint, tmp_path: Path) -> None:
    (tmp_path / "ro.pth").write_bytes(b"old")
    (tmp_path / "ro.pth").chmod(0o444)
    refused(ckpt, tmp_path / "ro.pth", "read-only")
    core.save(ckpt, tmp_path / "ro.pth", allow=["read-only"])
    assert stat.S_IMODE((tmp_path / "ro.pth").stat().st_mode) == 0o444


def test_that_a_folder_that_takes_no_new_file_is_told_and_nothing_is_cut_short(ckpt: core.Checkpoint, tmp_path: Path,
                                                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "old.pth").write_bytes(b"old")
    really = os.open

    def refuse(path: str, flags: int, *rest: int, **more: int) -> int:
        if flags & os.O_CREAT:
            raise PermissionError(13, "Permission denied")
        return really(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(core.SaveError) as caught:
        core.save(ckpt, tmp_path / "old.pth")
    assert caught.value.id == "no_sibling_temp"
    assert (tmp_path / "old.pth").read_bytes() == b"old"


@posix
def test_that_what_is_no_file_is_not_replaced(ckpt: core.Checkpoint, tmp_path: Path) -> None:
    (tmp_path / "folder.pth").mkdir()
    os.mkfifo(tmp_path / "fifo.pth")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(tmp_path / "s.pth"))
        for name in ("fifo.pth", "s.pth"):
            refused(ckpt, tmp_path / name, "bad_target")
    refused(ckpt, tmp_path / "folder.pth", "bad_target", format="torch-zip")
    refused(ckpt, Path("/dev/null"), "bad_target")
    refused(ckpt, tmp_path / "a\0b", "bad_target")
    refused(ckpt, tmp_path / "nowhere" / "a.pth", "no_folder")


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="needs Linux's names of open files")
def test_that_a_link_to_an_open_pipe_is_not_taken_for_a_new_file(ckpt: core.Checkpoint, tmp_path: Path) -> None:
    """As /dev/stdout is one, where standard output goes to another program: its other end has no name."""
    reading, writing = os.pipe()
    try:
        (tmp_path / "out.pth").symlink_to(f"/proc/self/fd/{writing}")
        refused(ckpt, tmp_path / "out.pth", "bad_target")
    finally:
        os.close(reading)
        os.close(writing)


def test_that_a_name_as_long_as_names_may_be_is_saved_to(ckpt: core.Checkpoint, tmp_path: Path) -> None:
    path = tmp_path / ("n" * 251 + ".pth")
    core.save(ckpt, path)
    core.save(ckpt, path)
    assert list(core.open(path).tensors) == ["x"]


def test_that_where_a_download_came_from_goes_along(ckpt: core.Checkpoint, tmp_path: Path) -> None:
    if not _mark(Path(ckpt.path), "user.xdg.origin.url"):
        pytest.skip("no extended attributes here")
    core.save(core.open(ckpt.path), tmp_path / "b.pth")
    assert os.getxattr(tmp_path / "b.pth", "user.xdg.origin.url") == b"told"


def test_that_a_file_changed_since_it_was_opened_is_not_saved_from_or_over(ckpt: core.Checkpoint, tmp_path: Path) -> None:
    plan = core.plan_save(ckpt, ckpt.path)
    samples.saved(Path(ckpt.path), {"y": torch.ones(1)})
    for target in (Path(ckpt.path), tmp_path / "b.pth"):
        with pytest.raises(core.Changed):
            core.save(ckpt, target)
    with pytest.raises(core.Changed):
        core.save(plan)
    assert list(core.open(ckpt.path).tensors) == ["y"]
    assert not (tmp_path / "b.pth").exists()


def test_that_a_target_changed_since_it_was_planned_is_left(ckpt: core.Checkpoint, tmp_path: Path) -> None:
    (tmp_path / "b.pth").write_bytes(b"old")
    plan = core.plan_save(ckpt, tmp_path / "b.pth")
    (tmp_path / "b.pth").write_bytes(b"somebody else's")
    with pytest.raises(core.SaveError) as caught:
        core.save(plan)
    assert caught.value.id == "changed"
    assert (tmp_path / "b.pth").read_bytes() == b"somebody else's"
    assert samples.left(tmp_path) == []


@posix
def test_that_a_name_that_becomes_a_link_meanwhile_is_not_followed(ckpt: core.Checkpoint, tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"precious")
    plan = core.plan_save(ckpt, tmp_path / "b.pth")
    (tmp_path / "b.pth").symlink_to("victim")
    with pytest.raises(core.SaveError) as caught:
        core.save(plan)
    assert caught.value.id == "changed"
    assert (tmp_path / "victim").read_bytes() == b"precious"


def test_that_planning_writes_nothing(ckpt: core.Checkpoint, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    for name, options in (("b.pth", {}), ("b.safetensors", {}), ("set", {"shard_size": 10})):
        core.plan_save(ckpt, tmp_path / name, **options)  # type: ignore[arg-type]
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(("name", "format"), [("a.pth", "torch-zip"), ("a.ckpt", "torch-zip"), ("a.bin", "torch-zip"),
                                              ("a.SafeTensors", "safetensors"), ("noending", "torch-zip"),
                                              ("x.safetensors.index.json", "safetensors-sharded")])
def test_that_the_ending_says_the_format(ckpt: core.Checkpoint, tmp_path: Path, name: str, format: str) -> None:
    assert core.plan_save(ckpt, tmp_path / name).format == format


def test_that_requests_without_sense_are_refused(ckpt: core.Checkpoint, tmp_path: Path) -> None:
    for options in ({"format": "zip"}, {"ties": "some"}, {"allow": ["everything"]}):
        with pytest.raises(core.UsageError):
            core.plan_save(ckpt, tmp_path / "b.pth", **options)  # type: ignore[arg-type]
    with pytest.raises(core.UsageError):
        core.save(ckpt)
    with pytest.raises(core.UsageError):
        core.save(core.plan_save(ckpt, tmp_path / "b.pth"), tmp_path / "c.pth")
    with pytest.raises(core.UsageError):
        core.save(ckpt, tmp_path / "b.pth", verify="hope")
    assert set(targets.ASK) == {"replace-link", "break-hard-links", "read-only"}


SETS = {
    "dcp": ({".metadata": b"", "__0_0.distcp": b""}, ".metadata"),
    "torch": ({"pytorch_model.bin.index.json": b"{}"}, "pytorch_model.bin.index.json"),
    "two": ({"a.safetensors.index.json": b"{}", "b.safetensors.index.json": b"{}"}, "*.safetensors.index.json"),
    "ranks": ({"rank0.pt": b"0", "rank1.pt": b"1"}, "rank0.pt"),
    "shards": ({"pytorch_model-00001-of-00002.bin": b"0", "pytorch_model-00002-of-00002.bin": b"1"}, "pytorch_model-00001-of-00002.bin"),
}


@pytest.mark.parametrize(("files", "named"), SETS.values(), ids=SETS)
def test_that_no_set_is_saved_into_the_folder_of_another(ckpt: core.Checkpoint, tmp_path: Path, files: dict[str, bytes],
                                                         named: str) -> None:
    folder = tmp_path / "taken"
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    with pytest.raises(core.SaveError) as caught:
        core.plan_save(ckpt, folder)
    assert f"({named})" in caught.value.message
    assert str(folder / "model.safetensors.index.json") in caught.value.hint
    core.save(ckpt, folder / "model.safetensors.index.json")            # as the hint says
    core.save(ckpt, folder)                                             # which replaces that set now
    assert list(core.open(folder / "model.safetensors.index.json").tensors) == ["x"]
    assert all((folder / name).read_bytes() == data for name, data in files.items())


def test_that_one_file_beside_a_new_set_is_told_of(ckpt: core.Checkpoint, tmp_path: Path) -> None:
    for name in ("hub", "other"):
        (tmp_path / name).mkdir()
    core.save(ckpt, tmp_path / "hub" / "model.safetensors")
    assert [note for note in core.plan_save(ckpt, tmp_path / "hub", shard_size=9).notes if "stays in the folder" in note] == [
        "model.safetensors stays in the folder beside the new set, and programs that look for it first go on loading it."]
    core.save(ckpt, tmp_path / "other" / "best.safetensors")
    assert not [note for note in core.plan_save(ckpt, tmp_path / "other").notes if "stays in the folder" in note]


def test_that_a_set_without_its_index_gets_one(ckpt: core.Checkpoint, tmp_path: Path) -> None:
    core.save({"x": torch.ones(3), "y": torch.ones(3)}, tmp_path / "set", shard_size=12)
    (tmp_path / "set" / "model.safetensors.index.json").unlink()
    core.save(core.open(tmp_path / "set"), tmp_path / "set")
    assert list(core.open(tmp_path / "set" / "model.safetensors.index.json").tensors) == ["x", "y"]
