"""The loops over every element, compiled when there is enough to do (`core.compiled`), and their twins in numpy.

The functions are plain Python that numba can compile. All run without the interpreter's lock and index only tables of 65,536
entries by 16 bits, or what they were given by their own counters: no value in a file can lead them astray.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..compiled import Loops, Recipe

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

BUCKETS = 1 << 16
_BLOCK = 1 << 15            # elements: what is read twice comes from the processor's cache the second time
_STAGE = 2048


class Scanned(NamedTuple):
    """Of one chunk of floats: how many are finite; least and greatest finite as order keys (see `Width`), meaningless when none
    is finite; zeros and infinities; and `rows` (float64), for every block of them its finite elements, a number near their
    mean, the sum of their distances from it and the sum of the squares of these."""

    finite: int
    least: int
    greatest: int
    zeros: int
    posinf: int
    neginf: int
    rows: Array


class Width(NamedTuple):
    """How floats of one width are taken apart. Buckets are the `65,536` values of the bits from `top` up. An order key is the
    bits as a signed integer, those below the sign inverted (`magnitude`) when it is set: keys are ordered as the floats are."""

    name: str
    bits: str
    keys: str
    floats: str
    top: int
    sign: int
    magnitude: int
    infinite: int


FLOAT32 = Width("float32", "<u4", "<i4", "<f4", 16, 31, (1 << 31) - 1, 0x7F800000)
FLOAT64 = Width("float64", "<u8", "<i8", "<f8", 48, 63, (1 << 63) - 1, 0x7FF0000000000000)


def count16(values: Array, table: Array, worth: int = 0) -> None:
    """Adds to either row of `table` (uint32, 2 by 65,536) how often each 16-bit value occurs in `values` (uint16), so that the sum
    of both rows tells. Up to 2^31 values."""
    import numpy as np
    compiled = loops.get("count16", worth)
    if compiled is None:
        table[0] += np.bincount(values, minlength=BUCKETS).astype(np.uint32)
        return
    compiled(_aligned(values), table[0], table[1])


def scan(width: Width, floats: Array, table: Array, worth: int = 0) -> Scanned:
    """See `Scanned`; adds to `table` (as for `count16`) how many elements, finite or not, are in each bucket."""
    import numpy as np
    floats = _aligned(floats)
    bits, keys = floats.view(width.bits), floats.view(width.keys)
    compiled = loops.get("scan" + width.name, worth)
    if compiled is None or not floats.size:
        return _scan_numpy(width, floats, bits, keys, table)
    kind = keys.dtype.type
    rows = np.zeros((-(-floats.size // _BLOCK), 4))
    found: tuple[int, int, int, int, int, int] = compiled(
        bits, keys, floats, bits.dtype.type(width.top), kind(width.magnitude), kind(width.infinite),
        table[0], table[1], rows)
    return Scanned(*found, rows)


class Places(NamedTuple):
    """What a second pass looks for. `slot[bucket]` (uint16) is 0, or the number of a wanted bucket, ascending with its values.
    Wanted bucket `s` is cut by the thresholds `first[s]` … `first[s + 1]` of `thresholds` (float64, increasing); of `below`
    (int64), entry `t + s` counts its elements with exactly `t` thresholds at or under them. `table[fine[s]]` (uint32) counts the 16
    bits under the bucket's where `keep[s]` (uint32) is 0xFFFF; the others have a row for nothing and 0."""

    slot: Array
    first: Array
    thresholds: Array
    below: Array
    fine: Array
    keep: Array
    table: Array


def place(width: Width, floats: Array, places: Places, worth: int = 0) -> None:
    """Counts the elements of wanted buckets into `places`. Up to 2^31 elements."""
    floats = _aligned(floats)
    bits = floats.view(width.bits)
    compiled = loops.get("place" + width.name, worth)
    if compiled is None:
        _place_numpy(width, floats, bits, places)
        return
    kind = bits.dtype.type
    compiled(bits, floats, kind(width.top), kind(width.top - 16), *places)


def _aligned(values: Array) -> Array:
    """The same, where a processor likes to read it: pieces of a storage may begin at any byte."""
    return values if values.flags.aligned else values.copy()


# -- in numpy ---------------------------------------------------------------------------------------------------------------

def _scan_numpy(width: Width, floats: Array, bits: Array, keys: Array, table: Array) -> Scanned:
    import numpy as np
    table[0] += np.bincount((bits >> bits.dtype.type(width.top)).astype(np.int32), minlength=BUCKETS).astype(np.uint32)
    posinf = neginf = 0
    if not np.isfinite(floats).all():
        posinf, neginf = int((floats == np.inf).sum()), int((floats == -np.inf).sum())
        good = np.isfinite(floats)
        floats, keys = floats[good], keys[good]
    rows = np.zeros((-(-floats.size // _BLOCK), 4))
    if not floats.size:
        return Scanned(0, 0, 0, 0, posinf, neginf, rows)
    order = keys ^ ((keys >> keys.dtype.type(width.sign)) & keys.dtype.type(width.magnitude))
    for n, row in enumerate(rows):
        block = floats[n * _BLOCK:(n + 1) * _BLOCK].astype(np.float64)
        with np.errstate(all="ignore"):
            mean = float(block.mean())
            near = floats.dtype.type(mean if mean * mean > block.var() else 0)
            block -= near
            row[:] = block.size, near, block.sum(), np.dot(block, block)
    return Scanned(floats.size, int(order.min()), int(order.max()), floats.size - int(np.count_nonzero(floats)), posinf, neginf, rows)


def _place_numpy(width: Width, floats: Array, bits: Array, places: Places) -> None:
    import numpy as np
    slots = places.slot[(bits >> bits.dtype.type(width.top)).astype(np.int32)]
    wanted = np.flatnonzero(slots)
    slots = slots[wanted].astype(np.int64)
    if places.thresholds.size:
        under = np.searchsorted(places.thresholds, floats[wanted].astype(np.float64), "right") + slots
        places.below[:] += np.bincount(under, minlength=places.below.size)
    low = (bits[wanted] >> bits.dtype.type(width.top - 16)) & bits.dtype.type(BUCKETS - 1)
    for slot, row in enumerate(places.fine.tolist()):
        if places.keep[slot]:
            places.table[row] += np.bincount(low[slots == slot].astype(np.int32), minlength=BUCKETS).astype(np.uint32)


# -- to be compiled ---------------------------------------------------------------------------------------------------------

def _count16(values, table, other):  # type: ignore[no-untyped-def]
    # two tables: a run of equal values must not wait for its own last increment
    one = table.dtype.type(1)
    for i in range(0, values.size - 1, 2):
        table[values[i]] += one
        other[values[i + 1]] += one
    if values.size & 1:
        table[values[values.size - 1]] += one


def _scan(bits, keys, floats, top, magnitude, infinite, table, other, rows):  # type: ignore[no-untyped-def]
    one, kind, half = table.dtype.type(1), keys.dtype.type, table.size // 2
    finite = zeros = posinf = neginf = 0
    least, greatest = magnitude, -magnitude
    near = floats[0]        # of the elements' own type, so that distances of narrow floats from it are exact
    seen, total, squares = 0, 0.0, 0.0
    for i in range(min(floats.size, 256)):
        if keys[i] & magnitude < infinite:
            near = floats[i] if seen == 0 else near
            seen += 1
            apart = floats[i] * 1.0 - near
            total += apart
            squares += apart * apart
    if seen > 0:
        mean = near + total / seen
        if mean * mean * seen < squares - total * (total / seen):
            near = floats.dtype.type(0)         # around zero there is no need to shift
    for block in range(rows.shape[0]):
        start = block * _BLOCK          # slices, in which an index is never negative: or nothing is done in lanes
        bit, key, number = bits[start:start + _BLOCK], keys[start:start + _BLOCK], floats[start:start + _BLOCK]
        tiny = table[0] + table[half] + other[0] + other[half]
        for i in range(0, bit.size - 1, 2):
            table[bit[i] >> top] += one
            other[bit[i + 1] >> top] += one
        if bit.size & 1:
            table[bit[bit.size - 1] >> top] += one
        if table[0] + table[half] + other[0] + other[half] != tiny:         # or there is no zero at all
            for i in range(key.size):
                zeros += int(number[i] == 0)
        for attempt in range(3):
            total = squares = 0.0
            shift = near * 1.0          # numba's float() of a float32 would stay one
            low, high = kind(magnitude), kind(-magnitude - 1)
            for i in range(key.size):
                apart = number[i] - shift
                total += apart
                squares += apart * apart
                bits_here = key[i]
                order = kind(bits_here ^ magnitude) if bits_here < 0 else bits_here
                low = min(low, order)
                high = max(high, order)
            good = key.size
            plus = minus = 0
            if high >= infinite or low < -infinite:
                total = squares = 0.0
                good = 0
                low, high = kind(magnitude), kind(-magnitude - 1)
                for i in range(key.size):
                    size = key[i] & magnitude
                    if size < infinite:
                        apart = number[i] - shift
                        total += apart
                        squares += apart * apart
                        order = kind(key[i] ^ magnitude) if key[i] < 0 else key[i]
                        low = min(low, order)
                        high = max(high, order)
                        good += 1
                    elif size == infinite:
                        if key[i] < 0:
                            minus += 1
                        else:
                            plus += 1
            if good == 0 or attempt == 2:
                break
            middle = total / good
            within = squares - total * middle
            mean = shift + middle
            if shift != 0.0 and mean * mean * good < within:
                near = number.dtype.type(0)
            elif squares > 100.0 * within:
                near = number.dtype.type(mean)
            else:
                break
            if near == shift:
                break
        posinf += plus
        neginf += minus
        rows[block, 0] = good
        rows[block, 1] = shift
        rows[block, 2] = total
        rows[block, 3] = squares
        if good > 0:
            finite += good
            least = min(least, low)
            greatest = max(greatest, high)
    return finite, least, greatest, zeros, posinf, neginf


def _place(bits, floats, top, under, slot, first, thresholds, below, fine, keep, table):  # type: ignore[no-untyped-def]
    # which elements are wanted, and on which side they are, cannot be foretold: hardly a branch depends on either
    one = table.dtype.type(1)
    wanted = first[:1].repeat(_STAGE)
    for start in range(0, bits.size, _STAGE):
        part, number = bits[start:start + _STAGE], floats[start:start + _STAGE]
        found = 0
        for i in range(part.size):
            wanted[found] = i
            found += int(slot[part[i] >> top] != 0)
        for n in range(found):
            i = wanted[n]
            which = slot[part[i] >> top]
            table[fine[which], (part[i] >> under) & keep[which]] += one
            low = first[which]
            cuts = first[which + 1] - low
            value = number[i]
            if cuts > 1:
                high = low + cuts
                while low < high:
                    middle = (low + high) >> 1
                    if thresholds[middle] <= value:
                        low = middle + 1
                    else:
                        high = middle
            else:
                low += int(thresholds[low] <= value) & cuts
            below[low + which] += one


# Sums may be taken in lanes; NaN and infinities keep their meaning.
_LANES = {"reassoc", "contract"}
RECIPES: dict[str, Recipe] = {
    "count16": Recipe(_count16, "const uint16[1] uint32[1] uint32[1]"),
    **{f"scan{name}": Recipe(_scan, f"const uint{n}[1] const int{n}[1] const {name}[1] uint{n} int{n} int{n} uint32[1] uint32[1] "
                                     "float64[2]", _LANES) for name, n in (("float32", 32), ("float64", 64))},
    **{f"place{name}": Recipe(_place, f"const uint{n}[1] const {name}[1] uint{n} uint{n} uint16[1] int64[1] float64[1] int64[1] "
                                       "int64[1] uint32[1] uint32[2]") for name, n in (("float32", 32), ("float64", 64))},
}
loops = Loops(RECIPES.__getitem__)
