"""The front door: everything a script or the window needs, and nothing behind it need be imported by name.

    from inspector import core
    ckpt = core.open("run/last.pth")

Importing this loads neither numpy nor torch; each is loaded by the first call that needs it. Nothing in a file is ever run.
"""
from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

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


def open(path: str | os.PathLike[str], *, monitor: Monitor = QUIET, limits: Limits = LIMITS) -> Checkpoint:
    """The checkpoint at `path`, with what is odd about it in `.findings`. Reads metadata, never tensor bytes, and holds no
    file handle afterwards. Raises a `ReadError` for what is no readable checkpoint, `Cancelled` when `monitor` says so."""
    from . import checks, formats
    with _collector_paused():
        ckpt = formats.read(os.fspath(path), limits=limits, monitor=monitor)
        found = [finding for look in checks.CHECKS for finding in look(ckpt)]
    return replace(ckpt, findings=(*ckpt.findings, *found)) if found else ckpt
