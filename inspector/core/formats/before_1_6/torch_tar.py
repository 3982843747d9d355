"""What torch 0.1.1 to 0.1.9 wrote: a tar archive whose pickle names tensors by numbers that other members explain.

    sys_info    a pickle about the machine that wrote it; torch ignores it
    storages    pickle n | n times: pickle (key, location, class), int64 elements, bytes
                | pickle [(view, root, first element, elements), …]
    tensors     pickle n | n times: pickle (key, storage, class), int32 ndim, 4 bytes of anything, ndim int64 sizes, ndim int64
                strides, int64 offset
    pickle      the object; tensors and storages are persistent ids, their keys as text; module classes (class, file, source)

All numbers are little-endian. Source: torch/serialization.py 2.13, `legacy_load` in `_legacy_load`. Torch unpacks members to
a temporary folder and unpickles every record; here nothing is unpacked and every record is data.
"""
from __future__ import annotations

import struct
from collections.abc import Callable
from types import MappingProxyType
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, Extent, Member, Pickle, Storage
from inspector.core.errors import Ambiguous, Corrupt, ReadError, TooBig, Truncated
from inspector.core.findings import Finding, Level
from inspector.core.formats.shared import tar_members
from inspector.core.formats.shared.module_sources import source_findings
from inspector.core.formats.shared.tar_members import TarMember
from inspector.core.formats.shared.windowed import Windowed
from inspector.core.graph import CALLS, EXT, GLOBAL, GLOBALDYN, LIST, TUPLE, Graph
from inspector.core.hashing import ByNumber
from inspector.core.io.sources import SourceFile
from inspector.core.keypath import quoted, visible
from inspector.core.limits import LIMITS, Limits
from inspector.core.pickles.decode.machine import Budget
from inspector.core.pickles.objects.code import findings_before, findings_of_broken
from inspector.core.pickles.objects.contents import contents_of
from inspector.core.pickles.objects.names import canonical, storage_dtype
from inspector.core.pickles.objects.persistent import StorageId, TensorId, load_modules, load_tensors
from inspector.core.pickles.objects.plain import short, small_integer
from inspector.core.pickles.objects.storages import StorageRef, together
from inspector.core.progress import QUIET, Monitor

from .old_storages import CUT, WIDTHS, LocatedStorage, locate
from .pickle_stream import PickleStream
from .sys_info import facts_of

FORMAT = "torch-tar"
_RECORDS = ("sys_info", "pickle", "storages", "tensors")
_TAR_BLOCK = 512            # bytes; an archive that is whole has at least one of zeros at its end
_RECORD_BLOCK = 512         # bytes read first of a record's pickle
_SMALLEST = 4               # bytes of the smallest pickle of a record, and of what follows it
_MOST_DIMENSIONS = 1 << 16
_CHECK_EVERY = 1024         # records between two looks at the monitor
_HAND = "The file is damaged or was made by hand: ask for the original."
_PREAMBLE = struct.Struct("<i4x")


class _Stored(NamedTuple):
    """A storage of the record `storages`: `cls` is (module, name) of its class."""

    cls: tuple[str, str]
    location: str
    placed: LocatedStorage


class _Described(NamedTuple):
    """A tensor of the record `tensors`: `numbers` are its sizes, strides and offset as they are in the file."""

    storage: int
    cls: tuple[str, str]
    numbers: bytes


class _Part(NamedTuple):
    """A view of a storage: `numel` elements of `root`, from its element `first` on."""

    root: int
    first: int
    numel: int


class _NotLiteral(Exception):
    """A record is no plain data: a real unpickler would have to run something to know what it says."""


def read(source: SourceFile, path: str, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> Checkpoint:
    """The checkpoint in `source`; no byte of a storage is read. Raises Truncated, Corrupt, Ambiguous or TooBig; what the
    pickles would have called is then in the error's findings."""
    archive = _Archive(source, limits, monitor)
    try:
        return archive.checkpoint(path)
    except ReadError as error:
        error.findings = (*error.findings, *archive.findings, *archive.calls(error))
        raise


class _Archive:
    """One archive being read."""

    def __init__(self, source: SourceFile, limits: Limits, monitor: Monitor) -> None:
        self.source = source
        self.limits = limits
        self.monitor = monitor
        self.budget = Budget(limits)
        self.findings: list[Finding] = []
        self.suspects: list[Pickle] = []           # records that name or call more than they should
        self.members: list[TarMember] = []
        self.storages = ByNumber[_Stored]()
        self.parts = ByNumber[_Part]()
        self.tensors = ByNumber[_Described]()
        self.unlisted = 0                          # suspects that are not kept

    def checkpoint(self, path: str) -> Checkpoint:
        records = self._records()
        facts = self._sys_info(records.get("sys_info"))
        self._leniently(self._read_storages, records["storages"])
        self._leniently(self._read_tensors, records["tensors"])
        graph = self._object(records["pickle"], facts)
        contents = contents_of(graph, self._resolve, resolve_many=together(self._resolve, self.monitor), member="pickle",
                               limits=self.limits, monitor=self.monitor)
        self.findings += contents.findings
        if self.unlisted:
            self._add_finding("odd-record", "danger", "", f"{self.unlisted:,} more records of the archive name or call things that do not "
                       "belong there; they are not listed.", "Do not load this file with weights_only=False.")
        facts["pickle_protocol"] = str(graph.protocol)
        facts["checksums"] = "none: this format has no checksums, so damage to values cannot be noticed"
        return Checkpoint(
            path, FORMAT, contents.kind, (self.source.stamp,), contents.table,
            MappingProxyType(dict(contents.values)), contents.storages, contents.state_dicts,
            tuple(self.findings), module_metadata=MappingProxyType(contents.module_metadata), facts=MappingProxyType(facts),
            members=tuple(Member(member.name, Extent(self.source.index, member.offset, member.nbytes, member.nbytes),
                                 "" if member.regular else "no regular file") for member in self.members),
            pickles=(Pickle("pickle", graph), *self.suspects), listed_nodes=tuple(contents.listed_nodes))

    def calls(self, error: ReadError) -> list[Finding]:
        """What the records decoded so far, and the one that broke off, would call."""
        known = [finding for member, graph in self.suspects for finding in findings_of_broken(graph, member)]
        return known + findings_before(error, error.where.partition(":")[0])

    # -- the archive --------------------------------------------------------------------------------------------------

    def _records(self) -> dict[str, TarMember]:
        """Torch's own members by name."""
        self.members, broken = tar_members.members_of(self.source)
        if broken is not None:
            raise broken
        found: dict[str, TarMember] = {}
        for member in self.members:
            name = member.name.removeprefix("./").rstrip("/")
            if name.startswith("/") or ".." in name.replace("\\", "/").split("/"):
                self._add_finding("path-traversal", "danger", name, f"The tar member {quoted(name, 80)} would leave the folder it is "
                           "unpacked to. It is ignored.", "Nothing is unpacked here. Do not unpack it with other programs.")
            if name not in _RECORDS:
                continue
            if name in found:
                raise Ambiguous(f"the tar archive has two members named {name}: programs may take the one or the other",
                                "Do not trust this file.", name, id="duplicate_member")
            if not member.regular:
                raise Corrupt(f"the tar member {name} is a link or something else that is no file",
                              "PyTorch would follow it when unpacking. Do not trust this file.", name, id="unsafe_member")
            found[name] = member
        missing = [name for name in _RECORDS[1:] if name not in found]
        if missing:
            if self.members[-1].offset + self.members[-1].nbytes + _TAR_BLOCK > self.source.size:
                raise Truncated(f"the tar archive ends before its member {missing[0]}", CUT, f"byte {self.source.size}")
            raise Corrupt(f"the tar archive has no member named {missing[0]}", _HAND, "tar", id="missing")
        return found

    def _sys_info(self, member: TarMember | None) -> dict[str, str]:
        if member is None:
            return {}
        facts, findings = facts_of(self._decode(member, 0, "sys_info"), "sys_info")
        self.findings += findings
        return facts

    def _object(self, member: TarMember, facts: dict[str, str]) -> Graph:
        """The graph of the object, with tensors, storages and classes in place of their persistent ids."""
        stream = PickleStream(self.source, member.offset, member.offset + member.nbytes, self.limits, self.monitor, self.budget)
        graph = stream.decode(0, "pickle")
        self._trailing(member, graph.end)
        graph, sources = load_modules(graph, None)
        self.findings += source_findings(sources, "pickle", facts)
        return load_tensors(graph, self._known)

    def _leniently(self, read: Callable[[TarMember], None], member: TarMember) -> None:
        try:
            read(member)
        except _NotLiteral as odd:
            self._add_finding("odd-record", "danger", str(odd), f"What the record {member.name} says has to be computed by running it, so "
                       "what it describes is not known. Nothing was run.", "Do not load this file with weights_only=False.")

    def _add_finding(self, id: str, level: Level, where: str, message: str, hint: str = "") -> None:
        self.findings.append(Finding(id, level, visible(where), message, hint))

    def _trailing(self, member: TarMember, at: int) -> None:
        if at < member.nbytes:
            self._add_finding("trailing", "warning", f"{member.name}:{at}", f"{member.nbytes - at:,} bytes at the end of the record "
                       f"{visible(member.name, 40)} are not used.", "torch.load does not read them.")

    # -- records ------------------------------------------------------------------------------------------------------

    def _decode(self, member: TarMember, at: int, label: str) -> Graph:
        """The pickle at `at` of a record, called `label` in messages. Offsets in the graph count from `at`."""
        stream = PickleStream(self.source, member.offset + at, member.offset + member.nbytes, self.limits, self.monitor,
                              self.budget, _RECORD_BLOCK)
        graph = stream.decode(0, label)
        graph.data = graph.data[:graph.end]
        if _is_suspect(graph):
            if len(self.suspects) < self.limits.pickles_per_stream:
                self.suspects.append(Pickle(label, graph))
            else:
                self.unlisted += 1
        return graph

    def _count(self, member: TarMember) -> tuple[int, int]:
        """(number of things in the record, offset of the first)."""
        graph = self._decode(member, 0, member.name)
        count = _integer(graph, graph.root, member.name)
        if count < 0:
            raise Corrupt(f"the record {member.name} counts {count:,} things", _HAND, f"{member.name}:0")
        if count * _SMALLEST > member.nbytes - graph.end:
            raise Truncated(f"the record {member.name} announces {count:,} things, too many for its {member.nbytes:,} bytes", CUT,
                            f"{member.name}:{graph.end}")
        return count, graph.end

    def _three(self, graph: Graph, label: str) -> tuple[int, int, tuple[str, str]]:
        """(number, node of the second item, class) of the pickle before a storage or tensor."""
        items = _items(graph, graph.root, label)
        cls = graph.global_name(items[2]) if len(items) == 3 else None
        if cls is None:
            raise _wrong_node(graph, items[2] if len(items) == 3 else graph.root, label)
        return _integer(graph, items[0], label), items[1], cls

    def _read_storages(self, member: TarMember) -> None:
        count, at = self._count(member)
        window = Windowed(self.source, member.offset + member.nbytes)
        for n in range(count):
            if n % _CHECK_EVERY == 0:
                self.monitor.check()
            label = f"storages[{n}]"
            graph = self._decode(member, at, label)
            key, place_node, cls = self._three(graph, label)
            if key in self.storages:
                raise _twice("storages", key, f"{label}:0")
            placed = locate(self.source, window, member.offset + at + graph.end, member.offset + member.nbytes,
                           storage_dtype(*canonical(*cls)), str(key), f"{label}:{graph.end}")
            self.storages[key] = _Stored(cls, graph.any_text(place_node) or "cpu", placed)
            if placed.extent is None:
                self._lost(member, n, count, placed)
                return
            at = placed.end - member.offset
        self._read_views(member, at)

    def _lost(self, member: TarMember, n: int, count: int, placed: LocatedStorage) -> None:
        what = placed.problem.partition(": ")[2]
        if not any(stored.placed.extent is not None and stored.placed.extent.nbytes for stored in self.storages.values()):
            error = Truncated if placed.problem.startswith("truncated") else Corrupt
            raise error(f"no storage can be found in the record storages: {what}", CUT, f"storages[{n}]")
        self._add_finding("truncated", "danger", f"storages[{n}]", f"{count - n:,} of {count:,} storages cannot be found: {what}.", CUT)

    def _read_views(self, member: TarMember, at: int) -> None:
        graph = self._decode(member, at, "storages[views]")
        if graph.kind[graph.root] not in (LIST, TUPLE):
            raise _wrong_node(graph, graph.root, "storages[views]")
        for n in graph.sequence(graph.root):
            numbers = [_integer(graph, item, "storages[views]") for item in _items(graph, n, "storages[views]")]
            if len(numbers) != 4:
                raise Corrupt("a view of a storage is not described by four numbers", _HAND, f"storages[views]:{graph.at[n]}")
            key, root, first, elements = numbers
            if key in self.storages or key in self.parts:
                raise _twice("storages", key, f"storages[views]:{graph.at[n]}")
            outer = self.parts.get(root)            # a view of a view
            self.parts[key] = _Part(outer.root, outer.first + first, elements) if outer else _Part(root, first, elements)
        self._trailing(member, at + graph.end)

    def _read_tensors(self, member: TarMember) -> None:
        count, at = self._count(member)
        window = Windowed(self.source, member.offset + member.nbytes)
        for n in range(count):
            if n % _CHECK_EVERY == 0:
                self.monitor.check()
            label = f"tensors[{n}]"
            graph = self._decode(member, at, label)
            key, storage_node, cls = self._three(graph, label)
            storage = _integer(graph, storage_node, label)
            if key in self.tensors or key in self.storages or key in self.parts:
                raise _twice("tensors or storages", key, f"{label}:0")
            at += graph.end
            numbers, at = self._geometry(member, window, at, f"{label}:{graph.end}")
            self.tensors[key] = _Described(storage, cls, numbers)
        self._trailing(member, at)

    def _geometry(self, member: TarMember, window: Windowed, at: int, where: str) -> tuple[bytes, int]:
        """(sizes, strides and offset of a tensor, where the next record begins)."""
        rest = member.nbytes - at
        ndim = _PREAMBLE.unpack(window.read(member.offset + at, _PREAMBLE.size))[0] if rest >= _PREAMBLE.size else 0
        if ndim < 0:
            raise Corrupt(f"a tensor has {ndim:,} dimensions", _HAND, where)
        nbytes = 16 * ndim + 8
        if rest < _PREAMBLE.size + nbytes:
            raise Truncated(f"a tensor of {ndim:,} dimensions needs {_PREAMBLE.size + nbytes:,} bytes of the record tensors, "
                            f"{rest:,} are left", CUT, where)
        if ndim > _MOST_DIMENSIONS:
            raise TooBig(f"a tensor has {ndim:,} dimensions", _HAND, where)
        at += _PREAMBLE.size
        return window.read(member.offset + at, nbytes), at + nbytes

    # -- what persistent ids mean -------------------------------------------------------------------------------------

    def _known(self, number: int) -> StorageId | TensorId | None:
        found = self.tensors.get(number)
        if found is None:
            return self._storage_id(number, None) if number in self.storages or number in self.parts else None
        storage, cls, raw = found
        numbers = struct.unpack(f"<{len(raw) // 8}q", raw)
        ndim = len(numbers) // 2
        return TensorId(self._storage_id(storage, cls), numbers[-1], numbers[:ndim], numbers[ndim:2 * ndim])

    def _storage_id(self, number: int, tensor_class: tuple[str, str] | None) -> StorageId:
        """The storage or view `number`; one that is missing gets its element type from the class of a tensor in it."""
        part = self.parts.get(number)
        root = part.root if part else number
        stored = self.storages.get(root)
        if stored is None:
            name = tensor_class[1] if tensor_class else ""
            guess = name[:-len("Tensor")] + "Storage" if name.endswith("Tensor") else "UntypedStorage"
            return StorageId(("torch", guess), str(root), "cpu", 0)
        view = (str(number), part.first, part.numel) if part else None
        return StorageId(stored.cls, str(root), stored.location, stored.placed.numel, view)

    def _resolve(self, ref: StorageRef) -> Storage:
        name = ref.key if ref.key is not None else f"?{ref.node}"
        dtype = ref.dtype or "uint8"
        nbytes = max(ref.numel, 0) * WIDTHS.get(dtype, 1)
        number = int(name) if name.removeprefix("-").isdecimal() and len(name) <= 24 else None
        stored = self.storages.get(number) if number is not None else None
        if stored is None:
            return Storage(name, dtype, ref.device, nbytes, None, problem=ref.problem or
                           f"missing: the record storages has no storage {visible(name, 40)}")
        return Storage(name, dtype, ref.device, nbytes, stored.placed.extent, problem=ref.problem or stored.placed.problem)


def _twice(what: str, key: int, where: str) -> Ambiguous:
    return Ambiguous(f"two {what} have the key {key}: which one is meant depends on the reader", "Do not trust this file.", where,
                     id="duplicate_key")


def _is_suspect(graph: Graph) -> bool:
    """Whether a record's pickle does or names more than numbers, text and one class of tensors or storages."""
    if any(graph.kind.find(kind) >= 0 for kind in _CODE):
        return True
    return any(not module.startswith("torch") or not name.endswith(("Storage", "Tensor")) for module, name in graph.names)


_CODE = (*CALLS, GLOBALDYN, EXT)


def _items(graph: Graph, n: int, label: str) -> list[int]:
    if n < 0 or graph.kind[n] not in (TUPLE, LIST):
        raise _wrong_node(graph, n, label)
    return graph.sequence(n)


def _integer(graph: Graph, n: int, label: str) -> int:
    number = small_integer(graph, n) if n >= 0 else None
    if number is None or not -1 << 63 <= number < 1 << 63:
        raise _wrong_node(graph, n, label)
    return number


def _wrong_node(graph: Graph, n: int, label: str) -> Exception:
    """What to raise for a node that is not what belongs there."""
    if n >= 0 and graph.kind[n] in (*_CODE, GLOBAL):
        return _NotLiteral(f"{label}:{graph.at[n]}")
    return Corrupt(f"the record has {short(graph, n, 60)} where something else belongs", _HAND, f"{label}:{graph.at[n]}")
