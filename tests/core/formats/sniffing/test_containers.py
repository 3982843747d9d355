"""FILE!member: checkpoints inside ordinary archives, opened where they lie."""
from __future__ import annotations

import csv
import io
import json
import os
import random
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save as safetensors_bytes

from inspector import core
from inspector.core.io import sources as core_bytes
from inspector.core.limits import Limits

STATE = {"w": torch.arange(5000, dtype=torch.float32), "b": torch.ones(7), "e": torch.zeros(0)}
STORED, DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED


def torch_bytes(legacy: bool = False) -> bytes:
    out = io.BytesIO()
    torch.save(STATE, out, _use_new_zipfile_serialization=not legacy)
    return out.getvalue()


INNER = {"model.pt": torch_bytes(), "old/policy.pth": torch_bytes(True), "x.safetensors": safetensors_bytes(STATE), "args.json": b"{}"}


def zipped(members: dict[str, bytes], method: int = STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(members: dict[str, bytes], before: str = "", format: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(before + name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def encrypted(data: bytes) -> bytes:
    changed = bytearray(data)
    for found in re.finditer(b"PK\x03\x04|PK\x01\x02", data):
        changed[found.start() + (6 if found.group() == b"PK\x03\x04" else 8)] |= 1
    return bytes(changed)


def check(ckpt: core.Checkpoint) -> None:
    assert {key: tuple(info.shape) for key, info in ckpt.tensors.items()} == {"w": (5000,), "b": (7,), "e": (0,)}
    for key, tensor in STATE.items():
        assert core.read_torch(ckpt, key).equal(tensor)
    assert core.worst(core.check(ckpt)) != "danger"


OUTER = [
    pytest.param("a.zip", zipped(INNER), id="zip-stored"), pytest.param("a.zip", zipped(INNER, DEFLATED), id="zip-deflated"),
    pytest.param("a.tar", tarred(INNER), id="tar"), pytest.param("a.mdlus", tarred(INNER, "./", tarfile.GNU_FORMAT), id="mdlus-tar"),
    pytest.param("a.mdlus", zipped(INNER), id="mdlus-zip"),
]


@pytest.mark.parametrize(("name", "data"), OUTER)
@pytest.mark.parametrize("member", ["model.pt", "old/policy.pth", "x.safetensors"])
def test_that_a_member_is_read_as_it_was_saved(tmp_path: Path, name: str, data: bytes, member: str) -> None:
    (tmp_path / name).write_bytes(data)
    ckpt = core.open(f"{tmp_path / name}!{member}")
    check(ckpt)
    assert ckpt.path == f"{tmp_path / name}!{member}"
    assert ckpt.files[0].path == str(tmp_path / name)
    assert ckpt.facts["archive"] == name
    assert not {finding.id for finding in ckpt.findings} & {"wrong-extension", "trailing", "leading-junk"}


@pytest.mark.parametrize(("name", "data"), OUTER)
def test_that_the_archive_itself_is_refused_with_what_it_holds(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(core.ReadError) as caught:
        core.open(tmp_path / name)
    assert caught.value.members[0] == "model.pt"
    assert set(caught.value.members) == {"model.pt", "old/policy.pth", "x.safetensors"}
    assert "args.json" in caught.value.message
    assert "open FILE!model.pt" in caught.value.hint
    assert "\n" not in str(caught.value)


def test_that_extents_of_a_stored_member_lie_in_the_file_itself(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(data := tarred(INNER))
    ckpt = core.open(f"{tmp_path}/a.tar!x.safetensors")
    extent = ckpt.storages[ckpt.tensors["w"].storage].extent
    assert extent is not None
    assert not ckpt.files[0].inside
    assert data[extent.offset:extent.offset + extent.nbytes] == STATE["w"].numpy().tobytes()


@pytest.mark.parametrize(("outer", "middle"), [(STORED, STORED), (STORED, DEFLATED), (DEFLATED, STORED), (DEFLATED, DEFLATED)])
def test_that_archives_inside_each_other_open_when_asked_for(tmp_path: Path, outer: int, middle: int) -> None:
    inner = zipped({"pad.txt": b"x" * 5000, "model.pt": INNER["model.pt"]}, middle)
    (tmp_path / "a.zip").write_bytes(zipped({"0": bytes(99), "b.tar": tarred({"c.zip": inner})}, outer))
    check(core.open(f"{tmp_path}/a.zip!b.tar!c.zip!model.pt"))
    with pytest.raises(core.ReadError, match=r"open FILE!model\.pt"):
        core.open(f"{tmp_path}/a.zip!b.tar!c.zip")


@pytest.mark.parametrize("method", [STORED, DEFLATED])
def test_that_nesting_has_an_end(tmp_path: Path, method: int) -> None:
    data = INNER["model.pt"]
    for _ in range(4):
        data = zipped({"m.pt": data}, method)
    (tmp_path / "a.zip").write_bytes(data)
    check(core.open(f"{tmp_path}/a.zip" + 4 * "!m.pt", limits=Limits(nested_pickles=4)))
    with pytest.raises(core.TooBig, match="inside each other"):
        core.open(f"{tmp_path}/a.zip" + 4 * "!m.pt", limits=Limits(nested_pickles=3))


def test_that_a_checkpoint_inside_bytes_stays_bytes(tmp_path: Path) -> None:
    """Nothing is opened unasked: neither archives in bytes nor what lies in those."""
    inner = torch_bytes()
    torch.save({"blob": zipped({"inner.pth": inner}), "again": inner, "w": torch.ones(2)}, tmp_path / "outer.pth")
    ckpt = core.open(tmp_path / "outer.pth")
    assert list(ckpt.tensors) == ["w"]
    assert ckpt.values["again"] == inner
    assert len(ckpt.pickles) == 1


def test_that_an_archive_that_seems_to_hold_itself_has_an_end(tmp_path: Path) -> None:
    """As a quine zip does: each level is opened only when asked for, and not for ever."""
    data = zipped({"r.zip": b""})
    for _ in range(12):
        data = zipped({"r.zip": data})
    (tmp_path / "r.zip").write_bytes(data)
    with pytest.raises(core.NotACheckpoint) as caught:
        core.open(tmp_path / "r.zip")
    assert "r.zip" in caught.value.message
    with pytest.raises(core.TooBig, match="more than 8 archives"):
        core.open(f"{tmp_path / 'r.zip'}" + "!r.zip" * 10)


def test_that_a_path_that_exists_wins_over_the_mark(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped({"model.pt": torch_bytes()}))
    (tmp_path / "a.zip!model.pt").write_bytes(safetensors_bytes({"other": torch.ones(1)}))
    assert list(core.open(f"{tmp_path}/a.zip!model.pt").tensors) == ["other"]
    assert core.file_of(f"{tmp_path}/a.zip!model.pt") == f"{tmp_path}/a.zip!model.pt"
    assert core.file_of(f"{tmp_path}/a.zip!other") == f"{tmp_path}/a.zip"


def test_that_marks_in_names_are_no_obstacle(tmp_path: Path) -> None:
    folder = tmp_path / "wow!"
    folder.mkdir()
    (folder / "a!b.zip").write_bytes(zipped({"we!rd.pt": torch_bytes(), "we": b""}))
    check(core.open(f"{folder}/a!b.zip!we!rd.pt"))


@pytest.mark.parametrize(("name", "data", "member", "error", "words"), [
    ("a.zip", zipped(INNER), "nope.pt", core.NotACheckpoint, "no member 'nope.pt'.*holds model.pt"),
    ("a.tar", tarred(INNER), "../model.pt", core.NotACheckpoint, "no member"),
    ("a.zip", zipped(INNER), "args.json", core.NotACheckpoint, "JSON"),
    ("a.zip", zipped({"a.pt": b""}), "a.pt", core.NotACheckpoint, "empty"),
    ("a.pt", safetensors_bytes(STATE), "w", core.NotACheckpoint, "no ZIP or tar"),
    ("a.zip", encrypted(zipped(INNER)), "model.pt", core.Unsupported, "encrypted.*password"),
    ("a.zip", zipped(INNER, zipfile.ZIP_LZMA), "model.pt", core.ReadError, "method 14"),
    ("a.tar", tarred({"d": b"", "model.pt": torch_bytes()})[:1300], "model.pt", core.ReadError, "end of the ZIP archive is missing"),
], ids=["no-such-member", "no-way-out", "no-checkpoint", "empty", "no-archive", "encrypted", "lzma", "cut-in-the-object"])
def test_that_what_cannot_be_opened_is_said_in_one_line(tmp_path: Path, name: str, data: bytes, member: str,
                                                       error: type[core.InspectorError], words: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(error, match=words) as caught:
        core.open(f"{tmp_path / name}!{member}")
    assert "\n" not in str(caught.value)
    assert caught.value.hint


def test_that_an_encrypted_archive_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(encrypted(zipped(INNER)))
    with pytest.raises(core.Unsupported, match="encrypted"):
        core.open(tmp_path / "a.zip")


def test_that_a_missing_file_is_said_as_it_was_asked_for(tmp_path: Path) -> None:
    with pytest.raises(core.Unreadable):
        core.open(f"{tmp_path}/none.zip!model.pt")


def test_that_a_tar_cut_in_a_member_shows_what_is_whole(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(tarred({"model.pt": torch_bytes()})[:16_000])
    ckpt = core.open(f"{tmp_path}/a.tar!model.pt")
    assert ckpt.findings[0].id == "truncated-archive"
    assert ckpt.tensors["w"].problem.startswith("truncated: ")


def test_that_a_packed_member_beyond_the_limit_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(INNER, DEFLATED))
    monkeypatch.setattr(core_bytes, "LIMITS", Limits(preview=1000))
    with pytest.raises(core.TooBig, match="Extract it from the archive"):
        core.open(f"{tmp_path}/a.zip!model.pt")


def test_that_damage_in_a_packed_member_is_noticed(tmp_path: Path) -> None:
    data = bytearray(zipped({"model.pt": torch_bytes()}, DEFLATED))
    data[len(data) // 2] ^= 0x40
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(core.Corrupt, match="cannot be unpacked"):
        core.open(f"{tmp_path}/a.zip!model.pt")


@pytest.mark.parametrize("method", [STORED, DEFLATED])
def test_that_an_archive_that_changed_is_not_read_on(tmp_path: Path, method: int) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped(INNER, method))
    ckpt = core.open(f"{path}!model.pt")
    path.write_bytes(zipped({"0": b"1"} | INNER, method))
    with pytest.raises(core.Changed):
        core.read_numpy(ckpt, "w")


def test_that_the_command_line_lists_a_member(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(INNER, DEFLATED))
    done = subprocess.run([sys.executable, "-m", "inspector", "ls", "--json", f"{tmp_path}/a.zip!old/policy.pth"],
                          capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert told["format"] == "torch-legacy"
    assert [tensor["key"] for tensor in told["tensors"]] == list(STATE)


def test_that_damaged_archives_give_a_checkpoint_or_one_error(tmp_path: Path) -> None:
    chance = random.Random(17)
    samples = [("model.pt", zipped(INNER)), ("model.pt", zipped(INNER, DEFLATED)), ("x.safetensors", tarred(INNER))]
    opened = 0
    for n in range(90):
        member, data = samples[n % 3]
        changed = bytearray(data)
        for _ in range(chance.randrange(1, 8)):
            changed[chance.choice((chance.randrange(len(changed)), -chance.randrange(1, 400)))] = chance.randrange(256)
        path = tmp_path / "a"
        path.write_bytes(changed)
        for name in (str(path), f"{path}!{member}"):
            try:
                core.open(name)
                opened += 1
            except core.InspectorError as error:
                message = str(error)
                assert message == core.visible(message, 10_000), message
    assert opened


def test_that_real_archives_open_member_by_member(corpus: Path) -> None:
    with open(corpus / "INDEX.tsv", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t"))
    inner = [row for row in rows if re.fullmatch(r"c(12[3-6]|13[0-3])[a-z]", row[0])]
    assert inner
    for row in inner:
        outer = next(other for other in rows if other[0] == row[0][:-1])
        archive, member = corpus / "files" / outer[-1], row[2].partition("!")[2]
        inside = core.open(f"{archive}!{member}")
        alone = core.open(corpus / "files" / row[-1])
        assert inside.tensors == alone.tensors, row[0]
        assert dict(core.digests(inside)) == dict(core.digests(alone)), row[0]
        with pytest.raises(core.ReadError) as caught:
            core.open(archive)
        assert member in caught.value.members
        assert os.path.basename(member) in caught.value.message + caught.value.hint
