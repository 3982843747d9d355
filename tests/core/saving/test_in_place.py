"""Names, tags and plain values changed in the file itself: what torch and safetensors read then, and where it is refused."""
from __future__ import annotations

import errno
import io
import json
import os
import pickle
import struct
import sys
import warnings
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch._utils import _rebuild_tensor_v2

from inspector import core
from inspector.core.io.new_files import UNDO, beside, is_interrupted
from inspector.core.saving import verify
from inspector.core.saving.disk import overwrite
from inspector.core.saving.layouts import torch_zip
from tests.core.saving import samples

posix = pytest.mark.skipif(sys.platform == "win32", reason="names and modes of POSIX")
STRIP = core.StripPrefix("module.")


def changed(path: Path, *edits: core.Edit, to: Path | None = None, **options: Any) -> core.SaveReport:
    return core.save(core.edit(core.open(path), edits), to, in_place=True, **options)


def why_not(path: Path, *edits: core.Edit, **options: Any) -> str:
    """Why it is refused, with nothing changed."""
    before = path.read_bytes()
    with pytest.raises(core.SaveError) as caught:
        changed(path, *edits, **options)
    assert caught.value.id == "in-place"
    assert "copy" in caught.value.hint
    assert path.read_bytes() == before
    assert samples.left(path.parent) == []
    return caught.value.message


def both_ways(path: Path) -> list[Any]:
    """What torch reads, mapped and not; every member's checksum is right."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
    return [torch.load(path), torch.load(path, mmap=True)]


def oddities(path: Path) -> list[str]:
    return [finding.id for finding in core.check(core.open(path)) if finding.level != "info"]


# -- PyTorch files -----------------------------------------------------------------------------------------------------------


def test_that_names_change_and_torch_reads_the_same_tensors(tmp_path: Path) -> None:
    state = samples.plain_state(9, 300)
    state["module.tied"] = state["module.layers.0.weight"]
    path = tmp_path / "a.pth"
    samples.saved(path, {"model": state, "epoch": 3, "lr": [0.5, None]})
    size, inode = path.stat().st_size, path.stat().st_ino
    report = changed(path, STRIP)
    assert report.written is not None
    assert report.written < size // 4
    assert "in place" in report.text
    assert path.stat().st_ino == inode
    for found in both_ways(path):
        assert list(found["model"]) == [key.removeprefix("module.") for key in state]
        assert all(torch.equal(one, other) for one, other in zip(found["model"].values(), state.values(), strict=True))
        assert found["model"]["tied"].data_ptr() == found["model"]["layers.0.weight"].data_ptr()
        assert (found["epoch"], found["lr"]) == (3, [0.5, None])
    assert oddities(path) == []


def test_that_it_reads_as_the_copy_would(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    edited = core.edit(samples.saved(path, samples.odd_state()), [core.parse_edit("rename", "^(t|view)$=x_\\1"),
                       core.parse_edit("device", "cpu=cuda:1"), core.parse_edit("set", "epoch=4"), core.parse_edit("set", "new={}")])
    core.save(edited, tmp_path / "copy.pth")
    core.save(edited, in_place=True)
    samples.same(core.open(path), core.open(tmp_path / "copy.pth"))


def test_that_the_old_names_and_values_are_no_longer_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    samples.saved(path, {"w": torch.ones(50), "token": "old-secret-value"})
    changed(path, core.parse_edit("set", "token=new"), core.parse_edit("rename", "^w$=weight"))
    assert b"old-secret-value" not in path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    assert path.read_bytes().count(b"PK\x05\x06") == 1
    assert path.read_bytes().count(b"PK\x01\x02") == len(names)
    assert oddities(path) == []


def test_that_edits_may_follow_one_another_and_the_last_may_undo_the_first(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    first = samples.saved(path, samples.plain_state(5, 400))
    told = samples.digests(first)
    for n in range(6):
        changed(path, core.AddPrefix(f"p{n}."))
        assert oddities(path) == []
    changed(path, *(core.StripPrefix(f"p{n}.") for n in reversed(range(6))))
    samples.same(core.open(path), core.open(path))
    assert samples.digests(core.open(path)) == told
    assert list(torch.load(path)) == list(first.tensors)
    core.save(core.open(path), tmp_path / "clean.pth")
    assert samples.digests(core.open(tmp_path / "clean.pth")) == told


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from([core.AddPrefix("a."), core.StripPrefix("a."), core.parse_edit("rename", "layer=stage"),
                                 core.parse_edit("rename", "stage=l"), core.parse_edit("device", "*=cuda:0"),
                                 core.parse_edit("device", "*=cpu"), core.parse_edit("set", "epoch=12")]), max_size=6))
def test_that_any_series_of_edits_in_place_is_what_they_are_together(tmp_path_factory: pytest.TempPathFactory,
                                                                     edits: list[core.Edit]) -> None:
    path = tmp_path_factory.mktemp("series") / "a.pth"
    samples.saved(path, {**samples.plain_state(2, 3), "epoch": 1})
    try:
        together = core.edit(core.open(path), edits)
    except core.EditError:              # two values would have one name
        reject()
    keys, values = list(together.tensors), dict(together.values)
    devices = [info.device for info in together.tensors.values()]
    told = samples.digests(together)
    for edit in edits:
        changed(path, edit)
    found = core.open(path)
    assert (list(found.tensors), dict(found.values), [info.device for info in found.tensors.values()]) == (keys, values, devices)
    assert samples.digests(found) == told
    torch.load(path, map_location="cpu")


def test_that_a_whole_model_whose_class_is_gone_is_changed_in_place(tmp_path: Path) -> None:
    path = tmp_path / "m.pth"
    samples.saved(path, torch.nn.Sequential(torch.nn.Linear(30, 20), torch.nn.BatchNorm1d(20)))
    changed(path, core.parse_edit("device", "cpu=cuda:0"), keep_code=["*"])
    assert {info.device for info in core.open(path).tensors.values()} == {"cuda:0"}
    changed(path, core.parse_edit("device", "cuda:0=cpu"), keep_code=["*"])
    assert isinstance(torch.load(path, weights_only=False)[0], torch.nn.Linear)


def test_that_a_torchscript_archive_keeps_its_code_and_runs(tmp_path: Path) -> None:
    path = tmp_path / "m.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")         # that TorchScript is old
        torch.jit.script(torch.nn.Linear(40, 30)).save(path)
    changed(path, core.parse_edit("device", "cpu=cuda:0"))
    assert {info.device for info in core.open(path).tensors.values()} == {"cuda:0"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert torch.jit.load(path, map_location="cpu")(torch.ones(1, 40)).shape == (1, 30)


def test_that_a_member_that_is_packed_stays_packed(tmp_path: Path) -> None:
    samples.saved(tmp_path / "stored.pth", samples.plain_state(3, 500))
    path = tmp_path / "a.pth"
    with zipfile.ZipFile(tmp_path / "stored.pth") as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    told = list(samples.digests(core.open(path)).values())
    changed(path, STRIP)
    assert list(samples.digests(core.open(path)).values()) == told
    assert list(torch.load(path)) == [f"layers.{i}.weight" for i in range(3)]


def test_that_a_comment_of_the_archive_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    samples.saved(path, samples.plain_state(2, 300))
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"run 7"
    changed(path, STRIP)
    with zipfile.ZipFile(path) as archive:
        assert archive.comment == b"run 7"
    assert list(torch.load(path)) == ["layers.0.weight", "layers.1.weight"]


def test_that_an_edit_that_changes_nothing_writes_nothing(tmp_path: Path) -> None:
    for path, state in ((tmp_path / "a.pth", samples.plain_state()), (tmp_path / "a.safetensors", dict(samples.plain_state()))):
        if path.suffix == ".pth":
            samples.saved(path, state)
        else:
            save_file(state, path)
        before, stamp = path.read_bytes(), os.stat(path).st_mtime_ns
        report = changed(path, core.parse_edit("rename", "nowhere=x"))
        assert report.written == 0
        assert (path.read_bytes(), os.stat(path).st_mtime_ns) == (before, stamp)


@pytest.mark.parametrize(("edit", "said"), [
    (core.parse_edit("drop", "*.0.*"), "left out"), (core.parse_edit("cast", "float16"), "elements"),
    (core.parse_edit("unshare", "*"), "elements"), (core.parse_edit("keep", "*.0.*"), "left out")])
def test_that_what_changes_tensors_is_refused(tmp_path: Path, edit: core.Edit, said: str) -> None:
    path = tmp_path / "a.pth"
    state = samples.plain_state(3, 30)
    state["module.layers.9.view"] = state["module.layers.1.weight"][3:]
    samples.saved(path, state)
    assert said in why_not(path, edit)


def test_that_other_containers_and_places_are_refused(tmp_path: Path) -> None:
    state = samples.plain_state(2, 3)
    samples.saved(tmp_path / "old.pth", state, _use_new_zipfile_serialization=False)
    assert "format" in why_not(tmp_path / "old.pth", STRIP)
    samples.saved(tmp_path / "a.pth", state)
    assert "elsewhere" in why_not(tmp_path / "a.pth", STRIP, to=tmp_path / "b.pth")
    assert "format" in why_not(tmp_path / "a.pth", STRIP, format="safetensors")
    with zipfile.ZipFile(tmp_path / "runs.zip", "w") as archive:
        archive.write(tmp_path / "a.pth", "best.pth")
        archive.writestr("notes.txt", "x")
    with pytest.raises(core.SaveError, match="another archive") as caught:
        core.save(core.edit(core.open(f"{tmp_path / 'runs.zip'}!best.pth"), [STRIP]), in_place=True)
    assert caught.value.id == "in-place"


def test_that_what_a_copy_would_clean_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    samples.saved(path, samples.plain_state(2, 300))
    with open(path, "ab") as file:
        file.write(b"junk")
    assert "follow the end" in why_not(path, STRIP)
    with zipfile.ZipFile(tmp_path / "b.pth", "w") as archive:
        with zipfile.ZipFile(tmp_path / "c.pth", "w") as source:
            source.writestr("x", b"")
        samples.saved(tmp_path / "d.pth", {"w": torch.ones(3)})
        with zipfile.ZipFile(tmp_path / "d.pth") as old:
            for name in old.namelist():
                archive.writestr(name.partition("/")[2], old.read(name))
    assert "laid out" in why_not(tmp_path / "b.pth", core.parse_edit("rename", "w=v"))


def refuses(path: Path, edit: core.Edit) -> bool:
    """Whether it is refused for what would be unused; done otherwise."""
    try:
        changed(path, edit)
    except core.SaveError as error:
        if "unused" not in error.message:
            raise
        return True
    return False


def test_that_a_file_does_not_fill_up_with_what_is_unused(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    samples.saved(path, {**{f"module.{'n' * 200}.{i}": torch.ones(1) for i in range(400)}, "text": "x" * 400_000})
    told = samples.digests(core.open(path))
    done = 0
    while not refuses(path, core.AddPrefix("p.")):
        done += 1
    assert 0 < done < 20
    core.save(core.edit(core.open(path), [core.StripPrefix("p.")] * done), path)
    assert samples.digests(core.open(path)) == told
    changed(path, STRIP)


@posix
def test_that_links_modes_and_locks_are_respected(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    samples.saved(path, samples.plain_state(2, 30))
    os.link(path, tmp_path / "b.pth")
    assert "hard links" in why_not(path, STRIP)
    assert "hard links" in why_not(path, STRIP, allow=["break-hard-links"])
    os.unlink(tmp_path / "b.pth")
    path.chmod(0o440)
    assert "read-only" in why_not(path, STRIP)
    path.chmod(0o640)
    (tmp_path / "link.pth").symlink_to("a.pth")
    changed(tmp_path / "link.pth", STRIP)
    assert (tmp_path / "link.pth").is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(torch.load(path)) == ["layers.0.weight", "layers.1.weight"]
    import fcntl
    with open(path, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        assert "lock" in why_not(path, core.AddPrefix("x."))


@posix
def test_that_a_file_in_a_cache_of_hugging_face_is_left_alone(tmp_path: Path) -> None:
    blobs = tmp_path / "models--o--n" / "blobs"
    blobs.mkdir(parents=True)
    save_file(dict(samples.plain_state(2, 3)), blobs / "abc")
    with pytest.raises(core.SaveError):
        changed(blobs / "abc", STRIP)
    (tmp_path / "m.safetensors").symlink_to(blobs / "abc")
    for allow in ([], ["replace-link"]):
        with pytest.raises(core.SaveError):
            changed(tmp_path / "m.safetensors", STRIP, allow=allow)
    assert list(load_file(blobs / "abc")) == list(samples.plain_state(2, 3))


def test_that_a_file_that_changed_since_it_was_opened_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    edited = core.edit(samples.saved(path, samples.plain_state(2, 30)), [STRIP])
    plan = core.plan_save(edited, path, in_place=True)
    samples.saved(path, samples.plain_state(2, 31))
    for what in (edited, plan):
        with pytest.raises((core.ReadError, core.SaveError), match="changed"):
            core.save(what, **({"in_place": True} if what is edited else {}))
    assert core.open(path).tensors["module.layers.0.weight"].shape == (31, 7)


@pytest.mark.parametrize("name", ["a.pth", "a.safetensors"])
def test_that_what_reads_otherwise_than_it_was_to_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    path = tmp_path / name
    samples.saved(path, samples.plain_state(2, 30)) if name.endswith("h") else save_file(dict(samples.plain_state(2, 30)), path)
    before = path.read_bytes()
    really = verify.read_back

    def flip(path: str, *rest: Any) -> core.Checkpoint:
        found = really(path, *rest)
        with open(path, "r+b") as file:
            file.seek(-5 if name.endswith("h") else 60, os.SEEK_END if name.endswith("h") else os.SEEK_SET)
            file.write(b"!")
        return found

    monkeypatch.setattr(verify, "read_back", flip)
    with pytest.raises(core.SaveError) as caught:
        changed(path, STRIP)
    assert caught.value.id == "verification"
    assert path.read_bytes() == before
    assert samples.left(tmp_path) == []


def test_that_torch_reads_it_before_it_counts_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    samples.saved(path, samples.plain_state(2, 30))
    assert any("torch" in note for note in changed(path, STRIP, verify="torch").notes)


@pytest.mark.parametrize("name", ["a.pth", "a.safetensors"])
def test_that_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    path = tmp_path / name
    samples.saved(path, samples.plain_state(2, 30)) if name.endswith("h") else save_file(dict(samples.plain_state(2, 30)), path)
    before = path.read_bytes()
    plan = core.plan_save(core.edit(core.open(path), [STRIP]), path, in_place=True)
    really, calls = os.write, []

    def full(fd: int, data: Any) -> int:
        calls.append(fd)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return really(fd, data)

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(core.SaveError, match="disk is full"):
            core.save(plan)
    assert path.read_bytes() == before
    assert samples.left(tmp_path) == []


def test_that_an_interrupted_change_is_told_by_whoever_reads_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    samples.saved(path, samples.plain_state(300, 3))
    before = path.read_bytes()
    half_done(path)
    assert path.read_bytes() != before
    assert core.open(path).findings[0][:2] == ("interrupted", "danger")
    assert core.recover(path)
    assert path.read_bytes() == before
    assert not core.recover(path)
    assert "interrupted" not in [finding.id for finding in core.open(path).findings]


def _of_another_machine(undo: Path) -> None:
    """The same of a user of the same number on another machine, whole."""
    head, _, rest = undo.read_bytes().partition(b"\n")
    body = json.dumps({**json.loads(head), "by": "0@elsewhere"}).encode() + b"\n" + rest[:-9]
    undo.write_bytes(body + b"%08x\n" % overwrite.crc32(body))


def _a_link(undo: Path) -> None:
    undo.rename(undo.with_name("elsewhere"))
    undo.symlink_to("elsewhere")


def _a_pipe(undo: Path) -> None:
    undo.unlink()
    os.mkfifo(undo)


def _two_names(undo: Path) -> None:
    os.link(undo, undo.with_name("elsewhere"))


def _in_another_order(undo: Path) -> None:
    head, _, rest = undo.read_bytes().partition(b"\n")
    said = {**json.loads(head), "by": "0@elsewhere"}
    body = json.dumps(dict(reversed(said.items()))).encode() + b"\n" + rest[:-9]
    undo.write_bytes(body + b"%08x\n" % overwrite.crc32(body))


@pytest.mark.skipif(os.name == "nt", reason="links and pipes are POSIX's")
@pytest.mark.parametrize("change", [_of_another_machine, _a_link, _a_pipe, _two_names, _in_another_order])
def test_that_a_note_of_others_is_said_to_be_theirs_with_its_name_and_no_advice_that_does_nothing(
        tmp_path: Path, change: Callable[[Path], None]) -> None:
    path = tmp_path / "a.pth"
    samples.saved(path, samples.plain_state(300, 3))
    half_done(path)
    undo = Path(beside(str(path), UNDO))
    change(undo)
    half = path.read_bytes()
    told = core.open(path).findings[0]
    assert told[:2] == ("interrupted", "warning")
    assert undo.name in told.hint
    assert not core.recover(path)
    assert path.read_bytes() == half
    undo.unlink()
    assert "interrupted" not in [finding.id for finding in core.open(path).findings]


@pytest.mark.parametrize("cut", [1, 40_000])
def test_that_a_file_that_cannot_be_read_for_it_says_how_to_take_it_back(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "a.safetensors"
    save_file(dict(samples.plain_state(300, 3)), path)
    before = path.read_bytes()
    half_done(path)
    with open(path, "r+b") as file:
        file.seek(8)
        file.write(before[8:8 + cut // 2])      # as far as it was written
    try:
        told = "".join(finding.hint for finding in core.open(path).findings)
    except core.ReadError as error:
        told = error.hint
    assert "takes the change back" in told
    assert core.recover(path)
    assert path.read_bytes() == before


def half_done(path: Path) -> None:
    """A change in place that was killed before it was verified."""
    class Killed(BaseException):
        pass

    def stop(*_: object) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verify, "read_back", stop)
        patch.setattr(overwrite, "_back", stop)
        with pytest.raises(Killed):
            changed(path, STRIP)
    assert is_interrupted(str(path))


# -- safetensors -------------------------------------------------------------------------------------------------------------


def test_that_a_header_is_rewritten_in_its_room(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    state = samples.plain_state(7, 30)
    save_file(dict(state), path, metadata={"format": "pt", "note": "äöü"})
    raw = path.read_bytes()
    report = changed(path, STRIP, core.parse_edit("set-metadata", "by=me"))
    assert report.written is not None
    new = path.read_bytes()
    begin = 8 + struct.unpack("<Q", raw[:8])[0]
    assert (len(new), new[:8], new[begin:]) == (len(raw), raw[:8], raw[begin:])
    found = load_file(path)
    assert sorted(found) == [f"layers.{i}.weight" for i in range(7)]
    assert all(torch.equal(found[key.removeprefix("module.")], state[key]) for key in state)
    with safe_open(path, "pt") as file:
        assert file.metadata() == {"format": "pt", "note": "äöü", "by": "me"}
    assert oddities(path) == []
    changed(path, core.AddPrefix("module."), core.parse_edit("unset-metadata", "by"))
    assert path.read_bytes() == raw


def test_that_a_header_without_room_or_a_hole_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save_file(dict(samples.plain_state(3, 30)), path)
    assert "room" in why_not(path, core.AddPrefix("longer.and.longer."))
    assert "left out" in why_not(path, core.parse_edit("drop", "*.0.*"))
    assert "left out" in why_not(path, core.parse_edit("drop", "*.2.*"))
    assert why_not(path, core.parse_edit("cast", "float16"))


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12), st.integers(0, 5),
                       min_size=1, max_size=6))
def test_that_new_names_that_fit_are_read_by_safetensors(tmp_path_factory: pytest.TempPathFactory, sizes: dict[str, int]) -> None:
    path = tmp_path_factory.mktemp("fit") / "a.safetensors"
    sizes.pop("__metadata__", None)
    if not sizes:
        return
    long = "n" * 80                     # a control character takes six in JSON
    save_file({f"{long}.{n}": torch.arange(float(size)) + n for n, size in enumerate(sizes.values())}, path)
    ckpt = core.open(path)
    edits = [core.Rename(f"^{long}\\.{n}$", name.replace("\\", "\\\\")) for n, name in enumerate(sizes)]
    told = [samples.digests(ckpt)[key] for key in ckpt.tensors]
    core.save(core.edit(ckpt, edits), in_place=True)
    assert [samples.digests(core.open(path))[key] for key in core.open(path).tensors] == told
    assert set(load_file(path)) == set(sizes)


# -- sets --------------------------------------------------------------------------------------------------------------------


def a_set(folder: Path, state: OrderedDict[str, torch.Tensor], total: int | None = None) -> Path:
    """Two shards and their index, as huggingface_hub writes them."""
    keys = list(state)
    parts = {"model-00001-of-00002.safetensors": keys[:2], "model-00002-of-00002.safetensors": keys[2:]}
    for name, own in parts.items():
        save_file({key: state[key] for key in own}, folder / name, metadata={"format": "pt"})
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {"total_size": total or sum(one.nbytes for one in state.values()), "made": "here"},
                                 "weight_map": {key: name for name, own in parts.items() for key in own}}))
    return index


def of_set(folder: Path) -> dict[str, torch.Tensor]:
    """What transformers would load: each key from the shard the index names."""
    told = json.loads((folder / "model.safetensors.index.json").read_text())["weight_map"]
    return {key: load_file(folder / name)[key] for key, name in told.items()}


@pytest.mark.parametrize("named", ["index", "folder"])
def test_that_a_set_is_renamed_shard_by_shard(tmp_path: Path, named: str) -> None:
    state = samples.plain_state(5, 30)
    index = a_set(tmp_path, state)
    sizes = {name: os.stat(tmp_path / name).st_ino for name in os.listdir(tmp_path)}
    report = changed(index if named == "index" else tmp_path, STRIP)
    assert set(report.files) == set(sizes)
    assert {name: os.stat(tmp_path / name).st_ino for name in os.listdir(tmp_path)} == sizes
    found = of_set(tmp_path)
    assert list(found) == [key.removeprefix("module.") for key in state]
    assert all(torch.equal(found[key.removeprefix("module.")], state[key]) for key in state)
    assert json.loads(index.read_text())["metadata"]["made"] == "here"
    assert [finding.id for finding in core.open(index).findings if finding.level != "info"] == []


def test_that_only_the_files_that_change_are_written(tmp_path: Path) -> None:
    state = samples.plain_state(5, 30)
    index = a_set(tmp_path, state)
    report = changed(index, core.parse_edit("rename", "layers\\.0\\.weight=l"))
    assert set(report.files) == {"model-00001-of-00002.safetensors", index.name}
    assert set(of_set(tmp_path)) == {"module.l", *list(state)[1:]}


def test_that_an_index_that_names_the_wrong_file_is_mended_alone(tmp_path: Path) -> None:
    state = samples.plain_state(5, 30)
    index = a_set(tmp_path, state)
    told = json.loads(index.read_text())
    told["weight_map"]["module.layers.0.weight"] = "model-00002-of-00002.safetensors"
    index.write_text(json.dumps(told))
    assert "index-mismatch" in [finding.id for finding in core.open(index).findings]
    report = core.save(core.open(index), in_place=True)
    assert report.files == (index.name,)
    assert set(of_set(tmp_path)) == set(state)
    assert "index-mismatch" not in [finding.id for finding in core.open(index).findings]


def test_that_a_set_with_a_file_missing_is_refused(tmp_path: Path) -> None:
    index = a_set(tmp_path, samples.plain_state(5, 30))
    os.unlink(tmp_path / "model-00002-of-00002.safetensors")
    assert "no file" in why_not(index, STRIP)


# -- how long it takes -------------------------------------------------------------------------------------------------------


class _Place:
    def __init__(self, key: int, numel: int) -> None:
        self.key, self.numel = key, numel


class _Tensor:
    def __init__(self, key: int, numel: int) -> None:
        self.place = _Place(key, numel)

    def __reduce__(self) -> Any:
        return _rebuild_tensor_v2, (self.place, 0, (self.place.numel,), (1,), False, OrderedDict())


class _Pickler(pickle._Pickler):
    def persistent_id(self, obj: object) -> Any:
        return ("storage", torch.HalfStorage, str(obj.key), "cpu", obj.numel) if isinstance(obj, _Place) else None


def sparse_archive(path: Path, keys: Iterable[str], nbytes: int) -> None:
    """What torch.save would write for so many float16 tensors of zeros, as a file with holes."""
    raw = io.BytesIO()
    _Pickler(raw, 2).dump(OrderedDict((key, _Tensor(n, nbytes // 2)) for n, key in enumerate(keys)))
    sum = 0
    for _ in range(nbytes >> 20):
        sum = zlib.crc32(bytes(1 << 20), sum)
    records: list[tuple[str, bytes | None]] = [("data.pkl", raw.getvalue()), ("byteorder", b"little")]
    records += [(f"data/{n}", None) for n, _ in enumerate(keys)]
    records.append(("version", b"3\n"))
    layout, directory = torch_zip.Archive("archive", {}), b""
    with open(path, "wb") as file:
        for record, data in records:
            name, at = f"archive/{record}".encode(), file.tell()
            size, crc = (nbytes, sum) if data is None else (len(data), zlib.crc32(data))
            file.write(layout.header(name, size, at))
            file.write(data) if data is not None else file.seek(size, os.SEEK_CUR)
            file.write(layout.descriptor(size, crc))
            directory += layout.entry(name, size, crc, at)
        at = file.tell()
        file.write(directory + torch_zip.end_records(len(records), len(directory), at))


@pytest.fixture
def parts_read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The bytes of each read from now on: the program reads through nothing else (`failing_system`)."""
    parts: list[int] = []

    def counted(read: Callable[..., Any]) -> Callable[..., Any]:
        def reads(*arguments: Any) -> Any:
            found = read(*arguments)
            parts.append(found if isinstance(found, int) else len(found))
            return found
        return reads

    for name in ("read", "pread", "preadv"):
        if hasattr(os, name):
            monkeypatch.setattr(os, name, counted(getattr(os, name)))
    return parts


@posix
@pytest.mark.parametrize("name", ["big.pth", "big.safetensors"])
def test_that_forty_gigabytes_are_renamed_without_reading_or_writing_them(tmp_path: Path, name: str, parts_read: list[int]) -> None:
    path, keys, nbytes = tmp_path / name, [f"module.layers.{n}.w" for n in range(400)], 100 << 20
    if name.endswith(".pth"):
        sparse_archive(path, keys, nbytes)
    else:
        header = json.dumps({key: {"dtype": "F16", "shape": [nbytes // 2], "data_offsets": [n * nbytes, (n + 1) * nbytes]}
                             for n, key in enumerate(keys)}).encode()
        with open(path, "wb") as file:
            file.write(struct.pack("<Q", len(header)) + header)
            file.truncate(8 + len(header) + len(keys) * nbytes)
    assert path.stat().st_size > 40 * 10 ** 9
    blocks = path.stat().st_blocks
    changed(path, STRIP)
    assert 0 < sum(parts_read) < 10 << 20
    assert path.stat().st_blocks - blocks < 2048
    assert list(core.open(path).tensors) == [key.removeprefix("module.") for key in keys]
    if name.endswith(".pth"):
        with zipfile.ZipFile(path) as archive:
            assert b"module" not in archive.read("archive/data.pkl")
            assert archive.read("archive/version") == b"3\n"
