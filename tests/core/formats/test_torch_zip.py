"""torch.save archives: as torch writes them, and one thing wrong at a time. No hostile byte meets torch or pickle here."""
from __future__ import annotations

import collections
import gc
import io
import random
import struct
import warnings
import zipfile
import zlib
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.core.checkpoint import Checkpoint
from inspector.core.errors import Ambiguous, BadTensor, Corrupt, InspectorError, NotACheckpoint, TooBig, Truncated, Unsupported
from inspector.core.formats import torch_zip
from inspector.core.io.sources import open_source
from inspector.core.limits import Limits
from tests.builders import zipped
from tests.extents import read_extent


def opened(path: Path, limits: Limits | None = None) -> Checkpoint:
    with open_source(path) as source:
        return torch_zip.read(source, str(path), limits or Limits())


class Opener:
    """Opens archives made of `records` under `top`."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "x.pth"

    def __call__(self, records: dict[str, bytes], top: str = "archive/", method: int = 0,
                 limits: Limits | None = None) -> Checkpoint:
        with warnings.catch_warnings(), zipfile.ZipFile(self.path, "w", method) as archive:
            warnings.simplefilter("ignore")
            for name, data in records.items():
                archive.writestr(top + name, data)
        return opened(self.path, limits)


@pytest.fixture
def open_records(tmp_path: Path) -> Opener:
    return Opener(tmp_path)


# -- pickles by hand: protocol 2, as torch writes them -----------------------------------------------------------------


def text(value: str) -> bytes:
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def number(value: int) -> bytes:
    if 0 <= value < 1 << 31:
        return b"J" + struct.pack("<i", value)
    raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(raw)]) + raw


def storage(key: bytes | str = "0", numel: int = 4, cls: str = "FloatStorage", location: str = "cpu") -> bytes:
    shown = text(key) if isinstance(key, str) else key
    return b"(" + text("storage") + f"ctorch\n{cls}\n".encode() + shown + text(location) + number(numel) + b"tQ"


def tensor(of: bytes, size: int = 4) -> bytes:
    return (b"ctorch._utils\n_rebuild_tensor_v2\n(" + of + number(0) + b"(" + number(size) + b"t(" + number(1) + b"t\x89"
            b"ccollections\nOrderedDict\n)RtR")


def saved(**tensors: bytes) -> bytes:
    return b"\x80\x02}(" + b"".join(text(key) + value for key, value in tensors.items()) + b"u."


CALL = b"cnowhere_at_all\ntrip\n(X\x01\0\0\0xtR"      # names a module that does not exist
FOUR = struct.pack("<4f", 1, 2, 3, 4)
GOOD = {"data.pkl": saved(w=tensor(storage())), "byteorder": b"little", "data/0": FOUR, "version": b"3\n"}


def ids(ckpt: Checkpoint) -> set[str]:
    return {finding.id for finding in ckpt.findings}


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(["a/data/0", "a/data/1", "A/DATA/2", "a/DATA.pkl", "a/data.pkl", "b/c", "a/data/data.pkl", "x", "/",
                                 "a/code/y\0z", "a/tensors/1", "\u0130/1"]), max_size=9, unique=True),
       st.sampled_from(["a/data/1", "A/data/0", "a/data.pkl", "data.pkl", "a/", "a/data/", "a/code/", "", "b/", "\u0130/", "x", "A/", "/"]))
def test_that_names_are_looked_through_as_one_by_one(names: list[str], asked: str) -> None:
    found = torch_zip._Names(names)
    assert found.any_under(asked) == any(name.startswith(asked) for name in names)
    assert found.all_under(asked) == all(name.startswith(asked) for name in names)
    assert found.has_like(asked) or not any(name.lower() == asked.lower() for name in names)
    if asked:
        assert found.ending(asked.lower()) == [name for name in names if name.lower().endswith(asked.lower())]


# -- what torch writes -------------------------------------------------------------------------------------------------

DTYPES = [torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.uint8, torch.bool, torch.complex64,
          torch.float8_e4m3fn]


@pytest.mark.parametrize("name", ["model.pth", "модель 模型.pt"])
def test_that_every_storage_is_where_torch_put_it(tmp_path: Path, name: str) -> None:
    torch.manual_seed(0)
    made = {f"{dtype}.{n}": torch.rand(n, 3).mul(9).to(dtype) for dtype in DTYPES for n in (0, 1, 5, 20_000)}
    made["view"] = made["torch.float32.5"].t()[1:]
    torch.save(made, tmp_path / name)
    ckpt = opened(tmp_path / name)
    assert (ckpt.format, ckpt.findings) == ("torch-zip", ())
    assert list(ckpt.tensors) == list(made)
    for key, expected in made.items():
        found = ckpt.tensors[key]
        assert (found.shape, found.stride, found.offset) == (tuple(expected.shape), expected.stride(), expected.storage_offset())
        assert (f"torch.{found.dtype}", found.problem) == (str(expected.dtype), "")
        stored = ckpt.storages[found.storage]
        assert stored.extent is not None
        raw = torch.empty(0, dtype=torch.uint8).set_(expected.untyped_storage())  # type: ignore[call-overload]
        assert read_extent(ckpt, stored.extent) == raw.numpy().tobytes()
    assert ckpt.tensors["view"].storage == ckpt.tensors["torch.float32.5"].storage


def test_that_the_container_says_what_it_is(tmp_path: Path) -> None:
    torch.save({"w": torch.zeros(3)}, tmp_path / "model.pth")
    ckpt = opened(tmp_path / "model.pth")
    assert {"folder": "model", "byteorder": "little", "version": "3"}.items() <= ckpt.facts.items()
    assert len(ckpt.facts["serialization_id"]) == 40
    with zipfile.ZipFile(tmp_path / "model.pth") as archive:
        assert [member.name for member in ckpt.members] == archive.namelist()
    assert [pickle.member for pickle in ckpt.pickles] == ["data.pkl"]


def test_that_an_archive_from_memory_opens_too(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    torch.save(torch.ones(2), buffer)
    (tmp_path / "x").write_bytes(buffer.getvalue())
    assert opened(tmp_path / "x").facts["folder"] == "archive"


def test_that_archives_without_checksums_say_so(tmp_path: Path) -> None:
    before = torch.serialization.get_crc32_options()
    try:
        torch.serialization.set_crc32_options(False)
        torch.save({"w": torch.ones(5)}, tmp_path / "x")
    finally:
        torch.serialization.set_crc32_options(before)
    ckpt = opened(tmp_path / "x")
    assert [(f.id, f.level) for f in ckpt.findings] == [("no-checksum", "info")]
    assert read_extent(ckpt, ckpt.storages["0"].extent) == struct.pack("<5f", *[1.0] * 5)  # type: ignore[arg-type]


def test_that_deflated_archives_open(open_records: Opener) -> None:
    ckpt = open_records(GOOD, method=8)
    assert ckpt.findings == ()
    assert read_extent(ckpt, ckpt.storages["0"].extent) == FOUR  # type: ignore[arg-type]


def test_that_torchscript_archives_open_by_their_pickles_alone(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(torch.nn.Linear(3, 2), torch.zeros(1, 3)), tmp_path / "x.pt")
    ckpt = opened(tmp_path / "x.pt")
    assert (ckpt.format, ckpt.kind) == ("torchscript", "torchscript")
    assert {info.shape for info in ckpt.tensors.values()} == {(2, 3), (2,)}
    assert any(member.name.endswith(".py") for member in ckpt.members)
    assert {"data.pkl", "constants.pkl"} <= {pickle.member for pickle in ckpt.pickles}
    assert "extra-pickle" not in ids(ckpt)


def test_that_opening_leaves_the_collector_as_it_was(open_records: Opener) -> None:
    assert gc.isenabled()
    open_records(GOOD)
    assert gc.isenabled()
    gc.disable()
    try:
        open_records(GOOD)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_that_no_storage_is_read_at_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save({"w": torch.ones(1_000_000)}, tmp_path / "x")
    seen = []
    from inspector.core.io.sources import SourceFile
    real = SourceFile.read
    monkeypatch.setattr(SourceFile, "read", lambda self, offset, nbytes: seen.append(nbytes) or real(self, offset, nbytes))
    opened(tmp_path / "x")
    assert sum(seen) < 200_000


# -- the archive -------------------------------------------------------------------------------------------------------


def test_that_big_endian_is_honoured(open_records: Opener) -> None:
    ckpt = open_records({**GOOD, "byteorder": b"big"})
    assert (ckpt.storages["0"].big_endian, ckpt.facts["byteorder"], ckpt.findings) == (True, "big", ())


def test_that_no_byte_order_means_little(open_records: Opener) -> None:
    ckpt = open_records({name: data for name, data in GOOD.items() if name != "byteorder"})
    assert not ckpt.storages["0"].big_endian
    assert ckpt.findings == ()


def test_that_an_unknown_byte_order_shows_the_tree_and_no_values(open_records: Opener) -> None:
    ckpt = open_records({**GOOD, "byteorder": b"middle"})
    assert list(ckpt.tensors) == ["w"]
    assert ckpt.tensors["w"].problem.startswith("byteorder: ")
    assert [(f.id, f.level) for f in ckpt.findings] == [("byteorder", "danger")]


@pytest.mark.parametrize("said", [b"999", b"0", b"eleven\n", b"", b"-3", "٣".encode(), b"9" * 5000],
                         ids=["999", "0", "word", "empty", "negative", "arabic-digit", "long"])
def test_that_a_version_torch_does_not_read_is_told(open_records: Opener, said: bytes) -> None:
    ckpt = open_records({**GOOD, "version": said})
    assert ids(ckpt) == {"version"}
    assert ckpt.tensors["w"].problem == ""


def test_that_a_missing_version_is_told(open_records: Opener) -> None:
    assert "version" in ids(open_records({name: data for name, data in GOOD.items() if name != "version"}))


@pytest.mark.parametrize(("top", "found"), [
    pytest.param("", {"layout"}, id="no-top-folder"),
    pytest.param("../../", {"layout", "path-traversal"}, id="climbing"),
    pytest.param("/abs/", {"layout", "path-traversal"}, id="absolute"),
    pytest.param("a/b/", {"layout"}, id="nested-folder"),
    pytest.param("x" * 65_000 + "/", {"long-name"}, id="long-name"),
])
def test_that_an_odd_top_folder_opens_with_a_finding(open_records: Opener, top: str, found: set[str]) -> None:
    ckpt = open_records(GOOD, top)
    assert ids(ckpt) == found
    assert read_extent(ckpt, ckpt.storages["0"].extent) == FOUR  # type: ignore[arg-type]


def test_that_members_beside_the_top_folder_are_told(open_records: Opener) -> None:
    with_stray = {f"archive/{name}": data for name, data in GOOD.items()}
    assert ids(open_records({**with_stray, "__MACOSX/x": b""}, "")) == {"layout"}
    assert ids(open_records({"__MACOSX/x": b"", **with_stray}, "")) == {"layout"}


def test_that_two_checkpoints_in_one_archive_are_refused(open_records: Opener) -> None:
    records = {f"{top}/{name}": data for top in "ab" for name, data in GOOD.items()}
    with pytest.raises(Ambiguous, match="2 checkpoints"):
        open_records(records, "")


def test_that_records_in_other_case_are_found_as_torch_finds_them(open_records: Opener) -> None:
    ckpt = open_records({"DATA.PKL": GOOD["data.pkl"], "Data/0": FOUR, "byteorder": b"little", "VERSION": b"3\n"})
    assert ids(ckpt) == {"case"}
    assert ckpt.tensors["w"].problem == ""
    assert torch.load(open_records.path, weights_only=True)["w"].tolist() == [1, 2, 3, 4]


def test_that_a_wrong_checksum_of_the_object_is_told(open_records: Opener) -> None:
    open_records(GOOD)
    data = open_records.path.read_bytes()
    crc = struct.pack("<I", zlib.crc32(GOOD["data.pkl"]))
    open_records.path.write_bytes(data.replace(crc, b"\1\2\3\4"))
    ckpt = opened(open_records.path)
    assert ids(ckpt) == {"checksum"}
    assert list(ckpt.tensors) == ["w"]


def test_that_a_flipped_bit_in_a_storage_is_told_when_its_values_are_read(open_records: Opener) -> None:
    open_records(GOOD)
    data = open_records.path.read_bytes()
    open_records.path.write_bytes(data.replace(FOUR, FOUR[:-1] + b"\x41"))
    ckpt = opened(open_records.path)
    assert ckpt.findings == ()
    with pytest.raises(BadTensor):
        read_extent(ckpt, ckpt.storages["0"].extent)  # type: ignore[arg-type]


def test_that_a_pickle_packed_like_a_bomb_is_refused(open_records: Opener) -> None:
    with pytest.raises(TooBig):
        open_records({**GOOD, "data.pkl": bytes(20 << 20)}, method=8)
    with pytest.raises(TooBig):
        open_records(GOOD, limits=Limits(pickle_bytes=20))


def test_that_a_storage_packed_like_a_bomb_keeps_the_tree_open(open_records: Opener) -> None:
    ckpt = open_records({**GOOD, "data.pkl": saved(w=tensor(storage(numel=5 << 20), 5 << 20)), "data/0": bytes(20 << 20)}, method=8)
    assert ckpt.tensors["w"].problem.startswith("too_big: ")


# -- pickles -----------------------------------------------------------------------------------------------------------


def test_that_another_pickle_is_decoded_and_its_names_are_told(open_records: Opener) -> None:
    ckpt = open_records({**GOOD, "evil.pkl": b"\x80\x02" + CALL + b"."})
    assert "extra-pickle" in ids(ckpt)
    assert [pickle.member for pickle in ckpt.pickles] == ["data.pkl", "evil.pkl"]
    assert ("nowhere_at_all", "trip") in ckpt.pickles[1].graph.names


@pytest.mark.parametrize("name", ["evil.txt", "data/evil.pkl", "extra/PICKLE.PKL"], ids=lambda name: f"{name}")
def test_that_a_pickle_is_found_by_name_or_content(open_records: Opener, name: str) -> None:
    ckpt = open_records({**GOOD, name: b"\x80\x04" + CALL + b"."})
    assert ckpt.pickles[1].member == name


def test_that_another_pickle_that_breaks_off_is_told(open_records: Opener) -> None:
    ckpt = open_records({**GOOD, "evil.pkl": b"\x80\x02" + CALL + b"X\xff"})
    assert "extra-pickle" in ids(ckpt)
    assert any("trip" in finding.message for finding in ckpt.findings)


def test_that_a_pickle_behind_the_object_is_decoded(open_records: Opener) -> None:
    ckpt = open_records({**GOOD, "data.pkl": GOOD["data.pkl"] + b"\x80\x02" + CALL + b".N."})
    assert [f.id for f in ckpt.findings].count("trailing-pickle") == 2
    assert ("nowhere_at_all", "trip") in ckpt.pickles[1].graph.names
    assert list(ckpt.tensors) == ["w"]


def test_that_bytes_behind_the_object_are_told(open_records: Opener) -> None:
    assert "trailing-bytes" in ids(open_records({**GOOD, "data.pkl": GOOD["data.pkl"] + b"\xff\xfe junk"}))
    many = open_records({**GOOD, "data.pkl": GOOD["data.pkl"] + b"N." * 500}, limits=Limits(pickles_per_stream=5))
    assert "trailing-bytes" in ids(many)
    assert len(many.pickles) == 5


def test_that_names_before_a_break_are_told_with_the_error(open_records: Opener) -> None:
    with pytest.raises(Truncated) as caught:
        open_records({**GOOD, "data.pkl": b"\x80\x02" + CALL + b"X\xff\xff"})
    assert any("trip" in finding.message for finding in caught.value.findings)


# -- storages ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("of", "problem"), [
    pytest.param(storage(numel=8), "size_mismatch", id="claims-more-than-its-record"),
    pytest.param(storage(numel=1 << 40), "size_mismatch", id="claims-more-than-the-file"),
    pytest.param(storage(numel=5), "size_mismatch", id="claims-other-than-its-record"),
    pytest.param(storage(numel=-1), "corrupt", id="minus-one"),
    pytest.param(storage(numel=1 << 62), "size_mismatch", id="2-to-the-62"),
    pytest.param(storage(numel=1 << 63), "corrupt", id="2-to-the-63"),
    pytest.param(storage(cls="NoSuchStorage"), "unknown_dtype", id="unknown-class"),
    pytest.param(storage(location="meta"), "meta", id="meta"),
    pytest.param(storage("../../etc/hosts"), "bad_key", id="path"),
    pytest.param(storage("/etc/hosts"), "bad_key", id="absolute"),
    pytest.param(storage("0\0x"), "bad_key", id="nul"),
    pytest.param(storage(number(7)), "bad_key", id="key-is-a-number"),
    pytest.param(storage("1"), "missing", id="missing-record"),
    pytest.param(number(3), "corrupt", id="int-for-a-storage"),
])
def test_that_a_lying_storage_is_marked_and_the_rest_opens(open_records: Opener, of: bytes, problem: str) -> None:
    ckpt = open_records({**GOOD, "data.pkl": saved(bad=tensor(of), good=tensor(storage("9"))), "data/9": FOUR})
    assert ckpt.tensors["bad"].problem.startswith(problem), ckpt.tensors["bad"].problem
    assert ckpt.tensors["good"].problem == ""
    assert read_extent(ckpt, ckpt.storages["9"].extent) == FOUR  # type: ignore[arg-type]


def test_that_a_storage_smaller_than_its_record_is_marked(open_records: Opener) -> None:
    ckpt = open_records({**GOOD, "data.pkl": saved(bad=tensor(storage(numel=2), 2))})
    assert ckpt.tensors["bad"].problem.startswith("size_mismatch")
    assert (ckpt.storages["0"].nbytes, ckpt.storages["0"].extent and ckpt.storages["0"].extent.size) == (8, 16)


def test_that_records_no_tensor_refers_to_are_told(open_records: Opener) -> None:
    ckpt = open_records({**GOOD, "data/99": b"orphan!", "data/empty": b""})
    assert [(f.id, f.where) for f in ckpt.findings] == [("orphan-records", "archive/data/99")]
    assert "7 bytes" in ckpt.findings[0].message


# -- other archives ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("records", "error", "words"), [
    pytest.param({"a.pth": b"", "b.pth": b"", "c.txt": b""}, NotACheckpoint, "holds a.pth, b.pth, c.txt", id="checkpoints"),
    pytest.param({"x/readme.txt": b"", "x/model.pt": b""}, NotACheckpoint, "open FILE!x/model.pt", id="one-checkpoint"),
    pytest.param({"test.txt": b""}, NotACheckpoint, "holds test.txt", id="plain"),
    pytest.param({"[Content_Types].xml": b"", "word/document.xml": b""}, NotACheckpoint, "Office", id="docx"),
    pytest.param({"META-INF/MANIFEST.MF": b"", "A.class": b""}, NotACheckpoint, "Java", id="jar"),
    pytest.param({"p-1.dist-info/METADATA": b"", "p/a.py": b""}, NotACheckpoint, "wheel", id="wheel"),
    pytest.param({"config.json": b"", "model.weights.h5": b""}, NotACheckpoint, "Keras", id="keras"),
    pytest.param({"m/.data/extern_modules": b"", "m/model/model.pkl": b""}, Unsupported, "torch.package", id="torch-package"),
    pytest.param({"m/version": b"3", "m/data/0": b""}, Corrupt, "data.pkl is missing", id="no-data.pkl"),
])
def test_that_another_archive_is_named_in_one_line(open_records: Opener, records: dict[str, bytes], error: type[InspectorError],
                                                   words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        open_records(records, "")
    assert caught.value.hint
    assert "\n" not in str(caught.value)


# -- anything ----------------------------------------------------------------------------------------------------------


def test_that_any_damage_to_a_real_file_ends_in_a_checkpoint_or_one_error(tmp_path: Path) -> None:
    torch.save(collections.OrderedDict(a=torch.arange(4.), b=torch.ones(2, 2, dtype=torch.int8), epoch=3), tmp_path / "good")
    good = (tmp_path / "good").read_bytes()
    chance = random.Random(3)
    directory = good.index(b"PK\1\2")
    for at in [*range(0, directory, 3), *range(directory, len(good), 2)]:
        data = bytearray(good)
        data[at] ^= 1 << chance.randrange(8)
        _try(tmp_path / "x", bytes(data))
        if at % 7 == 0:
            _try(tmp_path / "x", good[:at])


def _try(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    try:
        ckpt = opened(path)
    except InspectorError:
        return
    for stored in ckpt.storages.values():
        if stored.extent is not None and not stored.problem:
            try:
                read_extent(ckpt, stored.extent)
            except BadTensor:
                continue


@pytest.mark.parametrize(("names", "main"), [
    (["m/data.pkl", "m/version"], "m/data.pkl"), (["data.pkl", "version"], "data.pkl"), (["m/DATA.PKL", "m/version"], "m/DATA.PKL"),
    (["m/data.pkl", "m/xdata.pkl", "m/version"], "m/data.pkl"), (["ä/data.pkl", "ä/version"], "ä/data.pkl"),
    (["m/data.p\u212al", "m/version"], "m/data.p\u212al"), (["m/sub/data.pkl", "m/data.pkl", "m/version"], "m/data.pkl")])
def test_that_the_object_is_found_among_names_of_any_kind(tmp_path: Path, names: list[str], main: str) -> None:
    empty = b"\x80\x02}."
    path = tmp_path / "a.pth"
    path.write_bytes(zipped({name: b"3\n" if name.endswith("version") else empty for name in names}))
    with open_source(path) as source:
        ckpt = torch_zip.read(source, str(path))
    assert main.endswith(ckpt.pickles[0].member)
    assert ("layout" in [finding.id for finding in ckpt.findings]) is ("/" not in main)
    assert ("case" in [finding.id for finding in ckpt.findings]) is (not main.endswith("data.pkl"))
