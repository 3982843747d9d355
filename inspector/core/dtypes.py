"""The element types of checkpoints: torch's names, widths, and what safetensors and torch's storage classes call them.

Sources: torch/serialization.py and torch/storage.py (`_dtype_to_storage_type_map`, version 2.13), c10/core/ScalarType.h,
safetensors/src/tensor.rs (`Dtype`, version 0.8).
"""
from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np


class Dtype(NamedTuple):
    """`name` is torch's spelling without `torch.`; `bits` per element; `numpy` the dtype string numpy itself knows, or ""
    when only `ml_dtypes` does (then `extended` names it there), or both "" when no array type exists."""

    name: str
    bits: int
    numpy: str
    extended: str
    kind: str          # "float" "int" "uint" "bool" "complex" "quantized" "other"

    @property
    def itemsize(self) -> int:
        """Bytes per element. Raises ValueError for types narrower than a byte."""
        if self.bits % 8:
            raise ValueError(f"{self.name} elements are not whole bytes")
        return self.bits // 8

    @property
    def stored(self) -> int:
        """Bytes that a torch storage of this type counts as one element."""
        return max(self.bits // 8, 1)


def _table() -> dict[str, Dtype]:
    rows = [
        ("float64", 64, "f8", "", "float"), ("float32", 32, "f4", "", "float"), ("float16", 16, "f2", "", "float"),
        ("bfloat16", 16, "", "bfloat16", "float"),
        ("float8_e4m3fn", 8, "", "float8_e4m3fn", "float"), ("float8_e5m2", 8, "", "float8_e5m2", "float"),
        ("float8_e4m3fnuz", 8, "", "float8_e4m3fnuz", "float"), ("float8_e5m2fnuz", 8, "", "float8_e5m2fnuz", "float"),
        ("float8_e8m0fnu", 8, "", "float8_e8m0fnu", "float"),
        # two 4-bit floats in one byte: torch counts bytes as elements
        ("float4_e2m1fn_x2", 8, "u1", "", "other"),
        ("int64", 64, "i8", "", "int"), ("int32", 32, "i4", "", "int"), ("int16", 16, "i2", "", "int"),
        ("int8", 8, "i1", "", "int"),
        ("uint64", 64, "u8", "", "uint"), ("uint32", 32, "u4", "", "uint"), ("uint16", 16, "u2", "", "uint"),
        ("uint8", 8, "u1", "", "uint"), ("bool", 8, "?", "", "bool"),
        ("complex128", 128, "c16", "", "complex"), ("complex64", 64, "c8", "", "complex"),
        ("complex32", 32, "", "", "complex"),
        ("qint8", 8, "i1", "", "quantized"), ("quint8", 8, "u1", "", "quantized"), ("qint32", 32, "i4", "", "quantized"),
        # several in one byte, each row padded to whole bytes; a storage of them counts bytes
        ("quint4x2", 4, "u1", "", "quantized"), ("quint2x4", 2, "u1", "", "quantized"),
        ("bits8", 8, "u1", "", "other"), ("bits16", 16, "u2", "", "other"), ("bits1x8", 8, "u1", "", "other"),
        ("bits2x4", 8, "u1", "", "other"), ("bits4x2", 8, "u1", "", "other"),
        # torch's shell types: one byte an element until they are given operations
        *((f"{sign}int{n}", 8, "", "", "other") for sign in ("", "u") for n in range(1, 8)),
        # safetensors only: torch has no such type, the bytes are kept
        ("float6_e2m3", 6, "", "", "other"), ("float6_e3m2", 6, "", "", "other"), ("float4_e2m1", 4, "", "", "other"),
    ]
    return {name: Dtype(name, bits, array, extended, kind) for name, bits, array, extended, kind in rows}


DTYPES: dict[str, Dtype] = _table()
"""torch's name of an element type, without `torch.` -> what is known of it; see `Dtype`."""

# safetensors' spelling -> torch's. F4, F6_E2M3 and F6_E3M2 are narrower than a byte.
SAFETENSORS: dict[str, str] = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16",
    "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2", "F8_E8M0": "float8_e8m0fnu",
    "F8_E4M3FNUZ": "float8_e4m3fnuz", "F8_E5M2FNUZ": "float8_e5m2fnuz",
    "F6_E2M3": "float6_e2m3", "F6_E3M2": "float6_e3m2", "F4": "float4_e2m1",
    "I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8",
    "U64": "uint64", "U32": "uint32", "U16": "uint16", "U8": "uint8", "BOOL": "bool", "C64": "complex64",
}

# torch's storage classes, as named in `torch.` and `torch.cuda.` of a pickle -> element type. UntypedStorage is uint8.
STORAGE_CLASSES: dict[str, str] = {
    "DoubleStorage": "float64", "FloatStorage": "float32", "HalfStorage": "float16", "BFloat16Storage": "bfloat16",
    "LongStorage": "int64", "IntStorage": "int32", "ShortStorage": "int16", "CharStorage": "int8", "ByteStorage": "uint8",
    "BoolStorage": "bool", "ComplexDoubleStorage": "complex128", "ComplexFloatStorage": "complex64",
    "QInt8Storage": "qint8", "QUInt8Storage": "quint8", "QInt32Storage": "qint32", "QUInt4x2Storage": "quint4x2",
    "QUInt2x4Storage": "quint2x4", "UntypedStorage": "uint8",
}


def numpy_dtype(name: str, big_endian: bool = False) -> np.dtype[Any]:
    """The array type that holds elements of torch's `name` bit for bit; complex32 gives a pair of float16.

    Raises ValueError when no array type does (6-bit and unpacked 4-bit floats, torch's shell types).
    """
    import numpy as np
    found = DTYPES.get(name)
    if found is None or (not found.numpy and not found.extended and name != "complex32"):
        raise ValueError(f"no array type holds {name}")
    if name == "complex32":
        plain = np.dtype([("real", "<f2"), ("imag", "<f2")])
    elif found.extended:
        import ml_dtypes
        plain = np.dtype(getattr(ml_dtypes, found.extended))
    else:
        plain = np.dtype(found.numpy).newbyteorder("<")
    return plain.newbyteorder(">") if big_endian and plain.itemsize > 1 else plain


@lru_cache(16)
def float_table(dtype: str) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The 256 values of an 8-bit float type of torch's, by its byte (float32)."""
    import numpy as np
    with np.errstate(all="ignore"):
        return np.arange(256, dtype=np.uint8).view(numpy_dtype(dtype)).astype(np.float32)
