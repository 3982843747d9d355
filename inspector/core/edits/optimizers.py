"""Which state of an optimizer belongs to which parameter.

`torch.optim.Optimizer.state_dict` calls parameters by numbers, counted through its groups; the numbers mean positions in
`model.parameters()`. Saved groups may name them (`param_names`, torch 2.6 and later). Without names the numbers of a single group
are taken for the order of the state dict without buffers, if there are as many and every state has its parameter's shape; several
groups may be in any order, and nothing is guessed.
"""
from __future__ import annotations

import re
from typing import NamedTuple

from ..checkpoint import Checkpoint, TensorInfo
from ..dtypes import DTYPES
from ..keypath import visible
from .common import module_dicts, optimizer_dicts

_BUFFERS = ("running_mean", "running_var", "num_batches_tracked")


class States(NamedTuple):
    """`keys` of the optimizer's state and of its lists of parameters that go with some tensors; `unsure` says, for a person, why
    they cannot be told, or is ""."""

    keys: set[str]
    unsure: str = ""


def states_of(ckpt: Checkpoint, away: set[str]) -> States:
    """The optimizer's entries for the parameters in `away`."""
    found, unsure = set(), []
    for place, owner in optimizer_dicts(ckpt).items():
        dropped = _lost_of(ckpt, away)
        if not dropped:
            continue
        lists = _lists(ckpt, owner)
        entries = _entries(ckpt, place)
        if all(key in away for keys in entries.values() for key in keys):
            continue            # it is dropped itself
        names, why = _names(ckpt, place, lists, entries)
        if why:
            unsure.append(f"The state in {visible(place, 60)!r} stays as it is: {why}.")
            continue
        numbers = {number for number, key in names.items() if key in dropped}
        for number in numbers:
            found |= set(entries.get(number, ()))
        found |= {key for group in lists.values() for key, number in group.items() if number in numbers}
        found |= _named(ckpt, lists, numbers)
    return States(found, " ".join(unsure))


def _lists(ckpt: Checkpoint, owner: str) -> dict[str, dict[str, str]]:
    """group -> key of a list's item -> the parameter's number or name."""
    fits = re.compile(re.escape(f"{owner}param_groups.") + r"(\d+)\.params\.\d+").fullmatch
    groups: dict[str, dict[str, str]] = {}
    for key, value in ckpt.values.items():
        found = fits(key) if key.startswith(f"{owner}param_groups.") else None
        if found and isinstance(value, int | str):
            groups.setdefault(f"{owner}param_groups.{found.group(1)}", {})[key] = str(value)
    return groups


def _entries(ckpt: Checkpoint, place: str) -> dict[str, list[str]]:
    """number or name of a parameter -> the keys of its state."""
    entries: dict[str, list[str]] = {}
    start = f"{place}."
    for table in (ckpt.tensors, ckpt.values):
        for key in table:
            if key.startswith(start):
                rest = key[len(start):]
                head = rest.split(".", 1)[0]
                entries.setdefault(head if head.isdigit() else rest.rpartition(".")[0], []).append(key)
    return entries


def _weights(ckpt: Checkpoint) -> dict[str, list[TensorInfo]]:
    """The state dicts that an optimizer's state may be about."""
    numbered, modules = optimizer_dicts(ckpt), module_dicts(ckpt)
    found: dict[str, list[TensorInfo]] = {}
    for info in ckpt.tensors.values():
        path = info.state_dict
        if path is not None and path not in numbered and path not in modules:
            found.setdefault(path, []).append(info)
    return found


def _lost_of(ckpt: Checkpoint, away: set[str]) -> set[str]:
    """The dropped tensors of state dicts that do not go as a whole."""
    lost = set()
    for infos in _weights(ckpt).values():
        gone = {info.key for info in infos if info.key in away}
        if len(gone) < len(infos):
            lost |= gone
    return lost


def _names(ckpt: Checkpoint, place: str, lists: dict[str, dict[str, str]],
           entries: dict[str, list[str]]) -> tuple[dict[str, str], str]:
    """number -> key of its parameter, or why that cannot be told."""
    weights = {path: infos for path, infos in _weights(ckpt).items() if "ema" not in path.lower()}
    if len(weights) > 1 and "" in weights:
        del weights[""]         # loose tensors beside the state dicts
    if len(weights) != 1:
        return {}, "the file has several state dicts it may be about" if weights else "there are no weights it may be about"
    (path, infos), = weights.items()
    listed = [number for group in lists.values() for number in group.values()]
    named = _told_names(ckpt, lists)
    by_name = {info.name: info.key for info in infos}
    if not all(number.isdigit() for number in listed):
        return {number: by_name[number] for number in listed if number in by_name}, ""
    if named:
        return {number: by_name[name] for number, name in named.items() if name in by_name}, ""
    if len(lists) != 1:
        return {}, f"its parameters are in {len(lists)} groups, whose order the file does not tell"
    parameters = _parameters(infos)
    if len(parameters) != len(listed):
        return {}, f"it has {len(listed):,} parameters and {visible(path, 60) or 'the state dict'} {len(parameters):,}"
    names = dict(zip(listed, parameters, strict=True))
    for number, info in names.items():
        shapes = {ckpt.tensors[key].shape for key in entries.get(number, ()) if key in ckpt.tensors}
        if shapes - {(), (1,)} and info.shape not in shapes:
            return {}, f"its parameter {number} has not the shape of {visible(info.key, 60)}"
    return {number: info.key for number, info in names.items()}, ""


def _told_names(ckpt: Checkpoint, lists: dict[str, dict[str, str]]) -> dict[str, str]:
    """number -> name, where every group tells the names."""
    told = {}
    for group, items in lists.items():
        for key, number in items.items():
            name = ckpt.values.get(f"{group}.param_names.{key.rpartition('.')[2]}")
            if not isinstance(name, str):
                return {}
            told[number] = name
    return told


def _named(ckpt: Checkpoint, lists: dict[str, dict[str, str]], numbers: set[str]) -> set[str]:
    """The names that stand beside dropped numbers."""
    found = {f"{group}.param_names.{key.rpartition('.')[2]}" for group, items in lists.items()
             for key, number in items.items() if number in numbers}
    return {key for key in found if key in ckpt.values}


def _parameters(infos: list[TensorInfo]) -> list[TensorInfo]:
    """The tensors of a state dict that are parameters: floating, no buffer by its name, tied ones once."""
    seen, found = set(), []
    for info in infos:
        known = DTYPES.get(info.dtype)
        view = (info.storage, info.offset, info.shape, info.stride) if info.storage else (info.key,)
        if known is None or known.kind not in ("float", "complex") or info.name.rpartition(".")[2] in _BUFFERS or view in seen:
            continue
        seen.add(view)
        found.append(info)
    return found
