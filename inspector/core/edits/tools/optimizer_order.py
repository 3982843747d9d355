"""Which parameters an optimizer's groups list, by names and in order: those of the file that is edited, and those of another one.

Source: torch/optim/optimizer.py, `state_dict` and `load_state_dict`: parameters are matched by their places in the groups.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, TensorInfo, contiguous
from inspector.core.contract_file import read_contract
from inspector.core.errors import EditError, InspectorError
from inspector.core.keypath import join
from inspector.core.progress import Monitor
from inspector.core.training.optimizers import Optimizer, optimizers
from inspector.core.training.parameter_order import Slot, read, trainable

from .references import bad_reference, opened, weights_of

Shape = tuple[int, ...]
_LISTED = re.compile(r"(?:(.*)\.)?param_groups\.(\d{1,9})\.(params|param_names)(?:\.(\d{1,9}))?", re.DOTALL)


class Parameter(NamedTuple):
    """`id` is what the state calls it, `name` what the model does; `shape` where it is known."""

    id: str
    name: str
    shape: Shape | None = None


class Listed(NamedTuple):
    """An optimizer by its groups of parameters; None for one that cannot be told."""

    path: str
    groups: tuple[tuple[Parameter | None, ...], ...]

    @property
    def parameters(self) -> list[Parameter]:
        return [one for group in self.groups for one in group if one is not None]


class Order(NamedTuple):
    """What a reference says: its optimizers, and of its model all parameters (name -> shape), in the order of `model.parameters()` where
    they are `ordered`."""

    optimizers: tuple[Listed, ...]
    model: Mapping[str, Shape]
    ordered: bool = True


def order_of(path: str, monitor: Monitor) -> Order:
    """The order at `path`: of a training checkpoint, of weights alone, or of a contract. Raises EditError, Cancelled."""
    if path.endswith(".json") and not path.endswith(".index.json"):
        try:
            rows = read_contract(path)["tensors"]
        except InspectorError as error:
            raise bad_reference(path, error) from error
        infos = [TensorInfo(row["key"], tuple(row["shape"]), row["dtype"], None, contiguous(tuple(row["shape"])), 0, "", 0, state_dict="")
                 for row in rows]
        names = {info.name: info.shape for info in trainable(infos)}
        return Order((), names, not _is_sorted([*names]))
    ckpt = opened(path, monitor)
    found = listed(ckpt)
    try:
        model = {info.name: info.shape for info in trainable(weights_of(ckpt).values())}
    except EditError:
        if not found:
            raise
        model = {}
    return Order(found, model, _keeps_order(ckpt))


def _keeps_order(ckpt: Checkpoint) -> bool:
    """Whether the keys have the order in which they were saved: safetensors sorts them, and so do several ranks of
    torch.distributed.checkpoint where they do not write it down."""
    return not ckpt.as_opened.format.startswith("safetensors") and "order" not in ckpt.as_opened.facts


def _is_sorted(names: Sequence[str]) -> bool:
    """Whether a bias comes before its weight, which no module of torch's has so: safetensors' `serialize` sorts by element type and name,
    and who writes down what is in such a file writes that order."""
    return any(two.removesuffix("weight") == one.removesuffix("bias") != one for one, two in pairwise(names))


def listed(ckpt: Checkpoint) -> tuple[Listed, ...]:
    """The optimizers of `ckpt`, those without any state among them."""
    ids, names = _lists(ckpt)
    known = {one.path: one for one in optimizers(ckpt)}
    found = []
    for path, groups in ids.items():
        by_id = _parameters(ckpt, path, groups, names.get(path, {}), known.get(path))
        found.append(Listed(path, tuple(tuple(by_id.get(id) for id in group.values()) for _, group in sorted(groups.items()))))
    return tuple(found)


_Lists = dict[str, dict[int, dict[int, str]]]


def _lists(ckpt: Checkpoint) -> tuple[_Lists, _Lists]:
    """path of an optimizer -> number of a group -> place -> id, and the same of names."""
    ids: _Lists = {}
    names: _Lists = {}
    for key, value in ckpt.values.items():
        found = _LISTED.fullmatch(key) if "param_groups." in key else None
        if found is None or not (isinstance(value, int | str) or value == []):
            continue
        table = ids if found[3] == "params" else names
        group = table.setdefault(found[1] or "", {}).setdefault(int(found[2]), {})
        if found[4] is not None:
            group[int(found[4])] = str(value)
    return ids, names


def _parameters(ckpt: Checkpoint, path: str, groups: Mapping[int, Mapping[int, str]], names: Mapping[int, Mapping[int, str]],
                known: Optimizer | None) -> dict[str, Parameter]:
    """What is known of each id."""
    keys = dict(known.parameters) if known is not None else _by_order(ckpt, groups)
    shapes = {info.name: info.shape for info in ckpt.tensors.values() if info.state_dict is not None}
    found: dict[str, Parameter] = {}
    for number, group in groups.items():
        for place, id in group.items():
            key = keys.get(id)
            info = ckpt.tensors[key] if key is not None else None
            name = names.get(number, {}).get(place) or (id if not id.isdigit() else info.name if info is not None else None)
            if name is not None:
                found[id] = Parameter(id, name, info.shape if info is not None else shapes.get(name))
    return found


def _by_order(ckpt: Checkpoint, groups: Mapping[int, Mapping[int, str]]) -> dict[str, str | None]:
    """Of an optimizer that has no state: the parameters of the model in order, where that is all there can be."""
    try:
        tensors = trainable(weights_of(ckpt).values())
    except EditError:
        return {}
    reading = read([[Slot(id, None) for id in group.values()] for _, group in sorted(groups.items())], tensors)
    return {**reading.found} if reading is not None else {}


def partner(mine: Listed, theirs: Iterable[Listed], count: int) -> Listed | None:
    """The optimizer of the reference that is the one at the same path, or the only one where there is `count` 1 here."""
    others = list(theirs)
    return next((one for one in others if one.path == mine.path), others[0] if count == len(others) == 1 else None)


def state_of(path: str) -> str:
    return join(path, "state")
