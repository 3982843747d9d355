"""Tensors that share their bytes, tied weights among them: "shared-storage"."""
from __future__ import annotations

from collections.abc import Iterator

from inspector.core.checkpoint import Checkpoint
from inspector.core.findings import Finding
from inspector.core.hashing import as_key
from inspector.core.keypath import visible
from inspector.core.tensor_table import column, each_alone

_GROUPS = 3
_KEYS = 3


def check(ckpt: Checkpoint) -> Iterator[Finding]:
    if ckpt.format.startswith("safetensors"):       # knows no shared bytes
        return
    if each_alone(ckpt.tensors):        # the usual case
        return
    groups: dict[str, list[str]] = {}
    for key, storage in zip(ckpt.tensors, column(ckpt.tensors, "storage"), strict=True):
        if storage:
            groups.setdefault(storage, []).append(key)
    shared = [keys for keys in groups.values() if len(keys) > 1]
    if not shared:
        return
    tied = sum(1 for keys in shared if _is_tied(ckpt, keys))
    listed = "; ".join(" = ".join(visible(key, 60) for key in keys[:_KEYS]) + (" = …" if len(keys) > _KEYS else "")
                       for keys in shared[:_GROUPS]) + (" …" if len(shared) > _GROUPS else "")
    count = sum(map(len, shared))
    word = "storage" if len(shared) == 1 else "storages"
    tie = f"{tied:,} of them wholly (tied weights)" if tied else "as views of different parts"
    yield Finding("shared-storage", "info", visible(shared[0][0]),
                  f"{count:,} tensors share {len(shared):,} {word}, {tie}: {listed}.",
                  "A change to one of them changes the others. safetensors' own save_file refuses them.",
                  keys=tuple(key for keys in shared for key in keys))


def _is_tied(ckpt: Checkpoint, keys: list[str]) -> bool:
    """Whether two of the tensors are the same elements."""
    seen = set()
    for key in keys:
        info = ckpt.tensors[key]
        view = as_key(info.offset, info.shape, info.stride)
        if view in seen:
            return True
        seen.add(view)
    return False
