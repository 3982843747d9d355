"""The zip directory: real archives by three writers, and one lie at a time, built byte by byte."""
from __future__ import annotations

import contextlib
import io
import random
import struct
import zipfile
import zlib
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.core.checkpoint import Checkpoint, Extent
from inspector.core.errors import Ambiguous, BadTensor, Corrupt, InspectorError, NotACheckpoint, TooBig, Truncated, Unsupported
from inspector.core.formats.zip import directory as zip_directory
from inspector.core.formats.zip.directory import ZipDirectory, read_directory
from inspector.core.formats.zip.entries import Table
from inspector.core.io.sources import open_source
from inspector.core.limits import LIMITS, Limits
from tests.extents import read_extent


@dataclass
class M:
    """A member, and what each of its two headers says when that is not the truth."""

    name: str | bytes
    data: bytes = b""
    method: int = 0
    flags: int = 0x0800
    local: dict[str, int | bytes] = field(default_factory=dict)
    central: dict[str, int | bytes] = field(default_factory=dict)
    local_extra: bytes = b""
    central_extra: bytes = b""
    at: int | None = None          # share the local header of the member with this number instead of writing one


def build(members: Sequence[M], *, before: bytes = b"", after: bytes = b"", comment: bytes = b"", zip64: bool = False,
          end: dict[str, int] | None = None, adjust: int = 0) -> bytes:
    """A zip archive. `end` overrides fields of the end record; `adjust` is added to every written offset."""
    out = bytearray(before)
    rows, headers = [], []
    for m in members:
        raw = m.name.encode() if isinstance(m.name, str) else m.name
        packed = _deflate(m.data) if m.method == 8 else m.data
        told = {"name": raw, "flags": m.flags, "method": m.method, "crc": zlib.crc32(m.data), "nbytes": len(packed),
                "size": len(m.data)}
        header = headers[m.at] if m.at is not None else len(out) - len(before)
        headers.append(header)
        if m.at is None:
            loc = {**told, **({"crc": 0, "nbytes": 0, "size": 0} if m.flags & 8 else {}), **m.local}
            out += struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, loc["flags"], loc["method"], 0, 33, loc["crc"], loc["nbytes"],
                               loc["size"], len(bytes(loc["name"])), len(m.local_extra))
            out += bytes(loc["name"]) + m.local_extra + packed
            if m.flags & 8:
                out += struct.pack("<4sIII", b"PK\7\10", zlib.crc32(m.data), len(packed), len(m.data))
        rows.append({**told, "header": header + adjust, **m.central, "extra": m.central_extra})
    directory = bytearray()
    for row in rows:
        name, extra = bytes(row["name"]), bytes(row["extra"])
        directory += struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, row["flags"], row["method"], 0, 33, row["crc"],
                                 row["nbytes"], row["size"], len(name), len(extra), 0, 0, 0, 0, row["header"]) + name + extra
    at = len(out) - len(before) + adjust
    last = {"disk": 0, "here": len(rows), "entries": len(rows), "nbytes": len(directory), "offset": at, **(end or {})}
    out += directory
    if zip64:
        out += struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, len(rows), len(rows), len(directory), at)
        out += struct.pack("<4sIQI", b"PK\6\7", 0, at + len(directory), 1)
    out += struct.pack("<4sHHHHIIH", b"PK\5\6", last["disk"], last["disk"], last["here"], last["entries"], last["nbytes"],
                       last["offset"], len(comment)) + comment + after
    return bytes(out)


def _deflate(data: bytes) -> bytes:
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    return engine.compress(data) + engine.flush()


def two() -> list[M]:
    return [M("a/data.pkl", b"pickle"), M("a/data/0", bytes(range(64)))]


class Read:
    """What our reader makes of `data`."""

    def __init__(self, path: Path, data: bytes, limits: Limits | None = None) -> None:
        path.write_bytes(data)
        with open_source(path) as source:
            self.directory = read_directory(source, limits or Limits())
            self.ckpt = Checkpoint(str(path), "torch-zip", "other", (source.stamp,), MappingProxyType({}))
        self.ids = [finding.id for finding in self.directory.findings]
        self.levels = {finding.id: finding.level for finding in self.directory.findings}

    def bytes_of(self, name: str) -> bytes:
        return read_extent(self.ckpt, self.directory.members[name])

    def all_bytes(self) -> dict[str, bytes]:
        return {name: self.bytes_of(name) for name in self.directory.members}


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Read]:
    return lambda data, limits=None: Read(tmp_path / "x.pth", data, limits)


@pytest.fixture(params=["headers read at open", "headers read later"])
def eager_or_lazy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "headers read later":
        monkeypatch.setattr(zip_directory, "_ALL_LOCAL", 0)
        monkeypatch.setattr(zip_directory, "_SMALL_SPAN", -1)
    return str(request.param)


# -- what is fine -----------------------------------------------------------------------------------------------------


_NAMES = st.text("abAB01é模/.", min_size=1, max_size=12).filter(lambda name: name[0] != "/" and ".." not in name)


def _by_zipfile(names: dict[str, bytes], method: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in names.items():
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.usefixtures("eager_or_lazy")
@settings(max_examples=40, deadline=None)
@given(names=st.dictionaries(_NAMES, st.binary(max_size=300), min_size=1, max_size=8), method=st.sampled_from([0, 8]))
def test_that_archives_by_zipfile_read_as_zipfile_reads_them(names: dict[str, bytes], method: int,
                                                             tmp_path_factory: pytest.TempPathFactory) -> None:
    if len({name.casefold() for name in names}) < len(names):
        return
    found = Read(tmp_path_factory.mktemp("z") / "x", _by_zipfile(names, method))
    assert found.directory.findings == []
    assert found.all_bytes() == names
    assert list(found.directory.members) == list(names)


@pytest.mark.usefixtures("eager_or_lazy")
@pytest.mark.parametrize("sizes", [(), (0,), (1, 2, 3), (100_000, 5, 0, 64)], ids=str)
def test_that_torch_archives_read_as_torch_wrote_them(sizes: tuple[int, ...], tmp_path: Path) -> None:
    tensors = [torch.arange(n, dtype=torch.int32) for n in sizes]
    torch.save(tensors, tmp_path / "t.pth")
    found = Read(tmp_path / "x.pth", (tmp_path / "t.pth").read_bytes())
    assert found.directory.findings == []
    with zipfile.ZipFile(tmp_path / "t.pth") as archive:
        assert found.all_bytes() == {name: archive.read(name) for name in archive.namelist()}
    for n, tensor in enumerate(tensors):
        if sizes[n]:
            assert found.bytes_of(f"t/data/{n}") == tensor.numpy().tobytes()
            assert found.directory.members[f"t/data/{n}"].offset % 64 == 0


def test_that_the_guess_of_where_torch_puts_payloads_is_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save([torch.zeros(n) for n in range(1, 30)], tmp_path / "t.pth")
    exact = Read(tmp_path / "x", (tmp_path / "t.pth").read_bytes()).directory.members
    monkeypatch.setattr(zip_directory, "_ALL_LOCAL", 0)
    monkeypatch.setattr(zip_directory, "_SMALL_SPAN", -1)
    guessed = Read(tmp_path / "x", (tmp_path / "t.pth").read_bytes()).directory.members
    assert {name: extent.offset for name, extent in guessed.items()} == {name: extent.offset for name, extent in exact.items()}
    assert all(extent.local is not None for extent in guessed.values())


@pytest.mark.usefixtures("eager_or_lazy")
@pytest.mark.parametrize("change", [
    pytest.param({}, id="plain"),
    pytest.param({"zip64": True}, id="zip64-end-record"),
    pytest.param({"zip64": True, "end": {"entries": 0xFFFF, "here": 0xFFFF, "nbytes": 0xFFFFFFFF, "offset": 0xFFFFFFFF}},
                 id="zip64-saturated"),
])
def test_that_end_records_of_either_sort_are_followed(read: Callable[..., Read], change: dict[str, object]) -> None:
    members = [M("a/data.pkl", b"pickle", flags=0x0808), M("a/data/0", b"x" * 99, 8), M("a/e", local_extra=b"FB\x05\0ZZZZZ")]
    found = read(build(members, **change))     # type: ignore[arg-type]
    assert found.ids == []
    assert found.all_bytes() == {"a/data.pkl": b"pickle", "a/data/0": b"x" * 99, "a/e": b""}


@pytest.mark.usefixtures("eager_or_lazy")
def test_that_zip64_extra_fields_are_followed_in_both_headers(read: Callable[..., Read]) -> None:
    full = {"nbytes": 0xFFFFFFFF, "size": 0xFFFFFFFF}
    sizes = struct.pack("<HHQQ", 1, 16, 5, 5)
    members = [M("a", b"first"), M("b", b"12345", local=full, central={**full, "header": 0xFFFFFFFF}, local_extra=b"FB\0\0" + sizes,
                                   central_extra=b"FB\0\0" + struct.pack("<HHQQQ", 1, 24, 5, 5, 36))]
    found = read(build(members))
    assert found.ids == []
    assert found.all_bytes() == {"a": b"first", "b": b"12345"}


@pytest.mark.usefixtures("eager_or_lazy")
def test_that_offsets_beyond_2_to_the_32_are_exact(tmp_path: Path) -> None:
    path, hole = tmp_path / "huge", 8 << 40
    extra = struct.pack("<HHQ", 1, 8, hole)
    tail = build([M("a", b"x" * 33, central={"header": 0xFFFFFFFF}, central_extra=extra)], zip64=True, adjust=hole,
                 end={"offset": 0xFFFFFFFF})
    try:
        with open(path, "wb") as out:
            out.write(b"PK\3\4")
            out.seek(hole)
            out.write(tail)
    except OSError:
        pytest.skip("this file system takes no file of 8 TiB")
    with open_source(path) as source:
        directory = read_directory(source)
        ckpt = Checkpoint(str(path), "torch-zip", "other", (source.stamp,), MappingProxyType({}))
    assert read_extent(ckpt, directory.members["a"]) == b"x" * 33
    assert directory.members["a"].offset >= hole
    path.unlink()


@pytest.mark.parametrize("count", [20, 21, 22, 500])
def test_that_many_members_that_lie_elsewhere_are_a_few_findings(read: Callable[..., Read], count: int) -> None:
    data = build([M(f"m{n}", b"x") for n in range(600)])
    parts = data.split(b"PK\x03\x04")
    directory = read(b"PK\x03\x04".join(parts[:-count]) + b"".join(b"PK\x03\x05" + part for part in parts[-count:])).directory
    lost = [finding for finding in directory.findings if finding.id == "bad-member"]
    assert len(directory.notes) == count
    assert len(lost) == min(count, 21)
    assert [finding.message for finding in lost[20:]] == [
        f"{count - 20:,} more member{'s' if count > 21 else ''}: not where the zip directory says."] * (count > 20)


def test_that_60000_empty_members_are_listed(read: Callable[..., Read]) -> None:
    found = read(build([*two(), *(M(f"a/{n}") for n in range(60_000))]))
    assert len(found.directory.members) == 60_002
    assert found.ids == []


def test_that_a_signature_inside_an_entry_misleads_nobody(read: Callable[..., Read]) -> None:
    found = read(build([M("a/PK\1\2x", b"1"), M("a/b", b"2", central_extra=b"XX\4\0PK\1\2")]))
    assert found.all_bytes() == {"a/PK\1\2x": b"1", "a/b": b"2"}


# -- what is refused --------------------------------------------------------------------------------------------------



def _with_directory_cut_by(nbytes: int) -> bytes:
    whole = build(two())
    entries, length, at = struct.unpack_from("<HII", whole, len(whole) - 12)
    return whole[:-22 - nbytes] + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, entries, entries, length - nbytes, at, 0)


REFUSED: list[tuple[str, bytes, type[InspectorError], str]] = [
    ("first-half", build(two())[:90], Truncated, "end of the ZIP archive is missing"),
    ("same-name-twice", build([*two(), M("a/data.pkl", b"other")]), Ambiguous, "named the same"),
    ("same-name-in-other-case", build([*two(), M("A/DATA.PKL", b"other")]), Ambiguous, "named the same"),
    ("encrypted", build([M("a/x", b"1", flags=0x801)]), Unsupported, "encrypted"),
    ("strongly-encrypted", build([M("a/x", b"1", flags=0x840)]), Unsupported, "encrypted"),
    ("patched", build([M("a/x", b"1", flags=0x820)]), Unsupported, "patch"),
    ("shared-local-header", build([*two(), M("a/data/1", bytes(range(64)), at=1)]), Corrupt, "share bytes"),
    ("overlapping", build([M("a/x", b"1" * 50), M("a/y", b"2", central={"header": 20}), M("a/z")]), Corrupt, "share bytes"),
    ("into-the-directory", build([M("a/x", b"1", central={"nbytes": 30, "size": 30})]), Corrupt, "the directory"),
    ("empty", build([]), NotACheckpoint, "empty"),
    ("70-KB-of-zeros-and-no-end", build(two(), after=bytes(70_000)).replace(b"PK\x05\x06", b"PK\x05\x07"), Truncated, "zeros"),
    ("70-KB-of-text-behind", build(two(), after=b"x" * 70_000), Truncated, "64 KiB"),
    ("offset-without-zip64", build(two(), end={"offset": 0xFFFFFFFF}), Corrupt, "zip64"),
    ("size-without-zip64", build(two(), end={"nbytes": 0xFFFFFFFF}), Corrupt, "zip64"),
    ("member-without-zip64", build([M("a", b"1", central={"size": 0xFFFFFFFF})]), Corrupt, "zip64"),
    ("two-end-records-disagree", build(two(), zip64=True, end={"entries": 1, "here": 1}), Ambiguous, "disagree"),
    ("nul-in-name", build([*two(), M("a/data.pkl\0x", b"other")]), Ambiguous, "NUL"),
    ("backslash-twin", build([*two(), M("a\\data.pkl", b"other")]), Ambiguous, "on Windows"),
    ("second-name-by-unicode-path", build([*two(), M("a/x", central_extra=b"up\x0f\0\1CRC_a/data.pkl")]), Ambiguous,
     "second name"),
    ("comment-longer-than-the-file", build(two())[:-2] + b"\x09\0", Truncated, "comment"),
    ("two-end-records", build(two(), comment=build(two())[-22:-2] + b"\0\0"), Ambiguous, "two end records"),
    ("split-archive", build(two(), end={"disk": 1}), Unsupported, "split"),
    ("fewer-entries-than-said", build(two(), end={"entries": 3, "here": 3}), Corrupt, "2 members"),
    ("more-entries-than-said", build(two(), end={"entries": 1, "here": 1}), Corrupt, "2 members"),
    ("directory-elsewhere", build(two(), end={"offset": 5}), Corrupt, "share bytes"),
    ("directory-longer-than-the-file", build(two(), end={"nbytes": 5000}), Corrupt, "inside the file"),
    ("entry-longer-than-the-directory", _with_directory_cut_by(5), Corrupt, "longer than the directory"),
    ("entry-header-cut", _with_directory_cut_by(40), Corrupt, "breaks off"),
]


@pytest.mark.parametrize(("data", "error", "words"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED])
def test_that_a_doubtful_archive_is_refused(read: Callable[..., Read], data: bytes, error: type[InspectorError],
                                            words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        read(data)
    assert "\n" not in str(caught.value)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from((0, 50, 100, 1 << 40, 1 << 62, (1 << 64) - 1)), st.sampled_from((0, 4, 1 << 63)),
                          st.sampled_from((1, 20))), min_size=1, max_size=4), st.sampled_from((40, 200, 1 << 41, (1 << 64) - 1)))
def test_that_members_overlap_at_once_as_they_do_one_by_one(rows: list[tuple[int, int, int]], end: int) -> None:
    headers, packed, lengths = (array(code, column) for code, column in zip("QQH", zip(*rows, strict=True), strict=True))
    table = Table([""] * len(rows), None, lengths, *[array("H")] * 2, array("I"), packed, packed, headers, [])
    bounds = array("Q", [*headers[1:], end])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zip_directory, "_WORTH_NUMPY", 0)
        assert zip_directory._overlapping(table, bounds) == any(header + nbytes + 30 + length > bound for header, nbytes, length, bound
                                                                in zip(headers, packed, lengths, bounds, strict=True))


def test_that_zipfile_takes_some_of_what_is_refused() -> None:
    """The reason for a reader of our own: these open elsewhere."""
    taken = 0
    for _, data, _, _ in REFUSED:
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                taken += bool(archive.namelist())
        except Exception:
            continue
    assert taken >= 8


def test_that_a_huge_directory_is_refused_before_it_is_read(read: Callable[..., Read]) -> None:
    with pytest.raises(TooBig):
        read(build(two()), Limits(zip_entries=1))
    with pytest.raises(TooBig):
        read(build(two()), Limits(zip_directory=50))


# -- what opens with a remark -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("local", "words"), [
    pytest.param({"name": b"a/data/9"}, "data/9", id="local-name"),
    pytest.param({"name": b"a/data/0longer"}, "longer", id="longer-local-name"),
    pytest.param({"flags": 0x0801}, "flags", id="local-encrypted-flag"),
    pytest.param({"nbytes": 63, "size": 63}, "63 bytes", id="local-sizes"),
    pytest.param({"crc": 1}, "CRC", id="local-crc"),
    pytest.param({"method": 8}, "method 8", id="local-method"),
])
def test_that_headers_that_disagree_are_told_and_never_passed_over(read: Callable[..., Read], eager_or_lazy: str,
                                                                   local: dict[str, int | bytes], words: str) -> None:
    found = read(build([M("a/data.pkl", b"pickle"), M("a/data/0", bytes(range(64)), local=local), M("a/z")]))
    if eager_or_lazy == "headers read later":
        assert found.ids == []
        with pytest.raises(BadTensor, match=words):
            found.bytes_of("a/data/0")
        with open_source(found.ckpt.path) as source:
            found.directory.confirm(source, ["a/data/0"])
    assert [(f.id, f.level) for f in found.directory.findings] == [("header-mismatch", "danger")]
    assert words in found.directory.findings[0].message
    assert found.bytes_of("a/data/0") == bytes(range(64)), "read as the directory says"
    assert found.bytes_of("a/data.pkl") == b"pickle"
    assert "a/data/0" in found.directory.remarks


@pytest.mark.usefixtures("eager_or_lazy")
@pytest.mark.parametrize(("member", "id"), [
    pytest.param(M("a/data/0", b"1" * 64, central={"nbytes": 2 << 30, "size": 2 << 30}), "outside", id="2-GiB-of-64-bytes"),
    pytest.param(M("a/data/0", b"1" * 64, central={"header": 1 << 30}), "outside", id="header-past-the-end"),
    pytest.param(M("a/data/0", b"1" * 64, central={"header": 5}), "", id="header-inside-another-member"),
    pytest.param(M("a/data/0", b"1" * 64, 99), "unsupported", id="method-99"),
    pytest.param(M("a/data/0", b"1" * 64, central={"size": 65}), "corrupt", id="stored-in-another-size"),
    pytest.param(M("a/data/0", b"1" * 64, 8, central={"size": 1 << 31}), "too_big", id="impossible-ratio"),
    pytest.param(M("a/data/0", bytes(20 << 20), 8), "too_big", id="bomb"),
])
def test_that_a_member_broken_by_itself_leaves_the_rest_readable(read: Callable[..., Read], member: M, id: str) -> None:
    data = build([M("a/data.pkl", b"pickle" * 9), member, M("a/version", b"3\n")])
    if not id:
        with pytest.raises(Corrupt, match="share bytes"):
            read(data)
        return
    found = read(data)
    assert found.directory.notes["a/data/0"].startswith(id + ": ")
    assert "bad-member" in found.ids
    assert found.bytes_of("a/data.pkl") == b"pickle" * 9
    assert found.bytes_of("a/version") == b"3\n"
    if "bomb" not in found.directory.notes["a/data/0"]:
        with pytest.raises(BadTensor):
            found.bytes_of("a/data/0")


@pytest.mark.usefixtures("eager_or_lazy")
def test_that_a_member_whose_local_header_is_gone_is_never_read(read: Callable[..., Read]) -> None:
    data = build(two()).replace(b"PK\3\4", b"PK\3\5")
    found = read(b"PK\3\4" + data[4:])
    with pytest.raises(BadTensor) as caught:
        found.bytes_of("a/data/0")
    assert caught.value.id == "header_mismatch"


@pytest.mark.usefixtures("eager_or_lazy")
def test_that_a_local_extra_field_cannot_shift_a_member_into_the_next_one(read: Callable[..., Read]) -> None:
    data = bytearray(build([M("a", b"secret-a"), M("b", b"secret-b"), M("c")]))
    struct.pack_into("<H", data, 28, 39)       # the length of the first local extra field
    found = read(bytes(data))
    with pytest.raises(BadTensor):
        found.bytes_of("a")
    assert found.bytes_of("b") == b"secret-b"


REMARKS = [
    ("junk-before", build(two(), before=b"MZjunk"), "leading-junk", "danger"),
    ("junk-before-offsets-right", build(two(), before=b"MZjunk", adjust=6), "leading-junk", "danger"),
    ("hidden-first-member", build(two(), before=build([M("h", b"hidden")])[:37], adjust=37), "hidden-member", "danger"),
    ("climbing-names", build([M("../../a/data.pkl", b"1"), M("../../a/data/0")]), "path-traversal", "danger"),
    ("climbing-with-backslashes", build([M("a/..\\..\\x", b"1")]), "path-traversal", "danger"),
    ("absolute-name", build([M("/etc/hosts", b"1")]), "path-traversal", "danger"),
    ("drive", build([M("C:/x", b"1")]), "path-traversal", "danger"),
    ("trailing-bytes", build(two(), after=b"behind"), "trailing", "warning"),
    ("comment", build(two(), comment=b"hello <b>you</b>"), "comment", "info"),
    ("backslash", build([M("a\\x", b"1")]), "backslash", "warning"),
    ("long-folder", build([M("f" * 65_000 + "/data.pkl", b"1")]), "long-name", "warning"),
    ("name-in-no-encoding", build([M(b"a/\xff\xfe", b"1")]), "name-encoding", "warning"),
]


@pytest.mark.usefixtures("eager_or_lazy")
@pytest.mark.parametrize(("data", "id", "level"), [pytest.param(*row[1:], id=row[0]) for row in REMARKS])
def test_that_an_odd_archive_opens_with_a_finding(read: Callable[..., Read], data: bytes, id: str, level: str) -> None:
    found = read(data)
    assert found.levels[id] == level
    read_bytes = list(found.all_bytes().values())
    if id != "name-encoding":      # zipfile leaks a UnicodeDecodeError there
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            assert read_bytes == [archive.read(info) for info in archive.infolist()]


def test_that_many_odd_names_give_few_findings(read: Callable[..., Read]) -> None:
    found = read(build([M(f"/{n}") for n in range(500)]))
    assert len(found.directory.findings) == 21


def test_that_no_checksum_is_told_apart_from_a_wrong_one(read: Callable[..., Read]) -> None:
    found = read(build([M("a", b"1", local={"crc": 0}, central={"crc": 0}), M("b", b"", local={"crc": 0}, central={"crc": 0})]))
    assert found.directory.members["a"].crc is None
    assert found.directory.members["b"].crc == 0
    assert found.bytes_of("a") == b"1"


# -- anything ---------------------------------------------------------------------------------------------------------


def _try(path: Path, data: bytes) -> None:
    try:
        found = Read(path, data)
    except InspectorError:
        return
    assert isinstance(found.directory, ZipDirectory)
    for name, extent in found.directory.members.items():
        assert isinstance(extent, Extent)
        with contextlib.suppress(InspectorError):
            found.bytes_of(name)


@pytest.mark.usefixtures("eager_or_lazy")
@pytest.mark.parametrize("zip64", [False, True])
def test_that_any_damage_ends_in_a_directory_or_one_error(tmp_path: Path, zip64: bool) -> None:
    good = build([M("a/data.pkl", b"pickle", flags=0x808), M("a/data/0", b"1" * 30, 8), M("a/x", local_extra=b"FB\1\0Z")],
                 zip64=zip64)
    chance = random.Random(7)
    for n in range(len(good)):
        data = bytearray(good)
        data[n] ^= 1 << chance.randrange(8)
        _try(tmp_path / "x", bytes(data))
        if n % 3 == 0:
            _try(tmp_path / "x", good[:n])
            data[n] = 0xFF
            data[chance.randrange(len(data))] = chance.randrange(256)
            _try(tmp_path / "x", bytes(data))


def test_that_an_archive_of_a_million_tensors_is_not_too_big() -> None:
    """With data.pkl, version, byteorder, … beside them, and a name of 100 letters before each."""
    members = 1_000_000 + 10
    assert members <= LIMITS.zip_entries
    assert members * (46 + 100 + len("/data/999999")) <= LIMITS.zip_directory
