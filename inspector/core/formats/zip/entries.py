"""The entries of a zip archive's directory, in columns: one by one where they are few, all at once with numpy where they are many.

An entry is 46 bytes, the name, the extra field and a comment (APPNOTE 6.3.10, 4.3.12). Where the second signature of an entry lies
decides where the first one ends, so what is found by looking for signatures counts only if the lengths between them say the same.
"""
from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from inspector.core.errors import Ambiguous, Corrupt, Unsupported
from inspector.core.io import zip_local_header
from inspector.core.keypath import quoted, visible
from inspector.core.progress import QUIET, Monitor, stoppable

if TYPE_CHECKING:
    import numpy as np

    Ints = np.ndarray[Any, np.dtype[np.int64]]

ENTRY_SIGNATURE = b"PK\x01\x02"
_FIXED = 46
_LENGTHS = struct.Struct("<HHH")
# flags, method, CRC, packed, unpacked, lengths of name, extra field and comment, disk, local header; the same by their places, and the
# types of the columns: what zip64 puts in the place of 32 bits has 64
_ENTRY = struct.Struct("<8xHH4xIIIHHHH6xI")
_PLACES = ((8, "<u2"), (10, "<u2"), (16, "<u4"), (20, "<u4"), (24, "<u4"), (28, "<u2"), (30, "<u2"), (32, "<u2"), (34, "<u2"), (42, "<u4"))
_TYPES = "HHIQQHHHHQ"

_STRONG, _MASKED = 0x0040, 0x2000
_ODD_FLAGS = zip_local_header.ENCRYPTED | zip_local_header.PATCHED | _STRONG | _MASKED

_FARTHEST = 1 << 63         # byte that no file has
_WORTH_NUMPY = 2000         # entries that are faster with it
_WORTH_IMPORTING = 20_000   # … even when it must be imported first, which takes as long as reading so many
_AT_ONCE = 8192             # names that are decoded in one call
_MOST_LENGTHS = 64          # stretches of names of one length in so many
_FULL = zip_local_header.FULL32.to_bytes(4, "little")

FETCH_AGAIN = "The download or copy may have been interrupted: fetch the file again."
DOUBT = "Programs that read zip files differently would see different contents. Do not trust this file."


class Table(NamedTuple):
    """The directory in columns, one item per member, in directory order; zip64 resolved, offsets from the file's start. `raws` are the
    names as they are written, None where all are UTF-8; the names of `oddly_encoded` are not."""

    names: list[str]
    raws: list[bytes] | None
    lengths: array[int]
    flags: array[int]
    methods: array[int]
    crcs: array[int]
    packed: array[int]
    sizes: array[int]
    headers: array[int]
    oddly_encoded: list[str]


class _Columns(NamedTuple):
    """The fixed fields of all entries; `begins` says where in the directory each entry begins."""

    begins: array[int]
    flags: array[int]
    methods: array[int]
    crcs: array[int]
    packed: array[int]
    sizes: array[int]
    lengths: array[int]
    extras: array[int]
    comments: array[int]
    disks: array[int]
    headers: array[int]


def parse(data: bytes, entries: int, start: int, base: int, monitor: Monitor = QUIET) -> Table:
    """Takes apart a directory of so many entries (at least one), which lies at byte `base` of an archive with `start` bytes before it.
    Raises Corrupt, Ambiguous, Unsupported and Cancelled."""
    columns = _at_once(data, entries, monitor) or _one_by_one(data, entries, base, monitor)
    monitor.check()
    begins, flags, methods, crcs, packed, sizes, lengths, extras, _, disks, headers = columns
    names, raws, oddly = _names(data, begins, lengths, monitor)
    monitor.check()
    for value in _values(flags):
        if value & _ODD_FLAGS:
            _refuse_flags(value, names[flags.index(value)])
    if not _values(disks) <= {0, 0xFFFF}:
        raise Unsupported("this is one part of a ZIP archive split over several files", "Join the parts first.", f"byte {base}")
    if any(_FULL in column.tobytes() and zip_local_header.FULL32 in column for column in (packed, sizes, headers)):
        _resolve(data, columns, names)
    if _values(extras) != {0}:
        _refuse_second_names(data, columns, names)
    if start:
        headers = array("Q", [min(header + start, _FARTHEST) for header in headers])
    if packed == sizes:         # as torch writes them
        packed = sizes
    return Table(names, raws, lengths, flags, methods, crcs, packed, sizes, headers, oddly)


def split(data: bytes, entries: int, base: int) -> Iterator[bytes]:
    """The entries, each whole. Raises Corrupt where they are not as many, or one of them breaks off."""
    at = 0
    for begin in _begins(data, entries, base):
        if begin:
            yield data[at:begin]
        at = begin
    yield data[at:]


def _one_by_one(data: bytes, entries: int, base: int, monitor: Monitor) -> _Columns:
    begins = array("q", stoppable(_begins(data, entries, base), monitor))
    columns = zip(*(_ENTRY.unpack_from(data, begin) for begin in stoppable(begins, monitor)), strict=True)
    return _Columns(begins, *map(array, _TYPES, columns))


def _begins(data: bytes, entries: int, base: int) -> Iterator[int]:
    at = found = 0
    while at < len(data):
        if data[at:at + 4] != ENTRY_SIGNATURE or at + _FIXED > len(data):
            raise Corrupt(f"the ZIP directory breaks off after {found:,} of {entries:,} members", FETCH_AGAIN, f"byte {base + at}")
        yield at
        end = at + _FIXED + sum(_LENGTHS.unpack_from(data, at + 28))
        if end > len(data):
            raise Corrupt("an entry of the ZIP directory is longer than the directory", FETCH_AGAIN, f"byte {base + at + 4}")
        found += 1
        at = end
    if found != entries:
        raise Corrupt(f"the ZIP directory holds {found:,} members, its end record says {entries:,}", FETCH_AGAIN,
                      f"byte {base + at}")


def _at_once(data: bytes, entries: int, monitor: Monitor) -> _Columns | None:
    """The same with numpy; None where it does not pay, a signature occurs inside an entry, or something is wrong."""
    if entries < (_WORTH_NUMPY if "numpy" in sys.modules else _WORTH_IMPORTING) or entries * _FIXED > len(data):
        return None
    try:
        import numpy as np
    except ImportError:
        return None
    whole = np.frombuffer(data, np.uint8)
    count = len(data) - 3
    signed = whole[:count] == ENTRY_SIGNATURE[0]
    for place, byte in enumerate(ENTRY_SIGNATURE[1:], 1):           # one byte after the other: sixteen positions at once
        monitor.check()
        signed &= whole[place:place + count] == byte
    monitor.check()
    begins: Ints = np.flatnonzero(signed)
    if len(begins) != entries or begins[0] or begins[-1] + _FIXED > len(data):
        return None
    monitor.check()
    rows = np.ndarray((len(data) - _FIXED + 1,), f"V{_FIXED}", data, 0, (1,))[begins].view(np.uint8)
    monitor.check()
    fields = [np.ndarray((entries,), dtype, rows.data, at, (_FIXED,)) for at, dtype in _PLACES]
    ends = begins + sum((lengths.astype(np.int64) for lengths in fields[5:8]), start=np.int64(_FIXED))
    if ends[-1] != len(data) or not np.array_equal(ends[:-1], begins[1:]):
        return None
    columns = []
    for code, field in zip(_TYPES, fields, strict=True):
        monitor.check()
        columns.append(array(code, field.astype(code).tobytes()))
    return _Columns(array("q", begins.tobytes()), *columns)


def _values(column: array[int]) -> set[int]:
    """The different ones. Most often it is one, which the bytes show a hundred times as fast as looking at each."""
    raw = column.tobytes()
    return {column[0]} if raw == raw[:column.itemsize] * len(column) else {*column}


def _names(data: bytes, begins: array[int], lengths: array[int], monitor: Monitor) -> tuple[list[str], list[bytes] | None, list[str]]:
    """(names, how they are written, those of them that are not UTF-8). Whatever flag 11 says: torch writes and reads UTF-8 without it
    too."""
    names: list[str] = []
    for first in range(0, len(begins), _AT_ONCE):
        monitor.check()
        at_once = begins[first:first + _AT_ONCE], lengths[first:first + _AT_ONCE]
        try:
            some = (_together(data, *at_once) or b"\0".join(_raw_names(data, *at_once))).decode().split("\0")
        except UnicodeDecodeError:
            some = []
        if len(some) != len(at_once[0]):
            return _odd_names(_raw_names(data, begins, lengths))
        names += some
    return names, None, []


def _together(data: bytes, begins: array[int], lengths: array[int]) -> bytes:
    """The names with a NUL between them, by numpy; b"" where it does not pay. It does where names of one length follow one another, as
    numbered ones do."""
    if len(begins) < _WORTH_NUMPY or "numpy" not in sys.modules:
        return b""
    import numpy as np
    starts = np.frombuffer(begins, np.int64) + _FIXED
    lens = np.frombuffer(lengths, np.uint16)
    ends = [*(np.flatnonzero(lens[1:] != lens[:-1]) + 1).tolist(), len(lens)]
    if len(ends) > _MOST_LENGTHS or not lens.all():
        return b""
    pieces, first = [], 0
    for last in ends:
        length = int(lens[first])
        piece = np.zeros((last - first, length + 1), np.uint8)
        names = np.ndarray((len(data) - length + 1,), f"V{length}", data, 0, (1,))[starts[first:last]]
        piece[:, :length] = names.view(np.uint8).reshape(-1, length)
        pieces.append(piece.tobytes())
        first = last
    return b"".join(pieces)[:-1]


def _raw_names(data: bytes, begins: Iterable[int], lengths: Iterable[int]) -> list[bytes]:
    return [data[begin + _FIXED:begin + _FIXED + length] for begin, length in zip(begins, lengths, strict=True)]


def _odd_names(raws: list[bytes]) -> tuple[list[str], list[bytes] | None, list[str]]:
    names: list[str] = []
    oddly: list[str] = []
    for raw in raws:
        try:
            names.append(raw.decode())
        except UnicodeDecodeError:
            names.append(raw.decode("cp437"))
            oddly.append(names[-1])
    return names, raws if oddly else None, oddly


def _refuse_flags(flags: int, name: str) -> None:
    shown = visible(name, 80)
    if flags & zip_local_header.PATCHED:
        raise Unsupported(f"the member {shown!r} is stored as a patch of another one, which no PyTorch reader supports",
                          "Pack the archive again with an ordinary ZIP program.", shown, id="patched")
    raise Unsupported(f"the member {shown!r} is encrypted", "Unpack the archive with its password and pack it again without one.",
                      shown, id="encrypted")


def _extra_field(data: bytes, columns: _Columns, n: int) -> bytes:
    at = columns.begins[n] + _FIXED + columns.lengths[n]
    return data[at:at + columns.extras[n]]


def _resolve(data: bytes, columns: _Columns, names: list[str]) -> None:
    """Replaces saturated numbers by those of the zip64 extra field: unpacked, packed, header, in that order, if saturated."""
    full = zip_local_header.FULL32
    in_order = (columns.sizes, columns.packed, columns.headers)
    for n in sorted({n for column in in_order for n in _places(column, full.__eq__)}):
        wanted = [column for column in in_order if column[n] == full]
        values = zip_local_header.zip64_field(_extra_field(data, columns, n))
        if len(values) < len(wanted):
            raise Corrupt(f"the member {quoted(names[n], 80)} announces zip64 sizes and has none", FETCH_AGAIN,
                          visible(names[n], 80), id="zip64")
        for column, value in zip(wanted, values, strict=False):
            column[n] = value


def _refuse_second_names(data: bytes, columns: _Columns, names: list[str]) -> None:
    """Info-ZIP's unicode path field (0x7075) overrules the name for some readers, Python's from 3.12 on among them."""
    for n in _places(columns.extras, bool):
        field = _extra_field(data, columns, n)
        if b"up" in field:
            begin = columns.begins[n] + _FIXED
            other = zip_local_header.extra_field(field, 0x7075)[5:]
            if other and other != data[begin:begin + columns.lengths[n]]:
                raise Ambiguous(f"the member {quoted(names[n], 80)} has a second name for other programs, "
                                f"{quoted(other.decode('utf-8', 'replace'), 80)}", DOUBT, visible(names[n], 80), id="second_name")


def _places(column: array[int], wanted: Callable[[int], bool]) -> Iterator[int]:
    return (n for n, value in enumerate(column) if wanted(value))
