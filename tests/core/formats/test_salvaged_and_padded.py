"""Files that other programs refuse whole, of which most is there: cut, padded, with lengths that contradict each other, in texts that
torch cannot decode. What can be shown is shown, what cannot is marked, and a save is refused or loses nothing."""
from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from safetensors.torch import save as safetensors_bytes

from inspector import core
from tests import builders
from tests.core.pickles import opcodes as op

STATE = {f"layer{n}.weight": torch.arange(500.0) + n for n in range(6)}


def zipped() -> bytes:
    out = io.BytesIO()
    torch.save(STATE, out)
    return out.getvalue()


def stream(counts: dict[int, int] | None = None) -> bytes:
    """The format of before 1.6, with other numbers of elements before the storages, by their place."""
    out = io.BytesIO()
    torch.save(STATE, out, _use_new_zipfile_serialization=False)
    raw = bytearray(out.getvalue())
    first = len(raw) - len(STATE) * (8 + 2000)
    for n, count in (counts or {}).items():
        struct.pack_into("<q", raw, first + n * 2008, count)
    return bytes(raw)


def problems(ckpt: core.Checkpoint) -> list[str]:
    return sorted(info.problem.partition(":")[0] for info in ckpt.tensors.values())


def refused_and_rescued(ckpt: core.Checkpoint, folder: Path) -> None:
    """A save of it all is refused, naming a broken tensor; without what is broken torch reads the rest."""
    broken = [key for key, info in ckpt.tensors.items() if info.problem]
    with pytest.raises(core.SaveError) as error:
        core.save(ckpt, folder / "all.pth")
    assert any(key in str(error.value) for key in broken)
    assert not (folder / "all.pth").exists()
    core.save(core.edit(ckpt, [core.DropBroken()]), folder / "rest.pth")
    theirs = torch.load(folder / "rest.pth", weights_only=True)
    assert sorted(theirs) == sorted(set(STATE) - set(broken))
    assert all(torch.equal(theirs[key], STATE[key]) for key in theirs)


@pytest.mark.parametrize(("counts", "expected"), [({0: 1000}, "size_mismatch"), ({5: 1000}, "truncated"), ({2: 8}, "size_mismatch")],
                         ids=["first", "last", "smaller"])
def test_that_a_storage_whose_length_contradicts_the_object_is_marked(tmp_path: Path, counts: dict[int, int], expected: str) -> None:
    (tmp_path / "m.pth").write_bytes(stream(counts))
    ckpt = core.open(tmp_path / "m.pth")
    assert expected in problems(ckpt)
    if expected == "truncated":
        assert problems(ckpt) == [*[""] * 5, "truncated"]
        refused_and_rescued(ckpt, tmp_path)
    with pytest.raises((RuntimeError, ValueError, EOFError)):
        torch.load(tmp_path / "m.pth", weights_only=True)


@pytest.mark.parametrize("counts", [{0: 1000}, {2: 8}, {4: 1 << 40}, {1: 3, 3: 999}, {0: 0}], ids=str)
def test_that_a_wrong_length_costs_the_storage_that_has_it_and_none_behind_it(tmp_path: Path, counts: dict[int, int]) -> None:
    (tmp_path / "m.pth").write_bytes(stream(counts))
    ckpt = core.open(tmp_path / "m.pth")
    broken = {key for key, info in ckpt.tensors.items() if info.problem}
    assert len(broken) == len(counts)
    assert all(ckpt.tensors[key].problem.startswith("size_mismatch: the object says 500 elements") for key in broken)
    assert all(core.read_torch(ckpt, key).equal(STATE[key]) for key in set(STATE) - broken)
    refused_and_rescued(ckpt, tmp_path)


@pytest.mark.parametrize("cut", [1, 1999, 2001, 2008, 2009, 6100])
def test_that_earlier_storages_of_a_stream_that_was_cut_are_readable(tmp_path: Path, cut: int) -> None:
    (tmp_path / "m.pth").write_bytes(stream()[:-cut])
    ckpt = core.open(tmp_path / "m.pth")
    assert problems(ckpt) == sorted([*["truncated"] * -(-cut // 2008), *[""] * (6 - -(-cut // 2008))])
    assert all(core.read_torch(ckpt, key).equal(STATE[key]) for key, info in ckpt.tensors.items() if not info.problem)
    refused_and_rescued(ckpt, tmp_path)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.8])
def test_that_whole_members_of_an_archive_that_was_cut_are_readable(tmp_path: Path, share: float) -> None:
    raw = zipped()
    (tmp_path / "m.pth").write_bytes(raw[:int(len(raw) * share)])
    ckpt = core.open(tmp_path / "m.pth")
    assert "truncated-archive" in {finding.id for finding in ckpt.findings}
    assert problems(ckpt).count("") in range(1, 6)
    assert set(problems(ckpt)) <= {"", "lost", "truncated"}
    refused_and_rescued(ckpt, tmp_path)
    with pytest.raises(core.InspectorError):
        core.save(core.edit(ckpt, [core.AddPrefix("m")]), in_place=True)


@pytest.mark.parametrize("zeros", [69_563, 70_000, 99_999, 1 << 20, (3 << 20) + 17, 5_000_001])
def test_that_the_directory_is_found_behind_more_zeros_than_other_programs_look_through(tmp_path: Path, zeros: int) -> None:
    (tmp_path / "m.pth").write_bytes(zipped() + bytes(zeros))
    ckpt = core.open(tmp_path / "m.pth")
    [found] = [finding for finding in ckpt.findings if finding.level == "danger"]
    assert (found.id, f"{zeros:,} zeros" in found.message) == ("padded", True)
    assert problems(ckpt) == [""] * 6
    assert core.loads_with_torch(ckpt).weights_only is False
    with pytest.raises(RuntimeError):
        torch.load(tmp_path / "m.pth", weights_only=True)
    with pytest.raises(core.InspectorError, match="zeros"):
        core.save(core.edit(ckpt, [core.AddPrefix("m")]), in_place=True)
    core.save(ckpt, tmp_path / "m.pth")
    assert all(torch.equal(value, STATE[key]) for key, value in torch.load(tmp_path / "m.pth", weights_only=True).items())


@pytest.mark.parametrize("zeros", [1, 65_535, 65_558, 69_562])
def test_that_zeros_that_torch_looks_through_are_told_and_do_no_harm(tmp_path: Path, zeros: int) -> None:
    (tmp_path / "m.pth").write_bytes(zipped() + bytes(zeros))
    ckpt = core.open(tmp_path / "m.pth")
    assert [finding.id for finding in ckpt.findings if finding.level != "info"] == ["trailing"]
    assert core.loads_with_torch(ckpt).weights_only
    assert list(torch.load(tmp_path / "m.pth", weights_only=True)) == list(STATE) == list(ckpt.tensors)


@pytest.mark.parametrize("tail", [bytes(70_000) + b"x", b"x" * 100 + bytes(70_000)], ids=["ends-in-something", "something-before"])
def test_that_what_is_not_all_zeros_is_no_padding(tmp_path: Path, tail: bytes) -> None:
    (tmp_path / "m.pth").write_bytes(zipped() + tail)
    ckpt = core.open(tmp_path / "m.pth")
    assert not {"padded"} & {finding.id for finding in ckpt.findings}
    assert {"trailing", "truncated-archive"} & {finding.id for finding in ckpt.findings}
    assert problems(ckpt) == [""] * 6


@pytest.mark.parametrize(("change", "intact"), [
    (lambda raw: raw + b"\0", 6), (lambda raw: raw + b"trailing bytes", 6), (lambda raw: raw[:-1], 5), (lambda raw: raw[:-2001], 4),
], ids=["one-more", "more", "one-less", "less"])
def test_that_safetensors_with_bytes_too_many_or_too_few_is_salvaged(tmp_path: Path, change: Callable[[bytes], bytes], intact: int) -> None:
    (tmp_path / "m.safetensors").write_bytes(change(safetensors_bytes(STATE)))
    ckpt = core.open(tmp_path / "m.safetensors")
    assert problems(ckpt).count("") == intact
    assert any(finding.level == "danger" for finding in ckpt.findings)
    if intact < 6:
        refused_and_rescued(ckpt, tmp_path)
    else:
        core.save(ckpt, tmp_path / "new.safetensors")
        assert all(torch.equal(value, STATE[key]) for key, value in load_file(tmp_path / "new.safetensors").items())


def python_2(text: bytes) -> bytes:
    return b"U" + bytes([len(text)]) + text


@pytest.mark.parametrize("text", [b"caf\xe9", b"\xff\xfe", b"\x80"])
@pytest.mark.parametrize("how", ["zip", "legacy", "pickle"])
def test_that_texts_of_python_2_that_are_no_utf_8_are_shown_and_come_back(tmp_path: Path, text: bytes, how: str) -> None:
    value = op.dict_of([(python_2(b"note"), python_2(text)), (op.text("n"), op.integer(3))])
    path = tmp_path / "m.pth"
    if how == "zip":
        with zipfile.ZipFile(path, "w") as made:
            made.writestr("a/data.pkl", op.pickled(value))
            made.writestr("a/version", "3\n")
    elif how == "legacy":
        path.write_bytes(b"".join(map(op.pickled, (op.integer(0x1950A86A20F9469CFC6C), op.integer(1001), op.EMPTY_DICT, value,
                                                   op.EMPTY_LIST))))
    else:
        path.write_bytes(op.pickled(value))
    ckpt = core.open(path)
    assert ckpt.values["note"] == text
    if how != "pickle":
        assert any("latin1" in finding.hint for finding in ckpt.findings if finding.id == "undecodable-text")
    core.save(ckpt, tmp_path / "new.pth")
    assert core.open(tmp_path / "new.pth").values["note"] == text
    theirs = torch.load(tmp_path / "new.pth", weights_only=False, encoding="latin1")
    assert theirs["note"] == text.decode("latin1")


def stored(*view: bytes) -> bytes:
    """A tensor of 20 numbers in the storage "\xe9", as Python 2 wrote it."""
    id = op.tuple_of(op.text("storage"), op.name("torch", "FloatStorage"), python_2(b"\xe9"), python_2(b"cpu"), op.integer(20), *view)
    return op.dict_of([(op.text("w"), op.tensor(id + b"Q"))])


def test_that_a_storage_whose_key_only_latin_1_reads_is_found_in_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "m.pth"
    path.write_bytes(builders.torch_zip(op.pickled(stored()), {"data/\xe9": struct.pack("<20f", *range(20))}))
    ours = core.read_torch(core.open(path), "w")
    assert torch.equal(ours, torch.load(path, weights_only=False, encoding="latin1")["w"])
    assert ours.flatten().tolist() == [*range(20)]
    core.save(core.edit(core.open(path), [core.MakePlain("*")]), tmp_path / "plain.pth")
    assert torch.equal(torch.load(tmp_path / "plain.pth", weights_only=True)["w"], ours)


def test_that_a_storage_whose_key_only_latin_1_reads_is_found_in_a_stream(tmp_path: Path) -> None:
    path = tmp_path / "m.pth"
    parts = (op.integer(0x1950A86A20F9469CFC6C), op.integer(1001), op.EMPTY_DICT, stored(op.NONE), op.list_of(python_2(b"\xe9")))
    path.write_bytes(b"".join(map(op.pickled, parts)) + struct.pack("<q20f", 20, *range(20)))
    assert torch.equal(core.read_torch(core.open(path), "w"), torch.load(path, weights_only=False, encoding="latin1")["w"])
