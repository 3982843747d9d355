"""A pickle's graph as it looks once its persistent ids are loaded, where they are more than ids of storages.

Torch's formats before 1.6 put two more things into persistent ids: classes of modules together with their source text, and
(in the tar format) whole tensors and storages, as numbers that records outside the pickle explain. Both functions give a
copy of the graph in which those nodes are what torch's `persistent_load` would return for them, under the same node numbers,
so that whatever reads graphs needs to know nothing of it. The copy shares everything it does not change.
"""
from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from inspector.core.graph import GLOBAL, INT, NONE, PERSID, PERSIDTEXT, PYSTR, PYSTRTEXT, REDUCE, STR, STRTEXT, TUPLE, Graph
from inspector.core.hashing import ByNumber
from inspector.core.wording import count

from .grown_graph import GrownGraph

_PERSISTENT = re.compile(b"[%s]" % re.escape(bytes((PERSID, PERSIDTEXT))))
_STRINGS = frozenset((STR, STRTEXT, PYSTR, PYSTRTEXT))
_STORAGE_LENGTHS, _LOCATION = (5, 6), 3     # (word, class, key, location, numel, perhaps a view)
_SOURCES = 1000             # classes whose sources are kept
_SOURCE, _FILE = 1 << 20, 4096      # bytes of them
_REBUILD = ("torch._utils", "_rebuild_tensor")


class ModuleSource(NamedTuple):
    """A class of a module in the pickle at byte `at`, with the file that its author had it in and its source text."""

    name: tuple[str, str]
    file: str
    text: str
    at: int


class StorageId(NamedTuple):
    """A storage as torch's later persistent ids spell it. `cls` is (module, name) of its class; `view` is None or (key, first
    element, elements) of the part of it that is meant."""

    cls: tuple[str, str]
    key: str
    location: str
    numel: int
    view: tuple[str, int, int] | None = None


class TensorId(NamedTuple):
    """A tensor in a storage; `offset`, `shape` and `stride` in elements."""

    storage: StorageId
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


def load_modules(graph: Graph, word: str | None) -> tuple[Graph, list[ModuleSource]]:
    """Persistent ids (`word`, class, file, source) become the GLOBAL of their class, whose `b` still names the id. Without a
    `word` the ids have only the other three items. Gives the graph and the sources that were found."""
    found = list(_modules(graph, word))
    if not found:
        return graph, []
    loaded = copy.copy(graph)
    loaded.kind, loaded.a, loaded.b = graph.kind[:], graph.a[:], graph.b[:]
    sources: dict[int, ModuleSource] = {}               # by the class's name: torch gives the source once
    for n, cls, file, source in found:
        name = graph.a[cls]
        loaded.kind[n] = GLOBAL
        loaded.b[n] = graph.a[n]
        loaded.a[n] = name
        if name not in sources and len(sources) < _SOURCES:
            text = _head(graph, source, _SOURCE)
            if text:
                sources[name] = ModuleSource(graph.names[name], _head(graph, file, _FILE), text, graph.at[n])
    return loaded, list(sources.values())


def load_tensors(graph: Graph, known: Callable[[int], StorageId | TensorId | None]) -> Graph:
    """Persistent ids that are numbers become calls of torch's `_rebuild_tensor`, or ids of storages as later formats spell
    them: what `known` says of the number. Ids that it does not know stay as they are."""
    loaded = _Loaded(graph)
    first = ByNumber[int]()                 # number -> the node that had it first
    for n in persistent_ids(graph):
        number = _number(graph, n)
        if number is None:
            continue
        if number in first:
            loaded.put_again(n, first[number])
            continue
        thing = known(number)
        if isinstance(thing, TensorId):
            loaded.put_tensor(n, thing)
        elif thing is not None:
            loaded.put_storage(n, thing)
        if thing is not None:
            first[number] = n
    return loaded.finished()


def persistent_ids(graph: Graph) -> Iterator[int]:
    """Nodes of all persistent ids, in stream order."""
    return (match.start() for match in _PERSISTENT.finditer(graph.kind))


def locations(graph: Graph) -> list[int]:
    """The node of each storage's location, in stream order: the same again where several storages share one text."""
    found = []
    for n in persistent_ids(graph):
        t = graph.a[n]
        if graph.kind[n] == PERSID and graph.kind[t] == TUPLE and graph.b[t] - graph.a[t] in _STORAGE_LENGTHS:
            found.append(graph.operands[graph.a[t] + _LOCATION])
    return found


def _head(graph: Graph, n: int, most: int) -> str:
    """The text of a string node, "" for any other; of one that is longer than `most` bytes only that it is."""
    if graph.kind[n] not in _STRINGS:
        return ""
    length = graph.b[n] - graph.a[n]
    return f"(a text of {count(length, 'byte')})" if length > most else graph.loose_text(n) or ""


def _modules(graph: Graph, word: str | None) -> Iterator[tuple[int, int, int, int]]:
    """(node, class, file, source) of each id of a class."""
    length = 3 if word is None else 4
    for n in persistent_ids(graph):
        t = graph.a[n]
        if graph.kind[n] != PERSID or graph.kind[t] != TUPLE or t in graph.mutations or graph.b[t] - graph.a[t] != length:
            continue
        items = graph.operands[graph.a[t]:graph.b[t]]
        if word is None or _head(graph, items[0], _FILE) == word:
            cls, file, source = items[-3:]
            if graph.kind[cls] == GLOBAL:
                yield n, cls, file, source


def _number(graph: Graph, n: int) -> int | None:
    """`int(id)` of an id that is text or an integer; None for any other."""
    inner = graph.a[n]
    if graph.kind[n] == PERSIDTEXT:
        text: str | None = graph.data[inner:min(graph.b[n], inner + 40)].decode("ascii", "replace")
    elif graph.kind[inner] == INT:
        return graph.a[inner]
    elif graph.b[inner] - graph.a[inner] > 40:
        return None
    else:
        text = graph.loose_text(inner)
    digits = (text or "").strip()
    plain = digits.removeprefix("-")
    return int(digits) if plain.isascii() and plain.isdecimal() and len(plain) <= 20 else None


class _Loaded(GrownGraph):
    """Equal storages are made once."""

    def __init__(self, source: Graph) -> None:
        super().__init__(source)
        self._made: dict[StorageId | tuple[str, str] | str, int] = {}

    def put_tensor(self, n: int, tensor: TensorId) -> None:
        self.at = self.graph.at[n]
        arguments = self.tuple_of((self._storage(tensor.storage), self._integer(tensor.offset), self._integers(tensor.shape),
                                   self._integers(tensor.stride)))
        self.change(n, REDUCE, self._global(_REBUILD), arguments)

    def put_storage(self, n: int, storage: StorageId) -> None:
        self.at = self.graph.at[n]
        self.change(n, PERSID, self.graph.a[self._storage(storage)])

    def put_again(self, n: int, before: int) -> None:
        """What node `before` became."""
        graph = self.graph
        self.change(n, graph.kind[before], graph.a[before], graph.b[before])

    def _storage(self, storage: StorageId) -> int:
        found = self._made.get(storage)
        if found is None:
            view = self.node(NONE)
            if storage.view is not None:
                key, first, count = storage.view
                view = self.tuple_of((self._text(key), self._integer(first), self._integer(count)))
            spelled = self.tuple_of((self._text("storage"), self._global(storage.cls), self._text(storage.key),
                                     self._text(storage.location), self._integer(storage.numel), view))
            found = self._made[storage] = self.node(PERSID, spelled)
        return found

    def _global(self, name: tuple[str, str]) -> int:
        found = self._made.get(name)
        if found is None:
            found = self._made[name] = self.node(GLOBAL, self.name_number(*name))
        return found

    def _text(self, text: str) -> int:
        found = self._made.get(text)
        if found is None:
            found = self._made[text] = self.node(STR, *self.put_bytes(text.encode("utf-8", "surrogatepass")))
        return found

    def _integers(self, values: tuple[int, ...]) -> int:
        return self.tuple_of(map(self._integer, values))

    def _integer(self, value: int) -> int:
        return self.node(INT, value)
