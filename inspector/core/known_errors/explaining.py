"""The text of an error, and the file it is about -> what it means and what to do. To add a kind of error, write its module and put it in
the list."""
from __future__ import annotations

from collections.abc import Callable, Iterable

from inspector.core.checkpoint import Checkpoint
from inspector.core.errors import InspectorError, ReadError, UsageError
from inspector.core.opening import CheckpointLike, opened
from inspector.core.progress import QUIET, Monitor

from . import (
    damage,
    devices,
    memory,
    missing_code,
    objects_for_others,
    optimizers,
    other_pickles,
    other_programs,
    other_shapes,
    pickling,
    refused_values,
    safetensors_metadata,
    safetensors_saving,
    state_dicts,
)
from .explanation import Case, Explanation, search

_MOST = 4 << 20         # characters of a pasted text

# The more a text says, the earlier it is asked for: a pickle that breaks off is the last of several errors in a traceback.
Kind = Callable[[Case], Explanation | None]
_KINDS: tuple[Kind, ...] = (memory.explain, other_programs.explain, other_shapes.explain, refused_values.explain, devices.explain,
                            optimizers.explain, safetensors_saving.explain, safetensors_metadata.explain, pickling.explain,
                            objects_for_others.explain, other_pickles.explain, missing_code.explain,
                            damage.explain, state_dicts.explain)


def explain_error(text: str, file: CheckpointLike | None = None, *, unreadable: InspectorError | None = None,
                  state_dict: str | None = None, monitor: Monitor = QUIET) -> Explanation:
    """What the error `text` means, of `file` where it is given (a checkpoint, or a path), and the edits after which it is gone, tried on
    its tables. `unreadable` says why the file that is meant cannot be opened; of a path that is found out. Known are the errors of
    torch 0.4 to the newest in loading and saving; see `known_errors`. Raises UsageError for a text that holds none of them, Cancelled.

    >>> found = core.explain_error("Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False.")
    >>> found.id, found.advice[0]
    ('device', 'torch.load(path, map_location="cpu") reads it without that device.')
    """
    text = text[:_MOST]
    if file is not None and not isinstance(file, Checkpoint):
        try:
            file = opened(file, monitor)
        except ReadError as error:
            file, unreadable = None, error
    case = Case(text, file, unreadable, state_dict, monitor)
    kinds = (state_dicts.explain, *_KINDS) if search(state_dicts.STRONG, text) else _KINDS
    found = _first(kinds, case)
    if found is None:
        raise UsageError("there is no error in this text that is known here",
                         'Paste all of it, from "Traceback" or "Error(s) in loading state_dict for" on.')
    return found if unreadable is None else found._replace(about=(f"The file itself: {unreadable}", *found.about))


def _first(kinds: Iterable[Kind], case: Case) -> Explanation | None:
    return next((found for kind in kinds if (found := kind(case)) is not None), None)
