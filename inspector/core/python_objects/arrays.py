"""Tensors as numpy arrays that share memory where they did in the file."""
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from inspector.core.checkpoint import Jagged, Nested, PerChannel, SparseCompressed, SparseCoo, Storage, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.errors import BadTensor
from inspector.core.tensors.array_kinds import EmptyArray, NestedArray, QuantizedArray, SparseArray, exact_dtype
from inspector.core.tensors.reader import array_dtype
from inspector.core.tensors.shared_storages import SharedStorages, listed
from inspector.core.wording import count

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


class ArrayMaker:
    """Arrays over `shared`; `storages` are those of the object, by id."""

    def __init__(self, shared: SharedStorages, storages: Mapping[str, Storage]) -> None:
        self._shared = shared
        self._storages = storages
        self._bases: dict[str, Array] = {}

    def tensor(self, info: TensorInfo, is_parameter: bool) -> Any:
        if info.device == "meta" or info.problem.startswith("meta"):
            return EmptyArray(info.shape, info.dtype, info.stride)
        if info.layout != "strided":
            return self._composed(info)
        stored = self._view(info)
        quantizer = info.quantizer
        if quantizer is None:
            return stored
        if isinstance(quantizer, PerChannel):
            scales, zeros = (self._view(given) if isinstance(given, TensorInfo) else self._numbers(given)
                             for given in (quantizer.scales, quantizer.zero_points))
            return QuantizedArray(stored, info.dtype, quantizer.scheme, scales, zeros, quantizer.axis)
        return QuantizedArray(stored, info.dtype, quantizer.scheme, quantizer.scale, quantizer.zero_point)

    def storage(self, id: str) -> Any:
        storage = listed(self._storages, id)
        base = self._base(id, self._shared.whole(storage))
        dtype = array_dtype(storage.dtype)
        return base[:base.size - base.size % dtype.itemsize].view(dtype)

    def size(self, sizes: list[int]) -> Any:
        return tuple(sizes)

    def named(self, kind: str, text: str) -> Any:
        return text if kind == "device" else f"torch.{text}"

    def _composed(self, info: TensorInfo) -> Any:
        if info.problem:
            raise BadTensor(info.problem, where=info.key)
        parts = {name: self._view(part) for name, part in info.parts.items()}
        made_of = info.made_of
        if isinstance(made_of, SparseCoo | SparseCompressed):
            return SparseArray(info.layout, info.shape, parts, made_of.is_coalesced if isinstance(made_of, SparseCoo) else None)
        if isinstance(made_of, Nested | Jagged):
            return NestedArray(info.layout, parts, made_of.ragged_dim if isinstance(made_of, Jagged) else None)
        raise BadTensor(f"its layout {info.layout} is not known", where=info.key, id="unsupported")

    def _view(self, info: TensorInfo) -> Array:
        import numpy as np
        home = self._shared.home(info)
        if DTYPES[info.dtype].bits % 8:
            return np.frombuffer(home.data, np.uint8)[info.offset:info.offset + info.nbytes].view(exact_dtype(info.dtype, info.shape))
        dtype = exact_dtype(info.dtype)
        try:
            if not info.numel:
                return np.empty(info.shape, dtype)
            made: Array = np.ndarray(info.shape, dtype, self._base(home.id, home.data), home.offset * dtype.itemsize,
                                     [step * dtype.itemsize for step in info.stride])
        except ValueError as error:
            raise BadTensor(f"an array cannot have its {count(len(info.shape), 'dimension')}", where=info.key) from error
        if info.is_conjugate or info.is_negative:       # numpy has no such views: numbers of their own
            made = np.conjugate(made) if info.is_conjugate else made
            made = np.negative(made) if info.is_negative else made
        return made

    def _base(self, id: str, data: bytearray) -> Array:
        """One array for all bytes of a storage, by which those that share it are known."""
        import numpy as np
        found = self._bases.get(id)
        if found is None:
            found = self._bases[id] = np.frombuffer(data, np.uint8)
        return found

    def _numbers(self, given: tuple[float, ...]) -> Array:
        import numpy as np
        return np.array(given)
