"""How one file is made what another is, as edits: the arrangements that were found, then the names, then the element types.

The edits were applied to the tables before they are given; what they cannot do is named. The way back is the same from the other side.
"""
from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.comparison.loading.renaming import steps_for
from inspector.core.comparison.pairing.pairs import WHOLE, Comparison, Grown, Pair, Rearranged
from inspector.core.edits.cast import Cast
from inspector.core.edits.concat import Concat
from inspector.core.edits.editing import edit
from inspector.core.edits.recipe import parse_edit
from inspector.core.edits.reorder import Reorder
from inspector.core.edits.reshape import Reshape
from inspector.core.edits.resize import Resize, copy_of
from inspector.core.edits.split import Split
from inspector.core.edits.tools.common import Edit
from inspector.core.edits.tools.globs import literal
from inspector.core.edits.transpose import Transpose
from inspector.core.keypath import join
from inspector.core.progress import QUIET, Monitor

_MOST = 20000               # edits; with more, nobody is helped
_BACK = {"halves": "pairs", "pairs": "halves"}
_OTHER_WAY = {"grown": "cut", "cut": "grown"}
_FILLS = {"mean": "mean", "near-mean": "mean", "zeros": "zero"}     # what `Resize` makes new slices of
_MATRIX = 2             # dimensions
_NUMBER = re.compile(r"(?<![^.])\d+(?![^.])")


class Conversion(NamedTuple):
    """`edits` make one file what the other is, but for `left`: what they cannot do. `done` says how many tensors then have the other's
    name, shape and element type, of `of`."""

    edits: tuple[Edit, ...]
    left: tuple[Rearranged, ...]
    done: int
    of: int


def conversion_of(comparison: Comparison, side: int = 0, monitor: Monitor = QUIET, *,
                  only: Sequence[Rearranged | Pair] | None = None) -> Conversion:
    """How the file of `side` (0: A, 1: B) becomes what the other one is; with `only`, as far as these of the comparison's relations and
    pairs say. Raises Cancelled, EditError when the edits cannot be applied.

    >>> found = core.conversion_of(core.compare({"module.w": np.ones(3)}, {"w": np.ones(3)}))
    >>> found.edits, found.done, found.of
    ((StripPrefix(prefix='module.'),), 1, 1)
    """
    if only is not None:
        comparison = replace(comparison, rearranged=tuple(one for one in only if isinstance(one, Rearranged)),
                             pairs=tuple(one for one in only if isinstance(one, Pair)))
    if side:
        comparison = mirrored(comparison)
    made = _Conversion(comparison, alone=only is not None)
    edits = tuple(made.edits())[:_MOST]
    after = edit(comparison.a, edits, monitor).tensors
    place = comparison.state_dicts[1]
    meant = None if only is None else {*(key for one in comparison.rearranged for key in one.b), *(pair.b for pair in comparison.pairs)}
    wanted = [info for key, info in comparison.b.tensors.items() if place in (WHOLE, info.state_dict) and (meant is None or key in meant)]
    there = [(info, after.get(made.key(info))) for info in wanted]
    done = sum(mine is not None and (mine.shape, mine.dtype) == (info.shape, info.dtype) for info, mine in there)
    return Conversion(edits, tuple(made.left), done, len(wanted))


def mirrored(comparison: Comparison) -> Comparison:
    """The same, seen from B."""
    return replace(comparison, a=comparison.b, b=comparison.a, state_dicts=comparison.state_dicts[::-1], rules=tuple(
        rule.back() for rule in comparison.rules), pairs=tuple(
            pair._replace(a=pair.b, b=pair.a, difference=pair.difference and pair.difference.back()) for pair in comparison.pairs),
        rearranged=tuple(_turned_round(one) for one in comparison.rearranged))


def _turned_round(one: Rearranged) -> Rearranged:
    dims = tuple(one.dims.index(d) for d in range(len(one.dims))) if one.kind in ("transposed", "permuted") else one.dims
    back = one._replace(kind=_OTHER_WAY.get(one.kind, one.kind), a=one.b, b=one.a, dims=dims)
    return back._replace(orders=tuple(_BACK.get(order, order) for order in one.orders), scale=1 / one.scale if one.scale else one.scale,
                         difference=one.difference and one.difference.back())


class _Conversion:
    """A's file on its way to B's. `alone`: what the comparison does not speak of keeps its name."""

    def __init__(self, comparison: Comparison, *, alone: bool = False) -> None:
        self.comparison, self.alone = comparison, alone
        self.left: list[Rearranged] = []

    def key(self, info: TensorInfo) -> str:
        """The key that a tensor of B has in A's file."""
        place = self.comparison.state_dicts[0]
        return info.key if place == WHOLE else join(place, info.name) if place else info.name

    def edits(self) -> Iterator[Edit]:
        a, b = self.comparison.a.tensors, self.comparison.b.tensors
        done: list[Rearranged] = []
        for one in self.comparison.rearranged:
            if one.held in ("exact", "cast", "near") and can_be_done(one, a, b):
                done.append(one)
            else:
                self.left.append(one)
        yield from _shortened([step for one in done for step in self._steps(one)], self.comparison.a)
        gone = {key for one in done for key in one.a}
        targets = {a[one.a[0]].name: b[one.b[0]].name for one in done if len(one.a) == len(one.b) == 1}
        targets |= {a[pair.a].name: b[pair.b].name for pair in self.comparison.pairs
                    if pair.a is not None and pair.b is not None and pair.a not in gone}
        new = [b[key].name for one in done if len(one.a) > 1 or len(one.b) > 1 for key in one.b]
        names = [info.name for key, info in a.items() if self._is_meant(info) and (key not in gone or info.name in targets)]
        kept = [*new, *(name for name in names if self.alone and name not in targets)]
        steps, _ = steps_for([*names, *new], {**targets, **{name: name for name in kept}})
        yield from (parse_edit(option, text) for option, text in steps)
        yield from self._types([b[pair.b or ""] for pair in self.comparison.pairs if _needs_cast(pair)]
                               + [b[key] for one in done if one.held == "cast" for key in one.b if b[key].dtype != a[one.a[0]].dtype])

    def _is_meant(self, info: TensorInfo) -> bool:
        return self.comparison.state_dicts[0] in (WHOLE, info.state_dict)

    def _steps(self, one: Rearranged) -> list[Edit]:
        """The edits for one, with plain keys for patterns; names of what stays one tensor come later."""
        b = self.comparison.b.tensors
        orders = one.orders or ("",) * max(len(one.a), len(one.b))
        if one.grown is not None:
            size = one.grown.common + (one.grown.more if one.kind == "grown" else 0)
            return [Resize(one.a[0], one.dims[0], size, "mean" if one.kind == "cut" else fill_of(one.grown))]
        if one.kind == "reshaped":
            return [Reshape(one.a[0], b[one.b[0]].shape)]
        if one.kind == "stacked":
            return self._stacked(one)
        if _is_interleaved(one):
            return self._interleaved(one)
        if len(one.a) > 1:
            return [*(Transpose(key) for key in one.a if one.turned),
                    *(Reorder(key, order, one.groups) for key, order in zip(one.a, orders, strict=True) if order),
                    Concat(one.a, self.key(b[one.b[0]]), one.dims[0])]
        if len(one.b) > 1:
            dim, keys = one.dims[0], [self.key(b[key]) for key in one.b]
            sizes = [b[key].shape[1 - dim if one.turned else dim] for key in one.b]
            parts = tuple((key, -1 if len(set(sizes)) == 1 else size) for key, size in zip(keys, sizes, strict=True))
            # in the whole they are as the parts are once they are turned back
            return [Split(one.a[0], dim, parts), *(Transpose(key) for key in keys if one.turned),
                    *(Reorder(key, order, one.groups) for key, order in zip(keys, orders, strict=True) if order)]
        if one.kind in ("transposed", "permuted"):
            last = (*range(len(one.dims) - 2), len(one.dims) - 1, len(one.dims) - 2)
            return [Transpose(one.a[0], () if one.dims == last else one.dims)]
        return [Reorder(one.a[0], orders[0], one.groups)] if one.kind == "reordered" else []

    def _stacked(self, one: Rearranged) -> list[Edit]:
        """Each gets the dimension along which they are joined, of one, or loses it; before that, those of one slice are joined (`gate` and
        `up` of an expert), or after it parted."""
        dim, is_joining = one.dims[0], len(one.a) > 1
        shape, keys, whole = self._pieces(one)
        each = len(keys) // whole.shape[dim]
        slices = [keys[n:n + each] for n in range(0, len(keys), each)]
        inner = (*whole.shape[:dim], *whole.shape[dim + 1:]) if each > 1 else shape
        single = (*inner[:dim], 1, *inner[dim:])
        along = one.dims[-1] - (one.dims[-1] > dim)          # those of one slice are joined
        turned: list[Edit] = [Transpose(key) for key in keys if one.turned]
        if is_joining:
            return [*turned, *(Concat(several, several[0], along) for several in slices if each > 1),
                    *(Reshape(several[0], single) for several in slices),
                    Concat(tuple(several[0] for several in slices), self.key(self.comparison.b.tensors[one.b[0]]), dim)]
        return [Split(one.a[0], dim, tuple((several[0], 1) for several in slices)), *(Reshape(several[0], inner) for several in slices),
                *(Split(several[0], along, tuple((key, -1) for key in several)) for several in slices if each > 1), *turned]

    def _interleaved(self, one: Rearranged) -> list[Edit]:
        """Rows of the parts that come in turns, some of each (a `query_key_value`, head by head): turns and parts become dimensions."""
        is_joining = len(one.a) > 1
        shape, keys, whole = self._pieces(one)
        rows = shape[0] // one.groups
        if is_joining:
            key = self.key(self.comparison.b.tensors[one.b[0]])
            return [*(Reshape(part, (one.groups, 1, rows, *shape[1:])) for part in keys), Concat(keys, key, 1), Reshape(key, whole.shape)]
        return [Reshape(one.a[0], (one.groups, len(keys), rows, *shape[1:])), Split(one.a[0], 1, tuple((part, 1) for part in keys)),
                *(Reshape(part, shape) for part in keys)]

    def _pieces(self, one: Rearranged) -> tuple[tuple[int, ...], tuple[str, ...], TensorInfo]:
        """(shape of the pieces as they lie in the whole, their keys in A's file, the whole)."""
        a, b = self.comparison.a.tensors, self.comparison.b.tensors
        is_joining = len(one.a) > 1
        shape = (a[one.a[0]] if is_joining else b[one.b[0]]).shape
        keys = one.a if is_joining else tuple(self.key(b[key]) for key in one.b)
        return shape[::-1] if one.turned else shape, keys, b[one.b[0]] if is_joining else a[one.a[0]]

    def _types(self, wanted: Sequence[TensorInfo]) -> Iterator[Edit]:
        types = {info.dtype for info in wanted}
        if len(types) == 1 and len(wanted) == len(self.comparison.b.tensors):
            yield Cast(types.pop())
            return
        for info in wanted:
            yield Cast(info.dtype, literal(self.key(info)))


def _needs_cast(pair: Pair) -> bool:
    """Whether the two are one but for their element types, whichever of them holds more."""
    return pair.status == "dtype" and pair.difference is not None and (not pair.difference.n_different or bool(pair.difference.cast))


def _is_interleaved(one: Rearranged) -> bool:
    return one.kind == "joined" and one.dims == (0,) and not one.turned and bool(one.groups) and set(one.orders) == {"groups"}


def _are_alike(one: Rearranged, a: Mapping[str, TensorInfo], b: Mapping[str, TensorInfo]) -> bool:
    """Whether pieces of one shape fill the whole slice by slice, or in turns."""
    if len(one.a) > 1:
        pieces, whole = [a[key].shape for key in one.a], b[one.b[0]].shape
    else:
        pieces, whole = [b[key].shape for key in one.b], a[one.a[0]].shape
    piece = pieces[0][::-1] if one.turned else pieces[0]
    if len(set(pieces)) > 1 or (one.turned and len(piece) != _MATRIX):
        return False
    if one.kind == "joined":
        return bool(piece) and piece[0] % one.groups == 0 and whole == (piece[0] * len(pieces), *piece[1:])
    dim = one.dims[0]
    each, left = divmod(len(pieces), whole[dim])
    inner = (*whole[:dim], *whole[dim + 1:])
    if any(one.orders) or left or not each:
        return False
    if each == 1:
        return len(one.dims) == 1 and inner == piece
    along = one.dims[-1] - 1
    return len(one.dims) == _MATRIX and dim == 0 and along >= 0 and \
        inner == tuple(size * each if d == along else size for d, size in enumerate(piece))


def can_be_done(one: Rearranged, a: Mapping[str, TensorInfo], b: Mapping[str, TensorInfo]) -> bool:
    if one.held == "cast" and any(a[key].dtype != a[one.a[0]].dtype for key in one.a):
        return False
    if one.grown is not None:               # `Resize` cuts at the end, and adds there
        return not one.grown.start and (one.kind == "cut" or bool(fill_of(one.grown)))
    if _is_interleaved(one):
        return _are_alike(one, a, b)
    if any(order not in ("", *_BACK) for order in one.orders) or (any(one.orders) and not one.groups):
        return False
    if one.kind == "reshaped":
        return not one.turned and not any(one.orders)
    if one.kind == "stacked":
        return _are_alike(one, a, b)
    if one.kind == "joined":
        piece = a[one.a[0]] if len(one.a) > 1 else b[one.b[0]]
        return len(one.dims) == 1 and (not one.turned or len(piece.shape) == 2) and (not any(one.orders) or not one.turned)
    return one.kind in ("transposed", "permuted", "moved") or (one.kind == "reordered" and one.dims == (0,) and not one.turned)


def fill_of(grown: Grown) -> str:
    """What `Resize` has new slices made of where they are `grown.made`; "" where they have to come from the other file."""
    return copy_of(grown.row) if grown.made == "copy" else _FILLS.get(grown.made, "")


# -- few edits for many layers -------------------------------------------------------------------------------------------------------

def _shortened(steps: Sequence[Edit], ckpt: Checkpoint) -> Iterator[Edit]:
    """Steps that differ in the numbers of layers only as one with a `*` for them, where that means the same; keys as patterns else.
    Steps on different tensors may change places, those on one stay in their order."""
    groups: dict[Edit, list[Edit]] = defaultdict(list)
    for step in steps:
        groups[_starred(step)].append(step)
    known = [*ckpt.tensors, *(key for step in steps if isinstance(step, Split) for key, _ in step.parts)]
    for starred, several in groups.items():
        wanted = {key for step in several for key in _reads(step)}
        pattern = [re.compile("(.+)".join(map(re.escape, name.split("*")))) for name in _reads(starred)]
        if len(several) > 1 and {key for key in known if any(one.fullmatch(key) for one in pattern)} == wanted:
            yield starred
        else:
            yield from (_literal(step) for step in several)


def _starred(step: Edit) -> Edit:
    """With the first number that is a segment of a name left open."""
    def star(name: str) -> str:
        return _NUMBER.sub("*", name, count=1)
    if isinstance(step, Split):
        return Split(star(step.key), step.dim, tuple((star(name), size) for name, size in step.parts))
    if isinstance(step, Concat):
        return Concat(tuple(map(star, step.parts)), star(step.key), step.dim)
    if isinstance(step, Reorder):
        return Reorder(star(step.glob), step.order, step.heads)
    if isinstance(step, Resize):
        return replace(step, key=star(step.key))
    return replace(step, glob=star(step.glob)) if isinstance(step, Reshape | Transpose) else step


def _reads(step: Edit) -> Iterable[str]:
    if isinstance(step, Split | Resize):
        return (step.key,)
    if isinstance(step, Concat):
        return step.parts
    return (step.glob,) if isinstance(step, Reorder | Reshape | Transpose) else ()


def _literal(step: Edit) -> Edit:
    """Of a step that names keys, the edit that means just them."""
    if isinstance(step, Reorder):
        return Reorder(literal(step.glob), step.order, step.heads)
    return replace(step, glob=literal(step.glob)) if isinstance(step, Reshape | Transpose) else step

