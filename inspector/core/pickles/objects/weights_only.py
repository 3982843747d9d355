"""What `torch.load(weights_only=True)` would stop at in a pickle, by the rules of its unpickler. Nothing is loaded to find out.

Its rules (torch/_weights_only_unpickler.py, `Unpickler.load`), beside the names in `weights_only_names`:

    opcodes     34 of the 68: those that pickle protocol 2 needs, without POP and DUP, and without the text opcodes of protocol 0
    REDUCE      calls only what is one of the names, never the result of something else
    NEWOBJ      makes a Parameter, from 2.6 on also what else is one of the names
    BUILD       gives a state to a Tensor, Parameter or OrderedDict, from 2.6 on also to objects of the other classes named
    APPEND(S)   adds to a list only; SETITEM(S), from 2.10 on, to a dict, OrderedDict or Counter only
    BINPERSID   takes ("storage", …) only
    SHORT_BINSTRING, Python 2's text, has to be UTF-8
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from inspector.core.graph import (
    APPEND,
    APPENDS,
    BIGINT,
    BUILD,
    BYTES,
    DICT,
    GLOBAL,
    LIST,
    MUTATIONS,
    NEWOBJ,
    PYSTR,
    PYSTRTEXT,
    REDUCE,
    SET,
    SETITEM,
    SETITEMS,
    TUPLE,
    Graph,
)
from inspector.core.pickles.decode import opcodes

from .bulk import calls_besides, ids_of_others
from .calls import tuple_items
from .weights_only_names import BLOCKED_MODULES, CLASSES, NOT_CALLED, TENSOR_CLASSES, Rules

Rule = Literal["name", "opcode", "call", "object", "state", "items", "id", "text"]

_KNOWN_OPCODES = frozenset(b"(.NcR\x81baesut\x85\x86\x87)]}\x8fKMJGXUQhjqr\x8a\x80\x88\x89")
_PARAMETER, _TENSOR = "torch.nn.parameter.Parameter", "torch.Tensor"
_STATED = frozenset({_PARAMETER, _TENSOR, "collections.OrderedDict"})
_DICTS = frozenset({"builtins.dict", "collections.OrderedDict", "collections.Counter"})
_KINDS = {LIST: "builtins.list", DICT: "builtins.dict", TUPLE: "builtins.tuple", SET: "builtins.set", BYTES: "builtins.bytes"}
_ITEMS = MUTATIONS - {BUILD}
_MAKES = {"torch._utils._rebuild_parameter": _PARAMETER, "torch._utils._rebuild_parameter_with_state": _PARAMETER,
          "_codecs.encode": "builtins.bytes", "torch.serialization._get_layout": "torch.layout"}


class Refusal(NamedTuple):
    """`node` is what is refused: a name, a call, what is changed; -1 for an opcode. `at` is the offset in the pickle of what torch
    would stop at, `name` the dotted name (of what is called or changed, "" where it has none) or what the opcode is called."""

    node: int
    at: int
    rule: Rule
    name: str


def refused_names(graph: Graph, rules: Rules) -> dict[int, str]:
    """Index of `graph.names` -> the dotted name as torch looks it up, for those that it does not take."""
    return {i: spelled for i, spelled in enumerate(_spelled(graph, rules)) if not _is_allowed(spelled, rules)}


def refusals(graph: Graph, rules: Rules) -> list[Refusal]:
    """All that torch would stop at, in the order of the pickle; each name once, where it stands first. Of what is called, made or
    changed only what is not explained by a refused name already. A pickle without any is taken: its values may still be such that
    one of torch's functions complains, which those of undamaged files are not."""
    spelled = _spelled(graph, rules)
    bad = {i for i, name in enumerate(spelled) if not _is_allowed(name, rules)}
    found = [Refusal(-1, at, "opcode", opcodes.name(op)) for op, at in graph.opcodes.items() if op not in _KNOWN_OPCODES]
    found += _names(graph, spelled, bad)
    found += _calls(graph, rules, spelled, bad)
    found += _changes(graph, rules, spelled, bad)
    found += [Refusal(n, graph.at[n], "id", "") for n in ids_of_others(graph)]
    if 0x55 in graph.opcodes:
        found += [Refusal(n, graph.at[n], "text", "") for n, kind in enumerate(graph.kind)
                  if kind == PYSTR and graph.data[graph.at[n]] == 0x55 and graph.loose_text(n) is None]
    return sorted(found, key=lambda refusal: refusal.at)


def _spelled(graph: Graph, rules: Rules) -> list[str]:
    return [rules.spelled(module, name, graph.protocol) for module, name in graph.names]


def _is_allowed(spelled: str, rules: Rules) -> bool:
    return spelled in rules.allowed and spelled.rpartition(".")[0] not in BLOCKED_MODULES


def _names(graph: Graph, spelled: list[str], bad: set[int]) -> Iterator[Refusal]:
    left = set(bad)
    n = graph.kind.find(GLOBAL) if left else -1
    while n >= 0 and left:
        if graph.a[n] in left:
            left.discard(graph.a[n])
            yield Refusal(n, graph.at[n], "name", spelled[graph.a[n]])
        n = graph.kind.find(GLOBAL, n + 1)


def _calls(graph: Graph, rules: Rules, spelled: list[str], bad: set[int]) -> Iterator[Refusal]:
    called = bad | {i for i, name in enumerate(spelled) if name not in NOT_CALLED}
    for n in calls_besides(graph, called):
        target = graph.a[n] if graph.kind[n] in (REDUCE, NEWOBJ) else graph.operands[graph.a[n]]
        yield Refusal(n, graph.at[n], "call", spelled[graph.a[target]] if graph.kind[target] == GLOBAL else "")
    n = graph.kind.find(NEWOBJ)
    while n >= 0:
        target = graph.a[n]
        if graph.kind[target] == GLOBAL and graph.a[target] not in bad:
            name = spelled[graph.a[target]]
            if (name not in CLASSES and name not in NOT_CALLED) or (name != _PARAMETER and not rules.makes_classes):
                yield Refusal(n, graph.at[n], "object", name)
        n = graph.kind.find(NEWOBJ, n + 1)


def _changes(graph: Graph, rules: Rules, spelled: list[str], bad: set[int]) -> Iterator[Refusal]:
    kind = graph.kind
    for target, done in _odd_changes(graph):
        made = _class_of(graph, target, spelled, bad)
        if made is None:
            continue
        for m in done:
            rule: Rule | None = None
            if kind[m] == BUILD:
                stated = made in _STATED or (rules.makes_classes and made in CLASSES and made in rules.allowed)
                rule = None if stated else "state"
            elif kind[m] in (APPEND, APPENDS):
                rule = None if made == "builtins.list" else "items"
            elif kind[m] in (SETITEM, SETITEMS):
                rule = None if made in _DICTS or not rules.checks_items else "items"
            if rule is not None:
                yield Refusal(target, graph.at[m], rule, made)
                break


def _odd_changes(graph: Graph) -> Iterator[tuple[int, list[int]]]:
    """What is done to nodes, but for dicts and lists that are given items in one way, as nearly all are: the machine gives them nothing
    but items of theirs."""
    kind = graph.kind
    usual = {(of << 8) + done for of in (DICT, LIST) for done in _ITEMS}
    for target, m in graph.mutations.single():
        if (kind[target] << 8) + kind[m] not in usual:
            yield target, [m]
    for target, done in graph.mutations.others():
        first = kind[done[0]]
        if kind[target] not in (DICT, LIST) or first not in _ITEMS or any(kind[m] != first for m in done):
            yield target, done


def _class_of(graph: Graph, n: int, spelled: list[str], bad: set[int]) -> str | None:
    """The class of what node `n` makes; None where a refused name, or something that is refused anyway, makes it."""
    kind = graph.kind[n]
    if kind not in (REDUCE, NEWOBJ):
        return _KINDS.get(kind, "")
    target = graph.a[n]
    if graph.kind[target] != GLOBAL or graph.a[target] in bad:
        return None
    name = spelled[graph.a[target]]
    if name in TENSOR_CLASSES:
        return _TENSOR
    if name in CLASSES:
        return name
    if name == "torch._tensor._rebuild_from_type_v2" or name == "torch._utils._rebuild_wrapper_subclass":
        args = tuple_items(graph, graph.b[n]) or ()
        cls = next((arg for arg in args if graph.kind[arg] == GLOBAL and spelled[graph.a[arg]] in CLASSES), None)
        return None if cls is None else spelled[graph.a[cls]]
    return _MAKES.get(name, _TENSOR if name.startswith("torch._utils.") else "")


def unread_literals(graph: Graph) -> list[int]:
    """The nodes of numbers and texts that torch has no opcode for: integers of more than 255 bytes, long texts of Python 2 and those
    that are no UTF-8."""
    ops = graph.opcodes
    if not ops.keys() & {0x8B, 0x53, 0x54, 0x55}:
        return []
    return [n for n, kind in enumerate(graph.kind) if (kind == BIGINT and graph.data[graph.at[n]] == 0x8B)
            or (kind == PYSTR and (graph.data[graph.at[n]] == 0x54 or graph.loose_text(n) is None))
            or (kind == PYSTRTEXT and graph.loose_text(n) is None)]
