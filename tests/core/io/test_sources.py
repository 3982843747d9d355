"""Reading bytes: what the system does to a file while it is open, and what an archive's member may claim."""
from __future__ import annotations

import errno
import os
import random
import socket
import struct
import sys
import zlib
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import torch

from inspector import core
from inspector.core.checkpoint import Checkpoint, Extent, FileStamp
from inspector.core.errors import BadTensor, Cancelled, Changed, NotACheckpoint, Truncated, Unreadable, Unsupported
from inspector.core.io import sources
from inspector.core.io.sources import ExtentReader, open_source, read_member, stream_extent
from inspector.core.progress import Monitor
from inspector.core.tensors.reader import TensorReader
from tests import failing_system
from tests.extents import read_extent

CONTENT = bytes(range(256)) * 40
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX files")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.bin"
    path.write_bytes(CONTENT)
    return path


def checkpoint(path: Path) -> Checkpoint:
    with open_source(path) as source:
        stamp = source.stamp
    return Checkpoint(str(path), "torch-zip", "other", (stamp,), MappingProxyType({}))


def deflate(data: bytes) -> bytes:
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    return engine.compress(data) + engine.flush()


def stored(offset: int, nbytes: int, crc: int | None = None) -> Extent:
    return Extent(0, offset, nbytes, nbytes, 0, crc)


# -- opening ----------------------------------------------------------------------------------------------------------


def test_that_a_read_gives_exactly_the_bytes_asked_for(file: Path) -> None:
    with open_source(file) as source:
        assert source.size == len(CONTENT)
        assert source.read(10, 1000) == CONTENT[10:1010]
        assert source.read(len(CONTENT), 0) == b""
        buffer = bytearray(300)
        source.read_into(5, buffer)
        assert buffer == CONTENT[5:305]


@pytest.mark.parametrize(("offset", "nbytes"), [(0, len(CONTENT) + 1), (len(CONTENT), 1), (-1, 1), (0, 1 << 62), (1 << 62, 1)])
def test_that_bytes_beyond_the_end_are_refused_before_anything_is_allocated(file: Path, offset: int, nbytes: int) -> None:
    with open_source(file) as source, pytest.raises(Truncated):
        source.read(offset, nbytes)


@posix
@pytest.mark.parametrize("kind", ["fifo", "socket", "device", "folder"])
def test_that_only_regular_files_are_opened_and_nothing_blocks(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.pth"
    error: type[Exception] = NotACheckpoint
    with socket.socket(socket.AF_UNIX) as listener:
        if kind == "fifo":
            os.mkfifo(path)
        elif kind == "socket":
            here = os.getcwd()
            os.chdir(tmp_path)       # a socket's path may have 107 bytes only
            try:
                listener.bind("x.pth")
            finally:
                os.chdir(here)
        elif kind == "device":
            path = Path("/dev/zero")
        else:
            path.mkdir()
            error = Unsupported
        with pytest.raises(error) as caught:
            open_source(path)
    assert caught.value.id == "not_regular_file"      # type: ignore[attr-defined]
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("code", ["ENOENT", "ENOTDIR", "ENAMETOOLONG"], ids=lambda code: f"{code}")
def test_that_what_the_system_says_is_told(file: Path, code: str) -> None:
    path = {"ENOENT": file.parent / "none.pth", "ENOTDIR": file / "x.pth", "ENAMETOOLONG": file.parent / ("x" * 300)}[code]
    with pytest.raises(Unreadable, match=code) as caught:
        open_source(path)
    assert caught.value.hint


@posix
@pytest.mark.parametrize("code", [errno.EACCES, errno.EPERM, errno.EMFILE], ids=["EACCES", "EPERM", "EMFILE"])
def test_that_a_refused_open_is_told_with_what_to_do(file: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def refuse(*args: object) -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(Unreadable, match=errno.errorcode[code]) as caught:
        open_source(file)
    assert os.strerror(code) in caught.value.message
    assert caught.value.hint


@posix
def test_that_a_link_is_followed_and_a_circle_of_links_is_told(file: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(file)
    with open_source(tmp_path / "link") as source:
        assert source.read(0, 4) == CONTENT[:4]
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    with pytest.raises(Unreadable, match="ELOOP"):
        open_source(tmp_path / "circle")


def test_that_a_nul_in_the_path_is_one_typed_error() -> None:
    with pytest.raises(Unreadable):
        open_source("a\0b")


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes")
def test_that_file_names_need_not_be_utf8(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9.pth"
    with open(name, "wb") as out:
        out.write(CONTENT)
    with open_source(name) as source:
        stamp = source.stamp
    assert os.fsencode(stamp.path) == name
    ckpt = Checkpoint(stamp.path, "torch-zip", "other", (stamp,), MappingProxyType({}))
    assert read_extent(ckpt, stored(0, 9)) == CONTENT[:9]


# -- faults while reading ---------------------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize("nth", range(4), ids=lambda n: f"read-{n}")
def test_that_a_failing_read_is_told_with_its_place(file: Path, monkeypatch: pytest.MonkeyPatch, nth: int) -> None:
    real, calls = os.pread, []

    def fail(fd: int, nbytes: int, offset: int) -> bytes:
        calls.append(offset)
        if len(calls) > nth:
            raise OSError(errno.EIO, "Input/output error")
        return real(fd, min(nbytes, 1000), offset)

    monkeypatch.setattr(os, "pread", fail)
    with open_source(file) as source, pytest.raises(Unreadable, match="EIO") as caught:
        source.read(0, len(CONTENT))
    assert caught.value.where == f"byte {nth * 1000}"


@posix
@pytest.mark.parametrize("most", [1, 7, 4096], ids=lambda n: f"at-most-{n}")
def test_that_short_and_interrupted_reads_give_the_same_bytes(file: Path, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    real, turn = os.pread, iter(range(1 << 30))

    def reluctant(fd: int, nbytes: int, offset: int) -> bytes:
        if next(turn) % 3 == 0:
            raise InterruptedError(errno.EINTR, "Interrupted system call")
        return real(fd, min(nbytes, most), offset)

    monkeypatch.setattr(os, "pread", reluctant)
    ckpt = checkpoint(file)
    assert read_extent(ckpt, stored(3, 5000, zlib.crc32(CONTENT[3:5003]))) == CONTENT[3:5003]
    with open_source(file) as source:
        buffer = bytearray(5000)
        source.read_into(3, buffer)
    assert buffer == CONTENT[3:5003]


def test_that_without_positioned_reads_seek_and_read_do(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pread", raising=False)
    with open_source(file) as source:
        assert source.read(100, 5000) == CONTENT[100:5100]
        assert source.read(0, 10) == CONTENT[:10]


@posix
def test_that_a_file_cut_short_under_a_reader_is_told(file: Path) -> None:
    ckpt = checkpoint(file)
    with ExtentReader(ckpt) as reader:
        os.truncate(file, 100)
        with pytest.raises(Changed, match="now has 100"):
            reader.read(stored(0, 5000))
    with pytest.raises(Changed):
        read_extent(ckpt, stored(0, 50))


@posix
def test_that_a_replaced_file_is_told_and_an_open_one_keeps_working(file: Path) -> None:
    ckpt = checkpoint(file)
    with open_source(file) as source:
        other = file.with_name("b.bin")
        other.write_bytes(b"x" * len(CONTENT))
        os.replace(other, file)
        assert source.read(0, 100) == CONTENT[:100]
    with pytest.raises(Changed, match="replaced"):
        read_extent(ckpt, stored(0, 50))


@posix
@pytest.mark.parametrize("how", ["written", "written-and-dated-back"])
def test_that_a_change_in_place_of_the_same_size_is_told(file: Path, how: str) -> None:
    os.utime(file, ns=(10**18, 10**18))
    ckpt = checkpoint(file)
    with open(file, "r+b") as out:
        out.write(b"changed")
    if how.endswith("back"):
        os.utime(file, ns=(10**18, 10**18))
    with pytest.raises(Changed):
        read_extent(ckpt, stored(0, 50))


def test_that_a_deleted_file_is_told(file: Path) -> None:
    ckpt = checkpoint(file)
    file.unlink()
    with pytest.raises(Unreadable, match="ENOENT"):
        read_extent(ckpt, stored(0, 50))


def test_that_a_time_no_calendar_knows_is_no_problem(file: Path) -> None:
    os.utime(file, ns=(-(10**19) if sys.platform == "win32" else 1, 2**33 * 10**9))
    assert read_extent(checkpoint(file), stored(0, 5)) == CONTENT[:5]


def test_that_no_descriptor_stays_open(file: Path) -> None:
    ckpt = checkpoint(file)
    read_extent(ckpt, stored(0, 5))
    for _ in stream_extent(ckpt, stored(0, 5000), chunk=7):
        break
    with pytest.raises(Changed):
        open_source(file, FileStamp(str(file), 1, 2, 3, 4, 5))
    if Path("/proc/self/fd").is_dir():
        assert not [fd for fd in os.listdir("/proc/self/fd") if os.path.realpath(f"/proc/self/fd/{fd}") == str(file.resolve())]


@pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="the system is told nothing")
@pytest.mark.parametrize("call", ["open", "posix_fadvise", "fstat", "read", "close"])
def test_that_beginnings_of_many_files_leave_none_open_whatever_fails(tmp_path: Path, call: str) -> None:
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        path.write_bytes(CONTENT[:100])
    names = [*map(str, paths), str(tmp_path / "gone"), str(tmp_path), "a\0"]
    made = sources.beginnings_of(names, 100)
    assert [found and (found[0].path, found[1]) for found in made] == [*((name, CONTENT[:100]) for name in names[:3]), None, None, None]
    assert sources.beginnings_of(names[:1], 7)[0] == (made[0] and made[0][0], CONTENT[:7])
    before = len(os.listdir("/proc/self/fd"))
    with failing_system.calls(tmp_path) as calls:
        assert sources.beginnings_of(names, 100) == made
    second = [number for number, name in enumerate(calls.made) if name == call][1]
    with failing_system.calls(tmp_path, failing_system.Fault(second)):
        assert sources.beginnings_of(names, 100) == [made[0], None if call in ("open", "fstat", "read") else made[1], *made[2:]]
    assert len(os.listdir("/proc/self/fd")) == before


# -- extents ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [0, 8], ids=["stored", "deflated"])
def test_that_any_part_of_an_extent_reads_the_same_however_it_is_packed(tmp_path: Path, method: int) -> None:
    data = random.Random(1).randbytes(3000) * 7
    packed = deflate(data) if method else data
    (tmp_path / "a").write_bytes(b"ahead" + packed + b"behind")
    ckpt = checkpoint(tmp_path / "a")
    extent = Extent(0, 5, len(packed), len(data), method, zlib.crc32(data))
    assert read_extent(ckpt, extent) == data
    assert b"".join(stream_extent(ckpt, extent, chunk=999)) == data
    assert b"".join(stream_extent(ckpt, extent, start=500, nbytes=1500, chunk=400)) == data[500:2000]
    with ExtentReader(ckpt) as reader:
        for start, nbytes in [(0, 100), (100, 100), (19000, 2000), (50, 10), (21000, 0), (0, len(data)), (20999, 1)]:
            assert reader.read(extent, start, nbytes) == data[start:start + nbytes]
    with open_source(tmp_path / "a") as source:
        assert read_member(source, extent, 77) == data[:77]


def test_that_nothing_is_yielded_in_pieces_larger_than_asked_for(file: Path) -> None:
    pieces = list(stream_extent(checkpoint(file), stored(0, 10000), chunk=3000))
    assert [len(piece) for piece in pieces] == [3000, 3000, 3000, 1000]


@pytest.mark.parametrize("method", [0, 8], ids=["stored", "deflated"])
def test_that_a_wrong_checksum_is_told_once_everything_was_read(tmp_path: Path, method: int) -> None:
    packed = deflate(CONTENT) if method else CONTENT
    (tmp_path / "a").write_bytes(packed)
    ckpt = checkpoint(tmp_path / "a")
    extent = Extent(0, 0, len(packed), len(CONTENT), method, zlib.crc32(CONTENT) ^ 1)
    with pytest.raises(BadTensor) as caught:
        read_extent(ckpt, extent)
    assert caught.value.id == "checksum"
    seen: list[memoryview] = []
    with pytest.raises(BadTensor):
        seen.extend(stream_extent(ckpt, extent, chunk=1000))
    assert sum(map(len, seen)) == 10_000, "the last piece is withheld"
    with ExtentReader(ckpt) as reader:
        reader.read(extent, 0, 5000)
        with pytest.raises(BadTensor):
            reader.read(extent, 5000)
    assert read_extent(ckpt, extent, 1, 5) == CONTENT[1:6]
    assert b"".join(stream_extent(ckpt, extent, verify=False)) == CONTENT
    assert read_extent(ckpt, extent._replace(crc=None)) == CONTENT


@pytest.mark.parametrize(("extent", "id"), [
    (Extent(0, 0, 10, 8), "corrupt"),
    (Extent(0, 0, 8, 10), "corrupt"),
    (Extent(0, len(CONTENT) - 5, 10, 10), "outside"),
    (Extent(0, 0, 1 << 60, 1 << 60), "outside"),
    (Extent(0, -5, 10, 10), "outside"),
    (Extent(0, 0, 10, 10, 99), "unsupported"),
    (Extent(0, 0, 10, 1 << 40, 8), "too_big"),
    (Extent(0, 0, 10, 10, 8), "inflate"),
], ids=["short", "long", "past-the-end", "far-past-the-end", "before-the-start", "method", "impossible-ratio",
        "no-deflate"])
def test_that_an_extent_that_cannot_be_is_refused(file: Path, extent: Extent, id: str) -> None:
    with pytest.raises(BadTensor) as caught:
        read_extent(checkpoint(file), extent)
    assert caught.value.id == id


@pytest.mark.parametrize("declared", [-1, 1], ids=["less-than-declared", "more-than-declared"])
def test_that_inflated_bytes_are_as_many_as_declared(tmp_path: Path, declared: int) -> None:
    packed = deflate(CONTENT)
    (tmp_path / "a").write_bytes(packed)
    extent = Extent(0, 0, len(packed), len(CONTENT) - declared, 8)
    with pytest.raises(BadTensor, match="unpacks"):
        read_extent(checkpoint(tmp_path / "a"), extent)


def test_that_a_request_outside_the_extent_is_refused(file: Path) -> None:
    for start, nbytes in [(0, 11), (11, 0), (-1, 1), (5, -1)]:
        with pytest.raises(BadTensor):
            read_extent(checkpoint(file), stored(0, 10), start, nbytes)


def test_that_streaming_can_be_cancelled_and_reports(file: Path) -> None:
    class Stop(Monitor):
        done = 0

        def report(self, done: int, total: int, what: str = "") -> None:
            self.done = done

        def check(self) -> None:
            if self.done >= 2000:
                raise Cancelled

    monitor = Stop()
    with pytest.raises(Cancelled):
        for _ in stream_extent(checkpoint(file), stored(0, 10000), chunk=1000, monitor=monitor):
            pass
    assert monitor.done == 2000


def test_that_a_file_of_8_tib_is_read_at_any_offset(tmp_path: Path) -> None:
    path = tmp_path / "huge"
    size = 8 << 40
    try:
        with open(path, "wb") as out:
            out.truncate(size)
            out.seek(size - 4)
            out.write(b"tail")
    except OSError:
        pytest.skip("this file system takes no file of 8 TiB")
    assert read_extent(checkpoint(path), stored(size - 6, 6)) == b"\0\0tail"
    path.unlink()


def test_that_bytes_put_into_a_given_buffer_are_the_same_and_their_checksum_is_compared(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    torch.save({"w": torch.arange(100_000, dtype=torch.float32)}, path)
    ckpt = core.open(path)
    with TensorReader(ckpt, recycle=True) as reader:
        pieces = [piece.copy() for piece in reader.chunks("w", 4096)]
    assert b"".join(piece.tobytes() for piece in pieces) == core.read_numpy(ckpt, "w").tobytes()
    data = bytearray(path.read_bytes())
    at = data.index(struct.pack("<f", 99_999.0))
    data[at] ^= 1
    (tmp_path / "b.pth").write_bytes(data)
    with TensorReader(core.open(tmp_path / "b.pth"), recycle=True) as reader, pytest.raises(core.BadTensor, match="checksum"):
        list(reader.chunks("w", 4096))


def test_that_what_a_reader_holds_stays_until_another_tensor_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    torch.save({"w": torch.arange(100_000, dtype=torch.float32), "v": torch.zeros(100_000)}, path)
    ckpt = core.open(path)
    whole = core.read_numpy(ckpt, "w").tobytes()
    with TensorReader(ckpt, recycle=True) as reader:
        kept = []
        for number, piece in enumerate(reader.chunks("w", 4096, hold=10_000)):
            if reader.held == (number + 1) * 4096:
                kept.append(piece)
        assert reader.held == 8192
        rest = [piece.tobytes() for piece in reader.chunks("w", 4096, start=reader.held)]
        assert b"".join(piece.tobytes() for piece in kept) + b"".join(rest) == whole
        assert reader.held == 8192


def test_that_what_is_recycled_begins_with_a_page(tmp_path: Path) -> None:
    torch.save({"w": torch.arange(100_000, dtype=torch.float32)}, tmp_path / "a.pth")
    with TensorReader(core.open(tmp_path / "a.pth"), recycle=True) as reader:
        places = [piece.__array_interface__["data"][0] for piece in reader.chunks("w", 4096, hold=10_000)]
    assert len(set(places)) == 3        # two that are held, and one for all that follow
    assert not any(place % 4096 for place in places)


def test_that_a_tensor_bigger_than_what_is_held_is_measured_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from inspector.core.measures import summary
    made = torch.Generator().manual_seed(0)
    torch.save({key: torch.randn(100_003, generator=made) for key in "abcd"}, tmp_path / "a.pth")
    ckpt = core.open(tmp_path / "a.pth")
    whole = dict(core.summarize_each(ckpt, ckpt.tensors))
    monkeypatch.setattr(summary, "CHUNK", 4096)
    for held in (0, 10_000, 300_000):
        monkeypatch.setattr(summary, "_HELD", held)
        parts = dict(core.summarize_each(ckpt, ckpt.tensors))
        for key, found in parts.items():
            assert isinstance(found, core.Summary)
            known = whole[key]
            assert isinstance(known, core.Summary)
            assert (found.counts, found.quantiles, found.min, found.max) == (known.counts, known.quantiles, known.min, known.max)


# -- whose fault it is ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("packed", [False, True], ids=["stored", "deflated"])
@pytest.mark.parametrize(("flips", "said", "advice"), [
    ((1, 0), "right when they were read again", "failing"), ((1, 2), "others each time", "failing"),
    ((1, 1), "also when they are read again", "The file is damaged")], ids=["once", "each-time-other", "twice-the-same"])
def test_that_only_a_second_reading_that_differs_blames_the_machine(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool, flips: tuple[int, int], said: str, advice: str) -> None:
    (tmp_path / "a.bin").write_bytes(deflate(CONTENT) if packed else CONTENT)
    size = (tmp_path / "a.bin").stat().st_size
    kind, left = sources._InflatingCursor if packed else sources._Cursor, iter(flips)
    take = kind._take

    def flipped(cursor: sources._Cursor, nbytes: int, into: memoryview | None) -> bytes | memoryview:
        data = bytes(take(cursor, nbytes, into))  # type: ignore[arg-type]
        return bytes([data[0] ^ next(left)]) + data[1:]

    monkeypatch.setattr(kind, "_take", flipped)
    with pytest.raises(BadTensor, match=said) as wrong:
        read_extent(checkpoint(tmp_path / "a.bin"), Extent(0, 0, size, len(CONTENT), 8 if packed else 0, zlib.crc32(CONTENT)))
    assert wrong.value.id == "checksum"
    assert advice in wrong.value.hint
    assert ("disk" in wrong.value.hint) == (advice == "failing")


def test_that_a_second_reading_that_fails_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "could not be read" in sources.reread(1, None, 2)[0]
    assert sources.reread(1, None, 2)[1]


def test_that_a_member_in_memory_is_read_whole_without_a_copy(tmp_path: Path) -> None:
    data = os.urandom(1 << 10) * (20 << 10)                     # more than one read of a file
    packed = deflate(data)
    path = tmp_path / "x"
    path.write_bytes(packed)
    with open_source(path) as source:
        member = source.unpacked(Extent(0, 0, len(packed), len(data), 8), "inner")
        assert member.is_in_memory
        assert member.read(0, member.size) == data
        assert member.read(0, member.size) is member.read(0, member.size)
        assert not source.is_in_memory


def test_that_a_file_that_may_not_be_opened_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a folder it is its index, of which nothing else would be said."""
    (tmp_path / "model.safetensors.index.json").write_text('{"weight_map": {"w": "model.safetensors"}}')
    (tmp_path / "model.safetensors").write_bytes(b"")

    def refuse(path: Any, flags: int, *more: Any, **named: Any) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(core.ReadError, match="Permission denied") as refused:
        core.open(tmp_path)
    assert refused.value.where == str(tmp_path / "model.safetensors.index.json")
