"""Location tags that are no device of torch's or of a backend for it: "location"."""
from __future__ import annotations

from collections.abc import Iterator

from inspector.core.checkpoint import Checkpoint
from inspector.core.findings import Finding
from inspector.core.keypath import visible
from inspector.core.naming_conventions import is_device
from inspector.core.tensor_table import tagged


def check(ckpt: Checkpoint) -> Iterator[Finding]:
    count = tagged(ckpt.tensors, "device")
    odd = sorted(device for device in count if device is not None and not is_device(device))
    if not odd:
        return
    many = sum(count[device] for device in odd)
    listed = ", ".join(repr(visible(device, 60)) for device in odd[:3]) + (" …" if len(odd) > 3 else "")
    yield Finding("location", "warning", "", f"{many:,} tensor{'s are' if many != 1 else ' is'} tagged with what is no device to any "
                  f"torch: {listed}. On every computer torch.load stops at it (\"don't know how to restore data location\").",
                  "Remap it, to cpu most often; torch.load(..., map_location=\"cpu\") helps too.", devices=tuple(odd))
