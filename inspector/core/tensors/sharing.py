"""Tensors that lie in one storage: tied weights, views, neighbours."""
from __future__ import annotations

from typing import Literal

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.progress import QUIET, Monitor, counted, stoppable
from inspector.core.tensor_table import column, each_alone

from .strides import span

Relation = Literal["same", "view", "viewed", "overlaps", "apart"]
"""What one tensor can be to another in the same storage: see `relation`."""


def sharing(ckpt: Checkpoint, monitor: Monitor = QUIET) -> dict[str, list[str]]:
    """Storages that several tensors lie in, with the keys of those, in order. Linear in the tensors, and a matter of
    milliseconds where there are none. Raises Cancelled.

    >>> w = np.ones((4, 4), np.float32)
    >>> list(core.sharing(core.edit({"embed": w, "head": w, "bias": np.ones(4)}, [])).values())
    [['embed', 'head']]
    """
    if each_alone(ckpt.tensors, monitor):
        return {}
    times = counted(column(ckpt.tensors, "storage"), monitor)
    if len(times) == len(ckpt.tensors):
        return {}
    found: dict[str, list[str]] = {storage: [] for storage, count in stoppable(times.items(), monitor) if count > 1 and storage}
    for key, storage in stoppable(zip(ckpt.tensors, column(ckpt.tensors, "storage"), strict=True), monitor):
        if storage in found:
            found[storage].append(key)
    return found


def relation(one: TensorInfo, other: TensorInfo) -> Relation:
    """What `one` is to `other`, which lies in the same storage: "same" elements in the same order, a "view" of (part of) it,
    "viewed" by it, "overlaps" it in some bytes, or "apart": next to it. Told by the first and the last byte of each, so views
    that pass between each other's elements overlap.

    >>> w = np.ones((4, 4), np.float32)
    >>> ckpt = core.edit({"w": w, "first": w[:2], "last": w[2:]}, [])
    >>> core.relation(ckpt.tensors["first"], ckpt.tensors["w"]), core.relation(ckpt.tensors["first"], ckpt.tensors["last"])
    ('view', 'apart')
    """
    if one[1:3] == other[1:3] and one.stride == other.stride and one.offset == other.offset:
        return "same"
    low, high = _reach(one)
    first, last = _reach(other)
    if low == high or first == last or high <= first or last <= low:
        return "apart"
    if first <= low and high <= last and _is_packed(other):
        return "view"
    return "viewed" if low <= first and last <= high and _is_packed(one) else "overlaps"


def _reach(info: TensorInfo) -> tuple[int, int]:
    """Bits of the storage from the first element to behind the last."""
    known = DTYPES.get(info.dtype)
    bits = known.bits if known else 8
    length = span(info.shape, info.stride) if len(info.shape) == len(info.stride) else 0
    return info.offset * bits, (info.offset + length) * bits


def _is_packed(info: TensorInfo) -> bool:
    return info.numel == span(info.shape, info.stride)
