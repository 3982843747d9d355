"""A mapping that a script holds, as a checkpoint: nested dicts, lists and tuples of arrays, torch tensors and plain values.

It becomes the very pickle that `torch.save` would write for it, of what `torch.load(weights_only=True)` takes, whose storages are the
arrays' own memory. From then on it is a checkpoint like any other: it is checked, edited, compared and saved.

What shares memory shares it in the file: the whole storage of a torch tensor is kept, as `torch.save` does; of arrays the run of memory
that they view. One object that stands in two places is one. Tensors of opened checkpoints (`ckpt["key"]`) stay where they are.
"""
from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from enum import Enum
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from inspector.core.checkpoint import (
    Checkpoint,
    Extra,
    FileStamp,
    PerChannel,
    PerTensor,
    Pickle,
    SparseCompressed,
    SparseCoo,
    Storage,
    TensorInfo,
    contiguous,
)
from inspector.core.dtypes import DTYPES
from inspector.core.errors import UsageError
from inspector.core.graph import APPENDS, DICT, LIST, SETITEMS, Graph
from inspector.core.keypath import join, visible
from inspector.core.pickles.decode.machine import decode
from inspector.core.pickles.encode.emit import emit
from inspector.core.pickles.encode.graph_editor import GraphEditor
from inspector.core.pickles.encode.records import Records
from inspector.core.pickles.encode.torch_objects import TorchObjects
from inspector.core.pickles.objects.contents import contents_of
from inspector.core.pickles.objects.storages import KnownStorages
from inspector.core.progress import QUIET, Monitor
from inspector.core.runtime.collector import collector_paused
from inspector.core.tensors.array_kinds import EmptyArray, NestedArray, QuantizedArray, SparseArray
from inspector.core.tensors.array_memory import Blocks, Memory, is_storage, is_tensor, of_array, of_storage, of_tensor, torch_module

if TYPE_CHECKING:
    pass

PATH = "(in memory)"
_PLAIN = (bool, int, float, str, bytes)
_DEPTH = 500                # of nested containers


def read(value: Any, monitor: Monitor = QUIET) -> Checkpoint:
    """The checkpoint that `value`, a mapping or anything else that can stand in one, is. It views the memory of its arrays: what is done
    to them before it is saved is saved. Raises UsageError naming the key of what cannot be written so that torch reads it."""
    with collector_paused():
        return _Reading(monitor).checkpoint(value)


class _Waiting(NamedTuple):
    """A tensor on its way: `info` lacks its storage, which is where number `at` of the blocks is placed; `parts` make it up. With
    `is_storage` it stands for all elements of a storage, which is by itself."""

    info: TensorInfo
    at: int = -1
    memory: Memory | None = None
    parts: Mapping[str, _Waiting] = MappingProxyType({})
    is_parameter: bool = False
    is_storage: bool = False


class _Reading:
    def __init__(self, monitor: Monitor) -> None:
        self.monitor = monitor
        self.blocks = Blocks()
        self.found: dict[int, _Waiting] = {}            # id of an object -> what it is
        self.alive: list[Any] = []                      # so that no other object gets the id of one that was looked at
        self.files: list[FileStamp] = []
        self.borrowed: dict[str, Storage] = {}          # storages of opened checkpoints, by what they are called for the time being
        self._copies: dict[tuple[str, int], Any] = {}   # storages of other devices
        self._firsts: dict[int, int] = {}               # opened checkpoint -> its first number in `files`

    def checkpoint(self, value: Any) -> Checkpoint:
        self._survey(value)
        self.blocks.settle()
        names = {name: str(len(self.blocks.storages) + n) for n, name in enumerate(self.borrowed)}
        settled = {n: self._settled(one, names) for n, one in self.found.items()}
        storages = {**self.blocks.storages, **{names[name]: storage._replace(id=names[name]) for name, storage in self.borrowed.items()}}
        every = [info for one in settled.values() for info in (one, *one.parts.values())]
        tables = {str(n): info for n, info in enumerate(every)}
        skeleton = Checkpoint(PATH, "torch-zip", "other", (), tables, storages=storages)
        graph = self._graph(value, settled, skeleton)
        known = KnownStorages(storages)
        contents = contents_of(graph, known.resolve, resolve_many=known.resolve_many, monitor=self.monitor)
        return Checkpoint(PATH, "torch-zip", contents.kind, tuple(self.files),
                          contents.table, MappingProxyType(dict(contents.values)),
                          MappingProxyType({**storages, **contents.storages}), contents.state_dicts, tuple(contents.findings),
                          module_metadata=MappingProxyType(contents.module_metadata), pickles=(Pickle("data.pkl", graph),),
                          listed_nodes=tuple(contents.listed_nodes))

    # -- all tensors --------------------------------------------------------------------------------------------------

    def _survey(self, value: Any) -> None:
        """Finds every tensor in `value`."""
        todo: list[tuple[Any, str]] = [(value, "")]
        seen: set[int] = set()
        while todo:
            one, key = todo.pop()
            if isinstance(one, str | int | float | bytes) or one is None or id(one) in seen:
                continue
            seen.add(id(one))
            self.alive.append(one)
            if isinstance(one, Mapping):
                todo += [(inner, join(key, str(name))) for name, inner in reversed(list(one.items()))]
            elif type(one) in (list, tuple) or isinstance(one, tuple | list):
                todo += [(one[i], join(key, str(i))) for i in reversed(range(len(one)))]
            else:
                waiting = self._tensor(one, key)
                if waiting is not None:
                    self.found[id(one)] = waiting

    def _tensor(self, value: Any, key: str) -> _Waiting | None:
        """What `value` is, if it is a tensor of some kind."""
        if is_tensor(value):
            return self._of_torch(value, key)
        if is_storage(value):
            return self._strided(of_storage(value, key, self._copies), key)._replace(is_storage=True)
        if isinstance(value, QuantizedArray):
            return self._quantized(of_array(value.stored, key), value.dtype, value.scheme, value.scales, value.zero_points, value.axis, key)
        if isinstance(value, SparseArray):
            return self._composed(value.layout, tuple(value.shape), {name: self._array(part, f"{key}.{name}")
                                                                     for name, part in value.parts.items()}, key, value.is_coalesced)
        if isinstance(value, EmptyArray):
            return _Waiting(TensorInfo(key, value.shape, value.dtype, "meta", value.stride, 0, "", 0))
        if isinstance(value, NestedArray):
            raise UsageError(f"{visible(key, 80)} is a nested tensor, which is not written", "Leave it out.")
        if _is_array(value):
            return self._array(value, key)
        return self._lazy(value, key) if _is_lazy(value) else None

    def _array(self, array: Any, key: str) -> _Waiting:
        return self._strided(of_array(array, key), key)

    def _strided(self, memory: Memory, key: str, requires_grad: bool = False, **more: Any) -> _Waiting:
        info = TensorInfo(key, memory.shape, memory.dtype, memory.device, memory.stride, 0, "", 0, requires_grad, **more)
        return _Waiting(info, self.blocks.add(memory), memory)

    def _lazy(self, value: Any, key: str) -> _Waiting:
        """A tensor of an opened checkpoint: its bytes stay in the file where they can be copied from there, or are read now."""
        ckpt, info = value.checkpoint, value.info
        storage = ckpt.storages.get(info.storage)
        plain = info.layout == "strided" and not info.problem and not info.chunks and info.read_from is None and info.quantizer is None
        if not plain or storage is None or storage.extent is None or storage.big_endian or ckpt.edited is not None:
            return self._strided(of_array(value.numpy(), key), key)
        first = self._firsts.get(id(ckpt))
        if first is None:
            first = self._firsts[id(ckpt)] = len(self.files)
            self.files += ckpt.files
            self.alive.append(ckpt)
        name = f"file{first}:{storage.id}"
        self.borrowed[name] = storage._replace(extent=storage.extent._replace(file=storage.extent.file + first))
        return _Waiting(info._replace(key=key, storage=name, node=-1, state_dict=None))

    def _of_torch(self, tensor: Any, key: str) -> _Waiting:
        torch = torch_module()
        grad, is_parameter = bool(tensor.requires_grad), isinstance(tensor, torch.nn.Parameter)
        tensor = tensor.detach()
        name = str(tensor.dtype).removeprefix("torch.")
        if tensor.device.type == "meta":
            stride = tuple(tensor.stride())
            waiting = _Waiting(TensorInfo(key, tuple(tensor.shape), name, "meta", stride, 0, "", 0, grad))
        elif tensor.is_quantized:
            per_tensor = tensor.qscheme() in (torch.per_tensor_affine, torch.per_tensor_symmetric)
            scheme = str(tensor.qscheme()).removeprefix("torch.")
            scales, zeros, axis = (tensor.q_scale(), tensor.q_zero_point(), None) if per_tensor else (
                tensor.q_per_channel_scales(), tensor.q_per_channel_zero_points(), tensor.q_per_channel_axis())
            waiting = self._quantized(self._of_strided(tensor, key), name, scheme, scales, zeros, axis, key)
        elif tensor.is_nested:
            raise UsageError(f"{visible(key, 80)} is a nested tensor, which is not written", "Leave it out, or save its parts: x.unbind().")
        elif tensor.layout != torch.strided:
            waiting = self._of_sparse(tensor, key)
        else:
            waiting = self._strided(self._of_strided(tensor.resolve_conj().resolve_neg(), key), key, grad)
        return waiting._replace(is_parameter=is_parameter, info=waiting.info._replace(requires_grad=grad))

    def _of_strided(self, tensor: Any, key: str) -> Memory:
        return of_tensor(tensor, key, self._copies)

    def _of_sparse(self, tensor: Any, key: str) -> _Waiting:
        layout = str(tensor.layout).removeprefix("torch.")
        if layout == "sparse_coo":
            parts = {"indices": tensor._indices(), "values": tensor._values()}
        elif layout in ("sparse_csr", "sparse_bsr"):
            parts = {"crow_indices": tensor.crow_indices(), "col_indices": tensor.col_indices(), "values": tensor.values()}
        elif layout in ("sparse_csc", "sparse_bsc"):
            parts = {"ccol_indices": tensor.ccol_indices(), "row_indices": tensor.row_indices(), "values": tensor.values()}
        else:
            raise UsageError(f"{visible(key, 80)} has the layout {layout}, which is not written", "Convert it: x.to_dense().")
        coalesced = bool(tensor.is_coalesced()) if layout == "sparse_coo" else None
        return self._composed(layout, tuple(tensor.shape), {name: self._strided(self._of_strided(part, key), f"{key}.{name}")
                                                            for name, part in parts.items()}, key, coalesced)

    def _composed(self, layout: str, shape: tuple[int, ...], parts: dict[str, _Waiting], key: str, coalesced: bool | None) -> _Waiting:
        values = parts["values"].info
        return _Waiting(TensorInfo(key, shape, values.dtype, values.device, contiguous(shape), 0, "", 0, layout=layout,
                                   extra=Extra(made_of=_composition(layout, {name: part.info for name, part in parts.items()}, coalesced))),
                        parts=parts)

    def _quantized(self, memory: Memory, dtype: str, scheme: str, scales: Any, zeros: Any, axis: int | None, key: str) -> _Waiting:
        memory = memory._replace(dtype=dtype)
        if axis is None:
            return self._strided(memory, key, extra=Extra(quantizer=PerTensor(scheme, float(scales), int(zeros))))
        parts = {name: self._strided(self._of_strided(given, key) if is_tensor(given) else of_array(given, key), f"{key}.{name}")
                 for name, given in (("scales", scales), ("zero_points", zeros))}
        quantizer = PerChannel(scheme, parts["scales"].info, parts["zero_points"].info, axis)
        return self._strided(memory, key, extra=Extra(quantizer=quantizer))._replace(parts=parts)

    # -- where they lie -----------------------------------------------------------------------------------------------

    def _settled(self, one: _Waiting, names: Mapping[str, str]) -> TensorInfo:
        info = one.info
        if info.storage in names:
            return info._replace(storage=names[info.storage])
        if one.at >= 0:
            view = self.blocks.view_of(one.at)
            info = info._replace(storage=view.storage, offset=view.offset, storage_nbytes=view.storage_nbytes)
        if one.parts and info.extra is not None:
            settled = {part.info.key: self._settled(part, names) for part in one.parts.values()}
            info = info._replace(extra=info.extra.with_parts(lambda part: settled[part.key]))
        return info

    # -- the object ---------------------------------------------------------------------------------------------------

    def _graph(self, value: Any, infos: dict[int, TensorInfo], skeleton: Checkpoint) -> Graph:
        editor = GraphEditor(Graph(b""))
        objects = TorchObjects(editor, skeleton, Records(skeleton.storages))
        parameters, bare = ({n for n, one in self.found.items() if chosen(one)} for chosen in (_is_parameter, _is_storage))
        editor.graph.root = _Nodes(editor, objects, infos, parameters, bare).of(value)
        return decode(emit(editor.finish(), done_after=editor.done_after, fresh=0, monitor=self.monitor).data, monitor=self.monitor)


_is_parameter, _is_storage = attrgetter("is_parameter"), attrgetter("is_storage")


class _Nodes:
    """Makes the nodes of an object; `infos` are those of its tensors, by the id of each. `bare` are those that stand for a storage."""

    def __init__(self, editor: GraphEditor, objects: TorchObjects, infos: Mapping[int, TensorInfo], parameters: set[int],
                 bare: set[int]) -> None:
        self.editor = editor
        self.objects = objects
        self.infos = infos
        self.parameters = parameters
        self.bare = bare
        self.made: dict[int, int] = {}
        self.open: set[int] = set()         # tuples whose items are being made
        self.alive: list[Any] = []

    def of(self, value: Any, key: str = "", depth: int = 0) -> int:
        """The node of `value`; the same for the same object. Recurses as deep as the object is, which is bounded."""
        if value is None or type(value) in _PLAIN:
            return self.editor.const(value)
        found = self.made.get(id(value))
        if found is not None:
            return found
        if depth > _DEPTH:
            raise UsageError(f"{visible(key, 80)} lies more than {_DEPTH} levels deep", "Flatten it.")
        if id(value) in self.infos:
            made = self.made[id(value)] = self._tensor(value)
            return made
        self.alive.append(value)
        if isinstance(value, Mapping):
            return self._mapping(value, key, depth)
        if isinstance(value, list):
            return self._list(value, key, depth)
        if isinstance(value, tuple | set | frozenset):
            if id(value) in self.open:
                raise UsageError(f"{visible(key, 80)} is a tuple that contains itself", "Use a list.")
            self.open.add(id(value))
            items = [self.of(item, join(key, str(i)), depth + 1) for i, item in enumerate(value)]
            self.open.discard(id(value))
            made = self.made[id(value)] = self._sequence(value, items, key)
            return made
        made = self.made[id(value)] = self._leaf(value, key)
        return made

    def _tensor(self, value: Any) -> int:
        editor = self.editor
        if id(value) in self.bare:
            return self.objects.storage(self.infos[id(value)])
        made = self.objects.tensor(self.infos[id(value)])
        if id(value) not in self.parameters:
            return made
        grad = editor.const(bool(value.requires_grad))
        return editor.reduce(editor.name("torch._utils", "_rebuild_parameter"), [made, grad, self.objects.ordered_dict()])

    def _mapping(self, value: Mapping[Any, Any], key: str, depth: int) -> int:
        editor = self.editor
        ordered = isinstance(value, OrderedDict)
        if isinstance(value, Counter):
            pairs = [(self.of(name, key, depth + 1), self.of(count, key, depth + 1)) for name, count in value.items()]
            made = self.made[id(value)] = editor.reduce(editor.name("collections", "Counter"), [editor.dict_of(pairs)])
            return made
        made = self.made[id(value)] = self.objects.ordered_dict() if ordered else editor.node(DICT, *editor.put(()))
        flat: list[int] = []
        for name, inner in value.items():
            place = join(key, str(name))
            flat += (self._key(name, place, depth), self.of(inner, place, depth + 1))
        if flat:
            editor.graph.mutations[made] = [editor.node(SETITEMS, *editor.put([made, *flat]))]
        metadata = getattr(value, "_metadata", None) if ordered else None
        if isinstance(metadata, Mapping):
            state = self.of({"_metadata": OrderedDict(metadata)}, join(key, "_metadata"), depth + 1)
            editor.build(made, state)
        return made

    def _key(self, name: Any, key: str, depth: int) -> int:
        if not isinstance(name, str | int | float | bytes | tuple | complex) and name is not None:
            raise UsageError(f"{visible(key, 80)}: a key of the type {type(name).__name__} is not written", "Use texts or numbers.")
        return self.of(_plain_number(name), key, depth + 1)

    def _list(self, value: list[Any], key: str, depth: int) -> int:
        editor = self.editor
        made = self.made[id(value)] = editor.node(LIST, *editor.put(()))
        items = [self.of(item, join(key, str(i)), depth + 1) for i, item in enumerate(value)]
        if items:
            editor.graph.mutations[made] = [editor.node(APPENDS, *editor.put([made, *items]))]
        return made

    def _sequence(self, value: Iterable[Any], items: list[int], key: str) -> int:
        editor, torch = self.editor, torch_module()
        if isinstance(value, frozenset):
            raise UsageError(f"{visible(key, 80)} is a frozenset, which torch.load refuses", "Use a set or a list.")
        if isinstance(value, set):
            return editor.reduce(editor.name("builtins", "set"), [editor.list_of(items)])
        made = editor.tuple_of(items)
        if torch is not None and isinstance(value, torch.Size):
            return editor.reduce(editor.name("torch", "Size"), [made])
        return made

    def _leaf(self, value: Any, key: str) -> int:
        editor, torch = self.editor, torch_module()
        number = _plain_number(value)
        if number is None or type(number) in _PLAIN:
            return editor.const(number)
        if type(number) is complex:
            return editor.reduce(editor.name("builtins", "complex"), [editor.const(number.real), editor.const(number.imag)])
        if isinstance(value, bytearray):
            return editor.reduce(editor.name("builtins", "bytearray"), [self._latin(bytes(value)), editor.word("latin-1")])
        if torch is not None:
            name = str(value).removeprefix("torch.")
            if (isinstance(value, torch.dtype) and name in DTYPES) or isinstance(value, torch.qscheme):
                return editor.name("torch", name)
            if isinstance(value, torch.device):
                parts = [editor.const(value.type)] + ([editor.const(value.index)] if value.index is not None else [])
                return editor.reduce(editor.name("torch", "device"), parts)
            if isinstance(value, torch.layout):
                return editor.reduce(editor.name("torch.serialization", "_get_layout"), [editor.const(str(value))])
        kind = f"{type(value).__module__}.{type(value).__qualname__}"
        raise UsageError(f"{visible(key, 80) or 'the value'} is a {visible(kind, 80)}, which torch.load (weights_only=True) refuses",
                         "Give its plain contents: vars(x), str(x), float(x), list(x).")

    def _latin(self, raw: bytes) -> int:
        return self.editor.const(raw.decode("latin-1"))


def _composition(layout: str, parts: Mapping[str, TensorInfo], coalesced: bool | None) -> SparseCoo | SparseCompressed:
    if layout == "sparse_coo":
        return SparseCoo(parts["indices"], parts["values"], coalesced)
    compressed, plain, values = parts.values()
    return SparseCompressed(compressed, plain, values)


def _plain_number(value: Any) -> Any:
    """A numpy number, or one of a subclass, as Python's own."""
    if _is_scalar(value):
        value = value.item()
    base: Any
    for base in (int, float, complex, str, bytes):
        if isinstance(value, base) and not isinstance(value, bool | Enum):
            return value if type(value) is base else base(value)
    return value


def _is_array(value: Any) -> bool:
    numpy = _numpy()
    return numpy is not None and isinstance(value, numpy.ndarray)


def _is_scalar(value: Any) -> bool:
    numpy = _numpy()
    return numpy is not None and isinstance(value, numpy.generic) and not isinstance(value, numpy.void)


def _numpy() -> Any:
    """numpy, where this program has imported it: arrays can only come from one that has."""
    import sys
    return sys.modules.get("numpy")


def _is_lazy(value: Any) -> bool:
    return isinstance(getattr(value, "checkpoint", None), Checkpoint) and isinstance(getattr(value, "info", None), TensorInfo)


__all__ = ["PATH", "read"]
