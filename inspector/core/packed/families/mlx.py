"""MLX: codes in words of 32 bits, with scales and, in its own mode, biases for groups along the row.

Sources: mlx 0.32 `quantize` and `dequantize`, mlx-lm utils.py for the configuration, which may name single modules.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from typing import Any

from inspector.core.checkpoint import TensorInfo
from inspector.core.tensors.decoders.grid import Grid, grid

from .names import LogicalTensor, Names, counted

_FLOATS = {"mxfp4": (4, 32), "mxfp8": (8, 32), "nvfp4": (4, 16)}


def claims(names: Names) -> Iterator[LogicalTensor]:
    config = names.file("config.json").get("quantization")
    if not isinstance(config, dict) and names.ckpt.metadata.get("format") != "mlx":
        return
    for module, scales in names.ending(".scales"):
        data = names.get(f"{module}.weight", "uint32")
        if data is None or len(data.shape) < 2 or len(scales.shape) != len(data.shape) or scales.shape[:-1] != data.shape[:-1]:
            continue
        yield _claim(names, module, data, scales, config if isinstance(config, dict) else {})


def _claim(names: Names, module: str, data: TensorInfo, scales: TensorInfo, config: Mapping[str, Any]) -> LogicalTensor:
    own = config.get(module)
    said = {**config, **own} if isinstance(own, dict) else config
    mode = str(said.get("mode", "affine"))
    bits, size = counted(said.get("bits")), counted(said.get("group_size"))
    parts = {"data": data.key, "scale": scales.key}
    biases = names.get(f"{module}.biases")
    problem = ""
    if mode in _FLOATS:
        bits, size = bits or _FLOATS[mode][0], size or _FLOATS[mode][1]
    if module in config and not isinstance(own, dict | bool):
        problem = "what its configuration says of it is not understood"
    elif not bits or not size or own is False:
        problem = "no configuration says how many bits its codes have"
    elif mode != "affine" and mode not in _FLOATS:
        problem = f"its mode {mode[:40]} is not read"
    elif bits not in (2, 3, 4, 5, 6, 8) or (mode in _FLOATS and (bits, size) != _FLOATS[mode]):
        problem = f"codes of {bits} bits in groups of {size:,} are not MLX's"
    cols = scales.shape[-1] * (size or 1)
    if not problem and data.shape[-1] * 32 != cols * (bits or 0):
        problem = f"{data.shape[-1]:,} words are not {cols:,} codes of {bits} bits"
    if mode == "affine":
        if biases is not None and biases.shape == scales.shape:
            parts["bias"] = biases.key
        else:
            problem = problem or "its biases are not there"
    shape = (*data.shape[:-1], cols)
    decoder = None if problem else _decoder(mode, prod(shape[:-1]), cols, bits or 4, size or 1)
    dtype = scales.dtype if mode == "affine" else names.model_dtype or "bfloat16"
    return LogicalTensor(f"{module}.weight", shape, dtype, f"mlx-{mode[:20]}", bits, names.cost(prod(shape), parts.values()), parts,
                         decoder, problem)


def _decoder(mode: str, rows: int, cols: int, bits: int, size: int) -> Grid:
    if mode == "affine":
        return grid(rows, cols, "bit string", bits, block_cols=size, add="bias")
    if mode == "mxfp8":
        return grid(rows, cols, data_type="float8_e4m3fn", block_cols=size, exponents=True)
    return grid(rows, cols, "e2m1", block_cols=size, exponents=mode == "mxfp4", scale_type="" if mode == "mxfp4" else "float8_e4m3fn")
