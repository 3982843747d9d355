"""What would help against an error of `load_state_dict`, from its text, or from it and the file that was loaded."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint
from inspector.core.comparison.pairing.rules import Shape, Shapes
from inspector.core.comparison.pairing.sides import WHOLE, candidates, models_in
from inspector.core.keypath import join, leaf_of, parent_of, top_of
from inspector.core.opening import CheckpointLike, opened
from inspector.core.progress import QUIET, Monitor

from .error_text import read_error
from .lists import Lists
from .load_report import LoadReport, report
from .reference import file_shapes, names_in
from .ties import told_by_metadata
from .trying import tried

_MOST = 6               # state dicts that are held against the names of the text


def doctor(text: str, file: CheckpointLike | None = None, *, state_dict: str | None = None, monitor: Monitor = QUIET) -> LoadReport:
    """What `load_report` says, from the text of an error alone, or from it and the file that was loaded. The shapes of the model are
    those that the text tells; `state_dict` is the path of the one that was loaded. Raises UsageError for a text that holds no such
    error, Cancelled.

    >>> text = 'Error(s) in loading state_dict for Net: Missing key(s) in state_dict: "w". Unexpected key(s) in state_dict: "module.w".'
    >>> core.doctor(text, {"module.w": np.ones(3)}).suggested
    (('--strip-prefix', 'module.'),)
    """
    lists = read_error(text).lists
    if file is None:
        model = _model(lists, _said(lists))
        best = report(_said(lists), model.shapes, optional=model.optional, monitor=monitor)
    else:
        file = opened(file, monitor)
        found = [_against(file, path, lists, monitor) for path in _paths(file, lists, state_dict)]
        best = max(found, key=lambda one: (one.after.loads, one.after.fitting - len(one.after.missing) - len(one.after.unexpected)))
    return replace(best, unsized=lists.missing)


class _Model(NamedTuple):
    """The model's names with what is known of their shapes; `optional` ones may be in the file, and it cannot be told whether they are
    in the model."""

    shapes: Shapes
    optional: frozenset[str]


def _said(lists: Lists) -> Shapes:
    """What the text says is in the file."""
    wrong: dict[str, Shape | None] = {mismatch.key: mismatch.file for mismatch in lists.mismatched}
    return dict.fromkeys(lists.unexpected) | wrong


def _model(lists: Lists, loaded: Shapes) -> _Model:
    """What the text tells of the model, `loaded` being what `load_state_dict` was given: what of it is not complained about fits. No
    release says that a counter of batches is missing where the file does not know of them, or where all names are wrong."""
    wanted: dict[str, Shape | None] = {mismatch.key: mismatch.model for mismatch in lists.mismatched}
    unexpected = {*lists.unexpected}
    shapes = {key: shape for key, shape in loaded.items() if key not in unexpected} | dict.fromkeys(lists.missing) | wanted
    counters = [join(parent_of(key), "num_batches_tracked") for key in shapes if leaf_of(key) == "running_mean"]
    optional = frozenset(key for key in counters if key not in shapes and key not in unexpected)
    return _Model(shapes | dict.fromkeys(optional, ()), optional)


def _paths(file: Checkpoint, lists: Lists, state_dict: str | None) -> Iterable[str]:
    """The state dicts that may have been loaded, or should have been: the one that has what the text says is there or, where none does
    and all that the model has is missing, any model's."""
    if state_dict is not None:
        return [file_shapes(file, {}, state_dict)[0]]
    there = candidates(file)
    said = _said(lists)
    if said or not lists.missing:
        known = [path for path in there if _has(file, path, said, lists.missing)]
        if known:
            return known[:1]
    elif complete := [path for path in there if _has(file, path, {}, lists.missing)]:
        return _nearest(file, complete, lists.missing)[:1]
    names = dict.fromkeys(lists.missing) if lists.missing and _is_outside(file, said) else said or dict.fromkeys(lists.missing)
    return dict.fromkeys((file_shapes(file, names)[0], *(_nearest(file, models_in(file), [*names])[:_MOST])))


def _has(file: Checkpoint, path: str, said: Shapes, missing: Iterable[str]) -> bool:
    """Whether the state dict at `path` has all of `said`, and nothing that is `missing`."""
    names = names_in(file, path)
    return bool(names) and all(name in names for name in said) and not any(name in names for name in missing)


def _stripped(there: Shapes, said: Shapes, missing: Iterable[str]) -> str:
    """What names of the file begin with that those of the text have not, as where whoever loads it strips "module." first; "" where nothing
    is like that."""
    first = next(iter(said), "")
    starts = [name[:-len(first)] for name in there if first and name.endswith(f".{first}")]
    return next((start for start in sorted(starts, key=len) if all(_is_there(there, start + name, shape) for name, shape in said.items())
                 and not any(start + name in there for name in missing)), "")


def _is_there(there: Shapes, name: str, shape: Shape | None) -> bool:
    return name in there and (shape is None or there[name] in (None, shape))


def _is_outside(file: Checkpoint, said: Shapes) -> bool:
    """Whether the keys that the text found unexpected are those of a dict around the state dicts, as "epoch" and "model" are."""
    heads = {top_of(path) for path in file.state_dicts if path} | {top_of(key) for key in file.values}
    return any(name in heads or name in file.state_dicts for name in said)


def _nearest(file: Checkpoint, paths: list[str], names: Iterable[str]) -> list[str]:
    """`paths`, first those with most of the modules' names that `names` have."""
    wanted = {part for name in names for part in name.split(".")[:-1]}
    order = {path: n for n, path in enumerate(paths)}
    def common(path: str) -> int:
        return sum(1 for name in {part for key in names_in(file, path) for part in key.split(".")[:-1]} if name in wanted)
    return sorted(paths, key=lambda path: (-common(path), order[path]))


def _against(file: Checkpoint, path: str, lists: Lists, monitor: Monitor) -> LoadReport:
    """The report on the state dict at `path`, as if it had been meant."""
    there = names_in(file, path)
    said = _said(lists)
    loaded = there if all(name in there for name in said) else said
    if loaded is said and (prefix := _stripped(there, said, lists.missing)):
        loaded = {relative: shape for name, shape in there.items() if (relative := name.removeprefix(prefix)) != name}
    model = _model(lists, loaded)
    found = report(there, model.shapes, state_dict="" if path == WHOLE else path, metadata=file.module_metadata.get(path),
                   optional=model.optional, ties=[told_by_metadata(file.metadata)], monitor=monitor)
    return replace(tried(found, file, path, model.shapes, optional=model.optional, monitor=monitor), pickled=path in file.modules)
