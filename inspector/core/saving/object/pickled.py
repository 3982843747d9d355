"""The object of a torch archive, `data.pkl`, for a checkpoint as it is to be saved, and which bytes go into which record.

    pickled ── one pickle, nothing edited, already an archive ──> its bytes
            ── one pickle otherwise ── graph_changes on the graph ── patch, or emit ──> its own pickle, changed
            ── none or several, or the state dict of a module ── synthesis ──> an OrderedDict made from the tables

Files from before torch 1.6 have persistent ids that an archive does not know: those of storages get the archive's form, views
of storages become offsets of their tensors, classes that came with their source become plain names (`pickles.persistent`).
"""
from __future__ import annotations

from collections.abc import Mapping, Set
from itertools import chain
from types import MappingProxyType
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, Opaque
from inspector.core.errors import EditError
from inspector.core.formats.zip.members import names_of
from inspector.core.graph import GLOBAL, REDUCE, TUPLE, Graph
from inspector.core.keypath import visible
from inspector.core.pickles.encode.emit import Emitted, emit
from inspector.core.pickles.encode.graph_editor import GraphEditor
from inspector.core.pickles.encode.patch import patch
from inspector.core.pickles.encode.records import Record, Records
from inspector.core.pickles.encode.torch_calls import UNTYPED
from inspector.core.pickles.encode.torch_objects import TorchObjects
from inspector.core.pickles.objects.calls import call_of
from inspector.core.pickles.objects.names import canonical, verdict
from inspector.core.pickles.objects.plain import small_integer
from inspector.core.pickles.objects.storages import EMBEDDED, StorageRef, Storages, fields_of, in_pickle, never_resolved
from inspector.core.progress import QUIET, Monitor, stoppable
from inspector.core.runtime.collector import collector_paused
from inspector.core.runtime.memory import release_memory
from inspector.core.wording import count, counted

from .code_dropping import code_left, unwanted_nodes, unwanted_slots
from .graph_changes import GraphChanges
from .slot_tree import SlotTree
from .synthesis import synthesised

__all__ = ["Pickled", "Record", "pickled"]

_ARCHIVES = ("torch-zip", "torchscript")
_OLD = ("torch-legacy", "torch-tar")
_VIEWING = frozenset({("torch._utils", "_rebuild_tensor"), ("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_qtensor")})
_LARGE = 100_000                # nodes of a graph whose copy takes some megabytes
_NO_CODE: frozenset[str] = frozenset()


_NO_NAMES: Mapping[str, str] = MappingProxyType({})


class Pickled(NamedTuple):
    """`data` is the pickle; `records` name the storages it loads, in the order in which it does; `notes` say what a person should
    know about it, a sentence each. Where code was left out, `gone` are the keys that went with it, and `names` what others are called
    since, where lists closed up."""

    data: bytes
    records: tuple[Record, ...]
    notes: tuple[str, ...] = ()
    gone: frozenset[str] | None = None
    names: Mapping[str, str] = _NO_NAMES


def pickled(ckpt: Checkpoint, *, drop_code: Set[str] = _NO_CODE, monitor: Monitor = QUIET) -> Pickled:
    """What to write for `ckpt`, edited or not. `drop_code` are names ("module.name") that the result must not have: every key
    whose value needs one of them is left out, and told. Raises EditError for what cannot be done, Cancelled from `monitor`."""
    with collector_paused():
        made = _pickled(ckpt, drop_code, monitor)
    if any(len(pickle.graph) > _LARGE for pickle in ckpt.as_opened.pickles):
        release_memory()                # the graph that was edited is gone, and what is made of the new pickle needs as much again
    return made


def _pickled(ckpt: Checkpoint, drop_code: Set[str], monitor: Monitor) -> Pickled:
    source = ckpt.as_opened
    if ckpt.edited is None and ckpt.format in _ARCHIVES and not drop_code and not ckpt.pickles[0].graph.grafted:
        graph = ckpt.pickles[0].graph
        there = [id for id in _data_keys(ckpt, monitor) if ckpt.storages[id].has_bytes]
        return Pickled(graph.data[graph.start:graph.end], Records(there, monitor=monitor).of(there, monitor))
    if source.format not in (*_ARCHIVES, *_OLD, "pickle") or _is_extracted_module(ckpt, source):
        data, records, notes = synthesised(ckpt, monitor)
        return Pickled(data, records, tuple(notes))
    try:
        return _Own(ckpt, source, drop_code, monitor).pickled()
    except _NoContainer:
        data, records, notes = synthesised(ckpt, monitor)
        return Pickled(data, records, tuple(notes))


class _NoContainer(Exception):
    """What is the root now has no container of its own in the file."""


def _is_extracted_module(ckpt: Checkpoint, source: Checkpoint) -> bool:
    """Whether what is the root now is a module's state dict, or some other part that has no container of its own."""
    if ckpt.edited is None:
        return False
    root = ckpt.edited.root
    whole = source.values.get(root)
    return isinstance(whole, Opaque) and not isinstance(ckpt.values.get(""), Opaque)


class _Own:
    """The checkpoint's own pickle."""

    def __init__(self, ckpt: Checkpoint, source: Checkpoint, drop_code: Set[str], monitor: Monitor) -> None:
        self.ckpt = ckpt
        self.source = source
        self.drop_code = drop_code
        self.monitor = monitor
        self.graph: Graph = source.pickles[0].graph
        self.editor = GraphEditor(self.graph)
        is_archive = source.format in _ARCHIVES
        kept, taken = (_data_keys(source, monitor), _other_keys(source, monitor)) if is_archive else ((), ())
        self.records = Records(kept, taken, monitor)
        self.objects = TorchObjects(self.editor, ckpt, self.records)
        self.refs: dict[int, StorageRef] = {}
        self.notes: list[str] = []
        self.gone: frozenset[str] = frozenset()
        self.names: Mapping[str, str] = _NO_NAMES

    def pickled(self) -> Pickled:
        graph, editor = self.graph, self.editor
        self.refs = {ref.node: ref for ref in stoppable(Storages(graph, never_resolved).refs(), self.monitor)}
        if self.ckpt.edited is not None or self.drop_code or self._holds_arrays():
            self._changes()
        if self.source.format in _OLD or graph.grafted or any(_is_embedded(ref) for ref in stoppable(self.refs.values(), self.monitor)):
            self._modern()
        if self.source.format == "pickle" or graph.grafted:         # in the protocol that torch.load reads, and with what it loaded
            editor.rebuilt = True
        self._locations()
        if not editor.changed and not self.drop_code:
            return self._result(Emitted(graph.data[graph.start:graph.end], sorted(self.refs)))
        edited = editor.finish()
        emitted = None if self._has_dead_calls() else patch(editor, self.monitor)
        if emitted is None:
            emitted = emit(edited, done_after=editor.done_after, fresh=editor.first_new, monitor=self.monitor)
        left = code_left(edited, self.drop_code) if self.drop_code else []
        if left:
            raise EditError(f"{visible(left[0], 80)} cannot be left out: what stays needs it", "Extract the state dict first.",
                            id="code_needed")
        return self._result(emitted)

    # -- changes ------------------------------------------------------------------------------------------------------

    def _changes(self) -> None:
        ckpt, edited = self.ckpt, self.ckpt.edited
        if edited is not None:
            root, present = edited.root, {old: new for new, old in stoppable(edited.origin.items(), self.monitor)}
        else:
            root, present = "", {key: key for key in stoppable(chain(ckpt.tensors, ckpt.values), self.monitor)}
        tree = SlotTree(self.source, self.graph, root, present, self.monitor)
        if tree.root < 0:
            raise _NoContainer
        gone: frozenset[int] = frozenset()
        if self.drop_code:
            gone = unwanted_slots(tree, unwanted_nodes(self.graph, self.drop_code))
            self._note_code(tree, gone)
        GraphChanges(ckpt, self.source, tree, self.objects, self.monitor).apply(gone)
        if self.drop_code:
            self.names, self.gone = tree.closed_up()

    def _holds_arrays(self) -> bool:
        """Whether this is a plain pickle with tensors that have to become such."""
        return self.source.format == "pickle" and any(
            in_pickle(info.storage) for info in stoppable(self.source.tensors.values(), self.monitor))

    def _note_code(self, tree: SlotTree, gone: frozenset[int]) -> None:
        keys = [tree.slots[i].key for i in sorted(gone) if tree.parent[i] not in gone]
        shown = ", ".join(visible(key, 60) or "the root" for key in keys[:3]) + (", …" if len(keys) > 3 else "")
        if keys:
            code = "it needs" if len(keys) == 1 else "they need"
            self.notes.append(f"{counted(len(keys), 'key is', 'keys are')} left out with the code {code}: {shown}.")

    def _locations(self) -> None:
        """Device tags of storages that are on another device now."""
        editor, graph = self.editor, self.graph
        devices = dict(stoppable(fields_of(self.ckpt.storages, "id", "device"), self.monitor))
        for n, ref in stoppable(self.refs.items(), self.monitor):
            new = devices.get(ref.key)
            if new is None or new == ref.device or ref.device is None:
                continue
            id = editor.graph.a[n]
            if id >= editor.first_new:                      # made here, for the archive
                editor.graph.operands[editor.graph.a[id] + 3] = editor.word(new)
            else:
                editor.set_operand(id, 3, editor.text_like(graph.operands[graph.a[id] + 3], new))

    # -- what torch wrote before 1.6 ----------------------------------------------------------------------------------

    def _modern(self) -> None:
        """Persistent ids as an archive has them. The classes of modules are plain names in the graph already."""
        editor, graph = self.editor, self.graph
        editor.rebuilt = True
        starts: dict[int, int] = {}                 # persistent id -> first element of the view of a storage that it was
        for n, ref in stoppable(self.refs.items(), self.monitor):
            items = graph.operands[graph.a[graph.a[n]]:graph.b[graph.a[n]]]
            if ref.key is None or ref.problem.startswith("bad_key") or (
                    self.source.format not in _OLD and not _is_embedded(ref) and len(items) < 6):
                continue
            if len(items) > 5 and graph.kind[items[5]] == TUPLE:
                view = graph.operands[graph.a[items[5]]:graph.b[items[5]]]
                starts[n] = small_integer(graph, view[1]) or 0 if len(view) == 3 else 0
            cls = items[1]
            module, name = graph.names[graph.a[cls]]
            if module != "torch" and ref.dtype is not None and module.startswith("torch") and (module, name) != UNTYPED:
                cls = editor.name("torch", name)            # torch.cuda's are the same, and the safe unpickler does not know them
            key = self.records.key(ref.key)
            made = editor.tuple_of((editor.word("storage"), cls, editor.const(key), items[3], items[4]))
            editor.graph.a[n] = made
        self._offsets(starts)
        if self.source.format == "torch-tar":
            self._tensors_v2()
        alone = [value.node for value in self.ckpt.values.values() if isinstance(value, Opaque) and value.node in starts]
        if alone:
            self.notes.append(f"{count(len(alone), 'part')} of storages, kept without a tensor, become the whole storages.")

    def _offsets(self, starts: dict[int, int]) -> None:
        """Tensors in views of storages count from the beginning of the storage."""
        editor = self.editor
        left = {n for n, start in starts.items() if start}
        if not left:
            return
        for n, kind in enumerate(stoppable(editor.graph.kind, self.monitor)):
            if kind != REDUCE or editor.graph.kind[editor.graph.a[n]] != GLOBAL:
                continue
            name = canonical(*editor.graph.names[editor.graph.a[editor.graph.a[n]]])
            args = editor.graph.b[n]
            if name not in _VIEWING or editor.graph.kind[args] != TUPLE or editor.graph.b[args] - editor.graph.a[args] < 4:
                continue
            first = editor.graph.a[args]
            storage, offset = editor.graph.operands[first], small_integer(editor.graph, editor.graph.operands[first + 1])
            if storage in left and offset is not None:
                rest = editor.graph.operands[first + 2:editor.graph.b[args]]
                editor.graph.b[n] = editor.tuple_of((storage, editor.const(offset + starts[storage]), *rest))

    def _tensors_v2(self) -> None:
        editor = self.editor
        made: dict[int, tuple[int, int]] = {}
        for n in stoppable(range(editor.first_new), self.monitor):
            if editor.graph.kind[n] != REDUCE or editor.graph.kind[editor.graph.a[n]] != GLOBAL:
                continue
            call = call_of(editor.graph, n)
            if call.name != ("torch._utils", "_rebuild_tensor") or call.args is None or len(call.args) != 4:
                continue
            args = editor.graph.b[n]
            if args not in made:
                more = (editor.const(False), self.objects.ordered_dict())
                made[args] = editor.name("torch._utils", "_rebuild_tensor_v2"), editor.tuple_of((*call.args, *more))
            editor.graph.a[n], editor.graph.b[n] = made[args]

    # -- the result ---------------------------------------------------------------------------------------------------

    def _result(self, emitted: Emitted) -> Pickled:
        ids: list[str] = []
        there = dict(stoppable(fields_of(self.ckpt.storages, "id", "has_bytes"), self.monitor))
        for n in stoppable(emitted.persids, self.monitor):
            ref = self.refs.get(n)
            id = self.objects.storage_of.get(n) or (ref.key if ref is not None else None)
            if id is None:
                continue
            has_bytes = there.get(id)
            if has_bytes or (has_bytes is not None and (in_pickle(id) or id not in self.source.storages)):
                ids.append(id)
        return Pickled(emitted.data, self.records.of(ids, self.monitor), tuple(self.notes), self.gone, self.names)

    def _has_dead_calls(self) -> bool:
        """Whether the pickle calls something for its effect only: then it is written anew, without that."""
        graph = self.graph
        if all(verdict(*name) == "plain" for name in graph.names):
            return False
        live = graph.reachable()
        dead = [n for n in graph.calls() if not live[n]]
        if dead:
            named = call_of(graph, dead[0]).spelled
            what = visible(".".join(named), 80) if named else "something computed"
            self.notes.append(f"{counted(len(dead), 'call whose result was thrown away is', 'calls whose result was thrown away are')} "
                              f"left out, {what} first.")
        return bool(dead)


def _data_keys(source: Checkpoint, monitor: Monitor) -> list[str]:
    return [id for id in stoppable(source.storages, monitor) if "/" not in id and not in_pickle(id)]


def _other_keys(source: Checkpoint, monitor: Monitor) -> list[str]:
    """What else lies in the archive's folder of storages."""
    return [name.rpartition("/data/")[2] for name in stoppable(names_of(source.members), monitor) if "/data/" in name]


def _is_embedded(ref: StorageRef) -> bool:
    return ref.key is not None and ref.key.startswith(EMBEDDED)
