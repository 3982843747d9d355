"""Containers: one file per format, listed here in order. `read` finds out which one a file is and has it read.

A reader is `read(source, path, limits, monitor) -> Checkpoint`. Helpers that several share: `sniff` with `other_files` and
`tar_members` (what a file is), `outer` and `inside` (members of
archives that are no checkpoints), `zip_tail`, `zip_directory`, `strict_json`, `safetensors_header`; of the formats before 1.6
`pickle_stream`, `windowed` (bounded reads), `old_storages`, `sys_info`, `module_sources`.

A checkpoint of several files (`SETS`) is told by its index, which names the others; `folders` finds it in a folder. Its reader
is given what reads one file, `read(source, path, read_one, limits, monitor)`, and its tools are `set_files`, `joining`,
`dcp_metadata`, `chunk_map`.
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
from . import (
    dcp,
    folders,
    outer,
    plain_pickle,
    safetensors,
    script_json,
    sharded,
    torch_export,
    torch_legacy,
    torch_tar,
    torch_zip,
)
from .folders import is_set
from .sniff import sniff

__all__ = ["FORMATS", "SETS", "Format", "is_set", "read"]


class Format(NamedTuple):
    """`name` is what `sniff` says, `label` what a person would; `foreign` are endings that belong to something else, so
    that programs which go by the ending take the file for that."""

    name: str
    label: str
    read: Callable[[SourceFile, str, Limits, Monitor], Checkpoint]
    foreign: frozenset[str]


ReadOne = Callable[[SourceFile, str, Limits, Monitor], Checkpoint]

_OTHERS = frozenset((".gguf", ".h5", ".hdf5", ".keras", ".npy", ".npz", ".onnx", ".tflite", ".pb"))
_TORCH = frozenset((".pt", ".pth", ".th", ".pt2", ".ptl", ".pkl", ".pickle", ".tar", ".zip"))


def _read_export(source: SourceFile, path: str, limits: Limits, monitor: Monitor) -> Checkpoint:
    return torch_export.read(source, path, _read_payload, limits, monitor)


def _read_payload(source: SourceFile, path: str, limits: Limits, monitor: Monitor) -> Checkpoint:
    """What torch.save or pickle wrote into another archive. No archives of other kinds: they could hold each other for ever."""
    kind = sniff(source)
    if kind not in ("torch-zip", "torch-legacy", "pickle"):
        raise Unsupported("it is nothing that torch.save wrote", "The archive was changed by hand: do not trust it.")
    return _format(kind).read(source, path, limits, monitor)


FORMATS: tuple[Format, ...] = (
    Format("torch-zip", "a PyTorch zip checkpoint", torch_zip.read, _OTHERS | {".safetensors"}),
    Format("torchscript-json", "a TorchScript archive", script_json.read, _OTHERS | {".safetensors"}),
    Format("torch-export", "a torch.export archive", _read_export, _OTHERS | {".safetensors"}),
    Format("torch-legacy", "a checkpoint in PyTorch's format from before version 1.6", torch_legacy.read,
           _OTHERS | {".safetensors"}),
    Format("torch-tar", "a checkpoint in PyTorch's tar format of 2016 and 2017", torch_tar.read, _OTHERS | {".safetensors"}),
    Format("safetensors", "a safetensors file", safetensors.read, _OTHERS | _TORCH),
    Format("pickle", "a Python pickle", plain_pickle.read, _OTHERS | {".safetensors"}),
)

# readers of checkpoints of several files, by what `sniff` says of their index; ".metadata" goes by its name
SETS: dict[str, Callable[[SourceFile, str, ReadOne, Limits, Monitor], Checkpoint]] = {
    sharded.SAFETENSORS: sharded.read, sharded.TORCH: sharded.read, dcp.FORMAT: dcp.read,
}


def read(path: str | os.PathLike[str], *, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> Checkpoint:
    """The checkpoint in the file at `path`, in the folder, or in the member of an archive (FILE!member): metadata only, no
    handle is kept. Raises a ReadError saying what is wrong and what to do, `Cancelled` when `monitor` says so."""
    name = os.fsdecode(path)
    file, member = outer.split(name)
    try:
        with collector.paused():
            if member:
                return _read_member(name, file, member, limits, monitor)
            return _read_folder(name, limits, monitor) if folders.is_folder(name) else _read_file(name, limits, monitor)
    except MemoryError:
        raise TooBig("there is not enough memory to open the file", "Close other programs and try again.") from None


def file_of(path: str) -> str:
    """The file on disk that `path` is about: the archive of FILE!member, otherwise `path` itself."""
    return outer.split(path)[0]


def _read_folder(folder: str, limits: Limits, monitor: Monitor) -> Checkpoint:
    index = os.path.join(folder, folders.choose(folder))
    return replace(_read_file(index, limits, monitor), path=folder)


def _read_member(name: str, file: str, member: str, limits: Limits, monitor: Monitor) -> Checkpoint:
    with open_source(file) as opened:
        source = outer.enter(opened, file, member, limits, monitor)
        kind = sniff(source)
        if kind in SETS:
            raise Unsupported("this is the index of a checkpoint in several files", "Extract all of them and open the index.")
        found = _format(kind)
        ckpt = outer.settle(found.read(source, name, limits, monitor), source, opened)
        opened.check_unchanged()
    odd = _wrong_extension(name, found)
    return replace(ckpt, findings=(odd, *ckpt.findings)) if odd else ckpt


def _read_file(name: str, limits: Limits, monitor: Monitor) -> Checkpoint:
    with open_source(name) as source:
        if os.path.basename(name) == folders.DCP:
            ckpt = dcp.read(source, os.path.dirname(name) or ".", _read_one, limits, monitor)
            source.check_unchanged()
            return ckpt
        kind = sniff(source)
        if kind in SETS:
            ckpt = SETS[kind](source, name, _read_one, limits, monitor)
            source.check_unchanged()
            return ckpt
        found = _format(kind)
        ckpt = found.read(source, name, limits, monitor)
        source.check_unchanged()
    of_set = folders.one_of_a_set(name)
    odd = [finding for finding in (_wrong_extension(name, found), of_set) if finding is not None]
    if of_set is not None and name.endswith(".distcp"):     # other items, which are zips too
        odd += [finding for finding in ckpt.findings if finding.id != "leading-junk"]
        return replace(ckpt, findings=tuple(odd))
    return replace(ckpt, findings=(*odd, *ckpt.findings)) if odd else ckpt


def _read_one(source: SourceFile, path: str, limits: Limits, monitor: Monitor) -> Checkpoint:
    """One file of a set, which is no set itself."""
    kind = sniff(source)
    if kind in SETS:
        raise Unsupported("this is the index of another set, not a file with tensors", "Fetch the whole set again.")
    return _format(kind).read(source, path, limits, monitor)


def _format(name: str) -> Format:
    return next(found for found in FORMATS if found.name == name)


def _wrong_extension(path: str, found: Format) -> Finding | None:
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in found.foreign:
        return None
    return Finding("wrong-extension", "warning", "", f"The name ends in {visible(suffix)}, but this is {found.label}.",
                   "Rename it: programs that go by the ending, torch.load among them, fail to open it.")
