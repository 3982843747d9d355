"""What a person wants done about differences, as edits of one side. No Qt.

`side` is 0 for A and 1 for B; the other side is the pattern.
"""
from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from inspector import core

MOST = 2000             # edits at once; more are no longer a list that somebody reads
_OTHER = ("values", "dtype", "shape")        # statuses of pairs whose tensors are not the same


def offers(comparison: core.Comparison, pairs: Sequence[core.Pair], changes: Sequence[core.ValueChange],
           side: int) -> dict[str, Callable[[], Sequence[core.Edit]]]:
    """What could be done on one side about `pairs` and other values: "names", "dtypes", "devices", "values" (as the other side has
    them), "tensors" (theirs in place of ours), "drop" -> what works the edits out."""
    both = [pair for pair in pairs if pair.a is not None and pair.b is not None]
    there = [pair for pair in pairs if _key(pair, side)]
    found: dict[str, Callable[[], Sequence[core.Edit]]] = {}
    if any(pair.rule >= 0 for pair in both):
        found["names"] = partial(same_names, comparison, both, side)
    if any(pair.status == "dtype" for pair in both):
        found["dtypes"] = partial(same_dtypes, comparison, both, side)
    if any(pair.device for pair in both):
        found["devices"] = partial(same_devices, comparison, both, side)
    if any(pair.status in _OTHER for pair in both):
        found["tensors"] = partial(their_tensors, comparison, both, side)
    if changes:
        found["values"] = partial(same_values, comparison, changes, side)
    if there:
        found["drop"] = partial(without, comparison, there, side)
    return found


def same_names(comparison: core.Comparison, chosen: Iterable[core.Pair], side: int) -> Sequence[core.Edit]:
    """The tensors of the `chosen` pairs get the names that they have on the other side, in as few steps as can be."""
    ours, theirs = _sides(comparison, side)
    wanted = [pair for pair in chosen if pair.a is not None and pair.b is not None]
    fixed = [pair for pair in comparison.pairs if pair.a is not None and pair.b is not None and pair.rule < 0]
    targets = {ours.tensors[_key(pair, side)].name: theirs.tensors[_key(pair, 1 - side)].name for pair in (*fixed, *wanted)}
    steps, _ = core.steps_for([ours.tensors[key].name for key in _within(comparison, side)], targets)
    return [core.parse_edit(option, text) for option, text in steps]


def without(comparison: core.Comparison, chosen: Iterable[core.Pair], side: int) -> Sequence[core.Edit]:
    """The `chosen` tensors are dropped: whole groups where nothing else lies in them, then single keys."""
    keys = list(dict.fromkeys(key for pair in chosen if (key := _key(pair, side))))
    gone = set(keys)
    kept_groups = {group for key in _sides(comparison, side)[0].tensors if key not in gone for group in _groups(key)}
    globs = dict.fromkeys(next((group for group in _groups(key) if group not in kept_groups), key) for key in keys)
    return [core.Drop(_escaped(glob)) for glob in globs][:MOST]


def same_dtypes(comparison: core.Comparison, chosen: Iterable[core.Pair], side: int) -> Sequence[core.Edit]:
    """The tensors of the `chosen` pairs get the dtype of the other side; one edit where that is the same for all of the file."""
    ours, theirs = _sides(comparison, side)
    wanted = {_key(pair, side): theirs.tensors[_key(pair, 1 - side)].dtype for pair in chosen if pair.status == "dtype"}
    if not wanted:
        return []
    targets = set(wanted.values())
    floats = {key for key, info in ours.tensors.items() if info.dtype in core.DTYPES and core.DTYPES[info.dtype].kind == "float"}
    if len(targets) == 1 and wanted.keys() == floats:
        return [core.Cast(targets.pop())]
    return [core.Cast(dtype, _escaped(key)) for key, dtype in wanted.items()][:MOST]


def their_tensors(comparison: core.Comparison, chosen: Iterable[core.Pair], side: int) -> Sequence[core.Edit]:
    """The tensors of the `chosen` pairs become those of the other side's file, as one edit. Left out are those that edits of the
    other side wait to change: what would be taken is in no file yet."""
    theirs = _sides(comparison, side)[1]
    wanted = []
    for pair in chosen:
        there = _key(pair, 1 - side)
        if pair.status in _OTHER and theirs.tensors[there].read_from is None:
            wanted.append((_key(pair, side), theirs.edited.origin[there] if theirs.edited else there))
    return [core.Take(os.path.abspath(theirs.path), pairs=tuple(wanted))] if wanted else []


def same_devices(comparison: core.Comparison, chosen: Iterable[core.Pair], side: int) -> Sequence[core.Edit]:
    """The devices of the `chosen` pairs become the other side's, where one device has one counterpart."""
    ours, theirs = _sides(comparison, side)
    mapping: dict[str, set[str]] = {}
    for pair in chosen:
        if pair.device:
            mine, wanted = ours.tensors[_key(pair, side)].device, theirs.tensors[_key(pair, 1 - side)].device
            mapping.setdefault(mine or "", set()).add(wanted or "")
    clear = {mine: wanted.pop() for mine, wanted in mapping.items() if len(wanted) == 1}
    return [core.RemapDevices(clear)] if clear else []


def same_values(comparison: core.Comparison, chosen: Sequence[core.ValueChange], side: int) -> Sequence[core.Edit]:
    """The other values become those of the other side; what only this side has goes. Values that need code stay as they are."""
    _, theirs = _sides(comparison, side)
    edits: list[core.Edit] = []
    for change in chosen[:MOST]:
        wanted = (change.a, change.b)[1 - side]
        if change.where == "metadata":
            text = theirs.metadata.get(change.key)
            if wanted is None or isinstance(text, str):
                edits.append(core.SetMetadata(change.key, None if wanted is None else text))
            continue
        path, there = (_path(comparison.state_dicts[one], change.key) for one in (side, 1 - side))
        if wanted is None:
            edits.append(core.SetValue(path, delete=True))
        else:
            value = theirs.values.get(there)
            if isinstance(value, (bool, int, float, str)) or value is None:
                edits.append(core.SetValue(path, value))
    return edits


def _sides(comparison: core.Comparison, side: int) -> tuple[core.Checkpoint, core.Checkpoint]:
    return (comparison.a, comparison.b) if side == 0 else (comparison.b, comparison.a)


def _within(comparison: core.Comparison, side: int) -> list[str]:
    """Keys of the compared state dict."""
    ckpt, path = _sides(comparison, side)[0], comparison.state_dicts[side]
    return [key for key, info in ckpt.tensors.items() if path == core.WHOLE or info.state_dict == path]


def _key(pair: core.Pair, side: int) -> str:
    """The key on one side, "" where it has none."""
    return (pair.a, pair.b)[side] or ""


def _path(state_dict: str, key: str) -> str:
    return key if state_dict in ("", core.WHOLE) else f"{state_dict}.{key}"


def _groups(key: str) -> list[str]:
    """The groups above a key, outermost first, as far as anybody nests them."""
    segments = key.split(".", 64)
    return [".".join(segments[:n]) for n in range(1, len(segments))]


def _escaped(key: str) -> str:
    """A glob that means `key`. Braces, which cannot be escaped, may be any letter."""
    return "".join(f"[{char}]" if char in "*?[" else "?" if char in "{}" else char for char in key)
