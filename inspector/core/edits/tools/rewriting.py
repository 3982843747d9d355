"""A checkpoint whose pickle was written anew: what it holds is found as it is found in a file, and what was edited before is done to it."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from inspector.core.checkpoint import Checkpoint, Edited, Pickle, Plain, Storage, TensorInfo
from inspector.core.graph import Graph
from inspector.core.keypath import ancestors, join
from inspector.core.limits import LIMITS
from inspector.core.pickles.decode.machine import decode
from inspector.core.pickles.encode.emit import emit
from inspector.core.pickles.encode.graph_editor import GraphEditor
from inspector.core.pickles.objects.contents import contents_of
from inspector.core.pickles.objects.storages import KnownStorages
from inspector.core.progress import QUIET, Monitor

from .common import Edit, kind_left, origin_of, used_storages
from .new_names import with_new


def rewritten(source: Checkpoint, editor: GraphEditor, storages: Mapping[str, Storage], monitor: Monitor = QUIET) -> Checkpoint:
    """`source` with its first pickle as `editor` has it; `storages` are new ones that tensors in it view. Raises Cancelled, and
    ValueError for a value that is needed to make that value."""
    first = source.pickles[0]
    made = emit(editor.finish(), done_after=editor.done_after, fresh=editor.first_new, monitor=monitor)
    graph = decode(made.data, limits=LIMITS.of_file(source.nbytes), monitor=monitor, member=first.member)
    return _listed_anew(source, Pickle(first.member, graph), {**source.storages, **storages}, monitor)


def _listed_anew(source: Checkpoint, pickle: Pickle, storages: Mapping[str, Storage], monitor: Monitor) -> Checkpoint:
    known = KnownStorages(storages)
    graph: Graph = pickle.graph
    contents = contents_of(graph, known.resolve, resolve_many=known.resolve_many, member=pickle.member,
                           limits=LIMITS.of_file(source.nbytes), monitor=monitor, like=source)
    kept = {**{id: storage for id, storage in source.storages.items() if id not in contents.storages}, **contents.storages}
    return replace(source, kind=contents.kind, tensors=contents.table,
                   values=MappingProxyType(dict(contents.values)), storages=MappingProxyType(kept), state_dicts=contents.state_dicts,
                   module_metadata=MappingProxyType(contents.module_metadata), pickles=(pickle, *source.pickles[1:]),
                   listed_nodes=tuple(contents.listed_nodes))


def on_new_source(ckpt: Checkpoint, edit: Edit, source: Checkpoint, left_out: Iterable[tuple[str, str]] = ()) -> Checkpoint:
    """`ckpt` after `edit`, which made `source` of what it comes from: what earlier edits did to names and values stays done. `left_out`
    are more of `Edited.left_out`."""
    names = _Names(ckpt, source)
    if ckpt.edited is None:                         # as mostly: all is called what it is called there
        tensors = {key: _in_dict_of(info, ckpt.tensors.get(key)) for key, info in source.tensors.items()}
        values = dict(source.values)
        origin = origin_of(source)
    else:
        tensors, values, origin = names.moved()
    before = ckpt.edited
    others: Mapping[str, Storage] = before.taken if before else MappingProxyType({})
    made = Edited(source, MappingProxyType(origin), before.root if before else "", (*(before.edits if before else ()), edit), others,
                  before.replaced if before else frozenset(), (*(before.left_out if before else ()), *left_out))
    used = used_storages(tensors.values())
    storages = {**{id: storage for id, storage in source.storages.items() if id in used or id in ckpt.storages}, **ckpt.storages}
    dicts = tuple(dict.fromkeys(info.state_dict for info in tensors.values() if info.state_dict is not None))
    metadata = {**{path: table for path, table in names.metadata() if path in dicts}, **ckpt.module_metadata}
    kind = source.kind if before is None else kind_left(tensors, values, dicts, "" in dicts and "" in metadata, ckpt.kind)
    return replace(ckpt, kind=kind, tensors=MappingProxyType(tensors), values=MappingProxyType(values), storages=MappingProxyType(storages),
                   state_dicts=dicts, module_metadata=MappingProxyType(metadata), pickles=source.pickles, edited=made,
                   listed_nodes=source.listed_nodes)


def _in_dict_of(info: TensorInfo, now: TensorInfo | None) -> TensorInfo:
    return info if now is None or now.state_dict == info.state_dict else info._replace(state_dict=now.state_dict)


class _Names:
    """What keys of the new source are called in the edited checkpoint."""

    def __init__(self, ckpt: Checkpoint, source: Checkpoint) -> None:
        self.ckpt = ckpt
        self.source = source
        self.before = ckpt.as_opened
        self.root = ckpt.edited.root if ckpt.edited else ""
        self.now = {old: new for new, old in ckpt.edited.origin.items()} if ckpt.edited else {}
        self.above: dict[str, str] = {}             # containers of the old source -> what they are called now
        for old, new in self.now.items():
            for path in ancestors(old):
                tail = old[len(path):] if path else f".{old}"
                if path not in self.above and f".{new}".endswith(tail):
                    self.above[path] = new[:max(len(new) - len(tail), 0)]

    def moved(self) -> tuple[dict[str, TensorInfo], dict[str, Plain], Mapping[str, str]]:
        """The tensors and values as they are called now, with those that are in the edited checkpoint only, and what each is called in the
        source."""
        tensors: dict[str, TensorInfo] = {}
        values: dict[str, Plain] = {}
        origin: dict[str, str] = {}
        for old, info in self.source.tensors.items():
            new = self.of(old)
            if new is not None:
                tensors[new] = self.tensor(info, new)
                origin[new] = old
        for old, value in self.source.values.items():
            new = self.of(old)
            if new is not None:
                values[new] = self.value(old, value, new)
                origin[new] = old
        known = origin_of(self.ckpt)
        tensors = with_new(tensors, {key: info for key, info in self.ckpt.tensors.items() if key not in known})
        values.update((key, value) for key, value in self.ckpt.values.items() if key not in known)
        return tensors, values, origin

    def of(self, old: str) -> str | None:
        """None for what was dropped."""
        if self.ckpt.edited is None:
            return old
        if old in self.before.tensors or old in self.before.values:
            return self.now.get(old)
        for path in ancestors(old):
            tail = old[len(path) + 1 if path else 0:]
            if path in self.now:
                return join(self.now[path], tail)
            if path in self.before.tensors or path in self.before.values:
                return None                         # the object it was in was dropped
            if path in self.above:
                return join(self.above[path], tail)
        return old if not self.root else None

    def tensor(self, info: TensorInfo, new: str) -> TensorInfo:
        """`info` of the new source, with what edits changed of it."""
        now, was = self.ckpt.tensors.get(new), self.before.tensors.get(info.key)
        if now is not None and was is not None and (now[1:9], now.extra) != (was[1:9], was.extra):
            return now._replace(node=info.node)
        if now is not None:
            return info._replace(key=new, state_dict=now.state_dict)
        place = info.state_dict
        if place is not None and new != info.key:
            place = new[:len(new) - len(info.name) - 1] if new.endswith(f".{info.name}") else "" if new == info.name else place
        return info._replace(key=new, state_dict=place)

    def value(self, old: str, value: Plain, new: str) -> Plain:
        if new not in self.ckpt.values or old not in self.before.values:
            return value
        now, was = self.ckpt.values[new], self.before.values[old]
        return value if now is was or (type(now) is type(was) and repr(now) == repr(was)) else now

    def metadata(self) -> Iterator[tuple[str, Mapping[str, object]]]:
        for path, table in self.source.module_metadata.items():
            if path not in self.before.module_metadata:
                new = self.of(path) if path else "" if not self.root else None
                if new is not None:
                    yield new, table
