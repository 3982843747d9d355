"""The calls that rebuild strided tensors, as `torch.save` writes them (`Tensor._reduce_ex_internal` in torch/_tensor.py 2.13)."""
from __future__ import annotations

from collections.abc import Sequence

from inspector.core.dtypes import STORAGE_CLASSES

from .graph_editor import GraphEditor

UNTYPED = ("torch.storage", "UntypedStorage")
CLASSES = {dtype: ("torch", name) for name, dtype in STORAGE_CLASSES.items() if name != "UntypedStorage"}
"""Element type -> the class of storages of it, where there is one."""


def storage_id(editor: GraphEditor, cls: tuple[str, str], key: str, location: str, numel: int) -> int:
    """The persistent id of the storage in the record `data/<key>`; `numel` counts elements of `cls`, of UNTYPED bytes."""
    return editor.persid(editor.tuple_of((editor.word("storage"), editor.name(*cls), editor.const(key), editor.word(location),
                                          editor.const(numel))))


def ordered_dict(editor: GraphEditor) -> int:
    return editor.reduce(editor.name("collections", "OrderedDict"), ())


def plain_tensor(editor: GraphEditor, storage: int, dtype: str, shape: Sequence[int], stride: Sequence[int]) -> int:
    """The tensor that begins with the first element of `storage`, a persistent id, of the class for `dtype` or UNTYPED where there is
    none."""
    arguments = [storage, editor.const(0), editor.integers(shape), editor.integers(stride), editor.const(False), ordered_dict(editor)]
    if dtype in CLASSES:
        return editor.reduce(editor.name("torch._utils", "_rebuild_tensor_v2"), arguments)
    return editor.reduce(editor.name("torch._utils", "_rebuild_tensor_v3"), [*arguments, editor.name("torch", dtype)])
