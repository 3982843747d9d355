"""Where in the ranks' flat tensors the elements of each parameter lie, as the optimizers of DeepSpeed's ZeRO cut them: arithmetic alone.

Stages 1 and 2 lay the parameters of a group one behind the other, each followed by its padding, and give every rank an equal piece; the
last piece may lack what pads it. Stage 3 gives every rank a piece of each parameter, ceil(numel / ranks) elements long, and lays those one
behind the other over all its groups. Source: deepspeed 0.19.8, utils/zero_to_fp32.py.
"""
from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from math import prod
from typing import NamedTuple

from inspector.core.wording import count

Shapes = Mapping[str, tuple[int, ...] | None]


class Run(NamedTuple):
    """`numel` elements from `start` of the flat tensor of `group` that `rank` has."""

    rank: int
    group: int
    start: int
    numel: int


class Place(NamedTuple):
    """The runs that a parameter of `group` is made of, in C order; or why they cannot be told or are not there."""

    shape: tuple[int, ...]
    group: int
    runs: tuple[Run, ...] = ()
    problem: str = ""


def of_groups(groups: Sequence[Shapes], paddings: Sequence[Sequence[int] | None], sizes: Sequence[Sequence[int] | None],
              counts: Sequence[int | None]) -> dict[str, Place]:
    """Stages 1 and 2. `groups` are the parameters of each, `paddings` the elements behind each of them (None: none); `sizes` are the
    elements of the flat tensors of each rank, None where its file is not there; `counts` by how many ranks each group says it is cut."""
    found: dict[str, Place] = {}
    for number, shapes in enumerate(groups):
        of_ranks = [None if own is None else own[number] if number < len(own) else -1 for own in sizes]
        padding = paddings[number] if number < len(paddings) else None
        count = counts[number] if number < len(counts) else None
        found.update(_group(number, shapes, padding, of_ranks, count))
    return found


def _group(number: int, shapes: Shapes, padding: Sequence[int] | None, sizes: list[int | None], count: int | None) -> dict[str, Place]:
    world = len(sizes)
    problem = ""
    if count is not None and count != world:
        problem = f"unsupported: its group is cut over {count:,} of {world:,} ranks, as experts are, and such groups are not joined"
    elif any(shape is None for shape in shapes.values()):
        problem = "corrupt: not all parameters of its group have a shape"
    elif padding is not None and (len(padding) != len(shapes) or any(not 0 <= more < 1 << 62 for more in padding)):
        problem = "corrupt: the paddings of its group are not those of its parameters"
    elif any(size == -1 for size in sizes):
        problem = f"corrupt: not all ranks have a flat tensor for group {number}"
    known = {name: shape or () for name, shape in shapes.items()}
    if problem:
        return {name: Place(shape, number, problem=problem) for name, shape in known.items()}
    behind = padding or [0] * len(known)
    numels = [prod(shape) for shape in known.values()]
    begins = [0, *accumulate(n + more for n, more in zip(numels, behind, strict=True))]
    edges, problem = _edges(begins[-1], sizes)
    found = {}
    for (name, shape), begin, numel in zip(known.items(), begins, numels, strict=False):
        runs, lost = ((), problem) if problem else _runs(number, begin, begin + numel, edges, sizes)
        found[name] = Place(shape, number, runs, lost)
    return found


def _edges(wanted: int, sizes: list[int | None]) -> tuple[list[int], str]:
    """Where the pieces of the ranks begin, and the last one ends, in what they are pieces of; and what is wrong with that."""
    world = len(sizes)

    def aligned(n: int) -> int:
        return -(-n // (2 * world)) * 2 * world

    there = [size for size in sizes if size is not None]
    if len(there) == world:
        edges = [0, *accumulate(there)]
        if aligned(edges[-1]) != aligned(wanted):
            return [], f"corrupt: the ranks hold {count(edges[-1], 'element')} of its group, and its parameters have {wanted:,}"
        return edges, ""
    full = {size for size in sizes[:-1] if size is not None}
    last = sizes[-1]
    if not full and last is not None and world > 1 and 0 < last <= wanted and (wanted - last) % (world - 1) == 0:
        full = {(wanted - last) // (world - 1)}
    if len(full) != 1:
        return [], "missing: without the files of the other ranks nobody can tell where its elements lie"
    each = full.pop()
    end = each * (world - 1) + (each if last is None else last)
    if aligned(end) != aligned(wanted):
        return [], f"corrupt: {world:,} ranks would hold {count(end, 'element')} of its group, and its parameters have {wanted:,}"
    return [*(each * rank for rank in range(world)), end], ""


def _runs(group: int, begin: int, end: int, edges: list[int], sizes: list[int | None]) -> tuple[tuple[Run, ...], str]:
    if end > edges[-1]:
        return (), f"corrupt: it would reach to element {end:,} of {edges[-1]:,}"
    runs = []
    rank = max(0, bisect_right(edges, begin) - 1)
    while begin < end:
        stop = min(end, edges[rank + 1])
        if stop > begin:
            if sizes[rank] is None:
                return (), missing(rank)
            runs.append(Run(rank, group, begin - edges[rank], stop - begin))
            begin = stop
        rank += 1
    return tuple(runs), ""


def missing(rank: int) -> str:
    """The problem of a tensor of which `rank` has a part, when its file is not there."""
    return f"missing: its part on rank {rank:,} is not there"


def of_ranks(groups: Sequence[Shapes], sizes: Sequence[Sequence[int] | None]) -> dict[str, Place]:
    """Stage 3; `sizes` as in `of_groups`."""
    world = len(sizes)
    there = [tuple(own) for own in sizes if own is not None]
    absent = next((rank for rank, own in enumerate(sizes) if own is None), world)
    known = [(name, shape) for shapes in groups for name, shape in shapes.items()]
    problem = ""
    if any(shape is None for _, shape in known):
        problem = "corrupt: not all parameters have a shape"
    elif not there:
        problem = missing(0)
    elif len(set(there)) > 1:
        problem = "corrupt: the ranks have flat tensors of different sizes"
    numels = [prod(shape or ()) for _, shape in known]
    if not problem and sum(-(-numel // world) for numel in numels) != sum(there[0]):
        wanted = sum(-(-numel // world) for numel in numels)
        problem = f"corrupt: each rank holds {count(sum(there[0]), 'element')}, and its pieces of the parameters would be {wanted:,}"
    if problem:
        return {name: Place(shape or (), 0, problem=problem) for name, shape in known}
    edges = [0, *accumulate(there[0])]
    found: dict[str, Place] = {}
    at = 0
    for (name, shape), numel in zip(known, numels, strict=True):
        each = -(-numel // world)
        ranks = -(-numel // each) if each else 0
        group = min(max(bisect_right(edges, at) - 1, 0), max(len(edges) - 2, 0))
        lost = missing(absent) if absent < ranks else ""
        runs = () if lost else tuple(run for rank in range(ranks)
                                     for run in _pieces(rank, at, at + min(each, numel - rank * each), edges))
        found[name] = Place(shape or (), group, runs, lost)
        at += each
    return found


def _pieces(rank: int, begin: int, end: int, edges: list[int]) -> list[Run]:
    """Of what a rank has of a parameter, that which lies in each group."""
    runs = []
    group = max(0, bisect_right(edges, begin) - 1)
    while begin < end:
        stop = min(end, edges[group + 1])
        if stop > begin:
            runs.append(Run(rank, group, begin - edges[group], stop - begin))
            begin = stop
        group += 1
    return runs
