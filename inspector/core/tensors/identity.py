"""What a tensor is, whatever it is called: which elements of which bytes of which file."""
from __future__ import annotations

import hashlib
from collections.abc import Hashable

from inspector.core.checkpoint import Checkpoint, Storage, TensorInfo
from inspector.core.hashing import as_key


def identity_of(ckpt: Checkpoint, key: str) -> bytes | None:
    """Equal for two tensors, of one checkpoint or of two, that have the same elements because they are the same bytes; None where that
    cannot be told. It stays what it is through edits that do something else.

    >>> path = core.save({"w": np.ones(2), "v": np.ones(2)}, folder / "w.pth").path
    >>> ckpt = core.open(path)
    >>> renamed = core.edit(ckpt, [core.Rename("w", "x")])
    >>> core.identity_of(ckpt, "w") == core.identity_of(renamed, "x"), core.identity_of(ckpt, "w") == core.identity_of(ckpt, "v")
    (True, False)
    """
    info = ckpt.tensors[key]
    found = _stored(ckpt, info if info.read_from is None else info.read_from)
    if found is None:
        return None
    # no tuple of numbers of the file, which whoever keeps something by it would hash as they are
    return hashlib.blake2b(as_key(found, info.dtype, info.shape).encode("utf-8", "surrogatepass"), digest_size=20).digest()


def _stored(ckpt: Checkpoint, info: TensorInfo) -> Hashable | None:
    if info.unpacked is not None:
        parts = tuple(_stored(ckpt, part) for _, part in info.unpacked.sources)
        return None if None in parts else (parts, repr(info.unpacked.decoder))
    if info.chunks:
        boxes = tuple((chunk.offsets, chunk.sizes, _place(ckpt, chunk.storage), chunk.offset, chunk.stride) for chunk in info.chunks)
        return None if any(box[2] is None for box in boxes) else (boxes, info.dtype)
    storage = _storage(ckpt, info.storage) if info.storage and not info.problem and info.layout == "strided" else None
    place = _place(ckpt, storage) if storage is not None else None
    return None if place is None else (place, info.offset, info.shape, info.stride, info.dtype, info.is_conjugate, info.is_negative,
                                       repr(info.quantizer))


def _storage(ckpt: Checkpoint, id: str) -> Storage | None:
    tables = (ckpt.storages,) if ckpt.edited is None else (ckpt.storages, ckpt.edited.source.storages, ckpt.edited.taken)
    found = (table.get(id) for table in tables)         # asked for once: each may be made then
    return next((storage for storage in found if storage is not None and storage.extent is not None), None)


def _place(ckpt: Checkpoint, storage: Storage) -> Hashable | None:
    extent = storage.extent
    if extent is None or extent.file >= len(ckpt.files) or storage.problem:
        return None
    return tuple(ckpt.files[extent.file]), extent.offset, extent.nbytes, storage.dtype, storage.big_endian


__all__ = ["identity_of"]
