"""CRC-32, zip's checksum, at the speed of memory: zlib-ng uses the processor's carry-less multiplication and takes a twentieth of
the time of the zlib that most Pythons bring. Every byte that is read, written or compared here goes through it."""
from __future__ import annotations

from functools import cache

try:
    from zlib_ng.zlib_ng import crc32
except ImportError:             # as in a checkout that was never installed: the same sums, later
    from zlib import crc32

__all__ = ["crc32", "joined"]

_POLYNOMIAL = 0xEDB88320        # its coefficients from x^0 on, as all here
_ONE = 1 << 31


def joined(first: int, second: int, nbytes: int) -> int:
    """The checksum of bytes whose checksum is `first` and of `nbytes` behind them with `second`: that many more bytes multiply the first
    by x^(8 `nbytes`). Source: `crc32_combine` of zlib's crc32.c."""
    shift, power, step = _ONE, 3, nbytes
    while step:
        if step & 1:
            shift = _product(_squared(power), shift)
        step, power = step >> 1, power + 1
    return _product(shift, first) ^ second


def _product(a: int, b: int) -> int:
    """Of two polynomials, modulo that of the checksum."""
    found, bit = 0, _ONE
    while bit:
        if a & bit:
            found ^= b
        b = (b >> 1) ^ (_POLYNOMIAL if b & 1 else 0)
        bit >>= 1
    return found


@cache
def _squared(times: int) -> int:
    """x, squared so many times."""
    return 1 << 30 if not times else _product(_squared(times - 1), _squared(times - 1))
