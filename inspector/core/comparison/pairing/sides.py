"""Which state dict of a checkpoint is compared with which of another, and the names in it."""
from __future__ import annotations

from collections import Counter
from itertools import product

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.errors import UsageError
from inspector.core.hashing import as_key
from inspector.core.keypath import leaf_of, top_of
from inspector.core.naming_conventions import USUAL_WEIGHTS, is_random_state
from inspector.core.progress import QUIET, Monitor, stoppable
from inspector.core.training.weights import is_unread, model_dicts

from .rules import Shape

WHOLE = "*"
"""In place of the path of a state dict: all tensors of the file, by their keys."""

_MOST = 12


def tensors_of(ckpt: Checkpoint, state_dict: str, weights_only: bool = False, monitor: Monitor = QUIET) -> dict[str, TensorInfo]:
    """name -> tensor of one state dict in stored order, or of the whole file (`WHOLE`), of its models alone if asked."""
    if state_dict == WHOLE and weights_only:
        models = set(model_dicts(ckpt))
        return {key: info for key, info in stoppable(ckpt.tensors.items(), monitor)
                if info.state_dict in models and not is_random_state(top_of(key))}
    if state_dict == WHOLE:
        return dict(stoppable(ckpt.tensors.items(), monitor))
    return {info.name: info for info in stoppable(ckpt.tensors.values(), monitor) if info.state_dict == state_dict}


def shapes_of(tensors: dict[str, TensorInfo], monitor: Monitor = QUIET) -> dict[str, Shape | None]:
    """None for those of a file that is not there."""
    return {name: None if is_unread(info) else info.shape for name, info in stoppable(tensors.items(), monitor)}


def choose_both(a: Checkpoint, b: Checkpoint, in_a: str | None = None, in_b: str | None = None,
                weights_only: bool = False, monitor: Monitor = QUIET) -> tuple[str, str]:
    """The state dicts of `a` and `b` to compare: as asked, or the whole files when most of their keys are the same, or the
    two that have most in common. Raises UsageError for one that is not there."""
    for ckpt, asked in ((a, in_a), (b, in_b)):
        if asked not in (None, WHOLE, *ckpt.state_dicts):
            raise UsageError(f"there is no state dict {asked!r} in {ckpt.path}",
                             "It has: " + (", ".join(map(repr, ckpt.state_dicts)) or "none") + ".")
    if in_a is None and in_b is None and _mostly_the_same(tensors_of(a, WHOLE, weights_only, monitor),
                                                          tensors_of(b, WHOLE, weights_only, monitor), monitor):
        return WHOLE, WHOLE
    from_a, from_b = ([asked] if asked is not None else ([*model_dicts(ckpt)][:_MOST] if weights_only else []) or candidates(ckpt)
                      for ckpt, asked in ((a, in_a), (b, in_b)))
    kinds_a, kinds_b = ([_kinds(ckpt, path, monitor) for path in paths] for ckpt, paths in ((a, from_a), (b, from_b)))
    best = max(product(range(len(from_a)), range(len(from_b))),
               key=lambda at: (_common(kinds_a[at[0]], kinds_b[at[1]]), _wanted(from_a[at[0]]) + _wanted(from_b[at[1]])))
    return from_a[best[0]], from_b[best[1]]


def choose_models(a: Checkpoint, b: Checkpoint, in_a: str | None = None) -> tuple[str, str]:
    """The state dicts of `a` (or the one asked for) and `b` that are the same model's, going by what they have in common: optimizers'
    never where there are others; `WHOLE` of a file that has none."""
    if in_a is not None and in_a in b.state_dicts:
        return in_a, in_a
    from_a, from_b = [in_a] if in_a is not None else models_in(a), models_in(b)
    kinds_a, kinds_b = ([_kinds(ckpt, path) for path in paths] for ckpt, paths in ((a, from_a), (b, from_b)))

    def likeness(at: tuple[int, int]) -> tuple[float, bool, int]:
        mine, theirs = from_a[at[0]], from_b[at[1]]
        return _common(kinds_a[at[0]], kinds_b[at[1]]), mine == theirs, _wanted(mine) + _wanted(theirs)
    best = max(product(range(len(from_a)), range(len(from_b))), key=likeness)
    return from_a[best[0]], from_b[best[1]]


def models_in(ckpt: Checkpoint) -> list[str]:
    """The state dicts of models, most wanted first; any where no model is known, `WHOLE` where there is none at all."""
    models = {*model_dicts(ckpt)}
    there = candidates(ckpt)
    return [path for path in there if path in models] or there


def choose_one(ckpt: Checkpoint, names: dict[str, Shape | None]) -> str:
    """The state dict of `ckpt` that has most in common with `names`: a model's, unless only others have anything in common."""
    wanted = Counter((leaf_of(name), as_key(shape)) for name, shape in names.items())
    if all(shape is None for shape in names.values()):
        wanted = Counter()
    plain = Counter(leaf_of(name) for name in names)

    def likeness(path: str) -> tuple[float, int]:
        kinds = _kinds(ckpt, path)
        leaves: Counter[str] = Counter()
        for (leaf, _), count in kinds.items():
            leaves[leaf] += count
        return (_common(kinds, wanted) if wanted else _common_names(leaves, plain)), _wanted(path)
    best = max(models_in(ckpt), key=likeness)
    return best if likeness(best)[0] else max(candidates(ckpt), key=likeness)


def candidates(ckpt: Checkpoint) -> list[str]:
    """The state dicts that could be meant, those of optimizers last; the whole file when there is none."""
    def is_state(path: str) -> bool:
        return any(word in path.lower() for word in ("optim", "sched", "scaler"))
    return sorted(ckpt.state_dicts, key=lambda path: (is_state(path), -_wanted(path)))[:_MOST] or [WHOLE]


def _mostly_the_same(a: dict[str, TensorInfo], b: dict[str, TensorInfo], monitor: Monitor) -> bool:
    both = sum(key in b for key in stoppable(a, monitor))
    return both * 2 > min(len(a), len(b))


def _kinds(ckpt: Checkpoint, path: str, monitor: Monitor = QUIET) -> Counter[tuple[str, str]]:
    tensors = tensors_of(ckpt, path, monitor=monitor)
    return Counter((leaf_of(name), as_key(info.shape)) for name, info in stoppable(tensors.items(), monitor))


def _common(x: Counter[tuple[str, str]], y: Counter[tuple[str, str]]) -> float:
    """0 to 1: what of both is in both."""
    return (x & y).total() / max(x.total(), y.total(), 1)


def _common_names(x: Counter[str], y: Counter[str]) -> float:
    return (x & y).total() / max(x.total(), y.total(), 1)


def _wanted(path: str) -> int:
    return -USUAL_WEIGHTS.index(path) if path in USUAL_WEIGHTS else -len(USUAL_WEIGHTS) - ("ema" in path.lower())
