"""Where slices of one tensor stand in another: sequences of numbers as nested runs, which are views of a storage.

The rows of a head that are put in another order, groups that alternate, experts one behind the other: each is a mixed radix, a few
lengths with a step for each. What is none is an order of its own.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from inspector.core.checkpoint import TensorInfo

from .sampling import Family

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_AGREE = 0.9            # of the places known of which a form must be right
_SAMPLE = 256           # of them, by which most forms are told to be wrong


class Run(NamedTuple):
    """`length` slices, of which each next one stands `step` further on, and is `own` further on in its own tensor."""

    length: int
    step: int
    own: int


class Places(NamedTuple):
    """Where the slices of a piece stand: the first at `start`, the others as `runs` say, the innermost run first."""

    start: int
    runs: tuple[Run, ...]

    @property
    def is_plain(self) -> bool:
        """One slice behind the other."""
        return len(self.runs) < 2 and all(run.step == 1 for run in self.runs)

    @property
    def numbers(self) -> Array:
        import numpy as np
        found = np.array([self.start])
        for run in reversed(self.runs):
            found = (found[:, None] + np.arange(run.length) * run.step).reshape(-1)
        return found

    def at(self, own: Array) -> Array:
        """Where some of the piece's slices stand."""
        import numpy as np
        found = np.full(len(own), self.start)
        for run in self.runs:
            found += own // run.own % run.length * run.step
        return found


def places_of(numbers: Array) -> Places | None:
    """The nested runs that `numbers` are, None where they are none."""
    import numpy as np
    start, own = int(numbers[0]), 1
    runs = []
    while len(numbers) > 1:
        step = int(numbers[1] - numbers[0])
        ends = np.flatnonzero(np.diff(numbers) != step)
        length = int(ends[0]) + 1 if ends.size else len(numbers)
        if step <= 0 or len(numbers) % length:
            return None
        table = numbers.reshape(-1, length)
        if (np.diff(table, axis=1) != step).any():
            return None
        runs.append(Run(length, step, own))
        own *= length
        numbers = table[:, 0]
    return Places(start, tuple(runs))


def fitted(own: Array, numbers: Array, count: int, whole: int) -> Places | None:
    """The form that nearly all of some known places have: slice `own[i]` of a piece that has `count` stands at `numbers[i]` of
    `whole`. None where no usual form fits."""
    import numpy as np
    some = np.linspace(0, len(own) - 1, _SAMPLE).astype(int) if len(own) > 4 * _SAMPLE else None
    for form in forms(count, whole):
        if some is not None and _agreeing(form, own[some], numbers[some])[1] < (_AGREE - 0.1) * len(some):      # chance, too
            continue
        start, votes = _agreeing(form, own, numbers)
        if votes >= _AGREE * len(own):
            moved = Places(start, form.runs)
            last = moved.start + sum((run.length - 1) * run.step for run in moved.runs)
            if moved.start >= 0 and last < whole:
                return moved
    return None


def _agreeing(form: Places, own: Array, numbers: Array) -> tuple[int, int]:
    """(where most places say that the form starts, how many say so)."""
    import numpy as np
    starts, votes = np.unique(numbers - form.at(own), return_counts=True)
    best = int(votes.argmax())
    return int(starts[best]), int(votes[best])


def forms(count: int, whole: int) -> list[Places]:
    """The usual places of a piece of `count` slices among `whole`: one behind the other; groups that others stand between; rows of each
    head that alternate."""
    found = [Places(0, (Run(count, 1, 1),) if count > 1 else ())]
    divisors = [n for n in range(1, count + 1) if count % n == 0]
    for each in divisors:
        if each < count and (whole * each) % count == 0 and whole > count:
            found.append(_of_runs(Run(each, 1, 1), Run(count // each, whole * each // count, each)))
    for outer in divisors:
        for middle in divisors:
            inner = count // outer // middle
            if middle > 1 and inner > 1 and outer * middle * inner == count and 2 in (middle, inner):
                found.append(_of_runs(Run(inner, middle, 1), Run(middle, 1, inner), Run(outer, middle * inner, middle * inner)))
    return found


def _of_runs(*runs: Run) -> Places:
    return Places(0, tuple(run for run in runs if run.length > 1))


# -- as views of storages ---------------------------------------------------------------------------------------------------------

def views(whole: TensorInfo, of_whole: Family, piece: TensorInfo, of_piece: Family, places: Places) -> tuple[TensorInfo, TensorInfo] | None:
    """The elements of `whole` that the piece's slices stand at, and the piece's own in the same order; None where there are no such
    views."""
    runs = _cut(list(places.runs), whole, of_whole, by_step=True)
    runs = runs and _cut(runs, piece, of_piece, by_step=False)
    if runs is None:
        return None
    mine = _view(whole, of_whole, places.start, [(run.length, run.step) for run in runs])
    other = _view(piece, of_piece, 0, [(run.length, run.own) for run in runs])
    return (mine, other) if mine is not None and other is not None else None


def _cut(runs: list[Run], info: TensorInfo, family: Family, by_step: bool) -> list[Run] | None:
    """Runs that go over the end of a dimension of the index, as runs within it and over the one before it."""
    weights = _weights(info, family)
    found = []
    todo = list(reversed(runs))
    while todo:
        run = todo.pop()
        step = run.step if by_step else run.own
        end = next((weight for weight in reversed(weights[:-1]) if weight > step), None)
        if end is None or step * run.length <= end:
            found.append(run)
            continue
        if end % step or run.length % (end // step):
            return None
        inner = end // step
        found.append(Run(inner, run.step, run.own))
        todo.append(Run(run.length // inner, run.step * inner, run.own * inner))
    return found


def _weights(info: TensorInfo, family: Family) -> list[int]:
    """How many slices one step in each dimension of the index passes over, outermost first."""
    weights = [1]
    for d in reversed(family.each[1:]):
        weights.insert(0, weights[0] * info.shape[d])
    return weights


def _view(info: TensorInfo, family: Family, start: int, runs: list[tuple[int, int]]) -> TensorInfo | None:
    rest = tuple(info.shape[d] for d in family.over), tuple(info.stride[d] for d in family.over)
    if not family.each:
        return info._replace(shape=(*(length for length, _ in reversed(runs)), *rest[0]), stride=(*(0 for _ in runs), *rest[1])) \
            if all(length == 1 for length, _ in runs) else None
    weights = _weights(info, family)
    first, left = [], start
    for weight in weights:
        index, left = divmod(left, weight)
        first.append(index)
    last = list(first)
    strides = []
    for length, step in runs:
        at = next(i for i, weight in enumerate(weights) if step >= weight)
        if step % weights[at]:
            return None
        last[at] += (length - 1) * (step // weights[at])
        strides.append(step // weights[at] * info.stride[family.each[at]])
    if any(index >= info.shape[d] for index, d in zip(last, family.each, strict=True)):
        return None
    offset = info.offset + sum(index * info.stride[d] for index, d in zip(first, family.each, strict=True))
    return info._replace(shape=(*(length for length, _ in reversed(runs)), *rest[0]), stride=(*reversed(strides), *rest[1]), offset=offset)
