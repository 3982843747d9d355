"""A zip archive whose end is missing, as an interrupted download leaves it: what its local headers still tell.

torch streams its records: a local header whose sizes are 0 (flag 8), the bytes, a data descriptor ("PK\\7\\8", CRC, sizes), the
next header (miniz, from torch 1.6 to 2.13; empty records state their size and have no descriptor). So where a record ends is
known from what the object, written first, says of its storages, and the descriptor there confirms it; any other record's end
is found by looking for the descriptor whose sizes and CRC fit. Without the object nothing can be told.
"""
from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

from inspector.core.checkpoint import Extent, Storage
from inspector.core.dtypes import DTYPES
from inspector.core.errors import InspectorError, TooBig, Truncated, Unsupported
from inspector.core.findings import Finding
from inspector.core.formats.shared.windowed import Windowed
from inspector.core.graph import Graph
from inspector.core.io import zip_local_header
from inspector.core.io.sources import STORED, SourceFile
from inspector.core.keypath import quoted, visible
from inspector.core.limits import Limits
from inspector.core.pickles.decode.machine import decode
from inspector.core.pickles.objects.code import findings_before
from inspector.core.pickles.objects.contents import contents_of
from inspector.core.pickles.objects.storages import StorageRef
from inspector.core.progress import Monitor

from .directory import ZipDirectory, check_names
from .members import Members

_MAIN = "data.pkl"
_LOCAL = struct.Struct("<4s2xHH4xIIIHH")
_DESCRIPTOR = b"PK\x07\x08"
_DESCRIPTORS = (struct.Struct("<4sIII"), struct.Struct("<4sIQQ"))       # the second beyond 4 GB
_AFTER = (zip_local_header.SIGNATURE, b"PK\x01\x02", b"PK\x06\x06", b"PK\x05\x06")
_FIRST_LOOK, _CHUNK = 4 << 10, 4 << 20     # bytes looked through at once, more with each look at the same record

_FALSE_ENDS = 200_000          # signatures that end no record: bytes made of them must not take minutes


class Salvaged(NamedTuple):
    """`end` is where the archive breaks off."""

    directory: ZipDirectory
    end: int


def read_directory(source: SourceFile, broken: Truncated, limits: Limits, monitor: Monitor) -> Salvaged:
    """What is left of the members of a torch archive that ends early. The record that is cut has a note, "truncated: …".

    Raises `broken`, with the names the object's beginning still tells, when there is no whole object; TooBig, Unsupported
    (encrypted) and Ambiguous as `zip_directory.read_directory`.
    """
    scan = _Walk(source, limits, monitor)
    scan.run()
    if not scan.main:
        broken.findings = (*broken.findings, *scan.findings)
        if scan.members or scan.findings:
            broken.hint += " The record that says which tensors there are (data.pkl) is cut or lies behind the break."
        raise broken
    findings = check_names(list(scan.members))
    directory = ZipDirectory(Members.of(scan.members), scan.notes, {}, findings, 0, b"", {})
    return Salvaged(directory, scan.at)


class _Record(NamedTuple):
    name: str
    payload: int
    method: int
    crc: int
    nbytes: int
    size: int
    open_ended: bool            # sizes and CRC follow the bytes


class _Walk:
    """From one local header to the next. `main` is the object's record, once it was found whole."""

    def __init__(self, source: SourceFile, limits: Limits, monitor: Monitor) -> None:
        self.source = source
        self.limits = limits
        self.monitor = monitor
        self.near = Windowed(source, source.size)
        self.members: dict[str, Extent] = {}
        self.notes: dict[str, str] = {}
        self.findings: tuple[Finding, ...] = ()
        self.main = ""
        self.expected: dict[str, int] = {}
        self.at = 0
        self.false_ends = 0

    def run(self) -> None:
        while (record := self._record(self.at)) is not None:
            self.monitor.check()
            if record.name in self.members:
                check_names([record.name, record.name])       # raises Ambiguous
            if len(self.members) >= self.limits.zip_entries:
                raise TooBig(f"the ZIP archive has more than {self.limits.zip_entries:,} members",
                             "Open it with larger limits if you trust it.")
            if not self._take(record):
                return
            self.monitor.report(self.at, self.source.size)

    def _record(self, at: int) -> _Record | None:
        """The local header at `at`; None where there is none or it is cut."""
        head = self._bytes(at, zip_local_header.FIXED)
        if len(head) < zip_local_header.FIXED or not head.startswith(zip_local_header.SIGNATURE):
            return None
        _, flags, method, crc, nbytes, size, n_name, n_extra = _LOCAL.unpack(head)
        rest = self._bytes(at + zip_local_header.FIXED, n_name + n_extra)
        if len(rest) < n_name + n_extra:
            return None
        name = _text(rest[:n_name])
        if flags & (zip_local_header.ENCRYPTED | zip_local_header.PATCHED):
            raise Unsupported(f"the member {quoted(name, 80)} is encrypted", "Unpack the archive with its password and pack it "
                              "again without one.", visible(name, 80), id="encrypted")
        if zip_local_header.FULL32 in (nbytes, size):
            nbytes, size = zip_local_header.zip64_sizes(rest[n_name:], nbytes, size)
        open_ended = bool(flags & zip_local_header.DESCRIPTOR) and not (nbytes or size)
        return _Record(name, at + zip_local_header.FIXED + n_name + n_extra, method, crc, nbytes, size, open_ended)

    def _take(self, record: _Record) -> bool:
        """Keeps what there is of the record and goes behind it; False when nothing can follow."""
        if not record.open_ended:
            return self._stated(record)
        expected = self.expected.get(record.name)
        if expected is not None and record.method == STORED and self._confirmed(record, expected):
            return True
        if expected is not None and record.payload + expected >= self.source.size - _DESCRIPTORS[1].size:
            return self._cut(record, expected)
        if self._searched(record):
            return True
        return self._cut(record, expected)

    def _stated(self, record: _Record) -> bool:
        """A record whose header says how long it is."""
        if record.payload + record.nbytes > self.source.size:
            return self._cut(record, record.nbytes, record.size)
        self._keep(record, record.nbytes, record.size, record.crc or None if record.size else 0)
        self.at = record.payload + record.nbytes
        if self._bytes(self.at, 4) == _DESCRIPTOR:
            self.at += next((d.size for d in _DESCRIPTORS if self._bytes(self.at + d.size, 4) in _AFTER), _DESCRIPTORS[0].size)
        return True

    def _confirmed(self, record: _Record, nbytes: int) -> bool:
        """Whether the descriptor stands where the object says the record ends; the CRC in it is verified when it is read."""
        end = record.payload + nbytes
        for form in _DESCRIPTORS:
            raw = self._bytes(end, form.size)
            if len(raw) == form.size:
                signature, crc, packed, size = form.unpack(raw)
                if signature == _DESCRIPTOR and packed == size == nbytes and self._goes_on(end + form.size):
                    self._keep(record, nbytes, nbytes, crc or None)
                    self.at = end + form.size
                    return True
        return False

    def _goes_on(self, at: int) -> bool:
        following = self._bytes(at, 4)
        return any(signature.startswith(following) for signature in _AFTER)

    def _searched(self, record: _Record) -> bool:
        """Looks through the bytes for the descriptor that says how many they were and what their CRC is."""
        crc, checked, at, step = 0, record.payload, record.payload, _FIRST_LOOK
        while at < self.source.size:
            self.monitor.check()
            block = self.source.read(at, min(step + 32, self.source.size - at))
            found = block.find(_DESCRIPTOR)
            while 0 <= found < step:
                ends = [(form.size, *form.unpack_from(block, found)[1:]) for form in _DESCRIPTORS if found + form.size <= len(block)]
                for length, crc_there, packed, size in ends:
                    end = at + found
                    if packed != end - record.payload or (record.method == STORED and size != packed) \
                            or not self._goes_on(end + length):
                        continue
                    if record.method == STORED and crc_there:
                        crc = zlib.crc32(self._between(checked, end, at, block), crc)
                        checked = end
                        if crc != crc_there:
                            continue
                    self._keep(record, packed, size, crc_there or None)
                    self.at = end + length
                    return True
                self.false_ends += 1
                if self.false_ends > _FALSE_ENDS:
                    return False
                found = block.find(_DESCRIPTOR, found + 1)
            done = min(at + step, self.source.size)
            crc = zlib.crc32(self._between(checked, done, at, block), crc)
            checked = at = done
            step = min(4 * step, _CHUNK)
        return False

    def _between(self, begin: int, end: int, at: int, block: bytes) -> memoryview:
        return memoryview(block)[begin - at:end - at]

    def _cut(self, record: _Record, expected: int | None, size: int | None = None) -> bool:
        """The last record: its end is missing, or cannot be found."""
        there = self.source.size - record.payload
        if self._is_main(record.name):
            self._take_main(record, there)
        elif expected is not None and there >= expected and record.method == STORED:
            self._keep(record, expected, expected, self._cut_crc(record.payload + expected))      # only what follows it is cut
        elif expected is not None and record.payload + expected > self.source.size:
            self._keep(record, there, there if record.method == STORED else size or 0, None)
            self.notes[record.name] = f"truncated: {there:,} of {expected:,} bytes are there"
        elif expected is not None:
            self._keep(record, there, there, None)
            self.notes[record.name] = "truncated: its end cannot be found"
        self.at = record.payload if record.name in self.notes else self.source.size
        return False

    def _cut_crc(self, end: int) -> int | None:
        raw = self._bytes(end, 8)
        return int.from_bytes(raw[4:], "little") or None if len(raw) == 8 and raw.startswith(_DESCRIPTOR) else None

    def _keep(self, record: _Record, nbytes: int, size: int, crc: int | None) -> None:
        self.members[record.name] = Extent(self.source.index, record.payload, nbytes, size, record.method, crc)
        if self._is_main(record.name) and not self.main:
            self._read_object(record, nbytes)

    # -- the object ---------------------------------------------------------------------------------------------------

    def _is_main(self, name: str) -> bool:
        return name.lower().endswith(_MAIN) and name[-len(_MAIN) - 1:-len(_MAIN)] in "/" and name.count("/") <= 1

    def _take_main(self, record: _Record, there: int) -> None:
        """The object's record without its end: it may be whole all the same."""
        data = self.source.read(record.payload, min(there, self.limits.pickle_bytes))
        graph = self._decoded(data)
        if graph is not None and record.method == STORED and graph.end + _DESCRIPTORS[1].size >= len(data):
            self._keep(record, graph.end, graph.end, None)

    def _read_object(self, record: _Record, nbytes: int) -> None:
        """How many bytes each storage of the object has. An object that cannot be read is none."""
        if record.method != STORED or nbytes > self.limits.pickle_bytes:
            self.main = record.name         # packed by another program, which states all sizes
            return
        graph = self._decoded(self.source.read(record.payload, nbytes))
        if graph is None:
            return
        self.main = record.name
        top = record.name[:-len(_MAIN)]

        def resolve(ref: StorageRef) -> Storage:
            dtype = ref.dtype or "uint8"
            known = DTYPES.get(dtype)
            if ref.key is not None and known is not None and ref.numel >= 0 and ref.device != "meta":
                self.expected[f"{top}data/{ref.key}"] = ref.numel * known.stored
            return Storage(ref.key or "", dtype, ref.device, 0, None)

        contents_of(graph, resolve, member=_MAIN, limits=self.limits, monitor=self.monitor)

    def _decoded(self, data: bytes) -> Graph | None:
        try:
            return decode(data, limits=self.limits, monitor=self.monitor, member=_MAIN)
        except InspectorError as error:
            self.findings = tuple(findings_before(error, _MAIN))
            return None

    def _bytes(self, at: int, nbytes: int) -> bytes:
        """Up to `nbytes` bytes: fewer where the file ends."""
        return self.near.read(at, min(nbytes, self.source.size - at)) if at < self.source.size else b""


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp437")
