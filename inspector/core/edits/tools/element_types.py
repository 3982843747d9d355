"""Element types as people write them."""
from __future__ import annotations

from inspector.core.dtypes import DTYPES
from inspector.core.errors import EditError
from inspector.core.keypath import visible
from inspector.core.tensors.casts import why_not

_SHORT = {"fp64": "float64", "double": "float64", "fp32": "float32", "float": "float32", "fp16": "float16", "half": "float16",
          "bf16": "bfloat16", "fp8": "float8_e4m3fn", "fp8_e4m3": "float8_e4m3fn", "float8_e4m3": "float8_e4m3fn",
          "fp8_e5m2": "float8_e5m2", "long": "int64", "int": "int32", "short": "int16"}


def dtype_named(text: str) -> str:
    """torch's name of an element type: `fp16`, `torch.float16` and `half` are `float16`. Raises EditError."""
    name = text.strip().removeprefix("torch.")
    name = _SHORT.get(name, name)
    if name not in DTYPES or (why := why_not("float32", name) if DTYPES[name].kind not in ("complex",) else ""):
        reason = f": {why}" if name in DTYPES else ""
        raise EditError(f"{visible(text, 60)!r} is nothing to cast to{reason}",
                        "There are float64, float32, float16, bfloat16, float8_e4m3fn, float8_e5m2, int64, … bool, complex64.",
                        id="bad_dtype")
    return name
