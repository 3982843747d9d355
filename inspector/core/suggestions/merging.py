"""What one of two files changed since both came from a base, brought into the other: as edits, with the conflicts left to a person."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.comparison.differences.three_way import ThreeWay, Triple, ValueTriple
from inspector.core.comparison.pairing.pairs import Comparison
from inspector.core.comparison.pairing.sides import WHOLE
from inspector.core.comparison.pairing.values import ValueChange, same_value, values_within
from inspector.core.dtypes import DTYPES
from inspector.core.edits.copy import Copy
from inspector.core.edits.drop import Drop
from inspector.core.edits.editing import edit
from inspector.core.edits.take import Take
from inspector.core.edits.tools.common import Edit
from inspector.core.edits.tools.globs import literal
from inspector.core.edits.tools.structure import Structure
from inspector.core.errors import EditError
from inspector.core.io import addresses
from inspector.core.keypath import is_under, join, parent_of
from inspector.core.progress import QUIET, Monitor

from .differences import Differences, edits_for_differences

_MOST = 2000            # tensors that are added or dropped; more are no longer a list that somebody reads
_TRIES = 64             # tensors that cannot be taken, each found by trying


class Merge(NamedTuple):
    """`edits` of one side's file, after which it has what the other changed too, but for `conflicts` (both changed it, each in its own way)
    and `left` (no edit does it). `taken` are keys of this side that get the other's values, `added` those that come to it, `dropped` those
    that go; `values` the names of the other values that are set."""

    edits: tuple[Edit, ...]
    taken: tuple[str, ...]
    added: tuple[str, ...]
    dropped: tuple[str, ...]
    values: tuple[str, ...]
    left: tuple[Triple | ValueTriple, ...]
    conflicts: tuple[Triple | ValueTriple, ...]


def merge_of(found: ThreeWay, side: int = 0, monitor: Monitor = QUIET) -> Merge:
    """How the file of `side` (0: A, 1: B) gets what the other one changed since the base. The edits were applied to its tables. Raises
    EditError when they cannot be, Cancelled.

    >>> other = core.save({"w": np.float32([5, 6]), "v": np.ones(2)}, folder / "theirs.pth").path
    >>> base, ours = {"w": np.float32([1, 2]), "v": np.ones(2)}, {"w": np.float32([1, 2]), "v": np.zeros(2)}
    >>> merge = core.merge_of(core.compare_with_base(core.pair_up(ours, other), base))
    >>> merge.taken, core.edit(ours, merge.edits)["w"].numpy()
    (('w',), array([5., 6.], dtype=float32))
    """
    ours, theirs = _sides(found, side)
    wanted = [one for one in found.tensors if one.status == "ba"[side]]
    left: list[Triple | ValueTriple] = []
    pairs: dict[str, tuple[str, Triple]] = {}           # key here -> key there
    dropped: dict[str, Triple] = {}
    new: list[Triple] = []
    for one in wanted:
        mine, other, deed = (one.a, one.b)[side], (one.a, one.b)[1 - side], (one.in_a, one.in_b)[1 - side]
        if deed == "added":
            new.append(one)
        elif mine is None:
            left.append(one)
        elif other is None:
            dropped[mine] = one
        elif (there := _stored_key(theirs, other)) is not None:
            pairs[mine] = there, one
        else:
            left.append(one)
    left += [one for one in found.tensors if one.status == "unread"]
    if dropped.keys() >= ours.tensors.keys() or len(dropped) > _MOST:       # a file of which nothing stays is none of its edits
        left += dropped.values()
        dropped.clear()
    copies: dict[str, Edit] = {}
    for one in new:
        key = _new_key(found, side, one)
        source = _pattern_for(ours, theirs, one, side, key) if key is not None and len(copies) < _MOST else None
        if key is None or source is None or not _can_be_applied(ours, [Copy(source, key)], monitor):
            left.append(one)
        else:
            copies[key] = Copy(source, key)
            pairs[key] = _stored_key(theirs, (one.a, one.b)[1 - side] or "") or "", one
    left += _without_what_cannot_be_taken(ours, theirs, pairs, copies, monitor)
    sets = [one for one in found.values if one.status == "ba"[side]]
    edits = [*copies.values(), *_takes(theirs, pairs), *(Drop(literal(key)) for key in dropped),
             *_sets(found.comparison, [one for one in sets if not _is_in_a_new_list(one, found, side)], side, monitor)]
    after = edit(ours, edits, monitor)
    left += [one for one in sets if not _is_set(one, found, side, after)]
    return Merge(tuple(edits), tuple(key for key in pairs if key not in copies), tuple(copies), tuple(dropped),
                 tuple(one.key for one in sets if one not in left), tuple(left), found.conflicts)


def _takes(theirs: Checkpoint, pairs: Mapping[str, tuple[str, Triple]]) -> list[Edit]:
    """One edit."""
    return [Take(addresses.absolute_path(theirs.path), pairs=tuple((mine, there) for mine, (there, _) in pairs.items()))] if pairs else []


def _without_what_cannot_be_taken(ours: Checkpoint, theirs: Checkpoint, pairs: dict[str, tuple[str, Triple]], copies: dict[str, Edit],
                                  monitor: Monitor) -> list[Triple]:
    """Takes out of `pairs` and `copies` what no edit takes, found by trying. Raises EditError where that is another reason."""
    left: list[Triple] = []
    for _ in range(_TRIES):
        try:
            edit(ours, [*copies.values(), *_takes(theirs, pairs)], monitor)
            return left
        except EditError as error:                      # of one; the others can be taken
            if error.where not in pairs:
                raise
            left.append(pairs.pop(error.where)[1])
            copies.pop(error.where, None)
    left += [one for _, one in pairs.values()]
    pairs.clear()
    copies.clear()
    return left


def _sides(found: ThreeWay, side: int) -> tuple[Checkpoint, Checkpoint]:
    """Ours and theirs."""
    both = found.comparison.a, found.comparison.b
    return both[side], both[1 - side]


def _stored_key(ckpt: Checkpoint, key: str) -> str | None:
    """What a tensor is called in its file; None of one that is in no file as it is."""
    info = ckpt.tensors.get(key)
    if info is None or info.read_from is not None:
        return None
    return ckpt.edited.origin.get(key) if ckpt.edited is not None else key


def _new_key(found: ThreeWay, side: int, one: Triple) -> str | None:
    """What a tensor of the other side is to be called here; None where names here are other ones, or it has no place."""
    if found.comparison.rules:
        return None
    theirs, path = _sides(found, side)[1], found.comparison.state_dicts[side]
    info = theirs.tensors.get((one.a, one.b)[1 - side] or "")
    return None if info is None else info.key if path == WHOLE else join(path, info.name) if path else info.name


def _pattern_for(ours: Checkpoint, theirs: Checkpoint, one: Triple, side: int, key: str) -> str | None:
    """A tensor here that a new one can begin as: in the same state dict if there is one, and one that wants a gradient only where the
    new one may."""
    info = theirs.tensors[(one.a, one.b)[1 - side] or ""]
    known = DTYPES.get(info.dtype)
    may = known is not None and known.kind in ("float", "complex")

    def rank(mine: TensorInfo) -> tuple[bool, bool, int]:
        common = next((n for n, (x, y) in enumerate(zip(mine.key, key, strict=False)) if x != y), min(len(mine.key), len(key)))
        return mine.state_dict is not None and is_under(key, mine.state_dict), mine.requires_grad == info.requires_grad, common

    fitting = [mine for mine in ours.tensors.values() if may or not mine.requires_grad]
    return max(fitting, key=rank).key if fitting else None


def _can_be_applied(ckpt: Checkpoint, edits: Sequence[Edit], monitor: Monitor) -> bool:
    try:
        edit(ckpt, edits, monitor)
    except EditError:
        return False
    return True


def _sets(comparison: Comparison, values: Sequence[ValueTriple], side: int, monitor: Monitor) -> list[Edit]:
    """What sets them, each that can be set."""
    try:
        return [*edits_for_differences("values", Differences(comparison, (), tuple(map(_change, values))), side, monitor)]
    except EditError:
        return [found for one in values for found in _sets(comparison, [one], side, monitor)] if len(values) > 1 else []


def _is_in_a_new_list(one: ValueTriple, found: ThreeWay, side: int) -> bool:
    """Whether a value stands in a list that is not here: what would be made of it is a dict."""
    theirs, path = _sides(found, side)[1], found.comparison.state_dicts[1 - side]
    place = parent_of(one.key if path in ("", WHOLE) else join(path, one.key))
    return (one.a, one.b)[side] is None and one.where == "value" and Structure(theirs).is_list(place)


def _change(one: ValueTriple) -> ValueChange:
    return ValueChange(one.key, one.a, one.b, one.where)


def _is_set(one: ValueTriple, found: ThreeWay, side: int, after: Checkpoint) -> bool:
    """Whether a value is now what the other side has."""
    theirs, paths = _sides(found, side)[1], found.comparison.state_dicts
    if one.where == "metadata":
        return after.metadata.get(one.key) == theirs.metadata.get(one.key)
    here, there = (values_within(ckpt, paths[which]) for ckpt, which in ((after, side), (theirs, 1 - side)))
    return (one.key in here) == (one.key in there) and (one.key not in there or same_value(here[one.key], there[one.key]))


__all__ = ["Merge", "merge_of"]
