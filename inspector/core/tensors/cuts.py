"""A tensor that is large for one worker as runs of its elements, each of which is read by itself.

Cut is what lies in a storage in one run, as nearly all tensors do, at multiples of what is looked at at once: whoever goes through the
runs sees the very pieces that whoever reads the whole sees, so that what they find can be put together without a difference. Strided
views, and tensors that are made of others, are not cut. The checksum of a storage is put together from those of its runs.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce
from types import MappingProxyType

from inspector.core.checkpoint import Checkpoint, Extent, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.io.checksum import joined
from inspector.core.io.verified import is_verified, verified_offsets
from inspector.core.limits import LIMITS

from .coordinates import coordinates
from .strides import collapse, storage_order

PART = 512 << 20        # bytes of one run


def runs_of(ckpt: Checkpoint, info: TensorInfo, unit: int, most: int | None = None) -> tuple[TensorInfo, ...]:
    """The tensor in runs of `most` bytes (default `PART`), all but the last of whole `unit`s; () where it is smaller or is not cut."""
    most = PART if most is None else most
    storage = ckpt.storages.get(info.storage)
    if not is_plain(info) or info.nbytes <= most or storage is None or storage.extent is None:
        return ()
    extent, item = storage.extent, DTYPES[info.dtype].bits // 8
    if extent.method or storage.problem or storage.big_endian or len(info.shape) != len(info.stride):
        return ()
    shape, stride = collapse(*storage_order(info.shape, info.stride))
    end = (info.offset + info.numel) * item
    if len(shape) > 1 or (shape and stride != (1,)) or unit % item or info.offset < 0 or end > min(storage.nbytes, extent.size):
        return ()
    if extent.crc is not None and info.nbytes != extent.size and extent.size <= LIMITS.preview:
        return ()               # all of the storage is read for its checksum, whatever is asked of it
    each = max(unit, most - most % unit) // item
    return tuple(info._replace(shape=(min(each, info.numel - first),), stride=(1,), offset=info.offset + first)
                 for first in range(0, info.numel, each))


def is_plain(info: TensorInfo) -> bool:
    """Whether it is a strided view of a storage and nothing more, of elements that are whole bytes."""
    return info.extra is None and info.layout == "strided" and not info.problem and info.dtype in DTYPES and not DTYPES[info.dtype].bits % 8


def run_coordinates(ckpt: Checkpoint, run: TensorInfo) -> Checkpoint:
    """What another process needs to read the run. Checksums are left to `compare`."""
    part = coordinates(ckpt, [run])
    return replace(part, storages=MappingProxyType({
        name: storage._replace(extent=storage.extent and storage.extent._replace(crc=None)) for name, storage in part.storages.items()}))


def to_compare(ckpt: Checkpoint, info: TensorInfo) -> Extent | None:
    """The extent whose checksum the bytes of the tensor are to have; None where they are not all of it, or it was found right before."""
    extent = ckpt.storages[info.storage].extent
    wanted = extent is not None and extent.crc is not None and info.nbytes == extent.size and not is_verified(ckpt, extent)
    return extent if wanted else None


def compare(ckpt: Checkpoint, extent: Extent, found: Iterable[tuple[int, int]]) -> bool:
    """Whether the (checksum, bytes) of all runs of an extent come to its checksum."""
    crc, _ = reduce(lambda one, other: (joined(one[0], *other), 0), found, (0, 0))
    if crc == extent.crc:
        verified_offsets(ckpt.files[extent.file]).add(extent.offset)
    return crc == extent.crc
