"""Tensors and plain values as nodes: the calls that `torch.save` writes for them.

Source: `Tensor._reduce_ex_internal` in torch/_tensor.py and `persistent_id` of torch/serialization.py, version 2.13. All of it is
what `torch.load(weights_only=True)` reads.
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from inspector.core.checkpoint import Checkpoint, Opaque, PerTensor, Plain, Quantizer, SparseCompressed, SparseCoo, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.errors import EditError
from inspector.core.graph import FALSE, INT, PERSID, REDUCE, STR, TRUE, TUPLE
from inspector.core.hashing import Few
from inspector.core.keypath import quoted, visible

from .graph_editor import GraphEditor
from .records import Records
from .torch_calls import CLASSES, UNTYPED, ordered_dict, storage_id

ONLY_SAFETENSORS = frozenset(("float6_e2m3", "float6_e3m2", "float4_e2m1"))


def converted(info: TensorInfo) -> bool:
    """Whether the tensor's bytes are its elements in C order, and stand so nowhere in a file."""
    return info.read_from is not None or bool(info.chunks)


class _Form(NamedTuple):
    """What is the same of ordinary tensors of one type, shape and so on: the `kinds` of their nodes, bytes of an element, nodes that all
    have together, and places from the first node on that the operands behind the storage's refer to."""

    kinds: bytes
    width: int
    word: int
    cls: int
    location: int
    rebuild: int
    hooks: int
    operands: tuple[int, ...]


class TorchObjects:
    """Makes nodes in `editor` for what the tables of `ckpt` say. `storage_of` maps the nodes of persistent ids that were made to
    the ids of their storages. Raises EditError for what torch has no way to say."""

    def __init__(self, editor: GraphEditor, ckpt: Checkpoint, records: Records) -> None:
        self.editor = editor
        self.ckpt = ckpt
        self.records = records
        self.storage_of: dict[int, str] = {}
        self._persids: dict[tuple[str, tuple[str, str]], int] = {}
        self._mixed: set[str] | None = None
        self._forms: Few[tuple[str, tuple[int, ...], tuple[int, ...], int, bool, str], _Form | None] = Few(lambda of: self._form(*of))

    # -- tensors ------------------------------------------------------------------------------------------------------

    def tensor(self, info: TensorInfo) -> int:
        """The call that rebuilds the tensor."""
        made = self._ordinary(info)
        if made >= 0:
            return made
        editor = self.editor
        if info.layout != "strided":
            return self._sparse(info)
        if info.device == "meta" or (not info.storage and info.problem.startswith("meta")):
            return editor.reduce(editor.name("torch._utils", "_rebuild_meta_tensor_no_storage"), [
                editor.name("torch", self._known(info)), editor.integers(info.shape), editor.integers(info.stride),
                editor.const(info.requires_grad)])
        if info.quantizer is not None:
            return editor.reduce(editor.name("torch._utils", "_rebuild_qtensor"), [
                *self._view(info), self._quantizer(info.quantizer), editor.const(info.requires_grad), self.ordered_dict()])
        return editor.reduce(*self.strided(info))

    def _ordinary(self, info: TensorInfo) -> int:
        """The same of a tensor like one that was made before, on a storage that none lies on yet, in one step: of many nearly all. -1 for
        others."""
        cls = CLASSES.get(info.dtype)
        storage = self.ckpt.storages.get(info.storage)
        if cls is None or storage is None or info.layout != "strided" or info.device == "meta" or not info.storage:
            return -1
        extra = info.extra
        if (extra is not None and (extra.quantizer is not None or extra.conj or extra.neg)) or (storage.id, cls) in self._persids:
            return -1
        of = info.dtype, info.shape, info.stride, info.offset, info.requires_grad, storage.device or info.device or "cpu"
        form = self._forms[of]
        if form is None:
            self._forms.pop(of, None)           # what it needs is there when the first was made
            return -1
        editor, is_made = self.editor, converted(info)
        numel, odd = divmod(info.nbytes if is_made else storage.nbytes, form.width)
        if storage.nbytes % form.width or (odd and is_made) or numel >> 63 or info.storage in self._viewed_as_several():
            return -1
        key = self.records.made(storage.id, info.key) if is_made else self.records.key(storage.id)
        begin, end = editor.put_bytes(key.encode("utf-8", "surrogatepass"))
        first = len(editor.graph.kind)
        at, _ = editor.put([form.word, form.cls, first, form.location, first + 1, *map(first.__add__, form.operands)])
        items, dims = at + 5, len(info.shape)
        more, last = items + dims, items + 2 * dims
        empty = first + 8 + 2 * dims
        zeros = [0] * dims
        a = [begin, numel, at, first + 2, info.offset, *info.shape, items, *info.stride, more, 0, last, form.hooks, last, form.rebuild]
        b = [end, 0, items, 0, 0, *zeros, more, *zeros, last, 0, last, empty, last + 6, empty + 2]
        editor.nodes(form.kinds, a, b)
        persid = self._persids[storage.id, cls] = first + 3
        self.storage_of[persid] = storage.id
        return empty + 3

    def _form(self, dtype: str, shape: tuple[int, ...], stride: tuple[int, ...], offset: int, requires_grad: bool,
              location: str) -> _Form | None:
        """What those tensors have in common; None where something was not asked for yet, or numbers are beyond any."""
        editor, dims = self.editor, len(shape)
        nodes = (editor.known_word("storage"), editor.known_name(*CLASSES[dtype]), editor.known_word(location),
                 editor.known_name("torch._utils", "_rebuild_tensor_v2"), editor.known_name("collections", "OrderedDict"))
        if min(nodes) < 0 or len(stride) != dims or not all(-1 << 63 <= value < 1 << 63 for value in (*shape, *stride, offset)):
            return None
        sizes, strides, grad = range(5, 5 + dims), range(6 + dims, 6 + 2 * dims), 7 + 2 * dims
        kinds = bytes((STR, INT, TUPLE, PERSID, INT, *[INT] * dims, TUPLE, *[INT] * dims, TUPLE, TRUE if requires_grad else FALSE,
                       TUPLE, REDUCE, TUPLE, REDUCE))
        return _Form(kinds, DTYPES[dtype].stored, *nodes, (*sizes, *strides, 3, 4, 5 + dims, 6 + 2 * dims, grad, grad + 2))

    def storage(self, info: TensorInfo) -> int:
        """The storage of the tensor by itself, as its element type."""
        self._known(info)
        return self._persid(info)

    def strided(self, info: TensorInfo, requires_grad: int = -1, hooks: int = -1) -> tuple[int, list[int]]:
        """(function, arguments) of an ordinary tensor; `requires_grad` and `hooks` are nodes to be used for them."""
        editor = self.editor
        arguments = [*self._view(info), requires_grad if requires_grad >= 0 else editor.const(info.requires_grad),
                     hooks if hooks >= 0 else self.ordered_dict()]
        untyped = self._is_untyped(info)
        if untyped:
            arguments.append(editor.name("torch", info.dtype))
        signs = [name for name, on in (("conj", info.is_conjugate), ("neg", info.is_negative)) if on]
        if signs and not converted(info):
            arguments.append(editor.dict_of((editor.word(name), editor.const(True)) for name in signs))
        return editor.name("torch._utils", "_rebuild_tensor_v3" if untyped else "_rebuild_tensor_v2"), arguments

    def ordered_dict(self) -> int:
        return ordered_dict(self.editor)

    def _view(self, info: TensorInfo) -> list[int]:
        editor = self.editor
        self._known(info)
        return [self._persid(info), editor.const(info.offset), editor.integers(info.shape), editor.integers(info.stride)]

    def _known(self, info: TensorInfo) -> str:
        if info.dtype not in DTYPES or info.dtype in ONLY_SAFETENSORS:
            raise EditError(f"PyTorch has no element type {visible(info.dtype, 40)}, which {visible(info.key, 80)} is of",
                            "Save it as safetensors, or drop it.", info.key, id="no_such_type")
        return info.dtype

    def _is_untyped(self, info: TensorInfo) -> bool:
        """Whether the storage's class cannot say the element type: there is none for it, or the storage is viewed as several."""
        storage = self.ckpt.storages.get(info.storage)
        odd = storage is not None and storage.nbytes % DTYPES[info.dtype].stored != 0
        return info.dtype not in CLASSES or odd or info.storage in self._viewed_as_several()

    def _viewed_as_several(self) -> set[str]:
        if self._mixed is None:
            seen: dict[str, str] = {}
            self._mixed = set()
            for info in self.ckpt.tensors.values():
                if seen.setdefault(info.storage, info.dtype) != info.dtype:
                    self._mixed.add(info.storage)
        return self._mixed

    def _persid(self, info: TensorInfo) -> int:
        storage = self.ckpt.storages.get(info.storage)
        if storage is None:
            raise EditError(f"{visible(info.key, 80)} has no storage in the file", "Drop it.", info.key, id="no_storage")
        cls = UNTYPED if self._is_untyped(info) else CLASSES[info.dtype]
        found = self._persids.get((storage.id, cls))
        if found is None:
            key = self.records.made(storage.id, info.key) if converted(info) else self.records.key(storage.id)
            nbytes = info.nbytes if converted(info) else storage.nbytes
            numel = nbytes if cls == UNTYPED else nbytes // DTYPES[info.dtype].stored
            found = self.persid(storage.id, cls, key, storage.device or info.device or "cpu", numel)
            self._persids[storage.id, cls] = found
        return found

    def persid(self, id: str, cls: tuple[str, str], key: str, location: str, numel: int) -> int:
        """The persistent id of storage `id`, which lies in the record `data/<key>`."""
        made = storage_id(self.editor, cls, key, location, numel)
        self.storage_of[made] = id
        return made

    def _quantizer(self, quantizer: Quantizer) -> int:
        editor = self.editor
        scheme = editor.name("torch", quantizer.scheme)
        if isinstance(quantizer, PerTensor):
            return editor.tuple_of((scheme, editor.const(quantizer.scale), editor.const(quantizer.zero_point)))
        return editor.tuple_of((scheme, self._channels(quantizer.scales), self._channels(quantizer.zero_points),
                                editor.const(quantizer.axis)))

    def _channels(self, given: TensorInfo | tuple[float, ...]) -> int:
        editor = self.editor
        return self.tensor(given) if isinstance(given, TensorInfo) else editor.list_of(editor.const(number) for number in given)

    def _sparse(self, info: TensorInfo) -> int:
        editor, made_of = self.editor, info.made_of
        if not isinstance(made_of, (SparseCoo, SparseCompressed)):
            raise EditError(f"the layout {visible(info.layout, 40)} of {visible(info.key, 80)} is not written", "Drop it.", info.key,
                            id="unsupported")
        made = [self.tensor(part) for part in info.parts.values()]
        made.append(editor.reduce(editor.name("torch", "Size"), [editor.integers(info.shape)]))
        if isinstance(made_of, SparseCoo) and made_of.is_coalesced is not None:
            made.append(editor.const(made_of.is_coalesced))
        layout = editor.reduce(editor.name("torch.serialization", "_get_layout"), [editor.word(f"torch.{info.layout}")])
        return editor.reduce(editor.name("torch._utils", "_rebuild_sparse_tensor"), [layout, editor.tuple_of(made)])

    # -- plain values -------------------------------------------------------------------------------------------------

    def plain(self, value: Plain, key: str) -> int:
        editor = self.editor
        if value is None or isinstance(value, (bool, int, float, str, bytes)):
            return editor.const(value)
        if isinstance(value, complex):
            return editor.reduce(editor.name("builtins", "complex"), [editor.const(value.real), editor.const(value.imag)])
        if not isinstance(value, Opaque) and not value:
            if isinstance(value, dict):
                return editor.dict_of(())
            return editor.tuple_of(()) if isinstance(value, tuple) else editor.list_of(())
        raise EditError(f"{quoted(key, 80)} is an object that cannot be written here", "Drop it.", key, id="opaque_value")

    def metadata(self, table: Mapping[str, Any]) -> int:
        """A state dict's `_metadata`: an OrderedDict of module prefix -> facts. Those that were one dict stay one."""
        editor = self.editor
        made = self.ordered_dict()
        nodes: dict[int, int] = {}
        pairs = []
        for prefix, facts in table.items():
            if id(facts) not in nodes:
                nodes[id(facts)] = self.facts(facts, prefix)
            pairs.append((editor.const(prefix), nodes[id(facts)]))
        if pairs:
            editor.add_pairs(made, pairs)
        return made

    def facts(self, facts: Any, prefix: str) -> int:
        editor = self.editor
        if not isinstance(facts, Mapping):
            return self.plain(facts, prefix)
        return editor.dict_of((editor.word(name), self.plain(fact, name)) for name, fact in facts.items() if not isinstance(fact, Opaque))

