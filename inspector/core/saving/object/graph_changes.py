"""The object's own pickle with the changes that an edited checkpoint's tables ask for.

The tables are compared with those of the file, and what differs is done to the graph: other names for dict entries, entries
left out or added, other locations of storages, tensors that get bytes of their own, other plain values, `_metadata` that
follows. Everything else (unknown objects, ties, order, attributes) stays as it is, because nobody touches it.
"""
from __future__ import annotations

from collections.abc import Container, Mapping, Set
from itertools import chain
from typing import Any

from inspector.core.checkpoint import Checkpoint, Opaque, Plain, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.errors import EditError
from inspector.core.graph import BUILD, CONTAINERS, INT, NONE, REDUCE, TUPLE, Graph
from inspector.core.keypath import ancestors, quoted, relative, visible
from inspector.core.pickles.encode.graph_editor import GraphEditor
from inspector.core.pickles.encode.torch_objects import TorchObjects, converted
from inspector.core.pickles.objects import distributed, recognise
from inspector.core.pickles.objects.calls import call_of
from inspector.core.pickles.objects.contents import MADE_UP, Slot
from inspector.core.pickles.objects.entries import Entries, Entry
from inspector.core.pickles.objects.names import FROM_TYPE, FROM_TYPE_V2, OLD_PARAMETERS, PARAMETER, PARAMETER_WITH_STATE
from inspector.core.pickles.objects.plain import SCALARS, SameKeys, key_text
from inspector.core.pickles.objects.storages import becomes_ordinary, in_pickle
from inspector.core.progress import QUIET, Monitor, stoppable

from .new_dicts import missing_dicts
from .slot_tree import SlotTree

_TO_DEVICE = ("torch._utils", "_rebuild_device_tensor_from_cpu_tensor")
_STRIDED = frozenset({("torch._utils", name) for name in ("_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3")})


class GraphChanges:
    """Changes `objects.editor`, in the order of its methods. `unwanted` are slots of `tree` to be left out."""

    def __init__(self, ckpt: Checkpoint, source: Checkpoint, tree: SlotTree, objects: TorchObjects,
                 monitor: Monitor = QUIET) -> None:
        self.ckpt = ckpt
        self.source = source
        self.tree = tree
        self.objects = objects
        self.monitor = monitor
        self.editor: GraphEditor = objects.editor
        self.graph: Graph = objects.editor.source
        self.entries = Entries(self.graph, monitor)
        self._asked: dict[tuple[int, int, str], tuple[object, str]] = {}
        self._made: dict[tuple[int, str], int] = {}
        self._moved: dict[int, Entry] = {}          # slots that stand elsewhere by now
        self._dicts: dict[str, int] = {}            # what a dict or list is called now -> its node

    def apply(self, unwanted: frozenset[int] = frozenset()) -> None:
        """Raises EditError for what cannot be done to the file's own pickle."""
        tree = self.tree
        tree.keep_for(self._fresh())
        going = tree.mark_alive()
        if tree.alive[0]:
            tree.name_all()
        if unwanted:                     # lists close up once more, and nobody asked for other names
            going = tree.mark_alive(unwanted)
        if not tree.alive[0]:
            raise EditError("nothing would be left of the checkpoint" if not unwanted else
                            "the object itself is made by the code that is to be left out",
                            "Extract the state dict first." if unwanted else "", id="empty")
        self.editor.set_root(tree.slots[0].node)
        self._keep_shadows()
        for i in stoppable(going, self.monitor):
            self._drop(i)
        self._rename()
        self._values()
        self._tensors()
        self._metadata()
        self._add()

    def _keep_shadows(self) -> None:
        """Raises EditError where a value that another one of the same key took the place of would come back in its stead."""
        if not any(finding.id == "duplicate-keys" for finding in self.source.findings):
            return
        tree, groups = self.tree, dict[tuple[int, tuple[str, bytes | str]], list[int]]()
        identities = SameKeys(self.graph)
        for i, slot in enumerate(stoppable(tree.slots, self.monitor)):
            if slot.name >= 0 and not tree.inside[i]:
                groups.setdefault((slot.holder, identities[slot.name]), []).append(i)
        for group in groups.values():
            last, *shadowed = group
            if not shadowed:
                continue
            left = [i for i in shadowed if tree.alive[i]]
            if left and (len(left) < len(shadowed) or len({tree.new_text(i) if tree.alive[i] else "" for i in group}) > 1):
                key, other = visible(tree.slots[last].key, 80), visible(tree.slots[left[0]].key, 80)
                raise EditError(f"{key!r} cannot be changed by itself: {other!r} has the same key in the file and would take its place",
                                f"Drop that first (--drop '{other}').", tree.slots[last].key, id="shadowed")
            if not left and tree.alive[last]:
                self._take_place(last, shadowed[0])

    def _take_place(self, last: int, first: int) -> None:
        """The value of slot `last` moves to where `first`, which goes, stands: a dict has a key where it was set first."""
        theirs, mine = self._needed(first), self._needed(last)
        if theirs.key < 0 or mine.key < 0:
            return
        slot = self.tree.slots[last]
        self.editor.set_operand(theirs.owner, theirs.key, slot.name)
        self.editor.set_operand(theirs.owner, theirs.value, slot.node)
        self.editor.rebuilt = True
        self._moved.update({last: theirs, first: mine})

    # -- entries ------------------------------------------------------------------------------------------------------

    def _entry(self, i: int) -> Entry | None:
        slot = self.tree.slots[i]
        if i in self._moved:
            return self._moved[i]
        if slot.name >= 0:
            return self.entries.pair(slot.holder, slot.name, slot.node)
        return self.entries.item(slot.holder, ~slot.name) if slot.name >= -(1 << 61) else None

    def _needed(self, i: int) -> Entry:
        found = self._entry(i)
        if found is None:
            raise EditError(f"{quoted(self.tree.slots[i].key, 80)} is part of an object and cannot be changed by itself",
                            "Drop or replace the whole object, or extract the state dict first.", self.tree.slots[i].key,
                            id="in_object")
        return found

    def _ask(self, i: int, entry: Entry, what: object, of: str = "key") -> None:
        """Raises EditError when the same entry, listed under two keys, is to become two things."""
        if self.tree.slots[i].holder not in self.tree.listed_twice:
            return
        key = self.tree.slots[i].key
        known, other = self._asked.setdefault((entry.owner, entry.value, of), (what, key))
        if known != what:
            raise EditError(f"{quoted(key, 80)} and {quoted(other, 80)} are one entry of one container: they can only be changed "
                            "alike", "Change both in the same way.", key, id="shared_container")

    def _drop(self, i: int) -> None:
        if self._gradient_of(i) >= 0:
            self._replace(i, self.editor.const(None))
            return
        entry = self._needed(i)
        self._ask(i, entry, "drop")
        self.editor.drop(entry.owner, entry.positions)

    def _rename(self) -> None:
        tree, editor, graph = self.tree, self.editor, self.graph
        for i, slot in enumerate(stoppable(tree.slots, self.monitor)):
            if not tree.alive[i] or tree.parent[i] < 0 or tree.inside[i]:
                continue
            if slot.name < 0:
                entry = self._entry(i) if slot.holder in tree.listed_twice else None
                if entry is not None:
                    self._ask(i, entry, None)           # it stays where it is
                continue
            new = tree.new_text(i)
            if slot.holder in tree.listed_twice:
                self._ask(i, self._needed(i), new)
            if new is None:
                continue
            entry = self._needed(i)
            if graph.kind[slot.name] == INT and new.isascii() and new.isdecimal() and str(int(new)) == new:
                node = editor.const(int(new))
            else:
                node = editor.text_like(slot.name, new)
            if entry.key < 0:
                raise EditError(f"{quoted(slot.key, 80)} stands in a list of pairs as Python 2 wrote it and cannot be renamed", "",
                                slot.key, id="moved")
            editor.set_operand(entry.owner, entry.key, node)

    # -- values -------------------------------------------------------------------------------------------------------

    def _values(self) -> None:
        tree, source, ckpt = self.tree, self.source, self.ckpt
        for i, slot in enumerate(stoppable(tree.slots, self.monitor)):
            if not tree.alive[i] or slot.key not in source.values or not tree.is_leaf(i):
                continue
            path = tree.present.get(slot.key)
            new = ckpt.values.get(path, source.values[slot.key]) if path is not None else source.values[slot.key]
            same = same_value(new, source.values[slot.key]) and not self._is_made_plain(slot)
            if slot.holder in tree.listed_twice and not tree.inside[i]:
                self._ask(i, self._needed(i), None if same else repr(new), "value")
            if not same and path is not None:
                self._replace(i, self.objects.plain(new, path))

    def _is_made_plain(self, slot: Slot) -> bool:
        """Whether a value was set that equals what is there, but is a plain one: numpy's 0.5 is no 0.5 to torch.load."""
        edited = self.ckpt.edited
        return edited is not None and slot.key in edited.replaced and self.graph.kind[slot.node] not in SCALARS

    def _replace(self, i: int, node: int) -> None:
        if self.tree.parent[i] < 0:
            self.editor.set_root(node)
            return
        state = self._gradient_of(i)
        if state >= 0:
            self.editor.set_operand(state, 1, node)
            return
        entry = self._needed(i)
        self.editor.set_operand(entry.owner, entry.value, node)

    def _gradient_of(self, i: int) -> int:
        """The state of a Parameter of old torch whose gradient slot `i` is: (data, gradient, …). -1 where it is none."""
        slot = self.tree.slots[i]
        if slot.name != MADE_UP or slot.holder < 0 or self.tree.slots[self.tree.parent[i]].key not in self.source.tensors:
            return -1
        state = self._old_state(slot.holder)
        return state if state >= 0 and self.graph.operands[self.graph.a[state] + 1] == slot.node else -1

    def _old_state(self, n: int) -> int:
        """The state (data, gradient, hooks, requires_grad, volatile) that node `n`, a Parameter of old torch, was given; -1 for none."""
        done = self.graph.mutations.get(n, ())
        state = self.graph.b[done[0]] if len(done) == 1 and self.graph.kind[done[0]] == BUILD else -1
        return state if state >= 0 and self.graph.kind[state] == TUPLE and self.graph.b[state] - self.graph.a[state] == 5 else -1

    # -- tensors ------------------------------------------------------------------------------------------------------

    def _tensors(self) -> None:
        """Tensors that are read or stored otherwise than before: converted, copied, or in another storage."""
        tree, source, ckpt = self.tree, self.source, self.ckpt
        changed: list[tuple[int, TensorInfo]] = []
        wanted: dict[int, set[str]] = {}
        for i, slot in enumerate(stoppable(tree.slots, self.monitor)):
            old = source.tensors.get(slot.key)
            if old is None or not tree.alive[i] or not tree.is_leaf(i):
                continue
            path = tree.present.get(slot.key)
            new = ckpt.tensors.get(path) if path is not None else None
            if new is None:
                continue
            other = converted(new) or (new.storage, new.offset, new.stride, new.dtype) != (old.storage, old.offset, old.stride, old.dtype) \
                or self._gets_a_record(old, new)
            wanted.setdefault(slot.node, set()).add(new.storage if other else "")
            if other:
                changed.append((i, new))
            elif new.device != old.device:
                self._move(slot.node, new)
        for i, new in stoppable(changed, self.monitor):
            node = tree.slots[i].node
            if len(wanted[node]) == 1 and self._keeps_gradient(node, new):
                continue
            made = self._made.get((node, new.storage))
            if made is None:
                made = self._made[node, new.storage] = self._rebuilt(node, new)
                if len(wanted[node]) == 1:
                    self.editor.become(node, made)          # for everybody who refers to it
            if len(wanted[node]) > 1:
                self._replace(i, made)

    def _keeps_gradient(self, n: int, info: TensorInfo) -> bool:
        """Puts other data into a Parameter of old torch that has its gradient beside it, for which later forms have no place. False
        where it has none, or no more."""
        editor, state = self.editor, self._old_state(n)
        if state < 0 or call_of(self.graph, n).name not in OLD_PARAMETERS:
            return False
        _, gradient, _, requires_grad, _ = editor.graph.operands[editor.graph.a[state]:editor.graph.b[state]]
        if editor.graph.kind[gradient] == NONE:
            return False
        editor.set_operand(state, 0, self.objects.tensor(info._replace(requires_grad=False)))
        editor.set_operand(state, 3, self._grad(requires_grad, info))
        editor.rebuilt = True
        return True

    def _gets_a_record(self, old: TensorInfo, new: TensorInfo) -> bool:
        """Whether a tensor that is no ordinary one becomes one: distributed ones and those whose bytes stand in the pickle on another
        device, and what comes out of a plain pickle, as torch.load would not take an array for a tensor."""
        return becomes_ordinary(old, new) or (self.source.format == "pickle" and in_pickle(old.storage))

    def _rebuilt(self, n: int, info: TensorInfo) -> int:
        """The call `n` for the tensor as `info` says, its wrappers and hooks kept."""
        editor, graph = self.editor, self.graph
        call = call_of(graph, n)
        args = call.args or ()
        if info.layout != "strided" or info.quantizer is not None:
            raise EditError(f"{visible(info.key, 80)} is no ordinary tensor: it keeps its storage", "Leave it out of the edit.", info.key,
                            id="unsupported")
        if call.name in OLD_PARAMETERS:                             # as torch before 1.0 wrote it: an ordinary one from now on
            return editor.reduce(editor.name(*PARAMETER), [self.objects.tensor(info._replace(requires_grad=False)),
                                                           editor.const(info.requires_grad), self.objects.ordered_dict()])
        if n in graph.mutations or graph.kind[n] != REDUCE:
            return self.objects.tensor(info)
        function = graph.a[n]
        if call.name in (PARAMETER, PARAMETER_WITH_STATE, _TO_DEVICE) and args and graph.kind[args[0]] == REDUCE:
            more = list(args[1:])
            if call.name == _TO_DEVICE and len(more) == 3:
                more = [editor.name("torch", info.dtype), more[1], self._grad(more[2], info)]
            elif call.name in (PARAMETER, PARAMETER_WITH_STATE):
                more[0] = self._grad(more[0], info)
            return editor.reduce(function, [self._rebuilt(args[0], info._replace(requires_grad=False)), *more])
        if distributed.local_of(graph, n) >= 0:
            return self.objects.tensor(info)
        if call.name in (FROM_TYPE, FROM_TYPE_V2) and len(args) == 4:
            inner = graph.operands[graph.a[args[2]]:graph.b[args[2]]] if graph.kind[args[2]] == TUPLE else []
            new, arguments = self.objects.strided(info, *self._kept(inner, info))
            return editor.reduce(function, [new, args[1], editor.tuple_of(arguments), args[3]])
        return editor.reduce(*self.objects.strided(info, *(self._kept(args, info) if call.name in _STRIDED else ())))

    def _kept(self, args: Any, info: TensorInfo) -> tuple[int, int]:
        """The nodes of requires_grad and of the hooks that a tensor was built with; -1 for none."""
        return (self._grad(args[4], info), args[5]) if len(args) >= 6 else (-1, -1)

    def _grad(self, node: int, info: TensorInfo) -> int:
        """`node`, which says whether a tensor requires a gradient, where one of the type of `info` can, and where it says so at all: the
        call of a tensor that was broken may hold anything."""
        if DTYPES[info.dtype].kind not in ("float", "complex"):
            return self.editor.const(False)
        graph = self.graph
        says = graph.boolean(node) is not None or (graph.kind[node] == INT and graph.a[node] in (0, 1))
        return node if says else self.editor.const(info.requires_grad)

    def _move(self, n: int, info: TensorInfo) -> None:
        """A tensor that is put on its device when it is loaded says so itself."""
        call = call_of(self.graph, n)
        for _ in range(8):
            args = call.args or ()
            if call.name == _TO_DEVICE and len(args) == 4:
                self.editor.set_operand(self.graph.b[call.node], 2, self.editor.word(info.device or "cpu"))
                return
            if call.name not in (PARAMETER, PARAMETER_WITH_STATE) or not args or self.graph.kind[args[0]] != REDUCE:
                return
            call = call_of(self.graph, args[0])

    # -- _metadata ----------------------------------------------------------------------------------------------------

    def _metadata(self) -> None:
        """Each state dict's `_metadata` as the tables have it, entry by entry where that can be told."""
        for i, slot in enumerate(stoppable(self.tree.slots, self.monitor)):
            old = self.source.module_metadata.get(slot.key)
            if old is None or not self.tree.alive[i] or self.graph.kind[slot.node] not in (*CONTAINERS, REDUCE):
                continue
            view = self.tree.view(i)
            new = self.ckpt.module_metadata.get(self.tree.path[i])
            if not isinstance(view, recognise.Mapping) or view.metadata < 0 or new is old:
                continue
            if new is None:
                new = {}
            if list(new) != list(old) or any(new[name] is not old[name] and dict(new[name]) != dict(old[name]) for name in new):
                self._change_metadata(slot.node, view.metadata, old, new)

    def _change_metadata(self, holder: int, node: int, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        graph, editor = self.graph, self.editor
        view = recognise.view_of(graph, node)
        pairs = view.pairs if isinstance(view, recognise.Mapping) else []
        names = _followed(old, new)
        if names is None or [key_text(graph, k) for k, _ in pairs] != list(old):
            self._replace_metadata(holder, node, new)
            return
        for k, value in pairs:
            entry = self.entries.pair(node, k, value)
            if entry is None or entry.key < 0:
                self._replace_metadata(holder, node, new)
                return
            name = names.get(key_text(graph, k))
            if name is None:
                editor.drop(entry.owner, entry.positions)
            elif name != key_text(graph, k):
                editor.set_operand(entry.owner, entry.key, editor.text_like(k, name))
        known = set(names.values())
        added = [(editor.const(name), self.objects.facts(new[name], name)) for name in new if name not in known]
        if added:
            editor.add_pairs(node, added)

    def _replace_metadata(self, holder: int, node: int, new: Mapping[str, Any]) -> None:
        """A new `_metadata` in the state that sets it."""
        for state in self.graph.states(holder):
            for k, value in recognise.state_pairs(self.graph, state) or ():
                entry = self.entries.pair(holder, k, value) if value == node else None
                if entry is not None:
                    self.editor.set_operand(entry.owner, entry.value, self.objects.metadata(new))

    # -- what is new --------------------------------------------------------------------------------------------------

    def _add(self) -> None:
        """Values and tensors that the file does not have, as entries of the nearest dict above them."""
        fresh = self._fresh()
        if not fresh:
            return
        known = self._known()
        for i, slot in enumerate(stoppable(self.tree.slots, self.monitor)):
            if self.tree.alive[i] and not self.tree.inside[i] and self.graph.kind[slot.node] in (*CONTAINERS, REDUCE) \
                    and isinstance(self.tree.view(i), recognise.Mapping):
                self._dicts.setdefault(self.tree.path[i], slot.node)
        for key in stoppable(fresh, self.monitor):
            value: Plain = self.ckpt.values.get(key)
            node = self.objects.tensor(self.ckpt.tensors[key]) if key in self.ckpt.tensors else self.objects.plain(value, key)
            if key in self.ckpt.values:
                self._make_dicts(key, known)
            self._insert(key, node)
            if isinstance(value, dict):
                self._dicts[key] = node

    def _known(self) -> Set[str]:
        """What the file has, by the names of now."""
        edited = self.ckpt.edited
        return edited.origin.keys() if edited is not None else self.ckpt.tensors.keys() | self.ckpt.values.keys()

    def _fresh(self) -> list[str]:
        known = self._known()
        return [key for key in stoppable(chain(self.ckpt.values, self.ckpt.tensors), self.monitor) if key not in known]

    def _make_dicts(self, key: str, known: Container[str]) -> None:
        """The dicts between a new value and what is there: a key with dots in it is one that nobody looks up."""
        above = next((path for path in ancestors(key) if path in self._dicts), None)
        for path in missing_dicts(key, above, (*self.ckpt.tensors, *self.ckpt.values), known) if above is not None else ():
            node = self.editor.dict_of(())
            self._insert(path, node)
            self._dicts[path] = node

    def _insert(self, key: str, node: int) -> None:
        for above in ancestors(key):
            holder = self._dicts.get(above)
            if holder is not None:
                self.editor.add_pairs(holder, [(self.editor.const(relative(key, above)), node)])
                return
        raise EditError(f"there is no dict that could take {quoted(key, 80)}", "", key, id="no_room")


def _followed(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, str] | None:
    """Which name each entry of `_metadata` has now, those that are gone left out; None where that cannot be told."""
    by_facts: dict[int, list[str]] = {}
    for name, facts in new.items():
        by_facts.setdefault(id(facts), []).append(name)
    if len(old) == len(new) and all(a is b or a == b for a, b in zip(old.values(), new.values(), strict=True)):
        return dict(zip(old, new, strict=True))
    if new.keys() <= old.keys() and all(new[name] == old[name] for name in new):
        return {name: name for name in new}
    found = {}
    for name, facts in old.items():
        names = by_facts.get(id(facts), [])
        if len(names) > 1:
            return None
        if names:
            found[name] = names[0]
    return found if len(found) == len(new) and len(set(found.values())) == len(found) else None


def same_value(one: Plain, other: Plain) -> bool:
    """Whether nothing changed: 1 and True, 0.0 and -0.0 are different, a NaN is itself."""
    if one is other:
        return True
    if isinstance(one, Opaque) or isinstance(other, Opaque):
        return one == other
    return type(one) is type(other) and repr(one) == repr(other)
