"""8-bit floats with a scale for each block, as DeepSeek writes them, and its 4-bit experts.

Sources: torch 2.13 distributed/checkpoint/quantized_hf_storage.py, transformers 5.24 integrations/finegrained_fp8.py. The scale is called
inverse and multiplies.
"""
from __future__ import annotations

from collections.abc import Iterator
from math import prod

from inspector.core.checkpoint import TensorInfo
from inspector.core.tensors.decoders.grid import Grid, grid

from .names import LogicalTensor, Names, counted

_INVERSE = "_scale_inv"
_EXPONENTS = ("float8_e8m0fnu", "uint8")


def claims(names: Names) -> Iterator[LogicalTensor]:
    block, dtype = _configured(names), names.model_dtype or "bfloat16"
    for key, scale in names.ending(_INVERSE):
        data = names.get(key, "float8_e4m3fn", "float8_e5m2")
        if data is not None and len(data.shape) >= 2 and len(scale.shape) == len(data.shape):
            yield _blocks(names, data, scale, scale.dtype in _EXPONENTS, block, dtype)
    for module, scale in names.ending(".scale"):
        if scale.dtype != "float8_e8m0fnu" or len(scale.shape) != 2:
            continue
        data = names.get(f"{module}.weight", "int8", "uint8", "float4_e2m1", "float4_e2m1fn_x2", "float8_e4m3fn", dims=2)
        if data is None:
            continue
        if data.dtype == "float8_e4m3fn":
            yield _blocks(names, data, scale, True, block or (128, 128), dtype)
            continue
        rows, cols = data.shape[0], data.shape[1] * (1 if data.dtype == "float4_e2m1" else 2)
        if scale.shape == (rows, -(-cols // 32)) and cols % 32 == 0:
            parts = {"data": data.key, "scale": scale.key}
            yield LogicalTensor(data.key, (rows, cols), dtype, "deepseek-fp4", 4,
                                names.cost(rows * cols, parts.values()), parts, grid(rows, cols, "e2m1", block_cols=32, exponents=True))


def _configured(names: Names) -> tuple[int, int] | None:
    said = names.quantization.get("weight_block_size")
    if isinstance(said, list) and len(said) == 2:
        high, wide = map(counted, said)
        return (high, wide) if high and wide else None
    return None


def _blocks(names: Names, data: TensorInfo, scale: TensorInfo, exponents: bool, block: tuple[int, int] | None,
            dtype: str) -> LogicalTensor:
    form = data.shape, data.dtype, scale.shape, scale.dtype, block
    parts = {"data": data.key, "scale": scale.key}
    problem, decoder, cost = names.once(form, lambda: (*_meaning(data, scale, exponents, block), names.cost(data.numel, parts.values())))
    return LogicalTensor(data.key, data.shape, dtype, "fp8-block", 8, cost, parts, decoder, problem)


def _meaning(data: TensorInfo, scale: TensorInfo, exponents: bool, block: tuple[int, int] | None) -> tuple[str, Grid | None]:
    """Why nothing can be made of tensors of that form, or what makes it."""
    rows, cols = data.shape[-2:]
    high, wide = scale.shape[-2:]
    if block is None and high and wide and rows % high == 0 and cols % wide == 0:
        even = rows // high, cols // wide
        block = even if all(size & (size - 1) == 0 for size in even) else None      # 144 rows are 128 and 16 rather than twice 72
    problem = ""
    if block is None:
        problem = f"no configuration says how large its blocks are, and {rows:,} by {cols:,} are not cut evenly into {high:,} by {wide:,}"
    elif (-(-rows // block[0]), -(-cols // block[1])) != (high, wide) or scale.shape[:-2] != data.shape[:-2]:
        problem = f"its scales do not fit blocks of {block[0]:,} by {block[1]:,}"
    elif len(data.shape) > 2 and rows % block[0]:
        problem = "its matrices are not cut evenly into blocks"
    if problem or block is None:
        return problem, None
    return "", grid(prod(data.shape[:-1]), cols, block_rows=block[0], block_cols=block[1], exponents=exponents)
