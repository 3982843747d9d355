"""The safetensors container: 8 bytes of length, a JSON header, then the tensors' bytes without a gap.

Follows safetensors/src/tensor.rs (version 0.8), `read_metadata` and `Metadata::validate`; see `safetensors_header` for
where this reader is stricter.
"""
from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import repeat
from operator import itemgetter
from types import MappingProxyType
from typing import TypeVar

from ..bytes import SourceFile
from ..checkpoint import Checkpoint, Extent, Storage, TensorInfo
from ..errors import Ambiguous, Corrupt, InspectorError, TooBig, Truncated
from ..findings import Finding
from ..keypath import visible
from ..limits import LIMITS, Limits
from ..progress import QUIET, Monitor
from .safetensors_header import BASE, Entry, Header, parse
from .zip_tail import zip_at_end

FORMAT = "safetensors"
MAX_HEADER = 100_000_000                   # bytes; MAX_HEADER_SIZE of the reference
_AGAIN = "The download or copy was probably interrupted: fetch the file again."
_DAMAGED = "The file is damaged or was not written by a correct program: fetch it again, or ask whoever made it."
_USUAL_RANK = 64                           # dimensions; numpy has no more
_BATCH = 4096                              # tensors made between two reports

_Row = TypeVar("_Row", Extent, Storage, TensorInfo)


def read(source: SourceFile, path: str, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> Checkpoint:
    """The checkpoint in `source`; `path` is what it is called. Only the header is read.

    Raises Truncated, TooBig, Corrupt, and Ambiguous when another container follows the tensors.
    """
    data = _header_bytes(source, limits, monitor)
    header = parse(data, limits=limits, monitor=monitor)
    begin = BASE + len(data)
    entries = _by_offset(header.entries)
    _check_cover(source, entries, begin)
    tensors, storages = _build(entries, header, begin, source.index, monitor)
    return Checkpoint(path, FORMAT, "state-dict", (source.stamp,), MappingProxyType(tensors),
                      storages=MappingProxyType(storages), state_dicts=("",), findings=_findings(header, entries),
                      metadata=MappingProxyType(header.metadata),
                      facts=MappingProxyType({"header bytes": f"{len(data):,}", "tensor bytes": f"{source.size - begin:,}",
                                              "byteorder": "little"}))


def _header_bytes(source: SourceFile, limits: Limits, monitor: Monitor) -> bytes:
    if source.size < BASE:
        raise Truncated(f"the file has {source.size} bytes; a safetensors file begins with 8 bytes that give its header's length",
                        _AGAIN, "byte 0")
    length = struct.unpack("<Q", source.read(0, BASE))[0]
    cap = min(limits.json_header, MAX_HEADER)
    if length > cap:
        raise TooBig(f"its first 8 bytes announce a header of {length:,} bytes; the format allows {cap:,}",
                     "The file is damaged at its beginning, or is no safetensors file at all.", "byte 0")
    if length < 2:
        raise Corrupt(f"its first 8 bytes announce a header of {length} bytes, too few for any", _DAMAGED, "byte 0")
    missing = BASE + length - source.size
    if missing > 0:
        raise Truncated(f"the header should have {length:,} bytes and at least {missing:,} of them are missing", _AGAIN,
                        f"byte {source.size}")
    parts = []
    for at in range(0, length, limits.chunk):
        monitor.report(at, length)
        parts.append(source.read(BASE + at, min(limits.chunk, length - at)))
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _by_offset(entries: list[Entry]) -> list[Entry]:
    """In the order of their bytes, which is how they usually come; header order among empty tensors at one place."""
    end = 0
    for entry in entries:
        if entry[0] != end:
            return sorted(entries, key=itemgetter(0, 1))
        end = entry[1]
    return entries


def _check_cover(source: SourceFile, entries: list[Entry], begin: int) -> None:
    """Raises unless the tensors fill everything from `begin` to the end of the file, one after another."""
    end = 0
    previous = ""
    for start, stop, key, form in entries:
        if start != end or stop - start != form.nbytes:
            raise _misplaced(key, start, stop, form.nbytes, end, previous, begin)
        end = stop
        previous = key
    extra = source.size - begin - end
    if extra < 0:
        raise Truncated(f"{-extra:,} bytes are missing: the header describes {end:,} bytes of tensors and the file has "
                        f"{end + extra:,}", _AGAIN, f"byte {source.size}")
    if extra and zip_at_end(source):
        raise Ambiguous(f"a zip archive follows the tensors ({extra:,} bytes): programs that look for a zip see another file",
                        "Do not trust this file: it was probably made to look different to different programs.",
                        f"byte {begin + end}", id="polyglot")
    if extra:
        raise Corrupt(f"{extra:,} bytes follow the last tensor and belong to none", _DAMAGED, f"byte {begin + end}",
                      id="not_covered")


def _misplaced(key: str, start: int, stop: int, nbytes: int, end: int, previous: str, begin: int) -> InspectorError:
    name, where = f"tensor \"{visible(key)}\"", f"byte {begin + start}"
    if stop < start:
        return Corrupt(f"{name} ends ({stop:,}) before it begins ({start:,})", _DAMAGED, where, id="reversed")
    if start > end:
        return Corrupt(f"{start - end:,} bytes before {name} belong to no tensor", _DAMAGED, f"byte {begin + end}", id="hole")
    if start < end:
        return Corrupt(f"{name} overlaps \"{visible(previous)}\"", _DAMAGED, where, id="overlap")
    return Corrupt(f"{name} has {stop - start:,} bytes where its shape and type need {nbytes:,}", _DAMAGED, where,
                   id="size_mismatch")


def _build(entries: list[Entry], header: Header, begin: int, file: int,
           monitor: Monitor) -> tuple[dict[str, TensorInfo], dict[str, Storage]]:
    """Tensors by key and storages by number, one each per entry, made column by column because there may be a million."""
    tensors: dict[str, TensorInfo] = {}
    storages: dict[str, Storage] = {}
    for first in range(0, len(entries), _BATCH):
        monitor.report(first, len(entries))
        batch = entries[first:first + _BATCH]
        starts, _, keys, forms = zip(*batch, strict=True)
        dtypes, shapes, strides, nbytes, problems = zip(*forms, strict=True)
        names = [*map(str, range(first, first + len(batch)))]
        extents = _rows(Extent, repeat(file), [begin + start for start in starts], nbytes, nbytes)
        storages.update(zip(names, _rows(Storage, names, dtypes, repeat(None), nbytes, extents, repeat(False), problems),
                            strict=True))
        tensors.update(zip(keys, _rows(TensorInfo, keys, shapes, dtypes, repeat(None), strides, repeat(0), names, nbytes,
                                       repeat(False), repeat(""), repeat("strided"), problems), strict=True))
    for key, fields in header.extra.items():
        tensors[key] = tensors[key]._replace(extra=MappingProxyType({"fields": MappingProxyType(fields)}))
    return tensors, storages


def _rows(kind: type[_Row], *columns: Iterable[object]) -> Iterator[_Row]:
    """`kind(*row)` for every row of `columns`, which are its first fields; the others have their defaults. Several times
    as fast as calling the class."""
    rest = [repeat(kind._field_defaults[name]) for name in kind._fields[len(columns):]]
    return map(partial(tuple.__new__, kind), zip(*columns, *rest))  # noqa: B905 - some columns are endless


def _findings(header: Header, entries: list[Entry]) -> tuple[Finding, ...]:
    found = [Finding("non-canonical-header", "warning", "byte 8", f"{text[0].upper()}{text[1:]}.",
                     "Save the file again to have it written in the usual way.") for text in header.oddities]
    if header.extra:
        key, fields = next(iter(header.extra.items()))
        others = f", and {len(header.extra) - 1:,} other tensors have such fields" if len(header.extra) > 1 else ""
        names = ", ".join(f"\"{visible(name, 40)}\"" for name in list(fields)[:3])
        found.append(Finding("extra-field", "info", key, f"\"{visible(key)}\" has fields that safetensors does not define: "
                             f"{names}{others}.", "Other programs ignore them."))
    if "" in header.keys:
        found.append(Finding("empty-name", "info", "", "One tensor's name is empty.",
                             "Rename it before other programs trip over it."))
    deep = next((key for _, _, key, form in entries if len(form.shape) > _USUAL_RANK), None)
    if deep is not None:
        found.append(Finding("rank", "info", deep, f"\"{visible(deep)}\" has more than {_USUAL_RANK} dimensions.",
                             "NumPy and most operations of PyTorch stop there."))
    return tuple(found)
