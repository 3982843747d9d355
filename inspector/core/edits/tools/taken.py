"""Tensors of another checkpoint among those of the one that is edited."""
from __future__ import annotations

from collections.abc import Iterable

from inspector.core.checkpoint import Checkpoint, Extent, Extra, Storage, TensorInfo


class Numbers:
    """The files and storages of another checkpoint counted on from those of `ckpt`. Files that are there already count once."""

    def __init__(self, ckpt: Checkpoint, theirs: Checkpoint) -> None:
        self._theirs = theirs
        files = dict(zip(ckpt.files, range(len(ckpt.files)), strict=True)) if len(set(ckpt.files)) == len(ckpt.files) else {}
        known = list(ckpt.files)
        self._file: list[int] = []
        for stamp in theirs.files:
            if stamp not in files:
                files[stamp] = len(known)
                known.append(stamp)
            self._file.append(files[stamp])
        self.files = tuple(known)
        self.storages: dict[str, Storage] = {}
        self._prefix = f"take:{self._file[0] if self._file else 0}:"
        there: tuple[Iterable[str], ...] = ckpt.storages, ckpt.as_opened.storages
        while any(id.startswith(self._prefix) for ids in there for id in ids):
            self._prefix = f"take:{self._prefix}"

    def moved(self, info: TensorInfo) -> TensorInfo:
        """`info` in these files, its storage among `storages`."""
        extra = info.extra
        if extra is not None:           # only how its elements lie or are read
            chunks = tuple(chunk._replace(storage=self._storage(chunk.storage)) for chunk in extra.chunks)
            extra = Extra(chunks=chunks, conj=extra.conj, neg=extra.neg)
        id = ""
        if info.storage in self._theirs.storages:
            id = self._prefix + info.storage
            if id not in self.storages:
                self.storages[id] = self._storage(self._theirs.storages[info.storage])._replace(id=id)
        return info._replace(storage=id, node=-1, extra=extra)

    def _storage(self, storage: Storage) -> Storage:
        extent: Extent | None = storage.extent
        return storage._replace(extent=extent and extent._replace(file=self._file[extent.file]))
