"""Storages that hold much more than the tensors reach: "oversized-storage". Saving a view, like `x[:10]`, saves all of x."""
from __future__ import annotations

from collections.abc import Iterator
from math import prod
from operator import itemgetter

from ..checkpoint import Checkpoint, TensorInfo
from ..dtypes import DTYPES
from ..findings import Finding
from ..keypath import visible

_FORM = itemgetter(*map(TensorInfo._fields.index, ("shape", "dtype", "storage_nbytes", "problem")))
_AT_LEAST = 4096            # wasted bytes below which nobody minds
_MUCH = 64 << 20            # wasted bytes that are worth a word even when they are a small part


def check(ckpt: Checkpoint) -> Iterator[Finding]:
    if ckpt.format.startswith("safetensors"):       # every byte belongs to a tensor
        return
    stored = reached = 0
    worst: tuple[int, str] = (0, "")
    for storage, (size, spans, key) in _partly_used(ckpt).items():
        used = min(_union(spans), size)
        stored, reached = stored + size, reached + used
        worst = max(worst, (size - used, key or storage))
    wasted = stored - reached
    if wasted < _AT_LEAST:
        return
    total = sum(storage.nbytes for storage in ckpt.storages.values())
    if wasted * 4 < total and wasted < _MUCH:
        return
    yield Finding("oversized-storage", "warning", visible(worst[1]),
                  f"{_bytes(total)} stored, {_bytes(total - wasted)} reachable: {visible(worst[1], 80)!r} is a small view of a "
                  "larger storage that was saved with it.", "Cloning such tensors before saving them makes the file smaller.")


def _partly_used(ckpt: Checkpoint) -> dict[str, tuple[int, list[tuple[int, int]], str]]:
    """Storage -> (bytes, byte spans of its tensors, a key), for storages that no single tensor fills."""
    if all(map(_is_filled, {*map(_FORM, ckpt.tensors.values())})):      # the usual case; there are few forms
        return {}
    sizes: dict[tuple[tuple[int, ...], str], int] = {}
    some = []
    for info in ckpt.tensors.values():
        size = sizes.get((info[1], info[2]))
        if size is None:
            known = DTYPES.get(info.dtype)
            size = sizes[info.shape, info.dtype] = -1 if known is None or info.problem else prod(info.shape) * known.bits // 8
        if size != info[7]:
            some.append(info)
    suspects = {info.storage for info in some if info.storage}
    filled = {info[6] for info in ckpt.tensors.values()
              if info[6] in suspects and (info.problem or sizes[info[1], info[2]] >= info[7])}
    partly: dict[str, tuple[int, list[tuple[int, int]], str]] = {}
    for info in some:
        if info.storage and info.storage not in filled and info.layout == "strided":
            spans = partly.setdefault(info.storage, (info.storage_nbytes, [], info.key))[1]
            if info.numel:
                width = DTYPES[info.dtype].bits
                reach = sum((length - 1) * step for length, step in zip(info.shape, info.stride, strict=True)) + 1
                spans.append((info.offset * width // 8, (info.offset + reach) * width // 8))
    return partly


def _is_filled(form: tuple[tuple[int, ...], str, int, str]) -> bool:
    """Whether such tensors fill their storage: (shape, dtype, bytes of the storage, problem)."""
    shape, dtype, nbytes, problem = form
    known = DTYPES.get(dtype)
    return known is not None and not problem and prod(shape) * known.bits // 8 == nbytes


def _union(spans: list[tuple[int, int]]) -> int:
    """Bytes that the spans cover together."""
    total = end = 0
    for low, high in sorted(spans):
        if high > end:
            total += high - max(low, end)
            end = high
    return total


def _bytes(n: int) -> str:
    """1536 -> "1.5 KB"."""
    size = float(n)
    for unit in ("bytes", "KB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}" if unit != "bytes" else f"{n} bytes"
        size /= 1000
    return f"{size:,.3g} TB"
