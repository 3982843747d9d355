"""Adapters: thin matrices whose product is added to a weight. PEFT's, with their configuration beside them, and Kohya's.

Sources: peft 0.21 tuners/lora/layer.py (`get_delta_weight`), utils/save_and_load.py, and in its examples/lora_dreambooth
convert_kohya_ss_sd_lora_to_peft.py.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod, sqrt
from typing import Any

from inspector.core.checkpoint import TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.tensors.decoders.low_rank import LowRank

from .names import LogicalTensor, Names, counted

_PREFIX = "base_model.model."
_KOHYA = ("lora_unet_", "lora_te_", "lora_te1_", "lora_te2_", "lora_te3_", "lora_transformer_")


def claims(names: Names) -> Iterator[LogicalTensor]:
    for first, second in ((".lora_A.weight", ".lora_B.weight"), (".lora_embedding_A", ".lora_embedding_B")):
        for module, a in names.ending(first):
            b = names.get(module + second)
            if b is not None and not a.problem:
                yield _peft(names, module, a, b, "embedding" in first)
    for module, a in names.ending(".lora_down.weight"):
        b = names.get(f"{module}.lora_up.weight")
        if module.startswith(_KOHYA) and b is not None and not a.problem:
            yield _kohya(names, module, a, b)


def _peft(names: Names, module: str, a: TensorInfo, b: TensorInfo, embedding: bool) -> LogicalTensor:
    config = names.file("adapter_config.json")
    name = module.removeprefix(_PREFIX)
    rank = a.shape[0] if a.shape else 0
    flipped = embedding or config.get("fan_in_fan_out") is True
    shape = _shape(a, b, flipped)
    parts = {"A": a.key, "B": b.key}
    magnitude = names.get(f"{module}.lora_magnitude_vector") or names.get(f"{module}.lora_magnitude_vector.weight")
    scheme, problem = "lora", ""
    factor = _factor(config, name, rank)
    if magnitude is not None:
        parts["magnitude"], scheme = magnitude.key, "dora"
        problem = "what it adds depends on the base weight, which is in another file"
    if not shape or not _fits(a, b):
        problem = "its two matrices do not fit each other"
    elif factor is None:
        problem = "no adapter_config.json says its alpha, so its scale is not known"
    decoder = None if problem or factor is None else LowRank(rank, shape[0], prod(shape[1:]), factor, flipped)
    return LogicalTensor(f"{name}.weight", shape or a.shape, a.dtype, scheme, _bits(a), None, parts, decoder, problem)


def _factor(config: Mapping[str, Any], name: str, rank: int) -> float | None:
    """alpha / r, with the patterns that single modules have; None where it cannot be told."""
    alpha, r = config.get("lora_alpha"), config.get("r")
    for table, which in ((config.get("alpha_pattern"), "alpha"), (config.get("rank_pattern"), "r")):
        if isinstance(table, dict):
            for key, value in table.items():
                if isinstance(value, int | float) and _is_meant(key, name):
                    alpha, r = (value, r) if which == "alpha" else (alpha, value)
                    break
    if not isinstance(alpha, int | float) or isinstance(alpha, bool) or not rank:
        return None
    if counted(r) and r != rank:
        return None
    return float(alpha) / (sqrt(rank) if config.get("use_rslora") is True else rank)


def _is_meant(key: str, name: str) -> bool:
    """Whether a pattern, which PEFT takes for `^(.*\\.)?(key)$`, means the module: plain names, and `.*` for anything."""
    pieces = key.removeprefix("^").removesuffix("$").replace("\\.", ".").split(".*")
    if len(pieces) == 1:
        return name == pieces[0] or name.endswith(f".{pieces[0]}")
    at = 0 if name.startswith(pieces[0]) else name.find(f".{pieces[0]}") + 1 or -1
    if at < 0:
        return False
    for piece in pieces:
        at = name.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return name.endswith(pieces[-1])


def _fits(a: TensorInfo, b: TensorInfo) -> bool:
    if len(a.shape) < 2 or len(b.shape) < 2 or a.shape[0] != b.shape[1]:
        return False
    return len(b.shape) == 2 or all(size == 1 for size in b.shape[2:])


def _shape(a: TensorInfo, b: TensorInfo, flipped: bool) -> tuple[int, ...]:
    if len(a.shape) < 2 or len(b.shape) < 2:
        return ()
    return (a.shape[1], b.shape[0]) if flipped else (b.shape[0], *a.shape[1:])


def _kohya(names: Names, module: str, a: TensorInfo, b: TensorInfo) -> LogicalTensor:
    """The name of the module has its dots as underscores, which cannot be told back: it stays so."""
    parts = {"A": a.key, "B": b.key}
    rank, alpha, problem = a.shape[0] if a.shape else 0, None, ""
    key = f"{module}.alpha"
    if key in names.tensors:
        parts["alpha"] = key
        found = names.read(key)
        alpha = float(found.ravel()[0]) if found is not None and found.size == 1 else None
        problem = "" if alpha is not None else "its alpha cannot be read"
    shape = _shape(a, b, False)
    if f"{module}.lora_mid.weight" in names.tensors:
        problem = "it has three matrices, which are put together otherwise"
    elif not shape or not _fits(a, b):
        problem = "its two matrices do not fit each other"
    decoder = None if problem else LowRank(rank, shape[0], prod(shape[1:]), (alpha / rank if alpha is not None else 1.0) if rank else 1.0)
    return LogicalTensor(f"{module}.weight", shape or a.shape, a.dtype, "lora-kohya", _bits(a), None, parts, decoder, problem)


def _bits(info: TensorInfo) -> int | None:
    return DTYPES[info.dtype].bits if info.dtype in DTYPES else None
