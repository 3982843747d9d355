"""torchao: tensor subclasses in a pickle, or taken apart in safetensors with JSON about them.

Sources: torchao 0.18 quantization/quantize_/workflows, prototype/mx_formats, prototype/safetensors/safetensors_support.py; for
AffineQuantizedTensor, deleted since, torchao 0.9 dtypes/affine_quantized_tensor.py and quantization/quant_primitives.py.
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import prod
from typing import Any

from inspector.core.checkpoint import Opaque, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.keypath import join, leaf_of, parent_of, visible
from inspector.core.tensors.decoders.grid import Grid

from .names import LogicalTensor, Names, counted

_SCHEMES = {"Int8Tensor": "torchao-int8", "IntxUnpackedToInt8Tensor": "torchao-intx", "Float8Tensor": "torchao-float8",
            "AffineQuantizedTensor": "torchao-affine", "NVFP4Tensor": "torchao-nvfp4"}
_OPAQUE = ("Int4TilePackedTo4dTensor", "Int4PreshuffledTensor", "Int4OpaqueTensor", "IntxOpaqueTensor", "Int4Tensor",
           "Int4PlainInt32Tensor", "Sparse2x4CUTLASSFloat8Tensor", "CodebookQuantizedTensor", "Int4MarlinSparseTensor")
_ROLES = {"data": "qdata", "scale": "scale", "zero_point": "zero_point", "global_scale": "per_tensor_scale"}
_INT, _FLOAT, _NONE = 1, 2, 3       # ZeroPointDomain, as it is pickled


def claims(names: Names) -> Iterator[LogicalTensor]:
    for info in names.special:
        subclass = info.extra.subclass if info.extra is not None else ""
        if subclass.startswith("torchao."):
            found = _claim(names, info.key, leaf_of(subclass), _attributes(names, info.key), f"{info.key}.", info)
            if found is not None:
                yield found
    for key, text in names.ckpt.metadata.items():
        said = names.as_json(text) if text.startswith("{") else {}
        kind, data = said.get("_type"), said.get("_data")
        if isinstance(kind, str) and kind in (*_SCHEMES, *_OPAQUE, "MXTensor") and isinstance(data, dict):
            start = join(parent_of(key), f"_{leaf_of(key)}_")
            found = _claim(names, key, kind, _plain(data), start, None)
            if found is not None:
                yield _whole(names, found, start, said.get("_tensor_data_names"))


def _whole(names: Names, found: LogicalTensor, start: str, parts: object) -> LogicalTensor:
    """`found`, or why it is none where a part is missing that its metadata names."""
    known = [part for part in parts if isinstance(part, str)] if isinstance(parts, list) else []
    missing = next((part for part in known if f"{start}{part}" not in names.tensors), None)
    if missing is None or found.problem:
        return found
    return found._replace(decoder=None, problem=f"its part {visible(missing, 40)} is not there")


def _attributes(names: Names, key: str) -> dict[str, Any]:
    """The values that are listed under a tensor: its block size as a list, element types by their names."""
    found: dict[str, Any] = {}
    start = f"{key}."
    for path, value in names.ckpt.values.items():
        if path.startswith(start):
            name, _, rest = path[len(start):].partition(".")
            if rest.isdigit() and isinstance(found.setdefault(name, []), list):
                found[name].append(value)
            elif not rest:
                found[name] = value.text if isinstance(value, Opaque) else value
            elif name == "tensor_impl":
                found[rest] = value.text if isinstance(value, Opaque) else value
    return found


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """The same of what safetensors' metadata says: {"_type": "torch.dtype", "_data": "bfloat16"} is "bfloat16"."""
    return {name: value.get("_data") if isinstance(value, dict) and "_type" in value else value for name, value in data.items()}


def _claim(names: Names, key: str, kind: str, said: Mapping[str, Any], start: str, wrapper: TensorInfo | None) -> LogicalTensor | None:
    """`start` is how the keys of its parts begin; `wrapper` the tensor that they were found in, which has no values of its own."""
    if kind == "AffineQuantizedTensor":
        return _affine(names, wrapper, said) if wrapper is not None else None
    parts = {role: start + part for role, part in _ROLES.items() if start + part in names.tensors}
    data, scale = names.get(parts.get("data", "")), names.get(parts.get("scale", ""))
    dtype = wrapper.dtype if wrapper is not None else _dtype(said.get("dtype")) or _dtype(said.get("orig_dtype"))
    inner = (wrapper.key,) if wrapper is not None else ()
    if kind in _OPAQUE:
        shape = wrapper.shape if wrapper is not None else data.shape if data is not None else ()
        return LogicalTensor(key, shape, dtype or "bfloat16", "torchao-" + kind.removesuffix("Tensor").lower(), None, None, parts, None,
                             f"the codes of a {kind} are in an order of their own", inner)
    if data is None or scale is None or len(data.shape) != 2:
        return None
    packed = data.dtype in ("uint8", "float4_e2m1fn_x2") and kind in ("MXTensor", "NVFP4Tensor")
    rows, cols = data.shape[0], data.shape[1] * (2 if packed else 1)
    block = said.get("block_size")
    bits: int | None = 8
    problem = ""
    if kind == "MXTensor":
        scheme, bits = ("torchao-mxfp4", 4) if packed else ("torchao-mxfp8", 8)
        size = counted(block) or 32
        decoder = Grid(rows, cols, "e2m1" if packed else "numbers", block_cols=size, exponents=True)
    elif kind == "NVFP4Tensor":
        scheme, bits, size = "torchao-nvfp4", 4, counted(block) or 16
        decoder = Grid(rows, cols, "e2m1", block_cols=size, multiply="global_scale" if "global_scale" in parts else "")
    else:
        scheme = _SCHEMES[kind]
        sizes = [counted(size) for size in block] if isinstance(block, list) else []
        if len(sizes) != 2 or not sizes[0] or not sizes[1]:
            return None
        high, wide = sizes
        decoder = Grid(rows, cols, block_rows=high or 1, block_cols=wide or cols, zero="numbers" if "zero_point" in parts else "")
        if scale.numel != -(-rows // (high or 1)) * -(-cols // (wide or 1)):
            problem = "its scales do not fit its blocks"
        if kind == "IntxUnpackedToInt8Tensor":
            width = re.search(r"int([1-8])$", str(said.get("target_dtype", "")))
            bits = int(width.group(1)) if width else 8
    if kind in ("MXTensor", "NVFP4Tensor") and (said.get("is_swizzled_scales") or scale.numel != rows * -(-cols // decoder.block_cols)):
        problem = "its scales are in the order of a kernel (is_swizzled_scales)"
    if "zero_point" in parts and names.tensors[parts["zero_point"]].numel != scale.numel:
        problem = problem or "its zero points do not fit its scales"
    return LogicalTensor(key, (rows, cols), dtype or "bfloat16", scheme, bits, names.cost(rows * cols, parts.values()), parts,
                         None if problem else decoder, problem, inner)


def _dtype(value: object) -> str:
    name = value.removeprefix("torch.") if isinstance(value, str) else ""
    return name if name in DTYPES else ""


def _affine(names: Names, wrapper: TensorInfo, said: Mapping[str, Any]) -> LogicalTensor:
    key, shape = wrapper.key, wrapper.shape
    impl = join(key, "tensor_impl")
    extra = names.tensors[impl].extra if impl in names.tensors else None
    kind = (extra.subclass if extra is not None else "").rpartition(".")[2]
    data_name = {"PlainAQTTensorImpl": "int_data", "Float8AQTTensorImpl": "float8_data"}.get(kind, "")
    roles = {"data": join(impl, data_name), "scale": join(impl, "scale"), "zero_point": join(impl, "zero_point")}
    parts = {role: name for role, name in roles.items() if data_name and name in names.tensors}
    data, scale = names.get(parts.get("data", "")), names.get(parts.get("scale", ""))
    low, high = said.get("quant_min"), said.get("quant_max")
    bits = (int(high) - int(low) + 1).bit_length() - 1 if isinstance(low, int) and isinstance(high, int) and high > low else 8
    cost = names.cost(prod(shape), parts.values())
    layout = str(said.get("_layout", ""))
    block = said.get("block_size")
    sizes = [counted(size) for size in block] if isinstance(block, list) else []
    domain = re.search(r"\((\d)\)", str(said.get("zero_point_domain", "")))
    which = int(domain.group(1)) if domain else _INT
    problem = ""
    if not data_name or (layout and not re.search(r"\.(PlainLayout|Float8Layout)\(", layout)):
        problem = f"its codes are in an order of their own ({kind or 'no plain layout'})"
    elif data is None or scale is None or len(shape) != 2 or data.shape != shape or len(sizes) != 2 or not sizes[0] or not sizes[1]:
        problem = "its parts do not fit together"
    elif scale.numel != -(-shape[0] // sizes[0]) * -(-shape[1] // sizes[1]):
        problem = "its scales do not fit its blocks"
    decoder = None
    if not problem:
        with_zero = "zero_point" in parts and which != _NONE
        middle = (high + low + 1) / 2 if which == _FLOAT and isinstance(low, int) and isinstance(high, int) else 0
        decoder = Grid(shape[0], shape[1], block_rows=sizes[0] or 1, block_cols=sizes[1] or 1, zero="numbers" if with_zero else "",
                       zero_behind=which == _FLOAT, middle=float(middle))
    return LogicalTensor(key, shape, wrapper.dtype, "torchao-affine", bits, cost, parts, decoder, problem,
                         tuple(one for one in (key, impl) if one in names.tensors))
