"""Would it load? What `load_state_dict` of a model would say of a file, asked of another checkpoint, of shapes, or of an error's text."""
from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from inspector.core import opening
from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.comparison.pairing.sides import WHOLE, choose_models, models_in, tensors_of
from inspector.core.progress import QUIET, Monitor
from inspector.core.tensors.broken import why_broken
from inspector.core.training.weights import is_unread

from .lists import Lists, compare_names
from .load_report import LoadReport, report
from .optimizer_groups import optimizer_fits
from .reference import Reference, file_shapes, names_in, of_checkpoint, of_mapping, read_shapes
from .ties import told_by_metadata
from .trying import tried

_MOST_ALIKE = 8


def load_report(file: opening.CheckpointLike, ref: Checkpoint | Reference | Mapping[str, Any] | str | os.PathLike[str], *,
                state_dict: str | None = None, monitor: Monitor = QUIET) -> LoadReport:
    """What `load_state_dict(strict=True)` of a model shaped like `ref` would say of `file`: missing, unexpected and mismatched
    keys, and the edits after which it fits. Both may be paths; `ref` may be a `.json` of shapes (`read_reference`), or a
    mapping of names to shapes, or to what has one (`model.state_dict()`). `state_dict` is the path of the one in `file`; without it, what
    fits best is taken: a model's, not an optimizer's, and of two training checkpoints the other models and the optimizers are told about,
    too.

    >>> found = core.load_report({"module.fc.weight": np.ones((10, 4))}, {"fc.weight": (10, 4)})
    >>> found.lists.missing, found.lists.unexpected, found.suggested
    (('fc.weight',), ('module.fc.weight',), (('--strip-prefix', 'module.'),))
    """
    file = opening.opened(file, monitor)
    if isinstance(ref, (str, os.PathLike)):
        ref = read_reference(ref, monitor)
    if isinstance(ref, Checkpoint):
        path, there = choose_models(file, ref, _asked(file, state_dict))
        found = _report(file, path, of_checkpoint(ref, there), monitor)
        if found.lists.loads:
            found = replace(found, casts=_casts(tensors_of(file, path), tensors_of(ref, there)))
        if state_dict is not None:
            return found
        others = _others(file, ref, path, there)
        return replace(found, others=others, optimizers=optimizer_fits(file, ref), alike=tuple(
            one for one in found.alike if one not in dict(others)))
    model = ref if isinstance(ref, Reference) else of_mapping({name: list(shape.shape) if hasattr(shape, "shape") else shape
                                                               for name, shape in ref.items()})
    return _report(file, file_shapes(file, model.shapes, state_dict)[0], model, monitor)


def _asked(file: Checkpoint, state_dict: str | None) -> str | None:
    return None if state_dict is None else file_shapes(file, {}, state_dict)[0]


def _report(file: Checkpoint, path: str, model: Reference, monitor: Monitor) -> LoadReport:
    """The report on the state dict at `path`, its suggestions tried."""
    ties = [model.ties, told_by_metadata(file.metadata)]
    named = model.label or None
    for label, resized in dict.fromkeys(((named, True), (None, True), (named, False))):
        found = report(names_in(file, path), model.shapes, state_dict="" if path == WHOLE else path,
                       metadata=file.module_metadata.get(path), reference=label, ties=ties, resized=resized,
                       monitor=monitor)
        best = replace(tried(found, file, path, model.shapes, monitor=monitor), pickled=path in file.modules)
        if best.suggested or best.merges or not found.suggested:
            break
    best = replace(best, broken=_broken(file, path))
    if not best.lists.loads:
        return best
    if best.broken:
        return replace(best, suggested=())
    whole = (("--extract", "."),) if path in file.modules and path == "" else best.suggested
    return replace(best, suggested=whole, alike=tuple(_alike(file, path, model)))


def _casts(file: Mapping[str, TensorInfo], model: Mapping[str, TensorInfo]) -> tuple[tuple[str, str, int], ...]:
    kinds = Counter((info.dtype, model[name].dtype) for name, info in file.items()
                    if name in model and not is_unread(info) and not is_unread(model[name]))
    return tuple((was, becomes, number) for (was, becomes), number in kinds.items() if was != becomes)


def _broken(file: Checkpoint, path: str) -> tuple[str, ...]:
    return tuple(name for name, info in tensors_of(file, path).items() if why_broken(file, info))


def _alike(file: Checkpoint, path: str, model: Reference) -> Iterator[str]:
    """Other models' state dicts that load, too."""
    for other in models_in(file)[:_MOST_ALIKE]:
        if other not in (path, WHOLE) and compare_names(names_in(file, other), model.shapes, file.module_metadata.get(other)).loads:
            yield other


def _others(file: Checkpoint, ref: Checkpoint, path: str, there: str) -> tuple[tuple[str, Lists], ...]:
    """The lists of the other models that both have at the same path."""
    both = [other for other in models_in(file) if other not in (path, there, WHOLE) and other in ref.state_dicts]
    return tuple((other, compare_names(names_in(file, other), names_in(ref, other), file.module_metadata.get(other))) for other in both)


def read_reference(path: str | os.PathLike[str], monitor: Monitor = QUIET) -> Checkpoint | Reference:
    """What a file is held against: a checkpoint, or the shapes in a `.json` (see `read_shapes`).

    >>> path = core.save({"w": np.ones((2, 3))}, folder / "model.pth").path
    >>> core.read_reference(path).tensors["w"].shape
    (2, 3)
    """
    name = os.fsdecode(path)
    if name.lower().endswith(".json") and not name.lower().endswith(".index.json"):
        return read_shapes(name, monitor)
    return opening.open(name, monitor=monitor)
