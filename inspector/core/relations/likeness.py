"""Tensors of one shape of which one is nearly the other, by how their elements go up and down together.

What noise has changed in most places is not found by digests, and vectors have no slices to be found by. Each of the tensors that are
left is held against each of the other file's of its shape, by the same few elements: one that goes with it as no other does is
proposed, and then compared element by element. Where others go with it nearly as well, as the norms of neighbouring layers may,
nothing is told.
"""
from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from inspector.core.checkpoint import TensorInfo
from inspector.core.comparison.pairing.pairs import Rearranged
from inspector.core.dtypes import DTYPES
from inspector.core.errors import BadTensor
from inspector.core.hashing import as_key
from inspector.core.tensors.reader import TensorReader

from .holding import Sides, how_it_holds, is_like
from .sampling import box_within

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_FEWEST = 16            # elements from which on going together is no coincidence
_SAMPLE = 512           # elements of a tensor that are looked at
_CORRELATED = 0.9
_BY_CHANCE = 8.0        # standard deviations of Fisher's z that chance does not come to, whoever has 10^9 pairs
_CLEARLY = 3.0          # times as far from it must be whatever goes with it second best
_MOST_PAIRS = 1 << 26   # of tensors, of all shapes together: some seconds
_ROWS = 512             # of them held against all others at once


def by_likeness(sides: Sides, left_a: Sequence[TensorInfo],
                left_b: Sequence[TensorInfo]) -> tuple[list[Rearranged], tuple[set[str], set[str]]]:
    """What is found among tensors that nothing else explains, and the keys of A and of B that were not held against each other because
    they are too many of one shape. Raises ReadError, Cancelled."""
    groups: dict[object, tuple[list[TensorInfo], list[TensorInfo]]] = defaultdict(lambda: ([], []))
    for side, left in enumerate((left_a, left_b)):
        for info in left:
            if DTYPES[info.dtype].kind == "float" and info.numel >= _FEWEST:
                groups[as_key(info.shape)][side].append(info)
    found: list[Rearranged] = []
    too_many: tuple[set[str], set[str]] = set(), set()
    room = _MOST_PAIRS
    for mine, theirs in sorted(groups.values(), key=lambda group: len(group[0]) * len(group[1])):
        if len(mine) * len(theirs) > room:
            too_many[0].update(info.key for info in mine)
            too_many[1].update(info.key for info in theirs)
        elif mine and theirs:
            room -= len(mine) * len(theirs)
            found += _among(sides, mine, theirs)
    return found, too_many


def _among(sides: Sides, mine: list[TensorInfo], theirs: list[TensorInfo]) -> list[Rearranged]:
    """Of one shape."""
    mine, samples = _samples(sides, sides.a, mine)
    theirs, others = _samples(sides, sides.b, theirs)
    found = []
    for i, j in _together(sides, samples, others) if mine and theirs else ():
        try:
            one = sides.difference(mine[i], theirs[j])
        except BadTensor:
            continue
        if not one.problem and is_like(one):
            held, worst, scale = how_it_holds([one], mine[i].dtype == theirs[j].dtype)
            found.append(Rearranged("moved", (mine[i].key,), (theirs[j].key,), held=held, difference=worst, scale=scale))
    return found


def _samples(sides: Sides, reader: TensorReader, infos: list[TensorInfo]) -> tuple[list[TensorInfo], Array]:
    """Those that can be read and are not constant where they are looked at, in the middle: what is padded begins or ends with zeros.
    A row for each, of mean 0 and length 1."""
    import numpy as np
    sizes = box_within(infos[0].shape, _SAMPLE)
    first = tuple((n - size) // 2 for n, size in zip(infos[0].shape, sizes, strict=True))
    kept, rows = [], []
    for info in infos:
        sides.monitor.check()
        try:
            with np.errstate(invalid="ignore"):         # NaN of any kind may be among them
                row = reader.box(info, first, sizes).astype(np.float64).ravel()
        except BadTensor:
            continue
        row[~np.isfinite(row)] = 0.0
        largest = np.abs(row).max()
        row = row / largest if largest else row             # whose squares may be beyond what a float holds
        row -= row.mean()
        length = math.sqrt(float(row @ row))
        if length > 1e-6:
            kept.append(info)
            rows.append((row / length).astype(np.float32))
    return kept, np.array(rows, np.float32)


def _together(sides: Sides, samples: Array, others: Array) -> list[tuple[int, int]]:
    """(row of `samples`, row of `others`) that go together as neither does with any other."""
    import numpy as np
    count = samples.shape[1]
    if count < _FEWEST:
        return []
    least = max(_CORRELATED, math.tanh(_BY_CHANCE / math.sqrt(count - 3)))
    best = np.full(len(others), -1.0, np.float32)           # of each of the others: the best, which, and the second best
    whose = np.zeros(len(others), np.int64)
    second = best.copy()
    mine: list[tuple[float, int, float]] = []
    for start in range(0, len(samples), _ROWS):
        sides.monitor.check()
        table = samples[start:start + _ROWS] @ others.T
        here, at = _two_best(table.T)
        second = np.maximum(np.maximum(second, here[:, 1]), np.minimum(best, here[:, 0]))
        whose = np.where(here[:, 0] > best, at + start, whose)
        best = np.maximum(best, here[:, 0])
        there, to = _two_best(table)
        mine += zip(there[:, 0].tolist(), to.tolist(), there[:, 1].tolist(), strict=True)
    return [(i, j) for i, (value, j, next_best) in enumerate(mine)
            if value >= least and whose[j] == i and 1 - max(next_best, float(second[j])) >= _CLEARLY * (1 - value) + 1e-6]


def _two_best(table: Array) -> tuple[Array, Array]:
    """The largest and the second largest number of each row (-1 where there is one number), and where the largest stands."""
    import numpy as np
    at = table.argmax(1)
    rows = np.arange(len(table))
    largest = table[rows, at]
    rest = table.copy()
    rest[rows, at] = -1.0
    return np.stack([largest, rest.max(1)], 1), at
