"""Torch's persistent ids: ("storage", class, key, location, number of elements) -> a storage of the container.

Source: torch/serialization.py 2.13, `persistent_load` of `_load` (zip) and `_legacy_load`, which adds a sixth item, the view.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from inspector.core.checkpoint import Constant, Storage, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.graph import GLOBAL, NONE, PERSID, STR, TUPLE, Graph
from inspector.core.keypath import visible

from .bulk import NO_IDS, Ids, picked
from .names import canonical, is_distributed, storage_dtype
from .plain import small_integer

_KEY_LENGTH = 1000          # bytes


EMBEDDED = "embedded/"      # what the keys begin with of storages of streams inside a pickle's bytes


def never_resolved(ref: StorageRef) -> Storage:
    """For whoever asks `Storages` for references only."""
    raise AssertionError("nothing is resolved here")


def in_pickle(id: str) -> bool:
    """Whether a storage is one that no persistent id names: its bytes stand in the pickle itself, as those of numpy's arrays do."""
    return id.startswith("?")


def becomes_ordinary(old: TensorInfo, new: TensorInfo) -> bool:
    """Whether a tensor of the file that is no ordinary one, as its bytes stand in the pickle or it is distributed over processes, is
    written as an ordinary one when it is to be as `new` says: stored otherwise, or on another device, which its mesh is not on."""
    if not in_pickle(old.storage) and not (old.extra is not None and is_distributed(old.extra.subclass)):
        return False
    return new.read_from is not old.read_from or (new.storage, new.offset, new.stride, new.dtype, new.device) != (
        old.storage, old.offset, old.stride, old.dtype, old.device)


class StorageRef(NamedTuple):
    """What a persistent id says. `key` None when it is no text; `dtype` None when its class is unknown; `device` the
    location tag; `numel` as the file says it (may be negative); `node` the PERSID node; `problem` what is wrong, or ""."""

    key: str | None
    dtype: str | None
    device: str | None
    numel: int
    node: int
    problem: str = ""


class Backing(NamedTuple):
    """A resolved storage as tensors need it: `capacity` in elements of `dtype`. Of a view of a storage (before torch 0.4)
    `start` is the first element; offsets count from there."""

    id: str
    dtype: str
    device: str | None
    capacity: int
    nbytes: int
    problem: str
    start: int = 0


ResolveMany = Callable[[Sequence[str], Sequence[str], Sequence[str], Sequence[int]], "list[Storage] | None"]
"""(keys, dtypes, devices, numels) -> their storages, or None where one of them needs a closer look. The keys are distinct
short decimal numbers, the dtypes known."""


class Columns(NamedTuple):
    """`Backing` for many storages without a problem, column by column."""

    ids: list[str]
    dtypes: list[str]
    devices: list[str]
    capacities: list[int]
    nbytes: list[int]


class Conflict(NamedTuple):
    """Two persistent ids of one storage that disagree, by the offset of the later one."""

    id: str
    at: int
    message: str


class Storages:
    """Resolves each distinct persistent id once. `known` are the storages in order of first use; `used` the PERSID nodes
    that named one; `conflicts` what disagreed."""

    def __init__(self, graph: Graph, resolve: Callable[[StorageRef], Storage], resolve_many: ResolveMany | None = None) -> None:
        self.graph = graph
        self.resolve = resolve
        self.resolve_many = resolve_many
        self.known: dict[str, Storage] = {}
        self.used: dict[int, Backing | None] = {}
        self.conflicts: list[Conflict] = []
        self.ids: Ids = NO_IDS              # ordinary persistent ids, read beforehand
        self.taken: dict[str, int] = {}     # storage keys that `of_many` found -> rows of `ids`
        self._backings: dict[tuple[str | None, str | None, str | None, int, str], Backing] = {}
        self._first: dict[str, Backing] = {}
        self._classes: dict[int, tuple[str | None, str]] = {}    # index of a name -> (dtype, problem)
        self._views: dict[str, Backing] = {}

    def of(self, n: int) -> Backing | None:
        """The storage that node `n` refers to; None when it is no persistent id of a storage. Nothing is resolved twice."""
        found = self.used.get(n)
        if found is not None or n in self.used:
            return found
        ref = self._ref(n)
        found = None if ref is None else self._backing(ref)
        if ref is not None and found is not None:
            found = self._view(n, ref, found)
        self.used[n] = found
        return found

    def refs(self) -> Iterator[StorageRef]:
        """What each persistent id of a storage says, in stream order, reachable or not. Resolves nothing."""
        n = self.graph.kind.find(PERSID)
        while n >= 0:
            ref = self._ref(n)
            if ref is not None:
                yield ref
            n = self.graph.kind.find(PERSID, n + 1)

    def of_many(self, nodes: Sequence[int]) -> Columns | None:
        """The storages of many PERSID nodes, all of which are asked for the first time and no two of which name the same one;
        None where that is not so, or where anything about them is unusual. Nothing is changed then."""
        rows = [row for row in map(self.ids.row_of.get, nodes) if row is not None]
        if self.resolve_many is None or len(rows) < len(nodes):
            return None
        keys, dtypes, devices, numels = picked(self.ids, rows)
        fresh = dict(zip(keys, rows, strict=True))
        if len(fresh) < len(keys) or not self._first.keys().isdisjoint(fresh) or not self.taken.keys().isdisjoint(fresh):
            return None
        storages = self.resolve_many(keys, dtypes, devices, numels)
        if storages is None:
            return None
        names = [storage[0] for storage in storages]
        if not self.known.keys().isdisjoint(names):
            return None
        self.known.update(zip(names, storages, strict=True))
        self.taken.update(fresh)
        return Columns(names, dtypes, devices, numels, [storage[3] for storage in storages])

    def _first_of(self, key: str | None) -> Backing | None:
        """The storage as its key was first used, if it was."""
        found = self._first.get(key) if key is not None else None
        if found is None and key is not None and key in self.taken:
            _, _, dtypes, devices, numels = self.ids
            row = self.taken[key]
            storage = self.resolve(StorageRef(key, dtypes[row], devices[row], numels[row], -1))
            found = self._first[key] = Backing(storage.id, dtypes[row], devices[row], numels[row], storage.nbytes, storage.problem)
        return found

    def of_constant(self, n: int, dtype: str, device: str | None, nbytes: int, constant: Constant | None) -> Backing:
        """The storage whose bytes stand in the pickle itself, as the value of node `n`. It has no persistent id, and a name that no
        record has."""
        id = f"?{n}"
        storage = self.known.setdefault(id, Storage(id, dtype, device, nbytes, None, constant=constant or Constant(self.graph, -1)))
        return Backing(id, dtype, device, nbytes * 8 // _bits(dtype), storage.nbytes, storage.problem)

    def of_converted(self, n: int, dtype: str, device: str | None, nbytes: int) -> Storage:
        """The storage of a tensor at node `n` whose elements are converted when it is loaded: its bytes stand nowhere."""
        id = f"?{n}"
        return self.known.setdefault(id, Storage(id, dtype, device, nbytes, None))

    def ordinary(self) -> Callable[[int, int], Backing | None]:
        """A function of a PERSID node that was read beforehand and its row in `ids`; the same as `of`, in less time."""
        used, known, resolve, general, new = self.used, self.known, self.resolve, self.of, tuple.__new__
        first, first_of = self._first, self._first_of
        _, keys, dtypes, devices, numels = self.ids

        def find(n: int, row: int) -> Backing | None:
            key, dtype, device, numel = keys[row], dtypes[row], devices[row], numels[row]
            found = first.get(key) or first_of(key)
            if found is None:
                storage = resolve(new(StorageRef, (key, dtype, device, numel, n, "")))
                name = storage[0]
                if name not in known:
                    known[name] = storage
                found = first[key] = new(Backing, (name, dtype, device, numel, storage[3], storage[6], 0))
            elif found[3] != numel or found[1] != dtype or found[2] != device:
                return general(n)
            used[n] = found
            return found

        return find

    def names_no_storage(self, n: int) -> bool:
        """Whether PERSID node `n` names no storage. Resolves nothing."""
        return self._ref(n) is None

    def _ref(self, n: int) -> StorageRef | None:
        graph = self.graph
        if graph.kind[n] != PERSID or graph.kind[graph.a[n]] != TUPLE or n in graph.mutations:
            return None
        t = graph.a[n]
        count = graph.b[t] - graph.a[t]
        if not 5 <= count <= 6 or t in graph.mutations:
            return None
        word, cls, key, location, numel = graph.operands[graph.a[t]:graph.a[t] + 5]
        if graph.kind[cls] != GLOBAL or graph.b[word] - graph.a[word] > _KEY_LENGTH or graph.loose_text(word) != "storage":
            return None
        dtype, problem = self._class(graph.a[cls])
        short = graph.b[key] - graph.a[key] <= _KEY_LENGTH      # many ids may share a long one
        name = graph.loose_text(key) if short else None
        if name is None:
            problem = problem or "bad_key: the storage's key is no text, or a very long one"
        elif graph.kind[key] != STR or not name.isdecimal():
            problem = problem or _key_problem(name)
        known = small_integer(graph, numel)
        elements = -1 if known is None else known
        if not 0 <= elements < 1 << 63:
            problem = problem or f"corrupt: the storage claims {_count(elements)} elements"
        device = graph.loose_text(location) if graph.b[location] - graph.a[location] <= _KEY_LENGTH else None
        return StorageRef(name, dtype, device, elements, n, problem)

    def _view(self, n: int, ref: StorageRef, root: Backing) -> Backing:
        """The part of `root` that the sixth item of an id, (key, first element, elements), means; `root` where it is None.
        Torch goes by the first view of a key."""
        graph = self.graph
        t = graph.a[n]
        if graph.b[t] - graph.a[t] < 6 or graph.kind[graph.operands[graph.a[t] + 5]] == NONE:
            return root
        view = graph.operands[graph.a[t] + 5]
        key, first, count = graph.operands[graph.a[view]:graph.b[view]] if graph.kind[view] == TUPLE \
            and graph.b[view] - graph.a[view] == 3 and view not in graph.mutations else (-1, -1, -1)
        name = graph.loose_text(key) if key >= 0 and graph.b[key] - graph.a[key] <= _KEY_LENGTH else None
        start, capacity = (None, None) if key < 0 else (small_integer(graph, first), small_integer(graph, count))
        if name is None or start is None or capacity is None:
            return root._replace(problem=root.problem or "corrupt: the view of the storage is not in order")
        dtype = ref.dtype or root.dtype
        problem = root.problem
        if start < 0 or capacity < 0 or (start + capacity) * _bits(dtype) > root.nbytes * 8:
            problem = problem or (f"out_of_bounds: a view of elements {_count(start)} to {_count(start + capacity)} of a storage "
                                  f"of {root.capacity}")
        made = root._replace(dtype=dtype, start=start, capacity=max(capacity, 0), problem=problem)
        known = self._views.setdefault(name, made)
        if known[:5] + known[6:] != made[:5] + made[6:] or self._first_of(name) is not None:
            made = made._replace(problem=problem or f"corrupt: two different views of storages are called {visible(name, 40)}")
        return made

    def _class(self, name_index: int) -> tuple[str | None, str]:
        found = self._classes.get(name_index)
        if found is None:
            module, name = self.graph.names[name_index]
            dtype = storage_dtype(*canonical(module, name))
            found = dtype, "" if dtype else f"unknown_dtype: no such storage type as {visible(f'{module}.{name}', 80)}"
            self._classes[name_index] = found
        return found

    def _backing(self, ref: StorageRef) -> Backing:
        identity = (ref.key, ref.dtype, ref.device, ref.numel, ref.problem)
        backing = self._backings.get(identity)
        if backing is None:
            first = self._first_of(ref.key)
            backing = self._new(ref) if first is None else self._again(ref, first)
            self._backings[identity] = backing
        return backing

    def _new(self, ref: StorageRef) -> Backing:
        storage = self.resolve(ref)
        self.known.setdefault(storage.id, storage)
        backing = Backing(storage.id, ref.dtype or "unknown", ref.device, max(ref.numel, 0), storage.nbytes,
                          ref.problem or storage.problem)
        if ref.key is not None:
            self._first[ref.key] = backing
        return backing

    def _again(self, ref: StorageRef, first: Backing) -> Backing:
        """A storage named before, with another type, size or device. Torch goes by the first mention of it."""
        at = self.graph.at[ref.node]
        key = visible(ref.key or "", 40)
        problem = ref.problem or first.problem
        if ref.dtype is not None and ref.dtype != first.dtype:
            self.conflicts.append(Conflict("dtype-conflict", at, f"storage {key} is called {first.dtype} first and {ref.dtype} "
                                           f"here; torch reads all of it as {first.dtype}"))
        width, first_width = _bits(ref.dtype), _bits(first.dtype)
        if ref.numel * width != first.capacity * first_width:
            problem = f"size_mismatch: storage {key} has {_count(ref.numel)} elements here and {first.capacity} before"
            self.conflicts.append(Conflict("size-mismatch", at, problem.partition(": ")[2]))
        return first._replace(problem=problem)


class KnownStorages:
    """Resolves the persistent ids of a pickle whose storages were found before, `storages` by their keys. One that is not among them has
    no bytes."""

    def __init__(self, storages: Mapping[str, Storage]) -> None:
        self._storages = storages

    def resolve(self, ref: StorageRef) -> Storage:
        found = self._storages.get(ref.key) if ref.key is not None else None
        dtype = ref.dtype or "uint8"
        width = DTYPES[dtype].bits // 8 if dtype in DTYPES else 1
        return found or Storage(ref.key or f"?{ref.node}", dtype, ref.device, max(ref.numel, 0) * width, None)

    def resolve_many(self, keys: Sequence[str], dtypes: Sequence[str], devices: Sequence[str],
                     numels: Sequence[int]) -> list[Storage] | None:
        found = [self._storages.get(key) for key in keys]
        return None if None in found else [storage for storage in found if storage is not None]


def _bits(dtype: str | None) -> int:
    known = DTYPES.get(dtype or "")
    return 8 * known.stored if known else 8


def _key_problem(key: str) -> str:
    """Why a storage's key cannot be the name of one record, or ""."""
    if "\0" in key:
        return "bad_key: the storage's key has a NUL in it"
    if key.startswith(("/", "\\")) or ".." in key.replace("\\", "/").split("/") or not key:
        return f"bad_key: the storage's key {visible(key, 60)!r} is a path"
    return ""


def _count(n: int) -> str:
    """`n` in digits, or how long it is when nobody could read it."""
    return str(n) if n.bit_length() <= 128 else f"2^{n.bit_length() - 1}"
