"""Parts of a packed tensor for its decoder, and the elements it makes of them, a bounded run of rows at a time."""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from inspector.core.checkpoint import TensorInfo, Unpacked, contiguous
from inspector.core.dtypes import DTYPES, float_table, numpy_dtype
from inspector.core.errors import BadTensor
from inspector.core.limits import LIMITS
from inspector.core.wording import count

from .casts import converter

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

Box = Callable[[TensorInfo, tuple[int, ...], tuple[int, ...]], Any]

_BYTES = 4 << 20        # of float32 elements made at once
_KEPT = 64 << 20        # bytes of parts that are kept whole, as scales are
_TABLES = frozenset({"float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu"})


class Parts:
    """A `PartReader`: `box` reads a box of a stored tensor."""

    def __init__(self, unpacked: Unpacked, box: Box) -> None:
        self._sources = {role: _in_bytes(info) for role, info in unpacked.sources}
        self._box = box
        self._whole: dict[tuple[str, bool], Array] = {}
        self._made: dict[str, Array] = {}

    def codes(self, role: str, first: int = 0, last: int | None = None, axis: int = 0) -> Array:
        return self._read(role, first, last, axis, False)

    def numbers(self, role: str, first: int = 0, last: int | None = None, axis: int = 0) -> Array:
        return self._read(role, first, last, axis, True)

    def converted(self, role: str, first: int, last: int, dtype: str) -> Array:
        import numpy as np
        info = self._sources[role]
        end = min(last, info.shape[0])
        at, sizes = (min(first, end), *(0,) * (len(info.shape) - 1)), (end - min(first, end), *info.shape[1:])
        array = np.ascontiguousarray(self._box(info, at, sizes)).reshape(-1)
        return np.frombuffer(converter(info.dtype, dtype)(array.view(np.uint8).data), numpy_dtype(dtype))

    def kept(self, name: str, make: Callable[[], Array]) -> Array:
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    def _read(self, role: str, first: int, last: int | None, axis: int, as_numbers: bool) -> Array:
        info = self._sources[role]
        if last is None and not first:
            known = self._whole.get((role, as_numbers))
            if known is None:
                known = self._part(info, (0,) * len(info.shape), info.shape, as_numbers)
                if known.nbytes <= _KEPT:
                    self._whole[role, as_numbers] = known
            return known
        if not 0 <= axis < len(info.shape):
            raise BadTensor(f"its part {info.key} has not the shape that its layout asks for", where=info.key, id="corrupt")
        end = info.shape[axis] if last is None else min(last, info.shape[axis])
        begin = min(first, end)
        if axis and info.nbytes <= _KEPT:           # columns lie all over it
            whole = self._read(role, 0, None, 0, as_numbers)
            return whole[:, begin:end]
        at = tuple(begin if n == axis else 0 for n in range(len(info.shape)))
        sizes = tuple(end - begin if n == axis else size for n, size in enumerate(info.shape))
        return self._part(info, at, sizes, as_numbers)

    def _part(self, info: TensorInfo, at: tuple[int, ...], sizes: tuple[int, ...], as_numbers: bool) -> Array:
        import numpy as np
        array: Array = self._box(info, at, sizes)
        if not as_numbers:
            return array.view(f"u{array.itemsize}") if array.dtype.kind not in "iu" else array
        if info.dtype == "float32":
            return array
        if info.dtype in _TABLES:
            return float_table(info.dtype)[array.view(np.uint8)]
        return np.frombuffer(converter(info.dtype, "float32")(np.ascontiguousarray(array).view(np.uint8).data), np.float32).reshape(sizes)


def _in_bytes(info: TensorInfo) -> TensorInfo:
    """Elements narrower than a byte as the bytes they are in."""
    known = DTYPES.get(info.dtype)
    if known is None or known.bits % 8 == 0 or not info.shape:
        return info
    shape = (*info.shape[:-1], -(-info.shape[-1] * known.bits // 8))
    return info._replace(dtype="uint8", shape=shape, stride=contiguous(shape))


class Decoded:
    """Stands where an extent would for a tensor that is made of parts: its elements in C order, as float32 or what its type is."""

    crc = None
    method = 0

    def __init__(self, info: TensorInfo, unpacked: Unpacked, box: Box) -> None:
        self.key = info.key
        self.dtype = numpy_dtype(info.dtype)
        self.size = info.numel * self.dtype.itemsize
        self._decoder = unpacked.decoder
        self._parts = Parts(unpacked, box)
        self._made: tuple[int, Array] | None = None         # where the elements begin that were made last, and they

    def bytes(self, start: int, nbytes: int) -> memoryview:
        """Bytes `start` … of the elements. Both are whole elements. Raises BadTensor."""
        import numpy as np
        out = np.empty(nbytes // self.dtype.itemsize, self.dtype)
        at, place = 0, start // self.dtype.itemsize
        while at < out.size:
            first, values = self._holding(place)
            part = values[place - first:place - first + out.size - at]
            out[at:at + part.size] = part
            at += part.size
            place += part.size
        return out.view(np.uint8).data

    def _holding(self, place: int) -> tuple[int, Array]:
        """Where some run of elements begins that element `place` is in, and they."""
        known = self._made
        if known is not None and known[0] <= place < known[0] + known[1].size:
            return known
        item = self.dtype.itemsize
        unit, numel = max(self._decoder.unit, 1), self.size // item
        if unit * item > LIMITS.preview:
            raise BadTensor(f"a row of it would take {count(unit * item, 'byte')}", where=self.key, id="too_big")
        first = place // unit
        last = min(first + max(1, _BYTES // item // unit), -(-numel // unit))
        try:
            values = self._decoder.decode(self._parts, first, last)
        except (ValueError, IndexError, KeyError) as error:         # shapes that contradict each other
            raise BadTensor(f"its parts do not fit together ({error})", where=self.key, id="corrupt") from error
        if values.size != min(last * unit, numel) - first * unit:
            raise BadTensor("its parts have not as many elements as it has", where=self.key, id="corrupt")
        self._made = first * unit, values
        return self._made
