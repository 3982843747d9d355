"""Whether a file ends in a zip archive, wherever the archive begins."""
from __future__ import annotations

import struct

from inspector.core.io.sources import SourceFile

_END = b"PK\x05\x06"
_FIXED = 22
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
