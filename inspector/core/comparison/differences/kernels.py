"""The loop over the elements of two tensors at once, compiled when there is enough to do (`core.compiled`), and its twin in numpy.

Both give the same counts, and sums equal to the last bits.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from inspector.core.runtime import compiled
from inspector.core.runtime.compiled import Loops, Recipe, address_of, carray, greater_of, number_of

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

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


def apart(a: Array, b: Array, *, rtol: float = 0.0, atol: float = 0.0, nbytes_in_all: int = 0) -> Apart:
    """`a` and `b`: float32 or float64, or the bits of bfloat16 as uint16."""
    import numpy as np
    name, kind = _KINDS[a.dtype.itemsize]
    loop = loops.get(f"apart-{name}", nbytes_in_all)
    if loop is None:
        return apart_numpy(_wide(a), _wide(b), rtol=rtol, atol=atol)
    counts, sums = np.zeros(3, np.int64), np.zeros(5)
    loop(address_of(a, kind), address_of(b, kind), a.size, rtol, atol, address_of(counts, "i8"), address_of(sums, "f8"))
    return Apart(*counts.tolist(), *sums.tolist())


def apart_rows(a: Array, b: Array, *, rtol: float = 0.0, atol: float = 0.0, nbytes_in_all: int = 0) -> list[Apart]:
    """`apart` of each row of two tables, the same numbers."""
    import numpy as np
    name, kind = _KINDS[a.dtype.itemsize]
    loop = loops.get(f"apart-{name}", nbytes_in_all)
    if loop is None:
        return apart_rows_numpy(_wide(a), _wide(b), rtol=rtol, atol=atol)
    rows, width = a.shape
    counts, sums = np.zeros((rows, 3), np.int64), np.zeros((rows, 5))
    places = [range(start, start + one.nbytes, one.nbytes // rows) for one, start in (
        (a, address_of(a, kind)), (b, address_of(b, kind)), (counts, address_of(counts, "i8")), (sums, address_of(sums, "f8")))]
    for a_at, b_at, counts_at, sums_at in zip(*places, strict=True):
        loop(a_at, b_at, width, rtol, atol, counts_at, sums_at)
    return [Apart(*row) for row in zip(*counts.T.tolist(), *sums.T.tolist(), strict=True)]


def expect(kind: str, nbytes: int) -> None:
    """Says that `apart` will be given so many bytes of elements of this kind, "u2", "f4" or "f8": what makes its loop is at it while others
    load what they need."""
    if nbytes >= compiled.WORTH:
        loops.expect("apart-" + next(name for name, one in _KINDS.values() if one == kind), nbytes)


def _wide(floats: Array) -> Array:
    """bfloat16 is the upper half of float32."""
    import numpy as np
    return floats if floats.dtype != np.uint16 else (floats.astype(np.uint32) << 16).view(np.float32)


def joined(parts: list[Apart]) -> Apart:
    """What chunks say together."""
    def total(values: list[float]) -> float:
        return math.fsum(values) if all(map(math.isfinite, values)) else math.inf
    if len(parts) == 1 and all(map(math.isfinite, parts[0])):
        return parts[0]
    return Apart(sum(part.different for part in parts), sum(part.flips for part in parts), sum(part.nonfinite for part in parts),
                 max((part.max_d for part in parts), default=0.0), total([part.dd for part in parts]),
                 total([part.aa for part in parts]), total([part.bb for part in parts]), total([part.ab for part in parts]))


_KINDS = {2: ("bfloat16", "u2"), 4: ("float32", "f4"), 8: ("float64", "f8")}      # by bytes of an element


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


def apart_rows_numpy(a: Array, b: Array, *, rtol: float = 0.0, atol: float = 0.0) -> list[Apart]:
    """`apart_numpy` of each row of two tables: sums are taken in the same order, so that they are the same to the last bit."""
    import numpy as np
    with np.errstate(all="ignore"):
        x, y = a.astype(np.float64), b.astype(np.float64)
        gap, positive, negative = np.abs(x - y), x > 0, x < 0
        differ = x != y
        if rtol or atol:
            differ &= ~(gap <= atol + rtol * np.abs(y))
        flips = (negative & (y > 0)) | (positive & (y < 0))
        counts = (np.count_nonzero(one, axis=1).tolist() for one in (differ, flips))
        sums = [(one * other).sum(axis=1) for one, other in ((gap, gap), (x, x), (y, y), (x, y))]
        finite = np.isfinite(sums[1] + sums[2] + sums[0]) if x.shape[1] <= 1 << 16 else np.zeros(len(x), bool)
    found = [Apart(different, flipped, 0, *rest)
             for different, flipped, *rest in zip(*counts, gap.max(axis=1).tolist(), *(one.tolist() for one in sums), strict=True)]
    for row in np.flatnonzero(~finite).tolist():        # not all elements are finite, or their squares are not
        found[row] = apart_numpy(a[row], b[row], rtol=rtol, atol=atol)
    return found


# -- to be compiled ---------------------------------------------------------------------------------------------------------

def _loop(kind: Any, infinite: Any, magnitude: Any) -> Callable[..., Any]:
    """The loop for floats whose bits are of `kind`: np.uint16 (bfloat16), np.uint32 or np.uint64. `infinite` and `magnitude` are the
    bits of the positive infinity and all bits but the sign."""
    nothing = kind(0)

    def apart(a_at: Any, b_at: Any, size: Any, rtol: Any, atol: Any, counts_at: Any, sums_at: Any) -> None:
        a, b, counts, sums = carray(a_at, size), carray(b_at, size), carray(counts_at, 3), carray(sums_at, 5)
        different = flips = nonfinite = 0
        dd = aa = bb = ab = max_d = 0.0
        tolerant = rtol != 0.0 or atol != 0.0
        for start in range(0, size, _BLOCK):
            i, j = a[start:start + _BLOCK], b[start:start + _BLOCK]
            differ = opposed = high = nothing
            for n in range(i.size):
                k, m = kind(i[n] & magnitude), kind(j[n] & magnitude)
                # of the elements' own width after each step, so that as many as can be go in lanes; zeros have two signs
                differ = kind(differ + kind((i[n] != j[n]) & (kind(k | m) != nothing)))
                opposed = kind(opposed + kind((kind(i[n] ^ j[n]) > magnitude) & (min(k, m) != nothing)))
                high = max(high, max(k, m))
            d2 = a2 = b2 = product = 0.0
            if high >= infinite:
                differ = opposed = nothing
                for n in range(i.size):
                    k, m = kind(i[n] & magnitude), kind(j[n] & magnitude)
                    unequal = i[n] != j[n] and (k | m) != nothing
                    if k < infinite and m < infinite:
                        one, other = number_of(i[n]), number_of(j[n])
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
                    differ = kind(differ + kind(unequal))
                    opposed = kind(opposed + kind(kind(i[n] ^ j[n]) > magnitude and nothing < k <= infinite and nothing < m <= infinite))
            elif differ == nothing:
                for n in range(i.size):
                    one = number_of(i[n])
                    a2 += one * one
                b2 = product = a2
            else:
                for n in range(i.size):
                    one, other = number_of(i[n]), number_of(j[n])
                    gap = one - other
                    d2 += gap * gap
                    a2 += one * one
                    b2 += other * other
                    product += one * other
                    max_d = greater_of(abs(gap), max_d)
                if tolerant:
                    differ = nothing
                    for n in range(i.size):
                        one, other = number_of(i[n]), number_of(j[n])
                        differ = kind(differ + kind(abs(one - other) > atol + rtol * abs(other)))
            dd += d2
            aa += a2
            bb += b2
            ab += product
            different += int(differ)
            flips += int(opposed)
        counts[0], counts[1], counts[2] = different, flips, nonfinite
        sums[0], sums[1], sums[2], sums[3], sums[4] = max_d, dd, aa, bb, ab

    return apart


def _recipe(name: str) -> Recipe:
    import numpy as np
    kind, infinite = {"bfloat16": (np.uint16, 0x7F80), "float32": (np.uint32, 0x7F800000),
                      "float64": (np.uint64, 0x7FF0000000000000)}[name.removeprefix("apart-")]
    magnitude = (1 << (8 * np.dtype(kind).itemsize - 1)) - 1
    # sums and maxima may be taken in lanes; what is no number is told apart by its bits before
    return Recipe(_loop(kind, kind(infinite), kind(magnitude)), _ARGUMENTS[name], {"reassoc", "contract", "nnan", "nsz"})


_ARGUMENTS = {f"apart-{name}": f"{bits}* {bits}* int64 float64 float64 int64* float64*"
              for name, bits in (("bfloat16", "uint16"), ("float32", "uint32"), ("float64", "uint64"))}
loops = Loops(_ARGUMENTS, _recipe)
