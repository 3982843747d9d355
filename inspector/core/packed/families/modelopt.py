"""NVIDIA ModelOpt: 4-bit floats with two scales that both multiply, and 8-bit floats with one.

Sources: nvidia-modelopt 0.47 torch/quantization/qtensor/nvfp4_tensor.py, fp8_tensor.py, export/quant_utils.py.
"""
from __future__ import annotations

from collections.abc import Iterator

from inspector.core.checkpoint import TensorInfo
from inspector.core.tensors.decoders.grid import grid

from .names import LogicalTensor, Names


def claims(names: Names) -> Iterator[LogicalTensor]:
    own = _is_configured(names)
    for module, scale in names.ending(".weight_scale"):
        data, second = names.get(f"{module}.weight", dims=2), names.get(f"{module}.weight_scale_2", "float32")
        if data is None:
            continue
        if data.dtype == "uint8" and second is not None and second.numel == 1:
            found = _four_bits(names, data, scale, second)
            if found is not None:
                yield found
        elif own and data.dtype == "float8_e4m3fn" and scale.dtype == "float32":
            yield _eight_bits(names, data, scale)


def _is_configured(names: Names) -> bool:
    said = names.quantization.get("quant_method")
    found = names.file("hf_quant_config.json").get("quantization")
    return said == "modelopt" or (said is None and isinstance(found, dict) and isinstance(found.get("quant_algo"), str))


def _four_bits(names: Names, data: TensorInfo, scale: TensorInfo, second: TensorInfo) -> LogicalTensor | None:
    rows, cols = data.shape[0], data.shape[1] * 2
    parts = {"data": data.key, "scale": scale.key, "global_scale": second.key}
    problem = ""
    if scale.dtype != "float8_e4m3fn" or scale.shape != (rows, cols // 16) or cols % 16:
        if scale.dtype not in ("float8_e4m3fn", "uint8"):
            return None
        problem = "its scales are in another order than its rows"
    decoder = None if problem else grid(rows, cols, "e2m1", block_cols=16, multiply="global_scale")
    return LogicalTensor(data.key, (rows, cols), names.model_dtype or "bfloat16", "modelopt-nvfp4", 4,
                         names.cost(rows * cols, parts.values()), parts, decoder, problem)


def _eight_bits(names: Names, data: TensorInfo, scale: TensorInfo) -> LogicalTensor:
    rows, cols = data.shape
    parts = {"data": data.key, "scale": scale.key}
    fits = scale.numel == 1 or scale.shape in ((rows,), (rows, 1))
    decoder = grid(rows, cols, block_rows=max(rows, 1) if scale.numel == 1 else 1) if fits else None
    return LogicalTensor(data.key, (rows, cols), names.model_dtype or "bfloat16", "modelopt-fp8", 8,
                         names.cost(rows * cols, parts.values()), parts, decoder,
                         "" if fits else "which of its scales belongs to what cannot be told")
