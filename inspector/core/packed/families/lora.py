"""Adapters: thin matrices whose product is added to a weight. PEFT's, with their configuration beside them, and Kohya's.

A PeftModel that is saved whole has its adapters by name beside the weights that they add to: `q.base_layer.weight`,
`q.lora_A.default.weight`, and of modules that are trained as they are `cls.original_module.weight`, `cls.modules_to_save.default.weight`.

Sources: peft 0.21 tuners/lora/layer.py (`get_delta_weight`, `update_layer`), utils/save_and_load.py, utils/other.py, and in its
examples/lora_dreambooth convert_kohya_ss_sd_lora_to_peft.py.
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import isfinite, prod, sqrt
from types import MappingProxyType
from typing import Any, NamedTuple

from inspector.core.checkpoint import TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.keypath import quoted
from inspector.core.tensors.decoders.low_rank import LowRank

from . import patterns
from .names import LogicalTensor, Names, counted

PREFIX = "base_model.model."
KOHYA = ("lora_unet_", "lora_te_", "lora_te1_", "lora_te2_", "lora_te3_", "lora_transformer_")
CONFIG = "adapter_config.json"
_NEEDS_BASE = "what it adds depends on the base weight, which is in another file"
_SCALES_BASE = "what it adds depends on the base weight"
_UNTOLD = "no adapter_config.json says its alpha, so its scale is not known"
_PLAIN_NAME = re.compile(r"[\w-]{1,100}")        # of an adapter: one that can be a folder's
_NO_ALPHA: Mapping[str, float] = MappingProxyType({})


class Adapter(NamedTuple):
    """What an adapter has for one module. `name` is the module's name in the model (Kohya: as the file has it, its dots underscores),
    `key` what the adapter's keys begin with. It adds `factor` * B A of rank `rank`, `flipped`: the other way round, which `embedding`s
    always are; `magnitude` are DoRA's lengths of the rows, `bias` is added to the module's bias, by the same factor. `problem` says why it
    cannot be done, or is ""; `parts` are the keys by role. `adapter` is the adapter's name where the file has it in the keys, and `base`
    the key of the weight that it adds to where that is in the file too, "" otherwise. `turned`: whether the weight lies the other way
    round, where the module itself says it."""

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
    adapter: str = ""
    base: str = ""
    turned: bool | None = None

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
    every = [*adapters(names)]
    several = len({one.adapter for one in every}) > 1
    for one in every:
        problem = one.problem or ((_SCALES_BASE if one.base else _NEEDS_BASE) if one.magnitude is not None else "")
        # beside its weight, or another adapter, it is no weight of the model's name
        name = f"{one.key}.lora_{one.adapter}" if one.adapter and (one.base or several) else f"{one.name}.weight"
        yield LogicalTensor(name, one.shape or one.a.shape, one.a.dtype, one.scheme, _bits(one.a), None, one.parts,
                            None if problem else one.product, problem)


def adapters(names: Names, alphas: Mapping[str, float] = _NO_ALPHA) -> Iterator[Adapter]:
    """What there is for each module. `alphas`: name of an adapter in the file -> its alpha, whatever is said of it elsewhere."""
    config = names.file(CONFIG)
    for first, second in ((".lora_A.weight", ".lora_B.weight"), (".lora_embedding_A", ".lora_embedding_B")):
        for module, a in names.ending(first):
            b = names.get(module + second)
            if b is not None and not a.problem:
                yield _peft(names, config, module, a, b, "", "embedding" in first)
    for module, a in names.ending(".lora_down.weight"):
        b = names.get(f"{module}.lora_up.weight")
        if module.startswith(KOHYA) and b is not None and not a.problem:
            yield _kohya(names, module, a, b)
    yield from _named(names, alphas)


def _named(names: Names, alphas: Mapping[str, float]) -> Iterator[Adapter]:
    """Those whose name is in the keys."""
    if not names.mention(".lora_"):
        return
    found = []
    for key, a in names.items():
        for first, second, ending in ((".lora_A.", ".lora_B.", ".weight"), (".lora_embedding_A.", ".lora_embedding_B.", "")):
            module, there, rest = key.rpartition(first) if ".lora_" in key else ("", "", "")
            adapter = rest[:len(rest) - len(ending)]
            if there and rest.endswith(ending) and adapter and "." not in adapter:
                b = names.get(f"{module}{second}{rest}")
                if b is not None and not a.problem:
                    found.append((module, adapter, a, b, "embedding" in first))
    configs: dict[str, Mapping[str, Any]] = {}
    for module, adapter, a, b, embedding in found:
        if adapter not in configs:
            configs[adapter] = config_of(names, adapter, len({name for _, name, *_ in found}) > 1)
            if adapter in alphas:
                configs[adapter] = {**configs[adapter], "lora_alpha": alphas[adapter], "alpha_pattern": {}}
        one = _peft(names, configs[adapter], module, a, b, adapter, embedding)
        yield one if adapter in alphas else _as_pickled(names, one)


def config_of(names: Names, adapter: str, several: bool = True) -> Mapping[str, Any]:
    """What is said of an adapter of that name: in the file, in a folder of its name beside it, or beside it where no other can be
    meant, as there are not `several`. {} where nothing is."""
    pickled = _pickled_config(names, adapter)
    if pickled:
        return pickled
    own = names.file(_own_config(adapter)) if _PLAIN_NAME.fullmatch(adapter) else {}
    return own or (names.file(CONFIG) if adapter == "default" or not several else {})


def _own_config(adapter: str) -> str:
    return f"{adapter}/{CONFIG}"


def _configs(adapter: str) -> tuple[str, ...]:
    """The files that may be meant to tell of an adapter of that name, "" for one whose name is not in the keys."""
    return (_own_config(adapter), CONFIG) if _PLAIN_NAME.fullmatch(adapter) else (CONFIG,)


def _pickled_config(names: Names, adapter: str) -> Mapping[str, Any]:
    """The `peft_config` that a whole PeftModel has."""
    within = f"peft_config.{adapter}."
    found: dict[str, Any] = {}
    for key, value in names.source_values.items():
        before, there, rest = key.partition(within) if within in key else ("", "", "")
        if there and (not before or before.endswith(".")):
            name, _, entry = rest.partition(".")
            if not entry:
                found.setdefault(name, value)
            elif name in ("rank_pattern", "alpha_pattern"):
                table = found.setdefault(name, {})
                if isinstance(table, dict):
                    table[entry] = value
    return found


def _as_pickled(names: Names, one: Adapter) -> Adapter:
    """What a pickled module says of itself, which is what is added, whatever the configuration says."""
    module = f"{names.source_key(one.a.key).rpartition(_part_of(one))[0]}."
    values = names.source_values
    scale = values.get(f"{module}scaling.{one.adapter}")
    if isinstance(scale, int | float) and not isinstance(scale, bool) and isfinite(scale) and _fits(one.a, one.b):
        one = one._replace(factor=float(scale), problem="")
    turned = values.get(f"{module}fan_in_fan_out")
    if isinstance(turned, bool) and not one.embedding and len(one.a.shape) == 2:
        one = one._replace(turned=turned, flipped=turned)
    n = 0
    while (merged := values.get(f"{module}merged_adapters.{n}")) is not None:
        if merged == one.adapter:
            return one._replace(problem="the weight beside it has it added already (merged_adapters)")
        n += 1
    return one


def _part_of(one: Adapter) -> str:
    return ".lora_embedding_A." if one.embedding else ".lora_A."


def _peft(names: Names, config: Mapping[str, Any], module: str, a: TensorInfo, b: TensorInfo, adapter: str, embedding: bool) -> Adapter:
    within = f".{adapter}" if adapter else ""
    name = module.partition(PREFIX)[2] if adapter and PREFIX in module else module.removeprefix(PREFIX)
    rank = a.shape[0] if a.shape else 0
    # of convolutions PEFT does not ask it
    flipped = embedding or (config.get("fan_in_fan_out") is True and len(a.shape) == 2)
    parts = {"A": a.key, "B": b.key}
    magnitude = names.get(f"{module}.lora_magnitude_vector{within}") or names.get(f"{module}.lora_magnitude_vector{within}.weight")
    if magnitude is not None:
        parts["magnitude"] = magnitude.key
    factor, problem = _factor(config, name, rank)
    if problem == _UNTOLD and (fault := next(filter(None, map(names.fault, _configs(adapter))), "")):
        problem = f"its adapter_config.json {fault}, so its scale is not known"
    if not _fits(a, b):
        problem = "its two matrices do not fit each other"
    base = next((key for key in (f"{module}.base_layer.weight", f"{module}.weight") if key in names.tensors), "") if adapter else ""
    bias = names.get(f"{module}.lora_B{within}.bias")
    return Adapter(module, name, "lora" if magnitude is None else "dora", a, b, parts, rank, None if problem else factor, flipped,
                   embedding, magnitude, bias, problem, adapter, base)


def _factor(config: Mapping[str, Any], name: str, rank: int) -> tuple[float | None, str]:
    """alpha / r, with the patterns that single modules have, and why it cannot be told."""
    given: dict[str, Any] = {"alpha": config.get("lora_alpha"), "r": config.get("r")}
    for which, table in (("alpha", "alpha_pattern"), ("r", "rank_pattern")):
        said = config.get(table)
        for key, value in said.items() if isinstance(said, dict) else ():
            found = patterns.fits(key, name)
            if found is None:
                return None, f"{quoted(key, 60)} in {table} of its adapter_config.json is a pattern that is not known here"
            if found:
                given[which] = value
                break
    alpha, r = given["alpha"], given["r"]
    if not isinstance(alpha, int | float) or isinstance(alpha, bool) or not rank:
        return None, _UNTOLD
    if counted(r) is not None and r != rank:
        return None, f"its matrices are of rank {rank:,}, and its adapter_config.json says {r:,}"
    factor = _ratio(alpha, sqrt(rank) if config.get("use_rslora") is True else rank)
    return factor, "" if factor is not None else "its alpha is no number that can be divided by its rank"


def _ratio(alpha: float, rank: float) -> float | None:
    try:
        found = alpha / rank
    except OverflowError:           # an integer beyond all floats
        return None
    return found if isfinite(found) else None


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
