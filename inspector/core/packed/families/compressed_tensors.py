"""compressed-tensors: packed integers, plain integers, 8-bit floats and the two 4-bit float formats of its compressors.

Sources: compressed-tensors 0.20 compressors/{pack_quantized,naive_quantized,nvfp4_quantized,mxfp4_quantized}, and 0.9.4 for the activation
order and for widths that do not divide a word.
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from inspector.core.checkpoint import TensorInfo
from inspector.core.tensors.decoders.grid import Grid, grid
from inspector.core.wording import count

from .names import INDEX, LogicalTensor, Names, counted

_ZEROS = ("int8", "uint8", "int32", "int64", "float32", "float16", "bfloat16", "float8_e4m3fn")
_REFUSED = ("sparse-bitmask", "sparse-24-bitmask", "marlin-24", "mxfp6-pack-quantized")


def claims(names: Names) -> Iterator[LogicalTensor]:
    config = names.quantization if names.quantization.get("quant_method") == "compressed-tensors" else {}
    for module, data in names.ending(".weight_packed"):
        found = _packed(names, module, data, config)
        if found is not None:
            yield found
    if config:
        for module, scale in names.ending(".weight_scale"):
            found = _plain_codes(names, module, scale, config)
            if found is not None:
                yield found


def _packed(names: Names, module: str, data: TensorInfo, config: Mapping[str, Any]) -> LogicalTensor | None:
    scale = names.get(f"{module}.weight_scale")
    if scale is None or len(data.shape) < 2:
        return None
    group = _group(config, module)
    parts = {"data": data.key, "scale": scale.key}
    form = str(group.get("format") or config.get("format") or "")
    if form in _REFUSED:
        return _found(names, module, "ct-" + form, counted(group.get("num_bits")) or 6, (data.shape[0], data.shape[-1]), parts, None,
                      f"its format {form} is not read")
    if f"{module}.weight_shape" in names.tensors and data.dtype == "int32":
        return _bit_packed(names, module, data, scale, group, parts)
    if data.dtype != "uint8":
        return None
    whole = names.get(f"{module}.weight_global_scale", "float32")
    rows, cols = data.shape[0], data.shape[-1] * 2
    if len(data.shape) != 2 or len(scale.shape) != 2 or scale.shape[0] != rows:
        return None
    if whole is not None and scale.dtype == "float8_e4m3fn" and scale.shape[1] * 16 == cols:
        parts["global_scale"] = whole.key
        return _found(names, module, "ct-nvfp4", 4, (rows, cols), parts, grid(rows, cols, "e2m1", block_cols=16, divide="global_scale"))
    if whole is None and group and scale.dtype in ("uint8", "float8_e8m0fnu") and scale.shape[1] * 32 == cols:
        return _found(names, module, "ct-mxfp4", 4, (rows, cols), parts, grid(rows, cols, "e2m1", block_cols=32, exponents=True))
    return None


def _bit_packed(names: Names, module: str, data: TensorInfo, scale: TensorInfo, group: Mapping[str, Any],
                parts: dict[str, str]) -> LogicalTensor | None:
    said = names.read(f"{module}.weight_shape")
    if said is None or said.size != 2 or len(data.shape) != 2:
        return None
    rows, cols = (int(size) for size in said.ravel())
    words = data.shape[1]
    if rows != data.shape[0] or cols <= 0:
        return None
    bits = counted(group.get("num_bits"))
    if bits is None:            # without a configuration only where the width says it
        bits = next((n for n in (4, 8) if words == -(-cols * n // 32)), None)
    if bits is None or not 1 <= bits <= 8:
        return None
    parts["shape"] = f"{module}.weight_shape"
    single = names.get(f"{module}.weight_zero_point", "int8") if scale.numel == 1 else None      # of all: only several are packed
    zero = single or names.get(f"{module}.weight_zero_point", "int32", dims=2)
    index = names.get(f"{module}.weight_g_idx", dims=1)
    run, wasted = -(-cols * bits // 32), -(-cols // (32 // bits))
    problem = ""
    if words not in (run, wasted):
        problem = f"{cols:,} codes of {bits} bits are not in {words:,} words"
    elif run == wasted and 32 % bits:
        problem = f"whether codes of {bits} bits go over the borders of words cannot be told from {words:,} words"
    groups = scale.numel // rows if len(scale.shape) == 2 and scale.shape[0] == rows else 0
    if not groups and scale.numel == 1:
        groups = 1
    if not groups:
        problem = problem or "its scales do not fit its rows"
    said_size = counted(group.get("group_size"))
    size = said_size or -(-cols // max(groups, 1))
    ordered = None
    if index is None and group.get("actorder") in ("group", "dynamic", True):
        problem = problem or "the order of its columns (weight_g_idx) is not there"
    if names.misfit(f"{module}.weight_g_idx", index) or names.misfit(f"{module}.weight_zero_point", zero):
        problem = problem or "its parts are not of the kind that they should be"
    if index is not None:
        parts["g_idx"] = index.key
        ordered = names.read(index.key, INDEX)
        if ordered is None or ordered.size != cols or (ordered.size and int(ordered.max()) >= groups):
            problem = problem or "its activation order does not fit its groups"
        elif ordered.size and int(ordered.min()) < 0:
            ordered = None
    if groups and -(-cols // size) != groups and (ordered is None or said_size):
        problem = problem or f"it has {count(groups, 'group')} of scales for {count(cols, 'column')} in groups of {size:,}"
    if zero is not None:
        parts["zero_point"] = zero.key
        if zero.shape != (scale.shape if single else (-(-rows * bits // 32), groups)):
            problem = problem or "its zero points do not fit its scales"
    elif group.get("symmetric") is False:
        problem = problem or "its zero points are not there"
    decoder = grid(rows, cols, "bit string" if words == run else "words", bits, 1 << (bits - 1), block_cols=size if groups > 1 else cols,
                   by_column=ordered is not None and groups > 1, zero="numbers" if single else "packed" if zero else "")
    return _found(names, module, "ct-pack-quantized", bits, (rows, cols), parts, decoder, problem)


def _plain_codes(names: Names, module: str, scale: TensorInfo, config: Mapping[str, Any]) -> LogicalTensor | None:
    """The codes keep the weight's own name."""
    group = _group(config, module)
    data = names.get(f"{module}.weight", "int8", "float8_e4m3fn", dims=2)
    if data is None or not group:
        return None
    rows, cols = data.shape
    parts = {"data": data.key, "scale": scale.key}
    form = str(group.get("format") or config.get("format") or "")
    if form in _REFUSED:
        return _found(names, module, "ct-" + form, counted(group.get("num_bits")) or 8, (rows, cols), parts, None,
                      f"its format {form} is not read")
    if data.dtype == "float8_e4m3fn" and scale.dtype in ("uint8", "float8_e8m0fnu"):
        fits = scale.shape == (rows, -(-cols // 32))
        return _found(names, module, "ct-mxfp8", 8, (rows, cols), parts, grid(rows, cols, block_cols=32, exponents=True) if fits else None,
                      "" if fits else "its scales do not fit its rows")
    block = group.get("block_structure")
    high, wide = (counted(block[0]), counted(block[1])) if isinstance(block, list) and len(block) == 2 else (1, None)
    if isinstance(block, list) and (not high or not wide or scale.shape != (-(-rows // high), -(-cols // wide))):
        return _found(names, module, _plain_scheme(data), 8, (rows, cols), parts, None, "its scales do not fit its blocks")
    if block is None:
        groups = scale.numel // rows if scale.shape[:1] == (rows,) and rows else 0
        if scale.numel == 1:
            high, wide = max(rows, 1), cols
        elif groups and scale.numel == groups * rows:
            wide = counted(group.get("group_size")) or -(-cols // groups)
        if scale.numel != 1 and (not groups or -(-cols // (wide or 1)) != groups):
            return _found(names, module, _plain_scheme(data), 8, (rows, cols), parts, None, "its scales do not fit its rows")
    zero = names.get(f"{module}.weight_zero_point")
    if zero is not None:
        parts["zero_point"] = zero.key
    if (zero is not None and (zero.shape != scale.shape or zero.dtype not in _ZEROS)) or names.misfit(f"{module}.weight_zero_point", zero):
        return _found(names, module, _plain_scheme(data), 8, (rows, cols), parts, None, "its zero points do not fit its scales")
    if zero is None and group.get("symmetric") is False and data.dtype == "int8":
        return _found(names, module, _plain_scheme(data), 8, (rows, cols), parts, None, "its zero points are not there")
    decoder = grid(rows, cols, block_rows=high or 1, block_cols=wide or cols, zero="numbers" if "zero_point" in parts else "")
    return _found(names, module, _plain_scheme(data), counted(group.get("num_bits")) or 8, (rows, cols), parts, decoder)


def _plain_scheme(data: TensorInfo) -> str:
    return "ct-int-quantized" if data.dtype == "int8" else "ct-float-quantized"


def _found(names: Names, module: str, scheme: str, bits: int, shape: tuple[int, ...], parts: dict[str, str], decoder: Grid | None,
           problem: str = "") -> LogicalTensor:
    counted_parts = [key for role, key in parts.items() if role != "shape"]
    scale = names.tensors[parts["scale"]].dtype
    dtype = names.model_dtype or (scale if scale in ("float16", "bfloat16", "float32") else "bfloat16")
    numel = shape[0] * shape[1]
    return LogicalTensor(f"{module}.weight", shape, dtype, scheme, bits, names.cost(numel, counted_parts), parts,
                         None if problem else decoder, problem)


def _group(config: Mapping[str, Any], module: str) -> Mapping[str, Any]:
    """What the configuration says of a module's weights; {} for one that it leaves out, or when there is none."""
    groups = config.get("config_groups")
    ignored = config.get("ignore")
    if not isinstance(groups, dict) or (isinstance(ignored, list) and any(_means(target, module) for target in ignored)):
        return {}
    known = [one for one in groups.values() if isinstance(one, dict)]
    for one in known:
        targets = one.get("targets")
        named = [target for target in targets if isinstance(target, str)] if isinstance(targets, list) else []
        if len(known) == 1 or any(_means(target, module) for target in named):
            return _weights(one)
    return _weights(known[0]) if known else {}


def _weights(group: Mapping[str, Any]) -> Mapping[str, Any]:
    weights = group.get("weights")
    return {**weights, **({"format": group["format"]} if group.get("format") else {})} if isinstance(weights, dict) else {}


def _means(target: object, module: str) -> bool:
    """Whether a target or ignored entry means the module: its name, or "re:" and a pattern of simple parts."""
    if not isinstance(target, str):
        return False
    if not target.startswith("re:"):
        return target == module or module.endswith(f".{target}")
    # a pattern from a file is never run as one: only its literal parts in order count
    parts = [part for part in re.split(r"\.\*|\[\^?[^\]]*\]\+?|\\d\+?|[()^$|?+*]", target[3:].replace("\\.", ".")) if part]
    at = 0
    for part in parts:
        at = module.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return bool(parts)
