"""A graph with changes: new nodes behind the last one, other operands, entries dropped or added, another root.

The graph that is edited stays as it is. Everything is said in numbers of nodes; a new node gets the next number. Where an
operand stands is its position in `Graph.references(node)`: the callable of a REDUCE is 0, the first key of a SETITEMS is 1, as
its target is 0. Positions count in the graph as it was, whatever was dropped meanwhile.

`literals` and `drops` say which changes were of a kind that the original bytes can be patched for (see `patch`);
`rebuilt` that there were others.
"""
from __future__ import annotations

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
from inspector.core.pickles.objects.grown_graph import GrownGraph

_MADE_BY = {APPENDS: LIST, SETITEMS: DICT}


class GraphEditor(GrownGraph):
    """See the module. `graph` is the edited graph once `finish` was called; new nodes may be made until then."""

    def __init__(self, source: Graph) -> None:
        super().__init__(source)
        self.graph.mutations = source.mutations.copy()
        self.first_new = len(source)
        self.done_after: dict[int, int] = {}            # new mutation of an old node -> the node right behind which it counts as done
        self.literals: dict[tuple[int, int], int] = {}
        self.drops: dict[int, set[int]] = {}
        self.rebuilt = False
        self._globals: dict[tuple[str, str], int] = {}
        self._words: dict[str, int] = {}

    @property
    def changed(self) -> bool:
        return bool(self.literals or self.drops or self.rebuilt)

    def finish(self) -> Graph:
        """The edited graph."""
        for n, positions in self.drops.items():
            kept = [other for i, other in enumerate(self.graph.references(n)) if i not in positions]
            self.graph.a[n], self.graph.b[n] = self.put(kept)
        return self.finished()

    # -- new nodes ----------------------------------------------------------------------------------------------------

    def const(self, value: bool | int | float | str | bytes | None) -> int:
        """A node of its own for a plain value."""
        if type(value) is int and -1 << 63 <= value < 1 << 63:         # as nearly all are
            return self.node(INT, value)
        if value is None or isinstance(value, bool):
            return self.node(NONE if value is None else TRUE if value else FALSE)
        if isinstance(value, int):
            return self.node(BIGINT, *self.put_bytes(value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)))
        if isinstance(value, float):
            return self.node(FLOAT, struct.unpack("<q", struct.pack("<d", value))[0])
        if isinstance(value, str):
            return self.node(STR, *self.put_bytes(value.encode("utf-8", "surrogatepass")))
        return self.node(BYTES, *self.put_bytes(value))

    def text_like(self, old: int, text: str) -> int:
        """A text that is spelt as node `old` is: python 2's strings stay such."""
        if self.graph.kind[old] in (PYSTR, PYSTRTEXT):
            return self.node(PYSTR, *self.put_bytes(text.encode("utf-8", "surrogatepass")))
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
            found = self._globals[module, attribute] = self.node(GLOBAL, self.name_number(module, attribute))
        return found

    def known_word(self, text: str) -> int:
        """The node of a text as `word` gave it; -1 where it was not asked for yet."""
        return self._words.get(text, -1)

    def known_name(self, module: str, attribute: str) -> int:
        """The same of a name."""
        return self._globals.get((module, attribute), -1)

    def list_of(self, items: Iterable[int]) -> int:
        return self.node(LIST, *self.put(items))

    def dict_of(self, pairs: Iterable[tuple[int, int]]) -> int:
        return self.node(DICT, *self.put(other for pair in pairs for other in pair))

    def integers(self, values: Iterable[int]) -> int:
        return self.tuple_of([self.const(value) for value in values])

    def reduce(self, function: int, arguments: Sequence[int]) -> int:
        return self.node(REDUCE, function, self.tuple_of(arguments))

    def call(self, function: int, arguments: int) -> int:
        """The same with the tuple of arguments given as a node."""
        return self.node(REDUCE, function, arguments)

    def persid(self, id: int) -> int:
        return self.node(PERSID, id)

    # -- changes ------------------------------------------------------------------------------------------------------

    def set_root(self, n: int) -> None:
        if n != self.graph.root:
            self.rebuilt = True
            self.graph.root = n

    def set_operand(self, n: int, position: int, new: int) -> None:
        """Another operand at `position` of node or mutation `n`. The one that was there stays for whoever else refers to it."""
        graph = self.graph
        self.literals[n, position] = new
        if graph.kind[n] not in COLUMNS:
            graph.operands[graph.a[n] + position] = new
        elif position == 0:
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
            graph.a[n], graph.b[n] = self.put(filled)
            return
        graph.a[n] = graph.b[n] = len(graph.operands)
        if filled:
            m = self.node(SETITEMS if kind == DICT else APPENDS, *self.put([n, *filled]))
            self.done_after[m] = self.done_after.get(known[-1], known[-1]) if known else n
            graph.mutations[n] = [m]

    def drop(self, n: int, positions: Iterable[int]) -> None:
        """Leaves out operands of a container or mutation `n`. Of a pair both positions are to be given."""
        self.drops.setdefault(n, set()).update(positions)
        if self.graph.kind[n] == TUPLE:
            self.rebuilt = True

    def add_pairs(self, container: int, pairs: Iterable[tuple[int, int]]) -> None:
        """Pairs behind the last one of a dict or of anything else that takes SETITEMS."""
        self._add(container, SETITEMS, [other for pair in pairs for other in pair])

    def build(self, target: int, state: int) -> None:
        """A BUILD of `target` with `state`, behind all that was done to it."""
        self._mutation(target, self.node(BUILD, target, state))

    def _add(self, container: int, kind: int, new: list[int]) -> None:
        self.rebuilt = True
        graph = self.graph
        known = graph.mutations.get(container, [])
        last = known[-1] if known else container
        if graph.kind[last] == (kind if known else _MADE_BY[kind]) and last not in self.drops:
            graph.a[last], graph.b[last] = self.put([*graph.initial(last), *new])
        else:
            self._mutation(container, self.node(kind, *self.put([container, *new])))

    def _mutation(self, target: int, m: int) -> None:
        self.rebuilt = True
        known = self.graph.mutations.get(target, [])
        assert self.graph.kind[m] in MUTATIONS
        if target < self.first_new:
            self.done_after[m] = self.done_after.get(known[-1], known[-1]) if known else target
        self.graph.mutations[target] = [*known, m]
