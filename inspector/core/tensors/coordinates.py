"""What another process needs to know of tensors to read them by itself: where they lie, and nothing else of their checkpoint."""
from __future__ import annotations

import os
from collections.abc import Iterable
from types import MappingProxyType

from inspector.core.checkpoint import Checkpoint, Constant, FileStamp, InMemory, Storage, TensorInfo
from inspector.core.io.verified import verified_offsets

from .broken import extents_of, storages_of

_Verified = list[tuple[int, int]]


def coordinates(ckpt: Checkpoint, infos: Iterable[TensorInfo]) -> Checkpoint:
    """A checkpoint of these tensors alone, a few kilobytes to be sent, whose files are numbered as in `ckpt`. Files of this computer are
    named from the root, and told by size and time alone: other computers number what they share by themselves. Bytes of a pickle's
    constants go along."""
    tensors = {info.key: info for info in infos}
    storages = {storage.id: _sent(storage) for info in tensors.values() for storage in storages_of(ckpt, info)}
    used = {extent.file for info in tensors.values() for extent in extents_of(ckpt, info)}
    files = tuple(_from_anywhere(stamp) if number in used else _UNUSED
                  for number, stamp in enumerate(ckpt.files[:max(used, default=-1) + 1]))
    return Checkpoint(ckpt.path, ckpt.format, ckpt.kind, files, MappingProxyType(tensors), storages=MappingProxyType(storages))


def found_right(part: Checkpoint) -> _Verified:
    """Of the extents that `part` knows, (file, offset) of those whose checksum was compared here."""
    extents = (storage.extent for storage in part.storages.values() if storage.extent is not None and storage.extent.crc is not None)
    return [(extent.file, extent.offset) for extent in extents if extent.offset in verified_offsets(part.files[extent.file])]


def take_over(ckpt: Checkpoint, found: _Verified) -> None:
    """Takes another process's word for checksums of `ckpt`."""
    for file, offset in found:
        verified_offsets(ckpt.files[file]).add(offset)


_UNUSED = FileStamp("", 0, 0, 0, 0, 0)


def _from_anywhere(stamp: FileStamp) -> FileStamp:
    return stamp if stamp.address is not None else stamp._replace(path=os.path.abspath(stamp.path), ctime_ns=0, inode=0, device=0)


def _sent(storage: Storage) -> Storage:
    """Without the graph that a constant stands in."""
    if isinstance(storage.constant, Constant):
        return storage._replace(constant=InMemory(storage.constant.data()))
    return storage
