"""Several checkpoints as one: the keys of all, each with what it had.

    all of them safetensors ──> one table of tensors, and the texts of all
    any other               ──> each as the object that a PyTorch file of it would hold (`pickled`); the dicts in those joined, the
                                first one's entries first, dicts under the same name joined in turn

Objects, ties, views, order and `_metadata` are as they are in a file of its own. Nothing is read but metadata. Two of one name are
never chosen between: plain values that are equal are one, anything else is refused.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from types import MappingProxyType
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, FileStamp, Pickle, Storage, TensorInfo
from inspector.core.errors import EditError, UsageError
from inspector.core.findings import Finding
from inspector.core.formats.shared.merging import Findings, merge_metadata
from inspector.core.graph import CALLS, CONTAINERS, DICT, NONE, Graph
from inspector.core.io import addresses
from inspector.core.keypath import join, visible
from inspector.core.opening import CheckpointLike, opened
from inspector.core.pickles.decode.machine import decode
from inspector.core.pickles.encode.emit import emit
from inspector.core.pickles.encode.graph_editor import GraphEditor
from inspector.core.pickles.encode.records import Record
from inspector.core.pickles.encode.torch_calls import ordered_dict
from inspector.core.pickles.objects.contents import contents_of
from inspector.core.pickles.objects.grafts import Graft
from inspector.core.pickles.objects.plain import SCALARS, SameKeys, key_text, scalar
from inspector.core.pickles.objects.recognise import Mapping as Dict
from inspector.core.pickles.objects.recognise import view_of
from inspector.core.pickles.objects.storages import KnownStorages, Storages, never_resolved
from inspector.core.progress import QUIET, Monitor
from inspector.core.runtime.collector import collector_paused
from inspector.core.wording import count

from .graph_changes import same_value
from .pickled import pickled
from .synthesis import synthesised

_SAFETENSORS = ("safetensors", "safetensors-sharded")
_DEEPEST = 100          # dicts within each other that are joined
_MEMBER = "data.pkl"


def merge(inputs: Iterable[CheckpointLike], monitor: Monitor = QUIET) -> Checkpoint:
    """The checkpoints, or those at these paths, as one that can be listed, measured, edited and saved like any other. Its keys are those of
    all: dicts of the same name are joined, equal plain values under one key are one.

    Raises UsageError for none at all, EditError for what cannot be joined (id "clash" for two different things of one name, "no_dict" for a
    file that holds something else than a dict, "converted" for one whose tensors are not as they stand in a file), errors of `open`,
    Cancelled.

    >>> paths = [core.save({key: np.ones(3)}, folder / f"{key}.safetensors").path for key in ("a", "b")]
    >>> list(core.merge(paths).tensors)
    ['a', 'b']
    """
    parts = [opened(one, monitor) for one in inputs]
    if not parts:
        raise UsageError("nothing was given that could be merged", "Name two checkpoints or more.")
    if len(parts) == 1:
        return parts[0]
    with collector_paused():
        sources = _Sources(parts)
        if all(part.format in _SAFETENSORS and part.edited is None for part in parts):
            return _tables(parts, sources)
        return _objects(parts, sources, monitor)


class _Sources:
    """What all of them bring along besides their objects: files counted on, texts, findings."""

    def __init__(self, parts: Sequence[Checkpoint]) -> None:
        self.files: list[FileStamp] = []
        self.first: list[int] = []                  # of each part, the number of its first file
        self.metadata: dict[str, str] = {}
        findings = Findings()
        for part in parts:
            self.first.append(len(self.files))
            self.files += part.files
            findings.add(part.findings, visible(addresses.file_name(part.path), 80))
            differing = [name for name, text in part.metadata.items() if self.metadata.setdefault(name, text) != text]
            if differing:
                shown = ", ".join(visible(name, 40) for name in differing[:3]) + (", …" if len(differing) > 3 else "")
                findings.add([Finding("merged-metadata", "warning", "__metadata__", f"__metadata__ of {visible(part.path, 200)} says "
                                      f"otherwise than that of a file before it: {shown}.", "What the first one says is kept.")])
        self.findings = findings.all()
        self.facts = {"merged": f"{count(len(parts), 'checkpoint')}"}
        cut = next((part.facts["salvaged"] for part in parts if "salvaged" in part.facts), "")
        if cut:
            self.facts["salvaged"] = cut

    def moved(self, storage: Storage, part: int, id: str) -> Storage:
        """A storage of a part, called `id`, in the files of all."""
        extent = storage.extent
        return storage._replace(id=id, extent=extent and extent._replace(file=extent.file + self.first[part]))


def _clash(key: str, one: str, other: str) -> EditError:
    name = visible(key, 80) or "the root"
    return EditError(f"both {visible(one, 200)} and {visible(other, 200)} have {name!r}: neither can be told to be the right one",
                     f"Leave it out of one of them first (inspector edit FILE -o NEW --drop {name!r}), or give one other names "
                     "(--add-prefix, --rename).", key, id="clash")


# -- safetensors ----------------------------------------------------------------------------------------------------------------

def _tables(parts: Sequence[Checkpoint], sources: _Sources) -> Checkpoint:
    tensors: dict[str, TensorInfo] = {}
    storages: dict[str, Storage] = {}
    home: dict[str, str] = {}
    for number, part in enumerate(parts):
        ids = {id: f"{number}/{id}" for id in part.storages}
        storages.update((ids[id], sources.moved(storage, number, ids[id])) for id, storage in part.storages.items())
        for key, info in part.tensors.items():
            if key in home:
                raise _clash(key, home[key], part.path)
            home[key] = part.path
            tensors[key] = info._replace(storage=ids.get(info.storage, ""))
    return Checkpoint(parts[0].path, "safetensors", parts[0].kind, tuple(sources.files), MappingProxyType(tensors),
                      storages=MappingProxyType(storages), state_dicts=("",) if tensors else (), findings=sources.findings,
                      metadata=MappingProxyType(sources.metadata), module_metadata=MappingProxyType(merge_metadata(parts)),
                      facts=MappingProxyType(sources.facts))


# -- objects --------------------------------------------------------------------------------------------------------------------

class _Entry(NamedTuple):
    """An entry of the joined dict: `key` and `value` are nodes, `home` is the file that it comes from. With `below`, the value is a dict
    that is joined itself."""

    key: int
    value: int
    home: str
    below: _Joined | None = None


class _Joined:
    """A dict being joined. `nodes` are the dicts that it is made of, each with the file that it is from."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, bytes | str], _Entry] = {}
        self.nodes: list[tuple[int, str]] = []


def _objects(parts: Sequence[Checkpoint], sources: _Sources, monitor: Monitor) -> Checkpoint:
    graft, storages = Graft(Graph(b"")), dict[str, Storage]()
    roots: list[tuple[int, str]] = []
    for number, part in enumerate(parts):
        script = part.format == "torchscript"       # its own object means nothing without its code
        data, records = synthesised(part, monitor)[:2] if script else pickled(part, monitor=monitor)[:2]
        graph = decode(data, monitor=monitor)
        keys = {}
        for name, storage in _storages(part, graph, records):
            key = keys[name] = str(len(storages))
            storages[key] = sources.moved(storage, number, key)
        root = graft.node(NONE)
        if not graft.graft(root, graph, keys):
            raise EditError("together they describe more than one file can", "Merge fewer of them.", id="too_big")
        roots.append((root, part.path))
    joined = _join(graft.finished(), roots)
    graph = decode(emit(_written(graft.finished(), joined), fresh=0, monitor=monitor).data, monitor=monitor, member=_MEMBER)
    known = KnownStorages(storages)
    contents = contents_of(graph, known.resolve, resolve_many=known.resolve_many, monitor=monitor)
    return Checkpoint(parts[0].path, "torch-zip", contents.kind, tuple(sources.files),
                      contents.table, MappingProxyType(dict(contents.values)),
                      MappingProxyType({**storages, **contents.storages}), contents.state_dicts, sources.findings,
                      MappingProxyType(sources.metadata), MappingProxyType(contents.module_metadata), MappingProxyType(sources.facts),
                      pickles=(Pickle(_MEMBER, graph),), listed_nodes=tuple(contents.listed_nodes))


def _storages(part: Checkpoint, graph: Graph, records: Iterable[Record]) -> Iterator[tuple[str, Storage]]:
    """The storages that the object of a part names, by the keys that it has for them. Those without bytes say so."""
    before = part.edited.source.storages if part.edited is not None else part.storages
    known: dict[str, Storage] = {}
    for record in records:
        if record.key is not None:
            raise EditError(f"{visible(part.path, 200)} cannot be merged as it is: {visible(record.key, 80)} stands in no file as it is "
                            "to be", "Save it as one file first, and merge that.", record.key, id="converted")
        known[record.name.removeprefix("data/")] = part.storages.get(record.storage) or before[record.storage]
    for ref in Storages(graph, never_resolved).refs():
        if ref.key is not None and ref.key not in known:
            unknown = KnownStorages({}).resolve(ref)._replace(problem="missing: its bytes are not there")
            known[ref.key] = part.storages.get(ref.key, unknown)
    yield from known.items()


def _join(graph: Graph, roots: Sequence[tuple[int, str]]) -> _Joined:
    """The dicts at the roots as one. Raises EditError."""
    top, identities = _Joined(), SameKeys(graph)
    todo: list[tuple[_Joined, int, str, str, int]] = [(top, root, path, "", 0) for root, path in reversed(roots)]
    while todo:
        into, n, home, path, depth = todo.pop()
        found = _dict_at(graph, n)
        if found is None:
            raise EditError(f"{visible(home, 200)} holds no dict but something else, which has no names to be joined by",
                            "Extract a state dict from it first (--extract .).", path, id="no_dict")
        into.nodes.append((n, home))
        mine = {identities[key]: (key, value) for key, value in found.pairs}        # the last of several is the one that counts
        for name, (key, value) in mine.items():
            before = into.entries.get(name)
            if before is None:
                into.entries[name] = _Entry(key, value, home)
                continue
            here = join(path, key_text(graph, before.key))
            dicts = _dict_at(graph, value) is not None and (before.below is not None or _dict_at(graph, before.value) is not None)
            if dicts and depth < _DEEPEST:
                below = before.below
                if below is None:
                    below = _Joined()
                    into.entries[name] = before._replace(below=below)
                    todo.append((below, value, home, here, depth + 1))
                    todo.append((below, before.value, before.home, here, depth + 1))
                else:
                    todo.append((below, value, home, here, depth + 1))
            elif before.below is not None or not _are_equal(graph, before.value, value):
                raise _clash(here, before.home, home)
    return top


def _dict_at(graph: Graph, n: int) -> Dict | None:
    """The dict at a node, which has nothing to it but entries and `_metadata`."""
    if graph.kind[n] != DICT and graph.kind[n] not in CALLS:
        return None
    view = view_of(graph, n)
    return view if isinstance(view, Dict) and not view.attributes and (graph.kind[n] == DICT or _is_ordered(graph, n)) else None


def _is_ordered(graph: Graph, n: int) -> bool:
    target = graph.a[n]
    named = graph.global_name(target) if graph.kind[n] in CALLS and target >= 0 else None
    return named == ("collections", "OrderedDict")


def _are_equal(graph: Graph, one: int, other: int) -> bool:
    """Whether two values are the same plain value."""
    if graph.kind[one] not in SCALARS or graph.kind[other] not in SCALARS:
        empty = all(graph.kind[n] in CONTAINERS and not graph.sequence(n) and not graph.pairs(n) for n in (one, other))
        return empty and graph.kind[one] == graph.kind[other]
    return same_value(scalar(graph, one), scalar(graph, other))


def _written(graph: Graph, top: _Joined) -> Graph:
    """The graph with the joined dict as its root, made from the innermost dicts on."""
    editor = GraphEditor(graph)
    order: list[_Joined] = []
    todo = [top]
    while todo:
        joined = todo.pop()
        order.append(joined)
        todo += [entry.below for entry in joined.entries.values() if entry.below is not None]
    made: dict[int, int] = {}
    for joined in reversed(order):
        pairs = [(entry.key, made[id(entry.below)] if entry.below is not None else entry.value) for entry in joined.entries.values()]
        made[id(joined)] = _made(editor, graph, joined, pairs)
    editor.set_root(made[id(top)])
    editor.rebuilt = True
    return editor.finish()


def _made(editor: GraphEditor, graph: Graph, joined: _Joined, pairs: list[tuple[int, int]]) -> int:
    """An OrderedDict where the first of its dicts is one, with the `_metadata` of all."""
    if not _is_ordered(graph, joined.nodes[0][0]):
        return editor.dict_of(pairs)
    n = ordered_dict(editor)
    if pairs:
        editor.add_pairs(n, pairs)
    facts: dict[tuple[str, bytes | str], tuple[int, int]] = {}
    identities = SameKeys(graph)
    for node, _ in joined.nodes:
        found = _dict_at(graph, node)
        table = view_of(graph, found.metadata) if found is not None and found.metadata >= 0 else None
        for key, value in table.pairs if isinstance(table, Dict) else ():
            facts.setdefault(identities[key], (key, value))
    if facts:
        told = ordered_dict(editor)
        editor.add_pairs(told, list(facts.values()))
        editor.build(n, editor.dict_of([(editor.word("_metadata"), told)]))
    return n
