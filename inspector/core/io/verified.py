"""Which extents have had their checksum compared and found right, so that what is read again and again is not added up each time."""
from __future__ import annotations

from threading import Lock

from inspector.core.checkpoint import Checkpoint, Extent, FileStamp

_FILES = 64
# Offsets of the extents, by file as it was then.
_offsets: dict[FileStamp, set[int]] = {}
_lock = Lock()


def verified_offsets(stamp: FileStamp) -> set[int]:
    """Offsets of the extents in a file whose checksum was found right; whoever finds another right adds it."""
    found = _offsets.get(stamp)
    if found is None:
        with _lock:
            while len(_offsets) >= _FILES:
                del _offsets[next(iter(_offsets))]
            found = _offsets.setdefault(stamp, set())
    return found


def is_verified(ckpt: Checkpoint, extent: Extent) -> bool:
    """Whether the checksum of `extent` was found right since its file became what it is."""
    return extent.crc is not None and extent.offset in _offsets.get(ckpt.files[extent.file], ())


def forget_verified(ckpt: Checkpoint) -> None:
    """From now on checksums of its files are compared again, as if nothing of them had been read."""
    with _lock:
        for stamp in ckpt.files:
            _offsets.pop(stamp, None)
