"""An optimizer's state that follows its parameters where one becomes several or several one.

torch matches parameters and state by their places in the groups (torch/optim/optimizer.py, `load_state_dict`). New ones stand beside others
of their module, or else where the old ones stood, which is the order of a model that has them there; their names are written beside the
numbers, so that whoever has another order can say so (`--optimizer-for`).
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.errors import BadTensor
from inspector.core.keypath import below, join, parent_of, visible
from inspector.core.progress import Monitor
from inspector.core.tensors.reader import TensorReader
from inspector.core.training.optimizers import entry_of, optimizers
from inspector.core.wording import count

from .common import Edit, reduced
from .optimizer_groups import ONE_PICKLE, Group, Plan, in_source, listed_anew, renumbered
from .optimizer_order import Listed, Parameter, listed, state_of
from .rearranging import NewTensors, elements_of, why_not

Arrange = Callable[[Sequence[TensorInfo]], Sequence[TensorInfo]]


class Change(NamedTuple):
    """The parameters with the keys `old` become those with the keys `new`, either of which is one alone; `names` are those of the new in
    their state dict. `arranged` makes of tensors of the shapes of the old ones those of the new ones."""

    old: tuple[str, ...]
    new: tuple[str, ...]
    names: tuple[str, ...]
    arranged: Arrange


class _Row(NamedTuple):
    """A parameter in a group: `id` is what the state calls it until all are numbered anew."""

    name: str
    id: str


class _Entry(NamedTuple):
    """What the state calls the old ones and the new ones; `like` are the fields that have an element for each of their parameter's."""

    old: tuple[str, ...]
    new: tuple[str, ...]
    arranged: Arrange
    like: frozenset[str]


class _Follows(NamedTuple):
    """`entries` are those of which there is state, of the `many` old ones."""

    plan: Plan
    entries: tuple[_Entry, ...]
    many: int


class _Not(Exception):
    """Why state cannot follow, as a sentence."""


def with_state_following(ckpt: Checkpoint, edit: Edit, changes: Sequence[Change], monitor: Monitor) -> Checkpoint:
    """`ckpt` with the optimizers' lists and state as they are after `changes`, which are not made yet; where state cannot follow, with that
    as it was. Reads what steps several parameters have that become one."""
    before = ckpt.edited.edits if ckpt.edited else ()
    done = False
    for found in _each(ckpt, changes, monitor):
        if isinstance(found, _Follows):
            ckpt, done = _followed(ckpt, edit, found, monitor), True
    if not done:
        return ckpt
    assert ckpt.edited is not None
    return replace(ckpt, edited=ckpt.edited._replace(edits=before))


def said_of_state(ckpt: Checkpoint, changes: Sequence[Change], monitor: Monitor) -> list[str]:
    """Sentences about what becomes of the state."""
    notes: list[str] = []
    for found in _each(ckpt, changes, monitor):
        if isinstance(found, str):
            notes.append(f"The optimizer's state does not follow: {found}. It is about the tensors as they were: drop it, or put "
                         "--optimizer-for with a checkpoint of the new model before this edit, which leaves it to the parameters that are "
                         "the same.")
        else:
            notes.append(f"The optimizer's state follows, of {count(found.many, 'parameter')}; new ones stand where the old ones stood, "
                         "beside others of their module. If the new model has another order, put --optimizer-for with a checkpoint of it "
                         "behind.")
    return notes


def _each(ckpt: Checkpoint, changes: Sequence[Change], monitor: Monitor) -> Iterable[_Follows | str]:
    """Of each optimizer that has any of the parameters, what becomes of it, or why nothing does."""
    if not changes or (ckpt.edited is not None and any(edit.OPTION == "optimizer-for" for edit in ckpt.edited.edits)):
        return []                   # which has seen to it
    known = {one.path: one for one in optimizers(ckpt, monitor)}
    found: list[_Follows | str] = []
    for mine in listed(ckpt):
        there = known.get(mine.path)
        keys: dict[str, str] = {}
        if there is not None:
            keys = {key: id for id, key in there.parameters.items() if key is not None}
            if there.reason or not there.known:
                found.append(there.reason or "which parameters it is about cannot be told")
                continue
        else:
            by_name = {one.name: one.id for one in mine.parameters}
            keys = {key: by_name[info.name] for change in changes for key in change.old
                    if (info := ckpt.tensors[key]).name in by_name}
        concerned = [change for change in changes if any(key in keys for key in change.old)]
        if concerned:
            try:
                found.append(_following(ckpt, mine, keys, concerned, monitor))
            except _Not as why:
                found.append(str(why))
    return found


def _following(ckpt: Checkpoint, mine: Listed, keys: Mapping[str, str], changes: Sequence[Change], monitor: Monitor) -> _Follows:
    if ckpt.as_opened.format not in ONE_PICKLE:
        raise _Not("lists of parameters are changed in single PyTorch files only (save it as one file first, with -o one.pth)")
    if any(one is None for group in mine.groups for one in group):
        raise _Not("which parameters it is about cannot be told of all")
    groups = [[_Row(one.name, one.id) for one in group if one is not None] for group in mine.groups]
    numbered = all(one.id.isdigit() for one in mine.parameters)
    by_id = {one.id: one for one in mine.parameters}
    fresh = _FreshIds(ckpt, mine, numbered)
    entries: list[_Entry] = []
    many = 0
    for change in changes:
        missing = next((key for key in change.old if key not in keys), None)
        if missing is not None:
            raise _Not(f"{visible(missing, 60)} is none of its parameters, as others that become one with it are")
        olds = tuple(keys[key] for key in change.old)
        if len(set(olds)) < len(olds):
            raise _Not(f"it has {visible(change.old[0], 60)} and what becomes one with it as one parameter")
        names = _names_of(ckpt, by_id[olds[0]], change)
        _check_ties(ckpt, change)
        ids = (olds[0] if numbered else names[0], *(fresh.next(name) for name in names[1:]))
        _check_groups(ckpt, mine, groups, olds)
        _put(groups, olds, [_Row(name, id) for name, id in zip(names, ids, strict=True)])
        like = _kept_alike(ckpt, state_of(mine.path), olds, change, monitor)
        if like is not None:
            entries.append(_Entry(olds, ids, change.arranged, like))
        many += len(olds)
    at, final = 0, dict[str, str]()
    first = {entry.new[0]: entry.old[0] for entry in entries}
    for group in groups:
        for row in group:
            final[first.get(row.id, row.id)] = str(at) if numbered else row.id
            at += 1
    plan = Plan(mine.path, tuple(Group(n, tuple(row.name if numbered else row.id for row in group)) for n, group in enumerate(groups)),
                final, (), (), (), numbered, True)
    return _Follows(plan, tuple(entries), many)


class _FreshIds:
    """Names in the state that nothing has yet, in the file or now."""

    def __init__(self, ckpt: Checkpoint, mine: Listed, numbered: bool) -> None:
        self._numbered = numbered
        place = state_of(mine.path)
        listed_ids = {one.id for one in mine.parameters}
        self._taken = set(listed_ids)
        for table in (ckpt.tensors, ckpt.values):
            self._taken |= {entry_of(rest, listed_ids)[0] for _, rest in below(table, place)}
        source, there = ckpt.as_opened, in_source(ckpt, place)
        for other in (source.tensors, source.values):
            self._taken |= {rest.partition(".")[0] for _, rest in below(other, there)}
        self._last = max((int(id) for id in self._taken if id.isascii() and id.isdecimal()), default=-1)

    def next(self, name: str) -> str:
        if self._numbered:
            self._last += 1
            return str(self._last)
        if name in self._taken:
            raise _Not(f"it has a parameter {visible(name, 60)} already")
        self._taken.add(name)
        return name


def _names_of(ckpt: Checkpoint, one: Parameter, change: Change) -> tuple[str, ...]:
    """What the optimizer calls the new ones, by what it calls the (first) old one."""
    old = ckpt.tensors[change.old[0]].name
    if one.name == old:
        return change.names
    if one.name.endswith(f".{old}"):
        return tuple(one.name.removesuffix(old) + name for name in change.names)
    if old.endswith(f".{one.name}"):
        above = old.removesuffix(one.name)
        if all(name.startswith(above) for name in change.names):
            return tuple(name.removeprefix(above) for name in change.names)
    raise _Not(f"it calls {visible(old, 60)} {visible(one.name, 60)}")


def _check_ties(ckpt: Checkpoint, change: Change) -> None:
    for key in change.old:
        view = ckpt.tensors[key].view
        tied = next((other for other, info in ckpt.tensors.items() if other not in change.old and view is not None and info.view == view
                     and info.state_dict == ckpt.tensors[key].state_dict), None)
        if tied is not None:
            raise _Not(f"{visible(key, 60)} is also {visible(tied, 60)}, which stays as it is")


def _check_groups(ckpt: Checkpoint, mine: Listed, groups: Sequence[Sequence[_Row]], olds: Sequence[str]) -> None:
    """Parameters that become one have to have the same options."""
    numbers = sorted({n for n, group in enumerate(groups) for row in group if row.id in olds})
    options = [{field: repr(ckpt.values[key]) for key, rest in below(ckpt.values, join(mine.path, f"param_groups.{n}"))
                if (field := rest).partition(".")[0] not in ("params", "param_names")} for n in numbers]
    for other in options[1:]:
        unlike = next((name for name in {**options[0], **other} if options[0].get(name) != other.get(name)), None)
        if unlike is not None:
            raise _Not(f"they are in groups of which {visible(unlike, 40)} is not the same")


def _put(groups: list[list[_Row]], olds: Sequence[str], news: Sequence[_Row]) -> None:
    """The new rows instead of the old: each beside those of its module that are there, before them where the old one stood before them,
    else where that stood."""
    number, at = next((n, i) for n, group in enumerate(groups) for i, row in enumerate(group) if row.id == olds[0])
    for n, group in enumerate(groups):
        if n == number:
            at -= sum(row.id in olds for row in group[:at])
        groups[n] = [row for row in group if row.id not in olds]
    rows, stood, here = groups[number], at, at
    for new in news:
        module = parent_of(new.name)
        beside = [i for i, row in enumerate(rows) if module and parent_of(row.name) == module and row not in news]
        if beside and stood > beside[0]:
            here = beside[-1] + 1
            while here < len(rows) and rows[here] in news:
                here += 1
        elif beside:
            here = beside[0]
        rows.insert(here, new)
        stood += here <= stood
        here += 1


def _kept_alike(ckpt: Checkpoint, place: str, olds: Sequence[str], change: Change, monitor: Monitor) -> frozenset[str] | None:
    """The fields of the old ones' state that have an element for each of the parameter's; None where there is no state of them. Raises
    `_Not` where that of the new ones cannot be made of it."""
    tables = [_fields(ckpt, place, id) for id in olds]
    if not any(tables):
        return None
    if any(table.keys() != tables[0].keys() for table in tables):
        raise _Not(f"of {visible(change.old[0], 60)} other things are kept than of what becomes one with it")
    like: set[str] = set()
    scalars: list[list[TensorInfo]] = []
    for field, first in tables[0].items():
        infos = [info for table in tables if (info := ckpt.tensors.get(table[field])) is not None]
        if not infos and len({repr(ckpt.values[table[field]]) for table in tables}) == 1:
            continue
        if len(infos) < len(tables) or len({info.dtype for info in infos}) > 1:
            raise _Not(f"{visible(first, 80)} is not the same in what becomes one")
        alike = [_is_like(info, ckpt.tensors[key]) for key, info in zip(change.old, infos, strict=True)]
        odd = next((info for info, is_like in zip(infos, alike, strict=True) if why_not(info) or (not is_like and info.numel > 1)), None)
        if odd is not None or len(set(alike)) > 1:
            raise _Not(f"{visible((odd or infos[0]).key, 80)} is of a form of its own that is not understood")
        if alike[0]:
            like.add(field)
        else:
            scalars.append(infos)
    if len(olds) > 1:
        _check_equal(ckpt, scalars, monitor)
    return frozenset(like)


def _check_equal(ckpt: Checkpoint, scalars: Iterable[Sequence[TensorInfo]], monitor: Monitor) -> None:
    with TensorReader(ckpt, monitor) as reader:
        for several in scalars:
            try:
                found = {reader.box(info, (0,) * len(info.shape), info.shape).tobytes() for info in several}
            except BadTensor as error:
                raise _Not(f"{visible(several[0].key, 80)} cannot be read: {error.message}") from error
            if len(found) > 1:
                raise _Not(f"{visible(several[0].key, 80)} and {visible(several[1].key, 80)} are not the same")


def _fields(ckpt: Checkpoint, place: str, id: str) -> dict[str, str]:
    """What is kept of a parameter: field -> key."""
    return {rest: key for table in (ckpt.tensors, ckpt.values) for key, rest in below(table, join(place, id))}


def _is_like(info: TensorInfo, parameter: TensorInfo) -> bool:
    return info.shape == parameter.shape and info.dtype in DTYPES and DTYPES[info.dtype].kind in ("float", "complex")


# -- the tables -----------------------------------------------------------------------------------------------------------------

def _followed(ckpt: Checkpoint, edit: Edit, found: _Follows, monitor: Monitor) -> Checkpoint:
    plan, place, old = found.plan, state_of(found.plan.path), ckpt
    born = {entry.old[0]: entry.new[1:] for entry in found.entries if len(entry.new) > 1}
    ckpt = listed_anew(ckpt, edit, plan, monitor, born, with_names=plan.numbered)
    new, tensors, values = NewTensors(ckpt), dict(ckpt.tensors), dict(ckpt.values)
    for entry in found.entries:
        ids = (entry.old[0], *entry.new[1:])            # the first has its name until all are numbered
        kept = _fields(old, place, entry.old[0])
        for id in ids[1:]:
            for field, key in _fields(ckpt, place, id).items():
                if field not in kept:                   # an edit took it away before
                    tensors.pop(key, None)
                    values.pop(key, None)
        for field, first in kept.items():
            info = old.tensors.get(first)
            keys = [join(join(place, id), field) for id in ids]
            if info is None:
                values.update(dict.fromkeys(keys, old.values[first]))
            elif field in entry.like:
                several = [elements_of(old.tensors[join(join(place, id), field)]) for id in entry.old]
                for at, source in zip(keys, entry.arranged(several), strict=True):
                    tensors.update(new.made(info, [at], source))
            else:                                       # one each: torch adds to them in place
                for at in keys[1:]:
                    tensors.update(new.made(info, [at], elements_of(info)))
    came_from = {key: key for table in (tensors, values) for key in table if key in ckpt.tensors or key in ckpt.values}
    return renumbered(reduced(ckpt, edit, tensors, values, came_from, storages=new.left(tensors), kind=ckpt.kind), edit, plan)
