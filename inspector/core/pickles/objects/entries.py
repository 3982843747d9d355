"""The entries of a container in the graph: which operands of which node or mutation are its keys, values and items."""
from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from inspector.core.graph import (
    ADDITEMS,
    APPEND,
    APPENDS,
    BUILD,
    CALLS,
    CONTAINERS,
    DICT,
    LIST,
    NEWOBJEX,
    REDUCE,
    SETITEM,
    SETITEMS,
    TUPLE,
    Graph,
)
from inspector.core.progress import QUIET, Monitor, stoppable

from .calls import call_of, tuple_items
from .names import WITH_STATE
from .plain import key_identity

_ITEMS = (APPEND, APPENDS, ADDITEMS)
_ANY = 1 << 40


class Entry(NamedTuple):
    """`owner` is the node or mutation whose operands they are; `key` (-1: an item) and `value` are positions among them."""

    owner: int
    key: int
    value: int

    @property
    def positions(self) -> tuple[int, ...]:
        return (self.value,) if self.key < 0 else (self.key, self.value)


class Entries:
    """Finds the entries of containers of one graph, each container gone over once."""

    def __init__(self, graph: Graph, monitor: Monitor = QUIET) -> None:
        self._graph = graph
        self._monitor = monitor
        self._pairs: dict[int, dict[tuple[int, int], list[Entry]]] = {}
        self._alike: dict[int, dict[tuple[str, bytes | str, int], list[Entry]]] = {}
        self._items: dict[int, list[Entry]] = {}

    def pair(self, holder: int, key: int, value: int) -> Entry | None:
        """Where `holder` has this key, or one that is equal to it, with this value: its own entry, of the container it was made of, or of
        a state that was set on it. The first of several; None where it stands in no container that can be changed."""
        found = self._pairs.get(holder)
        if found is None:
            found = self._pairs[holder] = self._find_pairs(holder)
        entries = found.get((key, value))
        if entries is None:                     # set again by a key that is another object than the first, which a dict keeps
            alike = self._alike.get(holder)
            if alike is None:
                alike = self._alike[holder] = {}
                for (k, v), some in stoppable(found.items(), self._monitor):
                    alike.setdefault((*key_identity(self._graph, k), v), []).extend(some)
            entries = alike.get((*key_identity(self._graph, key), value))
        return entries[0] if entries else None

    def item(self, holder: int, index: int) -> Entry | None:
        """Where item `index` of `holder` stands."""
        found = self._items.get(holder)
        if found is None:
            found = self._items[holder] = self._find_items(holder)
        return found[index] if index < len(found) else None

    def _find_pairs(self, holder: int) -> dict[tuple[int, int], list[Entry]]:
        graph, found = self._graph, dict[tuple[int, int], list[Entry]]()
        for container in self._containers(holder):
            owners = [container] if graph.kind[container] == DICT else []
            owners += [m for m in graph.mutations.get(container, ()) if graph.kind[m] in (SETITEM, SETITEMS)]
            for owner in owners:
                first = 0 if owner == container else 1
                operands = graph.operands[graph.a[owner] + first:graph.b[owner]]
                for i in stoppable(range(0, len(operands), 2), self._monitor):
                    found.setdefault((operands[i], operands[i + 1]), []).append(Entry(owner, first + i, first + i + 1))
            if graph.kind[container] in (LIST, TUPLE):          # of two-item lists, as python 2 wrote OrderedDicts
                for item in stoppable(graph.sequence(container), self._monitor):
                    if graph.kind[item] in (LIST, TUPLE) and item not in graph.mutations and graph.b[item] - graph.a[item] == 2:
                        key, value = graph.initial(item)
                        found.setdefault((key, value), []).append(Entry(item, -1, 1))
        return found

    def _containers(self, holder: int) -> Iterable[int]:
        """`holder`, what it was made of, and the states that were set on it."""
        graph = self._graph
        yield holder
        if graph.kind[holder] not in CALLS:
            return
        call = call_of(graph, holder)
        if call.args and len(call.args) <= 2 and graph.kind[call.args[0]] in CONTAINERS:
            yield call.args[0]
        if call.args and len(call.args) == 4 and call.name in WITH_STATE:
            yield call.args[3]
            yield from tuple_items(graph, call.args[3]) or ()
        if graph.kind[holder] == NEWOBJEX:
            yield graph.initial(holder)[2]
        for m in graph.mutations.get(holder, ()):
            if graph.kind[m] == BUILD:
                state = graph.b[m]
                yield state
                yield from tuple_items(graph, state) or ()

    def _find_items(self, holder: int) -> list[Entry]:
        graph, found = self._graph, list[Entry]()
        makers = [holder]
        if graph.kind[holder] == REDUCE:
            call = call_of(graph, holder, _ANY)
            if call.args and graph.kind[call.args[0]] in CONTAINERS:
                makers.insert(0, call.args[0])
        for container in makers:
            if graph.kind[container] in CONTAINERS:
                found += (Entry(container, -1, i) for i in stoppable(range(graph.b[container] - graph.a[container]), self._monitor))
            for m in graph.mutations.get(container, ()):
                if graph.kind[m] in _ITEMS:
                    found += (Entry(m, -1, i) for i in stoppable(range(1, graph.b[m] - graph.a[m]), self._monitor))
        return found
