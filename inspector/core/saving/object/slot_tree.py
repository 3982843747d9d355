"""Every key of a checkpoint with its place in the graph, as a tree: which container it is in, and what becomes of it."""
from __future__ import annotations

from collections.abc import Iterable, Mapping

from inspector.core.checkpoint import Checkpoint, Opaque
from inspector.core.errors import EditError
from inspector.core.graph import CALLS, CONTAINERS, Graph
from inspector.core.keypath import ancestors, is_under, join, quoted, relative, under
from inspector.core.limits import LIMITS
from inspector.core.pickles.objects import recognise
from inspector.core.pickles.objects.contents import MADE_UP, Slot, contents_of
from inspector.core.pickles.objects.plain import key_text
from inspector.core.pickles.objects.recognise import View, view_of
from inspector.core.pickles.objects.storages import KnownStorages
from inspector.core.progress import QUIET, Monitor, stoppable

_LEFT_ALONE = ("reference", "deep")


class SlotTree:
    """The slots under the path `root` of `source`, whose object is `graph`. `present` maps keys of the source to what they are
    called now. Lists run over slots: `parent` is the index of the container a slot is in (-1: of the root), `alive` whether it
    stays, `inside` whether it belongs to an unknown object or a module, `path` what it is called now (`name_all`)."""

    def __init__(self, source: Checkpoint, graph: Graph, root: str, present: Mapping[str, str], monitor: Monitor = QUIET) -> None:
        self.source = source
        self.graph = graph
        self.present = present
        self._monitor = monitor
        self.slots: list[Slot] = []
        known = KnownStorages(source.storages, monitor)
        contents_of(graph, known.resolve, resolve_many=known.resolve_many, limits=LIMITS.of_file(source.nbytes),
                    monitor=monitor, slots=self.slots, like=source)
        self.parent: list[int] = []
        self.root = -1
        # a dict with an entry of the key "" may have a path like that entry's: what the tables have of it is the entry
        self._hides_root = (root in source.tensors or root in source.values) and sum(
            slot.key == root for slot in stoppable(self.slots, monitor)) > 1
        self._link(root)
        size = len(self.slots)
        self.alive = bytearray(size)
        self.path: list[str] = [""] * size
        self.representative: list[int] = [-1] * size        # the first leaf below that stays
        self.kept: frozenset[int] = frozenset()             # containers that stay though nothing may be left in them
        self._views: dict[int, View] = {}

    # -- the tree -----------------------------------------------------------------------------------------------------

    def _link(self, root: str) -> None:
        """Finds each slot's parent: the last place at which its holder was opened. What is not under `root` is taken out."""
        opened: dict[int, int] = {}
        slots: list[Slot] = []
        seen: set[int] = set()
        self.listed_twice: set[int] = set()         # containers whose entries have more than one key
        for slot in stoppable(self.slots, self._monitor):
            if slot.key == root and self.root < 0 and not slots:
                self.root = 0
                parent = -1
            elif slots and slot.holder in opened:
                parent = opened[slot.holder]
            else:
                continue
            if self.is_open(slot, is_root=parent < 0):
                if slot.node in seen:
                    self.listed_twice.add(slot.node)
                seen.add(slot.node)
                opened[slot.node] = len(slots)
            slots.append(slot)
            self.parent.append(parent)
        self.slots = slots
        tensors, values = self.source.tensors, self.source.values
        self._leaves = leaves = bytearray(slot.key in tensors or slot.key in values for slot in stoppable(slots, self._monitor))
        if leaves and self._hides_root:
            leaves[0] = 0
        self.inside = inside = bytearray(len(slots))
        for i, p in enumerate(stoppable(self.parent, self._monitor)):
            inside[i] = p >= 0 and (inside[p] or (leaves[p] and slots[p].key in values))

    def is_open(self, slot: Slot, is_root: bool = False) -> bool:
        """Whether other keys may lie under this one."""
        if slot.key in self.source.values and not (is_root and self._hides_root):
            value = self.source.values[slot.key]
            return isinstance(value, Opaque) and value.type not in _LEFT_ALONE
        return self.graph.kind[slot.node] in CONTAINERS or self.graph.kind[slot.node] in CALLS

    def is_leaf(self, i: int) -> bool:
        """Whether the slot is in the tables itself: a tensor, a value, an unknown object."""
        return bool(self._leaves[i])

    def view(self, i: int) -> View:
        node = self.slots[i].node
        found = self._views.get(node)
        if found is None:
            found = self._views[node] = view_of(self.graph, node)
        return found

    # -- what stays, and what it is called ----------------------------------------------------------------------------

    def keep_for(self, keys: Iterable[str]) -> None:
        """The dicts that new entries of these names go into stay, though nothing else is left in them."""
        above = {path for key in stoppable(keys, self._monitor) for path in ancestors(key)}
        root = self.slots[0].key
        self.kept = frozenset(i for i, slot in enumerate(stoppable(self.slots, self._monitor)) if not self.inside[i] and not self.is_leaf(i)
                              and relative(slot.key, root) in above and isinstance(self.view(i), recognise.Mapping))

    def mark_alive(self, unwanted: frozenset[int] = frozenset()) -> list[int]:
        """Fills `alive`: leaves that are present, containers with something left in them. `unwanted` slots go whatever they are.
        Gives the slots that go with nothing above them going."""
        parent, alive, inside, leaves, slots, present = self.parent, self.alive, self.inside, self._leaves, self.slots, self.present
        representative, kept = self.representative, self.kept
        alive[:] = bytes(len(alive))
        for i in stoppable(range(len(slots) - 1, -1, -1), self._monitor):
            if i in unwanted:
                alive[i] = 0
            elif leaves[i]:
                alive[i] = slots[i].key in present
                if alive[i]:
                    representative[i] = i
            elif i in kept:
                alive[i] = 1
            p = parent[i]
            if alive[i] and p >= 0 and not inside[i] and p not in unwanted and not leaves[p]:
                alive[p] = 1
                if representative[i] >= 0:
                    representative[p] = representative[i]
        going = []
        for i in stoppable(range(len(self.slots)), self._monitor):
            # what hangs on an object or lies in something that goes shares its fate
            p = parent[i]
            if p < 0:
                continue
            if not alive[p]:
                alive[i] = 0
            elif self.inside[i]:
                alive[i] = 1
            elif not alive[i]:
                going.append(i)
        return going

    def name_all(self) -> None:
        """Fills `path` for what stays. Raises EditError for names that would move things from one container to another, or that
        belong to an object."""
        index: dict[int, int] = {}
        for i, slot in enumerate(stoppable(self.slots, self._monitor)):
            p = self.parent[i]
            if p < 0 or not self.alive[i]:
                continue
            above = self.path[p]
            if self.inside[i]:
                self.path[i] = self._as_it_was(i)
            elif slot.name != MADE_UP and slot.name < 0:
                self.path[i] = join(above, str(index.get(p, 0)))
                index[p] = index.get(p, 0) + 1
            elif slot.name == MADE_UP or self.representative[i] < 0:
                self.path[i] = join(above, self.segment(i))
            else:
                self.path[i] = self._named(i, above)
            if self.is_leaf(i) and self.present.get(slot.key, self.path[i]) != self.path[i]:
                raise self.moved(i)

    def closed_up(self) -> tuple[dict[str, str], frozenset[str]]:
        """After slots were taken out that `name_all` had named: those entries of the tables that stay and are listed under another name
        then, as lists close up, with that name; and those that are gone."""
        index: dict[int, int] = {}
        new = [""] * len(self.slots)
        names: dict[str, str] = {}
        for i, slot in enumerate(stoppable(self.slots, self._monitor)):
            p = self.parent[i]
            if p < 0 or not self.alive[i]:
                continue
            if slot.name < 0 and slot.name != MADE_UP and not self.inside[i]:
                new[i] = join(new[p], str(index.get(p, 0)))
                index[p] = index.get(p, 0) + 1
            else:
                inner = is_under(self.path[i], self.path[p])
                new[i] = join(new[p], relative(self.path[i], self.path[p])) if inner else self.path[i]
            if self.is_leaf(i) and new[i] != self.path[i]:
                names[self.path[i]] = new[i]
        gone = frozenset(self.present[slot.key] for i, slot in enumerate(stoppable(self.slots, self._monitor))
                         if not self.alive[i] and slot.key in self.present)
        return names, gone

    def _as_it_was(self, i: int) -> str:
        """What is in an object keeps its name there."""
        key, above = self.slots[i].key, self.slots[self.parent[i]].key
        if not above or is_under(key, above):
            return join(self.path[self.parent[i]], relative(key, above))
        return self.present.get(key, key)               # modules are listed in one place and looked into in another

    def segment(self, i: int) -> str:
        """What the slot's key adds to that of its container, in the source."""
        return relative(self.slots[i].key, self.slots[self.parent[i]].key)

    def _named(self, i: int, above: str) -> str:
        """What dict entry `i` is called: as its own key says where it is a leaf, else as the first leaf under it tells."""
        key = self.slots[i].key
        leaf = self.slots[self.representative[i]].key
        wanted = self.present[leaf]
        if leaf != key:
            unchanged = join(above, self.segment(i))
            if is_under(wanted, unchanged):
                return unchanged
            rest = relative(leaf, key)
            if not wanted.endswith(f".{rest}"):
                raise self.moved(self.representative[i])
            wanted = wanted[:-len(rest) - 1]
        if not wanted.startswith(under(above)):
            raise self.moved(self.representative[i])
        return wanted

    def new_text(self, i: int) -> str | None:
        """The dict key that slot `i` needs to be called what it is; None where it has it."""
        k = self.slots[i].name
        text, shown = key_text(self.graph, k), self.segment(i)
        suffix = shown[len(text):] if shown.startswith(text) else ""        # "#2" of a key that is there twice
        wanted = relative(self.path[i], self.path[self.parent[i]])
        if suffix and wanted.endswith(suffix):
            wanted = wanted[:-len(suffix)]
        return None if wanted == text else wanted

    def moved(self, i: int) -> EditError:
        key = self.slots[i].key
        new = self.present.get(key, "")
        if self.inside[i]:
            return EditError(f"{quoted(key, 80)} cannot be called {quoted(new, 80)}: its name belongs to the object it is in",
                             "Extract the module's state dict first.", key, id="in_module")
        return EditError(f"{quoted(key, 80)} cannot be called {quoted(new, 80)}: it lies in a container of its own in the file",
                         "Rename what is inside each container by itself.", key, id="moved")
