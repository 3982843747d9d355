"""What an optimizer's lists of parameters and its state become: groups written anew in the file's object, state by its new numbers."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, Plain, TensorInfo
from inspector.core.errors import EditError
from inspector.core.graph import LIST
from inspector.core.keypath import below, is_under, join, quoted, relative
from inspector.core.limits import LIMITS
from inspector.core.pickles.encode.graph_editor import GraphEditor
from inspector.core.pickles.objects import recognise
from inspector.core.pickles.objects.contents import Slot, contents_of
from inspector.core.pickles.objects.recognise import view_of
from inspector.core.pickles.objects.storages import KnownStorages
from inspector.core.progress import Monitor
from inspector.core.training.optimizers import entry_of

from .common import Edit, edited, origin_of, reduced
from .optimizer_order import listed, state_of
from .rewriting import on_new_source, rewritten

ONE_PICKLE = frozenset({"torch-zip", "torch-legacy", "torch-tar", "pickle"})
# the values of whose groups have keys of their own: the lists are made of them when it is saved, or the files joined
LAID_FLAT = frozenset({"dcp", "torch-sharded"})


class Group(NamedTuple):
    """A group as it is to be: `like` is the number of the file's whose options it has, `names` its parameters in order."""

    like: int
    names: tuple[str, ...]


class Plan(NamedTuple):
    """What becomes of one optimizer: `ids` maps what the state calls a parameter to what it is called then, for those that are kept."""

    path: str
    groups: tuple[Group, ...]
    ids: dict[str, str]
    new: tuple[str, ...]
    gone: tuple[str, ...]
    reshaped: tuple[str, ...]
    numbered: bool
    ordered: bool


def listed_anew(ckpt: Checkpoint, edit: Edit, plan: Plan, monitor: Monitor, born: Mapping[str, Sequence[str]] = MappingProxyType({}), *,
                with_names: bool = False) -> Checkpoint:
    """`ckpt` with the groups as they are to be: what they list is written anew in the file's object. `born` are new entries of the state
    that hold what one has that is there, by what the state calls it; `with_names` puts the names beside the numbers (`param_names`, as
    torch 2.6 and later do). Raises EditError where the file's object is another."""
    source = ckpt.as_opened
    graph = source.pickles[0].graph
    slots: list[Slot] = []
    known = KnownStorages(source.storages)
    contents_of(graph, known.resolve, resolve_many=known.resolve_many, limits=LIMITS.of_file(source.nbytes), monitor=monitor,
                slots=slots, like=source)
    path = in_source(ckpt, join(plan.path, "param_groups"))
    node = next((slot.node for slot in slots if slot.key == path), -1)
    groups = graph.sequence(node) if node >= 0 and graph.kind[node] == LIST else []
    if not groups or any(group.like >= len(groups) for group in plan.groups):
        raise EditError(f"{quoted(join(plan.path, 'param_groups'), 80)} is no list of groups", "", id="unsupported")
    editor, made, at = GraphEditor(graph), [], 0
    for group in plan.groups:
        view = view_of(graph, groups[group.like])
        if not isinstance(view, recognise.Mapping):
            raise EditError("a group of the optimizer is no dict", "", id="unsupported")
        ids = [editor.const(at + n) if plan.numbered else editor.const(name) for n, name in enumerate(group.names)]
        lists = {"params": editor.list_of(ids), "param_names": editor.list_of([editor.const(name) for name in group.names])}
        pairs = [(k, lists.get(graph.loose_text(k) or "", value)) for k, value in view.pairs]
        if with_names and all(graph.loose_text(k) != "param_names" for k, _ in pairs):
            pairs.append((editor.const("param_names"), lists["param_names"]))
        made.append(editor.dict_of(pairs))
        at += len(group.names)
    editor.become_container(node, LIST, made)
    if born:
        by_key = {slot.key: slot.node for slot in slots}
        _add_entries(ckpt, plan, editor, by_key, born)
    return on_new_source(ckpt, edit, rewritten(source, editor, {}, monitor))


def _add_entries(ckpt: Checkpoint, plan: Plan, editor: GraphEditor, by_key: Mapping[str, int], born: Mapping[str, Sequence[str]]) -> None:
    place = state_of(plan.path)
    pairs: list[tuple[int, int]] = []
    for id, several in born.items():
        view = view_of(editor.source, by_key.get(in_source(ckpt, join(place, id)), -1))
        if not isinstance(view, recognise.Mapping):
            raise EditError(f"what the optimizer keeps of {quoted(id, 60)} is no dict", "", id="unsupported")
        pairs += [(editor.const(int(new) if plan.numbered else new), editor.dict_of(view.pairs)) for new in several]
    state = by_key.get(in_source(ckpt, place), -1)
    if state < 0 or not isinstance(view_of(editor.source, state), recognise.Mapping):
        raise EditError(f"{quoted(place, 60)} is no dict", "", id="unsupported")
    editor.add_pairs(state, pairs)


# -- the tables -----------------------------------------------------------------------------------------------------------------

def with_groups(ckpt: Checkpoint, edit: Edit, plan: Plan) -> Checkpoint:
    """`ckpt` with the groups as they are to be, of a file in which each of their values has a key."""
    place = join(plan.path, "param_groups")
    options: dict[int, dict[str, str]] = {}             # number of a group -> key -> what it is called in it
    for key, rest in below(ckpt.values, place):
        number, _, field = rest.partition(".")
        if number.isdigit() and field.partition(".")[0] not in ("params", "param_names"):
            options.setdefault(int(number), {})[key] = field
    named = {int(rest.partition(".")[0]) for _, rest in below(ckpt.values, place) if ".param_names" in rest}
    made: dict[str, Plain] = {}
    came_from = {key: key for table in (ckpt.tensors, ckpt.values) for key in table if not is_under(key, place)}
    at = 0
    for n, group in enumerate(plan.groups):
        head = join(place, str(n))
        for key, field in options.get(group.like, {}).items():
            made[join(head, field)] = ckpt.values[key]
            came_from[join(head, field)] = key
        lists: dict[str, list[Plain]] = {"params": [at + k if plan.numbered else name for k, name in enumerate(group.names)]}
        if group.like in named:
            lists["param_names"] = [*group.names]
        for field, items in lists.items():
            made.update({join(head, f"{field}.{k}"): item for k, item in enumerate(items)} if items else {join(head, field): []})
        at += len(group.names)
    values: dict[str, Plain] = {}
    for key, value in ckpt.values.items():
        values.update({key: value} if not is_under(key, place) else made)       # where the first of them stood
    return edited(ckpt, edit, came_from, values=values)


def in_source(ckpt: Checkpoint, path: str) -> str:
    """What `path` is called in the file."""
    origin = origin_of(ckpt)
    for table in (ckpt.values, ckpt.tensors):
        for key, rest in below(table, path):
            old = origin.get(key, "")
            if old.endswith(f".{rest}"):
                return old[:-len(rest) - 1]
    return path


def renumbered(ckpt: Checkpoint, edit: Edit, plan: Plan) -> Checkpoint:
    """`ckpt` with the state that is kept, by its new numbers."""
    place = state_of(plan.path)
    known = {one.id for mine in listed(ckpt) if mine.path == plan.path for one in mine.parameters} | set(plan.ids)
    tensors: dict[str, TensorInfo] = {}
    values: dict[str, Plain] = {}
    came_from: dict[str, str] = {}
    left = False
    for key, info in ckpt.tensors.items():
        new = _called(key, place, plan, known)
        if new is not None:
            tensors[new] = info._replace(key=new, state_dict=_place_called(info, new)) if new != key else info
            came_from[new] = key
            left = left or new.startswith(f"{place}.")
    for key, value in ckpt.values.items():
        new = _called(key, place, plan, known)
        if new is not None:
            values[new] = value
            came_from[new] = key
            left = left or new == place or new.startswith(f"{place}.")
    if not left:
        values[place] = {}                  # torch asks for it, be it empty
    return reduced(ckpt, edit, tensors, values, came_from, kind=ckpt.kind)


def _called(key: str, place: str, plan: Plan, known: set[str]) -> str | None:
    """What a key is called from now on; None for what goes."""
    if not key.startswith(f"{place}."):
        return key
    id, field = entry_of(relative(key, place), known)
    new = plan.ids.get(id)
    if new is None:
        return None
    return key if new == id else join(join(place, new), field) if field else join(place, new)


def _place_called(info: TensorInfo, new: str) -> str | None:
    """The state dict of a tensor that has another number: that of the optimizer, or one of its own under the number."""
    if not info.state_dict or new.endswith(f".{info.name}") is False:
        return info.state_dict
    return new[:-len(info.name) - 1]
