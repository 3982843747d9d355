"""Checkpoint x Checkpoint -> Comparison: pairing by names and inferred rules, and what `load_state_dict` would say."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..checkpoint import Checkpoint
from ..progress import QUIET, Monitor
from .comparison import STATUSES, WHOLE, Comparison, Difference, Pair, Verdict, pair_up, with_pairs
from .complaint import Complaint, read_error
from .loading import Lists, LoadReport, Mismatch, report
from .model_shapes import shapes_of_model
from .reference import Reference, file_shapes, of_checkpoint, of_mapping, read_shapes, read_text_file
from .renaming import Step, steps_for
from .rules import Rule, Shape, Shapes
from .streaming import by_content, compare, differences, with_difference
from .values import ValueChange
from .verdict import verdict_of

__all__ = [
    "STATUSES", "WHOLE",
    "Comparison", "Complaint", "Difference", "Lists", "LoadReport", "Mismatch", "Pair", "Reference", "Rule", "Step",
    "ValueChange", "Verdict",
    "by_content", "compare", "differences", "doctor", "load_report", "pair_up", "read_error", "read_shapes", "read_text_file",
    "shapes_of_model", "steps_for", "verdict_of", "with_difference", "with_pairs",
]


def load_report(file: Checkpoint, ref: Checkpoint | Reference | Mapping[str, Any], *, state_dict: str | None = None,
                monitor: Monitor = QUIET) -> LoadReport:
    """What `load_state_dict(strict=True)` of a model shaped like `ref` (a checkpoint, the shapes of a `.json`, or a mapping
    name -> shape) says of `file`, and the edits that make the file fit. `state_dict` is the path of the state dict in `file`;
    without it, the one that has most in common with the model."""
    if isinstance(ref, Checkpoint):
        model = of_checkpoint(ref, file)
    elif isinstance(ref, Reference):
        model = ref
    else:
        model = of_mapping(ref)
    path, shapes = file_shapes(file, model.shapes, state_dict)
    return report(_with_extra_state(file, path, shapes), model.shapes, state_dict="" if path == WHOLE else path,
                  metadata=file.module_metadata.get(path), reference=model.label or None, monitor=monitor)


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
        path = "" if path == WHOLE else path
    model = {key: shape for key, shape in there.items() if key not in lists.unexpected} | dict.fromkeys(lists.missing) | wanted
    return report(there, model, state_dict=path, metadata=metadata, monitor=monitor)


def _with_extra_state(ckpt: Checkpoint, path: str, shapes: Shapes) -> Shapes:
    prefix = f"{path}." if path and path != WHOLE else ""
    return {**shapes, **{key[len(prefix):]: None for key in ckpt.values if key.startswith(prefix) and key.endswith("_extra_state")}}


