"""Compressed streams of one file, unpacked bit by bit: zlib, gzip, bzip2, xz and LZMA."""
from __future__ import annotations

import zlib
from typing import Any

_MEMORY = 128 << 20         # bytes that a decoder of LZMA may take
_GZIP = 31                  # zlib's number for a gzip header


class Unpacker:
    """`ended`: the stream is over, whatever follows it. `waits`: there is more to come of what was fed already."""

    def __init__(self, decoder: Any, errors: tuple[type[Exception], ...]) -> None:
        self._decoder = decoder
        self._errors = errors
        self._is_zlib = hasattr(decoder, "unconsumed_tail")

    @property
    def ended(self) -> bool:
        return bool(self._decoder.eof)

    @property
    def waits(self) -> bool:
        if self._is_zlib:
            return bool(self._decoder.unconsumed_tail)
        return not self._decoder.eof and not self._decoder.needs_input

    @property
    def rest(self) -> bytes:
        """What was fed behind the end of the stream."""
        return bytes(self._decoder.unused_data) if self._decoder.eof else b""

    def feed(self, packed: bytes, most: int) -> bytes:
        """At most `most` bytes of what `packed` goes on to unpack to, behind what was fed before. Raises ValueError for damage."""
        try:
            if self._is_zlib:
                packed = self._decoder.unconsumed_tail + packed
            unpacked: bytes = self._decoder.decompress(packed, most)
            return unpacked
        except self._errors as error:
            raise ValueError(str(error)) from error


def compression_of(head: bytes) -> str:
    """How a file that begins with `head` is compressed, by its first bytes; "" where it is not."""
    if len(head) > 2 and head[0] == 0x78 and int.from_bytes(head[:2], "big") % 31 == 0:
        return "zlib"
    if head.startswith(b"BZh") and head[3:4].isdigit():
        return "bzip2"
    if head.startswith(b"\x5d\0\0") and len(head) > 12:
        return "LZMA"
    return "gzip" if head.startswith(b"\x1f\x8b\x08") else "xz" if head.startswith(b"\xfd7zXZ\0") else ""


def unpacker(method: str) -> Unpacker | None:
    """What unpacks a stream of that `compression_of`; None for any other, and where this Python was built without it."""
    if method in ("zlib", "gzip"):
        return Unpacker(zlib.decompressobj(_GZIP if method == "gzip" else zlib.MAX_WBITS), (zlib.error,))
    try:
        if method == "bzip2":
            import bz2  # like lzma, not in every Python
            return Unpacker(bz2.BZ2Decompressor(), (OSError, EOFError))
        if method in ("xz", "LZMA"):
            import lzma
            form = lzma.FORMAT_XZ if method == "xz" else lzma.FORMAT_ALONE
            return Unpacker(lzma.LZMADecompressor(form, memlimit=_MEMORY), (lzma.LZMAError, EOFError))
    except ImportError:
        pass
    return None


def beginning(head: bytes, most: int) -> bytes:
    """The first bytes of what a file that begins with `head` unpacks to; b"" where it is not compressed, or damaged."""
    made = unpacker(compression_of(head))
    try:
        return made.feed(head, most) if made is not None else b""
    except ValueError:
        return b""
