"""Weights of programs whose name the configuration says: FBGEMM's 8-bit floats, which are read, and two that are only recognised.

Sources: transformers 5.24 integrations/fbgemm_fp8.py (`FbgemmFp8Linear`: rows by one scale each), eetq.py (`EetqLinear`), aqlm 1.1
inference.py (`QuantizedLinear`: codes [out / group, in / group, codebooks], codebooks [codebooks, entries, out group, in group]).
"""
from __future__ import annotations

from collections.abc import Iterator

from inspector.core.tensors.decoders.grid import grid

from .names import LogicalTensor, Names


def claims(names: Names) -> Iterator[LogicalTensor]:
    program = names.quantization.get("quant_method")
    if program == "fbgemm_fp8":
        yield from _fbgemm(names)
    elif program == "eetq":
        yield from _eetq(names)
    elif program == "aqlm":
        yield from _aqlm(names)


def _fbgemm(names: Names) -> Iterator[LogicalTensor]:
    for module, scale in names.ending(".weight_scale"):
        data = names.get(f"{module}.weight", "float8_e4m3fn", dims=2)
        if data is None:
            continue
        rows, cols = data.shape
        fits = scale.dtype == "float32" and scale.shape in ((rows, 1), (rows,))
        parts = {"data": data.key, "scale": scale.key}
        yield LogicalTensor(data.key, (rows, cols), names.model_dtype or "bfloat16", "fbgemm-fp8", 8,
                            names.cost(rows * cols, parts.values()), parts, grid(rows, cols) if fits else None,
                            "" if fits else "it has not one scale for each of its rows")


def _eetq(names: Names) -> Iterator[LogicalTensor]:
    for module, scales in names.ending(".weight_scales"):
        data = names.get(f"{module}.weight", "int8", dims=2)
        if data is not None and scales.numel == data.shape[1]:
            parts = {"data": data.key, "scale": scales.key}
            yield LogicalTensor(data.key, data.shape[::-1], scales.dtype, "eetq", 8, names.cost(data.numel, parts.values()), parts,
                                problem="EETQ has packed it in the order of its kernel, which is not read")


def _aqlm(names: Names) -> Iterator[LogicalTensor]:
    for module, books in names.ending(".codebooks"):
        data, scales = names.get(f"{module}.codes", dims=3), names.get(f"{module}.scales")
        if data is None or scales is None or len(books.shape) != 4 or data.shape[2] != books.shape[0]:
            continue
        rows, cols = data.shape[0] * books.shape[2], data.shape[1] * books.shape[3]
        parts = {"data": data.key, "scale": scales.key, "codebooks": books.key}
        yield LogicalTensor(f"{module}.weight", (rows, cols), scales.dtype, "aqlm", None, names.cost(rows * cols, parts.values()), parts,
                            problem="AQLM has packed it by codebooks, which are not put together here")
