"""A graph as the Python object that it stands for: dicts, lists, tuples, sets, numbers, texts, and tensors as a maker makes them.

The log is gone through once, in its order, and only where the root needs it: what a node refers to has been built before it, and a
change is made where it was made, so that ties and circles come out as they went in, and nothing recurses. Only containers of Python
itself are made, by name: OrderedDict, Counter, set, tuple, list, dict. Whatever else is named stays a name (`Opaque`).

Keys of dicts are hashed here, and only here. What a file could make dear by it is refused: tuples that are deep or, being shared,
endless, and thousands of numbers with one hash.
"""
from __future__ import annotations

from collections import Counter, OrderedDict
from typing import Any, Protocol

from inspector.core.checkpoint import Opaque, TensorInfo
from inspector.core.errors import BadTensor, TooBig, Unsupported
from inspector.core.graph import (
    ADDITEMS,
    APPEND,
    APPENDS,
    BIGINT,
    BIGTEXT,
    BUILD,
    BYTEARRAY,
    CALLS,
    DICT,
    FROZENSET,
    GLOBAL,
    LIST,
    MUTATIONS,
    PERSID,
    SET,
    SETITEM,
    SETITEMS,
    TUPLE,
    Graph,
)
from inspector.core.keypath import visible
from inspector.core.pickles.objects.calls import Call, call_of
from inspector.core.pickles.objects.names import (
    FROM_TYPE,
    FROM_TYPE_V2,
    LAYOUTS,
    MEMORY_FORMATS,
    OLD_PARAMETERS,
    PARAMETER,
    PARAMETER_CLASS,
    PARAMETER_WITH_STATE,
    QSCHEMES,
    dtype_name,
)
from inspector.core.pickles.objects.plain import SCALARS, scalar, short
from inspector.core.pickles.objects.recognise import Leaf, Object, device_of, layout_of, size_of, view_of
from inspector.core.pickles.objects.tensors import Tensors
from inspector.core.progress import QUIET, Monitor
from inspector.core.wording import count

_PARAMETERS = frozenset({PARAMETER, PARAMETER_WITH_STATE, *OLD_PARAMETERS})
_CHECK_EVERY = 4096
_INT_BITS = 1 << 20         # of an integer
_KEY_DEPTH = 32             # tuples within tuples that are a key
_KEY_SIZE = 10_000          # what is in them, all in all
_SAME_HASH = 100            # keys of one dict, other than texts and ordinary integers, that may share a hash
_ORDINARY = (1 << 61) - 1   # integers up to here are their own hash


class Maker(Protocol):
    """What tensors and torch's small values become. Raises BadTensor."""

    def tensor(self, info: TensorInfo, is_parameter: bool) -> Any: ...
    def storage(self, id: str) -> Any: ...
    def size(self, sizes: list[int]) -> Any: ...
    def named(self, kind: str, text: str) -> Any:
        """`kind` is "dtype", "device" or "layout", `text` torch's name without `torch.`."""


def build(graph: Graph, tensors: Tensors, maker: Maker, monitor: Monitor = QUIET) -> Any:
    """The object at the root. Raises BadTensor for a tensor whose values cannot be had, TooBig and Unsupported for keys of dicts that
    are not made, Cancelled."""
    return _Building(graph, tensors, maker, monitor).root()


class _Building:
    def __init__(self, graph: Graph, tensors: Tensors, maker: Maker, monitor: Monitor) -> None:
        self.graph = graph
        self.tensors = tensors
        self.maker = maker
        self.monitor = monitor
        self.made: dict[int, Any] = {}
        self.infos: dict[int, TensorInfo] = {}
        self._names: dict[int, str] = {}            # tensor -> the key it stands under, for errors
        self._weights: dict[int, tuple[int, int]] = {}      # tuple -> (how deep, how much is in it)
        self._hashes: dict[int, Counter[int]] = {}  # dict or set -> how many of its keys have a hash

    def root(self) -> Any:
        graph = self.graph
        if graph.root < 0:
            return None
        needed = self._needed()
        for n in range(len(graph)):
            if needed[n]:
                if n % _CHECK_EVERY == 0:
                    self.monitor.check()
                if graph.kind[n] in MUTATIONS:
                    self._change(n)
                else:
                    self.made[n] = self._make(n)
        return self.made[graph.root]

    # -- what the root needs ------------------------------------------------------------------------------------------

    def _needed(self) -> bytearray:
        """One byte a node: 1 where it is to be built. What tensors and single values are described by is not among it."""
        graph = self.graph
        needed = bytearray(len(graph))
        todo = [graph.root]
        needed[graph.root] = 1
        while todo:
            n = todo.pop()
            for other in self._operands(n):
                if not needed[other]:
                    needed[other] = 1
                    todo.append(other)
        return needed

    def _operands(self, n: int) -> list[int]:
        graph, kind = self.graph, self.graph.kind[n]
        if kind in SCALARS or kind in (GLOBAL, PERSID):
            return []
        if kind in CALLS:
            if self.tensors.is_tensor(n) and self._is_tensor(n):
                return []
            if not self._is_container(call_of(graph, n, len(graph.operands))):
                return []
        if kind in MUTATIONS:
            if kind in (SETITEM, SETITEMS):         # errors about a tensor name its key
                self._name_values(graph.operands[graph.a[n] + 1:graph.b[n]])
            return graph.references(n)
        if kind == DICT:
            self._name_values(graph.initial(n))
        return [*graph.references(n), *graph.mutations.get(n, ())]

    def _name_values(self, flat: Any) -> None:
        kind = self.graph.kind
        for key, value in zip(flat[::2], flat[1::2], strict=True):
            if kind[value] in CALLS and value not in self._names:
                self._names[value] = self.graph.loose_text(key) or short(self.graph, key, 60)

    def _is_tensor(self, n: int) -> bool:
        if n not in self.infos:
            rebuilt = self.tensors.read(n, "", None)
            if rebuilt is None:
                return False
            self.infos[n] = rebuilt.info
        return True

    def _is_container(self, call: Call) -> bool:
        return call.name in _CONTAINERS and call.args is not None and not call.kwargs and len(call.args) <= 1

    # -- values -------------------------------------------------------------------------------------------------------

    def _make(self, n: int) -> Any:
        graph, kind = self.graph, self.graph.kind[n]
        if kind in SCALARS:
            if kind in (BIGINT, BIGTEXT):
                return scalar(graph, n, _INT_BITS)
            return scalar(graph, n)
        if kind == TUPLE:
            return self._tuple(n)
        if kind == LIST:
            return [self.made[item] for item in graph.initial(n)]
        if kind == DICT:
            made: dict[Any, Any] = {}
            self._set_items(n, made, graph.initial(n))
            return made
        if kind in (SET, FROZENSET):
            items = graph.initial(n)
            for item in items:
                self._insist_hashable(n, item)
            return {self.made[item] for item in items} if kind == SET else frozenset(self.made[item] for item in items)
        if kind == BYTEARRAY:
            return bytearray(graph.raw(n) or b"")
        if kind == PERSID:
            backing = self.tensors.storages.of(n)
            return scalar(graph, n) if backing is None else self.maker.storage(backing.id)
        if kind == GLOBAL:
            return self._named(n)
        return self._called(n) if kind in CALLS else scalar(graph, n)

    def _tuple(self, n: int) -> Any:
        items = self.graph.initial(n)
        weights = [self._weights[item] for item in items if item in self._weights]
        self._weights[n] = 1 + max((depth for depth, _ in weights), default=0), len(items) + sum(size for _, size in weights)
        return tuple(self.made[item] for item in items)

    def _named(self, n: int) -> Any:
        module, name = self.graph.names[self.graph.a[n]]
        dtype = dtype_name(module, name)
        if dtype is not None:
            return self.maker.named("dtype", dtype)
        if module == "torch" and name in LAYOUTS | MEMORY_FORMATS | QSCHEMES:
            return self.maker.named("layout", name)
        return scalar(self.graph, n)

    def _called(self, n: int) -> Any:
        graph = self.graph
        info = self.infos.get(n)
        if info is not None:
            return self._tensor(n, info)
        call = call_of(graph, n, len(graph.operands))
        if self._is_container(call):
            return self._container(n, call)
        sizes = size_of(graph, n)
        if sizes is not None:
            return self.maker.size(sizes)
        device = device_of(graph, n)
        if device is not None:
            return self.maker.named("device", device)
        layout = layout_of(graph, n)
        if layout is not None:
            return self.maker.named("layout", layout)
        view = view_of(graph, n)
        value = view.value if isinstance(view, Leaf | Object) else view.empty
        if isinstance(value, Opaque) and value.type == "bytearray":
            return self._bytearray(call)
        return value

    def _bytearray(self, call: Call) -> Any:
        """`bytearray(bytes)`, or protocol 2's `bytearray(text, "latin-1")`, which the recogniser found in order."""
        for arg in call.args or ():
            raw = self.graph.raw(arg)
            if raw is not None:
                return bytearray(raw)
            text = self.graph.loose_text(arg)
            if text is not None:
                return bytearray(text.encode("latin-1", "replace"))
            view = view_of(self.graph, arg)
            if isinstance(view, Leaf) and isinstance(view.value, bytes):
                return bytearray(view.value)
        return bytearray()

    def _tensor(self, n: int, info: TensorInfo) -> Any:
        call = call_of(self.graph, n)
        is_parameter = call.name in _PARAMETERS
        if call.name in (FROM_TYPE, FROM_TYPE_V2) and call.args:
            is_parameter = self.graph.global_name(call.args[1]) == PARAMETER_CLASS
        try:
            return self.maker.tensor(info, is_parameter)
        except BadTensor as error:
            where = self._names.get(n, error.where)
            raise BadTensor(error.message, error.hint or "Leave it out: core.load(core.edit(path, [core.Drop(KEY)])).",
                            visible(where), id=error.id) from error

    def _container(self, n: int, call: Call) -> Any:
        assert call.name is not None
        assert call.args is not None
        given = self.made[call.args[0]] if call.args else ()
        kind = call.name[1]
        if kind in ("set", "frozenset"):
            if not isinstance(given, list | tuple | dict | set | frozenset | str | bytes):      # what is not made of values here
                return set() if kind == "set" else frozenset()
            items = self.graph.sequence(call.args[0]) if call.args and isinstance(given, list | tuple) else []
            for item in items:
                self._insist_hashable(n, item)
            return set(given) if kind == "set" else frozenset(given)
        if kind in ("list", "deque"):
            return list(given) if isinstance(given, list | tuple) else []
        made: dict[Any, Any] = OrderedDict() if kind == "OrderedDict" else Counter() if kind == "Counter" else {}
        if isinstance(given, dict):
            made.update(given)
        elif call.args and isinstance(given, list | tuple):
            for item in self.graph.sequence(call.args[0]):
                pair = self.made[item]
                if not isinstance(pair, list | tuple) or len(pair) != 2:
                    raise Unsupported("the entries of a dict are no pairs", id="unsupported")
                key = next(iter(self.graph.sequence(item)))
                self._insist_hashable(n, key)
                made[pair[0]] = pair[1]
        return made

    # -- changes ------------------------------------------------------------------------------------------------------

    def _change(self, m: int) -> None:
        graph, kind = self.graph, self.graph.kind[m]
        if kind == BUILD:
            target, state = self.made[graph.a[m]], self.made[graph.b[m]]
            if isinstance(target, OrderedDict) and isinstance(state, dict) and "_metadata" in state:
                vars(target)["_metadata"] = state["_metadata"]      # what `load_state_dict` goes by; other attributes could hide methods
            return
        operands = graph.operands[graph.a[m]:graph.b[m]]
        target = self.made[operands[0]]
        if kind in (SETITEM, SETITEMS):
            if isinstance(target, dict):
                self._set_items(operands[0], target, operands[1:])
        elif isinstance(target, list) and kind in (APPEND, APPENDS):
            target.extend(self.made[item] for item in operands[1:])
        elif isinstance(target, set) and kind == ADDITEMS:
            for item in operands[1:]:
                self._insist_hashable(operands[0], item)
                target.add(self.made[item])

    def _set_items(self, holder: int, target: dict[Any, Any], flat: Any) -> None:
        made = self.made
        for key, value in zip(flat[::2], flat[1::2], strict=True):
            name = made[key]
            if type(name) is not str:
                self._insist_hashable(holder, key)
            target[name] = made[value]

    # -- keys ---------------------------------------------------------------------------------------------------------

    def _insist_hashable(self, holder: int, n: int) -> None:
        """Raises unless the value at `n` can be a key of the dict or set at `holder` at a price that is known beforehand."""
        key = self.made[n]
        if type(key) is str or key is None or type(key) in (bool, bytes) or (type(key) is int and -_ORDINARY < key < _ORDINARY):
            return
        if type(key) is tuple:
            depth, size = self._weights.get(n, (_KEY_DEPTH + 1, 0))
            if depth > _KEY_DEPTH or size > _KEY_SIZE:
                raise TooBig(f"a key of a dict is a tuple of {count(size, 'value')}, {depth:,} deep", where=short(self.graph, n, 60))
        try:
            found = hash(key)
        except TypeError:
            raise Unsupported("a key of a dict is of a kind that cannot be one here", where=short(self.graph, n, 60)) from None
        counts = self._hashes.setdefault(holder, Counter())
        counts[found] += 1
        if counts[found] > _SAME_HASH:
            raise TooBig(f"more than {_SAME_HASH:,} keys of one dict have the same hash: it is made to be slow")


_CONTAINERS = frozenset({("collections", "OrderedDict"), ("collections", "Counter"), ("collections", "deque"), ("builtins", "dict"),
                         ("builtins", "set"), ("builtins", "frozenset"), ("builtins", "list")})
