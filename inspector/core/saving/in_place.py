"""What has to be written where when only names, tags and plain values change: the tensors stay where they lie.

    .pth           the new pickle, directory and end record behind the old ones; the old ones are blanked when those are on the disk
    .safetensors   the new header in the room of the old one, filled up with spaces
    a set          the headers of its shards, each in its room, and the index

torch takes a file for a zip archive only where it begins with a member (torch/serialization.py, `_is_zipfile`), which is nearly always
the old pickle: a small record of torch's own takes its place.
"""
from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from inspector.core import formats
from inspector.core.checkpoint import Checkpoint, FileStamp, Member, Storage, TensorInfo
from inspector.core.errors import SaveError
from inspector.core.formats.zip.directory import Entry, RawDirectory, read_raw
from inspector.core.io.checksum import crc32
from inspector.core.io.sources import SourceFile, open_source, read_member
from inspector.core.keypath import visible
from inspector.core.wording import count, exact_size

from .disk import overwrite
from .disk.overwrite import FileChange, Write
from .disk.payloads import Payload, Written
from .layouts import safetensors, torch_zip

_FREE = 1 << 20             # bytes that changes in place may leave unused in any file
_SHARE = 4                  # and in larger ones: of so many bytes one
_HEAD = 256                 # bytes around a member that are nobody's: its local header with its padding, its descriptor
_MOST_INDEX = 100 << 20


class InPlace(NamedTuple):
    """`changes` of files, the one that is opened last; `written` says of each what must be found there afterwards: members, or tensors,
    by name. `layouts` are those of a set's shards by their names."""

    changes: tuple[FileChange, ...]
    written: dict[str, Written]
    layouts: dict[str, safetensors.Layout]
    unused: int = 0

    @property
    def nbytes(self) -> int:
        """Bytes that are written."""
        return sum(len(data) for change in self.changes for _, data in change.writes)

    @property
    def room(self) -> int:
        """Bytes of the disk that it takes at most, the journal included."""
        grown = sum(max(0, change.nbytes - change.stamp.size) for change in self.changes)
        return grown + 2 * self.nbytes


def refused(why: str, where: str = "") -> SaveError:
    """Why it cannot be done in place. What can be done is to save a copy."""
    return SaveError(f"it cannot be changed in place: {why}", "Save a copy instead, which may take the name of the old file.", where,
                     id=overwrite.REFUSED)


def _name(stamp: FileStamp) -> str:
    """In the folder where it lies, links followed."""
    return os.path.basename(os.path.realpath(stamp.path))


def check_file(stamp: FileStamp) -> None:
    """Raises SaveError when the file that was opened cannot be written into."""
    shown = visible(stamp.path)
    if stamp.address is not None:
        raise refused("it is not on this computer", shown)
    if stamp.inside:
        raise refused("it lies packed inside another archive", shown)
    try:
        found = os.lstat(os.path.realpath(stamp.path))
        if found.st_nlink > 1:
            raise refused(f"the file has {count(found.st_nlink, 'name')} (hard links), and all of them would change", shown)
        if not found.st_mode & 0o222 or not os.access(stamp.path, os.W_OK):
            raise refused("the file may not be written to" if found.st_mode & 0o222 else "the file is marked read-only", shown)
        if not stat.S_ISREG(found.st_mode):
            raise refused("it is no ordinary file", shown)
        with overwrite.opened(os.path.realpath(stamp.path), stamp):
            pass
    except SaveError as error:
        if error.id == overwrite.REFUSED and not error.message.startswith("it cannot"):
            raise refused(error.message, shown) from error
        raise
    except OSError as error:
        raise refused(f"the system does not let it be written to: {error.strerror}", shown) from error


# -- PyTorch files ------------------------------------------------------------------------------------------------------------

def of_archive(ckpt: Checkpoint, archive: torch_zip.Archive) -> InPlace:
    """The file that `ckpt` was opened from, as it is to be `archive`. Raises SaveError where that takes more than new records."""
    source = ckpt.as_opened
    stamp = source.files[0]
    old = torch_zip.old_members(source)
    names = {name: f"{archive.top}/{name}" for name in archive.members}
    with open_source(stamp.path, stamp) as file:
        there = read_raw(file)
        if not old or list(there.entries) != [f"{archive.top}/{name}" for name in old]:
            raise refused("the archive is not laid out as torch lays it out", visible(stamp.path))
        new = _new_records(file, old, archive, {name: there.entries[f"{archive.top}/{name}"] for name in old})
    gone = [name for name in old if name not in archive.members]
    if gone:
        raise refused(f"{_user(source, gone[0])} is left out, and its bytes would stay in the file", visible(gone[0]))
    if not new:
        return InPlace((FileChange(_name(stamp), stamp, stamp.size, ()),), {}, {})
    blanks = _blanks(there, [names[name] for name in new if name in old])
    unused = _unused(archive, there, names, new)
    if unused > max(_FREE, stamp.size // _SHARE):
        raise refused(f"{exact_size(unused)} of the file would be unused then, from this change and earlier ones", visible(stamp.path))
    change, written = _archive_change(archive, names, new, there, blanks, stamp)
    return InPlace((change,), written, {}, unused)


def _new_records(file: SourceFile, old: Mapping[str, Member], archive: torch_zip.Archive, entries: Mapping[str, Entry]) -> dict[str, bytes]:
    """The records whose bytes are others than before, or that are new. Raises SaveError when one of a storage is."""
    new = {}
    for name, payload in archive.members.items():
        was = old.get(name)
        if payload.data is None and (was is None or payload.extent != was.extent):
            raise refused(f"the elements of {visible(payload.what, 80)} are others than in the file", visible(payload.what))
        if payload.data is None or name == torch_zip.ID:
            continue
        if was is None or was.extent.size != len(payload.data) or read_member(file, was.extent) != payload.data:
            new[name] = bytes(payload.data)
    if new and archive.members.get(torch_zip.ID, Payload("", 0)).data is not None:
        sums = {name: crc32(new[name]) if name in new else _crc(entries[name]) for name in archive.members if name != torch_zip.ID}
        new[torch_zip.ID] = torch_zip.fresh_id(sums)
    return new


def _crc(entry: Entry) -> int:
    return int.from_bytes(entry.raw[16:20], "little")


def _user(source: Checkpoint, record: str) -> str:
    """Who needs a record: the first tensor in it, or itself."""
    id = record.removeprefix("data/")
    return next((visible(info.key, 80) for info in source.tensors.values() if info.storage == id), f"the member {visible(record, 80)}")


def _blanks(there: RawDirectory, names: list[str]) -> list[tuple[int, int]]:
    """Where the old records of these names lie, each up to what comes next: (first byte, byte behind)."""
    starts = sorted(entry.header for entry in there.entries.values())
    bounds = dict(zip(starts, [*starts[1:], there.at], strict=True))
    return sorted((there.entries[name].header, bounds[there.entries[name].header]) for name in names)


def _unused(archive: torch_zip.Archive, there: RawDirectory, names: Mapping[str, str], new: Mapping[str, bytes]) -> int:
    """About how many bytes before the new records will be nobody's."""
    kept = sum(payload.extent.nbytes + _HEAD for name, payload in archive.members.items()
               if name not in new and payload.extent is not None)
    return max(0, there.at - kept)


def _archive_change(archive: torch_zip.Archive, names: Mapping[str, str], new: Mapping[str, bytes], there: RawDirectory,
                    blanks: list[tuple[int, int]], stamp: FileStamp) -> tuple[FileChange, dict[str, Written]]:
    head, first = b"", ""
    if blanks and not blanks[0][0]:
        room = blanks[0][1]
        first, head = next(((name, made) for name in sorted(new, key=lambda name: len(new[name])) if name in new
                            and len(made := _record(archive, names[name], new[name], 0)) <= room), ("", b""))
        if not first:
            raise refused("the file is too small for it", visible(stamp.path))
    tail, entries, written = bytearray(), {}, {}
    for name, data in new.items():
        at = 0 if name == first else stamp.size + len(tail)
        raw, sum = names[name].encode("utf-8", "surrogateescape"), crc32(data)
        if name != first:
            tail += _record(archive, names[name], data, at)
        entries[name] = archive.entry(raw, len(data), sum, at)
        written[name] = Written(name, at + len(archive.header(raw, len(data), at)), len(data), sum, at)
    directory = b"".join(entries.get(name) or there.entries[names[name]].raw for name in archive.members)
    tail += directory + torch_zip.end_records(len(archive.members), len(directory), stamp.size + len(tail), there.comment)
    writes = [Write(stamp.size, bytes(tail))]
    writes += [Write(start, (head if not start else b"").ljust(stop - start, b"\0")) for start, stop in blanks]
    writes.append(Write(there.at, bytes(stamp.size - there.at)))
    return FileChange(_name(stamp), stamp, stamp.size + len(tail), tuple(writes)), written


def _record(archive: torch_zip.Archive, name: str, data: bytes, at: int) -> bytes:
    """A member at byte `at`: local header, payload, descriptor."""
    raw = name.encode("utf-8", "surrogateescape")
    return archive.header(raw, len(data), at) + data + archive.descriptor(len(data), crc32(data))


# -- safetensors --------------------------------------------------------------------------------------------------------------

def of_header(ckpt: Checkpoint, layout: safetensors.Layout, file: int = 0) -> InPlace:
    """The safetensors file number `file` of those that `ckpt` was opened from, as it is to be `layout`. Raises SaveError where that takes
    more than another header, or one that is longer."""
    source = ckpt.as_opened
    stamp = source.files[file]
    with open_source(stamp.path, stamp) as opened:
        room = int.from_bytes(opened.read(0, 8), "little")
        old = opened.read(8, room)
    begin, written, at = 8 + room, {}, 8 + room
    for (key, info), payload in zip(layout.tensors.items(), layout.payloads, strict=True):
        if payload.nbytes and (payload.extent is None or (payload.extent.file, payload.extent.offset) != (file, at)):
            raise refused(f"the bytes of {visible(key, 80)} would lie elsewhere, or a tensor before it is left out or others than it was",
                          visible(info.key))
        written[key] = Written(key, at, payload.nbytes, 0)
        at += payload.nbytes
    if at != stamp.size:
        raise refused(f"{count(stamp.size - at, 'byte')} of tensors are left out, and would stay in the file", visible(stamp.path))
    text = layout.header[8:].rstrip(b" ")
    if len(text) > room:
        raise refused(f"its header has room for {count(room, 'byte')}, and the new one has {len(text):,}", visible(stamp.path))
    text = text.ljust(room, b" ")
    writes = () if text == old else (Write(8, text),)
    assert begin + sum(payload.nbytes for payload in layout.payloads) == stamp.size
    return InPlace((FileChange(_name(stamp), stamp, stamp.size, writes),), written, {})


def of_set(ckpt: Checkpoint) -> InPlace:
    """The set that `ckpt` was opened from: the header of each shard that changes, and the index. Raises SaveError as `of_header`."""
    source = ckpt.as_opened
    index = source.files[0]
    if os.path.islink(index.path):
        raise refused("its index is a link to one in another folder", visible(index.path))
    shards: dict[int, dict[str, TensorInfo]] = {number: {} for number in range(1, len(source.files))}
    for key, info in ckpt.tensors.items():
        shards.setdefault(_file_of(ckpt.storages.get(info.storage), key), {})[key] = info
    changes: list[FileChange] = []
    written: dict[str, Written] = {}
    layouts: dict[str, safetensors.Layout] = {}
    homes: dict[str, str] = {}
    for number, tensors in shards.items():
        if number >= len(source.files):
            raise refused(f"{visible(next(iter(tensors)), 80)} comes from another checkpoint")
        stamp = source.files[number]
        name = os.path.relpath(stamp.path, os.path.dirname(index.path) or ".")
        layout = safetensors.lay_out(ckpt, tensors, _metadata(ckpt, source, stamp))
        found = of_header(ckpt, layout, number)
        homes.update(dict.fromkeys(tensors, name))
        if not found.changes[0].writes:
            continue
        if os.path.basename(name) != name or os.path.islink(stamp.path):
            raise refused(f"the file {visible(name, 80)} of the set lies in another folder than its index")
        check_file(stamp)
        changes += found.changes
        written.update(found.written)
        layouts[name] = layout
    data = _index(index, homes)
    if data is not None:
        changes.append(FileChange(_name(index), index, len(data), (Write(0, data),)))
    return InPlace(tuple(changes), written, layouts)


def _file_of(storage: Storage | None, key: str) -> int:
    if storage is None or storage.extent is None:
        raise refused(f"the bytes of {visible(key, 80)} lie in no file of the set", visible(key))
    return storage.extent.file


def _metadata(ckpt: Checkpoint, source: Checkpoint, shard: FileStamp) -> dict[str, str]:
    """What is to stand in `__metadata__` of a shard: what stands there, with what changed for the whole set."""
    own = dict(formats.read(shard.path).metadata)
    own.update({name: text for name, text in ckpt.metadata.items() if source.metadata.get(name) != text})
    return {name: text for name, text in own.items() if name in ckpt.metadata or name not in source.metadata}


def _index(stamp: FileStamp, homes: Mapping[str, str]) -> bytes | None:
    """The index that says where each key is, as it was otherwise; None when it says so already."""
    with open_source(stamp.path, stamp) as opened:
        if opened.size > _MOST_INDEX:
            raise refused("its index is too large", visible(stamp.path))
        told: dict[str, Any] = json.loads(opened.read(0, opened.size))
    if told["weight_map"] == homes:
        return None
    told["weight_map"] = dict(_in_old_order(told["weight_map"], homes))
    return json.dumps(told, indent=2, ensure_ascii=False).encode() + b"\n"


def _in_old_order(old: Mapping[str, str], homes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """By the order in which the old index names the files first, so that the set is read in the order in which it was."""
    order = {name: n for n, name in enumerate(dict.fromkeys(old.values()))}
    yield from sorted(homes.items(), key=lambda item: order.get(item[1], len(order)))
