"""Tensors whose bytes cannot be had: cut off, lost, contradicted by their own description. What the tables tell, nothing is read.

No values that could be shown is something else: a tensor of the meta device never had any, the bytes of types that no program here
knows are kept as they are.
"""
from __future__ import annotations

from collections.abc import Iterator

from inspector.core.checkpoint import Checkpoint, Extent, Storage, TensorInfo
from inspector.core.dtypes import DTYPES

WITHOUT = "Without what is broken it can be saved: --drop-broken."
"""What to do about a file that cannot be saved for such a tensor."""

WITHOUT_VALUES = ("meta:", "wrapper:", "fake:", "unsupported:")
"""How the `problem` of tensors begins with which nothing is wrong, but that their values are not in the file, or not in this form."""


def why_broken(ckpt: Checkpoint, info: TensorInfo) -> str:
    """Why the bytes of a tensor of `ckpt` cannot be had; "" when they can, as far as the tables tell."""
    if info.problem.startswith(WITHOUT_VALUES):
        return ""
    narrow = info.dtype in DTYPES and DTYPES[info.dtype].bits % 8       # of types that torch has not the bytes are kept
    if info.problem and not narrow:
        return info.problem
    return next(filter(None, map(why_storage_broken, storages_of(ckpt, info))), "")


def storages_of(ckpt: Checkpoint, info: TensorInfo) -> Iterator[Storage]:
    """All storages whose bytes a tensor needs: its own, those of the tensors that it is made of, of its chunks, or of the tensor that
    an edit has it read from."""
    tables = (ckpt.storages, ckpt.edited.taken, ckpt.edited.source.storages) if ckpt.edited is not None else (ckpt.storages,)
    extra = info.extra
    if (extra is None or not (extra.made_of or extra.quantizer or extra.chunks or extra.read_from or extra.unpacked or extra.pieces)) \
            and (own := ckpt.storages.get(info.storage)) is not None:       # nearly all: one run of bytes
        if info.storage and info.layout == "strided":
            yield own
        return
    todo = [info]
    while todo:
        one = todo.pop()
        todo += one.parts.values()
        todo += [piece.source for piece in one.pieces]
        if one.read_from is not None:
            todo.append(one.read_from)
        elif one.chunks:
            yield from (chunk.storage for chunk in one.chunks)
        elif one.storage and one.layout == "strided":
            yield next((table[one.storage] for table in tables if one.storage in table), Storage(one.storage, one.dtype, None, 1, None))


def extents_of(ckpt: Checkpoint, info: TensorInfo) -> Iterator[Extent]:
    """Where in the files all its bytes lie."""
    return (storage.extent for storage in storages_of(ckpt, info) if storage.extent is not None)


def why_storage_broken(storage: Storage) -> str:
    """The same of a storage."""
    if storage.problem.startswith(WITHOUT_VALUES) or storage.device == "meta":
        return ""
    there = storage.extent.size if storage.extent is not None else storage.nbytes if storage.constant is not None else None
    if there is not None and there >= storage.nbytes and DTYPES.get(storage.dtype, DTYPES["uint8"]).bits % 8:
        return ""
    if storage.problem:
        return storage.problem
    if there is None:
        return "its bytes are not in the file" if storage.nbytes else ""
    return f"truncated: {there:,} of {storage.nbytes:,} bytes are there" if there < storage.nbytes else ""
