"""What an optimizer says when a state of other parameters is loaded into it (torch/optim/optimizer.py, 0.1 to the newest)."""
from __future__ import annotations

from collections.abc import Iterator, Sequence

from inspector.core import wording
from inspector.core.checkpoint import Checkpoint
from inspector.core.comparison.loading.optimizer_groups import parameter_groups
from inspector.core.edits.drop import Drop
from inspector.core.edits.tools.common import Edit
from inspector.core.edits.tools.globs import literal
from inspector.core.keypath import is_within, visible
from inspector.core.training.optimizers import optimizers
from inspector.core.training.weights import is_buffer, model_dicts

from .explanation import Case, Explanation, search

_SIGNS = (r"loaded state dict contains a parameter group that doesn't match the size of optimizer's group",
          r"loaded state dict has a different number of parameter groups", r"KeyError: 'param_groups'")


def explain(case: Case) -> Explanation | None:
    found = search(_SIGNS, case.text)
    if found is None:
        return None
    meaning = "What was given to the optimizer is no optimizer's state: it has no param_groups." if "KeyError" in found[0] else \
        "The optimizer was made with another number of groups than the one that was saved." if "different number" in found[0] else \
        "The optimizer was made of other parameters than the one that was saved: its groups have other sizes."
    if case.file is None:
        return Explanation("optimizer-groups", meaning, advice=_ADVICE)
    return Explanation("optimizer-groups", meaning, tuple(_about(case.file)), case.remedies(_ways(case.file), _is_without), _ADVICE)


_ADVICE = ("Make the optimizer of the same parameters in the same groups, before load_state_dict; its own sizes are: "
           "[len(group['params']) for group in optimizer.param_groups]",
           "Where layers were added or frozen since, load the weights alone and begin with a new optimizer.")


def _about(file: Checkpoint) -> Iterator[str]:
    groups = parameter_groups(file)
    kinds = {optimizer.path: optimizer.kind for optimizer in optimizers(file)}
    for path, sizes in groups.items():
        kind = f" ({kinds[path]})" if kinds.get(path) else ""
        yield f"In the file, {visible(path, 80) or 'the state at the root'}{kind} has {wording.groups(sizes)}."
    if not groups:
        yield "There is no optimizer's state in this file."
    for path in model_dicts(file)[:3]:
        inside = [info for info in file.tensors.values() if info.state_dict == path and not is_buffer(info, file.tensors)]
        yield f"The model{f' at {visible(path, 80)}' if path else ''} has {wording.count(len(inside), 'parameter')} in the file."


def _ways(file: Checkpoint) -> Iterator[tuple[str, Sequence[Edit]]]:
    states = [path for path in parameter_groups(file) if path]
    if states and any(not any(is_within(key, path) for path in states) for key in file.tensors):
        yield "the file is without the optimizer's state, and all else stays", [Drop(literal(path)) for path in states]


def _is_without(ckpt: Checkpoint) -> bool:
    return not parameter_groups(ckpt) and bool(ckpt.tensors)
