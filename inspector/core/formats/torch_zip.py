"""What `torch.save` writes since 1.6: a zip archive with one top folder, and TorchScript archives, which look the same.

    <top>/data.pkl                     the object, storages as persistent ids ("storage", class, key, location, numel)
    <top>/data/<key>                   the bytes of each storage
    <top>/version                      "3\\n"; torch reads 1 … 10
    <top>/byteorder                    "little" or "big" (since 2.1; before: the machine's, so little)
    <top>/tensors/<key>                the same, as PyTorch 1.4 named it on trial
    <top>/.format_version  .storage_alignment  .data/serialization_id

Sources: torch/serialization.py and caffe2/serialize/inline_container.cc, version 2.13. Torch takes the first member's text
up to its first "/" as the top folder and finds records without regard to case. Nothing in the archive is executed; the
code of a TorchScript archive is listed, never compiled.
"""
from __future__ import annotations

import functools
import os
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import compress, repeat
from operator import not_
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from inspector.core.checkpoint import Checkpoint, Extent, Pickle, Storage, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.errors import Ambiguous, BadTensor, Corrupt, InspectorError, TooBig, Truncated
from inspector.core.findings import Finding, Level
from inspector.core.graph import Graph
from inspector.core.io.checksum import crc32
from inspector.core.io.sources import STORED, SourceFile, open_source, read_member
from inspector.core.io.zip_local_header import span_of
from inspector.core.keypath import quoted, visible
from inspector.core.limits import LIMITS, Limits
from inspector.core.pickles.decode.columns import compact
from inspector.core.pickles.decode.machine import Budget, decode
from inspector.core.pickles.objects.code import findings_before
from inspector.core.pickles.objects.contents import Contents, contents_of
from inspector.core.pickles.objects.modules import ScriptClass, Scripts
from inspector.core.pickles.objects.names import Name
from inspector.core.pickles.objects.storages import ManyRefs, ManyStorages, ResolveMany, StorageRef, number_of
from inspector.core.pickles.objects.text_ids import load_texts, text_id_findings
from inspector.core.progress import QUIET, Monitor
from inspector.core.runtime.collector import collector_paused
from inspector.core.wording import count, counted

from . import torchscript_classes
from .embedded.streams import load_embedded
from .sets import unzipped
from .shared.merging import renamed, renumbered
from .shared.module_sources import carried_findings
from .zip import salvage
from .zip.directory import ZipDirectory, read_directory
from .zip.foreign import refuse
from .zip.members import MemberList, Members
from .zip.salvage import Salvaged

if TYPE_CHECKING:
    from inspector.core.pickles.objects.bulk import Ints

FORMAT, SCRIPT_FORMAT = "torch-zip", "torchscript"
_MAIN = "data.pkl"
_CONSTANTS = "constants.pkl"
_SCRIPT_PICKLES = ("traced_inputs.pkl", "bytecode.pkl", "mobile_debug_handles.pkl", "attributes.pkl")    # besides those two
_MAX_VERSION = 10                  # kMaxSupportedFileFormatVersion
_FACT_BYTES = 4096                 # of a small text record that are looked at
_PICKLE_RATIO, _PICKLE_FREE = 128, 64 << 20      # a deflated pickle may unpack that much, or to that many bytes
_CODE_BYTES = 64 << 20             # of TorchScript code that are looked through
_SNIFFED = 4096                    # unknown members whose first bytes are looked at
_WIDTHS = {name: known.stored for name, known in DTYPES.items()}
_NO_SIZE = (1 << 63) - 1           # bytes that no record has
_new: Callable[[type[Storage], tuple[object, ...]], Storage] = tuple.__new__
_META = "meta: the file holds no values for this storage"

# records that are not the object: what they say becomes a fact of this name
_FACTS = {"version": "version", "byteorder": "byteorder", ".format_version": "format_version",
          ".storage_alignment": "storage_alignment", ".data/serialization_id": "serialization_id"}


def read(source: SourceFile, path: str, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> Checkpoint:
    """The checkpoint in the zip archive `source`; no record that holds a storage is read.

    Where the end of the archive is missing, what its local headers tell of a torch archive is read (`zip_salvage`).

    Raises NotACheckpoint or Unsupported (naming it) for an archive of something else, Ambiguous for two checkpoints in one,
    and what `zip_directory.read_directory` and `pickles.machine.decode` raise.
    """
    with collector_paused():
        try:
            directory, salvaged = read_directory(source, limits, monitor), None
        except Truncated as broken:
            salvaged = salvage.read_directory(source, broken, limits, monitor)
            directory = salvaged.directory
        return _Archive(source, directory, limits, monitor, salvaged).checkpoint(path)


def read_unzipped(folder: str, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> Checkpoint:
    """The checkpoint in `folder`, where such an archive was unzipped. Raises as `read`."""
    with collector_paused():
        found = unzipped.look(folder, limits, monitor)
        limits = limits.of_file(sum(stamp.size for stamp in found.stamps))
        with open_source(os.path.join(folder, _MAIN)) as source:
            ckpt = _Unzipped(source, found, limits, monitor).checkpoint(folder)
    return replace(ckpt, files=tuple(found.stamps))


class _Names:
    """The names of all members, of which there may be a million, looked through in one go. Nearly all of them lie in one folder, that of
    the storages: what is asked about others is looked for among those."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._folder = (names[len(names) // 2] if names else "").rpartition("/")[0] + "/"
        self._others = [*compress(names, map(not_, map(str.startswith, names, repeat(self._folder))))]
        self._folder_is_used = len(self._others) < len(names)
        self._others_lower = {*map(str.lower, self._others)}

    def any_under(self, folder: str) -> bool:
        if self._folder_is_used and self._folder.startswith(folder):
            return True
        return any(name.startswith(folder) for name in (self._names if folder.startswith(self._folder) else self._others))

    def all_under(self, folder: str) -> bool:
        return all(name.startswith(folder) for name in (self._others if self._folder.startswith(folder) else self._names))

    def ending(self, text: str) -> list[str]:
        """The names that end in `text`, in lower case, without regard to case."""
        joined = "\0".join(["", *self._names, ""])           # megabytes: not kept
        if joined.count("\0") == len(self._names) + 1 and joined.isascii() \
                and joined.lower().count(f"{text}\0") == joined.count(f"{text}\0") == 1:        # a NUL is in some of a damaged archive
            end = joined.index(f"{text}\0") + len(text)
            return [joined[joined.rindex("\0", 0, end) + 1:end]]
        return [name for name in self._names if name.lower().endswith(text)]

    def has_like(self, name: str) -> bool:
        """Whether some name may be this one without regard to case."""
        lower = name.lower()
        return lower in self._others_lower or (lower.startswith(self._folder.lower()) and lower in self._all_lower)

    @functools.cached_property
    def _all_lower(self) -> set[str]:
        """Asked for only where a storage has no record."""
        return {*map(str.lower, self._names)}


class _Archive:
    """One archive being read. `used` has 1 for the members that something refers to, by their numbers."""

    def __init__(self, source: SourceFile, directory: ZipDirectory, limits: Limits, monitor: Monitor,
                 salvaged: Salvaged | None = None) -> None:
        self.source = source
        self.directory = directory
        self.salvaged = salvaged           # what is known of the end, when the archive has none
        self.limits = limits
        self.monitor = monitor
        self.budget = Budget(limits)
        self.findings: list[Finding] = []
        self.pickles: list[Pickle] = []
        self.used = bytearray(len(directory.members))
        self.names = _Names(directory.members.names)
        self.by_case: dict[str, str] | None = None
        self.order_problem = ""            # why no storage's bytes can be told, or ""
        self.big_endian = False
        self.main = self._main_pickle()
        self.top = self.main[:-len(_MAIN)]
        self.folder = self._folder()

    # -- the whole ----------------------------------------------------------------------------------------------------

    def checkpoint(self, path: str) -> Checkpoint:
        self._layout()
        constants = self._find(_CONSTANTS)
        is_script = constants is not None or self.names.any_under(self.top + "code/")
        records = {record: name for record in (*_FACTS, ".data/version") if (name := self._find(record)) is not None}
        known = {self.main, *records.values(), *([constants] if constants else [])}
        self.source.plan(span_of(self.directory.members[name]) for name in known)
        self.directory.confirm(self.source, known)
        facts = self._facts(records)
        contents = self._contents_of(self.main, self.folder, is_script)
        self.findings += carried_findings(self.pickles[0].graph, self._label(self.main), facts)
        if constants is not None:
            base = sum(len(pickled.graph) for pickled in self.pickles)
            contents = self._with(contents, "constants", self._contents_of(constants, "constants/"), base)
        for stem, more, base in self._extra_pickles(known, is_script):
            contents = self._with(contents, stem, more, base)
        if self.salvaged is None:
            self._orphans()
            self._checksums()
        else:
            self._report_salvaged(self.salvaged, contents.tensors)
            facts["salvaged"] = "the end of the archive is missing: read-only until saved anew"
        return Checkpoint(
            path, SCRIPT_FORMAT if is_script else FORMAT, SCRIPT_FORMAT if is_script else contents.kind, (self.source.stamp,),
            contents.table, MappingProxyType(dict(contents.values)), contents.storages, contents.state_dicts,
            (*self.directory.findings, *self.findings),
            module_metadata=MappingProxyType(contents.module_metadata), facts=MappingProxyType(facts),
            members=MemberList(self.directory.members, {**self.directory.remarks, **self.directory.notes}),
            pickles=tuple(self.pickles), listed_nodes=tuple(contents.listed_nodes))

    def _main_pickle(self) -> str:
        names = self.directory.members
        candidates = [name for name in self.names.ending(_MAIN) if name[-len(_MAIN) - 1:-len(_MAIN)] in "/"]
        at_top = [name for name in candidates if name.count("/") <= 1] or candidates
        if len(at_top) > 1:
            shown = " and ".join(repr(visible(name, 80)) for name in at_top[:2])
            raise Ambiguous(f"the archive holds {len(at_top)} checkpoints: {shown}",
                            "Unpack it, pack each folder by itself, and open those.", id="two_checkpoints")
        if not at_top:
            refuse(names)
        return at_top[0]

    def _layout(self) -> None:
        """What torch would not accept about the names of the members."""
        members = self.directory.members
        if not self.main.endswith(_MAIN):
            self._add_finding("case", "warning", self.main, f"The object lies in {quoted(self.main, 80)}: torch finds it all the same, "
                       "other programs may not.")
        first = next(iter(members))
        folder = first.partition("/")[0] + "/"
        if not self.top:
            self._add_finding("layout", "warning", self.main, "The archive has no top folder: torch does not read it.",
                       "Save it again to get an archive that torch reads.")
        elif self.top != folder:
            self._add_finding("layout", "warning", self.main, f"The checkpoint lies in the folder {quoted(self.top, 80)} and the first "
                       f"member elsewhere ({quoted(first, 80)}): torch does not find it.",
                       "Save it again to get an archive that torch reads.")
        else:
            strays = [] if self.names.all_under(self.top) else [name for name in members if not name.startswith(self.top)]
            if strays:
                self._add_finding("layout", "warning", strays[0], f"{len(strays):,} members lie outside the folder "
                           f"{quoted(self.top, 80)}, {quoted(strays[0], 80)} first: torch refuses such an archive.",
                           "Save it again to get an archive that torch reads.")

    def _folder(self) -> str:
        """Where the records of storages lie under the top folder."""
        trial = self.top + "tensors/"
        others = (self.top + "data/", self.top + "code/")
        if self.names.any_under(trial) and not any(map(self.names.any_under, others)):
            self._add_finding("layout", "warning", self.main, "The archive keeps its tensors where only PyTorch 1.4 looked for them.",
                       "Save it again to get an archive that torch reads.")
            return "tensors/"
        return "data/"

    def _report_salvaged(self, salvaged: Salvaged, tensors: Sequence[TensorInfo]) -> None:
        problems = [info.problem.partition(":")[0] for info in tensors]
        cut, lost = problems.count("truncated"), problems.count("lost")
        where = f"byte {salvaged.end}"
        if not cut and not lost:
            kept = "its tensor is" if len(tensors) == 1 else f"all {len(tensors):,} tensors are"
            self.findings.insert(0, Finding("truncated-archive", "danger", where, f"The end of the archive is missing: {kept} whole, "
                                            "its directory is gone, and no other program opens it.",
                                            "Save it anew under another name, or fetch the file again."))
            return
        self.findings.insert(0, Finding("truncated-archive", "danger", where, f"The end of the file is missing: of {len(tensors):,} "
                                        f"tensors {len(tensors) - cut - lost:,} are there, {cut:,} cut short and {lost:,} lost.",
                                        "Fetch the file again. What is there can be shown, and saved under another name."))

    def _add_finding(self, id: str, level: Level, where: str, message: str, hint: str = "", members: Iterable[str] = ()) -> None:
        self.findings.append(Finding(id, level, visible(where), message, hint, members=tuple(members)))

    # -- records ------------------------------------------------------------------------------------------------------

    def _find(self, record: str) -> str | None:
        """The member's name for `record` ("data/0"); found without regard to case where it is not there exactly."""
        name = self.top + record
        if not self.names.has_like(name):
            return None
        if name in self.directory.members:
            return name
        if self.by_case is None:
            self.by_case = {name.lower(): name for name in self.directory.members}
        found = self.by_case.get(name.lower())
        if found is not None and not any(finding.id == "case" for finding in self.findings):
            self._add_finding("case", "warning", found, f"The record {quoted(record, 80)} is named {quoted(found, 80)}: torch "
                       "finds it all the same, other programs may not.")
        return found

    def _facts(self, records: dict[str, str]) -> dict[str, str]:
        facts = {"folder": self.top.rstrip("/")} if self.top else {}
        for record, fact in _FACTS.items():
            name = records.get(record) or (records.get(".data/version") if record == "version" else None)
            text = self._small_text(name) if name is not None else None
            if text is not None:
                facts[fact] = visible(text.strip(), 80)
            if record == "version":
                self._check_version(name, text)
            elif record == "byteorder":
                self._check_byteorder(name, text)
        return facts

    def _small_text(self, name: str) -> str | None:
        extent = self.directory.members[name]
        if name in self.directory.notes:
            return None
        try:
            raw = self._bytes(extent, min(extent.size, _FACT_BYTES))
        except BadTensor as error:
            self._add_finding("bad-member", "warning", name, f"The member {quoted(name, 80)} cannot be read: {error.message}.")
            return None
        return raw.decode("utf-8", "replace")

    def _check_version(self, name: str | None, text: str | None) -> None:
        """torch wants an integer from 1 to 10."""
        if name is None and self.salvaged is not None:
            return             # torch writes it last
        if name is None:
            self._add_finding("version", "warning", self.top + "version", "The archive has no version record: torch refuses it.",
                       "Save it again to get an archive that torch reads.")
            return
        digits = (text or "").strip()
        number = int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 10 else -1
        if not 1 <= number <= _MAX_VERSION:
            self._add_finding("version", "warning", name, f"The archive says it is of version {quoted(digits, 40)}; torch reads 1 to "
                       f"{_MAX_VERSION}.", "It may come from a newer PyTorch, or have been changed by hand.")

    def _check_byteorder(self, name: str | None, text: str | None) -> None:
        if name is None or text == "little":
            return
        if text == "big":
            self.big_endian = True
            return
        said = "cannot be read" if text is None else f"says {quoted(text, 40)}"
        self.order_problem = f"byteorder: the byte order record {said} instead of 'little' or 'big'"
        self._add_finding("byteorder", "danger", name, f"The byte order record {said} instead of 'little' or 'big': no value in this file "
                   "can be told.", "The file was damaged or changed by hand: fetch it again.")

    def _bytes(self, extent: Extent, nbytes: int | None = None) -> bytes:
        """The first `nbytes` bytes of a member, or all. Raises BadTensor."""
        return read_member(self.source, extent, nbytes)

    # -- pickles ------------------------------------------------------------------------------------------------------

    def _with(self, contents: Contents, root: str, more: Contents, base: int) -> Contents:
        """`contents`, and under `root` what another pickle of a TorchScript archive holds: what its code refers to by numbers, what it was
        traced with. `base` is what its nodes are counted from."""
        taken = {info.key for info in contents.tensors}.union(key for key, _ in contents.values)
        while any(f"{root}.{key}" in taken for key in (*(info.key for info in more.tensors), *(key for key, _ in more.values))):
            root += "#2"
        ids = {id: id for id in more.storages}
        tensors = (renamed(info, ids, base)._replace(key=f"{root}.{info.key}", state_dict=None) for info in more.tensors)
        values = ((f"{root}.{key}", renumbered(value, ids, base)) for key, value in more.values if key)
        return contents._replace(tensors=[*contents.tensors, *tensors], values=[*contents.values, *values],
                                 storages=MappingProxyType({**contents.storages, **more.storages}))

    def _scripts(self, graph: Graph) -> Scripts:
        """What the archive's code declares of the classes that `graph` names."""
        wanted: dict[str, set[str]] = {}
        for module, name in graph.names:
            if module.partition(".")[0] == "__torch__":
                wanted.setdefault(module, set()).add(name)
        found: dict[Name, ScriptClass] = {}
        left = _CODE_BYTES
        for module, names in wanted.items():
            self.monitor.check()
            member = self.top + torchscript_classes.member_of(module)
            extent = self.directory.members.get(member)
            if extent is None or member in self.directory.notes or extent.size > left:
                continue
            left -= extent.size
            try:
                text = self._bytes(extent).decode("utf-8", "replace")
            except BadTensor as error:
                self._add_finding("bad-member", "warning", member, f"The member {quoted(member, 80)} cannot be read: {error.message}.")
                continue
            found.update(torchscript_classes.classes(module, text, names))
        return found

    def _contents_of(self, name: str, folder: str, is_script: bool = False) -> Contents:
        """Decodes the pickle in member `name`, whose storages lie in `folder`, and says what is in it."""
        data = self._pickle_bytes(name)
        label = self._label(name)
        try:
            graph = decode(data, limits=self.limits, monitor=self.monitor, member=label, budget=self.budget)
        except InspectorError as error:
            error.findings = (*error.findings, *self.directory.findings, *self.findings, *findings_before(error, label))
            raise
        graph, texts = load_texts(graph)
        self.findings += text_id_findings(texts, label)
        embedded = load_embedded(graph, forget_loader=False, budget=self.budget, limits=self.limits, monitor=self.monitor)
        graph = embedded.graph
        self.pickles.append(Pickle(label, graph))
        contents = contents_of(graph, embedded.resolver(self._resolver(folder)), resolve_many=self._many_resolver(folder),
                                scripts=self._scripts(graph) if is_script else None, member=label, limits=self.limits,
                                monitor=self.monitor)
        self.findings += contents.findings
        self._trailing(data, graph, label, folder)
        return contents

    def _pickle_bytes(self, name: str) -> bytes:
        extent = self.directory.members[name]
        where = visible(name, 80)
        note = self.directory.notes.get(name)
        if note and not note.startswith("too_big"):
            raise Corrupt(f"the object's record cannot be read: {note.partition(': ')[2]}",
                          "The archive is damaged: fetch or copy it again.", where)
        inflated = extent.method != STORED
        allowed = min(self.limits.pickle_bytes, max(_PICKLE_FREE, extent.nbytes * _PICKLE_RATIO) if inflated else extent.size)
        if note or extent.size > allowed:
            packed = f", packed into {extent.nbytes:,}" if inflated else ""
            raise TooBig(f"the record has {extent.size:,} bytes{packed}: more than an object's description needs",
                         "The file may be hostile. Open it with larger limits if you trust it.", where)
        try:
            data = self._bytes(extent)
        except BadTensor as error:
            raise Corrupt(f"the record cannot be read: {error.message}", error.hint, where) from error
        if extent.crc is not None and crc32(data) != extent.crc:
            self._add_finding("checksum", "danger", name, f"The bytes of {where!r} are not the ones that were saved: their checksum "
                       "(CRC-32) differs.", "torch does not notice. Fetch or copy the file again.")
        return data

    def _trailing(self, data: bytes, graph: Graph, label: str, folder: str) -> None:
        """Pickles behind the first one: no reader of torch's gets there, others may."""
        count = 1
        while graph.end < len(data):
            at = graph.end
            where = f"{label}:{at}"
            if count >= self.limits.pickles_per_stream:
                self._add_finding("trailing-bytes", "warning", where, f"{len(data) - at:,} bytes behind pickle {count} are not looked at.")
                return
            try:
                graph = decode(data, at, limits=self.limits, monitor=self.monitor, member=label, budget=self.budget)
            except InspectorError as error:
                self._add_finding("trailing-bytes", "warning", where, f"{counted(len(data) - at, 'byte follows', 'bytes follow')} the "
                           "pickle that torch reads and "
                           "are no pickle themselves.")
                self.findings += findings_before(error, label)
                return
            self._add_finding("trailing-pickle", "warning", where, "Another pickle follows the one that torch reads.",
                       "It is shown under its findings only.")
            self._add_pickle(graph, label, folder)
            count += 1

    def _add_pickle(self, graph: Graph, label: str, folder: str) -> Contents:
        """Keeps a pickle that is not the object: its findings, and which storages it refers to."""
        self.pickles.append(Pickle(label, graph))
        contents = contents_of(graph, self._resolver(folder), member=label, limits=self.limits, monitor=self.monitor)
        self.findings += contents.findings
        return contents

    def _extra_pickles(self, known: set[str], is_script: bool) -> list[tuple[str, Contents, int]]:
        """Looks into all other pickles. Gives what TorchScript's own hold besides what was listed: (name, contents, the number
        of its first node)."""
        found = []
        for name in self._pickle_like(known, is_script):
            label = self._label(name)
            try:
                data = self._pickle_bytes(name)
                graph = decode(data, limits=self.limits, monitor=self.monitor, member=label, budget=self.budget)
            except InspectorError as error:
                self._add_finding("extra-pickle", "warning", label, f"The archive holds {quoted(label, 80)}, which looks like a pickle "
                           f"of its own and breaks off: {error.message}.", "torch.load does not read it.")
                self.findings += findings_before(error, label)
                continue
            expected = is_script and label in _SCRIPT_PICKLES
            if not expected:
                self._add_finding("extra-pickle", "warning", label, f"The archive holds another pickle, {quoted(label, 80)}.",
                           "torch.load does not read it; what it names is listed here.")
            folder = self._folder_of(label) if expected else "data/"
            listed, base = bytes(self.used), sum(len(pickled.graph) for pickled in self.pickles)
            contents = self._add_pickle(graph, label, folder)
            self._trailing(data, graph, label, folder)
            if expected and folder != "data/":
                found.append((label.removesuffix(".pkl"), self._unlisted(contents, listed), base))
        return found

    def _folder_of(self, label: str) -> str:
        """Where the storages of one of TorchScript's other pickles lie: those of bytecode.pkl among the constants, until torch
        1.6 in a folder of its own."""
        own = label.removesuffix(".pkl") + "/"
        if any(name.startswith(self.top + own) for name in self.directory.members):
            return own
        return "constants/" if label == "bytecode.pkl" else "data/"

    def _unlisted(self, contents: Contents, listed: bytes) -> Contents:
        """The tensors of `contents` whose records no key led to before, as `listed` says by their numbers; its values
        describe code, not the model. Of what a model was traced with torch keeps the shapes only: those records are empty."""
        number = self.directory.members.number
        fresh = {id for id, storage in contents.storages.items()
                 if storage.extent is not None and (storage.extent.size or not storage.nbytes)
                 and not ((n := number(self.top + (id if "/" in id else f"data/{id}"))) >= 0 and listed[n])}
        return contents._replace(tensors=[info for info in contents.tensors if info.storage in fresh], values=[],
                                 storages={id: storage for id, storage in contents.storages.items() if id in fresh})

    def _pickle_like(self, known: set[str], is_script: bool) -> list[str]:
        """Members that are pickles by name or first bytes. TorchScript's debug files are, and are no secret."""
        aside = (self.top + self.folder, *((self.top + "code/", self.top + "constants/") if is_script else ()))
        found, looked = [], 0
        for name in self._unused():
            extent = self.directory.members[name]
            if name in known or extent.size < 2 or (name.endswith(".debug_pkl") and is_script):
                continue
            if name.lower().endswith((".pkl", ".pickle")):
                found.append(name)
            elif not name.startswith(aside) and looked < _SNIFFED:
                looked += 1
                if self._starts_like_pickle(name, extent):
                    found.append(name)
        if len(found) > self.limits.pickles_per_stream:
            self._add_finding("extra-pickle", "warning", "", f"Of {len(found):,} more pickles in the archive only the first "
                       f"{self.limits.pickles_per_stream} are looked into.")
        return found[:self.limits.pickles_per_stream]

    def _starts_like_pickle(self, name: str, extent: Extent) -> bool:
        if name in self.directory.notes:
            return False
        try:
            start = self._bytes(extent, 2)
        except BadTensor:
            return False
        return start[0] == 0x80 and 2 <= start[1] <= 5

    def _label(self, name: str) -> str:
        return name[len(self.top):] if name.startswith(self.top) else name

    # -- storages -----------------------------------------------------------------------------------------------------

    def _resolver(self, folder: str) -> Callable[[StorageRef], Storage]:
        """Storage references -> storages, for a pickle whose records lie in `folder`."""
        prefix = "" if folder == self.folder else folder
        base, members, used = self.top + folder, self.directory.members, self.used
        doubtful = bool(self.directory.notes or self.order_problem)
        new = tuple.__new__

        def resolve(ref: StorageRef) -> Storage:
            key, dtype, device, numel, _, wrong = ref
            if not (wrong or doubtful or key is None or dtype is None or device == "meta"):
                extent = members.get(base + key)
                nbytes = numel * _WIDTHS.get(dtype, -1)
                if extent is not None and extent.size == nbytes:      # as nearly always
                    used[members.number(base + key)] = 1
                    return new(Storage, (prefix + key, dtype, device, nbytes, extent, self.big_endian, "", None))
            return self._resolve_carefully(ref, folder, prefix)

        return resolve

    def _many_resolver(self, folder: str) -> ResolveMany:
        """The same for many at once, whose keys are numbers."""
        prefix = "" if folder == self.folder else folder
        base, members = self.top + folder, self.directory.members

        def resolve(refs: ManyRefs) -> ManyStorages | None:
            if self.directory.notes or self.order_problem:
                return None
            return _Records(members, base, prefix, refs, self.big_endian, self.used, self.monitor)

        return resolve

    def _resolve_carefully(self, ref: StorageRef, folder: str, prefix: str) -> Storage:
        nbytes = max(ref.numel, 0) * _WIDTHS.get(ref.dtype or "", 1)
        dtype = ref.dtype or "uint8"
        name = f"{prefix}{ref.key}" if ref.key is not None else f"?{ref.node}"
        if ref.device == "meta":
            return Storage(name, dtype, ref.device, nbytes, None, problem=ref.problem or _META)
        member, problem = self._record(ref, folder)
        if member is None and self.salvaged is not None and not nbytes:
            return Storage(name, dtype, ref.device, 0, Extent(self.source.index, 0, 0, 0), self.big_endian, ref.problem)
        if member is None:
            return Storage(name, dtype, ref.device, nbytes, None, self.big_endian, ref.problem or problem)
        extent = self.directory.members[member]
        if not problem and extent.size != nbytes:
            problem = f"size_mismatch: the pickle says {nbytes:,} bytes, its record has {extent.size:,}"
        return Storage(name, dtype, ref.device, nbytes, extent, self.big_endian, ref.problem or problem or self.order_problem)

    def _record(self, ref: StorageRef, folder: str) -> tuple[str | None, str]:
        """(member that holds a storage or None, what is wrong with it). A key is only ever a member's name: no path."""
        if ref.key is None or ref.problem.startswith("bad_key"):
            return None, ref.problem
        member: str | None = self.top + folder + ref.key
        if member not in self.directory.members:
            member = self._find(folder + ref.key)
        if member is None and self.salvaged is not None:
            return None, "lost: the file ends before its bytes"
        if member is None:
            return None, f"missing: the archive has no record {visible(folder + ref.key, 80)}"
        self.used[self.directory.members.number(member)] = 1
        return member, self.directory.notes.get(member, "")

    def _unused(self) -> list[str]:
        return [*compress(self.directory.members.names, map(not_, self.used))]

    def _orphans(self) -> None:
        folder = self.top + self.folder
        orphans = [name for name in self._unused() if name.startswith(folder) and self.directory.members[name].size]
        if orphans:
            nbytes = sum(self.directory.members[name].size for name in orphans)
            shown = ", ".join(visible(self._label(name), 40) for name in orphans[:3]) + (", …" if len(orphans) > 3 else "")
            self._add_finding("orphan-records", "warning", orphans[0], f"{count(len(orphans), 'record')} with {nbytes:,} bytes "
                       f"{'belongs' if len(orphans) == 1 else 'belong'} to no "
                       f"tensor: {shown}.", "They are kept unless unreferenced records are dropped.", orphans)

    def _checksums(self) -> None:
        columns = self.directory.members.columns
        missing = sum(not crc and size > 0 for crc, size in zip(columns.crcs, columns.sizes, strict=True)) \
            if columns is not None and 0 in columns.crcs else 0
        if missing:
            self._add_finding("no-checksum", "info", "", f"{missing:,} of {len(self.used):,} members carry no checksum: damage to "
                       "them cannot be noticed.", "torch writes none after torch.serialization.set_crc32_options(False).")


class _Records:
    """The storages of many keys, which lie in records of these names under `base`."""

    __slots__ = ("_base", "_big_endian", "_device", "_devices", "_dtype", "_dtypes", "_keys", "_members", "_numbers", "_prefix", "_used",
                 "good", "nbytes")

    def __init__(self, members: Members, base: str, prefix: str, refs: ManyRefs, big_endian: bool, used: bytearray,
                 monitor: Monitor) -> None:
        import numpy as np
        self._members, self._base, self._prefix, self._big_endian = members, base, prefix, big_endian
        self._keys = compact(refs.keys)
        self._dtype, self._dtypes = bytes(refs.dtype.astype(np.uint8)), refs.dtypes
        self._device, self._devices = compact(refs.device), refs.devices
        self._used: bytearray | None = used         # until it is known which are
        widths = np.array([_WIDTHS.get(dtype, 0) for dtype in refs.dtypes], np.int64)[refs.dtype]
        possible = (widths > 0) & (refs.numels <= _NO_SIZE // np.maximum(widths, 1))
        nbytes = np.where(possible, np.where(possible, refs.numels, 0) * widths, _NO_SIZE)
        self.nbytes: Sequence[int] = compact(nbytes)
        self._numbers: Sequence[int] = members.numbers_of(base, map(str, refs.keys.tolist()), len(self._keys), monitor)
        good = nbytes.view(np.uint64) == np.array(members.sizes(self._numbers), np.uint64)
        if "meta" in refs.devices:
            good &= refs.device != refs.devices.index("meta")
        self.good: Sequence[int] = bytes(good)

    def ids(self, places: Iterable[int]) -> Iterable[str]:
        keys = map(str, map(self._keys.__getitem__, places))
        return map(self._prefix.__add__, keys) if self._prefix else keys

    def place_of(self, id: str) -> int:
        number = number_of(id.removeprefix(self._prefix)) if id.startswith(self._prefix) else -1
        place = bisect_left(self._keys, number)         # which go up
        return place if number >= 0 and place < len(self._keys) and self._keys[place] == number else -1

    def storage(self, place: int) -> Storage:
        return Storage(f"{self._prefix}{self._keys[place]}", self._dtypes[self._dtype[place]], self._devices[self._device[place]],
                       self.nbytes[place], self._members.extent(self._numbers[place]), self._big_endian)

    def storages(self, places: Sequence[int]) -> Iterable[Storage]:
        dtypes = map(self._dtypes.__getitem__, map(self._dtype.__getitem__, places))
        devices = map(self._devices.__getitem__, map(self._device.__getitem__, places))
        extents = self._members.extents([*map(self._numbers.__getitem__, places)])
        return map(_new, repeat(Storage), zip(self.ids(places), dtypes, devices, map(self.nbytes.__getitem__, places), extents,
                                              repeat(self._big_endian), repeat(""), repeat(None)))

    def column(self, field: str, places: Sequence[int]) -> Iterable[Any]:
        match field:
            case "id":
                return self.ids(places)
            case "device":
                return map(self._devices.__getitem__, map(self._device.__getitem__, places))
            case "nbytes":
                return map(self.nbytes.__getitem__, places)
            case "place":
                return self._members.places([*map(self._numbers.__getitem__, places)])
        same = {"big_endian": self._big_endian, "constant": None, "has_bytes": True}
        return repeat(same[field], len(places))

    def are(self, keys: Ints) -> bool:
        import numpy as np
        return not self._prefix and np.array_equal(np.array(self._keys, np.int64), keys)

    def use(self, places: Ints) -> None:
        import numpy as np
        if self._used is not None:
            used, numbers = np.frombuffer(self._used, np.uint8), self._numbers
            used[places + numbers.start if isinstance(numbers, range) else np.array(numbers, np.int64)[places]] = 1
            self._used = None


class _Unzipped(_Archive):
    """The same where each member is a file. None of them has a checksum, which is not told."""

    def __init__(self, source: SourceFile, found: unzipped.Unzipped, limits: Limits, monitor: Monitor) -> None:
        self.stamps = found.stamps
        super().__init__(source, ZipDirectory(Members.of(found.members), found.notes, {}, found.findings, 0, b"", {}), limits, monitor)

    def _bytes(self, extent: Extent, nbytes: int | None = None) -> bytes:
        stamp = self.stamps[extent.file]
        with open_source(stamp.path, stamp, extent.file) as source:
            return read_member(source, extent, nbytes)

    def _checksums(self) -> None:
        pass
