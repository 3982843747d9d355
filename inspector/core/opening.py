"""Opening a file: read by its format's reader, with the cheap checks made. What that takes is loaded by the first file."""
from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from .checkpoint import Checkpoint
from .limits import LIMITS, Limits
from .progress import QUIET, Monitor

CheckpointLike = Checkpoint | str | os.PathLike[str] | Mapping[Any, Any] | list[Any] | tuple[Any, ...]
"""Whatever a checkpoint is meant by: one that was opened, the path of one, or a mapping (or list) of arrays and tensors."""
_INTERRUPTED = "A change in place of this file was interrupted, or is going on just now."
_BY_OTHERS = "What is noted beside this file of an interrupted change in place is not this user's on this machine: it is left alone."
_TAKE_BACK = "What it was is written down beside it: `inspector edit`, or opening it in the window, takes the change back."


def open(path: str | os.PathLike[str], *, follow_links: bool = False, monitor: Monitor = QUIET, limits: Limits = LIMITS) -> Checkpoint:
    """The checkpoint at `path`, with what is odd about it in `.findings`; FILE!member is one inside an ordinary archive. Reads
    metadata, never tensor bytes, and holds no file handle afterwards. Raises a `ReadError` for what is no readable checkpoint
    (with id "outside_folder" for links out of the folder of a set of files, unless `follow_links`), `Cancelled` when `monitor`
    says so.

    >>> ckpt = core.open(core.make_demo(folder)[0])
    >>> ckpt.format, ckpt.kind, ckpt.state_dicts[0], len(ckpt), ckpt.values["epoch"]
    ('torch-zip', 'training-checkpoint', 'model_state_dict', 241, 12)
    >>> ckpt["model_state_dict.module.stem.norm.bias"][:2].shape
    (2,)
    """
    from . import checks
    from .findings import Finding
    from .io import addresses
    from .io.new_files import is_by_others, is_interrupted
    from .io.sources import check_still
    ckpt = unchecked(path, replace(limits, follow_links=True) if follow_links else limits, monitor)
    name = addresses.without_secrets(os.fsdecode(path))
    paths = () if addresses.is_address(name) else {name, *(stamp.path for stamp in ckpt.files[:1])}
    half = [*filter(is_interrupted, paths)]
    if ckpt.findings and not half:
        check_still(ckpt.files)         # a change in place that was not over when the last of a set was read is over by now
    found = checks.of_metadata(ckpt, monitor)
    if half:
        told = Finding("interrupted", "warning", "", _BY_OTHERS, _theirs(half[0])) if all(map(is_by_others, half)) else \
            Finding("interrupted", "danger", "", _INTERRUPTED, _TAKE_BACK)
        found = (told, *found)
    return ckpt.with_findings((*ckpt.findings, *found)) if found else ckpt


def unchecked(path: str | os.PathLike[str], limits: Limits = LIMITS, monitor: Monitor = QUIET) -> Checkpoint:
    """What `open` gives, with those findings alone that reading it brings: for who tells of none. Errors as `open`."""
    from . import formats
    from .errors import FileMissing, InspectorError, ReadError, Unreadable
    from .formats.sets import near_names
    from .io import addresses
    from .io.new_files import is_by_others, is_interrupted
    from .io.sources import check_still, stamp_of
    name = addresses.without_secrets(os.fsdecode(path))
    before = None if addresses.is_address(name) else stamp_of(name)
    try:
        return formats.read(name, limits=limits, monitor=monitor)
    except InspectorError as error:
        if not addresses.is_address(name) and is_interrupted(name):
            error.hint = f"{_BY_OTHERS} {_theirs(name)}" if is_by_others(name) else f"{_INTERRUPTED} {_TAKE_BACK}"
        elif isinstance(error, FileMissing) and error.filename == name and not error.was_there and not addresses.is_address(name):
            near_names.told(error)
        elif before is not None and isinstance(error, ReadError) and not isinstance(error, Unreadable):
            check_still([before])       # a change in place may have been half done while it was read, and be whole by now
        raise


def _theirs(path: str) -> str:
    """What to do about what others noted beside the file at `path`."""
    from .io.new_files import UNDO, beside
    note = os.path.basename(beside(os.path.realpath(path), UNDO))
    return f"Whoever changed the file takes it back with `inspector edit`; where the note came with the folder, delete {note} beside it."


def opened(what: CheckpointLike, monitor: Monitor = QUIET) -> Checkpoint:
    """`what` itself where it is a checkpoint already, the one at that path, or the one that an object in memory is. Errors as `open`, and
    UsageError for what such an object may not hold."""
    if isinstance(what, Checkpoint):
        return what
    if isinstance(what, str | bytes | os.PathLike):
        return open(what, monitor=monitor)
    from .formats import in_memory
    return in_memory.read(what, monitor)


def file_of(path: str | os.PathLike[str]) -> str:
    """The file on disk, or the address as it may be shown, that `path` is about: the archive of FILE!member, otherwise `path` itself.

    >>> core.file_of("runs.zip!last.pth"), core.file_of("last.pth")
    ('runs.zip!last.pth', 'last.pth')
    """
    from .formats.sniffing import containers
    from .io import addresses
    return containers.split(addresses.without_secrets(os.fsdecode(path)))[0]


def is_set(path: str | os.PathLike[str]) -> bool:
    """Whether the folder at `path` is a checkpoint of several files, which `open` takes as one. Goes by names only.

    >>> core.save({"w": np.ones(2)}, folder / "model", format="safetensors-sharded", shard_size="5GB").files
    ('model-00001-of-00001.safetensors', 'model.safetensors.index.json')
    >>> core.is_set(folder / "model"), core.is_set(folder)
    (True, False)
    """
    from .formats.sets import folders
    return folders.is_set(os.fsdecode(path))


def checkpoints_in(path: str | os.PathLike[str]) -> Iterator[str]:
    """The paths of all checkpoints in the folder at `path`, however deep, in the order of their names: a set of files is the folder
    that it is. A file is itself, and so is a folder that cannot be listed: `open` says why. Goes by names only.

    >>> saved = [core.save({"w": np.ones(2)}, folder / name) for name in ("b.pth", "a.safetensors")]
    >>> [core.file_name(path) for path in core.checkpoints_in(folder)]
    ['a.safetensors', 'b.pth']
    """
    from .formats.sets import folders
    return folders.checkpoints_in(os.fsdecode(path))


def checkpoints_in_all(paths: Iterable[str | os.PathLike[str]]) -> Iterator[str]:
    """The same of several files and folders, each checkpoint once: one may be named twice, by a link as well, or lie in another.

    >>> core.save({"w": np.ones(2)}, folder / "a.pth").format
    'torch-zip'
    >>> [core.file_name(path) for path in core.checkpoints_in_all([folder, folder / "a.pth", folder])]
    ['a.pth']
    """
    from .formats.sets import folders
    given = [os.fsdecode(path) for path in paths]
    return folders.each_once((found for path in given for found in folders.checkpoints_in(path)), given)


def checkpoint_in(folder: str | os.PathLike[str]) -> str:
    """The path of what `open` takes the folder for: itself where it is a set or an unzipped archive, the one file with weights beside
    what belongs to it, or "" where it is no checkpoint. Goes by names only. Raises Unreadable for a folder that cannot be listed.

    >>> core.save({"w": np.ones(2)}, folder / "model.safetensors").format
    'safetensors'
    >>> core.checkpoint_in(folder) == str(folder / "model.safetensors")
    True
    """
    from .formats.sets import folders
    return folders.checkpoint_in(os.fsdecode(folder))
