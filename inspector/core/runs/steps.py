"""The step from one checkpoint to the next, of tensors of which only sketches are there: what is certain, and what can be estimated."""
from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from typing import NamedTuple

from .columns import MOVED, SAME, UNKNOWN, Own, Step
from .series import Outline
from .sketches import Sketch, Sketched, estimated

_SURE = 4               # standard errors that make one distance surely less than another


class Known(NamedTuple):
    """What is known of a checkpoint without its file."""

    outline: Outline
    own: Own
    sketch: Sketch


def step_between(before: Known, now: Known) -> tuple[Step, list[int]]:
    """The step, and the tensors of `now` of which it has to be read, because one of the two is not wholly finite or their sketches do not
    tell how far they are from each other."""
    old, new = Sketched(before.outline, before.sketch), Sketched(now.outline, now.sketch)
    places = {key: n for n, key in enumerate(before.outline.keys)}
    moved, size, same, error = array("d"), array("d"), array("b"), array("d")
    to_read = []
    for n, (key, shape) in enumerate(zip(now.outline.keys, now.outline.shapes, strict=True)):
        m = places.get(key, -1)
        row = _NOTHING if m < 0 or before.outline.shapes[m] != shape else _row(old, before.own, m, new, now.own, n)
        if row is None:
            to_read.append(n)
            row = _NOTHING
        moved.append(row[0])
        size.append(row[1])
        same.append(row[2])
        error.append(row[3])
    return Step(moved, size, same, error), to_read


def with_read(step: Step, places: list[int], read: Step) -> Step:
    """The step with what was read of some of its tensors, which is exact."""
    error = array("d", step.error)
    for at, n in enumerate(places):
        step.moved[n], step.before[n], step.same[n], error[n] = read.moved[at], read.before[at], read.same[at], 0.0
    return step._replace(error=error)


def nearest(checkpoints: Sequence[Known], pairs: Sequence[tuple[int, int]], clearly: float) -> tuple[int, tuple[float, ...]] | None:
    """Which of the checkpoints, which have one outline, has the tensors b that are nearest to tensors a of the first one, by `pairs` of
    their places, and how far each is: the first, unless another is nearer than `clearly` times its distance. None where not all have
    sketches, or those leave it open."""
    import numpy as np
    from_sketches = [Sketched(one.outline, one.sketch) for one in checkpoints]
    shapes = checkpoints[0].outline.shapes
    apart: list[list[np.ndarray[tuple[int, ...], np.dtype[np.float64]]]] = [[] for _ in checkpoints]
    chances = []                            # of each tensor, 1 / its sums: 0 where the sketch is the tensor
    for a, b in pairs:
        if not from_sketches[0].is_there(a) or _is_broken(checkpoints[0].own, a):
            return None
        for at, one in enumerate(from_sketches):
            if not one.is_there(b) or one.width != from_sketches[0].width or _is_broken(checkpoints[at].own, b):
                return None
            apart[at].append(from_sketches[0].sums(a) - one.sums(b))
        size = apart[0][-1].size
        chances.append(0.0 if size == math.prod(shapes[a]) else 1 / size)

    def is_nearer(n: int, m: int, share: float) -> bool | None:
        """Whether n is nearer than `share` times the distance of m; None where that is not certain. |x|² - |y|² = (x - y)·(x + y), and the
        sketch of an inner product has the variance |u|²|v|² · 2 / sums."""
        difference = variance = 0.0
        for x, y, chance in zip(apart[n], apart[m], chances, strict=True):
            u, v = x - share * y, x + share * y
            difference += float(u @ v)
            variance += 2 * chance * float(u @ u) * float(v @ v)
        return difference < 0 if abs(difference) > _SURE * math.sqrt(variance) else None

    lengths = tuple(math.sqrt(math.fsum(float(x @ x) for x in one)) for one in apart)
    if not all(map(math.isfinite, lengths)) or not lengths:
        return None
    best = min(range(len(lengths)), key=lengths.__getitem__)
    if best == 0:
        certain = all(is_nearer(n, 0, clearly) is False for n in range(1, len(lengths)))
        return (0, lengths) if certain else None
    if is_nearer(best, 0, clearly) is True:
        return (best, lengths) if all(is_nearer(best, n, 1.0) is True for n in range(len(lengths)) if n != best) else None
    return (0, lengths) if all(is_nearer(n, 0, clearly) is False for n in range(1, len(lengths))) else None


def _is_broken(own: Own, n: int) -> bool:
    return own.nan[n] != 0 or own.inf[n] != 0


_NOTHING = (math.nan, math.nan, UNKNOWN, 0.0)


def _row(old: Sketched, was: Own, m: int, new: Sketched, own: Own, n: int) -> tuple[float, float, int, float] | None:
    """(moved, before, same, error) of tensor `m` of the one before, `n` now; None where it has to be read."""
    if was.nan[m] < 0 or own.nan[n] < 0:
        return _NOTHING
    if old.is_there(m) and old.digest(m) == new.digest(n):
        return 0.0, math.nan, SAME, 0.0
    numel = math.prod(new.outline.shapes[n])
    if numel == was.nan[m] == own.nan[n]:
        return math.nan, math.nan, SAME, 0.0
    if numel and numel in (was.nan[m], own.nan[n]):
        return math.nan, math.nan, MOVED, 0.0           # nothing is a number in both
    if was.nan[m] or was.inf[m] or own.nan[n] or own.inf[n]:
        return None
    found = estimated(old, m, new, n, max(was.norm[m], own.norm[n]))
    if found is None:
        return None
    return (0.0, math.nan, SAME, 0.0) if found.same else (found.moved, was.norm[m], MOVED, found.error)
