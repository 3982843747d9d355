"""Adapters: thin matrices whose product is added to a weight. PEFT's, with their configuration beside them, and Kohya's.

Sources: peft 0.21 tuners/lora/layer.py (`get_delta_weight`), utils/save_and_load.py, and in its examples/lora_dreambooth
convert_kohya_ss_sd_lora_to_peft.py.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod, sqrt
from typing import Any, NamedTuple

from inspector.core.checkpoint import TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.keypath import visible
from inspector.core.tensors.decoders.low_rank import LowRank

from . import patterns
from .names import LogicalTensor, Names, counted

PREFIX = "base_model.model."
KOHYA = ("lora_unet_", "lora_te_", "lora_te1_", "lora_te2_", "lora_te3_", "lora_transformer_")
_NEEDS_BASE = "what it adds depends on the base weight, which is in another file"


class Adapter(NamedTuple):
    """What an adapter has for one module. `name` is the module's name in the model (Kohya: as the file has it, its dots underscores),
    `key` what the adapter's keys begin with. It adds `factor` * B A of rank `rank`, `flipped`: the other way round, which `embedding`s
    always are; `magnitude` are DoRA's lengths of the rows, `bias` is added to the module's bias, by the same factor. `problem` says why it
    cannot be done, or is ""; `parts` are the keys by role."""

    key: str
    name: str
    scheme: str
    a: TensorInfo
    b: TensorInfo
    parts: Mapping[str, str]
    rank: int
    factor: float | None
    flipped: bool = False
    embedding: bool = False
    magnitude: TensorInfo | None = None
    bias: TensorInfo | None = None
    problem: str = ""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of what it adds; () where its two matrices have none."""
        if len(self.a.shape) < 2 or len(self.b.shape) < 2:
            return ()
        return (self.a.shape[1], self.b.shape[0]) if self.flipped else (self.b.shape[0], *self.a.shape[1:])

    @property
    def product(self) -> LowRank | None:
        """What makes it of the parts "A" and "B"."""
        if self.problem or self.factor is None:
            return None
        return LowRank(self.rank, self.shape[0], prod(self.shape[1:]), self.factor, self.flipped)


def claims(names: Names) -> Iterator[LogicalTensor]:
    for one in adapters(names):
        problem = one.problem or (_NEEDS_BASE if one.magnitude is not None else "")
        yield LogicalTensor(f"{one.name}.weight", one.shape or one.a.shape, one.a.dtype, one.scheme, _bits(one.a), None, one.parts,
                            None if problem else one.product, problem)


def adapters(names: Names) -> Iterator[Adapter]:
    """What there is for each module."""
    for first, second in ((".lora_A.weight", ".lora_B.weight"), (".lora_embedding_A", ".lora_embedding_B")):
        for module, a in names.ending(first):
            b = names.get(module + second)
            if b is not None and not a.problem:
                yield _peft(names, module, a, b, "embedding" in first)
    for module, a in names.ending(".lora_down.weight"):
        b = names.get(f"{module}.lora_up.weight")
        if module.startswith(KOHYA) and b is not None and not a.problem:
            yield _kohya(names, module, a, b)


def _peft(names: Names, module: str, a: TensorInfo, b: TensorInfo, embedding: bool) -> Adapter:
    config = names.file("adapter_config.json")
    name = module.removeprefix(PREFIX)
    rank = a.shape[0] if a.shape else 0
    # of convolutions PEFT does not ask it
    flipped = embedding or (config.get("fan_in_fan_out") is True and len(a.shape) == 2)
    parts = {"A": a.key, "B": b.key}
    magnitude = names.get(f"{module}.lora_magnitude_vector") or names.get(f"{module}.lora_magnitude_vector.weight")
    if magnitude is not None:
        parts["magnitude"] = magnitude.key
    factor, problem = _factor(config, name, rank)
    if not _fits(a, b):
        problem = "its two matrices do not fit each other"
    return Adapter(module, name, "lora" if magnitude is None else "dora", a, b, parts, rank, None if problem else factor, flipped,
                   embedding, magnitude, names.get(f"{module}.lora_B.bias"), problem)


def _factor(config: Mapping[str, Any], name: str, rank: int) -> tuple[float | None, str]:
    """alpha / r, with the patterns that single modules have, and why it cannot be told."""
    given: dict[str, Any] = {"alpha": config.get("lora_alpha"), "r": config.get("r")}
    for which, table in (("alpha", "alpha_pattern"), ("r", "rank_pattern")):
        said = config.get(table)
        for key, value in said.items() if isinstance(said, dict) else ():
            found = patterns.fits(key, name)
            if found is None:
                return None, f"{visible(key, 60)!r} in {table} of its adapter_config.json is a pattern that is not known here"
            if found:
                given[which] = value
                break
    alpha, r = given["alpha"], given["r"]
    if not isinstance(alpha, int | float) or isinstance(alpha, bool) or not rank:
        return None, "no adapter_config.json says its alpha, so its scale is not known"
    if counted(r) is not None and r != rank:
        return None, f"its matrices are of rank {rank:,}, and its adapter_config.json says {r:,}"
    return float(alpha) / (sqrt(rank) if config.get("use_rslora") is True else rank), ""


def _fits(a: TensorInfo, b: TensorInfo) -> bool:
    if len(a.shape) < 2 or len(b.shape) < 2 or a.shape[0] != b.shape[1]:
        return False
    return len(b.shape) == 2 or all(size == 1 for size in b.shape[2:])


def _kohya(names: Names, module: str, a: TensorInfo, b: TensorInfo) -> Adapter:
    """The name of the module has its dots as underscores, which cannot be told back: it stays so."""
    parts = {"A": a.key, "B": b.key}
    rank, alpha, problem = a.shape[0] if a.shape else 0, None, ""
    key = f"{module}.alpha"
    if key in names.tensors:
        parts["alpha"] = key
        found = names.read(key)
        alpha = float(found.ravel()[0]) if found is not None and found.size == 1 else None
        problem = "" if alpha is not None else "its alpha cannot be read"
    if f"{module}.lora_mid.weight" in names.tensors:
        problem = "it has three matrices, which are put together otherwise"
    elif f"{module}.dora_scale" in names.tensors:
        problem = "it has a dora_scale, which is applied otherwise"
    elif not _fits(a, b):
        problem = "its two matrices do not fit each other"
    factor = (alpha / rank if alpha is not None else 1.0) if rank else 1.0
    return Adapter(module, module, "lora-kohya", a, b, parts, rank, None if problem else factor, problem=problem)


def _bits(info: TensorInfo) -> int | None:
    return DTYPES[info.dtype].bits if info.dtype in DTYPES else None
