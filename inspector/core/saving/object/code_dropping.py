"""Leaving code out: which keys need a name that is not wanted."""
from __future__ import annotations

from collections.abc import Set

from inspector.core.graph import DICT, FROZENSET, GLOBAL, LIST, REDUCE, SET, TUPLE, Graph
from inspector.core.pickles.objects import recognise
from inspector.core.pickles.objects.names import canonical

from .slot_tree import SlotTree


def unwanted_nodes(graph: Graph, names: Set[str]) -> bytearray:
    """One byte a node: 1 where something that it leads to is one of the names ("module.name", in either spelling)."""
    bad = {i for i, name in enumerate(graph.names) if ".".join(name) in names or ".".join(canonical(*name)) in names}
    return graph.leading_to(n for n, kind in enumerate(graph.kind) if kind == GLOBAL and graph.a[n] in bad)


def unwanted_slots(tree: SlotTree, unwanted: bytearray) -> frozenset[int]:
    """The slots to be left out: of a dict or list only the entries that need such a name, of anything else all of it."""
    gone: set[int] = set()
    for i, slot in enumerate(tree.slots):
        lost = tree.parent[i] in gone or (slot.name >= 0 and unwanted[slot.name])
        if lost or (unwanted[slot.node] and not tree.inside[i] and not _can_lose_entries(tree, i, unwanted)):
            gone.add(i)
    return frozenset(gone)


def code_left(graph: Graph, names: Set[str]) -> list[str]:
    """Those of the names that the root still needs."""
    bad = {i for i, name in enumerate(graph.names) if ".".join(name) in names or ".".join(canonical(*name)) in names}
    live = graph.reachable()
    return sorted({".".join(graph.names[graph.a[n]]) for n, kind in enumerate(graph.kind)
                   if kind == GLOBAL and live[n] and graph.a[n] in bad})


def _can_lose_entries(tree: SlotTree, i: int, unwanted: bytearray) -> bool:
    """Whether the container itself needs none of the names."""
    graph, n = tree.graph, tree.slots[i].node
    if tree.is_leaf(i):
        return False
    if graph.kind[n] in (LIST, TUPLE, DICT, SET, FROZENSET):
        return True
    if graph.kind[n] != REDUCE or isinstance(tree.view(i), recognise.Object | recognise.Leaf) or unwanted[graph.a[n]]:
        return False
    args = graph.b[n]
    return not unwanted[args] or isinstance(tree.view(i), recognise.Sequence)
