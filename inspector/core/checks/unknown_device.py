"""Location tags that are no device of torch's: "location"."""
from __future__ import annotations

import re
from collections.abc import Iterator
from operator import itemgetter

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.findings import Finding
from inspector.core.keypath import visible

_TAG = itemgetter(TensorInfo._fields.index("device"))
_DEVICE = re.compile(r"[a-z][a-z0-9_]{0,30}(:[0-9]{1,4})?")


def check(ckpt: Checkpoint) -> Iterator[Finding]:
    odd = sorted(device for device in {*map(_TAG, ckpt.tensors.values())}
                 if device is not None and not _DEVICE.fullmatch(device))
    if odd:
        listed = ", ".join(repr(visible(device, 60)) for device in odd[:3]) + (" …" if len(odd) > 3 else "")
        yield Finding("location", "warning", "", f"Tensors are tagged with what is no device: {listed}.",
                      "It is shown as text only; remapping devices replaces it.", devices=tuple(odd))
