"""Which devices tensors were on when they were saved, where that is not the CPU: "saved-on-gpu"."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ..checkpoint import Checkpoint
from ..findings import Finding
from ..keypath import visible


def check(ckpt: Checkpoint) -> Iterator[Finding]:
    counts = Counter(info[3] for info in ckpt.tensors.values())
    away = {device: n for device, n in counts.items() if device not in (None, "cpu", "meta")}
    if away:
        most = sorted(away.items(), key=lambda item: -item[1])[:5]
        listed = ", ".join(f"{visible(device or '', 40)} ({n:,})" for device, n in most)
        yield Finding("saved-on-gpu", "info", "", f"Tensors were on {listed} when they were saved.",
                      "On a computer without that device, torch.load needs map_location=\"cpu\".")
