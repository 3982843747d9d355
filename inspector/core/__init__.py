"""The front door: everything a script or the window needs, and nothing behind it need be imported by name.

    from inspector import core
    ckpt = core.open("run/last.pth")

Importing this loads neither numpy nor torch; each is loaded by the first call that needs it. Nothing in a file is ever run.
"""
from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace

from inspector import __version__ as version

from . import checks, collector, demo, formats, torch_bridge
from .arrays import digest, digests, iter_chunks, read_numpy
from .checkpoint import Checkpoint, Chunk, Extent, FileStamp, Member, Opaque, Pickle, Plain, Storage, TensorInfo
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
from .keypath import join, visible, visible_lines
from .leaves import one_line, to_json, type_name
from .limits import LIMITS, Limits
from .measures.summary import BINS, Summary, summarize_each, summarize_group, summarize_tensor
from .progress import QUIET, Monitor
from .source_texts import Place, Text, read_text, source_of, text_pieces, texts
from .torch_bridge import read_torch

__all__ = [
    "BINS", "DTYPES", "LEVELS", "LIMITS", "QUIET",
    "Ambiguous", "BadTensor", "Cancelled", "Changed", "Checkpoint", "Chunk", "Corrupt", "Dtype", "EditError", "Extent", "FileStamp",
    "Finding", "InspectorError", "Level", "Limits", "Member", "Monitor", "NotACheckpoint", "Opaque", "Pickle", "Place", "Plain",
    "ReadError", "SaveError", "Storage", "Summary", "TensorInfo", "Text", "TooBig", "Truncated", "Unreadable", "Unsupported",
    "UsageError",
    "check", "collector", "digest", "digests", "file_of", "is_set", "iter_chunks", "join", "load_state_dict", "make_demo", "one_line",
    "open", "read_numpy", "read_text", "read_torch", "source_of", "summarize", "summarize_each", "summarize_group",
    "summarize_tensor", "text_pieces", "texts", "to_json", "type_name", "version", "visible", "visible_lines", "worst",
]  # fmt: skip


def open(path: str | os.PathLike[str], *, follow_links: bool = False, monitor: Monitor = QUIET, limits: Limits = LIMITS) -> Checkpoint:
    """The checkpoint at `path`, with what is odd about it in `.findings`; FILE!member is one inside an ordinary archive. Reads
    metadata, never tensor bytes, and holds no file handle afterwards. Raises a `ReadError` for what is no readable checkpoint
    (with id "outside_folder" for links out of the folder of a set of files, unless `follow_links`), `Cancelled` when `monitor`
    says so."""
    return _opened(path, monitor, limits, follow_links)


def _opened(path: str | os.PathLike[str], monitor: Monitor, limits: Limits, follow_links: bool) -> Checkpoint:
    if follow_links:
        limits = replace(limits, follow_links=True)
    ckpt = formats.read(os.fsdecode(path), limits=limits, monitor=monitor)
    found = [finding for look in checks.CHECKS for finding in look(ckpt)]
    return replace(ckpt, findings=(*ckpt.findings, *found)) if found else ckpt


def file_of(path: str | os.PathLike[str]) -> str:
    """The file on disk that `path` is about: the archive of FILE!member, otherwise `path` itself."""
    return formats.file_of(os.fsdecode(path))


def is_set(path: str | os.PathLike[str]) -> bool:
    """Whether the folder at `path` is a checkpoint of several files, which `open` takes as one. Goes by names only."""
    return formats.is_set(os.fsdecode(path))


def check(ckpt: Checkpoint, monitor: Monitor = QUIET) -> tuple[Finding, ...]:
    """All findings: those of opening, and those that need the tensors' bytes (checksums, odd values), which are read now."""
    found = [finding for look in checks.DEEP_CHECKS for finding in look(ckpt, monitor)]
    return (*ckpt.findings, *found)


def summarize(ckpt: Checkpoint, keys: Iterable[str] | None = None, monitor: Monitor = QUIET, *,
              bins: int = BINS) -> dict[str, Summary]:
    """key -> `Summary` of the given tensors. Without `keys`: of all whose values can be had; the others are left out.
    Raises BadTensor for a key whose values cannot be had, UsageError for one that is not there."""
    result = {}
    for key, outcome in summarize_each(ckpt, ckpt.tensors if keys is None else keys, bins, monitor):
        if isinstance(outcome, Summary):
            result[key] = outcome
        elif keys is not None:
            raise outcome
    return result


def load_state_dict(path: str | os.PathLike[str], state_dict: str | None = None, monitor: Monitor = QUIET, *,
                    follow_links: bool = False) -> torch_bridge.StateDict:
    """The state dict in the file as torch tensors on the CPU, key -> tensor in stored order, ready for a model's
    `load_state_dict`. Tensors that share memory in the file share it here; `_metadata` is kept.

    `state_dict` is its path ("model_state_dict"; "" is the root); without it, the only one that can be meant. Raises
    UsageError naming the choices when there are several, BadTensor when a tensor's values cannot be had.
    """
    ckpt = _opened(path, monitor, LIMITS, follow_links)
    return torch_bridge.load(ckpt, _choose(ckpt, state_dict), monitor)

def make_demo(folder: str | os.PathLike[str]) -> list[str]:
    """Writes two sample checkpoints into `folder` and gives their paths. Raises OSError."""
    return demo.make(folder)


# The usual names of the weights to load, most wanted first.
_WEIGHTS = ("", "model_state_dict", "state_dict", "model", "module", "net", "network", "weights", "params")
_NOT_WEIGHTS = ("optim", "sched", "scaler", "_state_opt")


def _choose(ckpt: Checkpoint, wanted: str | None) -> str:
    """The path of a state dict of `ckpt`: the `wanted` one, or the only one that holds a model's weights."""
    there = ckpt.state_dicts
    if wanted is not None:
        if wanted in there:
            return wanted
        raise UsageError(f"there is no state dict {wanted!r} in the file", _choices(there))
    if not there:
        raise UsageError("there is no state dict in the file", "`inspector ls` shows what it holds.")
    apart = _not_within_modules(ckpt)
    likely = [path for path in apart if not any(word in path.lower() for word in _NOT_WEIGHTS)] or apart
    if len(likely) == 1:
        return likely[0]
    known = [path for path in _WEIGHTS if path in likely]
    others = [path for path in likely if path not in _WEIGHTS]
    if len(known) == 1 and all("ema" in path.lower() for path in others):
        return known[0]
    raise UsageError(f"there are {len(likely)} state dicts in the file", _choices(tuple(likely)))


def _not_within_modules(ckpt: Checkpoint) -> list[str]:
    """The paths of all state dicts but those that some attribute of a whole module leads to: a teacher, a loss."""
    modules = {path for path in ckpt.state_dicts if isinstance(ckpt.values.get(path), Opaque)}
    apart = []
    for path in ckpt.state_dicts:
        segments = path.split(".")
        above = {".".join(segments[:i]) for i in range(len(segments))}
        if path == "" or not modules & above:
            apart.append(path)
    return apart


def _choices(paths: tuple[str, ...]) -> str:
    return "Say which one with state_dict=: " + ", ".join(repr(path) for path in paths) + "." if paths else ""
