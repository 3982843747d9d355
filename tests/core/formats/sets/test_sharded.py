"""Checkpoints in several files with an index: written by safetensors and torch, the index by hand."""
from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from inspector import core
from inspector.core import formats
from inspector.core.formats.sets import set_files, sharded
from tests import builders

ONE, TWO = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
INDEX = "model.safetensors.index.json"
A, B, C = (np.arange(6, dtype=np.float32).reshape(2, 3), np.arange(4, dtype=np.int64), np.full((3,), 7, np.float16))


def many_files(folder: Path) -> dict[str, str]:
    """The weight map of so many files that all of the folder is looked at at once."""
    weight_map = {}
    for n in range(80):
        save_file({f"w{n}": A}, folder / f"{n}.safetensors")
        weight_map[f"w{n}"] = f"{n}.safetensors"
    return weight_map


_ENTRY = '"{}":{{"dtype":"F32","shape":[2],"data_offsets":[{},{}]}}'
_SHARDS: dict[str, bytes] = {name: builders.safetensors("{" + header.replace("KEY", f"{name}.w") + "}", body) for name, header, body in (
    ("usual", _ENTRY.format("KEY", 0, 8), bytes(8)),
    ("two", _ENTRY.format("KEY", 0, 8) + "," + _ENTRY.format("KEY2", 8, 16), bytes(16)),
    ("backwards", _ENTRY.format("KEY", 8, 16) + "," + _ENTRY.format("KEY2", 0, 8), bytes(16)),
    ("metadata", '"__metadata__":{"format":"pt","KEY":"x"},' + _ENTRY.format("KEY", 0, 8), bytes(8)),
    ("again", _ENTRY.format("usual.w", 0, 8), bytes(8)),
    ("more", _ENTRY.format("KEY", 0, 8), bytes(12)),
    ("cut", _ENTRY.format("KEY", 0, 8), bytes(5)),
    ("hole", _ENTRY.format("KEY", 4, 12), bytes(12)),
    ("short", _ENTRY.format("KEY", 0, 4), bytes(4)),
    ("field", _ENTRY.format("KEY", 0, 8).replace("]}", '],"x":1}'), bytes(8)),
    ("unnamed", _ENTRY.format("", 0, 8), bytes(8)),
    ("space", "  " + _ENTRY.format("KEY", 0, 8) + " " * 5000, bytes(8)),
    ("narrow", _ENTRY.format("KEY", 0, 6).replace("F32", "F6_E2M3").replace("[2]", "[8]"), bytes(6)),
    ("deep", _ENTRY.format("KEY", 0, 8).replace("[2]", "[2" + ",1" * 64 + "]"), bytes(8)),
    ("scalar", _ENTRY.format("KEY", 0, 4).replace("[2]", "[]"), bytes(4)),
    ("nothing", "", b""), ("broken", "KEY", b""), ("twice", f"{_ENTRY.format('KEY', 0, 8)},{_ENTRY.format('KEY', 8, 16)}", bytes(16)))
} | {"empty": b"", "few": b"\2\0", "index": b'{"weight_map":{"a":"b"}}', "leading": builders.safetensors(" {}"), "other": bytes(100),
     "zip": builders.torch_zip(b"\x80\x02}.")}


@settings(max_examples=60, deadline=None)
@given(names=st.lists(st.sampled_from([*_SHARDS]), min_size=1, max_size=8, unique=True))
def test_that_small_files_are_taken_as_their_reader_would_take_them(names: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("set")
    for name in names:
        (folder / f"{name}.safetensors").write_bytes(_SHARDS[name])
    path = write_index(folder, {f"{name}.w": f"{name}.safetensors" for name in [*names, "missing"]}, metadata={"total_size": 8})
    found = []
    for many, together in ((0, 64), (0, 3), (1000, 64)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sharded, "_MANY", many)
            patch.setattr(sharded, "_TOGETHER", together)
            ckpt = core.open(path)
        found.append([[*ckpt.tensors.items()], [*ckpt.storages.items()], [*ckpt.metadata.items()], [*ckpt.values.items()], ckpt.files,
                      ckpt.findings, ckpt.kind, ckpt.format, ckpt.state_dicts, ckpt.facts, ckpt.members])
    assert found[0] == found[1] == found[2]


def test_that_small_files_that_change_while_a_set_is_read_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_index(tmp_path, many_files(tmp_path))
    read = sharded.beginnings_of

    def and_then_changed(paths: list[str], nbytes: int) -> Any:
        found = read(paths, nbytes)
        save_file({"w7": B}, tmp_path / "7.safetensors")
        return found

    monkeypatch.setattr(sharded, "beginnings_of", and_then_changed)
    with pytest.raises(core.Changed):
        core.open(path)


def test_that_a_link_out_of_the_folder_is_found_among_many_files(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    path = write_index(folder, many_files(folder))
    assert not core.open(path).findings
    (folder / "33.safetensors").rename(tmp_path / "outside.safetensors")
    (folder / "33.safetensors").symlink_to(tmp_path / "outside.safetensors")
    (folder / "34.safetensors").unlink()
    (folder / "35.safetensors").rename(folder / "inside.safetensors")
    (folder / "35.safetensors").symlink_to("inside.safetensors")
    with pytest.raises(core.Unsupported) as caught:
        core.open(path)
    assert caught.value.id == "outside_folder"
    assert "a link leads" in caught.value.message
    ckpt = core.open(path, follow_links=True)
    assert ids(ckpt) == {"outside_folder", "missing-shard", "broken-tensor"}
    assert core.read_numpy(ckpt, "w33").tolist() == core.read_numpy(ckpt, "w35").tolist() == A.tolist()


def test_that_the_folder_of_many_files_is_listed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_index(tmp_path, many_files(tmp_path))
    listed, folders = os.scandir, list[str]()

    def scandir(path: str) -> object:
        folders.append(path)
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    core.open(path)
    assert folders == [str(tmp_path)]


def write_index(folder: Path, weight_map: dict[str, Any], name: str = INDEX, **more: Any) -> Path:
    path = folder / name
    path.write_text(json.dumps({"metadata": {}, "weight_map": weight_map} | more))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound set of three tensors in two files."""
    save_file({"a": A, "b": B}, tmp_path / ONE, {"format": "pt"})
    save_file({"c": C}, tmp_path / TWO, {"format": "pt"})
    write_index(tmp_path, {"c": TWO, "a": ONE, "b": ONE}, metadata={"total_size": A.nbytes + B.nbytes + C.nbytes})
    return tmp_path


def ids(ckpt: core.Checkpoint) -> set[str]:
    return {finding.id for finding in ckpt.findings}


@pytest.mark.parametrize("given", ["index", "folder"])
def test_that_a_set_opens_as_one_checkpoint(folder: Path, given: str) -> None:
    path = folder if given == "folder" else folder / INDEX
    ckpt = core.open(path)
    assert (ckpt.format, ckpt.kind, ckpt.path, ckpt.findings) == ("safetensors-sharded", "state-dict", str(path), ())
    assert next(iter(ckpt.tensors)) == "c"
    assert set(ckpt.tensors) == {"a", "b", "c"}
    assert [os.path.basename(stamp.path) for stamp in ckpt.files] == [INDEX, TWO, ONE]
    assert ckpt.state_dicts == ("",)
    assert ckpt.metadata == {"format": "pt"}
    for key, expected in (("a", A), ("b", B), ("c", C)):
        np.testing.assert_array_equal(core.read_numpy(ckpt, key), expected)
    assert core.check(ckpt) == ()
    loaded = core.load_state_dict(path)
    assert torch.equal(loaded["a"], torch.from_numpy(A))


def test_that_shards_of_torch_keep_ties_pickles_and_module_metadata(tmp_path: Path) -> None:
    layer = torch.nn.Linear(3, 2)
    first = layer.state_dict()
    first["tied"] = first["weight"]
    shards = ["pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin"]
    torch.save(first, tmp_path / shards[0])
    torch.save({"w": torch.ones(2), "odd": torch.device("cpu"), "when": 3}, tmp_path / shards[1], _use_new_zipfile_serialization=False)
    write_index(tmp_path, {"weight": shards[0], "bias": shards[0], "tied": shards[0], "w": shards[1]}, "pytorch_model.bin.index.json")
    ckpt = core.open(tmp_path)
    assert (ckpt.format, list(ckpt.tensors)) == ("torch-sharded", ["weight", "bias", "tied", "w"])
    assert ckpt.tensors["weight"].storage == ckpt.tensors["tied"].storage != ckpt.tensors["w"].storage
    assert ckpt.values["when"] == 3
    assert ckpt.module_metadata[""][""] == {"version": 1}
    assert ckpt.pickles[0].member == f"{shards[0]}/data.pkl"
    assert all(p.member.startswith(shards[1]) for p in ckpt.pickles[1:])
    for key, shard in (("bias", 0), ("w", 1)):
        found = ckpt.pickle_of(ckpt.tensors[key].node)
        assert found is not None
        assert found[0].member.startswith(shards[shard])
    np.testing.assert_array_equal(core.read_numpy(ckpt, "w"), np.ones(2, np.float32))
    np.testing.assert_array_equal(core.read_numpy(ckpt, "tied"), layer.weight.detach().numpy())


@pytest.mark.parametrize("name", [
    pytest.param("../../x.safetensors", id="parents"), pytest.param("sub/../../x.safetensors", id="in-between"),
    pytest.param("/etc/x.safetensors", id="absolute"), pytest.param("\\\\h\\s\\x.safetensors", id="unc"),
    pytest.param("//h/s/x.safetensors", id="unc-slashes"), pytest.param("C:x.safetensors", id="drive"),
    pytest.param("file:///x.safetensors", id="url"), pytest.param("..", id="dots"), pytest.param("", id="empty"),
    pytest.param("NUL.safetensors", id="device"), pytest.param("a\0.safetensors", id="nul"),
])
def test_that_names_that_leave_the_folder_are_refused_before_anything_is_asked_of_the_system(
        folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    path = write_index(folder, {"a": ONE, "x": name})
    with pytest.raises(core.Corrupt):           # the modules that it takes are loaded
        core.open(path)
    asked: list[str] = []
    real = os.stat
    monkeypatch.setattr(os, "stat", lambda path, *args, **more: asked.append(str(path)) or real(path, *args, **more))
    with pytest.raises(core.Corrupt) as caught:
        core.open(path)
    assert caught.value.id == "path_traversal"
    assert caught.value.hint
    assert {os.path.basename(place) for place in asked} <= {INDEX}


def test_that_a_name_too_long_for_any_system_is_said_to_be_that_and_no_way_out(folder: Path) -> None:
    with pytest.raises(core.Corrupt, match="names a file in 5,000 characters, more than any system takes") as caught:
        core.open(write_index(folder, {"a": ONE, "x": "x" * 5_000}))
    assert caught.value.id == "long_name"
    with pytest.raises(core.Corrupt, match=r"may lead out of its own folder: '\.\./y'"):
        core.open(write_index(folder, {"a": ONE, "x": "x" * 5_000, "y": "../y"}))


@pytest.mark.parametrize("form", ["./{}", "sub/../{}", "nowhere/../{}", ".//./{}", ".\\{}", "sub\\..\\{}"])
def test_that_a_file_of_the_folder_is_found_by_a_detour(folder: Path, form: str) -> None:
    (folder / "sub").mkdir()
    ckpt = core.open(write_index(folder, {"a": form.format(ONE), "b": ONE, "c": TWO}))
    assert [os.path.basename(stamp.path) for stamp in ckpt.files] == [INDEX, ONE, TWO]
    assert not any(info.problem for info in ckpt.tensors.values())
    np.testing.assert_array_equal(core.read_numpy(ckpt, "a"), A)
    assert [finding.id for finding in ckpt.findings] == ["index-names"] * ("\\" in form)


def test_that_a_detour_behind_a_link_is_refused(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The system would go on from where the link leads, and find another file than the one of that name in the folder."""
    (folder / "sub").symlink_to(tmp_path_factory.mktemp("elsewhere"))
    with pytest.raises(core.Corrupt) as caught:
        core.open(write_index(folder, {"a": f"sub/../{ONE}"}))
    assert caught.value.id == "path_traversal"


def test_that_a_set_named_by_detours_is_replaced_by_one_that_is_not(folder: Path) -> None:
    path = write_index(folder, {"a": f"./{ONE}", "b": f"./{ONE}", "c": f".\\{TWO}"})
    (folder.parent / ONE).write_bytes(b"not of the set")
    core.save(core.edit(core.open(path), [core.parse_edit("add-prefix", "m.")]), path)
    after = core.open(path)
    assert {key.partition(".")[0] for key in after.tensors} == {"m"}
    assert "index-names" not in {finding.id for finding in after.findings}
    assert (folder.parent / ONE).read_bytes() == b"not of the set"


def test_that_a_shard_in_a_folder_below_is_inside(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    save_file({"a": A}, tmp_path / "sub" / "x.safetensors")
    ckpt = core.open(write_index(tmp_path, {"a": "sub/x.safetensors"}))
    np.testing.assert_array_equal(core.read_numpy(ckpt, "a"), A)


def test_that_a_link_out_of_the_folder_is_followed_when_somebody_agrees(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "blob"
    (folder / TWO).rename(elsewhere)
    (folder / TWO).symlink_to(elsewhere)
    with pytest.raises(core.Unsupported) as caught:
        core.open(folder)
    assert caught.value.id == "outside_folder"
    assert str(elsewhere) in caught.value.message
    ckpt = core.open(folder, follow_links=True)
    found = [finding for finding in ckpt.findings if finding.id == "outside_folder"]
    assert [finding.level for finding in found] == ["warning"]
    assert str(elsewhere) in found[0].message
    np.testing.assert_array_equal(core.read_numpy(ckpt, "c"), C)
    assert "c" in core.load_state_dict(folder, follow_links=True)


def test_that_no_linked_file_is_opened_before_somebody_agrees(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / TWO).unlink()
    (folder / TWO).symlink_to("/dev/zero")
    opened: list[str] = []
    open_ = os.open
    monkeypatch.setattr(os, "open", lambda path, *more: (opened.append(str(path)), open_(path, *more))[1])
    with pytest.raises(core.Unsupported, match="link leads out"):
        core.open(folder)
    assert [Path(path).name for path in opened] == [INDEX]
    monkeypatch.undo()
    ckpt = core.open(folder, follow_links=True)         # which is no file: its tensors are lost, the others open
    assert ckpt.tensors["c"].problem.startswith("missing_shard")
    assert not ckpt.tensors["a"].problem


def test_that_the_links_of_a_hugging_face_cache_are_nothing_to_tell(tmp_path: Path) -> None:
    blobs, snapshot = tmp_path / "models--x" / "blobs", tmp_path / "models--x" / "snapshots" / "abc"
    blobs.mkdir(parents=True)
    snapshot.mkdir(parents=True)
    save_file({"a": A}, blobs / "0123")
    (snapshot / ONE).symlink_to("../../blobs/0123")
    write_index(blobs, {"a": ONE}, "4567")
    (snapshot / INDEX).symlink_to("../../blobs/4567")
    assert core.open(snapshot).findings == ()


def test_that_of_a_file_that_was_cut_short_the_whole_tensors_are_shown(folder: Path) -> None:
    (folder / ONE).write_bytes((folder / ONE).read_bytes()[:-1])
    ckpt = core.open(folder)
    assert {key: bool(info.problem) for key, info in ckpt.tensors.items()} == {"a": True, "b": False, "c": False}
    np.testing.assert_array_equal(core.read_numpy(ckpt, "b"), B)
    assert {"truncated", "broken-tensor"} <= ids(ckpt)
    core.save(core.edit(ckpt, [core.DropBroken()]), folder / "rest.safetensors")
    np.testing.assert_array_equal(load_file(folder / "rest.safetensors")["b"], B)
    assert set(load_file(folder / "rest.safetensors")) == {"b", "c"}


@pytest.mark.parametrize("how", ["missing", "garbage", "truncated", "folder", "fifo", "loop"])
def test_that_what_lies_in_the_other_files_opens(folder: Path, how: str) -> None:
    content = (folder / ONE).read_bytes()
    (folder / ONE).unlink()
    if how == "garbage":
        (folder / ONE).write_bytes(b"<html><title>404</title>")
    elif how == "truncated":
        (folder / ONE).write_bytes(content[:20])
    elif how == "folder":
        (folder / ONE).mkdir()
    elif how == "fifo":
        os.mkfifo(folder / ONE)
    elif how == "loop":
        (folder / ONE).symlink_to(ONE)
    ckpt = core.open(folder)
    np.testing.assert_array_equal(core.read_numpy(ckpt, "c"), C)
    assert [key for key, info in ckpt.tensors.items() if info.problem.startswith("missing_shard: ")] == ["a", "b"]
    (told,) = [finding for finding in ckpt.findings if finding.id == "missing-shard"]
    assert told.hint.startswith("Fetch it from where the others came from") == (how == "missing")
    assert ckpt.tensors["a"].numel == 0
    assert "at least 3 parameters" in core.headline(ckpt)
    assert "at least 3 parameters" in core.sentence(core.describe(ckpt))
    assert core.totals(ckpt).partial
    assert not core.totals(ckpt, keys=["c"]).partial
    with pytest.raises(core.BadTensor):
        core.read_numpy(ckpt, "a")


def test_that_the_files_are_believed_and_not_the_index(folder: Path) -> None:
    ckpt = core.open(write_index(folder, {"a": TWO, "b": ONE, "c": TWO}))
    assert ids(ckpt) == {"index-mismatch"}
    np.testing.assert_array_equal(core.read_numpy(ckpt, "a"), A)


def test_that_a_key_that_no_file_has_is_listed_with_its_problem(folder: Path) -> None:
    ckpt = core.open(write_index(folder, {"a": ONE, "b": ONE, "c": TWO, "d": TWO}))
    assert ids(ckpt) == {"missing-tensor", "broken-tensor"}
    assert TWO in ckpt.tensors["d"].problem


def test_that_a_key_that_the_index_lacks_is_shown_and_told(folder: Path) -> None:
    ckpt = core.open(write_index(folder, {"a": ONE, "c": TWO}))
    assert ids(ckpt) == {"unindexed"}
    assert "b" in ckpt.tensors


def test_that_a_key_in_two_files_is_ambiguous_and_shown_twice(folder: Path) -> None:
    save_file({"c": C, "a": A + 1}, folder / TWO)
    ckpt = core.open(folder / INDEX)
    assert {"a", "a#2"} <= set(ckpt.tensors)
    assert "ambiguous" in ids(ckpt)
    for key in ("a", "a#2"):
        assert ckpt.tensors[key].problem.startswith("ambiguous: ")
    np.testing.assert_array_equal(core.read_numpy(ckpt, "b"), B)


@pytest.mark.parametrize(("text", "id"), [
    pytest.param('{"weight_map": {"a": "x.safetensors", "\\u0061": "y.safetensors"}}', "duplicate_key", id="key"),
    pytest.param('{"weight_map": {"a": "x.safetensors"}, "weight_map": {}}', "duplicate_key", id="map"),
    pytest.param('{"weight_map": {"a": 3, "b": "x.safetensors"}}', "not_a_text", id="number"),
    pytest.param('{"weight_map": {"a": "x.safetensors", "b": ["x"]}}', "not_a_text", id="list"),
    pytest.param('{"weight_map": {}}', "corrupt", id="empty"),
    pytest.param('{"weight_map": {"a": "x.safetensors"', "corrupt", id="cut"),
    pytest.param('{"weight_map": {"a": "x.safetensors", "b": "x.bin"}}', "mixed_set", id="mixed"),
])
def test_that_an_index_that_readers_would_read_differently_is_refused(tmp_path: Path, text: str, id: str) -> None:
    (tmp_path / INDEX).write_text(text)
    with pytest.raises(core.ReadError) as caught:
        core.open(tmp_path)
    assert caught.value.id == id
    assert caught.value.hint


@pytest.mark.parametrize("total", [1, -1, "many", [1], 1.5])
def test_that_a_wrong_total_size_is_told(folder: Path, total: object) -> None:
    ckpt = core.open(write_index(folder, {"a": ONE, "b": ONE, "c": TWO}, metadata={"total_size": total}))
    assert ids(ckpt) == {"total-size"}
    [finding] = ckpt.findings
    assert ("no number" in finding.message) is (type(total) not in (int, float))


def test_that_a_file_of_a_set_that_is_named_like_another_format_is_told(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(1)}, tmp_path / ONE)
    save_file({"b": A}, tmp_path / TWO)
    ckpt = core.open(write_index(tmp_path, {"a": ONE, "b": TWO}))
    assert list(ckpt.tensors) == ["a", "b"]
    assert [(finding.where, finding.level) for finding in ckpt.findings if finding.id == "wrong-extension"] == [(ONE, "warning")]


def test_that_a_total_size_of_many_digits_is_refused(folder: Path) -> None:
    with pytest.raises(core.Corrupt, match="digits"):
        core.open(write_index(folder, {"a": ONE}, metadata={"total_size": 10**400}))


def test_that_very_many_entries_are_read_in_one_pass(tmp_path: Path) -> None:
    count = 200_000
    path = tmp_path / INDEX
    path.write_text('{"weight_map":{' + ",".join(f'"model.layers.{n}.weight":"{ONE}"' for n in range(count)) + "}}")
    ckpt = core.open(path)              # an entry compared with all others would take hours
    assert len(ckpt.tensors) == count


def test_that_two_sets_in_a_folder_are_asked_about(folder: Path) -> None:
    write_index(folder, {"a": "pytorch_model-00001-of-00001.bin"}, "pytorch_model.bin.index.json")
    with pytest.raises(core.Ambiguous) as caught:
        core.open(folder)
    assert INDEX in str(caught.value)
    assert "pytorch_model.bin.index.json" in str(caught.value)
    assert set(core.open(folder / INDEX).tensors) == {"a", "b", "c"}


@pytest.mark.parametrize("kind", ["fifo", "socket", "link-to-zero", "folder"])
def test_that_what_is_no_file_is_refused_without_blocking(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.pth"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        monkeypatch.chdir(tmp_path)
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("x.pth")
    elif kind == "link-to-zero":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    with pytest.raises(core.ReadError) as caught:
        core.open(path)
    assert caught.value.id == "not_regular_file"
    assert caught.value.hint


def test_that_a_folder_with_odd_things_in_it_is_walked_one_level(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "sub").mkdir(mode=0o000)
    (folder / "model-00003-of-00002.safetensors").write_bytes(b"")
    try:
        ckpt = core.open(folder)
    finally:
        (folder / "sub").chmod(0o700)
    assert ids(ckpt) == {"extra-shard"}
    assert set(ckpt.tensors) == {"a", "b", "c"}
    from inspector.core.formats.sets import set_files
    monkeypatch.setattr(set_files, "LISTED", 1)
    listed = set_files.list_folder(str(folder))
    assert (len(listed.names), listed.whole) == (1, False)


def test_that_a_folder_of_single_files_names_them(tmp_path: Path) -> None:
    save_file({"a": A}, tmp_path / "one.safetensors")
    save_file({"a": A}, tmp_path / "two.safetensors")
    with pytest.raises(core.Unsupported) as caught:
        core.open(tmp_path)
    assert "one.safetensors" in str(caught.value)
    assert not core.is_set(tmp_path)
    assert core.checkpoint_in(tmp_path) == ""


@pytest.mark.parametrize(("shard", "index"), [
    (ONE, INDEX), ("model.fp16-00001-of-00002.safetensors", "model.safetensors.index.fp16.json"),
    ("pytorch_model-00001-of-00002.bin", "pytorch_model.bin.index.json"),
])
def test_that_one_file_of_a_set_names_the_set(tmp_path: Path, shard: str, index: str) -> None:
    save_file({"a": A}, tmp_path / shard)
    assert core.open(tmp_path / shard).findings == ()
    write_index(tmp_path, {"a": shard}, index)
    ckpt = core.open(tmp_path / shard)
    assert [finding.id for finding in ckpt.findings] == ["one-of-a-set"]
    assert str(tmp_path / index) in ckpt.findings[0].hint
    assert ckpt.format == "safetensors"
    assert core.is_set(tmp_path)


def test_that_a_shard_that_changes_is_noticed(folder: Path) -> None:
    ckpt = core.open(folder)
    save_file({"c": C + 1}, folder / TWO)
    with pytest.raises(core.Changed):
        core.read_numpy(ckpt, "c")


def test_that_what_a_shard_would_call_is_told_with_its_name(tmp_path: Path) -> None:
    shard = "pytorch_model-00001-of-00001.bin"
    torch.save({"w": torch.ones(2), "x": Path}, tmp_path / shard)
    torch.save({"v": torch.ones(2), "y": time.sleep}, tmp_path / "b.bin")
    ckpt = core.open(write_index(tmp_path, {"w": shard, "v": "b.bin"}, "pytorch_model.bin.index.json"))
    told = [finding.where for finding in ckpt.findings if finding.id == "unknown-code"]
    assert told
    assert all(where.startswith("b.bin/data.pkl:") for where in told)


def test_that_the_folder_of_many_missing_shards_is_not_looked_up_for_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[str] = []
    realpath = os.path.realpath

    def counted(path: str, **more: Any) -> str:
        looked_up.append(path)
        return realpath(path, **more)
    path = write_index(tmp_path, {f"w{n}": f"model-{n}.safetensors" for n in range(500)})
    monkeypatch.setattr(os.path, "realpath", counted)
    ckpt = core.open(path)
    assert len(ckpt.tensors) == 500
    assert "missing-shard" in ids(ckpt)
    assert len(looked_up) < 10


def test_that_shards_of_two_saves_are_never_taken_for_one_checkpoint(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first that was read is replaced while the second is being read, as by somebody who saves the set."""
    read_part = set_files.read_part

    def written_to_meanwhile(inside: str, name: str, *more: Any) -> Any:
        found = read_part(inside, name, *more)
        if name == ONE:                     # the last of the two
            save_file({"c": C + 1}, folder / TWO, {"format": "pt"})
        return found
    monkeypatch.setattr(set_files, "read_part", written_to_meanwhile)
    with pytest.raises(core.Changed, match="changed since it was opened"):
        core.open(folder / INDEX)


@pytest.mark.parametrize("left", ["half", "nothing"])
def test_that_a_shard_that_is_being_written_is_not_said_to_be_broken(folder: Path, monkeypatch: pytest.MonkeyPatch, left: str) -> None:
    whole = (folder / TWO).read_bytes()
    (folder / TWO).write_bytes(whole[:20])
    read = formats.sniff

    def written_to_meanwhile(source: Any) -> str:
        kind = read(source)
        if source.stamp.path.endswith(TWO):
            (folder / TWO).write_bytes(whole[:40]) if left == "half" else os.truncate(folder / TWO, 0)
        return kind
    monkeypatch.setattr(formats, "sniff", written_to_meanwhile)
    with pytest.raises(core.Changed, match="changed since it was opened"):
        core.open(folder / INDEX)


def test_that_values_of_a_file_that_is_gone_by_now_say_so(folder: Path) -> None:
    ckpt = core.open(folder / INDEX)
    (folder / TWO).unlink()
    with pytest.raises(core.FileMissing, match="the file is not there any more"):
        core.read_numpy(ckpt, "c")
