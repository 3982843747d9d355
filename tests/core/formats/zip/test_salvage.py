"""Archives of torch.save that break off: what is whole is read as it was saved, what is not is said."""
from __future__ import annotations

import contextlib
import io
import random
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from inspector import core
from inspector.core.formats.zip import salvage
from inspector.core.io.sources import SourceFile

STATE = OrderedDict((f"layer{n}.weight", torch.arange(50 + 37 * n, dtype=torch.float32) - 3) for n in range(40))
STATE["tied"] = STATE["layer7.weight"]
STATE["view"] = STATE["layer9.weight"][3:8]
STATE["empty"] = torch.zeros(0)
STATE["half"] = torch.ones(5, 3, dtype=torch.float16)

Open = Callable[[bytes], core.Checkpoint]


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    def write_and_open(data: bytes) -> core.Checkpoint:
        (tmp_path / "cut.pth").write_bytes(data)
        return core.open(tmp_path / "cut.pth")

    return write_and_open


def saved(value: object = STATE) -> bytes:
    out = io.BytesIO()
    torch.save(value, out)
    return out.getvalue()


def payload_of(data: bytes | bytearray, record: str) -> int:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        at = archive.getinfo(record).header_offset
    n_name, n_extra = struct.unpack_from("<HH", data, at + 26)
    return at + 30 + int(n_name) + int(n_extra)


def outcome(opened: Open, data: bytes) -> core.Checkpoint | core.InspectorError:
    try:
        return opened(data)
    except core.InspectorError as error:
        return error


def whole_of(ckpt: core.Checkpoint) -> list[str]:
    return [key for key, info in ckpt.tensors.items() if not info.problem]


def check(ckpt: core.Checkpoint, expected: dict[str, torch.Tensor] = STATE) -> None:
    assert list(ckpt.tensors) == list(expected)
    for key in whole_of(ckpt):
        assert core.read_torch(ckpt, key).equal(expected[key])
    for key in set(ckpt.tensors) - set(whole_of(ckpt)):
        assert ckpt.tensors[key].problem.startswith(("truncated: ", "lost: "))
        with pytest.raises(core.BadTensor):
            core.read_numpy(ckpt, key)


def test_that_every_length_of_a_checkpoint_gives_what_is_there_or_one_error(opened: Open) -> None:
    data = saved()
    opening, last = 0, -1
    for length in range(0, len(data), 997):
        ckpt = outcome(opened, data[:length])
        if isinstance(ckpt, core.InspectorError):
            assert ckpt.hint
            assert opening == 0, f"opens when cut earlier, but not at {length}"
            continue
        opening += 1
        check(ckpt)
        assert len(whole_of(ckpt)) >= last, "more bytes give fewer tensors"
        last = len(whole_of(ckpt))
        assert ckpt.findings[0].id == "truncated-archive"
        assert ckpt.findings[0].level == "danger"
    assert opening > 20
    assert last == len(STATE)


def test_that_every_length_around_the_end_of_a_record_opens(opened: Open) -> None:
    data = saved()
    begin, size = payload_of(data, "archive/data/5"), 4 * (50 + 37 * 5)
    for length in range(begin + size - 3, begin + size + 120):
        ckpt = opened(data[:length])
        check(ckpt)
        assert ("layer5.weight" in whole_of(ckpt)) == (length >= begin + size)


def test_that_the_cut_record_says_how_much_of_it_is_there_and_the_counts_add_up(opened: Open) -> None:
    state = {"a": torch.zeros(100), "b": torch.ones(16384), "c": torch.zeros(3)}
    data = saved(state)
    ckpt = opened(data[:payload_of(data, "archive/data/1") + 12_000])
    assert ckpt.format == "torch-zip"
    assert "saved anew" in ckpt.facts["salvaged"]
    assert [info.problem for info in ckpt.tensors.values()] == [
        "", "truncated: 12,000 of 65,536 bytes are there", "lost: the file ends before its bytes"]
    found = ckpt.findings[0]
    assert "of 3 tensors 1 are there, 1 cut short and 1 lost" in found.message
    assert found.hint
    assert "version" not in {finding.id for finding in ckpt.findings}
    assert {member.name: member.note for member in ckpt.members}["archive/data/1"].startswith("truncated")


def test_that_a_missing_directory_alone_loses_nothing(opened: Open) -> None:
    data = saved()
    ckpt = opened(data[:data.index(b"PK\x01\x02") + 100])
    check(ckpt)
    assert whole_of(ckpt) == list(STATE)
    assert "all 44 tensors are whole" in ckpt.findings[0].message


@pytest.mark.parametrize("behind", [bytes(70_000), b"x" * 70_000], ids=["70-KB-of-zeros-behind", "70-KB-of-text-behind"])
def test_that_an_archive_whose_end_is_out_of_sight_is_searched_from_its_beginning(opened: Open, behind: bytes) -> None:
    check(ckpt := opened(saved() + behind))
    assert whole_of(ckpt) == list(STATE)


def test_that_a_cut_object_is_refused_with_what_it_would_have_called(opened: Open) -> None:
    data = saved()
    with pytest.raises(core.Truncated, match="end of the ZIP archive is missing"):
        opened(data[:300])
    call = b"\x80\x02cnowhere_at_all\ntrip\n(X\x01\0\0\0xtR" + b"N" * 500
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("archive/data.pkl", call)
    with pytest.raises(core.Truncated) as caught:
        opened(out.getvalue()[:300])
    assert "unknown-code" in {finding.id for finding in caught.value.findings}


def test_that_a_whole_object_without_its_end_mark_names_all_it_lost(opened: Open) -> None:
    data = saved({"w": torch.zeros(9), "epoch": 3})
    begin = payload_of(data, "archive/data.pkl")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = archive.getinfo("archive/data.pkl").file_size
    ckpt = opened(data[:begin + size])
    assert ckpt.tensors["w"].shape == (9,)
    assert ckpt.tensors["w"].problem.startswith("lost: ")
    assert dict(ckpt.values) == {"epoch": 3}


def test_that_bytes_like_headers_inside_a_storage_do_not_mislead(opened: Open) -> None:
    raw = (b"PK\x03\x04" + bytes(26) + b"PK\x07\x08" + struct.pack("<III", 0, 30, 30) + b"PK\x03\x04") * 50
    state = {"bait": torch.frombuffer(bytearray(raw), dtype=torch.uint8), "w": torch.arange(100.), "end": torch.ones(2000)}
    data = saved(state)
    ckpt = opened(data[:-5000])
    check(ckpt, state)
    assert whole_of(ckpt) == ["bait", "w"]


def test_that_bytes_made_of_signatures_are_given_up_on(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(salvage, "_FALSE_ENDS", 100)
    data = saved({"w": torch.ones(9)})
    first = data[:data.index(b"PK\x03\x04", 4)]
    bait = struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", 0, 8, 0, 0, 0, 0, 0, 0, 3, 0) + b"a/y" + b"PK\x07\x08" * 1000
    ckpt = opened(first + bait)
    assert ckpt.tensors["w"].problem.startswith("lost: ")
    assert "a/y" not in {member.name for member in ckpt.members}


def test_that_changed_bytes_before_the_cut_are_noticed_when_read(opened: Open) -> None:
    data = bytearray(saved())
    data[payload_of(data, "archive/data/3") + 5] ^= 1
    ckpt = opened(bytes(data[:-6000]))
    with pytest.raises(core.BadTensor, match="checksum"):
        core.read_numpy(ckpt, "layer3.weight")
    assert core.read_torch(ckpt, "layer4.weight").equal(STATE["layer4.weight"])


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "deflated"])
def test_that_an_archive_packed_by_another_program_is_salvaged_too(opened: Open, method: int) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved())) as torchs, zipfile.ZipFile(out, "w", method) as archive:
        for name in torchs.namelist():
            archive.writestr(name, torchs.read(name))
    data = out.getvalue()
    check(ckpt := opened(data[:data.index(b"archive/data/30") + 60]))
    assert whole_of(ckpt)[:30] == list(STATE)[:30]


def test_that_storages_without_their_object_are_refused_with_the_reason(opened: Open) -> None:
    """TorchScript writes its object last."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("archive/data/0", "archive/data/1", "archive/data.pkl"):
            archive.writestr(name, bytes(400))
    data = out.getvalue()
    with pytest.raises(core.Truncated) as caught:
        opened(data[:data.index(b"data.pkl") - 40])
    assert "lies behind the break" in caught.value.hint


def test_that_two_members_of_one_name_are_refused(opened: Open) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02}.")
        archive.writestr("archive/data/0", bytes(40))
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("archive/data/0", bytes(40))
    with pytest.raises(core.Ambiguous):
        opened(out.getvalue()[:-30])


def test_that_changed_and_cut_archives_give_a_checkpoint_or_one_error(opened: Open) -> None:
    chance = random.Random(20)
    data = saved(OrderedDict(list(STATE.items())[:6]))
    opened_once = False
    for _ in range(150):
        changed = bytearray(data[:chance.randrange(1000, len(data))])
        for _ in range(chance.randrange(1, 5)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        ckpt = outcome(opened, bytes(changed))
        if isinstance(ckpt, core.InspectorError):
            assert "\n" not in str(ckpt)
            continue
        opened_once = True
        for key in whole_of(ckpt):
            with contextlib.suppress(core.BadTensor):
                core.read_numpy(ckpt, key)
    assert opened_once


def test_that_the_bytes_of_tensors_are_not_read_to_open(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "large.pth"
    path.write_bytes(saved({f"w{n}": torch.zeros(1 << 20) for n in range(4)})[:-5_000_000])
    read = 0
    inner = SourceFile._some

    def counted(self: SourceFile, offset: int, nbytes: int) -> bytes:
        nonlocal read
        part = inner(self, offset, nbytes)
        read += len(part)
        return part

    monkeypatch.setattr(SourceFile, "_some", counted)
    assert len(whole_of(core.open(path))) == 2
    assert read < 600_000
