"""A graph with nodes behind its last one. What is there keeps its number and, as far as it stays as it is, is shared."""
from __future__ import annotations

import copy
from array import array
from collections.abc import Iterable

from inspector.core.graph import TUPLE, Graph


class GrownGraph:
    """`graph` is a copy of `source` that may be changed; `finished` gives it with all that was put into it. New nodes say that byte
    `at` of the pickle is where they come from (-1: they are in none)."""

    def __init__(self, source: Graph) -> None:
        self.source = source
        self.graph = graph = copy.copy(source)
        graph.kind, graph.a, graph.b, graph.at = source.kind[:], source.a[:], source.b[:], source.at[:]
        graph.operands, graph.names = source.operands[:], source.names[:]
        graph._texts = {}
        self.at = -1
        self._more = bytearray()                    # bytes behind the source's data
        self._base = len(source.data)
        self._numbers: dict[tuple[str, str], int] = {}
        for number, name in enumerate(graph.names):
            self._numbers.setdefault(name, number)

    def finished(self) -> Graph:
        if self._more:
            self.graph.data = self.source.data + bytes(self._more)
        return self.graph

    def node(self, kind: int, a: int = 0, b: int = 0) -> int:
        """A new node; its number."""
        graph = self.graph
        n = len(graph.kind)
        graph.kind.append(kind)
        graph.a.append(a)
        graph.b.append(b)
        graph.at.append(self.at)
        return n

    def nodes(self, kinds: bytes, a: list[int], b: list[int]) -> None:
        """Many new nodes, in less time than one by one."""
        graph = self.graph
        graph.kind += kinds
        graph.a.extend(a)
        graph.b.extend(b)
        graph.at.extend(array("i", (self.at,)) * len(kinds))

    def tuple_of(self, items: Iterable[int]) -> int:
        begin, end = self.put(items)
        return self.node(TUPLE, begin, end)

    def change(self, n: int, kind: int, a: int, b: int = 0) -> None:
        """Node `n` is something else from now on, for everybody who refers to it."""
        self.graph.kind[n], self.graph.a[n], self.graph.b[n] = kind, a, b

    def put(self, operands: Iterable[int]) -> tuple[int, int]:
        """Where these operands begin and end."""
        mine = self.graph.operands
        begin = len(mine)
        mine.extend(operands)
        return begin, len(mine)

    def put_bytes(self, raw: bytes) -> tuple[int, int]:
        """Where these bytes begin and end in the finished graph's data."""
        begin = self._base + len(self._more)
        self._more += raw
        return begin, self._base + len(self._more)

    def name_number(self, module: str, name: str) -> int:
        """The number of a name; a new one where the graph has none like it."""
        found = self._numbers.setdefault((module, name), len(self.graph.names))
        if found == len(self.graph.names):
            self.graph.names.append((module, name))
        return found
