"""The pickle stream that torch before 1.6 reads, and every torch since: what `_use_new_zipfile_serialization=False` gives.

    pickle of the magic number | pickle of 1001 | pickle of sys_info | pickle of the object | pickle of [key, …]
    then, for each key in that order: int64 elements, little-endian | the elements' bytes

Persistent ids have a sixth item, the view of a storage, which is None since torch 0.4. The number before a storage counts elements of
the type that the object names it by first. Storages lie in the order in which the object loads them; torch sorts their keys, and no
reader asks for an order. Source: `_legacy_save` and `_legacy_load` of torch/serialization.py 2.13.
"""
from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, Storage
from inspector.core.dtypes import DTYPES
from inspector.core.errors import SaveError
from inspector.core.graph import Graph
from inspector.core.keypath import visible
from inspector.core.pickles.encode.emit import emit
from inspector.core.pickles.encode.graph_editor import GraphEditor
from inspector.core.pickles.encode.records import Record
from inspector.core.pickles.encode.torch_calls import CLASSES, UNTYPED
from inspector.core.pickles.objects.calls import call_of, tuple_items
from inspector.core.pickles.objects.storages import StorageRef, Storages
from inspector.core.progress import QUIET, Monitor, stoppable
from inspector.core.saving.disk.payloads import Output, Payload, Written
from inspector.core.wording import count

from .torch_zip import is_big_endian, payload_of, payload_users

MAGIC = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."              # pickle of 0x1950a86a20f9469cfc6c
VERSION = b"\x80\x02M\xe9\x03."                                    # pickle of 1001
_NUMBER = struct.Struct("<q")
_SINCE_ZIP = ("_rebuild_parameter_with_state", "_rebuild_from_type", "_rebuild_from_type_v2",
              "_rebuild_meta_tensor_no_storage", "_rebuild_device_tensor_from_numpy", "_rebuild_device_tensor_from_cpu_tensor",
              "_rebuild_wrapper_subclass", "_rebuild_nested_tensor", "_rebuild_sparse_csr_tensor", "_rebuild_tensor_v3",
              "ComplexFloatStorage", "ComplexDoubleStorage", "QUInt4x2Storage", "QUInt2x4Storage", "per_channel_affine_float_qparams",
              "quint4x2", "quint2x4")
_SPARSE = ("torch._utils", "_rebuild_sparse_tensor")


class Stream(NamedTuple):
    """A file to be: its pickles, and the storages behind them by the names of their `records` ("data/0"), each after its number of
    elements. `late` are names that the object has and torch before 1.6 has not."""

    head: bytes
    members: dict[str, Payload]
    numbers: dict[str, int]
    records: tuple[Record, ...]
    late: tuple[str, ...] = ()

    @property
    def nbytes(self) -> int:
        """Of the whole file, exactly."""
        return len(self.head) + sum(_NUMBER.size + payload.nbytes for payload in self.members.values())


def lay_out(ckpt: Checkpoint, graph: Graph, records: Iterable[Record], monitor: Monitor = QUIET) -> Stream:
    """The stream for `ckpt`, whose object is `graph` as a zip archive would have it, with its `records`. Raises SaveError when a
    storage's bytes cannot be had, or are not those that the object says."""
    if is_big_endian(ckpt, monitor):
        raise SaveError("its storages are big-endian, and torch reads those of its old format as little-endian",
                        "Save it as PyTorch file (torch-zip), or as safetensors.", id="byteorder")
    first: dict[str, StorageRef] = {}
    editor = GraphEditor(graph)
    for ref in stoppable(Storages(graph, _unresolved).refs(), monitor):
        if ref.key is not None:
            first.setdefault(ref.key, ref)
        id = graph.a[ref.node]
        if graph.names[graph.a[graph.operands[graph.a[id] + 1]]][1] == UNTYPED[1]:
            raise _untyped(ckpt, ref)
        editor.graph.a[ref.node] = editor.tuple_of((*graph.operands[graph.a[id]:graph.a[id] + 5], editor.const(None)))
        editor.rebuilt = True
    made = emit(editor.finish(), done_after=editor.done_after, fresh=editor.first_new, monitor=monitor).data if first else \
        graph.data[graph.start:graph.end]
    records, users = tuple(records), payload_users(ckpt, monitor)
    payloads = {record.name: payload_of(ckpt, record, False, users) for record in stoppable(records, monitor)}
    numbers = {name: _elements(payload, first[name.removeprefix("data/")])
               for name, payload in stoppable(payloads.items(), monitor)}
    head = b"".join((MAGIC, VERSION, _sys_info(), made, _keys((name.removeprefix("data/") for name in payloads), monitor)))
    late = tuple(dict.fromkeys([".".join(name) for name in graph.names if name[1] in _SINCE_ZIP] + [*_late_sparse(graph)]))
    return Stream(head, payloads, numbers, records, late)


def write(stream: Stream, output: Output) -> dict[str, Written]:
    """The file, and where in it the bytes of each record lie. Raises as `Output.payload`."""
    output.write(stream.head)
    found: dict[str, Written] = {}
    for name, payload in stream.members.items():
        output.write(_NUMBER.pack(stream.numbers[name]))
        found[name] = output.payload(payload)
    return found


def _untyped(ckpt: Checkpoint, ref: StorageRef) -> SaveError:
    """A storage without an element type: `persistent_load` asks each for its `dtype`, and there is no way round it."""
    info = next((info for info in ckpt.tensors.values() if info.dtype not in CLASSES), None) or \
        next((info for info in ckpt.tensors.values() if info.storage == ref.key), None)
    what = f"{visible(info.key, 80)} ({info.dtype})" if info is not None else "an object of the file"
    return SaveError(f"{what} needs a storage without an element type, which torch's old format does not have",
                     "Save it as PyTorch file (torch-zip), cast it, or drop it.", info.key if info is not None else "", id="no_such_type")


def _elements(payload: Payload, ref: StorageRef) -> int:
    """How many elements of the type that the object says a storage has."""
    width = DTYPES[ref.dtype].stored if ref.dtype in DTYPES else 0
    if not width or payload.nbytes != ref.numel * width:
        raise SaveError(f"{visible(payload.what, 80)} has {count(payload.nbytes, 'byte')} where the object says "
                        f"{count(max(ref.numel, 0), 'element')} of {visible(ref.dtype or 'an unknown type', 40)}: the old "
                        "format has no place for others",
                        "Save it as PyTorch file (torch-zip).", visible(payload.what), id="bad_source")
    return ref.numel


def _sys_info() -> bytes:
    """What torch says of the machine that writes: of one whose numbers are those that are written."""
    editor = GraphEditor(Graph(b""))
    sizes = editor.dict_of((editor.word(name), editor.const(size)) for name, size in (("short", 2), ("int", 4), ("long", 4)))
    editor.graph.root = editor.dict_of(((editor.word("protocol_version"), editor.const(1001)),
                                        (editor.word("little_endian"), editor.const(True)), (editor.word("type_sizes"), sizes)))
    return emit(editor.finish(), fresh=0).data


def _keys(keys: Iterator[str], monitor: Monitor) -> bytes:
    editor = GraphEditor(Graph(b""))
    editor.graph.root = editor.list_of([editor.const(key) for key in stoppable(keys, monitor)])
    return emit(editor.finish(), fresh=0, monitor=monitor).data


def _late_sparse(graph: Graph) -> Iterator[str]:
    """torch before 1.6 makes a COO tensor of three parts; the fourth says whether it is coalesced (`_rebuild_sparse_tensor`, since 2.1)."""
    if _SPARSE in graph.names:
        for n in graph.calls():
            call = call_of(graph, n)
            parts = tuple_items(graph, call.args[1]) if call.name == _SPARSE and call.args is not None and len(call.args) == 2 else None
            if parts is not None and len(parts) > 3:
                yield "sparse tensors that say whether they are coalesced"
                return


def _unresolved(ref: StorageRef) -> Storage:
    raise AssertionError("nothing is resolved here")
