"""The one tensor that is selected, as it is to be looked at: as stored, as another type and shape, or as what its parts stand for.

    selection → one tensor? → packed? ── by its values, or by the codes that are stored ─┐
                              no → as its bytes are stored, or as another type of them ──┴→ LookedAt
"""
from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QCoreApplication

from inspector import core

from .session import Document, SeenAs, Session

QUANTIZED = "torch-qtensor"     # torch's own, one tensor in itself: the integers come first, for they are what is stored under its name


class LookedAt(NamedTuple):
    """`info` is what is looked at, a tensor of `checkpoint`. `stored` is the key of the document's tensor whose bytes it is, None where it
    is made of parts. `packed` is the packed tensor that is selected, and `codes` says whether what it stores is looked at, not its values.
    `seen`: what the bytes are taken for, where that is not as they are stored; `problem` says why they cannot be taken for what was
    asked."""

    document: int
    checkpoint: core.Checkpoint
    info: core.TensorInfo
    stored: str | None
    packed: core.LogicalTensor | None = None
    codes: bool = False
    seen: SeenAs | None = None
    problem: core.InspectorError | None = None

    @property
    def has_codes(self) -> bool:
        """Whether there are two ways to look at it as a packed tensor."""
        return self.packed is not None and not self.packed.is_adapter


def looked_at(session: Session) -> LookedAt | str:
    """What is selected, or what to do so that there is one tensor to look at."""
    selection, document = session.selection, session.selected_document
    if selection is None or document is None or document.checkpoint is None:
        return QCoreApplication.translate("Panels", "Select a tensor to see its values.")
    if selection.value is not None:
        return QCoreApplication.translate("Panels", "This is a single value, not a tensor: it stands in the list and under Details.")
    tensors = document.checkpoint.tensors
    keys = selection.keys if selection.keys or selection.prefix else tuple(tensors)
    packed = document.packed.one(keys) if document.packed is not None else None
    if packed is not None:
        return _packed(session, document, packed)
    if len(keys) != 1:
        return QCoreApplication.translate("Panels", "Select one tensor of these {n} to see its values.").format(
            n=f"{len(keys):,}") if keys else QCoreApplication.translate("Panels", "There are no tensors here.")
    return _stored(session, document, keys[0])


def _stored(session: Session, document: Document, key: str, packed: core.LogicalTensor | None = None) -> LookedAt:
    assert document.checkpoint is not None
    ckpt, problem = session.as_seen(document.id, key)
    seen = session.seen_as(document.id, key)
    return LookedAt(document.id, ckpt, ckpt.tensors[key], key, packed, packed is not None, None if problem is not None else seen, problem)


def _packed(session: Session, document: Document, packed: core.LogicalTensor) -> LookedAt:
    assert document.packed is not None
    quantized = packed.scheme == QUANTIZED
    if session.shows_codes(quantized) and not packed.is_adapter:
        if quantized:
            return _stored(session, document, packed.parts["data"], packed)
        ckpt = session.codes_of(document.id, (packed.name,))
        if ckpt is not None:
            return LookedAt(document.id, ckpt, ckpt.tensors[packed.parts["data"]], None, packed, True)
    unpacked = document.packed.unpacked
    return LookedAt(document.id, unpacked, unpacked.tensors[packed.name], None, packed)
