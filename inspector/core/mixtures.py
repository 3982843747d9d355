"""Mixtures of experts: how many there are, what of the parameters is theirs, and how many parameters a token meets."""
from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from . import checkpoint as tables
from .checkpoint import Checkpoint, TensorInfo
from .errors import InspectorError
from .io import addresses
from .io.sources import open_source
from .keypath import leaf_of
from .packed.hints import may_be_packed
from .progress import QUIET, Monitor, stoppable
from .training import weights

if TYPE_CHECKING:
    from .packed.countable import Countable

# `experts.3.w1` of transformers, Megatron, fairseq; `experts.gate_up_proj`, all experts in one; `ffn_gate_exps` of llama.cpp
_NUMBERED = re.compile(r"(?:.*\.)?(?:local_)?experts?\.(?P<number>\d{1,6})\.")
_STACKED = re.compile(r"(?:.*\.)?experts\.[a-z]\w*$|(?:.*\.)?ffn_\w+_exps\.\w+$")
# What configurations call the number of experts that a token goes to: transformers' configuration_*.py, llama.cpp's gguf-py/constants.py
_TOP_K = ("num_experts_per_tok", "num_experts_per_token", "num_selected_experts", "moe_top_k", "moe_topk", "expert_used_count",
          "num_experts_per_layer_per_token")
_MOST = 1 << 20                 # bytes of a configuration


class Experts(NamedTuple):
    """`number` experts in each of `layers` (the most usual number), with `parameters` of the `total`. `top_k` of them work on a token, as
    `source` says ("config.json", or a key of the file); None where nothing does, and then `active` is, too: what a token meets."""

    number: int
    layers: int
    parameters: int
    total: int
    top_k: int | None = None
    source: str = ""

    @property
    def active(self) -> int | None:
        if self.top_k is None:
            return None
        return self.total - self.parameters + self.parameters * min(self.top_k, self.number) // self.number


def experts(ckpt: Checkpoint, monitor: Monitor = QUIET) -> Experts | None:
    """From names and shapes; None where there are none. How many work on a token is read from the file's own values and metadata, or from
    config.json in its folder, if it is on this machine. Linear in the keys. Raises Cancelled.

    >>> weights = {f"layers.{layer}.mlp.experts.{n}.w1.weight": np.ones((2, 3)) for layer in (0, 1) for n in range(4)}
    >>> found = core.experts(core.edit(weights, []))
    >>> found.number, found.layers, found.parameters, found.active
    (4, 2, 48, None)
    """
    known: Countable | None = tables.front_door("countable")(ckpt, monitor) if may_be_packed(ckpt, monitor) else None
    counted = ckpt if known is None else known.ckpt
    role = weights.roles(counted)
    numbers: dict[str, set[int]] = {}
    stacked: dict[str, int] = {}
    theirs: list[str] = []
    for key, info in stoppable(counted.tensors.items(), monitor):
        if "exp" in key and role(info) == "parameter" and (found := _place(key, info)) is not None:
            theirs.append(key)
            layer, number, many = found
            if many:
                stacked[layer] = many
            else:
                numbers.setdefault(layer, set()).add(number)
    sizes = [*(len(found) for found in numbers.values()), *stacked.values()]
    if not theirs or max(sizes) < 2:
        return None
    number = Counter(sizes).most_common(1)[0][0]
    top_k, source = next(((found, where) for found, where in _said(ckpt, monitor) if 0 < found <= number), (None, ""))
    return Experts(number, len(sizes), weights.counts(counted, theirs, monitor).parameters,
                   weights.counts(counted, monitor=monitor).parameters, top_k, source)


def _place(key: str, info: TensorInfo) -> tuple[str, int, int] | None:
    """The layer, the number of the expert, and how many there are in the tensor (0: it is one's own)."""
    match = _NUMBERED.match(key)
    if match is not None:
        return key[:match.start("number")], int(match["number"]), 0
    if _STACKED.match(key) and len(info.shape) > 1 and info.shape[0] > 1:
        return re.sub(r"ffn_\w+$", "", key.rpartition(".")[0]), 0, info.shape[0]
    return None


def _said(ckpt: Checkpoint, monitor: Monitor) -> Iterator[tuple[int, str]]:
    for table in (ckpt.values, ckpt.metadata):
        for key in table:
            if leaf_of(key) in _TOP_K and (found := _number(table[key])) is not None:
                yield found, key
    if not ckpt.is_far:
        config = _beside(ckpt, "config.json", monitor)
        for inside in (config, config.get("text_config"), config.get("language_config")):
            if isinstance(inside, dict):
                yield from ((found, "config.json") for name in _TOP_K if (found := _number(inside.get(name))) is not None)


def _number(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 7:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _beside(ckpt: Checkpoint, name: str, monitor: Monitor) -> Mapping[str, Any]:
    """The JSON object of a file in the checkpoint's folder; {} where there is none that can be read."""
    try:
        path = ckpt.as_opened.path
        folder = path if os.path.isdir(path) else addresses.folder_of(path)
        with open_source(addresses.beside(folder, name), monitor=monitor) as source:
            found = json.loads(source.read(0, source.size)) if source.size <= _MOST else {}
    except (InspectorError, OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
