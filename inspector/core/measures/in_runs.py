"""One huge tensor measured by several workers, a run of its elements each; see `tensors.cuts`.

What is to be counted goes to the workers in each pass (where to read, and some kilobytes of edges and buckets), what was counted comes
back (tables, at most a few megabytes for half a gigabyte) and is put together here: the numbers are those of the tensor read in one go.
"""
from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.errors import BadTensor
from inspector.core.io.checksum import crc32
from inspector.core.progress import Monitor
from inspector.core.runtime.elsewhere import each_elsewhere
from inspector.core.tensors import cuts
from inspector.core.tensors.ahead import read_ahead
from inspector.core.tensors.reader import TensorReader

from . import sources
from .gather import Gathered
from .sources import Source

if TYPE_CHECKING:
    from concurrent.futures import Executor


class _Job(NamedTuple):
    """A run, as the only tensor of `ckpt`, whose first piece is number `first` of all. `seen` says what is to be counted."""

    ckpt: Checkpoint
    seen: Gathered
    first: int
    piece: int
    again: bool
    with_checksum: bool


class Runs:
    """The passes over the `runs` of a tensor by the workers of `executor`. Those raise BadTensor, Cancelled and ReadError."""

    def __init__(self, ckpt: Checkpoint, source: Source, runs: Sequence[TensorInfo], piece: int, executor: Executor,
                 monitor: Monitor) -> None:
        """`piece`: bytes that are looked at at once."""
        self.nbytes_in_all = source.nbytes
        self._ckpt, self._source, self._piece = ckpt, source, piece
        self._parts = [(cuts.run_coordinates(ckpt, run), (run.offset - source.info.offset) * source.nbytes // source.info.numel // piece)
                       for run in runs]
        self._sizes = [run.nbytes for run in runs]
        self._executor = executor
        self._monitor = _Passes(monitor, source.nbytes)

    def first(self, seen: Gathered, _found: list[Source]) -> None:
        extent = cuts.to_compare(self._ckpt, self._source.info)
        checksums = self._pass(seen, again=False, with_checksum=extent is not None)
        if extent is not None and not cuts.compare(self._ckpt, extent, zip(checksums, self._sizes, strict=True)):
            raise BadTensor("its checksum differs", where=self._source.key, id="checksum")

    def again(self, seen: Gathered) -> None:
        self._pass(seen, again=True, with_checksum=False)

    def _pass(self, seen: Gathered, *, again: bool, with_checksum: bool) -> list[int]:
        jobs = [_Job(part, seen.for_part(), first, self._piece, again, with_checksum) for part, first in self._parts]
        checksums = []
        with closing(each_elsewhere(jobs, _counted, self._executor, self._monitor, self._sizes)) as results:
            for counted, checksum in results:
                seen.take_in(counted)
                checksums.append(checksum)
        self._monitor.next()
        return checksums


def _counted(job: _Job) -> tuple[Gathered, int]:
    """On a worker: what was counted, and the checksum of the run."""
    import numpy as np
    seen, checksum = job.seen.for_part(), 0         # the job's stays as it is, for whoever tries once more
    [key] = job.ckpt.tensors
    source = sources.of_tensor(job.ckpt, key, fold=False)
    take = seen.next_pass(0) if job.again else seen.first_pass(source, 0)
    with TensorReader(job.ckpt, recycle=True, ahead=read_ahead(job.ckpt, [source.info])) as reader:
        for number, chunk in enumerate(reader.chunks(source.info, job.piece, ordered=False), job.first):
            if job.with_checksum:
                checksum = crc32(chunk.view(np.uint8), checksum)
            take(source.numbers(chunk, seen.into), number)
    return seen, checksum


class _Passes(Monitor):
    """Progress of one pass after the other."""

    def __init__(self, monitor: Monitor, nbytes: int) -> None:
        self._monitor, self._nbytes = monitor, nbytes
        self._before = 0

    def report(self, done: int, total: int, what: str = "") -> None:
        self._monitor.report(self._before + done, self._before + total, what)

    def check(self) -> None:
        self._monitor.check()

    def next(self) -> None:
        self._before += self._nbytes
