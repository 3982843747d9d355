"""GPTQ: codes of 2, 3, 4 or 8 bits down the input, with zero points and scales for groups of it.

Sources: auto-gptq 0.7.1 nn_modules/qlinear/qlinear_cuda.py (`pack`, `forward`), gptqmodel 7.7 utils/model.py (formats gptq and gptq_v2),
quantization/config.py.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from inspector.core.checkpoint import TensorInfo
from inspector.core.tensors.decoders.codes import bit_string
from inspector.core.tensors.decoders.columns import BitColumns

from .names import INDEX, LogicalTensor, Names, counted

_WIDTHS = (2, 3, 4, 8)


def claims(names: Names) -> Iterator[LogicalTensor]:
    config = names.quantization if names.quantization.get("quant_method") else names.file("quantize_config.json")
    if config.get("quant_method") not in (None, "gptq", "gptqmodel"):
        return
    for module, data in names.ending(".qweight"):
        found = _claim(names, module, data, config)
        if found is not None:
            yield found


def _claim(names: Names, module: str, data: TensorInfo, config: Mapping[str, Any]) -> LogicalTensor | None:
    zeros, scales = names.get(f"{module}.qzeros", "int32", dims=2), names.get(f"{module}.scales", dims=2)
    index = names.get(f"{module}.g_idx", dims=1)
    if data.dtype != "int32" or len(data.shape) != 2 or zeros is None or scales is None or index is None or not index.numel:
        return None
    bits = counted(config.get("bits")) if config else 32 * data.shape[0] // index.numel
    rows, cols = data.shape[1], index.numel
    parts = {"data": data.key, "zero_point": zeros.key, "scale": scales.key, "g_idx": index.key}
    form = config.get("checkpoint_format") or config.get("format") or "gptq"
    problem = ""
    if bits not in _WIDTHS:
        problem = f"codes of {bits} bits are not GPTQ's"
    elif form not in ("gptq", "gptq_v2"):
        problem = f"its format {str(form)[:40]} is laid out otherwise"
    elif -(-cols * bits // 32) != data.shape[0] or scales.shape != (zeros.shape[0], rows) or zeros.shape[1] != -(-rows * bits // 32):
        problem = "its parts do not fit together"
    if not problem and not config:
        form = _version(names, zeros, bits or 4, rows)
        problem = "" if form else "no configuration says how its zero points are stored, and they do not tell it themselves"
    decoder = None if problem else BitColumns(rows, cols, bits or 4, 1 if form == "gptq" else 0)
    return LogicalTensor(f"{module}.weight", (rows, cols), scales.dtype, "gptq-v2" if form == "gptq_v2" else "gptq", bits,
                         names.cost(rows * cols, parts.values()), parts, decoder, problem)


def _version(names: Names, zeros: TensorInfo, bits: int, rows: int) -> str:
    """The format that zero points in the middle, as symmetric ones are, show by themselves; "" when they are others."""
    words = names.read(zeros.key, INDEX)
    if words is None or not words.size:
        return ""
    stored = bit_string(words, bits, rows)
    middle = 1 << (bits - 1)
    return "gptq" if (stored == middle - 1).all() else "gptq_v2" if (stored == middle).all() else ""
