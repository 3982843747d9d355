"""Which bytes of far files a piece of work is going to read, so that they come in few requests."""
from __future__ import annotations

from collections.abc import Iterable

from inspector.core.checkpoint import Checkpoint, Extent, TensorInfo
from inspector.core.io.remote import ReadAhead
from inspector.core.io.zip_local_header import span_of

from .broken import extents_of


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
            spans[extent.file].add(span_of(extent))
    return ReadAhead(spans)
