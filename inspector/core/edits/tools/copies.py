"""Tensors that get bytes of their own, of the same or another element type: what casting and unsharing have in common."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from math import prod

from inspector.core import checkpoint
from inspector.core.checkpoint import Checkpoint, Extra, Storage, TensorInfo
from inspector.core.dtypes import DTYPES

from .common import Edit, edited, storages_left, used_storages

contiguous = lru_cache(256)(checkpoint.contiguous)


def copied(ckpt: Checkpoint, edit: Edit, dtypes: dict[str, str], ties: bool) -> Checkpoint:
    """`ckpt` with each tensor of `dtypes` as `with_own_bytes` makes it."""
    tensors, storages = with_own_bytes(ckpt, dtypes, ties)
    return edited(ckpt, edit, tensors=tensors, storages=storages)


def with_own_bytes(ckpt: Checkpoint, dtypes: dict[str, str], ties: bool) -> tuple[dict[str, TensorInfo], dict[str, Storage]]:
    """The tables of tensors and storages with each tensor of `dtypes` (key -> element type) in a storage of its own, contiguous. `ties`:
    those that are the same elements and stay of one type still share one."""
    tensors = dict(ckpt.tensors)
    storages: dict[str, Storage] = {}
    tied: dict[tuple[object, ...], str] = {}
    names = fresh_ids(ckpt)
    for key, dtype in dtypes.items():
        info = tensors[key]
        view = (info.view, dtype) if ties and info.view is not None else (key,)
        id = tied.get(view)
        if id is None:
            id = tied[view] = next(names)
            nbytes = prod(info.shape) * DTYPES[dtype].itemsize
            storages[id] = Storage(id, dtype, info.device, nbytes, None)
        tensors[key] = _copy(info, dtype, storages[id])
    return tensors, {**storages_left(ckpt, tensors, ckpt.values), **storages}


def fresh_ids(ckpt: Checkpoint) -> Iterator[str]:
    """Names for storages that neither `ckpt` nor its source has."""
    taken = {*ckpt.storages, *(ckpt.edited.source.storages if ckpt.edited else ())}
    n = 0
    while True:
        if (name := f"new:{n}") not in taken:
            yield name
        n += 1


def _copy(info: TensorInfo, dtype: str, storage: Storage) -> TensorInfo:
    source = info.read_from
    if source is None or source.dtype != info.dtype:        # a copy of a copy is a copy of the first
        source = info
    # how the elements lie or are read is what a copy does away with
    extra = replace(info.extra or Extra(), read_from=source, chunks=(), conj=False, neg=False)
    requires_grad = info.requires_grad and DTYPES[dtype].kind in ("float", "complex")       # no others can
    return TensorInfo(info.key, info.shape, dtype, info.device, contiguous(info.shape), 0, storage.id, storage.nbytes,
                      requires_grad, info.state_dict, info.layout, info.problem, info.node, extra)


def sharing(ckpt: Checkpoint) -> set[str]:
    """The storages that more than one tensor views."""
    seen: set[str] = set()
    twice: set[str] = set()
    for info in ckpt.tensors.values():
        used = used_storages((info,)) if info.extra is not None else {info.storage}
        twice |= used & seen
        seen |= used
    return twice - {""}
