"""What `Optimizer.load_state_dict` would say: the sizes of the groups that an optimizer's state is for, and the shapes in it.

Source: torch/optim/optimizer.py, `load_state_dict`: it compares the number of groups and of the parameters in each. The shapes of
`state` it does not look at: a wrong one fails in the first step.
"""
from __future__ import annotations

import re
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint
from inspector.core.keypath import below, join
from inspector.core.opening import CheckpointLike, opened
from inspector.core.training.weights import optimizer_states

from .lists import Mismatch

_PARAMETER = re.compile(r"(?:(.*)\.)?param_groups\.(\d+)\.params(?:\.\d+)?", re.DOTALL)


class OptimizerFit(NamedTuple):
    """The optimizer at `path` against that of the reference: how many parameters each of its groups has in the file and in the
    reference, and the tensors of its state that have another shape."""

    path: str
    file: tuple[int, ...]
    model: tuple[int, ...]
    mismatched: tuple[Mismatch, ...] = ()

    @property
    def loads(self) -> bool:
        return self.file == self.model and not self.mismatched


def parameter_groups(ckpt: CheckpointLike) -> dict[str, tuple[int, ...]]:
    """path of each optimizer's state dict -> the numbers of parameters in its groups, in order.

    >>> groups = [{"lr": 0.1, "params": [0, 1]}, {"lr": 0.01, "params": [2]}]
    >>> core.parameter_groups(core.edit({"optimizer": {"state": {}, "param_groups": groups}}, []))
    {'optimizer': (2, 1)}
    """
    ckpt = opened(ckpt)
    sizes: dict[str, dict[int, int]] = {}
    for key, value in ckpt.values.items():
        if "param_groups." not in key:
            continue
        found = _PARAMETER.fullmatch(key)
        if found is not None and len(found[2]) < 10:
            groups = sizes.setdefault(found[1] or "", {})
            groups[int(found[2])] = groups.get(int(found[2]), 0) + (value != [])
    return {path: tuple(count for _, count in sorted(groups.items())) for path, groups in sizes.items()}


def optimizer_fits(file: Checkpoint, model: Checkpoint) -> tuple[OptimizerFit, ...]:
    """Each optimizer of `file` against the one at the same path of `model`, or the only one there is; () where there is none."""
    mine, theirs = parameter_groups(file), parameter_groups(model)
    found = []
    for path, groups in mine.items():
        other = path if path in theirs else next(iter(theirs)) if len(mine) == len(theirs) == 1 else None
        if other is not None:
            found.append(OptimizerFit(path, groups, theirs[other], _mismatched(file, path, model, other)))
    return tuple(found)


def _mismatched(file: Checkpoint, path: str, model: Checkpoint, other: str) -> tuple[Mismatch, ...]:
    if join(path, "state") not in optimizer_states(file) or join(other, "state") not in optimizer_states(model):
        return ()
    wanted = {name: model.tensors[key].shape for key, name in below(model.tensors, join(other, "state"))}
    return tuple(Mismatch(key, file.tensors[key].shape, wanted[name]) for key, name in below(file.tensors, join(path, "state"))
                 if name in wanted and file.tensors[key].shape != wanted[name])
