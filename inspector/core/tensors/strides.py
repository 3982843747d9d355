"""Where the elements of a strided tensor lie: pure arithmetic on shapes and strides, counted in elements."""
from __future__ import annotations

from collections.abc import Iterator, Sequence

Dims = tuple[int, ...]


def span(shape: Sequence[int], stride: Sequence[int]) -> int:
    """Elements from the first to the last that a tensor reaches, both included; 0 when it is empty."""
    reach = 1
    for size, step in zip(shape, stride, strict=True):
        if size == 0:
            return 0
        reach += (size - 1) * step
    return reach


def collapse(shape: Sequence[int], stride: Sequence[int]) -> tuple[Dims, Dims]:
    """The same walk in fewer dimensions: those of one element dropped, neighbours that run on into each other merged.
    A tensor that is contiguous in C order becomes `((n,), (1,))`, or `((), ())` for one element."""
    sizes: list[int] = []
    steps: list[int] = []
    for size, step in zip(shape, stride, strict=True):
        if size == 1:
            continue
        if sizes and steps[-1] == step * size:
            sizes[-1] *= size
            steps[-1] = step
        else:
            sizes.append(size)
            steps.append(step)
    return tuple(sizes), tuple(steps)


def storage_order(shape: Sequence[int], stride: Sequence[int]) -> tuple[Dims, Dims]:
    """The dimensions sorted so that walking them goes forward through the storage: for uses that need no order."""
    order = sorted(range(len(shape)), key=lambda d: -stride[d])
    return tuple(shape[d] for d in order), tuple(stride[d] for d in order)


def blocks(shape: Dims, stride: Dims, limit: int) -> Iterator[tuple[int, Dims, Dims]]:
    """The tensor cut into boxes of at most `limit` (>= 1) elements which, one after another, are its elements in C order:
    (offset of the box, its shape, its stride)."""
    cut, inner = len(shape), 1
    while cut and inner * shape[cut - 1] <= limit:
        cut -= 1
        inner *= shape[cut]
    if cut == 0:
        yield 0, shape, stride
        return
    size, step = shape[cut - 1], stride[cut - 1]
    rows = max(1, limit // inner)
    for offset in _offsets(shape[:cut - 1], stride[:cut - 1]):
        for first in range(0, size, rows):
            count = min(rows, size - first)
            yield offset + first * step, (count, *shape[cut:]), (step, *stride[cut:])


def boxes(shape: Dims, start: int, stop: int) -> Iterator[tuple[Dims, Dims]]:
    """The elements `start` … `stop` of a tensor in C order as boxes that, one after another, are just those: (first index,
    sizes). At most two for each dimension."""
    if start >= stop:
        return
    inner = [1]
    for size in reversed(shape[1:]):
        inner.append(inner[-1] * size)
    inner.reverse()                             # elements that one step in each dimension passes over
    while start < stop:
        if not shape:
            yield (), ()
            return
        # the outermost dimension in which whole steps can be taken from here
        axis = next(d for d, step in enumerate(inner) if start % step == 0 and start + step <= stop)
        rest, lows = start, []
        for step in inner:
            index, rest = divmod(rest, step)
            lows.append(index)
        count = min(shape[axis] - lows[axis], (stop - start) // inner[axis])
        yield tuple(lows), (*(1,) * axis, count, *shape[axis + 1:])
        start += count * inner[axis]


def _offsets(shape: Dims, stride: Dims) -> Iterator[int]:
    total = 1
    for size in shape:
        total *= size
    for n in range(total):
        offset = 0
        for size, step in zip(reversed(shape), reversed(stride), strict=True):
            n, index = divmod(n, size)
            offset += index * step
        yield offset
