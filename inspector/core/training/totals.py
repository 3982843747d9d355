"""What a file, or a group of its tensors, adds up to: counts, parameters, bytes, and how they divide. From the tables alone."""
from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.keypath import top_of, under
from inspector.core.progress import GLANCE, QUIET, Monitor, stoppable
from inspector.core.tensors.sharing import sharing

from .weights import counts, is_unread

LARGEST = 10                    # tensors listed by size
SUBTOTALS = 8                   # of a division; the smaller ones become one


class Subtotal(NamedTuple):
    """Tensors that agree in something, with `nbytes` logical bytes together. `name` None: all that are in no other."""

    name: str | None
    tensors: int
    nbytes: int


class Totals(NamedTuple):
    """`logical` bytes are elements times width; `stored` counts each storage once, `sharing` the tensors that lie in one with others,
    `broken` those with a problem. `parameters` and `optimizer` are elements
    as `Counts` has them. `dtypes`, `devices` ("" where none is stored) and `parts` (the
    next segment of the keys) go from the largest to the smallest. `bits_per_weight`: what an element of the packed tensors among them
    costs on the average, None where none is packed; `partial`: some have sizes that no file which is there tells."""

    tensors: int
    values: int
    parameters: int
    optimizer: int
    logical: int
    stored: int
    sharing: int
    broken: int
    dtypes: tuple[Subtotal, ...]
    devices: tuple[Subtotal, ...]
    parts: tuple[Subtotal, ...]
    largest: tuple[TensorInfo, ...]
    bits_per_weight: float | None = None
    partial: bool = False


def totals(ckpt: Checkpoint, prefix: str = "", keys: Sequence[str] = (), monitor: Monitor = QUIET) -> Totals:
    """Adds up the tensors `keys`, which lie below `prefix`; of the whole file, when there are neither. Linear in the keys. Raises
    Cancelled."""
    whole = not (prefix or keys)
    chosen = tuple(ckpt.tensors) if whole else keys
    infos = ckpt.tensors.values() if whole else map(ckpt.tensors.__getitem__, chosen)
    dtypes: dict[str, list[int]] = {}
    devices: dict[str, list[int]] = {}
    parts: dict[str, list[int]] = {}
    shared, times = sharing(ckpt, monitor), dict[str, int]()
    skip = len(under(prefix))
    logical = broken = stored = 0
    largest: list[tuple[int, int]] = []         # (bytes, minus the place), the least first
    for count, (key, tensor) in enumerate(zip(chosen, infos, strict=True)):
        if not count % GLANCE:
            monitor.report(count, len(chosen))
        nbytes = tensor.nbytes
        part = top_of(key[skip:])
        for table, name in ((dtypes, tensor.dtype), (devices, tensor.device or ""), (parts, part)):
            row = table.get(name)
            if row is None:
                row = table[name] = [0, 0]
            row[0] += 1
            row[1] += nbytes
        logical += nbytes
        broken += bool(tensor.problem)
        if tensor.storage in shared:
            times[tensor.storage] = times.get(tensor.storage, 0) + 1
        elif (storage := ckpt.storages.get(tensor.storage)) is not None:
            stored += storage.nbytes
        if len(largest) < LARGEST:
            heapq.heappush(largest, (nbytes, -count))
        elif nbytes > largest[0][0]:            # of equal ones the first
            heapq.heapreplace(largest, (nbytes, -count))
    found = counts(ckpt, None if whole else chosen, monitor)
    return Totals(
        tensors=len(chosen), values=_values(ckpt, prefix, keys), parameters=found.parameters, optimizer=found.optimizer, logical=logical,
        stored=stored + sum(ckpt.storages[id].nbytes for id in times if id in ckpt.storages),
        sharing=sum(n for n in times.values() if n > 1), broken=broken, dtypes=_divided(dtypes), devices=_divided(devices),
        parts=_divided(parts), largest=tuple(ckpt.tensors[chosen[-count]] for nbytes, count in sorted(largest, reverse=True) if nbytes),
        partial="unknown" in dtypes and any(is_unread(ckpt.tensors[key]) for key in stoppable(chosen, monitor)))


def _values(ckpt: Checkpoint, prefix: str, keys: Sequence[str]) -> int:
    if not prefix:
        return 0 if keys else len(ckpt.values)
    head = under(prefix)
    return sum(1 for key in ckpt.values if key.startswith(head))


def _divided(table: dict[str, list[int]]) -> tuple[Subtotal, ...]:
    found = sorted((Subtotal(name, count, nbytes) for name, (count, nbytes) in table.items()), key=lambda one: -one.nbytes)
    if len(found) <= SUBTOTALS:
        return tuple(found)
    rest = found[SUBTOTALS - 1:]
    return (*found[:SUBTOTALS - 1], Subtotal(None, sum(one.tensors for one in rest), sum(one.nbytes for one in rest)))
