"""Checkpoint + edits -> Checkpoint."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from inspector.core import checks
from inspector.core.checkpoint import Checkpoint, FileStamp, Opaque
from inspector.core.findings import Finding
from inspector.core.keypath import any_under
from inspector.core.opening import CheckpointLike, opened
from inspector.core.progress import QUIET, Monitor, stoppable
from inspector.core.runtime.collector import collector_paused

from .effects import Effect, effect_of
from .tools.common import Edit
from .tools.references import are_current, files_of

# findings about code, which go with the last object that names any
_ABOUT_CODE = frozenset({"unknown-code", "computed-call", "dead-call", "nested-pickle"})


def edit(ckpt: CheckpointLike, edits: Iterable[Edit], monitor: Monitor = QUIET) -> Checkpoint:
    """`ckpt` as it is after all `edits`, in order: a checkpoint like any other, which can be listed, measured, edited on and saved.
    `ckpt` stays as it is; no tensor is read. Its findings are those that still hold. Raises EditError, Cancelled.

    >>> training, _ = core.make_demo(folder)
    >>> weights = core.edit(training, [core.Extract("model_state_dict"), core.StripPrefix("module."), core.RemapDevices({"cuda:*": "cpu"})])
    >>> weights["stem.conv.weight"].device
    'cpu'
    >>> core.save(weights, folder / "weights.safetensors").format
    'safetensors'
    """
    ckpt = opened(ckpt, monitor)
    result = ckpt
    with collector_paused():
        for one in edits:
            monitor.check()
            result = one.apply(result, monitor)
        return result if result is ckpt else result.with_findings(_findings_after(ckpt, result, monitor))


class Applied(NamedTuple):
    """One edit, applied: the checkpoints before and after it, and what it did. `references` are the files of another checkpoint that
    it went by, as they looked then."""

    edit: Edit
    before: Checkpoint
    after: Checkpoint
    effect: Effect
    references: tuple[FileStamp, ...] = ()

    @property
    def is_current(self) -> bool:
        """Whether applying the edit again would give the same: the files that it went by have not changed."""
        return self.edit.reference_path is None or (bool(self.references) and are_current(self.references))


def apply_each(ckpt: CheckpointLike, edits: Iterable[Edit], monitor: Monitor = QUIET, *,
               read: bool = False) -> Iterator[Applied]:
    """Applies `edits` one after the other, each to what the one before it left and each once; the last one's `after` is what `edit`
    gives. With `read`, casts also tell how many elements overflow, become zero or were NaN, for which the tensors are read. Raises
    EditError at the first that cannot be applied, when all before it have been given; Cancelled.

    >>> edits = [core.StripPrefix("module."), core.Drop("b")]
    >>> [list(one.after.tensors) for one in core.apply_each({"module.a": np.ones(3), "module.b": np.ones(3)}, edits)]
    [['a', 'b'], ['a']]
    """
    before = opened(ckpt, monitor)
    for one in edits:
        monitor.check()
        with collector_paused():
            after = one.apply(before, monitor)
            after = after if after is before else after.with_findings(_findings_after(before, after, monitor))
            found = Applied(one, before, after, effect_of(one, before, after, monitor, read=read), files_of(one.reference_path))
        yield found
        before = after


def notes_when_read(applied: Applied, monitor: Monitor = QUIET) -> tuple[str, ...]:
    """The notes of an edit that was applied, with what is only known from its tensors, which are read now (see `Edit.READS`). Raises
    Cancelled, and what reading files raises.

    >>> (applied,) = core.apply_each({"w": np.float32([1, 1e6])}, [core.Cast("float16")])
    >>> core.notes_when_read(applied)
    ('1 element overflows in w.',)
    """
    return tuple(applied.edit.notes(applied.before, applied.after, monitor, True))


def effects(ckpt: CheckpointLike, edits: Iterable[Edit], monitor: Monitor = QUIET, *,
            read: bool = False) -> list[Effect]:
    """What each of `edits` does to what those before it left; see `apply_each`.

    >>> core.effects({"module.a": np.ones(3)}, [core.StripPrefix("module.")])[0].renamed
    (('module.a', 'a'),)
    """
    return [applied.effect for applied in apply_each(ckpt, edits, monitor, read=read)]


def _findings_after(before: Checkpoint, after: Checkpoint, monitor: Monitor) -> tuple[Finding, ...]:
    """What the reader found and still holds, and the cheap checks made again."""
    if after.is_still(before):
        return before.findings
    cheap = set(checks.of_metadata(before, monitor))
    source = before.as_opened
    others = [finding for finding in before.findings if finding not in cheap]
    now = {old: new for new, old in stoppable(after.edited.origin.items(), monitor)} if after.edited and others else {}
    known = before.edited.origin if before.edited else {}
    found = []
    for finding in others:
        key = known.get(finding.where, finding.where)
        if key in source.tensors or key in source.values:
            if key in now:
                found.append(finding._replace(where=now[key]))
            continue
        # few files have findings of the reader about groups, or about no key at all
        if not key or any_under(now, key) or not any(any_under(keys, key) for keys in (source.tensors, source.values)):
            found.append(finding)
    found += checks.of_metadata(after, monitor)
    if not any(isinstance(value, Opaque) and value.type != "reference" for value in stoppable(after.values.values(), monitor)):
        # nothing that names code is left in what would be saved
        found = [finding for finding in found if finding.id not in _ABOUT_CODE]
    return tuple(found)
