"""A graph with changes: new nodes behind the last one, other operands, entries dropped or added, another root.

The graph that is edited stays as it is. Everything is said in numbers of nodes; a new node gets the next number. Where an
operand stands is its place in `Graph.references(node)`: the callable of a REDUCE is 0, the first key of a SETITEMS is 1, as
its target is 0. Places count in the graph as it was, whatever was dropped meanwhile.

`literals` and `drops` say which changes were of a kind that the original bytes can be patched for (see `patch`);
`rebuilt` that there were others.
"""
from __future__ import annotations

import copy
import struct
from collections.abc import Iterable, Sequence

from inspector.core.graph import (
    APPENDS,
    BIGINT,
    BUILD,
    BYTES,
    COLUMNS,
    DICT,
    FALSE,
    FLOAT,
    GLOBAL,
    INT,
    LIST,
    MUTATIONS,
    NONE,
    PERSID,
    PYSTR,
    PYSTRTEXT,
    REDUCE,
    SETITEMS,
    STR,
    TRUE,
    TUPLE,
    Graph,
)

_MADE_BY = {APPENDS: LIST, SETITEMS: DICT}


class GraphEditor:
    """See the module. `graph` is the edited graph once `finish` was called; new nodes may be made until then."""

    def __init__(self, source: Graph) -> None:
        self.source = source
        self.graph = graph = copy.copy(source)
        graph.kind, graph.a, graph.b, graph.at = source.kind[:], source.a[:], source.b[:], source.at[:]
        graph.operands, graph.names = source.operands[:], source.names[:]
        graph.mutations = dict(source.mutations)
        graph._texts = {}
        self.first_new = len(source)
        self.places: dict[int, int] = {}            # new mutation of an old node -> the node right behind which it counts as done
        self.literals: dict[tuple[int, int], int] = {}
        self.drops: dict[int, set[int]] = {}
        self.rebuilt = False
        self._more = bytearray()                    # bytes behind the source's data
        self._base = len(source.data)
        self._names = {name: i for i, name in enumerate(graph.names)}
        self._globals: dict[tuple[str, str], int] = {}
        self._words: dict[str, int] = {}

    @property
    def changed(self) -> bool:
        return bool(self.literals or self.drops or self.rebuilt)

    def finish(self) -> Graph:
        """The edited graph."""
        for n, places in self.drops.items():
            kept = [other for i, other in enumerate(self.graph.references(n)) if i not in places]
            self.graph.a[n], self.graph.b[n] = self._put(kept)
        if self._more:
            self.graph.data = self.source.data + bytes(self._more)
        return self.graph

    # -- new nodes ----------------------------------------------------------------------------------------------------

    def const(self, value: bool | int | float | str | bytes | None) -> int:
        """A node of its own for a plain value."""
        if value is None or isinstance(value, bool):
            return self._node(NONE if value is None else TRUE if value else FALSE)
        if isinstance(value, int):
            if -1 << 63 <= value < 1 << 63:
                return self._node(INT, value)
            return self._node(BIGINT, *self._bytes(value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)))
        if isinstance(value, float):
            return self._node(FLOAT, struct.unpack("<q", struct.pack("<d", value))[0])
        if isinstance(value, str):
            return self._node(STR, *self._bytes(value.encode("utf-8", "surrogatepass")))
        return self._node(BYTES, *self._bytes(value))

    def text_like(self, old: int, text: str) -> int:
        """A text that is spelt as node `old` is: python 2's strings stay such."""
        if self.graph.kind[old] in (PYSTR, PYSTRTEXT):
            return self._node(PYSTR, *self._bytes(text.encode("utf-8", "surrogatepass")))
        return self.const(text)

    def word(self, text: str) -> int:
        """The node of a text that may serve in many places; the same each time."""
        found = self._words.get(text)
        if found is None:
            found = self._words[text] = self.const(text)
        return found

    def name(self, module: str, attribute: str) -> int:
        """The GLOBAL of that name; the same each time."""
        found = self._globals.get((module, attribute))
        if found is None:
            index = self._names.setdefault((module, attribute), len(self._names))
            if index == len(self.graph.names):
                self.graph.names.append((module, attribute))
            found = self._globals[module, attribute] = self._node(GLOBAL, index)
        return found

    def tuple_of(self, items: Iterable[int]) -> int:
        return self._node(TUPLE, *self._put(items))

    def list_of(self, items: Iterable[int]) -> int:
        return self._node(LIST, *self._put(items))

    def dict_of(self, pairs: Iterable[tuple[int, int]]) -> int:
        return self._node(DICT, *self._put(other for pair in pairs for other in pair))

    def integers(self, values: Iterable[int]) -> int:
        return self.tuple_of([self.const(value) for value in values])

    def reduce(self, function: int, arguments: Sequence[int]) -> int:
        return self._node(REDUCE, function, self.tuple_of(arguments))

    def call(self, function: int, arguments: int) -> int:
        """The same with the tuple of arguments given as a node."""
        return self._node(REDUCE, function, arguments)

    def persid(self, id: int) -> int:
        return self._node(PERSID, id)

    # -- changes ------------------------------------------------------------------------------------------------------

    def set_root(self, n: int) -> None:
        if n != self.graph.root:
            self.rebuilt = True
            self.graph.root = n

    def set_operand(self, n: int, place: int, new: int) -> None:
        """Another operand at `place` of node or mutation `n`. The one that was there stays for whoever else refers to it."""
        graph = self.graph
        self.literals[n, place] = new
        if graph.kind[n] not in COLUMNS:
            graph.operands[graph.a[n] + place] = new
        elif place == 0:
            graph.a[n] = new
        else:
            graph.b[n] = new

    def become(self, old: int, new: int) -> None:
        """Everyone who refers to `old` gets what `new` is; what was done to `old` is undone with it. Nothing may be done to `new`."""
        graph = self.graph
        if new in graph.mutations:
            raise ValueError("a node that is changed later cannot stand for another")
        self.rebuilt = True
        graph.mutations.pop(old, None)
        graph.kind[old], graph.a[old], graph.b[old] = graph.kind[new], graph.a[new], graph.b[new]

    def become_container(self, n: int, kind: int, operands: Iterable[int]) -> None:
        """Everyone who refers to `n` gets a new LIST, TUPLE or DICT (of key, value, key, value …) instead, and what was done to `n` is
        undone. A list or dict may hold what leads back to itself: it is filled when the last change of `n` was made."""
        graph = self.graph
        known = graph.mutations.pop(n, [])
        filled = list(operands)
        self.rebuilt = True
        graph.kind[n] = kind
        if kind == TUPLE:
            graph.a[n], graph.b[n] = self._put(filled)
            return
        graph.a[n] = graph.b[n] = len(graph.operands)
        if filled:
            m = self._node(SETITEMS if kind == DICT else APPENDS, *self._put([n, *filled]))
            self.places[m] = self.places.get(known[-1], known[-1]) if known else n
            graph.mutations[n] = [m]

    def drop(self, n: int, places: Iterable[int]) -> None:
        """Leaves out operands of a container or mutation `n`. Of a pair both places are to be given."""
        self.drops.setdefault(n, set()).update(places)
        if self.graph.kind[n] == TUPLE:
            self.rebuilt = True

    def add_pairs(self, container: int, pairs: Iterable[tuple[int, int]]) -> None:
        """Pairs behind the last one of a dict or of anything else that takes SETITEMS."""
        self._add(container, SETITEMS, [other for pair in pairs for other in pair])

    def add_items(self, container: int, items: Iterable[int]) -> None:
        """Items behind the last one of a list or of anything else that takes APPENDS."""
        self._add(container, APPENDS, list(items))

    def build(self, target: int, state: int) -> None:
        """A BUILD of `target` with `state`, behind all that was done to it."""
        self._mutation(target, self._node(BUILD, target, state))

    def _add(self, container: int, kind: int, new: list[int]) -> None:
        self.rebuilt = True
        graph = self.graph
        known = graph.mutations.get(container, [])
        last = known[-1] if known else container
        if graph.kind[last] == (kind if known else _MADE_BY[kind]) and last not in self.drops:
            graph.a[last], graph.b[last] = self._put([*graph.initial(last), *new])
        else:
            self._mutation(container, self._node(kind, *self._put([container, *new])))

    def _mutation(self, target: int, m: int) -> None:
        self.rebuilt = True
        known = self.graph.mutations.get(target, [])
        assert self.graph.kind[m] in MUTATIONS
        if target < self.first_new:
            self.places[m] = self.places.get(known[-1], known[-1]) if known else target
        self.graph.mutations[target] = [*known, m]

    # -- arrays -------------------------------------------------------------------------------------------------------

    def _node(self, kind: int, a: int = 0, b: int = 0) -> int:
        graph = self.graph
        graph.kind.append(kind)
        graph.a.append(a)
        graph.b.append(b)
        graph.at.append(-1)
        return len(graph.kind) - 1

    def _put(self, operands: Iterable[int]) -> tuple[int, int]:
        begin = len(self.graph.operands)
        self.graph.operands.extend(operands)
        return begin, len(self.graph.operands)

    def _bytes(self, raw: bytes) -> tuple[int, int]:
        begin = self._base + len(self._more)
        self._more += raw
        return begin, self._base + len(self._more)
