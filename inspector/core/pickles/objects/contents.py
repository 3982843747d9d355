"""A graph as people see it: keys, tensors and values.

The walk goes from the root through containers in stored order, on a stack of its own. It lists every tensor and every
leaf once for each way that leads to it, as torch does, and stays linear in the size of the pickle all the same: what is
shared is listed again only while `limits.walk_repeats` lasts and is a reference to its first place from then on, and the
tables may not take more than `limits.memory` bytes with the graph, however wide or long the keys are.
"""
from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Mapping as Table
from collections.abc import Sequence as Row
from dataclasses import replace
from itertools import chain, compress, islice, repeat
from operator import add, not_
from sys import getsizeof
from types import MappingProxyType
from typing import Any, NamedTuple

from inspector.core.checkpoint import Checkpoint, Extra, Opaque, Plain, Storage, TensorInfo, kind_of_dict
from inspector.core.findings import Finding
from inspector.core.graph import (
    APPEND,
    APPENDS,
    BUILD,
    BYTEARRAY,
    BYTES,
    CALLS,
    CONTAINERS,
    DICT,
    EXT,
    FALSE,
    FLOAT,
    FROZENSET,
    GLOBAL,
    GLOBALDYN,
    INT,
    LIST,
    NEWOBJ,
    NONE,
    PERSID,
    PYSTR,
    PYSTRTEXT,
    REDUCE,
    SET,
    SETITEM,
    SETITEMS,
    STR,
    STRTEXT,
    TRUE,
    TUPLE,
    Graph,
    ManyPairs,
    Pairs,
)
from inspector.core.keypath import visible
from inspector.core.limits import LIMITS, Limits
from inspector.core.naming_conventions import EXTRA_STATE, holds_no_weights, is_random_state
from inspector.core.pickles.decode.columns import all_different
from inspector.core.progress import QUIET, Monitor
from inspector.core.wording import count

from . import small_dicts
from .anomalies import Anomalies
from .bulk import GIVEN, ORDINARY, RowsOfPairs, by_name, segments_of
from .listed import ListedTensors, TensorList
from .modules import Module, Modules, Scripts
from .plain import NUMBERS, SCALARS, SameKeys, all_texts, are_segments, key_identity, key_text, key_type, last_of_each, scalar, short
from .recognise import Leaf, Mapping, Object, Sequence, View, state_pairs, view_of
from .small_dicts import Several, SmallDict, SmallDicts
from .state_dicts import Entries, Judgement, judged, root_stays
from .storages import ResolveMany, StorageRef
from .tensors import Rebuilt, Tensors, give_back

_ENTRY = 200                    # bytes that an entry takes in the tables besides its key
_TENSOR = 300                   # … and a tensor more
_CONTAINER = 400                # … and a container, with what is remembered of it
_PAIR, _ITEM = 130, 36          # … and each pair and item of one that is being listed
_OBJECT, _STORAGE = 2000, 1300  # … and an unknown object, with what is said of it, and a storage of its own
_AGAIN = 3                      # what it counts to list a tensor once more, which is more work than another entry
_IDENTITY = 330                 # … and, for a while, each pair whose keys have to be compared
_TOO_MANY = "the keys are too many or too long to list them all"
_LONG = 200                     # characters of a key that a listing of the same again takes from the one before
_LARGE_TEXT = 4096              # bytes from which a text that is looked at again counts as work
_CHECK_EVERY = 4096             # containers between two looks at the monitor
_SMALL, _SMALL_DEPTH = 128, 4       # things in containers that are listed together, in those within them too, and how deep these may lie
_SMALL_ROOM, _SMALL_REPEATS = 1 << 20, 1 << 12      # more than they can take
_SMALL_KINDS = frozenset((DICT, LIST, TUPLE, REDUCE))
_SMALL_VALUES = _SMALL_KINDS | {NONE, TRUE, FALSE, INT, FLOAT, STR, GLOBAL}
_NUMBERED = [*map(str, range(_SMALL))]
_FORM_KEYS = 1 << 14    # keys of dicts that are known again
_MANY = 4096                    # tensors listed at once
_OPTIMIZER = 64                 # keys that an optimizer's state dict has at most
_PLACED = CALLS | {GLOBAL, GLOBALDYN, EXT, SET, FROZENSET, BYTEARRAY}


class Contents(NamedTuple):
    """What `contents_of` found. `tensors` and `values` in stored order, their keys unique over both; `table` are the tensors by key.
    `listed_nodes` are the calls, names and sets that are no tensors of torch's, texts of Python 2 that are no UTF-8, and keys of dicts
    that are none of the usual ones: (node, the key it is listed under), in the same order."""

    kind: str
    tensors: Row[TensorInfo]
    values: list[tuple[str, Plain]]
    state_dicts: tuple[str, ...]
    module_metadata: dict[str, dict[str, Any]]
    storages: Table[str, Storage]
    findings: list[Finding]
    listed_nodes: list[tuple[int, str]]

    @property
    def table(self) -> Table[str, TensorInfo]:
        return ListedTensors(self.tensors) if isinstance(self.tensors, TensorList) else \
            MappingProxyType({info.key: info for info in self.tensors})


class Slot(NamedTuple):
    """Where a key comes from: `name` is the node of the dict key it ends in, or, of the item of a sequence, the complement of
    its index; `node` what is listed under it; `holder` the container or object it was listed under, -1 for the root itself.
    It is MADE_UP where the walk made the name up (the arguments of a call)."""

    key: str
    holder: int
    name: int
    node: int


MADE_UP = -(1 << 62)         # the name of a slot that is no dict key and no index


def contents_of(graph: Graph, resolve: Callable[[StorageRef], Storage], *, resolve_many: ResolveMany | None = None,
           scripts: Scripts | None = None, member: str = "data.pkl", limits: Limits = LIMITS,
           monitor: Monitor = QUIET, slots: list[Slot] | None = None, like: Checkpoint | None = None) -> Contents:
    """Everything under the root of `graph`. `resolve` finds the bytes of a storage and is asked once for each distinct
    persistent id, in the order of first use; `resolve_many`, where the container has it, does so for thousands of ordinary
    ones at once; `scripts` are the classes of a TorchScript archive; `member` names the pickle in findings. `slots`, where it
    is given, gets the place of every key that is listed, containers before what is in them. `like` is a checkpoint with most of the
    same keys: long ones are not held twice. Raises Cancelled."""
    listing = _Listing(graph, Tensors(graph, resolve, resolve_many, monitor), scripts, limits, monitor, slots, like)
    if graph.root >= 0:
        listing.run()
    found = Contents(listing.kind(), listing.tensors, listing.values, tuple(listing.state_dicts), listing.module_metadata,
                     listing.reader.storages.listed(), listing.odd.findings(graph, listing.reader, member), listing.listed_nodes)
    del listing
    give_back(graph)
    return found


class _Enough(Exception):
    """A budget for keys is used up; what was listed stays."""


class _Frame:
    """A container whose children are being listed."""

    __slots__ = (
        "alone",
        "apart",
        "children",
        "holder",
        "in_shadow",
        "in_state",
        "no_state_dict_below",
        "node",
        "optimizer",
        "outermost",
        "pairs",
        "prefix",
        "repeated_keys",
        "shadowed",
        "shadows",
        "state_dict",
        "waiting",
    )

    def __init__(self, node: int, prefix: str, children: Iterator[tuple[str, int, int]], state_dict: str | None,
                 pairs: Pairs | None = None) -> None:
        self.node = node
        self.holder = node                          # whose children they are: of a module, in turn those in it
        self.prefix = prefix
        self.children = children
        self.state_dict = state_dict
        self.pairs = pairs
        self.optimizer = False                      # has the keys of an optimizer's state dict
        self.no_state_dict_below = False            # within an optimizer's "state" or a module
        self.in_state = False                       # a module whose state dict is being listed
        self.outermost = False                      # … and that is in no other module's
        self.waiting: deque[_Waiting] | None = None     # modules whose other attributes come after the outermost's state dict
        self.repeated_keys: set[int] | None = None      # key nodes that are the same key to Python as one before
        self.shadowed: list[tuple[int, int]] = []   # pairs that others of the same key took the place of: listed behind them
        self.shadows = False                        # … which is what is being listed
        self.in_shadow = False                      # lies in such a pair
        self.apart: bool | None = False             # surely no key of one child begins another's; None: to be told by `pairs`
        self.alone = False                          # surely no key of anything else begins as those in it do


class _Waiting(NamedTuple):
    """A module whose state dict is listed and whose other attributes are not."""

    key: str
    value: Opaque
    module: Module


class _Names(NamedTuple):
    """Keys of a dict: their texts, whether they are integers, which of them say that no weights lie there, of each whether it names a state
    of random numbers, how many are extra states, and whether they are those of an optimizer's state dict."""

    texts: list[str]
    integers: bool
    hold_no_weights: frozenset[str]
    random: list[bool]
    extra: int
    optimizer: bool


class _Small:
    """What is to be listed of a small container and those in it, and of the bytes that takes those not told by the keys."""

    __slots__ = (
        "containers",
        "in_state",
        "keys",
        "listed_nodes",
        "metadata",
        "on_path",
        "paths",
        "room",
        "slots",
        "state_dicts",
        "tensors",
        "values",
    )

    def __init__(self, in_state: bool) -> None:
        self.in_state = in_state                    # whether what comes next is the "state" of an optimizer
        self.room = 0
        self.keys: list[str] = []
        self.values: list[tuple[str, Plain]] = []
        self.tensors: list[tuple[int, int, str, str | None]] = []       # node, row, key, state dict
        self.state_dicts: list[str] = []
        self.listed_nodes: list[tuple[int, str]] = []
        self.metadata: list[tuple[str, int]] = []
        self.slots: list[Slot] = []
        self.containers: list[int] = []
        self.paths: list[tuple[int, str]] = []      # of those that are not empty
        self.on_path: list[int] = []


class _Listing:
    def __init__(self, graph: Graph, reader: Tensors, scripts: Scripts | None, limits: Limits, monitor: Monitor,
                 slots: list[Slot] | None = None, like: Checkpoint | None = None) -> None:
        self.graph = graph
        self.slots = slots
        self._known = _long_keys(like) if like is not None else {}
        self.limits = limits
        self.monitor = monitor
        self.reader = reader
        self.odd = Anomalies()
        self.tensors = self.reader.listing()
        self._add: Callable[[int, str, str | None], None] | None = None
        self._small: SmallDicts | None = None
        self._forms: dict[bytes, _Names | None] = {}
        self._form_keys = 0                         # in all of them
        if isinstance(self.tensors, TensorList):
            self._add = self.tensors.add
        self._quick = self.reader.quick()
        self.values: list[tuple[str, Plain]] = []
        self.state_dicts: list[str] = []
        self.module_metadata: dict[str, dict[str, Any]] = {}
        self.listed_nodes: list[tuple[int, str]] = []
        self.root_view: View | None = None
        self._root: Judgement = "no"                # whether the root is a state dict
        self._root_entries: Entries | None = None
        self.modules = Modules(graph, scripts, reader.is_tensor)
        self._modules: set[int] = set()             # modules that were listed
        self._stack: list[_Frame] = []
        self._seen: set[str] = set()                # keys given away, of containers too
        self._to_see: list[list[str]] = []          # … and those that are added when the next one is asked for
        self._suffixes: dict[str, int] = {}
        self._on_path: set[int] = set()
        self._paths: dict[int, str] = {}            # container -> where it was listed first
        self._objects: set[int] = set()             # unknown objects: listed once, as nobody says how they share
        self._opened: set[int] = set()              # nodes whose items or text were listed once
        self._source_lists: dict[int, list[int]] = {}
        self._sizes: dict[int, int] = {}
        self._repeats = limits.walk_repeats
        self._entries = 0
        self._room = limits.of_file(graph.end - graph.start).memory - graph.nbytes      # bytes that the tables may still take
        if isinstance(self.tensors, TensorList):
            self._small = SmallDicts(graph, reader.numbers, self.tensors.ordinary.place, self._room)
        elif not reader.numbers.nodes and len(graph) >= small_dicts.WORTH_IT:       # records of a data set, as a rule
            self._small = SmallDicts(graph, reader.numbers, array("i"), self._room)
        self._leaves: dict[int, Plain] = {}
        self._marks = reader.numbers.marks          # nodes of tensors that were listed: GIVEN
        self._references: dict[int, Opaque] = {}
        self._repeated: dict[int, TensorInfo] = {}  # tensors that were listed twice
        self._metadata: dict[int, dict[str, Any]] = {}
        self._facts: dict[int, dict[str, Any]] = {}

    # -- the loop -----------------------------------------------------------------------------------------------------

    def run(self) -> None:
        try:
            if self.slots is not None:
                self.slots.append(Slot("", -1, MADE_UP, self.graph.root))
            self._visit(self.graph.root, "", "", None)
            while self._stack:
                frame = self._stack[-1]
                if not self._advance(frame) and not self._next_module(frame) and not self._next_shadowed(frame):
                    self._stack.pop()
                    self._on_path.discard(frame.node)
        except _Enough as enough:
            self.odd.add("too-many-keys", "", str(enough))
            self._stack.clear()         # what lists children holds this listing: all its keys would wait for the garbage collector
        self._settle_root()

    def _advance(self, frame: _Frame) -> bool:
        """Lists children of `frame` until one of them is a container to go into. False when there are no more."""
        kind, ints, real = self.graph.kind, self.graph.a, self.graph.real
        seen, tensors, values, quick, add, numbers = self._seen, self.tensors, self.values, self._quick, self._add, self.reader.numbers
        prefix, state_dict, room = frame.prefix, frame.state_dict, self._room
        depth = len(self._stack)
        slots, holder, shadows, marks, known = self.slots, frame.holder, frame.shadows, self._marks, self._known
        shadowed = shadows or frame.in_shadow
        small = self._small if not shadowed else None
        to_see, repeated = self._to_see, self._repeated
        for segment, name, n in frame.children:
            while to_see:
                seen.update(to_see.pop())
            key = prefix + segment
            if key in seen or shadows:
                key = self._unique(frame, key, name)
            if known and len(key) > _LONG:
                key = known.get(key, key)
            seen.add(key)
            room -= _ENTRY + _size_of(key)
            if room < 0:
                raise _Enough(_TOO_MANY)
            if slots is not None:
                slots.append(Slot(key, holder, name, n))
            k = kind[n]
            if k == REDUCE and marks[n] < GIVEN:
                if add is not None and marks[n] and not shadowed:
                    marks[n] |= GIVEN
                    add(numbers.of(n), key, state_dict)
                    room -= _TENSOR
                    continue
                info = quick(n, key, state_dict)
                if info is not None:
                    marks[n] |= GIVEN
                    tensors.append(_as_shadowed(info) if shadowed else info)
                    room -= _TENSOR
                    continue
            elif k == REDUCE and add is not None and marks[n] & ORDINARY and not shadowed and self._repeats > 0:
                self._repeats -= _AGAIN         # as those that many optimizers' states share
                add(numbers.of(n), key, state_dict)
                room -= _TENSOR
                continue
            elif repeated and n in repeated and self._repeats > 0:
                self._repeats -= _AGAIN
                info = repeated[n]._replace(key=key, state_dict=state_dict)
                tensors.append(_as_shadowed(info) if shadowed else info)
                room -= _TENSOR
                continue
            elif k == REDUCE and self._repeats <= 0:        # … and no more of them
                values.append((key, self._reference(n)))
                continue
            elif k == INT:
                values.append((key, ints[n]))
                continue
            elif k == FLOAT:
                values.append((key, real(n)))
                continue
            elif k == DICT and small is not None and (found := small.of(n)) is not None:
                self._room = room
                if self._small_dict(n, found, key, segment, frame):
                    room = self._room
                    continue
            elif k <= FALSE:
                values.append((key, None if k == NONE else k == TRUE))
                continue
            self._room = room
            if small is None or k not in _SMALL_KINDS or not self._small_container(n, key, segment, frame):
                self._visit(n, key, segment, frame)
            room = self._room
            if len(self._stack) > depth:
                return True
        self._room = room
        return False

    def _visit(self, n: int, key: str, segment: str, parent: _Frame | None) -> None:
        """Lists node `n` under `key`, or starts to list what is in it."""
        kind = self.graph.kind[n]
        if kind in CONTAINERS or kind in CALLS:
            if not self.reader.is_tensor(n) or not self._tensor(n, key, parent):
                if kind in _PLACED:
                    self.listed_nodes.append((n, key))
                self._container(n, key, segment, parent)
        elif kind == PERSID:
            self.values.append((key, self._storage_leaf(n)))
        else:
            leaf = self._leaf(n)
            if kind in _PLACED or (kind in (PYSTR, PYSTRTEXT) and isinstance(leaf, bytes)):
                self.listed_nodes.append((n, key))
            self.values.append((key, leaf))

    def _leaf(self, n: int) -> Plain:
        if n not in self._leaves:
            leaf = self._leaves[n] = scalar(self.graph, n, self.limits.int_bits)
            if isinstance(leaf, str | bytes):
                self._room -= getsizeof(leaf)
        return self._leaves[n]

    def _storage_leaf(self, n: int) -> Plain:
        self._spend(_STORAGE)
        backing = self.reader.storages.of(n)
        if backing is None:
            return scalar(self.graph, n)
        return Opaque("torch.storage", f"storage {visible(backing.id, 40)}: {count(backing.capacity, 'element')} of {backing.dtype}"
                      + (f" on {visible(backing.device, 40)}" if backing.device else ""), n, backing.id)

    # -- tensors with more to them ------------------------------------------------------------------------------------

    def _tensor(self, n: int, key: str, parent: _Frame | None) -> bool:
        state_dict = parent.state_dict if parent else None
        given = self._marks[n] & GIVEN
        if given and self._repeats <= 0:
            self.values.append((key, self._reference(n)))
            return True
        rebuilt = self._read_again(n, key, state_dict) if given else self.reader.read(n, key, state_dict)
        if rebuilt is None:
            return False
        if given:
            self._repeats -= _AGAIN
        self._marks[n] |= GIVEN
        self._spend(_TENSOR)
        shadowed = parent is not None and (parent.shadows or parent.in_shadow)
        self.tensors.append(_as_shadowed(rebuilt.info) if shadowed else rebuilt.info)
        if self.reader.is_array(n):
            self.listed_nodes.append((n, key))      # torch.load does not take it for a tensor
        if parent is None:
            self.root_view = None
        gradient = (rebuilt.gradient,) if rebuilt.gradient >= 0 else ()
        if (rebuilt.states or gradient) and n not in self._on_path and len(self._stack) < self.limits.walk_depth \
                and self._affordable(n, (*gradient, *rebuilt.states)):
            children = chain((("grad", MADE_UP, node) for node in gradient), self._state_children(rebuilt.states, key))
            frame = _Frame(n, _prefix(key), children, None)     # what hangs on a tensor is no entry of the state dict
            frame.no_state_dict_below = parent is not None and parent.no_state_dict_below
            self._push(frame, key)
        return True

    def _read_again(self, n: int, key: str, state_dict: str | None) -> Rebuilt | None:
        """A tensor that was listed before. Where nothing is odd about it and nothing hangs on it, it is not read for its other keys."""
        remarks = self.reader.remarks
        said = sum(map(len, remarks.values()))
        rebuilt = self.reader.read(n, key, state_dict)
        if rebuilt is not None and not rebuilt.states and rebuilt.gradient < 0 and rebuilt.info.extra is None \
                and not self.reader.is_array(n) and sum(map(len, remarks.values())) == said:
            self._repeated[n] = rebuilt.info
        return rebuilt

    def _state_children(self, states: Iterable[int], key: str) -> Iterator[tuple[str, int, int]]:
        for state in states:
            pairs = state_pairs(self.graph, state)
            if pairs is None:
                yield "state", MADE_UP, state
            else:
                yield from self._pair_children(pairs, key, False)

    # -- containers and objects ---------------------------------------------------------------------------------------

    def _container(self, n: int, key: str, segment: str, parent: _Frame | None) -> None:
        if n in self._leaves:
            self.values.append((key, self._leaves[n]))
            return
        if n in self._on_path or n in self._objects or self._is_listed_as_module(n, parent):
            self.values.append((key, self._reference(n)))
            return
        if len(self._stack) >= self.limits.walk_depth:
            self.odd.add("deep", key, "")
            self.values.append((key, Opaque("deep", f"nested deeper than {self.limits.walk_depth} levels", n)))
            return
        if not self._affordable(n, self._sources(n)):
            self.values.append((key, self._reference(n)))
            return
        self._spend(_CONTAINER)
        self._afford(_ITEM * self._size(n))
        view = view_of(self.graph, n)
        if parent is None:
            self.root_view = view
        if isinstance(view, Leaf):
            self._leaves[n] = view.value
            self.values.append((key, view.value))
        elif isinstance(view, Mapping):
            self._mapping(n, view, key, segment, parent)
        elif isinstance(view, Sequence):
            self._sequence(n, view, key, parent)
        else:
            self._object(n, view, key, parent)

    def _mapping(self, n: int, view: Mapping, key: str, segment: str, parent: _Frame | None) -> None:
        if view.metadata >= 0:
            self.module_metadata[key] = self._metadata_of(view.metadata)
        if not view.pairs and not view.attributes:
            self.values.append((key, view.empty))
            return
        self._spend(_PAIR * len(view.pairs))
        if not all_texts(self.graph, view.pairs):
            self._afford(_IDENTITY * len(view.pairs))
        pairs, shadowed = last_of_each(self.graph, view.pairs, self.monitor)
        frame = _Frame(n, _prefix(key), iter(()), parent.state_dict if parent else None, view.pairs)
        frame.shadowed = shadowed
        frame.apart = False if shadowed or view.attributes else None
        frame.alone = self._is_alone(parent)
        frame.no_state_dict_below = parent is not None and parent.no_state_dict_below
        if parent is not None and parent.optimizer and segment == "state":
            frame.no_state_dict_below = True
            frame.state_dict = key
            self.state_dicts.append(key)
        elif not frame.no_state_dict_below:
            entries = self._entries_of(pairs)
            judgement = judged(entries, key, view.metadata >= 0)
            if judgement != "no":
                frame.state_dict = key
                self.state_dicts.append(key)
            if not key:
                self._root, self._root_entries = judgement, entries
            frame.no_state_dict_below = bool(key) and holds_no_weights(segment)
        frame.optimizer = not frame.no_state_dict_below and self._is_optimizer(pairs)
        self._entries += len(view.pairs)
        self._push(frame, key)
        done = self._many_tensors(frame, pairs) if isinstance(pairs, ManyPairs) and not frame.in_shadow else 0
        if self._small is not None and done < len(pairs) and pairs[done][1] in self._small:
            names, nodes = (pairs.keys, pairs.values) if isinstance(pairs, ManyPairs) else map(list, zip(*pairs, strict=True))
            done += self._many_dicts(frame, names[done:], nodes[done:])
        frame.children = self._pair_children(pairs[done:] if done else pairs, key, frame.no_state_dict_below)
        if view.attributes:
            frame.children = chain(frame.children, self._pair_children(view.attributes, key, False))

    def _many_tensors(self, frame: _Frame, pairs: ManyPairs) -> int:
        """Lists ordinary tensors under text keys, thousands at a time, from the first pair on for as long as there is nothing
        else, no key or tensor was there before and no key is long. Gives how many were listed: the others are gone through one by one.
        No two of `pairs` have the same key."""
        tensors, done = self.tensors, 0
        while self._to_see:
            self._seen.update(self._to_see.pop())
        if not isinstance(tensors, TensorList):
            return 0
        give_back(self.graph)
        found = RowsOfPairs(self.graph, pairs, self.reader.numbers)
        while done < len(pairs):
            self.monitor.check()
            prefix, count = frame.prefix, min(_MANY, len(pairs) - done)
            if _size_of(prefix) * count > self._room or not found.take(done, count, _MANY * _LARGE_TEXT):
                break
            keys = [prefix + text for text in found.texts] if prefix else found.texts
            room = _sizes_of(keys) + (_ENTRY + _TENSOR) * count
            if room > self._room or not self._seen.isdisjoint(keys if self._seen else ()):
                break
            tensors.add_many(found.rows, keys, frame.state_dict)
            found.give()
            self._to_see.append(keys)
            self._room -= room
            if self.slots is not None:
                self.slots += map(Slot, keys, repeat(frame.node), pairs.keys[done:done + count], pairs.values[done:done + count])
            done += count
        return done

    def _many_dicts(self, frame: _Frame, names: Row[int], nodes: Row[int]) -> int:
        """Lists dicts that have only a few ordinary tensors and plain values, thousands at a time, as `_small_dict` does one by one: from
        the first of `nodes` on for as long as there is nothing else, and nothing that was there before. Gives how many were listed.
        `names` are keys or, of items, the complements of their indexes."""
        tensors, small, numbers, limits, done = self.tensors, self._small, self.reader.numbers, self.limits, 0
        if small is None or frame.in_shadow or frame.optimizer or len(self._stack) >= limits.walk_depth:
            return 0
        while done < len(nodes) and (found := small.several(nodes[done:done + small_dicts.MOST])) is not None:
            self.monitor.check()
            count, total = len(found.counts), len(found.texts)
            dicts, own = [*nodes[done:done + count]], names[done:done + count]
            segments = [str(~name) for name in own] if own[0] < 0 else segments_of(self.graph, own, frame.no_state_dict_below)
            if not segments or not all(segments):
                break
            paths = [frame.prefix + segment for segment in segments] if frame.prefix else segments
            prefixes = [f"{path}." for path in paths]
            keys = [*map(add, chain.from_iterable(map(repeat, prefixes, found.counts)), found.texts)]
            there = found.rows >= 0
            values, inside = found.values[there], found.number_of(there)
            room = (_ENTRY + _CONTAINER) * count + (_PAIR + _ENTRY) * total + _TENSOR * len(values) \
                + sum(map(_sizes_of, (paths, prefixes, keys)))
            if not all_different(values) or room + _ITEM * (2 + 2 * max(found.counts)) > self._room \
                    or self._entries + total > limits.walk_entries or not self._opened.isdisjoint(dicts) or not numbers.are_fresh(values) \
                    or not (self._is_alone(frame) or self._are_new([*paths, *keys])):
                break
            is_tensor = there.tolist()
            if isinstance(tensors, TensorList):         # without a tensor none of them is a state dict
                tensors.add_dicts(found.rows[there], compress(keys, is_tensor), inside, self._state_dicts_of(found, inside, paths, frame))
            self._opened.update(dicts)
            self._paths.update(zip(dicts, paths, strict=True))
            self._entries += total
            self._room -= room
            numbers.give(values)
            if len(values) < total:
                pairs = zip(keys, found.values.tolist(), strict=True)
                self.values += [(key, self._plain(node)) for key, node in compress(pairs, map(not_, is_tensor))]
            if self.slots is not None:
                places = map(Slot, keys, chain.from_iterable(map(repeat, dicts, found.counts)), found.keys.tolist(), found.values.tolist())
                for path, name, n, inner in zip(paths, own, dicts, found.counts, strict=True):
                    self.slots += chain([Slot(path, frame.holder, name, n)], islice(places, inner))
            done += count
        return done

    def _many_numbers(self, frame: _Frame, items: Row[int]) -> int:
        """Lists the integers of a sequence, thousands at a time, as `_advance` does one by one: from the first item on for as long as there
        is nothing else. Gives how many were listed."""
        kind, number, prefix, done = self.graph.kind, self.graph.a.__getitem__, frame.prefix, 0
        if len(items) < small_dicts.TOGETHER or frame.in_shadow or len(prefix) > _LONG // 2:
            return 0
        while done < len(items):
            some = items[done:done + _MANY]
            if any(map(INT.__ne__, map(kind.__getitem__, some))):
                break
            keys = [f"{prefix}{place}" for place in range(done, done + len(some))]
            room = _sizes_of(keys) + _ENTRY * len(some)
            if room > self._room or not (frame.alone or self._are_new(keys)):
                break
            self.values += zip(keys, map(number, some), strict=True)
            self._room -= room
            if self.slots is not None:
                self.slots += map(Slot, keys, repeat(frame.node), range(~done, ~(done + len(some)), -1), some)
            done += len(some)
        return done

    def _are_new(self, keys: list[str]) -> bool:
        """Whether none of these was there before, nor is there twice; if so, they are given away."""
        while self._to_see:
            self._seen.update(self._to_see.pop())
        fresh = {*keys}
        if len(fresh) < len(keys) or not self._seen.isdisjoint(fresh):
            return False
        self._seen |= fresh
        return True

    def _is_alone(self, parent: _Frame | None) -> bool:
        """Whether nothing but what is in a child of `parent` has keys that begin like those there: the child's is its only name without a
        dot, and so it is all the way up."""
        return parent is None or (parent.alone and not (parent.shadows or parent.in_shadow) and self._are_apart(parent))

    def _are_apart(self, frame: _Frame) -> bool:
        """Whether the names of all children of a container differ, and each is one segment."""
        if frame.apart is None:
            assert frame.pairs is not None
            frame.apart = are_segments(self.graph, frame.pairs)
        return frame.apart

    def _state_dicts_of(self, found: Several, tensors: list[int], paths: list[str], frame: _Frame) -> Iterable[str | None]:
        """The state dict that the tensors, of which there are so many, of each of these dicts lie in: itself, if it is one, which is
        noted."""
        if frame.no_state_dict_below:
            return repeat(frame.state_dict, len(paths))
        assert isinstance(self.tensors, TensorList)
        import numpy as np
        vectors = self.tensors.have_dimensions(found.rows) & (found.rows >= 0)
        if any(map(is_random_state, {*found.texts})):
            vectors &= [not is_random_state(text) for text in found.texts]
        all_of_them = found.counts
        if all_of_them != tensors:
            extra = found.number_of(np.array([text.endswith(EXTRA_STATE) for text in found.texts]))
            all_of_them = [count - more * (count > named) for count, more, named in zip(all_of_them, extra, tensors, strict=True)]
        own = [path if judged(Entries(count, named, any_vector), path) != "no" else None
               for path, count, named, any_vector in zip(paths, all_of_them, tensors, found.any_of(vectors), strict=True)]
        self.state_dicts += filter(None, own)
        return (path or frame.state_dict for path in own)

    def _small_dict(self, n: int, found: SmallDict, key: str, segment: str, parent: _Frame) -> bool:
        """Lists a dict that has only a few ordinary tensors, numbers and texts, as `_mapping` and `_advance` do, which know of all else
        there may be: False, and nothing was done, where there is any of that."""
        count, prefix, limits = len(found.rows), _prefix(key), self.limits
        keys = [prefix + text for text in found.texts] if prefix else found.texts
        fresh, marks, rows, places, own = {*keys}, self._marks, found.rows, found.places, keys
        nodes: Row[int] = found.values
        if found.mixed:
            nodes, own = [*compress(nodes, map((-1).__ne__, rows))], [*compress(keys, map((-1).__ne__, rows))]
            rows, places = (array("i", filter((-1).__ne__, column)) for column in (rows, places))
        room = _CONTAINER + _size_of(prefix) + (_PAIR + _ENTRY) * count + _TENSOR * len(nodes) + sum(map(_size_of, keys))
        if room + _ITEM * (2 + 2 * count) > self._room or self._entries + count > limits.walk_entries or n in self._opened or not key \
                or len(self._stack) >= limits.walk_depth or len(fresh) < count or not self._seen.isdisjoint(fresh) \
                or (parent.optimizer and segment == "state"):
            return False
        again = 0
        if max(map(marks.__getitem__, nodes), default=0) >= GIVEN or len({*nodes}) < len(nodes):
            again = _AGAIN * (len(nodes) - len({node for node in nodes if marks[node] < GIVEN}))
            if again >= self._repeats:
                return False
        self._repeats -= again
        state_dict = parent.state_dict
        if not parent.no_state_dict_below and judged(self._entries_of_small(found), key) != "no":
            state_dict = key
            self.state_dicts.append(key)
        self._opened.add(n)
        self._paths[n] = key
        self._entries += count
        self._room -= room
        self._seen |= fresh
        for node in nodes:
            marks[node] |= GIVEN
        if isinstance(self.tensors, TensorList):
            self.tensors.extend(rows, places, own, state_dict)
        if found.mixed:
            self.values += ((name, self._plain(node)) for name, node, row in zip(keys, found.values, found.rows, strict=True) if row < 0)
        if self.slots is not None:
            self.slots += map(Slot, keys, repeat(n), found.keys, found.values)
        if len(self._paths) % _CHECK_EVERY == 0:
            self.monitor.check()
        return True

    def _small_container(self, n: int, key: str, segment: str, parent: _Frame) -> bool:
        """Lists a container of a few ordinary tensors, numbers, texts, types and containers of such, as `_container` and `_advance` do,
        which know of all else there may be: False, and nothing was done, where there is any of that."""
        if self._room < _SMALL_ROOM or self._repeats < _SMALL_REPEATS or self._entries + _SMALL > self.limits.walk_entries \
                or len(self._stack) + _SMALL_DEPTH >= self.limits.walk_depth or not key \
                or (self.graph.kind[n] == REDUCE and not self._is_ordered_dict(n)):
            return False
        found = _Small(parent.optimizer and segment == "state")
        if not self._gather(found, n, key, not found.in_state and holds_no_weights(segment), parent.state_dict, parent.no_state_dict_below):
            return False
        keys, add, marks, opened = found.keys, self._add, self._marks, self._opened
        while self._to_see:
            self._seen.update(self._to_see.pop())
        fresh = {*keys}
        if len(fresh) < len(keys) or not self._seen.isdisjoint(fresh):
            return False
        self._seen |= fresh
        self._room -= found.room + _ENTRY * len(keys) + _sizes_of(keys) + _TENSOR * len(found.tensors)
        self._entries += len(keys)
        self.values += found.values
        self.state_dicts += found.state_dicts
        self.listed_nodes += found.listed_nodes
        if self.slots is not None:
            self.slots += found.slots
        for node, row, own, state_dict in found.tensors:
            if marks[node] & GIVEN:
                self._repeats -= _AGAIN
            marks[node] |= GIVEN
            assert add is not None
            add(row, own, state_dict)
        for node in found.containers:
            if self.graph.kind[node] == REDUCE:
                self._affordable(node, self._sources(node))
            elif node in opened:
                self._repeats -= self._size(node)
            else:
                opened.add(node)
        for node, own in found.paths:
            self._paths.setdefault(node, own)
            if len(self._paths) % _CHECK_EVERY == 0:
                self.monitor.check()
        for own, node in found.metadata:
            self.module_metadata[own] = self._metadata_of(node)
        return True

    def _gather(self, found: _Small, n: int, key: str, no_weights: bool, state_dict: str | None, no_state_dict_below: bool) -> bool:
        """Adds to `found` what is in such a container. `no_weights`: its name says that it holds none; `state_dict` and
        `no_state_dict_below` are those of what it lies in. False where it is none."""
        graph = self.graph
        kind, ints, ordered = graph.kind, graph.a, graph.kind[n] == REDUCE
        in_state, found.in_state = found.in_state, False
        filled = self._filled_at_once(found, n, key)
        if filled is None or n in self._on_path or n in found.on_path:
            return False
        found.containers.append(n)
        found.room += _CONTAINER
        if ordered:
            found.listed_nodes.append((n, key))
        flat = graph.operands[filled[0]:filled[1]]
        is_mapping = kind[n] not in (LIST, TUPLE)
        if not flat:
            found.values.append((key, {} if is_mapping else [] if kind[n] == LIST else ()))
            return True
        names: Row[int] = flat[::2] if is_mapping else range(-1, ~len(flat), -1)
        nodes = flat[1::2] if is_mapping else flat
        start, kinds, of_row, marks = f"{key}.", bytes(map(kind.__getitem__, nodes)), self.reader.numbers.of, self._marks
        if not _SMALL_VALUES.issuperset(kinds) or len(found.keys) + len(nodes) > _SMALL or len(start) > _LONG // 2:
            return False
        rows: Iterable[int] = repeat(-1)
        if REDUCE in kinds:
            rows = [of_row(node) if marks[node] else -1 for node in nodes]
            if any(row < 0 and k == REDUCE and not self._is_ordered_dict(node) for row, k, node in zip(rows, kinds, nodes, strict=True)):
                return False
        form = self._form_of(flat[::2]) if is_mapping else _NUMBERED[:len(nodes)]
        if isinstance(form, _Names):
            if in_state:
                no_state_dict_below, state_dict = True, key
                found.state_dicts.append(key)
            elif not no_state_dict_below:
                if judged(self._entries_of_few(form, rows, len(nodes)), key, bool(found.metadata) and found.metadata[-1][0] == key) != "no":
                    state_dict = key
                    found.state_dicts.append(key)
                no_state_dict_below = no_weights
            if form.integers and not no_state_dict_below:
                return False
            texts, without = form.texts, form.hold_no_weights
            optimizer = form.optimizer and not no_state_dict_below
            found.room += _PAIR * len(nodes)
        elif form is None:
            return False
        else:
            texts, without, optimizer = form, frozenset(), False
            found.room += _ITEM * len(nodes)
        found.paths.append((n, key))
        found.room += _size_of(start)
        found.on_path.append(n)
        keys, values, slots = found.keys, found.values, self.slots
        for text, name, node, k, row in zip(texts, names, nodes, kinds, rows):      # noqa: B905 - rows may have no end
            own = start + text
            keys.append(own)
            if slots is not None:
                found.slots.append(Slot(own, n, name, node))
            if row >= 0:
                found.tensors.append((node, row, own, state_dict))
            elif k == INT:
                values.append((own, ints[node]))
            elif k == FLOAT:
                values.append((own, graph.real(node)))
            elif k <= FALSE:
                values.append((own, None if k == NONE else k == TRUE))
            elif k == STR or k == GLOBAL:  # noqa: SIM109 - two comparisons are less than a tuple
                if k == GLOBAL:
                    found.listed_nodes.append((node, own))
                elif graph.b[node] - ints[node] > _LARGE_TEXT:
                    return False
                values.append((own, self._leaf(node)))
            else:
                found.in_state = optimizer and text == "state"
                if len(found.on_path) >= _SMALL_DEPTH \
                        or not self._gather(found, node, own, text in without and not found.in_state, state_dict, no_state_dict_below):
                    return False
        found.on_path.pop()
        return True

    def _filled_at_once(self, found: _Small, n: int, key: str) -> tuple[int, int] | None:
        """Where the operands of a container begin and end that was made empty and filled at once, as picklers do it, or is a tuple. None
        for one that was not, has too many, or is a call of something else than OrderedDict, or has attributes besides `_metadata`."""
        graph = self.graph
        kind, a, b = graph.kind, graph.a, graph.b
        of = kind[n]
        if of == TUPLE:
            return (a[n], b[n]) if b[n] - a[n] <= _SMALL else None
        done: Row[int] = graph.mutations.get(n, ())
        if of == REDUCE:
            if not self._is_ordered_dict(n):
                return None
            if len(done) == 2 and kind[done[1]] == BUILD:
                attributes = state_pairs(graph, b[done[1]])
                if attributes is None or len(attributes) != 1 or graph.loose_text(attributes[0][0]) != "_metadata":
                    return None
                found.metadata.append((key, attributes[0][1]))
                done = done[:1]
        elif a[n] != b[n]:
            return None
        if not done:
            return 0, 0
        made, kinds = done[0], (APPEND, APPENDS) if of == LIST else (SETITEM, SETITEMS)
        return (a[made] + 1, b[made]) if len(done) == 1 and kind[made] in kinds and b[made] - a[made] <= 2 * _SMALL else None

    def _is_ordered_dict(self, n: int) -> bool:
        """Whether that REDUCE makes an empty OrderedDict."""
        graph, function, args = self.graph, self.graph.a[n], self.graph.b[n]
        return graph.kind[function] == GLOBAL and graph.a[function] in self.reader.ordered_dicts \
            and graph.kind[args] == TUPLE and graph.a[args] == graph.b[args]

    def _form_of(self, keys: array[int]) -> _Names | None:
        """What these nodes say as keys of a dict; None where they are not all texts, or all integers, that differ and are not long. Most
        dicts have the keys of another, and the same nodes."""
        known = keys.tobytes()
        if known in self._forms:
            return self._forms[known]
        graph = self.graph
        kinds, found = {*map(graph.kind.__getitem__, keys)}, None
        if kinds in ({STR}, {INT}) and (kinds == {INT} or all(graph.b[k] - graph.a[k] <= _LONG // 2 for k in keys)):
            texts = [key_text(graph, k) for k in keys]
            different = {*texts}
            if len(different) == len(texts):
                found = _Names(texts, kinds == {INT}, frozenset(filter(holds_no_weights, texts)), [*map(is_random_state, texts)],
                               sum(text.endswith(EXTRA_STATE) for text in texts), {"state", "param_groups"} <= different)
        if self._form_keys < _FORM_KEYS:
            self._forms[known] = found
            self._form_keys += len(keys)
        return found

    def _entries_of_few(self, names: _Names, rows: Iterable[int], count: int) -> Entries:
        """The same as `_entries_of`, of a dict with such names: `rows` are those of its tensors, -1 for all else."""
        if names.integers or isinstance(rows, repeat) or not isinstance(self.tensors, TensorList):
            return Entries(count, 0, False)
        ordinary = self.tensors.ordinary
        tensors = [(row, random) for row, random in zip(rows, names.random, strict=True) if row >= 0]
        vectors = any(ordinary.kinds[ordinary.kind[row]].shape and not random for row, random in tensors)
        return Entries(count - names.extra if 0 < len(tensors) < count else count, len(tensors), vectors)

    def _plain(self, n: int) -> Plain:
        """What an INT, a FLOAT, a text, a bool or None is."""
        k = self.graph.kind[n]
        if k == STR:
            return self._leaf(n)
        return self.graph.a[n] if k == INT else self.graph.real(n) if k == FLOAT else None if k == NONE else k == TRUE

    def _entries_of_small(self, found: SmallDict) -> Entries:
        vectors = (row >= 0 and not self.reader.is_scalar(node) and not is_random_state(text)
                   for node, text, row in zip(found.values, found.texts, found.rows, strict=True))
        if not found.mixed:
            return Entries(len(found.rows), len(found.rows), any(vectors))
        extra = sum(text.endswith(EXTRA_STATE) for text in found.texts)
        return Entries(len(found.rows) - extra, sum(row >= 0 for row in found.rows), any(vectors))

    def _sequence(self, n: int, view: Sequence, key: str, parent: _Frame | None) -> None:
        if not view.items:
            self.values.append((key, view.empty))
            return
        self._entries += len(view.items)
        self._spend(_ITEM * len(view.items))
        frame = _Frame(n, _prefix(key), iter(()), parent.state_dict if parent else None)
        frame.no_state_dict_below = parent is not None and parent.no_state_dict_below
        frame.apart, frame.alone = True, self._is_alone(parent)
        self._push(frame, key)
        done = self._many_dicts(frame, range(-1, ~len(view.items), -1), view.items) or self._many_numbers(frame, view.items)
        frame.children = ((str(i), ~i, view.items[i]) for i in range(done, len(view.items)))

    def _object(self, n: int, view: Object, key: str, parent: _Frame | None) -> None:
        module = self.modules.module_of(n, view, self._tables_affordable)
        if module is not None:
            self._module(n, view.value, module, key, parent)
            return
        if self.modules.is_module(n):           # and too dear to be listed once more
            self.values.append((key, self._reference(n) if n in self._paths else view.value))
            return
        self._spend(_OBJECT)
        self.values.append((key, view.value))
        self._objects.add(n)
        if not view.children and not view.attributes:
            self._leaves[n] = view.value
            return
        self._entries += len(view.children) + len(view.attributes)
        children = chain(_made_up(view.children), self._pair_children(view.attributes, key, False))
        frame = _Frame(n, _prefix(key), children, parent.state_dict if parent else None)
        frame.no_state_dict_below = parent is not None and parent.no_state_dict_below
        self._push(frame, key)

    # -- modules ------------------------------------------------------------------------------------------------------

    def _is_listed_as_module(self, n: int, parent: _Frame | None) -> bool:
        """Whether `n` is a module that some attribute of a module refers to and that was listed already: in its place among
        the others, most often."""
        return n in self._modules and parent is not None and parent.no_state_dict_below and not parent.in_state

    def _module(self, n: int, value: Opaque, module: Module, key: str, parent: _Frame | None) -> None:
        """Lists the state dict of a module, with those of the modules in it; all their other attributes come after it."""
        self._modules.add(n)
        self._entries += len(module.state) + len(module.modules) + len(module.others) + len(module.children)
        frame = _Frame(n, _prefix(key), self._pair_children(chain(module.state, module.modules), key, False), key)
        frame.no_state_dict_below = frame.in_state = True
        if parent is not None and parent.in_state:
            frame.waiting, frame.state_dict = parent.waiting, parent.state_dict
        else:
            frame.waiting, frame.outermost = deque(), True
            self.state_dicts.append(key)
        assert frame.waiting is not None
        frame.waiting.append(_Waiting(key, value, module))
        self._push(frame, key)

    def _next_module(self, frame: _Frame) -> bool:
        """Goes on from a module's state dict to the other attributes of the next module in it. False: there are no more."""
        if not frame.outermost or not frame.waiting:
            return False
        key, value, module = frame.waiting.popleft()
        self.values.append((key, value))
        frame.in_state, frame.state_dict, frame.prefix, frame.holder = False, None, _prefix(key), value.node
        frame.children = chain(_made_up(module.children), self._pair_children(module.others, key, False))
        return True

    def _next_shadowed(self, frame: _Frame) -> bool:
        """Goes on to the pairs of a dict that others took the place of. False: there are none."""
        shadowed, frame.shadowed = frame.shadowed, []
        if not shadowed:
            return False
        frame.shadows = frame.no_state_dict_below = True
        frame.state_dict = None
        frame.children = self._pair_children(shadowed, frame.prefix.removesuffix("."), True)
        return True

    def _spend(self, nbytes: int) -> None:
        """Takes so many bytes off what the tables may still take; ends the walk where there are not as many."""
        self._afford(nbytes)
        self._room -= nbytes

    def _afford(self, nbytes: int) -> None:
        """Ends the walk where the tables may not take so many bytes more, if only for a while."""
        if nbytes > self._room:
            raise _Enough(_TOO_MANY)

    def _push(self, frame: _Frame, key: str) -> None:
        if self._entries > self.limits.walk_entries:
            raise _Enough(f"more than {self.limits.walk_entries} keys")
        self._spend(_size_of(frame.prefix))
        frame.in_shadow = bool(self._stack) and (self._stack[-1].shadows or self._stack[-1].in_shadow)
        self._paths.setdefault(frame.node, key)
        self._on_path.add(frame.node)
        self._stack.append(frame)
        if len(self._paths) % _CHECK_EVERY == 0:
            self.monitor.check()

    def _reference(self, n: int) -> Opaque:
        found = self._references.get(n)
        if found is None:
            where = "a tensor that was listed before" if self._marks[n] & GIVEN else visible(self._paths.get(n, "") or "(the root)")
            found = self._references[n] = Opaque("reference", f"→ {where}", n)
        return found

    # -- keys ---------------------------------------------------------------------------------------------------------

    def _pair_children(self, pairs: Iterable[tuple[int, int]], path: str, counted: bool) -> Iterator[tuple[str, int, int]]:
        """(segment, key node, value node) of each pair. `counted`: integer keys are the rule here and no finding."""
        graph = self.graph
        kind, a, b, data = graph.kind, graph.a, graph.b, graph.data
        numbers: dict[bytes | str, str] = {}
        start, odd = _prefix(path) if len(path) <= _LARGE_TEXT else None, self.odd.add     # a long one is not held beside its path
        for k, value in pairs:
            if kind[k] == STR:
                yield str(data[a[k]:b[k]], "utf-8", "surrogatepass"), k, value
            elif kind[k] in (STRTEXT, PYSTR, PYSTRTEXT):
                text = self._large_key(k)
                if kind[k] != STRTEXT and len(path) + len(text) <= _LARGE_TEXT and graph.loose_text(k) is None:
                    self.listed_nodes.append((k, self._held(_prefix(path) + text)))
                yield text, k, value
            elif kind[k] == INT:
                text = str(a[k])
                key = (_prefix(path) if start is None else start) + text
                if not counted:                     # as they are where they are the ids of parameters
                    odd("non-string-keys", key, "")
                if numbers.setdefault(text, text) != text:
                    odd("duplicate-keys", key, "")
                yield text, k, value
            else:
                yield self._key_that_is_no_text(k, path, numbers), k, value

    def _large_key(self, k: int) -> str:
        """A key that has to be decoded; long ones only once, as many pairs may share them."""
        text = self._leaves.get(k)
        if not isinstance(text, str):
            text = key_text(self.graph, k)
            if self.graph.b[k] - self.graph.a[k] > _LARGE_TEXT:
                self._leaves[k] = text
        return text

    def _key_that_is_no_text(self, k: int, path: str, numbers: dict[bytes | str, str]) -> str:
        kind = self.graph.kind[k]
        text = key_text(self.graph, k)
        key = _prefix(path) + text
        if kind not in SCALARS and len(key) <= _LARGE_TEXT:
            self.listed_nodes.append((k, self._held(key)))
        self.odd.add("non-string-keys", key, "")
        if kind in NUMBERS:
            before = numbers.setdefault(key_identity(self.graph, k)[1], text)      # 1, 1.0 and True are one key to Python
            if before != text:
                self.odd.add("duplicate-keys", key, "")
        return text

    def _held(self, key: str) -> str:
        """`key`, which its value is listed under in a moment: that, too, holds the same text then."""
        return self._known.setdefault(key, key) if len(key) > _LONG else key

    def _unique(self, frame: _Frame, key: str, name: int) -> str:
        """Another key for what would be called like something before it; `name` is the node of its dict key."""
        count = self._suffixes.get(key, 1)
        while True:
            count += 1
            other = f"{key}#{count}"
            if other not in self._seen:
                break
        self._suffixes[key] = count
        if frame.shadows:
            self.odd.add("duplicate-keys", other, "")
        elif self._is_repeated(frame, name):
            self.odd.add("duplicate-keys", key, "")
        else:
            self.odd.add("key-collision", key, f" ({other} is {key_type(self.graph, name)})" if name >= 0 else "")
        return other

    def _is_repeated(self, frame: _Frame, name: int) -> bool:
        """Whether a key of this dict is the same as one before it for Python, not only for our paths."""
        if frame.pairs is None:
            return False
        if frame.repeated_keys is None:
            frame.repeated_keys = set()
            identities = SameKeys(self.graph)
            seen: set[tuple[str, bytes | str]] = set()
            for k, _ in frame.pairs:
                if identities[k] in seen:
                    frame.repeated_keys.add(k)
                seen.add(identities[k])
        return name in frame.repeated_keys

    # -- budgets ------------------------------------------------------------------------------------------------------

    def _sources(self, n: int) -> list[int]:
        """The nodes whose items or text a look at `n` reads: itself, or a call's arguments and states."""
        graph = self.graph
        if graph.kind[n] in CONTAINERS:
            return [n]
        found = self._source_lists.get(n)
        if found is not None:
            return found
        found = self._source_lists[n] = [n]
        for other in graph.references(n)[:8]:
            if graph.kind[other] != TUPLE:
                found.append(other)
                continue
            found.append(other)
            found += graph.operands[graph.a[other]:min(graph.b[other], graph.a[other] + 8)]
        for m in graph.mutations.get(n, ()):
            if graph.kind[m] == BUILD:
                found.append(graph.b[m])
                if graph.kind[graph.b[m]] == TUPLE:
                    state = graph.b[m]
                    found += graph.operands[graph.a[state]:min(graph.b[state], graph.a[state] + 8)]
        return found

    def _affordable(self, n: int, sources: Iterable[int]) -> bool:
        """Whether `n` may be listed: what was listed before costs its size, until `walk_repeats` is used up."""
        cost = 0
        opened = self._opened
        for source in sources:
            if source in opened:
                cost += self._size(source)
            elif self._size(source) > 1 or source == n:
                opened.add(source)
        if cost > self._repeats:
            return False
        self._repeats -= cost
        return True

    def _tables_affordable(self, n: int, tables: tuple[int, ...]) -> bool:
        """The same for the dicts and sets that make `n` a module, which are gone over to tell what is in it."""
        return self._affordable(n, [source for table in tables for source in self._sources(table)])

    def _size(self, n: int) -> int:
        """How much work it is to list `n` once more."""
        size = self._sizes.get(n)
        if size is None:
            size = self._sizes[n] = self._measure(n)
        return size

    def _measure(self, n: int) -> int:
        graph = self.graph
        kind = graph.kind[n]
        if kind in (STR, STRTEXT, PYSTR, PYSTRTEXT, BYTES):
            size = graph.b[n] - graph.a[n]
            return size // 64 if size > _LARGE_TEXT else 0
        if kind in CONTAINERS:
            size = 1 + graph.b[n] - graph.a[n]
        elif kind in CALLS:
            size = 1
        else:
            return 0
        for m in graph.mutations.get(n, ()):
            size += graph.b[m] - graph.a[m] if APPEND <= graph.kind[m] < BUILD else 1
        return size

    # -- state dicts --------------------------------------------------------------------------------------------------

    def _entries_of(self, pairs: Pairs) -> Entries:
        """How many entries a dict has, how many of them are tensors under names, and whether any of these has dimensions."""
        kind, is_tensor, texts = self.graph.kind, self.reader.is_tensor, (STR, STRTEXT, PYSTR, PYSTRTEXT)
        named, rest = 0, pairs
        ordinary: Iterator[tuple[int, int]] = iter(())
        if isinstance(pairs, ManyPairs) and isinstance(self.tensors, TensorList):       # nearly all of them, where there are so many
            ours, others = by_name(self.graph, self.reader.numbers, pairs)
            named, ordinary, rest = len(ours), (pairs[place] for place in ours), [pairs[place] for place in others.tolist()]
        tensors = [(k, value) for k, value in rest if kind[value] in (REDUCE, NEWOBJ) and kind[k] in texts and is_tensor(value)]
        if not tensors and not named:
            return Entries(len(pairs), 0, False)
        vectors = any(not self.reader.is_scalar(value) and not is_random_state(self._large_key(k)) for k, value in chain(tensors, ordinary))
        named += len(tensors)
        names = [k for k, _ in pairs if kind[k] in texts] if len(pairs) > named else []
        extra = sum(self._large_key(k).endswith(EXTRA_STATE) for k in names)
        return Entries(len(pairs) - extra, named, vectors)

    def _settle_root(self) -> None:
        """Takes the root out of the state dicts where others are what it was taken for."""
        if self._root not in ("likely", "perhaps") or root_stays(self._root, self.state_dicts):
            return
        self.state_dicts.remove("")
        if isinstance(self.tensors, TensorList):
            self.tensors.leave("")
        else:
            self.tensors = [info._replace(state_dict=None) if info.state_dict == "" else info for info in self.tensors]

    def _is_optimizer(self, pairs: Pairs) -> bool:
        if not 2 <= len(pairs) <= _OPTIMIZER:
            return False
        texts = {self.graph.loose_text(k) for k, _ in pairs}
        return "state" in texts and "param_groups" in texts

    def _metadata_of(self, n: int) -> dict[str, Any]:
        """A state dict's `_metadata`: module prefix -> {"version": 1, …}, two levels of it."""
        found = self._metadata.get(n)
        if found is None:
            found = self._metadata[n] = {}
            pairs = self._plain_pairs(n)
            if len(pairs) > _CHECK_EVERY:
                self.monitor.check()
            for k, value in pairs:
                found[key_text(self.graph, k)] = self._facts_of(value)
        return found

    def _facts_of(self, n: int) -> dict[str, Any]:
        found = self._facts.get(n)
        if found is None:
            pairs = self._plain_pairs(n)[:_OPTIMIZER]
            found = self._facts[n] = {key_text(self.graph, name): self._fact(fact) for name, fact in pairs}
        return found

    def _plain_pairs(self, n: int) -> Pairs:
        kind = self.graph.kind[n]
        if kind == DICT:
            return self.graph.pairs(n)
        if kind == REDUCE and not self._affordable(n, self._sources(n)):
            return []
        view = view_of(self.graph, n) if kind == REDUCE else None
        return view.pairs if isinstance(view, Mapping) else []

    def _fact(self, n: int) -> Plain:
        kind = self.graph.kind[n]
        return Opaque("object", short(self.graph, n), n) if kind in CONTAINERS or kind in CALLS else self._leaf(n)

    # -- what it is, all in all ---------------------------------------------------------------------------------------

    def kind(self) -> str:
        view = self.root_view
        if self.graph.root >= 0 and view is None and len(self.tensors) >= 1 and self.tensors[0].key == "":
            return "tensor"
        if not isinstance(view, Mapping):
            # a module, a list that holds one beside what else was needed to go on, an object with one in it
            return "module" if self._modules else "other"
        found = self._root_entries if "" in self.state_dicts else None
        return kind_of_dict(found.tensors if found else 0, found.all if found else len(view.pairs),
                            has_metadata=view.metadata >= 0 and "" in self.state_dicts, holds_tensors=bool(self.tensors or self._modules))


_size_of = str.__sizeof__


def _sizes_of(texts: list[str]) -> int:
    together = "".join(texts)
    return len(together) + _size_of("") * len(texts) if together.isascii() else sum(map(_size_of, texts))


def _long_keys(ckpt: Checkpoint) -> dict[str, str]:
    every = chain(ckpt.tensors, ckpt.values, (key for _, key in ckpt.listed_nodes))
    return {key: key for key in every if len(key) > _LONG}


def _as_shadowed(info: TensorInfo) -> TensorInfo:
    return info._replace(extra=replace(info.extra or Extra(), shadowed=True))


def _made_up(children: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int, int]]:
    return ((segment, MADE_UP, n) for segment, n in children)


def _prefix(key: str) -> str:
    return f"{key}." if key else ""

