"""Another checkpoint that an edit goes by: opened once for as long as it stays as it is, and which of its tensors are the model's."""
from __future__ import annotations

import threading
from collections import OrderedDict

from inspector.core.checkpoint import Checkpoint, FileStamp, TensorInfo
from inspector.core.errors import EditError, FileMissing, InspectorError, ReferenceMissing
from inspector.core.formats import read
from inspector.core.io import addresses
from inspector.core.io.sources import stamp_of
from inspector.core.keypath import visible
from inspector.core.limits import LIMITS
from inspector.core.naming_conventions import USUAL_WEIGHTS
from inspector.core.progress import Monitor
from inspector.core.training.weights import optimizer_states

_KEPT = 2               # an edit is applied, told and previewed again and again: its reference is opened by the first of these
_WAIT = 0.05            # seconds between two questions whether to go on waiting for somebody else who opens one
_known: OrderedDict[str, Checkpoint] = OrderedDict()
_lock = threading.Lock()


def opened(path: str, monitor: Monitor) -> Checkpoint:
    """The checkpoint at `path`: the one of before, while none of its files has changed since. Raises EditError (ReferenceMissing where
    there is none), Cancelled."""
    name = addresses.absolute_path(path)
    while not _lock.acquire(timeout=_WAIT):
        monitor.check()
    try:
        found = _known.pop(name, None)
        if found is None or not are_current(found.files):
            found = _read(path, monitor)
        _known[name] = found
        while len(_known) > _KEPT:
            _known.popitem(last=False)
        return found
    finally:
        _lock.release()


def files_of(path: str | None) -> tuple[FileStamp, ...]:
    """How the files of the checkpoint at `path` looked when `opened` gave it last; () for None."""
    found = _known.get(addresses.absolute_path(path)) if path is not None else None
    return found.files if found is not None else ()


def are_current(files: tuple[FileStamp, ...]) -> bool:
    """Whether all of them look as they did."""
    return all(stamp_of(stamp.path) == stamp._replace(inside=()) for stamp in files)


def _read(path: str, monitor: Monitor) -> Checkpoint:
    try:
        return read(path, limits=LIMITS, monitor=monitor)
    except InspectorError as error:
        raise bad_reference(path, error) from error


def bad_reference(path: str, error: InspectorError) -> EditError:
    """What is to be raised when `error` says why the reference at `path` cannot be read."""
    message = f"the reference {visible(path)}: {error.message}"
    if isinstance(error, FileMissing):
        return ReferenceMissing(path, message, error.hint)
    return EditError(message, error.hint, error.where, id="bad_reference")


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
