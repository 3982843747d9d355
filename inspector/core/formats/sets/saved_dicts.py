"""What a program wrote beside its tensors, from the graph of a pickle: dicts, lists, integers, shapes and names, each looked at by itself.

Readers of sets ask for what they know by name. Whatever is not of the kind that is asked for is None, or nothing at all: nothing here
goes deeper than one container, so that no file can make it go round in circles.
"""
from __future__ import annotations

from inspector.core.checkpoint import Checkpoint
from inspector.core.graph import CALLS, CONTAINERS, Graph
from inspector.core.pickles.objects.calls import call_of
from inspector.core.pickles.objects.plain import key_text, small_integer
from inspector.core.pickles.objects.recognise import Mapping, Sequence, View, size_of, view_of

_DIMENSIONS = 64            # of a shape
_SIZES = 1 << 62            # what a size is below


class SavedDict:
    """The dict at one node: names -> nodes, the last of two entries of one name. Empty for what is no dict."""

    def __init__(self, graph: Graph, n: int) -> None:
        self.graph = graph
        found = _view(graph, n)
        self.nodes: dict[str, int] = {}
        if isinstance(found, Mapping):
            self.nodes = {key_text(graph, key): value for key, value in found.pairs}

    def __contains__(self, name: str) -> bool:
        return name in self.nodes

    def table(self, name: str) -> SavedDict:
        return SavedDict(self.graph, self.nodes.get(name, -1))

    def items(self, name: str) -> list[int] | None:
        """The nodes in a list or tuple."""
        return items_of(self.graph, self.nodes.get(name, -1))

    def integer(self, name: str) -> int | None:
        return integer_of(self.graph, self.nodes.get(name, -1))

    def text(self, name: str) -> str | None:
        n = self.nodes.get(name, -1)
        return self.graph.text(n) if n >= 0 else None

    def texts(self) -> dict[str, str]:
        """The entries that are texts."""
        found = ((name, self.graph.text(n)) for name, n in self.nodes.items())
        return {name: text for name, text in found if text is not None}

    def shapes(self) -> dict[str, tuple[int, ...] | None]:
        """All entries as shapes, None for those that are none."""
        return {name: shape_of(self.graph, n) for name, n in self.nodes.items()}


def root_of(part: Checkpoint | None) -> SavedDict:
    """The dict that a file of `torch.save` is; without a file one that has nothing."""
    graph = part.pickles[0].graph if part is not None and part.pickles else Graph(b"")
    return SavedDict(graph, graph.root)


def items_of(graph: Graph, n: int) -> list[int] | None:
    """The nodes in the list or tuple at `n`; None for anything else."""
    found = _view(graph, n)
    return found.items if isinstance(found, Sequence) and isinstance(found.empty, list | tuple) else None


def integer_of(graph: Graph, n: int) -> int | None:
    """An integer, also as the member of an enum that is pickled by its number."""
    if n < 0:
        return None
    found = small_integer(graph, n)
    if found is not None:
        return found
    call = call_of(graph, n) if graph.kind[n] in CALLS else None
    return small_integer(graph, call.args[0]) if call is not None and call.args is not None and len(call.args) == 1 else None


def shape_of(graph: Graph, n: int) -> tuple[int, ...] | None:
    """A torch.Size, or a tuple or list of sizes; None for anything else, and for sizes that no tensor has."""
    sizes = size_of(graph, n) if n >= 0 and graph.kind[n] in CALLS else None
    if sizes is None:
        found = items_of(graph, n)
        if found is None or len(found) > _DIMENSIONS:
            return None
        numbers = [small_integer(graph, item) for item in found]
        sizes = [number for number in numbers if number is not None]
        if len(sizes) != len(numbers):
            return None
    return tuple(sizes) if len(sizes) <= _DIMENSIONS and all(0 <= size < _SIZES for size in sizes) else None


def _view(graph: Graph, n: int) -> View | None:
    return view_of(graph, n) if n >= 0 and (graph.kind[n] in CONTAINERS or graph.kind[n] in CALLS) else None
