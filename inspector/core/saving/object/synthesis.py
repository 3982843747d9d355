"""A checkpoint that has no one pickle of its own as the object that `torch.save` would have written for its tables.

Used for safetensors, for several files or pickles, and for the state dict of a whole module. Each state dict is an OrderedDict
with its `_metadata`; what is in none has its key as it is. The state of an optimizer that torch.distributed.checkpoint has laid flat is
nested again, as torch's `dcp_to_torch_save` has it and `load_state_dict` takes it. Unknown objects are not carried from one pickle to
another: they are left out, and told.
"""
from __future__ import annotations

import re
from collections.abc import Container

from inspector.core.checkpoint import Checkpoint, Opaque
from inspector.core.errors import EditError, SaveError
from inspector.core.graph import Graph
from inspector.core.keypath import ancestors, below, join, parent_of, relative, segments_of, visible
from inspector.core.pickles.encode.emit import Emitted, emit
from inspector.core.pickles.encode.graph_editor import GraphEditor
from inspector.core.pickles.encode.records import Record, Records
from inspector.core.pickles.encode.torch_objects import ONLY_SAFETENSORS, TorchObjects
from inspector.core.progress import QUIET, Monitor
from inspector.core.tensors.broken import WITHOUT, why_broken
from inspector.core.training.optimizers import Optimizer, optimizers

from .new_dicts import missing_dicts

_CHECK_EVERY = 512
FLATTENED = "dcp"
_IN_GROUP = re.compile(r"((?:.*\.)?param_groups)\.(\d+\..+)", re.DOTALL)
_LISTED = re.compile(r"param_groups\.\d+\.params\.\d+").fullmatch
_TUPLES = frozenset(("betas", "etas", "step_sizes"))        # options that are no lists: torch/optim/adam.py, rprop.py and their like
_Tree = dict[str, "_Tree | int"]        # nodes by names and places


def synthesised(ckpt: Checkpoint, monitor: Monitor = QUIET) -> tuple[bytes, tuple[Record, ...], list[str]]:
    """(pickle, records, notes). Raises EditError for what torch has no way to say, and when nothing is left."""
    made = _Synthesis(ckpt, monitor)
    emitted = made.emitted()
    return emitted.data, made.records.of(made.objects.storage_of[n] for n in emitted.persids), made.notes


class _Synthesis:
    def __init__(self, ckpt: Checkpoint, monitor: Monitor) -> None:
        self.ckpt = ckpt
        self.monitor = monitor
        self.editor = GraphEditor(Graph(b""))
        self.records = Records()
        self.objects = TorchObjects(self.editor, ckpt, self.records)
        self.notes: list[str] = []
        self.dicts: dict[str, tuple[int, list[tuple[int, int]]]] = {}       # path -> (node, its pairs so far)
        self.slots: dict[str, str] = {}             # key of a tensor of an optimizer -> the dict of its parameter
        self.grouped: set[str] = set()              # keys of the values in an optimizer's groups
        self.laid_flat: dict[str, Optimizer] = {}   # path of the state -> optimizer
        self.state_dicts = frozenset(ckpt.state_dicts)

    def emitted(self) -> Emitted:
        ckpt, editor = self.ckpt, self.editor
        if "" in ckpt.tensors and ckpt.tensors[""].state_dict is None:       # in a state dict it is an entry with an empty name
            editor.graph.root = self.objects.tensor(ckpt.tensors[""])
            return emit(editor.finish(), fresh=0, monitor=self.monitor)
        self._container("")
        if ckpt.as_opened.format == FLATTENED:
            self.laid_flat = {join(one.path, "state"): one for one in optimizers(ckpt, self.monitor)}
        self._tensors()
        for path in ckpt.state_dicts:
            self._state_dict(path)
        if ckpt.as_opened.format == FLATTENED:
            self._optimizer_groups()
        self._values()
        if not any(pairs for _, pairs in self.dicts.values()):
            raise EditError("nothing that can be written is left of the checkpoint", id="empty")
        for path, (node, pairs) in self.dicts.items():
            if pairs:
                editor.add_pairs(node, pairs)
            table = ckpt.module_metadata.get(path)
            if table is not None and path in ckpt.state_dicts:
                editor.build(node, editor.dict_of([(editor.word("_metadata"), self.objects.metadata(table))]))
        editor.graph.root = self.dicts[""][0]
        return emit(editor.finish(), done_after=editor.done_after, fresh=0, monitor=self.monitor)

    def _container(self, path: str, called: int | None = None) -> int:
        """The dict at `path`, put into the nearest one above it when it is new, under the number `called` where it is no text."""
        if path in self.dicts:
            return self.dicts[path][0]
        node = self.objects.ordered_dict() if path in self.ckpt.state_dicts else self.editor.dict_of(())
        self.dicts[path] = node, []
        if path:
            self._put(path, node, called)
        return node

    def _state_dict(self, path: str) -> None:
        if path in self.laid_flat:
            self._optimizer_state(self.laid_flat[path])
        self._container(path)

    def _state_dicts_of(self, key: str, home: str | None) -> None:
        """Those that the tensor `key` lies in, begun with it and not before: what is in none of them keeps its place among them."""
        if home is None or home not in self.dicts:
            for path in reversed([*ancestors(key)]):
                if path in self.state_dicts and path not in self.dicts:
                    self._state_dict(path)

    def _optimizer_state(self, one: Optimizer) -> None:
        """A dict for each parameter, under a number where the groups list numbers: torch.distributed.checkpoint has made texts of them
        (`_traverse.py`, `str(k)`), which `load_state_dict` would pass over without a word."""
        values = self.ckpt.values
        numbers = {values[key] for key, rest in below(values, one.path) if type(values[key]) is int and _LISTED(rest)}
        self._container(one.path)
        self._container(join(one.path, "state"))
        for name, keys in one.slots.items():
            place = join(join(one.path, "state"), name)
            if all(key.startswith(f"{place}.") for key in keys):
                self._container(place, int(name) if name.isdigit() and int(name) in numbers else None)
                self.slots.update(dict.fromkeys(keys, place))

    def _optimizer_groups(self) -> None:
        """Lists of dicts, as they were before their values got keys of their own."""
        trees: dict[str, _Tree] = {}
        for key, value in self.ckpt.values.items():
            found = _IN_GROUP.fullmatch(key)
            if found is None or isinstance(value, Opaque):
                continue
            *above, last = segments_of(found[2])
            tree = trees.setdefault(found[1], {})
            for segment in above:
                inner = tree.setdefault(segment, {})
                if not isinstance(inner, dict):
                    break
                tree = inner
            else:
                tree[last] = self.objects.plain(value, key)
                self.grouped.add(key)
        for head, tree in trees.items():
            self._container(parent_of(head))
            self._put(head, self._node(tree))

    def _node(self, tree: _Tree | int, name: str = "") -> int:
        """The node of a dict, or of a list where the names are its places."""
        if isinstance(tree, int):
            return tree
        nodes = [self._node(inner, name) for name, inner in tree.items()]          # before the one that holds them is begun
        if tree and list(tree) == [str(n) for n in range(len(tree))]:
            return self.editor.tuple_of(nodes) if name in _TUPLES else self.editor.list_of(nodes)
        return self.editor.dict_of([(self.editor.const(name), node) for name, node in zip(tree, nodes, strict=True)])

    def _make_dicts(self, key: str, known: Container[str]) -> None:
        """The dicts between a new value and what is there."""
        above = next(path for path in ancestors(key) if path in self.dicts)
        for path in missing_dicts(key, above, (*self.ckpt.tensors, *self.ckpt.values), known):
            self._container(path)

    def _put(self, key: str, node: int, called: int | None = None) -> None:
        """An entry in the nearest dict above `key`."""
        above = next(path for path in ancestors(key) if path in self.dicts)
        self.dicts[above][1].append((self.editor.const(relative(key, above) if called is None else called), node))

    def _tensors(self) -> None:
        ckpt = self.ckpt
        left_out, shadowed = [], []
        for done, (key, info) in enumerate(ckpt.tensors.items()):
            if done % _CHECK_EVERY == 0:
                self.monitor.report(done, len(ckpt.tensors), "data.pkl")
            if why := why_broken(ckpt, info):
                raise SaveError(f"{visible(key, 80)} cannot be saved: {why}", WITHOUT, visible(key), id="bad_source")
            if info.problem and not info.problem.startswith("meta") and info.dtype not in ONLY_SAFETENSORS:
                left_out.append(key)
                continue
            if info.extra is not None and info.extra.shadowed:
                shadowed.append(key)
                continue
            self._state_dicts_of(key, info.state_dict)
            path = self.slots.get(key, info.state_dict)
            if path is None or key != join(path, info.name) or path not in self.dicts:
                self._put(key, self.objects.tensor(info))
            else:
                self.dicts[path][1].append((self.editor.const(info.name), self.objects.tensor(info)))
        if left_out:
            self._add_note(left_out, "tensors whose values cannot be had are left out")
        if shadowed:
            self._add_note(shadowed, "tensors that others of the same key took the place of are left out")

    def _values(self) -> None:
        objects: dict[str, None] = {}
        for key, value in self.ckpt.values.items():
            if isinstance(value, Opaque) or (not key and value != {}):     # at the root is the dict that is made here
                objects[key] = None
            elif not key or key in self.grouped:
                pass
            elif objects.keys().isdisjoint(ancestors(key)):
                if self.ckpt.edited is not None and key not in self.ckpt.edited.origin:
                    self._make_dicts(key, self.ckpt.edited.origin)
                self._put(key, self.objects.plain(value, key))
        if objects:
            self._add_note(list(objects), "objects are left out: they belong to another pickle")

    def _add_note(self, keys: list[str], what: str) -> None:
        shown = ", ".join(visible(key, 60) or "the root" for key in keys[:3]) + (", …" if len(keys) > 3 else "")
        self.notes.append(f"{len(keys):,} {what}: {shown}.")
