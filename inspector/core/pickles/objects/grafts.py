"""The nodes of one graph put into another, in place of one of its nodes."""
from __future__ import annotations

from collections.abc import Mapping

from inspector.core.graph import (
    BIGINT,
    BIGTEXT,
    BYTEARRAY,
    BYTES,
    COLUMNS,
    GLOBAL,
    LISTED,
    NONE,
    PERSID,
    PERSIDTEXT,
    PYSTR,
    PYSTRTEXT,
    STR,
    STRTEXT,
    TUPLE,
    Graph,
)

from .grown_graph import GrownGraph
from .storages import Storages, never_resolved

_IN_DATA = frozenset((BIGINT, BIGTEXT, STR, STRTEXT, BYTES, BYTEARRAY, PYSTR, PYSTRTEXT, PERSIDTEXT))
_MOST = (1 << 31) - 1       # bytes and nodes whose numbers a graph can keep


class Graft(GrownGraph):
    """Node numbers of `source` stay. What comes from another graph says that it is where the node is that it was put in place of."""

    def __init__(self, source: Graph) -> None:
        super().__init__(source)
        self.graph.mutations = source.mutations.copy()
        self.graph.grafted = True
        self._datas: dict[int, int] = {}            # id of a graph's data -> where that begins here

    def graft(self, n: int, inner: Graph, keys: Mapping[str, str]) -> bool:
        """Node `n` becomes the root of `inner`, whose storages are called as `keys` says from now on. False where there is no room."""
        graph = self.graph
        first, operands = len(graph.kind), len(graph.operands)
        data = 0 if inner.data is self.source.data else self._datas.get(id(inner))
        if inner.root < 0 or first + len(inner) > _MOST or (data is None and self._base + len(self._more) + len(inner.data) > _MOST):
            return False
        if data is None:
            data = self._datas[id(inner)] = self.put_bytes(inner.data)[0]
        root, self.at = inner.root, graph.at[n]

        def there(i: int) -> int:
            return n if i == root else first + i

        graph.operands.extend(map(there, inner.operands))
        for i in range(len(inner)):
            kind, a, b = inner.kind[i], inner.a[i], inner.b[i]
            if kind in _IN_DATA:
                a, b = a + data, b + data
            elif kind in LISTED:
                a, b = a + operands, b + operands
            elif kind == PERSID:
                a = there(a)
            elif kind in COLUMNS:
                a, b = there(a), there(b)
            elif kind == GLOBAL:
                a = self.name_number(*inner.names[a])
            if i == root:
                self.change(n, kind, a, b)
                kind, a, b = NONE, 0, 0
            self.node(kind, a, b)
        for target, done in inner.mutations.items():
            graph.mutations[there(target)] = [first + m for m in done]
        for ref in Storages(inner, never_resolved).refs():
            if ref.key is not None and ref.key in keys:
                self._rename(there(ref.node), keys[ref.key])
        return True

    def _rename(self, n: int, key: str) -> None:
        """The storage that PERSID node `n` names, and the view of it where it names one, under the key `key`."""
        graph = self.graph
        id = graph.a[n]
        items = list(graph.operands[graph.a[id]:graph.b[id]])
        items[2] = self._text(key)
        if len(items) > 5 and graph.kind[items[5]] == TUPLE and graph.b[items[5]] - graph.a[items[5]] == 3:
            view, start, count = graph.operands[graph.a[items[5]]:graph.b[items[5]]]
            name = graph.loose_text(view) if view < len(self.source) or graph.kind[view] != STR else None
            items[5] = self.tuple_of((self._text(f"{key}/{name or view}"), start, count))
        self.change(n, PERSID, self.tuple_of(items))

    def _text(self, text: str) -> int:
        return self.node(STR, *self.put_bytes(text.encode("utf-8", "surrogatepass")))
