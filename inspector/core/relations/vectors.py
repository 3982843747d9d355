"""Vectors, which have no slices to be recognised by: biases that went as their weights did, those joined or put in another order that
their own elements tell apart, and those that nothing tells apart."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from inspector.core.checkpoint import TensorInfo
from inspector.core.comparison.differences.streaming import beginning, is_constant
from inspector.core.comparison.pairing.pairs import Rearranged, Undecided
from inspector.core.errors import BadTensor
from inspector.core.hashing import as_key, distinct
from inspector.core.tensors.reader import TensorReader

from .holding import Sides, how_it_holds
from .index import Piece
from .naming import named
from .places import Places, forms, places_of
from .sampling import Family

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_ALL = Family((0,), ())
_TELLING = 16           # elements from which on equal values are no coincidence
_DISTINCT = 8           # different ones among them
_LONGEST = 1 << 20
_MOST_BYTES = 64 << 20  # of all vectors held at once
_SAMPLE = 64            # elements by which most orders are told to be wrong
_LOOK = 256             # what one look at a candidate costs beside its bytes
_MOST_LOOKED_AT = 1 << 30   # of both, until nothing more is looked for: of vectors that begin alike each may begin each


class Arrangement(NamedTuple):
    """Where the slices of `pieces`, of the tensors `infos`, stand in `whole`."""

    whole: TensorInfo
    family: Family
    pieces: tuple[Piece, ...]
    infos: tuple[TensorInfo, ...]
    whole_in_a: bool


def by_weights(sides: Sides, found: Sequence[Arrangement], left_a: Sequence[TensorInfo],
               left_b: Sequence[TensorInfo]) -> Iterator[Rearranged]:
    """Biases that are arranged as the weights of the same modules are, compared element by element."""
    left = [{info.key: info for info in side} for side in (left_a, left_b)]
    for one in found:
        mine, theirs = (left[0], left[1]) if one.whole_in_a else (left[1], left[0])
        whole = mine.get(_bias(one.whole.key))
        infos = [theirs.get(_bias(info.key)) for info in one.infos]
        there = [info for info in infos if info is not None and len(info.shape) == 1]
        if whole is None or len(whole.shape) != 1 or len(there) != len(infos) or len(one.family.each) != 1 \
                or sum(info.numel for info in there) != whole.numel \
                or any(len(piece.numbers) != info.numel or piece.places is None for piece, info in zip(one.pieces, there, strict=True)):
            continue
        pieces = [piece._replace(family=_ALL) for piece in one.pieces]
        try:
            how = sides.differences(whole, _ALL, pieces, there, one.whole_in_a)
        except BadTensor:
            continue
        if how is not None:
            held, worst, scale = how_it_holds(how, all(info.dtype == whole.dtype for info in there))
            yield named(whole, _ALL, pieces, there, one.whole_in_a)._replace(held=held, difference=worst, scale=scale, basis="weight")


def _bias(key: str) -> str:
    """The name of the bias beside the weight of this name, "" where there is none."""
    stem, weight, tail = key.rpartition("weight")
    return f"{stem}bias{tail}" if weight else ""


# -- by their own elements --------------------------------------------------------------------------------------------------------

def by_elements(sides: Sides, left_a: Sequence[TensorInfo], left_b: Sequence[TensorInfo],
                partners: Sequence[tuple[str, str]], passed_over: Sequence[set[str]]) -> Iterator[Rearranged]:
    """Vectors that are several of the other file's joined, and those of `partners` (keys in A and B) of which the order is another.
    Only what has elements that tell it apart. Keys of A and of B that there was no room for come into `passed_over`."""
    values = [_values(reader, left, over) for reader, left, over in zip((sides.a, sides.b), (left_a, left_b), passed_over, strict=True)]
    by_beginning = [_by_beginning(one) for one in values]
    room = _MOST_LOOKED_AT
    infos = [{info.key: info for info in left} for left in (left_a, left_b)]
    for x, y in partners:
        if x in values[0] and y in values[1] and infos[0][x].dtype == infos[1][y].dtype:
            numbers = _order(values[0][x], values[1][y])
            if numbers is not None:
                piece = Piece(0, _ALL, places_of(numbers), numbers)
                yield named(infos[0][x], _ALL, [piece], [infos[1][y]], True)
                del values[0][x], values[1][y]
    for side in (0, 1):
        for key, whole in sorted(values[side].items(), key=lambda one: -len(one[1])):
            sides.monitor.check()
            several, looked_at = _tiles(whole, infos[side][key].dtype, values[1 - side], infos[1 - side], by_beginning[1 - side], room)
            room -= looked_at
            if room < 0:
                passed_over[side].update(values[side])
                return
            if len(several) < 2:
                continue
            start, pieces = 0, []
            for other in several:
                count = len(values[1 - side][other])
                own = Places(start, forms(count, count)[0].runs)
                pieces.append(Piece(0, _ALL, own, own.numbers))
                start += count
            yield named(infos[side][key], _ALL, pieces, [infos[1 - side][other] for other in several], side == 0)
            for other in several:
                del values[1 - side][other]


def _values(reader: TensorReader, left: Sequence[TensorInfo], passed_over: set[str]) -> dict[str, Array]:
    """Of vectors that are not too long, as integers of their bits, as many as there is room for."""
    import numpy as np
    found: dict[str, Array] = {}
    room = _MOST_BYTES
    for info in sorted(left, key=lambda info: info.numel):
        if _TELLING <= info.numel <= _LONGEST and info.nbytes // info.numel in (1, 2, 4, 8):
            if room < info.nbytes:
                passed_over.add(info.key)
                continue
            try:
                found[info.key] = reader.box(info, (0,), info.shape).view(np.dtype(f"u{info.nbytes // info.numel}"))
                room -= info.nbytes
            except BadTensor:
                continue
    return {info.key: found[info.key] for info in left if info.key in found}


def _order(whole: Array, piece: Array) -> Array | None:
    """Where each element of `piece` stands in `whole`, when both have the same and enough different ones; None otherwise."""
    import numpy as np
    if len(whole) != len(piece) or len(distinct(whole)) < _DISTINCT or not np.array_equal(np.sort(whole), np.sort(piece)):
        return None
    some = np.linspace(0, len(piece) - 1, _SAMPLE).astype(int)
    for form in forms(len(piece), len(whole)):
        if np.array_equal(whole[form.at(some)], piece[some]) and np.array_equal(whole[form.numbers], piece):
            return form.numbers
    if len(distinct(whole)) < len(whole) // 2:
        return None
    numbers = np.empty(len(piece), np.int64)
    numbers[np.argsort(piece, kind="stable")] = np.argsort(whole, kind="stable")
    return numbers


def _by_beginning(values: dict[str, Array]) -> dict[bytes, list[str]]:
    found: dict[bytes, list[str]] = defaultdict(list)
    for key, piece in values.items():
        found[piece[:_TELLING].tobytes()].append(key)
    return found


def _tiles(whole: Array, dtype: str, values: dict[str, Array], infos: dict[str, TensorInfo], by_beginning: dict[bytes, list[str]],
           room: int) -> tuple[list[str], int]:
    """The vectors that, one after the other, are `whole`, [] where they are not, or more than one would do at a place; and how much was
    looked at for that, hardly more than `room`."""
    import numpy as np
    found: list[str] = []
    start = looked_at = 0
    while start < len(whole) and looked_at <= room:
        fits = []
        for key in by_beginning.get(whole[start:start + _TELLING].tobytes(), ()):
            looked_at += _LOOK
            if key not in values or infos[key].dtype != dtype or len(piece := values[key]) > len(whole) - start \
                    or piece[-1] != whole[start + len(piece) - 1] or key in found:
                continue
            looked_at += piece.nbytes
            if np.array_equal(piece, whole[start:start + len(piece)]):
                fits.append(key)
        if len(fits) != 1 or len(distinct(values[fits[0]])) < _DISTINCT:
            return [], looked_at
        found += fits
        start += len(values[fits[0]])
    return found if start == len(whole) else [], looked_at


# -- what nothing tells apart ------------------------------------------------------------------------------------------------------

def undecided_among(sides: Sides, alone_a: Sequence[TensorInfo], alone_b: Sequence[TensorInfo]) -> Iterator[Undecided]:
    """Tensors of one shape and type that all hold the same values. What begins in the same way is read as a whole."""
    kinds = {as_key(info.shape, info.dtype) for info in alone_a} & {as_key(info.shape, info.dtype) for info in alone_b}
    groups: dict[object, tuple[list[TensorInfo], list[TensorInfo]]] = defaultdict(lambda: ([], []))
    for side, (reader, left) in enumerate(((sides.a, alone_a), (sides.b, alone_b))):
        for info in left:
            kind = as_key(info.shape, info.dtype)
            if kind in kinds and info.numel > 1:
                sides.monitor.check()
                try:
                    groups[kind, beginning(reader, info)][side].append(info)
                except BadTensor:
                    continue
    for mine, theirs in groups.values():
        if not mine or not theirs:
            continue
        whole: dict[str, tuple[list[TensorInfo], list[TensorInfo]]] = defaultdict(lambda: ([], []))
        for side, (reader, left) in enumerate(((sides.a, mine), (sides.b, theirs))):
            for info in left:
                whole[reader.digest(info.key)][side].append(info)
        for a, b in whole.values():
            if a and b:
                yield Undecided(tuple(info.key for info in a), tuple(info.key for info in b), is_constant(sides.a, a[0]))
