"""MXFP4 as gpt-oss writes it: blocks of 32 4-bit floats with a power of two each, in tensors of their own.

Source: transformers 5.24 integrations/mxfp4.py (`convert_moe_packed_tensors`), which also exchanges the last two dimensions afterwards;
here they are as stored.
"""
from __future__ import annotations

from collections.abc import Iterator
from math import prod

from inspector.core.tensors.decoders.grid import grid

from .names import LogicalTensor, Names


def claims(names: Names) -> Iterator[LogicalTensor]:
    for name, data in names.ending("_blocks"):
        scale = names.get(f"{name}_scales", "uint8", "float8_e8m0fnu")
        if scale is None or data.dtype != "uint8" or len(data.shape) < 2 or data.shape[-1] != 16 or scale.shape != data.shape[:-1]:
            continue
        shape = (*data.shape[:-2], data.shape[-2] * 32)
        parts = {"data": data.key, "scale": scale.key}
        decoder = grid(prod(shape[:-1]), shape[-1], "e2m1", block_cols=32, exponents=True)
        yield LogicalTensor(name, shape, names.model_dtype or "bfloat16", "mxfp4", 4, names.cost(prod(shape), parts.values()), parts,
                            decoder)
