"""Bounded positioned reads: the only place that opens a file to read it. What is not on this computer comes from `remote`.

Never mmap: a file cut short under a map kills the process (SIGBUS), and Windows refuses to replace a mapped file. Only
regular files are opened, without blocking. Whoever reads later gives the stamp of the first opening, and learns with
`Changed` that it is another file now. Lengths that a file declares are compared with what is there before anything is
allocated; inflated output never exceeds what was declared.
"""
from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
import threading
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from types import TracebackType

from inspector.core.checkpoint import Checkpoint, Extent, FileStamp, LocalHeader
from inspector.core.errors import (
    BadTensor,
    Changed,
    FileMissing,
    InspectorError,
    NotACheckpoint,
    ReadError,
    TooBig,
    Truncated,
    Unreadable,
    Unsupported,
)
from inspector.core.findings import Finding
from inspector.core.limits import LIMITS
from inspector.core.progress import QUIET, Monitor
from inspector.core.wording import count

from . import addresses, zip_local_header
from .checksum import crc32
from .neighbours import Piece, read_neighbours
from .remote import ReadAhead, RemoteFile

PathLike = str | bytes | os.PathLike[str] | os.PathLike[bytes]

STORED, DEFLATED = 0, 8
_FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)
_ADVISES = hasattr(os, "posix_fadvise")
_PACKED_CHUNK = 256 << 10      # compressed bytes fed at once: what zlib leaves unconsumed is copied, so not too many
_SMALL = 64 << 10              # up to here a member is read together with its local header, in one call
_OPEN_AT_ONCE = 8              # files of a checkpoint


class SourceFile:
    """An open regular file; a context manager. `stamp` is how it looked when opened, `size` its bytes, `index` its place
    in `Checkpoint.files`. Any thread may read.

    A `window` or an `unpacked` member of it is a source too, whose offsets count from its own beginning: `base` is where that
    is in the file, or, when `inside` names members, in what the last of them unpacks to. `is_far`: it is not on this computer, and each
    read takes a while; `notes` is then what is to be said of its server. `is_in_memory`: reading all of it at once makes no copy.
    """

    base = 0
    inside: tuple[Extent, ...] = ()
    is_far = False
    is_in_memory = False
    notes: tuple[Finding, ...] = ()
    _at_once = LIMITS.chunk

    def __init__(self, fd: int, stamp: FileStamp, index: int = 0) -> None:
        self._fd = fd
        self.stamp = stamp
        self.size = stamp.size
        self.index = index
        self._head = b""
        self._lock = threading.Lock()

    def beginning(self, nbytes: int) -> bytes:
        """The first bytes, at most so many: kept for who reads of them next, as whoever finds out what a file is does. Errors as `read`."""
        if len(self._head) < min(nbytes, self.size):
            self._head = self.read(0, min(nbytes, self.size))
        return self._head[:nbytes]

    def window(self, offset: int, nbytes: int, name: str) -> SourceFile:
        """The bytes from `offset`, read in place, called `name`. Raises Truncated when they are not all there."""
        self._expect(offset, nbytes)
        return _Window(self, offset, nbytes, name)

    def unpacked(self, member: Extent, name: str) -> SourceFile:
        """A deflated member, inflated into memory. Raises TooBig beyond `LIMITS.preview`, BadTensor when it is damaged."""
        return _Unpacked(self, member, name)

    def __enter__(self) -> SourceFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self.close()
        except InspectorError:
            if error is None:       # otherwise there is something worse to tell already
                raise

    def close(self) -> None:
        """Raises Unreadable where the system says only now that something went wrong, as network shares may."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            try:
                os.close(fd)
            except InterruptedError:        # it is closed all the same
                pass
            except OSError as error:
                raise unreadable(error, "") from error

    def read(self, offset: int, nbytes: int) -> bytes:
        """Exactly `nbytes` bytes from `offset`. Raises Truncated when the file has fewer, Changed when it lost them since
        it was opened, Unreadable when the system fails to read."""
        self._expect(offset, nbytes)
        if offset + nbytes <= len(self._head):
            return self._head[offset:offset + nbytes]
        try:
            first = self._some(offset, min(nbytes, self._at_once))
            if len(first) == nbytes:
                return first
            parts = [first]
            done = len(first)
            while done < nbytes:
                part = self._some(offset + done, min(nbytes - done, self._at_once))
                done += len(part)
                parts.append(part)
            return b"".join(parts)
        except MemoryError:
            raise TooBig(f"there is not enough memory for {count(nbytes, 'byte')}", where=f"byte {offset}") from None

    def read_into(self, offset: int, buffer: bytearray | memoryview) -> None:
        """Fills the whole writable `buffer` from `offset`; errors as for `read`."""
        view = memoryview(buffer).cast("B")
        self._expect(offset, len(view))
        done = 0
        while done < len(view):
            done += self._some_into(offset + done, view[done:done + LIMITS.chunk])

    def send(self, offset: int, nbytes: int, to: int) -> int:
        """Has the system copy up to `nbytes` bytes from `offset` to the file descriptor `to`, at its position; how many it did.
        0 where it cannot, as between some file systems: nothing was copied then. Raises OSError for what is wrong with `to`."""
        self._expect(offset, nbytes)
        return _sent(self._fd, offset, nbytes, to) if self._fd >= 0 else 0

    def forget(self, offset: int, nbytes: int) -> None:
        """Has these bytes come from the disk when they are read again, not from the system's memory, where the system can."""
        self._head = b""
        if _ADVISES and self._fd >= 0:
            with contextlib.suppress(OSError):
                os.posix_fadvise(self._fd, offset, nbytes, os.POSIX_FADV_DONTNEED)

    def goes_on(self) -> bool:
        """Whether there is something behind the end that the system told, as in files of /proc: they are made while they are read. Raises
        Unreadable."""
        try:
            return self._fd >= 0 and bool(self._pread(1, self.size))
        except OSError as error:
            raise unreadable(error, f"byte {self.size}") from error

    def plan(self, spans: Iterable[tuple[int, int]]) -> None:
        """Says what is read next, as (begin, end): of a file that is far away, it then comes in few requests."""

    def look_again(self) -> None:
        """Asks the server of a file that is far away whether it is still that one: one of this computer was looked at when it was opened.
        Raises Changed, Unreadable."""

    def check_unchanged(self) -> None:
        """Raises Changed when the open file no longer looks as it did when it was opened."""
        try:
            now = os.fstat(self._fd)
        except OSError as error:
            raise unreadable(error, "byte 0") from error
        before = self.stamp
        if now.st_mtime_ns != before.mtime_ns or now.st_size != before.size or now.st_ctime_ns != before.ctime_ns:
            _compare(before, _stamp(before.path, now))

    def _expect(self, offset: int, nbytes: int) -> None:
        if offset < 0 or nbytes < 0 or offset + nbytes > self.size:
            raise Truncated(f"bytes {offset:,} to {offset + nbytes:,} are needed, but the file has {self.size:,}",
                            "The download or copy may have been interrupted: fetch the file again.", f"byte {offset}")

    def _some(self, offset: int, nbytes: int) -> bytes:
        """Between 1 and `nbytes` bytes (0 only when 0 are asked for)."""
        if nbytes == 0:
            return b""
        while True:
            try:
                part = self._pread(nbytes, offset)
            except InterruptedError:
                continue
            except OSError as error:
                raise unreadable(error, f"byte {offset}") from error
            if not part:
                self.check_unchanged()
                raise Truncated(f"the file ends at byte {offset:,}, {self.size:,} were announced",
                                "The disk or network share may be failing: copy the file and try the copy.", f"byte {offset}")
            return part

    def _some_into(self, offset: int, view: memoryview) -> int:
        """How many bytes, at least 1, it put into `view`; without a copy where the system can."""
        if hasattr(os, "preadv") and self._fd >= 0:
            try:
                done = os.preadv(self._fd, [view], offset)
            except OSError:
                done = 0        # `_some` tries again, and says what is wrong
            if done:
                return done
        part = self._some(offset, len(view))
        view[:len(part)] = part
        return len(part)

    def _pread(self, nbytes: int, offset: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self._fd, nbytes, offset)
        with self._lock:       # Windows has no pread
            os.lseek(self._fd, offset, os.SEEK_SET)
            return os.read(self._fd, nbytes)


class _Window(SourceFile):
    """Part of another source. The other one stays open for as long as this is used."""

    def __init__(self, outer: SourceFile, offset: int, nbytes: int, name: str) -> None:
        super().__init__(-1, outer.stamp._replace(path=name), outer.index)
        self.size = nbytes
        self.base = outer.base + offset
        self.inside = outer.inside
        self.is_far = outer.is_far
        self._at_once = outer._at_once
        self._outer = outer
        self._offset = offset

    def plan(self, spans: Iterable[tuple[int, int]]) -> None:
        self._outer.plan((begin + self._offset, end + self._offset) for begin, end in spans)

    def forget(self, offset: int, nbytes: int) -> None:
        self._head = b""
        self._outer.forget(self._offset + offset, nbytes)

    def check_unchanged(self) -> None:
        self._outer.check_unchanged()

    def send(self, offset: int, nbytes: int, to: int) -> int:
        self._expect(offset, nbytes)
        return self._outer.send(self._offset + offset, nbytes, to)

    def _some(self, offset: int, nbytes: int) -> bytes:
        return self._outer._some(self._offset + offset, nbytes)


class _Unpacked(SourceFile):
    """A member of another source, inflated. Closing it closes the other one."""

    is_in_memory = True
    _at_once = sys.maxsize          # all of it is then no copy

    def __init__(self, outer: SourceFile, member: Extent, name: str) -> None:
        super().__init__(-1, outer.stamp._replace(path=name), outer.index)
        self.size = member.size
        self.inside = (*outer.inside, member.moved(outer.base))
        self._outer = outer
        self._data = _inflated(outer, member, outer.stamp._replace(path="", inside=self.inside))

    def close(self) -> None:
        self._outer.close()

    def check_unchanged(self) -> None:
        self._outer.check_unchanged()

    def _some(self, offset: int, nbytes: int) -> bytes:
        return self._data[offset:offset + nbytes]


class _Remote(SourceFile):
    """A file that is not on this computer."""

    is_far = True
    _at_once = 1 << 30              # what is planned comes in one request

    def __init__(self, file: RemoteFile, index: int) -> None:
        super().__init__(-1, file.stamp, index)
        self.notes = file.notes
        self._file = file

    def plan(self, spans: Iterable[tuple[int, int]]) -> None:
        self._file.plan(spans)

    def check_unchanged(self) -> None:
        self._file.check_unchanged()

    def forget(self, offset: int, nbytes: int) -> None:
        self._head = b""
        self._file.forget(offset, nbytes)

    def look_again(self) -> None:
        self._file.look_again()

    def send(self, offset: int, nbytes: int, to: int) -> int:
        return 0

    def _some(self, offset: int, nbytes: int) -> bytes:
        return self._file.some(offset, nbytes) if nbytes else b""


class _InMemory(SourceFile):
    """Bytes that are in memory as it is."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(-1, FileStamp(name, len(data), 0, 0, 0, 0))
        self._data = data

    def check_unchanged(self) -> None:
        pass

    def _some(self, offset: int, nbytes: int) -> bytes:
        return self._data[offset:offset + nbytes]


def in_memory(data: bytes, name: str) -> SourceFile:
    """Bytes as a source, for readers of what lies inside something else. `name` is what it is called."""
    return _InMemory(data, name)


_KEPT = 64 << 20                # bytes of the last unpacked member that are kept for whoever reads it next
_kept: dict[FileStamp, bytes] = {}
_kept_lock = threading.Lock()


def _inflated(source: SourceFile, member: Extent, key: FileStamp) -> bytes:
    if member.size > LIMITS.preview:
        raise TooBig(f"it is packed and would unpack to {count(member.size, 'byte')}; up to {LIMITS.preview:,} are unpacked into memory",
                     "Extract it from the archive and open the extracted file.", f"byte {member.offset}")
    with _kept_lock:
        data = _kept.get(key)
    if data is None:
        data = _cursor_for(source, member, 0, member.size, True).read(member.size)
        if len(data) <= _KEPT:
            with _kept_lock:
                _kept.clear()
                _kept[key] = data
    return data


def open_source(path: PathLike, expect: FileStamp | None = None, index: int = 0, monitor: Monitor = QUIET, *,
                ahead: ReadAhead | None = None) -> SourceFile:
    """Opens the regular file at `path` for reading, links followed; with `expect.inside` what is unpacked from it. An address is read over
    the net, in ranges, until `monitor` says stop; `ahead` is what of it is going to be read.

    Raises Unreadable (no such file, no permission …), NotACheckpoint for a device, pipe or socket, Unsupported for a
    folder, and Changed when `expect` is given and the file is no longer that one.
    """
    name = os.fsdecode(path)
    if expect.address is not None if expect is not None else addresses.is_address(name):
        return _unpacked(_Remote(RemoteFile(name, expect, monitor, ahead, index), index), expect, name)
    try:
        _refuse_special(os.stat(name).st_mode)     # before opening: opening alone can make a device act
        fd = os.open(name, _FLAGS)
    except ValueError as error:                    # NUL in the name
        raise Unreadable(f"that is no possible file name: {error}", "Check the path.") from error
    except FileNotFoundError as error:
        raise FileMissing(name, was_there=expect is not None) from error
    except OSError as error:
        raise unreadable(error, name) from error
    try:
        found = os.fstat(fd)
        _refuse_special(found.st_mode)
        stamp = _stamp(name, found)
        if expect is not None:
            _compare(expect, stamp)
        return _unpacked(SourceFile(fd, stamp, index), expect, name)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.close(fd)
        if isinstance(error, OSError):
            raise unreadable(error, "") from error
        raise


def beginnings_of(paths: Sequence[str], nbytes: int) -> list[tuple[FileStamp, bytes] | None]:
    """How files of this computer look that were found to be regular ones, and their first `nbytes` bytes: for whoever opens thousands, some
    at a time, and compares their stamps afterwards (`check_still`). None for one that must be looked at closely, by `open_source`. The
    system is asked for all of them before the first is read: a disk gives them in half the time then that it takes for one by one."""
    opened: list[int] = []
    try:
        for path in paths:
            opened.append(_opened(path))
        if _ADVISES:
            with contextlib.suppress(OSError):      # of one that is no regular file: what comes behind it may take longer then
                for fd in filter((-1).__ne__, opened):
                    os.posix_fadvise(fd, 0, nbytes, os.POSIX_FADV_WILLNEED)
        return [_beginning(path, fd, nbytes) for path, fd in zip(paths, opened, strict=True)]
    finally:
        left = [fd for fd in opened if fd >= 0]
        while left:
            with contextlib.suppress(OSError):      # once for all of them, where none fails
                while left:
                    os.close(left.pop())


def _opened(path: str) -> int:
    """A descriptor of the file; -1 where it cannot be opened."""
    try:
        return os.open(path, _FLAGS)
    except (OSError, ValueError):
        return -1


def _beginning(path: str, fd: int, nbytes: int) -> tuple[FileStamp, bytes] | None:
    try:
        found = os.fstat(fd)
        data = os.read(fd, nbytes) if stat.S_ISREG(found.st_mode) else b""
    except OSError:
        return None
    return (_stamp(path, found), data) if data and len(data) == min(nbytes, found.st_size) else None


@contextlib.contextmanager
def standing_still(source: SourceFile) -> Iterator[None]:
    """While it is entered, `source` is read. Raises Changed in the end where it is another file by now, and instead of what was found wrong
    with a file that somebody was writing: half of what is written is not what it will be."""
    try:
        yield
    except ReadError as error:
        if not isinstance(error, Changed | Unreadable):
            source.check_unchanged()
        raise
    source.check_unchanged()


def _unpacked(source: SourceFile, expect: FileStamp | None, name: str) -> SourceFile:
    for member in expect.inside if expect is not None else ():
        source = source.unpacked(member, name)
    return source


def read_member(source: SourceFile, extent: Extent, nbytes: int | None = None) -> bytes:
    """The first `nbytes` bytes (None: all) of an extent of a file that is open anyway, inflated, its CRC left unchecked:
    for readers of containers, which say themselves what is wrong. Raises as `ExtentReader.read`."""
    end = _end(extent, 0, nbytes)
    return _cursor_for(source, extent, 0, end, False).read(end)


def payload_offset(source: SourceFile, extent: Extent) -> int:
    """Where the bytes of an extent of a file that is open anyway begin, its local header verified. Raises BadTensor."""
    return extent.offset if extent.local is None else _locate(source, extent, extent.local, 0)[0]


def stream_extent(ckpt: Checkpoint, extent: Extent, *, start: int = 0, nbytes: int | None = None, chunk: int = LIMITS.chunk,
                  monitor: Monitor = QUIET, verify: bool = True) -> Iterator[memoryview]:
    """The bytes of an extent, inflated, in pieces of at most `chunk`. A wrong CRC is told (BadTensor) instead of the last piece."""
    with ExtentReader(ckpt, extent.file, monitor, verify=verify) as reader:
        end = _end(extent, start, nbytes)
        at = start
        while at < end:
            monitor.check()
            piece = reader.read(extent, at, min(chunk, end - at))
            at += len(piece)
            yield memoryview(piece)
            monitor.report(at - start, end - start)


class ExtentReader:
    """Extents of one file of a checkpoint, read with the file opened once; a context manager for one thread.

    Reads that follow one another inside an extent continue where the last one ended (so a deflated member is inflated
    once), and when they began at 0 and reach the end, the CRC is verified then.
    """

    def __init__(self, ckpt: Checkpoint, file: int = 0, monitor: Monitor = QUIET, *, verify: bool = True,
                 ahead: ReadAhead | None = None) -> None:
        """`monitor` and `ahead`: see `open_source`."""
        stamp = ckpt.files[file]
        self._source = open_source(stamp.path, stamp, file, monitor, ahead=ahead)
        self._verify = verify
        self._cursor: _Cursor | None = None

    def __enter__(self) -> ExtentReader:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self.close()
        except InspectorError:
            if error is None:       # otherwise there is something worse to tell already
                raise

    def close(self) -> None:
        self._cursor = None
        self._source.close()

    def read(self, extent: Extent, start: int = 0, nbytes: int | None = None) -> bytes:
        """Bytes `start` … `start + nbytes` (None: to the end) of the extent, inflated; CRC verified when that is all of it.

        Raises BadTensor when they cannot be had or are not what was saved; Changed, Unreadable … as `open_source`.
        """
        data = self.read_some(extent, start, nbytes)
        assert isinstance(data, bytes)
        return data

    def read_some(self, extent: Extent, start: int = 0, nbytes: int | None = None,
                  into: memoryview | None = None, *, verify: bool = True) -> bytes | memoryview:
        """The same; with `into`, a writable buffer that is long enough, the bytes may come as its beginning. Without `verify` no checksum
        is added up: it was found right before."""
        if extent.file != self._source.index:
            raise ValueError(f"this reader has file {self._source.index} open, not {extent.file}")
        end = _end(extent, start, nbytes)
        cursor = self._cursor
        if cursor is None or cursor.extent is not extent or cursor.position > start or (
                cursor.position != start and extent.method == STORED):
            cursor = self._cursor = _cursor_for(self._source, extent, start, end - start, self._verify and verify)
        while cursor.position < start:
            cursor.read(min(start - cursor.position, 1 << 20))
        result = cursor.read_some(end - start, into)
        self._source.check_unchanged()
        return result

    def neighbours(self, pieces: Sequence[Piece], right: set[int]) -> list[memoryview | None]:
        """Small pieces that lie near each other, in few reads; None for each that must be read alone. `right` are the offsets of extents
        whose checksum was found right; those that are now are added. Raises Changed."""
        if self._source.is_far:             # what is planned comes in few requests anyway
            return [None] * len(pieces)
        try:
            found, checked = read_neighbours(self._source.read, self._source.size, pieces, right)
        except (Truncated, Unreadable):     # whoever reads each alone learns which it is
            return [None] * len(pieces)
        self._source.check_unchanged()
        right |= checked
        return found

    def send(self, extent: Extent, start: int, nbytes: int, to: int) -> int:
        """Up to `nbytes` bytes from `start` copied by the system to the file descriptor `to`, unseen: no checksum is compared.
        How many it were; 0 where that is not possible. Raises as `read`, OSError for what is wrong with `to`."""
        _end(extent, start, nbytes)
        if extent.method != STORED:
            return 0
        cursor = self._cursor
        if cursor is None or cursor.extent is not extent:
            cursor = self._cursor = _cursor_for(self._source, extent, start, nbytes, False)
        cursor.skip_to(start)
        sent = cursor.send(nbytes, to)
        self._source.check_unchanged()
        return sent


class _Cursor:
    """Reads an extent from front to back. `crc` runs along when everything was read from byte 0."""

    def __init__(self, source: SourceFile, extent: Extent, offset: int, verify: bool, ahead: bytes = b"") -> None:
        self.extent = extent
        self.position = 0
        self._source = source
        self._offset = offset           # of the payload, verified
        self._ahead = ahead             # the payload itself, where it came along with its header
        self._whole = verify and extent.crc is not None
        self._crc = 0

    def skip_to(self, position: int) -> None:
        """Goes on at `position`; the CRC can then no longer be told."""
        self._whole = self._whole and position == self.position
        self.position = position

    def read(self, nbytes: int) -> bytes:
        data = self.read_some(nbytes, None)
        assert isinstance(data, bytes)
        return data

    def read_some(self, nbytes: int, into: memoryview | None) -> bytes | memoryview:
        """`nbytes` bytes, perhaps as the beginning of `into`."""
        data = self._take(nbytes, into)
        self.position += nbytes
        if self._whole:
            self._crc = crc32(data, self._crc)
            if self.position == self.extent.size and self._crc != self.extent.crc:
                raise self._another_look(self._crc, self.extent.crc or 0)
        return data

    def _another_look(self, found: int, wanted: int) -> BadTensor:
        """A checksum that differs, after everything was read once more: only that tells a damaged file from a disk that fails."""
        self._source.forget(self._offset, self.extent.nbytes)
        again = _checksum(self._source, self.extent)
        message, hint = reread(found, again, wanted)
        return BadTensor(message, hint or "The file is damaged: fetch or copy it again.", f"byte {self._offset}", id="checksum")

    def send(self, nbytes: int, to: int) -> int:
        """See `ExtentReader.send`; goes on at the present position."""
        sent = self._source.send(self._offset + self.position, nbytes, to)
        self.skip_to(self.position + sent)
        return sent

    def _take(self, nbytes: int, into: memoryview | None) -> bytes | memoryview:
        if self._ahead:
            return self._ahead[self.position:self.position + nbytes]
        if into is None:
            return self._source.read(self._offset + self.position, nbytes)
        self._source.read_into(self._offset + self.position, into[:nbytes])
        return into[:nbytes]


class _InflatingCursor(_Cursor):
    """The same for method 8: never more output than asked for, never more than the member declares."""

    def __init__(self, source: SourceFile, extent: Extent, offset: int, verify: bool, ahead: bytes = b"") -> None:
        super().__init__(source, extent, offset, verify, ahead)
        self._engine = zlib.decompressobj(-zlib.MAX_WBITS)
        self._fed = 0
        self._pending = b""

    def _take(self, nbytes: int, into: memoryview | None) -> bytes | memoryview:
        parts = []
        missing = nbytes
        while missing:
            part = self._inflate(missing)
            if not part:
                raise self._bad(f"it unpacks to {count(self.position + nbytes - missing, 'byte')} instead of {self.extent.size:,}")
            parts.append(part)
            missing -= len(part)
        if self.position + nbytes == self.extent.size and self._inflate(1):
            raise self._bad(f"it unpacks to more than the {count(self.extent.size, 'byte')} it declares")
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _inflate(self, limit: int) -> bytes:
        """Up to `limit` bytes of output; b"" only at the end of the compressed data."""
        while not self._engine.eof:
            if not self._pending:
                self._pending = self._packed()
            last = not self._pending
            try:
                part = self._engine.decompress(self._pending, limit)
            except zlib.error as error:
                raise self._bad(f"its compressed data is damaged ({error})") from error
            self._pending = self._engine.unconsumed_tail
            if part or last:
                return part
        return b""

    def _packed(self) -> bytes:
        nbytes = min(_PACKED_CHUNK, self.extent.nbytes - self._fed)
        if self._ahead:
            data = self._ahead[self._fed:self._fed + nbytes]
        else:
            data = self._source.read(self._offset + self._fed, nbytes)
        self._fed += nbytes
        return data

    def _bad(self, message: str) -> BadTensor:
        return BadTensor(message, "The file was damaged after it was written: fetch or copy it again.",
                         f"byte {self._offset}", id="inflate")


def reread(found: int, again: int | None, wanted: int) -> tuple[str, str]:
    """(what is wrong, what to do or "") of bytes whose checksum was `found` instead of `wanted`, and `again` when they were read a second
    time (None: they could not be). Blames the machine only where the second reading differs."""
    failing = "The disk, the network or the memory of this computer is failing: copy the file to another disk and try the copy."
    if again == wanted:
        return (f"its bytes were read wrongly: their checksum (CRC-32) was {found:08x} instead of {wanted:08x}, and right when they were "
                "read again"), failing
    if again == found:
        return (f"its bytes are not the ones that were saved: the checksum (CRC-32) is {found:08x} instead of {wanted:08x}, also when they "
                "are read again"), ""
    then = "and then they could not be read" if again is None else f"and {again:08x} when they were read again"
    return f"its bytes are others each time: their checksum (CRC-32) was {found:08x} instead of {wanted:08x}, {then}", failing


def _checksum(source: SourceFile, extent: Extent) -> int | None:
    """Of all bytes of the extent; None when they cannot be read."""
    crc = 0
    try:
        cursor = _cursor_for(source, extent, 0, extent.size, False)
        while cursor.position < extent.size:
            crc = crc32(cursor.read(min(LIMITS.chunk, extent.size - cursor.position)), crc)
    except InspectorError:
        return None
    return crc


def _cursor_for(source: SourceFile, extent: Extent, start: int, nbytes: int, verify: bool) -> _Cursor:
    """A cursor over `extent` that stands at `start` (stored) or at 0 (deflated), its local header verified."""
    offset, ahead = extent.offset, b""
    if extent.local is not None:
        # a small member comes along with its header in one read
        whole = start == 0 and extent.nbytes <= _SMALL and (extent.method != STORED or nbytes == extent.size)
        offset, ahead = _locate(source, extent, extent.local, extent.nbytes if whole else 0)
    if offset < 0 or offset + extent.nbytes > source.size:
        raise BadTensor(f"its bytes should lie at {offset:,} to {offset + extent.nbytes:,}, but the file has {source.size:,}",
                        "The file is incomplete: fetch or copy it again.", f"byte {offset}", id="outside")
    if extent.method == STORED:
        if extent.size != extent.nbytes:
            raise BadTensor(f"it is stored in {count(extent.nbytes, 'byte')} but declares {extent.size:,}",
                            "The file is damaged or was made by hand.", f"byte {offset}", id="corrupt")
        cursor = _Cursor(source, extent, offset, verify, ahead)
        cursor.skip_to(start)
        return cursor
    if extent.method != DEFLATED:
        raise BadTensor(f"it is packed with compression method {extent.method}, which is not read here",
                        "Unpack the archive with another program and pack it without compression.", f"byte {offset}",
                        id="unsupported")
    if extent.size > extent.nbytes * LIMITS.inflate_ratio + 64:
        raise BadTensor(f"it declares {count(extent.size, 'byte')}, more than {extent.nbytes:,} packed bytes can unpack to",
                        "The file is damaged or hostile.", f"byte {offset}", id="too_big")
    return _InflatingCursor(source, extent, offset, verify, ahead)


def _locate(source: SourceFile, extent: Extent, local: LocalHeader, along: int) -> tuple[int, bytes]:
    """(offset of the payload, its first `along` bytes or b"") of a zip member whose local header was not read before."""
    guess = zip_local_header.FIXED + len(local.name) + 96 + along       # torch's padding is at most 67 bytes plus zip64
    room = source.size - local.at
    head = source.read(local.at, min(guess, room)) if room >= zip_local_header.FIXED else b""
    length = zip_local_header.header_nbytes(head) if head else 0
    where = f"byte {local.at}"
    if not head.startswith(zip_local_header.SIGNATURE) or length == 0 or local.at + length + extent.nbytes > local.bound:
        raise BadTensor("the zip directory points to a place where no such member is",
                        "The archive is damaged: fetch or copy it again.", where, id="header_mismatch")
    if length > len(head):
        head = source.read(local.at, length)
    entry = zip_local_header.DirectoryEntry(local.name, local.flags, extent.method, extent.crc or 0, extent.nbytes, extent.size)
    found = zip_local_header.differences(head[:length], entry)
    if found:
        raise BadTensor(f"the two zip headers of this member disagree: the local one has {'; '.join(found)}",
                        "Programs that trust one or the other would see different bytes. Do not trust this file.", where,
                        id="header_mismatch")
    ahead = head[length:length + along] if along and len(head) >= length + along else b""
    return local.at + length, ahead


def _end(extent: Extent, start: int, nbytes: int | None) -> int:
    end = extent.size if nbytes is None else start + nbytes
    if not 0 <= start <= end <= extent.size:
        raise BadTensor(f"bytes {start:,} to {end:,} of a storage of {extent.size:,} were asked for",
                        where=f"byte {extent.offset}", id="out_of_bounds")
    return end


# what copy_file_range says where it is not to be had: other file systems, old kernels, special files; EIO may be either
# file's fault, and reading and writing tell whose
_NOT_HERE = frozenset({errno.EXDEV, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ETXTBSY, errno.EPERM, errno.EIO})


def _sent(fd: int, offset: int, nbytes: int, to: int) -> int:
    while sys.platform == "linux" and nbytes:
        try:
            return os.copy_file_range(fd, to, nbytes, offset)
        except InterruptedError:
            continue
        except OSError as error:
            if error.errno in _NOT_HERE:
                return 0
            raise
    return 0


def stamp_of(path: PathLike) -> FileStamp | None:
    """How the regular file at `path` looks now, links followed; None when there is none that can be looked at."""
    name = os.fsdecode(path)
    if addresses.is_address(name):
        try:
            return RemoteFile(name).stamp
        except InspectorError:
            return None
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return _stamp(os.fsdecode(path), found) if stat.S_ISREG(found.st_mode) else None


def check_stamp(stamp: FileStamp) -> None:
    """Raises Changed when the file is no longer the one it was when it was opened, Unreadable when it cannot be had."""
    with open_source(stamp.path, stamp._replace(inside=())) as source:
        source.look_again()


def _stamp(path: str, found: os.stat_result) -> FileStamp:
    return FileStamp(path, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev)


def check_still(files: Iterable[FileStamp]) -> None:
    """Raises Changed when one of the files on this computer is gone or another one than `files` say. Servers are not asked."""
    for before in files:
        if before.address is None and not _is_still(before):
            now = stamp_of(before.path)
            if now is None:
                raise Changed("the file is not there any more", "It may have been moved, renamed or deleted: open it where it is now.")
            _compare(before, now)


def _is_still(before: FileStamp) -> bool:
    """Whether a file on this computer is as `before` says, in few steps: for thousands of them."""
    try:
        now = os.stat(before.path)
    except (OSError, ValueError):
        return False
    return (now.st_size, now.st_mtime_ns, now.st_ctime_ns, now.st_ino, now.st_dev) == before[1:6]


def looks_like(before: FileStamp, now: FileStamp) -> bool:
    """Whether `now` is still the file that it was."""
    if before[1:6] == now[1:6]:
        return True
    # told by another computer, which numbers what it shares with this one in its own way
    return before.inode == before.device == before.ctime_ns == 0 and (before.size, before.mtime_ns) == (now.size, now.mtime_ns)


def _compare(before: FileStamp, now: FileStamp) -> None:
    if looks_like(before, now):
        return
    if before.inode and (before.inode, before.device) != (now.inode, now.device):
        what = "it was replaced by another file"
    elif before.size != now.size:
        what = f"it had {count(before.size, 'byte')} and now has {now.size:,}"
    elif before.mtime_ns != now.mtime_ns:
        what = "it was written to"
    else:
        what = "its contents or its permissions were touched"
    raise Changed(f"the file changed since it was opened: {what}", "Open it again.")


def _refuse_special(mode: int) -> None:
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        raise Unsupported("this is a folder, not a file", "Open one of the files in it.", id="not_regular_file")
    kinds = ((stat.S_ISFIFO, "a named pipe"), (stat.S_ISSOCK, "a socket"), (stat.S_ISCHR, "a character device"),
             (stat.S_ISBLK, "a block device"))
    kind = next((name for test, name in kinds if test(mode)), "a special file")
    raise NotACheckpoint(f"this is {kind}, not a regular file", "Copy the checkpoint to a file and open that.",
                         id="not_regular_file")


_HINTS = {
    errno.ENOTDIR: "Check the path: a part of it is a file, not a folder.",
    errno.EACCES: "Your account may not read it: ask its owner, or copy it to a place of your own.",
    errno.EPERM: "Your account may not read it: ask its owner, or copy it to a place of your own.",
    errno.ELOOP: "Its symbolic links lead in a circle.",
    errno.EMFILE: "Too many files are open: close some and try again.",
    errno.ENFILE: "Too many files are open: close some and try again.",
    errno.EIO: "The disk or network share may be failing: copy the file to another disk and try the copy.",
    errno.ESTALE: "The network share forgot the file: open it again.",
    errno.ENAMETOOLONG: "The path is too long for this system.",
}


def unreadable(error: OSError, where: str) -> InspectorError:
    """What the system said when it was asked for a file, and what may help."""
    text = error.strerror or type(error).__name__
    code = errno.errorcode.get(error.errno or 0, "")
    return Unreadable(f"the system could not read it: {text}" + (f" ({code})" if code else ""),
                      _HINTS.get(error.errno or 0, "Try again, or copy the file to another disk first."), where)


class ExtentReaders:
    """Extents of the files of a checkpoint, a few of which are open at once; a context manager for one thread."""

    def __init__(self, ckpt: Checkpoint, monitor: Monitor = QUIET, ahead: ReadAhead | None = None) -> None:
        self._ckpt = ckpt
        self._monitor = monitor
        self._ahead = ahead
        self._open: dict[int, ExtentReader] = {}

    def __enter__(self) -> ExtentReaders:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with ExitStack() as closing:
            for reader in self._open.values():
                closing.callback(reader.__exit__, kind, error, trace)
            self._open.clear()

    def of(self, file: int) -> ExtentReader:
        found = self._open.get(file)
        if found is None:
            while len(self._open) >= _OPEN_AT_ONCE:
                self._open.pop(next(iter(self._open))).close()
            found = self._open[file] = ExtentReader(self._ckpt, file, self._monitor, ahead=self._ahead)
        return found
