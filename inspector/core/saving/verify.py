"""The new file, before it replaces anything: read again by this program's own reader and compared with what was to be written.

Structure first (names, order, shapes, types, strides, devices, values, which tensors share a storage, where each one lies), then
every byte of the file: its CRC-32 against the one taken of the source's bytes, which for storages copied as they were is the one the
source itself recorded. Two threads share the reading; nothing is held but a few pieces.
"""
from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from inspector.core import formats
from inspector.core.checkpoint import Checkpoint, Extent, Opaque, Plain, TensorInfo
from inspector.core.errors import InspectorError, SaveError
from inspector.core.graph import Graph
from inspector.core.io.checksum import crc32
from inspector.core.io.sources import SourceFile, open_source
from inspector.core.keypath import visible
from inspector.core.limits import LIMITS, Limits
from inspector.core.pickles.encode.records import lacking
from inspector.core.wording import count

from .disk.payloads import Progress, Written

if TYPE_CHECKING:
    from concurrent.futures import Future

_CHUNK = 256 << 10              # bytes read and summed at once: a quarter less time than by the megabyte, they stay in the cache
_TASK = 32 << 20                # bytes of one piece of work
_THREADS = 2
_WIDE = 1000                    # characters of a value that is compared once with another, however many keys have it
_WAIT = 0.1                     # seconds between two looks at whether to stop
_OF_ARCHIVES = frozenset({"bad-member", "case", "header-mismatch", "hidden-member", "layout", "leading-junk", "orphan-records", "trailing"})
_OURS = "Nothing was changed. Its bytes are as they were written, so this is a mistake of inspector's: please report it."
_FAILING = "Nothing was changed. The disk or the memory of this computer is failing: try another disk."
_WRITTEN = "Nothing was changed. They were changed on their way to the disk, whose fault it may be, or the memory's: try another disk."


class Mismatch(SaveError):
    """The new file is not as it was to be; `what` names the part whose bytes are others, where it is about bytes."""

    def __init__(self, what: str, message: str, hint: str = _OURS) -> None:
        super().__init__(message, hint, visible(what), id="verification")
        self.what = what


def read_back(path: str, limits: Limits = LIMITS) -> Checkpoint:
    """The new file as this program reads it. Raises Mismatch when it does not."""
    try:
        return formats.read(path, limits=limits)
    except InspectorError as error:
        raise Mismatch("", f"the new file could not be read again: {error.message}") from error


def same_tensors(wanted: Mapping[str, TensorInfo], found: Mapping[str, TensorInfo], strides: bool) -> None:
    """Raises Mismatch unless both have the same names in the same order, shapes and types, and, with `strides`, everything
    else that a pickle says of a tensor."""
    if list(wanted) != list(found):
        one = next((key for key in wanted if key not in found), None) or next((key for key in found if key not in wanted), "")
        raise Mismatch(one, f"the new file has {count(len(found), 'tensor')} where {len(wanted):,} were to be written, or another order")
    for key, want in wanted.items():
        have = found[key]
        if have.problem.startswith("corrupt") and not want.problem:
            raise Mismatch(key, f"{visible(key, 80)} cannot be read from the new file: {have.problem}")
        if (want.shape, want.dtype) != (have.shape, have.dtype) or (strides and _rest(want) != _rest(have)):
            raise Mismatch(key, f"the new file describes {visible(key, 80)} otherwise than it was to be written")


def same_values(wanted: Mapping[str, Plain], found: Mapping[str, Plain]) -> None:
    """Raises Mismatch unless all values are the same; those of opaque ones by the names of their types."""
    compared: dict[tuple[int, int], tuple[Plain, Plain]] = {}       # wide ones, which many keys may share; held, so that ids stay theirs
    for key in wanted.keys() | found.keys():
        want, have = wanted.get(key), found.get(key)
        if (id(want), id(have)) in compared:
            continue
        if key not in wanted or key not in found or not _same(want, have):
            raise Mismatch(key, f"the new file has another value at {visible(key, 80)} than was to be written")
        if isinstance(want, str | bytes) and len(want) > _WIDE:
            compared[id(want), id(have)] = want, have


def same_sharing(wanted: Mapping[str, TensorInfo], found: Mapping[str, TensorInfo]) -> None:
    """Raises Mismatch unless the same tensors share a storage."""
    there: dict[str, str] = {}
    back: dict[str, str] = {}
    for key, want in wanted.items():
        have = found[key].storage
        if there.setdefault(want.storage, have) != have or back.setdefault(have, want.storage) != want.storage:
            raise Mismatch(key, f"{visible(key, 80)} shares its memory with other tensors than it was to")


def every_storage(graph: Graph, sizes: Mapping[str, int]) -> None:
    """Raises Mismatch unless the new file has the bytes of all storages that loading its object asks for; `sizes` as `lacking` has it."""
    for key, nbytes, there in lacking(graph, sizes):
        have = "none" if there is None else f"{there:,}"
        raise Mismatch("", f"the new file's object asks for {count(nbytes, 'byte')} of storage {visible(key, 80)}, and it has "
                           f"{have} of them")


def same_oddities(source: Checkpoint, found: Checkpoint) -> None:
    """Raises Mismatch when the archive has become odd in a way that it was not."""
    known = {finding.id for finding in source.as_opened.findings}
    new = next((finding for finding in found.findings if finding.id in _OF_ARCHIVES and finding.id not in known), None)
    if new is not None:
        raise Mismatch(new.where, f"the changed file would not be in order: {new.message}")


def check_extent(extent: Extent | None, written: Written) -> None:
    """Raises Mismatch unless the reader finds at `extent` just what was written there."""
    place = written.head if extent is not None and extent.local is not None else written.offset
    there = None if extent is None else extent.offset if extent.local is None else extent.local.at
    if extent is None or (there, extent.size) != (place, written.nbytes) or extent.crc not in (None, written.crc):
        raise Mismatch(written.what, f"{visible(written.what, 80)} does not lie in the new file where it was written")


def same_bytes(path: str, runs: list[Written], progress: Progress) -> None:
    """Reads the `runs` of the file and compares their checksums. Raises Mismatch, Cancelled by the progress."""
    _Check(path, progress).run(runs)


class _Check:
    def __init__(self, path: str, progress: Progress) -> None:
        self.path = path
        self.progress = progress
        self.stop = threading.Event()
        self.lock = threading.Lock()
        self.done = 0

    def run(self, runs: list[Written]) -> None:
        from concurrent.futures import ThreadPoolExecutor  # brings logging with it
        with ThreadPoolExecutor(_THREADS, "inspector-verify") as pool:
            try:
                tasks = iter(_tasks(runs))
                running: set[Future[None]] = set()
                for task in tasks:
                    running.add(pool.submit(self._read, task))
                    while len(running) > _THREADS:
                        running = self._wait(running)
                while running:
                    running = self._wait(running)
            except BaseException:
                self.stop.set()
                raise

    def _wait(self, running: set[Future[None]]) -> set[Future[None]]:
        from concurrent.futures import FIRST_COMPLETED, wait
        done, still = wait(running, _WAIT, FIRST_COMPLETED)
        for future in done:
            future.result()
        with self.lock:
            nbytes, self.done = self.done, 0
        self.progress.add(nbytes)
        return still

    def _read(self, runs: list[Written]) -> None:
        with open_source(self.path) as source:
            for written in runs:
                crc = 0
                for at in range(0, written.nbytes, _CHUNK):
                    if self.stop.is_set():
                        return
                    nbytes = min(_CHUNK, written.nbytes - at)
                    try:
                        crc = crc32(source.read(written.offset + at, nbytes), crc)
                    except InspectorError as error:
                        raise Mismatch(written.what, f"{_named(written)} could not be read again: {error.message}",
                                       f"Nothing was changed. {error.hint}") from error
                    with self.lock:
                        self.done += nbytes
                if crc != written.crc:
                    raise _mismatch(source, written, crc)


def _mismatch(source: SourceFile, written: Written, found: int) -> Mismatch:
    """Bytes that are not what was written, after they were read once more: only that tells where they became others."""
    source.forget(written.offset, written.nbytes)
    again = 0
    try:
        for at in range(0, written.nbytes, _CHUNK):
            again = crc32(source.read(written.offset + at, min(_CHUNK, written.nbytes - at)), again)
    except InspectorError as error:
        return Mismatch(written.what, f"{_named(written)} could not be read again: {error.message}", f"Nothing was changed. {error.hint}")
    those, told = f"{_named(written)} of the new file", f"CRC-32 {found:08x} instead of {written.crc:08x}"
    if again == found:
        return Mismatch(written.what, f"{those} are not those that were to be written ({told}, read twice)", _WRITTEN)
    then = "right" if again == written.crc else f"{again:08x}"
    return Mismatch(written.what, f"{those} are others each time they are read ({told}, then {then})", _FAILING)


def _named(written: Written) -> str:
    if written.what:
        return f"the bytes of {visible(written.what, 80)}"
    return f"bytes {written.offset:,} to {written.offset + written.nbytes:,}"


def _tasks(runs: list[Written]) -> Iterator[list[Written]]:
    task: list[Written] = []
    nbytes = 0
    for run in runs:
        task.append(run)
        nbytes += run.nbytes
        if nbytes >= _TASK:
            yield task
            task, nbytes = [], 0
    if task:
        yield task


def _rest(info: TensorInfo) -> tuple[object, ...]:
    stride = info.stride if info.numel else ()
    return stride, info.offset, info.device or "cpu", info.requires_grad, info.layout   # what has no tag gets torch's default


def _same(a: Plain, b: Plain) -> bool:
    if isinstance(a, Opaque) or isinstance(b, Opaque):
        return isinstance(a, Opaque) and isinstance(b, Opaque) and a.type == b.type
    if isinstance(a, int | str | bytes):        # too long a number has no text, and of others none need be made
        return type(a) is type(b) and a == b
    return type(a) is type(b) and repr(a) == repr(b)        # by text: a NaN is itself, -0.0 is not 0.0
