"""The same edits for several checkpoints, each saved by itself: a recipe replayed over the epochs of a run.

    batch ── which checkpoints, and where each is saved: by names only
       └── plan_batch ── one after the other opened, edited and planned: what each becomes is known before the first byte is written
              └── save_batch ── unless one cannot be saved, each again, and written as `save` does

Nothing of a checkpoint is kept between planning and saving, or fifty large ones would not fit into memory: it is opened anew, and has to
be what was planned.
"""
from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from . import opening
from .checkpoint import Checkpoint, FileStamp
from .edits.editing import apply_each, edit
from .edits.effects import Effect
from .edits.tools.common import Edit
from .edits.tools.references import are_current
from .errors import Changed, EditError, InspectorError, SaveError, UsageError
from .findings import Finding
from .formats.sets import folders, set_files
from .io import addresses
from .keypath import visible
from .progress import QUIET, Monitor, Share
from .runs import finding
from .runs.file_names import natural
from .saving.disk.atomic import recover
from .saving.endings import format_of
from .saving.object.merged import merge
from .saving.plan import SavePlan, plan_save
from .saving.targets import there_above
from .saving.writing import SaveReport, check_plan, save
from .wording import count, size

_ENDINGS = {"safetensors": ".safetensors", "torch-zip": ".pth", "torch-legacy": ".pth", "torchscript": ".pt"}
_SHARDED = "safetensors-sharded"
_MOST_LOOKED_AT = 100_000           # files in a folder, for those that are not among its checkpoints
_CASELESS = sys.platform in ("darwin", "win32")


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveOptions:
    """How each is saved: what `save` takes, under the same names."""

    format: str | None = None
    shard_size: str | int | None = None
    keep_code: Collection[str] = ()
    drop_code: Collection[str] = ()
    ties: str | None = None
    allow: Collection[str] = ()
    in_place: bool = False
    backup: bool = False
    allow_loss: bool = False
    verify: str = ""


PLAINLY = SaveOptions()


class BatchFile(NamedTuple):
    """`sources` are the paths of one checkpoint, or of several that are merged into one; it is saved at `target` (None: nowhere)."""

    sources: tuple[str, ...]
    target: str | None


class NotInBatch(NamedTuple):
    """A file in a folder that is named like a checkpoint and is none of those that are edited, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Which checkpoints get `edits`, and where each is saved. `left_out` are those in the folders that get none, `others` further files
    there, which are not copied; `output` the folder that all are saved under, where there is one."""

    edits: tuple[Edit, ...]
    files: tuple[BatchFile, ...]
    options: SaveOptions = PLAINLY
    follow_links: bool = False
    output: str | None = None
    left_out: tuple[NotInBatch, ...] = ()
    others: tuple[str, ...] = ()


class Promise(NamedTuple):
    """What is kept of a plan until all are made: what it went by, and what it will write. `plan` is kept of a single one."""

    file: BatchFile
    error: InspectorError | None
    stamps: tuple[FileStamp, ...] = ()
    references: tuple[FileStamp, ...] = ()
    writes: tuple[str, ...] = ()
    room: int = 0
    lasting: int = 0
    free: int = 0
    disk: int = -1
    plan: SavePlan | None = None


@dataclass(frozen=True, slots=True)
class PlannedEdit:
    """What became of one checkpoint of a batch so far: `effects` of its edits (up to the first that failed), the numbers of bytes of its
    files and of its tensors before and after, and the `plan` of its save; nothing is written. `error` says why it cannot be edited, or
    why it will not be saved as it is; `about` which file that concerns. `promise` is what `save_batch` goes by: all the rest, and the
    plan with it, need not be kept."""

    file: BatchFile
    promise: Promise = field(repr=False)
    notes: tuple[str, ...] = ()
    effects: tuple[Effect, ...] = ()
    nbytes: int = 0
    tensor_nbytes: tuple[int, int] = (0, 0)
    plan: SavePlan | None = field(default=None, repr=False)
    error: InspectorError | None = None
    about: str = ""


class SavedEdit(NamedTuple):
    """One checkpoint of a batch that was saved, or the `error` for which it was not."""

    file: BatchFile
    report: SaveReport | None
    error: InspectorError | None = None


def edit_files(inputs: str | os.PathLike[str] | Iterable[str | os.PathLike[str]], edits: Iterable[Edit],
               output: str | os.PathLike[str] | None = None, *, recursive: bool = False, follow_links: bool = False,
               keep_going: bool = False, options: SaveOptions = PLAINLY, monitor: Monitor = QUIET) -> list[SavedEdit]:
    """Applies `edits` to each of several checkpoints, files and those in folders (`batch`), and saves each by itself under the folder
    `output`, or in place with `SaveOptions(in_place=True)`. All are planned before the first is written. Raises SaveError (id "batch") with
    nothing written where one of them cannot be, unless `keep_going`, which saves the others; UsageError, Cancelled: then each file is
    whole, the old one or the new one.

    >>> saved = [core.save({"module.w": np.full(2, n)}, folder / f"epoch_{n}.pth") for n in (1, 2)]
    >>> done = core.edit_files(folder, [core.StripPrefix("module.")], folder / "clean")
    >>> [(core.file_name(one.report.path), [*core.open(one.report.path)]) for one in done]
    [('epoch_1.pth', ['w']), ('epoch_2.pth', ['w'])]
    """
    found = batch(inputs, edits, output, recursive=recursive, follow_links=follow_links, options=options)
    return list(save_batch(found, [one.promise for one in plan_batch(found, monitor)], keep_going=keep_going, monitor=monitor))


# -- which, and where to ------------------------------------------------------------------------------------------------------

def batch(inputs: str | os.PathLike[str] | Iterable[str | os.PathLike[str]], edits: Iterable[Edit],
          output: str | os.PathLike[str] | None = None, *, recursive: bool = False, follow_links: bool = False,
          options: SaveOptions = PLAINLY) -> Batch:
    """The checkpoints that `inputs` are or hold, each saved by itself under the folder `output` (or in place, or with neither nowhere).

    A folder that is one checkpoint counts as that one. Of any other those that `series` takes for a run are meant, files beside each other
    or a folder for each; with `recursive` every checkpoint in it, however deep. They are saved under `output` as they lie in the folder;
    what lies in `output` itself is no input, unless it is the folder. Goes by names only. Raises UsageError, also where two would be
    saved under one name.

    >>> saved = [core.save({"w": np.ones(2)}, folder / f"epoch_{n}.pth").path for n in (1, 2)]
    >>> [core.file_name(one.target) for one in core.batch(folder, [], folder / "out").files]
    ['epoch_1.pth', 'epoch_2.pth']
    """
    paths = [os.fsdecode(one) for one in ([inputs] if isinstance(inputs, str | bytes | os.PathLike) else inputs)]
    if not paths:
        raise UsageError("no checkpoint was named", "Name files, or a folder of them.")
    out = os.fsdecode(output) if output is not None else None
    _check_output(out, options)
    found, left_out, others = [], [], []
    for path in paths:
        is_expanded = _is_expanded(path, recursive)
        kept = members = list(_members(path, is_expanded, recursive, out))
        if is_expanded:
            kept = [one for one in members if follow_links or not set_files.leads_outside(path, one)]
            away, more = _not_taken(path, kept, out)
            left_out += away
            others += more
        found += [(one, _relative(one, path, is_expanded)) for one in kept]
    if not found:
        shown = visible(paths[0], 200)
        if left_out:
            raise UsageError(f"of what lies in {shown} nothing is edited: {visible(left_out[0].path, 200)} is left out: "
                             f"{left_out[0].reason}",
                             "Name the files.")
        raise UsageError(f"there is no checkpoint in {shown}", "Name the folder that they lie in, or the files.")
    files: dict[str, BatchFile] = {}
    for source, name in found:
        target = source if options.in_place else None if out is None else os.path.join(out, _new_name(name, source, options))
        one, place = BatchFile((source,), target), _place(target) if target is not None else source
        same = files.setdefault(place, one)
        if same is not one and target is not None:
            raise UsageError(f"two of the files would be saved as {visible(target, 200)}: {visible(same.sources[0], 200)} and "
                             f"{visible(source, 200)}", "Save them one by one, or into different folders.")
    return Batch(tuple(edits), tuple(files.values()), options, follow_links, out, tuple(left_out), tuple(others))


def _check_output(out: str | None, options: SaveOptions) -> None:
    if options.in_place and out is not None:
        raise UsageError("a change in place is saved nowhere else", "Ask for one of in_place and a folder.")
    if out is None:
        return
    if addresses.is_address(out):
        raise UsageError("files are written to this computer only, not over the net", "Save them on this computer, then upload them.")
    if os.path.lexists(out) and not os.path.isdir(out):
        raise UsageError(f"{visible(out)} is a file, and several checkpoints need a folder", "Name a folder.")
    if not os.path.lexists(out) and format_of(out) is not None:
        raise UsageError(f"{visible(out)} is named like a file, and several checkpoints need a folder",
                         f"Name a folder, as in {visible(os.path.splitext(out)[0], 200)}.")


def _is_expanded(path: str, recursive: bool) -> bool:
    """Whether the checkpoints in the folder at `path` are meant, and not the one that it is."""
    return folders.is_folder(path) and (recursive or not folders.checkpoint_in(path))


def _members(path: str, is_expanded: bool, recursive: bool, out: str | None) -> Iterator[str]:
    if not is_expanded:
        yield _opened(path)
        return
    found = folders.checkpoints_in(path) if recursive else finding.checkpoints_of([path])
    yield from (_opened(one) for one in sorted(found, key=natural) if not _is_inside(one, out, path))


def _opened(path: str) -> str:
    """The file with weights that a folder is opened as, where it is one; of any other checkpoint its path."""
    return folders.checkpoint_in(path) or path if folders.is_folder(path) else path


def _is_inside(path: str, out: str | None, folder: str) -> bool:
    """Whether `path` is what was saved under `out` before, where that lies in the folder that is looked through."""
    if out is None or addresses.is_address(path) or os.path.realpath(out) == os.path.realpath(folder):
        return False
    return _within(os.path.realpath(path), os.path.realpath(out))


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(os.path.join(folder, ""))


def _relative(source: str, given: str, is_expanded: bool) -> str:
    """What `source`, in `given` or that itself, is called in the folder that it is saved under. Raises UsageError for a name that leads out
    of it."""
    if addresses.is_address(given):
        inside = source[len(given):].strip("/") if source.startswith(given) else ""
        name = inside or addresses.file_name(opening.file_of(source))
    elif is_expanded:
        name = os.path.relpath(source, given)
    elif folders.is_folder(given):              # the folder's own name, for its file may be called like all others
        name = os.path.join(addresses.file_name(os.path.abspath(given)), os.path.relpath(source, given))
    else:
        name = addresses.file_name(opening.file_of(source).rstrip("/\\"))
    name = os.path.normpath(name or "checkpoint")
    if os.path.isabs(name) or name.split(os.sep)[0] in ("..", ".") or os.path.splitdrive(name)[0]:
        raise UsageError(f"{visible(source, 200)} has no name in the folder that it would be saved under", "Save it by itself.")
    return name


def _new_name(name: str, source: str, options: SaveOptions) -> str:
    """The name of a checkpoint called `name` in the format that is asked for."""
    format = _SHARDED if options.shard_size is not None else options.format
    if folders.is_folder(source) or format is None:
        return name                             # what a set becomes is seen when it is open
    if format == _SHARDED:
        return os.path.splitext(name)[0]
    return _with_ending(name, format)


def _with_ending(name: str, format: str) -> str:
    ending, asked = _ENDINGS.get(format), format_of(name)
    if ending is None or (asked is not None and (asked == "safetensors") == (format == "safetensors")):
        return name
    return os.path.splitext(name)[0] + ending if asked is not None else name + ending


def _place(path: str) -> str:
    """The same for all names of one place."""
    real = os.path.realpath(path)
    return real.casefold() if _CASELESS else real


def _not_taken(folder: str, taken: Collection[str], out: str | None) -> tuple[list[NotInBatch], list[str]]:
    """Of the files in `folder`: those named like checkpoints that are not among the `taken`, and all others."""
    if addresses.is_address(folder):
        return [], []
    away: list[NotInBatch] = []
    others: list[str] = []
    there = set(taken)
    for within, inside, names in os.walk(folder):
        is_taken = within in there
        inside[:] = [] if is_taken else sorted(name for name in inside if not name.startswith(".") and not _is_inside(
            os.path.join(within, name), out, folder))
        for name in sorted(names):
            path = os.path.join(within, name)
            if name.startswith(".") or path in there or len(away) + len(others) >= _MOST_LOOKED_AT:
                continue
            if not folders.is_named_like_one(name):
                if not (is_taken and ((name.endswith(".json") and ".index." in name) or name.endswith(".distcp"))):
                    others.append(path)
            elif not is_taken:
                away.append(NotInBatch(path, _why(path, folder, name)))
    return away, others


def _why(path: str, folder: str, name: str) -> str:
    if where := set_files.leads_outside(folder, path):
        return f"it is a link to {visible(where, 120)}, outside the folder; --follow-links takes it"
    if folders.is_beside(name):
        return "it is named like what a training keeps beside the weights; name it to edit it, too"
    return "it is not among the checkpoints of the run that lie there; -r takes all"


# -- planning -----------------------------------------------------------------------------------------------------------------

def plan_batch(batch: Batch, monitor: Monitor = QUIET, *, dry: bool = False) -> Iterator[PlannedEdit]:
    """Opens, edits and plans each checkpoint of `batch`, one after the other; what cannot be done is told in its `error`. Nothing is
    written, but that a change in place which was interrupted is taken back, unless it is `dry`. Raises Cancelled.

    >>> found = core.batch(core.save({"module.w": np.ones(2)}, folder / "a.pth").path, [core.StripPrefix("module.")], folder / "out")
    >>> [(one.plan.format, one.effects[0].renamed, one.error) for one in core.plan_batch(found)]
    [('torch-zip', (('module.w', 'w'),), None)]
    """
    for n, file in enumerate(batch.files):
        step = Share(monitor, n, len(batch.files))
        found = _planned(batch, file, dry, step)
        step.over()
        yield found


def _planned(batch: Batch, file: BatchFile, dry: bool, monitor: Monitor) -> PlannedEdit:
    notes: list[str] = []
    half: list[Finding] = []
    effects: list[Effect] = []
    about = file.sources[0]
    try:
        parts = []
        for about in file.sources:              # what cannot be opened is to be named
            if not dry and _recovered(about):
                notes.append("a change in place that was interrupted was taken back first")
            parts.append(opening.open(about, monitor=monitor, follow_links=batch.follow_links))
            half += (one for one in parts[-1].findings if one.id == "interrupted")
        about = file.sources[0]
        ckpt = merge(parts, monitor)
        notes += [f"{one.message} {one.hint}".strip()
                  for one in [*half, *(one for one in ckpt.findings if one.id == "merged-metadata")]]
        edited = ckpt
        references: list[FileStamp] = []
        for step in apply_each(ckpt, batch.edits, monitor, read=True):
            edited = step.after
            effects.append(step.effect)
            references += step.references
        found = PlannedEdit(file, Promise(file, None, ckpt.files, tuple(references)), tuple(notes), tuple(effects), ckpt.nbytes,
                            (_nbytes(ckpt), _nbytes(edited)), about=about)
        if file.target is None:
            return found
        plan = _plan(batch, file, edited, monitor)
    except InspectorError as error:
        if half and isinstance(error, EditError):       # it is of a mixture of two states, and says nothing of either
            error = SaveError(half[0].message.rstrip("."), half[0].hint, id=half[0].id)
        return PlannedEdit(file, Promise(file, error), tuple(notes), tuple(effects), error=error, about=about)
    try:
        check_plan(plan, batch.options.allow_loss)
    except SaveError as error:
        return replace(found, plan=plan, error=error, promise=Promise(file, error, plan=plan if len(batch.files) == 1 else None))
    return replace(found, plan=plan, promise=_promised(found.promise, plan, keep=len(batch.files) == 1))


def _recovered(source: str) -> bool:
    try:
        return recover(source)
    except OSError:                     # whoever cannot write there cannot take anything back; reading it says what is wrong
        return False


def _nbytes(ckpt: Checkpoint) -> int:
    return sum({info.storage or key: info.storage_nbytes for key, info in ckpt.tensors.items()}.values())


def _plan(batch: Batch, file: BatchFile, edited: Checkpoint, monitor: Monitor) -> SavePlan:
    options, target = batch.options, file.target
    assert target is not None
    if batch.output is not None:
        target = _target(batch, file, edited)
    return plan_save(edited, target, format=options.format, shard_size=options.shard_size, keep_code=options.keep_code,
                     drop_code=options.drop_code, ties=options.ties, allow=options.allow, in_place=options.in_place,
                     backup=options.backup, make_folders=batch.output is not None, monitor=monitor)


def _target(batch: Batch, file: BatchFile, edited: Checkpoint) -> str:
    """Where a checkpoint is saved under the folder that all are: what was a set and becomes one file gets that file's ending. Raises
    SaveError where a link leads out of the folder."""
    target = file.target or ""
    options = batch.options
    if folders.is_folder(file.sources[0]) and not options.in_place:
        format = _SHARDED if options.shard_size is not None else options.format or (
            _SHARDED if edited.as_opened.format == _SHARDED else "torch-zip")
        target = target if format == _SHARDED else target + _ENDINGS.get(format, "")
    home = os.path.realpath(batch.output or "")
    around = os.path.realpath(os.path.dirname(target))
    if not batch.follow_links and not _within(around, home):
        raise SaveError(f"a link leads out of the folder {visible(batch.output or '', 120)}, to {visible(around, 160)}",
                        "Name another folder, or follow links (--follow-links) if you know who made them.", visible(target),
                        id="outside_folder")
    return target


def _promised(promise: Promise, plan: SavePlan, keep: bool) -> Promise:
    """What is to be known of `plan` once it is not there any more."""
    target = plan.target
    writes = tuple(os.path.join(target.folder, name) for name in (*(file.name for file in plan.files), target.name, *plan.deletes))
    lasting = plan.nbytes - (plan.replaces or 0) * (not plan.keeps) if plan.in_place is None else 0
    try:
        disk = os.stat(there_above(target.folder)).st_dev
    except OSError:
        disk = -1
    return promise._replace(writes=writes, room=plan.room, lasting=lasting, free=plan.free, disk=disk, plan=plan if keep else None)


# -- saving -------------------------------------------------------------------------------------------------------------------

def refused_of_batch(batch: Batch, promises: Sequence[Promise]) -> list[tuple[BatchFile, InspectorError]]:
    """Those of a batch that cannot be saved, and why: by themselves, or because of others. `promises` are of all that was planned.

    >>> paths = [core.save({key: np.ones(2)}, folder / f"{key}.pth").path for key in "ab"]
    >>> found = core.batch(paths, [core.Extract("a")], folder / "out")
    >>> refused = core.refused_of_batch(found, [one.promise for one in core.plan_batch(found)])
    >>> [error.message for file, error in refused]
    ["'a' is one tensor", "there is nothing at 'a' to extract"]
    """
    found: list[tuple[BatchFile, InspectorError]] = []
    written: dict[str, BatchFile] = {}
    read: dict[str, BatchFile] = {}
    gone_by: dict[str, str] = {}
    for one in promises if len(promises) > 1 else ():
        read.update((_place(stamp.path), one.file) for stamp in one.stamps)
        gone_by.update((_place(stamp.path), stamp.path) for stamp in one.references)
    rooms: dict[int, int] = {}
    for one in promises:
        error = one.error or (_clash(one, read, written, gone_by) if len(promises) > 1 else None) or _lack(one, rooms)
        if error is not None:
            found.append((one.file, error))
            continue
        written.update((_place(path), one.file) for path in one.writes)
        rooms[one.disk] = rooms.get(one.disk, 0) + one.lasting
    return found


def _clash(one: Promise, read: dict[str, BatchFile], written: dict[str, BatchFile], gone_by: dict[str, str]) -> SaveError | None:
    """Why `one` would cost another of the batch what it reads or wrote."""
    for path in one.writes:
        place, shown = _place(path), visible(path, 200)
        if place in written:
            return SaveError(f"{shown} is what {visible(written[place].sources[0], 200)} becomes, too", "Save them into different folders.",
                             id="collision")
        if place in gone_by:
            return SaveError(f"{shown} is what the edits of all go by, and would be replaced", "Save into another folder.",
                             id="would-replace")
        if read.get(place, one.file) != one.file:
            return SaveError(f"{shown} is read for {visible(read[place].sources[0], 200)}, and would be replaced",
                             "Save into another folder.", id="would-replace")
    return None


def _lack(one: Promise, rooms: dict[int, int]) -> SaveError | None:
    """That there is not enough room for `one` once those before it are there."""
    before = rooms.get(one.disk, 0)
    if before <= 0 or before + one.room <= one.free:
        return None
    return SaveError(f"there is not enough room: with those before it {size(before + one.room)} are needed, {size(one.free)} were free",
                     "Make room, or save to another disk.", id="disk-full")


def save_batch(batch: Batch, promises: Iterable[Promise], *, keep_going: bool = False, monitor: Monitor = QUIET) -> Iterator[SavedEdit]:
    """Saves each checkpoint of `batch` that was planned (`PlannedEdit.promise`), in order, each as `save` does: the old file or the whole
    new one. Raises SaveError (id "batch") with nothing written where one of them cannot be, unless `keep_going`: then that is told in its
    place, and the others are saved. Where the save of one fails all the same, it is the last, unless `keep_going`. Raises Cancelled.

    >>> found = core.batch(core.save({"w": np.ones(2)}, folder / "a.pth").path, [core.AddPrefix("net.")], folder / "out")
    >>> promises = [one.promise for one in core.plan_batch(found)]
    >>> [(core.file_name(one.report.path), one.report.tensors, one.error) for one in core.save_batch(found, promises)]
    [('a.pth', 1, None)]
    """
    promised = list(promises)
    refused = dict(refused_of_batch(batch, promised))
    if refused and not keep_going:
        raise _none_saved(refused, len(promised))
    for n, one in enumerate(promised):
        error = refused.get(one.file)
        report, step = None, Share(monitor, n, len(promised))
        if error is None and one.file.target is not None:
            try:
                report = _saved(batch, one, step)
            except InspectorError as failed:
                error = failed
        step.over()
        yield SavedEdit(one.file, report, error)
        if error is not None and not keep_going:
            return


def _none_saved(refused: dict[BatchFile, InspectorError], many: int) -> InspectorError:
    (file, error), *more = refused.items()
    if many == 1:
        return error
    of, shown = count(many, "checkpoint"), visible(file.sources[0], 200)
    return SaveError(f"{1 + len(more):,} of {of} cannot be saved, so none was: {shown}: {error.message.rstrip('.')}",
                     "Keep going to save the others all the same (keep_going).", error.where, id="batch")


def _saved(batch: Batch, one: Promise, monitor: Monitor) -> SaveReport:
    options = batch.options
    plan = one.plan
    if plan is None:
        ckpt = merge([opening.open(path, monitor=monitor, follow_links=batch.follow_links) for path in one.file.sources], monitor)
        if ckpt.files != one.stamps or not are_current(one.references):
            raise Changed("it is not what was planned any more: somebody else wrote to the file, or to one that the edits go by",
                          "Try again.", visible(one.file.sources[0]))
        plan = _plan(batch, one.file, edit(ckpt, batch.edits, monitor), monitor)
    return save(plan, allow_loss=options.allow_loss, verify=options.verify, monitor=monitor)
