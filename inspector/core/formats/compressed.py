"""A pickle in one compressed stream, as joblib.dump(compress=…) and pickle.dump into gzip.open write it: zlib, gzip, bzip2, xz and LZMA.

It is unpacked in memory, never to disk, and no further than a file of its size may ask for. Other files in such a stream (a .pth that was
gzipped, a tar) are told to be that, and are left to programs that unpack files: see `sniffing.other_files`.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

from inspector.core.checkpoint import Checkpoint
from inspector.core.errors import Corrupt, TooBig, Truncated, Unsupported
from inspector.core.formats.shared.compression import Unpacker, compression_of, unpacker
from inspector.core.io.sources import SourceFile, in_memory
from inspector.core.limits import Limits
from inspector.core.progress import Monitor
from inspector.core.wording import count

_READ, _HEAD = 1 << 20, 16  # bytes fed at once; bytes that tell a stream by
_FREE, _RATIO = 64 << 20, 16        # bytes that any file may unpack to, and how many times its size a large one
_UNPACK = "Unpack it with a program for such files (or load it with joblib and dump it without compress=), then open the result."

ReadOne = Callable[[SourceFile, str, Limits, Monitor], Checkpoint]


def read(source: SourceFile, path: str, read_one: ReadOne, limits: Limits, monitor: Monitor) -> Checkpoint:
    """The checkpoint in what `source` unpacks to, read by `read_one`. Raises Truncated, Corrupt and TooBig, and what that raises."""
    method = compression_of(source.read(0, min(_HEAD, source.size)))
    made = unpacker(method)
    if made is None:
        raise Unsupported(f"the file is compressed with {method}, which this Python cannot unpack", _UNPACK, id="compressed")
    raw = _unpacked(source, made, method, limits, monitor)
    ckpt = read_one(in_memory(raw, path), path, limits, monitor)
    facts = {**ckpt.facts, "compression": method}
    return replace(ckpt, files=(source.stamp,), facts=MappingProxyType(facts))


def _unpacked(source: SourceFile, made: Unpacker, method: str, limits: Limits, monitor: Monitor) -> bytes:
    """All that it unpacks to, of several streams one behind the other too, as gzip and bzip2 have them."""
    most = min(max(_FREE, _RATIO * source.size), limits.preview)
    raw = bytearray()
    at, packed = 0, b""
    while True:
        if not packed and not made.waits:
            if at >= source.size:
                break
            monitor.report(at, source.size)
            packed = source.read(at, min(_READ, source.size - at))
            at += len(packed)
        if made.ended:
            packed += source.read(at, min(_HEAD, source.size - at))
            at = min(at + _HEAD, source.size)
            another = unpacker(method) if compression_of(packed) == method else None
            if another is None:
                break
            made = another
        try:
            raw += made.feed(packed, most + 1 - len(raw))
        except ValueError as error:
            raise Corrupt(f"the file is compressed with {method} and is damaged {count(len(raw), 'byte')} into what it unpacks to",
                          "Fetch or copy the file again.", f"byte {at}") from error
        packed = made.rest
        if len(raw) > most:
            raise TooBig(f"the file is compressed with {method} and unpacks to more than {most:,} bytes", _UNPACK)
    if not made.ended:
        raise Truncated(f"the file is compressed with {method} and ends in the middle of it", "The download or copy was interrupted: fetch "
                        "the file again.", f"byte {source.size}")
    return bytes(raw)
