"""The bytes of an extent in one call, for tests that hold them against what was saved."""
from __future__ import annotations

from inspector.core.checkpoint import Checkpoint, Extent
from inspector.core.io.sources import ExtentReader


def read_extent(ckpt: Checkpoint, extent: Extent, start: int = 0, nbytes: int | None = None) -> bytes:
    """Bytes `start` … `start + nbytes` (None: to the end) of the extent."""
    with ExtentReader(ckpt, extent.file) as reader:
        return reader.read(extent, start, nbytes)
