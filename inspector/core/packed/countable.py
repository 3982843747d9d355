"""Tables in which packed tensors stand as what they stand for: to be counted, where a weight counts once and its scales and zero points do
not, and to be judged.

The thin factors of an adapter are its parameters; what they add to the weights of another model is not.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, TensorInfo, contiguous
from inspector.core.progress import QUIET, Monitor

from .families.names import LogicalTensor
from .logical import in_order, instead_of_parts, keys_of, packed, packed_among


class Countable(NamedTuple):
    """`ckpt` has packed tensors instead of their parts, to be counted; `names` says of which one each of those parts is what stands for it
    in a list of keys ("": it is another part of one)."""

    ckpt: Checkpoint
    names: Mapping[str, str]
    packed: tuple[LogicalTensor, ...]

    def bits_per_weight(self, names: Iterable[str] | None = None) -> float | None:
        """What an element of the packed tensors (of those among `names`) costs on the average, scales and zero points included; None where
        none is packed."""
        inside = None if names is None else set(names)
        known = [(tensor.numel, tensor.bits_per_weight) for tensor in self.packed if tensor.decoder is not None and not tensor.is_adapter
                 and (inside is None or tensor.name in inside)]
        bits = [(numel, each) for numel, each in known if each is not None]
        total = sum(numel for numel, _ in bits)
        return sum(numel * each for numel, each in bits) / total if total else None

    def keys(self, keys: Iterable[str]) -> list[str]:
        """The tensors that stand for `keys`."""
        return [*dict.fromkeys(name for key in keys if (name := self.names.get(key, key)))]


def countable(ckpt: Checkpoint, monitor: Monitor = QUIET, found: Mapping[str, LogicalTensor] | None = None) -> Countable | None:
    """The tables to be counted; None where nothing is packed, so that `ckpt` itself can be. `found` are its packed tensors where they are
    known. Raises Cancelled.

    >>> lora = {"fc.lora_A.weight": np.ones((2, 8)), "fc.lora_B.weight": np.ones((4, 2))}
    >>> core.countable(core.edit({"w": np.ones(3)}, [])) is None, core.countable(core.edit(lora, [])) is None
    (True, False)
    """
    found = packed(ckpt, monitor) if found is None else found
    counted = {name: tensor for name, tensor in found.items() if tensor.numel and not tensor.is_adapter
               and (tensor.decoder is not None or tensor.problem)}
    if not found:
        return None
    tensors: dict[str, TensorInfo] = {}
    names = {key: "" for tensor in found.values() if tensor.is_adapter for role, key in tensor.parts.items() if role == "alpha"}
    for key, one in in_order(ckpt, counted):
        if isinstance(one, TensorInfo):
            if key not in names:
                tensors[key] = one
            continue
        data = ckpt.tensors.get(one.name) or ckpt.tensors[one.parts.get("data") or key]     # a wrapper lies where its tensor does
        names.update(dict.fromkeys(keys_of(one), ""))
        names[one.parts.get("data") or key] = names[data.key] = one.name
        tensors[one.name] = TensorInfo(one.name, one.shape, "float32", data.device, contiguous(one.shape), 0, "", 0,
                                       state_dict=data.state_dict, problem=one.problem)
    return Countable(replace(ckpt, tensors=MappingProxyType(tensors)), names, tuple(found.values()))


def judged(ckpt: Checkpoint, monitor: Monitor = QUIET) -> tuple[Checkpoint, dict[str, tuple[str, ...]], Mapping[str, LogicalTensor]]:
    """`ckpt` with packed tensors as the numbers that they stand for, to be measured, the stored keys of each of those, and all that is
    packed. The factors of an adapter are measured as they are. Raises Cancelled."""
    found, tensors = packed_among(ckpt, monitor)
    wanted = {name: tensor for name, tensor in found.items() if not tensor.is_adapter and (tensor.decoder is not None or tensor.problem)}
    if not wanted:
        return ckpt, {}, found
    return (instead_of_parts(ckpt, wanted, tensors, len(wanted) < len(found)),
            {name: tuple(keys_of(tensor)) for name, tensor in wanted.items()}, found)
