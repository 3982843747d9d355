"""Boolean tensors with bytes other than 0 and 1: "non-canonical-bool". Programs disagree on what those mean."""
from __future__ import annotations

from collections.abc import Iterator

from inspector.core.checkpoint import Checkpoint, Extent
from inspector.core.errors import InspectorError
from inspector.core.findings import Finding
from inspector.core.io.sources import stream_extent
from inspector.core.keypath import visible
from inspector.core.progress import Monitor

_CANONICAL = bytes((0, 1))


def check(ckpt: Checkpoint, monitor: Monitor) -> Iterator[Finding]:
    keys = _extents(ckpt)
    odd: dict[str, None] = {}
    for done, (extent, key) in enumerate(keys.items()):
        monitor.report(done, len(keys), key)
        if key not in odd and _has_other_bytes(ckpt, extent, monitor):
            odd[key] = None
    if odd:
        shown = [*odd]
        listed = ", ".join(visible(key, 80) for key in shown[:3]) + (" …" if len(odd) > 3 else "")
        yield Finding("non-canonical-bool", "warning", visible(shown[0]), f"Boolean values stored as neither 0 nor 1: {listed}.",
                      "They count as true here and are kept byte for byte.", keys=tuple(shown))


def _extents(ckpt: Checkpoint) -> dict[Extent, str]:
    """Where booleans lie, also those of tensors in chunks, and a tensor for each."""
    found: dict[Extent, str] = {}
    for info in ckpt.tensors.values():
        if info.dtype != "bool" or info.problem:
            continue
        for storage in (chunk.storage for chunk in info.chunks) if info.chunks else (ckpt.storages.get(info.storage),):
            if storage is not None and storage.extent is not None:
                found.setdefault(storage.extent, info.key)
    return found


def _has_other_bytes(ckpt: Checkpoint, extent: Extent, monitor: Monitor) -> bool:
    try:
        return any(bytes(piece).translate(None, _CANONICAL) for piece in stream_extent(ckpt, extent, monitor=_Quiet(monitor)))
    except InspectorError:
        return False        # told by corrupt_member, or by whoever reads the tensor


class _Quiet(Monitor):
    """Passes on the wish to stop, but not how far one extent is."""

    def __init__(self, monitor: Monitor) -> None:
        self.outer = monitor

    def check(self) -> None:
        self.outer.check()
