"""Which containers of the pickle the keys of a checkpoint lie in: a key alone does not tell `{"a.b": …}` from `{"a": {"b": …}}`."""
from __future__ import annotations

from collections.abc import Iterator

from inspector.core.checkpoint import Checkpoint
from inspector.core.graph import CALLS, CONTAINERS, REDUCE, Graph, Pairs
from inspector.core.keypath import ancestors, relative, splits
from inspector.core.pickles.objects.calls import call_of
from inspector.core.pickles.objects.names import OLD_PARAMETERS, WITH_STATE, canonical
from inspector.core.pickles.objects.plain import key_text
from inspector.core.pickles.objects.recognise import Leaf, Mapping, Sequence, View, state_pairs, view_of
from inspector.core.progress import QUIET, Monitor, stoppable

from .common import NearestDict

_STEPS = 100_000        # containers looked at for one path
_STREAMS = ("torch-legacy", "torch-tar", "pickle")          # whose object is the first of the pickles
_WITH_MORE = WITH_STATE | OLD_PARAMETERS      # what makes tensors with attributes


class Structure:
    """Answers for the checkpoint as it was opened, whatever was edited since. Only a file whose object is one pickle has containers here:
    elsewhere a name is a name."""

    def __init__(self, ckpt: Checkpoint) -> None:
        source = ckpt.as_opened
        self._source = source
        self._graph: Graph | None = source.pickles[0].graph if len(source.pickles) == 1 or source.format in _STREAMS else None
        self._children: dict[int, dict[str, int]] = {}
        self._views: dict[int, View | None] = {}

    def container(self, path: str) -> View | None:
        """The container at `path`, or None when there is none, or another thing."""
        graph = self._graph
        if graph is None or graph.root < 0:
            return None
        todo = [(graph.root, path)]
        seen: set[tuple[int, int]] = set()
        while todo and len(seen) < _STEPS:
            node, rest = todo.pop()
            if (node, len(rest)) in seen:
                continue
            seen.add((node, len(rest)))
            view = self._view(node)
            if view is None or isinstance(view, Leaf):
                continue
            if not rest:
                return view
            todo += self._next(node, view, rest)
        return None

    def is_list(self, path: str) -> bool:
        return isinstance(self.container(path), Sequence)

    def is_dict(self, path: str) -> bool:
        return isinstance(self.container(path), Mapping)

    def tails(self, monitor: Monitor = QUIET) -> dict[str, str]:
        """key -> what of it lies below a container of its own inside its state dict (or, outside any, below the root's), for all
        that is not an entry of the state dict itself. Keys are those of the file. Raises Cancelled."""
        if self._graph is None:
            return {}
        found: dict[str, str] = {}
        for place, keys in self._inside(monitor).items():
            view = self.container(place)
            if view is None or (isinstance(view, Mapping) and len(view.pairs) == len(keys)):
                continue
            names = self._names(view, monitor) if isinstance(view, Mapping) else set()       # a list's numbers are no names
            for key in stoppable(keys, monitor):
                name = relative(key, place)
                if not _is_listed(name, names):
                    found[key] = next((tail for head, tail in splits(name) if _is_listed(head, names)), name)
        return found

    def attached(self, monitor: Monitor = QUIET) -> dict[str, str]:
        """key -> the tensor that it hangs on as an attribute or a gradient, and whose name it begins with, for all that does. Keys are
        those of the file."""
        graph, source = self._graph, self._source
        if graph is None or not any(canonical(*name) in _WITH_MORE for name in graph.names):
            return {}
        found: dict[str, str] = {}
        loose = [key for key, info in stoppable(source.tensors.items(), monitor) if info.state_dict is None]
        for key in stoppable((*loose, *source.values), monitor):
            tensor = next((path for path in ancestors(key) if path in source.tensors), None)
            if tensor is not None and not self._is_entry(key, tensor):
                found[key] = tensor
        return found

    def _is_entry(self, key: str, tensor: str) -> bool:
        """Whether `key` is a name with dots that begins like that of a tensor beside it."""
        for path in ("", *ancestors(tensor)):
            view = self.container(path)
            if isinstance(view, Mapping) and _is_listed(relative(key, path), self._names(view)):
                return True
        return False

    def _inside(self, monitor: Monitor) -> dict[str, list[str]]:
        """state dict -> the keys of its tensors and of the values in it."""
        source = self._source
        modules = source.modules
        inside: dict[str, list[str]] = {}
        for info in stoppable(source.tensors.values(), monitor):
            place = info.state_dict
            if place not in modules:
                inside.setdefault(place or "", []).append(info.key)
        if source.values:
            places = NearestDict(source.state_dicts)
            for key in stoppable(source.values, monitor):
                place = places.of(key)
                if place is not None and place not in modules:
                    inside.setdefault(place, []).append(key)
        return inside

    def _names(self, view: Mapping, monitor: Monitor = QUIET) -> set[str]:
        assert self._graph is not None
        graph = self._graph
        return {key_text(graph, k) for k, _ in stoppable(view.pairs, monitor)}

    def _view(self, node: int) -> View | None:
        graph = self._graph
        assert graph is not None
        if node not in self._views:
            kind = graph.kind[node]
            self._views[node] = view_of(graph, node) if kind in CONTAINERS or kind in CALLS else None
        return self._views[node]

    def _next(self, node: int, view: View, rest: str) -> Iterator[tuple[int, str]]:
        """The children of a container that `rest` may go through, and what is left of it then."""
        children = self._children_of(node, view)
        if rest in children:
            yield children[rest], ""
        for head, tail in splits(rest):
            if head in children:
                yield children[head], tail

    def _children_of(self, node: int, view: View) -> dict[str, int]:
        found = self._children.get(node)
        if found is None:
            graph = self._graph
            assert graph is not None
            if isinstance(view, Sequence):
                found = {str(i): item for i, item in enumerate(view.items)}
            elif isinstance(view, Mapping):
                found = {key_text(graph, k): value for k, value in (*view.pairs, *view.attributes)}
            elif isinstance(view, Leaf):
                found = {}
            else:
                pairs = [*view.attributes, *self._attributes_of_tensor(node)]
                found = {**dict(view.children), **{key_text(graph, k): value for k, value in pairs}}
            self._children[node] = found
        return found

    def _attributes_of_tensor(self, node: int) -> Pairs:
        """What the tensor that `node` builds, if it is one, has besides its elements."""
        assert self._graph is not None
        call = call_of(self._graph, node) if self._graph.kind[node] == REDUCE else None
        if call is None or call.name not in WITH_STATE or call.args is None or len(call.args) != 4:
            return []
        return state_pairs(self._graph, call.args[3]) or []


def _is_listed(name: str, names: set[str]) -> bool:
    """Whether an entry of one of these names is listed as `name`: as what it is called, or with #2, #3, … behind it."""
    if name in names:
        return True
    called, _, number = name.rpartition("#")
    return called in names and number.isdecimal()
