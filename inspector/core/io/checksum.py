"""CRC-32, zip's checksum, at the speed of memory: zlib-ng uses the processor's carry-less multiplication and takes a twentieth of
the time of the zlib that most Pythons bring. Every byte that is read, written or compared here goes through it."""
from __future__ import annotations

try:
    from zlib_ng.zlib_ng import crc32
except ImportError:             # as in a checkout that was never installed: the same sums, later
    from zlib import crc32

__all__ = ["crc32"]
