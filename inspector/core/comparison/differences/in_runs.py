"""Two huge tensors compared by several workers, a run of elements of both each; see `tensors.cuts`."""
from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.comparison.pairing.pairs import Comparison, Difference, Pair
from inspector.core.errors import BadTensor
from inspector.core.io.checksum import crc32
from inspector.core.progress import Monitor
from inspector.core.runtime.elsewhere import each_elsewhere
from inspector.core.tensors import cuts
from inspector.core.tensors.ahead import read_ahead
from inspector.core.tensors.reader import TensorReader

from .difference import CHUNK, Pass, chunks_of_both, difference_of, piece_sizes

if TYPE_CHECKING:
    from concurrent.futures import Executor


class RunsOfBoth(NamedTuple):
    """Runs of as many elements of the tensors `a` and `b`."""

    a: TensorInfo
    b: TensorInfo
    pairs: tuple[tuple[TensorInfo, TensorInfo], ...]


def runs_of_both(comparison: Comparison, pair: Pair) -> RunsOfBoth | None:
    """None where the tensors are small enough for one worker, or not cut."""
    a, b = comparison.a.tensors[pair.a or ""], comparison.b.tensors[pair.b or ""]
    if max(a.nbytes, b.nbytes) <= cuts.PART or a.stride != b.stride or not (cuts.is_plain(a) and cuts.is_plain(b)):
        return None
    pieces = max(1, cuts.PART // CHUNK)
    found = [cuts.runs_of(ckpt, info, size, size * pieces)
             for ckpt, info, size in zip((comparison.a, comparison.b), (a, b), piece_sizes(a, b), strict=True)]
    return RunsOfBoth(a, b, tuple(zip(*found, strict=True))) if found[0] and found[1] else None


class _Job(NamedTuple):
    """The runs are the only tensors of `a` and `b`. `wanted`: whether the checksums of either side are."""

    a: Checkpoint
    b: Checkpoint
    rtol: float
    atol: float
    nbytes_in_all: int
    scales: tuple[float, float]
    wanted: tuple[bool, bool]


def difference_in_runs(comparison: Comparison, runs: RunsOfBoth, rtol: float, atol: float, executor: Executor,
                       monitor: Monitor) -> Difference:
    """As `difference`. Raises BadTensor for whatever is wrong with the values, Cancelled, and ReadError when a file has changed."""
    sides = [(comparison.a, runs.a), (comparison.b, runs.b)]
    sizes = [a.nbytes + b.nbytes for a, b in runs.pairs]
    parts = [(cuts.run_coordinates(comparison.a, a), cuts.run_coordinates(comparison.b, b)) for a, b in runs.pairs]

    def run(scale: float = 1.0, scale_d: float = 1.0) -> Pass:
        extents = [cuts.to_compare(ckpt, info) for ckpt, info in sides]
        wanted = extents[0] is not None, extents[1] is not None
        whole = Pass(runs.a, runs.b, rtol, atol, runs.a.nbytes, scale, scale_d)
        found: list[tuple[int, int]] = []
        jobs = [_Job(a, b, rtol, atol, runs.a.nbytes, (scale, scale_d), wanted) for a, b in parts]
        with closing(each_elsewhere(jobs, _compared, executor, monitor, sizes)) as results:
            for part, checksums in results:
                whole.take_in(part)
                found.append(checksums)
        for side, extent in enumerate(extents):
            lengths = (pair[side].nbytes for pair in runs.pairs)
            if extent is not None and not cuts.compare(sides[side][0], extent, zip((one[side] for one in found), lengths, strict=True)):
                raise BadTensor("its checksum differs", where=sides[side][1].key, id="checksum")
        return whole

    return difference_of(runs.a.numel, run)


def _compared(job: _Job) -> tuple[Pass, tuple[int, int]]:
    """On a worker."""
    import numpy as np
    [info_a], [info_b] = job.a.tensors.values(), job.b.tensors.values()
    found, checksums = Pass(info_a, info_b, job.rtol, job.atol, job.nbytes_in_all, *job.scales), [0, 0]
    with TensorReader(job.a, recycle=True, ahead=read_ahead(job.a, [info_a])) as a, \
            TensorReader(job.b, recycle=True, ahead=read_ahead(job.b, [info_b])) as b:
        for both in chunks_of_both(a, info_a, b, info_b):
            for side, wanted in enumerate(job.wanted):
                if wanted:
                    checksums[side] = crc32(both[side].view(np.uint8), checksums[side])
            found.add(*both)
    return found, (checksums[0], checksums[1])
