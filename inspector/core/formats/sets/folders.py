"""Which checkpoint a folder is, and which set a single file belongs to: by the names in one folder, nothing opened but the one line of a
file that names a folder.

    .metadata                         torch.distributed.checkpoint
    *.index.json                      a set of files and the index that names them
    model-00001-of-00002.safetensors  such a set whose index is gone: the names tell how many there are
    shard-00001-model-00001-of-00001.safetensors   the pieces that several ranks wrote
    rank0.pt  rank1.pt                what several ranks saved, each its parts
    zero_pp_rank_0_mp_rank_00_optim_states.pt …    the same of DeepSpeed's ZeRO, with mp_rank_00_model_states.pt
    zero/NAME/fp32.pt …               a universal checkpoint of DeepSpeed's
    mp_rank_00/model_optim_rng.pt …   what the ranks of Megatron-LM saved
    latest  global_step100/           what names the folder that such a checkpoint is in
    data.pkl  data/  version          what torch.save writes, unzipped
    model.safetensors  config.json …  one file with weights, beside what belongs to it
"""
from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from inspector.core.errors import Ambiguous, InspectorError, NotACheckpoint, ReadError, Unreadable, Unsupported
from inspector.core.findings import Finding
from inspector.core.io import addresses
from inspector.core.io.sources import open_source, unreadable
from inspector.core.keypath import visible
from inspector.core.progress import QUIET, Monitor
from inspector.core.wording import count

from . import set_files

DCP = ".metadata"               # the index of a torch.distributed.checkpoint folder
UNIVERSAL = "zero"              # the folder with a folder for each parameter, in a universal checkpoint of DeepSpeed's
OBJECT = "data.pkl"             # of an unzipped archive

# What training programs put beside the weights: states of optimizers, schedulers, random numbers, arguments.
_BESIDE = re.compile(r"(?:optimizer|optim|scheduler|lr_scheduler|scaler|grad_scaler|rng|rng_state|random_state|random_states|training_args|"
                     r"trainer_state|sampler|dataloader|custom_checkpoint|train_state|ema_state)(?:s|_state|_states)?(?:[._-]?\d+)?"
                     r"\.[a-z0-9]+", re.IGNORECASE)
# How the files of ranks begin that hold no weights, beside those that do.
_STATES = re.compile(r"(?:optimizer|optim|extra_state|scheduler|rng|random_states?|dataloader)(?![a-z])", re.IGNORECASE)
# How libraries call one model's weights in different containers (transformers, diffusers).
_SAME = re.compile(r"(?:diffusion_)?(?:pytorch_)?model", re.IGNORECASE)
_ENDINGS = (".safetensors", ".bin", ".pth", ".pt", ".ckpt", ".th", ".pt2")      # the most wanted container first

# The files that name the folder of the newest checkpoint, and what programs call such folders where there is but one of them.
_LATEST = ("latest", "latest_universal")
_TAG = re.compile(r"global_step\d+(?:_universal)?")
_TAG_BYTES = 512
_ITERATION = "latest_checkpointed_iteration.txt"            # of Megatron-LM: a number, or "release"

_MORE_ENDINGS = (".ptl", ".mdlus", ".pkl", ".pth.tar", ".pt.tar", ".ckpt.tar")


class Choice(NamedTuple):
    """`name` is the file that is opened, or tells of the others; of "shards", "pieces", "ranks" and "zero" one of them, of "unzipped" the
    folder with data.pkl ("." for this one), of "universal" that with the parameters, of "inside" the folder that is the checkpoint."""

    kind: Literal["index", "shards", "pieces", "ranks", "zero", "universal", "megatron", "unzipped", "inside", "file"]
    name: str


def is_folder(path: str, monitor: Monitor = QUIET, *, sure: bool = False) -> bool:
    """Of an address by its name alone, and then by what the bucket lists. `sure`: raises Unreadable where the system does not say, instead
    of leaving that to whoever opens it."""
    if addresses.is_address(path):
        return addresses.may_be_folder(path) and bool(set_files.list_folder(path, monitor).names)
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError, ValueError):         # the last for NUL in the name: whoever opens it says so
        return False
    except OSError as error:
        if sure:
            raise unreadable(error, "") from error
        return False


def is_set(path: str) -> bool:
    """Whether the folder at `path` is one checkpoint in several files (or several such that must be told apart), by its names."""
    try:
        return checkpoint_in(path) == path
    except Unreadable:          # the file in it that is meant may be there all the same
        return False


def names_one_inside(path: str) -> bool:
    """Whether the folder at `path` is a checkpoint only in that a file in it says which of the folders there is the newest."""
    try:
        return choose(path).kind == "inside"
    except ReadError:
        return False


def is_beside(name: str) -> bool:
    """Whether a file is named like what training programs put beside the weights: "optimizer.pt", "rng_state_0.pth"."""
    return _BESIDE.fullmatch(name) is not None


def is_named_like_one(name: str) -> bool:
    """Whether a file is named like a checkpoint."""
    return name.lower().endswith((*_ENDINGS, *_MORE_ENDINGS))


def checkpoint_in(path: str) -> str:
    """The path of the one checkpoint that the folder at `path` is, itself or a file in it; "" where it is none. Raises Unreadable for a
    folder that cannot be listed, or of which the system does not say that it is one: an answer for a folder of many would be wrong."""
    if not is_folder(path, sure=True):
        return ""
    try:
        kind, name = choose(path)
    except Ambiguous:
        return path             # whoever opens it says which there are
    except Unreadable:
        raise
    except ReadError:
        return ""
    return addresses.beside(path, name) if kind == "file" else path


def checkpoints_in(path: str) -> Iterator[str]:
    """The file at `path`; of a folder every checkpoint in it, however deep, in the order of their names: sets of files, and unzipped
    archives, as the folder that they are. By names only; links to folders are not followed, hidden folders are left out. A folder that
    cannot be listed is one of them: whoever opens it says why."""
    if not is_folder(path):
        yield path
        return
    unlisted: list[str] = []
    for folder, inside, names in os.walk(path, onerror=lambda error: unlisted.append(error.filename)):
        is_one = is_set(folder)
        if is_one:
            yield folder
        inside[:] = [] if is_one and OBJECT in names else sorted(_others_in(folder, inside) if is_one else
                                                                                (name for name in inside if not name.startswith(".")))
        if is_one and OBJECT in names:
            continue
        for name in sorted(names):
            whole = os.path.join(folder, name)
            if is_named_like_one(name) and not name.startswith(".") and not (is_one and one_of_a_set(whole)):
                yield whole
    yield from unlisted


def each_once(found: Iterable[str], given: Iterable[str]) -> Iterator[str]:
    """Of the paths `found` in what was `given`, each but once, though it was found in a folder and by a link to that folder. A link to a
    file is one of its own, and so is one to a folder that lies among what was found."""
    named = {*given}
    folders: dict[str, tuple[int, int] | str] = {}      # -> which it is, whatever leads to it
    seen: set[tuple[tuple[int, int] | str, str]] = set()
    for path in found:
        folder, name = os.path.split(path)
        if path in named and os.path.isdir(path):
            folder, name = os.path.split(os.path.realpath(path))
        if folder not in folders:
            folders[folder] = _identity(folder)
        place = folders[folder], os.path.normcase(name)
        if place not in seen:
            seen.add(place)
            yield path


def _identity(folder: str) -> tuple[int, int] | str:
    try:
        found = os.stat(folder or ".")
    except (OSError, ValueError):
        return folder
    return found.st_dev, found.st_ino


def _others_in(folder: str, inside: list[str]) -> Iterator[str]:
    """The folders in that of a set that are no part of it."""
    try:
        kind, name = choose(folder)
    except Ambiguous:
        kind, name = "index", ""
    return (one for one in inside if not one.startswith(".") and (kind not in ("inside", "universal") or one != name)
            and (kind != "megatron" or not one.startswith("mp_rank_")))


def choose(folder: str, monitor: Monitor = QUIET) -> Choice:
    """What in `folder` is the checkpoint. Raises Ambiguous when it holds several that are sets, Unsupported when it holds none, or
    several files of which none is the obvious one."""
    listed = set_files.list_folder(folder, monitor)
    indexes = listed.indexes
    if DCP in listed.names or (not listed.whole and os.path.lexists(os.path.join(folder, DCP))):
        indexes = [DCP, *indexes]
    if len(indexes) == 1:
        return Choice("index", indexes[0])
    if indexes:
        shown = " and ".join(visible(name, 80) for name in indexes[:3]) + (" …" if len(indexes) > 3 else "")
        raise Ambiguous(f"the folder holds {count(len(indexes), 'checkpoint')} of several files: {shown}",
                        f"Open the one you want by that file: {visible(addresses.beside(folder, indexes[0]), 200)}.", id="two_sets")
    unzipped = "" if addresses.is_address(folder) else _unzipped(folder, listed.names)
    if unzipped:
        return Choice("unzipped", unzipped)
    piece = next((name for name in listed.names if set_files.PIECE.fullmatch(name)), None)
    if piece is not None:
        return Choice("pieces", piece)
    if zero := _zero(folder, listed):
        return zero
    if ranks_of := set_files.megatron_ranks(folder, listed.names):
        return Choice("megatron", ranks_of[0].path) if len(ranks_of) > 1 else Choice("file", ranks_of[0].path)
    ranks = {name: rank for name in listed.checkpoints if (rank := set_files.rank_of(name)) is not None}
    weights = {name: rank for name, rank in ranks.items() if not _STATES.match(rank.family[0])} or ranks
    if len(weights) > 1 and len(ranks) == len(listed.checkpoints) and len({rank.family for rank in weights.values()}) == 1:
        return Choice("ranks", next(iter(weights)))
    parts = {name: part for name in listed.names if (part := set_files.part_of(name)) is not None}
    files = [name for name in listed.checkpoints if name not in parts and not _BESIDE.fullmatch(name)]
    if not files and len({part.family for part in parts.values()}) == 1:
        return Choice("shards", next(iter(parts)))
    if not parts and (one := _obvious(files)):
        return Choice("file", one)
    if not parts and not files and (tag := _newest(folder, listed)):
        return Choice("inside", tag)
    raise _no_set(listed)


def _zero(folder: str, listed: set_files.Folder) -> Choice | None:
    """A checkpoint of DeepSpeed's of which there is more than one file."""
    found = [file for name in listed.names if (file := set_files.zero_file(name)) is not None]
    if UNIVERSAL in listed.names and is_folder(os.path.join(folder, UNIVERSAL)):
        inside = set_files.list_folder(os.path.join(folder, UNIVERSAL)).names
        if any(os.path.lexists(os.path.join(folder, UNIVERSAL, name, "fp32.pt")) for name in inside[:set_files.SHOWN]):
            return Choice("universal", UNIVERSAL)
    if len(found) > 1 or any(file.kind == "optimizer" for file in found):
        return Choice("zero", found[0].name)
    return None


def _newest(folder: str, listed: set_files.Folder) -> str:
    """The folder in `folder` that a file in it names as that of the newest checkpoint of DeepSpeed's, or the only one that is called like
    one; "" where there is none."""
    named = [tag for name in (*_LATEST, _ITERATION) if name in listed.names for tag in (_tag(os.path.join(folder, name)),)]
    tags = [tag for tag in named if tag in listed.names] or [name for name in listed.names if _TAG.fullmatch(name)]
    if not tags or (not any(named) and len(tags) > 1):
        return ""
    return tags[0] if _is_of_ranks(os.path.join(folder, tags[0])) else ""


def newest_in(path: str) -> str:
    """What the file at `path` names if it is one that does nothing but name the folder of the newest checkpoint beside it. Raises
    NotACheckpoint where that is not there; "" for any other file."""
    folder, name = os.path.split(path)
    if name not in (*_LATEST, _ITERATION) or addresses.is_address(path) or not (tag := _tag(path)):
        return ""
    if tag in set_files.list_folder(folder or ".").names and _is_of_ranks(os.path.join(folder, tag)):
        return tag
    whose = "Megatron-LM's" if name == _ITERATION else "DeepSpeed's"
    raise NotACheckpoint(f"this is no checkpoint itself: it names the folder of the newest one of {whose}, {visible(tag, 80)}, "
                         "which is not beside it", f"Open the folder {visible(tag, 80)}, wherever it is now.", id="names_a_folder")


def _tag(path: str) -> str:
    """The name of a folder, in a file that says which is the newest; "" where it says something else."""
    text = _text(path)
    if not text or "\n" in text or "/" in text or "\\" in text or not text.isprintable():
        return ""
    is_number = os.path.basename(path) == _ITERATION and text.isascii() and text.isdigit() and len(text) < 10
    return f"iter_{int(text):07}" if is_number else text


def _is_of_ranks(folder: str) -> bool:
    """Whether a folder is a checkpoint that several ranks wrote, by its names."""
    try:
        names = set_files.list_folder(folder).names if is_folder(folder) else []
    except ReadError:
        return False
    return DCP in names or any(set_files.zero_file(name) is not None for name in names) or bool(set_files.megatron_ranks(folder, names))


def _text(path: str) -> str:
    """The one line of a small file; "" of any other."""
    try:
        with open_source(path) as source:
            return source.read(0, source.size).decode().strip() if source.size <= _TAG_BYTES else ""
    except (InspectorError, UnicodeDecodeError):
        return ""


def _unzipped(folder: str, names: list[str]) -> str:
    """"." when `folder` itself is what torch.save writes unzipped, the name of the one folder in it that is, or ""."""
    if OBJECT in names and ("version" in names or "data" in names):
        return "."
    seen = [name for name in names if not name.startswith((".", "__MACOSX"))]
    if len(seen) != 1 or not is_folder(os.path.join(folder, seen[0])):
        return ""
    inner = set_files.list_folder(os.path.join(folder, seen[0])).names
    return seen[0] if OBJECT in inner and ("version" in inner or "data" in inner) else ""


def _obvious(files: list[str]) -> str:
    """The one file that is meant: the only one, or one model in several containers or precisions. "" when there is none."""
    def of(name: str) -> tuple[str, str]:
        stem, ending = os.path.splitext(name)
        return _SAME.sub("model", stem, count=1), ending.lower()
    stems = sorted({of(name)[0] for name in files}, key=len)
    if not stems or any(not other.startswith(stems[0] + ".") for other in stems[1:]):      # model.fp16 is a variant of model
        return ""
    same = [name for name in files if of(name)[0] == stems[0]]
    ranked = sorted(same, key=lambda name: _ENDINGS.index(of(name)[1]) if of(name)[1] in _ENDINGS else len(_ENDINGS))
    return ranked[0] if len({of(name)[1] for name in same}) == len(same) else ""


def _no_set(listed: set_files.Folder) -> Unsupported:
    found = listed.checkpoints
    if "saved_model.pb" in listed.names:
        return Unsupported("this is a TensorFlow SavedModel, which is not read here", "Read it with TensorFlow.", id="tensorflow")
    if not found:
        what = "nothing" if not listed.names else "no checkpoint"
        return Unsupported(f"this is a folder, not a file, and there is {what} in it",
                           "Open a checkpoint file, or a folder with a .metadata file or an index (.index.json).",
                           id="not_regular_file")
    shown = ", ".join(visible(name, 80) for name in found[:3]) + (f" and {len(found) - 3:,} more" if len(found) > 3 else "")
    return Unsupported(f"this is a folder, not a file, and without an index that makes one checkpoint of what is in it: {shown}",
                       "Open one of the files in it.", id="not_regular_file")


def one_of_a_set(path: str) -> Finding | None:
    """Says which set a file belongs to, going by its name and by what lies beside it."""
    folder, name = os.path.split(path)
    beside = DCP if name.endswith(".distcp") else ""
    match = set_files.SHARD.fullmatch(name)
    if match:
        stem, suffix = match.groups()
        first, _, variant = stem.rpartition(".")
        names = [f"{stem}.{suffix}.index.json"] + ([f"{first}.{suffix}.index.{variant}.json"] if first else [])
        beside = next((candidate for candidate in names if os.path.lexists(os.path.join(folder, candidate))), "")
    if not beside:
        return _one_of_parts(folder, name)
    if not os.path.lexists(os.path.join(folder, beside)):
        return None
    whole = folder or "." if beside == DCP else os.path.join(folder, beside)
    return Finding("one-of-a-set", "info", "", f"This is one file of a set: {visible(beside, 80)} beside it tells of the others.",
                   f"Open {visible(whole, 200)} to see all of it.")


def _one_of_parts(folder: str, name: str) -> Finding | None:
    if set_files.zero_file(name) is not None and is_set(folder or "."):
        return Finding("one-of-a-set", "info", "", "This is one file of a checkpoint that several ranks of DeepSpeed's saved.",
                       f"Open the folder {visible(folder or '.', 200)} to see all of it.")
    part = set_files.part_of(name)
    if part is None:
        return None
    others = [other for number in range(1, min(part.total, set_files.LISTED) + 1)
              if (other := part.name(number)) != name and os.path.lexists(os.path.join(folder, other))]
    if not others or not is_set(folder or "."):
        return None
    return Finding("one-of-a-set", "info", "", f"This is one file of a set of {part.total:,}; {visible(others[0], 80)} is another.",
                   f"Open the folder {visible(folder or '.', 200)} to see all of it.")
