"""Members whose bytes are not the ones that were saved, by their checksum, or whose two zip headers disagree: "corrupt-member".
Reads what nothing else has verified since `io.verified.forget_verified`."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from itertools import groupby
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, Extent, Storage
from inspector.core.errors import BadTensor, InspectorError, ReadError
from inspector.core.findings import Finding
from inspector.core.io.sources import ExtentReader
from inspector.core.io.verified import is_verified
from inspector.core.keypath import visible
from inspector.core.limits import LIMITS
from inspector.core.progress import Monitor
from inspector.core.tensors.ahead import extents_ahead


def check(ckpt: Checkpoint, monitor: Monitor) -> Iterator[Finding]:
    names = {extent: name for extent, name in _members(ckpt).items() if not is_verified(ckpt, extent)}
    keys: dict[Extent, list[str]] | None = None
    told: set[int] = set()
    for extent, error, whole_file in unreadable(ckpt, names, monitor):
        if keys is None:
            keys = _keys(ckpt)
        if extent.file not in told:
            yield _finding(names[extent], keys.get(extent, []), error)
        if whole_file:              # the same would be said of all in it
            told.add(extent.file)


class Unread(NamedTuple):
    """An extent that cannot be read or is not as it was saved; `whole_file` when nothing of its file can be."""

    extent: Extent
    error: InspectorError
    whole_file: bool


def unreadable(ckpt: Checkpoint, names: Mapping[Extent, str], monitor: Monitor) -> Iterator[Unread]:
    """Reads all bytes of extents that have a checksum, and of the others what says where they lie. `names` are what progress calls
    them."""
    ahead = extents_ahead(ckpt, (extent for extent in names if extent.crc is not None))
    progress = _Progress(sum(extent.size for extent in names if extent.crc is not None), monitor)
    for file, extents in groupby(sorted(names, key=lambda extent: (extent.file, extent.offset)), key=lambda extent: extent.file):
        with ExitStack() as closing:
            reader: ExtentReader | None = None
            closed: ReadError | None = None
            for extent in extents:
                progress.name = names[extent]
                if closed is not None:
                    yield Unread(extent, closed, True)
                    continue
                try:
                    if reader is None:
                        reader = closing.enter_context(ExtentReader(ckpt, file, monitor, ahead=ahead))
                    _read(reader, extent, progress)
                except BadTensor as error:
                    yield Unread(extent, error, False)
                except ReadError as error:
                    closed = error if reader is None else None
                    yield Unread(extent, error, reader is None)
    progress.end()


def _read(reader: ExtentReader, extent: Extent, progress: _Progress) -> None:
    """All of an extent, whose checksum is verified at its end; without one its first byte, and with that its local header."""
    at, end = 0, extent.size if extent.crc is not None else min(extent.size, 1)
    while True:
        nbytes = min(LIMITS.chunk, end - at)
        reader.read(extent, at, nbytes)
        at += nbytes
        if extent.crc is not None:
            progress.add(nbytes)
        if at >= end:
            return


class _Progress:
    """How far all members together are."""

    def __init__(self, total: int, monitor: Monitor) -> None:
        self.name = ""
        self._done, self._total, self._monitor = 0, total, monitor

    def add(self, nbytes: int) -> None:
        self._done += nbytes
        self._monitor.report(self._done, self._total, self.name)

    def end(self) -> None:
        if self._total:             # where there are no checksums to compare there was nothing to do
            self._monitor.report(self._total, self._total)


def _members(ckpt: Checkpoint) -> dict[Extent, str]:
    """Every extent that can be verified, with a name for people; storages are named by their member where there is one."""
    found = {member.extent: member.name for member in ckpt.members if can_be_verified(member.extent) and not member.note}
    for id, _, storage in _storages(ckpt):
        if storage.extent is not None and can_be_verified(storage.extent) and not storage.problem:
            found.setdefault(storage.extent, f"storage {id}")
    return found


def can_be_verified(extent: Extent) -> bool:
    return extent.crc is not None or extent.local is not None


def _storages(ckpt: Checkpoint) -> Iterator[tuple[str, str, Storage]]:
    """(id, key or "", storage) of all storages, those of chunks with the tensor's key."""
    for id, storage in ckpt.storages.items():
        yield id, "", storage
    for info in ckpt.tensors.values():
        if info.extra is not None:
            for chunk in info.chunks:
                yield chunk.storage.id, info.key, chunk.storage


def _keys(ckpt: Checkpoint) -> dict[Extent, list[str]]:
    """Which tensors lie in each extent."""
    inside: dict[str, list[str]] = {}
    for info in ckpt.tensors.values():
        inside.setdefault(info.storage, []).append(info.key)
    found: dict[Extent, list[str]] = {}
    for id, key, storage in _storages(ckpt):
        if storage.extent is not None:
            found.setdefault(storage.extent, []).extend([key] if key else inside.get(id, []))
    return found


def _finding(name: str, keys: list[str], error: InspectorError) -> Finding:
    tensors = f": it holds {', '.join(visible(key, 60) for key in keys[:3])}{' …' if len(keys) > 3 else ''}" if keys else ""
    return Finding("corrupt-member", "danger", visible(name), f"The bytes of {visible(name, 80)} cannot be trusted{tensors}: "
                   f"{visible(error.message)}", error.hint or "Download or copy the file again.", keys=tuple(keys), members=(name,))
