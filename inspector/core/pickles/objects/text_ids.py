"""Persistent ids of pickle protocol 0, which are text: what Python prints for the tuple that torch gave its pickler.

    P('storage', <class 'torch.FloatStorage'>, '94692917754496', 'cpu', 13, None)
    P('module', <class 'net.Net'>, '/home/me/net.py', 'class Net(nn.Module): …')

torch.save wrote such files whenever it was asked for protocol 0, and no torch.load has ever read one back ("saved_id must
be a tuple"), though nothing is missing from them.
"""
from __future__ import annotations

import copy
import re

from inspector.core.findings import Finding
from inspector.core.graph import GLOBAL, INT, NONE, PERSID, PERSIDTEXT, STR, TUPLE, Graph

_LONGEST = 4096
_STORAGE = re.compile(rb"\('(storage)', <class '([\w.]+)\.(\w+)'>, '(\w{1,40})', '([^'\\]{0,100})', (\d{1,18})"
                      rb"(?:, (?:None|\('(\w{1,40})', (\d{1,18}), (\d{1,18})\)))?\)")
_MODULE = re.compile(rb"\('module', <class '([^']+)\.([^'.]+)'>, ")


def text_id_findings(count: int, member: str) -> list[Finding]:
    """What there is to say of a pickle with `count` such ids."""
    if not count:
        return []
    return [Finding("text-ids", "warning", member, f"It was saved with pickle protocol 0, whose {count:,} references to storages are "
                    "plain text: torch.load stops at them, though nothing is missing.", "Save it again to get a file that torch reads.")]


def load_texts(graph: Graph) -> tuple[Graph, int]:
    """The graph with text ids of storages as the tuples they were, and those of modules' classes as their names; and how
    many there were. Node numbers stay; other text ids stay as they are."""
    n = graph.kind.find(PERSIDTEXT)
    if n < 0:
        return graph, 0
    loaded = _Loaded(graph)
    while n >= 0:
        loaded.load(n)
        n = graph.kind.find(PERSIDTEXT, n + 1)
    return (loaded.graph, loaded.count) if loaded.count else (graph, 0)


class _Loaded:
    """A copy of a graph with nodes behind its last one; their texts are where the ids have them."""

    def __init__(self, graph: Graph) -> None:
        self.graph = longer = copy.copy(graph)
        longer.kind, longer.a, longer.b, longer.at = graph.kind[:], graph.a[:], graph.b[:], graph.at[:]
        longer.operands, longer.names = graph.operands[:], graph.names[:]
        self.count = 0
        self._where = 0
        self._names = {name: i for i, name in reversed(list(enumerate(graph.names)))}

    def load(self, n: int) -> None:
        graph = self.graph
        start, end = graph.a[n], graph.b[n]
        self._where = graph.at[n]
        module = _MODULE.match(graph.data, start, min(end, start + _LONGEST))
        storage = _STORAGE.fullmatch(graph.data, start, end) if end - start <= _LONGEST else None
        if module is not None:
            self._change(n, GLOBAL, self._name(module[1], module[2]), 0)
        elif storage is not None:
            self._change(n, PERSID, self._storage(storage), 0)

    def _storage(self, found: re.Match[bytes]) -> int:
        view = self._node(NONE, 0, 0)
        if found[7] is not None:
            view = self._tuple(self._node(STR, *found.span(7)), self._node(INT, int(found[8]), 0), self._node(INT, int(found[9]), 0))
        cls = self._node(GLOBAL, self._name(found[2], found[3]), 0)
        return self._tuple(self._node(STR, *found.span(1)), cls, self._node(STR, *found.span(4)), self._node(STR, *found.span(5)),
                           self._node(INT, int(found[6]), 0), view)

    def _name(self, module: bytes, name: bytes) -> int:
        """The number of a name; a new one where the graph has none like it."""
        names = self.graph.names
        spelled = module.decode("utf-8", "replace"), name.decode("utf-8", "replace")
        found = self._names.get(spelled)
        if found is None:
            found = self._names[spelled] = len(names)
            names.append(spelled)
        return found

    def _tuple(self, *items: int) -> int:
        begin = len(self.graph.operands)
        self.graph.operands.extend(items)
        return self._node(TUPLE, begin, begin + len(items))

    def _node(self, kind: int, a: int, b: int) -> int:
        graph = self.graph
        graph.kind.append(kind)
        graph.a.append(a)
        graph.b.append(b)
        graph.at.append(self._where)
        return len(graph.kind) - 1

    def _change(self, n: int, kind: int, a: int, b: int) -> None:
        self.graph.kind[n] = kind
        self.graph.a[n] = a
        self.graph.b[n] = b
        self.count += 1
