"""The three lists of `load_state_dict(strict=True)`: missing, unexpected and mismatched keys, from names and shapes alone.

Follows torch/nn/modules/module.py (`_load_from_state_dict`), modules/batchnorm.py and utils/parametrizations.py of
version 2.13, as far as names and shapes alone decide.
"""
from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any, NamedTuple

from inspector.core.comparison.pairing.rules import Shape, Shapes
from inspector.core.keypath import join, leaf_of, parent_of

from .weight_norm import old_names


class Mismatch(NamedTuple):
    """A key whose shape in the file is not the model's."""

    key: str
    file: Shape
    model: Shape


class Lists(NamedTuple):
    """The three lists, in the order of the model and, for `unexpected`, of the file. `fitting` counts the keys that load."""

    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    mismatched: tuple[Mismatch, ...]
    fitting: int = 0

    @property
    def loads(self) -> bool:
        return not (self.missing or self.unexpected or self.mismatched)

    @property
    def loads_in_part(self) -> bool:
        """Whether `load_state_dict(strict=False)` takes something and raises nothing: it forgives names, and no shape."""
        return bool(self.fitting) and not self.mismatched


_NO_NAMES: Set[str] = frozenset()


def compare_names(file: Shapes, model: Shapes, metadata: Mapping[str, Any] | None = None, optional: Set[str] = _NO_NAMES) -> Lists:
    """The three lists. A shape that is not known fits any; `optional` are names of `model` that nobody misses; `metadata` is the
    file's `_metadata`, None where it has none."""
    file = _as_hooks_leave_it(file, model)
    made = _made_by_modules(file, model, metadata)
    missing = tuple(key for key in model if key not in file and key not in made and key not in optional)
    unexpected = tuple(key for key in file if key not in model)
    mismatched = tuple(Mismatch(key, shape, wanted) for key, wanted in model.items()
                       if (shape := file.get(key)) is not None and wanted is not None and not _fits(shape, wanted))
    fitting = sum(key in file for key in model) - len(mismatched)
    return Lists(missing, unexpected, mismatched, fitting)


def _fits(shape: Shape, wanted: Shape) -> bool:
    """torch still loads the first element of a vector into a 0-dimensional tensor, as 0.3 had none."""
    return shape == wanted or (wanted == () and len(shape) == 1 and shape[0] > 0)


def _as_hooks_leave_it(file: Shapes, model: Shapes) -> Shapes:
    """`file` with the old weight_norm's g and v under the names that the parametrization gives them (parametrizations.py)."""
    old = {new: was for new, was in old_names(model).items() if new not in file}
    renamed = {was: new for new, was in old.items() if was in file and was not in model}
    whole = {was for was in renamed if was[:-1] + "g" in renamed and was[:-1] + "v" in renamed}
    return {renamed[name] if name in whole else name: shape for name, shape in file.items()} if whole else file


def _made_by_modules(file: Shapes, model: Shapes, metadata: Mapping[str, Any] | None) -> set[str]:
    """Keys of the model that modules make up themselves: batchnorm.py, of files from before batches were counted."""
    return {key for key in model if leaf_of(key) == "num_batches_tracked" and key not in file
            and join(parent_of(key), "running_mean") in model and _version(metadata, parent_of(key)) < 2}


def _version(metadata: Mapping[str, Any] | None, module: str) -> int:
    facts = metadata.get(module) if metadata else None
    version = facts.get("version") if isinstance(facts, Mapping) else None
    return version if type(version) is int else 0
