"""A call in a pickle, whichever opcode made it: what would be called, and with which arguments."""
from __future__ import annotations

from typing import NamedTuple

from inspector.core.graph import DICT, NEWOBJ, NEWOBJEX, NONE, REDUCE, TUPLE, Graph

from .names import Name, canonical

_RECONSTRUCTOR = ("copyreg", "_reconstructor")
_NEWOBJ = ("copyreg", "__newobj__")


class Call(NamedTuple):
    """`name` in canonical spelling, `spelled` as in the file, both None when the callable is no plain name. `args` are
    nodes, None when they are no tuple or may have changed since the call. `made` says that the callable is a class whose
    instance is made without calling it (NEWOBJ and copyreg's two helpers)."""

    node: int
    name: Name | None
    spelled: Name | None
    args: tuple[int, ...] | None
    kwargs: tuple[tuple[int, int], ...] = ()
    made: bool = False


FEW = 64        # arguments that anything we know is called with at most


def call_of(graph: Graph, n: int, most: int = FEW) -> Call:
    """What the REDUCE, NEWOBJ, NEWOBJEX, OBJ or INST node `n` calls. A tuple of more than `most` arguments is not looked at,
    as many calls may share it."""
    kind = graph.kind[n]
    kwargs: tuple[tuple[int, int], ...] = ()
    args: tuple[int, ...] | None
    if kind in (REDUCE, NEWOBJ):
        target = graph.a[n]
        args = tuple_items(graph, graph.b[n], most)
    else:
        operands = graph.initial(n)
        target = operands[0]
        args = tuple(operands[1:])
        if kind == NEWOBJEX:
            args = tuple_items(graph, operands[1], most)
            if graph.kind[operands[2]] == DICT and not graph.mutated_after(operands[2], n):
                kwargs = tuple(graph.pairs(operands[2]))
            else:
                args = None
    made = kind in (NEWOBJ, NEWOBJEX)
    spelled = graph.global_name(target)
    name = canonical(*spelled) if spelled else None
    if kind == REDUCE and args and name in (_RECONSTRUCTOR, _NEWOBJ):
        inner = graph.global_name(args[0])
        if inner is not None and name == _NEWOBJ:
            return Call(n, canonical(*inner), inner, args[1:], (), True)
        if inner is not None and len(args) == 3:        # (class, base, the base's value: None for object)
            return Call(n, canonical(*inner), inner, () if graph.kind[args[2]] == NONE else args[2:], (), True)
    return Call(n, name, spelled, args, kwargs, made)


def tuple_items(graph: Graph, n: int, most: int = FEW) -> tuple[int, ...] | None:
    """The items of a TUPLE node that nothing was done to and that has at most `most`; None for any other."""
    if graph.kind[n] != TUPLE or n in graph.mutations or graph.b[n] - graph.a[n] > most:
        return None
    return tuple(graph.operands[graph.a[n]:graph.b[n]])

