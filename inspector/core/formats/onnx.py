"""ONNX models: the initializers of their graph as tensors, and what goes in and out of it as values. Nothing is run, nothing is written.

Follows onnx 1.23 onnx/onnx.proto (ModelProto, GraphProto, TensorProto, NodeProto) and its external data: files in the model's folder.
"""
from __future__ import annotations

import json
import struct
from collections import Counter
from math import prod
from types import MappingProxyType

from inspector.core.checkpoint import Checkpoint, Extent, Extra, FileStamp, InMemory, Opaque, Plain, Storage, TensorInfo, contiguous
from inspector.core.dtypes import DTYPES
from inspector.core.errors import Corrupt, InspectorError, TooBig
from inspector.core.findings import Finding
from inspector.core.formats.sets import set_files
from inspector.core.io import addresses
from inspector.core.io.sources import SourceFile, open_source
from inspector.core.keypath import quoted, visible
from inspector.core.limits import LIMITS, Limits
from inspector.core.progress import QUIET, Monitor

from .onnx_messages import BYTES, FIXED32, FIXED64, Field, Messages

FORMAT = "onnx"
_FIELDS = 5_000_000         # of all messages that are gone into
_DIMS = 1 << 12             # of a tensor, and bytes that spell them; numpy stops at 64
_INLINE = 64 << 20          # bytes of elements that are spelled as varints
_DAMAGED = "The file is damaged or was not written by a correct program: fetch it again."
# TensorProto.DataType
_TYPES = {1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 9: "bool", 10: "float16", 11: "float64",
          12: "uint32", 13: "uint64", 14: "complex64", 15: "complex128", 16: "bfloat16", 17: "float8_e4m3fn", 18: "float8_e4m3fnuz",
          19: "float8_e5m2", 20: "float8_e5m2fnuz", 24: "float8_e8m0fnu"}
# those narrower than a byte, and how many bits they have
_NARROW = {21: ("uint4", 4), 22: ("int4", 4), 23: ("float4_e2m1", 4), 25: ("uint2", 2), 26: ("int2", 2), 27: ("float6_e2m3", 6),
           28: ("float6_e3m2", 6)}
_FLOATS, _INT32S, _INT64S, _DOUBLES, _UINT64S, _RAW = 4, 5, 7, 10, 11, 9


def read(source: SourceFile, path: str, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> Checkpoint:
    """The model in `source`; weights are not read. Raises Corrupt, TooBig, and Unsupported for links out of the model's folder."""
    return _Model(source, limits, monitor).checkpoint(path)


class _Model:
    def __init__(self, source: SourceFile, limits: Limits, monitor: Monitor) -> None:
        self.source = source
        self.limits = limits
        self.monitor = monitor
        self.messages = Messages(source, _FIELDS)
        self.tensors: dict[str, TensorInfo] = {}
        self.storages: dict[str, Storage] = {}
        self.values: dict[str, Plain] = {}
        self.files: list[FileStamp] = [source.stamp]
        self.known_files: dict[str, int | str] = {}
        self.operators: Counter[str] = Counter()
        self.dequantized: dict[str, dict[str, object]] = {}
        self.left_out: dict[str, int] = {}          # initializers -> how many of that name
        self.outside: dict[str, None] = {}          # files that are named and not in the model's folder
        self.sparse: list[int] = []                 # where initializers begin that are not shown
        self.findings: list[Finding] = []
        self.inline = _INLINE

    def checkpoint(self, path: str) -> Checkpoint:
        graphs = 0
        for field in self.messages.fields(0, self.source.size):
            if field.number == 7 and field.kind == BYTES:
                graphs += 1
                self.graph(field)
            elif field.number in (1, 5) and field.kind == 0:
                self.values["model.ir_version" if field.number == 1 else "model.version"] = field.value
            elif field.number in (2, 3, 4) and field.kind == BYTES:
                self.values[f"model.{('producer', 'producer_version', 'domain')[field.number - 2]}"] = self.messages.text(field)
            elif field.number == 8 and field.kind == BYTES:
                self.opset(field)
            elif field.number == 14 and field.kind == BYTES:
                self.pair(field)
        if not graphs:
            raise Corrupt("there is no graph in it", _DAMAGED)
        self.say_what_is_not_shown()
        for kind, count in self.operators.most_common():
            self.values[f"operators.{kind}"] = count
        for key, said in self.dequantized.items():
            if key in self.tensors:
                self.tensors[key] = self.tensors[key]._replace(extra=Extra(header_fields=(
                    *((self.tensors[key].extra or Extra()).header_fields), ("dequantized", json.dumps(said)))))
        values = {key: value for key, value in self.values.items() if key not in self.tensors}
        return Checkpoint(path, FORMAT, "state-dict", tuple(self.files), MappingProxyType(self.tensors), MappingProxyType(values),
                          MappingProxyType(self.storages), ("",), tuple(self.findings), facts=MappingProxyType({"byteorder": "little"}))

    def say_what_is_not_shown(self) -> None:
        """One finding of each kind, however many there are of it."""
        if self.left_out:
            first = next(iter(self.left_out))
            more = sum(self.left_out.values()) - 1
            others = f", and so {'is 1 other' if more == 1 else f'are {more:,} others'}" if more else ""
            self.findings.append(Finding("duplicate-key", "warning", visible(first, 200), f"The initializer {quoted(first, 80)} is "
                                         f"there twice, or has a negative size; it is left out{others}.", keys=tuple(self.left_out)))
        if self.outside:
            first = next(iter(self.outside))
            more = len(self.outside) - 1
            nor = f", nor {'is 1 other' if more == 1 else f'are {more:,} others'}" if more else ""
            self.findings.append(Finding("path-traversal", "danger", visible(first, 200), f"The model names {quoted(first, 120)}, "
                                         f"which is not in its folder; it is not opened{nor}."))
        if self.sparse:
            self.findings.append(Finding("sparse", "info", f"byte {self.sparse[0]}", "A sparse initializer is not shown."
                                         if len(self.sparse) == 1 else f"{len(self.sparse):,} sparse initializers are not shown."))

    def opset(self, field: Field) -> None:
        domain, version = "", 0
        for one in self.messages.fields(field.begin, field.end):
            if one.number == 1 and one.kind == BYTES:
                domain = self.messages.text(one)
            elif one.number == 2 and one.kind == 0:
                version = one.value
        self.values[f"opset.{domain or 'ai.onnx'}"] = version

    def pair(self, field: Field) -> None:
        pair = self.strings(field)
        self.values[f"metadata.{pair.get(1, '')}"] = pair.get(2, "")

    def strings(self, field: Field) -> dict[int, str]:
        return {one.number: self.messages.text(one) for one in self.messages.fields(field.begin, field.end) if one.kind == BYTES}

    # -- the graph ------------------------------------------------------------------------------------------------------------

    def graph(self, field: Field) -> None:
        for one in self.messages.fields(field.begin, field.end):
            self.monitor.check()
            if one.kind != BYTES:
                continue
            if one.number == 1:
                self.node(one)
            elif one.number == 2:
                self.values["graph.name"] = self.messages.text(one)
            elif one.number == 5:
                self.initializer(one, "")
            elif one.number in (11, 12):
                self.port("inputs" if one.number == 11 else "outputs", one)
            elif one.number == 15:
                self.sparse.append(one.begin)

    def node(self, field: Field) -> None:
        inputs: list[str] = []
        outputs: list[str] = []
        kind, attributes = "", []
        for one in self.messages.fields(field.begin, field.end):
            if one.kind == BYTES and one.number == 1:
                inputs.append(self.messages.text(one))
            elif one.kind == BYTES and one.number == 2:
                outputs.append(self.messages.text(one))
            elif one.kind == BYTES and one.number == 4:
                kind = self.messages.text(one)
            elif one.kind == BYTES and one.number == 5:
                attributes.append(one)
        self.operators[kind or "?"] += 1
        if kind == "Constant" and outputs:
            for attribute in attributes:
                for one in self.messages.fields(attribute.begin, attribute.end):
                    if one.number == 5 and one.kind == BYTES:
                        self.initializer(one, outputs[0])
        elif kind == "DequantizeLinear" and len(inputs) >= 2 and outputs:
            numbers = dict(map(self.attribute, attributes))
            self.dequantized.setdefault(inputs[0], {
                "name": outputs[0], "scale": inputs[1], "zero_point": inputs[2] if len(inputs) > 2 else "", "axis": numbers.get("axis", 1),
                "block_size": numbers.get("block_size", 0)})

    def attribute(self, field: Field) -> tuple[str, int]:
        """The name of an attribute, and its integer."""
        name, number = "", 0
        for one in self.messages.fields(field.begin, field.end):
            if one.number == 1 and one.kind == BYTES:
                name = self.messages.text(one)
            elif one.number == 3 and one.kind == 0:
                number = self.messages.numbers(one)[0]
        return name, number

    def port(self, where: str, field: Field) -> None:
        """A ValueInfoProto: its name, and its type and shape where they are those of a tensor."""
        name, told = "", ""
        for one in self.messages.fields(field.begin, field.end):
            if one.kind == BYTES and one.number == 1:
                name = self.messages.text(one)
            elif one.kind == BYTES and one.number == 2:
                told = self.tensor_type(one)
        self.values.setdefault(f"{where}.{name}", told)

    def tensor_type(self, field: Field) -> str:
        for one in self.messages.fields(field.begin, field.end):
            if one.number != 1 or one.kind != BYTES:
                continue
            dtype, dims = "", []
            for part in self.messages.fields(one.begin, one.end):
                if part.number == 1 and part.kind == 0:
                    dtype = _TYPES.get(part.value) or _NARROW.get(part.value, (f"type {part.value}", 0))[0]
                elif part.number == 2 and part.kind == BYTES:
                    dims = [self.dimension(dim) for dim in self.messages.fields(part.begin, part.end)
                            if dim.number == 1 and dim.kind == BYTES]
            return f"{dtype} [{', '.join(dims)}]"
        return ""

    def dimension(self, field: Field) -> str:
        for one in self.messages.fields(field.begin, field.end):
            if one.number == 1 and one.kind == 0:
                return str(one.value)
            if one.number == 2 and one.kind == BYTES:
                return self.messages.text(one)
        return "?"

    # -- tensors --------------------------------------------------------------------------------------------------------------

    def initializer(self, field: Field, name: str) -> None:
        dims: list[int] = []
        kind, said, external = 0, "", []
        elements, raw = list[Field](), list[Field]()
        is_external = False
        for one in self.messages.fields(field.begin, field.end):
            if one.number == 1:
                dims += self.messages.numbers(one, _DIMS)
                if len(dims) > _DIMS:
                    raise TooBig(f"a tensor has more than {_DIMS:,} dimensions", _DAMAGED, f"byte {one.begin}")
            elif one.number == 2 and one.kind == 0:
                kind = one.value
            elif one.number == 8 and one.kind == BYTES:
                said = self.messages.text(one)          # of several the last counts, as in all of protobuf
            elif one.number == 13 and one.kind == BYTES:
                external.append(self.strings(one))
            elif one.number == 14 and one.kind == 0:
                is_external = one.value == 1
            elif one.number in (_FLOATS, _INT32S, _INT64S, _DOUBLES, _UINT64S, _RAW) and one.kind in (BYTES, FIXED32, FIXED64, 0):
                if one.number == _RAW:
                    raw = [one]
                else:
                    elements.append(one)
        elements += raw
        name, shape = name or said, tuple(dims)
        if name in self.tensors or any(size < 0 for size in shape):
            self.left_out[name] = self.left_out.get(name, 0) + 1
            return
        dtype = _TYPES.get(kind)
        narrow, bits = _NARROW.get(kind, ("", 8))
        if dtype is None and not narrow:
            self.values[name] = Opaque("onnx.TensorProto", "texts" if kind == 8 else f"elements of type {kind}")
            return
        extra = None
        if dtype is None:
            extra = Extra(header_fields=(("onnx_type", json.dumps(narrow)), ("onnx_shape", json.dumps(list(shape)))))
            dtype, shape = "uint8", (-(-prod(shape) * bits // 8),)
        nbytes = prod(shape) * DTYPES[dtype].itemsize
        id = f"{len(self.storages)}"
        storage = self.external_storage(id, dtype, nbytes, external) if is_external else self.own_storage(id, dtype, nbytes, elements, bits)
        self.storages[id] = storage
        self.tensors[name] = TensorInfo(name, shape, dtype, None, contiguous(shape), 0, id, storage.nbytes, state_dict="",
                                        problem=storage.problem, extra=extra)

    def own_storage(self, id: str, dtype: str, nbytes: int, fields: list[Field], bits: int = 8) -> Storage:
        """Elements in the file itself: as they are, or each spelled as a number (those of 4 and 2 bits a byte at a time)."""
        if len(fields) == 1 and fields[0].number in (_RAW, _FLOATS, _DOUBLES) and fields[0].kind == BYTES:
            one = fields[0]
            there = one.end - one.begin
            problem = "" if there == nbytes else f"it has {there:,} bytes, and its shape needs {nbytes:,}"
            return Storage(id, dtype, None, nbytes, Extent(self.source.index, one.begin, there, there), problem=problem)
        raw = bytearray()
        for one in fields:
            if one.number in (_FLOATS, _DOUBLES):
                raw += self.messages.content(one, self.inline)
                continue
            raw += self.spelled(one, dtype)
        self.inline -= len(raw)
        if bits == 6:
            raw = _joined(raw)
        problem = "" if len(raw) == nbytes else f"it has {len(raw):,} bytes, and its shape needs {nbytes:,}"
        return Storage(id, dtype, None, nbytes, None, problem=problem, constant=InMemory(bytes(raw)))

    def spelled(self, field: Field, dtype: str) -> bytes:
        """Numbers as elements: of types of 16 and 8 bits they are the bits."""
        width = DTYPES[dtype].itemsize
        numbers = self.messages.numbers(field, max(self.inline, 0))
        if width == 8:
            return struct.pack(f"<{len(numbers)}Q", *(number & (1 << 64) - 1 for number in numbers))
        mask, form = (1 << 8 * width) - 1, {1: "B", 2: "H", 4: "I"}[width]
        return struct.pack(f"<{len(numbers)}{form}", *(number & mask for number in numbers))

    def external_storage(self, id: str, dtype: str, nbytes: int, pairs: list[dict[int, str]]) -> Storage:
        said = {pair.get(1, ""): pair.get(2, "") for pair in pairs}
        location, offset, length = said.get("location", ""), said.get("offset", "0"), said.get("length", str(nbytes))
        if not _is_number(offset) or not _is_number(length) or int(length) != nbytes:
            return Storage(id, dtype, None, nbytes, None, problem=f"its external data is said to have {visible(length, 40)} bytes, and its "
                           f"shape needs {nbytes:,}")
        file = self.file(location)
        if isinstance(file, str):
            return Storage(id, dtype, None, nbytes, None, problem=file)
        there = self.files[file].size
        problem = "" if int(offset) + nbytes <= there else f"truncated: {visible(location, 80)} ends before it does"
        return Storage(id, dtype, None, nbytes, None if problem else Extent(file, int(offset), nbytes, nbytes), problem=problem)

    def file(self, location: str) -> int | str:
        """The number of a file beside the model, or why it is not read."""
        name = set_files.plain_name(location)
        if not name:
            self.outside[location] = None
            return f"its bytes are in {visible(location, 80)}, which is not in the model's folder"
        known = self.known_files.get(name)
        if known is None:
            known = self.known_files[name] = self.open(name, location)
        return known

    def open(self, name: str, location: str) -> int | str:
        folder = addresses.folder_of(self.source.stamp.path)
        self.findings += set_files.links_outside(folder or ".", [name], self.limits)
        try:
            with open_source(addresses.beside(folder, name), monitor=self.monitor) as opened:
                self.files.append(opened.stamp)
        except (InspectorError, OSError) as error:
            return f"missing: its bytes are in {visible(location, 80)}, which cannot be read ({visible(str(error), 120)})"
        return len(self.files) - 1


def _joined(raw: bytearray) -> bytearray:
    """Codes of 6 bits, a byte each, one behind the other from bit 0 on."""
    out = bytearray()
    for first in range(0, len(raw), 4):
        some = raw[first:first + 4]
        whole = sum((code & 63) << 6 * n for n, code in enumerate(some))
        out += whole.to_bytes(-(-len(some) * 6 // 8), "little")
    return out


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20
