"""Another checkpoint that an edit goes by: opened, and which of its tensors are the model's."""
from __future__ import annotations

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.errors import EditError, InspectorError
from inspector.core.formats import read
from inspector.core.keypath import visible
from inspector.core.limits import LIMITS
from inspector.core.naming_conventions import USUAL_WEIGHTS
from inspector.core.progress import Monitor
from inspector.core.training.weights import optimizer_states


def opened(path: str, monitor: Monitor) -> Checkpoint:
    """The checkpoint at `path`. Raises EditError."""
    try:
        return read(path, limits=LIMITS, monitor=monitor)
    except InspectorError as error:
        raise EditError(f"the reference {visible(path)}: {error.message}", error.hint, error.where, id="bad_reference") from error


def weights_of(ckpt: Checkpoint) -> dict[str, TensorInfo]:
    """The weights by their names in their state dict. Raises EditError when several state dicts can be meant."""
    optimizers = optimizer_states(ckpt)
    there = [path for path in ckpt.state_dicts if path not in optimizers]
    chosen = there if len(there) == 1 else [path for path in USUAL_WEIGHTS if path in there][:1]
    if not chosen:
        listed = ", ".join(visible(path, 60) or "the root" for path in there[:8])
        raise EditError("the reference has several state dicts" if there else "the reference has no state dict",
                        f"Extract one of them into a file: {listed}." if there else "Name a file with a model's weights.",
                        id="bad_reference")
    return {info.name: info for info in ckpt.tensors.values() if info.state_dict == chosen[0]}
