"""What may be wrong, or good to know, about a checkpoint. One file per finding; to add one, write it and put it in a list.

    CHECKS        (Checkpoint) -> findings            metadata only, run by every open: a few milliseconds for 100,000 tensors
    DEEP_CHECKS   (Checkpoint, Monitor) -> findings   read the tensors' bytes, run when somebody asks for a check

`core.checking` puts them together with what `measures` finds in the values.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from inspector.core.checkpoint import Checkpoint
from inspector.core.findings import Finding
from inspector.core.progress import QUIET, Monitor

from . import (
    broken_tensors,
    confusable_names,
    corrupt_member,
    hostile_names,
    module_prefix,
    non_canonical_bool,
    non_contiguous,
    oversized_storage,
    saved_on_gpu,
    shared_storage,
    undecodable_text,
    unknown_code,
    unknown_device,
    weights_only,
)

CHECKS: tuple[Callable[[Checkpoint], Iterable[Finding]], ...] = (
    unknown_code.check,
    weights_only.check,
    undecodable_text.check,
    broken_tensors.check,
    unknown_device.check,
    hostile_names.check,
    confusable_names.check,
    oversized_storage.check,
    shared_storage.check,
    non_contiguous.check,
    module_prefix.check,
    saved_on_gpu.check,
)

DEEP_CHECKS: tuple[Callable[[Checkpoint, Monitor], Iterable[Finding]], ...] = (
    corrupt_member.check,
    non_canonical_bool.check,
)


def of_metadata(ckpt: Checkpoint, monitor: Monitor = QUIET) -> tuple[Finding, ...]:
    """What the cheap checks find. Raises Cancelled."""
    def found() -> Iterator[Finding]:
        for look in CHECKS:
            monitor.check()
            yield from look(ckpt)

    return ckpt.answer("cheap checks", lambda: tuple(found()))
