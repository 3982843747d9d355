"""AWQ: 4-bit codes, eight columns to a word in an order of their own. Which order only the configuration tells.

Sources: autoawq 0.2.9 modules/linear/gemm.py, utils/packing_utils.py.
"""
from __future__ import annotations

from collections.abc import Iterator

from inspector.core.checkpoint import TensorInfo
from inspector.core.tensors.decoders.columns import NibbleColumns

from .names import LogicalTensor, Names, counted


def claims(names: Names) -> Iterator[LogicalTensor]:
    config = names.quantization or names.file("quant_config.json")
    if config.get("quant_method") != "awq" and "q_group_size" not in config:
        return
    version = str(config.get("version", "gemm")).lower()
    bits = counted(config.get("bits", config.get("w_bit", 4)))
    for module, data in names.ending(".qweight"):
        found = _claim(names, module, data, version, bits)
        if found is not None:
            yield found


def _claim(names: Names, module: str, data: TensorInfo, version: str, bits: int | None) -> LogicalTensor | None:
    zeros, scales = names.get(f"{module}.qzeros", "int32", dims=2), names.get(f"{module}.scales", dims=2)
    if data.dtype != "int32" or len(data.shape) != 2 or zeros is None or scales is None or f"{module}.g_idx" in names.tensors:
        return None
    parts = {"data": data.key, "zero_point": zeros.key, "scale": scales.key}
    rows, cols = data.shape[1] * 8, data.shape[0]
    problem = ""
    if version != "gemm":
        problem = f"its layout {version[:40]} is not read"
        rows, cols = data.shape[0], data.shape[1] * 8
    elif bits is None:
        problem = "its configuration does not say how many bits its codes have"
    elif bits != 4:
        problem = f"codes of {bits} bits are not AWQ's"
    elif not scales.shape[0] or scales.shape != (zeros.shape[0], rows) or zeros.shape[1] * 8 != rows or cols % scales.shape[0]:
        problem = "its parts do not fit together"
    decoder = None if problem else NibbleColumns(rows, cols, cols // scales.shape[0])
    return LogicalTensor(f"{module}.weight", (rows, cols), scales.dtype, f"awq-{version[:20]}", 4, names.cost(rows * cols, parts.values()),
                         parts, decoder, problem)
