"""What `torch.save` wrote before 1.6, and writes with `_use_new_zipfile_serialization=False`: pickles, then raw storages.

    pickle 0x1950a86a20f9469cfc6c     the magic number
    pickle 1001                       the version of this format
    pickle sys_info                   about the machine that wrote it; torch ignores it
    pickle object                     storages as ("storage", class, key, location, elements, view), view None or, before 0.4,
                                      (key, first element, elements); module classes as ("module", class, file, source)
    pickle [key, …]                   the storages that follow, in this order
    int64 elements | bytes | …        see `old_storages`

Source: torch/serialization.py 2.13, `_legacy_save` and `_legacy_load`. Only the pickles and the numbers are read. Torch
compares the sources it finds with the classes of the reading program, and may write a patch; here they are shown as text.
"""
from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from inspector.core.checkpoint import Checkpoint, Extent, Member, Pickle, Storage
from inspector.core.errors import Ambiguous, Corrupt, ReadError, Truncated, Unsupported
from inspector.core.findings import Finding
from inspector.core.formats.shared.module_sources import carried_findings, source_findings
from inspector.core.formats.shared.pickle_head import MAGIC
from inspector.core.formats.shared.windowed import Windowed
from inspector.core.graph import LIST, TUPLE, Graph
from inspector.core.io.sources import SourceFile
from inspector.core.keypath import visible
from inspector.core.limits import LIMITS, Limits
from inspector.core.pickles.decode.machine import Budget
from inspector.core.pickles.objects.code import findings_before, findings_of_broken
from inspector.core.pickles.objects.contents import Contents, contents_of
from inspector.core.pickles.objects.persistent import load_modules
from inspector.core.pickles.objects.plain import short
from inspector.core.pickles.objects.storages import StorageRef, Storages, together
from inspector.core.pickles.objects.text_ids import load_texts, text_id_findings
from inspector.core.progress import QUIET, Monitor
from inspector.core.wording import count, counted

from .old_storages import CUT, HEADER, WIDTHS, LocatedStorage, behind, locate
from .pickle_stream import PickleStream
from .sys_info import facts_of

FORMAT = "torch-legacy"
VERSION = 1001
_HAND = "The file is damaged or was made by hand: ask for the original."
_CHECK_EVERY = 4096         # storages between two looks at the monitor


Resolve = Callable[[StorageRef], Storage]
LoadStreams = Callable[[Graph, Budget, Resolve], tuple[Graph, Resolve]]
"""(a graph, what it may take, what resolves its storages) -> the graph with what is loaded from bytes in it, and what resolves the storages
of that."""


def read(source: SourceFile, path: str, load_streams: LoadStreams, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> Checkpoint:
    """The checkpoint in `source`; no byte of a storage is read. Raises Truncated, Corrupt, Ambiguous, Unsupported or TooBig;
    what the pickles would have called is then in the error's findings."""
    file = _File(source, limits, monitor)
    try:
        return file.checkpoint(path, load_streams)
    except ReadError as error:
        error.findings = (*error.findings, *file.findings, *file.calls(error))
        raise


def length_of(source: SourceFile, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> int:
    """How many bytes of `source`, which begins with such a stream, belong to it: all, where its storages are cut or cannot be found.
    Errors as of `read`."""
    file = _File(source, limits, monitor)
    file.find_storages({})
    return source.size if any(placed.problem for placed in file.placed.values()) else file.end


class _File:
    """One file being read: `pickles` as far as they were decoded, `placed` what the stream says of each storage."""

    def __init__(self, source: SourceFile, limits: Limits, monitor: Monitor) -> None:
        self.source = source
        self.limits = limits
        self.monitor = monitor
        self.budget = Budget(limits)
        self.stream = PickleStream(source, 0, source.size, limits, monitor, self.budget)
        self.pickles: list[Pickle] = []
        self.findings: list[Finding] = []
        self.declared: dict[str, StorageRef] = {}
        self.placed: dict[str, LocatedStorage] = {}
        self.end = 0                       # of what has been made sense of

    def checkpoint(self, path: str, load_streams: LoadStreams) -> Checkpoint:
        facts: dict[str, str] = {}
        graph = self.find_storages(facts)
        self._trailing()
        head = self.stream.data[:self.pickles[-1].graph.end]
        for pickled in self.pickles:       # the block that was read for them may be larger than all of them
            pickled.graph.data = head
        loaded, resolve = load_streams(graph, self.budget, self._resolve)
        self.pickles = [pickled._replace(graph=loaded) if pickled.graph is graph else pickled for pickled in self.pickles]
        graph = loaded
        contents = self._contents_of(graph, resolve)
        facts["pickle_protocol"] = str(graph.protocol)
        facts["checksums"] = "none: this format has no checksums, so damage to values cannot be noticed"
        order = sorted(self.pickles, key=lambda pickled: pickled.graph is not graph)     # the object first: keys are its nodes'
        return Checkpoint(
            path, FORMAT, contents.kind, (self.source.stamp,), contents.table,
            MappingProxyType(dict(contents.values)), contents.storages, contents.state_dicts,
            tuple(self.findings), module_metadata=MappingProxyType(contents.module_metadata), facts=MappingProxyType(facts),
            members=self._members(), pickles=tuple(order), listed_nodes=tuple(contents.listed_nodes))

    def find_storages(self, facts: dict[str, str]) -> Graph:
        """Reads the pickles, and where each storage lies. Gives the object's graph; what is said besides goes into `facts`."""
        facts.update(self._preamble())
        graph = self._object(facts)
        self._locate_storages(self._keys())
        return graph

    def calls(self, error: ReadError) -> list[Finding]:
        """What the pickles decoded so far, and the one that broke off, would call."""
        known = [finding for member, graph in self.pickles for finding in findings_of_broken(graph, member)]
        return known + findings_before(error, error.where.partition(":")[0])

    # -- pickles ------------------------------------------------------------------------------------------------------

    def _next(self, member: str) -> Graph:
        graph = self.stream.decode(self.end, member)
        self.pickles.append(Pickle(member, graph))
        self.end = graph.end
        return graph

    def _preamble(self) -> dict[str, str]:
        magic = self._next("magic")
        if magic.integer(magic.root) != MAGIC:
            raise Corrupt("the file does not begin with the magic number that torch.save writes", _HAND, f"magic:{magic.start}")
        version = self._next("version")
        number = version.integer(version.root)
        if number is None:
            raise Corrupt(f"the version of the format is no number but {short(version, version.root, 60)}", _HAND,
                          f"version:{version.start}")
        if number != VERSION:
            raise Unsupported(f"the file is of version {visible(str(number), 40)} of torch's old format; only {VERSION} is known",
                              "It was damaged or changed by hand, or comes from a PyTorch that was never released.",
                              f"version:{version.start}")
        facts, findings = facts_of(self._next("sys_info"), "sys_info")
        self.findings += findings
        return facts

    def _object(self, facts: dict[str, str]) -> Graph:
        """The graph of the object, with classes of modules in place of their persistent ids."""
        graph, texts = load_texts(self._next("object"))
        self.findings += text_id_findings(texts, "object")
        graph, sources = load_modules(graph, "module")
        self.pickles[-1] = Pickle("object", graph)
        self.findings += [*source_findings(sources, "object", facts), *carried_findings(graph, "object", facts)]
        for ref in Storages(graph, _never).refs():
            if ref.key is not None:
                self.declared.setdefault(ref.key, ref)     # torch makes a storage at its first mention
        return graph

    def _keys(self) -> list[str]:
        graph = self._next("keys")
        if graph.root < 0 or graph.kind[graph.root] not in (LIST, TUPLE):
            raise Corrupt("the list of storages is no list", _HAND, f"keys:{graph.start}")
        keys: dict[str, None] = {}
        for n in graph.sequence(graph.root):
            key = graph.any_text(n)
            if key is None or key not in self.declared:
                raise Corrupt(f"the list of storages names {short(graph, n, 60)}, which the object does not mention", _HAND,
                              f"keys:{graph.at[n]}")
            if key in keys:
                raise Ambiguous(f"the list of storages names {visible(key, 40)} twice: which bytes belong to it depends on the "
                                "reader", "Do not trust this file.", f"keys:{graph.at[n]}", id="duplicate_storage")
            keys[key] = None
        return list(keys)

    def _contents_of(self, graph: Graph, resolve: Resolve) -> Contents:
        contents = contents_of(graph, resolve, resolve_many=together(resolve, self.monitor), member="object", limits=self.limits,
                               monitor=self.monitor)
        self.findings += contents.findings
        return contents

    # -- storages -----------------------------------------------------------------------------------------------------

    def _locate_storages(self, keys: list[str]) -> None:
        """Finds out where each storage lies. Raises Truncated when the bytes of not a single one are all there."""
        window = Windowed(self.source, self.source.size)
        broken, lost = "", 0
        for n, key in enumerate(keys):
            if n % _CHECK_EVERY == 0:
                self.monitor.check()
            if broken:
                self.placed[key] = LocatedStorage(0, None, -1, behind(broken, self.placed[broken].problem))
                lost += 1
                continue
            placed = self.placed[key] = locate(self.source, window, self.end, self.source.size, self.declared[key].dtype, key,
                                              f"byte {self.end}")
            following = self.declared[keys[n + 1]].numel if n + 1 < len(keys) else -1
            if placed.numel != self.declared[key].numel and following >= 0:
                placed = self.placed[key] = self._as_declared(window, placed, self.declared[key], following)
            if placed.extent is None:
                broken, lost = key, 1
            else:
                self.end = placed.end
        if lost and self.placed[broken].problem.startswith("truncated"):
            self._report_truncated(broken, lost, len(keys))

    def _as_declared(self, window: Windowed, placed: LocatedStorage, ref: StorageRef, following: int) -> LocatedStorage:
        """A storage whose number of elements is another than the object says, and which ends where the object says: the number of the
        next one, which has to be `following`, stands there and not where its own number leads. `placed` where that is not so."""
        width = WIDTHS.get(ref.dtype or "")
        begin, nbytes = self.end + HEADER, max(ref.numel, 0) * (width or 0)
        if width is None or not self._is_before(window, begin + nbytes, following) or self._is_before(window, placed.end, following):
            return placed
        problem = f"size_mismatch: the object says {ref.numel:,} elements, the stored number is {placed.numel:,}"
        return LocatedStorage(placed.numel, Extent(self.source.index, begin, nbytes, nbytes), begin + nbytes, problem)

    def _is_before(self, window: Windowed, at: int, numel: int) -> bool:
        """Whether the number before a storage of `numel` elements stands there."""
        return 0 <= at <= self.source.size - HEADER and int.from_bytes(window.read(at, HEADER), "little", signed=True) == numel

    def _report_truncated(self, broken: str, lost: int, total: int) -> None:
        what = self.placed[broken].problem.partition(": ")[2]
        if not any(placed.extent is not None and placed.extent.nbytes for placed in self.placed.values()):
            raise Truncated(f"the file ends after {count(self.source.size, 'byte')}, before the first tensor's values: {what}", CUT,
                            f"byte {self.end}")
        self.findings.append(Finding("truncated", "danger", f"byte {self.source.size}", f"The file ends early: {lost:,} of "
                                     f"{count(total, 'storage')} are not all there ({what}).", CUT))

    def _trailing(self) -> None:
        rest = self.source.size - self.end
        if rest and not any(placed.problem for placed in self.placed.values()):
            self.findings.append(Finding("trailing", "warning", f"byte {self.end}", f"{counted(rest, 'byte follows', 'bytes follow')} the "
                                         "last storage.",
                                         "torch.load does not read them; they are not kept when the checkpoint is saved."))

    def _resolve(self, ref: StorageRef) -> Storage:
        name = ref.key if ref.key is not None else f"?{ref.node}"
        dtype = ref.dtype or "uint8"
        nbytes = max(ref.numel, 0) * WIDTHS.get(dtype, 1)
        placed = self.placed.get(name) if ref.key is not None else None
        if placed is None:
            return Storage(name, dtype, ref.device, nbytes, None, problem=ref.problem or
                           "missing: the file's list of storages does not have it")
        problem = ref.problem or placed.problem
        if not problem and placed.extent is not None and placed.extent.nbytes != nbytes:
            problem = f"size_mismatch: the object says {count(ref.numel, 'element')}, the stored number is {placed.numel:,}"
        return Storage(name, dtype, ref.device, nbytes, placed.extent, problem=problem)

    def _members(self) -> tuple[Member, ...]:
        pickles = [Member(member, Extent(self.source.index, graph.start, graph.end - graph.start, graph.end - graph.start))
                   for member, graph in self.pickles]
        storages = [Member(f"storage {key}", placed.extent) for key, placed in self.placed.items() if placed.extent is not None]
        return (*pickles, *storages)


def _never(ref: StorageRef) -> Storage:
    raise AssertionError("nothing is resolved before the storages are placed")
