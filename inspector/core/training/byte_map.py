"""Where the bytes are: modules in modules, and tensors in these, each as large as what it takes in the file. From the tables alone."""
from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.keypath import leaf_of, parent_of
from inspector.core.progress import GLANCE, QUIET, Monitor, stoppable
from inspector.core.tensors.sharing import sharing

from .weights import Role, roles

MOST = 2_000                    # boxes in all: more are too small to be told apart
_DEEPEST = 40                   # groups within groups

ByteKind = Literal["kernel", "matrix", "vector", "packed", "buffer", "optimizer", "other"]
"""What a tensor is to the model, as the map of a file's bytes tells them apart."""
BYTE_KINDS: tuple[ByteKind, ...] = ("kernel", "matrix", "vector", "packed", "buffer", "optimizer", "other")
"""All of them, in the order of a legend."""


class ByteBox(NamedTuple):
    """A tensor (`info` is there), a group of keys with the `boxes` in it, or what is too small to have boxes of its own: then `left_out`
    says how many tensors it stands for, and it has neither name nor path. `name` is the path as seen from the group around it, `type` the
    class of a module where the file tells it, also of one that has only this tensor. What has no boxes in it has the `kind`, `dtype` and
    `device` ("" where none is stored) that most of its bytes have; what has some, None and "". `nbytes` counts elements that several
    tensors share once, for the first of them; the others are its `tied`."""

    name: str
    path: str
    nbytes: int
    tensors: int
    kind: ByteKind | None = None
    dtype: str = ""
    device: str = ""
    type: str = ""
    info: TensorInfo | None = None
    boxes: tuple[ByteBox, ...] = ()
    left_out: int = 0
    tied: tuple[str, ...] = ()


def byte_map(ckpt: Checkpoint, prefix: str = "", keys: Sequence[str] = (), *, types: Mapping[str, str] | None = None,
             packed: Collection[str] = (), most: int = MOST, monitor: Monitor = QUIET) -> ByteBox:
    """The tensors `keys`, which lie below `prefix`, as boxes in boxes, the largest first; those of the whole file, when there are neither.
    A group of nothing but one group or tensor is one with it. The largest groups are opened until there are `most` boxes, or only tensors.
    `types` are the classes of modules by their paths; `packed` are keys of tensors that others are made of. Linear in the keys and their
    depth. Raises Cancelled."""
    chosen = keys if prefix or keys else [*stoppable(ckpt.tensors, monitor)]
    rows, tied = _rows(ckpt, chosen, packed, monitor)
    types = types or {}
    top = _Group(prefix, prefix, len(prefix) + 1 if prefix else 0, rows, 0, _sum(rows, monitor))
    waiting = [(-top.nbytes, 0, top)]
    count, number = 1, 0
    while waiting and count < most:
        monitor.check()
        group = heapq.heappop(waiting)[2]
        kept, left = _divided(group, max(most - count, 1), monitor)
        group.inside, group.left = kept, left
        count += len(kept) + bool(left)
        for one in kept:
            if isinstance(one, _Group) and one.depth < _DEEPEST:
                number += 1
                heapq.heappush(waiting, (-one.nbytes, number, one))
    return _box(ckpt, top, types, tied, monitor)


class _Row(NamedTuple):
    """Of a tensor what it takes to place it. There may be a million: what is told of the few that get a box is looked up for these."""

    key: str
    nbytes: int
    kind: ByteKind
    dtype: str
    device: str


@dataclass(slots=True)
class _Group:
    """`cut`: where the names in it begin in their keys."""

    name: str
    path: str
    cut: int
    rows: list[_Row]
    depth: int
    nbytes: int
    inside: list[_Group | _Row] = field(default_factory=list)
    left: list[_Row] = field(default_factory=list)


def _rows(ckpt: Checkpoint, keys: Sequence[str], packed: Collection[str], monitor: Monitor) -> tuple[list[_Row], dict[str, list[str]]]:
    """What each tensor takes that takes anything, and which others are the same elements."""
    role, shared = roles(ckpt), sharing(ckpt, monitor)
    rows: list[_Row] = []
    first: dict[object, str] = {}
    tied: dict[str, list[str]] = {}
    for count, key in enumerate(keys):
        if not count % GLANCE:
            monitor.report(count, len(keys))
        info = ckpt.tensors[key]
        if info.storage in shared:
            seen = first.setdefault(info.view or key, key)
            if seen != key:
                tied.setdefault(seen, []).append(key)
                continue
        nbytes = min(info.nbytes, info.storage_nbytes) if info.storage_nbytes else info.nbytes      # an expanded one has fewer than it says
        if nbytes > 0:
            rows.append(_Row(key, nbytes, "packed" if key in packed else _kind(info, role), info.dtype, info.device or ""))
    return rows, tied


def _kind(info: TensorInfo, role: Callable[[TensorInfo], Role]) -> ByteKind:
    found = role(info)
    if found != "parameter":
        return found
    return "kernel" if len(info.shape) > 2 else "matrix" if len(info.shape) == 2 else "vector"


def _divided(group: _Group, most: int, monitor: Monitor) -> tuple[list[_Group | _Row], list[_Row]]:
    """What lies directly in a group, the largest first, and the tensors of those that are one too many."""
    parts = _parts(group, monitor)
    while len(parts) == 1 and group.depth and isinstance(only := parts[0], _Group):         # "a" with nothing but "b" in it: "a.b"
        group.path, group.name, group.cut = only.path, f"{group.name}.{only.name}", only.cut
        parts = _parts(group, monitor)
    found = sorted(parts, key=lambda one: -one.nbytes)
    if len(found) <= most:
        return found, []
    left = (row for one in found[most - 1:] for row in (one.rows if isinstance(one, _Group) else [one]))
    return found[:most - 1], [*stoppable(left, monitor)]


def _sum(rows: Iterable[_Row], monitor: Monitor) -> int:
    return sum(row.nbytes for row in stoppable(rows, monitor))


def _parts(group: _Group, monitor: Monitor) -> list[_Group | _Row]:
    """By the next segment of the keys. A tensor may have the name of a group beside it."""
    groups: dict[str, list[_Row]] = {}
    found: list[_Group | _Row] = []
    for row in stoppable(group.rows, monitor):
        end = row.key.find(".", group.cut)
        if end < 0:
            found.append(row)
        else:
            groups.setdefault(row.key[group.cut:end], []).append(row)
    return [*found, *(rows[0] if len(rows) == 1 else _Group(
        name, rows[0].key[:group.cut + len(name)], group.cut + len(name) + 1, rows, group.depth + 1, _sum(rows, monitor))
        for name, rows in groups.items())]


def _box(ckpt: Checkpoint, group: _Group, types: Mapping[str, str], tied: Mapping[str, list[str]], monitor: Monitor) -> ByteBox:
    inside = [_box(ckpt, one, types, tied, monitor) if isinstance(one, _Group)
              else _leaf(ckpt.tensors[one.key], one, group.cut, types, tied) for one in stoppable(group.inside, monitor)]
    if group.left:
        nbytes, count = _sum(group.left, monitor), len(group.left)
        inside.append(ByteBox("", "", nbytes, count, *_common(group.left, monitor), left_out=count))
    box = ByteBox(group.name, group.path, group.nbytes, len(group.rows), type=types.get(group.path, ""), boxes=tuple(inside))
    return box if inside else ByteBox(*box[:4], *_common(group.rows, monitor), box.type, left_out=0)


def _leaf(info: TensorInfo, row: _Row, cut: int, types: Mapping[str, str], tied: Mapping[str, list[str]]) -> ByteBox:
    name = row.key[cut:] or leaf_of(row.key)
    return ByteBox(name, row.key, row.nbytes, 1, row.kind, row.dtype, row.device, types.get(parent_of(row.key), "") if "." in name else "",
                   info, tied=tuple(tied.get(row.key, ())))


def _common(rows: Sequence[_Row], monitor: Monitor) -> tuple[ByteKind, str, str]:
    """What most of the bytes are."""
    kinds: dict[ByteKind, int] = {}
    dtypes: dict[str, int] = {}
    devices: dict[str, int] = {}
    for row in stoppable(rows, monitor):
        kinds[row.kind] = kinds.get(row.kind, 0) + row.nbytes
        dtypes[row.dtype] = dtypes.get(row.dtype, 0) + row.nbytes
        devices[row.device] = devices.get(row.device, 0) + row.nbytes
    return max(kinds, key=kinds.__getitem__, default="other"), max(dtypes, key=dtypes.__getitem__, default=""), max(
        devices, key=devices.__getitem__, default="")
