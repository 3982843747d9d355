"""The front door: everything a script or the window needs, and nothing behind it need be imported by name.

    from inspector import core
    ckpt = core.open("run/last.pth")

Importing this loads neither numpy nor torch; each is loaded by the first call that needs it. Nothing in a file is ever run.
"""
from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from inspector import __version__ as version

from .checkpoint import Checkpoint, Extent, FileStamp, Member, Opaque, Pickle, Plain, Storage, TensorInfo
from .dtypes import DTYPES, Dtype
from .errors import (
    Ambiguous,
    BadTensor,
    Cancelled,
    Changed,
    Corrupt,
    EditError,
    InspectorError,
    NotACheckpoint,
    ReadError,
    SaveError,
    TooBig,
    Truncated,
    Unreadable,
    Unsupported,
    UsageError,
)
from .findings import LEVELS, Finding, Level, worst
from .keypath import join, visible
from .limits import LIMITS, Limits
from .progress import QUIET, Monitor

__all__ = ["DTYPES", "LEVELS", "LIMITS", "QUIET", "Ambiguous", "BadTensor", "Cancelled", "Changed", "Checkpoint", "Corrupt",
           "Dtype", "EditError", "Extent", "FileStamp", "Finding", "InspectorError", "Level", "Limits", "Member", "Monitor",
           "NotACheckpoint", "Opaque", "Pickle", "Plain", "ReadError", "SaveError", "Storage", "TensorInfo", "TooBig",
           "Truncated", "Unreadable", "Unsupported", "UsageError", "join", "open", "version", "visible", "worst"]


def open(path: str | os.PathLike[str], *, monitor: Monitor = QUIET, limits: Limits = LIMITS) -> Checkpoint:
    """The checkpoint at `path`, with what is odd about it in `.findings`. Reads metadata, never tensor bytes, and holds no
    file handle afterwards. Raises a `ReadError` for what is no readable checkpoint, `Cancelled` when `monitor` says so."""
    from . import checks, formats
    with _collector_paused():
        try:
            ckpt = formats.read(os.fsdecode(path), limits=limits, monitor=monitor)
            found = [finding for look in checks.CHECKS for finding in look(ckpt)]
        except MemoryError:
            raise TooBig("This computer's memory does not suffice to open the file",
                         "Close other programs, or open it on a bigger machine.") from None
    return replace(ckpt, findings=(*ckpt.findings, *found)) if found else ckpt


@contextmanager
def _collector_paused() -> Iterator[None]:
    """The cyclic garbage collector off: a parse makes millions of small objects and no garbage (DESIGN §6)."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
