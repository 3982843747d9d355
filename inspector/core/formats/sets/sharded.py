"""Checkpoints in several files with an index, as Hugging Face's libraries write them.

    model.safetensors.index.json      {"metadata": {"total_size": bytes}, "weight_map": {key: file name, …}}
    model-00001-of-00003.safetensors  a checkpoint of its own
    pytorch_model.bin.index.json, pytorch_model-00001-of-00003.bin    the same for torch.save's files

The index says which files belong to the set; what is in them they say themselves, and they are believed. Tensors come by
file in the order in which the index first names them, in each file in its own order. Storages are called `file/id`, `file`
being the number in `Checkpoint.files` (0 is the index). Source: huggingface_hub/serialization/_base.py, transformers
modeling_utils.py (`get_checkpoint_shard_files`).
"""
from __future__ import annotations

import os
from collections.abc import Callable
from types import MappingProxyType
from typing import Any, NamedTuple

from inspector.core.checkpoint import Checkpoint, Extent, FileStamp, Member, Plain, Storage, TensorInfo
from inspector.core.errors import Ambiguous, Corrupt, FileMissing, InspectorError, TooBig
from inspector.core.findings import Finding
from inspector.core.formats.shared.merging import Findings, Keys, Nodes, merge_metadata, renamed, renumbered
from inspector.core.formats.shared.safetensors_header import BASE, Small, parse_small
from inspector.core.formats.shared.strict_json import Scanner
from inspector.core.io import addresses
from inspector.core.io.sources import SourceFile, beginnings_of
from inspector.core.keypath import visible
from inspector.core.limits import LIMITS, Limits
from inspector.core.progress import QUIET, Monitor
from inspector.core.wording import counted

from . import set_files

SAFETENSORS, TORCH = "safetensors-sharded", "torch-sharded"
_ENDING = ".safetensors"
_TOGETHER = 64                  # files whose beginnings are fetched, read and understood together
UNKNOWN = "unknown"             # the element type of a tensor whose file is not there
_FETCH = "Fetch it from where the others came from, into the folder that they are in."
_MANY = 64                      # files for which it pays to look at all of a folder before they are asked about one by one
_SMALL = 4096                   # bytes of a file that are read at once
_BRACE = ord("{")
_WHOLE_SET = "Fetch the whole set again: all files of one revision."

_STORED = Extent(0, 0, 0, 0)[4:]
_made: Callable[[type, tuple[object, ...]], Any] = tuple.__new__    # several times as fast as by names, or by `_replace`

ReadShard = Callable[[SourceFile, str, Limits, Monitor], Checkpoint]


class Index(NamedTuple):
    """`shards` maps each file name to its keys, both in the order of the index; `total_size` is as it stands there."""

    shards: dict[str, list[str]]
    total_size: Any


def read(source: SourceFile, path: str, read_shard: ReadShard, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> Checkpoint:
    """The checkpoint whose index is `source`. Shards are opened by `read_shard`; those that cannot be are told in findings,
    their keys listed with a problem. Raises Corrupt and Ambiguous for the index itself."""
    index, folder = parse(_all(source, limits), limits, monitor), addresses.folder_of(path)
    detours = set_files.plain_names(folder, index.shards, "weight_map")
    index = _without(detours, index)
    format = _format(index)
    reading = _Reading(source.stamp, folder, index, limits)
    if spelled := [name for name in detours if "\\" in name]:
        reading.findings.add([Finding("index-names", "warning", visible(spelled[0]), f"The index names {visible(spelled[0], 80)} as "
                                      "Windows would, with a backslash: on other systems programs do not find it.",
                                      "Saved anew, its files have names that all systems know.", members=tuple(spelled))])
    reading.findings.add(set_files.links_outside(reading.folder or ".", index.shards, limits, reading.regular))
    reading.shards(read_shard, monitor)
    return reading.checkpoint(path, format)


def read_parts(folder: str, first: str, read_shard: ReadShard, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> Checkpoint:
    """The checkpoint in `folder` whose files are numbered like `first` and have no index. Numbers that are not there are told as
    missing. Errors as `read`."""
    family = set_files.part_of(first)
    assert family is not None
    there = {part.number: name for name in set_files.list_folder(folder).names
             if (part := set_files.part_of(name)) is not None and part.family == family.family}
    if family.total > limits.set_files:
        raise TooBig(f"the names say that the set has {family.total:,} files", "Open its files one by one.")
    index = Index({there.get(number, family.name(number)): [] for number in range(1, family.total + 1)}, None)
    reading = _Reading(None, folder, index, limits)
    reading.findings.add(set_files.links_outside(folder, there.values(), limits, reading.regular))
    reading.shards(read_shard, monitor)
    if not reading.parts:
        raise Corrupt("none of the files of the set can be read: " + next(iter(reading.lost.values()))[0], _WHOLE_SET)
    reading.findings.add([Finding("no-index", "info", "", "There is no index beside the files of this set: it is told by their names.",
                                  "Saved anew, as one file or as several, it is whole.")])
    return reading.checkpoint(folder, _format(index))


def parse(data: bytes, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> Index:
    """Reads an index in one pass. Raises Corrupt, with id "duplicate_key" for a key that is named twice."""
    scanner = Scanner(data, "the index", limits=limits, monitor=monitor)
    shards: dict[str, list[str]] | None = None
    total: Any = None
    scanner.space()
    for name in scanner.members(1):
        if name == "weight_map":
            shards = _weight_map(scanner)
        elif name == "metadata":
            found = scanner.value(2)
            total = found.get("total_size") if isinstance(found, dict) else None
        else:
            scanner.skip(2)
    scanner.end()
    if not shards:
        raise Corrupt("the index names no files", _WHOLE_SET)
    return Index(shards, total)


def _weight_map(scanner: Scanner) -> dict[str, list[str]]:
    shards: dict[str, list[str]] = {}
    for pairs in scanner.text_pairs(2):
        for key, name in pairs:
            shards.setdefault(name, []).append(key)
    return shards


def _without(detours: dict[str, str], index: Index) -> Index:
    """`index` with each file under the one name that it has in the folder."""
    if not detours:
        return index
    shards: dict[str, list[str]] = {}
    for name, keys in index.shards.items():
        shards.setdefault(detours.get(name, name), []).extend(keys)
    return index._replace(shards=shards)


def _all(source: SourceFile, limits: Limits) -> bytes:
    if source.size > limits.json_header:
        raise TooBig(f"the index has {source.size:,} bytes, more than {limits.json_header:,}",
                     "Open it with larger limits if you trust it.")
    return source.read(0, source.size)


def _format(index: Index) -> str:
    kinds = {name.lower().endswith(_ENDING) for name in index.shards}
    if len(kinds) > 1:
        raise Ambiguous("the index names both .safetensors and other files: two sets are mixed in it", _WHOLE_SET, "weight_map",
                        id="mixed_set")
    return SAFETENSORS if kinds == {True} else TORCH


class _Reading:
    """The set as far as it has been read."""

    def __init__(self, stamp: FileStamp | None, folder: str, index: Index, limits: Limits) -> None:
        self.folder = folder
        self.index = index
        self.listed = self._list() if len(index.shards) >= _MANY and not addresses.is_address(folder) else None
        # what is not among them must be asked about: it may be there in other letters than those that the system takes it by
        self.regular = self.listed.regular if self.listed is not None else frozenset()
        self.has_index = stamp is not None
        self.limits = limits.shared_by(len(index.shards))
        self.files = [stamp] if stamp is not None else []
        self.parts: list[Checkpoint] = []
        self.small: Checkpoint | None = None            # stands in `parts` for the small files that have the same metadata: …
        self.said: tuple[tuple[str, str], ...] = ()     # … this
        self.tensors: dict[str, TensorInfo] = {}
        self.values: dict[str, Plain] = {}
        self.storages: dict[str, Storage] = {}
        self.members: list[Member] = []
        self.nodes = Nodes()
        self.listed_nodes: list[tuple[int, str]] = []
        self.keys = Keys()
        self.findings = Findings()
        self.home: dict[str, str] = {}                  # tensor -> the shard it lies in
        self.lost: dict[str, tuple[str, str]] = {}      # shard -> (why it cannot be read, what to do)
        self.twice: list[str] = []

    def _list(self) -> set_files.Folder | None:
        """What lies beside the index, where that can be told."""
        try:
            return set_files.list_folder(self.folder or ".", regular=True)
        except InspectorError:
            return None

    def shards(self, read_shard: ReadShard, monitor: Monitor) -> None:
        names = list(self.index.shards)
        for first in range(0, len(names), _TOGETHER):
            some = names[first:first + _TOGETHER]
            set_files.fetch_ahead(self.folder, some, monitor)
            monitor.report(first, len(names), visible(some[0], 80))
            small = self._small_ones([name for name in some if name in self.regular and name.endswith(_ENDING)], monitor)
            for number, name in enumerate(some, first):
                if name not in small or not self._take_small(name, *small[name]):
                    monitor.report(number, len(names), visible(name, 80))
                    self.shard(name, read_shard, monitor)

    def shard(self, name: str, read_shard: ReadShard, monitor: Monitor) -> None:
        part = set_files.read_part(self.folder, name, len(self.files),
                                   lambda source, path: read_shard(source, path, self.limits, monitor), monitor)
        if isinstance(part, InspectorError):
            fetched = isinstance(part, FileMissing) and "://" not in self.folder
            self.lost[name] = part.message, _FETCH if fetched else part.hint
            self.findings.add(part.findings, visible(name))
            self._list_unread(self.index.shards[name], f"missing_shard: {visible(name, 80)}: {part.message}")
            return
        self._add(name, part)

    def _small_ones(self, names: list[str], monitor: Monitor) -> dict[str, tuple[FileStamp, int, Small]]:
        """Of files that were found in the folder, which is one of this computer, those that are small safetensors files with nothing odd
        about their headers, whose tensors fill them: how they look, where their tensors begin, their headers."""
        small, prefix = {}, os.path.join(self.folder, "")
        limits, most = self.limits, BASE + self.limits.json_header
        for name, found in zip(names, beginnings_of([prefix + name for name in names], _SMALL), strict=True):
            if found is None:
                continue
            stamp, head = found
            begin = BASE + int.from_bytes(head[:BASE], "little")
            if BASE + 2 <= begin <= most and begin <= len(head) and head[BASE] == _BRACE:
                header = parse_small(head[BASE:begin], limits=limits, monitor=monitor)
                if header is not None and header.layout.fills == stamp.size - begin and "" not in header.keys:
                    small[name] = stamp, begin, header
        return small

    def _take_small(self, name: str, stamp: FileStamp, begin: int, header: Small) -> bool:
        """Takes such a shard as the reader of those would, in a fifth of the time. False, and nothing taken, where there is something to
        be said of it beside the others."""
        keys, (starts, _, forms, _), metadata = header
        if not self.keys.seen.isdisjoint(keys):
            return False
        number = len(self.files)
        self.files.append(stamp)
        if self.small is None or self.said != metadata:
            self.small, self.said = Checkpoint(stamp.path, "safetensors", "state-dict", (), MappingProxyType({}), state_dicts=("",),
                                               metadata=MappingProxyType(dict(metadata))), metadata
        self.parts.append(self.small)
        tensors, storages = self.tensors, self.storages
        for n, (key, start, (dtype, shape, stride, nbytes, problem)) in enumerate(zip(keys, starts, forms, strict=True)):
            id = f"{number}/{n}"
            extent = _made(Extent, (number, begin + start, nbytes, nbytes, *_STORED))
            storages[id] = _made(Storage, (id, dtype, None, nbytes, extent, False, problem, None))
            tensors[key] = _made(TensorInfo, (key, shape, dtype, None, stride, 0, id, nbytes, False, "", "strided", problem, -1, None))
        self.home.update(dict.fromkeys(keys, name))
        self.keys.seen.update(keys)
        return True

    def _list_unread(self, keys: list[str], problem: str) -> None:
        """Lists keys of which nothing but the name is known."""
        new = [key for key in keys if key not in self.keys.seen]
        self.keys.seen.update(new)
        form = TensorInfo("", (0,), UNKNOWN, None, (1,), 0, "", 0, state_dict="", problem=problem)[1:]
        self.tensors.update((key, tuple.__new__(TensorInfo, (key, *form))) for key in new)

    def _add(self, name: str, part: Checkpoint) -> None:
        number = len(self.files)
        self.files += part.files
        self.parts.append(part)
        base = self.nodes.add(part.pickles, visible(name)) if part.pickles else 0
        self.listed_nodes += [(node + base, key) for node, key in part.listed_nodes]
        self.members += [member._replace(name=f"{name}/{member.name}") for member in part.members]
        if part.findings:
            self.findings.add(part.findings, visible(name))
        ids = {}
        for id, storage in part.storages.items():
            ids[id] = moved_id = f"{number}/{id}"
            self.storages[moved_id] = _made(Storage, (moved_id, *storage[1:]))
        for key, info in part.tensors.items():
            moved = renamed(info, ids, base)
            if key in self.values:
                moved = moved._replace(key=self.keys.new(key))
            elif key in self.keys.seen:
                moved = self._again(key, moved, name)
            else:
                self.keys.seen.add(key)
                self.home[key] = name
            self.tensors[moved.key] = moved
        for key, value in part.values.items():
            self.values[self.keys.new(key)] = renumbered(value, ids, base)

    def _again(self, key: str, info: TensorInfo, name: str) -> TensorInfo:
        """A key that another shard has too (then neither can be told to be the right one) or that was listed for want of it."""
        other = self.home.get(key)
        if other is None:
            self.home[key] = name
            return info
        self.twice.append(key)
        problem = f"ambiguous: both {visible(other, 80)} and {visible(name, 80)} have a tensor of this name"
        self.tensors[key] = self.tensors[key]._replace(problem=problem)
        return info._replace(key=self.keys.new(key), problem=problem)

    # -- what the index says against what there is --------------------------------------------------------------------

    def checkpoint(self, path: str, format: str) -> Checkpoint:
        self._report_lost()
        if self.has_index:
            self._compare()
            self._extra_files(addresses.file_name(path))
            self._total_size()
        kinds = {part.kind for part in self.parts} or {"state-dict"}
        state_dicts = dict.fromkeys(place for part in self.parts for place in part.state_dicts) or {"": None}
        metadata = {name: text for part in reversed(self.parts) for name, text in part.metadata.items()}
        facts = {"files": f"{len(self.index.shards):,}", **({"total_size": visible(str(self.index.total_size), 80)}
                                                            if self.index.total_size is not None else {})}
        return Checkpoint(path, format, kinds.pop() if len(kinds) == 1 else "other", tuple(self.files),
                          MappingProxyType(self.tensors), MappingProxyType(self.values), MappingProxyType(self.storages),
                          tuple(state_dicts), self.findings.all(), MappingProxyType(metadata),
                          MappingProxyType(merge_metadata(self.parts)), MappingProxyType(facts), tuple(self.members),
                          tuple(self.nodes.pickles), listed_nodes=tuple(self.listed_nodes))

    def _report_lost(self) -> None:
        reasons: dict[tuple[str, str], list[str]] = {}
        for name, why in self.lost.items():
            reasons.setdefault(why, []).append(name)
        for (message, hint), names in reasons.items():
            lost = f"{self._count(names):,} of the set's tensors lie there and cannot be shown" if self.has_index \
                else "the tensors in it cannot be shown, nor how many they are"
            self.findings.add([set_files.about_files("missing-shard", names, f"{message}. {lost[:1].upper()}{lost[1:]}.", hint)])

    def _count(self, names: list[str]) -> int:
        return sum(len(self.index.shards[name]) for name in names)

    def _compare(self) -> None:
        indexed: set[str] = set()
        moved, absent = [], []
        for name, keys in self.index.shards.items():
            indexed.update(keys)
            if name in self.lost:
                continue
            elsewhere = [key for key in keys if self.home.get(key) != name]
            if not elsewhere:
                continue
            moved += [key for key in elsewhere if key in self.home]
            gone = [key for key in elsewhere if key not in self.home and key not in self.tensors]
            absent += gone
            self._list_unread(gone, f"missing: the index says that it lies in {visible(name, 80)}, which does not have it")
        unindexed = [key for key in self.home if key not in indexed]
        for id, level, keys, message, hint in (
                ("index-mismatch", "warning", moved,
                 f"{counted(len(moved), 'tensor lies', 'tensors lie')} in another file than the index says",
                 "They are shown from where they lie."),
                ("missing-tensor", "warning", absent,
                 f"{counted(len(absent), 'tensor is', 'tensors are')} in the index and in none of its files", _WHOLE_SET),
                ("unindexed", "warning", unindexed,
                 f"{counted(len(unindexed), 'tensor is', 'tensors are')} in the files and not in the index",
                 "Programs that go by the index do not load them."),
                ("ambiguous", "danger", self.twice, f"{counted(len(self.twice), 'tensor is', 'tensors are')} in more than one file",
                 "Programs differ in which of them they take: ask whoever made the set.")):
            if keys:
                shown = ", ".join(visible(key, 80) for key in keys[:3]) + (" …" if len(keys) > 3 else "")
                self.findings.add([Finding(id, "danger" if level == "danger" else "warning", visible(keys[0]),
                                           f"{message}: {shown}.", hint, keys=tuple(keys))])

    def _extra_files(self, index_name: str) -> None:
        """Files that are named like shards of this very set and that the index does not know."""
        listed = self.listed or self._list()
        if listed is None:
            return
        others = [match for name in listed.names if name not in self.index.shards and (match := set_files.SHARD.fullmatch(name))]
        stems = {match.groups() for name in self.index.shards if (match := set_files.SHARD.fullmatch(name))} if others else ()
        extra = [match[0] for match in others if match.groups() in stems]
        if extra:
            self.findings.add([set_files.about_files("extra-shard", extra, f"named like a part of this set, but {visible(index_name, 80)} "
                                              "does not know it.", "It may be left over from another version: it is not shown.")])

    def _total_size(self) -> None:
        total = self.index.total_size
        if total is None or self.lost:
            return
        logical = sum(info.nbytes for info in self.tensors.values())
        stored = sum(storage.nbytes for storage in self.storages.values())
        if type(total) not in (int, float):
            self.findings.add([Finding("total-size", "info", "metadata.total_size", "The index gives the size of its tensors as "
                                       f"{visible(repr(total), 40)}, which is no number.", "It is not gone by.")])
        elif total not in (logical, stored):
            self.findings.add([Finding("total-size", "info", "metadata.total_size", f"The index says that the tensors have "
                                       f"{visible(str(total), 40)} bytes; they have {logical:,}.",
                                       "The index may belong to another version of the files.")])
