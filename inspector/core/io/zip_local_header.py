"""A zip member's local header against what the central directory says of it (APPNOTE 6.3.10, 4.3.7 and 4.5.3).

Two readers that trust different headers see different members, so every difference that can matter is named.
"""
from __future__ import annotations

import struct
from typing import NamedTuple

from inspector.core.checkpoint import Extent
from inspector.core.wording import count

FIXED = 30
SIGNATURE = b"PK\x03\x04"
ENCRYPTED, DESCRIPTOR, PATCHED, UTF8 = 0x0001, 0x0008, 0x0020, 0x0800
FULL32 = 0xFFFFFFFF

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_FLAGS_THAT_MATTER = ENCRYPTED | PATCHED | UTF8
_EXTRA = 256            # bytes that a local header may be longer than it is guessed


class DirectoryEntry(NamedTuple):
    """What the central directory says about one member. `crc` as recorded (0 when the writer did not compute it)."""

    name: bytes
    flags: int
    method: int
    crc: int
    nbytes: int
    size: int


def span_of(extent: Extent) -> tuple[int, int]:
    """(begin, end) of a member's bytes with the local header before them, as long as its length is not known: with room for the extra
    field, in which torch pads the bytes to a multiple of 64."""
    end = extent.offset + extent.nbytes
    return (extent.offset, end) if extent.local is None else (extent.local.at, min(end + _EXTRA, extent.local.bound))


def header_nbytes(head: bytes) -> int:
    """Length of the local header that starts with `head` (at least 30 bytes): fixed part, name and extra field."""
    return FIXED + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")


def differences(header: bytes, entry: DirectoryEntry) -> list[str]:
    """How the local `header` (complete: see `header_nbytes`) contradicts the central directory; empty when it does not.

    Sizes and CRC are compared only where the local header states them: with a data descriptor (flag 8) writers, torch's
    among them, put zeros there.
    """
    _, _, flags, method, _, _, crc, nbytes, size, n_name, n_extra = _LOCAL.unpack_from(header)
    name = header[FIXED:FIXED + n_name]
    if (name, flags, method) == entry[:3] and (
            crc == nbytes == size == 0 if flags & DESCRIPTOR else (crc, nbytes, size) == entry[3:]):
        return []
    if nbytes == FULL32 or size == FULL32:
        nbytes, size = zip64_sizes(header[FIXED + n_name:FIXED + n_name + n_extra], nbytes, size)
    found = []
    if name != entry.name:
        found.append(f"name {_text(name)!r} instead of {_text(entry.name)!r}")
    if (flags ^ entry.flags) & _FLAGS_THAT_MATTER:
        found.append(f"flags {flags:#06x} instead of {entry.flags:#06x}")
    if method != entry.method:
        found.append(f"compression method {method} instead of {entry.method}")
    later = bool(flags & DESCRIPTOR)
    if nbytes != entry.nbytes and not (later and nbytes == 0):
        found.append(f"{nbytes:,} packed bytes instead of {entry.nbytes:,}")
    if size != entry.size and not (later and size == 0):
        found.append(f"{count(size, 'byte')} instead of {entry.size:,}")
    if crc != entry.crc and not (later and crc == 0):
        found.append(f"CRC {crc:08x} instead of {entry.crc:08x}")
    return found


def zip64_sizes(extra: bytes, nbytes: int, size: int) -> tuple[int, int]:
    """(packed, unpacked) with 0xFFFFFFFF resolved from the zip64 field, whose order is unpacked first."""
    values = list(zip64_field(extra))
    if size == FULL32 and values:
        size = values.pop(0)
    if nbytes == FULL32 and values:
        nbytes = values.pop(0)
    return nbytes, size


def zip64_field(extra: bytes) -> tuple[int, ...]:
    """The 8-byte numbers of the zip64 field (id 1) in an extra field; () when there is none or it is cut short."""
    field = extra_field(extra, 1)
    return struct.unpack_from(f"<{len(field) // 8}Q", field)


def extra_field(extra: bytes, kind: int) -> bytes:
    """The contents of the first field `kind` in an extra field; b"" when there is none or it is cut short."""
    at = 0
    while at + 4 <= len(extra):
        found, length = struct.unpack_from("<HH", extra, at)
        if at + 4 + length > len(extra):
            return b""
        if found == kind:
            return extra[at + 4:at + 4 + length]
        at += 4 + length
    return b""


def _text(name: bytes) -> str:
    shown = name.decode("utf-8", "replace")
    return shown if len(shown) <= 80 else shown[:60] + "…" + shown[-19:]
