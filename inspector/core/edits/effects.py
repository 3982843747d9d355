"""What an edit does, told before anything is written: which keys it touches, and in rows what each of them was and is."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Literal, NamedTuple

from inspector.core.checkpoint import Checkpoint, Plain, TensorInfo
from inspector.core.opening import CheckpointLike, opened
from inspector.core.progress import QUIET, Monitor, distinct, stoppable

from .tools.common import Edit, origin_of

_HOW = slice(1, 9)              # of a TensorInfo: from its shape to whether it requires a gradient


class Effect(NamedTuple):
    """What `edit` does: keys before and after, keys that go, keys whose tensor or value is another afterwards (or new), and
    sentences about the rest. A checkpoint it does nothing to has all empty but `notes`."""

    edit: Edit
    renamed: tuple[tuple[str, str], ...] = ()
    dropped: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether no key is touched."""
        return not (self.renamed or self.dropped or self.changed)


def effect_of(edit: Edit, before: Checkpoint, after: Checkpoint, monitor: Monitor = QUIET, *, read: bool = False) -> Effect:
    """What `edit`, which made `after` of `before`, did. `read`: also count what conversions lose, which reads the tensors."""
    renamed: list[tuple[str, str]] = []
    dropped: list[str] = []
    changed: list[str] = []
    if before.tensors is not after.tensors or before.values is not after.values:
        _compare(before, after, renamed, dropped, changed, monitor)
        known = distinct(changed, monitor)
        changed += [key for key in stoppable(edit.touched(before, after), monitor) if key not in known]
    notes = edit.notes(before, after, monitor, read)
    if not renamed and not dropped and not changed and not notes and before.metadata == after.metadata:
        notes = ["Nothing in the file fits."]
    return Effect(edit, tuple(renamed), tuple(dropped), tuple(changed), tuple(notes))


def _compare(before: Checkpoint, after: Checkpoint, renamed: list[tuple[str, str]], dropped: list[str], changed: list[str],
             monitor: Monitor) -> None:
    there, here = origin_of(before, monitor), origin_of(after, monitor)
    now = {source: key for key, source in stoppable(here.items(), monitor)}
    for old in stoppable(chain(before.tensors, before.values), monitor):
        new = now.get(there[old]) if old in there else old if old in after.values or old in after.tensors else None
        if new is None:
            dropped.append(old)
            continue
        if new != old:
            renamed.append((old, new))
        if _differ(before, old, after, new):
            changed.append(new)
    changed += [key for table in (after.tensors, after.values) for key in stoppable(table, monitor)
                if key not in here and key not in before.tensors and key not in before.values]


def _differ(before: Checkpoint, old: str, after: Checkpoint, new: str) -> bool:
    one, two = before.tensors.get(old), after.tensors.get(new)
    if one is None or two is None:
        if one is not two:
            return True
        a, b = before.values.get(old), after.values.get(new)
        return type(a) is not type(b) or (a != b and not (a != a and b != b))
    if one is two:
        return False
    return one[_HOW] != two[_HOW] or one.extra != two.extra


# -- key by key -----------------------------------------------------------------------------------------------------------------

class Change(NamedTuple):
    """What differs about a tensor or a value. `what` is "shape", "dtype" or "device" (as `TensorInfo` has them before and after),
    "storage" (its bytes), "taken" (the elements are another checkpoint's now), "unshared" (it has bytes of its own now), "content":
    the `TensorInfo` or the plain value itself, where one of them is no tensor, or "kind": `before` says in words what kind of value it
    was, which is plain data now; `after` whether that is still listed under the key, and not its parts."""

    what: Literal["shape", "dtype", "device", "storage", "taken", "unshared", "content", "kind"]
    before: object = None
    after: object = None


class EffectRow(NamedTuple):
    """One key before and after an edit, "" where it is not there. `metadata`: it is a name in safetensors' `__metadata__`."""

    kind: Literal["renamed", "dropped", "changed", "new"]
    before: str
    after: str
    changes: tuple[Change, ...] = ()
    metadata: bool = False


class EffectRows(NamedTuple):
    """`total` is how many keys are touched, `rows` the first of them: renamed ones, those that go, those that change, metadata."""

    rows: tuple[EffectRow, ...]
    total: int


def effect_rows(effect: Effect, before: CheckpointLike, after: CheckpointLike, most: int = 5000,
                monitor: Monitor = QUIET) -> EffectRows:
    """The keys that an edit touched, at most `most` of them in full, each kind in the order of the file.

    >>> (applied,) = core.apply_each({"module.a": np.ones(3)}, [core.StripPrefix("module.")])
    >>> [(row.kind, row.before, row.after) for row in core.effect_rows(applied.effect, applied.before, applied.after).rows]
    [('renamed', 'module.a', 'a')]
    """
    before, after = opened(before), opened(after)
    also_changed = distinct((new for _, new in effect.renamed), monitor).intersection(effect.changed) if effect.renamed else set()
    changed = [key for key in stoppable(effect.changed, monitor) if key not in also_changed] if also_changed else effect.changed
    metadata = [*_metadata_rows(before, after)]
    kinds = effect.edit.kinds_before(before)
    rows = (*(EffectRow("renamed", old, new, changes_between(before, old, after, new) if new in also_changed else ())
              for old, new in stoppable(effect.renamed[:most], monitor)),
            *(EffectRow("dropped", key, "") for key in stoppable(effect.dropped[:most], monitor)),
            *(_changed_row(key, before, after, kinds) for key in stoppable(islice(changed, most), monitor)), *metadata)
    return EffectRows(rows[:most], len(effect.renamed) + len(effect.dropped) + len(changed) + len(metadata))


def _changed_row(key: str, before: Checkpoint, after: Checkpoint, kinds: Mapping[str, str]) -> EffectRow:
    if key in kinds:
        listed = key in after.values or key in after.tensors
        content = [Change("content", _content(before, key), _content(after, key))] if listed else []
        return EffectRow("changed", key, key, (*content, Change("kind", kinds[key], listed)))
    if key in before.values or key in before.tensors:
        return EffectRow("changed", key, key, changes_between(before, key, after, key))
    return EffectRow("new", "", key, (Change("content", None, _content(after, key)),))


def _metadata_rows(before: Checkpoint, after: Checkpoint) -> Iterator[EffectRow]:
    for name in {**before.metadata, **after.metadata}:
        old, new = before.metadata.get(name), after.metadata.get(name)
        if old != new:
            yield EffectRow("new" if old is None else "dropped" if new is None else "changed", "" if old is None else name,
                            "" if new is None else name, (Change("content", old, new),), metadata=True)


def changes_between(before: CheckpointLike, old: str, after: CheckpointLike, new: str) -> tuple[Change, ...]:
    """How the tensor or value `old` of one checkpoint differs from `new` of another that edits made of it; () when it does not.

    >>> before = core.edit({"w": np.float32([1, 2])}, [])
    >>> core.changes_between(before, "w", core.edit(before, [core.Cast("float16")]), "w")
    (Change(what='dtype', before='float32', after='float16'),)
    """
    before, after = opened(before), opened(after)
    one, two = before.tensors.get(old), after.tensors.get(new)
    if one is None or two is None:
        return (Change("content", _content(before, old), _content(after, new)),) if _differ(before, old, after, new) else ()
    changes = [Change(what, a, b) for what, a, b in _facts(one, two) if a != b]
    if one.storage == two.storage:
        return tuple(changes)
    if after.is_taken(new) and not (before.is_taken(old) and one.read_from == two.read_from):
        changes.append(Change("taken"))
    elif one.dtype == two.dtype:
        bytes_differ = one.storage_nbytes != two.storage_nbytes
        if bytes_differ:
            changes.append(Change("storage", one.storage_nbytes, two.storage_nbytes))
        elif _is_copy(one, two):
            changes.append(Change("unshared"))
    return tuple(changes)


def _is_copy(one: TensorInfo, two: TensorInfo) -> bool:
    """Whether `two`, on another storage, has the elements of `one` as they lie: turned or in another order they are no copy."""
    source = two.read_from
    return source is None or source == one.read_from or _place(source) == _place(one)


def _place(info: TensorInfo) -> tuple[object, ...]:
    return info.storage, info.offset, info.shape, info.stride


def _facts(one: TensorInfo, two: TensorInfo) -> Iterator[tuple[Literal["shape", "dtype", "device"], object, object]]:
    yield "shape", one.shape, two.shape
    yield "dtype", one.dtype, two.dtype
    yield "device", one.device, two.device


def _content(ckpt: Checkpoint, key: str) -> TensorInfo | Plain:
    return ckpt.tensors[key] if key in ckpt.tensors else ckpt.values.get(key)
