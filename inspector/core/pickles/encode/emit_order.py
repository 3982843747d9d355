"""What of a graph may be written where: how often nodes are referred to, and which calls depend on when they run."""
from __future__ import annotations

from collections.abc import Container, Mapping
from typing import TYPE_CHECKING, Any

from inspector.core.graph import (
    ADDITEMS,
    APPEND,
    APPENDS,
    BUILD,
    CALLS,
    DICT,
    FIRST_MUTATION,
    GLOBAL,
    GLOBALDYN,
    LIST,
    NEWOBJ,
    PERSID,
    REDUCE,
    SETITEM,
    SETITEMS,
    TUPLE,
    Graph,
)
from inspector.core.pickles.objects.names import canonical
from inspector.core.progress import QUIET, Monitor, stoppable

if TYPE_CHECKING:
    import numpy as np

    Ints = np.ndarray[Any, np.dtype[np.int64]]

_PASSES = 40            # over the log, until it is settled what reaches what; more only for what is made to be awkward


def uses(graph: Graph, monitor: Monitor = QUIET) -> Ints:
    """How many operands refer to each node, those of nodes that nobody needs included; a mutation's target does not count."""
    import numpy as np
    kind = np.frombuffer(graph.kind, np.uint8)
    a, b = np.frombuffer(graph.a, np.int64), np.frombuffer(graph.b, np.intc)
    size = len(kind)
    found: Ints = np.bincount(np.frombuffer(graph.operands, np.intc), minlength=size) if graph.operands else np.zeros(size, np.int64)
    monitor.check()
    direct = (kind == REDUCE) | (kind == NEWOBJ) | (kind == GLOBALDYN)
    found += np.bincount(a[direct | (kind == PERSID)], minlength=size)
    monitor.check()
    found += np.bincount(b[direct | (kind == BUILD)], minlength=size)
    monitor.check()
    listed = (kind >= FIRST_MUTATION) & (kind != BUILD)
    found -= np.bincount(np.frombuffer(graph.operands, np.intc)[a[listed]], minlength=size) if graph.operands else 0
    return found


def shared(graph: Graph, monitor: Monitor = QUIET) -> bytearray:
    """One byte a node: 1 where it may be referred to more than once, so that it has to be in the memo."""
    import numpy as np
    counts = uses(graph, monitor)
    counts[graph.root] += 1
    return bytearray((counts > 1).astype(np.uint8).tobytes())


def has_late_calls(graph: Graph, done_after: Mapping[int, int], fresh: int, monitor: Monitor = QUIET) -> bool:
    """Whether some call before node `fresh`, or some change that looks at what it is given, saw a value that was changed
    afterwards."""
    latest = _latest(graph, done_after, monitor)
    if latest is None:
        return True
    ordered = frozenset(i for i, name in enumerate(graph.names) if canonical(*name) == ("collections", "OrderedDict"))
    for n, kind in enumerate(stoppable(graph.kind[:fresh], monitor)):
        when = done_after.get(n, n)
        if (kind in CALLS or kind >= FIRST_MUTATION) and any(latest[other] > when for other in _observed(graph, n, ordered)):
            return True
    return False


def steady(graph: Graph, done_after: Mapping[int, int], monitor: Monitor = QUIET) -> bytearray:
    """One byte a node: 1 where it does not matter when it is made: nothing is done to it afterwards, and a call sees nothing
    that is changed after it ran."""
    found = bytearray(len(graph))
    latest, changed = _latest(graph, done_after, monitor), graph.changed()
    for n, kind in enumerate(stoppable(graph.kind, monitor)):
        if changed[n] or kind >= FIRST_MUTATION:
            continue
        if kind in CALLS:
            found[n] = latest is not None and all(latest[other] <= done_after.get(n, n) for other in graph.references(n))
        else:
            found[n] = True
    return found


def _observed(graph: Graph, n: int, ordered: Container[int]) -> list[int]:
    """The operands whose contents call or mutation `n` looks at: keys and items of sets are hashed, a list or a dict just holds its
    values. `ordered` are the numbers of the names of OrderedDict, which is a dict in this."""
    kind = graph.kind[n]
    refs = graph.references(n)
    if kind < FIRST_MUTATION:
        return refs
    target = graph.kind[refs[0]]
    if kind in (APPEND, APPENDS) and target == LIST:
        return []
    if kind in (SETITEM, SETITEMS) and (target == DICT or (target == REDUCE and _makes_one_of(graph, refs[0], ordered))):
        return refs[1::2]
    return refs[1:] if kind in (SETITEM, SETITEMS, APPEND, APPENDS, ADDITEMS, BUILD) else refs


def _makes_one_of(graph: Graph, n: int, names: Container[int]) -> bool:
    """Whether call `n` is of one of these names, without arguments."""
    function, args = graph.a[n], graph.b[n]
    return graph.kind[function] == GLOBAL and graph.a[function] in names and graph.kind[args] == TUPLE and graph.a[args] == graph.b[args]


def _latest(graph: Graph, done_after: Mapping[int, int], monitor: Monitor) -> list[int] | None:
    """For each node the place of the last change of anything that it leads to, -1 for none. None where that is not settled
    after many passes."""
    latest = [-1] * len(graph)
    for target, changes in stoppable(graph.mutations.items(), monitor):
        latest[target] = max(done_after.get(m, m) for m in changes)
    kind = graph.kind
    for _ in range(_PASSES):
        settled = True
        for n in stoppable(range(len(latest)), monitor):
            refs = graph.references(n)
            if not refs:
                continue
            last = max(latest[other] for other in refs)
            into = refs[0] if kind[n] >= FIRST_MUTATION else n
            if last > latest[into]:
                latest[into] = last
                settled = False
        if settled:
            return latest
    return None
