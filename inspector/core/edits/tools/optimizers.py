"""Which entries of an optimizer go along when parameters are dropped; `training` tells which parameter they belong to."""
from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.keypath import below, join, leaf_of, quoted, visible
from inspector.core.progress import QUIET, Monitor, stoppable
from inspector.core.training.optimizers import entry_of, optimizers
from inspector.core.training.weights import optimizer_states
from inspector.core.wording import counted

_SHOWN = 3
_ITEM = re.compile(r"(\d+)\.params\.\d+").fullmatch


class States(NamedTuple):
    """`keys` of the optimizer's state and of its lists of parameters that go with some tensors; `unsure` says, for a person, why
    they cannot be told, or is ""."""

    keys: set[str]
    unsure: str = ""


def states_of(ckpt: Checkpoint, away: set[str], monitor: Monitor = QUIET) -> States:
    """The optimizer's entries for the parameters in `away`."""
    found: set[str] = set()
    unsure: list[str] = []
    dropped = _lost_of(ckpt, away, monitor)
    if not dropped:
        return States(found)
    known = {optimizer.path: optimizer for optimizer in optimizers(ckpt)}
    for place, owner in optimizer_states(ckpt).items():
        optimizer = known.get(owner)
        lists = _lists(ckpt, owner)
        entries = _entries(ckpt, place, {number for group in lists.values() for number in group.values()})
        if optimizer is None or all(key in away for keys in entries.values() for key in keys):
            continue            # it has nothing, or is dropped itself
        if optimizer.reason or not optimizer.known:
            why = optimizer.reason or "which parameters it is about cannot be told"
            unsure.append(f"The state in {quoted(place, 60)} stays as it is: {why}.")
            continue
        numbers = {number for number, key in optimizer.parameters.items() if key in dropped}
        for number in numbers:
            found |= set(entries.get(number, ()))
        found |= {key for group in lists.values() for key, number in group.items() if number in numbers}
        found |= _named(ckpt, lists, numbers)
    return States(found, " ".join(unsure))


class Moments(NamedTuple):
    """`like` are the state tensors that have an element for each of their parameter (key -> the parameter's key), `unlike` those of a
    form of their own, as factored and 8-bit ones are; `unsure` says, for a person, whose cannot be told, or is ""."""

    like: dict[str, str]
    unlike: tuple[str, ...] = ()
    unsure: str = ""

    def said(self, changed: Sequence[str], one: str, many: str) -> list[str]:
        """Sentences about the state that changed along with the parameters, and about that which cannot."""
        notes = []
        if changed:
            notes.append(f"{counted(len(changed), f'tensor of the optimizer {one}', f'tensors of the optimizer {many}')}.")
        if self.unlike:
            shown = ", ".join(visible(key, 60) for key in self.unlike[:_SHOWN]) + (" …" if len(self.unlike) > _SHOWN else "")
            rest = "is of a form of its own that is not understood: it stays, and does not fit any more" if len(self.unlike) == 1 else \
                "are of a form of their own that is not understood: they stay, and do not fit any more"
            notes.append(f"{counted(len(self.unlike), 'tensor of the optimizer', 'tensors of the optimizer')} {rest} ({shown}); drop what "
                         "is "
                         "left of the parameter there.")
        return [*notes, *filter(None, [self.unsure])]


def moments_of(ckpt: Checkpoint, parameters: Collection[str]) -> Moments:
    """What optimizers keep about `parameters`."""
    like: dict[str, str] = {}
    unlike: list[str] = []
    unsure: list[str] = []
    for optimizer in optimizers(ckpt):
        if optimizer.reason or not optimizer.known:
            why = optimizer.reason or "which parameters it is about cannot be told"
            unsure.append(f"The optimizer's state in {quoted(join(optimizer.path, 'state'), 60)} stays as it is: {why}.")
        for id, parameter in optimizer.parameters.items():
            if parameter not in parameters or parameter is None:
                continue
            for key in optimizer.slots.get(id, ()):
                info = ckpt.tensors[key]
                if info.shape == ckpt.tensors[parameter].shape and info.dtype in DTYPES and DTYPES[info.dtype].kind in ("float", "complex"):
                    like[key] = parameter
                elif info.shape and info.numel > 1:
                    unlike.append(key)
    return Moments(like, tuple(unlike), " ".join(unsure))


def one_state_of_both(ckpt: Checkpoint, parameters: Collection[str]) -> list[str]:
    """A sentence where `parameters` of which an optimizer keeps state get further names, and no edit before has seen to it:
    `model.parameters()` gives what is tied once."""
    meant = frozenset(parameters)
    arranged = ckpt.edited is not None and any(edit.OPTION == "optimizer-for" for edit in ckpt.edited.edits)
    if arranged or not any(one.reason or not one.known or not meant.isdisjoint(filter(None, one.parameters.values()))
                           for one in optimizers(ckpt)):
        return []
    return ["The optimizer's state stays as it is: of tensors that the model ties it keeps one. For a model in which the new name is a "
            "parameter of its own, put --optimizer-for with a checkpoint of that model before this edit."]


def _lists(ckpt: Checkpoint, owner: str) -> dict[str, dict[str, str]]:
    """group -> key of a list's item -> the parameter's number or name."""
    groups: dict[str, dict[str, str]] = {}
    within = join(owner, "param_groups")
    for key, rest in below(ckpt.values, within):
        found, value = _ITEM(rest), ckpt.values[key]
        if found and isinstance(value, int | str):
            groups.setdefault(join(within, found.group(1)), {})[key] = str(value)
    return groups


def _entries(ckpt: Checkpoint, place: str, ids: set[str]) -> dict[str, list[str]]:
    """number or name of a parameter -> the keys of its state."""
    entries: dict[str, list[str]] = {}
    for table in (ckpt.tensors, ckpt.values):
        for key, rest in below(table, place):
            entries.setdefault(entry_of(rest, ids)[0], []).append(key)
    return entries


def _weights(ckpt: Checkpoint, monitor: Monitor) -> dict[str, list[TensorInfo]]:
    """The state dicts that an optimizer's state may be about."""
    numbered, modules = optimizer_states(ckpt), ckpt.modules
    found: dict[str, list[TensorInfo]] = {}
    for info in stoppable(ckpt.tensors.values(), monitor):
        path = info.state_dict
        if path is not None and path not in numbered and path not in modules:
            found.setdefault(path, []).append(info)
    return found


def _lost_of(ckpt: Checkpoint, away: set[str], monitor: Monitor) -> set[str]:
    """The dropped tensors of state dicts that do not go as a whole."""
    lost = set()
    for infos in _weights(ckpt, monitor).values():
        gone = {info.key for info in stoppable(infos, monitor) if info.key in away}
        if len(gone) < len(infos):
            lost |= gone
    return lost


def _named(ckpt: Checkpoint, lists: dict[str, dict[str, str]], numbers: set[str]) -> set[str]:
    """The names that stand beside dropped numbers."""
    found = {f"{group}.param_names.{leaf_of(key)}" for group, items in lists.items()
             for key, number in items.items() if number in numbers}
    return {key for key in found if key in ckpt.values}
