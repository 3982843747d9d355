"""Which tensors of a model an optimizer's parameters are, told by their order and shapes alone.

An optimizer numbers parameters in the order in which it was given them, mostly that of `model.parameters()`, which is the
order of the state dict without its buffers (torch/nn/modules/module.py: both walk modules alike, own tensors first). Within a
parameter group the order is kept; what was frozen is left out; between groups nothing is promised. So each group is a
subsequence of the model's tensors, no tensor is in two, and a parameter is told only where every such reading gives the same.
"""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from inspector.core.checkpoint import TensorInfo

from .weights import each_once, is_buffer

Shape = tuple[int, ...]

_WORK = 2_000_000               # groups times tensors of one model beyond which they are not matched
_ROUNDS = 12


class Slot(NamedTuple):
    """A parameter as the optimizer knows it: `id` in its state; `shape`, None where the state does not tell."""

    id: str
    shape: Shape | None


class Reading(NamedTuple):
    """`found` maps ids to tensors' keys, those that cannot be told left out; `exact` says that all tensors of the model are
    parameters of the optimizer."""

    found: dict[str, str]
    exact: bool


def trainable(infos: Iterable[TensorInfo]) -> list[TensorInfo]:
    """Those that can be parameters, in order: no buffers that can be known as such, tied ones once."""
    infos = list(infos)
    names = {info.key for info in infos}
    return list(each_once([info for info in infos if not is_buffer(info, names)]))


def read(groups: Sequence[Sequence[Slot]], tensors: Sequence[TensorInfo]) -> Reading | None:
    """What the parameters in `groups` are among `tensors` (`trainable`, in order); None when they cannot be these."""
    count = sum(map(len, groups))
    if not count or count > len(tensors):
        return None
    exact = count == len(tensors)
    groups = [group for group in groups if group]
    if exact and (len(groups) == 1 or all(len(group) == 1 for group in groups)):
        slots = [slot for group in groups for slot in group]        # one group each: made in a loop over the parameters
        if all(_fits(slot, info) for slot, info in zip(slots, tensors, strict=True)):
            return Reading({slot.id: info.key for slot, info in zip(slots, tensors, strict=True)}, True)
    if len(groups) * len(tensors) > _WORK:
        return Reading({}, exact)
    places = _places(groups, [info.shape for info in tensors])
    return None if places is None else Reading({slot.id: tensors[at].key for slot, at in places.items()}, exact)


def _fits(slot: Slot, info: TensorInfo) -> bool:
    return slot.shape is None or slot.shape == info.shape


def _places(groups: Sequence[Sequence[Slot]], shapes: Sequence[Shape]) -> dict[Slot, int] | None:
    """The slots that can be in one place only. Each round reads every group without the places that are another's."""
    owner: dict[int, int] = {}
    found: dict[Slot, int] = {}
    for _ in range(_ROUNDS):
        before = len(owner)
        for number, group in enumerate(groups):
            free = [at for at in range(len(shapes)) if owner.get(at, number) == number]
            first = _first(group, shapes, free)
            last = _first(group[::-1], shapes, free[::-1])
            if first is None or last is None:
                return None
            for slot, low, high in zip(group, first, reversed(last), strict=True):
                if low == high:
                    if owner.setdefault(low, number) != number:
                        return None
                    found[slot] = low
        if len(owner) == before or len(owner) == len(shapes):
            break
    return found


def _first(group: Sequence[Slot], shapes: Sequence[Shape], free: Iterable[int]) -> list[int] | None:
    """The first place of `free` for each slot, in order; None when there is not one for each."""
    places = []
    waiting = iter(group)
    slot = next(waiting, None)
    for at in free:
        if slot is None:
            break
        if slot.shape is None or slot.shape == shapes[at]:
            places.append(at)
            slot = next(waiting, None)
    return places if slot is None else None
