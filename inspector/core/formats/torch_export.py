"""What `torch.export.save` writes (.pt2), and packages of AOTInductor: programs as JSON, their weights beside them.

    since 2.8    <top>/archive_format "pt2", archive_version, byteorder
                 models/<name>.json                                the program; "model" unless it was given a name
                 data/weights/<name>_weights_config.json           {"config": {key: {path_name, is_param, use_pickle, tensor_meta}}}
                 data/weights/weight_<n>                           a storage's bytes, or with use_pickle what torch.save wrote
                 data/constants/<name>_constants_config.json, tensor_<n>, custom_obj_<n>, opaque_obj_<n>    the same
                 data/sample_inputs/<name>.pt                      what torch.save wrote
                 data/weights/<name>.pt, data/constants/<name>.pt  the whole dicts by torch.save (2.7 and 2.8)
                 data/aotinductor/<name>/*.so, weights_config.json {key: [file, shape, stride, offset]} of torch.save's weight_<n>
    until 2.7    serialized_exported_program.json, serialized_state_dict.pt, serialized_constants.pt, serialized_example_inputs.pt
                 (.json before 2.2, although torch.save wrote them)

Sources: torch/export/pt2_archive/_package.py and constants of torch 2.13, torch/_export/serde/schema.py (`PayloadMeta`,
`TensorMeta`, `ScalarType`), torch/export/__init__.py of 2.1 to 2.6. Keys are those of the program's `state_dict`; constants,
then sample inputs follow. With several programs each has its name before its keys. Programs are text here: none is rebuilt.
"""
from __future__ import annotations

import re
from collections.abc import Callable
from types import MappingProxyType
from typing import Any, NamedTuple

from inspector.core.checkpoint import Checkpoint, Opaque, Plain, Storage, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.errors import BadTensor, Cancelled, Changed, Corrupt, InspectorError, TooBig
from inspector.core.findings import Finding
from inspector.core.io.sources import STORED, SourceFile
from inspector.core.keypath import visible
from inspector.core.limits import LIMITS, Limits
from inspector.core.progress import QUIET, Monitor
from inspector.core.wording import counted

from .shared.described_tensor import described, integer, integers
from .shared.merging import Findings, Keys, Nodes, renamed, renumbered
from .shared.strict_json import Scanner
from .zip.records import Records

FORMAT = "torch-export"
ReadPayload = Callable[[SourceFile, str, Limits, Monitor], Checkpoint]

# torch/_export/serde/schema.py, ScalarType
_DTYPES = {1: "uint8", 2: "int8", 3: "int16", 4: "int32", 5: "int64", 6: "float16", 7: "float32", 8: "float64", 9: "complex32",
           10: "complex64", 11: "complex128", 12: "bool", 13: "bfloat16", 28: "uint16", 29: "float8_e4m3fn", 30: "float8_e5m2",
           31: "float8_e4m3fnuz", 32: "float8_e5m2fnuz", 33: "float8_e8m0fnu", 34: "uint32", 35: "uint64"}
_STRIDED = 7                # Layout.Strided
_MODEL = re.compile(r"models/(.+)\.json|data/(?:weights|constants)/(.+?)(?:_(?:weights|constants)_config\.json|\.pt)"
                    r"|data/sample_inputs/(.+)\.pt|data/aotinductor/([^/]+)/.+", re.DOTALL)
_WHOLE = (("serialized_state_dict", ""), ("serialized_constants", "constants"), ("serialized_example_inputs", "sample_inputs"))
_NATIVE = re.compile(r"\.(?:so|dll|dylib|pyd|exe|o|obj|a|lib|cubin|fatbin|hsaco|spv)(?:\.\d+)*$", re.IGNORECASE)
_TORCH_VERSION = re.compile(rb'"torch_version": ?"([\w.+-]{1,40})"')
_TAIL = 8192                # bytes at the end of a program among which its version is looked for


def read(source: SourceFile, path: str, read_payload: ReadPayload, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> Checkpoint:
    """The checkpoint in the archive `source`; no record with a tensor's bytes is read. `read_payload` reads what torch.save
    wrote inside it. Raises what `zip_directory.read_directory` raises; what is wrong with one part is a finding."""
    return _Archive(Records(source, limits, monitor), path, read_payload).checkpoint()


class _Model(NamedTuple):
    """One program: `prefix` stands before its keys ("" or "name."), `state_dict` is the path of its state dict."""

    name: str
    prefix: str
    state_dict: str


class _Archive:
    def __init__(self, records: Records, path: str, read_payload: ReadPayload) -> None:
        self.records = records
        self.path = path
        self.read_payload = read_payload
        self.names = records.inner()
        self.there = frozenset(self.names)
        self.files = [records.source.stamp]
        self.tensors: dict[str, TensorInfo] = {}
        self.values: dict[str, Plain] = {}
        self.storages: dict[str, Storage] = {}
        self.keys = Keys()
        self.nodes = Nodes()
        self.part_findings = Findings()
        self.state_dicts: dict[str, None] = {}
        self.payloads: dict[str, Checkpoint | str] = {}     # records that torch.save wrote, read, or why they cannot be
        self.listed: set[str] = set()
        self.referred: set[str] = set()                     # records that some key refers to
        self.unpacked = 0                                   # bytes inflated into memory so far
        self.big_endian = False
        self.order_problem = ""

    def checkpoint(self) -> Checkpoint:
        records = self.records
        self._byteorder()
        models = self._models()
        for model in models:
            self._weights(model)
        for model in models:
            self._aotinductor(model)
        for stem, under in _WHOLE:
            self._whole(stem, under)
        for model in models:
            self._constants(model)
        for model in models:
            self._sample_inputs(model)
        self._native()
        self._orphans()
        return Checkpoint(self.path, FORMAT, "module" if self.state_dicts else "other", tuple(self.files), MappingProxyType(self.tensors),
                          MappingProxyType(self.values), MappingProxyType(self.storages), tuple(self.state_dicts),
                          (*self.part_findings.all(), *records.all_findings()), facts=MappingProxyType(self._facts(models)),
                          members=records.members(), pickles=tuple(self.nodes.pickles))

    def _models(self) -> list[_Model]:
        """The programs of the archive, in the order in which its members name them."""
        names: dict[str, None] = {}
        for name in self.names:
            match = _MODEL.fullmatch(name)
            if match:
                names[next(group for group in match.groups() if group)] = None
        if len(names) == 1:
            return [_Model(next(iter(names)), "", "")]
        return [_Model(name, f"{name}.", name) for name in names]

    def _facts(self, models: list[_Model]) -> dict[str, str]:
        records = self.records
        facts = {"folder": records.top.rstrip("/"), "version": records.text("version") or records.text(".data/version"),
                 "archive_version": records.text("archive_version"), "byteorder": records.text("byteorder"),
                 "programs": ", ".join(visible(model.name, 40) for model in models[:8])}
        programs = [name for name in self.names if name.startswith("models/") or name == "serialized_exported_program.json"]
        if programs:
            facts["torch version"] = self._torch_version(programs[0])
        return {name: text for name, text in facts.items() if text}

    def _torch_version(self, record: str) -> str:
        """The release that wrote the program: it stands near its end. "" where that is not to be had for little."""
        extent, problem = self.records.extent(record)
        if extent is None or problem or extent.method != STORED:
            return ""
        self.records.directory.confirm(self.records.source, [self.records.top + record])
        extent = self.records.names[self.records.top + record]
        nbytes = min(_TAIL, extent.nbytes)
        try:
            tail = self.records.source.read(extent.offset + extent.nbytes - nbytes, nbytes)
        except InspectorError:
            return ""
        found = _TORCH_VERSION.findall(tail)
        return found[-1].decode("ascii") if found else ""

    def _byteorder(self) -> None:
        said = self.records.text("byteorder")
        if said == "big":
            self.big_endian = True
        elif said not in (None, "little"):
            self.order_problem = f"byteorder: the byte order record says {said!r} instead of 'little' or 'big'"
            self.records.add_finding("byteorder", "danger", "byteorder", f"The byte order record says {said!r} instead of 'little' or "
                              "'big': no value in this file can be told.", "The file was damaged or changed by hand: fetch it again.")

    # -- the parts of a program ---------------------------------------------------------------------------------------

    def _weights(self, model: _Model) -> None:
        whole, config = f"data/weights/{model.name}.pt", f"data/weights/{model.name}_weights_config.json"
        if whole in self.there:
            self._payload(whole, model.prefix, model.state_dict)
        elif config in self.there:
            self._configured(config, "data/weights/", model.prefix, model.state_dict)

    def _constants(self, model: _Model) -> None:
        prefix = f"constants.{model.prefix}"
        whole, config = f"data/constants/{model.name}.pt", f"data/constants/{model.name}_constants_config.json"
        if whole in self.there:
            self._payload(whole, prefix, None)
        elif config in self.there:
            self._configured(config, "data/constants/", prefix, None)

    def _sample_inputs(self, model: _Model) -> None:
        record = f"data/sample_inputs/{model.name}.pt"
        if record in self.there:
            self._payload(record, f"sample_inputs.{model.prefix}", None)

    def _whole(self, stem: str, under: str) -> None:
        """One of the parts of an archive of torch 2.1 to 2.7, however it is called there."""
        for suffix in (".pt", ".json"):
            if stem + suffix in self.there:
                self._payload(stem + suffix, f"{under}." if under else "", None if under else "")
                return

    def _configured(self, config: str, folder: str, prefix: str, state_dict: str | None) -> None:
        """Lists what a payload config tells of."""
        found = self._json(config)
        entries = found.get("config") if isinstance(found, dict) else None
        if not isinstance(entries, dict):
            self.records.add_finding("bad-member", "danger", config, f"{visible(config, 80)} does not say which tensors there are.",
                              "The archive is damaged: fetch or copy it again.")
            return
        for count, (key, entry) in enumerate(entries.items()):
            if count % 1024 == 0:
                self.records.monitor.check()
            name = entry.get("path_name") if isinstance(entry, dict) else None
            record = folder + name if isinstance(name, str) else ""
            if isinstance(entry, dict) and entry.get("use_pickle") is True:
                self._payload(record, prefix + key, state_dict, single=True)
            else:
                meta = entry.get("tensor_meta") if isinstance(entry, dict) else None
                self._put(self._raw(record, meta if isinstance(meta, dict) else {}), prefix + key, state_dict)

    def _raw(self, record: str, meta: dict[str, Any]) -> TensorInfo:
        """A tensor whose storage's bytes are all of a record."""
        kind = meta.get("dtype")
        dtype = _DTYPES.get(kind) if type(kind) is int else None
        shape, stride = integers(_plain(meta.get("sizes"))), integers(_plain(meta.get("strides")))
        offset = integer(_plain([meta.get("storage_offset")])[0])
        device = _device(meta.get("device"))
        storage = self._storage(record, dtype, device) if record else None
        problem = ""
        if meta.get("layout", _STRIDED) != _STRIDED:
            problem = "unsupported: bytes of a tensor that is not strided"
        elif storage is not None and storage.extent is not None and not storage.nbytes and shape and 0 not in shape:
            problem = "fake: the archive holds no values for it; torch.export.load makes zeros"
        return described("", shape, stride, offset, dtype, device, storage, requires_grad=meta.get("requires_grad") is True,
                         problem=problem)

    def _storage(self, record: str, dtype: str | None, device: str | None) -> Storage:
        known = self.storages.get(record)
        if known is None:
            self.referred.add(record)
            extent, problem = self.records.extent(record)
            nbytes = extent.size if extent else 0
            if extent and dtype and nbytes * 8 % DTYPES[dtype].bits:
                problem = problem or f"size_mismatch: {nbytes:,} bytes are no whole number of elements"
            known = self.storages[record] = Storage(record, dtype or "uint8", device, nbytes, extent, self.big_endian,
                                                    problem or self.order_problem)
        return known

    def _aotinductor(self, model: _Model) -> None:
        """Weights of a compiled program: views of tensors that torch.save wrote."""
        config = f"data/aotinductor/{model.name}/weights_config.json"
        found = self._json(config) if config in self.there else None
        if not isinstance(found, dict):
            return
        exported = model.state_dict in self.state_dicts
        state_dict = f"aotinductor.{model.name}" if exported else model.state_dict
        prefix = f"{state_dict}." if state_dict else ""
        for key, entry in found.items():
            file, shape, stride, offset = entry if isinstance(entry, list) and len(entry) == 4 else (None, None, None, None)
            record = f"data/weights/{file}" if isinstance(file, str) else ""
            whole = self._single(record)
            if isinstance(whole, str):
                info = described("", integers(shape), integers(stride), integer(offset), None, None, None, problem=whole)
            else:
                storage = self.storages.get(whole.storage)
                info = described("", integers(shape), integers(stride), integer(offset), whole.dtype, whole.device, storage,
                                 problem=whole.problem)._replace(node=whole.node)
            self._put(info, prefix + key, state_dict)

    def _json(self, record: str) -> Any:
        records = self.records
        self.referred.add(record)
        try:
            data = records.read(record, records.limits.json_bytes)
            return Scanner(data, visible(record, 80), limits=records.limits, monitor=records.monitor).document()
        except (Corrupt, TooBig) as error:
            records.add_finding("bad-member", "danger", record, f"{visible(record, 80)} cannot be read: {error.message}.", error.hint)
            return None

    # -- what torch.save wrote inside ---------------------------------------------------------------------------------

    def _payload(self, record: str, prefix: str, state_dict: str | None, *, single: bool = False) -> None:
        """Lists what is in a record that torch.save wrote, under `prefix`; with `single` that is the key of one object."""
        found = self._opened(record)
        if isinstance(found, str):
            if single:
                self._put(described("", (), (), 0, None, None, None, problem=found), prefix, state_dict)
            return
        if record in self.listed:
            root = found.tensors.get("")
            if root is not None:
                self._put(root, prefix, state_dict)
            else:
                self.values[self.keys.new(prefix)] = Opaque("reference", f"→ what {visible(record, 80)} holds")
            return
        self.listed.add(record)
        for key, info in found.tensors.items():
            self._put(info, _joined(prefix, key, single), state_dict if info.state_dict == "" or not key else None)
        for key, value in found.values.items():
            if key or single:
                self.values[self.keys.new(_joined(prefix, key, single))] = value

    def _single(self, record: str) -> TensorInfo | str:
        """The one tensor in a record that torch.save wrote, or why there is none."""
        found = self._opened(record)
        if isinstance(found, str):
            return found
        root = found.tensors.get("")
        return root if root is not None else f"corrupt: {visible(record, 80)} is not one tensor"

    def _opened(self, record: str) -> Checkpoint | str:
        known = self.payloads.get(record)
        if known is None:
            known = self.payloads[record] = self._open(record)
        return known

    def _open(self, record: str) -> Checkpoint | str:
        """The checkpoint in `record`, its storages among ours, or why it cannot be read."""
        records = self.records
        self.referred.add(record)
        extent, problem = records.extent(record)
        if extent is None or problem:
            records.add_finding("bad-member", "danger", record, f"{visible(record, 80) or 'A record without a name'} cannot be read: "
                         f"{problem.partition(': ')[2]}.", "The archive is damaged: fetch or copy it again.")
            return problem
        try:
            inner, moved, number = self._enter(record)
            part = self.read_payload(inner, f"{self.path}!{records.top}{record}", records.limits, records.monitor)
        except (Changed, Cancelled):
            raise
        except InspectorError as error:
            self.part_findings.add(error.findings, visible(record))
            records.add_finding("bad-member", "danger", record, f"{visible(record, 80)} cannot be read: {error.message}.", error.hint)
            return f"corrupt: {visible(record, 80)}: {error.message}"
        return self._adopt(record, part, moved, number)

    def _enter(self, record: str) -> tuple[SourceFile, int, int]:
        """(the record as a source, what its offsets are to be moved by, its number among the files). A stored record is part
        of the archive's own file; a packed one is a file of its own, inflated into memory."""
        records = self.records
        name = records.top + record
        records.directory.confirm(records.source, [name])
        if name in records.directory.notes:
            raise Corrupt(records.directory.notes[name].partition(": ")[2], "The archive is damaged: fetch or copy it again.")
        extent = records.names[name]
        label = f"{self.path}!{name}"
        if extent.method == STORED:
            return records.source.window(extent.offset, extent.nbytes, label), extent.offset, 0
        self.unpacked += extent.size
        if self.unpacked > records.limits.preview:
            raise TooBig(f"the packed records unpack to more than {records.limits.preview:,} bytes",
                         "Unpack the archive and pack it without compression.")
        try:
            inner = records.source.unpacked(extent, label)
        except BadTensor as error:
            raise Corrupt(error.message, error.hint, visible(record)) from error
        number = len(self.files)
        inner.index = records.source.index + number
        self.files.append(records.source.stamp._replace(inside=inner.inside))
        return inner, 0, number

    def _adopt(self, record: str, part: Checkpoint, moved: int, number: int) -> Checkpoint:
        ids = {id: f"{record}/{id}" for id in part.storages}
        for id, storage in part.storages.items():
            extent = storage.extent.moved(moved) if storage.extent is not None and not number else storage.extent
            self.storages[ids[id]] = storage._replace(id=ids[id], extent=extent)
        base = self.nodes.add(part.pickles, visible(record))
        self.part_findings.add(part.findings, visible(record))
        tensors = {key: renamed(info, ids, base) for key, info in part.tensors.items()}
        values = {key: renumbered(value, ids, base) for key, value in part.values.items()}
        return Checkpoint(part.path, part.format, part.kind, part.files, tensors, values)

    def _put(self, info: TensorInfo, key: str, state_dict: str | None) -> None:
        key = self.keys.new(key)
        if state_dict is not None:
            self.state_dicts[state_dict] = None
        self.tensors[key] = info._replace(key=key, state_dict=state_dict)

    # -- what else lies in the archive --------------------------------------------------------------------------------

    def _native(self) -> None:
        """Compiled code, which torch runs as soon as such a package is loaded."""
        found = [name for name in self.names if _is_native(name)]
        if not found:
            return
        nbytes = sum(self.records.names[self.records.top + name].size for name in found)
        shown = ", ".join(visible(name, 60) for name in found[:3]) + (", …" if len(found) > 3 else "")
        self.part_findings.add([Finding("native-code", "danger", visible(found[0]), f"The archive holds compiled code, {nbytes:,} bytes in "
                               f"{len(found):,} file{'s' if len(found) > 1 else ''}: {shown}. Loading the package runs it; here "
                               "nothing was run. Weights compiled into it cannot be shown.",
                               "Load it only if you trust whoever made it.")])

    def _orphans(self) -> None:
        folders = ("data/weights/", "data/constants/")
        left = [name for name in self.names if name.startswith(folders) and name not in self.referred and not _is_native(name)]
        if left:
            shown = ", ".join(visible(name, 40) for name in left[:3]) + (", …" if len(left) > 3 else "")
            self.records.add_finding("orphan-records", "warning", left[0], f"{counted(len(left), 'record belongs', 'records belong')} to "
                                     f"no tensor: {shown}.",
                              "They are kept unless unreferenced records are dropped.", left)


def _is_native(name: str) -> bool:
    return _NATIVE.search(name) is not None


def _joined(prefix: str, key: str, single: bool) -> str:
    if single:
        return f"{prefix}.{key}" if key else prefix
    return prefix + key if key else prefix.rstrip(".") or "value"


def _plain(values: Any) -> Any:
    """[{"as_int": 3}, 4] -> [3, 4]; sizes that are symbols stay what they are."""
    if not isinstance(values, list):
        return values
    return [value.get("as_int") if isinstance(value, dict) else value for value in values]


def _device(found: Any) -> str | None:
    """{"type": "cuda", "index": 0} -> "cuda:0"."""
    if not isinstance(found, dict) or not isinstance(found.get("type"), str):
        return None
    index = integer(found.get("index"))
    return found["type"] if index is None else f"{found['type']}:{index}"
