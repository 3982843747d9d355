"""Which bytes of far files a piece of work is going to read, so that they come in few requests."""
from __future__ import annotations

from collections.abc import Iterable

from inspector.core.checkpoint import Checkpoint, Extent, TensorInfo
from inspector.core.io.remote import ReadAhead

from .broken import extents_of

_HEADER = 256           # bytes that a member's local header may be longer than it is guessed


def read_ahead(ckpt: Checkpoint, infos: Iterable[TensorInfo]) -> ReadAhead | None:
    """What reading these tensors whole takes, for all threads that do it together; None where all of it is on this computer."""
    return extents_ahead(ckpt, (extent for info in infos for extent in extents_of(ckpt, info)))


def extents_ahead(ckpt: Checkpoint, extents: Iterable[Extent]) -> ReadAhead | None:
    """The same for extents."""
    if not ckpt.is_far:
        return None
    far = {number for number, stamp in enumerate(ckpt.files) if stamp.address is not None and not stamp.inside}
    spans: dict[int, set[tuple[int, int]]] = {number: set() for number in far}
    for extent in extents:
        if extent.file in far:
            begin = extent.offset if extent.local is None else extent.local.at
            end = extent.offset + extent.nbytes
            spans[extent.file].add((begin, end if extent.local is None else min(end + _HEADER, extent.local.bound)))
    return ReadAhead(spans)
