"""The `.metadata` of a torch.distributed.checkpoint folder, read from its inert graph by the names in it.

    Metadata
      state_dict_metadata   fqn -> TensorStorageMetadata(properties, size, chunks=[ChunkStorageMetadata(offsets, sizes), …])
                            fqn -> BytesStorageMetadata()
      storage_data          MetadataIndex(fqn, offset, index) -> _StorageInfo(relative_path, offset, length, transform_descriptors)
      planner_data          fqn -> path in the nested state dict, ("model", "fc.weight"), in the state dict's order

Only attributes are looked at: subclasses (Megatron's MCoreMetadata) and classes that moved between versions are the same.
Sources: torch/distributed/checkpoint/metadata.py, filesystem.py and default_planner.py, version 2.13.
"""
from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from inspector.core.errors import Corrupt
from inspector.core.graph import CALLS, DICT, GLOBAL, LIST, TUPLE, Graph
from inspector.core.hashing import as_key
from inspector.core.keypath import visible
from inspector.core.pickles.objects.calls import call_of, tuple_items
from inspector.core.pickles.objects.names import dtype_name
from inspector.core.pickles.objects.plain import key_text
from inspector.core.pickles.objects.recognise import state_pairs
from inspector.core.wording import count

Dims = tuple[int, ...]

_RANK = 64                  # dimensions
_FIELDS = 64                # attributes of one object
_SPARE = 1000               # chunks that may be described beyond those that are stored
_WRITER = re.compile(r"__(\d{1,9})_\d")         # rank and number: filesystem.py, `DEFAULT_SUFFIX` and around
_AGAIN = "The file is damaged or was not written by torch.distributed.checkpoint."


class Item(NamedTuple):
    """Where one item lies: `nbytes` bytes at `offset` of the file `path`. `problem` says why it cannot be read, or is ""."""

    path: str
    offset: int
    nbytes: int
    problem: str = ""

    def __hash__(self) -> int:
        return hash(as_key(*self))


class Entry(NamedTuple):
    """What is said of one key. `shape` None: no tensor but an object's bytes. `chunks` are (offsets, sizes)."""

    fqn: str
    shape: Dims | None
    dtype: str = ""
    requires_grad: bool = False
    chunks: tuple[tuple[Dims, Dims], ...] = ()
    problem: str = ""


class Described(NamedTuple):
    """`items` by fqn and offsets of the chunk or None (`as_key`), `paths` by fqn. `ordered`: the entries have the order of the state dict
    that was saved."""

    entries: list[Entry]
    items: dict[str, Item]
    paths: dict[str, tuple[str | int, ...]]
    ordered: bool = True


def parse(graph: Graph) -> Described:
    """Raises Corrupt when the root is no such object."""
    return _Parser(graph).described()


def _in_order(paths: Mapping[str, object], ranks: Mapping[str, set[int]], entries: Mapping[str, Entry]) -> list[str]:
    """The keys in the order of the state dict that was saved.

    `.metadata` lists what each rank was to write, rank after rank, and of what all have each writes a part (`dedup_save_plans`): a weight
    stands in it far from its bias. The planner's table of paths is of whole state dicts, the last rank's first and then what others
    have besides (`dict(ChainMap(...))`): with pipeline stages, the last stage first. Those change places."""
    order = [key for key in paths if key in entries]
    tensors = [ranks[key] if key in ranks and entries[key].shape is not None else None for key in order]
    first = [0] * (len(order) + 1)                  # the highest rank from here on
    first[-1] = -1
    for n in range(len(order) - 1, -1, -1):
        first[n] = max(first[n + 1], max(tensors[n] or (-1,)))
    stages: list[list[str]] = [[]]
    lowest: int | None = None
    for n, key in enumerate(order):
        if lowest is not None and 0 <= first[n] < lowest:
            stages.append([])
            lowest = None
        stages[-1].append(key)
        here = tensors[n]
        if here:
            lowest = min(here) if lowest is None else min(lowest, *here)
    return [*(key for stage in reversed(stages) for key in stage), *(key for key in entries if key not in paths)]


class _Parser:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._states: dict[int, dict[str, int]] = {}
        self._dims: dict[int, Dims | None] = {}
        self._lists: dict[int, tuple[tuple[Dims, Dims], ...] | None] = {}
        self._room = 0
        self._ranks: dict[str, set[int]] = {}           # fqn -> those who wrote it

    def described(self) -> Described:
        graph = self.graph
        root = self._fields(graph.root)
        entries, storage = root.get("state_dict_metadata", -1), root.get("storage_data", -1)
        if entries < 0 or storage < 0 or graph.kind[entries] != DICT or graph.kind[storage] != DICT:
            raise Corrupt("it is no index of a torch.distributed.checkpoint: it says nothing of what is stored where", _AGAIN,
                          ".metadata")
        items = self._items(storage)
        self._room = 2 * len(items) + _SPARE
        found = {key: self._entry(key, n) for k, n in graph.pairs(entries) for key in (key_text(graph, k),)}
        paths = self._paths(root.get("planner_data", -1))
        several = len({rank for ranks in self._ranks.values() for rank in ranks}) > 1
        if several and paths:
            found = {key: found[key] for key in _in_order(paths, self._ranks, found)}
        return Described(list(found.values()), items, paths, not several or bool(paths))

    # -- the three tables ---------------------------------------------------------------------------------------------

    def _items(self, n: int) -> dict[str, Item]:
        found = {}
        for k, value in self.graph.pairs(n):
            index, info = self._fields(k), self._fields(value)
            fqn = self._text(index.get("fqn", -1))
            if fqn is not None:
                item = found[as_key(fqn, self._sizes(index.get("offset", -1)))] = self._item(info)
                if rank := _WRITER.match(item.path):
                    self._ranks.setdefault(fqn, set()).add(int(rank[1]))
        return found

    def _item(self, info: dict[str, int]) -> Item:
        path, offset, nbytes = (self._text(info.get("relative_path", -1)), self._integer(info.get("offset", -1)),
                                self._integer(info.get("length", -1)))
        if path is None or offset is None or nbytes is None:
            return Item("", 0, 0, "corrupt: .metadata does not say where it lies")
        problem = ""
        if offset < 0 or nbytes < 0:
            problem = f"corrupt: it should be {count(nbytes, 'byte')} at byte {offset:,} of {visible(path, 80)}"
        transforms = info.get("transform_descriptors", -1)
        if transforms >= 0 and self.graph.kind[transforms] == LIST and self.graph.sequence(transforms):
            problem = problem or "unsupported: it was compressed or encrypted by an extension of the writer"
        return Item(path, offset, nbytes, problem)

    def _entry(self, fqn: str, n: int) -> Entry:
        fields = self._fields(n)
        if "size" not in fields and "chunks" not in fields:
            return Entry(fqn, None)
        shape = self._sizes(fields.get("size", -1))
        chunks = self._chunks(fields.get("chunks", -1))
        dtype, requires_grad = self._properties(fields.get("properties", -1))
        if shape is None or chunks is None or dtype is None:
            missing = "shape" if shape is None else "element type" if dtype is None else "chunks"
            return Entry(fqn, shape or (0,), dtype or "unknown", requires_grad, (), f"corrupt: .metadata does not tell its {missing}")
        self._room -= len(chunks)
        if self._room < 0:
            return Entry(fqn, shape, dtype, requires_grad, (), "corrupt: .metadata describes more chunks than are stored")
        if any(len(offsets) != len(shape) or len(sizes) != len(shape) for offsets, sizes in chunks):
            return Entry(fqn, shape, dtype, requires_grad, (), "corrupt: its chunks have another number of dimensions than itself")
        return Entry(fqn, shape, dtype, requires_grad, chunks)

    def _paths(self, n: int) -> dict[str, tuple[str | int, ...]]:
        graph = self.graph
        found: dict[str, tuple[str | int, ...]] = {}
        if n < 0 or graph.kind[n] != DICT:
            return found
        for k, value in graph.pairs(n):
            parts = tuple_items(graph, value)
            if parts:
                steps = [graph.integer(part) if graph.text(part) is None else graph.text(part) for part in parts]
                path = tuple(step for step in steps if step is not None)
                if len(path) == len(parts):
                    found[key_text(graph, k)] = path
        return found

    # -- single objects -----------------------------------------------------------------------------------------------

    def _fields(self, n: int) -> dict[str, int]:
        """The attributes of an object: name -> node."""
        graph = self.graph
        if n < 0 or graph.kind[n] not in CALLS:
            return {}
        states = graph.states(n)
        if len(states) == 1:
            return self._state(states[0])
        return {name: value for state in states[:_FIELDS] for name, value in self._state(state).items()}

    def _state(self, state: int) -> dict[str, int]:
        found = self._states.get(state)
        if found is None:
            pairs = (state_pairs(self.graph, state) or [])[:_FIELDS]
            found = self._states[state] = {name: value for key, value in pairs if (name := self._text(key)) is not None}
        return found

    def _properties(self, n: int) -> tuple[str | None, bool]:
        """(element type, requires_grad) of TensorProperties, whose state is the tuple (dtype, layout, requires_grad, memory
        format, pinned) or a dict."""
        graph = self.graph
        if n < 0 or graph.kind[n] not in CALLS:
            return None, False
        fields = self._fields(n)
        dtype, grad = fields.get("dtype", -1), fields.get("requires_grad", -1)
        for state in graph.states(n):
            items = tuple_items(graph, state)
            if items and len(items) >= 3:
                dtype, grad = items[0], items[2]
        name = graph.global_name(dtype) if dtype >= 0 and graph.kind[dtype] == GLOBAL else None
        return dtype_name(*name) if name else None, grad >= 0 and graph.boolean(grad) is True

    def _chunks(self, n: int) -> tuple[tuple[Dims, Dims], ...] | None:
        if n < 0 or self.graph.kind[n] not in (LIST, TUPLE):
            return None
        if n not in self._lists:
            found = []
            for chunk in self.graph.sequence(n):
                fields = self._fields(chunk)
                offsets, sizes = self._sizes(fields.get("offsets", -1)), self._sizes(fields.get("sizes", -1))
                if offsets is None or sizes is None:
                    self._lists[n] = None
                    return None
                found.append((offsets, sizes))
            self._lists[n] = tuple(found)
        return self._lists[n]

    def _sizes(self, n: int) -> Dims | None:
        """A torch.Size or a tuple of numbers that are not negative."""
        if n < 0:
            return None
        if n not in self._dims:
            self._dims[n] = self._read_sizes(n)
        return self._dims[n]

    def _read_sizes(self, n: int) -> Dims | None:
        graph = self.graph
        if graph.kind[n] in CALLS:
            call = call_of(graph, n)
            if call.name != ("torch", "Size") or call.args is None or len(call.args) != 1:
                return None
            n = call.args[0]
        items = tuple_items(graph, n, _RANK)
        if items is None:
            return None
        values = [graph.integer(item) for item in items]
        return tuple(value for value in values if value is not None and value >= 0) if \
            all(value is not None and 0 <= value < 1 << 63 for value in values) else None

    def _text(self, n: int) -> str | None:
        return self.graph.text(n) if n >= 0 else None

    def _integer(self, n: int) -> int | None:
        return self.graph.integer(n) if n >= 0 else None
