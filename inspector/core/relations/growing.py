"""Tensors that are another with more of the same along one dimension: a vocabulary that grew, a head for more classes, or that was cut.

Pairs by name whose shapes differ in one dimension are tried: by corners first, then element by element. What the longer one has more
is looked at in one pass, and those that both have in another where that may tell what it was made of.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from inspector.core.checkpoint import TensorInfo
from inspector.core.comparison.differences.first_rows import DIGITS
from inspector.core.comparison.differences.streaming import is_constant
from inspector.core.comparison.pairing.pairs import Difference, Grown, Rearranged
from inspector.core.dtypes import DTYPES
from inspector.core.errors import BadTensor
from inspector.core.tensors.reader import TensorReader

from .holding import Sides, how_it_holds, is_like
from .sampling import MOST_SLICES, pieces, places_in

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

TELLING = 16            # elements from which on equal values are no coincidence
_PROBE = 24             # elements of a side of the corners that are read first
_ALIKE = 0.5            # cosine of a corner, about its mean, from which on the whole is looked at
_SHIFTS = 8             # first places of the shorter one in the longer that are tried, beside its end
_MOST_MEANS = 4 << 20   # elements of a slice, of which a mean is taken
_MOST_COPIES = 4096     # new slices of which it is asked whether they are copies
_FAR = 0.1              # relative distance from the mean up to which it is nearly that
_WIDE = 8               # elements of a slice from which on that is no coincidence


def grown(sides: Sides, pairs: Iterable[tuple[TensorInfo, TensorInfo]]) -> Iterator[Rearranged]:
    """Of pairs of A's and B's tensors, those of which one is the other with more slices along a dimension. Vectors too short to tell go
    as the weight of their module does. Raises ReadError, Cancelled."""
    found: dict[str, tuple[Rearranged, Grown]] = {}
    for a, b in sorted(pairs, key=lambda pair: len(pair[0].shape), reverse=True):
        sides.monitor.check()
        dim = grows_along(a.shape, b.shape)
        if dim is None:
            continue
        like = found.get(_weight_of(a.key)) if len(a.shape) == 1 else None
        try:
            one = _tried(sides, a, b, dim, like)
        except BadTensor:
            continue
        if one is not None and one.grown is not None:
            found[a.key] = one, one.grown
            yield one


def grows_along(a: Sequence[int], b: Sequence[int]) -> int | None:
    """The one dimension in which two shapes differ, None where it is not one, or one side has nothing."""
    if len(a) != len(b) or 0 in (*a, *b):
        return None
    differing = [d for d, (x, y) in enumerate(zip(a, b, strict=True)) if x != y]
    return differing[0] if len(differing) == 1 else None


def _weight_of(key: str) -> str:
    """The name of the weight beside the bias of this name, "" where there is none."""
    stem, bias, tail = key.rpartition("bias")
    return f"{stem}weight{tail}" if bias else ""


def _tried(sides: Sides, a: TensorInfo, b: TensorInfo, dim: int, like: tuple[Rearranged, Grown] | None) -> Rearranged | None:
    in_b = b.shape[dim] > a.shape[dim]
    longer, shorter = (b, a) if in_b else (a, b)
    common, more = shorter.shape[dim], longer.shape[dim] - shorter.shape[dim]
    follows = like is not None and like[1].common == common and like[1].more == more
    starts: Iterable[int] = (like[1].start,) if like is not None and follows else _starts(more)
    if not follows and shorter.numel < TELLING:
        return None
    for start in starts:
        part = _narrowed(longer, dim, start, common)
        x, y = (a, part) if in_b else (part, b)
        loosely = follows or (len(a.shape) > 1 and _are_floats(a, b))
        if not _may_be(sides, x, y, loosely):
            continue
        found = sides.difference(x, y)
        if found.problem or not _is_held(found, loosely):
            continue
        held, figures, scale = how_it_holds([found], a.dtype == b.dtype)
        readers = (sides.b, sides.a) if in_b else (sides.a, sides.b)
        if not follows and is_constant(readers[1], shorter):
            return None
        how = _More(sides, *readers, longer, shorter, dim, start).told()
        return Rearranged("grown" if in_b else "cut", (a.key,), (b.key,), (dim,), held=held, difference=figures, scale=scale,
                          basis="weight" if follows and shorter.numel < TELLING else "", grown=how)
    return None


def _starts(more: int) -> Iterator[int]:
    """Where the shorter one may begin in the longer: new slices stand behind, in front, or a few of them on both sides."""
    yield 0
    yield more
    yield from range(1, min(more, _SHIFTS))


def _are_floats(*infos: TensorInfo) -> bool:
    return all(DTYPES[info.dtype].kind == "float" for info in infos)


def _is_held(found: Difference, loosely: bool) -> bool:
    return not found.n_different or bool(found.cast) or (loosely and is_like(found))


def _may_be(sides: Sides, x: TensorInfo, y: TensorInfo, loosely: bool) -> bool:
    """By corners: what is not the same mostly begins otherwise."""
    import numpy as np
    sizes = tuple(min(size, _PROBE) if d >= len(x.shape) - 2 else 1 for d, size in enumerate(x.shape))
    ends = tuple(size - probed for size, probed in zip(x.shape, sizes, strict=True))
    for first in ((0,) * len(sizes), tuple(end // 2 for end in ends), ends):
        one, other = (reader.box(info, first, sizes) for reader, info in ((sides.a, x), (sides.b, y)))
        if x.dtype == y.dtype and bool(((one == other) | ((one != one) & (other != other))).all()):
            continue
        if not _are_floats(x, y):
            return False
        u, v = (values.astype(np.float64).reshape(-1) for values in (one, other))
        with np.errstate(all="ignore"):
            u, v = u - u.mean(), v - v.mean()
            found = float(u @ v / np.sqrt((u @ u) * (v @ v)))
        if found < _ALIKE or not (loosely or x.dtype != y.dtype):
            return False
    return True


def _narrowed(info: TensorInfo, dim: int, first: int, size: int) -> TensorInfo:
    """As `torch.narrow`."""
    shape = tuple(size if d == dim else length for d, length in enumerate(info.shape))
    return info._replace(shape=shape, offset=info.offset + first * info.stride[dim])


# -- what the longer one has more --------------------------------------------------------------------------------------------------

class _Figures(NamedTuple):
    std: float
    least: float
    most: float


class _More:
    """Those slices of `longer` along `dim` that `shorter` has not, which stands in it from `start` on."""

    def __init__(self, sides: Sides, reader: TensorReader, other: TensorReader, longer: TensorInfo, shorter: TensorInfo, dim: int,
                 start: int) -> None:
        self.monitor, self.reader, self.other = sides.monitor, reader, other
        self.longer, self.shorter, self.dim, self.start = longer, shorter, dim, start
        self.common = shorter.shape[dim]
        self.more = longer.shape[dim] - self.common
        self.size = longer.numel // longer.shape[dim]
        self.parts = [(at, count) for at, count in ((0, start), (start + self.common, self.more - start)) if count]

    def told(self) -> Grown:
        plain = Grown(self.common, self.more, self.start, self.size)
        if DTYPES[self.longer.dtype].kind == "complex":
            return plain
        figures = self._figures()
        if figures.least == figures.most:
            return plain._replace(made="constant" if figures.most else "zeros", value=figures.most)
        copied = self._copied()
        if copied:
            row = copied[0]
            made = "copy" if set(copied) == {row} else "again" if copied == [n % self.common for n in range(self.more)] else "copies"
            return plain._replace(made=made, row=row)
        own = plain._replace(made="own", std=figures.std if figures.std == figures.std else None)
        if not _are_floats(self.longer, self.shorter):
            return own
        if self.size > _MOST_MEANS:
            return own
        mean, std = self._mean()
        if std != std:
            return own
        exactly, distance = self._from(mean, std)
        if exactly or (self.size >= _WIDE and distance <= _FAR):
            return plain._replace(made="mean" if exactly else "near-mean", distance=0.0 if exactly else distance, others=std)
        return own._replace(others=std)

    def _boxes(self) -> Iterator[tuple[tuple[int, ...], Array]]:
        """(first index in its part, values) of the new slices."""
        for at, count in self.parts:
            yield from pieces(self.reader, _narrowed(self.longer, self.dim, at, count), self.monitor)

    def _figures(self) -> _Figures:
        import numpy as np
        count, total, squares = 0, 0.0, 0.0
        least, most = np.inf, -np.inf
        with np.errstate(all="ignore"):
            for _, box in self._boxes():
                values = box.astype(np.float64)
                count += values.size
                total += float(values.sum())
                squares += float(np.vdot(values, values))
                least, most = np.minimum(least, values.min()), np.maximum(most, values.max())
            mean = total / count
            return _Figures(float(np.sqrt(np.maximum(squares / count - mean * mean, 0.0))), float(least), float(most))

    def _copied(self) -> list[int]:
        """Of which common slice each new one is a copy, [] where one is none; proposed by a few elements of each, and then read."""
        if self.more > _MOST_COPIES or self.common > MOST_SLICES or self.longer.dtype != self.shorter.dtype or self.size < TELLING:
            return []
        rows: dict[bytes, int] = {}
        for number, sample in enumerate(self._samples(self.other, self.shorter)):
            rows.setdefault(sample, number)
        found: list[int] = []
        for at, count in self.parts:
            for sample in self._samples(self.reader, _narrowed(self.longer, self.dim, at, count)):
                if sample not in rows:
                    return []
                found.append(rows[sample])
        news = [at + n for at, count in self.parts for n in range(count)]
        return found if all(self._is_copy(new, old) for new, old in zip(news, found, strict=True)) else []

    def _samples(self, reader: TensorReader, info: TensorInfo) -> list[bytes]:
        import numpy as np
        others = tuple(size for d, size in enumerate(info.shape) if d != self.dim)
        places = places_in(others)
        found: Array | None = None
        for lows, box in pieces(reader, info, self.monitor):
            if found is None:
                found = np.zeros((info.shape[self.dim], len(places)), box.dtype)
            low = np.array([n for d, n in enumerate(lows) if d != self.dim], np.int64)
            turned = np.moveaxis(box, self.dim, 0)
            inside = np.flatnonzero(((places - low >= 0) & (places - low < turned.shape[1:])).all(1))
            if inside.size:
                rows = slice(lows[self.dim], lows[self.dim] + turned.shape[0])
                found[rows, inside] = turned[(slice(None), *(places[inside] - low).T)]
        return [] if found is None else [row.tobytes() for row in found]

    def _is_copy(self, new: int, old: int) -> bool:
        one = pieces(self.reader, _narrowed(self.longer, self.dim, new, 1), self.monitor)
        other = pieces(self.other, _narrowed(self.shorter, self.dim, old, 1), self.monitor)
        return all(x.tobytes() == y.tobytes() for (_, x), (_, y) in zip(one, other, strict=True))

    def _mean(self) -> tuple[Array, float]:
        """(the mean of the common slices in float64, the standard deviation of all their elements)."""
        import numpy as np
        sums = np.zeros(tuple(size for d, size in enumerate(self.shorter.shape) if d != self.dim), np.float64)
        squares = 0.0
        with np.errstate(all="ignore"):
            for lows, box in pieces(self.other, self.shorter, self.monitor):
                values = box.astype(np.float64)
                squares += float(np.vdot(values, values))
                sums[self._there(lows, box)] += values.sum(self.dim)
            mean = float(sums.sum()) / self.shorter.numel
            return sums / self.common, float(np.sqrt(np.maximum(squares / self.shorter.numel - mean * mean, 0.0)))

    def _from(self, mean: Array, std: float) -> tuple[bool, float]:
        """(whether all new slices are the mean but for rounding, their relative distance from it). Whoever made them may have added up
        in float32."""
        import numpy as np
        digits = DIGITS.get(self.longer.dtype, 3)
        exactly, apart, size = True, 0.0, 0.0
        with np.errstate(all="ignore"):
            for lows, box in self._boxes():
                wanted = np.expand_dims(mean[self._there(lows, box)], self.dim)
                off = np.abs(box.astype(np.float64) - wanted)
                exactly &= bool((off <= np.abs(wanted) * 2.0 ** -digits + std * 2.0 ** -20).all())
                apart += float(np.sum(np.square(off)))
                size += float(np.sum(np.square(wanted))) * box.shape[self.dim]
            distance = float(np.sqrt(apart / size)) if size else np.inf
        return exactly, distance if distance == distance else np.inf

    def _there(self, lows: Sequence[int], box: Array) -> tuple[slice, ...]:
        """Where the slices' elements that a box has are in one slice."""
        return tuple(slice(low, low + size) for d, (low, size) in enumerate(zip(lows, box.shape, strict=True)) if d != self.dim)
