"""Other names for what is in state dicts: what stripping, adding and renaming have in common."""
from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from typing import Any

from inspector.core.checkpoint import Checkpoint, Plain, TensorInfo
from inspector.core.errors import EditError
from inspector.core.keypath import Paths, is_under, join, parent_of, quoted, relative, segments_of, splits
from inspector.core.progress import Monitor, stoppable
from inspector.core.training.weights import optimizer_states

from .common import Edit, NearestDict, edited, needs_extraction, origin_of
from .structure import Structure

NewName = Callable[[str, str | None], str]
"""(name inside the state dict, path of the state dict or None) -> the name it shall have."""


def renamed(ckpt: Checkpoint, edit: Edit, new_name: NewName, monitor: Monitor) -> Checkpoint:
    """`ckpt` with every entry of a state dict called as `new_name` says, `_metadata` and the names that optimizers keep along
    with it. Nothing leaves its dict: what lies in a container of its own takes the container's new name. Raises EditError for
    names that meet, become empty or belong to a whole module."""
    names = _Names(ckpt, new_name, monitor)
    changes = names.changes()
    values, listed = names.values_of_optimizers()
    if not changes and not listed:
        return edited(ckpt, edit, monitor=monitor)
    came_from = _without_collisions(ckpt, changes, monitor)
    tensors = {new: ckpt.tensors[old] if new == old else _called(ckpt.tensors[old], new)
               for old, new in ((old, changes.get(old, old)) for old in stoppable(ckpt.tensors, monitor))}
    values = {changes.get(key, key): value for key, value in stoppable(values.items(), monitor)}

    def named_in(path: str) -> Callable[[str], str]:
        return lambda name: new_name(name, path)

    metadata = {path: _metadata(table, path, changes, named_in(path), monitor)
                for path, table in ckpt.module_metadata.items()}
    return edited(ckpt, edit, came_from, tensors=tensors, values=values, module_metadata=metadata, monitor=monitor)


def whole_segments(prefix: str) -> str:
    """`module` and `module.` -> `module.`. Raises EditError for what is no prefix."""
    bare = prefix.removesuffix(".")
    if not bare or bare.startswith(".") or bare.endswith("."):
        raise EditError(f"{quoted(prefix, 80)} is no prefix", "A prefix is one or more names with dots between, like module.")
    return f"{bare}."


def _called(info: TensorInfo, key: str) -> TensorInfo:
    return TensorInfo._make((key, *info[1:]))


class _Names:
    def __init__(self, ckpt: Checkpoint, new_name: NewName, monitor: Monitor) -> None:
        self._ckpt = ckpt
        self._new_name = new_name
        self._monitor = monitor
        self._modules = ckpt.modules
        self._optimizers = optimizer_states(ckpt)
        self._origin = origin_of(ckpt, monitor)
        self._structure = Structure(ckpt)
        self._tails = self._structure.tails(monitor)
        self._in_module: EditError | None = None
        self._dicts = sorted(f"{path}." for path in ckpt.state_dicts)

    def changes(self) -> dict[str, str]:
        """old key -> new key, of what changes."""
        changes: dict[str, str] = {}
        tails, origin = self._tails, self._origin
        for info in stoppable(self._ckpt.tensors.values(), self._monitor):
            key, place = info.key, info.state_dict
            tail = tails.get(origin.get(key, key), "") if tails else ""
            new = self._new_key(key, place, tail)
            if new != key:
                changes[key] = new
        places = NearestDict(self._ckpt.state_dicts)
        for key in stoppable(self._ckpt.values if self._ckpt.state_dicts else (), self._monitor):
            place = places.of(key)
            if place is not None and place not in self._modules:
                new = self._new_key(key, place, tails.get(origin.get(key, key), ""))
                if new != key and not self._holds_a_dict(key, place, tails.get(origin.get(key, key), "")):
                    changes[key] = new
        if not changes and self._in_module is not None:
            raise self._in_module
        return self._with_attached(self._with_shadows(changes))

    def _with_shadows(self, changes: dict[str, str]) -> dict[str, str]:
        """A tensor that a later one of the same key took the place of, and that is in no state dict, keeps the key of that."""
        tensors = self._ckpt.tensors
        for key, info in stoppable(tensors.items(), self._monitor) if changes and any(
                odd.id == "duplicate-keys" for odd in self._ckpt.findings) else ():
            last, _, number = key.rpartition("#")
            if info.state_dict is None and number.isdecimal() and last in changes and (
                    last in tensors and tensors[last].state_dict is not None):
                changes[key] = f"{changes[last]}#{number}"
        return changes

    def _with_attached(self, changes: dict[str, str]) -> dict[str, str]:
        """What hangs on a tensor is called after it, whatever the tensor is called."""
        attached = self._structure.attached(self._monitor)
        if attached:
            now = {old: new for new, old in stoppable(self._origin.items(), self._monitor)}
            for old, tensor in stoppable(attached.items(), self._monitor):
                if old in now and tensor in now:
                    name = join(changes.get(now[tensor], now[tensor]), relative(old, tensor))
                    changes.pop(now[old], None)
                    if name != now[old]:
                        changes[now[old]] = name
        return changes

    def _new_key(self, key: str, place: str | None, tail: str) -> str:
        name = relative(key, place) if place else key
        if tail == name and (tail or place is None):        # an entry of a state dict may have an empty name
            return key
        head = name[:-len(tail) - 1] if tail else name
        if place in self._optimizers:
            if head.isdigit():          # the number of a parameter
                return key
            new = self._new_name(head, place) + (f".{tail}" if tail else "")
        else:
            new = self._new_name(name, place)
        if new == name or (tail and not new.endswith(f".{tail}")):
            return key
        if place in self._modules:
            self._in_module = self._in_module or needs_extraction(key, place or "")
            return key
        if not new:
            raise EditError(f"{quoted(key, 80)} would have no name left", "Rename it to something else first.", id="empty_name")
        return join(place, new) if place else new

    def _holds_a_dict(self, key: str, place: str, tail: str) -> bool:
        """Whether a value lies in a container that has a state dict in it: those never move."""
        head = key[:-len(tail)] if tail else key + "."
        at = bisect_left(self._dicts, head)         # those that begin so stand side by side
        at += self._dicts[at:at + 1] == [f"{place}."]
        return at < len(self._dicts) and self._dicts[at].startswith(head)

    def values_of_optimizers(self) -> tuple[dict[str, Plain], bool]:
        """The values, with the names of parameters that optimizers list renamed as the parameters are; whether there were any."""
        values, found = dict(self._ckpt.values), False
        places = {join(owner, "param_groups"): place for place, owner in self._optimizers.items()}
        groups = Paths(places)
        for key, value in stoppable(self._ckpt.values.items(), self._monitor) if places else ():
            if not isinstance(value, str) or "param_groups." not in key:
                continue
            for path in groups.around(parent_of(key)):
                new = self._new_name(value, places[path]) if _is_parameter(relative(key, path)) else ""
                if new and new != value:
                    values[key], found = new, True
        return values, found


def _is_parameter(rest: str) -> bool:
    """"0.params.3": a parameter in a group."""
    segments = segments_of(rest)
    return len(segments) == 3 and segments[0].isdigit() and segments[1] in ("params", "param_names") and segments[2].isdigit()


def _without_collisions(ckpt: Checkpoint, changes: Mapping[str, str], monitor: Monitor) -> dict[str, str]:
    """new key -> old key. Raises EditError naming both keys that would be called the same."""
    came_from: dict[str, str] = {}
    for table in (ckpt.tensors, ckpt.values):
        for old in stoppable(table, monitor):
            new = changes.get(old, old)
            other = came_from.setdefault(new, old)
            if other != old:
                raise EditError(f"{quoted(other, 80)} and {quoted(old, 80)} would both be called {quoted(new, 80)}",
                                "Drop one of them first, or give it another name.", id="collision")
    return came_from


# -- _metadata --------------------------------------------------------------------------------------------------------------------

def _metadata(table: Mapping[str, Any], path: str, changes: Mapping[str, str], new_name: Callable[[str], str],
              monitor: Monitor) -> dict[str, Any]:
    """`_metadata` under the modules' new names: those that the names of their tensors tell, and where there are none, what the
    edit makes of the module's own. Of two that become one the inner stays, as with torch's
    `consume_prefix_in_state_dict_if_present`."""
    modules = _modules_renamed(table, path, changes, monitor)
    found: dict[str, Any] = {}
    for module, facts in stoppable(table.items(), monitor):
        new = modules.get(module)
        if new is None:
            new = _probed(module, new_name) if module else module
        found[new] = facts
    return found


def _modules_renamed(table: Mapping[str, Any], path: str, changes: Mapping[str, str],
                     monitor: Monitor) -> dict[str, str]:
    modules: dict[str, str] = {}
    for old, new in stoppable(changes.items(), monitor):
        if not is_under(old, path):
            continue
        new = relative(new, path)
        for module, rest in splits(relative(old, path)):
            if not module or module in modules:
                break           # and so are those above it
            if new == rest:
                renamed_to = ""
            elif new.endswith(f".{rest}"):
                renamed_to = new[:-len(rest) - 1]
            else:
                break
            modules[module] = renamed_to
    return modules


def _probed(module: str, new_name: Callable[[str], str]) -> str:
    """What becomes of a module that has no tensors, by what would become of one in it."""
    new = new_name(f"{module}.\0")
    return new[:-1].removesuffix(".") if new.endswith("\0") else module
