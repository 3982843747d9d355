"""What a save would do: which files, how large, where, and what would be lost. Nothing is written by planning."""
from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from itertools import chain
from types import MappingProxyType

from inspector.core.checkpoint import Checkpoint, Edited, Extent, Opaque, Storage, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.edits.drop_broken import how_to_save_without
from inspector.core.edits.tools.common import origin_of
from inspector.core.edits.tools.copies import with_own_bytes
from inspector.core.errors import Ambiguous, InspectorError, ReadError, SaveError, UsageError
from inspector.core.formats.sets import folders
from inspector.core.formats.zip.members import names_of
from inspector.core.graph import Graph
from inspector.core.io.new_files import no_wider
from inspector.core.keypath import visible
from inspector.core.limits import LIMITS
from inspector.core.opening import CheckpointLike, file_of, opened
from inspector.core.pickles.decode.machine import decode
from inspector.core.pickles.objects.code import unknown_names
from inspector.core.pickles.objects.contents import Contents, contents_of
from inspector.core.pickles.objects.storages import StorageRef
from inspector.core.progress import QUIET, Monitor, distinct, stoppable
from inspector.core.tensors.reader import TensorReader
from inspector.core.wording import count, counted, exact_size

from . import endings, in_place, targets
from .disk import atomic
from .disk.backups import free_backup_name
from .in_place import InPlace, refused
from .joined import is_joined, weights_alone
from .layouts import safetensors, shards, torch_legacy, torch_zip
from .layouts.losses import Loss, packed_left_out, safetensors_holds
from .names import is_marked, names_there, told
from .nested_sets import as_one_object
from .object.pickled import Pickled, Record, pickled
from .object.synthesis import synthesised
from .targets import Target

FORMATS = ("torch-zip", "torch-legacy", "safetensors", "safetensors-sharded", "torchscript")
TIES = ("one", "all")
_KEPT = {"safetensors": "safetensors", "safetensors-sharded": "safetensors-sharded"}
_ONE_PICKLE = ("torch-zip", "torchscript", "torch-legacy", "torch-tar", "pickle")
_PT = {"format": "pt"}
_MANY = 20_000              # entries of an edited checkpoint up to which its object is always looked at again
_ONLY_READ = frozenset(("npz", "gguf", "onnx", "torch-export", "compressed"))      # whose files are what their names say, and shall stay so
_LEFT_BEHIND = frozenset(("trailing", "trailing-pickle", "trailing-bytes", "leading-junk", "hidden-member"))
_PROGRAM = ("code/", "constants", "attributes.pkl", "bytecode", "mobile_debug", "traced_inputs")
_NEVER_LOADED = ("corrupt:", "out_of_bounds:")      # how the `problem` of tensors begins at whose description whoever loads the file fails
_AMBIGUOUS = frozenset(("header-mismatch", "leading-junk", "hidden-member"))
_LABELS = {"torch-zip": "a PyTorch file", "torch-legacy": "a PyTorch file for torch before 1.6",
           "safetensors": "safetensors", "safetensors-sharded": "a set of safetensors files",
           "torchscript": "a TorchScript archive"}


Work = torch_zip.Archive | torch_legacy.Stream | safetensors.Layout | bytes
"""A file as it is laid out."""


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """`name` in the target's folder; `nbytes` is exact."""

    name: str
    nbytes: int


@dataclass(frozen=True, slots=True)
class SavePlan:
    """What `save` will do. `path` is as given; `format` one of `FORMATS`; `files` in the order in which they are written;
    `nbytes` of all of them; `free` the room there; `replaces` the bytes of the file that is replaced (None: none is).

    `losses` are what the format cannot hold: saved only with `allow_loss`. `code` are the names of unknown code that would be
    written and that nobody said to keep or to drop: while there are any, it is not saved. `notes` are sentences about what
    changes without being lost, `deletes` the files of a set that is replaced which go when the new one is in place.

    `backup` is the name that the file that is replaced can have then ("": none is replaced), and `keeps` whether it will have it.

    `renamed` are keys that the new file has under another name than they have now (`a.0#2` without the `a.0` beside it), with that name.

    With `in_place` nothing is copied: `files` are those that change, and `nbytes` how large they are then."""

    path: str
    format: str
    files: tuple[PlannedFile, ...]
    nbytes: int
    free: int
    replaces: int | None
    losses: tuple[Loss, ...]
    code: tuple[str, ...]
    notes: tuple[str, ...]
    ckpt: Checkpoint = field(repr=False)
    target: Target = field(repr=False)
    work: tuple[Work, ...] = field(repr=False)
    gone: frozenset[str] = field(default=frozenset(), repr=False)
    deletes: tuple[str, ...] = ()
    in_place: InPlace | None = field(default=None, repr=False)
    backup: str = ""
    keeps: bool = False
    renamed: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def room(self) -> int:
        """Bytes of the disk that it takes for a while, at most."""
        return self.nbytes if self.in_place is None else self.in_place.room

    @property
    def label(self) -> str:
        """The format as a person would say it."""
        return _LABELS[self.format]


def plan_save(ckpt: CheckpointLike, path: str | os.PathLike[str], *, format: str | None = None,
              shard_size: str | int | None = None, keep_code: Collection[str] = (), drop_code: Collection[str] = (),
              ties: str | None = None, unreferenced: bool = True, allow: Collection[str] = (), in_place: bool = False,
              backup: bool = False, make_folders: bool = False, monitor: Monitor = QUIET) -> SavePlan:
    """What saving `ckpt`, a checkpoint, the path of one or a mapping (see `save`), at `path` means.

    `format` is one of `FORMATS`; without it the ending of `path` decides, then what the checkpoint was. `shard_size` ("5GB")
    makes a set of files of a folder or an index. `keep_code` and `drop_code` are dotted names (or globs) of code that a pickle
    names. `ties` says what safetensors gets of tensors under several names: "one" of them, or "all", each with bytes of its
    own; without it all where ranks of DeepSpeed's were joined, whose state dict is to load as it is. `unreferenced`
    keeps records of the old archive that no tensor refers to. `allow`: see `targets`. `in_place` writes new names, tags and plain values
    into the file itself, where the tensors stay as they lie: at once, whatever its size. `backup` keeps the file that is
    replaced, under a name that is free. With `make_folders` those on the way to `path` that are not there are made when it is saved.

    Raises SaveError or EditError for what cannot be saved at all (id "in-place": not in place, but as a copy), Changed when the
    checkpoint's file is no longer the one that was opened.

    >>> plan = core.plan_save({"w": np.ones(3), "epoch": 3}, folder / "a.safetensors")
    >>> plan.format, plan.losses
    ('safetensors', (Loss(id='python-value', where='epoch', message='epoch = 3 is no tensor: it is left out.'),))
    """
    ckpt, path = opened(ckpt, monitor), os.fsdecode(path)
    chosen = _format(ckpt, path, format, shard_size is not None, monitor)
    if ties not in (*TIES, None):
        raise UsageError(f"ties={ties!r} is neither \"one\" nor \"all\"")
    if in_place and backup:
        raise UsageError("a change in place copies nothing, so nothing of the old file could be kept",
                         "Ask for one of in_place and backup.")
    if in_place:
        return _plan_in_place(ckpt, path, format, shard_size, keep_code, drop_code, ties or "one", unreferenced, allow, monitor)
    if ckpt.is_still(ckpt.as_opened):           # edits that found nothing to do: no entry has to be looked for in the object
        ckpt = ckpt.as_opened
    if path == "-":
        raise SaveError("standard output cannot be written to: a new file is read back before it counts", "Name a file.", id="ending")
    ties = ties or ("all" if is_joined(ckpt) else "one")
    ckpt, weights_only = weights_alone(ckpt)
    flat = ""
    if not chosen.startswith("safetensors"):
        ckpt, flat = as_one_object(ckpt, monitor)
    target, stem = _target(path, chosen, allow, ckpt, make_folders)
    if weights_only:
        target = target._replace(notes=(*target.notes, weights_only))
    if flat:
        target = target._replace(notes=(*target.notes, flat))
    misleading = endings.misleading(path, chosen)
    if misleading is not None and (ckpt.as_opened.format in _ONLY_READ or not _replaces(ckpt, target)):
        raise misleading
    if misleading is not None:              # it has that name already
        target = target._replace(notes=(*target.notes, f"{misleading.message}."))
    _not_over_itself(ckpt, target)
    if chosen.startswith("safetensors"):
        plan = _plan_safetensors(ckpt, path, chosen, target, stem, shards.parse_size(shard_size or shards.DEFAULT), ties,
                                 monitor)
    else:
        plan = _plan_torch(ckpt, path, chosen, target, frozenset(keep_code), frozenset(drop_code), unreferenced, monitor)
    if target.old is None or os.path.islink(target.path):       # what a link leads to stays anyway
        return plan
    plan = replace(plan, backup=free_backup_name(target.folder, target.name))
    return _keeping(plan) if backup else plan


def _keeping(plan: SavePlan) -> SavePlan:
    """The same with the old file kept; of a set the old index is, and with it the files that it names."""
    name = plan.backup
    said = f"The old file is kept as {visible(name, 160)}."
    if plan.format == "safetensors-sharded":
        said = f"The old index is kept as {visible(name, 160)}, and the files that it names stay."
    return replace(plan, keeps=True, deletes=(), notes=(*plan.notes, said))


# -- which format, and where --------------------------------------------------------------------------------------------

def _format(ckpt: Checkpoint, path: str, format: str | None, sharded: bool, monitor: Monitor) -> str:
    if format is not None and format not in FORMATS:
        raise UsageError(f"{format!r} is no format that is written", f"Choose one of {', '.join(FORMATS)}.")
    if format is None:
        if sharded or path.lower().endswith(endings.INDEX) or os.path.isdir(path) or path.endswith(("/", os.sep)):
            format = "safetensors-sharded"
        else:
            format = endings.format_of(path) or _KEPT.get(ckpt.format, "torch-zip")
        if format == "torch-zip" and ckpt.format == "torchscript" and _same_structure(ckpt, monitor):
            format = "torchscript"
    if format == "safetensors" and sharded:
        format = "safetensors-sharded"
    if sharded and format != "safetensors-sharded":
        raise UsageError("only safetensors are written in shards", "Leave out the size of shards, or save as safetensors-sharded.")
    if format == "torchscript" and (ckpt.format != "torchscript" or not _same_structure(ckpt, monitor)):
        raise SaveError("a TorchScript archive can be saved again only with the tensors it has: its code refers to them",
                        "Save the tensors as a PyTorch file (format=\"torch-zip\") or as safetensors.", id="torchscript")
    return format


def _same_structure(ckpt: Checkpoint, monitor: Monitor) -> bool:
    """Whether nothing was renamed, dropped or converted, so that the code of the archive still fits. Archives of torch 1.0 to 1.2
    have no object that could be written again: JSON tells what is in them; of one whose end is missing, code may be."""
    source = ckpt.as_opened
    if not source.pickles or source.pickles[0].member.lower() != "data.pkl" or "salvaged" in source.facts:
        return False
    if ckpt.edited is None:
        return True
    return not ckpt.edited.root and "" in ckpt.values and list(ckpt.tensors) == list(source.tensors) and all(
        (info.shape, info.dtype, info.stride, info.storage) == (old.shape, old.dtype, old.stride, old.storage)
        for info, old in stoppable(zip(ckpt.tensors.values(), source.tensors.values(), strict=True), monitor))


def _target(path: str, format: str, allow: Collection[str], ckpt: Checkpoint, make: bool = False) -> tuple[Target, str]:
    """The file that will be replaced or made, and for a set what its files begin with."""
    unknown = sorted(set(allow) - set(targets.ASK))
    if unknown:
        raise UsageError(f"nothing is called {unknown[0]!r} that could be allowed", f"There are: {', '.join(targets.ASK)}.")
    of = [stamp.path for stamp in ckpt.files]
    if format != "safetensors-sharded":
        return targets.find(path, allow, of, make), ""
    named = path.lower().endswith(endings.INDEX)
    folder, stem = path, "model"
    if named:
        folder, stem = os.path.split(path[:-len(endings.INDEX)])
        folder = folder or "."
    target = targets.find_folder(folder, shards.names(stem, 1).listing, allow, of, make)
    return (target if named else _beside_others(target, stem)), stem


def _beside_others(target: Target, stem: str) -> Target:
    """The target of a set for which its folder was named; of one file in it a note says what becomes of that. Raises SaveError where the
    folder is another checkpoint in several files: who opens it would have the old one, or be asked which is meant."""
    if target.old is not None:          # what is replaced was opened before it, too
        return target
    try:
        kind, name = folders.choose(target.folder)
    except Ambiguous:
        kind, name = "index", f"*{endings.INDEX}"
    except ReadError:                   # no checkpoint, or several files of which none is the folder
        return target
    if kind == "file":
        note = (f"{visible(name, 160)} stays in the folder beside the new set, and programs that look for it first go on loading it.",)
        return target._replace(notes=(*target.notes, *note)) if name == f"{stem}{endings.SAFETENSORS[0]}" else target
    if kind == "shards" and name.startswith(f"{stem}-") and name.endswith(endings.SAFETENSORS):
        return target                   # the set itself, whose index is gone
    index = visible(os.path.join(target.folder, target.name), 1000)
    raise SaveError(f"the folder is another checkpoint already ({visible(name, 160)}), which a set beside it would hide or make ambiguous",
                    f"Name another folder, or the index to have both there: {index}.", visible(target.folder), id="bad_target")


def _not_over_itself(ckpt: Checkpoint, target: Target) -> None:
    """Raises SaveError when the file that would be replaced is the only copy of what cannot be told for sure."""
    if not _replaces(ckpt, target):
        return
    source = ckpt.as_opened
    if "salvaged" in source.facts:
        what = source.facts["salvaged"].partition(":")[0]
        raise SaveError(f"{what}: it is not replaced by what could be saved of it", "Save under another name.", id="salvaged")
    found = next((finding for finding in source.findings if finding.id in _AMBIGUOUS), None)
    if found is not None:
        raise SaveError(f"programs differ in what they see in this file, so it is not replaced: {found.message}",
                        "Save under another name.", found.where, id="ambiguous")


def _replaces(ckpt: Checkpoint, target: Target) -> bool:
    """Whether the target is one of the files that are read."""
    return any(os.path.realpath(stamp.path) == os.path.realpath(target.path) for stamp in ckpt.files)


def _left_behind(ckpt: Checkpoint) -> Iterator[Loss]:
    """What lies in the source file beside the checkpoint, and which reading of an ambiguous file is taken."""
    if ckpt.as_opened.format == "torch-export":
        yield Loss("program", "", "The exported program, and code that was compiled from it, is not written: only tensors and values are.")
    for finding in ckpt.as_opened.findings:
        if finding.id in _LEFT_BEHIND:
            yield Loss(finding.id, finding.where, f"{finding.message} It is not written.")
        elif finding.id in _AMBIGUOUS:
            yield Loss(finding.id, finding.where, f"{finding.message} Only this reading is written.")


# -- in place -----------------------------------------------------------------------------------------------------------

def _plan_in_place(ckpt: Checkpoint, path: str, format: str | None, shard_size: str | int | None, keep: Collection[str],
                   drop: Collection[str], ties: str, unreferenced: bool, allow: Collection[str], monitor: Monitor) -> SavePlan:
    source = ckpt.as_opened
    _same_place(source, path, format, shard_size)
    own = source.files[0].path
    if source.format == "safetensors-sharded":
        base, found = _set_in_place(ckpt, own, ties, allow, monitor)
    else:
        in_place.check_file(source.files[0])
        base = plan_save(ckpt, own, format=source.format, keep_code=keep, drop_code=drop, ties=ties, unreferenced=unreferenced,
                         allow=allow, monitor=monitor)
        work = base.work[0]
        assert isinstance(work, safetensors.Layout | torch_zip.Archive)
        found = in_place.of_header(ckpt, work) if isinstance(work, safetensors.Layout) else in_place.of_archive(ckpt, work)
    if os.path.islink(base.target.path):
        raise refused("the path is a link into a cache, whose files are named by their contents")
    left = next((loss for loss in base.losses if loss.id in _LEFT_BEHIND or loss.id in _AMBIGUOUS), None)
    if left is not None:
        raise refused(left.message.rstrip("."), left.where)
    files = tuple(PlannedFile(change.name, change.nbytes) for change in found.changes)
    notes = [note for note in base.notes if note not in base.target.notes]
    if found.unused:
        notes.append(f"About {exact_size(found.unused)} of the file are unused then: where the old names stood. A copy is without them.")
    return replace(base, path=path, files=files, nbytes=sum(file.nbytes for file in files), notes=tuple(notes), in_place=found, backup="")


def _same_place(source: Checkpoint, path: str, format: str | None, shard_size: str | int | None) -> None:
    """Raises SaveError unless a change of the file itself is what is asked for, and its container lets itself be changed."""
    if source.format not in FORMATS or not source.files or source.format == "torch-legacy":
        raise refused("files of this format are only read, and written in another one" if source.format != "torch-legacy" else
                      "in the format of before torch 1.6 the tensors lie right behind the object")
    if format not in (None, source.format) or shard_size is not None:
        raise refused("its format would change")
    if any(finding.id == "padded" for finding in source.findings):
        raise refused("it ends in zeros, which a copy is without")
    if file_of(source.path) != source.path or any(stamp.inside for stamp in source.files):
        raise refused("it lies inside another archive")
    is_set = source.format == "safetensors-sharded"
    if not is_set and len(source.files) != 1:
        raise refused("it lies in several files")
    if is_set and not source.files[0].path.endswith(atomic.INDEX):
        raise refused("the set has no index")
    own = os.path.realpath(source.files[0].path)
    if os.path.realpath(path) not in ((own, os.path.dirname(own)) if is_set else (own,)):
        raise refused("it would be saved elsewhere")


def _set_in_place(ckpt: Checkpoint, own: str, ties: str, allow: Collection[str], monitor: Monitor) -> tuple[SavePlan, InPlace]:
    target, _ = _target(own, "safetensors-sharded", allow, ckpt)
    in_place.check_file(ckpt.as_opened.files[0])
    found = in_place.of_set(ckpt)
    held = safetensors_holds(ckpt, ties == "all", monitor)
    losses = [*_left_behind(ckpt), *held.losses]
    return _plan(ckpt, own, "safetensors-sharded", target, [], [], losses, (), [*held.notes], monitor), found


# -- safetensors --------------------------------------------------------------------------------------------------------

def _plan_safetensors(ckpt: Checkpoint, path: str, format: str, target: Target, stem: str, size: int, ties: str,
                      monitor: Monitor) -> SavePlan:
    held = safetensors_holds(ckpt, ties == "all", monitor)
    metadata = _safetensors_metadata(ckpt, held.tied)
    losses = [*_left_behind(ckpt), *held.losses]
    notes = [*target.notes, *held.notes]
    others = [name for name in stoppable(torch_zip.other_members(ckpt.as_opened, monitor), monitor)
              if not (_is_extracted_script(ckpt) and _is_program(name))]
    if others:
        losses.append(Loss("other-members", others[0],
                           f"{counted(len(others), 'other member of the archive is', 'other members of the archive are')} left out, "
                           f"{visible(others[0], 80)} first."))
    old: tuple[str, ...] = ()
    work: list[Work] = []
    if format == "safetensors":
        names = [target.name]
        work.append(safetensors.lay_out(ckpt, held.tensors, metadata, monitor))
    else:
        if not held.tensors:
            raise SaveError("no tensor is left that safetensors can hold: a set of no files could not be opened again",
                            "Save it as a PyTorch file (format=\"torch-zip\").", id="nothing")
        parts = shards.divide(held.tensors, size, monitor)
        named = (atomic.index_names(target.path) if target.old is not None else None) or set()
        target = target._replace(mode_of_others=no_wider(target.mode, [os.path.join(target.folder, name) for name in named]))
        old, told = _old_shards(ckpt, target, stem, named)
        notes += told
        there = shards.names(stem, len(parts)).shards
        mark = os.urandom(4).hex() if any(os.path.lexists(os.path.join(target.folder, name)) for name in there) else ""
        files = shards.names(stem, len(parts), mark)
        layouts = [safetensors.lay_out(ckpt, part, metadata, monitor) for part in parts]
        work += [*layouts, shards.index([layout.tensors for layout in layouts], files.shards)]
        names = [*files.shards, files.listing]
        if mark:
            notes.append("The files of the set that is replaced keep their names until the index refers to the new ones, which "
                         f"therefore have others ({files.shards[0]}).")
    if format == "safetensors" and isinstance(work[0], safetensors.Layout) and list(work[0].tensors) != list(held.tensors):
        notes.append("Tensors with wider elements come first in the file, so that each lies where its type wants it.")
    if not held.tensors:
        losses.append(Loss("nothing", "", "No tensor is left that safetensors can hold: the file would be empty."))
    return _plan(ckpt, path, format, target, names, work, losses, (), notes, monitor, deletes=old)


def _safetensors_metadata(ckpt: Checkpoint, tied: dict[str, str]) -> dict[str, str]:
    """`__metadata__` of the new file: what the checkpoint has, the names that stand for tied tensors, and `format`.

    transformers (`load_state_dict` in modeling_utils.py) refuses a file that has metadata which does not say for whom it is; it takes
    one without any. A safetensors file therefore stays as it was, unless it had none and gets some now."""
    metadata = {**ckpt.metadata, **tied}
    if not ckpt.as_opened.format.startswith("safetensors") or (metadata and not ckpt.as_opened.metadata):
        return {**(_PT if "format" not in metadata else {}), **metadata}
    return metadata


def _old_shards(ckpt: Checkpoint, target: Target, stem: str, named: Collection[str]) -> tuple[tuple[str, ...], list[str]]:
    """The files `named` by the set that is replaced that go with it, as far as they are called what this program or huggingface_hub calls
    them, and sentences about those that stay: another index names them, or they hold what could not be read."""
    old = sorted(name for name in named if name.startswith(f"{stem}-") and name.endswith(".safetensors") and "/" not in name
                 and "\\" not in name)
    if not old:
        return (), []
    shared = atomic.indexed_by_others(target.folder, target.name)
    if shared is None:
        return (), [f"{_listed(old)} of the set that is replaced stay: another index in the folder cannot be read, and may name them."]
    unread = _unread(ckpt, target.folder, old)
    notes = []
    for stays, why in (([name for name in old if name in shared], "another index in the folder names them"),
                       ([name for name in old if name in unread and name not in shared], "not all that is in them could be read")):
        if stays:
            notes.append(f"{_listed(stays)} of the set that is replaced stay: {why}.")
    goes = tuple(name for name in old if name not in shared and name not in unread)
    if goes:
        notes.append(f"{_listed(goes)} of the set that is replaced are deleted when the new set is in place.")
    return goes, notes


def _unread(ckpt: Checkpoint, folder: str, names: list[str]) -> set[str]:
    """Of files of the set that the checkpoint was opened from, those that it does not hold whole."""
    source = ckpt.as_opened
    whole = {os.path.realpath(stamp.path): number for number, stamp in enumerate(source.files)}
    paths = {name: os.path.realpath(os.path.join(folder, name)) for name in names}
    if not any(path in whole for path in paths.values()):
        return set()                            # another checkpoint takes the set's place
    if any(finding.id == "extra-bytes" for finding in source.findings):
        return set(names)
    broken = {storage.extent.file for info in source.tensors.values() if info.problem
              for storage in (source.storages.get(info.storage),) if storage is not None and storage.extent is not None}
    return {name for name, path in paths.items() if path not in whole or whole[path] in broken}


def _listed(names: Sequence[str]) -> str:
    return f"{count(len(names), 'file')} ({', '.join(visible(name, 60) for name in names[:3])}{', …' if len(names) > 3 else ''})"


# -- PyTorch files ------------------------------------------------------------------------------------------------------

def _without_headers(ckpt: Checkpoint, monitor: Monitor) -> Checkpoint:
    """`ckpt` with the elements of numpy's arrays by themselves: in an archive of arrays a storage is a whole member, with the header that
    stands before the elements and whatever follows them, in a byte order of its own."""
    source = ckpt.as_opened
    if source.format != "npz":
        return ckpt
    arrays = {key: info.dtype for key, info in stoppable(ckpt.tensors.items(), monitor)
              if info.storage in source.storages and not info.problem}
    tensors, storages = with_own_bytes(ckpt, arrays, ties=True)
    edited = ckpt.edited or Edited(source, origin_of(ckpt, monitor))       # in whose source the elements are read
    return replace(ckpt, edited=edited, tensors=MappingProxyType(tensors), storages=MappingProxyType(storages))


def _plan_torch(ckpt: Checkpoint, path: str, format: str, target: Target, keep: frozenset[str], drop: frozenset[str],
                unreferenced: bool, monitor: Monitor) -> SavePlan:
    ckpt = _without_headers(ckpt, monitor)
    source = ckpt.as_opened
    unwished = _unwished(source, drop, monitor)
    others = torch_zip.other_members(source, monitor)
    if format != "torchscript" and source.format == "torchscript":
        made, own = Pickled(*_apart(ckpt, monitor)), False
    else:
        made, own = pickled(ckpt, drop_code=unwished, monitor=monitor), True
    graph = _decoded(made.data, ckpt, monitor)
    undecided, refused = _code(ckpt, graph, keep, drop, monitor)
    unwanted = set(refused)
    losses = list(_left_behind(ckpt))
    contents = None if format == "torchscript" else _looked_at(ckpt, graph, bool(unwished) or not own, monitor)
    gone = made.gone if made.gone is not None else _gone(ckpt, contents, monitor)
    _can_be_loaded(ckpt, gone, monitor)
    renamed = names_there(ckpt, contents, gone, made.names, monitor) if contents is not None else {}
    losses += packed_left_out(ckpt, [key for key in stoppable(ckpt.tensors, monitor) if key not in gone], monitor)
    if own and not unwished:
        losses += [Loss("python-value", key, f"{visible(key, 80) or 'the root'} is an object that cannot be carried over: it is left out.")
                   for key in sorted(gone)]
    if ckpt.members is not source.members:          # some that an edit left out
        there = distinct(names_of(ckpt.members), monitor)
        unwanted |= {name for name, member in stoppable(others.items(), monitor) if member.name not in there}
    if not unreferenced:
        unwanted |= {name for name in others if name.startswith("data/")}
    if format == "torch-legacy":
        archive: torch_zip.Archive | torch_legacy.Stream = torch_legacy.lay_out(ckpt, graph, made.records, monitor)
    else:
        archive = torch_zip.lay_out(ckpt, made, target.path, frozenset(unwanted), own, monitor)
    torch_zip.check_storages(ckpt, archive.members, graph, monitor)
    left_out = [name for name in stoppable(others, monitor)
                if name not in archive.members and not (_is_extracted_script(ckpt) and _is_program(name))]
    notes = [*target.notes, *made.notes, *told(renamed), *_remains(ckpt, archive, others, monitor)]
    if isinstance(archive, torch_legacy.Stream):
        notes.append("The old format has no checksums: nobody who reads it will notice damage to values.")
        if archive.late:
            notes.append(f"torch before 1.6 will not read it all the same: it has no {visible(', '.join(archive.late), 200)}.")
    losses += [Loss("other-members", name, f"The member {visible(name, 80)} of the archive is left out.") for name in left_out
               if name not in unwanted]
    notes += [f"The member {visible(name, 80)} is left out as asked." for name in left_out if name in unwanted]
    metadata = [name for name in ckpt.metadata if name != "format"]     # "pt", which a PyTorch file is anyway
    if metadata:
        losses.append(Loss("metadata", "__metadata__",
                           f"{counted(len(metadata), 'entry of __metadata__ has', 'entries of __metadata__ have')} no place in a "
                           f"PyTorch file: {visible(', '.join(metadata), 120)}."))
    fields = {info.key: info.extra.header_fields for info in stoppable(ckpt.tensors.values(), monitor)
              if info.extra is not None and info.extra.header_fields}
    if fields:
        names = dict.fromkeys(name for pairs in fields.values() for name, _ in pairs)
        losses.append(Loss("extra-field", next(iter(fields)), f"Fields of {count(len(fields), 'tensor')} have no place in a PyTorch file: "
                           f"{visible(', '.join(names), 120)}."))
    return _plan(ckpt, path, format, target, [target.name], [archive], losses, undecided, notes, monitor, gone=gone, renamed=renamed)


def _decoded(data: bytes, ckpt: Checkpoint, monitor: Monitor) -> Graph:
    """The object that is written, read back; one that is written as it was found was read before."""
    there = ckpt.as_opened.pickles[0].graph if ckpt.as_opened.pickles else None
    if there is not None and not there.grafted and there.root >= 0 and there.data[there.start:there.end] == data:
        return there
    return decode(data, limits=LIMITS.of_file(ckpt.nbytes), monitor=monitor)


def _can_be_loaded(ckpt: Checkpoint, gone: Collection[str], monitor: Monitor) -> None:
    """Raises SaveError for tensors that are written and contradict themselves: with one of them nothing of the new file could be loaded."""
    wrong = [info for info in stoppable(ckpt.tensors.values(), monitor) if info.problem.startswith(_NEVER_LOADED) and info.key not in gone]
    if wrong:
        first, more = wrong[0], f" and {len(wrong) - 1:,} more" if len(wrong) > 1 else ""
        raise SaveError(f"{visible(first.key, 80)}{more} cannot be saved: {first.problem}", how_to_save_without(ckpt, first.key),
                        visible(first.key), id="bad_source")


def _is_extracted_script(ckpt: Checkpoint) -> bool:
    """Whether the state dict of a TorchScript program was asked for, without the program."""
    return ckpt.as_opened.format == "torchscript" and "" not in ckpt.values


def _is_program(name: str) -> bool:
    """Whether a member of a TorchScript archive is part of the program: its code, what that refers to, and what it is debugged with."""
    return name.startswith(_PROGRAM) or name.endswith(".debug_pkl")


def _apart(ckpt: Checkpoint, monitor: Monitor) -> tuple[bytes, tuple[Record, ...], tuple[str, ...]]:
    """The tensors of a TorchScript archive as a state dict: its own object means nothing without its code."""
    data, records, notes = synthesised(ckpt, monitor)
    return data, records, ("The tensors are written as a state dict, without the code of the TorchScript archive.", *notes)


def _looked_at(ckpt: Checkpoint, graph: Graph, dropped: bool, monitor: Monitor) -> Contents | None:
    """The object to be written as whoever reads it will list it, where it may have other keys than were asked for; None for one that is
    written as it is, and for large ones in which nothing can be missing or called alike."""
    if ckpt.edited is None and ckpt.as_opened.format in _ONE_PICKLE and not dropped and ckpt.as_opened.format != "pickle":
        return None
    needed = dropped or any(isinstance(value, Opaque) for value in stoppable(ckpt.values.values(), monitor)) or any(
        is_marked(key) for table in (ckpt.tensors, ckpt.values, ckpt.as_opened.tensors, ckpt.as_opened.values)
        for key in stoppable(table, monitor))
    if not needed and len(ckpt.tensors) + len(ckpt.values) > _MANY:
        return None
    return contents_of(graph, _no_storage, limits=LIMITS.of_file(ckpt.nbytes), monitor=monitor, like=ckpt)


def _gone(ckpt: Checkpoint, contents: Contents | None, monitor: Monitor) -> frozenset[str]:
    """Keys that the pickle to be written has not: objects that could not be carried over, and what needed dropped code."""
    if contents is None:
        return frozenset()
    there = distinct(chain((info.key for info in contents.tensors), (key for key, _ in contents.values)), monitor)
    return frozenset(key for key in stoppable(chain(ckpt.tensors, ckpt.values), monitor) if key not in there)


def _no_storage(ref: StorageRef) -> Storage:
    nbytes = max(ref.numel, 0) * (DTYPES[ref.dtype].bits // 8 if ref.dtype in DTYPES else 1)
    return Storage(ref.key or f"?{ref.node}", ref.dtype or "uint8", ref.device, nbytes, Extent(0, 0, nbytes, nbytes))


def _code(ckpt: Checkpoint, graph: Graph, keep: frozenset[str], drop: frozenset[str],
          monitor: Monitor) -> tuple[tuple[str, ...], list[str]]:
    """Names of unknown code nobody has decided about, and the other members of the archive that fall because theirs is dropped."""
    undecided: dict[str, None] = {}
    for name in unknown_names(graph, monitor=monitor):
        if not _named(name, keep):
            undecided[name] = None
    refused = []
    source = ckpt.as_opened
    others = () if ckpt.edited and ckpt.edited.root else torch_zip.other_members(source, monitor)
    for pickle in source.pickles[1:]:
        if pickle.member not in others:
            continue                            # behind the object in its own record, or torch's own
        names = unknown_names(pickle.graph, monitor=monitor)
        if any(_named(name, drop) for name in names):
            refused.append(pickle.member)
        else:
            undecided.update((name, None) for name in names if not _named(name, keep))
    return tuple(undecided), refused


def _unwished(source: Checkpoint, drop: frozenset[str], monitor: Monitor) -> frozenset[str]:
    """The names that are not to be written: patterns mean unknown code, whatever else they fit, or `*` would take torch's own names and
    the weights with them; a name that is given whole is meant."""
    if not drop:
        return drop
    found: set[str] = set()
    for pickle in source.pickles:
        there = set(map(".".join, pickle.graph.names))
        found |= there & drop
        found.update(name for name in unknown_names(pickle.graph, monitor=monitor) if name in there and _named(name, drop))
    return frozenset(found)


def _named(name: str, patterns: frozenset[str]) -> bool:
    return name in patterns or any(fnmatchcase(name, pattern) for pattern in patterns)


def _remains(ckpt: Checkpoint, archive: torch_zip.Archive | torch_legacy.Stream, others: Collection[str],
             monitor: Monitor) -> Iterator[str]:
    """Bytes that stay in the file although nothing shows them."""
    if ckpt.edited is not None:
        came = distinct(ckpt.edited.origin.values(), monitor)
        kept = {info.storage for info in stoppable(ckpt.tensors.values(), monitor) if info.storage in ckpt.edited.source.storages}
        hidden = [info for info in stoppable(ckpt.edited.source.tensors.values(), monitor)
                  if info.key not in came and info.storage in kept and info.numel]
        if hidden:
            yield (f"The bytes of {len(hidden):,} dropped tensors stay in the file, {visible(hidden[0].key, 80)} first: they lie in "
                   "storages that other tensors view. Unshare those to be rid of them.")
    orphans = [name for name in stoppable(others, monitor) if name.startswith("data/") and name in archive.members]
    if orphans:
        nbytes = sum(archive.members[name].nbytes for name in orphans)
        yield f"{count(len(orphans), 'record')} with {nbytes:,} bytes that belong to no tensor are kept, {visible(orphans[0], 60)} first."


# -- the plan -----------------------------------------------------------------------------------------------------------

def _plan(ckpt: Checkpoint, path: str, format: str, target: Target, names: list[str],
          work: list[Work], losses: list[Loss], code: tuple[str, ...], notes: list[str], monitor: Monitor, *,
          gone: frozenset[str] = frozenset(), renamed: Mapping[str, str] | None = None,
          deletes: tuple[str, ...] = ()) -> SavePlan:
    _readable(ckpt, [info for part in work if isinstance(part, safetensors.Layout) for info in stoppable(part.tensors.values(), monitor)],
              monitor)
    files = tuple(PlannedFile(name, _size_of(part, monitor)) for name, part in zip(names, work, strict=True))
    nbytes = sum(file.nbytes for file in files)
    old = None if target.old is None else target.old.size
    return SavePlan(path, format, files, nbytes, target.free, old, tuple(losses), code, tuple(notes), ckpt, target, tuple(work),
                    gone, deletes, renamed=renamed or {})


def _size_of(part: Work, monitor: Monitor) -> int:
    if isinstance(part, bytes):
        return len(part)
    return part.size(monitor) if isinstance(part, torch_zip.Archive) else part.nbytes


def _readable(ckpt: Checkpoint, infos: list[TensorInfo], monitor: Monitor) -> None:
    """Raises SaveError when the description of a tensor already says that its bytes cannot be had."""
    with TensorReader(ckpt, monitor) as reader:
        for info in stoppable(infos, monitor):
            if info.dtype in DTYPES and DTYPES[info.dtype].bits % 8:
                continue                        # copied as it lies there
            try:
                reader.check(info, expand=False)
            except InspectorError as error:
                raise SaveError(f"{visible(info.key, 80)} cannot be saved: {error.message}",
                                f"{error.hint} {how_to_save_without(ckpt, info.key)}".strip(),
                                visible(info.key), id="bad_source") from error
