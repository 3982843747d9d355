"""Would it load? What `load_state_dict` of a model would say of a file, asked of another checkpoint, of shapes, or of an error's text."""
from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from inspector.core import opening
from inspector.core.checkpoint import Checkpoint
from inspector.core.comparison.pairing.rules import Shape, Shapes
from inspector.core.comparison.pairing.sides import WHOLE, shapes_of, tensors_of
from inspector.core.edits.editing import edit
from inspector.core.errors import EditError
from inspector.core.progress import QUIET, Monitor

from .error_text import read_error
from .load_report import LoadReport, compare_names, report
from .reference import Reference, extra_states, file_shapes, of_checkpoint, of_mapping, read_shapes


def load_report(file: Checkpoint | str | os.PathLike[str], ref: Checkpoint | Reference | Mapping[str, Any] | str | os.PathLike[str], *,
                state_dict: str | None = None, monitor: Monitor = QUIET) -> LoadReport:
    """What `load_state_dict(strict=True)` of a model shaped like `ref` would say of `file`: missing, unexpected and mismatched
    keys, and the edits after which it fits. Both may be paths; `ref` may be a `.json` of shapes (`read_reference`), or a
    mapping of names to shapes. `state_dict` is the path of the one in `file`; without it, what fits best is taken."""
    if not isinstance(file, Checkpoint):
        file = opening.open(file, monitor=monitor)
    if isinstance(ref, (str, os.PathLike)):
        ref = read_reference(ref, monitor)
    if isinstance(ref, Checkpoint):
        model = of_checkpoint(ref, file)
    elif isinstance(ref, Reference):
        model = ref
    else:
        model = of_mapping(ref)
    path, shapes = file_shapes(file, model.shapes, state_dict)
    found = report(_with_extra_state(file, path, shapes), model.shapes, state_dict="" if path == WHOLE else path,
                   metadata=file.module_metadata.get(path), reference=model.label or None, monitor=monitor)
    return _tried(found, file, path, model.shapes, _with_extra_state, monitor)


def read_reference(path: str | os.PathLike[str], monitor: Monitor = QUIET) -> Checkpoint | Reference:
    """What a file is held against: a checkpoint, or the shapes in a `.json` (see `read_shapes`)."""
    name = os.fsdecode(path)
    if name.lower().endswith(".json") and not name.lower().endswith(".index.json"):
        return read_shapes(name, monitor)
    return opening.open(name, monitor=monitor)


def doctor(text: str, file: Checkpoint | None = None, *, state_dict: str | None = None, monitor: Monitor = QUIET) -> LoadReport:
    """The same from the text of an error alone, or from it and the file that was loaded. Raises UsageError for a text that
    holds no such error."""
    lists = read_error(text).lists
    wrong: dict[str, Shape | None] = {mismatch.key: mismatch.file for mismatch in lists.mismatched}
    wanted: dict[str, Shape | None] = {mismatch.key: mismatch.model for mismatch in lists.mismatched}
    there: Shapes = dict.fromkeys(lists.unexpected) | wrong
    path, metadata = "", None
    if file is not None:
        said = there
        path, there = file_shapes(file, said or dict.fromkeys(lists.missing), state_dict)
        metadata = file.module_metadata.get(path)
    model = {key: shape for key, shape in there.items() if key not in lists.unexpected} | dict.fromkeys(lists.missing) | wanted
    found = report(there, model, state_dict="" if path == WHOLE else path, metadata=metadata, monitor=monitor)
    return found if file is None else _tried(found, file, path, model, _names_alone, monitor)


def _tried(found: LoadReport, file: Checkpoint, path: str, model: Shapes, more: Callable[[Checkpoint, str, Shapes], Shapes],
           monitor: Monitor) -> LoadReport:
    """The report once its edits were applied to the tables of `file`, whose state dict at `path` it is about: `after` is what comes of
    them, and those that cannot be applied, or do not help, are not suggested. `more` adds what besides tensors is a key."""
    extracted = (("--extract", path if path not in ("", WHOLE) else "."), *found.suggested)     # the names of a whole module are its own
    for steps in (found.suggested, extracted) if found.suggested else ():
        tried = replace(found, suggested=steps)
        try:
            edited = edit(file, tried.edits, monitor)
        except EditError:
            continue
        place = "" if steps[0][0] == "--extract" else path
        after = compare_names(more(edited, place, shapes_of(tensors_of(edited, place))), model, edited.module_metadata.get(place))
        if after == found.after or after.loads or after.fitting > found.lists.fitting:
            return replace(tried, after=after)
    return replace(found, suggested=(), after=found.lists)


def _names_alone(ckpt: Checkpoint, path: str, shapes: Shapes) -> Shapes:
    return shapes


def _with_extra_state(ckpt: Checkpoint, path: str, shapes: Shapes) -> Shapes:
    return {**shapes, **extra_states(ckpt, path)}
