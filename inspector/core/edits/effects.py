"""What edits do, told before anything is written."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint
from inspector.core.progress import QUIET, Monitor

from .tools.common import Edit, origin_of


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


def stepwise(ckpt: Checkpoint, edits: Iterable[Edit], monitor: Monitor = QUIET, *, read: bool = False) -> Iterator[Effect]:
    """The effect of each edit on what those before it left. `read`: also count what conversions lose, which reads the tensors.
    Raises EditError at the first edit that cannot be applied."""
    for edit in edits:
        monitor.check()
        after = edit.apply(ckpt, monitor)
        yield _effect(edit, ckpt, after, monitor, read)
        ckpt = after


def _effect(edit: Edit, before: Checkpoint, after: Checkpoint, monitor: Monitor, read: bool) -> Effect:
    there, here = origin_of(before), origin_of(after)
    now = {source: key for key, source in here.items()}
    renamed, dropped, changed = [], [], []
    for old in (*before.tensors, *before.values):
        new = now.get(there[old]) if old in there else old if old in after.values else None
        if new is None:
            dropped.append(old)
            continue
        if new != old:
            renamed.append((old, new))
        if _differ(before, old, after, new):
            changed.append(new)
    changed += [key for key in after.values if key not in here and key not in before.values]
    changed += [key for key in edit.touched(before, after) if key not in set(changed)]
    notes = edit.notes(before, after, monitor, read)
    if not renamed and not dropped and not changed and not notes and before.metadata == after.metadata:
        notes = ["Nothing in the file fits."]
    return Effect(edit, tuple(renamed), tuple(dropped), tuple(changed), tuple(notes))


def _differ(before: Checkpoint, old: str, after: Checkpoint, new: str) -> bool:
    one, two = before.tensors.get(old), after.tensors.get(new)
    if one is None or two is None:
        a, b = before.values.get(old), after.values.get(new)
        return type(a) is not type(b) or (a != b and not (a != a and b != b))
    if one is two:
        return False
    return one[1:9] != two[1:9] or (one.extra != two.extra)
