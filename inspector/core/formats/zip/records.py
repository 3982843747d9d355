"""The records of a torch archive that is told by JSON: found by name, read in bounds, listed."""
from __future__ import annotations

import zlib
from collections.abc import Iterable
from functools import partial
from itertools import repeat

from inspector.core.checkpoint import Extent, Member, Pickle
from inspector.core.errors import BadTensor, Corrupt, InspectorError, TooBig
from inspector.core.findings import Finding, Level
from inspector.core.graph import Graph
from inspector.core.io.sources import STORED, SourceFile, read_member
from inspector.core.keypath import visible
from inspector.core.limits import Limits
from inspector.core.pickles.decode.machine import Budget, decode
from inspector.core.pickles.objects.code import code_findings, findings_before
from inspector.core.progress import Monitor
from inspector.core.wording import count

from . import archive_kind
from .directory import ZipDirectory, read_directory

_RATIO, _FREE = 128, 64 << 20       # a deflated record may unpack that much, or to that many bytes
_FACT_BYTES = 4096                  # of a small text record that are looked at
_DAMAGED = "The archive is damaged: fetch or copy it again."


class Records:
    """The archive `source` being read; `findings` is what was odd about it so far, `pickles` what was decoded of it."""

    def __init__(self, source: SourceFile, limits: Limits, monitor: Monitor) -> None:
        self.source = source
        self.directory: ZipDirectory = read_directory(source, limits, monitor)
        self.names = self.directory.members
        self.top = archive_kind.top_of(self.names)
        self.limits = limits
        self.monitor = monitor
        self.budget = Budget(limits)
        self.pickles: list[Pickle] = []
        self.findings: list[Finding] = []

    def find(self, record: str) -> str | None:
        """The member that is `record`, or None."""
        name = self.top + record
        return name if name in self.names else None

    def inner(self) -> list[str]:
        """All members' names without the top folder."""
        return [name[len(self.top):] for name in self.names]

    def extent(self, record: str) -> tuple[Extent | None, str]:
        """(where `record` lies or None, why its bytes cannot be had or "")."""
        name = self.find(record)
        if name is None:
            return None, f"missing: the archive has no record {visible(record, 80)}"
        return self.names[name], self.directory.notes.get(name, "")

    def read(self, record: str, most: int) -> bytes:
        """All of `record`, which may have `most` bytes. Raises Corrupt, TooBig; a wrong checksum is a finding."""
        name, where = self.top + record, visible(record, 80)
        if name not in self.names:
            raise Corrupt(f"the record {where} is missing", _DAMAGED, where, id="missing")
        self.directory.confirm(self.source, [name])
        extent, note = self.names[name], self.directory.notes.get(name, "")
        if note and not note.startswith("too_big"):
            raise Corrupt(f"the record cannot be read: {note.partition(': ')[2]}", _DAMAGED, where)
        packed = extent.method != STORED
        allowed = min(most, max(_FREE, extent.nbytes * _RATIO)) if packed else most
        if note or extent.size > allowed:
            raise TooBig(f"the record has {count(extent.size, 'byte')}: more than it needs", "The file may be hostile. Open it with "
                         "larger limits if you trust it.", where)
        try:
            data = read_member(self.source, extent)
        except BadTensor as error:
            raise Corrupt(f"the record cannot be read: {error.message}", error.hint, where) from error
        if extent.crc is not None and zlib.crc32(data) != extent.crc:
            self.add_finding("checksum", "danger", record, f"The bytes of {where!r} are not the ones that were saved: their checksum "
                      "(CRC-32) differs.", "Fetch or copy the file again.")
        return data

    def text(self, record: str) -> str | None:
        """A small text, as one line to show; None where there is none."""
        if self.find(record) is None:
            return None
        try:
            return visible(self.read(record, _FACT_BYTES).decode("utf-8", "replace").strip(), 80)
        except InspectorError:
            return None

    def decode(self, record: str) -> Graph:
        """The pickle `record`. Raises as `read` and `pickles.machine.decode`, with the names that it told before it broke off
        among the findings."""
        data = self.read(record, self.limits.pickle_bytes)
        try:
            graph = decode(data, limits=self.limits, monitor=self.monitor, member=record, budget=self.budget)
        except InspectorError as error:
            error.findings = (*error.findings, *findings_before(error, record))
            raise
        self.pickles.append(Pickle(record, graph))
        self._trailing(record, data, graph.end)
        return graph

    def _trailing(self, record: str, data: bytes, at: int) -> None:
        """Pickles behind the first one: no reader of torch's gets there, others may."""
        for _ in range(self.limits.pickles_per_stream):
            if at >= len(data):
                return
            self.add_finding("trailing-pickle", "warning", f"{record}:{at}", f"{len(data) - at:,} more bytes follow the pickle that torch "
                      "reads.", "What they name is listed among the findings.")
            try:
                graph = decode(data, at, limits=self.limits, monitor=self.monitor, member=record, budget=self.budget)
            except InspectorError as error:
                self.findings += findings_before(error, record)
                return
            self.findings += code_findings(graph, record, limits=self.limits, monitor=self.monitor)
            at = graph.end

    def add_finding(self, id: str, level: Level, where: str, message: str, hint: str = "", members: Iterable[str] = ()) -> None:
        self.findings.append(Finding(id, level, visible(where), message, hint, members=tuple(members)))

    def members(self) -> tuple[Member, ...]:
        notes = {**self.directory.remarks, **self.directory.notes}
        texts: Iterable[str] = map(notes.get, self.names, repeat("")) if notes else repeat("", len(self.names))
        return tuple(map(partial(tuple.__new__, Member), zip(self.names, self.names.values(), texts, strict=True)))

    def all_findings(self) -> tuple[Finding, ...]:
        extents = self.names.values()
        missing = [extent.crc for extent in extents].count(None)
        if missing:
            self.add_finding("no-checksum", "info", "", f"{missing:,} of {count(len(extents), 'member')} carry no checksum: damage to them "
                      "cannot be noticed.")
        return (*self.directory.findings, *self.findings)
