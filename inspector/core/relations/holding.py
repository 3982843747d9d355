"""Whether an arrangement holds, element by element: views of one file's storages against views of the other's."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from inspector.core.checkpoint import TensorInfo
from inspector.core.comparison.differences.difference import difference, have_same_bytes
from inspector.core.comparison.pairing.pairs import Difference
from inspector.core.errors import BadTensor
from inspector.core.hashing import distinct
from inspector.core.progress import Monitor
from inspector.core.tensors.reader import TensorReader

from .index import Piece
from .places import views
from .sampling import Family

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_NEAR = 0.9             # cosine from which on something else is said to be nearly the same
_SCALED = 0.9999        # cosine from which on it is said to be a multiple
_ONE = 1e-3             # how far a factor is from one where it is one
_ROWS = 256             # of an order of its own, compared at once
_HELD = 32 << 20        # bytes of a tensor that is read as a whole for that


class Sides:
    """Compares views of A's storages with views of B's."""

    def __init__(self, a: TensorReader, b: TensorReader, monitor: Monitor) -> None:
        self.a, self.b = a, b
        self.monitor = monitor

    def difference(self, x: TensorInfo, y: TensorInfo) -> Difference:
        """With figures only where they are needed: most are equal."""
        if x.dtype == y.dtype and have_same_bytes(self.a, x, self.b, y, self.monitor):
            return Difference(x.numel, equal_bytes=True)
        return difference(self.a, x.key, x, self.b, y.key, y, monitor=self.monitor)

    def differences(self, whole: TensorInfo, family: Family, pieces: Sequence[Piece], infos: Sequence[TensorInfo],
                    whole_in_a: bool) -> list[Difference] | None:
        """How each piece and where it stands in the whole differ; None where they are not the same at all."""
        found = []
        for piece, info in zip(pieces, infos, strict=True):
            both = views(whole, family, info, piece.family, piece.places) if piece.places is not None else None
            if both is None:
                if not self._same_in_order(whole, family, piece, info, whole_in_a):
                    return None
                found.append(Difference(info.numel, equal_bytes=True))
                continue
            one = self.difference(*(both if whole_in_a else both[::-1]))
            if one.problem or not is_like(one):
                return None
            found.append(one)
        return found

    def _same_in_order(self, whole: TensorInfo, family: Family, piece: Piece, info: TensorInfo, whole_in_a: bool) -> bool:
        """Slices in an order of their own, as equal numbers."""
        import numpy as np
        if len(family.each) != 1 or len(piece.family.each) != 1 or whole.dtype != info.dtype:
            return False
        mine, other = ((self.a, self.b) if whole_in_a else (self.b, self.a))
        if distinct(piece.numbers).size != len(piece.numbers):
            return False
        x, y = (permuted(one, (*of.each, *of.over)) for one, of in ((whole, family), (info, piece.family)))
        held = mine.box(x, (0,) * len(x.shape), x.shape) if x.nbytes <= _HELD else None     # thousands of short rows otherwise
        rows = max(1, min(len(piece.numbers) if held is not None else _ROWS, (8 << 20) // max(1, y.nbytes // y.shape[0])))
        for start in range(0, len(piece.numbers), rows):
            self.monitor.check()
            numbers = piece.numbers[start:start + rows]
            block = _rows(other, y, start, len(numbers))
            there = held[numbers] if held is not None else np.concatenate([_rows(mine, x, number, 1) for number in numbers.tolist()])
            if not bool(((there == block) | ((there != there) & (block != block))).all()):
                return False
        return True


def _rows(reader: TensorReader, info: TensorInfo, start: int, count: int) -> Array:
    return reader.box(info, (start,) + (0,) * (len(info.shape) - 1), (count, *info.shape[1:]))


def permuted(info: TensorInfo, order: Sequence[int]) -> TensorInfo:
    """A view of `info` with its dimensions in another order."""
    return info._replace(shape=tuple(info.shape[d] for d in order), stride=tuple(info.stride[d] for d in order))


def is_like(found: Difference) -> bool:
    return not found.n_different or bool(found.cast) or found.cosine >= _NEAR


def how_it_holds(found: Sequence[Difference], same_dtype: bool) -> tuple[str, Difference | None, float]:
    """(`Rearranged.held`, `difference`, `scale`) of an arrangement whose parts differ so."""
    if all(not one.n_different for one in found):
        return ("exact" if same_dtype else "cast"), None, 1.0
    if all(one.cast or not one.n_different for one in found):
        return "cast", max(found, key=lambda one: one.rel), 1.0
    worst = max(found, key=lambda one: one.rel)
    factors = [one.growth for one in found]
    if all(one.cosine >= _SCALED for one in found) and max(factors) - min(factors) <= _ONE * max(factors) and abs(factors[0] - 1) > _ONE:
        return "scaled", worst, sum(factors) / len(factors)
    return "near", worst, 1.0


def readable(reader: TensorReader, info: TensorInfo) -> bool:
    try:
        reader.check(info, expand=False)
    except BadTensor:
        return False
    return True
