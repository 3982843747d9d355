"""Storages read whole and once each, for tensors that share memory in the file and are to share it in memory."""
from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, Storage, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.errors import BadTensor
from inspector.core.hashing import as_key
from inspector.core.progress import QUIET, Monitor

from .reader import TensorReader
from .strides import span

_NOTHING: Mapping[str, str] = MappingProxyType({})


class Home(NamedTuple):
    """Where a tensor's elements are: `id` is the same for tensors that share `data`, `offset` counts elements of the tensor's type."""

    id: str
    data: bytearray
    offset: int


def listed(storages: Mapping[str, Storage], id: str) -> Storage:
    """The storage called `id`. Raises BadTensor for one that stands nowhere but in a dict's key, which is not looked for in the file."""
    storage = storages.get(id)
    if storage is None:
        raise BadTensor("the storage is in no tensor or value but in the key of a dict", where=id)
    return storage


class SharedStorages:
    """Reads through `reader`, which is one for `ckpt`. `made` maps ids of storages that stand in no file to the key of the tensor whose
    elements they are. `total` are the bytes that will be read, for `monitor`."""

    def __init__(self, ckpt: Checkpoint, reader: TensorReader, made: Mapping[str, str] = _NOTHING, monitor: Monitor = QUIET,
                 total: int = 0) -> None:
        self.reader = reader
        self._ckpt = ckpt
        self._made = made
        self._monitor = monitor
        self._total = total
        self._done = 0
        self._read: dict[str, bytearray] = {}
        self._in_chunks: dict[tuple[str, str], str] = {}        # the same chunks under two names are one

    def home(self, info: TensorInfo) -> Home:
        """The bytes that `info` views. Raises BadTensor when they cannot be had, or when it would reach outside of them."""
        if info.problem:
            raise BadTensor(info.problem, where=info.key)
        made = self._made.get(info.storage)
        own = info if info.read_from is not None or info.chunks else self._ckpt.tensors[made] if made is not None else None
        id = info.storage if own is None or not own.chunks else \
            self._in_chunks.setdefault((own.storage, as_key(own.chunks)), f"{own.storage}:{own.key}")
        data = self._read.get(id)
        if data is None:
            data = self.reader.span_bytes(own) if own is not None else self._stored(info)
            self._keep(id, data, info.key)
        self._insist_inside(info, len(data))
        return Home(id, data, info.offset)

    def whole(self, storage: Storage) -> bytearray:
        """All bytes of a storage. Raises BadTensor."""
        data = self._read.get(storage.id)
        if data is None:
            made = self._made.get(storage.id)
            data = self.reader.storage_bytes(storage) if made is None else self.reader.span_bytes(self._ckpt.tensors[made])
            self._keep(storage.id, data, storage.id)
        return data

    def _stored(self, info: TensorInfo) -> bytearray:
        storage = self._ckpt.storages.get(info.storage)
        if storage is None or not storage.has_bytes:
            if not info.numel:
                return bytearray()
            self.reader.check(info)             # says why
            raise BadTensor("it has no values in the file", where=info.key, id="no_data")
        try:
            return self.reader.storage_bytes(storage)
        except BadTensor as error:
            raise BadTensor(error.message, error.hint, info.key, id=error.id) from error

    def _keep(self, id: str, data: bytearray, what: str) -> None:
        self._read[id] = data
        self._done += len(data)
        self._monitor.report(min(self._done, self._total), self._total, what)

    def _insist_inside(self, info: TensorInfo, there: int) -> None:
        known = DTYPES.get(info.dtype)
        if known is None:
            raise BadTensor(f"its element type {info.dtype} is unknown", where=info.key, id="unknown_dtype")
        if not info.numel:
            return
        elements = info.offset + span(info.shape, info.stride)
        end = -(-elements * known.bits // 8) if known.bits < 8 else elements * known.itemsize
        if known.bits < 8:                      # rows are whole bytes: no more is needed than what it has
            end = min(end, info.nbytes)
        if info.offset < 0 or min(info.stride, default=0) < 0 or end > there:
            raise BadTensor(f"it reaches to byte {end:,} of a storage that has {there:,}",
                            "The file is incomplete or its description of this tensor is wrong.", info.key, id="out_of_bounds")
