"""Numbers and strings that pickles of protocol 0 write as lines of text, read as the C unpickler reads them.

`Modules/_pickle.c` reads INT by `strtol(s, 0)` and, where that stops early, by `PyLong_FromString(s, 0)`; LONG by the
latter alone; GET and PUT by `PyLong_FromString(s, 10)`; FLOAT by `PyOS_string_to_double`; and STRING by
`PyBytes_DecodeEscape`. The pure Python unpickler and pickletools differ from it and from each other ("010", "0x10",
"1_0"), so every spelling that a pickler would not write is reported as not canonical.

All of them stop at a NUL. A line is given without its newline. `ValueError` says that the C unpickler would refuse it.
"""
from __future__ import annotations

import re
import struct
from typing import NamedTuple

INT64_MIN, INT64_MAX = -(1 << 63), (1 << 63) - 1
SHORT = 64                              # longer digits than this never fit 64 bits, unless they are not canonical

_BOOLEAN = re.compile(rb"[ \t\v\f\r+][01]|-0|0[01]|[01]\0")
_OCTAL = re.compile(rb"[ \t\v\f\r]*[+-]?0[0-7]+")
_CANONICAL = re.compile(rb"0|-?[1-9][0-9]*")
_LONG_DECIMAL = re.compile(rb"[+-]?[1-9][0-9]*(?:_[0-9]+)*")
_LONG_OTHER_BASE = re.compile(rb"[+-]?0(?:[xX](?:_?[0-9a-fA-F])+|[oO](?:_?[0-7])+|[bB](?:_?[01])+|(?:_?0)+)")
_FLOAT = re.compile(rb"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|inf|infinity|nan)", re.IGNORECASE)
_BROKEN_ESCAPE = re.compile(rb"\\(?:\Z|x(?![0-9a-fA-F]{2}))")


class Number(NamedTuple):
    """`value` is None where 64 bits do not hold it; its digits are then `line[start:end]`."""

    value: bool | int | None
    start: int
    end: int
    canonical: bool


def int_line(line: bytes) -> Number:
    """The INT opcode, where `00` and `01` are booleans and a leading zero means octal."""
    if not line:
        raise ValueError("no digits")
    text = line.split(b"\0", 1)[0]
    if len(line) == 2 and _BOOLEAN.fullmatch(line):
        return Number(text.endswith(b"1"), 0, 2, line in (b"00", b"01"))
    if _OCTAL.fullmatch(text):
        value = int(text, 8)
        if not INT64_MIN <= value <= INT64_MAX:
            raise ValueError("octal digits beyond 64 bits")
        return Number(value, 0, len(line), False)
    return _number(line, len(line))


def long_line(line: bytes) -> Number:
    """The LONG opcode: any Python integer literal, usually with an L behind it."""
    if not line:
        raise ValueError("no digits")
    return _number(line, len(line) - line.endswith(b"L"))


def index_line(line: bytes) -> tuple[int, bool]:
    """The memo index of GET and PUT, and whether it is spelt as picklers spell it."""
    text = line.split(b"\0", 1)[0]
    if len(text) > SHORT:
        raise ValueError("an index of more than 64 characters")
    return int(text, 10), bool(_CANONICAL.fullmatch(line))


def float_line(line: bytes) -> int:
    """The FLOAT opcode: the 64 bits of the value, as a signed integer."""
    text = line.split(b"\0", 1)[0]
    if not _FLOAT.fullmatch(text):
        raise ValueError("not a number")
    value = float(text)
    if value in (float("inf"), float("-inf")) and b"n" not in text.lower():
        raise ValueError("beyond what 64 bits hold")
    bits: int = struct.unpack("<q", struct.pack("<d", value))[0]
    return bits


def quoted(line: bytes) -> tuple[int, int]:
    """Where the text between a STRING line's quotes starts and ends; its escapes are checked, not decoded."""
    if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in (b"'", b'"'):
        raise ValueError("no quotes around it")
    if b"\\" in line and not _escapes_are_sound(line[1:-1]):
        raise ValueError("a broken escape")
    return 1, len(line) - 1


def _number(line: bytes, end: int) -> Number:
    text = line[:end].split(b"\0", 1)[0]
    digits = text.strip()
    start = len(text) - len(text.lstrip())
    canonical = bool(_CANONICAL.fullmatch(line[:end]))
    if len(digits) <= SHORT:
        value = int(digits, 0)
        return Number(value if INT64_MIN <= value <= INT64_MAX else None, start, start + len(digits), canonical)
    if _LONG_DECIMAL.fullmatch(digits):
        return Number(None, start, start + len(digits), canonical)
    if _LONG_OTHER_BASE.fullmatch(digits):
        significant = digits.lstrip(b"+-").lower().replace(b"_", b"")
        if not significant.strip(b"0"):
            return Number(0, start, start + len(digits), False)
        return Number(None, start, start + len(digits), False)
    raise ValueError("not an integer")


def _escapes_are_sound(text: bytes) -> bool:
    """Whether every backslash has a character after it and every `\\x` two hexadecimal digits."""
    return _BROKEN_ESCAPE.search(text.replace(b"\\\\", b".")) is None
