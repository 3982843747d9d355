"""Persistent ids of pickle protocol 0, which are text: what Python prints for the tuple that torch gave its pickler.

    P('storage', <class 'torch.FloatStorage'>, '94692917754496', 'cpu', 13, None)
    P('module', <class 'net.Net'>, '/home/me/net.py', 'class Net(nn.Module): …')

torch.save wrote such files whenever it was asked for protocol 0, and no torch.load has ever read one back ("saved_id must
be a tuple"), though nothing is missing from them.
"""
from __future__ import annotations

import re

from inspector.core.findings import Finding
from inspector.core.graph import GLOBAL, INT, NONE, PERSID, PERSIDTEXT, STR, Graph

from .grown_graph import GrownGraph

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
    loaded.graph.grafted = True
    return (loaded.graph, loaded.count) if loaded.count else (graph, 0)


class _Loaded(GrownGraph):
    """Its texts are where the ids have them."""

    def __init__(self, source: Graph) -> None:
        super().__init__(source)
        self.count = 0

    def load(self, n: int) -> None:
        graph = self.graph
        start, end = graph.a[n], graph.b[n]
        self.at = graph.at[n]
        module = _MODULE.match(graph.data, start, min(end, start + _LONGEST))
        storage = _STORAGE.fullmatch(graph.data, start, end) if end - start <= _LONGEST else None
        if module is not None:
            self.change(n, GLOBAL, self._name(module[1], module[2]))
        elif storage is not None:
            self.change(n, PERSID, self._storage(storage))
        self.count += module is not None or storage is not None

    def _storage(self, found: re.Match[bytes]) -> int:
        view = self.node(NONE)
        if found[7] is not None:
            view = self.tuple_of((self.node(STR, *found.span(7)), self.node(INT, int(found[8])), self.node(INT, int(found[9]))))
        cls = self.node(GLOBAL, self._name(found[2], found[3]))
        return self.tuple_of((self.node(STR, *found.span(1)), cls, self.node(STR, *found.span(4)), self.node(STR, *found.span(5)),
                              self.node(INT, int(found[6])), view))

    def _name(self, module: bytes, name: bytes) -> int:
        return self.name_number(module.decode("utf-8", "replace"), name.decode("utf-8", "replace"))
