"""Containers: one file per format, listed here in order. `read` finds out which one a file is and has it read.

A reader is `read(source, path, limits, monitor) -> Checkpoint`. Helpers that several share: `sniff` with `other_files` and
`tar_members` (what a file is), `outer` and `inside` (members of
archives that are no checkpoints), `zip_tail`, `zip_directory`, `strict_json`, `safetensors_header`; of the formats before 1.6
`pickle_stream`, `windowed` (bounded reads), `old_storages`, `sys_info`, `module_sources`.
"""
from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from .. import collector
from ..bytes import SourceFile, open_source
from ..checkpoint import Checkpoint
from ..errors import TooBig, Unsupported
from ..findings import Finding
from ..keypath import visible
from ..limits import LIMITS, Limits
from ..progress import QUIET, Monitor
from . import outer, plain_pickle, safetensors, torch_legacy, torch_tar, torch_zip
from .sniff import sniff


class Format(NamedTuple):
    """`name` is what `sniff` says, `label` what a person would; `foreign` are endings that belong to something else, so
    that programs which go by the ending take the file for that."""

    name: str
    label: str
    read: Callable[[SourceFile, str, Limits, Monitor], Checkpoint]
    foreign: frozenset[str]


_OTHERS = frozenset((".gguf", ".h5", ".hdf5", ".keras", ".npy", ".npz", ".onnx", ".tflite", ".pb"))
_TORCH = frozenset((".pt", ".pth", ".th", ".pt2", ".ptl", ".pkl", ".pickle", ".tar", ".zip"))

FORMATS: tuple[Format, ...] = (
    Format("torch-zip", "a PyTorch zip checkpoint", torch_zip.read, _OTHERS | {".safetensors"}),
    Format("torch-legacy", "a checkpoint in PyTorch's format from before version 1.6", torch_legacy.read,
           _OTHERS | {".safetensors"}),
    Format("torch-tar", "a checkpoint in PyTorch's tar format of 2016 and 2017", torch_tar.read, _OTHERS | {".safetensors"}),
    Format("safetensors", "a safetensors file", safetensors.read, _OTHERS | _TORCH),
    Format("pickle", "a Python pickle", plain_pickle.read, _OTHERS | {".safetensors"}),
)

# what sniff tells apart and no reader is there for yet: (what it is, what to do)
_LATER = {
    "safetensors-sharded": ("this is the index of a checkpoint in several .safetensors files, which this version does not read yet",
                            "Open the .safetensors files beside it one by one."),
    "torch-sharded": ("this is the index of a checkpoint in several .bin files, which this version does not read yet",
                      "Open the .bin files beside it one by one."),
}


def read(path: str | os.PathLike[str], *, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> Checkpoint:
    """The checkpoint in the file at `path`, or in the member of an archive (FILE!member): metadata only, no handle is kept.
    Raises a ReadError saying what is wrong and what to do, `Cancelled` when `monitor` says so."""
    name = os.fsdecode(path)
    file, member = outer.split(name)
    try:
        with open_source(file) as opened, collector.paused():
            source = outer.enter(opened, file, member, limits, monitor) if member else opened
            found = _format(source)
            ckpt = found.read(source, name, limits, monitor)
            opened.check_unchanged()
            if member:
                ckpt = outer.settle(ckpt, source, opened)
    except MemoryError:
        raise TooBig("there is not enough memory to open the file", "Close other programs and try again.") from None
    odd = _wrong_extension(name, found)
    return replace(ckpt, findings=(odd, *ckpt.findings)) if odd else ckpt


def file_of(path: str) -> str:
    """The file on disk that `path` is about: the archive of FILE!member, otherwise `path` itself."""
    return outer.split(path)[0]


def _format(source: SourceFile) -> Format:
    name = sniff(source)
    for found in FORMATS:
        if found.name == name:
            return found
    message, hint = _LATER[name]
    raise Unsupported(message, hint, id=name)


def _wrong_extension(path: str, found: Format) -> Finding | None:
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in found.foreign:
        return None
    return Finding("wrong-extension", "warning", "", f"The name ends in {visible(suffix)}, but this is {found.label}.",
                   "Rename it: programs that go by the ending, torch.load among them, fail to open it.")
