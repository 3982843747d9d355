"""The zip archive that `torch.save` writes, laid out as torch lays it out.

    <top>/data.pkl  .format_version  .storage_alignment  byteorder  data/<n> …  version  .data/serialization_id

Members are stored, never packed; sizes and CRC-32 stand in a data descriptor behind each (flags 0x0808), as they do in torch's
files; an `FB` field in the local header fills up so that every payload begins at a multiple of the alignment; zip64 fields
where a number needs them, the zip64 end record always. Sources: caffe2/serialize/inline_container.cc (`getPadding`,
`writeRecord`, `writeEndOfFile`) and miniz.c of torch 2.13, APPNOTE 6.3.10.

A file that was an archive keeps its members' order and those that are not part of the object (`code/`, `extra/` …) as they are.
"""
from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, Constant, Member, Storage, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.edits.drop_broken import how_to_save_without
from inspector.core.errors import SaveError
from inspector.core.formats.zip.members import names_of, places_of
from inspector.core.graph import Graph
from inspector.core.io.zip_local_header import FIXED, FULL32
from inspector.core.keypath import visible
from inspector.core.pickles.encode.records import lacking
from inspector.core.pickles.objects.storages import fields_of
from inspector.core.progress import QUIET, Monitor, distinct, stoppable
from inspector.core.saving.disk.payloads import Output, Payload, Written
from inspector.core.saving.object.pickled import Pickled, Record
from inspector.core.wording import count

ALIGNMENT = 64
ID = ".data/serialization_id"
_ID_NBYTES = 40
_OWN = ("data.pkl", ".format_version", ".storage_alignment", "byteorder", "version", ID)
_UTF8, _DESCRIPTOR = 0x0800, 0x0008
_DIGITS = 10 ** 20

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_ENTRY = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END64 = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR = struct.Struct("<4sIQI")
_END = struct.Struct("<4sHHHHIIH")


class Archive(NamedTuple):
    """A file to be: members in order by their names under `top`, what they are made of, and the alignment in bytes. `records`
    says whose bytes are in which. Numbers from `limit` on do not fit zip's 32-bit fields."""

    top: str
    members: dict[str, Payload]
    records: tuple[Record, ...] = ()
    alignment: int = ALIGNMENT
    limit: int = FULL32

    def names(self) -> list[bytes]:
        return [f"{self.top}/{name}".encode("utf-8", "surrogateescape") for name in self.members]

    @property
    def nbytes(self) -> int:
        """Of the whole file, exactly."""
        return self.size()

    def size(self, monitor: Monitor = QUIET) -> int:
        """The same."""
        at, directory = 0, 0
        for name, payload in stoppable(zip(self.names(), self.members.values(), strict=True), monitor):
            start = at
            at += len(self.header(name, payload.nbytes, at)) + payload.nbytes + len(self.descriptor(payload.nbytes, 0))
            directory += len(self.entry(name, payload.nbytes, 0, start))
        return at + directory + _END64.size + _LOCATOR.size + _END.size

    def header(self, name: bytes, nbytes: int, at: int) -> bytes:
        """The local header at byte `at`, up to the payload."""
        big = nbytes >= self.limit
        extra = struct.pack("<HHQQ", 1, 16, nbytes, nbytes) if big else b""
        start = at + FIXED + len(name) + len(extra) + 4
        fill = -start % self.alignment
        extra += b"FB" + struct.pack("<H", fill) + b"Z" * fill
        flags, said = _flags(nbytes), FULL32 if big else 0
        return _LOCAL.pack(b"PK\x03\x04", 45 if big else 0, flags, 0, 0, 0, 0, said, said, len(name), len(extra)) + name + extra

    def descriptor(self, nbytes: int, crc: int) -> bytes:
        if not nbytes:
            return b""
        return struct.pack("<4sIQQ" if nbytes >= self.limit else "<4sIII", b"PK\x07\x08", crc, nbytes, nbytes)

    def entry(self, name: bytes, nbytes: int, crc: int, at: int) -> bytes:
        """The member in the central directory."""
        big, far = nbytes >= self.limit, at >= self.limit
        numbers = [nbytes, nbytes] * big + [at] * far
        extra = struct.pack(f"<HH{len(numbers)}Q", 1, 8 * len(numbers), *numbers) if numbers else b""
        size = FULL32 if big else nbytes
        return _ENTRY.pack(b"PK\x01\x02", 0, 45 if numbers else 0, _flags(nbytes), 0, 0, 0, crc, size, size, len(name), len(extra), 0,
                           0, 0, 0, FULL32 if far else at) + name + extra


def lay_out(ckpt: Checkpoint, pickled: Pickled, path: str, drop_members: frozenset[str] = frozenset(),
            as_it_was: bool = True, monitor: Monitor = QUIET) -> Archive:
    """The archive for `ckpt`, whose object is `pickled`. `drop_members` are other members that are not to be kept; without
    `as_it_was` nothing of an archive it came from is kept but its tensors. Raises SaveError when a storage's bytes cannot be had."""
    source = ckpt.as_opened
    old: Mapping[str, Member] = {}
    if as_it_was:
        old = old_members(source, monitor)
        if ckpt.members is not source.members:
            there = distinct(names_of(ckpt.members), monitor)
            old = {name: member for name, member in stoppable(old.items(), monitor) if member.name in there}
    big = is_big_endian(ckpt, monitor)
    made: dict[str, Payload] = {"data.pkl": _literal("data.pkl", pickled.data)}
    for name, data in ((".format_version", b"1"), (".storage_alignment", b"%d" % ALIGNMENT)):
        if not old or name in old:
            made[name] = _own(old, name, data)
    if not old or big or "byteorder" in old:
        made["byteorder"] = _literal("byteorder", b"big" if big else b"little")
    users = payload_users(ckpt, monitor)
    for record in stoppable(pickled.records, monitor):
        made[record.name] = payload_of(ckpt, record, big, users)
    made["version"] = _own(old, "version", b"3\n")
    made[ID] = _serialization_id(ckpt, old)
    alignment = _alignment(source)
    if not old:
        return Archive(_top(path), made, pickled.records)
    mixed = dict(stoppable(_merged(ckpt, source, old, made, drop_members, monitor), monitor))
    return Archive(old_top(source), mixed, pickled.records, alignment)


def check_storages(ckpt: Checkpoint, members: Mapping[str, Payload], graph: Graph, monitor: Monitor = QUIET) -> None:
    """Raises SaveError unless there are the bytes of every storage that loading `graph`, the object, asks for: torch opens no file
    without. `members` are the records by their names under the top folder."""
    sizes = {name[5:].lower(): payload.nbytes for name, payload in stoppable(members.items(), monitor) if name[:5].lower() == "data/"}
    for key, nbytes, there in lacking(graph, sizes, monitor):
        storage = ckpt.storages.get(key) or _without_bytes(ckpt)      # which has another key in the new file
        said = "its bytes are not in the file" if there is None else f"its record has {count(there, 'byte')} instead of {nbytes:,}"
        if storage is not None and storage.problem:
            said = storage.problem
        raise _bad(ckpt, storage or Storage(key, "uint8", None, nbytes, None), said)


def _without_bytes(ckpt: Checkpoint) -> Storage | None:
    """The first storage of a broken tensor that has no bytes."""
    broken = (ckpt.storages.get(info.storage) for info in ckpt.tensors.values() if info.problem)
    return next((storage for storage in broken if storage is not None and not storage.has_bytes), None)


def write(archive: Archive, output: Output) -> dict[str, Written]:
    """The file, and where in it each member's payload lies. Raises as `Output.payload`."""
    found: dict[str, Written] = {}
    directory = bytearray()
    names = archive.names()
    for raw, (name, payload) in zip(names, archive.members.items(), strict=True):
        if name == ID and payload.data == b"":
            payload = _literal(name, fresh_id({known: one.crc for known, one in found.items()}))
        start = output.at
        output.write(archive.header(raw, payload.nbytes, start))
        written = found[name] = output.payload(payload)._replace(head=start)
        output.write(archive.descriptor(payload.nbytes, written.crc))
        directory += archive.entry(raw, payload.nbytes, written.crc, start)
    at = output.at
    output.write(bytes(directory))
    output.write(end_records(len(names), len(directory), at))
    return found


def end_records(count: int, nbytes: int, at: int, comment: bytes = b"") -> bytes:
    """What follows a directory of `count` members and `nbytes` bytes at byte `at`: the end record of zip64, its locator, the plain one."""
    return b"".join((_END64.pack(b"PK\x06\x06", _END64.size - 12, 0x031E, 45, 0, 0, count, count, nbytes, at),
                     _LOCATOR.pack(b"PK\x06\x07", 0, at + nbytes, 1),
                     _END.pack(b"PK\x05\x06", 0, 0, min(count, 0xFFFF), min(count, 0xFFFF), min(nbytes, FULL32), min(at, FULL32),
                               len(comment)), comment))


# -- the archive it was -----------------------------------------------------------------------------------------------

def old_top(source: Checkpoint) -> str:
    """The top folder of the archive that `source` was read from, "" when there is none."""
    if source.format not in ("torch-zip", "torchscript") or not source.pickles:
        return ""
    label = source.pickles[0].member
    found = next((name for name in names_of(source.members) if name.lower().endswith("/" + label.lower())), "")
    return found[:-len(label) - 1]


class OldMembers(Mapping[str, Member]):
    """Members of an archive by their names under its top folder, in its order. They are made when they are asked for: most of a hundred
    thousand records are not, or only once."""

    __slots__ = ("_members", "numbers")

    def __init__(self, members: Sequence[Member], numbers: dict[str, int]) -> None:
        self._members, self.numbers = members, numbers

    def __getitem__(self, name: str) -> Member:
        return self._members[self.numbers[name]]

    def __contains__(self, name: object) -> bool:
        return name in self.numbers

    def __iter__(self) -> Iterator[str]:
        return iter(self.numbers)

    def __len__(self) -> int:
        return len(self.numbers)


def old_members(source: Checkpoint, monitor: Monitor = QUIET) -> OldMembers:
    """The members of the archive that `source` was read from by their names under the top folder; {} for other files, and for
    archives that torch could not find its way in."""
    top, names = old_top(source), names_of(source.members)
    if not top or "/" in top or not all(name.startswith(top + "/") for name in stoppable(names, monitor)):
        return OldMembers((), {})
    return OldMembers(source.members, {
        name[len(top) + 1:]: number for number, name in enumerate(stoppable(names, monitor)) if not name.endswith("/")})


def other_members(source: Checkpoint, monitor: Monitor = QUIET) -> OldMembers:
    """Those that are neither a part of the object nor torch's own notes: code, extra files, other pickles, and records that no
    tensor refers to."""
    return OldMembers(source.members, source.answer("other members", lambda: _others(source, old_members(source, monitor), monitor)))


def _others(source: Checkpoint, old: OldMembers, monitor: Monitor) -> dict[str, int]:
    if not old:
        return {}
    used = {place for place, id in stoppable(fields_of(source.storages, "place", "id"), monitor) if not id.startswith("constants/")}
    own = {name.lower() for name in _OWN}
    places = [*stoppable(places_of(source.members), monitor)]
    return {name: number for name, number in stoppable(old.numbers.items(), monitor)
            if places[number] not in used and name.lower() not in own}


def _merged(ckpt: Checkpoint, source: Checkpoint, old: Mapping[str, Member], made: dict[str, Payload],
            drop: frozenset[str], monitor: Monitor) -> Iterator[tuple[str, Payload]]:
    """`made` in the order that the archive had, with its other members in their places; what is new comes after the last
    storage."""
    others: Mapping[str, Member] = {} if ckpt.edited and ckpt.edited.root else other_members(source, monitor)
    places = [name for name in stoppable(old, monitor) if name in made or (name in others and name not in drop)]
    new = [name for name in stoppable(made, monitor) if name not in old]
    last = max((n for n, name in enumerate(stoppable(places, monitor)) if name.startswith("data/") or name == "data.pkl"), default=-1)
    for name in [*places[:last + 1], *[name for name in new if name not in ("version", ID)], *places[last + 1:],
                 *[name for name in new if name in ("version", ID)]]:
        if name in made:
            yield name, made[name]
            continue
        member = others[name]
        if member.note:
            raise SaveError(f"the member {visible(name, 80)} cannot be read: {member.note.partition(': ')[2] or member.note}",
                            "The archive is damaged: fetch or copy it again.", visible(name), id="bad_source")
        yield name, Payload(name, member.extent.size, extent=member.extent)


def _top(path: str) -> str:
    """The folder in the archive, named after the file as torch does."""
    stem = os.path.basename(path).rpartition(".")[0] or os.path.basename(path)
    stem = "".join(c if c.isprintable() and c not in '/\\:*?"<>|' else "_" for c in stem)
    return stem if stem.strip(". ") and stem.isascii() and len(stem) < 200 else "archive"


def _alignment(source: Checkpoint) -> int:
    said = source.facts.get("storage_alignment", "")
    found = int(said) if said.isascii() and said.isdecimal() and len(said) < 6 else ALIGNMENT
    return found if 1 <= found <= 32768 and not found & (found - 1) else ALIGNMENT


def _serialization_id(ckpt: Checkpoint, old: Mapping[str, Member]) -> Payload:
    """Kept while the object is the same; otherwise made from what is written (b"" stands for that)."""
    member = old.get(ID)
    if ckpt.edited is None and member is not None and not member.note:
        return Payload(ID, member.extent.size, extent=member.extent)
    return Payload(ID, _ID_NBYTES, data=b"")


def fresh_id(sums: Mapping[str, int]) -> bytes:
    """40 digits, as torch writes: a hash of the names and one of the checksums of all records before it."""
    import hashlib  # loads OpenSSL
    names = hashlib.sha256("\0".join(sums).encode("utf-8", "surrogateescape")).digest()
    crcs = hashlib.sha256(struct.pack(f"<{len(sums)}I", *sums.values())).digest()
    return b"".join(b"%020d" % (int.from_bytes(part[:16], "little") % _DIGITS) for part in (names, crcs))


# -- storages -----------------------------------------------------------------------------------------------------------

def is_big_endian(ckpt: Checkpoint, monitor: Monitor = QUIET) -> bool:
    """Whether the storages are big-endian. Raises SaveError when they are not all alike."""
    fields = stoppable(fields_of(ckpt.storages, "big_endian", "nbytes", "place"), monitor)
    orders = {big_endian for big_endian, nbytes, place in fields if nbytes and place is not None}
    if len(orders) > 1:
        raise SaveError("some of its storages are little-endian and others big-endian, and a PyTorch file has one byte order",
                        "Save it as safetensors.", id="byteorder")
    return True in orders


def payload_users(ckpt: Checkpoint, monitor: Monitor = QUIET) -> dict[str, str]:
    """Storages -> their first tensors, which messages name."""
    users: dict[str, str] = {}
    for key, info in stoppable(ckpt.tensors.items(), monitor):
        users.setdefault(info.storage, key)
    return users


def payload_of(ckpt: Checkpoint, record: Record, big: bool, users: Mapping[str, str]) -> Payload:
    """The bytes of a record, big-endian or little-endian. `users` as `payload_users` gives them. Raises SaveError when they cannot be
    had."""
    if record.key is not None:
        info = ckpt.tensors[record.key]
        return Payload(record.key, info.nbytes, key=record.key, swap=_swap(info) if big else 1)
    storage = ckpt.storages[record.storage]
    if storage.constant is not None and not storage.problem:
        constant = storage.constant
        swapped = big and isinstance(constant, Constant) and constant.swap > 1
        data = constant._replace(swap=1).data() if swapped and isinstance(constant, Constant) else constant.data()
        return Payload(users.get(storage.id, record.name), len(data), data=data)
    problem = storage.problem or ("" if storage.extent is not None else "its bytes are not in the file")
    if storage.extent is not None and not problem and storage.extent.size < storage.nbytes:
        problem = f"its record has {count(storage.extent.size, 'byte')} instead of {storage.nbytes:,}"
    if problem or storage.extent is None:
        raise _bad(ckpt, storage, problem)
    return Payload(users.get(storage.id, record.name), storage.extent.size, extent=storage.extent)


def _bad(ckpt: Checkpoint, storage: Storage, problem: str) -> SaveError:
    keys = [info.key for info in ckpt.tensors.values() if info.storage == storage.id]
    first = visible(keys[0], 80) if keys else f"storage {visible(storage.id, 40)}"
    more = f" and {len(keys) - 1:,} more" if len(keys) > 1 else ""
    return SaveError(f"{first}{more} cannot be saved: {problem}", how_to_save_without(ckpt, keys[0] if keys else ""),
                     visible(keys[0] if keys else storage.id), id="bad_source")


def _swap(info: TensorInfo) -> int:
    known = DTYPES[info.dtype]
    return max(1, known.bits // 8) // (2 if known.kind == "complex" else 1)


def _own(old: Mapping[str, Member], name: str, data: bytes) -> Payload:
    """One of torch's notes as it was, or `data`."""
    member = old.get(name)
    if member is None or member.note or not member.extent.size:
        return _literal(name, data)
    return Payload(name, member.extent.size, extent=member.extent)


def _literal(name: str, data: bytes) -> Payload:
    return Payload(name, len(data), data=data)


def _flags(nbytes: int) -> int:
    return _UTF8 | (_DESCRIPTOR if nbytes else 0)
