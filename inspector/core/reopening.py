"""A file that another program writes: opened between two writes, and what is another in it than before.

Half a file is never taken for the whole: what is read counts only if the file looked the same before and after, and was written to long
enough ago for the system's clock to tell. What is cut short, or cannot be read at all, counts once the file has stood still.
"""
from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from .checkpoint import Checkpoint, Extent, FileStamp, Opaque, Plain
from .errors import BadTensor, Changed, InspectorError
from .io import addresses
from .io.sources import looks_like, stamp_of
from .limits import LIMITS, Limits
from .opening import CheckpointLike, file_of, opened
from .opening import open as open_checkpoint
from .progress import QUIET, Monitor, stoppable

PATIENCE = 10.0         # seconds
STILL = 1.0             # seconds after which what is no whole checkpoint is taken for all that will come
_GRAIN = 20_000_000     # nanoseconds: two writes that are closer may have the same time; Linux counts in steps of up to ten milliseconds,
_COARSE = 2_000_000_000     # and old file systems in whole seconds, or every other
_SKEW = 2_000_000_000   # nanoseconds that a file may be younger than now: written since, and not by a clock that goes wrong
_PAUSE, _LONGEST_PAUSE = 0.01, 0.25
_NOT_WHOLE = frozenset(("truncated", "truncated-archive", "broken-tensor", "missing-shard", "chunk-map", "corrupt-member", "bad-member"))
Digests = Mapping[str, "str | BadTensor"]
_Look = tuple[tuple[str, int, int, int], ...]


def open_between_writes(path: str | os.PathLike[str], *, patience: float = PATIENCE, follow_links: bool = False, monitor: Monitor = QUIET,
                        limits: Limits = LIMITS, wait: Callable[[float], object] = time.sleep) -> Checkpoint:
    """The checkpoint at `path` as one write left it, while another program may be writing it. Tries again, waiting with `wait`, for up
    to `patience` seconds; raises Changed when it was being written all the time, otherwise as `core.open`: an error, or a checkpoint
    that is cut short, counts once nothing was written for a second. What lies on a server is opened as it is.

    >>> core.open_between_writes(core.make_demo(folder)[0]).values["epoch"]
    12
    """
    name = os.fsdecode(path)
    if addresses.is_address(name):
        return open_checkpoint(name, follow_links=follow_links, monitor=monitor, limits=limits)
    end, pause = time.monotonic() + patience, _PAUSE
    look, since = _look_at(name), time.monotonic()
    while True:
        monitor.check()
        begun = time.time_ns()
        found: Checkpoint | None = None
        error: InspectorError | None = None
        try:
            found = open_checkpoint(name, follow_links=follow_links, monitor=monitor, limits=limits)
        except InspectorError as raised:
            error = raised
        now = _look_at(name)
        if now != look:
            look, since = now, time.monotonic()
        elif found is not None and _stood_still(found, begun) and (_is_whole(found) or time.monotonic() - since >= STILL):
            return found
        elif error is not None and not isinstance(error, Changed) and time.monotonic() - since >= STILL:
            raise error
        if time.monotonic() >= end:
            raise Changed("it was being written all the time", "It is read once the writing pauses.", name)
        wait(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def has_changed(ckpt: Checkpoint) -> bool:
    """Whether a file of the checkpoint is gone or another one than was opened, so that no values can be read. Servers are not asked.

    >>> path = core.save({"w": np.ones(2)}, folder / "last.pth").path
    >>> ckpt = core.open(path)
    >>> core.has_changed(ckpt), core.save({"w": np.zeros(2)}, path).tensors, core.has_changed(ckpt)
    (False, 1, True)
    """
    return any(stamp.address is None and not _is_still(stamp) for stamp in ckpt.files)


def _is_still(stamp: FileStamp) -> bool:
    now = stamp_of(stamp.path)
    return now is not None and looks_like(stamp, now)


class Rewritten(NamedTuple):
    """What is another in a file that was written anew. Keys, those of tensors before those of values: `new` and `changed` as they are
    called now, `gone` as they were. `unknown`: how many tensors look the same and have no checksum that says whether they are.

    >>> bool(core.Rewritten()), core.Rewritten(new=("ema",)).new
    (False, ('ema',))
    """

    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unknown: int = 0

    def __bool__(self) -> bool:
        return bool(self.new or self.gone or self.changed or self.unknown)


def rewritten(before: CheckpointLike, now: CheckpointLike, digests: tuple[Digests, Digests] | None = None,
              monitor: Monitor = QUIET) -> Rewritten:
    """What is another in `now` than in `before`, which was opened from the same path. Reads no values: tensors are told apart by shape and
    dtype, by the checksums that a zip records of their storages, or by `digests` of both, where they are known. Raises errors of `open`,
    Cancelled.

    >>> path = core.save({"epoch": 1, "w": np.ones(2), "b": np.ones(2)}, folder / "last.pth").path
    >>> before = core.open(path)
    >>> path = core.save({"epoch": 2, "w": np.zeros(2), "b": np.ones(2)}, path).path
    >>> core.rewritten(before, core.open(path)).changed
    ('w', 'epoch')
    """
    before, now = opened(before, monitor), opened(now, monitor)
    changed: list[str] = []
    unknown = 0
    for key, tensor in stoppable(now.tensors.items(), monitor):
        old = before.tensors.get(key)
        if old is None:
            continue
        if (old.shape, old.dtype, old.device) != (tensor.shape, tensor.dtype, tensor.device):
            changed.append(key)
        elif digests is not None and isinstance(was := digests[0].get(key), str) and isinstance(is_ := digests[1].get(key), str):
            changed += [key] if was != is_ else []
        else:
            recorded, now_recorded = _recorded(before, old.storage), _recorded(now, tensor.storage)
            if recorded is None or now_recorded is None:
                unknown += 1
            elif recorded != now_recorded or (old.offset, old.stride) != (tensor.offset, tensor.stride):
                changed.append(key)
    changed += [key for key, value in now.values.items() if key in before.values and not _is_same(before.values[key], value)]
    tables = ((before.tensors, now.tensors), (before.values, now.values))
    there = {*now.tensors, *now.values}
    known = {*before.tensors, *before.values}
    return Rewritten(tuple(key for _, table in tables for key in table if key not in known),
                     tuple(key for table, _ in tables for key in table if key not in there), tuple(changed), unknown)


def _recorded(ckpt: Checkpoint, storage: str) -> tuple[int, int] | None:
    """The checksum that the file itself records of a storage, with how many bytes it is of."""
    found = ckpt.storages.get(storage)
    extent = found.extent if found is not None else None
    return (extent.size, extent.crc) if isinstance(extent, Extent) and extent.crc is not None else None


def _is_same(one: Plain, other: Plain) -> bool:
    if isinstance(one, Opaque) and isinstance(other, Opaque):
        return (one.type, one.text) == (other.type, other.text)         # `node` is a place in another pickle
    return type(one) is type(other) and (one == other or one != one)


def _is_whole(ckpt: Checkpoint) -> bool:
    return "salvaged" not in ckpt.facts and not any(finding.id in _NOT_WHOLE and finding.level == "danger" for finding in ckpt.findings)


def _stood_still(ckpt: Checkpoint, begun: int) -> bool:
    """Whether nothing was written to its files since it was begun to be opened, nor so shortly before that the system could not tell."""
    return all(not begun - _grain(stamp) < stamp.mtime_ns < begun + _SKEW and _is_still(stamp)
               for stamp in ckpt.files if stamp.address is None)


def _grain(stamp: FileStamp) -> int:
    return _GRAIN if stamp.mtime_ns % 1_000_000_000 else _COARSE


def _look_at(path: str) -> _Look:
    """How the file looks, or those in the folder."""
    name = file_of(path)
    try:
        if not os.path.isdir(name):
            found = os.stat(name)
            return ((name, found.st_size, found.st_mtime_ns, found.st_ino),)
        with os.scandir(name) as entries:
            return tuple(sorted((entry.name, found.st_size, found.st_mtime_ns, found.st_ino)
                                for entry in entries if (found := entry.stat()) is not None))
    except OSError:
        return ()
