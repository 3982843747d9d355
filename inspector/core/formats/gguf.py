"""GGUF, the container of llama.cpp: a table of values, a table of tensors, then their bytes, aligned.

Follows ggml/docs/gguf.md and gguf 0.19 (gguf-py) gguf_reader.py: versions 2 and 3, little-endian. Dimensions are stored innermost first.
Tensors of block types are listed as their bytes, a row a row; what they stand for is for `packed` to say. Read-only.
"""
from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator, Mapping
from math import prod
from types import MappingProxyType
from typing import Any

from inspector.core import wording
from inspector.core.checkpoint import Checkpoint, Extent, Extra, Opaque, Plain, Storage, TensorInfo, contiguous
from inspector.core.dtypes import DTYPES
from inspector.core.errors import Ambiguous, Corrupt, TooBig, Truncated, Unsupported
from inspector.core.findings import Finding
from inspector.core.hashing import Few
from inspector.core.io.sources import SourceFile
from inspector.core.keypath import quoted, visible
from inspector.core.limits import LIMITS, Limits
from inspector.core.progress import GLANCE, QUIET, Monitor, stoppable

from .zip.tail import zip_at_end

FORMAT = "gguf"
_AGAIN = "The download or copy was probably interrupted: fetch the file again."
_DAMAGED = "The file is damaged or was not written by a correct program: fetch it again."
_REFUSED = "llama.cpp refuses such a file. The values are what the file says: ask whoever made it."
_WINDOW = 1 << 20
_ITEMS = 32                 # of an array that are listed; longer ones are told by their length
_ITEMS_IN_ALL = 100_000     # … of all arrays together: a model has some dozens
_TEXT = 1 << 16             # characters of a text that are kept
_STRING, _ARRAY = 8, 9
_SCALARS: Mapping[int, str] = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
# ggml_type: name, elements and bytes of a block; of plain ones the element type
_PLAIN = {0: "float32", 1: "float16", 24: "int8", 25: "int16", 26: "int32", 27: "int64", 28: "float64", 30: "bfloat16"}
_BLOCKS = {2: ("q4_0", 32, 18), 3: ("q4_1", 32, 20), 6: ("q5_0", 32, 22), 7: ("q5_1", 32, 24), 8: ("q8_0", 32, 34), 9: ("q8_1", 32, 40),
           10: ("q2_k", 256, 84), 11: ("q3_k", 256, 110), 12: ("q4_k", 256, 144), 13: ("q5_k", 256, 176), 14: ("q6_k", 256, 210),
           15: ("q8_k", 256, 292), 16: ("iq2_xxs", 256, 66), 17: ("iq2_xs", 256, 74), 18: ("iq3_xxs", 256, 98), 19: ("iq1_s", 256, 50),
           20: ("iq4_nl", 32, 18), 21: ("iq3_s", 256, 110), 22: ("iq2_s", 256, 82), 23: ("iq4_xs", 256, 136), 29: ("iq1_m", 256, 56),
           34: ("tq1_0", 256, 54), 35: ("tq2_0", 256, 66), 39: ("mxfp4", 32, 17), 40: ("nvfp4", 64, 36),
           41: ("q1_0", 128, 18)}

_ROWS = [struct.Struct(f"<{dims}QIQ") for dims in range(17)]      # of the table of tensors, behind name and number of dimensions

_LENGTH = struct.Struct("<Q")
_LONG_NAME = 1000
_LONGEST_ROW = 12 + _LONG_NAME + _ROWS[-1].size     # of those that are read in few steps
_new: Callable[[type, tuple[object, ...]], Any] = tuple.__new__

_Row = tuple[str, tuple[int, ...], int, int]        # name, shape, type and offset of a tensor
# type, shape and stride as they are listed, bytes, what else there is to it, and what is wrong
_Form = tuple[str, tuple[int, ...], tuple[int, ...], int, Extra | None, str]


def read(source: SourceFile, path: str, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> Checkpoint:
    """The model in `source`; only its tables are read. Raises Truncated, Corrupt, TooBig and Unsupported (big-endian, version 1)."""
    return _Reading(source, limits, monitor).checkpoint(path)


class _Reading:
    def __init__(self, source: SourceFile, limits: Limits, monitor: Monitor) -> None:
        self.source = source
        self.limits = limits
        self.monitor = monitor
        self.at = 0
        self.window = b""
        self.begin = 0                      # where the window begins
        self.values: dict[str, Plain] = {}
        self.listed = 0                     # items of arrays
        self.short = 0                      # arrays that are told by their length for want of room
        self.twice: dict[str, None] = {}    # keys of values that were there before
        self.forms = Few(_stored)
        self.findings: list[Finding] = []

    def checkpoint(self, path: str) -> Checkpoint:
        if self.take(4) != b"GGUF":
            raise Corrupt("it does not begin as a GGUF file", _DAMAGED, "byte 0")
        version = self.number("<I")
        if version not in (2, 3):
            told = "big-endian" if version in (2 << 24, 3 << 24) else f"of version {version:,}"
            raise Unsupported(f"this is a GGUF model that is {told}", "Convert it with llama.cpp's own tools.", "byte 4", id="gguf")
        tensors, pairs = self.number("<Q"), self.number("<Q")
        left = self.source.size - self.at
        if tensors > left // 24 or pairs > left // 13:
            raise Corrupt(f"it announces {tensors:,} tensors and {pairs:,} values, more than its {left:,} bytes can hold", _DAMAGED,
                          "byte 8")
        for count in range(pairs):
            self.monitor.report(count, pairs)
            self.value(self.text(), self.number("<I"))
        self.say_what_is_not_listed()
        rows = [*self.rows(tensors)]
        alignment = self.values.get("general.alignment", 32)
        if not isinstance(alignment, int) or not 0 < alignment <= 1 << 20:
            raise Corrupt(f"its alignment is {alignment!r}", _DAMAGED)
        data = -(-self.at // alignment) * alignment
        infos, storages = self.tables(rows, data, alignment)
        self.judge_what_follows(infos, storages, data, alignment)
        return Checkpoint(path, FORMAT, "state-dict", (self.source.stamp,), MappingProxyType(infos), MappingProxyType(
            {key: value for key, value in self.values.items() if key not in infos}), MappingProxyType(storages), ("",),
            tuple(self.findings), facts=MappingProxyType({"version": str(version), "byteorder": "little", "tables": f"{data:,} bytes"}))

    # -- bytes --------------------------------------------------------------------------------------------------------------

    def take(self, nbytes: int) -> bytes:
        """The next bytes. Raises Truncated, and TooBig for tables beyond any that a program writes."""
        if self.at + nbytes > self.source.size:
            raise Truncated("the file ends within its tables", _AGAIN, f"byte {self.source.size}")
        if self.at + nbytes > self.limits.json_header:
            raise TooBig(f"its tables take more than {self.limits.json_header:,} bytes", "The file is damaged, or no model.",
                         f"byte {self.at}")
        offset = self.at - self.begin
        if offset + nbytes > len(self.window):
            self.begin, offset = self.at, 0
            self.window = self.source.read(self.at, min(max(_WINDOW, nbytes), self.source.size - self.at))
        self.at += nbytes
        return self.window[offset:offset + nbytes]

    def number(self, form: str) -> int:
        found: int = struct.unpack(form, self.take(struct.calcsize(form)))[0]
        return found

    def text(self) -> str:
        return self.take(self.number("<Q")).decode("utf-8", "surrogateescape")

    # -- values -------------------------------------------------------------------------------------------------------------

    def value(self, key: str, kind: int) -> None:
        if kind != _ARRAY:
            self.keep(key, self.scalar(kind))
            return
        inner, count = self.number("<I"), self.number("<Q")
        if inner == _ARRAY or count > self.source.size:
            raise Corrupt(f"the array {quoted(key, 80)} has {count:,} items of type {inner}", _DAMAGED, f"byte {self.at}")
        first = self.texts(count) if inner == _STRING else self.numbers(inner, count) if count else []
        is_listed = count <= _ITEMS and self.listed + count <= _ITEMS_IN_ALL
        self.short += count <= _ITEMS and not is_listed
        if is_listed:
            self.listed += count
            for n, item in enumerate(first):
                self.keep(f"{key}.{n}", item)
            if not count:
                self.keep(key, [])
            return
        kind_of = "texts" if inner == _STRING else "numbers"
        self.keep(key, Opaque("gguf.array", f"{count:,} {kind_of}: {', '.join(str(item) for item in first[:4])}{', …' * (count > 4)}"))

    def scalar(self, kind: int) -> Plain:
        return self.text()[:_TEXT] if kind == _STRING else self.numbers(kind, 1)[0]

    def texts(self, count: int) -> list[Plain]:
        """The first of so many."""
        first: list[Plain] = []
        for n in range(count):
            if n & 0xffff == 0:
                self.monitor.check()
            text = self.text()
            if n < _ITEMS:
                first.append(text[:_TEXT])
        return first

    def numbers(self, kind: int, count: int) -> list[Plain]:
        """The first of so many."""
        code = _SCALARS.get(kind)
        if code is None:
            raise Corrupt(f"there is no type {kind} of values", _DAMAGED, f"byte {self.at}")
        size, shown = struct.calcsize(code), min(count, _ITEMS)
        first: list[Plain] = [*struct.unpack(f"<{shown}{code[1]}", self.take(size * shown))]
        step = _WINDOW // size                          # none of the rest is kept
        for at in range(shown, count, step):
            self.monitor.check()
            self.take(size * min(step, count - at))
        return first

    def keep(self, key: str, value: Plain) -> None:
        if key in self.values:
            self.twice[key] = None
        self.values.setdefault(key, value)

    def say_what_is_not_listed(self) -> None:
        if self.twice:
            first = next(iter(self.twice))
            more = len(self.twice) - 1
            others = f", and so {'is 1 other' if more == 1 else f'are {more:,} others'}" if more else ""
            self.findings.append(Finding("duplicate-key", "warning", visible(first, 200), f"The value {quoted(first, 80)} is there more "
                                         f"than once; the first is shown{others}.",
                                         "llama.cpp refuses such a file, gguf-py goes by the first: ask whoever made it.",
                                         keys=tuple(self.twice)))
        if self.short:
            self.findings.append(Finding("too-many-keys", "warning", "", f"Not everything is listed: {self.short:,} short arrays are told "
                                         f"by their length, as all arrays together have more than {_ITEMS_IN_ALL:,} items.",
                                         "The file may be made to exhaust whoever reads it; no edit is tried on it."))

    # -- tensors ------------------------------------------------------------------------------------------------------------

    def rows(self, total: int) -> Iterator[_Row]:
        """The table of tensors, of so many."""
        for count in range(total):
            if not count % GLANCE:
                self.monitor.report(count, total)
            yield self.row_in_window() or self.row()

    def row_in_window(self) -> _Row | None:
        """The next row in few steps; None where not all of it is surely in the window, or something is wrong with it."""
        window, at = self.window, self.at - self.begin
        if at + _LONGEST_ROW > len(window) or self.at + _LONGEST_ROW > self.limits.json_header:
            return None
        length, = _LENGTH.unpack_from(window, at)
        behind = at + 8 + length
        if length > _LONG_NAME or (dims := window[behind]) > 16 or window[behind + 1:behind + 4] != b"\0\0\0":
            return None
        *sizes, kind, offset = _ROWS[dims].unpack_from(window, behind + 4)
        self.at += 12 + length + _ROWS[dims].size
        return window[at + 8:behind].decode("utf-8", "surrogateescape"), tuple(sizes[::-1]), kind, offset

    def row(self) -> _Row:
        name, dims = self.text(), self.number("<I")
        if dims > 16:
            raise Corrupt(f"the tensor {quoted(name, 80)} has {dims:,} dimensions", _DAMAGED, f"byte {self.at}")
        form = _ROWS[dims]
        *sizes, kind, offset = form.unpack(self.take(form.size))
        return name, tuple(sizes[::-1]), kind, offset

    def tables(self, rows: list[_Row], data: int, alignment: int) -> tuple[dict[str, TensorInfo], dict[str, Storage]]:
        infos: dict[str, TensorInfo] = {}
        storages: dict[str, Storage] = {}
        file, end, cut = self.source.index, self.source.size - data, 0
        after, misplaced, first = 0, 0, ("", 0)     # where the next one has to begin (-1: nobody knows); those that do not
        for n, (name, shape, kind, offset) in enumerate(stoppable(rows, self.monitor)):
            if name in infos:
                raise Corrupt(f"the tensor {quoted(name, 80)} is there twice", _DAMAGED)
            dtype, shape, stride, size, extra, problem = self.forms[kind, shape]
            if after not in (offset, -1):
                misplaced += 1
                first = first if misplaced > 1 else (name, data + offset)
            after = -1 if problem else -(-(offset + size) // alignment) * alignment
            there, id = max(0, min(size, end - offset)), str(n)
            if not problem and there < size:
                problem = "truncated: the file ends before it does" if there else "lost: the file ends before it begins"
                cut += 1
            extent = _new(Extent, (file, data + offset, there, there, 0, None, None)) if there or not size else None
            storages[id] = _new(Storage, (id, dtype, None, size, extent, False, problem, None))
            infos[name] = _new(TensorInfo, (name, shape, dtype, None, stride, 0, id, size, False, "", "strided", problem, -1, extra))
        if misplaced:
            told = wording.counted(misplaced, "tensor does not begin", "tensors do not begin")
            self.findings.append(Finding("misplaced", "warning", visible(first[0]), f"{told} at the multiple of {alignment:,} bytes right "
                                         f"behind the one before, {quoted(first[0], 80)} first: at byte {first[1]:,}.", _REFUSED))
        if alignment & alignment - 1:
            self.findings.append(Finding("alignment", "warning", "general.alignment",
                                         f"Its alignment of {alignment:,} bytes is no power of two.", _REFUSED))
        if cut:
            self.findings.append(Finding("truncated", "danger", f"byte {self.source.size}",
                                         f"The file ends before {cut:,} of its tensors do.", _AGAIN))
        return infos, storages

    def judge_what_follows(self, infos: dict[str, TensorInfo], storages: dict[str, Storage], data: int, alignment: int) -> None:
        """Raises Corrupt where a tensor lies in another's bytes, and Ambiguous where a zip archive follows the last. Nothing is judged by
        tensors with a problem: how many bytes one of an unknown type has is not known."""
        end, before = data, ""
        known = ((storage.extent, name) for name, storage in zip(infos, stoppable(storages.values(), self.monitor), strict=True)
                 if storage.extent is not None and storage.nbytes and not storage.problem)
        for offset, nbytes, name in sorted((extent.offset, extent.size, name) for extent, name in known):
            if offset < end:
                raise Corrupt(f"tensor \"{visible(name)}\" overlaps \"{visible(before)}\"", _DAMAGED, f"byte {offset}", id="overlap")
            end, before = offset + nbytes, name
        if any(storage.problem for storage in stoppable(storages.values(), self.monitor)):
            return
        extra = self.source.size - -(-end // alignment) * alignment         # the last one may be filled up, too
        if extra > 0 and zip_at_end(self.source):
            raise Ambiguous(f"a zip archive follows the tensors ({wording.count(extra, 'byte')}): programs that look for a zip see another "
                            "file", "Do not trust this file: it was probably made to look different to different programs.",
                            f"byte {end}", id="polyglot")
        if extra > 0 and infos:
            self.findings.append(Finding("trailing", "warning", f"byte {end}",
                                         f"{wording.counted(extra, 'byte follows', 'bytes follow')} the last tensor, of none.",
                                         "If they were added at the end, all tensors are whole: look at some of them, then save it under "
                                         "another name."))


def _stored(of: tuple[int, tuple[int, ...]]) -> _Form:
    """How a tensor of such a type of GGML's and shape is listed."""
    kind, shape = of
    dtype, extra, problem = _PLAIN.get(kind, "uint8"), None, ""
    if kind not in _PLAIN:
        block, elements, nbytes = _BLOCKS.get(kind, (f"type {kind}", 1, 1))
        extra = Extra(header_fields=(("ggml_type", json.dumps(block)), ("ggml_shape", json.dumps(list(shape)))))
        if kind not in _BLOCKS or not shape or shape[-1] % elements:
            problem = f"its type {kind} of GGML is not known" if kind not in _BLOCKS else "its rows are not whole blocks"
        else:
            shape = (*shape[:-1], shape[-1] // elements * nbytes)
    return dtype, shape, contiguous(shape), prod(shape) * DTYPES[dtype].itemsize, extra, problem
