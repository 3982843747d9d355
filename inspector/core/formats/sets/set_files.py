"""The files of a checkpoint that lies in several: names that stay inside its folder, and what else the folder holds.

A name from an index or from `.metadata` is judged as text before the system is asked about it: on Windows a mere look at
`\\\\host\\share\\x` sends the person's credentials to that host.
"""
from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from itertools import filterfalse
from typing import Literal, NamedTuple, TypeVar

from inspector.core.errors import Changed, Corrupt, InspectorError, Unreadable, Unsupported
from inspector.core.findings import Finding
from inspector.core.io import addresses, remote
from inspector.core.io.sources import SourceFile, open_source, standing_still
from inspector.core.keypath import visible
from inspector.core.limits import Limits
from inspector.core.progress import QUIET, Monitor

T = TypeVar("T")

LISTED = 100_000                # entries of a folder that are looked at
SHOWN = 3                       # names told in one message
_LONGEST = 4096                 # characters of a path
_NUMBERS = 8                    # … and numbers
SHARD = re.compile(r"(.+)-\d{5}-of-\d{5}\.(safetensors|bin)", re.DOTALL)
PIECE = re.compile(r"shard-(\d{5})-model-(\d{5})-of-(\d{5})\.safetensors")       # of a rank, as torch.distributed.checkpoint writes them
_RANK = re.compile(r"(.*?rank[_-]?)(\d{1,6})(\.(?:pt|pth|bin|ckpt))", re.DOTALL | re.IGNORECASE)
_PART = re.compile(r"(.*?)(\d{1,6})([-_]of[-_])(\d{1,6})(\.(?:safetensors|bin|pth|pt|ckpt))", re.DOTALL | re.IGNORECASE)

_ZERO = re.compile(r"(?:(?:bf16_|fp16_)?zero_pp_rank_(\d{1,6})_)?mp_rank_(\d{1,6})(?:_?(optim)|_(model))_states\.pt")

_MEGATRON = re.compile(r"mp_rank_(\d{2,4})(?:_(\d{3}))?(?:_(\d{3}))?")
_MEGATRON_FILES = ("model_optim_rng.pt", "model_rng.pt")

_CHECKPOINTS = (".safetensors", ".pth", ".pt", ".ckpt", ".bin", ".th", ".pt2", ".pth.tar", ".pt.tar", ".ckpt.tar")
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)    # Windows opens devices by these
_CONTROL = re.compile("[\x00-\x1f]")
# names that nothing can be wrong with, as nearly all are: of letters, digits and what joins them, and no device's
_PLAIN = re.compile(rf"(?!{_DEVICES.pattern}\Z)[a-z0-9_](?:[a-z0-9_.-]{{0,254}}[a-z0-9_])?", re.ASCII | re.IGNORECASE)


class Folder(NamedTuple):
    """What lies directly in a folder, by name in order. `whole` is False when there is more than was looked at. `regular` are those that
    are regular files and no links, where that was asked for."""

    names: list[str]
    whole: bool
    regular: Set[str] = frozenset()

    @property
    def indexes(self) -> list[str]:
        """The indexes of sharded checkpoints, by their names."""
        return [name for name in self.names if is_index(name)]

    @property
    def checkpoints(self) -> list[str]:
        return [name for name in self.names if name.lower().endswith(_CHECKPOINTS) and not name.startswith(".")]


class Part(NamedTuple):
    """What the name of one file of a set says of the others: "model-00001-of-00003.safetensors" is number 1 of 3. `family` is what
    all names of the set have in common."""

    number: int
    total: int
    width: int              # digits of the number
    family: tuple[str, ...]

    def name(self, number: int) -> str:
        """What file `number` of the set is called."""
        before, between, last, after = self.family
        return f"{before}{number:0{self.width}}{between}{last}{after}"


def part_of(name: str) -> Part | None:
    """None for a name that says nothing of others."""
    found = _PART.fullmatch(name)
    if found is None or not 1 <= int(found[2]) <= int(found[4]) or name.startswith("."):
        return None
    return Part(int(found[2]), int(found[4]), len(found[2]), (found[1], found[3], found[4], found[5]))


class Rank(NamedTuple):
    """What the name of a file says of the process that saved it: "rank3.pt", "model_world_size_4_rank_0.pt"."""

    number: int
    family: tuple[str, str]


def rank_of(name: str) -> Rank | None:
    found = _RANK.fullmatch(name)
    return Rank(int(found[2]), (found[1], found[3])) if found is not None and not name.startswith(".") else None


class ZeroFile(NamedTuple):
    """What the name of a file says of the process of DeepSpeed's that saved it: its number among those that have the same part of the
    model, and which part that is."""

    name: str
    kind: Literal["model", "optimizer"]
    rank: int
    model_rank: int


def zero_file(name: str) -> ZeroFile | None:
    """"mp_rank_00_model_states.pt", "zero_pp_rank_0_mp_rank_00_model_states.pt" (stage 3), "zero_pp_rank_3_mp_rank_00_optim_states.pt".
    None for any other name. Source: deepspeed 0.19.8, runtime/engine.py (`_get_rank_zero_ckpt_name`, `_get_ckpt_name`)."""
    found = _ZERO.fullmatch(name)
    if found is None or (found[1] is None and found[3]):
        return None
    return ZeroFile(name, "optimizer" if found[3] else "model", int(found[1] or 0), int(found[2]))


class MegatronRank(NamedTuple):
    """The file of one rank of Megatron-LM's: its number by tensor parallelism. `others`: it is one of several pipeline stages, or of groups
    of experts, besides."""

    number: int
    path: str
    others: bool


def megatron_ranks(folder: str, names: Iterable[str] | None = None) -> list[MegatronRank]:
    """The files of ranks in the folder of one iteration, by their numbers; [] in any other. Source: Megatron-LM core_r0.13,
    megatron/training/checkpointing.py (`get_checkpoint_name`)."""
    found = []
    for name in list_folder(folder).names if names is None else names:
        match = _MEGATRON.fullmatch(name)
        file = next((file for file in _MEGATRON_FILES if match and os.path.isfile(os.path.join(folder, name, file))), "")
        if match and file:
            found.append((int(match[1]), match[2] or "", match[3] or "", f"{name}/{file}"))
    spread = len({(stage, expert) for _, stage, expert, _ in found}) > 1
    return [MegatronRank(number, path, spread) for number, _, _, path in sorted(found)]


def numbers(found: Sequence[int]) -> str:
    """The first of them, for one message: "0, 3, 4"."""
    return ", ".join(map(str, found[:_NUMBERS])) + (" …" if len(found) > _NUMBERS else "")


def is_index(name: str) -> bool:
    """"model.safetensors.index.json", "model.safetensors.index.fp16.json", "pytorch_model.bin.index.json"."""
    return name.endswith(".json") and (".safetensors.index." in name or ".bin.index." in name)


def list_folder(folder: str, monitor: Monitor = QUIET, *, regular: bool = False) -> Folder:
    """One level of `folder`, no link followed, nothing opened. `regular`: tell which of them are regular files; on this computer. Raises
    Unreadable; Unsupported for an address where nothing is listed."""
    if addresses.is_address(folder):
        listed = remote.list_names(folder, monitor)
        return Folder(listed[:LISTED], len(listed) <= LISTED)
    names: list[str] = []
    files: set[str] = set()
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if len(names) >= LISTED:
                    return Folder(sorted(names), False, files)
                names.append(entry.name)
                if regular and entry.is_file(follow_symlinks=False):
                    files.add(entry.name)
    except OSError as error:
        raise Unreadable(f"the system could not list the folder: {error.strerror or type(error).__name__}",
                         "Your account may not read it: ask its owner, or copy it to a place of your own.") from error
    return Folder(sorted(names), True, files)


def plain_names(folder: str, names: Iterable[str], where: str) -> dict[str, str]:
    """Of `names`, those that lead to a file in `folder` by a detour -> the name that it has there. Raises Corrupt ("path_traversal") when
    one could lead out of the folder on any system: none is looked up before all have been read."""
    found = {name: plain_name(name) for name in filterfalse(_PLAIN.fullmatch, names)}
    bad = [name for name, plain in found.items() if not plain]
    # what comes behind a link is beside what it leads to
    bad = bad or [name for name in found if ".." in name and not addresses.is_address(folder) and _by_links(folder, name, found[name])]
    far = [name for name in bad if len(name) <= _LONGEST]
    if bad and not far:
        raise Corrupt(f"it names a file in {len(bad[0]):,} characters, more than any system takes: {visible(bad[0], 80)!r}",
                      "Nothing was looked up there. Get the checkpoint from its source again.", where, id="long_name")
    if bad := far:
        shown = ", ".join(repr(visible(name, 80)) for name in bad[:SHOWN]) + (" …" if len(bad) > SHOWN else "")
        raise Corrupt(f"it names files in a way that may lead out of its own folder: {shown}",
                      "Nothing was looked up there. Do not trust this checkpoint.", where, id="path_traversal")
    return {name: plain for name, plain in found.items() if plain != name}


def plain_name(name: str) -> str:
    """"x" for "./x", "sub/../x" and ".\\x"; "" for what could lead out of the folder that it is in, on any system, or is no file's."""
    parts: list[str] = []
    given = name.replace("\\", "/").split("/")
    if len(name) > _LONGEST or ":" in name or _CONTROL.search(name) or not given[0] or given[-1] in ("", ".", ".."):
        return ""
    for part in given:
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", "."):
            if not part.strip(". ") or _DEVICES.fullmatch(part.strip()):
                return ""
            parts.append(part)
    return "/".join(parts)


def _by_links(folder: str, name: str, plain: str) -> bool:
    return os.path.realpath(os.path.join(folder, *name.replace("\\", "/").split("/"))) != os.path.realpath(addresses.beside(folder, plain))


def links_outside(folder: str, names: Iterable[str], limits: Limits, regular: Set[str] = frozenset()) -> list[Finding]:
    """What is to be said of files of the set that are links out of `folder`. Raises Unsupported ("outside_folder") for such
    links unless somebody agreed to follow them: what lies there may not be meant for whoever made the checkpoint. `regular` are known to
    be none."""
    found = list(_outside(folder, names, regular))
    if found and not limits.follow_links:
        shown = ", ".join(f"{visible(name, 80)} to {visible(real, 120)}" for name, real in found[:SHOWN])
        count = "a link leads" if len(found) == 1 else f"{len(found):,} links lead"
        raise Unsupported(f"{count} out of the folder of this checkpoint: {shown}" + (" …" if len(found) > SHOWN else ""),
                          "Follow such links only if you, or somebody you trust, made them: --follow-links on the command line, "
                          "follow_links=True in Python.", visible(found[0][0]), id="outside_folder")
    return [Finding("outside_folder", "warning", visible(name), f"{visible(name, 80)} is a link to {visible(real, 120)}, outside the "
                    "folder of this checkpoint.", "It was followed because somebody agreed to.", members=(name,)) for name, real in found]


def _outside(folder: str, names: Iterable[str], regular: Set[str]) -> Iterator[tuple[str, str]]:
    """(name, where it leads) of those that lead out of `folder`. There may be a hundred thousand names and no file."""
    if addresses.is_address(folder):
        return
    home = os.path.realpath(folder)
    for name in filterfalse(regular.__contains__, names):
        path = addresses.beside(folder, name)
        if ("/" in name or os.path.islink(path)) and (real := _leads_outside(home, path)):
            yield name, real


def leads_outside(folder: str, path: str) -> str:
    """Where a link leads when that is out of `folder`, else "". Within one Hugging Face cache
    (`snapshots/<revision>/x -> blobs/<hash>`) links are how files lie. Names in a bucket are no links."""
    if addresses.is_address(folder):
        return ""
    return _leads_outside(os.path.realpath(folder), path)


def _leads_outside(home: str, path: str) -> str:
    real = os.path.realpath(path)
    if _within(real, home):
        return ""
    root, found, _ = home.rpartition(f"{os.sep}snapshots{os.sep}")
    return "" if found and _within(real, f"{root}{os.sep}blobs") else real


def read_part(folder: str, name: str, index: int, read: Callable[[SourceFile, str], T], monitor: Monitor = QUIET) -> T | InspectorError:
    """What `read` makes of the file `name` of a set and its path, or why it cannot be read; `index` is its place in
    `Checkpoint.files`. Raises Changed when it is written to meanwhile."""
    path = addresses.beside(folder, name)
    try:
        with open_source(path, index=index, monitor=monitor) as source, standing_still(source):
            return read(source, path)
    except Changed:
        raise
    except InspectorError as error:
        return error


def fetch_ahead(folder: str, names: Iterable[str], monitor: Monitor = QUIET) -> None:
    """Of files that are not on this computer, and are opened next, fetches what they begin with: many at a time. Raises Cancelled."""
    if addresses.is_address(folder):
        remote.fetch_headers((addresses.beside(folder, name) for name in names), monitor)


def _within(path: str, folder: str) -> bool:
    return os.path.normcase(path).startswith(os.path.normcase(folder).rstrip(os.sep) + os.sep)


def about_files(id: str, names: list[str], message: str, hint: str) -> Finding:
    """One finding about many files; `message` goes on from their names."""
    shown = ", ".join(visible(name, 80) for name in names[:SHOWN]) + (f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else "")
    return Finding(id, "warning", visible(names[0]), f"{shown}: {message}", hint, members=tuple(names))
