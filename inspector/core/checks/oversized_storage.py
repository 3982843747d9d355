"""Storages that hold much more than the tensors reach: "oversized-storage". Saving a view, like `x[:10]`, saves all of x."""
from __future__ import annotations

from collections.abc import Iterator

from inspector.core.checkpoint import Checkpoint
from inspector.core.findings import Finding
from inspector.core.keypath import quoted, visible
from inspector.core.tensors.sizes import unreached
from inspector.core.wording import size

_AT_LEAST = 4096            # wasted bytes below which nobody minds
_MUCH = 64 << 20            # wasted bytes that are worth a word even when they are a small part


def check(ckpt: Checkpoint) -> Iterator[Finding]:
    views = {id: told for id, told in unreached(ckpt).items() if told[0]}
    wasted = sum(nbytes for _, nbytes in views.values())
    if wasted < _AT_LEAST:
        return
    total = sum(storage.nbytes for storage in ckpt.storages.values())
    if wasted * 4 < total and wasted < _MUCH:
        return
    key = max(views.values(), key=lambda told: told[1])[0]
    yield Finding("oversized-storage", "warning", visible(key),
                  f"{size(total)} stored, {size(total - wasted)} reachable: {quoted(key, 80)} is a small view of a "
                  "larger storage that was saved with it.", "Cloning such tensors before saving them makes the file smaller.",
                  keys=tuple(told[0] for told in views.values()))
