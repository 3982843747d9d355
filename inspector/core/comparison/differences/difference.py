"""How the elements of two tensors differ: one bounded pass over both, in chunks of as many elements."""
from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any

from inspector.core.checkpoint import PerChannel, TensorInfo
from inspector.core.comparison.pairing.as_meant import stored_as
from inspector.core.comparison.pairing.pairs import Difference
from inspector.core.dtypes import DTYPES
from inspector.core.errors import BadTensor
from inspector.core.keypath import visible
from inspector.core.measures.distribution import sum_of_products, sum_of_squares
from inspector.core.progress import QUIET, Monitor
from inspector.core.tensors.casts import converter, why_not
from inspector.core.tensors.reader import TensorReader, array_dtype

from . import kernels
from .first_rows import FirstRows, first_rows, ruled_out_by
from .kernels import Apart, apart, apart_numpy, joined

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

CHUNK = 2 << 20           # bytes of either tensor at once
_SHRINK, _GROW, _TINY = 2.0 ** -600, 2.0 ** 600, 1e-280
EXACT = 1 << 53            # integers up to here are the same in float64


def difference(a: TensorReader, key_a: str, info_a: TensorInfo, b: TensorReader, key_b: str, info_b: TensorInfo, *,
               rtol: float = 0.0, atol: float = 0.0, nbytes_in_all: int = 0, monitor: Monitor = QUIET) -> Difference:
    """Of two tensors of the same shape, or other views of their storages; see `Difference`. `nbytes_in_all` says how many bytes will be
    compared in all. A tensor whose values cannot be had gives a `problem`. Raises Cancelled, and ReadError when a file has changed."""
    found, rows = difference_so_far(a, key_a, info_a, b, key_b, info_b, rtol=rtol, atol=atol, nbytes_in_all=nbytes_in_all, monitor=monitor)
    return found if rows is None else told_by_rows([found], [rows])[0]


def difference_so_far(a: TensorReader, key_a: str, info_a: TensorInfo, b: TensorReader, key_b: str, info_b: TensorInfo, *,
                      rtol: float = 0.0, atol: float = 0.0, nbytes_in_all: int = 0,
                      monitor: Monitor = QUIET) -> tuple[Difference, FirstRows | None]:
    """The same, and the rows that are to be looked at with those of other pairs (`told_by_rows`)."""
    kept: list[FirstRows] = []
    try:
        found = _difference(a, key_a, info_a, b, key_b, info_b, rtol, atol, nbytes_in_all, monitor, kept)
    except BadTensor as error:
        return Difference(info_a.numel, problem=str(error)), None
    return found, kept[0] if kept else None


def told_by_rows(found: Sequence[Difference], rows: Sequence[FirstRows | None]) -> list[Difference]:
    """The differences with what the first rows of some rule out."""
    told, result = iter(ruled_out_by([one for one in rows if one is not None])), []
    for one, its_rows in zip(found, rows, strict=True):
        if its_rows is None:
            result.append(one)
        else:
            many, full = next(told)
            result.append(one._replace(many=many, full=full))
    return result


def _difference(a: TensorReader, key_a: str, info_a: TensorInfo, b: TensorReader, key_b: str, info_b: TensorInfo,
                rtol: float, atol: float, nbytes_in_all: int, monitor: Monitor, kept: list[FirstRows]) -> Difference:
    if info_a.layout != "strided" or info_b.layout != "strided":
        same = a.digest(key_a) == b.digest(key_b)
        return Difference(info_a.numel, equal_bytes=same,
                          problem="" if same else f"{info_a.layout} tensors are compared by their bytes only")
    if _same_parts(a, info_a, b, info_b, monitor):
        return Difference(info_a.numel, equal_bytes=True)
    if not _same_quantizer(info_a, info_b):
        return Difference(info_a.numel, problem="they are quantized with different scales")
    for info in (info_a, info_b):
        if info.problem or info.dtype not in DTYPES:
            raise BadTensor(info.problem or f"its element type {visible(info.dtype, 40)} is unknown", where=info.key, id="unknown_dtype")

    def run(scale: float = 1.0, scale_d: float = 1.0) -> Pass:
        one, done = Pass(info_a, info_b, rtol, atol, nbytes_in_all, scale, scale_d), 0
        for x, y in chunks_of_both(a, info_a, b, info_b):
            monitor.check()
            one.add(x, y)
            if not done and one.parts[0].different and not one.is_scaled:
                rows = first_rows(info_a, x, info_b, y)
                if isinstance(rows, FirstRows):
                    kept.append(rows)
                else:
                    one.many, one.full = rows
            done += x.nbytes + y.nbytes
            monitor.report(done, info_a.nbytes + info_b.nbytes, key_a)
        return one

    return difference_of(info_a.numel, run)


def expect(a: str, b: str, nbytes: int) -> None:
    """Says that so many bytes of tensors of these types are going to be compared."""
    if kind := quick(a, b):
        kernels.expect(kind, nbytes)


def difference_of(numel: int, run: Callable[..., Pass]) -> Difference:
    """By `run`, a pass over all elements of both, or if need be a second one with the scales that it is given."""
    found = run()
    scales = found.better_scales()
    return found.difference(numel, found if scales == (1.0, 1.0) else run(*scales))


def piece_sizes(info_a: TensorInfo, info_b: TensorInfo, most: int = CHUNK) -> tuple[int, int]:
    """Bytes of either that are looked at at once, `most` of the wider: of as many elements."""
    a, b = (array_dtype(info.dtype).itemsize for info in (info_a, info_b))
    return most // max(a, b) * a, most // max(a, b) * b


def chunks_of_both(a: TensorReader, info_a: TensorInfo, b: TensorReader, info_b: TensorInfo,
                   most: int = CHUNK) -> Generator[tuple[Array, Array], None, None]:
    """As many elements of each, in C order; where both lie in storage in one and the same order, in that. `most`: see `piece_sizes`."""
    ordered = info_a.stride != info_b.stride or info_a.extra is not None or info_b.extra is not None
    runs = [reader.chunks(info, size, ordered=ordered)
            for reader, info, size in zip((a, b), (info_a, info_b), piece_sizes(info_a, info_b, most), strict=True)]
    left: list[Array | None] = [None, None]
    while True:
        for side, run in enumerate(runs):
            if left[side] is None:
                left[side] = next(run, None)
        x, y = left
        if x is None or y is None:
            return
        n = min(x.size, y.size)
        yield x[:n], y[:n]
        left = [x[n:] if x.size > n else None, y[n:] if y.size > n else None]


def _same_parts(a: TensorReader, info_a: TensorInfo, b: TensorReader, info_b: TensorInfo, monitor: Monitor) -> bool:
    """Whether two packed tensors are made in the same way of the same bytes, so that there is nothing to unpack."""
    x, y = info_a.unpacked, info_b.unpacked
    if x is None or y is None or x.decoder != y.decoder or stored_as(info_a) != stored_as(info_b):
        return False
    return all(have_same_bytes(a, one, b, other, monitor) for (_, one), (_, other) in zip(x.sources, y.sources, strict=True))


def have_same_bytes(a: TensorReader, info_a: TensorInfo, b: TensorReader, info_b: TensorInfo, monitor: Monitor) -> bool:
    """Whether two tensors of one shape and type have the same elements, bit by bit. Raises BadTensor, Cancelled."""
    for x, y in chunks_of_both(a, info_a, b, info_b):
        monitor.check()
        if not _same_bytes(x, y):
            return False
    return True


def _same_quantizer(x: TensorInfo, y: TensorInfo) -> bool:
    """Whether equal integers surely stand for equal numbers. Scales that are tensors are not read."""
    return x.quantizer == y.quantizer and not any(
        isinstance(given, TensorInfo) for info in (x, y) if isinstance(info.quantizer, PerChannel)
        for given in (info.quantizer.scales, info.quantizer.zero_points))


class Pass:
    """Chunks of a pair, one after the other. `scale` and `scale_d` are for numbers whose squares float64 does not hold."""

    def __init__(self, a: TensorInfo, b: TensorInfo, rtol: float, atol: float, nbytes_in_all: int, scale: float, scale_d: float) -> None:
        self.a, self.b = a, b
        self.rtol, self.atol, self.nbytes_in_all = rtol, atol, nbytes_in_all
        self.scale, self.scale_d = scale, scale_d
        self.parts: list[Apart] = []
        self.quick = quick(a.dtype, b.dtype)
        self.same_bytes = a.dtype == b.dtype
        self.many = self.full = False
        self.cast = {side: is_cast(source, target) for side, source, target in (("b", a.dtype, b.dtype), ("a", b.dtype, a.dtype))}

    @property
    def is_scaled(self) -> bool:
        return self.scale != 1.0 or self.scale_d != 1.0

    def add(self, x: Array, y: Array) -> None:
        if self.quick and not self.is_scaled:
            one, other = as_kind(self.quick, x), as_kind(self.quick, y)
            self.parts.append(apart(one, other, rtol=self.rtol, atol=self.atol, nbytes_in_all=self.nbytes_in_all))
        else:
            self.parts.append(self._apart(x, y))
        if not self.is_scaled:
            self._look_at_bytes(x, y)

    def take_in(self, part: Pass) -> None:
        """What was found in other elements of the two."""
        self.parts += part.parts
        self.same_bytes = self.same_bytes and part.same_bytes
        self.cast = {side: fits and part.cast[side] for side, fits in self.cast.items()}

    def _apart(self, x: Array, y: Array) -> Apart:
        one, other = numbers_of(x, self.a.dtype), numbers_of(y, self.b.dtype)
        if one.dtype.kind == "c" or other.dtype.kind == "c":
            return _complex(one, other, self.rtol, self.atol, self.scale, self.scale_d)
        if one.dtype.kind in "iu" and other.dtype.kind in "iu" and max(most_of(one), most_of(other)) > EXACT:
            return _integers(one, other, self.rtol, self.atol)
        return apart_numpy(one, other, rtol=self.rtol, atol=self.atol, scale=self.scale, scale_d=self.scale_d)

    def _look_at_bytes(self, x: Array, y: Array) -> None:
        if self.same_bytes:
            self.same_bytes = not self.parts[-1].different and _same_bytes(x, y)
        if self.cast["b"]:
            self.cast["b"] = bytes(converter(self.a.dtype, self.b.dtype)(x.tobytes())) == y.tobytes()
        if self.cast["a"]:
            self.cast["a"] = bytes(converter(self.b.dtype, self.a.dtype)(y.tobytes())) == x.tobytes()

    def better_scales(self) -> tuple[float, float]:
        return better_scales(joined(self.parts), has_float64(self.a.dtype, self.b.dtype))

    def difference(self, numel: int, sums: Pass) -> Difference:
        """`sums` is the pass whose sums are good; the counts are this one's."""
        return of_sums(numel, joined(self.parts), joined(sums.parts), (sums.scale, sums.scale_d), self.same_bytes,
                       "b" if self.cast["b"] else "a" if self.cast["a"] else "", (self.many, self.full))


def better_scales(found: Apart, has_float64: bool) -> tuple[float, float]:
    """By what to multiply elements and distances before squaring, where their squares left float64's range."""
    wide = math.inf in (found.aa, found.bb) or math.isnan(found.ab)
    return (_SHRINK if wide else _GROW if 0.0 <= max(found.aa, found.bb) < _TINY and has_float64 else 1.0,
            _SHRINK if found.dd == math.inf else _GROW if found.max_d > 0.0 and found.dd < _TINY else 1.0)


def has_float64(a: str, b: str) -> bool:
    return any(DTYPES[name].bits >= 64 and DTYPES[name].kind in ("float", "complex") for name in (a, b))


def of_sums(numel: int, counted: Apart, summed: Apart, scales: tuple[float, float], same_bytes: bool, cast: str,
            ruled_out: tuple[bool, bool]) -> Difference:
    """What counts and sums come to; the sums are of a pass with these `scales`."""
    (scale, scale_d), (many, full) = scales, ruled_out
    finite = max(numel - counted.nonfinite, 1)
    distance, size, other = math.sqrt(summed.dd), math.sqrt(summed.aa), math.sqrt(summed.bb)
    return Difference(
        numel, counted.different, counted.max_d, distance / scale_d / math.sqrt(finite),
        distance / size * (scale / scale_d) if size else math.inf if distance else 0.0,
        _cosine(summed.ab, size, other), counted.flips, counted.nonfinite, same_bytes, cast, "",
        other / size if size else math.inf if other else 1.0, size / scale, many, full)


def _cosine(product: float, one: float, other: float) -> float:
    if not one and not other:
        return 1.0
    return max(-1.0, min(1.0, product / one / other)) if one and other else math.nan


def is_cast(source: str, target: str) -> bool:
    """Whether one could be the other cast: both floating, of different types."""
    return source != target and not why_not(source, target) and DTYPES[source].kind == DTYPES[target].kind == "float"


def quick(a: str, b: str) -> str:
    """As what the kernel takes elements of these types without loss; "" where it does not."""
    if a == b == "bfloat16":
        return "u2"
    if not all(name in DTYPES and DTYPES[name].kind == "float" for name in (a, b)):
        return ""
    return "f8" if "float64" in (a, b) else "f4"


def as_kind(kind: str, chunk: Array) -> Array:
    import numpy as np
    if chunk.dtype == kind:
        return chunk
    if kind == "u2":
        return chunk.view(np.uint16)
    with np.errstate(all="ignore"):
        return chunk.astype(kind)


def numbers_of(chunk: Array, dtype: str) -> Array:
    """Elements as numbers that numpy can calculate with."""
    import numpy as np
    if dtype == "complex32":
        plane: Array = chunk["real"].astype(np.float64) + 1j * chunk["imag"].astype(np.float64)
        return plane
    kind = DTYPES[dtype].kind
    if kind == "complex":
        return chunk.astype(np.complex128)
    if kind == "bool":
        truth: Array = chunk.view(np.uint8) != 0
        return truth
    if kind != "float":
        return chunk
    floats: Array = chunk.astype(np.float64)
    return floats


def most_of(chunk: Array) -> int:
    return max(abs(int(chunk.min())), abs(int(chunk.max()))) if chunk.size else 0


def _integers(x: Array, y: Array, rtol: float, atol: float) -> Apart:
    """Integers that float64 does not tell apart: what differs is counted exactly, distances are rounded once."""
    import numpy as np
    rounded = apart_numpy(x, y, rtol=rtol, atol=atol)
    same_sign = (x >= 0) == (y >= 0)
    low, high = x.astype(np.uint64), y.astype(np.uint64)        # modulo 2^64, in which distances of equal signs are exact
    gap = np.where(low > high if x.dtype != y.dtype else x > y, low - high, high - low)
    differ = (low != high) | ~same_sign
    distance = np.where(same_sign, gap.astype(np.float64), np.abs(x.astype(np.float64)) + np.abs(y.astype(np.float64)))
    counted = differ if not (rtol or atol) else differ & (distance > atol + rtol * np.abs(y.astype(np.float64)))
    return rounded._replace(different=int(np.count_nonzero(counted)), max_d=float(distance.max()), dd=sum_of_squares(distance))


def _complex(x: Array, y: Array, rtol: float, atol: float, scale: float, scale_d: float) -> Apart:
    """Distances in the plane; the product is the real part of the inner product. Complex numbers have no sign to flip."""
    import numpy as np
    with np.errstate(all="ignore"):
        x, y = x.astype(np.complex128), y.astype(np.complex128)
        nan = np.isnan(x) & np.isnan(y)
        finite = np.isfinite(x) & np.isfinite(y)
        gap = np.abs(x - y)
        differ = (x != y) & ~nan
        if rtol or atol:
            differ &= ~(finite & (gap <= atol + rtol * np.abs(y)))
        odd = int(np.count_nonzero(differ & ~finite))
        x, y, gap = x[finite], y[finite], gap[finite]
        most = float(gap.max()) if gap.size else 0.0
        x, y, gap = x * scale, y * scale, gap * scale_d
        return Apart(int(np.count_nonzero(differ)), 0, odd, most, sum_of_squares(gap),
                     *(sum_of_products(a.real, b.real) + sum_of_products(a.imag, b.imag) for a, b in ((x, x), (y, y), (x, y))))


def _same_bytes(x: Array, y: Array) -> bool:
    """By whole words, which is as fast as memory; bits of NaN count."""
    import numpy as np
    one, other = x.view(np.uint8), y.view(np.uint8)
    words = one.size & ~7
    return bool((one[:words].view(np.uint64) == other[:words].view(np.uint64)).all() and (one[words:] == other[words:]).all())
