"""What an arrangement of slices is called: transposed, reshaped, joined, stacked, in the order of rotary halves."""
from __future__ import annotations

from collections.abc import Sequence

from inspector.core.checkpoint import TensorInfo
from inspector.core.comparison.pairing.pairs import Rearranged

from .index import Piece
from .places import Places
from .sampling import Family


def named(whole: TensorInfo, family: Family, pieces: Sequence[Piece], infos: Sequence[TensorInfo], whole_in_a: bool) -> Rearranged:
    """The arrangement by which `pieces`, of the tensors `infos`, are `whole`."""
    one, several = (whole.key,), tuple(info.key for info in infos)
    a, b = (one, several) if whole_in_a else (several, one)
    if len(pieces) == 1:
        return _of_one(whole, family, pieces[0], infos[0], whole_in_a)._replace(a=a, b=b)
    orders, groups = _orders(pieces, whole_in_a)
    turned = any(_is_turned(whole, family, piece, info) for piece, info in zip(pieces, infos, strict=True))
    kind, dims = _along(whole, family, pieces)
    return Rearranged(kind, a, b, dims, turned, orders, groups)


def _of_one(whole: TensorInfo, family: Family, piece: Piece, info: TensorInfo, whole_in_a: bool) -> Rearranged:
    orders, groups = _orders([piece], whole_in_a)
    if orders:
        return Rearranged("reordered", (), (), (family.each if whole_in_a else piece.family.each)[:1],
                          _is_turned(whole, family, piece, info), orders, groups)
    order = _dimensions(whole, family, piece, info)
    if order is None:
        natural = all((*one.each, *one.over) == tuple(range(len(one.each) + len(one.over))) for one in (family, piece.family))
        return Rearranged("reshaped", (), (), (), not natural)
    if whole_in_a:                      # B's dimensions in the order of A's, so far
        order = tuple(order.index(d) for d in range(len(order)))
    if order == tuple(range(len(order))):
        return Rearranged("moved", (), ())
    return Rearranged("transposed" if order == (1, 0) else "permuted", (), (), order)


def _dimensions(whole: TensorInfo, family: Family, piece: Piece, info: TensorInfo) -> tuple[int, ...] | None:
    """Which dimension of the piece each of the whole's is; None where they are not one to one."""
    mine, theirs = (*family.each, *family.over), (*piece.family.each, *piece.family.over)
    if len(family.each) != len(piece.family.each) or len(mine) != len(theirs) \
            or [whole.shape[d] for d in mine] != [info.shape[d] for d in theirs]:
        return None
    return tuple(theirs[mine.index(d)] for d in range(len(mine)))


def _along(whole: TensorInfo, family: Family, pieces: Sequence[Piece]) -> tuple[str, tuple[int, ...]]:
    """(kind, dimensions of the whole) of several."""
    if len(family.each) == 1:
        return ("stacked" if all(not piece.family.each for piece in pieces) else "joined"), family.each
    weight = 1
    for d in family.each[1:]:
        weight *= whole.shape[d]
    layers = [{int(piece.numbers.min()) // weight, int(piece.numbers.max()) // weight} for piece in pieces]
    if all(len(layer) == 1 for layer in layers):
        alone = len(pieces) == whole.shape[family.each[0]]
        return "stacked", family.each[:1] if alone else family.each[:2]
    return "joined", family.each


def _is_turned(whole: TensorInfo, family: Family, piece: Piece, info: TensorInfo) -> bool:
    """Whether the dimensions of a piece stand in the whole in another order."""
    if not piece.family.each:
        return False
    theirs = (*piece.family.each, *piece.family.over)
    mine = (*family.each, *family.over)[-len(theirs):]
    rank = {d: i for i, d in enumerate(sorted(mine))}
    return len(mine) == len(theirs) and [rank[d] for d in mine] != list(theirs)


def _orders(pieces: Sequence[Piece], whole_in_a: bool) -> tuple[tuple[str, ...], int]:
    found = [order_of(piece.places, whole_in_a) if piece.places is not None else
             ("reversed" if len(piece.numbers) > 1 and all(piece.numbers[1:] - piece.numbers[:-1] == -1) else "other", 0)
             for piece in pieces]
    if not any(order for order, _ in found):
        return (), 0
    groups = {count for order, count in found if count}
    return tuple(order for order, _ in found), groups.pop() if len(groups) == 1 else 0


def order_of(places: Places, whole_in_a: bool) -> tuple[str, int]:
    """(order, how many heads or groups) of the slices of a piece in the whole."""
    if places.is_plain:
        return "", 0
    runs = places.runs
    heads = runs[2].length if len(runs) == 3 else 1
    if len(runs) in (2, 3) and runs[1].step == 1 and (len(runs) == 2 or runs[2].step == runs[2].own == runs[0].length * runs[1].length):
        if runs[0].length == 2 and runs[0].step == runs[1].length:
            return ("pairs" if whole_in_a else "halves"), heads
        if runs[1].length == 2 and runs[0].step == 2:
            return ("halves" if whole_in_a else "pairs"), heads
    if len(runs) == 2 and runs[0].step == 1:
        return "groups", runs[1].length
    if len(runs) == 1:
        return "groups", runs[0].length
    return "other", 0
