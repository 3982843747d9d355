"""What numpy has no array for, as frozen values around arrays: quantized, sparse and nested tensors, and those without values.

Each is an array to numpy where it can be (`np.asarray(x)`: dequantized, with all its zeros), and holds what is stored, so that it can
be saved again as it was.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inspector.core.checkpoint import COMPRESSED
from inspector.core.dtypes import DTYPES, numpy_dtype
from inspector.core.errors import UsageError
from inspector.core.wording import count

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

TORCH_DTYPE = "torch_dtype"
"""Under this name the metadata of an array's dtype says which of torch's types its elements are, where several share one array type."""
_ONE_OF_SEVERAL = frozenset(name for name, known in DTYPES.items() if known.kind in ("other", "quantized"))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class QuantizedArray:
    """A quantized tensor. `stored` are its integers (`int_repr` of torch), `dtype` is torch's name ("qint8"), `scheme` torch's
    ("per_tensor_affine"); `scales` and `zero_points` one number each, or arrays along `axis` (None: per tensor)."""

    stored: Array
    dtype: str
    scheme: str
    scales: Any
    zero_points: Any
    axis: int | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.stored.shape)

    def numpy(self) -> Array:
        """The numbers that it stands for, float32: `(stored - zero_point) * scale`, as torch's `dequantize` reckons. Raises UsageError
        for types of several elements in a byte."""
        import numpy as np
        if DTYPES[self.dtype].bits < 8:
            raise UsageError(f"elements of {self.dtype} share bytes and are not dequantized here", "`stored` has the bytes.")
        if self.axis is None:
            found: Array = ((self.stored.astype(np.float32) - np.float32(self.zero_points)) * np.float32(self.scales))
            return found.astype(np.float32)
        along = [-1 if axis == self.axis else 1 for axis in range(self.stored.ndim)]
        scales = np.asarray(self.scales, np.float32).reshape(along)
        exact: Any = np.float32 if self.scheme == "per_channel_affine_float_qparams" else np.int64
        points = np.asarray(self.zero_points, exact).reshape(along)
        numbers: Array = (self.stored.astype(exact) - points).astype(np.float32)
        numbers *= scales
        return numbers

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        found = self.numpy()
        return found if dtype is None else found.astype(dtype)

    def __repr__(self) -> str:
        return f"<QuantizedArray {list(self.shape)} {self.dtype} {self.scheme}>"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SparseArray:
    """A sparse tensor of `layout` ("sparse_coo", "sparse_csr" …): `parts` by torch's names ("indices" and "values", or "crow_indices",
    "col_indices" and "values" …), `shape` of the whole. `is_coalesced` as the file says it, None where it does not."""

    layout: str
    shape: tuple[int, ...]
    parts: Mapping[str, Array]
    is_coalesced: bool | None = None

    def numpy(self) -> Array:
        """With all its zeros; of the element type of its values. Raises UsageError for blocks and what contradicts itself."""
        import numpy as np
        values = self.parts["values"]
        out: Array = np.zeros(self.shape, values.dtype)
        try:
            if self.layout == "sparse_coo":
                indices = self.parts["indices"]
                np.add.at(out, tuple(indices), values) if indices.shape[0] else np.add(out, values.sum(0), out)
                return out
            if self.layout in ("sparse_csr", "sparse_csc") and len(self.shape) == 2:
                compressed, plain = (self.parts[name] for name in COMPRESSED[self.layout])
                major = np.repeat(np.arange(len(compressed) - 1), np.diff(compressed))
                out[(major, plain) if self.layout == "sparse_csr" else (plain, major)] = values
                return out
        except (IndexError, ValueError) as error:
            raise UsageError(f"the parts of the sparse tensor contradict each other: {error}") from error
        raise UsageError(f"a tensor of layout {self.layout} and {count(len(self.shape), 'dimension')} is not unfolded here",
                         "`parts` has what is stored.")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        found = self.numpy()
        return found if dtype is None else found.astype(dtype)

    def __repr__(self) -> str:
        return f"<SparseArray {list(self.shape)} {self.layout}, {len(self.parts['values']):,} stored>"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class NestedArray:
    """Tensors of different sizes in one buffer: `layout` "nested" (`parts`: values, sizes, strides, offsets) or "jagged" (`parts`: values,
    offsets, perhaps lengths; they differ in the dimension `ragged_dim`)."""

    layout: str
    parts: Mapping[str, Array]
    ragged_dim: int | None = None

    def __repr__(self) -> str:
        return f"<NestedArray {self.layout}, {self.parts['values'].size:,} elements>"


@dataclass(frozen=True, slots=True)
class EmptyArray:
    """A tensor whose values are in no file, as on the meta device: `dtype` is torch's name, `shape` and `stride` count elements."""

    shape: tuple[int, ...]
    dtype: str
    stride: tuple[int, ...]


def exact_dtype(name: str, shape: tuple[int, ...] | None = None) -> np.dtype[Any]:
    """The array type of elements of torch's `name`; what cannot be told from it (see `TORCH_DTYPE`) is in its metadata. `shape`
    is that of a tensor whose bytes alone are in the array."""
    import numpy as np
    try:
        plain = numpy_dtype(name)
    except ValueError:
        plain = np.dtype(np.uint8)
    if name not in _ONE_OF_SEVERAL:
        return plain
    return np.dtype(plain, metadata={TORCH_DTYPE: name, **({"shape": shape} if shape is not None else {})})


def torch_name(dtype: np.dtype[Any]) -> str | None:
    """torch's name of an array type, "bfloat16" for ml_dtypes' too; None where torch has none."""
    metadata: Mapping[str, Any] = dtype.metadata or {}
    told = metadata.get(TORCH_DTYPE)
    if isinstance(told, str) and told in DTYPES:
        return told
    return _names().get(_plain(dtype))


def _plain(dtype: np.dtype[Any]) -> str:
    if dtype.names == ("real", "imag"):
        return "complex32" if all(_plain(dtype[name]) == "<f2" for name in dtype.names) else ""
    return dtype.name if dtype.kind == "V" or dtype.isbuiltin == 2 else dtype.newbyteorder("<").str


_known: dict[str, str] = {}


def _names() -> dict[str, str]:
    if not _known:
        for name, found in DTYPES.items():
            if name in _ONE_OF_SEVERAL or (not found.numpy and not found.extended and name != "complex32"):
                continue
            _known["complex32" if name == "complex32" else _plain(numpy_dtype(name))] = name
    return _known
