"""Tensors that hold the same values in another arrangement: transposed, with other dimensions, cut into several or joined.

A conversion that transposes a matrix, fuses three into one or stacks the experts of a mixture leaves tensors whose elements differ at
every place although no value was lost; "unrelated values" would send a person to look for another training. Candidates come from
shapes and from sums over the bits of the elements, which no rearrangement changes; each is then compared element by element through
the same loops as a pair of equal shape, as a view of one storage against a view of the other, so that memory stays bounded.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import permutations
from math import prod
from typing import TYPE_CHECKING, Any

from inspector.core.checkpoint import Checkpoint, TensorInfo, contiguous, is_contiguous
from inspector.core.comparison.pairing.pairs import Comparison, Pair, Rearranged
from inspector.core.dtypes import DTYPES
from inspector.core.errors import BadTensor
from inspector.core.progress import QUIET, Monitor
from inspector.core.tensors.reader import TensorReader

from .difference import difference

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_TELLING = 16           # elements from which on equal values are no coincidence
_ALIKE = 0.5            # cosine from which on a pair is taken for what its names say, whatever its shape would allow
_MOST_DIMS = 5          # of tensors whose dimensions are permuted
_PROBE = 24             # elements of a side of the corner that is read first
_MOST_ALONE = 4096      # tensors without a partner that are looked at
_MOST_PIECES = 1024     # that one tensor is cut into
_CHUNK = 4 << 20
_WRAP = 1 << 64


def rearrangements(comparison: Comparison, monitor: Monitor = QUIET) -> tuple[Rearranged, ...]:
    """What pairs of other shapes or values, and tensors without a partner, have to do with each other. Only what was found equal
    element by element is told. Raises ReadError when a file has changed, Cancelled."""
    with ExitStack() as stack:
        a, b = (stack.enter_context(TensorReader(ckpt, monitor)) for ckpt in (comparison.a, comparison.b))
        views = _Views(a, b, monitor)
        found = [one for pair in comparison.pairs if _may_be_rearranged(comparison, pair)
                 if (one := _of_pair(views, comparison.a.tensors[pair.a or ""], comparison.b.tensors[pair.b or ""]))]
        left_a = _left(comparison.a, (pair.a for pair in comparison.pairs if pair.status in ("only-a", "shape")),
                       {key for one in found for key in one.a})
        left_b = _left(comparison.b, (pair.b for pair in comparison.pairs if pair.status in ("only-b", "shape")),
                       {key for one in found for key in one.b})
        if left_a and left_b and len(left_a) + len(left_b) <= _MOST_ALONE:
            found += _among(views, left_a, left_b)
    return tuple(found)


def _may_be_rearranged(comparison: Comparison, pair: Pair) -> bool:
    if pair.a is None or pair.b is None or pair.status not in ("shape", "values"):
        return False
    a, b = comparison.a.tensors[pair.a], comparison.b.tensors[pair.b]
    if not (_is_plain(a) and _is_plain(b)) or a.dtype != b.dtype or a.numel != b.numel or a.numel < _TELLING:
        return False
    return pair.status == "shape" or pair.difference is None or not pair.difference.cosine >= _ALIKE


def _is_plain(info: TensorInfo) -> bool:
    """Whether other views of its storage can be made."""
    known = DTYPES.get(info.dtype)
    return info.layout == "strided" and not info.extra and bool(info.storage) and not info.problem and info.numel > 0 and \
        known is not None and known.bits % 8 == 0


def _left(ckpt: Checkpoint, keys: Iterable[str | None], without: set[str]) -> list[TensorInfo]:
    return [info for key in keys if key is not None and key not in without and _is_plain(info := ckpt.tensors[key])]


# -- one tensor and one other ----------------------------------------------------------------------------------------------------

def _of_pair(views: _Views, a: TensorInfo, b: TensorInfo) -> Rearranged | None:
    """How b's values are a's in another order, if they are."""
    if len(a.shape) == len(b.shape) <= _MOST_DIMS:
        for order in permutations(range(len(a.shape))):
            if order != tuple(range(len(a.shape))) and tuple(a.shape[d] for d in order) == b.shape and views.equal(_permuted(a, order), b):
                return Rearranged("transposed" if order == (1, 0) else "permuted", (a.key,), (b.key,), order)
    if a.shape != b.shape:
        turned = (_reshaped(a, b.shape), b) if is_contiguous(a.shape, a.stride) \
            else (a, _reshaped(b, a.shape)) if is_contiguous(b.shape, b.stride) else None
        if turned is not None and views.equal(*turned):
            return Rearranged("reshaped", (a.key,), (b.key,))
    return None


def _permuted(info: TensorInfo, order: Sequence[int]) -> TensorInfo:
    return info._replace(shape=tuple(info.shape[d] for d in order), stride=tuple(info.stride[d] for d in order))


def _reshaped(info: TensorInfo, shape: tuple[int, ...]) -> TensorInfo:
    return info._replace(shape=shape, stride=contiguous(shape))


def _cut(info: TensorInfo, dim: int, start: int, size: int) -> TensorInfo:
    shape = (*info.shape[:dim], size, *info.shape[dim + 1:])
    return info._replace(shape=shape, offset=info.offset + start * info.stride[dim])


class _Views:
    """Compares views of A's storages with views of B's."""

    def __init__(self, a: TensorReader, b: TensorReader, monitor: Monitor) -> None:
        self.a, self.b = a, b
        self.monitor = monitor
        self._sums: dict[tuple[str, str], tuple[int, int] | None] = {}

    def equal(self, x: TensorInfo, y: TensorInfo) -> bool:
        """Whether all elements are equal, by a corner first: most are not."""
        try:
            if not self._corner(self.a, x, y):
                return False
            found = difference(self.a, x.key, x, self.b, y.key, y, monitor=self.monitor)
        except BadTensor:
            return False
        return not found.problem and not found.n_different

    def _corner(self, reader: TensorReader, x: TensorInfo, y: TensorInfo) -> bool:
        sizes = tuple(min(size, _PROBE) if d >= len(x.shape) - 2 else 1 for d, size in enumerate(x.shape))
        first = (0,) * len(sizes)
        one, other = reader.box(x, first, sizes), self.b.box(y, first, sizes)
        return bool(((one == other) | ((one != one) & (other != other))).all())

    def sums(self, side: str, info: TensorInfo) -> tuple[int, int] | None:
        """Two sums over the bits of all elements, modulo 2**64, which their order does not change and which add up over parts; None
        where they cannot be had."""
        if (side, info.key) not in self._sums:
            try:
                self._sums[side, info.key] = self._summed(self.a if side == "a" else self.b, info)
            except BadTensor:
                self._sums[side, info.key] = None
        return self._sums[side, info.key]

    def _summed(self, reader: TensorReader, info: TensorInfo) -> tuple[int, int]:
        import numpy as np
        plain = spread = 0
        for chunk in reader.chunks(info, _CHUNK, ordered=False):
            self.monitor.check()
            width = chunk.dtype.itemsize
            words = chunk.view(f"u{width}" if width in (1, 2, 4) else np.uint64).astype(np.uint64)
            plain += int(words.sum(dtype=np.uint64))
            words *= np.uint64(0x9E3779B97F4A7C15)                  # spread over all bits, so that squares tell what sums do not
            words ^= words >> np.uint64(29)
            spread += int((words * words).sum(dtype=np.uint64))
        return plain % _WRAP, spread % _WRAP


# -- tensors without a partner ---------------------------------------------------------------------------------------------------

def _among(views: _Views, left_a: list[TensorInfo], left_b: list[TensorInfo]) -> Iterator[Rearranged]:
    """Whole tensors first, then those that several others make up. Only what could fit by its number of elements is read."""
    by_size: dict[object, list[TensorInfo]] = defaultdict(list)
    for info in left_b:
        by_size[info.dtype, info.numel].append(info)
    used: set[tuple[str, str]] = set()
    for mine in left_a:
        if mine.numel < _TELLING:
            continue
        others = [other for other in by_size.get((mine.dtype, mine.numel), ()) if ("b", other.key) not in used]
        others = [other for other in others if views.sums("a", mine) == views.sums("b", other)]
        turned = _of_pair(views, mine, others[0]) if len(others) == 1 else None
        if turned is not None:
            used |= {("a", mine.key), ("b", others[0].key)}
            yield turned
    rest_a = [info for info in left_a if ("a", info.key) not in used]
    rest_b = [info for info in left_b if ("b", info.key) not in used]
    yield from _pieces(views, rest_a, rest_b, whole_in_a=True)
    yield from _pieces(views, rest_b, rest_a, whole_in_a=False)


def _pieces(views: _Views, wholes: list[TensorInfo], pieces: list[TensorInfo], whole_in_a: bool) -> Iterator[Rearranged]:
    """Wholes that are the pieces of one module, or of its children, one after the other along a dimension."""
    runs: dict[tuple[object, int], list[list[TensorInfo]]] = defaultdict(list)
    wanted = {(whole.dtype, whole.numel) for whole in wholes if whole.numel >= _TELLING}
    most = max((whole.numel for whole in wholes), default=0)
    for group in _groups(pieces):
        for start in range(len(group)):
            numel = 0
            for end in range(start, min(start + _MOST_PIECES, len(group))):     # query, key and value, but not the projection after them
                numel += group[end].numel
                if numel > most:
                    break
                if end > start and (group[start].dtype, numel) in wanted:
                    runs[group[start].dtype, numel].append(group[start:end + 1])
    sides = ("a", "b") if whole_in_a else ("b", "a")
    for whole in wholes:
        for run in runs.get((whole.dtype, whole.numel), ()):
            sums = views.sums(sides[0], whole)
            parts = [views.sums(sides[1], piece) for piece in run] if sums else []
            if not sums or not all(parts) or any(sum(part[i] for part in parts if part) % _WRAP != sums[i] for i in (0, 1)):
                continue
            one = _joined(views, whole, run, whole_in_a)
            if one is not None:
                yield one
                break


def _groups(pieces: list[TensorInfo]) -> Iterable[list[TensorInfo]]:
    """Tensors whose keys are the same but for one segment: q.weight, k.weight; experts.0.w1, experts.1.w1; in stored order."""
    groups: dict[tuple[object, ...], list[TensorInfo]] = defaultdict(list)
    for piece in pieces:
        segments = piece.key.split(".")
        for at in range(max(0, len(segments) - 4), len(segments)):
            groups[(*segments[:at], None, *segments[at + 1:], piece.dtype)].append(piece)
    return groups.values()


def _joined(views: _Views, whole: TensorInfo, pieces: list[TensorInfo], whole_in_a: bool) -> Rearranged | None:
    stacked = all(piece.shape == whole.shape[1:] for piece in pieces) and whole.shape[0] == len(pieces)
    if stacked:
        pieces = [_reshaped(piece, (1, *piece.shape))._replace(stride=(prod(piece.shape), *piece.stride)) for piece in pieces]
    for dim in range(len(whole.shape)):
        if not all(len(piece.shape) == len(whole.shape) and all(x == y for d, (x, y) in enumerate(
                zip(piece.shape, whole.shape, strict=True)) if d != dim) for piece in pieces):
            continue
        found, start, left = [], 0, list(pieces)
        while left:
            fits = next((piece for piece in left if start + piece.shape[dim] <= whole.shape[dim]
                         and views.equal(*_sides(_cut(whole, dim, start, piece.shape[dim]), piece, whole_in_a))), None)
            if fits is None:
                break
            found.append(fits.key)
            start += fits.shape[dim]
            left.remove(fits)
        if not left:
            kind = "stacked" if stacked and dim == 0 else "joined"
            one, several = (whole.key,), tuple(found)
            return Rearranged(kind, one, several, (dim,)) if whole_in_a else Rearranged(kind, several, one, (dim,))
    return None


def _sides(whole: TensorInfo, piece: TensorInfo, whole_in_a: bool) -> tuple[TensorInfo, TensorInfo]:
    return (whole, piece) if whole_in_a else (piece, whole)
