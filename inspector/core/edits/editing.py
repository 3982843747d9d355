"""Checkpoint + edits -> Checkpoint."""
from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace

from inspector.core import checks
from inspector.core.checkpoint import Checkpoint, Opaque
from inspector.core.findings import Finding
from inspector.core.keypath import any_under
from inspector.core.opening import opened
from inspector.core.progress import QUIET, Monitor
from inspector.core.runtime.collector import collector_paused

from .effects import Effect, stepwise
from .tools.common import Edit

# findings about code, which go with the last object that names any
_ABOUT_CODE = frozenset({"unknown-code", "computed-call", "dead-call", "nested-pickle"})


def edit(ckpt: Checkpoint | str | os.PathLike[str], edits: Iterable[Edit], monitor: Monitor = QUIET) -> Checkpoint:
    """`ckpt` as it is after all `edits`, in order: a checkpoint like any other, which can be listed, measured, edited on and saved.
    `ckpt` stays as it is; no tensor is read. Its findings are those that still hold. Raises EditError, Cancelled."""
    ckpt = opened(ckpt, monitor)
    result = ckpt
    with collector_paused():
        for one in edits:
            monitor.check()
            result = one.apply(result, monitor)
        return result if result is ckpt else replace(result, findings=_findings_after(ckpt, result))


def effects(ckpt: Checkpoint | str | os.PathLike[str], edits: Iterable[Edit], monitor: Monitor = QUIET, *,
            read: bool = False) -> list[Effect]:
    """What each of `edits` does to what those before it left. With `read` casts also tell how many elements overflow, become zero or
    were NaN, for which the tensors are read. Errors as `edit`."""
    with collector_paused():
        return list(stepwise(opened(ckpt, monitor), edits, monitor, read=read))


def _findings_after(before: Checkpoint, after: Checkpoint) -> tuple[Finding, ...]:
    """What the reader found and still holds, and the cheap checks made again."""
    cheap = set(checks.of_metadata(before))
    source = before.edited.source if before.edited else before
    now = {old: new for new, old in after.edited.origin.items()} if after.edited else {}
    known = before.edited.origin if before.edited else {}
    found = []
    for finding in before.findings:
        if finding in cheap:
            continue
        key = known.get(finding.where, finding.where)
        if key in source.tensors or key in source.values:
            if key in now:
                found.append(finding._replace(where=now[key]))
        elif not any_under((*source.tensors, *source.values), key) or any_under(now, key):
            found.append(finding)
    found += checks.of_metadata(after)
    if not any(isinstance(value, Opaque) and value.type != "reference" for value in after.values.values()):
        # nothing that names code is left in what would be saved
        found = [finding for finding in found if finding.id not in _ABOUT_CODE]
    return tuple(found)
