"""PROVISIONAL until the branch that emits pickles is merged: a flat state dict only."""
from __future__ import annotations

import struct
from collections.abc import Set
from typing import NamedTuple

from ..arrays import chunks_of
from ..checkpoint import Checkpoint, TensorInfo
from ..dtypes import STORAGE_CLASSES
from ..errors import SaveError
from ..progress import QUIET, Monitor


class Record(NamedTuple):
    name: str
    storage: str = ""
    key: str = ""


class Pickled(NamedTuple):
    data: bytes
    records: tuple[Record, ...]
    notes: tuple[str, ...] = ()


def pickled(ckpt: Checkpoint, *, drop_code: Set[str] = frozenset(), monitor: Monitor = QUIET) -> Pickled:
    out = bytearray(b"\x80\x02ccollections\nOrderedDict\n)R(")
    numbers: dict[str, int] = {}
    records: list[Record] = []
    classes = {dtype: name for name, dtype in STORAGE_CLASSES.items() if name != "UntypedStorage"}
    for key, info in ckpt.tensors.items():
        storage = ckpt.storages.get(info.storage)
        raw = storage is not None and storage.extent is not None and not chunks_of(info) and not (info.extra or {}).get("cast")
        name = info.storage if raw else "=" + key
        if name not in numbers:
            numbers[name] = len(numbers)
            records.append(Record(f"data/{numbers[name]}", info.storage if raw else "", "" if raw else key))
        if info.dtype not in classes:
            raise SaveError(f"{info.dtype} is not written yet")
        item = info.nbytes // info.numel if info.numel else 1
        count = (storage.nbytes // item) if raw and storage is not None else info.numel
        out += _text(key) + b"ctorch._utils\n_rebuild_tensor_v2\n((" + _text("storage") + b"ctorch\n" + classes[info.dtype].encode() + b"\n"
        out += _text(str(numbers[name])) + _text(info.device or "cpu") + _int(count) + b"tQ" + _int(info.offset if raw else 0)
        out += _ints(info.shape) + _ints(info.stride if raw else _contiguous(info)) + (b"\x88" if info.requires_grad else b"\x89")
        out += b"ccollections\nOrderedDict\n)RtR"
    return Pickled(bytes(out + b"u."), tuple(records))


def _contiguous(info: TensorInfo) -> tuple[int, ...]:
    strides = [1]
    for size in reversed(info.shape[1:]):
        strides.append(strides[-1] * max(size, 1))
    return tuple(reversed(strides)) if info.shape else ()


def _text(text: str) -> bytes:
    raw = text.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(raw)) + raw


def _int(number: int) -> bytes:
    return b"\x8a\x09" + number.to_bytes(9, "little", signed=True)


def _ints(numbers: tuple[int, ...]) -> bytes:
    return b"(" + b"".join(map(_int, numbers)) + b"t"
