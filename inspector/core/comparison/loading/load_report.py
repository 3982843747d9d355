"""What `load_state_dict(strict=True)` would say, without a model: missing, unexpected and mismatched keys, and what to do.

Follows torch/nn/modules/module.py (`_load_from_state_dict`), modules/batchnorm.py and utils/parametrizations.py of
version 2.13, as far as names and shapes alone decide.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from inspector.core.comparison.pairing.match import match
from inspector.core.comparison.pairing.rules import Rule, Shape, Shapes
from inspector.core.edits.recipe import parse_edit
from inspector.core.edits.tools.common import Edit
from inspector.core.edits.tools.globs import literal
from inspector.core.keypath import join, leaf_of, parent_of, top_of
from inspector.core.progress import QUIET, Monitor

from .renaming import Step, steps_for

_MOST_DROPS = 16


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


@dataclass(frozen=True, slots=True)
class LoadReport:
    """`lists` as the file stands; `suggested` steps (option, argument) after which they are `after`. `state_dict` is the path
    of the state dict that was taken; `rules` are those the suggestion rests on, `offered` those it does not use."""

    lists: Lists
    state_dict: str
    suggested: tuple[Step, ...]
    after: Lists
    rules: tuple[Rule, ...] = ()
    offered: tuple[Rule, ...] = ()

    @property
    def edits(self) -> tuple[Edit, ...]:
        """`suggested` as edits."""
        return tuple(parse_edit(option, text) for option, text in self.suggested)


def report(file: Shapes, model: Shapes, *, state_dict: str = "", metadata: Mapping[str, Any] | None = None,
           reference: str | None = None, monitor: Monitor = QUIET) -> LoadReport:
    """`file` and `model` map names to shapes, None where a shape is not known; `metadata` is the state dict's `_metadata`
    (None: the file has none); `reference` is what `--match` can be given, where there is one."""
    lists = compare_names(file, model, metadata)
    steps: list[Step] = [("--extract", state_dict)] if state_dict else []
    if lists.loads:
        return LoadReport(lists, state_dict, tuple(steps), lists)
    matching = match(file, model, monitor=monitor)
    renames, now = steps_for(file, matching.pairs)
    after = compare_names({now[name]: shape for name, shape in file.items()}, model, metadata)
    if after.fitting <= lists.fitting:
        renames, after, now = [], lists, {name: name for name in file}
    steps += renames
    excess = [*after.unexpected, *(mismatch.key for mismatch in after.mismatched)]
    if excess and (after.fitting or not after.missing):
        drops = _drops(excess, [now[name] for name in file], reference)
        if drops:
            gone = set(excess)
            kept = {now[name]: shape for name, shape in file.items() if now[name] not in gone}
            steps += drops
            after = compare_names(kept, model, metadata)
    return LoadReport(lists, state_dict, tuple(steps), after, matching.rules, matching.offered)


def compare_names(file: Shapes, model: Shapes, metadata: Mapping[str, Any] | None = None) -> Lists:
    """The three lists. A shape that is not known fits any."""
    provided = _provided_by_hooks(file, model, metadata)
    missing = tuple(key for key in model if key not in file and key not in provided.made)
    unexpected = tuple(key for key in file if key not in model and key not in provided.used)
    mismatched = tuple(Mismatch(key, shape, wanted) for key, wanted in model.items()
                       if (shape := file.get(key)) is not None and wanted is not None and not _fits(shape, wanted))
    fitting = sum(key in file for key in model) - len(mismatched)
    return Lists(missing, unexpected, mismatched, fitting)


def _fits(shape: Shape, wanted: Shape) -> bool:
    """torch still loads the first element of a vector into a 0-dimensional tensor, as 0.3 had none."""
    return shape == wanted or (wanted == () and len(shape) == 1 and shape[0] > 0)


class _Provided(NamedTuple):
    made: set[str]          # keys of the model that modules make up themselves
    used: set[str]          # keys of the file that go into others


def _provided_by_hooks(file: Shapes, model: Shapes, metadata: Mapping[str, Any] | None) -> _Provided:
    made: set[str] = set()
    used: set[str] = set()
    for key in model:
        if key in file:
            continue
        module, leaf = parent_of(key), leaf_of(key)
        if leaf == "num_batches_tracked" and join(module, "running_mean") in model and _version(metadata, module) < 2:
            made.add(key)       # batchnorm.py: files from before it was counted
        elif leaf in ("original0", "original1") and ".parametrizations." in f".{module}":
            # parametrizations.py: the old weight_norm's g and v
            owner = parent_of(parent_of(module))
            old = tuple(join(owner, f"{leaf_of(module)}_{part}") for part in "gv")
            if all(one in file for one in old):
                made.add(key)
                used.update(old)
    return _Provided(made, used)


def _version(metadata: Mapping[str, Any] | None, module: str) -> int:
    facts = metadata.get(module) if metadata else None
    version = facts.get("version") if isinstance(facts, Mapping) else None
    return version if type(version) is int else 0


def _drops(excess: list[str], names: list[str], reference: str | None) -> list[Step]:
    """Edits that drop `excess` of `names` and nothing else: groups of which all goes, and single keys."""
    if reference is not None:
        return [("--match", reference)]
    gone = set(excess)
    kept = {top_of(name) for name in names if name not in gone}
    globs = dict.fromkeys(literal(name) if head in kept or head == name else f"{literal(head)}.*"
                          for name in excess for head in [top_of(name)])
    return [("--drop", glob) for glob in globs] if len(globs) <= _MOST_DROPS else []
