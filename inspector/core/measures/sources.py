"""What is read for a tensor's numbers, and as what."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from inspector.core.checkpoint import Checkpoint, Incomplete, PerChannel, PerTensor, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.errors import BadTensor, NoSuchKey
from inspector.core.keypath import visible
from inspector.core.tensors.reader import TensorReader

from . import elements

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

TINY = 1 << 16          # elements
_FEW_BYTES = 1 << 10    # elements of one byte
_MOST = 1 << 62         # elements: beyond that their places in order are no 64-bit numbers


class Source(NamedTuple):
    """The elements of `info`, each of which stands for `times` elements of the tensor `key`, counted in the way `family`.
    `convert(elements, place of the first in C order)` makes the numbers out of what is read, where that is not all."""

    key: str
    info: TensorInfo
    family: str
    times: int = 1
    convert: Callable[[TensorReader, Array, int], Array] | None = None

    @property
    def nbytes(self) -> int:
        return self.info.nbytes

    @property
    def tiny(self) -> bool:
        """Whether one look at all its elements is the quickest way to know everything."""
        return self.info.numel <= TINY

    @property
    def few(self) -> bool:
        """Whether sorting all its elements is that way: more of one byte are better counted."""
        return self.info.numel <= (_FEW_BYTES if DTYPES[self.info.dtype].bits == 8 else TINY)

    @property
    def passes(self) -> int:
        """How often the elements are usually read."""
        return 1 if self.tiny or self.family == elements.TABLE else 2

    def chunks(self, reader: TensorReader, max_bytes: int, into: str, hold: int = 0, start: int = 0) -> Iterator[Array]:
        """All elements in pieces: of a table their bits, otherwise numbers of the family `into`. `hold` and `start` are the reader's."""
        place = 0
        for chunk in reader.chunks(self.info, max_bytes, ordered=self.convert is not None, hold=hold, start=start):
            if self.convert is not None:
                numbers = self.convert(reader, chunk, place)
                place += chunk.size
                yield numbers.astype(into, copy=False)
            else:
                yield self.numbers(chunk, into)

    def numbers(self, chunk: Array, into: str) -> Array:
        """A piece of what is read, where nothing else is needed to make numbers of it."""
        return chunk.view(f"u{chunk.itemsize}") if self.family == elements.TABLE else elements.numbers(chunk, self.info.dtype, into)


def of_tensor(ckpt: Checkpoint, key: str, *, fold: bool = True) -> Source:
    """Of sparse tensors the values that are stored. With `fold`, a dimension that repeats the same elements (stride 0) is not
    walked but multiplied. Raises UsageError when there is no such tensor, BadTensor when its elements are no numbers."""
    info = ckpt.tensors.get(key)
    if info is None:
        raise NoSuchKey(key, ckpt)
    if info.layout != "strided" and not info.problem and info.made_of is not None and not isinstance(info.made_of, Incomplete):
        info = info.made_of.values
    if info.problem:
        raise BadTensor(info.problem, where=key)
    if info.dtype not in DTYPES:
        raise BadTensor(f"its element type {visible(info.dtype, 40)} is unknown", where=key, id="unknown_dtype")
    if not elements.measurable(info.dtype):
        raise BadTensor(f"its {info.dtype} elements are packed bits, not numbers", where=key, id="not_numbers")
    family = elements.family(info.dtype)
    if not fold or 0 not in info.stride:
        return Source(key, info, family)
    repeated = [n for n, step in enumerate(info.stride) if step == 0 and len(info.shape) == len(info.stride) and info.shape[n] > 1]
    if not repeated or info.chunks or not info.numel or info.numel > _MOST:
        return Source(key, info, family)
    kept = [n for n in range(len(info.shape)) if n not in repeated]
    base = info._replace(shape=tuple(info.shape[n] for n in kept), stride=tuple(info.stride[n] for n in kept))
    return Source(key, base, family, info.numel // base.numel)


def dequantized(source: Source) -> Source | None:
    """The numbers that a quantized tensor's stored integers stand for, as torch's `dequantize` has them (float32); None when
    its quantizer is not known."""
    info = source.info
    quantizer = info.quantizer
    if info.dtype not in ("qint8", "quint8", "qint32"):
        return None
    if isinstance(quantizer, PerTensor) and quantizer.scheme == "per_tensor_affine":
        return Source(source.key, info, elements.FLOAT32, source.times, _OneScale(quantizer.scale, quantizer.zero_point))
    if not isinstance(quantizer, PerChannel) or source.times != 1 or not 0 <= (axis := quantizer.axis) < len(info.shape):
        return None
    scales, points = quantizer.scales, quantizer.zero_points
    if isinstance(scales, TensorInfo) and isinstance(points, TensorInfo) and scales.shape == points.shape == (info.shape[axis],):
        inner = 1
        for size in info.shape[axis + 1:]:
            inner *= size
        return Source(source.key, info, elements.FLOAT32, 1, _ManyScales(scales, points, inner))
    return None


class _OneScale:
    def __init__(self, scale: float, zero_point: int) -> None:
        self._scale = float(scale)
        self._zero_point = float(zero_point)

    def __call__(self, _reader: TensorReader, stored: Array, _place: int) -> Array:
        import numpy as np
        with np.errstate(all="ignore"):
            numbers: Array = (stored.astype(np.float32) - np.float32(self._zero_point)) * np.float32(self._scale)
        return numbers


class _ManyScales:
    """`inner` elements that follow one another have the same scale, then comes the next."""

    def __init__(self, scales: TensorInfo, points: TensorInfo, inner: int) -> None:
        self._infos = scales, points
        self._inner = inner
        self._known: tuple[Array, Array] | None = None

    def __call__(self, reader: TensorReader, stored: Array, place: int) -> Array:
        import numpy as np
        if self._known is None:
            scales, points = (np.concatenate([*reader.chunks(info)]).astype(np.float32) for info in self._infos)
            self._known = scales, points
        scales, points = self._known
        channel = np.arange(place, place + stored.size) // self._inner % scales.size
        with np.errstate(all="ignore"):
            numbers: Array = (stored.astype(np.float32) - points[channel]) * scales[channel]
        return numbers
