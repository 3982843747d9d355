"""What goes into a file that is written, and the one way it gets there.

A `Payload` says where the bytes of a record or a tensor come from; `Output` streams them and remembers where each lies and
which CRC-32 its bytes must have. Storages that are not edited are copied by the system, unseen, where their checksum is known
already: nothing but the copy is then to be proved, and `verify` does that against the very checksum the source recorded.
"""
from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple

from inspector.core.checkpoint import Checkpoint, Extent
from inspector.core.errors import BadTensor, SaveError
from inspector.core.io.checksum import crc32
from inspector.core.io.new_files import write_all
from inspector.core.io.sources import ExtentReaders
from inspector.core.keypath import visible
from inspector.core.progress import Monitor
from inspector.core.tensors.ahead import read_ahead
from inspector.core.tensors.broken import WITHOUT
from inspector.core.tensors.reader import TensorReader
from inspector.core.wording import count

if TYPE_CHECKING:
    from concurrent.futures import Future

CHUNK = 1 << 20             # bytes read, summed and written at once: they stay in the processor's cache
_SENT = 64 << 20            # bytes that the system is asked to copy at once: between two looks at whether to stop
_SMALL = 64 << 10           # below this, gathering in memory is cheaper than a call of its own
_TOLD = 256 << 10           # bytes between two reports


class Payload(NamedTuple):
    """`nbytes` bytes: `data` itself, or those of `extent` of the checkpoint's files (inflated), or the elements of the tensor
    `key` in C order, little-endian, or big-endian in units of `swap` bytes. `what` is what messages call it."""

    what: str
    nbytes: int
    data: bytes | memoryview | None = None
    extent: Extent | None = None
    key: str = ""
    swap: int = 1


class Written(NamedTuple):
    """Bytes of the new file and the CRC-32 that they must have. `head` is where a zip member's local header begins."""

    what: str
    offset: int
    nbytes: int
    crc: int
    head: int = 0


class Inputs:
    """The bytes of payloads, with the files of the checkpoint kept open; a context manager for one thread."""

    def __init__(self, ckpt: Checkpoint, monitor: Monitor) -> None:
        ahead = read_ahead(ckpt, ckpt.tensors.values())
        self._tensors = TensorReader(ckpt, monitor, ahead=ahead)
        self.files = ExtentReaders(ckpt, monitor, ahead)

    def __enter__(self) -> Inputs:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with ExitStack() as closing:
            closing.callback(self._tensors.__exit__, kind, error, trace)
            closing.callback(self.files.__exit__, kind, error, trace)

    def chunks(self, payload: Payload) -> Iterator[bytes | memoryview]:
        """All bytes in pieces. Raises BadTensor when they cannot be had or are not what was saved."""
        if payload.data is not None:
            yield payload.data
        elif payload.extent is not None:
            reader = self.files.of(payload.extent.file)
            for at in range(0, payload.nbytes, CHUNK):
                yield reader.read(payload.extent, at, min(CHUNK, payload.nbytes - at))
        else:
            for array in self._tensors.chunks(payload.key, CHUNK):
                yield _bytes_of(array.view("u1").data if payload.swap == 1 else array.view(f"u{payload.swap}").byteswap().view("u1").data)


class Output:
    """The file behind `fd`, written front to back; a context manager. `progress` is told how many bytes more there are. `runs` say
    of the whole file, one after the other, what it must hold: large payloads each for itself, what lies between them together."""

    def __init__(self, fd: int, inputs: Inputs, progress: Progress) -> None:
        from concurrent.futures import ThreadPoolExecutor  # brings logging with it
        self.at = 0
        self.runs: list[Written] = []
        self._fd = fd
        self._inputs = inputs
        self._progress = progress
        self._pending = bytearray()
        self._helper = ThreadPoolExecutor(1, "inspector-save")
        self._run = 0               # where what lies between large payloads began, and its sum so far
        self._sum = 0

    def __enter__(self) -> Output:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._helper.shutdown(wait=True)

    def write(self, data: bytes | memoryview) -> None:
        """Bytes of the container itself, or of a small payload."""
        self._sum = crc32(data, self._sum)
        self._put(data)

    def _put(self, data: bytes | memoryview) -> None:
        if len(data) >= _SMALL:
            self._empty()
            write_all(self._fd, data)
        else:
            self._pending += data
            if len(self._pending) >= CHUNK:
                self._empty()
        self.at += len(data)
        self._progress.add(len(data))

    def payload(self, payload: Payload) -> Written:
        """Raises SaveError when its bytes cannot be had, OSError when they cannot be written."""
        begin = self.at
        try:
            crc = self._large(payload) if payload.nbytes >= _SMALL else self._small(payload)
        except BadTensor as error:
            raise explained(error, payload.what) from error
        if self.at - begin != payload.nbytes:
            raise SaveError(f"{visible(payload.what, 80)} gave {count(self.at - begin, 'byte')} instead of {payload.nbytes:,}",
                            "Nothing was changed. Open the file again.", id="verification")
        return Written(payload.what, begin, payload.nbytes, crc)

    def _small(self, payload: Payload) -> int:
        crc = 0
        for chunk in self._inputs.chunks(payload):
            crc = crc32(chunk, crc)
            self.write(chunk)
        return crc

    def _large(self, payload: Payload) -> int:
        self._end_run()
        begin = self.at
        crc = self._send(payload.extent) if payload.extent is not None else None
        if crc is None:
            crc = self._stream(payload)
        self.runs.append(Written(payload.what, begin, self.at - begin, crc))
        self._run, self._sum = self.at, 0
        return crc

    def _end_run(self) -> None:
        if self.at > self._run:
            self.runs.append(Written("", self._run, self.at - self._run, self._sum))
        self._run, self._sum = self.at, 0

    def finish(self) -> None:
        """Everything handed to the system; `flush` then makes it durable."""
        self._end_run()
        self._empty()

    def flush(self) -> Future[None]:
        """Begins to make durable what was written, while it can be read again already. The result raises OSError; it is never
        tried twice, as a system that failed once may say that all is well the second time."""
        return self._helper.submit(os.fsync, self._fd)

    def _empty(self) -> None:
        pending, self._pending = self._pending, bytearray()
        if pending:
            write_all(self._fd, pending)

    def _send(self, extent: Extent) -> int | None:
        """Copies the extent within the system and returns the checksum it must have; None when either is not to be had."""
        if extent.crc is None:
            return None
        self._empty()
        reader, done = self._inputs.files.of(extent.file), 0
        while done < extent.size:
            sent = reader.send(extent, done, min(_SENT, extent.size - done), self._fd)
            if not sent and not done:
                return None
            if not sent:
                raise OSError(errno.EIO, "the system stopped copying")
            done += sent
            self.at += sent
            self._progress.add(sent)
        return extent.crc

    def _stream(self, payload: Payload) -> int:
        """Reads, sums and writes."""
        crc = 0
        for chunk in self._inputs.chunks(payload):
            crc = crc32(chunk, crc)
            self._put(chunk)
        return crc


class Progress:
    """Bytes done of all that a save does, told to the monitor now and then; raises Cancelled when it says so."""

    def __init__(self, monitor: Monitor, total: int, what: str) -> None:
        self._monitor = monitor
        self._total = total
        self._done = 0
        self._told = 0
        self.what = what

    def add(self, nbytes: int) -> None:
        self._done += nbytes
        if self._done - self._told < _TOLD:
            return
        self._told = self._done
        self._monitor.report(min(self._done, self._total), self._total, self.what)


def explained(error: BadTensor, what: str) -> SaveError:
    """A source that cannot be read, as the reason why nothing was saved."""
    return SaveError(f"{visible(what, 80)} cannot be saved: {error.message}",
                     f"{error.hint} {WITHOUT}".strip(), error.where, id="bad_source")


def _bytes_of(view: memoryview) -> memoryview:
    return view.cast("B") if view.nbytes and view.format != "B" else view
