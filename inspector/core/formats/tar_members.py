"""The members of a tar archive, from its 512-byte headers alone (POSIX.1-1988 ustar, GNU and pax extensions)."""
from __future__ import annotations

from typing import NamedTuple

from ..bytes import SourceFile

_BLOCK = 512
_MOST = 4096                               # headers looked at
_LONGEST_NAME = 4096                       # bytes
_FILE_TYPES = (b"0", b"\0", b"7")


class TarMember(NamedTuple):
    """A regular file in the archive: its name as written, where its bytes begin and how many there should be."""

    name: str
    offset: int
    nbytes: int


def is_tar(head: bytes) -> bool:
    """Whether `head` begins with a header whose checksum is right. A block of zeros is none."""
    return len(head) >= _BLOCK and any(head[:_BLOCK]) and _checksum_holds(head[:_BLOCK])


def walk(source: SourceFile) -> list[TarMember]:
    """The regular files, in order, as far as headers can be followed. Nothing is extracted."""
    found: list[TarMember] = []
    at = 0
    long_name = ""
    for _ in range(_MOST):
        if at + _BLOCK > source.size:
            break
        header = source.read(at, _BLOCK)
        nbytes = _number(header[124:136])
        if not any(header) or not _checksum_holds(header) or nbytes is None:
            break
        kind = header[156:157]
        if kind in (b"L", b"x"):
            payload = source.read(at + _BLOCK, max(min(nbytes, _LONGEST_NAME, source.size - at - _BLOCK), 0))
            long_name = (_text(payload) if kind == b"L" else _pax_path(payload)) or long_name
        elif kind != b"g":
            if kind in _FILE_TYPES:
                found.append(TarMember(long_name or _name(header), at + _BLOCK, nbytes))
            long_name = ""
        at += _BLOCK + -(-nbytes // _BLOCK) * _BLOCK
    return found


def _checksum_holds(header: bytes) -> bool:
    stated = _number(header[148:156])
    blanked = header[:148] + b" " * 8 + header[156:]
    return stated is not None and stated in (sum(blanked), sum(blanked) - 256 * sum(byte >= 128 for byte in blanked))


def _number(field: bytes) -> int | None:
    """Octal text, or GNU's base-256 when the first bit is set; None for anything else and for negative numbers."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    if field[0] > 0x80 or digits.strip(b"01234567"):
        return None
    return int(digits or b"0", 8)


def _name(header: bytes) -> str:
    name = _text(header[:100])
    prefix = _text(header[345:500]) if header[257:263] == b"ustar\0" else ""
    return f"{prefix}/{name}" if prefix else name


def _pax_path(payload: bytes) -> str:
    """The value of `path` among records like `27 path=some/long/name\\n`; "" when there is none."""
    for record in payload.split(b"\n"):
        _, _, assignment = record.partition(b" ")
        if assignment.startswith(b"path="):
            return _text(assignment[5:])
    return ""


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("utf-8", "backslashreplace")
