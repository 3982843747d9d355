"""The directory of a zip archive, read strictly: what any two zip readers could see differently is refused or named.

Python's `zipfile` takes overlapping members, duplicate names and names cut at NUL; torch's miniz looks names up without
regard to case, goes by the directory's sizes and never compares a local header. So this is our own reader, of APPNOTE
6.3.10, over bounded positioned reads:

    end record        searched in the last 65,557 bytes; the zip64 one exactly where its locator says
    directory         one entry per member, whole, nothing between its end and the end record
    local headers     read at open when that is cheap (`_ALL_LOCAL`, `_SMALL_SPAN`) and for the members a reader names; for
                      the others the extent carries a `LocalHeader` and `io.sources` verifies it before the first byte

A member that is broken by itself gets a note and the rest opens; what makes the archive as a whole doubtful is an error.
"""
from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterable, Iterator
from operator import add, gt
from typing import NamedTuple

from inspector.core.checkpoint import Extent
from inspector.core.errors import Ambiguous, Corrupt, NotACheckpoint, TooBig, Truncated, Unsupported
from inspector.core.findings import Finding, Level
from inspector.core.io import zip_local_header
from inspector.core.io.sources import DEFLATED, STORED, SourceFile
from inspector.core.keypath import quoted, visible
from inspector.core.limits import LIMITS, Limits
from inspector.core.progress import QUIET, Monitor, distinct
from inspector.core.runtime.memory import release_memory
from inspector.core.wording import counted

from .entries import DOUBT, ENTRY_SIGNATURE, FETCH_AGAIN, Table, parse, split
from .members import Columns, Members

_END = struct.Struct("<4sHHHHIIH")
_END_SIGNATURE = b"PK\x05\x06"
_LOCATOR = struct.Struct("<4sIQI")
_LOCATOR_SIGNATURE = b"PK\x06\x07"
_END64 = struct.Struct("<4sQHHIIQQQQ")
_END64_SIGNATURE = b"PK\x06\x06"
_TAIL = _END.size + 0xFFFF
_SEEN = 4096 + 16 * 4093 - _END.size     # bytes behind the end record that torch looks through: miniz goes back in blocks, and others less
_STEP = 4096                # bytes of zeros behind the archive that are looked at at once

# signature, flags, method, CRC, packed, unpacked, name and extra lengths
_LOCAL = struct.Struct("<4s2xHH4xIIIHH")

_ALL_LOCAL = 256             # members: up to here every local header is read at open, one by one
_SMALL_SPAN = 16 << 20       # bytes: an archive up to here is read in one go for its local headers
_BOMB_RATIO, _BOMB_SIZE = 256, 16 << 20      # beyond both, deflated members stay packed: no trained weights of torch's pack like that
_LARGE = 32 << 20           # bytes of a directory after which memory is given back
_WORTH_NUMPY = 2000          # members that are faster with it, where it is there already
_LISTED = 20                 # findings of one sort told one by one


class ZipDirectory(NamedTuple):
    """`members` maps names to extents in directory order; `notes` says which single members cannot be read and why
    ("outside: …", "unsupported: …", "too_big: …", "corrupt: …"), `remarks` what is odd about readable ones; `start` is how
    many bytes lie before the archive; `comment` the archive's, raw."""

    members: Members
    notes: dict[str, str]
    remarks: dict[str, str]
    findings: list[Finding]
    start: int
    comment: bytes
    # (id, what the rest of them is told to be) -> how many findings about single members, told or not; the place of the last one told
    alike: dict[tuple[str, str], tuple[int, int]]

    def confirm(self, source: SourceFile, names: Iterable[str]) -> None:
        """Reads the local headers of `names` where that has not happened: sets their real offsets, adds findings."""
        for name in names:
            local = self.members[name].local
            if local is not None and name not in self.notes:
                self.check_header(name, _header_at(source, local.at, local.bound))

    def check_header(self, name: str, header: bytes) -> None:
        """Compares a member with its local header, and sets its real offset."""
        extent = self.members[name]
        local = extent.local
        assert local is not None
        end = local.at + len(header) + extent.nbytes
        if not header or end > local.bound:
            self.notes[name] = "corrupt: the directory points to a place where no such member is"
            self.add("bad-member", "danger", name, f"The member {quoted(name)} is not where the zip directory says it is.", FETCH_AGAIN,
                     "not where the zip directory says")
            return
        entry = zip_local_header.DirectoryEntry(local.name, local.flags, extent.method, extent.crc or 0, extent.nbytes, extent.size)
        found = zip_local_header.differences(header, entry)
        if found:
            text = "; ".join(found)
            self.remarks[name] = f"its local header disagrees with the directory: {text}"
            self.add("header-mismatch", "danger", name, f"The two zip headers of {quoted(name)} disagree: the local one has {text}. "
                     "Shown is what the directory says.", DOUBT, "two zip headers that disagree")
        self.members[name] = extent._replace(offset=local.at + len(header), local=None)

    def add(self, id: str, level: Level, name: str, message: str, hint: str, of_more: str) -> None:
        """One more finding about a single member. Of those that are alike but the first are told as one, whose text ends in `of_more`."""
        told, place = self.alike.get((id, of_more), (0, -1))
        more = told + 1 - _LISTED
        if more > 0:
            message, name = f"{more:,} more member{'s' if more > 1 else ''}: {of_more}.", ""
        if more > 1:
            self.findings[place] = Finding(id, level, name, message, hint)
        else:
            place = len(self.findings)
            self.findings.append(Finding(id, level, name, message, hint))
        self.alike[id, of_more] = told + 1, place


def read_directory(source: SourceFile, limits: Limits = LIMITS, monitor: Monitor = QUIET, *, any_case: bool = True,
                   packed_well: int = _BOMB_SIZE) -> ZipDirectory:
    """Reads the directory at the end of `source`. `any_case`: some who read it take `A` for `a`, as torch does. `packed_well`: bytes of a
    member beyond which it stays packed where it is packed as a bomb is. Raises Truncated, Corrupt, Ambiguous, Unsupported, TooBig,
    NotACheckpoint (empty archive)."""
    end = _find_end(source)
    if end.entries == 0:
        raise NotACheckpoint("this is an empty ZIP archive", "Nothing was saved in it: save the checkpoint again.",
                             id="empty_archive")
    if end.entries > limits.zip_entries:
        raise TooBig(f"the ZIP archive lists {end.entries:,} members, more than {limits.zip_entries:,}",
                     "Open it with larger limits if you trust it.", id="too_big")
    if end.nbytes > limits.zip_directory:
        raise TooBig(f"the directory of the ZIP archive has {end.nbytes:,} bytes, more than {limits.zip_directory:,}",
                     "Open it with larger limits if you trust it.", id="too_big")
    monitor.check()
    start, at, findings = _directory_bounds(source, end)
    table = parse(source.read(at, end.nbytes), end.entries, start, at, monitor)
    monitor.check()
    findings += check_names(table.names, any_case, monitor)
    monitor.check()
    columns, outside = _placed(table, source, at)
    directory = ZipDirectory(Members(table.names, columns), {}, {}, findings + _unusual_ends(source, end, table), start, end.comment, {})
    _look_at_members(directory, columns, outside, source, packed_well)
    _look_at_headers(directory, columns, source, at)
    if end.nbytes > _LARGE:
        release_memory()
    return directory


class Entry(NamedTuple):
    """A member as the directory spells it: the entry whole, and where its local header begins."""

    raw: bytes
    header: int


class RawDirectory(NamedTuple):
    """The entries by name, in order, byte for byte; `at` is where the directory begins, `comment` the archive's."""

    entries: dict[str, Entry]
    at: int
    comment: bytes


def read_raw(source: SourceFile) -> RawDirectory:
    """The directory of an archive that `read_directory` took without a finding about its names. Raises as that."""
    end = _find_end(source)
    start, at, _ = _directory_bounds(source, end)
    data = source.read(at, end.nbytes)
    table = parse(data, end.entries, start, at)
    pieces = split(data, end.entries, at)
    return RawDirectory({name: Entry(piece, header) for name, piece, header
                         in zip(table.names, pieces, table.headers, strict=True)}, at, end.comment)


# -- the end of the archive -------------------------------------------------------------------------------------------


class _End(NamedTuple):
    entries: int
    nbytes: int          # of the directory
    declared: int        # offset of the directory as written
    limit: int           # where the directory must end: the first end record
    after: int           # end of the end record, comment included
    comment: bytes


def _find_end(source: SourceFile) -> _End:
    first = max(0, source.size - _TAIL)
    tail = source.read(first, source.size - first)
    found = tail.rfind(_END_SIGNATURE, 0, max(0, len(tail) - _END.size + 4))
    if found < 0 and not any(tail):
        last = min(_before_zeros(source, first) + _END.size, source.size)
        first = max(0, last - _TAIL)
        tail = source.read(first, last - first)
        found = tail.rfind(_END_SIGNATURE, 0, max(0, len(tail) - _END.size + 4))
    if found < 0:
        raise _no_end(source, source.read(max(0, source.size - _TAIL), min(_TAIL, source.size)))
    at = first + found
    _, disk, disk_start, here, entries, nbytes, declared, n_comment = _END.unpack_from(tail, found)
    after = at + _END.size + n_comment
    if after > source.size:
        raise Truncated(f"the comment at the end of the ZIP archive should have {n_comment:,} bytes, "
                        f"{source.size - at - _END.size:,} are there", FETCH_AGAIN, f"byte {at}")
    _refuse_second_end(tail, found, after - first, first)
    comment = tail[found + _END.size:found + _END.size + n_comment]
    locator = source.read(at - _LOCATOR.size, _LOCATOR.size) if at >= _LOCATOR.size else b""
    if locator.startswith(_LOCATOR_SIGNATURE):
        large = _find_end64(source, locator, at)
        small = (disk, disk_start, here, entries, nbytes, declared)
        declared_there = (large.disk, large.disk_start, large.here, large.entries, large.nbytes, large.declared)
        full = (0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, zip_local_header.FULL32, zip_local_header.FULL32)
        if any(a not in (b, c) for a, b, c in zip(small, declared_there, full, strict=True)):
            raise Ambiguous("the two end records of the ZIP archive (plain and zip64) disagree", DOUBT, f"byte {at}")
        disk, disk_start, here, entries, nbytes, declared = declared_there
        limit = large.at
    else:
        limit = at
        if zip_local_header.FULL32 in (nbytes, declared):
            raise Corrupt("the ZIP archive announces a zip64 end record and has none", FETCH_AGAIN, f"byte {at}", id="zip64")
    if disk or disk_start or here != entries:
        raise Unsupported("this is one part of a ZIP archive split over several files", "Join the parts first.", f"byte {at}")
    return _End(entries, nbytes, declared, limit, after, comment)


def _before_zeros(source: SourceFile, end: int) -> int:
    """Where the zeros begin that the bytes up to `end` end in: looked for in a few places, twice as far back each time, so that a file of
    zeros is not read to find out."""
    zero, step = end, _STEP
    while zero > step and not any(source.read(zero - step, _STEP)):
        zero, step = zero - step, step * 2
    low = max(zero - step, 0)                           # something is there, as far as was looked, and nothing from `zero` on
    while zero - low > 2 * _STEP:
        middle = (low + zero) // 2
        if any(source.read(middle, _STEP)):
            low = middle
        else:
            zero = middle
    found = source.read(low, zero - low).rstrip(b"\0")
    return low + len(found)


def _no_end(source: SourceFile, tail: bytes) -> Truncated:
    zeros = len(tail) - len(tail.rstrip(b"\0"))
    if zeros == len(tail) or zeros > 4096:
        return Truncated(f"the ZIP archive has no end record, and its last {zeros:,} bytes or more are zeros",
                         "The download left a hole or the file was padded: fetch it again.", f"byte {source.size - zeros}",
                         id="truncated_or_padded")
    return Truncated("the end of the ZIP archive is missing (no directory in the last 64 KiB)",
                     "The download or copy was interrupted: fetch the file again.", f"byte {source.size}")


def _refuse_second_end(tail: bytes, found: int, after: int, first: int) -> None:
    """Readers that go by the comment length could take an earlier end record that reaches the end of the file."""
    earlier = tail.find(_END_SIGNATURE)
    while 0 <= earlier < found:
        if earlier + _END.size + int.from_bytes(tail[earlier + 20:earlier + 22], "little") == len(tail):
            raise Ambiguous("the ZIP archive has two end records that could both be meant", DOUBT, f"byte {first + earlier}")
        earlier = tail.find(_END_SIGNATURE, earlier + 4)


class _End64(NamedTuple):
    at: int
    disk: int
    disk_start: int
    here: int
    entries: int
    nbytes: int
    declared: int


def _find_end64(source: SourceFile, locator: bytes, end_at: int) -> _End64:
    _, disk, declared, disks = _LOCATOR.unpack(locator)
    limit = end_at - _LOCATOR.size
    if disk or disks > 1:
        raise Unsupported("this is one part of a ZIP archive split over several files", "Join the parts first.")
    for at in (declared, limit - _END64.size):        # the second: bytes were put before the archive
        if not 0 <= at <= limit - _END64.size:
            continue
        record = source.read(at, _END64.size)
        signature, length, _, _, disk, disk_start, here, entries, nbytes, offset = _END64.unpack(record)
        if signature == _END64_SIGNATURE and at + 12 + length == limit:
            return _End64(at, disk, disk_start, here, entries, nbytes, offset)
    raise Corrupt("the zip64 end record is not where its locator says", FETCH_AGAIN, f"byte {limit}", id="zip64")


def _directory_bounds(source: SourceFile, end: _End) -> tuple[int, int, list[Finding]]:
    """(bytes before the archive, where the directory is, findings)."""
    at = end.limit - end.nbytes
    if at == end.declared:
        return 0, at, []
    if at < 0 or end.declared + 4 > source.size:
        raise Corrupt("the ZIP directory does not lie inside the file", FETCH_AGAIN, f"byte {end.limit}")
    by_size = source.read(at, min(4, end.nbytes)) == ENTRY_SIGNATURE
    by_offset = source.read(end.declared, 4) == ENTRY_SIGNATURE
    if by_size and by_offset:
        raise Ambiguous("the ZIP archive has two directories that could both be meant", DOUBT, f"byte {end.declared}")
    if by_size and at > end.declared:
        start = at - end.declared
        return start, at, [_leading_junk(start)]
    raise Corrupt("the ZIP directory is not where the end record says", FETCH_AGAIN, f"byte {end.declared}")


def _leading_junk(start: int) -> Finding:
    return Finding("leading-junk", "danger", "byte 0", f"{start:,} bytes lie before the ZIP archive: torch reads this file as an "
                   "old pickle from its first byte, other programs as a ZIP.", "Do not load it with torch.load.")


# -- names ------------------------------------------------------------------------------------------------------------


def check_names(names: list[str], any_case: bool = True, monitor: Monitor = QUIET) -> list[Finding]:
    """Findings about names; raises Ambiguous where two members could be taken for one another. Cheap when all is well:
    one look at all names joined."""
    joined = "\0".join(names)
    if joined.count("\0") != len(names) - 1:
        bad = next(name for name in names if "\0" in name)
        raise Ambiguous(f"a member's name holds a NUL ({quoted(bad, 80)}): some programs cut it there", DOUBT, visible(bad, 80),
                        id="nul_in_name")
    monitor.check()
    folded = joined.casefold() if any_case else joined
    if len(distinct(names, monitor)) < len(names) or (folded != joined and len(set(folded.split("\0"))) < len(names)):
        _refuse_twins(folded.split("\0"), names, "are named the same")
    monitor.check()
    findings = []
    if "\\" in joined:
        _refuse_twins(folded.replace("\\", "/").split("\0"), names, "are named the same on Windows")
        findings += _some("backslash", "warning", [name for name in names if "\\" in name],
                          "has a backslash in its name, which Windows takes for a folder separator.", "")
    if "../" in joined or "/.." in joined or joined.startswith("/") or "\0/" in joined or ":" in joined or "\\" in joined:
        findings += _some("path-traversal", "danger", [name for name in names if _climbs(name)],
                          "has a name that would leave the folder it is unpacked to.",
                          "Nothing is unpacked here. Do not unpack it with other programs.")
    if len(joined) > 1024 and max(map(len, names)) > 1024:
        findings += _some("long-name", "warning", [name for name in names if len(name) > 1024],
                          "has a name longer than 1,024 characters.", "")
    return findings


def _climbs(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return ".." in parts or parts[0] == "" or (len(name) > 1 and name[1] == ":" and name[0].isalpha())


def _refuse_twins(folded: list[str], names: list[str], how: str) -> None:
    seen: dict[str, int] = {}
    for n, name in enumerate(folded):
        other = seen.setdefault(name, n)
        if other != n:
            raise Ambiguous(f"two members of the ZIP archive {how}: {quoted(names[other], 80)} and {quoted(names[n], 80)}",
                            DOUBT, visible(names[n], 80), id="duplicate_member")


def _some(id: str, level: Level, names: list[str], text: str, hint: str) -> list[Finding]:
    """One finding per name for the first few, then one for the rest."""
    found = [Finding(id, level, visible(name), f"The member {quoted(name, 80)} {text}", hint) for name in names[:_LISTED]]
    if len(names) > _LISTED:
        found.append(Finding(id, level, "", f"{len(names) - _LISTED:,} more members: each {text}", hint))
    return found


# -- where the members lie --------------------------------------------------------------------------------------------


def _placed(table: Table, source: SourceFile, at: int) -> tuple[Columns, list[str]]:
    """The columns of a directory that begins at `at`, and the names of the members that do not lie inside the file at all. Raises Corrupt
    where two members share bytes."""
    bounds, outside = _bounds(table, source.size, at)
    sizes = _narrowed(table.sizes)
    packed = sizes if table.packed is table.sizes else _narrowed(table.packed)
    code = "I" if source.size < 1 << 32 else "Q"
    offsets = array(code, bytes(array(code).itemsize * len(bounds)))
    return Columns(source.index, table.raws, table.lengths, table.flags, table.methods, table.crcs, packed, sizes,
                   _narrowed(table.headers), _narrowed(bounds), offsets), outside


def _narrowed(column: array[int]) -> array[int]:
    """A long column in half the memory, if its numbers fit."""
    if len(column) < _WORTH_NUMPY or "numpy" not in sys.modules:
        return column
    import numpy as np
    numbers = np.frombuffer(column, np.uint64)
    return column if int(numbers.max()) >> 32 else array("I", numbers.astype(np.uint32).tobytes())


def _look_at_members(directory: ZipDirectory, columns: Columns, outside: list[str], source: SourceFile, packed_well: int) -> None:
    """Notes what is wrong with single members."""
    doubtful, members = outside, directory.members
    if any(columns.methods) or columns.packed != columns.sizes:
        doubtful = [*outside, *(name for name, extent in members.items() if extent.method != STORED or extent.size != extent.nbytes)]
    for name in dict.fromkeys(doubtful):
        note = _note(members[name], source.size, packed_well)
        if note:
            directory.notes[name] = note
            directory.add("bad-member", "warning", name, f"The member {quoted(name, 80)} cannot be read: {note.partition(': ')[2]}.",
                          "The rest of the file can be.", "cannot be read")


def _look_at_headers(directory: ZipDirectory, columns: Columns, source: SourceFile, at: int) -> None:
    """Reads the local headers where that is cheap."""
    if source.is_far:           # each would be a request
        return
    first = min(columns.headers)
    if len(directory.members) <= _ALL_LOCAL:
        directory.confirm(source, list(directory.members))
    elif 0 <= at - first <= _SMALL_SPAN:
        _confirm_all(directory, columns, source.read(first, at - first), first)


def _bounds(table: Table, file_size: int, at: int) -> tuple[array[int], list[str]]:
    """For each member the first byte after it that belongs to something else, and the names of members that do not lie
    inside the file at all. Raises Corrupt for members that overlap each other or the directory."""
    headers = table.headers
    bounds = headers[1:]
    bounds.append(at)
    if not _overlapping(table, bounds):
        return bounds, []      # as nearly always
    ends = [*_ends(table)]
    outside: list[str] = []
    bound, after = at, -1
    for n in sorted(range(len(headers)), key=headers.__getitem__, reverse=True):
        if ends[n] > file_size:
            outside.append(table.names[n])
        elif ends[n] > bound:
            raise _overlap(table, n, after, ends[n], bound)
        bounds[n] = bound
        if headers[n] < bound:
            bound, after = headers[n], n
    return bounds, outside


def _overlapping(table: Table, bounds: array[int]) -> bool:
    """Whether a member ends behind its bound."""
    if len(bounds) < _WORTH_NUMPY or "numpy" not in sys.modules:
        return any(map(gt, _ends(table), bounds))
    import numpy as np
    headers, packed, limits = (np.frombuffer(column, np.uint64) for column in (table.headers, table.packed, bounds))
    if max(headers.max(), packed.max()) >> 62:                          # whose sums may not fit
        return any(map(gt, _ends(table), bounds))
    return bool((headers + packed + (np.frombuffer(table.lengths, np.uint16) + np.uint64(zip_local_header.FIXED)) > limits).any())


def _ends(table: Table) -> Iterator[int]:
    """The byte behind each member, as long as its extra field is not known."""
    return map(add, map(add, table.headers, table.packed), map(zip_local_header.FIXED.__add__, table.lengths))


def _overlap(table: Table, n: int, other: int, end: int, bound: int) -> Corrupt:
    start = table.headers[n]
    with_what = "the directory" if other < 0 else f"{quoted(table.names[other], 80)}"
    return Corrupt(f"two members of the ZIP archive share bytes: {quoted(table.names[n], 80)} ({start:,} to {end:,}) overlaps "
                   f"{with_what} (from {bound:,}), as in a zip bomb", "Do not trust this file.", f"byte {start}", id="overlap")


def _note(extent: Extent, file_size: int, packed_well: int) -> str:
    """What is wrong with a member by itself, or ""."""
    assert extent.local is not None
    begin = extent.local.at + zip_local_header.FIXED + len(extent.local.name)
    if begin + extent.nbytes > file_size:
        return f"outside: it should end at byte {begin + extent.nbytes:,} or later, but the file has {file_size:,}"
    if extent.method == STORED:
        if extent.size == extent.nbytes:
            return ""
        return f"corrupt: it is stored in {extent.nbytes:,} bytes but declares {extent.size:,}"
    if extent.method != DEFLATED:
        return f"unsupported: it is packed with compression method {extent.method}, which is not read here"
    if extent.size > extent.nbytes * LIMITS.inflate_ratio + 64:
        return f"too_big: it declares {extent.size:,} bytes, more than {extent.nbytes:,} packed bytes can unpack to"
    if extent.size > packed_well and extent.size > extent.nbytes * _BOMB_RATIO:
        return f"too_big: its {extent.nbytes:,} bytes would unpack to {extent.size:,}, as in a zip bomb"
    return ""


def _header_at(source: SourceFile, at: int, bound: int) -> bytes:
    """The whole local header at `at`, which ends before `bound` unless it lies; b"" when there is none."""
    head = source.read(at, max(0, min(256, bound - at, source.size - at))) if 0 <= at <= source.size else b""
    if not head.startswith(zip_local_header.SIGNATURE) or len(head) < zip_local_header.FIXED:
        return b""
    length = zip_local_header.header_nbytes(head)
    if length <= len(head):
        return head[:length]
    return source.read(at, length) if at + length <= source.size else b""


def _confirm_all(directory: ZipDirectory, columns: Columns, data: bytes, first: int) -> None:
    """The same as `confirm` for all members, from the archive's bytes `data` that begin at `first`."""
    unpack = _LOCAL.unpack_from
    members, notes, offsets, raws = directory.members, directory.notes, columns.offsets, columns.raws
    last = len(data) - zip_local_header.FIXED
    rows = zip(members.names, columns.headers, columns.packed, columns.sizes, columns.methods, columns.crcs, columns.flags, columns.bounds,
               strict=True)
    for number, (name, at, nbytes, size, method, crc, flags, bound) in enumerate(rows):
        begin = at - first
        if name in notes:
            continue
        if begin > last:
            directory.check_header(name, b"")
            continue
        signature, l_flags, l_method, l_crc, l_nbytes, l_size, n_name, n_extra = unpack(data, begin)
        name_at = begin + zip_local_header.FIXED
        payload = at + zip_local_header.FIXED + n_name + n_extra
        raw = name.encode() if raws is None else raws[number]
        # the common case: the same, with sizes and CRC left to the data descriptor as torch does, or stated
        if (signature == zip_local_header.SIGNATURE and data[name_at:name_at + n_name] == raw and l_flags == flags
                and l_method == method and payload + nbytes <= bound
                and (not l_crc and not l_nbytes and not l_size if flags & zip_local_header.DESCRIPTOR
                     else l_crc == crc and l_nbytes == nbytes and l_size == size)):
            offsets[number] = payload
        else:
            header = data[begin:name_at + n_name + n_extra] if signature == zip_local_header.SIGNATURE else b""
            directory.check_header(name, header)


def _unusual_ends(source: SourceFile, end: _End, table: Table) -> list[Finding]:
    """What lies before the first member and after the end record."""
    findings = []
    first = min(table.headers)
    if first > 0 and end.declared == end.limit - end.nbytes:
        if source.read(0, 4) == zip_local_header.SIGNATURE:
            findings.append(Finding("hidden-member", "danger", "byte 0", f"The first {first:,} bytes hold a ZIP member that the "
                                    "directory does not list.", DOUBT))
        else:
            findings.append(_leading_junk(first))
    if source.size - end.after > _SEEN and not any(source.read(end.after, _SEEN)):
        findings.append(Finding("padded", "danger", f"byte {end.after}", f"The ZIP archive is whole, and {source.size - end.after:,} zeros "
                                "follow it, as far as a look in a few places tells: no other program finds its directory behind so many.",
                                "Save it again to get a file without them. They are what is left of space that was reserved for a larger "
                                "file."))
    elif source.size > end.after:
        rest = counted(source.size - end.after, "byte follows", "bytes follow")
        findings.append(Finding("trailing", "warning", f"byte {end.after}", f"{rest} the end of the ZIP archive.",
                                "They are no part of the checkpoint and are not kept when it is saved."))
    if end.comment:
        text = visible(end.comment.decode("utf-8", "replace"), 200)
        where = f"byte {end.after - len(end.comment)}"
        findings.append(Finding("comment", "info", where, f"The ZIP archive carries a comment: {text}"))
    if table.oddly_encoded:
        findings += _some("name-encoding", "warning", table.oddly_encoded,
                          "has a name that is not UTF-8; it is shown as code page 437.", "")
    return findings
