"""TorchScript as torch 1.0 to 1.2 saved it: modules and a table of tensors told by JSON, no pickle of the whole.

    <top>/model.json        `torch.ModelDef` of caffe2/proto/torch.proto in protobuf's JSON: int64 in quotes, defaults left out
                            mainModule {name, submodules, parameters {name, isBuffer, tensorId},
                                        attributes {name, type, id} (from 1.1 on), getStateAttributeId, torchscriptArena {key}}
                            tensors {dims, strides, offset, dataType, requiresGrad, device, data {key}, isQuantized …}
    <top>/tensors/<n>       the bytes of a storage, several tensors may share one
    <top>/attributes.pkl    the values of attributes in a tuple (a list in protoVersion 2); its tensors are numbers of the table
    <top>/code/….py         the methods of each module; debug/….pkl where they came from

Source: torch/csrc/jit/serialization/import_legacy.cpp (torch 1.5 still reads it), and archives that torch 1.0.1, 1.1.0 and
1.2.0 wrote. In 1.2 buffers are attributes of type Tensor. The order is that of `state_dict()`: a module's own parameters and
buffers, then those of the modules in it. What follows are tensors of other attributes and those that only the code refers to.
"""
from __future__ import annotations

from dataclasses import replace
from sys import getsizeof
from types import MappingProxyType
from typing import Any, NamedTuple

from inspector.core.checkpoint import Checkpoint, Extra, Opaque, PerTensor, Plain, Storage, TensorInfo
from inspector.core.errors import Corrupt, InspectorError
from inspector.core.graph import CALLS, INT, Graph
from inspector.core.io.sources import SourceFile
from inspector.core.keypath import quoted, visible
from inspector.core.limits import LIMITS, Limits
from inspector.core.pickles.objects.calls import call_of
from inspector.core.pickles.objects.contents import contents_of
from inspector.core.pickles.objects.storages import StorageRef
from inspector.core.progress import QUIET, Monitor
from inspector.core.wording import counted

from .shared.described_tensor import described, integer, integers
from .shared.merging import Keys
from .shared.strict_json import Scanner
from .zip.records import Records

FORMAT = "torchscript"
MODEL, ATTRIBUTES = "model.json", "attributes.pkl"
_DEPTH = 128                # of nested JSON: a module in another takes two
_JSON = 32                  # bytes that a byte of JSON may take as objects, which are there as long as the archive is read
_ENTRY, _TENSOR = 200, 300  # bytes that an entry takes in the tables besides its key, and a tensor more
_PAIR = 64                  # … and an entry of attributes.pkl besides its key, until it is listed
_BY_NUMBER = ("torch.jit._pickle", "build_tensor_from_id")

# caffe2.TensorProto.DataType, by name and number -> torch's type
_DTYPES = {"FLOAT": "float32", "INT32": "int32", "BOOL": "bool", "UINT8": "uint8", "INT8": "int8", "INT16": "int16",
           "INT64": "int64", "FLOAT16": "float16", "DOUBLE": "float64"}
_NUMBERS = {1: "FLOAT", 2: "INT32", 5: "BOOL", 6: "UINT8", 7: "INT8", 9: "INT16", 10: "INT64", 12: "FLOAT16", 13: "DOUBLE"}
_QUANTIZED = {"uint8": "quint8", "int8": "qint8", "int32": "qint32"}


def read(source: SourceFile, path: str, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> Checkpoint:
    """The checkpoint in the archive `source`; no tensor's bytes are read. Raises Corrupt or TooBig for model.json, and what
    `zip_directory.read_directory` raises."""
    return _Archive(Records(source, limits, monitor)).checkpoint(path)


class _Found(NamedTuple):
    """What one entry of attributes.pkl holds, by its keys there."""

    values: list[tuple[str, Plain]]
    tensors: list[tuple[str, int]]          # … and numbers of the table


class _Enough(Exception):
    """The budget for keys is used up; what was listed stays."""


class _Archive:
    def __init__(self, records: Records) -> None:
        self.records = records
        self.storages: dict[str, Storage] = {}
        self.tensors: list[TensorInfo] = []
        self.others: list[tuple[str, int]] = []     # (key, number) of tensors that come after the state dict
        self.values: list[tuple[str, Plain]] = []
        self.keys = Keys()
        self.used: set[int] = set()
        self.listed: set[int] = set()                 # entries of attributes.pkl that were listed
        self.arenas = {MODEL, ATTRIBUTES, "version"}    # records that belong to modules
        self.room = records.limits.memory               # bytes that the tables may still take

    def checkpoint(self, path: str) -> Checkpoint:
        records = self.records
        model = self._model()
        self.table: list[Any] = _list(model, "tensors")
        self.infos: dict[int, TensorInfo] = {}
        main = model.get("mainModule")
        if not isinstance(main, dict):
            raise Corrupt("it names no main module", "The archive is damaged: fetch or copy it again.", MODEL)
        self.attributes = self._attributes(_entries_named(main))
        try:
            self._list_all(main)
        except _Enough:
            records.add_finding("too-many-keys", "warning", MODEL, "Not everything is listed: the keys are too many or too long to list "
                                "them all.", "The file may be made to exhaust whoever reads it; no edit is tried on it.")
        else:
            self._orphans()
        self._other_pickles()
        facts = {"folder": records.top.rstrip("/"), "version": records.text("version"), "proto version": _fact(model, "protoVersion"),
                 "producer": " ".join(filter(None, (_fact(model, "producerName"), _fact(model, "producerVersion"))))}
        return Checkpoint(path, FORMAT, "torchscript", (records.source.stamp,),
                          MappingProxyType({info.key: info for info in self.tensors}), MappingProxyType(dict(self.values)),
                          MappingProxyType(self.storages), ("",) if any(t.state_dict == "" for t in self.tensors) else (),
                          records.all_findings(), facts=MappingProxyType({name: text for name, text in facts.items() if text}),
                          members=records.members(), pickles=tuple(records.pickles))

    def _list_all(self, main: dict[str, Any]) -> None:
        self._modules(main)
        for key, number in self.others:
            self._add(key, number, None)
        for number in range(len(self.table)):
            if number not in self.used:
                self._add(f"constants.{number}", number, None)

    def _model(self) -> dict[str, Any]:
        limits = replace(self.records.limits, json_depth=_DEPTH)
        data = self.records.read(MODEL, limits.json_bytes)
        found = Scanner(data, MODEL, limits=limits, monitor=self.records.monitor).document()
        if not isinstance(found, dict):
            raise Corrupt("it is no JSON object", "The archive is damaged: fetch or copy it again.", MODEL)
        self.room = max(self.room - _JSON * len(data), self.room // 8)
        return found

    def _new_key(self, key: str, nbytes: int = 0) -> str:
        """`key`, given away once, where there is room for it and `nbytes` more. Raises _Enough."""
        self.room -= _ENTRY + getsizeof(key) + nbytes
        if self.room < 0:
            raise _Enough
        return self.keys.new(key)

    # -- modules ------------------------------------------------------------------------------------------------------

    def _modules(self, main: dict[str, Any]) -> None:
        """Goes through the modules in the order of `state_dict()`. Raises _Enough."""
        todo: list[tuple[str, str, dict[str, Any]]] = [("", "__torch__", main)]     # (prefix of those beside it, type above it, module)
        count = 0
        while todo:
            count += 1
            if count % 1024 == 0:
                self.records.monitor.check()
            beside, above, module = todo.pop()
            key = "" if module is main else beside + _text(module, "name")
            prefix = f"{key}." if key else ""
            name = _text(module, "name") or "module"
            type_ = f"{above}.{name}"
            code = _text(module.get("torchscriptArena"), "key")
            self.arenas |= {code, _text(module.get("torchscriptDebugArena"), "key")}
            self.values.append((self._new_key(key, getsizeof(type_)), Opaque(type_, code or "no methods of its own")))
            self._own(module, prefix)
            for inner in reversed(_list(module, "submodules")):
                if isinstance(inner, dict):
                    todo.append((prefix, type_, inner))

    def _own(self, module: dict[str, Any], prefix: str) -> None:
        """A module's parameters and buffers; its other attributes are kept for later."""
        entries = [entry for entry in _list(module, "parameters") if isinstance(entry, dict)]
        for buffers in (False, True):
            for entry in entries:
                if (entry.get("isBuffer") is True) == buffers:
                    self._add(prefix + _text(entry, "name"), _number(entry, "tensorId"), "")
        taken = {_text(entry, "name") for entry in entries}
        for attribute in _list(module, "attributes"):
            if isinstance(attribute, dict) and _text(attribute, "name") not in taken:
                self._attribute(prefix + _text(attribute, "name"), _number(attribute, "id"), _text(attribute, "type") == "Tensor")
        state = _number(module, "getStateAttributeId")
        if state is not None:
            self._attribute(f"{prefix}state", state, False)

    def _attribute(self, key: str, id: int | None, is_tensor: bool) -> None:
        if id is None or id < 0:            # no value of its own: __setstate__ makes it from the module's state
            self.values.append((self._new_key(key), None))
            return
        found = self.attributes.get(id)
        if found is None:
            self.values.append((self._new_key(key), Opaque("missing", "its value is not in the archive")))
        elif is_tensor and len(found.tensors) == 1 and not found.values:
            self._add(key, found.tensors[0][1], "")
        elif id in self.listed:
            self.values.append((self._new_key(key), Opaque("reference", f"→ entry {id} of {ATTRIBUTES}")))
        else:
            self.listed.add(id)
            for name, value in found.values:
                self.values.append((self._new_key(key + _below(name)), value))
            for name, number in found.tensors:
                self.others.append((key + _below(name), number))
                self.room -= _PAIR + getsizeof(self.others[-1][0])
                self.used.add(number)
                if self.room < 0:
                    raise _Enough

    # -- attributes.pkl -----------------------------------------------------------------------------------------------

    def _attributes(self, named: set[int]) -> dict[int, _Found]:
        """What attributes.pkl holds of the entries that modules name. A broken one costs the attributes, not the parameters."""
        records = self.records
        if records.find(ATTRIBUTES) is None:
            return {}
        try:
            graph = records.decode(ATTRIBUTES)
            contents = contents_of(graph, _no_storage, member=ATTRIBUTES, limits=replace(records.limits, memory=self.room),
                                   monitor=records.monitor)
        except InspectorError as error:
            records.add_finding("bad-member", "danger", ATTRIBUTES, f"The attributes of the modules cannot be read: {error.message}.",
                         "Buffers are among them in torch 1.2. Fetch the file again.")
            records.findings += error.findings
            return {}
        records.findings += contents.findings
        self.room -= graph.nbytes
        found: dict[int, _Found] = {}
        for pair in contents.values:
            key, value = pair
            id = integer(key.partition(".")[0])
            if id is None or id not in named:
                continue
            self.room -= _PAIR + getsizeof(key)
            entry = found.setdefault(id, _Found([], []))
            number = _table_number(graph, value)
            if number is None:
                entry.values.append(pair)
            else:
                entry.tensors.append((key, number))
        return found

    # -- tensors ------------------------------------------------------------------------------------------------------

    def _add(self, key: str, number: int | None, state_dict: str | None) -> None:
        key = self._new_key(key, _TENSOR)
        if number is None or not 0 <= number < len(self.table):
            self.tensors.append(described(key, (), (), 0, None, None, None, state_dict=state_dict,
                                          problem="missing: the archive's table has no such tensor"))
            return
        self.used.add(number)
        info = self.infos.get(number)
        if info is None:
            info = self.infos[number] = self._described(self.table[number])
        self.tensors.append(info._replace(key=key, state_dict=state_dict))

    def _described(self, entry: Any) -> TensorInfo:
        """A tensor of the table. Lists that are empty and numbers that are 0 are left out of the JSON."""
        if not isinstance(entry, dict):
            return described("", None, None, None, None, None, None)
        kind = entry.get("dataType")
        name = _NUMBERS.get(kind, "") if type(kind) is int else kind
        dtype = _DTYPES.get(name) if isinstance(name, str) else None
        extra = None
        if entry.get("isQuantized") is True:
            dtype = _QUANTIZED.get(dtype or "")
            scale = entry.get("scale", 0.0)
            extra = Extra(quantizer=PerTensor("per_tensor_affine", float(scale) if type(scale) in (int, float) else 0.0,
                                              integer(entry.get("zeroPoint", 0)) or 0))
        device = _text(entry, "device") or "cpu"
        storage = self._storage(_text(entry.get("data"), "key"), dtype, device)
        return described("", integers(entry.get("dims", [])), integers(entry.get("strides", [])), integer(entry.get("offset", 0)),
                         dtype, device, storage, requires_grad=entry.get("requiresGrad") is True, extra=extra)

    def _storage(self, record: str, dtype: str | None, device: str) -> Storage | None:
        """The storage in `record`: whoever names it first says of which type it is."""
        if not record:
            return None
        known = self.storages.get(record)
        if known is None:
            extent, problem = self.records.extent(record)
            known = self.storages[record] = Storage(record, dtype or "uint8", device, extent.size if extent else 0, extent,
                                                    problem=problem)
        return known

    def _unknown(self) -> list[str]:
        """Records that nothing listed refers to."""
        return [name for name in self.records.inner() if name not in self.storages and name not in self.arenas]

    def _orphans(self) -> None:
        """Tells of bytes of no tensor; all tensors are listed."""
        records = self.records
        orphans = [name for name in self._unknown() if name.startswith("tensors/")]
        if orphans:
            shown = ", ".join(visible(name, 40) for name in orphans[:3]) + (", …" if len(orphans) > 3 else "")
            records.add_finding("orphan-records", "warning", orphans[0], f"{counted(len(orphans), 'record belongs', 'records belong')} to "
                                f"no tensor: {shown}.",
                         "They are kept unless unreferenced records are dropped.", orphans)

    def _other_pickles(self) -> None:
        """Tells of pickles that no torch reads."""
        records = self.records
        pickles = [name for name in self._unknown() if name.lower().endswith((".pkl", ".pickle")) and not name.startswith("debug/")]
        for name in pickles[:records.limits.pickles_per_stream]:
            records.add_finding("extra-pickle", "warning", name, f"The archive holds another pickle, {quoted(name, 80)}.",
                         "No PyTorch reads it; what it names is listed here.")
            try:
                graph = records.decode(name)
            except InspectorError as error:
                records.findings += error.findings
                continue
            records.findings += contents_of(graph, _no_storage, member=name, limits=records.limits,
                                             monitor=records.monitor).findings


def _entries_named(main: dict[str, Any]) -> set[int]:
    """The numbers of the entries of attributes.pkl that modules name: of the others, which may be as many as a bomb unpacks to, nothing
    is kept."""
    found: set[int] = set()
    todo = [main]
    while todo:
        module = todo.pop()
        for named in (*(_number(entry, "id") for entry in _list(module, "attributes") if isinstance(entry, dict)),
                      _number(module, "getStateAttributeId")):
            if named is not None:
                found.add(named)
        todo += [inner for inner in _list(module, "submodules") if isinstance(inner, dict)]
    return found


def _below(key: str) -> str:
    """What stands behind the number of an entry in a key of attributes.pkl, with its dot."""
    _, dot, rest = key.partition(".")
    return dot + rest


def _table_number(graph: Graph, value: Plain) -> int | None:
    """The number of the tensor that `value` stands for; None for any other value."""
    if not isinstance(value, Opaque) or not 0 <= value.node < len(graph) or graph.kind[value.node] not in CALLS:
        return None
    call = call_of(graph, value.node)
    if call.name != _BY_NUMBER or not call.args or len(call.args) != 1 or graph.kind[call.args[0]] != INT:
        return None
    return graph.a[call.args[0]]


def _no_storage(ref: StorageRef) -> Storage:
    return Storage(ref.key or f"?{ref.node}", ref.dtype or "uint8", ref.device, 0, None,
                   problem="corrupt: tensors lie in the archive's table, not in this pickle")


def _list(entry: dict[str, Any], name: str) -> list[Any]:
    found = entry.get(name)
    return found if isinstance(found, list) else []


def _text(entry: Any, name: str) -> str:
    found = entry.get(name) if isinstance(entry, dict) else None
    return found if isinstance(found, str) else ""


def _number(entry: dict[str, Any], name: str) -> int | None:
    """An integer; one that is left out is 0 where protobuf's JSON leaves defaults out, but never in these required fields."""
    return integer(entry.get(name))


def _fact(model: dict[str, Any], name: str) -> str:
    found = model.get(name)
    return visible(str(found), 80) if isinstance(found, (str, int)) else ""

