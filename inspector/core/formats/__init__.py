"""Containers: one file per format, listed here in order. `read` finds out which one a file is and has it read.

A reader is a module with `read(source, path, limits, monitor) -> Checkpoint`, loaded when a file of its format is opened: most people
never open most formats. A checkpoint of several files (`SETS`) is told by its index, which names the others; `sets.folders` finds it
in a folder. Readers of sets, and of archives that hold what other formats are (`with_reader`), are also given what reads one file:
`read(source, path, read_one, limits, monitor)`.
"""
from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint
from inspector.core.errors import NotACheckpoint, ReadError, TooBig, Unsupported
from inspector.core.findings import Finding
from inspector.core.io import addresses
from inspector.core.io.sources import SourceFile, check_still, open_source, standing_still
from inspector.core.keypath import visible
from inspector.core.limits import LIMITS, Limits
from inspector.core.progress import QUIET, Monitor
from inspector.core.runtime import late
from inspector.core.runtime.collector import collector_paused

from .sets import folders, set_files
from .sniffing import containers
from .sniffing.sniff import sniff

ReadOne = Callable[[SourceFile, str, Limits, Monitor], Checkpoint]
ReadSet = Callable[[SourceFile, str, ReadOne, Limits, Monitor], Checkpoint]


class Format(NamedTuple):
    """`name` is what `sniff` says, `label` what a person would, `reader` the module in this room; `foreign` are endings that belong
    to something else, so that programs which go by the ending take the file for that."""

    name: str
    label: str
    reader: str
    foreign: frozenset[str]
    with_reader: bool = False

    def read(self, source: SourceFile, path: str, limits: Limits, monitor: Monitor) -> Checkpoint:
        reader = late.module(f"{__name__}.{self.reader}")
        limits = _limits_of(limits, source.size)
        if self.with_reader:
            read_set: ReadSet = reader.read
            return read_set(source, path, _read_payload, limits, monitor)
        read_one: ReadOne = reader.read
        return read_one(source, path, limits, monitor)


_SAVES = f"{__name__}.sniffing.saves"      # which brings the reader of torch's old streams along
_FOLLOWED = frozenset(("trailing", "trailing-pickle", "trailing-bytes"))       # findings that say that something follows what was read
_OTHERS = frozenset((".gguf", ".h5", ".hdf5", ".keras", ".npy", ".npz", ".onnx", ".tflite", ".pb"))
_TORCH = frozenset((".pt", ".pth", ".th", ".pt2", ".ptl", ".pkl", ".pickle", ".tar", ".zip"))


FORMATS: tuple[Format, ...] = (
    Format("torch-zip", "a PyTorch zip checkpoint", "torch_zip", _OTHERS | {".safetensors"}),
    Format("torchscript-json", "a TorchScript archive", "torchscript_json", _OTHERS | {".safetensors"}),
    Format("torch-export", "a torch.export archive", "torch_export", _OTHERS | {".safetensors"}, with_reader=True),
    Format("torch-legacy", "a checkpoint in PyTorch's format from before version 1.6", "torch_legacy",
           _OTHERS | {".safetensors"}),
    Format("torch-tar", "a checkpoint in PyTorch's tar format of 2016 and 2017", "before_1_6.torch_tar", _OTHERS | {".safetensors"}),
    Format("safetensors", "a safetensors file", "safetensors", _OTHERS | _TORCH),
    Format("pickle", "a Python pickle", "plain_pickle", _OTHERS | {".safetensors"}),
    Format("compressed", "a compressed Python pickle", "compressed", _OTHERS | {".safetensors"}, with_reader=True),
    Format("gguf", "a GGUF model", "gguf", (_OTHERS - {".gguf"}) | _TORCH | {".safetensors"}),
    Format("onnx", "an ONNX model", "onnx", (_OTHERS - {".onnx"}) | _TORCH | {".safetensors"}),
    Format("npz", "a NumPy archive", "npz", (_OTHERS - {".npz"}) | _TORCH | {".safetensors"}),
)

_BY_NAME = {found.name: found for found in FORMATS}
_limits_of = functools.lru_cache(maxsize=64)(Limits.of_file)        # of a set of fifty thousand files most are as large as others

# readers of checkpoints of several files, by what `sniff` says of their index; DCP's ".metadata" goes by its name
SETS: dict[str, str] = {"safetensors-sharded": "sets.sharded", "torch-sharded": "sets.sharded", "dcp": "sets.dcp"}


# readers of folders that several ranks wrote, by `folders.Choice.kind`
_OF_RANKS = {"pieces": "pieces", "zero": "zero", "universal": "zero_universal", "megatron": "megatron"}


def read(path: str | os.PathLike[str], *, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> Checkpoint:
    """The checkpoint in the file at `path` or address, in the folder, or in the member of an archive (FILE!member): metadata only, no
    handle is kept. Raises a ReadError saying what is wrong and what to do, `Cancelled` when `monitor` says so."""
    name = addresses.without_secrets(os.fsdecode(path))
    file, member = containers.split(name)
    try:
        with collector_paused():
            if member:
                return _read_member(name, file, member, limits, monitor)
            ckpt = _read_folder(name, limits, monitor) if folders.is_folder(name, monitor) else _read_file(name, limits, monitor)
            if len(ckpt.files) > 1:             # read one after the other: they are of one save only if none of them was written meanwhile
                check_still(ckpt.files)
            return ckpt
    except MemoryError:
        raise TooBig("there is not enough memory to open the file", "Close other programs and try again.") from None


def _read_folder(folder: str, limits: Limits, monitor: Monitor) -> Checkpoint:
    kind, name = folders.choose(folder, monitor)
    if kind == "shards":
        made: Checkpoint = late.module(f"{__name__}.sets.sharded").read_parts(folder, name, _read_one, limits, monitor)
        return made
    if kind == "ranks":
        read_ranks: Callable[..., Checkpoint] = late.module(f"{__name__}.sets.ranks").read
        return read_ranks(folder, name, _read_one, limits, monitor)
    if kind in _OF_RANKS:
        read_all: Callable[..., Checkpoint] = late.module(f"{__name__}.sets.{_OF_RANKS[kind]}").read
        return read_all(folder, _read_one, limits, monitor)
    if kind == "inside":
        return _read_inside(folder, name, limits, monitor)
    if kind == "unzipped":
        inner = folder if name == "." else os.path.join(folder, name)
        made = late.module(f"{__name__}.torch_zip").read_unzipped(inner, limits, monitor)
        return replace(made, path=folder)
    try:
        found = _read_file(addresses.beside(folder, name), limits, monitor)
    except ReadError as error:
        error.where = error.where or name               # the folder is what was named, and what is wrong is in this file of it
        raise
    return found if kind == "file" else replace(found, path=folder)


def _read_inside(folder: str, name: str, limits: Limits, monitor: Monitor) -> Checkpoint:
    linked = set_files.links_outside(folder, [name], limits)
    made = _read_folder(os.path.join(folder, name), limits, monitor)
    return replace(made, path=folder, findings=(*linked, *made.findings))


def _read_member(name: str, file: str, member: str, limits: Limits, monitor: Monitor) -> Checkpoint:
    with open_source(file, monitor=monitor) as opened, standing_still(opened):
        limits = limits.of_file(opened.size)        # and not of what unpacks from it
        source = containers.enter(opened, file, member, late.module(_SAVES).saves_in, limits, monitor)
        kind = sniff(source)
        if kind in SETS:
            raise Unsupported("this is the index of a checkpoint in several files", "Extract all of them and open the index.")
        found = _format(kind)
        ckpt = containers.counted_from_file(found.read(source, name, limits, monitor), source, opened)
        more = _more_saves(ckpt, source, limits, monitor)
    odd = [finding for finding in (_wrong_extension(name, found), more, *opened.notes) if finding is not None]
    return replace(ckpt, findings=(*odd, *ckpt.findings)) if odd else ckpt


def _read_file(name: str, limits: Limits, monitor: Monitor) -> Checkpoint:
    newest = folders.newest_in(name)
    if newest:
        folder = os.path.dirname(name)
        return replace(_read_inside(folder, newest, limits, monitor), path=os.path.join(folder, newest))
    with open_source(name, monitor=monitor) as source, standing_still(source):
        if addresses.file_name(name) == folders.DCP:
            try:
                return _read_set("dcp", source, addresses.folder_of(name) or ".", limits, monitor)
            except ReadError:
                _refuse_other(source)
                raise
        kind = sniff(source)
        if kind in SETS:
            return _read_set(kind, source, name, limits, monitor)
        found = _format(kind)
        ckpt = found.read(source, name, limits, monitor)
        more = _more_saves(ckpt, source, limits, monitor)
    of_set = None if source.is_far else folders.one_of_a_set(name)
    odd = [finding for finding in (_wrong_extension(name, found), of_set, more) if finding is not None]
    if of_set is not None and name.endswith(".distcp"):     # other items, which are zips too
        odd += [finding for finding in ckpt.findings if finding.id != "leading-junk"]
        return replace(ckpt, findings=tuple(odd))
    return replace(ckpt, findings=(*odd, *source.notes, *ckpt.findings)) if odd or source.notes else ckpt


def _read_set(kind: str, source: SourceFile, path: str, limits: Limits, monitor: Monitor) -> Checkpoint:
    read_set: ReadSet = late.module(f"{__name__}.{SETS[kind]}").read
    ckpt = read_set(source, path, _read_one, limits, monitor)       # whose other files come from the same server
    return replace(ckpt, findings=(*source.notes, *ckpt.findings)) if source.notes else ckpt


def _refuse_other(source: SourceFile) -> None:
    """Raises NotACheckpoint or Unsupported for what could not be read as its name says, where it is something else: a server's answer, a
    pointer to what was not downloaded, an archive."""
    where = addresses.file_name(source.stamp.path)
    try:
        kind = sniff(source)
        if kind not in ("pickle", "torch-legacy"):
            label = "a ZIP archive" if kind == "torch-zip" else _BY_NAME[kind].label if kind in _BY_NAME else "the index of another set"
            raise Unsupported(f"this is {label}, not the index that torch.distributed.checkpoint writes", "If it was packed, unpack it and "
                              f"call what comes out {where}; otherwise fetch the whole folder again.", id="container")
    except (NotACheckpoint, Unsupported) as error:
        error.where = where
        raise
    except ReadError:
        pass


def _read_one(source: SourceFile, path: str, limits: Limits, monitor: Monitor) -> Checkpoint:
    """One file of a set, which is no set itself."""
    kind = sniff(source)
    if kind in SETS:
        raise Unsupported("this is the index of another set, not a file with tensors", "Fetch the whole set again.")
    found = _format(kind)
    ckpt, odd = found.read(source, path, limits, monitor), _wrong_extension(path, found)
    return ckpt if odd is None else replace(ckpt, findings=(odd, *ckpt.findings))


def _read_payload(source: SourceFile, path: str, limits: Limits, monitor: Monitor) -> Checkpoint:
    """What torch.save or pickle wrote into another archive. No archives of other kinds: they could hold each other for ever."""
    kind = sniff(source)
    if kind not in ("torch-zip", "torch-legacy", "pickle"):
        raise Unsupported("it is nothing that torch.save wrote", "The archive was changed by hand: do not trust it.")
    return _format(kind).read(source, path, limits, monitor)


def _more_saves(ckpt: Checkpoint, source: SourceFile, limits: Limits, monitor: Monitor) -> Finding | None:
    """What is said of saves behind the one that was read; they are looked for only where something follows it."""
    if not any(finding.id in _FOLLOWED for finding in ckpt.findings) or ckpt.format not in ("torch-zip", "torch-legacy", "pickle"):
        return None
    found: Finding | None = late.module(_SAVES).others(source, limits, monitor)
    return found


def _format(name: str) -> Format:
    return _BY_NAME[name]


def _wrong_extension(path: str, found: Format) -> Finding | None:
    suffix = os.path.splitext(addresses.file_name(path))[1].lower()
    if suffix not in found.foreign:
        return None
    return Finding("wrong-extension", "warning", "", f"The name ends in {visible(suffix)}, but this is {found.label}.",
                   "Rename it: programs that go by the ending, torch.load among them, fail to open it.")
