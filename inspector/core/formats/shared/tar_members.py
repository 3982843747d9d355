"""The members of a tar archive, from its 512-byte headers alone (POSIX.1-1988 ustar, GNU and pax extensions)."""
from __future__ import annotations

from typing import NamedTuple

from inspector.core.errors import Corrupt, ReadError, Truncated
from inspector.core.io.sources import SourceFile
from inspector.core.keypath import quoted, visible
from inspector.core.wording import count

_BLOCK = 512
_MOST = 4096                               # headers looked at
_LONGEST_NAME = 4096                       # bytes
_FILE_TYPES = (b"0", b"\0", b"7")
_BODILESS = (b"1", b"2", b"3", b"4", b"5", b"6")     # links, devices, folders, pipes
_AGAIN = "The download or copy may have been interrupted: fetch the file again."


class TarMember(NamedTuple):
    """A member of the archive: its name as written, where its bytes begin and how many there should be. `regular` is False
    for links, folders and devices."""

    name: str
    offset: int
    nbytes: int
    regular: bool = True


def is_tar(head: bytes) -> bool:
    """Whether `head` begins with a header whose checksum is right. A block of zeros is none."""
    return len(head) >= _BLOCK and any(head[:_BLOCK]) and _checksum_holds(head[:_BLOCK])


def plain(name: str) -> str:
    """A member's name without the "./" that tar puts before it."""
    return name.removeprefix("./")


def regular_files(source: SourceFile) -> list[TarMember]:
    """The regular files, in order, as far as headers can be followed. Nothing is extracted."""
    return [member for member in members_of(source)[0] if member.regular]


def members_of(source: SourceFile) -> tuple[list[TarMember], ReadError | None]:
    """All members, as far as headers can be followed, and what is wrong with the one after that (None: the archive ends)."""
    found: list[TarMember] = []
    at = 0
    extended: dict[str, str] = {}
    for _ in range(_MOST):
        if at >= source.size:
            break
        header = source.read(at, min(_BLOCK, source.size - at))
        if not any(header):
            break
        wrong = _wrong(header, at)
        if wrong is not None:
            if len(header) == _BLOCK and _checksum_holds(header):
                found.append(TarMember(_name(header), at + _BLOCK, 0, False))
            return found, wrong
        kind = header[156:157]
        nbytes = _number(header[124:136]) or 0
        if kind in (b"L", b"x"):
            payload = source.read(at + _BLOCK, max(min(nbytes, _LONGEST_NAME, source.size - at - _BLOCK), 0))
            extended.update({"path": _text(payload)} if kind == b"L" else _pax(payload))
        elif kind != b"g":
            declared = extended.get("size", "")
            if declared.isascii() and declared.isdecimal() and len(declared) < 20:
                nbytes = int(declared)
            if kind in _BODILESS:
                nbytes = 0
            found.append(TarMember(extended.get("path") or _name(header), at + _BLOCK, nbytes, kind in _FILE_TYPES))
            extended = {}
        end = at + _BLOCK + nbytes
        if end > source.size:
            return found, Truncated(f"a member of the tar archive has {count(nbytes, 'byte')} and begins at byte {at + _BLOCK:,}, but the "
                                    f"file ends at {source.size:,}", _AGAIN, visible(found[-1].name, 80) if found else f"byte {at}")
        at += _BLOCK + -(-nbytes // _BLOCK) * _BLOCK
    return found, None


def _wrong(header: bytes, at: int) -> ReadError | None:
    if len(header) < _BLOCK:
        return Truncated(f"the tar archive ends in the middle of a header, at byte {at + len(header):,}", _AGAIN, f"byte {at}")
    if not _checksum_holds(header):
        return Corrupt("a header of the tar archive is damaged: its checksum is wrong", _AGAIN, f"byte {at}")
    if _number(header[124:136]) is None:
        return Corrupt(f"the tar member {quoted(_name(header), 80)} has an impossible size",
                       "The file is damaged or was made to confuse its reader.", f"byte {at}")
    return None


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


def _pax(payload: bytes) -> dict[str, str]:
    """`path` and `size` among records like `27 path=some/long/name\\n`."""
    found = {}
    for record in payload.split(b"\n"):
        name, _, value = record.partition(b" ")[2].partition(b"=")
        if name in (b"path", b"size"):
            found[name.decode()] = _text(value)
    return found


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("utf-8", "backslashreplace")
