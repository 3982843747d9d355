"""Element types as people write them, and what edits that name one have in common."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from inspector.core.dtypes import DTYPES
from inspector.core.errors import EditError
from inspector.core.keypath import quoted
from inspector.core.tensors.casts import why_not

from .common import Edit, fields_of
from .globs import matcher

E = TypeVar("E", bound="TypeEdit")
_SHORT = {"fp64": "float64", "double": "float64", "fp32": "float32", "float": "float32", "fp16": "float16", "half": "float16",
          "bf16": "bfloat16", "fp8": "float8_e4m3fn", "fp8_e4m3": "float8_e4m3fn", "float8_e4m3": "float8_e4m3fn",
          "fp8_e5m2": "float8_e5m2", "long": "int64", "int": "int32", "short": "int16"}


def dtype_named(text: str) -> str:
    """torch's name of an element type: `fp16`, `torch.float16` and `half` are `float16`. Raises EditError."""
    name = text.strip().removeprefix("torch.")
    name = _SHORT.get(name, name)
    if name not in DTYPES or (why := why_not("float32", name) if DTYPES[name].kind not in ("complex",) else ""):
        reason = f": {why}" if name in DTYPES else ""
        raise EditError(f"{quoted(text, 60)} is nothing to cast to{reason}",
                        "There are float64, float32, float16, bfloat16, float8_e4m3fn, float8_e5m2, int64, … bool, complex64.",
                        id="bad_dtype")
    return name


@dataclass(frozen=True)
class TypeEdit(Edit):
    """An element type, and a pattern of what gets it: `DTYPE[:GLOB]`."""

    dtype: str
    glob: str = "*"

    @property
    def text(self) -> str:
        return self.dtype if self.glob == "*" else f"{self.dtype}:{self.glob}"

    def to_json(self) -> Any:
        return {"dtype": self.dtype, "glob": self.glob} if self.glob != "*" else self.dtype

    @classmethod
    def parse(cls: type[E], text: str, option: str) -> E:
        dtype, colon, glob = text.partition(":")
        return cls._checked(dtype, glob if colon else "*")

    @classmethod
    def from_json(cls: type[E], value: Any, option: str) -> E:
        if isinstance(value, str):
            return cls.parse(value, option)
        found = fields_of(value, option, ("dtype",), ("glob",))
        if not isinstance(found["dtype"], str) or not isinstance(found.get("glob", "*"), str):
            raise EditError(f"the type and the pattern of {cls.OPTION} are texts")
        return cls._checked(found["dtype"], found.get("glob", "*"))

    @classmethod
    def _checked(cls: type[E], dtype: str, glob: str) -> E:
        matcher(glob)
        return cls(cls.target(dtype), glob)

    @classmethod
    def target(cls, dtype: str) -> str:
        """torch's name of the element type, where the edit takes it. Raises EditError."""
        return dtype_named(dtype)
