"""Whole modules: objects that carry what every `torch.nn.Module` does, taken apart as `Module.state_dict()` would.

Their classes are never looked for. The order is that of `Module.state_dict` in torch/nn/modules/module.py (2.13): own
parameters, own buffers but those in `_non_persistent_buffers_set`, then the modules in `_modules`; None is left out. What
a class adds by code of its own (`_extra_state`, state dict hooks) cannot be known.

Modules of TorchScript are plain objects whose class says, in the text of the archive, which attributes are what
(torch/csrc/jit/api/module.h, `ParameterPolicy`, `BufferPolicy`): attributes in the order of their declaration.
"""
from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import NamedTuple

from inspector.core.graph import BUILD, CALLS, DICT, FALSE, LIST, NONE, REDUCE, SET, SETITEM, SETITEMS, TUPLE, Graph

from . import recognise
from .calls import call_of, tuple_items
from .carried_sources import carried_by, loaders
from .names import Name
from .plain import last_of_each
from .recognise import Object, view_of

_LOOKED_AT = 256            # attributes of an object that are looked through for those of a module
_NAME_BYTES = 1024          # of an attribute or buffer; longer ones, which many objects may share, are looked at no closer
_EMPTY_MAKERS = (("collections", "OrderedDict"), ("builtins", "set"), ("__builtin__", "set"))
_TABLES = ("_parameters", "_buffers", "_modules")

# What every module carries for its own use: not worth a line as long as there is nothing in it.
_BOOKKEEPING = frozenset({
    "_backward_pre_hooks", "_backward_hooks", "_is_full_backward_hook", "_forward_hooks", "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called", "_forward_pre_hooks", "_forward_pre_hooks_with_kwargs", "_state_dict_hooks",
    "_state_dict_pre_hooks", "_load_state_dict_pre_hooks", "_load_state_dict_post_hooks", "_non_persistent_buffers_set",
})


class ScriptClass(NamedTuple):
    """What the text of a TorchScript class declares: the names of its parameters and buffers, and its attributes' types. Until
    torch 1.5 nothing was said of buffers (None): they are the other attributes of type Tensor."""

    parameters: frozenset[str]
    buffers: frozenset[str] | None
    types: Mapping[str, str]


Scripts = Mapping[Name, ScriptClass]
Pairs = list[tuple[int, int]]


class Module(NamedTuple):
    """One module, as (name node, value node): `state` are its own parameters and buffers, `modules` those in it, `others`
    the rest. `children` are of a state that is no mapping. `tables` are the nodes that were gone over to find out."""

    state: Pairs
    modules: Pairs
    others: Pairs
    children: list[tuple[str, int]]
    tables: tuple[int, ...]


Affordable = Callable[[int, tuple[int, ...]], bool]


class Modules:
    """Recognises the modules of one graph. `scripts` are the classes of a TorchScript archive; None: it is none."""

    def __init__(self, graph: Graph, scripts: Scripts | None, is_tensor: Callable[[int], bool]) -> None:
        self.graph = graph
        self.scripts = scripts
        self._is_tensor = is_tensor
        self._carriers = loaders(graph)
        self._known: dict[int, bool] = {}
        self._names: dict[int, str | None] = {}

    @functools.cached_property
    def _changed(self) -> bytearray:
        return self.graph.changed()

    def is_module(self, n: int) -> bool:
        """Whether node `n` is an object that carries what a module does. Looks at a bounded number of its attributes."""
        found = self._known.get(n)
        if found is None:
            found = self._known[n] = self.graph.kind[n] in CALLS and (self._is_script(n) or self._has_tables(n))
        return found

    def module_of(self, n: int, view: Object, affordable: Affordable) -> Module | None:
        """The module that object `n` is; None when it is none, or was listed so often that its size is not `affordable` again."""
        if not self.is_module(n):
            return None
        return self._script(n, view) if self._is_script(n) else self._eager(n, view, affordable)

    # -- torch.nn.Module ----------------------------------------------------------------------------------------------

    def _has_tables(self, n: int) -> bool:
        names: set[str | None] = set()
        for m in self.graph.mutations.get(n, ()):
            if self.graph.kind[m] == BUILD:
                names |= self._first_names(self.graph.b[m])
        carried = carried_by(self.graph, call_of(self.graph, n)) if self._carriers else None
        if carried is not None:
            names |= self._first_names(carried.state)
        return "_parameters" in names and "_modules" in names

    def _first_names(self, state: int) -> set[str | None]:
        graph = self.graph
        parts = tuple_items(graph, state) if graph.kind[state] == TUPLE else None
        if parts is not None and len(parts) == 2:            # (dict, slots)
            state = parts[0]
        if graph.kind[state] != DICT:
            return set()
        keys = list(graph.operands[graph.a[state]:min(graph.b[state], graph.a[state] + 2 * _LOOKED_AT):2])
        for m in graph.mutations.get(state, ()):
            if len(keys) >= _LOOKED_AT:
                break
            if graph.kind[m] in (SETITEM, SETITEMS):
                keys += graph.operands[graph.a[m] + 1:min(graph.b[m], graph.a[m] + 1 + 2 * _LOOKED_AT):2]
        return {self._name(k) for k in keys[:_LOOKED_AT]}

    def _eager(self, n: int, view: Object, affordable: Affordable) -> Module | None:
        tables: dict[str, int] = {}
        others: Pairs = []
        for k, value in view.attributes:
            name = self._name(k)
            if name in _TABLES:
                tables[name] = value
            elif not (name in _BOOKKEEPING and self._is_empty(value)):
                others.append((k, value))
            if name == "_non_persistent_buffers_set":
                tables[name] = value
        nodes = tuple(tables.values())
        if not affordable(n, nodes):
            return None
        parameters, buffers, modules = (self._table(tables.get(name)) for name in _TABLES)
        left_out = self._texts(tables.get("_non_persistent_buffers_set"))
        passing = [pair for pair in buffers if left_out and self._name(pair[0]) in left_out]
        kept = [pair for pair in buffers if not left_out or self._name(pair[0]) not in left_out]
        inner = [pair for pair in modules if self.is_module(pair[1])]
        packed = [pair for pair in modules if not self.is_module(pair[1])]     # modules whose state is something else
        return Module(parameters + kept, inner, passing + packed + others, view.children, nodes)

    def _table(self, n: int | None) -> Pairs:
        """The pairs of `_parameters`, `_buffers` or `_modules`, but those whose value is None."""
        if n is None or self._is_empty(n):          # as most tables are
            return []
        view = view_of(self.graph, n) if self.graph.kind[n] in (DICT, *CALLS) else None
        pairs = last_of_each(self.graph, view.pairs)[0] if isinstance(view, recognise.Mapping) else []
        return [pair for pair in pairs if self.graph.kind[pair[1]] != NONE]

    def _texts(self, n: int | None) -> frozenset[str | None]:
        view = view_of(self.graph, n) if n is not None and self.graph.kind[n] in (SET, LIST, *CALLS) else None
        items = view.items if isinstance(view, recognise.Sequence) else []
        return frozenset(map(self._name, items)) - {None}

    def _is_empty(self, n: int) -> bool:
        """None, False, or a container without anything in it."""
        graph = self.graph
        kind = graph.kind[n]
        if kind in (NONE, FALSE):
            return True
        if self._changed[n]:
            return False
        if kind in (DICT, LIST, SET):
            return graph.a[n] == graph.b[n]
        if kind != REDUCE:
            return False
        args = () if self._is_nothing(graph.b[n]) else tuple_items(graph, graph.b[n])
        if args is None or graph.global_name(graph.a[n]) not in _EMPTY_MAKERS:
            return False
        return not args or all(graph.kind[arg] == LIST and self._is_empty(arg) for arg in args)

    def _is_nothing(self, n: int) -> bool:
        """Whether it is `()`."""
        graph = self.graph
        return graph.kind[n] == TUPLE and graph.a[n] == graph.b[n] and not self._changed[n]

    def _name(self, k: int) -> str | None:
        """The text of node `k`, where it may be a name that means something here. The same few serve all modules."""
        found = self._names.get(k, "")
        if found == "":
            short = self.graph.b[k] - self.graph.a[k] <= _NAME_BYTES
            found = self._names[k] = self.graph.loose_text(k) if short else None
        return found

    # -- TorchScript --------------------------------------------------------------------------------------------------

    def _is_script(self, n: int) -> bool:
        return self._script_class(n) is not None

    def _script_class(self, n: int) -> ScriptClass | None:
        """What is declared of the class of object `n`. None when it is no module's."""
        if not self.scripts:
            return None
        named = call_of(self.graph, n).spelled
        return self.scripts.get(named) if named is not None else None

    def _script(self, n: int, view: Object) -> Module:
        declared = self._script_class(n) or ScriptClass(frozenset(), frozenset(), {})
        parameters: Pairs = []
        buffers: Pairs = []
        modules: Pairs = []
        others: Pairs = []
        for k, value in view.attributes:
            name = self._name(k) or ""
            if name in declared.parameters and self._is_tensor(value):
                parameters.append((k, value))
            elif self._is_tensor(value) and _is_buffer(declared, name):
                buffers.append((k, value))
            elif self.is_module(value):
                modules.append((k, value))
            elif not (name in _BOOKKEEPING and self._is_empty(value)):
                others.append((k, value))
        return Module(parameters + buffers, modules, others, view.children, ())


def _is_buffer(declared: ScriptClass, name: str) -> bool:
    if declared.buffers is None:
        return declared.types.get(name) == "Tensor"
    return name in declared.buffers and declared.types.get(name, "Tensor") == "Tensor"
