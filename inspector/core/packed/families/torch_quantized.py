"""torch's own quantized tensors: integers with one scale, or one for each index of a dimension (`torch.quantize_per_tensor`,
`torch.quantize_per_channel`)."""
from __future__ import annotations

from collections.abc import Iterator
from math import prod

from inspector.core.checkpoint import PerChannel, PerTensor, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.tensors.decoders.affine import Affine

from .names import LogicalTensor, Names


def claims(names: Names) -> Iterator[LogicalTensor]:
    for info in names.special:
        if info.quantizer is not None:
            yield _claim(info.key, info)


def _claim(key: str, info: TensorInfo) -> LogicalTensor:
    quantizer, known = info.quantizer, DTYPES.get(info.dtype)
    bits = known.bits if known else None
    decoder = None
    if info.dtype not in ("qint8", "quint8", "qint32") or info.problem:
        problem = info.problem or f"its codes are {info.dtype}, which are packed"
    elif isinstance(quantizer, PerTensor) and quantizer.scheme == "per_tensor_affine":
        problem, decoder = "", Affine(info.shape[-1] if info.shape else 1, quantizer.scale, quantizer.zero_point)
    elif isinstance(quantizer, PerChannel) and isinstance(quantizer.scales, TensorInfo) and 0 <= quantizer.axis < len(info.shape) and (
            quantizer.scales.shape == (info.shape[quantizer.axis],)):
        problem, decoder = "", Affine(max(prod(info.shape[quantizer.axis + 1:]), 1), channels=info.shape[quantizer.axis])
    else:
        problem = "its scales are of a kind that is not read"
    return LogicalTensor(key, info.shape, "float32", "torch-qtensor", bits, float(bits) if bits else None, {"data": key}, decoder, problem)
