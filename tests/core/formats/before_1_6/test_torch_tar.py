"""Torch's tar format of 2016 and 2017, written by hand and one thing wrong at a time.

What torch is asked to read here was written a few lines above and is benign; it reads this format only without protection.
"""
from __future__ import annotations

import io
import random
import struct
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import torch

from inspector import core
from inspector.core.checkpoint import Checkpoint, Opaque
from inspector.core.errors import Ambiguous, Corrupt, InspectorError, TooBig, Truncated, Unsupported
from inspector.core.formats.before_1_6 import torch_tar
from inspector.core.formats.shared import tar_members
from inspector.core.io.sources import open_source
from inspector.core.limits import Limits
from tests.builders import TRIP_MODULE
from tests.core.pickles import opcodes as op

FOUR = struct.pack("<4f", 1, 2, 3, 4)
TRIP = op.reduce(op.name(TRIP_MODULE, "trip"))
POPPED = TRIP + op.POP
INFO = op.pickled(op.dict_of({"protocol_version": op.integer(1000), "little_endian": op.TRUE}))


# -- records by hand -----------------------------------------------------------------------------------------------------


def storage(key: int, raw: bytes = FOUR, cls: str = "FloatStorage", location: str = "cpu", numel: int | None = None) -> bytes:
    head = op.pickled(op.tuple_of(op.integer(key), op.text(location), op.name("torch", cls)))
    return head + struct.pack("<q", len(raw) // 4 if numel is None else numel) + raw


def storages(*rows: bytes, count: int | None = None, views: Sequence[Sequence[int]] = (), first: bytes = b"") -> bytes:
    told = op.pickled(first + op.integer(len(rows) if count is None else count))
    return told + b"".join(rows) + op.pickled(op.list_of(*(op.integers(*row) for row in views)))


def tensor(key: int, storage: int, shape: Sequence[int] = (4,), stride: Sequence[int] | None = None, offset: int = 0,
           ndim: int | None = None, cls: str = "FloatTensor") -> bytes:
    strides = [1] * len(shape) if stride is None else stride
    head = op.pickled(op.tuple_of(op.integer(key), op.integer(storage), op.name("torch", cls)))
    return head + struct.pack(f"<i4s{len(shape)}q{len(strides)}qq", len(shape) if ndim is None else ndim, b"\7\x7f\0\0", *shape,
                              *strides, offset)


def tensors(*rows: bytes, count: int | None = None, first: bytes = b"") -> bytes:
    return op.pickled(first + op.integer(len(rows) if count is None else count)) + b"".join(rows)


def at(key: int) -> bytes:
    return op.text(str(key)) + b"Q"


Members = Mapping[str, bytes] | Sequence[tuple[str | tarfile.TarInfo, bytes]]


def archive(members: Members, format: int = tarfile.GNU_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as tar:
        for name, raw in members.items() if isinstance(members, Mapping) else members:
            info = tarfile.TarInfo(name) if isinstance(name, str) else name
            if isinstance(name, str):
                info.size = len(raw)
            tar.addfile(info, io.BytesIO(raw))
    return buffer.getvalue()


ONE = {"sys_info": INFO, "pickle": op.pickled(op.dict_of({"w": at(1)})), "tensors": tensors(tensor(1, 10)),
       "storages": storages(storage(10))}
TWO = {**ONE, "pickle": op.pickled(op.dict_of({"a": at(1), "b": at(2)})),
       "tensors": tensors(tensor(1, 10), tensor(2, 11)), "storages": storages(storage(10), storage(11))}


class Opener:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "x.pth"

    def __call__(self, content: bytes | Members, limits: Limits | None = None) -> Checkpoint:
        self.path.write_bytes(content if isinstance(content, bytes) else archive(content))
        return core.open(self.path, limits=limits or Limits())


@pytest.fixture
def opened(tmp_path: Path) -> Opener:
    return Opener(tmp_path)


def ids(ckpt: Checkpoint) -> set[str]:
    """What is said besides that torch.load refuses all such files by default."""
    return {finding.id for finding in ckpt.findings} - {"weights-only"}


def refused(opened: Opener, content: bytes | Members, kind: type[InspectorError], id: str, *says: str) -> InspectorError:
    with pytest.raises(kind) as caught:
        opened(content)
    error = caught.value
    assert error.id == id, str(error)
    assert error.hint
    text = str(error)
    assert core.visible(text, 10_000) == text, "one line"
    for part in says:
        assert part in text
    return error


# -- what torch reads ------------------------------------------------------------------------------------------------------


RICH = {
    "sys_info": INFO,
    "pickle": op.pickled(op.dict_of({
        "a": at(1), "t": at(2), "again": at(1), "part": at(3), "inner": at(4), "scalar": at(5),
        "nested": op.list_of(at(1), op.dict_of({"x": at(2)})), "n": op.integer(7)})),
    "tensors": tensors(tensor(1, 10, (2, 3), (3, 1)), tensor(2, 10, (3, 2), (1, 3)), tensor(3, 20, (3,)), tensor(4, 21, (1,)),
                       tensor(5, 11, (2,), cls="DoubleTensor")),
    "storages": storages(storage(10, struct.pack("<6f", *range(6))),
                         storage(11, struct.pack("<2d", 1.5, -2.5), "DoubleStorage", numel=2),
                         views=[(20, 10, 2, 4), (21, 20, 1, 2)]),
}


@pytest.mark.filterwarnings("ignore:Python 3.14 will:DeprecationWarning")        # torch takes tar archives apart without a filter
def test_that_torch_and_we_see_the_same(opened: Opener) -> None:
    ckpt = opened(RICH)
    assert (ckpt.format, ckpt.values["n"]) == ("torch-tar", 7)
    assert ids(ckpt) == {"shared-storage", "non-contiguous"}
    theirs = torch.load(opened.path, weights_only=False)          # benign: written above
    assert ckpt.facts["byteorder"] == "little"
    flat = {**{key: theirs[key] for key in ("a", "t", "again", "part", "inner", "scalar")}, "nested.0": theirs["nested"][0],
            "nested.1.x": theirs["nested"][1]["x"]}
    assert list(ckpt.tensors) == list(flat)
    for key, expected in flat.items():
        found = ckpt.tensors[key]
        assert (found.shape, found.stride, found.problem) == (tuple(expected.shape), expected.stride(), "")
        assert (f"torch.{found.dtype}", found.device) == (str(expected.dtype), "cpu")
        assert core.read_numpy(ckpt, key).tolist() == expected.tolist()
        if found.storage == "10":
            assert found.offset * 4 == expected.data_ptr() - flat["a"].data_ptr()
    assert [info.storage for info in ckpt.tensors.values()] == ["10", "10", "10", "10", "10", "11", "10", "10"]


def test_that_the_members_are_listed_and_no_tensor_byte_is_read(opened: Opener) -> None:
    raw = bytes(4_000_000)
    ckpt = opened({**ONE, "storages": storages(storage(10, raw)), "tensors": tensors(tensor(1, 10, (1_000_000,)))})
    assert [member.name for member in ckpt.members] == list(ONE)
    spans = []
    with open_source(opened.path) as source:
        original = source.read


        def counted(offset: int, nbytes: int) -> bytes:
            spans.append(nbytes)
            return original(offset, nbytes)

        source.read = counted  # type: ignore[method-assign]
        torch_tar.read(source, "x")
    assert sum(spans) < 200_000


def test_that_storages_by_themselves_are_listed(opened: Opener) -> None:
    ckpt = opened({**RICH, "pickle": op.pickled(op.list_of(at(10), at(21)))})
    assert [getattr(value, "text", "") for value in ckpt.values.values()] == [
        "storage 10: 6 elements of float32 on cpu", "storage 10: 2 elements of float32 on cpu"]


@pytest.mark.parametrize("id", [b"P1\n", op.integer(1) + b"Q", b"U\x011Q", op.text(" 1 ") + b"Q"])
def test_that_ids_may_be_written_in_any_way(opened: Opener, id: bytes) -> None:
    assert list(opened({**ONE, "pickle": op.pickled(op.dict_of({"w": id}))}).tensors) == ["w"]


@pytest.mark.parametrize("id", [
    at(99), op.text("x") + b"Q", op.text("1" * 5000) + b"Q", op.NONE + b"Q", op.EMPTY_LIST + b"Q", b"Px\n",
])
def test_that_ids_of_nothing_are_told(opened: Opener, id: bytes) -> None:
    ckpt = opened({**ONE, "pickle": op.pickled(op.dict_of({"w": id}))})
    assert "persistent-id" in ids(ckpt)
    assert not ckpt.tensors


def test_that_a_whole_module_is_shown_and_its_source_is_text(opened: Opener) -> None:
    cls = op.tuple_of(op.name(TRIP_MODULE, "Net"), op.text("net.py"), op.text("class Net: pass")) + b"Q"
    parameter = op.build(op.reduce(op.name("torch.nn.parameter", "Parameter"), at(1)), op.tuple_of(op.TRUE, op.FALSE, op.NONE))
    state = op.dict_of({"_parameters": op.dict_of({"w": parameter}), "_modules": op.EMPTY_DICT})
    ckpt = opened({**ONE, "pickle": op.pickled(op.build(cls + op.EMPTY_TUPLE + b"\x81", state))})
    assert ckpt.kind == "module"
    assert [(info.requires_grad, info.problem) for info in ckpt.tensors.values()] == [(True, "")]
    assert ckpt.facts[f"source of {TRIP_MODULE}.Net"] == "# net.py\nclass Net: pass"
    assert {"module-source", "unknown-code"} <= ids(ckpt)
    assert not ids(ckpt) & {"computed-call", "persistent-id"}
    root = ckpt.values[""]
    assert isinstance(root, Opaque)
    assert root.type == f"{TRIP_MODULE}.Net"


def test_that_the_genuine_file_of_2017_is_read(corpus: Path) -> None:
    ckpt = core.open(next((corpus / "files").glob("c002__*")))
    assert [(info.key, info.shape, info.storage) for info in ckpt.tensors.values()] == [
        ("0", (5, 5), "24050464"), ("1", (5, 5), "23871040"), ("2", (5, 5), "24050464"), ("3", (5, 5), "23871040")]
    assert core.read_numpy(ckpt, "0").ravel().tolist() == [*range(1, 26)]


@pytest.mark.parametrize("name", ["c160", "c161"])
def test_that_an_imitation_is_refused_in_one_line(corpus: Path, name: str) -> None:
    with pytest.raises(Unsupported, match="imitates"):
        core.open(next((corpus / "files").glob(f"{name}__*")))


# -- section E ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("members", "readable"), [
    pytest.param({**ONE, "storages": storages(storage(10), first=POPPED)}, True, id="call-before-the-count"),
    pytest.param({**ONE, "storages": op.pickled(TRIP)}, False, id="call-instead-of-the-count"),
    pytest.param({**ONE, "storages": op.pickled(op.integer(1)) + op.pickled(TRIP)}, False, id="call-instead-of-a-storage"),
    pytest.param({**ONE, "storages": op.pickled(op.integer(1)) + storage(10) + op.pickled(TRIP)}, True,
                 id="call-instead-of-views"),
    pytest.param({**ONE, "tensors": tensors(tensor(1, 10), first=POPPED)}, True, id="call-in-tensors"),
    pytest.param({**ONE, "tensors": op.pickled(TRIP)}, None, id="call-instead-of-tensors"),
    pytest.param({**ONE, "sys_info": op.pickled(TRIP)}, True, id="call-in-sys-info"),
    pytest.param({**ONE, "pickle": op.pickled(POPPED + op.dict_of({"w": at(1)}))}, True, id="call-in-the-object"),
])
def test_that_a_call_in_any_record_is_told_and_not_run(opened: Opener, members: Members, readable: bool | None) -> None:
    ckpt = opened(members)
    told = [f for f in ckpt.findings if f.id == "unknown-code" and TRIP_MODULE in f.message]
    assert [f.level for f in told] == ["danger"]
    if readable is None:
        assert not ckpt.tensors
        return
    found = ckpt.tensors["w"]
    assert (found.shape, found.dtype, bool(found.problem)) == ((4,), "float32", not readable)
    if readable:
        assert core.read_numpy(ckpt, "w").tolist() == [1, 2, 3, 4]
    else:
        assert "odd-record" in ids(ckpt)


def test_that_calls_in_very_many_records_are_counted(opened: Opener) -> None:
    rows = [op.pickled(POPPED + op.tuple_of(op.integer(n + 10), op.text("cpu"), op.name("torch", "FloatStorage"))) + struct.pack("<q", 1)
            + b"abcd" for n in range(100)]
    ckpt = opened({**ONE, "storages": storages(*rows)})
    assert [f.message for f in ckpt.findings if f.id == "odd-record" and "36 more records" in f.message]
    assert sum(f.id == "unknown-code" for f in ckpt.findings) == 64


def test_that_absurdly_many_dimensions_are_too_big(opened: Opener) -> None:
    refused(opened, {**ONE, "tensors": tensors(tensor(1, 10, (1,) * 70_000))}, TooBig, "too_big", "70,000 dimensions")


def test_that_one_long_shape_shared_by_many_ids_costs_once(opened: Opener) -> None:
    ckpt = opened({**ONE, "tensors": tensors(tensor(1, 10, (1,) * 60_000)), "pickle": op.pickled(op.list_of(*(at(1),) * 20_000))})
    assert len(ckpt.tensors) == 20_000
    assert sum(len(pickled.graph) for pickled in ckpt.pickles) < 200_000


def link(name: str, kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = "/etc/passwd"
    return info


def without(members: Mapping[str, bytes], name: str) -> list[tuple[str | tarfile.TarInfo, bytes]]:
    return [row for row in members.items() if row[0] != name]


@pytest.mark.parametrize(("members", "kind", "id", "says"), [
    *(pytest.param([*without(ONE, name), (link(name, type), b"")], Corrupt, "unsafe_member", name, id=f"{what}-{name}")
      for name in ("storages", "tensors", "pickle")
      for what, type in (("symlink", tarfile.SYMTYPE), ("hardlink", tarfile.LNKTYPE))),
    pytest.param([*without(ONE, "storages"), (link("storages", tarfile.DIRTYPE), b"")], Corrupt, "unsafe_member", "storages",
                 id="folder"),
    pytest.param([*ONE.items(), ("storages", b"x")], Ambiguous, "duplicate_member", "storages", id="twice"),
    pytest.param([*ONE.items(), ("./pickle", b"x")], Ambiguous, "duplicate_member", "pickle", id="twice-by-another-name"),
    pytest.param({**ONE, "storages": storages(storage(10), count=(1 << 31) - 1)}, Truncated, "truncated", "2,147,483,647",
                 id="storages-2e31"),
    pytest.param({**ONE, "storages": storages(storage(10), count=20)}, Truncated, "truncated", "storages", id="a-few-too-many"),
    pytest.param({**ONE, "tensors": tensors(tensor(1, 10), count=1 << 40)}, Truncated, "truncated", "1,099,511,627,776",
                 id="tensors"),
    pytest.param({**ONE, "storages": storages(storage(10), count=-1)}, Corrupt, "corrupt", "-1", id="negative"),
    pytest.param({**ONE, "tensors": tensors(tensor(1, 10, ndim=-1))}, Corrupt, "corrupt", "-1 dimensions", id="ndim-negative"),
    pytest.param({**ONE, "tensors": tensors(tensor(1, 10, ndim=(1 << 31) - 1))}, Truncated, "truncated", "2,147,483,647",
                 id="ndim-2e31"),
    pytest.param({**ONE, "storages": storages(storage(10, numel=-1))}, Corrupt, "corrupt", "-1 elements", id="numel-negative"),
    pytest.param({**ONE, "storages": storages(storage(10, numel=1 << 38))}, Truncated, "truncated", "1,099,511,627,776",
                 id="a-terabyte"),
    pytest.param({**TWO, "storages": storages(storage(10), storage(10))}, Ambiguous, "duplicate_key", "10", id="storage-twice"),
    pytest.param({**TWO, "tensors": tensors(tensor(1, 10), tensor(1, 11))}, Ambiguous, "duplicate_key", "1", id="tensor-twice"),
    pytest.param({**TWO, "storages": storages(storage(10), storage(11), views=[(11, 10, 0, 1)])}, Ambiguous, "duplicate_key", "11",
                 id="view-twice"),
])
def test_that_it_is_refused_in_one_line(opened: Opener, members: Members, kind: type[InspectorError], id: str, says: str) -> None:
    refused(opened, members, kind, id, says)


def header_at(content: bytes, name: str) -> int:
    place = 0
    while not content[place:].startswith(name.encode() + b"\0"):
        place += 512
    return place


def resized(content: bytes, name: str, field: bytes) -> bytes:
    """The archive with another size field (and the right checksum) for one member."""
    place = header_at(content, name)
    header = bytearray(content[place:place + 512])
    header[124:136] = field
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    return content[:place] + bytes(header) + content[place + 512:]


@pytest.mark.parametrize("name", ["sys_info", "pickle", "tensors", "storages"])
@pytest.mark.parametrize(("field", "kind", "id"), [
    pytest.param(b"100000000000", Truncated, "truncated", id="8-GiB"),
    pytest.param(b"\xff" * 11 + b"\0", Corrupt, "corrupt", id="negative"),
    pytest.param(b"\xff" * 10 + b"\xfe\0", Corrupt, "corrupt", id="negative-512"),
    pytest.param(b"\x80" + b"\x7f" * 11, Truncated, "truncated", id="base-256"),
    pytest.param(b"garbage 9\0\0\0", Corrupt, "corrupt", id="no-number"),
])
def test_that_a_lying_size_of_a_member_is_refused(opened: Opener, name: str, field: bytes, kind: type[InspectorError],
                                                  id: str) -> None:
    refused(opened, resized(archive(ONE), name, field), kind, id)


@pytest.mark.parametrize("name", ["pickle", "tensors", "storages"])
@pytest.mark.parametrize("keep", [pytest.param(200, id="cut-in-a-header"), pytest.param(512 + 20, id="cut-mid-member")])
def test_that_a_cut_archive_is_told_to_be_cut(opened: Opener, name: str, keep: int) -> None:
    content = archive(ONE)
    refused(opened, content[:header_at(content, name) + keep], Truncated, "truncated")


@pytest.mark.parametrize("name", [
    pytest.param("../../storages", id="parents"), pytest.param("/storages", id="absolute"),
    pytest.param("..\\pickle", id="backslash"),
])
def test_that_a_member_that_climbs_is_told_and_ignored(opened: Opener, name: str) -> None:
    ckpt = opened([(name, b"hostile"), *ONE.items()])
    assert [(f.id, f.level) for f in ckpt.findings if f.id != "weights-only"] == [("path-traversal", "danger")]
    assert core.read_numpy(ckpt, "w").tolist() == [1, 2, 3, 4]


def test_that_only_climbing_members_are_no_checkpoint(opened: Opener) -> None:
    with pytest.raises(InspectorError):
        opened([(f"../../{name}", raw) for name, raw in ONE.items()])


# -- broken parts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("members", "problems"), [
    pytest.param({**TWO, "storages": storages(storage(10), storage(11, numel=99))}, ["", "truncated"], id="second-storage"),
    pytest.param({**TWO, "storages": storages(storage(10))}, ["", "missing"], id="second-storage-missing"),
    pytest.param({**TWO, "storages": storages(storage(10), storage(11, cls="OddStorage"))}, ["", "unknown_dtype"],
                 id="unknown-class"),
    pytest.param({**TWO, "tensors": tensors(tensor(1, 10), tensor(2, 11, (5,)))}, ["", "out_of_bounds"], id="too-large"),
    pytest.param({**TWO, "tensors": tensors(tensor(1, 10), tensor(2, 11, (-4,)))}, ["", "corrupt"], id="negative-size"),
    pytest.param({**TWO, "tensors": tensors(tensor(1, 10), tensor(2, 11, offset=-1))}, ["", "corrupt"], id="negative-offset"),
    pytest.param({**TWO, "tensors": tensors(tensor(1, 10), tensor(2, 20, (2,))),
                  "storages": storages(storage(10), storage(11), views=[(20, 11, 3, 2)])}, ["", "out_of_bounds"], id="view"),
    pytest.param({**TWO, "tensors": tensors(tensor(1, 10), tensor(2, 20, (2,))),
                  "storages": storages(storage(10), storage(11), views=[(20, 11, -1, 2)])}, ["", "out_of_bounds"], id="view"),
])
def test_that_the_broken_part_is_marked(opened: Opener, members: Members, problems: list[str]) -> None:
    ckpt = opened(members)
    assert [info.problem.partition(":")[0] for info in ckpt.tensors.values()] == problems
    assert core.read_numpy(ckpt, "a").tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("record", ["pickle", "tensors", "storages"])
def test_that_unused_bytes_of_a_record_are_told(opened: Opener, record: str) -> None:
    ckpt = opened({**ONE, record: ONE[record] + b"junk"})
    assert [(f.id, f.where.partition(":")[0]) for f in ckpt.findings if f.id != "weights-only"] == [("trailing", record)]


@pytest.mark.parametrize("members", [
    {**ONE, "storages": op.pickled(op.text("x"))}, {**ONE, "storages": op.pickled(op.integer(1)) + op.pickled(op.NONE) + bytes(20)},
    {**ONE, "storages": op.pickled(op.integer(0)) + op.pickled(op.list_of(op.integers(1, 2)))},
    {**ONE, "tensors": op.pickled(op.integer(1)) + op.pickled(op.integers(1, 2)) + bytes(40)}, {**ONE, "tensors": b"\xff"},
    {**ONE, "pickle": b"\x80\2" + TRIP}, {**ONE, "sys_info": b"x"}, {**ONE, "storages": b""},
])
def test_that_senseless_records_are_refused(opened: Opener, members: dict[str, bytes]) -> None:
    with pytest.raises((Corrupt, Truncated)) as caught:
        opened(members)
    assert caught.value.where
    called = {finding.id for finding in caught.value.findings}
    assert ("unknown-code" in called) == (TRIP in members["pickle"])


def test_that_sys_info_may_be_missing(opened: Opener) -> None:
    assert list(opened(without(ONE, "sys_info")).tensors) == ["w"]


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_that_all_dialects_of_tar_are_read(opened: Opener, format: int) -> None:
    other = "a.txt" if format == tarfile.USTAR_FORMAT else "d" * 120 + "/é.txt"
    content = archive([(other, b"x" * 600), *ONE.items()], format)
    assert core.read_numpy(opened(content), "w").tolist() == [1, 2, 3, 4]


def test_that_sizes_in_extended_headers_count(tmp_path: Path) -> None:
    info = tarfile.TarInfo("big")
    info.size = 600
    info.pax_headers = {"size": "600"}
    content = archive([(info, b"x" * 600), ("after", b"y")], tarfile.PAX_FORMAT)
    (tmp_path / "x").write_bytes(resized(content, "big", b"00000000000\0"))
    with open_source(tmp_path / "x") as source:
        assert [(member.name, member.nbytes) for member in tar_members.regular_files(source)] == [("big", 600), ("after", 1)]


def test_that_any_damage_gives_a_checkpoint_or_one_error(opened: Opener) -> None:
    rng = random.Random(5)
    content = archive(RICH)
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        starts = [member.offset_data for member in tar]
    opened_count = 0
    hints = []
    for _ in range(600):
        damaged = bytearray(content)
        for _ in range(rng.choice((1, 1, 2, 5))):
            place = rng.choice(starts) + rng.randrange(200)
            damaged[place] = rng.randrange(256)
        try:
            ckpt = opened(bytes(damaged))
            for key, info in ckpt.tensors.items():
                if not info.problem:
                    core.read_numpy(ckpt, key)
            opened_count += 1
        except InspectorError as error:
            hints.append(error.hint)
    assert all(hints)
    assert 50 < opened_count < 600
