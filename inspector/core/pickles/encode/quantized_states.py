"""What `state_dict()` of a whole module with quantized layers would be, made of what its own pickle has.

These layers keep their weights packed in objects and hand them over by code of their classes (`_save_to_state_dict`, torch 2.13). Each
is known by what it carries, so that classes derived from torch's are met too:

    LinearPackedParams      dtype, _packed_params = (weight, bias)              torch/ao/nn/quantized/modules/linear.py
    Linear, LinearReLU …    scale, zero_point, then its packed parameters       the same; dynamic/modules/linear.py
    Conv*, ConvTranspose*   weight, bias, scale, zero_point                     torch/ao/nn/quantized/modules/conv.py
    EmbeddingPackedParams   dtype, _packed_weight                               torch/ao/nn/quantized/modules/embedding_ops.py
    PackedParameter         param, an object, of LSTM and GRU                   torch/ao/nn/quantized/dynamic/modules/rnn.py
    RNNCell, LSTMCell …     _packed_weight_ih, _packed_weight_hh, objects       the same
    QFunctional             scale, zero_point                                   torch/ao/nn/quantized/modules/functional_modules.py

The versions that `load_state_dict` asks for are those of what is made here, or what the module itself says (`version`, which decides how
a dynamic layer calculates).
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint
from inspector.core.graph import CALLS, DICT, FALSE, FLOAT, INT, NONE, STR, STRTEXT, TRUE, TUPLE, Graph
from inspector.core.keypath import join, parent_of
from inspector.core.pickles.objects import recognise
from inspector.core.pickles.objects.calls import call_of, tuple_items
from inspector.core.pickles.objects.plain import last_of_each
from inspector.core.pickles.objects.recognise import Object, view_of

from .graph_editor import GraphEditor

_LINEAR = "__torch__.torch.classes.quantized.LinearPackedParamsBase"
_EMBEDDING = "__torch__.torch.classes.quantized.EmbeddingPackedParamsBase"
_PACKED_VERSION = 3             # of LinearPackedParams, and of Linear that has such
_VISITS = 100_000               # modules
_ROOM = 64 << 20                # bytes that the names of all modules may take, however many ways lead to one
_ENTRY = 100                    # … and each besides its letters


class QuantizedState(NamedTuple):
    """`pairs` are the names and nodes of the state dict, in torch's order, `versions` what `_metadata` says of each quantized module;
    `packed` are the nodes that hold weights which no parameter or buffer is: each with all that is under it."""

    pairs: list[tuple[str, int]]
    versions: dict[str, int]
    packed: frozenset[int]


class _Module(NamedTuple):
    name: str
    node: int
    attributes: Mapping[str, int]
    modules: list[tuple[str, int]]
    state: tuple[int, ...] | None           # of one whose state is no dict


def quantized_state(ckpt: Checkpoint, editor: GraphEditor, path: str, number: Callable[[int | float], int]) -> QuantizedState | None:
    """The state dict of the module at `path` of `ckpt`, whose first pickle `editor` edits. `number` makes the node of a tensor without
    dimensions, of float32 or int64. None where there is no quantized layer in it that is known."""
    value = ckpt.values.get(path)
    node = getattr(value, "node", -1)
    if node < 0:
        return None
    found = _States(ckpt, editor, path, number).of(node)
    return found if found is not None and found.packed else None


class _States:
    def __init__(self, ckpt: Checkpoint, editor: GraphEditor, path: str, number: Callable[[int | float], int]) -> None:
        self.graph: Graph = editor.source
        self.editor = editor
        self.number = number
        self.tensors = {info.node for info in ckpt.tensors.values()}
        self._known: dict[int, _Module | None] = {}
        self.own: dict[str, list[tuple[str, int]]] = {}         # name of a module -> its parameters and buffers
        for info in ckpt.tensors.values():
            if info.state_dict == path:
                self.own.setdefault(parent_of(info.name), []).append((info.name, info.node))
        self.pairs: list[tuple[str, int]] = []
        self.versions: dict[str, int] = {}
        self.packed: set[int] = set()

    def of(self, root: int) -> QuantizedState | None:
        todo, visits, room = [("", root)], 0, _ROOM
        while todo:
            name, node = todo.pop()
            if node not in self._known:
                self._known[node] = self._module(node)
            module = self._known[node]
            if module is None:
                continue
            visits += 1
            room -= sum(_ENTRY + len(name) + len(inner) for inner, _ in module.modules)
            if visits > _VISITS or room < 0:
                return None
            self.pairs += self.own.pop(name, ())
            self._more(module._replace(name=name))
            todo += [(join(name, inner), node) for inner, node in reversed(module.modules)]
        for left in self.own.values():                          # of modules that were not met on the way, as where one is shared
            self.pairs += left
        return QuantizedState(self.pairs, self.versions, frozenset(self.packed))

    def _module(self, node: int) -> _Module | None:
        """What is at `node`, wherever that is: without a name."""
        graph = self.graph
        view = view_of(graph, node) if graph.kind[node] in CALLS else None
        if not isinstance(view, Object):
            return None
        states = [child for what, child in view.children if what == "state"]
        if states:
            return _Module("", node, {}, [], tuple_items(graph, states[-1]))
        attributes = {text: value for k, value in last_of_each(graph, view.attributes)[0] if (text := graph.loose_text(k)) is not None}
        table = attributes.get("_modules", -1)
        inner = view_of(graph, table) if table >= 0 and graph.kind[table] in (DICT, *CALLS) else None
        pairs = last_of_each(graph, inner.pairs)[0] if isinstance(inner, recognise.Mapping) else []
        modules = [(text, value) for k, value in pairs if (text := graph.loose_text(k)) is not None and graph.kind[value] != NONE]
        return _Module("", node, attributes, modules, None)

    # -- what each kind adds ------------------------------------------------------------------------------------------

    def _more(self, module: _Module) -> None:
        if module.state is not None:
            self._of_tuple(module, module.state)
            return
        has = module.attributes
        inner = dict(module.modules)
        if "_packed_params" in inner or self._class(module.node) == "QFunctional":
            if self._scale_and_zero_point(module, has.get("scale", -1), has.get("zero_point", -1)) and "_packed_params" in inner:
                self._version(module, _PACKED_VERSION)
        elif "_packed_params" in has:
            parts = self._object(has["_packed_params"], _LINEAR)
            if parts is not None and len(parts) == 2:
                self._linear(module, has.get("dtype", -1), parts)
        elif "_packed_weight" in has:
            parts = self._object(has["_packed_weight"], _EMBEDDING)
            weights = self.graph.sequence(parts[1]) if parts is not None and len(parts) == 4 else []
            if len(weights) == 1 and weights[0] in self.tensors:
                self._put(module, "dtype", has.get("dtype", -1))
                self._put(module, "_packed_weight", weights[0], True)
                self._version(module, 1)
        elif self._is_object(has.get("param", -1)):
            self._put(module, "param", has["param"], True)
            self._version(module, 1)
        elif all(self._is_object(has.get(f"_packed_weight_{side}", -1)) for side in ("ih", "hh")):
            for side in ("ih", "hh"):
                self._put(module, f"_packed_weight_{side}", has[f"_packed_weight_{side}"], True)
            self._version(module, 1)
        elif "_all_weight_values" in inner:
            self._version(module, 2)

    def _of_tuple(self, module: _Module, state: tuple[int, ...]) -> None:
        """Modules whose `__getstate__` gives a tuple: convolutions, and packed parameters until torch 1.6."""
        graph, name = self.graph, self._class(module.node)
        if "Conv" in name and len(state) >= 14 and state[10] in self.tensors and self._is_bias(state[11]):
            self._put(module, "weight", state[10], True)
            self._put(module, "bias", state[11], state[11] in self.tensors)
            self._scale_and_zero_point(module, state[12], state[13])
            self._version(module, 1)
        elif name == "LinearPackedParams" and len(state) in (3, 4) and graph.kind[state[2]] in (TRUE, FALSE):
            dtype = state[3] if len(state) == 4 else self.editor.name("torch", "qint8")
            self._linear(module, dtype, state[:2])

    def _linear(self, module: _Module, dtype: int, parts: tuple[int, ...]) -> None:
        if parts[0] not in self.tensors or not self._is_bias(parts[1]) or dtype < 0:
            return
        self._put(module, "dtype", dtype)
        self._put(module, "_packed_params", self.editor.tuple_of(parts))
        self.packed.update(part for part in parts if part in self.tensors)
        self._version(module, _PACKED_VERSION)

    def _scale_and_zero_point(self, module: _Module, scale: int, zero_point: int) -> bool:
        graph = self.graph
        if scale < 0 or zero_point < 0:
            return False
        for name, node, kind in (("scale", scale, FLOAT), ("zero_point", zero_point, INT)):
            if graph.kind[node] == kind:
                self._put(module, name, self.number(graph.real(node) if kind == FLOAT else graph.a[node]))
            elif node in self.tensors:
                self._put(module, name, node)
            else:
                return False
        return True

    def _put(self, module: _Module, name: str, node: int, packed: bool = False) -> None:
        if node >= 0:
            self.pairs.append((join(module.name, name), node))
            if packed:
                self.packed.add(node)

    def _version(self, module: _Module, version: int) -> None:
        own = module.attributes.get("version", -1)
        self.versions[module.name] = self.graph.a[own] if own >= 0 and self.graph.kind[own] == INT else version

    # -- objects ------------------------------------------------------------------------------------------------------

    def _is_bias(self, node: int) -> bool:
        return node in self.tensors or self.graph.kind[node] == NONE

    def _class(self, node: int) -> str:
        spelled = call_of(self.graph, node).spelled
        return spelled[1] if spelled is not None else ""

    def _is_object(self, node: int) -> bool:
        return node >= 0 and self.graph.kind[node] in CALLS and self._class(node) == "ScriptObject"

    def _object(self, node: int, kind: str) -> tuple[int, ...] | None:
        """What is packed in an object of torch's own class `kind`: the state it was pickled with."""
        graph = self.graph
        for state in graph.states(node) if self._is_object(node) else ():
            parts = tuple_items(graph, state)
            if parts is not None and len(parts) == 2 and graph.kind[parts[1]] in (STR, STRTEXT) and graph.text(parts[1]) == kind \
                    and graph.kind[parts[0]] == TUPLE:
                return tuple_items(graph, parts[0])
        return None


def nodes_under(graph: Graph, tops: Iterable[int]) -> set[int]:
    """All nodes that lead out of `tops`, themselves among them."""
    found: set[int] = set()
    todo = list(tops)
    while todo:
        n = todo.pop()
        if n not in found:
            found.add(n)
            todo += graph.references(n)
            todo += graph.mutations.get(n, ())
    return found
