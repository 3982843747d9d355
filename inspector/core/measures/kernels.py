"""The loops over every element, compiled when there is enough to do (`runtime.compiled`), and their twins in numpy.

The functions to be compiled are plain Python; `tests/make_loops.py` makes what is shipped of them. All run without the interpreter's
lock and index only tables of 65,536 entries by 16 bits, or what they were given by their own counters: no value in a file can lead
them astray.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from inspector.core.runtime.compiled import Loops, Recipe, address_of, carray

from .distribution import sum_of_squares

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


def count16(values: Array, table: Array, nbytes_in_all: int = 0) -> None:
    """Adds to either row of `table` (uint32, 2 by 65,536) how often each 16-bit value occurs in `values` (uint16), so that the sum
    of both rows tells. Up to 2^31 values."""
    import numpy as np
    compiled = loops.get("count16", nbytes_in_all)
    if compiled is None:
        table[0] += np.bincount(values, minlength=BUCKETS).astype(np.uint32)
        return
    compiled(address_of(_aligned(values), "u2"), values.size, address_of(table, "u4"))


def scan(width: Width, floats: Array, table: Array, nbytes_in_all: int = 0) -> Scanned:
    """See `Scanned`; adds to `table` (as for `count16`) how many elements, finite or not, are in each bucket."""
    import numpy as np
    floats = _aligned(floats)
    bits, keys = floats.view(width.bits), floats.view(width.keys)
    compiled = loops.get("scan" + width.name, nbytes_in_all)
    if compiled is not None:
        loops.expect("keep_wanted" + width.name, nbytes_in_all)        # by the second pass
    if compiled is None or not floats.size:
        return _scan_numpy(width, floats, bits, keys, table)
    rows = np.zeros((-(-floats.size // _BLOCK), 4))
    found = np.zeros(6, np.int64)
    at = address_of(floats, width.floats)
    compiled(at, at, at, floats.size, width.magnitude, width.infinite, address_of(table, "u4"), address_of(rows, "f8"),
             address_of(found, "i8"))
    finite, least, greatest, zeros, posinf, neginf = found.tolist()
    return Scanned(finite, least, greatest, zeros, posinf, neginf, rows)


class WantedBuckets:
    """What a second pass looks for. `slot[bucket]` (uint16) is 0, or the number of a wanted bucket, ascending with its values.
    Wanted bucket `s` is cut by the thresholds `first[s]` … `first[s + 1]` (uint64) of `thresholds` (float64, increasing). Counts go
    to two tables. Of `below` (int64), entry `t + s` counts its elements with exactly `t` thresholds at or under them. Row `fine[s]`
    (uint64) of the other (uint32) counts the 16 bits under the bucket's where `keep[s]` (uint32) is 0xFFFF; the others have a row
    for nothing and 0."""

    def __init__(self, slot: Array, first: Array, thresholds: Array, fine: Array, keep: Array) -> None:
        import numpy as np
        self.slot = slot
        self.first = first
        self.thresholds = thresholds
        self.fine = fine
        self.keep = keep
        self._wanted = (slot != 0).view(np.uint8)       # of the slots: a byte each
        self.addresses = (address_of(self._wanted, "u1"), address_of(slot, "u2"), address_of(first, "u8"),
                          address_of(thresholds, "f8"), address_of(fine, "u8"), address_of(keep, "u4"))

    def __reduce__(self) -> tuple[Any, ...]:
        """For another process, where the addresses are others; few of the buckets are wanted."""
        import numpy as np
        wanted = np.flatnonzero(self.slot).astype(np.uint16)
        return _wanted_buckets, (wanted, self.slot[wanted], self.first, self.thresholds, self.fine, self.keep)


def _wanted_buckets(wanted: Array, numbers: Array, first: Array, thresholds: Array, fine: Array, keep: Array) -> WantedBuckets:
    import numpy as np
    slot = np.zeros(BUCKETS, np.uint16)
    slot[wanted] = numbers
    return WantedBuckets(slot, first, thresholds, fine, keep)


def count_wanted(width: Width, floats: Array, buckets: WantedBuckets, below: Array, table: Array, nbytes_in_all: int = 0) -> None:
    """Counts the elements of wanted buckets. Up to 2^31 elements."""
    import numpy as np
    floats = _aligned(floats)
    compiled = loops.get("count_wanted" + width.name, nbytes_in_all)
    if compiled is None:
        _count_wanted_numpy(width, floats, floats.view(width.bits), buckets, below, table)
        return
    at, stage = address_of(floats, width.floats), np.empty(_STAGE + 1, np.uint16)
    compiled(at, at, floats.size, *buckets.addresses, address_of(below, "i8"), address_of(table, "u4"), address_of(stage, "u2"))


def keep_wanted(width: Width, floats: Array, buckets: WantedBuckets, below: Array, most: int, nbytes_in_all: int = 0) -> Array:
    """As `count_wanted`, but the elements of the buckets that have a row in its second table are given: at most `most`, in their order."""
    import numpy as np
    floats = _aligned(floats)
    compiled = loops.get("keep_wanted" + width.name, nbytes_in_all)
    if compiled is None:
        return _keep_wanted_numpy(width, floats, floats.view(width.bits), buckets, below)[:most]
    at, stage = address_of(floats, width.floats), np.empty(_STAGE + 1, np.uint16)
    kept, found = np.empty(most + 1, width.floats), np.zeros(1, np.int64)
    compiled(at, at, floats.size, *buckets.addresses[:4], buckets.addresses[5], address_of(below, "i8"), address_of(kept, width.floats),
             most, address_of(found, "i8"), address_of(stage, "u2"))
    return kept[:int(found[0])]


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
            near = floats.dtype.type(mean if 2 * mean * mean > sum_of_squares(block) / block.size else 0)      # mean² > variance
            block -= near
            row[:] = block.size, near, block.sum(), sum_of_squares(block)
    return Scanned(floats.size, int(order.min()), int(order.max()), floats.size - int(np.count_nonzero(floats)), posinf, neginf, rows)


def _wanted_numpy(width: Width, floats: Array, bits: Array, buckets: WantedBuckets, below: Array) -> tuple[Array, Array]:
    """The places of wanted elements and the numbers of their buckets; those in `below` are counted."""
    import numpy as np
    slots = buckets.slot[(bits >> bits.dtype.type(width.top)).astype(np.int32)]
    wanted = np.flatnonzero(slots)
    slots = slots[wanted].astype(np.int64)
    if buckets.thresholds.size:
        under = np.searchsorted(buckets.thresholds, floats[wanted].astype(np.float64), "right") + slots
        below[:] += np.bincount(under, minlength=below.size)
    return wanted, slots


def _keep_wanted_numpy(width: Width, floats: Array, bits: Array, buckets: WantedBuckets, below: Array) -> Array:
    wanted, slots = _wanted_numpy(width, floats, bits, buckets, below)
    kept: Array = floats[wanted[buckets.keep[slots] != 0]]
    return kept


def _count_wanted_numpy(width: Width, floats: Array, bits: Array, buckets: WantedBuckets, below: Array, table: Array) -> None:
    import numpy as np
    wanted, slots = _wanted_numpy(width, floats, bits, buckets, below)
    low = (bits[wanted] >> bits.dtype.type(width.top - 16)) & bits.dtype.type(BUCKETS - 1)
    for slot, row in enumerate(buckets.fine.tolist()):
        if buckets.keep[slot]:
            table[row] += np.bincount(low[slots == slot].astype(np.int32), minlength=BUCKETS).astype(np.uint32)


# -- to be compiled ---------------------------------------------------------------------------------------------------------

def _count16(values: Any, size: Any, tables: Any) -> None:
    # two tables: a run of equal values must not wait for its own last increment; rows of eight, as their places in memory need no sum
    rows, rest, both = carray(values, (size >> 3, 8)), carray(values, size), carray(tables, (2, BUCKETS))
    table, other = both[0], both[1]
    one = table.dtype.type(1)
    for i in range(size >> 3):
        for j in (0, 2, 4, 6):
            table[rows[i, j]] += one
            other[rows[i, j + 1]] += one
    for i in range(size & ~7, size):
        table[rest[i]] += one


def _scan(halves_at: Any, keys_at: Any, floats_at: Any, size: Any, magnitude: Any, infinite: Any, tables: Any, rows_at: Any,
          found_at: Any) -> None:
    keys, floats, both, found = carray(keys_at, size), carray(floats_at, size), carray(tables, (2, BUCKETS)), carray(found_at, 6)
    blocks = (size + _BLOCK - 1) // _BLOCK
    rows, table, other = carray(rows_at, (blocks, 4)), both[0], both[1]
    # the 16 bits of each element, the topmost of which are counted, and of every two elements
    wide = floats.itemsize >> 1
    halves, pairs = carray(halves_at, (size, wide)), carray(halves_at, (size >> 1, 2 * wide))
    top, last = wide - 1, 2 * wide - 1
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
    for block in range(blocks):
        start = block * _BLOCK          # slices, in which an index is never negative: or nothing is done in lanes
        key, number, pair = keys[start:start + _BLOCK], floats[start:start + _BLOCK], pairs[start >> 1:(start + _BLOCK) >> 1]
        tiny = table[0] + table[half] + other[0] + other[half]
        for i in range(pair.shape[0]):
            table[pair[i, top]] += one
            other[pair[i, last]] += one
        if key.size & 1:
            table[halves[start + key.size - 1, top]] += one
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
    found[0] = finite
    found[1] = least
    found[2] = greatest
    found[3] = zeros
    found[4] = posinf
    found[5] = neginf


def _count_wanted(halves_at: Any, floats_at: Any, size: Any, wanted_at: Any, slot_at: Any, first_at: Any, thresholds_at: Any,
                  fine_at: Any, keep_at: Any, below_at: Any, table_at: Any, stage_at: Any) -> None:
    # which elements are wanted, and on which side they are, cannot be foretold: hardly a branch depends on either; places
    # without a sign need not be looked at for one; and in rows of four there is a fourth of the counting
    floats, stage = carray(floats_at, size), carray(stage_at, _STAGE + 1)
    wanted, slot = carray(wanted_at, BUCKETS), carray(slot_at, BUCKETS)
    # as long as they need be: their indexes come from `slot`
    first, thresholds, fine, keep = carray(first_at, 1), carray(thresholds_at, 1), carray(fine_at, 1), carray(keep_at, 1)
    below, table = carray(below_at, 1), carray(table_at, (1, BUCKETS))
    wide = floats.itemsize >> 1
    halves, fours = carray(halves_at, (size, wide)), carray(halves_at, (size >> 2, 4 * wide))
    one, index = table.dtype.type(1), first.dtype.type
    for start in range(0, size, _STAGE):
        half, number, four = halves[start:start + _STAGE], floats[start:start + _STAGE], fours[start >> 2:(start + _STAGE) >> 2]
        found = index(0)
        for row in range(four.shape[0]):
            for j in (0, 1, 2, 3):
                stage[found] = 4 * row + j
                found += index(wanted[four[row, (j + 1) * wide - 1]])
        for i in range(number.size & ~3, number.size):
            stage[found] = i
            found += index(wanted[half[i, wide - 1]])
        for n in range(found):
            i = index(stage[n])
            which = index(slot[half[i, index(wide - 1)]])
            table[fine[which], half[i, index(wide - 2)] & keep[which]] += one
            low = first[which]
            cuts = first[which + index(1)] - low
            value = number[i]
            if cuts > index(1):
                high = low + cuts
                while low < high:
                    middle = (low + high) >> index(1)
                    if thresholds[middle] <= value:
                        low = middle + index(1)
                    else:
                        high = middle
            else:
                low += index(thresholds[low] <= value) & cuts
            below[low + which] += 1


def _keep_wanted(halves_at: Any, floats_at: Any, size: Any, wanted_at: Any, slot_at: Any, first_at: Any, thresholds_at: Any,
                 keep_at: Any, below_at: Any, kept_at: Any, most: Any, found_at: Any, stage_at: Any) -> None:
    # see `_count_wanted`; however many there are in the file by now, none is written behind the last place
    floats, stage = carray(floats_at, size), carray(stage_at, _STAGE + 1)
    wanted, slot = carray(wanted_at, BUCKETS), carray(slot_at, BUCKETS)
    # as long as they need be: their indexes come from `slot`
    first, thresholds, keep = carray(first_at, 1), carray(thresholds_at, 1), carray(keep_at, 1)
    below, kept, given = carray(below_at, 1), carray(kept_at, most + 1), carray(found_at, 1)
    wide = floats.itemsize >> 1
    halves, fours = carray(halves_at, (size, wide)), carray(halves_at, (size >> 2, 4 * wide))
    index = first.dtype.type
    place, last = index(0), index(most)
    for start in range(0, size, _STAGE):
        half, number, four = halves[start:start + _STAGE], floats[start:start + _STAGE], fours[start >> 2:(start + _STAGE) >> 2]
        found = index(0)
        for row in range(four.shape[0]):
            for j in (0, 1, 2, 3):
                stage[found] = 4 * row + j
                found += index(wanted[four[row, (j + 1) * wide - 1]])
        for i in range(number.size & ~3, number.size):
            stage[found] = i
            found += index(wanted[half[i, wide - 1]])
        for n in range(found):
            i = index(stage[n])
            which = index(slot[half[i, index(wide - 1)]])
            low = first[which]
            cuts = first[which + index(1)] - low
            value = number[i]
            kept[place] = value
            place = min(place + index(keep[which] & 1), last)
            if cuts > index(1):
                high = low + cuts
                while low < high:
                    middle = (low + high) >> index(1)
                    if thresholds[middle] <= value:
                        low = middle + index(1)
                    else:
                        high = middle
            else:
                low += index(thresholds[low] <= value) & cuts
            below[low + which] += 1
    given[0] = place


# Sums may be taken in lanes; NaN and infinities keep their meaning.
_LANES = {"reassoc", "contract"}
RECIPES: dict[str, Recipe] = {
    "count16": Recipe(_count16, "uint16* int64 uint32*"),
    **{f"scan{name}": Recipe(_scan, f"uint16* {key}* {name}* int64 {key} {key} uint32* float64* int64*", _LANES)
       for name, key in (("float32", "int32"), ("float64", "int64"))},
    **{f"count_wanted{name}": Recipe(_count_wanted, f"uint16* {name}* int64 uint8* uint16* uint64* float64* uint64* uint32* int64* "
                                     "uint32* uint16*")
       for name in ("float32", "float64")},
    **{f"keep_wanted{name}": Recipe(_keep_wanted, f"uint16* {name}* int64 uint8* uint16* uint64* float64* uint32* int64* {name}* int64 "
                                    "int64* uint16*")
       for name in ("float32", "float64")},
}
loops = Loops({name: recipe.arguments for name, recipe in RECIPES.items()}, RECIPES.__getitem__)
