"""Torch's persistent ids: ("storage", class, key, location, number of elements) -> a storage of the container.

Source: torch/serialization.py 2.13, `persistent_load` of `_load` (zip) and `_legacy_load`, which adds a sixth item, the view.
"""
from __future__ import annotations

from array import array
from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping, Sequence, ValuesView
from itertools import compress, repeat
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from inspector.core.checkpoint import Constant, Storage, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.graph import GLOBAL, INT, NONE, PERSID, STR, TEXTS, TUPLE, Graph
from inspector.core.keypath import quoted, visible
from inspector.core.pickles.decode.columns import different, goes_up
from inspector.core.progress import QUIET, Monitor, distinct, stoppable

from .bulk import KEY_DIGITS, LONGEST_TAG, Ids, ordinary_ids
from .names import canonical, is_distributed, storage_dtype
from .plain import small_integer

if TYPE_CHECKING:
    from .bulk import Bools, Ints

_KEY_LENGTH = 1000          # bytes
_SHOWN = 80                 # … of a longer location tag
_NEAR = 64                  # storages that are made together
_AT_ONCE = 2048             # ids whose columns become Python's numbers together
_new_ref: Callable[[type[StorageRef], tuple[object, ...]], StorageRef] = tuple.__new__


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


class ManyStorages(Protocol):
    """Storages of many keys, in their order, each made when it is asked for. `good` says which are there and without a problem; `nbytes`
    and the others are told of those alone. Can be pickled, as a checkpoint can."""

    @property
    def good(self) -> Sequence[int]: ...

    @property
    def nbytes(self) -> Sequence[int]: ...

    def ids(self, places: Iterable[int]) -> Iterable[str]:
        """What they are called; no two the same."""

    def place_of(self, id: str) -> int:
        """The place of the one that is called so; -1 where none is."""

    def storage(self, place: int) -> Storage:
        """One of them."""

    def storages(self, places: Sequence[int]) -> Iterable[Storage]:
        """Several, in less time."""

    def column(self, field: str, places: Sequence[int]) -> Iterable[Any]:
        """One of the `FIELDS` of several, without making them."""

    def are(self, keys: Ints) -> bool:
        """Whether those of these keys are all there is, in their order, and each is called as its key is."""

    def use(self, places: Ints) -> None:
        """Says which of them tensors lie in: no place twice."""


class ManyRefs(NamedTuple):
    """What persistent ids say of storages, in columns: `keys`, which go up, the element types and location tags as places in `dtypes`,
    which are known ones, and `devices`, and the numbers of elements."""

    keys: Ints
    dtype: Ints
    dtypes: list[str]
    device: Ints
    devices: list[str]
    numels: Ints


ResolveMany = Callable[[ManyRefs], ManyStorages | None]
"""Their storages, or None where they had better be asked for one by one."""


class ListedStorages(Mapping[str, Storage]):
    """Storages in the order in which they were used first: some of many, made when they are asked for, and `others`. `order` has the
    place of each, or the complement of that among the others."""

    __slots__ = ("_listed", "_many", "_named", "_near", "_next", "_order", "_others")

    def __init__(self, many: ManyStorages, order: array[int], others: Sequence[Storage]) -> None:
        self._many = many
        self._order = order
        self._others = others
        self._named = {others[~place].id: others[~place] for place in order if place < 0} if others else {}
        self._listed: bytearray | None = None           # of each of the many whether it is among these; for the first that is asked for
        self._near: dict[str, Storage] = {}             # some that were asked for one after the other, or may be next
        self._next = -1

    def __getitem__(self, id: str) -> Storage:
        found = self._near.get(id) or self._named.get(id)
        if found is not None:
            return found
        place = self._place_of(id)
        if place < 0:
            raise KeyError(id)
        if place != self._next:
            self._next = place + 1
            return self._many.storage(place)
        self._next = place + _NEAR
        assert self._listed is not None
        near = [*compress(range(place, place + _NEAR), self._listed[place:place + _NEAR])]
        self._near = made = dict(zip(self._many.ids(near), self._many.storages(near), strict=True))
        return made[id]

    def __contains__(self, id: object) -> bool:
        return id in self._named or (isinstance(id, str) and self._place_of(id) >= 0)

    def _place_of(self, id: str) -> int:
        """Among the many; -1 for what is not listed."""
        if self._listed is None:
            self._listed = _listed(len(self._many.good), self._order)
        place = self._many.place_of(id)
        return place if place >= 0 and self._listed[place] else -1

    def __iter__(self) -> Iterator[str]:
        if not self._others:
            return iter(self._many.ids(self._order))
        return (storage.id for storage in self._each())

    def __len__(self) -> int:
        return len(self._order)

    def values(self) -> ValuesView[Storage]:
        return _Each(self)

    def items(self) -> ItemsView[str, Storage]:
        return _EachWithId(self)

    def _each(self) -> Iterator[Storage]:
        for first in range(0, len(self._order), _NEAR):
            places = self._order[first:first + _NEAR]
            if min(places) >= 0:
                yield from self._many.storages(places)
            else:
                yield from (self._many.storage(place) if place >= 0 else self._others[~place] for place in places)

    def columns(self, fields: Sequence[str]) -> Iterable[tuple[Any, ...]] | None:
        """These fields of all; None where they must be looked through."""
        if self._others:
            return None
        return zip(*(self._many.column(field, self._order) for field in fields), strict=True)

    def of_keys(self, keys: Ints) -> ManyStorages | None:
        """The many, if they are those of these keys and all are listed; None if not."""
        return self._many if not self._others and len(self._order) == len(keys) and self._many.are(keys) else None

    def __reduce__(self) -> tuple[Any, ...]:
        return ListedStorages, (self._many, self._order, self._others)


FIELDS = ("id", "device", "nbytes", "big_endian", "constant", "has_bytes", "place")


def fields_of(storages: Mapping[str, Storage], *fields: str) -> Iterable[tuple[Any, ...]]:
    """Some of the `FIELDS`, two or more, of each storage in order: of many that are listed none is made for it."""
    found = storages.columns(fields) if isinstance(storages, ListedStorages) else None
    return map(attrgetter(*fields), storages.values()) if found is None else found


def _listed(count: int, order: array[int]) -> bytearray:
    found = bytearray(count)
    for place in order:
        if place >= 0:
            found[place] = 1
    return found


class _Each(ValuesView[Storage]):
    _mapping: ListedStorages

    def __iter__(self) -> Iterator[Storage]:
        return self._mapping._each()


class _EachWithId(ItemsView[str, Storage]):
    _mapping: ListedStorages

    def __iter__(self) -> Iterator[tuple[str, Storage]]:
        return ((storage.id, storage) for storage in self._mapping._each())


class Many(NamedTuple):
    """Storages that were resolved at once: what the ids say, which of them are `good`, and what the container found."""

    refs: ManyRefs
    good: Bools
    found: ManyStorages


class Conflict(NamedTuple):
    """Two persistent ids of one storage that disagree, by the offset of the later one."""

    id: str
    at: int
    message: str


class Storages:
    """Resolves each distinct persistent id once. `known` are those that were resolved one by one, in order of first use; `used` the
    PERSID nodes that named one; `conflicts` what disagreed."""

    def __init__(self, graph: Graph, resolve: Callable[[StorageRef], Storage], resolve_many: ResolveMany | None = None) -> None:
        self.graph = graph
        self.resolve = resolve
        self.resolve_many = resolve_many
        self.known: dict[str, Storage] = {}
        self.used: dict[int, Backing | None] = {}
        self.conflicts: list[Conflict] = []
        self.ids: Ids | None = None         # ordinary persistent ids, read beforehand; gone when they were resolved at once
        self.ordinary_ids = 0               # how many they are
        self.many: Many | None = None
        self.uses = array("i")              # the places among many that tensors use, in order
        self._when: list[tuple[int, int]] = []  # (uses before it, place among many or the complement of that in `known`) of those by one
        self._backings: dict[tuple[str | None, str | None, str | None, int, str], Backing] = {}
        self._first: dict[str, Backing] = {}
        self._classes: dict[int, tuple[str | None, str]] = {}    # index of a name -> (dtype, problem)
        self._views: dict[str, Backing] = {}
        self._tags: dict[bytes, str] = {}

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
        changed = self.graph.changed() if n >= 0 else b""
        ordinary = ordinary_ids(self.graph)
        known = iter(()) if ordinary is None else _refs_of(ordinary)
        next_known = next(known, None)
        while n >= 0:
            if next_known is not None and next_known.node == n:
                yield next_known
                next_known = next(known, None)
            else:
                t = self.graph.a[n]
                ref = None if changed[n] or changed[t] else self._said(n, t)
                if ref is not None:
                    yield ref
            n = self.graph.kind.find(PERSID, n + 1)

    def at_once(self, pids: Ints, reaches: Ints) -> Ints | None:
        """Resolves the ordinary ids at once. Gives, for each of the PERSID nodes `pids`, the place of its storage among them, -1 where the
        storage had better be looked at by itself or has fewer than `reaches` elements; None where that would be most of them."""
        import numpy as np
        ids = self.ids
        if self.resolve_many is None or ids is None or not len(ids.nodes):
            return None
        keys, first, place = different(ids.keys)
        dtype, device, numels = ids.dtype[first], ids.device[first], ids.numels[first]
        good: Bools = np.ones(len(keys), np.bool_)
        good[place[(ids.dtype != dtype[place]) | (ids.device != device[place]) | (ids.numels != numels[place])]] = False
        if not self._leave_out_others(ids, keys, good):
            return None
        refs = ManyRefs(keys, dtype, ids.dtypes, device, ids.devices, numels)
        found = self.resolve_many(refs)
        if found is None:
            return None
        good &= np.array(found.good, np.bool_)
        at = np.minimum(np.searchsorted(ids.nodes, pids), len(ids.nodes) - 1)
        places: Ints = place[at]
        places[(ids.nodes[at] != pids) | ~good[places] | (reaches > numels[places])] = -1
        if 2 * np.count_nonzero(places >= 0) < len(pids):
            return None
        self.many = Many(refs, good, found)
        return places

    def _leave_out_others(self, ids: Ids, keys: Ints, good: Bools) -> bool:
        """Takes keys out of the `good` ones that other persistent ids name, too. False: those are too many."""
        import numpy as np
        others: Ints = np.flatnonzero(np.frombuffer(self.graph.kind, np.uint8) == PERSID)
        if len(others) == len(ids.nodes):
            return True
        others = np.setdiff1d(others, ids.nodes, assume_unique=True)
        if len(others) > len(ids.nodes):
            return False
        for n in others.tolist():
            ref = self._ref(n)
            if ref is not None and self._has_view(n):
                return False
            number = number_of(ref.key) if ref is not None else -1
            at = int(np.searchsorted(keys, number))
            if number >= 0 and at < len(keys) and keys[at] == number:
                good[at] = False
        return True

    def listed(self) -> Mapping[str, Storage]:
        """All that were used, in order of first use. To be asked for once, at the end."""
        if self.many is None:
            return MappingProxyType(self.known)
        import numpy as np
        uses, many = np.frombuffer(self.uses, np.intc), self.many.found
        pieces, done = [], 0
        for count, place in self._when:
            pieces += [uses[done:count], np.array([place], np.intc)]
            done = count
        order = np.concatenate([*pieces, uses[done:]])
        if goes_up(order):
            places = order
        else:
            places, first, _ = different(order)
            order = order[np.sort(first)]
        places = places[places >= 0]
        many.use(places)
        found = ListedStorages(many, array("i", order.tobytes()), [*self.known.values()])
        if self.known and not self.known.keys().isdisjoint(many.ids(places.tolist())):
            names: dict[str, Storage] = {}
            for storage in found.values():
                names.setdefault(storage.id, storage)
            return MappingProxyType(names)
        return found

    def _first_of(self, key: str | None) -> Backing | None:
        """The storage as its key was first used, if it was, or as it was resolved with many; it counts as used by that."""
        found = self._first.get(key) if key is not None else None
        if found is None and key is not None and self.many is not None:
            number, (refs, good, many) = number_of(key), self.many
            place = int(refs.keys.searchsorted(number))
            if number >= 0 and place < len(refs.keys) and refs.keys[place] == number and good[place]:
                self._when.append((len(self.uses), place))
                found = self._first[key] = Backing(many.storage(place).id, refs.dtypes[refs.dtype[place]], refs.devices[refs.device[place]],
                                                   int(refs.numels[place]), many.nbytes[place], "")
        return found

    def _know(self, storage: Storage) -> Storage:
        """The storage of that name, which was resolved by itself: the first one."""
        found = self.known.get(storage.id)
        if found is None:
            found = self.known[storage.id] = storage
            self._when.append((len(self.uses), -len(self.known)))
        return found

    def of_constant(self, n: int, dtype: str, device: str | None, nbytes: int, constant: Constant | None) -> Backing:
        """The storage whose bytes stand in the pickle itself, as the value of node `n`. It has no persistent id, and a name that no
        record has."""
        id = f"?{n}"
        storage = self._know(Storage(id, dtype, device, nbytes, None, constant=constant or Constant(self.graph, -1)))
        return Backing(id, dtype, device, nbytes * 8 // _bits(dtype), storage.nbytes, storage.problem)

    def of_converted(self, n: int, dtype: str, device: str | None, nbytes: int) -> Storage:
        """The storage of a tensor at node `n` whose elements are converted when it is loaded: its bytes stand nowhere."""
        id = f"?{n}"
        return self._know(Storage(id, dtype, device, nbytes, None))

    def ordinary(self) -> Callable[[int], Backing | None]:
        """A function of a PERSID node; the same as `of`, in less time for those that were read beforehand."""
        used, known, resolve, general, new, ids = self.used, self.known, self.resolve, self.of, tuple.__new__, self.ids
        first, first_of = self._first, self._first_of
        if ids is None:
            return general
        rows = dict(zip(ids.nodes.tolist(), range(len(ids.nodes)), strict=True))
        keys, numels = [*map(str, ids.keys.tolist())], ids.numels.tolist()
        dtypes, devices = [ids.dtypes[n] for n in ids.dtype.tolist()], [ids.devices[n] for n in ids.device.tolist()]

        def find(n: int) -> Backing | None:
            found = used.get(n)
            if found is not None:
                return found
            row = rows.get(n)
            if row is None:
                return general(n)
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
        if graph.kind[n] != PERSID or n in graph.mutations or graph.a[n] in graph.mutations:
            return None
        return self._said(n, graph.a[n])

    def _said(self, n: int, t: int) -> StorageRef | None:
        """What PERSID node `n` says, whose id is `t`, where nothing is done to either."""
        graph = self.graph
        kind, a, b, data = graph.kind, graph.a, graph.b, graph.data
        if kind[t] != TUPLE or not 5 <= b[t] - a[t] <= 6:
            return None
        word, cls, key, location, numel = graph.operands[a[t]:a[t] + 5]
        if kind[cls] != GLOBAL or b[word] - a[word] > _KEY_LENGTH:
            return None
        if data[a[word]:b[word]] != b"storage" if kind[word] == STR else graph.loose_text(word) != "storage":
            return None
        dtype, problem = self._class(a[cls])
        if b[key] - a[key] > _KEY_LENGTH:                       # many ids may share a long one
            name = None
        else:
            name = str(data[a[key]:b[key]], "utf-8", "surrogatepass") if kind[key] == STR else graph.any_text(key)
        if name is None:
            problem = problem or "bad_key: the storage's key is no text, or a very long one"
        elif kind[key] != STR or not name.isdecimal():
            problem = problem or _key_problem(name)
        known = a[numel] if kind[numel] == INT else small_integer(graph, numel)
        elements = -1 if known is None else known
        if not 0 <= elements < 1 << 63:
            problem = problem or f"corrupt: the storage claims {_count(elements)} elements"
        return StorageRef(name, dtype, self._tag(location), elements, n, problem)

    def _tag(self, n: int) -> str | None:
        """The location tag that node `n` is; of a long one, which is no device to any torch, the beginning."""
        graph = self.graph
        start, end = graph.a[n], graph.b[n]
        if graph.kind[n] == STR and end - start <= LONGEST_TAG:
            raw = graph.data[start:end]
            found = self._tags.get(raw)
            if found is None:
                found = self._tags[raw] = str(raw, "utf-8", "surrogatepass")
            return found
        if graph.kind[n] not in TEXTS or end - start <= LONGEST_TAG:
            return graph.any_text(n)
        return str(graph.data[start:start + _SHOWN], "utf-8", "replace") + "…"

    def _view(self, n: int, ref: StorageRef, root: Backing) -> Backing:
        """The part of `root` that the sixth item of an id, (key, first element, elements), means; `root` where it is None.
        Torch goes by the first view of a key."""
        graph = self.graph
        t = graph.a[n]
        if not self._has_view(n):
            return root
        view = graph.operands[graph.a[t] + 5]
        key, first, count = graph.operands[graph.a[view]:graph.b[view]] if graph.kind[view] == TUPLE \
            and graph.b[view] - graph.a[view] == 3 and view not in graph.mutations else (-1, -1, -1)
        name = graph.any_text(key) if key >= 0 and graph.b[key] - graph.a[key] <= _KEY_LENGTH else None
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

    def _has_view(self, n: int) -> bool:
        """Whether a persistent id has a sixth item that is not None."""
        graph = self.graph
        t = graph.a[n]
        return graph.b[t] - graph.a[t] > 5 and graph.kind[graph.operands[graph.a[t] + 5]] != NONE

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
        self._know(storage)
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


def _refs_of(ids: Ids) -> Iterator[StorageRef]:
    """What ordinary ids say, in order."""
    for first in range(0, len(ids.nodes), _AT_ONCE):
        nodes, keys, dtype, device, numels = (column[first:first + _AT_ONCE].tolist()
                                              for column in (ids.nodes, ids.keys, ids.dtype, ids.device, ids.numels))
        yield from map(_new_ref, repeat(StorageRef), zip(
            map(str, keys), map(ids.dtypes.__getitem__, dtype), map(ids.devices.__getitem__, device), numels, nodes, repeat("")))


class KnownStorages:
    """Resolves the persistent ids of a pickle whose storages were found before, `storages` by their keys. One that is not among them has
    no bytes."""

    def __init__(self, storages: Mapping[str, Storage], monitor: Monitor = QUIET) -> None:
        self._storages = storages
        self._monitor = monitor

    def resolve(self, ref: StorageRef) -> Storage:
        found = self._storages.get(ref.key) if ref.key is not None else None
        dtype = ref.dtype or "uint8"
        width = DTYPES[dtype].bits // 8 if dtype in DTYPES else 1
        return found or Storage(ref.key or f"?{ref.node}", dtype, ref.device, max(ref.numel, 0) * width, None)

    def resolve_many(self, refs: ManyRefs) -> ManyStorages | None:
        there = self._storages.of_keys(refs.keys) if isinstance(self._storages, ListedStorages) else None
        if there is not None:
            return there
        return together(self.resolve, self._monitor)(refs)


def together(resolve: Callable[[StorageRef], Storage], monitor: Monitor = QUIET) -> ResolveMany:
    """The same for many at once, where each is made one by one."""

    def resolve_many(refs: ManyRefs) -> ManyStorages | None:
        rows = zip(refs.keys.tolist(), refs.dtype.tolist(), refs.device.tolist(), refs.numels.tolist(), strict=True)
        found = [resolve(StorageRef(str(key), refs.dtypes[dtype], refs.devices[device], numel, -1))
                 for key, dtype, device, numel in stoppable(rows, monitor)]
        return _Made(found, monitor) if len(distinct((storage.id for storage in found), monitor)) == len(found) else None

    return resolve_many


class _Made:
    """Storages that are there already."""

    __slots__ = ("_places", "_storages", "good", "nbytes")

    def __init__(self, storages: list[Storage], monitor: Monitor) -> None:
        self._storages = storages
        self._places: dict[str, int] | None = None
        self.good: Sequence[int] = bytes(not storage.problem for storage in stoppable(storages, monitor))
        self.nbytes: Sequence[int] = [storage.nbytes for storage in stoppable(storages, monitor)]

    def ids(self, places: Iterable[int]) -> Iterable[str]:
        return (self._storages[place].id for place in places)

    def place_of(self, id: str) -> int:
        if self._places is None:
            self._places = {storage.id: place for place, storage in enumerate(self._storages)}
        return self._places.get(id, -1)

    def storage(self, place: int) -> Storage:
        return self._storages[place]

    def storages(self, places: Sequence[int]) -> Iterable[Storage]:
        return map(self._storages.__getitem__, places)

    def column(self, field: str, places: Sequence[int]) -> Iterable[Any]:
        return map(attrgetter(field), self.storages(places))

    def are(self, keys: Ints) -> bool:
        return [*self.ids(range(len(self._storages)))] == [*map(str, keys.tolist())]

    def use(self, places: Ints) -> None:
        pass


def number_of(key: str | None) -> int:
    """The number that a key is, without zeros before it; -1 where it is none, or a long one."""
    if key is None or not (key.isascii() and key.isdecimal()) or len(key) > KEY_DIGITS or (key[0] == "0" and len(key) > 1):
        return -1
    return int(key)


def _bits(dtype: str | None) -> int:
    known = DTYPES.get(dtype or "")
    return 8 * known.stored if known else 8


def _key_problem(key: str) -> str:
    """Why a storage's key cannot be the name of one record, or ""."""
    if "\0" in key:
        return "bad_key: the storage's key has a NUL in it"
    if key.startswith(("/", "\\")) or ".." in key.replace("\\", "/").split("/") or not key:
        return f"bad_key: the storage's key {quoted(key, 60)} is a path"
    return ""


def _count(n: int) -> str:
    """`n` in digits, or how long it is when nobody could read it."""
    return str(n) if n.bit_length() <= 128 else f"2^{n.bit_length() - 1}"
