"""The loop over the elements of two tensors at once, compiled when there is enough to do (`core.compiled`), and its twin in numpy.

Both give the same counts, and sums equal to the last bits.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from ..compiled import Loops, Recipe, address_of, carray

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_PIECE = 1 << 17          # elements widened at once
_BLOCK = 2048               # elements looked at as bits first and, when some differ, as numbers from the processor's cache


class Apart(NamedTuple):
    """Of two chunks of as many floats. `different` elements differ (NaN equals NaN, 0.0 equals -0.0) or, with tolerances,
    are further apart than these allow; `flips` have opposite signs; `nonfinite` differ and one at least is no finite number.
    The rest is of elements finite on both sides: the greatest distance, and the sums of the squares of the distances, of
    a's, of b's, and of the products."""

    different: int
    flips: int
    nonfinite: int
    max_d: float
    dd: float
    aa: float
    bb: float
    ab: float


def apart(a: Array, b: Array, *, rtol: float = 0.0, atol: float = 0.0, worth: int = 0) -> Apart:
    """`a` and `b`: float32 or float64, or the bits of bfloat16 as uint16."""
    import numpy as np
    if a.dtype == np.uint16:
        return _widened(a, b, rtol, atol, worth)
    name = a.dtype.name
    compiled = loops.get(name, worth)
    if compiled is None:
        return apart_numpy(a, b, rtol=rtol, atol=atol)
    room, counts, sums = np.empty(_BLOCK), np.zeros(3, np.int64), np.zeros(5)
    one, other, keys = address_of(a, name), address_of(b, name), address_of(room, "f8")
    compiled(one, other, one, other, a.size, *_LIMITS[name], keys, keys, rtol, atol, address_of(counts, "i8"), address_of(sums, "f8"))
    return Apart(*counts.tolist(), *sums.tolist())


def _widened(a: Array, b: Array, rtol: float, atol: float, worth: int) -> Apart:
    """bfloat16 is the upper half of float32: widened piece by piece, in the processor's cache."""
    import numpy as np
    room = np.empty((2, min(a.size, _PIECE)), np.uint32)
    parts = []
    for start in range(0, a.size, _PIECE):
        wide = room[:, :min(_PIECE, a.size - start)]
        for n, bits in enumerate((a, b)):
            _widen(bits[start:start + _PIECE], wide[n], worth)
        x, y = wide.view(np.float32)
        parts.append(apart(x, y, rtol=rtol, atol=atol, worth=worth))
    return joined(parts)


def _widen(bits: Array, wide: Array, worth: int) -> None:
    compiled = loops.get("widen", worth)
    if compiled is None:
        wide[:] = bits
        wide <<= 16
        return
    compiled(address_of(bits, "u2"), address_of(wide, "u4"), bits.size)


def joined(parts: list[Apart]) -> Apart:
    """What chunks say together."""
    def total(values: list[float]) -> float:
        return math.fsum(values) if all(map(math.isfinite, values)) else math.inf
    return Apart(sum(part.different for part in parts), sum(part.flips for part in parts), sum(part.nonfinite for part in parts),
                 max((part.max_d for part in parts), default=0.0), total([part.dd for part in parts]),
                 total([part.aa for part in parts]), total([part.bb for part in parts]), total([part.ab for part in parts]))


_LIMITS = {"float32": (0x7F800000, (1 << 31) - 1), "float64": (0x7FF0000000000000, (1 << 63) - 1)}


# -- in numpy ---------------------------------------------------------------------------------------------------------------

def apart_numpy(a: Array, b: Array, *, rtol: float = 0.0, atol: float = 0.0, scale: float = 1.0, scale_d: float = 1.0) -> Apart:
    """The same of arrays of any real type, in float64. With `scale` and `scale_d` the elements and their distances are
    multiplied by these before they are squared: for numbers whose squares float64 does not hold."""
    import numpy as np
    parts = []
    for start in range(0, a.size, 1 << 16):
        with np.errstate(all="ignore"):
            x, y = a[start:start + (1 << 16)].astype(np.float64), b[start:start + (1 << 16)].astype(np.float64)
            finite = np.isfinite(x) & np.isfinite(y)
            differ = (x != y) & ~(np.isnan(x) & np.isnan(y))
            gap = np.abs(x - y)
            if rtol or atol:
                differ &= ~(finite & (gap <= atol + rtol * np.abs(y)))
            flips = ((x < 0) & (y > 0)) | ((x > 0) & (y < 0))
            counts = [int(np.count_nonzero(one)) for one in (differ, flips, differ & ~finite)]
            x, y, gap = x[finite], y[finite], gap[finite]
            most = float(gap.max()) if gap.size else 0.0
            x, y, gap = x * scale, y * scale, gap * scale_d
            sums = [float((one * other).sum()) for one, other in ((gap, gap), (x, x), (y, y), (x, y))]
        parts.append(Apart(counts[0], counts[1], counts[2], most, *sums))
    return joined(parts)


# -- to be compiled ---------------------------------------------------------------------------------------------------------

def _loop(kind: Any, wide: Any) -> Callable[..., Any]:
    """The loop for floats whose bits are of `kind`: np.uint32 or np.uint64. `wide` is np.float64: numba's float()
    leaves a float32 what it is."""
    def apart(a_at, b_at, bits_a_at, bits_b_at, size, infinite, magnitude, room_at, keys_at, rtol, atol,  # type: ignore[no-untyped-def]
              counts_at, sums_at):
        a, b, bits_a, bits_b = carray(a_at, size), carray(b_at, size), carray(bits_a_at, size), carray(bits_b_at, size)
        room, keys = carray(room_at, _BLOCK), carray(keys_at, _BLOCK)
        counts, sums, nothing = carray(counts_at, 3), carray(sums_at, 5), kind(0)
        # `keys` are the bits of `room`: numbers that are not negative are ordered as their bits are, and only integers are
        # compared in lanes
        different = flips = nonfinite = 0
        dd = aa = bb = ab = max_d = 0.0
        tolerant = rtol != 0.0 or atol != 0.0
        for start in range(0, a.size, _BLOCK):
            x, y, i, j = a[start:start + _BLOCK], b[start:start + _BLOCK], bits_a[start:start + _BLOCK], bits_b[start:start + _BLOCK]
            differ = opposed = odd = nothing
            for n in range(i.size):
                k, m = kind(i[n] & magnitude), kind(j[n] & magnitude)
                differ += kind((i[n] != j[n]) & ((k | m) != nothing))
                opposed += kind(((i[n] ^ j[n]) > magnitude) & (k != nothing) & (m != nothing))
                odd += kind((k >= infinite) | (m >= infinite))
            d2 = a2 = b2 = product = 0.0
            if odd > nothing:
                differ = opposed = nothing
                for n in range(i.size):
                    k, m = kind(i[n] & magnitude), kind(j[n] & magnitude)
                    unequal = i[n] != j[n] and (k | m) != nothing
                    if k < infinite and m < infinite:
                        one, other = wide(x[n]), wide(y[n])
                        gap = abs(one - other)
                        max_d = max(max_d, gap)
                        d2 += gap * gap
                        a2 += one * one
                        b2 += other * other
                        product += one * other
                        unequal = unequal and not (tolerant and gap <= atol + rtol * abs(other))
                    elif k > infinite and m > infinite:     # NaN, whatever its payload
                        unequal = False
                    else:
                        nonfinite += int(unequal)
                    differ += kind(unequal)
                    opposed += kind((i[n] ^ j[n]) > magnitude and nothing < k <= infinite and nothing < m <= infinite)
            elif differ == nothing:
                for n in range(x.size):
                    one = wide(x[n])
                    a2 += one * one
                b2 = product = a2
            else:
                for n in range(x.size):
                    one, other = wide(x[n]), wide(y[n])
                    gap = one - other
                    d2 += gap * gap
                    a2 += one * one
                    b2 += other * other
                    product += one * other
                    room[n] = abs(gap)
                most = keys[0]
                at = 0
                for n in range(x.size):
                    most = max(most, keys[n])
                for n in range(x.size):
                    if keys[n] == most:
                        at = n
                        break
                max_d = max(max_d, room[at])
                if tolerant:
                    differ = nothing
                    for n in range(x.size):
                        differ += kind(room[n] > atol + rtol * abs(wide(y[n])))
            dd += d2
            aa += a2
            bb += b2
            ab += product
            different += int(differ)
            flips += int(opposed)
        counts[0], counts[1], counts[2] = different, flips, nonfinite
        sums[0], sums[1], sums[2], sums[3], sums[4] = max_d, dd, aa, bb, ab

    return apart


def _shift(bits_at, wide_at, size):  # type: ignore[no-untyped-def]
    bits, wide = carray(bits_at, size), carray(wide_at, size)
    for n in range(size):
        wide[n] = bits[n] << 16


def _recipe(name: str) -> Recipe:
    import numpy as np
    if name == "widen":
        return Recipe(_shift, "uint16* uint32* int64")
    bits = "uint" + name[-2:]
    arguments = f"{name}* {name}* {bits}* {bits}* int64 {bits} {bits} float64* int64* float64 float64 int64* float64*"
    # sums and maxima may be taken in lanes; what is no number is told apart by its bits before
    return Recipe(_loop(np.uint32 if bits == "uint32" else np.uint64, np.float64), arguments, {"reassoc", "contract", "nnan", "nsz"})


loops = Loops(_recipe)
