"""What a person wants done about differences of two files, as edits of one of them.

`side` is 0 for A and 1 for B: the one that is edited; the other is the pattern.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.comparison.loading.renaming import steps_for
from inspector.core.comparison.pairing.pairs import Comparison, Pair
from inspector.core.comparison.pairing.sides import WHOLE
from inspector.core.comparison.pairing.values import ValueChange
from inspector.core.dtypes import DTYPES
from inspector.core.edits.cast import Cast
from inspector.core.edits.dequantize import Dequantize
from inspector.core.edits.drop import Drop
from inspector.core.edits.editing import edit
from inspector.core.edits.recipe import parse_edit
from inspector.core.edits.remap_devices import RemapDevices
from inspector.core.edits.set_metadata import SetMetadata
from inspector.core.edits.set_value import SetValue
from inspector.core.edits.take import Take
from inspector.core.edits.tools.common import Edit, origin_of
from inspector.core.edits.tools.globs import literal
from inspector.core.io import addresses
from inspector.core.progress import QUIET, Monitor

_MOST = 2000            # edits at once; more are no longer a list that somebody reads
_OTHER = ("values", "dtype", "shape")        # statuses of pairs whose tensors are not the same
_DEEPEST = 64           # segments of a key that are told apart

Wish = Literal["names", "dtypes", "devices", "tensors", "values", "drop"]
"""What can be asked for: the names, dtypes, devices, tensors (elements, shape and dtype) or other values of the other side, or that
what this side has goes."""


class Differences(NamedTuple):
    """Some of the differences of a comparison: `pairs` of tensors, and other values that `changes` tells about.

    >>> found = core.compare({"w": np.float32([1, 2])}, {"w": np.float32([1, 3]), "x": np.ones(2)})
    >>> core.wishes_about(core.Differences(found, found.pairs), 0)
    ['tensors', 'drop']
    """

    comparison: Comparison
    pairs: tuple[Pair, ...] = ()
    changes: tuple[ValueChange, ...] = ()


def wishes_about(differences: Differences, side: int) -> list[Wish]:
    """What could be asked for on one side about these differences.

    >>> found = core.compare({"w": np.float32([1, 2])}, {"w": np.float64([1, 3])})
    >>> core.wishes_about(core.Differences(found, found.pairs), 0)
    ['dtypes', 'tensors', 'drop']
    """
    pairs, packed = differences.pairs, tuple[Pair, ...]()
    if differences.comparison.stored is not None:
        packed = tuple(pair for pair in pairs if _is_packed(differences.comparison, pair))
        pairs = tuple(pair for pair in pairs if pair not in packed)
    # in one pass: there are a hundred thousand pairs, and few kinds of them
    kinds = {(pair.a is None, pair.b is None, pair.rule >= 0, pair.status, pair.device) for pair in pairs}
    both = [(renamed, status, device) for no_a, no_b, renamed, status, device in kinds if not no_a and not no_b]
    there: dict[Wish, bool] = {
        "names": any(renamed for renamed, _, _ in both), "dtypes": any(status == "dtype" for _, status, _ in both),
        "devices": any(device for _, _, device in both), "tensors": any(status in _OTHER for _, status, _ in both),
        "values": bool(differences.changes), "drop": any(_key(pair, side) for pair in pairs)}
    there["drop"] = there["drop"] or any(_key(pair, side) for pair in packed)
    there["dtypes"] = there["dtypes"] or any(_can_be_unpacked(differences.comparison, pair, side) for pair in packed)
    return [wish for wish, possible in there.items() if possible]


def edits_for_differences(wish: Wish, differences: Differences, side: int, monitor: Monitor = QUIET) -> tuple[Edit, ...]:
    """Edits of one side's file after which it is as wished, at most 2,000. They were applied to its tables and do something for these
    differences; () when nothing does. Raises EditError that says why they cannot be applied, Cancelled.

    >>> found = core.compare({"w": np.float32([1, 2])}, {"w": np.float64([1, 2])})
    >>> core.edits_for_differences("dtypes", core.Differences(found, found.pairs), 0)
    (Cast(dtype='float64', glob='*'),)
    """
    about_packed: list[Edit] = []
    if differences.comparison.stored is not None:
        about_packed, differences = _about_packed(wish, differences, side), _as_stored(differences)
    edits = (*_MAKE[wish](differences, side), *about_packed)[:_MOST]
    if not edits:
        return ()
    ours = _sides(differences.comparison, side)[0]
    if about_packed:                            # each names what there is, and is applied to see that it can be
        edit(ours, edits, monitor)
        return edits
    return edits if _helps(wish, differences, side, ours, edit(ours, edits, monitor)) else ()


def _is_packed(comparison: Comparison, pair: Pair) -> bool:
    infos = (comparison.a.tensors.get(pair.a or ""), comparison.b.tensors.get(pair.b or ""))
    return any(info is not None and info.unpacked is not None for info in infos)


def _can_be_unpacked(comparison: Comparison, pair: Pair, side: int) -> bool:
    """Whether ours is packed, and theirs a plain tensor of a floating type."""
    ours, theirs = (ckpt.tensors.get(_key(pair, which)) for which, ckpt in zip((side, 1 - side), _sides(comparison, side), strict=True))
    return ours is not None and ours.unpacked is not None and theirs is not None and theirs.unpacked is None \
        and theirs.dtype in DTYPES and DTYPES[theirs.dtype].kind == "float"


def _about_packed(wish: Wish, differences: Differences, side: int) -> list[Edit]:
    """What goes of a packed tensor are all its parts; another type is what it is unpacked to."""
    comparison = differences.comparison
    ours, theirs = _sides(comparison, side)
    if wish == "dtypes":
        return [Dequantize(theirs.tensors[_key(pair, 1 - side)].dtype, literal(_key(pair, side))) for pair in differences.pairs
                if _can_be_unpacked(comparison, pair, side)]
    if wish != "drop" or comparison.stored is None:
        return []
    there = comparison.stored[side].tensors
    keys = dict.fromkeys(part.key for pair in differences.pairs if (info := ours.tensors.get(_key(pair, side))) is not None
                         for _, part in (info.unpacked.sources if info.unpacked is not None else ()))
    return [Drop(literal(key)) for key in keys if key in there]


def _as_stored(differences: Differences) -> Differences:
    """The same of what is not packed, whose keys and tensors are those of the files."""
    comparison, stored = differences.comparison, differences.comparison.stored
    assert stored is not None
    pairs = tuple(pair for pair in comparison.pairs if not _is_packed(comparison, pair))
    return Differences(replace(comparison, a=stored[0], b=stored[1], pairs=pairs, stored=None),
                       tuple(pair for pair in differences.pairs if not _is_packed(comparison, pair)), differences.changes)


def _helps(wish: Wish, differences: Differences, side: int, before: Checkpoint, after: Checkpoint) -> bool:
    """Whether what was wished for is so of at least one of the tensors or values in question."""
    if wish == "values":
        return before.values != after.values or before.metadata != after.metadata
    theirs = _sides(differences.comparison, side)[1].tensors
    old, now = origin_of(before), {source: key for key, source in origin_of(after).items()}
    for pair in differences.pairs:
        mine, other = _key(pair, side), _key(pair, 1 - side)
        key = now.get(old.get(mine, "")) if mine else None
        info = after.tensors.get(key) if key is not None else None
        if wish == "drop" and mine and key is None:
            return True
        if mine and other and info is not None and _is_so(wish, before.tensors[mine], info, theirs[other]):
            return True
    return False


def _is_so(wish: Wish, was: TensorInfo, now: TensorInfo, wanted: TensorInfo) -> bool:
    if wish == "names":
        return now.name == wanted.name != was.name
    if wish == "dtypes":
        return now.dtype == wanted.dtype != was.dtype
    if wish == "devices":
        return now.device == wanted.device != was.device
    return wish == "tensors" and now.storage != was.storage and (now.shape, now.dtype) == (wanted.shape, wanted.dtype)


# -- the edits ------------------------------------------------------------------------------------------------------------------

def _same_names(differences: Differences, side: int) -> list[Edit]:
    """In as few steps as can be, and without touching tensors that are paired as they are."""
    comparison = differences.comparison
    ours, theirs = _sides(comparison, side)
    wanted = _paired(differences.pairs)
    fixed = [pair for pair in _paired(comparison.pairs) if pair.rule < 0]
    targets = {ours.tensors[_key(pair, side)].name: theirs.tensors[_key(pair, 1 - side)].name for pair in (*fixed, *wanted)}
    path = comparison.state_dicts[side]
    names = [info.name for info in ours.tensors.values() if path == WHOLE or info.state_dict == path]
    return [parse_edit(option, text) for option, text in steps_for(names, targets)[0]]


def _without(differences: Differences, side: int) -> list[Edit]:
    """Whole groups where nothing else lies in them, then single keys."""
    keys = list(dict.fromkeys(key for pair in differences.pairs if (key := _key(pair, side))))
    gone = set(keys)
    tensors = _sides(differences.comparison, side)[0].tensors
    kept = {group for key in tensors if key not in gone for group in _groups(key)}
    paths = dict.fromkeys(next((group for group in _groups(key) if group not in kept), key) for key in keys)
    return [Drop(literal(path)) for path in paths]


def _same_dtypes(differences: Differences, side: int) -> list[Edit]:
    """One edit where all floating tensors of the file become the same."""
    ours, theirs = _sides(differences.comparison, side)
    wanted = {_key(pair, side): theirs.tensors[_key(pair, 1 - side)].dtype
              for pair in _paired(differences.pairs) if pair.status == "dtype"}
    targets = set(wanted.values())
    floats = {key for key, info in ours.tensors.items() if info.dtype in DTYPES and DTYPES[info.dtype].kind == "float"}
    if len(targets) == 1 and wanted.keys() == floats:
        return [Cast(targets.pop())]
    return [Cast(dtype, literal(key)) for key, dtype in wanted.items()]


def _their_tensors(differences: Differences, side: int) -> list[Edit]:
    """One edit. Left out are tensors that edits of the other side wait to change: what would be taken is in no file yet."""
    theirs = _sides(differences.comparison, side)[1]
    origin = theirs.edited.origin if theirs.edited else {}
    wanted = [(_key(pair, side), origin.get(there, there)) for pair in _paired(differences.pairs)
              if pair.status in _OTHER and theirs.tensors[there := _key(pair, 1 - side)].read_from is None]
    return [Take(addresses.absolute_path(theirs.path), pairs=tuple(wanted))] if wanted else []


def _same_devices(differences: Differences, side: int) -> list[Edit]:
    """Where one device has one counterpart."""
    ours, theirs = _sides(differences.comparison, side)
    mapping: dict[str, set[str]] = {}
    for pair in _paired(differences.pairs):
        if pair.device:
            mine, wanted = ours.tensors[_key(pair, side)].device, theirs.tensors[_key(pair, 1 - side)].device
            mapping.setdefault(mine or "", set()).add(wanted or "")
    clear = {mine: wanted.pop() for mine, wanted in mapping.items() if len(wanted) == 1}
    return [RemapDevices(clear)] if clear else []


def _same_values(differences: Differences, side: int) -> list[Edit]:
    """What only this side has goes. Values that need code stay as they are."""
    comparison = differences.comparison
    theirs = _sides(comparison, side)[1]
    edits: list[Edit] = []
    for change in differences.changes[:_MOST]:
        wanted = (change.a, change.b)[1 - side]
        if change.where == "metadata":
            text = theirs.metadata.get(change.key)
            if wanted is None or isinstance(text, str):
                edits.append(SetMetadata(change.key, None if wanted is None else text))
            continue
        path, there = (_path(comparison.state_dicts[one], change.key) for one in (side, 1 - side))
        if wanted is None:
            edits.append(SetValue(path, delete=True))
        else:
            value = theirs.values.get(there)
            if isinstance(value, (bool, int, float, str)) or (value is None and there in theirs.values):
                edits.append(SetValue(path, value))
    return edits


_MAKE: Mapping[Wish, Callable[[Differences, int], Iterable[Edit]]] = {
    "names": _same_names, "dtypes": _same_dtypes, "devices": _same_devices, "tensors": _their_tensors, "values": _same_values,
    "drop": _without}


def _sides(comparison: Comparison, side: int) -> tuple[Checkpoint, Checkpoint]:
    return (comparison.a, comparison.b) if side == 0 else (comparison.b, comparison.a)


def _paired(pairs: Sequence[Pair]) -> list[Pair]:
    return [pair for pair in pairs if pair.a is not None and pair.b is not None]


def _key(pair: Pair, side: int) -> str:
    """The key on one side, "" where it has none."""
    return (pair.a, pair.b)[side] or ""


def _path(state_dict: str, key: str) -> str:
    return key if state_dict in ("", WHOLE) else f"{state_dict}.{key}"


def _groups(key: str) -> list[str]:
    """The groups above a key, outermost first, as far as anybody nests them."""
    segments = key.split(".", _DEEPEST)
    return [".".join(segments[:n]) for n in range(1, len(segments))]
