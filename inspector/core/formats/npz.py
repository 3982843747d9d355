"""NumPy's .npz: a zip archive of arrays, each with a header of its own. Read-only; arrays of objects are pickles and stay shut.

Follows numpy/lib/format.py (versions 1 to 3 of the header). The header is the text of a dict with three known keys; it is taken apart,
never evaluated.
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from itertools import islice
from math import prod
from types import MappingProxyType
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, Extent, Opaque, Plain, Storage, TensorInfo, contiguous
from inspector.core.dtypes import DTYPES
from inspector.core.errors import InspectorError
from inspector.core.findings import Finding
from inspector.core.io.neighbours import Piece, read_neighbours
from inspector.core.io.sources import SourceFile, read_member
from inspector.core.keypath import visible
from inspector.core.limits import LIMITS, Limits
from inspector.core.progress import QUIET, Monitor
from inspector.core.wording import count, counted

from .shared import member_names
from .zip.directory import read_directory

FORMAT = "npz"
_HEADER = 1 << 16           # bytes of a header
_TINY = 1 << 10             # bytes of a member that is read with its neighbours
_TOGETHER = 4096            # members at a time
_NOTHING = Piece(Extent(0, 0, 0, 0), 0, 0)
_OTHER = Opaque("numpy.ndarray", "no array that is read here")
_PACKED_WELL = 1 << 30      # bytes of an array of zeros, say, that is unpacked however small it is packed
_SHORT = 256                # bytes of one that is remembered: numpy's own have 118 or 182
_FIELD = {"descr": re.compile(r"""['"]descr['"]\s*:\s*['"]([<>|=]?)([a-zA-Z])(\d*)['"]"""),
          "order": re.compile(r"""['"]fortran_order['"]\s*:\s*(True|False)"""),
          "shape": re.compile(r"""['"]shape['"]\s*:\s*\(((?:\s*[0-9]{1,19}L?\s*,)*(?:\s*[0-9]{1,19}L?)?\s*)\)""")}
_SIZE = re.compile("[0-9]+")
_TYPES = {"f8": "float64", "f4": "float32", "f2": "float16", "i8": "int64", "i4": "int32", "i2": "int16", "i1": "int8", "u8": "uint64",
          "u4": "uint32", "u2": "uint16", "u1": "uint8", "b1": "bool", "c8": "complex64", "c16": "complex128"}


class _Form(NamedTuple):
    """What a header says of its array."""

    shape: tuple[int, ...]
    dtype: str
    stride: tuple[int, ...]
    big_endian: bool


def read(source: SourceFile, path: str, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> Checkpoint:
    """The arrays of the archive `source`; their headers are read. Raises what `zip.directory.read_directory` raises."""
    directory = read_directory(source, limits, monitor, any_case=False, packed_well=_PACKED_WELL)      # numpy tells them apart
    tensors: dict[str, TensorInfo] = {}
    storages: dict[str, Storage] = {}
    values: dict[str, Plain] = {}
    lost: dict[str, str] = {}           # what is called an array and is none -> why
    others: list[str] = []              # what is not even called one
    for n, (member, extent, head) in enumerate(_with_heads(source, directory.members)):
        monitor.report(n, len(directory.members))
        if member.endswith("/"):
            continue
        called_one = member.endswith(".npy")
        key = member.removesuffix(".npy")
        if called_one and key in directory.members:
            key = member                # as numpy, which gives for the shorter name what is called that in full
        found = _array(source, key, extent, directory.notes.get(member, ""), head)
        if not isinstance(found, Opaque):
            tensors[key], storages[key] = found
            continue
        values[key] = found
        if found == _OTHER and not called_one:
            values[key] = Opaque("member", count(extent.size, "byte"))
            others.append(member)
        elif member not in directory.notes and (found.type == "member" or found == _OTHER):
            lost[key] = found.text
    findings = [*directory.findings]
    if others:
        openable = member_names.openable(others)
        findings.append(Finding("other-members", "info", visible(others[0]), f"{counted(len(others), 'member', 'members')} of the archive "
                                f"beside the arrays: {member_names.listed(others)}.",
                                member_names.how_to_open(others) if openable else "", keys=tuple(others), members=openable))
    if lost:
        key, why = next(iter(lost.items()))
        findings.append(Finding("bad-member", "danger", visible(key),
                                f"{counted(len(lost), 'array', 'arrays')} of the archive cannot be read, {visible(key, 80)} first: {why}.",
                                "Get the file from its source again.", keys=tuple(lost)))
    return Checkpoint(path, FORMAT, "state-dict", (source.stamp,), MappingProxyType(tensors), MappingProxyType(values),
                      MappingProxyType(storages), ("",), tuple(findings),
                      facts=MappingProxyType({"byteorder": "each array's own"}))


def _with_heads(source: SourceFile, members: Mapping[str, Extent]) -> Iterator[tuple[str, Extent, bytes | None]]:
    """The members, those that are hardly more than a header with their bytes, which are read together."""
    every = iter(members.items())
    while some := [*islice(every, _TOGETHER)]:
        heads: list[memoryview | None] = [None] * len(some)
        if not source.is_far:
            pieces = [Piece(extent, 0, extent.size) if extent.size <= _TINY else _NOTHING for _, extent in some]
            with suppress(InspectorError):      # whoever reads each alone learns which it is
                # no checksum is compared, which is done when they are read for their elements
                heads, _ = read_neighbours(source.read, source.size, pieces, {extent.offset for _, extent in some})
        yield from ((member, extent, None if head is None else bytes(head)) for (member, extent), head in zip(some, heads, strict=True))


def _array(source: SourceFile, key: str, extent: Extent, note: str, head: bytes | None) -> tuple[TensorInfo, Storage] | Opaque:
    """`head`: its bytes, where they were read. Of one that packs too well the header alone is unpacked."""
    if note and not note.startswith("too_big"):
        return Opaque("member", note)
    try:
        if head is None:
            head = read_member(source, extent, min(_HEADER, extent.size))
    except InspectorError as error:
        return Opaque("member", str(error)[:200])
    text, begin = _header(head)
    form = _remembered_form(text) if len(text) <= _SHORT else _form_of(text)
    if isinstance(form, Opaque):
        return form
    sizes, dtype, stride, big_endian = form
    item = DTYPES[dtype].itemsize
    nbytes = prod(sizes) * item
    if begin + nbytes > extent.size:
        note = f"truncated: its {nbytes:,} bytes are not all in the archive"
    elif begin % item:
        note = "its elements do not begin at a multiple of their size"
    whole = max(begin + nbytes, extent.size)            # numpy does not mind what follows the elements
    storage = Storage(key, dtype, None, whole, extent, big_endian=big_endian, problem=note)
    return TensorInfo(key, sizes, dtype, None, stride, begin // item, key, storage.nbytes, state_dict="", problem=note), storage


def _form_of(header: bytes) -> _Form | Opaque:
    """What arrays with this header have in common, or what they are where they are none that is read here."""
    text = header.decode("utf-8", "replace")
    found = {name: pattern.search(text) for name, pattern in _FIELD.items()}
    descr, order, shape = found["descr"], found["order"], found["shape"]
    if descr is None or order is None or shape is None:
        return Opaque("numpy.ndarray", "a structured array") if "'descr': [" in text else _OTHER
    dtype = _TYPES.get(f"{descr.group(2)}{descr.group(3)}")
    sizes = tuple(map(int, _SIZE.findall(shape.group(1))))
    if dtype is None:
        return Opaque("numpy.ndarray", "Python objects, which are a pickle" if descr.group(2) == "O" else
                      f"{list(sizes)} of {descr.group(1)}{descr.group(2)}{descr.group(3)}")
    stride = contiguous(sizes) if order.group(1) == "False" else tuple(reversed(contiguous(tuple(reversed(sizes)))))
    return _Form(sizes, dtype, stride, descr.group(1) == ">")


_remembered_form = lru_cache(maxsize=256)(_form_of)         # the arrays of most files have few shapes


def _header(head: bytes) -> tuple[bytes, int]:
    """The header's text and where the elements begin; (b"", 0) for what is none."""
    if head[:6] != b"\x93NUMPY" or len(head) < 10:
        return b"", 0
    wide = head[6] >= 2
    begin = 12 if wide else 10
    length = int.from_bytes(head[8:begin], "little")
    if begin + length > len(head):
        return b"", 0
    return head[begin:begin + length], begin + length
