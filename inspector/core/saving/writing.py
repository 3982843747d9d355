"""A plan carried out: written beside the target, verified, put in its place. Old file or new file, never something between."""
from __future__ import annotations

import errno
import os
import time
from collections.abc import Collection, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from inspector.core import torch_bridge
from inspector.core.checkpoint import Checkpoint, Extent, TensorInfo
from inspector.core.errors import BadTensor, SaveError, UsageError
from inspector.core.io.checksum import crc32
from inspector.core.io.sources import check_stamp, stamp_of
from inspector.core.keypath import visible
from inspector.core.opening import CheckpointLike, opened
from inspector.core.pickles.encode.records import Record
from inspector.core.progress import QUIET, Monitor
from inspector.core.wording import count, duration, exact_size

from . import targets, verify
from .disk import atomic
from .disk.atomic import Staging, Temporary
from .disk.payloads import Inputs, Output, Payload, Progress, Written, explained
from .in_place import InPlace
from .layouts import safetensors, torch_legacy, torch_zip
from .plan import SavePlan, Work, plan_save
from .verify import Mismatch

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_DENIED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


@dataclass(frozen=True, slots=True)
class SaveReport:
    """`path` is the file that is there now (of a set, its index), `files` the names of all that were written, `nbytes` together;
    `tensors` of them were read back and compared, every byte; `notes` what else is to be said. Of a change in place only `written` bytes
    were written and read back (None: it was none). `backup` is where the file that was replaced is now ("": nowhere)."""

    path: str
    format: str
    files: tuple[str, ...]
    nbytes: int
    tensors: int
    notes: tuple[str, ...]
    seconds: float
    written: int | None = None
    backup: str = ""

    @property
    def text(self) -> str:
        """One sentence."""
        if self.written is not None:
            return (f"Changed {visible(self.path, 200)} in place: {exact_size(self.written)} written and read back, the bytes of "
                    f"{count(self.tensors, 'tensor')} stay where they were ({duration(self.seconds)}).")
        many = f" in {len(self.files):,} files" if len(self.files) > 1 else ""
        return (f"Saved {count(self.tensors, 'tensor')}, {exact_size(self.nbytes)}{many}, to {visible(self.path, 200)}; every byte was "
                f"read back and compared ({duration(self.seconds)}).")


def save(what: CheckpointLike | SavePlan, path: str | os.PathLike[str] | None = None, *, format: str | None = None,
         shard_size: str | int | None = None, keep_code: Collection[str] = (), drop_code: Collection[str] = (), ties: str | None = None,
         unreferenced: bool = True, allow: Collection[str] = (), in_place: bool = False, backup: bool = False,
         allow_loss: bool = False, verify: str = "", monitor: Monitor = QUIET) -> SaveReport:
    """Saves a checkpoint, edited or not, or the one in a file, or a mapping, or carries out a plan (which has all options but the last
    three).

    A mapping holds numpy arrays (ml_dtypes' too), torch tensors, tensors of opened checkpoints (`ckpt["key"]`), plain values, and dicts,
    lists and tuples of them; what `core.load` gives can be saved again. It becomes what `torch.load(weights_only=True)` takes, or
    safetensors, which holds tensors alone. What shares memory shares it in the file; the whole storage of a torch tensor is written, as
    `torch.save` does. torch is not imported for it.

    `in_place` changes names, tags and plain values in the file itself, without copying the tensors; `path` may then be left out. While it
    is at it what it overwrites is written down beside the file, and whoever saves there next takes back what was interrupted (`recover`).

    `backup` keeps a file that is replaced, under its name with .bak behind it, or .bak2 and so on: nothing is ever written over it.

    `allow_loss` is needed when the plan has losses. `verify="torch"` has torch.load(weights_only=True), or safetensors, read the
    new file in a process of its own before it replaces anything.

    Raises SaveError (ids: "loss", "unknown-code", "disk-full", "verification", "in-place" for what takes a copy, those of `targets` …),
    Changed when a file is no longer the one that was opened, UsageError for what a mapping may not hold, `Cancelled`: then the old file
    is untouched and nothing is left behind.

    >>> import numpy as np
    >>> report = core.save({"model": {"w": np.zeros((2, 3), np.float32)}, "epoch": 3}, folder / "new.pth")
    >>> report.format, report.tensors, core.open(report.path).values["epoch"]
    ('torch-zip', 1, 3)
    """
    if verify not in ("", "torch"):
        raise UsageError(f"verify={verify!r} is not known", "There is verify=\"torch\".")
    if not isinstance(what, SavePlan):
        if path is None and in_place:
            what = opened(what, monitor)
            path = what.as_opened.path
        if path is None:
            raise UsageError("no path to save to was given", "Give one: save(checkpoint, \"weights.safetensors\").")
        plan = plan_save(what, path, format=format, shard_size=shard_size, keep_code=keep_code, drop_code=drop_code, ties=ties,
                         unreferenced=unreferenced, allow=allow, in_place=in_place, backup=backup, monitor=monitor)
    elif path is not None or format is not None:
        raise UsageError("a plan knows its path and format already", "Save the plan alone, or plan anew.")
    else:
        plan = what
    check_plan(plan, allow_loss)
    for stamp in plan.ckpt.files:
        check_stamp(stamp)
    try:
        return _Save(plan, verify == "torch", monitor).run()
    except OSError as error:
        raise _as_save_error(error, plan) from error
    except MemoryError:
        raise SaveError("there is not enough memory to save it", "Close other programs and try again. Nothing was changed.",
                        id="memory") from None


def check_plan(plan: SavePlan, allow_loss: bool) -> None:
    """Raises SaveError for what has to be decided, or made room for, before the plan is carried out.

    >>> plan = core.plan_save({"w": np.ones(3), "epoch": 3}, folder / "a.safetensors")
    >>> core.check_plan(plan, allow_loss=False)
    Traceback (most recent call last):
    ...
    inspector.core.errors.SaveError: ...cannot hold all of it...
    >>> core.check_plan(plan, allow_loss=True)
    """
    if plan.code:
        shown = ", ".join(visible(name, 80) for name in plan.code[:5]) + (f" and {len(plan.code) - 5:,} more" if len(plan.code) > 5 else "")
        raise SaveError(f"the file names code that is not known here: {shown}",
                        "Say of each whether to keep it (keep_code) or to drop it (drop_code), or save only the weights.",
                        id="unknown-code")
    if plan.losses and not allow_loss:
        first = plan.losses[0].message
        more = f" And {len(plan.losses) - 1:,} more." if len(plan.losses) > 1 else ""
        raise SaveError(f"{plan.label} cannot hold all of it: {first}{more}", "Allow the loss if that is meant (allow_loss), or choose "
                        "another format.", plan.losses[0].where, id="loss")
    if plan.room > plan.free:
        raise _disk_full(plan, "there is not enough room")


class _Save:
    """One save. `pieces` are what was put into each file, for the error message when one of them is not what it should be."""

    def __init__(self, plan: SavePlan, with_torch: bool, monitor: Monitor) -> None:
        self.plan = plan
        self.with_torch = with_torch
        self.monitor = monitor
        self.progress = Progress(monitor, 2 * plan.nbytes if plan.in_place is None else plan.in_place.nbytes, "writing")
        self.notes: list[str] = []
        self.tensors = 0

    def run(self) -> SaveReport:
        begin = time.monotonic()
        plan, target = self.plan, self.plan.target
        if plan.in_place is not None:
            return self._change_in_place(plan.in_place, begin)
        made: list[str] = []
        try:
            _make_folders(target.folder, made)
            with _staging(target, plan) as staging:
                self._write_all(staging)
                staging.commit(target.mode, self._check_source_again, plan.deletes, target.mode_of_others,
                               plan.keeps)
                self.notes += staging.notes
                if staging.kept and staging.kept != plan.backup:
                    self.notes.append(f"The old file is kept as {visible(staging.kept, 160)}: the other name was taken meanwhile.")
                kept = os.path.join(target.folder, staging.kept) if staging.kept else ""
        except BaseException:
            for folder in reversed(made):
                _remove_empty(folder)
            raise
        return SaveReport(target.path, plan.format, tuple(file.name for file in plan.files), plan.nbytes, self.tensors,
                          (*plan.notes, *self.notes), time.monotonic() - begin, backup=kept)

    def _change_in_place(self, work: InPlace, begin: float) -> SaveReport:
        plan, target = self.plan, self.plan.target
        with _staging(target, plan) as staging:
            self._check_source_again()
            if work.nbytes:
                staging.overwrite(work.changes, lambda: self._verify_in_place(work))
            self.notes += staging.notes
        return SaveReport(target.path, plan.format, tuple(file.name for file in plan.files), plan.nbytes, len(plan.ckpt.tensors),
                          (*plan.notes, *self.notes), time.monotonic() - begin, work.nbytes)

    def _verify_in_place(self, work: InPlace) -> None:
        """Raises Mismatch unless what was changed reads as it was to, byte for byte, and all else stays as it was."""
        self.progress.what = "verifying"
        plan, folder = self.plan, self.plan.target.folder
        found = verify.read_back(plan.target.path)
        if plan.format == "safetensors-sharded":
            _check_set(plan.ckpt, found)
            for name, layout in work.layouts.items():
                _check_safetensors(layout, verify.read_back(os.path.join(folder, name)), work.written)
        for one in plan.work:
            if isinstance(one, safetensors.Layout):
                _check_safetensors(one, found, work.written)
            elif isinstance(one, torch_zip.Archive):
                _check_torch(plan, one, found, work.written)
                verify.same_oddities(plan.ckpt, found)
        for change in work.changes:
            runs = [Written("", offset, len(data), crc32(data)) for offset, data in change.writes]
            verify.same_bytes(os.path.join(folder, change.name), runs, self.progress)
        if self.with_torch:
            self.notes.append(self._read_by_others(plan.target.path, found))

    def _read_by_others(self, path: str, found: Checkpoint) -> str:
        try:
            return torch_bridge.read_by_others(path, found, self.monitor)
        except BadTensor as error:
            raise Mismatch(error.where, error.message, f"Nothing was changed. {error.hint}".strip()) from error

    def _write_all(self, staging: Staging) -> None:
        plan = self.plan
        with Inputs(plan.ckpt, self.monitor) as inputs:
            for file, work in zip(plan.files, plan.work, strict=True):
                temporary = staging.create(file.name)
                try:
                    self._one(temporary, work, inputs)
                except Mismatch as error:
                    self._blame_source(error, work, inputs)
                    raise
                temporary.close()
                self.notes += atomic.keep_attributes(temporary.path, plan.target.path if plan.target.old else None, _origin(plan))

    def _one(self, temporary: Temporary, work: Work, inputs: Inputs) -> None:
        """Writes one file and makes it durable while it is read again."""
        with Output(temporary.fd, inputs, self.progress) as output:
            if isinstance(work, bytes):
                output.write(work)
                written: dict[str, Written] = {}
            elif isinstance(work, safetensors.Layout):
                written = safetensors.write(work, output)
            elif isinstance(work, torch_legacy.Stream):
                written = torch_legacy.write(work, output)
            else:
                written = torch_zip.write(work, output)
            output.finish()
            ended = stamp_of(temporary.path)
            durable = output.flush()
            try:
                self._verify(temporary.path, work, written, output.runs)
            finally:
                failed = durable.exception()
            if failed is not None:
                raise failed
            if ended != stamp_of(temporary.path) or (ended is not None and ended.size != output.at):
                raise Mismatch("", "somebody else wrote to the new file", "Nothing was changed. Save it again.")

    def _verify(self, path: str, work: Work, written: dict[str, Written],
                runs: list[Written]) -> None:
        self.progress.what = "verifying"
        if isinstance(work, bytes):
            return                              # an index: it is read when the whole set is there
        try:
            found = verify.read_back(path)
            if isinstance(work, safetensors.Layout):
                _check_safetensors(work, found, written)
            elif isinstance(work, torch_legacy.Stream):
                _check_legacy(self.plan, work, found, written)
            else:
                _check_torch(self.plan, work, found, written)
        except Mismatch:
            verify.same_bytes(path, runs, self.progress)        # raises where the bytes are to blame
            raise
        verify.same_bytes(path, runs, self.progress)
        self.tensors += len(found.tensors)
        if self.with_torch:
            self.notes.append(self._read_by_others(path, found))
        self.progress.what = "writing"

    def _check_source_again(self) -> None:
        """Raises unless everything is still as it was when the save began."""
        self.monitor.check()
        for stamp in self.plan.ckpt.files:
            check_stamp(stamp)
        self.plan.target.check()

    def _blame_source(self, error: Mismatch, work: Work, inputs: Inputs) -> None:
        """Raises what is wrong with the source when the bytes that were copied are not what it said they are."""
        payload = next((payload for payload in _payloads(work) if payload.what == error.what), None)
        if payload is None:
            return
        try:
            for _ in inputs.chunks(payload):
                self.monitor.check()
        except BadTensor as bad:
            raise explained(bad, payload.what) from error


def _payloads(work: Work) -> Collection[Payload]:
    if isinstance(work, bytes):
        return ()
    return work.payloads if isinstance(work, safetensors.Layout) else work.members.values()


def _check_safetensors(layout: safetensors.Layout, found: Checkpoint, written: dict[str, Written]) -> None:
    verify.same_tensors(layout.tensors, found.tensors, strides=False)
    if dict(found.metadata) != layout.metadata:
        raise Mismatch("__metadata__", "the new file has another __metadata__ than was to be written")
    for key, info in found.tensors.items():
        verify.check_extent(found.storages[info.storage].extent, written[key])


def _check_set(ckpt: Checkpoint, found: Checkpoint) -> None:
    """Of a set that was changed in place: tensors come by file, in whatever order."""
    if found.tensors.keys() != ckpt.tensors.keys():
        raise Mismatch("", "the changed set has other tensors than it was to have")
    verify.same_tensors({key: ckpt.tensors[key] for key in found.tensors}, found.tensors, strides=False)


def _check_object(plan: SavePlan, found: Checkpoint) -> Mapping[str, TensorInfo]:
    """Raises Mismatch unless the new file's object is the one that was planned; gives its tensors as they were planned, by the names that
    they have there."""
    ckpt, new = plan.ckpt, plan.renamed
    tensors: Mapping[str, TensorInfo] = ckpt.tensors
    if plan.gone or new:
        tensors = {new.get(key, key): info for key, info in ckpt.tensors.items() if key not in plan.gone}
    tensors = _held_together(tensors, found)
    verify.same_tensors(tensors, found.tensors, strides=True)
    verify.same_sharing(tensors, found.tensors)
    values = {new.get(key, key): value for key, value in ckpt.values.items() if key not in plan.gone} if plan.gone or new else ckpt.values
    verify.same_values(values, found.values)
    return tensors


def _held_together(tensors: Mapping[str, TensorInfo], found: Checkpoint) -> Mapping[str, TensorInfo]:
    """`tensors` in the order of the new file, where each state dict has its own in theirs: several ranks that wrote into one folder may
    have left those of one dict apart, between those of another."""
    if len(found.state_dicts) < 2 or [*tensors] == [*found.tensors]:
        return tensors
    wanted: dict[str | None, list[str]] = {}
    there: dict[str | None, list[str]] = {}
    for key, info in tensors.items():
        wanted.setdefault(info.state_dict, []).append(key)
    for key in found.tensors:
        if key in tensors:
            there.setdefault(tensors[key].state_dict, []).append(key)
    return {key: tensors[key] for key in found.tensors} if wanted == there else tensors


def _check_legacy(plan: SavePlan, stream: torch_legacy.Stream, found: Checkpoint, written: dict[str, Written]) -> None:
    tensors = _check_object(plan, found)
    there = {name: found.storages[name.removeprefix("data/")].extent for name in stream.members
             if name.removeprefix("data/") in found.storages}
    verify.every_storage(found.pickles[0].graph, {name.removeprefix("data/").lower(): extent.size for name, extent in there.items()
                                                  if extent is not None})
    _check_homes(tensors, stream.records, found, there)
    for name, extent in there.items():
        verify.check_extent(extent, written[name])


def _check_torch(plan: SavePlan, archive: torch_zip.Archive, found: Checkpoint, written: dict[str, Written]) -> None:
    tensors = _check_object(plan, found)
    there = {member.name: member.extent for member in found.members}
    names = [f"{archive.top}/{name}" for name in archive.members]
    if list(there) != names:
        raise Mismatch("", "the new file has other members than were to be written")
    _check_homes(tensors, archive.records, found, {short: there[name] for name, short in zip(names, archive.members, strict=True)})
    folder = f"{archive.top}/data/".lower()
    verify.every_storage(found.pickles[0].graph, {name[len(folder):].lower(): extent.size for name, extent in there.items()
                                                  if name.lower().startswith(folder)})
    for name, short in zip(names, archive.members, strict=True):
        if short in written:                    # what stays in place is told by the directory as it was
            verify.check_extent(there[name], written[short])


def _check_homes(tensors: Mapping[str, TensorInfo], records: Iterable[Record], found: Checkpoint,
                 there: Mapping[str, Extent | None]) -> None:
    """Raises Mismatch unless every tensor finds its own bytes; `there` is where each record lies in the new file."""
    own = {record.key: record.name for record in records if record.key is not None}
    of_storage = {record.storage: record.name for record in records if record.key is None}
    for key, info in tensors.items():
        record = own.get(info.key) or of_storage.get(info.storage)
        storage = found.storages.get(found.tensors[key].storage)
        if record is not None and (storage is None or storage.extent != there.get(record)):
            raise Mismatch(key, f"{visible(key, 80)} does not lie in the new file where it was written")


def _staging(target: targets.Target, plan: SavePlan) -> Staging:
    try:
        return Staging(target.folder, target.name, {(stamp.device, stamp.inode) for stamp in plan.ckpt.files})
    except OSError as error:
        if error.errno in _DENIED:
            raise targets.unwritable(error, target.folder) from error
        raise


def _origin(plan: SavePlan) -> str | None:
    return plan.ckpt.files[0].path if plan.ckpt.files else None


def _make_folders(path: str, made: list[str]) -> None:
    """Makes the folder at `path` and those above it, where they are not there; `made` gets them in that order. Raises OSError."""
    if os.path.isdir(path):
        return
    above = os.path.dirname(path)
    if above != path:
        _make_folders(above, made)
    try:
        os.mkdir(path)
    except FileExistsError:             # by somebody else, meanwhile
        if not os.path.isdir(path):
            raise
        return
    made.append(path)


def _remove_empty(folder: str) -> None:
    with ExitStack() as quiet:
        quiet.push(lambda kind, error, trace: kind is not None and issubclass(kind, OSError))
        os.rmdir(folder)


def _as_save_error(error: OSError, plan: SavePlan) -> SaveError:
    if error.errno in _FULL:
        return _disk_full(plan, f"the disk is full ({error.strerror})" if error.errno == errno.ENOSPC else f"{error.strerror}")
    if error.errno in _DENIED:
        return targets.unwritable(error, plan.target.folder)
    text = error.strerror or type(error).__name__
    code = errno.errorcode.get(error.errno or 0, "")
    return SaveError(f"the system could not write it: {text}" + (f" ({code})" if code else ""),
                     "Nothing was changed. Try another disk, or another name.", visible(plan.target.path), id="io")


def _disk_full(plan: SavePlan, why: str) -> SaveError:
    beside = " beside the old file" if plan.replaces is not None else ""
    return SaveError(f"{why}: {plan.room:,} bytes are needed{beside}, {plan.free:,} were free",
                     "Nothing was changed. Make room, or save to another disk.", visible(plan.target.folder), id="disk-full")
