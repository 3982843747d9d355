"""Objects that carry the source text of their class, as StyleGAN's `torch_utils.persistence` pickles them.

    _reconstruct_persistent_obj({"type": "class", "version": 6, "module_src": "import …", "class_name": "Generator", "state": {…}})

Whoever unpickles one runs `module_src` as a module of its own and takes the class `class_name` out of it. Here the text is text, and the
object what its state says: a module most often. Many objects share one text; modules in modules are such objects themselves. Programs
built on StyleGAN have the package at other places (`src.torch_utils.persistence`).

Source: torch_utils/persistence.py of NVlabs/stylegan2-ada-pytorch, stylegan3 and edm (version 6).
"""
from __future__ import annotations

from typing import NamedTuple

from inspector.core.graph import DICT, GLOBAL, REDUCE, TEXTS, Graph
from inspector.core.wording import count

from .calls import Call, call_of
from .names import carries_source

_FIELDS = 64                # entries of the dict that are looked through
_TEXTS = 1000               # distinct ones that are kept
_NAME, _SOURCE = 1 << 10, 8 << 20       # bytes of a class's name, and of the text of a module, that are looked at


class Carried(NamedTuple):
    """One such object: the name of its class, the nodes of the text and of its state."""

    class_name: str
    source: int
    state: int


class CarriedSource(NamedTuple):
    """The text of a module that objects carry, at byte `at` of the pickle; `classes` are those that are taken out of it. `name` is the
    last of them, which the others are in most often, and that of no other text."""

    name: str
    classes: tuple[str, ...]
    text: str
    at: int


def carried_by(graph: Graph, call: Call) -> Carried | None:
    """What `call` says of the object it makes; None where it makes none, or is not quite in order."""
    if call.name is None or not carries_source(*call.name) or call.args is None or len(call.args) != 1 or call.kwargs:
        return None
    meta = call.args[0]
    if graph.kind[meta] != DICT or call.node in graph.mutations or graph.mutated_after(meta, call.node):
        return None
    fields = {graph.loose_text(key): value for key, value in graph.pairs(meta)[:_FIELDS] if graph.b[key] - graph.a[key] <= _NAME}
    name, source, state = fields.get("class_name", -1), fields.get("module_src", -1), fields.get("state", -1)
    if min(name, source, state) < 0 or graph.kind[source] not in TEXTS or graph.b[name] - graph.a[name] > _NAME:
        return None
    class_name = graph.loose_text(name)
    return Carried(class_name, source, state) if class_name and class_name.isidentifier() else None


def loaders(graph: Graph) -> frozenset[int]:
    """The numbers of the names, in `graph.names`, that make such objects."""
    return frozenset(i for i, name in enumerate(graph.names) if carries_source(*name))


def carried_sources(graph: Graph) -> dict[int, CarriedSource]:
    """node -> the text that it is, for all that objects of `graph` carry, in the order of the file."""
    classes = _classes(graph)
    texts = {source: _text(graph, source) for source in classes}
    together: dict[str, list[int]] = {}                 # the nodes of one text, which may have been pickled more than once
    for source, text in texts.items():
        together.setdefault(text, []).append(source)
    found, taken = dict[int, CarriedSource](), dict[str, int]()
    for text, sources in together.items():
        names = tuple(dict.fromkeys(name for source in sources for name in classes[source]))
        count = taken[names[-1]] = taken.get(names[-1], 0) + 1
        name = names[-1] if count == 1 else f"{names[-1]}#{count}"
        found.update(dict.fromkeys(sources, CarriedSource(name, names, text, graph.at[sources[0]])))
    return found


def _classes(graph: Graph) -> dict[int, dict[str, None]]:
    """The nodes of texts -> the classes that are taken out of each, those of inner objects first."""
    names, found = loaders(graph), dict[int, dict[str, None]]()
    n = graph.kind.find(REDUCE) if names else -1
    while n >= 0:
        if graph.kind[graph.a[n]] == GLOBAL and graph.a[graph.a[n]] in names:
            carried = carried_by(graph, call_of(graph, n))
            if carried is not None and (carried.source in found or len(found) < _TEXTS):
                found.setdefault(carried.source, {})[carried.class_name] = None
        n = graph.kind.find(REDUCE, n + 1)
    return found


def _text(graph: Graph, n: int) -> str:
    length = graph.b[n] - graph.a[n]
    return f"(a text of {count(length, 'byte')})" if length > _SOURCE else graph.loose_text(n) or ""
