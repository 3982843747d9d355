"""Boolean tensors with bytes other than 0 and 1: "non-canonical-bool". Programs disagree on what those mean."""
from __future__ import annotations

from collections.abc import Iterator

from ..bytes import stream_extent
from ..checkpoint import Checkpoint
from ..errors import InspectorError
from ..findings import Finding
from ..keypath import visible
from ..progress import Monitor

_CANONICAL = bytes((0, 1))


def check(ckpt: Checkpoint, monitor: Monitor) -> Iterator[Finding]:
    keys: dict[str, str] = {}
    for info in ckpt.tensors.values():
        if info.dtype == "bool" and info.storage and not info.problem:
            keys.setdefault(info.storage, info.key)
    odd = []
    for done, (id, key) in enumerate(keys.items()):
        monitor.report(done, len(keys), key)
        if _has_other_bytes(ckpt, id, monitor):
            odd.append(key)
    if odd:
        listed = ", ".join(visible(key, 80) for key in odd[:3]) + (" …" if len(odd) > 3 else "")
        yield Finding("non-canonical-bool", "warning", visible(odd[0]), f"Boolean values stored as neither 0 nor 1: {listed}.",
                      "They count as true here and are kept byte for byte.")


def _has_other_bytes(ckpt: Checkpoint, id: str, monitor: Monitor) -> bool:
    extent = ckpt.storages[id].extent
    if extent is None:
        return False
    try:
        return any(bytes(piece).translate(None, _CANONICAL) for piece in stream_extent(ckpt, extent, monitor=monitor))
    except InspectorError:
        return False        # told by corrupt_member, or by whoever reads the tensor
