"""NVIDIA ModelOpt: 4-bit floats with two scales that both multiply, 8-bit floats with one, and integers of 4 bits (AWQ) and 8.

A `pre_quant_scale` beside the weight is what AWQ and SmoothQuant multiply its input with, where no layer before could take it up: it is as
if the columns of the weight were multiplied.

Sources: nvidia-modelopt 0.47 torch/quantization/qtensor/nvfp4_tensor.py, fp8_tensor.py, export/quant_utils.py (`to_quantized_weight`,
`pack_int4_in_uint8`, `from_quantized_weight`).
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from inspector.core.checkpoint import Decoder, TensorInfo
from inspector.core.tensors.decoders.grid import grid
from inspector.core.tensors.decoders.row_pairs import RowPairs, ScaledColumns

from .names import LogicalTensor, Names, counted

_FLOATS = ("float32", "float16", "bfloat16")


def claims(names: Names) -> Iterator[LogicalTensor]:
    own = _is_configured(names)
    for module, scale in names.ending(".weight_scale"):
        data, second = names.get(f"{module}.weight", dims=2), names.get(f"{module}.weight_scale_2", "float32")
        if data is None:
            continue
        found = None
        if data.dtype == "uint8" and second is not None and second.numel == 1 and scale.dtype in ("float8_e4m3fn", "uint8"):
            found = _four_bits(names, data, scale, second)
        elif own and data.dtype == "float8_e4m3fn" and scale.dtype == "float32":
            found = _eight_bits(names, data, scale)
        elif own and data.dtype in ("uint8", "int8"):
            found = _integers(names, data, scale, second)
        if found is not None:
            yield _smoothed(names, module, found)


def _is_configured(names: Names) -> bool:
    said = names.quantization.get("quant_method")
    return said == "modelopt" or (said is None and isinstance(_own_file(names).get("quant_algo"), str))


def _own_file(names: Names) -> Mapping[str, Any]:
    found = names.file("hf_quant_config.json").get("quantization")
    return found if isinstance(found, dict) else {}


def _said_size(names: Names) -> int:
    """How many elements the configuration says share a scale; 0 where it does not."""
    return counted(names.quantization.get("group_size")) or counted(_own_file(names).get("group_size")) or 0


def _four_bits(names: Names, data: TensorInfo, scale: TensorInfo, second: TensorInfo) -> LogicalTensor:
    rows, cols = data.shape[0], data.shape[1] * 2
    parts = {"data": data.key, "scale": scale.key, "global_scale": second.key}
    problem = ""
    if scale.dtype != "float8_e4m3fn" or scale.shape != (rows, cols // 16) or cols % 16:
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


def _integers(names: Names, data: TensorInfo, scale: TensorInfo, second: TensorInfo | None) -> LogicalTensor:
    """Of 8 bits as they are, of 4 bits two rows in one; a second scale is that of the 8-bit floats that are made of them on the way."""
    small = data.dtype == "uint8"
    rows, cols = data.shape[0] * (2 if small else 1), data.shape[1]
    parts = {"data": data.key, "scale": scale.key}
    if second is not None:
        parts["global_scale"] = second.key
    groups = scale.shape[1] if len(scale.shape) == 2 else 1
    fits = scale.dtype in _FLOATS and groups and scale.numel == rows * groups and cols % groups == 0 and (small or groups == 1)
    if fits and small:
        fits = cols // groups == min(_said_size(names) or cols // groups, cols)
    decoder: Decoder | None = None
    if fits:
        decoder = RowPairs(rows, cols, cols // groups) if small else grid(rows, cols)
    return LogicalTensor(data.key, (rows, cols), names.model_dtype or "bfloat16", "modelopt-int4" if small else "modelopt-int8",
                         4 if small else 8, names.cost(rows * cols, parts.values()), parts, decoder,
                         "" if fits else "ModelOpt has packed it in a way that is not read: its scales are not those of its rows")


def _smoothed(names: Names, module: str, found: LogicalTensor) -> LogicalTensor:
    key = f"{module}.pre_quant_scale"
    if key not in names.tensors:
        return found
    scale = names.get(key, *_FLOATS)
    parts = {**found.parts, "pre_quant_scale": key}
    if found.decoder is None:
        return found._replace(parts=parts)
    if scale is None or scale.numel != found.shape[-1]:
        return found._replace(parts=parts, decoder=None, problem="its pre_quant_scale is not one for each of its columns")
    return found._replace(parts=parts, decoder=ScaledColumns(found.decoder, found.shape[-1], "pre_quant_scale"))
