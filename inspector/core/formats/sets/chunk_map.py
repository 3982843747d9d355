"""Whether the chunks of a tensor are the whole tensor, each element once."""
from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import prod

Dims = tuple[int, ...]
Box = tuple[Dims, Dims]             # offsets, sizes

_CELLS = 1 << 22                    # of the grid that all edges of all chunks make


def problem_of(shape: Dims, chunks: Sequence[Box]) -> str:
    """What is wrong with the chunks of a tensor of `shape`, or ""."""
    for offsets, sizes in chunks:
        if any(offset + size > length for offset, size, length in zip(offsets, sizes, shape, strict=True)):
            return f"corrupt: its chunk {show((offsets, sizes))} reaches beyond its shape {list(shape)}"
    boxes = [(offsets, sizes) for offsets, sizes in chunks if 0 not in sizes]
    covered, numel = sum(prod(sizes) for _, sizes in boxes), prod(shape)
    if covered < numel:
        return f"corrupt: its chunks leave holes: {numel - covered:,} of its {numel:,} elements are in none"
    overlap = _overlap(shape, boxes)
    if overlap:
        return overlap
    return "" if covered == numel else "corrupt: its chunks overlap"


def show(box: Box) -> str:
    """"[0:50, 12:24]"."""
    return "[" + ", ".join(f"{offset}:{offset + size}" for offset, size in zip(*box, strict=True)) + "]"


def _overlap(shape: Dims, boxes: list[Box]) -> str:
    if len(boxes) < 2:
        return ""
    cut = [d for d in range(len(shape)) if any(sizes[d] != shape[d] for _, sizes in boxes)]
    if not cut:
        return f"corrupt: its chunks overlap: {show(boxes[0])} and {show(boxes[1])}"
    if len(cut) == 1:
        return _overlap_along(cut[0], boxes)
    return _overlap_in_grid(cut, boxes)


def _overlap_along(d: int, boxes: list[Box]) -> str:
    ordered = sorted(boxes, key=lambda box: box[0][d])
    for one, other in pairwise(ordered):
        if one[0][d] + one[1][d] > other[0][d]:
            return f"corrupt: its chunks overlap: {show(one)} and {show(other)}"
    return ""


def _overlap_in_grid(cut: list[int], boxes: list[Box]) -> str:
    """Marks each chunk in the grid of all edges, until one is marked already."""
    import numpy as np
    edges = []
    for d in cut:
        found = sorted({offsets[d] for offsets, _ in boxes} | {offsets[d] + sizes[d] for offsets, sizes in boxes})
        edges.append({edge: n for n, edge in enumerate(found)})
    if prod(len(found) for found in edges) > _CELLS:
        return "unsupported: it is cut into too many chunks of too many sizes"
    grid = np.zeros([len(found) for found in edges], bool)
    for offsets, sizes in boxes:
        cells = grid[tuple(slice(found[offsets[d]], found[offsets[d] + sizes[d]]) for d, found in zip(cut, edges, strict=True))]
        if cells.any():
            return f"corrupt: its chunks overlap: {show((offsets, sizes))} covers what another has"
        cells[...] = True
    return ""
