"""The folders that torch.distributed.checkpoint writes.

    .metadata            a pickle that says which chunk of which tensor lies where (see `dcp_metadata`)
    __<rank>_<n>.distcp  items back to back: each is what torch.save wrote for one chunk of a tensor or for one object
    metadata.json, common.pt      besides these, in Megatron's folders

A tensor that is one chunk is the tensor of its item; one of several is put together by the chunks' offsets when it is read
(`TensorInfo.chunks`). Keys are the writer's flattened names; what is in an object's item lies under its key. Only the
descriptions in the items are read here, not the elements.
"""
from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

from inspector.core.checkpoint import (
    Checkpoint,
    Chunk,
    Extent,
    Extra,
    FileStamp,
    Member,
    Opaque,
    Pickle,
    Plain,
    Storage,
    TensorInfo,
    contiguous,
    kind_of_dict,
)
from inspector.core.errors import Changed, InspectorError, NotACheckpoint, ReadError, TooBig
from inspector.core.findings import Finding
from inspector.core.formats.shared.merging import Findings, Keys, Nodes, renamed, renumbered
from inspector.core.formats.shared.strict_json import Scanner
from inspector.core.graph import Graph
from inspector.core.hashing import as_key
from inspector.core.io import addresses
from inspector.core.io.sources import SourceFile, open_source
from inspector.core.keypath import join, leaf_of, visible
from inspector.core.limits import LIMITS, Limits
from inspector.core.naming_conventions import EXTRA_STATE, is_random_state
from inspector.core.pickles.decode.machine import decode
from inspector.core.pickles.objects.code import findings_before
from inspector.core.pickles.objects.names import verdict
from inspector.core.pickles.objects.notes import note_findings
from inspector.core.pickles.objects.state_dicts import Entries, judged, root_stays
from inspector.core.progress import QUIET, Monitor
from inspector.core.wording import count, counted

from . import set_files
from .chunk_map import problem_of
from .dcp_metadata import Described, Dims, Entry, Item, parse

FORMAT = "dcp"
METADATA, COMMON, BACKEND = ".metadata", "common.pt", "metadata.json"
UNORDERED = "as the ranks wrote"        # the fact "order" of a folder that does not tell in which order its keys were
_BACKEND_BYTES = 1 << 16
_REPORT_EVERY = 64
_BEGINNINGS = (b"P", b"\x80")           # of what torch.save writes
_OTHERS = frozenset({"empty", "lfs_pointer", "annex_pointer", "html_page", "xml", "json", "text"})

ReadItem = Callable[[SourceFile, str, Limits, Monitor], Checkpoint]


class _Content(NamedTuple):
    """An item as it was read; `part` None: it could not be, and `problem` says why."""

    part: Checkpoint | None
    problem: str = ""
    label: str = ""


def read(source: SourceFile, path: str, read_item: ReadItem, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> Checkpoint:
    """The checkpoint whose `.metadata` is `source`; `path` is its folder. Items are read by `read_item`; what is wrong with one
    is its tensor's problem. Raises what `pickles.machine.decode` does, and Corrupt for names that leave the folder."""
    graph = _graph(source, limits, monitor)
    described = parse(graph)
    named = dict.fromkeys(item.path for item in described.items.values() if item.path or not item.problem)
    if detours := set_files.plain_names(path, named, METADATA):
        described = described._replace(items={key: item._replace(path=detours.get(item.path, item.path))
                                              for key, item in described.items.items()})
    reading = _Reading(source.stamp, path, described, graph, limits, monitor)
    reading.items(read_item)
    reading.entries()
    reading.beside(read_item)
    return reading.checkpoint(path)


def _graph(source: SourceFile, limits: Limits, monitor: Monitor) -> Graph:
    if source.size > limits.pickle_bytes:
        raise TooBig(f"its .metadata has {count(source.size, 'byte')}, more than {limits.pickle_bytes:,}",
                     "Open it with larger limits if you trust it.", METADATA)
    try:
        return decode(source.read(0, source.size), limits=limits.of_file(source.size), monitor=monitor, member=METADATA)
    except ReadError as error:
        error.findings = (*error.findings, *findings_before(error, METADATA))
        raise


class _Reading:
    """The folder as far as it has been read."""

    def __init__(self, stamp: FileStamp, folder: str, described: Described, graph: Graph, limits: Limits, monitor: Monitor) -> None:
        self.folder = folder
        self.described = described
        self.limits = limits
        self.monitor = monitor
        self.files = [stamp]
        self.contents: dict[Item, _Content] = {}
        self.tensors: dict[str, TensorInfo] = {}
        self.values: dict[str, Plain] = {}
        self.storages: dict[str, Storage] = {}
        self.members: list[Member] = []
        self.findings = Findings()
        self.keys = Keys()
        self.nodes = Nodes()
        self.state_dicts: dict[str, None] = {}
        self.missing: dict[str, str] = {}           # file -> why it cannot be read
        self.broken: list[str] = []                 # keys whose chunks are not whole
        self.lost: dict[str, str] = {}              # key of an object that cannot be read -> why
        self.facts: dict[str, str] = {}
        self.nodes.add([Pickle(METADATA, graph)], "")
        self.findings.add(note_findings(graph, METADATA))

    # -- the items, file by file --------------------------------------------------------------------------------------

    def items(self, read_item: ReadItem) -> None:
        by_file: dict[str, dict[Item, None]] = {}
        for item in self.described.items.values():
            if item.problem:
                self.contents[item] = _Content(None, item.problem)
            else:
                by_file.setdefault(item.path, {})[item] = None
        self.findings.add(set_files.links_outside(self.folder, (*by_file, COMMON, BACKEND), self.limits))
        progress = itertools.count()
        total = sum(map(len, by_file.values()))
        for name, items in by_file.items():
            def read(source: SourceFile, _path: str, items: dict[Item, None] = items, name: str = name) -> None:
                self._refuse_other(source, name, read_item)
                self.files.append(source.stamp)
                overlapping = _overlapping(items)
                for item in sorted(items, key=_where):
                    done = next(progress)
                    if done % _REPORT_EVERY == 0:
                        self.monitor.report(done, total, visible(name, 80))
                    problem = "corrupt: its bytes overlap those of another item" if item in overlapping else ""
                    self.contents[item] = _Content(None, problem) if problem else self._item(source, item, read_item)

            error = set_files.read_part(self.folder, name, len(self.files), read, self.monitor)
            if error is not None:
                self.missing[name] = error.message
                self.contents.update((item, _Content(None, f"missing_shard: {visible(name, 80)}: {error.message}")) for item in items)

    def _refuse_other(self, source: SourceFile, name: str, read_item: ReadItem) -> None:
        """Raises NotACheckpoint for a file that is a text as a whole, as a pointer to what was not downloaded is, or a server's answer."""
        if source.read(0, min(source.size, 1)) in _BEGINNINGS:
            return
        try:
            read_item(source, name, self.limits, self.monitor)
        except NotACheckpoint as error:
            if error.id in _OTHERS:
                raise
        except InspectorError:
            pass                        # of one of its items, which is told there

    def _item(self, source: SourceFile, item: Item, read_item: ReadItem) -> _Content:
        if item.offset + item.nbytes > source.size:
            return _Content(None, f"corrupt: it should be bytes {item.offset:,} to {item.offset + item.nbytes:,} of "
                            f"{visible(item.path, 80)}, which has {source.size:,}")
        label = f"{visible(item.path, 200)}@{item.offset}"
        section = source.window(item.offset, item.nbytes, item.path)
        try:
            part = read_item(section, label, self.limits, self.monitor)
        except Changed:
            raise
        except InspectorError as error:
            self.findings.add(error.findings, label)
            return _Content(None, f"corrupt: {error.message}", label)
        return _Content(_moved(part, section), "", label)

    # -- what .metadata lists -----------------------------------------------------------------------------------------

    def entries(self) -> None:
        homes = _homes(self.described)
        for number, entry in enumerate(self.described.entries):
            if number % 4096 == 0:
                self.monitor.check()
            if entry.shape is None:
                self._object(entry)
                continue
            state_dict = homes.get(entry.fqn)
            info = self._tensor(entry, entry.shape, self.keys.new(entry.fqn))
            self.tensors[info.key] = info._replace(state_dict=state_dict, requires_grad=entry.requires_grad)
            if state_dict is not None:
                self.state_dicts.setdefault(state_dict)
            if info.problem.startswith("corrupt: its chunk"):
                self.broken.append(info.key)

    def _tensor(self, entry: Entry, shape: Dims, key: str) -> TensorInfo:
        plain = TensorInfo(key, shape, entry.dtype, None, contiguous(shape), 0, "", 0, problem=entry.problem)
        if entry.problem:
            return plain
        chunks, infos, problem = [], [], ""
        for offsets, sizes in entry.chunks:
            item = self._item_at(entry, offsets)
            content = self.contents[item] if item is not None else _Content(None, "missing: .metadata does not say where it lies")
            info, wrong = self._chunk_info(content, sizes, entry.dtype)
            if info is None or content.part is None:
                problem = problem or wrong
                continue
            infos.append((content, info))
            chunks.append(Chunk(offsets, sizes, content.part.storages.get(info.storage) or _nothing(info), info.offset, info.stride))
        problem = problem_of(shape, entry.chunks) or problem
        if len(entry.chunks) == 1 and len(infos) == 1 and not problem:
            return self._whole(infos[0][0], infos[0][1], key)
        for content, _ in infos:
            self._keep(content, key)
        if len(entry.chunks) > 1 and any(info.extra is not None or info.layout != "strided" for _, info in infos):
            problem = problem or "unsupported: chunks of tensors of this kind are not put together"
        return self._in_chunks(plain, tuple(chunks), infos[0][1].device if infos else None, problem)

    def _item_at(self, entry: Entry, offsets: Dims) -> Item | None:
        items = self.described.items
        return items.get(as_key(entry.fqn, offsets)) or (items.get(as_key(entry.fqn, None)) if len(entry.chunks) == 1 else None)

    def _chunk_info(self, content: _Content, sizes: Dims, dtype: str) -> tuple[TensorInfo | None, str]:
        if content.part is None:
            return None, content.problem
        info = content.part.tensors.get("")
        if info is None:
            return None, f"corrupt: {content.label} holds an object where .metadata says a tensor"
        if info.problem:
            return None, info.problem
        if info.shape != sizes or info.dtype != dtype:
            return None, (f"corrupt: {content.label} holds {info.dtype} {list(info.shape)} where .metadata says {dtype} "
                          f"{list(sizes)}")
        return info, ""

    def _whole(self, content: _Content, info: TensorInfo, key: str) -> TensorInfo:
        """The tensor of the one item that holds it."""
        base, ids = self._keep(content, key)
        assert content.part is not None
        self.storages.update((ids[id], storage._replace(id=ids[id])) for id, storage in content.part.storages.items())
        return renamed(info, ids, base)._replace(key=key)

    def _in_chunks(self, plain: TensorInfo, chunks: tuple[Chunk, ...], device: str | None, problem: str) -> TensorInfo:
        id = f"chunks of {plain.key}"
        nbytes = plain.nbytes
        if not problem and plain.numel:
            self.storages[id] = Storage(id, plain.dtype, device, nbytes, None)
        return plain._replace(device=device, storage=id if id in self.storages else "", storage_nbytes=nbytes if not problem else 0,
                              problem=problem, extra=Extra(chunks=chunks) if chunks else None)

    def _keep(self, content: _Content, key: str) -> tuple[int, dict[str, str]]:
        """Takes over what is to be told of an item that is listed under `key`: findings, records, and its pickles where they say
        more than a tensor. Gives (what its nodes are counted from, the new names of its storages)."""
        part = content.part
        assert part is not None
        self.findings.add(part.findings, content.label, key)
        stored = {storage.extent for storage in part.storages.values()}
        self.members += [member._replace(name=f"{content.label}/{member.name}") for member in part.members
                         if part.pickles or member.extent in stored]
        return self.nodes.add(part.pickles, content.label), {id: f"{content.label}/{id}" for id in part.storages}

    def _object(self, entry: Entry) -> None:
        item = self.described.items.get(as_key(entry.fqn, None))
        content = self.contents[item] if item is not None else _Content(None, "missing: .metadata does not say where it lies")
        if content.part is None:
            key = self.keys.new(entry.fqn)
            self.values[key] = Opaque("missing", content.problem)
            if not content.problem.startswith("missing_shard"):        # of which there is a finding for the file
                self.lost[key] = content.problem
            return
        self._merge(content, entry.fqn)

    def _merge(self, content: _Content, prefix: str) -> None:
        """Lists all that is in an item under `prefix`."""
        part = content.part
        assert part is not None
        base, ids = self._keep(content, prefix)
        self.storages.update((ids[id], storage._replace(id=ids[id])) for id, storage in part.storages.items())
        for key, info in part.tensors.items():
            moved = renamed(info, ids, base)._replace(key=self.keys.new(join(prefix, key) if key else prefix))
            if info.state_dict is not None:
                moved = moved._replace(state_dict=join(prefix, info.state_dict) if info.state_dict else prefix)
                self.state_dicts.setdefault(moved.state_dict or "")
            self.tensors[moved.key] = moved
        for key, value in part.values.items():
            self.values[self.keys.new(join(prefix, key) if key else prefix)] = renumbered(value, ids, base)

    # -- what lies beside the items -----------------------------------------------------------------------------------

    def beside(self, read_item: ReadItem) -> None:
        try:
            listed = set_files.list_folder(self.folder)
        except InspectorError:
            return
        known = {item.path for item in self.described.items.values()}
        extra = [name for name in listed.names if name.endswith(".distcp") and name not in known]
        if extra:
            self.findings.add([set_files.about_files("extra-shard", extra, "no item of this checkpoint lies there.",
                                              "It may be left over from another one: it is not shown.")])
        if BACKEND in listed.names:
            self._backend()
        if COMMON in listed.names:
            self._common(read_item)

    def _backend(self) -> None:
        """What Megatron says of itself: {"sharded_backend": "torch_dist", …}."""
        try:
            with open_source(addresses.beside(self.folder, BACKEND)) as source:
                said: Any = Scanner(source.read(0, min(source.size, _BACKEND_BYTES)), BACKEND, limits=self.limits).document()
        except InspectorError as error:
            self.findings.add([Finding("bad-member", "info", BACKEND, f"{BACKEND} cannot be read: {error.message}.")])
            return
        if isinstance(said, dict):
            self.facts.update((visible(name, 40), visible(str(value), 80)) for name, value in list(said.items())[:20])

    def _common(self, read_item: ReadItem) -> None:
        """What Megatron does not shard: arguments, the iteration. Listed under "common"."""
        part = set_files.read_part(self.folder, COMMON, len(self.files),
                                   lambda source, path: read_item(source, path, self.limits, self.monitor), self.monitor)
        if isinstance(part, InspectorError):
            self.findings.add(part.findings, COMMON)
            self.findings.add([Finding("missing-shard", "warning", COMMON, f"{COMMON} cannot be read: {part.message}.", part.hint)])
            return
        self.files += part.files
        self._merge(_Content(part, "", COMMON), "common")

    # -- all of it ----------------------------------------------------------------------------------------------------

    def checkpoint(self, path: str) -> Checkpoint:
        if self.missing:
            reason = next(iter(self.missing.values()))
            self.findings.add([set_files.about_files("missing-shard", list(self.missing), f"{reason}. What lies there cannot be shown.",
                                              "Fetch the whole folder again.")])
        if self.broken:
            shown = ", ".join(visible(key, 80) for key in self.broken[:3]) + (" …" if len(self.broken) > 3 else "")
            self.findings.add([Finding("chunk-map", "danger", visible(self.broken[0]),
                                       f"{counted(len(self.broken), 'tensor is', 'tensors are')} not whole "
                                       f"by what .metadata says of their chunks: {shown}.", "Save the checkpoint again.",
                                       keys=tuple(self.broken))])
        if self.lost:
            key, problem = next(iter(self.lost.items()))
            self.findings.add([Finding("bad-member", "danger", visible(key),
                                       f"{counted(len(self.lost), 'value', 'values')} of the checkpoint cannot be read, "
                                       f"{visible(key, 80)} first: {problem}.", "Fetch the whole folder again.", keys=tuple(self.lost))])
        self.facts["files"] = f"{len(self.files):,}"
        if not self.described.ordered:
            self.facts["order"] = UNORDERED
        self.facts["items"] = f"{len(self.described.items):,}"
        direct = len(self.tensors) if set(self.state_dicts) == {""} else 0
        kind = kind_of_dict(direct, direct + len(self.values), has_metadata=False, holds_tensors=bool(self.tensors))
        return Checkpoint(path, FORMAT, kind, tuple(self.files), MappingProxyType(self.tensors), MappingProxyType(self.values),
                          MappingProxyType(self.storages), tuple(self.state_dicts), self.findings.all(),
                          facts=MappingProxyType(self.facts), members=tuple(self.members), pickles=tuple(self.nodes.pickles))


# -- items ------------------------------------------------------------------------------------------------------------

def _where(item: Item) -> tuple[int, int]:
    return item.offset, item.nbytes


def _overlapping(items: Iterable[Item]) -> set[Item]:
    found, furthest = set(), None
    for item in sorted(items, key=_where):
        if furthest is not None and item.offset < furthest.offset + furthest.nbytes:
            found |= {item, furthest}
        if furthest is None or item.offset + item.nbytes > furthest.offset + furthest.nbytes:
            furthest = item
    return found


def _moved(part: Checkpoint, section: SourceFile) -> Checkpoint:
    """`part` with its extents counted from the beginning of the file, and without the pickle of a mere tensor."""
    moved: dict[Extent, Extent] = {}

    def at(extent: Extent) -> Extent:
        found = moved.get(extent)
        if found is None:
            found = moved[extent] = extent.moved(section.base)
        return found

    storages = {id: storage._replace(extent=at(storage.extent)) if storage.extent else storage for id, storage in part.storages.items()}
    members = tuple(member._replace(extent=at(member.extent)) for member in part.members)
    pickles, tensors = part.pickles, part.tensors
    if list(tensors) == [""] and not part.values and all(verdict(*name) == "plain" for _, graph in pickles for name in graph.names):
        pickles, tensors = (), {"": tensors[""]._replace(node=-1)}
    return replace(part, storages=storages, members=members, pickles=pickles, tensors=tensors)


def _nothing(info: TensorInfo) -> Storage:
    return Storage("", info.dtype, info.device, 0, Extent(0, 0, 0, 0) if info.numel == 0 else None)


# -- state dicts ------------------------------------------------------------------------------------------------------

def _optimizers(paths: Iterable[tuple[str | int, ...]]) -> set[tuple[str | int, ...]]:
    """Where optimizers' state dicts are: what has "state" and "param_groups" in it."""
    inside: dict[tuple[str | int, ...], set[str]] = {}
    for path in paths:
        for n, step in enumerate(path[:8]):
            if step in ("state", "param_groups"):
                inside.setdefault(path[:n], set()).add(str(step))
    return {path for path, names in inside.items() if len(names) == 2}


def _homes(described: Described) -> dict[str, str | None]:
    """Name of a tensor -> the state dict that it belongs to, None for those in none: what it is a member of, where that is one by
    what it holds; of an optimizer, its "state". Without paths all are of one."""
    paths = described.paths
    optimizers = _optimizers(paths.values())
    members: dict[tuple[str | int, ...], set[str | int]] = {}
    for path in paths.values():
        for n in range(min(len(path), 8)):
            members.setdefault(path[:n], set()).add(path[n])
    homes: dict[str, str | None] = {}
    inside: dict[tuple[str | int, ...], list[Entry]] = {}
    for entry in described.entries:
        path = paths.get(entry.fqn, ())
        state = next((path[:n + 1] for n, step in enumerate(path[:8]) if step == "state" and path[:n] in optimizers), None)
        if not path or state is not None:
            homes[entry.fqn] = _dotted(state or ())
        elif entry.shape is not None and isinstance(path[-1], str):
            inside.setdefault(path[:-1], []).append(entry)
    found = {place: judged(_entries(members.get(place, set()), entries), _dotted(place)) for place, entries in inside.items()}
    others = {_dotted(place) for place, judgement in found.items() if judgement != "no"}
    for place, judgement in found.items():
        if judgement == "no" or (not place and not root_stays(judgement, others)):
            continue
        homes.update((entry.fqn, _dotted(place)) for entry in inside[place])
    return homes


def _entries(members: set[str | int], tensors: list[Entry]) -> Entries:
    extra = sum(1 for name in members if str(name).endswith(EXTRA_STATE))
    return Entries(max(len(members), len(tensors)) - extra, len(tensors),
                   any(entry.shape and not is_random_state(leaf_of(entry.fqn)) for entry in tensors))


def _dotted(path: tuple[str | int, ...]) -> str:
    return ".".join(map(str, path))
