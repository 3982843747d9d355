"""The protocol-buffers wire format, as far as ONNX needs it: fields of messages, read from the file where they stand.

Follows protobuf.dev/programming-guides/encoding. What a field holds is an extent of the file until somebody asks for it, so that the
gigabytes of a weight are skipped.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from inspector.core.errors import Corrupt, TooBig
from inspector.core.io.sources import SourceFile

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_WINDOW = 64 << 10
_DAMAGED = "The file is damaged or was not written by a correct program: fetch it again."


class Field(NamedTuple):
    """`value` of a VARINT; of the others the bytes lie from `begin` to `end` in the file."""

    number: int
    kind: int
    value: int
    begin: int
    end: int


class Messages:
    """Reads messages of one file. `most`: fields that are read in all."""

    def __init__(self, source: SourceFile, most: int) -> None:
        self._source = source
        self._left = most
        self._window = b""
        self._begin = 0

    def fields(self, begin: int, end: int) -> Iterator[Field]:
        """The fields of the message between two offsets. Raises Corrupt, TooBig."""
        at = begin
        while at < end:
            self._left -= 1
            if self._left < 0:
                raise TooBig("the model has more parts than any that a program writes", "The file is damaged, or made to exhaust memory.")
            key, at = self._varint(at, end)
            number, kind = key >> 3, key & 7
            if kind == VARINT:
                value, at = self._varint(at, end)
                yield Field(number, kind, value, at, at)
                continue
            if kind == BYTES:
                length, at = self._varint(at, end)
            elif kind in (FIXED64, FIXED32):
                length = 8 if kind == FIXED64 else 4
            else:
                raise Corrupt(f"there is no kind {kind} of fields", _DAMAGED, f"byte {at}")
            if length > end - at or number == 0:
                raise Corrupt("a field is longer than the message that it is in", _DAMAGED, f"byte {at}")
            yield Field(number, kind, 0, at, at + length)
            at += length

    def content(self, field: Field, most: int = 1 << 20) -> bytes:
        """What a field holds. Raises TooBig beyond so many bytes."""
        if field.end - field.begin > most:
            raise TooBig(f"a field of {field.end - field.begin:,} bytes is longer than any of its kind", _DAMAGED, f"byte {field.begin}")
        return self._read(field.begin, field.end - field.begin)

    def text(self, field: Field) -> str:
        return self.content(field, 1 << 16).decode("utf-8", "surrogateescape")

    def numbers(self, field: Field, most: int = 1 << 26) -> list[int]:
        """The varints of a packed field, or the one of a plain one, as 64-bit integers with sign."""
        if field.kind == VARINT:
            return [_signed(field.value)]
        data = self.content(field, most)
        found: list[int] = []
        value = shift = 0
        for byte in data:
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                found.append(_signed(value))
                value = shift = 0
            elif shift >= 63:
                raise Corrupt("a number has more than ten bytes", _DAMAGED, f"byte {field.begin}")
            else:
                shift += 7
        return found

    def _varint(self, at: int, end: int) -> tuple[int, int]:
        near = at - self._begin
        if at < end and 0 <= near < len(self._window) and (value := self._window[near]) < 0x80:        # as most are
            return value, at + 1
        value = shift = 0
        data = self._read(at, min(10, end - at))
        for n, byte in enumerate(data):
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value & (1 << 64) - 1, at + n + 1
            shift += 7
        raise Corrupt("a number does not end", _DAMAGED, f"byte {at}")

    def _read(self, at: int, nbytes: int) -> bytes:
        offset = at - self._begin
        if not 0 <= offset <= len(self._window) - nbytes:
            self._begin, offset = at, 0
            self._window = self._source.read(at, min(max(nbytes, _WINDOW), self._source.size - at))
        return self._window[offset:offset + nbytes]


def _signed(value: int) -> int:
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value
