"""Which devices tensors were on when they were saved, where that is not the CPU: "saved-on-gpu"."""
from __future__ import annotations

from collections.abc import Iterator

from inspector.core.checkpoint import Checkpoint
from inspector.core.findings import Finding
from inspector.core.keypath import visible
from inspector.core.naming_conventions import is_device
from inspector.core.tensor_table import tagged

_NOWHERE = frozenset((None, "cpu", "meta"))


def check(ckpt: Checkpoint) -> Iterator[Finding]:
    tags = tagged(ckpt.tensors, "device")
    if not _NOWHERE.issuperset(tags):
        away = {device: n for device, n in tags.items() if device not in _NOWHERE and is_device(device or "")}
        if not away:
            return
        most = sorted(away.items(), key=lambda item: -item[1])[:5]
        listed = ", ".join(f"{visible(device or '', 40)} ({n:,})" for device, n in most)
        yield Finding("saved-on-gpu", "info", "", f"Tensors were on {listed} when they were saved.",
                      "On a computer without that device, torch.load needs map_location=\"cpu\".",
                      devices=tuple(device for device in away if device is not None))
