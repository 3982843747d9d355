"""Whether a file ends in a zip archive, wherever the archive begins, and where that is."""
from __future__ import annotations

import struct

from inspector.core.io.sources import SourceFile

_END = b"PK\x05\x06"
_FIXED = 22
_LOCATOR, _END64 = struct.Struct("<4sIQI"), struct.Struct("<4sQHHIIQQQQ")
_WINDOW = _FIXED + 65_535                  # the end record and the longest comment it can have


def zip_at_end(source: SourceFile) -> bool:
    """True when an end-of-central-directory record closes the file exactly, and a directory (or nothing) lies before it."""
    window = source.read(max(source.size - _WINDOW, 0), min(source.size, _WINDOW))
    at = window.rfind(_END)
    while at >= 0:
        if at + _FIXED <= len(window) and at + _FIXED + int.from_bytes(window[at + 20:at + 22], "little") == len(window):
            return _directory_before(source, source.size - len(window) + at, window[at:at + _FIXED])
        at = window.rfind(_END, 0, at)
    return False


def _directory_before(source: SourceFile, end: int, record: bytes) -> bool:
    entries: int
    nbytes: int
    entries, nbytes = struct.unpack_from("<HI", record, 10)
    if nbytes == 0xFFFFFFFF or entries == 0xFFFF:
        return end >= 20 and source.read(end - 20, 4) == b"PK\x06\x07"
    if entries == 0:
        return nbytes == 0
    return nbytes <= end and end >= 4 and source.read(end - nbytes, 4) == b"PK\x01\x02"


def archive_before(source: SourceFile, end: int) -> int | None:
    """Where the archive without a comment begins whose end record ends at `end`, by its own account; None where there is none. What lies
    before it is not part of it: offsets in an archive count from its own beginning, wherever in a file it was written."""
    at = end - _FIXED
    record = source.read(at, _FIXED) if at >= 0 else b""
    if not record.startswith(_END) or record[20:] != b"\0\0":
        return None
    nbytes: int
    declared: int
    nbytes, declared = struct.unpack_from("<II", record, 12)
    locator = source.read(at - _LOCATOR.size, _LOCATOR.size) if at >= _LOCATOR.size + _END64.size else b""
    if locator.startswith(b"PK\x06\x07"):
        at -= _LOCATOR.size + _END64.size
        large = _END64.unpack(source.read(at, _END64.size))
        if large[0] != b"PK\x06\x06" or _LOCATOR.unpack(locator)[2] != declared + nbytes:
            return None
        nbytes, declared = large[8], large[9]
    start = at - nbytes - declared
    return start if start >= 0 and nbytes and source.read(start, 4) == b"PK\x03\x04" else None


def last_end(source: SourceFile) -> int | None:
    """Where the last archive without a comment ends, where that is among the file's last 64 KiB."""
    first = max(source.size - _WINDOW, 0)
    window = source.read(first, source.size - first)
    at = window.rfind(_END)
    while at >= 0:
        end = first + at + _FIXED
        if end <= source.size and archive_before(source, end) is not None:
            return end
        at = window.rfind(_END, 0, at)
    return None
