"""GPTQ: codes of 2, 3, 4 or 8 bits down the input, with zero points and scales for groups of it.

Sources: auto-gptq 0.7.1 nn_modules/qlinear/qlinear_cuda.py (`pack`, `forward`), gptqmodel 7.7 utils/model.py (formats gptq and gptq_v2),
quantization/config.py.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

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
    parts = {"data": data.key, "zero_point": zeros.key, "scale": scales.key, "g_idx": index.key}
    form = data.shape, zeros.shape, scales.shape, scales.dtype, index.shape
    meaning = names.once(("gptq", *form), lambda: _meaning(config, *form[:3], index.numel)._replace(
        cost=names.cost(data.shape[1] * index.numel, parts.values())))
    if not meaning.problem and not config:
        version = _version(names, zeros, meaning.bits or 4, meaning.rows)
        problem = "" if version else "no configuration says how its zero points are stored, and they do not tell it themselves"
        meaning = meaning._replace(scheme="gptq-v2" if version == "gptq_v2" else "gptq", problem=problem,
                                   decoder=None if problem else _decoder(meaning, version))
    return LogicalTensor(f"{module}.weight", (meaning.rows, meaning.cols), scales.dtype, meaning.scheme, meaning.bits, meaning.cost,
                         parts, meaning.decoder, meaning.problem)


class _Meaning(NamedTuple):
    """What parts of some form stand for."""

    rows: int
    cols: int
    bits: int | None
    scheme: str
    problem: str
    decoder: BitColumns | None = None
    cost: float | None = None


def _meaning(config: Mapping[str, Any], data: tuple[int, ...], zeros: tuple[int, ...], scales: tuple[int, ...], cols: int) -> _Meaning:
    bits = counted(config.get("bits")) if config else 32 * data[0] // cols
    rows = data[1]
    said = config.get("checkpoint_format") or config.get("format") or "gptq"
    problem = ""
    if bits is None:
        problem = "its configuration does not say how many bits its codes have"
    elif bits not in _WIDTHS:
        problem = f"codes of {bits} bits are not GPTQ's"
    elif said not in ("gptq", "gptq_v2"):
        problem = f"its format {str(said)[:40]} is laid out otherwise"
    elif -(-cols * bits // 32) != data[0] or scales != (zeros[0], rows) or zeros[1] != -(-rows * bits // 32):
        problem = "its parts do not fit together"
    found = _Meaning(rows, cols, bits, "gptq-v2" if said == "gptq_v2" else "gptq", problem)
    return found if problem else found._replace(decoder=_decoder(found, "gptq_v2" if said == "gptq_v2" else "gptq"))


def _decoder(meaning: _Meaning, version: str) -> BitColumns:
    return BitColumns(meaning.rows, meaning.cols, meaning.bits or 4, 1 if version == "gptq" else 0)


def _version(names: Names, zeros: TensorInfo, bits: int, rows: int) -> str:
    """The format that zero points in the middle, as symmetric ones are, show by themselves; "" when they are others."""
    words = names.read(zeros.key, INDEX)
    if words is None or not words.size:
        return ""
    stored = bit_string(words, bits, rows)
    middle = 1 << (bits - 1)
    return "gptq" if (stored == middle - 1).all() else "gptq_v2" if (stored == middle).all() else ""
