"""bitsandbytes: 4-bit codes of a tensor laid flat with JSON about it, and int8 rows with one scale each.

Sources: bitsandbytes 0.50 functional.py (`QuantState.as_dict`, `from_dict`, `int8_vectorwise_dequant`), backends/default/ops.py,
nn/modules.py (`Linear8bitLt._save_to_state_dict`).
"""
from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any, NamedTuple

from inspector.core.checkpoint import TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.tensors.decoders.flat import Flat
from inspector.core.tensors.decoders.grid import grid
from inspector.core.wording import count

from .names import LogicalTensor, Names, counted, number

_STATE = ".quant_state.bitsandbytes__"
_PARTS = ("", ".absmax", ".quant_map", ".nested_absmax", ".nested_quant_map")
_ROW_SCALE = 127.0
_USUAL = 1 << 10            # bytes of a state that are kept for the next of its kind


def claims(names: Names) -> Iterator[LogicalTensor]:
    for kind in ("nf4", "fp4"):
        states = [(name, state) for name, state in names.ending(_STATE + kind) if state.dtype == "uint8"]
        for (name, state), raw in zip(states, names.texts(state for _, state in states), strict=True):
            found = _four_bits(names, name, state.key, kind, raw)
            if found is not None:
                yield found
    for module, info in names.ending(".SCB"):
        found = _rows(names, module, info)
        if found is not None:
            yield found


def _four_bits(names: Names, name: str, state: str, kind: str, raw: bytes | None) -> LogicalTensor | None:
    if raw is None or names.get(name) is None:
        return None
    tensors = names.tensors
    form = tuple([(info.shape, info.dtype) if (info := tensors.get(name + ending)) is not None else None for ending in _PARTS])
    if None in form[:3]:
        return None
    parts = {"data": name, "absmax": f"{name}.absmax", "quant_map": f"{name}.quant_map"}
    if form[3] is not None and names.get(f"{name}.nested_absmax", "float32") is not None:
        if form[4] is None:
            return None
        parts |= {"nested_absmax": f"{name}.nested_absmax", "nested_quant_map": f"{name}.nested_quant_map"}
    if len(raw) > _USUAL:
        meaning = _meaning(names, name, raw, parts)
    else:                       # a model has few, again and again
        meaning = names.once(("bitsandbytes", raw, len(parts), form), lambda: _meaning(names, name, raw, parts))
    if meaning is None:
        return None
    return LogicalTensor(name, meaning.shape, meaning.dtype, f"bnb-{kind}", 4, meaning.cost, {**parts, "state": state}, meaning.decoder,
                         meaning.problem)


class _Meaning(NamedTuple):
    """What parts of some form stand for, of which so is said."""

    shape: tuple[int, ...]
    dtype: str
    cost: float | None
    problem: str
    decoder: Flat | None


def _meaning(names: Names, name: str, raw: bytes, parts: dict[str, str]) -> _Meaning | None:
    said = names.as_json(raw)
    shape = said.get("shape")
    block, dtype = counted(said.get("blocksize")), str(said.get("dtype", "")).removeprefix("torch.")
    sizes = tuple(counted(size) for size in shape) if isinstance(shape, list) else ()
    if not block or not isinstance(shape, list) or None in sizes:
        return None
    known = tuple(size for size in sizes if size is not None)
    numel = prod(known)
    cost = names.cost(numel, [key for role, key in parts.items() if "map" not in role])
    problem = _why_not(names, name, numel, block, said)
    decoder = None if problem else Flat(numel, block, *_nesting(names, name, said))
    return _Meaning(known, dtype if dtype in DTYPES else "float32", cost, problem, decoder)


def _nesting(names: Names, name: str, said: Any) -> tuple[int, float]:
    if f"{name}.nested_absmax" not in names.tensors:
        return 0, 0.0
    return counted(said.get("nested_blocksize")) or 256, number(said.get("nested_offset")) or 0.0


def _why_not(names: Names, name: str, numel: int, block: int, said: Any) -> str:
    data, absmax = names.tensors[name], names.tensors[f"{name}.absmax"]
    if data.dtype not in ("uint8", "int8", "bfloat16", "float16", "float32") or data.nbytes != -(-numel // 2):
        return f"its codes take {count(data.nbytes, 'byte')}, and {-(-numel // 2):,} would be needed"
    if data.dtype != "uint8":
        return f"its codes are stored as {data.dtype}, which is not read"
    if absmax.numel != -(-numel // block):
        return f"it has {absmax.numel:,} scales for {-(-numel // block):,} blocks"
    if names.tensors[f"{name}.quant_map"].numel != 16:
        return "its table has not 16 values"
    nested = names.tensors.get(f"{name}.nested_absmax")
    if (nested is None) != (absmax.dtype != "uint8"):
        return "its scales are packed, and what unpacks them is not there" if nested is None else "its scales are not what is said of them"
    if nested is not None:
        wanted = counted(said.get("nested_blocksize")) or 256
        table = names.tensors.get(f"{name}.nested_quant_map")
        if nested.numel != -(-absmax.numel // wanted) or table is None or table.numel != 256 or number(
                said.get("nested_offset")) is None:
            return "what unpacks its scales does not fit them"
    return ""


def _rows(names: Names, module: str, scales: TensorInfo) -> LogicalTensor | None:
    name, form = f"{module}.weight", f"{module}.weight_format"
    data = names.get(name, "int8", dims=2)
    if data is None or scales.dtype != "float32" or scales.numel != data.shape[0]:
        return None
    parts = {"data": name, "scale": f"{module}.SCB"}
    cost = names.cost(data.numel, parts.values())
    number = names.read(form) if form in names.tensors else None
    problem = ""
    if number is not None:
        parts["format"] = form
        if number.size != 1 or int(number.ravel()[0]) != 0:
            problem = f"its rows lie in the order of an old GPU (weight_format {int(number.ravel()[0]) if number.size else '?'})"
    decoder = None if problem else grid(data.shape[0], data.shape[1], factor=1 / _ROW_SCALE)
    return LogicalTensor(name, data.shape, "float16", "bnb-int8", 8, cost, parts, decoder, problem)
