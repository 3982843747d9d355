"""What is kept of a tensor so that how far the next one is from it can be told without reading it again: a linear sketch of it.

The distance of two tensors cannot be had from fewer numbers than they have. It can be estimated: of each tensor some hundred sums are
kept, of elements with signs that a fixed random sequence gives to their places. The sketch of a difference is the difference of the
sketches, and the squares of its sums add up to the square of its length on average (Alon, Matias, Szegedy 1996; Charikar, Chen,
Farach-Colton 2002). The relative standard error of the length is sqrt(1 / 2 sums), 2.2 % for 1,021, and more where few elements make up
the distance, which the sums themselves show. A tensor of no more elements than sums is in its sketch as it is, and compared exactly.

That nothing changed is never estimated: beside the sums lies the SHA-256 of the elements.
"""
from __future__ import annotations

import hashlib
import math
from array import array
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from inspector.core.checkpoint import TensorInfo
from inspector.core.dtypes import DTYPES

from .series import Outline

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

DIGEST = 16                                         # bytes that are kept of a SHA-256
SUMS = (4093, 2039, 1021, 509, 251, 127, 61)        # prime: the columns of a matrix fall on all of them
_BYTES = 8 << 20            # of the sums of a checkpoint
_UNSURE = 0.25              # relative standard error from which on an estimate says nothing
_ROUNDED = 1e-11            # of a tensor's norm: what the sums may have lost in adding up
_AT_ONCE = 1 << 17          # elements
_KINDS = ("float", "int", "uint", "bool")


class Sketch(NamedTuple):
    """Of each tensor of an outline, one after the other: `digests` of `DIGEST` bytes, all 0 where there is no sketch, and its `sums`,
    `width` of them or as many as it has elements."""

    width: int
    digests: bytes
    sums: array[float]


class Estimate(NamedTuple):
    """How far a tensor `moved` (L2 norm), `same` where no element changed, and the relative standard `error` of the first, 0 where both
    are exact."""

    moved: float
    same: bool
    error: float


def width_for(outline: Outline) -> int:
    """How many sums of a tensor are kept; 0 where even few of each would be too many."""
    return next((width for width in SUMS if 8 * starts(outline, width)[-1] <= _BYTES), 0)


def starts(outline: Outline, width: int) -> list[int]:
    """Where the sums of each tensor begin, and where the last ones end."""
    found = [0]
    for shape in outline.shapes:
        found.append(found[-1] + _length(shape, width))
    return found


def _length(shape: tuple[int, ...], width: int) -> int:
    """How many sums stand for a tensor, be it one that is not read, whose shape may be anything that a file says."""
    return max(0, min(math.prod(shape), width))


def has_sketch(info: TensorInfo) -> bool:
    """Whether the elements are plain real numbers."""
    known = DTYPES.get(info.dtype)
    return info.layout == "strided" and info.extra is None and not info.problem and info.numel > 0 and known is not None \
        and known.kind in _KINDS and known.bits % 8 == 0


class Sketching:
    """Of one tensor, whose chunks are given one after the other, in C order."""

    def __init__(self, info: TensorInfo, width: int) -> None:
        import numpy as np
        self._kind, self._place = DTYPES[info.dtype].kind, 0
        self._sums = np.zeros(min(info.numel, width))
        how = f"{info.dtype} {list(info.shape)}\n"
        self._digest = hashlib.sha256(how.encode("utf-8", "surrogatepass"))

    def take(self, chunk: Array) -> None:
        import numpy as np
        self._digest.update(chunk.view(np.uint8).data if chunk.size else b"")
        numbers = chunk.view(np.uint8) != 0 if self._kind == "bool" else chunk
        numbers = numbers.astype(np.float32 if self._kind == "float" and numbers.itemsize <= 4 else np.float64, copy=False)
        with np.errstate(all="ignore"):
            for first in range(0, numbers.size, _AT_ONCE):
                self._add(numbers[first:first + _AT_ONCE])

    def _add(self, numbers: Array) -> None:
        import numpy as np
        width = self._sums.size
        signed = numbers * _signs(self._place, numbers.size)
        head = min(-self._place % width, signed.size)
        if head:
            at = self._place % width
            self._sums[at:at + head] += signed[:head]
        rows = (signed.size - head) // width
        whole = head + rows * width
        if rows:
            self._sums += np.add.reduce(signed[head:whole].reshape(rows, width), axis=0, dtype=np.float64)
        self._sums[:signed.size - whole] += signed[whole:]
        self._place += signed.size

    def result(self) -> tuple[bytes, bytes]:
        """(digest, the sums as float64)."""
        return self._digest.digest()[:DIGEST], self._sums.tobytes()


def joined(width: int, outline: Outline, rows: list[tuple[bytes, bytes] | None]) -> Sketch:
    """The sketches of all tensors of a checkpoint as one."""
    sums = array("d")
    digests = bytearray()
    for row, shape in zip(rows, outline.shapes, strict=True):
        digest, numbers = row if row is not None else (bytes(DIGEST), bytes(8 * _length(shape, width)))
        digests += digest
        sums.frombytes(numbers)
    return Sketch(width, bytes(digests), sums)


class Sketched:
    """The tensors of a checkpoint by their sketches."""

    def __init__(self, outline: Outline, sketch: Sketch) -> None:
        import numpy as np
        self.outline, self.width, self._digests = outline, sketch.width, sketch.digests
        self._starts = starts(outline, sketch.width)
        self._sums = np.frombuffer(sketch.sums, np.float64)

    def digest(self, n: int) -> bytes:
        return self._digests[n * DIGEST:(n + 1) * DIGEST]

    def is_there(self, n: int) -> bool:
        return any(self.digest(n))

    def dtype(self, n: int) -> str:
        return self.outline.dtypes[n]

    def sums(self, n: int) -> Array:
        return self._sums[self._starts[n]:self._starts[n + 1]]


def estimated(before: Sketched, old: int, now: Sketched, new: int, size: float) -> Estimate | None:
    """How far tensor `new` of one checkpoint is from tensor `old` of another, of the same shape, neither with a NaN or an infinity;
    `size` is the norm of the greater. None where their sketches do not tell."""
    import numpy as np
    if not before.is_there(old) or not now.is_there(new) or before.width != now.width:
        return None
    if before.digest(old) == now.digest(new):
        return Estimate(0.0, True, 0.0)
    with np.errstate(all="ignore"):
        apart = now.sums(new) - before.sums(old)
        greatest = float(np.max(np.abs(apart)))
        whole = apart.size == math.prod(now.outline.shapes[new])
        if greatest == 0 and whole and DTYPES[now.dtype(new)].kind == "float" and before.dtype(old) == now.dtype(new):
            return Estimate(0.0, True, 0.0)         # zeros of another sign
        if not 0 < greatest < math.inf:
            return None                             # less than the sums hold
        squares = np.square(apart / greatest)       # within what float64 can square
        total = float(squares.sum())
        moved = greatest * math.sqrt(total)
    if whole:
        return Estimate(moved, False, 0.0)
    if moved < _ROUNDED * size:
        return None
    spread = math.sqrt(2 / 3 * float(np.square(squares).sum())) / total / 2
    error = max(math.sqrt(1 / (2 * apart.size)), spread)
    return Estimate(moved, False, error) if error <= _UNSURE else None


@cache
def _sign_table() -> Array:
    """The eight signs that each byte stands for."""
    import numpy as np
    bits = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little")
    return (1 - 2 * bits.astype(np.float32)).astype(np.float32)


def _signs(first: int, count: int) -> Array:
    """The signs of the places from `first` on: the bits of SplitMix64's numbers (Steele, Lea, Flood 2014), 64 places each."""
    import numpy as np
    low, high = first // 64, -(-(first + count) // 64)
    bits = np.arange(low + 1, high + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        bits = (bits ^ (bits >> np.uint64(shift))) * np.uint64(factor)
    bits ^= bits >> np.uint64(31)
    signs: Array = _sign_table().take(bits.astype("<u8", copy=False).view(np.uint8), axis=0).reshape(-1)
    return signs[first - 64 * low:first - 64 * low + count]
