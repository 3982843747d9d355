"""Tensors that are made of others: sparse, nested, and those whose values only their own class can give.

The others are strided tensors of the file (`TensorInfo.made_of`). What a class puts together by code of its own has its shape
and a problem, never values.

Sources: torch/_utils.py (`_rebuild_sparse_tensor`, `_rebuild_nested_tensor`, `_rebuild_wrapper_subclass`,
`_rebuild_device_tensor_from_numpy`) and torch/nested/_internal/nested_tensor.py (`_rebuild_njt`) of torch 2.13.
"""
from __future__ import annotations

from typing import Protocol

from inspector.core.checkpoint import COMPRESSED, Jagged, Nested, PartOf, SparseCompressed, SparseCoo, TensorInfo
from inspector.core.graph import DICT, INT, NONE, Graph
from inspector.core.keypath import visible

from . import distributed
from .calls import tuple_items
from .names import is_distributed
from .parts import BrokenTensor, Parts, numel_of
from .plain import small_integer
from .recognise import device_of, layout_of, state_pairs

# What torch.nested keeps on a jagged tensor besides what it is rebuilt from: the same once more, and notes of its compiler.
_JAGGED_STATE = frozenset({"_values", "_offsets", "_lengths", "_ragged_idx", "_metadata_cache", "_is_param",
                           "_dynamo_dynamic_indices", "_dynamo_propagated_dynamic_indices"})


class Reader(Protocol):
    """What is asked of `tensors.Tensors`."""

    graph: Graph

    def component(self, n: int, key: str) -> TensorInfo: ...
    def sizes(self, n: int, when: int, what: str) -> tuple[int, ...]: ...
    def dtype(self, n: int) -> str: ...
    def requires_grad(self, parts: Parts, n: int) -> None: ...
    def storages_under(self, n: int) -> None: ...
    def from_array(self, parts: Parts, n: int, device: str | None, key: str) -> None: ...
    def remark(self, id: str, key: str, text: str) -> None: ...


def sparse(reader: Reader, parts: Parts, args: tuple[int, ...], when: int, key: str) -> None:
    """(layout, (indices, values, size[, is_coalesced])) or (layout, (outer, inner indices, values, size))."""
    graph = reader.graph
    layout = layout_of(graph, args[0]) if len(args) == 2 else None
    items = tuple_items(graph, args[1]) if len(args) == 2 else None
    if layout is None or items is None:
        raise BrokenTensor("corrupt: no known sparse layout")
    parts.layout = layout
    if layout == "sparse_coo" and len(items) in (3, 4):
        names, size = ["indices", "values"], items[2]
    elif layout in COMPRESSED and len(items) == 4:
        names, size = [*COMPRESSED[layout], "values"], items[3]
    else:
        raise BrokenTensor(f"corrupt: {layout} data is not in order")
    parts.shape = reader.sizes(size, when, "size")
    if any(length < 0 for length in parts.shape):
        raise BrokenTensor("corrupt: a size is negative")
    *indices, values = (_read(reader, parts, item, name, key) for name, item in zip(names, items, strict=False))
    if layout == "sparse_coo":
        parts.made_of = SparseCoo(indices[0], values, graph.boolean(items[3]) if len(items) == 4 else None)
    else:
        parts.made_of = SparseCompressed(indices[0], indices[1], values)
    _as_its_values(parts, values)
    numel_of(parts.shape)


def nested(reader: Reader, parts: Parts, args: tuple[int, ...], when: int, key: str) -> None:
    """(values, sizes, strides, offsets): one row of sizes, of strides and one offset for each tensor in it. How large they
    are is data of the file, not of its pickle: `shape` is that of the values."""
    if len(args) != 4:
        raise BrokenTensor(f"corrupt: {len(args)} arguments where a nested tensor needs 4")
    parts.layout = "nested"
    values, sizes, strides, offsets = (_read(reader, parts, item, name, key) for name, item
                                       in zip(("values", "sizes", "strides", "offsets"), args, strict=True))
    parts.made_of = Nested(values, sizes, strides, offsets)
    _as_its_values(parts, values)
    if parts.problem:
        return
    if len(parts.shape) != 1 or len(sizes.shape) != 2 or sizes.shape != strides.shape or offsets.shape != sizes.shape[:1] \
            or {sizes.dtype, strides.dtype, offsets.dtype} != {"int64"}:
        raise BrokenTensor("corrupt: the sizes of the nested tensor are not in order")


def jagged(reader: Reader, parts: Parts, args: tuple[int, ...], when: int, key: str) -> None:
    """({"values": …, "offsets": …, "lengths": … or None, "_ragged_idx": …, "requires_grad": …},): tensors that differ in one
    dimension, joined along it. `shape` is that of the values."""
    graph = reader.graph
    parts.layout = "jagged"
    if len(args) != 1 or graph.kind[args[0]] != DICT or graph.mutated_after(args[0], when):
        raise BrokenTensor("corrupt: the jagged tensor is not in order")
    given = {graph.loose_text(name): value for name, value in graph.pairs(args[0])[:16]}
    found = {name: _read(reader, parts, given[name], name, key) for name in ("values", "offsets", "lengths")
             if name in given and not (name == "lengths" and graph.kind[given[name]] == NONE)}
    ragged = given.get("_ragged_idx")
    if ragged is None or graph.kind[ragged] != INT or not {"values", "offsets"} <= found.keys():
        raise BrokenTensor("corrupt: the jagged tensor is not in order")
    if "requires_grad" in given:
        reader.requires_grad(parts, given["requires_grad"])
    axis, offsets = graph.a[ragged], found["offsets"]
    parts.made_of = Jagged(found["values"], offsets, found.get("lengths"), axis)
    _as_its_values(parts, found["values"])
    if parts.problem:
        return
    if not 1 <= axis <= len(parts.shape) or len(offsets.shape) != 1 or offsets.shape[0] < 1:
        raise BrokenTensor("corrupt: the jagged tensor is not in order")
    parts.states = [state for state in parts.states if not _is_bookkeeping(graph, state)]


def wrapper(reader: Reader, parts: Parts, args: tuple[int, ...], when: int, key: str) -> None:
    """(class, dtype, size, stride, offset, layout, device, requires_grad): a tensor without a storage, whose class finds its
    values among its attributes, by code of its own (DTensor, torchao, MaskedTensor …). The attributes are its state."""
    if len(args) != 8:
        raise BrokenTensor(f"corrupt: {len(args)} arguments where a tensor subclass needs 8")
    graph = reader.graph
    named = graph.global_name(args[0])
    parts.dtype, parts.device = reader.dtype(args[1]), device_of(graph, args[6])
    parts.shape = reader.sizes(args[2], when, "size")
    if any(size < 0 for size in parts.shape):
        raise BrokenTensor("corrupt: a size is negative")
    parts.stride = () if graph.kind[args[3]] == NONE else reader.sizes(args[3], when, "stride")
    parts.offset = small_integer(graph, args[4]) or 0
    parts.layout = layout_of(graph, args[5]) or "strided"
    reader.requires_grad(parts, args[7])
    numel_of(parts.shape)
    parts.subclass = ".".join(named) if named else ""
    if is_distributed(parts.subclass) and _distributed(reader, parts, key):
        return
    cls = visible(parts.subclass, 80) or "its class"
    parts.problem = f"wrapper: only the code of {cls} knows its values; what it makes them of is listed under it"
    reader.remark("wrapper", key, f"is a {cls}")


def _distributed(reader: Reader, parts: Parts, key: str) -> bool:
    """A DTensor as the tensor that this process held of it, which is all of it on one process or where every one holds the whole. False
    where it is not in order."""
    found = distributed.of_state(reader.graph, parts.states)
    if found is None:
        return False
    local = reader.component(found.local, key)
    parts.stands_for = local
    if local.shape == parts.shape and found.is_whole:
        reader.remark("distributed", key, f"{found.text}, all of it in this file")
    else:
        parts.part_of = PartOf(parts.shape, found.placements)
        reader.remark("shard", key, f"{list(local.shape)} of {list(parts.shape)}, {found.text}")
    if found.is_all:
        for state in parts.states:
            reader.storages_under(state)
        parts.states = []
    return True


def from_numpy(reader: Reader, parts: Parts, args: tuple[int, ...], when: int, key: str) -> None:
    """(numpy array, dtype, device, requires_grad): what devices without storages (XLA, and others that torch has no storages for) write.
    The array's bytes lie in the pickle; numpy has no bfloat16, so that it holds float32 then."""
    if len(args) != 4:
        raise BrokenTensor(f"corrupt: {len(args)} arguments where a tensor of numpy data needs 4")
    device, dtype = reader.graph.loose_text(args[2]), reader.dtype(args[1])
    parts.dtype, parts.device = dtype, device
    reader.requires_grad(parts, args[3])
    reader.from_array(parts, args[0], device, key)
    if parts.dtype != dtype:
        parts.converted_to = dtype


def _read(reader: Reader, parts: Parts, n: int, name: str, key: str) -> TensorInfo:
    """The part `name`, which is remembered even if another one is then found to be broken."""
    part = parts.understood[name] = reader.component(n, f"{key}.{name}")
    return part


def _as_its_values(parts: Parts, values: TensorInfo) -> None:
    """Type and device of the whole are those of its values; what is wrong with a part is wrong with it."""
    parts.dtype, parts.device = values.dtype, values.device
    if parts.layout in ("nested", "jagged"):
        parts.shape, parts.stride = values.shape, values.stride
    broken = [part.problem for part in parts.understood.values() if part.problem]
    parts.problem = broken[0] if broken else ""


def _is_bookkeeping(graph: Graph, state: int) -> bool:
    pairs = state_pairs(graph, state)
    return pairs is not None and len(pairs) <= 16 and all(graph.loose_text(name) in _JAGGED_STATE for name, _ in pairs)
