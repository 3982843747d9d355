"""The keys of one checkpoint as a tree, in arrays. No Qt.

Nodes are numbered in preorder: node 0 is the file itself, the subtree of `n` is `n .. end[n]`, and a child has a greater
number than its parent. Anything about whole subtrees is then a difference of running sums, so a million nodes cost
milliseconds. A key is cut at every `.`; what can never be told apart (a dict key that holds a dot) is not.

Children stand in the order of their first key in the file; tensors come before plain values, which carry no position.
"""
from __future__ import annotations

import heapq
import itertools
import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import compress
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from inspector import core
from inspector.gui.state.looked_at import QUANTIZED

Ints = NDArray[np.int32]
Bools = NDArray[np.bool_]
Numbers = NDArray[Any]          # int64, or object where 64 bits do not hold the sums

MAX_DEPTH = 1000                # levels; what lies deeper stays one name with dots in it
SPARE_NODES = 2_000_000         # groups that may be made beyond a few per key, lest keys of dots fill the memory
NONE, MIXED = -1, -2            # codes of a group without tensors, and of one with several kinds

_REPORT_EVERY = 64
_CONVERT_CHUNK = 16_384
_CHOOSE_CHUNK = 65_536
_SPARSE = 16                    # from which part of the tree on it is quicker to mark all of it than to go from node to node
_SORT_CHUNK = 4_096            # longer sorts would keep the interpreter, and with it the window, waiting


class Raw(NamedTuple):
    """Nodes in the order they were met: a parent before its children, but subtrees perhaps in pieces."""

    names: list[str]            # distinct names
    name_id: Ints
    parent: Ints
    depth: Ints
    entry: Ints
    in_preorder: bool


class KeyTree:
    """See the module. One item per node unless said otherwise; all arrays are read only by agreement.

    `entry` is the index of the tensor or value a node is (-1: only a group); entries `0 .. len(infos)` are the tensors,
    the values follow. A node may be both an entry and a group. `folded` nodes have one child and nothing else: they are
    drawn as part of it ("a.b.c"); `representative` is the node that stands for them, `chain_top` the first of them.
    `dtype` and `device` index `dtypes` and `devices`, or are NONE or MIXED. `parameters` are those of the model, each once however many
    names it has below the node, as `core.counts` has them; `elements` are all numbers, of buffers and of optimizers too.
    """

    def __init__(self, checkpoint: core.Checkpoint, raw: Raw, monitor: core.Monitor, view: core.PackedView | None = None) -> None:
        self.checkpoint, self.view = checkpoint, view
        self.as_stored = False          # whether the view is without rows because somebody wants to see the parts
        self.infos = core.in_order(checkpoint.tensors)
        self.keys: list[str] = [*core.stoppable(itertools.chain(checkpoint.tensors, checkpoint.values), monitor)]
        self.values: list[Any] = list(checkpoint.values.values())
        self._all_tensor_keys = tuple(checkpoint.tensors)
        self._lay_out(raw)
        del raw
        monitor.check()
        self._find_packed()
        self._fold()
        self._describe_entries(monitor)
        self.shared: frozenset[str] = frozenset(core.sharing(checkpoint, monitor))       # storages of several tensors
        monitor.check()
        self._is_parameter = self._find_parameters(monitor)
        monitor.check()
        self._sum_up(monitor)
        self._rank(monitor)

    def __len__(self) -> int:
        return len(self.parent)

    # -- one node -----------------------------------------------------------------------------------------------------

    def name(self, n: int) -> str:
        return self.names[int(self.name_id[n])]

    def label(self, n: int) -> str:
        """The name with those of the groups folded into it."""
        parts = [self.name(n)]
        up = int(self.parent[n])
        while up > 0 and self.folded[up]:
            parts.append(self.name(up))
            up = int(self.parent[up])
        return ".".join(reversed(parts))

    def key(self, n: int) -> str:
        """The path from the root; "" for the file itself."""
        if self.entry[n] >= 0:
            return self.keys[int(self.entry[n])]
        parts = []
        while n > 0:
            parts.append(self.name(n))
            n = int(self.parent[n])
        return ".".join(reversed(parts))

    def info(self, n: int) -> core.TensorInfo | None:
        """The tensor a node is, if it is one."""
        entry = int(self.entry[n])
        return self.infos[entry] if 0 <= entry < len(self.infos) else None

    def packed(self, n: int) -> core.LogicalTensor | None:
        """The packed tensor whose row a node is: a group of its parts."""
        return self._packed.get(int(n))

    @property
    def has_rows(self) -> bool:
        """Whether a row stands for a packed tensor, not for what is stored."""
        return bool(self._packed or self._alone)

    def alone(self, n: int) -> core.LogicalTensor | None:
        """The packed tensor that a node is by itself, without parts beneath."""
        return self._alone.get(int(n))

    @cached_property
    def _name_ids(self) -> dict[str, int]:
        """Where each name stands in `names`."""
        return {name: id for id, name in enumerate(self.names)}

    @cached_property
    def _nodes(self) -> Ints:
        """The node of each tensor."""
        at = np.flatnonzero((self.entry >= 0) & (self.entry < len(self.infos)))
        nodes = np.zeros(len(self.infos), dtype=np.int32)
        nodes[self.entry[at]] = at
        return nodes

    @cached_property
    def listed(self) -> Bools:
        """Which nodes a flat list has: tensors and values; of a packed tensor the row that stands for it, not its parts."""
        rows = np.array([node for node, one in self._packed.items() if not one.is_adapter], dtype=np.int64)
        listed: Bools = self.entry >= 0
        if len(rows):
            listed = listed & ~self.cover(rows)
            listed[rows] = True
        return listed

    @cached_property
    def measurable(self) -> Bools:
        """Those of them that have elements to be measured, or are to say why they cannot be."""
        return self.listed & ~(self.entry >= len(self.infos))

    def measured(self, n: int) -> tuple[core.Checkpoint, str]:
        """The checkpoint and the key under which the elements of a `measurable` node are to be had."""
        one = self._packed.get(int(n)) or self._alone.get(int(n))
        if one is not None and self.view is not None and not one.is_adapter:
            return self.view.unpacked, one.name
        return self.checkpoint, self.keys[int(self.entry[n])]

    def is_part(self, n: int) -> bool:
        """Whether a node is a part of a packed tensor, whose parameters are not the numbers that the part has."""
        return n in self._parts or (bool(self._packed) and any((one := self._packed.get(up)) is not None and not one.is_adapter
                                                               for up in self.ancestors(n)))

    def bits_per_weight(self, n: int) -> float | None:
        """Stored bits by elements, of all tensors at or below `n`; None where there are none."""
        elements = int(self.elements[n])
        return int(self.nbytes[n]) * 8 / elements if elements else None

    def has_parameters(self, n: int) -> bool:
        """Whether parameters of a model are at or below `n`: no buffers, no optimizer's state."""
        entry = int(self.entry[n])
        return bool(self._is_parameter[entry]) if 0 <= entry < len(self.infos) else bool(self.parameters[n])

    def is_value(self, n: int) -> bool:
        return int(self.entry[n]) >= len(self.infos)

    def value(self, n: int) -> Any:
        """The plain value of a node that `is_value`."""
        return self.values[int(self.entry[n]) - len(self.infos)]

    def share(self, n: int) -> float:
        """Which part of all logical bytes lies at or below `n`, 0 to 1."""
        whole = int(self.nbytes[0])
        return int(self.nbytes[n]) / whole if whole else 0.0

    def common_dtype(self, n: int) -> tuple[str | None, ...] | None:
        """The dtype of all tensors at or below `n`, alone; () without tensors, None where they differ."""
        return _named(self.dtypes, int(self.dtype[n]))

    def common_device(self, n: int) -> tuple[str | None, ...] | None:
        """The same of their devices; a device that is not stored is None."""
        return _named(self.devices, int(self.device[n]))

    def children(self, n: int) -> Iterator[int]:
        child, end = n + 1, int(self.end[n])
        while child < end:
            yield child
            child = int(self.end[child])

    def children_of(self, n: int) -> Ints:
        """The same as an array: they stand beside each other among all nodes of their depth."""
        deeper = self.levels[int(self.depth[n]) + 1] if self.has_children[n] else self.levels[0][:0]
        return deeper[slice(*np.searchsorted(deeper, (n + 1, int(self.end[n]))))]

    def ancestors(self, n: int) -> Iterator[int]:
        """From the parent up to the root."""
        up = int(self.parent[n])
        while up >= 0:
            yield up
            up = int(self.parent[up])

    def renamed_from(self, older: KeyTree, group: int) -> int | None:
        """The group of `older` that `group` is by another name, as far as its first tensor tells, which edits of names leave at its place
        in the file: as many names above that as here. 0 for what a prefix has put above all; None where that cannot be told."""
        count = len(self.infos)
        if len(older.infos) != count:
            return None
        below = self.entry[group:self.end[group]]
        tensors = np.flatnonzero((below >= 0) & (below < count))
        if not len(tensors):
            return None
        at, entry = group + int(tensors[0]), int(below[tensors[0]])
        if _place(self.infos[entry]) != _place(older.infos[entry]):
            return None
        was = int(older._nodes[entry])
        for _ in range(int(self.depth[at] - self.depth[group])):
            was = max(int(older.parent[was]), 0)
        return was

    def counterpart(self, older: KeyTree, node: int) -> int | None:
        """Where a node of an older tree of the file is now: by its key, or by the name that edits gave it. None where it is gone."""
        if not node:
            return 0
        found = self.find(older.key(node))
        return found if found is not None else older.renamed_from(self, node) or None

    # -- many nodes ---------------------------------------------------------------------------------------------------

    def tensor_keys(self, nodes: Sequence[int] | NDArray[Any]) -> tuple[str, ...]:
        """Keys of all tensors at or below any of `nodes`, in stored order."""
        nodes = np.asarray(nodes, dtype=np.int64)
        if nodes.size and nodes[0] == 0:
            return self._all_tensor_keys
        sizes = self.end[nodes] - nodes
        if int(sizes.sum()) < len(self) // _SPARSE:
            # each looked at by itself, and not all the tree for the sake of a few
            below = np.arange(int(sizes.sum())) + np.repeat(nodes - (np.cumsum(sizes) - sizes), sizes)
            found = each_once(self.entry[below])
            return tuple([self.keys[entry] for entry in found[(found >= 0) & (found < len(self.infos))].tolist()])
        entries = self.entry[self.cover(nodes)]
        chosen = np.zeros(len(self.infos), dtype=bool)
        chosen[entries[(entries >= 0) & (entries < len(self.infos))]] = True
        keys: list[str] = []
        for start in range(0, len(chosen), _CHOOSE_CHUNK):
            piece = chosen[start:start + _CHOOSE_CHUNK]
            if piece.any():
                keys += compress(self.keys[start:start + _CHOOSE_CHUNK], piece.tobytes())
        return tuple(keys)

    def cover(self, nodes: NDArray[Any]) -> Bools:
        """Which nodes lie at or below any of `nodes`."""
        total = len(self)
        steps = np.bincount(nodes, minlength=total + 1) - np.bincount(self.end[nodes], minlength=total + 1)
        inside: Bools = np.cumsum(steps[:total]) > 0
        return inside

    def with_ancestors(self, hits: Bools) -> Bools:
        """Which nodes are hit or have a hit below them."""
        running = np.zeros(len(self) + 1, dtype=np.int32)
        np.cumsum(hits, out=running[1:])
        above: Bools = running[self.end] > running[:-1]
        return above

    def find(self, key: str, *, several: bool = False) -> int | None:
        """The node of `key`, of a tensor or value or else of a group; None where there is none. "" is a root's key too:
        the tensor or value of that key wins. With `several` keys a packed tensor is meant, not the part of it that has its name."""
        if self.view is not None and not (several and key in self.view.groups):
            key = self.view.paths.get(key, key)
        node = next((n for n in self._at(key) if self.entry[n] >= 0), None)
        if node is not None:
            return node
        return 0 if key == "" else next(iter(self._at(key)), None)

    def lowest_common(self, nodes: Sequence[int] | NDArray[Any]) -> int:
        """The deepest node that all of `nodes` lie at or below."""
        low, high = int(np.min(nodes)), int(np.max(nodes))
        while int(self.end[low]) <= high:
            low = int(self.parent[low])
        return low

    def _at(self, key: str) -> list[int]:
        """All nodes of a path: two where a tensor and a value share a key."""
        level = [0]
        for depth, part in enumerate(key.split(".", MAX_DEPTH - 1), 1):
            id = self._name_ids.get(part)
            if id is None or depth >= len(self.levels):
                level = []
                break
            spans = [self.children_of(n) for n in level]
            level = [int(child) for span in spans for child in span[self.name_id[span] == id]]
        if not level and self._has_long_names:
            level = [int(n) for entry in self._entries(key) for n in np.flatnonzero(self.entry == entry)]
        return level

    def _entries(self, key: str) -> list[int]:
        """Of a tensor and of a value of that key. Gone through only where there is one: a list of a hundred thousand has no groups, and
        is asked for them all the same."""
        count = len(self.infos)
        return [*([self.keys.index(key)] if key in self.checkpoint.tensors else []),
                *([self.keys.index(key, count)] if key in self.checkpoint.values else [])]

    # -- building -----------------------------------------------------------------------------------------------------

    def _lay_out(self, raw: Raw) -> None:
        self.names = raw.names
        levels = _levels(raw.depth)
        size = np.ones(len(raw.parent), dtype=np.int64)
        for level in reversed(levels[1:]):
            np.add.at(size, raw.parent[level], size[level])
        position = np.arange(len(size)) if raw.in_preorder else _positions(raw.parent, size, levels)
        order = np.argsort(position)
        self.name_id: Ints = raw.name_id[order]
        self.depth: Ints = raw.depth[order]
        self.entry: Ints = raw.entry[order]
        self.parent: Ints = position[raw.parent[order]].astype(np.int32)
        self.parent[0] = -1
        self.end: Ints = (np.arange(len(size)) + size[order]).astype(np.int32)
        self.size: Ints = size[order].astype(np.int32)
        self.levels: list[Ints] = _levels(self.depth)
        self.has_children: Bools = self.size > 1
        self._has_long_names = any("." in name for name in self.names)

    def _find_packed(self) -> None:
        """The rows of packed tensors, from the node of one of their parts upwards."""
        self._packed: dict[int, core.LogicalTensor] = {}
        self._alone: dict[int, core.LogicalTensor] = {}         # those that are stored as one tensor, by its node
        self._parts: dict[int, int] = {}        # parts without a row that stands for them: how many parameters each counts
        if self.view is None:
            return
        node_of = np.full(len(self.keys), -1, dtype=np.int64)
        there = np.flatnonzero(self.entry >= 0)
        node_of[self.entry[there]] = there
        number = {key: n for n, key in enumerate(self._all_tensor_keys)}
        for path, name in self.view.groups.items():
            tensor = self.view.tensors[name]
            node = int(node_of[number[next(key for key in self.view.stored(name))]])
            depth = path.count(".") + 1
            while node > 0 and self.depth[node] > depth:
                node = int(self.parent[node])
            if node > 0 and self.entry[node] < 0 and self.depth[node] == depth:
                self._packed[node] = tensor
        rows = {tensor.name for tensor in self._packed.values()}
        for name, tensor in self.view.tensors.items():
            if tensor.is_adapter and "alpha" in tensor.parts:           # a number that its product is scaled with, and no weight
                self._parts[int(node_of[number[tensor.parts["alpha"]]])] = 0
            keys = self.view.stored(name) if name not in rows and not tensor.is_adapter else []
            if len(keys) == 1 and tensor.scheme != QUANTIZED and not self.view.as_stored:
                self._alone[int(node_of[number[keys[0]]])] = tensor
            elif len(keys) > 1 or (keys and tensor.scheme != QUANTIZED):
                counted = tensor.parts.get("data", keys[0])
                self._parts |= {int(node_of[number[key]]): tensor.numel if key == counted else 0 for key in keys}

    def _fold(self) -> None:
        n = np.arange(len(self))
        only_child = np.zeros(len(self), dtype=bool)
        only_child[:-1] = self.end[1:] == self.end[:-1]
        self.folded: Bools = only_child & self.has_children & (self.entry < 0)
        self.folded[0] = False
        self.folded[[*self._packed]] = False
        self._keep_state_dicts()
        standing = np.where(self.folded, len(self), n)
        self.representative: Ints = np.minimum.accumulate(standing[::-1])[::-1].astype(np.int32)
        top = n.copy()
        top[1:][self.folded[:-1]] = 0
        self.chain_top: Ints = np.maximum.accumulate(top).astype(np.int32)
        steps = np.bincount(np.flatnonzero(self.folded) + 1, minlength=len(self) + 1)
        steps -= np.bincount(self.end[self.folded], minlength=len(self) + 1)
        self.shown_depth: Ints = (self.depth - np.cumsum(steps[:-1])).astype(np.int32)
        self.foldable: Bools = self.has_children & ~self.folded      # can be expanded and collapsed

    def _keep_state_dicts(self) -> None:
        """The root of a state dict has a row of its own: it is what people look for and work on."""
        roots = set(self.checkpoint.state_dicts)
        deepest = max((root.count(".") + 1 for root in roots), default=0)
        for node in np.flatnonzero(self.folded & (self.depth <= deepest)).tolist():
            if self.key(node) in roots:
                self.folded[node] = False

    def _describe_entries(self, monitor: core.Monitor) -> None:
        """Per tensor: number of its shape, dtype and device among the distinct ones, parameters and bytes."""
        kinds, shapes, dtypes, devices = _Numbering(), _Numbering(), _Numbering(), _Numbering()
        kind: list[int] = []
        forms = _Forms()
        columns = zip(*(core.column(self.checkpoint.tensors, field) for field in ("shape", "dtype", "device")), strict=True)
        while piece := [*itertools.islice(columns, _REPORT_EVERY)]:
            monitor.check()
            # few distinct ones, so all else is worked out once for each
            kind += [kinds[forms.of(shape), dtype, device] for shape, dtype, device in piece]
        of = _ints(kind)
        self.entry_shape = _ints([shapes[shape] for shape, _, _ in kinds])[of]
        self.entry_dtype = _ints([dtypes[dtype] for _, dtype, _ in kinds])[of]
        self.entry_device = _ints([devices[device] for _, _, device in kinds])[of]
        self.shapes, self.dtypes, self.devices = [forms.shapes[form] for form in shapes], list(dtypes), list(devices)
        first = np.zeros(len(kinds), dtype=np.int64)
        first[of[::-1]] = np.arange(len(of))[::-1]          # the last to be written is the first of its kind
        samples = [self.infos[i] for i in first.tolist()]
        many = max(1, len(self.infos))
        self._numel = _numbers([info.numel for info in samples], many)[of]
        self.entry_nbytes = _numbers([info.nbytes for info in samples], many)[of]
        self._describe_packed()

    def _describe_packed(self) -> None:
        """Per tensor: how it is packed, as part of what, and the bits of its codes; what counts as its type for the groups above."""
        self.schemes: list[str] = [""]
        self.entry_scheme: Ints = np.zeros(len(self.infos), dtype=np.int32)
        self.entry_bits: NDArray[np.float64] = np.array([_bits(dtype) for dtype in self.dtypes], dtype=np.float64)[self.entry_dtype] \
            if len(self.infos) else np.zeros(0)
        self._type_of_groups = self.entry_dtype
        if self.view is None:
            return
        schemes, types = _Numbering({"": 0}), _Numbering({name: n for n, name in enumerate(self.dtypes)})
        self._type_of_groups = self.entry_dtype.copy()
        number = {key: n for n, key in enumerate(self._all_tensor_keys)}
        for key, name in self.view.owners.items():
            tensor, n = self.view.tensors[name], number[key]
            self.entry_scheme[n], self._type_of_groups[n] = schemes[tensor.scheme], types[tensor.words]
            self.entry_bits[n] = tensor.bits or np.nan
        self.schemes, self.dtypes = list(schemes), list(types)

    def _find_parameters(self, monitor: core.Monitor) -> Bools:
        """Per tensor: whether it is, or is part of, a parameter of a model."""
        found = core.counts(self.checkpoint, monitor=monitor)
        if not (found.buffers or found.optimizer or found.others):
            return np.ones(len(self.infos), dtype=bool)
        role = core.roles(self.checkpoint)
        owners = self.view.owners if self.view is not None else {}
        result = np.zeros(len(self.infos), dtype=bool)
        for start in range(0, len(self.infos), _REPORT_EVERY):
            monitor.check()
            piece = self.infos[start:start + _REPORT_EVERY]
            # the codes and scales of a packed weight are whole numbers, and no buffers
            result[start:start + len(piece)] = [(said := role(info)) == "parameter" or (said == "buffer" and info.key in owners)
                                                for info in piece]
        return result

    def _sum_up(self, monitor: core.Monitor) -> None:
        tensor = (self.entry >= 0) & (self.entry < len(self.infos))
        self.is_tensor: Bools = tensor
        # the factors of an adapter are its parameters, each for itself
        rows = np.array([node for node, one in self._packed.items() if not one.is_adapter], dtype=np.int64)
        beneath = self.cover(rows) if len(rows) else np.zeros(len(self), dtype=bool)
        own_tensors, meant = tensor & ~beneath, np.zeros(len(self), dtype=np.int32)
        meant[rows] = 1
        self.meant: Ints = self._sums(own_tensors.astype(np.int32) + meant).astype(np.int32)       # a packed tensor is one of them
        logical = _spread(self._numel, np.where(own_tensors, self.entry, 0)[own_tensors], own_tensors)
        if len(rows):
            numels = [one.numel for one in self._packed.values() if not one.is_adapter]
            if logical.dtype != object and max(numels) * len(numels) >= 2**62:
                logical = logical.astype(object)
            logical[rows] = numels
        counts = self._parts | {node: one.numel for node, one in self._alone.items()}
        if counts:
            if logical.dtype != object and max(counts.values()) * len(counts) >= 2**62:
                logical = logical.astype(object)
            logical[list(counts)] = list(counts.values())
        monitor.check()
        self.tensors: Ints = self._sums(tensor.astype(np.int32)).astype(np.int32)
        self.plain_values: Ints = self._sums((self.entry >= len(self.infos)).astype(np.int32)).astype(np.int32)
        own = self.entry[tensor]
        self.elements: Numbers = self._sums(logical)
        self.parameters: Numbers = self._sums(once) if (once := self._each_once(logical)) is not logical else self.elements
        self.nbytes: Numbers = self._sums(_spread(self.entry_nbytes, own, tensor))
        monitor.check()
        # the tensors at or below a node are one run of all tensors in preorder: first .. last
        first = np.zeros(len(self) + 1, dtype=np.int64)
        np.cumsum(tensor, out=first[1:])
        self.dtype: Ints = _common(self._type_of_groups[own], first[:-1], first[self.end])
        self.device: Ints = _common(self.entry_device[own], first[:-1], first[self.end])

    def _each_once(self, logical: Numbers) -> Numbers:
        """The elements of parameters by nodes, such that each is summed up once: of two names of one, what they have in common above
        them takes one away."""
        tied: dict[object, list[int]] = {}
        for n in np.flatnonzero(self.is_tensor).tolist() if self.shared else ():
            info, counts = self.infos[self.entry[n]], self._is_parameter[self.entry[n]]
            if counts and info.storage in self.shared and info.view is not None:
                tied.setdefault(info.view, []).append(n)
        several = [nodes for nodes in tied.values() if len(nodes) > 1]
        if not several and self._is_parameter.all():
            return logical
        result: Numbers = logical.copy()
        result[self.is_tensor] *= self._is_parameter[self.entry[self.is_tensor]]
        for node in self._packed:               # by any of its parts
            result[node] *= bool(self._is_parameter[self.entry[node:int(self.end[node])]].any())
        for nodes in several:
            for one, other in itertools.pairwise(nodes):
                result[self.lowest_common((one, other))] -= result[other]
        return result

    def _sums(self, own: Numbers) -> Numbers:
        running = np.zeros(len(self) + 1, dtype=own.dtype)
        np.cumsum(own, out=running[1:])
        result: Numbers = running[self.end] - running[:-1]
        return result

    # -- sorting ------------------------------------------------------------------------------------------------------

    def _rank(self, monitor: core.Monitor) -> None:
        """What takes long is ranked here, while nobody waits."""
        self.folded_names = [name.casefold() for name in core.stoppable(self.names, monitor)]
        natural = [natural_key(name) for name in core.stoppable(self.folded_names, monitor)]
        self._name_rank = _dense_ranks(natural, monitor)
        monitor.check()
        self._shape_rank = _dense_ranks(self.shapes, monitor)
        self._number_ranks = {"parameters": _number_ranks(self.parameters)}
        monitor.check()
        self._number_ranks["bytes"] = _number_ranks(self.nbytes)

    def ranks(self, column: str) -> Ints:
        """Small integers by which nodes sort ascending in `column` ("name", "shape", "dtype", "device", "parameters",
        "bytes", "bits"), ties equal. Groups stand before tensors in "shape"; what has no dtype or device comes first, what is
        mixed last."""
        if column == "name":
            return self._name_rank[self.name_id]
        if column == "shape":
            entry = self.entry[self.representative]
            tensor = (entry >= 0) & (entry < len(self.infos))
            rank = np.where(entry >= len(self.infos), len(self.shapes) + 1, 0).astype(np.int32)
            rank[tensor] = self._shape_rank[self.entry_shape[entry[tensor]]] + 1
            return rank
        if column in ("dtype", "device"):
            codes, names = (self.dtype, self.dtypes) if column == "dtype" else (self.device, self.devices)
            texts = [name or "" for name in names]
            table = np.zeros(len(texts) + 2, dtype=np.int32)
            table[MIXED] = len(texts) + 1
            ordered = sorted(set(texts))
            table[:len(texts)] = [ordered.index(text) + 1 if text else 0 for text in texts]
            result: Ints = table[codes]
            return result
        if column == "bits":
            sizes = np.maximum(self.elements, 1)
            return _number_ranks(np.where(self.elements > 0, self.nbytes * 8 / sizes, -1.0).astype(np.float64))
        return self._number_ranks[column]

    def sorted_positions(self, column: str, descending: bool = False) -> NDArray[np.int64]:
        """Where each node stands, in preorder, when siblings are sorted by `column`; equal ones keep the file's order."""
        rank = self.ranks(column).astype(np.int64)
        if descending:
            rank = rank.max() - rank
        siblings = np.argsort((self.parent[1:].astype(np.int64) << 32) | rank[1:], kind="stable") + 1
        size = self.size[siblings].astype(np.int64)
        before = np.cumsum(size) - size
        parents = self.parent[siblings]
        starts = np.ones(len(siblings), dtype=bool)
        starts[1:] = parents[1:] != parents[:-1]
        step = np.zeros(len(self), dtype=np.int64)
        step[siblings] = before - np.maximum.accumulate(np.where(starts, before, 0)) + 1
        # a node stands at the sum of the steps of its ancestors and its own: add each step over its whole subtree
        leaving = np.bincount(self.end, weights=step, minlength=len(self) + 1)[:-1].astype(np.int64)
        return np.cumsum(step - leaving)

    def listed_positions(self, rank: NDArray[Any], descending: bool = False) -> NDArray[np.int64]:
        """Where each node stands when all of a flat list are sorted by `rank`; the file itself comes first, values last."""
        rank = rank.astype(np.int64)
        if descending:
            rank = rank.max() - rank
        rank[self.entry >= len(self.infos)] = np.iinfo(np.int64).max
        order = np.concatenate((np.zeros(1, dtype=np.int64), np.argsort(rank[1:], kind="stable") + 1))
        positions = np.empty(len(self), dtype=np.int64)
        positions[order] = np.arange(len(self))
        return positions


def _place(info: core.TensorInfo) -> tuple[str, int, tuple[int, ...]]:
    return info.storage, info.offset, info.shape


def build_key_tree(checkpoint: core.Checkpoint, monitor: core.Monitor = core.QUIET, view: core.PackedView | None = None) -> KeyTree:
    """The tree of a checkpoint's tensors and plain values; with `view` packed tensors are one row, their parts beneath. Takes about 2
    microseconds a node; made to run in a worker thread next to a window: no step keeps the interpreter for long. Raises `Cancelled`
    when `monitor` says so."""
    return KeyTree(checkpoint, nodes_of(checkpoint, monitor, paths=view.paths if view is not None else None), monitor, view)


def nodes_of(checkpoint: core.Checkpoint, monitor: core.Monitor = core.QUIET, *, flat: bool = False,
             paths: Mapping[str, str] | None = None) -> Raw:
    """The nodes of a tree that is still to be laid out; `flat` makes no groups, `paths` says where keys stand that stand elsewhere.
    Raises Cancelled."""
    return _Builder(checkpoint, flat, paths or {}).run(monitor)


def each_once(nodes: NDArray[np.int64]) -> NDArray[np.int64]:
    """In their order. `np.unique` would load masked arrays first, for which the window stood still when it showed its first tree."""
    nodes = np.sort(nodes)
    once: NDArray[np.int64] = nodes[np.diff(nodes, prepend=nodes[:1] - 1) != 0]
    return once


def natural_key(name: str) -> str:
    """Text that sorts as people count: "layer2" before "layer10"."""
    return _DIGITS.sub(_pad, name)


_DIGITS = re.compile("[0-9]+")


def _pad(match: re.Match[str]) -> str:
    digits = match.group().lstrip("0") or "0"
    return f"0{chr(min(len(digits), 0x10ffff))}{digits}"


class _Forms:
    """Numbers shapes. Whoever wrote the file can choose shapes of one hash, but not where they lie in memory, nor the hashes of texts."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []
        self._known: dict[int, int] = {}            # of the tuples themselves: most tensors of one shape share one
        self._numbers = _Numbering()
        self._held: list[tuple[int, ...]] = []      # so that no other comes to lie where one lay

    def of(self, shape: tuple[int, ...]) -> int:
        number = self._known.get(id(shape))
        if number is None:
            number = self._known[id(shape)] = self._numbers[str(shape)]
            self._held.append(shape)
            if number == len(self.shapes):
                self.shapes.append(shape)
        return number


class _Numbering(dict[Any, int]):
    """Numbers things in the order they are first asked for."""

    def __missing__(self, key: Any) -> int:
        number = self[key] = len(self)
        return number


class _Names(dict[str, int]):
    """Numbers names in the order they are first asked for; `spelled` has them by their numbers."""

    def __init__(self) -> None:
        super().__init__({"": 0})
        self.spelled = [""]

    def __missing__(self, name: str) -> int:
        number = self[name] = len(self.spelled)
        self.spelled.append(name)
        return number


class _Builder:
    def __init__(self, checkpoint: core.Checkpoint, flat: bool, paths: Mapping[str, str]) -> None:
        self._tensors, self._values, self._paths = checkpoint.tensors, checkpoint.values, paths
        self._total = len(checkpoint.tensors) + len(checkpoint.values)
        self._names = _Names()
        self._name_id, self._parent, self._depth, self._entry = array("i", [0]), array("i", [0]), array("i", [0]), array("i", [-1])
        # of each group: name -> node; of one with an only child, as most have, that: a dict for each would take more than all else here
        self._children: dict[int, dict[str, int] | int] = {0: {}}
        self._budget = 0 if flat else SPARE_NODES + 4 * self._total
        self._in_preorder = True
        self._path, self._segments = [0], list[str]()               # the group last added to, and the names leading there

    def run(self, monitor: core.Monitor) -> Raw:
        keys = (self._paths.get(key, key) for key in self._tensors) if self._paths else iter(self._tensors)
        entry = self._add_keys(keys, 0, monitor)
        self._add_keys(iter(self._values), entry, monitor)
        monitor.report(self._total, self._total)
        while self._children:                   # freeing them all at once would stop every other thread
            monitor.check()
            for _ in range(min(_REPORT_EVERY, len(self._children))):
                self._children.popitem()
        name_id, parent, depth, entries = (np.frombuffer(column, np.intc) for column in (
            self._name_id, self._parent, self._depth, self._entry))
        return Raw(self._names.spelled, name_id, parent, depth, entries, self._in_preorder)

    def _add_keys(self, keys: Iterator[str], entry: int, monitor: core.Monitor) -> int:
        """Neighbours mostly share everything but their last segment, and then the group is at hand. Flat for speed: this
        runs once per key."""
        names, entries, path = self._names, self._entry, self._path
        add_name, add_parent, add_depth, add_entry = (
            self._name_id.append, self._parent.append, self._depth.append, entries.append)
        head: str | None = None
        siblings: dict[str, int] | None = None
        for key in keys:
            cut = key.rfind(".") + 1
            tail = key[cut:]
            if key[:cut] != head:
                head = key[:cut]
                parts = key.split(".", MAX_DEPTH - 1) if len(entries) < self._budget else [key]
                if parts[-1] != tail:               # too deep: the rest stays in one piece
                    tail, head = parts[-1], None
                self._enter(parts)
                group, depth = path[-1], len(path)
                siblings = None
            new = len(entries)
            if siblings is not None:
                node = siblings.setdefault(tail, new)
            else:
                node = self._child(group, tail, new)
                siblings = found if isinstance(found := self._children[group], dict) else None
            if node < new and entries[node] < 0:
                entries[node] = entry               # a group until now
            else:
                add_name(names[tail])
                add_parent(group)
                add_depth(depth)
                add_entry(entry)
            entry += 1
            if not entry % _REPORT_EVERY:
                monitor.report(entry, self._total)
        return entry

    def _enter(self, parts: list[str]) -> None:
        """Makes `_path` the groups named by all but the last of `parts`, making those that are missing."""
        path, segments = self._path, self._segments
        shared = len(segments) - 1
        if shared < 0 or parts[:shared] != segments[:shared] or len(parts) <= shared:
            shared = 0
        while shared < len(segments) and shared < len(parts) - 1 and parts[shared] == segments[shared]:
            shared += 1
        del path[shared + 1:]
        parent = path[-1]
        for part in parts[shared:-1]:
            new = len(self._entry)
            node = self._child(parent, part, new)
            if node == new:
                self._name_id.append(self._names[part])
                self._parent.append(parent)
                self._depth.append(len(path))
                self._entry.append(-1)
            elif node != new - 1:
                self._in_preorder = False           # met before, and left since
            path.append(node)
            parent = node
        self._segments = parts[:-1]

    def _child(self, group: int, name: str, new: int) -> int:
        """The child of that name, which is `new` when there was none."""
        known = self._children.get(group)
        if known is None:
            self._children[group] = new
            return new
        if isinstance(known, int):
            only = self._names.spelled[self._name_id[known]]
            if only == name:
                return known
            known = self._children[group] = {only: known}
        return known.setdefault(name, new)


def _bits(dtype: str) -> float:
    return core.DTYPES[dtype].bits if dtype in core.DTYPES else np.nan


def _ints(values: Sequence[int]) -> Ints:
    """In pieces: one long conversion would stop every other thread."""
    result = np.empty(len(values), dtype=np.int32)
    for start in range(0, len(values), _CONVERT_CHUNK):
        result[start:start + _CONVERT_CHUNK] = values[start:start + _CONVERT_CHUNK]
    return result


def _numbers(values: list[int], count: int) -> Numbers:
    """int64 where even the sum of `count` of them fits, Python's integers elsewhere."""
    if max(values, default=0) * count < 2**63 and min(values, default=0) >= 0:
        return np.array(values, dtype=np.int64)
    numbers = np.empty(len(values), dtype=object)
    numbers[:] = values
    return numbers


def _spread(numbers: Numbers, entries: Ints, where: Bools) -> Numbers:
    """`numbers` of tensors laid on their nodes, 0 elsewhere."""
    result = np.zeros(len(where), dtype=numbers.dtype)
    result[where] = numbers[entries]
    return result


def _levels(depth: Ints) -> list[Ints]:
    """Nodes of each depth, in order."""
    order = np.argsort(depth.astype(np.int16), kind="stable").astype(np.int32)
    return np.split(order, np.cumsum(np.bincount(depth))[:-1])


def _positions(parent: Ints, size: NDArray[np.int64], levels: list[Ints]) -> NDArray[np.int64]:
    """Preorder numbers of nodes whose children stand in the order they were met."""
    siblings = np.argsort(parent[1:], kind="stable") + 1
    before = np.cumsum(size[siblings]) - size[siblings]
    starts = np.ones(len(siblings), dtype=bool)
    starts[1:] = parent[siblings][1:] != parent[siblings][:-1]
    offset = np.zeros(len(size), dtype=np.int64)
    offset[siblings] = before - np.maximum.accumulate(np.where(starts, before, 0))
    position = np.zeros(len(size), dtype=np.int64)
    for level in levels[1:]:
        position[level] = position[parent[level]] + 1 + offset[level]
    return position


def _common(codes: Ints, first: NDArray[np.int64], last: NDArray[np.int64]) -> Ints:
    """The code shared by `codes[first:last]` of each node, MIXED where there are several, NONE where there are none."""
    result = np.full(len(first), NONE, dtype=np.int32)
    if not len(codes):
        return result
    changes = np.zeros(len(codes), dtype=np.int64)
    np.cumsum(codes[1:] != codes[:-1], out=changes[1:])
    some = last > first
    low, high = first[some], last[some] - 1
    result[some] = np.where(changes[low] == changes[high], codes[low], MIXED)
    return result


def _named(names: Sequence[str | None], code: int) -> tuple[str | None, ...] | None:
    return None if code == MIXED else () if code == NONE else (names[code],)


def _number_ranks(numbers: Numbers) -> Ints:
    """Ranks of `numbers`, equal ones equal."""
    order = np.argsort(numbers, kind="stable")
    ordered = numbers[order]
    ranks = np.zeros(len(numbers), dtype=np.int32)
    ranks[order[1:]] = np.cumsum(ordered[1:] != ordered[:-1])
    return ranks


def in_order(keys: Sequence[Any], *, down: bool = False, monitor: core.Monitor = core.QUIET) -> Iterator[int]:
    """The places of `keys` as they sort, equal ones in the order they stand in. Sorted in pieces: one long sort would stop every other
    thread."""
    pieces = []
    for start in range(0, len(keys), _SORT_CHUNK):
        pieces.append(sorted(range(start, min(start + _SORT_CHUNK, len(keys))), key=keys.__getitem__, reverse=down))
        monitor.check()
    return heapq.merge(*pieces, key=keys.__getitem__, reverse=down) if len(pieces) > 1 else iter(pieces[0] if pieces else ())


def _dense_ranks(keys: Sequence[Any], monitor: core.Monitor) -> Ints:
    """Ranks of `keys`, equal ones equal."""
    ranks = np.zeros(len(keys), dtype=np.int32)
    rank, last = -1, None
    for i in core.stoppable(in_order(keys, monitor=monitor), monitor):
        if rank < 0 or keys[i] != last:
            rank, last = rank + 1, keys[i]
        ranks[i] = rank
    return ranks
