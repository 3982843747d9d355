"""Values that `torch.load(weights_only=True)` refuses, made plain in the graph of the pickle that they are in.

Each such value keeps its node and becomes something else: a number, a text, a dict, a list, a tensor. What refers to it need not know,
what is in it is a value of its own, and everything else stays as it is.

    numpy scalar                number, truth value, text; datetime64 and timedelta64 ISO text
    numpy array                 tensor (of objects and texts: list; of records and other types: its raw bytes, uint8)
    path, UUID, Decimal …       text; datetime, date, time, timedelta ISO 8601 text; a dtype its name; a slice as Python writes it
    Namespace, defaultdict …    dict; deque, range, frozenset list
    enum, subclass of a number  the value it was made with; a named tuple a tuple, a subclass of dict or list a dict or list
    module                      its state dict
    any other object            dict of its attributes, under the names that they have in the tree
    class, function             its name; a partial and the result of a call nobody knows: what Python would write
    tensor of a subclass        the tensor in it

Where a value has to be hashed, as a key of a dict or in a set, lists and dicts become tuples.
"""
from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import count
from math import inf, prod
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, Constant, InMemory, Opaque, Plain, Storage
from inspector.core.dtypes import DTYPES
from inspector.core.graph import (
    ADDITEMS,
    BIGINT,
    BIGTEXT,
    BYTES,
    CALLS,
    CONTAINERS,
    DICT,
    EXT,
    FROZENSET,
    GLOBAL,
    GLOBALDYN,
    LIST,
    NEWOBJ,
    PERSID,
    PYSTR,
    PYSTRTEXT,
    REDUCE,
    SET,
    SETITEM,
    SETITEMS,
    STR,
    STRTEXT,
    TUPLE,
    Graph,
    Pairs,
)
from inspector.core.keypath import visible
from inspector.core.pickles.encode.graph_editor import GraphEditor
from inspector.core.pickles.encode.quantized_states import nodes_under, quantized_state
from inspector.core.pickles.encode.torch_calls import CLASSES, UNTYPED, ordered_dict, plain_tensor, storage_id
from inspector.core.pickles.objects import arrays, distributed, recognise
from inspector.core.pickles.objects.calls import Call, call_of, tuple_items
from inspector.core.pickles.objects.contents import MADE_UP, Slot
from inspector.core.pickles.objects.entries import Entries
from inspector.core.pickles.objects.names import ARRAY_BUILDERS, FROM_TYPE, FROM_TYPE_V2, KEPT_AS_NUMPY, TENSOR_BUILDERS
from inspector.core.pickles.objects.plain import SCALARS
from inspector.core.pickles.objects.recognise import Leaf, Object, view_of
from inspector.core.pickles.objects.value_words import looks_like_a_class
from inspector.core.tensors.quantized_layers import packed_keys

from . import texts
from .arrays import elements, scalar_of

_NAMES = (GLOBAL, GLOBALDYN, EXT)
_RANGE = 100_000            # numbers that a range is listed with
_BYTES_OBJECT = ("builtins", "bytes")
_SET = ("builtins", "set")
_HELD_AS_DATA = frozenset({("collections", "UserDict"), ("collections", "UserList"), ("collections", "UserString")})
_SHOWN = frozenset({("builtins", "getattr"), ("builtins", "type"), ("types", "GenericAlias"), ("operator", "attrgetter"),
                    ("operator", "itemgetter"), ("operator", "methodcaller"), ("functools", "partial"),
                    ("torch.nn.parameter", "UninitializedParameter"), ("torch.nn.parameter", "UninitializedBuffer")})
_GENERATORS = frozenset({("torch._C", "Generator"), ("torch", "Generator")})


class Change(NamedTuple):
    """What became of a value: `now` is "number", "text", "dict", "list", "tuple", "tensor", "state dict" …; `lost` says what it does
    not carry any more, or is ""."""

    key: str
    node: int
    now: str
    lost: str = ""


class Making:
    """Rewrites `editor.graph`. `refused` are the indexes of its names that torch does not take, `taken` keys that no new storage may
    have. `storages` are those of the tensors that arrays became, by their keys; `changes` in the order of the
    pickle; `left` are (key, why) of what has no plain form, `packed` the keys of packed weights of modules that are not carried over."""

    def __init__(self, source: Checkpoint, graph: Graph, refused: Collection[int], taken: Iterable[str]) -> None:
        self.source = source
        self.graph = graph
        self.editor = GraphEditor(graph)
        self.storages: dict[str, Storage] = {}
        self.changes: list[Change] = []
        self.left: list[tuple[str, str]] = []
        self.packed: list[str] = []
        self._refused = refused
        self._taken = {key.lower() for key in taken}
        self._numbers = count()
        self._hashed = _hashed(graph)
        self._names = _text_names(graph)
        self._entries = Entries(graph)
        self._modules = _module_paths(source)
        self._tensors = {info.node: key for key, info in source.tensors.items()}
        self._key = ""

    # -- values -------------------------------------------------------------------------------------------------------

    def values(self, wanted: Mapping[int, str]) -> None:
        """Makes the values at these nodes (node -> the key they stand under) plain. What a call sees comes before it in the pickle."""
        for n in sorted(wanted):
            self._key = wanted[n]
            self._value(n)

    def state_dict(self, n: int, key: str) -> None:
        """Makes a state dict of the whole module at node `n`, which stands under `key`."""
        self._key = key
        self._module(n)

    def _value(self, n: int) -> None:
        graph, kind = self.graph, self.graph.kind[n]
        if kind in (SET, FROZENSET):
            self._set(n, graph.sequence(n), kind == FROZENSET)
        elif kind in (BIGINT, BIGTEXT):
            self._became(n, self._constant(_digits(graph, n)), "text")
        elif kind in (PYSTR, PYSTRTEXT):
            text = graph.any_text(n) if n in self._names else graph.loose_text(n)      # a name has to be text
            self._became(n, self._constant(text if text is not None else graph.raw(n) or b""), "text" if text is not None else "bytes")
        elif kind in CALLS:
            name = call_of(graph, n).name
            if (n in self._tensors or name in TENSOR_BUILDERS) and name not in ARRAY_BUILDERS:
                self._tensor(n)
            elif not self._known_value(n):
                self._viewed(n)

    def _known_value(self, n: int) -> bool:
        """Numbers, texts, arrays: what a call stands for as a whole."""
        graph = self.graph
        call = call_of(graph, n, len(graph.operands))
        if call.name == ("numpy.core.multiarray", "scalar"):
            found = scalar_of(graph, call)
            if found is None:
                return False
            self._became(n, self._constant(found[0]), "text" if isinstance(found[0], str) else "number")
            return True
        if call.name == _BYTES_OBJECT and not call.args:
            self._became(n, self._constant(b""), "bytes")
            return True
        text = texts.text_of(graph, n)
        if text is not None:
            self._became(n, self._constant(text), "text")
            return True
        if call.name in _SHOWN:
            self._became(n, self._constant(texts.shown(graph, n)), "text")
            return True
        if call.name == ("builtins", "range"):
            return self._range(n, call)
        array = arrays.array_of(graph, n)
        return array is not None and self._array(n, call, array)

    def _viewed(self, n: int) -> None:
        """Containers and objects, as the tree shows them."""
        view = view_of(self.graph, n)
        if isinstance(view, recognise.Mapping):
            lost = "its attributes" if view.attributes else ""
            self._dict(n, view.pairs, lost)
        elif isinstance(view, recognise.Sequence):
            call = call_of(self.graph, n, len(self.graph.operands))
            if call.name == _SET:
                self._set(n, view.items, False)
            else:
                self._list(n, view.items)
        elif isinstance(view, Object):
            self._object(n, view)
        else:
            self._leaf(n, view)

    def _leaf(self, n: int, view: Leaf) -> None:
        value = view.value
        if isinstance(value, Opaque):
            self._became(n, self._constant(value.text), "text")
        elif isinstance(value, complex):
            self._became(n, self._constant(value), "number")
        else:
            self._became(n, self._constant(value), "text" if isinstance(value, str) else "number")

    # -- containers ---------------------------------------------------------------------------------------------------

    def _dict(self, n: int, pairs: Pairs, lost: str = "") -> None:
        if n in self._hashed:
            self._become(n, TUPLE, [self.editor.tuple_of((self._plain(k), self._plain(value))) for k, value in pairs], "tuple", lost)
        else:
            self._become(n, DICT, [self._plain(other) for pair in pairs for other in pair], "dict", lost)

    def _list(self, n: int, items: Iterable[int], lost: str = "") -> None:
        kind = TUPLE if n in self._hashed else LIST
        self._become(n, kind, [self._plain(item) for item in items], "tuple" if kind == TUPLE else "list", lost)

    def _set(self, n: int, items: Iterable[int], frozen: bool) -> None:
        """A set stays one, as the call that torch reads."""
        if frozen:
            self._list(n, items)
            return
        made = self.editor.reduce(self.editor.name(*_SET), [self.editor.list_of([self._plain(item) for item in items])])
        self._became(n, made, "set")

    def _range(self, n: int, call: Call) -> bool:
        args = [self.graph.integer(arg) for arg in call.args or ()]
        if len(args) != 3 or None in args or args[2] == 0:
            return False
        numbers = range(*(arg or 0 for arg in args))
        if (numbers.stop - numbers.start) // numbers.step > _RANGE:
            self._became(n, self._constant(texts.shown(self.graph, n)), "text")
        else:
            self._list(n, [self.editor.const(number) for number in numbers])
        return True

    # -- objects ------------------------------------------------------------------------------------------------------

    def _object(self, n: int, view: Object) -> None:
        graph, call = self.graph, call_of(self.graph, n, len(self.graph.operands))
        if n in self._modules:
            self._module(n)
            return
        if call.name in _HELD_AS_DATA:
            held = next((value for k, value in view.attributes if graph.loose_text(k) == "data"), None)
            if held is not None and self._like(n, held):
                return
        if call.name in _GENERATORS:            # what its `set_state` takes
            parts = [part for state in graph.states(n) for part in tuple_items(graph, state) or ()]
            held = next((part for part in parts if part in self._tensors), None)
            if held is not None and self._like(n, held, "its device and seed"):
                return
        items, pairs, args = graph.sequence(n), graph.pairs(n), call.args
        own = view.attributes[len(call.kwargs) + len(pairs):]
        others = [child for child in view.children if child[0] == "state"]
        said = "its own attributes" if own else ""
        if pairs:
            self._dict(n, pairs, said or ("its items" if items else ""))
        elif items:
            self._list(n, items, said)
        elif args and len(args) == 1 and not others and not call.kwargs and (call.made or not own) and self._like(n, args[0], said):
            pass                                # an enum, a subclass of a number or text: the value it was made with
        elif call.made and args and len(args) > 1 and not own and not others:
            self._become(n, TUPLE, [self._plain(arg) for arg in args], "tuple")
        elif (not view.children and not view.attributes and not call.made and not _is_a_class(call)) or (
                not own and not others and not call.kwargs and args and all(graph.kind[arg] in (*SCALARS, *_NAMES) for arg in args)):
            self._became(n, self._constant(texts.shown(graph, n)), "text")
        else:
            named = [(self.editor.const(name), value) for name, value in self._made_with(call, view) if graph.kind[value] not in _NAMES]
            self._dict(n, [*named, *view.attributes])

    def _made_with(self, call: Call, view: Object) -> Iterator[tuple[str, int]]:
        """The arguments and whole states of an object, by their names in the tree; what the tree shows on one line of its own too."""
        if not view.children and call.args and not call.made:
            yield from ((str(i), arg) for i, arg in enumerate(call.args))
        yield from view.children

    def _like(self, n: int, other: int, lost: str = "") -> bool:
        """Makes `n` what `other`, which comes before it, is by now. False where two nodes cannot be the same."""
        kind = self.editor.graph.kind[other]
        if kind in _NAMES:
            self._became(n, self._plain(other), "text" if self._is_refused(other) else "value", lost)
        elif kind == DICT:
            self._become(n, DICT, [self._plain(node) for pair in self.editor.graph.pairs(other) for node in pair], "dict", lost)
        elif kind in (LIST, TUPLE):
            items = [self._plain(item) for item in self.editor.graph.sequence(other)]
            self._become(n, kind, items, "list" if kind == LIST else "tuple", lost)
        elif other in self.editor.graph.mutations:
            return False
        else:
            self._became(n, other, _WORD.get(kind, "value"), lost)
        return True

    def _module(self, n: int) -> None:
        """A whole module: what its `state_dict()` would be."""
        editor, path = self.editor, self._modules[n]
        found = quantized_state(self.source, editor, path, self._number)
        pairs = found.pairs if found is not None else [(info.name, info.node) for info in self.source.tensors.values()
                                                       if info.state_dict == path]
        editor.become(n, ordered_dict(editor))
        if pairs:
            editor.add_pairs(n, [(editor.const(name), node) for name, node in pairs])
        if found is not None and found.versions:
            table = ordered_dict(editor)
            editor.add_pairs(table, [(editor.const(name), editor.dict_of([(editor.word("version"), editor.const(version))]))
                                     for name, version in found.versions.items()])
            editor.build(n, editor.dict_of([(editor.word("_metadata"), table)]))
        held = nodes_under(self.graph, found.packed) if found is not None else ()
        packed = [key for key in packed_keys(self.source, path) if self.source.tensors[key].node not in held]
        self.packed += packed
        also = f", {len(packed):,} packed weights of quantized layers among it ({visible(packed[0], 80)} first, " \
               f"{sum(self.source.tensors[key].nbytes for key in packed):,} bytes in all)" if packed else ""
        self._tell(n, "state dict", f"its class, and all that is no parameter or buffer{also}")

    def _number(self, value: int | float) -> int:
        """A tensor without dimensions, as `torch.tensor(value)` makes it."""
        dtype, raw = ("float32", _float32(value)) if isinstance(value, float) else ("int64", struct.pack("<q", value))
        key = self._fresh_key()
        self.storages[key] = Storage(key, dtype, "cpu", len(raw), None, constant=InMemory(raw))
        return plain_tensor(self.editor, storage_id(self.editor, CLASSES[dtype], key, "cpu", 1), dtype, (), ())

    # -- tensors ------------------------------------------------------------------------------------------------------

    def _array(self, n: int, call: Call, array: arrays.Array) -> bool:
        if n in self._hashed:
            return False
        mask = arrays.mask_of(self.graph, n)
        if mask is not None and array.dtype:
            parts = [(self.editor.const("data"), self._tensor_of(array)), (self.editor.const("mask"), self._tensor_of(mask))]
            self._become(n, DICT, [node for pair in parts for node in pair], "dict")
            return True
        if array.dtype:
            self._became(n, self._tensor_of(array), "tensor")
            return True
        if array.kind.kind == "O":
            order = [array.objects[place] for place in arrays.places(array)] if len(array.shape) > 1 else array.objects
            self._nested(n, [self._plain(item) for item in order], array.shape)
            return True
        values = elements(array)
        if values is not None:
            self._nested(n, [self._constant(value) for value in values], array.shape)
            return True
        raw = array._replace(dtype="uint8", shape=(*array.shape, array.kind.size),
                             stride=(*(step * array.kind.size for step in array.stride), 1))
        self._became(n, self._tensor_of(raw), "tensor", f"its element type, {array.kind.text}")
        return True

    def _nested(self, n: int, items: list[int], shape: tuple[int, ...]) -> None:
        """Lists within lists, as `ndarray.tolist` gives them."""
        if not shape:
            if not self._like(n, items[0]):
                self._become(n, LIST, items, "list")
            return
        for length in reversed(shape[1:]):
            items = [self.editor.list_of(items[at:at + length]) for at in range(0, len(items), length)] if length else \
                [self.editor.list_of(()) for _ in range(prod(shape) or shape[0])]
        self._become(n, LIST, items, "list")

    def _tensor_of(self, array: arrays.Array, device: str = "cpu") -> int:
        """A tensor whose storage is the array's constant."""
        nbytes = prod(array.shape) * DTYPES[array.dtype].itemsize
        key = self._fresh_key()
        self.storages[key] = Storage(key, array.dtype if array.dtype in CLASSES else "uint8", device, nbytes, None,
                                     constant=array.constant or EMPTY._replace(graph=self.graph))
        cls = CLASSES.get(array.dtype, UNTYPED)
        numel = prod(array.shape) if array.dtype in CLASSES else nbytes
        return plain_tensor(self.editor, storage_id(self.editor, cls, key, device, numel), array.dtype, array.shape, array.stride)

    def _tensor(self, n: int) -> None:
        """A tensor of a class of its own, or kept as an array: the tensor in it."""
        graph, call = self.graph, call_of(self.graph, n)
        args = call.args or ()
        local = distributed.local_of(graph, n)
        if local >= 0:
            self._became(n, local, "tensor", "its mesh and placements")
            return
        if call.name in (FROM_TYPE, FROM_TYPE_V2) and len(args) == 4 and graph.kind[args[2]] == TUPLE:
            had = graph.kind[args[3]] in CONTAINERS and bool(graph.sequence(args[3]) or graph.pairs(args[3]))
            self._became(n, self.editor.call(args[0], args[2]), "tensor", "its class" + (" and attributes" if had else ""))
            return
        if call.name in KEPT_AS_NUMPY and args:
            array = arrays.array_of(graph, args[0])
            device = graph.loose_text(args[2]) if len(args) > 2 else None
            if array is not None and array.dtype:
                made = self._tensor_of(array)
                dtype = graph.global_name(args[1]) if len(args) > 1 else None
                if dtype is not None and dtype[1] == array.dtype and device is not None and device != "cpu":
                    grad = self.editor.const(len(args) > 3 and graph.boolean(args[3]) is True)
                    made = self.editor.reduce(self.editor.name("torch._utils", "_rebuild_device_tensor_from_cpu_tensor"),
                                              [made, args[1], self.editor.word(device), grad])
                self._became(n, made, "tensor")
                return
        info = self.source.tensors.get(self._tensors.get(n, self._key))
        if info is not None and info.layout == "strided" and info.storage in self.source.storages and info.dtype in CLASSES \
                and not info.problem and not info.extra:
            storage = self.source.storages[info.storage]
            numel = storage.nbytes // DTYPES[info.dtype].itemsize
            id = storage_id(self.editor, CLASSES[info.dtype], storage.id, storage.device or "cpu", numel)
            self._became(n, plain_tensor(self.editor, id, info.dtype, info.shape, info.stride), "tensor", "its class")
            return
        self.left.append((self._key, "a tensor of a kind that has no plain form"))

    def _fresh_key(self) -> str:
        while True:
            key = str(next(self._numbers))
            if key not in self._taken:
                self._taken.add(key)
                return key

    # -- names --------------------------------------------------------------------------------------------------------

    def names(self, slots: Iterable[Slot]) -> None:
        """Classes and functions that stand under these keys become their names as text, where they stand: others may call them."""
        for slot in slots:
            entry = None
            if slot.holder >= 0 and slot.name >= 0:
                entry = self._entries.pair(slot.holder, slot.name, slot.node)
            elif slot.holder >= 0 and slot.name > MADE_UP:
                entry = self._entries.item(slot.holder, ~slot.name)
            text = self._constant(texts.name_of(self.graph, slot.node))
            if slot.holder < 0:
                self.editor.set_root(text)
            elif entry is None:
                continue                        # of an object that became something else
            else:
                self.editor.set_operand(entry.owner, entry.value, text)
                self.editor.rebuilt = True
            self.changes.append(Change(slot.key, slot.node, "text"))

    def _plain(self, n: int) -> int:
        """What stands for `n` in a container that is made anew."""
        return self._constant(texts.name_of(self.graph, n)) if self._is_refused(n) else n

    def _is_refused(self, n: int) -> bool:
        """Whether `n` is a name that torch does not take."""
        if n >= len(self.graph) or self.graph.kind[n] not in _NAMES:
            return False
        return self.graph.kind[n] != GLOBAL or self.graph.a[n] in self._refused

    # -- what became of it --------------------------------------------------------------------------------------------

    def _constant(self, value: Plain) -> int:
        if isinstance(value, complex):
            parts = [self.editor.const(value.real), self.editor.const(value.imag)]
            return self.editor.reduce(self.editor.name("builtins", "complex"), parts)
        assert value is None or isinstance(value, bool | int | float | str | bytes)
        return self.editor.const(value)

    def _became(self, n: int, new: int, now: str, lost: str = "") -> None:
        if new in self.editor.graph.mutations:      # a name that something is done to afterwards: two of it are not the same
            return
        self.editor.become(n, new)
        self._tell(n, now, lost)

    def _become(self, n: int, kind: int, operands: Iterable[int], now: str, lost: str = "") -> None:
        self.editor.become_container(n, kind, operands)
        self._tell(n, now, lost)

    def _tell(self, n: int, now: str, lost: str) -> None:
        self.changes.append(Change(self._key, n, now, lost))


_WORD = {STR: "text", STRTEXT: "text", BYTES: "bytes", REDUCE: "value", NEWOBJ: "value"}
EMPTY = Constant(Graph(b""), -1)


NOW = {"number": "a number", "text": "a text", "bytes": "bytes", "dict": "a dict", "list": "a list", "tuple": "a tuple", "set": "a set",
       "tensor": "a tensor", "state dict": "a state dict", "value": "its value"}
"""The words for `Change.now`."""


def _is_a_class(call: Call) -> bool:
    return not call.args and call.name is not None and looks_like_a_class(call.name[1])


def _float32(value: float) -> bytes:
    try:
        return struct.pack("<f", value)
    except OverflowError:
        return struct.pack("<f", inf if value > 0 else -inf)


def taken_keys(source: Checkpoint) -> set[str]:
    """Keys that no new storage may have."""
    return {*source.storages, *(member.name.rpartition("/data/")[2] for member in source.members if "/data/" in member.name)}


def _digits(graph: Graph, n: int) -> str:
    """An integer that is too long for torch, in hexadecimal digits (Python itself refuses to print long ones in decimal)."""
    value = graph.integer(n)
    return hex(value) if value is not None else graph.data[graph.a[n]:graph.b[n]].decode("ascii", "replace")


def _module_paths(source: Checkpoint) -> dict[int, str]:
    """Node of each whole module -> its path."""
    return {value.node: path for path in source.state_dicts if isinstance(value := source.values.get(path), Opaque)}


def _text_names(graph: Graph) -> set[int]:
    """The texts of Python 2 that are keys of dicts, or the key or location of a storage."""
    found: set[int] = set()
    if PYSTR in graph.kind or PYSTRTEXT in graph.kind:
        for n, kind in enumerate(graph.kind):
            if kind in (DICT, SETITEM, SETITEMS):
                found.update(graph.initial(n)[::2] if kind == DICT else graph.initial(n)[1::2])
            elif kind == PERSID and graph.kind[graph.a[n]] == TUPLE:
                found.update(graph.sequence(graph.a[n]))
    return {n for n in found if graph.kind[n] in (PYSTR, PYSTRTEXT)}


def _hashed(graph: Graph) -> set[int]:
    """The nodes of all that is a key of a dict or an item of a set, and of what is in those."""
    found: set[int] = set()
    todo: list[int] = []
    kind = graph.kind
    n = kind.find(DICT)
    while n >= 0:
        todo += graph.initial(n)[::2]
        n = kind.find(DICT, n + 1)
    for target, done in graph.mutations.items():
        for m in done:
            if kind[m] in (SETITEM, SETITEMS):
                todo += graph.operands[graph.a[m] + 1:graph.b[m]:2]
            elif kind[m] == ADDITEMS and kind[target] == SET:
                todo += graph.operands[graph.a[m] + 1:graph.b[m]]
    for n, k in enumerate(kind) if SET in kind or FROZENSET in kind else ():
        if k in (SET, FROZENSET):
            todo += graph.initial(n)
    sets = {i for i, name in enumerate(graph.names) if name[1] in ("set", "frozenset")}
    for n in graph.calls() if sets else ():
        if kind[n] == REDUCE and kind[graph.a[n]] == GLOBAL and graph.a[graph.a[n]] in sets:
            todo += _inside(graph, n)
    while todo:
        n = todo.pop()
        if n not in found and kind[n] not in SCALARS:
            found.add(n)
            todo += graph.initial(n) if kind[n] in (TUPLE, FROZENSET) else _inside(graph, n) if kind[n] in CALLS else ()
    return found


def _inside(graph: Graph, n: int) -> list[int]:
    """The arguments of call `n`, and what is in a list among them."""
    call = call_of(graph, n)
    found = list(call.args or ())
    for arg in call.args or ():
        if graph.kind[arg] == LIST:
            found += graph.sequence(arg)
    for state in graph.states(n):
        found += tuple_items(graph, state) or ()
        found += [value for _, value in graph.pairs(state)] if graph.kind[state] == DICT else []
    return found
